package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Blocks of the language. laterBlocks are known to it but not to this version.
var (
	blocks = []string{
		"policy", "terms", "plans", "addons", "severity", "levels", "categories", "responsibility", "calendars", "hours",
		"coverage", "offers", "statuses", "events", "clocks", "information", "gates", "allowances", "products", "lifecycle",
		"updates", "promises", "holidays", "places", "facts", "conflicts", "negotiable", "keeps", "channels", "languages", "maintenance",
	}
	laterBlocks []string
)

// BuiltinEvents lists the events that the desk itself records.
func BuiltinEvents() []string {
	return []string{
		"created", "complete", "assigned", "first-reply", "public-update", "customer-replied", "waits-for-requester",
		"escalated", "level-entered", "severity-changed", "workaround-given", "solved", "reopened", "closed", "paged",
		"acknowledged", "on-site",
	}
}

// BuiltinStatuses lists the states that every request has without the policy naming them.
func BuiltinStatuses() []string {
	return []string{"incomplete", "new", "open", "waiting", "solved", "closed", "declined"}
}

// compiler turns the merged blocks into a Policy. It goes on after a mistake, so that one run shows all of them.
type compiler struct {
	*document.Report
	p     *Policy
	root  *yaml.Node
	rules map[string]*yaml.Node // ids of rules, and where they stand
	asked map[string]bool       // calendars that are being read, and library holidays that were warned about

	readings map[string]uint64 // bits of the readings under `conflicts`
	used     map[string]bool   // readings that a rule belongs to
	cells    int               // combinations of all tables so far
}

// MaxBytes is the length that a document may have.
const MaxBytes = document.MaxBytes

// Severity grades of a Finding.
const (
	SeverityError   = document.SeverityError
	SeverityWarning = document.SeverityWarning
)

// Finding is one thing that the checker says about a document.
type Finding = document.Finding

// HasErrors reports whether a finding is an error, so that the document cannot be used.
func HasErrors(findings []Finding) bool { return document.HasErrors(findings) }

// Parse compiles one policy document. The Policy is nil when a finding is an error. It never panics, whatever the text.
func Parse(file string, src []byte) (*Policy, []Finding) {
	d, ok := document.Read(file, src)
	if !ok {
		return nil, d.Findings()
	}
	p := compile(file, d)
	if p != nil {
		p.asksReleases = asksReleases(src)
	}
	if d.Failed() {
		return nil, d.Findings()
	}
	return p, d.Findings()
}

// Keys lists the keys that the maps of a document may have, by the name under which the checker speaks of a map: `levels.L1`,
// `coverage`. The document itself is named by nothing.
func Keys(file string, src []byte) map[string][]string {
	d, ok := document.Read(file, src)
	if ok {
		compile(file, d)
	}
	return d.Keys()
}

func compile(file string, d *document.Document) *Policy {
	c := &compiler{Report: d.Report, root: d.Root, rules: map[string]*yaml.Node{}, asked: map[string]bool{}, readings: map[string]uint64{}, used: map[string]bool{},
		p: &Policy{file: file, clauseIndex: map[string]int{}, source: d, byContract: map[string]bool{}}}
	for i, s := range d.Sections {
		c.p.clauses = append(c.p.clauses, Clause{ID: s.ID, Title: s.Title, Level: s.Level, Line: s.Line, HTML: s.HTML, Practice: s.Practice, Kinds: kindsOf(s.Blocks)})
		c.p.clauseIndex[s.ID] = i
	}
	c.Only(c.root, "", blocks, laterBlocks)
	c.header()
	c.terms()
	c.levels()
	c.severities()
	c.products()
	c.statuses()
	c.eventTypes()
	c.information()
	c.offers()
	c.plans()
	c.holidays()
	c.places()
	c.conflicts()
	c.declareFacts()
	c.calendars()
	c.lifecyclePhases()
	c.categories()
	c.vocabularies()
	c.severityConditions()
	c.deriveFacts()
	c.lives()
	c.needs()
	c.languages()
	c.allowances()
	c.responsibility()
	c.hours()
	c.coverage()
	c.channels()
	c.clocks()
	c.gates()
	c.updates()
	c.maintenance()
	c.promises()
	c.unusedReadings()
	c.negotiables()
	c.keep()
	if c.Failed() {
		return nil
	}
	for i, s := range d.Sections {
		c.p.clauses[i].Blocks = c.readable(s.Blocks)
	}
	return c.p
}

