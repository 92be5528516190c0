package calendar

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zone rules travel inside the program
)

// Zone maps instants to local clocks and back. The zero Zone is UTC.
type Zone struct {
	name string
	loc  *time.Location
}

// LoadZone reads a zone as the policy names it: an IANA name, "UTC", "GMT"
// (the same as UTC all year) or a fixed "UTC-08:00". Abbreviations such as PST
// or CET are refused with both things that they may mean. The error is a
// *SyntaxError.
func LoadZone(name string) (Zone, error) {
	switch {
	case name == "UTC" || name == "GMT":
		return Zone{name, time.UTC}, nil
	case name == "":
		return Zone{}, syntax(0, "no zone is given; write an IANA name such as Europe/Berlin, or UTC")
	case strings.HasPrefix(name, "UTC"):
		return fixedZone(name)
	}
	if err := refuseZone(name); err != nil {
		return Zone{}, err
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return Zone{}, unknownZone(name)
	}
	return Zone{name, loc}, nil
}

func fixedZone(name string) (Zone, error) {
	var sign byte
	var hours, minutes int
	n, _ := fmt.Sscanf(name, "UTC%c%d:%d", &sign, &hours, &minutes)
	if n < 2 || sign != '+' && sign != '-' || hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return Zone{}, syntax(0, "no zone %q; a fixed distance from UTC is written UTC-08:00", name)
	}
	written := fmt.Sprintf("UTC%c%02d:%02d", sign, hours, minutes)
	if written != name {
		return Zone{}, syntax(0, "%q needs two-digit hours and minutes: %q", name, written)
	}
	offset := hours*3600 + minutes*60
	if sign == '-' {
		offset = -offset
	}
	return Zone{name, time.FixedZone(name, offset)}, nil
}

// abbreviation is a clock name that is no zone: what it means by the letter,
// and the place whose civil time people usually mean.
type abbreviation struct{ fixed, civil string }

func abbreviations() map[string]abbreviation {
	return map[string]abbreviation{
		"PST": {"-08:00", "America/Los_Angeles"}, "PDT": {"-07:00", "America/Los_Angeles"}, "PT": {"-08:00", "America/Los_Angeles"},
		"MST": {"-07:00", "America/Denver"}, "MDT": {"-06:00", "America/Denver"}, "MT": {"-07:00", "America/Denver"},
		"CST": {"-06:00", "America/Chicago"}, "CDT": {"-05:00", "America/Chicago"}, "CT": {"-06:00", "America/Chicago"},
		"EST": {"-05:00", "America/New_York"}, "EDT": {"-04:00", "America/New_York"}, "ET": {"-05:00", "America/New_York"},
		"AST": {"-04:00", "America/Halifax"}, "ADT": {"-03:00", "America/Halifax"},
		"NST": {"-03:30", "America/St_Johns"}, "NDT": {"-02:30", "America/St_Johns"},
		"AKST": {"-09:00", "America/Anchorage"}, "AKDT": {"-08:00", "America/Anchorage"}, "HST": {"-10:00", "Pacific/Honolulu"},
		"WET": {"+00:00", "Europe/Lisbon"}, "WEST": {"+01:00", "Europe/Lisbon"}, "BST": {"+01:00", "Europe/London"},
		"CET": {"+01:00", "Europe/Berlin"}, "CEST": {"+02:00", "Europe/Berlin"}, "MET": {"+01:00", "Europe/Berlin"}, "MEZ": {"+01:00", "Europe/Berlin"}, "MESZ": {"+02:00", "Europe/Berlin"},
		"EET": {"+02:00", "Europe/Athens"}, "EEST": {"+03:00", "Europe/Athens"}, "MSK": {"+03:00", "Europe/Moscow"}, "TRT": {"+03:00", "Europe/Istanbul"},
		"SAST": {"+02:00", "Africa/Johannesburg"}, "IST": {"+05:30", "Asia/Kolkata"}, "PKT": {"+05:00", "Asia/Karachi"}, "SGT": {"+08:00", "Asia/Singapore"}, "HKT": {"+08:00", "Asia/Hong_Kong"},
		"JST": {"+09:00", "Asia/Tokyo"}, "KST": {"+09:00", "Asia/Seoul"}, "AWST": {"+08:00", "Australia/Perth"}, "ACST": {"+09:30", "Australia/Adelaide"}, "ACDT": {"+10:30", "Australia/Adelaide"},
		"AEST": {"+10:00", "Australia/Sydney"}, "AEDT": {"+11:00", "Australia/Sydney"}, "AET": {"+10:00", "Australia/Sydney"}, "NZST": {"+12:00", "Pacific/Auckland"}, "NZDT": {"+13:00", "Pacific/Auckland"},
		"EST5EDT": {"-05:00", "America/New_York"}, "CST6CDT": {"-06:00", "America/Chicago"}, "MST7MDT": {"-07:00", "America/Denver"}, "PST8PDT": {"-08:00", "America/Los_Angeles"},
	}
}

