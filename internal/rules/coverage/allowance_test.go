package coverage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

const allowanceClauses = `plans
plans: {free: {name: Free}, standard: {name: Standard}, premier: {name: Premier, builds_on: standard}, signature: {name: Signature, builds_on: premier}}
offers: {more: {title: Buy more, to: sales}, forum: {title: Forum, link: "https://forum.example.com"}}`

// shown is an allowance of a decision in one line: limit, used, left, allowed, renewal.
func shownAllowance(d Decision, id string) string {
	for _, a := range d.Allowances {
		if a.ID != id {
			continue
		}
		limit, left := "none", "none"
		if a.Unlimited {
			limit = "unlimited"
		}
		if a.Limit != nil {
			limit, left = fmt.Sprint(*a.Limit), fmt.Sprint(*a.Left)
		}
		return strings.TrimSpace(fmt.Sprintf("%s of %s, left %s, allowed %s %s", fmt.Sprint(a.Used), limit, left, truthOf(a.Allowed), a.Renews))
	}
	return "-"
}

func TestAllowances(t *testing.T) {
	p := policyWith(t, allowanceClauses, "users\nallowances: {contacts: {counts: named-contacts, is: [{by: [plan], is: {free: 0, standard: 1, signature: 10}}]}}",
		"sessions\nallowances: {sessions: {counts: session, each: year, starts: contract, is: [{by: [plan], is: {premier: 6, signature: unlimited, any: 0}}], over: {answer: no, offer: [more, forum]}}}")
	for _, c := range []struct{ name, text, id, want, covered string }{
		{"a second user of one", "plan: standard, used: {contacts: 1}, asked: {contacts: 1}", "contacts", "1 of 1, left 0, allowed no", CoveredNo},
		{"the tenth of ten", "plan: signature, used: {contacts: 9}, asked: {contacts: 1}", "contacts", "9 of 10, left 1, allowed yes", CoveredYes},
		{"a request takes no contact", "plan: standard, used: {contacts: 1}", "contacts", "1 of 1, left 0, allowed no", CoveredYes},
		{"a plan takes the limit from the one it builds on", "plan: premier", "contacts", "0 of 1, left 1, allowed yes", CoveredYes},
		{"the sixth of six", "plan: premier, category: session, used: {sessions: 5}, contract: {starts: 2024-03-10}", "sessions", "5 of 6, left 1, allowed yes 2027-03-10", CoveredYes},
		{"the seventh", "plan: premier, category: session, used: {sessions: 6}, contract: {starts: 2024-03-10}", "sessions", "6 of 6, left 0, allowed no 2027-03-10", CoveredNo},
		{"the anniversary was yesterday", "plan: premier, category: session, contract: {starts: 2024-11-23}", "sessions", "0 of 6, left 6, allowed yes 2027-11-23", CoveredYes},
		{"the anniversary is tomorrow", "plan: premier, category: session, contract: {starts: 2024-11-25}", "sessions", "0 of 6, left 6, allowed yes 2026-11-25", CoveredYes},
		{"without limit", "plan: signature, category: session, used: {sessions: 600}, contract: {starts: 2024-03-10}", "sessions", "600 of unlimited, left none, allowed yes 2027-03-10", CoveredYes},
		{"none at all", "plan: standard, category: session, contract: {starts: 2024-03-10}", "sessions", "0 of 0, left 0, allowed no 2027-03-10", CoveredNo},
		{"another category does not count", "plan: standard, category: question", "sessions", "-", CoveredYes},
		{"more than one at a time", "plan: premier, category: session, used: {sessions: 3}, asked: {sessions: 4}, contract: {starts: 2024-03-10}", "sessions", "3 of 6, left 3, allowed no 2027-03-10", CoveredNo},
	} {
		d := decideWith(t, p, c.text)
		if got := shownAllowance(d, c.id); got != c.want || d.Covered != c.covered {
			t.Errorf("%s: %s, covered %s; want %s, %s", c.name, got, d.Covered, c.want, c.covered)
		}
	}
	over := decideWith(t, p, "plan: premier, category: session, used: {sessions: 6}, contract: {starts: 2024-03-10}")
	if first := over.Because[0]; first.Clause != "sessions" || first.Offer != "more" || !slices.Equal(first.More, []string{"forum"}) || len(over.Offers) != 2 {
		t.Errorf("the seventh is refused by %+v, offers %v", first, over.Offers)
	}
	open := decideWith(t, p, "category: session, used: {sessions: 6}")
	want := []string{"allowances.sessions missing plan", "allowances.sessions.renews missing contract.starts"}
	if got := unsettledOf(open); !slices.Equal(got, want) {
		t.Errorf("without a plan: %v, want %v", got, want)
	}
	if got := shownAllowance(open, "sessions"); got != "6 of none, left none, allowed unsettled" {
		t.Errorf("without a plan: %s", got)
	}
	if quiet := decideWith(t, p, "category: question"); len(quiet.Unsettled) != 0 {
		t.Errorf("a question that needs no allowance leaves open %v", quiet.Unsettled)
	}
}

