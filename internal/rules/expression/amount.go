package expression

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/operators"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

const dayMs = 24 * 3600_000

// amountWords writes a constant as people read it.
func amountWords(k kind, v int64) string {
	switch k {
	case kindDecimal:
		return fact.Decimal(v)
	case kindDate:
		return calendar.Date(v).String()
	case kindSpan:
		return wording.Duration(v)
	case kindInstant:
		return time.UnixMilli(v).UTC().Format("2006-01-02 15:04 UTC")
	case kindMinute:
		return fmt.Sprintf("%02d:%02d", v/60, v%60)
	}
	return strconv.FormatInt(v, 10)
}

func minuteOf(text string) (int64, error) {
	hour, minute, ok := strings.Cut(text, ":")
	h, err := strconv.Atoi(hour)
	m, err2 := strconv.Atoi(minute)
	if !ok || err != nil || err2 != nil || len(text) != 5 || h < 0 || h > 24 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, fmt.Errorf("expected a time of day such as \"16:00\", found %q", text)
	}
	return int64(h*60 + m), nil
}

func multiply(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return uint64(-(a + 1)) + 1
	}
	return uint64(a)
}

func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

// scaled is a*b/c, rounded toward zero, without overflow on the way.
func scaled(a, b, c int64) (int64, bool) {
	if c == 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= magnitude(c) {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, magnitude(c))
	if q > math.MaxInt64 {
		return 0, false
	}
	if ((a < 0) != (b < 0)) != (c < 0) {
		return -int64(q), true
	}
	return int64(q), true
}

// arithmetic compiles `+`, `-`, `*`, `/`, `%`. Whole numbers divide to whole numbers, rounded toward zero.
func (c *compiler) arithmetic(n *node, operator string) *node {
	a, b := n.parts[0], n.parts[1]
	numeric := func(k kind) bool { return k == kindNumber || k == kindDecimal }
	if numeric(a.kind) && numeric(b.kind) {
		a, b = c.alike(a, b)
		n.parts = []*node{a, b}
		n.kind = a.kind
		return c.apply(n, operator, numberOperation(operator, a.kind))
	}
	sum := operator == operators.Add
	if sum && b.kind != kindSpan && a.kind == kindSpan {
		a, b = b, a
		n.parts = []*node{a, b}
	}
	switch {
	case (sum || operator == operators.Subtract) && b.kind == kindSpan && (a.kind == kindInstant || a.kind == kindSpan):
		n.kind = a.kind
		return c.apply(n, operator, numberOperation(operator, kindNumber))
	case (sum || operator == operators.Subtract) && b.kind == kindSpan && a.kind == kindDate:
		n.kind = kindDate
		return c.apply(n, operator, func(x, y int64) (int64, bool) {
			if operator == operators.Subtract {
				y = -y
			}
			return x + y/dayMs, true
		})
	case operator == operators.Subtract && a.kind == kindInstant && b.kind == kindInstant:
		n.kind = kindSpan
		return c.apply(n, operator, numberOperation(operator, kindNumber))
	case operator == operators.Multiply && a.kind == kindSpan && b.kind == kindNumber, operator == operators.Multiply && a.kind == kindNumber && b.kind == kindSpan:
		n.kind = kindSpan
		return c.apply(n, operator, multiply)
	}
	name, _ := operators.FindReverse(operator)
	return c.failAt(n, "`%s` cannot join %s and %s", name, a.kind, b.kind)
}

