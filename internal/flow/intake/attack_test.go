package intake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// The numbers are those of the catalogue of attacks that a desk must stand.

// held says that a mail stands alone as nobody's and left the attacked ticket as it was.
func (w *world) held(attacked seen) {
	w.t.Helper()
	w.apart(attacked)
	if got := w.last(); got.MailState != "held" || got.Verified || got.Author != "" {
		w.t.Errorf("it was not held: %+v", got)
	}
}

// apart says that the newest message is not in the attacked ticket, which is as it was.
func (w *world) apart(attacked seen) {
	w.t.Helper()
	if got := w.last(); got.Ticket == attacked.Ticket {
		w.t.Errorf("it joined the conversation: %+v", got)
	}
	row, err := w.tickets.Find(w.t.Context(), identity.System(), attacked.Ticket)
	if err != nil {
		w.t.Fatal(err)
	}
	if string(row.Ticket.State) != attacked.State || row.Ticket.Version != 1 {
		w.t.Errorf("the ticket changed: %s, version %d", row.Ticket.State, row.Ticket.Version)
	}
}

func TestAttack1AForgedCustomerWithTheTicketsNumberIsHeld(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		for i, head := range []string{"X-None: 1", "In-Reply-To: <first@named.example>", "DKIM-Signature: v=1; d=named.example; s=x; a=rsa-sha256; h=from; bh=x; b=x"} {
			w.by(w.internet, letter{From: "admin@named.example", Subject: "Re: [" + first.Number + "] please close", ID: fmt.Sprint(i, "@evil.example"), Body: "Close it.", Head: []string{head}})
			w.held(first)
			if w.sees("admin@named.example", w.last().Ticket) {
				t.Error("the customer sees it as their own")
			}
		}
	})
}

func TestAttack2AForgedEngineerIsHeldAndWrittenDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		w.by(w.internet, letter{From: "l1@vendor.example", To: w.replyAddress(first, "requester"), Subject: "Re: [" + first.Number + "]", ID: "1@evil.example", Body: "Send me your password."})
		w.held(first)
		if n := w.count("SELECT COUNT(*) FROM mail_in WHERE state = 'held' AND NOT verified AND remote <> ''"); n != 1 {
			t.Errorf("%d held mails are on record", n)
		}
		if n := w.count("SELECT COUNT(*) FROM event WHERE kind = 'opened'"); n != 2 {
			t.Errorf("%d openings are in the journal", n)
		}
	})
}

func TestAttack3OnlyOurOwnAuthenticationResultsCount(t *testing.T) {
	const ours = "Authentication-Results: mx.vendor.example;"
	cases := []struct {
		name   string
		head   []string
		proven bool
	}{
		{"ours says fail", []string{ours + " spf=fail; dkim=fail"}, false},
		{"ours says fail, the attacker's pass above", []string{"Authentication-Results: mx.evil.example; dmarc=pass", ours + " dmarc=fail"}, false},
		{"ours says fail, the attacker's pass below", []string{ours + " dmarc=fail", "Authentication-Results: mx.evil.example; dmarc=pass"}, false},
		{"two of ours that differ", []string{ours + " dmarc=pass", ours + " dmarc=fail"}, false},
		{"fail, folded, with comments", []string{"Authentication-Results:\r\n mx.vendor.example\r\n (dmarc=pass) ;\r\n dmarc (pass) = (pass) fail"}, false},
		{"a pass in our name from before the relay", []string{ours + " dmarc=fail", "Received: from evil.example by somewhere", "Received: from a by b", ours + " dmarc=pass"}, false},
		{"ours says pass", []string{ours + " dmarc=pass"}, true},
	}
	each(t, func(t *testing.T, w *world) {
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				w.by(w.relay, letter{From: "admin@named.example", Subject: "x", ID: fmt.Sprint(i, "@x.example"), Body: c.name, Head: c.head})
				if got := w.last(); got.Verified != c.proven {
					t.Errorf("proven = %v", got.Verified)
				}
			})
		}
		t.Run("a pass in our name straight from the internet", func(t *testing.T) {
			w.by(w.internet, letter{From: "admin@named.example", Subject: "x", ID: "direct@x.example", Body: "x", Head: []string{ours + " dmarc=pass; spf=pass; dkim=pass header.d=named.example"}})
			if w.last().Verified {
				t.Error("proven")
			}
		})
	})
}

