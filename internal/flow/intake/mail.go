// Package intake turns what arrives into tickets and messages: whose it is,
// whether that is proven, and to which conversation it belongs.
package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/blob"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// maxInline is the largest raw mail that is kept in its row, and so shares the
// commit of its ticket; larger ones are durable in the blob store before.
const maxInline = 64 << 10

// maxHops is how many desks of our kind a mail may have passed before it is
// taken for a loop; maxFiles how many attachments of one mail are kept apart from the raw mail.
const (
	maxHops  = 3
	maxFiles = 100
)

// Mail takes messages from the SMTP server.
type Mail struct {
	db      *db.DB
	tickets *ticket.Service
	files   *attach.Store
	blobs   *blob.Store
	tokens  *ticket.Tokens
	domain  string
	lookup  mail.LookupTXT
	limit   *identity.Limiter
	log     *slog.Logger
}

// MailConfig is what Mail needs. Domain is our own name in Authentication-Results;
// Lookup asks the DNS for DKIM keys, nil when there is none to ask.
type MailConfig struct {
	DB      *db.DB
	Tickets *ticket.Service
	Files   *attach.Store
	Blobs   *blob.Store
	Sealer  *seal.Sealer
	Domain  string
	Lookup  mail.LookupTXT
	Log     *slog.Logger
}

// NewMail wires the intake of mail.
func NewMail(c MailConfig) *Mail {
	return &Mail{db: c.DB, tickets: c.Tickets, files: c.Files, blobs: c.Blobs, tokens: ticket.NewTokens(c.Sealer), domain: c.Domain, lookup: c.Lookup,
		limit: identity.NewLimiter(c.DB.Now, 30, 10*time.Second), log: c.Log}
}

// Accept reports whether mail for an address is ours: a desk's address, with or
// without a reply token. Faults: NotFound, Unavailable.
func (m *Mail) Accept(ctx context.Context, rcpt string) error {
	addr, _ := splitToken(rcpt)
	return m.db.Read(ctx, func(tx *db.Tx) error {
		_, err := org.DeskByAddress(tx, addr)
		return err
	})
}