func numberOperation(operator string, k kind) func(x, y int64) (int64, bool) {
	switch operator {
	case operators.Add:
		return add
	case operators.Subtract:
		return func(x, y int64) (int64, bool) {
			if y == math.MinInt64 {
				return 0, false
			}
			return add(x, -y)
		}
	case operators.Multiply:
		if k == kindDecimal {
			return func(x, y int64) (int64, bool) { return scaled(x, y, 1e6) }
		}
		return multiply
	case operators.Divide:
		if k == kindDecimal {
			return func(x, y int64) (int64, bool) { return scaled(x, 1e6, y) }
		}
		return func(x, y int64) (int64, bool) {
			if y == 0 || x == math.MinInt64 {
				return 0, false
			}
			return x / y, true
		}
	}
	return func(x, y int64) (int64, bool) {
		if y == 0 || x == math.MinInt64 {
			return 0, false
		}
		return x % y, true
	}
}

var operatorWords = map[string]string{
	operators.Add: " plus ", operators.Subtract: " minus ", operators.Multiply: " times ", operators.Divide: " divided by ", operators.Modulo: " modulo ",
}

// apply computes from both parts of a node; what is out of range is not known.
func (c *compiler) apply(n *node, operator string, operation func(x, y int64) (int64, bool)) *node {
	a, b := n.parts[0], n.parts[1]
	n.eval = func(r *fact.Record) (int64, bool) {
		x, knownX := a.eval(r)
		y, knownY := b.eval(r)
		if !knownX || !knownY {
			return 0, false
		}
		return operation(x, y)
	}
	n.words = func(say fact.Speaker, _ bool) string {
		return a.words(say, false) + operatorWords[operator] + b.words(say, false)
	}
	return n
}

func (c *compiler) negate(n *node) *node {
	a := n.parts[0]
	if a.kind != kindNumber && a.kind != kindDecimal {
		return c.failAt(a, "`-` stands before a number, not before %s", a.kind)
	}
	n.kind = a.kind
	n.eval = func(r *fact.Record) (int64, bool) {
		v, known := a.eval(r)
		return -v, known && v != math.MinInt64
	}
	n.words = func(say fact.Speaker, _ bool) string { return "minus " + a.words(say, false) }
	return n
}

// as turns the result of an expression into a value of a fact's type; nil where that is not possible.
func (c *compiler) as(n *node, want fact.Type, like fact.Fact) *node {
	kinds := map[fact.Type]kind{fact.TypeNumber: kindNumber, fact.TypeDecimal: kindDecimal, fact.TypeDate: kindDate, fact.TypeInstant: kindInstant,
		fact.TypeDuration: kindSpan, fact.TypeYesNo: kindTruth}
	switch k, ok := kinds[want]; {
	case ok && n.kind == k:
		return n
	case want == fact.TypeDecimal && n.kind == kindNumber:
		return c.decimal(n)
	case want == fact.TypeDate && n.kind == kindInstant:
		return c.dateOf(n)
	case want == fact.TypeNumber && n.kind == kindDecimal:
		whole := &node{column: n.column, kind: kindNumber, parts: []*node{n}, words: n.words}
		whole.eval = func(r *fact.Record) (int64, bool) {
			v, known := n.eval(r)
			if v < 0 {
				v -= 999_999
			}
			return v / 1e6, known
		}
		return whole
	case want == fact.TypeID && n.isFact && n.kind == kindWord:
		return c.sameWords(n, like)
	}
	return nil
}

// sameWords is the word of a fact as the number that it has in the vocabulary of another.
func (c *compiler) sameWords(n *node, like fact.Fact) *node {
	from, to := c.scope.Space.Of(n.fact), c.scope.Space.Of(like)
	numbers := make([]int64, len(from.Words))
	shared := false
	for i, w := range from.Words {
		numbers[i] = -1
		if k, ok := to.Index(w); ok {
			numbers[i], shared = int64(k), true
		}
	}
	if !shared {
		return nil
	}
	result := &node{column: n.column, kind: kindWord, parts: []*node{n}, words: n.words}
	f := n.fact
	result.eval = func(r *fact.Record) (int64, bool) {
		v := &r.V[f]
		if !v.Known || v.N < 0 || v.N >= int64(len(numbers)) {
			return -1, v.Known
		}
		return numbers[v.N], true
	}
	return result
}
