package page

import (
	"slices"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/readable"
)

// lifeYear is the beginning of a year on the chart of versions.
type lifeYear struct{ name, at string }

// lifeYears are those that have room for their name.
func lifeYears(l readable.Life) []lifeYear {
	var list []lifeYear
	first, last := l.From.Year(), l.Until.Year()
	step := max(1, (last-first+7)/8)
	for y := first; y < last; y += step {
		list = append(list, lifeYear{decimal(int64(y)), lifeAt(l, calendar.MakeDate(y, time.January, 1))})
	}
	return list
}

func lifeAt(l readable.Life, d calendar.Date) string {
	return percent(int(d-l.From), int(l.Until-l.From))
}

func lifeWidth(l readable.Life, from, to calendar.Date) string {
	return percent(int(to-from), int(l.Until-l.From))
}

// lifeDated reports that the text says when versions were released.
func lifeDated(l readable.Life) bool {
	return slices.ContainsFunc(l.Versions, func(v readable.LifeVersion) bool { return v.Released != 0 })
}

func (f Frame) lifeEnd(e readable.LifeEnd) string {
	switch {
	case !e.Known:
		return "–"
	case e.Open:
		return f.T("no end announced")
	}
	return f.calendarDate(e.Last)
}

// lifePhase says where a version stands today.
func (f Frame) lifePhase(l readable.Life, v readable.LifeVersion) string {
	switch {
	case v.Phase < 0:
		return ""
	case v.Phase >= len(l.Phases):
		return f.T("past its end of life")
	}
	return f.T("now: %s", l.Phases[v.Phase])
}

// calendarDate is a date without its weekday: "25 Dec 2026".
func (f Frame) calendarDate(d calendar.Date) string {
	y, m, day := d.Civil()
	return f.date(time.Date(y, m, day, 0, 0, 0, 0, time.UTC))
}
