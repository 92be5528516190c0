package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// Everything of the main job by keys alone: signing in, asking, taking, answering,
// handing over, solving. Tab finds each control, its focus can be seen, Enter acts.
func TestTheJobByKeyboardAlone(t *testing.T) {
	h := start(t, "")
	b := h.openBrowser()
	signIn := func(email string) *tab {
		p := b.stranger()
		p.open("/sign-in")
		p.tabTo(".skip")
		p.keys(kb.Enter)
		p.tabTo("#f-email")
		p.keys(email)
		p.tabTo("#f-password")
		p.goes(func() { p.keys(password + kb.Enter) })
		return p
	}
	nadia := signIn("admin@named.example")
	nadia.open("/requests")
	nadia.tabTo(`a[href="/requests/new"]`)
	nadia.goes(func() { nadia.keys(kb.Enter) })
	nadia.tabTo("#f-category")
	nadia.keys("Camera")
	nadia.says("Example Meetings will answer")
	nadia.tabTo("#f-subject")
	nadia.keys("By keys alone")
	nadia.tabTo("#f-body")
	nadia.keys("Typed and never clicked.")
	nadia.tabTo("main form button.primary")
	nadia.goes(func() { nadia.keys(kb.Enter) })
	nadia.says("By keys alone", "Typed and never clicked.")
	number := lastPart(nadia.path())
	ticket := "/desk/tickets/" + number

	lena := signIn("l1@vendor.example")
	lena.open("/desk/L1?sort=newest")
	lena.tabTo(`a[href="` + ticket + `"]`)
	lena.goes(func() { lena.keys(kb.Enter) })
	lena.tabTo(`form[action$="/take"] button`)
	lena.goes(func() { lena.keys(kb.Enter) })
	lena.tabTo("#f-body")
	lena.keys("Which browser do you use?")
	lena.tabTo("#composer button.primary")
	lena.goes(func() { lena.keys(kb.Enter) })
	lena.says("Which browser do you use?")

	nadia.open("/requests/" + number)
	nadia.tabTo("#f-body")
	nadia.keys("Firefox 145.")
	nadia.tabTo("#composer button.primary")
	nadia.goes(func() { nadia.keys(kb.Enter) })
	nadia.says("Firefox 145.")

	// the letter for it, while nothing is being typed
	lena.open(ticket)
	lena.goes(func() { lena.keys("e") })
	lena.tabTo("[name='info.steps.action']")
	lena.keys("Switch the camera on")
	lena.tabTo("[name='info.environment_url']")
	lena.keys("https://named.example/room/204")
	lena.tabTo("[name='info.none_needed'][type=checkbox]")
	lena.keys(" ")
	lena.tabTo("[name='waive.evidence']")
	lena.keys("No pictures are allowed there.")
	for _, cell := range []string{"browser", "os", "device", "result"} {
		lena.tabTo("[name='info.test_matrix." + cell + "']")
		lena.keys("Some " + cell)
	}
	lena.tabTo("#f-info-tried")
	lena.keys("Another camera.")
	lena.tabTo("aside button.primary")
	lena.goes(func() { lena.keys(kb.Enter) })
	lena.await(`!location.pathname.endsWith("/escalate")`)

	liam := signIn("l2@vendor.example")
	liam.open(ticket)
	liam.says("Switch the camera on")
	liam.tabTo(`form[action$="/take"] button`)
	liam.goes(func() { liam.keys(kb.Enter) })
	liam.tabTo("details.act:has(form[action$='/solve']) summary")
	liam.keys(kb.Enter)
	liam.tabTo("#f-solve-body")
	liam.keys("A new driver is out.")
	liam.tabTo(`form[action$="/solve"] button`)
	liam.goes(func() { liam.keys(kb.Enter) })
	liam.says("Solved")
	nadia.open("/requests/" + number)
	nadia.says("This is solved", "A new driver is out.")
	nadia.tabTo(".who summary")
	nadia.keys(kb.Enter)
	nadia.tabTo(`form[action="/sign-out"] button`)
	nadia.goes(func() { nadia.keys(kb.Enter) })
	nadia.open("/requests")
	nadia.says("Sign in")
}
