package policy

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/expression"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- expressions ----

func (c *compiler) scope(stage int) *expression.Scope {
	rests := make([][]fact.Fact, len(c.p.calendars))
	for i := range rests {
		rests[i] = c.p.calendars[i].Rests
	}
	return &expression.Scope{
		Space: &c.p.space, Stage: stage, Zone: c.p.dates, Rests: rests,
		Calendars: names(c.p.calendars, func(k Calendar) string { return k.ID }),
		Events:    append(BuiltinEvents(), names(c.p.events, func(e EventType) string { return e.ID })...),
	}
}

// when compiles a condition in `when`.
func (c *compiler) when(n *yaml.Node, stage int) fact.Predicate {
	if n == nil || !c.Is(n, yaml.Scalar, "when") {
		return nil
	}
	p, mistake := expression.Condition(n.Text, c.scope(stage))
	if mistake != nil {
		c.expressionMistake(n, mistake)
		return nil
	}
	c.p.asks = append(c.p.asks, p.Events()...)
	c.look(p.Facts()...)
	return p
}

func (c *compiler) expressionMistake(n *yaml.Node, m *expression.Mistake) {
	col := n.Col + m.Column - 1
	if n.Quoted {
		col++
	}
	text := m.Text
	if strings.HasPrefix(text, "does ") || strings.HasPrefix(text, "is ") || strings.HasPrefix(text, "has ") {
		text = "condition " + text
	}
	c.Add(SeverityError, n.Line, col, "%s", text)
}

// ---- choose-lists of values ----

// cells says how the values of a choose-list are written.
type cells struct {
	read func(*yaml.Node) (value int64, none bool)
	leaf func(*yaml.Node) bool // a map that is one value; nil: none is
	calc bool                  // `calc` may stand for a value
	typ  fact.Type             // of what is calculated
	like fact.Fact             // whose words a calculated word must be of
}

// chooseList reads a list of rules with a value each. path is the name of a rule that has no id, with its number.
func (c *compiler) chooseList(n *yaml.Node, what, path string, stage int, spec cells) (*choice.List, []Rule) {
	list, rules := &choice.List{}, []Rule{}
	c.Items(n, what, func(i int, item *yaml.Node) {
		c.Only(item, what, append(slices.Clone(ruleKeys), "is", "by", "bands", "calc"), nil)
		r := c.rule(item, fmt.Sprintf("%s[%d]", path, i), stage)
		list.Entries = append(list.Entries, c.entry(item, r.When, what, stage, spec))
		rules = append(rules, r)
	})
	pointers := make([]*Rule, len(rules))
	for i := range rules {
		pointers[i] = &rules[i]
	}
	c.checkReachOf(what, pointers, func(i int) bool { return list.Entries[i].Table == nil && list.Entries[i].Bands == nil })
	c.look(list.Facts()...)
	if len(rules) > 0 {
		c.reportGaps(what, list, rules[0].Place)
	}
	return list, rules
}

func (c *compiler) entry(item *yaml.Node, when fact.Condition, what string, stage int, spec cells) choice.Entry {
	e := choice.Entry{When: when}
	by, bands, is, calc := item.Get("by"), item.Get("bands"), item.Get("is"), item.Get("calc")
	switch {
	case calc != nil && (is != nil || by != nil || bands != nil), by != nil && bands != nil:
		c.ErrorAt(item, "%s: an entry has one value: `is`, `calc`, a table (`by`, `is`) or `bands` (`bands`, `is`)", what)
	case calc != nil:
		e.Cell = c.calculated(calc, stage, spec)
	case is == nil:
		c.ErrorAt(item, "%s: an entry needs `is`", what)
	case by != nil:
		e.Table = c.table(by, is, what, stage, spec)
	case bands != nil:
		e.Bands = c.bands(bands, is, stage, spec)
	default:
		e.Cell = c.leafCell(is, stage, spec)
	}
	return e
}

// leafCell reads one value: a literal, or {calc: ..}.
func (c *compiler) leafCell(n *yaml.Node, stage int, spec cells) choice.Cell {
	if calc := n.Get("calc"); calc != nil && len(n.Keys) == 1 {
		return c.calculated(calc, stage, spec)
	}
	v, none := spec.read(n)
	return choice.Cell{Value: v, None: none}
}

