package intake_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func TestWhoAMailIsFrom(t *testing.T) {
	cases := []struct {
		name, from string
		internet   bool
		head       []string
		requester  string // "" is nobody
		sender     string
	}{
		{name: "a customer through a trusted relay", from: "admin@named.example", requester: "admin@named.example"},
		{name: "a customer with a name and capitals", from: "Nadia Flores <Admin@Named.Example>", requester: "admin@named.example"},
		{name: "a stranger through a trusted relay", from: "Zoe <zoe@stranger.example>", requester: "zoe@stranger.example"},
		{name: "a customer straight from the internet", from: "admin@named.example", internet: true, sender: "admin@named.example"},
		{name: "a stranger straight from the internet", from: "zoe@stranger.example", internet: true, sender: "zoe@stranger.example"},
		{name: "an engineer who was taken out", from: "gone@vendor.example", sender: "gone@vendor.example"},
		{name: "a desk's own address", from: desk, sender: desk},
		{name: "another desk's address", from: "help@cloud.example", sender: "help@cloud.example"},
		{name: "the relay found the author forged", from: "admin@named.example", sender: "admin@named.example",
			head: []string{"Authentication-Results: mx.vendor.example; dmarc=fail header.from=named.example"}},
		{name: "nobody", from: "", sender: "bounce@client.example"},
	}
	each(t, func(t *testing.T, w *world) {
		w.write(func(tx *db.Tx) error {
			p, err := identity.ByEmail(tx, "gone@vendor.example")
			if err == nil {
				err = identity.SetDisabled(tx, p.ID, true)
			}
			return err
		})
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				server := w.relay
				if c.internet {
					server = w.internet
				}
				l := letter{From: c.from, Subject: c.name, ID: fmt.Sprint(i, "@x.example"), Body: "Hello.", Head: c.head}
				if code := w.send(server, "bounce@client.example", desk, l.raw()); code != 250 {
					t.Fatalf("answered with %d", code)
				}
				got := w.last()
				if got.Author != c.requester || got.Sender != c.sender || got.Verified != (c.requester != "") {
					t.Errorf("author %q, claimed sender %q, verified %v", got.Author, got.Sender, got.Verified)
				}
				if want := map[bool]string{true: "ticket", false: "held"}[c.requester != ""]; got.MailState != want {
					t.Errorf("the raw mail is %q, not %q", got.MailState, want)
				}
				if !w.sees("l1@vendor.example", got.Ticket) {
					t.Error("the desk does not see it")
				}
			})
		}
	})
}

func TestAnUnprovenMailActsForNobodyAndIsNotAcknowledged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.by(w.internet, letter{From: "admin@named.example", Subject: "Please change the owner", ID: "1@evil.example", Body: "Now."})
		got := w.last()
		if w.sees("admin@named.example", got.Ticket) {
			t.Error("it is shown as that customer's request")
		}
		row, err := w.tickets.Find(t.Context(), w.actor("l1@vendor.example"), got.Ticket)
		if err != nil {
			t.Fatal(err)
		}
		if row.Ticket.RequesterID != "" || row.Ticket.CustomerOrg != "" || row.Ticket.RequesterKind != "unknown" || row.Ticket.Verified {
			t.Errorf("it counts as somebody's: %+v", row.Ticket)
		}
	})
}

