// Package notify tells people by mail what happened to a ticket: from the
// event to the people who should hear of it, in words made for them.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// How many automatic mails one address gets within a window before a loop is
// assumed; people's own words are never held back. Whom no organisation knows may
// be another desk that answers every mail.
const (
	window       = int64(time.Hour / time.Millisecond)
	maxToUnknown = 3
	maxToKnown   = 20
	maxToStaff   = 200
)

// Mailer sends the mails of ticket events.
type Mailer struct {
	db      *db.DB
	tickets *ticket.Service
	tokens  *ticket.Tokens
	sender  *mail.Sender
	url     string
	log     *slog.Logger
}

// New wires a Mailer. sender is nil when no smarthost is set: then nothing is
// sent, and pages say so. url is the public address of the desk without a slash at the end.
func New(d *db.DB, tickets *ticket.Service, tokens *ticket.Tokens, sender *mail.Sender, url string, log *slog.Logger) *Mailer {
	return &Mailer{db: d, tickets: tickets, tokens: tokens, sender: sender, url: strings.TrimSuffix(url, "/"), log: log}
}

// letter is one mail to one person.
type letter struct {
	to        mail.Address
	subject   string
	text      string
	automatic bool
	// most is how many automatic mails the address may have had within the window.
	most int
	room string
}

// Handle is the job handler of ticket.NotifyJob.
func (m *Mailer) Handle(ctx context.Context, c jobs.Claimed) error {
	var n ticket.Notice
	if err := c.Decode(&n); err != nil {
		return err
	}
	if n.Automatic {
		return nil
	}
	if m.sender == nil {
		return m.unsent(ctx, n)
	}
	s, err := m.load(ctx, n, c.ID)
	if err != nil {
		return err
	}
	state := "unsent"
	for _, l := range s.letters() {
		outcome, err := m.send(ctx, s, l)
		if err != nil {
			return err
		}
		if outcome == "failed" || state == "unsent" {
			state = outcome
		}
	}
	if s.message.MailState != "queued" {
		return nil
	}
	return m.tickets.SetMailState(ctx, n.TicketID, n.MessageID, state)
}

func (m *Mailer) unsent(ctx context.Context, n ticket.Notice) error {
	if n.Event != "message" || n.MessageID == "" {
		return nil
	}
	return m.db.Write(ctx, func(tx *db.Tx) error { return markUnsent(tx, n.TicketID, n.MessageID) })
}

// send sends one letter once; the outcome is sent, failed or unsent.
func (m *Mailer) send(ctx context.Context, s *story, l letter) (outcome string, err error) {
	desk := s.desk.Address
	_, domain, ok := strings.Cut(desk, "@")
	if !ok || l.to.Addr == "" {
		return "unsent", nil
	}
	id := m.tokens.MessageID(s.ticket.Number, l.room, s.job, l.to.Addr, domain)
	refs, outcome, err := m.begin(ctx, s, l, id)
	if err != nil || outcome != "sending" {
		return outcome, err
	}
	from := desk
	var headers mail.Headers
	if l.automatic {
		from, headers = "", mail.Headers{{Name: "X-Auto-Response-Suppress", Value: "All"}} // whatever answers it answers nobody
	}
	raw, err := mail.Compose(mail.Outgoing{
		From: mail.Address{Name: s.provider.Name + " support", Addr: desk}, To: []mail.Address{l.to},
		ReplyTo: mail.Address{Addr: m.tokens.Address(desk, s.ticket.Number, l.room)}, Subject: l.subject, Date: m.db.Now(), Text: l.text,
		MessageID: id, InReplyTo: tail(refs, 1), References: refs, AutoSubmitted: l.automatic, Hops: 1, Headers: headers,
	})
	if err == nil {
		err = m.sender.Send(ctx, from, []string{l.to.Addr}, raw)
	}
	if fault.Is(err, fault.Invalid) {
		m.log.Warn("mail refused for good", "ticket", s.ticket.Name(), "error", err)
		return "failed", m.end(ctx, id, "failed", err)
	}
	if err != nil {
		return "", err
	}
	return "sent", m.end(ctx, id, "sent", nil)
}

// begin writes the mail down before it is sent, and finds what it answers. The
// outcome is sending when it is to be sent now, else what became of it before, or
// unsent when the address had too many automatic mails.
func (m *Mailer) begin(ctx context.Context, s *story, l letter, id string) (refs []string, outcome string, err error) {
	err = m.db.Write(ctx, func(tx *db.Tx) error {
		if l.automatic {
			n, err := automaticSince(tx, l.to.Addr, id, tx.Now()-window)
			if err != nil {
				return err
			}
			if n >= l.most {
				outcome = "unsent"
				return nil
			}
		}
		if refs, err = mailRefs(tx, s.ticket.ID, l.room, l.to.Addr, id); err != nil {
			return err
		}
		outcome, err = startMail(tx, id, s.ticket.ID, l.room, l.to.Addr, l.automatic)
		return err
	})
	if outcome == "unsent" {
		m.log.Warn("automatic mail held back: too many to one address", "ticket", s.ticket.Name())
	}
	return refs, outcome, err
}

