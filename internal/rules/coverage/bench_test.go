package coverage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/policies"
)

func BenchmarkDecide(b *testing.B) {
	p := defaultPolicy(b)
	for name, text := range map[string]string{
		"level 1, North America, open":     `{at: 2026-01-14T18:00:00Z, product: {type: named-user-cloud}, requester: {kind: end-user}, account: {region: north-america}, contract: {maintenance_active: yes, new_releases: yes}, category: camera-microphone}`,
		"level 2, incomplete, closed":      `{at: 2026-01-17T18:00:00Z, product: {type: cloud-server}, requester: {kind: customer}, account: {region: europe}, contract: {maintenance_active: yes}, category: defect}`,
		"not covered, two obstacles":       `{at: 2026-01-14T18:00:00Z, product: {type: cloud-server}, requester: {kind: customer}, account: {region: europe}, contract: {maintenance_active: no}, category: training}`,
		"unknown sender, nothing is known": `{at: 2026-01-14T18:00:00Z, requester: {kind: unknown}}`,
	} {
		s := situation(b, p, text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Decide(p, s)
			}
		})
	}
}

func BenchmarkParsePolicy(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		policy.Parse("default.md", policies.Default())
	}
}

func defaultPolicy(t testing.TB) *policy.Policy {
	t.Helper()
	p, findings := policy.Parse("default.md", policies.Default())
	for _, f := range findings {
		t.Error(f)
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

func situation(t testing.TB, p *policy.Policy, text string) *Situation {
	t.Helper()
	s, errs := ParseSituation(p, []byte(text))
	for _, e := range errs {
		t.Fatal(e)
	}
	return s
}

// BenchmarkALife decides for a version of a product with sixty releases, tables, exceptions and a way up.
func BenchmarkALife(b *testing.B) {
	p := lifePolicy(b, coreAndParts...)
	releases := strings.TrimSuffix(coreReleases, "}")
	for minor := range 45 {
		releases += fmt.Sprintf(", 11.%d.0: 2027-%02d-%02d", minor, minor/28+1, minor%28+1)
	}
	s := situation(b, p, `{product: {id: core}, requester: {kind: customer}, version: {id: 8.2.7, releases: `+releases+`}}, at: 2026-04-15T12:00:00Z}`)
	b.ReportAllocs()
	for b.Loop() {
		Decide(p, s)
	}
}
