package ticket

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Service is the only way to change a ticket.
type Service struct {
	db      *db.DB
	book    *rulebook.Book
	queue   Outbox
	sealer  *seal.Sealer
	numbers *numbers
	vendor  atomic.Pointer[string] // the vendor's id, once it was seen
	// known are the facts of who asked a moment ago.
	known *db.Memory[asker, *facts]
	// appended tells the journal's sequencer that events were committed.
	appended func()
}

// Outbox takes work that leaves with the commit: the jobs queue, or nothing
// where a history is made that nobody must hear of.
type Outbox interface {
	Enqueue(tx *db.Tx, j jobs.Job) error
}

// NewService wires the use cases to their store, the rulebook, the jobs queue and the sealer of access details;
// appended wakes the sequencer of the journal after a commit.
func NewService(d *db.DB, book *rulebook.Book, queue Outbox, sealer *seal.Sealer, appended func()) *Service {
	return &Service{known: db.Remember[asker, *facts](d, registerTables()...), db: d, book: book, queue: queue, sealer: sealer, appended: appended, numbers: &numbers{db: d}}
}

// Close gives unused ticket numbers back.
func (s *Service) Close(ctx context.Context) error { return s.numbers.giveBack(ctx) }

// NotifyJob is the kind of job that tells people about an event; its payload is Notice.
const NotifyJob = "ticket.notify"

// Notice says what happened, for the people who should hear of it.
type Notice struct {
	TicketID string `json:"ticket"`
	// Event is opened, incomplete, declined, message, escalated, returned, assigned, solved or reopened.
	Event     string `json:"event"`
	MessageID string `json:"message,omitempty"`
	RoomID    string `json:"room,omitempty"`
	ActorID   string `json:"actor,omitempty"`
	Automatic bool   `json:"automatic,omitempty"`
	// Of a step of a clock: the clock, whom the policy wants told, and why the step could not be done, or "".
	Clock   string `json:"clock,omitempty"`
	Whom    string `json:"whom,omitempty"`
	Refused string `json:"refused,omitempty"`
}

// change is one use case under way: the ticket as it was found, what the actor may see, and what happened.
type change struct {
	*Service
	ctx    context.Context
	tx     *db.Tx
	actor  identity.Actor
	t      *Ticket
	rooms  []Room
	before Ticket
	rules  *rulebook.Compiled
	now    int64
}

