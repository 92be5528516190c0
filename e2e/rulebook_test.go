package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const policyOwner = "manager@vendor.example"

// edit puts a text in place of another inside the editor, as typing does.
func (t *tab) edit(field, from, to string) {
	t.h.t.Helper()
	done := eval[bool](t, fmt.Sprintf(`(() => { const a = document.querySelector("#f-%s"); const v = a.value.replaceAll(%q, %q); const changed = v !== a.value; a.value = v; a.dispatchEvent(new Event("input", {bubbles: true})); return changed; })()`, field, from, to))
	if !done {
		t.h.t.Fatalf("the text has no %q", from)
	}
}

// shot keeps a picture of the page in the folder TIERDESK_SHOTS, to be looked at.
func (t *tab) shot(name string) {
	t.h.t.Helper()
	dir := os.Getenv("TIERDESK_SHOTS")
	if dir == "" {
		return
	}
	for _, size := range []int64{1440, 390} {
		for _, theme := range []string{"light", "dark"} {
			t.viewport(size, 900)
			t.scheme(theme)
			data := do(t, "picture", chromedp.FullScreenshot(100))
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, size, theme)), data, 0o600); err != nil {
				t.h.t.Fatal(err)
			}
		}
	}
	t.viewport(1440, 900)
	t.scheme("light")
}

// The policy owner's main path in the browser: a mistake is shown as it is typed, mended, compared, probed, simulated,
// scheduled, published; the customers are mailed and the page shows the version.
func TestAPolicyIsRevisedInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		b := h.openBrowser()
		maria := b.person(policyOwner)
		maria.open("/rulebook")
		maria.says("No draft is being written", "Version 1")
		maria.look("/rulebook, empty")
		maria.fill("#f-title", "Longer hours from December")
		maria.goes(func() { maria.click("form[action='/rulebook/drafts'] button.primary") })
		draft := maria.path()
		maria.says("Nothing is wrong", "saved without mistakes")

		// a mistake appears beside the text as it is typed, and leads to its line
		maria.edit("source", "use: always", "use: allways")
		maria.says(`calendar "allways" is used but not defined`, "Not saved yet")
		maria.await(`document.querySelector(".gutter .bad") !== null`)
		maria.look("the editor with a mistake")
		maria.shot("editor-mistake")
		line := eval[string](maria, `document.querySelector(".gutter .bad").textContent`)
		maria.click(".findings a")
		maria.await(`document.activeElement.id === "f-source" && document.activeElement.value.slice(0, document.activeElement.selectionStart).split("\n").length === ` + line)

		// what was typed survives a reload; mended, it is saved
		maria.goes(func() { maria.open(draft) })
		maria.says(`calendar "allways" is used but not defined`)
		maria.edit("source", "use: allways", "use: always")
		maria.edit("source", `worldwide:     {zone: GMT, week: "mon-fri 08:00-17:00"}`, `worldwide:     {zone: GMT, week: "mon-fri 08:00-18:00"}`)
		maria.says("Nothing is wrong")
		maria.goes(func() { maria.click("#draft-form button.primary") })
		maria.says("The draft is saved.", "save 2 by Maria Manager")
		maria.shot("editor")

		maria.open(draft + "/difference")
		maria.says(`Calendar "Worldwide"`, "08:00 to 18:00 GMT")
		maria.look("the difference")
		maria.shot("difference")
		maria.open(draft + "/preview")
		maria.says("Support hours")
		maria.look("the preview")
		maria.shot("preview")
		maria.open(draft + "/probes")
		maria.says("passed")
		maria.edit("probes", "probes:\n", "probes:\n  - {name: late, situation: {at: 2026-01-14T17:30:00Z, product: {type: named-user-cloud}, requester: {kind: customer}, category: how-to}, expect: {open_now: yes}}\n")
		maria.goes(func() { maria.click("main form button.primary") })
		maria.says("The probes are saved", "passed")
		maria.look("the probes")
		maria.shot("probes")

		maria.open(draft + "/simulate")
		maria.click("main form button.primary")
		maria.says("decisions change", "By section of the policy", "First answer")
		maria.look("the simulation")
		maria.shot("simulate")

		// scheduled for the day after tomorrow, looked at, published
		day := time.Now().UTC().AddDate(0, 0, 2)
		maria.open(draft + "/publish")
		maria.says("Simulated:", "Changes against version 1")
		maria.click("input[name=at][value=day]")
		eval[string](maria, `document.querySelector("#f-effective").value = "`+day.Format(time.DateOnly)+`"`)
		maria.fill("#f-note", "From then on we answer an hour longer.")
		maria.goes(func() { maria.click("button[name=do][value=preview]") })
		maria.says("What will happen", "Named Learning", "Our support policy changes on "+day.Format("Mon 2 Jan 2006"), "we answer an hour longer", "/policy/2")
		maria.look("the publishing")
		maria.shot("publish")
		maria.goes(func() { maria.click("button[name=do][value=publish]") })
		maria.says("The policy is published.", "Version 2", "scheduled")
		h.box.await("admin@cloud.example", "Our support policy changes on")
		got := h.box.await("admin@named.example", "Our support policy changes on").Msg
		for _, want := range []string{"Hello Nadia Flores,", "From then on we answer an hour longer.", "08:00 to 18:00 GMT", "/policy/2"} {
			if !strings.Contains(got.Text, want) {
				t.Errorf("the mail does not say %q:\n%s", want, got.Text)
			}
		}
		if len(h.box.mails("enduser@named.example")) > 0 {
			t.Error("an end user was mailed")
		}
		maria.open("/rulebook")
		maria.says("sent")
		maria.look("/rulebook, with versions")
		maria.shot("rulebook")

		reader := b.stranger()
		reader.open("/policy/2")
		reader.says("scheduled", "18:00")
		reader.open("/policy")
		reader.says("in force", "17:00")

		nadia := b.person("l1@vendor.example")
		nadia.open("/rulebook")
		nadia.says("There is nothing here for you to see")
	})
}

// The rulebook with the keyboard alone.
func TestADraftIsBegunAndSavedByKeyboard(t *testing.T) {
	h := start(t, "")
	maria := h.openBrowser().person(policyOwner)
	maria.open("/rulebook")
	maria.tabTo("#f-title")
	maria.keys("By keyboard")
	maria.tabTo("form[action='/rulebook/drafts'] button.primary")
	maria.goes(func() { maria.keys("\r") })
	maria.says("By keyboard", "Nothing is wrong")
	for range 100 {
		maria.keys("\t")
		if eval[bool](maria, `document.activeElement.id === "f-source"`) {
			break
		}
	}
	maria.keys("x")
	maria.says("Not saved yet")
	maria.tabTo("#draft-form button.primary")
	maria.goes(func() { maria.keys("\r") })
	maria.says("The draft is saved.", "save 2")
}
