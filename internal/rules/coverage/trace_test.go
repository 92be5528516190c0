package coverage

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

const tracedPolicy = "# P {#p}\n```policy\n" + `policy: {name: P, vendor: V, effective: 2026-01-01, zone: UTC}
plans: {free: {name: Free, answer: best-effort}, gold: {name: Gold}}
levels: {L1: {name: Level 1, escalates_to: L2}, L2: {name: Level 2}}
categories: {x: {level: L1, title: X}, y: {level: L1, title: Y}}
severity: {scale: {S1: {name: High}, S2: {name: Low}}, set_by: derived, from: [{when: 'impact.all_users && !impact.workaround', is: S1}, {is: S2}]}
responsibility: [{for: {product.type: h}, L1: {by: vendor, for: [customer, end-user]}, L2: {by: vendor, for: [customer, end-user]}}]
calendars: {office: {zone: UTC, week: "mon-fri 09:00-17:00"}, evening: {zone: UTC, week: "mon-fri 17:00-20:00"}}
hours: [{id: day-and-night, for: {severity: S1}, use: always}, {id: day, use: office}, {id: evenings, for: {account.region: asia}, add: evening}]
coverage:
  - {id: unpaid, for: {contract.maintenance_active: no}, answer: no}
  - {id: many, for: {contract.users: above 100}, unless: {category: y}, answer: limited}
  - {id: licensing, for: {category: y}, answer: yes, overrides: [plan free]}
information: {steps: {type: steps}}
gates: [{id: hand-over, to: L2, for: {category: x}, require: [steps]}]
clocks: {reply: {starts: created, stops: first-reply, within: [{by: [plan], is: {gold: 1h}}, {for: {category: y}, is: 2h}, {is: 8h}]}}
` + "```\n"

// TestTrace reads what every rule was in a decision, and the facts that made it so.
func TestTrace(t *testing.T) {
	p, findings := policy.Parse("p.md", []byte(tracedPolicy))
	if p == nil {
		t.Fatal(findings)
	}
	for _, c := range []struct {
		what, situation string
		want            []string
	}{
		{"a free plan asks about X", `plan: free, category: x, impact: {all_users: yes}, contract: {maintenance_active: yes, users: 150}`, []string{
			"severity.from severity.from[0]: unknown (impact.all_users=yes impact.workaround=? when=unknown)",
			"severity.from severity.from[1]: holds",
			"hours day-and-night: unknown (severity=? wants S1: unknown)",
			"hours day: holds",
			"hours evenings: unknown (account.region=? wants asia: unknown)",
			"coverage unpaid: does not hold (contract.maintenance_active=yes wants no: no)",
			"coverage many: holds (contract.users=150 wants 101 or more: yes, category=x wants y: no)",
			"coverage plan free: holds decided (plan=free wants free: yes)",
			"coverage licensing: does not hold (category=x wants y: no)",
			"clocks.reply reply[0]: does not hold",
			"clocks.reply reply[1]: does not hold (category=x wants y: no)",
			"clocks.reply reply[2]: holds decided",
			"gates.L2 hand-over: holds (category=x wants x: yes)",
		}},
		{"a gold plan asks about Y, everybody is hit", `plan: gold, category: y, impact: {all_users: yes, workaround: no}, contract: {maintenance_active: no, users: 150}, account: {region: asia}`, []string{
			"severity.from severity.from[0]: holds decided (impact.all_users=yes impact.workaround=no when=yes)",
			"severity.from severity.from[1]: not reached",
			"hours day-and-night: holds decided (severity=S1 wants S1: yes)",
			"hours day: not reached",
			"coverage unpaid: holds decided (contract.maintenance_active=no wants no: yes)",
			"coverage many: does not hold (contract.users=150 wants 101 or more: yes, category=y wants y: yes)",
			"clocks.reply reply[0]: holds decided",
			"clocks.reply reply[2]: not reached",
			"gates.L2 hand-over: does not hold (category=y wants x: no)",
		}},
		{"a free plan asks about licensing", `plan: free, category: y, contract: {maintenance_active: yes, users: 50}`, []string{
			"coverage plan free: overridden (plan=free wants free: yes)",
			"coverage licensing: holds decided (category=y wants y: yes)",
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := situation(t, p, `{at: 2026-01-12T10:00:00Z, product: {type: h}, requester: {kind: customer}, `+c.situation+`}`)
			traced := Trace(p, s)
			got := map[string]bool{}
			var all []string
			for _, r := range traced.Considered {
				got[told(&r)] = true
				all = append(all, told(&r))
				if r.Clause != "p" || r.Line == 0 {
					t.Errorf("%s %s names no clause", r.Block, r.Rule)
				}
			}
			for _, want := range c.want {
				if !got[want] {
					t.Errorf("no %q in\n%s", want, strings.Join(all, "\n"))
				}
			}
			if plain, err := json.Marshal(Decide(p, s)); err != nil {
				t.Error(err)
			} else if whole, _ := json.Marshal(traced); !strings.HasPrefix(string(whole), strings.TrimSuffix(string(plain), "}")) {
				t.Errorf("the trace does not begin with the decision:\n%s\n%s", whole, plain)
			}
		})
	}
}

func told(r *Considered) string {
	text := r.Block + " " + r.Rule + ": " + r.State
	if r.Decided {
		text += " decided"
	}
	var plain []string
	when := ""
	for _, f := range r.Facts {
		value := "?"
		if f.Value != nil {
			value = *f.Value
		}
		switch {
		case f.Fact == "":
			when += "when=" + f.Holds
		case f.In == "when":
			when += f.Fact + "=" + value + " "
		default:
			plain = append(plain, fmt.Sprintf("%s=%s wants %s: %s", f.Fact, value, f.Wanted, f.Holds))
		}
	}
	if when != "" {
		plain = append(plain, when)
	}
	if len(plain) > 0 {
		text += " (" + strings.Join(plain, ", ") + ")"
	}
	return text
}

