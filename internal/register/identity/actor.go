package identity

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/register/org"
)

// How an actor reached us.
const (
	ViaSession = "session"
	ViaToken   = "token"
	ViaMail    = "mail"
	ViaSystem  = "system"
)

// Actor is the person on whose behalf something happens, with all that
// permission depends on, as it was when the actor was loaded.
//
// Verified says that the person was proved: by a session, a token, or a mail
// whose sender was verified. An actor who is not verified serves no level, is no
// staff, and asks as somebody unknown, whatever the other fields say.
type Actor struct {
	PersonID string
	Name     string
	Email    string
	Zone     string // IANA zone to show times in: the person's, or the organisation's, or UTC
	OrgID    string
	OrgKind  org.Kind
	OrgName  string
	OrgZone  string
	Admin    bool
	EndUser  bool
	Manager  bool
	Owner    bool
	Levels   []string // level ids that the person serves at the own organisation's desks, sorted
	Verified bool
	Via      string // ViaSession, ViaToken, ViaMail, ViaSystem
}

// System is the desk itself: schedules, clocks, imports.
func System() Actor { return Actor{Name: "Tierdesk", Zone: "UTC", Verified: true, Via: ViaSystem} }

// IsSystem reports the desk itself.
func (a Actor) IsSystem() bool { return a.Via == ViaSystem }

// Serves reports whether the person serves a level at the own organisation's desk.
func (a Actor) Serves(level string) bool { return a.Verified && slices.Contains(a.Levels, level) }

// Staff reports whether the person serves any level or manages a desk.
func (a Actor) Staff() bool { return a.Verified && (a.Manager || len(a.Levels) > 0) }

// OwnsPolicy reports whether the person may write, publish and simulate the vendor's policy.
func (a Actor) OwnsPolicy() bool { return a.Verified && a.Owner && a.OrgKind == org.Vendor }

// Kind is requester.kind of a situation: end-user, customer, partner, vendor or
// unknown. Somebody who has a second role beside end-user asks as the organisation.
func (a Actor) Kind() string {
	switch {
	case !a.Verified || a.OrgID == "":
		return "unknown"
	case a.EndUser && !a.Admin && !a.Manager && !a.Owner && len(a.Levels) == 0:
		return "end-user"
	}
	return string(a.OrgKind)
}
