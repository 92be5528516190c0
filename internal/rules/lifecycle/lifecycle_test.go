package lifecycle

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
)

func date(t testing.TB, text string) Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestVersionsCompareByTheirParts(t *testing.T) {
	inOrder := []string{"main", "8", "8.0.1", "9.2.12-rc.1", "9.2.12-rc.2", "9.2.12", "9.2.12-CU5", "9.2.12-CU10", "9.10", "v10.4", "10.10.0"}
	for i, a := range inOrder {
		for k, b := range inOrder {
			if got := Compare(ParseVersion(a), ParseVersion(b)); got < 0 != (i < k) || got > 0 != (i > k) {
				t.Errorf("%s against %s: %d", a, b, got)
			}
		}
	}
}

func TestAVersionCoversThoseThatBeginWithIt(t *testing.T) {
	for _, c := range []struct {
		v, w string
		want bool
	}{
		{"8", "8.2.7", true}, {"8", "8", true}, {"8", "80.1", false}, {"8.2", "8", false}, {"10.4", "10.40", false}, {"10.4", "10.4.0-CU5", true},
		{"9.0-rc1", "9.0", false}, {"2024-LTS", "2024-LTS", true}, {"main", "main", true}, {"main", "8", false},
	} {
		if got := ParseVersion(c.v).Covers(ParseVersion(c.w)); got != c.want {
			t.Errorf("%s covers %s: %v", c.v, c.w, got)
		}
	}
}

func TestDatesAreMoved(t *testing.T) {
	for _, c := range []struct{ from, by, want string }{
		{"2026-01-29", "+ 2y", "2028-01-29"}, {"2026-05-21", "+ 6mo", "2026-11-21"}, {"2024-02-29", "+ 1y", "2025-02-28"},
		{"2026-01-31", "+ 1mo", "2026-02-28"}, {"2026-03-31", "- 1mo", "2026-02-28"}, {"2026-08-31", "+ 18mo", "2028-02-29"},
		{"2026-01-01", "- 90d", "2025-10-03"}, {"2026-12-31", "+ 1d", "2027-01-01"}, {"2026-01-31", "+ 1mo + 1mo", "2026-03-28"}, {"2026-01-01", "+ 12w", "2026-03-26"},
	} {
		e, err := ParseExpression(c.from + " " + c.by)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.shifted(e.Day).String(); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.from, c.by, got, c.want)
		}
	}
}

