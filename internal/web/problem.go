package web

import (
	"net/http"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

var errNothing = fault.New(fault.NotFound, "")

// status is how a fault is answered. What is denied reads as absent (attack 32);
// a page that may show more says so itself before it comes to this.
func status(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound, fault.Denied:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

// fail turns an error into a page; it is the only place that does.
func (s *site) fail(w http.ResponseWriter, r *http.Request, a identity.Actor, err error) {
	if fault.Is(err, fault.Unauthenticated) {
		s.toSignIn(w, r)
		return
	}
	p := page.Problem{Status: status(err)}
	switch p.Status {
	case http.StatusInternalServerError:
		p.Incident = db.NewID()
		s.Log.Error("page", "incident", p.Incident, "method", r.Method, "path", r.URL.Path, "person", a.PersonID, "error", err)
	case http.StatusServiceUnavailable:
		s.Log.Warn("page", "path", r.URL.Path, "error", err)
		p.RetrySeconds = 5
	case http.StatusTooManyRequests:
		if wait, ok := fault.Detail(err).(identity.Wait); ok {
			p.RetrySeconds = int(wait.Seconds)
		}
	case http.StatusConflict, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		p.Message = fault.Message(err)
	}
	s.problem(w, r, a, p)
}

func (s *site) problem(w http.ResponseWriter, r *http.Request, a identity.Actor, p page.Problem) {
	f, err := s.frame(w, r, a, surfaceOf(r, a))
	if err != nil {
		// the store does not answer: a page without a name and without lists still says so
		f = s.bare(r)
	}
	p.Frame = f
	if r.Method == http.MethodGet {
		p.LiveTopic = ""
	}
	if err := s.render(w, r, p.Status, p.View()); err != nil {
		s.Log.Error("problem page", "path", r.URL.Path, "error", err)
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
	}
}

func (s *site) nothing(http.ResponseWriter, *http.Request, identity.Actor) error { return errNothing }

// crossSite answers a form that another site sent in the reader's name.
func (s *site) crossSite(w http.ResponseWriter, r *http.Request) {
	p := page.Problem{Frame: s.bare(r), Status: http.StatusForbidden}
	p.Message = p.T("This form came from another site, so it was not accepted. Open the page here and send it again.")
	if err := s.render(w, r, p.Status, p.View()); err != nil {
		http.Error(w, "This form came from another site.", http.StatusForbidden)
	}
}
