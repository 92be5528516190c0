package page

import "strings"

// Errors are what is wrong with a form, in the order of its fields.
type Errors []FieldError

// FieldError names one field and says how to mend it. Field is the form field's name; for repeated fields the
// index follows: "info.ID.COLUMN.2" is the second row. Label is the field's visible name, for the summary.
type FieldError struct{ Field, Label, Message string }

// For returns the message for a field, or "".
func (e Errors) For(field string) string {
	for _, one := range e {
		if one.Field == field {
			return one.Message
		}
	}
	return ""
}

// general is true when no error belongs to a field: the form as a whole was refused.
func (e Errors) general() bool {
	for _, one := range e {
		if one.Field != "" {
			return false
		}
	}
	return true
}

// aboutPassword is true when a password was refused: passwords are never sent back, so they have to be typed again.
func (e Errors) aboutPassword() bool {
	for _, one := range e {
		if strings.Contains(one.Field, "password") {
			return true
		}
	}
	return false
}

// fieldID is the element id for a field name, so that the summary can link to it.
func fieldID(field string) string {
	return "f-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r > 127 {
			return r
		}
		return '-'
	}, field)
}

// Clause is a place in a policy version.
type Clause struct {
	// Title is the clause's heading; Anchor its id in that version; Version the policy version's id.
	Title, Anchor, Version string
}

// Href is the permanent address of the clause: /policy/VERSION#anchor.
func (c Clause) Href() string {
	if c.Version == "" {
		return "/policy#" + c.Anchor
	}
	return "/policy/" + c.Version + "#" + c.Anchor
}

// Offer is the way on for something that is not included.
type Offer struct {
	// Title is a verb phrase for a button ("Renew maintenance"); Text one sentence about it. Href may be empty.
	Title, Text, Href string
}

// Reason is one rule that led to a decision, in the reader's words.
type Reason struct {
	Text   string
	Clause Clause
	// Overridden reasons are shown struck out.
	Overridden bool
}

// Decision is a coverage decision with its reasons, strictest first.
type Decision struct {
	Answer Answer
	// Level is the level's name ("Level 1"); Wanted the category's own level when it differs, else "".
	Level, Wanted string
	// Provider answers; its Name is empty while unsettled.
	Provider Org
	Hours    Hours
	// Charge says what it costs beyond the contract, or "".
	Charge  string
	Offer   *Offer
	Reasons []Reason
	// Unsettled lists, in words, what could not be decided and what would settle it.
	Unsettled []string
	// PolicyVersion is the id; DecidedAt the instant, UTC milliseconds.
	PolicyVersion string
	DecidedAt     int64
}

// ClockState is how a clock stands.
type ClockState string

const (
	ClockRunning ClockState = "running"
	ClockPaused  ClockState = "paused"
	ClockMet     ClockState = "met"
	ClockMissed  ClockState = "missed"
)

// Clock is one promise in time.
type Clock struct {
	// Name is the promise's title: "First answer".
	Name  string
	State ClockState
	// Due is the instant promised, or met or missed at, UTC milliseconds; 0 when paused without one.
	Due int64
	// LeftMs is the support time left in milliseconds, shown while running or paused; 0 hides it.
	LeftMs int64
	// Goal marks a target without a promise; Provisional one that may still change.
	Goal, Provisional bool
	Clause            Clause
	// Steps say how the due came about, one sentence each.
	Steps []string
}

// Rung is one level of the ladder.
type Rung struct {
	// Level is the level's name.
	Level    string
	Provider Org
	Place    Place
}

// Place is where the ticket stands relative to a rung.
type Place int

const (
	// Ahead has not been reached.
	Ahead Place = iota
	// Here is the level that works on it now.
	Here
	// Passed has handed over.
	Passed
	// Skipped was never part of the way, for example a level that the customer does elsewhere.
	Skipped
)

// Person is somebody on a ticket.
type Person struct {
	Name, Email string
	Org         Org
	// You is true for the viewer.
	You bool
	// Unverified marks a sender whose address could not be proven.
	Unverified bool
}

// Attachment is a stored file.
type Attachment struct {
	Name string
	// Size in bytes; Href serves the file; Image shows it as a picture.
	Size  int64
	Href  string
	Image bool
}

