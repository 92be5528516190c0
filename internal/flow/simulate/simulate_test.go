package simulate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// store is a desk with the default policy and some recorded requests, all of Monday, 2026-11-23.
type store struct {
	t     *testing.T
	d     *db.DB
	clock *dbtest.Clock
	book  *rulebook.Book
	acme  account.Account
}

func open(t *testing.T, d *db.DB, clock *dbtest.Clock) *store {
	t.Helper()
	s := &store{t: t, d: d, clock: clock, book: rulebook.New(d, clock.Now)}
	if _, findings, err := s.book.Publish(t.Context(), "p.md", policies.Default(), "", ""); err != nil {
		t.Fatal(err, findings)
	}
	s.write(func(tx *db.Tx) error {
		o, err := org.Create(tx, org.Org{Kind: org.Customer, Name: "Acme"})
		if err != nil {
			return err
		}
		if err := product.Create(tx, product.Product{ID: "meetings", Name: "Meetings"}); err != nil {
			return err
		}
		s.acme, err = account.Create(tx, account.Account{OrgID: o.ID, Name: "Main", ProductID: "meetings", ProductType: "cloud-server"})
		return err
	})
	return s
}

func (s *store) write(fn func(*db.Tx) error) {
	s.t.Helper()
	if err := s.d.Write(context.Background(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// record stores requests as they would have been judged, each a situation in YAML without its instant; the first is T-number.
func (s *store) record(accountID string, situations ...string) (number int64) {
	s.t.Helper()
	c, err := s.book.InForce(s.t.Context(), s.clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	var list []ticket.History
	for _, text := range situations {
		sit, wrong := coverage.ParseSituation(c.Policy, []byte("at: "+time.UnixMilli(s.clock.Now()).UTC().Format(time.RFC3339)+"\n"+text))
		if len(wrong) > 0 {
			s.t.Fatal(wrong)
		}
		decision := coverage.Decide(c.Policy, sit)
		situation, err := json.Marshal(sit)
		if err != nil {
			s.t.Fatal(err)
		}
		raw, err := json.Marshal(&decision)
		if err != nil {
			s.t.Fatal(err)
		}
		id := db.NewID()
		list = append(list, ticket.History{Ticket: ticket.Ticket{ID: id, Subject: "x", State: ticket.New, Channel: "mail", AccountID: accountID, RequesterKind: "customer", Covered: decision.Covered,
			Effort: decision.Effort, PolicyVersion: c.Number, Judgement: 1, CreatedAt: s.clock.Now(), UpdatedAt: s.clock.Now(), Version: 1},
			Verdicts: []ticket.Verdict{{Seq: 1, Trigger: ticket.EventOpened, At: s.clock.Now(), PolicyVersion: c.Number, Situation: situation, Decision: raw}}})
	}
	s.write(func(tx *db.Tx) error { return ticket.Import(tx, list) })
	return list[0].Ticket.Number
}

// changed is the default policy with one text in place of another.
func changed(t *testing.T, from, to string) string {
	t.Helper()
	src := string(policies.Default())
	if !strings.Contains(src, from) {
		t.Fatalf("the default policy has no %q", from)
	}
	return strings.ReplaceAll(src, from, to)
}

func compiled(t *testing.T, src string) *policy.Policy {
	t.Helper()
	p, findings := policy.Parse("draft.md", []byte(src))
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

func (s *store) run(src string, o simulate.Options) *simulate.Report {
	s.t.Helper()
	o.Draft = compiled(s.t, src)
	r, err := simulate.Run(s.t.Context(), s.d, s.book, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

const (
	howTo    = "{product: {type: named-user-cloud}, requester: {kind: end-user}, account: {region: europe}, contract: {maintenance_active: yes, new_releases: yes}, category: how-to}"
	training = "{product: {type: named-user-cloud}, requester: {kind: customer}, account: {region: europe}, contract: {maintenance_active: yes, new_releases: yes}, category: training}"
	defect   = "{product: {type: cloud-server}, requester: {kind: customer}, account: {region: europe}, contract: {maintenance_active: yes, new_releases: yes}, category: defect}"
	lapsed   = "{product: {type: cloud-server}, requester: {kind: customer}, account: {region: europe}, contract: {maintenance_active: no, new_releases: no}, category: defect}"
)

func flow(s string) string {
	// a map in one line, without its outer braces, as lines of a block
	var out []string
	depth, from := 0, 1
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return strings.Join(append(out, strings.TrimSpace(s[from:i])), "\n")
			}
			depth--
		case c == ',' && depth == 0:
			out, from = append(out, strings.TrimSpace(s[from:i])), i+1
		}
	}
	return ""
}

func lines(r *simulate.Report) []string {
	var out []string
	for _, c := range r.Changes {
		out = append(out, fmt.Sprintf("%d %s [%s]", c.Count, c.Sentence(), strings.Join(c.Examples, " ")))
	}
	return out
}

func TestWhatADraftWouldChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s := open(t, d, clock)
		first := s.record(s.acme.ID, flow(defect), flow(lapsed))
		s.record("", flow(howTo), flow(training))
		at := func(i int64) string { return ticket.Name(first + i) }
		if want := int64(0); s.run(string(policies.Default()), simulate.Options{}).Changed != want {
			t.Errorf("the same policy changes something")
		}
		for _, c := range []struct {
			name, from, to string
			changed        int64
			clauses        []string
			says           []string
			charges        string
			sums           string
		}{
			{"coverage", "id: no-maintenance\n    for: {contract.maintenance_active: no}\n    answer: no", "id: no-maintenance\n    for: {contract.maintenance_active: no}\n    answer: limited", 1, []string{"not-included"},
				[]string{"1 Coverage: not included → included in part; now by #not-included [" + at(1) + "]"}, "", ""},
			{"hours and a due", `worldwide:     {zone: GMT, week: "mon-fri 08:00-17:00"}`, `worldwide:     {zone: GMT, week: "mon-fri 08:00-11:00"}`, 1, []string{"first-answer"},
				[]string{"1 Due of first answer: later, by up to", "now by #first-answer [" + ticket.Name(first+2) + "]"}, "", ""},
			{"a level", "training:         {answer: no, offer: training, title: Product training, says: Training in the product is not part of standard support.}", "training:         {level: L2, title: Product training}", 1, nil, []string{"Coverage: not included → included", "Level: Level 1 → Level 2"}, "", ""},
			{"money", "    answer: no\n    offer: renew\n", "    answer: no\n    charge: {rate: 120 EUR, confirm: email}\n    offer: renew\n", 1, nil, []string{"1 Charge: none → 120 EUR; before by #not-included"}, "120 EUR +1 -0", "EUR +12000 -0"},
			{"a gate", "test_matrix", "test_table", 1, nil, []string{"1 Asked before work begins:"}, "", ""},
		} {
			if c.name == "money" {
				c.says = []string{"1 Charge: none → 120 EUR; now by #not-included"}
			}
			r := s.run(changed(t, c.from, c.to), simulate.Options{Workers: 2})
			all := strings.Join(lines(r), "\n")
			if r.Judged != 4 || r.Changed != c.changed {
				t.Errorf("%s: %d of %d change, want %d\n%s", c.name, r.Changed, r.Judged, c.changed, all)
			}
			for _, w := range c.says {
				if !strings.Contains(all, w) {
					t.Errorf("%s: does not say %q\n%s", c.name, w, all)
				}
			}
			for _, id := range c.clauses {
				if !slices.ContainsFunc(r.Clauses, func(k simulate.ClauseCount) bool { return k.ID == id && k.Title != "" && k.Changed == c.changed }) {
					t.Errorf("%s: clauses %+v, want %v", c.name, r.Clauses, c.clauses)
				}
			}
			charges, sums := "", ""
			for _, k := range r.Charges {
				charges += fmt.Sprintf("%s +%d -%d", k.Rate, k.Appears, k.Disappears)
			}
			for _, k := range r.Sums {
				sums += fmt.Sprintf("%s +%d -%d", k.Currency, k.Appears, k.Disappears)
			}
			if charges != c.charges || sums != c.sums {
				t.Errorf("%s: money %q %q, want %q %q", c.name, charges, sums, c.charges, c.sums)
			}
			if !strings.Contains(r.Text(), fmt.Sprintf("4 decisions were made again; %d of them change", c.changed)) {
				t.Errorf("%s: %s", c.name, r.Text())
			}
		}
		r := s.run(changed(t, "id: no-maintenance\n    for: {contract.maintenance_active: no}\n    answer: no", "id: no-maintenance\n    for: {contract.maintenance_active: no}\n    answer: limited"), simulate.Options{})
		if len(r.Accounts) != 1 || r.Accounts[0].Name != "Acme, Main" || r.Accounts[0].Judged != 2 || r.Accounts[0].Changed != 1 || r.AccountsChanged != 1 {
			t.Errorf("accounts %+v", r.Accounts)
		}
	})
}

func TestSinceLeavesOutWhatWasJudgedBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s := open(t, d, clock)
		s.record("", flow(howTo))
		clock.Advance(time.Hour)
		since := clock.Now()
		s.record("", flow(howTo), flow(howTo))
		for at, want := range map[int64]int64{0: 3, since: 2, since + 1: 0} {
			if r := s.run(string(policies.Default()), simulate.Options{Since: at}); r.Judged != want || r.SinceAt != at {
				t.Errorf("since %d: %d judged, want %d", at, r.Judged, want)
			}
		}
	})
}

