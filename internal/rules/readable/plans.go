package readable

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Plans compares the plans that are defined in a clause.
type Plans []Plan

// Plan is one plan. Includes are its own; Also what it has from the plans that it builds on.
type Plan struct {
	Name     string
	BuildsOn string
	// Answer is yes, limited, best-effort or no.
	Answer         string
	Ways           []Way
	Includes, Also []string
	// Needs says what a contract must have to keep the plan, or is empty.
	Needs string
}

// Severity is a scale of severities, most severe first, and who sets it.
type Severity struct {
	Steps []SeverityStep
	Notes []string
}

// SeverityStep is one severity.
type SeverityStep struct {
	Name, Means string
	// Was lists the words of earlier scales that it takes the place of.
	Was []string
}

// Gate is what a request needs before it passes.
type Gate struct {
	// Before says what the things are needed for, for example "A request to Level 2 needs".
	Before string
	// When is the condition in few words, or empty.
	When  string
	Needs []Need
}

// Need is one thing, or several of which one is enough. Waivable: a reason may stand in its place.
type Need struct {
	Any      []string
	Least    int
	Waivable bool
}

func (Plans) block()    {}
func (Severity) block() {}
func (Gate) block()     {}

func (r reader) plans(clause string) Plans {
	var list Plans
	for _, p := range r.p.Plans() {
		if p.Clause != clause {
			continue
		}
		answer := p.Answer
		if answer == "" {
			answer = "yes"
		}
		out := Plan{Name: p.Name, Answer: answer, Ways: r.ways(p.Offers), Includes: spokenAll(p.Includes), Needs: p.NeedsText}
		if base, ok := r.plan(p.BuildsOn); ok {
			out.BuildsOn = base.Name
		}
		for base, ok := r.plan(p.BuildsOn); ok; base, ok = r.plan(base.BuildsOn) {
			for _, item := range spokenAll(base.Includes) {
				if !slices.Contains(out.Also, item) && !slices.Contains(out.Includes, item) {
					out.Also = append(out.Also, item)
				}
			}
		}
		list = append(list, out)
	}
	return list
}

func (r reader) plan(id string) (policy.Plan, bool) {
	i := slices.IndexFunc(r.p.Plans(), func(p policy.Plan) bool { return p.ID == id && id != "" })
	if i < 0 {
		return policy.Plan{}, false
	}
	return r.p.Plans()[i], true
}

func spokenAll(ids []string) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = wording.Capital(wording.Spoken(id))
	}
	return list
}

func (r reader) severity(clause string) Severity {
	var s Severity
	for _, step := range r.p.Severities() {
		if step.Clause == clause {
			s.Steps = append(s.Steps, SeverityStep{Name: r.p.SeverityName(step.ID), Means: step.Means, Was: step.Was})
		}
	}
	if len(s.Steps) > 0 {
		s.Notes = r.severityNotes()
	}
	return s
}

func (r reader) severityNotes() []string {
	sides := map[string]string{policy.SetByRequester: "you", policy.SetByProvider: "we"}
	var notes []string
	switch set := r.p.SeveritySetBy(); set {
	case policy.SetDerived:
		notes = append(notes, "It follows from what is known of the request.")
	default:
		notes = append(notes, wording.Capital(sides[set])+" set it when the request arrives.")
	}
	if by := r.p.SeverityChangedBy(); len(by) > 0 {
		notes = append(notes, wording.Capital(wording.And(each(by, func(s string) string { return sides[s] })))+" may change it later, with a reason.")
	}
	if r.p.CustomerPriority() {
		notes = append(notes, "Your own order of your requests is kept beside it; it changes no target.")
	}
	return notes
}

func (r reader) gates(clause string) []Gate {
	var list []Gate
	for _, g := range r.p.Gates() {
		if g.Clause != clause {
			continue
		}
		out := Gate{Before: r.gateWords(g), When: g.Label}
		for _, need := range g.Require {
			one := Need{Least: need.Min, Waivable: need.Waivable}
			for _, id := range need.IDs {
				one.Any = append(one.Any, r.information(id))
			}
			out.Needs = append(out.Needs, one)
		}
		list = append(list, out)
	}
	return list
}

func (r reader) gateWords(g policy.Gate) string {
	levels := r.p.Levels()
	switch {
	case g.To == "submit":
		return "A new request brings"
	case g.To == "close":
		return "Closing a request takes"
	case g.ToIdx >= 0 && g.FromIdx >= 0:
		return "From " + levels[g.FromIdx].Name + " to " + levels[g.ToIdx].Name + " a request brings"
	case g.ToIdx >= 0:
		return levels[g.ToIdx].Name + " needs"
	}
	return wording.Capital(wording.Spoken(g.To)) + " takes"
}

func (r reader) information(id string) string {
	for _, i := range r.p.Information() {
		if i.ID == id {
			return i.Title
		}
	}
	return wording.Capital(wording.Spoken(id))
}
