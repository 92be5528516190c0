package choice

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// maxCombinations bounds the search for gaps.
const maxCombinations = 20_000

// Gaps looks for records for which no entry of the list holds: how many kinds of them there are, and the first two in words.
// A `when` counts as not holding; conditional tells that one was left out. exists, unless nil, says which records can occur.
func (l *List) Gaps(space *fact.Space, exists func(*fact.Record) bool) (count int, examples []string, conditional bool) {
	samples := map[fact.Fact][]int64{}
	var facts []fact.Fact
	look := func(f fact.Fact, values []int64) {
		if _, seen := samples[f]; !seen {
			facts = append(facts, f)
		}
		samples[f] = append(samples[f], values...)
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		conditional = conditional || e.When.When != nil
		for _, t := range slices.Concat(e.When.For, e.When.Unless) {
			look(t.Fact, t.Samples(space))
		}
		if e.Table != nil {
			for _, f := range e.Table.Axes {
				look(f, space.Samples(f))
			}
		}
	}
	combinations := 1
	for _, f := range facts {
		slices.Sort(samples[f])
		samples[f] = slices.Compact(samples[f])
		if combinations *= len(samples[f]); combinations > maxCombinations {
			return 0, nil, conditional
		}
	}
	for k := range combinations {
		var record fact.Record
		var words []string
		for _, f := range facts {
			n := samples[f][k%len(samples[f])]
			k /= len(samples[f])
			record.V[f] = fact.Value{Known: true, N: n}
			words = append(words, space.Sample(f, n))
		}
		if exists != nil && !exists(&record) || l.holds(&record) {
			continue
		}
		if count++; count <= 2 {
			examples = append(examples, strings.Join(words, "/"))
		}
	}
	return count, examples, conditional
}

// holds reports whether an entry without `when` has a value. Bands are taken to have one: their own gaps are looked for apart.
func (l *List) holds(r *fact.Record) bool {
	for i := range l.Entries {
		e := &l.Entries[i]
		if e.When.When != nil || e.When.Eval(r) != fact.True {
			continue
		}
		if e.Table == nil {
			return true
		}
		words := make([]int, len(e.Table.Axes))
		for k, f := range e.Table.Axes {
			words[k] = int(r.V[f].N)
		}
		if e.Table.At[e.Table.Spot(words)] >= 0 {
			return true
		}
	}
	return false
}
