package ticket_test

import (
	"slices"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/information"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func TestClosingAndReopeningIsNoWayAroundTheGate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			asker, category, desk string
			held                  ticket.State
		}{
			{"admin@cloud", "camera-microphone", "l2@vendor", ticket.Incomplete},
			{"admin@named", "training", "l1@vendor", ticket.Declined},
		} {
			for how, again := range map[string]func(id string) (*ticket.Ticket, error){
				"reopened": func(id string) (*ticket.Ticket, error) {
					return w.tickets.Reopen(ctx, w.actors[c.asker], id, 0, "")
				},
				"answered": func(id string) (*ticket.Ticket, error) {
					t, _, err := w.tickets.Write(ctx, w.actors[c.asker], id, 0, ticket.Post{Body: "And now?", Channel: "mail"})
					return t, err
				},
			} {
				o := w.open(c.asker, c.category)
				if o.Ticket.State != c.held {
					t.Fatalf("%s opens %s: %s", c.asker, c.category, o.Ticket.State)
				}
				if _, err := w.tickets.Finish(ctx, w.actors[c.desk], o.Ticket.ID, 0); err != nil {
					t.Fatal(err)
				}
				if done, err := again(o.Ticket.ID); err != nil || done.State != c.held {
					t.Errorf("closed and %s: %+v, %v; want %s", how, done, err, c.held)
				}
			}
		}
	})
}

func TestAnOverrideIsNoWayAroundTheGate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE account SET maintenance_until = '2026-01-01' WHERE org_id = $1", w.orgs["cloud"])
			return err
		})
		o := w.open("admin@cloud", "camera-microphone")
		if o.Ticket.State != ticket.Declined || o.Ticket.Level != "L2" {
			t.Fatalf("%+v", o.Ticket)
		}
		if _, err := w.tickets.Reopen(ctx, w.actors["l2@vendor"], o.Ticket.ID, 0, " \n"); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("a blank is no reason: %v", err)
		}
		done, err := w.tickets.Reopen(ctx, w.actors["l2@vendor"], o.Ticket.ID, 0, "Agreed with sales.")
		if err != nil || done.State != ticket.Incomplete {
			t.Fatalf("%+v, %v", done, err)
		}
		if done, err = w.tickets.Escalate(ctx, w.actors["admin@cloud"], o.Ticket.ID, 0, full()); err != nil || done.State != ticket.New || done.Level != "L2" {
			t.Fatalf("%+v, %v", done, err)
		}
	})
}

func TestAnOverrideHoldsForTheLevelsAbove(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.open("admin@lapsed", "camera-microphone")
		if _, err := w.tickets.Reopen(ctx, w.actors["l1@vendor"], o.Ticket.ID, 0, "Agreed with sales."); err != nil {
			t.Fatal(err)
		}
		done, err := w.tickets.Escalate(ctx, w.actors["l1@vendor"], o.Ticket.ID, 0, full())
		if err != nil || done.Level != "L2" || done.ProviderOrg != w.orgs["vendor"] {
			t.Fatalf("%+v, %v", done, err)
		}
	})
}

func TestARequestWhoseProviderIsNotKnownGoesUpAtTheVendor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stranger := identity.Actor{}
		w.write(func(tx *db.Tx) error {
			p, err := identity.FindOrCreateContact(tx, "stranger@else.example", "Stranger")
			if err == nil {
				stranger, err = identity.LoadActor(tx, p.ID, identity.ViaSession)
			}
			return err
		})
		o, err := w.tickets.Open(ctx, stranger, ticket.Draft{Channel: "portal", Subject: "It broke", Body: "At once.", Verified: true})
		if err != nil || o.Ticket.State != ticket.New || o.Ticket.Level != "L1" {
			t.Fatalf("%+v, %v", o.Ticket, err)
		}
		for _, who := range []string{"l1@vendor", "l2@vendor"} {
			if _, err := w.tickets.Escalate(ctx, w.actors[who], o.Ticket.ID, 0, full()); err != nil {
				t.Fatalf("%s: %v", who, err)
			}
		}
		done, err := w.tickets.Return(ctx, w.actors["l3@vendor"], o.Ticket.ID, 0, "Not the network.")
		if err != nil || done.Level != "L2" || done.ProviderKind != "vendor" {
			t.Fatalf("%+v, %v", done, err)
		}
	})
}

func TestAPurposeOfALookIsKeptAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.open("enduser@cloud", "camera-microphone").Ticket.ID
		info := full()
		delete(info.Values, "none_needed")
		info.Set("access_details", information.Value{Text: "user demo, word sesame"})
		if _, err := w.tickets.Escalate(ctx, w.actors["l1@cloud"], id, 0, info); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Reveal(ctx, w.actors["l2@vendor"], id, " "); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("a look without a purpose: %v", err)
		}
		if _, err := w.tickets.Reveal(ctx, w.actors["l2@vendor"], id, "To see the black picture."); err != nil {
			t.Fatal(err)
		}
		for who, want := range map[string]int{"l2@vendor": 1, "l1@cloud": 0, "enduser@cloud": 0} {
			list, _, err := w.tickets.Messages(ctx, w.actors[who], id, 100)
			got := 0
			for _, m := range list {
				if m.RoomID == "internal-L2" && m.Body == "To see the black picture." {
					got++
				}
			}
			if err != nil || got != want {
				t.Errorf("%s reads the purpose %d times, want %d (%v)", who, got, want, err)
			}
		}
	})
}

// A first store sealed one text under the ticket's id alone, and named no information for it.
func TestASecretOfAFirstStoreIsOpenedAndKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.open("enduser@cloud", "camera-microphone").Ticket.ID
		sealed, err := w.sealer.Seal([]byte("user demo, word sesame"), []byte(id))
		if err != nil {
			t.Fatal(err)
		}
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO information (ticket_id, data, access, updated_at) VALUES ($1, $2, $3, $4)", id,
				`{"steps":[{"action":"Open the room"}],"environment_url":"https://a.example","has_access":true,"waived":{"evidence":"no"}}`, sealed, tx.Now())
			return err
		})
		_, err = w.tickets.Escalate(ctx, w.actors["l1@cloud"], id, 0, information.Given{})
		if got := missingOf(t, err); !slices.Equal(got, []string{"test_matrix"}) {
			t.Fatalf("missing %v", got)
		}
		if _, err := w.tickets.Escalate(ctx, w.actors["l1@cloud"], id, 0, given(`{"values": {"test_matrix": [{"browser": "F", "os": "D", "device": "L", "result": "no"}]}}`)); err != nil {
			t.Fatal(err)
		}
		if got, err := w.tickets.Reveal(ctx, w.actors["l2@vendor"], id, "to see it"); err != nil || got["access_details"] != "user demo, word sesame" {
			t.Fatalf("revealed %q, %v", got, err)
		}
	})
}
