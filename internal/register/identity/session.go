package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

const (
	sessionLife = 14 * 24 * time.Hour // without a request
	touchEvery  = time.Hour           // a session in use is written this often, not on each request
	maxAgent    = 300                 // bytes of a User-Agent that are kept
	tokenPrefix = "td_"
	secretBytes = 32
)

// Token is an API token as its owner sees it; the bare token is shown once and
// stored nowhere. CreatedAt is UTC milliseconds.
type Token struct {
	ID        string
	PersonID  string
	Name      string
	CreatedAt int64
}

// newSecret is 32 random bytes in URL-safe letters. Being random it needs no slow
// hash: what is stored is its SHA-256.
func newSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func beginSession(tx *db.Tx, personID, token, agent string) error {
	if err := dropExpired(tx, personID); err != nil {
		return err
	}
	return insertSession(tx, digest(token), personID, tx.Now()+sessionLife.Milliseconds(), shortAgent(agent))
}

// SetDisabled takes a person out, or lets them in again. Taking out ends all
// sessions and API tokens for good. Faults: NotFound.
func SetDisabled(tx *db.Tx, personID string, disabled bool) error {
	if err := setDisabled(tx, personID, disabled); err != nil || !disabled {
		return err
	}
	if err := EndAllSessions(tx, personID); err != nil {
		return err
	}
	return revokeAll(tx, personID)
}

// StorePassword stores what HashPassword made. Who had a password before is signed
// out everywhere and loses the API tokens. Faults: NotFound.
func StorePassword(tx *db.Tx, personID, phc string) error {
	return replacePassword(tx, personID, phc, "")
}

func replacePassword(tx *db.Tx, personID, phc, keepToken string) error {
	had, err := hasPassword(tx, personID)
	if err != nil {
		return err
	}
	if err := updatePassword(tx, personID, phc); err != nil || !had {
		return err
	}
	if err := endOtherSessions(tx, personID, keepToken); err != nil {
		return err
	}
	return revokeAll(tx, personID)
}

// CreateToken makes an API token and answers it bare: it is shown once.
// Faults: Invalid with field name, Unauthenticated for a person who is disabled or absent.
func CreateToken(tx *db.Tx, personID, name string) (bare string, t Token, err error) {
	name = strings.TrimSpace(name)
	if name == "" || cleanName(name, "") != name {
		return "", Token{}, fault.New(fault.Invalid, "Write what the token is for, on one line.").WithField("name", "Write what the token is for, on one line.")
	}
	if _, err := LoadActor(tx, personID, ViaToken); err != nil {
		return "", Token{}, err
	}
	bare = tokenPrefix + newSecret()
	t = Token{ID: db.NewID(), PersonID: personID, Name: name, CreatedAt: tx.Now()}
	return bare, t, insertToken(tx, digest(bare), t)
}

func shortAgent(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
	if len(agent) <= maxAgent {
		return agent
	}
	cut := maxAgent
	for !utf8.RuneStart(agent[cut]) {
		cut--
	}
	return agent[:cut]
}
