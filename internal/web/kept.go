package web

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/attach"
)

// keptName is the field in which a form that came back names the files it holds already.
func keptName(field string) string { return "kept_" + field }

// keep names the files of a form that comes back, so that the reader need not
// choose them again: a browser sends no file twice by itself. Each name is
// tagged for this reader, so that nobody can name a file that they did not send.
func (s *site) keep(a identity.Actor, f *form, no refusal) map[string][]page.Kept {
	if no.kept {
		return nil
	}
	out := map[string][]page.Kept{}
	for field, files := range f.files {
		for _, file := range files {
			text, err := json.Marshal(file)
			if err != nil {
				continue // texts and a number: it cannot fail
			}
			name := base64.RawURLEncoding.EncodeToString(text)
			out[field] = append(out[field], page.Kept{Name: file.Name, Size: file.Size, Token: s.Sealer.MAC("kept file", a.PersonID, name) + "." + name})
		}
	}
	return out
}

// restore takes back the files that keep named for the same reader.
func (s *site) restore(a identity.Actor, f *form) {
	for name, tokens := range f.Values {
		field, is := strings.CutPrefix(name, keptName(""))
		if !is {
			continue
		}
		for _, token := range tokens {
			mac, name, _ := strings.Cut(token, ".")
			if !s.Sealer.Equal(mac, "kept file", a.PersonID, name) || len(f.files[field]) >= maxFiles {
				continue
			}
			var file attach.File
			text, err := base64.RawURLEncoding.DecodeString(name)
			if err == nil && json.Unmarshal(text, &file) == nil {
				f.files[field] = append(f.files[field], file)
			}
		}
	}
}