func TestAnAnswerFindsItsConversation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		_, answer, err := w.tickets.Write(t.Context(), w.actor("l1@vendor.example"), first.Ticket, 0, ticket.Post{Body: "Which browser?", Channel: "desk"})
		if err != nil {
			t.Fatal(err)
		}
		ours := w.tokens.MessageID(number(first), "requester", answer.ID, "admin@named.example", "vendor.example")
		cases := []struct {
			name string
			l    letter
			same bool
		}{
			{"by the reply address", letter{To: w.replyAddress(first, "requester")}, true},
			{"by the reply address in another case of the desk", letter{To: strings.Replace(w.replyAddress(first, "requester"), "support+", "Support+", 1)}, true},
			{"by In-Reply-To to our mail", letter{Head: []string{"In-Reply-To: <" + ours + ">"}}, true},
			{"by References to their own first mail", letter{Head: []string{"References: <other@x.example> <first@named.example>"}}, true},
			{"by In-Reply-To in front of eighty other References", letter{Head: []string{"In-Reply-To: <first@named.example>", "References: " + others(80)}}, true},
			{"by the number in the subject", letter{Subject: "Re: [" + first.Number + "] The camera stays black"}, true},
			{"by nothing", letter{Subject: "Another matter"}, false},
			{"by a number that does not exist", letter{Subject: "Re: [T-999999] Hello"}, false},
			{"by a number in words", letter{Subject: "About " + first.Number}, false},
		}
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				c.l.From, c.l.ID, c.l.Body = "admin@named.example", fmt.Sprint("answer-", i, "@named.example"), "Firefox.\n\nOn Mon, 23 Nov 2026, Lena One wrote:\n> Which browser?"
				w.by(w.relay, c.l)
				got := w.last()
				if (got.Ticket == first.Ticket) != c.same {
					t.Errorf("it went to %s, the conversation is %s", got.Number, first.Number)
				}
				if got.Body != "Firefox." || got.Author != "admin@named.example" {
					t.Errorf("%s wrote %q", got.Author, got.Body)
				}
			})
		}
	})
}

func others(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("<%d@elsewhere.example>", i))
	}
	return strings.Join(list, "\r\n ")
}

func TestAnAnswerGoesToTheNewestConversationItNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		older, newer := w.opened("admin@named.example", "a@named.example"), w.opened("admin@named.example", "b@named.example")
		w.by(w.relay, letter{From: "admin@named.example", Subject: "Re: it", ID: "c@named.example", Body: "Yes.", Head: []string{"References: <a@named.example> <b@named.example>"}})
		if got := w.last(); got.Ticket != newer.Ticket || newer.Ticket == older.Ticket {
			t.Errorf("it went to %s, not to %s", got.Number, newer.Number)
		}
	})
}

func TestAnEngineerAnswersByMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		w.by(w.relay, letter{From: "l1@vendor.example", To: w.replyAddress(first, "requester"), Subject: "Re: it", ID: "answer@vendor.example", Body: "Press the button."})
		got := w.last()
		if got.Ticket != first.Ticket || got.Author != "l1@vendor.example" || got.Room != "requester" || got.State != "open" {
			t.Errorf("%+v", got)
		}
		if n := w.count("SELECT COUNT(*) FROM event WHERE kind = 'answered'"); n != 1 {
			t.Errorf("%d answers are in the journal", n)
		}
	})
}

func TestAnAnswerOpensWhatWasSolvedOrClosed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, engineer := w.opened("admin@named.example", "first@named.example"), w.actor("l1@vendor.example")
		answer := func(id string) {
			t.Helper()
			w.by(w.relay, letter{From: "admin@named.example", To: w.replyAddress(first, "requester"), Subject: "Re: it", ID: id, Body: "Again black."})
			if got := w.last(); got.Ticket != first.Ticket || got.State != "open" {
				t.Errorf("%s is %s", got.Number, got.State)
			}
		}
		if _, err := w.tickets.Solve(t.Context(), engineer, first.Ticket, 0, ""); err != nil {
			t.Fatal(err)
		}
		answer("2@named.example")
		if _, err := w.tickets.Solve(t.Context(), engineer, first.Ticket, 0, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Finish(t.Context(), engineer, first.Ticket, 0); err != nil {
			t.Fatal(err)
		}
		answer("3@named.example")
	})
}

func TestAnAbsenceNoticeIsKeptAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		if _, err := w.tickets.Solve(t.Context(), w.actor("l1@vendor.example"), first.Ticket, 0, ""); err != nil {
			t.Fatal(err)
		}
		w.by(w.relay, letter{From: "admin@named.example", To: w.replyAddress(first, "requester"), Subject: "Absent: it", ID: "ooo@named.example", Body: "I am away.", Head: []string{"Auto-Submitted: auto-replied"}})
		if got := w.last(); got.Ticket != first.Ticket || !got.Automatic || got.State != "solved" {
			t.Errorf("%+v", got)
		}
		w.by(w.relay, letter{From: "robot@shop.example", Subject: "Your parcel", ID: "parcel@shop.example", Body: "On its way.", Head: []string{"Auto-Submitted: auto-generated"}})
		if got := w.last(); got.Ticket == first.Ticket || !got.Automatic {
			t.Errorf("%+v", got)
		}
	})
}

func TestABounceReachesTheDeskAndNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		ours := w.sent(first, "admin@named.example")
		report := strings.Join([]string{"From: MAILER-DAEMON@mx.named.example", "To: " + desk, "Subject: Undelivered", "Message-ID: <dsn@mx.named.example>",
			"Auto-Submitted: auto-replied", `Content-Type: multipart/report; report-type=delivery-status; boundary=b`, "",
			"--b", "Content-Type: text/plain", "", "The mailbox is full.",
			"--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.named.example", "", "Final-Recipient: rfc822; admin@named.example", "Action: failed", "Status: 5.2.2", "",
			"--b", "Content-Type: message/rfc822-headers", "", "Message-ID: <" + ours + ">", "Subject: it", "", "--b--", ""}, "\r\n")
		if code := w.send(w.internet, "", desk, []byte(report)); code != 250 {
			t.Fatal(code)
		}
		got := w.last()
		if got.Ticket != first.Ticket || got.Room != "internal-L1" || !got.Automatic || got.Author != "" || got.Body != "A mail system could not deliver a mail to admin@named.example (status 5.2.2)." {
			t.Errorf("%+v", got)
		}
		messages, _, err := w.tickets.Messages(t.Context(), w.actor("admin@named.example"), first.Ticket, 100)
		if err != nil || len(messages) != 1 {
			t.Errorf("the customer reads %d messages, %v", len(messages), err)
		}
	})
}

// sent notes a mail of ours as notify does, and gives its Message-ID.
func (w *world) sent(s seen, to string) string {
	w.t.Helper()
	id := w.tokens.MessageID(number(s), "requester", "some-answer", to, "vendor.example")
	w.write(func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO mail_sent (id, ticket_id, address, automatic, state, at) VALUES ($1, $2, $3, FALSE, 'sent', $4)", id, s.Ticket, to, tx.Now())
		if err == nil {
			_, err = tx.Exec("INSERT INTO mail_ref (mail_id, ticket_id, room_id) VALUES ($1, $2, 'requester')", id, s.Ticket)
		}
		return err
	})
	return id
}

// A mailbox that sends our mail back, or a ring of desks, makes no ticket; the raw mail is kept.
func TestAMailThatGoesRoundIsKeptAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.opened("admin@named.example", "first@named.example")
		ours := w.sent(first, "admin@named.example")
		w.by(w.relay, letter{From: desk, Subject: "[" + first.Number + "] it", ID: ours, Body: "Our own words."})
		w.by(w.relay, letter{From: "zoe@stranger.example", Subject: "round", ID: "r@stranger.example", Body: "x", Head: []string{"X-Tierdesk-Hops: 3"}})
		if n := len(w.messages()); n != 1 {
			t.Errorf("%d messages", n)
		}
		if n := w.count("SELECT COUNT(*) FROM mail_in WHERE state = 'ignored' AND raw IS NOT NULL"); n != 2 {
			t.Errorf("%d raw mails are kept", n)
		}
	})
}

func TestTheSameMailIsOneMessage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := letter{From: "admin@named.example", Subject: "Once", ID: "once@named.example", Body: "Hello."}
		w.by(w.relay, l)
		w.by(w.relay, l)
		l.Head = []string{"Received: from somewhere by else; Mon, 23 Nov 2026 09:00:09 +0000"}
		w.by(w.relay, l)
		if n := len(w.messages()); n != 1 {
			t.Errorf("%d messages", n)
		}
		l.ID = ""
		w.by(w.relay, l)
		w.by(w.relay, l)
		if n := len(w.messages()); n != 2 {
			t.Errorf("%d messages after the same without Message-ID", n)
		}
		if n := w.count("SELECT COUNT(*) FROM job"); n != 2 {
			t.Errorf("%d notifications", n)
		}
	})
}

