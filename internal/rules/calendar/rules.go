package calendar

import (
	"fmt"
	"slices"
	"time"
)

// Spec describes a calendar in one zone. Strongest first: Dates (of two that
// hold, the later), Closed, Week.
type Spec struct {
	Zone   string      // as LoadZone reads it
	Week   []Span      // as ParseWeek gives it
	Closed []*Holidays // each removes local 00:00 to 24:00 of its dates
	Dates  []Special   // temporary or special days

	// BusinessDayMs is the length of a business day in milliseconds; zero
	// means the length of a normal day of Week.
	BusinessDayMs int64
}

// Special replaces the hours of some dates: Hours as ParseHours gives them,
// none for closed.
type Special struct {
	Dates Dates
	Hours []Span
}

// interval is a stretch of UTC seconds, from included, to excluded.
type interval struct{ from, to int64 }

// rules is a Spec made ready: where openings come from.
type rules struct {
	zone   Zone
	week   [7][]Span
	closed []*Holidays
	dates  []special
}

type special struct {
	dates Dates
	week  [7][]Span
}

func newRules(s Spec) (*rules, error) {
	zone, err := LoadZone(s.Zone)
	if err != nil {
		return nil, err
	}
	r := &rules{zone: zone, closed: s.Closed}
	if r.week, err = byDay(s.Week); err != nil {
		return nil, err
	}
	for _, d := range s.Dates {
		week, err := byDay(d.Hours)
		if err != nil {
			return nil, err
		}
		r.dates = append(r.dates, special{d.Dates, week})
	}
	return r, nil
}

func byDay(spans []Span) (week [7][]Span, err error) {
	for _, s := range spans {
		if s.Day < 0 || s.Day > 6 || s.From < 0 || s.From >= s.To || s.To > minutesPerDay {
			return week, fmt.Errorf("a window of %d to %d minutes on day %d is outside the day", s.From, s.To, s.Day)
		}
	}
	for _, s := range joinSpans(slices.Clone(spans)) {
		week[s.Day] = append(week[s.Day], s)
	}
	return week, nil
}

func (r *rules) roundTheClock() bool {
	if len(r.closed) > 0 || len(r.dates) > 0 {
		return false
	}
	return !slices.ContainsFunc(r.week[:], func(day []Span) bool {
		return len(day) != 1 || day[0].To-day[0].From != minutesPerDay
	})
}

func (r *rules) neverOpen() bool {
	closed := func(week [7][]Span) bool {
		return !slices.ContainsFunc(week[:], func(day []Span) bool { return len(day) > 0 })
	}
	return closed(r.week) && !slices.ContainsFunc(r.dates, func(s special) bool { return !closed(s.week) })
}

// margin covers the widest distance from UTC and a skipped date.
const margin = 3

// fill appends the openings between two UTC seconds, sorted, apart and cut at
// both ends.
func (r *rules) fill(dst []interval, from, to int64) []interval {
	lag := r.zone.shifts(from-margin*secondsPerDay, to+margin*secondsPerDay)
	first, last := Date(floorDiv(from, secondsPerDay)-margin), Date(floorDiv(to, secondsPerDay)+margin)
	marks := r.mark(first-1, last+1)
	start := len(dst)
	for d := first; d <= last; d++ {
		for _, s := range r.hours(d, marks[d-first+1]) {
			begin := int64(d) * secondsPerDay
			open := interval{lag.first(begin + int64(s.From)*60), lag.last(begin + int64(s.To)*60)}
			dst = clip(dst, open, lag, d, marks[d-first], marks[d-first+2])
		}
	}
	merged := merge(dst[start:], from, to)
	return dst[:start+len(merged)]
}

// What a date's mark says; from zero up it is the number of the Special.
const (
	markClosed = -1
	markNormal = -2
)

