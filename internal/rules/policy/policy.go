package policy

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Policy is one compiled document. It is immutable and safe for concurrent use; slices that its methods return are shared
// and must not be changed.
type Policy struct {
	file        string
	name        string
	vendor      string
	effective   int64
	date        string
	zone        string
	home        string
	dates       calendar.Zone
	supplements string
	hold        string
	terms       []Term

	clauses     []Clause
	clauseIndex map[string]int

	levels         []Level
	categories     []Category
	plans          []Plan
	severities     []SeverityLevel
	responsibility []ResponsibilityRow
	calendars      []Calendar
	hours          []HoursRule
	coverage       []CoverageRule
	offers         []Offer
	statuses       []Status
	events         []EventType
	clocks         []Clock
	information    []Information
	gates          []Gate
	allowances     []Allowance
	products       []Product
	lifecycles     []Lifecycle
	asksReleases   bool
	updates        *Updates
	promises       []Promise
	channels       []Channel
	languages      []Language
	addons         []Addon
	maintenance    []Maintenance

	declared  []DeclaredFact
	derived   []Derived
	conflicts []Conflict
	setBy     string
	changedBy []string
	ordered   bool // the customer's own priority is shown
	space     fact.Space
	combined  map[combination]Calendar
	asks      []string         // events that conditions look for
	looked    [fact.Slots]bool // facts that a rule looks at
	source    *document.Document
	agreed    agreements
	keeps     []Keep

	negotiable []Negotiable
	byContract map[string]bool // ids of rules that a contract put there
	sites      []Site
	sets       map[string]*calendar.Holidays // under `holidays`
	made       workshop

	countsAgreedDays bool // business days are counted on hours that contracts name
}

// combination is a chosen calendar with the `add` rules that hold.
type combination struct {
	base int
	adds uint64
}

// Term is a defined term of the glossary.
type Term struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	Clause  string `json:"clause"`
}

// Place is where a definition or rule stands in the document. Clause is the anchor of its heading.
type Place struct {
	Clause string `json:"clause"`
	Line   int    `json:"line"`
	Col    int    `json:"-"`
	// Contract says that the terms of a contract put it there; Line and Col are of those terms then, Clause is the one that
	// allows them.
	Contract bool `json:"contract,omitempty"`
}

// Rule is what all rules share: a name that other rules and reasons use, a place, a condition, and its plain wording.
type Rule struct {
	Place
	ID   string
	When fact.Condition
	Text string // the condition as it follows "when" in a sentence; empty when the rule always holds
	// Label is the condition in few words, for the head of a row: "Premium, Critical, by phone"; empty when the rule always
	// holds.
	Label string
	says  string // the author's own sentence, or empty
}

// Says is the author's own sentence that takes the place of one made of the rule, or empty.
func (r *Rule) Says() string { return r.says }

// Because says what follows from the rule and why: the author's sentence, or a made one.
func (r *Rule) Because(what string) string {
	switch {
	case r.says != "":
		return r.says
	case r.Text == "":
		return what + "."
	}
	return what + ", because " + r.Text + "."
}

// Level is one rung of the ladder, lowest first.
type Level struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Effort      string   `json:"effort,omitempty"` // best-effort, or empty
	EscalatesTo string   `json:"escalates_to,omitempty"`
	OpenedBy    []string `json:"opened_by,omitempty"` // level ids and monitoring; empty: everybody who is served
	Place

	OpenedByLevels     uint64 `json:"-"` // bit i: the level with index i
	OpenedByMonitoring bool   `json:"-"`
	Next               int    `json:"-"` // index of EscalatesTo, -1 for none
	OpenedSentence     string `json:"-"`
}

// Category says what a request is about. Level is empty when it is judged as the lowest level; Answer is empty when the
// category excludes nothing.
type Category struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Level  string   `json:"level,omitempty"`
	Answer string   `json:"answer,omitempty"`
	Offers []string `json:"offers,omitempty"` // the ways on
	Duty   bool     `json:"duty,omitempty"`
	Charge *Charge  `json:"charge,omitempty"`
	Place

	LevelIndex int `json:"-"` // -1 without a level
	says       string
}

