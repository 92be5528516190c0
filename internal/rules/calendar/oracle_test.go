package calendar

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// The oracle decides by walking every minute of ten years on the time
// package's clock: it looks up when the local clock showed a minute first and
// last, paints each date's windows on the minutes, and counts. It shares no
// arithmetic with the engine.
type oracle struct {
	loc      *time.Location
	from     int64 // UTC minute of open[0]
	local    []int32
	seen     []int32 // local minute (from lo) -> first UTC minute index, -1 when skipped
	seenLast []int32
	lo       int32

	// Of the calendar at hand: open minutes before each minute, the next open
	// one, and where the stretch around it ends.
	sum, next, closes []int32
}

func walk(loc *time.Location, fromYear, years int) *oracle {
	from := time.Date(fromYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / 60
	to := time.Date(fromYear+years, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / 60
	o := &oracle{loc: loc, from: from, local: make([]int32, to-from)}
	for i := range o.local {
		t := time.Unix((from+int64(i))*60, 0).In(loc)
		_, offset := t.Zone()
		o.local[i] = int32(i + offset/60)
	}
	o.lo = -2 * 1440
	o.seen = make([]int32, int(to-from)+4*1440)
	o.seenLast = make([]int32, len(o.seen))
	for i := range o.seen {
		o.seen[i], o.seenLast[i] = -1, -1
	}
	for i, l := range o.local {
		if o.seen[l-o.lo] < 0 {
			o.seen[l-o.lo] = int32(i)
		}
		o.seenLast[l-o.lo] = int32(i)
	}
	o.sum, o.next, o.closes = make([]int32, to-from), make([]int32, to-from), make([]int32, to-from)
	return o
}

// when says at which minute (index) the clock shows a local minute, first or
// last; for one that is skipped, the first minute that shows a later time.
func (o *oracle) when(local int32, last bool) int32 {
	i := int(local - o.lo)
	if i < 0 {
		return 0
	}
	for ; i < len(o.seen); i++ {
		if o.seen[i] >= 0 {
			if last && local == int32(i)+o.lo {
				return o.seenLast[i]
			}
			return o.seen[i]
		}
	}
	return int32(len(o.local))
}

// paint marks the open minutes of hours given per local date; special says
// that only a date's own hours count on it.
func (o *oracle) paint(hours func(d time.Time) (spans []Span, special bool)) []bool {
	open := make([]bool, len(o.local))
	epoch := time.Unix(o.from*60, 0).UTC()
	isSpecial := make(map[int32]bool)
	days := int32(len(o.local)/1440) + 3
	for n := int32(-2); n < days; n++ {
		if _, special := hours(epoch.AddDate(0, 0, int(n))); special {
			isSpecial[n] = true
		}
	}
	for n := int32(-2); n < days; n++ {
		spans, _ := hours(epoch.AddDate(0, 0, int(n)))
		for _, s := range spans {
			begin := o.when(n*1440+int32(s.From), false)
			end := o.when(n*1440+int32(s.To), true)
			for m := begin; m < end; m++ {
				if on := floorDay(o.local[m]); on == n || !isSpecial[on] {
					open[m] = true
				}
			}
		}
	}
	return open
}

func floorDay(minute int32) int32 {
	return int32(floorDiv(int64(minute), 1440))
}

// zones has the odd ones: half-hour and missing-midnight changes, a date that
// never was, changes one minute after midnight, Ramadan, no changes at all.
var zones = []string{
	"Europe/London", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns",
	"Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca", "America/Havana",
	"Asia/Tehran", "Pacific/Chatham", "Antarctica/Troll", "Europe/Dublin", "Asia/Gaza",
	"America/Asuncion", "Asia/Beirut", "UTC", "Antarctica/Casey", "America/Los_Angeles",
}

type sample struct {
	name     string
	calendar *Calendar
	open     []bool
}

// randomWeek writes a random week as an author might.
func randomWeek(r *rand.Rand) string {
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	day := func() string { return dayName(time.Weekday(r.IntN(7))) }
	text := ""
	for i := range 1 + r.IntN(3) {
		if i > 0 {
			text += "; "
		}
		switch from := r.IntN(1440); r.IntN(5) {
		case 0:
			text += day() + " " + clock(from) + " to " + day() + " " + clock((from+1+r.IntN(1438))%1440)
		case 1:
			text += day() + "-" + day() + " 00:00-24:00"
		case 2:
			from = r.IntN(200) // near midnight, where clocks change
			text += day() + "-" + day() + " " + clock(from) + "-" + clock(from+1+r.IntN(200))
		default:
			text += day() + "-" + day() + " " + clock(from) + "-" + clock(from+1+r.IntN(1440-from))
		}
	}
	return text
}

func randomDates(r *rand.Rand, year int) string {
	switch r.IntN(5) {
	case 0:
		return MakeDate(year+r.IntN(10), 1, 1+r.IntN(365)).String()
	case 1:
		d := MakeDate(year+r.IntN(10), 1, 1+r.IntN(365))
		return d.String() + ".." + (d + Date(r.IntN(20))).String()
	case 2:
		return MakeDate(2023, 1, 1+r.IntN(365)).String()[5:]
	case 3:
		return fmt.Sprintf("%s sun of %s", []string{"1st", "2nd", "3rd", "4th", "last"}[r.IntN(5)], []string{"mar", "apr", "sep", "oct", "nov"}[r.IntN(5)])
	}
	return fmt.Sprintf("easter%+d", r.IntN(100)-40)
}

func randomSample(t *testing.T, r *rand.Rand, o *oracle, zone string, year int) sample {
	week := randomWeek(r)
	spans, err := ParseWeek(week)
	if err != nil {
		t.Fatalf("week %q: %v", week, err)
	}
	spec := Spec{Zone: zone, Week: spans}
	name := week
	var plus []Dates
	for range r.IntN(6) {
		plus = append(plus, mustDates(t, randomDates(r, year)))
	}
	name += fmt.Sprintf(" closed %v", plus)
	spec.Closed = []*Holidays{NewHolidays(HolidaySpec{Plus: plus})}
	for range r.IntN(3) {
		dates, hours := randomDates(r, year), "closed"
		if r.IntN(3) > 0 {
			from := r.IntN(1430)
			hours = fmt.Sprintf("%02d:%02d-24:00", from/60, from%60)
		}
		list, err := ParseHours(hours)
		if err != nil {
			t.Fatal(err)
		}
		spec.Dates = append(spec.Dates, Special{mustDates(t, dates), list})
		name += fmt.Sprintf("; %s %s", dates, hours)
	}
	c, err := New(spec)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return sample{name, c, o.paint(hoursOf(spec))}
}

// hoursOf reads a Spec day by day, in the slowest and plainest way.
func hoursOf(spec Spec) func(time.Time) ([]Span, bool) {
	has := func(set Dates, d time.Time) bool {
		for _, x := range set.In(nil, d.Year()) {
			if x.String() == d.Format(time.DateOnly) {
				return true
			}
		}
		return false
	}
	onDay := func(spans []Span, d time.Time) (list []Span) {
		for _, s := range spans {
			if s.Day == d.Weekday() {
				list = append(list, s)
			}
		}
		return list
	}
	return func(d time.Time) ([]Span, bool) {
		for i := len(spec.Dates) - 1; i >= 0; i-- {
			if has(spec.Dates[i].Dates, d) {
				return onDay(spec.Dates[i].Hours, d), true
			}
		}
		for _, c := range spec.Closed {
			for _, p := range c.plus {
				if has(p, d) {
					return nil, true
				}
			}
		}
		return onDay(spec.Week, d), false
	}
}

func mustDates(t testing.TB, s string) Dates {
	t.Helper()
	d, err := ParseDates(s)
	if err != nil {
		t.Fatalf("dates %q: %v", s, err)
	}
	return d
}

// Random calendars, unions and differences of them, ten years in each of
// twenty zones, against the oracle: every minute of openness, and every
// question at random instants.
func TestEqualsMinuteByMinuteWalk(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := seedFromEnv(t); s != 0 {
		seed = s
	}
	t.Logf("seed %d (set TIERDESK_SEED to repeat)", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for i, zone := range zones {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		year := []int{2006, 2020, 2031}[(i+r.IntN(3))%3]
		o := walk(loc, year, 10)
		a, b := randomSample(t, r, o, zone, year), randomSample(t, r, o, zone, year)
		both, less := make([]bool, len(a.open)), make([]bool, len(a.open))
		for m := range a.open {
			both[m], less[m] = a.open[m] || b.open[m], a.open[m] && !b.open[m]
		}
		for _, s := range []sample{a, b,
			{"union of " + a.name + " and " + b.name, Union(a.calendar, b.calendar), both},
			{a.name + " minus " + b.name, Minus(a.calendar, b.calendar), less},
		} {
			if !compare(t, r, o, s) {
				t.Fatalf("seed %d, zone %s from %d: %s", seed, zone, year, s.name)
			}
		}
	}
}

// compare leaves out the first and last two days, where the oracle does not
// see what happened before and after.
func compare(t *testing.T, r *rand.Rand, o *oracle, s sample) bool {
	t.Helper()
	const edge = 2 * 1440
	ms := func(m int) int64 { return (o.from + int64(m)) * 60_000 }
	end := len(s.open) - edge
	sum, next, closes := o.sum, o.next, o.closes
	sum[edge] = 0
	next[end], closes[end] = -1, -1
	for m := end - 1; m >= edge; m-- {
		next[m], closes[m] = next[m+1], int32(m+1)
		if s.open[m] {
			next[m] = int32(m)
			if m+1 < end && s.open[m+1] {
				closes[m] = closes[m+1]
			} else if m+1 == end {
				closes[m] = -1 // not known
			}
		}
	}
	for m := edge; m < end; m++ {
		sum[m+1] = sum[m]
		if s.open[m] {
			sum[m+1]++
		}
	}
	if !samePaint(t, s, ms, edge, end) {
		return false
	}
	fail := func(what string, at int64, got, want any) bool {
		t.Errorf("%s at %s: %v, want %v", what, time.UnixMilli(at).In(o.loc), got, want)
		return false
	}
	for range 20_000 {
		m, within := edge+r.IntN(end-edge), int64(r.IntN(60_000))
		at := ms(m) + within
		if s.calendar.Open(at) != s.open[m] {
			return fail("Open", at, !s.open[m], s.open[m])
		}
		if n := next[m]; n >= 0 {
			want := max(ms(int(n)), at)
			if got, ok := s.calendar.Next(at); !ok || got != want {
				return fail("Next", at, got, want)
			}
		}
		if s.open[m] && closes[m] >= 0 {
			if got, ok := s.calendar.Closes(at); !ok || got != ms(int(closes[m])) {
				return fail("Closes", at, got, ms(int(closes[m])))
			}
		}
		m2 := m + r.IntN(end-m)
		want := int64(sum[m2]-sum[m]) * 60_000
		if s.open[m] {
			want -= min(within, want)
		}
		if got := s.calendar.Between(at, ms(m2)); m2 > m && got != want {
			return fail(fmt.Sprintf("Between to %s", time.UnixMilli(ms(m2)).In(o.loc)), at, got, want)
		}
		// The first instant by which the open time up to m2 has passed: the
		// end of the last open minute before it.
		if m2 > m && want > 0 {
			last := m2
			for !s.open[last-1] {
				last--
			}
			if got, ok := s.calendar.Add(at, want); !ok || got != ms(last) {
				return fail(fmt.Sprintf("Add %d", want), at, got, ms(last))
			}
		}
	}
	return true
}

func samePaint(t *testing.T, s sample, ms func(int) int64, edge, end int) bool {
	t.Helper()
	m := edge
	for _, w := range append(s.calendar.Windows(ms(edge), ms(end)), Window{ms(end), ms(end)}) {
		for ; ms(m) < w.Open; m++ {
			if s.open[m] {
				t.Errorf("closed at %s, the walk says open", time.UnixMilli(ms(m)).UTC())
				return false
			}
		}
		for ; ms(m) < w.Close; m++ {
			if !s.open[m] {
				t.Errorf("open at %s, the walk says closed", time.UnixMilli(ms(m)).UTC())
				return false
			}
		}
	}
	return true
}
