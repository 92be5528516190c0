package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestAxeIsTheOneThatIsNamed(t *testing.T) {
	page, err := os.ReadFile("testdata/axe/VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(axeSource(t)))
	if !strings.Contains(string(page), hex.EncodeToString(sum[:])) {
		t.Errorf("testdata/axe/axe.min.js has the hash %x, which VENDOR.md does not name", sum)
	}
}

func axeSource(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// Every page, in light and dark, wide and narrow, has no barrier that axe-core
// knows, and nothing to be scrolled sideways.
func TestAxeFindsNoBarrier(t *testing.T) {
	h := start(t, "")
	nadia, cloud, lena := h.as("admin@named.example"), h.as("l1@cloud.example"), h.as("l1@vendor.example")
	fresh := nadia.opens(object{"category": "camera-microphone", "subject": "A request that is new, with a rather long subject that has to be cut somewhere on small screens"}).str("number")
	lena.want(http.StatusCreated, http.MethodPost, "/tickets/"+fresh+"/messages", object{"room": "internal", "body": "Between us."})
	lena.want(http.StatusCreated, http.MethodPost, "/tickets/"+fresh+"/messages", object{"body": "Which browser?"})
	incomplete := cloud.opens(object{"category": "defect", "reference": "HELP-77"}).str("number")
	declined := nadia.opens(object{"category": "training"}).str("number")
	solved := nadia.opens(object{"category": "how-to"}).str("number")
	lena.want(http.StatusOK, http.MethodPost, "/tickets/"+solved+"/solve", object{"body": "Press the button."})
	handed := nadia.opens(object{"category": "camera-microphone"}).str("number")
	lena.want(http.StatusOK, http.MethodPost, "/tickets/"+handed+"/escalate", given())

	h.part("for everybody", func(t *testing.T) {
		b := h.openBrowser().stranger()
		b.inspect("/sign-in", "/policy", "/policy/1", "/nowhere")
		b.open("/sign-in")
		b.fill("#f-email", "nobody@named.example")
		b.fill("#f-password", "not the password")
		b.goes(func() { b.click("main form button.primary") })
		b.look("/sign-in, refused")
	})
	h.part("for who asks", func(t *testing.T) {
		b := h.openBrowser()
		p := b.person("admin@named.example")
		p.inspect("/", "/requests", "/requests/new", "/requests/"+fresh, "/requests/"+declined, "/requests/"+solved, "/account", "/requests/T-999999")
		p.open("/requests/new")
		p.choose("#f-category", "training")
		p.says("The policy does not include this")
		p.look("/requests/new, not covered")
		b.person("l1@cloud.example").inspect("/requests/new", "/requests/"+incomplete, "/desk/L1")
	})
	h.part("for who answers", func(t *testing.T) {
		b := h.openBrowser()
		p := b.person("l1@vendor.example")
		p.inspect("/desk/L1", "/desk/L1?sort=newest", "/desk/mine", "/desk/new", "/desk/tickets/"+fresh, "/desk/tickets/"+fresh+"?room=internal-L1", "/desk/tickets/"+fresh+"/escalate", "/desk/tickets/"+solved)
		p.open("/desk/tickets/" + fresh + "/escalate")
		p.goes(func() { p.click("aside button.primary") })
		p.look("escalate, refused")
		p.open("/desk/tickets/" + fresh)
		p.click(".acts details summary")
		p.look("a ticket with a form open")
		b.person("l2@vendor.example").inspect("/desk/L2", "/desk/tickets/"+handed, "/desk/tickets/"+handed+"?room=L1-L2")
		b.person("manager@vendor.example").inspect("/desk", "/desk/tickets/"+fresh)
	})
}

// inspect opens pages and looks at each.
func (t *tab) inspect(paths ...string) {
	t.h.t.Helper()
	for _, path := range paths {
		t.open(path)
		t.look(path)
	}
}

// look runs axe-core on the page that is open: both themes, both widths.
func (t *tab) look(name string) {
	t.h.t.Helper()
	do(t, "load axe", chromedp.Evaluate[chromedp.Void](axeSource(t.h.t)+"\n;undefined"))
	for _, size := range [][2]int64{{1440, 900}, {390, 844}} {
		t.viewport(size[0], size[1])
		grounds := map[string]bool{}
		for _, theme := range []string{"light", "dark"} {
			t.scheme(theme)
			grounds[eval[string](t, `getComputedStyle(document.body).backgroundColor`)] = true
			found := do(t, "run axe", chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.flatMap((v) =>
				v.nodes.map((n) => v.id + ": " + n.target.join(" ") + " " + n.failureSummary.replace(/\s+/g, " "))))`,
				chromedp.EvalAwaitPromise))
			for _, v := range found {
				t.h.t.Errorf("%s, %s, %d: %s", name, theme, size[0], v)
			}
		}
		if len(grounds) != 2 {
			t.h.t.Errorf("%s: light and dark look the same: %v", name, grounds)
		}
		if over := eval[int](t, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			t.h.t.Errorf("%s: %d pixels too wide at %d", name, over, size[0])
		}
	}
	t.viewport(1440, 900)
	t.scheme("light")
	if eval[bool](t, `document.title === ""`) {
		t.h.t.Errorf("%s has no title", name)
	}
}
