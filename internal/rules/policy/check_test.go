package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// blockOrder is the order in which soundPolicy writes its clauses, one block each.
var blockOrder = []string{
	"policy", "products", "levels", "categories", "responsibility", "calendars", "hours", "offers", "coverage",
	"information", "gates", "clocks", "lifecycle", "extra",
}

// soundPolicy is a small sound policy with some of its blocks replaced.
func soundPolicy(replace map[string]string) string {
	blocks := map[string]string{
		"policy":         `policy: {name: Policy, vendor: Example Meetings, effective: 2026-01-01, zone: UTC}`,
		"products":       `products: {core: {name: Core}}`,
		"levels":         `levels: {L1: {name: Level 1, escalates_to: L2}, L2: {name: Level 2, opened_by: [L1, monitoring]}}`,
		"categories":     `categories: {how-to: {level: L1, title: How to}, training: {answer: no, offer: sales, title: Training}}`,
		"responsibility": `responsibility: [{for: {product.type: hosted}, L1: {by: vendor, for: [end-user, customer]}, L2: {by: vendor, for: customer}}]`,
		"calendars":      `calendars: {office: {zone: Europe/Berlin, week: "mon-fri 09:00-17:00"}}`,
		"hours":          `hours: [{use: office}]`,
		"offers":         `offers: {sales: {title: Sales, to: sales}}`,
		"coverage":       `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}]`,
		"information":    `information: {steps: {type: steps}, screenshot: {type: image}}`,
		"gates":          `gates: [{id: hand-over, from: L1, to: L2, require: [steps]}]`,
		"clocks":         `clocks: {answer: {title: Answer, starts: complete, stops: first-reply, within: [{is: 4h}]}}`,
		"lifecycle":      `lifecycle: {core: {phases: {supported: {}}, lines: [{phase: supported, until: announced}]}}`,
	}
	var b strings.Builder
	for _, name := range blockOrder {
		text, replaced := replace[name]
		if !replaced {
			text = blocks[name]
		}
		if text != "" {
			fmt.Fprintf(&b, "# About %s {#%s}\n```policy\n%s\n```\n", name, name, text)
		}
	}
	return b.String()
}

func TestTheSmallPolicyIsSound(t *testing.T) {
	p, findings := Parse("p.md", []byte(soundPolicy(nil)))
	if p == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
}

