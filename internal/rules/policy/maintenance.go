package policy

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/period"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Maintenance is planned work on a service: when it is done, how long before it is announced, and how much of it there may be.
type Maintenance struct {
	ID       string `json:"id"`
	RuleID   string `json:"-"` // how reasons name it: `maintenance network`
	Title    string `json:"title"`
	Calendar int    `json:"-"` // index of the calendar of its windows, -1 where no window is named
	NoticeMs int64  `json:"notice_ms,omitempty"`
	BudgetMs int64  `json:"budget_ms,omitempty"` // in each period of BudgetEach
	Budget   string `json:"budget,omitempty"`    // as written
	Excluded bool   `json:"excluded,omitempty"`  // announced work is no downtime
	Sentence string `json:"-"`
	Place

	BudgetEach period.Each `json:"-"`
}

// Maintenance lists the planned work that the policy names.
func (p *Policy) Maintenance() []Maintenance { return p.maintenance }

func (c *compiler) maintenance() {
	c.entries("maintenance", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "maintenance") {
			return
		}
		c.Only(n, "maintenance."+key.Text, []string{"title", "calendar", "notice", "budget", "downtime", "says"}, nil)
		m := Maintenance{ID: key.Text, RuleID: "maintenance " + key.Text, Title: c.titleOf(key, n), Calendar: -1, Place: c.place(key)}
		if at := n.Get("calendar"); at != nil {
			m.Calendar = c.calendarNamed(at, false)
		}
		if at := n.Get("notice"); at != nil {
			m.NoticeMs = c.Duration(at, "notice")
		}
		m.Excluded = c.Choice(n, "downtime", "excluded", "counted") == "excluded"
		c.budget(&m, n.Get("budget"))
		m.Sentence = c.says(n)
		if m.Sentence == "" && m.Calendar > -100 {
			m.Sentence = c.maintenanceSentence(&m)
		}
		c.p.maintenance = append(c.p.maintenance, m)
	})
}

// budget reads `4h each month`.
func (c *compiler) budget(m *Maintenance, at *yaml.Node) {
	if at == nil || !c.Is(at, yaml.Scalar, "budget") {
		return
	}
	amount, each, ok := strings.Cut(at.Text, " each ")
	e, err := period.Parse(each)
	if !ok || err != nil || !e.Renews() {
		c.ErrorAt(at, "budget: expected how much in which period, such as `4h each month`; found %q", at.Text)
		return
	}
	m.Budget, m.BudgetEach = at.Text, e
	m.BudgetMs = c.Duration(&yaml.Node{Kind: yaml.Scalar, Text: amount, Line: at.Line, Col: at.Col}, "budget")
}

func (c *compiler) maintenanceSentence(m *Maintenance) string {
	text := "Planned work on " + m.Title
	if m.Calendar >= 0 {
		text += " is done " + c.p.calendars[m.Calendar].Words
	}
	var more []string
	if m.NoticeMs > 0 {
		more = append(more, "announced at least "+wording.Duration(m.NoticeMs)+" ahead")
	}
	if m.BudgetMs > 0 {
		_, each, _ := strings.Cut(m.Budget, " each ")
		more = append(more, "at most "+wording.Duration(m.BudgetMs)+" in each "+each)
	}
	if m.Excluded {
		more = append(more, "not counted as downtime")
	}
	if len(more) > 0 && m.Calendar < 0 {
		return text + " is " + wording.And(more) + "."
	}
	if len(more) > 0 {
		text += "; it is " + wording.And(more)
	}
	return text + "."
}
