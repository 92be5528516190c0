package coverage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// historyPolicy is one desk in UTC, 09:00 to 17:00 on weekdays, with the clocks of a case.
func historyPolicy(t *testing.T, clocks string) *policy.Policy {
	t.Helper()
	text := "# P {#p}\n```policy\n" + `policy: {name: P, vendor: V, effective: 2026-01-01, zone: UTC}
levels: {L1: {name: Level 1, escalates_to: L2}, L2: {name: Level 2}}
categories: {x: {level: L1, title: X}}
severity: {scale: {S1: {name: High}, S2: {name: Middle}, S3: {name: Low}}}
responsibility: [{for: {product.type: h}, L1: {by: vendor, for: [customer, end-user]}, L2: {by: vendor, for: [customer, end-user]}}]
calendars: {office: {zone: UTC, week: "mon-fri 09:00-17:00"}}
hours: [{use: office}]
statuses: {awaiting: {title: Awaiting, waits_for: requester}, vendor: {title: Third party, waits_for: third-party}}
events: {reproduced: {title: Reproduced, by: provider}, unreachable: {title: Unreachable, by: provider}, reachable: {title: Reachable, by: provider}}
` + "```\n# Clocks {#clocks}\n```policy\nclocks:\n" + clocks + "\n```\n"
	p, findings := policy.Parse("p.md", []byte(text))
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

// history reads "12 09:00 created; 12 10:00 status awaiting": days of January 2026 (the 12th is a Monday), UTC.
func history(t *testing.T, text string) []Event {
	t.Helper()
	var list []Event
	for _, part := range strings.Split(text, ";") {
		words := strings.Fields(part)
		e := Event{At: january(t, words[0]+" "+words[1]), Name: words[2]}
		if len(words) > 3 {
			e.Value = words[3]
		}
		if len(words) > 4 {
			e.By = words[4]
		}
		list = append(list, e)
	}
	return list
}

func january(t *testing.T, text string) int64 {
	t.Helper()
	return at(t, "2026-01-"+strings.Replace(text, " ", "T", 1)+":00Z")
}

// TestClocksReadAsThePolicy has the sentences about clocks that real policies hold, as clocks, and what follows from them.
// What a case wants is "state", "state due DAY TIME" or "state late-by-change due DAY TIME".
func TestClocksReadAsThePolicy(t *testing.T) {
	const (
		first   = "k: {starts: created, stops: first-reply, "
		fix     = "k: {starts: created, stops: solved, "
		update  = "k: {starts: created, restarts: [public-update], stops: solved, pauses: [awaiting], within: [{for: {severity: S1}, is: 2h}, {is: 4h}]}"
		silence = "k: {starts: waits-for-requester, stops: customer-replied, within: [{is: 10 business days}], then: [{after: 10 business days, set: {status: closed}}]}"
		turn    = "k: {starts: customer-replied, stops: public-update, within: [{is: 4h}]}"
	)
	for _, c := range []struct{ what, clock, events, now, want string }{
		{"the earlier of 4 hours and closing time: closing comes first", first + "within: [{is: {earliest: [4h, by close]}}]}", "12 15:00 created", "12 15:00", "running due 12 17:00"},
		{"the earlier of 4 hours and closing time: 4 hours come first", first + "within: [{is: {earliest: [4h, by close]}}]}", "12 09:00 created", "12 09:00", "running due 12 13:00"},
		{"the later of 4 hours and noon of the next day", first + "within: [{is: {latest: [4h, by 12:00 +1]}}]}", "12 15:00 created", "12 15:00", "running due 13 12:00"},
		{"each part counts on a calendar of its own", first + "within: [{is: {earliest: [4h, 5h on always]}}]}", "12 15:00 created", "12 15:00", "running due 12 20:00"},
		{"one combination inside another", first + "within: [{is: {latest: [1h, {earliest: [30h on always, by close +1]}]}}]}", "12 15:00 created", "12 15:00", "running due 13 17:00"},
		{"a combination with a part that pauses for good is due by the other", fix + "pauses: [awaiting], within: [{is: {earliest: [4h, by close]}}]}", "12 15:00 created; 12 18:00 status awaiting", "13 10:00", "late due 12 17:00"},
		{"closing time of the next open day, over the weekend", first + "within: [{is: by close +1}]}", "16 20:00 created", "16 20:00", "running due 19 17:00"},
		{"a date whose close falls in a pause does not count", fix + "pauses: [awaiting], within: [{is: by close +1}]}", "12 10:00 created; 13 12:00 status awaiting; 14 09:00 customer-replied", "14 10:00", "running due 14 17:00"},
		{"a pause between two closings takes no date away", fix + "pauses: [awaiting], within: [{is: by close +1}]}", "12 10:00 created; 13 10:00 status awaiting; 13 12:00 customer-replied", "13 13:00", "running due 13 17:00"},
		{"a noon that falls in a pause does not count", fix + "pauses: [awaiting], within: [{is: by 12:00 +2}]}", "12 10:00 created; 13 11:00 status awaiting; 13 13:00 status open", "13 14:00", "running due 15 12:00"},
		{"while it pauses no date is known", fix + "pauses: [awaiting], within: [{is: by close +1}]}", "12 10:00 created; 13 12:00 status awaiting", "13 13:00", "paused"},
		{"a pause after the due changes nothing", fix + "pauses: [awaiting], within: [{is: 2h}]}", "12 10:00 created; 12 13:00 status awaiting", "12 14:00", "late due 12 12:00"},

		{"a status that waits for somebody else does not pause", fix + "pauses: [awaiting], within: [{is: 2h}]}", "12 10:00 created; 12 11:00 status vendor", "12 11:30", "running due 12 12:00"},
		{"an answer of the customer does not end the wait for a third party", fix + "pauses: [vendor], within: [{is: 2h}]}", "12 10:00 created; 12 11:00 status vendor; 12 12:00 customer-replied", "12 13:00", "paused"},
		{"waiting for the requester pauses what pauses in a status that waits for them", fix + "pauses: [awaiting], within: [{is: 2h}]}", "12 10:00 created; 12 11:00 waits-for-requester; 12 13:00 customer-replied", "12 13:30", "running due 12 14:00"},

		{"updates every 4 hours, counted from the last", update, "12 09:00 created; 12 12:00 public-update", "12 15:00", "running due 12 16:00"},
		{"updates stand still while it waits on you", update, "12 09:00 created; 12 12:00 public-update; 12 13:00 status awaiting", "12 15:00", "paused"},
		{"after the solution no update starts it", update, "12 09:00 created; 12 12:00 solved; 12 13:00 public-update", "13 15:00", "met due 12 13:00"},
		{"re-opened, it goes on", update, "12 09:00 created; 12 12:00 solved; 13 09:00 reopened", "13 09:30", "running due 13 10:00"},
		{"re-opened under another severity, it takes the new target", update, "12 09:00 created; 12 12:00 solved; 12 15:00 severity-changed S1; 13 09:00 reopened", "13 09:30", "late late-by-change due 13 09:00"},
		{"closed without a solution, it ends", update, "12 09:00 created; 12 12:00 closed", "13 09:30", "met due 12 13:00"},

		{"silent for 10 business days", silence, "12 09:00 created; 12 10:00 waits-for-requester", "12 10:00", "running due 26 10:00"},
		{"an answer ends the silence, and the next silence counts anew", silence, "12 09:00 created; 12 10:00 waits-for-requester; 13 10:00 customer-replied; 14 10:00 waits-for-requester", "14 10:00", "running due 28 10:00"},
		{"each message of the customer is answered in 4 hours", turn, "12 09:00 created; 12 10:00 customer-replied; 12 11:00 public-update; 13 09:00 customer-replied", "13 10:00", "running due 13 13:00"},
		{"a second message does not start it while it runs", turn, "12 09:00 created; 12 10:00 customer-replied; 12 11:00 customer-replied", "12 12:00", "running due 12 14:00"},
		{"complete happens once: a first answer is not asked for again", "k: {starts: complete, stops: first-reply, within: [{is: 4h}]}", "12 09:00 created; 12 09:00 complete; 12 10:00 first-reply; 12 12:00 complete", "13 16:00", "met due 12 13:00"},

		{"a raised severity keeps the time used", first + "within: [{for: {severity: S1}, is: 2h}, {is: 8h}]}", "12 09:00 created; 12 10:00 severity-changed S1", "12 10:30", "running due 12 11:00"},
		{"a raised severity whose target is used up is late from the change on", first + "within: [{for: {severity: S1}, is: 2h}, {is: 8h}]}", "12 09:00 created; 12 14:00 severity-changed S1", "12 14:30", "late late-by-change due 12 14:00"},
		{"what was late before the change is late from then", first + "within: [{for: {severity: S1}, is: 2h}, {is: 4h}]}", "12 09:00 created; 12 14:00 severity-changed S1", "12 14:30", "late due 12 13:00"},
		{"a lowered severity takes the lateness back", first + "within: [{for: {severity: S3}, is: 8h}, {is: 2h}]}", "12 09:00 created; 12 14:00 severity-changed S3", "12 14:30", "running due 12 17:00"},
		{"a raised severity starts it afresh where the policy says so", "k: {starts: created, restarts: [severity-changed], stops: first-reply, within: [{for: {severity: S1}, is: 2h}, {is: 8h}]}", "12 09:00 created; 12 14:00 severity-changed S1", "12 14:30", "running due 12 16:00"},
		{"a closing that has passed is late from the change on", first + "within: [{for: {severity: S1}, is: by close}, {is: by close +3}]}", "12 09:00 created; 13 10:00 severity-changed S1", "13 11:00", "late late-by-change due 13 10:00"},
		{"time without a target is not used", first + "within: [{for: {severity: S1}, is: 2h}, {is: none}]}", "12 09:00 created; 12 14:00 severity-changed S1", "12 14:30", "running due 12 16:00"},
		{"a fact of the request follows its event", first + "within: [{for: {channel: phone}, is: 1h}, {is: 8h}]}", "12 09:00 created; 12 09:30 channel phone", "12 09:45", "running due 12 10:00"},
		{"a fact of the account is pinned", first + "within: [{for: {account.region: asia}, is: 1h}, {is: 8h}]}", "12 09:00 created; 12 09:30 account.region asia", "12 09:45", "running due 12 17:00"},

		{"unreachable starts its own clock each time", "k: {starts: unreachable, stops: reachable, within: [{is: 2h}]}", "12 09:00 created; 12 10:00 unreachable; 12 11:00 reachable; 13 09:00 unreachable", "13 09:30", "running due 13 11:00"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := historyPolicy(t, "  "+c.clock)
			s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, channel: web, account: {region: europe}, product: {type: h}, requester: {kind: customer}, category: x}`)
			clocks := Clocks(p, s, Decide(p, s), history(t, c.events), january(t, c.now))
			if got := clockState(&clocks[0]); got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
}

func clockState(c *Clock) string {
	text := c.State
	if c.LateBy {
		text += " late-by-change"
	}
	if c.DueAt != nil {
		text += " due " + time.UnixMilli(*c.DueAt).UTC().Format("02 15:04")
	}
	return text
}

// TestOneClockForEachLevel: level-entered starts one per level, and a handed-over request keeps the others.
func TestOneClockForEachLevel(t *testing.T) {
	p := historyPolicy(t, "  first: {starts: created, stops: first-reply, within: [{is: 8h}]}\n  stage: {starts: level-entered, stops: escalated, within: [{for: {level: L1}, is: 4h}, {is: 2h}]}")
	s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, product: {type: h}, requester: {kind: customer}, category: x}`)
	told := func(events string, now string) string {
		var list []string
		for _, c := range Clocks(p, s, Decide(p, s), history(t, events), january(t, now)) {
			list = append(list, strings.TrimSpace(c.ID+" "+c.Level)+": "+clockState(&c))
		}
		return strings.Join(list, "; ")
	}
	arrived := "12 09:00 created; 12 09:00 level-entered L1"
	for _, c := range []struct{ events, now, want string }{
		{arrived, "12 10:00", "first: running due 12 17:00; stage L1: running due 12 13:00"},
		{arrived + "; 12 11:00 escalated L2; 12 11:00 level-entered L2", "12 12:00", "first: running due 12 17:00; stage L1: met due 12 13:00; stage L2: running due 12 13:00"},
		{arrived + "; 12 11:00 escalated L2; 12 11:00 level-entered L2; 12 12:00 level-entered L1", "12 14:00", "first: running due 12 17:00; stage L1: met due 12 13:00; stage L2: late due 12 13:00"},
	} {
		if got := told(c.events, c.now); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.events, got, c.want)
		}
	}
	arrival := Decide(p, s).Clocks
	if len(arrival) != 2 || arrival[1].Level != "L1" || arrival[1].State != ClockRunning {
		t.Errorf("at the arrival: %+v", arrival)
	}
}

