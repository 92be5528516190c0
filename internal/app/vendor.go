package app

import (
	"github.com/tierdesk/tierdesk/internal/platform/db"
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
	var p *policy.Policy
	if c, err := rulebook.New(nil, tx.Now).InForceTx(tx, tx.Now()); err == nil {
		p = c.Policy
	} else {
		p, _ = policy.Parse("illumeet.md", policies.Default())
	}
	for _, l := range p.Levels() {
		if err := org.AddDesk(tx, org.Desk{OrgID: vendor.ID, Level: l.ID, Name: l.Name, Address: address}); err != nil {
			return err
		}
		address = ""
	}
	return nil
}
