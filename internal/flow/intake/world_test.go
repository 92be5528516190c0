package intake_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/intake"
	"github.com/tierdesk/tierdesk/internal/platform/blob"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

const desk = "support@vendor.example"

// world is a vendor with three levels, a customer whom it serves from level 1
// (named), one with a help desk of its own (cloud), and two ways in by SMTP: a
// relay that is trusted, and the open internet.
type world struct {
	t               *testing.T
	d               *db.DB
	clock           *dbtest.Clock
	tickets         *ticket.Service
	tokens          *ticket.Tokens
	files           *attach.Store
	relay, internet string
	// keys are the DKIM records of the internet, by name.
	keys map[string]string
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(t, newWorld(t, d, clock)) })
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	w := &world{t: t, d: d, clock: clock, keys: map[string]string{}}
	w.write(fill)
	book := rulebook.New(d, d.Now)
	if _, findings, err := book.Publish(t.Context(), "illumeet.md", policies.Default(), "", ""); err != nil {
		t.Fatal(err, findings)
	}
	dir := t.TempDir()
	sealer, err := seal.Load(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	w.files, w.tokens = attach.New(blobs), ticket.NewTokens(sealer)
	w.tickets = ticket.NewService(d, book, jobs.NewQueue(), sealer, func() {})
	in := intake.NewMail(intake.MailConfig{DB: d, Tickets: w.tickets, Files: w.files, Blobs: blobs, Sealer: sealer, Domain: "mx.vendor.example", Lookup: w.lookup,
		Log: slog.New(slog.DiscardHandler)})
	w.relay = w.listen(in, netip.MustParsePrefix("127.0.0.0/8"))
	w.internet = w.listen(in)
	return w
}

func (w *world) lookup(_ context.Context, name string) ([]string, error) {
	if w.keys[name] == "" {
		return nil, errors.New("no such name")
	}
	return []string{w.keys[name]}, nil
}

func (w *world) listen(in *intake.Mail, trusted ...netip.Prefix) string {
	s, err := mail.NewServer(mail.ServerConfig{Addr: "127.0.0.1:0", Domain: "mx.vendor.example", MaxBytes: 4 << 20, TrustedRelays: trusted,
		Accept: in.Accept, Deliver: in.Deliver})
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
	return s.Addr().String()
}

