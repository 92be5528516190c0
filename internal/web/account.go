package web

import (
	"net/http"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

func (s *site) accountPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	return s.showAccount(w, r, a, http.StatusOK, page.Account{ZoneName: a.Zone})
}

func (s *site) showAccount(w http.ResponseWriter, r *http.Request, a identity.Actor, code int, p page.Account) error {
	f, err := s.frame(w, r, a, surfaceOf(r, a))
	if err != nil {
		return err
	}
	f.Path = "/account"
	p.Frame, p.Email, p.Organisation, p.Zones = f, a.Email, page.Org{Name: a.OrgName, Kind: page.OrgKind(a.OrgKind)}, zones()
	if p.ZoneName == "" {
		p.ZoneName = a.Zone
	}
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		list, err := identity.Tokens(tx, a.PersonID)
		p.Tokens = nil
		for _, t := range list {
			p.Tokens = append(p.Tokens, page.Token{ID: t.ID, Name: t.Name, CreatedAt: t.CreatedAt})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, code, p.View())
}

// refuseAccount shows the page again with what is wrong; names maps the register's fields to the form's.
func (s *site) refuseAccount(w http.ResponseWriter, r *http.Request, a identity.Actor, err error, p page.Account, names map[string]string) error {
	if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.TooMany) {
		return err
	}
	for _, field := range fault.Fields(err) {
		p.Errors = append(p.Errors, page.FieldError{Field: names[field.Path], Message: field.Message})
	}
	if len(p.Errors) == 0 {
		p.Errors = page.Errors{{Message: fault.Message(err)}}
	}
	return s.showAccount(w, r, a, status(err), p)
}

func (s *site) setZone(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	if err := plainForm(w, r); err != nil {
		return err
	}
	name := r.PostFormValue("zone")
	err := s.DB.Write(r.Context(), func(tx *db.Tx) error { return identity.SetZone(tx, a.PersonID, name) })
	if err != nil {
		return s.refuseAccount(w, r, a, err, page.Account{ZoneName: name}, map[string]string{"zone": "zone"})
	}
	s.note(w, "zone")
	return s.redirect(w, r, "/account")
}

func (s *site) setPassword(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	if err := plainForm(w, r); err != nil {
		return err
	}
	err := s.Identity.ChangePassword(r.Context(), s.session(r), r.PostFormValue("current_password"), r.PostFormValue("new_password"))
	if err != nil {
		return s.refuseAccount(w, r, a, err, page.Account{}, map[string]string{"current": "current_password", "password": "new_password"})
	}
	s.note(w, "password")
	return s.redirect(w, r, "/account")
}

// makeToken shows the new token in this answer only.
func (s *site) makeToken(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	if err := plainForm(w, r); err != nil {
		return err
	}
	name, bare := r.PostFormValue("token_name"), ""
	err := s.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
		bare, _, err = identity.CreateToken(tx, a.PersonID, name)
		return err
	})
	if err != nil {
		return s.refuseAccount(w, r, a, err, page.Account{TokenName: name}, map[string]string{"name": "token_name"})
	}
	return s.showAccount(w, r, a, http.StatusOK, page.Account{NewToken: bare})
}

func (s *site) revokeToken(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	err := s.DB.Write(r.Context(), func(tx *db.Tx) error { return identity.RevokeToken(tx, a.PersonID, r.PathValue("id")) })
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	s.note(w, "revoked")
	return s.redirect(w, r, "/account")
}

// zones are names to suggest; any name of the time zone database is taken.
func zones() []string {
	return []string{
		"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Anchorage", "America/Argentina/Buenos_Aires", "America/Bogota",
		"America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Phoenix",
		"America/Santiago", "America/Sao_Paulo", "America/St_Johns", "America/Toronto", "America/Vancouver", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai",
		"Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Manila", "Asia/Seoul", "Asia/Shanghai",
		"Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Reykjavik", "Australia/Adelaide", "Australia/Brisbane", "Australia/Perth", "Australia/Sydney",
		"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest", "Europe/Copenhagen", "Europe/Dublin",
		"Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague",
		"Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu", "UTC",
	}
}