func unsettledOf(d Decision) []string {
	var list []string
	for _, u := range d.Unsettled {
		list = append(list, strings.TrimSpace(u.Field+" "+u.Cause+" "+strings.Join(u.Needs, " ")))
	}
	return list
}

// TestLimitsByFormula are published limits of contacts and credits: steps, formulas and a value that the text leaves out.
func TestLimitsByFormula(t *testing.T) {
	p := policyWith(t, `contacts
facts:
  customer_type: {type: choice, values: [company, academic], by: account, unknown: company}
  contact_limit:
    type: number
    is:
      - {for: {customer_type: academic}, calc: '3 * (contract.fte / 1000)'}
      - bands: contract.subscriptions
        is: [{from: 1, to: 250, is: 20}, {from: 251, to: 1000, is: 40}, {from: 1001, calc: '40 + 40 * ((contract.subscriptions - 1000) / 1000)'}]
calendars: {office: {zone: Europe/Brussels, week: "mon-fri 09:00-17:00"}}
allowances: {contacts: {counts: named-contacts, is: [{calc: 'contact_limit'}], change: 5 business days on office}}`, `credits
facts:
  monthly: {type: number, by: contract}
  included:
    type: number
    is: [{bands: monthly, is: [{above: 100, below: 200, is: 100}, {above: 200, below: 400, is: 200}, {from: 400, is: 400}]}]
allowances: {credits: {counts: points, each: year, starts: calendar, is: [{calc: 'included'}], unused: lapse}}`)
	for _, c := range []struct{ text, id, want string }{
		{"contract: {subscriptions: 250}", "contacts", "0 of 20, left 20, allowed yes"},
		{"contract: {subscriptions: 251}", "contacts", "0 of 40, left 40, allowed yes"},
		{"contract: {subscriptions: 2000}", "contacts", "0 of 80, left 80, allowed yes"},
		{"customer_type: academic, contract: {fte: 3500}", "contacts", "0 of 9, left 9, allowed yes"},
		{"monthly: 199", "credits", "0 of 100, left 100, allowed yes 2027-01-01"},
		{"monthly: 200", "credits", "0 of none, left none, allowed unsettled 2027-01-01"},
		{"monthly: 201, used: {credits: 200}", "credits", "200 of 200, left 0, allowed no 2027-01-01"},
		{"monthly: 400, carried: {credits: 50}", "credits", "0 of 400, left 400, allowed yes 2027-01-01"}, // what is left over lapses
	} {
		if got := shownAllowance(decideWith(t, p, c.text), c.id); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
	gap := decideWith(t, p, "monthly: 200")
	if got := unsettledOf(gap); !slices.Contains(got, "allowances.credits gap") || !cites(gap, "credits", "allowance unsettled") {
		t.Errorf("exactly 200 leaves open %v: %v", got, gap.Because)
	}
	change := decideWith(t, p, "contract: {subscriptions: 250}, asked: {contacts: 1}")
	if due := change.Allowances[0].ChangeDue; due == nil || instantText(*due) != "2026-12-01T10:00:00Z" {
		t.Errorf("a change asked for on Tuesday at 11:00 is made by %v", due)
	}
}

func TestPeriodsOfAllowances(t *testing.T) {
	p := policyWith(t, `periods
events: {session-held: {title: Session held, by: provider}}
allowances:
  months:   {counts: requests, of: {category: question}, each: month, is: 20, warn: [80%, 50%]}
  fiscal:   {counts: requests, of: {category: question}, each: quarter, starts: 02-01, is: 5}
  rolling:  {counts: session-held, each: 30d, is: 2}
  kept:     {counts: points, each: year, unused: carry 1, is: 10}
  open:     {counts: open-requests, of: {category: session}, is: 1, over: {answer: charge, rate: per-request}}
  bought:   {counts: time, of: {category: session}, bought: true, step: 30m, round: up, is: 1h}
  once:     {counts: time, of: {category: session}, each: use, is: 30m}`)
	for _, c := range []struct{ text, id, want string }{
		{"category: question", "months", "0 of 20, left 20, allowed yes 2026-12-01"},
		{"category: question, arrived: 2026-10-31T23:30:00Z", "months", "0 of 20, left 20, allowed yes 2026-12-01"}, // 1 November in Brussels
		{"category: question, arrived: 2026-10-31T22:30:00Z", "months", "0 of 20, left 20, allowed yes 2026-11-01"},
		{"category: question", "fiscal", "0 of 5, left 5, allowed yes 2027-02-01"},
		{"used: {rolling: 2}", "rolling", "2 of 2, left 0, allowed no"},
		{"carried: {kept: 4}, used: {kept: 13}", "kept", "13 of 14, left 1, allowed yes 2027-01-01"},
		{"category: session", "open", "0 of 1, left 1, allowed yes"},
		{"category: session, bought: {bought: 2h}, used: {bought: 1h}, asked: {bought: 40m}", "bought", "3600000 of 10800000, left 7200000, allowed yes"},
		{"category: session, used: {bought: 1h}, asked: {bought: 1m}", "bought", "3600000 of 3600000, left 0, allowed no"},
		{"category: session, asked: {once: 31m}", "once", "0 of 1800000, left 1800000, allowed no"},
	} {
		if got := shownAllowance(decideWith(t, p, c.text), c.id); got != c.want {
			t.Errorf("%s: %s %s, want %s", c.text, c.id, got, c.want)
		}
	}
	for used, want := range map[int]int{3: 0, 9: 50, 15: 80} {
		d := decideWith(t, p, fmt.Sprintf("category: question, used: {months: %d}", used))
		if got := d.Allowances[0].Warned; got != want {
			t.Errorf("%d of 20 used and one asked for: warned at %d percent, want %d", used, got, want)
		}
	}
	rounded := decideWith(t, p, "category: session, bought: {bought: 2h}, asked: {bought: 40m}")
	if got := rounded.Allowances[slices.IndexFunc(rounded.Allowances, func(a Allowance) bool { return a.ID == "bought" })].Asked; got != 3600_000 {
		t.Errorf("40 minutes in steps of 30, rounded up, take %d ms", got)
	}
	second := decideWith(t, p, "category: session, used: {open: 1}, bought: {bought: 2h}")
	if second.Covered != CoveredYes || second.Charge == nil || second.Charge.Rate != "per-request" || !cites(second, "periods", "charge") {
		t.Errorf("a second open request is %s and costs %+v", second.Covered, second.Charge)
	}
}

func TestWhatContractsNeed(t *testing.T) {
	p := policyWith(t, `plans
plans: {basic: {name: Basic}, plus: {name: Plus, needs: {contract.users: 100, else: basic}}, top: {name: Top, builds_on: plus, includes: [manager], needs: {contract.users: 50000, else: plus}}}
addons: {nights: {name: Nights, needs: {plan: [plus, top]}}}`)
	for _, c := range []struct{ text, want string }{
		{"plan: top, contract: {users: 50000}", "top"},
		{"plan: top, contract: {users: 49999}", "plus"},
		{"plan: top, contract: {users: 99}", "basic"},
		{"plan: plus, contract: {users: 100}", "plus"},
		{"plan: basic", ""},
	} {
		d := decideWith(t, p, c.text)
		if d.PlanAtRenewal != c.want || c.want != "" && !cites(d, "plans", "renewal "+c.want) {
			t.Errorf("%s renews on %q, want %q: %v", c.text, d.PlanAtRenewal, c.want, d.Because)
		}
	}
	if open := unsettledOf(decideWith(t, p, "plan: top")); !slices.Equal(open, []string{"plan_at_renewal missing contract.users"}) {
		t.Errorf("without a number of users: %v", open)
	}
	needs := func(text string) string {
		var list []string
		for _, u := range ContractNeeds(p, situation(t, p, "{"+text+"}")) {
			list = append(list, strings.TrimSpace(u.Kind+" "+u.ID+" "+strings.Join(u.Missing, " ")))
		}
		return strings.Join(list, "; ")
	}
	for text, want := range map[string]string{
		"plan: basic, addon: [nights]":                        "addon nights",
		"plan: plus, addon: [nights], contract: {users: 100}": "",
		"plan: top, addon: [nights]":                          "plan top contract.users",
		"plan: plus, contract: {users: 3}":                    "plan plus",
		"addon: [nights]":                                     "addon nights plan",
	} {
		if got := needs(text); got != want {
			t.Errorf("a contract with %s lacks %q, want %q", text, got, want)
		}
	}
}

func TestMaintenanceWindows(t *testing.T) {
	p := policyWith(t, `work
calendars: {saturday: {zone: America/New_York, week: "sat 21:00 to sun 03:00"}}
maintenance: {network: {calendar: saturday, notice: 7d, budget: 4h each month, downtime: excluded}, service: {notice: 3d}}`)
	for _, c := range []struct{ at, now, next, until, announce string }{
		{"2026-12-06T01:59:00Z", "no", "2026-12-06T02:00:00Z", "", "2026-11-29T02:00:00Z"},
		{"2026-12-06T02:00:00Z", "yes", "2026-12-13T02:00:00Z", "2026-12-06T08:00:00Z", "2026-12-06T02:00:00Z"},
		{"2026-07-05T01:00:00Z", "yes", "2026-07-12T01:00:00Z", "2026-07-05T07:00:00Z", "2026-07-05T01:00:00Z"}, // an hour earlier in summer
	} {
		d := Decide(p, situation(t, p, "{requester: {kind: customer}, at: "+c.at+"}"))
		m := d.Maintenance[0]
		if truthOf(m.Now) != c.now || instantOr(m.Next) != c.next || instantOr(m.Until) != c.until || instantOr(m.AnnounceBy) != c.announce {
			t.Errorf("at %s: now %s until %s, next %s, announced by %s", c.at, truthOf(m.Now), instantOr(m.Until), instantOr(m.Next), instantOr(m.AnnounceBy))
		}
		if other := d.Maintenance[1]; other.ID != "service" || other.Now != nil || other.Next != nil {
			t.Errorf("work without a window: %+v", other)
		}
	}
}

// TestCredits are the published credits of a service: bands of the uptime of a month, and a part of the fee for a missed answer.
func TestCredits(t *testing.T) {
	p := policyWith(t, `credits
calendars: {business: {zone: Europe/Brussels, week: "mon-fri 09:00-16:30"}}
clocks: {answer: {title: Answer, starts: created, stops: first-reply, within: [{is: 1h}]}}
promises:
  - {id: missed, measure: clock answer, each: incident, credit: {is: 0.25% of affected-fee, at_most: 5% of yearly-fee, claim: {within: 3 business days on business, after: miss, how: writing}}}
  - id: up
    measure: uptime
    for: {product.deployment: saas}
    each: month
    at_least: 99%
    credit: {bands: uptime, is: [{below: 95%, is: 50% of monthly-fee}, {from: 95%, below: 97%, is: 25% of monthly-fee}, {from: 97%, below: 99%, is: 5% of monthly-fee}], claim: {within: 30d, after: period, how: writing}}`)
	saas := situation(t, p, "{product: {deployment: saas}}")
	july := at(t, "2026-07-31T22:00:00Z")
	for _, c := range []struct{ measured, state, amount, claim string }{
		{"100%", CreditNone, "", ""},
		{"99%", CreditNone, "", ""},
		{"98.9999%", CreditDueNow, "5% of monthly-fee", "2026-08-30T22:00:00Z"},
		{"97%", CreditDueNow, "5% of monthly-fee", "2026-08-30T22:00:00Z"},
		{"96.9999%", CreditDueNow, "25% of monthly-fee", "2026-08-30T22:00:00Z"},
		{"95%", CreditDueNow, "25% of monthly-fee", "2026-08-30T22:00:00Z"},
		{"94.9999%", CreditDueNow, "50% of monthly-fee", "2026-08-30T22:00:00Z"},
		{"0%", CreditDueNow, "50% of monthly-fee", "2026-08-30T22:00:00Z"},
	} {
		share, err := policy.ParseShare(c.measured)
		if err != nil {
			t.Fatal(err)
		}
		due, err := CreditFor(p, saas, "up", share, july)
		if err != nil || due.State != c.state || due.Amount.Text != c.amount || instantOr(due.ClaimBy) != c.claim {
			t.Errorf("%s: %s of %q until %s (%v); want %s of %q until %s", c.measured, due.State, due.Amount.Text, instantOr(due.ClaimBy), err, c.state, c.amount, c.claim)
		}
	}
	if due, _ := CreditFor(p, situation(t, p, "{product: {deployment: on-premises}}"), "up", 0, july); due.State != CreditNone {
		t.Errorf("a promise about another product gives %+v", due)
	}
	if due, _ := CreditFor(p, situation(t, p, "{}"), "up", 0, july); due.State != CreditUnsettled || !slices.Equal(due.Needs, []string{"product.deployment"}) {
		t.Errorf("a promise about an unknown product gives %+v", due)
	}
	miss, err := CreditFor(p, saas, "missed", 0, at(t, "2026-11-27T14:30:00Z")) // Friday 15:30: an hour of Friday, Monday and Tuesday, the rest of Wednesday
	if err != nil || miss.Amount.Share != 2500 || miss.Amount.Of != "affected-fee" || miss.AtMost.Text != "5% of yearly-fee" || instantOr(miss.ClaimBy) != "2026-12-02T14:30:00Z" || miss.How != "writing" || miss.Reason.Clause != "credits" {
		t.Errorf("a missed answer gives %+v until %s, %v", miss, instantOr(miss.ClaimBy), err)
	}
	if _, err := CreditFor(p, saas, "other", 0, july); err == nil {
		t.Error("a promise that does not exist gives a credit")
	}
}

func TestPromisesKept(t *testing.T) {
	p := policyWith(t, `met
clocks: {answer: {title: Answer, starts: created, stops: first-reply, within: [{is: 1h}]}}
promises:
  - {id: both, measure: clock answer, each: quarter, starts: 02-01, at_least: 95%, misses_at_most: 3}
  - {id: none, measure: clock answer, each: month, misses_at_most: 0}`)
	both, _ := p.Promise("both")
	none, _ := p.Promise("none")
	for _, c := range []struct {
		promise  *policy.Promise
		measured policy.Share
		misses   int
		want     bool
	}{
		{&both, 950_000, 3, true}, {&both, 949_999, 0, false}, {&both, 990_000, 4, false}, {&none, 0, 0, true}, {&none, 999_999, 1, false},
	} {
		if got := c.promise.Kept(c.measured, c.misses); got != c.want {
			t.Errorf("%s with %v and %d misses is kept: %v", c.promise.ID, c.measured, c.misses, got)
		}
	}
}

func instantText(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

func instantOr(ms *int64) string {
	if ms == nil {
		return ""
	}
	return instantText(*ms)
}
