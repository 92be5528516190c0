package policy

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
)

// ---- what cannot be right in a life ----

func (c *compiler) checkLives() {
	circle := false
	for i := range c.p.lifecycles {
		circle = c.checkCircle(i) || circle
	}
	for i := range c.p.lifecycles {
		life := &c.p.lifecycles[i]
		circle = c.checkPhaseCircle(life) || circle
		if !life.broken {
			c.checkPhases(life)
		}
		c.checkExceptions(life)
		if !circle && !c.Failed() {
			c.checkTable(life)
		}
	}
}

// expressions are all dates of a life, with the phase that each ends.
func (l *Lifecycle) expressions(fn func(phase int, e *lifecycle.Expression)) {
	for i := range l.Life.Lines {
		fn(l.Life.Lines[i].Phase, &l.Life.Lines[i].End)
	}
	for i := range l.Life.Exceptions {
		fn(l.Life.Exceptions[i].Phase, &l.Life.Exceptions[i].End)
	}
}

// checkCircle reports lives that look at each other.
func (c *compiler) checkCircle(start int) bool {
	seen := make([]bool, len(c.p.lifecycles))
	var path []string
	var walk func(i int) bool
	walk = func(i int) bool {
		path = append(path, c.p.lifecycles[i].ID)
		seen[i] = true
		found := false
		c.p.lifecycles[i].expressions(func(_ int, e *lifecycle.Expression) {
			if e.Base != lifecycle.BaseProduct || found {
				return
			}
			if next := c.p.Product(e.Product).Life; next == start || next >= 0 && !seen[next] && walk(next) {
				found = true
			}
		})
		if !found {
			path = path[:len(path)-1]
		}
		return found
	}
	if !walk(start) {
		return false
	}
	life := &c.p.lifecycles[start]
	c.Add(SeverityError, life.Line, life.Col, "the lifecycles depend on each other: %s", strings.Join(append(path, life.ID), " -> "))
	return true
}

// checkPhaseCircle reports phases of one life that end by each other.
func (c *compiler) checkPhaseCircle(life *Lifecycle) bool {
	after := make([]uint64, len(life.Phases)) // bit k: the end of the phase hangs on that of phase k
	if len(after) > lifecycle.MaxPhases {
		c.Add(SeverityError, life.Line, life.Col, "lifecycle %s has more than %d phases", life.ID, lifecycle.MaxPhases)
		return true
	}
	life.expressions(func(phase int, e *lifecycle.Expression) {
		if k := life.Phase(e.Phase); e.Base == lifecycle.BasePhase && k >= 0 {
			after[phase] |= 1 << k
		}
	})
	for range after {
		for i := range after {
			for k := range after {
				if after[i]>>k&1 == 1 {
					after[i] |= after[k]
				}
			}
		}
	}
	for i := range after {
		if after[i]>>i&1 == 1 {
			p := &life.Phases[i]
			c.Add(SeverityError, p.Line, p.Col, "the end of %q depends on itself, through another phase", p.ID)
			return true
		}
	}
	return false
}

// checkPhases reports phases that nothing ends and phases that nothing reaches.
func (c *compiler) checkPhases(life *Lifecycle) {
	endless := ""
	for i := range life.Phases {
		p := &life.Phases[i]
		said := slices.ContainsFunc(life.Life.Lines, func(l lifecycle.Line) bool { return l.Phase == i }) ||
			slices.ContainsFunc(life.Life.Rows, func(r lifecycle.Row) bool { return r.Ends[i].Said }) ||
			slices.ContainsFunc(life.Life.Exceptions, func(x lifecycle.Exception) bool { return x.Phase == i })
		switch {
		case !said:
			c.Add(SeverityError, p.Line, p.Col, "phase %q of %s has neither a line nor a date in the table; say when it ends, with `until: open` if it does not", p.ID, life.ID)
		case endless != "":
			c.Add(SeverityError, p.Line, p.Col, "phase %q of %s can never be reached: %q never ends", p.ID, life.ID, endless)
		}
		if c.neverEnds(life, i) && endless == "" {
			endless = p.ID
		}
	}
}

