package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/period"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Allowance is a quota, a block of prepaid hours or a number of contacts.
type Allowance struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Counts     string   `json:"counts"`
	Category   []string `json:"category,omitempty"`
	Each       string   `json:"each,omitempty"`
	Starts     string   `json:"starts,omitempty"`
	Bought     bool     `json:"bought,omitempty"`
	StepMs     int64    `json:"step_ms,omitempty"` // for other counts than time, a number
	Round      string   `json:"round,omitempty"`
	Per        string   `json:"per,omitempty"`
	Named      string   `json:"named,omitempty"`
	Sheets     string   `json:"sheets,omitempty"`
	Warn       []int    `json:"warn,omitempty"` // percent used, lowest first
	Unused     string   `json:"unused,omitempty"`
	OverAnswer string   `json:"over_answer,omitempty"`
	Place

	RuleID    string         `json:"-"` // how reasons name it: `allowance contacts`
	Exhausted string         `json:"-"` // the sentence that says why nothing more is allowed
	Sentence  string         `json:"-"` // what the allowance is
	Of        fact.Condition `json:"-"`
	Limit     *choice.List   `json:"-"` // what is granted; nil: nothing beside what is bought. Its values may be Unlimited
	Limits    []Rule         `json:"-"` // the entries of Limit
	Kind      CountKind      `json:"-"`
	Word      int            `json:"-"` // of the category that CountCategory counts
	Period    period.Each    `json:"-"`
	StartDay  period.Day     `json:"-"` // of the periods, unless StartsContract
	Contract  bool           `json:"-"` // periods start on the contract's anniversary
	Keep      int            `json:"-"` // for how many further periods an unused amount lives on; -1: it lapses, 0: for ever
	Change    *Target        `json:"-"` // how long it takes to change who is counted
	Offers    []int          `json:"-"` // the ways on when nothing is left, indices into Offers
	Charge    *Charge        `json:"-"` // what is done beyond the limit costs, when OverAnswer is charge
	says      string
}

// CountKind is what an allowance counts.
type CountKind uint8

// What an allowance can count.
const (
	CountTime CountKind = iota // milliseconds
	CountPoints
	CountContacts // people whom the customer has named
	CountRequests
	CountOpenRequests
	CountCategory
	CountEvent
)

// countWords are the words of `counts` beside categories and events.
var countWords = []string{"time", "points", "named-contacts", "requests", "open-requests"}

// Consumes reports whether a request uses some of the allowance by being made; contacts, points and events are used otherwise.
func (a *Allowance) Consumes() bool {
	return a.Kind == CountTime || a.Kind == CountRequests || a.Kind == CountOpenRequests || a.Kind == CountCategory
}

func (c *compiler) allowances() {
	c.entries("allowances", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "an allowance") {
			return
		}
		known := []string{"title", "counts", "is", "of", "each", "starts", "bought", "step", "round", "per", "named", "sheets", "warn", "unused", "change", "over", "says"}
		c.Only(n, "allowances."+key.Text, known, nil)
		a := Allowance{ID: key.Text, RuleID: "allowance " + key.Text, Title: c.titleOf(key, n), Counts: c.Required(n, "counts", "allowance "+key.Text), Bought: c.Yes(n, "bought"),
			Round: c.Choice(n, "round", "up", "nearest", "down"), Per: c.Choice(n, "per", "entry", "day", "request"), Named: c.Text(n, "named"), Sheets: c.Text(n, "sheets"),
			Place: c.place(key), Keep: -1, says: c.says(n)}
		c.counted(&a, n)
		c.periods(&a, n)
		c.amounts(&a, n)
		c.beyond(&a, n)
		c.granted(&a, key, n)
		a.Of.For = c.tests(n.Get("of"), "allowances."+key.Text, fact.StageGates)
		a.Category = c.Strings(n.Get("of"), "category")
		a.Exhausted = or(a.says, c.exhaustedSentence(&a))
		a.Sentence = c.allowanceSentence(&a)
		c.p.allowances = append(c.p.allowances, a)
	})
}

