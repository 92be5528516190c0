package coverage

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// placePolicy chooses by product type among calendars that rest on the office, the place, both, or the contract.
const placePolicy = "# P {#p}\n```policy\n" + `policy: {name: P, vendor: V, effective: 2026-01-01, zone: UTC}
levels: {L1: {name: Level 1}}
categories: {x: {level: L1, title: X}}
severity: {scale: {S1: {name: High}, S2: {name: Low}}}
responsibility: [{for: {product.type: [office, place, both, own, town, contract, mixed, added]}, L1: {by: vendor, for: [customer, end-user]}}]
holidays: {company: {plus: [12-24]}}
places: {izegem: {zone: Europe/Brussels, holidays: [BE, company]}, miami: {zone: America/New_York, holidays: US}, depot: {zone: UTC, holidays: none}}
calendars:
  office: {place: account.office, week: "mon-fri 09:00-16:30", closed: [place]}
  place: {place: account.place, week: "mon-fri 09:00-17:00", closed: [place]}
  both: {any: [office, place], business_day: 8h}
  own: {place: account.place, week: "mon-fri 09:00-17:00", closed: [place, BE], dates: [{dates: 12-31, week: "09:00-12:00"}]}
  town: {place: miami, week: "mon-fri 09:00-16:30", closed: [place]}
  contract: {from: contract.hours, like: {hours_per_week: 45}}
  late: {zone: UTC, week: "mon-fri 12:00-20:00"}
hours:
  - {for: {product.type: office}, use: office}
  - {for: {product.type: place}, use: place}
  - {for: {product.type: both}, use: both}
  - {for: {product.type: own}, use: own}
  - {for: {product.type: town}, use: town}
  - {for: {product.type: contract}, use: contract}
  - {for: {product.type: added}, use: late}
  - {use: late, outside: best-effort}
  - {for: {product.type: added}, add: place}
clocks:
  reply: {title: Reply, starts: created, stops: first-reply, within: [{for: {severity: S1}, is: 2h}, {is: 1 business day}]}
  visit: {title: Visit, starts: created, stops: on-site, within: [{is: 2h on place}]}
` + "```\n"

func places(t testing.TB) *policy.Policy {
	t.Helper()
	p, findings := policy.Parse("p.md", []byte(placePolicy))
	if p == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	return p
}

func dueOf(d Decision, clock string) string {
	for _, c := range d.Clocks {
		if c.ID == clock && c.DueAt != nil {
			return time.UnixMilli(*c.DueAt).UTC().Format(time.RFC3339)
		}
	}
	return ""
}

func openingOf(ms *int64) string {
	if ms == nil {
		return ""
	}
	return time.UnixMilli(*ms).UTC().Format(time.RFC3339)
}

