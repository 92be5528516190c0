package coverage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// lifePolicy is a policy with one product, one level and the given blocks about versions, each under its own clause.
func lifePolicy(t testing.TB, clauses ...string) *policy.Policy {
	t.Helper()
	p, findings := policy.Parse("life.md", []byte(lifeDocument(clauses...)))
	if p == nil {
		t.Fatalf("the policy does not compile: %v", findings)
	}
	return p
}

func lifeDocument(clauses ...string) string {
	var b strings.Builder
	b.WriteString("# Life {#life}\n\n```policy\n" + `policy: {name: Life, vendor: Example, effective: 2016-01-01, zone: UTC}
levels: {L1: {name: Level 1}}
categories: {defect: {level: L1, title: Defect}}
responsibility: [{L1: {by: vendor, for: [end-user, customer]}}]
hours: [{use: always}]
` + "```\n")
	for _, text := range clauses {
		id, yaml, _ := strings.Cut(text, "\n")
		fmt.Fprintf(&b, "\n## %s {#%s}\n\n```policy\n%s\n```\n", id, id, yaml)
	}
	return b.String()
}

// coreAndParts is a core, components that live by it, and two products that have lines of their own.
var coreAndParts = []string{
	`products
products:
  core: {name: Core, versions: major.minor.patch}
  sqs: {name: Queue, versions: major.minor.patch, depends_on: core, lifecycle: component}
  mq: {name: Broker, versions: major.minor.patch, depends_on: core, lifecycle: component}
  control: {name: Control, versions: major.minor.patch}
  pulse: {name: Pulse, versions: major.minor.patch}
updates: {category: update, path: one-major-at-a-time}
categories: {update: {level: L1, title: Update}}`,
	`majors
lifecycle:
  core:
    phases: {supported: {updates: all}, extended: {updates: critical, for: {contract.extended: yes, version.last_minor: yes}}}
    lines: [{id: core-majors, phase: supported, of: major, until: next major + 2y}]`,
	`minors
lifecycle: {core: {lines: [{id: core-minors, phase: supported, of: minor, until: next minor + 6mo}]}}`,
	`patches
lifecycle: {core: {lines: [{id: core-patches, phase: supported, of: patch, until: next patch}]}}`,
	`extended
lifecycle: {core: {lines: [{id: core-extended, phase: extended, of: major, until: supported + 2y}]}}`,
	`published
lifecycle:
  core:
    table: {10: [open, open], 9: [2028-01-29, 2030-01-29], 8: [2026-04-16, 2028-04-16], 7: [2024-11-17, 2026-11-17]}
    others: ended
    exceptions: [{id: framework, versions: 8, for: {product.deployment: framework}, phase: extended, until: 2031-04-16, reason: Published on the versions page}]`,
	`component-majors
lifecycle: {component: {lines: [{id: component-majors, phase: supported, of: major, until: next major + 1y}]}}`,
	`component-minors
lifecycle: {component: {lines: [{id: component-minors, phase: supported, of: minor, until: next minor + 3mo}]}}`,
	`component-last
lifecycle: {component: {lines: [{id: component-last, phase: supported, for: {version.newest_for_dependency: yes}, at_least: core supported}]}}`,
	`component-core
lifecycle: {component: {lines: [{id: component-core, phase: supported, at_most: core supported}]}}`,
	`control
lifecycle:
  control:
    lines:
      - {phase: supported, of: major, until: next major + 1y}
      - {phase: supported, of: minor, until: next minor}`,
	`pulse
lifecycle: {pulse: {lines: [{phase: supported, newest: 1}]}}`,
}

// coreReleases are the core's releases that its versions below hang on.
const coreReleases = `{7.0.0: 2018-05-29, 7.8.0: 2022-02-01, 7.8.6: 2024-01-10, 8.0.0: 2022-11-17, 8.2.0: 2024-01-05, 8.2.7: 2025-11-01, 9.0.0: 2024-04-16,
  9.2.0: 2024-10-01, 9.2.12: 2026-06-01, 10.0.0: 2026-01-29, 10.1.0: 2026-03-01, 10.1.7: 2026-05-20, 10.2.0: 2026-05-21, 10.2.7: 2026-09-01, 10.2.8: 2026-10-15}`

