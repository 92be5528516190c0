package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
)

var bg = context.Background()

// patience bounds a wait for something that must happen.
const patience = 20 * time.Second

func write(t testing.TB, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(bg, fn); err != nil {
		t.Fatal(err)
	}
}

func enqueue(t testing.TB, d *db.DB, q *jobs.Queue, list ...jobs.Job) {
	t.Helper()
	write(t, d, func(tx *db.Tx) error {
		for _, j := range list {
			if err := q.Enqueue(tx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// start runs a runner until the test ends or stop is called.
func start(t testing.TB, c jobs.Config) (stop func()) {
	t.Helper()
	if c.Node == "" {
		c.Node = "a"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r, err := jobs.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(bg)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func receive[T any](t testing.TB, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

// states counts the jobs of a kind by state.
func states(t testing.TB, d *db.DB, kind string) string {
	t.Helper()
	var list []string
	err := d.Read(bg, func(tx *db.Tx) (err error) {
		list, err = db.Collect(tx, func(r *db.Rows) (string, error) {
			var state string
			var n int
			err := r.Scan(&state, &n)
			return fmt.Sprint(n, " ", state), err
		}, "SELECT state, COUNT(*) FROM job WHERE kind = $1 GROUP BY state ORDER BY state", kind)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

// settles waits until the jobs of a kind stand as wanted.
func settles(t testing.TB, d *db.DB, kind, want string) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		got := states(t, d, kind)
		if got == want {
			return
		}
		select {
		case <-again.C:
		case <-end.C:
			t.Fatalf("%s: %s; want %s", kind, got, want)
		}
	}
}

// mark puts a job into a state that a crash or another node left.
func mark(t testing.TB, d *db.DB, kind, node string, lease int64, attempt int) {
	t.Helper()
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec("UPDATE job SET state = 'running', node = $1, lease_until = $2, attempt = $3 WHERE kind = $4", node, lease, attempt, kind)
		return err
	})
}

func TestWorkRunsOnlyWhenItsTransactionCommits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q, ran := jobs.NewQueue(), make(chan string, 10)
		start(t, jobs.Config{DB: d, Queue: q, Handlers: map[string]jobs.Handler{"hello": func(_ context.Context, c jobs.Claimed) error {
			var who struct{ Name string }
			err := c.Decode(&who)
			ran <- who.Name
			return err
		}}})
		lost := errors.New("rolled back")
		if err := d.Write(bg, func(tx *db.Tx) error {
			if err := q.Enqueue(tx, jobs.Job{Kind: "hello", Payload: map[string]string{"name": "nobody"}}); err != nil {
				return err
			}
			return lost
		}); !errors.Is(err, lost) {
			t.Fatal(err)
		}
		enqueue(t, d, q, jobs.Job{Kind: "hello", Payload: map[string]string{"name": "Ada"}})
		if got := receive(t, ran); got != "Ada" {
			t.Fatalf("%q ran", got)
		}
		settles(t, d, "hello", "1 done")
	})
}

func TestAKeyQueuesUnfinishedWorkOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q, ran, gate := jobs.NewQueue(), make(chan string, 10), make(chan struct{})
		same := jobs.Job{Kind: "digest", Key: "t1"}
		enqueue(t, d, q, same, same, jobs.Job{Kind: "digest", Key: "t2"}, jobs.Job{Kind: "other", Key: "t1"})
		enqueue(t, d, q, same)
		if got := states(t, d, "digest") + "; " + states(t, d, "other"); got != "2 ready; 1 ready" {
			t.Fatal(got)
		}
		start(t, jobs.Config{DB: d, Queue: q, Handlers: map[string]jobs.Handler{"digest": func(_ context.Context, c jobs.Claimed) error {
			ran <- c.Key
			<-gate
			return nil
		}}})
		receive(t, ran)
		receive(t, ran)
		enqueue(t, d, q, same)
		if got := states(t, d, "digest"); got != "2 running" {
			t.Fatalf("while it runs: %s", got)
		}
		close(gate)
		settles(t, d, "digest", "2 done")
		enqueue(t, d, q, same)
		if got := receive(t, ran); got != "t1" {
			t.Fatal(got)
		}
		settles(t, d, "digest", "3 done")
		if got := states(t, d, "other"); got != "1 ready" {
			t.Fatalf("a kind without a handler here: %s", got)
		}
	})
}

func TestFailuresAreTriedAgainLaterAndLaterAndThenDie(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q, tried := jobs.NewQueue(), make(chan jobs.Claimed)
		start(t, jobs.Config{DB: d, Queue: q, Handlers: map[string]jobs.Handler{"flaky": func(_ context.Context, c jobs.Claimed) error {
			tried <- c
			return fault.New(fault.Unavailable, "The other side is away.")
		}}})
		enqueue(t, d, q, jobs.Job{Kind: "flaky", MaxAttempts: 4})
		wait := 2 * time.Second
		for attempt := 1; attempt <= 4; attempt++ {
			if c := receive(t, tried); c.Attempt != attempt {
				t.Fatalf("attempt %d is called %d", attempt, c.Attempt)
			}
			if attempt == 4 {
				break
			}
			settles(t, d, "flaky", "1 ready")
			var runAt int64
			if err := d.Read(bg, func(tx *db.Tx) error { return tx.QueryRow("SELECT run_at FROM job WHERE kind = 'flaky'").Scan(&runAt) }); err != nil {
				t.Fatal(err)
			}
			if got := time.Duration(runAt-clock.Now()) * time.Millisecond; got < wait*8/10 || got > wait*12/10 {
				t.Fatalf("after attempt %d it waits %s, want about %s", attempt, got, wait)
			}
			wait *= 3
			clock.Set(runAt)
			q.Wake()
		}
		settles(t, d, "flaky", "1 dead")
		var letters []jobs.Letter
		var tally jobs.Tally
		write(t, d, func(tx *db.Tx) (err error) {
			if letters, err = jobs.Dead(tx, 10); err != nil {
				return err
			}
			if err = q.RunAgain(tx, letters[0].ID); err != nil {
				return err
			}
			tally, err = jobs.Counts(tx)
			return err
		})
		if len(letters) != 1 || letters[0].Attempt != 4 || !strings.Contains(letters[0].LastError, "The other side is away.") || letters[0].DiedAt != clock.Now() {
			t.Fatalf("%+v", letters)
		}
		if tally.Due != 1 || tally.Dead != 0 || tally.OldestDue != clock.Now() {
			t.Fatalf("%+v", tally)
		}
		if c := receive(t, tried); c.Attempt != 1 {
			t.Fatalf("run again begins at attempt %d", c.Attempt)
		}
	})
}

