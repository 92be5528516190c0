package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

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
				c.UnknownWord(w, "status", c.p.space.Of(fact.Status).Words)
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