// TestDeadlinesExplainThemselves reads the steps of deadlines.
func TestDeadlinesExplainThemselves(t *testing.T) {
	for _, c := range []struct{ what, clock, events, now, want string }{
		{"over a night", "within: [{is: 9h}]", "12 16:30 created", "12 16:30", `Started Mon 12 Jan 2026, 16:30 UTC, when the request arrived.
16:30 to 17:00: 30 minutes.
Goes on Tue 13 Jan, 09:00 to 17:00: 8 hours, 8 hours 30 minutes in all.
Goes on Wed 14 Jan, 09:00 to 09:30: 30 minutes, 9 hours in all.
Due Wed 14 Jan 2026, 09:30 UTC.`},
		{"over weeks, summed up", "within: [{is: 90h}]", "12 16:30 created", "12 16:30", `Started Mon 12 Jan 2026, 16:30 UTC, when the request arrived.
16:30 to 17:00: 30 minutes.
Then 11 full days until Tue 27 Jan, 17:00: 88 hours, 88 hours 30 minutes in all.
Goes on Wed 28 Jan, 09:00 to 10:30: 1 hour 30 minutes, 90 hours in all.
Due Wed 28 Jan 2026, 10:30 UTC.`},
		{"over a pause", "pauses: [awaiting], within: [{is: 9h}]", "12 16:30 created; 13 10:00 status awaiting; 14 10:00 status open", "14 11:00", `Started Mon 12 Jan 2026, 16:30 UTC, when the request arrived.
16:30 to 17:00: 30 minutes.
Went on Tue 13 Jan, 09:00 to 10:00: 1 hour, 1 hour 30 minutes in all.
10:00 to Wed 14 Jan, 10:00: paused, not counted.
Went on 10:00 to 17:00: 7 hours, 8 hours 30 minutes in all.
Goes on Thu 15 Jan, 09:00 to 09:30: 30 minutes, 9 hours in all.
Due Thu 15 Jan 2026, 09:30 UTC.`},
		{"in a pause", "pauses: [awaiting], within: [{is: 9h}]", "12 16:30 created; 13 10:00 status awaiting", "14 11:00", `Started Mon 12 Jan 2026, 16:30 UTC, when the request arrived.
16:30 to 17:00: 30 minutes.
Went on Tue 13 Jan, 09:00 to 10:00: 1 hour, 1 hour 30 minutes in all.
10:00 to Wed 14 Jan, 11:00: paused, not counted.
Paused since Tue 13 Jan, 10:00: 1 hour 30 minutes used, nothing is counted until it goes on.`},
		{"late by a change", "within: [{for: {severity: S1}, is: 2h}, {is: 8h}]", "12 09:00 created; 12 14:00 severity-changed S1", "12 15:00", `Started Mon 12 Jan 2026, 09:00 UTC, when the request arrived.
09:00 to 14:00: 5 hours.
From 14:00 the target is "2h".
The change at 14:00 left less time than was used by then: late from that moment.
It was due Mon 12 Jan 2026, 14:00 UTC.`},
		{"the earlier of two", "within: [{is: {earliest: [4h, by close +1]}}]", "12 15:00 created", "12 15:00", `Started Mon 12 Jan 2026, 15:00 UTC, when the request arrived.
Within 4 hours of open time or by closing time on the next business day, whichever is earlier: it is decided by "4h".
15:00 to 17:00: 2 hours.
Goes on Tue 13 Jan, 09:00 to 11:00: 2 hours, 4 hours in all.
Due Tue 13 Jan 2026, 11:00 UTC.`},
		{"a date that a pause took away", "pauses: [awaiting], within: [{is: by close +1}]", "12 15:00 created; 13 10:00 status awaiting; 14 10:00 status open", "14 11:00", `Started Mon 12 Jan 2026, 15:00 UTC, when the request arrived.
Tue 13 Jan, 10:00 to Wed 14 Jan, 10:00: paused; a date whose time falls in there does not count.
By closing time on the next business day: Wed 14 Jan, 17:00.
Due Wed 14 Jan 2026, 17:00 UTC.`},
		{"solved before its due", "within: [{is: 24h on always}]", "12 15:00 created; 12 16:00 solved", "14 15:00", `Started Mon 12 Jan 2026, 15:00 UTC, when the request arrived.
15:00 to 16:00, day and night: 1 hour.
Stopped Mon 12 Jan 2026, 16:00 UTC, when the request was solved; it was due Tue 13 Jan 2026, 15:00 UTC.`},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := historyPolicy(t, "  k: {starts: created, stops: solved, "+c.clock+"}")
			s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, product: {type: h}, requester: {kind: customer}, category: x}`)
			list := Deadlines(p, s, Decide(p, s), history(t, c.events), january(t, c.now), nil)
			if got := strings.Join(list[0].Lines, "\n"); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
	p := historyPolicy(t, "  k: {starts: created, stops: solved, restarts: [public-update], pauses: [awaiting], within: [{is: 300 business days}]}")
	s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, product: {type: h}, requester: {kind: customer}, category: x}`)
	var events []string
	for i := range 60 {
		events = append(events, fmt.Sprintf("13 10:%02d status %s", i, []string{"awaiting", "open"}[i%2]))
	}
	list := Deadlines(p, s, Decide(p, s), history(t, "12 09:00 created; "+strings.Join(events, "; ")), january(t, "14 10:00"), nil)
	if n := len(list[0].Lines); n != linesSaid {
		t.Errorf("%d lines for a clock with 60 changes and a target of 300 days; want %d", n, linesSaid)
	}
}
