package policy

import (
	"slices"
	"strings"
	"testing"
)

// planned are plans, severities and offers that the mistakes below refer to.
const planned = "plans: {free: {name: Free}, premium: {name: Premium, builds_on: free}}\n```\n\n```policy\n"

// TestMistakesOfWhatIsPromised names what the checker says about channels, languages, needs, allowances, planned work, updates and
// promises.
func TestMistakesOfWhatIsPromised(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a channel to use that does not exist", `channels: {phone: {for: {category: how-to}, else: portl}, portal: {}}`, `no channel "portl"; did you mean "portal"?`},
		{"a channel in its own place", `channels: {phone: {for: {category: how-to}, else: phone}}`, `channel "phone" cannot take its own place`},
		{"channels in a circle", `channels: {a: {for: {category: how-to}, else: b}, b: {for: {category: training}, else: a}}`, `channel "a" leads back to itself: a -> b -> a; end with one that is always open`},
		{"an else that is never used", `channels: {phone: {else: portal}, portal: {}}`, `channel "phone" is open to every request, so ` + "`else` is never used"},
		{"an entrance that does not exist", `channels: {phone: {via: telephone}}`, `no entrance "telephone" is defined; defined: mail, portal, api, desk`},
		{"two channels by mail", `channels: {a: {via: mail}, b: {via: mail}}`, `via: two channels are "mail"; the desk could not tell them apart`},
		{"a way in that is no channel", `channels: {phone: {via: desk}, web: {via: portal}}`, "warning: no channel says `via: mail` or `via: api`; what comes to the desk that way is taken whatever its channel"},
		{"a rule on a channel that is not listed", "channels: {phone: {}}\ncoverage: [{for: {channel: phon}, answer: limited}]", `no channel "phon"; did you mean "phone"?`},
		{"a key of channels", `channels: {phone: {fro: {category: how-to}}}`, `unknown key "fro" in channels.phone; did you mean "for"?`},
		{"a language to use that is not listed", `languages: {fr: {during: office, else: en}, de: {}}`, `no language "en" is defined; defined: fr, de`},
		{"languages in a circle", `languages: {fr: {during: office, else: de}, de: {during: office, else: fr}}`, `language "fr" leads back to itself: fr -> de -> fr`},
		{"a language that is always offered", `languages: {fr: {else: en}, en: {}}`, `language "fr" is always offered, so ` + "`else` is never used"},
		{"a language by its name", `languages: {English: {}}`, `"English" is not a language tag such as en, fr or pt-BR`},
		{"other languages on a condition", `languages: {en: {}, any: {during: office}}`, "`any` stands for all other languages and has no condition"},
		{"no language at all", `languages: {any: {answer: best-effort}}`, "name at least one language beside `any`"},
		{"a calendar of languages", `languages: {en: {}, fr: {during: ofice, else: en}}`, `calendar "ofice" is used but not defined`},
		{"a plan to fall back to", planned + `plans: {premium: {needs: {contract.users: 100, else: fre}}}`, `no plan "fre"; did you mean "free"?`},
		{"plans that fall back for ever", planned + `plans: {premium: {needs: {contract.users: 100, else: premium}}}`, `plan "premium" falls back to itself`},
		{"a need that is no fact", planned + `plans: {premium: {needs: {contract.userz: 100}}}`, "`contract.userz` is not a fact; did you mean \"contract.users\"?"},
		{"a need of a single request", planned + `plans: {premium: {needs: {hours.open: yes}}}`, "`hours.open` belongs to a single request"},
		{"a plan that needs a plan", planned + `plans: {premium: {needs: {plan: free}}}`, `plans.premium.needs: it cannot need itself`},
		{"nothing is needed", planned + `plans: {premium: {needs: {else: free}}}`, "plans.premium.needs: name what a contract must have"},
		{"an add-on for a plan that does not exist", planned + `addons: {nights: {name: Nights, needs: {plan: [premum]}}}`, `no plan "premum"; did you mean "premium"?`},
		{"an add-on with a way back", planned + `addons: {nights: {name: Nights, needs: {plan: premium, else: free}}}`, "an add-on has no `else`"},
		{"an allowance without a limit", `allowances: {a: {counts: requests}}`, "allowance a needs `is`, how much is allowed, or `bought: yes`"},
		{"an allowance of what nobody counts", `allowances: {a: {counts: how-too, is: 3}}`, `did you mean "how-to"?`},
		{"a limit that is no number", `allowances: {a: {counts: requests, is: some}}`, `expected a whole number, found "some"`},
		{"a limit of time in numbers", `allowances: {a: {counts: time, is: 3}}`, `expected a duration such as 30m`},
		{"a period that does not exist", `allowances: {a: {counts: requests, each: fortnight, is: 3}}`, `each: expected month, quarter, year, a number of days such as 30d, or use, found "fortnight"`},
		{"a first day that does not exist", `allowances: {a: {counts: requests, each: year, starts: 02-30, is: 3}}`, `expected a day of the year such as 02-01, found "02-30"`},
		{"a start without periods", `allowances: {a: {counts: requests, each: 30d, starts: contract, is: 3}}`, "`starts` needs `each: month`, `quarter` or `year`"},
		{"a rest without periods", `allowances: {a: {counts: requests, unused: carry, is: 3}}`, "`unused` needs `each: month`, `quarter` or `year`"},
		{"a rest that is kept for a word", `allowances: {a: {counts: requests, each: year, unused: carry on, is: 3}}`, "unused: expected lapse, carry"},
		{"rounding to nothing", `allowances: {a: {counts: time, round: up, is: 3h}}`, "round: to what? add `step`"},
		{"38 a change without a calendar", `allowances: {a: {counts: named-contacts, is: 3, change: 5 business days}}`, "`change: 5 business days` needs a calendar here; write `on office`"},
		{"a rate for a no", `allowances: {a: {counts: requests, is: 3, over: {answer: no, rate: hourly}}}`, "over: a rate belongs to `answer: charge`"},
		{"an offer that does not exist", `allowances: {a: {counts: requests, is: 3, over: {answer: no, offer: [sales, sale]}}}`, `no offer "sale"; did you mean "sales"?`},
		{"an offer twice", `coverage: [{for: {category: how-to}, answer: no, offer: [sales, sales]}]`, `offer "sales" is named twice`},
		{"27 a table of limits with an empty cell", planned + `allowances: {a: {counts: requests, is: [{by: [plan], is: {premium: 3}}]}}`, `free`},
		{"22 bands of limits with a gap", `allowances: {a: {counts: requests, is: [{bands: contract.users, is: [{below: 200, is: 1}, {above: 200, is: 2}]}]}}`, "bands of contract.users leave a gap: exactly 200; write `from: 200` or `to: 200`"},
		{"a limit that is never reached", `allowances: {a: {counts: requests, is: [{is: 3}, {for: {category: how-to}, is: 4}]}}`, `rule 2 of allowances.a.is can never be reached`},
		{"what a charge is taken from", `categories: {advice: {level: L1, charge: {from: hourz}}}` + "\nallowances: {hours: {counts: time, bought: yes}}", `no allowance "hourz"; did you mean "hours"?`},
		{"planned work at a calendar that does not exist", `maintenance: {network: {calendar: ofice}}`, `calendar "ofice" is used but not defined`},
		{"a budget without a period", `maintenance: {network: {calendar: office, budget: 4h}}`, "budget: expected how much in which period, such as `4h each month`"},
		{"downtime of planned work", `maintenance: {network: {downtime: none}}`, `downtime: "none" is not one of excluded, counted`},
		{"a path of updates", `updates: {path: one-major}`, `path: "one-major" is not one of one-major-at-a-time, direct`},
		{"a stop on no path", `updates: {via: newest}`, "write `path: one-major-at-a-time` as well"},
		{"downtime the wrong way round", `updates: {expected_downtime: 40m-20m}`, "expected_downtime: 40m is longer than 20m; write the shorter first"},
		{"an update that needs nothing", `updates: {needs: [{for: {product.type: hosted}}]}`, "an entry of `needs` says with `require` what an update needs"},
		{"a gate before a clock that cannot wait", `gates: [{to: answer, require: [steps]}]`, `clock "answer" stops at "first-reply", and nothing can be asked for there`},
		{"a gate to nowhere", `gates: [{to: sloved, require: [steps]}]`, `no gate "sloved"; did you mean "solved"?`},
		{"a measure that does not exist", `promises: [{measure: uptim, at_least: 99%}]`, `no measure "uptim"; did you mean "uptime"?`},
		{"a clock that does not exist", `promises: [{measure: clock anser, at_least: 99%}]`, `no clock "anser"; did you mean "answer"?`},
		{"nothing is promised", `promises: [{measure: uptime}]`, "a promise says `at_least`, `misses_at_most` or what `credit` a miss gives"},
		{"a share above the whole", `promises: [{measure: uptime, at_least: 101%}]`, `expected a percentage such as 99.5%, found "101%"`},
		{"a share too fine", `promises: [{measure: uptime, at_least: 99.99999%}]`, `expected a percentage such as 99.5%, found "99.99999%"`},
		{"22 bands with a gap of one value", credits(`{to: 95%, is: 50% of fee}, {above: 95.0001%, below: 99%, is: 5% of fee}`), "warning: bands of uptime leave a gap: exactly 95.0001%; write `from: 95.0001%` or `to: 95.0001%`"},
		{"22 bands with a gap", credits(`{below: 95%, is: 50% of fee}, {from: 97%, below: 99%, is: 5% of fee}`), "warning: bands of uptime leave a gap: from 95% to below 97%"},
		{"22 bands that end below the promise", credits(`{below: 98%, is: 50% of fee}`), "warning: bands of uptime leave a gap: from 98% to below 99%"},
		{"bands that overlap", credits(`{to: 95%, is: 50% of fee}, {from: 95%, below: 99%, is: 5% of fee}`), "bands of uptime overlap at 95%"},
		{"a credit for a promise that is kept", credits(`{to: 99%, is: 50% of fee}`), "give a credit for 99%, which keeps the promise of at least 99%"},
		{"a band without values", credits(`{from: 97%, below: 95%, is: 50% of fee}`), "no value lies in this band"},
		{"bands of something else", `promises: [{measure: uptime, at_least: 99%, credit: {bands: downtime, is: [{below: 99%, is: 5% of fee}]}}]`, `the promise measures "uptime"; its credit can only have bands of that`},
		{"a credit of nothing", `promises: [{measure: uptime, at_least: 99%, credit: {is: five}}]`, "expected a part of a fee such as `5% of monthly-fee`, or money such as `250.00 EUR`"},
		{"a claim without a time", `promises: [{measure: uptime, at_least: 99%, credit: {is: 5% of fee, claim: {how: writing}}}]`, "a claim needs `within`, such as 30d"},
		{"a claim without a calendar", `promises: [{measure: uptime, at_least: 99%, credit: {is: 5% of fee, claim: {within: 3 business days}}}]`, "`within: 3 business days` needs a calendar here; write `on office`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, findings := Parse("p.md", []byte(soundPolicy(map[string]string{"extra": c.text})))
			if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("the checker says %v, want %s", findings, c.want)
			}
		})
	}
}

