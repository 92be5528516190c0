// Package identity holds the people, how they prove who they are, and the Actor
// that every use case asks for permission.
package identity

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

// Person is somebody who asks or answers. OrgID is empty for a contact of whom
// nothing but the address is known; Zone is an IANA zone, or empty for the
// organisation's; Email is in the form of mail.Canonical; CreatedAt is UTC milliseconds.
type Person struct {
	ID        string
	OrgID     string
	Name      string
	Email     string
	Zone      string
	Disabled  bool
	CreatedAt int64
}

// Role is what a person may do in the own organisation.
type Role string

// The roles. RoleLevel serves the level that its membership names.
const (
	RoleLevel   Role = "level"
	RoleAdmin   Role = "admin"
	RoleEndUser Role = "end-user"
	RoleManager Role = "manager"
	RoleOwner   Role = "owner" // of the policy
)

// Membership is one role; Level is a level id of the policy for RoleLevel and empty otherwise.
type Membership struct {
	Role  Role
	Level string
}

// Memberships reads roles as people write them: admin, end-user, manager, owner
// (or policy-owner), and every other word as the id of a level that is served.
func Memberships(words []string) []Membership {
	var out []Membership
	for _, w := range words {
		if w == "policy-owner" {
			w = string(RoleOwner)
		}
		switch role := Role(w); role {
		case RoleAdmin, RoleEndUser, RoleManager, RoleOwner:
			out = append(out, Membership{Role: role})
		default:
			out = append(out, Membership{Role: RoleLevel, Level: w})
		}
	}
	return out
}

const maxName = 200 // characters

// Create registers a person with roles; an empty ID is made. Who serves a level
// belongs to an organisation that has a desk for it.
// Faults: Invalid with fields name, email, zone, roles; Conflict when the address is taken.
func Create(tx *db.Tx, p Person, roles []Membership) (Person, error) {
	var err error
	if p, err = p.checked(); err != nil {
		return Person{}, err
	}
	if err := checkRoles(tx, p.OrgID, roles); err != nil {
		return Person{}, err
	}
	if p.ID == "" {
		p.ID = db.NewID()
	}
	p.CreatedAt = tx.Now()
	added, err := insert(tx, p)
	if err != nil {
		return Person{}, err
	}
	if !added {
		return Person{}, fault.New(fault.Conflict, "Somebody with this address is registered already; use another address.").
			WithField("email", "This address is registered already.")
	}
	return p, insertRoles(tx, p.ID, roles)
}

// Update changes organisation, name and zone of the person with p's ID, and
// replaces the roles; the address stays. It counts from the next request on, and
// returns what was saved. Faults: Invalid with fields name, zone, roles; NotFound.
func Update(tx *db.Tx, p Person, roles []Membership) (Person, error) {
	saved, err := ByID(tx, p.ID)
	if err != nil {
		return Person{}, err
	}
	saved.OrgID, saved.Name, saved.Zone = p.OrgID, p.Name, p.Zone
	if saved, err = saved.checked(); err != nil {
		return Person{}, err
	}
	if err := checkRoles(tx, saved.OrgID, roles); err != nil {
		return Person{}, err
	}
	if err := update(tx, saved); err != nil {
		return Person{}, err
	}
	if err := deleteRoles(tx, saved.ID); err != nil {
		return Person{}, err
	}
	return saved, insertRoles(tx, saved.ID, roles)
}

// SetRoles replaces the roles of a person; it counts from the next request on.
// Faults: Invalid with field roles, NotFound.
func SetRoles(tx *db.Tx, personID string, roles []Membership) error {
	p, err := ByID(tx, personID)
	if err != nil {
		return err
	}
	if err := checkRoles(tx, p.OrgID, roles); err != nil {
		return err
	}
	if err := deleteRoles(tx, personID); err != nil {
		return err
	}
	return insertRoles(tx, personID, roles)
}