// TestStepsCountUsedTime: what a clock does on its way counts the time used, not the time of day.
func TestStepsCountUsedTime(t *testing.T) {
	const then = "then: [{at: 50%, notify: lead}, {after: 1 business day, escalate: L2}, {late: 30m, set: {severity: S1}}]}"
	for _, c := range []struct{ what, clock, events, now, want string }{
		{"ahead", "within: [{is: 12h}], " + then, "12 15:00 created", "12 15:00", "lead 13 13:00; L2 13 15:00; S1 14 11:30"},
		{"a pause moves what lies ahead", "pauses: [awaiting], within: [{is: 12h}], " + then, "12 15:00 created; 13 10:00 status awaiting; 14 10:00 status open", "14 11:00", "lead 14 13:00; L2 14 15:00; S1 15 11:30"},
		{"while it pauses only the past is known", "pauses: [awaiting], within: [{is: 4h}], " + then, "12 09:00 created; 12 12:00 status awaiting", "12 13:00", "lead 12 11:00"},
		{"half of the way to a closing", "within: [{is: by close}], " + then, "12 09:00 created", "12 09:00", "lead 12 13:00; L2 12 17:00; S1 13 09:30"},
		{"after a change that made it late", "within: [{for: {severity: S1}, is: 1h}, {is: 12h}], " + then, "12 09:00 created; 12 14:00 severity-changed S1", "12 15:00", "lead 12 11:30; L2 12 17:00; S1 12 14:30"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := historyPolicy(t, "  k: {starts: created, stops: solved, "+c.clock)
			s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, product: {type: h}, requester: {kind: customer}, category: x}`)
			var got []string
			for _, d := range Clocks(p, s, Decide(p, s), history(t, c.events), january(t, c.now))[0].Then {
				if d.Clause != "clocks" || d.Line == 0 {
					t.Errorf("the step %+v names no clause", d)
				}
				got = append(got, fmt.Sprintf("%s%s%s %s", d.Notify, d.Escalate, d.SetSeverity, time.UnixMilli(d.At).UTC().Format("02 15:04")))
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("%s; want %s", text, c.want)
			}
		})
	}
}

// TestADecisionFollowsItsHistory: what events changed is what the decision is about.
func TestADecisionFollowsItsHistory(t *testing.T) {
	p := historyPolicy(t, "  k: {starts: created, stops: solved, within: [{for: {severity: S1}, is: 2h}, {is: 8h}]}")
	s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S3, product: {type: h}, requester: {kind: customer}, category: x,
  events: [{at: 2026-01-12T11:00:00Z, event: level-entered, value: L2}, {at: 2026-01-12T10:00:00Z, event: severity-changed, value: S1}]}`)
	d := Decide(p, s)
	if d.Severity != "S1" || d.Level != "L2" || d.Covered != CoveredYes {
		t.Errorf("severity %s at %s, covered %s; want S1 at L2, covered", d.Severity, d.Level, d.Covered)
	}
	if got := clockState(&d.Clocks[0]); got != "running due 12 11:00" {
		t.Errorf("the clock is %s; want it running from the arrival", got)
	}
	_, errs := ParseSituation(p, []byte(`{events: [{at: 2026-01-12T10:00:00Z, event: severity-changd}, {at: 2026-01-12T10:00:00Z, event: severity-changed, value: S9}]}`))
	if len(errs) != 2 || !strings.Contains(errs[0].Message, `did you mean "severity-changed"?`) || !strings.Contains(errs[1].Message, `no severity "S9"`) {
		t.Errorf("mistakes in a history: %v", errs)
	}
}

