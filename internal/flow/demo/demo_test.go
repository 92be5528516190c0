package demo_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/demo"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// world is an empty store with the default policy, in force since the example begins.
func world(t *testing.T, d *db.DB) demo.World {
	t.Helper()
	begin := func() int64 { return demo.Begin(d.Now()) }
	if _, findings, err := rulebook.New(d.At(begin), begin).Publish(t.Context(), "illumeet.md", policies.Default(), "", ""); err != nil {
		t.Fatal(err, findings)
	}
	return demo.World{DB: d, Identity: identity.New(d), Book: rulebook.New(d, d.Now), Past: func(now func() int64, outbox ticket.Outbox) *ticket.Service {
		return ticket.NewService(d.At(now), rulebook.New(d, now), outbox, nil, func() {})
	}}
}

func count(t *testing.T, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := d.Read(t.Context(), func(tx *db.Tx) error { return tx.QueryRow(query, args...).Scan(&n) }); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestFillMakesABelievableDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := world(t, d)
		begun := time.Now()
		made, err := demo.Fill(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("filled in %v", time.Since(begun).Round(time.Millisecond))
		if made.Password == "" || len(made.People) < 16 {
			t.Errorf("only %d people can sign in", len(made.People))
		}
		if n := count(t, d, "SELECT COUNT(*) FROM ticket"); n < 40 {
			t.Errorf("there are %d tickets, want 40 or more", n)
		}
		for _, s := range ticket.States() {
			if count(t, d, "SELECT COUNT(*) FROM ticket WHERE state = $1", string(s)) == 0 {
				t.Errorf("no ticket is %s", s)
			}
		}
		for what, query := range map[string]string{
			"at level 1":                         "SELECT COUNT(*) FROM ticket WHERE level = 'L1' AND active",
			"at level 2":                         "SELECT COUNT(*) FROM ticket WHERE level = 'L2' AND active",
			"at level 3":                         "SELECT COUNT(*) FROM ticket WHERE level = 'L3' AND active",
			"at the partner":                     "SELECT COUNT(*) FROM ticket WHERE provider_kind = 'partner'",
			"at a customer's own desk":           "SELECT COUNT(*) FROM ticket WHERE provider_kind = 'customer' AND level = 'L1'",
			"at a customer's own level 3":        "SELECT COUNT(*) FROM ticket WHERE provider_kind = 'customer' AND level = 'L3'",
			"served with best effort":            "SELECT COUNT(*) FROM ticket WHERE effort = 'best-effort'",
			"escalated":                          "SELECT COUNT(*) FROM handover WHERE kind = 'escalate'",
			"returned":                           "SELECT COUNT(*) FROM handover WHERE kind = 'return'",
			"with five messages or more":         "SELECT COUNT(*) FROM (SELECT ticket_id FROM message GROUP BY ticket_id HAVING COUNT(*) >= 5) q",
			"with a reference number":            "SELECT COUNT(*) FROM ticket WHERE reference <> ''",
			"with a subject of 120 characters":   "SELECT COUNT(*) FROM ticket WHERE LENGTH(subject) = 120",
			"with an internal note":              "SELECT COUNT(*) FROM room WHERE kind = 'internal'",
			"reopened":                           "SELECT COUNT(*) FROM event WHERE kind = 'reopened'",
			"that nobody has looked at, by mail": "SELECT COUNT(*) FROM ticket WHERE state = 'new' AND channel = 'mail'",
		} {
			if count(t, d, query) == 0 {
				t.Error("no ticket is there", what)
			}
		}
		for _, kind := range []string{"named-user-cloud", "cloud-server", "self-hosted"} {
			if count(t, d, "SELECT COUNT(*) FROM ticket t JOIN account a ON a.id = t.account_id WHERE a.product_type = $1", kind) == 0 {
				t.Error("no ticket is about", kind)
			}
		}
		if n := count(t, d, "SELECT COUNT(*) FROM message WHERE created_at > $1", clock.Now()); n > 0 {
			t.Errorf("%d messages are from the future", n)
		}
		if n := count(t, d, "SELECT COUNT(*) FROM job"); n > 0 {
			t.Errorf("%d jobs would tell people about a made-up past", n)
		}
	})
}

func TestAFilledStoreIsLeftAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := world(t, d)
		if _, err := demo.Fill(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		before := [2]int{count(t, d, "SELECT COUNT(*) FROM ticket"), count(t, d, "SELECT COUNT(*) FROM person")}
		again, err := demo.Fill(t.Context(), w)
		if err != nil || len(again.People) > 0 {
			t.Fatalf("the second filling made %d people: %v", len(again.People), err)
		}
		if after := [2]int{count(t, d, "SELECT COUNT(*) FROM ticket"), count(t, d, "SELECT COUNT(*) FROM person")}; after != before {
			t.Errorf("tickets and people went from %v to %v", before, after)
		}
	})
}

