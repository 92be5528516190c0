package coverage

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// small is a policy to which a test adds the construct that it is about.
const small = `policy: {name: P, vendor: Example, effective: 2026-01-01, zone: Europe/Berlin}
levels: {support: {name: Support}}
categories: {fault: {level: support, title: Fault}, billing: {level: support, title: Billing}}
responsibility: [{support: {by: vendor, for: [customer, end-user]}}]
calendars: {office: {zone: Europe/Berlin, week: "mon-fri 09:00-17:00"}}
plans: {basic: {name: Basic}, gold: {name: Gold, builds_on: basic}}
severity:
  scale: {S1: {name: Critical, was: [urgent]}, S2: {name: Normal}}
`

func smallPolicy(t testing.TB, more string) *policy.Policy {
	t.Helper()
	hours := "hours: [{use: office}]\n"
	if strings.Contains(more, "\nhours:") {
		hours = ""
	}
	p, findings := policy.Parse("p.md", []byte("# Small {#small}\n```policy\n"+small+hours+"```\n# More {#more}\n```policy\n"+more+"\n```\n"))
	for _, f := range findings {
		if p == nil || f.Severity == policy.SeverityError {
			t.Fatal(findings)
		}
	}
	return p
}

// TestTheLanguage has the constructs of the policy language one by one: what is written, and probes of what it means.
func TestTheLanguage(t *testing.T) {
	const given = "given: {at: 2026-11-23T08:30:00Z, requester: {kind: customer}, plan: basic, severity: S1}\nprobes:\n"
	for name, c := range map[string]struct{ policy, probes string }{
		"a fact with a value for silence": {`
facts: {cause: {type: choice, values: [network, foreign], by: provider, unknown: none}}
coverage: [{id: foreign, for: {cause: foreign}, answer: no}]`, `
- {name: silence, expect: {covered: yes}}
- {name: given, situation: {cause: foreign}, expect: {covered: no, clauses: [more]}}
- {name: another cause, situation: {cause: network}, expect: {covered: yes}}`},
		"a fact that is asked for": {`
facts: {signed: {type: date, by: contract}}
coverage: [{when: 'signed < date("2026-01-01")', answer: limited}]`, `
- {name: not known, expect: {covered: ask, unsettled: {covered: missing}}}
- {name: before, situation: {signed: 2025-12-31}, expect: {covered: limited}}
- {name: on the day, situation: {signed: 2026-01-01}, expect: {covered: yes}}`},
		"a fact that is worked out, and what is asked for it": {`
facts:
  night: {type: yes-no, is: [{for: {severity: S1, channel: phone}, when: '!open("office")', is: yes}, {is: no}]}
coverage: [{for: {night: yes}, answer: best-effort}]`, `
- {name: by day, situation: {channel: phone}, expect: {covered: yes}}
- {name: by night, situation: {channel: phone, at: 2026-11-23T20:00:00Z}, expect: {covered: best-effort}}
- {name: by night but not phoned, situation: {channel: mail, at: 2026-11-23T20:00:00Z}, expect: {covered: yes}}
- {name: nobody knows how it came, situation: {at: 2026-11-23T20:00:00Z}, expect: {covered: ask, unsettled.0.needs: [channel]}}
- {name: it does not matter how it came by day, expect: {covered: yes}}`},
		"a place that is worked out": {`
places: {paris: {zone: Europe/Paris, holidays: FR}, austin: {zone: America/Chicago, holidays: US}}
facts: {site: {type: place, is: [{for: {account.region: emea}, is: paris}, {for: {account.region: americas}, is: austin}, {is: none}]}}
calendars: {sites: {place: site, week: "mon-fri 09:00-17:00", closed: [place]}}
hours: [{for: {category: billing}, use: sites}, {use: office}]`, `
- {name: one region, situation: {category: billing, account: {region: emea}, at: 2026-11-23T09:00:00Z}, expect: {open_now: yes, calendar: sites}}
- {name: another, situation: {category: billing, account: {region: americas}, at: 2026-11-23T09:00:00Z}, expect: {open_now: no, opens_at: 2026-11-23T15:00:00Z}}
- {name: its holidays, situation: {category: billing, account: {region: americas}, at: 2026-11-26T16:00:00Z}, expect: {open_now: no, opens_at: 2026-11-27T15:00:00Z}}
- {name: a region without a site, situation: {category: billing, account: {region: japan}}, expect: {unsettled: {open_now: gap}}}
- {name: what is asked for, situation: {category: billing}, expect: {unsettled.0.needs: [account.region]}}`},
		"a place with a value for silence": {`
places: {paris: {zone: Europe/Paris, holidays: FR}, austin: {zone: America/Chicago, holidays: US}}
facts: {desk: {type: place, by: contract, unknown: paris}}
calendars: {sites: {place: desk, week: "mon-fri 09:00-17:00"}}
hours: [{for: {category: billing}, use: sites}, {use: office}]`, `
- {name: silence, situation: {category: billing, at: 2026-11-23T09:00:00Z}, expect: {open_now: yes}}
- {name: one of the policy, situation: {category: billing, desk: austin, at: 2026-11-23T09:00:00Z}, expect: {open_now: no}}
- {name: another place, situation: {category: billing, desk: {zone: Asia/Tokyo}, at: 2026-11-23T09:00:00Z}, expect: {opens_at: 2026-11-24T00:00:00Z}}`},
		"a condition on hours at a place that is not known": {`
calendars: {there: {place: account.place, week: "mon-fri 09:00-17:00"}}
facts: {night: {type: yes-no, is: [{when: '!open("there")', is: yes}, {is: no}]}}
coverage: [{for: {night: yes}, answer: no}, {id: late, when: 'local_time("there") > "16:00"', answer: limited}]`, `
- {name: by day, situation: {account: {place: {zone: UTC}}, at: 2026-11-23T09:00:00Z}, expect: {covered: yes}}
- {name: late, situation: {account: {place: {zone: UTC}}, at: 2026-11-23T16:30:00Z}, expect: {covered: limited}}
- {name: by night, situation: {account: {place: {zone: Asia/Tokyo}}, at: 2026-11-23T09:00:00Z}, expect: {covered: no}}
- {name: nobody knows where, situation: {at: 2026-11-23T09:00:00Z}, expect: {covered: ask, unsettled.0.needs: [account.place]}}`},
		"numbers in bands, with a gap": {`
facts:
  credits: {type: number, by: contract}
  share: {type: number, is: [{bands: credits, is: [{above: 100, below: 200, is: 1}, {above: 200, to: 400, is: 2}, {from: 401, calc: '2 + (credits - 400) / 100'}]}]}
coverage: [{for: {share: 2}, answer: limited}, {for: {share: from 3}, answer: no}]`, `
- {name: in the first band, situation: {credits: 199}, expect: {covered: yes}}
- {name: in no band, situation: {credits: 200}, expect: {covered: ask, unsettled: {covered: gap}}}
- {name: in the second band, situation: {credits: 400}, expect: {covered: limited}}
- {name: calculated, situation: {credits: 501}, expect: {covered: no}}
- {name: calculated and rounded down, situation: {credits: 499}, expect: {covered: limited}}`},
		"a table by plan and severity": {`
clocks:
  reply:
    starts: created
    stops: first-reply
    within:
      - {for: {category: billing}, is: 8h}
      - by: [plan, severity]
        is:
          basic: {S1: 4h, any: 1 business day}
          gold: {S1: 1h on always}
          none: none`, `
- {name: a cell, expect: {clocks.reply.target: 4h, due: {reply: 2026-11-23T12:30:00Z}, clauses: [more]}}
- {name: any other severity, situation: {severity: S2}, expect: {clocks.reply.target: 1 business day}}
- {name: its own cell, situation: {plan: gold}, expect: {due: {reply: 2026-11-23T09:30:00Z}}}
- {name: the cell of the plan that it builds on, situation: {plan: gold, severity: S2}, expect: {clocks.reply.target: 1 business day}}
- {name: a value for the whole row, situation: {plan: none}, expect: {clocks.reply.state: none, due: {reply: none}}}
- {name: the rule above the table, situation: {category: billing}, expect: {clocks.reply.target: 8h}}
- {name: the plan is not known and matters, situation: {plan: ask}, expect: {unsettled: {clocks.reply: missing}}}
- {name: the plan is not known and does not matter, situation: {plan: ask, category: billing}, expect: {clocks.reply.target: 8h, unsettled: {clocks.reply: none}}}`},
		"a severity that is derived": {`
severity:
  set_by: derived
  from:
    - {when: 'impact.all_users && !impact.workaround', is: S1}
    - {for: {severity_asked: S1}, when: 'happened("workaround-given")', is: S2}
    - {calc: severity_asked}`, `
- {name: from the impact, situation: {severity: ask, impact: {all_users: yes, workaround: no}, severity_asked: S2}, expect: {severity: S1, clauses: [more]}}
- {name: as it was asked for, situation: {severity: ask, impact: {all_users: no}, severity_asked: S2}, expect: {severity: S2}}
- {name: with a work-around, situation: {severity: ask, impact: {all_users: no}, severity_asked: S1, events: [{at: 2026-11-23T09:00:00Z, event: workaround-given}]}, expect: {severity: S2}}
- {name: not known, situation: {severity: ask, severity_asked: S2}, expect: {unsettled: {severity: missing}}}
- {name: decided whatever the impact is, situation: {severity: ask, severity_asked: S1}, expect: {severity: S1}}`},
		"a severity that is suggested": {`
severity: {set_by: requester, from: [{for: {impact.production: yes}, is: S1}, {is: S2}]}`, `
- {name: the requester has said it, situation: {severity: S2, impact: {production: yes}}, expect: {severity: S2}}
- {name: nobody has said it, situation: {severity: ask, impact: {production: yes}}, expect: {severity: S1}}
- {name: a word of the old scale, situation: {severity: urgent}, expect: {severity: S1, clauses: [small]}}`},
		"conditions over time": {`
facts: {live_since: {type: date, by: product}}
coverage:
  - {id: late, when: 'local_time("office") >= "16:00" && severity == "S2"', answer: best-effort}
  - {id: new, when: 'days(live_since, at) < 30', answer: limited}
  - {id: slow, when: 'business_days("office", live_since, at) > 25', answer: no}`, `
- {name: before four, situation: {live_since: 2026-11-01, severity: S2, at: 2026-11-23T14:59:00Z}, expect: {covered: limited}}
- {name: at four in Berlin, situation: {live_since: 2026-11-01, severity: S2, at: 2026-11-23T15:00:00Z}, expect: {covered: best-effort}}
- {name: on the thirtieth day, situation: {live_since: 2026-10-24}, expect: {covered: yes}}
- {name: after many business days, situation: {live_since: 2026-10-01}, expect: {covered: no}}`},
		"sets, lists, versions and words": {`
addons: {night: {name: Night}}
coverage:
  - {id: add-on, when: '"night" in addon', answer: limited}
  - {id: old, when: 'version.id < "10.10"', answer: best-effort}
  - {id: words, when: 'severity != severity_asked && severity_asked in ["S1", "S2"]', answer: no}`, `
- {name: nothing of it, situation: {version: {id: "10.10"}, severity_asked: S1}, expect: {covered: yes}}
- {name: by parts, situation: {version: {id: "10.4"}, severity_asked: S1}, expect: {covered: best-effort}}
- {name: with the add-on, situation: {version: {id: "10.10"}, addon: [night], severity_asked: S1}, expect: {covered: limited}}
- {name: another severity was asked for, situation: {version: {id: "10.10"}, severity_asked: S2}, expect: {covered: no}}`},
		"a missing fact that cannot change the answer": {`
coverage: [{id: a, when: 'contract.users > 10 && contract.in_force', answer: no}]`, `
- {name: the other half is false, situation: {contract: {in_force: no}}, expect: {covered: yes}}
- {name: the other half holds, situation: {contract: {in_force: yes}}, expect: {covered: ask, unsettled.0.needs: [contract.users]}}
- {name: both missing, expect: {covered: ask, unsettled.0.needs: [contract.in_force, contract.users]}}`},
		"two texts that disagree": {`
conflicts: {weekend: {between: [web-page, terms], use: terms}}
coverage:
  - {id: page, reading: web-page, for: {severity: S1}, answer: yes, overrides: [strict]}
  - {id: strict, for: {severity: S1}, answer: limited}
  - {id: terms-rule, reading: terms, for: {severity: S1}, answer: best-effort}`, `
- {name: the reading that is used, expect: {covered: best-effort, conflict: [web-page, terms], conflict.0.readings.0.result: yes}}
- {name: it makes no difference, situation: {severity: S2}, expect: {covered: yes, conflict: []}}`},
		"two texts that nobody has chosen between": {`
conflicts: {weekend: {between: [web-page, terms], use: ask}}
coverage:
  - {id: page, reading: web-page, for: {severity: S1}, answer: limited}
  - {id: terms-rule, reading: terms, for: {severity: S1}, answer: no}`, `
- {name: the field that differs, expect: {unsettled: {covered: conflict}, conflict: [web-page, terms]}}`},
		"two texts that differ in what it costs": {`
conflicts: {price: {between: [free, paid], use: ask}}
coverage:
  - {id: free-rule, reading: free, for: {severity: S1}, answer: yes}
  - {id: paid-rule, reading: paid, for: {severity: S1}, answer: yes, charge: {rate: hourly}}`, `
- {name: the charge differs, expect: {unsettled: {charge: conflict}, conflict.0.readings.1.result: hourly}}`},
		"a charge that a missing fact may waive": {`
facts: {cause: {type: choice, values: [ours, theirs], by: provider}}
coverage:
  - {id: night, for: {severity: S1}, answer: yes, charge: {rate: hourly}}
  - {id: waived, for: {cause: ours}, answer: yes, overrides: [night]}`, `
- {name: not known, expect: {charge.rate: hourly, unsettled: {charge: missing}}}
- {name: ours, situation: {cause: ours}, expect: {charge: null, unsettled: []}}
- {name: theirs, situation: {cause: theirs}, expect: {charge.rate: hourly, unsettled: []}}`},
		"a charge and a limit that hang on a missing fact": {`
facts: {cause: {type: choice, values: [ours, theirs], by: provider}}
coverage: [{id: foreign, for: {cause: theirs}, answer: yes, charge: {rate: hourly}}]
allowances: {calls: {counts: requests, of: {cause: theirs}, is: 0}}`, `
- {name: not known, expect: {covered: yes, unsettled: {charge: missing, allowances.calls: missing}}}
- {name: ours, situation: {cause: ours}, expect: {covered: yes, charge: null, unsettled: []}}
- {name: theirs, situation: {cause: theirs}, expect: {covered: no, charge.rate: hourly}}`},
		"what a contract agrees on": {`
negotiable: [clocks.reply, calendars.office, hours]
clocks: {reply: {starts: created, stops: first-reply, within: [{by: [plan], is: {basic: 8h, none: none}}]}}`, `
- {name: nothing is agreed, expect: {due: {reply: 2026-11-24T08:30:00Z}}}
- {name: a target, situation: {contract: {terms: {clocks: {reply: {within: [{for: {severity: S1}, is: 1h}]}}}}}, expect: {due: {reply: 2026-11-23T09:30:00Z}, clocks.reply.because.0.source: contract}}
- {name: the target of another severity stays, situation: {severity: S2, contract: {terms: {clocks: {reply: {within: [{for: {severity: S1}, is: 1h}]}}}}}, expect: {clocks.reply.target: 8h, clocks.reply.because.0.source: null}}
- {name: hours, situation: {contract: {terms: {calendars: {office: {week: "mon-fri 09:00-12:00"}}}}}, expect: {closes_at: 2026-11-23T11:00:00Z, because.1.source: contract}}
- {name: an own calendar, situation: {at: 2026-11-22T08:30:00Z, contract: {terms: {hours: [{use: always}]}}}, expect: {open_now: true, calendar: always}}`},
	} {
		t.Run(name, func(t *testing.T) {
			report := RunProbes(smallPolicy(t, c.policy), "probes.yaml", []byte(given+strings.TrimPrefix(c.probes, "\n")+"\n"))
			for _, line := range report.Lines {
				t.Error(line)
			}
			if report.Passed == 0 {
				t.Error("nothing was probed")
			}
		})
	}
}

