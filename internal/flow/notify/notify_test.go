package notify_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/information"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func TestARequestIsAcknowledgedWithItsDecision(t *testing.T) {
	cases := []struct {
		name, who string
		draft     ticket.Draft
		subject   string
		says      []string
	}{
		{"that has arrived", "enduser@named.example", ticket.Draft{}, "Your request has arrived",
			[]string{"It is with vendor, ", "https://desk.vendor.example/requests/T-1001", "https://desk.vendor.example/policy/1#"}},
		{"that is not covered", "admin@lapsed.example", ticket.Draft{}, "Not included in support", []string{"The way on: ", "https://desk.vendor.example/policy/1#"}},
		{"that lacks details", "l1@cloud.example", ticket.Draft{}, "We need a few details", []string{"- ", "https://desk.vendor.example/requests/T-1001"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				c.draft.Subject, c.draft.Body = "Words of the sender", "More words of the sender"
				w.opens(c.who, c.draft)
				got := w.mail()
				if got.msg.Subject != "[T-1001] "+c.subject || got.env.To[0] != c.who || got.env.From != "" {
					t.Errorf("%q from %q to %q", got.msg.Subject, got.env.From, got.env.To)
				}
				for _, s := range c.says {
					if !strings.Contains(got.msg.Text, s) {
						t.Errorf("%q is not in\n%s", s, got.msg.Text)
					}
				}
				if strings.Contains(got.raw, "ords of the sender") {
					t.Error("it repeats words of the sender")
				}
				if !got.msg.AutoSubmitted || !strings.HasPrefix(got.msg.ReplyTo.Addr, "support+t1001.requester.") || got.msg.From.Addr != desk {
					t.Errorf("%+v", got.msg.Headers)
				}
			})
		})
	}
}

func TestWhoIsNotProvenGetsNoAutomaticMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.opens("", ticket.Draft{Channel: "mail", Sender: "admin@named.example"})
		if got := w.mails(); len(got) != 0 {
			t.Fatalf("%d mails", len(got))
		}
		m := w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Are you the one?"})
		if got := w.mail(); got.env.To[0] != "admin@named.example" || got.msg.AutoSubmitted || w.mailState(m) != "sent" {
			t.Errorf("an engineer's own words went to %q", got.env.To)
		}
		if _, err := w.tickets.Solve(t.Context(), w.actor("l1@vendor.example"), tk.ID, 0, ""); err != nil {
			t.Fatal(err)
		}
		if got := w.mails(); len(got) != 0 {
			t.Errorf("%d automatic mails", len(got))
		}
	})
}

func TestAnAutomaticMailIsNotAcknowledged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.opens("admin@named.example", ticket.Draft{Channel: "mail", Automatic: true})
		if got := w.mails(); len(got) != 0 {
			t.Errorf("%d mails", len(got))
		}
	})
}

func TestAnAnswerReachesTheRequesterAndTheirAnswerTheEngineer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.opens("admin@named.example", ticket.Draft{Channel: "mail", MailID: "first@named.example"})
		receipt := w.mail()
		m := w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Which browser?"})
		got := w.mail()
		if !slices.Equal(got.env.To, []string{"admin@named.example"}) || got.env.From != desk || got.msg.AutoSubmitted {
			t.Errorf("from %q to %q, automatic %v", got.env.From, got.env.To, got.msg.AutoSubmitted)
		}
		if !strings.HasPrefix(got.msg.Text, "Which browser?\n") || got.msg.Subject != "[T-1001] The camera stays black" {
			t.Errorf("%q\n%s", got.msg.Subject, got.msg.Text)
		}
		if !slices.Equal(got.msg.InReplyTo, []string{"first@named.example"}) || !slices.Equal(got.msg.References, []string{receipt.msg.MessageID, "first@named.example"}) {
			t.Errorf("in reply to %q, references %q", got.msg.InReplyTo, got.msg.References)
		}
		if name, room, ok := w.tokens.Read(strings.Split(strings.TrimPrefix(got.msg.ReplyTo.Addr, "support+"), "@")[0]); !ok || name != "t1001" || room != "requester" {
			t.Errorf("answers go to %q", got.msg.ReplyTo.Addr)
		}
		if s := w.mailState(m); s != "sent" {
			t.Errorf("the page says %q", s)
		}
		back := w.writes("admin@named.example", tk.ID, ticket.Post{Body: "Firefox.", Channel: "mail"})
		if got = w.mail(); got.env.To[0] != "l1@vendor.example" || !strings.Contains(got.msg.Text, "Firefox.") || !got.msg.AutoSubmitted {
			t.Errorf("to %q\n%s", got.env.To, got.msg.Text)
		}
		if s := w.mailState(back); s != "" {
			t.Errorf("the requester's own message is %q", s)
		}
	})
}

func TestEachEventIsToldEachTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, engineer := t.Context(), w.actor("l1@vendor.example")
		tk := w.opens("admin@named.example", ticket.Draft{})
		w.mails()
		for range 2 {
			if _, err := w.tickets.Solve(ctx, engineer, tk.ID, 0, ""); err != nil {
				t.Fatal(err)
			}
			if got := w.mail(); got.msg.Subject != "[T-1001] Your request is solved" {
				t.Errorf("%q", got.msg.Subject)
			}
			if _, err := w.tickets.Reopen(ctx, w.actor("admin@named.example"), tk.ID, 0, ""); err != nil {
				t.Fatal(err)
			}
			w.mails()
		}
		other := w.person("other1@vendor.example").ID
		for _, who := range []string{other, "", other} {
			if _, err := w.tickets.Assign(ctx, engineer, tk.ID, 0, who); err != nil {
				t.Fatal(err)
			}
			if who == "" {
				continue
			}
			if got := w.mail(); got.env.To[0] != "other1@vendor.example" || !strings.Contains(got.msg.Text, "/desk/tickets/T-1001") {
				t.Errorf("%q", got.env.To)
			}
		}
	})
}

// A help desk hands a ticket up, level 2 writes and solves: each side hears of it, and the end user of none of it.
func TestTheDesksHearOfEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		tk := w.opens("enduser@cloud.example", ticket.Draft{})
		if got := w.mail(); got.msg.From.Addr != desk || !strings.HasPrefix(got.msg.From.Name, "cloud") {
			t.Errorf("a desk without address writes as %q %q", got.msg.From.Name, got.msg.From.Addr)
		}
		info := handedOver()
		if _, err := w.tickets.Escalate(ctx, w.actor("l1@cloud.example"), tk.ID, 0, info); err != nil {
			t.Fatal(err)
		}
		if got := w.mail(); got.env.To[0] != "l2@vendor.example" || !strings.HasPrefix(got.msg.ReplyTo.Addr, "support+t1001.l1-l2.") {
			t.Errorf("to %q, answers to %q", got.env.To, got.msg.ReplyTo.Addr)
		}
		w.writes("l2@vendor.example", tk.ID, ticket.Post{Body: "Which driver?"})
		if got := w.mail(); got.env.To[0] != "l1@cloud.example" || !strings.Contains(got.msg.Text, "Which driver?") {
			t.Errorf("to %q", got.env.To)
		}
		w.writes("l2@vendor.example", tk.ID, ticket.Post{Room: "internal", Body: "Between us."})
		if got := w.mails(); len(got) != 0 {
			t.Errorf("%d mails tell of an internal note", len(got))
		}
		if _, err := w.tickets.Solve(ctx, w.actor("l2@vendor.example"), tk.ID, 0, ""); err != nil {
			t.Fatal(err)
		}
		if got := w.mail(); got.env.To[0] != "l1@cloud.example" || !strings.Contains(got.msg.Text, "solved") {
			t.Errorf("to %q", got.env.To)
		}
	})
}

func TestWithoutASmarthostThePageSaysThatNothingWasSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock, false)
		tk := w.opens("admin@named.example", ticket.Draft{})
		m := w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Hello."})
		w.idle()
		if s := w.mailState(m); s != "unsent" {
			t.Errorf("the page says %q", s)
		}
	})
}