func credits(bands string) string {
	return `promises: [{measure: uptime, at_least: 99%, credit: {bands: uptime, is: [` + bands + `]}}]`
}

// TestWhatIsPromisedIsSaid are the sentences of a page.
func TestWhatIsPromisedIsSaid(t *testing.T) {
	p, findings := Parse("p.md", []byte(soundPolicy(map[string]string{"extra": planned + `
plans: {premium: {includes: [manager], needs: {contract.users: 100, else: free}}, free: {includes: [newsletter], queue: 2}}
addons: {nights: {name: Nights, needs: {plan: [premium]}}}
channels: {phone: {title: Telephone, for: {plan: premium}, else: portal}, portal: {}}
languages: {en: {}, fr: {during: office, else: en}, any: {answer: best-effort}}
allowances:
  contacts: {counts: named-contacts, is: 3, change: 5 business days on office}
  sessions: {title: Sessions, counts: requests, each: quarter, starts: 02-01, unused: carry 2, is: 3}
maintenance: {network: {calendar: office, notice: 7d, budget: 4h each month, downtime: excluded}, other: {notice: 3d}}
promises:
  - {id: met, measure: clock answer, each: quarter, at_least: 95.5%, misses_at_most: 3}
  - {id: up, measure: uptime, each: month, at_least: 99%, credit: {bands: uptime, is: [{below: 95%, is: 50% of monthly-fee}, {from: 95%, below: 99%, is: 5% of monthly-fee}], at_most: 250.00 EUR, claim: {within: 30d, after: period, how: in-writing}}}
updates: {path: one-major-at-a-time, via: newest, staging: on-request}
`})))
	if p == nil {
		t.Fatal(findings)
	}
	clause, _ := p.Clause("extra")
	var said []string
	for _, b := range clause.Blocks {
		said = append(said, b.List...)
		for _, row := range b.Rows {
			said = append(said, strings.Join(row, " | "))
		}
	}
	for _, want := range []string{
		"Premium | Included. | Newsletter and manager | Premium is kept at a renewal when the number of users in the contract is 100 or more; otherwise the contract renews on Free.",
		"Nights. Nights can be added when the plan is Premium.",
		"Telephone is open to a request when the plan is Premium.",
		"Portal is open to every request.",
		"Requests in French are answered in French Monday to Friday, 09:00 to 17:00 Europe/Berlin time, otherwise in English.",
		"Requests in other languages are answered in that language on a best-effort basis.",
		"Contacts: a number of named people; a change takes effect within 5 business days.",
		"Sessions: a limited amount in each quarter, counted from 1 February, and what is not used is kept for 2 further quarters.",
		"Planned work on Network is done Monday to Friday, 09:00 to 17:00 Europe/Berlin time; it is announced at least 7 days ahead, at most 4 hours in each month and not counted as downtime.",
		"Planned work on Other is announced at least 3 days ahead.",
		"Answer in time: at least 95.5%; misses at most 3, for each quarter.",
		"Availability: at least 99%, for each month. Below 95%: a credit of 50% of monthly fee. From 95% to below 99%: a credit of 5% of monthly fee. At most 250.00 EUR. To be asked for within 30 days after the end of the period, in writing.",
		"An update goes up one major release at a time, each time to its newest version.",
	} {
		if !slices.Contains(said, want) {
			t.Errorf("nobody reads %q in\n%s", want, strings.Join(said, "\n"))
		}
	}
	free, _ := p.Plan("free")
	premium, _ := p.Plan("premium")
	if !slices.Equal(premium.All, []string{"newsletter", "manager"}) || free.Queue != 2 || premium.Queue != 0 {
		t.Errorf("premium includes %v, queue %d; free has queue %d", premium.All, premium.Queue, free.Queue)
	}
}

