package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/journal"
)

var bg = context.Background()

const patience = 20 * time.Second

func write(t testing.TB, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(bg, fn); err != nil {
		t.Fatal(err)
	}
}

func add(t testing.TB, d *db.DB, list ...journal.Event) {
	t.Helper()
	write(t, d, func(tx *db.Tx) error {
		for _, e := range list {
			if err := journal.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// numbered makes n events of one subject.
func numbered(subject string, n int) []journal.Event {
	list := make([]journal.Event, n)
	for i := range list {
		list[i] = journal.Event{Subject: subject, Kind: "step", Data: map[string]string{"n": fmt.Sprint(i)}}
	}
	return list
}

// begin runs a sequencer until the test ends and gives what it publishes.
func begin(t testing.TB, d *db.DB) (*journal.Sequencer, <-chan []journal.Event) {
	t.Helper()
	published := make(chan []journal.Event, 1000)
	s := journal.NewSequencer(d, func(list []journal.Event) { published <- list }, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(bg)
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s, published
}

// take collects n published events.
func take(t testing.TB, from <-chan []journal.Event, n int) (all []journal.Event) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	for len(all) < n {
		select {
		case list := <-from:
			all = append(all, list...)
		case <-end.C:
			t.Fatalf("%d of %d events were published", len(all), n)
		}
	}
	if len(all) > n {
		t.Fatalf("%d events were published, want %d", len(all), n)
	}
	return all
}

// sealed appends n events and waits until they are sealed.
func sealed(t testing.TB, d *db.DB, n int) {
	t.Helper()
	s, published := begin(t, d)
	add(t, d, journal.Event{Subject: "first", Kind: "step"})
	s.Wake()
	first := take(t, published, 1)
	if first[0].Position != 1 {
		t.Fatalf("the first position is %d", first[0].Position)
	}
	for i := 1; i < n; i += 500 {
		add(t, d, numbered(fmt.Sprint("s", i), min(500, n-i))...)
	}
	s.Wake()
	take(t, published, n-1)
}

func TestASubjectsHistoryIsReadBackInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		full := journal.Event{ID: db.NewID(), Subject: "t1", Kind: "ticket.escalated", At: clock.Now() + 5, ActorID: "p1", ActorKind: "person", OrgID: "o1", RoomID: "r1",
			Clause: "escalation", Data: map[string]string{"from": "L1", "to": "L2", "odd": "a\x00\"é"}}
		add(t, d, full, journal.Event{Subject: "t2", Kind: "ticket.opened"}, journal.Event{Subject: "t1", Kind: "ticket.opened"})
		var got []journal.Event
		if err := d.Read(bg, func(tx *db.Tx) (err error) { got, err = journal.BySubject(tx, "t1"); return err }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || !reflect.DeepEqual(got[1], full) {
			t.Fatalf("%+v", got)
		}
		if e := got[0]; e.Kind != "ticket.opened" || e.At != clock.Now() || e.ActorKind != journal.System || e.ID == "" || e.Data != nil || e.Position != 0 {
			t.Fatalf("%+v", e)
		}
		for _, bad := range []journal.Event{{Subject: "t1"}, {Kind: "k"}} {
			if err := d.Write(bg, func(tx *db.Tx) error { return journal.Append(tx, bad) }); err == nil {
				t.Errorf("accepted %+v", bad)
			}
		}
	})
}

func TestCommittedEventsGetConsecutivePositionsAndArePublishedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		add(t, d, numbered("before", 3)...)
		s, published := begin(t, d)
		all := take(t, published, 3)
		lost := errors.New("rolled back")
		if err := d.Write(bg, func(tx *db.Tx) error { return errors.Join(journal.Append(tx, numbered("lost", 1)[0]), lost) }); !errors.Is(err, lost) {
			t.Fatal(err)
		}
		add(t, d, numbered("t", 4321)...)
		s.Wake()
		all = append(all, take(t, published, 4321)...)
		for i, e := range all {
			if e.Position != int64(i+1) || e.Data["n"] == "" {
				t.Fatalf("event %d: %+v", i, e)
			}
		}
		var tail []journal.Event
		if err := d.Read(bg, func(tx *db.Tx) (err error) { tail, err = journal.After(tx, 4320, 10); return err }); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(tail, all[4320:]) {
			t.Fatalf("%+v", tail)
		}
	})
}