func TestExpressionsInWords(t *testing.T) {
	names := Names{Phase: func(id string) string { return "\"" + id + "\"" }, Product: func(id string) string { return id }}
	for _, c := range []struct {
		of          Unit
		text, words string
	}{
		{Major, "next major + 2y", "two years after the next major release (11.0, 10 January 2027)"},
		{Whole, "next release", "the next release (11.0, 10 January 2027)"},
		{Whole, "release + 36mo", "36 months after its release (11.0, 10 January 2027)"},
		{Major, "release + 1y", "one year after the first release of this major version (11.0, 10 January 2027)"},
		{Whole, "core supported - 90d", `90 days before the end of "supported" of core (11.0, 10 January 2027)`},
	} {
		e, err := ParseExpression(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Words(c.of, names, "11.0, 10 January 2027"); got != c.words {
			t.Errorf("%s: %q, want %q", c.text, got, c.words)
		}
	}
}

// always answers that every condition holds and that no other product is known.
type always struct{}

func (always) Holds(int) State                   { return Yes }
func (always) Other(string, string) (Span, bool) { return unknown(NeedDependency), true }

func line(t testing.TB, kind Kind, of Unit, text string) Line {
	t.Helper()
	e, err := ParseExpression(text)
	if err != nil {
		t.Fatal(err)
	}
	return Line{Rule: NoRule, Kind: kind, Of: of, End: e}
}

func releases(t testing.TB, list ...string) []Release {
	t.Helper()
	var out []Release
	for i := 0; i < len(list); i += 2 {
		out = append(out, Release{Version: ParseVersion(list[i]), On: date(t, list[i+1]), Until: Open})
	}
	Sort(out)
	return out
}

func life(lines ...Line) *Life {
	return &Life{Phases: []Phase{{ID: "supported", Rule: NoRule}}, Lines: lines}
}

// TestEnds reads: of this version, with these lines, the phase ends on that day.
func TestEnds(t *testing.T) {
	known := releases(t, "8.0.0", "2022-11-17", "9.0.0", "2024-04-16", "9.1.0", "2024-09-01", "9.1.1", "2024-10-01", "10.0.0", "2026-01-29", "10.1.0", "2026-03-01")
	for _, c := range []struct {
		what, version string
		life          *Life
		want          string
	}{
		{"two years after the next major", "9.1.1", life(line(t, Until, Major, "next major + 2y")), "2028-01-29"},
		{"no next major yet", "10.1.0", life(line(t, Until, Major, "next major + 2y")), "open"},
		{"the day before the next patch", "9.1.0", life(line(t, Until, Patch, "next patch")), "2024-09-30"},
		{"the next minor is of the same major", "9.1.1", life(line(t, Until, Minor, "next minor")), "open"},
		{"a major lives from its first release", "9.1.1", life(line(t, Until, Major, "release + 5y")), "2029-04-16"},
		{"a release lives from its own", "9.1.1", life(line(t, Until, Whole, "release + 5y")), "2029-10-01"},
		{"the earlier of two", "9.0.0", life(line(t, Until, Major, "next major + 2y"), line(t, Until, Minor, "next minor + 6mo")), "2025-03-01"},
		{"raised", "9.0.0", life(line(t, Until, Major, "next major + 12mo"), line(t, AtLeast, Whole, "release + 36mo")), "2027-04-16"},
		{"not raised", "9.0.0", life(line(t, Until, Major, "next major + 12mo"), line(t, AtLeast, Whole, "release + 1y")), "2027-01-29"},
		{"capped", "9.0.0", life(line(t, Until, Major, "next major + 12mo"), line(t, AtMost, Whole, "2026-06-30")), "2026-06-30"},
		{"raised, then capped", "9.0.0", life(line(t, Until, Whole, "2025-01-01"), line(t, AtLeast, Whole, "2027-01-01"), line(t, AtMost, Whole, "2026-01-01")), "2026-01-01"},
		{"the newest two majors", "8.0.0", life(Line{Rule: NoRule, Kind: Newest, Of: Major, Count: 2}), "2026-01-28"},
		{"still among the newest two", "9.1.1", life(Line{Rule: NoRule, Kind: Newest, Of: Major, Count: 2}), "open"},
		{"the newest one", "9.1.1", life(Line{Rule: NoRule, Kind: Newest, Count: 1}), "2026-01-28"},
		{"a version without its patch stands for the newest", "9.1", life(line(t, Until, Patch, "next patch"), line(t, Until, Major, "next major + 2y")), "2028-01-29"},
		{"a day that ends it", "9.0.0", &Life{DayAfter: true, Phases: []Phase{{ID: "supported", Rule: NoRule}}, Lines: []Line{line(t, Until, Major, "next major + 2y")}}, "2028-01-28"},
		{"the next release under that reading", "9.1.0", &Life{DayAfter: true, Phases: []Phase{{ID: "supported", Rule: NoRule}}, Lines: []Line{line(t, Until, Patch, "next patch")}}, "2024-09-30"},
	} {
		s := Subject{Version: ParseVersion(c.version), Depth: 3, Released: Open, Announced: Open, Listed: true, Releases: known}
		end := c.life.Ends(&s, always{}, nil)[0]
		if got := Written(c.life.LastDay(end.To)); !end.Settled() || got != c.want {
			t.Errorf("%s: %s: %+v (%s), want %s", c.what, c.version, end.Span, got, c.want)
		}
	}
}

// TestTracksLiveApart: a release of another track neither ends a version nor is its way up.
func TestTracksLiveApart(t *testing.T) {
	known := releases(t, "20.0.0", "2024-04-01", "22.0.0", "2026-04-01")
	known = append(known, Release{Version: ParseVersion("21.0.0"), On: date(t, "2024-10-01"), Until: Open, Track: "current"})
	s := Subject{Version: ParseVersion("20.0.0"), Depth: 3, Released: Open, Announced: Open, Listed: true, Releases: known}
	end := life(line(t, Until, Major, "next major")).Ends(&s, always{}, nil)[0]
	if end.To != date(t, "2026-03-31") {
		t.Errorf("ends %s", Written(end.To))
	}
	if path := s.Path(date(t, "2026-12-01"), false); len(path) != 1 || path[0].Version.String() != "22.0.0" {
		t.Errorf("way up %v", path)
	}
}

// TestWhatIsNotKnownStaysBetweenTwoDays: without releases an end lies before the cap and after the floor.
func TestWhatIsNotKnownStaysBetweenTwoDays(t *testing.T) {
	s := Subject{Version: ParseVersion("9.0.0"), Depth: 3, Released: Open, Announced: Open}
	end := life(line(t, Until, Major, "next major + 2y"), line(t, AtLeast, Whole, "2027-01-01"), line(t, AtMost, Whole, "2029-01-01")).Ends(&s, always{}, nil)[0]
	if end.From != date(t, "2027-01-01") || end.To != date(t, "2029-01-01") || end.Missing != NeedReleases {
		t.Errorf("%s to %s, missing %b", Written(end.From), Written(end.To), end.Missing)
	}
}

// someReleases are releases with versions of three parts, each version once.
func someReleases(t *rapid.T) []Release {
	n := rapid.IntRange(1, 14).Draw(t, "releases")
	var list []Release
	for i := range n {
		v := ParseVersion(fmt.Sprintf("%d.%d.%d", rapid.IntRange(1, 4).Draw(t, "major"), rapid.IntRange(0, 2).Draw(t, "minor"), rapid.IntRange(0, 2).Draw(t, "patch")))
		if !slices.ContainsFunc(list, func(r Release) bool { return Compare(r.Version, v) == 0 }) {
			list = append(list, Release{Version: v, On: Date(20000 + rapid.IntRange(0, 3000).Draw(t, fmt.Sprint("day", i))), Until: Open})
		}
	}
	Sort(list)
	return list
}

func someLife(t *rapid.T) *Life {
	l := &Life{Phases: []Phase{{ID: "supported", Rule: NoRule}, {ID: "extended", Rule: NoRule}}}
	for range rapid.IntRange(1, 4).Draw(t, "lines") {
		text := rapid.SampledFrom([]string{"next major + 2y", "next minor + 6mo", "next patch", "next release", "open", "2028-02-29", "next major - 90d"}).Draw(t, "until")
		e, err := ParseExpression(text)
		if err != nil {
			t.Fatal(err)
		}
		l.Lines = append(l.Lines, Line{Rule: NoRule, End: e})
	}
	if rapid.Bool().Draw(t, "counted") {
		l.Lines = append(l.Lines, Line{Rule: NoRule, Kind: Newest, Of: Unit(rapid.IntRange(0, 3).Draw(t, "of")), Count: rapid.IntRange(1, 3).Draw(t, "newest")})
	}
	e, err := ParseExpression("supported + 2y")
	if err != nil {
		t.Fatal(err)
	}
	l.Lines = append(l.Lines, Line{Rule: NoRule, Phase: 1, End: e})
	return l
}

// TestAnotherReleaseNeverProlongs: a release that is added or comes earlier can only end a version sooner.
func TestAnotherReleaseNeverProlongs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, list := someLife(t), someReleases(t)
		of := list[rapid.IntRange(0, len(list)-1).Draw(t, "version")].Version
		ends := func(list []Release) []End {
			return l.Ends(&Subject{Version: of, Depth: 3, Released: Open, Announced: Open, Listed: true, Releases: list}, always{}, nil)
		}
		before := ends(list)
		fewer := ends(slices.DeleteFunc(slices.Clone(list), func(r Release) bool {
			return Compare(r.Version, of) != 0 && rapid.Bool().Draw(t, "gone")
		}))
		earlier := slices.Clone(list)
		for i := range earlier {
			earlier[i].On -= Date(rapid.IntRange(0, 100).Draw(t, "earlier"))
		}
		sooner := ends(earlier)
		for i := range before {
			if before[i].To > fewer[i].To {
				t.Fatalf("%s with fewer releases: %s, with all %s", of, Written(fewer[i].To), Written(before[i].To))
			}
			if sooner[i].To > before[i].To {
				t.Fatalf("%s with earlier releases: %s, before %s", of, Written(sooner[i].To), Written(before[i].To))
			}
		}
	})
}

