package calendar

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

func seedFromEnv(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("TIERDESK_SEED")
	if text == "" {
		return 0
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

func mustWeek(t testing.TB, zone, week string, closed ...*Holidays) *Calendar {
	t.Helper()
	spans, err := ParseWeek(week)
	if err != nil {
		t.Fatal(err)
	}
	return mustNew(t, Spec{Zone: zone, Week: spans, Closed: closed})
}

func mustNew(t testing.TB, s Spec) *Calendar {
	t.Helper()
	c, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustCode(t testing.TB, code string) *Holidays {
	t.Helper()
	h, err := LibraryHolidays(code)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func days(t testing.TB, texts ...string) []Dates {
	t.Helper()
	var list []Dates
	for _, s := range texts {
		list = append(list, mustDates(t, s))
	}
	return list
}

func closedOn(t testing.TB, texts ...string) *Holidays {
	t.Helper()
	return NewHolidays(HolidaySpec{Plus: days(t, texts...)})
}

// utc reads "2026-03-29 01:00".
func utc(t testing.TB, s string) int64 {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func show(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01-02 15:04") }

func showWindows(list []Window) (out []string) {
	for _, w := range list {
		out = append(out, show(w.Open)+" to "+show(w.Close))
	}
	return out
}

func sameTexts(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestWindowsOnDaysOfClockChange(t *testing.T) {
	for _, x := range []struct {
		name, zone, week string
		from             string // UTC; a day and a half from here is shown
		want             []string
	}{
		{"London, spring: 01:30 does not exist, 01:00 to 02:00 is skipped", "Europe/London", "sun 00:30-01:30", "2026-03-28 20:00",
			[]string{"2026-03-29 00:30 to 2026-03-29 01:00"}},
		{"London, spring: opens in the gap, at the first instant that exists", "Europe/London", "sun 01:30-03:00", "2026-03-28 20:00",
			[]string{"2026-03-29 01:00 to 2026-03-29 02:00"}},
		{"London, spring: a window inside the gap is none", "Europe/London", "sun 01:10-01:50", "2026-03-28 20:00", nil},
		{"London, autumn: opens at the first 01:30", "Europe/London", "sun 01:30-09:00", "2026-10-24 20:00",
			[]string{"2026-10-25 00:30 to 2026-10-25 09:00"}},
		{"London, autumn: closes at the second 01:30", "Europe/London", "sun 00:00-01:30", "2026-10-24 20:00",
			[]string{"2026-10-24 23:00 to 2026-10-25 01:30"}},
		{"New York, spring", "America/New_York", "sun 02:30-04:00", "2026-03-08 00:00",
			[]string{"2026-03-08 07:00 to 2026-03-08 08:00"}},
		{"New York, autumn: 01:00 to 02:00 is two hours", "America/New_York", "sun 01:00-02:00", "2026-11-01 00:00",
			[]string{"2026-11-01 05:00 to 2026-11-01 07:00"}},
		{"Lord Howe, autumn: half an hour twice", "Australia/Lord_Howe", "sun 01:30-02:00", "2026-04-04 06:00",
			[]string{"2026-04-04 14:30 to 2026-04-04 15:30"}},
		{"Lord Howe, spring: half an hour never", "Australia/Lord_Howe", "sun 02:00-03:00", "2026-10-03 06:00",
			[]string{"2026-10-03 15:30 to 2026-10-03 16:00"}},
		{"Apia, 2011: the Friday that never was", "Pacific/Apia", "fri 09:00-17:00", "2011-12-29 18:00", nil},
		{"St. John's, 2010: at 00:01 the clock led back into Saturday", "America/St_Johns", "sat 23:00-24:00", "2010-11-06 20:00",
			[]string{"2010-11-07 01:30 to 2010-11-07 03:30"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			from := utc(t, x.from)
			got := showWindows(mustWeek(t, x.zone, x.week).Windows(from, from+36*3_600_000))
			if !sameTexts(got, x.want) {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

func TestDaysOf23And25Hours(t *testing.T) {
	c := mustWeek(t, "Europe/London", "mon-sun 00:00-24:00", closedOn(t, "01-01"))
	zone := c.Zone()
	for _, x := range []struct {
		date  string
		hours int64
	}{{"2026-03-28", 24}, {"2026-03-29", 23}, {"2026-10-25", 25}, {"2026-01-01", 0}} {
		d, err := ParseDate(x.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Between(zone.At(d, 0), zone.At(d+1, 0)); got != x.hours*3_600_000 {
			t.Errorf("%s is open for %d ms, want %dh", x.date, got, x.hours)
		}
		if x.hours == 0 {
			continue
		}
		if got := Always().Between(zone.At(d, 0), zone.At(d+1, 0)); got != x.hours*3_600_000 {
			t.Errorf("%s has %d ms on always, want %dh", x.date, got, x.hours)
		}
	}
	// 24 elapsed hours from noon before the change end at 13:00 local time.
	due, ok := Always().Add(zone.At(MakeDate(2026, 3, 28), 12*60), 24*3_600_000)
	if want := zone.At(MakeDate(2026, 3, 29), 13*60); !ok || due != want {
		t.Errorf("due %s, want %s", show(due), show(want))
	}
}

// One calendar with hours in two zones: the east coast changes its clocks,
// GMT does not, and in July the two overlap for longer.
func TestUnionOfTwoZones(t *testing.T) {
	c := Union(mustWeek(t, "GMT", "mon-fri 08:00-17:00"), mustWeek(t, "America/New_York", "mon-fri 08:00-17:00"))
	for _, x := range []struct {
		day, want string
	}{
		{"2026-01-14", "2026-01-14 08:00 to 2026-01-14 22:00"},
		{"2026-07-15", "2026-07-15 08:00 to 2026-07-15 21:00"},
	} {
		from := utc(t, x.day+" 00:00")
		if got := showWindows(c.Windows(from, from+24*3_600_000)); !sameTexts(got, []string{x.want}) {
			t.Errorf("%s: %q, want %q", x.day, got, x.want)
		}
	}
	if _, err := c.BusinessDay(); err == nil {
		t.Error("a union has no business day of its own")
	}
	if ms, err := c.WithBusinessDay(9 * 3_600_000).BusinessDay(); err != nil || ms != 9*3_600_000 {
		t.Errorf("stated business day: %d, %v", ms, err)
	}
}

func TestUnionAndMinusOfWholes(t *testing.T) {
	office := mustWeek(t, "UTC", "mon-fri 09:00-17:00")
	monday := utc(t, "2026-03-02 10:00")
	sunday := utc(t, "2026-03-01 10:00")
	for _, x := range []struct {
		name           string
		c              *Calendar
		monday, sunday bool
	}{
		{"union with always", Union(office, Always()), true, true},
		{"union with never", Union(office, Never()), true, false},
		{"union of nothing", Union(), false, false},
		{"minus never", Minus(office, Never()), true, false},
		{"minus always", Minus(office, Always()), false, false},
		{"minus itself", Minus(office, office), false, false},
		{"always minus office", Minus(Always(), office), false, true},
		{"union of a difference", Union(Minus(Always(), office), office), true, true},
		{"round the clock without closings", mustWeek(t, "Europe/Berlin", "mon-sun 00:00-24:00"), true, true},
		{"closed", mustWeek(t, "Europe/Berlin", "closed"), false, false},
	} {
		if got := x.c.Open(monday); got != x.monday {
			t.Errorf("%s on Monday: %v", x.name, got)
		}
		if got := x.c.Open(sunday); got != x.sunday {
			t.Errorf("%s on Sunday: %v", x.name, got)
		}
	}
	if !Union(office, Always()).IsAlways() || !mustWeek(t, "UTC", "mon 00:00 to sun 24:00").IsAlways() || !Minus(office, Always()).IsNever() {
		t.Error("wholes are not recognised")
	}
}

func TestOpenNextCloses(t *testing.T) {
	c := mustWeek(t, "UTC", "mon-fri 09:00-17:00")
	for _, x := range []struct {
		at          string
		open        bool
		next, close string
	}{
		{"2026-03-02 08:59", false, "2026-03-02 09:00", ""},
		{"2026-03-02 09:00", true, "2026-03-02 09:00", "2026-03-02 17:00"},
		{"2026-03-02 16:59", true, "2026-03-02 16:59", "2026-03-02 17:00"},
		{"2026-03-02 17:00", false, "2026-03-03 09:00", ""},
		{"2026-03-06 17:00", false, "2026-03-09 09:00", ""},
	} {
		at := utc(t, x.at)
		if got := c.Open(at); got != x.open {
			t.Errorf("open at %s: %v", x.at, got)
		}
		if got, ok := c.Next(at); !ok || show(got) != x.next {
			t.Errorf("next at %s: %s, want %s", x.at, show(got), x.next)
		}
		if got, ok := c.Closes(at); ok != x.open || ok && show(got) != x.close {
			t.Errorf("closes at %s: %s %v, want %s", x.at, show(got), ok, x.close)
		}
	}
	if c.Open(utc(t, "2026-03-02 17:00")) || !c.Open(utc(t, "2026-03-02 17:00")-1) {
		t.Error("a window contains its last millisecond and not its end")
	}
}

func TestAdd(t *testing.T) {
	const hour = int64(3_600_000)
	office := mustWeek(t, "UTC", "mon-fri 09:00-17:00", closedOn(t, "2026-03-05"))
	for _, x := range []struct {
		at   string
		ms   int64
		want string
	}{
		{"2026-03-02 09:00", 8 * hour, "2026-03-02 17:00"}, // the earlier of two equal points
		{"2026-03-02 09:00", 8*hour + 60_000, "2026-03-03 09:01"},
		{"2026-03-02 18:00", 8 * hour, "2026-03-03 17:00"},
		{"2026-03-02 16:30", hour, "2026-03-03 09:30"},
		{"2026-03-04 16:30", hour, "2026-03-06 09:30"}, // over a closed Thursday
		{"2026-03-06 16:59", 60_000, "2026-03-06 17:00"},
		{"2026-03-07 12:00", 0, "2026-03-07 12:00"},
		{"2026-03-07 12:00", -hour, "2026-03-07 12:00"},
	} {
		if got, ok := office.Add(utc(t, x.at), x.ms); !ok || show(got) != x.want {
			t.Errorf("%s plus %d: %s, want %s", x.at, x.ms, show(got), x.want)
		}
	}
}

func TestAddKeepsMilliseconds(t *testing.T) {
	c := mustWeek(t, "UTC", "mon-fri 09:00-17:00")
	at := utc(t, "2026-03-02 16:59") + 59_999
	if got, ok := c.Add(at, 1); !ok || got != at+1 {
		t.Errorf("one millisecond before closing, plus one: %d", got-at)
	}
	if got, ok := c.Add(at, 2); !ok || got != utc(t, "2026-03-03 09:00")+1 {
		t.Errorf("plus two: %s", show(got))
	}
}

func TestEdgesOfTime(t *testing.T) {
	office, once := mustWeek(t, "UTC", "mon-fri 09:00-17:00"), mustNew(t, Spec{Zone: "UTC", Dates: []Special{{mustDates(t, "2026-08-03"), []Span{{time.Monday, 540, 600}}}}})
	for _, at := range []int64{math.MinInt64, -1, HorizonMs, math.MaxInt64} {
		if office.Open(at) {
			t.Errorf("open at %d", at)
		}
	}
	if got, ok := office.Next(math.MinInt64); !ok || show(got) != "1970-01-01 09:00" {
		t.Errorf("first opening %s %v", show(got), ok)
	}
	if _, ok := office.Next(HorizonMs); ok {
		t.Error("opens after the horizon")
	}
	if _, ok := office.Add(0, math.MaxInt64); ok {
		t.Error("open forever")
	}
	if got := office.Between(math.MinInt64, math.MaxInt64); got != office.Between(0, HorizonMs) || got <= 0 {
		t.Errorf("open %d ms", got)
	}
	if total := office.Between(0, HorizonMs); true {
		if last, ok := office.Add(0, total); !ok || last > HorizonMs {
			t.Errorf("the last instant is %d %v", last, ok)
		}
		if _, ok := office.Add(0, total+1); ok {
			t.Error("more open time than there is")
		}
	}
	if _, ok := Always().Add(math.MaxInt64-5, 10); ok {
		t.Error("past the end of time")
	}
	if got, ok := once.Next(0); !ok || show(got) != "2026-08-03 09:00" {
		t.Errorf("the only opening: %s %v", show(got), ok)
	}
	if _, ok := once.Next(utc(t, "2026-08-03 10:00")); ok {
		t.Error("opens again")
	}
	if _, ok := once.CloseAfter(utc(t, "2026-08-03 09:30"), 1); ok {
		t.Error("closes on a second date")
	}
}

// A stretch open for most of a year passes the border between two chunks.
func TestClosesAcrossChunks(t *testing.T) {
	c := mustWeek(t, "UTC", "mon-sun 00:00-24:00", closedOn(t, "06-01"))
	for year := 1971; year < 2198; year++ {
		open := MakeDate(year, 6, 2).utc().UnixMilli()
		want := MakeDate(year+1, 6, 1).utc().UnixMilli()
		if got, ok := c.Closes(open); !ok || got != want {
			t.Fatalf("opened %s, closes %s, want %s", show(open), show(got), show(want))
		}
		if got, ok := c.Next(open - 1); !ok || got != open {
			t.Fatalf("next before %s: %s", show(open), show(got))
		}
	}
	// 230 first days of June lie between 1970 and the horizon in August 2199.
	if got := len(c.Windows(0, HorizonMs)); got != 231 {
		t.Errorf("%d windows, want 231", got)
	}
}

func TestStrongestRuleDecidesADate(t *testing.T) {
	hours := func(s string) []Span {
		list, err := ParseHours(s)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	week, err := ParseWeek("mon-fri 09:00-17:00; sat 22:00 to sun 06:00")
	if err != nil {
		t.Fatal(err)
	}
	c := mustNew(t, Spec{Zone: "UTC", Week: week, Closed: []*Holidays{closedOn(t, "12-24", "2026-03-01")}, Dates: []Special{
		{mustDates(t, "12-24"), hours("09:00-12:00")},
		{mustDates(t, "2026-08-03..2026-08-14"), hours("mon-fri 10:00-14:00")},
		{mustDates(t, "2026-08-05"), hours("closed")},
	}})
	for _, x := range []struct {
		name, day string
		want      []string
	}{
		{"special hours are stronger than closed", "2026-12-24", []string{"2026-12-24 09:00 to 2026-12-24 12:00"}},
		{"special hours replace the week", "2026-08-04", []string{"2026-08-04 10:00 to 2026-08-04 14:00"}},
		{"the later line wins", "2026-08-05", nil},
		{"special hours name no Saturday: the block that begins there is gone", "2026-08-08", nil},
		{"closed cuts a block over midnight", "2026-02-28", []string{"2026-02-28 22:00 to 2026-03-01 00:00"}},
		{"and the rest of it", "2026-03-01", nil},
		{"otherwise the block goes on", "2026-03-07", []string{"2026-03-07 22:00 to 2026-03-08 00:00"}},
	} {
		from := utc(t, x.day+" 00:00")
		if got := showWindows(c.Windows(from, from+24*3_600_000)); !sameTexts(got, x.want) {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

func TestBusinessDay(t *testing.T) {
	for _, x := range []struct {
		week, want string
	}{
		{"mon-fri 09:00-17:00", "8h"},
		{"mon-fri 08:00-12:00, 13:00-16:30", "7h30m"},
		{"mon 00:00 to fri 24:00", "24h"},
		{"mon-thu 09:00-16:30; fri 09:00-14:00", "the days differ in length (7h30m, 5h); say what a business day is with `business_day`"},
		{"sun 22:00 to fri 22:00", "the days differ in length (24h, 22h, 2h); say what a business day is with `business_day`"},
		{"closed", "the calendar has no normal day; say what a business day is with `business_day`"},
	} {
		ms, err := mustWeek(t, "UTC", x.week).BusinessDay()
		got := FormatDuration(ms)
		if err != nil {
			got = err.Error()
			var days *DayError
			if !errors.As(err, &days) {
				t.Errorf("%s: %T", x.week, err)
			}
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", x.week, got, x.want)
		}
	}
	stated := Spec{Zone: "UTC", Week: []Span{{time.Sunday, 1320, 1440}, {time.Monday, 0, 1440}}, BusinessDayMs: 86_400_000}
	if ms, err := mustNew(t, stated).BusinessDay(); err != nil || ms != 86_400_000 {
		t.Errorf("stated: %d, %v", ms, err)
	}
}

func TestByClose(t *testing.T) {
	office := mustWeek(t, "Europe/Berlin", "mon-fri 09:00-12:00, 13:00-18:00")
	block := mustWeek(t, "UTC", "sun 22:00 to fri 22:00")
	late := mustWeek(t, "UTC", "mon-fri 16:00-24:00", closedOn(t, "2026-03-04"))
	for _, x := range []struct {
		name string
		c    *Calendar
		at   string
		n    int
		want string
	}{
		{"the closing at noon is the next one", office, "2026-03-02 09:00", 0, "2026-03-02 11:00"},
		{"exactly at a closing", office, "2026-03-02 11:00", 0, "2026-03-02 11:00"},
		{"Friday 20:00 local, next date: Monday", office, "2026-03-06 19:00", 1, "2026-03-09 17:00"},
		{"Friday 20:00 local, this close: Monday noon", office, "2026-03-06 19:00", 0, "2026-03-09 11:00"},
		{"Monday, two dates on, over no clock change", office, "2026-03-02 08:00", 2, "2026-03-04 17:00"},
		{"over the clock change", office, "2026-03-27 08:00", 1, "2026-03-30 16:00"},
		{"a block closes once a week", block, "2026-03-02 08:00", 1, "2026-03-06 22:00"},
		{"and again the week after", block, "2026-03-02 08:00", 2, "2026-03-13 22:00"},
		{"24:00 belongs to the date that ends", late, "2026-03-02 17:00", 1, "2026-03-04 00:00"},
		{"a closed date does not count", late, "2026-03-02 17:00", 2, "2026-03-06 00:00"},
	} {
		if got, ok := x.c.CloseAfter(utc(t, x.at), x.n); !ok || show(got) != x.want {
			t.Errorf("%s: %s %v, want %s", x.name, show(got), ok, x.want)
		}
	}
	for _, c := range []*Calendar{Always(), Never(), mustWeek(t, "UTC", "mon-sun 00:00-24:00")} {
		if _, ok := c.CloseAfter(utc(t, "2026-03-02 09:00"), 0); ok {
			t.Error("closes though it never does")
		}
	}
}

func TestByTime(t *testing.T) {
	office := mustWeek(t, "Europe/Berlin", "mon-fri 09:00-18:00", closedOn(t, "2026-03-04"))
	for _, x := range []struct {
		name         string
		at           string
		hour, minute int
		n            int
		want         string
	}{
		{"still today", "2026-03-02 08:00", 12, 0, 0, "2026-03-02 11:00"},
		{"exactly now", "2026-03-02 11:00", 12, 0, 0, "2026-03-02 11:00"},
		{"over for today", "2026-03-02 11:01", 12, 0, 0, "2026-03-03 11:00"},
		{"on a closed day: the next open one", "2026-03-07 08:00", 12, 0, 0, "2026-03-09 11:00"},
		{"two open dates on, one of them closed", "2026-03-02 08:00", 12, 0, 2, "2026-03-05 11:00"},
		{"Friday, next open date", "2026-03-06 08:00", 17, 30, 1, "2026-03-09 16:30"},
		{"over the clock change", "2026-03-27 08:00", 12, 0, 1, "2026-03-30 10:00"},
		{"the end of the day", "2026-03-02 08:00", 24, 0, 0, "2026-03-02 23:00"},
	} {
		if got, ok := office.ByTime(utc(t, x.at), x.hour, x.minute, x.n); !ok || show(got) != x.want {
			t.Errorf("%s: %s %v, want %s", x.name, show(got), ok, x.want)
		}
	}
	if got, ok := Always().ByTime(utc(t, "2026-03-02 13:00"), 12, 0, 0); !ok || show(got) != "2026-03-03 12:00" {
		t.Errorf("on always: %s", show(got))
	}
	if _, ok := Never().ByTime(utc(t, "2026-03-02 13:00"), 12, 0, 0); ok {
		t.Error("on never")
	}
}

func TestUncertainBeyondTheSureYears(t *testing.T) {
	c := mustWeek(t, "Asia/Singapore", "mon-fri 09:00-17:00", mustCode(t, "SG"))
	if c.Uncertain(utc(t, "2026-12-31 15:59")) {
		t.Error("the library is sure of 2026")
	}
	if !c.Uncertain(utc(t, "2026-12-31 16:00")) {
		t.Error("2027 has begun in Singapore and nobody knows its holidays")
	}
	office := mustWeek(t, "UTC", "mon-fri 09:00-17:00", closedOn(t, "12-24"))
	if office.Uncertain(utc(t, "2150-01-01 00:00")) {
		t.Error("own dates are sure of every year")
	}
	if !Union(office, c).Uncertain(utc(t, "2028-01-01 00:00")) {
		t.Error("a union is as sure as its parts")
	}
}

func TestHolidayAt(t *testing.T) {
	c := mustWeek(t, "Europe/Brussels", "mon-fri 09:00-17:00", mustCode(t, "BE"))
	if got := c.HolidayAt(utc(t, "2026-07-20 22:00")); got != "Nationale Feestdag" {
		t.Errorf("21 July, local midnight: %q", got)
	}
	if got := c.HolidayAt(utc(t, "2026-07-20 21:59")); got != "" {
		t.Errorf("20 July: %q", got)
	}
}

func TestNoAllocationsOnTheHotPath(t *testing.T) {
	c := mustWeek(t, "Europe/Brussels", "mon-fri 09:00-17:00", mustCode(t, "BE"))
	at := utc(t, "2026-03-03 10:00")
	allocs := testing.AllocsPerRun(100, func() {
		c.Open(at)
		c.Next(at)
		c.Closes(at)
		c.Add(at, 3_600_000)
		c.Add(at, 20_000*3_600_000)
		c.Between(at, at+10*365*86_400_000)
		c.CloseAfter(at, 3)
		c.Uncertain(at)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// Readers and growth at once: every goroutine asks a fresh calendar in its own
// order and must hear what a calendar asked in peace says.
func TestConcurrentGrowth(t *testing.T) {
	build := func() *Calendar {
		return Union(mustWeek(t, "Europe/Berlin", "mon-fri 09:00-17:00", mustCode(t, "DE-BY")), mustWeek(t, "Asia/Tokyo", "mon-fri 09:00-17:00", mustCode(t, "JP")))
	}
	quiet, busy := build(), build()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 7))
			for range 2000 {
				at, ms := r.Int64N(HorizonMs), 1+r.Int64N(40_000*3_600_000)
				got, ok := busy.Add(at, ms)
				want, wantOK := quiet.Add(at, ms)
				if got != want || ok != wantOK {
					t.Errorf("%s plus %d: %s, want %s", show(at), ms, show(got), show(want))
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestZoneAt(t *testing.T) {
	berlin, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	spring, autumn := MakeDate(2026, 3, 29), MakeDate(2026, 10, 25)
	for _, x := range []struct {
		got  int64
		want string
	}{
		{berlin.At(spring, 150), "2026-03-29 01:00"},
		{berlin.LastAt(spring, 150), "2026-03-29 01:00"},
		{berlin.At(autumn, 150), "2026-10-25 00:30"},
		{berlin.LastAt(autumn, 150), "2026-10-25 01:30"},
		{berlin.At(MakeDate(2028, 12, 31), 0), "2028-12-30 23:00"}, // a leap year's last day
		{berlin.At(MakeDate(2028, 12, 31), 1440), "2028-12-31 23:00"},
		{Zone{}.At(autumn, 90), "2026-10-25 01:30"},
	} {
		if show(x.got) != x.want {
			t.Errorf("%s, want %s", show(x.got), x.want)
		}
	}
}

// In St. John's the clock went from 00:01 on Sunday back to 23:01 on Saturday.
// Saturday's window runs on to its second end, but the closed Sunday takes out
// the one minute that was Sunday already.
func TestClosedDateWithinTheDayBefore(t *testing.T) {
	c := mustWeek(t, "America/St_Johns", "mon-sun 00:00-24:00", closedOn(t, "2010-11-07"))
	from := utc(t, "2010-11-07 00:00")
	want := []string{"2010-11-07 00:00 to 2010-11-07 02:30", "2010-11-07 02:31 to 2010-11-07 03:30"}
	if got := showWindows(c.Windows(from, from+24*3_600_000)); !sameTexts(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Calendars that are made of one another many times over cost as much as their number.
func TestCalendarsMadeOfCalendars(t *testing.T) {
	week := []Span{{time.Monday, 540, 1020}}
	monday, err := New(Spec{Zone: "UTC", Week: week})
	if err != nil {
		t.Fatal(err)
	}
	tuesday, err := New(Spec{Zone: "UTC", Week: []Span{{time.Tuesday, 540, 1020}}})
	if err != nil {
		t.Fatal(err)
	}
	all, less := Union(monday, tuesday), tuesday
	for range 200 {
		all, less = Union(all, Minus(all, less)), Minus(all, Union(less, monday))
	}
	at := MakeDate(2026, 3, 2).utc().UnixMilli() // a Monday
	if got := all.Between(at, at+7*86_400_000); got != 16*3_600_000 {
		t.Errorf("%d ms are open", got)
	}
	if got := less.Between(at, at+7*86_400_000); got != 0 && got != 8*3_600_000 {
		t.Errorf("%d ms are left", got)
	}
}

// TestByTimeWhereClocksGoBackOverMidnight: on 2010-03-05 at 02:00 the clocks of Casey went back to 23:00 of the day before, so
// that an hour of 4 March, 15:00 to 16:00 UTC, came again after 5 March had begun.
func TestByTimeWhereClocksGoBackOverMidnight(t *testing.T) {
	week := func(zone, text string) *Calendar {
		spans, err := ParseWeek(text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(Spec{Zone: zone, Week: spans})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	again := Minus(week("Antarctica/Casey", "thu 23:00-24:00"), week("UTC", "thu 00:00-15:00"))
	c := Union(again, week("Antarctica/Casey", "sat 09:00-17:00"))
	zone := week("Antarctica/Casey", "sat 09:00-17:00").Zone()
	due, ok := c.ByTime(zone.At(MakeDate(2010, 3, 4), 12*60), 10, 0, 1)
	if want := zone.At(MakeDate(2010, 3, 6), 10*60); !ok || due != want {
		t.Errorf("%v %s, want %s: 5 March is no open date", ok, zone.Date(due), zone.Date(want))
	}
}
