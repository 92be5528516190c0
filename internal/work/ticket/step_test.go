package ticket_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// stepsClause is a clause with clocks that do something on their way.
const stepsClause = "\n\n## Steps {#steps}\n\n```policy\n" + `severity: {scale: {S1: {name: High}, S2: {name: Low}}}
events: {unreachable: {title: Nobody answers, by: provider}, reachable: {title: Somebody answers, by: provider}}
clocks:
  silence: {starts: waits-for-requester, stops: customer-replied, runs: always, within: [{is: 10d}], then: [{after: 10d, set: {status: closed}}]}
  contact: {starts: unreachable, stops: reachable, runs: always, within: [{is: 2h}], then: [{after: 2h, set: {severity: S2}}]}
  attention: {starts: complete, stops: solved, runs: always, within: [{is: 8h}], then: [{at: 50%, notify: lead}, {late: 30m, escalate: L2}]}
` + "```\n"

// withSteps is a world whose policy has the clause.
func withSteps(t *testing.T, fn func(t *testing.T, w *world)) {
	each(t, func(t *testing.T, w *world) {
		w.t = t
		if _, findings, err := w.book.Publish(context.Background(), "steps.md", append(slices.Clone(policies.Default()), stepsClause...), "", ""); err != nil {
			t.Fatal(err, findings)
		}
		w.clock.Advance(time.Second)
		fn(t, w)
	})
}

// told lists what the journal says of a ticket, with the clause of what the policy did.
func (w *world) told(id string) (list []string) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error {
		events, err := journal.BySubject(tx, id)
		for _, e := range events {
			text := e.Kind
			for _, name := range []string{"notify", "escalate", "severity", "status", "to"} {
				if v := e.Data[name]; v != "" {
					text += " " + name + "=" + v
				}
			}
			if e.Data["refused"] != "" {
				text += " refused"
			}
			if e.ActorKind == "system" {
				text += " by the system, #" + e.Clause
			}
			list = append(list, text)
		}
		return err
	})
	return list
}

