package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // another program on the same file

	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/policies"
)

// A new version of the policy, published beside the running server, decides what
// comes after it; what was judged before keeps its version.
func TestAPolicyIsPublishedBesideTheServer(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		nadia, lena := h.as("admin@named.example"), h.as("l1@vendor.example")
		before := nadia.opens(object{"category": "how-to"})
		ask := object{"at": "2027-01-13T08:30:00Z", "category": "defect", "product": object{"type": "named-user-cloud"}, "requester": object{"kind": "customer"},
			"contract": object{"maintenance_active": true}, "account": object{"region": "europe"}}
		if out := lena.want(http.StatusOK, http.MethodPost, "/coverage", ask); out.str("open_now") != "true" {
			t.Fatalf("08:30 GMT: %v", out)
		}
		later := filepath.Join(t.TempDir(), "later.md")
		text := strings.Replace(string(policies.Default()), `worldwide:     {zone: GMT, week: "mon-fri 08:00-17:00"}`, `worldwide:     {zone: GMT, week: "mon-fri 09:00-17:00"}`, 1)
		text = strings.Replace(text, "- {is: 9h}", "- {is: 8h}", 1)
		if err := os.WriteFile(later, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := h.must("", "policy", "publish", later); !strings.Contains(out, "Version 2") {
			t.Errorf("it says %q", out)
		}
		until(t, "the new version decides", func() bool {
			out := lena.want(http.StatusOK, http.MethodPost, "/coverage", ask)
			return out.str("policy_version") == "2" && out.str("open_now") == "false" && out.str("opens_at") == "2027-01-13T09:00:00Z"
		})
		after := nadia.opens(object{"category": "how-to"})
		if after.str("coverage.policy_version") != "2" || after.str("clocks.0.target_minutes") != "480" {
			t.Errorf("the next ticket: version %s, %s minutes", after.str("coverage.policy_version"), after.str("clocks.0.target_minutes"))
		}
		again := nadia.want(http.StatusOK, http.MethodGet, "/tickets/"+before.str("number"), nil)
		if again.str("coverage.policy_version") != "1" || again.str("clocks.0.target_minutes") != "540" {
			t.Errorf("the earlier ticket: version %s, %s minutes", again.str("coverage.policy_version"), again.str("clocks.0.target_minutes"))
		}
		reader := &reader{h, http.DefaultClient}
		for path, want := range map[string]string{"/policy": "09:00", "/policy/1": "08:00", "/policy/2": "09:00"} {
			status, body := reader.get(path)
			if status != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, `href="/policy/1"`) || !strings.Contains(body, `href="/policy/2"`) {
				t.Errorf("%s answers %d, or without %s, or without both versions", path, status, want)
			}
		}
		if _, body := h.signIn("admin@named.example").get("/requests/" + after.str("number")); !strings.Contains(body, "/policy/2") {
			t.Error("the portal does not name the new version")
		}

		wrong := filepath.Join(t.TempDir(), "wrong.md")
		if err := os.WriteFile(wrong, []byte(strings.Replace(text, "escalates_to: L2", "escalates_to: L9", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		out, code := h.tierdesk("", append([]string{"policy", "publish", wrong}, h.store()...)...)
		if code != 1 || !strings.Contains(out, "wrong.md:") {
			t.Errorf("a policy with a mistake: code %d, %q", code, out)
		}
		if got := nadia.opens(object{"category": "how-to"}).str("coverage.policy_version"); got != "2" {
			t.Errorf("version %s is in force after it", got)
		}
	})
}

func TestPeopleAreAddedBesideTheServer(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		h.must("", "user", "add", "new@vendor.example", "--name", "Nina New", "--role", "L1")
		h.must("a long enough secret\n", "user", "passwd", "new@vendor.example")
		r := h.signInWith("new@vendor.example", "a long enough secret")
		if status, body := r.get("/desk/L1"); status != http.StatusOK || !strings.Contains(body, "Nina New") {
			t.Errorf("her queue answers %d", status)
		}
		bare := h.must("", "user", "token", "new@vendor.example")
		c := &client{h, strings.TrimSpace(bare)}
		if strings.Count(bare, "\n") != 1 || strings.ContainsAny(c.token, " \t") {
			t.Errorf("the token is not bare: %q", bare)
		}
		c.want(http.StatusOK, http.MethodGet, "/tickets", nil)
		h.must("another long secret\n", "user", "passwd", "new@vendor.example")
		if status, body := r.get("/desk/L1"); status == http.StatusOK && strings.Contains(body, "Nina New") {
			t.Error("the old session lives on")
		}
		until(t, "the old token ends", func() bool {
			status, _ := c.call(http.MethodGet, "/tickets", nil)
			return status == http.StatusUnauthorized
		})
		if out, code := h.tierdesk("", append([]string{"user", "add", "new@vendor.example"}, h.store()...)...); code == 0 {
			t.Errorf("the same person twice: %s", out)
		}
		if out, code := h.tierdesk("", append([]string{"user", "token", "nobody@vendor.example"}, h.store()...)...); code == 0 {
			t.Errorf("a token for nobody: %s", out)
		}
	})
}

