package rig

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Result is what a load run measured.
type Result struct {
	Done, Failed int64
	Took         time.Duration
	times        []time.Duration
	Err          error // the first failure
}

// Rate is how many were done in a second.
func (r Result) Rate() float64 { return float64(r.Done) / r.Took.Seconds() }

// At is the time within which a share of all was answered, 0.5 for the median.
func (r Result) At(share float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(len(r.times)-1, int(share*float64(len(r.times))))]
}

// Add joins the results of two runs of the same thing.
func (r Result) Add(o Result) Result {
	r.Done, r.Failed, r.Took, r.Err = r.Done+o.Done, r.Failed+o.Failed, r.Took+o.Took, cmp.Or(r.Err, o.Err)
	r.times = append(slices.Clone(r.times), o.times...)
	slices.Sort(r.times)
	return r
}

func (r Result) String() string {
	s := fmt.Sprintf("%7.1f/s  p50 %6.2f ms  p99 %6.2f ms  %d in %.1f s", r.Rate(), ms(r.At(0.5)), ms(r.At(0.99)), r.Done, r.Took.Seconds())
	if r.Failed > 0 {
		s += fmt.Sprintf(", %d FAILED: %v", r.Failed, r.Err)
	}
	return s
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Times runs one from n workers, count times in all.
func Times(n, count int, one func(worker int, seq int64) error) Result {
	return load(n, one, func(_ time.Time, seq int64) bool { return seq <= int64(count) })
}

// Load runs n workers for a time; each calls one again and again with the
// worker's number and a number that no other call has.
func Load(n int, d time.Duration, one func(worker int, seq int64) error) Result {
	return load(n, one, func(begun time.Time, _ int64) bool { return time.Since(begun) < d })
}

func load(n int, one func(worker int, seq int64) error, more func(begun time.Time, seq int64) bool) Result {
	var r Result
	var mu sync.Mutex
	var seq, failed atomic.Int64
	var wg sync.WaitGroup
	begun := time.Now()
	for w := range n {
		wg.Go(func() {
			var times []time.Duration
			for {
				i := seq.Add(1)
				if !more(begun, i) {
					break
				}
				at := time.Now()
				if err := one(w, i); err != nil {
					failed.Add(1)
					mu.Lock()
					if r.Err == nil {
						r.Err = err
					}
					mu.Unlock()
					continue
				}
				times = append(times, time.Since(at))
			}
			mu.Lock()
			r.times = append(r.times, times...)
			mu.Unlock()
		})
	}
	wg.Wait()
	r.Took = time.Since(begun)
	slices.Sort(r.times)
	r.Done, r.Failed = int64(len(r.times)), failed.Load()
	return r
}
