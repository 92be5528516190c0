package identity

import (
	"errors"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// credentials is what a sign-in is checked against; the zero value is nobody.
type credentials struct {
	personID, email, hash string
	disabled              bool
}

func credentialsOf(tx *db.Tx, email string) (c credentials, err error) {
	err = tx.QueryRow("SELECT id, email, password, disabled FROM person WHERE email = $1", email).Scan(&c.personID, &c.email, &c.hash, &c.disabled)
	if errors.Is(err, db.ErrNoRows) {
		return credentials{}, nil
	}
	return c, err
}

func hasPassword(tx *db.Tx, personID string) (had bool, err error) {
	var hash string
	err = tx.QueryRow("SELECT password FROM person WHERE id = $1", personID).Scan(&hash)
	if errors.Is(err, db.ErrNoRows) {
		return false, fault.New(fault.NotFound, "There is no such person; check the address and try again.")
	}
	return hash != "", err
}

func updatePassword(tx *db.Tx, personID, phc string) error {
	_, err := tx.Exec("UPDATE person SET password = $2 WHERE id = $1", personID, phc)
	return err
}

func setDisabled(tx *db.Tx, personID string, disabled bool) error {
	n, err := tx.Exec("UPDATE person SET disabled = $2 WHERE id = $1", personID, disabled)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "There is no such person; check the address and try again.")
	}
	return err
}

func insertSession(tx *db.Tx, hash, personID string, expires int64, agent string) error {
	_, err := tx.Exec("INSERT INTO session (hash, person_id, created_at, seen_at, expires_at, agent) VALUES ($1, $2, $3, $3, $4, $5)",
		hash, personID, tx.Now(), expires, agent)
	return err
}

// ActorBySession is who holds a session, in one query; it does not prolong the session.
// Faults: Unauthenticated when the session has ended or the person is disabled.
func ActorBySession(tx *db.Tx, token string) (Actor, error) {
	return loadActor(tx, ViaSession, "SELECT "+actorColumns+" FROM session s JOIN person p ON p.id = s.person_id"+actorJoins+
		" WHERE s.hash = $1 AND s.expires_at > $2", digest(token), tx.Now())
}

func sessionSeen(tx *db.Tx, token string) (at int64, err error) {
	err = tx.QueryRow("SELECT seen_at FROM session WHERE hash = $1", digest(token)).Scan(&at)
	return at, err
}

func touchSession(tx *db.Tx, token string) error {
	_, err := tx.Exec("UPDATE session SET seen_at = $2, expires_at = $3 WHERE hash = $1 AND expires_at > $2",
		digest(token), tx.Now(), tx.Now()+sessionLife.Milliseconds())
	return err
}

// EndSession signs out; a session that has ended already is no error.
func EndSession(tx *db.Tx, token string) error {
	_, err := tx.Exec("DELETE FROM session WHERE hash = $1", digest(token))
	return err
}

// EndAllSessions signs a person out everywhere.
func EndAllSessions(tx *db.Tx, personID string) error { return endOtherSessions(tx, personID, "") }

func endOtherSessions(tx *db.Tx, personID, keepToken string) error {
	_, err := tx.Exec("DELETE FROM session WHERE person_id = $1 AND hash <> $2", personID, digest(keepToken))
	return err
}

func dropExpired(tx *db.Tx, personID string) error {
	_, err := tx.Exec("DELETE FROM session WHERE person_id = $1 AND expires_at <= $2", personID, tx.Now())
	return err
}

func insertToken(tx *db.Tx, hash string, t Token) error {
	_, err := tx.Exec("INSERT INTO api_token (hash, id, person_id, name, created_at) VALUES ($1, $2, $3, $4, $5)",
		hash, t.ID, t.PersonID, t.Name, t.CreatedAt)
	return err
}

// ActorByToken is who holds an API token, in one query.
// Faults: Unauthenticated when there is no such token or the person is disabled.
func ActorByToken(tx *db.Tx, bare string) (Actor, error) {
	if !strings.HasPrefix(bare, tokenPrefix) {
		return Actor{}, badToken()
	}
	a, err := loadActor(tx, ViaToken, "SELECT "+actorColumns+" FROM api_token t JOIN person p ON p.id = t.person_id"+actorJoins+
		" WHERE t.hash = $1", digest(bare))
	if fault.Is(err, fault.Unauthenticated) {
		return Actor{}, badToken()
	}
	return a, err
}

func badToken() error {
	return fault.New(fault.Unauthenticated, "This API token is not valid or was revoked; make a new one.")
}

// Tokens lists the API tokens of a person, newest first.
func Tokens(tx *db.Tx, personID string) ([]Token, error) {
	return db.Collect(tx, func(r *db.Rows) (t Token, err error) {
		err = r.Scan(&t.ID, &t.PersonID, &t.Name, &t.CreatedAt)
		return t, err
	}, "SELECT id, person_id, name, created_at FROM api_token WHERE person_id = $1 ORDER BY created_at DESC, id DESC", personID)
}

// RevokeToken ends an API token of a person at once. Faults: NotFound for another person's token too.
func RevokeToken(tx *db.Tx, personID, tokenID string) error {
	n, err := tx.Exec("DELETE FROM api_token WHERE id = $1 AND person_id = $2", tokenID, personID)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "There is no such token; it may be revoked already.")
	}
	return err
}

func revokeAll(tx *db.Tx, personID string) error {
	_, err := tx.Exec("DELETE FROM api_token WHERE person_id = $1", personID)
	return err
}