// Plan is a support plan; the plans it builds on come nearest first.
type Plan struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	BuildsOn string   `json:"builds_on,omitempty"`
	Includes []string `json:"includes,omitempty"`
	Queue    int      `json:"queue,omitempty"`
	Answer   string   `json:"answer,omitempty"`
	Offers   []string `json:"offers,omitempty"` // the ways on
	Place

	All       []string       `json:"-"` // Includes, with those of the plans that it builds on, theirs first
	Needs     fact.Condition `json:"-"` // what a contract must have to keep the plan at its renewal
	Else      string         `json:"-"` // the plan that it falls back to, or empty
	NeedsText string         `json:"-"` // the needs as a sentence, or empty
	says      string
}

// SeverityLevel is one step of the severity scale, most severe first.
type SeverityLevel struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	Means string         `json:"means,omitempty"`
	Was   []string       `json:"was,omitempty"` // words of an earlier scale
	When  fact.Condition `json:"-"`             // where the step exists
	Place
}

// Kinds of providers and askers, as bits. ProviderKinds use the first three.
const (
	KindVendor uint8 = 1 << iota
	KindPartner
	KindCustomer
	KindEndUser
	KindMonitoring
	KindUnknown
)

// ResponsibilityRow says for one kind of product who provides each level and who may be served there.
type ResponsibilityRow struct {
	Rule
	Title string               // the kind of product in words
	Cells []ResponsibilityCell // by level index
}

// ResponsibilityCell is one level of a row. By and For are sets of kind bits; By is 0 where nobody provides the level.
type ResponsibilityCell struct {
	By      uint8
	For     uint8
	ByText  []string
	ForText []string
	Line    int

	Sentence       string // who provides the level, for whom
	Refusal        string // said to somebody whom the level does not serve
	EndUserRefusal string // said to an end user whom the level does not serve
	says           string
}

// Same reports whether two rows say the same of every level.
func (r *ResponsibilityRow) Same(other *ResponsibilityRow) bool {
	return slices.EqualFunc(r.Cells, other.Cells, func(a, b ResponsibilityCell) bool { return a.By == b.By && a.For == b.For })
}

// Calendar is one named set of open hours. The calendars always and never are calendars 0 and 1.
type Calendar struct {
	ID string `json:"id"`
	Place
	Zone  string             `json:"zone,omitempty"`
	Week  string             `json:"week,omitempty"`
	At    string             `json:"place,omitempty"` // an id under `places`, or the fact that names the place
	From  string             `json:"from,omitempty"`  // the fact that supplies zone and week
	Any   []string           `json:"any,omitempty"`
	Minus []string           `json:"minus,omitempty"`
	Words string             `json:"words"` // the open hours in plain words
	Hours *calendar.Calendar `json:"-"`     // nil where the hours rest on facts: see HoursAt

	PerWeekMs int64       `json:"per_week_ms,omitempty"` // what hours of a contract add up to in a week
	Rests     []fact.Fact `json:"-"`                     // facts that the hours are made from
	recipe    *recipe     // nil: Hours
	spans     []calendar.Span
	size      int  // how many calendars it is made of, with those of its parts
	wrong     bool // a mistake in it was reported
}

// NoCalendar is the index that stands for `use: none`.
const NoCalendar = -1

// Never is the index of the calendar that is never open.
const Never = 1

// HoursRule chooses a calendar, or adds one to the chosen.
type HoursRule struct {
	Rule
	Calendar   int // index, or NoCalendar
	Add        bool
	BestEffort bool   // outside: best-effort
	AddBit     uint64 // this rule's bit in the adds of Combined
	Sentence   string
}

// Answer is what a rule says about coverage, ordered from the mildest to the strictest.
type Answer uint8

