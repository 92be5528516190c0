package calendar

import (
	"strconv"
	"strings"
	"time"
)

// Dates is a set of local dates as the policy writes it: one date
// ("2026-11-09"), a run of dates ("2026-08-03..2026-08-14"), a date of every
// year ("12-24"), a run of every year ("12-26..12-31", also over the new
// year), a weekday of a month ("4th fri of nov", "last mon of may") or a
// distance from Easter Sunday ("easter-2"). Dates are exact: none moves
// unless a holiday set says so.
type Dates struct {
	text        string
	kind        datesKind
	first, last Date       // once
	from, to    monthDay   // yearly
	month       time.Month // weekday
	day         time.Weekday
	n           int // weekday: which one, -1 the last; easter: days after it
}

type datesKind uint8

const (
	datesOnce datesKind = iota
	datesYearly
	datesWeekday
	datesEaster
)

type monthDay struct {
	month time.Month
	day   int
}

// String returns the text that the set was read from.
func (d Dates) String() string { return d.text }

// moves reports whether an observed rule may move this date: only a single
// date of every year. A written date, a run, a weekday and a feast stay.
func (d Dates) moves() bool { return d.kind == datesYearly && d.from == d.to }

// In appends the dates of the set that lie in the year, in order.
func (d Dates) In(dst []Date, year int) []Date {
	switch d.kind {
	case datesOnce:
		return d.onceIn(dst, year)
	case datesYearly:
		return d.yearlyIn(dst, year)
	case datesWeekday:
		if at, ok := nthWeekday(year, d.month, d.day, d.n); ok {
			dst = append(dst, at)
		}
	case datesEaster:
		// An offset of up to a year may lead into the neighbouring years.
		for y := year - 1; y <= year+1; y++ {
			if at := easter(y) + Date(d.n); at.Year() == year {
				dst = append(dst, at)
			}
		}
	}
	return dst
}

func (d Dates) onceIn(dst []Date, year int) []Date {
	first, last := max(d.first, MakeDate(year, 1, 1)), min(d.last, MakeDate(year, 12, 31))
	for at := first; at <= last; at++ {
		dst = append(dst, at)
	}
	return dst
}

func (d Dates) yearlyIn(dst []Date, year int) []Date {
	start, end := MakeDate(year, 1, 1), MakeDate(year, 12, 31)
	from, to := MakeDate(year, d.from.month, d.from.day), MakeDate(year, d.to.month, d.to.day)
	if d.to == (monthDay{time.February, 29}) && !leap(year) {
		to--
	}
	for at := start; at <= end; at++ {
		inside := at >= from && at <= to
		if d.wraps() {
			inside = at >= from || at <= to
		}
		if inside {
			dst = append(dst, at)
		}
	}
	return dst
}

func (d Dates) wraps() bool {
	return d.to.month < d.from.month || d.to.month == d.from.month && d.to.day < d.from.day
}

func leap(year int) bool { return MakeDate(year, 2, 29).utc().Month() == time.February }

// ParseDates reads one set of dates; see Dates for the forms. The error is a
// *SyntaxError with a sentence for the author.
func ParseDates(s string) (Dates, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	lead := len(s) - len(strings.TrimLeft(s, " \t"))
	if i := strings.IndexAny(text, "–—"); i >= 0 {
		return Dates{}, syntax(lead+i, "%q has a long dash; write a plain hyphen", s)
	}
	switch words := strings.Fields(text); {
	case len(words) == 0:
		return Dates{}, syntax(0, "no date is given; write 2026-11-09, 12-24, 12-26..12-31, 4th fri of nov or easter-2")
	case strings.HasPrefix(text, "easter"):
		return parseEaster(s, text)
	case len(words) == 4 && words[2] == "of":
		return parseNth(s, words)
	}
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		to = from
	}
	if len(from) > len("12-24") || len(to) > len("12-24") {
		return parseOnce(s, lead, from, to)
	}
	return parseYearly(s, lead, from, to)
}

func parseEaster(s, text string) (Dates, error) {
	d := Dates{text: s, kind: datesEaster}
	rest := strings.TrimPrefix(text, "easter")
	if rest == "" {
		return d, nil
	}
	n, err := strconv.Atoi(strings.TrimPrefix(rest, "+"))
	if err != nil || rest[0] != '+' && rest[0] != '-' || n < -200 || n > 200 {
		return Dates{}, syntax(len("easter"), "%q is not a distance from Easter in days; write easter-2 or easter+39", s)
	}
	d.n = n
	return d, nil
}

func parseNth(s string, words []string) (Dates, error) {
	d := Dates{text: s, kind: datesWeekday}
	ordinals := map[string]int{"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1}
	n, ok := ordinals[words[0]]
	if !ok {
		return Dates{}, syntax(0, "%q does not say which one; write 1st, 2nd, 3rd, 4th, 5th or last", words[0])
	}
	day, ok := dayNamed(words[1])
	if !ok {
		return Dates{}, syntax(0, "no day %q; days are %s", words[1], dayList)
	}
	month, ok := monthNamed(words[3])
	if !ok {
		return Dates{}, syntax(0, "no month %q; months are jan, feb, mar, apr, may, jun, jul, aug, sep, oct, nov, dec", words[3])
	}
	d.n, d.day, d.month = n, day, month
	return d, nil
}

func monthNamed(s string) (time.Month, bool) {
	for m := time.January; m <= time.December; m++ {
		if strings.ToLower(m.String()[:3]) == s {
			return m, true
		}
	}
	return 0, false
}

// longestRun bounds a run of written dates, so that a slip of the pen in the
// year is found instead of closing a desk for centuries.
const longestRun = 3 * 366

func parseOnce(s string, lead int, from, to string) (Dates, error) {
	first, err := ParseDate(from)
	if err != nil {
		return Dates{}, syntax(lead, "%v", err)
	}
	last, err := ParseDate(to)
	if err != nil {
		return Dates{}, syntax(lead+strings.Index(s[lead:], "..")+2, "%v", err)
	}
	if last < first {
		return Dates{}, syntax(lead, "%q ends before it begins; write %s..%s", s, last, first)
	}
	if last-first > longestRun {
		return Dates{}, syntax(lead, "%q is longer than three years; is a year mistyped?", s)
	}
	return Dates{text: s, first: first, last: last}, nil
}

func parseYearly(s string, lead int, from, to string) (Dates, error) {
	d := Dates{text: s, kind: datesYearly}
	var ok bool
	if d.from, ok = parseMonthDay(from); !ok {
		return Dates{}, syntax(lead, "%q is not a date; write 12-24 for every year or 2026-12-24 for one", from)
	}
	if d.to, ok = parseMonthDay(to); !ok {
		return Dates{}, syntax(lead+strings.Index(s[lead:], "..")+2, "%q is not a date; write 12-24 for every year or 2026-12-24 for one", to)
	}
	return d, nil
}

func parseMonthDay(s string) (monthDay, bool) {
	// A leap year, so that 02-29 is a date; other years simply lack it.
	t, err := time.Parse(time.DateOnly, "2024-"+s)
	return monthDay{t.Month(), t.Day()}, err == nil
}
