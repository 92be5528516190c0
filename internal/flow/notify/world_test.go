package notify_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/notify"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

const desk = "support@vendor.example"

// world is a vendor with three levels, a customer whom it serves from level 1
// (named), one with a help desk of its own (cloud), and a mail server that
// receives what the desk sends.
type world struct {
	t       *testing.T
	d       *db.DB
	clock   *dbtest.Clock
	tickets *ticket.Service
	tokens  *ticket.Tokens
	box     *mailbox
}

// mailbox is the smarthost at the other end.
type mailbox struct {
	mu     sync.Mutex
	got    []received
	accept func(rcpt string) error
	fail   error
}

type received struct {
	env mail.Envelope
	msg *mail.Message
	raw string
}

func (b *mailbox) Accept(_ context.Context, rcpt string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.accept == nil {
		return nil
	}
	return b.accept(rcpt)
}

func (b *mailbox) deliver(_ context.Context, env mail.Envelope, raw []byte) error {
	msg, err := mail.Parse(raw)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.got = append(b.got, received{env, msg, string(raw)})
	return nil
}

func (b *mailbox) all() []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]received(nil), b.got...)
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(t, newWorld(t, d, clock, true)) })
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock, smarthost bool) *world {
	t.Helper()
	w := &world{t: t, d: d, clock: clock, box: &mailbox{}}
	w.write(fill)
	book := rulebook.New(d, d.Now)
	if _, findings, err := book.Publish(t.Context(), "illumeet.md", policies.Default(), "", ""); err != nil {
		t.Fatal(err, findings)
	}
	sealer, err := seal.Load(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	queue := jobs.NewQueue()
	w.tokens = ticket.NewTokens(sealer)
	w.tickets = ticket.NewService(d, book, queue, sealer, func() {})
	var sender *mail.Sender
	if smarthost {
		sender = w.smarthost()
	}
	mailer := notify.New(d, w.tickets, w.tokens, sender, "https://desk.vendor.example/", slog.New(slog.DiscardHandler))
	w.run(queue, mailer)
	return w
}

func (w *world) smarthost() *mail.Sender {
	s, err := mail.NewServer(mail.ServerConfig{Addr: "127.0.0.1:0", Domain: "mx.customer.example", Accept: w.box.Accept, Deliver: w.box.deliver})
	if err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	w.t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	sender, err := mail.NewSender(mail.SenderConfig{Addr: s.Addr().String(), TLS: mail.TLSNone, HelloDomain: "desk.vendor.example"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = sender.Close() })
	return sender
}

// run works on the jobs until the test ends.
func (w *world) run(queue *jobs.Queue, mailer *notify.Mailer) {
	runner, err := jobs.New(jobs.Config{DB: w.d, Queue: queue, Node: "test", Log: slog.New(slog.DiscardHandler),
		Handlers: map[string]jobs.Handler{ticket.NotifyJob: mailer.Handle}})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

// idle waits until every job is done or dead, or waits for a later try.
func (w *world) idle() {
	w.t.Helper()
	w.until("the jobs are done", func() bool {
		var n int
		w.read(func(tx *db.Tx) error {
			tally, err := jobs.Counts(tx)
			n = int(tally.Due + tally.Running)
			return err
		})
		return n == 0
	})
}

func (w *world) until(what string, is func() bool) {
	w.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			w.t.Fatal("not in time: " + what)
		}
	}
}

// mails are what arrived since the last call, after all jobs.
func (w *world) mails() []received {
	w.t.Helper()
	w.idle()
	w.box.mu.Lock()
	defer w.box.mu.Unlock()
	got := w.box.got
	w.box.got = nil
	return got
}

// mail is the only one that arrived since the last call.
func (w *world) mail() received {
	w.t.Helper()
	got := w.mails()
	if len(got) != 1 {
		var to []string
		for _, m := range got {
			to = append(to, strings.Join(m.env.To, "+")+": "+m.msg.Subject)
		}
		w.t.Fatalf("%d mails arrived: %q", len(got), to)
	}
	return got[0]
}