func TestTermsThatAContractCannotHave(t *testing.T) {
	p := smallPolicy(t, "negotiable: [clocks.reply]\nclocks: {reply: {starts: created, stops: first-reply, within: [{is: 8h}]}}")
	for terms, want := range map[string]string{
		`{coverage: [{for: {severity: S1}, answer: no}]}`:              "contract terms change `coverage`, which #more does not list as negotiable; listed: clocks.reply",
		`{clocks: {other: {starts: created}}}`:                         "contract terms change `clocks.other`, which #more does not list",
		`{clocks: {reply: {within: [{is: 9:00}]}}}`:                    "9:00",
		`{clocks: {reply: {within: [{for: {plan: golden}, is: 1h}]}}}`: `no plan "golden"; did you mean "gold"?`,
		`[1, 2]`:      "contract terms are a map",
		`{clocks: {`:  "contract terms:1:",
		`{clocks: 5}`: "contract terms change `clocks`",
	} {
		_, findings := p.With(terms)
		if len(findings) == 0 || !strings.Contains(findings[0].String(), want) {
			t.Errorf("%s: %v, want %s", terms, findings, want)
		}
	}
	if again, findings := p.With(""); again != p || len(findings) > 0 {
		t.Errorf("no terms: %v", findings)
	}
}

