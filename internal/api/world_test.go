package api_test

import (
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
)

// member is somebody of the test's world; roles are roles and the levels that they serve.
type member struct {
	email, name, org string
	roles            []string
}

var members = []member{
	{vendor1, "Lena One", "vendor", []string{"L1"}},
	{vendor2, "Liam Two", "vendor", []string{"L2"}},
	{vendor3, "Lucia Three", "vendor", []string{"L3"}},
	{manager, "Maria Manager", "vendor", []string{"manager", "owner"}},
	{partner1, "Paul Berger", "partner", []string{"L1", "L2"}},
	{named, "Nadia Flores", "named", []string{"admin"}},
	{namedUser, "Noah Reed", "named", []string{"end-user"}},
	{cloud, "Claire Dubois", "cloud", []string{"admin"}},
	{cloud1, "Camille Petit", "cloud", []string{"L1"}},
	{cloudUser, "Colin Martin", "cloud", []string{"end-user"}},
	{selfhosted, "Stefan Huber", "selfhosted", []string{"admin"}},
	{lapsed, "Luis Ortega", "lapsed", []string{"admin"}},
	{old, "Olivia Conti", "old", []string{"admin"}},
	{fjord, "Freya Lund", "fjord", []string{"admin"}},
}

// world registers a vendor, a partner and one customer of each sort, and makes a token for everybody.
func world(tx *db.Tx, tokens map[string]string) error {
	orgs := map[string]string{}
	for _, o := range []struct {
		key, name string
		kind      org.Kind
		desks     []string
	}{
		{"vendor", "Example Meetings", org.Vendor, []string{"L1", "L2", "L3"}},
		{"partner", "Nordlicht Systems", org.Partner, []string{"L1", "L2"}},
		{"named", "Named Learning", org.Customer, nil},
		{"cloud", "Cloud Academy of Music", org.Customer, []string{"L1"}},
		{"selfhosted", "Selfhosted Clinic Group", org.Customer, []string{"L1", "L3"}},
		{"lapsed", "Lapsed Logistics", org.Customer, nil},
		{"old", "Old Town Library", org.Customer, nil},
		{"fjord", "Fjord Training", org.Customer, nil},
	} {
		made, err := org.Create(tx, org.Org{Kind: o.kind, Name: o.name, Domain: o.key + ".example"})
		if err != nil {
			return err
		}
		orgs[o.key] = made.ID
		for _, level := range o.desks {
			if err := org.AddDesk(tx, org.Desk{OrgID: made.ID, Level: level, Name: level}); err != nil {
				return err
			}
		}
	}
	if err := contracts(tx, orgs); err != nil {
		return err
	}
	for _, m := range members {
		var err error
		if tokens[m.email], err = enlist(tx, m, orgs[m.org]); err != nil {
			return err
		}
	}
	return nil
}

func contracts(tx *db.Tx, orgs map[string]string) error {
	if err := product.Create(tx, product.Product{ID: "meetings", Name: "Meetings"}); err != nil {
		return err
	}
	for version, end := range map[string]string{"10.4": "", "9.2": "2026-09-30"} {
		if err := product.CreateVersion(tx, product.Version{ProductID: "meetings", Version: version, ReleasedOn: "2025-01-01", EndOfLife: end}); err != nil {
			return err
		}
	}
	for _, c := range []struct{ org, kind, region, partner, maintenance, instance, version string }{
		{"named", "named-user-cloud", "north-america", "", "2027-12-31", "Named Learning rooms", "10.4"},
		{"cloud", "cloud-server", "europe", "", "2027-12-31", "Academy server", "10.4"},
		{"selfhosted", "self-hosted", "europe", "", "2027-12-31", "Clinic server", "10.4"},
		{"lapsed", "cloud-server", "europe", "", "2026-09-30", "Lapsed server", "10.4"},
		{"old", "self-hosted", "europe", "", "2027-12-31", "Library server", "9.2"},
		{"fjord", "named-user-cloud", "europe", "partner", "2027-12-31", "Fjord rooms", "10.4"},
	} {
		a, err := account.Create(tx, account.Account{OrgID: orgs[c.org], Name: c.org, ProductID: "meetings", ProductType: c.kind, Region: c.region,
			PartnerID: orgs[c.partner], ContractStarts: "2025-01-01", MaintenanceUntil: c.maintenance, NewReleases: true})
		if err != nil {
			return err
		}
		_, err = account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: c.instance, URL: "https://" + c.org + ".meetings.example", Version: c.version})
		if err != nil {
			return err
		}
	}
	return nil
}

func enlist(tx *db.Tx, m member, orgID string) (token string, err error) {
	var roles []identity.Membership
	for _, r := range m.roles {
		if r[0] == 'L' {
			roles = append(roles, identity.Membership{Role: identity.RoleLevel, Level: r})
		} else {
			roles = append(roles, identity.Membership{Role: identity.Role(r)})
		}
	}
	p, err := identity.Create(tx, identity.Person{OrgID: orgID, Name: m.name, Email: m.email}, roles)
	if err != nil {
		return "", err
	}
	token, _, err = identity.CreateToken(tx, p.ID, "test")
	return token, err
}