func fill(tx *db.Tx) error {
	orgs := map[string]org.Org{}
	for _, o := range []struct{ key, kind, desks, address string }{
		{"vendor", "vendor", "L1 L2 L3", desk}, {"cloud", "customer", "L1", ""}, {"named", "customer", "", ""}, {"lapsed", "customer", "", ""},
	} {
		made, err := org.Create(tx, org.Org{Kind: org.Kind(o.kind), Name: o.key, Domain: o.key + ".example", Zone: "Europe/Berlin"})
		if err != nil {
			return err
		}
		orgs[o.key] = made
		for _, l := range strings.Fields(o.desks) {
			if err := org.AddDesk(tx, org.Desk{OrgID: made.ID, Level: l, Name: l, Address: o.address}); err != nil {
				return err
			}
			o.address = ""
		}
	}
	for who, role := range map[string]identity.Membership{
		"l1@vendor": {Role: identity.RoleLevel, Level: "L1"}, "other1@vendor": {Role: identity.RoleLevel, Level: "L1"}, "l2@vendor": {Role: identity.RoleLevel, Level: "L2"},
		"l1@cloud": {Role: identity.RoleLevel, Level: "L1"}, "enduser@cloud": {Role: identity.RoleEndUser},
		"admin@named": {Role: identity.RoleAdmin}, "enduser@named": {Role: identity.RoleEndUser}, "admin@lapsed": {Role: identity.RoleAdmin},
	} {
		_, key, _ := strings.Cut(who, "@")
		if _, err := identity.Create(tx, identity.Person{OrgID: orgs[key].ID, Name: who, Email: who + ".example"}, []identity.Membership{role}); err != nil {
			return err
		}
	}
	if err := product.Create(tx, product.Product{ID: "meetings", Name: "Meetings"}); err != nil {
		return err
	}
	if err := product.CreateVersion(tx, product.Version{ProductID: "meetings", Version: "10.4", ReleasedOn: "2026-06-01"}); err != nil {
		return err
	}
	for key, c := range map[string][2]string{"named": {"named-user-cloud", "2027-12-31"}, "cloud": {"cloud-server", "2027-12-31"}, "lapsed": {"named-user-cloud", "2026-01-31"}} {
		a, err := account.Create(tx, account.Account{OrgID: orgs[key].ID, Name: key, ProductID: "meetings", ProductType: c[0], Region: "europe", MaintenanceUntil: c[1]})
		if err != nil {
			return err
		}
		if _, err := account.AddInstance(tx, account.Instance{AccountID: a.ID, Name: key, URL: "https://" + key + ".example", Version: "10.4"}); err != nil {
			return err
		}
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

func (w *world) person(email string) (p identity.Person) {
	w.t.Helper()
	w.read(func(tx *db.Tx) (err error) {
		p, err = identity.ByEmail(tx, email)
		return err
	})
	return p
}

func (w *world) actor(email string) (a identity.Actor) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error {
		p, err := identity.ByEmail(tx, email)
		if err == nil {
			a, err = identity.LoadActor(tx, p.ID, identity.ViaSession)
		}
		return err
	})
	return a
}

// opens asks as somebody.
func (w *world) opens(email string, d ticket.Draft) *ticket.Ticket {
	w.t.Helper()
	if d.Channel == "" {
		d.Channel = "portal"
	}
	if d.Subject == "" {
		d.Subject = "The camera stays black"
	}
	if d.Body == "" {
		d.Body = "Since this morning."
	}
	var actor identity.Actor
	if email != "" {
		actor, d.Verified = w.actor(email), true
	}
	o, err := w.tickets.Open(w.t.Context(), actor, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return o.Ticket
}

func (w *world) writes(email, ref string, p ticket.Post) ticket.Message {
	w.t.Helper()
	if p.Channel == "" {
		p.Channel = "desk"
	}
	_, m, err := w.tickets.Write(w.t.Context(), w.actor(email), ref, 0, p)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// mailState is how the mail of a message went.
func (w *world) mailState(m ticket.Message) (s string) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error {
		return tx.QueryRow("SELECT mail_state FROM message WHERE ticket_id = $1 AND id = $2", m.TicketID, m.ID).Scan(&s)
	})
	return s
}
