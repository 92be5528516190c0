package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Negotiable is a place of the policy that a contract may change: the path of a block or of something in it.
type Negotiable struct {
	Path string `json:"path"`
	Place
}

// Negotiable lists what a contract may change, in document order.
func (p *Policy) Negotiable() []Negotiable { return p.negotiable }

func (c *compiler) negotiables() {
	for _, w := range c.Words(c.root.Get("negotiable"), "negotiable") {
		at := c.root
		for _, key := range strings.Split(w.Text, ".") {
			if at != nil {
				at = at.Get(key)
			}
		}
		switch {
		case at == nil:
			c.ErrorAt(w, "`negotiable` names %q, which this policy does not define", w.Text)
		case slices.Contains([]string{"policy", "negotiable", "conflicts", "keeps"}, strings.Split(w.Text, ".")[0]):
			c.ErrorAt(w, "%q cannot be negotiable: it belongs to the policy as a whole", w.Text)
		}
		c.p.negotiable = append(c.p.negotiable, Negotiable{Path: w.Text, Place: c.place(w)})
	}
}

// agreements are the variants of a policy that contracts have agreed on, by their terms.
type agreements struct {
	mu   sync.Mutex
	kept map[string]*Policy
}

// Bounds of what contracts agree on: the variants that are kept, and the bytes of the terms of one.
const (
	maxAgreed = 256
	maxTerms  = 64 << 10
)

// With returns the policy as a contract changes it. terms is YAML of the same form as the policy, at paths that the policy
// names negotiable only: maps replace entry by entry, lists are put in front. The findings are of the terms; the policy is nil
// when one is an error.
func (p *Policy) With(terms string) (*Policy, []Finding) {
	d := &document.Document{Report: document.NewReport("contract terms"), Sections: p.source.Sections}
	if len(terms) > maxTerms {
		d.Add(SeverityError, 1, 1, "the terms of a contract are longer than 64 KiB")
		return nil, d.Findings()
	}
	root, mistake := yaml.Parse([]byte(terms))
	switch {
	case mistake != nil:
		d.Add(SeverityError, mistake.Line, mistake.Col, "%s", mistake.Message)
		return nil, d.Findings()
	case root.Kind == yaml.Null:
		return p, nil
	case root.Kind != yaml.Map:
		d.ErrorAt(root, "contract terms are a map of keys such as `hours:`, not %v", root.Kind)
		return nil, d.Findings()
	}
	a := &agreeing{Report: d.Report, p: p}
	d.Root = a.merge(p.source.Root, root, "", nil)
	if d.Failed() {
		return nil, d.Findings()
	}
	agreed := compile(p.file, d)
	if d.Failed() {
		return nil, d.Findings()
	}
	agreed.asksReleases = p.asksReleases
	return agreed, d.Findings()
}

// Agreed is With for terms that were checked when they were saved, remembered by their text; false where the policy of today
// does not take them.
func (p *Policy) Agreed(terms string) (*Policy, bool) {
	p.agreed.mu.Lock()
	variant, ok := p.agreed.kept[terms]
	p.agreed.mu.Unlock()
	if ok {
		return variant, variant != nil
	}
	variant, _ = p.With(terms) // outside the lock: other contracts go on meanwhile
	p.agreed.mu.Lock()
	defer p.agreed.mu.Unlock()
	if p.agreed.kept == nil {
		p.agreed.kept = map[string]*Policy{}
	}
	for old := range p.agreed.kept {
		if len(p.agreed.kept) < maxAgreed {
			break
		}
		delete(p.agreed.kept, old)
	}
	p.agreed.kept[strings.Clone(terms)] = variant
	return variant, variant != nil
}

// ByContract reports whether the terms of a contract put a rule there.
func (p *Policy) ByContract(rule string) bool { return p.byContract[rule] }

// agreeing puts the terms of a contract into a policy's blocks.
type agreeing struct {
	*document.Report
	p *Policy
}

