package policy

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Lifecycle is how the versions of one or more products live. After the last of its phases a version is in PhaseEnded.
type Lifecycle struct {
	ID         string
	Products   []string
	Phases     []LifecyclePhase
	Lines      []LifecycleLine // in the order of Life.Lines
	Rows       []Place         // in the order of Life.Rows
	Exceptions []LifecycleException
	Rules      []Rule // the conditions of lines, exceptions and phases, by the numbers that Life uses
	WarnBefore []int  // days
	After      string
	Others     Place // of `others`
	Place
	Life lifecycle.Life

	broken bool // something that it says could not be read
}

// LifecyclePhase is one phase of a life. Title is what readers call it.
type LifecyclePhase struct {
	ID      string
	Title   string
	Updates string
	Answer  string
	Offers  []string // the ways on
	Place
	Word int // its index in the vocabulary of version.phase
	says string
	node *yaml.Node
}

// LifecycleLine is one statement about the end of a phase, in words too.
type LifecycleLine struct {
	Rule     int // of Lifecycle.Rules
	Sentence string
	at       *yaml.Node
}

// LifecycleException is an end that replaces what lines and table say.
type LifecycleException struct {
	Rule   int
	Reason string
	at     *yaml.Node
}

// PhaseEnded is the phase of a version past the end of its life.
const PhaseEnded = "ended"

// Lifecycles lists the lives of the products' versions.
func (p *Policy) Lifecycles() []Lifecycle { return p.lifecycles }

// LifeOf is the life of a product's versions, nil where it has none. Without an id it is the only life that there is.
func (p *Policy) LifeOf(product string) *Lifecycle {
	if product == "" && len(p.lifecycles) == 1 {
		return &p.lifecycles[0]
	}
	if q := p.Product(product); q != nil && q.Life >= 0 {
		return &p.lifecycles[q.Life]
	}
	return nil
}

// asksReleases reports whether a document names a fact that is worked out from other releases.
func asksReleases(src []byte) bool {
	for _, f := range [...]fact.Fact{fact.VersionBehind, fact.VersionLatest, fact.VersionLastMinor, fact.VersionNewestForDependency} {
		if bytes.Contains(src, []byte(f.String())) {
			return true
		}
	}
	return false
}

// LooksAtReleases reports whether anything that the policy says of a product's versions hangs on other releases.
func (p *Policy) LooksAtReleases(product string) bool {
	life := p.LifeOf(product)
	if life == nil {
		return p.asksReleases
	}
	hangs := p.asksReleases || p.updates != nil && p.updates.Path != ""
	life.expressions(func(_ int, e *lifecycle.Expression) {
		hangs = hangs || e.Base == lifecycle.BaseNext || e.Base == lifecycle.BaseRelease || e.Base == lifecycle.BaseProduct
	})
	return hangs || slices.ContainsFunc(life.Life.Lines, func(l lifecycle.Line) bool { return l.Kind == lifecycle.Newest })
}

// Phase is the index of a phase of the life, -1 for none.
func (l *Lifecycle) Phase(id string) int {
	return slices.IndexFunc(l.Phases, func(p LifecyclePhase) bool { return p.ID == id })
}

// ---- the phases, which conditions of every block may name ----

func (c *compiler) lifecyclePhases() {
	c.entries("lifecycle", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a lifecycle") {
			return
		}
		c.Only(n, "lifecycle."+key.Text, []string{"phases", "lines", "table", "others", "exceptions", "last_day", "warn_before", "after"}, nil)
		life := Lifecycle{ID: key.Text, After: c.Text(n, "after"), Place: c.place(key)}
		life.Life.DayAfter = c.Choice(n, "last_day", "supported", PhaseEnded) == PhaseEnded
		for _, w := range c.Words(n.Get("warn_before"), "warn_before") {
			life.WarnBefore = append(life.WarnBefore, int(c.Duration(w, "warn_before")/(24*3600_000)))
		}
		c.phases(&life, n)
		c.p.lifecycles = append(c.p.lifecycles, life)
	})
	c.linkLives()
	if len(c.p.lifecycles) > 0 {
		c.closed(fact.VersionPhase, PhaseEnded)
	}
}

