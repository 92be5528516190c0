package web

import (
	"net/http"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// refusal is why a form was not accepted: its page comes back with it, and with everything that was typed.
type refusal struct {
	status int
	errors page.Errors
	stale  *ticket.Stale
	// kept is true when what the form brought was stored all the same.
	kept bool
}

// refused reads a fault that belongs on the page of the form; ok is false for
// all others, which become pages of their own. A reader who may see the page but
// not do this is told so there.
func refused(f page.Frame, err error) (out refusal, ok bool) {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge:
		out.status = http.StatusUnprocessableEntity
	case fault.Denied:
		out.status = http.StatusForbidden
	case fault.Conflict:
		out.status = http.StatusConflict
		if stale, found := fault.Detail(err).(ticket.Stale); found && len(stale.Events) > 0 {
			out.stale = &stale
			return out, true
		}
	default:
		return out, false
	}
	_, out.kept = fault.Detail(err).(ticket.GateMissing)
	out.errors = fieldErrors(f, err)
	return out, true
}

// fieldErrors names what is wrong with each field, or the whole form.
func fieldErrors(f page.Frame, err error) page.Errors {
	labels := map[string]string{"subject": f.T("In one line"), "body": f.T("What happened?"), "category": f.T("What is it about?"), "instance": f.T("Where does it happen?"),
		"reference": f.T("Your own number"), "requester": f.T("Who asks?"), "assignee": f.T("Assign to"), "reason": f.T("Reason"), "room": f.T("Room")}
	var out page.Errors
	for _, field := range fault.Fields(err) {
		one := page.FieldError{Field: field.Path, Label: labels[field.Path], Message: field.Message}
		if one.Label == "" {
			// an information of the policy
			one.Label = wording.Capital(plain(strings.TrimPrefix(field.Path, page.WaiveField(""))))
			if name, is := strings.CutPrefix(field.Path, "facts."); is {
				one.Label, one.Field = wording.Capital(plain(name)), page.FactField(name)
			} else if !strings.HasPrefix(field.Path, page.WaiveField("")) {
				one.Field = page.InfoField(field.Path)
			}
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		out = page.Errors{{Message: fault.Message(err)}}
	}
	return out
}
