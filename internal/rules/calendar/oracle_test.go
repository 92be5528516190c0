package calendar

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
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
	// one, where the stretch around it ends, every closing, and the local dates
	// (days since the first) with any open minute.
	sum, next, closes []int32
	closings          []int32
	openDates         []int32
}

func walk(loc *time.Location, fromYear, years int) *oracle {
	return walkMinutes(loc, time.Date(fromYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix()/60, time.Date(fromYear+years, 1, 1, 0, 0, 0, 0, time.UTC).Unix()/60)
}

// walkMinutes goes from one UTC minute, the first of a day, to another.
func walkMinutes(loc *time.Location, from, to int64) *oracle {
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
		switch from := r.IntN(1440); r.IntN(6) {
		case 0:
			text += day() + " " + clock(from) + " to " + day() + " " + clock((from+1+r.IntN(1438))%1440)
		case 1:
			text += day() + "-" + day() + " 00:00-24:00"
		case 2:
			from = r.IntN(200) // near midnight, where clocks change
			text += day() + "-" + day() + " " + clock(from) + "-" + clock(from+1+r.IntN(200))
		case 3:
			text += day() + "," + day() + " 00:00-" + clock(1+r.IntN(180)) + ", " + clock(1200+r.IntN(200)) + "-24:00"
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

// randomHours writes the hours of a special day.
func randomHours(r *rand.Rand) string {
	from := r.IntN(1430)
	switch r.IntN(4) {
	case 0:
		return "closed"
	case 1:
		return fmt.Sprintf("%02d:%02d-24:00", from/60, from%60)
	case 2:
		return randomWeek(r)
	}
	to := from + 1 + r.IntN(1439-from)
	return fmt.Sprintf("%02d:%02d-%02d:%02d", from/60, from%60, to/60, to%60)
}

func randomSample(t *testing.T, r *rand.Rand, o *oracle, zone string, year int) sample {
	week := randomWeek(r)
	spans, err := ParseWeek(week)
	if err != nil {
		t.Fatalf("week %q: %v", week, err)
	}
	spec := Spec{Zone: zone, Week: spans}
	set := HolidaySpec{Observed: Observed(r.IntN(2))}
	for range r.IntN(6) {
		set.Plus = append(set.Plus, mustDates(t, randomDates(r, year)))
	}
	for range r.IntN(2) {
		set.Less = append(set.Less, mustDates(t, randomDates(r, year)))
	}
	name := fmt.Sprintf("%s: %s closed %v but not %v, observed %d", zone, week, set.Plus, set.Less, set.Observed)
	spec.Closed = []*Holidays{NewHolidays(set)}
	for range r.IntN(3) {
		dates, hours := randomDates(r, year), randomHours(r)
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
	return sample{name, c, o.paint(hoursOf(spec, set, year, 10))}
}

// hoursOf reads a Spec day by day, in the slowest and plainest way.
func hoursOf(spec Spec, set HolidaySpec, year, years int) func(time.Time) ([]Span, bool) {
	closed := closedDates(set, year, years)
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
			if among(spec.Dates[i].Dates, d) {
				return onDay(spec.Dates[i].Hours, d), true
			}
		}
		if closed[d.Format(time.DateOnly)] {
			return nil, true
		}
		return onDay(spec.Week, d), false
	}
}

func among(set Dates, d time.Time) bool {
	return slices.ContainsFunc(set.In(nil, d.Year()), func(x Date) bool { return x.String() == d.Format(time.DateOnly) })
}

// byDate tells which sets have a date.
func byDate(sets []Dates, first, end time.Time) map[string][]Dates {
	on := map[string][]Dates{}
	for _, x := range sets {
		for year := first.Year(); year <= end.Year(); year++ {
			for _, d := range x.In(nil, year) {
				on[d.String()] = append(on[d.String()], x)
			}
		}
	}
	return on
}

// closedDates walks the days one by one: what plus names and less does not, and for a date of every year that falls on a
// weekend the next weekday that is not closed already.
func closedDates(set HolidaySpec, year, years int) map[string]bool {
	closed := map[string]bool{}
	var moved []time.Time
	first, end := time.Date(year-2, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year+years+2, 1, 1, 0, 0, 0, 0, time.UTC)
	plus, less := byDate(set.Plus, first, end), byDate(set.Less, first, end)
	for d := first; d.Before(end); d = d.AddDate(0, 0, 1) {
		if len(less[d.Format(time.DateOnly)]) > 0 {
			continue
		}
		for _, x := range plus[d.Format(time.DateOnly)] {
			closed[d.Format(time.DateOnly)] = true
			if weekday := d.Weekday(); oneDateOfEveryYear(x) && (weekday == time.Saturday || weekday == time.Sunday) {
				moved = append(moved, d)
			}
		}
	}
	if set.Observed == NotObserved {
		return closed
	}
	made := map[string]bool{}
	for _, d := range moved {
		for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday || closed[d.Format(time.DateOnly)] || made[d.Format(time.DateOnly)] {
			d = d.AddDate(0, 0, 1)
		}
		if len(less[d.Format(time.DateOnly)]) == 0 {
			made[d.Format(time.DateOnly)] = true
		}
	}
	for d := range made {
		closed[d] = true
	}
	return closed
}

// oneDateOfEveryYear reads the text of a set: 12-24, also as a run of one day.
func oneDateOfEveryYear(x Dates) bool {
	from, to, isRun := strings.Cut(strings.TrimSpace(x.String()), "..")
	return len(from) == len("12-24") && strings.Count(from, "-") == 1 && !strings.HasPrefix(from, "easter") && (!isRun || to == from)
}

func mustDates(t testing.TB, s string) Dates {
	t.Helper()
	d, err := ParseDates(s)
	if err != nil {
		t.Fatalf("dates %q: %v", s, err)
	}
	return d
}

// instants is how many random instants are compared: TIERDESK_ORACLE, or a
// number that takes a few seconds.
func instants(t *testing.T) int {
	text := os.Getenv("TIERDESK_ORACLE")
	if text == "" {
		return 40_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("TIERDESK_ORACLE is a number of instants, not %q", text)
	}
	return n
}

// Random calendars, unions (also of two zones) and differences of them, ten
// years in each of twenty zones, against the oracle: every minute of openness,
// and every question at random instants.
func TestEqualsMinuteByMinuteWalk(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := seedFromEnv(t); s != 0 {
		seed = s
	}
	const perCalendar, kinds = 2500, 5
	want := instants(t)
	rounds := max(want/(perCalendar*kinds*len(zones)), 1)
	each := (want + rounds*kinds*len(zones) - 1) / (rounds * kinds * len(zones))
	t.Logf("seed %d (set TIERDESK_SEED to repeat)", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	asked, calendars := 0, 0
	year := []int{2006, 2020, 2031}[r.IntN(3)]
	var elsewhere sample
	for i, zone := range zones {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		o := walk(loc, year, 10)
		for range rounds {
			a, b := randomSample(t, r, o, zone, year), randomSample(t, r, o, zone, year)
			both, less, far := make([]bool, len(a.open)), make([]bool, len(a.open)), make([]bool, len(a.open))
			if i == 0 {
				elsewhere = b
			}
			for m := range a.open {
				both[m], less[m], far[m] = a.open[m] || b.open[m], a.open[m] && !b.open[m], a.open[m] || elsewhere.open[m]
			}
			for _, s := range []sample{a, b,
				{"union of " + a.name + " and " + b.name, Union(a.calendar, b.calendar), both},
				{a.name + " minus " + b.name, Minus(a.calendar, b.calendar), less},
				{"union of " + a.name + " and " + elsewhere.name, Union(a.calendar, elsewhere.calendar), far},
			} {
				n := compare(t, r, o, s, each)
				if n < 0 {
					t.Fatalf("seed %d, zone %s from %d: %s", seed, zone, year, s.name)
				}
				asked += n
				calendars++
			}
			elsewhere = a
		}
	}
	t.Logf("%d questions at %d instants of %d calendars in %d zones from %d on: 0 differences", asked, calendars*each, calendars, len(zones), year)
}

// ms is the instant of a minute.
func (o *oracle) ms(m int) int64 { return (o.from + int64(m)) * 60_000 }

// edge leaves out the first and last two days, where the oracle does not see
// what happened before and after.
const edge = 2 * 1440

// learn goes through a painted calendar once in each direction.
func (o *oracle) learn(open []bool) {
	end := len(open) - edge
	sum, next, closes := o.sum, o.next, o.closes
	sum[edge], next[end], closes[end] = 0, -1, -1
	for m := end - 1; m >= edge; m-- {
		next[m], closes[m] = next[m+1], int32(m+1)
		if open[m] {
			next[m] = int32(m)
			if m+1 < end && open[m+1] {
				closes[m] = closes[m+1]
			} else if m+1 == end {
				closes[m] = -1 // not known
			}
		}
	}
	o.closings, o.openDates = o.closings[:0], o.openDates[:0]
	dates := map[int32]bool{}
	for m := edge; m < end; m++ {
		sum[m+1] = sum[m]
		if open[m] {
			sum[m+1]++
			if d := floorDay(o.local[m]); !dates[d] {
				dates[d] = true
				o.openDates = append(o.openDates, d)
			}
		} else if open[m-1] {
			o.closings = append(o.closings, int32(m))
		}
	}
	slices.Sort(o.openDates)
}

// closeAfter goes through the closings after a minute: the first one, or the last of the nth local date on which there are any.
func (o *oracle) closeAfter(m int, within int64, n int) (int, bool) {
	i, exact := slices.BinarySearch(o.closings, int32(m))
	if exact && (within > 0 || n > 0) {
		i++
	}
	if n == 0 {
		return o.closingAt(i)
	}
	today := floorDay(o.local[m])
	var dates []int32
	for k := i; k < len(o.closings) && len(dates) <= n+2; k++ {
		if d := floorDay(o.local[o.closings[k]-1]); d > today && !slices.Contains(dates, d) {
			dates = append(dates, d)
		}
	}
	slices.Sort(dates)
	if len(dates) < n+2 {
		return 0, false
	}
	last := -1
	for k := i; k < len(o.closings); k++ {
		d := floorDay(o.local[o.closings[k]-1])
		if d == dates[n-1] {
			last = k
		}
		if d > dates[n] {
			break
		}
	}
	return o.closingAt(last)
}

func (o *oracle) closingAt(i int) (int, bool) {
	if i < 0 || i >= len(o.closings) {
		return 0, false
	}
	return int(o.closings[i]), true
}

// byTime is a time of day on a date with any open minute: today if it is still to come and n is 0, else the nth such date.
func (o *oracle) byTime(m int, within int64, minute, n int) (int, bool) {
	today := floorDay(o.local[m])
	i, isOpen := slices.BinarySearch(o.openDates, today)
	if n == 0 && isOpen {
		if at := int(o.when(today*1440+int32(minute), false)); at > m || at == m && within == 0 {
			return at, true
		}
	}
	if isOpen {
		i++
	}
	if i += max(n, 1) - 1; i+1 >= len(o.openDates) {
		return 0, false
	}
	return int(o.when(o.openDates[i]*1440+int32(minute), false)), true
}

// compare asks at n random instants and returns the number of questions, or -1 when an answer differs.
func compare(t *testing.T, r *rand.Rand, o *oracle, s sample, n int) int {
	t.Helper()
	o.learn(s.open)
	end := len(s.open) - edge
	if !samePaint(t, s, o.ms, edge, end) {
		return -1
	}
	q := &question{t: t, r: r, o: o, s: s, end: end}
	for range n {
		q.m, q.within = edge+1440+r.IntN(end-edge-1440), 0 // the local date lies wholly inside
		if r.IntN(4) > 0 {
			q.within = int64(r.IntN(60_000))
		}
		q.at = o.ms(q.m) + q.within
		if !q.opening() || !q.amounts() || !q.points() {
			return -1
		}
	}
	return q.asked
}

// question is one random instant, m minutes and within milliseconds into the oracle's years.
type question struct {
	t      *testing.T
	r      *rand.Rand
	o      *oracle
	s      sample
	end    int
	m      int
	within int64
	at     int64
	asked  int
}

func (q *question) same(what string, got int64, ok bool, want int64) bool {
	q.asked++
	if ok && got == want {
		return true
	}
	q.t.Errorf("%s at %s: %v %s, want %s", what, time.UnixMilli(q.at).In(q.o.loc), ok, time.UnixMilli(got).In(q.o.loc), time.UnixMilli(want).In(q.o.loc))
	return false
}

func (q *question) opening() bool {
	q.asked++
	if c := q.s.calendar; c.Open(q.at) != q.s.open[q.m] {
		q.t.Errorf("Open at %s: %v", time.UnixMilli(q.at).In(q.o.loc), !q.s.open[q.m])
		return false
	}
	if n := q.o.next[q.m]; n >= 0 {
		got, ok := q.s.calendar.Next(q.at)
		if !q.same("Next", got, ok, max(q.o.ms(int(n)), q.at)) {
			return false
		}
	}
	if q.s.open[q.m] && q.o.closes[q.m] >= 0 {
		got, ok := q.s.calendar.Closes(q.at)
		return q.same("Closes", got, ok, q.o.ms(int(q.o.closes[q.m])))
	}
	return true
}

// amounts asks for the open time up to another minute, and from it back to that minute.
func (q *question) amounts() bool {
	m2 := q.m + q.r.IntN(q.end-q.m)
	want := int64(q.o.sum[m2]-q.o.sum[q.m]) * 60_000
	if q.s.open[q.m] {
		want -= min(q.within, want)
	}
	if m2 == q.m {
		return true
	}
	q.asked++
	if got := q.s.calendar.Between(q.at, q.o.ms(m2)); got != want {
		q.t.Errorf("Between %s and %s: %d, want %d", time.UnixMilli(q.at).In(q.o.loc), time.UnixMilli(q.o.ms(m2)).In(q.o.loc), got, want)
		return false
	}
	if want == 0 {
		return true
	}
	// The first instant by which that time has passed: the end of the last open
	// minute before.
	last := m2
	for !q.s.open[last-1] {
		last--
	}
	got, ok := q.s.calendar.Add(q.at, want)
	return q.same(fmt.Sprintf("Add %d", want), got, ok, q.o.ms(last))
}

func (q *question) points() bool {
	n := q.r.IntN(6)
	if due, known := q.o.closeAfter(q.m, q.within, n); known {
		got, ok := q.s.calendar.CloseAfter(q.at, n)
		if !q.same(fmt.Sprintf("CloseAfter %d", n), got, ok, q.o.ms(due)) {
			return false
		}
	}
	minute := q.r.IntN(1440)
	if due, known := q.o.byTime(q.m, q.within, minute, n); known && due < q.end {
		got, ok := q.s.calendar.ByTime(q.at, minute/60, minute%60, n)
		return q.same(fmt.Sprintf("ByTime %02d:%02d +%d", minute/60, minute%60, n), got, ok, q.o.ms(due))
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
