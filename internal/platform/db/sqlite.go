package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver registers itself under this name
)

// How many write functions one commit may hold, and for how long it keeps
// taking new ones: a commit costs one fsync whatever it holds.
const (
	maxBatch     = 256
	maxBatchTime = 8 * time.Millisecond
)

type lite struct {
	writeDB, readDB *sql.DB
	writes          chan *writeRequest
	readers         *readers
	stop            chan struct{}
	done            chan struct{}
	closing         sync.Once
}

// readers are the connections for snapshots. The one that came back last goes
// out first: its page cache is warm, and those that a quiet program does not
// need hold none.
type readers struct {
	free  chan struct{} // one for each connection in stack
	mu    sync.Mutex
	stack []*liteConn
}

func newReaders(n int) *readers { return &readers{free: make(chan struct{}, n)} }

// take gives the connection that a token of free stands for.
func (r *readers) take() *liteConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.stack) - 1
	c := r.stack[last]
	r.stack = r.stack[:last]
	return c
}

func (r *readers) put(c *liteConn) {
	r.mu.Lock()
	r.stack = append(r.stack, c)
	r.mu.Unlock()
	r.free <- struct{}{}
}

type writeRequest struct {
	fn   func(*Tx) error
	now  func() int64
	tx   *Tx
	err  error
	done chan struct{}
}

// openSQLite opens one writer and a pool of read-only readers on the same file.
// WAL with synchronous=FULL: each answered commit is on disk. Savepoints keep
// their undo pages in memory: in files they cost a sixth of all intake.
func openSQLite(ctx context.Context, path string, readers int) (*lite, error) {
	w, err := openLitePool(ctx, path, "_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)", 1)
	if err != nil {
		return nil, err
	}
	r, err := openLitePool(ctx, path, "mode=ro&_pragma=query_only(1)&_pragma=cache_size(-4000)", readers)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	l := &lite{writeDB: w, readDB: r, writes: make(chan *writeRequest, 1024), readers: newReaders(readers),
		stop: make(chan struct{}), done: make(chan struct{})}
	writer, err := newLiteConn(ctx, w)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	for range readers {
		c, err := newLiteConn(ctx, r)
		if err != nil {
			return nil, errors.Join(err, r.Close(), w.Close())
		}
		l.readers.put(c)
	}
	go l.serve(writer)
	return l, nil
}

func openLitePool(ctx context.Context, path, params string, conns int) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + params
	d, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(conns)
	d.SetMaxIdleConns(conns)
	if err := d.PingContext(ctx); err != nil {
		return nil, errors.Join(mapError(err), d.Close())
	}
	return d, nil
}

func (l *lite) read(ctx context.Context, now int64, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return away(err)
	}
	select {
	case <-l.readers.free:
	case <-ctx.Done():
		return away(ctx.Err())
	case <-l.stop:
		return away(sql.ErrConnDone)
	}
	c := l.readers.take()
	defer l.readers.put(c)
	if _, err := c.exec("BEGIN", nil); err != nil {
		return mapError(err)
	}
	err := guard(&Tx{c: c, now: now}, fn)
	_, end := c.exec("ROLLBACK", nil)
	if err == nil {
		err = mapError(end)
	}
	return rethrow(err)
}

func (l *lite) write(ctx context.Context, now func() int64, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return away(err)
	}
	r := &writeRequest{fn: fn, now: now, done: make(chan struct{})}
	select {
	case l.writes <- r:
	case <-ctx.Done():
		return away(ctx.Err())
	case <-l.stop:
		return away(sql.ErrConnDone)
	}
	select {
	case <-r.done:
	case <-l.done:
		// the writer may have answered just before it ended
		select {
		case <-r.done:
		default:
			return away(sql.ErrConnDone)
		}
	}
	if r.err == nil {
		runAfter(r.tx)
	}
	return rethrow(r.err)
}

