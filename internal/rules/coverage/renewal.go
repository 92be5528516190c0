package coverage

import (
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// renewal says on which plan the contract renews: its own, or the one that it falls back to when its needs are not met.
func (j *judge) renewal(d *Decision) {
	plan, ok := j.p.Plan(j.s.Plan)
	if !ok || len(plan.Needs.For) == 0 {
		return
	}
	for range len(j.p.Plans()) {
		held := plan.Needs.Eval(&j.facts)
		if held == fact.Unknown {
			j.unsettled(d, "plan_at_renewal", CauseMissing, plan.Needs.Missing(&j.facts, nil))
			return
		}
		d.Because = append(d.Because, Reason{Clause: plan.Clause, Rule: "plan " + plan.ID, Line: plan.Line, Effect: "renewal " + renewed(held, &plan), Text: plan.NeedsText})
		d.PlanAtRenewal = renewed(held, &plan)
		if plan, ok = j.p.Plan(d.PlanAtRenewal); held == fact.True || !ok || len(plan.Needs.For) == 0 {
			return
		}
	}
}

// NoPlan is the plan of an account without one.
const NoPlan = "none"

func renewed(held fact.Truth, plan *policy.Plan) string {
	switch {
	case held == fact.True:
		return plan.ID
	case plan.Else == "":
		return NoPlan
	}
	return plan.Else
}

// Unmet is an add-on or a plan that a contract does not have what it needs for. Missing names the facts that are not known;
// without any, the needs are surely not met.
type Unmet struct {
	Kind    string // addon or plan
	ID      string
	Name    string
	Clause  string
	Text    string // what it needs, as a sentence
	Missing []string
}

// ContractNeeds lists what a contract holds without having what it needs. It is checked when a contract is saved or renewed.
func ContractNeeds(p *policy.Policy, s *Situation) []Unmet {
	j := newJudge(p, s)
	var list []Unmet
	check := func(kind, id, name, text string, place policy.Place, needs *fact.Condition) {
		held := needs.Eval(&j.facts)
		if held == fact.True {
			return
		}
		u := Unmet{Kind: kind, ID: id, Name: name, Clause: place.Clause, Text: text}
		for _, f := range needs.Missing(&j.facts, nil) {
			if held == fact.Unknown {
				u.Missing = append(u.Missing, p.Facts().Name(f))
			}
		}
		list = append(list, u)
	}
	if plan, ok := p.Plan(s.Plan); ok {
		check("plan", plan.ID, plan.Name, plan.NeedsText, plan.Place, &plan.Needs)
	}
	for _, a := range p.Addons() {
		for _, held := range s.Addons {
			if held == a.ID {
				check("addon", a.ID, a.Name, a.NeedsText, a.Place, &a.Needs)
			}
		}
	}
	return list
}
