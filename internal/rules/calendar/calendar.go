// Package calendar is the desk's only notion of open hours: weeks in a zone,
// closed and special dates, unions and differences of such calendars.
//
// Instants are UTC milliseconds, open time is milliseconds. A window contains
// its first instant and not its last. A local time that a clock change leaves
// out counts from the first instant that exists; one that occurs twice opens
// at its first and closes at its second occurrence.
package calendar

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Calendar is a set of open instants. It is safe for concurrent use; what it
// has computed is kept and read without a lock. Calendars other than Always
// are closed before 1970 and from HorizonMs on.
type Calendar struct {
	whole   wholeness
	source  source
	zone    Zone
	dayMs   int64
	dayErr  error
	sure    Years
	doubts  []Doubt
	line    atomic.Pointer[timeline]
	growing sync.Mutex
}

// wholeness tells calendars that need no table.
type wholeness uint8

const (
	sometimes wholeness = iota
	always
	never
)

// Window is open time from Open (included) to Close (excluded), in UTC
// milliseconds.
type Window struct{ Open, Close int64 }

// New makes a calendar of one zone. The error names what of the Spec is wrong.
func New(s Spec) (*Calendar, error) {
	r, err := newRules(s)
	if err != nil {
		return nil, err
	}
	c := &Calendar{source: r, zone: r.zone, sure: everyYear()}
	for _, h := range s.Closed {
		c.sure, c.doubts = common(c.sure, h.sure), gatherDoubts(c.doubts, h.doubts)
	}
	if r.roundTheClock() {
		c.whole = always
	} else if r.neverOpen() {
		c.whole = never
	}
	if s.BusinessDayMs < 0 || s.BusinessDayMs > secondsPerDay*1000 {
		return nil, syntax(0, "a business day is longer than nothing and at most 24h")
	}
	if c.dayMs = s.BusinessDayMs; c.dayMs == 0 {
		c.dayMs, c.dayErr = r.normalDay()
	}
	return c, nil
}

func common(a, b Years) Years { return Years{max(a.From, b.From), min(a.To, b.To)} }

// Always is open at every instant and has no holidays.
func Always() *Calendar {
	return &Calendar{whole: always, sure: everyYear(), dayMs: secondsPerDay * 1000}
}

// Never is open at no instant.
func Never() *Calendar {
	return &Calendar{whole: never, sure: everyYear(), dayErr: &DayError{}}
}

