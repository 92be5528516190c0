package calendar

import (
	"fmt"
	"time"
)

// Date is a local date: days since 1970-01-01 of the proleptic Gregorian
// calendar, without a zone.
type Date int32

// MakeDate returns the date of a year, month and day. A day past the end of
// its month counts on into the next one, as in time.Date.
func MakeDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// ParseDate reads "2006-01-02". A date that does not exist is an error.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date; write it as 2026-11-09", s)
	}
	return Date(t.Unix() / secondsPerDay), nil
}

// Civil splits the date into year, month and day.
func (d Date) Civil() (int, time.Month, int) { return d.utc().Date() }

// Year is the date's year.
func (d Date) Year() int { return d.utc().Year() }

// Weekday is the date's day of the week.
func (d Date) Weekday() time.Weekday {
	// 1970-01-01 was a Thursday; the double modulo keeps dates before it right.
	return time.Weekday(((int(d)+4)%7 + 7) % 7)
}

// String writes the date as "2006-01-02".
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

func (d Date) utc() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// easter is Easter Sunday of the Gregorian computus (Meeus, Jones, Butcher).
func easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	g := (8*b + 13) / 25
	h := (19*a + b - b/4 - g + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return MakeDate(year, time.Month(month), day)
}

// nthWeekday is the nth weekday of a month; n = -1 is the last. ok is false
// when the month has no such day (a fifth Friday).
func nthWeekday(year int, month time.Month, day time.Weekday, n int) (Date, bool) {
	if n < 0 {
		last := MakeDate(year, month+1, 0)
		return last - Date((last.Weekday()-day+7)%7), true
	}
	first := MakeDate(year, month, 1)
	d := first + Date((day-first.Weekday()+7)%7) + Date(7*(n-1))
	return d, d <= MakeDate(year, month+1, 0)
}
