package expression

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// kind is the type of a value inside an expression.
type kind uint8

const (
	kindTruth kind = iota
	kindNumber
	kindDecimal // millionths
	kindDate
	kindInstant
	kindSpan
	kindMinute  // of the day
	kindText    // a literal
	kindWord    // of a fact
	kindVersion // a fact whose words compare by parts
	kindSet
	kindList // of literals
)

func (k kind) String() string {
	return [...]string{"a condition", "a number", "a decimal number", "a date", "an instant", "a length of time", "a time of day", "a text",
		"a word", "a version", "a set of words", "a list"}[k]
}

func wanted(t fact.Type) string {
	return map[fact.Type]string{fact.TypeID: "a word of a fact with the same words", fact.TypeYesNo: "a condition", fact.TypeNumber: "a number",
		fact.TypeDate: "a date", fact.TypeDuration: "a length of time", fact.TypeDecimal: "a decimal number", fact.TypeInstant: "an instant"}[t]
}

// node is one part of a compiled expression. eval gives its value, and false while it is not known; the value of a condition is
// 0 or 1. parts are what it is made of, so that what is missing can be named.
type node struct {
	kind   kind
	column int
	eval   func(*fact.Record) (int64, bool)
	truth  func(*fact.Record) fact.Truth // set for kindTruth only
	parts  []*node
	fact   fact.Fact
	isFact bool
	text   string // of a literal text
	texts  []*node
	fixed  bool // a literal number, date, ..
	value  int64
	event  string // that it looks for
	words  func(say fact.Speaker, not bool) string
}

func truthOf(b bool) fact.Truth {
	if b {
		return fact.True
	}
	return fact.False
}

// settle makes a condition of a truth function.
func (n *node) settle(truth func(*fact.Record) fact.Truth) *node {
	n.kind, n.truth = kindTruth, truth
	n.eval = func(r *fact.Record) (int64, bool) {
		switch truth(r) {
		case fact.True:
			return 1, true
		case fact.False:
			return 0, true
		}
		return 0, false
	}
	return n
}

// missing appends the facts that keep the node from being known.
func (n *node) missing(r *fact.Record, into []fact.Fact) []fact.Fact {
	if n.eval != nil {
		if _, known := n.eval(r); known {
			return into
		}
	}
	if n.isFact {
		return append(into, n.fact)
	}
	for _, part := range n.parts {
		into = part.missing(r, into)
	}
	return into
}

// reads appends every fact that the node looks at.
func (n *node) reads(into []fact.Fact) []fact.Fact {
	if n.isFact && !slices.Contains(into, n.fact) {
		into = append(into, n.fact)
	}
	for _, part := range n.parts {
		into = part.reads(into)
	}
	return into
}

func (n *node) events(into []string) []string {
	if n.event != "" {
		into = append(into, n.event)
	}
	for _, part := range n.parts {
		into = part.events(into)
	}
	return into
}

func (n *node) plain(text string) *node {
	n.words = func(fact.Speaker, bool) string { return text }
	return n
}