// The report is the same whatever the number of goroutines, and batches lose and repeat nothing, also where many
// judgements have one instant.
func TestTheReportDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s := open(t, d, clock)
		kinds := []string{flow(howTo), flow(training), flow(defect), flow(lapsed)}
		var list []string
		for i := range 1301 {
			list = append(list, kinds[i%len(kinds)])
		}
		s.record(s.acme.ID, list...)
		src := changed(t, `08:00-17:00"}`, `09:00-16:00"}`)
		src = strings.ReplaceAll(src, "answer: no\n    offer: renew", "answer: limited\n    charge: {rate: $90}")
		var seen []int64
		one := s.run(src, simulate.Options{Workers: 1, Progress: func(done, total int64) error {
			seen = append(seen, done, total)
			return nil
		}})
		if one.Judged != 1301 || one.Changed < 650 || !reflect.DeepEqual(seen, []int64{500, 1301, 1000, 1301, 1301, 1301}) {
			t.Errorf("%d judged, %d changed, progress %v", one.Judged, one.Changed, seen)
		}
		if many := s.run(src, simulate.Options{Workers: 5}); !reflect.DeepEqual(one, many) {
			t.Errorf("one\n%s\nmany\n%s", one.Text(), many.Text())
		}
		stop := errors.New("enough")
		_, err := simulate.Run(t.Context(), d, s.book, simulate.Options{Draft: compiled(t, src), Workers: 3, Progress: func(int64, int64) error { return stop }})
		if !errors.Is(err, stop) {
			t.Errorf("stopped with %v", err)
		}
	})
}