func TestWhatCanNotSucceedDiesAtOnce(t *testing.T) {
	answers := map[string]error{
		"invalid": fault.New(fault.Invalid, "No."), "notfound": fault.New(fault.NotFound, "No."), "denied": fault.New(fault.Denied, "No."),
		"conflict": fault.New(fault.Conflict, "Later."), "plain": errors.New("bad bytes \x00\xff"),
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q, handlers := jobs.NewQueue(), map[string]jobs.Handler{}
		for kind, err := range answers {
			handlers[kind] = func(context.Context, jobs.Claimed) error { return err }
		}
		handlers["panic"] = func(context.Context, jobs.Claimed) error { panic("broken") }
		start(t, jobs.Config{DB: d, Queue: q, Handlers: handlers})
		for kind := range handlers {
			enqueue(t, d, q, jobs.Job{Kind: kind})
		}
		for kind := range handlers {
			want := "1 ready"
			if kind == "invalid" || kind == "notfound" || kind == "denied" {
				want = "1 dead"
			}
			settles(t, d, kind, want)
		}
		var told int
		if err := d.Read(bg, func(tx *db.Tx) error {
			return tx.QueryRow("SELECT COUNT(*) FROM job WHERE last_error <> '' AND attempt = 1").Scan(&told)
		}); err != nil || told != 6 {
			t.Fatalf("%d of 6 say why, %v", told, err)
		}
	})
}

