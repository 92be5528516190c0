package account_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
)

type scene struct {
	d                 *db.DB
	customer, partner org.Org
}

func build(t *testing.T, d *db.DB) scene {
	t.Helper()
	s := scene{d: d}
	s.write(t, func(tx *db.Tx) (err error) {
		if s.customer, err = org.Create(tx, org.Org{Kind: org.Customer, Name: "C"}); err != nil {
			return err
		}
		if s.partner, err = org.Create(tx, org.Org{Kind: org.Partner, Name: "P"}); err != nil {
			return err
		}
		return product.Create(tx, product.Product{ID: "meetings", Name: "Meetings"})
	})
	return s
}

func (s scene) write(t *testing.T, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := s.d.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func (s scene) good() account.Account {
	return account.Account{OrgID: s.customer.ID, Name: "Cloud", ProductID: "meetings", ProductType: "cloud-server", Region: "north-america", PartnerID: s.partner.ID,
		ContractStarts: "2026-01-01", ContractEnds: "2026-12-31", MaintenanceUntil: "2026-06-30", NewReleases: true}
}

func (s scene) create(t *testing.T, a account.Account) account.Account {
	t.Helper()
	s.write(t, func(tx *db.Tx) (err error) {
		a, err = account.Create(tx, a)
		return err
	})
	return a
}

func TestARequestWithoutInstanceConcernsTheOnlyOrDefaultOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := build(t, d)
		s.write(t, func(tx *db.Tx) error {
			_, _, err := account.Default(tx, s.customer.ID)
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("without an account: %v", err)
			}
			return nil
		})
		a := s.create(t, s.good())
		var first, second account.Instance
		s.write(t, func(tx *db.Tx) (err error) {
			if got, i, err := account.Default(tx, s.customer.ID); err != nil || got != a || i != nil {
				t.Errorf("an account without instances: %+v %v %v", got, i, err)
			}
			first, err = account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: "Live", URL: "https://meet.example.com", Version: "3.2.1"})
			if err != nil {
				return err
			}
			second, err = account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: "Staging"})
			return err
		})
		s.write(t, func(tx *db.Tx) error {
			if got, i, err := account.Default(tx, s.customer.ID); err != nil || got.ID != a.ID || i == nil || *i != first {
				t.Errorf("the first instance: %+v %v %v", got, i, err)
			}
			return account.SetDefault(tx, a.ID, second.ID)
		})
		s.write(t, func(tx *db.Tx) error {
			if _, i, err := account.Default(tx, s.customer.ID); err != nil || i == nil || *i != second {
				t.Errorf("the default instance: %v %v", i, err)
			}
			if list, err := account.Instances(tx, a.ID); err != nil || !slices.Equal(list, []account.Instance{first, second}) {
				t.Errorf("instances %v %v", list, err)
			}
			if list, err := account.ByPartner(tx, s.partner.ID); err != nil || len(list) != 1 || list[0].ID != a.ID {
				t.Errorf("the partner's accounts: %v %v", list, err)
			}
			return nil
		})
		other := s.good()
		other.PartnerID = ""
		b := s.create(t, other)
		s.write(t, func(tx *db.Tx) error {
			_, _, err := account.Default(tx, s.customer.ID)
			if f := fault.Fields(err); !fault.Is(err, fault.Invalid) || len(f) != 1 || f[0].Path != "instance" {
				t.Errorf("two accounts: %v", err)
			}
			if list, err := account.ByOrg(tx, s.customer.ID); err != nil || len(list) != 2 {
				t.Errorf("accounts %v %v", list, err)
			}
			if got, err := account.ByID(tx, b.ID); err != nil || got != b {
				t.Errorf("by id %+v %v", got, err)
			}
			if err := account.SetDefault(tx, b.ID, first.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("another account's instance as default: %v", err)
			}
			if _, err := account.InstanceByID(tx, "none"); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown instance: %v", err)
			}
			if _, err := account.ByID(tx, "none"); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown account: %v", err)
			}
			return nil
		})
	})
}

