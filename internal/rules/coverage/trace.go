package coverage

import (
	"fmt"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Traced is a decision with every rule that was considered for it, for machines. Its JSON is that of the decision, and two
// more lists.
type Traced struct {
	Decision
	Deadlines  []Deadline   `json:"deadlines,omitempty"`
	Considered []Considered `json:"considered"`
}

// States of a Considered rule.
const (
	StateHolds      = "holds"
	StateFails      = "does not hold"
	StateUnknown    = "unknown"
	StateNotReached = "not reached" // an earlier rule of its list was chosen
	StateOverridden = "overridden"  // another rule lets the request through
)

// Considered is one rule of the policy as a decision met it. Block is where it stands: coverage, hours, clocks.NAME.
type Considered struct {
	Block   string   `json:"block"`
	Rule    string   `json:"rule"`
	Clause  string   `json:"clause"`
	Line    int      `json:"line"`
	State   string   `json:"state"`
	Decided bool     `json:"decided,omitempty"` // the list took its value from this rule
	Effect  string   `json:"effect,omitempty"`
	Facts   []Looked `json:"facts,omitempty"` // what the rule looked at; none: it always holds
}

// Looked is one thing that a rule looked at: a fact with its value and what is wanted of it, or a whole condition. Value is nil
// while it is not known.
type Looked struct {
	In     string  `json:"in"` // for, unless or when
	Fact   string  `json:"fact,omitempty"`
	Value  *string `json:"value"`
	Wanted string  `json:"wanted,omitempty"`
	Holds  string  `json:"holds"` // yes, no or unknown
}

// Trace decides as Decide does and tells of every rule that it considered: whether it held, and the facts that made it so. It is
// slow and for explaining only.
func Trace(p *policy.Policy, s *Situation) Traced {
	t := Traced{Decision: Decide(p, s)}
	p, _ = agreedOn(p, s)
	now := s
	if len(s.Events) > 0 {
		now = s.after(p, s.Events)
	}
	j := newJudge(p, now)
	j.past, j.entered = s.Events, entered(s.Events)
	var unused Decision
	j.settle(&unused)
	tr := tracer{j: j, fields: now.fields()}
	tr.derived()
	tr.responsibility()
	tr.hours()
	tr.coverage(&t.Decision)
	tr.channels()
	tr.clocks()
	tr.gates()
	tr.allowances()
	t.Considered = tr.list
	t.Deadlines = Deadlines(p, s, t.Decision, s.Events, s.latest(), nil)
	return t
}

type tracer struct {
	j      *judge
	fields []fieldAt
	list   []Considered
}

func (t *tracer) add(block string, r *policy.Rule, state, effect string) *Considered {
	t.list = append(t.list, Considered{Block: block, Rule: r.ID, Clause: r.Clause, Line: r.Line, State: state, Effect: effect, Facts: t.looked(&r.When)})
	return &t.list[len(t.list)-1]
}

func stateWord(held fact.Truth) string {
	return [...]string{fact.False: StateFails, fact.True: StateHolds, fact.Unknown: StateUnknown}[held]
}

// choose adds the rules of a choose-list of which the rule at decided was taken; -1 for none. While that is not sure, as a missing
// fact may bring another one, none decided.
func (t *tracer) choose(block string, rules []*policy.Rule, decided int, sure bool, effect func(i int) string) {
	for i, r := range rules {
		state := stateWord(r.When.Eval(&t.j.facts))
		switch {
		case decided >= 0 && i > decided:
			state = StateNotReached
		case i < decided && state == StateHolds:
			state = StateFails // a table or bands without a value for these facts
		}
		one := t.add(block, r, state, effect(i))
		one.Decided = i == decided && sure
	}
}

func (t *tracer) derived() {
	derived := t.j.p.Derived()
	for i := range derived {
		d := &derived[i]
		block := "facts." + t.j.p.Facts().Name(d.Fact)
		if d.Fact == fact.Severity {
			block = "severity.from"
		}
		rules := make([]*policy.Rule, len(d.Rules))
		for k := range d.Rules {
			rules[k] = &d.Rules[k]
		}
		found, _ := d.List.Choose(&t.j.facts, nil)
		if found.State == choice.Gap {
			found.Entry = -1
		}
		t.choose(block, rules, found.Entry, found.State == choice.Decided, func(int) string { return "" })
	}
}

func (t *tracer) responsibility() {
	rows := t.j.p.ResponsibilityRows()
	rules := make([]*policy.Rule, len(rows))
	for i := range rows {
		rules[i] = &rows[i].Rule
	}
	t.choose("responsibility", rules, t.j.row, true, func(i int) string {
		if t.j.level >= len(rows[i].Cells) {
			return ""
		}
		return "provided by " + strings.Join(rows[i].Cells[t.j.level].ByText, " or ")
	})
}

func (t *tracer) hours() {
	list := t.j.p.Hours()
	var rules []*policy.Rule
	decided := -1
	for i := range list {
		if list[i].Add {
			continue
		}
		if i == t.j.hours.rule {
			decided = len(rules)
		}
		rules = append(rules, &list[i].Rule)
	}
	calendars := map[*policy.Rule]string{}
	for i := range list {
		calendars[&list[i].Rule] = "none"
		if list[i].Calendar >= 0 {
			calendars[&list[i].Rule] = t.j.p.Calendars()[list[i].Calendar].ID
		}
	}
	t.choose("hours", rules, decided, !t.j.hours.unsettled, func(i int) string { return "use " + calendars[rules[i]] })
	for i := range list {
		if r := &list[i]; r.Add {
			one := t.add("hours", &r.Rule, stateWord(r.When.Eval(&t.j.facts)), "add "+calendars[&r.Rule])
			one.Decided = t.j.hours.adds&r.AddBit != 0
		}
	}
}

// coverage adds the rules of coverage. Those that gave the answer decided; rules that say nothing stand aside.
func (t *tracer) coverage(d *Decision) {
	rules := t.j.p.CoverageRules()
	for i := range rules {
		r := &rules[i]
		state := StateNotReached // the customer's own desk decides for itself
		if i < len(t.j.states) {
			state = stateWord(t.j.states[i])
			if state == StateHolds && t.j.overridden(i, fact.True) {
				state = StateOverridden
			}
		}
		one := t.add("coverage", &r.Rule, state, r.Answer.String())
		one.Decided = state == StateHolds && r.Answer.String() == d.Covered
	}
}

func (t *tracer) clocks() {
	defs := t.j.p.ClockDefs()
	for i := range defs {
		def := &defs[i]
		rules := make([]*policy.Rule, len(def.Within))
		for k := range def.Within {
			rules[k] = &def.Within[k].Rule
		}
		pace := t.j.pace(def)
		t.choose("clocks."+def.ID, rules, pace.rule, !pace.unsure, func(i int) string {
			if i == pace.rule && pace.target != nil {
				return pace.target.Text
			}
			return def.Within[i].Target.Text
		})
	}
}

func (t *tracer) gates() {
	gates := t.j.p.Gates()
	for i := range gates {
		g := &gates[i]
		asked := make([]string, len(g.Require))
		for k := range g.Require {
			asked[k] = strings.Join(g.Require[k].IDs, " or ")
		}
		t.add("gates."+g.To, &g.Rule, stateWord(g.When.Eval(&t.j.facts)), "require "+strings.Join(asked, ", "))
	}
}

func (t *tracer) allowances() {
	list := t.j.p.Allowances()
	for i := range list {
		a := &list[i]
		r := policy.Rule{Place: a.Place, ID: a.RuleID, When: a.Of}
		t.add("allowances", &r, stateWord(a.Of.Eval(&t.j.facts)), "counts "+a.Counts)
		if a.Limit == nil {
			continue
		}
		rules := make([]*policy.Rule, len(a.Limits))
		for k := range rules {
			rules[k] = &a.Limits[k]
		}
		found, _ := a.Limit.Choose(&t.j.facts, nil)
		if found.State == choice.Gap {
			found.Entry = -1
		}
		t.choose("allowances."+a.ID, rules, found.Entry, found.State == choice.Decided, func(int) string { return "" })
	}
}

// channels adds the channels, the languages and what plans need at a renewal.
func (t *tracer) channels() {
	channels, languages := t.j.p.Channels(), t.j.p.Languages()
	for i := range channels {
		k := &channels[i]
		one := t.add("channels", &k.Rule, stateWord(k.When.Eval(&t.j.facts)), "open")
		one.Decided = k.ID == t.j.s.Channel
	}
	for i := range languages {
		l := &languages[i]
		t.add("languages", &l.Rule, stateWord(t.j.offered(l)), "offered")
	}
	for _, plan := range t.j.p.Plans() {
		if plan.ID == t.j.s.Plan && len(plan.Needs.For) > 0 {
			r := policy.Rule{Place: plan.Place, ID: "plan " + plan.ID, When: plan.Needs}
			t.add("plans", &r, stateWord(plan.Needs.Eval(&t.j.facts)), "kept at a renewal").Decided = true
		}
	}
}

// ---- the facts that decided ----

func (t *tracer) looked(c *fact.Condition) []Looked {
	var list []Looked
	for _, tests := range [...]struct {
		in   string
		list []fact.Test
	}{{"for", c.For}, {"unless", c.Unless}} {
		for _, test := range tests.list {
			alone := fact.Condition{For: []fact.Test{test}}
			list = append(list, Looked{In: tests.in, Fact: t.j.p.Facts().Name(test.Fact), Value: t.value(test.Fact),
				Wanted: test.Wanted(t.j.p.Facts()), Holds: yesNo(alone.Eval(&t.j.facts))})
		}
	}
	if c.When == nil {
		return list
	}
	for _, f := range c.When.Facts() {
		list = append(list, Looked{In: "when", Fact: t.j.p.Facts().Name(f), Value: t.value(f), Holds: yesNo(c.When.Eval(&t.j.facts))})
	}
	text := c.When.String()
	whole := Looked{In: "when", Wanted: text, Holds: yesNo(c.When.Eval(&t.j.facts))}
	whole.Value = &whole.Holds
	return append(list, whole)
}

func yesNo(held fact.Truth) string {
	return [...]string{fact.False: "no", fact.True: "yes", fact.Unknown: "unknown"}[held]
}

// value is a fact as it is known, in the words of the policy or as it was given; nil while it is not known.
func (t *tracer) value(f fact.Fact) *string {
	v := t.j.facts.V[f]
	if !v.Known {
		return nil
	}
	text := t.j.p.Facts().ValueText(f, v)
	if text == "" {
		text = t.given(t.j.p.Facts().Name(f))
	}
	return &text
}

// given is a word that the policy does not know, as the situation has it.
func (t *tracer) given(name string) string {
	for _, field := range t.fields {
		if value, ok := fieldValue(field.into); ok && field.path == name {
			return fmt.Sprint(value)
		}
	}
	return strings.Join(t.j.s.Declared[name], ", ")
}
