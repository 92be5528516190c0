package coverage

import (
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// deskBlocks is a policy of one desk that serves customers at all hours. Each test adds its own clauses.
const deskBlocks = `
# Effect {#effect}
` + "```policy" + `
policy: {name: Policy, vendor: Vendor, effective: 2026-01-01, zone: Europe/Brussels}
levels: {desk: {name: Desk}}
categories: {question: {level: desk}, session: {level: desk}}
responsibility: [{desk: {by: vendor, for: [customer, end-user]}}]
hours: [{use: always}]
` + "```\n"

// policyWith is deskBlocks with further clauses, each "id: block".
func policyWith(t *testing.T, clauses ...string) *policy.Policy {
	t.Helper()
	var b strings.Builder
	b.WriteString(deskBlocks)
	for _, c := range clauses {
		id, block, _ := strings.Cut(c, "\n")
		b.WriteString("\n# About " + id + " {#" + id + "}\n\n```policy\n" + block + "\n```\n")
	}
	p, findings := policy.Parse("p.md", []byte(b.String()))
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

func decideWith(t *testing.T, p *policy.Policy, text string) Decision {
	t.Helper()
	return Decide(p, situation(t, p, "{requester: {kind: customer}, at: 2026-11-24T10:00:00Z, "+text+"}"))
}

func cites(d Decision, clause, effect string) bool {
	return slices.ContainsFunc(d.Because, func(r Reason) bool { return r.Clause == clause && r.Effect == effect && r.Text != "" })
}

func truthOf(b *bool) string {
	switch {
	case b == nil:
		return "unsettled"
	case *b:
		return "yes"
	}
	return "no"
}

const channelClauses = `plans
plans: {free: {name: Free}, standard: {name: Standard}, signature: {name: Signature, builds_on: standard}}
severity: {scale: {S1: {name: Critical}, S2: {name: High}}, set_by: requester}`

func TestChannels(t *testing.T) {
	p := policyWith(t, channelClauses, "portal\nchannels: {forum: {}, portal: {for: {plan: standard and up}, else: forum}}",
		"phone\nchannels: {phone: {for: {plan: signature, severity: S1}, else: portal, title: Our telephone line}}")
	for _, c := range []struct{ name, text, allowed, use, clause string }{
		{"open to all", "plan: free, severity: S1, channel: forum", "yes", "", "portal"},
		{"the best plan may phone what is critical", "plan: signature, severity: S1, channel: phone", "yes", "", "phone"},
		{"but not the rest", "plan: signature, severity: S2, channel: phone", "no", "portal", "phone"},
		{"another plan writes to the portal", "plan: standard, severity: S1, channel: phone", "no", "portal", "phone"},
		{"a plan without portal is sent on to the forum", "plan: free, severity: S1, channel: phone", "no", "forum", "phone"},
		{"the portal begins at a plan", "plan: free, severity: S1, channel: portal", "no", "forum", "portal"},
		{"an unlisted way", "plan: signature, severity: S1, channel: fax", "no", "forum", "portal"},
		{"a severity that is not known", "plan: signature, channel: phone", "unsettled", "", ""},
		{"a severity that makes no difference", "plan: free, channel: phone", "no", "forum", "phone"},
		{"a channel that is not known", "plan: free, severity: S1", "unsettled", "", ""},
	} {
		d := decideWith(t, p, c.text)
		if got := truthOf(d.ChannelAllowed); got != c.allowed || d.UseChannel != c.use {
			t.Errorf("%s: %s, use %q; want %s, use %q", c.name, got, d.UseChannel, c.allowed, c.use)
		}
		if d.Covered != CoveredYes {
			t.Errorf("%s: a channel made it %s", c.name, d.Covered)
		}
		open := slices.ContainsFunc(d.Unsettled, func(u Unsettled) bool {
			return u.Field == "channel_allowed" && u.Cause == CauseMissing && len(u.Needs) == 1
		})
		if open != (c.allowed == "unsettled") {
			t.Errorf("%s: unsettled is %v", c.name, d.Unsettled)
		}
		effect := map[string]string{"yes": "channel allowed", "no": "channel refused"}[c.allowed]
		if effect != "" && !cites(d, c.clause, effect) {
			t.Errorf("%s: #%s is not cited for %q: %v", c.name, c.clause, effect, d.Because)
		}
	}
	refused := decideWith(t, p, "plan: standard, severity: S1, channel: phone")
	if text := refused.Because[len(refused.Because)-1].Text; !strings.Contains(text, "Please use: Portal.") {
		t.Errorf("the refusal says %q and no way on", text)
	}
}

func TestWithoutChannelsAllAreOpen(t *testing.T) {
	d := decideWith(t, policyWith(t), "channel: fax")
	if truthOf(d.ChannelAllowed) != "yes" || d.UseChannel != "" {
		t.Errorf("%s, use %q", truthOf(d.ChannelAllowed), d.UseChannel)
	}
}

// TestARefusedChannelStartsNoClock: the request is kept, and its time begins when it arrives on an allowed channel, or when its
// channel becomes an allowed one.
func TestARefusedChannelStartsNoClock(t *testing.T) {
	p := policyWith(t, channelClauses, "phone\nchannels: {web: {unless: {severity: S1}, else: phone}, phone: {}}",
		"answer\nclocks: {answer: {title: Answer, starts: created, stops: first-reply, within: [{is: 1h}]}}")
	for _, c := range []struct{ name, text, state, due string }{
		{"refused", "channel: web, severity: S1", ClockWaiting, ""},
		{"allowed", "channel: web, severity: S2", ClockRunning, "2026-11-24T11:00:00Z"},
		{"phoned later", "channel: web, severity: S1, events: [{at: 2026-11-24T10:00:00Z, event: created}, {at: 2026-11-24T10:20:00Z, event: channel, value: phone}]", ClockRunning, "2026-11-24T11:20:00Z"},
		{"not so urgent after all", "channel: web, severity: S1, events: [{at: 2026-11-24T10:00:00Z, event: created}, {at: 2026-11-24T10:30:00Z, event: severity-changed, value: S2}]", ClockRunning, "2026-11-24T11:30:00Z"},
		{"once taken it stays so", "channel: phone, severity: S1, events: [{at: 2026-11-24T10:00:00Z, event: created}, {at: 2026-11-24T10:20:00Z, event: channel, value: web}]", ClockRunning, "2026-11-24T11:00:00Z"},
		{"still refused", "channel: web, severity: S1, events: [{at: 2026-11-24T10:00:00Z, event: created}, {at: 2026-11-24T10:20:00Z, event: customer-replied}]", ClockWaiting, ""},
	} {
		d := decideWith(t, p, c.text)
		clock := d.Clocks[0]
		due := ""
		if clock.DueAt != nil {
			due = instantText(*clock.DueAt)
		}
		if clock.State != c.state || due != c.due {
			t.Errorf("%s: %s, due %q; want %s, due %q", c.name, clock.State, due, c.state, c.due)
		}
	}
}

func TestChannelsOfEntrances(t *testing.T) {
	p := policyWith(t, "ways\nchannels: {ticket: {via: [portal, api]}, phone: {via: desk}, chat: {via: desk}, mail: {}}")
	for entrance, want := range map[string]string{"portal": "ticket", "api": "ticket", "desk": "phone chat", "mail": "mail"} {
		if got := strings.Join(p.ChannelsVia(entrance), " "); got != want {
			t.Errorf("what enters by %s is %q, want %q", entrance, got, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	p := policyWith(t, `local
calendars: {local: {zone: Europe/Paris, week: "mon-fri 09:00-17:00"}}
languages: {en: {}, fr: {during: local, else: en}, de: {unless: {category: session}, else: fr}}`, "other\nlanguages: {any: {answer: best-effort}}")
	for _, c := range []struct{ name, text, want, covered, clause string }{
		{"the default", "category: question", "en", CoveredYes, "local"},
		{"French by day", "language: fr", "fr", CoveredYes, "local"},
		{"French at night", "language: fr, at: 2026-11-24T20:00:00Z", "en", CoveredYes, "local"},
		{"as spoken in Canada", "language: fr-CA", "fr", CoveredYes, "local"},
		{"German", "language: de", "de", CoveredYes, "local"},
		{"German where it is not offered, by day", "language: de, category: session", "fr", CoveredYes, "local"},
		{"German where it is not offered, at night", "language: de, category: session, at: 2026-11-24T20:00:00Z", "en", CoveredYes, "local"},
		{"Dutch", "language: nl", "nl", CoveredBestEffort, "other"},
	} {
		at := ""
		if !strings.Contains(c.text, "at:") {
			at = "at: 2026-11-24T10:00:00Z, "
		}
		d := Decide(p, situation(t, p, "{requester: {kind: customer}, "+at+c.text+"}"))
		if got := strings.Join(d.Languages, " "); got != c.want || d.Covered != c.covered {
			t.Errorf("%s: answered in %q, %s; want %q, %s", c.name, got, d.Covered, c.want, c.covered)
		}
		if !cites(d, c.clause, "language "+c.want) {
			t.Errorf("%s: #%s is not cited for it: %v", c.name, c.clause, d.Because)
		}
	}
	unknown := Decide(p, situation(t, p, "{requester: {kind: customer}, language: fr}"))
	if len(unknown.Languages) != 0 || !slices.ContainsFunc(unknown.Unsettled, func(u Unsettled) bool { return u.Field == "languages" }) {
		t.Errorf("at an unknown time it is answered in %v, unsettled %v", unknown.Languages, unknown.Unsettled)
	}
}

func TestALanguageThatIsNotListed(t *testing.T) {
	p := policyWith(t, "spoken\nlanguages: {en: {}, fr: {}}")
	d := decideWith(t, p, "language: nl")
	if strings.Join(d.Languages, " ") != "en" || d.Covered != CoveredYes || !cites(d, "spoken", "language en") {
		t.Errorf("answered in %v, %s: %v", d.Languages, d.Covered, d.Because)
	}
	if none := decideWith(t, policyWith(t), "language: nl"); none.Languages != nil {
		t.Errorf("a policy without languages answers in %v", none.Languages)
	}
	over := policyWith(t, "spoken\nlanguages: {en: {}, any: {answer: no}}", "open\ncoverage: [{for: {category: session}, answer: yes, overrides: [language any]}]")
	if d := decideWith(t, over, "language: nl, category: session"); d.Covered != CoveredYes {
		t.Errorf("a rule that overrides the language leaves it %s", d.Covered)
	}
	if d := decideWith(t, over, "language: nl, category: question"); d.Covered != CoveredNo {
		t.Errorf("a language that is not answered is %s", d.Covered)
	}
}

// TestTheseAreExplained: what people read of a refused channel, another language, a limit and a renewal, and what a program reads.
func TestTheseAreExplained(t *testing.T) {
	p := policyWith(t, `plans
plans: {basic: {name: Basic}, plus: {name: Plus, needs: {contract.users: 100, else: basic}}}
channels: {phone: {title: Telephone, for: {plan: basic}, else: web}, web: {title: The web form}}
languages: {en: {}, fr: {unless: {plan: plus}, else: en}}
calendars: {work: {zone: UTC, week: "mon-fri 09:00-11:00"}}
maintenance: {network: {title: The network, calendar: work}}
allowances: {sessions: {title: Sessions, counts: session, each: year, is: 3}, hours: {title: Hours, counts: time, of: {category: session}, bought: true}}`)
	s := situation(t, p, "{requester: {kind: customer}, at: 2026-11-24T10:00:00Z, plan: plus, channel: phone, language: fr, category: session, contract: {users: 3}, bought: {hours: 2h}, used: {hours: 90m}}")
	text := Explain(p, s, Decide(p, s))
	for _, want := range []string{
		"It came by a channel that is not open to it: it is kept, and its time starts when it arrives on an allowed one. Please use: The web form.",
		"It is answered in English.", "Sessions: 3 allowed, 0 used, 3 left; a new period begins on 2027-01-01.",
		"Hours: 2 hours bought, 1 hour 30 minutes used, 30 minutes left.",
		"Planned work may be going on now: The network.", "At its renewal the contract goes on with Basic.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nobody reads %q in\n%s", want, text)
		}
	}
	considered := map[string]string{}
	for _, c := range Trace(p, s).Considered {
		considered[c.Rule] = c.State
	}
	for rule, want := range map[string]string{"channel phone": StateFails, "channel web": StateHolds, "language fr": StateFails, "language en": StateHolds,
		"plan plus": StateFails, "allowance sessions": StateHolds, "allowances.sessions.is[0]": StateHolds} {
		if considered[rule] != want {
			t.Errorf("%s was considered: %q, want %q", rule, considered[rule], want)
		}
	}
}

// TestProbesReachChannelsAndLimits: a probe reaches the channel, language and limit that decided, and no other.
func TestProbesReachChannelsAndLimits(t *testing.T) {
	p := policyWith(t, "ways\nchannels: {web: {}, phone: {}}\nlanguages: {en: {}, fr: {}}\nallowances: {sessions: {counts: session, each: year, is: [{for: {language: en}, is: 3}, {is: 1}]}}")
	report := RunProbes(p, "p.yaml", []byte("probes: [{name: a, situation: {requester: {kind: customer}, at: 2026-11-24T10:00:00Z, channel: web, category: session}, expect: {channel_allowed: true, use_channel: none, languages: [en], allowances.sessions.limit: 3, allowances.sessions.renews: 2027-01-01}}]"))
	if report.Passed != 1 || report.Failed != 0 {
		t.Fatal(report.Lines)
	}
	var missed []string
	for _, line := range Unreached(p, report) {
		_, rule, _ := strings.Cut(line, "no probe reaches ")
		missed = append(missed, rule)
	}
	for _, want := range []string{"channel phone (#ways)", "language fr (#ways)", "allowances.sessions.is[1] (#ways)"} {
		if !slices.Contains(missed, want) {
			t.Errorf("%s is not among what no probe reaches: %v", want, missed)
		}
	}
	for _, reached := range []string{"channel web (#ways)", "language en (#ways)", "allowances.sessions.is[0] (#ways)"} {
		if slices.Contains(missed, reached) {
			t.Errorf("a probe reaches %s", reached)
		}
	}
}
