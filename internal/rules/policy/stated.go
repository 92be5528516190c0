package policy

import (
	"fmt"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// statedYears is for how many years, from the one in which the policy takes effect, two wordings of a window are compared.
const statedYears = 10

// maxStated bounds the windows that are compared.
const maxStated = 64

// stated compares a calendar with a second wording of the same window, and warns of the dates on which they differ.
func (c *compiler) stated(n *yaml.Node, def *Calendar) {
	if n == nil || !c.Is(n, yaml.Map, "stated_as") {
		return
	}
	c.Only(n, "stated_as", []string{"zone", "week"}, nil)
	week := n.Get("week")
	if n.Get("zone") == nil || week == nil {
		c.ErrorAt(n, "stated_as needs a `zone` and a `week`")
		return
	}
	zone, ok := c.Zone(n.Get("zone"))
	spans, err := calendar.ParseWeek(week.Text)
	if err != nil {
		c.Syntax(week, err)
	}
	if err != nil || !ok {
		return
	}
	if len(spans)+len(def.spans) > maxStated {
		c.ErrorAt(n, "a window with another wording has at most %d spans in a week, both wordings together", maxStated)
		return
	}
	if len(def.Rests) > 0 || def.Zone == "" || def.spans == nil {
		c.ErrorAt(n, "`stated_as` words a window in another zone; this calendar has no zone of its own")
		return
	}
	own, ownErr := calendar.New(calendar.Spec{Zone: def.Zone, Week: def.spans})
	other, otherErr := calendar.New(calendar.Spec{Zone: zone.Name(), Week: spans})
	if ownErr == nil && otherErr == nil {
		c.compare(n, own, other)
	}
}

// compare warns of the windows of one calendar that another one does not have.
func (c *compiler) compare(n *yaml.Node, own, other *calendar.Calendar) {
	year := calendar.Date(0).Year()
	if day, err := calendar.ParseDate(c.p.date); err == nil {
		year = day.Year()
	}
	from := calendar.MakeDate(year, time.January, 1)
	to := calendar.MakeDate(year+statedYears, time.January, 1)
	windows := own.Windows(own.Zone().At(from, 0), own.Zone().At(to, 0))
	differ, days := 0, map[time.Weekday]bool{}
	var first calendar.Window
	for _, w := range windows {
		days[own.Zone().Date(w.Open).Weekday()] = true
		if sameWindow(other, w) {
			continue
		}
		if differ++; differ == 1 {
			first = w
		}
	}
	if differ == 0 {
		return
	}
	date := own.Zone().Date(first.Open)
	unit := "windows"
	if len(days) == 1 {
		unit = date.Weekday().String() + "s"
	}
	c.WarnAt(n, "`stated_as` differs from the window on %d of %d %s from %d to %d, first on %s: %s, not %s", differ, len(windows), unit,
		year, year+statedYears-1, date, clockWindow(first, other.Zone()), statedWindow(other, first))
}

// sameWindow reports whether a calendar opens and closes exactly when a window does.
func sameWindow(c *calendar.Calendar, w calendar.Window) bool {
	opens, open := c.Next(w.Open)
	closes, _ := c.Closes(w.Open)
	return open && opens == w.Open && closes == w.Close && !c.Open(w.Open-1)
}

// statedWindow is the window of the other wording that is nearest to one.
func statedWindow(c *calendar.Calendar, w calendar.Window) string {
	const near = 12 * 3600_000
	list := c.Windows(w.Open-near, w.Close+near)
	if len(list) == 0 {
		return "closed"
	}
	nearest := list[0]
	for _, other := range list {
		if distance(other.Open, w.Open) < distance(nearest.Open, w.Open) {
			nearest = other
		}
	}
	zone := c.Zone()
	return fmt.Sprintf("%s-%s", clockTime(nearest.Open, zone), clockTime(nearest.Close, zone))
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

func clockWindow(w calendar.Window, zone calendar.Zone) string {
	return fmt.Sprintf("%s-%s %s", clockTime(w.Open, zone), clockTime(w.Close, zone), zone.Name())
}

func clockTime(at int64, zone calendar.Zone) string {
	return time.UnixMilli(at).In(zone.Location()).Format("15:04")
}
