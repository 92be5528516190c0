package policy

import (
	"slices"
	"strings"
	"testing"
)

// TestMistakesInClocks names the mistakes of the policy language by their number there, with what the checker says.
func TestMistakesInClocks(t *testing.T) {
	answer := func(rest string) string {
		return `clocks: {answer: {title: A, starts: complete, stops: first-reply, ` + rest + `}}`
	}
	short := `calendars: {short: {zone: UTC, week: "mon-fri 09:00-16:30"}, uneven: {zone: UTC, week: "mon-thu 09:00-17:00; fri 09:00-14:00"}, both: {any: [office, short]}}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"9 business days on a calendar whose days differ", short + answer(`within: [{is: 1 business day on uneven}]`), "say what a business day is with `business_day`"},
		{"9 business days on a union", short + answer(`runs: both, within: [{is: 2 business days}]`), "say what a business day is with `business_day`"},
		{"10 a day inside a combination", answer(`within: [{is: {earliest: [1 day, by close]}}]`), "\"1 day\" is 24 hours here; write `1 business day` or `24h`"},
		{"11 eight hours on a shorter day", short + answer(`within: [{is: 8h on short}]`), "warning: `8h` on \"short\" is longer than its day of 7h30m; did you mean `1 business day`?"},
		{"26 an event that nobody records, at the stop", `clocks: {fix: {starts: created, stops: repaired, within: [{is: 4h}]}}`, "clock \"fix\" stops at \"repaired\", which no one can record; add it under `events` with `by`"},
		{"26 an event that nobody records, at a restart", `clocks: {fix: {starts: created, stops: solved, restarts: [told], within: [{is: 4h}]}}`, "clock \"fix\" restarts at \"told\", which no one can record"},
		{"26 a built-in event misspelt", `clocks: {fix: {starts: created, stops: solvd, within: [{is: 4h}]}}`, `did you mean "solved"?`},
		{"26 an event without anybody who records it", "events: {reproduced: {title: Reproduced}}\nclocks: {fix: {starts: reproduced, stops: solved, within: [{is: 4h}]}}", "add it under `events` with `by`"},
		{"a clock that stops where it starts", `clocks: {fix: {starts: created, stops: created, within: [{is: 4h}]}}`, "so it never runs"},
		{"a clock that restarts where it stops", `clocks: {fix: {starts: created, stops: solved, restarts: [solved], within: [{is: 4h}]}}`, "so it can never stop"},
		{"a clock that starts after its stop", `clocks: {fix: {starts: closed, stops: solved, within: [{is: 4h}]}}`, "can never stop"},
		{"a clock that waits for what cannot happen", `clocks: {fix: {starts: severity-changed, stops: solved, within: [{is: 4h}]}}`, "can never start: \"severity-changed\" does not happen here, because the policy has no severities"},
		{"a target on a calendar that is never open", answer(`within: [{is: 4h on never}]`), "`4h on never` can never be met: calendar \"never\" is never open"},
		{"a clock that runs on never", answer(`runs: never, within: [{is: 4h}]`), "calendar \"never\" is never open"},
		{"a closing of a calendar that never closes", answer(`within: [{is: by close on always}]`), "calendar \"always\" never closes"},
		{"no target in a combination", answer(`within: [{is: {latest: [4h, none]}}]`), "`none` has no date to compare"},
		{"a combination of one", answer(`within: [{is: {latest: [4h]}}]`), "with two targets or more"},
		{"combinations three deep", answer(`within: [{is: {latest: [4h, {earliest: [5h, {latest: [6h, 7h]}]}]}}]`), "may stand inside each other once"},
		{"a misspelt combination", answer(`within: [{is: {earlist: [4h, 5h]}}]`), `unknown key "earlist" in a target; did you mean "earliest"?`},
		{"too many in a combination", answer(`within: [{is: {earliest: [1h, 2h, 3h, 4h, 5h, 6h, 7h, 9h, 10h]}}]`), "at most 8 can be combined"},
		{"a step that sets an unknown severity", answer(`within: [{is: 4h}], then: [{after: 2h, set: {severity: S9}}]`), `no severity "S9"`},
		{"a step that sets an unknown status", answer(`within: [{is: 4h}], then: [{after: 2h, set: {status: shut}}]`), `no status "shut"`},
		{"a step that makes a request new", answer(`within: [{is: 4h}], then: [{after: 2h, set: {status: new}}]`), `a clock cannot make a request "new"`},
		{"a step that sets something else", answer(`within: [{is: 4h}], then: [{after: 2h, set: {plan: free}}]`), `unknown key "plan" in set`},
		{"a step that does nothing", answer(`within: [{is: 4h}], then: [{after: 2h}]`), "a step needs `notify`, `escalate` or `set`"},
		{"a step after a date", answer(`within: [{is: 4h}], then: [{after: by close, notify: lead}]`), "`after` is an amount of the clock's own time"},
		{"a step with two times", answer(`within: [{is: 4h}], then: [{after: 2h, late: 1h, notify: lead}]`), "a step needs one of"},
		{"a step to no level", answer(`within: [{is: 4h}], then: [{late: 30m, escalate: L9}]`), `no level "L9"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, findings := Parse("p.md", []byte(soundPolicy(map[string]string{"clocks": c.text})))
			if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("the checker says %v, want %s", findings, c.want)
			}
		})
	}
}

