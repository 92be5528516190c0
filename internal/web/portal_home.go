package web

import (
	"net/http"
	"strings"

	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
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
	p := page.Home{Frame: f, Name: firstName(a.Name)}
	return s.render(w, r, http.StatusOK, p.View())
}

func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}
