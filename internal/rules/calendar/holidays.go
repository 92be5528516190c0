package calendar

import (
	"math"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
)

// Holidays is a set of dates on which a calendar is closed, from the embedded
// library, from the policy's own dates, or both. It is immutable and safe for
// concurrent use.
type Holidays struct {
	library  []*cal.Holiday
	own      []named
	like     []*Holidays
	plus     []Dates
	less     []Dates
	observed Observed
	sure     Years
	doubts   []Doubt
}

// Holiday is one closed date and what it is called; dates that the policy
// wrote itself carry their text as name.
type Holiday struct {
	Date Date
	Name string
}

// Years is a run of calendar years, both ends included.
type Years struct{ From, To int }

func (y Years) has(year int) bool { return year >= y.From && year <= y.To }

func everyYear() Years { return Years{math.MinInt32, math.MaxInt32} }

// Observed says where a yearly date that falls on a weekend is made up for.
type Observed uint8

const (
	// NotObserved: nowhere; dates are exact.
	NotObserved Observed = iota
	// ObservedMonday: on the Monday after, or the first working day after it
	// that is no holiday of the set itself. The date itself stays closed too.
	ObservedMonday
)

// ParseObserved reads the word of the policy: "monday".
func ParseObserved(s string) (Observed, error) {
	if s == "monday" {
		return ObservedMonday, nil
	}
	return NotObserved, syntax(0, `%q is not known; write "monday", or leave it out`, s)
}

// HolidaySpec describes a set made by the policy: the sets it is like, dates
// added and dates taken out. Observed moves only the yearly dates of Plus:
// library sets bring their own substitutes.
type HolidaySpec struct {
	Like     []*Holidays
	Plus     []Dates
	Less     []Dates
	Observed Observed
}

// NewHolidays builds the set.
func NewHolidays(s HolidaySpec) *Holidays {
	h := &Holidays{like: s.Like, plus: s.Plus, less: s.Less, observed: s.Observed, sure: everyYear()}
	for _, like := range s.Like {
		h.sure, h.doubts = common(h.sure, like.sure), gatherDoubts(h.doubts, like.doubts)
	}
	return h
}

// Sure is the run of years of which the set is sure. Sets without a library
// code are sure of every year.
func (h *Holidays) Sure() Years { return h.sure }

// In lists the closed dates of a year in order, each once.
func (h *Holidays) In(year int) []Holiday {
	list := h.raw(nil, year)
	if h.observed == ObservedMonday {
		list = append(list, h.substitutes(year)...)
	}
	list = h.without(list, year)
	slices.SortStableFunc(list, func(a, b Holiday) int { return int(a.Date) - int(b.Date) })
	return slices.CompactFunc(list, func(a, b Holiday) bool { return a.Date == b.Date })
}

// raw lists the dates of a year before substitution, dates taken out left out.
func (h *Holidays) raw(dst []Holiday, year int) []Holiday {
	start := len(dst)
	for _, l := range h.like {
		dst = append(dst, l.In(year)...)
	}
	for _, l := range h.library {
		dst = appendLibrary(dst, l, year)
	}
	for _, o := range h.own {
		if year < o.since {
			continue
		}
		for _, d := range o.dates.In(nil, year) {
			dst = append(dst, Holiday{d, o.name})
		}
	}
	for _, p := range h.plus {
		for _, d := range p.In(nil, year) {
			dst = append(dst, Holiday{d, p.String()})
		}
	}
	return dst[:start+len(h.without(dst[start:], year))]
}

func (h *Holidays) without(list []Holiday, year int) []Holiday {
	if len(h.less) == 0 {
		return list
	}
	var gone []Date
	for _, l := range h.less {
		gone = l.In(gone, year)
	}
	return slices.DeleteFunc(list, func(x Holiday) bool { return slices.Contains(gone, x.Date) })
}

// substitutes lists the days in a year on which yearly dates that fell on a
// weekend are made up for. The year before is walked too: 31 December may
// move into January.
func (h *Holidays) substitutes(year int) []Holiday {
	var taken []Holiday
	for y := year - 1; y <= year+1; y++ {
		taken = h.raw(taken, y)
	}
	var made []Holiday
	for y := year - 1; y <= year; y++ {
		for _, x := range h.movable(y) {
			d := x.Date
			for weekend(d) || slices.ContainsFunc(taken, func(t Holiday) bool { return t.Date == d }) {
				d++
			}
			taken = append(taken, Holiday{d, x.Name})
			if d.Year() == year {
				made = append(made, Holiday{d, x.Name})
			}
		}
	}
	return made
}

// movable lists the yearly dates of a year that fall on a weekend, in order.
func (h *Holidays) movable(year int) []Holiday {
	var list []Holiday
	for _, p := range h.plus {
		if !p.moves() {
			continue
		}
		for _, d := range p.In(nil, year) {
			if weekend(d) {
				list = append(list, Holiday{d, p.String()})
			}
		}
	}
	list = h.without(list, year)
	slices.SortStableFunc(list, func(a, b Holiday) int { return int(a.Date) - int(b.Date) })
	return list
}

func weekend(d Date) bool {
	day := d.Weekday()
	return day == time.Saturday || day == time.Sunday
}

// appendLibrary adds the dates in a year of one library holiday: the day and
// its substitute, either of which may come from the years beside it.
func appendLibrary(dst []Holiday, h *cal.Holiday, year int) []Holiday {
	name := h.Name
	if name == "Queen's Birthday" && year >= 2023 {
		name = "King's Birthday" // the library's lists end before the accession
	}
	for y := year - 1; y <= year+1; y++ {
		day, substitute, ok := calculate(h, y)
		if !ok {
			continue
		}
		if day.Year() == year {
			dst = append(dst, Holiday{day, name})
		}
		if substitute != day && substitute.Year() == year {
			dst = append(dst, Holiday{substitute, name})
		}
	}
	return dst
}

// calculate does what cal.Holiday.Calc does, with two of its traps avoided:
// Calc reads the machine's zone, in which a midnight may be missing, and some
// of the library's functions write to the shared holiday they are given.
func calculate(h *cal.Holiday, year int) (day, substitute Date, ok bool) {
	if h.StartYear > 0 && year < h.StartYear || h.EndYear > 0 && year > h.EndYear || slices.Contains(h.Except, year) {
		return 0, 0, false
	}
	own := *h
	at := own.Func(&own, year)
	if at.IsZero() {
		return 0, 0, false
	}
	// Noon of the day meant, whether the library's midnight exists or is an
	// hour off at a clock change.
	y, month, d := at.Add(12 * time.Hour).Date()
	day = MakeDate(y, month, d) + Date(h.CalcOffset)
	substitute = day
	for _, o := range h.Observed {
		if o.Day == day.Weekday() {
			substitute = day + Date(o.Offset)
			break
		}
	}
	return day, substitute, true
}
