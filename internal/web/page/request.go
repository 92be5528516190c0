package page

// Request is GET /requests/{number}: one request for the person who asked.
//
// Forms, all with version (Version, answered 409 with Conflict when stale):
//
//	POST /requests/{number}/reply    multipart: body, files
//	POST /requests/{number}/details  multipart: the fields of Handover; only when Handover is set
//	POST /requests/{number}/facts    the fields of Open
//	POST /requests/{number}/solve    none
//	POST /requests/{number}/reopen   reason
type Request struct {
	Frame
	Number, Subject string
	Version         int64
	State           State
	Next            Next
	// Category, Instance, Reference are facts in words; empty ones are left out.
	Category, Instance, Reference string
	// Requester is shown when the reader is not the requester.
	Requester Person
	OpenedAt  int64
	// Answers is who works on it, with its level.
	Answers  Org
	Level    string
	Hours    Hours
	Decision Decision
	// Readers names everybody who can read this conversation, organisations and people.
	Readers  []string
	Timeline []Entry
	// Earlier leads to older entries, Newest back to the newest; "" for none.
	Earlier, Newest string
	// CanReply, CanSolve and CanReopen open the forms.
	CanReply, CanSolve, CanReopen bool
	// Body and Reason are what was typed, kept after an error or a conflict.
	Body, Reason string
	// Handover is set while the request is incomplete.
	Handover *Handover
	// Open are questions whose answers the decision waits for.
	Open     []Fact
	Errors   Errors
	Conflict *Conflict
	DraftKey string
}

// NextKind says whose turn it is.
type NextKind string

const (
	// NextAnswer: the desk answers, by By if there is a promise.
	NextAnswer NextKind = "answer"
	// NextYou: the reader's answer is awaited.
	NextYou NextKind = "you"
	// NextDetails: details are missing; Handover lists them.
	NextDetails NextKind = "details"
	// NextNone: solved or closed.
	NextNone NextKind = "none"
	// NextChannel: it came by a way that is not open to it; Channel is the one to use.
	NextChannel NextKind = "channel"
	// NextDeclined: not included; the decision has the way on.
	NextDeclined NextKind = "declined"
)

// Next is what happens next and by when.
type Next struct {
	Kind NextKind
	// Who acts: an organisation or a person.
	Who string
	// Channel is the way to use, in words; empty where none is open.
	Channel string
	// By is an instant, UTC milliseconds, 0 for none. Goal marks it as a goal.
	By   int64
	Goal bool
	// Steps say how By came about, one sentence each.
	Steps []string
}
