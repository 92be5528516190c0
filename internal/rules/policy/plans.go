package policy

import (
	"fmt"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Addon is something that a contract can hold beside its plan. What it changes, other rules say.
type Addon struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title,omitempty"` // what the buyer reads, when it says more than the name
	Place

	Needs     fact.Condition `json:"-"` // what a contract must have to hold it
	NeedsText string         `json:"-"` // the needs as a sentence, or empty
}

// Addons lists the add-ons that a contract can hold.
func (p *Policy) Addons() []Addon { return p.addons }

// Plan finds a support plan.
func (p *Policy) Plan(id string) (Plan, bool) {
	return find(p.plans, func(plan Plan) bool { return plan.ID == id })
}

// maxPlans bounds the plans of a policy.
const maxPlans = 200

func (c *compiler) plans() {
	c.entries("plans", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a plan") {
			return
		}
		c.Only(n, "plans."+key.Text, []string{"name", "answer", "offer", "queue", "builds_on", "includes", "needs", "says"}, nil)
		if len(c.p.plans) == maxPlans {
			c.ErrorAt(key, "more than %d plans are too many for one policy", maxPlans)
		}
		if len(c.p.plans) >= maxPlans {
			return
		}
		name := or(c.Text(n, "name"), wording.Name(key.Text))
		c.p.plans = append(c.p.plans, Plan{
			ID: key.Text, Name: name, BuildsOn: c.Text(n, "builds_on"), Includes: c.Strings(n, "includes"),
			Queue: c.Number(n, "queue"), Answer: c.answer(n), Offers: c.waysOn(n), Place: c.place(key), says: c.says(n),
		})
	})
	ids := names(c.p.plans, func(p Plan) string { return p.ID })
	for i := range c.p.plans {
		c.linkPlan(&c.p.plans[i], i, ids)
	}
	c.entries("addons", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "an add-on") {
			return
		}
		c.Only(n, "addons."+key.Text, []string{"name", "title", "needs"}, nil)
		a := Addon{ID: key.Text, Name: c.Text(n, "name"), Title: c.Text(n, "title"), Place: c.place(key)}
		if a.Name == "" {
			a.Name = or(a.Title, wording.Name(key.Text))
		}
		c.p.addons = append(c.p.addons, a)
		c.closed(fact.Addon, key.Text)
	})
}

// linkPlan resolves the plan that a plan builds on and adds up what both include.
func (c *compiler) linkPlan(p *Plan, index int, ids []string) {
	n := c.root.Get("plans").Get(p.ID)
	if p.says != "" && p.Answer == "" {
		c.ErrorAt(n.Get("says"), "says: plan %q has no answer that it could say", p.ID)
	}
	switch base := slices.Index(ids, p.BuildsOn); {
	case p.BuildsOn == "":
	case base < 0:
		c.UnknownWord(n.Get("builds_on"), "plan", ids)
	case base >= index:
		c.ErrorAt(n.Get("builds_on"), "plan %q builds on %q, which must stand above it", p.ID, p.BuildsOn)
		p.BuildsOn = "" // plans in a circle would be followed for ever
	default:
		p.All = slices.Clone(c.p.plans[base].All)
	}
	for _, included := range p.Includes {
		if !slices.Contains(p.All, included) {
			p.All = append(p.All, included)
		}
	}
}

// plansFrom lists the words of a plan and of every plan that builds on it.
func (c *compiler) plansFrom(id string) []int {
	var list []int
	for i, p := range c.p.plans {
		for q := p; ; {
			if q.ID == id {
				list = append(list, i)
				break
			}
			base, ok := find(c.p.plans[:i], func(o Plan) bool { return o.ID == q.BuildsOn })
			if !ok || q.BuildsOn == "" {
				break
			}
			q = base
		}
	}
	return list
}

// ---- needs ----