// TestMistakes names the mistakes of the policy language by their number there, with what the checker says.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, block, text, want string }{
		{"1 unknown block", "extra", `calender: {}`, `p.md:55:1: error: unknown key "calender"; did you mean "calendars"?`},
		{"1 unknown key", "levels", `levels: {L1: {name: Level 1, escalate_to: L2}}`, `unknown key "escalate_to" in levels.L1; did you mean "escalates_to"?`},
		{"2 defined twice", "extra", `calendars: {office: {zone: UTC, week: "mon-fri 09:00-17:00"}}`, `"zone" is defined twice: here and in #calendars (line 23); rename one`},
		{"2 rule id twice", "coverage", "coverage:\n- {id: x, for: {served: no}, answer: no, offer: sales}\n- {id: x, for: {category: how-to}, answer: no}", `"x" is defined twice: here and in #coverage (line 36); rename one`},
		{"3 plans in a circle", "extra", "plans: {a: {name: A, builds_on: b}, b: {name: B, builds_on: a}, c: {name: C, builds_on: c}}\ncoverage: [{for: {plan: a and up}, answer: no}]\nclocks: {k: {title: K, starts: created, stops: solved, within: [{by: [plan], is: {c: 1h}}]}}", `plan "c" builds on "c", which must stand above it`},
		{"3 no such plan", "extra", "plans: {free: {name: Free}, premium: {name: Premium}}\ncoverage: [{for: {plan: premum}, answer: no}]", `no plan "premum"; did you mean "premium"?`},
		{"3 no such offer", "coverage", `coverage: [{for: {served: no}, answer: no, offer: sale}]`, `no offer "sale"; did you mean "sales"?`},
		{"4 no such calendar", "hours", `hours: [{use: offices}]`, `calendar "offices" is used but not defined; defined: office, always, never`},
		{"5 abbreviated zone", "calendars", `calendars: {office: {zone: PST, week: "mon-fri 09:00-17:00"}}`, `write America/Los_Angeles for civil time`},
		{"6 GMT and a home with summer time", "policy", `policy: {name: P, vendor: V, effective: 2026-01-01, zone: GMT, home: Europe/London}`, `warning: GMT has no summer time but the vendor's home Europe/London has; write Europe/London if its civil time is meant`},
		{"7 one digit", "calendars", `calendars: {office: {zone: UTC, week: "mon-fri 9:00-17:00"}}`, `needs two-digit hours: "09:00-17:00"`},
		{"8 window ends before it begins", "calendars", `calendars: {office: {zone: UTC, week: "mon 18:00-09:00"}}`, `ends before it begins`},
		{"9 days of different length", "clocks", "calendars: {short: {zone: UTC, week: \"mon-thu 09:00-17:00; fri 09:00-14:00\"}}\nclocks: {answer: {title: A, starts: complete, stops: first-reply, runs: short, within: [{is: 1 business day}]}}", "the days of \"short\" differ in length (8h, 5h); say what a business day is with `business_day`"},
		{"10 a day", "clocks", `clocks: {answer: {title: A, starts: complete, stops: first-reply, within: [{is: 1 day}]}}`, "\"1 day\" is 24 hours here; write `1 business day` or `24h`"},
		{"11 longer than its day", "clocks", "calendars: {short: {zone: UTC, week: \"mon-fri 09:00-16:30\"}}\nclocks: {answer: {title: A, starts: complete, stops: first-reply, runs: short, within: [{is: 8h}]}}", "warning: `8h` on \"short\" is longer than its day of 7h30m; did you mean `1 business day`?"},
		{"12 never reached", "hours", "hours:\n- {for: {category: [how-to, training]}, use: always}\n- {for: {category: how-to}, use: office}\n- {use: office}", `rule 2 of hours can never be reached: rule 1 (line 28) already takes every request where the request is about "How to" or "Training"`},
		{"13 a gap", "hours", `hours: [{for: {level: L1}, use: office}]`, `1 combination ends without a rule of hours (L2); add a last rule without a condition`},
		{"15 a level without provider", "responsibility", `responsibility: [{for: {product.type: hosted}, L1: {by: vendor, for: customer}}]`, `product type "hosted" has no provider for L2`},
		{"16 nobody may open", "levels", `levels: {L1: {name: Level 1, escalates_to: L2}, L2: {name: Level 2, opened_by: [L4]}}`, `nobody may open L2: opened_by [L4] is not a level`},
		{"17 a condition ends early", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {when: 'served && ', answer: no}]`, "condition does not parse at column 11: it ends where a value is expected"},
		{"17 the column of a mistake", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {when: 'served &&& true', answer: no}]`, "p.md:35:89: error: condition does not parse at column 10"},
		{"18 no such fact in a condition", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {when: 'account.regon == "x"', answer: no}]`, "`account.regon` is not a fact; did you mean \"account.region\"?"},
		{"19 a severity is no number", "extra", "severity: {scale: {P1: {}, P2: {}}}\ncoverage: [{when: 'severity < 2', answer: no}]", "compares a severity with a number; known: P1, P2"},
		{"19 no such word in a condition", "extra", "severity: {scale: {P1: {}, P2: {}}}\ncoverage: [{when: 'severity == \"P3\"', answer: no}]", `no severity "P3"`},
		{"20 looking ahead in a condition", "hours", `hours: [{when: 'covered == "yes"', use: office}, {use: office}]`, "`covered` is settled later; this cannot look at it"},
		{"20 the severity is settled first", "extra", "severity: {scale: {P1: {}, P2: {}}, from: [{when: 'hours.open', is: P1}, {is: P2}]}", "`hours.open` is settled later"},
		{"21 facts in a circle", "extra", "facts:\n  a: {type: yes-no, is: [{for: {b: yes}, is: yes}, {is: no}]}\n  b: {type: yes-no, is: [{for: {a: yes}, is: yes}, {is: no}]}", "facts depend on each other: a (line"},
		{"business hours in words", "clocks", `clocks: {a: {starts: created, stops: solved, within: [{is: 2 business hours}]}}`, "write `2h`; hours count open time on the calendar of the clock"},
		{"22 bands leave a gap", "extra", "facts:\n  credits: {type: number, by: contract}\n  included: {type: number, is: [{bands: credits, is: [{above: 100, below: 200, is: 100}, {above: 200, is: 200}]}]}", "bands of credits leave a gap: exactly 200; write `from: 200` or `to: 200`"},
		{"22 bands overlap", "extra", "facts:\n  credits: {type: number, by: contract}\n  included: {type: number, is: [{bands: credits, is: [{to: 200, is: 100}, {from: 200, is: 200}]}]}", "bands of credits overlap: 200 lies in two of them"},
		{"14 an empty cell", "extra", "plans: {free: {name: Free}, premium: {name: Premium}}\nseverity: {scale: {S1: {}, S2: {}}}\nclocks: {b: {title: B, starts: created, stops: solved, within: [{by: [plan, severity], is: {free: none, premium: {S1: 1h}}}]}}", "1 cell is empty in clocks.b.within: premium/S2; write a value or `none`"},
		{"a cell that is never reached", "extra", "plans: {free: {name: Free}, premium: {name: Premium}}\nclocks: {b: {title: B, starts: created, stops: solved, within: [{by: [plan], is: {free: none, premium: 1h, none: none, any: 2h}}]}}", "this cell can never be reached"},
		{"a table over a number", "extra", "clocks: {b: {title: B, starts: created, stops: solved, within: [{by: [contract.users], is: {any: 2h}}]}}", "write `bands: contract.users` for a number"},
		{"27 a reading without a conflict", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {id: a, answer: no, reading: one}]`, `the reading "one" stands under no ` + "`conflicts`"},
		{"27 a conflict without rules", "extra", "conflicts: {c: {between: [one, two], use: one}}", `no rule belongs to the reading "one" of "c"`},
		{"a fact without a source", "extra", "facts: {cause: {type: choice, values: [a]}}", "the fact cause needs either `by`, who supplies it, or `is`"},
		{"a fact of an unknown type", "extra", "facts: {cause: {type: enum, by: provider}}", `type: "enum" is not one of`},
		{"a calendar that is not defined", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {when: 'open("offices")', answer: no}]`, `calendar "offices" is used but not defined; defined: always, never, office`},
		{"an event that nobody records", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {when: 'happened("reproduced")', answer: no}]`, `no event "reproduced" can be recorded`},
		{"a calculation of another kind", "extra", "facts:\n  n: {type: number, is: [{calc: 'served'}]}", "is a condition; expected a number"},
		{"a loop", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {when: '[1,2].all(x, x > 0)', answer: no}]`, "loops are no part of a condition"},
		{"18 not a fact", "coverage", `coverage: [{for: {account.regon: x}, answer: no}]`, "`account.regon` is not a fact; did you mean \"account.region\"?"},
		{"19 not a number", "coverage", `coverage: [{for: {contract.users: many}, answer: no}]`, `contract.users: expected a whole number, found "many"`},
		{"20 looking ahead", "hours", `hours: [{for: {hours.open: yes}, use: office}, {use: office}]`, "`hours.open` is settled later than `hours[0]`, which cannot look at it"},
		{"23 overrides nothing", "coverage", `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}, {for: {category: how-to}, answer: yes, overrides: [refusd]}]`, "`overrides` names \"refusd\"; did you mean \"refused\"?"},
		{"23 overrides one another", "coverage", `coverage: [{id: a, for: {served: no}, answer: no, offer: sales, overrides: [b]}, {id: b, for: {category: how-to}, answer: yes, overrides: [a]}]`, `rules "b" and "a" override each other`},
		{"24 neither level nor answer", "categories", `categories: {tuning: {title: Tuning}}`, `category "tuning" has neither a level nor an answer`},
		{"25 refused without a way on", "coverage", ``, "`end-user` is refused by the matrix but no rule offers a way on"},
		{"26 an event that nobody records", "clocks", `clocks: {fix: {title: Fix, starts: reproduced, stops: solved, within: [{is: 4h}]}}`, "clock \"fix\" starts at \"reproduced\", which no one can record; add it under `events` with `by`"},
		{"28 its own phase", "lifecycle", `lifecycle: {core: {phases: {supported: {}}, lines: [{phase: supported, until: supported + 2y}]}}`, `"supported + 2y" refers to its own phase`},
		{"33 no such information", "gates", `gates: [{from: L1, to: L2, require: [screenshoot]}]`, "gate asks for \"screenshoot\", which is not under `information`; did you mean \"screenshot\"?"},
		{"35 anchors", "hours", `hours: &x [{use: office}]`, `anchors and aliases are not allowed`},
		{"37 two clauses fit", "extra", "hours: [{for: {category: how-to}, use: never}]", `can never be reached`},
		{"a scalar in place of a list", "hours", `hours: office`, `hours: expected a list, found a word`},
		{"an answer that does not exist", "coverage", `coverage: [{for: {served: no}, answer: never, offer: sales}]`, `answer: "never" is not one of yes, limited, best-effort, no`},
		{"a category's answer that does not exist", "categories", `categories: {how-to: {answer: never, title: How to}}`, `answer: "never" is not one of yes, limited, best-effort, no`},
		{"a gate down the ladder", "gates", `gates: [{from: L2, to: L1, require: [steps]}]`, `a gate leads up the ladder; L1 is not above L2`},
		{"a sentence of its own that is too long", "coverage", `coverage: [{for: {served: no}, answer: no, offer: sales, says: "` + strings.Repeat("x", 301) + `"}]`, `says: expected a sentence of one line and at most 300 bytes`},
		{"a sentence of its own that nobody would read", "categories", `categories: {how-to: {level: L1, title: How to, says: Hello.}}`, `says: category "how-to" has neither an answer nor a charge that it could say`},
		{"no levels", "levels", ``, "the policy defines no levels; add `levels`"},
		{"no matrix", "responsibility", ``, "the policy does not say who provides the levels; add `responsibility`"},
		{"no header", "policy", ``, "the block `policy` is missing"},
		{"a date that does not exist", "policy", `policy: {name: P, vendor: V, effective: 2026-02-30, zone: UTC}`, `error: effective: `},
		{"a product that does not exist", "lifecycle", `lifecycle: {cor: {phases: {supported: {}}, lines: [{phase: supported, until: open}]}}`, `no product "cor"; did you mean "core"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, findings := Parse("p.md", []byte(soundPolicy(map[string]string{c.block: c.text})))
			if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("the checker says %v, want %s", findings, c.want)
			}
			for _, f := range findings {
				if f.Line < 1 || f.Col < 1 {
					t.Errorf("%v stands nowhere", f)
				}
			}
		})
	}
}

