package coverage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// FieldError is a mistake in one field of a situation. Path is dotted, e.g. requester.kind.
type FieldError struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Line    int    `json:"-"`
	Col     int    `json:"-"`
}

func (e FieldError) Error() string { return e.Path + ": " + e.Message }

// instant, date and span mark how a number or text is written.
type (
	instant struct{ ms *int64 }
	date    struct{ text *string }
	span    struct{ ms **int64 }
	version struct{ text *string }
	terms   struct{ text *string }
)

// fields lists every field that may be written, in the order of writing. Fields of a group stand together.
func (s *Situation) fields() []fieldAt {
	a, c, v, r, i := &s.Account, &s.Contract, &s.Version, &s.Requester, &s.Impact
	return []fieldAt{
		{"at", instant{&s.At}}, {"arrived", instant{&s.Arrived}},
		{"plan", &s.Plan}, {"addon", &s.Addons}, {"severity", &s.Severity}, {"severity_asked", &s.SeverityAsked},
		{"priority", &s.Priority}, {"category", &s.Category}, {"level", &s.Level}, {"level_done", &s.LevelDone},
		{"channel", &s.Channel}, {"language", &s.Language}, {"status", &s.Status}, {"waiting_on", &s.WaitingOn},
		{"provided", &s.Provided}, {"waived", &s.Waived}, {"amounts", &s.Amounts}, {"has_open_request", &s.HasOpenRequest}, {"lead_time", span{&s.LeadTimeMs}},
		{"support_via", &s.SupportVia},
		{"account.region", &a.Region}, {"account.country", &a.Country}, {"account.kind", &a.Kind}, {"account.partner", &a.Partner},
		{"account.partner_levels", &a.PartnerLevels}, {"account.place", &a.Place}, {"account.office", &a.Office},
		{"contract.provides", &c.Provides}, {"contract.signed", date{&c.Signed}}, {"contract.starts", date{&c.Starts}},
		{"contract.ends", date{&c.Ends}}, {"contract.renews", date{&c.Renews}}, {"contract.terms", terms{&c.Terms}}, {"contract.in_force", &c.InForce},
		{"contract.maintenance_active", &c.MaintenanceActive}, {"contract.new_releases", &c.NewReleases}, {"contract.extended", &c.Extended}, {"contract.hours", &c.Hours},
		{"contract.subscriptions", &c.Subscriptions}, {"contract.users", &c.Users}, {"contract.fte", &c.FTE},
		{"product.id", &s.Product.ID}, {"product.type", &s.Product.Type}, {"product.deployment", &s.Product.Deployment},
		{"version.id", version{&v.ID}}, {"version.track", &v.Track}, {"version.released", date{&v.Released}}, {"version.until", date{&v.Until}},
		{"version.phase", &v.Phase}, {"version.releases", &v.Releases}, {"version.dependency", versions{&v.Dependency}},
		{"version.dependency_releases", &v.DependencyReleases},
		{"requester.kind", &r.Kind}, {"requester.named", &r.Named}, {"requester.org_known", &r.OrgKnown}, {"requester.levels", &r.Levels},
		{"impact.users", &i.Users}, {"impact.all_users", &i.AllUsers}, {"impact.production", &i.Production},
		{"impact.workaround", &i.Workaround}, {"impact.data_loss", &i.DataLoss},
		{"bought", &s.Bought}, {"used", &s.Used}, {"asked", &s.Asked}, {"carried", &s.Carried}, {"events", &s.Events},
	}
}

// Fields lists the paths of a situation that can be written.
func Fields() []string {
	var s Situation
	var paths []string
	for _, f := range s.fields() {
		paths = append(paths, f.path)
	}
	return paths
}

type fieldAt struct {
	path string
	into any
}

// ParseSituation reads a situation in YAML or JSON, nested or with dotted keys. Words are checked against the policy.
// Fields with mistakes are left out of the Situation, which is never nil.
func ParseSituation(p *policy.Policy, data []byte) (*Situation, []FieldError) {
	root, mistake := yaml.Parse(data)
	if mistake != nil {
		return &Situation{}, []FieldError{{Message: mistake.Message, Line: mistake.Line, Col: mistake.Col}}
	}
	return situationFrom(p, root)
}

