package page

import "strings"

// Tone is the meaning of a colour; a word or a shape always says the same.
type Tone string

const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
)

// State is a ticket's state as the ticket package writes it.
type State string

const (
	Incomplete State = "incomplete"
	New        State = "new"
	Open       State = "open"
	Waiting    State = "waiting"
	Solved     State = "solved"
	Closed     State = "closed"
	Declined   State = "declined"
)

// OrgKind is vendor, partner or customer; each has its hue.
type OrgKind string

const (
	Vendor   OrgKind = "vendor"
	Partner  OrgKind = "partner"
	Customer OrgKind = "customer"
)

// Org names an organisation.
type Org struct {
	Name string
	Kind OrgKind
}

// Answer is the coverage answer as the coverage package writes it.
type Answer string

const (
	Covered    Answer = "yes"
	Limited    Answer = "limited"
	BestEffort Answer = "best-effort"
	NotCovered Answer = "no"
	Ask        Answer = "ask"
)

// deskState names a state for engineers.
func (f Frame) deskState(s State) string {
	switch s {
	case Incomplete:
		return f.T("Incomplete")
	case New:
		return f.T("New")
	case Open:
		return f.T("Open")
	case Waiting:
		return f.T("Waiting for requester")
	case Solved:
		return f.T("Solved")
	case Closed:
		return f.T("Closed")
	case Declined:
		return f.T("Declined")
	}
	return spoken(string(s))
}

// portalState names a state for the person who asked.
func (f Frame) portalState(s State) string {
	switch s {
	case Incomplete:
		return f.T("Needs details from you")
	case New:
		return f.T("Received")
	case Open:
		return f.T("Being worked on")
	case Waiting:
		return f.T("Waiting for you")
	case Declined:
		return f.T("Not included")
	}
	return f.deskState(s)
}

// stateWord names a state for the surface of the page.
func (f Frame) stateWord(s State) string {
	if f.Surface == Desk {
		return f.deskState(s)
	}
	return f.portalState(s)
}

// stateTone colours whose turn it is: on the portal "waiting" is the reader's turn, on the desk it is not.
func (f Frame) stateTone(s State) Tone {
	switch s {
	case Incomplete:
		return Warn
	case Waiting:
		if f.Surface == Portal {
			return Warn
		}
	case New, Open:
		return Info
	case Solved:
		return Good
	}
	return Neutral
}

func (f Frame) kindWord(k OrgKind) string {
	switch k {
	case Vendor:
		return f.T("Vendor")
	case Partner:
		return f.T("Partner")
	case Customer:
		return f.T("Customer")
	}
	return spoken(string(k))
}

func (f Frame) answerWord(a Answer) string {
	switch a {
	case Covered:
		return f.T("Included")
	case Limited:
		return f.T("Included with limits")
	case BestEffort:
		return f.T("Best efforts")
	case NotCovered:
		return f.T("Not included")
	case Ask:
		return f.T("To be confirmed")
	}
	return spoken(string(a))
}

func answerTone(a Answer) Tone {
	switch a {
	case Covered:
		return Good
	case Limited, BestEffort, Ask:
		return Warn
	case NotCovered:
		return Bad
	}
	return Neutral
}

// spoken turns an identifier that no word is known for into something readable: "named-user" is "Named user".
func spoken(id string) string {
	words := strings.ReplaceAll(strings.ReplaceAll(id, "-", " "), "_", " ")
	if words == "" {
		return words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}
