// Package org holds the organisations that take part in support: one vendor,
// partners and customers. An organisation provides a level when it has a desk for it.
package org

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

// Kind says which part an organisation has in the policy.
type Kind string

// The kinds of organisations. There is at most one vendor.
const (
	Vendor   Kind = "vendor"
	Partner  Kind = "partner"
	Customer Kind = "customer"
)

// Org is one organisation. Domain is its mail domain in lower case, or empty;
// Zone is the IANA zone its people read times in; CreatedAt is UTC milliseconds.
type Org struct {
	ID        string
	Kind      Kind
	Name      string
	Domain    string
	Zone      string
	CreatedAt int64
}

// Desk is the place where an organisation provides one level. Level is a level
// id of the policy; Address is the mail address of the desk in canonical form, or empty.
type Desk struct {
	OrgID   string
	Level   string
	Name    string
	Address string
}

// maxText bounds names, in characters.
const maxText = 200

// Create registers an organisation; an empty ID is made, an empty Zone is UTC.
// Faults: Invalid with fields kind, name, domain, zone; Conflict for a second vendor.
func Create(tx *db.Tx, o Org) (Org, error) {
	o = o.tidy()
	if err := o.check(); err != nil {
		return Org{}, err
	}
	if o.Kind == Vendor {
		if _, err := VendorOrg(tx); err == nil {
			return Org{}, fault.New(fault.Conflict, "This desk has a vendor already; add a partner or a customer.")
		} else if !fault.Is(err, fault.NotFound) {
			return Org{}, err
		}
	}
	if o.ID == "" {
		o.ID = db.NewID()
	}
	o.CreatedAt = tx.Now()
	return o, insert(tx, o)
}

// Update changes name, domain and zone of the organisation with o's ID; its kind
// stays. It returns what was saved. Faults: Invalid with fields name, domain, zone; NotFound.
func Update(tx *db.Tx, o Org) (Org, error) {
	saved, err := ByID(tx, o.ID)
	if err != nil {
		return Org{}, err
	}
	saved.Name, saved.Domain, saved.Zone = o.Name, o.Domain, o.Zone
	saved = saved.tidy()
	if err := saved.check(); err != nil {
		return Org{}, err
	}
	return saved, update(tx, saved)
}

func (o Org) tidy() Org {
	o.Name = strings.TrimSpace(o.Name)
	o.Domain = strings.ToLower(strings.TrimSpace(o.Domain))
	if o.Zone == "" {
		o.Zone = "UTC"
	}
	return o
}

func (o Org) check() error {
	bad := fault.New(fault.Invalid, "The organisation was not saved; correct the fields marked below.")
	switch o.Kind {
	case Vendor, Partner, Customer:
	default:
		bad = bad.WithField("kind", "Choose vendor, partner or customer.")
	}
	if !line(o.Name) {
		bad = bad.WithField("name", "Write a name of up to 200 characters on one line.")
	}
	if strings.ContainsAny(o.Domain, "@/: \t\r\n\x00") || len(o.Domain) > 253 || !utf8.ValidString(o.Domain) {
		bad = bad.WithField("domain", "Write a domain such as example.com, or leave it empty.")
	}
	if !zone(o.Zone) {
		bad = bad.WithField("zone", "Choose a time zone such as Europe/Budapest.")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// AddDesk opens a desk, or renames the one that the organisation has for the level.
// One address belongs to one organisation, which may use it for several levels.
// Faults: Invalid with fields level, name, address; NotFound for an unknown organisation;
// Conflict when another organisation uses the address.
func AddDesk(tx *db.Tx, d Desk) error {
	d.Level, d.Name = strings.TrimSpace(d.Level), strings.TrimSpace(d.Name)
	bad := fault.New(fault.Invalid, "The desk was not saved; correct the fields marked below.")
	if !line(d.Level) {
		bad = bad.WithField("level", "Choose a level of the policy.")
	}
	if !line(d.Name) {
		bad = bad.WithField("name", "Write a name of up to 200 characters on one line.")
	}
	if d.Address != "" {
		canonical, err := mail.Canonical(d.Address)
		if err != nil {
			bad = bad.WithField("address", fault.Message(err))
		}
		d.Address = canonical
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if _, err := ByID(tx, d.OrgID); err != nil {
		return err
	}
	if other, err := DeskByAddress(tx, d.Address); err == nil && other.OrgID != d.OrgID {
		return fault.New(fault.Conflict, "Another organisation uses this address; choose another one.").
			WithField("address", "Another organisation uses this address.")
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return saveDesk(tx, d)
}

func line(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxText && !strings.ContainsFunc(s, unicode.IsControl)
}

func zone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
