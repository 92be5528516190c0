package calendar

import (
	"testing"
	"time"
)

// benchCalendar is a typical desk: weekdays, a holiday code, summer time.
func benchCalendar(b testing.TB) (*Calendar, int64) {
	b.Helper()
	week, err := ParseWeek("mon-thu 09:00-16:30; fri 09:00-14:00")
	if err != nil {
		b.Fatal(err)
	}
	holidays, err := LibraryHolidays("BE")
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(Spec{Zone: "Europe/Brussels", Week: week, Closed: []*Holidays{holidays}})
	if err != nil {
		b.Fatal(err)
	}
	return c, MakeDate(2026, 3, 3).utc().UnixMilli() + 10*3_600_000
}

// spread steps through instants so that no branch and no cache line is always
// the same.
func spread(start int64, i int) int64 {
	return start + int64(i%4096)*7_654_321
}

func BenchmarkOpen(b *testing.B) {
	c, start := benchCalendar(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Open(spread(start, i))
	}
}

func BenchmarkNext(b *testing.B) {
	c, start := benchCalendar(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Next(spread(start, i))
	}
}

func BenchmarkAdd1h(b *testing.B)  { benchAdd(b, 3_600_000) }
func BenchmarkAdd10y(b *testing.B) { benchAdd(b, 10*250*7*3_600_000) }

func benchAdd(b *testing.B, openMs int64) {
	c, start := benchCalendar(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Add(spread(start, i), openMs)
	}
}

func BenchmarkBetween10y(b *testing.B) {
	c, start := benchCalendar(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Between(spread(start, i), start+10*365*86_400_000)
	}
}

func BenchmarkCloseAfter(b *testing.B) {
	c, start := benchCalendar(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.CloseAfter(spread(start, i), 1)
	}
}

func BenchmarkByTime(b *testing.B) {
	c, start := benchCalendar(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.ByTime(spread(start, i), 12, 0, 2)
	}
}

func BenchmarkAlwaysAdd(b *testing.B) {
	_, start := benchCalendar(b)
	c := Always()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Add(spread(start, i), 3_600_000)
	}
}

func BenchmarkOpenParallel(b *testing.B) {
	c, start := benchCalendar(b)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			c.Open(spread(start, i))
		}
	})
}

// The price of the first question: one chunk of 388 days.
func BenchmarkBuildChunk(b *testing.B) {
	c, start := benchCalendar(b)
	at, _ := locate(start)
	b.ReportAllocs()
	for b.Loop() {
		c.build(at, nil)
	}
}

// A target of ten years costs about as much as one of an hour. The quickest of
// many short runs is compared, which other work on the machine cannot slow.
func TestAddDoesNotGrowWithTheSpan(t *testing.T) {
	c, start := benchCalendar(t)
	const hour, tenYears = 3_600_000, 10 * 250 * 7 * 3_600_000
	quickest := map[int64]time.Duration{hour: time.Hour, tenYears: time.Hour}
	for range 200 {
		for _, openMs := range []int64{hour, tenYears} {
			began := time.Now()
			for i := range 500 {
				c.Add(spread(start, i), openMs)
			}
			quickest[openMs] = min(quickest[openMs], time.Since(began))
		}
	}
	if ratio := float64(quickest[tenYears]) / float64(quickest[hour]); ratio >= 2 {
		t.Errorf("Add over ten years takes %.2f times as long as over an hour", ratio)
	}
}
