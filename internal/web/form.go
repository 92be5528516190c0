package web

import (
	"errors"
	"net/http"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// badForm says why a form could not be read.
func badForm(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.TooLarge, "This is more than the desk takes at once.").WithCause(err)
	}
	return fault.New(fault.Invalid, "The form did not arrive whole. Please send it again.").WithCause(err)
}
