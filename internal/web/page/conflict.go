package page

// ConflictPage is the answer (409) to a stale form that has no page of its own to come back on.
type ConflictPage struct {
	Frame
	// Back is where the thing is looked at now.
	Back    NavItem
	Changes []Change
	// Typed repeats what was typed, label and text, so that nothing is lost.
	Typed []Typed
	// Again posts the same form on the new state, when that makes sense: its address, its label and its fields.
	AgainAction, AgainLabel string
	AgainFields             []Hidden
}

// Typed is one field of a stale form.
type Typed struct{ Label, Text string }
