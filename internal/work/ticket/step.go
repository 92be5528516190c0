package ticket

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// StepsJob is the kind of job that does what the policy's clocks ask for on their way (`then`); its payload is Steps.
const StepsJob = "ticket.steps"

// Steps names a ticket of which a clock comes to a step.
type Steps struct {
	TicketID string `json:"ticket"`
}

// errNoStep ends a transaction that found nothing to do.
var errNoStep = errors.New("no step has fallen due")

// mostSteps bounds what one job does; what is left has a job of its own.
const mostSteps = 20

// HandleSteps is the job handler of StepsJob.
func (s *Service) HandleSteps(ctx context.Context, c jobs.Claimed) error {
	var due Steps
	if err := c.Decode(&due); err != nil {
		return err
	}
	return s.DoSteps(ctx, due.TicketID)
}

// DoSteps does the steps of a ticket's clocks that have fallen due and were not done yet, each once for a run of its clock, as acts
// of the system that are in the journal with the clause. Steps meet the same gates as people: one that may not be done is
// recorded with the reason. Faults: NotFound.
func (s *Service) DoSteps(ctx context.Context, ref string) (err error) {
	defer fault.Wrap(&err, "ticket.DoSteps %s", ref)
	for range mostSteps {
		_, err = s.change(ctx, identity.System(), ref, 0, func(c *change) error {
			list, err := c.pendingSteps()
			if err != nil {
				return err
			}
			if len(list) == 0 || list[0].due.At > c.now {
				return errNoStep
			}
			return c.step(&list[0])
		})
		if errors.Is(err, errNoStep) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pending is a step that is still to be done.
type pending struct {
	clock string
	due   coverage.Due
	key   string
}

// pendingSteps lists the steps to come, the next first; none for a ticket that is out of anybody's hands.
func (c *change) pendingSteps() ([]pending, error) {
	if c.t.State == Closed || c.t.State == Declined {
		return nil, nil
	}
	clocks, err := c.clocks()
	if err != nil {
		return nil, err
	}
	return c.pendingOf(clocks)
}

func (c *change) pendingOf(clocks []coverage.Clock) ([]pending, error) {
	if !slices.ContainsFunc(clocks, func(k coverage.Clock) bool { return len(k.Then) > 0 }) {
		return nil, nil
	}
	events, err := journal.BySubject(c.tx, c.t.ID)
	if err != nil {
		return nil, err
	}
	return stepsToDo(clocks, events), nil
}

// stepsToDo leaves out the steps that the journal holds. A clock that was started afresh comes to its steps again.
func stepsToDo(clocks []coverage.Clock, events []journal.Event) []pending {
	var list []pending
	for _, k := range clocks {
		for _, due := range k.Then {
			key := k.ID + "/" + k.Level + "/" + due.Rule + "/" + strconv.FormatInt(*k.StartedAt, 10)
			if !slices.ContainsFunc(events, func(e journal.Event) bool { return e.Kind == EventStep && e.Data["key"] == key }) {
				list = append(list, pending{clock: k.ID, due: due, key: key})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b pending) int { return int(max(min(a.due.At-b.due.At, 1), -1)) })
	return list
}

// scheduleNext has the next step done when it falls due.
func (c *change) scheduleNext(clocks []coverage.Clock) error {
	if c.t.State == Closed || c.t.State == Declined {
		return nil
	}
	list, err := c.pendingOf(clocks)
	if err != nil {
		return err
	}
	return c.schedule(c.tx, c.t.ID, list)
}

// schedule has the first of some steps done when it falls due.
func (s *Service) schedule(tx *db.Tx, id string, list []pending) error {
	if len(list) == 0 {
		return nil
	}
	at := list[0].due.At
	return s.queue.Enqueue(tx, jobs.Job{Kind: StepsJob, Key: id + "@" + strconv.FormatInt(at, 10), Payload: Steps{TicketID: id}, RunAt: max(at, tx.Now())})
}

// step does one step and writes it down.
func (c *change) step(p *pending) error {
	data := map[string]string{"clock": p.clock, "key": p.key, "step": p.due.Rule}
	note := func(name, value string) {
		if value != "" {
			data[name] = value
		}
	}
	note("notify", p.due.Notify)
	note("escalate", p.due.Escalate)
	note("severity", p.due.SetSeverity)
	note("status", p.due.SetStatus)
	before, rooms := *c.t, c.rooms
	err := c.tx.Attempt(func() error { return c.stepActs(&p.due) })
	if fault.Is(err, fault.Denied) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) {
		*c.t, c.rooms = before, rooms
		data["refused"], err = fault.Message(err), nil
	}
	if err != nil {
		return err
	}
	if err := c.event(EventStep, "", p.due.Clause, data); err != nil {
		return err
	}
	if p.due.Notify == "" && data["refused"] == "" {
		return nil
	}
	return c.notify(Notice{Event: EventStep, RoomID: requesterRoomID, Clock: p.clock, Whom: p.due.Notify, Refused: data["refused"]})
}

func (c *change) stepActs(due *coverage.Due) error {
	if due.SetSeverity != "" {
		if err := c.setSeverity(due.SetSeverity, due.Clause); err != nil {
			return err
		}
	}
	if due.Escalate != "" {
		if err := c.raise(due.Escalate); err != nil {
			return err
		}
	}
	if due.SetStatus != "" {
		return c.setStatus(due.SetStatus, due.Clause)
	}
	return nil
}

// setSeverity changes the severity and decides again by the pinned version.
func (c *change) setSeverity(to, clause string) error {
	from := c.t.Severity
	if from == to {
		return nil
	}
	c.t.Severity = to
	if err := c.event(EventSeverity, "", clause, map[string]string{"from": from, "to": to}); err != nil {
		return err
	}
	return c.judgeAgain(EventSeverity, coverage.Event{At: c.now, Name: "severity-changed", Value: to})
}

// judgeAgain decides again with one more event of the history, and keeps the ticket where it is.
func (c *change) judgeAgain(trigger string, e coverage.Event) error {
	j, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return err
	}
	sit, err := storedSituation(c.rules.Policy, j.Situation)
	if err != nil {
		return err
	}
	sit.Events = append(sit.Events, e)
	h := handing{change: c, sit: sit, decision: coverage.Decide(c.rules.Policy, sit)}
	if h.decision.Severity != "" {
		c.t.Severity = h.decision.Severity
	}
	return h.judge(trigger, h.decision)
}

// setStatus brings the ticket into a state of every desk, or into a status of the policy.
func (c *change) setStatus(to, clause string) error {
	switch to {
	case string(c.t.State):
		return nil
	case string(Closed):
		if err := c.to(Lapse); err != nil {
			return err
		}
		return c.event(EventClosed, "", clause, nil)
	case string(Solved):
		return c.solve(information.Given{})
	}
	next := Answer
	waits := to == string(Waiting)
	for _, s := range c.rules.Policy.Statuses() {
		waits = waits || s.ID == to && s.WaitsFor == "requester"
	}
	switch {
	case waits:
		next = Ask
	case c.t.State == Waiting:
		next = Reply
	}
	if err := c.to(next); err != nil {
		return err
	}
	return c.event(EventStatus, "", clause, map[string]string{"to": to})
}

// raise hands the ticket up to a level through the gates on the way, as the desk that has it would.
func (c *change) raise(to string) error {
	p := c.rules.Policy
	above := func(level string) bool {
		for next, ok := p.NextLevel(level); ok; next, ok = p.NextLevel(next) {
			if next == to {
				return true
			}
		}
		return false
	}
	for above(c.t.Level) {
		next, _ := p.NextLevel(c.t.Level)
		h := &handing{change: c, from: c.t.Level, to: next}
		var err error
		if h.info, h.sealed, err = loadInformation(c.tx, p, c.t.ID); err != nil {
			return err
		}
		if c.t.State == Incomplete {
			return fault.New(fault.Conflict, "The request is not complete yet, so it cannot be handed up.")
		}
		if err := h.decide(); err != nil {
			return err
		}
		if missing := h.lacks(); missing != nil {
			return fault.New(fault.Invalid, "Some of what the next level needs is still missing.").WithDetail(*missing)
		}
		if err := h.pass(); err != nil {
			return err
		}
	}
	return nil
}

// ---- events that people record ----

// recordable are the built-in events that only people know of; the desk records them.
func recordable() []string { return []string{"workaround-given", "on-site", "paged", "acknowledged"} }

// recordableBy lists the events that the actor may record on a ticket, with their titles: those of the policy by whom it says, and
// the built-in ones that only people know of.
func recordableBy(p *policy.Policy, t *Ticket, actor identity.Actor) []policy.EventType {
	var list []policy.EventType
	if !t.State.Active() && t.State != Incomplete {
		return nil
	}
	for _, e := range p.Events() {
		if e.By == "requester" && t.asks(actor) || t.handles(actor) {
			list = append(list, e)
		}
	}
	if !t.handles(actor) {
		return list
	}
	for _, id := range recordable() {
		if p.Hears(id) {
			list = append(list, policy.EventType{ID: id, Title: wording.Capital(wording.Spoken(id)), By: "provider"})
		}
	}
	return list
}

// Record writes down that an event of the policy happened on a ticket, which starts and stops clocks and may change what the policy
// says. Faults: Invalid for an event that the policy does not know, Denied for one that is not the actor's to record, Conflict, NotFound.
func (s *Service) Record(ctx context.Context, actor identity.Actor, ref string, expect int, event string) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Record %s", ref)
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		p := c.rules.Policy
		if !c.t.State.Active() && c.t.State != Incomplete {
			return fault.New(fault.Conflict, "Nobody works on this ticket now. Open it again, then record what happened.")
		}
		if channel, ok := strings.CutPrefix(event, arrivedBy); ok {
			return c.recordArrival(channel)
		}
		known := func(e policy.EventType) bool { return e.ID == event }
		if !slices.ContainsFunc(p.Events(), known) && !slices.Contains(recordable(), event) {
			return fault.New(fault.Invalid, "The policy has no such event.").WithField("event", "Choose one of the events of the policy.")
		}
		if !c.t.handles(actor) && !slices.ContainsFunc(recordableBy(p, c.t, actor), known) {
			return fault.New(fault.Denied, "The desk that has this ticket records this.")
		}
		clause := ""
		for _, e := range p.Events() {
			if e.ID == event {
				clause = e.Clause
			}
		}
		if err := c.event(EventHappened, "", clause, map[string]string{"event": event}); err != nil {
			return err
		}
		if !p.LooksBack(event) {
			return nil
		}
		return c.judgeAgain(EventHappened, coverage.Event{At: c.now, Name: event})
	})
}
