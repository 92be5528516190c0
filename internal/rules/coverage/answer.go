package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 5 coverage and charge ----

func (j *judge) coverage(d *Decision) {
	d.Covered = CoveredYes
	rules := j.p.CoverageRules()
	if !j.bound {
		if j.refused {
			earlier := len(d.Because)
			j.refuse(d)
			rotate(d.Because, earlier)
		}
		return
	}
	j.states = j.space[:0]
	if len(rules) > len(j.space) {
		j.states = make([]fact.Truth, 0, len(rules))
	}
	for i := range rules {
		j.states = append(j.states, rules[i].When.Eval(&j.facts))
	}
	strictest := policy.AnswerYes
	if j.refused {
		strictest = policy.AnswerNo
	}
	for i := range rules {
		if j.states[i] == fact.True && !j.overridden(i, fact.True) {
			strictest = max(strictest, rules[i].Answer)
			j.charge(d, rules[i].Charge)
		}
	}
	d.Covered = strictest.String()
	j.explainCoverage(d, strictest)
	if needs, open := j.undecided(strictest); open {
		d.Covered = CoveredAsk
		j.unsettled(d, "covered", CauseMissing, needs)
	}
	if needs := j.chargeMissing(); len(needs) > 0 {
		j.unsettled(d, "charge", CauseMissing, needs)
	}
}

// chargeMissing lists the facts that would tell whether the work costs something.
func (j *judge) chargeMissing() []fact.Fact {
	rules := j.p.CoverageRules()
	var needs []fact.Fact
	for i := range rules {
		if j.states[i] == fact.Unknown && rules[i].Charge != nil && !j.overridden(i, fact.True) {
			needs = j.askable(rules[i].When.Missing(&j.facts, needs))
		}
		if j.states[i] == fact.Unknown && j.mayWaive(rules[i].Overrides) {
			needs = j.askable(rules[i].When.Missing(&j.facts, needs))
		}
	}
	return needs
}

// mayWaive reports whether one of some rules charges now.
func (j *judge) mayWaive(overridden []int) bool {
	rules := j.p.CoverageRules()
	return slices.ContainsFunc(overridden, func(k int) bool {
		return j.states[k] == fact.True && rules[k].Charge != nil && !j.overridden(k, fact.True)
	})
}

// overridden reports whether a rule in the given state overrides rule i.
func (j *judge) overridden(i int, state fact.Truth) bool {
	rules := j.p.CoverageRules()
	for k := range rules {
		if j.states[k] == state && len(rules[k].Overrides) > 0 && slices.Contains(rules[k].Overrides, i) {
			return true
		}
	}
	return false
}

// undecided reports whether a missing fact could still change the answer, and which facts those are.
func (j *judge) undecided(strictest policy.Answer) ([]fact.Fact, bool) {
	rules := j.p.CoverageRules()
	var needs []fact.Fact
	open := j.row < 0
	if open {
		needs = append(needs, j.needs...)
	}
	for i := range rules {
		if j.states[i] == fact.Unknown && rules[i].Answer > strictest && !j.overridden(i, fact.True) {
			open = true
			needs = j.askable(rules[i].When.Missing(&j.facts, needs))
		}
	}
	if strictest > policy.AnswerYes && !j.refused && j.couldRelax(strictest) {
		open = true
		for i := range rules {
			if j.states[i] == fact.Unknown && len(rules[i].Overrides) > 0 {
				needs = j.askable(rules[i].When.Missing(&j.facts, needs))
			}
		}
	}
	if !j.facts.V[fact.Served].Known && strictest < policy.AnswerNo {
		open = true
		needs = append(needs, fact.RequesterKind)
	}
	if !open {
		return nil, false
	}
	return needs, true
}