func situationFrom(p *policy.Policy, nodes ...*yaml.Node) (*Situation, []FieldError) {
	s := &Situation{}
	r := &reader{p: p, s: s, fields: s.fields()}
	for _, n := range nodes {
		r.seen, r.seenDeclared = map[string]bool{}, map[string]bool{}
		r.read("", n)
	}
	return s, r.errors
}

type reader struct {
	p      *policy.Policy // nil: words are not checked
	fields []fieldAt
	s      *Situation
	seen   map[string]bool

	seenDeclared map[string]bool
	errors       []FieldError
}

func (r *reader) fail(path string, n *yaml.Node, format string, args ...any) {
	r.errors = append(r.errors, FieldError{Path: path, Message: fmt.Sprintf(format, args...), Line: n.Line, Col: n.Col})
}

func (r *reader) read(prefix string, n *yaml.Node) {
	switch n.Kind {
	case yaml.Null:
		return
	case yaml.Map:
	default:
		r.fail(strings.TrimSuffix(prefix, "."), n, "expected a map of facts, found %v", n.Kind)
		return
	}
	for i, key := range n.Keys {
		path, value := prefix+key.Text, n.Values[i]
		at := slices.IndexFunc(r.fields, func(f fieldAt) bool { return f.path == path })
		switch {
		case at >= 0 && r.seen[path]:
			r.fail(path, key, "given twice")
		case at >= 0:
			r.seen[path] = true
			r.set(path, r.fields[at].into, value)
		case prefix == "" && r.group(path) && value.Kind != yaml.Scalar:
			r.read(path+".", value)
		case prefix == "" && r.declared(key, value):
		default:
			r.unknown(path, key)
		}
	}
}

func (r *reader) group(name string) bool {
	return slices.ContainsFunc(r.fields, func(f fieldAt) bool { return strings.HasPrefix(f.path, name+".") })
}

func (r *reader) unknown(path string, key *yaml.Node) {
	if f, ok := fact.ByName(path); ok {
		r.fail(path, key, "%s is worked out by the policy and cannot be given", f)
		return
	}
	var known []string
	for _, f := range r.fields {
		known = append(known, f.path)
	}
	if near := document.Nearest(path, known); near != "" {
		r.fail(path, key, "unknown fact; did you mean %q?", near)
		return
	}
	r.fail(path, key, "unknown fact")
}

// set writes one field. A null makes the field unknown again.
func (r *reader) set(path string, into any, n *yaml.Node) {
	switch v := into.(type) {
	case *string:
		*v = r.word(path, n)
	case version:
		*v.text = r.scalar(path, n)
	case terms:
		*v.text = r.terms(path, n)
	case *Tri:
		*v = r.tri(path, n)
	case **int64:
		*v = r.number(path, n)
	case *[]string:
		*v = r.list(path, n)
	case instant:
		*v.ms = r.instant(path, n)
	case date:
		*v.text = r.date(path, n)
	case span:
		*v.ms = r.amount(path, n)
	case *map[string]string:
		*v = r.provides(path, n)
	case *map[string]int64:
		*v = r.amounts(path, n)
	case *Releases:
		*v = r.releases(path, n)
	case versions:
		*v.of = r.dependency(path, n)
	case *map[string]Releases:
		*v = r.dependencyReleases(path, n)
	case *[]Event:
		*v = r.events(path, n)
	case *Place:
		*v = r.place(path, n)
	case *AgreedHours:
		*v = r.agreed(path, n)
	}
}

func (r *reader) scalar(path string, n *yaml.Node) string {
	if n.Kind == yaml.Null {
		return ""
	}
	if n.Kind != yaml.Scalar {
		r.fail(path, n, "expected one value, found %v", n.Kind)
		return ""
	}
	return n.Text
}