// Grant gives a person further roles; those that are held already stay one. It counts from the next request on.
// Faults: Invalid with field roles, NotFound.
func Grant(tx *db.Tx, personID string, roles []Membership) error {
	held, err := Roles(tx, personID)
	if err != nil {
		return err
	}
	for _, m := range roles {
		if !slices.Contains(held, m) {
			held = append(held, m)
		}
	}
	return SetRoles(tx, personID, held)
}

// Revoke takes roles from a person; those that are not held change nothing. Faults: NotFound.
func Revoke(tx *db.Tx, personID string, roles []Membership) error {
	held, err := Roles(tx, personID)
	if err != nil {
		return err
	}
	return SetRoles(tx, personID, slices.DeleteFunc(held, func(m Membership) bool { return slices.Contains(roles, m) }))
}

// FindOrCreateContact finds the person with a mail address, or registers the
// sender as a person without organisation. The name is what the mail claims: it
// is cleaned, and never changes a person who is known. Faults: Invalid for what is no address.
func FindOrCreateContact(tx *db.Tx, email, name string) (Person, error) {
	email, err := mail.Canonical(email)
	if err != nil {
		return Person{}, err
	}
	p, err := ByEmail(tx, email)
	if !fault.Is(err, fault.NotFound) {
		return p, err
	}
	p = Person{ID: db.NewID(), Name: cleanName(name, email), Email: email, CreatedAt: tx.Now()}
	added, err := insert(tx, p)
	if err != nil || added {
		return p, err
	}
	return ByEmail(tx, email)
}

// SetZone chooses the zone in which a person reads times. Faults: Invalid with field zone, NotFound.
func SetZone(tx *db.Tx, personID, zone string) error {
	if zone = strings.TrimSpace(zone); zone == "" || !knownZone(zone) {
		const message = "Choose a time zone such as Europe/Budapest."
		return fault.New(fault.Invalid, message).WithField("zone", message)
	}
	return updateZone(tx, personID, zone)
}

func (p Person) checked() (Person, error) {
	bad := fault.New(fault.Invalid, "The person was not saved; correct the fields marked below.")
	p.Name = strings.TrimSpace(p.Name)
	if p.Name == "" || cleanName(p.Name, "") != p.Name {
		bad = bad.WithField("name", "Write a name of up to 200 characters on one line.")
	}
	email, err := mail.Canonical(p.Email)
	if err != nil {
		bad = bad.WithField("email", fault.Message(err))
	}
	p.Email = email
	if p.Zone != "" && !knownZone(p.Zone) {
		bad = bad.WithField("zone", "Choose a time zone such as Europe/Budapest.")
	}
	if len(bad.Fields) > 0 {
		return Person{}, bad
	}
	return p, nil
}

func checkRoles(tx *db.Tx, orgID string, roles []Membership) error {
	if orgID == "" && len(roles) > 0 {
		return badRole("A person without an organisation has no roles; choose the organisation first.")
	}
	for _, m := range roles {
		switch m.Role {
		case RoleAdmin, RoleEndUser, RoleManager, RoleOwner:
			if m.Level != "" {
				return badRole("Only the role level names a level.")
			}
		case RoleLevel:
			if _, err := org.DeskOf(tx, orgID, m.Level); fault.Is(err, fault.NotFound) {
				return badRole("The organisation has no desk for this level; open the desk first.")
			} else if err != nil {
				return err
			}
		default:
			return badRole("Choose level, admin, end-user, manager or owner.")
		}
	}
	if orgID != "" {
		_, err := org.ByID(tx, orgID)
		return err
	}
	return nil
}

func badRole(message string) error {
	return fault.New(fault.Invalid, message).WithField("roles", message)
}

// cleanName makes one line of valid text out of a claimed name; empty becomes instead.
func cleanName(name, instead string) string {
	name = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, ""), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
	if name == "" {
		return instead
	}
	if utf8.RuneCountInString(name) > maxName {
		name = strings.TrimSpace(string([]rune(name)[:maxName]))
	}
	return name
}

func knownZone(name string) bool {
	if name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
