package revise_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/revise"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/policies"
)

// house is a vendor with two customers, one in North America and one in Europe, and what arrives at a mail server.
type house struct {
	t      *testing.T
	d      *db.DB
	clock  *dbtest.Clock
	book   *rulebook.Book
	drafts *draft.Drafts
	queue  *jobs.Queue
	revise *revise.Service
	owner  identity.Actor
	mu     sync.Mutex
	got    []string // "address: text"
	fail   int      // how many mails are refused for now
}

func open(t *testing.T, d *db.DB, clock *dbtest.Clock) *house {
	t.Helper()
	h := &house{t: t, d: d, clock: clock, book: rulebook.New(d, clock.Now), drafts: draft.New(d, func() {}), queue: jobs.NewQueue()}
	server, err := mail.NewServer(mail.ServerConfig{Addr: "127.0.0.1:0", Domain: "mx.example", Deliver: h.deliver})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve() }()
	t.Cleanup(func() { _ = server.Close() })
	sender, err := mail.NewSender(mail.SenderConfig{Addr: server.Addr().String(), HelloDomain: "desk.example", TLS: mail.TLSNone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sender.Close() })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h.revise = revise.New(d, h.book, h.drafts, h.queue, sender, "https://desk.example/", func() {}, log)
	if _, findings, err := h.book.Publish(t.Context(), "p.md", policies.Default(), "", ""); err != nil {
		t.Fatal(err, findings)
	}
	h.write(h.register)
	return h
}

func (h *house) deliver(_ context.Context, env mail.Envelope, raw []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail > 0 {
		h.fail--
		return fault.New(fault.Unavailable, "Not now.")
	}
	msg, err := mail.Parse(raw)
	if err != nil {
		return err
	}
	for _, to := range env.To {
		h.got = append(h.got, to+": "+msg.Subject+"\n"+msg.Text)
	}
	return nil
}

func (h *house) mails() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := slices.Clone(h.got)
	slices.Sort(out)
	return out
}

