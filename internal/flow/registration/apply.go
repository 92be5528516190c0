package registration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Apply brings the register to what the document says, and says what it did, one
// line for each ("added customer Acme GmbH"); empty when all was so already.
// Organisations are matched by domain or name, people by address, accounts by
// organisation and name, instances by account and name, products and versions by
// id. Levels, products, product types and regions are words of the policy where
// it lists them. The caller ends the transaction with the error.
// Faults: Invalid, with a field FILE:LINE:COL for each mistake.
func (d *Document) Apply(tx *db.Tx, p *policy.Policy) ([]string, error) {
	a := &applier{tx: tx, policy: p, reader: reader{file: d.file}, keys: map[string]int{}, formerly: map[string]string{}, seen: map[string]entry{}}
	for _, kind := range []org.Kind{org.Vendor, org.Partner, org.Customer} {
		list, err := org.ByKind(tx, kind)
		if err != nil {
			return nil, err
		}
		a.orgs = append(a.orgs, list...)
	}
	if err := each(d.products, a.product); err != nil {
		return nil, err
	}
	if err := each(d.organisations, a.organisation); err != nil {
		return nil, err
	}
	if err := each(d.people, a.person); err != nil {
		return nil, err
	}
	if err := each(d.accounts, a.account); err != nil {
		return nil, err
	}
	if len(a.mistakes) > 0 {
		return nil, invalid(a.mistakes)
	}
	return a.did, nil
}

func each[T any](list []T, apply func(T) error) error {
	for _, one := range list {
		if err := apply(one); err != nil {
			return err
		}
	}
	return nil
}

// applier works in one transaction. A mistake is noted and the rest still read,
// so that a file is corrected in one go.
type applier struct {
	reader
	tx       *db.Tx
	policy   *policy.Policy
	orgs     []org.Org
	keys     map[string]int    // key of the file -> index in orgs; -1 for one with a mistake
	formerly map[string]string // organisation id -> name before this file
	seen     map[string]entry
	did      []string
}

func (a *applier) say(format string, args ...any) {
	a.did = append(a.did, fmt.Sprintf(format, args...))
}

// note keeps the mistakes that a fault names, each at the value of its key.
// It returns what is no mistake of the file.
func (a *applier) note(e entry, err error, names map[string]string) error {
	if err == nil || !slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.NotFound}, fault.KindOf(err)) {
		return err
	}
	for _, f := range fault.Fields(err) {
		a.at(e, cmp.Or(names[f.Path], f.Path), "%s", f.Message)
	}
	if len(fault.Fields(err)) == 0 {
		a.at(e, "", "%s", fault.Message(err))
	}
	return nil
}

// at notes a mistake at the value of a key, or at the entry without it.
func (a *applier) at(e entry, key, format string, args ...any) {
	if n := e.node.Get(key); n != nil {
		a.wrong(n, format, args...)
		return
	}
	if key != "" {
		format = key + ": " + format
	}
	a.wrong(e.node, format, args...)
}

// twice notes that an entry stands in the file already.
func (a *applier) twice(e entry, parts ...string) bool {
	id := strings.Join(parts, "\x00")
	if first, is := a.seen[id]; is {
		a.at(e, "", "The same %s stands in line %d; write it once.", parts[0], first.node.Line)
		return true
	}
	a.seen[id] = e
	return false
}

// listed reports whether a word is one that the policy knows for a fact, and notes when it is not.
func (a *applier) listed(e entry, key string, f fact.Fact, text string) bool {
	words, closed := a.policy.Words(f)
	if text == "" || !closed || slices.Contains(words, text) {
		return true
	}
	a.at(e, key, "The policy does not know %q; use %s.", text, wording.Or(words))
	return false
}

// change is one value before and after.
type change struct {
	what     string
	from, to any
}

// differences names what changed, "name, zone", or nothing.
func differences(list ...change) string {
	var out []string
	for _, c := range list {
		if c.from != c.to {
			out = append(out, c.what)
		}
	}
	return strings.Join(out, ", ")
}

func (a *applier) changed(what, differences string) {
	if differences != "" {
		a.say("changed %s: %s", what, differences)
	}
}

func (a *applier) product(p productEntry) error {
	if a.twice(p.entry, "product", p.id.text) || !a.listed(p.entry, "id", fact.ProductID, p.id.text) {
		return nil
	}
	found, err := product.ByID(a.tx, p.id.text)
	absent := fault.Is(err, fault.NotFound)
	if err != nil && !absent {
		return err
	}
	next := product.Product{ID: p.id.text, Name: cmp.Or(found.Name, p.id.text)}
	p.name.into(&next.Name)
	if absent || next != found {
		if err := product.Create(a.tx, next); err != nil {
			return a.note(p.entry, err, nil)
		}
	}
	if absent {
		a.say("added product %s", next.Name)
	} else {
		a.changed("product "+next.Name, differences(change{"name", found.Name, next.Name}))
	}
	return each(p.versions, func(v version) error { return a.version(next, v) })
}

// dependsOn reports products that the policy does not know among those that a version works with.
func (a *applier) dependsOn(v version) bool {
	known := true
	for id := range v.dependency.of.Versions() {
		known = a.listed(v.entry, "dependency", fact.ProductID, id) && known
	}
	return known
}

func (a *applier) version(p product.Product, v version) error {
	if a.twice(v.entry, "version", p.ID, v.version.text) {
		return nil
	}
	found, err := product.VersionOf(a.tx, p.ID, v.version.text)
	absent := fault.Is(err, fault.NotFound)
	if err != nil && !absent {
		return err
	}
	next := found
	next.ProductID, next.Version = p.ID, v.version.text
	v.released.into(&next.ReleasedOn)
	v.endOfLife.into(&next.EndOfLife)
	v.track.into(&next.Track)
	v.dependency.into(&next.Dependency)
	if !a.dependsOn(v) {
		return nil
	}
	what := fmt.Sprintf("version %s of %s", next.Version, p.Name)
	switch {
	case absent:
		if err = product.CreateVersion(a.tx, next); err == nil {
			a.say("added %s", what)
		}
	case next != found:
		if err = product.UpdateVersion(a.tx, next); err == nil {
			a.changed(what, differences(change{"released", found.ReleasedOn, next.ReleasedOn}, change{"end_of_life", found.EndOfLife, next.EndOfLife},
				change{"track", found.Track, next.Track}, change{"dependency", string(found.Dependency), string(next.Dependency)}))
		}
	}
	return a.note(v.entry, err, map[string]string{"released_on": "released"})
}
