package policy

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- calendars ----

var (
	ownKeys = []string{"zone", "week", "place", "from", "like", "closed", "dates", "stated_as"}
	allKeys = append([]string{"any", "minus", "business_day"}, ownKeys...)
)

func (c *compiler) calendars() {
	c.p.calendars = []Calendar{{ID: "always", Words: "day and night, every day", Hours: calendar.Always()}, {ID: "never", Words: "at no time", Hours: calendar.Never()}}
	c.entries("calendars", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a calendar") {
			return
		}
		if key.Text == "always" || key.Text == "never" || key.Text == "none" || key.Text == "hours" {
			c.ErrorAt(key, "the calendar %q exists already; choose another name", key.Text)
			return
		}
		if c.calendarIndex(key.Text) < 0 {
			c.calendar(key, n)
		}
	})
	c.checkSites()
}

func (c *compiler) calendarIndex(id string) int {
	return slices.IndexFunc(c.p.calendars, func(k Calendar) bool { return k.ID == id })
}

// maxCalendars bounds what calendars can be made of, and maxParts what one of them is made of in the end: the parts of parts
// are counted each time, so that a short text cannot ask for hours that take for ever to work out.
const (
	maxCalendars = 250
	maxParts     = 500
)

func (c *compiler) calendar(key, n *yaml.Node) {
	if len(c.p.calendars) == maxCalendars+2 {
		c.ErrorAt(key, "more than %d calendars are too many for one policy", maxCalendars)
	}
	c.asked[key.Text] = true
	c.Only(n, "calendars."+key.Text, allKeys, nil)
	def := Calendar{ID: key.Text, Place: c.place(key), Any: c.Strings(n, "any"), Minus: c.Strings(n, "minus")}
	r := &recipe{}
	sound := false
	if n.Get("any") != nil {
		sound = c.union(n, &def, r)
	} else {
		sound = c.ownHours(key, n, &def, r)
	}
	r.minus = c.parts(n, "minus", &def)
	if def.size++; def.size > maxParts {
		c.ErrorAt(key, "calendar %q is made of more than %d calendars, those of its parts counted in; name fewer, or write its week", key.Text, maxParts)
		def.size, def.Any, def.Minus, r.any, r.minus, sound = 1, nil, nil, nil, nil, false
	}
	c.businessDay(n, &def, r)
	c.finish(key, &def, r, sound)
	def.Words = c.weekWords(&def, n)
	c.stated(n.Get("stated_as"), &def)
	c.p.calendars = append(c.p.calendars, def)
	delete(c.asked, key.Text)
}

// parts resolves the calendars that another one is made of, and takes over what their hours rest on.
func (c *compiler) parts(n *yaml.Node, what string, def *Calendar) []int {
	var list []int
	for _, w := range c.Words(n.Get(what), what) {
		i := c.calendarNamed(w, false)
		if i < 0 {
			continue
		}
		list = append(list, i)
		def.size += c.p.calendars[i].size
		for _, f := range c.p.calendars[i].Rests {
			if !slices.Contains(def.Rests, f) {
				def.Rests = append(def.Rests, f)
			}
		}
	}
	return list
}

func (c *compiler) union(n *yaml.Node, def *Calendar, r *recipe) bool {
	r.any = c.parts(n, "any", def)
	for _, key := range ownKeys {
		if at := n.Get(key); at != nil {
			c.ErrorAt(at, "a calendar has either `any` or a `%s` of its own", key)
		}
	}
	return len(r.any) > 0
}

// ownHours reads a calendar that is no union: where it is kept, its week, and the days that differ.
func (c *compiler) ownHours(key, n *yaml.Node, def *Calendar, r *recipe) bool {
	sound := c.whereKept(key, n, def, r)
	if week := n.Get("week"); week != nil && n.Get("from") == nil && c.Is(week, yaml.Scalar, "week") {
		def.Week = week.Text
		spans, err := calendar.ParseWeek(week.Text)
		if err != nil {
			c.Syntax(week, err)
			sound = false
		}
		def.spans, r.spec.Week = spans, spans
	}
	r.spec.Closed = c.closedDays(n, r)
	c.Items(n.Get("dates"), "dates", func(_ int, item *yaml.Node) {
		c.Only(item, "dates", []string{"dates", "week"}, nil)
		r.spec.Dates = append(r.spec.Dates, c.Special(item)...)
	})
	return sound
}

