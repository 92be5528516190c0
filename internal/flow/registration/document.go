// Package registration keeps the register as a file says: organisations with
// their desks, products, people and accounts. A file that is applied again adds
// what is new and changes what differs; what it does not name stays.
package registration

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Document is a register file. A key that is absent leaves what is registered,
// a key without a value clears it.
type Document struct {
	file          string
	organisations []organisation
	products      []productEntry
	people        []person
	accounts      []contract
}

// entry is one map of the file; mistakes that concern no key of it stand at its beginning.
type entry struct{ node *yaml.Node }

// word is a value as it was written. The zero word is absent.
type word struct {
	text string
	set  bool
}

// into puts a word that is set into a field.
func (w word) into(field *string) {
	if w.set {
		*field = w.text
	}
}

type organisation struct {
	entry
	key, kind, name, domain, zone, address word
	desks                                  []desk
}

type desk struct {
	entry
	level, name string
}

type productEntry struct {
	entry
	id, name word
	versions []version
}

type version struct {
	entry
	version, released, endOfLife, track word
	dependency                          dependency
}

type person struct {
	entry
	email, name, organisation, zone word
	roles                           []string
	rolesSet                        bool
}

type contract struct {
	entry
	organisation, name, product, kind, region, partner word
	starts, ends, maintenance                          word
	newReleases                                        flag
	facts                                              *yaml.Node // nil where it is absent
	instances                                          []instance
}

type instance struct {
	entry
	name, url, version word
	dependency         dependency
	isDefault          flag
	facts              *yaml.Node
}

// flag is a yes or no as it was written. The zero flag is absent.
type flag struct{ yes, set bool }

// Read reads a register file; file names it in mistakes.
// Faults: Invalid, with a field FILE:LINE:COL for each mistake (columns count bytes).
func Read(file string, src []byte) (*Document, error) {
	root, mistake := yaml.Parse(src)
	if mistake != nil {
		return nil, invalid([]fault.Field{{Path: fmt.Sprintf("%s:%d:%d", file, mistake.Line, mistake.Col), Message: mistake.Message}})
	}
	r := &reader{file: file}
	doc := &Document{file: file}
	if root.Kind != yaml.Map {
		r.wrong(root, "Write organisations, products, people or accounts here, each with a list.")
	} else {
		r.fields(root, map[string]func(*yaml.Node){
			"organisations": list(r, &doc.organisations, r.organisation),
			"products":      list(r, &doc.products, r.product),
			"people":        list(r, &doc.people, r.person),
			"accounts":      list(r, &doc.accounts, r.account),
		})
	}
	if len(r.mistakes) > 0 {
		return nil, invalid(r.mistakes)
	}
	return doc, nil
}

func invalid(mistakes []fault.Field) error {
	err := fault.New(fault.Invalid, "Nothing was changed. Correct the lines listed and apply the file again.")
	err.Fields = mistakes
	return err
}

func place(file string, n *yaml.Node) string {
	return fmt.Sprintf("%s:%d:%d", file, max(n.Line, 1), max(n.Col, 1))
}

type reader struct {
	file     string
	mistakes []fault.Field
}

func (r *reader) wrong(n *yaml.Node, format string, args ...any) {
	r.mistakes = append(r.mistakes, fault.Field{Path: place(r.file, n), Message: fmt.Sprintf(format, args...)})
}

// fields hands each value of a map to the reader of its key.
func (r *reader) fields(n *yaml.Node, known map[string]func(*yaml.Node)) entry {
	keys := slices.Sorted(maps.Keys(known))
	if n.Kind != yaml.Map {
		r.wrong(n, "Write keys with values here: %s.", strings.Join(keys, ", "))
		return entry{n}
	}
	for i, key := range n.Keys {
		if read := known[key.Text]; read != nil {
			read(n.Values[i])
		} else {
			r.wrong(key, "%q is not known here; use %s.", key.Text, strings.Join(keys, ", "))
		}
	}
	return entry{n}
}

func (r *reader) word(w *word) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch n.Kind {
		case yaml.Null, yaml.Scalar:
			*w = word{strings.TrimSpace(n.Text), true}
			if n.Kind == yaml.Null {
				w.text = ""
			}
		default:
			r.wrong(n, "Write one value here, not %s.", n.Kind)
		}
	}
}

// dependency is the version of each product that something works with.
type dependency struct {
	of  product.Dependency
	set bool
}

func (d dependency) into(to *product.Dependency) {
	if d.set {
		*to = d.of
	}
}

