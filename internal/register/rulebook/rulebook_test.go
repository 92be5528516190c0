package rulebook_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/schema"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
)

// The clock of dbtest begins on Monday 2026-11-23 at 09:00 UTC.

const template = `# %s {#support-policy}

## Effect {#effect}

~~~policy
policy: {name: %s, vendor: Example Meetings, effective: %s, zone: Europe/Budapest}
levels:
  L1: {name: Level 1}
responsibility:
  - for: {product.type: cloud}
    L1: {by: vendor, for: [end-user, customer]}
hours:
  - {use: always}
~~~
`

func document(name, effective string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(template, name, name, effective), "~~~", "```"))
}

func publish(t *testing.T, b *rulebook.Book, name, effective, override string) rulebook.Version {
	t.Helper()
	v, findings, err := b.Publish(context.Background(), name+".md", document(name, effective), override, "tester")
	if err != nil {
		t.Fatal(err, findings)
	}
	return v
}

func inForce(t *testing.T, b *rulebook.Book, at int64) string {
	t.Helper()
	c, err := b.InForce(context.Background(), at)
	if fault.Is(err, fault.NotFound) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	if c.Policy.Name() != c.Name {
		t.Errorf("version %d is called %s and holds %s", c.Number, c.Name, c.Policy.Name())
	}
	return c.Name
}

func instant(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func TestAVersionIsInForceFromItsDateOrItsPublishingWhicheverIsLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := rulebook.New(d, clock.Now)
		if got := inForce(t, b, clock.Now()); got != "none" {
			t.Fatalf("%s is in force in an empty book", got)
		}
		past := publish(t, b, "past", "2020-10-01", "")
		if past.Number != 1 || past.PublishedAt != dbtest.Start || past.PublishedBy != "tester" || past.EffectiveAt != instant(t, "2020-09-30T22:00:00Z") || len(past.Hash) != 64 {
			t.Errorf("published as %+v", past)
		}
		clock.Advance(time.Hour)
		december := publish(t, b, "december", "2026-12-01", "")
		clock.Advance(time.Hour)
		override := publish(t, b, "override", "2020-10-01", "2026-11-25")
		clock.Advance(time.Hour)
		same := publish(t, b, "same day but later", "2026-12-01", "")
		if december.EffectiveAt != same.EffectiveAt {
			t.Errorf("one day begins at %d and at %d", december.EffectiveAt, same.EffectiveAt)
		}
		if override.EffectiveAt != instant(t, "2026-11-24T23:00:00Z") {
			t.Errorf("the date given begins at %d", override.EffectiveAt)
		}
		for _, c := range []struct{ at, want string }{
			{"2026-11-23T08:59:59Z", "none"}, // the past policy was not published yet
			{"2026-11-23T09:00:00Z", "past"},
			{"2026-11-24T22:59:59Z", "past"},
			{"2026-11-24T23:00:00Z", "override"}, // midnight in Budapest
			{"2026-11-30T22:59:59Z", "override"},
			{"2026-11-30T23:00:00Z", "same day but later"}, // of two that begin together, the later published
			{"2030-01-01T00:00:00Z", "same day but later"},
		} {
			if got := inForce(t, b, instant(t, c.at)); got != c.want {
				t.Errorf("at %s %q is in force; want %q", c.at, got, c.want)
			}
		}
		pinned, err := b.ByNumber(context.Background(), december.Number)
		if err != nil || pinned.Version != december || pinned.Policy.Name() != "december" {
			t.Errorf("by number %+v, %v", pinned, err)
		}
		if _, err := b.ByNumber(context.Background(), 9); !fault.Is(err, fault.NotFound) {
			t.Errorf("a version that is not there: %v", err)
		}
		if src, err := b.Source(context.Background(), 1); err != nil || src != string(document("past", "2020-10-01")) {
			t.Errorf("source %q, %v", src, err)
		}
		if _, err := b.Source(context.Background(), 9); !fault.Is(err, fault.NotFound) {
			t.Errorf("the source of a version that is not there: %v", err)
		}
		list, err := b.List(context.Background())
		if err != nil || !slices.Equal(list, []rulebook.Version{past, december, override, same}) {
			t.Errorf("list %+v, %v", list, err)
		}
	})
}

func TestADocumentWithAMistakeChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := rulebook.New(d, clock.Now)
		publish(t, b, "good", "2020-10-01", "")
		good := string(document("better", "2020-10-01"))
		for what, src := range map[string]string{
			"a word misspelt":        strings.Replace(good, "use: always", "use: allways", 1),
			"no policy":              "# Nothing\n",
			"empty":                  "",
			"a NUL":                  good + "\x00",
			"no UTF-8":               good + "\xff",
			"a date that is none":    strings.Replace(good, "2020-10-01", "2020-13-01", 1),
			"a zone that is nowhere": strings.Replace(good, "Europe/Budapest", "Europe/Atlantis", 1),
		} {
			_, findings, err := b.Publish(context.Background(), "support.md", []byte(src), "", "tester")
			if !fault.Is(err, fault.Invalid) || len(findings) == 0 || findings[0].File != "support.md" || findings[0].Line < 1 {
				t.Errorf("%s: %v %v", what, findings, err)
			}
		}
		for _, date := range []string{"tomorrow", "2026-02-30", "2026-12-01T00:00:00Z", "01.12.2026"} {
			_, _, err := b.Publish(context.Background(), "support.md", []byte(good), date, "tester")
			if f := fault.Fields(err); !fault.Is(err, fault.Invalid) || len(f) != 1 || f[0].Path != "effective" {
				t.Errorf("effective %s: %v", date, err)
			}
		}
		if got := inForce(t, b, clock.Now()); got != "good" {
			t.Errorf("%s is in force", got)
		}
	})
}

func TestTheSameVersionTwiceIsOneAndAnEarlierTextComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := rulebook.New(d, clock.Now)
		first := publish(t, b, "a", "2020-10-01", "")
		clock.Advance(time.Minute)
		if again := publish(t, b, "a", "2020-10-01", ""); again != first {
			t.Errorf("published again as %+v", again)
		}
		publish(t, b, "b", "2020-10-01", "")
		clock.Advance(time.Minute)
		if back := publish(t, b, "a", "2020-10-01", ""); back.Number != 3 || back.Hash != first.Hash {
			t.Errorf("came back as %+v", back)
		}
		if got := inForce(t, b, clock.Now()); got != "a" {
			t.Errorf("%s is in force", got)
		}
	})
}

