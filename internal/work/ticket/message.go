package ticket

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// Post is a message before it is in a room.
type Post struct {
	// Room is a room's id, "internal" for the actor's own desk, or "" for the room of those the actor talks with.
	Room         string
	Body, Quoted string
	// Channel is mail, portal, api or desk.
	Channel string
	Files   []File
	// Then is "", "waiting" (the requester's turn) or "solved".
	Then      string
	Automatic bool
	MailID    string
	// IdempotencyKey and RequestHash make a repeated call answer with the first message.
	IdempotencyKey, RequestHash string
	// Inside runs in the transaction that stores the message.
	Inside func(tx *db.Tx, t *Ticket, messageID string) error
	// quiet keeps the message from changing the ticket's state: the caller does.
	quiet bool
	// id is the message's id when the caller has given it one.
	id string
}

// Write puts a message into a room. An answer of the desk stops the clock of the
// first answer; an answer of the asker's side opens a solved ticket again.
// Faults: Invalid for an empty message or an unknown room, Denied, NotFound, Conflict.
func (s *Service) Write(ctx context.Context, actor identity.Actor, ref string, expect int, p Post) (t *Ticket, m Message, err error) {
	defer fault.Wrap(&err, "ticket.Write %s", ref)
	p.Body = clean(p.Body)
	if strings.TrimSpace(p.Body) == "" && len(p.Files) == 0 && p.Channel != "mail" {
		return nil, m, fault.New(fault.Invalid, "There is nothing to send yet.").WithField("body", "Write a message or attach a file.")
	}
	if len(p.Body) > MaxBody && p.Channel != "mail" {
		return nil, m, fault.New(fault.TooLarge, "This message is longer than 1 MB. Attach it as a file.").WithField("body", "Keep it under 1 MB.")
	}
	earlier := ""
	if p.IdempotencyKey != "" {
		// before the version is looked at: the first call has changed it
		err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
			earlier, err = resultOfKey(tx, actor.PersonID, p.IdempotencyKey, p.RequestHash)
			return err
		})
		if err != nil {
			return nil, m, err
		}
		if earlier != "" {
			return s.repeatedMessage(ctx, actor, ref, earlier)
		}
	}
	t, err = s.change(ctx, actor, ref, expect, func(c *change) error {
		room, err := c.roomFor(p.Room)
		if err != nil {
			return err
		}
		p.id = db.NewID()
		if p.IdempotencyKey != "" {
			if earlier, err = claimKey(c.tx, actor.PersonID, p.IdempotencyKey, p.RequestHash, p.id); err != nil {
				return err
			}
			if earlier != "" {
				return errRepeated
			}
		}
		return c.writeInto(room, p, &m)
	})
	if errors.Is(err, errRepeated) {
		return s.repeatedMessage(ctx, actor, ref, earlier)
	}
	return t, m, err
}

// errRepeated rolls a repeated call back: its first answer is given again.
var errRepeated = errors.New("this call was answered before")

func (s *Service) repeatedMessage(ctx context.Context, actor identity.Actor, ref, id string) (t *Ticket, m Message, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if t, err = loadTicket(tx, ref); err != nil {
			return err
		}
		rooms, err := loadRooms(tx, t.ID)
		if err != nil {
			return err
		}
		visible, err := see(t, rooms, actor)
		if err != nil {
			return err
		}
		if m, err = loadMessage(tx, t.ID, id); err != nil {
			return err
		}
		if _, ok := findRoom(visible, m.RoomID); !ok {
			return errNoTicket
		}
		return nil
	})
	return t, m, err
}

// words are what a person wrote beside an action, as it can be stored. Faults: TooLarge.
func words(field, text string) (string, error) {
	if text = clean(text); len(text) > MaxBody {
		return "", fault.New(fault.TooLarge, "This text is longer than 1 MB. Attach it as a file.").WithField(field, "Keep it under 1 MB.")
	}
	return text, nil
}