func (h *house) write(fn func(*db.Tx) error) {
	h.t.Helper()
	if err := h.d.Write(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) register(tx *db.Tx) error {
	vendor, err := org.Create(tx, org.Org{Kind: org.Vendor, Name: "Example Meetings", Domain: "vendor.example"})
	if err != nil {
		return err
	}
	for _, l := range []org.Desk{{Level: "L2", Name: "Two", Address: "two@vendor.example"}, {Level: "L1", Name: "One", Address: "support@vendor.example"}} {
		l.OrgID = vendor.ID
		if err := org.AddDesk(tx, l); err != nil {
			return err
		}
	}
	p, err := identity.Create(tx, identity.Person{OrgID: vendor.ID, Name: "Olga", Email: "olga@vendor.example"}, identity.Memberships([]string{"owner"}))
	if err != nil {
		return err
	}
	if h.owner, err = identity.LoadActor(tx, p.ID, identity.ViaSession); err != nil {
		return err
	}
	if err := product.Create(tx, product.Product{ID: "meetings", Name: "Meetings"}); err != nil {
		return err
	}
	for _, c := range []struct{ name, region string }{{"america", "north-america"}, {"europe", "europe"}} {
		o, err := org.Create(tx, org.Org{Kind: org.Customer, Name: c.name, Domain: c.name + ".example"})
		if err != nil {
			return err
		}
		if _, err := account.Create(tx, account.Account{OrgID: o.ID, Name: c.name, ProductID: "meetings", ProductType: "named-user-cloud", Region: c.region, MaintenanceUntil: "2099-01-01"}); err != nil {
			return err
		}
		for who, role := range map[string]string{"admin": "admin", "user": "end-user"} {
			if _, err := identity.Create(tx, identity.Person{OrgID: o.ID, Name: who + " of " + c.name, Email: who + "@" + c.name + ".example"}, identity.Memberships([]string{role})); err != nil {
				return err
			}
		}
	}
	// a customer without an account hears nothing
	o, err := org.Create(tx, org.Org{Kind: org.Customer, Name: "nobody", Domain: "nobody.example"})
	if err != nil {
		return err
	}
	_, err = identity.Create(tx, identity.Person{OrgID: o.ID, Name: "n", Email: "admin@nobody.example"}, identity.Memberships([]string{"admin"}))
	return err
}

// draft is the default policy with one text in place of another.
func (h *house) draft(from, to string) draft.Draft {
	h.t.Helper()
	src := string(policies.Default())
	if !strings.Contains(src, from) {
		h.t.Fatalf("the default policy has no %q", from)
	}
	d, err := h.drafts.Create(h.t.Context(), h.owner, draft.Draft{Title: "x", Base: 1, Source: strings.ReplaceAll(src, from, to), Probes: "probes: []"})
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

func emails(list []revise.Contact) (out []string) {
	for _, c := range list {
		out = append(out, c.Email)
	}
	slices.Sort(out)
	return out
}

const america = `north-america: {zone: America/New_York, week: "mon-fri 08:00-17:00"}`

func TestWhomAChangeConcerns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		h := open(t, d, clock)
		all := []string{"admin@america.example", "admin@europe.example"}
		for _, c := range []struct {
			name, from, to string
			audience       revise.Audience
			want           []string
		}{
			{"hours of one region", america, strings.ReplaceAll(america, "17:00", "18:00"), revise.Concerned, all[:1]},
			{"hours of one region, all are told", america, strings.ReplaceAll(america, "17:00", "18:00"), revise.Everybody, all},
			{"hours of one region, nobody is told", america, strings.ReplaceAll(america, "17:00", "18:00"), revise.Nobody, nil},
			{"a promise", "is: 9h}", "is: 8h}", revise.Concerned, all},
			{"an exclusion that everybody meets", "training:         {answer: no,", "training:         {answer: limited,", revise.Concerned, all},
			{"who provides levels of another product", "- for: {product.type: self-hosted}\n    L1: {by: customer, for: end-user}\n    L2: {by: [vendor, partner], for: customer}", "- for: {product.type: self-hosted}\n    L1: {by: customer, for: end-user}\n    L2: {by: vendor, for: customer}", revise.Concerned, nil},
			{"a channel that is refused", "## Support hours {#hours}", "## Channels {#channels}\n\n```policy\nchannels: {mail: {}, portal: {}, web: {}, api: {}}\n```\n\n## Support hours {#hours}", revise.Concerned, all},
			{"wording alone", "Levels 1 and 2 are open from Monday to Friday:", "Levels 1 and 2 are open on weekdays:", revise.Concerned, nil},
		} {
			made := h.draft(c.from, c.to)
			p, err := h.revise.Preview(t.Context(), h.owner, made.ID, revise.Plan{Seen: 1, AtOnce: true, Audience: c.audience})
			if err != nil {
				t.Fatal(c.name, err)
			}
			if got := emails(p.People); !slices.Equal(got, c.want) {
				t.Errorf("%s: told %v, want %v", c.name, got, c.want)
			}
			if len(p.Changes) == 0 {
				t.Errorf("%s: nothing changes", c.name)
			}
		}
	})
}

func TestPublishingTellsCustomersOnceAndIsOneCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := t.Context()
		h := open(t, d, clock)
		made := h.draft(america, strings.ReplaceAll(america, "17:00", "18:00"))
		plan := revise.Plan{Seen: 1, Effective: "2026-12-01", Audience: revise.Everybody, Note: "We answer longer."}
		p, err := h.revise.Preview(ctx, h.owner, made.ID, plan)
		if err != nil {
			t.Fatal(err)
		}
		v, err := h.revise.Publish(ctx, h.owner, made.ID, plan)
		if err != nil || v.Number != 2 || v.PublishedBy != h.owner.PersonID || v.From() != time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli() {
			t.Fatalf("%+v, %v", v, err)
		}
		if c, err := h.book.InForce(ctx, clock.Now()); err != nil || c.Number != 1 {
			t.Errorf("version %d is in force before its day, %v", c.Number, err)
		}
		if src, err := h.book.Probes(ctx, 2); err != nil || src != "probes: []" {
			t.Errorf("probes %q, %v", src, err)
		}
		h.fail = 1 // the first try is refused for now: that mail is sent by the second
		h.run()
		want := []string{}
		for _, who := range []string{"america", "europe"} {
			want = append(want, "admin@"+who+".example: "+p.Subject+"\nHello admin of "+who+",\n\n"+p.Body)
		}
		got := h.mails()
		for i := range got {
			got[i] = strings.TrimSpace(strings.ReplaceAll(got[i], "\r\n", "\n"))
			want[i] = strings.TrimSpace(want[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("mails\n%s\nwant\n%s", strings.Join(got, "\n---\n"), strings.Join(want, "\n---\n"))
		}
		for _, w := range []string{"We answer longer.", "Tue 1 Dec 2026", "https://desk.example/policy/2", `Calendar "North america"`, "18:00"} {
			if !strings.Contains(got[0], w) {
				t.Errorf("the mail does not say %q:\n%s", w, got[0])
			}
		}
		letters, err := h.revise.Letters(ctx, h.owner)
		if err != nil || letters[2]["sent"] != 2 || letters[2]["queued"] != 0 {
			t.Errorf("letters %v, %v", letters, err)
		}
		if _, err := h.revise.Publish(ctx, h.owner, made.ID, plan); !fault.Is(err, fault.Conflict) {
			t.Errorf("published twice: %v", err)
		}
		var kinds []string
		err = d.Read(ctx, func(tx *db.Tx) error {
			list, err := journal.BySubject(tx, rulebook.Subject)
			for _, e := range list {
				kinds = append(kinds, e.Kind)
				if e.ActorID != h.owner.PersonID && len(kinds) > 1 {
					t.Errorf("%s was done by %q", e.Kind, e.ActorID)
				}
			}
			return err
		})
		if err != nil || len(kinds) != 4 || !slices.Contains(kinds, revise.EventNotified) || !slices.Contains(kinds, draft.EventDrafted) {
			t.Errorf("the journal has %v, %v", kinds, err)
		}
	})
}

