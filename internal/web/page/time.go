package page

import (
	"strings"
	"time"
)

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

func (f Frame) zone() *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

func (f Frame) local(ms int64) time.Time { return time.UnixMilli(ms).In(f.zone()) }

// Absolute renders an instant in the reader's zone with the zone named: "Mon 23 Nov 2026, 09:00 GMT".
func (f Frame) Absolute(ms int64) string {
	t := f.local(ms)
	return f.dayName(t) + " " + f.date(t) + ", " + t.Format("15:04") + " " + zoneName(t)
}

// Date renders the local date of an instant: "23 Nov 2026".
func (f Frame) Date(ms int64) string { return f.date(f.local(ms)) }

// LocalDate renders a date text "2006-01-02" as "23 Nov 2026"; anything else is returned as it is.
func (f Frame) LocalDate(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return f.date(t)
}

// Ago renders an instant relative to now, for lists: "5 min ago", "yesterday 14:05", "12 Nov".
func (f Frame) Ago(ms int64) string {
	past := f.Now - ms
	t := f.local(ms)
	switch {
	case past < minute:
		return f.T("just now")
	case past < hour:
		return f.T("%d min ago", int(past/minute))
	case past < 6*hour || f.daysApart(ms) == 0:
		return f.T("%d h ago", int(past/hour))
	case f.daysApart(ms) == -1:
		return f.T("yesterday %s", t.Format("15:04"))
	case f.daysApart(ms) > -7:
		return f.dayName(t) + " " + t.Format("15:04")
	}
	return f.shortDate(t)
}

// When renders a coming instant relative to now: "in 42 min", "today 17:00", "Mon 09:00", "23 Nov".
func (f Frame) When(ms int64) string {
	ahead := ms - f.Now
	switch {
	case ahead < minute:
		return f.T("now")
	case ahead < hour:
		return f.T("in %d min", int(ahead/minute))
	}
	return f.clockTime(ms)
}

// Due renders a promise in time: "due in 42 min", "due Mon 09:00", "overdue by 2 h".
func (f Frame) Due(ms int64) string {
	ahead := ms - f.Now
	switch {
	case ahead <= -2*day:
		return f.T("overdue by %d days", int(-ahead/day))
	case ahead <= -hour:
		return f.T("overdue by %d h", int(-ahead/hour))
	case ahead <= -minute:
		return f.T("overdue by %d min", int(-ahead/minute))
	case ahead < minute:
		return f.T("due now")
	case ahead < hour:
		return f.T("due in %d min", int(ahead/minute))
	}
	return f.T("due %s", f.clockTime(ms))
}

// Left renders a length of support time in milliseconds: "42 min of support time left".
func (f Frame) Left(ms int64) string {
	if ms < hour {
		return f.T("%d min of support time left", int(ms/minute))
	}
	if ms%hour < minute {
		return f.T("%d h of support time left", int(ms/hour))
	}
	return f.T("%d h %d min of support time left", int(ms/hour), int(ms%hour/minute))
}

// Length renders a length of time: "9 hours", "90 minutes".
func (f Frame) Length(l time.Duration) string {
	if l%time.Hour == 0 {
		return f.T("%d hours", int(l/time.Hour))
	}
	return f.T("%d minutes", int(l/time.Minute))
}

// clockTime names a coming instant by the words nearest to it: "today 17:00", "tomorrow 09:00", "Mon 09:00", "23 Nov, 09:00".
func (f Frame) clockTime(ms int64) string {
	t := f.local(ms)
	at := t.Format("15:04")
	switch apart := f.daysApart(ms); {
	case apart == 0:
		return f.T("today %s", at)
	case apart == 1:
		return f.T("tomorrow %s", at)
	case apart > 1 && apart < 7:
		return f.dayName(t) + " " + at
	}
	return f.shortDate(t) + ", " + at
}

