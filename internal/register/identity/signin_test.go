package identity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
)

func setPassword(t *testing.T, s *identity.Service, id, password string) {
	t.Helper()
	if err := s.SetPassword(context.Background(), id, password); err != nil {
		t.Fatal(err)
	}
}

func actorOf(t *testing.T, d *db.DB, token string) error {
	t.Helper()
	return read(t, d, func(tx *db.Tx) error {
		_, err := identity.ActorBySession(tx, token)
		return err
	})
}

func actorOfToken(t *testing.T, d *db.DB, bare string) error {
	t.Helper()
	return read(t, d, func(tx *db.Tx) error {
		_, err := identity.ActorByToken(tx, bare)
		return err
	})
}

func newToken(t *testing.T, d *db.DB, id, name string) (bare string, token identity.Token) {
	t.Helper()
	write(t, d, func(tx *db.Tx) (err error) {
		bare, token, err = identity.CreateToken(tx, id, name)
		return err
	})
	return bare, token
}

func TestSignInGivesASessionAndAWrongPasswordNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		p, s := h.engineer(t), identity.New(d)
		blank := h.person(t, h.vendor.ID, "blank@vendor.example")
		off := h.person(t, h.vendor.ID, "off@vendor.example")
		setPassword(t, s, p.ID, "pässword with accents") // one character for the ä
		setPassword(t, s, off.ID, secret)
		write(t, d, func(tx *db.Tx) error { return identity.SetDisabled(tx, off.ID, true) })

		token, a, err := s.SignIn(context.Background(), " L1@vendor.example", "pa\u0308ssword with accents", "Browser\x00"+strings.Repeat("é", 400), "192.0.2.1:5000")
		if err != nil || a.PersonID != p.ID || !a.Serves("L1") || a.Via != identity.ViaSession || len(token) < 43 {
			t.Fatalf("signed in as %+v, %v", a, err)
		}
		if err := actorOf(t, d, token); err != nil {
			t.Errorf("the session is not there: %v", err)
		}
		var stored int
		if err := read(t, d, func(tx *db.Tx) error {
			return tx.QueryRow("SELECT COUNT(*) FROM session WHERE hash = $1", token).Scan(&stored)
		}); err != nil || stored != 0 {
			t.Errorf("the bare token is in the database: %v", err)
		}
		for _, c := range []struct{ email, password string }{
			{p.Email, secret}, {p.Email, ""}, {p.Email, strings.Repeat("x", 1<<20)}, {blank.Email, ""}, {blank.Email, secret}, {off.Email, secret},
			{"nobody@vendor.example", secret}, {"no address", secret}, {"", ""},
		} {
			token, a, err := s.SignIn(context.Background(), c.email, c.password, "", "192.0.2.1")
			if !fault.Is(err, fault.Unauthenticated) || token != "" || a.PersonID != "" ||
				fault.Message(err) != "The address or the password is not right; check both and try again." {
				t.Errorf("%.30s %.30s: %v", c.email, c.password, err)
			}
		}
		for _, bad := range []string{"", "x", "td_x", token + "x", strings.ToUpper(token)} {
			want(t, "session "+bad, actorOf(t, d, bad), fault.Unauthenticated)
		}
		write(t, d, func(tx *db.Tx) error { return identity.EndSession(tx, token) })
		want(t, "after signing out", actorOf(t, d, token), fault.Unauthenticated)
	})
}

func TestASessionLivesFourteenDaysFromItsLastUse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		h := build(t, d)
		p, s := h.engineer(t), identity.New(d)
		setPassword(t, s, p.ID, secret)
		used, unused := signIn(t, s, p.Email, secret), signIn(t, s, p.Email, secret)
		const day = 24 * time.Hour
		clock.Advance(13 * day)
		if _, err := s.ActorBySession(context.Background(), used); err != nil {
			t.Fatal(err)
		}
		clock.Advance(day - time.Millisecond)
		if err := actorOf(t, d, unused); err != nil {
			t.Errorf("ended too early: %v", err)
		}
		clock.Advance(time.Millisecond)
		want(t, "fourteen days unused", actorOf(t, d, unused), fault.Unauthenticated)
		clock.Advance(12 * day)
		if _, err := s.ActorBySession(context.Background(), used); err != nil {
			t.Errorf("a session in use ended: %v", err)
		}
		clock.Advance(14 * day)
		_, err := s.ActorBySession(context.Background(), used)
		want(t, "fourteen days after the last use", err, fault.Unauthenticated)
		signIn(t, s, p.Email, secret)
		var rows int
		if err := read(t, d, func(tx *db.Tx) error { return tx.QueryRow("SELECT COUNT(*) FROM session").Scan(&rows) }); err != nil || rows != 1 {
			t.Errorf("%d sessions are kept, %v; want only the new one", rows, err)
		}
	})
}

