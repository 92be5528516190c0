package coverage

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 1 facts and severity ----

// derive works out the facts that follow from what a stage has settled.
func (j *judge) derive(d *Decision, stage int) {
	list := j.p.Derived()
	for i := range list {
		switch one := &list[i]; {
		case one.Stage != stage:
		case one.Fact == fact.Severity:
			j.severity(d, one)
		default:
			found, _ := one.List.Choose(&j.facts, nil)
			if found.State == choice.Decided && !(found.None && j.p.Facts().Type(one.Fact) != fact.TypeID) {
				j.facts.V[one.Fact] = fact.Value{Known: true, N: found.Value}
			}
		}
	}
	if stage == fact.StageFacts {
		j.renamed(d)
		j.severityExists(d)
	}
}

// renamed says that the severity was given by a word of an earlier scale.
func (j *judge) renamed(d *Decision) {
	given := j.s.Severity
	if given == "" || given == j.p.SeverityNow(given) {
		return
	}
	for _, s := range j.p.Severities() {
		if slices.Contains(s.Was, given) {
			d.Because = append(d.Because, Reason{Clause: s.Clause, Rule: "severity.scale." + s.ID, Line: s.Line, Effect: "severity " + s.ID,
				Text: "What was called " + given + " is " + j.p.SeverityName(s.ID) + " today."})
		}
	}
}

// severity derives the severity, or suggests one where nobody has set it.
func (j *judge) severity(d *Decision, from *policy.Derived) {
	given := j.facts.V[fact.Severity].Known
	if given && (j.p.SeveritySetBy() != policy.SetDerived || setSeverity(j.past)) {
		return
	}
	found, needs := from.List.Choose(&j.facts, nil)
	words, _ := j.p.Words(fact.Severity)
	switch {
	case found.State == choice.Decided && found.Value >= 0 && int(found.Value) < len(words):
		j.known(fact.Severity, int(found.Value))
		d.Severity = words[found.Value]
		rule := &from.Rules[found.Entry]
		d.Because = append(d.Because, Reason{Clause: rule.Clause, Rule: rule.ID, Line: rule.Line, Effect: "severity " + d.Severity, Text: rule.Because("The severity is " + j.p.SeverityName(d.Severity))})
	case given:
	case found.State == choice.Gap:
		j.unsettled(d, "severity", CauseGap, nil)
	default:
		j.unsettled(d, "severity", CauseMissing, needs)
	}
}

// severityExists notes a severity that the scale does not have for this request.
func (j *judge) severityExists(d *Decision) {
	v := j.facts.V[fact.Severity]
	scale := j.p.Severities()
	if v.Known && v.N >= 0 && int(v.N) < len(scale) && scale[v.N].When.Eval(&j.facts) == fact.False {
		j.unsettled(d, "severity", CauseGap, nil)
	}
}

// askedFor replaces facts that the policy works out by the missing facts that they follow from.
func (j *judge) askedFor(needs []fact.Fact) []fact.Fact {
	derived := j.p.Derived()
	for range derived { // each round goes one step back at least
		changed := false
		var next []fact.Fact
		for _, f := range needs {
			i := slices.IndexFunc(derived, func(d policy.Derived) bool { return d.Fact == f })
			if i < 0 || f == fact.Severity && j.p.SeveritySetBy() != policy.SetDerived {
				next = append(next, f)
				continue
			}
			changed = true
			_, next = derived[i].List.Choose(&j.facts, next)
		}
		if needs = next; !changed {
			break
		}
	}
	return needs
}

// targets notes the clocks whose target is not settled.
func (j *judge) targets(d *Decision) {
	if d.Covered == CoveredNo || !j.bound {
		return
	}
	defs := j.p.ClockDefs()
	for i := range defs {
		found, needs := defs[i].Choice.Choose(&j.facts, nil)
		switch found.State {
		case choice.Gap:
			j.unsettled(d, "clocks."+defs[i].ID, CauseGap, nil)
		case choice.Missing:
			j.unsettled(d, "clocks."+defs[i].ID, CauseMissing, needs)
		}
	}
}

// ---- what conditions ask beyond facts ----

// Open tells whether a calendar is open at the arrival.
func (j *judge) Open(number int) fact.Truth {
	hours, ok := j.calendar(number)
	switch {
	case !ok || j.s.At == 0:
		return fact.Unknown
	case hours.Open(j.s.At):
		return fact.True
	}
	return fact.False
}

// LocalMinute is the time of day at the arrival in the zone of a calendar.
func (j *judge) LocalMinute(number int) (int64, bool) {
	hours, ok := j.calendar(number)
	if !ok || j.s.At == 0 {
		return 0, false
	}
	return int64(hours.Zone().MinuteOfDay(j.s.At)), true
}