func TestWhatCannotBeDecidedAgainIsCounted(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	s := open(t, d, dbtest.NewClock())
	s.record("", flow(howTo), flow(howTo), flow(howTo))
	s.write(func(tx *db.Tx) error {
		if _, err := tx.Exec("UPDATE judgement SET situation = 'no: {' WHERE ticket_id = (SELECT MIN(id) FROM ticket)"); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE judgement SET policy_version = 9 WHERE ticket_id = (SELECT MAX(id) FROM ticket)")
		return err
	})
	r := s.run(string(policies.Default()), simulate.Options{})
	if r.Judged != 3 || r.Unreadable != 2 || r.Changed != 0 || !strings.Contains(r.Text(), "2 could not be decided again") {
		t.Errorf("%+v", r)
	}
}

func owner(name string) identity.Actor {
	return identity.Actor{PersonID: name, OrgID: "v", OrgKind: org.Vendor, Owner: true, Verified: true}
}

func TestASimulationRunsInTheBackground(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := t.Context()
		s := open(t, d, clock)
		s.record(s.acme.ID, flow(howTo), flow(lapsed))
		drafts := draft.New(d, func() {})
		queue := jobs.NewQueue()
		sims := simulate.New(d, s.book, drafts, queue, 2, func() {}, slog.New(slog.NewTextHandler(io.Discard, nil)))
		ada := owner("ada")
		made, err := drafts.Create(ctx, ada, draft.Draft{Title: "x", Source: changed(t, "answer: no\n    offer: renew", "answer: limited\n    offer: renew")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sims.Latest(ctx, ada, made.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("before the first: %v", err)
		}
		stranger := owner("c")
		stranger.OrgKind = org.Customer
		for what, err := range map[string]error{"start": second(sims.Start(ctx, stranger, made.ID, 0)), "read": second(sims.Latest(ctx, stranger, made.ID)), "cancel": sims.Cancel(ctx, stranger, made.ID)} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("a stranger may %s: %v", what, err)
			}
		}

		// cancelled before it began: the job does nothing
		if _, err := sims.Start(ctx, ada, made.ID, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := sims.Start(ctx, ada, made.ID, 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("two at once: %v", err)
		}
		if err := sims.Cancel(ctx, ada, made.ID); err != nil {
			t.Fatal(err)
		}

		run := func() {
			t.Helper()
			runner, err := jobs.New(jobs.Config{DB: d, Queue: queue, Node: "n", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Handlers: map[string]jobs.Handler{simulate.Job: sims.Handle}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- runner.Run(ctx) }()
			deadline := time.After(20 * time.Second)
			for {
				var left int64
				err := d.Read(t.Context(), func(tx *db.Tx) error {
					c, err := jobs.Counts(tx)
					left = c.Due + c.Later + c.Running + c.Dead
					return err
				})
				if err == nil && left == 0 {
					break
				}
				select {
				case <-deadline:
					t.Fatal("the job does not end")
				case <-time.After(5 * time.Millisecond):
				}
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		run()
		if got, _ := sims.Latest(ctx, ada, made.ID); got.State != simulate.Cancelled || got.Report != nil || got.Busy() {
			t.Errorf("cancelled: %+v", got)
		}

		clock.Advance(time.Minute)
		if _, err := sims.Start(ctx, ada, made.ID, 0); err != nil {
			t.Fatal(err)
		}
		run()
		got, err := sims.Latest(ctx, ada, made.ID)
		if err != nil || got.State != simulate.Done || got.Report == nil || got.Report.Changed != 1 || got.Done != 2 || got.Total != 2 || got.DraftVersion != 1 || got.FinishedAt != clock.Now() {
			t.Errorf("done: %+v, %v", got, err)
		}

		// a draft with mistakes is not simulated, and says so
		clock.Advance(time.Minute)
		wrong := "# nothing"
		if _, err := drafts.Save(ctx, ada, made.ID, 1, draft.Change{Source: &wrong}); err != nil {
			t.Fatal(err)
		}
		if _, err := sims.Start(ctx, ada, made.ID, 0); err != nil {
			t.Fatal(err)
		}
		run()
		if got, _ := sims.Latest(ctx, ada, made.ID); got.State != simulate.Failed || !strings.Contains(got.Error, "has mistakes") {
			t.Errorf("failed: %+v", got)
		}
		var kinds []string
		err = d.Read(ctx, func(tx *db.Tx) error {
			list, err := journal.BySubject(tx, rulebook.Subject)
			for _, e := range list {
				kinds = append(kinds, e.Kind)
			}
			return err
		})
		if want := []string{rulebook.EventPublished, draft.EventDrafted, simulate.EventSimulated, draft.EventSaved}; err != nil || !reflect.DeepEqual(kinds, want) {
			t.Errorf("the journal has %v, want %v", kinds, want)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAmountsOfMoney(t *testing.T) {
	for rate, want := range map[string]string{"120 EUR": "EUR 120.00", "EUR 1,250.50 per hour": "EUR 1,250.50", "$90": "$ 90.00", "€ 5": "€ 5.00", "time and material": "", "10% of the fee": "", "5x": "", "L2 120": ""} {
		currency, cents, ok := simulate.ParseAmount(rate)
		got := ""
		if ok {
			got = simulate.Money(currency, cents)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", rate, got, want)
		}
	}
}