// mark says for every date of a run which rule decides its hours.
func (r *rules) mark(first, last Date) []int {
	marks := make([]int, last-first+1)
	for i := range marks {
		marks[i] = markNormal
	}
	set := func(d Date, mark int) {
		if d >= first && d <= last {
			marks[d-first] = mark
		}
	}
	var dates []Date
	for year := first.Year(); year <= last.Year(); year++ {
		for _, c := range r.closed {
			for _, h := range c.In(year) {
				set(h.Date, markClosed)
			}
		}
	}
	for i, s := range r.dates {
		for year := first.Year(); year <= last.Year(); year++ {
			dates = s.dates.In(dates[:0], year)
			for _, d := range dates {
				set(d, i)
			}
		}
	}
	return marks
}

func (r *rules) hours(d Date, mark int) []Span {
	switch mark {
	case markNormal:
		return r.week[d.Weekday()]
	case markClosed:
		return nil
	}
	return r.dates[mark].week[d.Weekday()]
}

// clip adds an opening of a date. Where a clock change around midnight leads
// it into the next or previous date and that one is closed or special, that
// date's own hours decide.
func clip(dst []interval, open interval, lag shifts, d Date, before, after int) []interval {
	if open.from >= open.to {
		return dst
	}
	dst = append(dst, open)
	if before == markNormal && after == markNormal || len(lag) == 1 {
		return dst
	}
	var foreign []interval
	if before != markNormal {
		foreign = lag.on(foreign, d-1)
	}
	if after != markNormal {
		foreign = lag.on(foreign, d+1)
	}
	slices.SortFunc(foreign, byStart)
	return subtract(dst[:len(dst)-1], []interval{open}, foreign)
}

func byStart(a, b interval) int {
	if a.from < b.from {
		return -1
	}
	return int(min(a.from-b.from, 1))
}

// merge sorts and joins intervals in place and cuts them to [from, to).
func merge(list []interval, from, to int64) []interval {
	slices.SortFunc(list, byStart)
	joined := list[:0]
	for _, x := range list {
		x.from, x.to = max(x.from, from), min(x.to, to)
		if x.from >= x.to {
			continue
		}
		if n := len(joined); n > 0 && x.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, x.to)
			continue
		}
		joined = append(joined, x)
	}
	return joined
}

// subtract appends what of a lies outside b; both are sorted and apart.
func subtract(dst, a, b []interval) []interval {
	for _, x := range a {
		for len(b) > 0 && b[0].to <= x.from {
			b = b[1:]
		}
		for _, y := range b {
			if y.from >= x.to {
				break
			}
			if x.from < y.from {
				dst = append(dst, interval{x.from, y.from})
			}
			x.from = max(x.from, y.to)
		}
		if x.from < x.to {
			dst = append(dst, x)
		}
	}
	return dst
}

// normalDay is the open time of a normal day in milliseconds.
func (r *rules) normalDay() (int64, error) {
	var lengths []int64
	for _, day := range monday {
		length := WeekMs(r.week[day])
		if length > 0 && !slices.Contains(lengths, length) {
			lengths = append(lengths, length)
		}
	}
	switch len(lengths) {
	case 0:
		return 0, &DayError{}
	case 1:
		return lengths[0], nil
	}
	return 0, &DayError{Lengths: lengths}
}

// DayError tells why a calendar has no normal day: its days differ (Lengths in
// milliseconds, in the order of the week), or it has no days of its own (none).
type DayError struct{ Lengths []int64 }

func (e *DayError) Error() string {
	if len(e.Lengths) == 0 {
		return "the calendar has no normal day; say what a business day is with `business_day`"
	}
	text := ""
	for i, ms := range e.Lengths {
		if i > 0 {
			text += ", "
		}
		text += FormatDuration(ms)
	}
	return "the days differ in length (" + text + "); say what a business day is with `business_day`"
}

// FormatDuration writes milliseconds as the policy does: "7h30m", "5h", "45m".
func FormatDuration(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	hours, minutes := d/time.Hour, d%time.Hour/time.Minute
	switch {
	case minutes == 0:
		return fmt.Sprintf("%dh", hours)
	case hours == 0:
		return fmt.Sprintf("%dm", minutes)
	}
	return fmt.Sprintf("%dh%dm", hours, minutes)
}
