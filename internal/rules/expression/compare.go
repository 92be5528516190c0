package expression

import (
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/operators"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// binary has the orders that each comparing operator accepts: before, same, after.
var binary = map[string]func(order int) bool{
	operators.Equals:        func(o int) bool { return o == 0 },
	operators.NotEquals:     func(o int) bool { return o != 0 },
	operators.Less:          func(o int) bool { return o < 0 },
	operators.LessEquals:    func(o int) bool { return o <= 0 },
	operators.Greater:       func(o int) bool { return o > 0 },
	operators.GreaterEquals: func(o int) bool { return o >= 0 },
}

var mirrored = map[string]string{
	operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals,
	operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals,
}

// compare compiles `==`, `!=`, `<`, `<=`, `>`, `>=`.
func (c *compiler) compare(n *node, operator string) *node {
	a, b := n.parts[0], n.parts[1]
	if a.kind == kindText && b.kind != kindText {
		a, b = b, a
		if m, ok := mirrored[operator]; ok {
			operator = m
		}
	}
	if b.kind == kindText {
		if read := c.read(b, a.kind); read != nil {
			b = read
		}
	}
	a, b = c.alike(a, b)
	n.parts = []*node{a, b}
	switch {
	case a.kind == kindWord && b.kind == kindText:
		return c.isWord(n, a, b, operator)
	case a.kind == kindVersion && (b.kind == kindText || b.kind == kindVersion):
		return c.versions(n, a, b, operator)
	case a.kind == kindWord && b.kind == kindWord:
		return c.sameWord(n, a, b, operator)
	case a.kind == kindTruth && b.kind == kindTruth && (operator == operators.Equals || operator == operators.NotEquals):
	case a.kind != b.kind || a.eval == nil || b.eval == nil || a.kind == kindTruth || a.kind == kindSet || a.kind == kindText:
		return c.cannotCompare(n, a, b)
	}
	return c.ordered(n, a, b, operator)
}

func (c *compiler) ordered(n, a, b *node, operator string) *node {
	accepts := binary[operator]
	n.settle(func(r *fact.Record) fact.Truth {
		x, knownX := a.eval(r)
		y, knownY := b.eval(r)
		if !knownX || !knownY {
			return fact.Unknown
		}
		return truthOf(accepts(order(x, y)))
	})
	n.words = func(say fact.Speaker, not bool) string {
		return a.words(say, false) + relation(operator, not, a.kind) + b.words(say, false)
	}
	return n
}

func order(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

var denied = map[string]string{
	operators.Equals: operators.NotEquals, operators.NotEquals: operators.Equals, operators.Less: operators.GreaterEquals,
	operators.LessEquals: operators.Greater, operators.Greater: operators.LessEquals, operators.GreaterEquals: operators.Less,
}

// relation says an operator between two amounts or two points in time.
func relation(operator string, not bool, k kind) string {
	if not {
		operator = denied[operator]
	}
	time := k == kindDate || k == kindInstant || k == kindMinute
	switch operator {
	case operators.Equals:
		return " is "
	case operators.NotEquals:
		return " is not "
	case operators.Less:
		if time {
			return " is before "
		}
		return " is less than "
	case operators.LessEquals:
		if time {
			return " is not after "
		}
		return " is at most "
	case operators.Greater:
		if time {
			return " is after "
		}
		return " is more than "
	}
	if time {
		return " is not before "
	}
	return " is at least "
}

// alike makes two operands comparable: numbers with decimals, dates with instants.
func (c *compiler) alike(a, b *node) (*node, *node) {
	switch {
	case a.kind == kindNumber && b.kind == kindDecimal:
		return c.decimal(a), b
	case a.kind == kindDecimal && b.kind == kindNumber:
		return a, c.decimal(b)
	case a.kind == kindInstant && b.kind == kindDate:
		return c.dateOf(a), b
	case a.kind == kindDate && b.kind == kindInstant:
		return a, c.dateOf(b)
	case a.kind == kindDate && b.kind == kindDate:
		return a, b
	}
	return a, b
}

// decimal is a whole number as millionths.
func (c *compiler) decimal(a *node) *node {
	if a.fixed {
		return constant(&node{column: a.column, kind: kindDecimal, value: a.value * 1e6})
	}
	n := &node{column: a.column, kind: kindDecimal, parts: []*node{a}, words: a.words}
	n.eval = func(r *fact.Record) (int64, bool) {
		v, known := a.eval(r)
		scaled, ok := multiply(v, 1e6)
		return scaled, known && ok
	}
	return n
}

// dateOf is the date of an instant in the zone of the policy.
func (c *compiler) dateOf(a *node) *node {
	zone := c.scope.Zone
	n := &node{column: a.column, kind: kindDate, parts: []*node{a}}
	n.eval = func(r *fact.Record) (int64, bool) {
		at, known := a.eval(r)
		if !known {
			return 0, false
		}
		return int64(zone.Date(at)), true
	}
	n.words = func(say fact.Speaker, not bool) string { return "the day of " + a.words(say, not) }
	return n
}

// read reads a literal text as a value of a kind; nil where the kind has texts of its own.
func (c *compiler) read(b *node, as kind) *node {
	n := &node{column: b.column, kind: as}
	var err error
	switch as {
	case kindDate:
		var d calendar.Date
		d, err = calendar.ParseDate(b.text)
		n.value = int64(d)
	case kindSpan:
		n.value, err = wording.ParseDuration(b.text)
	case kindInstant:
		n.value, err = fact.ParseAmount(fact.TypeInstant, b.text)
	case kindMinute:
		n.value, err = minuteOf(b.text)
	default:
		return nil
	}
	if err != nil {
		return c.failAt(b, "%v", err)
	}
	return constant(n)
}

func (c *compiler) cannotCompare(n, a, b *node) *node {
	for _, pair := range [2][2]*node{{a, b}, {b, a}} {
		if word := pair[0]; word.isFact && word.kind == kindWord && pair[1].kind != kindText {
			words := c.scope.Space.Of(word.fact).Words
			noun := c.scope.Space.Noun(word.fact)
			hint := ""
			if len(words) > 0 && len(words) <= 12 {
				hint = "; known: " + strings.Join(words, ", ")
			}
			return c.failAt(n, "compares %s %s with %s%s", article(noun), noun, pair[1].kind, hint)
		}
	}
	return c.failAt(n, "compares %s with %s", a.kind, b.kind)
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an"
	}
	return "a"
}

// isWord tests a fact against one word.
func (c *compiler) isWord(n, a, b *node, operator string) *node {
	if operator != operators.Equals && operator != operators.NotEquals {
		return c.failAt(n, "`%s` has no order here; write `%s: X and up` under `for`, or compare with == or !=", c.scope.Space.Name(a.fact), c.scope.Space.Name(a.fact))
	}
	word, ok := c.word(a.fact, b)
	if !ok {
		return n.plain("")
	}
	n.parts = n.parts[:1]
	return c.wordTest(n, a.fact, operator == operators.NotEquals, word)
}

// wordTest holds when the fact has one of the words, or none of them.
func (c *compiler) wordTest(n *node, f fact.Fact, not bool, words ...int) *node {
	n.settle(func(r *fact.Record) fact.Truth {
		v := &r.V[f]
		if !v.Known {
			return fact.Unknown
		}
		return truthOf(slices.Contains(words, int(v.N)) != not)
	})
	space := c.scope.Space
	test := space.Words(f, words...)
	n.words = func(say fact.Speaker, deny bool) string { return test.Text(space, say, deny != not) }
	return n
}

// word numbers a literal in the vocabulary of a fact.
func (c *compiler) word(f fact.Fact, b *node) (int, bool) {
	v := c.scope.Space.Of(f)
	if i, ok := v.Index(b.text); ok {
		return i, true
	}
	if v.Closed {
		noun := c.scope.Space.Noun(f)
		near := document.DidYouMean(b.text, v.Words)
		if near == "" && len(v.Words) <= 12 {
			near = "; known: " + strings.Join(v.Words, ", ")
		}
		c.failAt(b, "no %s %q%s", noun, b.text, near)
		return 0, false
	}
	return v.Add(b.text), true
}

// sameWord compares two facts by their words.
func (c *compiler) sameWord(n, a, b *node, operator string) *node {
	if operator != operators.Equals && operator != operators.NotEquals {
		return c.failAt(n, "words have no order; compare them with == or !=")
	}
	not := operator == operators.NotEquals
	x, y := a.fact, b.fact
	n.settle(func(r *fact.Record) fact.Truth {
		if r.World == nil || !r.V[x].Known || !r.V[y].Known {
			return fact.Unknown
		}
		first, ok := r.World.Word(x)
		second, also := r.World.Word(y)
		if !ok || !also {
			return fact.Unknown
		}
		return truthOf((first == second) != not)
	})
	n.words = func(say fact.Speaker, deny bool) string {
		return a.words(say, false) + relation(operator, deny, kindNumber) + b.words(say, false)
	}
	return n
}

// versions compares by parts: 10.4 is before 10.10.
func (c *compiler) versions(n, a, b *node, operator string) *node {
	accepts := binary[operator]
	read := func(r *fact.Record, part *node) (string, bool) {
		if !part.isFact {
			return part.text, true
		}
		if r.World == nil || !r.V[part.fact].Known {
			return "", false
		}
		return r.World.Word(part.fact)
	}
	n.settle(func(r *fact.Record) fact.Truth {
		x, knownX := read(r, a)
		y, knownY := read(r, b)
		if !knownX || !knownY {
			return fact.Unknown
		}
		return truthOf(accepts(lifecycle.Compare(lifecycle.ParseVersion(x), lifecycle.ParseVersion(y))))
	})
	n.words = func(say fact.Speaker, not bool) string {
		return a.words(say, false) + relation(operator, not, kindDate) + strings.Trim(b.words(say, false), `"`)
	}
	return n
}

// in compiles `severity in ["S1", "S2"]` and `"obh" in addon`.
func (c *compiler) in(n *node) *node {
	item, set := n.parts[0], n.parts[1]
	switch {
	case set.kind == kindList && item.kind == kindWord:
		var words []int
		for _, t := range set.texts {
			if t.kind != kindText {
				return c.cannotCompare(n, item, t)
			}
			if w, ok := c.word(item.fact, t); ok {
				words = append(words, w)
			}
		}
		n.parts = n.parts[:1]
		return c.wordTest(n, item.fact, false, words...)
	case set.kind == kindList && item.kind == kindNumber:
		var values []int64
		for _, t := range set.texts {
			if t.kind != kindNumber {
				return c.failAt(t, "compares a number with %s", t.kind)
			}
			values = append(values, t.value)
		}
		n.parts = n.parts[:1]
		n.settle(func(r *fact.Record) fact.Truth {
			v, known := item.eval(r)
			if !known {
				return fact.Unknown
			}
			return truthOf(slices.Contains(values, v))
		})
		n.words = func(say fact.Speaker, not bool) string {
			var list []string
			for _, v := range values {
				list = append(list, strconv.FormatInt(v, 10))
			}
			return item.words(say, false) + relation(operators.Equals, not, kindNumber) + wording.Or(list)
		}
		return n
	case set.kind == kindSet && item.kind == kindText:
		word, ok := c.word(set.fact, item)
		if !ok {
			return n.plain("")
		}
		n.parts = n.parts[1:]
		f, bit := set.fact, int64(1)<<(word&63)
		n.settle(func(r *fact.Record) fact.Truth {
			v := &r.V[f]
			if !v.Known {
				return fact.Unknown
			}
			return truthOf(v.N&bit != 0)
		})
		space := c.scope.Space
		test := space.Words(f, word)
		n.words = func(say fact.Speaker, not bool) string { return test.Text(space, say, not) }
		return n
	}
	return c.failAt(n, "`in` looks for a word in a list or a set: `severity in [\"S1\", \"S2\"]`")
}
