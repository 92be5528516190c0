package period

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
)

func date(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestThePeriodThatContainsADay(t *testing.T) {
	for _, c := range []struct{ each, anchor, day, first, next string }{
		{"year", "2000-01-01", "2026-11-24", "2026-01-01", "2027-01-01"},
		{"quarter", "2000-01-01", "2026-11-24", "2026-10-01", "2027-01-01"},
		{"month", "2000-01-01", "2026-12-31", "2026-12-01", "2027-01-01"},
		{"month", "2000-01-01", "2026-12-01", "2026-12-01", "2027-01-01"},
		{"year", "2000-02-01", "2026-01-31", "2025-02-01", "2026-02-01"}, // a fiscal year from February
		{"year", "2000-02-01", "2026-02-01", "2026-02-01", "2027-02-01"},
		{"quarter", "2000-02-01", "2026-01-31", "2025-11-01", "2026-02-01"},
		{"quarter", "2000-02-01", "2026-05-01", "2026-05-01", "2026-08-01"},
		{"year", "2000-02-29", "2026-02-27", "2025-02-28", "2026-02-28"}, // a common year begins on its last day of February
		{"year", "2000-02-29", "2026-02-28", "2026-02-28", "2027-02-28"},
		{"year", "2000-02-29", "2028-02-28", "2027-02-28", "2028-02-29"},
		{"year", "2024-02-29", "2028-02-29", "2028-02-29", "2029-02-28"}, // a contract signed on a leap day
		{"year", "2023-06-15", "2026-06-14", "2025-06-15", "2026-06-15"}, // the anniversary itself begins a year
		{"year", "2023-06-15", "2026-06-15", "2026-06-15", "2027-06-15"},
		{"month", "2026-01-31", "2026-02-27", "2026-01-31", "2026-02-28"},
		{"month", "2026-01-31", "2026-03-30", "2026-02-28", "2026-03-31"}, // counted from the anchor: the day does not drift
		{"month", "2026-01-31", "2026-04-30", "2026-04-30", "2026-05-31"},
		{"year", "2026-06-15", "2026-01-01", "2025-06-15", "2026-06-15"}, // before the contract begins
		{"month", "2026-06-15", "2026-01-20", "2026-01-15", "2026-02-15"},
		{"quarter", "2026-06-15", "2026-06-14", "2026-03-15", "2026-06-15"},
		{"30d", "2000-01-01", "2026-11-30", "2026-11-01", "2026-12-01"},
		{"use", "2000-01-01", "2026-11-30", "2026-11-30", "2026-12-01"},
	} {
		e, err := Parse(c.each)
		if err != nil {
			t.Fatal(err)
		}
		got := Of(e, date(t, c.anchor), date(t, c.day))
		if got.First.String() != c.first || got.Next.String() != c.next {
			t.Errorf("each %s from %s on %s: %v to %v, want %s to %s", c.each, c.anchor, c.day, got.First, got.Next, c.first, c.next)
		}
	}
}

// TestPeriodsLeaveNoDayOut: every day of eight years lies in its own period, and the next period begins where it ends.
func TestPeriodsLeaveNoDayOut(t *testing.T) {
	for _, anchor := range []string{"2024-02-29", "2024-01-31", "2025-12-30", "2030-07-01"} {
		for _, e := range []Each{{Months: 1}, {Months: 3}, {Months: 12}} {
			a := date(t, anchor)
			before := Of(e, a, date(t, "2023-12-31"))
			for d := date(t, "2024-01-01"); d < date(t, "2032-01-01"); d++ {
				p := Of(e, a, d)
				if !p.Contains(d) {
					t.Fatalf("%v of %v from %s does not contain %v", p, e, anchor, d)
				}
				if p != before && p.First != before.Next {
					t.Fatalf("after %v comes %v from %s", before, p, anchor)
				}
				before = p
			}
		}
	}
}

func TestDaysThatBeginAPeriod(t *testing.T) {
	d, err := ParseDay("02-29")
	if err != nil || d.Anchor() != date(t, "2000-02-29") {
		t.Error(d, err)
	}
	for _, bad := range []string{"", "2-1", "02-30", "13-01", "contract", "2026-02-01"} {
		if d, err := ParseDay(bad); err == nil {
			t.Errorf("%q is the day %v", bad, d)
		}
	}
	for _, bad := range []string{"", "week", "0d", "d", "-3d", "9999d", "years"} {
		if e, err := Parse(bad); err == nil {
			t.Errorf("%q is each %v", bad, e)
		}
	}
}

func TestWhatCarriesOver(t *testing.T) {
	past := []Amount{{10, 4}, {10, 8}, {10, 11}}
	for _, c := range []struct {
		keep int
		want int64
	}{
		{0, 7}, // 6, then 10+6-8 = 8, then 10+8-11 = 7
		{1, 7}, // the 6 of the first year serve the second; its own 8 serve the third, whose own 10 have 7 left
		{2, 7},
	} {
		if got := Carry(past, c.keep); got != c.want {
			t.Errorf("kept for %d periods: %d is left, want %d", c.keep, got, c.want)
		}
	}
	unused := []Amount{{10, 0}, {10, 0}, {10, 0}}
	for keep, want := range map[int]int64{0: 30, 1: 10, 2: 20, 5: 30} {
		if got := Carry(unused, keep); got != want {
			t.Errorf("nothing used, kept for %d periods: %d, want %d", keep, got, want)
		}
	}
	if got := Carry([]Amount{{10, 25}}, 0); got != 0 {
		t.Errorf("an overdrawn period leaves %d", got)
	}
}
