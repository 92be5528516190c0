package web_test

import (
	"net/http"
	"testing"
)

// Who manages a desk begins with all its queues; who serves a level has that level's.
func TestAManagerSeesAllQueuesAtOnce(t *testing.T) {
	w := sqlite(t)
	number := w.as("admin@named.example").ask(fields{"category": "how-to", "subject": "Fresh at level 1", "body": "How?"})
	all := w.as("manager@vendor.example").get("/desk").follow().want(http.StatusOK).has("All queues", "Example Meetings", "Level 1", "Level 2", "Level 3", number, "Recordings of yesterday are still not ready")
	all.b.get(all.link("Level 3")).has("Recordings of yesterday are still not ready").lacks(number)
	for _, other := range []string{"l1@vendor.example", "l1@partner.example"} {
		w.as(other).get("/desk/all").want(http.StatusNotFound)
	}
}