// change loads a ticket, checks that the actor may see it and that the form is
// not stale, runs fn, computes the clocks again and saves, in one transaction.
// expect is the version the actor saw, 0 for any.
// Faults: NotFound, Conflict with Stale as detail, and what fn answers.
func (s *Service) change(ctx context.Context, actor identity.Actor, ref string, expect int, fn func(*change) error) (*Ticket, error) {
	var out *Ticket
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		t, err := loadTicket(tx, ref)
		if err != nil {
			return err
		}
		c := &change{Service: s, ctx: ctx, tx: tx, actor: actor, t: t, before: *t, now: tx.Now()}
		if c.rooms, err = loadRooms(tx, t.ID); err != nil {
			return err
		}
		if _, err = see(t, c.rooms, actor); err != nil {
			return err
		}
		if expect != 0 && expect != t.Version {
			return c.stale(expect)
		}
		if c.rules, err = s.book.ByNumberTx(tx, t.PolicyVersion); err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
		out = t
		tx.AfterCommit(s.appended)
		return c.save()
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Stale tells the sender of a stale form what happened since.
type Stale struct {
	Version int             `json:"version"`
	Events  []journal.Event `json:"-"`
	State   State           `json:"state"`
	Level   string          `json:"level"`
}

func (c *change) stale(expect int) error {
	events, err := journal.BySubject(c.tx, c.t.ID)
	if err != nil {
		return err
	}
	newer := c.t.Version - expect
	if newer < 0 || newer > len(events) {
		newer = len(events)
	}
	visible := readableRooms(c.t, c.rooms, c.actor)
	events = slices.DeleteFunc(events[len(events)-newer:], func(e journal.Event) bool {
		_, reads := findRoom(visible, e.RoomID)
		return !reads && e.RoomID != ""
	})
	return fault.New(fault.Conflict, "This ticket changed while you were typing. Nothing of yours is lost: look at what changed and send it again.").
		WithDetail(Stale{Version: c.t.Version, Events: events, State: c.t.State, Level: c.t.Level})
}

// to moves the ticket along an action, or says why that may not happen.
func (c *change) to(a Action) error {
	next, ok := c.t.State.After(a)
	if !ok {
		return fault.Newf(fault.Conflict, "This ticket is %s, so that is not possible now. Look at its present state and try again.", stateWord(c.t.State)).
			WithDetail(Stale{Version: c.t.Version, State: c.t.State, Level: c.t.Level})
	}
	c.t.State = next
	return nil
}

func stateWord(s State) string {
	switch s {
	case Incomplete:
		return "waiting for details"
	case Declined:
		return "not included in support"
	case Waiting:
		return "waiting for an answer"
	}
	return string(s)
}

// mustHandle answers Denied unless the actor's desk has the ticket.
func (c *change) mustHandle() error {
	if !c.t.handles(c.actor) {
		return fault.New(fault.Denied, "Another desk has this ticket now, so you can read it but not do this.")
	}
	return nil
}

// event appends to the journal. Data holds ids and words of the program, never names or bodies.
func (c *change) event(kind, room, clause string, data map[string]string) error {
	return journal.Append(c.tx, journal.Event{Subject: c.t.ID, Kind: kind, At: c.now, ActorID: c.actor.PersonID, ActorKind: actorKind(c.actor),
		OrgID: c.actor.OrgID, RoomID: room, Clause: clause, Data: data})
}

func actorKind(a identity.Actor) string {
	if a.IsSystem() {
		return "system"
	}
	return a.Kind()
}

func (c *change) notify(n Notice) error {
	n.TicketID, n.ActorID = c.t.ID, c.actor.PersonID
	return c.queue.Enqueue(c.tx, jobs.Job{Kind: NotifyJob, Payload: n})
}

// save computes the clocks from the events and stores the ticket.
func (c *change) save() error {
	clocks, err := c.clocks()
	if err != nil {
		return err
	}
	c.t.DueAt = earliestDue(clocks)
	if !c.t.State.Active() {
		c.t.DueAt = nil
	}
	c.t.UpdatedAt = c.now
	if err := updateTicket(c.tx, c.t); err != nil {
		return err
	}
	return c.scheduleNext(clocks)
}

func (c *change) clocks() ([]coverage.Clock, error) {
	j, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return nil, err
	}
	return clocksOf(c.tx, c.rules.Policy, j, c.now)
}

func clocksOf(tx *db.Tx, p *policy.Policy, j *Judgement, now int64) ([]coverage.Clock, error) {
	events, err := journal.BySubject(tx, j.TicketID)
	if err != nil {
		return nil, err
	}
	s, err := storedSituation(p, j.Situation)
	if err != nil {
		return nil, err
	}
	return coverage.Clocks(p, s, j.Decision, history(events, s), now), nil
}

func earliestDue(clocks []coverage.Clock) *int64 {
	var due *int64
	for i := range clocks {
		c := &clocks[i]
		if (c.State == coverage.ClockRunning || c.State == coverage.ClockLate) && c.StoppedAt == nil && c.DueAt != nil && (due == nil || *c.DueAt < *due) {
			due = c.DueAt
		}
	}
	return due
}

// Kinds of journal events about a ticket.
const (
	EventOpened     = "opened"
	EventDeclined   = "declined"
	EventCompleted  = "completed"
	EventTaken      = "taken"
	EventAssigned   = "assigned"
	EventReleased   = "released"
	EventAnswered   = "answered"
	EventReplied    = "replied"
	EventWrote      = "wrote" // a message between desks
	EventNoted      = "noted"
	EventEscalated  = "escalated"
	EventReturned   = "returned"
	EventSolved     = "solved"
	EventReopened   = "reopened"
	EventOverridden = "overridden"
	EventClosed     = "closed"
	EventWaived     = "waived"
	EventRevealed   = "revealed"
	EventGiven      = "given"      // details for a gate that is not met yet
	EventStep       = "clock-step" // a step of a clock fell due
	EventSeverity   = "severity-changed"
	EventStatus     = "status-changed"  // a status of the policy
	EventHappened   = "happened"        // an event of the policy that somebody recorded
	EventRecorded   = "recorded"        // facts that were learned since
	EventChannel    = "channel-changed" // a request that was turned away came again, by another channel
)

