package web_test

import (
	"net/http"
	"testing"
)

func TestWhatStandsInNoQueueIsKeptInSight(t *testing.T) {
	w := sqlite(t)
	declined := w.as("admin@lapsed.example").ask(fields{"category": "defect", "subject": "Lapsed but broken", "body": "It fails."})
	incomplete := w.as("admin@cloud.example").ask(fields{"category": "defect", "subject": "Cloudy fault", "body": "It fails."})
	l2 := w.as("l2@vendor.example")
	l2.get("/desk/L2").want(http.StatusOK).lacks("Lapsed but broken", "Cloudy fault")
	l2.get("/desk/aside").want(http.StatusOK).has("Set aside", declined, "Lapsed but broken").lacks("Cloudy fault")
	l2.get("/desk/aside?state=incomplete").want(http.StatusOK).has(incomplete, "Cloudy fault").lacks("Lapsed but broken")
	w.as("l3@selfhosted.example").get("/desk/aside").want(http.StatusOK).lacks("Lapsed but broken").has("Nothing is set aside")
	w.as("admin@lapsed.example").get("/desk/aside").want(http.StatusNotFound)
}
