package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/policies"
)

const owner = "manager@vendor.example"

// begin makes a draft by the form and gives its address.
func (b *browser) begin(title string) string {
	b.t.Helper()
	return b.get("/rulebook").want(http.StatusOK).submit("/rulebook/drafts", fields{"title": title, "from": "1"}).want(http.StatusSeeOther).header.Get("Location")
}

// source is the text of a draft as it is downloaded.
func (b *browser) source(draft string) string {
	b.t.Helper()
	return b.get(draft + "/draft.md").want(http.StatusOK).body
}

// The owner's path by plain forms, without the script, on both engines.
func TestAnOwnerWritesAndPublishesAPolicyByPlainForms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		maria := w.as(owner)
		draft := maria.begin("Longer hours")
		good := maria.source(draft)
		if good != string(policies.Default()) {
			t.Fatal("the draft is not the version that it began from")
		}
		longer := strings.ReplaceAll(good, `worldwide:     {zone: GMT, week: "mon-fri 08:00-17:00"}`, `worldwide:     {zone: GMT, week: "mon-fri 08:00-18:00"}`)
		wrong := strings.ReplaceAll(longer, "use: always", "use: allways")

		// checked without being saved, then saved with its mistake: a draft may be wrong
		edit := maria.get(draft).want(http.StatusOK).has("Nothing is wrong")
		checked := edit.submit(draft, fields{"source": wrong, "!": "check=1"}).want(http.StatusOK).has("1 mistake", "Line 207", `calendar "allways" is used but not defined`, "This is not saved yet")
		if maria.source(draft) != good {
			t.Error("a check saved the text")
		}
		checked.submit(draft, fields{}).follow().has("The draft is saved.", "1 mistake")
		if maria.source(draft) != wrong {
			t.Error("what was typed was not saved as it was")
		}
		for path, says := range map[string]string{"/difference": "cannot be compared", "/preview": "has no page yet", "/simulate": "nothing can be simulated", "/publish": "cannot be published", "/probes": ""} {
			maria.get(draft + path).want(http.StatusOK).has(says)
		}
		maria.post(draft+"/publish", fields{"version": "2", "at": "once", "audience": "nobody", "do": "publish"}).want(http.StatusUnprocessableEntity).has("has mistakes")
		maria.get("/policy").has("Version 1")

		// mended, compared, looked at
		maria.get(draft).submit(draft, fields{"source": longer}).follow().has("Nothing is wrong")
		maria.get(draft+"/difference").has("From version 1", `Calendar "Worldwide"`, "Monday to Friday, 08:00 to 18:00 GMT")
		maria.get(draft+"/preview").want(http.StatusOK).has("Support hours", "Who provides what")

		// probes: one fails, then passes
		probe := "probes:\n  - name: late\n    situation: {at: 2026-01-14T17:30:00Z, product: {type: named-user-cloud}, requester: {kind: customer}, category: how-to, contract: {maintenance_active: yes}, account: {region: europe}}\n    expect: {open_now: no}\n"
		maria.get(draft+"/probes").submit(draft+"/probes", fields{"probes": probe}).follow().has("1 failed", "expected no, got true", "Rules that no probe reaches")
		maria.get(draft + "/publish").has("Probes that fail: 1 of 1")
		maria.get(draft+"/probes").submit(draft+"/probes", fields{"probes": strings.ReplaceAll(probe, "open_now: no", "open_now: yes")}).follow().has("1 passed", "none failed")

		// a day that has passed, with requests judged since, is refused and explained; the version in force stays
		number := w.as("admin@named.example").ask(fields{"category": "how-to", "subject": "Before", "body": "x"})
		clock.Advance(48 * time.Hour)
		form := maria.get(draft+"/publish").want(http.StatusOK).has("Changes against version 1", "It was not simulated")
		form.submit(draft+"/publish", fields{"at": "day", "effective": "2026-11-23", "!": "do=publish"}).want(http.StatusUnprocessableEntity).has("2026-11-23 has passed", "The version in force stays in force")
		form.submit(draft+"/publish", fields{"at": "day", "effective": "someday", "!": "do=publish"}).want(http.StatusUnprocessableEntity).has("2026-01-31")
		form.submit(draft+"/publish", fields{"at": "day", "effective": "", "!": "do=publish"}).want(http.StatusUnprocessableEntity).has("Choose a first day")
		maria.get("/policy").has("Version 1")

		// what will happen, then scheduled
		day := fields{"at": "day", "effective": "2026-12-01", "audience": "concerned", "note": "We answer longer.", "!": "do=preview"}
		form.submit(draft+"/publish", day).want(http.StatusOK).has("What will happen", "Named Learning", "Our support policy changes on Tue 1 Dec 2026", "We answer longer.", "Monday to Friday, 08:00 to 18:00 GMT", "/policy/2", "No mail server is set")
		day["!"] = "do=publish"
		form.submit(draft+"/publish", day).follow().has("The policy is published.", "Version 2", "scheduled", "by Maria Manager", "on their way")
		maria.get("/policy").has("Version 1")
		maria.get("/policy/2").want(http.StatusOK).has("scheduled")
		maria.get(draft).want(http.StatusOK).has("published as version 2", "does not change any more")
		maria.post(draft, fields{"version": "5", "title": "x", "source": "# late"}).want(http.StatusConflict).has("published as version 2")
		clock.Set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
		maria.get("/policy").has("Version 2", "18:00")
		maria.get("/policy/1").want(http.StatusOK).has("earlier version")
		w.as("admin@named.example").get("/requests/" + number).want(http.StatusOK)
		if next := maria.begin("After"); !strings.Contains(maria.get(strings.Replace(next, "x", "x", 1)+"/draft.md").body, "08:00-17:00") {
			t.Error("a draft from version 1 has not the text of version 1")
		}
	})
}