func TestAChangedPasswordEndsAllOtherSessionsAndTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		p, s := h.engineer(t), identity.New(d)
		early, _ := newToken(t, d, p.ID, "before the first password")
		setPassword(t, s, p.ID, secret)
		if err := actorOfToken(t, d, early); err != nil {
			t.Errorf("the first password changed nothing that could be stolen: %v", err)
		}
		here, there := signIn(t, s, p.Email, secret), signIn(t, s, p.Email, secret)
		err := s.ChangePassword(context.Background(), here, "not the password", "another long one")
		if !fault.Is(err, fault.Invalid) || fault.Fields(err)[0].Path != "current" {
			t.Errorf("a wrong current password: %v", err)
		}
		if err := actorOf(t, d, there); err != nil {
			t.Errorf("a refused change ended a session: %v", err)
		}
		if err := s.ChangePassword(context.Background(), here, secret, "another long one"); err != nil {
			t.Fatal(err)
		}
		if err := actorOf(t, d, here); err != nil {
			t.Errorf("the session that changed the password ended: %v", err)
		}
		want(t, "the other session", actorOf(t, d, there), fault.Unauthenticated)
		want(t, "the token", actorOfToken(t, d, early), fault.Unauthenticated)
		_, _, err = s.SignIn(context.Background(), p.Email, secret, "", "192.0.2.1")
		want(t, "the old password", err, fault.Unauthenticated)

		late, _ := newToken(t, d, p.ID, "late")
		setPassword(t, s, p.ID, "set by an administrator")
		want(t, "every session", actorOf(t, d, here), fault.Unauthenticated)
		want(t, "every token", actorOfToken(t, d, late), fault.Unauthenticated)
		want(t, "nobody's password", s.SetPassword(context.Background(), "nobody", secret), fault.NotFound)
	})
}

func TestWhoIsDisabledIsOutAtOnceAndForGood(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		p, s := h.engineer(t), identity.New(d)
		setPassword(t, s, p.ID, secret)
		session := signIn(t, s, p.Email, secret)
		token, _ := newToken(t, d, p.ID, "script")
		out := func(when string) {
			t.Helper()
			want(t, when+": the session", actorOf(t, d, session), fault.Unauthenticated)
			want(t, when+": the token", actorOfToken(t, d, token), fault.Unauthenticated)
		}
		write(t, d, func(tx *db.Tx) error { return identity.SetDisabled(tx, p.ID, true) })
		out("disabled")
		write(t, d, func(tx *db.Tx) error {
			_, _, err := identity.CreateToken(tx, p.ID, "x")
			want(t, "a token for somebody disabled", err, fault.Unauthenticated)
			want(t, "nobody", identity.SetDisabled(tx, "nobody", true), fault.NotFound)
			return identity.SetDisabled(tx, p.ID, false)
		})
		out("let in again")
		signIn(t, s, p.Email, secret)
	})
}

func TestTokensAreShownOnceAndRevokedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		h := build(t, d)
		p, other := h.engineer(t), h.person(t, h.vendor.ID, "other@vendor.example")
		bare, first := newToken(t, d, p.ID, "script")
		clock.Advance(time.Second)
		_, second := newToken(t, d, p.ID, "second")
		if !strings.HasPrefix(bare, "td_") {
			t.Errorf("token %s", bare)
		}
		write(t, d, func(tx *db.Tx) error {
			a, err := identity.ActorByToken(tx, bare)
			if err != nil || a.PersonID != p.ID || a.Via != identity.ViaToken || !a.Verified || !a.Serves("L1") {
				t.Errorf("token acts as %+v, %v", a, err)
			}
			list, err := identity.Tokens(tx, p.ID)
			if err != nil || !slices.Equal(list, []identity.Token{second, first}) {
				t.Errorf("tokens %+v, %v", list, err)
			}
			for _, bad := range []string{"", "td_", bare[3:], bare[:len(bare)-1], "TD_" + bare[3:]} {
				_, err := identity.ActorByToken(tx, bad)
				want(t, "token "+bad, err, fault.Unauthenticated)
			}
			want(t, "another person's token", identity.RevokeToken(tx, other.ID, first.ID), fault.NotFound)
			_, _, err = identity.CreateToken(tx, p.ID, " \n")
			want(t, "a token without a name", err, fault.Invalid)
			return identity.RevokeToken(tx, p.ID, first.ID)
		})
		want(t, "revoked", actorOfToken(t, d, bare), fault.Unauthenticated)
	})
}

