package calendar

import (
	"errors"
	"testing"
)

// A week that parses can be written again and read back the same; a mistake
// has a place inside the text.
func FuzzParseWeek(f *testing.F) {
	for _, s := range []string{"mon-fri 08:00-17:00", "sun 22:00 to fri 22:00", "mon,wed 08:00-12:00, 13:00-17:00; sat 09:00-24:00", "closed", "mon-fri 9:00-17:00", "mon 18:00-09:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spans, err := ParseWeek(s)
		if err != nil {
			checkSyntax(t, s, err)
			return
		}
		again, err := ParseWeek(FormatWeek(spans))
		if err != nil {
			t.Fatalf("%q reads as %q, which does not: %v", s, FormatWeek(spans), err)
		}
		if FormatWeek(again) != FormatWeek(spans) || WeekMs(again) != WeekMs(spans) {
			t.Fatalf("%q reads as %q, then as %q", s, FormatWeek(spans), FormatWeek(again))
		}
	})
}

func checkSyntax(t *testing.T, s string, err error) {
	t.Helper()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(s) || syntax.Message == "" {
		t.Fatalf("%q: %#v", s, err)
	}
}

// Dates and zones: no panic, mistakes have a place, dates lie in their year
// and in order.
func FuzzParseDates(f *testing.F) {
	for _, s := range []string{"2026-11-09", "12-24", "12-26..01-02", "4th fri of nov", "easter-2", "2026-08-03..2026-08-14", "02-29"} {
		f.Add(s, 2026)
	}
	f.Fuzz(func(t *testing.T, s string, year int) {
		if _, err := LoadZone(s); err != nil {
			checkSyntax(t, s, err)
		}
		dates, err := ParseDates(s)
		if err != nil {
			checkSyntax(t, s, err)
			return
		}
		year = 1970 + (year%230+230)%230
		previous := Date(-1)
		for _, d := range dates.In(nil, year) {
			if d.Year() != year || d <= previous {
				t.Fatalf("%q in %d gives %s after %s", s, year, d, previous)
			}
			previous = d
		}
	})
}

// What must hold of every calendar and instant, whatever the hours.
func FuzzAdd(f *testing.F) {
	f.Add(uint8(0), "mon-fri 08:00-17:00", "12-24", "12:00-14:00", int64(1_790_000_000_000), int64(3_600_000))
	f.Add(uint8(3), "sat 23:00 to sun 03:00", "last sun of oct", "closed", int64(1_793_000_000_000), int64(86_400_000*40))
	f.Add(uint8(4), "mon-sun 00:00-24:00", "2010-11-07", "00:00-24:00", int64(1_289_100_000_000), int64(59_999))
	f.Add(uint8(5), "fri 09:00-17:00", "2011-12-30", "09:00-10:00", int64(1_325_200_000_000), int64(1))
	f.Fuzz(func(t *testing.T, zone uint8, week, closed, hours string, at, openMs int64) {
		c, ok := fuzzCalendar(zone, week, closed, hours)
		if !ok {
			return
		}
		at = (at%HorizonMs + HorizonMs) % HorizonMs
		openMs = 1 + (openMs%HorizonMs+HorizonMs)%HorizonMs
		checkOpening(t, c, at)
		due, ok := c.Add(at, openMs)
		if !ok {
			if !c.IsAlways() && c.Between(at, HorizonMs) >= openMs {
				t.Fatalf("%d of %d ms are never reached", openMs, c.Between(at, HorizonMs))
			}
			return
		}
		if got := c.Between(at, due); got != openMs {
			t.Fatalf("%d ms open until %s, want %d", got, show(due), openMs)
		}
		if got := c.Between(at, due-1); got != openMs-1 {
			t.Fatalf("%s is not the first such instant", show(due))
		}
		half := openMs / 2
		middle, _ := c.Add(at, half)
		if got, _ := c.Add(middle, openMs-half); got != due {
			t.Fatalf("in two steps %s, in one %s", show(got), show(due))
		}
	})
}

func fuzzCalendar(zone uint8, week, closed, hours string) (*Calendar, bool) {
	spans, err := ParseWeek(week)
	if err != nil {
		return nil, false
	}
	spec := Spec{Zone: zones[int(zone)%len(zones)], Week: spans}
	if dates, err := ParseDates(closed); err == nil {
		spec.Closed = []*Holidays{NewHolidays(HolidaySpec{Plus: []Dates{dates}, Observed: ObservedMonday})}
		if special, err := ParseHours(hours); err == nil {
			spec.Dates = []Special{{dates, special}}
		}
	}
	c, err := New(spec)
	return c, err == nil
}

func checkOpening(t *testing.T, c *Calendar, at int64) {
	t.Helper()
	next, ok := c.Next(at)
	if c.Open(at) != (ok && next == at) {
		t.Fatalf("open at %s is %v, but opens next %s", show(at), c.Open(at), show(next))
	}
	if !ok {
		return
	}
	if !c.Open(next) || c.Between(at, next) != 0 {
		t.Fatalf("opens %s, or earlier", show(next))
	}
	end, ok := c.Closes(next)
	if !ok {
		return
	}
	if end <= next || c.Open(end) || c.Between(next, end) != end-next {
		t.Fatalf("open from %s, does not close %s", show(next), show(end))
	}
	if by, ok := c.CloseAfter(next, 0); !ok || by != end {
		t.Fatalf("closes %s, by close %s", show(end), show(by))
	}
}
