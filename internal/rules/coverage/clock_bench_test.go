package coverage

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// BenchmarkClocks folds histories of a policy with six clocks, one of each kind.
func BenchmarkClocks(b *testing.B) {
	p, findings := policy.Parse("p.md", []byte(walkedPolicy))
	if p == nil {
		b.Fatal(findings)
	}
	start := int64(1_768_208_400_000) // Monday 12 January 2026, 09:00 UTC
	hour := int64(3_600_000)
	long := []Event{{At: start, Name: "created"}, {At: start, Name: "level-entered", Value: "L1"}, {At: start, Name: "complete"}}
	for i := range int64(20) {
		long = append(long, Event{At: start + (3*i+1)*hour, Name: "public-update"}, Event{At: start + (3*i+2)*hour, Name: "waits-for-requester"}, Event{At: start + (3*i+3)*hour, Name: "customer-replied"})
	}
	s := situation(b, p, `{at: 2026-01-12T09:00:00Z, severity: S2, channel: web, product: {type: h}, requester: {kind: customer}, category: x}`)
	d := Decide(p, s)
	b.Run("a decision with six clocks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Decide(p, s)
		}
	})
	b.Run("a history of 63 events", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Clocks(p, s, d, long, start+100*hour)
		}
	})
	b.Run("a history of 63 events explained", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Deadlines(p, s, d, long, start+100*hour, nil)
		}
	})
	b.Run("a trace", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Trace(p, s)
		}
	})
}
