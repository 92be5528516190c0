package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- allowances, updates, promises ----

func (c *compiler) allowances() {
	c.entries("allowances", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "an allowance") {
			return
		}
		known := []string{"title", "counts", "of", "bought", "step", "round", "per", "named", "sheets", "warn", "over"}
		c.Only(n, "allowances."+key.Text, known, []string{"is", "each", "starts", "change", "unused"})
		a := Allowance{ID: key.Text, Title: c.Text(n, "title"), Counts: c.Required(n, "counts", "allowance "+key.Text), Bought: c.Yes(n, "bought"),
			Round: c.Choice(n, "round", "up", "nearest", "down"), Per: c.Choice(n, "per", "entry", "day", "request"), Named: c.Text(n, "named"), Sheets: c.Text(n, "sheets"),
			Place: c.place(key), Offer: -1}
		if a.Title == "" {
			a.Title = wording.Capital(wording.Spoken(key.Text))
		}
		if !a.Bought {
			c.ErrorAt(key, "an allowance that is not `bought: yes` is not supported in this version")
		}
		if a.Counts != "time" && n.Get("counts") != nil {
			c.ErrorAt(n.Get("counts"), "counts: %q is not supported in this version; only `time` is", a.Counts)
		}
		if step := n.Get("step"); step != nil {
			a.StepMs = c.Duration(step, "step")
		}
		for _, w := range c.Words(n.Get("warn"), "warn") {
			a.Warn = append(a.Warn, c.Percent(w)/100)
		}
		a.Of.For = c.tests(n.Get("of"), "allowances."+key.Text, fact.StageGates)
		if of := n.Get("of"); of != nil {
			a.Category = c.Strings(of, "category")
		}
		if over := n.Get("over"); over != nil && c.Is(over, yaml.Map, "over") {
			c.Only(over, "over", []string{"answer", "offer"}, nil)
			a.OverAnswer, a.OverOffer, a.Offer = c.Choice(over, "answer", "no", "charge"), c.Text(over, "offer"), c.offer(over)
		}
		if a.OverAnswer == "" {
			a.OverAnswer = "no"
		}
		a.Exhausted = "What was bought in advance does not cover this: " + wording.Inner(a.Title) + "."
		c.p.allowances = append(c.p.allowances, a)
	})
}

func (c *compiler) updates() {
	n := c.root.Get("updates")
	if n == nil || !c.Is(n, yaml.Map, "updates") {
		return
	}
	c.Only(n, "updates", []string{"category", "windows_at_least", "needs", "expected_downtime", "staging", "keeps", "path", "after"}, nil)
	u := &Updates{Category: c.Required(n, "category", "updates"), WindowsAtLeast: c.Number(n, "windows_at_least"), Staging: c.Text(n, "staging"),
		Keeps: c.Strings(n, "keeps"), Path: c.Choice(n, "path", OneMajorAtATime, "direct"), After: c.Strings(n, "after"), Place: c.place(n)}
	if _, ok := c.p.Category(u.Category); !ok && n.Get("category") != nil {
		c.UnknownWord(n.Get("category"), "category", names(c.p.categories, func(k Category) string { return k.ID }))
	}
	if at := n.Get("expected_downtime"); at != nil && c.Is(at, yaml.Scalar, "expected_downtime") {
		from, to, both := strings.Cut(at.Text, "-")
		if !both {
			to = from
		}
		u.DowntimeFromMs = c.Duration(&yaml.Node{Kind: yaml.Scalar, Text: from, Line: at.Line, Col: at.Col}, "expected_downtime")
		u.DowntimeToMs = c.Duration(&yaml.Node{Kind: yaml.Scalar, Text: to, Line: at.Line, Col: at.Col}, "expected_downtime")
	}
	c.Items(n.Get("needs"), "needs", func(i int, item *yaml.Node) {
		c.Only(item, "updates.needs", append(slices.Clone(ruleKeys), "require"), nil)
		need := UpdateNeed{Rule: c.rule(item, fmt.Sprintf("updates.needs[%d]", i), fact.StageGates), Require: c.requirements(item.Get("require"))}
		u.Needs = append(u.Needs, need)
	})
	c.p.updates = u
}

func (c *compiler) promises() {
	c.Items(c.root.Get("promises"), "promises", func(_ int, n *yaml.Node) {
		c.Only(n, "promises", []string{"id", "measure", "each", "ahead", "at_least"}, []string{"for", "unless", "when", "misses_at_most", "credit", "reading"})
		p := Promise{ID: c.Required(n, "id", "a promise"), Measure: c.Required(n, "measure", "a promise"), Each: c.Choice(n, "each", "month", "quarter", "year"), Place: c.place(n)}
		if ahead := n.Get("ahead"); ahead != nil {
			p.AheadDays = int(c.Duration(ahead, "ahead") / (24 * 3600_000))
		}
		if least := n.Get("at_least"); least != nil {
			p.AtLeast = c.Percent(least)
		}
		c.p.promises = append(c.p.promises, p)
	})
}