func (c *compiler) calculated(n *yaml.Node, stage int, spec cells) choice.Cell {
	if !spec.calc {
		c.ErrorAt(n, "`calc` cannot stand here; write the value")
		return choice.Cell{}
	}
	if !c.Is(n, yaml.Scalar, "calc") {
		return choice.Cell{}
	}
	v, mistake := expression.Calculation(n.Text, spec.typ, spec.like, c.scope(stage))
	if mistake != nil {
		c.expressionMistake(n, mistake)
		return choice.Cell{}
	}
	return choice.Cell{Calc: v}
}

// ---- tables ----

// maxCells bounds the combinations of one table, and maxAllCells those of all tables of a policy: each has its own sentence.
const (
	maxCells    = 10_000
	maxAllCells = 100_000
)

// tabling reads one table.
type tabling struct {
	c     *compiler
	is    *yaml.Node
	axes  []fact.Fact
	used  map[*yaml.Node]int  // leaves, by the number of their cell
	met   map[*yaml.Node]bool // leaves that some request reaches
	leafs []*yaml.Node
	isMap func(*yaml.Node) bool
}

func (c *compiler) table(by, is *yaml.Node, what string, stage int, spec cells) *choice.Table {
	t := &tabling{c: c, is: is, used: map[*yaml.Node]int{}, met: map[*yaml.Node]bool{}}
	t.isMap = func(n *yaml.Node) bool {
		return n.Kind == yaml.Map && (spec.leaf == nil || !spec.leaf(n)) && (n.Get("calc") == nil || len(n.Keys) != 1)
	}
	for _, w := range c.Words(by, "by") {
		f, ok := c.p.space.ByName(w.Text)
		switch typ := fact.Type(0); {
		case !ok:
			c.ErrorAt(w, "`%s` is not a fact%s", w.Text, document.DidYouMean(w.Text, c.p.space.Names()))
		case c.p.space.Stage(f) >= stage:
			c.ErrorAt(w, "`%s` is settled later than `%s`, which cannot look at it", w.Text, what)
		default:
			if typ = c.p.space.Type(f); typ != fact.TypeID && typ != fact.TypeYesNo {
				c.ErrorAt(w, "a table goes by facts with words; write `bands: %s` for a number", w.Text)
				continue
			}
			t.axes = append(t.axes, f)
		}
	}
	if len(t.axes) == 0 || !t.names(is, 0) {
		return emptyTable(t.axes)
	}
	table := t.build(by)
	for _, leaf := range t.leafs {
		table.Cells = append(table.Cells, c.leafCell(leaf, stage, spec))
	}
	t.unused(is, 0)
	return table
}

// emptyTable stands in for a table that could not be read: one combination without a cell.
func emptyTable(axes []fact.Fact) *choice.Table {
	return &choice.Table{Axes: axes, Sizes: make([]int, len(axes)), At: []int32{-1}}
}

// names checks the words of the rows, so that each axis has all its words before the table is laid out.
func (t *tabling) names(n *yaml.Node, depth int) bool {
	if !t.isMap(n) {
		return true
	}
	if depth == len(t.axes) {
		t.c.ErrorAt(n, "the table goes by %d facts, but here is a row below them", depth)
		return false
	}
	f, good := t.axes[depth], true
	for i, key := range n.Keys {
		if key.Text != "any" {
			good = len(t.c.members(f, key)) == 1 && good
		}
		good = t.names(n.Values[i], depth+1) && good
	}
	return good
}

func (t *tabling) build(at *yaml.Node) *choice.Table {
	table := &choice.Table{Axes: t.axes}
	spots := 1
	for _, f := range t.axes {
		size := len(t.c.p.space.Of(f).Words)
		table.Sizes = append(table.Sizes, size)
		spots *= size + 1
	}
	if spots > maxCells {
		t.c.ErrorAt(at, "this table has %d combinations; at most %d are allowed", spots, maxCells)
		return emptyTable(t.axes)
	}
	if before := t.c.cells; before <= maxAllCells && before+spots > maxAllCells {
		t.c.ErrorAt(at, "the tables down to here have more than %d combinations; go by fewer facts in one of them", maxAllCells)
	}
	if t.c.cells += spots; t.c.cells > maxAllCells {
		return emptyTable(t.axes)
	}
	table.At = make([]int32, spots)
	for spot := range table.At {
		table.At[spot] = -1
		if leaf := t.lookup(t.is, table.Words(spot), 0); leaf != nil {
			i, ok := t.used[leaf]
			if !ok {
				i = len(t.leafs)
				t.used[leaf] = i
				t.leafs = append(t.leafs, leaf)
			}
			table.At[spot] = int32(i)
			t.met[leaf] = t.met[leaf] || t.possible(table.Words(spot))
		}
	}
	return table
}