func (r *reader) dependency(into *dependency) func(*yaml.Node) {
	return func(n *yaml.Node) {
		into.set = true
		if n.Kind == yaml.Null {
			return
		}
		if n.Kind != yaml.Map {
			r.wrong(n, "Write a product and its version here, such as PRODUCT: 9.2.")
			return
		}
		versions := map[string]string{}
		for i, key := range n.Keys {
			var version word
			r.word(&version)(n.Values[i])
			versions[key.Text] = version.text
		}
		if into.of = product.DependencyOf(versions); !into.of.Valid() {
			r.wrong(n, "Write one word for each product and its version, such as PRODUCT: 9.2.")
		}
	}
}

func (r *reader) flag(f *flag) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch strings.ToLower(n.Text) {
		case "yes", "true":
			*f = flag{true, true}
		case "no", "false":
			*f = flag{false, true}
		default:
			r.wrong(n, "Write yes or no.")
		}
	}
}

// list reads a list of entries; a key without a value is an empty one.
func list[T any](r *reader, into *[]T, read func(*yaml.Node) T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch n.Kind {
		case yaml.Null:
		case yaml.List:
			for _, v := range n.Values {
				*into = append(*into, read(v))
			}
		default:
			r.wrong(n, "Write a list here, each entry on a line that begins with \"- \".")
		}
	}
}

func (r *reader) organisation(n *yaml.Node) (o organisation) {
	o.entry = r.fields(n, map[string]func(*yaml.Node){
		"key": r.word(&o.key), "kind": r.word(&o.kind), "name": r.word(&o.name), "domain": r.word(&o.domain),
		"zone": r.word(&o.zone), "address": r.word(&o.address), "desks": r.desks(&o.desks),
	})
	return o
}

func (r *reader) desks(into *[]desk) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind == yaml.Null {
			return
		}
		if n.Kind != yaml.Map {
			r.wrong(n, "Write a level and the name of its desk, such as LEVEL: Help desk.")
			return
		}
		for i, level := range n.Keys {
			var name word
			r.word(&name)(n.Values[i])
			*into = append(*into, desk{entry{level}, level.Text, name.text})
		}
	}
}

func (r *reader) product(n *yaml.Node) (p productEntry) {
	p.entry = r.fields(n, map[string]func(*yaml.Node){"id": r.word(&p.id), "name": r.word(&p.name), "versions": list(r, &p.versions, r.version)})
	return p
}

func (r *reader) version(n *yaml.Node) (v version) {
	v.entry = r.fields(n, map[string]func(*yaml.Node){"version": r.word(&v.version), "released": r.word(&v.released), "end_of_life": r.word(&v.endOfLife),
		"track": r.word(&v.track), "dependency": r.dependency(&v.dependency)})
	return v
}

func (r *reader) person(n *yaml.Node) (p person) {
	p.entry = r.fields(n, map[string]func(*yaml.Node){
		"email": r.word(&p.email), "name": r.word(&p.name), "organisation": r.word(&p.organisation), "zone": r.word(&p.zone),
		"roles": func(n *yaml.Node) {
			p.rolesSet = true
			list(r, &p.roles, func(n *yaml.Node) string {
				var w word
				r.word(&w)(n)
				return w.text
			})(n)
		},
	})
	return p
}

func (r *reader) account(n *yaml.Node) (c contract) {
	c.entry = r.fields(n, map[string]func(*yaml.Node){
		"organisation": r.word(&c.organisation), "name": r.word(&c.name), "product": r.word(&c.product), "type": r.word(&c.kind),
		"region": r.word(&c.region), "partner": r.word(&c.partner), "contract_starts": r.word(&c.starts), "contract_ends": r.word(&c.ends),
		"maintenance_until": r.word(&c.maintenance), "new_releases": r.flag(&c.newReleases), "facts": r.facts(&c.facts), "instances": list(r, &c.instances, r.instance),
	})
	return c
}

func (r *reader) facts(into **yaml.Node) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.Map && n.Kind != yaml.Null {
			r.wrong(n, "Write facts here in the words of the policy, such as plan: NAME.")
			return
		}
		*into = n
	}
}

func (r *reader) instance(n *yaml.Node) (i instance) {
	i.entry = r.fields(n, map[string]func(*yaml.Node){"name": r.word(&i.name), "url": r.word(&i.url), "version": r.word(&i.version), "default": r.flag(&i.isDefault),
		"dependency": r.dependency(&i.dependency), "facts": r.facts(&i.facts)})
	return i
}
