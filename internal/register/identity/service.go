package identity

import (
	"context"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

// How many sign-ins may fail: an account after ten in a row one each minute, from
// wherever they come; a network after fifty one each ten seconds, whatever the account.
const (
	accountBurst = 10
	accountEvery = time.Minute
	networkBurst = 50
	networkEvery = 10 * time.Second
)

// Service signs people in and changes passwords: what hashes, and therefore must
// not happen inside a transaction. It is safe for concurrent use.
type Service struct {
	d        *db.DB
	hasher   *hasher
	accounts *Limiter
	networks *Limiter
}

// New makes the service of one database; its limits follow the database's clock.
func New(d *db.DB) *Service {
	return &Service{d, newHasher(), NewLimiter(d.Now, accountBurst, accountEvery), NewLimiter(d.Now, networkBurst, networkEvery)}
}

// SignIn proves a person by password and begins a session. It answers the token
// for the cookie, which is stored nowhere. agent is the browser's User-Agent; ip is
// the address of the client, with or without a port, as trusted proxies report it.
//
// An unknown address, a person without password, a disabled person and a wrong
// password get the same answer after the same work (attack: enumeration).
// Faults: Unauthenticated, TooMany (with a Wait), Unavailable.
func (s *Service) SignIn(ctx context.Context, email, password, agent, ip string) (token string, a Actor, err error) {
	canonical, invalid := mail.Canonical(email)
	if invalid != nil {
		canonical = ""
	}
	network := Network(ip)
	if err := s.take(canonical, network); err != nil {
		return "", Actor{}, err
	}
	defer func() {
		// only a refused password counts against the limits
		if err == nil || fault.Is(err, fault.Unavailable) {
			s.accounts.Give(canonical)
			s.networks.Give(network)
		}
	}()
	known, err := s.credentials(ctx, canonical)
	if err != nil {
		return "", Actor{}, err
	}
	ok, err := s.hasher.verify(ctx, known.hash, password)
	if err != nil {
		return "", Actor{}, err
	}
	if !ok || known.disabled {
		return "", Actor{}, wrongPassword()
	}
	token = newSecret()
	err = s.d.Write(ctx, func(tx *db.Tx) error {
		// the password may have been changed while this one was hashed
		now, err := credentialsOf(tx, known.email)
		if err != nil {
			return err
		}
		if now != known {
			return wrongPassword()
		}
		return beginSession(tx, known.personID, token, agent)
	})
	if err != nil {
		return "", Actor{}, err
	}
	a, err = s.ActorBySession(ctx, token)
	return token, a, err
}

func (s *Service) take(account, network string) error {
	if err := s.networks.Take(network); err != nil {
		return err
	}
	return s.accounts.Take(account)
}

func (s *Service) credentials(ctx context.Context, email string) (c credentials, err error) {
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		c, err = credentialsOf(tx, email)
		return err
	})
	return c, err
}

func wrongPassword() error {
	return fault.New(fault.Unauthenticated, "The address or the password is not right; check both and try again.")
}

// ActorBySession is who holds a session; a session that is used lives on for
// another 14 days. Faults: Unauthenticated when the session has ended or the person is disabled.
func (s *Service) ActorBySession(ctx context.Context, token string) (a Actor, err error) {
	var seen int64
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		if a, err = ActorBySession(tx, token); err != nil {
			return err
		}
		seen, err = sessionSeen(tx, token)
		return err
	})
	if err != nil || s.d.Now()-seen < touchEvery.Milliseconds() {
		return a, err
	}
	err = s.d.Write(ctx, func(tx *db.Tx) error { return touchSession(tx, token) })
	if fault.Is(err, fault.Unavailable) {
		// people can read while nothing can be saved; the next request moves the session on
		err = nil
	}
	return a, err
}

// HashPassword checks a new password and makes what StorePassword stores.
// Faults: Invalid with field password, Unavailable.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	if err := checkPassword(password); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// SetPassword gives a person a password. Who had one before is signed out
// everywhere and loses the API tokens: whoever knew the old one may have made them.
// Faults: Invalid with field password, NotFound, Unavailable.
func (s *Service) SetPassword(ctx context.Context, personID, password string) error {
	phc, err := s.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.d.Write(ctx, func(tx *db.Tx) error { return StorePassword(tx, personID, phc) })
}

// ChangePassword changes the password of the person who holds a session, on proof
// of the current one. All other sessions and the API tokens end; this session stays.
// Faults: Unauthenticated without a session, Invalid with fields current, password; TooMany, Unavailable.
func (s *Service) ChangePassword(ctx context.Context, token, current, password string) error {
	a, err := s.ActorBySession(ctx, token)
	if err != nil {
		return err
	}
	if err := s.accounts.Take(a.Email); err != nil {
		return err
	}
	known, err := s.credentials(ctx, a.Email)
	if err != nil {
		return err
	}
	ok, err := s.hasher.verify(ctx, known.hash, current)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Invalid, "The current password is not right; nothing was changed.").WithField("current", "This is not your current password.")
	}
	s.accounts.Give(a.Email)
	phc, err := s.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.d.Write(ctx, func(tx *db.Tx) error {
		if now, err := credentialsOf(tx, a.Email); err != nil {
			return err
		} else if now != known {
			return fault.New(fault.Conflict, "The password was changed somewhere else meanwhile; sign in again.")
		}
		return replacePassword(tx, a.PersonID, phc, token)
	})
}
