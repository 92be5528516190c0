package difference

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// rules compares two lists of rules. A rule is the same one when it has the same id, else when it has the same condition;
// where says what the list belongs to, as the beginning of a sentence.
func (c *comparer) rules(block, where string, o, n *yaml.Node) {
	before, after := items(o), items(n)
	partner := pairUp(before, after)
	matched := make([]bool, len(before))
	for i, rule := range after {
		what := joined(where, c.new.ruleTitle(block, rule))
		j := partner[i]
		if j < 0 {
			c.oneSided(block, what, nil, rule)
			continue
		}
		matched[j] = true
		c.rule(block, what, before[j], rule)
	}
	for j, rule := range before {
		if !matched[j] {
			c.oneSided(block, joined(where, c.old.ruleTitle(block, rule)), rule, nil)
		}
	}
	c.order(block, where, before, after, partner)
}

func (c *comparer) rule(block, what string, o, n *yaml.Node) {
	if c.old.clauseOf(o) != c.new.clauseOf(n) {
		c.add(Moved, block, what, o, n, c.old.clauseTitle(o), c.new.clauseTitle(n))
	}
	if same(o, n) {
		return
	}
	from, to := c.old.sentence(o), c.new.sentence(n)
	var said []string
	if from != "" && to != "" && from != to {
		c.add(Changed, block, what, o, n, from, to)
		// a sentence of the author's own tells nothing of the condition beneath it
		if said = sayable[block]; o.Get("says") != nil || n.Get("says") != nil {
			said = []string{"says"}
		}
	}
	c.fields(block, what, nil, o, n, said)
}

func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.List {
		return nil
	}
	return n.Values
}

// pairUp finds for each rule of after its index in before, -1 for a new one: first by id, then by equal text, then by
// equal condition, each rule once.
func pairUp(before, after []*yaml.Node) []int {
	out, taken := make([]int, len(after)), make([]bool, len(before))
	for i := range out {
		out[i] = -1
	}
	for _, alike := range []func(a, b *yaml.Node) bool{sameID, same, sameCondition} {
		for i := range after {
			if out[i] >= 0 {
				continue
			}
			for j := range before {
				if !taken[j] && alike(before[j], after[i]) {
					out[i], taken[j] = j, true
					break
				}
			}
		}
	}
	return out
}

func sameID(a, b *yaml.Node) bool {
	x, y := a.Get("id"), b.Get("id")
	return x != nil && y != nil && x.Text == y.Text
}

func sameCondition(a, b *yaml.Node) bool {
	if a.Kind != yaml.Map || b.Kind != yaml.Map || (a.Get("id") == nil) != (b.Get("id") == nil) || a.Get("id") != nil {
		return false
	}
	for _, key := range []string{"for", "unless", "when", "by", "bands", "to", "from", "phase"} {
		if !same(a.Get(key), b.Get(key)) {
			return false
		}
	}
	return (a.Get("add") == nil) == (b.Get("add") == nil)
}

// order notes rules that stand in both lists but no longer one after the other: in a list whose first rule that holds
// decides, that changes decisions. A rule that jumped over others is named, not those that it jumped over.
func (c *comparer) order(block, where string, before, after []*yaml.Node, partner []int) {
	stays := longestRise(partner)
	for i, j := range partner {
		if j < 0 || stays[i] {
			continue
		}
		to := "at the end"
		if next := slices.IndexFunc(partner[i+1:], func(k int) bool { return k >= 0 }); next >= 0 {
			to = "above " + c.new.brief(block, after[i+1+next])
		}
		from := "at the end"
		if next := firstKept(partner, j+1, len(before)); next >= 0 {
			from = "above " + c.old.brief(block, before[next])
		}
		c.add(Moved, block, joined(where, c.new.ruleTitle(block, after[i])), before[j], after[i], from, to)
	}
}

// firstKept is the first rule of the older list from an index on that is in the newer list too, -1 for none.
func firstKept(partner []int, from, to int) int {
	for j := from; j < to; j++ {
		if slices.Contains(partner, j) {
			return j
		}
	}
	return -1
}

// longestRise marks the members of a longest rising part of a list; negative ones are left out.
func longestRise(list []int) []bool {
	length, previous, best := make([]int, len(list)), make([]int, len(list)), -1
	for i, v := range list {
		previous[i], length[i] = -1, 1
		if v < 0 {
			length[i] = 0
			continue
		}
		for k := range i {
			if list[k] >= 0 && list[k] < v && length[k]+1 > length[i] {
				length[i], previous[i] = length[k]+1, k
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	out := make([]bool, len(list))
	for ; best >= 0; best = previous[best] {
		out[best] = true
	}
	return out
}
