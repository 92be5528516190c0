// Package db opens SQLite or PostgreSQL behind one small surface: snapshots to
// read, transactions to write, one Now for each, the same SQL text for both.
// It knows no table but its own list of migrations.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Options say which database to open.
type Options struct {
	// URL is "sqlite:PATH" or a PostgreSQL URL.
	URL string
	// Now is the clock in UTC milliseconds; nil means the machine's.
	Now func() int64
	// Readers is the number of concurrent snapshots on SQLite and half the
	// connections on PostgreSQL; 0 means 8.
	Readers int
}

// ErrNoRows is what Row.Scan answers when nothing was found.
var ErrNoRows = sql.ErrNoRows

type engine interface {
	read(ctx context.Context, now int64, fn func(*Tx) error) error
	write(ctx context.Context, now func() int64, fn func(*Tx) error) error
	close() error
}

// DB is one database. It is safe for concurrent use.
type DB struct {
	engine   engine
	now      func() int64
	postgres bool
	url      string
	watched  *watchList
}

// Open connects and checks the connection; it does not migrate.
// Faults: Unavailable when the database does not answer.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = func() int64 { return time.Now().UnixMilli() }
	}
	if o.Readers == 0 {
		o.Readers = 8
	}
	d := &DB{watched: &watchList{tables: map[string][]*atomic.Uint64{}}, now: o.Now, url: o.URL}
	var err error
	switch {
	case strings.HasPrefix(o.URL, "sqlite:"):
		d.engine, err = openSQLite(ctx, strings.TrimPrefix(o.URL, "sqlite:"), o.Readers)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		d.postgres = true
		d.engine, err = openPostgres(ctx, o.URL, o.Readers)
	default:
		return nil, fmt.Errorf("the database URL must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Close waits for the running transactions and closes the database.
func (d *DB) Close() error { return d.engine.close() }

// Postgres reports which engine serves; only seams such as row locks may ask.
func (d *DB) Postgres() bool { return d.postgres }

// Now is the clock that transactions use, UTC milliseconds.
func (d *DB) Now() int64 { return d.now() }

// At is the same database with another clock, for use cases that make a past.
// It is closed with the database it comes from.
func (d *DB) At(now func() int64) *DB {
	other := *d
	other.now = now
	return &other
}

// Read runs fn on one consistent snapshot. fn must not keep tx.
func (d *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	return d.engine.read(ctx, d.now(), fn)
}

// Write runs fn in one transaction and returns after the commit is durable.
// fn may run again after a conflict: it touches nothing but tx, does no I/O and
// never waits. Two writers cannot lose an update: SQLite has one writer,
// PostgreSQL runs serializable with retry (docs/adr/0003). On SQLite concurrent
// writers share one commit, each in a savepoint of its own.
// Faults: Unavailable when the database is locked, full or away.
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return d.engine.write(ctx, d.now, func(tx *Tx) error {
		tx.watched = d.watched
		return fn(tx)
	})
}

// Tx is a snapshot or a transaction. It belongs to the function it was handed to.
type Tx struct {
	c        conn
	now      int64
	postgres bool
	after    []func()
	watched  *watchList
}

// conn is what both engines offer to a transaction.
type conn interface {
	exec(query string, args []any) (int64, error)
	query(query string, args []any) (*sql.Rows, error)
	queryRow(query string, args []any) *sql.Row
}

// Now is the one instant of this transaction, UTC milliseconds.
func (t *Tx) Now() int64 { return t.now }

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(query string, args ...any) (int64, error) {
	n, err := t.c.exec(query, args)
	if err == nil && t.watched != nil {
		t.watched.wrote(t, query)
	}
	return n, mapError(err)
}

// Query runs a question with many rows; the caller closes them.
func (t *Tx) Query(query string, args ...any) (*Rows, error) {
	r, err := t.c.query(query, args)
	if err != nil {
		return nil, mapError(err)
	}
	return &Rows{r}, nil
}

// QueryRow runs a question with at most one row; Scan answers ErrNoRows when there is none.
func (t *Tx) QueryRow(query string, args ...any) Row { return Row{t.c.queryRow(query, args)} }

// Attempt runs f and takes back all that it wrote when it fails; the transaction goes on. Faults: what f answers.
func (t *Tx) Attempt(f func() error) error {
	if _, err := t.c.exec("SAVEPOINT attempt", nil); err != nil {
		return mapError(err)
	}
	after := len(t.after)
	failed := f()
	if failed != nil {
		t.after = t.after[:after]
		if _, err := t.c.exec("ROLLBACK TO attempt", nil); err != nil {
			return errors.Join(failed, mapError(err))
		}
	}
	if _, err := t.c.exec("RELEASE attempt", nil); err != nil && failed == nil {
		return mapError(err)
	}
	return failed
}

// AfterCommit runs f once after the commit that holds this transaction, and not when it fails.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// SkipLocked is the clause that lets PostgreSQL's claimers pass one another; empty on SQLite, which has one writer.
func (t *Tx) SkipLocked() string {
	if t.postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// Rows is a result set.
type Rows struct{ r *sql.Rows }

// Next moves to the next row.
func (r *Rows) Next() bool { return r.r.Next() }

// Scan copies the row's columns.
func (r *Rows) Scan(dest ...any) error { return r.r.Scan(dest...) }

// Close ends the result set; safe to call twice.
func (r *Rows) Close() error { return r.r.Close() }

// Err is the error that ended Next, if any.
func (r *Rows) Err() error { return mapError(r.r.Err()) }

// Row is a result of at most one row.
type Row struct{ r *sql.Row }

// Scan copies the columns, or answers ErrNoRows.
func (r Row) Scan(dest ...any) error { return mapError(r.r.Scan(dest...)) }

// Collect scans every row of a question with scan and closes it.
func Collect[T any](tx *Tx, scan func(*Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// NewID is a UUIDv7: text, unique, ordered by the millisecond it was made in.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// In is a list of n placeholders that begins at $from: In(3, 2) is "$2,$3,$4".
func In(n, from int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("$" + strconv.Itoa(from+i))
	}
	return b.String()
}

// Args turns a list of strings into arguments.
func Args[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

func runAfter(t *Tx) {
	for _, f := range t.after {
		f()
	}
}

// panicked carries a panic of a write function to the goroutine that asked for it.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprint("panic in a transaction: ", p.value) }

// guard runs fn and turns a panic into an error, so that one function cannot
// end the writer that serves all others.
func guard(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked{v}
		}
	}()
	return fn(tx)
}

func rethrow(err error) error {
	if p, ok := errors.AsType[panicked](err); ok {
		panic(p.value)
	}
	return err
}
