package policy

import (
	"fmt"
	"strings"

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
	case "terms", "products", "statuses", "events", "addons":
		b.Head = []string{"Term", "Meaning"}
		for i, key := range n.Keys {
			meaning := n.Values[i].Text
			for _, k := range []string{"name", "title"} {
				if v := n.Values[i].Get(k); v != nil {
					meaning = v.Text
				}
			}
			b.Rows = append(b.Rows, []string{key.Text, strings.TrimSpace(meaning)})
		}
	case "levels":
		b.Head = []string{"Level", "Hands over to", "Opened by"}
		for _, l := range c.p.levels {
			if n.Get(l.ID) != nil {
				next, _ := c.p.Level(l.EscalatesTo)
				opened := "whoever is served"
				if len(l.OpenedBy) > 0 {
					opened = orList(c.titles(FactLevel, l.OpenedBy)) + " only"
				}
				b.Rows = append(b.Rows, []string{l.Name, next.Name, opened})
			}
		}
	case "categories":
		b.Head, b.Rows = []string{"What a request is about", "Answer"}, c.readableCategories(n)
	case "responsibility":
		b.Head, b.Rows = c.readableMatrix()
	case "calendars":
		b.Head = []string{"Hours", "Week", "Time zone"}
		for _, k := range c.p.calendars {
			if n.Get(k.ID) != nil {
				b.Rows = append(b.Rows, []string{plain(k.ID), calendarWeek(k), k.Zone})
			}
		}
	case "hours":
		for _, r := range c.p.hours {
			if c.writtenIn(r.Line, n) {
				b.List = append(b.List, c.hoursSentence(r))
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
		b.Head, b.Rows = []string{"Promise", "Case", "Within"}, c.readableClocks(n)
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
		b.List = c.readableLifecycle()
	case "promises":
		b.Head = []string{"Promise", "At least"}
		for _, p := range c.p.promises {
			if c.writtenIn(p.Line, n) {
				b.Rows = append(b.Rows, []string{sentence(plain(p.Measure)), hundredths(p.AtLeast)})
			}
		}
	}
	return b
}

func plain(id string) string { return strings.NewReplacer("-", " ", "_", " ").Replace(id) }

func hundredths(n int) string {
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%d.%02d", n/100, n%100), "0"), ".0") + "%"
}

// writtenIn reports whether a rule on this line is written in this list.
func (c *compiler) writtenIn(line int, list *yaml.Node) bool {
	for _, item := range list.Values {
		if item.Line == line {
			return true
		}
	}
	return false
}

func (c *compiler) titles(f Fact, words []string) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = c.wordTitle(f, w)
	}
	return list
}

func (c *compiler) wayOn(offer int) string {
	if offer < 0 {
		return ""
	}
	return " The way on: " + c.p.offers[offer].Title + "."
}

func (c *compiler) readableHeader() []string {
	list := []string{"Given by " + c.p.vendor, "In effect from " + c.p.date + " (" + c.p.zone + ")"}
	if c.p.supplements != "" {
		list = append(list, "Supplements: "+c.p.supplements)
	}
	return list
}

func (c *compiler) readableCategories(n *yaml.Node) [][]string {
	var rows [][]string
	for _, k := range c.p.categories {
		if n.Get(k.ID) == nil {
			continue
		}
		level, _ := c.p.Level(k.Level)
		answer := level.Name
		switch {
		case k.Answer == "no":
			answer = "Not included." + c.wayOn(c.offerIndex(k.Offer))
		case k.Charge != nil && k.Charge.From != "":
			answer += ", charged to " + plain(k.Charge.From)
		case k.Charge != nil:
			answer += ", charged: " + plain(k.Charge.Rate)
		}
		rows = append(rows, []string{k.Title, answer})
	}
	return rows
}

func (c *compiler) readableMatrix() (head []string, rows [][]string) {
	head = []string{"Where"}
	for _, l := range c.p.levels {
		head = append(head, l.Name)
	}
	for _, r := range c.p.responsibility {
		row := []string{sentence(r.Text)}
		for _, cell := range r.Cells {
			row = append(row, fmt.Sprintf("%s, for %s", orList(cell.ByText), orList(cell.ForText)))
		}
		rows = append(rows, row)
	}
	return head, rows
}

