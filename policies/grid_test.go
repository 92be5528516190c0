package policies

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// The situations that the mutation test looks at: those of the probes, each of them with one fact changed to every word or
// boundary value that the policy knows, with other times of the year, and the product of the facts that most rules read.

// asked is one situation by its fields, as a probe writes them.
type asked map[string]*yaml.Node

// gridLimit keeps the product of many words from growing beyond what a second can judge.
const (
	gridLimit = 1500
	ruleLimit = 600 // for the facts of one rule
)

func grid(t *testing.T, file string, p *policy.Policy) []judged {
	t.Helper()
	g := &gridMaker{p: p, seen: map[string]bool{}, numbers: map[string][]int64{}, dates: map[string]bool{}}
	seeds := g.seeds(t, strings.TrimSuffix(file, ".md"))
	g.boundaries(p.Written())
	for _, seed := range seeds {
		g.add(seed)
		if use := seed["asked"]; use != nil {
			g.add(seed.with("used", use))
		}
	}
	distinct := g.distinct(seeds)
	for _, seed := range distinct {
		g.variations(seed)
		g.histories(seed)
	}
	for _, seed := range distinct {
		g.year(seed)
	}
	for _, id := range g.version {
		g.lives(distinct[0].with("version.id", word(id+".0")))
	}
	for _, id := range g.places {
		g.year(distinct[0].with("account.office", word(id)))
	}
	for _, facts := range g.ruleFacts() {
		for _, seed := range g.about(seeds, distinct, facts) {
			g.product(seed, facts, ruleLimit)
		}
	}
	g.product(distinct[0], g.common(), gridLimit)
	if len(g.list) < 3*len(seeds) {
		t.Fatalf("only %d situations", len(g.list))
	}
	return g.list
}

type gridMaker struct {
	p       *policy.Policy
	list    []judged
	seen    map[string]bool
	numbers map[string][]int64 // that the document compares a fact with, by the fact's name
	dates   map[string]bool
	places  []string
	version []string
}

// seeds are the situations of the probe files of a policy.
func (g *gridMaker) seeds(t testing.TB, name string) []asked {
	t.Helper()
	files, err := fs.Glob(FS, name+"*.probes.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no probes for %s: %v", name, err)
	}
	var list []asked
	for _, file := range files {
		root := parseYAML(t, string(read(t, file)))
		for _, probe := range root.Get("probes").Values {
			seed := asked{}
			for _, n := range []*yaml.Node{root.Get("given"), probe.Get("situation")} {
				flatten(seed, "", n)
			}
			list = append(list, seed)
		}
	}
	return list
}

// flatten lays the fields of a situation over those that are there; groups become dotted names.
func flatten(into asked, prefix string, n *yaml.Node) {
	if n == nil {
		return
	}
	for i, key := range n.Keys {
		if v := n.Values[i]; slices.Contains([]string{"account", "contract", "product", "version", "requester", "impact"}, key.Text) && v.Kind == yaml.Map {
			flatten(into, key.Text+".", v)
		} else {
			into[prefix+key.Text] = v
		}
	}
}

func word(text string) *yaml.Node { return &yaml.Node{Kind: yaml.Scalar, Text: text} }

func (a asked) with(path string, v *yaml.Node) asked {
	b := asked{}
	for k, old := range a {
		b[k] = old
	}
	if b[path] = v; v == nil {
		delete(b, path)
	}
	return b
}

func (a asked) text() string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%q: ", k)
		write(&b, a[k], 9)
		b.WriteByte('\n')
	}
	return b.String()
}

// add judges a situation that is not in the grid yet. Fields that the policy does not take are left out.
func (g *gridMaker) add(a asked) {
	text := a.text()
	if g.seen[text] {
		return
	}
	g.seen[text] = true
	s, _ := coverage.ParseSituation(g.p, []byte(text))
	g.list = append(g.list, judged{s, fingerprint(g.p, s)})
}

