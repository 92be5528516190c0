package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/live"
	"github.com/tierdesk/tierdesk/internal/register/identity"
)

// live streams what changes about one topic. Who may hear it is asked before the
// first byte and every few seconds after, with the session (attacks 35, 44).
func (s *site) live(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	topic := r.URL.Query().Get("topic")
	if err := s.mayHear(r.Context(), a, topic); err != nil {
		return err
	}
	return s.Hub.Serve(w, r, live.Stream{
		Topics: []string{topic},
		Replay: func(_ context.Context, after int64, topics []string) ([]live.Event, error) {
			return s.Replay(r, after, topics)
		},
		Allowed: func() bool {
			now, err := s.actor(r)
			if err == nil {
				err = s.mayHear(r.Context(), now, topic)
			}
			// a store that is away for a moment says nothing about permission
			return err == nil || fault.Is(err, fault.Unavailable)
		},
	})
}

func (s *site) mayHear(ctx context.Context, a identity.Actor, topic string) error {
	if err := signedIn(a); err != nil {
		return errNothing
	}
	kind, rest, _ := strings.Cut(topic, ":")
	switch kind {
	case "ticket":
		_, err := s.Tickets.Find(ctx, a, rest)
		return err
	case "queue":
		desk, level, ok := strings.Cut(rest, ":")
		if ok && a.OrgID != "" && a.OrgID == desk && (a.Serves(level) || (a.Verified && a.Manager)) {
			return nil
		}
	}
	return errNothing
}