func TestDemoPeopleHaveTheirParts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := world(t, d)
		made, err := demo.Fill(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{"l1@vendor.example", "l2@vendor.example", "l3@vendor.example", "manager@vendor.example", "l1@partner.example",
			"admin@named.example", "enduser@named.example", "admin@cloud.example", "l1@cloud.example", "enduser@cloud.example", "admin@selfhosted.example",
			"l1@selfhosted.example", "l3@selfhosted.example", "enduser@selfhosted.example", "admin@lapsed.example", "admin@old.example"} {
			if !slices.ContainsFunc(made.People, func(p demo.Person) bool { return p.Email == email }) {
				t.Errorf("%s is not in the example", email)
			}
		}
	})
}

func TestLargeStoreIsWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := world(t, d)
		if _, err := demo.Fill(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		tickets, messages, events := count(t, d, "SELECT COUNT(*) FROM ticket"), count(t, d, "SELECT COUNT(*) FROM message"), count(t, d, "SELECT COUNT(*) FROM event")
		size := demo.Size{Tickets: 3000, Messages: 15000}
		last := 0
		if err := demo.Large(t.Context(), w, size, func(n int) { last = n }); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, "SELECT COUNT(*) FROM ticket") - tickets; n != size.Tickets || last != n {
			t.Errorf("%d tickets were made and %d told, want %d", n, last, size.Tickets)
		}
		if n := count(t, d, "SELECT COUNT(*) FROM message") - messages; n != size.Messages {
			t.Errorf("%d messages were made, want %d", n, size.Messages)
		}
		if n := count(t, d, "SELECT COUNT(DISTINCT number) FROM ticket"); n != tickets+size.Tickets {
			t.Errorf("%d tickets have %d numbers", tickets+size.Tickets, n)
		}
		for what, query := range map[string]string{
			"tickets without a room":            "SELECT COUNT(*) FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM room r WHERE r.ticket_id = t.id AND r.id = 'requester')",
			"tickets without a message":         "SELECT COUNT(*) FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.ticket_id = t.id)",
			"tickets without a judgement":       "SELECT COUNT(*) FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM judgement j WHERE j.ticket_id = t.id AND j.seq = t.judgement)",
			"tickets without a beginning":       "SELECT COUNT(*) FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_id = t.id AND e.kind = 'opened')",
			"tickets that their desk can't see": `SELECT COUNT(*) FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM party p WHERE p.ticket_id = t.id AND p.org_id = t.provider_org)`,
			"messages in no room":               "SELECT COUNT(*) FROM message m WHERE NOT EXISTS (SELECT 1 FROM room r WHERE r.ticket_id = m.ticket_id AND r.id = m.room_id)",
			"jobs":                              "SELECT COUNT(*) FROM job",
			"phrases with a gap":                "SELECT COUNT(*) FROM message WHERE body LIKE '%{%}%'",
		} {
			if n := count(t, d, query); n > 0 {
				t.Errorf("%d %s", n, what)
			}
		}
		if n := count(t, d, "SELECT COUNT(*) FROM ticket WHERE created_at > $1 OR updated_at > $1", clock.Now()); n > 0 {
			t.Errorf("%d tickets are from the future", n)
		}
		if n := count(t, d, "SELECT COUNT(*) FROM ticket WHERE active") * 1000 / size.Tickets; n < 5 || n > 60 {
			t.Errorf("%d of 1000 tickets are active, want about 20", n)
		}
		report, err := journal.Verify(t.Context(), d, nil)
		if err != nil || report.Broken != nil || report.Unsealed != int64(events) || report.Sealed < int64(3*size.Tickets) {
			t.Errorf("the journal: %+v %v", report, err)
		}
		readAll(t, w, clock)
	})
}

// readAll opens pages as engineers and requesters do.
func readAll(t *testing.T, w demo.World, clock *dbtest.Clock) {
	t.Helper()
	tickets := w.Past(clock.Now, demo.Silence{})
	for _, email := range []string{"l1@vendor.example", "l2@vendor.example", "l1@partner.example", "admin@c00001.example"} {
		var a identity.Actor
		err := w.DB.Read(t.Context(), func(tx *db.Tx) error {
			p, err := identity.ByEmail(tx, email)
			if err == nil {
				a, err = identity.LoadActor(tx, p.ID, identity.ViaSession)
			}
			return err
		})
		if err != nil {
			t.Fatal(email, err)
		}
		page, err := tickets.List(t.Context(), a, ticket.Filter{}, "", 100)
		if err != nil || len(page.Rows) == 0 {
			t.Fatalf("%s sees %d tickets: %v", email, len(page.Rows), err)
		}
		for _, r := range page.Rows {
			if _, err := tickets.View(t.Context(), a, r.ID, ""); err != nil {
				t.Fatalf("%s can't open %s: %v", email, r.Name(), err)
			}
		}
	}
}

func TestALargeStoreThatCannotBe(t *testing.T) {
	for _, s := range []demo.Size{{0, 0}, {-1, 5}, {10, 9}, {10, 1001}, {20_000_001, 20_000_001}} {
		if s.Check() == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	if err := (demo.Size{Tickets: 1, Messages: 1}).Check(); err != nil {
		t.Error(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		if err := demo.Large(context.Background(), world(t, d), demo.Size{Tickets: 1, Messages: 1}, nil); err == nil {
			t.Error("a store without a vendor was filled")
		}
	})
}