// TestHoursThatAreNotPublished: a business day needs hours for the very requests that its rule fits.
func TestHoursThatAreNotPublished(t *testing.T) {
	for _, c := range []struct{ name, within, want string }{
		{"elapsed time needs none", `[{for: {level: L1}, is: 4h}, {is: none}]`, ""},
		{"a business day where none are published", `[{for: {level: L1}, is: 1 business day}, {is: none}]`, "needs opening hours, but none are published here"},
		{"a closing where none are published", `[{for: {level: L1}, is: by close +1}, {is: none}]`, "needs opening hours, but none are published here"},
		{"a business day where they are", `[{for: {level: L2}, is: 1 business day}, {is: none}]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, findings := Parse("p.md", []byte(soundPolicy(map[string]string{
				"hours":  `hours: [{for: {level: L1}, use: none}, {use: office}]`,
				"clocks": `clocks: {answer: {starts: complete, stops: first-reply, within: ` + c.within + `}}`,
			})))
			found := slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.String(), c.want) })
			if found != (c.want != "") {
				t.Errorf("the checker says %v, want %q", findings, c.want)
			}
		})
	}
}

// TestTargetsInWords reads the sentences that are made of targets.
func TestTargetsInWords(t *testing.T) {
	for is, want := range map[string]string{
		`4h`:                          "Answer: within 4 hours of open time.",
		`24h on always`:               "Answer: within 1 day.",
		`{earliest: [4h, by close]}`:  "Answer: within 4 hours of open time or by closing time, whichever is earlier.",
		`{latest: [4h, by 12:00 +1]}`: "Answer: within 4 hours of open time or by 12:00 on the next business day, whichever is later.",
		`by close +3 on office`:       "Answer: by closing time, 3 business days later.",
		`{latest: [1h, {earliest: [2h, by close]}]}`: "Answer: within 1 hour of open time or within 2 hours of open time or by closing time, whichever is earlier, whichever is later.",
	} {
		p, findings := Parse("p.md", []byte(soundPolicy(map[string]string{"clocks": `clocks: {answer: {starts: complete, stops: first-reply, within: [{is: ` + is + `}]}}`})))
		if p == nil {
			t.Fatal(is, findings)
		}
		if got := p.ClockDefs()[0].Within[0].Sentence; got != want {
			t.Errorf("%s: %q, want %q", is, got, want)
		}
	}
}