func TestASecondServerOnTheSameFolderIsRefused(t *testing.T) {
	h := start(t, "")
	out, code := h.tierdesk("", "serve", "--data", h.dir, "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0")
	if code == 0 || !strings.Contains(out, "tierdesk: ") {
		t.Errorf("code %d: %s", code, out)
	}
	h.as("l1@vendor.example").want(http.StatusOK, http.MethodGet, "/tickets", nil)
}

// A stop in the middle of streams and requests ends in time, and whatever was
// acknowledged is there afterwards, once.
func TestAStopLosesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		lena, nadia := h.signIn("l1@vendor.example"), h.as("admin@named.example")
		number := nadia.opens(object{"category": "how-to"}).str("number")
		for range 5 {
			stream := h.listen(lena, "ticket:"+number)
			defer stream.Body.Close()
		}
		w := &writers{h: h, acknowledged: map[string]bool{}}
		w.begin()
		until(t, "some writes are acknowledged", func() bool { return w.count() > 40 })
		if took := h.process.end(t); took > 10*time.Second {
			t.Errorf("the stop took %v", took)
		} else {
			t.Logf("the stop took %d ms with 5 streams open and 8 writers", took.Milliseconds())
		}
		w.wait()
		h.run()
		w.compare(t)
	})
}

// listen opens a live stream and waits for its headers.
func (h *house) listen(r *reader, topic string) *http.Response {
	h.t.Helper()
	res, err := r.client.Get(h.url + "/live?topic=" + url.QueryEscape(topic))
	if err != nil {
		h.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		h.t.Fatalf("the stream answers %d", res.StatusCode)
	}
	return res
}

// writers send requests by API and by mail until the server is gone, and keep
// what was acknowledged.
type writers struct {
	h            *house
	wg           sync.WaitGroup
	mu           sync.Mutex
	acknowledged map[string]bool
}

func (w *writers) begin() {
	token, base, smtp := w.h.token("admin@named.example"), w.h.url, w.h.smtp
	for i := range 4 {
		w.wg.Go(func() {
			for n := 0; ; n++ {
				subject := fmt.Sprintf("api %d %d", i, n)
				r, err := http.NewRequest(http.MethodPost, base+"/api/v1/tickets", strings.NewReader(fmt.Sprintf(`{"subject": %q, "body": "x", "category": "how-to"}`, subject)))
				if err != nil {
					return
				}
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Content-Type", "application/json")
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					return
				}
				_ = res.Body.Close()
				if res.StatusCode == http.StatusCreated {
					w.keep(subject)
				}
			}
		})
		w.wg.Go(func() {
			sender, err := mail.NewSender(mail.SenderConfig{Addr: smtp, TLS: mail.TLSNone, Timeout: 10 * time.Second})
			if err != nil {
				return
			}
			defer sender.Close()
			for n := 0; ; n++ {
				subject := fmt.Sprintf("mail %d %d", i, n)
				raw := fmt.Sprintf("From: enduser@named.example\r\nSubject: %s\r\nMessage-ID: <%d.%d@named.example>\r\n\r\nx\r\n", subject, i, n)
				if sender.Send(context.Background(), "enduser@named.example", []string{desk}, []byte(raw)) != nil {
					return
				}
				w.keep(subject)
			}
		})
	}
}

