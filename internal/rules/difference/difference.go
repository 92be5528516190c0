// Package difference says in words what one policy has and another has not, clause by clause and rule by rule. It looks
// at everything that either document defines, also at blocks that it has no words of its own for, so that no change can
// go unseen.
package difference

import (
	"cmp"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Kind is what happened to a definition, a rule or a text.
type Kind string

// The kinds of change. Moved is a rule that stands elsewhere, among its neighbours or in another clause.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
	Moved   Kind = "moved"
)

// Change is one difference. Clause and Title are the heading under which it stands: in the newer policy, or in the older
// one where something was removed. Block is the kind of definition, e.g. hours, or "text" for what only people read.
// What names the thing as a sentence begins; From and To are its wordings before and after, empty where there was none.
type Change struct {
	Kind   Kind   `json:"kind"`
	Clause string `json:"clause"`
	Title  string `json:"title"`
	Block  string `json:"block"`
	What   string `json:"what"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
}

// Text is the block of a change of what only people read: a heading, a paragraph.
const Text = "text"

// Sentence says the change in one line: `Level 1 hours for accounts in North America: added. Level 1 is also open ...`
func (c Change) Sentence() string {
	s := c.What + ": " + string(c.Kind)
	switch {
	case c.From != "" && c.To != "":
		return s + ` from "` + c.From + `" to "` + c.To + `".`
	case c.From+c.To != "":
		return s + `: "` + c.From + c.To + `".`
	}
	return s + "."
}

// Compare lists what changes from one policy to the next, in the order of the newer document; what was removed stands
// last in its clause. Two policies that say the same have no changes.
func Compare(from, to *policy.Policy) []Change {
	c := &comparer{old: newSide(from), new: newSide(to)}
	c.clauses()
	a, b := from.Written(), to.Written()
	for _, key := range keys(b, a) {
		c.block(key, a.Get(key), b.Get(key))
	}
	slices.SortStableFunc(c.found, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.clause, b.clause), cmp.Compare(a.line, b.line))
	})
	out := make([]Change, len(c.found))
	for i := range c.found {
		out[i] = c.found[i].Change
	}
	return out
}

// found is a change with the place by which it is sorted.
type found struct {
	Change
	clause int
	line   int
}

type comparer struct {
	old, new *side
	found    []found
}

// lastLine sorts what was removed behind what stands.
const lastLine = 1 << 30

// add notes a change of what is written at o, at n, or at both.
func (c *comparer) add(kind Kind, block, what string, o, n *yaml.Node, from, to string) {
	f := found{Change: Change{Kind: kind, Block: block, What: what, From: from, To: to}}
	if n != nil {
		f.place(c.new, c.new, n.Part, n.Line)
	} else {
		f.place(c.old, c.new, o.Part, lastLine)
	}
	c.found = append(c.found, f)
}

// place puts a change under the clause with this index of side in. The order is that of the newer document; a clause that
// is no more comes last.
func (f *found) place(in, newer *side, clause, line int) {
	at := in.p.Clauses()[clause]
	f.Clause, f.Title, f.line = at.ID, at.Title, line
	f.clause = slices.IndexFunc(newer.p.Clauses(), func(k policy.Clause) bool { return k.ID == at.ID })
	if f.clause < 0 {
		f.clause = len(newer.p.Clauses()) + clause
	}
}

// keys are the keys of a and then those of b that a has not.
func keys(a, b *yaml.Node) []string {
	var out []string
	for _, n := range []*yaml.Node{a, b} {
		if n == nil || n.Kind != yaml.Map {
			continue
		}
		for _, k := range n.Keys {
			if !slices.Contains(out, k.Text) {
				out = append(out, k.Text)
			}
		}
	}
	return out
}

// block compares one block of both documents.
func (c *comparer) block(name string, o, n *yaml.Node) {
	switch {
	case o != nil && n != nil && o.Kind == yaml.List && n.Kind == yaml.List && (ofMaps(o) || ofMaps(n)):
		c.rules(name, "", o, n)
	case plainBlocks[name], o != nil && o.Kind != yaml.Map, n != nil && n.Kind != yaml.Map:
		c.wholeBlock(name, o, n)
	default:
		c.entries(name, o, n)
	}
}

// plainBlocks are settings rather than named definitions.
var plainBlocks = map[string]bool{"policy": true, "severity": true, "updates": true, "negotiable": true}

func (c *comparer) wholeBlock(name string, o, n *yaml.Node) {
	switch {
	case o != nil && n != nil:
		c.fields(name, nounOf(name), nil, o, n, nil)
	case ofMaps(o) || ofMaps(n):
		c.rules(name, "", o, n)
	default:
		c.oneSided(name, nounOf(name), o, n)
	}
}

// oneSided notes what stands in one document only.
func (c *comparer) oneSided(block, what string, o, n *yaml.Node) {
	if n != nil {
		c.add(Added, block, what, nil, n, "", c.new.say(block, n))
		return
	}
	c.add(Removed, block, what, o, nil, c.old.say(block, o), "")
}

// entries compares the named definitions of a block.
func (c *comparer) entries(block string, o, n *yaml.Node) {
	for _, key := range keys(n, o) {
		before, after := entry(o, key), entry(n, key)
		switch {
		case before.value == nil:
			c.oneSided(block, c.new.title(block, after), nil, named(after))
		case after.value == nil:
			c.oneSided(block, c.old.title(block, before), named(before), nil)
		default:
			c.definition(block, before, after)
		}
	}
}

// pair is a definition with its name.
type pair struct{ key, value *yaml.Node }

func entry(n *yaml.Node, key string) pair {
	if n == nil || n.Kind != yaml.Map {
		return pair{}
	}
	for i, k := range n.Keys {
		if k.Text == key {
			return pair{k, n.Values[i]}
		}
	}
	return pair{}
}

// named is the value, placed where its name stands: a map that goes on in a later clause belongs to the first.
func named(p pair) *yaml.Node {
	n := *p.value
	n.Part, n.Line, n.Col = p.key.Part, p.key.Line, p.key.Col
	return &n
}

func (c *comparer) definition(block string, before, after pair) {
	what := c.new.title(block, after)
	if c.old.clauseOf(before.key) != c.new.clauseOf(after.key) {
		c.add(Moved, block, what, before.key, after.key, c.old.clauseTitle(before.key), c.new.clauseTitle(after.key))
	}
	if same(before.value, after.value) {
		return
	}
	from, to := c.old.words(block, before), c.new.words(block, after)
	said := sayable[block]
	if from == "" || to == "" || from == to {
		said = nil
	} else {
		c.add(Changed, block, what, before.key, after.key, from, to)
	}
	c.fields(block, what, nil, before.value, after.value, said)
}