func TestTheSameMailManyTimesAtOnceIsOneMessage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := letter{From: "admin@named.example", Subject: "Once", ID: "once@named.example", Body: "Hello."}
		codes := make(chan int)
		for range 8 {
			go func() { codes <- w.send(w.relay, l.From, desk, l.raw()) }()
		}
		for range 8 {
			if code := <-codes; code != 250 {
				t.Errorf("answered with %d", code)
			}
		}
		if n := len(w.messages()); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestWhatCannotBeReadIsKept(t *testing.T) {
	cases := map[string]string{
		"no headers at all":         "hello\r\nthis is all\r\n",
		"a broken multipart":        "From: admin@named.example\r\nContent-Type: multipart/mixed\r\n\r\n--x\r\nlost\r\n",
		"an unknown encoding":       "From: admin@named.example\r\nSubject: x\r\nContent-Transfer-Encoding: rot13\r\n\r\nuryyb\r\n",
		"an unknown charset":        "From: admin@named.example\r\nSubject: =?klingon?q?x?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe\x00z\r\n",
		"no text":                   "From: admin@named.example\r\nSubject: x\r\n\r\n\r\n",
		"a NUL in the subject":      "From: admin@named.example\r\nSubject: a\x00b\r\n\r\nc\x00d\r\n",
		"a header of 50 kB":         "From: admin@named.example\r\nSubject: " + strings.Repeat("long ", 190) + "\r\n" + strings.Repeat("X-Fill: "+strings.Repeat("x", 900)+"\r\n", 50) + "\r\nbody\r\n",
		"a Message-ID of 900 bytes": "From: admin@named.example\r\nMessage-ID: <" + strings.Repeat("m", 900) + ">\r\nSubject: x\r\n\r\nbody\r\n",
	}
	each(t, func(t *testing.T, w *world) {
		for name, raw := range cases {
			t.Run(name, func(t *testing.T) {
				before := len(w.messages())
				if code := w.send(w.relay, "admin@named.example", desk, []byte(raw)); code != 250 {
					t.Fatalf("answered with %d", code)
				}
				if n := len(w.messages()); n != before+1 {
					t.Fatalf("%d messages, %d before", n, before)
				}
				var kept []byte
				w.read(func(tx *db.Tx) error {
					return tx.QueryRow("SELECT raw FROM mail_in WHERE message_id <> '' ORDER BY id DESC LIMIT 1").Scan(&kept)
				})
				if !bytes.HasSuffix(kept, []byte(raw)) {
					t.Errorf("the raw mail was not kept as it came: %q", kept)
				}
			})
		}
	})
}

func TestALargeAttachmentIsKeptWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := bytes.Repeat([]byte("\x00\x01\x02 screen recording "), 100_000)
		raw := attached("recording.bin", data)
		if code := w.send(w.relay, "admin@named.example", desk, raw); code != 250 {
			t.Fatal(code)
		}
		view, err := w.tickets.View(t.Context(), w.actor("admin@named.example"), w.last().Ticket, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(view.Attachments) != 1 || view.Attachments[0].Size != int64(len(data)) || view.Attachments[0].Name != "recording.bin" {
			t.Fatalf("%+v", view.Attachments)
		}
		f, err := w.files.Open(view.Attachments[0].Hash)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var got bytes.Buffer
		if _, err := got.ReadFrom(f); err != nil || !bytes.Equal(got.Bytes(), data) {
			t.Errorf("%d bytes came back, %v", got.Len(), err)
		}
		if n := w.count("SELECT COUNT(*) FROM mail_in WHERE raw IS NULL AND blob_hash <> ''"); n != 1 {
			t.Error("the raw mail is not in the blob store")
		}
	})
}

// attached is a mail of the named customer with a file.
func attached(name string, data []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: admin@named.example\r\nTo: %s\r\nSubject: A file\r\nMessage-ID: <file@named.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", desk)
	b.WriteString("--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n")
	fmt.Fprintf(&b, "Content-Disposition: attachment; filename=%q\r\n\r\n", name)
	text := base64.StdEncoding.EncodeToString(data)
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n--b--\r\n")
	return []byte(b.String())
}

func TestAMailOverTheLimitIsRefusedAndLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if code := w.send(w.relay, "admin@named.example", desk, attached("big.bin", make([]byte, 4<<20))); code != 552 {
			t.Errorf("answered with %d", code)
		}
		if len(w.messages()) != 0 || w.count("SELECT COUNT(*) FROM mail_in") != 0 {
			t.Error("something was written")
		}
	})
}

func TestMailForSomebodyElseIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := letter{From: "admin@named.example", Subject: "x", Body: "x"}
		for _, to := range []string{"sales@vendor.example", "support@named.example", "support@vendor.example.evil.example"} {
			if code := w.send(w.relay, l.From, to, l.raw()); code != 550 {
				t.Errorf("%s: %d", to, code)
			}
		}
	})
}

// A database that is away answers 452, and the sender's next try is taken whole.
func TestWhileTheDatabaseIsAwayTheSenderKeepsTheMail(t *testing.T) {
	clock := dbtest.NewClock()
	d := dbtest.SQLite(t, clock.Now)
	w := newWorld(t, d, clock)
	w.opened("admin@named.example", "before@named.example")
	var path string
	w.read(func(tx *db.Tx) error {
		return tx.QueryRow("SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path)
	})
	l := letter{From: "admin@named.example", Subject: "While it is away", ID: "away@named.example", Body: "Hello."}
	if filepath.Base(path) == "" {
		t.Fatal("no database file")
	}
	release := lock(t, path)
	if code := w.send(w.relay, l.From, desk, l.raw()); code != 452 {
		t.Errorf("answered with %d", code)
	}
	release()
	if n := len(w.messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
	w.by(w.relay, l)
	if got := w.last(); got.State != "new" || len(w.messages()) != 2 {
		t.Errorf("%+v", got)
	}
}

// lock holds the database of another program until it is released.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	other, err := db.Open(t.Context(), db.Options{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	locked, done, ended := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		ended <- other.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec("UPDATE number_block SET next = next"); err != nil {
				return err
			}
			close(locked)
			<-done
			return nil
		})
	}()
	<-locked
	return func() {
		close(done)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = other.Close()
	}
}

// Straight from the internet only a signature of the author's own domain proves the author (RFC 6376, RFC 7489 section 3.1).
func TestASignatureOfTheAuthorsDomainProvesTheAuthor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
		record := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
		w.keys["sel._domainkey.named.example"], w.keys["sel._domainkey.evil.example"] = record, record
		body := func(id string) []byte {
			return []byte("From: admin@named.example\r\nTo: " + desk + "\r\nSubject: Signed\r\nMessage-ID: <" + id + ">\r\n\r\nHello.\r\n")
		}
		good := signed(key, "named.example", body("1@named.example"))
		for _, c := range []struct {
			name   string
			raw    []byte
			proven bool
		}{
			{"by the author's domain", good, true},
			{"by another domain", signed(key, "evil.example", body("2@named.example")), false},
			{"by the author's domain, and changed since", bytes.Replace(good, []byte("Hello."), []byte("Hello!"), 1), false},
			{"by a domain without a key", signed(key, "eu.named.example", body("3@named.example")), false},
		} {
			if code := w.send(w.internet, "admin@named.example", desk, c.raw); code != 250 {
				t.Fatal(code)
			}
			if got := w.last(); got.Verified != c.proven || (got.Author == "admin@named.example") != c.proven {
				t.Errorf("%s: proven = %v, author %q", c.name, got.Verified, got.Author)
			}
		}
	})
}

// signed puts a DKIM signature (RFC 6376, RFC 8463; simple canonicalization) on top of a mail.
func signed(key ed25519.PrivateKey, domain string, raw []byte) []byte {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	sum := sha256.Sum256(body)
	field := "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=" + domain + "; s=sel; h=From:To:Subject:Message-ID; bh=" + base64.StdEncoding.EncodeToString(sum[:]) + "; b="
	sum = sha256.Sum256([]byte(string(head) + "\r\n" + field))
	return []byte(field + base64.StdEncoding.EncodeToString(ed25519.Sign(key, sum[:])) + "\r\n" + string(raw))
}