func TestHeadingsAreClauses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"34 no id":           {"# Support hours\n", "p.md:1:1: error: heading \"Support hours\" has no id; add `{#support-hours}`"},
		"34 id twice":        {"# A {#a}\n\n# B {#a}\n", `p.md:3:1: error: id "a" is used twice (lines 1, 3)`},
		"block above":        {"```policy\na: b\n```\n# A {#a}\n", "p.md:1:1: error: a policy block stands above the first heading and belongs to no clause"},
		"block in a list":    {"# A {#a}\n\n- x\n  ```policy\n  a: b\n  ```\n", "p.md:4:1: error: a policy block stands by itself, not inside a list or quotation"},
		"block is a list":    {"# A {#a}\n```policy\n- b\n```\n", "p.md:3:1: error: a policy block is a map of keys such as `hours:`, not a list"},
		"nothing at all":     {"", "p.md:1:1: error: the document has no heading"},
		"not UTF-8":          {"# A {#a}\n\xff", "p.md:1:1: error: the document is not valid UTF-8"},
		"a position in yaml": {"# A {#a}\n\nprose\n\n```policy\n\nx: 1\nlevels: [a: b]\n```\n", "p.md:8:11: error: a pair inside a list needs braces: {a: ..}"},
		"deep quotations":    {"# A {#a}\n" + strings.Repeat("> ", 40) + "x\n", "p.md:2:1: error: the document is deeper than 32 levels"},
	} {
		_, findings := Parse("p.md", []byte(c.text))
		if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.HasPrefix(f.String(), c.want) }) {
			t.Errorf("%s: the checker says %v, want %s", name, findings, c.want)
		}
	}
}

