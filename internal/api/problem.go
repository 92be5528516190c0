package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

const problemType = "application/problem+json"

// retryAfter is what a client is told when the database cannot take it now, in seconds.
const retryAfter = 5

// problem is an error as clients see it (RFC 9457).
type problem struct {
	Type   string       `json:"type" doc:"Always about:blank: the status says what kind of problem it is."`
	Title  string       `json:"title" doc:"The status in words."`
	Status int          `json:"status" doc:"The HTTP status."`
	Detail string       `json:"detail" doc:"What to do next, in one sentence."`
	Errors []fieldError `json:"errors,omitempty" nullable:"false" doc:"The fields at fault."`
	// Missing and Clause belong to a gate.
	Missing []string    `json:"missing,omitempty" nullable:"false" doc:"What a hand-over still needs, in the policy's order."`
	Clause  string      `json:"clause,omitempty" doc:"The clause of the policy that says so."`
	Current *currentOut `json:"current,omitempty" doc:"The ticket as it is now, when it changed meanwhile."`

	headers http.Header
}

type fieldError struct {
	Path     string `json:"path" doc:"The field, for example subject."`
	Location string `json:"location" doc:"Where it was sent, for example body.subject."`
	Message  string `json:"message"`
}

type currentOut struct {
	Version int     `json:"version"`
	State   string  `json:"state"`
	Level   *string `json:"level"`
}

// Error is for huma, which shows it to nobody.
func (p *problem) Error() string { return p.Detail }

// GetStatus and the following methods tell huma how to send the problem.
func (p *problem) GetStatus() int { return p.Status }

// GetHeaders are the headers that belong to the status.
func (p *problem) GetHeaders() http.Header { return p.headers }

// ContentType is that of problem documents.
func (p *problem) ContentType(string) string { return problemType }

func newProblem(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, headers: http.Header{}}
}

func (p *problem) write(w http.ResponseWriter) {
	for k, v := range p.headers {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p)
}

// statusOf is the one place that maps kinds of faults to statuses.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Denied:
		return http.StatusForbidden
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

// problemOf shows a fault and logs what a person of ours must look at.
func (a *api) problemOf(ctx context.Context, method, path string, err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	status := statusOf(fault.KindOf(err))
	p := newProblem(status, fault.Message(err))
	where := "body"
	if method == http.MethodGet {
		where = "query"
	}
	fields := fault.Fields(err)
	if status == http.StatusInternalServerError {
		fields = nil // they are for the log
	}
	for _, f := range fields {
		p.Errors = append(p.Errors, fieldError{Path: f.Path, Location: where + "." + f.Path, Message: f.Message})
	}
	p.detail(fault.Detail(err))
	switch status {
	case http.StatusInternalServerError:
		if ctx.Err() == nil {
			a.Log.Error("API request failed", "method", method, "path", path, "error", err)
		}
	case http.StatusServiceUnavailable:
		p.headers.Set("Retry-After", strconv.Itoa(retryAfter))
		if ctx.Err() == nil {
			a.Log.Warn("API request could not be served now", "method", method, "path", path, "error", err)
		}
	case http.StatusUnauthorized:
		p.headers.Set("WWW-Authenticate", `Bearer realm="Tierdesk"`)
	}
	return p
}

// detail adds what a fault says to machines.
func (p *problem) detail(v any) {
	switch d := v.(type) {
	case ticket.GateMissing:
		p.Missing, p.Clause = d.Missing, d.Clause
	case ticket.Stale:
		p.Current = &currentOut{Version: d.Version, State: string(d.State), Level: optional(d.Level)}
	case coverage.Decision:
		for _, r := range d.Because {
			if !r.Overridden {
				p.Clause = r.Clause
				break
			}
		}
	case identity.Wait:
		p.headers.Set("Retry-After", strconv.FormatInt(d.Seconds, 10))
	}
}

// plain turns the errors that huma makes itself into problems of ours: without
// the value that was sent, which may be a secret, and without words of the decoder.
func (a *api) plain(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := newProblem(e.Status, sentence(e.Status))
	for _, d := range e.Errors {
		if d != nil {
			p.Errors = append(p.Errors, plainField(d))
		}
	}
	if e.Status == http.StatusInternalServerError {
		p.Detail = fault.Message(nil)
	}
	return p, nil
}

func plainField(d *huma.ErrorDetail) fieldError {
	f := fieldError{Location: d.Location, Message: d.Message}
	if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
		f.Location += "." + strings.TrimSuffix(name, " to be present")
		f.Message = "This is needed."
	}
	if strings.HasPrefix(d.Message, "json:") {
		f.Message = "This could not be read; check the types of its fields."
	}
	if d.Message == "unexpected property" {
		f.Message = "There is no such field."
	}
	_, f.Path, _ = strings.Cut(f.Location, ".")
	return f
}

// sentence says what to do about an error that was found before a use case ran.
func sentence(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "The body is not valid JSON, or it is missing. Correct it and send it again."
	case http.StatusRequestEntityTooLarge:
		return "The body is larger than 2 MB. Send large texts as files."
	case http.StatusUnsupportedMediaType:
		return "Send the body as JSON, with Content-Type: application/json."
	case http.StatusRequestTimeout:
		return "The body took too long to arrive. Send it again."
	case http.StatusUnprocessableEntity:
		return "Some fields are wrong or missing. Correct those listed and send it again."
	}
	return "The request could not be read. Correct it and send it again."
}

func describeStatus(code int) string {
	switch code {
	case http.StatusBadRequest:
		return "The body is not JSON."
	case http.StatusUnauthorized:
		return "The token is missing or wrong."
	case http.StatusForbidden:
		return "You may not do this."
	case http.StatusNotFound:
		return "There is no such thing, or you may not see it."
	case http.StatusConflict:
		return "It changed meanwhile; read it again."
	case http.StatusRequestEntityTooLarge:
		return "The body is too large."
	case http.StatusUnsupportedMediaType:
		return "The body is of another type."
	case http.StatusUnprocessableEntity:
		return "A field is wrong, or something is missing."
	case http.StatusTooManyRequests:
		return "Too many requests; wait."
	case http.StatusServiceUnavailable:
		return "The database cannot take it now. Nothing was half written; send it again."
	}
	return "Our mistake."
}

func headersOf(code int) map[string]*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	switch code {
	case http.StatusUnauthorized:
		return map[string]*huma.Param{"WWW-Authenticate": {Schema: text}}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return map[string]*huma.Param{"Retry-After": {Schema: text, Description: "Seconds to wait."}}
	}
	return nil
}

func schemaOf[T any](r huma.Registry) *huma.Schema { return r.Schema(reflect.TypeFor[T](), true, "") }

// schemaName names a schema after its Go type without the direction it travels.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for _, suffix := range []string{"Out", "In"} {
		if short, ok := strings.CutSuffix(name, suffix); ok && short != "" {
			return short
		}
	}
	return name
}