// kindsOf lists the keys of some blocks, each once.
func kindsOf(blocks []*yaml.Node) []string {
	var kinds []string
	for _, root := range blocks {
		for _, key := range root.Keys {
			if !slices.Contains(kinds, key.Text) {
				kinds = append(kinds, key.Text)
			}
		}
	}
	return kinds
}

// ---- reading nodes ----

func (c *compiler) place(n *yaml.Node) Place {
	return Place{Clause: c.p.clauses[n.Part].ID, Line: n.Line, Col: n.Col, Contract: n.Foreign}
}

// entries walks a map of definitions.
func (c *compiler) entries(block string, fn func(key, value *yaml.Node)) {
	n := c.root.Get(block)
	if n == nil || !c.Is(n, yaml.Map, block) {
		return
	}
	for i, k := range n.Keys {
		fn(k, n.Values[i])
	}
}

// ---- vocabularies and conditions ----

func (c *compiler) vocabularies() {
	for f := range fact.Count {
		if fixed := f.Fixed(); fixed != nil {
			c.closed(f, fixed...)
		}
	}
	ids := func(f fact.Fact, words []string) {
		if len(words) > 0 {
			c.closed(f, words...)
		}
	}
	levels := names(c.p.levels, func(l Level) string { return l.ID })
	for _, f := range []fact.Fact{fact.Level, fact.LevelDone, fact.RequesterLevels} {
		ids(f, levels)
	}
	severities := names(c.p.severities, func(s SeverityLevel) string { return s.ID })
	ids(fact.Severity, severities)
	ids(fact.SeverityAsked, severities)
	if len(c.p.plans) > 0 {
		c.closed(fact.Plan, append(names(c.p.plans, func(p Plan) string { return p.ID }), "none")...)
	}
	ids(fact.Category, names(c.p.categories, func(k Category) string { return k.ID }))
	ids(fact.Status, append(BuiltinStatuses(), names(c.p.statuses, func(s Status) string { return s.ID })...))
	ids(fact.Provided, names(c.p.information, func(i Information) string { return i.ID }))
	ids(fact.ProductID, names(c.p.products, func(p Product) string { return p.ID }))
	c.productTypes()
	c.placeWords()
	c.channelWords()
	c.p.space.Of(fact.VersionTrack).Add("main")
	c.p.space.Of(fact.Language).Add("en")
	for _, f := range []fact.Fact{fact.Provided, fact.Addon, fact.RequesterLevels} {
		if n := len(c.p.space.Of(f).Words); n > 64 {
			c.ErrorAt(c.root, "%d words for %s; at most 64 are supported in this version", n, f)
		}
	}
}

func names[T any](list []T, id func(T) string) []string {
	words := make([]string, len(list))
	for i := range list {
		words[i] = id(list[i])
	}
	return words
}

func (c *compiler) closed(f fact.Fact, words ...string) {
	v := c.p.space.Of(f)
	v.Closed = true
	for _, w := range words {
		v.Add(w)
	}
}

// productTypes closes the vocabulary of product types: those that the responsibility matrix names.
func (c *compiler) productTypes() {
	rows := c.root.Get("responsibility")
	if rows == nil || rows.Kind != yaml.List {
		return
	}
	for _, row := range rows.Values {
		n := row.Get("for").Get("product.type")
		if n == nil || n.Kind == yaml.Map {
			continue
		}
		for _, w := range append([]*yaml.Node{n}, n.Values...) {
			if w.Kind == yaml.Scalar {
				c.closed(fact.ProductType, w.Text)
			}
		}
	}
}

// ruleKeys are the keys that every rule may have.
var ruleKeys = []string{"id", "for", "unless", "when", "says", "reading"}

// rule reads what all rules share. fact.Record that are settled at stage or later cannot be looked at.
func (c *compiler) rule(n *yaml.Node, path string, stage int) Rule {
	r := Rule{Place: c.place(n), ID: path}
	if id := n.Get("id"); id != nil && c.Is(id, yaml.Scalar, "id") {
		r.ID = id.Text
		if first := c.rules[r.ID]; first != nil {
			c.ErrorAt(id, "%q is defined twice: here and in #%s (line %d); rename one", r.ID, c.place(first).Clause, first.Line)
		}
		c.rules[r.ID] = id
	}
	r.When.For = c.tests(n.Get("for"), path, stage)
	r.When.Unless = c.tests(n.Get("unless"), path, stage)
	r.When.When = c.when(n.Get("when"), stage)
	r.When.Reading = c.reading(n.Get("reading"))
	r.Text = c.condition(r.When)
	r.Label = c.label(r.When)
	if use := c.usedInstead(n.Get("reading")); use != "" {
		r.Label = strings.TrimSpace(fmt.Sprintf("%s (so says %q, which is not used: %q is)", r.Label, wording.Spoken(n.Get("reading").Text), wording.Spoken(use)))
	}
	r.says = c.says(n)
	if n.Foreign {
		c.p.byContract[r.ID] = true
	}
	return r
}