// BusinessDays counts the whole business days between two instants.
func (j *judge) BusinessDays(number int, from, to int64) (int64, bool) {
	hours, ok := j.calendar(number)
	if !ok {
		return 0, false
	}
	day, err := hours.BusinessDay()
	if err != nil || day <= 0 {
		return 0, false
	}
	if to < from {
		return -hours.Between(to, from) / day, true
	}
	return hours.Between(from, to) / day, true
}

// Word is a word as it was given.
func (j *judge) Word(f fact.Fact) (string, bool) {
	v := j.facts.V[f]
	words, _ := j.p.Words(f)
	switch {
	case f == fact.VersionID:
		return j.s.Version.ID, j.s.Version.ID != ""
	case v.Known && v.N >= 0 && int(v.N) < len(words):
		return words[v.N], true
	}
	return "", v.Known
}

// ---- contradictions ----

// compareReadings decides again under the readings that are not used and names the contradictions that make a difference.
func compareReadings(p *policy.Policy, s *Situation, d *Decision) {
	conflicts := p.Conflicts()
	own := results(d)
	for i := range conflicts {
		k := &conflicts[i]
		under := make([][]result, len(k.Readings))
		differs := false
		for r, bit := range k.Bits {
			if under[r] = own; p.Reading()&bit == 0 {
				other, _ := decideUnder(p, s, p.Reading()&^allOf(k.Bits)|bit)
				under[r] = results(&other)
			}
			differs = differs || !slices.Equal(under[r], own)
		}
		if !differs {
			continue
		}
		field := fieldThatDiffers(under)
		found := Conflict{Name: k.ID, Clause: k.Clause, Use: k.Use}
		for r, reading := range k.Readings {
			found.Readings = append(found.Readings, Reading{Name: reading, Clause: k.Clauses[r], Result: resultIn(under[r], field)})
		}
		d.Conflict = append(d.Conflict, found)
		if k.Use == "ask" {
			d.Unsettled = append(d.Unsettled, Unsettled{Field: field.of(), Cause: CauseConflict, Needs: k.Readings})
		}
	}
}

// allOf is the bits of all readings of a contradiction.
func allOf(bits []uint64) uint64 {
	var all uint64
	for _, bit := range bits {
		all |= bit
	}
	return all
}

// result is one field of a decision, one of several by name, and its value in two parts.
type result struct {
	field, name string
	a, b        string
}

// of is the path of the field.
func (r result) of() string {
	if r.name != "" {
		return r.field + "." + r.name
	}
	return r.field
}

// results are the fields in which readings can differ, the weightiest first.
func results(d *Decision) []result {
	allowed := func(yes *bool) string {
		switch {
		case yes == nil:
			return ""
		case *yes:
			return "yes"
		}
		return "no"
	}
	list := append(make([]result, 0, 16), result{"covered", "", d.Covered, ""}, result{"version.phase", "", d.Version.Phase, ""},
		result{"severity", "", d.Severity, ""}, result{"level", "", d.Level, ""}, result{"provider", "", d.Provider.Kind, d.Provider.Org},
		result{"calendar", "", d.Calendar, d.Outside}, result{"channel_allowed", "", allowed(d.ChannelAllowed), ""})
	charge := result{field: "charge"}
	if d.Charge != nil {
		charge.a, charge.b = d.Charge.Rate, d.Charge.From
	}
	list = append(list, charge)
	for i := range d.Clocks {
		c := &d.Clocks[i]
		list = append(list, result{"clocks", c.ID, c.Target, c.Calendar})
	}
	for i := range d.Allowances {
		a := &d.Allowances[i]
		list = append(list, result{"allowances", a.ID, allowed(a.Allowed), ""})
	}
	for _, m := range d.Missing {
		list = append(list, result{"missing", "", m, ""})
	}
	return append(list, result{"version.until", "", d.Version.Until, ""})
}

// fieldThatDiffers is the weightiest field in which two readings differ: what only some of them have counts as a difference.
func fieldThatDiffers(under [][]result) result {
	for _, list := range under {
		for _, r := range list {
			for _, other := range under {
				if !slices.Contains(other, r) {
					return r
				}
			}
		}
	}
	return result{field: "missing"}
}

// resultIn is what one reading leads to in a field.
func resultIn(list []result, field result) string {
	for _, r := range list {
		if r.field == field.field && r.name == field.name {
			return strings.TrimSpace(r.a + " " + r.b)
		}
	}
	return ""
}