// distinct are seeds that are served in different hours, about different things, of different products.
func (g *gridMaker) distinct(seeds []asked) []asked {
	var list []asked
	seen := map[string]bool{}
	for _, seed := range seeds {
		s, _ := coverage.ParseSituation(g.p, []byte(seed.text()))
		d := coverage.Decide(g.p, s)
		key := strings.Join([]string{d.Calendar, s.Product.ID, s.Product.Type, s.Language, d.Level, d.Provider.Kind, d.Version.Phase}, "|")
		if !seen[key] {
			seen[key] = true
			list = append(list, seed)
		}
	}
	return list
}

// boundaries collects the numbers that the document compares each fact with, its dates, places and versions.
func (g *gridMaker) boundaries(n *yaml.Node) {
	if n == nil {
		return
	}
	if n.Kind == yaml.Scalar {
		for _, date := range wholeDate.FindAllString(n.Text, -1) {
			g.dates[date] = true
		}
		for _, name := range factName.FindAllString(n.Text, -1) {
			g.bound(name, n)
		}
	}
	if bands := n.Get("bands"); bands != nil {
		g.bound(bands.Text, n.Get("is"))
	}
	for i, v := range n.Values {
		if n.Kind == yaml.Map {
			g.bound(n.Keys[i].Text, v)
			switch n.Keys[i].Text {
			case "places":
				g.places = append(g.places, names(v)...)
			case "table":
				g.version = append(g.version, names(v)...)
			}
		}
		g.boundaries(v)
	}
}

// factName is a word of a condition that may be a fact.
var factName = regexp.MustCompile(`[a-z][a-z_.]*[a-z]`)

func names(n *yaml.Node) []string {
	var list []string
	for _, k := range n.Keys {
		list = append(list, k.Text)
	}
	return list
}

// bound notes the numbers in a node as boundaries of a fact.
func (g *gridMaker) bound(name string, n *yaml.Node) {
	if _, ok := g.p.Facts().ByName(name); !ok || n == nil {
		return
	}
	for _, digits := range number.FindAllString(n.Text, -1) {
		if v, err := strconv.ParseInt(digits, 10, 40); err == nil && !slices.Contains(g.numbers[name], v) {
			g.numbers[name] = append(g.numbers[name], v)
		}
	}
	for _, v := range n.Values {
		g.bound(name, v)
	}
}

// values are the words, or the values at and around each boundary, that a fact can have.
func (g *gridMaker) values(f fact.Fact, seed asked) []*yaml.Node {
	var list []*yaml.Node
	switch g.p.Facts().Type(f) {
	case fact.TypeNumber, fact.TypeDecimal:
		list = append(list, word("1"))
		for _, v := range g.numbers[g.p.Facts().Name(f)] {
			list = append(list, word(fmt.Sprint(max(v-1, 0))), word(fmt.Sprint(v)), word(fmt.Sprint(v+1)), word(fmt.Sprint(3*v)))
		}
	case fact.TypeDuration:
		list = append(list, word("1h"))
		for _, v := range g.numbers[g.p.Facts().Name(f)] {
			list = append(list, word(fmt.Sprintf("%dd", max(v-1, 0))), word(fmt.Sprintf("%dd", v)), word(fmt.Sprintf("%dd", v+1)), word(fmt.Sprintf("%dh", v)))
		}
	case fact.TypeDate:
		for _, days := range []int{-30, -1, 0, 1, 30} {
			if at := seed["at"]; at != nil && len(at.Text) > 10 {
				day, _ := time.Parse(time.DateOnly, at.Text[:10])
				list = append(list, word(day.AddDate(0, 0, days).Format(time.DateOnly)))
			}
		}
	case fact.TypeSet:
		words, _ := g.p.Words(f)
		list = append(list, &yaml.Node{Kind: yaml.List})
		for _, w := range words {
			list = append(list, &yaml.Node{Kind: yaml.List, Values: []*yaml.Node{word(w)}})
		}
	case fact.TypePlace:
		for _, id := range g.places {
			list = append(list, word(id))
		}
	case fact.TypeInstant:
	default:
		words, closed := g.p.Words(f)
		for _, w := range words {
			list = append(list, word(w))
		}
		if !closed {
			list = append(list, word("something-else"))
		}
		if f == fact.Severity {
			list = append(list, g.earlier()...)
		}
	}
	return append(list, nil)
}

