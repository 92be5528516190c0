package journal

import (
	"encoding/json"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

// Import appends events of the past and seals them in the same transaction. It
// is for stores that no server runs on: where a Sequencer is at work, one of the
// two gives way. IDs, instants and actor kinds are the caller's.
func Import(tx *db.Tx, list []Event) error {
	rows := make([]row, len(list))
	for i, e := range list {
		rows[i] = row{Event: e, data: "{}"}
		if len(e.Data) == 0 {
			continue
		}
		data, err := json.Marshal(e.Data)
		if err != nil {
			return err
		}
		rows[i].data = string(data)
	}
	at, err := head(tx)
	if err != nil {
		return err
	}
	extend(at, rows)
	return insertSealed(tx, rows)
}
