package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// ticketAction makes a handler of a form on a ticket: after it the reader is back in the room where they were.
func (s *site) ticketAction(name string, act action) handler {
	return func(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
		number := r.PathValue("number")
		if _, err := s.Tickets.Find(r.Context(), a, number); err != nil {
			return err
		}
		f, err := s.read(w, r, a)
		if err != nil {
			return err
		}
		err = act.do(r.Context(), a, number, f)
		if no, ok := refused(s.bare(r), err); err != nil && ok {
			return s.showTicket(w, r, a, f, name, no, nil)
		}
		if err != nil {
			return err
		}
		s.note(w, act.note)
		return s.redirect(w, r, s.after(r, a, number, f))
	}
}

// after is where an action leads: the ticket, or the desk when the reader handed it out of sight.
func (s *site) after(r *http.Request, a identity.Actor, number string, f *form) string {
	if _, err := s.Tickets.Find(r.Context(), a, number); fault.Is(err, fault.NotFound) {
		return "/desk"
	}
	to := "/desk/tickets/" + url.PathEscape(number)
	if room := f.Get("room"); room != "" {
		to += "?room=" + url.QueryEscape(room)
	}
	return to
}

func (s *site) write(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, _, err := s.Tickets.Write(ctx, a, number, f.version(), ticket.Post{Room: f.Get("room"), Body: f.get("body"), Channel: "desk", Files: f.taken("files"), Then: f.Get("then")})
	return err
}

// writeNote refuses a room that others read, so that a note never leaves the desk by a mistaken form.
func (s *site) writeNote(ctx context.Context, a identity.Actor, number string, f *form) error {
	v, err := s.Tickets.View(ctx, a, number, f.Get("room"))
	if err != nil {
		return err
	}
	if v.Current.Kind != ticket.InternalRoom {
		return fault.New(fault.Invalid, "A note belongs in a room of your own desk. Choose that room and write it there.").WithField("room", "Choose the room of your own desk.")
	}
	_, _, err = s.Tickets.Write(ctx, a, number, f.version(), ticket.Post{Room: v.Current.ID, Body: f.get("body"), Channel: "desk", Files: f.taken("files")})
	return err
}

func (s *site) take(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Take(ctx, a, number, f.version())
	return err
}

func (s *site) assign(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Assign(ctx, a, number, f.version(), f.Get("assignee"))
	return err
}

func (s *site) giveBack(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Return(ctx, a, number, f.version(), f.get("reason"))
	return err
}

func (s *site) solve(ctx context.Context, a identity.Actor, number string, f *form) error {
	found, err := s.Tickets.Find(ctx, a, number)
	if err != nil {
		return err
	}
	_, err = s.Tickets.SolveWith(ctx, a, number, f.version(), f.get("body"), given(f, found.Rules.Policy))
	return err
}

func (s *site) reopen(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Reopen(ctx, a, number, f.version(), f.get("reason"))
	return err
}

func (s *site) finish(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Finish(ctx, a, number, f.version())
	return err
}

// reveal shows the access details once, in this answer only.
func (s *site) reveal(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := s.read(w, r, a)
	if err != nil {
		return err
	}
	plain, err := s.Tickets.Reveal(r.Context(), a, r.PathValue("number"), f.get("reason"))
	if no, ok := refused(s.bare(r), err); err != nil && ok {
		return s.showTicket(w, r, a, f, "reveal", no, nil)
	}
	if err != nil {
		return err
	}
	return s.showTicket(w, r, a, &form{}, "", refusal{status: http.StatusOK}, plain)
}