// isDesk reports whether an address is a desk's own.
func isDesk(tx *db.Tx, addr string) (bool, error) {
	_, err := org.DeskByAddress(tx, addr)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// arrival is one mail on its way in.
type arrival struct {
	env      mail.Envelope
	raw      []byte
	msg      *mail.Message
	from     string // canonical, "" when it can't be told
	verified bool
	auto     bool
	back     bool             // we have seen it go round: nothing new is in it
	person   *identity.Person // who the sender is, when known
	actor    identity.Actor
	files    []ticket.File
	fresh    string
	quoted   string
	blobHash string
}

var errDuplicate = errors.New("the same mail is here already")

// Deliver stores one mail: in its conversation when the sender belongs to it,
// else as a new ticket. It returns after the commit that holds raw mail and
// ticket. Faults: Invalid for an empty message, TooMany, Unavailable.
func (m *Mail) Deliver(ctx context.Context, env mail.Envelope, raw []byte) (err error) {
	defer fault.Wrap(&err, "intake.Deliver from %s", env.RemoteIP)
	msg, err := mail.Parse(raw)
	if err != nil {
		return err
	}
	a := &arrival{env: env, raw: raw, msg: msg, auto: msg.Automatic(env.From)}
	a.from, _ = mail.Canonical(msg.From.Addr)
	a.verified = m.verify(ctx, a)
	if err := m.identify(ctx, a); err != nil {
		return err
	}
	if !a.verified && !env.Trusted {
		if err := m.limit.Take(identity.Network(env.RemoteIP.String())); err != nil {
			return err
		}
	}
	if err := m.keepFiles(ctx, a); err != nil {
		return err
	}
	if a.back {
		err = m.keepOnly(ctx, a, "ignored")
	} else {
		err = m.place(ctx, a)
	}
	if errors.Is(err, errDuplicate) {
		m.log.Info("mail was here already", "remote", env.RemoteIP)
		return nil
	}
	return err
}

// verify says whether the author is proven: a relay that we trust vouches for
// it, unless its own Authentication-Results say otherwise; from anybody else
// only an aligned DKIM signature does.
func (m *Mail) verify(ctx context.Context, a *arrival) bool {
	if a.msg.Ambiguous || a.from == "" {
		return false
	}
	if a.env.Trusted {
		return !failed(mail.TrustedResults(a.msg.AuthResults, m.domain, 1))
	}
	if m.lookup == nil || a.msg.Headers.Get("DKIM-Signature") == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	list, err := mail.VerifyDKIM(ctx, a.raw, m.lookup)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(list, func(s mail.Signature) bool { return s.Aligned(a.from) })
}

// failed reports results that speak against the author: a failure and no pass.
func failed(results []mail.AuthMethod) bool {
	bad := false
	for _, r := range results {
		switch r.Method {
		case "dmarc":
			return r.Result != "pass"
		case "spf", "dkim":
			if r.Result == "pass" {
				return false
			}
			bad = bad || r.Result == "fail" || r.Result == "softfail" || r.Result == "permerror"
		}
	}
	return bad
}

// identify finds who the sender is, and whether the mail is one of ours that came
// back. Only a proven sender is anybody; a desk's own address and a person who
// was taken out are nobody.
func (m *Mail) identify(ctx context.Context, a *arrival) error {
	a.back = a.msg.Loop >= maxHops
	return m.db.Read(ctx, func(tx *db.Tx) error {
		if ours, err := m.ours(tx, a.msg.MessageID); err != nil || ours {
			a.back = true
			return err
		}
		if !a.verified {
			return nil
		}
		if desk, err := isDesk(tx, a.from); err != nil || desk {
			a.verified = false
			return err
		}
		p, err := identity.ByEmail(tx, a.from)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.Disabled {
			a.verified = false
			return nil
		}
		return a.is(tx, p)
	})
}

// ours reports a Message-ID that we gave to a mail.
func (m *Mail) ours(tx *db.Tx, id string) (bool, error) {
	token, _, _ := strings.Cut(id, "@")
	if _, _, ok := m.tokens.Read(token); !ok {
		return false, nil
	}
	ticketID, _, err := sentMail(tx, id)
	return ticketID != "", err
}

// is makes the proven sender a person.
func (a *arrival) is(tx *db.Tx, p identity.Person) (err error) {
	if a.actor, err = identity.LoadActor(tx, p.ID, identity.ViaMail); err != nil {
		return err
	}
	a.actor.Verified = true
	a.person = &p
	return nil
}

// keepFiles makes attachments, and the raw mail when it is large, durable before anything is answered.
func (m *Mail) keepFiles(ctx context.Context, a *arrival) error {
	a.fresh, a.quoted = mail.StripQuoted(a.msg.Text)
	for i, part := range a.msg.Attachments {
		if i == maxFiles {
			break
		}
		f, err := m.files.Add(ctx, part.Name, bytes.NewReader(part.Data))
		if err != nil {
			return err
		}
		a.files = append(a.files, f)
	}
	if len(a.raw) <= maxInline {
		return nil
	}
	ref, err := m.blobs.Put(ctx, bytes.NewReader(a.raw), int64(len(a.raw)))
	a.blobHash = ref.Hash
	return err
}

// place finds the conversation that the mail belongs to, or opens a ticket.
func (m *Mail) place(ctx context.Context, a *arrival) error {
	if a.person == nil && a.auto {
		if done, err := m.report(ctx, a); done || err != nil {
			return err
		}
	}
	if a.person != nil {
		targets, err := m.targets(ctx, a)
		if err != nil {
			return err
		}
		for _, t := range targets {
			done, err := m.write(ctx, a, a.actor, t)
			if err == nil && !done && t.room == "requester" {
				// who does not serve the requester answers the desk below
				done, err = m.write(ctx, a, a.actor, target{ticket: t.ticket})
			}
			if done || err != nil {
				return err
			}
		}
	}
	return m.open(ctx, a)
}

// report tells the desk that has the ticket what a mail system says about a mail
// of ours. The whole Message-ID of that mail is needed, which only its recipient
// was told, and only the desk reads of it: whoever had a third party write to a
// reply address would else read the answer in their ticket. The words are ours;
// the report itself stays with the raw mail.
func (m *Mail) report(ctx context.Context, a *arrival) (done bool, err error) {
	if len(a.msg.Reports) == 0 || a.env.From != "" {
		return false, nil
	}
	var ticketID, address string
	actor := identity.System()
	err = m.db.Read(ctx, func(tx *db.Tx) error {
		if ticketID, address, err = sentMail(tx, a.msg.ReportedID); err != nil || ticketID == "" {
			return err
		}
		actor.OrgID, actor.Levels, err = deskOf(tx, ticketID)
		return err
	})
	if err != nil || ticketID == "" {
		return false, err
	}
	a.fresh, a.quoted, a.files = verdict(address, a.msg.Reports[0]), "", nil
	return m.write(ctx, a, actor, target{ticket: ticketID, room: "internal"})
}

var statusCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// verdict puts a report into words in which nothing of its sender's is.
func verdict(address string, r mail.DeliveryReport) string {
	what := "says something about a mail"
	switch r.Action {
	case "failed":
		what = "could not deliver a mail"
	case "delayed":
		what = "has not delivered yet a mail"
	case "delivered", "relayed", "expanded":
		what = "has delivered a mail"
	}
	if !statusCode.MatchString(r.Status) {
		return fmt.Sprintf("A mail system %s to %s.", what, address)
	}
	return fmt.Sprintf("A mail system %s to %s (status %s).", what, address, r.Status)
}

// write adds the mail to a conversation; done is false when the actor has no part in it.
func (m *Mail) write(ctx context.Context, a *arrival, actor identity.Actor, t target) (done bool, err error) {
	post := ticket.Post{Room: t.room, Body: a.fresh, Quoted: a.quoted, Channel: "mail", Files: a.files, Automatic: a.auto, MailID: a.msg.MessageID,
		Inside: func(tx *db.Tx, tk *ticket.Ticket, messageID string) error {
			return m.keep(tx, a, "message", tk.ID, messageID)
		}}
	_, _, err = m.tickets.Write(ctx, actor, t.ticket, 0, post)
	if err == nil || errors.Is(err, errDuplicate) {
		return true, err
	}
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Denied, fault.Invalid, fault.Conflict:
		return false, nil
	}
	return false, err
}

