package web

import (
	"mime"
	"net/http"
	"time"

	"github.com/tierdesk/tierdesk/internal/register/identity"
)

// file serves an attachment to who may read its room, asked at each fetch (attack
// 33). Pictures of four plain types are shown; all else is a download that no
// browser runs (attacks 21, 22).
func (s *site) file(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	found, err := s.Tickets.AttachmentOf(r.Context(), a, r.PathValue("ticket"), r.PathValue("attachment"))
	if err != nil {
		return err
	}
	content, err := s.Files.Open(found.Hash)
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	kind, how := "application/octet-stream", "attachment"
	if picture(found.ContentType) {
		kind, how = found.ContentType, "inline"
	}
	h.Set("Content-Type", kind)
	disposition := mime.FormatMediaType(how, map[string]string{"filename": found.Name})
	if disposition == "" {
		disposition = how
	}
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+found.Hash+`"`)
	http.ServeContent(w, r, "", time.Time{}, content)
	return nil
}
