package identity_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

func TestAnActorCarriesAllThatPermissionDependsOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		p := h.person(t, h.vendor.ID, " L2@Vendor.example ",
			identity.Membership{Role: identity.RoleLevel, Level: "L2"}, identity.Membership{Role: identity.RoleLevel, Level: "L1"},
			identity.Membership{Role: identity.RoleManager}, identity.Membership{Role: identity.RoleOwner})
		write(t, d, func(tx *db.Tx) error {
			a, err := identity.LoadActor(tx, p.ID, identity.ViaSession)
			if err != nil {
				return err
			}
			if a.PersonID != p.ID || a.Email != "l2@vendor.example" || a.OrgKind != org.Vendor || a.OrgName != "Example Meetings" ||
				a.Zone != "Europe/Budapest" || !a.Manager || !a.Owner || a.Admin || a.EndUser || !a.Verified || strings.Join(a.Levels, " ") != "L1 L2" {
				t.Errorf("actor %+v", a)
			}
			if !a.Serves("L1") || !a.Serves("L2") || a.Serves("L3") || !a.Staff() || a.Kind() != "vendor" {
				t.Errorf("serves L1 %v L2 %v L3 %v, staff %v, kind %s", a.Serves("L1"), a.Serves("L2"), a.Serves("L3"), a.Staff(), a.Kind())
			}
			mail, err := identity.LoadActor(tx, p.ID, identity.ViaMail)
			if err != nil || mail.Verified || mail.Serves("L1") || mail.Staff() || mail.Kind() != "unknown" {
				t.Errorf("an unverified sender acts as %s: %+v, %v", mail.Kind(), mail, err)
			}
			if err := identity.SetRoles(tx, p.ID, []identity.Membership{{Role: identity.RoleAdmin}}); err != nil {
				return err
			}
			if a, err = identity.LoadActor(tx, p.ID, identity.ViaToken); err != nil || !a.Admin || a.Staff() || a.Owner {
				t.Errorf("after the change of roles %+v, %v", a, err)
			}
			_, err = identity.LoadActor(tx, "nobody", identity.ViaSession)
			want(t, "nobody", err, fault.Unauthenticated)
			return nil
		})
	})
}

func TestKindIsWhoAsks(t *testing.T) {
	cases := []struct {
		kind  string
		actor identity.Actor
	}{
		{"end-user", identity.Actor{OrgID: "o", OrgKind: org.Customer, EndUser: true, Verified: true}},
		{"customer", identity.Actor{OrgID: "o", OrgKind: org.Customer, EndUser: true, Admin: true, Verified: true}},
		{"customer", identity.Actor{OrgID: "o", OrgKind: org.Customer, EndUser: true, Levels: []string{"L1"}, Verified: true}},
		{"customer", identity.Actor{OrgID: "o", OrgKind: org.Customer, Verified: true}},
		{"partner", identity.Actor{OrgID: "o", OrgKind: org.Partner, Levels: []string{"L1"}, Verified: true}},
		{"vendor", identity.Actor{OrgID: "o", OrgKind: org.Vendor, Manager: true, Verified: true}},
		{"unknown", identity.Actor{Verified: true}},
		{"unknown", identity.Actor{OrgID: "o", OrgKind: org.Vendor, Manager: true}},
		{"unknown", identity.System()},
	}
	for _, c := range cases {
		if got := c.actor.Kind(); got != c.kind {
			t.Errorf("%+v asks as %s; want %s", c.actor, got, c.kind)
		}
	}
	if !identity.System().IsSystem() || (identity.Actor{Via: identity.ViaToken}).IsSystem() {
		t.Error("only the desk itself is the system")
	}
}

func TestPeopleAreFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		p, q := h.engineer(t), h.person(t, h.vendor.ID, "manager@vendor.example", identity.Membership{Role: identity.RoleManager})
		write(t, d, func(tx *db.Tx) error {
			if got, err := identity.ByEmail(tx, "l1@vendor.example"); err != nil || got != p {
				t.Errorf("by address %+v, %v", got, err)
			}
			if got, err := identity.ByID(tx, q.ID); err != nil || got != q {
				t.Errorf("by id %+v, %v", got, err)
			}
			if list, err := identity.Members(tx, h.vendor.ID); err != nil || len(list) != 2 {
				t.Errorf("members %+v, %v", list, err)
			}
			if list, err := identity.ByLevel(tx, h.vendor.ID, "L1"); err != nil || len(list) != 1 || list[0] != p {
				t.Errorf("who serves L1: %+v, %v", list, err)
			}
			if list, err := identity.ByLevel(tx, h.customer.ID, "L1"); err != nil || len(list) != 0 {
				t.Errorf("another organisation's L1: %+v, %v", list, err)
			}
			if roles, err := identity.Roles(tx, p.ID); err != nil || len(roles) != 1 || roles[0] != (identity.Membership{Role: identity.RoleLevel, Level: "L1"}) {
				t.Errorf("roles %+v, %v", roles, err)
			}
			if names, err := identity.Names(tx, []string{p.ID, "nobody"}); err != nil || len(names) != 1 || names[p.ID] != "Ada" {
				t.Errorf("names %v, %v", names, err)
			}
			if names, err := identity.Names(tx, nil); err != nil || len(names) != 0 {
				t.Errorf("no names %v, %v", names, err)
			}
			if err := identity.SetDisabled(tx, p.ID, true); err != nil {
				return err
			}
			if list, err := identity.ByLevel(tx, h.vendor.ID, "L1"); err != nil || len(list) != 0 {
				t.Errorf("somebody disabled serves L1: %+v, %v", list, err)
			}
			return nil
		})
	})
}

func TestAPersonWithAMistakeIsRefusedAtItsField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		h.engineer(t)
		level := func(l string) []identity.Membership {
			return []identity.Membership{{Role: identity.RoleLevel, Level: l}}
		}
		cases := []struct {
			field string
			kind  fault.Kind
			p     identity.Person
			roles []identity.Membership
		}{
			{"name", fault.Invalid, identity.Person{OrgID: h.vendor.ID, Email: "x@vendor.example"}, nil},
			{"name", fault.Invalid, identity.Person{OrgID: h.vendor.ID, Name: "a\r\nBcc: b", Email: "x@vendor.example"}, nil},
			{"email", fault.Invalid, identity.Person{OrgID: h.vendor.ID, Name: "x", Email: `"a@b"@vendor.example`}, nil},
			{"zone", fault.Invalid, identity.Person{OrgID: h.vendor.ID, Name: "x", Email: "x@vendor.example", Zone: "Nowhere"}, nil},
			{"roles", fault.Invalid, identity.Person{OrgID: h.vendor.ID, Name: "x", Email: "x@vendor.example"}, level("L3")},
			{"roles", fault.Invalid, identity.Person{OrgID: h.customer.ID, Name: "x", Email: "x@vendor.example"}, level("L1")},
			{"roles", fault.Invalid, identity.Person{OrgID: h.vendor.ID, Name: "x", Email: "x@vendor.example"}, []identity.Membership{{Role: "root"}}},
			{"roles", fault.Invalid, identity.Person{OrgID: h.vendor.ID, Name: "x", Email: "x@vendor.example"}, []identity.Membership{{Role: identity.RoleAdmin, Level: "L1"}}},
			{"roles", fault.Invalid, identity.Person{Name: "x", Email: "x@vendor.example"}, []identity.Membership{{Role: identity.RoleAdmin}}},
			{"email", fault.Conflict, identity.Person{OrgID: h.vendor.ID, Name: "x", Email: "L1@VENDOR.example"}, nil},
		}
		for _, c := range cases {
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				_, err := identity.Create(tx, c.p, c.roles)
				return err
			})
			want(t, c.field, err, c.kind)
			if f := fault.Fields(err); len(f) != 1 || f[0].Path != c.field {
				t.Errorf("%+v: fields %v; want %s", c.p, f, c.field)
			}
		}
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := identity.Create(tx, identity.Person{OrgID: "nobody", Name: "x", Email: "x@vendor.example"}, nil)
			return err
		})
		want(t, "an unknown organisation", err, fault.NotFound)
	})
}

