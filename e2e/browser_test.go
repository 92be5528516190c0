package e2e

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is one Chromium for one test.
type browser struct {
	h   *house
	ctx context.Context
}

// openBrowser starts Chromium with a profile of its own.
func (h *house) openBrowser() *browser {
	h.t.Helper()
	path := os.Getenv("TIERDESK_TEST_CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		h.t.Fatalf("no Chromium at %s: run ./check, or set TIERDESK_TEST_CHROMIUM", path)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(h.t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.WindowSize(1440, 900)}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	h.t.Cleanup(func() { _ = chromedp.Cancel(ctx); stop(); stopAllocator() })
	if err := chromedp.Do(ctx); err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, ctx}
}

// tab is a window of one person: nobody else's cookies are in it.
type tab struct {
	h   *house
	ctx context.Context
}

func (b *browser) stranger() *tab {
	b.h.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.h.t.Cleanup(stop)
	t := &tab{b.h, ctx}
	if err := chromedp.Do(ctx); err != nil {
		b.h.t.Fatal(err)
	}
	return t
}

// person signs in by the form.
func (b *browser) person(email string) *tab {
	b.h.t.Helper()
	t := b.stranger()
	t.open("/sign-in")
	t.fill("#f-email", email)
	t.fill("#f-password", password)
	t.goes(func() { t.click("main form button.primary") })
	return t
}

const patience = 15 * time.Second

// do runs one action within the patience of a reader.
func do[T any](t *tab, what string, a chromedp.Action[T]) T {
	t.h.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, a)
	if err != nil {
		t.h.t.Fatalf("%s: %v\n%s", what, err, t.state())
	}
	return out
}

// state is where the tab stands, for a failed test.
func (t *tab) state() string {
	ctx, cancel := context.WithTimeout(t.ctx, 5*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 3000)`))
	if err != nil {
		return err.Error()
	}
	return s
}

func (t *tab) open(path string) {
	t.h.t.Helper()
	do(t, "open "+path, chromedp.Navigate(t.h.url+path))
}

// eval is the value of an expression in the page.
func eval[T any](t *tab, expression string) T {
	t.h.t.Helper()
	return do(t, expression, chromedp.Evaluate[T](expression))
}

// await waits until an expression is true, over page loads.
func (t *tab) await(expression string) {
	t.h.t.Helper()
	late := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(t.ctx, 2*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		cancel()
		if err == nil && ok {
			return
		}
		if time.Now().After(late) {
			t.h.t.Fatalf("never true: %s (%v)\n%s", expression, err, t.state())
		}
	}
}

// says waits until the page shows words.
func (t *tab) says(words ...string) {
	t.h.t.Helper()
	for _, w := range words {
		t.await(`document.readyState === "complete" && document.body.innerText.includes(` + strconv.Quote(w) + `)`)
	}
}

// goes does what leads to another page, and waits for that page.
func (t *tab) goes(step func()) {
	t.h.t.Helper()
	eval[bool](t, `window.here = true`)
	step()
	t.await(`window.here === undefined && document.readyState === "complete"`)
}

func (t *tab) click(selector string) {
	t.h.t.Helper()
	do(t, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// fill types into a field.
func (t *tab) fill(selector, text string) {
	t.h.t.Helper()
	do(t, "fill "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (t *tab) choose(selector, value string) {
	t.h.t.Helper()
	do(t, "choose "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
	eval[bool](t, `document.querySelector(`+strconv.Quote(selector)+`).dispatchEvent(new Event("change", {bubbles: true}))`)
}

func (t *tab) upload(selector, file string) {
	t.h.t.Helper()
	do(t, "upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{file}))
}

func (t *tab) path() string {
	t.h.t.Helper()
	return eval[string](t, `location.pathname`)
}

// keys types as a keyboard does, to whatever has the focus.
func (t *tab) keys(keys string) {
	t.h.t.Helper()
	do(t, "keys", chromedp.KeyEvent(keys))
}

// tabTo presses Tab until something that matches has the focus, and checks that
// the focus can be seen.
func (t *tab) tabTo(selector string) {
	t.h.t.Helper()
	for range 150 {
		t.keys(kb.Tab)
		if !eval[bool](t, `document.activeElement.matches(`+strconv.Quote(selector)+`)`) {
			continue
		}
		if !eval[bool](t, `(() => { const s = getComputedStyle(document.activeElement); return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none"; })()`) {
			t.h.t.Errorf("the focus on %s can't be seen", selector)
		}
		return
	}
	t.h.t.Fatalf("Tab does not reach %s\n%s", selector, t.state())
}

func (t *tab) viewport(width, height int64) {
	t.h.t.Helper()
	do(t, "viewport", chromedp.EmulateViewport(width, height))
}

func (t *tab) scheme(name string) {
	t.h.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	if err != nil {
		t.h.t.Fatal(err)
	}
}