func TestWhatTheSmarthostRefusesForGoodIsSaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.box.accept = func(string) error { return errors.New("no such mailbox") }
		tk := w.opens("admin@named.example", ticket.Draft{})
		m := w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Hello."})
		w.idle()
		if s := w.mailState(m); s != "failed" {
			t.Errorf("the page says %q", s)
		}
		w.read(func(tx *db.Tx) error {
			dead, err := jobs.Dead(tx, 10)
			if len(dead) != 0 {
				t.Errorf("dead jobs: %+v", dead)
			}
			return err
		})
	})
}

func TestWhatTheSmarthostPutsOffIsSentLaterAndOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.box.fail = fault.New(fault.Unavailable, "full")
		tk := w.opens("admin@named.example", ticket.Draft{})
		m := w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Hello."})
		w.idle()
		if s := w.mailState(m); s != "queued" {
			t.Errorf("the page says %q", s)
		}
		w.box.mu.Lock()
		w.box.fail = nil
		w.box.mu.Unlock()
		w.until("both mails arrive", func() bool {
			w.clock.Advance(10 * time.Minute)
			return len(w.box.all()) >= 2
		})
		w.clock.Advance(24 * time.Hour)
		if got := w.mails(); len(got) != 2 || w.mailState(m) != "sent" {
			t.Errorf("%d mails, %q", len(got), w.mailState(m))
		}
	})
}

func TestAttack7OnlyTheRequesterHearsAnAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// the mail that brought it named others in Cc: nothing of them is a part of the ticket
		tk := w.opens("enduser@named.example", ticket.Draft{Channel: "mail", Body: "Cc: zoe@evil.example"})
		w.mails()
		w.writes("l1@vendor.example", tk.ID, ticket.Post{Room: "internal", Body: "An internal note."})
		if got := w.mails(); len(got) != 0 {
			t.Errorf("an internal note left by %d mails", len(got))
		}
		w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "An answer."})
		got := w.mail()
		if !slices.Equal(got.env.To, []string{"enduser@named.example"}) || len(got.msg.Cc) != 0 || got.msg.Headers.Get("Bcc") != "" {
			t.Errorf("it went to %q, Cc %v", got.env.To, got.msg.Cc)
		}
		if strings.Contains(got.raw, "internal note") {
			t.Error("the note is in it")
		}
	})
}

func TestAttack9WhoWasTakenOutHearsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.opens("admin@named.example", ticket.Draft{})
		w.mails()
		w.write(func(tx *db.Tx) error { return identity.SetDisabled(tx, w.person("admin@named.example").ID, true) })
		m := w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Hello."})
		if got := w.mails(); len(got) != 0 || w.mailState(m) != "unsent" {
			t.Errorf("%d mails, the page says %q", len(got), w.mailState(m))
		}
	})
}

func TestAttack13AnAcknowledgementCarriesNoWordsOfASender(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(func(tx *db.Tx) error {
			_, err := identity.FindOrCreateContact(tx, "victim@bank.example", "Click https://evil.example now")
			return err
		})
		w.opens("victim@bank.example", ticket.Draft{Channel: "mail", Subject: "Buy at evil.example", Body: "evil.example"})
		got := w.mail()
		if strings.Contains(got.msg.Text+got.msg.Subject, "evil.example") {
			t.Errorf("%s\n%s", got.msg.Subject, got.msg.Text)
		}
	})
}

// A desk that answers each of our mails as if a person had written it, in a new conversation each time.
func TestAttack14TwoDesksDoNotAnswerEachOtherForEver(t *testing.T) {
	const rounds = 1000
	each(t, func(t *testing.T, w *world) {
		w.write(func(tx *db.Tx) error {
			_, err := identity.FindOrCreateContact(tx, "help@other-desk.example", "Other desk")
			return err
		})
		answered, wanted := 0, 0
		for i := range rounds {
			w.opens("help@other-desk.example", ticket.Draft{Channel: "mail", Subject: fmt.Sprint("Your message ", i, " was received")})
			wanted++
			if i == 3 || i == 20 || i == rounds-1 {
				answered += len(w.mails())
			}
		}
		if answered != 3 || wanted != rounds {
			t.Errorf("%d automatic mails in %d rounds", answered, wanted)
		}
		w.clock.Advance(61 * time.Minute)
		w.opens("help@other-desk.example", ticket.Draft{Channel: "mail"})
		w.mail()
	})
}

