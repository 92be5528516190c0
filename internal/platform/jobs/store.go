package jobs

import (
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

func insert(tx *db.Tx, j Job, payload string) error {
	_, err := tx.Exec(`INSERT INTO job (id, kind, unique_key, state, run_at, max_attempts, payload, created_at)
		VALUES ($1, $2, $3, 'ready', $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		db.NewID(), j.Kind, sql.NullString{String: j.Key, Valid: j.Key != ""}, j.RunAt, j.MaxAttempts, payload, tx.Now())
	return err
}

// readCommitted lowers the isolation of a transaction that works on the queue
// alone. The claim's own WHERE guards it; serializable would make each claim
// conflict with the writers that enqueue.
func readCommitted(tx *db.Tx) error {
	if tx.SkipLocked() == "" {
		return nil
	}
	_, err := tx.Exec("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
	return err
}

// claim takes up to limit due jobs of the kinds. The state stands in the outer
// WHERE too: without it PostgreSQL gives one job to two nodes. The
// choice is materialized: PostgreSQL may run a plain subselect with SKIP LOCKED
// several times and claim far more than limit.
func claim(tx *db.Tx, node string, kinds []any, lease int64, limit int) ([]Claimed, error) {
	args := append([]any{node, lease, tx.Now(), limit}, kinds...)
	return db.Collect(tx, func(r *db.Rows) (Claimed, error) {
		c := Claimed{node: node}
		var key sql.NullString
		var payload string
		err := r.Scan(&c.ID, &c.Kind, &key, &payload, &c.Attempt, &c.MaxAttempts, &c.RunAt, &c.CreatedAt)
		c.Key, c.Payload = key.String, json.RawMessage(payload)
		return c, err
	}, `WITH due AS MATERIALIZED (SELECT id FROM job WHERE state = 'ready' AND run_at <= $3
			AND kind IN (`+db.In(len(kinds), 5)+`) ORDER BY run_at, id LIMIT $4`+tx.SkipLocked()+`)
		UPDATE job SET state = 'running', node = $1, lease_until = $2, attempt = attempt + 1
		WHERE state = 'ready' AND id IN (SELECT id FROM due)
		RETURNING id, kind, unique_key, payload, attempt, max_attempts, run_at, created_at`, args...)
}

// nextReady is the earliest run-at of the kinds; ok is false when nothing is ready.
func nextReady(tx *db.Tx, kinds []any) (at int64, ok bool, err error) {
	err = tx.QueryRow("SELECT run_at FROM job WHERE state = 'ready' AND kind IN ("+db.In(len(kinds), 1)+") ORDER BY run_at, id LIMIT 1", kinds...).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return 0, false, nil
	}
	return at, err == nil, err
}

// chunks cuts ids into lists of few distinct lengths, the last one padded with
// its own last id, so that few statements are prepared.
func chunks(ids []string) (out [][]string) {
	for len(ids) > 0 {
		size := 1
		for size < len(ids) && size < 64 {
			size *= 4
		}
		n := min(size, len(ids))
		part := append(make([]string, 0, size), ids[:n]...)
		for len(part) < size {
			part = append(part, part[n-1])
		}
		out, ids = append(out, part), ids[n:]
	}
	return out
}

func finish(tx *db.Tx, node string, ids []string) (n int64, err error) {
	for _, part := range chunks(ids) {
		m, err := tx.Exec("UPDATE job SET state = 'done', finished_at = $1 WHERE state = 'running' AND node = $2 AND id IN ("+db.In(len(part), 3)+")",
			append([]any{tx.Now(), node}, db.Args(part)...)...)
		if err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}

// putBack returns jobs whose attempt does not count.
func putBack(tx *db.Tx, node string, ids []string) error {
	for _, part := range chunks(ids) {
		_, err := tx.Exec("UPDATE job SET state = 'ready', attempt = attempt - 1, node = '', lease_until = 0 WHERE state = 'running' AND node = $1 AND id IN ("+db.In(len(part), 2)+")",
			append([]any{node}, db.Args(part)...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

func retry(tx *db.Tx, node, id string, runAt int64, message string) error {
	_, err := tx.Exec("UPDATE job SET state = 'ready', run_at = $1, last_error = $2, node = '', lease_until = 0 WHERE id = $3 AND state = 'running' AND node = $4",
		runAt, message, id, node)
	return err
}

func bury(tx *db.Tx, node, id, message string) error {
	_, err := tx.Exec("UPDATE job SET state = 'dead', finished_at = $1, last_error = $2 WHERE id = $3 AND state = 'running' AND node = $4",
		tx.Now(), message, id, node)
	return err
}

const interrupted = `UPDATE job SET state = CASE WHEN attempt >= max_attempts THEN 'dead' ELSE 'ready' END,
	finished_at = CASE WHEN attempt >= max_attempts THEN CAST($2 AS BIGINT) END,
	last_error = 'The program ended while this ran.', node = '', lease_until = 0 WHERE state = 'running'`

// recoverNode frees what a crashed process of this node left behind.
func recoverNode(tx *db.Tx, node string) (int64, error) {
	return tx.Exec(interrupted+" AND node = $1", node, tx.Now())
}

// takeOver frees the jobs of other nodes whose lease has ended.
func takeOver(tx *db.Tx, node string) (int64, error) {
	return tx.Exec(interrupted+" AND node <> $1 AND lease_until < $2", node, tx.Now())
}

func runningOf(tx *db.Tx, node string) ([]string, error) {
	return db.Collect(tx, func(r *db.Rows) (id string, err error) { return id, r.Scan(&id) },
		"SELECT id FROM job WHERE state = 'running' AND node = $1", node)
}

func renew(tx *db.Tx, node string, lease int64) error {
	_, err := tx.Exec("UPDATE job SET lease_until = $1 WHERE state = 'running' AND node = $2", lease, node)
	return err
}

func runAgain(tx *db.Tx, id string) (int64, error) {
	return tx.Exec("UPDATE job SET state = 'ready', run_at = $1, attempt = 0, finished_at = NULL, node = '', lease_until = 0 WHERE id = $2 AND state IN ('dead', 'ready')", tx.Now(), id)
}

// sweep deletes some done jobs that ended before an instant.
func sweep(tx *db.Tx, before int64, limit int) (int64, error) {
	return tx.Exec("DELETE FROM job WHERE state = 'done' AND id IN (SELECT id FROM job WHERE state = 'done' AND finished_at < $1 LIMIT $2)", before, limit)
}

func dead(tx *db.Tx, limit int) ([]Letter, error) {
	return db.Collect(tx, func(r *db.Rows) (l Letter, err error) {
		return l, r.Scan(&l.ID, &l.Kind, &l.Key, &l.Payload, &l.Attempt, &l.LastError, &l.CreatedAt, &l.DiedAt)
	}, `SELECT id, kind, COALESCE(unique_key, ''), payload, attempt, last_error, created_at, COALESCE(finished_at, 0)
		FROM job WHERE state = 'dead' ORDER BY id DESC LIMIT $1`, limit)
}

func counts(tx *db.Tx) (t Tally, err error) {
	err = tx.QueryRow(`SELECT (SELECT COUNT(*) FROM job WHERE state = 'ready' AND run_at <= $1),
		(SELECT COUNT(*) FROM job WHERE state = 'ready' AND run_at > $1),
		(SELECT COUNT(*) FROM job WHERE state = 'running'), (SELECT COUNT(*) FROM job WHERE state = 'dead'),
		COALESCE((SELECT MIN(run_at) FROM job WHERE state = 'ready' AND run_at <= $1), 0)`, tx.Now()).
		Scan(&t.Due, &t.Later, &t.Running, &t.Dead, &t.OldestDue)
	return t, err
}

// scheduleAt is when a schedule is due; it is stored on first sight as first.
func scheduleAt(tx *db.Tx, name string, first int64) (at int64, err error) {
	err = tx.QueryRow("SELECT next_at FROM job_schedule WHERE name = $1", name).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		_, err = tx.Exec("INSERT INTO job_schedule (name, next_at) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, first)
		return first, err
	}
	return at, err
}

// moveSchedule reports whether this transaction is the one that moved it on.
func moveSchedule(tx *db.Tx, name string, from, to int64) (bool, error) {
	n, err := tx.Exec("UPDATE job_schedule SET next_at = $1 WHERE name = $2 AND next_at = $3", to, name, from)
	return n == 1, err
}

// tickWaits reports whether an earlier tick is not finished, and drops the ticks that
// died: the next tick stands for them. '@' ends the name in a tick's key and 'A' follows '@'.
func tickWaits(tx *db.Tx, s Schedule) (bool, error) {
	if _, err := tx.Exec("DELETE FROM job WHERE state = 'dead' AND kind = $1 AND unique_key >= $2 AND unique_key < $3", s.Kind, s.Name+"@", s.Name+"A"); err != nil {
		return false, err
	}
	var n int
	err := tx.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = $1 AND unique_key IS NOT NULL AND state IN ('ready', 'running')
		AND unique_key >= $2 AND unique_key < $3`, s.Kind, s.Name+"@", s.Name+"A").Scan(&n)
	return n > 0, err
}