// neverEnds reports a phase of every version that only `open` lines speak of.
func (c *compiler) neverEnds(life *Lifecycle, phase int) bool {
	always := false
	for i := range life.Life.Lines {
		l := &life.Life.Lines[i]
		switch {
		case l.Phase != phase || l.Kind == lifecycle.AtLeast:
		case l.Kind != lifecycle.Until || l.End.Base != lifecycle.BaseOpen:
			return false
		case life.Rules[l.Rule].Text == "":
			always = true
		}
	}
	ends := slices.ContainsFunc(life.Life.Rows, func(r lifecycle.Row) bool { return r.Ends[phase].Said && r.Ends[phase].Day != lifecycle.Open })
	return always && !ends && !life.Life.OthersEnded && life.Life.Phases[phase].Rule == lifecycle.NoRule &&
		!slices.ContainsFunc(life.Life.Exceptions, func(x lifecycle.Exception) bool { return x.Phase == phase })
}

// checkExceptions reports exceptions that an earlier one takes everything from.
func (c *compiler) checkExceptions(life *Lifecycle) {
	all := life.Life.Exceptions
	for j := range all {
		for i := range all[:j] {
			earlier, later := &life.Rules[all[i].Rule], &life.Rules[all[j].Rule]
			if all[i].Phase == all[j].Phase && takes(all[i].Versions, all[j].Versions) && len(earlier.When.Unless) == 0 && earlier.When.Plain() &&
				fact.Covers(earlier.When.For, later.When.For) {
				c.Add(SeverityError, later.Line, later.Col, "exception %d of %s can never be reached: exception %d (line %d) already takes these versions", j+1, life.ID, i+1, earlier.Line)
				break
			}
		}
	}
}

// takes reports whether the first versions cover all of the second; none stands for all versions.
func takes(first, second []lifecycle.Version) bool {
	if first == nil {
		return true
	}
	return second != nil && !slices.ContainsFunc(second, func(v lifecycle.Version) bool {
		return !slices.ContainsFunc(first, func(w lifecycle.Version) bool { return w.Covers(v) })
	})
}

// plain answers for a life by its text alone: a condition perhaps holds, and nothing is known of other products.
type plain struct{ rules []Rule }

func (p plain) Holds(rule int) lifecycle.State {
	if p.rules[rule].When.Reading != 0 {
		return lifecycle.No // readings may disagree with the table
	}
	if r := &p.rules[rule]; r.Text == "" && r.When.Plain() {
		return lifecycle.Yes
	}
	return lifecycle.Perhaps
}

func (p plain) Other(string, string) (lifecycle.Span, bool) {
	return lifecycle.Span{From: lifecycle.Ended, To: lifecycle.Open}, true
}

// checkTable compares the published ends with those that follow from the lines and the release dates that the text prints.
func (c *compiler) checkTable(life *Lifecycle) {
	rows := c.root.Get("lifecycle").Get(life.ID).Get("table")
	lines := life.Life
	lines.Rows, lines.OthersEnded, lines.Exceptions = nil, false, nil
	for i := range life.Life.Rows {
		row := &life.Life.Rows[i]
		for _, id := range life.Products {
			p := c.p.Product(id)
			s := lifecycle.Subject{Version: row.Version, Depth: p.Depth, Released: lifecycle.Open, Announced: lifecycle.Open, Printed: p.Printed}
			if len(p.Printed) == 0 {
				continue
			}
			for k, end := range lines.Ends(&s, plain{life.Rules}, nil) {
				said := row.Ends[k]
				if !said.Said || end.Lives != lifecycle.Yes || !end.Settled() || end.To == lifecycle.Open || end.To == said.Day {
					continue
				}
				c.ErrorAt(rows.Keys[i], "%q: %s is published until %s, but the lines give %s; one of them is wrong",
					row.Version, life.Phases[k].ID, lifecycle.Written(said.Day), lifecycle.Written(end.To))
			}
		}
	}
}