func fill(tx *db.Tx) error {
	orgs := map[string]org.Org{}
	for _, o := range []struct{ key, kind, desks, address string }{
		{"vendor", "vendor", "L1 L2 L3", desk}, {"cloud", "customer", "L1", "help@cloud.example"}, {"named", "customer", "", ""}, {"other", "customer", "", ""},
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
		"l1@vendor": {Role: identity.RoleLevel, Level: "L1"}, "l2@vendor": {Role: identity.RoleLevel, Level: "L2"}, "gone@vendor": {Role: identity.RoleLevel, Level: "L1"},
		"l1@cloud": {Role: identity.RoleLevel, Level: "L1"}, "enduser@cloud": {Role: identity.RoleEndUser},
		"admin@named": {Role: identity.RoleAdmin}, "enduser@named": {Role: identity.RoleEndUser}, "admin@other": {Role: identity.RoleAdmin},
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
	for key, kind := range map[string]string{"named": "named-user-cloud", "other": "named-user-cloud", "cloud": "cloud-server"} {
		a, err := account.Create(tx, account.Account{OrgID: orgs[key].ID, Name: key, ProductID: "meetings", ProductType: kind, Region: "europe", MaintenanceUntil: "2027-12-31"})
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

// letter is a mail as its sender writes it; Head are further header lines.
type letter struct {
	From, To, Subject, ID, Body string
	Head                        []string
}

func (l letter) raw() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Received: from mx.customer.example by mx.vendor.example; Mon, 23 Nov 2026 09:00:00 +0000\r\n")
	for _, h := range l.Head {
		b.WriteString(h + "\r\n")
	}
	if l.From != "" {
		fmt.Fprintf(&b, "From: %s\r\n", l.From)
	}
	fmt.Fprintf(&b, "To: %s\r\nSubject: %s\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n", desk, l.Subject)
	if l.ID != "" {
		fmt.Fprintf(&b, "Message-ID: <%s>\r\n", l.ID)
	}
	b.WriteString("\r\n" + strings.ReplaceAll(l.Body, "\n", "\r\n") + "\r\n")
	return []byte(b.String())
}

// send speaks SMTP; code is the refusal's, 250 when the mail was taken.
func (w *world) send(server, returnPath, to string, raw []byte) (code int) {
	w.t.Helper()
	s, err := mail.NewSender(mail.SenderConfig{Addr: server, TLS: mail.TLSNone, HelloDomain: "client.example", Timeout: 30 * time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	err = s.Send(w.t.Context(), returnPath, []string{to}, raw)
	if err == nil {
		return 250
	}
	var refused *mail.SendError
	if !errors.As(err, &refused) {
		w.t.Fatal(err)
	}
	return refused.Code
}

// by sends a letter from its author and expects that it is taken.
func (w *world) by(server string, l letter) {
	w.t.Helper()
	if l.To == "" {
		l.To = desk
	}
	returnPath := l.From
	if i := strings.IndexByte(returnPath, '<'); i >= 0 {
		returnPath = strings.Trim(returnPath[i:], "<>")
	}
	if code := w.send(server, returnPath, l.To, l.raw()); code != 250 {
		w.t.Fatalf("the mail %q was answered with %d", l.Subject, code)
	}
}

// seen is a message as it is stored.
type seen struct {
	Ticket, Number, State, Room, Author, Sender, Body string
	Verified, Automatic                               bool
	MailState                                         string // of mail_in
}

// messages are all messages, oldest first.
func (w *world) messages() (list []seen) {
	w.t.Helper()
	w.read(func(tx *db.Tx) (err error) {
		list, err = db.Collect(tx, func(rows *db.Rows) (s seen, err error) {
			var number int64
			err = rows.Scan(&s.Ticket, &number, &s.State, &s.Room, &s.Author, &s.Sender, &s.Body, &s.Verified, &s.Automatic, &s.MailState)
			s.Number = fmt.Sprintf("T-%d", number)
			return s, err
		}, `SELECT t.id, t.number, t.state, m.room_id, COALESCE(p.email, ''), m.sender, m.body, m.verified, m.automatic, COALESCE(i.state, '')
			FROM message m JOIN ticket t ON t.id = m.ticket_id LEFT JOIN person p ON p.id = m.author_id LEFT JOIN mail_in i ON i.message_id = m.id ORDER BY m.id`)
		return err
	})
	return list
}

// last is the newest message.
func (w *world) last() seen {
	w.t.Helper()
	list := w.messages()
	if len(list) == 0 {
		w.t.Fatal("no message was stored")
	}
	return list[len(list)-1]
}

func (w *world) count(query string) (n int) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error { return tx.QueryRow(query).Scan(&n) })
	return n
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

// opened is a ticket of a customer, by mail, with the Message-ID that began it.
func (w *world) opened(email, id string) seen {
	w.t.Helper()
	w.by(w.relay, letter{From: email, Subject: "The camera stays black", ID: id, Body: "Since this morning."})
	return w.last()
}

func (w *world) replyAddress(s seen, room string) string {
	return w.tokens.Address(desk, number(s), room)
}

func number(s seen) (n int64) {
	_, _ = fmt.Sscanf(s.Number, "T-%d", &n)
	return n
}

// sees reports whether somebody may see a ticket.
func (w *world) sees(email, ref string) bool {
	w.t.Helper()
	_, err := w.tickets.View(w.t.Context(), w.actor(email), ref, "")
	if err != nil && !fault.Is(err, fault.NotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}