func TestEachMistakeOfAnAccountIsNamedAtItsField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := build(t, d)
		for _, c := range []struct {
			field  string
			change func(*account.Account)
		}{
			{"org", func(a *account.Account) { a.OrgID = "none" }},
			{"name", func(a *account.Account) { a.Name = " " }},
			{"product", func(a *account.Account) { a.ProductID = "none" }},
			{"product_type", func(a *account.Account) { a.ProductType = strings.Repeat("x", 101) }},
			{"region", func(a *account.Account) { a.Region = "a\x00b" }},
			{"partner", func(a *account.Account) { a.PartnerID = s.customer.ID }},
			{"partner", func(a *account.Account) { a.PartnerID = "none" }},
			{"contract_starts", func(a *account.Account) { a.ContractStarts = "2026-02-30" }},
			{"contract_ends", func(a *account.Account) { a.ContractEnds = "2025-12-31" }},
			{"maintenance_until", func(a *account.Account) { a.MaintenanceUntil = "soon" }},
		} {
			a := s.good()
			c.change(&a)
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				_, err := account.Create(tx, a)
				return err
			})
			if f := fault.Fields(err); !fault.Is(err, fault.Invalid) || len(f) != 1 || f[0].Path != c.field {
				t.Errorf("%s: %v", c.field, err)
			}
		}
		a := s.create(t, s.good())
		for _, c := range []struct {
			field string
			i     account.Instance
		}{
			{"name", account.Instance{AccountID: a.ID}},
			{"url", account.Instance{AccountID: a.ID, Name: "x", URL: "javascript:alert(1)"}},
			{"url", account.Instance{AccountID: a.ID, Name: "x", URL: "https://user:secret@meet.example.com"}},
			{"version", account.Instance{AccountID: a.ID, Name: "x", Version: "1\n2"}},
			{"", account.Instance{AccountID: "none", Name: "x"}},
		} {
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				_, err := account.AddInstance(tx, c.i)
				return err
			})
			f := fault.Fields(err)
			if c.field == "" && !fault.Is(err, fault.NotFound) || c.field != "" && (len(f) != 1 || f[0].Path != c.field) {
				t.Errorf("%+v: %v; want %s", c.i, err, c.field)
			}
		}
	})
}

func TestDaysOfAContractAreWhole(t *testing.T) {
	a := account.Account{ContractStarts: "2026-01-01", ContractEnds: "2026-12-31", MaintenanceUntil: "2026-06-30"}
	open := account.Account{MaintenanceUntil: "2026-06-30"}
	never := account.Account{ContractStarts: "2026-01-01"}
	for _, c := range []struct {
		account              account.Account
		date                 string
		inForce, maintenance bool
	}{
		{a, "2025-12-31", false, false},
		{a, "2026-01-01", true, true},
		{a, "2026-06-30", true, true},
		{a, "2026-07-01", true, false},
		{a, "2026-12-31", true, false},
		{a, "2027-01-01", false, false},
		{open, "2020-01-01", true, true},
		{open, "2030-01-01", true, false},
		{never, "2026-05-01", true, false},
	} {
		if got, kept := c.account.InForce(c.date), c.account.MaintenanceActive(c.date); got != c.inForce || kept != c.maintenance {
			t.Errorf("%+v on %s: in force %v, maintained %v", c.account, c.date, got, kept)
		}
	}
}

func TestAnAccountAndItsInstancesChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := build(t, d)
		a := s.create(t, s.good())
		s.write(t, func(tx *db.Tx) error {
			i, err := account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: "Live"})
			if err != nil {
				return err
			}
			want := a
			want.Name, want.PartnerID, want.MaintenanceUntil, want.NewReleases, want.DefaultInstanceID = "Own", "", "2027-06-30", false, i.ID
			given := want
			given.OrgID, given.DefaultInstanceID = s.partner.ID, "other"
			if saved, err := account.Update(tx, given); err != nil || saved != want {
				t.Errorf("saved %+v, %v", saved, err)
			}
			if found, err := account.ByID(tx, a.ID); err != nil || found != want {
				t.Errorf("found %+v, %v", found, err)
			}
			given.Name, given.ProductID = "", "none"
			if _, err := account.Update(tx, given); len(fault.Fields(err)) != 2 {
				t.Errorf("name and product are wrong: %v", err)
			}
			if _, err := account.Update(tx, account.Account{ID: "none"}); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown account: %v", err)
			}
			i.URL, i.Version = "https://meet.example.com", "3.2"
			if saved, err := account.UpdateInstance(tx, i); err != nil || saved != i {
				t.Errorf("saved %+v, %v", saved, err)
			}
			if found, err := account.InstanceByID(tx, i.ID); err != nil || found != i {
				t.Errorf("found %+v, %v", found, err)
			}
			if _, err := account.UpdateInstance(tx, account.Instance{ID: i.ID, Name: "x", URL: "ftp://x"}); len(fault.Fields(err)) != 1 {
				t.Errorf("the address is wrong: %v", err)
			}
			if _, err := account.UpdateInstance(tx, account.Instance{ID: "none", Name: "x"}); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown instance: %v", err)
			}
			return nil
		})
	})
}
