package notify

import (
	"errors"
	"slices"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

// startMail notes a mail that is about to be sent and indexes its Message-ID; it returns the state it has already.
func startMail(tx *db.Tx, id, ticketID, room, address string, automatic bool) (state string, err error) {
	n, err := tx.Exec("INSERT INTO mail_sent (id, ticket_id, address, automatic, state, at) VALUES ($1, $2, $3, $4, 'sending', $5) ON CONFLICT (id) DO NOTHING",
		id, ticketID, address, automatic, tx.Now())
	if err != nil {
		return "", err
	}
	if n == 1 {
		_, err = tx.Exec("INSERT INTO mail_ref (mail_id, ticket_id, room_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", id, ticketID, room)
		return "sending", err
	}
	err = tx.QueryRow("SELECT state FROM mail_sent WHERE id = $1", id).Scan(&state)
	return state, err
}

func endMail(tx *db.Tx, id, state, text string) error {
	_, err := tx.Exec("UPDATE mail_sent SET state = $1, error = $2 WHERE id = $3", state, text, id)
	return err
}

// automaticSince counts the automatic mails to an address, other than one.
func automaticSince(tx *db.Tx, address, except string, since int64) (n int, err error) {
	err = tx.QueryRow("SELECT COUNT(*) FROM mail_sent WHERE address = $1 AND automatic AND at > $2 AND id <> $3", address, since, except).Scan(&n)
	return n, err
}

// markUnsent says of an answer that it went by no mail, since no smarthost is set.
func markUnsent(tx *db.Tx, ticketID, message string) error {
	_, err := tx.Exec("UPDATE message SET mail_state = 'unsent' WHERE ticket_id = $1 AND id = $2 AND mail_state = 'queued'", ticketID, message)
	return err
}

// mailRefs are the Message-IDs that a mail to an address follows, what it answers
// last: our own to that address, then those that came in. Ids of mails to others
// are not told.
func mailRefs(tx *db.Tx, ticketID, room, address, except string) ([]string, error) {
	ids, err := db.Collect(tx, func(rows *db.Rows) (s string, err error) {
		err = rows.Scan(&s)
		return s, err
	}, `SELECT r.mail_id FROM mail_ref r LEFT JOIN mail_sent s ON s.id = r.mail_id
		WHERE r.ticket_id = $1 AND r.room_id = $2 AND r.mail_id <> $3 AND (s.id IS NULL OR s.address = $4)
		ORDER BY CASE WHEN s.id IS NULL THEN 1 ELSE 0 END DESC, s.at DESC, r.mail_id LIMIT 20`, ticketID, room, except, address)
	slices.Reverse(ids)
	return ids, err
}

// senderOf is the unproven address that opened a ticket, or "".
func senderOf(tx *db.Tx, ticketID string) (s string, err error) {
	err = tx.QueryRow("SELECT sender FROM message WHERE ticket_id = $1 ORDER BY id LIMIT 1", ticketID).Scan(&s)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return s, err
}

// handedBy are the people who handed the ticket up from a desk.
func handedBy(tx *db.Tx, ticketID, orgID, level string) (out []identity.Person, err error) {
	ids, err := db.Collect(tx, func(rows *db.Rows) (s string, err error) {
		err = rows.Scan(&s)
		return s, err
	}, "SELECT DISTINCT person_id FROM handover WHERE ticket_id = $1 AND kind = 'escalate' AND from_level = $2 AND from_org = $3", ticketID, level, orgID)
	for _, id := range ids {
		p, err := identity.ByID(tx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, err
}

// deskWithAddress is the organisation's desk for a level, or any desk of it that
// has an address, or the vendor's: answers find their conversation at each.
func deskWithAddress(tx *db.Tx, orgID, level string) (best org.Desk, err error) {
	if best, err = deskOf(tx, orgID, level); err != nil || best.Address != "" {
		return best, err
	}
	vendor, err := org.VendorOrg(tx)
	if err != nil || vendor.ID == orgID {
		return best, err
	}
	return deskOf(tx, vendor.ID, level)
}

func deskOf(tx *db.Tx, orgID, level string) (best org.Desk, err error) {
	list, err := org.Desks(tx, orgID)
	for _, d := range list {
		if d.Address != "" && (best.Address == "" || d.Level == level) {
			best = d
		}
	}
	return best, err
}
