package ticket

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
)

// RoomKind says between whom a room is.
type RoomKind string

// The kinds of room.
const (
	RequesterRoom RoomKind = "requester" // the requester and the desk that serves them
	LevelsRoom    RoomKind = "levels"    // two desks of the ladder
	InternalRoom  RoomKind = "internal"  // one desk
)

// Room is a part of the conversation with its own readers. Who they are follows
// from the levels that organisations provide on this ticket (clause
// responsibility), not from a flag on messages. Lower is nearer to the asker; in
// an internal room both are the desk.
type Room struct {
	TicketID, ID         string
	Kind                 RoomKind
	LowerOrg, LowerLevel string
	UpperOrg, UpperLevel string
	CreatedAt            int64
}

// Ids of rooms are readable and unique within a ticket.
const requesterRoomID = "requester"

// levelsRoomID is between two levels. A dash between names that hold one, or after the word for a desk's own room, would be read in
// two ways.
func levelsRoomID(lower, upper string) string {
	if strings.Contains(lower+upper, "-") || lower == "internal" {
		return lower + "~" + upper
	}
	return lower + "-" + upper
}

func internalRoomID(level string) string { return "internal-" + level }

// readable reports whether the actor may read the room.
func (r Room) readable(t *Ticket, rooms []Room, a identity.Actor) bool {
	if a.Via == identity.ViaSystem {
		return true
	}
	switch r.Kind {
	case RequesterRoom:
		return t.asks(a) || servesIn(r.UpperOrg, rooms, t, a)
	case LevelsRoom:
		return deskMember(a, r.LowerOrg, r.LowerLevel) || deskMember(a, r.UpperOrg, r.UpperLevel)
	}
	return deskMember(a, r.UpperOrg, r.UpperLevel)
}

// writable reports whether the actor may write in the room: whoever reads it,
// also a desk that has handed the ticket on (docs/interpretation.md).
func (r Room) writable(t *Ticket, rooms []Room, a identity.Actor) bool {
	return r.readable(t, rooms, a) && (a.OrgID != "" || t.asks(a) || a.Via == identity.ViaSystem)
}

// asks reports whether the actor is on the asker's side: the requester, or, when
// the customer itself asks, the people who act for it.
func (t *Ticket) asks(a identity.Actor) bool {
	if a.PersonID != "" && a.PersonID == t.RequesterID {
		return true
	}
	return t.RequesterKind == "customer" && t.CustomerOrg != "" && a.OrgID == t.CustomerOrg && (a.Admin || len(a.Levels) > 0)
}

func deskMember(a identity.Actor, org, level string) bool {
	return a.OrgID != "" && a.OrgID == org && (a.Serves(level) || a.Manager)
}

// servesIn reports whether the actor serves the requester for org: at the level
// that took the request in, or at one that it reached from there without leaving
// the organisation. A level that another organisation handed it to serves that
// organisation and not the requester (clause responsibility).
func servesIn(org string, rooms []Room, t *Ticket, a identity.Actor) bool {
	if a.OrgID == "" || a.OrgID != org {
		return false
	}
	if a.Manager {
		return true
	}
	first, _ := findRoom(rooms, requesterRoomID)
	for level := first.UpperLevel; level != ""; level = above(rooms, org, level) {
		if a.Serves(level) {
			return true
		}
	}
	return false
}

// above is the level to which org handed the ticket on from level within itself, or "".
func above(rooms []Room, org, level string) string {
	for _, r := range rooms {
		if r.Kind == LevelsRoom && r.LowerOrg == org && r.LowerLevel == level && r.UpperOrg == org {
			return r.UpperLevel
		}
	}
	return ""
}

// readableRooms are the rooms that the actor sees; none means the ticket does not exist for them.
func readableRooms(t *Ticket, rooms []Room, a identity.Actor) []Room {
	var out []Room
	for _, r := range rooms {
		if r.readable(t, rooms, a) {
			out = append(out, r)
		}
	}
	return out
}

// inOrder sorts rooms as people read them: the requester's, the ladder's, the desks' own.
func inOrder(rooms []Room) []Room {
	rank := map[RoomKind]int{RequesterRoom: 0, LevelsRoom: 1, InternalRoom: 2}
	slices.SortStableFunc(rooms, func(a, b Room) int {
		return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return rooms
}

func findRoom(rooms []Room, id string) (Room, bool) {
	for _, r := range rooms {
		if r.ID == id {
			return r, true
		}
	}
	return Room{}, false
}

var errNoTicket = fault.New(fault.NotFound, "There is no such ticket, or it is not yours to see.")

// see answers NotFound unless the actor may read at least one room: what is
// denied cannot be told from what is absent.
func see(t *Ticket, rooms []Room, a identity.Actor) ([]Room, error) {
	visible := readableRooms(t, rooms, a)
	if len(visible) == 0 {
		return nil, errNoTicket
	}
	return visible, nil
}
