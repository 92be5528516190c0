package policy

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// readable renders the blocks of a clause as a reader wants them: tables and sentences, never as YAML.
func (c *compiler) readable(written []*yaml.Node) []Block {
	var list []Block
	for _, root := range written {
		for i, key := range root.Keys {
			if b := c.readableBlock(key.Text, root.Values[i]); len(b.Rows)+len(b.List) > 0 {
				list = append(list, b)
			}
		}
	}
	return list
}

func (c *compiler) readableBlock(kind string, n *yaml.Node) Block {
	b := Block{Kind: kind}
	switch kind {
	case "policy":
		b.List = c.readableHeader()
	case "terms":
		b.Head = []string{"Term", "Meaning"}
		for i, key := range n.Keys {
			b.Rows = append(b.Rows, []string{wording.Capital(key.Text), strings.TrimSpace(n.Values[i].Text)})
		}
	case "plans":
		b.Head, b.Rows = []string{"Plan", "Support", "Includes", "At a renewal"}, c.readablePlans(n)
	case "addons":
		b.List = c.readableAddons(n)
	case "channels":
		for _, k := range c.p.channels {
			if n.Get(k.ID) != nil {
				b.List = append(b.List, k.Sentence)
			}
		}
	case "languages":
		for _, l := range c.p.languages {
			if n.Get(l.ID) != nil {
				b.List = append(b.List, l.Sentence)
			}
		}
	case "maintenance":
		for _, m := range c.p.maintenance {
			if n.Get(m.ID) != nil {
				b.List = append(b.List, m.Sentence)
			}
		}
	case "products", "statuses", "events":
		for i, key := range n.Keys {
			b.List = append(b.List, nameOf(key, n.Values[i]))
		}
	case "severity":
		for _, s := range c.p.severities {
			if s.Means != "" {
				b.List = append(b.List, s.Name+": "+s.Means)
			}
		}
	case "levels":
		b.Head, b.Rows = []string{"Level", "Hands over to", "Takes requests from"}, c.readableLevels(n)
	case "categories":
		b.Head, b.Rows = []string{"What a request is about", "Answer"}, c.readableCategories(n)
	case "responsibility":
		b.Head, b.Rows = c.readableMatrix()
	case "calendars":
		b.Head = []string{"Hours", "Open"}
		for _, k := range c.p.calendars {
			if n.Get(k.ID) != nil {
				b.Rows = append(b.Rows, []string{wording.Name(k.ID), k.Words})
			}
		}
	case "hours":
		for _, r := range c.p.hours {
			if c.writtenIn(r.Line, n) {
				b.List = append(b.List, r.Sentence)
			}
		}
	case "coverage":
		for _, r := range c.p.coverage {
			if !r.Implied && c.writtenIn(r.Line, n) {
				b.List = append(b.List, r.Sentence+c.wayOn(r.Offers))
			}
		}
	case "offers":
		for _, o := range c.p.offers {
			if n.Get(o.ID) != nil {
				b.List = append(b.List, o.Title)
			}
		}
	case "clocks":
		b.Head, b.Rows = []string{"Promise", "Case", "Time"}, c.readableClocks(n)
	case "information":
		for _, i := range c.p.information {
			if n.Get(i.ID) != nil {
				b.List = append(b.List, i.Title)
			}
		}
	case "gates":
		b.List = c.readableGates(n)
	case "allowances":
		b.List = c.readableAllowances(n)
	case "updates":
		b.List = c.readableUpdates()
	case "lifecycle":
		b.Head, b.Rows, b.List = c.readableLives(n)
	case "promises":
		for _, p := range c.p.promises {
			if c.writtenIn(p.Line, n) {
				b.List = append(b.List, p.Sentence)
			}
		}
	}
	return b
}

// nameOf is the name or title of a definition, or its id read aloud.
func nameOf(key, n *yaml.Node) string {
	for _, k := range []string{"name", "title"} {
		if v := n.Get(k); v != nil {
			return v.Text
		}
	}
	return wording.Capital(wording.Spoken(key.Text))
}

// writtenIn reports whether a rule on this line is written in this list.
func (c *compiler) writtenIn(line int, list *yaml.Node) bool {
	if list == nil {
		return false
	}
	for _, item := range list.Values {
		if item.Line == line {
			return true
		}
	}
	return false
}

func (c *compiler) wayOn(offers []int) string {
	if len(offers) == 0 {
		return ""
	}
	titles := make([]string, len(offers))
	for i, offer := range offers {
		titles[i] = wording.Inner(c.p.offers[offer].Title)
	}
	return " The way on: " + wording.Or(titles) + "."
}

func (c *compiler) readableHeader() []string {
	list := []string{"Given by " + c.p.vendor, "In effect from " + c.p.date + " (" + wording.Zone(c.p.zone) + ")"}
	if c.p.supplements != "" {
		list = append(list, "Supplements: "+c.p.supplements)
	}
	return list
}

func (c *compiler) readableLevels(n *yaml.Node) [][]string {
	var rows [][]string
	for i := range c.p.levels {
		l := &c.p.levels[i]
		if n.Get(l.ID) == nil {
			continue
		}
		next, _ := c.p.Level(l.EscalatesTo)
		opened := "everybody whom it serves"
		if len(l.OpenedBy) > 0 {
			opened = wording.And(c.openedBy(l)) + " only"
		}
		rows = append(rows, []string{l.Name, next.Name, opened})
	}
	return rows
}

func (c *compiler) readableCategories(n *yaml.Node) [][]string {
	var rows [][]string
	for i := range c.p.categories {
		k := &c.p.categories[i]
		if n.Get(k.ID) == nil {
			continue
		}
		level, _ := c.p.Level(k.Level)
		answer := level.Name
		if k.Answer == "no" {
			answer = "Not included." + c.wayOn(c.offerIndices(k.Offers))
		}
		if k.Charge != nil {
			answer = strings.TrimPrefix(answer+", "+c.chargeWords(k.Charge), ", ")
		}
		rows = append(rows, []string{k.Title, answer})
	}
	return rows
}

func (c *compiler) readableMatrix() (head []string, rows [][]string) {
	head = []string{"Product"}
	for _, l := range c.p.levels {
		head = append(head, l.Name)
	}
	for i := range c.p.responsibility {
		r := &c.p.responsibility[i]
		row := []string{r.Title}
		for k := range r.Cells {
			row = append(row, wording.Capital(c.providedBy(&r.Cells[k])))
		}
		rows = append(rows, row)
	}
	return head, rows
}

func (c *compiler) readableClocks(n *yaml.Node) [][]string {
	var rows [][]string
	for _, k := range c.p.clocks {
		if n.Get(k.ID) == nil {
			continue
		}
		for _, w := range k.Within {
			when := "In all cases"
			switch {
			case w.Text != "":
				when = "When " + w.Text
			case len(k.Within) > 1:
				when = "In all other cases"
			}
			rows = append(rows, []string{k.Title, when, wording.Capital(w.Target.Words)})
		}
	}
	return rows
}

func (c *compiler) readableGates(n *yaml.Node) []string {
	var list []string
	for _, g := range c.p.gates {
		if c.writtenIn(g.Line, n) {
			for i := range g.Require {
				list = append(list, wording.Capital(c.requirementText(&g.Require[i])))
			}
			if g.Text != "" {
				list = append(list, "This holds when "+g.Text+".")
			}
		}
	}
	return list
}