// TestHoursAtPlaces: the same week at different places, with the holidays that are kept there.
func TestHoursAtPlaces(t *testing.T) {
	p := places(t)
	for _, c := range []struct {
		what, text string
		open       bool
		opens, due string
	}{
		{"an office of the policy", `at: 2026-06-02T08:00:00Z, product: {type: office}, account: {office: izegem}`, true, "", "2026-06-02T10:00:00Z"},
		{"another office", `at: 2026-06-02T08:00:00Z, product: {type: office}, account: {office: miami}`, false, "2026-06-02T13:00:00Z", "2026-06-02T15:00:00Z"},
		{"a holiday of the office", `at: 2026-07-21T08:00:00Z, product: {type: office}, account: {office: izegem}`, false, "2026-07-22T07:00:00Z", "2026-07-22T09:00:00Z"},
		{"a holiday of the policy's own", `at: 2026-12-24T08:30:00Z, product: {type: office}, account: {office: izegem}`, false, "2026-12-28T08:00:00Z", "2026-12-28T10:00:00Z"},
		{"a place that keeps none", `at: 2026-12-25T08:30:00Z, product: {type: office}, account: {office: depot}`, false, "2026-12-25T09:00:00Z", "2026-12-25T11:00:00Z"},
		{"a place that only the register knows", `at: 2026-11-03T01:00:00Z, product: {type: place}, account: {place: {zone: Asia/Tokyo, holidays: JP}}`, false, "2026-11-04T00:00:00Z", "2026-11-04T02:00:00Z"},
		{"holidays of the place and of ours", `at: 2026-07-21T01:00:00Z, product: {type: own}, account: {place: {zone: Asia/Tokyo, holidays: JP}}`, false, "2026-07-22T00:00:00Z", "2026-07-22T02:00:00Z"},
		{"a special day at the place", `at: 2026-12-31T03:30:00Z, product: {type: own}, account: {place: {zone: Asia/Tokyo, holidays: none}}`, false, "2027-01-04T00:00:00Z", "2027-01-04T02:00:00Z"},
		{"two places together", `at: 2026-06-02T14:45:00Z, product: {type: both}, account: {place: {zone: UTC, holidays: none}, office: izegem}`, true, "", "2026-06-02T16:45:00Z"},
		{"a place that the calendar names", `at: 2026-07-03T15:00:00Z, product: {type: town}`, false, "2026-07-06T13:00:00Z", "2026-07-06T15:00:00Z"},
		{"hours of the contract", `at: 2026-06-02T16:30:00Z, product: {type: contract}, contract: {hours: {zone: Europe/London, week: "mon-fri 09:00-18:00"}}`, true, "", "2026-06-03T09:30:00Z"},
		{"hours of the contract with holidays", `at: 2026-12-25T12:00:00Z, product: {type: contract}, contract: {hours: {zone: Europe/London, week: "mon-fri 09:00-18:00", holidays: GB}}`, false, "2026-12-29T09:00:00Z", "2026-12-29T11:00:00Z"},
		{"hours added at a place", `at: 2026-06-02T01:00:00Z, product: {type: added}, account: {place: {zone: Asia/Tokyo, holidays: JP}}`, true, "", "2026-06-02T03:00:00Z"},
	} {
		s := situation(t, p, "{severity: S1, requester: {kind: customer}, category: x, "+c.text+"}")
		d := Decide(p, s)
		if d.OpenNow == nil || *d.OpenNow != c.open || openingOf(d.OpensAt) != c.opens || dueOf(d, "reply") != c.due {
			t.Errorf("%s: open %v, opens %s, due %s; want %v, %q, %s (unsettled %v)", c.what, d.OpenNow != nil && *d.OpenNow, openingOf(d.OpensAt), dueOf(d, "reply"), c.open, c.opens, c.due, d.Unsettled)
		}
	}
}

// TestAnUnknownPlaceLeavesOpenOnlyWhatRestsOnIt: the rest of the decision stands.
func TestAnUnknownPlaceLeavesOpenOnlyWhatRestsOnIt(t *testing.T) {
	p := places(t)
	for text, want := range map[string][]Unsettled{
		`product: {type: office}`:                         {{"open_now", CauseMissing, []string{"account.office"}}, {"opens_at", CauseMissing, []string{"account.office"}}, {"clocks.reply.due", CauseMissing, []string{"account.office"}}, {"clocks.visit.due", CauseMissing, []string{"account.place"}}},
		`product: {type: contract}`:                       {{"open_now", CauseMissing, []string{"contract.hours"}}, {"opens_at", CauseMissing, []string{"contract.hours"}}, {"clocks.reply.due", CauseMissing, []string{"contract.hours"}}, {"clocks.visit.due", CauseMissing, []string{"account.place"}}},
		`product: {type: both}, account: {place: izegem}`: {{"open_now", CauseMissing, []string{"account.office"}}, {"opens_at", CauseMissing, []string{"account.office"}}, {"clocks.reply.due", CauseMissing, []string{"account.office"}}},
		`product: {type: town}`:                           {{"clocks.visit.due", CauseMissing, []string{"account.place"}}},
	} {
		d := Decide(p, situation(t, p, "{at: 2026-06-02T14:00:00Z, severity: S1, requester: {kind: customer}, category: x, "+text+"}"))
		if !reflect.DeepEqual(d.Unsettled, want) {
			t.Errorf("%s: unsettled %+v, want %+v", text, d.Unsettled, want)
		}
		if d.Covered != CoveredYes || d.Effort != EffortNormal || d.Provider.Kind != "vendor" {
			t.Errorf("%s: covered %s, effort %s, provider %v", text, d.Covered, d.Effort, d.Provider)
		}
	}
	// Hours that would only add to others leave open no more than those could change.
	closed := Decide(p, situation(t, p, "{at: 2026-06-02T08:00:00Z, severity: S1, requester: {kind: customer}, category: x, product: {type: added}}"))
	if closed.OpenNow != nil || closed.Unsettled[0].Field != "calendar" || !slices.Contains(closed.Unsettled[0].Needs, "account.place") {
		t.Errorf("closed, and perhaps open at the place: %v, %+v", closed.OpenNow, closed.Unsettled)
	}
	open := Decide(p, situation(t, p, "{at: 2026-06-02T14:00:00Z, severity: S1, requester: {kind: customer}, category: x, product: {type: added}}"))
	if open.OpenNow == nil || !*open.OpenNow {
		t.Errorf("open whatever the place: %v, %+v", open.OpenNow, open.Unsettled)
	}
}

