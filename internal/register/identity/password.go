package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// The cost of a password: argon2id with 19 MiB and two passes, the first choice
// of the OWASP password storage cheat sheet. Stored hashes name their own cost (PHC string format).
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltBytes    = 16
	keyBytes     = 32
)

const (
	minPassword = 10   // characters
	maxPassword = 1024 // bytes
	// maxHashQueue bounds who waits for a turn to hash, so that a flood of sign-ins is told to come back.
	maxHashQueue = 64
)

// dummyHash has today's cost and belongs to nobody: an address without a
// password takes as long to refuse as a wrong password.
const dummyHash = "$argon2id$v=19$m=19456,t=2,p=1$VGllcmRlc2stbm9ib2R5IQ$6FZ5bQkRzYvUu0pZ8n0nqf4mQyq1oG8c3JmX7r5dD2A"

// hasher bounds how many passwords are hashed at once, since each takes 19 MiB.
type hasher struct{ turns, queue chan struct{} }

func newHasher() *hasher {
	n := min(runtime.NumCPU(), 4)
	return &hasher{make(chan struct{}, n), make(chan struct{}, n+maxHashQueue)}
}

func (h *hasher) do(ctx context.Context, work func()) error {
	select {
	case h.queue <- struct{}{}:
	default:
		return fault.New(fault.Unavailable, "Many people are signing in right now; please try again in a few seconds.")
	}
	defer func() { <-h.queue }()
	select {
	case h.turns <- struct{}{}:
	case <-ctx.Done():
		return fault.New(fault.Unavailable, "The sign-in was interrupted; please try again.").WithCause(ctx.Err())
	}
	defer func() { <-h.turns }()
	work()
	return nil
}

// hash makes a PHC string with a fresh salt.
func (h *hasher) hash(ctx context.Context, password string) (phc string, err error) {
	err = h.do(ctx, func() {
		salt := make([]byte, saltBytes)
		rand.Read(salt) // never fails: crypto/rand ends the program instead
		key := argon2.IDKey(normal(password), salt, argonTime, argonMemory, argonThreads, keyBytes)
		b64 := base64.RawStdEncoding
		phc = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64.EncodeToString(salt), b64.EncodeToString(key))
	})
	return phc, err
}

// verify compares in constant time; an empty hash is answered by the dummy's cost and false.
func (h *hasher) verify(ctx context.Context, phc, password string) (ok bool, err error) {
	exists := phc != ""
	if !exists {
		phc = dummyHash
	}
	p, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	if len(password) > maxPassword {
		password, exists = "", false
	}
	err = h.do(ctx, func() {
		key := argon2.IDKey(normal(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.key)))
		ok = subtle.ConstantTimeCompare(key, p.key) == 1 && exists
	})
	return ok, err
}

// normal makes the same password of the same characters, however a keyboard composes them (NIST SP 800-63B 5.1.1.2).
func normal(password string) []byte { return norm.NFKC.Bytes([]byte(password)) }

type phcHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func parsePHC(s string) (p phcHash, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, fmt.Errorf("a stored password is no argon2id hash")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, fmt.Errorf("a stored password has no cost: %w", err)
	}
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return p, fmt.Errorf("a stored password has no salt: %w", err)
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return p, fmt.Errorf("a stored password has no key: %w", err)
	}
	if p.memory > 256*1024 || p.time == 0 || p.time > 16 || p.threads == 0 || len(p.salt) < 8 || len(p.key) < 16 {
		return p, fmt.Errorf("a stored password has a cost out of bounds")
	}
	return p, nil
}

func checkPassword(password string) error {
	switch {
	case !utf8.ValidString(password) || len(password) > maxPassword:
		return badPassword("Choose a password of at most 1,024 bytes.")
	case utf8.RuneCountInString(password) < minPassword:
		return badPassword("Choose a password of at least 10 characters.")
	case oneCharacter(password):
		return badPassword("Choose a password that is more than one character repeated.")
	}
	return nil
}

func oneCharacter(s string) bool {
	first, size := utf8.DecodeRuneInString(s)
	return strings.Trim(s[size:], string(first)) == ""
}

func badPassword(message string) error {
	return fault.New(fault.Invalid, message).WithField("password", message)
}
