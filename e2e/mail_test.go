package e2e

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

const desk = "support@vendor.example"

// bySubject waits for the ticket with a subject.
func (h *house) bySubject(subject string) (found object) {
	h.t.Helper()
	c := h.as("manager@vendor.example")
	until(h.t, "a ticket "+subject, func() bool {
		for _, item := range c.want(http.StatusOK, http.MethodGet, "/tickets?limit=50", nil).items("items") {
			if item.str("subject") == subject {
				found = item
				return true
			}
		}
		return false
	})
	return found
}

// messages are the texts of a ticket that somebody reads.
func (h *house) messages(who, number string) (list []string) {
	h.t.Helper()
	for _, m := range h.as(who).want(http.StatusOK, http.MethodGet, "/tickets/"+number+"/messages", nil).items("items") {
		list = append(list, m.str("body"))
	}
	return list
}

// A customer writes by mail, an engineer answers on the page, the customer answers the answer.
func TestARequestByMail(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		h.token("manager@vendor.example")
		fastest := time.Hour
		for _, subject := range []string{"The first camera stays black", "The second camera stays black", "The third camera stays black"} {
			before := len(h.box.mails("admin@named.example"))
			begin := time.Now()
			h.swaks("admin@named.example", desk, subject, "Since this morning.")
			until(t, "the acknowledgement", func() bool { return len(h.box.mails("admin@named.example")) > before })
			took := time.Since(begin)
			t.Logf("mail to acknowledgement: %d ms, swaks included", took.Milliseconds())
			fastest = min(fastest, took)
		}
		if fastest > time.Second {
			t.Errorf("the fastest of three took %v", fastest)
		}
		ticket := h.bySubject("The first camera stays black")
		number := ticket.str("number")
		if ticket.str("state") != "new" || ticket.str("level") != "L1" || ticket.str("coverage.covered") != "yes" || reasons(ticket) == "" {
			t.Errorf("%v", ticket)
		}
		receipt := h.box.await("admin@named.example", "["+number+"]")
		if !receipt.Msg.AutoSubmitted || !strings.Contains(receipt.Msg.Text, "/policy/1#") {
			t.Errorf("the acknowledgement says\n%s", receipt.Msg.Text)
		}

		lena := h.signIn("l1@vendor.example")
		lena.submit("/desk/tickets/"+number, "/desk/tickets/"+number+"/reply", url.Values{"body": {"Which browser do you use?"}})
		answer := h.box.await("admin@named.example", "Which browser do you use?")
		h.swaks("admin@named.example", answer.Msg.ReplyTo.Addr, "Re: "+answer.Msg.Subject, "Firefox 145.",
			"--header", "In-Reply-To: <"+answer.Msg.MessageID+">", "--header", "References: <"+answer.Msg.MessageID+">")
		until(t, "the answer is in the same ticket", func() bool {
			list := h.messages("l1@vendor.example", number)
			return len(list) == 3 && strings.TrimSpace(list[2]) == "Firefox 145."
		})
		note := h.box.await("l1@vendor.example", "Firefox 145.")
		if !strings.Contains(note.Msg.Subject, number) {
			t.Errorf("the engineer hears of %q", note.Msg.Subject)
		}

		raw := filepath.Join(t.TempDir(), "mail.eml")
		text := "From: admin@named.example\r\nTo: " + desk + "\r\nSubject: [" + number + "] twice\r\nMessage-ID: <twice@named.example>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n\r\nOnly once.\r\n"
		if err := os.WriteFile(raw, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			h.swaksFile("admin@named.example", desk, raw)
		}
		if list := h.messages("l1@vendor.example", number); len(list) != 4 || strings.TrimSpace(list[3]) != "Only once." {
			t.Errorf("%d messages: %q", len(list), list)
		}
	})
}

func TestBadMailHasAClearAnswer(t *testing.T) {
	h := start(t, "")
	if out, ok := h.trySwaks("--from", "admin@named.example", "--to", "nobody@vendor.example", "--body", "x"); ok || !strings.Contains(out, "<** 550 5.1.1") {
		t.Errorf("a mail for nobody here:\n%s", out)
	}
	sender, err := mail.NewSender(mail.SenderConfig{Addr: h.smtp, TLS: mail.TLSNone})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	big := append([]byte("From: admin@named.example\r\nSubject: big\r\n\r\n"), bytes.Repeat([]byte("0123456789abcdef\r\n"), 3<<20)...)
	var refused *mail.SendError
	if err := sender.Send(t.Context(), "admin@named.example", []string{desk}, big); !errors.As(err, &refused) || refused.Code != 552 {
		t.Errorf("a mail over the limit: %v", err)
	}
	h.swaks("zoe@stranger.example", desk, "Who am I", "Nobody knows.")
	if got := h.bySubject("Who am I"); got.str("state") != "new" || got.str("coverage.covered") != "ask" {
		t.Errorf("%v", got)
	}
}

// reader uses the pages without JavaScript.
type reader struct {
	h      *house
	client *http.Client
}

const password = "tierdesk-demo"

func (h *house) signIn(email string) *reader { return h.signInWith(email, password) }

func (h *house) signInWith(email, password string) *reader {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r := &reader{h, &http.Client{Jar: jar}}
	r.submit("/sign-in", "/sign-in", url.Values{"email": {email}, "password": {password}})
	return r
}

// get reads a page.
func (r *reader) get(path string) (status int, body string) {
	r.h.t.Helper()
	res, err := r.client.Get(r.h.url + path)
	if err != nil {
		r.h.t.Fatal(err)
	}
	return res.StatusCode, readAll(r.h.t, res.Body)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(version|room|return)" value="([^"]*)"`)

// submit sends the form of a page and follows where it leads.
func (r *reader) submit(page, action string, values url.Values) string {
	r.h.t.Helper()
	status, body := r.get(page)
	_, form, ok := strings.Cut(body, `action="`+action+`"`)
	if !ok {
		r.h.t.Fatalf("%s (%d) has no form to %s", page, status, action)
	}
	form, _, _ = strings.Cut(form, "</form>")
	for _, m := range hidden.FindAllStringSubmatch(form, -1) {
		if !values.Has(m[1]) {
			values.Set(m[1], m[2])
		}
	}
	res, err := r.client.PostForm(r.h.url+action, values)
	if err != nil {
		r.h.t.Fatal(err)
	}
	text := readAll(r.h.t, res.Body)
	if res.StatusCode != http.StatusOK {
		r.h.t.Fatalf("%s answered %d:\n%s", action, res.StatusCode, text)
	}
	return text
}
