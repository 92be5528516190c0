package web

import (
	"context"
	"net/http"

	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// requestRoom is where the asker's side and the desk that serves them talk.
const requestRoom = "requester"

func (s *site) requestPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	return s.showRequest(w, r, a, &form{}, refusal{status: http.StatusOK})
}

// showRequest is one request for the side that asked; who only answers it is led to the desk.
func (s *site) showRequest(w http.ResponseWriter, r *http.Request, a identity.Actor, typed *form, no refusal) error {
	v, err := s.Tickets.ViewBefore(r.Context(), a, r.PathValue("number"), requestRoom, r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	if !v.Asks {
		if a.Staff() && r.Method == http.MethodGet {
			return s.redirect(w, r, "/desk/tickets/"+v.Ticket.Name())
		}
		return errNothing
	}
	f, err := s.frame(w, r, a, page.Portal)
	if err != nil {
		return err
	}
	f.LiveTopic, f.Kept = "ticket:"+v.Ticket.ID, s.keep(a, typed, no)
	p := s.request(f, v, a)
	p.Body, p.Reason, p.Errors = typed.get("body"), typed.get("reason"), no.errors
	if no.stale != nil {
		p.Conflict = s.sight(f, v, a).conflict(*no.stale)
	}
	if p.Handover != nil && typedAny(typed) {
		// what a gate refused is stored, the secrets sealed: they do not go back into the page
		h := s.sight(f, v, a).retyped(typed, !no.kept)
		p.Handover = &h
	}
	return s.render(w, r, no.status, p.View())
}

func (s *site) request(f page.Frame, v *ticket.View, a identity.Actor) page.Request {
	d, t := s.sight(f, v, a), &v.Ticket
	p := page.Request{Frame: f, Number: t.Name(), Subject: subject(t.Subject, f), Version: int64(t.Version), State: page.State(t.State), Reference: t.Reference,
		OpenedAt: t.CreatedAt, Answers: d.org(t.ProviderOrg), Level: d.level(t.Level), Timeline: d.timeline(),
		CanReply: v.May.Reply && !v.May.Reopen, CanSolve: v.May.Solve, CanReopen: v.May.Reopen, DraftKey: "request-" + t.ID + "-" + a.PersonID}
	p.Decision, p.Hours = d.portalDecision(&v.Judgement.Decision, p.Answers, v.Judgement.At), d.hours(&v.Judgement.Decision)
	if t.State == ticket.Declined {
		// whoever writes to this is still answered, but no level works on it
		p.Level, p.Hours = "", page.Hours{}
	}
	if t.Category != "" {
		p.Category = d.category(t.Category)
	}
	if v.Instance != nil {
		p.Instance = v.Instance.Name
	}
	if t.RequesterID != a.PersonID {
		p.Requester = d.requester()
	}
	p.Readers = d.readers(v.Current)
	p.Earlier, p.Newest = d.pages("/requests/"+t.Name(), "")
	p.Next = d.next()
	if v.May.Answer {
		p.Open = d.open(v.Pressing)
	}
	if t.State == ticket.Incomplete && v.May.GiveDetails {
		h := d.stored()
		p.Handover = &h
	}
	return p
}

// next says whose turn it is and by when.
func (s sight) next() page.Next {
	t := &s.v.Ticket
	n := page.Next{Kind: page.NextAnswer, Who: s.org(t.ProviderOrg).Name}
	switch t.State {
	case ticket.Incomplete:
		n.Kind = page.NextDetails
	case ticket.Waiting:
		n.Kind = page.NextYou
	case ticket.Solved, ticket.Closed:
		n.Kind = page.NextNone
	case ticket.Declined:
		n.Kind = page.NextDeclined
	default:
		if d := &s.v.Judgement.Decision; d.ChannelAllowed != nil && !*d.ChannelAllowed {
			n.Kind, n.Channel = page.NextChannel, s.channel(d.UseChannel)
			return n
		}
		n.By, n.Goal, n.Steps = nextDue(s.clocks(s.v.Clocks, s.deadlines()))
	}
	return n
}

// action is one form on a request or a ticket: its use case and what is said afterwards.
type action struct {
	note string
	do   func(ctx context.Context, a identity.Actor, number string, f *form) error
}

// requestAction makes a handler of a form on a request; it is read only after the reader was found to see the request.
func (s *site) requestAction(act action) handler {
	return func(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
		number := r.PathValue("number")
		if _, err := s.Tickets.Find(r.Context(), a, number); err != nil {
			return err
		}
		f, err := s.read(w, r, a)
		if err != nil {
			return err
		}
		if f.Has("add") {
			return s.showRequest(w, r, a, f, refusal{status: http.StatusOK})
		}
		err = act.do(r.Context(), a, number, f)
		if no, ok := refused(s.bare(r), err); err != nil && ok {
			return s.showRequest(w, r, a, f, no)
		}
		if err != nil {
			return err
		}
		s.note(w, act.note)
		return s.redirect(w, r, "/requests/"+number)
	}
}

func (s *site) reply(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, _, err := s.Tickets.Write(ctx, a, number, f.version(), ticket.Post{Room: requestRoom, Body: f.get("body"), Channel: "portal", Files: f.taken("files")})
	return err
}

func (s *site) details(ctx context.Context, a identity.Actor, number string, f *form) error {
	found, err := s.Tickets.Find(ctx, a, number)
	if err != nil {
		return err
	}
	_, err = s.Tickets.Escalate(ctx, a, number, f.version(), given(f, found.Rules.Policy))
	return err
}

func (s *site) solveOwn(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Solve(ctx, a, number, f.version(), "")
	return err
}

func (s *site) reopenOwn(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Reopen(ctx, a, number, f.version(), f.get("reason"))
	return err
}