// granted reads `is`, the limit: a list of rules, or one amount for all.
func (c *compiler) granted(a *Allowance, key, n *yaml.Node) {
	is := n.Get("is")
	if is == nil {
		if !a.Bought {
			c.ErrorAt(key, "allowance %s needs `is`, how much is allowed, or `bought: yes`", a.ID)
		}
		return
	}
	if is.Kind == yaml.Scalar {
		one := *is
		rule := &yaml.Node{Kind: yaml.Map, Line: is.Line, Col: is.Col, Part: is.Part, Values: []*yaml.Node{&one}}
		rule.Keys = []*yaml.Node{{Kind: yaml.Scalar, Text: "is", Line: is.Line, Col: is.Col, Part: is.Part}}
		is = &yaml.Node{Kind: yaml.List, Line: is.Line, Col: is.Col, Part: is.Part, Values: []*yaml.Node{rule}}
	}
	typ := fact.TypeNumber
	if a.Kind == CountTime {
		typ = fact.TypeDuration
	}
	path := "allowances." + a.ID + ".is"
	a.Limit, a.Limits = c.chooseList(is, path, path, fact.StageGates, cells{calc: true, typ: typ, read: func(n *yaml.Node) (int64, bool) {
		switch n.Text {
		case "unlimited":
			return Unlimited, false
		case "none":
			return 0, true
		}
		v, _ := c.amount(a, n)
		return v, false
	}})
}

// counted reads what an allowance counts: a built-in word, a category or an event.
func (c *compiler) counted(a *Allowance, n *yaml.Node) {
	at := n.Get("counts")
	if at == nil {
		return
	}
	if word := slices.Index(countWords, a.Counts); word >= 0 {
		a.Kind = []CountKind{CountTime, CountPoints, CountContacts, CountRequests, CountOpenRequests}[word]
		return
	}
	if word, ok := c.p.Word(fact.Category, a.Counts); ok {
		a.Kind, a.Word = CountCategory, word
		return
	}
	events := append(BuiltinEvents(), names(c.p.events, func(e EventType) string { return e.ID })...)
	if a.Kind = CountEvent; !slices.Contains(events, a.Counts) {
		c.UnknownWord(at, "category, event or built-in count", slices.Concat(countWords, names(c.p.categories, func(k Category) string { return k.ID }), events))
	}
}

// periods reads `each`, `starts` and `unused`.
func (c *compiler) periods(a *Allowance, n *yaml.Node) {
	if at := n.Get("each"); at != nil && c.Is(at, yaml.Scalar, "each") && at.Text != "none" {
		var err error
		if a.Period, err = period.Parse(at.Text); err != nil {
			c.ErrorAt(at, "each: %v", err)
		}
		a.Each = at.Text
	}
	a.StartDay = period.Day{Month: 1, Day: 1}
	if at := n.Get("starts"); at != nil && c.Is(at, yaml.Scalar, "starts") {
		a.Starts = at.Text
		switch a.Starts {
		case "calendar":
		case "contract":
			a.Contract = true
		default:
			var err error
			if a.StartDay, err = period.ParseDay(at.Text); err != nil {
				c.ErrorAt(at, "starts: %v; or write calendar or contract", err)
			}
		}
		if !a.Period.Renews() {
			c.ErrorAt(at, "`starts` needs `each: month`, `quarter` or `year`; this allowance has no periods that begin")
		}
	}
	at := n.Get("unused")
	if at == nil || !c.Is(at, yaml.Scalar, "unused") {
		return
	}
	a.Unused = at.Text
	number, few := strings.CutPrefix(at.Text, "carry ")
	keep, err := strconv.Atoi(number)
	switch {
	case at.Text == "lapse":
	case at.Text == "carry":
		a.Keep = 0
	case few && err == nil && keep > 0 && keep <= 120:
		a.Keep = keep
	default:
		c.ErrorAt(at, "unused: expected lapse, carry, or for how many further periods, such as `carry 1`; found %q", at.Text)
	}
	if !a.Period.Renews() {
		c.ErrorAt(at, "`unused` needs `each: month`, `quarter` or `year`; without periods nothing is left over")
	}
}

// amounts reads step, warnings and how long a change takes.
func (c *compiler) amounts(a *Allowance, n *yaml.Node) {
	if step := n.Get("step"); step != nil {
		a.StepMs, _ = c.amount(a, step)
	}
	if a.Round != "" && a.StepMs == 0 {
		c.ErrorAt(n.Get("round"), "round: to what? add `step`, such as `step: 30m`")
	}
	for _, w := range c.Words(n.Get("warn"), "warn") {
		a.Warn = append(a.Warn, c.Percent(w)/100)
	}
	slices.Sort(a.Warn)
	if at := n.Get("change"); at != nil {
		t := c.target(at)
		if t.On == RunsHours && t.Kind != TargetNone && t.Kind != TargetDuration {
			c.ErrorAt(at, "`change: %s` needs a calendar here; write `on %s`", at.Text, c.someCalendar())
		}
		a.Change = &t
	}
}

