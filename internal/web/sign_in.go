package web

import (
	"net/http"
	"net/url"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

const maxForm = 64 << 10

func (s *site) signInPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	to := local(r.URL.Query().Get("return"), "/")
	if a.PersonID != "" {
		return s.redirect(w, r, to)
	}
	return s.showSignIn(w, r, http.StatusOK, page.SignIn{Return: to})
}

func (s *site) showSignIn(w http.ResponseWriter, r *http.Request, code int, p page.SignIn) error {
	f, err := s.frame(w, r, identity.Actor{}, page.Portal)
	if err != nil {
		return err
	}
	p.Frame, p.Demo = f, s.Demo
	return s.render(w, r, code, p.View())
}

func (s *site) signIn(w http.ResponseWriter, r *http.Request, _ identity.Actor) error {
	if err := plainForm(w, r); err != nil {
		return err
	}
	p := page.SignIn{Email: r.PostFormValue("email"), Return: local(r.PostFormValue("return"), "/")}
	token, _, err := s.Identity.SignIn(r.Context(), p.Email, r.PostFormValue("password"), r.UserAgent(), s.client(r))
	switch fault.KindOf(err) {
	case fault.Unauthenticated:
		p.Errors = page.Errors{{Message: fault.Message(err)}}
		return s.showSignIn(w, r, http.StatusUnprocessableEntity, p)
	case fault.TooMany:
		p.Errors = page.Errors{{Message: fault.Message(err)}}
		return s.showSignIn(w, r, http.StatusTooManyRequests, p)
	}
	if err != nil {
		return err
	}
	// whatever session the browser brought is not taken over (attack 44)
	if old := s.session(r); old != "" {
		if err := s.DB.Write(r.Context(), func(tx *db.Tx) error { return identity.EndSession(tx, old) }); err != nil {
			return err
		}
	}
	http.SetCookie(w, s.cookie(s.sessionName(), token, sessionSeconds))
	return s.redirect(w, r, p.Return)
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request, _ identity.Actor) error {
	if token := s.session(r); token != "" {
		if err := s.DB.Write(r.Context(), func(tx *db.Tx) error { return identity.EndSession(tx, token) }); err != nil {
			return err
		}
	}
	http.SetCookie(w, s.cookie(s.sessionName(), "", -1))
	return s.redirect(w, r, "/sign-in")
}

// toSignIn sends a reader without a session to sign in, and back afterwards: to
// the page itself, or to the page whose form was sent; its draft is kept in the browser.
func (s *site) toSignIn(w http.ResponseWriter, r *http.Request) {
	to := r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		to = "/"
		if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
			to = from.RequestURI()
		}
	}
	http.Redirect(w, r, "/sign-in?return="+url.QueryEscape(local(to, "/")), http.StatusSeeOther)
}

// appearance keeps the choice of light or dark in the browser, with or without a session.
func (s *site) appearance(w http.ResponseWriter, r *http.Request, _ identity.Actor) error {
	if err := plainForm(w, r); err != nil {
		return err
	}
	theme, seconds := "", -1
	if v := r.PostFormValue("theme"); v == string(page.ThemeLight) || v == string(page.ThemeDark) {
		theme, seconds = v, sessionSeconds
	}
	http.SetCookie(w, s.cookie(themeCookie, theme, seconds))
	return s.redirect(w, r, local(r.PostFormValue("return"), "/"))
}

// plainForm reads a form without files.
func plainForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	return nil
}
