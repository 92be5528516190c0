package policy

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- gates ----

func (c *compiler) gates() {
	levels := names(c.p.levels, func(l Level) string { return l.ID })
	c.Items(c.root.Get("gates"), "gates", func(i int, n *yaml.Node) {
		c.Only(n, "gates", slices.Concat(ruleKeys, []string{"to", "from", "require"}), nil)
		g := Gate{Rule: c.rule(n, fmt.Sprintf("gates[%d]", i), fact.StageGates), From: c.Text(n, "from"), To: c.Required(n, "to", "a gate")}
		g.To = c.gateTo(n.Get("to"), levels)
		g.FromIdx, g.ToIdx = slices.Index(levels, g.From), slices.Index(levels, g.To)
		if g.From != "" && g.FromIdx < 0 {
			c.UnknownWord(n.Get("from"), "level", levels)
		}
		if g.FromIdx >= 0 && g.ToIdx >= 0 && g.ToIdx <= g.FromIdx {
			c.ErrorAt(n.Get("to"), "a gate leads up the ladder; %s is not above %s", g.To, g.From)
		}
		g.Require = c.requirements(n.Get("require"))
		if len(g.Require) == 0 {
			c.ErrorAt(n, "a gate needs `require`")
		}
		g.Sentence = or(g.says, c.gateSentence(&g))
		c.p.gates = append(c.p.gates, g)
	})
}

// gateTo is where a gate stands: before submit, a level or close. The end of a clock that runs until a request is solved or closed
// is the same as close.
func (c *compiler) gateTo(at *yaml.Node, levels []string) string {
	if at == nil || at.Kind != yaml.Scalar {
		return ""
	}
	to := at.Text
	if clock, ok := find(c.p.clocks, func(k Clock) bool { return k.ID == to }); ok && !slices.Contains(levels, to) {
		to = clock.Stops
		if to != "solved" && to != "closed" {
			c.ErrorAt(at, "clock %q stops at %q, and nothing can be asked for there; a gate stands before a clock that stops at solved or closed", at.Text, to)
		}
	}
	if to == "solved" || to == "closed" {
		return "close"
	}
	if to != "submit" && to != "close" && !slices.Contains(levels, to) {
		c.UnknownWord(at, "gate", append(slices.Clone(levels), "submit", "close", "solved"))
	}
	return to
}

func (c *compiler) requirements(n *yaml.Node) []Requirement {
	if n == nil || !c.Is(n, yaml.List, "require") {
		return nil
	}
	var list []Requirement
	for _, item := range n.Values {
		r := Requirement{Min: 1, Place: c.place(item)}
		switch item.Kind {
		case yaml.Scalar:
			c.require(&r, item)
		case yaml.Map:
			c.requireMap(&r, item)
		default:
			c.ErrorAt(item, "require: expected an id such as `steps`, found %v", item.Kind)
			continue
		}
		list = append(list, r)
	}
	return list
}

// requireMap reads {any: [a, b], waive: with-reason} and {test_matrix: 1, waive: with-reason}.
func (c *compiler) requireMap(r *Requirement, item *yaml.Node) {
	for i, key := range item.Keys {
		v := item.Values[i]
		switch key.Text {
		case "any":
			for _, w := range c.Words(v, "any") {
				c.require(r, w)
			}
		case "waive":
			if r.Waivable = v.Text == "with-reason"; !r.Waivable {
				c.ErrorAt(v, "waive: expected with-reason, found %q", v.Text)
			}
		default:
			c.require(r, key)
			if n, err := strconv.Atoi(v.Text); err != nil || n < 1 || n > 1000 {
				c.ErrorAt(v, "%s: expected how many are needed", key.Text)
			} else {
				r.Min = n
			}
		}
	}
	if len(r.IDs) == 0 {
		c.ErrorAt(item, "require: nothing is named")
	}
	if item.Get("any") == nil && len(r.IDs) > 1 {
		c.ErrorAt(item, "require: write one entry for each, or {any: [..]}")
	}
}

func (c *compiler) require(r *Requirement, at *yaml.Node) {
	word, ok := c.p.Word(fact.Provided, at.Text)
	if !ok {
		ids := names(c.p.information, func(i Information) string { return i.ID })
		c.ErrorAt(at, "gate asks for %q, which is not under `information`%s", at.Text, document.DidYouMean(at.Text, ids))
		return
	}
	r.IDs = append(r.IDs, at.Text)
	r.Bits |= 1 << (word & 63)
}
