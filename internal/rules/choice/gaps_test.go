package choice

import (
	"slices"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

func kindIs(words ...string) fact.Condition {
	var list []int
	for _, w := range words {
		list = append(list, slices.Index(fact.RequesterKind.Fixed(), w))
	}
	return fact.Condition{For: []fact.Test{space().Words(fact.RequesterKind, list...)}}
}

func space() *fact.Space {
	var s fact.Space
	for f := range fact.Count {
		for _, w := range f.Fixed() {
			s.Of(f).Add(w)
		}
		s.Of(f).Closed = f.Fixed() != nil
	}
	return &s
}

func TestGapsAreFound(t *testing.T) {
	list := List{Entries: []Entry{{When: kindIs("customer", "end-user", "partner", "vendor")}}}
	count, examples, _ := list.Gaps(space(), nil)
	if count != 1 || examples[0] != "monitoring" {
		t.Errorf("%d: %v", count, examples)
	}
	list.Entries = append(list.Entries, Entry{})
	if count, _, _ := list.Gaps(space(), nil); count != 0 {
		t.Errorf("%d gaps beside a rule for everything", count)
	}
}