func refuseZone(name string) error {
	short := strings.ToUpper(name)
	if a, ok := abbreviations()[short]; ok {
		hours := strings.TrimSuffix(strings.Replace(strings.Replace(a.fixed, "-0", "-", 1), "+0", "+", 1), ":00")
		if len(short) == 2 || strings.ContainsAny(short, "5678") {
			return syntax(0, "%q changes with the season; write %s for civil time, or UTC%s for UTC%s all year", name, a.civil, a.fixed, hours)
		}
		return syntax(0, "%q is UTC%s all year; write %s for civil time, or UTC%s if you mean it", name, hours, a.civil, a.fixed)
	}
	if short == "UTC" || short == "GMT" || short == "Z" {
		return syntax(0, "no zone %q; write UTC", name)
	}
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(short, "ETC/"), "GMT"); ok && rest != "" {
		return syntax(0, "%q is easily read the wrong way round; write UTC-08:00 for eight hours behind UTC, UTC+08:00 for eight ahead", name)
	}
	if name == "Local" || strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") || strings.ContainsAny(name, " .\\") {
		return unknownZone(name)
	}
	return nil
}

func unknownZone(name string) error {
	if fixed := capitalise(name); fixed != name {
		if _, err := time.LoadLocation(fixed); err == nil {
			return syntax(0, "no zone %q; did you mean %q?", name, fixed)
		}
	}
	return syntax(0, "no zone %q; write an IANA name such as Europe/Berlin, UTC, or UTC-08:00", name)
}

// capitalise writes a name as IANA does: "america/new york" as "America/New_York".
func capitalise(name string) string {
	out := []byte(strings.ReplaceAll(strings.ToLower(name), " ", "_"))
	for i := range out {
		if (i == 0 || out[i-1] == '/' || out[i-1] == '_') && out[i] >= 'a' && out[i] <= 'z' {
			out[i] -= 'a' - 'A'
		}
	}
	return string(out)
}

// Name is the zone as the policy names it.
func (z Zone) Name() string {
	if z.loc == nil {
		return "UTC"
	}
	return z.name
}

// Location is the zone for the time package: for showing times, not for
// finding instants (time.Date guesses at clock changes; At does not).
func (z Zone) Location() *time.Location {
	if z.loc == nil {
		return time.UTC
	}
	return z.loc
}

// Date is the local date at an instant (UTC milliseconds).
func (z Zone) Date(at int64) Date {
	date, _ := z.local(at)
	return date
}

// MinuteOfDay is the time of day of an instant (UTC milliseconds) on the clocks of the zone, in minutes.
func (z Zone) MinuteOfDay(at int64) int {
	_, second := z.local(at)
	return second / 60
}

func (z Zone) local(at int64) (date Date, secondOfDay int) {
	sec := floorDiv(at, 1000)
	_, offset := time.Unix(sec, 0).In(z.Location()).Zone()
	local := sec + int64(offset)
	day := floorDiv(local, secondsPerDay)
	return Date(day), int(local - day*secondsPerDay)
}

