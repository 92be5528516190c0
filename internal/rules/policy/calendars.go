package policy

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- calendars ----

func (c *compiler) calendars() {
	c.p.calendars = []Calendar{{ID: "always", Words: "day and night, every day", Hours: calendar.Always()}, {ID: "never", Words: "at no time", Hours: calendar.Never()}}
	sets := c.holidays()
	c.entries("calendars", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a calendar") {
			return
		}
		if key.Text == "always" || key.Text == "never" || key.Text == "none" || key.Text == "hours" {
			c.ErrorAt(key, "the calendar %q exists already; choose another name", key.Text)
			return
		}
		c.Only(n, "calendars."+key.Text, []string{"zone", "week", "any", "minus", "closed", "dates", "business_day"}, []string{"place", "from", "like", "stated_as"})
		def := Calendar{ID: key.Text, Place: c.place(key), Any: c.Strings(n, "any"), Minus: c.Strings(n, "minus")}
		if n.Get("any") != nil {
			def.Hours = c.union(n)
		} else {
			def.Zone, def.Week = c.Text(n, "zone"), c.Text(n, "week")
			def.Hours = c.week(n, key, sets)
			def.spans, _ = calendar.ParseWeek(def.Week) // week reports the mistake
		}
		for _, w := range c.Words(n.Get("minus"), "minus") {
			if i := c.calendarNamed(w, false); i >= 0 && def.Hours != nil {
				def.Hours = calendar.Minus(def.Hours, c.p.calendars[i].Hours)
			}
		}
		if def.Hours == nil {
			def.Hours = calendar.Never() // keeps the name known while the mistake is reported
		}
		def.Words = c.weekWords(&def, n)
		c.p.calendars = append(c.p.calendars, def)
	})
}

func (c *compiler) union(n *yaml.Node) *calendar.Calendar {
	var parts []*calendar.Calendar
	for _, w := range c.Words(n.Get("any"), "any") {
		if i := c.calendarNamed(w, false); i >= 0 {
			parts = append(parts, c.p.calendars[i].Hours)
		}
	}
	for _, key := range []string{"zone", "week", "closed", "dates"} {
		if at := n.Get(key); at != nil {
			c.ErrorAt(at, "a calendar has either `any` or a `%s` of its own", key)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	hours := calendar.Union(parts...)
	if day := n.Get("business_day"); day != nil {
		hours = hours.WithBusinessDay(c.Duration(day, "business_day"))
	}
	return hours
}

func (c *compiler) week(n, key *yaml.Node, sets map[string]*calendar.Holidays) *calendar.Calendar {
	if n.Get("place") != nil || n.Get("from") != nil {
		return nil // reported as not supported
	}
	if n.Get("zone") == nil || n.Get("week") == nil {
		c.ErrorAt(key, "calendar %q needs a `zone` and a `week`, or `any`", key.Text)
		return nil
	}
	zone, ok := c.Zone(n.Get("zone"))
	spec := calendar.Spec{Zone: zone.Name()}
	c.warnHome(n.Get("zone"))
	week := n.Get("week")
	if !ok || !c.Is(week, yaml.Scalar, "week") {
		return nil
	}
	spans, err := calendar.ParseWeek(week.Text)
	if err != nil {
		c.Syntax(week, err)
		return nil
	}
	spec.Week = spans
	spec.Closed = c.closedDays(n.Get("closed"), sets)
	c.Items(n.Get("dates"), "dates", func(_ int, item *yaml.Node) {
		c.Only(item, "dates", []string{"dates", "week"}, nil)
		spec.Dates = append(spec.Dates, c.Special(item)...)
	})
	if day := n.Get("business_day"); day != nil {
		spec.BusinessDayMs = c.Duration(day, "business_day")
	}
	hours, err := calendar.New(spec)
	if err != nil {
		c.ErrorAt(key, "calendar %q: %v", key.Text, err)
		return nil
	}
	return hours
}

func (c *compiler) closedDays(n *yaml.Node, sets map[string]*calendar.Holidays) []*calendar.Holidays {
	var list []*calendar.Holidays
	for _, w := range c.Words(n, "closed") {
		if w.Text == "place" {
			c.ErrorAt(w, "`closed: [place]` is not supported in this version")
			continue
		}
		set := sets[w.Text]
		if set == nil {
			var err error
			if set, err = calendar.LibraryHolidays(w.Text); err != nil {
				c.Syntax(w, err)
				continue
			}
		}
		list = append(list, set)
	}
	return list
}

func (c *compiler) holidays() map[string]*calendar.Holidays {
	sets := map[string]*calendar.Holidays{}
	c.entries("holidays", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "holidays") {
			return
		}
		c.Only(n, "holidays."+key.Text, []string{"like", "plus", "less", "observed"}, nil)
		spec := calendar.HolidaySpec{Like: c.closedDays(n.Get("like"), sets), Plus: c.Dates(n.Get("plus")), Less: c.Dates(n.Get("less"))}
		if observed := n.Get("observed"); observed != nil {
			var err error
			if spec.Observed, err = calendar.ParseObserved(observed.Text); err != nil {
				c.Syntax(observed, err)
			}
		}
		sets[key.Text] = calendar.NewHolidays(spec)
	})
	return sets
}

// calendarNamed resolves the name of a calendar that stands above; NoCalendar for `none` where it is allowed. Below
// NoCalendar the name is not known.
func (c *compiler) calendarNamed(w *yaml.Node, none bool) int {
	if !c.Is(w, yaml.Scalar, "a calendar") {
		return -100
	}
	if none && w.Text == "none" {
		return NoCalendar
	}
	ids := names(c.p.calendars, func(k Calendar) string { return k.ID })
	i := slices.Index(ids, w.Text)
	if i < 0 {
		ids = append(ids[2:], "always", "never")
		c.ErrorAt(w, "calendar %q is used but not defined; defined: %s", w.Text, strings.Join(ids, ", "))
		return -100
	}
	return i
}
