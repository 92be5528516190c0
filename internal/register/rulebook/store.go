package rulebook

import (
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

const columns = "number, name, hash, effective_at, published_at, published_by"

func versions(tx *db.Tx) ([]Version, error) {
	return db.Collect(tx, func(r *db.Rows) (v Version, err error) {
		err = r.Scan(&v.Number, &v.Name, &v.Hash, &v.EffectiveAt, &v.PublishedAt, &v.PublishedBy)
		return v, err
	}, "SELECT "+columns+" FROM policy_version ORDER BY number")
}

func insert(tx *db.Tx, v Version, source, probes string) error {
	_, err := tx.Exec("INSERT INTO policy_version ("+columns+", source, probes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		v.Number, v.Name, v.Hash, v.EffectiveAt, v.PublishedAt, v.PublishedBy, source, probes)
	return err
}

func probes(tx *db.Tx, number int) (string, error) { return textOf(tx, "probes", number) }

func source(tx *db.Tx, number int) (string, error) { return textOf(tx, "source", number) }

func textOf(tx *db.Tx, column string, number int) (src string, err error) {
	err = tx.QueryRow("SELECT "+column+" FROM policy_version WHERE number = $1", number).Scan(&src)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.New(fault.NotFound, "There is no such version of the policy; choose one from the list.")
	}
	return src, err
}
