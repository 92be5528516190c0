package intake

import (
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

// mailRow is a row of mail_in.
type mailRow struct {
	DedupeKey, Sender, Recipients, Remote, State, TicketID, MessageID, BlobHash string
	Verified                                                                    bool
	Raw                                                                         []byte
}

// insertMail stores a raw mail; fresh is false when the same mail is there already.
func insertMail(tx *db.Tx, r mailRow) (fresh bool, err error) {
	n, err := tx.Exec(`INSERT INTO mail_in (id, dedupe_key, received_at, sender, recipients, remote, verified, state, ticket_id, message_id, raw, blob_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (dedupe_key) DO NOTHING`,
		db.NewID(), r.DedupeKey, tx.Now(), r.Sender, r.Recipients, r.Remote, r.Verified, r.State, r.TicketID, r.MessageID, r.Raw, r.BlobHash)
	return n == 1, err
}

// target is a conversation that a mail may belong to, the strongest sign first.
type target struct {
	ticket, room string
	// signed is true when a token of ours says so.
	signed bool
}

// refs are the conversations in which one of these Message-IDs was seen.
func refs(tx *db.Tx, ids []string) ([]target, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return db.Collect(tx, func(rows *db.Rows) (t target, err error) {
		err = rows.Scan(&t.ticket, &t.room)
		return t, err
	}, "SELECT DISTINCT ticket_id, room_id FROM mail_ref WHERE mail_id IN ("+db.In(len(ids), 1)+")", db.Args(ids)...)
}

// idOf is the id of a ticket number.
func idOf(tx *db.Tx, number string) (id string, err error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(number, "t"), 10, 64)
	if err != nil {
		return "", db.ErrNoRows
	}
	err = tx.QueryRow("SELECT id FROM ticket WHERE number = $1", n).Scan(&id)
	return id, err
}
