package registration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

func (a *applier) organisation(o organisation) error {
	key := cmp.Or(o.key.text, o.domain.text, o.name.text)
	if _, is := a.keys[key]; is {
		a.at(o.entry, "key", "Another organisation of this file has the key %q; choose another one.", key)
		return nil
	}
	a.keys[key] = -1
	at, ok := a.match(o)
	if !ok {
		return nil
	}
	at, err := a.saveOrganisation(o, at)
	if err != nil {
		return a.note(o.entry, err, nil)
	}
	if a.twice(o.entry, "organisation", a.orgs[at].ID) {
		return nil
	}
	noted := len(a.mistakes)
	if err := a.desks(o, a.orgs[at]); err != nil || len(a.mistakes) > noted {
		return err
	}
	a.keys[key] = at
	return nil
}

// match finds the registered organisation that an entry means, or -1 for a new one.
func (a *applier) match(o organisation) (at int, ok bool) {
	var named []int
	at = -1
	for i, known := range a.orgs {
		if o.domain.text != "" && strings.EqualFold(known.Domain, o.domain.text) {
			at = i
		}
		if o.name.text != "" && strings.EqualFold(known.Name, o.name.text) {
			named = append(named, i)
		}
	}
	switch {
	case at < 0 && len(named) > 1:
		a.at(o.entry, "name", "Several organisations have this name; give the domain of the one that you mean.")
		return -1, false
	case at < 0 && len(named) == 1:
		at = named[0]
	case at >= 0 && len(named) > 0 && !slices.Contains(named, at):
		a.at(o.entry, "name", "Another organisation has this name already; %s belongs to %s.", o.domain.text, a.orgs[at].Name)
		return -1, false
	}
	if at >= 0 && o.kind.set && org.Kind(o.kind.text) != a.orgs[at].Kind {
		a.at(o.entry, "kind", "%s is registered as a %s, and that can't change.", a.orgs[at].Name, a.orgs[at].Kind)
		return -1, false
	}
	return at, true
}

func (a *applier) saveOrganisation(o organisation, at int) (int, error) {
	next := org.Org{Kind: org.Kind(o.kind.text)}
	if at >= 0 {
		next = a.orgs[at]
	}
	o.name.into(&next.Name)
	o.domain.into(&next.Domain)
	o.zone.into(&next.Zone)
	if at < 0 {
		made, err := org.Create(a.tx, next)
		if err != nil {
			return at, err
		}
		a.orgs = append(a.orgs, made)
		a.say("added %s %s", made.Kind, made.Name)
		return len(a.orgs) - 1, nil
	}
	before := a.orgs[at]
	if next == before {
		return at, nil
	}
	saved, err := org.Update(a.tx, next)
	if err != nil {
		return at, err
	}
	a.orgs[at] = saved
	a.formerly[saved.ID] = before.Name
	a.changed(fmt.Sprintf("%s %s", saved.Kind, saved.Name), differences(
		change{"name", before.Name, saved.Name}, change{"domain", before.Domain, saved.Domain}, change{"zone", before.Zone, saved.Zone}))
	return at, nil
}

// desks opens and renames desks, and gives the organisation's address to its lowest one.
func (a *applier) desks(o organisation, of org.Org) error {
	before, err := org.Desks(a.tx, of.ID)
	if err != nil {
		return err
	}
	next := slices.Clone(before)
	entries := map[string]entry{}
	for _, d := range o.desks {
		if !a.listedLevel(d) {
			return nil
		}
		entries[d.level] = d.entry
		if i := slices.IndexFunc(next, func(known org.Desk) bool { return known.Level == d.level }); i >= 0 {
			next[i].Name = d.name
		} else {
			next = append(next, org.Desk{OrgID: of.ID, Level: d.level, Name: d.name})
		}
	}
	if o.address.set && !a.address(o, next) {
		return nil
	}
	for i, d := range next {
		if i < len(before) && before[i] == d {
			continue
		}
		e, is := entries[d.Level]
		if !is {
			e = o.entry
		}
		if err := org.AddDesk(a.tx, d); err != nil {
			if fault.Is(err, fault.Conflict) {
				e = o.entry
			}
			if err := a.note(e, err, nil); err != nil {
				return err
			}
			continue
		}
		what := fmt.Sprintf("desk %s of %s", d.Level, of.Name)
		if i >= len(before) {
			a.say("added %s", what)
		} else {
			a.changed(what, differences(change{"name", before[i].Name, d.Name}, change{"address", before[i].Address, d.Address}))
		}
	}
	return nil
}