// TestLives reads as the published pages of two vendors do.
func TestLives(t *testing.T) {
	p := lifePolicy(t, coreAndParts...)
	core := func(version, rest string) string {
		return `product: {id: core}, version: {id: ` + version + `, releases: ` + coreReleases + `}, ` + rest
	}
	for _, c := range []struct {
		what, text                   string
		covered, phase, until        string
		phases, upgrade, mustBeCited string
	}{
		{"core 9: two years after 10, and two more", core("9.2.12", `contract: {extended: yes}, at: 2026-11-24T12:00:00Z`),
			"yes", "supported", "2028-01-29", "supported 2028-01-29, extended 2030-01-29", "10.2.8", "majors extended published"},
		{"core 8 on the day before its end", core("8.2.7", `at: 2026-04-15T12:00:00Z`), "yes", "supported", "2026-04-16", "supported 2026-04-16", "9.2.0", "majors"},
		{"core 8 on its last day", core("8.2.7", `at: 2026-04-16T23:59:59Z`), "yes", "supported", "2026-04-16", "supported 2026-04-16", "9.2.0", "majors"},
		{"core 8 after it, without an agreement", core("8.2.7", `at: 2026-04-17T00:00:00Z`), "no", "ended", "2026-04-16", "supported 2026-04-16", "9.2.0", "published"},
		{"core 8 after it, with an agreement", strings.Replace(core("8.2.7", `contract: {extended: yes}, at: 2026-11-24T12:00:00Z`), "id: core", "id: core, deployment: modern", 1),
			"yes", "extended", "2028-04-16", "supported 2026-04-16, extended 2028-04-16", "9.2.12", "extended"},
		{"core 8 on the old framework", `product: {id: core, deployment: framework}, version: {id: 8.2.7, releases: ` + coreReleases + `}, contract: {extended: yes}, at: 2029-01-15T12:00:00Z`,
			"yes", "extended", "2031-04-16", "supported 2026-04-16, extended 2031-04-16", "9.2.12", "published"},
		{"core 7 on the day before the end of its extended life", core("7.8.6", `contract: {extended: yes}, at: 2026-11-16T12:00:00Z`),
			"yes", "extended", "2026-11-17", "supported 2024-11-17, extended 2026-11-17", "8.2.7", "published"},
		{"core 7 on the day after", core("7.8.6", `contract: {extended: yes}, at: 2026-11-18T12:00:00Z`),
			"no", "ended", "2026-11-17", "supported 2024-11-17, extended 2026-11-17", "8.2.7", "published"},
		{"core 10.1 six months after 10.2, less a day", core("10.1.7", `contract: {extended: yes}, at: 2026-11-20T12:00:00Z`),
			"yes", "supported", "2026-11-21", "supported 2026-11-21", "10.2.8", "minors"},
		{"core 10.1 after that", core("10.1.7", `at: 2026-11-22T12:00:00Z`), "no", "ended", "2026-11-21", "supported 2026-11-21", "10.2.8", "minors"},
		{"a patch that is not the last of its minor", core("10.2.7", `at: 2026-11-24T12:00:00Z`), "no", "ended", "2026-10-14", "supported 2026-10-14", "10.2.8", "patches"},
		{"core 6 is not in the table", core("6.5.9", `at: 2026-11-24T12:00:00Z`), "no", "ended", "", "supported ended", "9.2.12", "published"},
		{"a component's minor, three months after the next", `product: {id: sqs}, at: 2026-11-06T12:00:00Z, version: {id: 6.4.3, dependency: {core: 10}, dependency_releases: {core: {10.0.0: 2026-01-29}},
			releases: {6.4.3: 2026-05-01, 6.5.0: {released: 2026-08-07, dependency: {core: 10}}}}`, "yes", "supported", "2026-11-07", "supported 2026-11-07", "6.5.0", "component-minors"},
		{"a component's minor that has expired", `product: {id: sqs}, at: 2026-11-24T12:00:00Z, version: {id: 9.0.2, dependency: {core: 10}, dependency_releases: {core: {10.0.0: 2026-01-29}},
			releases: {9.0.2: 2026-01-30, 9.1.0: {released: 2026-06-16, dependency: {core: 10}}}}`, "no", "ended", "2026-09-16", "supported 2026-09-16", "9.1.0", "component-minors"},
		{"a component's major that its core keeps alive", `product: {id: sqs}, at: 2027-06-01T12:00:00Z, version: {id: 8.1.3, dependency: {core: 9.2},
			releases: {8.1.3: 2025-01-10, 9.0.0: {released: 2026-01-29, dependency: {core: 10.0}}}, dependency_releases: {core: {9.2.0: 2024-10-01, 10.0.0: 2026-01-29}}}`,
			"yes", "supported", "2028-01-29", "supported 2028-01-29", "9.0.0", "component-majors component-last"},
		{"the same, if a newer one works with that core", `product: {id: sqs}, at: 2027-06-01T12:00:00Z, version: {id: 8.1.3, dependency: {core: 9.2},
			releases: {8.1.3: 2025-01-10, 9.0.0: {released: 2026-01-29, dependency: {core: 9.2}}}, dependency_releases: {core: {9.2.0: 2024-10-01, 10.0.0: 2026-01-29}}}`,
			"no", "ended", "2027-01-29", "supported 2027-01-29", "9.0.0", "component-majors"},
		{"a component on a dead core", `product: {id: mq}, at: 2026-11-24T12:00:00Z, version: {id: 6.0.0, dependency: {core: 6}, releases: {6.0.0: 2018-01-01}}`,
			"no", "ended", "", "supported ended", "", "component-core"},
		{"a previous minor of the current major", `product: {id: control}, at: 2026-08-08T12:00:00Z, version: {id: 6.18.3, releases: {6.18.0: 2026-07-01, 6.18.3: 2026-07-20, 6.19.0: 2026-08-07}}`,
			"no", "ended", "2026-08-06", "supported 2026-08-06", "6.19.0", "control"},
		{"the last minor of the previous major", `product: {id: control}, at: 2026-08-08T12:00:00Z, version: {id: 5.9.0, releases: {5.9.0: 2025-12-01, 6.0.0: 2026-02-01}}`,
			"yes", "supported", "2027-02-01", "supported 2027-02-01", "6.0.0", "control"},
		{"only the latest", `product: {id: pulse}, at: 2026-08-08T12:00:00Z, version: {id: 1.50.1, releases: {1.50.1: 2026-03-01, 1.50.2: 2026-08-08}}`,
			"no", "ended", "2026-08-07", "supported 2026-08-07", "1.50.2", "pulse"},
	} {
		d := Decide(p, situation(t, p, "{"+c.text+", requester: {kind: customer}}"))
		var phases []string
		for _, e := range d.Version.Phases {
			phases = append(phases, e.ID+" "+e.Last)
		}
		got := fmt.Sprintf("%s/%s/%s/%s/%s", d.Covered, d.Version.Phase, d.Version.Until, strings.Join(phases, ", "), d.Version.UpgradeTo)
		want := fmt.Sprintf("%s/%s/%s/%s/%s", c.covered, c.phase, c.until, c.phases, c.upgrade)
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s\n%v", c.what, got, want, d.Unsettled)
		}
		for _, clause := range strings.Fields(c.mustBeCited) {
			if !slices.Contains(clausesOf(d), clause) {
				t.Errorf("%s: #%s is not cited; cited: %v", c.what, clause, clausesOf(d))
			}
		}
	}
}

