package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/schema"
)

func counter(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO number_block (name, next) VALUES ('n', 0)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func value(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		return tx.QueryRow("SELECT next FROM number_block WHERE name = 'n'").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTwoInterleavedWritersNeverLoseAnUpdate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		counter(t, d)
		const writers, each = 8, 40
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					err := d.Write(context.Background(), func(tx *db.Tx) error {
						var n int64
						if err := tx.QueryRow("SELECT next FROM number_block WHERE name = 'n'").Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec("UPDATE number_block SET next = $1 WHERE name = 'n'", n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := value(t, d); got != writers*each {
			t.Fatalf("counted %d of %d", got, writers*each)
		}
	})
}

func TestAFailedWriteLeavesNothingAndTheOthersOfItsCommitStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		counter(t, d)
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				err := d.Write(context.Background(), func(tx *db.Tx) error {
					if _, err := tx.Exec("INSERT INTO number_block (name, next) VALUES ($1, 1)", fmt.Sprint("k", i)); err != nil {
						return err
					}
					if i%3 == 0 {
						return boom
					}
					return nil
				})
				if (i%3 == 0) != errors.Is(err, boom) {
					t.Errorf("write %d answered %v", i, err)
				}
			})
		}
		wg.Wait()
		var n int
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			return tx.QueryRow("SELECT COUNT(*) FROM number_block WHERE name <> 'n'").Scan(&n)
		})
		if err != nil || n != 40 {
			t.Fatalf("%d rows, %v; want 40", n, err)
		}
	})
}

func TestAPanicReachesTheCallerAndTheWriterLives(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		counter(t, d)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.Write(context.Background(), func(*db.Tx) error { panic("broken rule") })
		}()
		if value(t, d) != 0 {
			t.Fatal("the database changed")
		}
	})
}

func TestAfterCommitRunsOnceAndNotAfterAFailure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ran := 0
		_ = d.Write(context.Background(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { ran += 100 })
			return errors.New("no")
		})
		if err := d.Write(context.Background(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { ran++ })
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if ran != 1 {
			t.Fatalf("ran %d", ran)
		}
	})
}

func TestUniqueKeysAreTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		counter(t, d)
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO number_block (name, next) VALUES ('n', 7)")
			return err
		})
		if !db.IsUnique(err) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if d.Postgres() {
			err := d.Write(ctx, func(tx *db.Tx) error { return nil })
			if fault.KindOf(err) != fault.Unavailable {
				t.Fatalf("got %v", err)
			}
			return
		}
		d.Close()
		if err := d.Write(context.Background(), func(tx *db.Tx) error { return nil }); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("got %v", err)
		}
	})
}

func TestEveryCommitOnSQLiteIsSynced(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	var mode int
	var journal string
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		if err := tx.QueryRow("PRAGMA synchronous").Scan(&mode); err != nil {
			return err
		}
		return tx.QueryRow("PRAGMA journal_mode").Scan(&journal)
	})
	if err != nil || mode != 2 || journal != "wal" {
		t.Fatalf("synchronous %d (want 2, FULL), journal %s, %v", mode, journal, err)
	}
}

func TestMigrationsRefuseEditedAndNewerData(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := context.Background()
		if err := d.Migrate(ctx, schema.Migrations()); err != nil {
			t.Fatalf("migrating twice: %v", err)
		}
		edited := fstest.MapFS{"0001_first.sql": {Data: []byte("CREATE TABLE other (a TEXT);\n")}}
		if err := d.Migrate(ctx, edited); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("an edited migration: %v", err)
		}
		if err := d.Migrate(ctx, fstest.MapFS{}); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("a newer database: %v", err)
		}
	})
}

func TestBothEnginesHaveTheSameTables(t *testing.T) {
	lite := columns(t, dbtest.SQLite(t, dbtest.NewClock().Now), `SELECT m.name, p.name, CASE WHEN p."notnull" = 1 OR p.pk > 0 THEN 'no' ELSE 'yes' END
		FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`)
	full := columns(t, dbtest.Postgres(t, dbtest.NewClock().Now), `SELECT table_name, column_name, LOWER(is_nullable) FROM information_schema.columns WHERE table_schema = 'public'`)
	for k, v := range lite {
		if full[k] != v {
			t.Errorf("%s: nullable %s on SQLite, %q on PostgreSQL", k, v, full[k])
		}
	}
	if len(lite) != len(full) || len(lite) < 100 {
		t.Errorf("%d columns on SQLite, %d on PostgreSQL", len(lite), len(full))
	}
	a := columns(t, dbtest.SQLite(t, dbtest.NewClock().Now), `SELECT name, tbl_name, 'index' FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`)
	b := columns(t, dbtest.Postgres(t, dbtest.NewClock().Now), `SELECT indexname, tablename, 'index' FROM pg_indexes WHERE schemaname = 'public'
		AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'`)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("indexes differ:\n%v\n%v", a, b)
	}
}

func columns(t *testing.T, d *db.DB, query string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		rows, err := tx.Query(query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var table, column, null string
			if err := rows.Scan(&table, &column, &null); err != nil {
				return err
			}
			out[table+"."+column] = null
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestALockedDatabaseAnswersAllWhoWaitAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locked.db")
	d, err := db.Open(context.Background(), db.Options{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	hold, err := other.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := d.Write(context.Background(), func(*db.Tx) error { return nil }); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begun); took > 13*time.Second {
		t.Errorf("five writers waited %v, one after the other", took)
	}
	if _, err := hold.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(context.Background(), func(*db.Tx) error { return nil }); err != nil {
		t.Fatalf("after the lock is gone: %v", err)
	}
}

func TestAFailedAttemptIsTakenBackAndTheTransactionGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := context.Background()
		ran := 0
		err := d.Write(ctx, func(tx *db.Tx) error {
			add := func(name string) error {
				_, err := tx.Exec("INSERT INTO store_mark (name, value) VALUES ($1, $2)", name, "x")
				return err
			}
			if err := add("attempt-before"); err != nil {
				return err
			}
			if err := tx.Attempt(func() error {
				tx.AfterCommit(func() { ran++ })
				return errors.Join(add("attempt-failed"), errors.New("no"))
			}); err == nil {
				t.Error("the attempt did not fail")
			}
			return tx.Attempt(func() error { tx.AfterCommit(func() { ran += 10 }); return add("attempt-done") })
		})
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := d.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow("SELECT COUNT(*) FROM store_mark WHERE name LIKE 'attempt-%'").Scan(&n)
		}); err != nil || n != 2 || ran != 10 {
			t.Errorf("%d rows, %d ran after the commit: %v; want 2 and 10", n, ran, err)
		}
	})
}
