package page_test

import (
	"context"
	"io"
	"testing"

	"github.com/tierdesk/tierdesk/internal/web/page"
)

// BenchmarkQueue renders a queue of 50 rows: the part of the queue page's budget that is not the database's.
func BenchmarkQueue(b *testing.B) {
	rows := queueRows()
	for len(rows) < 50 {
		rows = append(rows, queueRows()...)
	}
	queue := page.Queue{Frame: frame(b, page.Desk), Name: "Level 1", Desk: vendor, Hours: officeHours(true), Address: "/desk/L1", Sort: page.Urgent, Total: 50, Rows: rows[:50], First: true}
	for b.Loop() {
		if err := queue.View().Render(context.Background(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTicket(b *testing.B) {
	view := ticket(b).View()
	for b.Loop() {
		if err := view.Render(context.Background(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