func (r *reader) word(path string, n *yaml.Node) string {
	word := r.scalar(path, n)
	if word == "ask" {
		if f, ok := fact.ByName(path); ok && r.p != nil {
			if _, named := r.p.Word(f, word); !named {
				return "" // the word for what is not known
			}
		}
	}
	if r.known(path, word, n) {
		return word
	}
	return ""
}

// known checks a word against the vocabulary of its fact.
func (r *reader) known(path, word string, at *yaml.Node) bool {
	if word == "" || r.p == nil {
		return true
	}
	name := path
	if path == "waived" || path == "amounts" {
		name = "provided"
	}
	if path == "account.partner_levels" {
		name = "requester.levels"
	}
	f, ok := fact.ByName(name)
	if !ok {
		return true
	}
	words, closed := r.p.Words(f)
	if f == fact.Severity || f == fact.SeverityAsked {
		word = r.p.SeverityNow(word)
	}
	if _, found := r.p.Word(f, word); found || !closed {
		return true
	}
	what := strings.ReplaceAll(strings.ReplaceAll(name, ".", " "), "_", " ")
	if near := document.Nearest(word, words); near != "" {
		r.fail(path, at, "no %s %q; did you mean %q?", what, word, near)
	} else if len(words) > 12 {
		r.fail(path, at, "no %s %q in this policy", what, word)
	} else {
		r.fail(path, at, "no %s %q; known: %s", what, word, strings.Join(words, ", "))
	}
	return false
}

func (r *reader) tri(path string, n *yaml.Node) Tri {
	switch r.scalar(path, n) {
	case "":
	case "yes", "true":
		return Yes
	case "no", "false":
		return No
	case "ask", "unknown":
	default:
		r.fail(path, n, "expected yes or no, found %q", n.Text)
	}
	return NotKnown
}

func (r *reader) number(path string, n *yaml.Node) *int64 {
	text := r.scalar(path, n)
	if text == "" {
		return nil
	}
	i, err := strconv.ParseInt(text, 10, 53)
	if err != nil {
		r.fail(path, n, "expected a whole number, found %q", text)
		return nil
	}
	return &i
}

func (r *reader) list(path string, n *yaml.Node) []string {
	if n.Kind == yaml.Null {
		return nil
	}
	items := n.Values
	if n.Kind == yaml.Scalar {
		items = []*yaml.Node{n}
	} else if n.Kind != yaml.List {
		r.fail(path, n, "expected a list, found %v", n.Kind)
		return nil
	}
	list := []string{}
	for _, item := range items {
		if word := r.word(path, item); word != "" {
			list = append(list, word)
		}
	}
	return list
}