// screenshot is a small picture file, as a customer has it.
func screenshot(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "black-camera.png")
	if err := os.WriteFile(path, []byte(picture), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// picture is a PNG of one black dot.
const picture = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc`\x60\x60\xf8\x0f\x00\x01\x04\x01\x00_\xe5\xc3K\x00\x00\x00\x00IEND\xaeB`\x82"

// lastPart is what follows the last slash of an address.
func lastPart(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// The main job in the browser: asked with a screenshot, answered, refused at the
// gate with the list, filled in, accepted, solved at level 2, opened again, closed.
// Each side's page shows what the other did without being loaded again.
func TestARequestInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		b := h.openBrowser()
		nadia, lena, liam := b.person("admin@named.example"), b.person("l1@vendor.example"), b.person("l2@vendor.example")

		lena.open("/desk/L1?sort=newest")
		stays := func(who *tab) { eval[bool](who, `window.stays = true`) }
		stayed := func(who *tab, words ...string) {
			t.Helper()
			who.says(words...)
			if !eval[bool](who, `window.stays === true`) {
				t.Errorf("the page was loaded again for %q", words)
			}
		}
		stays(lena)
		nadia.open("/requests/new")
		nadia.choose("#f-category", "camera-microphone")
		nadia.says("Example Meetings will answer")
		nadia.fill("#f-subject", "The camera stays black")
		nadia.fill("#f-body", "Since this morning. Nothing helps.")
		nadia.upload("input[name=files]", screenshot(t))
		nadia.goes(func() { nadia.click("main form button.primary") })
		nadia.says("The camera stays black", "black-camera.png", "Example Meetings answers next")
		number := lastPart(nadia.path())
		request, ticket := "/requests/"+number, "/desk/tickets/"+number

		lena.await(`!document.querySelector("[data-new]").hidden`)
		stayed(lena, "1 new")
		lena.open(ticket)
		lena.says("The camera stays black", "Nadia Flores", "black-camera.png", "Why it is here")
		stays(nadia)
		lena.goes(func() { lena.click(`form[action$="/take"] button`) })
		lena.fill("#f-body", "Which browser do you use?")
		lena.goes(func() { lena.click("#composer button.primary") })
		stayed(nadia, "Which browser do you use?", "Lena One")
		if len(h.box.mails("admin@named.example")) < 1 {
			t.Error("no mail was sent")
		}
		lena.says("Which browser do you use?")
		stays(lena)
		nadia.fill("#f-body", "Firefox 145.")
		nadia.goes(func() { nadia.click("#composer button.primary") })
		stayed(lena, "Firefox 145.")

		lena.open(ticket + "/escalate")
		lena.fill("#f-info-tried", "Another camera and a private window.")
		lena.goes(func() { lena.click("aside button.primary") })
		lena.says("Not escalated yet", "things are still missing", "Steps to reproduce", "Address of the environment", "What was tested and how it went")
		if got := eval[string](lena, `document.querySelector("#f-info-tried").value`); got != "Another camera and a private window." {
			t.Errorf("what was typed is lost: %q", got)
		}
		lena.fill("[name='info.steps.action']", "Switch the camera on")
		lena.fill("[name='info.environment_url']", "https://named.example/room/204")
		lena.click("[name='info.none_needed'][type=checkbox]")
		lena.upload("input[name='info.evidence']", screenshot(t))
		for name, text := range map[string]string{"browser": "Firefox 145", "os": "Windows 11", "device": "Laptop", "result": "Black"} {
			lena.fill("[name='info.test_matrix."+name+"']", text)
		}
		lena.await(`document.querySelector("progress").value === document.querySelector("progress").max`)
		stays(nadia)
		lena.goes(func() { lena.click("aside button.primary") })
		lena.await(`!location.pathname.endsWith("/escalate")`)

		liam.open("/desk/L2?sort=newest")
		liam.says(number)
		liam.open(ticket)
		liam.says("Switch the camera on", "https://named.example/room/204", "Firefox 145", "Another camera and a private window.")
		liam.goes(func() { liam.click(`form[action$="/take"] button`) })
		liam.click("details.act:has(form[action$='/solve']) summary")
		liam.fill("#f-solve-body", "A new driver is out.")
		liam.goes(func() { liam.click(`form[action$="/solve"] button`) })
		stayed(nadia, "A new driver is out.")

		nadia.open(request)
		nadia.says("This is solved")
		stays(liam)
		nadia.fill("#f-reason", "It is black again.")
		nadia.goes(func() { nadia.click(`form[action$="/reopen"] button`) })
		nadia.says("It is black again.")
		stayed(liam, "It is black again.")
		liam.open(ticket)
		liam.click("details.act:has(form[action$='/solve']) summary")
		liam.fill("#f-solve-body", "It is the cable.")
		liam.goes(func() { liam.click(`form[action$="/solve"] button`) })
		liam.goes(func() { liam.click(`form[action$="/close"] button`) })
		liam.says("Closed")
		nadia.open(request)
		nadia.says("It is the cable.")
		if state := h.as("admin@named.example").want(200, "GET", "/tickets/"+number, nil).str("state"); state != "closed" {
			t.Errorf("it is %s", state)
		}
	})
}
