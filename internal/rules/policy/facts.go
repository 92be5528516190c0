package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// DeclaredFact is a fact that the policy adds. By is who supplies it; Unknown is the value that silence stands for, "ask" for
// none. A derived fact has neither.
type DeclaredFact struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Title   string    `json:"title"`
	By      string    `json:"by,omitempty"`
	Ask     string    `json:"ask,omitempty"` // the question to whoever supplies it
	Unknown string    `json:"unknown,omitempty"`
	Values  []string  `json:"values,omitempty"`
	Derived bool      `json:"derived,omitempty"`
	Fact    fact.Fact `json:"-"`
	Place

	Silent    fact.Value `json:"-"` // what silence stands for, where that is a value
	Sentences []string   `json:"-"` // how a derived fact follows
}

// Derived is a fact that the policy works out from others. Facts stand in the order in which they can be worked out.
type Derived struct {
	Fact  fact.Fact
	Stage int
	List  *choice.List
	Rules []Rule // by entry
	node  *yaml.Node
}

// DeclaredFacts lists the facts that the policy adds, in document order.
func (p *Policy) DeclaredFacts() []DeclaredFact { return p.declared }

// DeclaredFact finds a fact that the policy adds.
func (p *Policy) DeclaredFact(id string) (DeclaredFact, bool) {
	return find(p.declared, func(d DeclaredFact) bool { return d.ID == id })
}

// Derived lists the facts that are worked out, in that order. The severity is among them where the policy derives it.
func (p *Policy) Derived() []Derived { return p.derived }

var factTypes = map[string]fact.Type{
	"yes-no": fact.TypeYesNo, "number": fact.TypeNumber, "decimal": fact.TypeDecimal, "money": fact.TypeDecimal, "text": fact.TypeID,
	"choice": fact.TypeID, "set": fact.TypeSet, "date": fact.TypeDate, "instant": fact.TypeInstant, "duration": fact.TypeDuration, "place": fact.TypePlace,
}

// FactTypes lists the types of facts as they are written.
func FactTypes() []string {
	return []string{"yes-no", "number", "decimal", "money", "text", "choice", "set", "date", "instant", "duration", "place"}
}

var factSources = map[string]fact.Source{
	"requester": fact.FromRequester, "provider": fact.FromDesk, "account": fact.FromRegister, "contract": fact.FromContract,
	"product": fact.FromRegister, "monitoring": fact.FromDesk,
}

var factSuppliers = []string{"requester", "provider", "account", "contract", "product", "monitoring"}

// declareFacts gives each fact of the block a slot. What derived facts follow from is read later, when all words are known.
func (c *compiler) declareFacts() {
	c.entries("facts", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a fact") {
			return
		}
		if f, ok := fact.ByName(key.Text); ok {
			c.closeBuiltIn(f, key, n)
			return
		}
		c.Only(n, "facts."+key.Text, []string{"type", "by", "ask", "unknown", "values", "is", "title"}, nil)
		d := DeclaredFact{ID: key.Text, Type: c.Choice(n, "type", FactTypes()...), By: c.Choice(n, "by", factSuppliers...), Ask: c.Text(n, "ask"),
			Values: c.Strings(n, "values"), Derived: n.Get("is") != nil, Place: c.place(key)}
		c.checkFact(&d, key, n)
		var ok bool
		if d.Fact, ok = c.p.space.Declare(fact.Declaration{Name: d.ID, Type: factTypes[d.Type], Source: c.sourceOf(&d), Phrase: c.phrase(&d, n)}); !ok {
			c.ErrorAt(key, "more facts than %d cannot be declared", fact.Slots-int(fact.Count))
			return
		}
		if d.Type == "choice" || d.Type == "set" {
			c.closed(d.Fact, d.Values...)
		}
		d.Silent = c.silence(&d, n.Get("unknown"))
		c.p.declared = append(c.p.declared, d)
	})
}

func (c *compiler) sourceOf(d *DeclaredFact) fact.Source {
	if d.Derived {
		return fact.Derived
	}
	return factSources[d.By]
}

