package policies

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ofEach runs a benchmark for every policy.
func ofEach(b *testing.B, run func(b *testing.B, file, name string)) {
	files, err := fs.Glob(FS, "*.md")
	if err != nil || len(files) == 0 {
		b.Fatalf("no policy found: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".md")
		b.Run(name, func(b *testing.B) { run(b, file, name) })
	}
}

// BenchmarkDecide decides the situations of a policy's probes one after the other, histories of events among them; worst-us is
// the slowest of them, each the mean of 200 decisions.
func BenchmarkDecide(b *testing.B) {
	ofEach(b, func(b *testing.B, file, name string) {
		p, _ := policy.Parse(file, read(b, file))
		var all []*coverage.Situation
		for _, seed := range (&gridMaker{p: p}).seeds(b, name) {
			if s, mistakes := coverage.ParseSituation(p, []byte(seed.text())); len(mistakes) == 0 {
				all = append(all, s)
			}
		}
		var worst time.Duration
		for _, s := range all {
			began := time.Now()
			for range 200 {
				coverage.Decide(p, s)
			}
			worst = max(worst, time.Since(began)/200)
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			coverage.Decide(p, all[i%len(all)])
			i++
		}
		b.ReportMetric(float64(worst.Nanoseconds())/1000, "worst-us")
	})
}

// BenchmarkCheck reads and compiles each policy as `policy check` does.
func BenchmarkCheck(b *testing.B) {
	ofEach(b, func(b *testing.B, file, _ string) {
		src := read(b, file)
		for b.Loop() {
			policy.Parse(file, src)
		}
	})
}
