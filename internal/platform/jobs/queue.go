// Package jobs runs durable work that is enqueued in the caller's transaction:
// retries with backoff, dead letters that a person can see and run again,
// schedules, and keys that keep work from being queued twice. Work runs at
// least once: a handler that must not act twice calls Claimed.Finish in the
// transaction that holds its effect. docs/adr/0004 says why the table is our own.
package jobs

import (
	"encoding/json"
	"fmt"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// DefaultAttempts is how often a job is tried when it does not say: with the
// backoff between them the last try is about 17 hours after the first.
const DefaultAttempts = 12

// Job is work to be done after the commit.
type Job struct {
	// Kind names the handler.
	Kind string
	// Key, when set, is unique among the ready and running jobs of the kind:
	// enqueueing it again changes nothing, also while the first one runs.
	Key string
	// Payload is stored as JSON. It holds ids, not contents.
	Payload any
	// RunAt is the earliest start in UTC milliseconds; 0 means at once.
	RunAt int64
	// MaxAttempts bounds the tries; 0 means DefaultAttempts.
	MaxAttempts int
}

// Queue is the way into the job table. It wakes this process's Runner after the commit.
type Queue struct{ wake chan struct{} }

// NewQueue makes a queue; it may be used without a Runner, then another process runs the work.
func NewQueue() *Queue { return &Queue{make(chan struct{}, 1)} }

// Enqueue stores j in the caller's transaction; it runs only if that commits.
func (q *Queue) Enqueue(tx *db.Tx, j Job) error {
	payload, err := json.Marshal(j.Payload)
	if err != nil {
		return fmt.Errorf("payload of job %s: %w", j.Kind, err)
	}
	if j.Kind == "" {
		return fmt.Errorf("a job needs a kind")
	}
	if j.RunAt == 0 {
		j.RunAt = tx.Now()
	}
	if j.MaxAttempts == 0 {
		j.MaxAttempts = DefaultAttempts
	}
	if err := insert(tx, j, string(payload)); err != nil {
		return err
	}
	tx.AfterCommit(q.Wake)
	return nil
}

// Wake makes the Runner look for work now. It never blocks.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// RunAgain makes a dead or waiting job ready now, with all its attempts before it.
// Faults: NotFound when there is none (it is running or done), Conflict when
// the same key is queued again already.
func (q *Queue) RunAgain(tx *db.Tx, id string) error {
	n, err := runAgain(tx, id)
	switch {
	case db.IsUnique(err):
		return fault.New(fault.Conflict, "The same work is queued again already. Wait for that run to end.")
	case err != nil:
		return err
	case n == 0:
		return fault.New(fault.NotFound, "This job is not waiting any more. Reload the list.")
	}
	tx.AfterCommit(q.Wake)
	return nil
}

// Letter is a dead job: it failed for good and waits for a person.
type Letter struct {
	ID, Kind, Key, Payload string
	Attempt                int
	LastError              string
	CreatedAt, DiedAt      int64 // UTC milliseconds
}

// Dead lists the newest dead jobs.
func Dead(tx *db.Tx, limit int) ([]Letter, error) { return dead(tx, limit) }

// Tally counts the jobs that are not done.
type Tally struct {
	Due, Later, Running, Dead int64
	// OldestDue is the run-at instant of the longest waiting job that is due, UTC milliseconds; 0 when none is.
	OldestDue int64
}

// Counts is the state of the queue for the page that administrators see.
func Counts(tx *db.Tx) (Tally, error) { return counts(tx) }

// Claimed is a job in the hands of a handler.
type Claimed struct {
	ID, Kind, Key string
	Payload       json.RawMessage
	// Attempt is 1 on the first try.
	Attempt, MaxAttempts int
	RunAt, CreatedAt     int64 // UTC milliseconds
	node                 string
}

// Decode reads the payload into v. Faults: Invalid, which ends the job, when it does not fit.
func (c Claimed) Decode(v any) error {
	if err := json.Unmarshal(c.Payload, v); err != nil {
		return fault.Newf(fault.Invalid, "The payload of this %s job can't be read.", c.Kind).WithCause(err)
	}
	return nil
}

// Finish marks the job done in the handler's own transaction, so that effect
// and completion are one commit. The handler then returns nil.
// Faults: Conflict when another node has taken the job over; the transaction must fail then.
func (c Claimed) Finish(tx *db.Tx) error {
	n, err := finish(tx, c.node, []string{c.ID})
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "This job is being done elsewhere.")
	}
	return err
}
