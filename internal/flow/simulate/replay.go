// Package simulate decides recorded requests again under a draft of the policy and says what would change: by field and
// clause, by account, and in money. It changes no ticket.
package simulate

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// Options say what is simulated: the draft, the judgements from an instant on (UTC milliseconds, 0 for all), by how many
// goroutines at the same time. Progress, which may be nil, hears from one goroutine how many are done; an error of it ends
// the run.
type Options struct {
	Draft    *policy.Policy
	Since    int64
	Workers  int
	Progress func(done, total int64) error
}

// batchRows bounds what is in memory for each goroutine and how long a snapshot lives.
const batchRows = 500

// Run replays stored judgements. Each is decided again twice, by the version that judged it and by the draft, so that only
// what the draft changes is counted, and nothing that the register or this program learned since.
// Memory does not grow with the number of judgements.
func Run(ctx context.Context, d *db.DB, book *rulebook.Book, o Options) (*Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var total int64
	err := d.Read(ctx, func(tx *db.Tx) (err error) {
		total, err = ticket.CountJudged(tx, o.Since)
		return err
	})
	if err != nil {
		return nil, err
	}
	r := &replay{d: d, book: book, draft: o.Draft, versions: map[int]*policy.Policy{}}
	batches, counted := make(chan []judged, max(1, o.Workers)), make(chan int, max(1, o.Workers))
	var workers sync.WaitGroup
	tallies := make([]*tally, max(1, o.Workers))
	for i := range tallies {
		tallies[i] = newTally()
		workers.Go(func() {
			for batch := range batches {
				tallies[i].addAll(o.Draft, batch)
				counted <- len(batch)
			}
		})
	}
	var readErr error
	go func() {
		readErr = r.read(ctx, o.Since, batches)
		close(batches)
		workers.Wait()
		close(counted)
	}()
	progressErr := follow(counted, total, o.Progress, cancel)
	if err := cmp.Or(progressErr, readErr); err != nil {
		return nil, err
	}
	for _, t := range tallies[1:] {
		tallies[0].merge(t)
	}
	return r.report(ctx, tallies[0], o)
}

// follow hears what the goroutines have done until they end, and stops them when nobody wants the rest.
func follow(counted <-chan int, total int64, progress func(done, total int64) error, stop func()) (err error) {
	done := int64(0)
	for n := range counted {
		done += int64(n)
		if err != nil || progress == nil {
			continue
		}
		if err = progress(done, max(total, done)); err != nil {
			stop()
		}
	}
	return err
}

type replay struct {
	d        *db.DB
	book     *rulebook.Book
	draft    *policy.Policy
	versions map[int]*policy.Policy // nil for one that this program cannot read
}

// judged is a stored judgement with the policy that judged it, nil where that cannot be read any more.
type judged struct {
	ticket.Judged
	by *policy.Policy
}

// read hands over all judgements in the order of time, some at a time, each batch from a snapshot of its own.
func (r *replay) read(ctx context.Context, since int64, out chan<- []judged) error {
	at := ticket.Judged{At: since}
	for {
		var list []ticket.Judged
		err := r.d.Read(ctx, func(tx *db.Tx) (err error) {
			list, err = ticket.JudgedAfter(tx, at, batchRows)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		batch := make([]judged, len(list))
		for i, j := range list {
			by, err := r.version(ctx, j.PolicyVersion)
			if err != nil {
				return err
			}
			batch[i] = judged{j, by}
		}
		select {
		case out <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
		at = list[len(list)-1]
		at.Situation = nil
		if len(list) < batchRows {
			return nil
		}
	}
}

func (r *replay) version(ctx context.Context, number int) (*policy.Policy, error) {
	if p, ok := r.versions[number]; ok {
		return p, nil
	}
	c, err := r.book.ByNumber(ctx, number)
	switch {
	case err == nil:
		r.versions[number] = c.Policy
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		r.versions[number] = nil
	}
	return r.versions[number], nil
}

// again decides a stored situation by the version that judged it and by the draft.
func again(j *judged, draft *policy.Policy) (s *coverage.Situation, before, after coverage.Decision, err error) {
	if j.by == nil {
		return nil, before, after, fmt.Errorf("version %d cannot be read", j.PolicyVersion)
	}
	s, wrong := coverage.ParseSituation(j.by, j.Situation)
	if len(wrong) > 0 {
		return nil, before, after, wrong[0]
	}
	return s, coverage.Decide(j.by, s), coverage.Decide(draft, s), nil
}
