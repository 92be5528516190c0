package jobs_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
)

func engines(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	now := func() int64 { return time.Now().UnixMilli() }
	b.Run("sqlite", func(b *testing.B) { fn(b, dbtest.SQLite(b, now)) })
	b.Run("postgres", func(b *testing.B) { fn(b, dbtest.Postgres(b, now)) })
}

// BenchmarkIntake writes what a request leaves behind, about ten rows with two
// jobs, from 32 clients: without a runner, and with one that does the jobs meanwhile.
// backlog is how many jobs were left when the last client was answered.
func BenchmarkIntake(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("runner=%v", with), func(b *testing.B) {
			engines(b, func(b *testing.B, d *db.DB) { intake(b, d, with, 8, 2) })
		})
	}
}

// BenchmarkEnqueue writes one job in each transaction and nothing else: the
// worst case, in which each row is claimed and marked as well.
func BenchmarkEnqueue(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("runner=%v", with), func(b *testing.B) {
			engines(b, func(b *testing.B, d *db.DB) { intake(b, d, with, 0, 1) })
		})
	}
}

func intake(b *testing.B, d *db.DB, with bool, rows, queued int) {
	q := jobs.NewQueue()
	var ran atomic.Int64
	all := make(chan struct{})
	if with {
		start(b, jobs.Config{DB: d, Queue: q, Handlers: map[string]jobs.Handler{"k": func(context.Context, jobs.Claimed) error {
			if ran.Add(1) == int64(b.N*queued) {
				close(all)
			}
			return nil
		}}})
	}
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := d.Write(bg, func(tx *db.Tx) error { return request(tx, q, rows, queued) }); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
	if with {
		b.ReportMetric(float64(b.N*queued)-float64(ran.Load()), "backlog")
		<-all
	}
}

func request(tx *db.Tx, q *jobs.Queue, rows, queued int) error {
	subject := db.NewID()
	for range rows {
		if _, err := tx.Exec(`INSERT INTO event (subject_id, id, kind, at, actor_kind, data) VALUES ($1, $2, 'message', $3, 'person', $4)`,
			subject, db.NewID(), tx.Now(), `{"hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`); err != nil {
			return err
		}
	}
	for range queued {
		if err := q.Enqueue(tx, jobs.Job{Kind: "k", Payload: subject}); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkBacklog does jobs that wait already.
func BenchmarkBacklog(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		q, left := jobs.NewQueue(), b.N
		for left > 0 {
			n := min(left, 500)
			left -= n
			write(b, d, func(tx *db.Tx) error { return request(tx, q, 0, n) })
		}
		var ran atomic.Int64
		all := make(chan struct{})
		b.ResetTimer()
		start(b, jobs.Config{DB: d, Queue: q, Handlers: map[string]jobs.Handler{"k": func(context.Context, jobs.Claimed) error {
			if ran.Add(1) == int64(b.N) {
				close(all)
			}
			return nil
		}}})
		<-all
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	})
}
