package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- lives in words ----

// phaseTitle is what readers call a phase that has no name of its own.
func (c *compiler) phaseTitle(id string) string { return wording.Capital(c.term(id)) }

func (c *compiler) phaseList(life *Lifecycle) string {
	return strings.Join(names(life.Phases, func(p LifecyclePhase) string { return p.ID }), ", ")
}

// LifeNames says phases and products as readers know them.
func (p *Policy) LifeNames() lifecycle.Names {
	return lifecycle.Names{Phase: p.phaseName, Product: p.productName}
}

func (p *Policy) phaseName(id string) string {
	for i := range p.lifecycles {
		if k := p.lifecycles[i].Phase(id); k >= 0 {
			return "\"" + p.lifecycles[i].Phases[k].Title + "\""
		}
	}
	return "\"" + id + "\""
}

func (p *Policy) productName(id string) string {
	if q := p.Product(id); q != nil {
		return q.Name
	}
	return ""
}

// Cited is the name and the place of the text that a step of a life stands for.
func (l *Lifecycle) Cited(s *lifecycle.Step) (rule string, at Place) {
	switch s.Source {
	case lifecycle.FromTable:
		return "lifecycle." + l.ID + ".table." + l.Life.Rows[s.Index].Version.String(), l.Rows[s.Index]
	case lifecycle.FromOthers:
		return "lifecycle." + l.ID + ".others", l.Others
	case lifecycle.FromException:
		r := &l.Rules[l.Exceptions[s.Index].Rule]
		return r.ID, r.Place
	}
	r := &l.Rules[l.Lines[s.Index].Rule]
	return r.ID, r.Place
}

// NewestWords says a line that counts releases: "the newest three major releases".
func (l *Lifecycle) NewestWords(line *lifecycle.Line) string { return newestWords(line) }

func (c *compiler) lifeProducts(life *Lifecycle) string {
	list := make([]string, len(life.Products))
	for i, id := range life.Products {
		list[i] = c.p.productName(id)
	}
	return wording.And(list)
}

// lineSentence says a line: "Supported: each major release of Core, until two years after the next major release."
func (c *compiler) lineSentence(life *Lifecycle, line *lifecycle.Line, r *Rule) string {
	of := c.lifeProducts(life)
	said := fmt.Sprintf("%s: each %s of %s, %s", life.Phases[line.Phase].Title, line.Of.Words(), of, c.endWords(line))
	if line.Kind == lifecycle.Newest {
		said = fmt.Sprintf("%s: %s of %s", life.Phases[line.Phase].Title, newestWords(line), of)
	}
	if r.Text != "" {
		said += ", when " + r.Text
	}
	return said + "."
}

func newestWords(line *lifecycle.Line) string {
	if line.Count == 1 {
		return "the newest " + line.Of.Words()
	}
	return "the newest " + lifecycle.CountWord(line.Count) + " " + line.Of.Words() + "s"
}

// endWords says when a line ends its phase: "until two years after the next major release".
func (c *compiler) endWords(line *lifecycle.Line) string {
	if line.End.Base == lifecycle.BaseOpen {
		return "without an end"
	}
	how := map[lifecycle.Kind]string{lifecycle.AtLeast: "at least until ", lifecycle.AtMost: "at most until "}[line.Kind]
	return or(how, "until ") + line.End.Words(line.Of, c.p.LifeNames(), "")
}

func (c *compiler) readableLives(n *yaml.Node) (head []string, rows [][]string, list []string) {
	for i := range c.p.lifecycles {
		life := &c.p.lifecycles[i]
		if n.Get(life.ID) == nil {
			continue
		}
		own := n.Get(life.ID)
		for k := range life.Phases {
			if p := &life.Phases[k]; p.Updates != "" && own.Get("phases").Get(p.ID).Get("updates") != nil {
				list = append(list, fmt.Sprintf("Updates in the phase %q: %s.", p.Title, wording.Spoken(p.Updates)))
			}
		}
		for k := range life.Lines {
			if c.writtenIn(life.Rules[life.Lines[k].Rule].Line, own.Get("lines")) {
				list = append(list, life.Lines[k].Sentence)
			}
		}
		for k := range life.Exceptions {
			if c.writtenIn(life.Rules[life.Exceptions[k].Rule].Line, own.Get("exceptions")) {
				list = append(list, c.exceptionSentence(life, k))
			}
		}
		if own.Get("table") != nil {
			head, rows = c.readableTable(life)
		}
		list = append(list, c.readableAfter(life, own)...)
	}
	return head, rows, list
}

func (c *compiler) readableTable(life *Lifecycle) (head []string, rows [][]string) {
	head = []string{"Version"}
	for _, p := range life.Phases {
		head = append(head, p.Title+" until")
	}
	for _, r := range life.Life.Rows {
		row := []string{r.Version.String()}
		for _, e := range r.Ends {
			switch {
			case !e.Said:
				row = append(row, "-")
			case e.Day == lifecycle.Open:
				row = append(row, "no end announced")
			default:
				row = append(row, lifecycle.Spoken(e.Day))
			}
		}
		rows = append(rows, row)
	}
	return head, rows
}

func (c *compiler) readableAfter(life *Lifecycle, own *yaml.Node) []string {
	var list []string
	if life.Life.OthersEnded && own.Get("others") != nil {
		list = append(list, "Versions of "+c.lifeProducts(life)+" that the table does not name are past their end of life.")
	}
	if len(life.WarnBefore) > 0 && own.Get("warn_before") != nil {
		days := make([]string, len(life.WarnBefore))
		for i, d := range life.WarnBefore {
			days[i] = strconv.Itoa(d)
		}
		list = append(list, "Reminders are sent "+wording.And(days)+" days before the end.")
	}
	if life.After != "" && own.Get("after") != nil {
		list = append(list, "Afterwards it "+wording.Spoken(life.After)+".")
	}
	return list
}

func (c *compiler) exceptionSentence(life *Lifecycle, k int) string {
	x, r := &life.Life.Exceptions[k], &life.Rules[life.Exceptions[k].Rule]
	if r.says != "" {
		return r.says
	}
	what := "every version"
	if len(x.Versions) > 0 {
		versions := make([]string, len(x.Versions))
		for i, v := range x.Versions {
			versions[i] = v.String()
		}
		what = "version " + wording.Or(versions)
	}
	line := lifecycle.Line{End: x.End}
	said := fmt.Sprintf("%s: %s of %s, as an exception, %s", life.Phases[x.Phase].Title, what, c.lifeProducts(life), c.endWords(&line))
	if r.Text != "" {
		said += ", when " + r.Text
	}
	if reason := life.Exceptions[k].Reason; reason != "" {
		said += " (" + wording.Inner(reason) + ")"
	}
	return said + "."
}
