package simulate

import (
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

const columns = "id, draft_id, draft_version, state, since_at, done, total, report, error, started_by, created_at, COALESCE(finished_at, 0)"

type scanner interface{ Scan(dest ...any) error }

func scan(r scanner) (s Simulation, report string, err error) {
	err = r.Scan(&s.ID, &s.DraftID, &s.DraftVersion, &s.State, &s.SinceAt, &s.Done, &s.Total, &report, &s.Error, &s.StartedBy, &s.CreatedAt, &s.FinishedAt)
	if errors.Is(err, db.ErrNoRows) {
		err = absent()
	}
	return s, report, err
}

func load(tx *db.Tx, id string) (Simulation, string, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM policy_simulation WHERE id = $1", id))
}

func latest(tx *db.Tx, draftID string) (Simulation, string, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM policy_simulation WHERE draft_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1", draftID))
}

func insert(tx *db.Tx, s Simulation) error {
	_, err := tx.Exec("INSERT INTO policy_simulation (id, draft_id, draft_version, state, since_at, started_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		s.ID, s.DraftID, s.DraftVersion, string(s.State), s.SinceAt, s.StartedBy, s.CreatedAt)
	return err
}

// forget keeps the newest simulations of a draft: a result of an earlier text is of no use.
func forget(tx *db.Tx, draftID, except string) error {
	_, err := tx.Exec("DELETE FROM policy_simulation WHERE draft_id = $1 AND id <> $2 AND state NOT IN ('queued', 'running')", draftID, except)
	return err
}

func begin(tx *db.Tx, id string, draftVersion int) (mine bool, err error) {
	n, err := tx.Exec("UPDATE policy_simulation SET state = 'running', draft_version = $1, done = 0, total = 0 WHERE id = $2 AND state IN ('queued', 'running')", draftVersion, id)
	return n == 1, err
}

func progress(tx *db.Tx, id string, done, total int64) (wanted bool, err error) {
	n, err := tx.Exec("UPDATE policy_simulation SET done = $1, total = $2 WHERE id = $3 AND state = 'running'", done, total, id)
	return n == 1, err
}

func end(tx *db.Tx, id string, state State, report, problem string) (mine bool, err error) {
	n, err := tx.Exec("UPDATE policy_simulation SET state = $1, report = $2, error = $3, finished_at = $4 WHERE id = $5 AND state IN ('queued', 'running')",
		string(state), report, problem, tx.Now(), id)
	return n == 1, err
}

func cancel(tx *db.Tx, draftID string) (n int64, err error) {
	return tx.Exec("UPDATE policy_simulation SET state = 'cancelled', finished_at = $1 WHERE draft_id = $2 AND state IN ('queued', 'running')", tx.Now(), draftID)
}

// accountNames are the accounts' names behind those of their organisations.
func accountNames(tx *db.Tx, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := tx.Query("SELECT a.id, o.name, a.name FROM account a JOIN organisation o ON o.id = a.org_id WHERE a.id IN ("+db.In(len(ids), 1)+")", db.Args(ids)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, org, name string
		if err := rows.Scan(&id, &org, &name); err != nil {
			return nil, err
		}
		out[id] = org
		if name != org && name != "" {
			out[id] += ", " + name
		}
	}
	return out, rows.Err()
}