func TestPasswordsThatAreNoneAreRefused(t *testing.T) {
	s := identity.New(dbtest.SQLite(t, dbtest.NewClock().Now))
	for _, bad := range []string{"", "ninechars", strings.Repeat("é", 9), "aaaaaaaaaaaaaa", strings.Repeat("ab", 600), "0123456789\xff"} {
		_, err := s.HashPassword(context.Background(), bad)
		if !fault.Is(err, fault.Invalid) || fault.Fields(err)[0].Path != "password" {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	a, err := s.HashPassword(context.Background(), strings.Repeat("é", 9)+"x")
	if err != nil || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", a, err)
	}
	if b, err := s.HashPassword(context.Background(), strings.Repeat("é", 9)+"x"); err != nil || a == b {
		t.Errorf("the same salt twice: %v", err)
	}
}

// An address that exists must not answer later than one that does not. The quickest
// of many attempts is compared, since a busy machine only ever adds time: refusing
// without hashing would be a hundred times quicker.
func TestTheTimeOfARefusalDoesNotTellWhoExists(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	h := build(t, d)
	p, s := h.engineer(t), identity.New(d)
	blank := h.person(t, h.vendor.ID, "blank@vendor.example")
	setPassword(t, s, p.ID, secret)
	emails := []string{p.Email, blank.Email, "nobody@vendor.example", "no address"}
	quickest := map[string]time.Duration{}
	for round := range 24 {
		if round%8 == 0 {
			s = identity.New(d) // limits are not what is measured here
		}
		for _, email := range emails {
			begun := time.Now()
			_, _, err := s.SignIn(context.Background(), email, "wrong password", "", "192.0.2.1")
			took := time.Since(begun)
			want(t, email, err, fault.Unauthenticated)
			if round == 0 || took < quickest[email] {
				quickest[email] = took
			}
		}
	}
	for _, email := range emails[1:] {
		if ratio := float64(quickest[email]) / float64(quickest[p.Email]); ratio < 0.67 || ratio > 1.5 {
			t.Errorf("%s is refused after %v, an address that exists after %v", email, quickest[email], quickest[p.Email])
		}
	}
}

func TestFailedSignInsAreLimitedPerAccountAndPerNetwork(t *testing.T) {
	clock := dbtest.NewClock()
	d := dbtest.SQLite(t, clock.Now)
	h := build(t, d)
	p, s := h.engineer(t), identity.New(d)
	q := h.person(t, h.vendor.ID, "q@vendor.example")
	setPassword(t, s, p.ID, secret)
	setPassword(t, s, q.ID, secret)
	try := func(email, password, ip string) error {
		_, _, err := s.SignIn(context.Background(), email, password, "", ip)
		return err
	}
	for i := range 12 {
		if err := try(p.Email, secret, "192.0.2.1"); err != nil {
			t.Fatalf("good sign-in %d: %v", i, err)
		}
	}
	for i := range 10 { // from everywhere
		want(t, "a wrong password", try(p.Email, "wrong password", fmt.Sprintf("198.51.100.%d", i)), fault.Unauthenticated)
	}
	err := try("L1@VENDOR.example", secret, "203.0.113.9")
	want(t, "the account is limited wherever it is tried from", err, fault.TooMany)
	if wait, ok := fault.Detail(err).(identity.Wait); !ok || wait.Seconds != 60 {
		t.Errorf("wait %v", fault.Detail(err))
	}
	if err := try(q.Email, secret, "203.0.113.9"); err != nil {
		t.Errorf("another account is free: %v", err)
	}
	clock.Advance(time.Minute)
	if err := try(p.Email, secret, "203.0.113.9"); err != nil {
		t.Errorf("after a minute one more: %v", err)
	}
	for i := range 50 { // one network, many names
		want(t, "a guess", try(fmt.Sprintf("guess%d@vendor.example", i), "wrong password", fmt.Sprintf("2001:db8:1:2::%x", i+1)), fault.Unauthenticated)
	}
	want(t, "the /64 is limited", try(q.Email, secret, "[2001:db8:1:2:ffff::1]:443"), fault.TooMany)
	if err := try(q.Email, secret, "2001:db8:1:3::1"); err != nil {
		t.Errorf("the next /64 is free: %v", err)
	}
}

func TestALimiterIsExactUnderConcurrencyAndRefills(t *testing.T) {
	clock := dbtest.NewClock()
	l := identity.NewLimiter(clock.Now, 5, time.Second)
	var wg sync.WaitGroup
	var mu sync.Mutex
	allowed := 0
	for range 100 {
		wg.Go(func() {
			if l.Take("key") == nil {
				mu.Lock()
				allowed++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if allowed != 5 {
		t.Fatalf("%d of 5 were allowed", allowed)
	}
	l.Give("key")
	if l.Take("key") != nil || l.Take("key") == nil {
		t.Error("what is given back can be taken once")
	}
	clock.Advance(time.Hour)
	for i := range 6 {
		if err := l.Take("key"); (err == nil) != (i < 5) {
			t.Errorf("take %d after an hour: %v", i, err)
		}
	}
}

func TestNetworks(t *testing.T) {
	for address, network := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:443": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "[2001:db8:1:2::9]:80": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
		"": "unknown", "192.0.2.1, 192.0.2.2": "unknown", "localhost": "unknown",
	} {
		if got := identity.Network(address); got != network {
			t.Errorf("%q is limited as %q; want %q", address, got, network)
		}
	}
}

func TestManySignInsAtOnceAllEnd(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	h := build(t, d)
	p, s := h.engineer(t), identity.New(d)
	setPassword(t, s, p.ID, secret)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := s.SignIn(context.Background(), p.Email, secret, "", "192.0.2.1"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := s.SignIn(ctx, p.Email, secret, "", "192.0.2.1")
	want(t, "a caller who went away", err, fault.Unavailable)
}
