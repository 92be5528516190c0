package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Blocks of the language. laterBlocks are known to it but not to this version.
var (
	blocks = []string{
		"policy", "terms", "plans", "addons", "severity", "levels", "categories", "responsibility", "calendars", "hours",
		"coverage", "offers", "statuses", "events", "clocks", "information", "gates", "allowances", "products", "lifecycle",
		"updates", "promises", "holidays",
	}
	laterBlocks = []string{"conflicts", "negotiable", "keeps", "facts", "places", "channels", "languages", "maintenance"}
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
	*report
	p     *Policy
	root  *yaml.Node
	rules map[string]*yaml.Node // ids of rules, and where they stand
}

func compile(d *document) *Policy {
	c := &compiler{report: d.report, root: d.root, rules: map[string]*yaml.Node{}, p: &Policy{file: d.file, clauses: d.clauses, clauseIndex: map[string]int{}}}
	for i, clause := range d.clauses {
		c.p.clauseIndex[clause.ID] = i
	}
	c.only(c.root, "", blocks, laterBlocks)
	c.header()
	c.terms()
	c.levels()
	c.plans()
	c.severities()
	c.products()
	c.statuses()
	c.eventTypes()
	c.information()
	c.offers()
	c.calendars()
	c.lifecyclePhases()
	c.categories()
	c.vocabularies()
	c.allowances()
	c.responsibility()
	c.hours()
	c.coverage()
	c.clocks()
	c.gates()
	c.updates()
	c.promises()
	if c.failed() {
		return nil
	}
	for i := range d.clauses {
		c.p.clauses[i].Blocks = c.readable(d.blocks[i])
	}
	return c.p
}

// ---- reading nodes ----

func (c *compiler) place(n *yaml.Node) Place {
	return Place{Clause: c.p.clauses[n.Part].ID, Line: n.Line, Col: n.Col}
}

// only reports the keys of a map that nothing reads.
func (c *compiler) only(n *yaml.Node, where string, known, later []string) {
	if n == nil || n.Kind != yaml.Map {
		return
	}
	for _, k := range n.Keys {
		switch {
		case slices.Contains(known, k.Text):
		case slices.Contains(later, k.Text):
			c.errorAt(k, "%q%s is not supported in this version", k.Text, inside(where))
		default:
			c.errorAt(k, "unknown key %q%s%s", k.Text, inside(where), didYouMean(k.Text, slices.Concat(known, later)))
		}
	}
}

func inside(where string) string {
	if where == "" {
		return ""
	}
	return " in " + where
}

// entries walks a map of definitions.
func (c *compiler) entries(block string, fn func(key, value *yaml.Node)) {
	n := c.root.Get(block)
	if n == nil || !c.is(n, yaml.Map, block) {
		return
	}
	for i, k := range n.Keys {
		fn(k, n.Values[i])
	}
}

// items walks a list of rules.
func (c *compiler) items(n *yaml.Node, what string, fn func(i int, item *yaml.Node)) {
	if n == nil || !c.is(n, yaml.List, what) {
		return
	}
	for i, item := range n.Values {
		if c.is(item, yaml.Map, what) {
			fn(i, item)
		}
	}
}

func (c *compiler) is(n *yaml.Node, kind yaml.Kind, what string) bool {
	if n.Kind != kind {
		c.errorAt(n, "%s: expected %v, found %v", what, kind, n.Kind)
		return false
	}
	return true
}

// text returns the scalar under a key, "" when it is absent.
func (c *compiler) text(n *yaml.Node, key string) string {
	v := n.Get(key)
	if v == nil || !c.is(v, yaml.Scalar, key) {
		return ""
	}
	return v.Text
}

// required returns the scalar under a key and reports its absence.
func (c *compiler) required(n *yaml.Node, key, what string) string {
	if n.Get(key) == nil {
		c.errorAt(n, "%s needs `%s`", what, key)
		return ""
	}
	return c.text(n, key)
}

// words returns a scalar, or the scalars of a list.
func (c *compiler) words(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.Scalar:
		return []*yaml.Node{n}
	case !c.is(n, yaml.List, what):
		return nil
	}
	words := make([]*yaml.Node, 0, len(n.Values))
	for _, v := range n.Values {
		if c.is(v, yaml.Scalar, what) {
			words = append(words, v)
		}
	}
	return words
}

func (c *compiler) strings(n *yaml.Node, key string) []string {
	var list []string
	for _, w := range c.words(n.Get(key), key) {
		list = append(list, w.Text)
	}
	return list
}

func (c *compiler) number(n *yaml.Node, key string) int {
	v := n.Get(key)
	if v == nil || !c.is(v, yaml.Scalar, key) {
		return 0
	}
	i, err := strconv.Atoi(v.Text)
	if err != nil || i < 0 || i > 1e9 {
		c.errorAt(v, "%s: expected a whole number, found %q", key, v.Text)
	}
	return i
}

