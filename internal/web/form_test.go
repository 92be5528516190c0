package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// A stale form says what changed, sends nothing and keeps what was typed.
func TestAStaleFormKeepsWhatWasTyped(t *testing.T) {
	w := sqlite(t)
	nadia, lena, maria := w.as("admin@named.example"), w.as("l1@vendor.example"), w.as("manager@vendor.example")
	number := nadia.ask(fields{"category": "how-to", "subject": "Question", "body": "Text"})
	desk := "/desk/tickets/" + number
	open := lena.get(desk)
	form, other := nadia.get("/requests/"+number), maria.get(desk+"/escalate")
	open.submit(desk+"/take", nil).want(http.StatusSeeOther)

	stale := open.submit(desk+"/reply", fields{"body": "A long answer that must not be lost"}).want(http.StatusConflict).has("This changed while you were writing", "Assignee", "Lena One")
	if !strings.Contains(stale.body, "A long answer that must not be lost") {
		t.Error("the answer is lost")
	}
	nadia.get("/requests/" + number).lacks("A long answer")
	stale.submit(desk+"/reply", nil).want(http.StatusSeeOther)
	nadia.get("/requests/" + number).has("A long answer that must not be lost")

	form.submit("/requests/"+number+"/reply", fields{"body": "My own words"}).want(http.StatusConflict).has("This changed while you were writing", "My own words")
	other.submit(desk+"/escalate", fields{"info.tried": "Everything", "note": "A word"}).want(http.StatusConflict).has("This changed while you were writing", "Everything", "A word")
	open.submit(desk+"/assign", nil).want(http.StatusConflict)
	open.submit(desk+"/solve", fields{"body": "What I typed"}).want(http.StatusConflict).has("What I typed")
}

// What is wrong with a form is said beside it, and everything typed is still there.
func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	w := sqlite(t)
	b := w.as("admin@named.example")
	no := b.get("/requests/new").submit("/requests/new", fields{"subject": "", "body": "I wrote a lot", "category": "how-to"}).want(http.StatusUnprocessableEntity).
		has("Say in a few words what this is about.", "I wrote a lot")
	back := b.get("/requests/new").submit("/requests/new", fields{"subject": "", "body": "x", "category": "how-to"}, upload{"files", "shot.png", png}).want(http.StatusUnprocessableEntity).has("shot.png")
	back.submit("/requests/new", fields{"subject": "With a picture"}, upload{"files", "second.png", png}).follow().has("With a picture", "shot.png", "second.png")
	back.submit("/requests/new", fields{"subject": "Without", "kept_files": ""}).follow().has("Without").lacks("shot.png")
	stolen := *back
	stolen.b = w.as("admin@cloud.example")
	stolen.submit("/requests/new", fields{"subject": "Not my file", "instance": ""}).follow().has("Not my file").lacks("shot.png")
	if !strings.Contains(no.body, `value="how-to" selected`) {
		t.Error("the category is lost")
	}
	b.post("/requests/new", fields{"subject": "S", "body": "B", "category": "no-such-thing"}).want(http.StatusUnprocessableEntity).has("The policy page lists them.")
	b.post("/requests/new", fields{"subject": "S", "body": "B", "category": "how-to", "instance": "019b0000-0000-7000-8000-000000000000"}).want(http.StatusUnprocessableEntity)

	desk := w.as("l1@vendor.example")
	desk.get("/desk/new").submit("/desk/new", fields{"requester": "nobody@nowhere.example", "category": "how-to", "subject": "S", "body": "They said"}).
		want(http.StatusUnprocessableEntity).has("no person with this address", "They said")
	made := desk.get("/desk/new").submit("/desk/new", fields{"requester": "admin@named.example", "category": "how-to", "subject": "By telephone", "body": "They said"}).follow()
	made.want(http.StatusOK).has("By telephone", "Nadia Flores", "The ticket is created.")

	account := desk.get("/account")
	account.submit("/account/zone", fields{"zone": "Mars/Base"}).want(http.StatusUnprocessableEntity).has("Choose a time zone")
	account.submit("/account/zone", fields{"zone": "Asia/Kolkata"}).follow().has("Your time zone is saved.")
	account.submit("/account/password", fields{"current_password": "wrong", "new_password": "a good long one"}).want(http.StatusUnprocessableEntity).has("not your current password")
	token := account.submit("/account/tokens", fields{"token_name": "Import"}).want(http.StatusOK).has("Copy this token now", "td_")
	token.b.get("/account").has("Import").lacks("td_")
}