// whereKept reads what gives a calendar its zone: `zone`, `place`, or the contract by `from`.
func (c *compiler) whereKept(key, n *yaml.Node, def *Calendar, r *recipe) bool {
	var given []string
	for _, k := range []string{"zone", "place", "from"} {
		if n.Get(k) != nil {
			given = append(given, "`"+k+"`")
		}
	}
	switch {
	case len(given) > 1:
		c.ErrorAt(key, "calendar %q has %s; one of them says where its hours are kept", key.Text, strings.Join(given, " and "))
		return false
	case n.Get("from") != nil:
		return c.agreed(n, def, r)
	case len(given) == 0 || n.Get("week") == nil:
		c.ErrorAt(key, "calendar %q needs a `zone` or a `place`, and a `week`; or `any`, or `from: contract.hours`", key.Text)
		return false
	case n.Get("place") != nil:
		return c.placeOf(n.Get("place"), def, r)
	}
	zone, ok := c.Zone(n.Get("zone"))
	def.Zone, r.spec.Zone = c.Text(n, "zone"), zone.Name()
	c.warnHome(n.Get("zone"))
	return ok
}

// agreed reads a calendar whose zone and week a contract supplies.
func (c *compiler) agreed(n *yaml.Node, def *Calendar, r *recipe) bool {
	from := n.Get("from")
	f, ok := c.p.space.ByName(from.Text)
	if !ok || c.p.space.Type(f) != fact.TypeHours {
		c.ErrorAt(from, "`from` names the fact that supplies zone and week: `from: %s`", fact.ContractHours)
		return false
	}
	if week := n.Get("week"); week != nil {
		c.ErrorAt(week, "the contract supplies the week; what it adds up to stands under `like`")
	}
	def.From, def.Rests, r.from, r.agreed = from.Text, []fact.Fact{f}, f, true
	like := n.Get("like")
	if like == nil || !c.Is(like, yaml.Map, "like") {
		return true
	}
	c.Only(like, "like", []string{"hours_per_week"}, nil)
	if hours := like.Get("hours_per_week"); hours != nil {
		def.PerWeekMs = c.hoursPerWeek(hours)
		r.perWeekMs = def.PerWeekMs
	}
	return true
}

// hoursPerWeek reads 45, 37.5 or 37h30m as milliseconds.
func (c *compiler) hoursPerWeek(n *yaml.Node) int64 {
	const week = 7 * 24 * 3600_000
	ms := int64(0)
	if hours, err := strconv.ParseFloat(n.Text, 64); err == nil {
		ms = int64(hours*60) * 60_000
	} else if n.Kind == yaml.Scalar {
		ms = c.Duration(n, "hours_per_week")
	}
	if ms <= 0 || ms > week {
		c.ErrorAt(n, "a week has more than 0 and at most 168 hours, not %q", n.Text)
	}
	return ms
}

func (c *compiler) businessDay(n *yaml.Node, def *Calendar, r *recipe) {
	day := n.Get("business_day")
	if day == nil {
		return
	}
	r.dayMs = c.Duration(day, "business_day")
	if r.dayMs <= 0 || r.dayMs > 24*3600_000 {
		c.ErrorAt(day, "business_day: a business day is longer than nothing and at most 24h")
		r.dayMs = 0
	}
}

// finish makes the hours that rest on nothing. A name with a mistake stays known, so that it is reported once.
func (c *compiler) finish(key *yaml.Node, def *Calendar, r *recipe, sound bool) {
	def.recipe = r
	if len(def.Rests) > 0 {
		return
	}
	def.recipe, def.Hours, def.wrong = nil, calendar.Never().WithBusinessDay(24*3600_000), true
	if !sound {
		return
	}
	if hours := c.p.make(r, anywhere{}); hours != nil {
		def.Hours, def.wrong = hours, false
		return
	}
	_, err := calendar.New(r.spec)
	c.ErrorAt(key, "calendar %q: %v", key.Text, err)
}

// ---- holidays ----

// closedDays reads `closed`: codes of the library, names under `holidays`, and `place` for the holidays of the place.
func (c *compiler) closedDays(n *yaml.Node, r *recipe) []*calendar.Holidays {
	var list []*calendar.Holidays
	for _, w := range c.Words(n.Get("closed"), "closed") {
		if w.Text != "place" {
			if set := c.holidaySet(w); set != nil {
				list = append(list, set)
			}
			continue
		}
		if n.Get("place") == nil {
			c.ErrorAt(w, "`closed: [place]` takes the holidays of the calendar's `place`, and it has none")
			continue
		}
		r.closed = true
		if r.site >= 0 && r.site < len(c.p.sites) && r.spec.Zone != "" {
			list = append(list, c.siteHolidays(r.site)...)
		}
	}
	return list
}

func (c *compiler) siteHolidays(site int) []*calendar.Holidays {
	var list []*calendar.Holidays
	for _, name := range c.p.sites[site].Holidays {
		if set, err := c.p.HolidaysNamed(name); err == nil {
			list = append(list, set)
		}
	}
	return list
}

