package simulate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// key is one kind of change: what changes, from what to what, and by which clauses (their ids) each was so.
type key struct{ field, from, to, fromClause, toClause string }

// Fields of a Change. A clock's and an information's id follow a space.
const (
	FieldCovered    = "covered"
	FieldCharge     = "charge"
	FieldSeverity   = "severity"
	FieldLevel      = "level"
	FieldProvider   = "provider"
	FieldServed     = "served"
	FieldCalendar   = "calendar"
	FieldOpen       = "open_now"
	FieldEffort     = "effort"
	FieldOffers     = "offers"
	FieldVersion    = "version"
	FieldUnsettled  = "unsettled"
	FieldUnknown    = "unknown" // a word of the request that the draft does not have
	fieldDue        = "due "
	fieldMissing    = "missing "
	fieldAllowance  = "allowance "
	earlier         = "earlier"
	later           = "later"
	nothing         = "none"
	anotherProvider = " (another organisation)"
)

// comparison is what differs between the two decisions of one judgement.
type comparison struct {
	old, new     *policy.Policy
	before       *coverage.Decision
	after        *coverage.Decision
	keys         []key
	shift        []int64 // of a due, by key; 0 for all else
	appears      []coverage.Charge
	disappears   []coverage.Charge
	plain        []int // fields of a Decision that are compared as they are
	decisionType reflect.Type
}

// newComparison prepares what is the same for every judgement.
func newComparison() *comparison {
	c := &comparison{decisionType: reflect.TypeFor[coverage.Decision]()}
	own := []string{"Covered", "Charge", "Charges", "Severity", "Plan", "Level", "LevelWanted", "Provider", "Served", "Calendar", "OpenNow", "Effort", "Offers",
		"Clocks", "Missing", "Allowances", "Version", "Unsettled",
		// these follow from the calendar and the rules, which are compared
		"Serves", "OpensAt", "ClosesAt", "Because"}
	for i := range c.decisionType.NumField() {
		if f := c.decisionType.Field(i); !slices.Contains(own, f.Name) && f.IsExported() {
			c.plain = append(c.plain, i)
		}
	}
	return c
}

func (c *comparison) run(before, after *coverage.Decision, s *coverage.Situation) {
	c.before, c.after = before, after
	c.keys, c.shift, c.appears, c.disappears = c.keys[:0], c.shift[:0], c.appears[:0], c.disappears[:0]
	c.words(s)
	c.values()
	c.charges()
	c.clocks()
	c.lists()
	c.allowances()
	c.rest()
}

func (c *comparison) put(k key, shift int64) {
	c.keys, c.shift = append(c.keys, k), append(c.shift, shift)
}

// value notes a field whose value differs, with the reasons that have one of the effects.
func (c *comparison) value(field, from, to string, effects ...string) {
	if from == to {
		return
	}
	c.put(key{field, or(from), or(to), reason(c.before, effects), reason(c.after, effects)}, 0)
}

func or(s string) string {
	if s == "" {
		return nothing
	}
	return s
}

var answers = []string{"no", "best-effort", "limited", "yes", ""}

// reason is the clause of the first reason that counts and has one of the effects, or "".
func reason(d *coverage.Decision, effects []string) string {
	for i := range d.Because {
		r := &d.Because[i]
		effect, _, _ := strings.Cut(r.Effect, " ")
		if !r.Overridden && slices.Contains(effects, effect) {
			return r.Clause
		}
	}
	return ""
}

// words notes what the request is called by and the draft does not know.
func (c *comparison) words(s *coverage.Situation) {
	if k, was := c.old.Category(s.Category); was {
		if _, ok := c.new.Category(s.Category); !ok {
			c.put(key{FieldUnknown, "category " + k.Title, nothing, k.Clause, ""}, 0)
		}
	}
	for _, p := range c.old.Plans() {
		if p.ID == s.Plan && !slices.ContainsFunc(c.new.Plans(), func(n policy.Plan) bool { return n.ID == p.ID }) {
			c.put(key{FieldUnknown, "plan " + p.Name, nothing, p.Clause, ""}, 0)
		}
	}
}

