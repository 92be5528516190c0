package readable

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Choice is a list from which the first entry that holds is taken, for example how a fact follows from others.
type Choice struct {
	Title string
	Parts []Part
	// Notes say what is to be known beside the values.
	Notes []string
}

func (Choice) block() {}

// values are how the cells of one list read.
type values func(choice.Cell) Cell

// axis is one side of a table: the words that it has rows or columns for, -1 for any other.
type axis struct {
	fact  fact.Fact
	words []int
}

// grids draws a table of any number of axes: a list for one, a grid for two, and for more a grid for each combination of the
// axes before the last two.
func (r reader) grids(t *choice.Table, show values) []Grid {
	axes := r.axes(t)
	if len(axes) == 0 {
		return nil
	}
	if len(axes) == 1 {
		g := Grid{Corner: r.factName(axes[0].fact), Cols: []string{""}}
		for _, w := range axes[0].words {
			g.Rows = append(g.Rows, GridRow{Title: r.axisWord(axes[0], w), Cells: []Cell{r.cellAt(t, []int{w}, show)}})
		}
		return []Grid{g}
	}
	var list []Grid
	r.eachPage(axes[:len(axes)-2], nil, func(page []int) {
		list = append(list, r.pageOf(t, axes, page, show))
	})
	return list
}

// eachPage goes through the combinations of the axes that have a grid for each of their words.
func (r reader) eachPage(axes []axis, chosen []int, do func([]int)) {
	if len(axes) == 0 {
		do(chosen)
		return
	}
	for _, w := range axes[0].words {
		r.eachPage(axes[1:], append(slices.Clone(chosen), w), do)
	}
}

func (r reader) pageOf(t *choice.Table, axes []axis, page []int, show values) Grid {
	down, across := axes[len(axes)-2], axes[len(axes)-1]
	var title []string
	for i, w := range page {
		title = append(title, r.factName(axes[i].fact)+": "+r.axisWord(axes[i], w))
	}
	g := Grid{Title: strings.Join(title, ", "), Corner: r.factName(down.fact) + " / " + wording.Inner(r.factName(across.fact))}
	for _, w := range across.words {
		g.Cols = append(g.Cols, r.axisWord(across, w))
	}
	for _, d := range down.words {
		row := GridRow{Title: r.axisWord(down, d)}
		for _, a := range across.words {
			row.Cells = append(row.Cells, r.cellAt(t, append(slices.Clone(page), d, a), show))
		}
		g.Rows = append(g.Rows, row)
	}
	return g.shortened()
}

// shortened is a grid in one line where nothing in it has a value.
func (g Grid) shortened() Grid {
	for _, row := range g.Rows {
		if slices.ContainsFunc(row.Cells, func(c Cell) bool { return c.Kind != CellNone }) {
			return g
		}
	}
	return Grid{Title: g.Title, Corner: g.Corner, Cols: []string{""}, Rows: []GridRow{{Title: "All", Cells: g.Rows[0].Cells[:1]}}}
}

func (r reader) cellAt(t *choice.Table, words []int, show values) Cell {
	at := t.At[t.Spot(words)]
	if at < 0 || int(at) >= len(t.Cells) {
		return Cell{Text: "–", Kind: CellEmpty}
	}
	return show(t.Cells[at])
}

// axes lists the words of each axis for which the table has a cell.
func (r reader) axes(t *choice.Table) []axis {
	axes := make([]axis, len(t.Axes))
	used := make([]map[int]bool, len(t.Axes))
	for i, f := range t.Axes {
		axes[i].fact, used[i] = f, map[int]bool{}
	}
	for spot, at := range t.At {
		if at >= 0 {
			for i, w := range t.Words(spot) {
				used[i][w] = true
			}
		}
	}
	for i := range axes {
		vocabulary := r.p.Facts().Of(axes[i].fact)
		for w := range t.Sizes[i] {
			if used[i][w] && vocabulary.Words[w] != "none" {
				axes[i].words = append(axes[i].words, w)
			}
		}
		if used[i][-1] && !vocabulary.Closed {
			axes[i].words = append(axes[i].words, -1)
		}
		if len(axes[i].words) == 0 {
			return nil
		}
	}
	return axes
}

func (r reader) axisWord(a axis, w int) string {
	if w < 0 {
		return "Any other"
	}
	return wording.Capital(strings.Trim(r.p.Say(a.fact, r.p.Facts().Of(a.fact).Words[w]), `"`))
}

// factName is a fact as the head of a column: "Plan", "Product type".
func (r reader) factName(f fact.Fact) string {
	name := r.p.Facts().Name(f)
	if d, ok := r.p.DeclaredFact(name); ok && d.Title != "" {
		return d.Title
	}
	return wording.Capital(strings.ReplaceAll(wording.Spoken(name), ".", " "))
}

// bandsGrid draws ranges of an amount as a list.
func (r reader) bandsGrid(b *choice.Bands, show values) []Grid {
	g := Grid{Corner: wording.Capital(b.Of.Words(r.p.Say)), Cols: []string{""}}
	for _, band := range b.Bands {
		g.Rows = append(g.Rows, GridRow{Title: bandWords(band, b.Type), Cells: []Cell{show(band.Cell)}})
	}
	return []Grid{g}
}

func bandWords(b choice.Band, typ fact.Type) string {
	lo, hi := fact.AmountText(typ, b.Lo), fact.AmountText(typ, b.Hi)
	switch {
	case b.Lo <= -1<<61:
		return "up to " + hi
	case b.Hi >= 1<<61:
		return lo + " or more"
	case b.Lo == b.Hi:
		return lo
	}
	return lo + " to " + hi
}

// parts are the entries of a list. label is the condition of an entry in few words.
func (r reader) parts(list *choice.List, label func(int) string, says func(int) string, only func(int) bool, show values) []Part {
	var out []Part
	for i := range list.Entries {
		e := &list.Entries[i]
		if !only(i) {
			continue
		}
		p := Part{When: label(i), Others: i > 0 && label(i) == ""}
		switch {
		case e.Table != nil:
			p.Grids = r.grids(e.Table, show)
		case e.Bands != nil:
			p.Grids = r.bandsGrid(e.Bands, show)
		default:
			p.Cell = show(e.Cell)
			p.Cell.Note = says(i)
		}
		out = append(out, p)
	}
	return out
}

// amounts are the values of a fact: its words, numbers, or what they are calculated from.
func (r reader) amounts(f fact.Fact) values {
	return func(c choice.Cell) Cell {
		switch {
		case c.None:
			return Cell{Text: "none", Kind: CellNone}
		case c.Calc != nil:
			return Cell{Text: c.Calc.Words(r.p.Say)}
		}
		switch typ := r.p.Facts().Type(f); typ {
		case fact.TypeYesNo:
			return Cell{Text: map[bool]string{true: "yes", false: "no"}[c.Value == 1]}
		case fact.TypeID, fact.TypeSet, fact.TypePlace:
			words := r.p.Facts().Of(f).Words
			if c.Value >= 0 && int(c.Value) < len(words) {
				return Cell{Text: r.p.Say(f, words[c.Value])}
			}
			return Cell{Text: "none", Kind: CellNone}
		default:
			return Cell{Text: fact.AmountText(typ, c.Value)}
		}
	}
}
