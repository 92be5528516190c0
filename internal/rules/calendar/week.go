package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Span is open time within one weekday: minutes of the local day from From
// (included) to To (excluded), 0 <= From < To <= 1440. A block over several
// days is one Span per day.
type Span struct {
	Day      time.Weekday
	From, To int
}

// SyntaxError is a mistake in the text of a week, a set of dates or a zone.
// Offset is the byte of the text where it was found.
type SyntaxError struct {
	Offset  int
	Message string
}

func (e *SyntaxError) Error() string { return e.Message }

func syntax(offset int, format string, args ...any) error {
	return &SyntaxError{Offset: offset, Message: fmt.Sprintf(format, args...)}
}

const (
	minutesPerDay = 24 * 60
	secondsPerDay = 24 * 60 * 60
	dayList       = "mon, tue, wed, thu, fri, sat, sun"

	// longestWeek bounds the text of a week and with it the work of a chunk.
	longestWeek = 4096
)

// ParseWeek reads the hours of a week: "mon-fri 08:00-17:00", days and windows
// also as lists ("mon,wed 09:00-12:00, 13:00-17:00"), several parts set off by
// semicolons, blocks over days ("sun 22:00 to fri 22:00"), or "closed". Spans
// come back Monday first, joined where they touch within a day. The error is a
// *SyntaxError.
func ParseWeek(s string) ([]Span, error) { return parseWeek(s, false) }

// ParseHours reads the hours of special dates: as ParseWeek, and also windows
// without days ("09:00-12:00"), which then hold on every day.
func ParseHours(s string) ([]Span, error) { return parseWeek(s, true) }

func parseWeek(s string, dayless bool) ([]Span, error) {
	if len(s) > longestWeek {
		return nil, syntax(longestWeek, "the week is longer than %d characters", longestWeek)
	}
	if i := strings.IndexAny(s, "–—"); i >= 0 {
		return nil, syntax(i, "%q has a long dash; write a plain hyphen", s)
	}
	if strings.EqualFold(strings.TrimSpace(s), "closed") {
		return nil, nil
	}
	var spans []Span
	offset := 0
	for part := range strings.SplitSeq(s, ";") {
		words := splitWords(part, offset)
		offset += len(part) + 1
		if len(words) == 0 {
			return nil, syntax(min(offset-1, len(s)), `no hours are given; write "mon-fri 08:00-17:00" or "closed"`)
		}
		var err error
		if spans, err = parsePart(spans, words, dayless); err != nil {
			return nil, err
		}
	}
	return joinSpans(spans), nil
}

type word struct {
	text string
	at   int
}

func splitWords(part string, offset int) []word {
	var words []word
	start := -1
	for i := 0; i <= len(part); i++ {
		if gap := i == len(part) || strings.IndexByte(" \t\n\r,", part[i]) >= 0; !gap {
			if start < 0 {
				start = i
			}
		} else if start >= 0 {
			words = append(words, word{strings.ToLower(part[start:i]), offset + start})
			start = -1
		}
	}
	return words
}

func parsePart(spans []Span, words []word, dayless bool) ([]Span, error) {
	if i := slices.IndexFunc(words, func(w word) bool { return w.text == "to" }); i >= 0 {
		return parseBlock(spans, words)
	}
	days, rest, err := parseDays(words)
	if err != nil {
		return nil, err
	}
	switch {
	case len(rest) == 0:
		return nil, syntax(words[0].at, `%q has no hours; write "%s 08:00-17:00"`, words[0].text, words[0].text)
	case len(days) == 0 && !dayless:
		return nil, syntax(words[0].at, `%q names no days; write "mon-fri %s"`, words[0].text, words[0].text)
	case len(days) == 0:
		days = monday[:]
	}
	for _, w := range rest {
		from, to, err := parseWindow(w, days[0])
		if err != nil {
			return nil, err
		}
		for _, d := range days {
			spans = append(spans, Span{d, from, to})
		}
	}
	return spans, nil
}

var monday = [7]time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

