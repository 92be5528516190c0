package web

import (
	"net/http"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func (s *site) ticketNewPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	return s.showTicketNew(w, r, a, &form{Values: r.URL.Query()}, refusal{status: http.StatusOK})
}

// ticketNew writes a ticket for somebody who asked by telephone or in person.
func (s *site) ticketNew(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := s.read(w, r, a)
	if err != nil {
		return err
	}
	if f.Has("check") {
		return s.showTicketNew(w, r, a, f, refusal{status: http.StatusOK})
	}
	requester, err := s.personByMail(r, f.get("requester"))
	if err != nil {
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
			return s.showTicketNew(w, r, a, f, s.noRequester())
		}
		return err
	}
	opened, err := s.Tickets.Open(r.Context(), a, ticket.Draft{Channel: "desk", By: f.Get("channel"), RequesterID: requester, Subject: f.get("subject"), Body: f.get("body"), Category: f.Get("category"), Severity: f.Get("severity"),
		Reference: f.get("reference"), InstanceID: f.Get("instance"), Verified: true, Files: f.taken("files"), Facts: typedFacts(f.Values)})
	if fault.Is(err, fault.NotFound) {
		return s.showTicketNew(w, r, a, f, s.noRequester())
	}
	if no, ok := refused(s.bare(r), err); err != nil && ok {
		return s.showTicketNew(w, r, a, f, no)
	}
	if err != nil {
		return err
	}
	to, word := "/desk/tickets/"+opened.Ticket.Name(), "created"
	if _, err := s.Tickets.Find(r.Context(), a, opened.Ticket.ID); fault.Is(err, fault.NotFound) {
		to, word = "/desk", "elsewhere"
	}
	s.note(w, word)
	return s.redirect(w, r, to)
}

// noRequester says the same of an unknown address and of somebody for whom this desk may not ask.
func (s *site) noRequester() refusal {
	return refusal{status: http.StatusUnprocessableEntity, errors: page.Errors{{Field: "requester", Label: "Who asks?", Message: "There is no person with this address whom you may ask for."}}}
}

func (s *site) showTicketNew(w http.ResponseWriter, r *http.Request, a identity.Actor, f *form, no refusal) error {
	frame, err := s.frame(w, r, a, page.Desk)
	if err != nil {
		return err
	}
	frame.Kept = s.keep(a, f, no)
	rules, err := s.rules(r)
	if err != nil {
		return err
	}
	p := page.TicketNew{Frame: frame, Requester: f.get("requester"), Categories: categories(frame, rules, f.Get("category")), Severities: severities(frame, rules, f.Get("severity")), Channels: deskChannels(frame, rules, f.Get("channel")), Subject: f.get("subject"), Body: f.get("body"),
		Reference: f.get("reference"), Coverage: page.Coverage{Frame: frame}, Errors: no.errors, DraftKey: "desk-new-" + a.PersonID}
	if err := s.aboutRequester(r, a, f, &p); err != nil {
		return err
	}
	return s.render(w, r, no.status, p.View())
}

// aboutRequester fills what depends on who asks, once the reader may ask for them.
func (s *site) aboutRequester(r *http.Request, a identity.Actor, f *form, p *page.TicketNew) error {
	if p.Requester == "" {
		return nil
	}
	id, err := s.personByMail(r, p.Requester)
	if err != nil {
		return onlyServer(err)
	}
	what := about(f.Values, "desk")
	what.RequesterID = id
	preview, err := s.Tickets.Preview(r.Context(), a, what)
	if err != nil {
		return onlyServer(err)
	}
	p.Facts = reading{p.Frame, preview.Rules}.asked(f.Values)
	p.Coverage = coverageBox(p.Frame, preview, f.Get("category") != "")
	var orgID string
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		who, err := identity.ByID(tx, id)
		orgID = who.OrgID
		return err
	})
	if err == nil {
		p.Instances, err = s.instances(r, orgID, f.Get("instance"))
	}
	return err
}

// onlyServer drops what the form's own errors say already.
func onlyServer(err error) error {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		return nil
	}
	return err
}