func TestPlacesAndAgreedHoursAreReadAndWritten(t *testing.T) {
	p := places(t)
	for text, want := range map[string]string{
		`account: {place: nowhere}`:                                                      `account.place: no account place "nowhere"; known: izegem, miami, depot`,
		`account: {office: {zone: CET}}`:                                                 `account.office.zone: "CET" is UTC+1 all year`,
		`account: {office: {holidays: BE}}`:                                              "account.office: a place needs a `zone`",
		`account: {place: {zone: UTC, holidays: [BE, XX]}}`:                              `account.place.holidays: no holidays are known for "XX"`,
		`account: {place: {zone: UTC, town: X}}`:                                         `account.place.town: unknown key; a place has zone and holidays`,
		`contract: {hours: {zone: UTC, week: "mon-fri 09:00-17:00"}}`:                    `contract.hours: "mon-fri 09:00-17:00" is 40h a week; the policy asks for 45h for "contract"`,
		`contract: {hours: {zone: UTC, week: "mon-sun 09:00-15:25; mon 15:25-15:30"}}`:   `contract.hours: the days differ in length (6h30m, 6h25m)`,
		`contract: {hours: {zone: UTC, week: "mon 9:00-17:00"}}`:                         `contract.hours: "9:00-17:00" needs two-digit hours`,
		`contract: {hours: {zone: UTC}}`:                                                 "contract.hours: agreed hours need a `zone` and a `week`",
		`contract: {hours: {zone: UTC, week: "mon-fri 09:00-18:00", business_day: 25h}}`: `contract.hours.business_day: a business day is longer than nothing and at most 24h`,
		`contract: {hours: {zone: UTC, week: "mon-fri 09:00-18:00", day: 9h}}`:           `contract.hours.day: unknown key`,
		`account: {place: {zone: UTC, holidays: {a: b}}}`:                                `account.place.holidays: expected a code such as BE, or a list of codes`,
	} {
		_, errs := ParseSituation(p, []byte("{"+text+"}"))
		if !slices.ContainsFunc(errs, func(e FieldError) bool { return strings.Contains(e.Error(), want) }) {
			t.Errorf("%s: %v, want %s", text, errs, want)
		}
	}
	for _, text := range []string{
		`{"account":{"place":"izegem","office":{"zone":"Asia/Tokyo","holidays":["JP"]}},"contract":{"hours":{"zone":"Europe/London","week":"mon-thu 09:00-20:00; fri 09:00-10:00","holidays":[],"business_day":"9h"}}}`,
		`{"account":{"place":{"zone":"UTC","holidays":[]},"office":{"zone":"UTC"}}}`,
	} {
		s, errs := ParseSituation(p, []byte(text))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		out, err := json.Marshal(s)
		if err != nil || string(out) != text {
			t.Errorf("written as %s, %v, want %s", out, err, text)
		}
		var again Situation
		if err := json.Unmarshal(out, &again); err != nil || !reflect.DeepEqual(&again, s) {
			t.Errorf("read back as %+v, %v", again, err)
		}
	}
}