func TestAfterACrashTheNodesOwnWorkRunsAtOnceAndOthersKeepTheirLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q, ran := jobs.NewQueue(), make(chan string, 10)
		handlers := map[string]jobs.Handler{}
		for _, kind := range []string{"mine", "theirs", "poison"} {
			handlers[kind] = func(context.Context, jobs.Claimed) error { ran <- kind; return nil }
			enqueue(t, d, q, jobs.Job{Kind: kind})
		}
		lease := clock.Now() + time.Minute.Milliseconds()
		mark(t, d, "mine", "a", lease, 1)
		mark(t, d, "theirs", "b", lease, 1)
		mark(t, d, "poison", "a", lease, jobs.DefaultAttempts)
		start(t, jobs.Config{DB: d, Queue: q, Handlers: handlers})
		if got := receive(t, ran); got != "mine" {
			t.Fatalf("first %s", got)
		}
		settles(t, d, "mine", "1 done")
		settles(t, d, "poison", "1 dead")
		if got := states(t, d, "theirs"); got != "1 running" {
			t.Fatalf("a job under another node's lease is %s", got)
		}
		clock.Advance(61 * time.Second)
		q.Wake()
		if got := receive(t, ran); got != "theirs" {
			t.Fatalf("then %s", got)
		}
		settles(t, d, "theirs", "1 done")
	})
}

func TestARunningJobKeepsItsLeaseWhileItsNodeLives(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		qa, qb := jobs.NewQueue(), jobs.NewQueue()
		ran, gate := make(chan string, 10), make(chan struct{})
		handler := func(_ context.Context, c jobs.Claimed) error {
			ran <- c.Kind
			<-gate
			return nil
		}
		start(t, jobs.Config{DB: d, Queue: qa, Node: "a", Handlers: map[string]jobs.Handler{"long": handler}})
		enqueue(t, d, qa, jobs.Job{Kind: "long"})
		receive(t, ran)
		for range 8 {
			clock.Advance(30 * time.Second)
			qa.Wake()
			renewed(t, d, clock.Now()+time.Minute.Milliseconds())
		}
		start(t, jobs.Config{DB: d, Queue: qb, Node: "b", Handlers: map[string]jobs.Handler{"long": handler, "mark": handler}})
		enqueue(t, d, qb, jobs.Job{Kind: "mark"})
		if got := receive(t, ran); got != "mark" {
			t.Fatalf("b ran %s", got)
		}
		close(gate)
		settles(t, d, "long", "1 done")
	})
}

func renewed(t *testing.T, d *db.DB, want int64) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		var lease int64
		if err := d.Read(bg, func(tx *db.Tx) error {
			return tx.QueryRow("SELECT lease_until FROM job WHERE kind = 'long'").Scan(&lease)
		}); err != nil {
			t.Fatal(err)
		}
		if lease == want {
			return
		}
		select {
		case <-again.C:
		case <-end.C:
			t.Fatalf("lease %d, want %d", lease, want)
		}
	}
}

func TestAStopWaitsForRunningWorkAndPutsTheRestBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q, ran := jobs.NewQueue(), make(chan string, 10)
		release := make(chan struct{})
		c := jobs.Config{DB: d, Queue: q, Workers: 2, Grace: patience, Handlers: map[string]jobs.Handler{"slow": func(context.Context, jobs.Claimed) error {
			ran <- "slow"
			<-release
			return nil
		}}}
		stop := start(t, c)
		enqueue(t, d, q, jobs.Job{Kind: "slow"}, jobs.Job{Kind: "slow"}, jobs.Job{Kind: "slow"}, jobs.Job{Kind: "slow"})
		receive(t, ran)
		receive(t, ran)
		settles(t, d, "slow", "4 running")
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		close(release)
		receive(t, stopped)
		var unfinished, counted int
		if err := d.Read(bg, func(tx *db.Tx) error {
			if err := tx.QueryRow("SELECT COUNT(*) FROM job WHERE state = 'running'").Scan(&unfinished); err != nil {
				return err
			}
			return tx.QueryRow("SELECT COUNT(*) FROM job WHERE state = 'ready' AND attempt > 0").Scan(&counted)
		}); err != nil || unfinished != 0 || counted != 0 {
			t.Fatalf("%d left running, %d lost an attempt, %v", unfinished, counted, err)
		}
	})
}

