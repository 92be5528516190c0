package ticket_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/information"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// world is a vendor, a partner and customers of each kind, with the default policy in force.
type world struct {
	t       testing.TB
	d       *db.DB
	clock   *dbtest.Clock
	tickets *ticket.Service
	sealer  *seal.Sealer
	book    *rulebook.Book
	actors  map[string]identity.Actor
	orgs    map[string]string
}

// each runs a test in a fresh world on both engines.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(t, newWorld(t, d, clock)) })
}

type customer struct{ productType, region, partner, maintenance, version string }

var customers = map[string]customer{
	"named":      {"named-user-cloud", "north-america", "", "2027-12-31", "10.4"},
	"cloud":      {"cloud-server", "europe", "", "2027-12-31", "10.4"},
	"selfhosted": {"self-hosted", "europe", "", "2027-12-31", "10.4"},
	"lapsed":     {"named-user-cloud", "europe", "", "2026-01-31", "10.4"},
	"old":        {"named-user-cloud", "europe", "", "2027-12-31", "9.2"},
	"fjord":      {"named-user-cloud", "europe", "partner", "2027-12-31", "10.4"},
}

var people = map[string]string{
	"l1@vendor": "L1", "l2@vendor": "L2", "l3@vendor": "L3", "manager@vendor": "manager", "other1@vendor": "L1", "l1@partner": "L1 L2",
	"admin@named": "admin", "enduser@named": "end-user", "admin@cloud": "admin", "l1@cloud": "L1", "enduser@cloud": "end-user",
	"admin@selfhosted": "admin", "l1@selfhosted": "L1", "l3@selfhosted": "L3", "enduser@selfhosted": "end-user",
	"admin@lapsed": "admin", "admin@old": "admin", "admin@fjord": "admin", "enduser@fjord": "end-user",
}

func newWorld(t testing.TB, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	w := &world{t: t, d: d, clock: clock, actors: map[string]identity.Actor{}, orgs: map[string]string{}}
	w.write(func(tx *db.Tx) error { return w.fill(tx) })
	w.book = rulebook.New(d, d.Now)
	if _, findings, err := w.book.Publish(context.Background(), "illumeet.md", policies.Default(), "", ""); err != nil {
		t.Fatal(err, findings)
	}
	sealer, err := seal.Load(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	w.sealer = sealer
	w.tickets = ticket.NewService(d, w.book, jobs.NewQueue(), sealer, func() {})
	for who := range people {
		w.actors[who] = w.load(who)
	}
	return w
}

func (w *world) fill(tx *db.Tx) error {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	desks := map[string]string{"vendor": "L1 L2 L3", "partner": "L1 L2", "cloud": "L1", "selfhosted": "L1 L3"}
	make1 := func(key string, kind org.Kind) {
		o, err := org.Create(tx, org.Org{Kind: kind, Name: key, Domain: key + ".example", Zone: "Europe/Berlin"})
		must(err)
		w.orgs[key] = o.ID
		for _, l := range strings.Fields(desks[key]) {
			must(org.AddDesk(tx, org.Desk{OrgID: o.ID, Level: l, Name: l}))
		}
	}
	make1("vendor", org.Vendor)
	make1("partner", org.Partner)
	must(product.Create(tx, product.Product{ID: "meetings", Name: "Meetings"}))
	must(product.CreateVersion(tx, product.Version{ProductID: "meetings", Version: "10.4", ReleasedOn: "2026-06-01"}))
	must(product.CreateVersion(tx, product.Version{ProductID: "meetings", Version: "9.2", ReleasedOn: "2023-06-01", EndOfLife: "2026-06-30"}))
	for key, c := range customers {
		make1(key, org.Customer)
		a, err := account.Create(tx, account.Account{OrgID: w.orgs[key], Name: key, ProductID: "meetings", ProductType: c.productType, Region: c.region,
			PartnerID: w.orgs[c.partner], MaintenanceUntil: c.maintenance, NewReleases: true})
		must(err)
		_, err = account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: key, URL: "https://" + key + ".example", Version: c.version})
		must(err)
	}
	for who, roles := range people {
		_, key, _ := strings.Cut(who, "@")
		var list []identity.Membership
		for _, r := range strings.Fields(roles) {
			if r == "admin" || r == "end-user" || r == "manager" {
				list = append(list, identity.Membership{Role: identity.Role(r)})
			} else {
				list = append(list, identity.Membership{Role: identity.RoleLevel, Level: r})
			}
		}
		_, err := identity.Create(tx, identity.Person{OrgID: w.orgs[key], Name: who, Email: who + ".example"}, list)
		must(err)
	}
	return nil
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.Write(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.Read(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) load(who string) (a identity.Actor) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error {
		p, err := identity.ByEmail(tx, who+".example")
		if err != nil {
			return err
		}
		a, err = identity.LoadActor(tx, p.ID, identity.ViaSession)
		return err
	})
	return a
}

// open asks as somebody and answers the ticket with its decision.
func (w *world) open(who, category string) ticket.Opened {
	w.t.Helper()
	o, err := w.tickets.Open(context.Background(), w.actors[who], ticket.Draft{Channel: "portal", Subject: "About " + category, Body: "What happened.", Category: category, Verified: true})
	if err != nil {
		w.t.Fatalf("%s opens %s: %v", who, category, err)
	}
	return o
}

// full is everything that the gate asks.
func full() information.Given {
	return given(`{"values": {"steps": ["Switch the camera on"], "environment_url": "https://cloud.example/room", "none_needed": true,
		"test_matrix": [{"browser": "Firefox 145", "os": "Debian 13", "device": "Laptop", "result": "Fails"}]},
		"waived": {"evidence": "No pictures are allowed here."}}`)
}

// given reads what somebody hands over.
func given(text string) (out information.Given) {
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		panic(err)
	}
	return out
}

func (w *world) view(who, ref, room string) (*ticket.View, error) {
	return w.tickets.View(context.Background(), w.actors[who], ref, room)
}
