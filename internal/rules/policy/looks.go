package policy

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// Looks reports whether a rule of the policy looks at a fact, so that giving it can matter.
func (p *Policy) Looks(f fact.Fact) bool {
	return p.looked[f] || slices.ContainsFunc(p.calendars, func(k Calendar) bool { return slices.Contains(k.Rests, f) })
}

func (c *compiler) look(facts ...fact.Fact) {
	for _, f := range facts {
		c.p.looked[f] = true
	}
}
