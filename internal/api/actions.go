package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// VersionIn is the state that the caller saw.
type VersionIn struct {
	Version int `json:"version,omitempty" nullable:"true" minimum:"1" doc:"The version that you saw; 409 when the ticket changed since. Without it the newest counts."`
}

type escalateIn struct {
	RefIn
	Body *stepIn
}

type stepIn struct {
	GateIn
	VersionIn
	_ struct{} `additionalProperties:"true"`
}

// UnmarshalJSON reads the fields, and what the policy asks for beside them.
func (b *stepIn) UnmarshalJSON(data []byte) error {
	type fields stepIn
	if err := json.Unmarshal(data, (*fields)(b)); err != nil {
		return err
	}
	return b.beside(data, "version")
}

type plainIn struct {
	RefIn
	Body *VersionIn
}

type assignIn struct {
	RefIn
	Body *assignmentIn
}

type assignmentIn struct {
	Assignee string `json:"assignee,omitempty" nullable:"true" doc:"A member of the desk, by id or e-mail address; empty puts the ticket back in the queue."`
	VersionIn
}

type reasonIn struct {
	RefIn
	Body *giveReasonIn
}

type giveReasonIn struct {
	Reason string `json:"reason,omitempty" nullable:"true" doc:"Why."`
	VersionIn
}

type solveIn struct {
	RefIn
	Body *solutionIn
}

type solutionIn struct {
	Body string `json:"body,omitempty" nullable:"true" doc:"A message to whom the desk serves."`
	GateIn
	VersionIn
	_ struct{} `additionalProperties:"true"`
}

// UnmarshalJSON reads the fields, and what the policy asks for beside them.
func (b *solutionIn) UnmarshalJSON(data []byte) error {
	type fields solutionIn
	if err := json.Unmarshal(data, (*fields)(b)); err != nil {
		return err
	}
	return b.beside(data, "body", "version")
}

type finishIn struct {
	RefIn
	Body *stepIn
}

type recordIn struct {
	RefIn
	Body *happenedIn
}

type happenedIn struct {
	Event string `json:"event,omitempty" nullable:"true" doc:"An event of the policy."`
	VersionIn
}

func (a *api) record(ctx context.Context, c *call, in *recordIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	return a.done(ctx, c.actor)(a.Tickets.Record(ctx, c.actor, in.ID, body.Version, word(body.Event)))
}

func (a *api) addActions() {
	step := func(name, summary, about string) operation {
		return operation{id: name + "-ticket", method: http.MethodPost, path: "/tickets/{id}/" + name, tag: "Steps", summary: summary, about: about,
			errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}}
	}
	const closing = "Where the policy has a gate to close, answers a desk 422 with what is missing until it is met."
	add(a, step("escalate", "Hand a ticket to the next level", "Answers 422 with what is missing until the gate of the policy is met; what you gave is kept meanwhile. "+
		"An incomplete ticket is submitted to its level in the same way."), a.escalate)
	add(a, step("take", "Take a ticket", "You need not take a ticket before any other step."), a.take)
	add(a, step("assign", "Give a ticket to a member of the desk", ""), a.assign)
	add(a, step("return", "Give a ticket back to the level below", "Needs a reason."), a.giveBack)
	add(a, step("solve", "Say that it is solved", closing), a.solve)
	add(a, step("reopen", "Open a solved or closed ticket again", "On a declined ticket this overrides the policy and needs a reason."), a.reopen)
	add(a, step("learn", "Write down facts of the policy that were found out", "The policy is asked again. The desk records what the policy leaves to the provider, and what it was told; who asks answers what the policy asks them."), a.learn)
	add(a, step("record", "Write down that an event of the policy happened", "It starts and stops clocks. Events stand under `events` in the policy, with who may record them; "+
		"a desk also records workaround-given, on-site, paged and acknowledged."), a.record)
	add(a, step("close", "Close a solved, declined or incomplete ticket", closing), a.finish)
}

// sent is a body that may be left out.
func sent[T any](body *T) T {
	if body == nil {
		var zero T
		return zero
	}
	return *body
}

func (a *api) escalate(ctx context.Context, c *call, in *escalateIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	info, err := body.givenInformation()
	if err != nil {
		return nil, err
	}
	return a.done(ctx, c.actor)(a.Tickets.Escalate(ctx, c.actor, in.ID, body.Version, info))
}

// done shows the ticket after a step.
func (a *api) done(ctx context.Context, actor identity.Actor) func(*ticket.Ticket, error) (*ticketAnswer, error) {
	return func(t *ticket.Ticket, err error) (*ticketAnswer, error) {
		if err != nil {
			return nil, err
		}
		return a.found(ctx, actor, t)
	}
}

func (a *api) take(ctx context.Context, c *call, in *plainIn) (*ticketAnswer, error) {
	return a.done(ctx, c.actor)(a.Tickets.Take(ctx, c.actor, in.ID, sent(in.Body).Version))
}

func (a *api) assign(ctx context.Context, c *call, in *assignIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	who := word(body.Assignee)
	if strings.Contains(who, "@") {
		err := a.DB.Read(ctx, func(tx *db.Tx) error {
			p, err := findPerson(tx, who)
			if err == nil {
				who = p.ID
			} else if fault.Is(err, fault.NotFound) {
				return nil // refused like anybody who is not of the desk
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return a.done(ctx, c.actor)(a.Tickets.Assign(ctx, c.actor, in.ID, body.Version, who))
}

func (a *api) giveBack(ctx context.Context, c *call, in *reasonIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	return a.done(ctx, c.actor)(a.Tickets.Return(ctx, c.actor, in.ID, body.Version, strings.TrimSpace(body.Reason)))
}

func (a *api) solve(ctx context.Context, c *call, in *solveIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	info, err := body.givenInformation()
	if err != nil {
		return nil, err
	}
	return a.done(ctx, c.actor)(a.Tickets.SolveWith(ctx, c.actor, in.ID, body.Version, body.Body, info))
}

func (a *api) reopen(ctx context.Context, c *call, in *reasonIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	return a.done(ctx, c.actor)(a.Tickets.Reopen(ctx, c.actor, in.ID, body.Version, strings.TrimSpace(body.Reason)))
}

func (a *api) finish(ctx context.Context, c *call, in *finishIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	info, err := body.givenInformation()
	if err != nil {
		return nil, err
	}
	return a.done(ctx, c.actor)(a.Tickets.FinishWith(ctx, c.actor, in.ID, body.Version, info))
}