func TestTheWayUpGoesOverEachMajor(t *testing.T) {
	p := lifePolicy(t, coreAndParts...)
	d := Decide(p, situation(t, p, `{product: {id: core}, version: {id: 8.1.0, releases: `+coreReleases+`}, at: 2026-11-24T12:00:00Z}`))
	if want := []string{"8.2.7", "9.2.12", "10.2.8"}; !slices.Equal(d.Version.UpgradePath, want) || d.Version.UpgradeTo != "9.2.12" {
		t.Errorf("path %v to %s, want %v", d.Version.UpgradePath, d.Version.UpgradeTo, want)
	}
}

// TestPublishedPhases is a life of three published dates and a count of main releases.
func TestPublishedPhases(t *testing.T) {
	p := lifePolicy(t, `suite
products: {suite: {name: Suite, versions: major.minor}}
lifecycle:
  suite:
    phases: {regular: {updates: all}, supported: {updates: critical}, limited: {updates: none, answer: limited}}
    table:
      10.7: [2028-11-17, 2030-02-22, 2031-02-28]
      10.6: [2027-11-19, 2029-02-23, 2030-02-22]
      10.5: [2026-11-20, 2028-02-25, 2029-02-23]
      10.4: [2025-11-21, 2027-02-26, 2028-02-25]
      10.3: [2024-11-15, 2026-02-27, 2027-02-26]
    others: ended`)
	for _, c := range []struct{ version, covered, phase, until string }{
		{"10.4.0", "yes", "supported", "2027-02-26"},
		{"10.3.0", "limited", "limited", "2027-02-26"},
		{"10.2.0", "no", "ended", ""},
		{"10.5.3", "yes", "supported", "2028-02-25"},
		{"10.6", "yes", "regular", "2027-11-19"},
	} {
		d := Decide(p, situation(t, p, `{product: {id: suite}, requester: {kind: customer}, version: {id: `+c.version+`}, at: 2026-11-24T08:00:00Z}`))
		if d.Covered != c.covered || d.Version.Phase != c.phase || d.Version.Until != c.until {
			t.Errorf("%s: %s, %+v; want %+v", c.version, d.Covered, d.Version, c)
		}
	}
}

