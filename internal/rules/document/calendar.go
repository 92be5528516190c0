package document

import (
	"errors"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Syntax reports a mistake inside a text at its own column.
func (r *Report) Syntax(at *yaml.Node, err error) {
	var syntax *calendar.SyntaxError
	col := at.Col
	if errors.As(err, &syntax) {
		col += syntax.Offset
		if at.Quoted {
			col++
		}
	}
	r.Add(SeverityError, at.Line, col, "%v", err)
}

// Special returns the hours of special dates: {dates: .., week: ..}.
func (r *Report) Special(item *yaml.Node) []calendar.Special {
	week := item.Get("week")
	if week == nil || !r.Is(week, yaml.Scalar, "week") {
		r.ErrorAt(item, "special dates need a `week`, e.g. \"09:00-12:00\" or closed")
		return nil
	}
	hours, err := calendar.ParseHours(week.Text)
	if err != nil {
		r.Syntax(week, err)
	}
	var list []calendar.Special
	for _, d := range r.Dates(item.Get("dates")) {
		list = append(list, calendar.Special{Dates: d, Hours: hours})
	}
	return list
}

// Dates returns the sets of dates that a word or a list names.
func (r *Report) Dates(n *yaml.Node) []calendar.Dates {
	var list []calendar.Dates
	for _, w := range r.Words(n, "dates") {
		d, err := calendar.ParseDates(w.Text)
		if err != nil {
			r.Syntax(w, err)
			continue
		}
		list = append(list, d)
	}
	return list
}

// Zone returns the time zone that a word names, and false when there is none.
func (r *Report) Zone(n *yaml.Node) (calendar.Zone, bool) {
	if n == nil || n.Kind != yaml.Scalar {
		return calendar.Zone{}, false
	}
	z, err := calendar.LoadZone(n.Text)
	if err != nil {
		r.ErrorAt(n, "%v", err)
	}
	return z, err == nil
}
