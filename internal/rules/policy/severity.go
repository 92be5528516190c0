package policy

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Ways in which a severity is set.
const (
	SetByRequester = "requester"
	SetByProvider  = "provider"
	SetDerived     = "derived"
)

// SeveritySetBy says who sets the severity first: SetByRequester (also where the policy does not say), SetByProvider, or
// SetDerived, where `from` decides.
func (p *Policy) SeveritySetBy() string {
	if p.setBy == "" {
		return SetByRequester
	}
	return p.setBy
}

// SeverityChangedBy lists the sides that may change the severity later: requester, provider.
func (p *Policy) SeverityChangedBy() []string { return p.changedBy }

// CustomerPriority reports that the customer's own order is kept beside the severity.
func (p *Policy) CustomerPriority() bool { return p.ordered }

// SeverityNow is the word of today's scale for a word of an earlier one; a word of today's scale stays.
func (p *Policy) SeverityNow(word string) string {
	for i := range p.severities {
		if slices.Contains(p.severities[i].Was, word) {
			return p.severities[i].ID
		}
	}
	return word
}

// SeverityName is what people call a step of the scale: its name, else its id.
func (p *Policy) SeverityName(id string) string {
	if s, ok := find(p.severities, func(s SeverityLevel) bool { return s.ID == id }); ok && s.Name != "" {
		return s.Name
	}
	return id
}

func (c *compiler) severities() {
	n := c.root.Get("severity")
	if n == nil || !c.Is(n, yaml.Map, "severity") {
		return
	}
	c.Only(n, "severity", []string{"scale", "set_by", "changed_by", "priority", "from"}, nil)
	c.p.setBy = c.Choice(n, "set_by", SetByRequester, SetByProvider, SetDerived)
	if c.p.setBy == SetDerived && n.Get("from") == nil {
		c.ErrorAt(n.Get("set_by"), "a severity that is derived needs `from`")
	}
	for _, w := range c.Words(n.Get("changed_by"), "changed_by") {
		if w.Text != "requester" && w.Text != "provider" {
			c.ErrorAt(w, "changed_by: %q is not one of requester, provider", w.Text)
		}
		c.p.changedBy = append(c.p.changedBy, w.Text)
	}
	c.p.ordered = c.Choice(n, "priority", "customer") == "customer"
	scale := n.Get("scale")
	if scale == nil || !c.Is(scale, yaml.Map, "severity.scale") {
		return
	}
	was := map[string]string{}
	for i, key := range scale.Keys {
		v := scale.Values[i]
		if !c.Is(v, yaml.Map, "a severity") {
			continue
		}
		c.Only(v, "severity.scale."+key.Text, []string{"name", "means", "was", "for"}, nil)
		s := SeverityLevel{ID: key.Text, Name: c.Text(v, "name"), Means: c.Text(v, "means"), Was: c.Strings(v, "was"), Place: c.place(key)}
		for _, w := range c.Words(v.Get("was"), "was") {
			if was[w.Text] != "" || scale.Get(w.Text) != nil {
				c.ErrorAt(w, "%q cannot have become both %q and %q", w.Text, or(was[w.Text], w.Text), key.Text)
			}
			was[w.Text] = key.Text
		}
		c.p.severities = append(c.p.severities, s)
	}
}

// severityConditions reads where a step of the scale exists, once the words of all facts are known.
func (c *compiler) severityConditions() {
	for i := range c.p.severities {
		s := &c.p.severities[i]
		s.When.For = c.tests(c.root.Get("severity").Get("scale").Get(s.ID).Get("for"), "severity.scale."+s.ID, fact.StageVersion)
		for _, t := range s.When.For {
			if t.Fact == fact.Severity {
				c.Add(SeverityError, s.Line, s.Col, "where severity %s exists cannot depend on the severity", s.ID)
			}
		}
	}
}

// severityFrom reads how the severity follows from other facts; nil where the policy does not say.
func (c *compiler) severityFrom() *Derived {
	from := c.root.Get("severity").Get("from")
	if from == nil {
		return nil
	}
	d := &Derived{Fact: fact.Severity, node: from}
	spec := cells{calc: true, typ: fact.TypeID, like: fact.Severity, read: func(n *yaml.Node) (int64, bool) { return c.readValue(fact.Severity, n) }}
	d.List, d.Rules = c.chooseList(from, "severity.from", "severity.from", fact.StageVersion, spec)
	if slices.Contains(d.List.Facts(), fact.Severity) {
		c.ErrorAt(from, "`severity.from` cannot look at the severity itself; use `severity_asked`")
	}
	return d
}