func (c *comparison) values() {
	b, a := c.before, c.after
	c.value(FieldCovered, b.Covered, a.Covered, answers...)
	c.value(FieldSeverity, b.Severity, a.Severity, "severity")
	c.value(FieldLevel, b.Level, a.Level, "level", "provider")
	if b.Provider != a.Provider {
		to := a.Provider.Kind
		if b.Provider.Kind == to {
			to += anotherProvider
		}
		c.value(FieldProvider, b.Provider.Kind, to, "provider")
	}
	c.value(FieldServed, yes(&b.Served), yes(&a.Served), append([]string{"provider"}, answers...)...)
	c.value(FieldCalendar, b.Calendar, a.Calendar, "calendar")
	c.value(FieldOpen, yes(b.OpenNow), yes(a.OpenNow), "calendar")
	c.value(FieldEffort, b.Effort, a.Effort, append([]string{"calendar"}, answers...)...)
	if b.Version.Phase != a.Version.Phase {
		c.put(key{FieldVersion, or(b.Version.Phase), or(a.Version.Phase), lifeClause(c.old), lifeClause(c.new)}, 0)
	} else if b.Version.Until != a.Version.Until {
		c.put(key{FieldVersion, "until", due(b.Version.Until < a.Version.Until), lifeClause(c.old), lifeClause(c.new)}, 0)
	}
}

func due(isLater bool) string {
	if isLater {
		return later
	}
	return earlier
}

func yes(b *bool) string {
	switch {
	case b == nil:
		return nothing
	case *b:
		return "yes"
	}
	return "no"
}

func lifeClause(p *policy.Policy) string {
	if list := p.Lifecycles(); len(list) > 0 {
		return list[0].Clause
	}
	return ""
}

func chargesOf(d *coverage.Decision) []coverage.Charge {
	switch {
	case len(d.Charges) > 0:
		return d.Charges
	case d.Charge != nil:
		return []coverage.Charge{*d.Charge}
	}
	return nil
}

func (c *comparison) charges() {
	before, after := chargesOf(c.before), chargesOf(c.after)
	if slices.Equal(before, after) {
		return
	}
	for _, k := range before {
		if !slices.Contains(after, k) {
			c.disappears = append(c.disappears, k)
		}
	}
	for _, k := range after {
		if !slices.Contains(before, k) {
			c.appears = append(c.appears, k)
		}
	}
	c.value(FieldCharge, chargeWords(before), chargeWords(after), answers...)
}

func chargeWords(list []coverage.Charge) string {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = rateOf(k)
	}
	return strings.Join(words, ", ")
}

// rateOf is a charge in words: its rate, or the allowance that it is taken from.
func rateOf(k coverage.Charge) string {
	if k.From != "" {
		return "from " + wording.Spoken(k.From)
	}
	return wording.Spoken(k.Rate)
}

func (c *comparison) clocks() {
	for i := range c.after.Clocks {
		now := &c.after.Clocks[i]
		before := clockOf(c.before, now.ID)
		if before == nil {
			if now.DueAt != nil {
				c.put(key{fieldDue + now.ID, nothing, "set", "", clauseOfClock(c.new, now)}, 0)
			}
			continue
		}
		c.clock(before, now)
	}
	for i := range c.before.Clocks {
		if was := &c.before.Clocks[i]; was.DueAt != nil && clockOf(c.after, was.ID) == nil {
			c.put(key{fieldDue + was.ID, "set", nothing, clauseOfClock(c.old, was), ""}, 0)
		}
	}
}

func clockOf(d *coverage.Decision, id string) *coverage.Clock {
	for i := range d.Clocks {
		if d.Clocks[i].ID == id {
			return &d.Clocks[i]
		}
	}
	return nil
}

func (c *comparison) clock(was, is *coverage.Clock) {
	k := key{fieldDue + is.ID, "", "", clauseOfClock(c.old, was), clauseOfClock(c.new, is)}
	switch {
	case was.DueAt != nil && is.DueAt != nil && *was.DueAt != *is.DueAt:
		k.from, k.to = "set", due(*was.DueAt < *is.DueAt)
		c.put(k, *is.DueAt-*was.DueAt)
	case (was.DueAt == nil) != (is.DueAt == nil):
		k.from, k.to = set(was.DueAt), set(is.DueAt)
		c.put(k, 0)
	case was.Kind != is.Kind:
		k.from, k.to = was.Kind, is.Kind
		c.put(k, 0)
	case was.Target != is.Target && was.DueAt == nil:
		k.from, k.to = or(was.Target), or(is.Target)
		c.put(k, 0)
	}
}

