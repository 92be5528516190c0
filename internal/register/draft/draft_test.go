package draft_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
)

func owner(name string) identity.Actor {
	return identity.Actor{PersonID: name, Name: name, OrgID: "vendor", OrgKind: org.Vendor, Owner: true, Verified: true}
}

func text(s string) *string { return &s }

func fields(err error) (out []string) {
	for _, f := range fault.Fields(err) {
		out = append(out, f.Path)
	}
	return out
}

func TestTwoOwnersWriteOneDraftAndNothingIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx, woken := context.Background(), 0
		s := draft.New(d, func() { woken++ })
		ada, ben := owner("ada"), owner("ben")
		made, err := s.Create(ctx, ada, draft.Draft{Title: " Winter  hours ", Base: 1, Source: "# A\r\ntext\rend"})
		if err != nil || made.Version != 1 || made.Title != "Winter hours" || made.Source != "# A\ntext\nend" || made.CreatedBy != "ada" || made.CreatedAt != dbtest.Start {
			t.Fatalf("%+v, %v", made, err)
		}
		clock.Advance(time.Minute)
		first, err := s.Save(ctx, ben, made.ID, 1, draft.Change{Source: text("# B")})
		if err != nil || first.Version != 2 || first.UpdatedBy != "ben" || first.UpdatedAt != clock.Now() || first.Title != "Winter hours" {
			t.Fatalf("%+v, %v", first, err)
		}
		_, err = s.Save(ctx, ada, made.ID, 1, draft.Change{Source: text("# mine")})
		theirs, ok := fault.Detail(err).(draft.Draft)
		if !fault.Is(err, fault.Conflict) || !ok || theirs.Source != "# B" || theirs.UpdatedBy != "ben" || theirs.Version != 2 {
			t.Fatalf("saved over what another wrote: %v, %+v", err, theirs)
		}
		if _, err := s.Save(ctx, ada, made.ID, 2, draft.Change{Probes: text("probes: []")}); err != nil {
			t.Fatal(err)
		}
		now, err := s.ByID(ctx, ada, made.ID)
		if err != nil || now.Source != "# B" || now.Probes != "probes: []" || now.Version != 3 {
			t.Fatalf("%+v, %v", now, err)
		}
		list, err := s.Open(ctx, ben)
		if err != nil || len(list) != 1 || list[0].ID != made.ID || list[0].Source != "" {
			t.Fatalf("%+v, %v", list, err)
		}
		publish := func(seen int) error {
			return d.Write(ctx, func(tx *db.Tx) error { return draft.MarkPublished(tx, made.ID, seen, 7) })
		}
		if err := publish(2); !fault.Is(err, fault.Conflict) {
			t.Errorf("published what nobody saw: %v", err)
		}
		if err := publish(3); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"publish": publish(3), "discard": s.Discard(ctx, ada, made.ID, 3), "save": second(s.Save(ctx, ada, made.ID, 3, draft.Change{}))} {
			if !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), "version 7") {
				t.Errorf("%s after publishing: %v", what, err)
			}
		}
		if list, _ := s.Open(ctx, ada); len(list) != 0 {
			t.Errorf("still open: %+v", list)
		}
		if woken != 3 {
			t.Errorf("the journal was woken %d times", woken)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestOfWritersWhoSaveAtOnceOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := context.Background()
		s := draft.New(d, func() {})
		made, err := s.Create(ctx, owner("ada"), draft.Draft{Title: "x", Source: "# A"})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { _, errs[i] = s.Save(ctx, owner("ada"), made.ID, 1, draft.Change{Source: text("# other")}) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fault.Is(err, fault.Conflict) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 8 saved", won)
		}
	})
}

func TestADraftIsThereForOwnersOfTheVendorOnly(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	ctx := context.Background()
	s := draft.New(d, func() {})
	made, err := s.Create(ctx, owner("ada"), draft.Draft{Title: "x", Source: "# A"})
	if err != nil {
		t.Fatal(err)
	}
	customer, unproven, engineer := owner("c"), owner("u"), owner("e")
	customer.OrgKind, unproven.Verified, engineer.Owner, engineer.Manager, engineer.Admin = org.Customer, false, false, true, true
	for name, a := range map[string]identity.Actor{"customer": customer, "unproven": unproven, "engineer": engineer, "nobody": {}, "system": identity.System()} {
		_, create := s.Create(ctx, a, draft.Draft{Title: "x", Source: "# A"})
		_, save := s.Save(ctx, a, made.ID, 1, draft.Change{Source: text("# B")})
		_, read := s.ByID(ctx, a, made.ID)
		_, list := s.Open(ctx, a)
		_, none := s.ByID(ctx, owner("ada"), "none")
		for what, err := range map[string]error{"create": create, "save": save, "read": read, "list": list, "discard": s.Discard(ctx, a, made.ID, 1)} {
			if !fault.Is(err, fault.NotFound) || fault.Message(err) != fault.Message(none) {
				t.Errorf("%s may %s: %v", name, what, err)
			}
		}
	}
	if err := s.Discard(ctx, owner("ada"), made.ID, 1); err != nil {
		t.Error(err)
	}
	if _, err := s.ByID(ctx, owner("ada"), made.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("discarded: %v", err)
	}
	var events []journal.Event
	err = d.Read(ctx, func(tx *db.Tx) (err error) {
		events, err = journal.BySubject(tx, rulebook.Subject)
		return err
	})
	if err != nil || len(events) != 2 || events[0].Kind != draft.EventDrafted || events[0].ActorID != "ada" || events[0].Data["draft"] != made.ID || events[1].Kind != draft.EventDiscarded {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestWhatCannotBeKeptIsSaidAndChangesNothing(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	ctx := context.Background()
	s := draft.New(d, func() {})
	made, err := s.Create(ctx, owner("ada"), draft.Draft{Title: "x", Source: "# A"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change draft.Change
		field  string
		says   string
	}{
		{"empty", draft.Change{Source: text(" \n")}, "source", "is empty"},
		{"too long", draft.Change{Source: text(strings.Repeat("word ", 1<<18))}, "source", "longer than 1 MiB"},
		{"not UTF-8", draft.Change{Source: text("# A\xff")}, "source", "UTF-8"},
		{"NUL", draft.Change{Source: text("# A\x00")}, "source", "NUL"},
		{"probes too long", draft.Change{Probes: text(strings.Repeat("# no probe\n", 1<<17))}, "probes", "longer than 1 MiB"},
		{"no title", draft.Change{Title: text(" ")}, "title", "Write a name"},
		{"long title", draft.Change{Title: text(strings.Repeat("x", 121))}, "title", "Write a name"},
	} {
		_, err := s.Save(ctx, owner("ada"), made.ID, 1, c.change)
		if !fault.Is(err, fault.Invalid) || !slices.Equal(fields(err), []string{c.field}) || !strings.Contains(fault.Fields(err)[0].Message, c.says) {
			t.Errorf("%s: %v %+v", c.name, err, fault.Fields(err))
		}
	}
	if now, _ := s.ByID(ctx, owner("ada"), made.ID); now.Version != 1 || now.Source != "# A" {
		t.Errorf("changed: %+v", now)
	}
}