func (c *compiler) tests(n *yaml.Node, path string, stage int) []fact.Test {
	if n == nil || !c.Is(n, yaml.Map, "a condition") {
		return nil
	}
	var tests []fact.Test
	for i, key := range n.Keys {
		f, ok := c.p.space.ByName(key.Text)
		switch {
		case !ok:
			c.ErrorAt(key, "`%s` is not a fact%s", key.Text, document.DidYouMean(key.Text, c.p.space.Names()))
		case c.p.space.Stage(f) >= stage:
			c.ErrorAt(key, "`%s` is settled later than `%s`, which cannot look at it", key.Text, path)
		default:
			c.look(f)
			tests = append(tests, c.test(f, n.Values[i]))
		}
	}
	return tests
}

func (c *compiler) test(f fact.Fact, n *yaml.Node) fact.Test {
	switch typ := c.p.space.Type(f); {
	case typ == fact.TypeMap:
		c.ErrorAt(n, "`%s` holds several values and cannot be compared", c.p.space.Name(f))
		return fact.Test{Fact: f}
	case typ == fact.TypeHours:
		c.ErrorAt(n, "`%s` is no fact to compare; calendars are made of it: `from: %s`", c.p.space.Name(f), c.p.space.Name(f))
		return fact.Test{Fact: f}
	case typ > fact.TypeYesNo && typ != fact.TypePlace:
		if !c.Is(n, yaml.Scalar, c.p.space.Name(f)) {
			return fact.Test{Fact: f}
		}
		t, err := c.p.space.ParseRange(f, n.Text)
		if err != nil {
			c.ErrorAt(n, "%s: %v", c.p.space.Name(f), err)
		}
		return t
	}
	var words []int
	for _, w := range c.Words(n, c.p.space.Name(f)) {
		words = append(words, c.members(f, w)...)
	}
	return c.p.space.Words(f, words...)
}

// members resolves a word, or `X and up`, to the words of the fact's vocabulary.
func (c *compiler) members(f fact.Fact, w *yaml.Node) []int {
	word, up := strings.CutSuffix(w.Text, " and up")
	v := c.p.space.Of(f)
	if c.p.space.Type(f) == fact.TypeYesNo {
		switch word {
		case "true":
			word = "yes"
		case "false":
			word = "no"
		}
	}
	if !c.checkChannelWord(f, w) {
		return nil
	}
	i, ok := v.Index(word)
	if !ok && v.Closed {
		c.UnknownWord(&yaml.Node{Text: word, Line: w.Line, Col: w.Col}, c.p.space.Noun(f), v.Words)
		return nil
	}
	if !ok && len(v.Words) == 0 && (f == fact.Plan || f == fact.Addon || f == fact.Severity || f == fact.SeverityAsked) {
		c.ErrorAt(w, "no %s %q: this policy defines none", c.p.space.Noun(f), word)
		return nil
	}
	if !ok {
		i = v.Add(word)
	}
	if !up {
		return []int{i}
	}
	switch f {
	case fact.Level, fact.LevelDone:
		return sequence(i, len(v.Words))
	case fact.Severity, fact.SeverityAsked:
		return sequence(0, i+1)
	case fact.Plan:
		return c.plansFrom(word)
	}
	c.ErrorAt(w, "`%s` has no order; `and up` is for plans, severities and levels", c.p.space.Name(f))
	return nil
}

func sequence(from, to int) []int {
	var list []int
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// ---- checks over choose-lists ----

// checkChoose reports what checkReach does, and requests for which no rule is left.
func (c *compiler) checkChoose(what string, rules []*Rule) {
	c.checkReach(what, rules)
	c.checkGaps(what, rules)
}

func (c *compiler) checkGaps(what string, rules []*Rule) {
	if len(rules) == 0 {
		return
	}
	list := &choice.List{}
	for _, r := range rules {
		list.Entries = append(list.Entries, choice.Entry{When: r.When})
	}
	c.reportGaps(what, list, rules[0].Place)
}
