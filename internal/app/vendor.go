package app

import (
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/policies"
)

// VendorDesks opens a desk at the vendor for each level of the policy in force,
// or of the default policy before one is published; the lowest receives support@DOMAIN.
func VendorDesks(tx *db.Tx, vendor org.Org) error {
	address := ""
	if vendor.Domain != "" {
		address = "support@" + vendor.Domain
	}
	p, err := PolicyInForce(tx)
	if err != nil {
		return err
	}
	for _, l := range p.Levels() {
		if err := org.AddDesk(tx, org.Desk{OrgID: vendor.ID, Level: l.ID, Name: l.Name, Address: address}); err != nil {
			return err
		}
		address = ""
	}
	return nil
}

// PolicyInForce is the policy in force, or the default policy before one is published.
func PolicyInForce(tx *db.Tx) (*policy.Policy, error) {
	c, err := rulebook.New(nil, tx.Now).InForceTx(tx, tx.Now())
	if fault.Is(err, fault.NotFound) {
		p, _ := policy.Parse(policies.DefaultName(), policies.Default())
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	return c.Policy, nil
}
