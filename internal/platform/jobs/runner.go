package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Handler does one job. A nil error ends it. Fault kinds Invalid, NotFound and
// Denied end it as dead: trying again would not help; any other error is tried
// again later. Its context ends when the job takes longer than Config.Timeout
// or the grace of a stop is over.
type Handler func(ctx context.Context, c Claimed) error

// Config is what a Runner needs. Zero durations and Workers mean the defaults.
type Config struct {
	DB        *db.DB
	Queue     *Queue
	Node      string // stable over restarts, different on each node
	Handlers  map[string]Handler
	Schedules []Schedule
	Workers   int           // handlers at the same time; 8
	Grace     time.Duration // how long a stop waits for handlers; 7 s
	Lease     time.Duration // after this silence other nodes take the jobs over; 60 s
	Timeout   time.Duration // of one handler; 10 minutes
	Log       *slog.Logger
}

const (
	// roundPause is the shortest time between two transactions of the runner.
	// It makes batches under load and is the price of a busy queue's latency.
	roundPause = 10 * time.Millisecond
	// Other processes enqueue without waking us: nodes on PostgreSQL, the command line on SQLite.
	pollPostgres = time.Second
	pollSQLite   = 5 * time.Second
	// failurePause is how long the runner leaves a database alone that does not answer.
	failurePause = 250 * time.Millisecond
	// lastWords is what cancelled handlers get to return after the grace of a stop.
	lastWords = 500 * time.Millisecond
	// heldPerWorker bounds what one node claims ahead.
	heldPerWorker = 6
)

// Runner claims jobs, runs their handlers and writes down how they ended.
type Runner struct {
	cfg   Config
	kinds []any
	poll  time.Duration

	work     chan Claimed
	results  chan result
	ended    []result        // reported by handlers, not written down yet
	held     map[string]bool // claimed and not written down yet
	look     bool            // there may be ready jobs
	doubt    bool            // a write failed: it may have claimed all the same
	nextAt   int64           // earliest known run-at; 0 when none is known
	beatAt   int64           // when leases are renewed next
	tickAt   int64           // when a schedule is due next
	stopping bool
}

type result struct {
	job Claimed
	err error
}

// New checks the configuration; Run starts it.
func New(c Config) (*Runner, error) {
	if c.DB == nil || c.Queue == nil || c.Node == "" || c.Log == nil {
		return nil, errors.New("jobs: database, queue, node and log are needed")
	}
	c.Workers = cmp.Or(c.Workers, 8)
	c.Grace = cmp.Or(c.Grace, 7*time.Second)
	c.Lease = cmp.Or(c.Lease, time.Minute)
	c.Timeout = cmp.Or(c.Timeout, 10*time.Minute)
	held := c.Workers * heldPerWorker
	r := &Runner{work: make(chan Claimed, held), results: make(chan result, held), held: map[string]bool{}, poll: pollSQLite}
	if c.DB.Postgres() {
		r.poll = pollPostgres
	}
	handlers := map[string]Handler{sweepKind: r.sweepDone}
	maps.Copy(handlers, c.Handlers)
	c.Handlers = handlers
	c.Schedules = append([]Schedule{{Name: sweepKind, Every: 24 * time.Hour, Kind: sweepKind}}, c.Schedules...)
	r.kinds = db.Args(slices.Sorted(maps.Keys(handlers)))
	r.cfg = c
	return r, checkSchedules(c.Schedules, handlers)
}

// Run works until ctx ends. First it frees what a crash of this node left
// running. At the end it waits for running handlers within Config.Grace and
// puts the unfinished back; an error says that this could not be written down,
// then the next start frees them.
func (r *Runner) Run(ctx context.Context) error {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	for range r.cfg.Workers {
		go r.serve(life)
	}
	if r.begin(ctx) {
		for r.wait(ctx) {
			r.round(ctx)
		}
	}
	return r.stop(life, cancel)
}

