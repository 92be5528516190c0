package jobs

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

// Schedule enqueues a job of Kind at every multiple of Every since 1970 UTC.
// One node enqueues each tick; ticks missed while nobody ran are made up by
// one; while an earlier tick is not finished, the next is left out.
type Schedule struct {
	Name  string
	Every time.Duration
	Kind  string
}

// A tick is tried this often; then the next tick stands for it.
const tickAttempts = 3

const (
	sweepKind  = "jobs.sweep"
	sweepAfter = 7 * 24 * time.Hour
	sweepBatch = 500
)

func (s Schedule) after(now int64) int64 {
	every := s.Every.Milliseconds()
	return (now/every + 1) * every
}

// tick enqueues s when it is due and returns when it is due next.
func (s Schedule) tick(tx *db.Tx) (next int64, err error) {
	next = s.after(tx.Now())
	at, err := scheduleAt(tx, s.Name, next)
	if err != nil {
		return 0, err
	}
	// a stored instant further away than one period comes from a longer period of the past
	if at > tx.Now() && at <= next {
		return at, nil
	}
	mine, err := moveSchedule(tx, s.Name, at, next)
	if err != nil || !mine || at > next {
		return next, err
	}
	if waits, err := tickWaits(tx, s); err != nil || waits {
		return next, err
	}
	return next, insert(tx, Job{Kind: s.Kind, Key: s.Name + "@" + strconv.FormatInt(at, 10), RunAt: tx.Now(), MaxAttempts: tickAttempts}, "null")
}

func checkSchedules(list []Schedule, handlers map[string]Handler) error {
	seen := map[string]bool{}
	for _, s := range list {
		switch {
		case s.Name == "" || seen[s.Name]:
			return fmt.Errorf("schedule %q: names must be set and unique", s.Name)
		case s.Every < time.Millisecond:
			return fmt.Errorf("schedule %q: the period must be positive", s.Name)
		case handlers[s.Kind] == nil:
			return fmt.Errorf("schedule %q: no handler for %q", s.Name, s.Kind)
		}
		seen[s.Name] = true
	}
	return nil
}

// sweepDone deletes jobs that were done a week ago, some at a time, so that other writers get between.
func (r *Runner) sweepDone(ctx context.Context, _ Claimed) error {
	before := r.cfg.DB.Now() - sweepAfter.Milliseconds()
	for {
		var n int64
		err := r.cfg.DB.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = sweep(tx, before, sweepBatch)
			return err
		})
		if err != nil || n < sweepBatch {
			return err
		}
	}
}