func TestContractsStayOnThePrecedingVersion(t *testing.T) {
	p := smallPolicy(t, `
keeps:
  - {when: 'contract.signed < date("2025-10-08")', until: renewal}
  - {for: {plan: gold}, until: 2027-01-01}`)
	for text, want := range map[string]bool{
		`{at: 2026-11-23T08:30:00Z, plan: basic, contract: {signed: 2025-10-07, renews: 2026-11-24}}`: true,
		`{at: 2026-11-23T08:30:00Z, plan: basic, contract: {signed: 2025-10-07, renews: 2026-11-23}}`: false,
		`{at: 2026-11-23T08:30:00Z, plan: basic, contract: {signed: 2025-10-08}}`:                     false,
		`{at: 2026-12-31T22:59:00Z, plan: gold, contract: {signed: 2025-10-08}}`:                      true,
		`{at: 2026-12-31T23:00:00Z, plan: gold, contract: {signed: 2025-10-08}}`:                      false, // 2027 in Berlin
	} {
		if _, stays := Stays(p, situation(t, p, text)); stays != want {
			t.Errorf("%s: stays %v", text, stays)
		}
	}
}

// TestDeclaredFactsAreStored reads back a situation without its policy, as a stored judgement is.
func TestDeclaredFactsAreStored(t *testing.T) {
	p := smallPolicy(t, `
facts:
  cause: {type: choice, values: [network], by: provider, unknown: none}
  tags: {type: set, values: [a, b, c], by: requester, unknown: none}
  site: {type: place, by: contract}
  fee: {type: money, by: contract}
negotiable: [hours]
coverage: [{for: {cause: network, tags: [b, c], fee: above 99.5}, answer: no}]`)
	s := situation(t, p, `{at: 2026-11-23T08:30:00Z, plan: basic, requester: {kind: customer}, cause: network, tags: [a, c], fee: 99.51, site: {zone: Asia/Tokyo, holidays: JP}, contract: {terms: {hours: [{use: always}]}}}`)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var again Situation
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(again)
	if err != nil || string(second) != string(text) {
		t.Errorf("%s\n%s: %v", text, second, err)
	}
	d := Decide(p, &again)
	if d.Covered != CoveredNo || d.Calendar != "always" {
		t.Errorf("%s: %s on %s", text, d.Covered, d.Calendar)
	}
}

