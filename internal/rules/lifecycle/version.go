// Package lifecycle computes until when a version of a product lives: dates that hang on releases, versions compared by their
// parts, and the ends of the phases of a life with what decided each. It is pure: releases, conditions and the lives of other
// products come from its caller. Dates are local dates of the policy's zone.
package lifecycle

import (
	"cmp"
	"strconv"
	"strings"
)

// maxParts bounds the parts of a version.
const maxParts = 6

// Version is a version read by its parts, so that 10.4 comes before 10.10. Parts that it does not state stand for every value:
// 8 covers 8.anything. The zero Version is not known.
type Version struct {
	text   string
	suffix string
	parts  [maxParts]int32
	n      int
}

// ParseVersion reads a version such as 10.4.0, v8 or 9.0.0-rc.1. One that does not begin with numbers keeps its text alone: it
// is equal to itself and comes before every other.
func ParseVersion(text string) Version {
	v := Version{text: text}
	if text == "" {
		return v
	}
	numbers := text
	if len(text) > 1 && (text[0] == 'v' || text[0] == 'V') {
		numbers = text[1:]
	}
	if at := strings.IndexAny(numbers, "-+ _"); at >= 0 {
		numbers, v.suffix = numbers[:at], numbers[at:]
	}
	for n := 0; ; n++ {
		part, rest, more := strings.Cut(numbers, ".")
		i, err := strconv.ParseInt(part, 10, 32)
		if err != nil || i < 0 || part[0] == '+' || n == maxParts {
			return Version{text: text}
		}
		v.parts[n], v.n = int32(i), n+1
		if numbers = rest; !more {
			return v
		}
	}
}

// String is the version as it was written.
func (v Version) String() string { return v.text }

// Known reports that the version is there.
func (v Version) Known() bool { return v.text != "" }

// Numbered reports that the version has parts that can be compared.
func (v Version) Numbered() bool { return v.n > 0 }

// Parts is the number of parts that the version states.
func (v Version) Parts() int { return v.n }

// Compare orders versions by their parts, a missing part as 0; then what is not finished yet (alpha, beta, rc, preview) before
// the release, and every other suffix after it.
func Compare(a, b Version) int {
	for i := range maxParts {
		if d := cmp.Compare(a.parts[i], b.parts[i]); d != 0 {
			return d
		}
	}
	if d := cmp.Compare(min(a.n, 1), min(b.n, 1)); d != 0 {
		return d
	}
	if a.n == 0 {
		return strings.Compare(a.text, b.text)
	}
	if d := cmp.Compare(finish(a.suffix), finish(b.suffix)); d != 0 {
		return d
	}
	return compareRuns(a.suffix, b.suffix)
}

// finish is -1 for what comes before a release, 0 for the release, 1 for what comes after it.
func finish(suffix string) int {
	word := strings.ToLower(strings.TrimLeft(suffix, "-+ _."))
	for _, early := range [...]string{"alpha", "beta", "rc", "pre", "preview", "dev", "snapshot"} {
		if strings.HasPrefix(word, early) {
			return -1
		}
	}
	return min(len(word), 1)
}

// compareRuns orders texts with runs of digits as numbers: CU5 before CU10.
func compareRuns(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			da, db := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if d := cmp.Or(cmp.Compare(len(da), len(db)), strings.Compare(da, db)); d != 0 {
				return d
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if d := cmp.Compare(a[0], b[0]); d != 0 {
			return d
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// Covers reports whether v stands for w too: every part that v states is the same in w.
func (v Version) Covers(w Version) bool {
	if v.n == 0 || w.n == 0 || v.suffix != "" {
		return v.text == w.text
	}
	return v.n <= w.n && v.parts == w.first(v.n)
}

func (v Version) first(n int) [maxParts]int32 {
	for i := n; i < maxParts; i++ {
		v.parts[i] = 0
	}
	return v.parts
}

// SameLine reports whether both have the same first n parts, a missing part as 0.
func SameLine(v, w Version, n int) bool { return sameLine(v, w, n) }

// sameLine reports whether both have the same first n parts.
func sameLine(v, w Version, n int) bool { return v.first(n) == w.first(n) }

// newer reports whether the first n parts of w come after those of v. A part that v does not state stands for its newest.
func newer(v, w Version, n int) bool {
	if w.n < n {
		return false
	}
	for i := range n {
		if i >= v.n {
			return false
		}
		if v.parts[i] != w.parts[i] {
			return w.parts[i] > v.parts[i]
		}
	}
	return false
}