// Union is open when any of the calendars is. Dates of its closings are those
// of the first calendar's zone. It has no business day of its own: see
// WithBusinessDay.
func Union(cs ...*Calendar) *Calendar {
	if len(cs) == 1 {
		return cs[0]
	}
	c := &Calendar{whole: never, sure: everyYear(), dayErr: &DayError{}}
	var parts union
	for i, part := range cs {
		if i == 0 {
			c.zone = part.zone
		}
		c.sure, c.doubts = common(c.sure, part.sure), gatherDoubts(c.doubts, part.doubts)
		switch part.whole {
		case always:
			c.whole = always
		case sometimes:
			if !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
	}
	if c.whole != always && len(parts) > 0 {
		c.whole = sometimes
	}
	c.source = parts
	return c
}

// Minus is open when a is and b is not. Zone and business day are a's.
func Minus(a, b *Calendar) *Calendar {
	if a.whole == never || b.whole == never {
		return a
	}
	c := &Calendar{zone: a.zone, sure: common(a.sure, b.sure), dayMs: a.dayMs, dayErr: a.dayErr}
	c.doubts = gatherDoubts(gatherDoubts(nil, a.doubts), b.doubts)
	if b.whole == always {
		c.whole = never
		return c
	}
	c.source = difference{a, b}
	return c
}

// WithBusinessDay is the same calendar with a stated business day, in
// milliseconds.
func (c *Calendar) WithBusinessDay(ms int64) *Calendar {
	return &Calendar{whole: c.whole, source: c.source, zone: c.zone, sure: c.sure, doubts: c.doubts, dayMs: ms}
}

type union []*Calendar

func (u union) fill(dst []interval, from, to int64) []interval {
	start := len(dst)
	for _, part := range u {
		dst = part.fill(dst, from, to)
	}
	return dst[:start+len(merge(dst[start:], from, to))]
}

type difference struct{ a, b *Calendar }

func (d difference) fill(dst []interval, from, to int64) []interval {
	return subtract(dst, d.a.fill(nil, from, to), d.b.fill(nil, from, to))
}

// fill takes the openings of one chunk from what the calendar keeps, so that
// calendars made of calendars made of calendars cost no more than their number.
func (c *Calendar) fill(dst []interval, from, to int64) []interval {
	switch c.whole {
	case always:
		return append(dst, interval{from, to})
	case never:
		return dst
	}
	i := int(from >> chunkBits)
	l := c.cover(i, i)
	k := &l.chunks[i-l.first]
	for j, open := range k.open {
		start := from + int64(open)
		dst = append(dst, interval{start, start + int64(k.length(j))})
	}
	return dst
}

// Zone is the zone in which dates of the calendar are counted.
func (c *Calendar) Zone() Zone { return c.zone }

// IsAlways reports whether the calendar is open at every instant.
func (c *Calendar) IsAlways() bool { return c.whole == always }

// IsNever reports whether the calendar is known to open at no instant.
func (c *Calendar) IsNever() bool { return c.whole == never }

// inside says whether an instant lies where tables reach.
func inside(at int64) bool { return at >= 0 && at < HorizonMs }

// locate is the chunk of an instant inside the horizon and the seconds into it.
func locate(at int64) (chunk int, off uint32) {
	sec := at / 1000
	return int(sec >> chunkBits), uint32(sec & (chunkLen - 1))
}

// Open reports whether the calendar is open at an instant.
func (c *Calendar) Open(at int64) bool {
	if c.whole != sometimes || !inside(at) {
		return c.whole == always
	}
	i, off := locate(at)
	l := c.cover(i, i)
	k := &l.chunks[i-l.first]
	j := k.find(off)
	return j >= 0 && off-k.open[j] < k.length(j)
}

// Next is the first open instant at or after at; false when there is none.
func (c *Calendar) Next(at int64) (int64, bool) {
	if c.whole != sometimes {
		return at, c.whole == always
	}
	if at >= HorizonMs {
		return 0, false
	}
	at = max(at, 0)
	i, off := locate(at)
	l := c.cover(i, i)
	k := &l.chunks[i-l.first]
	j := k.find(off)
	if j >= 0 && off-k.open[j] < k.length(j) {
		return at, true
	}
	for j++; j == len(k.open); j = 0 {
		if i++; i == chunkCount {
			return 0, false
		}
		l = c.cover(i, i)
		k = &l.chunks[i-l.first]
	}
	return (int64(i)<<chunkBits + int64(k.open[j])) * 1000, true
}

// Closes is when the calendar closes that is open at at; false when it is
// closed at at, or never closes.
func (c *Calendar) Closes(at int64) (int64, bool) {
	if c.whole != sometimes || !inside(at) {
		return 0, false
	}
	i, off := locate(at)
	l := c.cover(i, i)
	k := &l.chunks[i-l.first]
	j := k.find(off)
	if j < 0 || off-k.open[j] >= k.length(j) {
		return 0, false
	}
	end := k.open[j] + k.length(j)
	for end == chunkLen {
		if i++; i == chunkCount {
			return 0, false
		}
		l = c.cover(i, i)
		if k = &l.chunks[i-l.first]; len(k.open) == 0 || k.open[0] > 0 {
			return int64(i) << chunkBits * 1000, true
		}
		end = k.length(0)
	}
	return (int64(i)<<chunkBits + int64(end)) * 1000, true
}

// Add is the first instant by which openMs of open time have passed since at;
// of two equal points the earlier, so a day from 09:00 ends at 17:00 and not
// the next morning. For openMs <= 0 it is at. False when the calendar is never
// open for that long again.
func (c *Calendar) Add(at, openMs int64) (int64, bool) {
	switch {
	case openMs <= 0:
		return at, true
	case c.whole == always:
		return at + openMs, at <= math.MaxInt64-openMs
	case c.whole == never || at >= HorizonMs || openMs > HorizonMs:
		return 0, false
	}
	at = max(at, 0)
	i, _ := locate(at)
	l := c.cover(i, i)
	target := l.openMs(at) + openMs
	for target > l.totalMs() {
		if l.end() == chunkCount {
			return 0, false
		}
		l = c.cover(i, min(l.end()+len(l.chunks)-1, chunkCount-1))
		target = l.openMs(at) + openMs
	}
	return l.instant(target), true
}

// Between is the open time in [a, b), in milliseconds; 0 when b <= a.
func (c *Calendar) Between(a, b int64) int64 {
	if b <= a || c.whole == never {
		return 0
	}
	if c.whole == always {
		return b - a
	}
	a, b = min(max(a, 0), HorizonMs), min(max(b, 0), HorizonMs)
	i, j := chunkOf(a), chunkOf(b)
	l := c.cover(i, j)
	return l.openMs(b) - l.openMs(a)
}

// chunkOf is the chunk of an instant, the last one for the horizon itself.
func chunkOf(at int64) int { return min(int(at/1000>>chunkBits), chunkCount-1) }

// BusinessDay is the open time of a normal day in milliseconds, or what the
// Spec states. The error is a *DayError: days differ, or there are none.
func (c *Calendar) BusinessDay() (int64, error) { return c.dayMs, c.dayErr }

// Windows lists the open time in [from, to), cut at both ends.
func (c *Calendar) Windows(from, to int64) []Window {
	if c.whole == always && from < to {
		return []Window{{from, to}}
	}
	var list []Window
	for at := from; ; {
		open, ok := c.Next(at)
		if !ok || open >= to {
			return list
		}
		end, ok := c.Closes(open)
		if !ok || end > to {
			end = to
		}
		list = append(list, Window{open, end})
		at = end
	}
}

// Uncertain reports whether the hours at an instant rest on library holidays
// of a year that the library is not sure of.
func (c *Calendar) Uncertain(at int64) bool {
	return !c.sure.has(c.zone.Date(at).Year())
}

// Sure is the run of years of which all holidays in the calendar are sure.
func (c *Calendar) Sure() Years { return c.sure }

// HolidayAt names the holiday that closes the local date of an instant, for
// pages; empty when none does, when special hours hold, and for unions and
// differences.
func (c *Calendar) HolidayAt(at int64) string {
	r, ok := c.source.(*rules)
	if !ok {
		return ""
	}
	d := r.zone.Date(at)
	if r.mark(d, d)[0] != markClosed {
		return ""
	}
	for _, set := range r.closed {
		list := set.In(d.Year())
		if i := slices.IndexFunc(list, func(h Holiday) bool { return h.Date == d }); i >= 0 {
			return list[i].Name
		}
	}
	return ""
}
