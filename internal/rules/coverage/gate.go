package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Set is a set of information ids.
type Set map[string]bool

// Gate targets beside levels.
const (
	Submit = "submit"
	Close  = "close"
)

// Gate returns what is missing to bring a request from one level to another, or to "submit" or "close", in the order of the
// document: for a group of alternatives its first id. Waived items count only where the policy lets them be waived.
// A request that starts above the lowest level passes the gates below its start: from is then the lowest level.
func Gate(p *policy.Policy, s *Situation, from, to string, provided, waived Set) []string {
	var missing []string
	for _, r := range Requirements(p, s, from, to) {
		if !met(&r, provided, waived) {
			missing = append(missing, r.IDs[0])
		}
	}
	return missing
}

func met(r *policy.Requirement, provided, waived Set) bool {
	has := func(set Set) bool { return slices.ContainsFunc(r.IDs, func(id string) bool { return set[id] }) }
	return has(provided) || r.Waivable && has(waived)
}

// Requirements lists what the gates on the way ask for in this situation, each item once.
func Requirements(p *policy.Policy, s *Situation, from, to string) []policy.Requirement {
	j := newJudge(p, s)
	var d Decision
	j.settle(&d)
	return j.requirements(levelIndex(p, from), levelIndex(p, to), to)
}

// WaivableItems lists the information ids that may be waived with a recorded reason on the way from one level to another.
func WaivableItems(p *policy.Policy, s *Situation, from, to string) []string {
	var ids []string
	for _, r := range Requirements(p, s, from, to) {
		if r.Waivable {
			ids = append(ids, r.IDs...)
		}
	}
	return ids
}

func levelIndex(p *policy.Policy, id string) int {
	if i, ok := p.Word(fact.Level, id); ok {
		return i
	}
	return -1
}

func (j *judge) requirements(from, to int, target string) []policy.Requirement {
	var list []policy.Requirement
	gates := j.p.Gates()
	for i := range gates {
		g := &gates[i]
		onTheWay := g.To == target
		if g.ToIdx >= 0 {
			onTheWay = g.ToIdx <= to && g.ToIdx > from && (g.From == "" || g.FromIdx >= from)
		}
		// An unknown condition does not open a gate: what is asked for can be given, what was not asked for is missed.
		if !onTheWay || g.When.Eval(&j.facts) == fact.False {
			continue
		}
		for _, r := range g.Require {
			if !slices.ContainsFunc(list, func(o policy.Requirement) bool { return o.Bits == r.Bits }) {
				list = append(list, r)
			}
		}
	}
	return list
}

// missing lists what the gates at submit ask for: those to submit, and all between the lowest level and a start that vendor
// or partners provide, and cites the gates. A refused request is asked for nothing.
func (j *judge) missing(d *Decision) []string {
	if d.Covered == CoveredNo || j.row < 0 || len(j.p.Gates()) == 0 {
		return nil
	}
	to := j.level
	if !j.bound {
		to = 0
	}
	provided := uint64(j.facts.V[fact.Provided].N)
	waived := uint64(setOf(j.p, fact.Provided, j.s.Waived).N)
	var missing []string
	gates := j.p.Gates()
	for i := range gates {
		g := &gates[i]
		onTheWay := g.To == Submit || g.ToIdx >= 0 && g.ToIdx <= to && to > 0 && g.ToIdx > 0
		if !onTheWay || g.When.Eval(&j.facts) == fact.False {
			continue
		}
		before := len(missing)
		for k := range g.Require {
			r := &g.Require[k]
			if r.Bits&provided == 0 && !(r.Waivable && r.Bits&waived != 0) && !slices.Contains(missing, r.IDs[0]) {
				missing = append(missing, r.IDs[0])
			}
		}
		if len(missing) > before {
			d.Because = append(d.Because, Reason{Clause: g.Clause, Rule: g.ID, Line: g.Line, Effect: "missing", Text: g.Sentence})
		}
	}
	return missing
}
