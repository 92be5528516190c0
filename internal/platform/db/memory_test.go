package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
)

func TestWhatIsRememberedIsForgottenWithAWriteAndAfterASecond(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		counter(t, d)
		loads := 0
		m := db.Remember[string, int64](d, "number_block")
		get := func() int64 {
			t.Helper()
			v, err := m.Get("n", func() (n int64, err error) {
				loads++
				return value(t, d), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		set := func(query string, args ...any) {
			t.Helper()
			if err := d.Write(context.Background(), func(tx *db.Tx) error {
				_, err := tx.Exec(query, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		get()
		if got := get(); got != 0 || loads != 1 {
			t.Fatalf("%d, loaded %d times", got, loads)
		}
		set("UPDATE number_block SET next = $1 WHERE name = 'n'", 7)
		if got := get(); got != 7 || loads != 2 {
			t.Fatalf("after a write: %d, loaded %d times", got, loads)
		}
		set("INSERT INTO job_schedule (name, next_at) VALUES ('other', 1)")
		if get(); loads != 2 {
			t.Fatal("another table's write was taken for ours")
		}
		clock.Advance(time.Second)
		if get(); loads != 3 {
			t.Fatal("kept for longer than a second")
		}
		set("DELETE FROM number_block WHERE name = 'absent'")
		if get(); loads != 4 {
			t.Fatal("a delete was not seen")
		}
	})
}
