package web

import (
	"net/http"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func (s *site) escalatePage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	return s.showEscalate(w, r, a, nil, refusal{status: http.StatusOK}, nil)
}

// showEscalate is the hand-over form; typed is what was sent and not accepted, missing what the gate still asks for.
func (s *site) showEscalate(w http.ResponseWriter, r *http.Request, a identity.Actor, typed *form, no refusal, missing []string) error {
	v, err := s.Tickets.View(r.Context(), a, r.PathValue("number"), "")
	if err != nil {
		return err
	}
	number := v.Ticket.Name()
	if !v.May.Escalate && typed == nil {
		return s.redirect(w, r, "/desk/tickets/"+number)
	}
	f, err := s.frame(w, r, a, page.Desk)
	if err != nil {
		return err
	}
	if typed != nil && missing == nil {
		f.Kept = s.keep(a, typed, no)
	}
	d := s.sight(f, v, a)
	p := page.Escalate{Frame: f, Number: number, Subject: subject(v.Ticket.Subject, f), Version: int64(v.Ticket.Version), From: d.level(v.Ticket.Level), To: d.level(v.Next),
		Handover: d.stored(), Errors: no.errors, DraftKey: "escalate-" + v.Ticket.ID + "-" + a.PersonID}
	for _, rung := range v.Ladder {
		if rung.Level == v.Next {
			p.Provider = d.org(rung.Org)
			p.Readers = []string{d.deskName(v.Ticket.Level, v.Ticket.ProviderOrg), d.deskName(v.Next, rung.Org)}
		}
	}
	if typed != nil {
		p.Handover, p.Note, p.Errors = d.retyped(typed, missing == nil), typed.get("note"), no.errors
	}
	if missing != nil {
		// what was given is stored, the secret sealed: it does not go back into the page
		p.Errors = nil
		for _, id := range missing {
			p.Missing = append(p.Missing, d.f.T("%s", d.information(id)))
		}
	}
	if no.stale != nil {
		p.Conflict = d.conflict(*no.stale)
	}
	return s.render(w, r, no.status, p.View())
}

func (s *site) escalate(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	number := r.PathValue("number")
	found, err := s.Tickets.Find(r.Context(), a, number)
	if err != nil {
		return err
	}
	f, err := s.read(w, r, a)
	if err != nil {
		return err
	}
	if f.Has("add") {
		return s.showEscalate(w, r, a, f, refusal{status: http.StatusOK}, nil)
	}
	t, err := s.Tickets.Escalate(r.Context(), a, number, f.version(), given(f, found.Rules.Policy))
	if gate, ok := fault.Detail(err).(ticket.GateMissing); ok {
		return s.showEscalate(w, r, a, f, refusal{status: http.StatusUnprocessableEntity}, gate.Missing)
	}
	if no, ok := refused(s.bare(r), err); err != nil && ok {
		return s.showEscalate(w, r, a, f, no, nil)
	}
	if err != nil {
		return err
	}
	if err := s.word(r, a, t, f.get("note")); err != nil {
		return err
	}
	s.note(w, "escalated")
	return s.redirect(w, r, s.after(r, a, number, &form{}))
}

// word is the note that goes with a hand-over, into the room between the two levels.
func (s *site) word(r *http.Request, a identity.Actor, t *ticket.Ticket, text string) error {
	if text == "" {
		return nil
	}
	v, err := s.Tickets.View(r.Context(), a, t.Name(), "")
	if err != nil {
		return err
	}
	for _, room := range v.Rooms {
		if room.Kind == ticket.LevelsRoom && room.UpperLevel == t.Level && room.UpperOrg == t.ProviderOrg {
			_, _, err = s.Tickets.Write(r.Context(), a, t.Name(), 0, ticket.Post{Room: room.ID, Body: text, Channel: "desk"})
		}
	}
	return err
}
