package readable

import (
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Allowance is what is granted or bought: what it is, and how much of it there is for whom.
type Allowance struct {
	Title, About string
	Parts        []Part
	Ways         []Way // when nothing is left
}

func (Allowance) block() {}

func (r reader) allowances(clause string) []Allowance {
	var list []Allowance
	for _, a := range r.p.Allowances() {
		if a.Clause != clause {
			continue
		}
		out := Allowance{Title: a.Title, About: wording.Capital(strings.TrimPrefix(a.Sentence, a.Title+": ")), Ways: r.waysAt(a.Offers)}
		if out.Title == "" {
			out.Title = wording.Capital(wording.Spoken(a.ID))
		}
		if a.Limit != nil {
			out.Parts = r.parts(a.Limit, func(i int) string { return a.Limits[i].Label }, func(i int) string { return a.Limits[i].Says() },
				func(i int) bool { return true }, r.granted(a))
		}
		list = append(list, out)
	}
	return list
}

// granted is how the limits of an allowance read.
func (r reader) granted(a policy.Allowance) values {
	return func(c choice.Cell) Cell {
		switch {
		case c.None:
			return Cell{Text: "none", Kind: CellNone}
		case c.Calc != nil:
			return Cell{Text: c.Calc.Words(r.p.Say)}
		case c.Value == policy.Unlimited:
			return Cell{Text: "unlimited"}
		case c.Value == 0:
			return Cell{Text: "none", Kind: CellNone}
		case a.Kind == policy.CountTime:
			return Cell{Text: wording.Duration(c.Value)}
		}
		return Cell{Text: strconv.FormatInt(c.Value, 10)}
	}
}
