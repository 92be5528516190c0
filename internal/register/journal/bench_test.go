package journal_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/journal"
)

func engines(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	now := func() int64 { return time.Now().UnixMilli() }
	b.Run("sqlite", func(b *testing.B) { fn(b, dbtest.SQLite(b, now)) })
	b.Run("postgres", func(b *testing.B) { fn(b, dbtest.Postgres(b, now)) })
}

func five(subject string) []journal.Event {
	list := numbered(subject, 5)
	for i := range list {
		list[i].ActorID, list[i].ActorKind, list[i].OrgID, list[i].RoomID, list[i].Clause = db.NewID(), "person", db.NewID(), db.NewID(), "response-times"
	}
	return list
}

// BenchmarkSeal seals b.N events that wait already.
func BenchmarkSeal(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		for i := 0; i < b.N; i += 500 {
			list := make([]journal.Event, 0, 500)
			for range min(100, (b.N-i+4)/5) {
				list = append(list, five(db.NewID())...)
			}
			add(b, d, list[:min(len(list), b.N-i)]...)
		}
		all := make(chan struct{})
		s := journal.NewSequencer(d, func(list []journal.Event) {
			if list[len(list)-1].Position == int64(b.N) {
				close(all)
			}
		}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(bg)
		defer cancel()
		b.ResetTimer()
		go s.Run(ctx)
		<-all
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkAppend commits five events at a time from 32 clients: without a
// sequencer, and with one that seals meanwhile.
func BenchmarkAppend(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("sequencer=%v", with), func(b *testing.B) {
			engines(b, func(b *testing.B, d *db.DB) {
				s := journal.NewSequencer(d, func([]journal.Event) {}, slog.New(slog.DiscardHandler))
				ctx, cancel := context.WithCancel(bg)
				ended := make(chan struct{})
				if with {
					go func() { s.Run(ctx); close(ended) }()
				} else {
					close(ended)
				}
				b.SetParallelism(16)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						list := five(db.NewID())
						err := d.Write(bg, func(tx *db.Tx) error {
							tx.AfterCommit(s.Wake)
							for _, e := range list {
								if err := journal.Append(tx, e); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
				var at journal.Anchor
				if err := d.Read(bg, func(tx *db.Tx) (err error) { at, err = journal.Head(tx); return err }); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(5*b.N)-float64(at.Position), "unsealed")
				cancel()
				<-ended
			})
		})
	}
}

// BenchmarkVerify walks over b.N sealed events.
func BenchmarkVerify(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		sealed(b, d, b.N)
		b.ResetTimer()
		r, err := journal.Verify(bg, d, nil)
		if err != nil || r.Broken != nil {
			b.Fatal(r, err)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
