package expression

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

type compiler struct {
	scope   *Scope
	info    *ast.SourceInfo
	nodes   int
	mistake *Mistake // the first one
}

func (c *compiler) fail(e ast.Expr, format string, args ...any) *node {
	n := &node{column: c.column(e)}
	return c.failAt(n, format, args...)
}

// failAt notes the first mistake and returns a node that stands in for what could not be read.
func (c *compiler) failAt(at *node, format string, args ...any) *node {
	if c.mistake == nil {
		c.mistake = &Mistake{at.column, fmt.Sprintf(format, args...)}
	}
	n := &node{column: at.column}
	n.settle(func(*fact.Record) fact.Truth { return fact.Unknown })
	return n.plain("")
}

func (c *compiler) column(e ast.Expr) int {
	if c.info == nil {
		return 1
	}
	return c.info.GetStartLocation(e.ID()).Column() + 1
}

func (c *compiler) node(e ast.Expr) *node {
	if c.nodes++; c.nodes > maxNodes {
		return c.fail(e, "has more than %d parts", maxNodes)
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return c.literal(e)
	case ast.IdentKind, ast.SelectKind:
		return c.factNamed(e)
	case ast.CallKind:
		return c.call(e)
	case ast.ListKind:
		return c.list(e)
	}
	return c.fail(e, "maps and messages are no part of a condition")
}

func (c *compiler) literal(e ast.Expr) *node {
	n := &node{column: c.column(e), fixed: true}
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		n.settle(func(*fact.Record) fact.Truth { return truthOf(bool(v)) })
		n.words = func(_ fact.Speaker, not bool) string { return strconv.FormatBool(bool(v) != not) }
		return n
	case types.Int:
		n.kind, n.value = kindNumber, int64(v)
	case types.Double:
		if v < -1e12 || v > 1e12 || v != v {
			return c.fail(e, "the number %v is too large", float64(v))
		}
		n.kind, n.value = kindDecimal, int64(roundHalf(float64(v)*1e6))
	case types.String:
		n.kind, n.text = kindText, string(v)
		return n.plain(strconv.Quote(n.text))
	default:
		return c.fail(e, "this is no number, text or yes-no value")
	}
	return constant(n)
}

func roundHalf(f float64) float64 {
	if f < 0 {
		return -roundHalf(-f)
	}
	return float64(int64(f + 0.5))
}

// constant gives a fixed node its value and its words.
func constant(n *node) *node {
	v := n.value
	n.fixed = true
	n.eval = func(*fact.Record) (int64, bool) { return v, true }
	return n.plain(amountWords(n.kind, v))
}

// factName is the dotted name of an identifier or selection, empty for anything else.
func factName(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return strings.TrimPrefix(e.AsIdent(), ".")
	case ast.SelectKind:
		s := e.AsSelect()
		if base := factName(s.Operand()); base != "" && !s.IsTestOnly() {
			return base + "." + s.FieldName()
		}
	}
	return ""
}

func (c *compiler) factNamed(e ast.Expr) *node {
	name := factName(e)
	f, ok := c.scope.Space.ByName(name)
	if name == "" {
		return c.fail(e, "only facts have parts, such as `account.region`")
	}
	if !ok {
		return c.fail(e, "`%s` is not a fact%s", name, document.DidYouMean(name, c.scope.Space.Names()))
	}
	if c.scope.Stage > 0 && c.scope.Space.Stage(f) >= c.scope.Stage {
		return c.fail(e, "`%s` is settled later; this cannot look at it", name)
	}
	return c.factNode(f, c.column(e))
}

func (c *compiler) factNode(f fact.Fact, column int) *node {
	n := &node{column: column, fact: f, isFact: true}
	n.eval = func(r *fact.Record) (int64, bool) { v := &r.V[f]; return v.N, v.Known }
	space := c.scope.Space
	n.words = func(fact.Speaker, bool) string { return space.Question(f) }
	switch space.Type(f) {
	case fact.TypeYesNo:
		n.settle(func(r *fact.Record) fact.Truth {
			v := &r.V[f]
			switch {
			case !v.Known:
				return fact.Unknown
			case v.N == 1:
				return fact.True
			}
			return fact.False
		})
		yes := space.Words(f, 1)
		n.words = func(say fact.Speaker, not bool) string { return yes.Text(space, say, not) }
	case fact.TypeSet:
		n.kind = kindSet
	case fact.TypeNumber:
		n.kind = kindNumber
	case fact.TypeDecimal:
		n.kind = kindDecimal
	case fact.TypeDate:
		n.kind = kindDate
	case fact.TypeInstant:
		n.kind = kindInstant
	case fact.TypeDuration:
		n.kind = kindSpan
	default:
		n.kind = kindWord
		if f == fact.VersionID {
			n.kind = kindVersion
		}
	}
	return n
}