func TestTwoOwnersEditOneDraft(t *testing.T) {
	w := sqlite(t)
	maria, other := w.as(owner), w.as(owner)
	draft := maria.begin("Both")
	good := maria.source(draft)
	mine, theirs := maria.get(draft), other.get(draft)
	theirText := strings.ReplaceAll(good, "mon-fri 08:00-17:00", "mon-fri 09:00-17:00")
	myText := strings.ReplaceAll(good, "is: 9h}", "is: 8h}")
	theirs.submit(draft, fields{"source": theirText}).want(http.StatusSeeOther)
	clash := mine.submit(draft, fields{"source": myText, "title": "My name"}).want(http.StatusConflict)
	clash.has("Somebody else saved this draft while you were writing", "Maria Manager saved it", "From theirs to yours", "within 8 hours")
	if maria.source(draft) != theirText {
		t.Error("the first save was lost")
	}
	// what was typed is in the form, and can be saved over theirs knowingly
	clash.submit(draft, fields{}).want(http.StatusSeeOther)
	if maria.source(draft) != myText {
		t.Error("what was typed did not come back")
	}
	maria.get(draft).has("My name")
	stale := maria.get(draft)
	other.get(draft+"/probes").submit(draft+"/probes", fields{"probes": "probes: []"}).want(http.StatusSeeOther)
	stale.submit(draft+"/discard", nil).want(http.StatusConflict).has("Somebody else saved")
	maria.get(draft).submit(draft+"/discard", nil).follow().has("The draft is discarded.", "A draft was discarded")
	maria.get(draft).want(http.StatusNotFound)
}

// For who does not own the policy the rulebook is not there, whatever they may do else.
func TestTheRulebookIsThereForPolicyOwnersOnly(t *testing.T) {
	w := sqlite(t)
	maria := w.as(owner)
	draft := maria.begin("Secret plan")
	maria.get("/desk/L1").has("").want(http.StatusOK)
	for _, email := range []string{"l1@vendor.example", "l3@vendor.example", "l1@partner.example", "admin@cloud.example", "enduser@named.example"} {
		b := w.as(email)
		absent := text(b.get("/nowhere").want(http.StatusNotFound).doc)
		for _, path := range []string{"/rulebook", draft, draft + "/draft.md", draft + "/draft.probes.yaml", draft + "/probes", draft + "/difference", draft + "/preview", draft + "/simulate", draft + "/publish", "/rulebook/versions/1/policy.md", "/rulebook/drafts/none"} {
			got := b.get(path).want(http.StatusNotFound).lacks("Secret plan", "Maria")
			if text(got.doc) != absent {
				t.Errorf("%s: %s is not answered as an absent page: %s", email, path, text(got.doc))
			}
		}
		for _, act := range []string{"", "/check", "/import", "/discard", "/probes", "/simulate", "/simulate/cancel", "/publish"} {
			b.post(draft+act, fields{"version": "1", "title": "x", "source": "# x", "do": "publish", "at": "once", "audience": "nobody"}).want(http.StatusNotFound)
		}
		b.post("/rulebook/drafts", fields{"title": "x", "from": "1"}).want(http.StatusNotFound)
		if strings.Contains(b.get("/").body+b.get("/policy").body, "/rulebook") {
			t.Errorf("%s is led to the rulebook", email)
		}
	}
	w.browser().get("/rulebook").want(http.StatusSeeOther)
	w.browser().post(draft+"/publish", fields{"do": "publish"}).want(http.StatusSeeOther)
	maria.get("/rulebook").want(http.StatusOK).has("Secret plan")
	maria.post(draft+"/publish", fields{"do": "publish"}, "Origin", "https://evil.example").want(http.StatusForbidden)
	maria.get(draft + "/publish").lacks("published as")
}

