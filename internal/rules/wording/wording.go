// Package wording makes plain English of what a policy holds as data: ids, lists, lengths of time and weeks.
package wording

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
)

// Or joins alternatives: "a, b or c".
func Or(list []string) string { return join(list, " or ") }

// And joins what belongs together: "a, b and c".
func And(list []string) string { return join(list, " and ") }

func join(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + last + list[len(list)-1]
}

// Spoken reads an id aloud: "senior-technician" is "senior technician".
func Spoken(id string) string { return strings.NewReplacer("-", " ", "_", " ").Replace(id) }

// Name reads the id of a place aloud: "north-america" is "North America".
func Name(id string) string {
	words := strings.Fields(Spoken(id))
	for i, w := range words {
		if i == 0 || !slices.Contains([]string{"and", "of", "the"}, w) {
			words[i] = Capital(w)
		}
	}
	return strings.Join(words, " ")
}

// Capital begins a text with a capital letter.
func Capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// Inner is a title as it stands inside a sentence: it begins with a small letter, unless its first word is written in
// capitals, such as "API".
func Inner(title string) string {
	r, size := utf8.DecodeRuneInString(title)
	next, _ := utf8.DecodeRuneInString(title[size:])
	if size == 0 || unicode.IsUpper(next) {
		return title
	}
	return string(unicode.ToLower(r)) + title[size:]
}

// Count says how many: "1 day", "3 days".
func Count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// Duration says milliseconds in words: "7 hours 30 minutes"; days are 24 hours.
func Duration(ms int64) string {
	var parts []string
	for i, unit := range [...]int64{24 * 3600_000, 3600_000, 60_000, 1000} {
		if n := ms / unit; n > 0 {
			parts = append(parts, Count(n, [...]string{"day", "hour", "minute", "second"}[i]))
			ms -= n * unit
		}
	}
	if len(parts) == 0 {
		return "0 minutes"
	}
	return strings.Join(parts, " ")
}

// Zone names a zone in words: "GMT", "America/New York time".
func Zone(zone string) string {
	if strings.Contains(zone, "/") {
		return strings.ReplaceAll(zone, "_", " ") + " time"
	}
	return zone
}

// Week says open hours in words: "Monday to Friday, 08:00 to 17:00 GMT". Spans are as calendar.ParseWeek returns them.
func Week(spans []calendar.Span, zone string) string {
	if len(spans) == 0 {
		return "at no time"
	}
	if text := block(spans); text != "" {
		return strings.TrimSpace(text + " " + Zone(zone))
	}
	var days [7]string // the hours of each day, Monday first
	for _, s := range spans {
		i := (int(s.Day) + 6) % 7
		if days[i] != "" {
			days[i] += " and "
		}
		days[i] += window(s)
	}
	var parts []string
	said := map[string]bool{"": true}
	for _, hours := range days {
		if !said[hours] {
			said[hours] = true
			parts = append(parts, daysWith(days, hours)+", "+hours)
		}
	}
	text := strings.Join(parts, "; ")
	if zone != "" {
		text += " " + Zone(zone)
	}
	return text
}

// block says hours that run over midnight and begin or end within a day: "Sunday 22:00 to Friday 22:00". Empty where there
// are none, or too many to be said so.
func block(spans []calendar.Span) string {
	const day, week = 24 * 60, 7 * 24 * 60
	var runs [][2]int
	for _, s := range spans {
		from := (int(s.Day)+6)%7*day + s.From
		to := from + s.To - s.From
		if n := len(runs); n > 0 && runs[n-1][1] == from {
			runs[n-1][1] = to
			continue
		}
		runs = append(runs, [2]int{from, to})
	}
	if n := len(runs) - 1; n > 0 && runs[0][0] == 0 && runs[n][1] == week {
		runs[0][0], runs = runs[n][0]-week, runs[:n]
	}
	over := false
	var parts []string
	for _, r := range runs {
		over = over || floorDay(r[0]) != floorDay(r[1]-1) && (r[0]%day != 0 || r[1]%day != 0)
		parts = append(parts, point(r[0], false)+" to "+point(r[1], true))
	}
	if !over || len(runs) > 3 {
		return ""
	}
	return And(parts)
}

func floorDay(minute int) int { return (minute + 7*24*60) / (24 * 60) }

// point names a minute since Monday: "Friday 22:00"; an end at midnight is 24:00 of the day before.
func point(minute int, end bool) string {
	const day = 24 * 60
	minute += 7 * day
	if end && minute%day == 0 {
		return time.Weekday((minute/day)%7).String() + " 24:00"
	}
	return fmt.Sprintf("%s %02d:%02d", time.Weekday((minute/day+1)%7), minute%day/60, minute%60)
}

func window(s calendar.Span) string {
	if s.From == 0 && s.To == 24*60 {
		return "all day"
	}
	return fmt.Sprintf("%02d:%02d to %02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

// daysWith names the days that have the given hours: "Monday to Friday", "Monday and Wednesday", "every day".
func daysWith(days [7]string, hours string) string {
	name := func(i int) string { return time.Weekday((i + 1) % 7).String() }
	var runs []string
	for i := 0; i < 7; i++ {
		first := i
		for i < 7 && days[i] == hours {
			i++
		}
		switch i - first {
		case 0:
		case 1:
			runs = append(runs, name(first))
		case 2:
			runs = append(runs, name(first), name(i-1))
		case 7:
			return "every day"
		default:
			runs = append(runs, name(first)+" to "+name(i-1))
		}
	}
	return And(runs)
}

// ParseDuration reads `30m`, `4h`, `7h30m`, `14d` or `52w` (days are 24 hours) as milliseconds.
func ParseDuration(s string) (int64, error) {
	const units = "wdhms"
	total, rest, last := int64(0), s, -1
	for rest != "" {
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		unit := -1
		if i > 0 && i <= 9 && i < len(rest) {
			unit = strings.IndexByte(units, rest[i])
		}
		if unit <= last {
			return 0, fmt.Errorf("expected a duration such as 30m, 4h, 7h30m or 14d, found %q", s)
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("expected a duration such as 30m, 4h, 7h30m or 14d, found %q", s)
		}
		total += n * [...]int64{7 * 24 * 3600_000, 24 * 3600_000, 3600_000, 60_000, 1000}[unit]
		rest, last = rest[i+1:], unit
	}
	if s == "" || total > 100*366*24*3600_000 {
		return 0, fmt.Errorf("expected a duration such as 30m, 4h, 7h30m or 14d, found %q", s)
	}
	return total, nil
}

// FormatDuration writes milliseconds as a policy does, e.g. 7h30m or 2d; zero is 0m.
func FormatDuration(ms int64) string {
	var b strings.Builder
	if ms < 0 {
		b.WriteByte('-')
		ms = -ms
	}
	for i, unit := range [...]int64{24 * 3600_000, 3600_000, 60_000, 1000} {
		if n := ms / unit; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, "dhms"[i])
			ms -= n * unit
		}
	}
	if b.Len() == 0 {
		return "0m"
	}
	return b.String()
}