// merge returns base with the terms of one map in it; base stays as it is. by is the clause that allows it, nil while no path
// was reached that is negotiable.
func (a *agreeing) merge(base, terms *yaml.Node, path string, by *Negotiable) *yaml.Node {
	merged := *base
	merged.Keys, merged.Values = slices.Clone(base.Keys), slices.Clone(base.Values)
	for i, key := range terms.Keys {
		at := strings.TrimPrefix(path+"."+key.Text, ".")
		allowed := by
		if allowed == nil {
			allowed = a.allows(at)
		}
		if allowed == nil && !a.leads(at) {
			a.ErrorAt(key, "contract terms change `%s`, which %s", at, a.list())
			continue
		}
		a.put(&merged, key, terms.Values[i], at, allowed)
	}
	return &merged
}

func (a *agreeing) put(into, key, value *yaml.Node, at string, by *Negotiable) {
	k := slices.IndexFunc(into.Keys, func(n *yaml.Node) bool { return n.Text == key.Text })
	var old *yaml.Node
	if k >= 0 {
		old = into.Values[k]
	}
	if by == nil && (old == nil || old.Kind != yaml.Map || value.Kind != yaml.Map) {
		a.ErrorAt(key, "contract terms change `%s`, which %s", at, a.list())
		return
	}
	var result *yaml.Node
	switch {
	case old != nil && old.Kind == yaml.Map && value.Kind == yaml.Map:
		result = a.merge(old, value, at, by)
	case old != nil && old.Kind == yaml.List && value.Kind == yaml.List:
		list := *old
		list.Values = append(a.mark(value, by).Values, old.Values...)
		result = &list
	default:
		result = a.mark(value, by)
	}
	name := key
	if by != nil {
		name = a.mark(key, by)
	}
	if k < 0 {
		into.Keys, into.Values = append(into.Keys, name), append(into.Values, result)
		return
	}
	into.Keys[k], into.Values[k] = name, result
}

// mark copies what a contract says and gives it the clause that allows it.
func (a *agreeing) mark(n *yaml.Node, by *Negotiable) *yaml.Node {
	c := *n
	c.Part, c.Foreign = a.p.clauseIndex[by.Clause], true
	c.Keys, c.Values = make([]*yaml.Node, len(n.Keys)), make([]*yaml.Node, len(n.Values))
	for i := range n.Keys {
		c.Keys[i] = a.mark(n.Keys[i], by)
	}
	for i := range n.Values {
		c.Values[i] = a.mark(n.Values[i], by)
	}
	return &c
}

// allows finds the negotiable path that covers a path.
func (a *agreeing) allows(path string) *Negotiable {
	for i := range a.p.negotiable {
		n := &a.p.negotiable[i]
		if path == n.Path || strings.HasPrefix(path, n.Path+".") {
			return n
		}
	}
	return nil
}

// leads reports whether a negotiable path lies below a path.
func (a *agreeing) leads(path string) bool {
	return slices.ContainsFunc(a.p.negotiable, func(n Negotiable) bool { return strings.HasPrefix(n.Path, path+".") })
}

func (a *agreeing) list() string {
	if len(a.p.negotiable) == 0 {
		return "this policy does not list as `negotiable`: it lists nothing"
	}
	paths := names(a.p.negotiable, func(n Negotiable) string { return n.Path })
	return "#" + a.p.negotiable[0].Clause + " does not list as negotiable; listed: " + wording.And(paths)
}

// ---- contracts that stay on the preceding version ----

// Keep is a rule under which a contract stays on the version before this one. Until is renewal, ever or a date.
type Keep struct {
	Rule
	Until string
}

// Keeps lists the rules under which contracts stay on the preceding version.
func (p *Policy) Keeps() []Keep { return p.keeps }

func (c *compiler) keep() {
	c.Items(c.root.Get("keeps"), "keeps", func(i int, n *yaml.Node) {
		c.Only(n, "keeps", append(slices.Clone(ruleKeys), "until"), nil)
		k := Keep{Rule: c.rule(n, fmt.Sprintf("keeps[%d]", i), fact.StageVersion), Until: c.Required(n, "until", "a rule of keeps")}
		if k.Until != "renewal" && k.Until != "ever" {
			if _, err := calendar.ParseDate(k.Until); err != nil && n.Get("until") != nil {
				c.ErrorAt(n.Get("until"), "until: expected `renewal`, `ever` or a date, found %q", k.Until)
			}
		}
		c.p.keeps = append(c.p.keeps, k)
	})
}