// someCalendar is a calendar of the policy, to be written in an example.
func (c *compiler) someCalendar() string {
	if len(c.p.calendars) > 2 {
		return c.p.calendars[2].ID
	}
	return "always"
}

// amount reads one amount of an allowance: a duration for time, else a whole number.
func (c *compiler) amount(a *Allowance, n *yaml.Node) (int64, bool) {
	if a.Kind == CountTime {
		ms := c.Duration(n, "an amount of time")
		return ms, ms > 0 || n.Text == "0m" || n.Text == "0h"
	}
	if !c.Is(n, yaml.Scalar, "a number") {
		return 0, false
	}
	v, err := strconv.ParseInt(n.Text, 10, 53)
	if err != nil || v < 0 {
		c.ErrorAt(n, "expected a whole number, found %q", n.Text)
		return 0, false
	}
	return v, true
}

// beyond reads what happens at the limit.
func (c *compiler) beyond(a *Allowance, n *yaml.Node) {
	a.OverAnswer = "no"
	over := n.Get("over")
	if over == nil || !c.Is(over, yaml.Map, "over") {
		return
	}
	c.Only(over, "over", []string{"answer", "offer", "rate", "confirm"}, nil)
	if answer := c.Choice(over, "answer", "no", "charge"); answer != "" {
		a.OverAnswer = answer
	}
	a.Offers = c.offerIndices(c.waysOn(over))
	rate, confirm := c.Text(over, "rate"), c.Text(over, "confirm")
	switch {
	case a.OverAnswer == "charge":
		if rate == "" {
			rate = "beyond " + wording.Inner(a.Title)
		}
		a.Charge = &Charge{Rate: rate, Confirm: confirm}
	case rate != "" || confirm != "":
		c.ErrorAt(over, "over: a rate belongs to `answer: charge`")
	}
}

func (c *compiler) exhaustedSentence(a *Allowance) string {
	switch {
	case a.Bought:
		return "What was bought in advance does not cover this: " + wording.Inner(a.Title) + "."
	case a.Period.Use:
		return "One use may not take more than is allowed: " + wording.Inner(a.Title) + "."
	case a.Kind == CountOpenRequests:
		return "No more requests may be open at a time: " + wording.Inner(a.Title) + "."
	case a.Period.Renews() || a.Period.Days > 0:
		return "Nothing is left for this period: " + wording.Inner(a.Title) + "."
	}
	return "Nothing is left: " + wording.Inner(a.Title) + "."
}

// allowanceSentence says what is allowed, how often, and what becomes of the rest.
func (c *compiler) allowanceSentence(a *Allowance) string {
	text := a.Title + ": "
	switch {
	case a.Bought:
		text += "bought in advance"
	case a.Kind == CountContacts:
		text += "a number of named people"
	case a.Kind == CountOpenRequests:
		text += "a number of requests that may be open at a time"
	default:
		text += "a limited amount"
	}
	text += eachWords(a)
	if a.StepMs > 0 && a.Kind == CountTime {
		text += ", used up in steps of " + wording.Duration(a.StepMs)
	}
	if a.Per != "" {
		text += " for each " + a.Per
	}
	if a.Named != "" {
		text += ", answered by a " + wording.Spoken(a.Named)
	}
	if a.Sheets != "" {
		text += ", time sheets " + wording.Spoken(a.Sheets)
	}
	switch {
	case a.Keep == 0:
		text += ", and what is not used is kept"
	case a.Keep > 0:
		text += ", and what is not used is kept for " + wording.Count(int64(a.Keep), "further "+a.Each)
	case a.Unused != "":
		text += ", and what is not used lapses"
	}
	if a.Change != nil && a.Change.Kind != TargetNone {
		text += "; a change takes effect " + c.targetWords(a.Change)
	}
	return text + "."
}

func eachWords(a *Allowance) string {
	switch {
	case a.Period.Use:
		return " for each use"
	case a.Period.Days > 0:
		return " in any " + wording.Count(int64(a.Period.Days), "day")
	case !a.Period.Renews():
		return ""
	case a.Contract:
		return " in each " + a.Each + " of the contract"
	case a.StartDay != period.Day{Month: 1, Day: 1}:
		return " in each " + a.Each + ", counted from " + strconv.Itoa(a.StartDay.Day) + " " + a.StartDay.Month.String()
	}
	return " in each " + a.Each
}

func (c *compiler) readableAllowances(n *yaml.Node) []string {
	var list []string
	for _, a := range c.p.allowances {
		if n.Get(a.ID) != nil {
			list = append(list, a.Sentence+c.wayOn(a.Offers))
		}
	}
	return list
}