// needs reads what plans and add-ons ask of a contract, once every fact has its words.
func (c *compiler) needs() {
	ids := names(c.p.plans, func(p Plan) string { return p.ID })
	for i := range c.p.plans {
		p := &c.p.plans[i]
		n := c.root.Get("plans").Get(p.ID).Get("needs")
		if n == nil || !c.Is(n, yaml.Map, "needs") {
			continue
		}
		if at := n.Get("else"); at != nil && c.Is(at, yaml.Scalar, "else") {
			if p.Else = at.Text; !slices.Contains(ids, p.Else) {
				c.UnknownWord(at, "plan", ids)
			}
		}
		p.Needs.For = c.need(n, "plans."+p.ID+".needs", fact.Plan)
		text := c.condition(p.Needs)
		p.NeedsText = p.Name + " is kept at a renewal when " + text + "."
		if other, ok := c.p.Plan(p.Else); ok {
			p.NeedsText = p.Name + " is kept at a renewal when " + text + "; otherwise the contract renews on " + other.Name + "."
		}
	}
	c.checkFallback(ids)
	for i := range c.p.addons {
		a := &c.p.addons[i]
		if n := c.root.Get("addons").Get(a.ID).Get("needs"); n != nil && c.Is(n, yaml.Map, "needs") {
			if at := n.Get("else"); at != nil {
				c.ErrorAt(at, "an add-on has no `else`; without what it needs it cannot be held")
			}
			a.Needs.For = c.need(n, "addons."+a.ID+".needs", fact.Addon)
			a.NeedsText = a.Name + " can be added when " + c.condition(a.Needs) + "."
		}
	}
}

// need reads the tests of a `needs`: a bare number, date or duration means at least so much.
func (c *compiler) need(n *yaml.Node, path string, self fact.Fact) []fact.Test {
	var tests []fact.Test
	for i, key := range n.Keys {
		value := n.Values[i]
		f, ok := c.p.space.ByName(key.Text)
		switch {
		case key.Text == "else":
		case !ok:
			c.ErrorAt(key, "`%s` is not a fact%s", key.Text, document.DidYouMean(key.Text, c.p.space.Names()))
		case f == self:
			c.ErrorAt(key, "%s: it cannot need itself", path)
		case c.p.space.Stage(f) > fact.StageFacts:
			c.ErrorAt(key, "`%s` belongs to a single request; `%s` is checked when a contract is saved or renewed", key.Text, path)
		default:
			tests = append(tests, c.test(f, c.atLeast(f, value)))
		}
	}
	if len(tests) == 0 && !c.Failed() {
		c.ErrorAt(n, "%s: name what a contract must have, such as `contract.users: 100`", path)
	}
	return tests
}

func (c *compiler) atLeast(f fact.Fact, value *yaml.Node) *yaml.Node {
	switch c.p.space.Type(f) {
	case fact.TypeNumber, fact.TypeDecimal, fact.TypeDate, fact.TypeDuration:
	default:
		return value
	}
	if value.Kind != yaml.Scalar {
		return value
	}
	if _, err := fact.ParseAmount(c.p.space.Type(f), value.Text); err != nil {
		return value
	}
	least := *value
	least.Text = "from " + value.Text
	return &least
}

// checkFallback reports plans that fall back to one another for ever.
func (c *compiler) checkFallback(ids []string) {
	for i := range ids {
		at, seen := i, 0
		for at >= 0 && seen <= len(ids) {
			at = slices.Index(ids, c.p.plans[at].Else)
			seen++
			if at == i {
				c.ErrorAt(c.root.Get("plans").Get(ids[i]).Get("needs").Get("else"), "plan %q falls back to itself; end with a plan without `needs`", ids[i])
				return
			}
		}
	}
}

func (c *compiler) readablePlans(n *yaml.Node) [][]string {
	var rows [][]string
	for i := range c.p.plans {
		p := &c.p.plans[i]
		if n.Get(p.ID) == nil {
			continue
		}
		answer := "Included"
		if a := parseAnswer(p.Answer); a > AnswerYes {
			answer = answered[a]
		}
		includes := make([]string, len(p.All))
		for k, item := range p.All {
			includes[k] = wording.Spoken(item)
		}
		rows = append(rows, []string{p.Name, answer + "." + c.wayOn(c.offerIndices(p.Offers)), wording.Capital(wording.And(includes)), p.NeedsText})
	}
	return rows
}

func (c *compiler) readableAddons(n *yaml.Node) []string {
	var list []string
	for _, a := range c.p.addons {
		if n.Get(a.ID) != nil {
			text := a.Name
			if a.NeedsText != "" {
				text = fmt.Sprintf("%s. %s", a.Name, a.NeedsText)
			}
			list = append(list, text)
		}
	}
	return list
}