func (a *applier) listedLevel(d desk) bool {
	if words, closed := a.policy.Words(fact.Level); closed && !slices.Contains(words, d.level) {
		a.wrong(d.node, "The policy has no level %q; use %s.", d.level, strings.Join(words, ", "))
		return false
	}
	return true
}

// address gives the organisation's address to the lowest desk, in the policy's order of levels.
func (a *applier) address(o organisation, desks []org.Desk) bool {
	address := ""
	if o.address.text != "" {
		canonical, err := mail.Canonical(o.address.text)
		if err != nil {
			a.at(o.entry, "address", "%s", fault.Message(err))
			return false
		}
		address = canonical
	}
	for _, l := range a.policy.Levels() {
		if i := slices.IndexFunc(desks, func(d org.Desk) bool { return d.Level == l.ID }); i >= 0 {
			desks[i].Address = address
			return true
		}
	}
	if address != "" {
		a.at(o.entry, "address", "An address belongs to a desk; give the organisation desks, such as {LEVEL: Help desk}.")
		return false
	}
	return true
}

// find is the organisation that a key of this file names, or the domain or name of
// a registered one. It is false when there is none, which was noted.
func (a *applier) find(e entry, key string, w word) (org.Org, bool) {
	if at, is := a.keys[w.text]; is {
		if at < 0 {
			return org.Org{}, false // its own mistake was noted
		}
		return a.orgs[at], true
	}
	for _, o := range a.orgs {
		if w.text != "" && (strings.EqualFold(o.Domain, w.text) || strings.EqualFold(o.Name, w.text)) {
			return o, true
		}
	}
	a.at(e, key, "Name an organisation: its key in this file, or the domain or name of one that is registered.")
	return org.Org{}, false
}

func (a *applier) person(p person) error {
	email, err := mail.Canonical(p.email.text)
	if err != nil {
		a.at(p.entry, "email", "%s", fault.Message(err))
		return nil
	}
	if a.twice(p.entry, "person", email) {
		return nil
	}
	before, err := identity.ByEmail(a.tx, email)
	absent := fault.Is(err, fault.NotFound)
	if err != nil && !absent {
		return err
	}
	next := before
	p.name.into(&next.Name)
	p.zone.into(&next.Zone)
	if p.organisation.set || before.OrgID == "" {
		o, ok := a.find(p.entry, "organisation", p.organisation)
		if !ok {
			return nil
		}
		next.OrgID = o.ID
	}
	if absent {
		next.Email, next.Name = email, cmp.Or(next.Name, email)
		if _, err := identity.Create(a.tx, next, identity.Memberships(p.roles)); err != nil {
			return a.note(p.entry, err, nil)
		}
		a.say("added person %s", email)
		return nil
	}
	return a.changePerson(p, before, next)
}

func (a *applier) changePerson(p person, before, next identity.Person) error {
	had, err := identity.Roles(a.tx, before.ID)
	if err != nil {
		return err
	}
	roles := had
	if p.rolesSet {
		roles = identity.Memberships(p.roles)
	}
	if next == before && written(roles) == written(had) {
		return nil
	}
	saved, err := identity.Update(a.tx, next, roles)
	if err != nil {
		return a.note(p.entry, err, nil)
	}
	a.changed("person "+saved.Email, differences(change{"name", before.Name, saved.Name}, change{"organisation", before.OrgID, saved.OrgID},
		change{"zone", before.Zone, saved.Zone}, change{"roles", written(had), written(roles)}))
	return nil
}

// written is the same text for the same roles in any order.
func written(roles []identity.Membership) string {
	var words []string
	for _, m := range roles {
		words = append(words, string(m.Role)+" "+m.Level)
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ",")
}