// The box before sending: who answers, when, what the policy says, and the way on.
func TestTheBoxBeforeSending(t *testing.T) {
	w := sqlite(t)
	nadia := w.as("admin@named.example")
	nadia.get("/requests/new").submit("/requests/new", fields{"category": "how-to", "subject": "Half", "!": "check=1"}).want(http.StatusOK).
		has("Example Meetings will answer", "Included")
	nadia.get("/fragments/coverage?category=training").want(http.StatusOK).has("The policy does not include this", "Training")
	nadia.get("/fragments/coverage").has("Choose what it is about")
	// open in the reader's own zone, named: 17:00 in New York is hers
	nadia.get("/fragments/coverage?category=how-to").has("your time")

	claire := w.as("admin@cloud.example")
	claire.get("/requests/new").has("Details that Level 2 needs")
	number := claire.ask(fields{"category": "defect", "subject": "Broken", "body": "It breaks"})
	page := claire.get("/requests/"+number).has("Some details are needed from you", "5 things are still missing")
	w.as("l2@vendor.example").get("/desk/L2").lacks(number)
	half := page.submit("/requests/"+number+"/details", fields{"info.steps.action": "Open it", "info.access_details": "user: x"}).want(http.StatusUnprocessableEntity).has("still missing")
	if strings.Contains(half.body, "user: x") {
		t.Error("the access details are sent back to the browser")
	}
	half.submit("/requests/"+number+"/details", fields{"info.environment_url": "https://a.example", "waive.evidence": "No pictures allowed", "info.test_matrix.browser": "Edge", "info.test_matrix.os": "Windows",
		"info.test_matrix.device": "PC", "info.test_matrix.result": "fails"}).follow().has("Everything that was asked for is here.", "Example Meetings answers next")
	liam := w.as("l2@vendor.example")
	liam.get("/desk/L2").has(number)
	desk := "/desk/tickets/" + number
	liam.get(desk).lacks("user: x").submit(desk+"/access/reveal", fields{"reason": "To see it"}).want(http.StatusOK).has("user: x")
	liam.get(desk).lacks("user: x").has("Opened by Liam Two")
}

// Attacks 17 to 24: what people write and the names of their files are text, and files are never run.
func TestHostileTextAndFiles(t *testing.T) {
	w := sqlite(t)
	b := w.as("admin@named.example")
	evil := `<script>alert(1)</script><img src=x onerror=alert(1)> "'>{{.}} javascript:alert(1)`
	number := b.ask(fields{"category": "how-to", "subject": evil, "body": evil + "\n</textarea><script>"},
		upload{"files", "../../etc/passwd\u202Egnp.exe", "<html><script>alert(1)</script>"}, upload{"files", "x.svg", "<svg onload=alert(1)>"}, upload{"files", "ok.png", png},
		upload{"files", "a\"b\r\nSet-Cookie: x=1.html", "GIF89a<script>"})
	page := b.get("/requests/"+number).want(http.StatusOK).has("<script>alert(1)</script>").lacks("<script>alert", "<img src=x", "\u202E", "../..")
	for name, want := range map[string][2]string{"passwd": {"application/octet-stream", "attachment"}, "x.svg": {"application/octet-stream", "attachment"}, "ok.png": {"image/png", "inline"}, ".html": {"image/gif", "inline"}} {
		file := b.get(page.link(name)).want(http.StatusOK)
		if got := file.header.Get("Content-Type"); got != want[0] {
			t.Errorf("%s is served as %s", name, got)
		}
		if got := file.header.Get("Content-Disposition"); !strings.HasPrefix(got, want[1]) || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%s: disposition %q", name, got)
		}
		if csp := file.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox") || file.header.Get("X-Content-Type-Options") != "nosniff" || file.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: headers %v", name, file.header)
		}
	}
	w.as("l1@vendor.example").get("/desk/tickets/"+number).want(http.StatusOK).lacks("<script>alert", "<img src=x")
	b.get("/requests/new?subject=" + "%3Cscript%3Ealert(1)%3C/script%3E").want(http.StatusOK).lacks("<script>alert")
}
