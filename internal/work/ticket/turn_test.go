package ticket_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func (w *world) say(who, ref string, p ticket.Post) *ticket.Ticket {
	w.t.Helper()
	p.Channel = "desk"
	done, _, err := w.tickets.Write(ctx, w.actors[who], ref, 0, p)
	if err != nil {
		w.t.Fatalf("%s writes: %v", who, err)
	}
	return done
}

func (w *world) up(who, ref string) *ticket.Ticket {
	w.t.Helper()
	done, err := w.tickets.Escalate(ctx, w.actors[who], ref, 0, full())
	if err != nil {
		w.t.Fatalf("%s escalates: %v", who, err)
	}
	return done
}

// firstAnswer is the state of the first clock.
func (w *world) firstAnswer(who, ref string) string {
	w.t.Helper()
	s, err := w.tickets.Find(ctx, w.actors[who], ref)
	if err != nil || len(s.Clocks) == 0 {
		w.t.Fatal(s.Clocks, err)
	}
	return s.Clocks[0].State
}

func TestADeskThatHandedItOnAnswersForNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.open("enduser@cloud", "camera-microphone").Ticket.ID
		if done := w.up("l1@cloud", id); done.DueAt == nil {
			t.Fatalf("no clock runs at level 2: %+v", done)
		}
		done := w.say("l1@cloud", id, ticket.Post{Room: "requester", Body: "We have asked the vendor."})
		if done.State != ticket.New || w.firstAnswer("l2@vendor", id) != "running" {
			t.Fatalf("a customer's desk answered for the vendor: %s, %s", done.State, w.firstAnswer("l2@vendor", id))
		}
		for _, then := range []string{"waiting", "solved"} {
			_, _, err := w.tickets.Write(ctx, w.actors["l1@cloud"], id, 0, ticket.Post{Room: "requester", Body: "x", Then: then})
			if fault.KindOf(err) != fault.Denied {
				t.Errorf("a desk without the ticket says it is %s: %v", then, err)
			}
		}
		w.say("l2@vendor", id, ticket.Post{Body: "Which browser?", Then: "waiting"})
		if w.firstAnswer("l2@vendor", id) != "met" {
			t.Fatal("an answer to the desk below is one")
		}
		if done = w.say("enduser@cloud", id, ticket.Post{Body: "Any news?"}); done.State != ticket.Waiting {
			t.Fatalf("who was not asked has answered: %s", done.State)
		}
		if done = w.say("l1@cloud", id, ticket.Post{Room: "L1-L2", Body: "Firefox."}); done.State != ticket.Open {
			t.Fatalf("the desk below has answered: %s", done.State)
		}
	})
}

func TestEngineersOfOneOrganisationAnswerNobodyAmongThemselves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.open("enduser@named", "camera-microphone").Ticket.ID
		w.up("l1@vendor", id)
		w.say("l2@vendor", id, ticket.Post{Room: "L1-L2", Body: "Have you tried another camera?"})
		if got := w.firstAnswer("l2@vendor", id); got != "running" {
			t.Fatalf("the requester has heard nothing and the first answer is %s", got)
		}
		w.say("l2@vendor", id, ticket.Post{Room: "requester", Body: "Please try another camera."})
		if got := w.firstAnswer("l2@vendor", id); got != "met" {
			t.Fatalf("the first answer is %s", got)
		}
	})
}

// What who asks writes stays between them and the desk that serves them, by
// whichever way it comes (clause responsibility).
func TestWhoAsksSpeaksWithTheirOwnDeskOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, act := range map[string]func(id string) error{
			"write": func(id string) error {
				_, _, err := w.tickets.Write(ctx, w.actors["enduser@cloud"], id, 0, ticket.Post{Body: "My number is 555-0100."})
				return err
			},
			"solve": func(id string) error {
				_, err := w.tickets.Solve(ctx, w.actors["enduser@cloud"], id, 0, "My number is 555-0100.")
				return err
			},
			"reopen": func(id string) error {
				if _, err := w.tickets.Solve(ctx, w.actors["l2@vendor"], id, 0, ""); err != nil {
					return err
				}
				_, err := w.tickets.Reopen(ctx, w.actors["enduser@cloud"], id, 0, "My number is 555-0100.")
				return err
			},
		} {
			id := w.open("enduser@cloud", "camera-microphone").Ticket.ID
			w.up("l1@cloud", id)
			if err := act(id); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for who, want := range map[string]int{"l1@cloud": 1, "l2@vendor": 0} {
				list, _, err := w.tickets.Messages(ctx, w.actors[who], id, 100)
				got := 0
				for _, m := range list {
					if m.Body == "My number is 555-0100." {
						got++
					}
				}
				if err != nil || got != want {
					t.Errorf("%s: %s reads %d of it, want %d (%v)", name, who, got, want, err)
				}
			}
		}
	})
}

// Customer, partner and vendor: whoever meets the one below only is told of nobody further down.
func TestNobodyIsNamedToAnOrganisationThatDoesNotMeetThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE account SET partner_id = $1 WHERE org_id = $2", w.orgs["partner"], w.orgs["cloud"])
			return err
		})
		o := w.open("admin@cloud", "camera-microphone")
		if o.Ticket.ProviderOrg != w.orgs["partner"] || o.Ticket.State != ticket.Incomplete {
			t.Fatalf("%+v", o.Ticket)
		}
		w.up("l1@cloud", o.Ticket.ID)
		w.up("l1@partner", o.Ticket.ID)
		if _, err := w.tickets.Solve(ctx, w.actors["l1@cloud"], o.Ticket.ID, 0, ""); err != nil {
			t.Fatal(err)
		}
		v, err := w.view("l3@vendor", o.Ticket.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if told := fmt.Sprint(v.People, v.Requester.Name); strings.Contains(told, "@cloud") || !strings.Contains(told, "l1@partner") {
			t.Errorf("level 3 of the vendor is told of %s", told)
		}
		if len(v.Handovers) != 1 || v.Handovers[0].Kind != "escalate" {
			t.Errorf("and of the hand-overs %+v", v.Handovers)
		}
	})
}

func TestAStaleFormTellsNothingOfRoomsThatItsSenderCannotRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.open("enduser@named", "how-to")
		w.say("l1@vendor", o.Ticket.ID, ticket.Post{Room: "internal", Body: "Between us."})
		_, err := w.tickets.Solve(ctx, w.actors["enduser@named"], o.Ticket.ID, o.Ticket.Version, "")
		stale, ok := fault.Detail(err).(ticket.Stale)
		if !ok || len(stale.Events) != 0 {
			t.Fatalf("%v, %+v", err, stale.Events)
		}
	})
}

// The first call has changed the version that the second one carries again.
func TestAMessageSentAgainWithItsKeyAndVersionIsAnsweredAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.open("enduser@named", "how-to")
		p := ticket.Post{Body: "Please hurry.", Channel: "api", IdempotencyKey: "k", RequestHash: "h"}
		_, first, err := w.tickets.Write(ctx, w.actors["enduser@named"], o.Ticket.ID, o.Ticket.Version, p)
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := w.tickets.Write(ctx, w.actors["enduser@named"], o.Ticket.ID, o.Ticket.Version, p)
		if err != nil || again.ID != first.ID {
			t.Fatalf("%s and %s, %v", first.ID, again.ID, err)
		}
	})
}