func TestAStopDoesNotWaitForeverAndItsHandlersHearOfIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q, ran, never := jobs.NewQueue(), make(chan string, 10), make(chan struct{})
		t.Cleanup(func() { close(never) })
		stop := start(t, jobs.Config{DB: d, Queue: q, Grace: 20 * time.Millisecond, Handlers: map[string]jobs.Handler{
			"polite": func(ctx context.Context, _ jobs.Claimed) error {
				ran <- "polite"
				<-ctx.Done()
				return ctx.Err()
			},
			"deaf": func(context.Context, jobs.Claimed) error {
				ran <- "deaf"
				<-never
				return nil
			}}})
		enqueue(t, d, q, jobs.Job{Kind: "polite"}, jobs.Job{Kind: "deaf"})
		receive(t, ran)
		receive(t, ran)
		stop()
		if got := states(t, d, "polite") + "; " + states(t, d, "deaf"); got != "1 ready; 1 ready" {
			t.Fatal(got)
		}
	})
}

func TestFinishPutsTheEffectAndTheEndInOneCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q, answer := jobs.NewQueue(), make(chan error, 2)
		start(t, jobs.Config{DB: d, Queue: q, Handlers: map[string]jobs.Handler{"effect": func(ctx context.Context, c jobs.Claimed) error {
			answer <- d.Write(ctx, c.Finish)
			answer <- d.Write(ctx, c.Finish)
			return nil
		}}})
		enqueue(t, d, q, jobs.Job{Kind: "effect"})
		if err := receive(t, answer); err != nil {
			t.Fatal(err)
		}
		if err := receive(t, answer); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a second effect: %v", err)
		}
		settles(t, d, "effect", "1 done")
	})
}

func TestTwoNodesShareTheWorkAndDoEachJobOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		const all = 600
		var mu sync.Mutex
		runs, last := map[string]int{}, make(chan struct{})
		handler := func(_ context.Context, c jobs.Claimed) error {
			mu.Lock()
			defer mu.Unlock()
			runs[c.ID]++
			if len(runs) == all {
				close(last)
			}
			return nil
		}
		qs := []*jobs.Queue{jobs.NewQueue(), jobs.NewQueue()}
		for i, q := range qs {
			start(t, jobs.Config{DB: d, Queue: q, Node: fmt.Sprint("n", i), Handlers: map[string]jobs.Handler{"share": handler}})
		}
		var writers sync.WaitGroup
		for w := range 6 {
			writers.Go(func() {
				for range all / 6 {
					err := d.Write(bg, func(tx *db.Tx) error {
						tx.AfterCommit(qs[1-w%2].Wake)
						return qs[w%2].Enqueue(tx, jobs.Job{Kind: "share"})
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		receive(t, last)
		settles(t, d, "share", fmt.Sprint(all, " done"))
		for id, n := range runs {
			if n != 1 {
				t.Errorf("%s ran %d times", id, n)
			}
		}
	})
}

func TestOneNodeEnqueuesEachTickAndMissedOnesOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		qs := []*jobs.Queue{jobs.NewQueue(), jobs.NewQueue()}
		ran := make(chan string, 100)
		var failing atomic.Bool
		for i, q := range qs {
			start(t, jobs.Config{DB: d, Queue: q, Node: fmt.Sprint("n", i), Schedules: []jobs.Schedule{{Name: "tidy", Every: time.Hour, Kind: "tidy"}},
				Handlers: map[string]jobs.Handler{"tidy": func(_ context.Context, c jobs.Claimed) error {
					ran <- c.Key
					if failing.Load() {
						return fault.New(fault.Invalid, "No.")
					}
					return nil
				}}})
		}
		hour := time.Hour.Milliseconds()
		scheduled(t, d, "tidy", dbtest.Start+hour)
		step := func(by time.Duration, want int64) {
			t.Helper()
			clock.Advance(by)
			qs[0].Wake()
			qs[1].Wake()
			if got := receive(t, ran); got != fmt.Sprint("tidy@", want) {
				t.Fatalf("tick %s, want %d", got, want)
			}
		}
		step(time.Hour, dbtest.Start+hour)
		settles(t, d, "tidy", "1 done")
		step(5*time.Hour+time.Minute, dbtest.Start+2*hour)
		settles(t, d, "tidy", "2 done")
		scheduled(t, d, "tidy", dbtest.Start+7*hour)
		failing.Store(true)
		step(time.Hour, dbtest.Start+7*hour)
		settles(t, d, "tidy", "1 dead, 2 done")
		step(time.Hour, dbtest.Start+8*hour)
		settles(t, d, "tidy", "1 dead, 2 done")
		if len(ran) != 0 {
			t.Fatalf("%d more ticks", len(ran))
		}
	})
}

