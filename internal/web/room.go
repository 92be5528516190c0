package web

import (
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// readers names everybody who can read a room.
func (s sight) readers(room ticket.Room) []string {
	t := &s.v.Ticket
	switch room.Kind {
	case ticket.RequesterRoom:
		list := []string{s.requester().Name}
		if t.RequesterKind == "customer" && t.CustomerOrg != "" {
			list = append(list, s.f.T("the people who act for %s", s.org(t.CustomerOrg).Name))
		}
		if name := s.org(room.UpperOrg).Name; name != "" && room.UpperOrg != t.CustomerOrg {
			list = append(list, name)
		} else if name != "" {
			list = append(list, s.f.T("the desk of %s", name))
		}
		return list
	case ticket.LevelsRoom:
		return []string{s.deskName(room.LowerLevel, room.LowerOrg), s.deskName(room.UpperLevel, room.UpperOrg)}
	}
	return []string{s.deskName(room.UpperLevel, room.UpperOrg)}
}

func (s sight) deskName(level, org string) string {
	if name := s.org(org).Name; name != "" {
		return s.f.T("%s of %s", s.level(level), name)
	}
	return s.level(level)
}

// hidden names the organisations on this ticket that cannot read a room.
func (s sight) hidden(room ticket.Room) []string {
	t := &s.v.Ticket
	inside := map[string]bool{room.LowerOrg: true, room.UpperOrg: true, "": true}
	if room.Kind == ticket.RequesterRoom {
		inside[t.CustomerOrg] = t.RequesterKind == "customer" || inside[t.CustomerOrg]
	}
	var out []string
	add := func(id string) {
		if name := s.org(id).Name; !inside[id] && name != "" {
			inside[id] = true
			out = append(out, name)
		}
	}
	add(t.CustomerOrg)
	for _, rung := range s.v.Ladder {
		if rung.Reached {
			add(rung.Org)
		}
	}
	return out
}

// rooms are the tabs: the rooms that the reader may read, and their own desk's notes.
func (s sight) rooms() []page.Room {
	list, own := s.v.Rooms, s.v.Desk
	for _, r := range list {
		if r.ID == own.ID {
			own.ID = ""
		}
	}
	if own.ID != "" {
		list = append(list[:len(list):len(list)], own)
	}
	out := make([]page.Room, 0, len(list))
	for _, r := range list {
		out = append(out, page.Room{ID: r.ID, Name: s.roomName(r), Hue: s.hue(r), Readers: s.readers(r), Hidden: s.hidden(r), Internal: r.Kind == ticket.InternalRoom, Current: r.ID == s.v.Current.ID, Messages: s.v.Counts[r.ID]})
	}
	return out
}

func (s sight) roomName(r ticket.Room) string {
	switch r.Kind {
	case ticket.RequesterRoom:
		return s.f.T("With %s", s.requester().Name)
	case ticket.LevelsRoom:
		return s.f.T("%s and %s", s.level(r.LowerLevel), s.level(r.UpperLevel))
	}
	return s.f.T("Notes of %s", s.level(r.UpperLevel))
}

// hue is the kind of the outermost organisation that reads a room.
func (s sight) hue(r ticket.Room) page.OrgKind {
	if r.Kind == ticket.RequesterRoom {
		return page.Customer
	}
	kinds := map[page.OrgKind]bool{s.org(r.LowerOrg).Kind: true, s.org(r.UpperOrg).Kind: true}
	for _, k := range []page.OrgKind{page.Customer, page.Partner} {
		if kinds[k] {
			return k
		}
	}
	return page.Vendor
}