func (w *writers) keep(subject string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acknowledged[subject] = true
}

func (w *writers) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acknowledged)
}

func (w *writers) wait() { w.wg.Wait() }

// compare looks for everything that was acknowledged, and for doubles.
func (w *writers) compare(t *testing.T) {
	t.Helper()
	found := map[string]int{}
	c := w.h.as("manager@vendor.example")
	for cursor := ""; ; {
		page := c.want(http.StatusOK, http.MethodGet, "/tickets?limit=200&cursor="+url.QueryEscape(cursor), nil)
		for _, item := range page.items("items") {
			found[item.str("subject")]++
		}
		if cursor = page.str("next_cursor"); cursor == "" {
			break
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(w.acknowledged)) {
		if found[subject] != 1 {
			t.Errorf("%q was acknowledged and is there %d times", subject, found[subject])
		}
	}
	t.Logf("%d writes were acknowledged", len(w.acknowledged))
}

// While another program holds the database, mail is put off with 452 and the API
// answers 503; nothing is half-written, and the next try is taken.
func TestALockedDatabase(t *testing.T) {
	h := start(t, "")
	nadia := h.as("admin@named.example")
	nadia.opens(object{"category": "how-to"})
	count := func() string {
		return h.query("SELECT (SELECT COUNT(*) FROM ticket) || ' ' || (SELECT COUNT(*) FROM message) || ' ' || (SELECT COUNT(*) FROM mail_in) || ' ' || (SELECT COUNT(*) FROM room) || ' ' || (SELECT COUNT(*) FROM judgement)")
	}
	before := count()
	release := h.lock()
	begin := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() { t.Logf("the mail was answered after %d ms", time.Since(begin).Milliseconds()) }()
		if out, ok := h.trySwaks("--from", "admin@named.example", "--to", desk, "--header", "Subject: While it is locked", "--body", "x"); ok || !strings.Contains(out, "<** 452") {
			t.Errorf("by mail:\n%s", out)
		}
	})
	wg.Go(func() {
		defer func() { t.Logf("the call was answered after %d ms", time.Since(begin).Milliseconds()) }()
		status, out := nadia.call(http.MethodPost, "/tickets", object{"subject": "While it is locked", "body": "x", "category": "how-to"})
		if status != http.StatusServiceUnavailable || out.str("detail") == "" {
			t.Errorf("by the API: %d %v", status, out)
		}
	})
	wg.Wait()
	release()
	if after := count(); after != before {
		t.Errorf("%s rows before, %s after", before, after)
	}
	nadia.opens(object{"category": "how-to"})
	h.swaks("admin@named.example", desk, "After it was locked", "x")
	if got := h.bySubject("After it was locked").str("state"); got != "new" {
		t.Errorf("it is %s", got)
	}
}

