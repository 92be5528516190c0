package policy

import (
	"fmt"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- hours ----

func (c *compiler) hours() {
	list := c.root.Get("hours")
	var choose []*Rule
	c.Items(list, "hours", func(i int, n *yaml.Node) {
		c.Only(n, "hours", slices.Concat(ruleKeys, []string{"use", "add", "outside"}), nil)
		r := HoursRule{Rule: c.rule(n, fmt.Sprintf("hours[%d]", i), fact.StageHours)}
		r.BestEffort = c.Choice(n, "outside", "closed", "best-effort") == "best-effort"
		use, add := n.Get("use"), n.Get("add")
		switch {
		case (use == nil) == (add == nil):
			c.ErrorAt(n, "a rule of hours has either `use` or `add`")
		case add != nil:
			r.Add, r.Calendar = true, c.calendarNamed(add, false)
		default:
			r.Calendar = c.calendarNamed(use, true)
		}
		c.checkSettled(n, &r)
		c.p.hours = append(c.p.hours, r)
	})
	c.combine()
	if len(c.p.hours) == 0 {
		c.ErrorAt(c.root, "the policy names no hours; add `hours: [{use: ..}]`")
	}
	for i := range c.p.hours {
		if !c.p.hours[i].Add {
			choose = append(choose, &c.p.hours[i].Rule)
		}
	}
	c.checkChoose("hours", choose)
}

// checkSettled reports a calendar that rests on what follows from the hours themselves.
func (c *compiler) checkSettled(n *yaml.Node, r *HoursRule) {
	if r.Calendar < 0 {
		return
	}
	k := &c.p.calendars[r.Calendar]
	for _, f := range k.Rests {
		if c.p.space.Stage(f) >= fact.StageHours {
			c.ErrorAt(n, "calendar %q rests on `%s`, which is settled later than the hours", k.ID, c.p.space.Name(f))
		}
	}
}

// maxAdds bounds the unions that are built when a policy is loaded.
const maxAdds = 8

// combine builds the union of every chosen calendar with every set of adds.
func (c *compiler) combine() {
	var adds []int
	for i := range c.p.hours {
		r := &c.p.hours[i]
		if r.Calendar >= NoCalendar {
			r.Sentence = or(r.says, c.hoursSentence(r))
		}
		if r.Add && r.Calendar >= 0 {
			r.AddBit = 1 << len(adds)
			adds = append(adds, r.Calendar)
		}
	}
	if len(adds) > maxAdds {
		c.ErrorAt(c.root.Get("hours"), "more than %d rules with `add` are not supported in this version", maxAdds)
		return
	}
	c.p.combined = map[combination]Calendar{}
	for _, r := range c.p.hours {
		if r.Add || r.Calendar < 0 {
			continue
		}
		for set := uint64(1); set < 1<<len(adds); set++ {
			key := combination{r.Calendar, set}
			if _, ok := c.p.combined[key]; !ok {
				c.p.combined[key] = c.united(r.Calendar, adds, set)
			}
		}
	}
}

func (c *compiler) united(base int, adds []int, set uint64) Calendar {
	k := c.p.calendars[base]
	parts := []int{base}
	k.Rests = slices.Clone(k.Rests)
	for i, add := range adds {
		if set>>i&1 == 0 || add == base {
			continue
		}
		parts = append(parts, add)
		k.ID += " + " + c.p.calendars[add].ID
		for _, f := range c.p.calendars[add].Rests {
			if !slices.Contains(k.Rests, f) {
				k.Rests = append(k.Rests, f)
			}
		}
	}
	switch {
	case k.recipe == nil && k.Hours.IsAlways():
		k.Rests = nil
	case len(k.Rests) > 0:
		k.Hours, k.recipe = nil, &recipe{any: parts}
	default:
		k.Hours = c.p.unite(parts, anywhere{})
	}
	return k
}