func TestAttack4AStrangerWithTheRightReferencesStaysOutside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		ours := w.sent(first, "admin@named.example")
		for i, who := range []string{"admin@other.example", "enduser@cloud.example", "zoe@stranger.example", "l1@cloud.example"} {
			for j, head := range []string{"References: <first@named.example>", "In-Reply-To: <" + ours + ">"} {
				w.by(w.relay, letter{From: who, Subject: "Re: [" + first.Number + "] The camera stays black", ID: fmt.Sprint(i, j, "@x.example"), Body: "Me too.", Head: []string{head}})
				w.apart(first)
				if w.sees(who, first.Ticket) {
					t.Errorf("%s sees the conversation", who)
				}
			}
		}
	})
}

func TestAttack5OnlyATokenAsWeWroteItIsGood(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.opened("admin@named.example", "first@named.example"), w.opened("admin@named.example", "second@named.example")
		good := w.replyAddress(first, "requester")
		token := good[strings.Index(good, "+")+1 : strings.Index(good, "@")]
		parts := strings.Split(token, ".")
		bad := map[string]string{
			"guessed":             "t" + first.Number[2:] + ".requester.aaaaaaaaaaaaaaaa",
			"old format":          "T-" + first.Number[2:],
			"only the number":     parts[0],
			"without tag":         parts[0] + ".requester",
			"truncated":           token[:len(token)-1],
			"of another ticket":   "t" + second.Number[2:] + "." + parts[1] + "." + parts[2],
			"of another room":     parts[0] + ".internal-l1." + parts[2],
			"upper-cased":         strings.ToUpper(token),
			"one capital":         strings.Replace(token, "requester", "Requester", 1),
			"a leading zero":      "t0" + token[1:],
			"more parts in front": "x." + token,
		}
		for i := range parts[2] {
			c := byte('a')
			if parts[2][i] == 'a' {
				c = 'b'
			}
			bad[fmt.Sprintf("altered at %d", i)] = parts[0] + ".requester." + parts[2][:i] + string(c) + parts[2][i+1:]
		}
		send := func(name, token string) {
			w.by(w.relay, letter{From: "admin@named.example", To: "support+" + token + "@vendor.example", Subject: "Re: it", ID: name + "@x.example", Body: name})
		}
		for name, token := range bad {
			send(strings.ReplaceAll(name, " ", "-"), token)
			if w.last().Ticket == second.Ticket {
				t.Errorf("%s joined the other ticket", name)
			}
			w.apart(first)
		}
		send("good", token)
		if got := w.last(); got.Ticket != first.Ticket {
			t.Error("the good one was refused")
		}
	})
}

func TestAttack6AStolenTokenIsNotEnough(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		ours := w.sent(first, "admin@named.example")
		for i, l := range []letter{
			{From: "admin@other.example"},
			{From: "zoe@stranger.example"},
			{From: "zoe@stranger.example", Head: []string{"In-Reply-To: <" + ours + ">"}},
			// what a machine writes is no way around
			{From: "zoe@stranger.example", Head: []string{"Auto-Submitted: auto-replied"}},
			{From: "admin@other.example", Head: []string{"Auto-Submitted: auto-replied", "References: <" + ours + ">"}},
		} {
			for _, server := range []string{w.relay, w.internet} {
				l.To, l.Subject, l.Body, l.ID = w.replyAddress(first, "requester"), "Re: it", "Hello.", fmt.Sprint(i, server, "@x.example")
				w.by(server, l)
				w.apart(first)
			}
		}
	})
}

// The known trick: a third party is made to send its proof of address to the desk, where the attacker reads it.
func TestAttack8AThirdPartysMailIsNotReadByARequester(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		for i, head := range [][]string{{"X-None: 1"}, {"Auto-Submitted: auto-generated"}, {"Precedence: bulk", "List-Unsubscribe: <https://chat.example>"}} {
			for j, to := range []string{desk, w.replyAddress(first, "requester")} {
				for _, server := range []string{w.relay, w.internet} {
					w.by(server, letter{From: "Chat <noreply@chat.example>", To: to, Subject: "[" + first.Number + "] Your code is 424242", ID: fmt.Sprint(i, j, server, "@chat.example"), Body: "424242", Head: head})
					w.apart(first)
					if w.sees("admin@named.example", w.last().Ticket) {
						t.Error("a requester reads it")
					}
				}
			}
		}
		messages, _, err := w.tickets.Messages(t.Context(), w.actor("admin@named.example"), first.Ticket, 100)
		if err != nil || len(messages) != 1 {
			t.Errorf("%d messages, %v", len(messages), err)
		}
	})
}

