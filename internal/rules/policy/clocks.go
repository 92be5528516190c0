package policy

import (
	"fmt"
	"reflect"
	"slices"

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
		k := Clock{ID: key.Text, Title: c.Text(n, "title"), Runs: RunsHours, Place: c.place(key)}
		if k.Title == "" {
			k.Title = wording.Capital(wording.Spoken(key.Text))
		}
		k.Starts = c.event(key, n, "starts")
		k.Stops = c.event(key, n, "stops")
		for _, w := range c.Words(n.Get("restarts"), "restarts") {
			c.checkEvent(key.Text, "restarts", w)
			k.Restarts = append(k.Restarts, w.Text)
		}
		c.checkEnds(key, &k)
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
		c.within(&k, n.Get("within"))
		k.Then = c.steps(key, n.Get("then"))
		if len(k.Within) == 0 {
			c.ErrorAt(key, "clock %s needs `within`", key.Text)
		}
		c.p.clocks = append(c.p.clocks, k)
	})
}

// checkEnds reports clocks that can never start or never stop.
func (c *compiler) checkEnds(key *yaml.Node, k *Clock) {
	switch {
	case k.Starts == "":
	case k.Starts == k.Stops && k.Starts != "level-entered":
		c.ErrorAt(key, "clock %q stops at %q, where it starts, so it never runs; name another event under `stops`", k.ID, k.Stops)
	case slices.Contains(k.Restarts, k.Stops):
		c.ErrorAt(key, "clock %q both stops and restarts at %q, so it can never stop; take it out of one of them", k.ID, k.Stops)
	case (k.Starts == "solved" || k.Starts == "closed") && k.Stops == "solved", k.Starts == "closed" && k.Stops == "closed":
		c.ErrorAt(key, "clock %q can never stop: it starts at %q, after the request was solved", k.ID, k.Starts)
	}
	for _, end := range [][2]string{{"start", k.Starts}, {"stop", k.Stops}} {
		if why := c.neverHappens(end[1]); why != "" {
			c.ErrorAt(key, "clock %q can never %s: %q does not happen here, because %s", k.ID, end[0], end[1], why)
		}
	}
}

// neverHappens says why an event cannot happen under this policy, or nothing.
func (c *compiler) neverHappens(event string) string {
	switch event {
	case "severity-changed":
		if len(c.p.severities) == 0 {
			return "the policy has no severities"
		}
	case "escalated":
		if !slices.ContainsFunc(c.p.levels, func(l Level) bool { return l.EscalatesTo != "" }) {
			return "no level has `escalates_to`"
		}
	}
	return ""
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

// within reads the targets of a clock, a choose-list whose values are indices of k.Targets.
func (c *compiler) within(k *Clock, n *yaml.Node) {
	var at []*yaml.Node
	spec := cells{leaf: isTargetMap, read: func(n *yaml.Node) (int64, bool) {
		t := c.target(n)
		c.sayTarget(&t)
		if same := slices.IndexFunc(k.Targets, func(o Target) bool { return reflect.DeepEqual(o, t) }); same >= 0 {
			return int64(same), false
		}
		k.Targets, at = append(k.Targets, t), append(at, n)
		return int64(len(k.Targets) - 1), false
	}}
	list, rules := c.chooseList(n, "clocks."+k.ID+".within", k.ID, fact.StageClocks, spec)
	k.Choice = list
	for i := range rules {
		e := &list.Entries[i]
		r := TargetRule{Rule: rules[i], Table: e.Table, Bands: e.Bands}
		if e.Table == nil && e.Bands == nil && e.Cell.Value < int64(len(k.Targets)) {
			r.Target = k.Targets[e.Cell.Value]
			c.checkTarget(at[e.Cell.Value], &r.Target, targetUse{runs: k.Runs, rule: &r.Rule})
		}
		r.Sentence = or(r.says, c.targetSentence(k.Title, &r))
		checked := map[int64]bool{}
		r.Sentences = c.cellSentencesOf(e, &rules[i], func(when Rule, value int64) string {
			one := TargetRule{Rule: when, Target: k.Targets[value]}
			if before := c.Count(); !checked[value] {
				c.checkTarget(at[value], &one.Target, targetUse{runs: k.Runs, rule: &when})
				checked[value] = c.Count() > before
			}
			return or(r.says, c.targetSentence(k.Title, &one))
		})
		k.Within = append(k.Within, r)
	}
}

// isTargetMap reports a target that is written as a map, so that it is no row of a table.
func isTargetMap(n *yaml.Node) bool { return n.Get("earliest") != nil || n.Get("latest") != nil }

func (c *compiler) steps(clock, n *yaml.Node) []Step {
	var list []Step
	levels := names(c.p.levels, func(l Level) string { return l.ID })
	c.Items(n, "then", func(i int, item *yaml.Node) {
		c.Only(item, "then", []string{"at", "after", "late", "notify", "escalate", "set"}, nil)
		s := Step{ID: fmt.Sprintf("%s.then[%d]", clock.Text, i), Place: c.place(item), Notify: c.Text(item, "notify"), Escalate: c.Text(item, "escalate")}
		times := 0
		if at := item.Get("at"); at != nil {
			s.Percent = c.Percent(at) / 100
			times++
		}
		if after := item.Get("after"); after != nil {
			s.After = c.target(after)
			c.checkAfter(after, &s.After)
			times++
		}
		if late := item.Get("late"); late != nil {
			s.Late, s.LateMs = true, c.Duration(late, "late")
			times++
		}
		if times != 1 {
			c.ErrorAt(item, "a step needs one of `at: 80%%`, `after: 2h`, `late: 30m`")
		}
		c.stepSets(item, &s)
		if s.Notify == "" && s.Escalate == "" && item.Get("set") == nil {
			c.ErrorAt(item, "a step needs `notify`, `escalate` or `set`")
		}
		if s.Escalate != "" && !slices.Contains(levels, s.Escalate) {
			c.UnknownWord(item.Get("escalate"), "level", levels)
		}
		list = append(list, s)
	})
	return list
}

// stepSets reads what a step changes on the request.
func (c *compiler) stepSets(item *yaml.Node, s *Step) {
	set := item.Get("set")
	if set == nil || !c.Is(set, yaml.Map, "set") {
		return
	}
	c.Only(set, "set", []string{"severity", "status"}, nil)
	if len(set.Keys) == 0 {
		c.ErrorAt(set, "`set` names nothing; write `set: {severity: S2}` or `set: {status: closed}`")
	}
	for _, one := range []struct {
		key  string
		of   fact.Fact
		into *string
	}{{"severity", fact.Severity, &s.SetSeverity}, {"status", fact.Status, &s.SetStatus}} {
		word := set.Get(one.key)
		if word == nil || !c.Is(word, yaml.Scalar, one.key) {
			continue
		}
		*one.into = word.Text
		if _, ok := c.p.Word(one.of, word.Text); !ok {
			c.UnknownWord(word, one.key, c.p.space.Of(one.of).Words)
		}
	}
	switch s.SetStatus {
	case "incomplete", "new", "declined":
		c.ErrorAt(set.Get("status"), "a clock cannot make a request %q; write open, waiting, solved, closed or a status of `statuses`", s.SetStatus)
	}
}

// checkAfter refuses what is no amount of used time.
func (c *compiler) checkAfter(n *yaml.Node, t *Target) {
	if t.Kind != TargetDuration && t.Kind != TargetBusinessDays || t.On != RunsHours {
		c.ErrorAt(n, "`after` is an amount of the clock's own time: write `after: 2h` or `after: 10 business days`")
	}
}
