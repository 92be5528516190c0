package db

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxTries bounds how often a conflicting write runs again before the caller is asked to.
const maxTries = 24

type pg struct{ pool *sql.DB }

func openPostgres(ctx context.Context, url string, readers int) (*pg, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(2 * readers)
	pool.SetMaxIdleConns(2 * readers)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(away(err), pool.Close())
	}
	return &pg{pool}, nil
}

func (p *pg) close() error { return p.pool.Close() }

func (p *pg) read(ctx context.Context, now int64, fn func(*Tx) error) error {
	t, err := p.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return away(err)
	}
	err = guard(&Tx{c: pgConn{ctx, t}, now: now, postgres: true}, fn)
	if end := t.Rollback(); err == nil && end != nil {
		err = mapError(end)
	}
	return rethrow(err)
}

func (p *pg) write(ctx context.Context, now func() int64, fn func(*Tx) error) error {
	var err error
	for try := range maxTries {
		if err = p.once(ctx, now(), fn); !retryable(err) {
			return rethrow(mapError(err))
		}
		pause := time.Duration(rand.IntN(1+min(1<<try, 64))) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return away(ctx.Err())
		}
	}
	return away(err)
}

func (p *pg) once(ctx context.Context, now int64, fn func(*Tx) error) error {
	t, err := p.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return away(err)
	}
	tx := &Tx{c: pgConn{ctx, t}, now: now, postgres: true}
	if err := guard(tx, fn); err != nil {
		return errors.Join(err, ignoreDone(t.Rollback()))
	}
	if err := t.Commit(); err != nil {
		return err
	}
	runAfter(tx)
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

type pgConn struct {
	ctx context.Context
	t   *sql.Tx
}

func (c pgConn) exec(query string, args []any) (int64, error) {
	r, err := c.t.ExecContext(c.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (c pgConn) query(query string, args []any) (*sql.Rows, error) {
	return c.t.QueryContext(c.ctx, query, args...)
}

func (c pgConn) queryRow(query string, args []any) *sql.Row {
	return c.t.QueryRowContext(c.ctx, query, args...)
}
