package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// MaxParts is the number of targets that `earliest` and `latest` may combine in one target.
const MaxParts = 8

// target reads `30m`, `7h30m`, `1 business day`, `by close +1`, `by 12:00 +2` or `none`, each with an optional `on CALENDAR`,
// or several of them as `{earliest: [..]}` or `{latest: [..]}`, one inside the other at most once.
func (c *compiler) target(n *yaml.Node) Target {
	t := c.targetAt(n, 0)
	if parts := t.Parts(nil); len(parts) > MaxParts {
		c.ErrorAt(n, "%d targets in one; at most %d can be combined", len(parts), MaxParts)
		t = Target{On: RunsHours}
	}
	return t
}

func (c *compiler) targetAt(n *yaml.Node, depth int) Target {
	if n.Kind != yaml.Map {
		return c.plainTarget(n)
	}
	t := Target{On: RunsHours, Kind: TargetEarliest}
	c.Only(n, "a target", []string{"earliest", "latest"}, nil)
	list := n.Get("earliest")
	if list == nil {
		list, t.Kind = n.Get("latest"), TargetLatest
	}
	switch {
	case list == nil || len(n.Keys) != 1 || list.Kind != yaml.List || len(list.Values) < 2:
		c.ErrorAt(n, "write `{earliest: [4h, by close]}` or `{latest: [4h, by close]}` with two targets or more")
		return Target{On: RunsHours}
	case depth > 1:
		c.ErrorAt(n, "`earliest` and `latest` may stand inside each other once, not deeper")
		return Target{On: RunsHours}
	}
	texts := make([]string, len(list.Values))
	for i, v := range list.Values {
		part := c.targetAt(v, depth+1)
		if part.Kind == TargetNone && v.Kind == yaml.Scalar && v.Text == "none" {
			c.ErrorAt(v, "`none` has no date to compare; leave it out, or write `none` alone")
		}
		texts[i] = part.Text
		t.Of = append(t.Of, part)
	}
	t.Text = "{" + map[TargetKind]string{TargetEarliest: "earliest", TargetLatest: "latest"}[t.Kind] + ": [" + strings.Join(texts, ", ") + "]}"
	return t
}

