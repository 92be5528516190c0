package lifecycle

import (
	"maps"
	"slices"
)

// Main is the track of a release that names none.
const Main = "main"

// Release is one release of a product. On is its day, Open while it is not known; Until is the announced last day, Open while
// none is. Needs is, for a product that depends on others, the version of each that this release works with.
type Release struct {
	Version Version
	On      Date
	Track   string // empty: main
	Until   Date
	Needs   []Needed
}

// Needed is the version of a product that a release works with.
type Needed struct {
	Product string
	Version Version
}

// NeededOf lists the versions of some products, by product.
func NeededOf(versions map[string]string) []Needed {
	if len(versions) == 0 {
		return nil
	}
	list := make([]Needed, 0, len(versions))
	for _, product := range slices.Sorted(maps.Keys(versions)) {
		list = append(list, Needed{Product: product, Version: ParseVersion(versions[product])})
	}
	return list
}

// Find is the version needed of a product; the zero Version where none is said.
func Find(needs []Needed, product string) Version {
	for i := range needs {
		if needs[i].Product == product {
			return needs[i].Version
		}
	}
	return Version{}
}

// Sort orders releases from the lowest version to the highest.
func Sort(list []Release) {
	slices.SortStableFunc(list, func(a, b Release) int { return Compare(a.Version, b.Version) })
}

// Subject is one version of a product, with what is known of the product's releases.
type Subject struct {
	Version   Version
	Depth     int    // how many parts the versions of the product have
	Track     string // empty: main
	Released  Date   // Open: not known
	Announced Date   // the stored end, Open for none

	Listed   bool      // Releases is the whole list
	Releases []Release // by the register
	Printed  []Release // by the policy's own text
}

func (s *Subject) track() string { return trackOf(s.Track) }

func trackOf(track string) string {
	if track == "" {
		return Main
	}
	return track
}

// depth is the number of parts that a unit speaks of.
func (s *Subject) depth(u Unit) int {
	if u == Whole {
		return s.Depth
	}
	return min(int(u), s.Depth)
}

// knows reports whether all releases that change the first n parts are known: the register lists every release, the text of a
// policy those with as many parts as it writes.
func (s *Subject) knows(n int) bool {
	if s.Listed {
		return true
	}
	for i := range s.Printed {
		if s.Printed[i].Version.Parts() >= n {
			return true
		}
	}
	return false
}

// each calls fn for the releases of the version's own track, in no order.
func (s *Subject) each(fn func(*Release)) {
	for _, list := range [2][]Release{s.Releases, s.Printed} {
		for i := range list {
			if trackOf(list[i].Track) == s.track() {
				fn(&list[i])
			}
		}
	}
}

// next is the earliest release that a unit calls the next one; nil where none is out or planned.
func (s *Subject) next(u Unit) (found *Release) {
	n, line := s.depth(u), 0
	if u != Whole {
		line = n - 1
	}
	s.each(func(r *Release) {
		if newer(s.Version, r.Version, n) && sameLine(s.Version, r.Version, line) && (found == nil || r.On < found.On) {
			found = r
		}
	})
	return found
}

// first is the earliest release of the line that the version belongs to by a unit.
func (s *Subject) first(u Unit) (found *Release) {
	n := min(s.depth(u), s.Version.Parts())
	s.each(func(r *Release) {
		if r.Version.Parts() >= n && sameLine(s.Version, r.Version, n) && (found == nil || r.On < found.On) {
			found = r
		}
	})
	return found
}

// maxNewest bounds `newest`.
const maxNewest = 32

// MaxNewest is how many releases a line may count.
func MaxNewest() int { return maxNewest }

// later is the release with which the count-th newer line of a unit is out; nil while there are fewer.
func (s *Subject) later(u Unit, count int) *Release {
	n := s.depth(u)
	var buffer [maxNewest]*Release
	lines := buffer[:0] // the first release of each newer line, the earliest count of them
	s.each(func(r *Release) {
		if !newer(s.Version, r.Version, n) {
			return
		}
		same := slices.IndexFunc(lines, func(o *Release) bool { return sameLine(o.Version, r.Version, n) })
		if same >= 0 {
			if r.On >= lines[same].On {
				return
			}
			lines = slices.Delete(lines, same, same+1)
		}
		at, _ := slices.BinarySearchFunc(lines, r, func(a, b *Release) int { return int(a.On) - int(b.On) })
		if len(lines) == count {
			if at == count {
				return
			}
			lines = lines[:count-1]
		}
		lines = slices.Insert(lines, at, r)
	})
	if len(lines) < count {
		return nil
	}
	return lines[count-1]
}