func (c *compiler) checkFact(d *DeclaredFact, key, n *yaml.Node) {
	if n.Get("type") == nil {
		c.ErrorAt(key, "the fact %s needs a `type`: %s", d.ID, strings.Join(FactTypes(), ", "))
	}
	if !identifier(d.ID) {
		c.ErrorAt(key, "%q cannot be the name of a fact; write letters, digits and _ only, beginning with a letter", d.ID)
	}
	choosable := d.Type == "choice" || d.Type == "set"
	switch {
	case choosable && len(d.Values) == 0:
		c.ErrorAt(key, "the fact %s needs its `values`", d.ID)
	case !choosable && len(d.Values) > 0:
		c.ErrorAt(n.Get("values"), "only a choice or a set has `values`")
	case d.Type == "set" && len(d.Values) > 64:
		c.ErrorAt(n.Get("values"), "a set has at most 64 values")
	}
	if d.Derived && (d.By != "" || d.Ask != "" || n.Get("unknown") != nil) {
		c.ErrorAt(key, "the fact %s is worked out (`is`); nobody supplies it, so `by`, `ask` and `unknown` cannot stand here", d.ID)
	}
	if !d.Derived && d.By == "" && n.Get("by") == nil {
		c.ErrorAt(key, "the fact %s needs either `by`, who supplies it, or `is`, how it is worked out", d.ID)
	}
	if d.Derived && d.Type == "set" {
		c.ErrorAt(key, "a fact of type %s cannot be worked out", d.Type)
	}
}

// identifier reports whether a condition can name the fact.
func identifier(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != "" && !slices.Contains([]string{"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
		"let", "loop", "package", "namespace", "return", "var", "void", "while"}, name)
}

// closeBuiltIn gives an open list of the language its words: {account.region: {values: [emea, japan]}}.
func (c *compiler) closeBuiltIn(f fact.Fact, key, n *yaml.Node) {
	c.Only(n, "facts."+key.Text, []string{"values"}, nil)
	if f.Fixed() != nil || c.p.space.Type(f) != fact.TypeID || slices.Contains([]fact.Fact{fact.Plan, fact.Severity, fact.SeverityAsked, fact.Category,
		fact.Level, fact.LevelDone, fact.Status, fact.ProductID, fact.VersionID, fact.VersionPhase, fact.ProviderOrg, fact.AccountPartner}, f) {
		c.ErrorAt(key, "the words of `%s` are not declared here", key.Text)
		return
	}
	words := c.Strings(n, "values")
	if len(words) == 0 {
		c.ErrorAt(key, "`%s` needs its `values`", key.Text)
	}
	c.closed(f, words...)
}

// phrase is what sentences call a fact: its title, or its name read aloud.
func (c *compiler) phrase(d *DeclaredFact, n *yaml.Node) string {
	title := n.Get("title")
	yesNo := d.Type == "yes-no"
	if title != nil && title.Kind == yaml.Map && yesNo {
		c.Only(title, "title", []string{"yes", "no"}, nil)
		d.Title = c.Required(title, "yes", "title")
		return d.Title + "|" + c.Required(title, "no", "title")
	}
	d.Title = c.Text(n, "title")
	switch {
	case yesNo && d.Title != "":
		return d.Title + "|it is not so that " + d.Title
	case yesNo:
		d.Title = wording.Spoken(d.ID)
		return fmt.Sprintf("%q is so|%q is not so", d.Title, d.Title)
	case d.Title == "":
		d.Title = "the " + wording.Spoken(d.ID)
	}
	return strings.ReplaceAll(d.Title, "|", "/")
}

// silence is the value that a fact has when nobody gives it; not known when it is asked for.
func (c *compiler) silence(d *DeclaredFact, n *yaml.Node) fact.Value {
	d.Unknown = "ask"
	if d.Derived {
		d.Unknown = ""
		return fact.Value{}
	}
	if n == nil || n.Text == "ask" || !c.Is(n, yaml.Scalar, "unknown") {
		return fact.Value{}
	}
	d.Unknown = n.Text
	if n.Text == "none" && (d.Type == "choice" || d.Type == "text" || d.Type == "set" || d.Type == "place") {
		v := fact.Value{Known: true, N: -1}
		if d.Type == "set" {
			v.N = 0
		}
		if i, ok := c.p.space.Of(d.Fact).Index("none"); ok {
			v.N = int64(i)
		}
		return v
	}
	v, none := c.readValue(d.Fact, n)
	return fact.Value{Known: !none, N: v}
}

