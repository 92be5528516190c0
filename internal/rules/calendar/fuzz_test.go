package calendar

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
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

// Ten days around any instant, minute by minute, against the same walk as the
// oracle's.
func FuzzWalk(f *testing.F) {
	f.Add(uint8(0), "mon-fri 08:00-17:00", "12-24", "12:00-14:00", int64(1_790_000_000_000), uint64(1))
	f.Add(uint8(3), "sat 23:00 to sun 03:00", "1st sun of apr", "closed", int64(1_775_300_000_000), uint64(2))
	f.Add(uint8(5), "mon-sun 00:00-24:00", "2011-12-31", "00:00-24:00", int64(1_325_200_000_000), uint64(3))
	f.Add(uint8(6), "sun 00:00-01:00; sat 23:30-24:00", "3rd sun of oct", "fri 22:00 to tue 02:00", int64(1_539_500_000_000), uint64(4))
	f.Add(uint8(14), "mon,fri 00:00-00:01, 23:59-24:00", "easter-2", "", int64(1_301_600_000_000), uint64(5))
	f.Fuzz(func(t *testing.T, zone uint8, week, closed, hours string, at int64, seed uint64) {
		spec, set, ok := fuzzSpec(zone, week, closed, hours)
		if !ok {
			return
		}
		c, err := New(spec)
		if err != nil {
			t.Fatalf("what parses is a calendar: %v", err)
		}
		loc, err := time.LoadLocation(spec.Zone)
		if err != nil {
			t.Fatal(err)
		}
		const day = 24 * 60
		from := 400*day + (at/60_000%(HorizonMs/60_000-800*day)+HorizonMs/60_000)%(HorizonMs/60_000-800*day)
		from -= from % day
		o := walkMinutes(loc, from, from+10*day)
		open := o.paint(hoursOf(spec, set, time.Unix(from*60, 0).UTC().Year(), 1))
		r := rand.New(rand.NewPCG(seed, 2))
		if compare(t, r, o, sample{week, c, open}, 200) < 0 {
			t.Fatalf("zone %s, week %q, %q %q", spec.Zone, week, closed, hours)
		}
	})
}

// fuzzSpec closes on the dates when there are no hours for them.
func fuzzSpec(zone uint8, week, closed, hours string) (Spec, HolidaySpec, bool) {
	spans, err := ParseWeek(week)
	if err != nil {
		return Spec{}, HolidaySpec{}, false
	}
	spec, set := Spec{Zone: zones[int(zone)%len(zones)], Week: spans}, HolidaySpec{}
	if dates, err := ParseDates(closed); err == nil {
		special, err := ParseHours(hours)
		if err != nil {
			set = HolidaySpec{Plus: []Dates{dates}, Observed: ObservedMonday}
			spec.Closed = []*Holidays{NewHolidays(set)}
		} else {
			spec.Dates = []Special{{dates, special}}
		}
	}
	return spec, set, true
}

// A set of holidays against a walk over the days of three years around it.
func FuzzHolidays(f *testing.F) {
	f.Add("12-25;12-26", "", true, 2026)
	f.Add("12-31;01-01;easter+1", "2027-01-01", true, 2027)
	f.Add("4th fri of nov;2026-11-27..2026-12-03", "12-01", false, 2026)
	f.Add("02-29;12-26..01-06", "last mon of dec", true, 2028)
	f.Fuzz(func(t *testing.T, plus, less string, observed bool, year int) {
		set := HolidaySpec{Plus: fuzzDates(plus), Less: fuzzDates(less)}
		if observed {
			set.Observed = ObservedMonday
		}
		year = 1975 + (year%200+200)%200
		want := closedDates(set, year, 1)
		previous := Date(-1)
		found := 0
		for _, h := range NewHolidays(set).In(year) {
			if !want[h.Date.String()] || h.Date <= previous || h.Name == "" {
				t.Fatalf("%q less %q in %d: %v after %s", plus, less, year, h, previous)
			}
			previous = h.Date
			found++
		}
		for d := range want {
			if strings.HasPrefix(d, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")) {
				found--
			}
		}
		if found != 0 {
			t.Fatalf("%q less %q in %d: %d too few", plus, less, year, -found)
		}
	})
}

// fuzzDates reads the first four sets of dates that a text holds.
func fuzzDates(text string) []Dates {
	var list []Dates
	for part := range strings.SplitSeq(text, ";") {
		if d, err := ParseDates(part); err == nil && len(list) < 4 {
			list = append(list, d)
		}
	}
	return list
}

// Special days as a policy writes them: what parses holds within a day, and a
// mistake has a place inside the text.
func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"09:00-12:00", "closed", "mon-fri 09:00-12:00; sat 10:00-12:00", "00:00-24:00", "fri 22:00 to sat 02:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spans, err := ParseHours(s)
		if err != nil {
			checkSyntax(t, s, err)
			return
		}
		last := Span{Day: -1}
		for _, x := range spans {
			if x.From < 0 || x.From >= x.To || x.To > minutesPerDay || x.Day == last.Day && x.From <= last.To {
				t.Fatalf("%q: %v after %v", s, x, last)
			}
			last = x
		}
	})
}
