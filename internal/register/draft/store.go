package draft

import (
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

const columns = "id, title, base, source, probes, version, created_by, created_at, updated_by, updated_at, published"

type scanner interface{ Scan(dest ...any) error }

func scan(r scanner) (d Draft, err error) {
	err = r.Scan(&d.ID, &d.Title, &d.Base, &d.Source, &d.Probes, &d.Version, &d.CreatedBy, &d.CreatedAt, &d.UpdatedBy, &d.UpdatedAt, &d.Published)
	if errors.Is(err, db.ErrNoRows) {
		err = absent()
	}
	return d, err
}

func load(tx *db.Tx, id string) (Draft, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM policy_draft WHERE id = $1", id))
}

func open(tx *db.Tx) ([]Draft, error) {
	return db.Collect(tx, func(r *db.Rows) (Draft, error) { return scan(r) },
		"SELECT id, title, base, '', '', version, created_by, created_at, updated_by, updated_at, published FROM policy_draft WHERE published = 0 ORDER BY updated_at DESC, id")
}

func insert(tx *db.Tx, d Draft) error {
	_, err := tx.Exec("INSERT INTO policy_draft ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		d.ID, d.Title, d.Base, d.Source, d.Probes, d.Version, d.CreatedBy, d.CreatedAt, d.UpdatedBy, d.UpdatedAt, d.Published)
	return err
}

// update saves the texts of a draft whose version is still d's, and counts it on.
func update(tx *db.Tx, d Draft) error {
	n, err := tx.Exec("UPDATE policy_draft SET title = $1, source = $2, probes = $3, updated_by = $4, updated_at = $5, version = version + 1 WHERE id = $6 AND version = $7 AND published = 0",
		d.Title, d.Source, d.Probes, d.UpdatedBy, d.UpdatedAt, d.ID, d.Version)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Somebody else saved this draft at the same moment. Nothing of yours is lost; look at theirs and save again.")
	}
	return err
}

func remove(tx *db.Tx, id string) error {
	_, err := tx.Exec("DELETE FROM policy_draft WHERE id = $1", id)
	return err
}

func markPublished(tx *db.Tx, id string, number int) error {
	_, err := tx.Exec("UPDATE policy_draft SET published = $1 WHERE id = $2", number, id)
	return err
}