// The answers of a coverage rule. AnswerNone belongs to a rule that only charges.
const (
	AnswerNone Answer = iota
	AnswerYes
	AnswerLimited
	AnswerBestEffort
	AnswerNo
)

func (a Answer) String() string {
	return [...]string{"", "yes", "limited", "best-effort", "no"}[a]
}

// Charge says what covered or refused work costs.
type Charge struct {
	Rate    string `json:"rate,omitempty"`
	Confirm string `json:"confirm,omitempty"`
	From    string `json:"from,omitempty"` // an allowance
}

// CoverageRule is one reason for or against coverage; the answers of categories, plans and phases are such rules too.
type CoverageRule struct {
	Rule
	Answer    Answer
	Offers    []int // indices into Offers: the ways on
	Charge    *Charge
	Overrides []int // indices of coverage rules
	Sentence  string
	Implied   bool   // comes from a category, plan or lifecycle phase
	Phase     string // the lifecycle phase that it comes from
	names     *yaml.Node
}

// Offer is a way on.
type Offer struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	To    string `json:"to,omitempty"`
	Link  string `json:"link,omitempty"`
	Place
}

// Status is a state of a request that the policy names; WaitsFor is provider, requester, third-party or empty.
type Status struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	WaitsFor string `json:"waits_for,omitempty"`
	Place
}

// EventType is an event that the policy adds to the built-in ones.
type EventType struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	By    string `json:"by,omitempty"`
	Place
}

// Clock is one promise in time.
type Clock struct {
	ID       string
	Title    string
	Starts   string
	Restarts []string
	Stops    string
	Runs     int  // calendar index, or RunsHours
	Goal     bool // a target of the desk's own, never a breach
	Pauses   []string
	Within   []TargetRule
	Choice   *choice.List // of Within; its values are indices of Targets
	Targets  []Target
	Then     []Step
	Place
}

// RunsHours as Clock.Runs means: the hours chosen for the request.
const RunsHours = -2

// TargetKind is the form of a target.
type TargetKind uint8

// The forms of a target.
const (
	TargetNone         TargetKind = iota
	TargetDuration                // Ms open milliseconds
	TargetBusinessDays            // Days times the calendar's business day
	TargetByClose                 // the closing of the Days-th open date
	TargetByTime                  // local minute Minute of the Days-th open date
	TargetEarliest                // the first of Of
	TargetLatest                  // the last of Of
)

// Target is how long a clock may run. On is the calendar it counts on, or RunsHours for the clock's own.
type Target struct {
	Kind   TargetKind
	Of     []Target // of earliest and latest
	Ms     int64
	Days   int
	Minute int
	On     int
	Text   string // as written
	Words  string // in plain words, e.g. "within 9 hours of open time"
}

// TargetRule is one entry of a clock's `within`.
type TargetRule struct {
	Rule
	Target    Target // of an entry that is one value
	Sentence  string
	Table     *choice.Table // of an entry that is a matrix
	Bands     *choice.Bands
	Sentences []string // by combination of the table or by band
}

// Said is the sentence of what was chosen.
func (r *TargetRule) Said(spot int) string {
	if spot < len(r.Sentences) {
		return r.Sentences[spot]
	}
	return r.Sentence
}

// Step is one entry of a clock's `then`. Exactly one of Percent, After and Late says when, by the time that the clock used;
// After is a duration or business days of the clock's calendar.
type Step struct {
	ID      string
	Percent int
	After   Target // of Kind TargetNone when the step does not count so
	Late    bool
	LateMs  int64

	Notify      string
	Escalate    string // a level
	SetSeverity string
	SetStatus   string
	Place
}

// Information is one thing that a request can carry.
type Information struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Type    string   `json:"type"`
	Columns []string `json:"columns,omitempty"`
	Place
}

