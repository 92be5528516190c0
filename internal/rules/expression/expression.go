// Package expression compiles the conditions and calculations of a policy. They are written in CEL, whose grammar a library
// reads; their meaning is the policy language's own: the facts of one policy, three-valued truth, and calendars. A compiled
// expression is a tree of closures over the flat record of facts; it has no loops and allocates nothing.
package expression

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/parser"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// Scope is what an expression may name.
type Scope struct {
	Space     *fact.Space
	Stage     int           // facts that are settled at this stage of a decision or later cannot be read; 0: all can
	Calendars []string      // by number
	Rests     [][]fact.Fact // by number: the places and agreed hours that a calendar rests on; may be nil
	Events    []string      // that can be recorded
	Zone      calendar.Zone // in which an instant has its date
}

// Mistake says what is wrong with an expression, and at which column of it, from 1.
type Mistake struct {
	Column int
	Text   string
}

// Bounds of one expression.
const (
	maxBytes = 1000
	maxNodes = 200
	maxDepth = 24
)

// Condition compiles an expression that holds or not.
func Condition(text string, scope *Scope) (fact.Predicate, *Mistake) {
	root, mistake := compile(text, scope)
	if mistake != nil {
		return nil, mistake
	}
	if root.kind != kindTruth {
		return nil, &Mistake{1, fmt.Sprintf("%q is %s, not a condition that holds or not", text, root.kind)}
	}
	return &condition{root, text}, nil
}

// Value is a compiled calculation.
type Value struct {
	root *node
	text string
}

// Calculation compiles an expression whose result is a value of a fact's type: a number (rounded down from a decimal), a
// decimal, date, instant or duration; yes or no; or the word of another fact that has the same words as like.
func Calculation(text string, want fact.Type, like fact.Fact, scope *Scope) (*Value, *Mistake) {
	root, mistake := compile(text, scope)
	if mistake != nil {
		return nil, mistake
	}
	c := &compiler{scope: scope}
	result := c.as(root, want, like)
	if result == nil {
		return nil, &Mistake{1, fmt.Sprintf("%q is %s; expected %s", text, root.kind, wanted(want))}
	}
	return &Value{result, text}, nil
}

// Eval returns the result, and false while a fact that it needs is not known or the result is no number.
func (v *Value) Eval(r *fact.Record) (int64, bool) { return v.root.eval(r) }

// Missing appends the unknown facts that keep the result from being known.
func (v *Value) Missing(r *fact.Record, into []fact.Fact) []fact.Fact { return v.root.missing(r, into) }

// Facts lists every fact that the calculation reads.
func (v *Value) Facts() []fact.Fact { return v.root.reads(nil) }

// Words says the calculation in words: "3 times the number of users in the contract".
func (v *Value) Words(say fact.Speaker) string { return v.root.words(say, false) }

// String returns the calculation as written.
func (v *Value) String() string { return v.text }

type condition struct {
	root *node
	text string
}

func (c *condition) Eval(r *fact.Record) fact.Truth { return c.root.truth(r) }

func (c *condition) Missing(r *fact.Record, into []fact.Fact) []fact.Fact {
	return c.root.missing(r, into)
}

func (c *condition) Facts() []fact.Fact { return c.root.reads(nil) }

func (c *condition) Events() []string { return c.root.events(nil) }

func (c *condition) Words(say fact.Speaker) string { return c.root.words(say, false) }

func (c *condition) String() string { return c.text }

func compile(text string, scope *Scope) (root *node, mistake *Mistake) {
	if len(text) > maxBytes {
		return nil, &Mistake{1, fmt.Sprintf("an expression has at most %d characters", maxBytes)}
	}
	p, err := parser.NewParser(parser.MaxRecursionDepth(maxDepth), parser.ErrorRecoveryLimit(4), parser.ErrorReportingLimit(4),
		parser.ExpressionSizeCodePointLimit(maxBytes))
	if err != nil {
		return nil, &Mistake{1, "conditions cannot be read"}
	}
	tree, errs := p.Parse(common.NewTextSource(text))
	if list := errs.GetErrors(); len(list) > 0 {
		return nil, syntaxMistake(text, list[0])
	}
	c := &compiler{scope: scope, info: tree.SourceInfo()}
	root = c.node(tree.Expr())
	if c.mistake != nil {
		return nil, c.mistake
	}
	return root, nil
}

// syntaxMistake says in the author's terms what the grammar's reader found.
func syntaxMistake(text string, e *common.Error) *Mistake {
	column := max(e.Location.Column()+1, 1)
	rest := ""
	if runes := []rune(text); column <= len(runes) {
		rest = strings.TrimSpace(string(runes[column-1:]))
	}
	switch {
	case strings.Contains(e.Message, "recursion") || strings.Contains(e.Message, "size"):
		return &Mistake{1, "is nested too deeply"}
	case rest == "":
		return &Mistake{column, fmt.Sprintf("does not parse at column %d: it ends where a value is expected", column)}
	case strings.Contains(e.Message, "token recognition"):
		return &Mistake{column, fmt.Sprintf("does not parse at column %d: %.20q is no part of an expression; texts stand in double quotes", column, rest)}
	}
	return &Mistake{column, fmt.Sprintf("does not parse at column %d: did not expect %.20q there", column, rest)}
}
