package fact

import (
	"slices"
	"strconv"
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

// Samples are values of the fact that may make a difference to the test.
func (t *Test) Samples(all *Space) []int64 {
	if t.words == nil {
		return []int64{t.lo - 1, t.lo, t.hi, t.hi + 1}
	}
	return all.Samples(t.Fact)
}

// Samples are the words that a fact can have, by number; -1 for any other where one is possible, 0 for an empty set. Whoever
// asks is somebody, and a plan is one of those that exist.
func (s *Space) Samples(f Fact) []int64 {
	v := s.Of(f)
	var list []int64
	for i, w := range v.Words {
		switch {
		case s.Type(f) == TypeSet:
			list = append(list, 1<<i)
		case f == RequesterKind && w == "unknown", f == Plan && w == "none":
		default:
			list = append(list, int64(i))
		}
	}
	if s.Type(f) == TypeSet {
		return append(list, 0)
	}
	if !v.Closed || f == Category || s.Type(f) == TypePlace {
		list = append(list, -1)
	}
	return list
}

// Sample says a value of a fact in a word.
func (s *Space) Sample(f Fact, n int64) string { return sampleWord(s, f, n) }

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
