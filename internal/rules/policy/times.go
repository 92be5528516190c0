package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
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

// ---- clocks ----

func (c *compiler) clocks() {
	c.entries("clocks", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a clock") {
			return
		}
		c.Only(n, "clocks."+key.Text, []string{"title", "starts", "restarts", "stops", "runs", "kind", "pauses", "within", "then"}, nil)
		k := Clock{ID: key.Text, Title: c.Required(n, "title", "clock "+key.Text), Runs: RunsHours, Place: c.place(key)}
		k.Starts = c.event(key, n, "starts")
		k.Stops = c.event(key, n, "stops")
		for _, w := range c.Words(n.Get("restarts"), "restarts") {
			c.checkEvent(key.Text, "restarts", w)
			k.Restarts = append(k.Restarts, w.Text)
		}
		if runs := n.Get("runs"); runs != nil && runs.Text != "hours" {
			k.Runs = c.calendarNamed(runs, false)
		}
		k.Goal = c.Choice(n, "kind", "commitment", "goal") == "goal"
		for _, w := range c.Words(n.Get("pauses"), "pauses") {
			if _, ok := c.p.Word(fact.Status, w.Text); !ok {
				c.UnknownWord(w, "status", c.p.vocab[fact.Status].Words)
			}
			k.Pauses = append(k.Pauses, w.Text)
		}
		k.Within = c.within(key.Text, k.Title, n.Get("within"), k.Runs)
		k.Then = c.steps(n.Get("then"))
		c.checkPauses(&k, n.Get("pauses"))
		if len(k.Within) == 0 {
			c.ErrorAt(key, "clock %s needs `within`", key.Text)
		}
		c.p.clocks = append(c.p.clocks, k)
	})
}

// checkPauses refuses pauses of clocks that end at a point of the calendar: the points that fall in a pause would not count.
func (c *compiler) checkPauses(k *Clock, at *yaml.Node) {
	points := slices.ContainsFunc(k.Within, func(r TargetRule) bool { return r.Target.Kind == TargetByClose || r.Target.Kind == TargetByTime })
	if points && len(k.Pauses) > 0 {
		c.ErrorAt(at, "`pauses` together with a target `by ..` is not supported in this version")
	}
}

func (c *compiler) event(key, n *yaml.Node, what string) string {
	at := n.Get(what)
	if at == nil {
		c.ErrorAt(key, "clock %s needs `%s`", key.Text, what)
		return ""
	}
	if c.Is(at, yaml.Scalar, what) {
		c.checkEvent(key.Text, what, at)
	}
	return at.Text
}

func (c *compiler) checkEvent(clock, what string, w *yaml.Node) {
	if slices.Contains(BuiltinEvents(), w.Text) {
		return
	}
	verb := map[string]string{"starts": "starts", "stops": "stops", "restarts": "restarts"}[what]
	declared, ok := find(c.p.events, func(e EventType) bool { return e.ID == w.Text })
	if !ok || declared.By == "" {
		known := append(BuiltinEvents(), names(c.p.events, func(e EventType) string { return e.ID })...)
		c.ErrorAt(w, "clock %q %s at %q, which no one can record; add it under `events` with `by`%s", clock, verb, w.Text, document.DidYouMean(w.Text, known))
	}
}

func (c *compiler) within(clock, title string, n *yaml.Node, runs int) []TargetRule {
	var list []TargetRule
	c.Items(n, "within", func(i int, item *yaml.Node) {
		c.Only(item, "within", append(slices.Clone(ruleKeys), "is"), append(slices.Clone(laterRuleKeys), "by", "bands", "calc"))
		r := TargetRule{Rule: c.rule(item, fmt.Sprintf("%s[%d]", clock, i), fact.StageClocks)}
		switch is := item.Get("is"); {
		case is != nil:
			r.Target = c.target(is, runs)
		case item.Get("by") == nil && item.Get("bands") == nil:
			c.ErrorAt(item, "a target needs `is`")
		}
		r.Target.Words = c.targetWords(&r.Target)
		r.Sentence = or(r.says, c.targetSentence(title, &r))
		list = append(list, r)
	})
	rules := make([]*Rule, len(list))
	for i := range list {
		rules[i] = &list[i].Rule
	}
	c.checkChoose("clocks."+clock+".within", rules)
	return list
}

