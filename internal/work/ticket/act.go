package ticket

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// Take makes the actor the one who works on the ticket.
// Faults: Denied when another desk has it, Conflict, NotFound.
func (s *Service) Take(ctx context.Context, actor identity.Actor, ref string, expect int) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Take %s", ref)
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		if err := c.mustHandle(); err != nil {
			return err
		}
		if err := c.to(Take); err != nil {
			return err
		}
		c.t.AssigneeID = actor.PersonID
		return c.event(EventTaken, "", "", map[string]string{"person": actor.PersonID})
	})
}

// Assign gives the ticket to a member of the desk that has it; an empty person puts it back in the queue.
// Faults: Invalid for somebody who does not serve this level, Denied, Conflict, NotFound.
func (s *Service) Assign(ctx context.Context, actor identity.Actor, ref string, expect int, person string) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Assign %s", ref)
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		if err := c.mustHandle(); err != nil {
			return err
		}
		if err := c.to(Assign); err != nil {
			return err
		}
		if person == "" {
			c.t.AssigneeID = ""
			return c.event(EventReleased, "", "", nil)
		}
		members, err := identity.ByLevel(c.tx, c.t.ProviderOrg, c.t.Level)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(members, func(p identity.Person) bool { return p.ID == person && !p.Disabled }) {
			return fault.New(fault.Invalid, "Choose somebody of this desk.").WithField("assignee", "This person does not serve this level here.")
		}
		c.t.AssigneeID = person
		if err := c.event(EventAssigned, "", "", map[string]string{"person": person}); err != nil {
			return err
		}
		return c.notify(Notice{Event: EventAssigned})
	})
}

// Solve says that the request is solved; body, if any, goes to the requester.
// The desk that has it may, and so may the people who asked.
func (s *Service) Solve(ctx context.Context, actor identity.Actor, ref string, expect int, body string) (t *Ticket, err error) {
	return s.SolveWith(ctx, actor, ref, expect, body, information.Given{})
}

// SolveWith is Solve with what the policy asks for before a request is closed. Faults besides: Invalid with GateMissing.
func (s *Service) SolveWith(ctx context.Context, actor identity.Actor, ref string, expect int, body string, in information.Given) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Solve %s", ref)
	if body, err = words("body", body); err != nil {
		return nil, err
	}
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		if !c.t.handles(actor) && !c.t.asks(actor) {
			return c.mustHandle()
		}
		if strings.TrimSpace(body) != "" {
			if err := c.write(c.served(), Post{Body: body, Channel: c.channel()}); err != nil {
				return err
			}
		}
		if err := c.solve(in); err != nil || strings.TrimSpace(body) != "" {
			return err
		}
		return c.notify(Notice{Event: EventSolved, RoomID: c.served().ID})
	})
}

// solve says nothing to anybody: a message that came with it has.
func (c *change) solve(in information.Given) error {
	if err := c.to(Solve); err != nil {
		return err
	}
	if c.t.handles(c.actor) || c.actor.IsSystem() {
		if err := c.mayClose(in); err != nil {
			return err
		}
	}
	c.t.SolvedAt = &c.now
	return c.event(EventSolved, "", "", nil)
}

// served is the room of those with whom the actor talks: for who asks the
// requester's, for a desk that of those whom it serves.
func (c *change) served() Room {
	if c.t.asks(c.actor) && !c.t.handles(c.actor) {
		r, _ := findRoom(c.rooms, requesterRoomID)
		return r
	}
	if r, ok := c.below(); ok && r.LowerOrg != c.t.ProviderOrg {
		return r
	}
	r, _ := findRoom(c.rooms, requesterRoomID)
	if servesIn(r.UpperOrg, c.rooms, c.t, c.actor) || c.t.asks(c.actor) {
		return r
	}
	if r, ok := c.below(); ok {
		return r
	}
	return r
}

// Reopen opens a solved or closed ticket again, by the asker or the desk. On a
// declined ticket it is an engineer's override of the policy and needs a reason.
// Faults: Invalid without a reason for an override, Denied, Conflict, NotFound.
func (s *Service) Reopen(ctx context.Context, actor identity.Actor, ref string, expect int, reason string) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Reopen %s", ref)
	if reason, err = words("reason", reason); err != nil {
		return nil, err
	}
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		if c.t.State == Declined {
			return c.override(reason)
		}
		if !c.t.handles(actor) && !c.t.asks(actor) {
			return c.mustHandle()
		}
		if strings.TrimSpace(reason) != "" {
			if err := c.write(c.served(), Post{Body: reason, Channel: c.channel(), quiet: true}); err != nil {
				return err
			}
		}
		return c.reopen()
	})
}

func (c *change) reopen() error {
	before := c.t.State
	if err := c.to(Reopen); err != nil {
		return err
	}
	if err := c.judgeReopened("", before); err != nil {
		return err
	}
	return c.notify(Notice{Event: EventReopened, RoomID: c.served().ID})
}

// judgeReopened decides again by the pinned version and goes on. What was closed
// without having passed the gate or the policy is held up again at the same place.
func (c *change) judgeReopened(room string, before State) error {
	c.t.SolvedAt = nil
	if before == Closed {
		events, err := journal.BySubject(c.tx, c.t.ID)
		if err != nil {
			return err
		}
		c.t.State = cmp.Or(heldUp(events), c.t.State)
	}
	j, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return err
	}
	sit, err := storedSituation(c.rules.Policy, j.Situation)
	if err != nil {
		return err
	}
	if err := c.judged(EventReopened, j.Situation, coverage.Decide(c.rules.Policy, sit)); err != nil {
		return err
	}
	return c.event(EventReopened, room, "", map[string]string{"state": string(c.t.State), "level": c.t.Level, "provider": c.t.ProviderOrg})
}

