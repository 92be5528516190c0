package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
)

// sessionSeconds is how long a browser keeps the cookie; the session itself ends
// in the register, fourteen days after its last use.
const sessionSeconds = 400 * 24 * 60 * 60

func (s *site) sessionName() string {
	if s.secure {
		return "__Host-td_session"
	}
	return "td_session"
}

func (s *site) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
}

// session is the bare session token that the browser holds, or "".
func (s *site) session(r *http.Request) string {
	c, err := r.Cookie(s.sessionName())
	if err != nil {
		return ""
	}
	return c.Value
}

// actor is who asks: nobody when there is no session or it has ended.
func (s *site) actor(r *http.Request) (identity.Actor, error) {
	token := s.session(r)
	if token == "" {
		return identity.Actor{}, nil
	}
	a, err := s.Identity.ActorBySession(r.Context(), token)
	if fault.Is(err, fault.Unauthenticated) {
		return identity.Actor{}, nil
	}
	return a, err
}

var errSignIn = fault.New(fault.Unauthenticated, "Please sign in to see this.")

func signedIn(a identity.Actor) error {
	if a.PersonID == "" {
		return errSignIn
	}
	return nil
}

// staff lets in who serves a level or manages a desk; for others the desk does not exist.
func staff(a identity.Actor) error {
	if err := signedIn(a); err != nil {
		return err
	}
	if !a.Staff() {
		return errNothing
	}
	return nil
}

// page makes a handler of a page: the session is read, the reader is let in by allow or not, and an error is answered.
func (s *site) page(h handler, allow func(identity.Actor) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := s.actor(r)
		if err == nil && allow != nil {
			err = allow(a)
		}
		if err == nil {
			err = h(w, r, a)
		}
		if err != nil {
			s.fail(w, r, a, err)
		}
	})
}

// client is the address that a request comes from: what trusted proxies report, read from the right, else the peer's (attack 43).
func (s *site) client(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(ip); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop.Unmap()
	}
	return ip.String()
}

func (s *site) trusted(ip netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
