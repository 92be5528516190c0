package calendar

import "slices"

// SpecialDay is a date whose hours are not those of its weekday; no hours for a date that is closed.
type SpecialDay struct {
	Date  Date
	Hours []Span
}

// ClosedDays lists the holidays that close dates from first to last, in order. A date with special hours is not among
// them. A union or difference has none of its own: its parts do.
func (c *Calendar) ClosedDays(first, last Date) []Holiday {
	r, ok := c.source.(*rules)
	if !ok || len(r.closed) == 0 || last < first {
		return nil
	}
	marks := r.mark(first, last)
	var list []Holiday
	for year := first.Year(); year <= last.Year(); year++ {
		for _, set := range r.closed {
			for _, h := range set.In(year) {
				if h.Date >= first && h.Date <= last && marks[h.Date-first] == markClosed {
					list = append(list, h)
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Holiday) int { return int(a.Date) - int(b.Date) })
	return slices.CompactFunc(list, func(a, b Holiday) bool { return a.Date == b.Date })
}

// SpecialDays lists the dates from first to last that have special hours, in order.
func (c *Calendar) SpecialDays(first, last Date) []SpecialDay {
	r, ok := c.source.(*rules)
	if !ok || len(r.dates) == 0 || last < first {
		return nil
	}
	var list []SpecialDay
	for i, mark := range r.mark(first, last) {
		if mark >= 0 {
			d := first + Date(i)
			list = append(list, SpecialDay{Date: d, Hours: r.hours(d, mark)})
		}
	}
	return list
}
