// Package demo fills an empty store with an example vendor, a partner, customers
// of each product type, their people and a believable history of tickets. The
// world is the embedded file world.yaml; every ticket goes through the same use
// cases as a real one.
package demo

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/information"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

//go:embed world.yaml
var source []byte

// World is where the example is made. Past makes ticket use cases whose clock
// stands at the instant that it was last set to, for tickets of earlier days.
type World struct {
	DB       *db.DB
	Identity *identity.Service
	Book     *rulebook.Book
	Past     func(now func() int64, outbox ticket.Outbox) *ticket.Service
}

// Silence drops the jobs of a made-up history: its mails are never sent.
type Silence struct{}

// Enqueue does nothing.
func (Silence) Enqueue(*db.Tx, jobs.Job) error { return nil }

// Person is somebody of the example and what they are in it.
type Person struct{ Email, Role string }

// Result is what was made; People is empty when the store was not.
type Result struct {
	Password string
	People   []Person
}

type world struct {
	Password      string          `yaml:"password"`
	Product       product.Product `yaml:"product"`
	Versions      []version       `yaml:"versions"`
	Organisations []organisation  `yaml:"organisations"`
	People        []person        `yaml:"people"`
	Accounts      []contract      `yaml:"accounts"`
	Tickets       []story         `yaml:"tickets"`
	// Details are what a hand-over brings that says nothing of its own.
	Details information.Given `yaml:"details"`
}

func readWorld() (def world, err error) {
	if err := yaml.UnmarshalWithOptions(source, &def, yaml.Strict(), yaml.UseJSONUnmarshaler()); err != nil {
		return def, fmt.Errorf("world.yaml: %w", err)
	}
	return def, nil
}

type version struct {
	Version   string `yaml:"version"`
	Released  string `yaml:"released"`
	EndOfLife string `yaml:"end_of_life"`
}

type organisation struct {
	Key, Kind, Name, Domain, Zone, Address string
	Desks                                  yaml.MapSlice
}

type person struct {
	Email, Name, Org, As string
	Roles                []string
}

type contract struct {
	Org, Type, Region, Partner, Maintenance string
	NewReleases                             bool `yaml:"new_releases"`
	Instance                                struct{ Name, URL, Version string }
}

// Begin is the instant, UTC milliseconds, from which the example's policy is in force.
func Begin(now int64) int64 {
	return now - history.Milliseconds() - (30 * 24 * time.Hour).Milliseconds()
}

// Fill makes the example in an empty store and leaves a filled one alone. The
// past is judged by the policy of that time: what would be older than the first
// version begins with it.
func Fill(ctx context.Context, w World) (Result, error) {
	var empty bool
	err := w.DB.Read(ctx, func(tx *db.Tx) error {
		vendors, err := org.ByKind(tx, org.Vendor)
		empty = len(vendors) == 0
		return err
	})
	if err != nil || !empty {
		return Result{}, err
	}
	def, err := readWorld()
	if err != nil {
		return Result{}, err
	}
	phc, err := w.Identity.HashPassword(ctx, def.Password)
	if err != nil {
		return Result{}, err
	}
	m := &maker{def: def, now: w.DB.Now(), orgs: map[string]org.Org{}, people: map[string]identity.Person{}}
	if err := w.DB.Write(ctx, func(tx *db.Tx) error { return m.register(tx, phc) }); err != nil {
		return Result{}, err
	}
	if err := m.stories(ctx, w); err != nil {
		return Result{}, err
	}
	out := Result{Password: def.Password}
	for _, p := range def.People {
		out.People = append(out.People, Person{p.Email, p.As})
	}
	return out, nil
}

type maker struct {
	def    world
	now    int64
	orgs   map[string]org.Org
	people map[string]identity.Person
}

func (m *maker) register(tx *db.Tx, phc string) error {
	clear(m.orgs)
	clear(m.people)
	if err := product.Create(tx, m.def.Product); err != nil {
		return err
	}
	for _, v := range m.def.Versions {
		err := product.CreateVersion(tx, product.Version{ProductID: m.def.Product.ID, Version: v.Version, ReleasedOn: m.date(v.Released), EndOfLife: m.date(v.EndOfLife)})
		if err != nil {
			return err
		}
	}
	for _, o := range m.def.Organisations {
		if err := m.organisation(tx, o); err != nil {
			return fmt.Errorf("organisation %s: %w", o.Key, err)
		}
	}
	for _, p := range m.def.People {
		if err := m.person(tx, p, phc); err != nil {
			return fmt.Errorf("person %s: %w", p.Email, err)
		}
	}
	for _, c := range m.def.Accounts {
		if err := m.account(tx, c); err != nil {
			return fmt.Errorf("account of %s: %w", c.Org, err)
		}
	}
	return nil
}

func (m *maker) organisation(tx *db.Tx, o organisation) error {
	made, err := org.Create(tx, org.Org{Kind: org.Kind(o.Kind), Name: o.Name, Domain: o.Domain, Zone: o.Zone})
	if err != nil {
		return err
	}
	m.orgs[o.Key] = made
	address := o.Address
	for _, d := range o.Desks {
		if err := org.AddDesk(tx, org.Desk{OrgID: made.ID, Level: fmt.Sprint(d.Key), Name: fmt.Sprint(d.Value), Address: address}); err != nil {
			return err
		}
		address = "" // the lowest desk receives the mail
	}
	return nil
}

func (m *maker) person(tx *db.Tx, p person, phc string) error {
	made, err := identity.Create(tx, identity.Person{OrgID: m.orgs[p.Org].ID, Name: p.Name, Email: p.Email, Zone: m.orgs[p.Org].Zone}, identity.Memberships(p.Roles))
	if err != nil {
		return err
	}
	m.people[p.Email] = made
	return identity.StorePassword(tx, made.ID, phc)
}

func (m *maker) account(tx *db.Tx, c contract) error {
	o := m.orgs[c.Org]
	a, err := account.Create(tx, account.Account{OrgID: o.ID, Name: o.Name, ProductID: m.def.Product.ID, ProductType: c.Type, Region: c.Region,
		PartnerID: m.orgs[c.Partner].ID, ContractStarts: m.date("-400d"), MaintenanceUntil: m.date(c.Maintenance), NewReleases: c.NewReleases})
	if err != nil {
		return err
	}
	_, err = account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: c.Instance.Name, URL: c.Instance.URL, Version: c.Instance.Version})
	return err
}

// date turns "-30d" into a local date in UTC; "" stays "".
func (m *maker) date(days string) string {
	n, err := strconv.Atoi(strings.TrimSuffix(days, "d"))
	if err != nil {
		return ""
	}
	return time.UnixMilli(m.now).UTC().AddDate(0, 0, n).Format(time.DateOnly)
}
