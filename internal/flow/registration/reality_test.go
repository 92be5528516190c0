package registration_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/registration"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/information"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

const planned = "# Help {#help}\n```policy\n" + `policy: {name: P, vendor: Example, effective: 2026-01-01, zone: Europe/Berlin}
levels: {front: {name: Front desk}}
categories: {fault: {level: front, title: Fault}}
responsibility: [{front: {by: vendor, for: [customer, end-user]}}]
plans: {silver: {name: Silver}, gold: {name: Gold}}
severity: {changed_by: [provider], scale: {high: {name: High}, low: {name: Low}}}
places: {berlin: {zone: Europe/Berlin, holidays: DE}, austin: {zone: America/Chicago, holidays: US}}
facts:
  cause: {type: choice, values: [ours, network], by: provider, unknown: none}
  shared: {type: yes-no, by: requester, ask: Do several people share this machine?}
  trained: {type: yes-no, by: contract, unknown: no}
events: {reproduced: {title: The fault was seen here, by: provider}}
calendars: {site: {place: account.place, week: "mon-fri 09:00-17:00"}}
hours: [{id: base, use: site}]
offers: {carrier: {title: Ask your carrier, to: provider}}
coverage:
  - {id: foreign, for: {cause: network}, answer: no, offer: carrier}
  - {id: shared, for: {shared: yes, trained: no}, answer: limited}
clocks:
  reply:
    title: First reply
    starts: complete
    stops: first-reply
    runs: always
    within: [{by: [plan, severity], is: {silver: {high: 8h, low: 24h}, gold: {high: 1h, low: 4h}}}]
  fix: {title: Fix, starts: reproduced, stops: solved, runs: always, within: [{is: 2h}]}
information: {root: {type: text, title: What it was}}
gates: [{id: done, to: close, require: [root]}]
negotiable: [clocks.reply.within]
` + "```\n"

const plannedRegister = `
products: [{id: box, name: Box}]
organisations:
  - {key: us, kind: vendor, name: Example, domain: vendor.example, zone: Europe/Berlin, desks: {front: Front desk}}
  - {key: acme, kind: customer, name: Acme, domain: acme.example, zone: Europe/Berlin}
people:
  - {email: eva@vendor.example, name: Eva, organisation: us, roles: [front]}
  - {email: adam@acme.example, name: Adam, organisation: acme, roles: [admin]}
accounts:
  - organisation: acme
    product: box
    facts:
      plan: gold
      account: {place: austin}
      contract: {terms: {clocks: {reply: {within: [{for: {severity: low}, is: 3h}]}}}}
`

// planned world: the register by the small policy.
type reality struct {
	d       *db.DB
	clock   *dbtest.Clock
	book    *rulebook.Book
	tickets *ticket.Service
}

func (r *reality) apply(t *testing.T, src string) error {
	t.Helper()
	doc, err := registration.Read("register.yaml", []byte(src))
	if err != nil {
		t.Fatal(err, fault.Fields(err))
	}
	return r.d.Write(context.Background(), func(tx *db.Tx) error {
		c, err := r.book.InForceTx(tx, tx.Now())
		if err != nil {
			return err
		}
		_, err = doc.Apply(tx, c.Policy)
		return err
	})
}

