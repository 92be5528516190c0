package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// unique marks a broken unique key; use IsUnique.
type unique struct{ cause error }

func (u unique) Error() string { return u.cause.Error() }
func (u unique) Unwrap() error { return u.cause }

// IsUnique reports whether err says that a unique key is already taken.
func IsUnique(err error) bool {
	_, ok := errors.AsType[unique](err)
	return ok
}

// mapError turns a driver's error into the house's: ErrNoRows, a broken unique
// key, or Unavailable when the database is locked, full, read-only or away.
func mapError(err error) error {
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), isFault(err):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return away(err)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return mapSQLite(e)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return mapPostgres(e)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return away(err)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return away(err)
	}
	return err
}

// isFault reports an error that a caller has already put into the house's words.
func isFault(err error) bool {
	_, ok := err.(*fault.Error)
	return ok
}

func away(err error) error {
	if fault.KindOf(err) == fault.Unavailable {
		return err
	}
	return fault.New(fault.Unavailable, "The desk can't save right now. Nothing was changed; please try again in a minute.").WithCause(err)
}

func mapSQLite(e *sqlite.Error) error {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return unique{e}
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return away(e)
	}
	return e
}

func mapPostgres(e *pgconn.PgError) error {
	switch {
	case e.Code == "23505":
		return unique{e}
	case e.Code[:2] == "08", e.Code[:2] == "53", e.Code[:2] == "57", e.Code[:2] == "58", e.Code == "55P03", e.Code == "25006":
		return away(e)
	}
	return e
}

// retryable reports a conflict that PostgreSQL asks us to run again.
func retryable(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}