// channel is how the actor's words come in.
func (c *change) channel() string {
	switch {
	case c.actor.Via == identity.ViaToken:
		return "api"
	case c.actor.Via == identity.ViaMail:
		return "mail"
	case c.t.asks(c.actor):
		return "portal"
	}
	return "desk"
}

// roomFor finds the room that was meant and checks that the actor may write there.
func (c *change) roomFor(id string) (Room, error) {
	if id == "" {
		id = c.served().ID
	}
	if id == "internal" {
		id = internalRoomID(c.ownLevel())
	}
	room, ok := findRoom(c.rooms, id)
	if !ok && id == internalRoomID(c.ownLevel()) && c.ownLevel() != "" {
		room = Room{TicketID: c.t.ID, ID: id, Kind: InternalRoom, LowerOrg: c.actor.OrgID, LowerLevel: c.ownLevel(), UpperOrg: c.actor.OrgID, UpperLevel: c.ownLevel(), CreatedAt: c.now}
		return room, c.ensureRoom(room)
	}
	if !ok || !room.readable(c.t, c.rooms, c.actor) {
		return room, fault.New(fault.Invalid, "There is no such room on this ticket.").WithField("room", "Choose one of the ticket's rooms.")
	}
	if !room.writable(c.t, c.rooms, c.actor) {
		return room, fault.New(fault.Denied, "You can read this room but not write in it.")
	}
	return room, nil
}

// ownLevel is the level for which the actor takes part in this ticket: the
// ticket's own if their desk has it, else the highest that the ticket passed.
func (c *change) ownLevel() string {
	if c.t.handles(c.actor) {
		return c.t.Level
	}
	level := ""
	for _, r := range c.rooms {
		if r.LowerOrg == c.actor.OrgID && c.actor.Serves(r.LowerLevel) {
			level = r.LowerLevel
		}
		if r.UpperOrg == c.actor.OrgID && c.actor.Serves(r.UpperLevel) {
			level = r.UpperLevel
		}
	}
	return level
}

func (c *change) write(room Room, p Post) error {
	var m Message
	return c.writeInto(room, p, &m)
}

func (c *change) writeInto(room Room, p Post, m *Message) error {
	*m = Message{TicketID: c.t.ID, ID: cmp.Or(p.id, db.NewID()), RoomID: room.ID, AuthorID: c.actor.PersonID, AuthorOrg: c.actor.OrgID, Channel: p.Channel, Body: p.Body,
		Quoted: p.Quoted, Verified: c.actor.Verified, Automatic: p.Automatic, CreatedAt: c.now}
	if c.answers(room) && !p.Automatic {
		m.MailState = "queued"
	}
	if err := insertMessage(c.tx, m); err != nil {
		return err
	}
	if err := storeFiles(c.tx, c.t, m, p.Files); err != nil {
		return err
	}
	if err := insertMailRef(c.tx, p.MailID, c.t.ID, room.ID); err != nil {
		return err
	}
	if p.Inside != nil {
		if err := p.Inside(c.tx, c.t, m.ID); err != nil {
			return err
		}
	}
	if err := c.after(room, p, m); err != nil {
		return err
	}
	if room.Kind == InternalRoom {
		return nil
	}
	return c.notify(Notice{Event: "message", MessageID: m.ID, RoomID: room.ID, Automatic: p.Automatic})
}

// answers reports whether the actor writes as the side that serves in this room.
func (c *change) answers(room Room) bool {
	return room.Kind != InternalRoom && c.actor.OrgID == room.UpperOrg && !c.t.asks(c.actor) && c.actor.Staff() &&
		(room.Kind == RequesterRoom || c.actor.Serves(room.UpperLevel) || c.actor.Manager)
}