// FuzzParse looks for texts that make the parser panic, hang or contradict itself.
func FuzzParse(f *testing.F) {
	f.Add([]byte(soundPolicy(nil)))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, findings := Parse("fuzz.md", src)
		if (p == nil) != HasErrors(findings) {
			t.Fatalf("policy %v with %v", p != nil, findings)
		}
		for _, finding := range findings {
			if finding.Line < 1 || finding.Col < 1 || finding.Message == "" {
				t.Fatalf("finding %+v stands nowhere", finding)
			}
		}
	})
}

// TestRulesAreSaidInPlainWords reads the sentences that are made of rules without one of their own.
func TestRulesAreSaidInPlainWords(t *testing.T) {
	p, findings := Parse("p.md", []byte(soundPolicy(map[string]string{
		"coverage": `coverage:
  - {for: {served: no, requester.kind: end-user}, answer: no, offer: sales}
  - {for: {contract.maintenance_active: no}, answer: no, offer: sales}
  - {for: {version.phase: ended}, answer: no}
  - {for: {category: how-to, account.region: north-america}, answer: limited}
  - {for: {contract.users: from 10 to 50}, unless: {requester.kind: [partner, vendor]}, answer: best-effort}
  - {for: {product.type: hosted}, answer: no, says: We do not host it.}`,
		"calendars": `calendars: {office: {zone: Europe/Berlin, week: "mon-thu 09:00-17:00; fri 09:00-14:00", business_day: 8h}, nights: {any: [office], minus: [always]}}`,
		"hours":     `hours: [{for: {level: L2, provider.kind: customer}, use: none}, {for: {level: L2}, use: always}, {for: {category: how-to}, use: office, outside: best-effort}, {use: office}, {for: {account.country: DE}, add: office}]`,
		"clocks":    `clocks: {answer: {title: Answer, starts: complete, stops: first-reply, within: [{for: {level: L1}, is: 90m}, {for: {account.region: north-america}, is: 1 business day}, {for: {plan: none}, is: none}, {for: {account.region: asia}, is: by 12:00 +2}, {is: by close +1}]}}`,
		"extra":     "plans: {free: {name: Free, answer: limited, offer: sales}}\nterms: {Hosted software: Software that runs at the vendor}",
	})))
	if p == nil {
		t.Fatal(findings)
	}
	var got []string
	for _, r := range p.Hours() {
		got = append(got, r.Sentence)
	}
	for _, r := range p.CoverageRules() {
		got = append(got, r.Sentence)
	}
	for _, r := range p.ClockDefs()[0].Within {
		got = append(got, r.Sentence)
	}
	cell := p.ResponsibilityRows()[0].Cells[1]
	got = append(got, p.Gates()[0].Sentence, cell.Sentence, cell.Refusal, cell.EndUserRefusal, p.ResponsibilityRows()[0].Text)
	want := []string{
		"This policy names no hours for Level 2 that the customer provides.",
		"Level 2 is open day and night, every day.",
		"The desk is open Monday to Thursday, 09:00 to 17:00; Friday, 09:00 to 14:00 Europe/Berlin time when the request is about \"How to\". Outside these hours we help on a best-effort basis.",
		"The desk is open Monday to Thursday, 09:00 to 17:00; Friday, 09:00 to 14:00 Europe/Berlin time.",
		"The desk for accounts in DE is also open Monday to Thursday, 09:00 to 17:00; Friday, 09:00 to 14:00 Europe/Berlin time.",
		"This level does not serve end users.",
		"Maintenance for this account is not active.",
		"This version is past its end of life.",
		"Included in part: the request is about \"How to\" and the account is in North America.",
		"Answered on a best-effort basis only: the number of users in the contract is from 10 to 50 and the person who asks is not a partner or Example Meetings.",
		"We do not host it.",
		"\"Training\" is not included.",
		"Included in part: the plan is Free.",
		"Support for a version ends at its end of life.",
		"Answer: within 1 hour 30 minutes of open time, because the request is at Level 1.",
		"Answer: within 1 business day, because the account is in North America.",
		"Answer: no time is set, because the plan is none.",
		"Answer: by 12:00, 2 business days later, because the account is in Asia.",
		"Answer: by closing time on the next business day.",
		"Level 2 needs: steps.",
		"Level 2 is provided by Example Meetings, for customers.",
		"Level 2 serves customers only.",
		"Level 2 serves customers, not their end users.",
		"the product type is Hosted software",
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("sentence %d: %q, want %q", i, append(got, "")[min(i, len(got))], append(want, "")[min(i, len(want))])
		}
	}
}