// TestNothingIsGuessed: what hangs on releases is open without them, and nothing else is.
func TestNothingIsGuessed(t *testing.T) {
	p := lifePolicy(t, coreAndParts...)
	for _, c := range []struct{ what, text, covered, field, needs string }{
		{"no releases", `product: {id: core}, version: {id: 9.2.12}`, "ask", "version.phase", "version.releases"},
		{"no version", `product: {id: core}`, "ask", "version.phase", "version.id"},
		{"no product", ``, "ask", "version.phase", "product.id"},
		{"no releases, and it does not matter", `product: {id: core}, version: {id: 6.0.0}`, "no", "", ""},
		{"no version of the core", `product: {id: sqs}, version: {id: 9.0.2, releases: {9.0.2: 2026-01-30}}`, "ask", "version.phase", "version.dependency"},
		{"no releases of the core", `product: {id: sqs}, version: {id: 9.0.2, dependency: {core: 10.1.7}, releases: {9.0.2: 2026-01-30}}`, "ask", "version.phase", "version.dependency_releases"},
		{"a product without a life of its own", `product: {id: other}, version: {id: 9.0.2}`, "yes", "", ""},
	} {
		text := strings.TrimPrefix(c.text+`, requester: {kind: customer}, at: 2026-11-24T12:00:00Z`, ", ")
		s, errs := ParseSituation(p, []byte("{"+text+"}"))
		if len(errs) > 0 && c.what != "a product without a life of its own" {
			t.Fatal(errs)
		}
		if len(errs) > 0 {
			s.Product.ID = "other"
		}
		d := Decide(p, s)
		if d.Covered != c.covered {
			t.Errorf("%s: covered %s, %v", c.what, d.Covered, d.Unsettled)
		}
		at := slices.IndexFunc(d.Unsettled, func(u Unsettled) bool { return u.Field == c.field })
		switch {
		case c.field == "" && len(d.Unsettled) > 0:
			t.Errorf("%s: %v is not settled", c.what, d.Unsettled)
		case c.field != "" && (at < 0 || strings.Join(d.Unsettled[at].Needs, " ") != c.needs):
			t.Errorf("%s: %v, want %s to need %s", c.what, d.Unsettled, c.field, c.needs)
		}
	}
}

