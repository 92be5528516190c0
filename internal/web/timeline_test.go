package web_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// A room with more messages than a page holds leads to the earlier ones, and back.
func TestALongRoomLeadsToItsEarlierMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		nadia, lena := w.as("admin@named.example"), w.as("l1@vendor.example")
		number := nadia.ask(fields{"category": "how-to", "subject": "A long talk", "body": "Message 0."})
		var who identity.Actor
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			p, err := identity.ByEmail(tx, "admin@named.example")
			if err == nil {
				who, err = identity.LoadActor(tx, p.ID, identity.ViaSession)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range ticket.MaxTimeline + 2 {
			if _, _, err := w.tickets.Write(context.Background(), who, number, 0, ticket.Post{Room: "requester", Body: fmt.Sprintf("Message %d.", i+1), Channel: "portal"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, reader := range []*answer{nadia.get("/requests/" + number), lena.get("/desk/tickets/" + number)} {
			reader.want(http.StatusOK).has("Message 3.", fmt.Sprintf("Message %d.", ticket.MaxTimeline+2)).lacks("Message 2.", "Newest messages")
			older := reader.b.get(reader.link("Earlier messages")).want(http.StatusOK).has("Message 0.", "Message 2.", "opened this").lacks("Message 3.", "Earlier messages")
			older.b.get(older.link("Newest messages")).has("Message 3.").lacks("Message 2.")
		}
	})
}
