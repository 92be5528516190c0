// Package readable makes of a compiled policy what its published page shows: for each clause the prose, and for each block
// what a reader wants to see - weeks, a matrix, tables, lists - as data without any HTML but that of the prose.
package readable

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Document is a policy as people read it.
type Document struct {
	Name, Vendor, Supplements string
	// Zone is the zone in which the policy states its dates; Effective is its first day, 2006-01-02.
	Zone, Effective string
	// Now is the instant for which weeks, holidays and versions are shown, UTC milliseconds.
	Now     int64
	Clauses []Clause
}

// Clause is one heading with what stands beneath it.
type Clause struct {
	ID, Title string
	// Depth is the level of the heading, 1 for #.
	Depth int
	// Prose is safe HTML, its defined terms linked.
	Prose string
	// Practice marks what the desk does beyond what the agreement says.
	Practice bool
	Blocks   []Block
}

// Block is one of the types of this package whose names end the list of cases in the page: Hours, Matrix, Scope and so on.
type Block interface{ block() }

// Way is a way on: what is offered instead. Link may be empty.
type Way struct{ Title, Link string }

// Terms is the glossary of a clause.
type Terms []Term

// Term is a defined term; ID is its anchor on the page.
type Term struct{ ID, Name, Meaning string }

// Table is a block that has no form of its own, as rows under a head.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// List is a block that has no form of its own, as sentences.
type List struct {
	Title string
	Items []string
}

func (Terms) block() {}
func (Table) block() {}
func (List) block()  {}

// reader makes one document.
type reader struct {
	p   *policy.Policy
	now int64
}

// Of is the policy as it reads at an instant, UTC milliseconds.
func Of(p *policy.Policy, now int64) Document {
	r := reader{p, now}
	d := Document{Name: p.Name(), Vendor: p.Vendor(), Supplements: p.Supplements(), Zone: p.Zone(), Effective: p.EffectiveDate(), Now: now}
	prose := newProse(p.Terms())
	for _, c := range p.Clauses() {
		if c.Level == 1 && c.HTML == "" && len(c.Kinds) == 0 {
			continue
		}
		d.Clauses = append(d.Clauses, Clause{ID: c.ID, Title: c.Title, Depth: c.Level, Practice: c.Practice, Prose: prose.of(c.HTML), Blocks: r.blocks(c)})
	}
	return d
}

// blocks are those of a clause in the order of the document.
func (r reader) blocks(c policy.Clause) []Block {
	var list []Block
	add := func(b Block, shown bool) {
		if shown {
			list = append(list, b)
		}
	}
	for _, kind := range c.Kinds {
		switch kind {
		case "policy", "offers", "information", "holidays":
			// the head of the page, and where they are used
		case "terms":
			t := r.terms(c.ID)
			add(t, len(t) > 0)
		case "calendars":
			// a clause that has rules as well shows its weeks with them
			h := r.calendars(c.ID)
			add(h, len(h.Weeks) > 0 && !slices.Contains(c.Kinds, "hours"))
		case "hours":
			h := r.hours(c.ID)
			add(h, len(h.Lines) > 0)
		case "responsibility":
			m := r.matrix(c.ID)
			add(m, len(m.Rows) > 0)
		case "categories", "coverage":
			if kind == "categories" || !slices.Contains(c.Kinds, "categories") {
				s := r.scope(c.ID)
				add(s, len(s.Groups) > 0)
			}
		case "severity":
			s := r.severity(c.ID)
			add(s, len(s.Steps) > 0)
			from, ok := r.derived(fact.Severity, "How the severity follows")
			add(from, ok && len(s.Steps) > 0)
		case "plans":
			p := r.plans(c.ID)
			add(p, len(p) > 0)
		case "clocks":
			for _, k := range r.clocks(c.ID) {
				add(k, true)
			}
		case "gates":
			for _, g := range r.gates(c.ID) {
				add(g, true)
			}
		case "facts":
			list = append(list, r.facts(c.ID)...)
		case "negotiable", "keeps", "conflicts":
			a := r.agreements(c.ID, kind)
			add(a, len(a.Items) > 0)
		case "places":
			p := r.places(c.ID)
			add(p, len(p.Rows) > 0)
		case "allowances":
			for _, a := range r.allowances(c.ID) {
				add(a, true)
			}
		case "lifecycle":
			lives := r.lives(c.ID)
			for _, l := range lives {
				add(l, true)
			}
			list = append(list, r.plain(c, kind, len(lives) == 0)...)
		default:
			list = append(list, r.plain(c, kind, true)...)
		}
	}
	return list
}

// plain is a block as the policy itself says it, in tables and sentences; rows says whether its table is shown.
func (r reader) plain(c policy.Clause, kind string, rows bool) []Block {
	i := slices.IndexFunc(c.Blocks, func(b policy.Block) bool { return b.Kind == kind })
	if i < 0 {
		return nil
	}
	b := c.Blocks[i]
	title := titles[kind]
	var list []Block
	if rows && len(b.Rows) > 0 {
		list = append(list, Table{Title: title, Head: b.Head, Rows: b.Rows})
		title = ""
	}
	if len(b.List) > 0 {
		list = append(list, List{Title: title, Items: b.List})
	}
	return list
}

// titles name blocks that would not explain themselves.
var titles = map[string]string{"products": "Products", "statuses": "States of a request", "events": "Events that are recorded", "addons": "Add-ons",
	"channels": "Ways to reach us", "languages": "Languages", "maintenance": "Maintenance windows", "allowances": "Allowances", "updates": "Updates"}

func (r reader) terms(clause string) Terms {
	var list Terms
	for _, t := range r.p.Terms() {
		if t.Clause == clause {
			list = append(list, Term{ID: termID(t.Name), Name: t.Name, Meaning: t.Meaning})
		}
	}
	return list
}

func termID(name string) string { return "term-" + document.Slug(name) }

func (r reader) ways(offers []string) []Way {
	var list []Way
	for _, id := range offers {
		if o, ok := r.p.Offer(id); ok {
			list = append(list, Way{Title: o.Title, Link: o.Link})
		}
	}
	return list
}

func (r reader) waysAt(offers []int) []Way {
	var list []Way
	for _, i := range offers {
		o := r.p.Offers()[i]
		list = append(list, Way{Title: o.Title, Link: o.Link})
	}
	return list
}

// today is the date of now in the zone of the policy.
func (r reader) today() calendar.Date { return r.p.DateAt(r.now) }