func (l *lite) close() (err error) {
	l.closing.Do(func() {
		close(l.stop)
		<-l.done
		for range cap(l.readers.free) {
			<-l.readers.free
			l.readers.take().close()
		}
		err = errors.Join(l.readDB.Close(), l.writeDB.Close())
	})
	return err
}

// serve is the one writer. It ends when the database is closed and the queue is empty.
func (l *lite) serve(c *liteConn) {
	defer close(l.done)
	defer c.close()
	for {
		select {
		case r := <-l.writes:
			l.batch(c, r)
		case <-l.stop:
			for {
				select {
				case r := <-l.writes:
					l.batch(c, r)
				default:
					return
				}
			}
		}
	}
}

// batch runs first and whatever else is waiting in one transaction, each in a
// savepoint, and answers all after the commit. If the commit fails, all fail.
func (l *lite) batch(c *liteConn, first *writeRequest) {
	begun := time.Now()
	if _, err := c.exec("BEGIN IMMEDIATE", nil); err != nil {
		l.refuse(first, mapError(err))
		return
	}
	batch := append(make([]*writeRequest, 0, 32), first)
	c.run(first)
	for len(batch) < maxBatch && time.Since(begun) < maxBatchTime {
		select {
		case r := <-l.writes:
			batch = append(batch, r)
			c.run(r)
			continue
		default:
		}
		break
	}
	if err := commit(c); err != nil {
		for _, r := range batch {
			if r.err == nil {
				r.err = err
			}
		}
	}
	for _, r := range batch {
		close(r.done)
	}
}

// refuse answers first and everybody who waits behind it: whoever holds the
// database has kept all of them waiting for as long.
func (l *lite) refuse(first *writeRequest, err error) {
	for r := first; ; {
		r.err = err
		close(r.done)
		select {
		case r = <-l.writes:
		default:
			return
		}
	}
}

func commit(c *liteConn) error {
	_, err := c.exec("COMMIT", nil)
	if err == nil {
		return nil
	}
	// a failed commit may leave the transaction open, or SQLite has rolled it back already
	_, _ = c.exec("ROLLBACK", nil)
	return away(err)
}

// liteConn is one connection with its prepared statements; one goroutine at a time uses it.
type liteConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newLiteConn(ctx context.Context, d *sql.DB) (*liteConn, error) {
	c, err := d.Conn(ctx)
	if err != nil {
		return nil, mapError(err)
	}
	return &liteConn{conn: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *liteConn) close() {
	for _, s := range c.stmts {
		s.Close()
	}
	c.conn.Close()
}

// run executes one write function in its own savepoint.
func (c *liteConn) run(r *writeRequest) {
	r.tx = &Tx{c: c, now: r.now()}
	if _, err := c.exec("SAVEPOINT one", nil); err != nil {
		r.err = mapError(err)
		return
	}
	if r.err = guard(r.tx, r.fn); r.err != nil {
		if _, err := c.exec("ROLLBACK TO one", nil); err != nil {
			r.err = errors.Join(r.err, fmt.Errorf("roll back to savepoint: %w", err))
			return
		}
	}
	if _, err := c.exec("RELEASE one", nil); err != nil && r.err == nil {
		r.err = mapError(err)
	}
}

// maxStatements bounds the cache; a program has fewer distinct texts than this.
const maxStatements = 512

func (c *liteConn) prepare(query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.conn.PrepareContext(context.Background(), positional(query))
	if err != nil {
		return nil, err
	}
	if len(c.stmts) >= maxStatements {
		for q, old := range c.stmts {
			old.Close()
			delete(c.stmts, q)
		}
	}
	c.stmts[query] = s
	return s, nil
}

func (c *liteConn) exec(query string, args []any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (c *liteConn) query(query string, args []any) (*sql.Rows, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.Query(args...)
}

func (c *liteConn) queryRow(query string, args []any) *sql.Row {
	s, err := c.prepare(query)
	if err != nil {
		// asking again through the connection gives a Row that carries the error
		return c.conn.QueryRowContext(context.Background(), query, args...)
	}
	return s.QueryRow(args...)
}
