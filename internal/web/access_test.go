package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// roles are the people of the example and where the first page leads them.
var roles = map[string]string{
	"l1@vendor.example": "/desk/L1", "l2@vendor.example": "/desk/L2", "l3@vendor.example": "/desk/L3", "manager@vendor.example": "/desk/all",
	"l1@partner.example": "/desk/L1", "l1@cloud.example": "/desk/L1", "l1@selfhosted.example": "/desk/L1", "l3@selfhosted.example": "/desk/L3",
	"admin@named.example": "", "enduser@named.example": "", "admin@cloud.example": "", "enduser@cloud.example": "",
	"admin@selfhosted.example": "", "enduser@selfhosted.example": "", "admin@lapsed.example": "", "admin@old.example": "", "admin@fjord.example": "",
}

func TestEachRoleHasItsFirstPageAndEveryPageAnswers(t *testing.T) {
	w := sqlite(t)
	for email, first := range roles {
		b := w.as(email)
		if first == "" {
			b.get("/").want(http.StatusOK).has("How can we help")
			b.get("/desk").want(http.StatusNotFound)
			b.get("/desk/L1").want(http.StatusNotFound)
			b.get("/desk/mine").want(http.StatusNotFound)
			b.get("/desk/new").want(http.StatusNotFound)
		} else {
			if got := b.get("/").follow().want(http.StatusSeeOther).header.Get("Location"); got != first {
				t.Errorf("%s begins at %s, want %s", email, got, first)
			}
			b.get(first).want(http.StatusOK)
			b.get(first + "?sort=newest").want(http.StatusOK)
			b.get("/desk/mine").want(http.StatusOK)
			b.get("/desk/new").want(http.StatusOK)
			b.get("/desk/L9").want(http.StatusNotFound)
		}
		for _, path := range []string{"/requests", "/requests/new", "/policy", "/policy/1", "/account", "/fragments/coverage?category=how-to"} {
			b.get(path).want(http.StatusOK)
		}
		b.get("/policy/99").want(http.StatusNotFound)
		b.get("/requests/T-999999").want(http.StatusNotFound)
		b.get("/nowhere").want(http.StatusNotFound)
	}
}

// Attack 32: a ticket of somebody else cannot be told from one that does not exist, on any of its addresses.
func TestAForeignTicketIsAnsweredAsAnAbsentOne(t *testing.T) {
	w := sqlite(t)
	nadia := w.as("admin@named.example")
	number := nadia.ask(fields{"category": "how-to", "subject": "Zebra crossing", "body": "Secret of Named"}, upload{"files", "zebra.png", png})
	page := nadia.get("/requests/" + number)
	file := page.link("zebra.png")
	absent := func(path, other string) string { return strings.ReplaceAll(path, number, other) }
	for _, email := range []string{"admin@cloud.example", "l1@cloud.example", "l3@selfhosted.example", "l1@partner.example", "l2@vendor.example", "enduser@named.example"} {
		b := w.as(email)
		for _, path := range []string{"/requests/" + number, "/desk/tickets/" + number, "/desk/tickets/" + number + "/escalate", file, "/live?topic=ticket:" + number} {
			got, none := b.get(path), b.get(absent(path, "T-999999"))
			got.want(http.StatusNotFound).lacks("Zebra", "Secret of Named", "Nadia")
			if text(got.doc) != text(none.doc) || got.status != none.status {
				t.Errorf("%s: %s tells that it exists:\n%s\n%s", email, path, text(got.doc), text(none.doc))
			}
		}
		for _, act := range []string{"take", "assign", "reply", "note", "solve", "reopen", "close", "return", "escalate", "access/reveal"} {
			b.post("/desk/tickets/"+number+"/"+act, fields{"body": "x", "reason": "x"}).want(http.StatusNotFound).lacks("Zebra")
		}
		for _, act := range []string{"reply", "details", "solve", "reopen"} {
			b.post("/requests/"+number+"/"+act, fields{"body": "x", "reason": "x"}).want(http.StatusNotFound).lacks("Zebra")
		}
		b.get("/requests").lacks("Zebra")
	}
	page.has("Zebra crossing")
	nadia.get(file).want(http.StatusOK)
}

func TestQueuesNameOnlyWhomTheDeskServes(t *testing.T) {
	w := sqlite(t)
	colin, camille := w.as("enduser@cloud.example"), w.as("l1@cloud.example")
	number := colin.ask(fields{"category": "camera-microphone", "subject": "Black picture", "body": "It is black."})
	desk := "/desk/tickets/" + number
	camille.get("/desk/L1").has(number, "Colin Martin")
	camille.get(desk+"/escalate").submit(desk+"/escalate", fields{"info.steps.action": "Open", "info.environment_url": "https://a.example", "info.none_needed": "yes", "waive.evidence": "not allowed",
		"info.test_matrix.browser": "Firefox", "info.test_matrix.os": "Linux", "info.test_matrix.device": "PC", "info.test_matrix.result": "black"}).want(http.StatusSeeOther)
	liam := w.as("l2@vendor.example")
	liam.get("/desk/L2").has(number, "A person at Cloud Academy of Music").lacks("Colin")
	liam.get(desk).want(http.StatusOK).has("A person at Cloud Academy of Music", "Black picture").lacks("Colin", "enduser@cloud.example")
	w.as("manager@vendor.example").get(desk).want(http.StatusOK).lacks("Colin", "enduser@cloud.example")
	colin.get("/requests/" + number).want(http.StatusOK).has("Cloud Academy of Music")
}

