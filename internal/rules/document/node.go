package document

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Only reports the keys of a map that nothing reads.
func (r *Report) Only(n *yaml.Node, where string, known, later []string) {
	if n == nil || n.Kind != yaml.Map {
		return
	}
	if r.keys == nil {
		r.keys = map[string][]string{}
	}
	r.keys[where] = known
	for _, k := range n.Keys {
		switch {
		case slices.Contains(known, k.Text):
		case slices.Contains(later, k.Text):
			r.ErrorAt(k, "%q%s is not supported in this version", k.Text, inside(where))
		default:
			r.ErrorAt(k, "unknown key %q%s%s", k.Text, inside(where), DidYouMean(k.Text, slices.Concat(known, later)))
		}
	}
}

func inside(where string) string {
	if where == "" {
		return ""
	}
	return " in " + where
}

// Items walks a list of rules.
func (r *Report) Items(n *yaml.Node, what string, fn func(i int, item *yaml.Node)) {
	if n == nil || !r.Is(n, yaml.List, what) {
		return
	}
	for i, item := range n.Values {
		if r.Is(item, yaml.Map, what) {
			fn(i, item)
		}
	}
}

// Is reports whether a node has a shape, and its absence as an error.
func (r *Report) Is(n *yaml.Node, kind yaml.Kind, what string) bool {
	if n.Kind != kind {
		r.ErrorAt(n, "%s: expected %v, found %v", what, kind, n.Kind)
		return false
	}
	return true
}

// Text returns the scalar under a key, "" when it is absent.
func (r *Report) Text(n *yaml.Node, key string) string {
	v := n.Get(key)
	if v == nil || !r.Is(v, yaml.Scalar, key) {
		return ""
	}
	return v.Text
}

// Required returns the scalar under a key and reports its absence.
func (r *Report) Required(n *yaml.Node, key, what string) string {
	if n.Get(key) == nil {
		r.ErrorAt(n, "%s needs `%s`", what, key)
		return ""
	}
	return r.Text(n, key)
}

// Words returns a scalar, or the scalars of a list.
func (r *Report) Words(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.Scalar:
		return []*yaml.Node{n}
	case !r.Is(n, yaml.List, what):
		return nil
	}
	words := make([]*yaml.Node, 0, len(n.Values))
	for _, v := range n.Values {
		if r.Is(v, yaml.Scalar, what) {
			words = append(words, v)
		}
	}
	return words
}

// Strings returns the words under a key as text.
func (r *Report) Strings(n *yaml.Node, key string) []string {
	var list []string
	for _, w := range r.Words(n.Get(key), key) {
		list = append(list, w.Text)
	}
	return list
}

// Number returns the whole number under a key; 0 when it is absent.
func (r *Report) Number(n *yaml.Node, key string) int {
	v := n.Get(key)
	if v == nil || !r.Is(v, yaml.Scalar, key) {
		return 0
	}
	i, err := strconv.Atoi(v.Text)
	if err != nil || i < 0 || i > 1e9 {
		r.ErrorAt(v, "%s: expected a whole number, found %q", key, v.Text)
	}
	return i
}

// Choice returns a scalar that must be one of the allowed words.
func (r *Report) Choice(n *yaml.Node, key string, allowed ...string) string {
	v := n.Get(key)
	if v == nil || !r.Is(v, yaml.Scalar, key) {
		return ""
	}
	if !slices.Contains(allowed, v.Text) {
		r.ErrorAt(v, "%s: %q is not one of %s%s", key, v.Text, strings.Join(allowed, ", "), DidYouMean(v.Text, allowed))
	}
	return v.Text
}

// Yes reports whether the value under a key is yes.
func (r *Report) Yes(n *yaml.Node, key string) bool {
	v := n.Get(key)
	if v == nil || !r.Is(v, yaml.Scalar, key) {
		return false
	}
	switch v.Text {
	case "yes", "true":
		return true
	case "no", "false":
		return false
	}
	r.ErrorAt(v, "%s: expected yes or no, found %q", key, v.Text)
	return false
}

// Percent reads "99.5%" as hundredths of a percent.
func (r *Report) Percent(n *yaml.Node) int {
	if !r.Is(n, yaml.Scalar, "a percentage") {
		return 0
	}
	number, ok := strings.CutSuffix(n.Text, "%")
	f, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(f >= 0 && f <= 100) {
		r.ErrorAt(n, "expected a percentage such as 99.5%%, found %q", n.Text)
		return 0
	}
	return int(f*100 + 0.5)
}

// UnknownWord reports a reference to something that is not defined.
func (r *Report) UnknownWord(at *yaml.Node, kind string, known []string) {
	if near := DidYouMean(at.Text, known); near != "" {
		r.ErrorAt(at, "no %s %q%s", kind, at.Text, near)
		return
	}
	if len(known) > 12 || len(known) == 0 {
		r.ErrorAt(at, "no %s %q is defined", kind, at.Text)
		return
	}
	r.ErrorAt(at, "no %s %q is defined; defined: %s", kind, at.Text, strings.Join(known, ", "))
}

// Duration returns a length of time in milliseconds.
func (r *Report) Duration(n *yaml.Node, what string) int64 {
	if !r.Is(n, yaml.Scalar, what) {
		return 0
	}
	ms, err := wording.ParseDuration(n.Text)
	if err != nil {
		if days, ok := strings.CutSuffix(strings.TrimSuffix(n.Text, "s"), " day"); ok {
			r.ErrorAt(n, "%q is 24 hours here; write `%s business day` or `24h`", n.Text, days)
			return 0
		}
		r.ErrorAt(n, "%s: %v", what, err)
	}
	return ms
}