// daysApart counts local calendar days from today to the instant; negative for the past.
func (f Frame) daysApart(ms int64) int {
	there, here := f.local(ms), f.local(f.Now)
	a := time.Date(there.Year(), there.Month(), there.Day(), 0, 0, 0, 0, time.UTC)
	b := time.Date(here.Year(), here.Month(), here.Day(), 0, 0, 0, 0, time.UTC)
	return int(a.Sub(b) / (24 * time.Hour))
}

func (f Frame) dayName(t time.Time) string { return f.T(t.Format("Mon")) }

func (f Frame) date(t time.Time) string {
	return t.Format("2") + " " + f.T(t.Format("Jan")) + " " + t.Format("2006")
}

func (f Frame) shortDate(t time.Time) string {
	if t.Year() != f.local(f.Now).Year() {
		return f.date(t)
	}
	return t.Format("2") + " " + f.T(t.Format("Jan"))
}

// zoneName is the abbreviation that people know, or "UTC+5:30" where the zone has none.
func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if !strings.HasPrefix(name, "+") && !strings.HasPrefix(name, "-") {
		return name
	}
	name = strings.TrimPrefix(t.Format("-07:00"), "")
	sign, hours, minutes := name[:1], strings.TrimPrefix(name[1:3], "0"), name[4:]
	if hours == "" {
		hours = "0"
	}
	if minutes == "00" {
		return "UTC" + sign + hours
	}
	return "UTC" + sign + hours + ":" + minutes
}

// machineTime is the datetime attribute of a time element.
func machineTime(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// Urgency of a promise in time, for colour and for the word beside it.
func (f Frame) dueTone(ms int64) Tone {
	switch ahead := ms - f.Now; {
	case ahead <= 0:
		return Bad
	case ahead < hour:
		return Warn
	}
	return Neutral
}

// Hours says whether a desk is open, and until or from when.
type Hours struct {
	// Known is false where no hours are published; nothing is said then.
	Known bool
	// Always is true for a desk that never closes.
	Always bool
	Open   bool
	// Changes is the instant at which Open changes next, UTC milliseconds; 0 when never.
	Changes int64
	// BestEffort is true when the desk may answer outside its hours without a promise.
	BestEffort bool
	// DeskZone is the zone in which the desk names its hours ("GMT" as the policy writes it); nil is the reader's own.
	DeskZone *time.Location
}

// hoursLine renders Hours as one sentence: "Open until 17:00 GMT (18:00 your time)".
func (f Frame) hoursLine(h Hours) string {
	switch {
	case !h.Known:
		return f.T("No published hours")
	case h.Always:
		return f.T("Open day and night, every day")
	case h.Changes == 0 && h.Open:
		return f.T("Open now")
	case h.Changes == 0:
		return f.T("Closed now")
	case h.Open:
		return f.T("Open until %s", f.inBothZones(h.Changes, h.DeskZone))
	}
	return f.T("Closed, opens %s", f.inBothZones(h.Changes, h.DeskZone))
}

func (f Frame) inBothZones(ms int64, desk *time.Location) string {
	mine := f.local(ms)
	if desk == nil {
		desk = f.zone()
	}
	there := time.UnixMilli(ms).In(desk)
	label := f.nearDay(ms) + there.Format("15:04") + " " + zoneName(there)
	_, a := mine.Zone()
	_, b := there.Zone()
	if a == b {
		return label
	}
	return label + " " + f.T("(%s your time)", mine.Format("15:04")+f.dayShift(mine, there))
}

// nearDay is empty for today, else the day's name with a space: "tomorrow ", "Mon ".
func (f Frame) nearDay(ms int64) string {
	switch apart := f.daysApart(ms); {
	case apart == 0:
		return ""
	case apart == 1:
		return f.T("tomorrow") + " "
	case apart > 1 && apart < 7:
		return f.dayName(f.local(ms)) + " "
	}
	return f.shortDate(f.local(ms)) + ", "
}

// dayShift names the reader's day when it differs from the desk's, so that "Mon 01:00" is not read as Sunday.
func (f Frame) dayShift(mine, there time.Time) string {
	if mine.Day() == there.Day() {
		return ""
	}
	return " " + f.dayName(mine)
}