// possible reports whether a request can have these words: a closed list has no other word than its own.
func (t *tabling) possible(words []int) bool {
	for i, w := range words {
		if w < 0 && t.c.p.space.Of(t.axes[i]).Closed && t.axes[i] != fact.Category {
			return false
		}
	}
	return true
}

// lookup finds the cell of a combination, per axis from left to right: the exact row; else the row of the plan that it builds
// on, nearest first; else `any`; else there is none.
func (t *tabling) lookup(n *yaml.Node, words []int, depth int) *yaml.Node {
	if !t.isMap(n) {
		return n
	}
	f := t.axes[depth]
	if words[depth] >= 0 {
		word := t.c.p.space.Of(f).Words[words[depth]]
		for word != "" {
			if row := n.Get(word); row != nil {
				if leaf := t.lookup(row, words, depth+1); leaf != nil {
					return leaf
				}
			}
			if f != fact.Plan {
				break
			}
			plan, _ := find(t.c.p.plans, func(p Plan) bool { return p.ID == word })
			word = plan.BuildsOn
		}
	}
	if row := n.Get("any"); row != nil {
		return t.lookup(row, words, depth+1)
	}
	return nil
}

// unused reports cells that no combination reaches.
func (t *tabling) unused(n *yaml.Node, depth int) {
	if !t.isMap(n) {
		if !t.met[n] {
			t.c.ErrorAt(n, "this cell can never be reached: its words have another cell each")
		}
		return
	}
	for _, v := range n.Values {
		t.unused(v, depth+1)
	}
}

// ---- bands ----

func (c *compiler) bands(of, is *yaml.Node, stage int, spec cells) *choice.Bands {
	if !c.Is(of, yaml.Scalar, "bands") || !c.Is(is, yaml.List, "bands") {
		return nil
	}
	typ := fact.TypeNumber
	if f, ok := c.p.space.ByName(of.Text); ok {
		typ = c.p.space.Type(f)
	}
	v, mistake := expression.Calculation(of.Text, typ, 0, c.scope(stage))
	if mistake != nil || typ <= fact.TypeYesNo {
		if mistake == nil {
			mistake = &expression.Mistake{Column: 1, Text: fmt.Sprintf("`%s` is no number; bands go by a number, a date or a length of time", of.Text)}
		}
		c.expressionMistake(of, mistake)
		return nil
	}
	b := &choice.Bands{Of: v, Type: typ}
	for _, item := range is.Values {
		if !c.Is(item, yaml.Map, "a band") {
			continue
		}
		c.Only(item, "a band", []string{"above", "from", "below", "to", "is", "calc"}, nil)
		band := choice.Band{Lo: -1 << 62, Hi: 1 << 62}
		c.limits(item, typ, &band.Lo, &band.Hi)
		switch calc, value := item.Get("calc"), item.Get("is"); {
		case (calc == nil) == (value == nil):
			c.ErrorAt(item, "a band needs either `is` or `calc`")
		case calc != nil:
			band.Cell = c.calculated(calc, stage, spec)
		default:
			band.Cell = c.leafCell(value, stage, spec)
		}
		b.Bands = append(b.Bands, band)
	}
	c.checkBands(of.Text, is, b.Bands, func(n int64) string { return fact.AmountText(typ, n) })
	return b
}

// limits reads above >, from >=, below <, to <=.
func (c *compiler) limits(item *yaml.Node, typ fact.Type, lo, hi *int64) {
	for i, key := range item.Keys {
		if key.Text == "is" || key.Text == "calc" || !c.Is(item.Values[i], yaml.Scalar, key.Text) {
			continue
		}
		n, err := fact.ParseAmount(typ, item.Values[i].Text)
		if err != nil {
			c.ErrorAt(item.Values[i], "%s: %v", key.Text, err)
			continue
		}
		switch key.Text {
		case "above":
			*lo = max(*lo, n+1)
		case "from":
			*lo = max(*lo, n)
		case "below":
			*hi = min(*hi, n-1)
		case "to":
			*hi = min(*hi, n)
		}
	}
	if *lo > *hi {
		c.ErrorAt(item, "no value lies in this band")
	}
}

