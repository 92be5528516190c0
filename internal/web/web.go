// Package web serves the pages: the portal for who asks, the desk for who
// answers, the published policy for everybody. A handler reads a form, calls one
// use case and fills one page; what a reader may see is decided by the use case.
package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/tierdesk/tierdesk/internal/flow/revise"
	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/live"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/web/asset"
	"github.com/tierdesk/tierdesk/internal/web/text"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// Config is what the pages need.
type Config struct {
	DB       *db.DB
	Tickets  *ticket.Service
	Identity *identity.Service
	Book     *rulebook.Book
	Files    *attach.Store
	Hub      *live.Hub
	// Drafts, Simulations and Revise are what policy owners work with.
	Drafts      *draft.Drafts
	Simulations *simulate.Simulations
	Revise      *revise.Service
	// Sealer tags what a form carries to the browser and back.
	Sealer *seal.Sealer
	// Replay reads the events of topics after a journal position, for a browser that was away.
	Replay func(r *http.Request, after int64, topics []string) ([]live.Event, error)
	// PublicURL is the address that people type; with https, cookies are sent over TLS only.
	PublicURL string
	// SendsMail is false while no mail server is set: the pages say that nothing is mailed.
	SendsMail bool
	// Demo is true for the example, whose people the console lists.
	Demo bool
	// TrustedProxies may name the client in X-Forwarded-For.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
}

type site struct {
	Config
	text   *text.Catalogue
	assets *asset.Set
	secure bool
}

// New is the handler of all pages, with everything around them: sessions, cross-origin protection, security headers.
func New(c Config) http.Handler {
	s := &site{Config: c, secure: strings.HasPrefix(c.PublicURL, "https://")}
	var err error
	if s.text, err = text.New(); err == nil {
		s.assets, err = asset.New()
	}
	if err != nil {
		c.Log.Error("the embedded pages are damaged", "error", err)
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "This program is damaged; install it again.", http.StatusInternalServerError)
		})
	}
	mux := http.NewServeMux()
	mux.Handle(asset.Prefix, s.assets)
	s.routes(mux)
	return s.around(mux)
}

// handler answers one request for an actor; its error becomes a page in one place.
type handler func(w http.ResponseWriter, r *http.Request, a identity.Actor) error

func (s *site) routes(mux *http.ServeMux) {
	public := func(pattern string, h handler) { mux.Handle(pattern, s.page(h, nil)) }
	mine := func(pattern string, h handler) { mux.Handle(pattern, s.page(h, signedIn)) }
	desk := func(pattern string, h handler) { mux.Handle(pattern, s.page(h, staff)) }

	public("/", s.nothing)
	public("GET /sign-in", s.signInPage)
	public("POST /sign-in", s.signIn)
	public("POST /sign-out", s.signOut)
	public("POST /account/appearance", s.appearance)
	public("GET /policy", s.policyInForce)
	public("GET /policy/{version}", s.policyVersion)
	mine("GET /account", s.accountPage)
	mine("POST /account/zone", s.setZone)
	mine("POST /account/password", s.setPassword)
	mine("POST /account/tokens", s.makeToken)
	mine("POST /account/tokens/{id}/revoke", s.revokeToken)
	mine("GET /{$}", s.home)
	mine("GET /requests", s.requests)
	mine("GET /requests/new", s.requestNewPage)
	mine("POST /requests/new", s.requestNew)
	mine("GET /fragments/coverage", s.coverageFragment)
	mine("GET /requests/{number}", s.requestPage)
	mine("POST /requests/{number}/reply", s.requestAction(action{"sent", s.reply}))
	mine("POST /requests/{number}/details", s.requestAction(action{"details", s.details}))
	mine("POST /requests/{number}/facts", s.requestAction(action{"recorded", s.learn}))
	mine("POST /requests/{number}/solve", s.requestAction(action{"solved", s.solveOwn}))
	mine("POST /requests/{number}/reopen", s.requestAction(action{"reopened", s.reopenOwn}))
	desk("GET /desk", s.deskStart)
	desk("GET /desk/mine", s.mine)
	desk("GET /desk/all", s.overview)
	desk("GET /desk/aside", s.aside)
	desk("GET /desk/new", s.ticketNewPage)
	desk("POST /desk/new", s.ticketNew)
	desk("GET /desk/{level}", s.queue)
	desk("GET /desk/levels/{level}", s.queue)
	desk("GET /desk/tickets/{number}", s.ticketPage)
	for name, act := range map[string]action{
		"reply": {"sent", s.write}, "note": {"noted", s.writeNote}, "take": {"taken", s.take}, "assign": {"assigned", s.assign},
		"return": {"returned", s.giveBack}, "solve": {"solved", s.solve}, "reopen": {"reopened", s.reopen}, "close": {"closed", s.finish},
		"learn": {"recorded", s.learn}, "record": {"recorded", s.record},
	} {
		desk("POST /desk/tickets/{number}/"+name, s.ticketAction(name, act))
	}
	desk("GET /desk/tickets/{number}/escalate", s.escalatePage)
	desk("POST /desk/tickets/{number}/escalate", s.escalate)
	desk("POST /desk/tickets/{number}/access/reveal", s.reveal)
	mine("GET /files/{ticket}/{attachment}", s.file)
	mux.Handle("GET /live", s.page(s.live, nil))
	s.rulebookRoutes(mux)
}

// around adds what every answer has: the headers that keep a page to itself
// (attacks 48 to 51) and the refusal of forms that another site sent.
func (s *site) around(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(origin(s.PublicURL)); err != nil {
		s.Log.Warn("the public address is no origin", "url", s.PublicURL, "error", err)
	}
	guard.SetDenyHandler(http.HandlerFunc(s.crossSite))
	guarded := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		guarded.ServeHTTP(w, r)
	})
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// render writes a page that no cache keeps. It is made whole before the first byte leaves.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, view templ.Component) error {
	var out bytes.Buffer
	if err := view.Render(r.Context(), &out); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a reader that left is not an error of ours
	return nil
}

func (s *site) redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// local is a path of this site to go to after a form, or instead: an address of
// another site in any spelling is refused (attack 50).
func local(path, instead string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t\x00") {
		return instead
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\r\n\t\x00") {
		return instead
	}
	return path
}