// run works on all jobs; a failed one is tried again at once.
func (h *house) run() {
	h.t.Helper()
	runner, err := jobs.New(jobs.Config{DB: h.d, Queue: h.queue, Node: "n", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Handlers: map[string]jobs.Handler{revise.LetterJob: h.revise.Handle}})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	deadline := time.Now().Add(20 * time.Second)
	for left := int64(1); left > 0; {
		if time.Now().After(deadline) {
			h.t.Fatal("the jobs do not end")
		}
		h.clock.Advance(time.Second)
		h.queue.Wake()
		<-time.After(5 * time.Millisecond)
		err := h.d.Read(context.Background(), func(tx *db.Tx) error {
			c, err := jobs.Counts(tx)
			left = c.Due + c.Later + c.Running + c.Dead
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		h.t.Error(err)
	}
}

func TestWhatCannotBePublishedChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		h := open(t, d, dbtest.NewClock())
		good := h.draft(america, strings.ReplaceAll(america, "17:00", "18:00"))
		wrong := h.draft("use: always", "use: allways")
		same := h.draft("use: always", "use: always")
		stranger := h.owner
		stranger.Owner = false
		once := revise.Plan{Seen: 1, AtOnce: true, Audience: revise.Nobody}
		for _, c := range []struct {
			name  string
			who   identity.Actor
			draft string
			plan  revise.Plan
			kind  fault.Kind
			field string
		}{
			{"no owner", stranger, good.ID, once, fault.NotFound, ""},
			{"no draft", h.owner, "none", once, fault.NotFound, ""},
			{"a mistake", h.owner, wrong.ID, once, fault.Invalid, ""},
			{"the same policy", h.owner, same.ID, once, fault.Conflict, ""},
			{"saved since", h.owner, good.ID, revise.Plan{Seen: 9, AtOnce: true, Audience: revise.Nobody}, fault.Conflict, ""},
			{"no day", h.owner, good.ID, revise.Plan{Seen: 1, Audience: revise.Nobody}, fault.Invalid, "effective"},
			{"no such day", h.owner, good.ID, revise.Plan{Seen: 1, Effective: "2026-02-30", Audience: revise.Nobody}, fault.Invalid, "effective"},
			{"no audience", h.owner, good.ID, revise.Plan{Seen: 1, AtOnce: true}, fault.Invalid, "audience"},
			{"a long note", h.owner, good.ID, revise.Plan{Seen: 1, AtOnce: true, Audience: revise.Nobody, Note: strings.Repeat("x", 4001)}, fault.Invalid, "note"},
		} {
			_, err := h.revise.Publish(ctx, c.who, c.draft, c.plan)
			if !fault.Is(err, c.kind) {
				t.Errorf("%s: %v", c.name, err)
			}
			if c.field != "" && (len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Path != c.field) {
				t.Errorf("%s: fields %+v", c.name, fault.Fields(err))
			}
		}
		if list, err := h.book.List(ctx); err != nil || len(list) != 1 {
			t.Errorf("versions %+v, %v", list, err)
		}
		if open, err := h.drafts.Open(ctx, h.owner); err != nil || len(open) != 3 {
			t.Errorf("drafts %+v, %v", open, errors.Join(err))
		}
	})
}
