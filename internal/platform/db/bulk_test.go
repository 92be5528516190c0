package db_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
)

func TestInsertManyStoresEachRowOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		for _, rows := range []int{0, 1, 61, 62, 63, 1000, 1063, 2129} {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				if _, err := tx.Exec("DELETE FROM product"); err != nil {
					return err
				}
				var args []any
				for i := range rows {
					args = append(args, string(rune('a'+i%26))+string(rune(0x4E00+i)), "it's $1 and ? of row")
				}
				if err := db.InsertMany(tx, "INSERT INTO product (id, name)", 2, args); err != nil {
					return err
				}
				var n int
				if err := tx.QueryRow("SELECT COUNT(*) FROM product WHERE name = $1", "it's $1 and ? of row").Scan(&n); err != nil {
					return err
				}
				if n != rows {
					t.Errorf("%d rows were stored, want %d", n, rows)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestIDAtSortsByTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	early, late := db.IDAt(dbtest.Start, r.Uint64), db.IDAt(dbtest.Start+1, r.Uint64)
	if len(early) != 36 || early >= late || early[14] != '7' || late >= db.IDAt(dbtest.Start+86_400_000, r.Uint64) {
		t.Errorf("%s and %s are not in the order of their instants", early, late)
	}
	if now := db.NewID(); db.IDAt(dbtest.Start+400*365*86_400_000, r.Uint64) < now {
		t.Error("an id of a far later time sorts before one of today")
	}
}

func TestAtReadsAnotherClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		past := d.At(func() int64 { return 42 })
		var then, now int64
		read := func(d *db.DB, at *int64) {
			t.Helper()
			if err := d.Write(t.Context(), func(tx *db.Tx) error { *at = tx.Now(); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		read(past, &then)
		read(d, &now)
		if then != 42 || now != clock.Now() {
			t.Errorf("the transactions ran at %d and %d, want 42 and %d", then, now, clock.Now())
		}
	})
}