// after lets the message change the ticket: whose turn it is, and whether it opens again.
func (c *change) after(room Room, p Post, m *Message) error {
	data := map[string]string{"message": m.ID}
	switch {
	case p.Automatic || p.quiet:
		return c.event(EventWrote, room.ID, "", data)
	case room.Kind == InternalRoom:
		return c.event(EventNoted, room.ID, "", data)
	case p.Then != "" && !c.t.handles(c.actor):
		return c.mustHandle()
	case !c.concerns(room):
		return c.event(EventWrote, room.ID, "", data)
	}
	if room.Kind == LevelsRoom && room.LowerOrg == room.UpperOrg {
		data["within"] = room.UpperOrg
	}
	if c.answers(room) {
		return c.answered(room, p, data)
	}
	before := c.t.State
	if err := c.to(Reply); err != nil {
		return err
	}
	if err := c.event(EventReplied, room.ID, "", data); err != nil {
		return err
	}
	if err := c.arrive(channelOf(c.rules.Policy, p.Channel, "")); err != nil {
		return err
	}
	if before == Solved || before == Closed {
		return c.judgeReopened(room.ID, before)
	}
	return nil
}

// concerns reports whether a message in the room is one between the desk that
// has the ticket and those whom it serves. What a desk that handed the ticket to
// another organisation goes on saying to its own people answers nothing for that
// one, and takes no turn of it.
func (c *change) concerns(room Room) bool {
	if room.UpperOrg != c.t.ProviderOrg {
		return room.Kind == RequesterRoom && !c.answers(room) && !c.t.State.Active()
	}
	return c.answers(room) || room.Kind == RequesterRoom || room.UpperLevel == c.t.Level
}

func (c *change) answered(room Room, p Post, data map[string]string) error {
	action := Answer
	if p.Then == "waiting" {
		action, data["turn"] = Ask, "requester"
	}
	if err := c.to(action); err != nil {
		return err
	}
	if c.t.AssigneeID == "" && c.t.handles(c.actor) && c.t.State.Active() {
		c.t.AssigneeID = c.actor.PersonID
	}
	if err := c.event(EventAnswered, room.ID, "", data); err != nil {
		return err
	}
	if p.Then == "solved" {
		if err := c.mustHandle(); err != nil {
			return err
		}
		return c.solve(information.Given{})
	}
	return nil
}

// SetMailState records how the mail for a message went: sent, unsent or failed.
func (s *Service) SetMailState(ctx context.Context, ticket, message, state string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error { return setMailState(tx, ticket, message, state) })
}

// RoomOf is a room of a ticket, for flows that tell people about it. Faults: NotFound.
func RoomOf(tx *db.Tx, ticket, id string) (Room, error) {
	if id == "" {
		id = requesterRoomID
	}
	rooms, err := loadRooms(tx, ticket)
	if err != nil {
		return Room{}, err
	}
	r, ok := findRoom(rooms, id)
	if !ok {
		return r, fault.New(fault.NotFound, "There is no such room on this ticket.")
	}
	return r, nil
}

// Readers are those of some people who may read a room of a ticket now, for flows that tell people about it.
func Readers(tx *db.Tx, ticket, room string, people []identity.Person) (out []identity.Person, err error) {
	t, err := loadTicket(tx, ticket)
	if err != nil {
		return nil, err
	}
	rooms, err := loadRooms(tx, t.ID)
	if err != nil {
		return nil, err
	}
	r, ok := findRoom(rooms, room)
	for _, p := range people {
		if !ok || p.ID == "" || p.Disabled {
			continue
		}
		a, err := identity.LoadActor(tx, p.ID, identity.ViaSession)
		if err != nil {
			return nil, err
		}
		if r.readable(t, rooms, a) {
			out = append(out, p)
		}
	}
	return out, nil
}

// MessageOf is one message of a ticket, for flows that tell people about it. Faults: NotFound.
func MessageOf(tx *db.Tx, ticket, id string) (Message, error) { return loadMessage(tx, ticket, id) }
