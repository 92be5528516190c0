package fact

import (
	"slices"
	"strconv"
	"strings"
)

// contains reports whether every value that b accepts is accepted by a.
func (a *Test) contains(b *Test) bool {
	if a.Fact != b.Fact {
		return false
	}
	if a.words == nil || b.words == nil {
		return a.words == nil && b.words == nil && a.lo <= b.lo && b.hi <= a.hi
	}
	for i, w := range b.words {
		if i >= len(a.words) && w != 0 || i < len(a.words) && w&^a.words[i] != 0 {
			return false
		}
	}
	return true
}

func (a *Test) disjoint(b *Test) bool {
	if a.Fact != b.Fact || a.set {
		return false
	}
	if a.words == nil || b.words == nil {
		return a.words == nil && b.words == nil && (a.hi < b.lo || b.hi < a.lo)
	}
	for i := range min(len(a.words), len(b.words)) {
		if a.words[i]&b.words[i] != 0 {
			return false
		}
	}
	return true
}

// Covers reports whether everything that passes the later tests passes the earlier ones.
func Covers(earlier, later []Test) bool {
	for i := range earlier {
		if !slices.ContainsFunc(later, func(t Test) bool { return earlier[i].contains(&t) }) {
			return false
		}
	}
	return true
}

// Apart reports whether nothing passes both.
func Apart(a, b []Test) bool {
	for i := range a {
		if slices.ContainsFunc(b, func(t Test) bool { return a[i].disjoint(&t) }) {
			return true
		}
	}
	return false
}

// maxCombinations bounds the search for gaps.
const maxCombinations = 4096

// Gaps looks for records that none of the conditions fits. It returns how many kinds of them there are, two of them in
// words, and gives up without any where there is too much to look at.
func Gaps(conditions []Condition, v *Space) (count int, examples []string) {
	var facts []Fact
	values := map[Fact][]int64{}
	for i := range conditions {
		for _, t := range slices.Concat(conditions[i].For, conditions[i].Unless) {
			if _, seen := values[t.Fact]; !seen {
				facts = append(facts, t.Fact)
			}
			values[t.Fact] = append(values[t.Fact], t.samples(v)...)
		}
	}
	combinations := 1
	for _, f := range facts {
		slices.Sort(values[f])
		values[f] = slices.Compact(values[f])
		if combinations *= len(values[f]); combinations > maxCombinations {
			return 0, nil
		}
	}
	for k := range combinations {
		var record Record
		var words []string
		for _, f := range facts {
			n := values[f][k%len(values[f])]
			k /= len(values[f])
			record.V[f] = Value{Known: true, N: n}
			words = append(words, sampleWord(v, f, n))
		}
		if !slices.ContainsFunc(conditions, func(c Condition) bool { return c.Eval(&record) == True }) {
			if count++; count <= 2 {
				examples = append(examples, strings.Join(words, "/"))
			}
		}
	}
	return count, examples
}

// samples are values of the fact that may make a difference to the test.
func (t *Test) samples(all *Space) []int64 {
	if t.words == nil {
		return []int64{t.lo - 1, t.lo, t.hi, t.hi + 1}
	}
	v := all.Of(t.Fact)
	var list []int64
	for i := range v.Words {
		if t.set {
			list = append(list, 1<<i)
		} else if t.Fact != RequesterKind || v.Words[i] != "unknown" {
			list = append(list, int64(i))
		}
	}
	if t.set {
		return append(list, 0)
	}
	if !v.Closed || t.Fact == Category || all.Type(t.Fact) == TypePlace {
		list = append(list, -1)
	}
	return list
}

func sampleWord(all *Space, f Fact, n int64) string {
	typ := all.Type(f)
	if words := all.Of(f).Words; (typ == TypeID || typ == TypeYesNo) && n >= 0 && int(n) < len(words) {
		return words[n]
	}
	if typ == TypeID {
		return "any other " + all.Noun(f)
	}
	return all.Name(f) + " " + strconv.FormatInt(n, 10)
}
