package policy

import (
	"fmt"
	"strconv"
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
	case "products", "statuses", "events", "addons", "plans":
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
				b.List = append(b.List, r.Sentence+c.wayOn(r.Offer))
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
		b.Head = []string{"Promise", "At least"}
		for _, p := range c.p.promises {
			if c.writtenIn(p.Line, n) {
				b.Rows = append(b.Rows, []string{wording.Capital(wording.Spoken(p.Measure)), hundredths(p.AtLeast)})
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

func hundredths(n int) string {
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%d.%02d", n/100, n%100), "0"), ".0") + "%"
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

func (c *compiler) wayOn(offer int) string {
	if offer < 0 {
		return ""
	}
	return " The way on: " + wording.Inner(c.p.offers[offer].Title) + "."
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
			answer = "Not included." + c.wayOn(c.offerIndex(k.Offer))
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

func (c *compiler) readableAllowances(n *yaml.Node) []string {
	var list []string
	for _, a := range c.p.allowances {
		if n.Get(a.ID) == nil {
			continue
		}
		text := a.Title + ": bought in advance"
		if a.StepMs > 0 {
			text += ", used up in steps of " + wording.Duration(a.StepMs)
		}
		if a.Per != "" {
			text += " for each " + a.Per
		}
		if a.Named != "" {
			text += ", answered by a " + wording.Spoken(a.Named)
		}
		if a.Sheets != "" {
			text += ", time sheets " + wording.Spoken(a.Sheets)
		}
		list = append(list, text+"."+c.wayOn(a.Offer))
	}
	return list
}

func (c *compiler) readableUpdates() []string {
	u := c.p.updates
	var list []string
	if u.WindowsAtLeast > 0 {
		list = append(list, fmt.Sprintf("At least %s proposed.", map[bool]string{true: "1 time window is", false: strconv.Itoa(u.WindowsAtLeast) + " time windows are"}[u.WindowsAtLeast == 1]))
	}
	for _, need := range u.Needs {
		for i := range need.Require {
			list = append(list, or(need.says, wording.Capital(c.requirementText(&need.Require[i]))+", when "+need.Text+"."))
		}
	}
	if u.DowntimeToMs > 0 {
		list = append(list, "Expected downtime: "+wording.Duration(u.DowntimeFromMs)+" to "+wording.Duration(u.DowntimeToMs)+".")
	}
	if u.Staging != "" {
		list = append(list, "A staging system: "+wording.Spoken(u.Staging)+".")
	}
	if len(u.Keeps) > 0 {
		list = append(list, "Kept with best efforts: "+wording.Spoken(wording.And(u.Keeps))+".")
	}
	for i, step := range u.After {
		list = append(list, fmt.Sprintf("Afterwards, step %d: %s.", i+1, wording.Spoken(step)))
	}
	return list
}
