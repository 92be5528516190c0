package simulate

import (
	"maps"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

const (
	// maxKeys bounds the kinds of change that are counted apart, maxExamples the tickets named for each.
	maxKeys     = 2000
	maxExamples = 5
)

// tally counts what one goroutine saw. It grows with the policy and the number of accounts, not with the judgements.
type tally struct {
	judged, changed, unreadable int64
	keys                        map[key]*count
	clauses                     map[string]int64
	accounts                    map[string]*accountCount
	charges                     map[string]*chargeCount
	comparison                  *comparison
	seen                        []string
}

type count struct {
	n        int64
	examples []int64 // the lowest ticket numbers
	shift    int64   // the longest of a due, with its sign
}

type accountCount struct{ judged, changed int64 }

type chargeCount struct{ appears, disappears int64 }

func newTally() *tally {
	return &tally{keys: map[key]*count{}, clauses: map[string]int64{}, accounts: map[string]*accountCount{}, charges: map[string]*chargeCount{}, comparison: newComparison()}
}

func (t *tally) addAll(draft *policy.Policy, batch []judged) {
	for i := range batch {
		t.add(draft, &batch[i])
	}
}

func (t *tally) add(draft *policy.Policy, j *judged) {
	t.judged++
	s, before, after, err := again(j, draft)
	if err != nil {
		t.unreadable++
		return
	}
	c := t.comparison
	c.old, c.new = j.by, draft
	c.run(&before, &after, s)
	a := entryOf(t.accounts, j.AccountID)
	a.judged++
	if len(c.keys) == 0 {
		return
	}
	t.changed++
	a.changed++
	for i, k := range c.keys {
		t.count(k, c.shift[i], j.Number)
	}
	t.countClauses(c.keys)
	for _, k := range c.appears {
		entryOf(t.charges, rateOf(k)).appears++
	}
	for _, k := range c.disappears {
		entryOf(t.charges, rateOf(k)).disappears++
	}
}

func (t *tally) count(k key, shift, number int64) {
	n := t.keys[k]
	if n == nil {
		if len(t.keys) >= maxKeys {
			k = key{field: k.field, from: "other", to: "other"}
		}
		n = entryOf(t.keys, k)
	}
	n.n++
	n.longest(shift)
	n.example(number)
}

func (n *count) longest(shift int64) {
	if abs(shift) > abs(n.shift) || abs(shift) == abs(n.shift) && shift > n.shift {
		n.shift = shift
	}
}

func (n *count) example(number int64) {
	if len(n.examples) == maxExamples && number > n.examples[maxExamples-1] {
		return
	}
	at, found := slices.BinarySearch(n.examples, number)
	if found {
		return
	}
	n.examples = slices.Insert(n.examples, at, number)
	n.examples = n.examples[:min(len(n.examples), maxExamples)]
}

func abs(n int64) int64 { return max(n, -n) }

// countClauses counts each clause once for a judgement, however many fields it changes.
func (t *tally) countClauses(keys []key) {
	t.seen = t.seen[:0]
	for _, k := range keys {
		for _, clause := range [...]string{k.fromClause, k.toClause} {
			if clause != "" && !slices.Contains(t.seen, clause) {
				t.seen = append(t.seen, clause)
				t.clauses[clause]++
			}
		}
	}
}

// entryOf is the value under a key, made when it is not there.
func entryOf[K comparable, V any](m map[K]*V, k K) *V {
	v := m[k]
	if v == nil {
		v = new(V)
		m[k] = v
	}
	return v
}

// merge adds what another goroutine saw; the sum does not depend on who saw what.
func (t *tally) merge(o *tally) {
	t.judged, t.changed, t.unreadable = t.judged+o.judged, t.changed+o.changed, t.unreadable+o.unreadable
	for k, n := range o.keys {
		into := entryOf(t.keys, k)
		into.n += n.n
		into.longest(n.shift)
		for _, e := range n.examples {
			into.example(e)
		}
	}
	for clause, n := range o.clauses {
		t.clauses[clause] += n
	}
	for _, id := range slices.Collect(maps.Keys(o.accounts)) {
		a := entryOf(t.accounts, id)
		a.judged, a.changed = a.judged+o.accounts[id].judged, a.changed+o.accounts[id].changed
	}
	for rate, n := range o.charges {
		c := entryOf(t.charges, rate)
		c.appears, c.disappears = c.appears+n.appears, c.disappears+n.disappears
	}
}
