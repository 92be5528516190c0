package web

import (
	"net/http"

	"github.com/tierdesk/tierdesk/internal/web/page"
)

// note keeps the outcome of an action for the page that the redirect leads to. It is a word of a fixed list, never text.
func (s *site) note(w http.ResponseWriter, word string) {
	http.SetCookie(w, s.cookie(noticeCookie, word, 60))
}

// takeNotice gives the outcome of the last action once. A page that refreshes its parts leaves it for the reader.
func (s *site) takeNotice(w http.ResponseWriter, r *http.Request, f page.Frame) *page.Notice {
	c, err := r.Cookie(noticeCookie)
	if err != nil || r.Method != http.MethodGet || r.Header.Get("X-Fragment") != "" {
		return nil
	}
	http.SetCookie(w, s.cookie(noticeCookie, "", -1))
	words := map[string]string{
		"sent":      f.T("Your message is sent."),
		"noted":     f.T("Your note is kept."),
		"taken":     f.T("It is yours now."),
		"assigned":  f.T("It is assigned."),
		"released":  f.T("It is back in the queue."),
		"escalated": f.T("It is handed over to the next level."),
		"returned":  f.T("It is returned."),
		"solved":    f.T("It is marked as solved."),
		"reopened":  f.T("It is open again."),
		"closed":    f.T("It is closed."),
		"recorded":  f.T("It is recorded, and the policy was asked again."),
		"details":   f.T("Thank you. Everything that was asked for is here."),
		"opened":    f.T("Your request is kept. You can follow it here."),
		"created":   f.T("The ticket is created."),
		"elsewhere": f.T("The ticket is created. Another desk answers it, so you do not see it here."),
		"zone":      f.T("Your time zone is saved."),
		"password":  f.T("Your password is changed. Your other devices are signed out."),
		"revoked":   f.T("The token is revoked."),
		"draft":     f.T("The draft is saved."),
		"probes":    f.T("The probes are saved; this is what they find."),
		"discarded": f.T("The draft is discarded."),
		"published": f.T("The policy is published."),
	}
	sentence := words[c.Value]
	if sentence == "" {
		return nil
	}
	return &page.Notice{Tone: page.Good, Text: sentence}
}