// TestGatesBeforeTheEnd: a gate before a clock that stops when the request is solved, and one before solved, are gates to close.
func TestGatesBeforeTheEnd(t *testing.T) {
	p, findings := Parse("p.md", []byte(soundPolicy(map[string]string{"extra": `
clocks: {repair: {title: Repair, starts: complete, stops: solved, within: [{is: 8h}]}}
gates: [{id: a, to: repair, require: [steps]}, {id: b, to: solved, require: [screenshot]}, {id: c, to: close, require: [steps]}]`})))
	if p == nil {
		t.Fatal(findings)
	}
	ends := 0
	for _, g := range p.Gates() {
		if g.To == "close" && g.ToIdx < 0 {
			ends++
		}
	}
	if ends != 3 {
		t.Errorf("%d gates stand before the end, want 3: %v", ends, p.Gates())
	}
}

func TestShares(t *testing.T) {
	for text, want := range map[string]Share{"0%": 0, "100%": Whole, "99.5%": 995_000, "99.9999%": 999_999, "0.25%": 2500} {
		if got, err := ParseShare(text); got != want || err != nil || got.String() != text {
			t.Errorf("%s is %d (%v), written %s", text, got, err, got)
		}
	}
	for _, bad := range []string{"", "%", "99", "99.%", ".5%", "-1%", "100.0001%", "1e1%", "99.99999%", "1000%"} {
		if got, err := ParseShare(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}
