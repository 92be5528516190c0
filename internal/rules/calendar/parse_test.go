package calendar

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseWeek(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"mon-fri 08:00-17:00", "mon-fri 08:00-17:00"},
		{"mon-thu 09:00-16:30; fri 09:00-14:00", "mon-thu 09:00-16:30; fri 09:00-14:00"},
		{"sun 22:00 to fri 22:00", "mon-thu 00:00-24:00; fri 00:00-22:00; sun 22:00-24:00"},
		{"mon 00:00 to fri 24:00", "mon-fri 00:00-24:00"},
		{"mon-sun 00:00-24:00", "mon-sun 00:00-24:00"},
		{"sun-thu 09:00-17:00", "mon-thu 09:00-17:00; sun 09:00-17:00"},
		{"sat 21:00 to sun 03:00", "sat 21:00-24:00; sun 00:00-03:00"},
		{"mon 18:00 to tue 00:00", "mon 18:00-24:00"},
		{"mon 09:00 to mon 17:00", "mon 09:00-17:00"},
		{"mon 17:00 to mon 09:00", "mon 00:00-09:00, 17:00-24:00; tue-sun 00:00-24:00"},
		{"mon, wed 08:00-12:00, 13:00-17:00", "mon 08:00-12:00, 13:00-17:00; wed 08:00-12:00, 13:00-17:00"},
		{"MON 08:00-12:00; mon 12:00-17:00", "mon 08:00-17:00"},
		{"closed", "closed"},

		{"mon-fri 9:00-17:00", `! "9:00-17:00" needs two-digit hours: "09:00-17:00"`},
		{"mon 8:00 to tue 09:00", `! "8:00" needs two-digit hours: "08:00"`},
		{"mon-fri 18:00-09:00", `! window "18:00-09:00" ends before it begins; write "mon 18:00 to tue 09:00" if it passes midnight`},
		{"sun 09:00-09:00", `! window "09:00-09:00" ends before it begins; write "sun 09:00 to mon 09:00" if it passes midnight`},
		{"mon-fri 08:00-24:01", `! "24:01" is not a time of day; write 08:00, at most 24:00`},
		{"mon-fri 08:00-17:60", `! "17:60" is not a time of day; write 08:00, at most 24:00`},
		{"mon-fri 08:00", `! "08:00" is not a window; write "08:00-17:00"`},
		{"mon-fri", `! "mon-fri" has no hours; write "mon-fri 08:00-17:00"`},
		{"08:00-17:00", `! "08:00-17:00" names no days; write "mon-fri 08:00-17:00"`},
		{"mon-fry 08:00-17:00", `! no day "fry"; days are mon, tue, wed, thu, fri, sat, sun`},
		{"mon–fri 08:00-17:00", `! "mon–fri 08:00-17:00" has a long dash; write a plain hyphen`},
		{"mon-fri 22:00 to 06:00", `! a block over days is written "sun 22:00 to fri 22:00"`},
		{"mon 24:00 to wed 06:00", `! a block cannot begin at 24:00; write "tue 00:00"`},
		{"mon 09:00 to mon 09:00", `! the block ends where it begins; write "mon-sun 00:00-24:00" for the whole week`},
		{"", `! no hours are given; write "mon-fri 08:00-17:00" or "closed"`},
		{"mon 08:00-09:00;", `! no hours are given; write "mon-fri 08:00-17:00" or "closed"`},
	} {
		spans, err := ParseWeek(x.text)
		got := FormatWeek(spans)
		if err != nil {
			got = "! " + err.Error()
		}
		if got != x.want {
			t.Errorf("%q: %s, want %s", x.text, got, x.want)
		}
	}
}