func (c *compiler) list(e ast.Expr) *node {
	n := &node{column: c.column(e), kind: kindList}
	for _, item := range e.AsList().Elements() {
		part := c.node(item)
		if part.kind != kindText && !part.fixed {
			return c.fail(item, "a list holds texts or numbers only")
		}
		n.texts = append(n.texts, part)
	}
	return n.plain("")
}

func (c *compiler) call(e ast.Expr) *node {
	call := e.AsCall()
	if slices.Contains([]string{"all", "exists", "exists_one", "map", "filter"}, call.FunctionName()) {
		return c.fail(e, "loops are no part of a condition")
	}
	if call.IsMemberFunction() {
		return c.fail(e, "there is no function `.%s()`; write it with its values in brackets%s", call.FunctionName(), functionHint(call.FunctionName()))
	}
	if binary[call.FunctionName()] == nil && operatorName(call.FunctionName()) == "" {
		return c.function(e, call)
	}
	args := make([]*node, len(call.Args()))
	for i, arg := range call.Args() {
		args[i] = c.node(arg)
	}
	if c.mistake != nil {
		return c.failAt(&node{column: 1}, "")
	}
	at := &node{column: c.column(e), parts: args}
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		return c.logical(at, call.FunctionName() == operators.LogicalAnd)
	case operators.LogicalNot:
		return c.not(at)
	case operators.Conditional:
		return c.conditional(at)
	case operators.Negate:
		return c.negate(at)
	case operators.In, operators.OldIn:
		return c.in(at)
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return c.compare(at, call.FunctionName())
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo:
		return c.arithmetic(at, call.FunctionName())
	}
	return c.fail(e, "%q is no part of a condition", operatorName(call.FunctionName()))
}

func operatorName(function string) string {
	name, ok := operators.FindReverse(function)
	if !ok {
		return ""
	}
	if name == "" {
		return function
	}
	return name
}

func functionHint(name string) string {
	if near := document.Nearest(name, functionNames()); near != "" {
		return ", such as `" + near + "(..)`"
	}
	return ""
}

func (c *compiler) logical(n *node, and bool) *node {
	for _, part := range n.parts {
		if part.kind != kindTruth {
			return c.failAt(part, "`&&` and `||` join conditions; %s is no condition", part.kind)
		}
	}
	a, b := n.parts[0], n.parts[1]
	decides := fact.True
	joint := " or "
	if and {
		decides = fact.False
		joint = " and "
	}
	n.settle(func(r *fact.Record) fact.Truth {
		first := a.truth(r)
		if first == decides {
			return decides
		}
		second := b.truth(r)
		switch {
		case second == decides:
			return decides
		case first == fact.Unknown || second == fact.Unknown:
			return fact.Unknown
		}
		return first
	})
	n.words = func(say fact.Speaker, not bool) string {
		return a.words(say, not) + otherJoint(joint, not) + b.words(say, not)
	}
	return n
}

// otherJoint is the joint of a denied pair.
func otherJoint(joint string, not bool) string {
	switch {
	case !not:
		return joint
	case joint == " or ":
		return " and "
	}
	return " or "
}

func (c *compiler) not(n *node) *node {
	a := n.parts[0]
	if a.kind != kindTruth {
		return c.failAt(a, "`!` denies a condition; %s is no condition", a.kind)
	}
	n.settle(func(r *fact.Record) fact.Truth {
		switch a.truth(r) {
		case fact.True:
			return fact.False
		case fact.False:
			return fact.True
		}
		return fact.Unknown
	})
	n.words = func(say fact.Speaker, not bool) string { return a.words(say, !not) }
	return n
}

func (c *compiler) conditional(n *node) *node {
	when, yes, no := n.parts[0], n.parts[1], n.parts[2]
	if when.kind != kindTruth {
		return c.failAt(when, "before `?` stands a condition")
	}
	if yes.kind == kindNumber && no.kind == kindDecimal {
		yes = c.decimal(yes)
	}
	if yes.kind == kindDecimal && no.kind == kindNumber {
		no = c.decimal(no)
	}
	if yes.kind != no.kind || yes.eval == nil || no.eval == nil {
		return c.failAt(no, "both outcomes of `?` must be of one kind; they are %s and %s", yes.kind, no.kind)
	}
	choose := func(r *fact.Record) (int64, bool) {
		switch when.truth(r) {
		case fact.True:
			return yes.eval(r)
		case fact.False:
			return no.eval(r)
		}
		a, knownA := yes.eval(r)
		b, knownB := no.eval(r)
		return a, knownA && knownB && a == b
	}
	n.kind, n.eval = yes.kind, choose
	if n.kind == kindTruth {
		n.settle(func(r *fact.Record) fact.Truth {
			v, known := choose(r)
			if !known {
				return fact.Unknown
			}
			return truthOf(v == 1)
		})
	}
	n.words = func(say fact.Speaker, not bool) string {
		return yes.words(say, not) + " if " + when.words(say, false) + ", else " + no.words(say, not)
	}
	return n
}
