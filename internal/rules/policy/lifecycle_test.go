package policy

import (
	"slices"
	"strings"
	"testing"
)

// TestMistakesInLives is what the checker says about lives that cannot be right.
func TestMistakesInLives(t *testing.T) {
	const phases = "phases: {supported: {}, limited: {answer: limited}}, "
	const limited = "{phase: limited, until: supported + 1y}"
	for _, c := range []struct{ what, life, want string }{
		{"28 phases that end by each other", `{` + phases + `lines: [{phase: supported, until: limited - 1y}, ` + limited + `]}`, `the end of "supported" depends on itself, through another phase`},
		{"29 table and lines", `{phases: {supported: {}}, table: {9: [2028-01-30]}, lines: [{phase: supported, of: major, until: next major + 2y}]}`,
			`"9": supported is published until 2028-01-30, but the lines give 2028-01-29; one of them is wrong`},
		{"a phase without a line", `{` + phases + `lines: [{phase: supported, until: announced}]}`, `phase "limited" of core has neither a line nor a date in the table`},
		{"a phase after one that never ends", `{` + phases + `lines: [{phase: supported, until: open}, ` + limited + `]}`, `phase "limited" of core can never be reached: "supported" never ends`},
		{"a row that is too short", `{` + phases + `table: {9: [2028-01-29]}}`, `the row 9 of the table has 1 entries; it needs one for each of the 2 phases: supported, limited`},
		{"dates that go back", `{` + phases + `table: {9: [2028-01-29, 2027-01-29]}}`, `limited of 9 ends on 2027-01-29, before the phase that it follows ends (2028-01-29)`},
		{"a day that does not exist", `{phases: {supported: {}}, table: {9: [2026-02-30]}}`, `table: "2026-02-30" is not a date`},
		{"a phase that is not there", `{phases: {supported: {}}, lines: [{phase: suported, until: announced}]}`, `no phase "suported"; did you mean "supported"?`},
		{"a date that counts from no phase", `{phases: {supported: {}}, lines: [{phase: supported, until: suported + 2y}]}`, `no phase "suported"; did you mean "supported"?`},
		{"a length that is none", `{phases: {supported: {}}, lines: [{phase: supported, until: next major + 2 years}]}`, `until: expected a length such as 2y, 6mo, 12w or 90d, found "2"`},
		{"next what", `{phases: {supported: {}}, lines: [{phase: supported, until: next version}]}`, "`next version`: write next major, next minor, next patch or next release"},
		{"another product", `{phases: {supported: {}}, lines: [{phase: supported, at_most: cor supported}]}`, `no product "cor"; did you mean "core"?`},
		{"a product that it does not depend on", `{phases: {supported: {}}, lines: [{phase: supported, at_most: part supported}]}`, `looks at part, which core does not depend on; add`},
		{"a part that versions do not have", `{phases: {supported: {}}, lines: [{phase: supported, of: patch, until: announced}]}`, `the versions of core are major.minor: they have no patch part`},
		{"a line that says nothing", `{phases: {supported: {}}, lines: [{phase: supported}]}`, "a line needs `until`, `at_least`, `at_most` or `newest`"},
		{"an exception that is never reached", `{phases: {supported: {}}, lines: [{phase: supported, until: announced}],
			exceptions: [{versions: 8, phase: supported, until: 2030-01-01}, {versions: 8.2, phase: supported, until: 2031-01-01}]}`, `exception 2 of core can never be reached: exception 1 (line`},
		{"a phase with a word of the language", `{phases: {open: {}}, lines: [{phase: open, until: announced}]}`, `a phase cannot be called "open"`},
		{"a line that looks at the phase", `{phases: {supported: {}}, lines: [{phase: supported, for: {version.phase: supported}, until: announced}]}`, "`version.phase` is settled later than"},
		{"releases as a condition", `{phases: {supported: {}}, lines: [{phase: supported, for: {version.releases: 3}, until: announced}]}`, "`version.releases` holds several values and cannot be compared"},
		{"no phases", `{warn_before: [90d]}`, "lifecycle core needs `phases`"},
	} {
		text := soundPolicy(map[string]string{
			"products":  `products: {core: {name: Core, versions: major.minor, releases: {9: 2024-04-16, 10: 2026-01-29}}, part: {name: Part, depends_on: core}}`,
			"lifecycle": `lifecycle: {part: {lines: [{phase: supported, until: open}]}, core: ` + c.life + `}`,
		})
		_, findings := Parse("p.md", []byte(text))
		if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.Message, c.want) }) {
			t.Errorf("%s: the checker says %v, want %s", c.what, findings, c.want)
		}
	}
}

func TestLivesThatLookAtEachOther(t *testing.T) {
	text := soundPolicy(map[string]string{
		"products":  `products: {core: {name: Core, depends_on: part}, part: {name: Part, depends_on: core}}`,
		"lifecycle": `lifecycle: {core: {lines: [{phase: supported, at_most: part supported}]}, part: {lines: [{phase: supported, at_most: core supported}]}}`,
	})
	_, findings := Parse("p.md", []byte(text))
	if !slices.ContainsFunc(findings, func(f Finding) bool {
		return strings.Contains(f.Message, "the lifecycles depend on each other: core -> part -> core")
	}) {
		t.Errorf("the checker says %v", findings)
	}
}

func TestLivesInWords(t *testing.T) {
	p, findings := Parse("p.md", []byte(soundPolicy(map[string]string{
		"products": `products: {core: {name: Core}, part: {name: Part, depends_on: core}}`,
		"lifecycle": `lifecycle:
  core:
    phases: {supported: {}, extended: {name: Extended support}}
    lines:
      - {phase: supported, of: major, until: next major + 2y}
      - {phase: supported, of: minor, until: next minor + 6mo, for: {version.track: lts}}
      - {phase: supported, at_least: release + 36mo}
      - {phase: supported, newest: 3, of: major}
      - {phase: extended, until: supported + 2y + 6mo}
    exceptions: [{versions: [7, 8], phase: extended, until: 2031-04-16, reason: Announced}]
    warn_before: [90d, 30d]
  part:
    lines: [{phase: supported, at_most: core extended - 90d}, {phase: supported, until: open}]`,
	})))
	if p == nil {
		t.Fatal(findings)
	}
	clause, _ := p.Clause("lifecycle")
	want := []string{
		"Supported: each major release of Core, until two years after the next major release.",
		"Supported: each minor release of Core, until six months after the next minor release, when the release track is lts.",
		"Supported: each release of Core, at least until 36 months after its release.",
		"Supported: the newest three major releases of Core.",
		`Extended support: each release of Core, until two years and six months after the end of "Supported".`,
		"Extended support: version 7 or 8 of Core, as an exception, until 16 April 2031 (announced).",
		"Reminders are sent 90 and 30 days before the end.",
		`Supported: each release of Part, at most until 90 days before the end of "Extended support" of Core.`,
		"Supported: each release of Part, without an end.",
	}
	for _, b := range clause.Blocks {
		if b.Kind == "lifecycle" && !slices.Equal(b.List, want) {
			t.Errorf("said\n%s\nwant\n%s", strings.Join(b.List, "\n"), strings.Join(want, "\n"))
		}
	}
}