func calendarWeek(k Calendar) string {
	week := k.Week
	if len(k.Any) > 0 {
		week = "any of " + plain(orList(k.Any))
	}
	if len(k.Minus) > 0 {
		week += " without " + plain(orList(k.Minus))
	}
	return week
}

func (c *compiler) hoursSentence(r HoursRule) string {
	when := "Otherwise"
	if r.Text != "" {
		when = "When " + r.Text
	}
	switch {
	case r.Add:
		return when + ", also: " + plain(c.p.calendars[r.Calendar].ID) + "."
	case r.Calendar == NoCalendar:
		return when + ": no hours are published."
	case r.BestEffort:
		return when + ": " + plain(c.p.calendars[r.Calendar].ID) + "; best efforts outside these hours."
	}
	return when + ": " + plain(c.p.calendars[r.Calendar].ID) + "."
}

func (c *compiler) readableClocks(n *yaml.Node) [][]string {
	var rows [][]string
	for _, k := range c.p.clocks {
		if n.Get(k.ID) == nil {
			continue
		}
		for _, w := range k.Within {
			when := "Otherwise"
			if w.Text != "" {
				when = "When " + w.Text
			}
			target := w.Target.Text
			if w.Target.Kind == TargetNone {
				target = "no target"
			}
			rows = append(rows, []string{k.Title, when, target})
		}
	}
	return rows
}

func (c *compiler) requirementText(r Requirement) string {
	var titles []string
	for _, id := range r.IDs {
		info, _ := find(c.p.information, func(i Information) bool { return i.ID == id })
		titles = append(titles, info.Title)
	}
	text := orList(titles)
	if r.Waivable {
		text += " (may be waived with a reason)"
	}
	return text
}

func (c *compiler) readableGates(n *yaml.Node) []string {
	var list []string
	for _, g := range c.p.gates {
		if c.writtenIn(g.Line, n) {
			for _, r := range g.Require {
				list = append(list, c.requirementText(r))
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
			text += ", deducted in steps of " + FormatDuration(a.StepMs) + " per " + a.Per
		}
		if a.Named != "" {
			text += ", answered by a " + plain(a.Named)
		}
		if a.Sheets != "" {
			text += ", time sheets " + plain(a.Sheets)
		}
		list = append(list, text+"."+c.wayOn(a.Offer))
	}
	return list
}

func (c *compiler) readableUpdates() []string {
	u := c.p.updates
	var list []string
	if u.WindowsAtLeast > 0 {
		list = append(list, fmt.Sprintf("At least %d time windows are proposed.", u.WindowsAtLeast))
	}
	for _, need := range u.Needs {
		for _, r := range need.Require {
			list = append(list, c.requirementText(r)+", when "+need.Text+".")
		}
	}
	if u.DowntimeToMs > 0 {
		list = append(list, "Expected downtime: "+FormatDuration(u.DowntimeFromMs)+" to "+FormatDuration(u.DowntimeToMs)+".")
	}
	if u.Staging != "" {
		list = append(list, "A staging system: "+plain(u.Staging)+".")
	}
	if len(u.Keeps) > 0 {
		list = append(list, "Kept with best efforts: "+plain(strings.Join(u.Keeps, ", "))+".")
	}
	for i, step := range u.After {
		list = append(list, fmt.Sprintf("Afterwards, step %d: %s.", i+1, plain(step)))
	}
	return list
}

func (c *compiler) readableLifecycle() []string {
	var list []string
	for _, life := range c.p.lifecycles {
		for _, phase := range life.Phases {
			end := "open"
			if phase.Announced {
				end = "until the announced date"
			}
			list = append(list, fmt.Sprintf("%s, phase %s: %s.", c.productName(life.Product), plain(phase.ID), end))
		}
		if len(life.WarnBefore) > 0 {
			list = append(list, fmt.Sprintf("Warned of %s days before.", strings.Trim(strings.ReplaceAll(fmt.Sprint(life.WarnBefore), " ", ", "), "[]")))
		}
		if life.After != "" {
			list = append(list, "Afterwards: "+plain(life.After)+".")
		}
	}
	return list
}

func (c *compiler) productName(id string) string {
	p, _ := find(c.p.products, func(p Product) bool { return p.ID == id })
	return p.Name
}
