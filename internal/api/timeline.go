package api

import (
	"context"
	"net/http"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

type timelineOut struct{ Body eventListOut }

type eventListOut struct {
	Items []eventOut `json:"items" nullable:"false" doc:"Oldest first."`
}

type eventOut struct {
	ID     string     `json:"id"`
	Kind   string     `json:"kind" doc:"What happened, for example opened, escalated or solved."`
	At     string     `json:"at" format:"date-time"`
	Actor  *personOut `json:"actor,omitempty" doc:"Who did it; absent for the desk itself, and for people with whom your side does not deal."`
	Role   string     `json:"role" doc:"end-user, customer, partner, vendor, unknown or system."`
	Clause string     `json:"clause,omitempty" doc:"The clause of the policy that decided."`
	Room   string     `json:"room,omitempty"`
	From   string     `json:"from,omitempty" doc:"The level it came from."`
	To     string     `json:"to,omitempty" doc:"The level it went to."`
	Item   string     `json:"item,omitempty" doc:"What was waived."`
	Person *personOut `json:"person,omitempty" doc:"Who it was given to."`
}

func (a *api) addTimeline() {
	add(a, operation{id: "get-timeline", method: http.MethodGet, path: "/tickets/{id}/timeline", tag: "Tickets", summary: "Read what happened",
		errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity}}, a.timeline)
}

func (a *api) timeline(ctx context.Context, c *call, in *RefIn) (*timelineOut, error) {
	s, err := a.Tickets.Find(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	_, rooms, err := a.Tickets.Messages(ctx, c.actor, s.Ticket.ID, 1)
	if err != nil {
		return nil, err
	}
	var events []journal.Event
	var names map[string]string
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		if events, err = journal.BySubject(tx, s.Ticket.ID); err != nil {
			return err
		}
		var ids []string
		for _, e := range events {
			ids = append(ids, e.ActorID, e.Data["person"])
		}
		names, err = identity.Names(tx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &timelineOut{Body: eventListOut{Items: []eventOut{}}}
	readable := map[string]bool{"": true}
	for _, r := range rooms {
		readable[r.ID] = true
	}
	if !readable["requester"] {
		delete(names, s.Ticket.RequesterID)
	}
	deals := ticket.DealsWith(rooms, c.actor)
	for _, e := range events {
		if readable[e.RoomID] || e.Kind == ticket.EventEscalated || e.Kind == ticket.EventReturned || e.Kind == ticket.EventOpened {
			who := names
			if !deals[e.OrgID] {
				who = nil
			}
			out.Body.Items = append(out.Body.Items, presentEvent(&e, who))
		}
	}
	return out, nil
}

func presentEvent(e *journal.Event, names map[string]string) eventOut {
	return eventOut{ID: e.ID, Kind: e.Kind, At: instant(e.At), Actor: person(e.ActorID, names[e.ActorID]), Role: e.ActorKind, Clause: e.Clause, Room: e.RoomID,
		From: e.Data["from"], To: e.Data["to"], Item: e.Data["item"], Person: person(e.Data["person"], names[e.Data["person"]])}
}