// checkSites reports places without holidays that a calendar closes on.
func (c *compiler) checkSites() {
	for _, k := range c.p.calendars {
		closing := c.root.Get("calendars").Get(k.ID).Get("closed")
		if k.At == "" || closing == nil || !slices.ContainsFunc(c.Words(closing, "closed"), func(w *yaml.Node) bool { return w.Text == "place" }) {
			continue
		}
		for _, s := range c.p.sites {
			if s.Holidays == nil && (s.ID == k.At || k.Zone == "") {
				c.Add(SeverityError, s.Line, s.Col, "place %q names no holidays, on which calendar %q closes; add `holidays: [..]` or `holidays: none`", s.ID, k.ID)
			}
		}
	}
}

// holidaySet finds the holidays that a word names, and warns where the library is not sure of them for long.
func (c *compiler) holidaySet(w *yaml.Node) *calendar.Holidays {
	if !c.Is(w, yaml.Scalar, "holidays") {
		return nil
	}
	set, err := c.p.HolidaysNamed(w.Text)
	if err != nil {
		if near := document.Nearest(w.Text, c.holidayNames()); near != "" {
			err = errors.New("no holidays " + strconv.Quote(w.Text) + "; did you mean " + strconv.Quote(near) + "?")
		}
		c.Syntax(w, err)
		return nil
	}
	sure, id := set.Sure(), "holidays "+w.Text
	if c.p.sets[w.Text] == nil && sure.To < calendar.SureUntil && !c.asked[id] {
		c.asked[id] = true
		c.WarnAt(w, "holidays of %s are sure until %d; later results are marked uncertain", w.Text, sure.To)
	}
	return set
}

func (c *compiler) holidayNames() []string {
	var list []string
	for name := range c.p.sets {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func (c *compiler) holidays() {
	c.p.sets = map[string]*calendar.Holidays{}
	size := map[string]int{} // how many sets each is made of
	c.entries("holidays", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "holidays") {
			return
		}
		c.Only(n, "holidays."+key.Text, []string{"like", "plus", "less", "observed"}, nil)
		if key.Text == "place" || key.Text == "none" {
			c.ErrorAt(key, "%q has a meaning of its own; choose another name", key.Text)
		}
		spec := calendar.HolidaySpec{Plus: c.Dates(n.Get("plus")), Less: c.Dates(n.Get("less"))}
		for _, w := range c.Words(n.Get("like"), "like") {
			if set := c.holidaySet(w); set != nil {
				spec.Like = append(spec.Like, set)
				size[key.Text] += max(size[w.Text], 1)
			}
		}
		if size[key.Text] > maxParts {
			c.ErrorAt(key, "the holidays %q are made of more than %d others, those of its parts counted in; name fewer under `like`", key.Text, maxParts)
			spec.Like, size[key.Text] = nil, 1
		}
		if observed := n.Get("observed"); observed != nil {
			var err error
			if spec.Observed, err = calendar.ParseObserved(observed.Text); err != nil {
				c.Syntax(observed, err)
			}
		}
		c.p.sets[key.Text] = calendar.NewHolidays(spec)
	})
}

// ---- names ----

// calendarNamed resolves the name of a calendar; NoCalendar for `none` where it is allowed. Below NoCalendar the name is not
// known.
func (c *compiler) calendarNamed(w *yaml.Node, none bool) int {
	const unknown = -100
	if !c.Is(w, yaml.Scalar, "a calendar") {
		return unknown
	}
	if none && w.Text == "none" {
		return NoCalendar
	}
	if i := c.calendarIndex(w.Text); i >= 0 {
		return i
	}
	if key, n := c.defined(w.Text); key != nil {
		if c.asked[w.Text] {
			c.ErrorAt(w, "calendar %q is made of itself", w.Text)
			return unknown
		}
		c.calendar(key, n)
		return c.calendarIndex(w.Text)
	}
	c.ErrorAt(w, "calendar %q is used but not defined; defined: %s", w.Text, strings.Join(c.calendarIDs(), ", "))
	return unknown
}

// defined finds the definition of a calendar that has not been read yet.
func (c *compiler) defined(id string) (key, n *yaml.Node) {
	all := c.root.Get("calendars")
	if all == nil || all.Kind != yaml.Map {
		return nil, nil
	}
	for i, key := range all.Keys {
		if key.Text == id && all.Values[i].Kind == yaml.Map && id != "hours" && id != "none" {
			return key, all.Values[i]
		}
	}
	return nil, nil
}

// calendarIDs lists the policy's own calendars as it defines them, then the two that always exist.
func (c *compiler) calendarIDs() []string {
	var ids []string
	c.entries("calendars", func(key, _ *yaml.Node) { ids = append(ids, key.Text) })
	return append(ids, "always", "never")
}
