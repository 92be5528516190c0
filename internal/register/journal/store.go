package journal

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

func insert(tx *db.Tx, e Event, data string) error {
	_, err := tx.Exec(`INSERT INTO event (subject_id, id, kind, at, actor_id, actor_kind, org_id, room_id, clause, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.Subject, e.ID, e.Kind, e.At, e.ActorID, e.ActorKind, e.OrgID, e.RoomID, e.Clause, data)
	return err
}

func insertSealed(tx *db.Tx, rows []row) error {
	const width = 12
	args := make([]any, 0, width*len(rows))
	for _, r := range rows {
		args = append(args, r.Subject, r.ID, r.Kind, r.At, r.ActorID, r.ActorKind, r.OrgID, r.RoomID, r.Clause, r.data, r.Position, r.chain)
	}
	return db.InsertMany(tx, "INSERT INTO event (subject_id, id, kind, at, actor_id, actor_kind, org_id, room_id, clause, data, position, chain)", width, args)
}

const columns = `SELECT subject_id, id, kind, at, actor_id, actor_kind, org_id, room_id, clause, data, COALESCE(position, 0), COALESCE(chain, '') FROM event `

func scan(r *db.Rows) (e row, err error) {
	return e, r.Scan(&e.Subject, &e.ID, &e.Kind, &e.At, &e.ActorID, &e.ActorKind, &e.OrgID, &e.RoomID, &e.Clause, &e.data, &e.Position, &e.chain)
}

func bySubject(tx *db.Tx, subject string) ([]row, error) {
	return db.Collect(tx, scan, columns+"WHERE subject_id = $1 ORDER BY at, id", subject)
}

func latest(tx *db.Tx, subject string, limit int) ([]row, error) {
	return db.Collect(tx, scan, columns+"WHERE subject_id = $1 ORDER BY at DESC, id DESC LIMIT $2", subject, limit)
}

func bySubjects(tx *db.Tx, subjects []string) ([]row, error) {
	return db.Collect(tx, scan, columns+"WHERE subject_id IN ("+db.In(len(subjects), 1)+") ORDER BY subject_id, at, id", db.Args(subjects)...)
}

func after(tx *db.Tx, position int64, limit int) ([]row, error) {
	return db.Collect(tx, scan, columns+"WHERE position IS NOT NULL AND position > $1 ORDER BY position LIMIT $2", position, limit)
}

func unsealed(tx *db.Tx, limit int) ([]row, error) {
	return db.Collect(tx, scan, columns+"WHERE position IS NULL ORDER BY id LIMIT $1", limit)
}

func countUnsealed(tx *db.Tx) (n int64, err error) {
	return n, tx.QueryRow("SELECT COUNT(*) FROM event WHERE position IS NULL").Scan(&n)
}

func head(tx *db.Tx) (a Anchor, err error) {
	err = tx.QueryRow("SELECT position, COALESCE(chain, '') FROM event WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1").Scan(&a.Position, &a.Hash)
	if errors.Is(err, db.ErrNoRows) {
		return Anchor{}, nil
	}
	return a, err
}

// lockSealing makes this transaction the only one that seals; false when
// another node is at it. On SQLite there is one writer anyway. Read committed,
// because sealing touches what no use case touches, and serializable would make
// it conflict with every writer that appends. The planner is held to the primary
// key: a plan made and kept while the table was small would scan it for each chunk.
func lockSealing(tx *db.Tx, postgres bool) (mine bool, err error) {
	if !postgres {
		return true, nil
	}
	if _, err := tx.Exec("SET TRANSACTION ISOLATION LEVEL READ COMMITTED"); err != nil {
		return false, err
	}
	var ignored string
	return mine, tx.QueryRow(`SELECT pg_try_advisory_xact_lock(720108), set_config('enable_seqscan', 'off', true)
		|| set_config('enable_hashjoin', 'off', true) || set_config('enable_mergejoin', 'off', true)`).Scan(&mine, &ignored)
}

// seal stores positions and chain values, chunk rows in a statement, and
// returns how many rows took them.
func seal(tx *db.Tx, rows []row, chunk int) (n int64, err error) {
	for len(rows) > 0 {
		size := 1
		if len(rows) >= chunk {
			size = chunk
		}
		args := make([]any, 0, 4*size)
		for _, r := range rows[:size] {
			args = append(args, r.Position, r.chain, r.Subject, r.ID)
		}
		m, err := tx.Exec(sealText(size), args...)
		if err != nil {
			return n, err
		}
		n, rows = n+m, rows[size:]
	}
	return n, nil
}

func sealText(size int) string {
	if size == 1 {
		return "UPDATE event SET position = $1, chain = $2 WHERE subject_id = $3 AND id = $4 AND position IS NULL"
	}
	var b strings.Builder
	b.WriteString("UPDATE event SET position = v.column1, chain = v.column2 FROM (VALUES ")
	for i := range size {
		if i > 0 {
			b.WriteByte(',')
		}
		p := func(k int) string { return "$" + strconv.Itoa(4*i+k) }
		b.WriteString("(CAST(" + p(1) + " AS BIGINT)," + p(2) + "," + p(3) + "," + p(4) + ")")
	}
	b.WriteString(") AS v WHERE event.subject_id = v.column3 AND event.id = v.column4 AND event.position IS NULL")
	return b.String()
}
