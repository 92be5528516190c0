package identity_test

import (
	"context"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

const secret = "correct horse battery"

func write(t *testing.T, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, d *db.DB, fn func(tx *db.Tx) error) error {
	t.Helper()
	return d.Read(context.Background(), fn)
}

// house is a vendor with desks for L1 and L2, and a customer.
type house struct {
	d                *db.DB
	vendor, customer org.Org
}

func build(t *testing.T, d *db.DB) house {
	t.Helper()
	h := house{d: d}
	write(t, d, func(tx *db.Tx) (err error) {
		if h.vendor, err = org.Create(tx, org.Org{Kind: org.Vendor, Name: "Example Meetings", Zone: "Europe/Budapest"}); err != nil {
			return err
		}
		if h.customer, err = org.Create(tx, org.Org{Kind: org.Customer, Name: "Named", Zone: "America/New_York"}); err != nil {
			return err
		}
		for _, level := range []string{"L1", "L2"} {
			if err := org.AddDesk(tx, org.Desk{OrgID: h.vendor.ID, Level: level, Name: level}); err != nil {
				return err
			}
		}
		return nil
	})
	return h
}

func (h house) person(t *testing.T, orgID, email string, roles ...identity.Membership) identity.Person {
	t.Helper()
	var p identity.Person
	write(t, h.d, func(tx *db.Tx) (err error) {
		p, err = identity.Create(tx, identity.Person{OrgID: orgID, Name: "Ada", Email: email}, roles)
		return err
	})
	return p
}

func (h house) engineer(t *testing.T) identity.Person {
	t.Helper()
	return h.person(t, h.vendor.ID, "l1@vendor.example", identity.Membership{Role: identity.RoleLevel, Level: "L1"})
}

func signIn(t *testing.T, s *identity.Service, email, password string) string {
	t.Helper()
	token, _, err := s.SignIn(context.Background(), email, password, "Browser", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func want(t *testing.T, what string, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("%s: %v; want %v", what, err, k)
	}
}
