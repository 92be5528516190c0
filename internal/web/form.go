package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// What one form may bring. A file has the limit of attach.MaxBytes besides.
const (
	maxUpload = 1 << 30
	maxFields = 500
	maxText   = 4 << 20
	maxFiles  = 50
)

// form is a form that was read: its texts, and its files, already stored under the name of their field.
type form struct {
	url.Values
	files map[string][]attach.File
}

// read takes a form of either encoding. Files go straight to the store, one
// after the other, so that memory stays small whatever is sent; what no use case
// takes afterwards belongs to no ticket and can be read by nobody.
func (s *site) read(w http.ResponseWriter, r *http.Request, a identity.Actor) (*form, error) {
	f := &form{Values: url.Values{}, files: map[string][]attach.File{}}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		r.Body = http.MaxBytesReader(w, r.Body, maxText)
		if err := r.ParseForm(); err != nil {
			return nil, badForm(err)
		}
		f.Values = r.PostForm
		return f, nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, badForm(err)
	}
	left, fields, files := int64(maxText), 0, 0
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			s.restore(a, f)
			return f, nil
		}
		if err != nil {
			return nil, badForm(err)
		}
		if fields++; fields > maxFields {
			return nil, fault.New(fault.TooLarge, "This form has more fields than the desk takes.")
		}
		if isFile(part) {
			if part.FileName() == "" {
				continue
			}
			if files++; files > maxFiles {
				return nil, fault.New(fault.TooLarge, "Please send at most 50 files at once.")
			}
			if err := s.store(r, f, part); err != nil {
				return nil, err
			}
			continue
		}
		if left, err = f.text(part, left); err != nil {
			return nil, err
		}
	}
}

// isFile reports a part that a file input sent, also an empty one.
func isFile(p *multipart.Part) bool {
	return strings.Contains(p.Header.Get("Content-Disposition"), "filename")
}

func (s *site) store(r *http.Request, f *form, part *multipart.Part) error {
	stored, err := s.Files.Add(r.Context(), part.FileName(), part)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return badForm(err)
		}
		return err
	}
	f.files[part.FormName()] = append(f.files[part.FormName()], stored)
	return nil
}

func (f *form) text(part *multipart.Part, left int64) (int64, error) {
	data, err := io.ReadAll(io.LimitReader(part, left+1))
	if err != nil {
		return 0, badForm(err)
	}
	if left -= int64(len(data)); left < 0 {
		return 0, fault.New(fault.TooLarge, "The texts of this form are longer than 4 MB. Attach the long one as a file.")
	}
	f.Add(part.FormName(), string(data))
	return left, nil
}

// get is a text as browsers send it, with line ends of this system.
func (f *form) get(name string) string { return lines(f.Get(name)) }

func lines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// version is the state of the ticket that the form was made from; 0 takes any.
func (f *form) version() int {
	n, err := strconv.Atoi(f.Get("version"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// rows reads repeated fields as rows.
func (f *form) rows(names ...string) [][]string {
	var out [][]string
	for i := range longest(f.Values, names) {
		row := make([]string, len(names))
		for k, name := range names {
			if i < len(f.Values[name]) {
				row[k] = lines(f.Values[name][i])
			}
		}
		out = append(out, row)
	}
	return out
}

func longest(v url.Values, names []string) int {
	n := 0
	for _, name := range names {
		n = max(n, len(v[name]))
	}
	return n
}

// badForm says why a form could not be read.
func badForm(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.TooLarge, "This is more than the desk takes at once.").WithCause(err)
	}
	return fault.New(fault.Invalid, "The form did not arrive whole. Please send it again.").WithCause(err)
}

// taken are the stored files of a field as a ticket takes them.
func (f *form) taken(field string) []ticket.File { return f.files[field] }