// phases reads the phases in order; a life that names none has those that its lines name.
func (c *compiler) phases(life *Lifecycle, n *yaml.Node) {
	phases := n.Get("phases")
	if phases == nil {
		c.Items(n.Get("lines"), "lines", func(_ int, line *yaml.Node) {
			if at := line.Get("phase"); at != nil && at.Kind == yaml.Scalar && life.Phase(at.Text) < 0 {
				life.Phases = append(life.Phases, c.phase(at, &yaml.Node{Kind: yaml.Null}))
			}
		})
	} else if c.Is(phases, yaml.Map, "phases") {
		for i, k := range phases.Keys {
			life.Phases = append(life.Phases, c.phase(k, phases.Values[i]))
		}
	}
	if len(life.Phases) == 0 {
		c.Add(SeverityError, life.Line, life.Col, "lifecycle %s needs `phases`, and `lines` or a `table` that say when each of them ends", life.ID)
	}
}

func (c *compiler) phase(key, n *yaml.Node) LifecyclePhase {
	phase := LifecyclePhase{ID: key.Text, Title: c.phaseTitle(key.Text), Place: c.place(key), node: n}
	if slices.Contains(lifecycle.Reserved(), key.Text) {
		c.ErrorAt(key, "a phase cannot be called %q, which means something else in a lifecycle", key.Text)
	}
	c.closed(fact.VersionPhase, key.Text)
	phase.Word, _ = c.p.Word(fact.VersionPhase, key.Text)
	if n.Kind == yaml.Null || !c.Is(n, yaml.Map, "a phase") {
		return phase
	}
	c.Only(n, "phases."+key.Text, []string{"name", "updates", "answer", "offer", "says", "for", "unless", "when"}, nil)
	phase.Updates, phase.Answer, phase.Offers = c.Text(n, "updates"), c.answer(n), c.waysOn(n)
	phase.Title = or(c.Text(n, "name"), phase.Title)
	if phase.says = c.says(n); phase.says != "" && phase.Answer == "" {
		c.ErrorAt(n.Get("says"), "says: phase %q has no answer that it could say", key.Text)
	}
	return phase
}

// linkLives gives each product its life: the one that it names, or the one that has its name.
func (c *compiler) linkLives() {
	ids := names(c.p.lifecycles, func(l Lifecycle) string { return l.ID })
	for i := range c.p.products {
		p := &c.p.products[i]
		name := p.ID
		if p.life != nil && c.Is(p.life, yaml.Scalar, "lifecycle") {
			if name = p.life.Text; !slices.Contains(ids, name) {
				c.UnknownWord(p.life, "lifecycle", ids)
			}
		}
		if p.Life = slices.Index(ids, name); p.Life >= 0 {
			life := &c.p.lifecycles[p.Life]
			life.Products = append(life.Products, p.ID)
		}
	}
	for i := range c.p.lifecycles {
		if life := &c.p.lifecycles[i]; len(life.Products) == 0 {
			key := yaml.Node{Text: life.ID, Line: life.Line, Col: life.Col}
			c.UnknownWord(&key, "product", names(c.p.products, func(p Product) string { return p.ID }))
		}
	}
}

// ---- what the phases end with ----

func (c *compiler) lives() {
	for i := range c.p.lifecycles {
		life := &c.p.lifecycles[i]
		n := c.root.Get("lifecycle").Get(life.ID)
		c.phaseRules(life)
		c.tableOfEnds(life, n)
		c.Items(n.Get("lines"), "lines", func(at int, item *yaml.Node) {
			c.line(life, item, fmt.Sprintf("lifecycle.%s.lines[%d]", life.ID, at))
		})
		c.Items(n.Get("exceptions"), "exceptions", func(at int, item *yaml.Node) {
			c.exception(life, item, fmt.Sprintf("lifecycle.%s.exceptions[%d]", life.ID, at))
		})
	}
	c.checkLives()
}

// number keeps a rule of a life and returns the number by which its life knows it.
func (l *Lifecycle) number(r Rule) int {
	l.Rules = append(l.Rules, r)
	return len(l.Rules) - 1
}

