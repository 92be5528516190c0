// Simulate measures how long a draft of the policy needs for a million recorded decisions: it makes a store with them,
// counts them, and simulates a draft that changes the hours.
//
//	go run ./bench/simulate [-n 1000000] [-dir DIR]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/bench/rig"
	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/schema"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

func main() {
	n := flag.Int("n", 1_000_000, "how many decisions")
	dir := flag.String("dir", "", "folder of the store, which is kept; a temporary one when empty")
	flag.Parse()
	if err := run(context.Background(), *n, *dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, dir string) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "tierdesk-simulate-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	fmt.Println(rig.Machine())
	d, err := db.Open(ctx, db.Options{URL: "sqlite:" + filepath.Join(dir, "tierdesk.db")})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx, schema.Migrations()); err != nil {
		return err
	}
	m, err := newMaker(ctx, d)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := m.fill(ctx, n); err != nil {
		return err
	}
	fmt.Printf("made the store in %.0f s\n", time.Since(begin).Seconds())
	return measure(ctx, d, m.book)
}

// measure simulates a draft whose hours end an hour earlier.
func measure(ctx context.Context, d *db.DB, book *rulebook.Book) error {
	draft, findings := policy.Parse("draft.md", []byte(strings.ReplaceAll(string(policies.Default()), "-17:00", "-16:00")))
	if draft == nil {
		return fmt.Errorf("the draft: %v", findings)
	}
	var rows int64
	if err := d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow("SELECT COUNT(*) FROM judgement").Scan(&rows) }); err != nil {
		return err
	}
	begin := time.Now()
	r, err := simulate.Run(ctx, d, book, simulate.Options{Draft: draft, Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	took := time.Since(begin)
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	fmt.Printf("%d stored decisions, %d judged again, %d unreadable, %d changed: %.1f s (%.1f microseconds each), memory from the system %d MB\n",
		rows, r.Judged, r.Unreadable, r.Changed, took.Seconds(), float64(took.Microseconds())/float64(max(r.Judged, 1)), mem.Sys>>20)
	if r.Judged != rows || r.Unreadable > 0 {
		return fmt.Errorf("not every decision was judged again")
	}
	return nil
}

// maker writes tickets of three years with one decision each.
type maker struct {
	d        *db.DB
	book     *rulebook.Book
	rules    *rulebook.Compiled
	accounts []string
	kinds    []coverage.Situation
	now      int64
}

func newMaker(ctx context.Context, d *db.DB) (*maker, error) {
	m := &maker{d: d, book: rulebook.New(d, d.Now), now: d.Now()}
	if _, _, err := m.book.Publish(ctx, policies.DefaultName(), policies.Default(), "", "benchmark"); err != nil {
		return nil, err
	}
	var err error
	if m.rules, err = m.book.InForce(ctx, d.Now()); err != nil {
		return nil, err
	}
	m.situations()
	return m, d.Write(ctx, func(tx *db.Tx) error { return m.register(tx) })
}

// register makes a thousand accounts.
func (m *maker) register(tx *db.Tx) error {
	m.accounts = m.accounts[:0]
	if err := product.Create(tx, product.Product{ID: "p", Name: "Product"}); err != nil {
		return err
	}
	for i := range 1000 {
		o, err := org.Create(tx, org.Org{Kind: org.Customer, Name: fmt.Sprintf("Customer %d", i)})
		if err != nil {
			return err
		}
		a, err := account.Create(tx, account.Account{OrgID: o.ID, Name: o.Name, ProductID: "p", ProductType: m.rules.Policy.ProductTypes()[i%len(m.rules.Policy.ProductTypes())]})
		if err != nil {
			return err
		}
		m.accounts = append(m.accounts, a.ID)
	}
	return nil
}

// situations are every product type with every category, in each region, by end users and customers.
func (m *maker) situations() {
	p := m.rules.Policy
	regions, _ := p.Words(fact.AccountRegion)
	for _, productType := range p.ProductTypes() {
		for _, c := range p.Categories() {
			for i, region := range append([]string{"elsewhere"}, regions...) {
				s := coverage.Situation{Category: c.ID, Channel: "mail", Product: coverage.Product{Type: productType}, Account: coverage.Account{Region: region},
					Requester: coverage.Requester{Kind: []string{"customer", "end-user"}[i%2], OrgKnown: coverage.Yes},
					Contract:  coverage.Contract{MaintenanceActive: coverage.Known(len(m.kinds)%7 != 0), NewReleases: coverage.Yes, InForce: coverage.Yes}}
				m.kinds = append(m.kinds, s)
			}
		}
	}
}

func (m *maker) fill(ctx context.Context, n int) error {
	const batch, years = 5000, 3 * 365 * 24 * 60 * 60 * 1000
	for from := 0; from < n; from += batch {
		var list []ticket.History
		for i := from; i < min(n, from+batch); i++ {
			h, err := m.history(i, m.now-years+int64(i)*(years/int64(n)))
			if err != nil {
				return err
			}
			list = append(list, h)
		}
		if err := m.d.Write(ctx, func(tx *db.Tx) error { return ticket.Import(tx, list) }); err != nil {
			return err
		}
		if (from+batch)%100_000 == 0 {
			fmt.Printf("%d of %d\n", from+batch, n)
		}
	}
	return nil
}

func (m *maker) history(i int, at int64) (ticket.History, error) {
	s := m.kinds[i%len(m.kinds)]
	s.At, s.Arrived = at, at
	d := coverage.Decide(m.rules.Policy, &s)
	situation, err := json.Marshal(&s)
	if err != nil {
		return ticket.History{}, err
	}
	decision, err := json.Marshal(&d)
	if err != nil {
		return ticket.History{}, err
	}
	t := ticket.Ticket{ID: db.NewID(), Subject: "A request", State: ticket.Closed, Channel: "mail", Category: s.Category, Level: d.Level, ProviderKind: d.Provider.Kind,
		AccountID: m.accounts[i%len(m.accounts)], RequesterKind: s.Requester.Kind, Verified: true, Covered: d.Covered, Effort: d.Effort,
		PolicyVersion: m.rules.Number, Judgement: 1, CreatedAt: at, UpdatedAt: at, Version: 1}
	return ticket.History{Ticket: t, Verdicts: []ticket.Verdict{{Seq: 1, Trigger: ticket.EventOpened, At: at, PolicyVersion: m.rules.Number, Situation: situation, Decision: decision}}}, nil
}