// Message is one message in a room.
type Message struct {
	// ID is unique on the page; it is the fragment that links point to.
	ID   string
	From Person
	At   int64
	// Channel is how it came, in words ("by mail"), or "".
	Channel string
	// Text is the body without quotes; Quoted what it quoted, folded.
	Text, Quoted string
	Attachments  []Attachment
	// Undelivered says why the mail to somebody could not be sent, or "".
	Undelivered string
}

// EventKind is what happened to a ticket.
type EventKind string

const (
	EventOpened     EventKind = "opened"
	EventDeclined   EventKind = "declined"
	EventCompleted  EventKind = "completed"
	EventIncomplete EventKind = "incomplete"
	EventTaken      EventKind = "taken"
	EventAssigned   EventKind = "assigned"
	EventReleased   EventKind = "released"
	EventEscalated  EventKind = "escalated"
	EventReturned   EventKind = "returned"
	EventSolved     EventKind = "solved"
	EventReopened   EventKind = "reopened"
	EventClosed     EventKind = "closed"
	EventWaived     EventKind = "waived"
	EventRevealed   EventKind = "revealed"
)

// Event is something that happened, shown inline and quiet.
type Event struct {
	At   int64
	Kind EventKind
	// Actor is a person's name, or "" for the system.
	Actor string
	// To is the level, person, category or item concerned, in words.
	To string
	// Reason is what the actor gave as the reason, or "".
	Reason string
	Clause *Clause
	// Text replaces the sentence made from Kind; needed for kinds not listed here.
	Text string
}

// Entry of a timeline is a message or an event; exactly one is set.
type Entry struct {
	Message *Message
	Event   *Event
}

func (f Frame) eventSentence(e Event) string {
	if e.Text != "" {
		return e.Text
	}
	actor := e.Actor
	if actor == "" {
		actor = f.T("Tierdesk")
	}
	switch e.Kind {
	case EventOpened:
		return f.T("%s opened this", actor)
	case EventDeclined:
		return f.T("Not included in support")
	case EventCompleted:
		return f.T("Everything that was asked for is here")
	case EventIncomplete:
		return f.T("Details were asked for")
	case EventTaken:
		return f.T("%s took this", actor)
	case EventAssigned:
		return f.T("%s assigned this to %s", actor, e.To)
	case EventReleased:
		return f.T("%s put this back in the queue", actor)
	case EventEscalated:
		return f.T("%s escalated this to %s", actor, e.To)
	case EventReturned:
		return f.T("%s returned this to %s", actor, e.To)
	case EventSolved:
		return f.T("%s marked this as solved", actor)
	case EventReopened:
		return f.T("%s opened this again", actor)
	case EventClosed:
		return f.T("%s closed this", actor)
	case EventWaived:
		return f.T("%s waived: %s", actor, e.To)
	case EventRevealed:
		return f.T("%s looked at the access details", actor)
	}
	return f.T("%s: %s", actor, spoken(string(e.Kind)))
}

// Conflict is a stale form: somebody changed the ticket while this reader was typing. What was typed is in the
// page's own fields and stays there.
type Conflict struct {
	Changes []Change
}

// Change is one thing that differs from what the reader saw.
type Change struct {
	// What is the thing's name ("Level"); From and To are in words, either may be empty.
	What, From, To string
	By             string
	At             int64
}

// Option is a choice in a list.
type Option struct {
	Value, Label string
	Selected     bool
}

// OptionGroup is a titled group of choices; an empty title makes no group.
type OptionGroup struct {
	Title   string
	Options []Option
}

func (f Frame) size(n int64) string {
	switch {
	case n < 1024:
		return f.T("%d bytes", n)
	case n < 1024*1024:
		return f.T("%d KB", (n+1023)/1024)
	}
	return f.T("%.1f MB", float64(n)/(1024*1024))
}

// initials of a name, at most two letters, for the round mark beside a message.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		out = append(out, []rune(word)[0])
	}
	if len(out) > 2 {
		out = []rune{out[0], out[len(out)-1]}
	}
	return strings.ToUpper(string(out))
}