func (m *Mail) open(ctx context.Context, a *arrival) error {
	if a.verified && a.person == nil {
		if err := m.contact(ctx, a); err != nil {
			return err
		}
	}
	d := ticket.Draft{Channel: "mail", Subject: a.msg.Subject, Body: a.msg.Text, Files: a.files, Automatic: a.auto, MailID: a.msg.MessageID}
	if a.fresh != "" {
		d.Body, d.Quoted = a.fresh, a.quoted
	}
	state, actor := "ticket", a.actor
	if a.person != nil {
		d.Verified, d.RequesterID = true, a.person.ID
	} else {
		state, actor = "held", identity.Actor{Via: identity.ViaMail}
		d.Sender = claimed(a)
	}
	d.Inside = func(tx *db.Tx, t *ticket.Ticket, messageID string) error {
		return m.keep(tx, a, state, t.ID, messageID)
	}
	_, err := m.tickets.Open(ctx, actor, d)
	return err
}

// contact makes a proven sender whom nobody knows a person without organisation.
func (m *Mail) contact(ctx context.Context, a *arrival) error {
	return m.db.Write(ctx, func(tx *db.Tx) error {
		p, err := identity.FindOrCreateContact(tx, a.from, a.msg.From.Name)
		if err != nil {
			return err
		}
		return a.is(tx, p)
	})
}

// claimed is the address that an unproven mail names as its author.
func claimed(a *arrival) string {
	if a.from != "" {
		return a.from
	}
	if s := strings.TrimSpace(a.msg.From.Addr); s != "" {
		return clip(s)
	}
	return clip(a.env.From)
}

func clip(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) > 254 {
		s = strings.ToValidUTF8(s[:254], "")
	}
	return s
}

// keep stores the raw mail in the transaction that stores what became of it.
func (m *Mail) keep(tx *db.Tx, a *arrival, state, ticketID, messageID string) error {
	row := mailRow{DedupeKey: a.key(), Sender: clip(a.env.From), Recipients: clip(strings.Join(a.env.To, ", ")), Remote: a.env.RemoteIP.String(),
		Verified: a.verified, State: state, TicketID: ticketID, MessageID: messageID, BlobHash: a.blobHash}
	if a.blobHash == "" {
		row.Raw = a.raw
	}
	fresh, err := insertMail(tx, row)
	if err == nil && !fresh {
		err = errDuplicate
	}
	return err
}

func (m *Mail) keepOnly(ctx context.Context, a *arrival, state string) error {
	return m.db.Write(ctx, func(tx *db.Tx) error { return m.keep(tx, a, state, "", "") })
}

// key tells the same mail sent again from another one: by its Message-ID and
// everything its author wrote, and not by the trace that relays add. A copy that
// somebody sends without proof does not stand in the way of the proven one.
func (a *arrival) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "%t\x00%s\x00%s\x00%s\x00%d\x00%s\x00%s\x00", a.verified, a.msg.MessageID, a.from, a.msg.Subject, a.msg.Date, a.msg.Text, a.msg.HTML)
	for _, f := range a.files {
		fmt.Fprintf(h, "%s\x00%s\x00", f.Name, f.Hash)
	}
	return hex.EncodeToString(h.Sum(nil))
}