func TestAnEventThatCommitsLateGetsALaterPosition(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s, published := begin(t, d)
		early := db.NewID()
		add(t, d, numbered("t", 2)...)
		s.Wake()
		take(t, published, 2)
		add(t, d, journal.Event{ID: early, Subject: "t", Kind: "late"})
		s.Wake()
		if got := take(t, published, 1)[0]; got.ID != early || got.Position != 3 {
			t.Fatalf("%+v", got)
		}
		whole(t, d, 3)
	})
}

func whole(t *testing.T, d *db.DB, n int64) journal.Anchor {
	t.Helper()
	r, err := journal.Verify(bg, d, nil)
	if err != nil || r.Broken != nil || r.Sealed != n || r.Unsealed != 0 || r.Head.Position != n {
		t.Fatalf("%+v %+v %v", r, r.Broken, err)
	}
	return r.Head
}

func TestSeveralNodesSealOneChainAndEachPublishesAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		const writers, each = 6, 60
		var nodes []*journal.Sequencer
		var outs []<-chan []journal.Event
		for range 3 {
			s, out := begin(t, d)
			nodes, outs = append(nodes, s), append(outs, out)
		}
		seen, total := make([]int64, 3), int64(writers*each*3)
		for n, out := range outs {
			total += greet(t, d, nodes[n], out, &seen[n])
		}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					err := d.Write(bg, func(tx *db.Tx) error {
						tx.AfterCommit(nodes[(w+i)%3].Wake)
						for range 3 {
							if err := journal.Append(tx, journal.Event{Subject: fmt.Sprint("t", w), Kind: "step"}); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for n, out := range outs {
			for seen[n] < total {
				follow(t, out, &seen[n])
			}
		}
		whole(t, d, total)
	})
}

// greet appends events until a node publishes one: then it runs, and publishes all that follow.
func greet(t *testing.T, d *db.DB, s *journal.Sequencer, out <-chan []journal.Event, seen *int64) (added int64) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		add(t, d, journal.Event{Subject: "greeting", Kind: "step"})
		added++
		s.Wake()
		select {
		case list := <-out:
			*seen = list[len(list)-1].Position
			return added
		case <-again.C:
		}
	}
}

// follow takes one publication and checks that it goes on where the last one ended.
func follow(t *testing.T, out <-chan []journal.Event, seen *int64) {
	t.Helper()
	select {
	case list := <-out:
		for _, e := range list {
			if e.Position != *seen+1 {
				t.Fatalf("position %d follows %d", e.Position, *seen)
			}
			*seen = e.Position
		}
	case <-time.After(patience):
		t.Fatalf("nothing follows position %d", *seen)
	}
}