func (c *compiler) phaseRules(life *Lifecycle) {
	life.Life.Phases = make([]lifecycle.Phase, len(life.Phases))
	for i := range life.Phases {
		phase := &life.Phases[i]
		life.Life.Phases[i] = lifecycle.Phase{ID: phase.ID, Rule: lifecycle.NoRule}
		if n := phase.node; n.Get("for") != nil || n.Get("unless") != nil || n.Get("when") != nil {
			life.Life.Phases[i].Rule = life.number(c.rule(n, "lifecycle."+life.ID+".phases."+phase.ID, fact.StageVersion))
		}
		phase.node = nil
	}
}

// phaseNamed is the index of the phase that a line or an exception speaks of, -1 after a mistake.
func (c *compiler) phaseNamed(life *Lifecycle, n *yaml.Node, what string) int {
	at := n.Get("phase")
	if at == nil {
		c.ErrorAt(n, "%s needs a `phase`", what)
		return -1
	}
	if !c.Is(at, yaml.Scalar, "phase") {
		return -1
	}
	i := life.Phase(at.Text)
	if i < 0 {
		c.UnknownWord(at, "phase", names(life.Phases, func(p LifecyclePhase) string { return p.ID }))
	}
	return i
}

// line reads one entry of `lines`, which may say several things about the end of a phase at once.
func (c *compiler) line(life *Lifecycle, n *yaml.Node, path string) {
	c.Only(n, "lines", slices.Concat(ruleKeys, []string{"phase", "of", "until", "at_least", "at_most", "newest"}), nil)
	rule := life.number(c.rule(n, path, fact.StageVersion))
	line := lifecycle.Line{Rule: rule, Phase: c.phaseNamed(life, n, "a line")}
	if line.Phase < 0 {
		life.broken = true
		return
	}
	line.Of, _ = lifecycle.ParseUnit(c.Choice(n, "of", "release", "major", "minor", "patch"))
	c.unit(life, n.Get("of"), line.Of)
	before := len(life.Lines)
	for kind, key := range []string{lifecycle.Until: "until", lifecycle.AtLeast: "at_least", lifecycle.AtMost: "at_most"} {
		at := n.Get(key)
		if at == nil || key == "" {
			continue
		}
		end, ok := c.end(life, at, key, line.Phase)
		if !ok {
			life.broken = true
			continue
		}
		line.Kind, line.End = lifecycle.Kind(kind), end
		c.addLine(life, line, n)
	}
	if at := n.Get("newest"); at != nil {
		line.Kind, line.End, line.Count = lifecycle.Newest, lifecycle.Expression{}, c.Number(n, "newest")
		if line.Count < 1 || line.Count > lifecycle.MaxNewest() {
			c.ErrorAt(at, "newest: expected a number from 1 to %d", lifecycle.MaxNewest())
		}
		c.addLine(life, line, n)
	}
	if before == len(life.Lines) && n.Get("until") == nil && n.Get("at_least") == nil && n.Get("at_most") == nil {
		c.ErrorAt(n, "a line needs `until`, `at_least`, `at_most` or `newest`")
	}
}

func (c *compiler) addLine(life *Lifecycle, line lifecycle.Line, n *yaml.Node) {
	life.Life.Lines = append(life.Life.Lines, line)
	r := &life.Rules[line.Rule]
	life.Lines = append(life.Lines, LifecycleLine{Rule: line.Rule, Sentence: or(r.says, c.lineSentence(life, &line, r)), at: n})
}

// unit checks that the products of a life have releases of a kind.
func (c *compiler) unit(life *Lifecycle, at *yaml.Node, u lifecycle.Unit) {
	for _, id := range life.Products {
		if p := c.p.Product(id); at != nil && int(u) > p.Depth {
			c.ErrorAt(at, "the versions of %s are %s: they have no %s part", id, p.Versions, u)
			return
		}
	}
}

