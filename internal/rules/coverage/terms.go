package coverage

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- what a contract agrees on ----

// agreedOn is the policy as the contract of a situation changes it; false where the policy does not take its terms any more.
func agreedOn(p *policy.Policy, s *Situation) (*policy.Policy, bool) {
	if s.Contract.Terms == "" {
		return p, true
	}
	if agreed, ok := p.Agreed(s.Contract.Terms); ok {
		return agreed, true
	}
	return p, false
}

// citeContract marks the reasons that the terms of the contract gave.
func citeContract(p *policy.Policy, d *Decision) {
	mark := func(reasons []Reason) {
		for i := range reasons {
			r := &reasons[i]
			name, hours := strings.CutPrefix(r.Effect, "calendar ")
			if p.ByContract(r.Rule) || hours && slices.ContainsFunc(p.Calendars(), func(c policy.Calendar) bool { return c.ID == name && c.Contract }) {
				r.Source = "contract"
			}
		}
	}
	mark(d.Because)
	for i := range d.Clocks {
		mark(d.Clocks[i].Because)
	}
}

// terms reads negotiated terms, a map or its text, and checks them against the policy.
func (r *reader) terms(path string, n *yaml.Node) string {
	root := n
	if n.Kind == yaml.Scalar {
		var mistake *yaml.Error
		if root, mistake = yaml.Parse([]byte(n.Text)); mistake != nil {
			r.fail(path, n, "%s", mistake.Message)
			return ""
		}
	}
	if root.Kind == yaml.Null || root.Kind == yaml.Scalar && root.Text == "none" {
		return ""
	}
	text := root.JSON()
	if r.p == nil {
		return text
	}
	_, findings := r.p.With(text)
	for _, f := range findings {
		if f.Severity == policy.SeverityError {
			r.fail(path, n, "%s", f.Message)
			return ""
		}
	}
	return text
}

// ---- contracts that stay on the preceding version ----

// Stays returns the rule by which the contract of a situation stays on the version before this one, at the arrival; false where
// none holds for sure.
func Stays(p *policy.Policy, s *Situation) (policy.Keep, bool) {
	keeps := p.Keeps()
	if len(keeps) == 0 {
		return policy.Keep{}, false
	}
	j := newJudge(p, s)
	var unused Decision
	j.derive(&unused, fact.StageFacts)
	for i := range keeps {
		if keeps[i].When.Eval(&j.facts) == fact.True {
			return keeps[i], j.until(&keeps[i])
		}
	}
	return policy.Keep{}, false
}

// until reports whether the time has not come yet at which a contract moves on.
func (j *judge) until(k *policy.Keep) bool {
	switch k.Until {
	case "ever":
		return true
	case "renewal":
		renews := j.facts.V[fact.ContractRenews]
		return !renews.Known || j.today() < renews.N
	}
	day, err := calendar.ParseDate(k.Until)
	return err == nil && j.today() < int64(day)
}