func (r *reality) who(t *testing.T, mail string) (a identity.Actor) {
	t.Helper()
	if err := r.d.Read(context.Background(), func(tx *db.Tx) error {
		p, err := identity.ByEmail(tx, mail)
		if err == nil {
			a, err = identity.LoadActor(tx, p.ID, identity.ViaSession)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return a
}

func withPlans(t *testing.T, fn func(t *testing.T, r *reality)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		r := &reality{d: d, clock: clock, book: rulebook.New(d, d.Now)}
		if _, findings, err := r.book.Publish(context.Background(), "p.md", []byte(planned), "", ""); err != nil {
			t.Fatal(err, findings)
		}
		sealer, err := seal.Load(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		r.tickets = ticket.NewService(d, r.book, jobs.NewQueue(), sealer, func() {})
		if err := r.apply(t, plannedRegister); err != nil {
			t.Fatal(err, fault.Fields(err))
		}
		fn(t, r)
	})
}

func TestFactsOfTheRegisterReachTheDecision(t *testing.T) {
	withPlans(t, func(t *testing.T, r *reality) {
		ctx, adam, eva := context.Background(), r.who(t, "adam@acme.example"), r.who(t, "eva@vendor.example")
		now := r.d.Now()
		o, err := r.tickets.Open(ctx, adam, ticket.Draft{Channel: "portal", Subject: "Dark", Body: "Nothing lights up.", Category: "fault", Severity: "high", Verified: true})
		if err != nil {
			t.Fatal(err)
		}
		if o.Decision.Plan != "gold" || o.Decision.Covered != "ask" || o.Ticket.DueAt == nil || *o.Ticket.DueAt-now > 3600_000 || *o.Ticket.DueAt < now+3590_000 {
			t.Fatalf("by plan and severity: %+v, due %v", o.Decision, o.Ticket.DueAt)
		}
		if o.Decision.Calendar != "site" {
			t.Errorf("hours at the place of the account: %+v", o.Decision)
		}
		low, err := r.tickets.Open(ctx, adam, ticket.Draft{Channel: "portal", Subject: "Dim", Body: "A little.", Category: "fault", Severity: "low", Verified: true,
			Facts: map[string][]string{"shared": {"no"}}})
		if err != nil || low.Decision.Covered != "yes" || low.Ticket.DueAt == nil || *low.Ticket.DueAt < now+3*3590_000 || *low.Ticket.DueAt > now+4*3590_000 {
			t.Fatalf("by the terms of the contract: %+v, %v", low.Ticket, err)
		}
		id := o.Ticket.ID
		v, err := r.tickets.View(ctx, adam, id, "")
		if err != nil || len(v.Pressing) != 1 || v.Pressing[0].Fact != "shared" {
			t.Fatalf("what is asked: %+v, %v", v.Pressing, err)
		}
		if _, err := r.tickets.Learn(ctx, adam, id, 0, ticket.Learned{Facts: map[string][]string{"cause": {"network"}}}); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("who asks says no cause: %v", err)
		}
		r.clock.Advance(time.Minute)
		if _, err := r.tickets.Learn(ctx, adam, id, 0, ticket.Learned{Facts: map[string][]string{"shared": {"yes"}}}); err != nil {
			t.Fatal(err)
		}
		if v, err = r.tickets.View(ctx, adam, id, ""); err != nil || v.Judgement.Decision.Covered != "limited" || len(v.Pressing) != 0 {
			t.Fatalf("answered: %+v, %v", v.Judgement.Decision, err)
		}
		r.clock.Advance(time.Minute)
		if _, err := r.tickets.Record(ctx, eva, id, 0, "reproduced"); err != nil {
			t.Fatal(err)
		}
		if v, err = r.tickets.View(ctx, eva, id, ""); err != nil || v.Clocks[1].ID != "fix" || v.Clocks[1].DueAt == nil {
			t.Fatalf("an event starts its clock: %+v, %v", v.Clocks, err)
		}
		if _, err := r.tickets.Learn(ctx, eva, id, 0, ticket.Learned{Severity: "low"}); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("a severity needs a reason: %v", err)
		}
		changed, err := r.tickets.Learn(ctx, eva, id, 0, ticket.Learned{Severity: "low", Reason: "One room only."})
		if err != nil || changed.Severity != "low" || changed.Covered != "limited" {
			t.Fatalf("severity: %+v, %v", changed, err)
		}
		r.clock.Advance(time.Minute)
		done, err := r.tickets.Learn(ctx, eva, id, 0, ticket.Learned{Facts: map[string][]string{"cause": {"network"}}})
		if err != nil || done.State != ticket.Declined || done.Covered != "no" {
			t.Fatalf("cause: %+v, %v", done, err)
		}
		if v, err = r.tickets.View(ctx, adam, id, ""); err != nil || v.Judgement.Decision.Offer() == nil || v.Judgement.Decision.Offer().ID != "carrier" {
			t.Fatalf("the way on: %+v, %v", v.Judgement.Decision, err)
		}
	})
}

