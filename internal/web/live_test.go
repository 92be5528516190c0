package web_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/live"
)

// stream opens a live topic and gives its lines until it ends.
func (b *browser) stream(topic string) (lines chan string, status int) {
	b.t.Helper()
	res, err := b.client.Get(b.base + "/live?topic=" + topic)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { res.Body.Close() })
	lines = make(chan string, 100)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines, res.StatusCode
}

// Attacks 35 and 44: changes go to who may see the ticket, and end with the session.
func TestLiveChangesEndWithTheSession(t *testing.T) {
	w := sqlite(t)
	nadia, lena := w.as("admin@named.example"), w.as("l1@vendor.example")
	number := nadia.ask(fields{"category": "how-to", "subject": "Live", "body": "Text"})
	page := nadia.get("/requests/" + number)
	_, topic, _ := strings.Cut(page.body, `data-live-topic="`)
	topic, _, _ = strings.Cut(topic, `"`)
	if !strings.HasPrefix(topic, "ticket:") {
		t.Fatalf("the request listens to %q", topic)
	}
	_, queue, _ := strings.Cut(lena.get("/desk/L1").body, `data-live-topic="`)
	queue, _, _ = strings.Cut(queue, `"`)
	if _, status := w.as("l2@vendor.example").stream(queue); status != http.StatusNotFound {
		t.Errorf("level 2 hears level 1's queue: %d", status)
	}
	if _, status := nadia.stream(queue); status != http.StatusNotFound {
		t.Errorf("a customer hears a queue: %d", status)
	}
	if _, status := w.as("l1@cloud.example").stream(topic); status != http.StatusNotFound {
		t.Errorf("another customer hears a ticket: %d", status)
	}
	heard, status := nadia.stream(topic)
	if status != http.StatusOK {
		t.Fatalf("the requester does not hear the ticket: %d", status)
	}
	for line := range heard {
		if strings.HasPrefix(line, "retry:") {
			break
		}
	}
	w.hub.Publish(live.Event{ID: 1, Topics: []string{topic}, Name: "change"})
	for line := range heard {
		if line == "event: change" {
			break
		}
	}
	page.submit("/sign-out", nil).want(http.StatusSeeOther)
	for range heard {
		// the stream ends by itself once the session has
	}
}

func TestUnderHTTPSTheCookieIsBoundToTheHost(t *testing.T) {
	w := sqlite(t)
	r := httptest.NewRequest(http.MethodPost, "https://desk.example/sign-in", strings.NewReader("email=l1%40vendor.example&password="+w.password))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.site("https://desk.example").ServeHTTP(rec, r)
	cookie := rec.Header().Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-td_session=") || !strings.Contains(cookie, "Secure") || rec.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("cookie %q, headers %v", cookie, rec.Header())
	}
}
