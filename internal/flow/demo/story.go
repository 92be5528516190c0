package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/information"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// story is one ticket of the example: how it came and what happened to it.
type story struct {
	// Ago is how long before now it came ("3d4h", "25m"); At moves it to a time of that day, UTC.
	Ago, At                    string
	By, Channel, Subject, Body string
	Category, Reference        string
	// Details are what a hand-over of this ticket brings, by the ids of the policy; Info hands them in with the request.
	Details *information.Given
	Info    bool
	Then    []scene
}

// scene is one step: Do is answer, ask, reply, note, write, take, escalate, return, solve, reopen, close.
type scene struct{ After, By, Do, Text string }

// came is when the ticket came, UTC milliseconds.
func (s *story) came(now int64) (int64, error) {
	ago, err := length(s.Ago)
	if err != nil {
		return 0, err
	}
	at := time.UnixMilli(now).UTC().Add(-ago)
	if s.At == "" {
		return at.UnixMilli(), nil
	}
	clock, err := time.Parse("15:04", s.At)
	if err != nil {
		return 0, err
	}
	at = time.Date(at.Year(), at.Month(), at.Day(), clock.Hour(), clock.Minute(), 0, 0, time.UTC)
	if at.UnixMilli() > now {
		at = at.AddDate(0, 0, -1)
	}
	return at.UnixMilli(), nil
}

func (m *maker) stories(ctx context.Context, w World) error {
	begin, err := firstInForce(ctx, w.Book)
	if err != nil {
		return err
	}
	came := make(map[*story]int64, len(m.def.Tickets))
	list := make([]*story, len(m.def.Tickets))
	for i := range m.def.Tickets {
		s := &m.def.Tickets[i]
		at, err := s.came(m.now)
		if err != nil {
			return fmt.Errorf("ticket %q: %w", s.Subject, err)
		}
		list[i], came[s] = s, max(begin, at)
	}
	slices.SortStableFunc(list, func(a, b *story) int { return cmp.Compare(came[a], came[b]) })
	var now int64
	tickets := w.Past(func() int64 { return now }, Silence{})
	for _, s := range list {
		now = came[s]
		if err := m.play(ctx, w.DB, tickets, s, &now); err != nil {
			return fmt.Errorf("ticket %q: %w", s.Subject, err)
		}
	}
	return tickets.Close(ctx)
}

func firstInForce(ctx context.Context, book *rulebook.Book) (int64, error) {
	list, err := book.List(ctx)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return slices.MinFunc(list, func(a, b rulebook.Version) int { return cmp.Compare(a.From(), b.From()) }).From(), nil
}

func (m *maker) play(ctx context.Context, d *db.DB, tickets *ticket.Service, s *story, now *int64) error {
	actor, err := m.actor(ctx, d, s.By)
	if err != nil {
		return err
	}
	draft := ticket.Draft{Channel: s.Channel, Subject: s.Subject, Body: s.Body, Category: s.Category, Reference: s.Reference, Verified: true, Automatic: false}
	if s.Info {
		draft.Information = m.given(s)
	}
	opened, err := tickets.Open(ctx, actor, draft)
	if err != nil {
		return err
	}
	for _, step := range s.Then {
		wait, err := length(step.After)
		if err != nil {
			return err
		}
		*now = min(*now+wait.Milliseconds(), m.now)
		if err := m.scene(ctx, d, tickets, s, opened.Ticket.ID, step); err != nil {
			return fmt.Errorf("%s by %s: %w", step.Do, step.By, err)
		}
	}
	return nil
}

func (m *maker) scene(ctx context.Context, d *db.DB, tickets *ticket.Service, of *story, id string, s scene) error {
	actor, err := m.actor(ctx, d, s.By)
	if err != nil {
		return err
	}
	switch s.Do {
	case "answer", "reply", "write":
		_, _, err = tickets.Write(ctx, actor, id, 0, ticket.Post{Body: s.Text, Channel: "desk"})
	case "ask":
		_, _, err = tickets.Write(ctx, actor, id, 0, ticket.Post{Body: s.Text, Channel: "desk", Then: "waiting"})
	case "note":
		_, _, err = tickets.Write(ctx, actor, id, 0, ticket.Post{Room: "internal", Body: s.Text, Channel: "desk"})
	case "take":
		_, err = tickets.Take(ctx, actor, id, 0)
	case "escalate":
		_, err = tickets.Escalate(ctx, actor, id, 0, m.given(of))
	case "return":
		_, err = tickets.Return(ctx, actor, id, 0, s.Text)
	case "solve":
		_, err = tickets.Solve(ctx, actor, id, 0, s.Text)
	case "reopen":
		_, err = tickets.Reopen(ctx, actor, id, 0, s.Text)
	case "close":
		_, err = tickets.Finish(ctx, actor, id, 0)
	default:
		err = fmt.Errorf("there is no step %q", s.Do)
	}
	return err
}

func (m *maker) actor(ctx context.Context, d *db.DB, email string) (a identity.Actor, err error) {
	p, ok := m.people[email]
	if !ok {
		return a, fmt.Errorf("nobody has the address %s", email)
	}
	err = d.Read(ctx, func(tx *db.Tx) error {
		a, err = identity.LoadActor(tx, p.ID, identity.ViaSession)
		return err
	})
	return a, err
}

// given is what a hand-over of this ticket brings.
func (m *maker) given(s *story) information.Given {
	if s.Details == nil {
		return m.def.Details
	}
	return *s.Details
}

// length reads "3d4h10m", "3d" or "25m"; "" is no time.
func length(s string) (time.Duration, error) {
	days, rest, ok := strings.Cut(s, "d")
	if !ok {
		days, rest = "0", s
	}
	n, err := strconv.Atoi(days)
	if err != nil || rest == "" {
		return time.Duration(n) * 24 * time.Hour, err
	}
	d, err := time.ParseDuration(rest)
	return time.Duration(n)*24*time.Hour + d, err
}