// history is what happened to a request, in order of time: what the journal tells, and the facts that were recorded since.
func history(list []journal.Event, s *coverage.Situation) []coverage.Event {
	all := clockEvents(list)
	for _, e := range s.Events {
		if !slices.ContainsFunc(all, func(o coverage.Event) bool { return o.At == e.At && o.Name == e.Name }) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b coverage.Event) int { return cmp.Compare(a.At, b.At) })
	return all
}

// clockEvents translates the journal into the events of the policy language.
// The promises are the providers': when a request passes from a desk that the
// customer provides to one that vendor or partner provide, it arrives there, and
// the clocks begin (docs/interpretation.md).
func clockEvents(list []journal.Event) []coverage.Event {
	var out []coverage.Event
	add := func(e journal.Event, names ...string) {
		for _, n := range names {
			value := ""
			if n == "escalated" || n == "level-entered" {
				value = e.Data["to"]
			}
			out = append(out, coverage.Event{At: e.At, Name: n, Value: value})
		}
	}
	for _, e := range list {
		switch e.Kind {
		case EventOpened:
			add(e, "created")
			if e.Data["level"] != "" {
				out = append(out, coverage.Event{At: e.At, Name: "level-entered", Value: e.Data["level"]})
			}
			if e.Data["state"] != string(Incomplete) {
				add(e, "complete")
			}
		case EventCompleted, EventOverridden:
			add(e, "complete")
		case EventTaken, EventAssigned:
			add(e, "assigned")
		case EventAnswered, EventReplied:
			if e.Data["within"] != "" {
				continue // engineers of one organisation among themselves
			}
			if e.Kind == EventReplied {
				add(e, "customer-replied")
				continue
			}
			add(e, "first-reply", "public-update")
			if e.Data["turn"] == "requester" {
				add(e, "waits-for-requester")
			}
		case EventEscalated:
			if e.Data["from_kind"] == "customer" && e.Data["to_kind"] != "customer" {
				out = changedBefore(out, e.At)
				add(e, "created", "complete")
			}
			add(e, "escalated", "level-entered")
		case EventReturned:
			add(e, "level-entered")
		case EventSolved:
			add(e, "solved")
		case EventReopened:
			add(e, "reopened")
		case EventClosed:
			add(e, "closed")
		case EventSeverity:
			out = append(out, coverage.Event{At: e.At, Name: "severity-changed", Value: e.Data["to"]})
		case EventStatus:
			out = append(out, coverage.Event{At: e.At, Name: "status", Value: e.Data["to"]})
		case EventHappened:
			add(e, e.Data["event"])
		case EventChannel:
			out = append(out, coverage.Event{At: e.At, Name: "channel", Value: e.Data["to"], By: "requester"})
		}
	}
	return out
}

// changedBefore keeps of a history what was found out about the request, as known from an instant on.
func changedBefore(events []coverage.Event, at int64) []coverage.Event {
	var kept []coverage.Event
	for _, e := range events {
		switch e.Name {
		case "severity-changed", "severity":
			kept = append(kept, coverage.Event{At: at, Name: "severity", Value: e.Value})
		case "channel":
			kept = append(kept, coverage.Event{At: at, Name: "channel", Value: e.Value})
		}
	}
	return kept
}

func storedSituation(p *policy.Policy, data []byte) (*coverage.Situation, error) {
	s, errs := coverage.ParseSituation(p, data)
	if len(errs) > 0 {
		raw, _ := json.Marshal(errs)
		return nil, fault.New(fault.Internal, "A stored decision can't be read.").WithField("situation", string(raw))
	}
	return s, nil
}
