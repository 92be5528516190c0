package policy

import (
	"slices"
	"strings"
	"testing"
)

// withCalendars is the small sound policy with other calendars, holidays and places.
func withCalendars(calendars, extra string) string {
	return soundPolicy(map[string]string{"calendars": calendars, "hours": `hours: [{use: always}]`, "extra": extra})
}

// TestMistakesOfCalendars names what the checker says of calendars, places and holidays, by the number of the mistake.
func TestMistakesOfCalendars(t *testing.T) {
	const week = `week: "mon-fri 09:00-17:00"`
	for _, c := range []struct{ name, calendars, extra, want string }{
		{"4 used but not defined", `calendars: {all: {any: [office]}, other: {zone: UTC, ` + week + `}}`, "", `calendar "office" is used but not defined; defined: all, other, always, never`},
		{"5 an abbreviated zone of a place", `calendars: {x: {place: town, ` + week + `}}`, `places: {town: {zone: PST}}`, `"PST" is UTC-8 all year; write America/Los_Angeles for civil time, or UTC-08:00 if you mean it`},
		{"5 a zone of the second wording", `calendars: {x: {zone: UTC, ` + week + `, stated_as: {zone: CET, ` + week + `}}}`, "", `"CET" is UTC+1 all year; write Europe/Berlin for civil time`},
		{"7 one digit", `calendars: {x: {place: account.place, week: "mon 9:00-17:00"}}`, "", `error: "9:00-17:00" needs two-digit hours: "09:00-17:00"`},
		{"8 a window over midnight", `calendars: {x: {zone: UTC, week: "mon 18:00-09:00"}}`, "", `window "18:00-09:00" ends before it begins; write "mon 18:00 to tue 09:00" if it passes midnight`},
		{"9 days of different length at a place", `calendars: {season: {place: account.place, week: "mon-thu 09:00-16:30; fri 09:00-14:00"}}`,
			`clocks: {b: {title: B, starts: complete, stops: first-reply, runs: season, within: [{is: 1 business day}]}}`,
			"the days of \"season\" differ in length (7h30m, 5h); say what a business day is with `business_day`"},
		{"9 a union has no day", `calendars: {a: {place: account.place, ` + week + `}, b: {zone: UTC, ` + week + `}, u: {any: [a, b]}}`,
			`clocks: {b: {title: B, starts: complete, stops: first-reply, runs: u, within: [{is: 1 business day}]}}`,
			"\"u\" has no normal day; say what a business day is with `business_day`"},
		{"10 a day", `calendars: {x: {zone: UTC, ` + week + `}}`, `clocks: {b: {title: B, starts: complete, stops: first-reply, runs: x, within: [{is: 1 day}]}}`, "\"1 day\" is 24 hours here; write `1 business day` or `24h`"},
		{"11 longer than its day, at a place", `calendars: {business: {place: account.place, week: "mon-fri 09:00-16:30"}}`,
			`clocks: {b: {title: B, starts: complete, stops: first-reply, runs: business, within: [{is: 8h}]}}`,
			"warning: `8h` on \"business\" is longer than its day of 7h30m; did you mean `1 business day`?"},
		{"30 holidays that are not sure for long", `calendars: {x: {zone: Asia/Singapore, ` + week + `, closed: [SG]}}`, "", `warning: holidays of SG are sure until 2026; later results are marked uncertain`},
		{"31 another wording", `calendars: {x: {zone: America/New_York, week: "sat 21:00 to sun 03:00", stated_as: {zone: UTC, week: "sun 01:00-07:00"}}}`, "",
			"warning: `stated_as` differs from the window on 192 of 522 Saturdays from 2026 to 2035, first on 2026-01-03: 02:00-08:00 UTC, not 01:00-07:00"},
		{"another wording of nothing", `calendars: {x: {place: account.place, ` + week + `, stated_as: {zone: UTC, ` + week + `}}}`, "", "`stated_as` words a window in another zone; this calendar has no zone of its own"},
		{"no such place", `calendars: {x: {place: izegm, ` + week + `}}`, `places: {izegem: {zone: Europe/Brussels, holidays: BE}}`, `no place "izegm"; did you mean "izegem"?; known: izegem, account.place, account.office`},
		{"a fact that is no place", `calendars: {x: {place: account.region, ` + week + `}}`, "", "`account.region` is no place; a calendar is kept at account.place or account.office"},
		{"a place and a zone", `calendars: {x: {place: account.place, zone: UTC, ` + week + `}}`, "", "calendar \"x\" has `zone` and `place`; one of them says where its hours are kept"},
		{"holidays of no place", `calendars: {x: {zone: UTC, ` + week + `, closed: [place]}}`, "", "`closed: [place]` takes the holidays of the calendar's `place`, and it has none"},
		{"a place without holidays", `calendars: {x: {place: account.office, ` + week + `, closed: [place]}}`, `places: {town: {zone: UTC}}`, "place \"town\" names no holidays, on which calendar \"x\" closes; add `holidays: [..]` or `holidays: none`"},
		{"a place without a zone", `calendars: {x: {zone: UTC, ` + week + `}}`, `places: {town: {holidays: BE}}`, "place \"town\" needs a `zone`"},
		{"no such holidays", `calendars: {x: {zone: UTC, ` + week + `, closed: [compny]}}`, `holidays: {company: {plus: [12-24]}}`, `no holidays "compny"; did you mean "company"?`},
		{"no such code", `calendars: {x: {zone: UTC, ` + week + `, closed: [DE-XX]}}`, "", `no holidays are known for "DE-XX"; known are DE, `},
		{"made of itself", `calendars: {a: {any: [b]}, b: {any: [a]}}`, "", `calendar "a" is made of itself`},
		{"from what supplies no hours", `calendars: {x: {from: account.place}}`, "", "`from` names the fact that supplies zone and week: `from: contract.hours`"},
		{"agreed hours with a week", `calendars: {x: {from: contract.hours, ` + week + `}}`, "", "the contract supplies the week; what it adds up to stands under `like`"},
		{"hours that no week has", `calendars: {x: {from: contract.hours, like: {hours_per_week: 200}}}`, "", `a week has more than 0 and at most 168 hours, not "200"`},
		{"a condition on agreed hours", `calendars: {x: {from: contract.hours}}`, `coverage: [{for: {contract.hours: x}, answer: no, offer: sales}]`, "`contract.hours` is no fact to compare; calendars are made of it: `from: contract.hours`"},
		{"a calendar that is called as one that exists", `calendars: {always: {zone: UTC, ` + week + `}}`, "", `the calendar "always" exists already; choose another name`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, findings := Parse("p.md", []byte(withCalendars(c.calendars, c.extra)))
			if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("the checker says %v, want %s", findings, c.want)
			}
			for _, f := range findings {
				if f.Line < 1 || f.Col < 1 {
					t.Errorf("%v stands nowhere", f)
				}
			}
		})
	}
}

