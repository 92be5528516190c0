package intake

import (
	"errors"
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

// target is a conversation that a mail may belong to.
type target struct{ ticket, room string }

// refs are the conversations in which a Message-ID was seen.
func refs(tx *db.Tx, mailID string) ([]target, error) {
	return db.Collect(tx, func(rows *db.Rows) (t target, err error) {
		err = rows.Scan(&t.ticket, &t.room)
		return t, err
	}, "SELECT ticket_id, room_id FROM mail_ref WHERE mail_id = $1 ORDER BY ticket_id DESC", mailID)
}

// idOf is the id of a ticket number, "" when there is none.
func idOf(tx *db.Tx, number string) (id string, err error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return "", nil
	}
	err = tx.QueryRow("SELECT id FROM ticket WHERE number = $1", n).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// roomNamed is the room of a ticket that a token names in lower case, or "".
func roomNamed(tx *db.Tx, ticketID, name string) (string, error) {
	ids, err := db.Collect(tx, func(rows *db.Rows) (s string, err error) {
		err = rows.Scan(&s)
		return s, err
	}, "SELECT id FROM room WHERE ticket_id = $1", ticketID)
	for _, id := range ids {
		if strings.ToLower(id) == name {
			return id, nil
		}
	}
	return "", err
}

// sentMail is the ticket about which we sent the mail with a Message-ID, and to
// whom; "" when it is not ours.
func sentMail(tx *db.Tx, mailID string) (ticketID, address string, err error) {
	err = tx.QueryRow("SELECT ticket_id, address FROM mail_sent WHERE id = $1", mailID).Scan(&ticketID, &address)
	if errors.Is(err, db.ErrNoRows) {
		return "", "", nil
	}
	return ticketID, address, err
}

// deskOf is the desk that has a ticket.
func deskOf(tx *db.Tx, ticketID string) (orgID string, levels []string, err error) {
	var level string
	err = tx.QueryRow("SELECT provider_org, level FROM ticket WHERE id = $1", ticketID).Scan(&orgID, &level)
	return orgID, []string{level}, err
}
