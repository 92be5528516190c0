package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/tierdesk/tierdesk/policies"
)

// A rendered policy is one file: it is read from a disk, without any server, in the zone of who reads it.
func TestARenderedPolicyStandsAlone(t *testing.T) {
	h := start(t, "")
	dir := t.TempDir()
	source := filepath.Join(dir, "policy.md")
	hostile := "\n## Hostile {#hostile}\n\n<script>window.hit = 1</script>\n\n<img src=x onerror=\"window.hit = 2\">\n\n[go](javascript:window.hit=3) ![pixel](https://track.example/p.gif)\n"
	if err := os.WriteFile(source, append(policies.Default(), hostile...), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "policy.html")
	if out, code := h.tierdesk("", "policy", "render", source, "-o", file); code != 0 {
		t.Fatalf("code %d: %s", code, out)
	}
	b := h.openBrowser().stranger()
	if _, err := chromedp.Call(b.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Kabul"}); err != nil {
		t.Fatal(err)
	}
	do(b, "open the file", chromedp.Navigate("file://"+file))
	b.says("in Asia/Kabul", "Our own practice")
	b.await(`document.querySelector("#hours [data-week-days] td").textContent === "12:30–21:30"`)
	b.choose("#hours select", "America/New_York")
	b.says("in America/New York")
	b.await(`/^0[34]:00–1[23]:00$/.test(document.querySelector("#hours [data-week-days] td").textContent)`)
	b.await(`/^(Open now, closes|Closed now, opens) /.test(document.querySelector("[data-week-now]").textContent)`)
	if n := eval[int](b, `performance.getEntriesByType("resource").length`); n != 0 {
		t.Errorf("the file asked for %d other things", n)
	}
	if hit := eval[string](b, `String(window.hit) + document.querySelectorAll("img, iframe, a[href^='javascript']").length`); hit != "undefined0" {
		t.Errorf("hostile prose did something: %s", hit)
	}
	b.look("the rendered policy")
	if out, code := h.tierdesk("", "policy", "render", "../internal/rules/readable/testdata/rich.md", "-o", file); code != 0 {
		t.Fatalf("code %d: %s", code, out)
	}
	do(b, "open the other file", chromedp.Navigate("file://"+file))
	b.says("Versions of Core")
	b.look("a policy with every construct")
}

// The page names the zone and the state of each calendar also for those whose browser runs no script.
func TestThePolicyPageWithoutScript(t *testing.T) {
	h := start(t, "")
	b := h.openBrowser().stranger()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.open("/policy")
	text := do(b, "read", chromedp.Text("#hours"))
	for _, want := range []string{"in GMT", "Level 1, North America", "now, "} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
}