func TestAGateBeforeClosingHoldsASolution(t *testing.T) {
	withPlans(t, func(t *testing.T, r *reality) {
		ctx, eva := context.Background(), r.who(t, "eva@vendor.example")
		o, err := r.tickets.Open(ctx, r.who(t, "adam@acme.example"), ticket.Draft{Channel: "portal", Subject: "Dark", Body: "Nothing.", Category: "fault", Severity: "high", Verified: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.tickets.Solve(ctx, eva, o.Ticket.ID, 0, "Done.")
		if missing, ok := fault.Detail(err).(ticket.GateMissing); !ok || missing.Missing[0] != "root" {
			t.Fatalf("solved without its root: %v", err)
		}
		_, _, err = r.tickets.Write(ctx, eva, o.Ticket.ID, 0, ticket.Post{Body: "Done.", Channel: "desk", Then: "solved"})
		if _, ok := fault.Detail(err).(ticket.GateMissing); !ok {
			t.Fatalf("solved by a message: %v", err)
		}
		var in information.Given
		in.Set("root", information.Value{Text: "A loose plug."})
		if done, err := r.tickets.SolveWith(ctx, eva, o.Ticket.ID, 0, "Done.", in); err != nil || done.State != ticket.Solved {
			t.Fatalf("%+v, %v", done, err)
		}
	})
}

func TestMistakesInFactsNameAccountAndFact(t *testing.T) {
	withPlans(t, func(t *testing.T, r *reality) {
		for from, c := range map[string]struct{ to, want string }{
			"plan: gold":    {"plan: bronze", "account Acme, fact plan: "},
			"place: austin": {"place: paris", "account Acme, fact account.place: "},
			"is: 3h":        {"is: soon", "account Acme, fact contract.terms: "},
			"      plan":    {"      cause: ours\n      plan", "account Acme, fact cause: this is not a fact that the account supplies"},
		} {
			err := r.apply(t, strings.Replace(plannedRegister, from, c.to, 1))
			fields := fault.Fields(err)
			if len(fields) == 0 || !strings.Contains(fields[0].Message, c.want) || !strings.HasPrefix(fields[0].Path, "register.yaml:1") {
				t.Errorf("%s: %v %v", c.to, err, fields)
			}
		}
	})
}

func TestAContractThatStaysIsJudgedByTheVersionBefore(t *testing.T) {
	withPlans(t, func(t *testing.T, r *reality) {
		ctx := context.Background()
		kept := strings.Replace(plannedRegister, "contract: {", "contract: {signed: 2026-01-15, renews: 2029-01-15, ", 1)
		if err := r.apply(t, kept); err != nil {
			t.Fatal(err, fault.Fields(err))
		}
		r.clock.Advance(time.Second)
		next := strings.Replace(planned, "negotiable:", "keeps: [{id: signed-before, when: 'contract.signed < date(\"2026-06-01\")', until: renewal}]\nnegotiable:", 1)
		if _, findings, err := r.book.Publish(ctx, "p.md", []byte(next), "", ""); err != nil {
			t.Fatal(err, findings)
		}
		r.clock.Advance(time.Second)
		o, err := r.tickets.Open(ctx, r.who(t, "adam@acme.example"), ticket.Draft{Channel: "portal", Subject: "Dark", Body: "Nothing.", Category: "fault", Severity: "high", Verified: true})
		if err != nil || o.Ticket.PolicyVersion != 1 {
			t.Fatalf("%+v, %v", o.Ticket, err)
		}
		last := o.Decision.Because[len(o.Decision.Because)-1]
		if by, ok := ticket.KeptBy(&last); !ok || by != 2 || last.Rule != "signed-before" {
			t.Errorf("why: %+v", last)
		}
	})
}