// TestTheContractAndTheOtherReadingAreSaid reads the explanation that people get.
func TestTheContractAndTheOtherReadingAreSaid(t *testing.T) {
	p := smallPolicy(t, `
negotiable: [clocks.reply]
conflicts: {weekend: {between: [web-page, terms], use: terms}}
clocks: {reply: {title: Reply, starts: created, stops: first-reply, within: [{is: 8h}]}}
coverage:
  - {id: page, reading: web-page, for: {severity: S1}, answer: limited}
  - {id: terms-rule, reading: terms, for: {severity: S1}, answer: best-effort}`)
	s := situation(t, p, `{at: 2026-11-23T08:30:00Z, requester: {kind: customer}, plan: basic, severity: S1, contract: {terms: {clocks: {reply: {within: [{is: 1h}]}}}}}`)
	d := Decide(p, s)
	said := Explain(p, s, d)
	for _, want := range []string{"10:30 Europe/Berlin", "[the contract, by More #more]", `Two texts of the policy disagree here: "web page" (#more) leads to limited, "terms" (#more) leads to best-effort; "terms" is used.`} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}
	deadlines := Deadlines(p, s, d, nil, s.At, nil)
	if len(deadlines) != 1 || !strings.Contains(strings.Join(deadlines[0].Lines, "\n"), "10:30") {
		t.Errorf("the steps are those of another target: %v", deadlines)
	}
	if label := p.CoverageRules()[0].Label; !strings.Contains(label, "which is not used") {
		t.Errorf("the reading that is not used looks like a promise: %q", label)
	}
}

