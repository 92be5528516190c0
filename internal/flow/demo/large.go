package demo

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

//go:embed phrases.yaml
var phraseSource []byte

// Size is how much a large store holds beside the example.
type Size struct{ Tickets, Messages int }

// Bounds of a large store.
const (
	maxTickets   = 20_000_000
	maxCustomers = 10_000
	// ticketsPerCustomer is how many tickets a customer has at least, on average.
	ticketsPerCustomer = 20
)

// Check answers Invalid for a size that can't be made.
func (s Size) Check() error {
	bad := fault.New(fault.Invalid, "A store of this size can't be made; correct the numbers below.")
	if s.Tickets < 1 || s.Tickets > maxTickets {
		bad = bad.WithField("tickets", fmt.Sprintf("Use a number from 1 to %d.", maxTickets))
	}
	if s.Messages < s.Tickets || s.Messages > 100*s.Tickets {
		bad = bad.WithField("messages", "Each ticket has at least one message, and at most a hundred on average.")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// How many tickets one transaction stores, how far back the history goes, and
// the seed that makes two stores of one size alike.
const (
	ticketsPerCommit   = 2000
	customersPerCommit = 250
	history            = 3 * 365 * 24 * time.Hour
	seed               = 1042
)

// Large fills the store of a world that Fill has made with a history of three
// years: tickets of up to 10,000 customers, some of a fiftieth of them active,
// decided by the policy in force, with their messages and sealed events and
// without jobs. No server may run on the store. progress, which may be nil,
// hears how many tickets are stored.
// Faults: Invalid for the size, NotFound before a vendor and a policy are there.
func Large(ctx context.Context, w World, size Size, progress func(done int)) error {
	if err := size.Check(); err != nil {
		return err
	}
	g := &generator{size: size, now: w.DB.Now(), random: rand.New(rand.NewPCG(seed, uint64(size.Tickets)))}
	if err := yaml.UnmarshalWithOptions(phraseSource, &g.phrases, yaml.Strict()); err != nil {
		return fmt.Errorf("phrases.yaml: %w", err)
	}
	var err error
	if g.def, err = readWorld(); err != nil {
		return err
	}
	if err := w.DB.Read(ctx, func(tx *db.Tx) error { return g.load(tx, w.Book) }); err != nil {
		return err
	}
	if err := g.register(ctx, w.DB); err != nil {
		return err
	}
	return g.fill(ctx, w.DB, progress)
}

type generator struct {
	size     Size
	now      int64
	random   *rand.Rand
	phrases  phrases
	def      world
	rules    *rulebook.Compiled
	vendor   org.Org
	partner  org.Org
	partners []string // levels of the partner's desks
	staff    map[string][]string
	people   []customer
	verdicts map[verdictKey]*verdict
	left     int // messages that are still to be made
}

// customer is one organisation of the large store with who asks for it.
type customer struct {
	org, account, instance, person string
	productType, region            string
	partner                        bool
}

func (g *generator) load(tx *db.Tx, book *rulebook.Book) error {
	var err error
	if g.rules, err = book.InForceTx(tx, g.now); err != nil {
		return err
	}
	if g.vendor, err = org.VendorOrg(tx); err != nil {
		return err
	}
	partners, err := org.ByKind(tx, org.Partner)
	if err != nil {
		return err
	}
	g.staff = map[string][]string{}
	if len(partners) > 0 {
		g.partner = partners[0]
		if err := g.loadStaff(tx, g.partner.ID); err != nil {
			return err
		}
		desks, err := org.Desks(tx, g.partner.ID)
		if err != nil {
			return err
		}
		for _, d := range desks {
			g.partners = append(g.partners, d.Level)
		}
	}
	return g.loadStaff(tx, g.vendor.ID)
}

func (g *generator) loadStaff(tx *db.Tx, orgID string) error {
	for _, l := range g.rules.Policy.Levels() {
		people, err := identity.ByLevel(tx, orgID, l.ID)
		if err != nil {
			return err
		}
		for _, p := range people {
			g.staff[orgID+l.ID] = append(g.staff[orgID+l.ID], p.ID)
		}
	}
	return nil
}

// register makes the customers, with an account, an instance and an administrator each.
func (g *generator) register(ctx context.Context, d *db.DB) error {
	n := min(maxCustomers, max(4, g.size.Tickets/ticketsPerCustomer))
	then := d.At(func() int64 { return g.now - history.Milliseconds() })
	for from := 0; from < n; from += customersPerCommit {
		kept, state := len(g.people), *g.random
		err := then.Write(ctx, func(tx *db.Tx) error {
			g.people, *g.random = g.people[:kept], state
			for i := from; i < min(n, from+customersPerCommit); i++ {
				if err := g.customer(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// version is the product's newest, which each instance of the large store has.
func (g *generator) version() string { return g.def.Versions[len(g.def.Versions)-1].Version }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (g *generator) customer(tx *db.Tx, i int) error {
	r := g.random
	where := pick(r, g.phrases.Regions)
	c := customer{productType: pick(r, g.phrases.Kinds), region: where.ID, partner: g.partner.ID != "" && r.IntN(5) == 0}
	domain := fmt.Sprintf("c%05d.example", i+1)
	o, err := org.Create(tx, org.Org{Kind: org.Customer, Name: fmt.Sprintf("%s %s %d", pick(r, g.phrases.Places), pick(r, g.phrases.Trades), i+1), Domain: domain, Zone: where.Zone})
	if err != nil {
		return err
	}
	p, err := identity.Create(tx, identity.Person{OrgID: o.ID, Name: pick(r, g.phrases.Firsts) + " " + pick(r, g.phrases.Lasts), Email: "admin@" + domain}, []identity.Membership{{Role: identity.RoleAdmin}})
	if err != nil {
		return err
	}
	partner := ""
	if c.partner {
		partner = g.partner.ID
	}
	day := func(d int) string { return time.UnixMilli(g.now).UTC().AddDate(0, 0, d).Format(time.DateOnly) }
	a, err := account.Create(tx, account.Account{OrgID: o.ID, Name: o.Name, ProductID: g.def.Product.ID, ProductType: c.productType, Region: c.region, PartnerID: partner,
		ContractStarts: day(-1200), MaintenanceUntil: day(100 + r.IntN(300)), NewReleases: true})
	if err != nil {
		return err
	}
	in, err := account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: "Rooms of " + o.Name, URL: "https://meet." + domain, Version: g.version()})
	c.org, c.account, c.instance, c.person = o.ID, a.ID, in.ID, p.ID
	g.people = append(g.people, c)
	return err
}

// fill stores the tickets; while one part is stored the next is made.
func (g *generator) fill(ctx context.Context, d *db.DB, progress func(int)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type part struct {
		list []ticket.History
		err  error
	}
	parts := make(chan part, 1)
	g.left, g.verdicts = g.size.Messages, map[verdictKey]*verdict{}
	go func() {
		defer close(parts)
		for from := 0; from < g.size.Tickets; from += ticketsPerCommit {
			p := part{}
			for i := from; i < min(g.size.Tickets, from+ticketsPerCommit) && p.err == nil; i++ {
				var h ticket.History
				h, p.err = g.ticket(i)
				p.list = append(p.list, h)
			}
			select {
			case parts <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	done := 0
	for p := range parts {
		if p.err != nil {
			return p.err
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return ticket.Import(tx, p.list) }); err != nil {
			return err
		}
		if done += len(p.list); progress != nil && (done%(25*ticketsPerCommit) == 0 || done == g.size.Tickets) {
			progress(done)
		}
	}
	return ctx.Err()
}