// readValue reads a literal value of a fact.
func (c *compiler) readValue(f fact.Fact, n *yaml.Node) (value int64, none bool) {
	if !c.Is(n, yaml.Scalar, c.p.space.Name(f)) {
		return 0, true
	}
	switch typ := c.p.space.Type(f); typ {
	case fact.TypeID, fact.TypeYesNo:
		if n.Text == "none" {
			if _, ok := c.p.space.Of(f).Index("none"); !ok {
				return -1, true
			}
		}
		if words := c.members(f, n); len(words) == 1 {
			return int64(words[0]), false
		}
		return 0, true
	case fact.TypeSet:
		words := c.members(f, n)
		for _, w := range words {
			value |= 1 << w
		}
		return value, false
	case fact.TypePlace:
		ids := names(c.p.sites, func(s Site) string { return s.ID })
		i := slices.Index(ids, n.Text)
		if i < 0 && n.Text != "none" {
			c.UnknownWord(n, "place", ids)
		}
		return int64(i), i < 0
	default:
		if n.Text == "unlimited" && typ == fact.TypeNumber {
			return Unlimited, false
		}
		v, err := fact.ParseAmount(typ, n.Text)
		if err != nil && n.Text != "none" {
			c.ErrorAt(n, "%s: %v", c.p.space.Name(f), err)
		}
		return v, err != nil
	}
}

// Unlimited is the limit that nothing reaches.
const Unlimited = 1 << 61

// deriveFacts reads what derived facts follow from, the severity among them, and puts them into an order in which each follows
// from those before it.
func (c *compiler) deriveFacts() {
	var all []*Derived
	for i := range c.p.declared {
		d := &c.p.declared[i]
		if d.Derived {
			all = append(all, &Derived{Fact: d.Fact, node: c.root.Get("facts").Get(d.ID)})
		}
	}
	for _, d := range all {
		spec := cells{calc: true, typ: c.p.space.Type(d.Fact), like: d.Fact, read: func(n *yaml.Node) (int64, bool) { return c.readValue(d.Fact, n) }}
		name := c.p.space.Name(d.Fact)
		d.List, d.Rules = c.chooseList(d.node.Get("is"), "facts."+name+".is", "facts."+name, laterThanAll, spec)
	}
	if from := c.severityFrom(); from != nil {
		all = append(all, from)
	}
	c.order(all)
}

// laterThanAll is a stage at which every fact can be read; what a derived fact reads settles its own stage.
const laterThanAll = 100

// order sorts derived facts so that each stands after those that it reads, and reports circles.
func (c *compiler) order(all []*Derived) {
	state := map[fact.Fact]int{} // 1 on the way, 2 done
	var path []*Derived
	var visit func(d *Derived) bool
	visit = func(d *Derived) bool {
		switch state[d.Fact] {
		case 2:
			return true
		case 1:
			c.circle(path, d)
			return false
		}
		state[d.Fact] = 1
		path = append(path, d)
		d.Stage = fact.StageFacts
		for _, f := range d.List.Facts() {
			if k := slices.IndexFunc(all, func(o *Derived) bool { return o.Fact == f }); k >= 0 && !visit(all[k]) {
				return false
			}
			d.Stage = max(d.Stage, c.p.space.Stage(f))
		}
		path = path[:len(path)-1]
		state[d.Fact] = 2
		if d.Fact >= fact.Count {
			c.p.space.SettleAt(d.Fact, d.Stage)
		} else if d.Stage > fact.StageFacts {
			c.ErrorAt(d.node, "the severity is settled first; `severity.from` cannot look at what is settled later")
		}
		c.p.derived = append(c.p.derived, *d)
		return true
	}
	for _, d := range all {
		if !visit(d) {
			return
		}
	}
}

