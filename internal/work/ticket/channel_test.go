package ticket_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// channelsClause opens the portal to all but questions of how to do something, which are phoned or mailed.
const channelsClause = "\n\n## Ways to ask {#ways}\n\n```policy\n" + `channels:
  telephone: {via: desk}
  letter:    {via: desk}
  portal:    {unless: {category: how-to}, else: telephone}
  mail:      {}
  program:   {via: api, for: {category: media}, else: portal}
` + "```\n"

func withChannels(t *testing.T, fn func(t *testing.T, w *world)) {
	each(t, func(t *testing.T, w *world) {
		w.t = t
		if _, findings, err := w.book.Publish(context.Background(), "channels.md", append(slices.Clone(policies.Default()), channelsClause...), "", ""); err != nil {
			t.Fatal(err, findings)
		}
		w.clock.Advance(time.Second)
		fn(t, w)
	})
}

func (w *world) came(who, by, entrance, category string) ticket.Opened {
	w.t.Helper()
	o, err := w.tickets.Open(context.Background(), w.actors[who], ticket.Draft{Channel: entrance, By: by, Subject: "About " + category, Body: "What happened.", Category: category, Verified: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func TestTheChannelOfARequest(t *testing.T) {
	withChannels(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ entrance, by, category, allowed, use string }{
			{"portal", "", "media", "yes", ""},
			{"portal", "", "how-to", "no", "telephone"},
			{"mail", "", "how-to", "yes", ""},
			{"api", "", "media", "yes", ""},
			{"api", "", "how-to", "no", "telephone"},
			{"desk", "letter", "how-to", "yes", ""},
			{"desk", "", "how-to", "unsettled", ""}, // a call or a letter: nobody said
		} {
			o := w.came("enduser@named", c.by, c.entrance, c.category)
			got := "unsettled"
			if allowed := o.Decision.ChannelAllowed; allowed != nil {
				got = map[bool]string{true: "yes", false: "no"}[*allowed]
			}
			if got != c.allowed || o.Decision.UseChannel != c.use {
				t.Errorf("%s by %s %s: %s, use %q; want %s, use %q", c.category, c.entrance, c.by, got, o.Decision.UseChannel, c.allowed, c.use)
			}
			if o.Ticket.State != ticket.New || (o.Ticket.DueAt == nil) != (c.allowed == "no") {
				t.Errorf("%s by %s is %s, due %v", c.category, c.entrance, o.Ticket.State, o.Ticket.DueAt)
			}
		}
		_, err := w.tickets.Open(context.Background(), w.actors["enduser@named"], ticket.Draft{Channel: "desk", By: "pigeon", Subject: "s", Body: "b", Category: "how-to", Verified: true})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("a channel that the policy does not have: %v", err)
		}
	})
}

// TestARequestThatIsTurnedAwayComesAgain: it keeps its number, and its time starts when it arrives by an open channel.
func TestARequestThatIsTurnedAwayComesAgain(t *testing.T) {
	withChannels(t, func(t *testing.T, w *world) {
		phoned, mailed := w.came("enduser@named", "", "portal", "how-to"), w.came("enduser@named", "", "portal", "how-to")
		before, err := w.view("l1@vendor", phoned.Ticket.ID, "")
		if err != nil || len(before.Recordable) < 5 || before.Recordable[0].ID != "channel telephone" {
			t.Errorf("the desk can record %v, %v; want the channels by which it may come again", before.Recordable, err)
		}
		w.clock.Advance(20 * time.Minute)
		at := w.clock.Now()
		got, err := w.tickets.Record(context.Background(), w.actors["l1@vendor"], phoned.Ticket.ID, 0, "channel telephone")
		if err != nil || got.DueAt == nil {
			t.Fatalf("after the call it is due %v, %v", got, err)
		}
		v, err := w.view("l1@vendor", phoned.Ticket.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if d := v.Judgement.Decision; d.ChannelAllowed == nil || !*d.ChannelAllowed {
			t.Errorf("after the call the channel is still refused: %v", d.Because)
		}
		if slices.ContainsFunc(v.Recordable, func(e policy.EventType) bool { return e.ID == "channel letter" }) {
			t.Error("a request that was taken can still come again")
		}
		for _, c := range v.Clocks {
			if c.StartedAt != nil && *c.StartedAt != at {
				t.Errorf("%s started at %d, want %d, when they called", c.ID, *c.StartedAt, at)
			}
		}
		w.toldAs(phoned.Ticket.ID, "opened", "channel-changed to=telephone")
		if _, err := w.tickets.Record(context.Background(), w.actors["l1@vendor"], phoned.Ticket.ID, 0, "channel letter"); !fault.Is(err, fault.Conflict) {
			t.Errorf("a channel for a request that was taken: %v", err)
		}
		if _, err := w.tickets.Record(context.Background(), w.actors["enduser@named"], mailed.Ticket.ID, 0, "channel telephone"); !fault.Is(err, fault.Denied) {
			t.Errorf("the asker records a call: %v", err)
		}
		again, _, err := w.tickets.Write(context.Background(), w.actors["enduser@named"], mailed.Ticket.ID, 0, ticket.Post{Body: "Here by mail.", Channel: "portal"})
		if err != nil || again.DueAt != nil {
			t.Fatalf("an answer in the portal makes it due %v, %v", again, err)
		}
		if again, _, err = w.tickets.Write(context.Background(), w.actors["enduser@named"], mailed.Ticket.ID, 0, ticket.Post{Body: "Here by mail.", Channel: "mail"}); err != nil || again.DueAt == nil {
			t.Fatalf("a mail leaves it due %v, %v", again, err)
		}
		w.toldAs(mailed.Ticket.ID, "opened", "replied", "replied", "channel-changed to=mail")
	})
}