// begin frees this node's jobs; false when ctx ended before the database answered.
func (r *Runner) begin(ctx context.Context) bool {
	for {
		var freed int64
		err := r.write(ctx, func(tx *db.Tx) (err error) {
			freed, err = recoverNode(tx, r.cfg.Node)
			return err
		})
		if err == nil {
			r.look = true
			if freed > 0 {
				r.cfg.Log.Warn("jobs interrupted by a crash run again", "count", freed)
			}
			r.round(ctx)
			return true
		}
		r.cfg.Log.Error("jobs: can't start yet", "error", err)
		if !pause(ctx, failurePause) {
			return false
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (r *Runner) write(ctx context.Context, fn func(tx *db.Tx) error) error {
	return r.cfg.DB.Write(ctx, func(tx *db.Tx) error {
		if err := readCommitted(tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// wait returns when a round is worth its transaction; false when ctx has ended.
func (r *Runner) wait(ctx context.Context) bool {
	if !pause(ctx, roundPause) {
		return false
	}
	for {
		r.gather()
		now := r.cfg.DB.Now()
		if len(r.ended) > 0 || r.doubt || r.beatAt <= now || r.tickAt <= now || r.room() > 0 && r.due(now) {
			return true
		}
		if !r.sleep(ctx, now) {
			return false
		}
	}
}

func (r *Runner) due(now int64) bool { return r.look || r.nextAt > 0 && r.nextAt <= now }

// room is how many jobs may be claimed.
func (r *Runner) room() int { return cap(r.work) - len(r.held) + len(r.ended) }

func (r *Runner) gather() {
	for {
		select {
		case e := <-r.results:
			r.ended = append(r.ended, e)
		case <-r.cfg.Queue.wake:
			r.look = true
		default:
			return
		}
	}
}

// sleep waits for a wake, a result, or the next known instant.
func (r *Runner) sleep(ctx context.Context, now int64) bool {
	until := min(r.beatAt, r.tickAt)
	if r.nextAt > 0 && r.room() > 0 {
		until = min(until, r.nextAt)
	}
	timer := time.NewTimer(min(r.poll, time.Duration(max(1, until-now))*time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-r.cfg.Queue.wake:
		r.look = true
	case e := <-r.results:
		r.ended = append(r.ended, e)
	case <-timer.C:
		r.peek(ctx)
	}
	return true
}

// peek looks for work that nobody woke us for, in a snapshot that disturbs no writer.
func (r *Runner) peek(ctx context.Context) {
	err := r.cfg.DB.Read(ctx, func(tx *db.Tx) (err error) {
		r.nextAt, _, err = nextReady(tx, r.kinds)
		return err
	})
	if err != nil && ctx.Err() == nil {
		r.cfg.Log.Error("jobs: can't look for work", "error", err)
	}
}

// round is one transaction: write down what ended, renew leases, tick, claim.
func (r *Runner) round(ctx context.Context) {
	now := r.cfg.DB.Now()
	beat, ticks, limit := r.doubt || r.beatAt <= now, r.tickAt <= now, 0
	if r.room() > 0 && (r.due(now) || ticks || beat) {
		limit = r.room()
	}
	var claimed []Claimed
	var nextAt, tickAt int64
	err := r.write(ctx, func(tx *db.Tx) (err error) {
		nextAt, tickAt = r.nextAt, r.tickAt
		if err = r.writeEnded(tx); err != nil {
			return err
		}
		if beat {
			if err = r.beat(tx); err != nil {
				return err
			}
		}
		if ticks {
			if tickAt, err = r.tick(tx); err != nil {
				return err
			}
		}
		claimed, nextAt, err = r.claim(tx, limit, nextAt)
		return err
	})
	if err != nil {
		r.doubt = true
		if ctx.Err() == nil {
			r.cfg.Log.Error("jobs: can't write; trying again", "error", err)
			pause(ctx, failurePause)
		}
		return
	}
	for _, e := range r.ended {
		delete(r.held, e.job.ID)
	}
	r.ended, r.doubt = r.ended[:0], false
	r.nextAt, r.tickAt = nextAt, tickAt
	if beat {
		r.beatAt = now + r.cfg.Lease.Milliseconds()/3
	}
	if limit > 0 {
		r.look = len(claimed) == limit
	}
	r.hand(claimed)
}

func (r *Runner) lease(tx *db.Tx) int64 { return tx.Now() + r.cfg.Lease.Milliseconds() }

func (r *Runner) claim(tx *db.Tx, limit int, nextAt int64) ([]Claimed, int64, error) {
	if limit == 0 {
		return nil, nextAt, nil
	}
	claimed, err := claim(tx, r.cfg.Node, r.kinds, r.lease(tx), limit)
	if err != nil || len(claimed) == limit {
		return claimed, 0, err
	}
	nextAt, _, err = nextReady(tx, r.kinds)
	return claimed, nextAt, err
}

func (r *Runner) hand(claimed []Claimed) {
	slices.SortFunc(claimed, func(a, b Claimed) int { return cmp.Or(cmp.Compare(a.RunAt, b.RunAt), cmp.Compare(a.ID, b.ID)) })
	for _, c := range claimed {
		r.held[c.ID] = true
		r.work <- c
	}
}

// beat renews this node's leases, frees what an unanswered commit claimed
// without our knowledge, and takes over from nodes that fell silent.
func (r *Runner) beat(tx *db.Tx) error {
	ids, err := runningOf(tx, r.cfg.Node)
	if err != nil {
		return err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return r.held[id] })
	if err := putBack(tx, r.cfg.Node, ids); err != nil {
		return err
	}
	if err := renew(tx, r.cfg.Node, r.lease(tx)); err != nil {
		return err
	}
	_, err = takeOver(tx, r.cfg.Node)
	return err
}

func (r *Runner) tick(tx *db.Tx) (earliest int64, err error) {
	for _, s := range r.cfg.Schedules {
		at, err := s.tick(tx)
		if err != nil {
			return 0, err
		}
		if earliest == 0 || at < earliest {
			earliest = at
		}
	}
	return earliest, nil
}

// writeEnded writes down how handlers ended: the done ones in few statements.
func (r *Runner) writeEnded(tx *db.Tx) error {
	var done, back []string
	for _, e := range r.ended {
		switch {
		case e.err == nil:
			done = append(done, e.job.ID)
		case r.stopping && errors.Is(e.err, context.Canceled):
			back = append(back, e.job.ID)
		default:
			if err := r.writeFailed(tx, e); err != nil {
				return err
			}
		}
	}
	if _, err := finish(tx, r.cfg.Node, done); err != nil {
		return err
	}
	return putBack(tx, r.cfg.Node, back)
}

func (r *Runner) writeFailed(tx *db.Tx, e result) error {
	if final(e) {
		return bury(tx, r.cfg.Node, e.job.ID, clean(e.err))
	}
	return retry(tx, r.cfg.Node, e.job.ID, tx.Now()+backoff(e.job.Attempt, rand.Float64()).Milliseconds(), clean(e.err))
}

// final reports whether trying again would not help, or has been done often enough.
func final(e result) bool {
	switch fault.KindOf(e.err) {
	case fault.Invalid, fault.NotFound, fault.Denied:
		return true
	}
	return e.job.Attempt >= e.job.MaxAttempts
}

const (
	firstRetry = 2 * time.Second
	lastRetry  = 6 * time.Hour
)

// backoff is the wait after a failed attempt: 2 s, three times longer each
// time, at most 6 h; spread by a fifth to either side with jitter in [0,1).
func backoff(attempt int, jitter float64) time.Duration {
	d := firstRetry
	for i := 1; i < attempt && d < lastRetry; i++ {
		d *= 3
	}
	return time.Duration(float64(min(d, lastRetry)) * (0.8 + 0.4*jitter))
}

// clean makes an error's text fit for both databases.
func clean(err error) string {
	const most = 2000
	text := strings.ReplaceAll(err.Error(), "\x00", "")
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "?")
}

// serve is one worker.
func (r *Runner) serve(life context.Context) {
	for c := range r.work {
		err := r.do(life, c)
		if err != nil {
			r.cfg.Log.Warn("job failed", "kind", c.Kind, "id", c.ID, "attempt", c.Attempt, "of", c.MaxAttempts, "error", err)
		}
		r.results <- result{c, err}
	}
}

func (r *Runner) do(life context.Context, c Claimed) (err error) {
	ctx, cancel := context.WithTimeout(life, r.cfg.Timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			r.cfg.Log.Error("job panicked", "kind", c.Kind, "id", c.ID, "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return r.cfg.Handlers[c.Kind](ctx, c)
}

// stop ends the workers and writes down where everything stands.
func (r *Runner) stop(life context.Context, cancel func()) error {
	r.stopping = true
	close(r.work)
	for c := range r.work {
		r.ended = append(r.ended, result{c, context.Canceled})
	}
	r.await(r.cfg.Grace)
	cancel()
	r.await(lastWords)
	var err error
	for range 3 {
		if err = r.write(context.WithoutCancel(life), r.writeLast); err == nil {
			return nil
		}
		pause(context.WithoutCancel(life), failurePause)
	}
	return fmt.Errorf("jobs: put unfinished work back: %w", err)
}

// writeLast also returns what never reported, or was claimed by a commit that did not answer.
func (r *Runner) writeLast(tx *db.Tx) error {
	if err := r.writeEnded(tx); err != nil {
		return err
	}
	ids, err := runningOf(tx, r.cfg.Node)
	if err != nil {
		return err
	}
	return putBack(tx, r.cfg.Node, ids)
}

// await collects results until all are in or the time is over.
func (r *Runner) await(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for len(r.ended) < len(r.held) {
		select {
		case e := <-r.results:
			r.ended = append(r.ended, e)
		case <-timer.C:
			return
		}
	}
}
