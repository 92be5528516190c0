package coverage

import (
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// clockPolicy has one clock of each form; level 1 counts office hours, level 2 round the clock.
const clockPolicy = "# P {#p}\n```policy\n" + `policy: {name: P, vendor: V, effective: 2026-01-01, zone: UTC}
levels: {L1: {name: Level 1, escalates_to: L2}, L2: {name: Level 2}}
categories: {x: {level: L1, title: X}}
severity: {scale: {S1: {name: High}, S2: {name: Low}}}
responsibility: [{for: {product.type: h}, L1: {by: vendor, for: [customer, end-user]}, L2: {by: vendor, for: [customer, end-user]}}]
calendars: {office: {zone: UTC, week: "mon-fri 09:00-17:00"}}
hours: [{for: {level: L2}, use: always}, {use: office}]
statuses: {awaiting: {title: Awaiting, waits_for: requester}}
events: {reproduced: {title: Reproduced, by: provider}}
clocks:
  reply: {title: Reply, starts: created, stops: first-reply, within: [{for: {severity: S1}, is: 2h}, {is: 8h}], then: [{at: 50%, notify: lead}, {late: 1h, escalate: L2}]}
  fix: {title: Fix, starts: reproduced, stops: solved, pauses: [awaiting], within: [{is: 2 business days}]}
  update: {title: Update, starts: created, restarts: [public-update], stops: solved, within: [{is: 4h on always}]}
  visit: {title: Visit, starts: created, stops: on-site, within: [{is: by close +1}]}
  noon: {title: Noon, starts: created, stops: on-site, within: [{is: by 12:00 +1}]}
` + "```\n"

func TestClocks(t *testing.T) {
	p, findings := policy.Parse("p.md", []byte(clockPolicy))
	if p == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	type event struct{ at, name, value string }
	for _, c := range []struct {
		what, clock string
		events      []event
		now         string
		state, due  string
		usedHours   float64
	}{
		{"counts open time only", "reply", []event{{"2026-01-12T16:00:00Z", "created", ""}}, "2026-01-13T10:00:00Z", ClockRunning, "2026-01-13T16:00:00Z", 2},
		{"a day from nine ends at five", "reply", []event{{"2026-01-12T09:00:00Z", "created", ""}}, "2026-01-12T09:00:00Z", ClockRunning, "2026-01-12T17:00:00Z", 0},
		{"a reply at its due is in time", "reply", []event{{"2026-01-12T09:00:00Z", "created", ""}, {"2026-01-12T17:00:00Z", "first-reply", ""}}, "2026-01-14T09:00:00Z", ClockMet, "2026-01-12T17:00:00Z", 8},
		{"a later reply is late", "reply", []event{{"2026-01-12T09:00:00Z", "created", ""}, {"2026-01-12T17:00:01Z", "first-reply", ""}}, "2026-01-14T09:00:00Z", ClockLate, "2026-01-12T17:00:00Z", 8},
		{"no reply is late", "reply", []event{{"2026-01-12T09:00:00Z", "created", ""}}, "2026-01-13T10:00:00Z", ClockLate, "2026-01-12T17:00:00Z", 9},
		{"outside hours it waits for the opening", "reply", []event{{"2026-01-17T12:00:00Z", "created", ""}}, "2026-01-17T12:00:00Z", ClockRunning, "2026-01-19T17:00:00Z", 0},
		{"a raised severity keeps the time used", "reply", []event{{"2026-01-12T09:00:00Z", "created", ""}, {"2026-01-12T10:00:00Z", "severity-changed", "S1"}}, "2026-01-12T10:30:00Z", ClockRunning, "2026-01-12T11:00:00Z", 1.5},
		{"a raised severity past its target is late from the change on", "reply", []event{{"2026-01-12T09:00:00Z", "created", ""}, {"2026-01-12T14:00:00Z", "severity-changed", "S1"}}, "2026-01-12T14:30:00Z", ClockLate, "2026-01-12T14:00:00Z", 5.5},
		{"a change of hours counts from the change", "reply", []event{{"2026-01-12T16:00:00Z", "created", ""}, {"2026-01-12T16:00:00Z", "level-entered", "L1"}, {"2026-01-12T18:00:00Z", "level-entered", "L2"}}, "2026-01-12T20:00:00Z", ClockRunning, "2026-01-13T01:00:00Z", 3},
		{"not started, no due", "fix", []event{{"2026-01-12T09:00:00Z", "created", ""}}, "2026-01-13T10:00:00Z", ClockWaiting, "", 0},
		{"business days", "fix", []event{{"2026-01-16T12:00:00Z", "reproduced", ""}}, "2026-01-16T12:00:00Z", ClockRunning, "2026-01-20T12:00:00Z", 0},
		{"a pause does not count", "fix", []event{{"2026-01-12T09:00:00Z", "reproduced", ""}, {"2026-01-12T10:00:00Z", "status", "awaiting"}, {"2026-01-13T09:00:00Z", "customer-replied", ""}}, "2026-01-13T10:00:00Z", ClockRunning, "2026-01-14T16:00:00Z", 2},
		{"a paused clock is paused", "fix", []event{{"2026-01-12T09:00:00Z", "reproduced", ""}, {"2026-01-12T10:00:00Z", "waits-for-requester", ""}}, "2026-01-13T09:00:00Z", ClockPaused, "", 1},
		{"a re-opened request goes on", "fix", []event{{"2026-01-12T09:00:00Z", "reproduced", ""}, {"2026-01-12T12:00:00Z", "solved", ""}, {"2026-01-14T09:00:00Z", "reopened", ""}}, "2026-01-14T10:00:00Z", ClockRunning, "2026-01-15T14:00:00Z", 4},
		{"every update starts it afresh", "update", []event{{"2026-01-12T09:00:00Z", "created", ""}, {"2026-01-12T12:00:00Z", "public-update", ""}}, "2026-01-12T15:00:00Z", ClockRunning, "2026-01-12T16:00:00Z", 3},
		{"the closing of the next open day", "visit", []event{{"2026-01-16T20:00:00Z", "created", ""}}, "2026-01-16T20:00:00Z", ClockRunning, "2026-01-19T17:00:00Z", 0},
		{"noon of the next open day", "noon", []event{{"2026-01-16T20:00:00Z", "created", ""}}, "2026-01-16T20:00:00Z", ClockRunning, "2026-01-19T12:00:00Z", 0},
	} {
		s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, product: {type: h}, requester: {kind: customer}, category: x}`)
		var events []Event
		for _, e := range c.events {
			events = append(events, Event{At: at(t, e.at), Name: e.name, Value: e.value})
		}
		clocks := Clocks(p, s, Decide(p, s), events, at(t, c.now))
		for _, k := range clocks {
			if k.ID != c.clock {
				continue
			}
			due := ""
			if k.DueAt != nil {
				due = time.UnixMilli(*k.DueAt).UTC().Format(time.RFC3339)
			}
			if k.State != c.state || due != c.due || k.UsedMs != int64(c.usedHours*3600_000) {
				t.Errorf("%s: %s, due %s, used %v h; want %s, due %s, used %v h", c.what, k.State, due, float64(k.UsedMs)/3600_000, c.state, c.due, c.usedHours)
			}
		}
	}
}

func TestClockSteps(t *testing.T) {
	p, _ := policy.Parse("p.md", []byte(clockPolicy))
	s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, product: {type: h}, requester: {kind: customer}, category: x}`)
	then := Decide(p, s).Clocks[0].Then
	if len(then) != 2 || then[0].At != at(t, "2026-01-12T13:00:00Z") || then[0].Notify != "lead" || then[1].At != at(t, "2026-01-13T10:00:00Z") || then[1].Escalate != "L2" {
		t.Errorf("steps: %+v", then)
	}
}

func TestARefusedRequestHasNoClocks(t *testing.T) {
	d := decide(t, maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: training`)
	if len(d.Clocks) != 1 || d.Clocks[0].State != ClockNone || d.Clocks[0].DueAt != nil {
		t.Errorf("clocks of a refused request: %+v", d.Clocks)
	}
}