// Standing is how a version stands among the releases that are out on a day. The fields say nothing where Known is false, and
// LastMinor nothing where MinorKnown is.
type Standing struct {
	Known, MinorKnown, NeedsKnown bool

	Behind             int  // newer releases of its track
	Latest             bool // none is newer
	LastMinor          bool // no later minor release of the same major release is out
	NewestForDependent bool // no newer release works with the same major release of what the product depends on
}

// Stand works out how the version stands on a day. Works lists the products that the version depends on, with the versions.
func (s *Subject) Stand(today Date, works []Needed) Standing {
	var st Standing
	if !s.Version.Numbered() {
		return st
	}
	st.Known, st.MinorKnown = s.knows(s.Depth), s.knows(min(int(Minor), s.Depth))
	st.NeedsKnown = s.Listed && len(works) > 0
	st.LastMinor, st.NewestForDependent = true, true
	lines := 0
	s.each(func(r *Release) {
		if r.On > today {
			return
		}
		if newer(s.Version, r.Version, s.depth(Minor)) && sameLine(s.Version, r.Version, 1) {
			st.LastMinor = false
		}
		if !newer(s.Version, r.Version, s.Depth) {
			return
		}
		lines++
		st.dependent(r, works)
	})
	st.Behind, st.Latest = lines, lines == 0
	return st
}

// dependent looks whether a newer release works with what the version works with.
func (st *Standing) dependent(r *Release, works []Needed) {
	for i := range works {
		other := Find(r.Needs, works[i].Product)
		if !other.Numbered() {
			st.NeedsKnown = false
		} else if sameLine(other, works[i].Version, 1) {
			st.NewestForDependent = false
		}
	}
}

// Path lists the way up from a version over what is out on a day: the newest release of its own major release, then that of
// each major release above, or with direct only the newest of all. It is empty when nothing is newer.
func (s *Subject) Path(today Date, direct bool) []Release {
	var path []Release
	s.each(func(r *Release) {
		if r.On > today || r.Version.Parts() < s.Depth || !newer(s.Version, r.Version, s.Depth) {
			return
		}
		same := slices.IndexFunc(path, func(o Release) bool { return direct || sameLine(o.Version, r.Version, 1) })
		switch {
		case same < 0:
			path = append(path, *r)
		case Compare(path[same].Version, r.Version) < 0:
			path[same] = *r
		}
	})
	Sort(path)
	return path
}

// Relevant keeps of a product's releases those that can say anything about a version: its own, the first of the lines that it
// belongs to, and all newer ones. Where that is more than limit, of the newer ones those that dates hang on: the next ones, the
// first of each line above and the newest of each major release; if need be the lowest of them.
func Relevant(releases []Release, v Version, limit int) []Release {
	if !v.Numbered() {
		return nil
	}
	var kept []Release
	for i := range releases {
		r := &releases[i]
		if Compare(r.Version, v) >= 0 || v.Covers(r.Version) || opens(releases, r, v) {
			kept = append(kept, *r)
		}
	}
	Sort(kept)
	if len(kept) > limit {
		kept = decisive(kept, v, maxNewest)
	}
	return kept[:min(len(kept), limit)]
}

// decisive keeps the releases of a sorted list that the dates of a version hang on, where no line counts more than newest.
func decisive(all []Release, v Version, newest int) []Release {
	early := slices.Clone(all)
	early = slices.DeleteFunc(early, func(r Release) bool { return Compare(r.Version, v) <= 0 })
	slices.SortStableFunc(early, func(a, b Release) int { return int(a.On) - int(b.On) })
	following := map[string]bool{}
	for i, r := range early {
		own := sameLine(r.Version, v, min(2, v.n))
		if i < newest || own && !following["own"] {
			following[r.Version.text] = true
		}
		following["own"] = following["own"] || own
	}
	var kept []Release
	for i := range all {
		r := &all[i]
		if Compare(r.Version, v) == 0 || following[r.Version.text] || opens(all, r, v) || opens(all, r, r.Version) || closes(all, r) {
			kept = append(kept, *r)
		}
	}
	return kept
}

// opens reports whether r is the earliest release of the first one or two parts of a version, so that a line begins with it.
func opens(all []Release, r *Release, of Version) bool {
	for n := 1; n <= 2; n++ {
		if sameLine(r.Version, of, n) && !slices.ContainsFunc(all, func(o Release) bool {
			return trackOf(o.Track) == trackOf(r.Track) && sameLine(o.Version, of, n) && o.On < r.On
		}) {
			return true
		}
	}
	return false
}

// closes reports whether r is the newest release of its first part.
func closes(all []Release, r *Release) bool {
	return !slices.ContainsFunc(all, func(o Release) bool {
		return trackOf(o.Track) == trackOf(r.Track) && sameLine(o.Version, r.Version, 1) && Compare(o.Version, r.Version) > 0
	})
}