// choice returns a scalar that must be one of the allowed words.
func (c *compiler) choice(n *yaml.Node, key string, allowed ...string) string {
	v := n.Get(key)
	if v == nil || !c.is(v, yaml.Scalar, key) {
		return ""
	}
	if !slices.Contains(allowed, v.Text) {
		c.errorAt(v, "%s: %q is not one of %s%s", key, v.Text, strings.Join(allowed, ", "), didYouMean(v.Text, allowed))
	}
	return v.Text
}

func (c *compiler) yes(n *yaml.Node, key string) bool {
	v := n.Get(key)
	if v == nil || !c.is(v, yaml.Scalar, key) {
		return false
	}
	switch v.Text {
	case "yes", "true":
		return true
	case "no", "false":
		return false
	}
	c.errorAt(v, "%s: expected yes or no, found %q", key, v.Text)
	return false
}

// percent reads "99.5%" as hundredths of a percent.
func (c *compiler) percent(n *yaml.Node) int {
	if !c.is(n, yaml.Scalar, "a percentage") {
		return 0
	}
	number, ok := strings.CutSuffix(n.Text, "%")
	f, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(f >= 0 && f <= 100) {
		c.errorAt(n, "expected a percentage such as 99.5%%, found %q", n.Text)
		return 0
	}
	return int(f*100 + 0.5)
}

