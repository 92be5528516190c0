// Package dbtest runs a test on SQLite and on PostgreSQL, each with a fresh,
// migrated database and a clock that the test steers.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that makes test databases

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/schema"
)

// Variable names the environment variable that holds the URL of a PostgreSQL
// server whose user may create databases. Without it tests fail: run ./check.
const Variable = "TIERDESK_TEST_POSTGRES"

// Start is the instant at which a test's clock begins: Monday 2026-11-23 09:00 UTC.
const Start = 1795424400000

// Clock is a steered clock in UTC milliseconds.
type Clock struct{ ms atomic.Int64 }

// NewClock begins at Start.
func NewClock() *Clock {
	c := &Clock{}
	c.ms.Store(Start)
	return c
}

// Now is the current instant.
func (c *Clock) Now() int64 { return c.ms.Load() }

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// Set moves the clock to an instant.
func (c *Clock) Set(ms int64) { c.ms.Store(ms) }

// Each runs fn on both engines.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB, clock *Clock)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		clock := NewClock()
		fn(t, SQLite(t, clock.Now), clock)
	})
	t.Run("postgres", func(t *testing.T) {
		clock := NewClock()
		fn(t, Postgres(t, clock.Now), clock)
	})
}

// SQLite is a fresh, migrated SQLite database that is closed with the test.
func SQLite(t testing.TB, now func() int64) *db.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"), now, true)
}

// Postgres is a fresh, migrated PostgreSQL database that is dropped with the test.
func Postgres(t testing.TB, now func() int64) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t), now, false)
}

// PostgresURL makes a fresh, migrated PostgreSQL database that is dropped with the test and returns its URL.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Fatalf("%s is not set: run ./check, or point it at a PostgreSQL server", Variable)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	template, err := templateDatabase(admin, server)
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.ReplaceAll(db.NewID(), "-", "")
	if _, err := admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin, err := sql.Open("pgx", server)
		if err != nil {
			t.Error(err)
			return
		}
		defer admin.Close()
		if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(server, name)
}

func open(t testing.TB, dsn string, now func() int64, migrate bool) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{URL: dsn, Now: now, Readers: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if migrate {
		if err := d.Migrate(context.Background(), schema.Migrations()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

var (
	templateOnce sync.Once
	templateName string
	templateErr  error
)

// templateDatabase migrates once per test process; each test copies the result.
func templateDatabase(admin *sql.DB, server string) (string, error) {
	templateOnce.Do(func() {
		templateName = fmt.Sprintf("tpl_%d_%s", os.Getpid(), strings.ReplaceAll(db.NewID(), "-", "")[20:])
		if _, templateErr = admin.Exec("CREATE DATABASE " + templateName); templateErr != nil {
			return
		}
		d, err := db.Open(context.Background(), db.Options{URL: withDatabase(server, templateName)})
		if err != nil {
			templateErr = err
			return
		}
		templateErr = d.Migrate(context.Background(), schema.Migrations())
		d.Close()
	})
	return templateName, templateErr
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}