func TestResultsBeyondTheKnownHolidaysAreUncertain(t *testing.T) {
	p := places(t)
	for text, want := range map[string][]string{
		`at: 2026-06-02T08:00:00Z, account: {office: {zone: Asia/Singapore, holidays: [SG, BE]}}`: nil,
		`at: 2027-06-02T08:00:00Z, account: {office: {zone: Asia/Singapore, holidays: [SG, BE]}}`: {`calendar "office": holidays of SG are sure from 2025 to 2026`},
		`at: 2026-12-31T08:00:00Z, account: {office: {zone: Asia/Singapore, holidays: SG}}`:       {`calendar "office": holidays of SG are sure from 2025 to 2026`},
		`at: 2026-06-02T08:00:00Z, account: {office: {zone: Asia/Singapore}}`:                     {`calendar "office": the holidays of its place are not known`},
		`at: 2026-06-02T08:00:00Z, account: {office: depot}`:                                      nil,
	} {
		d := Decide(p, situation(t, p, "{severity: S2, requester: {kind: customer}, category: x, product: {type: office}, "+text+"}"))
		if !reflect.DeepEqual(d.Uncertain, want) {
			t.Errorf("%s: uncertain %q, want %q", text, d.Uncertain, want)
		}
	}
}

// TestManyPlacesAtOnce asks for more places than are kept, from several sides: the answers are those of one alone.
func TestManyPlacesAtOnce(t *testing.T) {
	p := places(t)
	decide := func(i int) Decision {
		s := &Situation{At: time.Date(2026, 6, 2, 8, 0, 0, 0, time.UTC).UnixMilli(), Severity: "S1", Category: "x", Product: Product{Type: "place"}, Requester: Requester{Kind: "customer"}}
		s.Account.Place = Place{Zone: fmt.Sprintf("UTC-%02d:%02d", i%12, i/12%60), Holidays: []string{[]string{"BE", "US", "JP", "FR"}[i%4]}}
		return Decide(p, s)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 2500 {
				want := time.Date(2026, 6, 2, 11+i%12, i/12%60, 0, 0, time.UTC)
				if i%12 == 0 && i/12%60 == 0 {
					want = time.Date(2026, 6, 2, 11, 0, 0, 0, time.UTC)
				}
				if opens := time.Date(2026, 6, 2, 9+i%12, i/12%60, 0, 0, time.UTC); opens.Before(time.Date(2026, 6, 2, 8, 0, 0, 0, time.UTC)) {
					want = time.Date(2026, 6, 2, 10, 0, 0, 0, time.UTC)
				}
				if got := dueOf(decide(i), "reply"); got != want.Format(time.RFC3339) {
					t.Errorf("place %d: due %s, want %s", i, got, want.Format(time.RFC3339))
					return
				}
			}
		})
	}
	all.Wait()
}

func TestACalendarOfThePolicyIsAskedByItsNumber(t *testing.T) {
	p := places(t)
	j := newJudge(p, situation(t, p, `{at: 2026-06-02T08:00:00Z, account: {place: miami}}`))
	known := map[string]bool{"always": true, "never": true, "place": true, "own": true, "town": true, "late": true}
	for i, k := range p.Calendars() {
		if hours, ok := j.calendar(i); ok != known[k.ID] || ok != (hours != nil) {
			t.Errorf("%s: known %v, want %v", k.ID, ok, known[k.ID])
		}
	}
}

func BenchmarkDecideAtAPlace(b *testing.B) {
	p := places(b)
	for name, text := range map[string]string{
		"a place of the policy":  `{at: 2026-06-02T08:00:00Z, severity: S1, requester: {kind: customer}, category: x, product: {type: office}, account: {office: izegem, place: izegem}}`,
		"a place of the account": `{at: 2026-06-02T08:00:00Z, severity: S1, requester: {kind: customer}, category: x, product: {type: place}, account: {place: {zone: Asia/Tokyo, holidays: JP}}}`,
		"two places":             `{at: 2026-06-02T08:00:00Z, severity: S2, requester: {kind: customer}, category: x, product: {type: both}, account: {office: miami, place: {zone: Asia/Tokyo, holidays: JP}}}`,
	} {
		s := situation(b, p, text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Decide(p, s)
			}
		})
	}
}