// At is the first instant (UTC milliseconds) at which the local clock shows
// the minute of the date, 0 to 1440; if a clock change leaves that minute out,
// the instant of the change.
func (z Zone) At(d Date, minute int) int64 {
	local := int64(d)*secondsPerDay + int64(minute)*60
	if at, ok := z.plain(local); ok {
		return at * 1000
	}
	return z.shifts(local-margin*secondsPerDay, local+margin*secondsPerDay).first(local) * 1000
}

// LastAt is as At, but the last instant when the clock shows the minute twice.
func (z Zone) LastAt(d Date, minute int) int64 {
	local := int64(d)*secondsPerDay + int64(minute)*60
	if at, ok := z.plain(local); ok {
		return at * 1000
	}
	return z.shifts(local-margin*secondsPerDay, local+margin*secondsPerDay).last(local) * 1000
}

// plain is the UTC second of a local second far from any clock change.
func (z Zone) plain(local int64) (int64, bool) {
	const far = 2 * 24 * time.Hour
	t := time.Unix(local, 0).In(z.Location())
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	ok := (start.IsZero() || t.Sub(start) > far) && (end.IsZero() || end.Sub(t) > far)
	return local - int64(offset), ok
}

// shift is a stretch of time with one distance from UTC, in seconds. It lasts
// until the next shift begins.
type shift struct{ start, offset int64 }

// shifts is what a zone does over a stretch of time. The first one counts as
// having lasted forever, the last one as lasting forever.
type shifts []shift

// shifts lists the zone's stretches from one UTC second to another.
func (z Zone) shifts(from, to int64) shifts {
	list := make(shifts, 0, 8)
	for t := time.Unix(from, 0).In(z.Location()); ; {
		_, offset := t.Zone()
		if n := len(list); n == 0 || list[n-1].offset != int64(offset) {
			list = append(list, shift{t.Unix(), int64(offset)})
		}
		next := nextShift(t)
		if next.IsZero() || next.Unix() > to {
			return list
		}
		t = next
	}
}

// nextShift is the next instant at which the distance from UTC may change.
func nextShift(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if end.IsZero() || end.After(t) {
		return end
	}
	// On 31 December of a leap year the time package gives a bound that has
	// already passed; look a day further and find a change in between, if any.
	day := t.Add(24 * time.Hour)
	_, before := t.Zone()
	if _, after := day.Zone(); after == before {
		return day
	}
	low, high := t.Unix(), day.Unix()
	for high-low > 1 {
		middle := (low + high) / 2
		if _, offset := time.Unix(middle, 0).In(t.Location()).Zone(); offset == before {
			low = middle
		} else {
			high = middle
		}
	}
	return time.Unix(high, 0).In(t.Location())
}

// first is the earliest UTC second at which the clock shows the local second,
// or the change that skips it.
func (s shifts) first(local int64) int64 {
	for i, stretch := range s {
		if i > 0 && local < stretch.start+stretch.offset {
			return stretch.start
		}
		if i == len(s)-1 || local < s[i+1].start+stretch.offset {
			return local - stretch.offset
		}
	}
	return local
}

// last is the latest UTC second at which the clock shows the local second, or
// the change that skips it.
func (s shifts) last(local int64) int64 {
	for i := len(s) - 1; i >= 0; i-- {
		if i > 0 && local < s[i].start+s[i].offset {
			continue
		}
		if i < len(s)-1 && local >= s[i+1].start+s[i].offset {
			return s[i+1].start
		}
		return local - s[i].offset
	}
	return local
}

// on appends the UTC stretches during which the local date is d: one, or two
// where a clock change shortly after midnight leads back into the day before.
func (s shifts) on(dst []interval, d Date) []interval {
	start := int64(d) * secondsPerDay
	for i, stretch := range s {
		from, to := start-stretch.offset, start+secondsPerDay-stretch.offset
		if i > 0 {
			from = max(from, stretch.start)
		}
		if i < len(s)-1 {
			to = min(to, s[i+1].start)
		}
		if from < to {
			dst = append(dst, interval{from, to})
		}
	}
	return dst
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
