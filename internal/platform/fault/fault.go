// Package fault is the one error type that crosses package borders: a kind that
// decides what happens next, one safe sentence for a person, field errors, and
// the cause, which is logged and never shown.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what a caller can do about an error. The zero value is Internal.
type Kind uint8

// The kinds, each with the way web, API and mail answer it.
const (
	Internal        Kind = iota // our mistake: 500, mail 451
	Invalid                     // the input is wrong: 422, mail 554
	NotFound                    // absent, or not to be seen by this person: 404
	Denied                      // may see it, may not do it: 403
	Conflict                    // changed meanwhile: 409
	Unavailable                 // try again later: 503, mail 452
	Unauthenticated             // nobody is signed in: 401
	TooMany                     // rate limit: 429
	TooLarge                    // over a size limit: 413, mail 552
)

var names = [...]string{"internal", "invalid", "not found", "denied", "conflict", "unavailable", "unauthenticated", "too many", "too large"}

// String is the kind's name in logs.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Field is one input field with what is wrong with it, in words for the person who filled it in.
type Field struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Error carries a kind, a safe sentence, field errors, an optional detail for
// machines (for example the items that a gate misses) and the cause.
type Error struct {
	Kind    Kind
	Message string
	Fields  []Field
	Detail  any
	Cause   error
	trail   []string
}

// New makes an error of a kind with one safe sentence that says what to do next.
func New(k Kind, message string) *Error { return &Error{Kind: k, Message: message} }

// Newf is New with a format; its arguments must be safe to show.
func Newf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// WithField returns a copy that also names a field.
func (e *Error) WithField(path, message string) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{path, message})
	return &c
}

// WithCause returns a copy that keeps the cause for the log.
func (e *Error) WithCause(err error) *Error {
	c := *e
	c.Cause = err
	return &c
}

// WithDetail returns a copy that carries a value for machines.
func (e *Error) WithDetail(v any) *Error {
	c := *e
	c.Detail = v
	return &c
}

// Error is for logs: trail, kind, sentence, cause. It is never shown to people.
func (e *Error) Error() string {
	var b strings.Builder
	for i := len(e.trail) - 1; i >= 0; i-- {
		b.WriteString(e.trail[i] + ": ")
	}
	b.WriteString(e.Kind.String() + ": " + e.Message)
	for _, f := range e.Fields {
		b.WriteString("; " + f.Path + ": " + f.Message)
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf is the kind of the outermost fault in err; Internal when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of kind k; false for nil.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Message is the safe sentence for a person.
func Message(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Message != "" {
		return e.Message
	}
	return "Something went wrong on our side. Nothing was lost; please try again."
}

// Fields are the field errors of err, or nil.
func Fields(err error) []Field {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fields
	}
	return nil
}

// Detail is the machine-readable detail of err, or nil.
func Detail(err error) any {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Detail
	}
	return nil
}

// Wrap adds a line to the error's trail for the log and keeps its kind and
// sentence: `defer fault.Wrap(&err, "ticket.Escalate %s", id)`.
func Wrap(err *error, format string, args ...any) {
	if *err == nil {
		return
	}
	line := fmt.Sprintf(format, args...)
	if e, ok := (*err).(*Error); ok {
		c := *e
		c.trail = append(append([]string(nil), e.trail...), line)
		*err = &c
		return
	}
	*err = fmt.Errorf("%s: %w", line, *err)
}