func (m *Mailer) end(ctx context.Context, id, state string, cause error) error {
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	return m.db.Write(ctx, func(tx *db.Tx) error { return endMail(tx, id, state, text) })
}

func tail(list []string, n int) []string {
	if len(list) > n {
		return list[len(list)-n:]
	}
	return list
}

// story is everything that the letters about one event need.
type story struct {
	notice ticket.Notice
	// job is one event's, and the same over retries.
	job       string
	ticket    ticket.Ticket
	message   ticket.Message
	room      ticket.Room
	provider  org.Org
	desk      org.Desk
	decision  ticket.Summary
	requester identity.Person
	sender    string
	author    identity.Person
	members   []identity.Person
	assignee  identity.Person
	url       string
	now       int64
}

func (m *Mailer) load(ctx context.Context, n ticket.Notice, job string) (*story, error) {
	s := &story{notice: n, job: job, url: m.url}
	sum, err := m.tickets.Find(ctx, identity.System(), n.TicketID)
	if err != nil {
		return nil, err
	}
	s.decision, s.ticket = sum, sum.Ticket
	err = m.db.Read(ctx, func(tx *db.Tx) error { return s.read(tx) })
	return s, err
}

func (s *story) read(tx *db.Tx) error {
	s.now = tx.Now()
	var err error
	if s.room, err = ticket.RoomOf(tx, s.ticket.ID, s.notice.RoomID); err != nil {
		return err
	}
	if s.notice.MessageID != "" {
		if s.message, err = ticket.MessageOf(tx, s.ticket.ID, s.notice.MessageID); err != nil {
			return err
		}
	}
	provider := s.ticket.ProviderOrg
	if s.room.UpperOrg != "" {
		provider = s.room.UpperOrg
	}
	if s.provider, err = org.ByID(tx, provider); err != nil {
		return err
	}
	if s.desk, err = deskWithAddress(tx, provider, s.ticket.Level); err != nil {
		return err
	}
	return s.people(tx)
}

func (s *story) people(tx *db.Tx) error {
	var err error
	if s.sender, err = senderOf(tx, s.ticket.ID); err != nil {
		return err
	}
	load := func(id string, into *identity.Person) {
		if id != "" && err == nil {
			*into, err = identity.ByID(tx, id)
		}
	}
	load(s.ticket.RequesterID, &s.requester)
	load(s.ticket.AssigneeID, &s.assignee)
	load(s.notice.ActorID, &s.author)
	if err != nil {
		return err
	}
	if s.members, err = s.told(tx); err != nil || s.notice.Event == ticket.EventAssigned || s.notice.Event == ticket.EventStep {
		return err
	}
	// what is said in a room is told to its readers only: who works on the ticket may serve other people (clause responsibility)
	if s.members, err = ticket.Readers(tx, s.ticket.ID, s.room.ID, s.members); err != nil {
		return err
	}
	assignee, err := ticket.Readers(tx, s.ticket.ID, s.room.ID, []identity.Person{s.assignee})
	if len(assignee) == 0 {
		s.assignee = identity.Person{}
	}
	return err
}

// told are the engineers who should hear of the event beside who works on the ticket.
func (s *story) told(tx *db.Tx) ([]identity.Person, error) {
	switch {
	case s.notice.Event == ticket.EventStep:
		return identity.ByLevel(tx, s.ticket.ProviderOrg, s.ticket.Level)
	case s.notice.Event == ticket.EventEscalated && s.room.UpperOrg != s.room.LowerOrg:
		return identity.ByLevel(tx, s.room.UpperOrg, s.room.UpperLevel)
	case s.room.Kind == ticket.LevelsRoom:
		return handedBy(tx, s.ticket.ID, s.room.LowerOrg, s.room.LowerLevel)
	case s.ticket.ProviderOrg != s.room.UpperOrg:
		return handedBy(tx, s.ticket.ID, s.room.UpperOrg, s.room.UpperLevel)
	case s.assignee.ID == "" && !s.ticket.State.Active():
		// it stands in no queue where anybody would see the answer
		return identity.ByLevel(tx, s.ticket.ProviderOrg, s.ticket.Level)
	}
	return nil, nil
}

func when(ms int64, zone string) string {
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		loc, zone = time.UTC, "UTC"
	}
	t := time.UnixMilli(ms).In(loc)
	return fmt.Sprintf("%s %s (%s)", t.Format("Mon 2 Jan 2006, 15:04"), t.Format("MST"), zone)
}
