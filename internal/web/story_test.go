package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
)

const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

// numberIn is the ticket's number in an address such as /requests/T-1042.
func numberIn(location string) string {
	return location[strings.LastIndex(location, "/")+1:]
}

// ask sends a new request by the form and gives its number.
func (b *browser) ask(values fields, files ...upload) string {
	b.t.Helper()
	sent := b.get("/requests/new").want(http.StatusOK).submit("/requests/new", values, files...).want(http.StatusSeeOther)
	return numberIn(sent.header.Get("Location"))
}

// The main path by plain forms, on both engines: asked on the portal, answered at
// level 1, refused at the gate with the list, filled in, accepted, solved at level 2, opened again.
func TestARequestGoesThroughTheLevelsByPlainForms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		nadia, lena, liam := w.as("admin@named.example"), w.as("l1@vendor.example"), w.as("l2@vendor.example")
		number := nadia.ask(fields{"category": "camera-microphone", "subject": "The camera stays black", "body": "Since this morning.\r\nNothing helps."},
			upload{"files", "black.png", png})
		request, desk := "/requests/"+number, "/desk/tickets/"+number
		nadia.get(request).want(http.StatusOK).has("The camera stays black", "Example Meetings answers next", "black.png", "Since this morning.")

		lena.get("/desk/L1").want(http.StatusOK).has(number, "The camera stays black", "Nadia Flores")
		liam.get(desk).want(http.StatusNotFound).lacks("camera", "Nadia")
		lena.get(desk).submit(desk+"/take", nil).follow().has("It is yours now.")
		lena.get(desk).submit(desk+"/reply", fields{"body": "Which browser do you use?", "!": "then=waiting"}).want(http.StatusSeeOther)
		nadia.get(request).has("Which browser do you use?", "Lena One", "is waiting for your answer").
			submit(request+"/reply", fields{"body": "Firefox 145."}).follow().has("Your message is sent.", "Firefox 145.")
		lena.get(desk+"?room=internal-L1").want(http.StatusOK).has("Only Level 1 of Example Meetings reads it").
			submit(desk+"/note", fields{"body": "Smells like the old driver."}).follow().has("Smells like the old driver.")
		nadia.get(request).lacks("old driver")

		refused := lena.get(desk+"/escalate").want(http.StatusOK).
			submit(desk+"/escalate", fields{"info.steps.action": "Open the room", "info.tried": "Another camera"}).want(http.StatusUnprocessableEntity).
			has("Not escalated yet: 3 things are still missing", "Address of the environment", "What was tested and how it went")
		again := refused.submit(desk+"/escalate", fields{"!": "add=test_matrix"}).want(http.StatusOK)
		if n := strings.Count(again.body, `name="info.test_matrix.browser"`); n != 2 {
			t.Errorf("the page has %d rows for what was tested, want one more: 2", n)
		}
		again.submit(desk+"/escalate", fields{"info.environment_url": "https://named.example/room", "info.none_needed": "yes", "info.test_matrix.browser": "Firefox 145", "info.test_matrix.os": "Windows 11",
			"info.test_matrix.device": "Laptop", "info.test_matrix.result": "black", "note": "They need it by noon."}, upload{"info.evidence", "screen.png", png}).
			want(http.StatusSeeOther)

		liam.get("/desk/L2").has(number)
		up := liam.get(desk).want(http.StatusOK).has("Open the room", "Another camera", "screen.png", "Firefox 145")
		up.has("Level 1 and Level 2 1 in this room")
		liam.get(desk + "?room=L1-L2").has("They need it by noon.")
		up.submit(desk+"/take", nil).want(http.StatusSeeOther)
		liam.get(desk).submit(desk+"/solve", fields{"body": "A new driver is out."}).want(http.StatusSeeOther)
		nadia.get(request).has("This is solved").submit(request+"/reopen", fields{"reason": "It is black again."}).follow().has("It is open again.", "It is black again.")
		liam.get(desk).want(http.StatusOK).has("Open")
	})
}