// TestASituationKeepsItsReleases writes a situation and reads it back.
func TestASituationKeepsItsReleases(t *testing.T) {
	p := lifePolicy(t, coreAndParts...)
	s := situation(t, p, `{at: 2026-11-24T12:00:00Z, product: {id: sqs}, version: {id: 9.0.2, dependency: {core: 10.1}, releases: {9.0.2: 2026-01-30, 9.1.0: {released: 2026-06-16,
		track: lts, until: 2029-01-01, dependency: {core: 10.1}}}, dependency_releases: {core: {10.1.0: 2026-03-01}}}}`)
	text, err := s.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"at":"2026-11-24T12:00:00Z","product":{"id":"sqs"},"version":{"id":"9.0.2","releases":{"9.0.2":"2026-01-30","9.1.0":{"released":"2026-06-16","track":"lts","until":"2029-01-01","dependency":{"core":"10.1"}}},` +
		`"dependency":{"core":"10.1"},"dependency_releases":{"core":{"10.1.0":"2026-03-01"}}}}`
	if string(text) != want {
		t.Errorf("written as\n%s\nwant\n%s", text, want)
	}
	var back Situation
	if err := back.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	if again, err := back.MarshalJSON(); err != nil || string(again) != want {
		t.Errorf("read back as %s, %v", again, err)
	}
}

func TestALifeIsExplained(t *testing.T) {
	p := lifePolicy(t, coreAndParts...)
	d := Decide(p, situation(t, p, `{product: {id: core}, requester: {kind: customer}, version: {id: 10.1.7, releases: `+coreReleases+`}, at: 2026-11-20T12:00:00Z}`))
	var got []string
	for _, r := range d.Because {
		if strings.HasPrefix(r.Rule, "core-") {
			got = append(got, r.Rule+": "+r.Text)
		}
	}
	want := []string{"core-minors: Supported until 21 November 2026: six months after the next minor release (10.2.0, 21 May 2026)."}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestTheChartOfLives is what a reader sees who asks about no request.
func TestTheChartOfLives(t *testing.T) {
	p := lifePolicy(t, coreAndParts...)
	s := situation(t, p, `{at: 2026-11-24T12:00:00Z, version: {releases: `+coreReleases+`}}`)
	var got []string
	for _, v := range Lives(p, "core", s.Version.Releases, s.At) {
		line := v.Version + " " + v.Phase
		for _, span := range v.Phases {
			line += fmt.Sprintf(", %s %s", span.Title, lifecycle.Written(span.Until))
			if span.Provided != "" {
				line += " when " + span.Provided
			}
		}
		got = append(got, line)
	}
	const provided = " when the contract has an extended term and the version is the last minor release of its major release"
	want := []string{
		"10 supported, Supported open, Extended open" + provided,
		"9 supported, Supported 2028-01-29, Extended 2030-01-29" + provided,
		"8 extended, Supported 2026-04-16, Extended 2028-04-16" + provided,
		"7 ended, Supported 2024-11-17, Extended 2026-11-17" + provided,
	}
	if !slices.Equal(got, want) {
		t.Errorf("chart\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTheChartWithoutATable lists the newest release of every line.
func TestTheChartWithoutATable(t *testing.T) {
	p := lifePolicy(t, coreAndParts...)
	s := situation(t, p, `{at: 2026-08-08T12:00:00Z, version: {releases: {5.9.0: 2025-12-01, 6.0.0: 2026-02-01, 6.18.0: 2026-07-01, 6.18.3: 2026-07-20, 6.19.0: 2026-08-07}}}`)
	var got []string
	for _, v := range Lives(p, "control", s.Version.Releases, s.At) {
		got = append(got, v.Version+" "+v.Phase+" "+lifecycle.Written(v.Phases[0].Until))
	}
	if want := []string{"6.19.0 supported open", "6.18.3 ended 2026-08-06", "6.0.0 ended 2026-06-30", "5.9.0 supported 2027-02-01"}; !slices.Equal(got, want) {
		t.Errorf("chart %q, want %q", got, want)
	}
}

// TestReadingsOfALife: one text counts three main releases, another two; the policy says which one is used.
func TestReadingsOfALife(t *testing.T) {
	p := lifePolicy(t, `suite
products: {suite: {name: Suite, versions: major.minor}}
conflicts: {versions: {between: [upgrade-page, legal-terms], use: upgrade-page}}`,
		`upgrade-page
lifecycle: {suite: {phases: {supported: {}}, lines: [{phase: supported, newest: 3, reading: upgrade-page}]}}`,
		`legal-terms
lifecycle: {suite: {lines: [{phase: supported, newest: 2, reading: legal-terms}]}}`)
	ask := func(version string) Decision {
		return Decide(p, situation(t, p, `{product: {id: suite}, requester: {kind: customer}, at: 2026-11-24T08:00:00Z,
			version: {id: `+version+`, releases: {10.3: 2024-02-01, 10.4: 2025-02-01, 10.5: 2025-08-01, 10.6: 2026-02-01}}}`))
	}
	if d := ask("10.4.0"); d.Covered != CoveredYes || len(d.Conflict) != 1 {
		t.Errorf("10.4 is covered %s, conflicts %v", d.Covered, d.Conflict)
	}
	if d := ask("10.5.0"); d.Covered != CoveredYes || len(d.Conflict) != 0 {
		t.Errorf("10.5 is covered %s, conflicts %v", d.Covered, d.Conflict)
	}
	if d := ask("10.3.0"); d.Covered != CoveredNo || d.Version.Until != "2026-01-31" {
		t.Errorf("10.3 is covered %s until %s", d.Covered, d.Version.Until)
	}
}