// later lets time pass and does what has fallen due, once and once more.
func (w *world) later(id string, d time.Duration) *ticket.Ticket {
	w.t.Helper()
	w.clock.Advance(d)
	for range 2 {
		if err := w.tickets.DoSteps(context.Background(), id); err != nil {
			w.t.Fatal(err)
		}
	}
	v, err := w.view("l1@vendor", id, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return &v.Ticket
}

func (w *world) toldAs(id string, want ...string) {
	w.t.Helper()
	got := w.told(id)
	if !slices.Equal(got, want) {
		w.t.Errorf("the journal says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestASilentTicketIsClosedByItsClock(t *testing.T) {
	withSteps(t, func(t *testing.T, w *world) {
		o := w.open("enduser@named", "how-to")
		if _, _, err := w.tickets.Write(context.Background(), w.actors["l1@vendor"], o.Ticket.ID, 0, ticket.Post{Body: "Which camera?", Channel: "desk", Then: "waiting"}); err != nil {
			t.Fatal(err)
		}
		if got := w.later(o.Ticket.ID, 3*time.Hour); got.State != ticket.Waiting || got.Version != 2 {
			t.Fatalf("before anything falls due: %s, version %d; want waiting, version 2", got.State, got.Version)
		}
		var jobs int
		w.read(func(tx *db.Tx) error {
			return tx.QueryRow("SELECT COUNT(*) FROM job WHERE kind = $1", ticket.StepsJob).Scan(&jobs)
		})
		if jobs == 0 {
			t.Error("no job waits for the next step")
		}
		if got := w.later(o.Ticket.ID, 10*24*time.Hour); got.State != ticket.Closed {
			t.Errorf("after ten days of silence the ticket is %s; want closed", got.State)
		}
		w.toldAs(o.Ticket.ID, "opened", "answered", "clock-step notify=lead by the system, #steps", "clock-step escalate=L2 refused by the system, #steps",
			"closed by the system, #steps", "clock-step status=closed by the system, #steps")
	})
}

func TestAnAnswerInTimeKeepsTheTicketOpen(t *testing.T) {
	withSteps(t, func(t *testing.T, w *world) {
		o := w.open("enduser@named", "how-to")
		ctx := context.Background()
		if _, _, err := w.tickets.Write(ctx, w.actors["l1@vendor"], o.Ticket.ID, 0, ticket.Post{Body: "Which camera?", Channel: "desk", Then: "waiting"}); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(9 * 24 * time.Hour)
		if _, _, err := w.tickets.Write(ctx, w.actors["enduser@named"], o.Ticket.ID, 0, ticket.Post{Body: "The black one.", Channel: "portal"}); err != nil {
			t.Fatal(err)
		}
		if got := w.later(o.Ticket.ID, 5*24*time.Hour); got.State != ticket.Open {
			t.Errorf("the ticket is %s; want open", got.State)
		}
	})
}

func TestARecordedEventStartsAClockThatSetsTheSeverity(t *testing.T) {
	withSteps(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		o, err := w.tickets.Open(ctx, w.actors["enduser@named"], ticket.Draft{Channel: "portal", Subject: "Nothing works", Body: "At all.", Category: "how-to", Severity: "S1", Verified: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, refused := range []struct {
			who, event string
			kind       fault.Kind
		}{{"enduser@named", "unreachable", fault.Denied}, {"l2@vendor", "unreachable", fault.NotFound}, {"l1@vendor", "sunrise", fault.Invalid}} {
			if _, err := w.tickets.Record(ctx, w.actors[refused.who], o.Ticket.ID, 0, refused.event); !fault.Is(err, refused.kind) {
				t.Errorf("%s records %s: %v; want %v", refused.who, refused.event, err, refused.kind)
			}
		}
		if _, err := w.tickets.Record(ctx, w.actors["l1@vendor"], o.Ticket.ID, 0, "unreachable"); err != nil {
			t.Fatal(err)
		}
		if got := w.later(o.Ticket.ID, time.Hour); got.Severity == "S2" {
			t.Error("after one hour the severity is S2 already")
		}
		if got := w.later(o.Ticket.ID, time.Hour); got.Severity != "S2" {
			t.Errorf("after two hours the severity is %q; want S2", got.Severity)
		}
		w.toldAs(o.Ticket.ID, "opened", "happened", "severity-changed to=S2 by the system, #steps", "clock-step severity=S2 by the system, #steps")
	})
}

func TestALateTicketIsHandedUpThroughTheGate(t *testing.T) {
	withSteps(t, func(t *testing.T, w *world) {
		bare, ready := w.open("enduser@named", "how-to").Ticket.ID, w.open("enduser@named", "how-to").Ticket.ID
		// what level 2 needs is given on one of them, by a hand-over that was returned
		ctx := context.Background()
		if _, err := w.tickets.Escalate(ctx, w.actors["l1@vendor"], ready, 0, full()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Return(ctx, w.actors["l2@vendor"], ready, 0, "Please try again."); err != nil {
			t.Fatal(err)
		}
		if got := w.later(bare, 9*time.Hour); got.Level != "L1" {
			t.Errorf("without what the gate asks it is at %s; want L1", got.Level)
		}
		if got := w.later(ready, 0); got.Level != "L2" || got.ProviderKind != "vendor" {
			t.Errorf("with it, it is at %s of %s; want L2 of the vendor", got.Level, got.ProviderKind)
		}
		w.toldAs(bare, "opened", "clock-step notify=lead by the system, #steps", "clock-step escalate=L2 refused by the system, #steps")
	})
}

// TestARefusedStepLeavesNothingBehind: what a step did before its gate refused it is taken back.
func TestARefusedStepLeavesNothingBehind(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.t = t
		clause := strings.Replace(stepsClause, "{late: 30m, escalate: L2}", "{late: 30m, set: {severity: S2}, escalate: L2}", 1)
		if _, findings, err := w.book.Publish(context.Background(), "steps.md", append(slices.Clone(policies.Default()), clause...), "", ""); err != nil {
			t.Fatal(err, findings)
		}
		w.clock.Advance(time.Second)
		id := w.open("enduser@named", "how-to").Ticket.ID
		judged := func() (n int) {
			w.read(func(tx *db.Tx) error {
				return tx.QueryRow("SELECT COUNT(*) FROM judgement WHERE ticket_id = $1", id).Scan(&n)
			})
			return n
		}
		before := judged()
		if got := w.later(id, 9*time.Hour); got.Level != "L1" || got.Severity == "S2" {
			t.Errorf("at %s with severity %q; the step was refused", got.Level, got.Severity)
		}
		if after := judged(); after != before {
			t.Errorf("%d judgements, before the refused step %d", after, before)
		}
		w.toldAs(id, "opened", "clock-step notify=lead by the system, #steps", "clock-step escalate=L2 severity=S2 refused by the system, #steps")
	})
}