// TestAMissedUpdateIsRemembered counts the runs before the last start that were late.
func TestAMissedUpdateIsRemembered(t *testing.T) {
	p := historyPolicy(t, "  k: {starts: created, restarts: [public-update], stops: solved, within: [{is: 2h}]}")
	s := situation(t, p, `{at: 2026-01-12T09:00:00Z, severity: S2, product: {type: h}, requester: {kind: customer}, category: x}`)
	events := history(t, "12 09:00 created; 12 12:00 public-update; 12 14:00 public-update; 12 16:30 public-update")
	if c := Clocks(p, s, Decide(p, s), events, january(t, "12 16:45"))[0]; c.Missed != 2 || c.State != ClockRunning {
		t.Errorf("%s, %d missed; want running and 2 missed (12:00 and 16:30 came too late, 14:00 came in time)", c.State, c.Missed)
	}
}

// TestFactsOfThePolicyFollowEvents: what the policy asks about the past, and its own facts, change with the history; each
// stretch is measured by what was known then.
func TestFactsOfThePolicyFollowEvents(t *testing.T) {
	const updates = `k: {starts: created, restarts: [public-update], stops: solved, runs: always, within: [{when: 'happened("workaround-given")', is: 24h}, {is: 2h}]}`
	for _, c := range []struct{ what, extra, clock, situation, events, now, want string }{
		{"every 2 hours before a work-around", "", updates, "severity: S1", "12 09:00 created; 12 11:00 public-update", "12 12:00", "S1 running due 12 13:00"},
		{"daily after it", "", updates, "severity: S1", "12 09:00 created; 12 11:00 public-update; 12 12:00 workaround-given", "12 12:30", "S1 running due 13 11:00"},
		{"what was late before the work-around came was missed", "", updates, "severity: S1", "12 09:00 created; 12 12:00 public-update; 12 12:30 workaround-given; 12 13:00 public-update", "12 13:30", "S1 running 1 missed due 13 13:00"},
		{"with a work-around a severity 1 becomes severity 2", `severity: {set_by: derived, from: [{for: {severity_asked: S1}, when: 'happened("workaround-given")', is: S2}, {calc: severity_asked}]}`,
			"k: {starts: created, stops: solved, within: [{for: {severity: S1}, is: 2h}, {is: 8h}]}", "severity_asked: S1", "12 09:00 created; 12 10:00 workaround-given", "12 12:00", "S2 running due 12 17:00"},
		{"before it, it is severity 1", `severity: {set_by: derived, from: [{for: {severity_asked: S1}, when: 'happened("workaround-given")', is: S2}, {calc: severity_asked}]}`,
			"k: {starts: created, stops: solved, within: [{for: {severity: S1}, is: 2h}, {is: 8h}]}", "severity_asked: S1", "12 09:00 created", "12 10:00", "S1 running due 12 11:00"},
		{"a severity that somebody set is derived no more", `severity: {set_by: derived, from: [{for: {severity_asked: S1}, when: 'happened("workaround-given")', is: S2}, {calc: severity_asked}]}`,
			"k: {starts: created, stops: solved, within: [{for: {severity: S3}, is: 6h}, {is: 8h}]}", "severity_asked: S1", "12 09:00 created; 12 10:00 severity-changed S3; 12 11:00 workaround-given", "12 12:00", "S3 running due 12 15:00"},
		{"a fact of the policy's own that was found out", `facts: {cause: {type: choice, values: [network, settings], by: provider, ask: Why?, unknown: none}}`,
			"k: {starts: created, stops: solved, within: [{for: {cause: network}, is: 3h}, {is: 8h}]}", "severity: S1", "12 09:00 created; 12 10:00 cause network", "12 11:00", "S1 running due 12 12:00"},
		{"a target that a missing fact may change is provisional", `facts: {distance: {type: number, by: requester, ask: How far is it?}}`,
			"k: {starts: created, stops: on-site, within: [{for: {distance: to 50}, is: 4h}, {is: by close +1}]}", "severity: S1", "12 09:00 created", "12 10:00", "S1 provisional running due 13 17:00"},
		{"received after 16:00, answered by noon of the next business day", "", `k: {starts: created, stops: first-reply, within: [{for: {severity: S1}, when: 'local_time("office") >= "16:00"', is: by 12:00 +1}, {is: 4h}]}`,
			"severity: S1, at: 2026-01-12T16:30:00Z", "12 16:30 created", "12 16:30", "S1 running due 13 12:00"},
		{"and before it within 4 hours", "", `k: {starts: created, stops: first-reply, within: [{for: {severity: S1}, when: 'local_time("office") >= "16:00"', is: by 12:00 +1}, {is: 4h}]}`,
			"severity: S1, at: 2026-01-12T15:30:00Z", "12 15:30 created", "12 15:30", "S1 running due 13 11:30"},
		{"a night call that the customer repeats by day is judged by the day", "", `k: {starts: created, stops: first-reply, within: [{when: '!open("office")', is: 8h}, {is: 4h}]}`,
			"severity: S2, at: 2026-01-12T05:00:00Z", "12 05:00 created; 12 10:00 severity-changed S1 requester", "12 10:30", "S1 running due 12 13:00"},
		{"what the desk changes by day leaves it a night call", "", `k: {starts: created, stops: first-reply, within: [{when: '!open("office")', is: 8h}, {is: 4h}]}`,
			"severity: S2, at: 2026-01-12T05:00:00Z", "12 05:00 created; 12 10:00 severity-changed S1 provider", "12 10:30", "S1 running due 12 17:00"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := historyPolicy(t, "  "+c.clock+"\n```\n# More {#more}\n```policy\n"+c.extra)
			text := c.situation
			if !strings.Contains(text, "at:") {
				text += ", at: 2026-01-12T09:00:00Z"
			}
			s := situation(t, p, "{"+text+", product: {type: h}, requester: {kind: customer}, category: x}")
			s.Events = history(t, c.events)
			d := Decide(p, s)
			k := Clocks(p, s, d, s.Events, january(t, c.now))[0]
			got := d.Severity + " "
			if k.Provisional {
				got += "provisional "
			}
			state := clockState(&k)
			if k.Missed > 0 {
				state = strings.Replace(state, " due", fmt.Sprintf(" %d missed due", k.Missed), 1)
			}
			if got += state; got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
}
