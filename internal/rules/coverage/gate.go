package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Gate targets beside levels.
const (
	Submit = "submit"
	Close  = "close"
)

// Gate returns what the situation lacks to bring a request from one level to another, or to "submit" or "close", in the order
// of the document. Waived items count only where the policy lets them be waived.
// A request that starts above the lowest level passes the gates below its start: see AtSubmit.
func Gate(p *policy.Policy, s *Situation, from, to string) []policy.Requirement {
	agreed, _ := agreedOn(p, s)
	return s.holding(agreed).lacks(Requirements(p, s, from, to))
}

// Requirements lists what the gates on the way ask for in this situation, each item once.
func Requirements(p *policy.Policy, s *Situation, from, to string) []policy.Requirement {
	p, _ = agreedOn(p, s)
	j := newJudge(p, s.Now(p))
	j.past = s.Events
	var d Decision
	j.settle(&d)
	return j.requirements(levelIndex(p, from), levelIndex(p, to), to)
}

// AtSubmit lists what the gates ask of a new request, whether it is covered or not: those to submit, and all below its start.
// missing is the part that the situation lacks.
func AtSubmit(p *policy.Policy, s *Situation) (required, missing []policy.Requirement) {
	p, _ = agreedOn(p, s)
	j := newJudge(p, s.Now(p))
	j.past = s.Events
	var d Decision
	j.settle(&d)
	for _, g := range j.gatesAtSubmit() {
		required = unite(required, g.Require)
	}
	return required, s.holding(p).lacks(required)
}

// Items names what requirements ask for: of a group of alternatives its first id.
func Items(list []policy.Requirement) []string {
	var ids []string
	for _, r := range list {
		if !slices.Contains(ids, r.IDs[0]) {
			ids = append(ids, r.IDs[0])
		}
	}
	return ids
}

// holding is what a situation brings to a gate, as sets of the fact `provided`.
type holding struct {
	provided, waived uint64
	amounts          map[string]int64
}

func (s *Situation) holding(p *policy.Policy) holding {
	return holding{uint64(setOf(p, fact.Provided, s.Provided).N), uint64(setOf(p, fact.Provided, s.Waived).N), s.Amounts}
}

func (h holding) lacks(required []policy.Requirement) []policy.Requirement {
	return slices.DeleteFunc(slices.Clone(required), func(r policy.Requirement) bool { return h.meets(&r) })
}

// meets reports whether enough of one of the alternatives is there, or done without where that is allowed.
func (h holding) meets(r *policy.Requirement) bool {
	if r.Waivable && r.Bits&h.waived != 0 {
		return true
	}
	if r.Min <= 1 {
		return r.Bits&h.provided != 0
	}
	return r.Bits&h.provided != 0 && slices.ContainsFunc(r.IDs, func(id string) bool { return h.amounts[id] >= int64(r.Min) })
}

// unite adds to list what is not in it. Of two that ask for different amounts of the same, the greater stays.
func unite(list, more []policy.Requirement) []policy.Requirement {
	for _, r := range more {
		i := slices.IndexFunc(list, func(o policy.Requirement) bool { return o.Bits == r.Bits })
		if i < 0 {
			list = append(list, r)
		} else if list[i].Min < r.Min {
			list[i].Min = r.Min
		}
	}
	return list
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
		list = unite(list, g.Require)
	}
	return list
}

// gatesAtSubmit are those that a new request passes: to submit, and all between the lowest level and a start that vendor or
// partners provide.
func (j *judge) gatesAtSubmit() []*policy.Gate {
	if j.row < 0 || len(j.p.Gates()) == 0 {
		return nil
	}
	to := j.level
	if !j.bound {
		to = 0
	}
	var list []*policy.Gate
	gates := j.p.Gates()
	for i := range gates {
		g := &gates[i]
		onTheWay := g.To == Submit || g.ToIdx >= 0 && g.ToIdx <= to && to > 0 && g.ToIdx > 0
		if onTheWay && g.When.Eval(&j.facts) != fact.False {
			list = append(list, g)
		}
	}
	return list
}

// missing lists what the gates at submit ask for, and cites the gates. A refused request is asked for nothing.
func (j *judge) missing(d *Decision) []string {
	if d.Covered == CoveredNo {
		return nil
	}
	gates := j.gatesAtSubmit()
	if len(gates) == 0 {
		return nil
	}
	held := j.s.holding(j.p)
	var missing []string
	for _, g := range gates {
		before := len(missing)
		for k := range g.Require {
			if r := &g.Require[k]; !held.meets(r) && !slices.Contains(missing, r.IDs[0]) {
				missing = append(missing, r.IDs[0])
			}
		}
		if len(missing) > before {
			d.Because = append(d.Because, Reason{Clause: g.Clause, Rule: g.ID, Line: g.Line, Effect: "missing", Text: g.Sentence})
		}
	}
	return missing
}