func (c *change) override(reason string) error {
	if err := c.mustHandle(); err != nil {
		return err
	}
	if err := needReason(reason); err != nil {
		return err
	}
	if err := c.to(Override); err != nil {
		return err
	}
	lacks, err := c.lacksToEnter()
	if err != nil {
		return err
	}
	if lacks {
		// an exception to what is covered is none to the gate
		c.t.State = Incomplete
	}
	note, err := c.ownNote(reason)
	if err != nil {
		return err
	}
	data := map[string]string{"message": note, "state": string(c.t.State), "level": c.t.Level, "provider": c.t.ProviderOrg}
	if err := c.event(EventOverridden, internalRoomID(c.t.Level), "", data); err != nil || !lacks {
		return err
	}
	return c.notify(Notice{Event: string(Incomplete), RoomID: requesterRoomID})
}

// ownNote keeps words in the desk's own room and answers the message's id.
func (c *change) ownNote(text string) (string, error) {
	room := c.internal(c.t.Level)
	if err := c.ensureRoom(room); err != nil {
		return "", err
	}
	m := Message{TicketID: c.t.ID, ID: db.NewID(), RoomID: room.ID, AuthorID: c.actor.PersonID, AuthorOrg: c.actor.OrgID, Channel: c.channel(), Body: text, Verified: true, CreatedAt: c.now}
	return m.ID, insertMessage(c.tx, &m)
}

// lacksToEnter reports whether a request that came straight to its level lacks what the gates below it ask.
func (c *change) lacksToEnter() (bool, error) {
	if _, up := c.below(); up || c.t.ProviderKind == string(org.Customer) {
		return false, nil
	}
	j, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return false, err
	}
	p := c.rules.Policy
	sit, err := storedSituation(p, j.Situation)
	if err != nil {
		return false, err
	}
	info, _, err := loadInformation(c.tx, p, c.t.ID)
	hold(sit, p, &info)
	_, missing := coverage.AtSubmit(p, sit)
	return len(missing) > 0, err
}

// heldUp is the state in which a request was held up before any desk worked on
// it, and from which nothing has released it; "" for none.
func heldUp(events []journal.Event) (held State) {
	for _, e := range events {
		switch e.Kind {
		case EventOpened, EventOverridden:
			held = ""
			if s := State(e.Data["state"]); s == Incomplete || s == Declined {
				held = s
			}
		case EventCompleted:
			held = ""
		case EventRecorded, EventSeverity:
			if s := State(e.Data["state"]); s != "" {
				held = ""
				if s == Incomplete || s == Declined {
					held = s
				}
			}
		}
	}
	return held
}

// Finish closes a solved, declined or incomplete ticket.
func (s *Service) Finish(ctx context.Context, actor identity.Actor, ref string, expect int) (t *Ticket, err error) {
	return s.FinishWith(ctx, actor, ref, expect, information.Given{})
}

// FinishWith is Finish with what the policy asks for before a request is closed. Faults besides: Invalid with GateMissing.
func (s *Service) FinishWith(ctx context.Context, actor identity.Actor, ref string, expect int, in information.Given) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Finish %s", ref)
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		if err := c.mustHandle(); err != nil {
			return err
		}
		solved := c.t.State == Solved
		if err := c.to(Close); err != nil {
			return err
		}
		if solved {
			if err := c.mayClose(in); err != nil {
				return err
			}
		}
		return c.event(EventClosed, "", "", nil)
	})
}

// Reveal opens the sealed details, by the ids of their information, for one purpose, which is kept in the
// desk's own room; each look is recorded and shown. Faults: Denied, Invalid without a purpose, NotFound when there are none.
func (s *Service) Reveal(ctx context.Context, actor identity.Actor, ref, purpose string) (details map[string]string, err error) {
	defer fault.Wrap(&err, "ticket.Reveal %s", ref)
	if purpose, err = words("purpose", purpose); err != nil {
		return nil, err
	}
	if err := needReason(purpose); err != nil {
		return nil, err
	}
	var info information.Given
	var sealed []byte
	t, err := s.change(ctx, actor, ref, 0, func(c *change) error {
		if err := c.mustHandle(); err != nil {
			return err
		}
		if info, sealed, err = loadInformation(c.tx, c.rules.Policy, c.t.ID); err != nil {
			return err
		}
		if len(sealed) == 0 {
			return fault.New(fault.NotFound, "There are no sealed details on this ticket.")
		}
		note, err := c.ownNote(purpose)
		if err != nil {
			return err
		}
		return c.event(EventRevealed, "", "", map[string]string{"person": actor.PersonID, "message": note})
	})
	if err != nil {
		return nil, err
	}
	return openSecrets(s.sealer, t.ID, &info, sealed)
}

// gateClause is the clause whose gate stands between two levels.
func gateClause(p *policy.Policy, from, to string) string {
	for _, g := range p.Gates() {
		if g.To == to && (g.From == from || g.From == "") {
			return g.Clause
		}
	}
	return ""
}
