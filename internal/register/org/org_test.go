package org_test

import (
	"context"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

func write(t *testing.T, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, d *db.DB, o org.Org) org.Org {
	t.Helper()
	var out org.Org
	write(t, d, func(tx *db.Tx) (err error) {
		out, err = org.Create(tx, o)
		return err
	})
	return out
}

func TestThereIsOneVendorAndAnyNumberOfOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			_, err := org.VendorOrg(tx)
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Fatalf("a vendor before any was registered: %v", err)
		}
		vendor := create(t, d, org.Org{Kind: org.Vendor, Name: " Example Meetings ", Domain: "Vendor.Example", Zone: "Europe/Budapest"})
		if vendor.Name != "Example Meetings" || vendor.Domain != "vendor.example" || vendor.CreatedAt != dbtest.Start {
			t.Fatalf("saved as %+v", vendor)
		}
		b := create(t, d, org.Org{Kind: org.Customer, Name: "B"})
		a := create(t, d, org.Org{Kind: org.Customer, Name: "A"})
		err = d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := org.Create(tx, org.Org{Kind: org.Vendor, Name: "Second"})
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			t.Fatalf("a second vendor: %v", err)
		}
		write(t, d, func(tx *db.Tx) error {
			found, err := org.VendorOrg(tx)
			if err != nil || found != vendor {
				t.Errorf("vendor %+v, %v", found, err)
			}
			customers, err := org.ByKind(tx, org.Customer)
			if err != nil || len(customers) != 2 || customers[0] != a || customers[1] != b || a.Zone != "UTC" {
				t.Errorf("customers %+v, %v", customers, err)
			}
			names, err := org.Names(tx, []string{a.ID, vendor.ID, "nobody"})
			if err != nil || len(names) != 2 || names[a.ID] != "A" {
				t.Errorf("names %v, %v", names, err)
			}
			if _, err := org.ByID(tx, "nobody"); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown id: %v", err)
			}
			return nil
		})
	})
}

func TestAMistakeIsNamedAtItsField(t *testing.T) {
	good := org.Org{Kind: org.Partner, Name: "P", Domain: "partner.example", Zone: "UTC"}
	cases := []struct {
		field  string
		change func(*org.Org)
	}{
		{"kind", func(o *org.Org) { o.Kind = "friend" }},
		{"name", func(o *org.Org) { o.Name = " " }},
		{"name", func(o *org.Org) { o.Name = "two\nlines" }},
		{"name", func(o *org.Org) { o.Name = "nul\x00" }},
		{"name", func(o *org.Org) { o.Name = "\xff" }},
		{"domain", func(o *org.Org) { o.Domain = "a@b" }},
		{"zone", func(o *org.Org) { o.Zone = "Local" }},
		{"zone", func(o *org.Org) { o.Zone = "Mars/Base" }},
	}
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	for _, c := range cases {
		o := good
		c.change(&o)
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := org.Create(tx, o)
			return err
		})
		fields := fault.Fields(err)
		if !fault.Is(err, fault.Invalid) || len(fields) != 1 || fields[0].Path != c.field {
			t.Errorf("%+v: %v; want the field %s", o, err, c.field)
		}
	}
}

func TestDesksAreFoundByOrganisationLevelAndAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		vendor := create(t, d, org.Org{Kind: org.Vendor, Name: "V"})
		customer := create(t, d, org.Org{Kind: org.Customer, Name: "C"})
		l1 := org.Desk{OrgID: vendor.ID, Level: "L1", Name: "First", Address: "Support@Vendor.example"}
		l2 := org.Desk{OrgID: vendor.ID, Level: "L2", Name: "Second", Address: "support@vendor.example"}
		own := org.Desk{OrgID: customer.ID, Level: "L1", Name: "Own desk"}
		write(t, d, func(tx *db.Tx) error {
			for _, desk := range []org.Desk{l2, l1, own} {
				if err := org.AddDesk(tx, desk); err != nil {
					return err
				}
			}
			return nil
		})
		l1.Address = l2.Address
		write(t, d, func(tx *db.Tx) error {
			if desks, err := org.Desks(tx, vendor.ID); err != nil || len(desks) != 2 || desks[0] != l1 || desks[1] != l2 {
				t.Errorf("desks %v, %v", desks, err)
			}
			if all, err := org.AllDesks(tx); err != nil || len(all) != 3 {
				t.Errorf("all desks %v, %v", all, err)
			}
			if desk, err := org.DeskByAddress(tx, "support@vendor.example"); err != nil || desk != l1 {
				t.Errorf("by address %v, %v", desk, err)
			}
			if desk, err := org.DeskOf(tx, customer.ID, "L1"); err != nil || desk != own {
				t.Errorf("by level %v, %v", desk, err)
			}
			for _, address := range []string{"", "other@vendor.example"} {
				if _, err := org.DeskByAddress(tx, address); !fault.Is(err, fault.NotFound) {
					t.Errorf("address %q: %v", address, err)
				}
			}
			if err := org.AddDesk(tx, org.Desk{OrgID: customer.ID, Level: "L2", Name: "x", Address: "support@vendor.example"}); !fault.Is(err, fault.Conflict) {
				t.Errorf("another organisation took the address: %v", err)
			}
			if err := org.AddDesk(tx, org.Desk{OrgID: "nobody", Level: "L2", Name: "x"}); !fault.Is(err, fault.NotFound) {
				t.Errorf("a desk of nobody: %v", err)
			}
			if err := org.AddDesk(tx, org.Desk{OrgID: vendor.ID, Address: "no address"}); len(fault.Fields(err)) != 3 {
				t.Errorf("level, name and address are wrong: %v", err)
			}
			own.Name = "Renamed"
			return org.AddDesk(tx, own)
		})
		write(t, d, func(tx *db.Tx) error {
			desks, err := org.Desks(tx, customer.ID)
			if err != nil || len(desks) != 1 || desks[0] != own {
				t.Errorf("after renaming %v, %v", desks, err)
			}
			return nil
		})
	})
}

func TestAnOrganisationChangesItsNameDomainAndZone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		o := create(t, d, org.Org{Kind: org.Customer, Name: "Acme", Domain: "acme.example"})
		write(t, d, func(tx *db.Tx) error {
			want := o
			want.Name, want.Domain, want.Zone = "Acme GmbH", "acme-gmbh.example", "Europe/Vienna"
			saved, err := org.Update(tx, org.Org{ID: o.ID, Kind: org.Vendor, Name: " Acme GmbH", Domain: "Acme-GmbH.example", Zone: "Europe/Vienna"})
			if err != nil || saved != want {
				t.Errorf("saved %+v, %v", saved, err)
			}
			if _, err := org.Update(tx, org.Org{ID: o.ID, Zone: "Mars"}); len(fault.Fields(err)) != 2 {
				t.Errorf("name and zone are wrong: %v", err)
			}
			if _, err := org.Update(tx, org.Org{ID: "nobody", Name: "x"}); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown id: %v", err)
			}
			if found, err := org.ByID(tx, o.ID); err != nil || found != want {
				t.Errorf("found %+v, %v", found, err)
			}
			return nil
		})
	})
}
