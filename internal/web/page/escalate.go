package page

// Escalate is GET and POST /desk/tickets/{number}/escalate.
//
// Form (multipart/form-data): version, note (goes with the hand-over to the next level's room), and the fields of
// Handover. When the gate is not met the page comes back with 422, Missing filled, everything typed kept.
type Escalate struct {
	Frame
	Number, Subject string
	Version         int64
	From, To        string
	// Provider is who takes it over.
	Provider Org
	Handover Handover
	Note     string
	// Missing lists, in words, why it was refused just now; empty before the first try.
	Missing []string
	// Readers names who can read what is handed over.
	Readers  []string
	Errors   Errors
	Conflict *Conflict
	DraftKey string
}