// Requirement is one thing that a gate asks for: any of IDs, at least Min of it.
type Requirement struct {
	IDs      []string `json:"any"`
	Min      int      `json:"min"`
	Waivable bool     `json:"waivable"` // with a recorded reason
	Place
	Bits uint64 `json:"-"` // IDs as a set of the fact `provided`
}

// Gate lists what must be there before a request passes. To is submit, close or a level; From is a level or empty.
type Gate struct {
	Rule
	From, To       string
	FromIdx, ToIdx int // level indices, -1 where To or From is not a level
	Require        []Requirement
	Sentence       string
}

// Written is what the blocks of all clauses say together, as their authors wrote it; a node's Part is the index of its
// clause. It is shared and must not be changed.
func (p *Policy) Written() *yaml.Node { return p.source.Root }

// File is the name that the document was parsed under.
func (p *Policy) File() string { return p.file }

// Name is the title of the policy.
func (p *Policy) Name() string { return p.name }

// Vendor is the organisation that gives the policy.
func (p *Policy) Vendor() string { return p.vendor }

// Effective is the first instant of the policy's first day, UTC milliseconds of 00:00 in Zone.
func (p *Policy) Effective() int64 { return p.effective }

// EffectiveDate is the policy's first day, 2006-01-02.
func (p *Policy) EffectiveDate() string { return p.date }

// Zone is the zone in which the policy states its dates.
func (p *Policy) Zone() string { return p.zone }

// DateAt is the date of an instant (UTC milliseconds) in Zone.
func (p *Policy) DateAt(at int64) calendar.Date { return p.dates.Date(at) }

// HoldSentence says why the vendor has a request of which nobody knows yet who provides its support.
func (p *Policy) HoldSentence() string { return p.hold }

// Home is the zone of the vendor's home, or empty.
func (p *Policy) Home() string { return p.home }

// Supplements names the agreement that the policy supplements, or is empty.
func (p *Policy) Supplements() string { return p.supplements }

// Terms lists the defined terms in document order.
func (p *Policy) Terms() []Term { return p.terms }

// Clauses lists the clauses in document order.
func (p *Policy) Clauses() []Clause { return p.clauses }

// Clause finds a clause by its anchor.
func (p *Policy) Clause(id string) (Clause, bool) {
	i, ok := p.clauseIndex[id]
	if !ok {
		return Clause{}, false
	}
	return p.clauses[i], true
}

// Levels lists the ladder, lowest first.
func (p *Policy) Levels() []Level { return p.levels }

// Level finds a level.
func (p *Policy) Level(id string) (Level, bool) {
	return find(p.levels, func(l Level) bool { return l.ID == id })
}

// LowestLevel is the id of the first rung.
func (p *Policy) LowestLevel() string { return p.levels[0].ID }

// NextLevel is the rung that a level escalates to.
func (p *Policy) NextLevel(id string) (string, bool) {
	l, ok := p.Level(id)
	return l.EscalatesTo, ok && l.EscalatesTo != ""
}

// Categories lists the request categories in document order.
func (p *Policy) Categories() []Category { return p.categories }

// Category finds a category.
func (p *Policy) Category(id string) (Category, bool) {
	return find(p.categories, func(c Category) bool { return c.ID == id })
}

// Plans lists the support plans.
func (p *Policy) Plans() []Plan { return p.plans }

// Severities lists the severity scale, most severe first.
func (p *Policy) Severities() []SeverityLevel { return p.severities }

// Information lists what a request can be asked for.
func (p *Policy) Information() []Information { return p.information }

// Offers lists the ways on.
func (p *Policy) Offers() []Offer { return p.offers }

// Offer finds a way on.
func (p *Policy) Offer(id string) (Offer, bool) {
	return find(p.offers, func(o Offer) bool { return o.ID == id })
}

// Statuses lists the states that the policy adds.
func (p *Policy) Statuses() []Status { return p.statuses }

// Events lists the events that the policy adds to the built-in ones.
func (p *Policy) Events() []EventType { return p.events }

