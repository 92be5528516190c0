package wording

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
)

func TestWeeksAreSaidInWords(t *testing.T) {
	for _, c := range []struct{ week, zone, want string }{
		{"mon-fri 08:00-17:00", "GMT", "Monday to Friday, 08:00 to 17:00 GMT"},
		{"mon-fri 08:00-17:00", "America/New_York", "Monday to Friday, 08:00 to 17:00 America/New York time"},
		{"mon-thu 09:00-12:00, 13:00-17:00; fri 09:00-14:00", "UTC", "Monday to Thursday, 09:00 to 12:00 and 13:00 to 17:00; Friday, 09:00 to 14:00 UTC"},
		{"mon,wed 09:00-12:00; sat-sun 10:00-11:00", "UTC", "Monday and Wednesday, 09:00 to 12:00; Saturday and Sunday, 10:00 to 11:00 UTC"},
		{"mon-sun 00:00-24:00", "UTC", "every day, all day UTC"},
		{"sun 22:00 to tue 22:00", "UTC", "Sunday 22:00 to Tuesday 22:00 UTC"},
		{"fri 18:00 to mon 08:00", "Europe/Berlin", "Friday 18:00 to Monday 08:00 Europe/Berlin time"},
		{"mon 18:00 to tue 09:00; thu 18:00 to fri 24:00", "UTC", "Monday 18:00 to Tuesday 09:00 and Thursday 18:00 to Friday 24:00 UTC"},
		{"mon-fri 00:00-24:00", "UTC", "Monday to Friday, all day UTC"},
		{"sat 22:00-24:00", "UTC", "Saturday, 22:00 to 24:00 UTC"},
		{"closed", "UTC", "at no time"},
	} {
		spans, err := calendar.ParseWeek(c.week)
		if err != nil {
			t.Fatal(err)
		}
		if got := Week(spans, c.zone); got != c.want {
			t.Errorf("%s: %q, want %q", c.week, got, c.want)
		}
	}
}

func TestLengthsOfTimeAreSaidInWords(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0 minutes", 60_000: "1 minute", 9 * 3600_000: "9 hours", 450 * 60_000: "7 hours 30 minutes", 24 * 3600_000: "1 day", 1000: "1 second",
	} {
		if got := Duration(ms); got != want {
			t.Errorf("%d: %q, want %q", ms, got, want)
		}
	}
}

func TestIdsAndTitlesAreReadAloud(t *testing.T) {
	for got, want := range map[string]string{
		Name("north-america"): "North America", Name("middle-east-and-africa"): "Middle East and Africa", Name("APAC"): "APAC", Name("österreich"): "Österreich",
		Spoken("named-user_cloud"): "named user cloud", Inner("Steps to reproduce"): "steps to reproduce", Inner("API advice"): "API advice", Inner(""): "", Capital(""): "",
		Or([]string{"a"}): "a", Or([]string{"a", "b", "c"}): "a, b or c", And([]string{"a", "b"}): "a and b", And(nil): "",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDurationsAreReadAsTheyAreWritten(t *testing.T) {
	for text, ms := range map[string]int64{"30m": 1800_000, "7h30m": 27000_000, "14d": 14 * 24 * 3600_000, "2d": 2 * 24 * 3600_000} {
		got, err := ParseDuration(text)
		if err != nil || got != ms || FormatDuration(ms) != text {
			t.Errorf("%s: %d as %s, %v", text, got, FormatDuration(ms), err)
		}
	}
	for _, text := range []string{"", "1", "h", "1x", "30m1h", "1 day", "99999w"} {
		if _, err := ParseDuration(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}
