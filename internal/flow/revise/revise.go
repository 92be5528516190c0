// Package revise makes a draft the next version of the policy: it says beforehand what would change, from when, and for
// whom; it publishes; and it tells customers by mail.
package revise

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/difference"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// Audience is who is told of a version by mail.
type Audience string

// The audiences: nobody, the contacts of the accounts that the change concerns, the contacts of all accounts.
const (
	Nobody    Audience = "nobody"
	Concerned Audience = "concerned"
	Everybody Audience = "everybody"
)

// Plan is how a draft is to be published. Seen is the save that the owner looked at. Effective is the first day,
// "2006-01-02" at 00:00 in the document's zone; AtOnce puts the version in force with its publishing instead. Note is the
// owner's own words to the customers, or empty.
type Plan struct {
	Seen      int
	AtOnce    bool
	Effective string
	Audience  Audience
	Note      string
}

// Preview is what publishing would do. Before is the version in force, nil for the first one. FromAt is when the version
// would be in force, UTC milliseconds. Accounts are those that the change concerns, People who would be mailed, Subject and
// Body what they would read; To greets each.
type Preview struct {
	Draft    draft.Draft
	Policy   *policy.Policy
	Before   *rulebook.Compiled
	Changes  []difference.Change
	FromAt   int64
	Accounts []account.Account
	People   []Contact
	Subject  string
	Body     string
}

// Contact is somebody who is told of a version.
type Contact struct{ ID, OrgID, Name, Email string }

// EventNotified is the kind of journal event of the mails of a version; its data are number, audience and letters.
const EventNotified = "policy.notified"

// Service publishes drafts. It is for policy owners: for everybody else nothing is there.
type Service struct {
	d        *db.DB
	book     *rulebook.Book
	drafts   *draft.Drafts
	queue    *jobs.Queue
	sender   *mail.Sender
	url      string
	appended func()
	log      *slog.Logger
}

// New wires the use cases. sender is nil when no mail leaves; url is the public address of the desk without a slash at
// the end; appended wakes the sequencer of the journal after a commit.
func New(d *db.DB, book *rulebook.Book, drafts *draft.Drafts, queue *jobs.Queue, sender *mail.Sender, url string, appended func(), log *slog.Logger) *Service {
	return &Service{d, book, drafts, queue, sender, strings.TrimSuffix(url, "/"), appended, log}
}

// Preview says what publishing a draft by a plan would do, and changes nothing.
// Faults: NotFound; Conflict when the draft was saved since or was published; Invalid when the draft has mistakes, and
// with fields effective, audience, note.
func (s *Service) Preview(ctx context.Context, a identity.Actor, draftID string, plan Plan) (*Preview, error) {
	d, err := s.drafts.ByID(ctx, a, draftID)
	if err != nil {
		return nil, err
	}
	switch {
	case d.Published > 0:
		return nil, fault.Newf(fault.Conflict, "This draft is version %d already.", d.Published)
	case d.Version != plan.Seen:
		return nil, fault.New(fault.Conflict, "Somebody saved this draft since you looked at it. Look at what changed, then publish.").WithDetail(d)
	}
	p := &Preview{Draft: d}
	if p.Policy, _, err = rulebook.Check(d.File(), []byte(d.Source)); err != nil {
		return nil, err
	}
	if err := s.compare(ctx, p); err != nil {
		return nil, err
	}
	if err := plan.check(); err != nil {
		return nil, err
	}
	if p.FromAt, err = s.from(ctx, p.Policy, plan); err != nil {
		return nil, err
	}
	if err := s.whom(ctx, p, plan.Audience); err != nil {
		return nil, err
	}
	next, err := s.nextNumber(ctx)
	if err != nil {
		return nil, err
	}
	p.Subject, p.Body = s.letter(p, plan, next)
	return p, nil
}

const maxNote = 4000 // characters