// askable replaces facts that the policy works out by what it needs for them.
func (j *judge) askable(asked []fact.Fact) []fact.Fact {
	needs := make([]fact.Fact, 0, len(asked))
	for _, f := range asked {
		switch f {
		case fact.Served:
			needs = append(needs, fact.RequesterKind)
		case fact.VersionPhase, fact.VersionUntil:
			needs = append(needs, j.life.needs...) // none where the policy does not say how long the version lives
		case fact.VersionBehind, fact.VersionLatest, fact.VersionLastMinor, fact.VersionNewestForDependency:
			needs = append(needs, j.standingNeeds(f))
		default:
			needs = append(needs, f)
		}
	}
	if slices.Contains(needs, fact.HoursOpen) && len(j.hours.unplaced) > 0 {
		needs = slices.DeleteFunc(needs, func(f fact.Fact) bool { return f == fact.HoursOpen })
		needs = append(needs, j.hours.unplaced...)
	}
	return needs
}

// couldRelax reports whether every rule that gives the strictest answer may yet be overridden by milder ones.
func (j *judge) couldRelax(strictest policy.Answer) bool {
	rules := j.p.CoverageRules()
	for i := range rules {
		if j.states[i] != fact.True || rules[i].Answer != strictest || j.overridden(i, fact.True) {
			continue
		}
		relaxed := false
		for k := range rules {
			if j.states[k] == fact.Unknown && rules[k].Answer < strictest && slices.Contains(rules[k].Overrides, i) {
				relaxed = true
			}
		}
		if !relaxed {
			return false
		}
	}
	return true
}

func (j *judge) charge(d *Decision, c *policy.Charge) {
	if c == nil {
		return
	}
	charge := Charge{Rate: c.Rate, Confirm: c.Confirm, From: c.From}
	if d.Charge == nil {
		d.Charge = &charge
		return
	}
	if len(d.Charges) == 0 {
		d.Charges = append(d.Charges, *d.Charge)
	}
	d.Charges = append(d.Charges, charge)
}

// explainCoverage puts the reasons of coverage before those of earlier stages: strictest first, among equals those with a way
// on first, then rules in document order before the answers of categories, plans and phases; overridden ones last.
func (j *judge) explainCoverage(d *Decision, strictest policy.Answer) {
	rules := j.p.CoverageRules()
	earlier := len(d.Because)
	add := func(answer policy.Answer, offered bool) {
		for i := range rules {
			if j.states[i] == fact.True && rules[i].Answer == answer && (len(rules[i].Offers) > 0) == offered && !j.overridden(i, fact.True) {
				d.Because = append(d.Because, j.reason(&rules[i]))
			}
		}
	}
	for answer := strictest; ; answer-- {
		add(answer, true)
		add(answer, false)
		if answer == policy.AnswerNo && j.refused {
			j.refuse(d)
		}
		if answer == policy.AnswerNone {
			break
		}
	}
	rotate(d.Because, earlier)
	j.explainOverridden(d)
}

func (j *judge) explainOverridden(d *Decision) {
	rules := j.p.CoverageRules()
	for i := range rules {
		if j.states[i] == fact.True && j.overridden(i, fact.True) {
			r := j.reason(&rules[i])
			r.Overridden = true
			d.Because = append(d.Because, r)
		}
	}
}

// rotate moves the reasons from start on to the front.
func rotate(reasons []Reason, start int) {
	slices.Reverse(reasons[:start])
	slices.Reverse(reasons[start:])
	slices.Reverse(reasons)
}

func (j *judge) reason(r *policy.CoverageRule) Reason {
	reason := Reason{Clause: r.Clause, Rule: r.ID, Line: r.Line, Effect: r.Answer.String(), Text: r.Sentence}
	if r.Answer == policy.AnswerNone {
		reason.Effect = "charge"
	}
	j.offers(&reason, r.Offers)
	if r.Phase != "" {
		j.life.place(r.Phase, &reason)
	}
	return reason
}

// refuse cites the row of the matrix that does not serve the asker.
func (j *judge) refuse(d *Decision) {
	d.Covered = CoveredNo
	row := &j.p.ResponsibilityRows()[j.row]
	cell := &row.Cells[j.level]
	text := cell.Refusal
	if policy.KindBit(j.s.Requester.Kind) == policy.KindEndUser {
		text = cell.EndUserRefusal
	}
	d.Because = append(d.Because, Reason{Clause: row.Clause, Rule: row.ID, Line: cell.Line, Effect: CoveredNo, Text: text})
}