// target reads `30m`, `7h30m`, `1 business day`, `by close +1`, `by 12:00 +2` or `none`, each with an optional `on CALENDAR`.
func (c *compiler) target(n *yaml.Node, runs int) Target {
	t := Target{On: RunsHours}
	if n.Kind == yaml.Map && (n.Get("earliest") != nil || n.Get("latest") != nil) {
		c.ErrorAt(n, "`earliest` and `latest` are not supported in this version")
		return t
	}
	if !c.Is(n, yaml.Scalar, "a target") {
		return t
	}
	t.Text = n.Text
	body, on, named := strings.Cut(n.Text, " on ")
	if named {
		t.On = c.calendarNamed(&yaml.Node{Kind: yaml.Scalar, Text: strings.TrimSpace(on), Line: n.Line, Col: n.Col + len(body) + 4}, false)
	}
	words := strings.Fields(body)
	switch {
	case body == "none":
	case len(words) == 3 && words[1] == "business" && (words[2] == "day" || words[2] == "days"):
		t.Kind = TargetBusinessDays
		days, err := strconv.Atoi(words[0])
		if err != nil || days < 1 || days > 1000 {
			c.ErrorAt(n, "%q is not a number of business days", n.Text)
		}
		t.Days = days
		c.checkBusinessDay(n, t.On, runs)
	case len(words) >= 2 && words[0] == "by":
		c.byTarget(n, words, &t)
	default:
		t.Kind = TargetDuration
		t.Ms = c.Duration(&yaml.Node{Kind: yaml.Scalar, Text: body, Line: n.Line, Col: n.Col}, "a target")
		c.warnLongDay(n, &t, runs)
	}
	return t
}

func (c *compiler) byTarget(n *yaml.Node, words []string, t *Target) {
	bad := func() {
		c.ErrorAt(n, "cannot read %q; write `by close`, `by close +1` or `by 12:00 +2`", n.Text)
	}
	if len(words) > 3 {
		bad()
		return
	}
	if len(words) == 3 {
		days, err := strconv.Atoi(strings.TrimPrefix(words[2], "+"))
		if err != nil || words[2][0] != '+' || days > 1000 {
			bad()
			return
		}
		t.Days = days
	}
	if words[1] == "close" {
		t.Kind = TargetByClose
		return
	}
	t.Kind = TargetByTime
	hour, minute, ok := strings.Cut(words[1], ":")
	h, errHour := strconv.Atoi(hour)
	m, errMinute := strconv.Atoi(minute)
	if !ok || errHour != nil || errMinute != nil || len(words[1]) != 5 || h > 24 || m > 59 || h < 0 || m < 0 || h*60+m > 1440 {
		bad()
	}
	t.Minute = h*60 + m
}

// calendarsOf lists the calendars that a target may count on.
func (c *compiler) calendarsOf(on, runs int) []int {
	switch {
	case on >= 0:
		return []int{on}
	case runs >= 0:
		return []int{runs}
	}
	var list []int
	for _, r := range c.p.hours {
		if r.Calendar >= 0 && !slices.Contains(list, r.Calendar) {
			list = append(list, r.Calendar)
		}
	}
	return list
}

func (c *compiler) checkBusinessDay(n *yaml.Node, on, runs int) {
	for _, i := range c.calendarsOf(on, runs) {
		k := &c.p.calendars[i]
		if k.ID == "always" || k.ID == "never" {
			continue
		}
		if _, err := k.Hours.BusinessDay(); err != nil {
			c.ErrorAt(n, "calendar %q: %v; say what a business day is with `business_day`", k.ID, err)
		}
	}
}

func (c *compiler) warnLongDay(n *yaml.Node, t *Target, runs int) {
	if t.On < 0 && runs < 0 {
		return
	}
	for _, i := range c.calendarsOf(t.On, runs) {
		k := &c.p.calendars[i]
		if day, err := k.Hours.BusinessDay(); err == nil && day < t.Ms && t.Ms == 8*3600_000 {
			c.WarnAt(n, "`%s` on %q is longer than its day of %s; did you mean `1 business day`?", wording.FormatDuration(t.Ms), k.ID, wording.FormatDuration(day))
		}
	}
}

func (c *compiler) steps(n *yaml.Node) []Step {
	var list []Step
	levels := names(c.p.levels, func(l Level) string { return l.ID })
	c.Items(n, "then", func(_ int, item *yaml.Node) {
		c.Only(item, "then", []string{"at", "after", "late", "notify", "escalate"}, []string{"set"})
		s := Step{Notify: c.Text(item, "notify"), Escalate: c.Text(item, "escalate")}
		times := 0
		if at := item.Get("at"); at != nil {
			s.Percent = c.Percent(at) / 100
			times++
		}
		if after := item.Get("after"); after != nil {
			s.AfterMs = c.Duration(after, "after")
			times++
		}
		if late := item.Get("late"); late != nil {
			s.Late, s.LateMs = true, c.Duration(late, "late")
			times++
		}
		if times != 1 {
			c.ErrorAt(item, "a step needs one of `at: 80%%`, `after: 2h`, `late: 30m`")
		}
		if s.Notify == "" && s.Escalate == "" && item.Get("set") == nil {
			c.ErrorAt(item, "a step needs `notify` or `escalate`")
		}
		if s.Escalate != "" && !slices.Contains(levels, s.Escalate) {
			c.UnknownWord(item.Get("escalate"), "level", levels)
		}
		list = append(list, s)
	})
	return list
}

