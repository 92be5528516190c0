package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/tierdesk/tierdesk/internal/flow/demo"
	"github.com/tierdesk/tierdesk/internal/flow/revise"
	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/blob"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/live"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/web"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// world is the example world with the pages in front of it, as people meet them.
type world struct {
	t        *testing.T
	d        *db.DB
	clock    *dbtest.Clock
	tickets  *ticket.Service
	identity *identity.Service
	book     *rulebook.Book
	hub      *live.Hub
	queue    *jobs.Queue
	sealer   *seal.Sealer
	handler  http.Handler
	server   *httptest.Server
	password string
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sealer, err := seal.Load(filepath.Join(t.TempDir(), "keys"))
	must(err)
	w := &world{t: t, d: d, clock: clock, identity: identity.New(d), book: rulebook.New(d, d.Now), queue: jobs.NewQueue(), hub: live.NewHub(live.Options{Check: 20_000_000})}
	begin := func() int64 { return demo.Begin(d.Now()) }
	_, _, err = rulebook.New(d.At(begin), begin).Publish(ctx, "illumeet.md", policies.Default(), "", "")
	must(err)
	w.sealer = sealer
	w.tickets = ticket.NewService(d, w.book, demo.Silence{}, sealer, func() {})
	made, err := demo.Fill(ctx, demo.World{DB: d, Identity: w.identity, Book: w.book, Past: func(now func() int64, out ticket.Outbox) *ticket.Service {
		return ticket.NewService(d.At(now), rulebook.New(d, now), out, sealer, func() {})
	}})
	must(err)
	w.password = made.Password
	w.handler = w.site("http://desk.example")
	w.server = httptest.NewServer(w.handler)
	t.Cleanup(w.server.Close)
	t.Cleanup(w.hub.Close)
	return w
}

// site is the pages under a public address.
func (w *world) site(publicURL string) http.Handler {
	blobs, err := blob.Open(filepath.Join(w.t.TempDir(), "files"))
	if err != nil {
		w.t.Fatal(err)
	}
	log, silent := slog.New(slog.NewTextHandler(io.Discard, nil)), func() {}
	drafts := draft.New(w.d, silent)
	return web.New(web.Config{Drafts: drafts, Simulations: simulate.New(w.d, w.book, drafts, w.queue, 1, silent, log), Revise: revise.New(w.d, w.book, drafts, w.queue, nil, publicURL, silent, log), DB: w.d, Tickets: w.tickets, Identity: w.identity, Book: w.book, Files: attach.New(blobs), Hub: w.hub, Sealer: w.sealer,
		Replay:    func(*http.Request, int64, []string) ([]live.Event, error) { return nil, nil },
		PublicURL: publicURL, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: log})
}

func sqlite(t *testing.T) *world {
	t.Helper()
	clock := dbtest.NewClock()
	return newWorld(t, dbtest.SQLite(t, clock.Now), clock)
}