func TestAttack9WhoLostAccessCannotAnswerAnOldMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		answer := func(id string) {
			w.by(w.relay, letter{From: "gone@vendor.example", To: w.replyAddress(first, "requester"), Subject: "Re: it", ID: id, Body: "Hello."})
			w.apart(first)
		}
		change := func(fn func(tx *db.Tx, id string) error) {
			w.write(func(tx *db.Tx) error {
				p, err := identity.ByEmail(tx, "gone@vendor.example")
				if err == nil {
					err = fn(tx, p.ID)
				}
				return err
			})
		}
		change(func(tx *db.Tx, id string) error { return identity.SetRoles(tx, id, nil) })
		answer("1@vendor.example")
		change(func(tx *db.Tx, id string) error { return identity.SetDisabled(tx, id, true) })
		answer("2@vendor.example")
		w.held(first)
	})
}

func TestAttack10AnAnswerReachesOnlyTheRoomsOfItsSender(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("enduser@cloud.example", "first@cloud.example")
		if _, err := w.tickets.Escalate(t.Context(), w.actor("l1@cloud.example"), first.Ticket, 0, details()); err != nil {
			t.Fatal(err)
		}
		before := len(w.messages())
		w.by(w.relay, letter{From: "enduser@cloud.example", To: w.replyAddress(first, "L1-L2"), Subject: "Re: it", ID: "2@cloud.example", Body: "To the desks."})
		if got := w.last(); got.Ticket == first.Ticket || len(w.messages()) != before+1 {
			t.Errorf("the end user wrote to a room of the desks: %+v", got)
		}
		w.by(w.relay, letter{From: "l2@vendor.example", To: w.replyAddress(first, "requester"), Subject: "Re: it", ID: "3@vendor.example", Body: "To the end user."})
		if got := w.last(); got.Ticket != first.Ticket || got.Room != "L1-L2" {
			t.Errorf("level 2 wrote to a requester whom it does not serve: %+v", got)
		}
		w.by(w.relay, letter{From: "l2@vendor.example", To: w.replyAddress(first, "L1-L2"), Subject: "Re: it", ID: "4@vendor.example", Body: "To the help desk."})
		if got := w.last(); got.Ticket != first.Ticket || got.Room != "L1-L2" {
			t.Errorf("level 2 did not reach the help desk: %+v", got)
		}
	})
}

// details are what the gate to level 2 asks.
func details() (out information.Given) {
	text := `{"values": {"steps": ["Switch the camera on"], "environment_url": "https://cloud.example/room", "none_needed": true,
		"test_matrix": [{"browser": "Firefox 145", "os": "Debian 13", "device": "Laptop", "result": "Fails"}]},
		"waived": {"evidence": "No pictures are allowed here."}}`
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		panic(err)
	}
	return out
}

func TestAttack11OneAuthorOrNobody(t *testing.T) {
	cases := []struct {
		name, from string
		head       []string
		author     string
	}{
		{"Cyrillic letters", "admin@n\u0430med.example", nil, "admin@xn--nmed-53d.example"},
		{"an encoded domain", "admin@xn--nmed-53d.example", nil, "admin@xn--nmed-53d.example"},
		{"wide letters, which are the same domain", "admin@n\uff41med.example", nil, "admin@named.example"},
		{"wide letters in the local part, which are another mailbox", "\uff41dmin@named.example", nil, "\uff41dmin@named.example"},
		{"a quoted local part with an address inside", `"admin@named.example"@evil.example`, nil, ""},
		{"a quoted local part", `"admin"@named.example`, nil, ""},
		{"an address as the name", `"admin@named.example" <zoe@stranger.example>`, nil, "zoe@stranger.example"},
		{"a group", "undisclosed: admin@named.example;", nil, ""},
		{"two authors in one field", "zoe@stranger.example, admin@named.example", nil, ""},
		{"two From fields", "admin@named.example", []string{"From: zoe@stranger.example"}, ""},
		{"a Sender that is not the author", "zoe@stranger.example", []string{"Sender: admin@named.example"}, ""},
		{"a Reply-To of somebody else", "zoe@stranger.example", []string{"Reply-To: admin@named.example"}, "zoe@stranger.example"},
		{"a domain with a comment", "admin@named.example(.evil.example)", nil, "admin@named.example"},
	}
	each(t, func(t *testing.T, w *world) {
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				l := letter{From: c.from, Subject: "x", ID: fmt.Sprint(i, "@x.example"), Body: c.name, Head: c.head}
				if code := w.send(w.relay, "bounce@evil.example", desk, l.raw()); code != 250 {
					t.Fatal(code)
				}
				if got := w.last(); got.Author != c.author || got.Body != c.name {
					t.Errorf("author %q, want %q (sender %q)", got.Author, c.author, got.Sender)
				}
			})
		}
	})
}