func parseDays(words []word) (days []time.Weekday, rest []word, err error) {
	for i, w := range words {
		if w.text[0] >= '0' && w.text[0] <= '9' {
			return days, words[i:], nil
		}
		first, last, isRange := strings.Cut(w.text, "-")
		if !isRange {
			last = first
		}
		from, ok := dayNamed(first)
		if !ok {
			return nil, nil, syntax(w.at, "no day %q; days are %s", first, dayList)
		}
		to, ok := dayNamed(last)
		if !ok {
			return nil, nil, syntax(w.at+len(first)+1, "no day %q; days are %s", last, dayList)
		}
		for d := from; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	return days, nil, nil
}

func dayNamed(s string) (time.Weekday, bool) {
	for _, d := range monday {
		if dayName(d) == s {
			return d, true
		}
	}
	return 0, false
}

func dayName(d time.Weekday) string { return strings.ToLower(d.String()[:3]) }

func parseWindow(w word, day time.Weekday) (from, to int, err error) {
	first, last, ok := strings.Cut(w.text, "-")
	if !ok {
		return 0, 0, syntax(w.at, `%q is not a window; write "08:00-17:00"`, w.text)
	}
	from, okFrom := parseTime(first)
	to, okTo := parseTime(last)
	if !okFrom || !okTo {
		return 0, 0, windowError(w, first, last)
	}
	if from >= to {
		next := dayName((day + 1) % 7)
		return 0, 0, syntax(w.at, `window %q ends before it begins; write "%s %s to %s %s" if it passes midnight`, w.text, dayName(day), first, next, last)
	}
	return from, to, nil
}

func windowError(w word, first, last string) error {
	a, okA := twoDigits(first)
	b, okB := twoDigits(last)
	if okA && okB {
		return syntax(w.at, `%q needs two-digit hours: "%s-%s"`, w.text, a, b)
	}
	bad := first
	if okA {
		bad = last
	}
	return timeError(word{bad, w.at + strings.Index(w.text, bad)})
}

func timeError(w word) error {
	if fixed, ok := twoDigits(w.text); ok {
		return syntax(w.at, `%q needs two-digit hours: "%s"`, w.text, fixed)
	}
	return syntax(w.at, "%q is not a time of day; write 08:00, at most 24:00", w.text)
}

// twoDigits is the time as it should have been written, if it is a time at all.
func twoDigits(s string) (string, bool) {
	if len(s) == len("9:00") {
		s = "0" + s
	}
	_, ok := parseTime(s)
	return s, ok
}

// parseTime reads "08:00" as minutes of the day, "24:00" included.
func parseTime(s string) (int, bool) {
	if len(s) != len("08:00") || s[2] != ':' {
		return 0, false
	}
	for _, i := range [4]int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	hour, minute := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	at := hour*60 + minute
	return at, minute < 60 && at <= minutesPerDay
}

func parseBlock(spans []Span, words []word) ([]Span, error) {
	if len(words) != 5 || words[2].text != "to" {
		return nil, syntax(words[0].at, `a block over days is written "sun 22:00 to fri 22:00"`)
	}
	var day [2]time.Weekday
	var at [2]int
	for i := range 2 {
		d, t := words[3*i], words[3*i+1]
		var ok bool
		if day[i], ok = dayNamed(d.text); !ok {
			return nil, syntax(d.at, "no day %q; days are %s", d.text, dayList)
		}
		if at[i], ok = parseTime(t.text); !ok {
			return nil, timeError(t)
		}
	}
	return cutBlock(spans, words, day, at)
}

// cutBlock turns a block into one span per day.
func cutBlock(spans []Span, words []word, day [2]time.Weekday, at [2]int) ([]Span, error) {
	if at[0] == minutesPerDay {
		return nil, syntax(words[1].at, `a block cannot begin at 24:00; write "%s 00:00"`, dayName((day[0]+1)%7))
	}
	if day[0] == day[1] && at[0] == at[1] {
		return nil, syntax(words[0].at, `the block ends where it begins; write "mon-sun 00:00-24:00" for the whole week`)
	}
	if day[0] == day[1] && at[0] < at[1] {
		return append(spans, Span{day[0], at[0], at[1]}), nil
	}
	spans = append(spans, Span{day[0], at[0], minutesPerDay})
	for d := (day[0] + 1) % 7; d != day[1]; d = (d + 1) % 7 {
		spans = append(spans, Span{d, 0, minutesPerDay})
	}
	if at[1] > 0 {
		spans = append(spans, Span{day[1], 0, at[1]})
	}
	return spans, nil
}

// joinSpans sorts Monday first and joins spans that touch or overlap in a day.
func joinSpans(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int {
		if a.Day != b.Day {
			return int(a.Day+6)%7 - int(b.Day+6)%7
		}
		return a.From - b.From
	})
	joined := spans[:0]
	for _, s := range spans {
		if n := len(joined); n > 0 && joined[n-1].Day == s.Day && s.From <= joined[n-1].To {
			joined[n-1].To = max(joined[n-1].To, s.To)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// FormatWeek writes spans in the form that ParseWeek reads, days of equal
// hours together, "closed" for none.
func FormatWeek(week []Span) string {
	var parts []string
	var runs [][2]time.Weekday
	for i, d := range monday {
		hours := dayText(week, d)
		if i > 0 && hours != "" && hours == dayText(week, monday[i-1]) {
			runs[len(runs)-1][1] = d
			continue
		}
		runs = append(runs, [2]time.Weekday{d, d})
	}
	for _, r := range runs {
		if hours := dayText(week, r[0]); hours != "" {
			name := dayName(r[0])
			if r[0] != r[1] {
				name += "-" + dayName(r[1])
			}
			parts = append(parts, name+" "+hours)
		}
	}
	if len(parts) == 0 {
		return "closed"
	}
	return strings.Join(parts, "; ")
}

func dayText(week []Span, d time.Weekday) string {
	var parts []string
	for _, s := range week {
		if s.Day == d {
			parts = append(parts, fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60))
		}
	}
	return strings.Join(parts, ", ")
}

// WeekMs is the open time of a week without clock changes, in milliseconds.
func WeekMs(week []Span) int64 {
	var minutes int
	for _, s := range week {
		minutes += s.To - s.From
	}
	return int64(minutes) * 60_000
}