func TestVerifyFindsWhatWasDoneToTheJournal(t *testing.T) {
	change := func(set string) string { return "UPDATE event SET " + set + " WHERE position = 1500" }
	cases := []struct {
		name   string
		do     []string
		at     int64
		reason string
	}{
		{"nothing", nil, 0, ""},
		{"kind edited", []string{change("kind = 'other'")}, 1500, "not what was sealed"},
		{"instant edited", []string{change("at = at + 1")}, 1500, "not what was sealed"},
		{"subject edited", []string{change("subject_id = 'x'")}, 1500, "not what was sealed"},
		{"id edited", []string{change("id = 'x'")}, 1500, "not what was sealed"},
		{"actor edited", []string{change("actor_id = 'x'")}, 1500, "not what was sealed"},
		{"actor kind edited", []string{change("actor_kind = 'x'")}, 1500, "not what was sealed"},
		{"organisation edited", []string{change("org_id = 'x'")}, 1500, "not what was sealed"},
		{"room edited", []string{change("room_id = 'x'")}, 1500, "not what was sealed"},
		{"clause edited", []string{change("clause = 'x'")}, 1500, "not what was sealed"},
		{"data edited", []string{change("data = '{}'")}, 1500, "not what was sealed"},
		{"chain edited", []string{change("chain = 'x'")}, 1500, "not what was sealed"},
		{"chain removed", []string{change("chain = NULL")}, 1500, "not what was sealed"},
		{"deleted", []string{"DELETE FROM event WHERE position = 1500"}, 1500, "missing"},
		{"first deleted", []string{"DELETE FROM event WHERE position = 1"}, 1, "missing"},
		{"unsealed", []string{change("position = NULL, chain = NULL")}, 1500, "missing"},
		{"deleted and closed up", []string{"DELETE FROM event WHERE position = 1500", "UPDATE event SET position = -position WHERE position > 1500",
			"UPDATE event SET position = -position - 1 WHERE position < 0"}, 1500, "not what was sealed"},
		{"two swapped", []string{change("position = 9000"), "UPDATE event SET position = 1500 WHERE position = 1501", "UPDATE event SET position = 1501 WHERE position = 9000"}, 1500, "not what was sealed"},
		{"slipped in at the end", []string{"INSERT INTO event (subject_id, id, kind, at, actor_kind, position, chain) VALUES ('x', 'x', 'x', 1, 'x', 2201, 'x')"}, 2201, "not what was sealed"},
		{"slipped in before the first", []string{"INSERT INTO event (subject_id, id, kind, at, actor_kind, position, chain) VALUES ('x', 'x', 'x', 1, 'x', 0, 'x')"}, 0, "before the first"},
		{"cut off", []string{"DELETE FROM event WHERE position > 2100"}, 2101, "ends here"},
		{"emptied", []string{"DELETE FROM event"}, 1, "ends here"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		sealed(t, d, 2200)
		anchor := whole(t, d, 2200)
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				keep := snapshot(t, d)
				write(t, d, func(tx *db.Tx) error {
					for _, statement := range c.do {
						if _, err := tx.Exec(statement); err != nil {
							return err
						}
					}
					return nil
				})
				r, err := journal.Verify(bg, d, &anchor)
				switch {
				case err != nil:
					t.Fatal(err)
				case c.reason == "" && r.Broken == nil:
				case r.Broken == nil || r.Broken.Position != c.at || !strings.Contains(r.Broken.Reason, c.reason):
					t.Fatalf("%+v %+v; want position %d: %s", r, r.Broken, c.at, c.reason)
				}
				restore(t, d, keep)
			})
		}
		whole(t, d, 2200)
	})
}

type stored [12]any

func snapshot(t *testing.T, d *db.DB) (all []stored) {
	t.Helper()
	err := d.Read(bg, func(tx *db.Tx) (err error) {
		all, err = db.Collect(tx, func(r *db.Rows) (s stored, err error) {
			to := make([]any, len(s))
			for i := range s {
				to[i] = &s[i]
			}
			return s, r.Scan(to...)
		}, "SELECT subject_id, id, kind, at, actor_id, actor_kind, org_id, room_id, clause, data, position, chain FROM event")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func restore(t *testing.T, d *db.DB, all []stored) {
	t.Helper()
	write(t, d, func(tx *db.Tx) error {
		if _, err := tx.Exec("DELETE FROM event"); err != nil {
			return err
		}
		for len(all) > 0 {
			n := min(100, len(all))
			var rows []string
			var args []any
			for i, s := range all[:n] {
				rows = append(rows, "("+db.In(12, 12*i+1)+")")
				args = append(args, s[:]...)
			}
			if _, err := tx.Exec("INSERT INTO event (subject_id, id, kind, at, actor_id, actor_kind, org_id, room_id, clause, data, position, chain) VALUES "+strings.Join(rows, ","), args...); err != nil {
				return err
			}
			all = all[n:]
		}
		return nil
	})
}

func TestAnAnchorFindsAChainThatWasWrittenAnew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		sealed(t, d, 40)
		anchor := whole(t, d, 40)
		write(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE event SET position = NULL, chain = NULL, kind = 'forged' WHERE position > 30")
			return err
		})
		begin(t, d)
		settled(t, d, 40)
		whole(t, d, 40)
		r, err := journal.Verify(bg, d, &anchor)
		if err != nil || r.Broken == nil || r.Broken.Position != 40 || !strings.Contains(r.Broken.Reason, "anew") {
			t.Fatalf("%+v %+v %v", r, r.Broken, err)
		}
	})
}

// settled waits until n events are sealed.
func settled(t *testing.T, d *db.DB, n int64) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		var at journal.Anchor
		if err := d.Read(bg, func(tx *db.Tx) (err error) { at, err = journal.Head(tx); return err }); err != nil {
			t.Fatal(err)
		}
		if at.Position == n {
			return
		}
		select {
		case <-again.C:
		case <-end.C:
			t.Fatalf("sealed up to %d, want %d", at.Position, n)
		}
	}
}