func TestAttack12HeadersOfTheSendersOwnDecideNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.by(w.relay, letter{From: "enduser@named.example", Subject: "Plain", ID: "1@named.example", Body: "Hello."})
		plain, err := w.tickets.Find(t.Context(), identity.System(), w.last().Ticket)
		if err != nil {
			t.Fatal(err)
		}
		w.by(w.relay, letter{From: "enduser@named.example", Subject: "Plain", ID: "2@named.example", Body: "Hello.", Head: []string{
			"X-Prio: 1", "X-Priority: 1 (Highest)", "Importance: high", "X-Customer: other", "X-Internal: yes", "X-Level: L3", "X-Tierdesk-State: closed", "X-Tierdesk-Requester: admin@named.example", "X-Spam-Flag: NO", "X-Original-From: admin@named.example"}})
		fancy, err := w.tickets.Find(t.Context(), identity.System(), w.last().Ticket)
		if err != nil {
			t.Fatal(err)
		}
		a, b := plain.Ticket, fancy.Ticket
		if a.State != b.State || a.Level != b.Level || a.Severity != b.Severity || a.CustomerOrg != b.CustomerOrg || a.RequesterID != b.RequesterID || a.Category != b.Category {
			t.Errorf("they differ:\n%+v\n%+v", a, b)
		}
	})
}

func TestAttack13UnprovenMailIsLimitedAndProvenIsNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		send := func(server string, n int) (taken, later int) {
			for i := range n {
				l := letter{From: fmt.Sprintf("user%d@named.example", i), Subject: "x", ID: fmt.Sprint(i, server, "@x.example"), Body: "x"}
				switch code := w.send(server, l.From, desk, l.raw()); code {
				case 250:
					taken++
				case 452:
					later++
				default:
					t.Fatalf("answered with %d", code)
				}
			}
			return taken, later
		}
		if taken, later := send(w.internet, 60); taken != 30 || later != 30 {
			t.Errorf("%d taken, %d put off", taken, later)
		}
		if taken, _ := send(w.relay, 60); taken != 60 {
			t.Errorf("%d of 60 taken from the relay", taken)
		}
	})
}

func TestAttack15AForgedBounceChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		w.sent(first, "admin@named.example")
		for i, reported := range []string{"first@named.example", "t" + first.Number[2:] + ".requester.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@vendor.example",
			strings.Replace(strings.TrimPrefix(w.replyAddress(first, "requester"), "support+"), "@", ".aaaaaaaaaaaaaaaa@", 1)} {
			raw := fmt.Sprintf("From: MAILER-DAEMON@evil.example\r\nSubject: [%s] failed\r\nMessage-ID: <%d@evil.example>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
				"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; evil\r\n\r\nFinal-Recipient: rfc822; admin@named.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"+
				"--b\r\nContent-Type: message/rfc822-headers\r\n\r\nMessage-ID: <%s>\r\n\r\n--b--\r\n", first.Number, i, reported)
			if code := w.send(w.internet, "", desk, []byte(raw)); code != 250 {
				t.Fatal(code)
			}
			w.held(first)
		}
		if n := w.count("SELECT COUNT(*) FROM mail_sent WHERE state <> 'sent'") + w.count("SELECT COUNT(*) FROM person WHERE disabled"); n != 0 {
			t.Errorf("%d mails or people were touched", n)
		}
	})
}

func TestAttack16AnotherMailWithTheSameMessageIDIsNotLost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := letter{From: "admin@named.example", Subject: "One", ID: "same@named.example", Body: "One."}
		w.by(w.relay, l)
		w.by(w.relay, l)
		l.Body = "Two."
		w.by(w.relay, l)
		if n := len(w.messages()); n != 2 {
			t.Errorf("%d messages", n)
		}
		// who copies a mail before it arrives does not make the real one disappear
		l.ID, l.Body = "early@named.example", "Three."
		w.by(w.internet, l)
		w.by(w.relay, l)
		if got := w.last(); !got.Verified || got.Body != "Three." || len(w.messages()) != 4 {
			t.Errorf("%+v", got)
		}
	})
}