func set(due *int64) string {
	if due == nil {
		return nothing
	}
	return "set"
}

func clauseOfClock(p *policy.Policy, k *coverage.Clock) string {
	if len(k.Because) > 0 {
		return k.Because[0].Clause
	}
	for _, d := range p.ClockDefs() {
		if d.ID == k.ID {
			return d.Clause
		}
	}
	return ""
}

// lists compares what is missing, the ways on, and what is not settled: one key for each member.
func (c *comparison) lists() {
	for _, id := range c.after.Missing {
		if !slices.Contains(c.before.Missing, id) {
			c.put(key{fieldMissing + id, "not asked", "asked", "", reason(c.after, []string{"missing"})}, 0)
		}
	}
	for _, id := range c.before.Missing {
		if !slices.Contains(c.after.Missing, id) {
			c.put(key{fieldMissing + id, "asked", "not asked", reason(c.before, []string{"missing"}), ""}, 0)
		}
	}
	c.value(FieldOffers, offersOf(c.before), offersOf(c.after), answers...)
	c.value(FieldUnsettled, unsettledOf(c.before), unsettledOf(c.after))
}

func offersOf(d *coverage.Decision) string {
	if len(d.Offers) == 0 {
		return ""
	}
	words := make([]string, len(d.Offers))
	for i, o := range d.Offers {
		words[i] = o.Text
	}
	return strings.Join(words, ", ")
}

func unsettledOf(d *coverage.Decision) string {
	if len(d.Unsettled) == 0 {
		return ""
	}
	words := make([]string, len(d.Unsettled))
	for i, u := range d.Unsettled {
		words[i] = wording.Spoken(u.Field)
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ", ")
}

func (c *comparison) allowances() {
	state := func(d *coverage.Decision, id string) string {
		for _, a := range d.Allowances {
			if a.ID != id {
				continue
			}
			limit := "no limit"
			if a.Limit != nil {
				limit = fmt.Sprintf("limit %d", *a.Limit)
			}
			if a.Allowed == nil || *a.Allowed {
				return limit
			}
			return limit + ", used up"
		}
		return nothing
	}
	clause := func(p *policy.Policy, id string) string {
		for _, a := range p.Allowances() {
			if a.ID == id {
				return a.Clause
			}
		}
		return ""
	}
	seen := func(d *coverage.Decision, skip *coverage.Decision) {
		for _, a := range d.Allowances {
			if skip != nil && slices.ContainsFunc(skip.Allowances, func(o coverage.Allowance) bool { return o.ID == a.ID }) {
				continue
			}
			if from, to := state(c.before, a.ID), state(c.after, a.ID); from != to {
				c.put(key{fieldAllowance + a.ID, from, to, clause(c.old, a.ID), clause(c.new, a.ID)}, 0)
			}
		}
	}
	seen(c.before, nil)
	seen(c.after, c.before)
}

// rest compares the fields of a decision that need no words of their own, also those that the language has yet to get.
func (c *comparison) rest() {
	b, a := reflect.ValueOf(c.before).Elem(), reflect.ValueOf(c.after).Elem()
	for _, i := range c.plain {
		x, y := b.Field(i), a.Field(i)
		if x.IsZero() && y.IsZero() || reflect.DeepEqual(x.Interface(), y.Interface()) {
			continue
		}
		name, _, _ := strings.Cut(c.decisionType.Field(i).Tag.Get("json"), ",")
		c.put(key{name, plainValue(x), plainValue(y), "", ""}, 0)
	}
}

func plainValue(v reflect.Value) string {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return or(fmt.Sprint(v.Interface()))
	}
	if v.IsZero() {
		return nothing
	}
	return "other" // a structure, whose contents would make a key for each request
}