// EventWords says when an event happens, as it follows a time: "when the request arrived".
func (p *Policy) EventWords(id string) string {
	switch id {
	case "created":
		return "when the request arrived"
	case "complete":
		return "when everything that was asked for was there"
	case "assigned":
		return "when somebody took the request"
	case "first-reply":
		return "with the first answer"
	case "public-update":
		return "with an update to the requester"
	case "customer-replied":
		return "when the requester answered"
	case "waits-for-requester":
		return "when it was the requester's turn"
	case "escalated":
		return "when the request was handed to the next level"
	case "level-entered":
		return "when the request came to its level"
	case "severity-changed":
		return "when the severity was changed"
	case "workaround-given":
		return "when a work-around was given"
	case "solved":
		return "when the request was solved"
	case "reopened":
		return "when the request was opened again"
	case "closed":
		return "when the request was closed"
	case "paged":
		return "when somebody was paged"
	case "acknowledged":
		return "when the page was answered"
	case "on-site":
		return "on arrival on site"
	}
	if e, ok := find(p.events, func(e EventType) bool { return e.ID == id }); ok && e.Title != "" {
		return "with \"" + e.Title + "\""
	}
	return "with \"" + id + "\""
}

// TargetWords says a target in words: "within 9 hours of open time".
func (p *Policy) TargetWords(t *Target) string {
	if t.Words != "" {
		return t.Words
	}
	return t.Text
}

// Hears reports whether a clock starts, restarts or stops at an event, or a rule asks if it happened.
func (p *Policy) Hears(event string) bool {
	return p.LooksBack(event) || slices.ContainsFunc(p.clocks, func(k Clock) bool {
		return k.Starts == event || k.Stops == event || slices.Contains(k.Restarts, event)
	})
}

// LooksBack reports whether a rule of the policy asks if an event happened, so that the event changes what it decides.
func (p *Policy) LooksBack(event string) bool { return slices.Contains(p.asks, event) }

// ClockDefs lists the clocks.
func (p *Policy) ClockDefs() []Clock { return p.clocks }

// Gates lists the gates in document order.
func (p *Policy) Gates() []Gate { return p.gates }

// Allowances lists quotas and prepaid blocks.
func (p *Policy) Allowances() []Allowance { return p.allowances }

// Updates is the block on new releases, or nil.
func (p *Policy) Updates() *Updates { return p.updates }

// Promises lists the measures that the policy holds itself to.
func (p *Policy) Promises() []Promise { return p.promises }

// ResponsibilityRows lists who provides what, for the matrix on the page.
func (p *Policy) ResponsibilityRows() []ResponsibilityRow { return p.responsibility }

// Calendars lists the calendars; always and never come first.
func (p *Policy) Calendars() []Calendar { return p.calendars }

// Hours lists the rules that choose among the calendars.
func (p *Policy) Hours() []HoursRule { return p.hours }

// Combined returns a chosen calendar united with the add rules of hours whose bits are set.
func (p *Policy) Combined(base int, adds uint64) Calendar {
	if adds == 0 {
		return p.calendars[base]
	}
	return p.combined[combination{base, adds}]
}

// CoverageRules lists all coverage rules, those implied by categories, plans and phases last.
func (p *Policy) CoverageRules() []CoverageRule { return p.coverage }

// ProductTypes lists the product types that the responsibility matrix knows.
func (p *Policy) ProductTypes() []string { return p.space.Of(fact.ProductType).Words }

// Word returns the number of a word in the vocabulary of a fact, and false when the policy does not know it.
func (p *Policy) Word(f fact.Fact, word string) (int, bool) {
	i, ok := p.space.Of(f).Index(word)
	return i, ok
}

// Facts is every fact that the policy can look at.
func (p *Policy) Facts() *fact.Space { return &p.space }

// Words lists the vocabulary of a fact; closed says that no other word is allowed.
func (p *Policy) Words(f fact.Fact) (words []string, closed bool) {
	v := p.space.Of(f)
	return v.Words, v.Closed
}

func find[T any](list []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}
