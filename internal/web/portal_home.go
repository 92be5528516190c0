package web

import (
	"net/http"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

const (
	homeRows    = 5
	requestPage = 25
)

// home is the first page: the desk for who answers, the portal for who asks.
func (s *site) home(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	if a.Staff() {
		return s.redirect(w, r, "/desk")
	}
	f, err := s.frame(w, r, a, page.Portal)
	if err != nil {
		return err
	}
	list, err := s.Tickets.Asked(r.Context(), a, "", homeRows)
	if err != nil {
		return err
	}
	p := page.Home{Frame: f, Name: firstName(a.Name), More: list.Next != ""}
	if p.Requests, err = s.requestRows(r, a, list.Rows, f); err != nil {
		return err
	}
	if err := s.whoAnswers(r, a, &p); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, p.View())
}

// whoAnswers names the desk that a request of this person would come to.
func (s *site) whoAnswers(r *http.Request, a identity.Actor, p *page.Home) error {
	first, err := s.Tickets.Preview(r.Context(), a, ticket.About{Channel: "portal"})
	if fault.Is(err, fault.NotFound) {
		return nil // no policy is in force yet
	}
	if err != nil {
		return err
	}
	p.Desk, p.Hours = orgOf(first.Provider), reading{p.Frame, first.Rules}.hours(&first.Decision)
	return s.DB.Read(r.Context(), func(tx *db.Tx) error {
		desks, err := org.Desks(tx, first.Provider.ID)
		for _, d := range desks {
			if d.Address != "" && p.Mail == "" {
				p.Mail = d.Address
			}
		}
		return err
	})
}

// requests is everything that the reader asked, or, for who acts for a customer, what the customer asked.
func (s *site) requests(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	after := r.URL.Query().Get("after")
	list, err := s.Tickets.Asked(r.Context(), a, after, requestPage)
	if fault.Is(err, fault.Invalid) {
		return s.redirect(w, r, "/requests")
	}
	if err != nil {
		return err
	}
	f, err := s.frame(w, r, a, page.Portal)
	if err != nil {
		return err
	}
	p := page.Requests{Frame: f, Older: list.Next, First: after == ""}
	if p.Rows, err = s.requestRows(r, a, list.Rows, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, p.View())
}

func (s *site) requestRows(r *http.Request, a identity.Actor, list []ticket.Row, f page.Frame) ([]page.RequestRow, error) {
	var ids []string
	for _, t := range list {
		ids = append(ids, t.ProviderOrg)
	}
	var names map[string]string
	err := s.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		names, err = org.Names(tx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows := make([]page.RequestRow, 0, len(list))
	for _, t := range list {
		row := page.RequestRow{Number: t.Name(), Subject: subject(t.Subject, f), State: page.State(t.State), UpdatedAt: t.UpdatedAt, Answers: names[t.ProviderOrg]}
		if t.DueAt != nil {
			row.By = *t.DueAt
		}
		if t.RequesterID != a.PersonID {
			row.Requester = t.RequesterName
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}
