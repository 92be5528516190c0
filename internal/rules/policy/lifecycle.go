package policy

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

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