func TestAnonymousReadersSignInFirst(t *testing.T) {
	w := sqlite(t)
	b := w.browser()
	for path, to := range map[string]string{"/": "%2F", "/requests": "%2Frequests", "/desk/L1?sort=newest": "%2Fdesk%2FL1%3Fsort%3Dnewest", "/desk/tickets/T-1042": "%2Fdesk%2Ftickets%2FT-1042",
		"/files/T-1042/x": "%2Ffiles%2FT-1042%2Fx", "/account": "%2Faccount", "/fragments/coverage": "%2Ffragments%2Fcoverage"} {
		if got := b.get(path).want(http.StatusSeeOther).header.Get("Location"); got != "/sign-in?return="+to {
			t.Errorf("%s leads to %s", path, got)
		}
	}
	b.post("/desk/tickets/T-1042/take", nil).want(http.StatusSeeOther)
	b.get("/policy").want(http.StatusOK).has("The three levels", "Who provides what", "All versions")
	b.get("/live?topic=ticket:T-1042").want(http.StatusNotFound)
}

// Attack 50: after signing in a reader stays on this site, however the address is spelled.
func TestSignInLeadsNowhereElse(t *testing.T) {
	w := sqlite(t)
	for _, evil := range []string{"//evil.example", `/\evil.example`, `\\evil.example`, "https://evil.example/", "/%5c%5cevil.example", "/%5cevil.example", "data:text/html,x", "javascript:alert(1)",
		"/\t/evil.example", "/\n//evil.example", "%2f%2fevil.example", "//evil.example/%2e%2e", "/%2f/evil.example", "", "evil.example"} {
		in := w.browser().post("/sign-in", fields{"email": "l1@vendor.example", "password": w.password, "return": evil}).want(http.StatusSeeOther)
		if got := in.header.Get("Location"); got != "/" {
			t.Errorf("return=%q leads to %q", evil, got)
		}
	}
	in := w.browser().get("/sign-in?return=%2Fdesk%2FL1%3Fsort%3Dnewest").submit("/sign-in", fields{"email": "l1@vendor.example", "password": w.password})
	if got := in.header.Get("Location"); got != "/desk/L1?sort=newest" {
		t.Errorf("sign-in leads to %q", got)
	}
	wrong := w.browser().get("/sign-in").submit("/sign-in", fields{"email": "l1@vendor.example", "password": "not this one"}).want(http.StatusUnprocessableEntity)
	if !strings.Contains(wrong.body, `value="l1@vendor.example"`) {
		t.Error("the address that was typed is lost")
	}
}

// Attack 48: a form of another site is refused on every address that changes something.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	w := sqlite(t)
	nadia := w.as("admin@named.example")
	number := nadia.ask(fields{"category": "how-to", "subject": "Mine", "body": "Text"})
	for _, path := range []string{"/sign-in", "/sign-out", "/requests/new", "/requests/" + number + "/reply", "/requests/" + number + "/solve", "/desk/new", "/desk/tickets/" + number + "/take",
		"/account/zone", "/account/password", "/account/tokens", "/account/appearance"} {
		nadia.post(path, fields{"body": "forged"}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(http.StatusForbidden)
		nadia.post(path, fields{"body": "forged"}, "Origin", "https://evil.example").want(http.StatusForbidden)
		nadia.post(path, fields{"body": "forged"}, "Origin", "null").want(http.StatusForbidden)
		nadia.post(path, fields{"body": "forged"}, "Content-Type", "text/plain", "Origin", "https://evil.example").want(http.StatusForbidden)
	}
	nadia.get("/requests/" + number).has("Received").lacks("forged")
	// and nothing is changed by reading
	for _, act := range []string{"reply", "solve", "reopen"} {
		nadia.get("/requests/" + number + "/" + act).want(http.StatusNotFound)
	}
}

// Attacks 44 and 51: what every answer carries, and the cookie.
func TestHeadersAndCookies(t *testing.T) {
	w := sqlite(t)
	for _, path := range []string{"/sign-in", "/policy", "/nowhere", "/assets/none.css", "/desk"} {
		h := w.browser().get(path).header
		for key, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if h.Get(key) != want {
				t.Errorf("%s: %s is %q", path, key, h.Get(key))
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
	in := w.browser().post("/sign-in", fields{"email": "l1@vendor.example", "password": w.password})
	cookie := in.header.Get("Set-Cookie")
	for _, want := range []string{"td_session=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	b := w.as("l1@vendor.example")
	b.get("/account").submit("/sign-out", nil).want(http.StatusSeeOther)
	b.get("/desk/L1").want(http.StatusSeeOther)
}

func TestWhoIsDeniedKeepsTheirPage(t *testing.T) {
	w := sqlite(t)
	nadia := w.as("admin@named.example")
	number := nadia.ask(fields{"category": "how-to", "subject": "Question", "body": "Text"})
	desk := "/desk/tickets/" + number
	w.as("l1@vendor.example").get(desk).submit(desk+"/solve", fields{"body": "Done."}).want(http.StatusSeeOther)
	// the requester is no desk: the actions of the desk do not exist for her
	nadia.post(desk+"/take", nil).want(http.StatusNotFound)
	nadia.get(fmt.Sprintf("/requests/%s", number)).has("This is solved")
}
