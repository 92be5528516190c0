package revise

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/difference"
)

func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

// startOfToday is the first instant of the present day in a zone, UTC milliseconds.
func startOfToday(now int64, zone string) (int64, error) {
	t := time.UnixMilli(now).In(zoneOf(zone))
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()).UnixMilli(), nil
}

// maxChanges bounds the changes that a mail lists; the page has all of them.
const maxChanges = 40

// letter is the mail of a version, without its greeting.
func (s *Service) letter(p *Preview, plan Plan, number int) (subject, body string) {
	day := time.UnixMilli(p.FromAt).In(zoneOf(p.Policy.Zone())).Format("Mon 2 Jan 2006")
	subject = "Our support policy changes on " + day
	var b strings.Builder
	fmt.Fprintf(&b, "%s has published a new version of \"%s\". It takes effect on %s (%s).\n", p.Policy.Vendor(), p.Policy.Name(), day, p.Policy.Zone())
	if note := strings.TrimSpace(plan.Note); note != "" {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	writeChanges(&b, p.Changes)
	fmt.Fprintf(&b, "\nThe whole text, at an address that stays: %s/policy/%d\n", s.url, number)
	b.WriteString("\nRequests that arrive before this day keep the version by which they were judged.\n")
	return subject, b.String()
}

func writeChanges(b *strings.Builder, list []difference.Change) {
	if len(list) == 0 {
		return
	}
	b.WriteString("\nWhat changes\n")
	clause := ""
	for i, c := range list {
		if i == maxChanges {
			fmt.Fprintf(b, "\nand %d more changes.\n", len(list)-maxChanges)
			return
		}
		if c.Clause != clause {
			clause = c.Clause
			fmt.Fprintf(b, "\n%s\n", c.Title)
		}
		fmt.Fprintf(b, "- %s\n", strings.Join(strings.Fields(c.Sentence()), " "))
	}
}

// LetterJob is the kind of job that mails a version to some people.
const LetterJob = "policy.letter"

type letterJob struct {
	Number int      `json:"number"`
	People []string `json:"people"`
}

// Handle is the job handler of LetterJob. Each mail is sent once; a run that is interrupted goes on with the rest.
func (s *Service) Handle(ctx context.Context, c jobs.Claimed) error {
	var job letterJob
	if err := c.Decode(&job); err != nil {
		return err
	}
	for _, id := range job.People {
		if err := s.send(ctx, job.Number, id); err != nil {
			return err
		}
	}
	return nil
}

// outgoing is a mail with what is needed to send it.
type outgoing struct {
	state, subject, body string
	to                   identity.Person
	from, address        string
}

func (s *Service) load(ctx context.Context, number int, personID string) (o outgoing, err error) {
	c, err := s.book.ByNumber(ctx, number)
	if err != nil {
		return o, err
	}
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		if o.state, o.subject, o.body, err = loadLetter(tx, number, personID); err != nil {
			return err
		}
		if o.to, err = identity.ByID(tx, personID); err != nil {
			return err
		}
		o.from, o.address, err = vendorDesk(tx, c.Policy)
		return err
	})
	return o, err
}

func (s *Service) send(ctx context.Context, number int, personID string) error {
	o, err := s.load(ctx, number, personID)
	if fault.Is(err, fault.NotFound) {
		return nil // the person is gone, and the letter with them
	}
	if err != nil || o.state != "queued" {
		return err
	}
	_, domain, ok := strings.Cut(o.address, "@")
	switch {
	case s.sender == nil:
		return s.mark(ctx, number, personID, "unsent", "No mail server is set.")
	case !ok:
		return s.mark(ctx, number, personID, "failed", "No desk of the vendor has a mail address.")
	case o.to.Disabled:
		return s.mark(ctx, number, personID, "unsent", "This person is disabled.")
	}
	raw, err := mail.Compose(mail.Outgoing{
		From: mail.Address{Name: o.from + " support", Addr: o.address}, To: []mail.Address{{Name: o.to.Name, Addr: o.to.Email}},
		Subject: o.subject, Date: s.d.Now(), Text: "Hello " + o.to.Name + ",\n\n" + o.body,
		MessageID: fmt.Sprintf("policy-%d-%s@%s", number, personID, domain), AutoSubmitted: true, Hops: 1,
		Headers: mail.Headers{{Name: "X-Auto-Response-Suppress", Value: "All"}},
	})
	if err == nil {
		err = s.sender.Send(ctx, "", []string{o.to.Email}, raw)
	}
	if fault.Is(err, fault.Invalid) {
		s.log.Warn("policy mail refused for good", "version", number, "person", personID, "error", err)
		return s.mark(ctx, number, personID, "failed", "The mail was refused.")
	}
	if err != nil {
		return err
	}
	return s.mark(ctx, number, personID, "sent", "")
}

func (s *Service) mark(ctx context.Context, number int, personID, state, problem string) error {
	return s.d.Write(ctx, func(tx *db.Tx) error { return markLetter(tx, number, personID, state, problem) })
}

// Letters counts the mails of a version by what became of them: queued, sent, failed, unsent.
func (s *Service) Letters(ctx context.Context, a identity.Actor) (byVersion map[int]map[string]int, err error) {
	if !a.OwnsPolicy() {
		return nil, fault.New(fault.NotFound, "")
	}
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		byVersion, err = countLetters(tx)
		return err
	})
	return byVersion, err
}