func TestCalendarsOfPlacesAreSaidInWords(t *testing.T) {
	p, findings := Parse("p.md", []byte(withCalendars(`calendars:
  all: {any: [there, town]}
  there: {place: account.place, week: "mon-fri 09:00-17:00", closed: [place]}
  both: {place: account.office, week: "mon-thu 09:00-16:30; fri 09:00-14:00", closed: [place, BE], business_day: 7h30m}
  town: {place: izegem, week: "mon-fri 09:00-16:30", closed: [place]}
  contract: {from: contract.hours, like: {hours_per_week: 37.5}}
  free: {from: contract.hours}`, `places: {izegem: {zone: Europe/Brussels, holidays: [BE, own]}}
holidays: {own: {plus: [12-24]}}`)))
	if p == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	for id, want := range map[string]string{
		"there":    "Monday to Friday, 09:00 to 17:00 at the place of the account, without public holidays there",
		"both":     "Monday to Thursday, 09:00 to 16:30; Friday, 09:00 to 14:00 at the office that serves the account, without public holidays there and those of BE",
		"town":     "Monday to Friday, 09:00 to 16:30 Europe/Brussels time, except on public holidays",
		"contract": "in the hours that the contract names, 37 hours 30 minutes a week",
		"free":     "in the hours that the contract names",
		"all":      "Monday to Friday, 09:00 to 17:00 at the place of the account, without public holidays there, and Monday to Friday, 09:00 to 16:30 Europe/Brussels time, except on public holidays",
	} {
		k, ok := find(p.Calendars(), func(k Calendar) bool { return k.ID == id })
		if !ok || k.Words != want {
			t.Errorf("%s: %q, want %q", id, k.Words, want)
		}
	}
}
