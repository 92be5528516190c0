package expression

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Functions lists what an expression can call, as an author writes it, and what it gives.
func Functions() [][2]string {
	return [][2]string{
		{`open("CALENDAR")`, "whether the calendar is open at the arrival"},
		{`local_time("CALENDAR")`, "the time of day in the calendar's zone at the arrival, to compare with a text such as \"16:00\""},
		{`date("2026-12-31")`, "a date"},
		{`span("10d")`, "a length of time: 30m, 4h, 10d"},
		{`days(FROM, TO)`, "the number of days from one date or instant to another, by dates in the policy's zone"},
		{`business_days("CALENDAR", FROM, TO)`, "the number of whole business days from one date or instant to another"},
		{`happened("EVENT")`, "whether the event is in the history"},
		{`known(FACT)`, "whether the fact is known"},
		{`min(A, B)`, "the smaller of two values"},
		{`max(A, B)`, "the larger of two values"},
	}
}

func functionNames() []string {
	var names []string
	for _, f := range Functions() {
		name, _, _ := strings.Cut(f[0], "(")
		names = append(names, name)
	}
	return names
}

func (c *compiler) function(e ast.Expr, call ast.CallExpr) *node {
	name := call.FunctionName()
	counts := map[string]int{"open": 1, "local_time": 1, "date": 1, "span": 1, "days": 2, "business_days": 3, "happened": 1, "known": 1, "min": 2, "max": 2}
	count, ok := counts[name]
	if !ok {
		return c.fail(e, "there is no function `%s`%s", name, document.DidYouMean(name, functionNames()))
	}
	if len(call.Args()) != count {
		return c.fail(e, "`%s` takes %s", name, wording.Count(int64(count), "value"))
	}
	n := &node{column: c.column(e)}
	for _, arg := range call.Args() {
		n.parts = append(n.parts, c.node(arg))
	}
	if c.mistake != nil {
		return n.plain("")
	}
	switch name {
	case "open":
		return c.open(n)
	case "local_time":
		return c.localTime(n)
	case "date":
		return c.constantOf(n, kindDate)
	case "span":
		return c.constantOf(n, kindSpan)
	case "days":
		return c.days(n)
	case "business_days":
		return c.businessDays(n)
	case "happened":
		return c.happened(n)
	case "known":
		return c.known(n)
	}
	return c.extreme(n, name == "max")
}

// calendar reads a literal that names a calendar.
func (c *compiler) calendar(n *node) (int, bool) {
	if n.kind != kindText {
		c.failAt(n, "expected the name of a calendar in double quotes")
		return 0, false
	}
	i := slices.Index(c.scope.Calendars, n.text)
	if i < 0 {
		c.failAt(n, "calendar %q is used but not defined; defined: %s", n.text, strings.Join(c.scope.Calendars, ", "))
		return 0, false
	}
	return i, true
}

// whereabouts are the facts that a calendar rests on, as parts of what asks the calendar.
func (c *compiler) whereabouts(n *node, calendar int) []*node {
	if calendar >= len(c.scope.Rests) {
		return nil
	}
	var parts []*node
	for _, f := range c.scope.Rests[calendar] {
		if c.scope.Stage > 0 && c.scope.Space.Stage(f) >= c.scope.Stage {
			c.failAt(n, "calendar %q rests on `%s`, which is settled later", c.scope.Calendars[calendar], c.scope.Space.Name(f))
		}
		parts = append(parts, c.factNode(f, n.column))
	}
	return parts
}

func (c *compiler) open(n *node) *node {
	i, ok := c.calendar(n.parts[0])
	if !ok {
		return n.plain("")
	}
	name := n.parts[0].text
	n.parts = append(c.whereabouts(n, i), c.factNode(fact.At, n.column))
	n.settle(func(r *fact.Record) fact.Truth {
		if r.World == nil {
			return fact.Unknown
		}
		return r.World.Open(i)
	})
	n.words = func(_ fact.Speaker, not bool) string {
		if not {
			return fmt.Sprintf("it is outside the hours %q", name)
		}
		return fmt.Sprintf("it is within the hours %q", name)
	}
	return n
}

func (c *compiler) localTime(n *node) *node {
	i, ok := c.calendar(n.parts[0])
	if !ok {
		return n.plain("")
	}
	name := n.parts[0].text
	n.parts = append(c.whereabouts(n, i), c.factNode(fact.At, n.column))
	n.kind = kindMinute
	n.eval = func(r *fact.Record) (int64, bool) {
		if r.World == nil {
			return 0, false
		}
		return r.World.LocalMinute(i)
	}
	return n.plain(fmt.Sprintf("the time of day in the zone of %q", name))
}

func (c *compiler) constantOf(n *node, k kind) *node {
	if n.parts[0].kind != kindText {
		return c.failAt(n.parts[0], "expected a text in double quotes")
	}
	return c.read(n.parts[0], k)
}

