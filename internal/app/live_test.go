package app

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func TestAQueueHearsOfWhateverEntersIt(t *testing.T) {
	for _, c := range []struct {
		kind string
		data map[string]string
		want string
	}{
		{ticket.EventOpened, map[string]string{"state": "new", "provider": "v", "level": "L1"}, "queue:v:L1"},
		{ticket.EventOpened, map[string]string{"state": "incomplete", "provider": "v", "level": "L2"}, ""},
		{ticket.EventOpened, map[string]string{"state": "declined", "provider": "v", "level": "L1"}, ""},
		{ticket.EventCompleted, map[string]string{"provider": "v", "level": "L2"}, "queue:v:L2"},
		{ticket.EventOverridden, map[string]string{"state": "new", "provider": "v", "level": "L1"}, "queue:v:L1"},
		{ticket.EventOverridden, map[string]string{"state": "incomplete", "provider": "v", "level": "L2"}, ""},
		{ticket.EventReopened, map[string]string{"state": "open", "provider": "v", "level": "L1"}, "queue:v:L1"},
		{ticket.EventEscalated, map[string]string{"from": "L1", "to": "L2", "to_org": "v"}, "queue:v:L2"},
		{ticket.EventReturned, map[string]string{"from": "L2", "to": "L1", "to_org": "c"}, "queue:c:L1"},
		{ticket.EventTaken, map[string]string{"person": "p"}, ""},
	} {
		got := ""
		for _, e := range changes(journal.Event{Subject: "t", Kind: c.kind, Data: c.data, Position: 7}) {
			if e.Name == "arrived" {
				got = e.Topics[0]
			}
		}
		if got != c.want {
			t.Errorf("%s %v: %q, want %q", c.kind, c.data, got, c.want)
		}
	}
}