func scheduled(t *testing.T, d *db.DB, name string, want int64) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		var at int64
		err := d.Read(bg, func(tx *db.Tx) error {
			return tx.QueryRow("SELECT next_at FROM job_schedule WHERE name = $1", name).Scan(&at)
		})
		if err == nil && at == want {
			return
		}
		select {
		case <-again.C:
		case <-end.C:
			t.Fatalf("%s is due at %d, want %d; %v", name, at, want, err)
		}
	}
}

func TestDoneJobsGoAfterAWeekAndDeadOnesStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := jobs.NewQueue()
		start(t, jobs.Config{DB: d, Queue: q, Handlers: map[string]jobs.Handler{
			"old":  func(context.Context, jobs.Claimed) error { return nil },
			"new":  func(context.Context, jobs.Claimed) error { return nil },
			"dead": func(context.Context, jobs.Claimed) error { return fault.New(fault.Invalid, "No.") }}})
		for range 1200 / 100 {
			enqueue(t, d, q, make100("old")...)
		}
		enqueue(t, d, q, jobs.Job{Kind: "dead"})
		settles(t, d, "old", "1200 done")
		settles(t, d, "dead", "1 dead")
		clock.Advance(3 * 24 * time.Hour)
		enqueue(t, d, q, jobs.Job{Kind: "new"})
		settles(t, d, "new", "1 done")
		clock.Advance(5 * 24 * time.Hour)
		q.Wake()
		settles(t, d, "old", "")
		if got := states(t, d, "new") + "; " + states(t, d, "dead"); got != "1 done; 1 dead" {
			t.Fatal(got)
		}
	})
}

func make100(kind string) []jobs.Job {
	list := make([]jobs.Job, 100)
	for i := range list {
		list[i].Kind = kind
	}
	return list
}

func TestRunAgainSaysWhenItCan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := jobs.NewQueue()
		if err := d.Write(bg, func(tx *db.Tx) error { return q.RunAgain(tx, "absent") }); !fault.Is(err, fault.NotFound) {
			t.Fatalf("absent: %v", err)
		}
		enqueue(t, d, q, jobs.Job{Kind: "k", Key: "same"})
		var id string
		write(t, d, func(tx *db.Tx) error {
			return tx.QueryRow("UPDATE job SET state = 'dead' WHERE kind = 'k' RETURNING id").Scan(&id)
		})
		enqueue(t, d, q, jobs.Job{Kind: "k", Key: "same"})
		if err := d.Write(bg, func(tx *db.Tx) error { return q.RunAgain(tx, id) }); !fault.Is(err, fault.Conflict) {
			t.Fatalf("queued again already: %v", err)
		}
	})
}

func TestSchedulesAreChecked(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	ok := map[string]jobs.Handler{"k": func(context.Context, jobs.Claimed) error { return nil }}
	for name, list := range map[string][]jobs.Schedule{
		"no name": {{Every: time.Hour, Kind: "k"}}, "no period": {{Name: "a", Kind: "k"}}, "no handler": {{Name: "a", Every: time.Hour, Kind: "z"}},
		"twice": {{Name: "a", Every: time.Hour, Kind: "k"}, {Name: "a", Every: time.Hour, Kind: "k"}},
	} {
		if _, err := jobs.New(jobs.Config{DB: d, Queue: jobs.NewQueue(), Node: "a", Log: slog.Default(), Handlers: ok, Schedules: list}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
