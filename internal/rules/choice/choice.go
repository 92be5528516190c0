// Package choice holds lists from which the first entry that holds is chosen: the values of facts, severities, targets and
// limits. An entry is one value, a calculation, a table over facts with words, or bands of a number. Choosing is three-valued:
// a missing fact makes several entries possible, and the list is decided only where all of them agree.
package choice

import (
	"github.com/tierdesk/tierdesk/internal/rules/expression"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// List is a choose-list. The zero List has nothing to choose.
type List struct {
	Entries []Entry
}

// Entry is one rule of a list. Exactly one of Cell, Table and Bands gives its value.
type Entry struct {
	When  fact.Condition
	Cell  Cell
	Table *Table
	Bands *Bands
}

// Cell is one value: a literal, `none`, or a calculation.
type Cell struct {
	Value int64 // meaning is the list's: a word, a number, an index of targets
	None  bool  // no value exists, which is a value too
	Calc  *expression.Value
}

// Table is a matrix over facts with words. At holds, for each combination, the number of its cell in Cells, or -1.
type Table struct {
	Axes  []fact.Fact
	Sizes []int // words of each axis; the number after them stands for any other word
	At    []int32
	Cells []Cell
}

// Bands are ranges of one amount, both ends included.
type Bands struct {
	Of    *expression.Value
	Type  fact.Type // of the amount
	Bands []Band
}

// Band is one range.
type Band struct {
	Lo, Hi int64
	Cell
}

// State is how far a choice is settled.
type State uint8

// The states of a choice.
const (
	Gap     State = iota // every fact is known and no entry holds
	Missing              // a fact is missing that would change the value
	Decided
)

// Result is what was chosen. While State is Missing, Value is what holds for sure when nothing before it does. Spot is the
// combination of a table or the number of a band.
type Result struct {
	State State
	Value int64
	None  bool
	Entry int // -1 for none
	Spot  int
}

// Choose finds the first entry that holds and appends the facts that keep it from being settled.
func (l *List) Choose(r *fact.Record, needs []fact.Fact) (Result, []fact.Fact) {
	best := Result{Entry: -1}
	asked := len(needs)
	var possible Result
	open, differ := false, false
	consider := func(found Result) {
		if open && (found.Value != possible.Value || found.None != possible.None) {
			differ = true
		}
		possible, open = found, true
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		held := e.When.Eval(r)
		if held == fact.False {
			continue
		}
		if held == fact.Unknown {
			needs = e.When.Missing(r, needs)
		}
		found, settled, more := e.value(r, i, consider, needs)
		needs = more
		switch {
		case settled == fact.False:
			continue
		case settled == fact.Unknown:
			if len(needs) == asked { // every fact is known, and yet the calculation has no result
				return Result{Entry: i}, needs
			}
			open, differ = true, true
			if held == fact.True && e.sure() {
				return Result{State: Missing, Entry: -1}, needs
			}
			continue
		case held == fact.Unknown:
			consider(found)
			continue
		}
		best = found
		consider(found)
		best.State = Decided
		if differ {
			best.State = Missing
		} else {
			needs = needs[:asked]
		}
		return best, needs
	}
	if open {
		return Result{State: Missing, Entry: -1}, needs
	}
	return best, needs
}

// sure reports whether the entry has a value whatever the facts are, so that nothing after it can be chosen.
func (e *Entry) sure() bool { return e.Table == nil && e.Bands == nil }

// value is the value of an entry that may hold: True with a result, False where a table or bands leave it to the next entry,
// Unknown where a fact is missing. Values that are possible then are given to consider.
func (e *Entry) value(r *fact.Record, i int, consider func(Result), needs []fact.Fact) (Result, fact.Truth, []fact.Fact) {
	switch {
	case e.Table != nil:
		return e.Table.value(r, i, consider, needs)
	case e.Bands != nil:
		return e.Bands.value(r, i, needs)
	}
	return e.Cell.value(r, Result{State: Decided, Entry: i}, needs)
}

func (c *Cell) value(r *fact.Record, found Result, needs []fact.Fact) (Result, fact.Truth, []fact.Fact) {
	if c.Calc == nil {
		found.Value, found.None = c.Value, c.None
		return found, fact.True, needs
	}
	v, known := c.Calc.Eval(r)
	if !known {
		return found, fact.Unknown, c.Calc.Missing(r, needs)
	}
	found.Value = v
	return found, fact.True, needs
}

// Spot is the combination of a table for given words by axis; a negative or strange word is any other.
func (t *Table) Spot(words []int) int {
	spot := 0
	for i, w := range words {
		if w < 0 || w >= t.Sizes[i] {
			w = t.Sizes[i]
		}
		spot = spot*(t.Sizes[i]+1) + w
	}
	return spot
}

// Words are the words by axis of a combination; -1 for any other.
func (t *Table) Words(spot int) []int {
	words := make([]int, len(t.Sizes))
	for i := len(t.Sizes) - 1; i >= 0; i-- {
		words[i] = spot % (t.Sizes[i] + 1)
		spot /= t.Sizes[i] + 1
		if words[i] == t.Sizes[i] {
			words[i] = -1
		}
	}
	return words
}

func (t *Table) value(r *fact.Record, i int, consider func(Result), needs []fact.Fact) (Result, fact.Truth, []fact.Fact) {
	known := true
	spot := 0
	for k, f := range t.Axes {
		v := &r.V[f]
		if !v.Known {
			known = false
			needs = append(needs, f)
			continue
		}
		w := int(v.N)
		if w < 0 || w >= t.Sizes[k] {
			w = t.Sizes[k]
		}
		spot = spot*(t.Sizes[k]+1) + w
	}
	if known {
		at := t.At[spot]
		if at < 0 {
			return Result{}, fact.False, needs
		}
		return t.Cells[at].value(r, Result{State: Decided, Entry: i, Spot: spot}, needs)
	}
	return t.possible(r, i, consider, needs)
}

// possible goes through all combinations that missing facts leave open. Where all of them have the same value, it is decided.
func (t *Table) possible(r *fact.Record, i int, consider func(Result), needs []fact.Fact) (Result, fact.Truth, []fact.Fact) {
	var first Result
	seen, same, holds := false, true, false
	for spot := range t.At {
		if !t.fits(r, spot) {
			continue
		}
		if t.At[spot] < 0 {
			same = same && !holds
			seen = true
			continue
		}
		found, settled, _ := t.Cells[t.At[spot]].value(r, Result{State: Decided, Entry: i, Spot: spot}, nil)
		if settled != fact.True || seen && !holds || holds && (found.Value != first.Value || found.None != first.None) {
			same = false
		}
		if !holds {
			first = found
		}
		seen, holds = true, true
	}
	switch {
	case !holds:
		return Result{}, fact.False, needs
	case same:
		return first, fact.True, needs
	}
	consider(first)
	return Result{}, fact.Unknown, needs
}

func (t *Table) fits(r *fact.Record, spot int) bool {
	for k := len(t.Sizes) - 1; k >= 0; k-- {
		w := spot % (t.Sizes[k] + 1)
		spot /= t.Sizes[k] + 1
		v := &r.V[t.Axes[k]]
		if !v.Known {
			continue
		}
		known := int(v.N)
		if known < 0 || known >= t.Sizes[k] {
			known = t.Sizes[k]
		}
		if known != w {
			return false
		}
	}
	return true
}

func (b *Bands) value(r *fact.Record, i int, needs []fact.Fact) (Result, fact.Truth, []fact.Fact) {
	v, known := b.Of.Eval(r)
	if !known {
		return Result{}, fact.Unknown, b.Of.Missing(r, needs)
	}
	for k := range b.Bands {
		band := &b.Bands[k]
		if band.Lo <= v && v <= band.Hi {
			return band.Cell.value(r, Result{State: Decided, Entry: i, Spot: k}, needs)
		}
	}
	return Result{}, fact.False, needs
}

// Facts lists every fact that the list looks at.
func (l *List) Facts() []fact.Fact {
	var all []fact.Fact
	for i := range l.Entries {
		e := &l.Entries[i]
		for _, t := range e.When.For {
			all = append(all, t.Fact)
		}
		for _, t := range e.When.Unless {
			all = append(all, t.Fact)
		}
		if e.When.When != nil {
			all = append(all, e.When.When.Facts()...)
		}
		all = append(all, e.Cell.facts()...)
		if e.Table != nil {
			all = append(all, e.Table.Axes...)
			for k := range e.Table.Cells {
				all = append(all, e.Table.Cells[k].facts()...)
			}
		}
		if e.Bands != nil {
			all = append(all, e.Bands.Of.Facts()...)
			for k := range e.Bands.Bands {
				all = append(all, e.Bands.Bands[k].facts()...)
			}
		}
	}
	return all
}

func (c *Cell) facts() []fact.Fact {
	if c.Calc == nil {
		return nil
	}
	return c.Calc.Facts()
}
