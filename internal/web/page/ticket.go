package page

import "slices"

// Ticket is GET /desk/tickets/{number}?room=ID: one ticket for an engineer.
//
// Forms, all POST under /desk/tickets/{number}, all with version (Version; answered 409 with Conflict when stale):
//
//	/reply     multipart: room, body, files, then ("" or one of Composer.Then)
//	/note      multipart: room, body, files; used when the room is internal
//	/take      none
//	/assign    assignee (a person's id, "" puts it back in the queue)
//	/return    reason
//	/solve     body (what solved it; goes to the requester's room), the fields of Actions.Solving
//	/reopen    reason
//	/close     none
//	/learn     the fields of Actions.Facts, severity, reason
//	/record    event
//	/access/reveal  reason; answered by the same page with the secrets of Handover revealed, never cached
//
// After an error the page comes back with Errors filled and Actions.OpenForm naming the form to unfold
// ("assign", "return", "solve", "reopen", "reveal"), its text in Actions.Typed.
type Ticket struct {
	Frame
	Number, Subject string
	Version         int64
	State           State
	Level           string
	// Back leads to the queue the reader came from.
	Back                          NavItem
	Category, Severity, Reference string
	// SeverityAsked is what the requester said of the severity, where the policy has not set one yet, or "".
	SeverityAsked string
	Requester     Person
	// Assignee has an empty Name when nobody has it.
	Assignee Person
	Ladder   []Rung
	Clocks   []Clock
	Rooms    []Room
	// Timeline is that of the current room, oldest first. Earlier leads to older entries, Newest back to the newest; "" for none.
	Timeline        []Entry
	Earlier, Newest string
	// Composer is nil when the reader may not write here; ComposerWhyNot then says why.
	Composer       *Composer
	ComposerWhyNot string
	Actions        Actions
	Account        *AccountFacts
	Instance       *InstanceFacts
	Decision       Decision
	Handover       *HandoverFacts
	// Gate is what the next hand-over still needs; nil when there is no next level.
	Gate     *Gate
	Errors   Errors
	Conflict *Conflict
}

// Room is one tab: a part of the conversation with its own readers.
type Room struct {
	ID, Name string
	// Hue is the kind of the outermost organisation that can read it; it colours the composer.
	Hue OrgKind
	// Readers can read it; Hidden are organisations on this ticket that cannot. Both in words.
	Readers, Hidden []string
	// Internal rooms belong to one organisation; writing there is a note.
	Internal bool
	Current  bool
	// Messages counts what is in it.
	Messages int
}

// Composer is the form that writes into the current room.
type Composer struct {
	Body string
	// Then lists what may happen after sending beside nothing: value and button label.
	Then     []Option
	DraftKey string
}

// Actions are the moves that are open to the viewer. What may not be done now and why is said, not hidden.
type Actions struct {
	Take, Close bool
	// People to assign to; empty hides the form.
	People []Option
	// EscalateTo is the next level's name, "" when there is none; EscalateWhyNot says why not now.
	EscalateTo, EscalateWhyNot string
	// ReturnTo is the level below, "" hides the form.
	ReturnTo      string
	Solve, Reopen bool
	// Facts, Severities and Events are what may be recorded; empty hides the form.
	Facts      []Fact
	Severities []Option
	Events     []Option
	// Solving is what the policy asks for before closing.
	Solving *Handover
	// OpenForm is the form to unfold after an error, Typed what was typed in it.
	OpenForm, Typed string
}

// AccountFacts are the customer and its contract.
type AccountFacts struct {
	Name string
	Kind OrgKind
	// Product and Region in words; Plan with its add-ons, "" where there are no plans.
	Product, Plan, Region string
	// Maintenance: Active and the local date until which it runs ("2006-01-02"), "" for none.
	Active bool
	Until  string
	// Via names the partner that supports it, or "".
	Via string
}

// InstanceFacts are where it happens.
type InstanceFacts struct {
	Name, URL, Version string
	// EndOfLife is a local date or ""; Ended is true from that day on.
	EndOfLife string
	Ended     bool
}

// HandoverFacts are what was handed over, to read, in the policy's order.
type HandoverFacts struct {
	Items []GivenItem
	// Sealed is true when secrets are among them; CanReveal opens the button.
	Sealed, CanReveal bool
	// Opened lists who has looked, newest first.
	Opened []AccessOpened
	By     string
	At     int64
}

// GivenItem is one thing that was given, or done without for the reason Waived. Revealed is a secret's text, only in the answer
// to a reveal; it is shown as sealed otherwise.
type GivenItem struct {
	Field
	Waived, Revealed string
}

// AccessOpened is one recorded look.
type AccessOpened struct {
	By string
	At int64
}

func (p Ticket) room() Room {
	for _, r := range p.Rooms {
		if r.Current {
			return r
		}
	}
	return Room{}
}

func (p Ticket) composerAction() string {
	if p.room().Internal {
		return deskAction(p.Number, "note")
	}
	return deskAction(p.Number, "reply")
}

func (p Ticket) sendLabel() string {
	room := p.room()
	if room.Internal {
		return p.T("Write the note")
	}
	return p.T("Send the reply")
}

// roomKey is the letter that leads to a room: n for the first internal one, r for the first other one.
func (p Ticket) roomKey(index int) string {
	want := p.Rooms[index].Internal
	for i, r := range p.Rooms {
		if r.Internal == want {
			if i != index || r.Current {
				return ""
			}
			break
		}
	}
	if want {
		return "n"
	}
	return "r"
}

func (p Ticket) textKey() string {
	if p.room().Internal {
		return "n"
	}
	return "r"
}

func (f Frame) placeWord(place Place) string {
	switch place {
	case Here:
		return f.T("here")
	case Passed:
		return f.T("handed over")
	case Skipped:
		return f.T("not part of this")
	}
	return f.T("not yet")
}

func placeClass(place Place) string {
	switch place {
	case Here:
		return "here"
	case Passed:
		return "passed"
	case Skipped:
		return "skipped"
	}
	return "ahead"
}

func (p Ticket) typed(form string) string {
	if p.Actions.OpenForm == form {
		return p.Actions.Typed
	}
	return ""
}

func (p Ticket) writeLabel() string {
	if p.room().Internal {
		return p.T("Note")
	}
	return p.T("Reply")
}

func (p Ticket) maintenance() string {
	switch {
	case p.Account.Active && p.Account.Until != "":
		return p.T("active until %s", p.LocalDate(p.Account.Until))
	case p.Account.Active:
		return p.T("active")
	case p.Account.Until != "":
		return p.T("ended %s", p.LocalDate(p.Account.Until))
	}
	return p.T("none")
}

// audience is the first thing that a writer must see.
func (p Ticket) audience() string {
	readers := p.names(p.room().Readers)
	if p.room().Internal {
		return p.T("A note. Only %s reads it.", readers)
	}
	return p.T("Goes to %s.", readers)
}

func (h HandoverFacts) revealed() bool {
	return slices.ContainsFunc(h.Items, func(i GivenItem) bool { return i.Revealed != "" })
}