func (c *compiler) days(n *node) *node {
	for i, part := range n.parts {
		switch part.kind {
		case kindDate:
		case kindInstant:
			n.parts[i] = c.dateOf(part)
		default:
			return c.failAt(part, "`days` counts between two dates; this is %s", part.kind)
		}
	}
	a, b := n.parts[0], n.parts[1]
	n.kind = kindNumber
	n.eval = func(r *fact.Record) (int64, bool) {
		x, knownX := a.eval(r)
		y, knownY := b.eval(r)
		return y - x, knownX && knownY
	}
	n.words = func(say fact.Speaker, _ bool) string {
		return "the number of days from " + a.words(say, false) + " to " + b.words(say, false)
	}
	return n
}

func (c *compiler) businessDays(n *node) *node {
	cal, ok := c.calendar(n.parts[0])
	if !ok {
		return n.plain("")
	}
	name := n.parts[0].text
	n.parts = n.parts[1:]
	zone := c.scope.Zone
	for i, part := range n.parts {
		switch part.kind {
		case kindInstant:
		case kindDate:
			day := part
			n.parts[i] = &node{column: day.column, kind: kindInstant, parts: []*node{day}, words: day.words, eval: func(r *fact.Record) (int64, bool) {
				v, known := day.eval(r)
				if !known || v < -4_000_000 || v > 4_000_000 {
					return 0, false
				}
				return zone.At(calendar.Date(v), 0), true
			}}
		default:
			return c.failAt(part, "`business_days` counts between two dates or instants; this is %s", part.kind)
		}
	}
	a, b := n.parts[0], n.parts[1]
	n.parts = append(n.parts, c.whereabouts(n, cal)...)
	n.kind = kindNumber
	n.eval = func(r *fact.Record) (int64, bool) {
		x, knownX := a.eval(r)
		y, knownY := b.eval(r)
		if r.World == nil || !knownX || !knownY {
			return 0, false
		}
		return r.World.BusinessDays(cal, x, y)
	}
	n.words = func(say fact.Speaker, _ bool) string {
		return fmt.Sprintf("the number of business days of %q from %s to %s", name, a.words(say, false), b.words(say, false))
	}
	return n
}

func (c *compiler) happened(n *node) *node {
	event := n.parts[0]
	if event.kind != kindText {
		return c.failAt(event, "expected the name of an event in double quotes")
	}
	if !slices.Contains(c.scope.Events, event.text) {
		return c.failAt(event, "no event %q can be recorded; add it under `events` with `by`%s", event.text, document.DidYouMean(event.text, c.scope.Events))
	}
	n.parts, n.event = nil, event.text
	n.settle(func(r *fact.Record) fact.Truth {
		return truthOf(r.World != nil && r.World.Happened(event.text))
	})
	n.words = func(_ fact.Speaker, not bool) string {
		if not {
			return fmt.Sprintf("%q has not happened", wording.Spoken(event.text))
		}
		return fmt.Sprintf("%q has happened", wording.Spoken(event.text))
	}
	return n
}

func (c *compiler) known(n *node) *node {
	f := n.parts[0]
	if !f.isFact {
		return c.failAt(f, "`known` asks about a fact")
	}
	slot := f.fact
	question := c.scope.Space.Question(slot)
	n.settle(func(r *fact.Record) fact.Truth { return truthOf(r.V[slot].Known) })
	n.words = func(_ fact.Speaker, not bool) string {
		if not {
			return "it is not known " + asked(question)
		}
		return "it is known " + asked(question)
	}
	return n
}

// asked turns what is asked for into what is known: "whether .." stays, a noun is asked for with "what .. is".
func asked(question string) string {
	if strings.HasPrefix(question, "whether ") || strings.HasPrefix(question, "when ") || strings.HasPrefix(question, "where ") || strings.HasPrefix(question, "who ") {
		return question
	}
	return "what " + question + " is"
}

func (c *compiler) extreme(n *node, largest bool) *node {
	a, b := c.alike(n.parts[0], n.parts[1])
	if a.kind != b.kind || a.kind == kindTruth || a.kind >= kindText {
		return c.failAt(n, "`min` and `max` compare two values of one kind; these are %s and %s", a.kind, b.kind)
	}
	n.parts = []*node{a, b}
	n.kind = a.kind
	n.eval = func(r *fact.Record) (int64, bool) {
		x, knownX := a.eval(r)
		y, knownY := b.eval(r)
		if (x > y) == largest {
			return x, knownX && knownY
		}
		return y, knownX && knownY
	}
	which := "the smaller of "
	if largest {
		which = "the larger of "
	}
	n.words = func(say fact.Speaker, _ bool) string {
		return which + a.words(say, false) + " and " + b.words(say, false)
	}
	return n
}
