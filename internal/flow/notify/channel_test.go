package notify_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// TestARefusedChannelIsAnsweredWithTheOneToUse: the request is kept, the mail promises no time and names the channel and the clause.
func TestARefusedChannelIsAnsweredWithTheOneToUse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clause := "\n\n## Ways to ask {#ways}\n\n```policy\nchannels: {portal: {for: {category: media}, else: call}, call: {via: desk, title: Our telephone}, mail: {}}\n```\n"
		if _, findings, err := rulebook.New(w.d, w.d.Now).Publish(t.Context(), "ways.md", append(slices.Clone(policies.Default()), clause...), "", ""); err != nil {
			t.Fatal(err, findings)
		}
		w.clock.Advance(time.Minute)
		tk := w.opens("admin@named.example", ticket.Draft{Category: "how-to"})
		got := w.mail()
		for _, want := range []string{tk.Name(), "the times that we promise have not started", "Please use: Our telephone.", "#ways", "answer this mail"} {
			if !strings.Contains(got.msg.Text, want) {
				t.Errorf("the mail does not say %q:\n%s", want, got.msg.Text)
			}
		}
		if strings.Contains(got.msg.Text, "(our ") {
			t.Errorf("the mail promises a time:\n%s", got.msg.Text)
		}
		w.opens("admin@named.example", ticket.Draft{Category: "media"})
		if open := w.mail(); strings.Contains(open.msg.Text, "Please use") || !strings.Contains(open.msg.Text, "(our ") {
			t.Errorf("a request by an open channel reads\n%s", open.msg.Text)
		}
	})
}