func TestAnUnknownSenderBecomesOneContactWithoutPower(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		known := h.engineer(t)
		var wg sync.WaitGroup
		ids := make([]string, 8)
		for i := range ids {
			wg.Go(func() {
				var p identity.Person
				err := d.Write(context.Background(), func(tx *db.Tx) (err error) {
					p, err = identity.FindOrCreateContact(tx, "New.Person@Elsewhere.example", "Eve\r\nBcc: x\u202e  Adams")
					return err
				})
				if err != nil {
					t.Error(err)
				}
				ids[i] = p.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Fatalf("one sender became several people: %v", ids)
			}
		}
		write(t, d, func(tx *db.Tx) error {
			p, err := identity.ByID(tx, ids[0])
			if err != nil || p.Name != "Eve Bcc: x Adams" || p.Email != "new.person@elsewhere.example" || p.OrgID != "" {
				t.Errorf("contact %+v, %v", p, err)
			}
			a, err := identity.LoadActor(tx, p.ID, identity.ViaMail)
			if err != nil || a.Kind() != "unknown" || a.Staff() || a.Zone != "UTC" {
				t.Errorf("contact acts as %+v, %v", a, err)
			}
			same, err := identity.FindOrCreateContact(tx, "l1@vendor.example", "Somebody Else")
			if err != nil || same != known {
				t.Errorf("a mail renamed a known person: %+v, %v", same, err)
			}
			long, err := identity.FindOrCreateContact(tx, "long@elsewhere.example", strings.Repeat("é", 500)+"\xff\x00")
			if err != nil || long.Name != strings.Repeat("é", 200) {
				t.Errorf("a long name: %q, %v", long.Name, err)
			}
			bare, err := identity.FindOrCreateContact(tx, "bare@elsewhere.example", "\x00 ")
			if err != nil || bare.Name != "bare@elsewhere.example" {
				t.Errorf("no name: %q, %v", bare.Name, err)
			}
			_, err = identity.FindOrCreateContact(tx, "a@b@c", "x")
			want(t, "no address", err, fault.Invalid)
			return nil
		})
	})
}

func TestAPersonChangesOrganisationNameAndRoles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		h := build(t, d)
		write(t, d, func(tx *db.Tx) error {
			contact, err := identity.FindOrCreateContact(tx, "new@vendor.example", "")
			if err != nil {
				return err
			}
			want := contact
			want.OrgID, want.Name, want.Zone = h.vendor.ID, "Nora New", "Europe/Paris"
			given := want
			given.Email = "other@vendor.example"
			level := []identity.Membership{{Role: identity.RoleLevel, Level: "L1"}}
			if saved, err := identity.Update(tx, given, level); err != nil || saved != want {
				t.Errorf("saved %+v, %v", saved, err)
			}
			if found, err := identity.ByEmail(tx, "new@vendor.example"); err != nil || found != want {
				t.Errorf("found %+v, %v", found, err)
			}
			if roles, err := identity.Roles(tx, want.ID); err != nil || len(roles) != 1 || roles[0] != level[0] {
				t.Errorf("roles %v, %v", roles, err)
			}
			if _, err := identity.Update(tx, want, []identity.Membership{{Role: identity.RoleLevel, Level: "L9"}}); !fault.Is(err, fault.Invalid) {
				t.Errorf("a level without a desk: %v", err)
			}
			if _, err := identity.Update(tx, identity.Person{ID: want.ID}, nil); len(fault.Fields(err)) != 1 {
				t.Errorf("the name is missing: %v", err)
			}
			if _, err := identity.Update(tx, identity.Person{ID: "nobody", Name: "x"}, nil); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown id: %v", err)
			}
			return nil
		})
	})
}

func TestGrantAddsAndRevokeTakesRoles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			o, err := org.Create(tx, org.Org{Kind: org.Vendor, Name: "Vendor"})
			if err != nil {
				return err
			}
			p, err := identity.Create(tx, identity.Person{OrgID: o.ID, Name: "Ada", Email: "ada@vendor.example"}, identity.Memberships([]string{"manager"}))
			if err != nil {
				return err
			}
			actor := func() identity.Actor {
				a, err := identity.LoadActor(tx, p.ID, identity.ViaSession)
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
			if actor().OwnsPolicy() {
				t.Error("a manager owns the policy")
			}
			for range 2 { // the second grant changes nothing
				if err := identity.Grant(tx, p.ID, identity.Memberships([]string{"policy-owner"})); err != nil {
					return err
				}
			}
			if a := actor(); !a.OwnsPolicy() || !a.Manager {
				t.Errorf("granted: %+v", a)
			}
			if err := identity.Revoke(tx, p.ID, identity.Memberships([]string{"policy-owner", "admin"})); err != nil {
				return err
			}
			if a := actor(); a.OwnsPolicy() || !a.Manager {
				t.Errorf("revoked: %+v", a)
			}
			return identity.Grant(tx, p.ID, identity.Memberships([]string{"L9"}))
		})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("a level without a desk: %v", err)
		}
	})
}