func (h *house) file() *sql.DB {
	h.t.Helper()
	d, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "tierdesk.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

func (h *house) query(text string) (s string) {
	h.t.Helper()
	d := h.file()
	defer d.Close()
	if err := d.QueryRow(text).Scan(&s); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// lock holds the database from another connection until it is released.
func (h *house) lock() (release func()) {
	h.t.Helper()
	d := h.file()
	c, err := d.Conn(h.t.Context())
	if err == nil {
		_, err = c.ExecContext(h.t.Context(), "PRAGMA busy_timeout = 10000")
	}
	if err == nil {
		_, err = c.ExecContext(h.t.Context(), "BEGIN EXCLUSIVE")
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return func() {
		if _, err := c.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			h.t.Error(err)
		}
		_ = c.Close()
		_ = d.Close()
	}
}

// A mail that was being sent when the power failed is sent after the next start,
// soon, and under the same Message-ID.
func TestAnInterruptedMailIsSentAfterTheStart(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		begun, let := make(chan struct{}), make(chan struct{})
		var once sync.Once
		h.box.setBusy(func() {
			once.Do(func() { close(begun) })
			<-let
		})
		number := h.as("admin@named.example").opens(object{"category": "how-to"}).str("number")
		select {
		case <-begun:
		case <-time.After(20 * time.Second):
			t.Fatal("the mail is not sent at all")
		}
		h.process.kill(t)
		h.box.setBusy(nil)
		close(let)
		until(t, "the mail that was under way arrives", func() bool { return len(h.box.mails("admin@named.example")) == 1 })
		h.run()
		begin := time.Now()
		until(t, "it is sent again", func() bool { return len(h.box.mails("admin@named.example")) == 2 })
		took := time.Since(begin)
		t.Logf("sent %d ms after the program was ready again", took.Milliseconds())
		if took > time.Second {
			t.Errorf("it took %v", took)
		}
		got := h.box.mails("admin@named.example")
		if got[0].Msg.MessageID == "" || got[0].Msg.MessageID != got[1].Msg.MessageID || !strings.Contains(got[0].Msg.Subject, number) {
			t.Errorf("%q and %q", got[0].Msg.MessageID, got[1].Msg.MessageID)
		}
	})
}

// A form that was opened before somebody else changed the ticket is not sent, and says what changed.
func TestAStaleFormSaysWhatChanged(t *testing.T) {
	h := start(t, "")
	lena, nadia := h.signIn("l1@vendor.example"), h.as("admin@named.example")
	number := nadia.opens(object{"category": "how-to"}).str("number")
	nadia.want(http.StatusCreated, http.MethodPost, "/tickets/"+number+"/messages", object{"body": "And another thing."})
	for _, act := range []string{"take", "reply", "solve"} {
		res, err := lena.client.PostForm(h.url+"/desk/tickets/"+number+"/"+act, url.Values{"version": {"1"}, "room": {"requester"}, "body": {"My careful words."}})
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, res.Body)
		if res.StatusCode != http.StatusConflict || !strings.Contains(body, "This changed while you were writing") {
			t.Errorf("%s: %d", act, res.StatusCode)
		}
		if act != "take" && !strings.Contains(body, "My careful words.") {
			t.Errorf("%s: the words are lost", act)
		}
	}
	if list := h.messages("l1@vendor.example", number); len(list) != 2 {
		t.Errorf("%d messages: %q", len(list), list)
	}
}

func TestTheExampleHasEveryStateAndLevel(t *testing.T) {
	h := start(t, "")
	states, levels := map[string]int{}, map[string]int{}
	all := h.as("manager@vendor.example").want(http.StatusOK, http.MethodGet, "/tickets?limit=200", nil).items("items")
	for _, item := range all {
		states[item.str("state")]++
		levels[item.str("level")]++
	}
	if len(all) < 30 {
		t.Errorf("%d tickets", len(all))
	}
	for _, state := range []string{"incomplete", "new", "open", "waiting", "solved", "closed", "declined"} {
		if states[state] == 0 {
			t.Errorf("none is %s", state)
		}
	}
	for _, level := range []string{"L1", "L2", "L3"} {
		if levels[level] == 0 {
			t.Errorf("none is at %s", level)
		}
	}
	said := h.process.text()
	for _, who := range []string{"l1@vendor.example", "l2@vendor.example", "l3@vendor.example", "manager@vendor.example", "l1@partner.example", "admin@named.example", "enduser@named.example",
		"admin@cloud.example", "l1@cloud.example", "enduser@cloud.example", "admin@selfhosted.example", "l1@selfhosted.example", "l3@selfhosted.example", "enduser@selfhosted.example", "admin@lapsed.example", "admin@old.example"} {
		if !strings.Contains(said, who) {
			t.Errorf("the start does not name %s", who)
		}
	}
}