// checkReach reports rules of a choose-list that can never be reached, and pairs in different clauses that fit the same requests.
func (c *compiler) checkReach(what string, rules []*Rule) {
	for j, later := range rules {
		for i, earlier := range rules[:j] {
			if len(earlier.When.Unless) == 0 && fact.Covers(earlier.When.For, later.When.For) {
				takes := "everything"
				if earlier.Text != "" {
					takes = "every request where " + earlier.Text
				}
				c.Add(SeverityError, later.Line, later.Col, "rule %d of %s can never be reached: rule %d (line %d) already takes %s", j+1, what, i+1, earlier.Line, takes)
				break
			}
			if earlier.Clause != later.Clause && earlier.Text != "" && later.Text != "" && !fact.Apart(earlier.When.For, later.When.For) {
				c.Add(SeverityWarning, later.Line, later.Col, "%s[%d] (#%s) and %s[%d] (#%s) both fit some requests; #%s decides because it stands first",
					what, j, later.Clause, what, i, earlier.Clause, earlier.Clause)
			}
		}
	}
}

// ---- lifecycle ----

func (c *compiler) lifecyclePhases() {
	products := names(c.p.products, func(p Product) string { return p.ID })
	c.entries("lifecycle", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a lifecycle") {
			return
		}
		c.Only(n, "lifecycle."+key.Text, []string{"phases", "lines", "warn_before", "after"}, []string{"last_day", "exceptions", "others", "table"})
		if !slices.Contains(products, key.Text) {
			c.UnknownWord(key, "product", products)
		}
		life := Lifecycle{Product: key.Text, After: c.Text(n, "after"), Place: c.place(key)}
		for _, w := range c.Words(n.Get("warn_before"), "warn_before") {
			life.WarnBefore = append(life.WarnBefore, int(c.Duration(w, "warn_before")/(24*3600_000)))
		}
		if phases := n.Get("phases"); phases != nil && c.Is(phases, yaml.Map, "phases") {
			for i, k := range phases.Keys {
				life.Phases = append(life.Phases, c.phase(k, phases.Values[i]))
			}
		}
		lines := 0
		c.Items(n.Get("lines"), "lines", func(_ int, item *yaml.Node) {
			lines++
			c.line(&life, item)
		})
		if len(life.Phases) == 0 || lines == 0 {
			c.ErrorAt(key, "lifecycle %s needs `phases` and `lines`", key.Text)
		}
		c.p.lifecycles = append(c.p.lifecycles, life)
	})
	if len(c.p.lifecycles) > 0 {
		c.closed(fact.VersionPhase, PhaseEnded)
	}
}

func (c *compiler) phase(key, n *yaml.Node) LifecyclePhase {
	phase := LifecyclePhase{ID: key.Text, Place: c.place(key), Open: true}
	if key.Text == PhaseEnded {
		c.ErrorAt(key, "the phase %q exists already: it follows the last", PhaseEnded)
	}
	c.closed(fact.VersionPhase, key.Text)
	phase.Word, _ = c.p.Word(fact.VersionPhase, key.Text)
	if n.Kind == yaml.Null || !c.Is(n, yaml.Map, "a phase") {
		return phase
	}
	c.Only(n, "phases."+key.Text, []string{"updates", "answer", "offer", "says"}, []string{"when"})
	phase.Updates, phase.Answer, phase.Offer = c.Text(n, "updates"), c.answer(n), c.Text(n, "offer")
	if phase.says = c.says(n); phase.says != "" && phase.Answer == "" {
		c.ErrorAt(n.Get("says"), "says: phase %q has no answer that it could say", key.Text)
	}
	c.offer(n)
	return phase
}

// line reads one lifecycle line. The ends that this version computes are announced ones, open ones and dates.
func (c *compiler) line(life *Lifecycle, n *yaml.Node) {
	c.Only(n, "lines", []string{"phase", "of", "until"}, []string{"for", "unless", "when", "at_least", "at_most", "newest", "reading"})
	i := slices.IndexFunc(life.Phases, func(p LifecyclePhase) bool { return p.ID == c.Text(n, "phase") })
	if i < 0 {
		if at := n.Get("phase"); at != nil {
			c.UnknownWord(at, "phase", names(life.Phases, func(p LifecyclePhase) string { return p.ID }))
		} else {
			c.ErrorAt(n, "a line needs a `phase`")
		}
		return
	}
	until := n.Get("until")
	if until == nil || !c.Is(until, yaml.Scalar, "until") {
		c.ErrorAt(n, "a line needs `until`")
		return
	}
	c.Choice(n, "of", "release", "major", "minor", "patch")
	phase := &life.Phases[i]
	day, err := calendar.ParseDate(until.Text)
	switch {
	case until.Text == "announced":
		phase.Announced, phase.Open = true, false
	case until.Text == "open":
	case err == nil:
		if phase.Open = false; phase.End == 0 || int64(day) < phase.End {
			phase.End = int64(day)
		}
	default:
		c.ErrorAt(until, "until: %q is not supported in this version; write `announced`, `open` or a date", until.Text)
	}
}