// end reads an expression and checks what it refers to. Phase is the one that it is to end.
func (c *compiler) end(life *Lifecycle, n *yaml.Node, key string, phase int) (lifecycle.Expression, bool) {
	if !c.Is(n, yaml.Scalar, key) {
		return lifecycle.Expression{}, false
	}
	e, err := lifecycle.ParseExpression(n.Text)
	if err != nil {
		c.ErrorAt(n, "%s: %v", key, err)
		return e, false
	}
	switch e.Base {
	case lifecycle.BaseNext:
		c.unit(life, n, e.Unit)
	case lifecycle.BasePhase:
		ids := names(life.Phases, func(p LifecyclePhase) string { return p.ID })
		switch at := slices.Index(ids, e.Phase); {
		case at == phase:
			c.ErrorAt(n, "%q refers to its own phase", n.Text)
			return e, false
		case at < 0:
			c.UnknownWord(&yaml.Node{Text: e.Phase, Line: n.Line, Col: n.Col}, "phase", ids)
			return e, false
		}
	case lifecycle.BaseProduct:
		return e, c.otherPhase(life, n, &e)
	}
	return e, true
}

// otherPhase checks that a product and its phase are there and that the life's products depend on it.
func (c *compiler) otherPhase(life *Lifecycle, n *yaml.Node, e *lifecycle.Expression) bool {
	other := c.p.Product(e.Product)
	if other == nil {
		c.UnknownWord(&yaml.Node{Text: e.Product, Line: n.Line, Col: n.Col}, "product", names(c.p.products, func(p Product) string { return p.ID }))
		return false
	}
	if other.Life < 0 {
		c.ErrorAt(n, "%s has no lifecycle, so that its phase %q has no end", e.Product, e.Phase)
		return false
	}
	if its := &c.p.lifecycles[other.Life]; its.Phase(e.Phase) < 0 {
		c.UnknownWord(&yaml.Node{Text: e.Phase, Line: n.Line, Col: n.Col}, "phase of "+e.Product, names(its.Phases, func(p LifecyclePhase) string { return p.ID }))
		return false
	}
	for _, id := range life.Products {
		if !slices.Contains(c.p.Product(id).DependsOn, e.Product) {
			c.ErrorAt(n, "%q looks at %s, which %s does not depend on; add `depends_on: %s` to the product", n.Text, e.Product, id, e.Product)
			return false
		}
	}
	return true
}

func (c *compiler) tableOfEnds(life *Lifecycle, n *yaml.Node) {
	if others := n.Get("others"); others != nil {
		life.Life.OthersEnded, life.Others = c.Choice(n, "others", PhaseEnded) == PhaseEnded, c.place(others)
	}
	rows := n.Get("table")
	if rows == nil || !c.Is(rows, yaml.Map, "table") {
		return
	}
	for i, key := range rows.Keys {
		cells := rows.Values[i].Values
		if rows.Values[i].Kind == yaml.Scalar {
			cells = []*yaml.Node{rows.Values[i]}
		}
		if len(cells) != len(life.Phases) {
			life.broken = true
			c.ErrorAt(key, "the row %s of the table has %d entries; it needs one for each of the %d phases: %s", key.Text, len(cells), len(life.Phases), c.phaseList(life))
			continue
		}
		row := lifecycle.Row{Version: lifecycle.ParseVersion(key.Text), Ends: make([]lifecycle.Bound, len(cells))}
		latest := lifecycle.Ended
		for k, cell := range cells {
			row.Ends[k] = c.cellOfTable(cell)
			if row.Ends[k].Said && row.Ends[k].Day < latest {
				c.ErrorAt(cell, "%s of %s ends on %s, before the phase that it follows ends (%s)", life.Phases[k].ID, key.Text, cell.Text, lifecycle.Written(latest))
			}
			if row.Ends[k].Said {
				latest = row.Ends[k].Day
			}
		}
		life.Life.Rows = append(life.Life.Rows, row)
		life.Rows = append(life.Rows, c.place(key))
	}
}

func (c *compiler) cellOfTable(n *yaml.Node) lifecycle.Bound {
	switch {
	case n.Kind == yaml.Scalar && n.Text == "none":
		return lifecycle.Bound{}
	case n.Kind == yaml.Scalar && n.Text == "open":
		return lifecycle.Bound{Said: true, Day: lifecycle.Open}
	}
	return lifecycle.Bound{Said: true, Day: c.day(n, "table", lifecycle.Open)}
}