// TestRowsThatSayTheSame: a missing fact that leads to the same providers either way is not asked for.
func TestRowsThatSayTheSame(t *testing.T) {
	for second, want := range map[string]string{"customer": CoveredYes, "[customer, end-user]": CoveredAsk} {
		text := strings.Replace(small, "responsibility: [", "responsibility: [{for: {product.deployment: saas}, support: {by: vendor, for: customer}}, ", 1)
		text = strings.Replace(text, "[customer, end-user]", second, 1)
		p, findings := policy.Parse("p.md", []byte("# Small {#small}\n```policy\n"+text+"hours: [{use: office}]\noffers: {o: {title: O, to: sales}}\n"+
			"coverage: [{for: {served: no}, answer: no, offer: o}]\n```\n"))
		if p == nil {
			t.Fatal(findings)
		}
		d := Decide(p, situation(t, p, `{at: 2026-11-23T08:30:00Z, requester: {kind: customer}, plan: basic, severity: S1}`))
		if d.Covered != want {
			t.Errorf("the second row serves %s: %s, want %s (%v)", second, d.Covered, want, d.Unsettled)
		}
	}
}

func TestGatesThatAContractAddsToAreAsked(t *testing.T) {
	p := smallPolicy(t, `
negotiable: [gates]
information: {logs: {type: file}, plan: {type: text}}
gates: [{to: submit, require: [logs]}]`)
	s := situation(t, p, `{at: 2026-11-23T08:30:00Z, requester: {kind: customer}, plan: basic, severity: S1, contract: {terms: {gates: [{to: submit, require: [plan]}]}}}`)
	_, missing := AtSubmit(p, s)
	if got, want := Items(missing), Decide(p, s).Missing; !slices.Equal(got, want) || len(got) != 2 {
		t.Errorf("at submit %v, in the decision %v", got, want)
	}
}