func TestAnotherProcessIsSeenWithinASecondAndTheOwnPublishingAtOnce(t *testing.T) {
	pairs(t, func(t *testing.T, d, other *db.DB, clock *dbtest.Clock) {
		server, command := rulebook.New(d, clock.Now), rulebook.New(other, clock.Now)
		publish(t, server, "a", "2020-10-01", "")
		if got := inForce(t, server, clock.Now()); got != "a" {
			t.Fatalf("the own publishing: %s", got)
		}
		clock.Advance(time.Millisecond)
		v := publish(t, command, "b", "2020-10-01", "")
		if c, err := server.ByNumber(context.Background(), v.Number); err != nil || c.Name != "b" {
			t.Errorf("a number that is new to this process: %v, %v", c, err)
		}
		clock.Advance(time.Second)
		if got := inForce(t, server, clock.Now()); got != "b" {
			t.Errorf("after a second %s is in force", got)
		}
		publish(t, server, "c", "2020-10-01", "")
		if got := inForce(t, server, clock.Now()); got != "c" {
			t.Errorf("the own publishing: %s", got)
		}
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			c, err := server.InForceTx(tx, tx.Now())
			if err == nil && c.Name != "c" {
				t.Errorf("in a transaction %s is in force", c.Name)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestWritersWhoPublishAtOnceGetNumbersOfTheirOwn(t *testing.T) {
	pairs(t, func(t *testing.T, d, other *db.DB, clock *dbtest.Clock) {
		books := []*rulebook.Book{rulebook.New(d, clock.Now), rulebook.New(other, clock.Now)}
		const each = 6
		numbers := make([]int, 2*each)
		var wg sync.WaitGroup
		for i := range numbers {
			wg.Go(func() {
				v, findings, err := books[i%2].Publish(context.Background(), "x.md", document(fmt.Sprint("policy ", i), "2020-10-01"), "", "tester")
				if err != nil {
					t.Error(err, findings)
				}
				numbers[i] = v.Number
			})
		}
		wg.Wait()
		slices.Sort(numbers)
		for i, n := range numbers {
			if n != i+1 {
				t.Fatalf("numbers %v; want each of 1 to %d once", numbers, 2*each)
			}
		}
		clock.Advance(time.Second)
		a, err := books[0].InForce(context.Background(), clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		b, err := books[1].InForce(context.Background(), clock.Now())
		if err != nil || a.Version != b.Version || a.Number != 2*each {
			t.Errorf("one process judges by %d, the other by %d, %v", a.Number, b.Number, err)
		}
	})
}

func TestMoreVersionsThanAreKeptCompiledStayReadable(t *testing.T) {
	clock := dbtest.NewClock()
	b := rulebook.New(dbtest.SQLite(t, clock.Now), clock.Now)
	const n = 40
	for i := range n {
		publish(t, b, fmt.Sprint("policy ", i+1), "2020-10-01", "")
	}
	for range 2 {
		for i := range n {
			c, err := b.ByNumber(context.Background(), i+1)
			if err != nil || c.Policy.Name() != fmt.Sprint("policy ", i+1) {
				t.Fatalf("version %d: %v, %v", i+1, c, err)
			}
		}
	}
}

// pairs runs fn on both engines with two handles on one database, as a server and a command beside it have.
func pairs(t *testing.T, fn func(t *testing.T, d, other *db.DB, clock *dbtest.Clock)) {
	t.Helper()
	for engine, makeURL := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") },
		"postgres": func(t *testing.T) string { return dbtest.PostgresURL(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			clock, address := dbtest.NewClock(), makeURL(t)
			open := func() *db.DB {
				d, err := db.Open(context.Background(), db.Options{URL: address, Now: clock.Now, Readers: 2})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { d.Close() })
				if err := d.Migrate(context.Background(), schema.Migrations()); err != nil {
					t.Fatal(err)
				}
				return d
			}
			fn(t, open(), open(), clock)
		})
	}
}

func BenchmarkInForceTx(b *testing.B) {
	clock := dbtest.NewClock()
	d := dbtest.SQLite(b, clock.Now)
	book := rulebook.New(d, clock.Now)
	if _, _, err := book.Publish(context.Background(), "x.md", document("x", "2020-10-01"), "", "tester"); err != nil {
		b.Fatal(err)
	}
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		for b.Loop() {
			if _, err := book.InForceTx(tx, tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func TestPublishingIsInTheJournalAndMayDoMoreInItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := context.Background()
		b := rulebook.New(d, clock.Now)
		refuse := errors.New("no")
		pub := rulebook.Publication{File: "a.md", Source: document("a", "2027-01-01"), Probes: "probes: []", AtOnce: true, PersonID: "ada"}
		if _, _, err := b.PublishWith(ctx, pub, func(*db.Tx, rulebook.Version) error { return refuse }); !errors.Is(err, refuse) {
			t.Fatal(err)
		}
		if got := inForce(t, b, clock.Now()); got != "none" {
			t.Fatalf("%s is in force though the transaction failed", got)
		}
		v, _, err := b.PublishWith(ctx, pub, nil)
		if err != nil || v.PublishedBy != "ada" || v.From() != dbtest.Start {
			t.Fatalf("%+v, %v", v, err)
		}
		if got := inForce(t, b, clock.Now()); got != "a" {
			t.Errorf("%s is in force at once", got)
		}
		if src, err := b.Probes(ctx, 1); err != nil || src != "probes: []" {
			t.Errorf("%q, %v", src, err)
		}
		clock.Advance(time.Hour)
		publish(t, b, "b", "2027-01-01", "")
		publish(t, b, "b", "2027-01-01", "") // the same again is no event
		var events []journal.Event
		err = d.Read(ctx, func(tx *db.Tx) (err error) {
			events, err = journal.BySubject(tx, rulebook.Subject)
			return err
		})
		if err != nil || len(events) != 2 {
			t.Fatalf("%+v, %v", events, err)
		}
		if e := events[0]; e.Kind != rulebook.EventPublished || e.ActorID != "ada" || e.Data["number"] != "1" || e.Data["hash"] != v.Hash || e.Data["by"] != "" {
			t.Errorf("%+v", e)
		}
		if e := events[1]; e.ActorID != "" || e.ActorKind != journal.System || e.Data["number"] != "2" || e.Data["by"] != "tester" || e.At != clock.Now() {
			t.Errorf("%+v", e)
		}
	})
}
