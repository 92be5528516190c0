package api

import (
	"context"
	"net/http"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// maxMessages is how many messages one answer holds, the newest.
const maxMessages = 1000

type messagesIn struct {
	RefIn
	Room  string `query:"room" doc:"Only this room." maxLength:"100"`
	Limit int    `query:"limit" doc:"At most this many, the newest." minimum:"1" maximum:"1000" default:"1000"`
}

type messagesOut struct{ Body messageListOut }

type messageListOut struct {
	Items []messageOut `json:"items" nullable:"false" doc:"Oldest first."`
	Rooms []roomOut    `json:"rooms" nullable:"false" doc:"The rooms that you may read."`
}

type roomOut struct {
	ID   string `json:"id" doc:"requester, L1-L2, internal-L1 and so on."`
	Kind string `json:"kind" enum:"requester,levels,internal"`
}

type messageOut struct {
	ID        string     `json:"id"`
	Room      string     `json:"room"`
	Author    *personOut `json:"author,omitempty"`
	Sender    string     `json:"sender,omitempty" doc:"The address that a mail claims and nobody could prove."`
	Channel   string     `json:"channel"`
	Body      string     `json:"body"`
	Quoted    string     `json:"quoted,omitempty"`
	Verified  bool       `json:"verified"`
	Automatic bool       `json:"automatic"`
	Mail      string     `json:"mail,omitempty" doc:"How the mail for it went: queued, sent, unsent or failed."`
	CreatedAt string     `json:"created_at" format:"date-time"`
}

type writeIn struct {
	RefIn
	KeyIn
	Body postIn
}

type postIn struct {
	Room string `json:"room,omitempty" nullable:"true" doc:"A room's id, or internal for a note of your own desk; without it, the room of those you talk with."`
	Body string `json:"body" doc:"Plain text."`
	Then string `json:"then,omitempty" nullable:"true" doc:"waiting gives the turn to the requester, solved solves it." `
	VersionIn
}

type writtenOut struct{ Body messageOut }

func (a *api) addMessages() {
	add(a, operation{id: "list-messages", method: http.MethodGet, path: "/tickets/{id}/messages", tag: "Messages", summary: "Read the messages of the rooms that you may read",
		errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity}}, a.listMessages)
	add(a, operation{id: "write-message", method: http.MethodPost, path: "/tickets/{id}/messages", tag: "Messages", status: http.StatusCreated,
		summary: "Write into a room", about: "The room decides who reads it.",
		errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}}, a.writeMessage)
}

func (a *api) listMessages(ctx context.Context, c *call, in *messagesIn) (*messagesOut, error) {
	list, rooms, err := a.Tickets.Messages(ctx, c.actor, in.ID, min(in.Limit, maxMessages))
	if err != nil {
		return nil, err
	}
	var names map[string]string
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		ids := make([]string, 0, len(list))
		for _, m := range list {
			ids = append(ids, m.AuthorID)
		}
		names, err = identity.Names(tx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &messagesOut{Body: messageListOut{Items: make([]messageOut, 0, len(list)), Rooms: make([]roomOut, 0, len(rooms))}}
	for _, r := range rooms {
		out.Body.Rooms = append(out.Body.Rooms, roomOut{r.ID, string(r.Kind)})
	}
	for i := range list {
		if in.Room == "" || list[i].RoomID == in.Room {
			out.Body.Items = append(out.Body.Items, presentMessage(&list[i], names[list[i].AuthorID]))
		}
	}
	return out, nil
}

func presentMessage(m *ticket.Message, author string) messageOut {
	return messageOut{ID: m.ID, Room: m.RoomID, Author: person(m.AuthorID, author), Sender: m.Sender, Channel: m.Channel, Body: m.Body, Quoted: m.Quoted,
		Verified: m.Verified, Automatic: m.Automatic, Mail: m.MailState, CreatedAt: instant(m.CreatedAt)}
}

func (a *api) writeMessage(ctx context.Context, c *call, in *writeIn) (*writtenOut, error) {
	b := &in.Body
	if b.Then != "" && b.Then != "waiting" && b.Then != "solved" {
		return nil, fault.New(fault.Invalid, "That can't follow a message.").WithField("then", "Use waiting or solved, or leave it out.")
	}
	post := ticket.Post{Room: b.Room, Body: b.Body, Channel: channel, Then: b.Then}
	var err error
	if post.IdempotencyKey, post.RequestHash, err = in.claim(in.ID, b); err != nil {
		return nil, err
	}
	_, m, err := a.Tickets.Write(ctx, c.actor, in.ID, b.Version, post)
	if err != nil {
		return nil, err
	}
	return &writtenOut{Body: presentMessage(&m, c.actor.Name)}, nil
}