func TestMistakeIsFoundWhereItStands(t *testing.T) {
	for _, x := range []struct {
		text string
		at   int
	}{
		{"mon-thu 09:00-16:30; fri 9:00-14:00", 25},
		{"mon-fry 09:00-16:30", 4},
		{"mon-fri 09:00-25:00", 14},
		{"mon 09:00 to tuf 10:00", 13},
	} {
		_, err := ParseWeek(x.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != x.at {
			t.Errorf("%q: %v at %+v, want %d", x.text, err, syntax, x.at)
		}
	}
}

func TestParseHoursNeedsNoDays(t *testing.T) {
	spans, err := ParseHours("09:00-12:00")
	if err != nil || FormatWeek(spans) != "mon-sun 09:00-12:00" {
		t.Errorf("%s, %v", FormatWeek(spans), err)
	}
	if WeekMs(spans) != 7*3*3_600_000 {
		t.Errorf("a week of %d ms", WeekMs(spans))
	}
}

func TestLoadZone(t *testing.T) {
	for _, x := range []struct{ name, want string }{
		{"Europe/Berlin", ""}, {"UTC", ""}, {"GMT", ""}, {"UTC-08:00", ""}, {"UTC+05:45", ""}, {"Etc/UTC", ""}, {"US/Eastern", ""},
		{"PST", `"PST" is UTC-8 all year; write America/Los_Angeles for civil time, or UTC-08:00 if you mean it`},
		{"CET", `"CET" is UTC+1 all year; write Europe/Berlin for civil time, or UTC+01:00 if you mean it`},
		{"IST", `"IST" is UTC+5:30 all year; write Asia/Kolkata for civil time, or UTC+05:30 if you mean it`},
		{"ET", `"ET" changes with the season; write America/New_York for civil time, or UTC-05:00 for UTC-5 all year`},
		{"EST5EDT", `"EST5EDT" changes with the season; write America/New_York for civil time, or UTC-05:00 for UTC-5 all year`},
		{"Etc/GMT+8", `"Etc/GMT+8" is easily read the wrong way round; write UTC-08:00 for eight hours behind UTC, UTC+08:00 for eight ahead`},
		{"UTC-8", `"UTC-8" needs two-digit hours and minutes: "UTC-08:00"`},
		{"UTC+15:00", `no zone "UTC+15:00"; a fixed distance from UTC is written UTC-08:00`},
		{"europe/berlin", `no zone "europe/berlin"; did you mean "Europe/Berlin"?`},
		{"America/New York", `no zone "America/New York"; did you mean "America/New_York"?`},
		{"Local", `no zone "Local"; write an IANA name such as Europe/Berlin, UTC, or UTC-08:00`},
		{"../etc/passwd", `no zone "../etc/passwd"; write an IANA name such as Europe/Berlin, UTC, or UTC-08:00`},
		{"", "no zone is given; write an IANA name such as Europe/Berlin, or UTC"},
		{"utc", `no zone "utc"; write UTC`},
	} {
		zone, err := LoadZone(x.name)
		got := ""
		if err != nil {
			got = err.Error()
		} else if zone.Name() != x.name {
			t.Errorf("%q is called %q", x.name, zone.Name())
		}
		if got != x.want {
			t.Errorf("%q: %s, want %s", x.name, got, x.want)
		}
	}
	pacific, err := LoadZone("UTC-08:00")
	if err != nil || show(pacific.At(MakeDate(2026, 7, 1), 0)) != "2026-07-01 08:00" {
		t.Errorf("UTC-08:00 in July: %s", show(pacific.At(MakeDate(2026, 7, 1), 0)))
	}
}

func TestParseDates(t *testing.T) {
	for _, x := range []struct {
		text, want string // the dates of 2026 and 2028
	}{
		{"2026-11-09", "2026-11-09"},
		{"12-24", "2026-12-24 2028-12-24"},
		{"02-29", "2028-02-29"},
		{"02-28..02-29", "2026-02-28 2028-02-28 2028-02-29"},
		{"4th fri of nov", "2026-11-27 2028-11-24"},
		{"last mon of may", "2026-05-25 2028-05-29"},
		{"5th sat of jan", "2026-01-31 2028-01-29"},
		{"5th sat of feb", ""},
		{"easter-2", "2026-04-03 2028-04-14"},
		{"easter", "2026-04-05 2028-04-16"},
		{"easter+60", "2026-06-04 2028-06-15"},
		{"12-30..01-02", "2026-01-01 2026-01-02 2026-12-30 2026-12-31 2028-01-01 2028-01-02 2028-12-30 2028-12-31"},
		{"2025-12-31..2026-01-02", "2026-01-01 2026-01-02"},

		{"2026-02-29", `! "2026-02-29" is not a date; write it as 2026-11-09`},
		{"2026-08-14..2026-08-03", `! "2026-08-14..2026-08-03" ends before it begins; write 2026-08-03..2026-08-14`},
		{"2026-08-14..2096-08-15", `! "2026-08-14..2096-08-15" is longer than three years; is a year mistyped?`},
		{"2-29", `! "2-29" is not a date; write 12-24 for every year or 2026-12-24 for one`},
		{"6th fri of nov", `! "6th" does not say which one; write 1st, 2nd, 3rd, 4th, 5th or last`},
		{"4th fry of nov", `! no day "fry"; days are mon, tue, wed, thu, fri, sat, sun`},
		{"easter - 2", `! "easter - 2" is not a distance from Easter in days; write easter-2 or easter+39`},
		{"", "! no date is given; write 2026-11-09, 12-24, 12-26..12-31, 4th fri of nov or easter-2"},
	} {
		dates, err := ParseDates(x.text)
		var list []string
		for _, d := range dates.In(dates.In(nil, 2026), 2028) {
			list = append(list, d.String())
		}
		got := strings.Join(list, " ")
		if err != nil {
			got = "! " + err.Error()
		}
		if got != x.want {
			t.Errorf("%q: %s, want %s", x.text, got, x.want)
		}
	}
}

// Western Easter, from the tables of the churches.
func TestEaster(t *testing.T) {
	for _, want := range []string{"1981-04-19", "1999-04-04", "2000-04-23", "2008-03-23", "2011-04-24", "2019-04-21", "2024-03-31",
		"2025-04-20", "2026-04-05", "2027-03-28", "2030-04-21", "2038-04-25", "2049-04-18", "2076-04-19"} {
		d, err := ParseDate(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := easter(d.Year()); got != d {
			t.Errorf("Easter %s, want %s", got, want)
		}
	}
}

func list(h *Holidays, year int) string {
	var out []string
	for _, x := range h.In(year) {
		out = append(out, x.Date.String()[5:])
	}
	return strings.Join(out, " ")
}

func TestHolidaySets(t *testing.T) {
	for _, x := range []struct {
		name string
		spec HolidaySpec
		year int
		want string
	}{
		{"dates are exact", HolidaySpec{Plus: days(t, "12-25", "12-26")}, 2027, "12-25 12-26"},
		{"observed on Monday, and the next working day", HolidaySpec{Plus: days(t, "12-25", "12-26"), Observed: ObservedMonday}, 2027, "12-25 12-26 12-27 12-28"},
		{"a Sunday before a holiday", HolidaySpec{Plus: days(t, "12-25", "12-26"), Observed: ObservedMonday}, 2022, "12-25 12-26 12-27"},
		{"into the next year", HolidaySpec{Plus: days(t, "12-31", "01-01"), Observed: ObservedMonday}, 2023, "01-01 01-02 01-03 12-31"},
		{"written dates and runs do not move", HolidaySpec{Plus: days(t, "2026-11-08", "12-26..12-27"), Observed: ObservedMonday}, 2026, "11-08 12-26 12-27"},
		{"less takes out", HolidaySpec{Like: []*Holidays{mustCode(t, "US")}, Less: days(t, "10-12", "07-03..07-04")}, 2026,
			"01-01 01-19 02-16 05-25 06-19 09-07 11-11 11-26 12-25"},
		{"each date once", HolidaySpec{Like: []*Holidays{mustCode(t, "US")}, Plus: days(t, "12-25", "4th fri of nov")}, 2025,
			"01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 11-28 12-25"},
	} {
		if got := list(NewHolidays(x.spec), x.year); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

func TestLibraryHolidays(t *testing.T) {
	for _, x := range []struct {
		code string
		year int
		want string
	}{
		{"BE", 2026, "01-01 04-06 05-01 05-14 05-25 07-21 08-15 11-01 11-11 12-25"},
		{"DE-BY", 2026, "01-01 01-06 04-03 04-06 05-01 05-14 05-25 06-04 10-03 11-01 12-25 12-26"},
		{"DE-BE", 2025, "01-01 03-08 04-18 04-21 05-01 05-08 05-29 06-09 10-03 12-25 12-26"},
		{"DE-MV", 2024, "01-01 03-08 03-29 04-01 05-01 05-09 05-20 10-03 10-31 12-25 12-26"},
		{"US", 2026, "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"},
		{"US", 2027, "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31"}, // the last for Saturday, 1 January 2028
		{"GB", 2022, "01-01 01-03 04-15 04-18 05-02 06-02 06-03 08-29 12-25 12-26 12-27"},
		{"GB", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28"},
		{"JP", 2026, "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23"},
		{"NZ", 2026, "01-01 01-02 02-06 04-03 04-06 04-25 04-27 06-01 07-10 10-26 12-25 12-26 12-28"},
		{"NZ", 2028, "01-01 01-02 01-03 01-04 02-06 02-07 04-14 04-17 04-25 06-05 07-14 10-23 12-25 12-26"},
		{"PL", 2026, "01-01 01-06 04-05 04-06 05-01 05-03 05-24 06-04 08-15 11-01 11-11 12-24 12-25 12-26"},
		{"PT", 2026, "01-01 04-03 04-05 04-25 05-01 06-04 06-10 08-15 10-05 11-01 12-01 12-08 12-25"},
		{"SG", 2026, "01-01 02-17 02-18 03-21 04-03 05-01 05-27 05-31 06-01 08-09 08-10 11-08 11-09 12-25"},
		{"IE", 2026, "01-01 02-02 03-17 04-06 05-04 06-01 08-03 10-26 12-25 12-26"},
		{"AT", 2026, "01-01 01-06 04-06 05-01 05-14 05-25 06-04 08-15 10-26 11-01 12-08 12-25 12-26"},
		{"FR", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25"},
		{"CZ", 2026, "01-01 04-03 04-06 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26"},
	} {
		if got := list(mustCode(t, x.code), x.year); got != x.want {
			t.Errorf("%s %d: %s, want %s", x.code, x.year, got, x.want)
		}
	}
}

func TestEveryCodeIsUsable(t *testing.T) {
	codes := LibraryCodes()
	if !slices.IsSorted(codes) || len(codes) < 80 {
		t.Errorf("%d codes", len(codes))
	}
	for _, code := range codes {
		h := mustCode(t, code)
		sure := h.Sure()
		if sure.From > sure.To || sure.To < libraryYear {
			t.Errorf("%s is sure of %v", code, sure)
		}
		for year := 2020; year <= 2035; year++ {
			dates := h.In(year)
			if len(dates) < 3 || len(dates) > 25 {
				t.Errorf("%s has %d holidays in %d", code, len(dates), year)
			}
			for _, x := range dates {
				if x.Name == "" || x.Date.Year() != year {
					t.Errorf("%s: %q on %s", code, x.Name, x.Date)
				}
			}
		}
	}
}

func TestUnknownCode(t *testing.T) {
	for code, want := range map[string]string{
		"QQ":    "no holidays are known for \"QQ\"; write the dates under `holidays`",
		"BE-XX": `no holidays are known for "BE-XX"; known are BE`,
		"AU-XX": `no holidays are known for "AU-XX"; known are AU, AU-ACT, AU-NSW, AU-NT, AU-QLD, AU-SA, AU-TAS, AU-VIC, AU-WA`,
	} {
		if _, err := LibraryHolidays(code); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
	if _, err := ParseObserved("friday"); err == nil {
		t.Error("observed: friday is not known")
	}
	if o, err := ParseObserved("monday"); err != nil || o != ObservedMonday {
		t.Error("observed: monday")
	}
}
