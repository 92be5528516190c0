// Package period is the arithmetic of repeating periods: in which month, quarter or year a date lies when the row begins on a
// given day, when that period ends, and what unused amounts carry over into the next. Dates are local dates without a zone.
package period

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
)

// Each is how often an amount renews: every so many months, or over the last so many days. The zero Each never renews.
type Each struct {
	Months int
	Days   int  // a rolling window of this many days, the present one included
	Use    bool // a cap on one single use
}

// Parse reads month, quarter, year, a rolling `30d`, or use.
func Parse(text string) (Each, error) {
	switch text {
	case "month":
		return Each{Months: 1}, nil
	case "quarter":
		return Each{Months: 3}, nil
	case "year":
		return Each{Months: 12}, nil
	case "use":
		return Each{Use: true}, nil
	}
	if number, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.Atoi(number); err == nil && days > 0 && days <= 3660 {
			return Each{Days: days}, nil
		}
	}
	return Each{}, fmt.Errorf("expected month, quarter, year, a number of days such as 30d, or use, found %q", text)
}

// Renews reports whether there are periods that follow one another from a first day.
func (e Each) Renews() bool { return e.Months > 0 }

// Day is a day of every year, such as the first of a fiscal year.
type Day struct {
	Month time.Month
	Day   int
}

// ParseDay reads `02-01`.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse("2006-01-02", "2000-"+text) // a leap year, so that 02-29 is a day
	if err != nil {
		return Day{}, fmt.Errorf("expected a day of the year such as 02-01, found %q", text)
	}
	return Day{t.Month(), t.Day()}, nil
}

// Anchor is a date from which periods that begin on this day of the year can be counted.
func (d Day) Anchor() calendar.Date { return calendar.MakeDate(2000, d.Month, d.Day) }

// Period is a run of dates, the first included and Next not.
type Period struct {
	First, Next calendar.Date
}

// Contains reports whether a date lies in the period.
func (p Period) Contains(d calendar.Date) bool { return p.First <= d && d < p.Next }

// Of is the period that contains a date. Periods of months begin on the anchor's day of the month, on the last day of a shorter
// month: a row from 31 January has one from 28 February, and a year from 29 February begins on 28 February in a common year.
// A rolling period ends with the date itself.
func Of(e Each, anchor, day calendar.Date) Period {
	if !e.Renews() {
		return Period{day - calendar.Date(max(e.Days, 1)) + 1, day + 1}
	}
	year, month, _ := anchor.Civil()
	y, m, _ := day.Civil()
	n := floor((y-year)*12+int(m)-int(month), e.Months)
	first := Months(anchor, n*e.Months)
	if first > day {
		n--
		first = Months(anchor, n*e.Months)
	}
	return Period{first, Months(anchor, (n+1)*e.Months)}
}

func floor(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// Months is the same day of the month so many months later, or the last day of a shorter month.
func Months(d calendar.Date, months int) calendar.Date {
	year, month, day := d.Civil()
	last := calendar.MakeDate(year, month+time.Month(months)+1, 0)
	_, _, length := last.Civil()
	return last - calendar.Date(length-min(day, length))
}

// Amount is what was granted and used in one past period.
type Amount struct {
	Limit, Used int64
}

// Carry is what the periods leave to the next, oldest first: an unused amount lives on for keep further periods (0: for ever),
// and the oldest is used first.
func Carry(past []Amount, keep int) int64 {
	type rest struct {
		left, periods int64
	}
	var kept []rest
	for _, p := range past {
		used := p.Used
		kept = append(kept, rest{left: max(p.Limit, 0)})
		for i := range kept {
			taken := min(used, kept[i].left)
			kept[i].left -= taken
			used -= taken
			kept[i].periods++
		}
		if keep > 0 {
			for len(kept) > 0 && kept[0].periods > int64(keep) {
				kept = kept[1:]
			}
		}
	}
	total := int64(0)
	for _, r := range kept {
		total += r.left
	}
	return total
}
