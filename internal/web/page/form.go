package page

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// attrs ties an input to its label, hint and error: id, name, aria-describedby, aria-invalid.
func attrs(name, hint string, errs Errors) templ.Attributes {
	return namedAttrs(name, name, hint, errs)
}

// namedAttrs is attrs for a repeated field, whose key ("info.ID.COLUMN.2") differs from its form name.
func namedAttrs(name, key, hint string, errs Errors) templ.Attributes {
	id := fieldID(key)
	out := templ.Attributes{"id": id, "name": name}
	described := ""
	if hint != "" {
		described = id + "-hint"
	}
	if errs.For(key) != "" {
		described = joined(described, id+"-error")
		out["aria-invalid"] = "true"
	}
	if described != "" {
		out["aria-describedby"] = described
	}
	return out
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

func errorLine(e FieldError) string {
	if e.Label == "" {
		return e.Message
	}
	if strings.HasSuffix(e.Label, "?") {
		return e.Label + " " + e.Message
	}
	return e.Label + ": " + e.Message
}

func clauseTitle(c Clause) string {
	if c.Title == "" {
		return spoken(c.Anchor)
	}
	return c.Title
}

func clockIcon(s ClockState) string {
	switch s {
	case ClockMet:
		return "check"
	case ClockMissed:
		return "alert"
	}
	return "clock"
}

func (f Frame) clockTone(c Clock) Tone {
	switch c.State {
	case ClockMet:
		return Good
	case ClockMissed:
		return Bad
	case ClockRunning:
		if c.Due != 0 {
			return f.dueTone(c.Due)
		}
	}
	return Neutral
}

func (f Frame) clockWord(c Clock) string {
	switch c.State {
	case ClockMet:
		return f.T("kept")
	case ClockMissed:
		return f.T("missed")
	case ClockPaused:
		return f.T("paused")
	}
	if c.Due == 0 {
		return f.T("running")
	}
	return f.Due(c.Due)
}

func keptID(name string, i int) string { return fieldID("kept_"+name) + "-" + strconv.Itoa(i) }