func (c *compiler) circle(path []*Derived, d *Derived) {
	from := slices.IndexFunc(path, func(o *Derived) bool { return o.Fact == d.Fact })
	var steps []string
	for _, o := range append(slices.Clone(path[from:]), d) {
		steps = append(steps, c.p.space.Name(o.Fact)+" (line "+strconv.Itoa(o.node.Line)+")")
	}
	c.ErrorAt(d.node, "facts depend on each other: %s", strings.Join(steps, " -> "))
}

// ---- contradictions ----

// Conflict is a contradiction between two texts of the policy, each a reading. Use is the one that decides, or "ask".
type Conflict struct {
	ID       string   `json:"id"`
	Readings []string `json:"readings"`
	Use      string   `json:"use"`
	Place
	Bits    []uint64 `json:"-"`       // by reading
	Clauses []string `json:"clauses"` // by reading: where its first rule stands
}

// Conflicts lists the contradictions that the policy names.
func (p *Policy) Conflicts() []Conflict { return p.conflicts }

// Reading is the bits of all readings that decide.
func (p *Policy) Reading() uint64 {
	var bits uint64
	for i := range p.conflicts {
		c := &p.conflicts[i]
		bits |= c.Bits[max(slices.Index(c.Readings, c.Use), 0)]
	}
	return bits
}

func (c *compiler) conflicts() {
	bit := uint64(1)
	c.entries("conflicts", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a conflict") {
			return
		}
		c.Only(n, "conflicts."+key.Text, []string{"between", "use"}, nil)
		k := Conflict{ID: key.Text, Readings: c.Strings(n, "between"), Use: c.Required(n, "use", "conflict "+key.Text), Place: c.place(key)}
		if len(k.Readings) < 2 {
			c.ErrorAt(key, "conflict %s needs at least two readings in `between`", key.Text)
			return
		}
		if use := n.Get("use"); use != nil && k.Use != "ask" && !slices.Contains(k.Readings, k.Use) {
			c.UnknownWord(use, "reading", append(slices.Clone(k.Readings), "ask"))
		}
		for _, w := range c.Words(n.Get("between"), "between") {
			if c.readings[w.Text] != 0 {
				c.ErrorAt(w, "the reading %q stands in two conflicts", w.Text)
			}
			if bit == 0 {
				c.ErrorAt(w, "more than 64 readings")
			}
			c.readings[w.Text] = bit
			k.Bits = append(k.Bits, bit)
			bit <<= 1
		}
		k.Clauses = make([]string, len(k.Readings))
		c.p.conflicts = append(c.p.conflicts, k)
	})
}

// reading is the bit of the reading that a rule belongs to.
func (c *compiler) reading(n *yaml.Node) uint64 {
	if n == nil || !c.Is(n, yaml.Scalar, "reading") {
		return 0
	}
	bit, ok := c.readings[n.Text]
	if !ok {
		var known []string
		for _, k := range c.p.conflicts {
			known = append(known, k.Readings...)
		}
		c.ErrorAt(n, "the reading %q stands under no `conflicts`; name it there and say which one is used%s", n.Text, document.DidYouMean(n.Text, known))
	}
	if !c.used[n.Text] {
		c.used[n.Text] = true
		for i := range c.p.conflicts {
			k := &c.p.conflicts[i]
			if at := slices.Index(k.Readings, n.Text); at >= 0 {
				k.Clauses[at] = c.place(n).Clause
			}
		}
	}
	return bit
}

// usedInstead is the reading that is used in place of one; empty where that one is used itself, or nobody has settled it.
func (c *compiler) usedInstead(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	for _, k := range c.p.conflicts {
		if slices.Contains(k.Readings, n.Text) && k.Use != n.Text && k.Use != "ask" {
			return k.Use
		}
	}
	return ""
}

// unusedReadings reports readings that no rule belongs to.
func (c *compiler) unusedReadings() {
	for _, k := range c.p.conflicts {
		for _, r := range k.Readings {
			if !c.used[r] {
				c.Add(SeverityError, k.Line, k.Col, "no rule belongs to the reading %q of %q; mark one with `reading: %s`", r, k.ID, r)
			}
		}
	}
}
