// Command isolation compares, on one PostgreSQL, the two ways in which an update
// cannot be lost: serializable transactions that run again after a conflict, and
// read committed ones whose saves check a row version. docs/adr/0003 quotes it.
//
//	go run ./bench/isolation postgres://user@host/database
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

const (
	clients = 32
	rounds  = 5
	length  = 3 * time.Second
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: isolation POSTGRES-URL")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url string) error {
	pool, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer pool.Close()
	pool.SetMaxOpenConns(clients)
	pool.SetMaxIdleConns(clients)
	var fsync string
	if err := pool.QueryRow("SHOW fsync").Scan(&fsync); err != nil {
		return err
	}
	fmt.Println("fsync", fsync)
	_, err = pool.Exec(`DROP TABLE IF EXISTS iso_ticket, iso_row;
		CREATE TABLE iso_ticket (id TEXT PRIMARY KEY, state TEXT, version INT);
		CREATE TABLE iso_row (ticket TEXT, id TEXT, body TEXT, PRIMARY KEY (ticket, id));`)
	if err != nil {
		return err
	}
	defer pool.Exec("DROP TABLE iso_ticket, iso_row")
	for _, kind := range []string{"insert", "update"} {
		var ratios []float64
		for range rounds {
			a, again, err := measure(pool, sql.LevelSerializable, kind)
			if err != nil {
				return err
			}
			b, _, err := measure(pool, sql.LevelReadCommitted, kind)
			if err != nil {
				return err
			}
			ratios = append(ratios, a/b)
			fmt.Printf("%s: serializable %.0f/s (%d run again), versioned %.0f/s, ratio %.2f\n", kind, a, again, b, a/b)
		}
		sort.Float64s(ratios)
		fmt.Printf("%s: median ratio %.2f\n", kind, ratios[len(ratios)/2])
	}
	return nil
}

func measure(pool *sql.DB, level sql.IsolationLevel, kind string) (perSecond float64, again int64, err error) {
	var done, retries atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	end := time.Now().Add(length)
	for range clients {
		wg.Go(func() {
			id := db.NewID()
			if _, err := pool.Exec("INSERT INTO iso_ticket VALUES ($1, 'new', 1)", id); err != nil {
				failed.Store(&err)
				return
			}
			for time.Now().Before(end) && failed.Load() == nil {
				err := once(pool, level, kind, id)
				var pg *pgconn.PgError
				switch {
				case err == nil:
					done.Add(1)
				case errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01"), errors.Is(err, errStale):
					retries.Add(1)
				default:
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if e := failed.Load(); e != nil {
		return 0, 0, *e
	}
	return float64(done.Load()) / length.Seconds(), retries.Load(), nil
}

var errStale = errors.New("the row changed")

// once stores eight rows as an intake does, or loads, decides and saves as a use case does.
func once(pool *sql.DB, level sql.IsolationLevel, kind, id string) error {
	tx, err := pool.BeginTx(context.Background(), &sql.TxOptions{Isolation: level})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if kind == "insert" {
		id = db.NewID()
		if _, err := tx.Exec("INSERT INTO iso_ticket VALUES ($1, 'new', 1)", id); err != nil {
			return err
		}
		for range 7 {
			if _, err := tx.Exec("INSERT INTO iso_row VALUES ($1, $2, $3)", id, db.NewID(), "some text of a message that is not very long"); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	var version int
	if err := tx.QueryRow("SELECT version FROM iso_ticket WHERE id = $1", id).Scan(&version); err != nil {
		return err
	}
	res, err := tx.Exec("UPDATE iso_ticket SET state = 'open', version = version + 1 WHERE id = $1 AND version = $2", id, version)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n != 1 {
		return errStale
	}
	if _, err := tx.Exec("INSERT INTO iso_row VALUES ($1, $2, $3)", id, db.NewID(), "an event"); err != nil {
		return err
	}
	return tx.Commit()
}