// earlier are the words of an earlier scale, and one that no scale has.
func (g *gridMaker) earlier() []*yaml.Node {
	list := []*yaml.Node{word("P4"), word("L1")}
	for _, s := range g.p.Severities() {
		for _, was := range s.Was {
			list = append(list, word(was))
		}
	}
	return list
}

// days are the days before, of and after each date that the document names.
func (g *gridMaker) days() []time.Time {
	var list []time.Time
	for date := range g.dates {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			continue
		}
		list = append(list, day.AddDate(0, 0, -1), day, day.AddDate(0, 0, 1))
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

// variations change one fact of a seed at a time.
func (g *gridMaker) variations(seed asked) {
	space := g.p.Facts()
	for f := range space.Facts() {
		for _, v := range g.values(f, seed) {
			g.add(seed.with(space.Name(f), v))
		}
	}
	for _, a := range g.p.Allowances() {
		for _, used := range []string{"0", "1", "5", "7", "1000", "30m", "45m"} {
			one := &yaml.Node{Kind: yaml.Map, Keys: []*yaml.Node{word(a.ID)}, Values: []*yaml.Node{word(used)}}
			g.add(seed.with("asked", one))
			g.add(seed.with("asked", one).with("used", one))
			g.add(seed.with("asked", one).with("used", one).with("bought", one))
		}
	}
}

// about are the seeds, up to two, that give one of the facts, and one that does not.
func (g *gridMaker) about(seeds, distinct []asked, facts []fact.Fact) []asked {
	list := []asked{distinct[0]}
	for _, seed := range seeds {
		if len(list) < 3 && slices.ContainsFunc(facts, func(f fact.Fact) bool { return f >= fact.Count && seed[g.p.Facts().Name(f)] != nil }) {
			list = append(list, seed)
		}
	}
	return list
}

// year puts a seed without a history on other days: each of 2026 at changing hours, and those around the dates of the document.
func (g *gridMaker) year(seed asked) {
	if seed["events"] != nil {
		return
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 365 {
		at := day.AddDate(0, 0, i).Add(time.Duration(i*7%24)*time.Hour + time.Duration(i%4)*15*time.Minute)
		g.add(seed.with("at", word(at.Format(time.RFC3339))))
	}
	for _, day := range g.days() {
		g.add(seed.with("at", word(day.Add(12*time.Hour).Format(time.RFC3339))))
	}
}

// lives puts a version on the days around each date of the document.
func (g *gridMaker) lives(seed asked) {
	for _, day := range g.days() {
		g.add(seed.with("at", word(day.Add(12*time.Hour).Format(time.RFC3339))))
	}
}

// histories let each event happen an hour after the arrival, and the request wait and go on.
func (g *gridMaker) histories(seed asked) {
	arrival := seed["at"]
	if arrival == nil || seed["events"] != nil {
		return
	}
	at, err := time.Parse(time.RFC3339, arrival.Text)
	if err != nil {
		return
	}
	names := policy.BuiltinEvents()
	for _, e := range g.p.Events() {
		names = append(names, e.ID)
	}
	for _, name := range names {
		g.add(seed.with("events", history(at, "created", name)))
	}
	for _, e := range g.p.Events() {
		for _, status := range g.p.Statuses() {
			g.add(seed.with("events", history(at, "created", e.ID, "status "+status.ID, "status open")))
		}
	}
	for _, status := range g.p.Statuses() {
		g.add(seed.with("events", history(at, "created", "status "+status.ID)))
		g.add(seed.with("events", history(at, "created", "status "+status.ID, "public-update")))
	}
}

// history is a list of events, an hour between them. An event may have a value after a blank.
func history(at time.Time, events ...string) *yaml.Node {
	list := &yaml.Node{Kind: yaml.List}
	for i, event := range events {
		name, value, has := strings.Cut(event, " ")
		one := &yaml.Node{Kind: yaml.Map, Keys: []*yaml.Node{word("at"), word("event")},
			Values: []*yaml.Node{word(at.Add(time.Duration(i) * time.Hour).Format(time.RFC3339)), word(name)}}
		if has {
			one.Keys, one.Values = append(one.Keys, word("value")), append(one.Values, word(value))
		}
		list.Values = append(list.Values, one)
	}
	return list
}

// common are the facts that most rules read, and those that the policy adds.
func (g *gridMaker) common() []fact.Fact {
	facts := []fact.Fact{fact.Plan, fact.Severity}
	for f := fact.Count; f < g.p.Facts().Facts(); f++ {
		if words, _ := g.p.Words(f); len(words) > 0 {
			facts = append(facts, f)
		}
	}
	return append(facts, fact.Category, fact.Channel, fact.ProductType, fact.RequesterKind, fact.AccountRegion, fact.Addon, fact.Deployment)
}

// ruleFacts are the facts that one rule looks at together, for each rule with more than one.
func (g *gridMaker) ruleFacts() [][]fact.Fact {
	var sets [][]fact.Fact
	seen := map[string]bool{}
	add := func(facts []fact.Fact) {
		facts = slices.Clone(facts)
		slices.Sort(facts)
		facts = slices.Compact(facts)
		var key string
		for _, f := range facts {
			key += fmt.Sprint(int(f), " ")
		}
		if len(facts) > 1 && !seen[key] {
			seen[key] = true
			sets = append(sets, facts)
		}
	}
	for i := range g.p.Hours() {
		add(g.read(&g.p.Hours()[i].When))
	}
	for i := range g.p.CoverageRules() {
		rule := &g.p.CoverageRules()[i]
		add(g.read(&rule.When))
		for _, other := range rule.Overrides {
			add(append(g.read(&rule.When), g.read(&g.p.CoverageRules()[other].When)...))
		}
	}
	for i := range g.p.Channels() {
		add(append(g.read(&g.p.Channels()[i].When), fact.Channel))
	}
	for i := range g.p.Gates() {
		add(g.read(&g.p.Gates()[i].When))
	}
	for i := range g.p.ClockDefs() {
		add(g.p.ClockDefs()[i].Choice.Facts())
	}
	for _, derived := range g.p.Derived() {
		facts := slices.Clone(derived.List.Facts())
		if derived.Fact == fact.Severity {
			facts = append(facts, derived.Fact)
		}
		add(facts)
		for i := range facts {
			for _, other := range facts[:i] {
				add([]fact.Fact{facts[i], other})
			}
		}
	}
	return sets
}

func (g *gridMaker) read(c *fact.Condition) []fact.Fact {
	var facts []fact.Fact
	for _, test := range slices.Concat(c.For, c.Unless) {
		facts = append(facts, test.Fact)
	}
	if c.When != nil {
		facts = append(facts, c.When.Facts()...)
	}
	return facts
}

// product combines facts, as many as fit under the limit.
func (g *gridMaker) product(seed asked, facts []fact.Fact, limit int) {
	space := g.p.Facts()
	list := []asked{seed}
	slices.SortStableFunc(facts, func(a, b fact.Fact) int { return len(g.values(a, seed)) - len(g.values(b, seed)) })
	for _, f := range facts {
		values := g.values(f, seed)
		if len(values) < 2 || len(list)*len(values) > limit {
			continue
		}
		var more []asked
		for _, a := range list {
			for _, v := range values {
				more = append(more, a.with(space.Name(f), v))
			}
		}
		list = more
	}
	for _, a := range list {
		g.add(a)
	}
}