// Whatever is sent, the answer says what is wrong and the text comes back.
func TestBadInputOfDrafts(t *testing.T) {
	w := sqlite(t)
	maria := w.as(owner)
	draft := maria.begin("Bad input")
	good := maria.source(draft)
	bomb := "# B {#b}\n\n```policy\na: &a [x, x]\nb: [*a, *a]\n```\n"
	long := "# Long {#long}\n\n" + strings.Repeat("All work and no play.\n\n", 50_000)
	for _, c := range []struct {
		name, source string
		status       int
		says         string
	}{
		{"empty", " ", http.StatusUnprocessableEntity, "The document is empty"},
		{"too long", long, http.StatusUnprocessableEntity, "longer than 1 MiB"},
		{"not UTF-8", "# A\xff {#a}", http.StatusUnprocessableEntity, "is not UTF-8 text"},
		{"a NUL", "# A\x00 {#a}", http.StatusUnprocessableEntity, "NUL"},
		{"a bomb", bomb, http.StatusSeeOther, ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), http.StatusSeeOther, ""},
	} {
		got := maria.get(draft).submit(draft, fields{"source": c.source}).want(c.status)
		if c.says == "" {
			continue
		}
		got.has(c.says, "Nothing you typed is lost")
		kept := strings.ReplaceAll(strings.ToValidUTF8(c.source, "\uFFFD"), "\x00", "\uFFFD")
		if area := find(got.doc, func(n *html.Node) bool { return attr(n, "name") == "source" }); strings.TrimSpace(content(area)) != strings.TrimSpace(kept) {
			t.Errorf("%s: the text did not come back (%d bytes of %d)", c.name, len(content(area)), len(kept))
		}
	}
	if maria.source(draft) != good {
		t.Error("CRLF is not kept as the same text")
	}
	maria.get(draft).submit(draft, fields{"source": bomb}).follow().has("anchors and aliases are not allowed")
	maria.get(draft).submit(draft, fields{"title": strings.Repeat("x", 200)}).want(http.StatusUnprocessableEntity).has("Its name: Write a name of up to 120 characters.")
	maria.get(draft+"/probes").submit(draft+"/probes", fields{"probes": "probes: {"}).follow()
	maria.get(draft + "/probes").want(http.StatusOK)

	// files
	for _, c := range []struct{ name, content, says string }{
		{"empty.md", "", "This file is empty"}, {"long.md", long, "longer than 1 MiB"}, {"latin.md", "# caf\xe9", "is not UTF-8 text"},
	} {
		maria.get(draft).submit(draft+"/import", fields{}, upload{"file", c.name, c.content}).want(http.StatusUnprocessableEntity).has(c.says)
		maria.get("/rulebook").submit("/rulebook/drafts", fields{"title": "From a file", "from": "file"}, upload{"file", c.name, c.content}).want(http.StatusUnprocessableEntity).has(c.says)
	}
	maria.get("/rulebook").submit("/rulebook/drafts", fields{"title": "From a file", "from": "file"}).want(http.StatusUnprocessableEntity).has("Choose a file")
	maria.get(draft).submit(draft+"/import", fields{}, upload{"file", "p.md", "\xef\xbb\xbf" + strings.ReplaceAll(good, "\n", "\r\n")}).want(http.StatusSeeOther)
	if maria.source(draft) != good {
		t.Error("an imported file is not kept as the same text")
	}
	made := maria.get("/rulebook").submit("/rulebook/drafts", fields{"title": "From a file", "from": "file"}, upload{"file", "p.md", good}).want(http.StatusSeeOther).header.Get("Location")
	if maria.source(made) != good {
		t.Error("a draft from a file has another text")
	}
	maria.post("/rulebook/drafts", fields{"title": "x", "from": "zero"}).want(http.StatusUnprocessableEntity)
	maria.post("/rulebook/drafts", fields{"title": "x", "from": "99"}).want(http.StatusNotFound)
	maria.get("/rulebook/versions/99/policy.md").want(http.StatusNotFound)
}

// The live check answers the findings alone, and saves nothing.
func TestTheLiveCheckAnswersFindingsAlone(t *testing.T) {
	w := sqlite(t)
	maria := w.as(owner)
	draft := maria.begin("Live")
	good := maria.source(draft)
	got := maria.post(draft+"/check", fields{"source": strings.ReplaceAll(good, "use: always", "use: allways")}).want(http.StatusOK)
	if got.header.Get("X-Findings") == "" || strings.Contains(got.body, "<html") || !strings.Contains(got.body, "Line 207") || !strings.Contains(got.body, `data-goto="207:`) {
		t.Errorf("%s", got.body)
	}
	if maria.source(draft) != good {
		t.Error("the check saved")
	}
}

func TestASimulationIsStartedAndCancelledByForms(t *testing.T) {
	w := sqlite(t)
	maria := w.as(owner)
	draft := maria.begin("Simulated")
	maria.get(draft+"/simulate").submit(draft+"/simulate", fields{"since": "someday"}).want(http.StatusUnprocessableEntity).has("Write a day such as")
	maria.get(draft+"/simulate").submit(draft+"/simulate", fields{}).follow().has("Waiting to begin")
	maria.post(draft+"/simulate", fields{}).want(http.StatusConflict).has("simulated already")
	maria.get(draft+"/simulate").submit(draft+"/simulate/cancel", nil).follow().has("was cancelled", "Simulate again")
}
