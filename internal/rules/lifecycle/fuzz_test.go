package lifecycle

import "testing"

// FuzzExpression reads any text as a date that hangs on releases: what can be read is written back the same, moves no date out
// of reason, and can be said.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{"next major + 2y", "next minor+6mo", "next patch", "next release", "release + 36mo - 1d", "announced", "open", "2028-02-29", "supported + 2y",
		"core supported - 90d", "2026-02-30", "next", "+ 2y", "open + 1y", "release + 99999999999999999999y", "- - -", "next major + 2 years", ""} {
		f.Add(text)
	}
	names := Names{Phase: func(id string) string { return id }, Product: func(id string) string { return id }}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseExpression(text)
		if err != nil {
			return
		}
		again, err := ParseExpression(e.String())
		if err != nil || again.String() != e.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", text, e.String(), again.String(), err)
		}
		from := Date(20000)
		if d := e.shifted(from) - from; d < -500*366 || d > 500*366 {
			t.Fatalf("%q moves a date by %d days", text, d)
		}
		if e.Words(Major, names, "") == "" {
			t.Fatalf("%q has no words", text)
		}
	})
}

// FuzzVersions compares any two texts as versions: one order for both directions, and what covers a version begins it.
func FuzzVersions(f *testing.F) {
	for _, pair := range [][2]string{{"8", "8.2.7"}, {"10.4", "10.10"}, {"v9.0.0-rc.1", "9.0.0"}, {"9.2-CU5", "9.2-CU10"}, {"main", "2024-LTS"}, {"1.2.3.4.5.6.7", "1"}, {"", "0"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		v, w := ParseVersion(a), ParseVersion(b)
		if Compare(v, w) != -Compare(w, v) || Compare(v, v) != 0 {
			t.Fatalf("%q against %q: %d and %d", a, b, Compare(v, w), Compare(w, v))
		}
		if v.Numbered() && v.Covers(w) && w.Numbered() && newer(v, w, v.Parts()) {
			t.Fatalf("%q covers %q, which is newer", a, b)
		}
		if v.String() != a {
			t.Fatalf("%q is written as %q", a, v)
		}
	})
}
