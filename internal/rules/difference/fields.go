package difference

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// sayable are the parts of a definition that its own sentence tells, so that they need not be told again.
var sayable = map[string][]string{
	"hours":      {"for", "unless", "use", "add", "outside"},
	"coverage":   {"for", "unless", "answer"},
	"clocks":     {"for", "unless", "is"},
	"gates":      {"to", "require"},
	"calendars":  {"zone", "week", "any", "minus"},
	"categories": {"title", "level", "answer"},
	"offers":     {"title"},
	"terms":      {},
}

// fields compares two values part by part. path leads to them from what; parts in said are left out at its first step.
func (c *comparer) fields(block, what string, path []string, o, n *yaml.Node, said []string) {
	switch {
	case same(o, n):
	case o != nil && n != nil && o.Kind == yaml.Map && n.Kind == yaml.Map && !whole(path):
		for _, key := range keys(n, o) {
			if !slices.Contains(said, key) {
				before, after := entry(o, key), entry(n, key)
				c.fields(block, what, append(slices.Clone(path), key), placed(before), placed(after), nil)
			}
		}
	case ofMaps(o) || ofMaps(n):
		c.rules(block, spokenPath(what, path), o, n)
	default:
		c.leaf(block, spokenPath(what, path), o, n)
	}
}

func placed(p pair) *yaml.Node {
	if p.value == nil {
		return nil
	}
	return named(p)
}

// whole reports a part that is one thing to a reader: a condition.
func whole(path []string) bool {
	return len(path) > 0 && slices.Contains([]string{"for", "unless", "charge", "over"}, path[len(path)-1])
}

func (c *comparer) leaf(block, what string, o, n *yaml.Node) {
	switch {
	case o == nil:
		c.add(Added, block, what, nil, n, "", spoken(n))
	case n == nil:
		c.add(Removed, block, what, o, nil, spoken(o), "")
	default:
		c.add(Changed, block, what, o, n, spoken(o), spoken(n))
	}
}

// ofMaps reports a list of rules.
func ofMaps(n *yaml.Node) bool {
	return n != nil && n.Kind == yaml.List && slices.ContainsFunc(n.Values, func(v *yaml.Node) bool { return v.Kind == yaml.Map })
}

// same reports whether two values say the same, wherever they stand and however they are laid out. The order of a map's
// keys is not compared: where it carries meaning, order of does so.
func same(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Values) != len(b.Values) {
		return false
	}
	if a.Kind == yaml.Map {
		for i, k := range a.Keys {
			if !same(a.Values[i], b.Get(k.Text)) {
				return false
			}
		}
		return true
	}
	for i := range a.Values {
		if !same(a.Values[i], b.Values[i]) {
			return false
		}
	}
	return true
}

// partNames are the parts of definitions whose key is not a word for readers.
var partNames = map[string]string{
	"for": "applies to", "unless": "except for", "when": "on condition", "is": "value", "says": "sentence", "by": "provided by", "use": "calendar",
	"add": "added calendar", "any": "made of", "minus": "without", "closed": "closed on", "builds_on": "builds on", "opened_by": "opened by",
	"escalates_to": "hands over to", "set_by": "set by", "changed_by": "changed by", "of": "of", "within": "target", "then": "steps", "runs": "counts in",
	"starts": "begins with", "stops": "ends with", "restarts": "begins again with", "pauses": "pauses while", "means": "meaning", "at_least": "at least",
	"to": "to", "link": "address", "effective": "first day", "home": "home zone",
}

func spokenPath(what string, path []string) string {
	for _, key := range path {
		name := partNames[key]
		if name == "" {
			name = wording.Spoken(key)
		}
		what += ", " + name
	}
	return what
}

// spoken reads a value aloud: what is written, without the signs of the notation.
func spoken(n *yaml.Node) string {
	switch {
	case n == nil || n.Kind == yaml.Null:
		return "nothing"
	case n.Kind == yaml.Scalar && n.Text == "":
		return "nothing"
	case n.Kind == yaml.Scalar:
		return strings.Join(strings.Fields(n.Text), " ")
	}
	var parts []string
	for i, v := range n.Values {
		text := spoken(v)
		if n.Kind == yaml.Map {
			text = strings.NewReplacer("_", " ", ".", " ").Replace(n.Keys[i].Text) + ": " + text
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "nothing"
	}
	if n.Kind == yaml.Map || ofMaps(n) {
		return strings.Join(parts, "; ")
	}
	return wording.And(parts)
}

func joined(where, what string) string {
	if where == "" {
		return what
	}
	return where + ": " + wording.Inner(what)
}
