// Package ticket is a request on its way through the levels: who may do what
// with it, what it needs before it goes up, which clocks run, and its rooms.
// Every path (mail, portal, desk, API, jobs) changes a ticket only through Service.
package ticket

import (
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// Ticket is one request. Instants are UTC milliseconds; empty strings mean "not known" or "none".
type Ticket struct {
	ID      string
	Number  int64
	Subject string
	State   State
	// Channel is how it came: mail, portal, api or desk.
	Channel  string
	Category string
	Severity string
	// Reference is the number the asking organisation gave it in a tool of its own.
	Reference string
	// Level is where it stands; empty while no desk can be named.
	Level        string
	ProviderKind string
	ProviderOrg  string
	CustomerOrg  string
	AccountID    string
	InstanceID   string
	RequesterID  string
	// RequesterKind is end-user, customer, partner, vendor or unknown.
	RequesterKind string
	// Verified is false when the sender's identity could not be proven.
	Verified      bool
	AssigneeID    string
	Covered       string
	Effort        string
	PolicyVersion int
	// Judgement is the number of the decision in force.
	Judgement int
	// DueAt is the earliest running clock's end, or nil.
	DueAt     *int64
	SolvedAt  *int64
	CreatedAt int64
	UpdatedAt int64
	// Version grows by one with each change; a form that carries an older one is stale.
	Version int
}

// Name is the number that people use: T-1042.
func (t *Ticket) Name() string { return Name(t.Number) }

// Name writes a ticket number as people read it.
func Name(number int64) string { return "T-" + strconv.FormatInt(number, 10) }

// ParseName reads "T-1042" or "1042" in any case; ok is false for anything else.
func ParseName(s string) (number int64, ok bool) {
	s = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "T-")
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0
}

// Message is one message in a room. Body is plain text; Quoted what it quoted.
type Message struct {
	TicketID, ID, RoomID string
	AuthorID, AuthorOrg  string
	// Channel is mail, portal, api or desk.
	Channel      string
	Body, Quoted string
	// Sender is the address that a mail claims and that nobody could prove; else empty.
	Sender    string
	Verified  bool
	Automatic bool
	// MailState is "" (nothing to send), queued, sent, unsent (no smarthost is set) or failed.
	MailState string
	CreatedAt int64
}

// Attachment is a file in a room. Its content is in the blob store under Hash.
type Attachment struct {
	TicketID, ID, RoomID, MessageID string
	Name, ContentType, Hash         string
	Size                            int64
	CreatedAt                       int64
}

// File is a stored file that is not yet part of a ticket.
type File = attach.File

// Judgement is one stored decision with the whole situation.
type Judgement struct {
	TicketID      string
	Seq           int
	Trigger       string
	At            int64
	PolicyVersion int
	Situation     []byte
	Decision      coverage.Decision
}

// Handover is one recorded passing between levels.
type Handover struct {
	TicketID, ID       string
	Kind               string // submit, escalate or return
	FromLevel, ToLevel string
	FromOrg, ToOrg     string
	PersonID           string
	At                 int64
	Reason             string
	Information        information.Given
}

// room is the room in which both sides of the hand-over meet.
func (h *Handover) room() string {
	switch h.Kind {
	case "escalate":
		return levelsRoomID(h.FromLevel, h.ToLevel)
	case "return":
		return levelsRoomID(h.ToLevel, h.FromLevel)
	}
	return requesterRoomID
}

// handles reports whether the actor's desk has the ticket now.
func (t *Ticket) handles(a identity.Actor) bool {
	return t.Level != "" && a.OrgID == t.ProviderOrg && (a.Serves(t.Level) || a.Manager)
}