// instant reads RFC 3339, or UTC milliseconds.
func (r *reader) instant(path string, n *yaml.Node) int64 {
	text := r.scalar(path, n)
	if text == "" {
		return 0
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 && ms < calendar.HorizonMs {
		return ms
	}
	t, err := time.Parse(time.RFC3339, text)
	if ms := t.UnixMilli(); err == nil && ms > 0 && ms < calendar.HorizonMs {
		return ms
	}
	r.fail(path, n, "expected an instant such as 2026-11-24T08:00:00Z, found %q", text)
	return 0
}

func (r *reader) date(path string, n *yaml.Node) string {
	text := r.scalar(path, n)
	if text == "" {
		return ""
	}
	if _, err := calendar.ParseDate(text); err != nil {
		r.fail(path, n, "expected a date such as 2026-11-24, found %q", text)
		return ""
	}
	return text
}

// amount reads a count, or a duration in milliseconds.
func (r *reader) amount(path string, n *yaml.Node) *int64 {
	text := r.scalar(path, n)
	if text == "" {
		return nil
	}
	if i, err := strconv.ParseInt(text, 10, 53); err == nil {
		return &i
	}
	ms, err := wording.ParseDuration(text)
	if err != nil {
		r.fail(path, n, "%v", err)
		return nil
	}
	return &ms
}

func (r *reader) pairs(path string, n *yaml.Node) bool {
	if n.Kind != yaml.Map && n.Kind != yaml.Null {
		r.fail(path, n, "expected a map, found %v", n.Kind)
	}
	return n.Kind == yaml.Map
}

func (r *reader) provides(path string, n *yaml.Node) map[string]string {
	if !r.pairs(path, n) {
		return nil
	}
	m := map[string]string{}
	for i, key := range n.Keys {
		if org := r.scalar(path+"."+key.Text, n.Values[i]); r.known("level", key.Text, key) && org != "" {
			m[key.Text] = org
		}
	}
	return m
}

func (r *reader) amounts(path string, n *yaml.Node) map[string]int64 {
	if !r.pairs(path, n) {
		return nil
	}
	m := map[string]int64{}
	for i, key := range n.Keys {
		if path == "amounts" {
			if !r.known(path, key.Text, key) {
				continue
			}
		} else if r.p != nil && !slices.ContainsFunc(r.p.Allowances(), func(a policy.Allowance) bool { return a.ID == key.Text }) {
			r.fail(path+"."+key.Text, key, "no allowance %q in this policy", key.Text)
			continue
		}
		if amount := r.amount(path+"."+key.Text, n.Values[i]); amount != nil {
			m[key.Text] = *amount
		}
	}
	return m
}

func (r *reader) events(path string, n *yaml.Node) []Event {
	if n.Kind == yaml.Null {
		return nil
	}
	if n.Kind != yaml.List {
		r.fail(path, n, "expected a list of {at, event}, found %v", n.Kind)
		return nil
	}
	var list []Event
	for i, item := range n.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !r.pairs(at, item) {
			continue
		}
		var e Event
		for k, key := range item.Keys {
			switch key.Text {
			case "at":
				e.At = r.instant(at+".at", item.Values[k])
			case "event":
				e.Name = r.scalar(at+".event", item.Values[k])
			case "value":
				e.Value = r.scalar(at+".value", item.Values[k])
			case "by":
				e.By = r.scalar(at+".by", item.Values[k])
			default:
				r.fail(at+"."+key.Text, key, "unknown key; an event has at, event, value and by")
			}
		}
		if e.At == 0 || e.Name == "" {
			r.fail(at, item, "an event needs `at` and `event`")
			continue
		}
		if r.checkEvent(at, item, &e) {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	return list
}

// checkEvent checks an event's name, and the word that it carries.
func (r *reader) checkEvent(at string, n *yaml.Node, e *Event) bool {
	if r.p == nil {
		return true
	}
	known := policy.BuiltinEvents()
	for _, own := range r.p.Events() {
		known = append(known, own.ID)
	}
	switch {
	case slices.Contains(known, e.Name):
		path := map[string]string{"level-entered": "level", "severity-changed": "severity", "waits-for-requester": "status"}[e.Name]
		return path == "" || r.known(path, e.Value, n)
	case followsEvents(r.p, e.Name):
		if d, ok := r.p.DeclaredFact(e.Name); ok {
			words := []string{e.Value}
			if d.Type == "set" {
				words = strings.Split(e.Value, setSeparator)
			}
			for _, w := range words {
				if err := checkDeclared(r.p, &d, w); err != nil {
					r.fail(at, n, "%v", err)
					return false
				}
			}
		}
		return r.known(e.Name, e.Value, n)
	}
	r.fail(at, n, "no event %q%s", e.Name, document.DidYouMean(e.Name, known))
	return false
}

// MarshalJSON writes the known facts, nested, in a fixed order. ParseSituation reads them back.
func (s Situation) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	group := ""
	for _, f := range s.fields() {
		value, ok := fieldValue(f.into)
		if !ok {
			continue
		}
		g, name := "", f.path
		if dot := strings.IndexByte(f.path, '.'); dot >= 0 {
			g, name = f.path[:dot], f.path[dot+1:]
		}
		if group != "" && g != group {
			b.WriteByte('}')
		}
		if c := b.Bytes()[b.Len()-1]; c != '{' {
			b.WriteByte(',')
		}
		if g != "" && g != group {
			fmt.Fprintf(&b, "%q:{", g)
		}
		group = g
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("situation: %s: %w", f.path, err)
		}
		fmt.Fprintf(&b, "%q:%s", name, text)
	}
	if group != "" {
		b.WriteByte('}')
	}
	if err := s.writeDeclared(&b); err != nil {
		return nil, err
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, without checking words against a policy.
func (s *Situation) UnmarshalJSON(data []byte) error {
	read, errs := ParseSituation(nil, data)
	if len(errs) > 0 {
		return errs[0]
	}
	*s = *read
	return nil
}

// fieldValue returns what a field is written as, and false when it is not known.
func fieldValue(into any) (any, bool) {
	switch v := into.(type) {
	case *string:
		return *v, *v != ""
	case version:
		return *v.text, *v.text != ""
	case date:
		return *v.text, *v.text != ""
	case terms:
		return json.RawMessage(*v.text), *v.text != ""
	case *Tri:
		return *v == Yes, *v != NotKnown
	case **int64:
		return *v, *v != nil
	case span:
		if *v.ms == nil {
			return nil, false
		}
		return wording.FormatDuration(**v.ms), true
	case instant:
		return time.UnixMilli(*v.ms).UTC().Format("2006-01-02T15:04:05.999Z07:00"), *v.ms != 0
	case *[]string:
		return *v, *v != nil
	case *map[string]string:
		return *v, len(*v) > 0
	case *map[string]int64:
		return *v, len(*v) > 0
	case *[]Event:
		return eventsOut(*v), len(*v) > 0
	case *Place:
		return placeValueOut(*v), v.Known()
	case *AgreedHours:
		return agreedValueOut(*v), v.Zone != ""
	case *Releases:
		return v.plain(), *v != nil
	case versions:
		return *v.of, len(*v.of) > 0
	case *map[string]Releases:
		return plainReleases(*v), len(*v) > 0
	}
	return nil, false
}

type eventOut struct {
	At    string `json:"at"`
	Event string `json:"event"`
	Value string `json:"value,omitempty"`
	By    string `json:"by,omitempty"`
}

func eventsOut(events []Event) []eventOut {
	list := make([]eventOut, len(events))
	for i, e := range events {
		list[i] = eventOut{time.UnixMilli(e.At).UTC().Format("2006-01-02T15:04:05.999Z07:00"), e.Name, e.Value, e.By}
	}
	return list
}

// noNumber is the value of a number that the asker did not give: known, and inside no range.
const noNumber = math.MinInt64

// facts fills the flat record with what is known before any stage has run.
func (s *Situation) facts(p *policy.Policy, f *fact.Record) {
	word := func(slot fact.Fact, word string) {
		if word == "" {
			return
		}
		n := -1
		if i, ok := p.Word(slot, word); ok {
			n = i
		}
		f.V[slot] = fact.Value{Known: true, N: int64(n)}
	}
	orWord := func(slot fact.Fact, given, otherwise string) {
		if given == "" {
			given = otherwise
		}
		word(slot, given)
	}
	word(fact.Plan, s.Plan)
	word(fact.Severity, p.SeverityNow(s.Severity))
	orWord(fact.SeverityAsked, p.SeverityNow(s.SeverityAsked), "none")
	orWord(fact.Category, s.Category, "none")
	orWord(fact.LevelDone, s.LevelDone, "none")
	word(fact.Channel, s.Channel)
	s.languageFact(p, f)
	orWord(fact.Status, s.Status, "open")
	orWord(fact.WaitingOn, s.WaitingOn, "provider")
	orWord(fact.SupportVia, s.SupportVia, "vendor")
	word(fact.AccountRegion, s.Account.Region)
	word(fact.AccountCountry, s.Account.Country)
	word(fact.AccountKind, s.Account.Kind)
	orWord(fact.AccountPartner, s.Account.Partner, "none")
	word(fact.ProductID, s.Product.ID)
	word(fact.ProductType, s.Product.Type)
	word(fact.Deployment, s.Product.Deployment)
	word(fact.VersionID, s.Version.ID)
	orWord(fact.VersionTrack, s.Version.Track, "main")
	if s.Requester.Kind != "unknown" {
		word(fact.RequesterKind, s.Requester.Kind)
	}
	f.V[fact.Addon] = setOf(p, fact.Addon, s.Addons)
	f.V[fact.Provided] = setOf(p, fact.Provided, s.Provided)
	f.V[fact.RequesterLevels] = setOf(p, fact.RequesterLevels, s.Requester.Levels)
	s.numericFacts(f)
	s.placeFacts(p, f)
	s.declaredFacts(p, f)
	s.versionFacts(p, f)
}

// languageFact settles the language by the word that the policy has for it: its tag, or the first part of that.
func (s *Situation) languageFact(p *policy.Policy, f *fact.Record) {
	tag := s.Language
	if tag == "" {
		tag = DefaultLanguage
	}
	word, ok := p.Word(fact.Language, tag)
	if !ok {
		primary, _, _ := strings.Cut(tag, "-")
		if word, ok = p.Word(fact.Language, primary); !ok {
			word = -1
		}
	}
	f.V[fact.Language] = fact.Value{Known: true, N: int64(word)}
}

func (s *Situation) numericFacts(f *fact.Record) {
	if s.At != 0 {
		f.V[fact.At] = fact.Value{Known: true, N: s.At}
	}
	f.V[fact.Arrived] = f.V[fact.At]
	if s.Arrived != 0 {
		f.V[fact.Arrived] = fact.Value{Known: true, N: s.Arrived}
	}
	tri := func(slot fact.Fact, t Tri) {
		if t != NotKnown {
			f.V[slot] = fact.Value{Known: true, N: int64(t - No)}
		}
	}
	no := func(t Tri) Tri { return max(t, No) }
	number := func(slot fact.Fact, n *int64) {
		if n != nil {
			f.V[slot] = fact.Value{Known: true, N: *n}
		}
	}
	day := func(slot fact.Fact, text string) {
		if text == "" {
			return
		}
		if d, err := calendar.ParseDate(text); err == nil {
			f.V[slot] = fact.Value{Known: true, N: int64(d)}
		}
	}
	c, i := &s.Contract, &s.Impact
	f.V[fact.Priority] = fact.Value{Known: true, N: noNumber}
	number(fact.Priority, s.Priority)
	tri(fact.HasOpenRequest, no(s.HasOpenRequest))
	number(fact.LeadTime, s.LeadTimeMs)
	day(fact.ContractSigned, c.Signed)
	day(fact.ContractStarts, c.Starts)
	day(fact.ContractEnds, c.Ends)
	day(fact.ContractRenews, c.Renews)
	tri(fact.ContractInForce, c.InForce)
	tri(fact.MaintenanceActive, c.MaintenanceActive)
	tri(fact.NewReleases, c.NewReleases)
	tri(fact.ContractExtended, no(c.Extended))
	number(fact.Subscriptions, c.Subscriptions)
	number(fact.Users, c.Users)
	number(fact.FTE, c.FTE)
	day(fact.VersionReleased, s.Version.Released)
	day(fact.VersionUntil, s.Version.Until)
	tri(fact.RequesterNamed, s.Requester.Named)
	tri(fact.OrgKnown, s.Requester.OrgKnown)
	number(fact.ImpactUsers, i.Users)
	tri(fact.ImpactAllUsers, i.AllUsers)
	tri(fact.ImpactProduction, i.Production)
	tri(fact.ImpactWorkaround, i.Workaround)
	tri(fact.ImpactDataLoss, i.DataLoss)
}

func setOf(p *policy.Policy, slot fact.Fact, words []string) fact.Value {
	v := fact.Value{Known: true}
	for _, w := range words {
		if i, ok := p.Word(slot, w); ok && i < 64 {
			v.N |= 1 << i
		}
	}
	return v
}
