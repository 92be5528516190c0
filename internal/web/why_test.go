package web_test

import (
	"net/http"
	"testing"
)

// TestAnswersAndDatesSayWhy: who is refused reads why and the way on; who waits reads how the date came about.
func TestAnswersAndDatesSayWhy(t *testing.T) {
	w := sqlite(t)
	lapsed := w.as("admin@lapsed.example")
	declined := lapsed.ask(fields{"category": "training", "subject": "A course", "body": "Please train us."})
	lapsed.get("/requests/"+declined).want(http.StatusOK).
		has("Why is my request not covered?", "These rules of the support policy decided this, the strictest first:", "Maintenance for this account is not active", "Training in the product is not part of standard support.", "The way on: Training.", "Renew maintenance")
	asker := w.as("enduser@named.example")
	open := asker.ask(fields{"category": "camera-microphone", "subject": "Camera is black", "body": "It stays black."})
	asker.get("/requests/"+open).want(http.StatusOK).has("How this was counted", "Started ", "Due ").lacks("Why is my request not covered?")
	w.as("l1@vendor.example").get("/desk/tickets/"+open).want(http.StatusOK).has("How this was counted", "Started ", "when everything that was asked for was there")
}