// checkBands reports bands that overlap, and warns of values between bands that lie in none.
func (c *compiler) checkBands(what string, at *yaml.Node, bands []choice.Band, show func(int64) string) {
	order := make([]int, len(bands))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return bands[order[a]].Lo < bands[order[b]].Lo })
	for k := 1; k < len(order) && len(order) <= len(at.Values); k++ {
		lower, upper := bands[order[k-1]], bands[order[k]]
		n := at.Values[order[k]]
		switch {
		case upper.Lo <= lower.Hi:
			c.ErrorAt(n, "bands of %s overlap: %s lies in two of them", what, show(upper.Lo))
		case upper.Lo == lower.Hi+2:
			c.WarnAt(n, "bands of %s leave a gap: exactly %s; write `from: %s` or `to: %s`", what, show(lower.Hi+1), show(lower.Hi+1), show(lower.Hi+1))
		case upper.Lo > lower.Hi+1:
			c.WarnAt(n, "bands of %s leave a gap: from %s to %s", what, show(lower.Hi+1), show(upper.Lo-1))
		}
	}
}

// ---- sentences ----

// cellSentencesOf makes a sentence for each combination of a table, or each band: say gets the rule with what the combination
// adds to its condition.
func (c *compiler) cellSentencesOf(e *choice.Entry, r *Rule, say func(r Rule, value int64) string) []string {
	var list []string
	if e.Table != nil && len(e.Table.Cells) > 0 {
		for spot, at := range e.Table.At {
			if at < 0 || int(at) >= len(e.Table.Cells) {
				list = append(list, "")
				continue
			}
			one := *r
			one.When.For = slices.Clone(r.When.For)
			for k, w := range e.Table.Words(spot) {
				if w >= 0 {
					one.When.For = append(one.When.For, c.p.space.Words(e.Table.Axes[k], w))
				}
			}
			one.Text = c.condition(one.When)
			list = append(list, say(one, e.Table.Cells[at].Value))
		}
	}
	if e.Bands != nil {
		for i := range e.Bands.Bands {
			one := *r
			b := &e.Bands.Bands[i]
			text := fact.RangeWords(e.Bands.Of.Words(c.say), e.Bands.Type, b.Lo, b.Hi)
			one.Text = strings.Join(slices.DeleteFunc([]string{r.Text, text}, func(s string) bool { return s == "" }), " and ")
			list = append(list, say(one, b.Value))
		}
	}
	return list
}

// ---- gaps ----

// reportGaps reports requests for which no entry of a list is left. Where an entry has a `when`, it may take them: a warning.
func (c *compiler) reportGaps(what string, list *choice.List, at Place) {
	count, examples, conditional := list.Gaps(&c.p.space, c.exists)
	if count == 0 {
		return
	}
	severity, more := SeverityError, map[bool]string{true: ", ..."}[count > 2]
	if conditional {
		severity = SeverityWarning
	}
	if slices.ContainsFunc(list.Entries, func(e choice.Entry) bool { return e.Table != nil }) {
		c.Add(severity, at.Line, at.Col, "%s empty in %s: %s%s; write a value or `none`", plural(count, "cell is", "cells are"), what, strings.Join(examples, ", "), more)
		return
	}
	if examples[0] == "" {
		c.Add(severity, at.Line, at.Col, "%s ends without a rule where no condition holds; add a last rule without a condition", what)
		return
	}
	c.Add(severity, at.Line, at.Col, "%s without a rule of %s (%s%s); add a last rule without a condition", plural(count, "combination ends", "combinations end"), what,
		strings.Join(examples, ", "), more)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// exists reports whether a request like this can be: its severity is one that its plan, product or stage has.
func (c *compiler) exists(r *fact.Record) bool {
	severity := r.V[fact.Severity]
	if !severity.Known || severity.N < 0 || int(severity.N) >= len(c.p.severities) {
		return true
	}
	return c.p.severities[severity.N].When.Eval(r) != fact.False
}
