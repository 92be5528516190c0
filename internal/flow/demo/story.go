package demo

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// story is one ticket of the example: how it came and what happened to it.
type story struct {
	// Ago is how long before now it came ("3d4h", "25m").
	Ago                        string
	By, Channel, Subject, Body string
	Category, Reference        string
	Info                       bool `yaml:"info"`
	Then                       []scene
}

// scene is one step: Do is answer, ask, reply, note, write, take, escalate, return, solve, reopen, close.
type scene struct{ After, By, Do, Text string }

func (m *maker) stories(ctx context.Context, w World) error {
	list := append([]story(nil), m.def.Tickets...)
	ago := make(map[string]time.Duration, len(list))
	for _, s := range list {
		d, err := length(s.Ago)
		if err != nil {
			return fmt.Errorf("ticket %q: %w", s.Subject, err)
		}
		ago[s.Subject] = d
	}
	sort.SliceStable(list, func(i, j int) bool { return ago[list[i].Subject] > ago[list[j].Subject] })
	now := m.now
	tickets, done, err := w.Past(func() int64 { return now }, Silence{})
	if err != nil {
		return err
	}
	for _, s := range list {
		now = m.now - ago[s.Subject].Milliseconds()
		if err := m.play(ctx, w.DB, tickets, s, &now); err != nil {
			return fmt.Errorf("ticket %q: %w", s.Subject, err)
		}
	}
	return done()
}

func (m *maker) play(ctx context.Context, d *db.DB, tickets *ticket.Service, s story, now *int64) error {
	actor, err := m.actor(ctx, d, s.By)
	if err != nil {
		return err
	}
	draft := ticket.Draft{Channel: s.Channel, Subject: s.Subject, Body: s.Body, Category: s.Category, Reference: s.Reference, Verified: true, Automatic: false}
	if s.Info {
		draft.Information = details()
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
		if err := m.scene(ctx, d, tickets, opened.Ticket.ID, step); err != nil {
			return fmt.Errorf("%s by %s: %w", step.Do, step.By, err)
		}
	}
	return nil
}

func (m *maker) scene(ctx context.Context, d *db.DB, tickets *ticket.Service, id string, s scene) error {
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
		_, err = tickets.Escalate(ctx, actor, id, 0, details(), nil)
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

// details are what a hand-over of the example brings.
func details() ticket.Information {
	return ticket.Information{
		Steps: []ticket.Step{
			{Action: "Open the room as a presenter", Expected: "The room opens", Actual: "The room opens"},
			{Action: "Switch the camera on", Expected: "The picture appears within two seconds", Actual: "The picture stays black"},
		},
		EnvironmentURL: "https://academy.meetings.example/room/204",
		NoneNeeded:     true,
		TestMatrix: []ticket.Tested{
			{Browser: "Firefox 145", OS: "Windows 11", Device: "Laptop with built-in camera", Result: "Fails"},
			{Browser: "Chrome 142", OS: "Windows 11", Device: "Laptop with built-in camera", Result: "Works"},
		},
		Tried:  "Another camera, a private window and a second account: the same each time.",
		Waived: map[string]string{ticket.InfoEvidence: "The customer's rules do not allow pictures of the sessions."},
	}
}

// length reads "3d4h10m".
func length(s string) (time.Duration, error) {
	var days int
	rest := s
	if n, err := fmt.Sscanf(s, "%dd%s", &days, &rest); n == 1 && err != nil {
		rest = "0s"
	} else if n == 0 {
		days, rest = 0, s
	}
	if rest == "" {
		rest = "0s"
	}
	d, err := time.ParseDuration(rest)
	return time.Duration(days)*24*time.Hour + d, err
}
