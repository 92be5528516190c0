package ticket

import (
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// AccountSituation is what the register knows of any request from an account, for its default instance, at the
// transaction's instant: everything but who asks, what for and when.
func AccountSituation(tx *db.Tx, a account.Account, p *policy.Policy) (coverage.Situation, error) {
	f := &facts{rules: &rulebook.Compiled{Policy: p}, account: &a}
	if a.DefaultInstanceID != "" {
		i, err := account.InstanceByID(tx, a.DefaultInstanceID)
		if err != nil {
			return coverage.Situation{}, err
		}
		f.instance = &i
	}
	err := f.contractFacts(tx)
	return f.under(p, tx.Now()), err
}
