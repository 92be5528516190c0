package app

import (
	"context"
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
)

// checkKeys refuses a store whose secrets were sealed with other keys: a second
// node with a data folder of its own, or a database that was restored without
// its folder. The first start leaves the mark. Faults: Conflict.
func checkKeys(ctx context.Context, d *db.DB, sealer *seal.Sealer) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		var mark string
		err := tx.QueryRow("SELECT value FROM store_mark WHERE name = 'keys'").Scan(&mark)
		switch {
		case errors.Is(err, db.ErrNoRows):
			_, err = tx.Exec("INSERT INTO store_mark (name, value) VALUES ('keys', $1)", sealer.MAC("store", "keys"))
			return err
		case err != nil:
			return err
		case !sealer.Equal(mark, "store", "keys"):
			return fault.New(fault.Conflict, "This database belongs to another data folder: its keys differ. Nodes of one database share the folder's files \"keys\" and \"files\".")
		}
		return nil
	})
}