func (plan Plan) check() error {
	bad := fault.New(fault.Invalid, "The policy was not published; correct what is marked.")
	if !slices.Contains([]Audience{Nobody, Concerned, Everybody}, plan.Audience) {
		bad = bad.WithField("audience", "Choose whom to tell.")
	}
	if utf8.RuneCountInString(plan.Note) > maxNote || !utf8.ValidString(plan.Note) || strings.ContainsRune(plan.Note, 0) {
		bad = bad.WithField("note", fmt.Sprintf("Write up to %d characters of plain text.", maxNote))
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (s *Service) compare(ctx context.Context, p *Preview) error {
	before, err := s.book.InForce(ctx, s.d.Now())
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Before, p.Changes = before, difference.Compare(before.Policy, p.Policy)
	return nil
}

// from is when the version would be in force.
func (s *Service) from(ctx context.Context, p *policy.Policy, plan Plan) (int64, error) {
	now := s.d.Now()
	if plan.AtOnce {
		return now, nil
	}
	if plan.Effective == "" {
		const message = "Choose a first day, or let it take effect at once."
		return 0, fault.New(fault.Invalid, message).WithField("effective", message)
	}
	if err := CheckDate(ctx, s.d, p.Zone(), plan.Effective); err != nil {
		return 0, err
	}
	at, err := rulebook.StartOf(plan.Effective, p.Zone())
	return max(at, now), err
}

// CheckDate refuses a first day that has passed when requests were judged since: publishing cannot change how.
// Faults: Invalid with field effective.
func CheckDate(ctx context.Context, d *db.DB, zone, date string) error {
	n, err := JudgedSince(ctx, d, zone, date)
	if err != nil || n == 0 {
		return err
	}
	message := fmt.Sprintf("%s has passed, and %s since then. A version cannot judge them after the fact: choose today or a later day. The version in force stays in force.", date, judgedWords(n))
	return fault.New(fault.Invalid, message).WithField("effective", message)
}

func judgedWords(n int64) string {
	if n == 1 {
		return "1 decision was made"
	}
	return fmt.Sprintf("%d decisions were made", n)
}

// JudgedSince counts the decisions on requests from the first instant of a past day in a zone on; 0 for today and days to
// come. Faults: Invalid with field effective for what is no date.
func JudgedSince(ctx context.Context, d *db.DB, zone, date string) (n int64, err error) {
	at, err := rulebook.StartOf(date, zone)
	if err != nil {
		return 0, err
	}
	today, err := startOfToday(d.Now(), zone)
	if err != nil || at >= today {
		return 0, err
	}
	err = d.Read(ctx, func(tx *db.Tx) error {
		n, err = ticket.CountJudged(tx, at)
		return err
	})
	return n, err
}

func (s *Service) nextNumber(ctx context.Context) (int, error) {
	list, err := s.book.List(ctx)
	if err != nil || len(list) == 0 {
		return 1, err
	}
	return list[len(list)-1].Number + 1, nil
}

// whom finds the accounts that the change concerns and who is told.
func (s *Service) whom(ctx context.Context, p *Preview, audience Audience) (err error) {
	if p.Before != nil {
		if p.Accounts, err = concerned(ctx, s.d, p.Before.Policy, p.Policy, p.FromAt); err != nil {
			return err
		}
	}
	if audience == Nobody {
		return nil
	}
	return s.d.Read(ctx, func(tx *db.Tx) error {
		all, err := contacts(tx)
		if err != nil {
			return err
		}
		if audience == Everybody {
			p.People = all
			return nil
		}
		orgs := map[string]bool{}
		for _, a := range p.Accounts {
			orgs[a.OrgID] = true
		}
		p.People = slices.DeleteFunc(all, func(c Contact) bool { return !orgs[c.OrgID] })
		return nil
	})
}

// lettersPerJob is how many mails one job sends one after the other.
const lettersPerJob = 20

// Publish makes a draft the next version by a plan. The version, the journal, the mails to be sent and the end of the
// draft are one commit.
// Faults: those of Preview. Whatever fails, the version in force stays in force and the draft stays a draft.
func (s *Service) Publish(ctx context.Context, a identity.Actor, draftID string, plan Plan) (rulebook.Version, error) {
	list, err := s.book.List(ctx)
	if err != nil {
		return rulebook.Version{}, err
	}
	newest := 0
	if len(list) > 0 {
		newest = list[len(list)-1].Number
	}
	p, err := s.Preview(ctx, a, draftID, plan)
	if err != nil {
		return rulebook.Version{}, err
	}
	pub := rulebook.Publication{File: p.Draft.File(), Source: []byte(p.Draft.Source), Probes: p.Draft.Probes, Effective: plan.Effective, AtOnce: plan.AtOnce, PersonID: a.PersonID}
	if plan.AtOnce {
		pub.Effective = ""
	}
	before := 0
	if p.Before != nil {
		before = p.Before.Number
	}
	v, _, err := s.book.PublishWith(ctx, pub, func(tx *db.Tx, v rulebook.Version) error {
		switch {
		case v.Number == before:
			return fault.New(fault.Conflict, "This draft says the same as the version in force, so there is nothing to publish.")
		case v.Number <= newest:
			return fault.New(fault.Conflict, "This draft says the same as version "+strconv.Itoa(v.Number)+", which waits for its day, so there is nothing to publish.")
		case v.Number != newest+1: // what customers would be told compares with another version
			return fault.New(fault.Conflict, "Somebody published another version a moment ago. Look at what changes against it, then publish again.")
		}
		if err := draft.MarkPublished(tx, draftID, plan.Seen, v.Number); err != nil {
			return err
		}
		tx.AfterCommit(s.appended)
		return s.tell(tx, a, p, plan, v)
	})
	return v, err
}

// tell stores the mails of a version and queues their sending.
func (s *Service) tell(tx *db.Tx, a identity.Actor, p *Preview, plan Plan, v rulebook.Version) error {
	if len(p.People) == 0 {
		return nil
	}
	subject, body := s.letter(p, plan, v.Number)
	if err := insertNotice(tx, v.Number, subject, body); err != nil {
		return err
	}
	if err := insertLetters(tx, v.Number, p.People); err != nil {
		return err
	}
	for list := range slices.Chunk(p.People, lettersPerJob) {
		payload := letterJob{Number: v.Number}
		for _, c := range list {
			payload.People = append(payload.People, c.ID)
		}
		if err := s.queue.Enqueue(tx, jobs.Job{Kind: LetterJob, Payload: payload}); err != nil {
			return err
		}
	}
	return journal.Append(tx, journal.Event{Subject: rulebook.Subject, Kind: EventNotified, ActorID: a.PersonID, ActorKind: a.Kind(), OrgID: a.OrgID,
		Data: map[string]string{"number": strconv.Itoa(v.Number), "audience": string(plan.Audience), "letters": strconv.Itoa(len(p.People))}})
}

// vendorDesk is the vendor with the address of its lowest desk that has one.
func vendorDesk(tx *db.Tx, p *policy.Policy) (name, address string, err error) {
	vendor, err := org.VendorOrg(tx)
	if err != nil {
		return "", "", err
	}
	desks, err := org.Desks(tx, vendor.ID)
	if err != nil {
		return "", "", err
	}
	rank := func(level string) int {
		i := slices.IndexFunc(p.Levels(), func(l policy.Level) bool { return l.ID == level })
		if i < 0 {
			return len(p.Levels())
		}
		return i
	}
	slices.SortStableFunc(desks, func(a, b org.Desk) int { return rank(a.Level) - rank(b.Level) })
	for _, d := range desks {
		if d.Address != "" {
			return vendor.Name, d.Address, nil
		}
	}
	return vendor.Name, "", nil
}