func (c *compiler) exception(life *Lifecycle, n *yaml.Node, path string) {
	c.Only(n, "exceptions", slices.Concat(ruleKeys, []string{"versions", "phase", "until", "reason"}), nil)
	x := lifecycle.Exception{Rule: life.number(c.rule(n, path, fact.StageVersion)), Phase: c.phaseNamed(life, n, "an exception")}
	for _, w := range c.Words(n.Get("versions"), "versions") {
		x.Versions = append(x.Versions, lifecycle.ParseVersion(w.Text))
	}
	until := n.Get("until")
	if until == nil {
		c.ErrorAt(n, "an exception needs `until`")
	}
	if until == nil || x.Phase < 0 {
		return
	}
	end, ok := c.end(life, until, "until", x.Phase)
	if !ok {
		life.broken = true
		return
	}
	x.End = end
	life.Life.Exceptions = append(life.Life.Exceptions, x)
	life.Exceptions = append(life.Exceptions, LifecycleException{Rule: x.Rule, Reason: c.Text(n, "reason"), at: n})
}

// ---- the answers of phases ----

func (c *compiler) impliedByPhases() {
	for i := range c.p.lifecycles {
		life := &c.p.lifecycles[i]
		for k := range life.Phases {
			phase := &life.Phases[k]
			if phase.Answer == "" || c.saidBefore(i, phase) {
				continue
			}
			r := CoverageRule{Rule: Rule{Place: phase.Place, ID: "phase " + phase.ID}, Answer: parseAnswer(phase.Answer), Offers: c.offerIndices(phase.Offers)}
			r.Sentence = or(phase.says, answered[r.Answer]+": this version is in its phase \""+c.term(phase.ID)+"\".")
			r.Phase = phase.ID
			c.imply(r, fact.VersionPhase, phase.Word)
			c.ofProducts(i, phase)
		}
	}
	if len(c.p.lifecycles) == 0 {
		return
	}
	r := CoverageRule{Rule: Rule{Place: c.p.lifecycles[0].Place, ID: "phase " + PhaseEnded}, Answer: AnswerNo, Phase: PhaseEnded,
		Sentence: "Support for a version ends at its end of life."}
	word, _ := c.p.Word(fact.VersionPhase, PhaseEnded)
	c.imply(r, fact.VersionPhase, word)
}

// saidBefore reports whether a life above has the same phase with the same answer, so that one rule does for both.
func (c *compiler) saidBefore(life int, phase *LifecyclePhase) bool {
	for i := range c.p.lifecycles[:life] {
		if k := c.p.lifecycles[i].Phase(phase.ID); k >= 0 && sameAnswer(&c.p.lifecycles[i].Phases[k], phase) && !c.divided(phase.ID) {
			return true
		}
	}
	return false
}

func sameAnswer(a, b *LifecyclePhase) bool {
	return a.Answer == b.Answer && slices.Equal(a.Offers, b.Offers) && a.says == b.says
}

// divided reports whether the lives that have a phase differ in what they answer in it.
func (c *compiler) divided(phase string) bool {
	var first *LifecyclePhase
	for i := range c.p.lifecycles {
		k := c.p.lifecycles[i].Phase(phase)
		if k < 0 {
			continue
		}
		if first == nil {
			first = &c.p.lifecycles[i].Phases[k]
		} else if !sameAnswer(first, &c.p.lifecycles[i].Phases[k]) {
			return true
		}
	}
	return false
}

// ofProducts limits the last rule to the products of a life where another life answers otherwise in the same phase.
func (c *compiler) ofProducts(life int, phase *LifecyclePhase) {
	if !c.divided(phase.ID) {
		return
	}
	var words []int
	for _, id := range c.p.lifecycles[life].Products {
		if word, ok := c.p.Word(fact.ProductID, id); ok {
			words = append(words, word)
		}
	}
	r := &c.p.coverage[len(c.p.coverage)-1]
	r.When.For = append(r.When.For, c.p.space.Words(fact.ProductID, words...))
	if slices.ContainsFunc(c.p.coverage[:len(c.p.coverage)-1], func(o CoverageRule) bool { return o.ID == r.ID }) {
		r.ID += " of " + c.p.lifecycles[life].ID
	}
}
