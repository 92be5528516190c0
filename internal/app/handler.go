package app

import (
	"net/http"

	"github.com/tierdesk/tierdesk/internal/api"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/live"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/web"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// handler joins health, API and pages.
func (a *App) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, true) })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("/api/v1/", api.New(api.Config{DB: a.DB, Tickets: a.Tickets, Identity: a.Identity, Book: a.Book, Files: a.Files, Log: a.log, Version: Version()}))
	mux.Handle("/", web.New(web.Config{DB: a.DB, Tickets: a.Tickets, Identity: a.Identity, Book: a.Book, Files: a.Files, Drafts: a.Drafts, Simulations: a.simulations, Revise: a.revise, Hub: a.Hub, Sealer: a.sealer, Replay: a.replay,
		PublicURL: a.cfg.PublicURL, SendsMail: a.sender != nil, Demo: a.cfg.Demo, TrustedProxies: a.cfg.TrustedProxies, Log: a.log}))
	return mux
}

// readyz is 200 only when the store answers and, in a demo, is filled.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	err := a.DB.Read(r.Context(), func(tx *db.Tx) error {
		var n int
		return tx.QueryRow("SELECT COUNT(*) FROM schema_migration").Scan(&n)
	})
	answer(w, err == nil && a.ready.Load())
}

func answer(w http.ResponseWriter, ok bool) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("not ready\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// publish hands sealed events to the browsers.
func (a *App) publish(events []journal.Event) {
	for _, e := range events {
		for _, out := range changes(e) {
			a.Hub.Publish(out)
		}
	}
}

// replay gives a browser what it missed while it was away.
func (a *App) replay(r *http.Request, after int64, topics []string) ([]live.Event, error) {
	const most = 500
	var list []journal.Event
	err := a.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		list, err = journal.After(tx, after, most)
		return err
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if len(list) == most {
		return []live.Event{{ID: list[most-1].Position, Topics: topics, Name: "change", Data: ""}}, nil
	}
	want := map[string]bool{}
	for _, t := range topics {
		want[t] = true
	}
	var out []live.Event
	for _, e := range list {
		for _, change := range changes(e) {
			for _, t := range change.Topics {
				if want[t] {
					out = append(out, change)
					break
				}
			}
		}
	}
	return out, nil
}

// changes are what a browser hears of an event: the ticket's readers that it
// changed, the queues that it entered. Events carry ids only; each page is
// fetched again with its reader's own permission.
func changes(e journal.Event) []live.Event {
	out := []live.Event{{ID: e.Position, Topics: []string{"ticket:" + e.Subject}, Name: "change"}}
	switch e.Kind {
	case ticket.EventOpened, ticket.EventCompleted, ticket.EventOverridden, ticket.EventReopened:
		if s := ticket.State(e.Data["state"]); s.Active() || e.Kind == ticket.EventCompleted {
			out = append(out, live.Event{ID: e.Position, Topics: []string{"queue:" + e.Data["provider"] + ":" + e.Data["level"]}, Name: "arrived", Data: e.Subject})
		}
	case ticket.EventEscalated, ticket.EventReturned:
		out = append(out, live.Event{ID: e.Position, Topics: []string{"queue:" + e.Data["to_org"] + ":" + e.Data["to"]}, Name: "arrived", Data: e.Subject})
	}
	return out
}
