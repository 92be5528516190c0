package readable

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Matrix is who provides each level and for whom.
type Matrix struct {
	Levels []string
	Rows   []MatrixRow
}

// MatrixRow is one kind of product or contract; Cells follow Levels.
type MatrixRow struct {
	Title string
	Cells []MatrixCell
}

// MatrixCell has the kinds of organisations that may provide a level (vendor, partner, customer), and whom it serves in
// words. No kinds: nobody provides it.
type MatrixCell struct {
	By  []string
	For string
}

// Scope is what requests can be about and what is included, in groups: what is included by level, then what is included
// in part, on a best-effort basis, for a fee, and not.
type Scope struct{ Groups []ScopeGroup }

// ScopeGroup has items of one answer: yes, limited, best-effort, no, or "" for what has only a price. Level is the name of
// the level that begins, for items that are included and have one.
type ScopeGroup struct {
	Answer string
	Level  string
	Items  []ScopeItem
}

// ScopeItem is one kind of request, or one rule.
type ScopeItem struct {
	Text   string
	Ways   []Way
	Charge string // what it costs, in words; empty for nothing
	// Duty marks standing work that nobody has to ask for.
	Duty bool
	// Despite lists the rules that this one takes precedence over.
	Despite []string
}

func (Matrix) block() {}
func (Scope) block()  {}

func (r reader) matrix(clause string) Matrix {
	var m Matrix
	for _, l := range r.p.Levels() {
		m.Levels = append(m.Levels, l.Name)
	}
	for i, row := range r.p.ResponsibilityRows() {
		if row.Clause != clause {
			continue
		}
		line := MatrixRow{Title: row.Label}
		switch {
		case row.Text == "" && i > 0:
			line.Title = "All others"
		case row.Text == "":
			line.Title = row.Title
		}
		for i := range row.Cells {
			line.Cells = append(line.Cells, r.cell(&row.Cells[i]))
		}
		m.Rows = append(m.Rows, line)
	}
	return m
}

func (r reader) cell(c *policy.ResponsibilityCell) MatrixCell {
	var out MatrixCell
	for _, k := range []struct {
		bit  uint8
		name string
	}{{policy.KindVendor, "vendor"}, {policy.KindPartner, "partner"}, {policy.KindCustomer, "customer"}} {
		if c.By&k.bit != 0 {
			out.By = append(out.By, k.name)
		}
	}
	var served []string
	for _, k := range []struct {
		bit  uint8
		name string
	}{{policy.KindEndUser, "end users"}, {policy.KindCustomer, "the customer"}, {policy.KindPartner, "partners"}} {
		if c.For&k.bit != 0 {
			served = append(served, k.name)
		}
	}
	out.For = wording.And(served)
	return out
}

// order is that of the groups on the page.
var order = []string{"yes", "limited", "best-effort", "", "no"}

func (r reader) scope(clause string) Scope {
	var s Scope
	groups := map[[2]string]*ScopeGroup{}
	var keys [][2]string
	put := func(answer, level string, item ScopeItem) {
		key := [2]string{answer, level}
		if groups[key] == nil {
			groups[key] = &ScopeGroup{Answer: answer, Level: level}
			keys = append(keys, key)
		}
		groups[key].Items = append(groups[key].Items, item)
	}
	for _, k := range r.p.Categories() {
		if k.Clause == clause {
			r.category(k, put)
		}
	}
	for _, c := range r.p.CoverageRules() {
		if c.Clause == clause && !c.Implied {
			item := ScopeItem{Text: plainReason(c.Sentence), Ways: r.waysAt(c.Offers), Charge: r.charge(c.Charge)}
			for _, i := range c.Overrides {
				item.Despite = append(item.Despite, plainReason(r.p.CoverageRules()[i].Sentence))
			}
			put(c.Answer.String(), "", item)
		}
	}
	for _, answer := range order {
		for _, key := range keys {
			if key[0] == answer {
				s.Groups = append(s.Groups, *groups[key])
			}
		}
	}
	return s
}

// plainReason is the sentence of a rule without the answer in front, which the group says already.
func plainReason(sentence string) string {
	for _, answer := range []string{"Paid work: ", "Included: ", "Included in part: ", "Answered on a best-effort basis only: ", "Not included: "} {
		if rest, ok := strings.CutPrefix(sentence, answer); ok {
			return wording.Capital(rest)
		}
	}
	return sentence
}

func (r reader) category(k policy.Category, put func(answer, level string, item ScopeItem)) {
	level, _ := r.p.Level(k.Level)
	answer := k.Answer
	if answer == "" {
		answer = "yes"
	}
	item := ScopeItem{Text: k.Title, Ways: r.ways(k.Offers), Charge: r.charge(k.Charge), Duty: k.Duty}
	if answer != "yes" {
		put(answer, "", item)
		return
	}
	put(answer, level.Name, item)
}

// charge says what something costs.
func (r reader) charge(c *policy.Charge) string {
	switch {
	case c == nil:
		return ""
	case c.From != "":
		for _, a := range r.p.Allowances() {
			if a.ID == c.From && a.Title != "" {
				return "taken from " + wording.Inner(a.Title)
			}
		}
		return "taken from " + wording.Spoken(c.From)
	case c.Confirm != "":
		return "charged: " + wording.Spoken(c.Rate) + ", once you have confirmed it by " + wording.Spoken(c.Confirm)
	}
	return "charged: " + wording.Spoken(c.Rate)
}