// TestWhatIsKnownLiesWithinWhatWasPossible: an end that gets settled lies in the span that it had without the releases.
func TestWhatIsKnownLiesWithinWhatWasPossible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, list := someLife(t), someReleases(t)
		s := Subject{Version: list[0].Version, Depth: 3, Released: Open, Announced: Open}
		unsure := l.Ends(&s, always{}, nil)
		s.Listed, s.Releases = true, list
		for i, end := range l.Ends(&s, always{}, nil) {
			if !end.Settled() || end.To < unsure[i].From || end.To > unsure[i].To {
				t.Fatalf("%s to %s is not within %s to %s", Written(end.From), Written(end.To), Written(unsure[i].From), Written(unsure[i].To))
			}
		}
	})
}

// TestRelevantReleasesAreEnough: what is left out says nothing about the version.
func TestRelevantReleasesAreEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, list := someLife(t), someReleases(t)
		of := list[rapid.IntRange(0, len(list)-1).Draw(t, "version")].Version
		whole := Subject{Version: of, Depth: 3, Released: Open, Announced: Open, Listed: true, Releases: list}
		part := whole
		part.Releases = Relevant(list, of, 64)
		if rapid.Bool().Draw(t, "many") {
			part.Releases = decisive(part.Releases, of, 3)
		}
		a, b := l.Ends(&whole, always{}, nil), l.Ends(&part, always{}, nil)
		for i := range a {
			if a[i].Span != b[i].Span {
				t.Fatalf("%s: phase %d ends %s, by the relevant ones %s", of, i, Written(a[i].To), Written(b[i].To))
			}
		}
		today := Date(23000) // all are out
		for _, direct := range []bool{true, false} {
			if p, q := whole.Path(today, direct), part.Path(today, direct); !slices.EqualFunc(p, q, func(a, b Release) bool { return Compare(a.Version, b.Version) == 0 }) {
				t.Fatalf("%s: way up %v, by the relevant ones %v", of, p, q)
			}
		}
	})
}