// unknownWord reports a reference to something that is not defined.
func (c *compiler) unknownWord(at *yaml.Node, kind string, known []string) {
	if near := didYouMean(at.Text, known); near != "" {
		c.errorAt(at, "no %s %q%s", kind, at.Text, near)
		return
	}
	if len(known) > 12 || len(known) == 0 {
		c.errorAt(at, "no %s %q is defined", kind, at.Text)
		return
	}
	c.errorAt(at, "no %s %q is defined; defined: %s", kind, at.Text, strings.Join(known, ", "))
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
	c.p.vocab[fact.VersionTrack].Add("main")
	c.p.vocab[fact.Language].Add("en")
	for _, f := range []fact.Fact{fact.Provided, fact.Addon, fact.RequesterLevels} {
		if n := len(c.p.vocab[f].Words); n > 64 {
			c.errorAt(c.root, "%d words for %s; at most 64 are supported in this version", n, f)
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
	v := &c.p.vocab[f]
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
var ruleKeys = []string{"id", "for", "unless", "says"}

var laterRuleKeys = []string{"when", "reading"}

// rule reads what all rules share. fact.Record that are settled at stage or later cannot be looked at.
func (c *compiler) rule(n *yaml.Node, path string, stage int) Rule {
	r := Rule{Place: c.place(n), ID: path}
	if id := n.Get("id"); id != nil && c.is(id, yaml.Scalar, "id") {
		r.ID = id.Text
		if first := c.rules[r.ID]; first != nil {
			c.errorAt(id, "%q is defined twice: here and in #%s (line %d); rename one", r.ID, c.place(first).Clause, first.Line)
		}
		c.rules[r.ID] = id
	}
	if when := n.Get("when"); when != nil {
		c.errorAt(when, "conditions in `when` are not supported in this version; use `for` and `unless`")
	}
	if reading := n.Get("reading"); reading != nil {
		c.errorAt(reading, "`reading` is not supported in this version")
	}
	r.When.For = c.tests(n.Get("for"), path, stage)
	r.When.Unless = c.tests(n.Get("unless"), path, stage)
	r.Text = c.condition(r.When)
	r.says = c.says(n)
	return r
}

func (c *compiler) tests(n *yaml.Node, path string, stage int) []fact.Test {
	if n == nil || !c.is(n, yaml.Map, "a condition") {
		return nil
	}
	var tests []fact.Test
	for i, key := range n.Keys {
		f, ok := fact.ByName(key.Text)
		switch {
		case fact.Later(key.Text):
			c.errorAt(key, "conditions on `%s` are not supported in this version", key.Text)
		case !ok:
			c.errorAt(key, "`%s` is not a fact%s", key.Text, didYouMean(key.Text, fact.Names()))
		case f.Stage() >= stage:
			c.errorAt(key, "`%s` is settled later than `%s`, which cannot look at it", key.Text, path)
		default:
			tests = append(tests, c.test(f, n.Values[i]))
		}
	}
	return tests
}

func (c *compiler) test(f fact.Fact, n *yaml.Node) fact.Test {
	if typ := f.Type(); typ == fact.TypeNumber || typ == fact.TypeDate || typ == fact.TypeDuration {
		return c.rangeTest(f, n)
	}
	var words []int
	for _, w := range c.words(n, f.String()) {
		words = append(words, c.members(f, w)...)
	}
	return fact.WordTest(f, len(c.p.vocab[f].Words), words...)
}

// members resolves a word, or `X and up`, to the words of the fact's vocabulary.
func (c *compiler) members(f fact.Fact, w *yaml.Node) []int {
	word, up := strings.CutSuffix(w.Text, " and up")
	v := &c.p.vocab[f]
	if f.Type() == fact.TypeYesNo {
		switch word {
		case "true":
			word = "yes"
		case "false":
			word = "no"
		}
	}
	i, ok := v.Index(word)
	if !ok && v.Closed {
		c.unknownWord(&yaml.Node{Text: word, Line: w.Line, Col: w.Col}, f.Noun(), v.Words)
		return nil
	}
	if !ok && len(v.Words) == 0 && (f == fact.Plan || f == fact.Addon || f == fact.Severity || f == fact.SeverityAsked) {
		c.errorAt(w, "no %s %q: this policy defines none", f.Noun(), word)
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
	c.errorAt(w, "`%s` has no order; `and up` is for plans, severities and levels", f)
	return nil
}

func sequence(from, to int) []int {
	var list []int
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// rangeTest reads `12`, `above 100`, `below 10d`, `from 10 to 50`, `from 10` or `to 50` as an inclusive range.
func (c *compiler) rangeTest(f fact.Fact, n *yaml.Node) fact.Test {
	lo, hi := int64(-1<<62), int64(1<<62)
	if !c.is(n, yaml.Scalar, f.String()) {
		return fact.RangeTest(f, lo, hi)
	}
	words := strings.Fields(n.Text)
	amount := func(i int) int64 {
		if i >= len(words) {
			c.errorAt(n, "%s: %q ends too early", f, n.Text)
			return 0
		}
		v, err := parseAmount(f.Type(), words[i])
		if err != nil {
			c.errorAt(n, "%s: %v", f, err)
		}
		return v
	}
	used := 2
	switch {
	case len(words) == 0:
		c.errorAt(n, "%s: a value is missing", f)
	case words[0] == "above":
		lo = amount(1) + 1
	case words[0] == "below":
		hi = amount(1) - 1
	case words[0] == "to":
		hi = amount(1)
	case words[0] == "from":
		lo = amount(1)
		if len(words) > 2 && words[2] == "to" {
			hi, used = amount(3), 4
		}
		if len(words) > 2 && words[2] == "below" {
			hi, used = amount(3)-1, 4
		}
	default:
		lo, used = amount(0), 1
		hi = lo
	}
	if len(words) > used {
		c.errorAt(n, "%s: cannot read %q; write `above 100`, `below 10`, `from 10 to 50`, or one value", f, n.Text)
	}
	if lo > hi {
		c.errorAt(n, "%s: no value lies in %q", f, n.Text)
	}
	return fact.RangeTest(f, lo, hi)
}

func parseAmount(typ fact.Type, word string) (int64, error) {
	switch typ {
	case fact.TypeDate:
		d, err := calendar.ParseDate(word)
		return int64(d), err
	case fact.TypeDuration:
		return ParseDuration(word)
	}
	v, err := strconv.ParseInt(word, 10, 53)
	if err != nil {
		return 0, fmt.Errorf("expected a whole number, found %q", word)
	}
	return v, nil
}

// ParseDuration reads `30m`, `4h`, `7h30m`, `14d` or `52w` (days are 24 hours) as milliseconds.
func ParseDuration(s string) (int64, error) {
	const units = "wdhms"
	total, rest, last := int64(0), s, -1
	for rest != "" {
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		unit := -1
		if i > 0 && i <= 9 && i < len(rest) {
			unit = strings.IndexByte(units, rest[i])
		}
		if unit <= last {
			return 0, fmt.Errorf("expected a duration such as 30m, 4h, 7h30m or 14d, found %q", s)
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("expected a duration such as 30m, 4h, 7h30m or 14d, found %q", s)
		}
		total += n * [...]int64{7 * 24 * 3600_000, 24 * 3600_000, 3600_000, 60_000, 1000}[unit]
		rest, last = rest[i+1:], unit
	}
	if s == "" || total > 100*366*24*3600_000 {
		return 0, fmt.Errorf("expected a duration such as 30m, 4h, 7h30m or 14d, found %q", s)
	}
	return total, nil
}

func (c *compiler) duration(n *yaml.Node, what string) int64 {
	if !c.is(n, yaml.Scalar, what) {
		return 0
	}
	ms, err := ParseDuration(n.Text)
	if err != nil {
		if days, ok := strings.CutSuffix(strings.TrimSuffix(n.Text, "s"), " day"); ok {
			c.errorAt(n, "%q is 24 hours here; write `%s business day` or `24h`", n.Text, days)
			return 0
		}
		c.errorAt(n, "%s: %v", what, err)
	}
	return ms
}

// FormatDuration writes milliseconds as a policy does, e.g. 7h30m or 2d; zero is 0m.
func FormatDuration(ms int64) string {
	var b strings.Builder
	if ms < 0 {
		b.WriteByte('-')
		ms = -ms
	}
	for i, unit := range [...]int64{24 * 3600_000, 3600_000, 60_000, 1000} {
		if n := ms / unit; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, "dhms"[i])
			ms -= n * unit
		}
	}
	if b.Len() == 0 {
		return "0m"
	}
	return b.String()
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
	conditions := make([]fact.Condition, len(rules))
	for i, r := range rules {
		conditions[i] = r.When
	}
	if count, examples := fact.Gaps(conditions, &c.p.vocab); count > 0 {
		c.add(SeverityError, rules[0].Line, rules[0].Col, "%d combinations end without a rule of %s (%s%s); add a last rule without a condition",
			count, what, strings.Join(examples, ", "), map[bool]string{true: ", ..."}[count > 2])
	}
}