func (c *compiler) plainTarget(n *yaml.Node) Target {
	t := Target{On: RunsHours}
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
	case len(words) >= 2 && words[0] == "by":
		c.byTarget(n, words, &t)
	default:
		t.Kind = TargetDuration
		if len(words) == 3 && words[1] == "business" && strings.HasPrefix(words[2], "hour") {
			c.ErrorAt(n, "%q: write `%sh`; hours count open time on the calendar of the clock (and `1 business day` a day of it)", n.Text, words[0])
			return t
		}
		t.Ms = c.Duration(&yaml.Node{Kind: yaml.Scalar, Text: body, Line: n.Line, Col: n.Col}, "a target")
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

// ---- targets that no calendar can meet ----

// targetUse is where a target stands: the calendar of its clock, and the rule that it belongs to.
type targetUse struct {
	runs int
	rule *Rule // nil where there is none
}

// checkTarget reports targets that no calendar can meet, business days of unclear length, and hours that are longer than a day.
func (c *compiler) checkTarget(n *yaml.Node, t *Target, use targetUse) {
	if len(t.Of) > 0 {
		list := n.Get("earliest")
		if list == nil {
			list = n.Get("latest")
		}
		for i := range t.Of {
			c.checkTarget(list.Values[i], &t.Of[i], use)
		}
		return
	}
	if t.Kind == TargetNone {
		return
	}
	calendars := c.calendarsOf(t.On, use)
	if len(calendars) == 0 && t.Kind != TargetDuration {
		c.ErrorAt(n, "`%s` needs opening hours, but none are published here; write `on CALENDAR` or a target such as `24h`", n.Text)
	}
	for _, i := range calendars {
		c.checkOn(n, t, &c.p.calendars[i], t.On >= 0 || use.runs >= 0)
	}
}

func (c *compiler) checkOn(n *yaml.Node, t *Target, k *Calendar, chosen bool) {
	hours := k.Hours
	if hours == nil {
		hours = calendar.Never() // at a place, or of a contract
	}
	day, err := c.p.BusinessDay(k)
	c.p.countsAgreedDays = c.p.countsAgreedDays || k.From != "" && t.Kind == TargetBusinessDays
	switch {
	case k.wrong: // reported where it stands
	case len(k.Rests) == 0 && hours.IsNever():
		c.ErrorAt(n, "`%s` can never be met: calendar %q is never open", n.Text, k.ID)
	case hours.IsAlways() && t.Kind == TargetByClose && chosen:
		c.ErrorAt(n, "`%s` can never be met: calendar %q never closes; write a target such as `24h`", n.Text, k.ID)
	case hours.IsAlways():
	case t.Kind == TargetBusinessDays && err != nil:
		c.ErrorAt(n, "%s", dayMistake(k.ID, err))
	case t.Kind == TargetDuration && err == nil && day > 0 && day < t.Ms && t.Ms == eightHours && chosen:
		c.WarnAt(n, "`%s` on %q is longer than its day of %s; did you mean `1 business day`?", wording.FormatDuration(t.Ms), k.ID, wording.FormatDuration(day))
	}
}

// eightHours are what people call a day when their calendar has a shorter one.
const eightHours = 8 * 3600_000

// calendarsOf lists the calendars that a target may count on: its own, its clock's, or those that hours can choose for the
// requests that its rule fits.
func (c *compiler) calendarsOf(on int, use targetUse) []int {
	switch {
	case on >= 0:
		return []int{on}
	case use.runs >= 0:
		return []int{use.runs}
	}
	var list []int
	for i := range c.p.hours {
		r := &c.p.hours[i]
		if r.Add || use.rule != nil && fact.Apart(use.rule.When.For, r.When.For) {
			continue
		}
		if r.Calendar >= 0 && !slices.Contains(list, r.Calendar) {
			list = append(list, r.Calendar)
		}
		if use.rule != nil && r.When.Plain() && len(r.When.Unless) == 0 && fact.Covers(r.When.For, use.rule.When.For) {
			break
		}
	}
	return list
}

// sayTarget gives a target and its parts their words.
func (c *compiler) sayTarget(t *Target) {
	t.Words = c.targetWords(t)
	for i := range t.Of {
		c.sayTarget(&t.Of[i])
	}
}

// Parts appends the plain targets that a target is made of: itself, or what `earliest` and `latest` combine, in order.
func (t *Target) Parts(into []*Target) []*Target {
	if len(t.Of) == 0 {
		return append(into, t)
	}
	for i := range t.Of {
		into = t.Of[i].Parts(into)
	}
	return into
}

// Counts reports whether the target is an amount of time that a clock uses up, and no point of the calendar.
func (t *Target) Counts() bool { return t.Kind == TargetDuration || t.Kind == TargetBusinessDays }

// Due combines the instants at which the parts of a target fall due, in the order of Parts; false says that a part has none.
// The earliest of several is known as soon as one is, the latest only when all are.
func (t *Target) Due(parts []Instant) (int64, bool) {
	at, _ := t.combine(parts)
	return at.At, at.Known
}

// Instant is an instant in UTC milliseconds that may not be known.
type Instant struct {
	At    int64
	Known bool
}

func (t *Target) combine(parts []Instant) (Instant, []Instant) {
	if len(t.Of) == 0 {
		return parts[0], parts[1:]
	}
	var due Instant
	for i := range t.Of {
		var one Instant
		one, parts = t.Of[i].combine(parts)
		switch {
		case i == 0:
			due = one
		case t.Kind == TargetEarliest && one.Known && (!due.Known || one.At < due.At):
			due = one
		case t.Kind == TargetLatest && (!one.Known || due.Known && one.At > due.At):
			due = one
		}
	}
	return due, parts
}

// BusinessDay is the length of a business day on a calendar, in milliseconds; round the clock and where no hours are published
// it is 24 hours.
func BusinessDay(c *calendar.Calendar) int64 {
	if c != nil {
		if day, err := c.BusinessDay(); err == nil && day > 0 {
			return day
		}
	}
	return 24 * 3600_000
}