func TestAttack17NothingInAMailsFieldsMakesASecondHeader(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const evil = "a\r\nBcc: zoe@evil.example\r\n\r\nbody"
		w.write(func(tx *db.Tx) error {
			p, err := identity.FindOrCreateContact(tx, "ann@stranger.example", evil)
			if err == nil {
				// as if it had come by another way than the register's own checks
				_, err = tx.Exec("UPDATE person SET name = $1 WHERE id = $2", evil, p.ID)
			}
			return err
		})
		tk := w.opens("ann@stranger.example", ticket.Draft{Channel: "mail", Subject: evil})
		w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Hello.", Files: []ticket.File{{Name: "x\r\nBcc: zoe@evil.example", Hash: "x", Size: 1}}})
		got := w.mails()
		if len(got) != 2 {
			t.Fatalf("%d mails", len(got))
		}
		for _, m := range got {
			if m.msg.Headers.Get("Bcc") != "" || len(m.env.To) != 1 || len(m.msg.Headers.Values("Subject")) != 1 || len(m.msg.Headers.Values("To")) != 1 {
				t.Errorf("%q to %q", m.raw, m.env.To)
			}
		}
	})
}

func TestAttack18AnAddressThatIsTwoIsNeverWrittenTo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i, address := range []string{`ann@stranger.example, zoe@evil.example`, `["ann@stranger.example","zoe@evil.example"]`, `"ann, zoe@evil.example" <ann@stranger.example>`, "ann@stranger.example\r\nRCPT TO:<zoe@evil.example>", "a: zoe@evil.example;"} {
			tk := w.opens("", ticket.Draft{Channel: "mail", Sender: address, Subject: fmt.Sprint(i)})
			m := w.writes("l1@vendor.example", tk.ID, ticket.Post{Body: "Hello."})
			if got := w.mails(); len(got) != 0 || w.mailState(m) != "failed" {
				t.Errorf("%q: %d mails, the page says %q", address, len(got), w.mailState(m))
			}
		}
	})
}

// What an end user writes to their own desk is not mailed to the level above, which serves that desk and not them.
func TestAnEndUsersWordsReachTheDeskThatServesThemAndNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.opens("enduser@cloud.example", ticket.Draft{})
		info := handedOver()
		if _, err := w.tickets.Escalate(t.Context(), w.actor("l1@cloud.example"), tk.ID, 0, info); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Take(t.Context(), w.actor("l2@vendor.example"), tk.ID, 0); err != nil {
			t.Fatal(err)
		}
		w.mails()
		w.writes("enduser@cloud.example", tk.ID, ticket.Post{Room: "requester", Body: "My number is 555-0100."})
		if got := w.mail(); got.env.To[0] != "l1@cloud.example" || !strings.Contains(got.msg.Text, "555-0100") {
			t.Errorf("to %q\n%s", got.env.To, got.msg.Text)
		}
	})
}

// A declined or incomplete request stands in no queue: an answer to it is mailed to the desk that keeps it.
func TestAnAnswerToWhatStandsInNoQueueIsSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.opens("admin@lapsed.example", ticket.Draft{})
		w.mails()
		w.writes("admin@lapsed.example", tk.ID, ticket.Post{Body: "We have renewed."})
		var to []string
		for _, m := range w.mails() {
			to = append(to, m.env.To...)
		}
		slices.Sort(to)
		if !slices.Equal(to, []string{"l1@vendor.example", "other1@vendor.example"}) {
			t.Errorf("to %q", to)
		}
	})
}

// handedOver is what the gate to the next level asks.
func handedOver() (out information.Given) {
	text := `{"values": {"steps": ["Switch the camera on"], "environment_url": "https://cloud.example/room", "none_needed": true,
		"test_matrix": [{"browser": "Firefox 145", "os": "Debian 13", "device": "Laptop", "result": "Fails"}]},
		"waived": {"evidence": "No pictures are allowed here."}}`
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		panic(err)
	}
	return out
}
