package coverage_test

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

const untilPolicy = `# P {#p}

~~~policy
policy: {name: P, vendor: V, effective: 2026-01-01, zone: UTC}
levels: {L1: {name: One}}
responsibility: [{L1: {by: vendor, for: [customer, end-user]}}]
hours: [{use: always}]
products: {core: {name: Core, versions: major.minor.patch}, dep: {name: Dep, versions: major.minor.patch, depends_on: core}, bare: {name: Bare}}
lifecycle:
  core: {phases: {supported: {}}, lines: [{phase: supported, of: major, until: next major + 2y}]}
  dep: {phases: {supported: {}}, lines: [{phase: supported, until: release + 10y}, {phase: supported, at_least: core supported}]}
coverage: [{id: old, for: {version.until: below 2030-01-01}, answer: no}]
~~~
`

// A rule on the last day of a version that is not known leaves the answer open instead of ending the program.
func TestRuleOnALastDayThatIsNotKnown(t *testing.T) {
	p, findings := policy.Parse("p.md", []byte(untilPolicy))
	if p == nil {
		t.Fatal(findings)
	}
	for _, product := range []string{"dep", "bare"} {
		s := coverage.Situation{At: 1_800_000_000_000, Arrived: 1_800_000_000_000}
		s.Product.ID, s.Requester.Kind = product, "customer"
		if product == "dep" {
			s.Version.ID = "1.0.0"
		}
		if d := coverage.Decide(p, &s); d.Covered != coverage.CoveredAsk {
			t.Errorf("%s: covered %s, want ask", product, d.Covered)
		}
	}
}
