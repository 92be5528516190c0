package registration

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

func (a *applier) account(c contract) error {
	o, ok := a.find(c.entry, "organisation", c.organisation)
	if !ok || a.twice(c.entry, "account", o.ID, cmp.Or(c.name.text, o.Name)) {
		return nil
	}
	list, err := account.ByOrg(a.tx, o.ID)
	if err != nil {
		return err
	}
	before, known := a.matchAccount(c, o, list)
	next, ok := a.terms(c, o, before)
	if !a.facts(c.facts, coverage.GiverAccount, "account "+title(o, next), &next.Facts) || !ok {
		return nil
	}
	saved := next
	switch {
	case !known:
		if saved, err = account.Create(a.tx, next); err == nil {
			a.say("added account %s", title(o, saved))
		}
	case next != before:
		if saved, err = account.Update(a.tx, next); err == nil {
			a.changed("account "+title(o, saved), accountDifferences(before, saved))
		}
	}
	if err != nil {
		return a.note(c.entry, err, map[string]string{"org": "organisation", "product_type": "type"})
	}
	if err := a.journalFacts(saved.ID, before.Facts, saved.Facts); err != nil {
		return err
	}
	return a.instances(c, o, saved, !known)
}

// matchAccount finds the account with the entry's name; without one, the account
// that bears the organisation's name, also where this file renamed it.
func (a *applier) matchAccount(c contract, o org.Org, list []account.Account) (account.Account, bool) {
	names := []string{c.name.text}
	if c.name.text == "" {
		names = []string{o.Name, a.formerly[o.ID]}
	}
	for _, name := range names {
		if i := slices.IndexFunc(list, func(known account.Account) bool { return known.Name == name }); i >= 0 {
			return list[i], true
		}
	}
	return account.Account{}, false
}

// terms are what the account becomes; false when the entry has a mistake, which was noted.
func (a *applier) terms(c contract, o org.Org, before account.Account) (account.Account, bool) {
	next := before
	next.OrgID, next.Name = o.ID, cmp.Or(c.name.text, o.Name)
	c.product.into(&next.ProductID)
	c.kind.into(&next.ProductType)
	c.region.into(&next.Region)
	c.starts.into(&next.ContractStarts)
	c.ends.into(&next.ContractEnds)
	c.maintenance.into(&next.MaintenanceUntil)
	if c.newReleases.set {
		next.NewReleases = c.newReleases.yes
	}
	ok := a.listed(c.entry, "type", fact.ProductType, c.kind.text)
	if next.ProductType == "" && len(a.policy.ProductTypes()) > 0 {
		a.at(c.entry, "type", "Choose a product type of the policy: %s.", wording.Or(a.policy.ProductTypes()))
		ok = false
	}
	ok = a.listed(c.entry, "region", fact.AccountRegion, c.region.text) && ok
	if c.partner.set {
		next.PartnerID = ""
		if c.partner.text != "" {
			partner, found := a.find(c.entry, "partner", c.partner)
			next.PartnerID, ok = partner.ID, found && ok
		}
	}
	return next, ok
}

func title(o org.Org, c account.Account) string {
	if c.Name == o.Name {
		return o.Name
	}
	return fmt.Sprintf("%s of %s", c.Name, o.Name)
}

func accountDifferences(from, to account.Account) string {
	return differences(change{"name", from.Name, to.Name}, change{"product", from.ProductID, to.ProductID},
		change{"type", from.ProductType, to.ProductType}, change{"region", from.Region, to.Region}, change{"partner", from.PartnerID, to.PartnerID},
		change{"contract_starts", from.ContractStarts, to.ContractStarts}, change{"contract_ends", from.ContractEnds, to.ContractEnds},
		change{"maintenance_until", from.MaintenanceUntil, to.MaintenanceUntil}, change{"new_releases", from.NewReleases, to.NewReleases},
		change{"facts", from.Facts, to.Facts})
}

func (a *applier) instances(c contract, o org.Org, of account.Account, added bool) error {
	list, err := account.Instances(a.tx, of.ID)
	if err != nil {
		return err
	}
	chosen := ""
	for _, i := range c.instances {
		if a.twice(i.entry, "instance", of.ID, i.name.text) {
			continue
		}
		saved, err := a.instance(i, list, of, o)
		if err != nil {
			if err = a.note(i.entry, err, nil); err != nil {
				return err
			}
			continue
		}
		if !i.isDefault.yes {
			continue
		}
		if chosen != "" {
			a.at(i.entry, "default", "Another instance of this account is the default already; choose one.")
		}
		chosen = saved.ID
	}
	if chosen == "" || chosen == of.DefaultInstanceID {
		return nil
	}
	if !added {
		a.say("changed account %s: default instance", title(o, of))
	}
	return account.SetDefault(a.tx, of.ID, chosen)
}

func (a *applier) instance(i instance, list []account.Instance, of account.Account, o org.Org) (account.Instance, error) {
	next := account.Instance{AccountID: of.ID, Name: i.name.text}
	at := slices.IndexFunc(list, func(known account.Instance) bool { return known.Name == i.name.text })
	if at >= 0 {
		next = list[at]
	}
	i.url.into(&next.URL)
	i.version.into(&next.Version)
	i.dependency.into(&next.Dependency)
	what := fmt.Sprintf("instance %s of %s", next.Name, title(o, of))
	before := next.Facts
	a.facts(i.facts, coverage.GiverInstance, what, &next.Facts)
	if at < 0 {
		saved, err := account.AddInstance(a.tx, next)
		if err != nil {
			return saved, err
		}
		a.say("added %s", what)
		return saved, a.journalFacts(saved.ID, before, saved.Facts)
	}
	if next == list[at] {
		return next, nil
	}
	saved, err := account.UpdateInstance(a.tx, next)
	if err != nil {
		return saved, err
	}
	a.changed(what, differences(change{"url", list[at].URL, saved.URL}, change{"version", list[at].Version, saved.Version},
		change{"dependency", string(list[at].Dependency), string(saved.Dependency)}, change{"facts", before, saved.Facts}))
	return saved, a.journalFacts(saved.ID, before, saved.Facts)
}
