package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/readable"
)

// span is open time in minutes since Monday 00:00 of the week shown, To excluded, both within 0..weekMinutes.
type span struct{ From, To int }

const (
	dayMinutes  = 24 * 60
	weekMinutes = 7 * dayMinutes
)

// drawnWeeks are the weeks worth a picture; round the clock needs none.
func drawnWeeks(h readable.Hours) []readable.Week {
	return slices.DeleteFunc(slices.Clone(h.Weeks), func(w readable.Week) bool { return w.Always || len(w.Open)+len(w.Local) == 0 })
}

// monday is the first instant of the reader's present week.
func (f Frame) monday() time.Time {
	now := f.local(f.Now)
	return time.Date(now.Year(), now.Month(), now.Day()-(int(now.Weekday())+6)%7, 0, 0, 0, 0, f.zone())
}

// weekSpans is a calendar as it opens in the reader's present week, by the clock on the reader's wall.
func (f Frame) weekSpans(w readable.Week) []span {
	var out []span
	if w.Place != "" {
		for _, s := range w.Local {
			day := (int(s.Day) + 6) % 7 * dayMinutes
			out = append(out, span{day + s.From, day + s.To})
		}
		return out
	}
	monday := f.monday()
	end := time.Date(monday.Year(), monday.Month(), monday.Day()+7, 0, 0, 0, 0, f.zone())
	for _, o := range w.Open {
		if o.Close <= monday.UnixMilli() || o.Open >= end.UnixMilli() {
			continue
		}
		from, to := wallMinute(monday, o.Open), wallMinute(monday, o.Close)
		if from, to = max(from, 0), min(to, weekMinutes); from < to {
			out = append(out, span{from, to})
		}
	}
	return out
}

// wallMinute is the minute since a Monday that the clock on the reader's wall shows.
func wallMinute(monday time.Time, ms int64) int {
	t := time.UnixMilli(ms).In(monday.Location())
	date := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(date(t).Sub(date(monday))/(24*time.Hour))*dayMinutes + t.Hour()*60 + t.Minute()
}

func (f Frame) openNow(w readable.Week) bool {
	return slices.ContainsFunc(w.Open, func(o calendar.Window) bool { return o.Open <= f.Now && f.Now < o.Close })
}

// weekNow says whether a calendar is open, and until or from when, in the reader's zone.
func (f Frame) weekNow(w readable.Week) string {
	for _, o := range w.Open {
		switch {
		case o.Close <= f.Now:
		case o.Open <= f.Now:
			return f.T("Open now, closes %s", f.weekMoment(o.Close))
		default:
			return f.T("Closed now, opens %s", f.weekMoment(o.Open))
		}
	}
	return f.T("Closed now")
}

// weekMoment is a coming instant with its day, time and zone: "Mon 23 Nov, 17:00 GMT".
func (f Frame) weekMoment(ms int64) string {
	t := f.local(ms)
	return f.dayName(t) + " " + f.shortDate(t) + ", " + t.Format("15:04") + " " + zoneName(t)
}

// encodeOpenings writes openings for the script: minutes since 1970 in base 36, each as the distance from the one before.
func encodeOpenings(w readable.Week) string {
	var b strings.Builder
	last := int64(0)
	for _, o := range w.Open {
		for _, at := range [...]int64{o.Open, o.Close} {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(strconv.FormatInt(at/minute-last, 36))
			last = at / minute
		}
	}
	return b.String()
}

// fixedZone is the reader's zone where they have told it to us; the script goes by the device otherwise.
func (f Frame) fixedZone() string {
	if f.Viewer == nil {
		return ""
	}
	return f.zone().String()
}

// zonesOf lists the zones that a reader of these hours may want: their own, the policy's and those of the calendars.
func (f Frame) zonesOf(d readable.Document, h readable.Hours) []string {
	list := []string{f.zone().String(), d.Zone}
	for _, w := range h.Weeks {
		list = append(list, w.Zone)
	}
	var out []string
	for _, z := range list {
		if z != "" && !slices.Contains(out, z) {
			out = append(out, z)
		}
	}
	return out
}

func (f Frame) exceptionsWords(w readable.Week) string {
	var parts []string
	if n := len(w.Special); n > 0 {
		parts = append(parts, f.T("other hours on %d days", n))
	}
	if n := len(w.Closed); n > 0 {
		parts = append(parts, f.T("closed on %d holidays", n))
	}
	return capital(f.T("%s in the coming 12 months", strings.Join(parts, f.T(" and "))))
}

// dayAndDate is a date with its weekday: "Fri 25 Dec 2026".
func (f Frame) dayAndDate(d calendar.Date) string {
	y, m, day := d.Civil()
	t := time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
	return f.dayName(t) + " " + f.date(t)
}

func (f Frame) specialHours(s calendar.SpecialDay) string {
	var parts []string
	for _, h := range s.Hours {
		parts = append(parts, clockText(h.From)+"–"+clockText(h.To))
	}
	if len(parts) == 0 {
		return f.T("closed")
	}
	return strings.Join(parts, ", ")
}

func (f Frame) weekDays() []string {
	return []string{f.T("Mon"), f.T("Tue"), f.T("Wed"), f.T("Thu"), f.T("Fri"), f.T("Sat"), f.T("Sun")}
}

// nowMinute is the minute of the reader's week, for the mark on the timeline.
func (f Frame) nowMinute() int {
	t := f.local(f.Now)
	return ((int(t.Weekday())+6)%7)*dayMinutes + t.Hour()*60 + t.Minute()
}

// spanDays splits spans at midnight: one line of words per local day.
func (f Frame) spanDays(spans []span) []dayHours {
	var out []dayHours
	for i, name := range f.weekDays() {
		var parts []string
		for _, s := range spans {
			from, to := max(s.From, i*dayMinutes), min(s.To, (i+1)*dayMinutes)
			if from < to {
				parts = append(parts, clockText(from-i*dayMinutes)+"–"+clockText(to-i*dayMinutes))
			}
		}
		words := strings.Join(parts, ", ")
		if words == "" {
			words = f.T("closed")
		}
		out = append(out, dayHours{name, words})
	}
	return out
}

type dayHours struct{ day, words string }

func clockText(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// percent is a part of a whole for the attributes of a drawing.
func percent(part, whole int) string {
	return strconv.FormatFloat(float64(part)*100/float64(whole), 'f', 3, 64) + "%"
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// PolicyZone is the zone of a policy for a reader whose own is not known, under the name that the policy gives it.
func PolicyZone(name string) *time.Location {
	if name == "GMT" {
		return time.FixedZone("GMT", 0) // the same as UTC, and named as on the page
	}
	z, err := calendar.LoadZone(name)
	if err != nil {
		return time.UTC
	}
	return z.Location()
}

// named reports that the name of a line's calendar helps: it has a week of its own below.
func named(l readable.HoursLine) bool {
	return l.Published && l.Calendar != "Always" && l.Calendar != "Never"
}
