package ticket_test

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// BenchmarkOpen opens tickets from 32 goroutines on a synced SQLite database.
func BenchmarkOpen(b *testing.B) {
	clock := dbtest.NewClock()

	w := benchWorld(b, clock)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := w.tickets.Open(ctx, w.actors["enduser@named"], ticket.Draft{Channel: "api", Subject: "The camera stays black", Body: "Since the update this morning the picture stays black.", Category: "camera-microphone", Verified: true})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func benchWorld(b *testing.B, clock *dbtest.Clock) *world {
	return newWorld(b, dbtest.SQLite(b, clock.Now), clock)
}
