package page_test

import (
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/web/page"
)

func TestTimesReadAsPeopleSayThem(t *testing.T) {
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	istanbul, err := time.LoadLocation("Europe/Istanbul")
	if err != nil {
		t.Fatal(err)
	}
	in := func(zone *time.Location) page.Frame { return page.Frame{Text: printer(t), Now: now, Zone: zone} }
	for _, c := range []struct{ name, got, want string }{
		{"absolute", in(london).Absolute(now + 2*day + 17*hour + 42*minute), "Mon 23 Nov 2026, 09:00 GMT"},
		{"absolute without a zone name", in(istanbul).Absolute(now), "Fri 20 Nov 2026, 18:18 UTC+3"},
		{"absolute with half an hour", page.Frame{Text: printer(t), Now: now, Zone: time.FixedZone("+0545", 20700)}.Absolute(now), "Fri 20 Nov 2026, 21:03 UTC+5:45"},
		{"absolute in India", in(kolkata).Absolute(now), "Fri 20 Nov 2026, 20:48 IST"},
		{"no zone is UTC", in(nil).Absolute(now), "Fri 20 Nov 2026, 15:18 UTC"},
		{"due in minutes", in(london).Due(now + 42*minute), "due in 42 min"},
		{"due today", in(london).Due(now + 90*minute), "due today 16:48"},
		{"due tomorrow", in(london).Due(now + day), "due tomorrow 15:18"},
		{"due in the week", in(london).Due(now + 3*day), "due Mon 15:18"},
		{"due later", in(london).Due(now + 10*day), "due 30 Nov, 15:18"},
		{"due at this instant", in(london).Due(now), "due now"},
		{"overdue minutes", in(london).Due(now - 42*minute), "overdue by 42 min"},
		{"overdue hours", in(london).Due(now - 26*hour), "overdue by 26 h"},
		{"overdue days", in(london).Due(now - 3*day), "overdue by 3 days"},
		{"ago now", in(london).Ago(now - 5000), "just now"},
		{"ago minutes", in(london).Ago(now - 5*minute), "5 min ago"},
		{"ago hours", in(london).Ago(now - 3*hour), "3 h ago"},
		{"ago yesterday", in(london).Ago(now - 22*hour), "yesterday 17:18"},
		{"ago in the week", in(london).Ago(now - 3*day), "Tue 15:18"},
		{"ago in the year", in(london).Ago(now - 30*day), "21 Oct"},
		{"ago before", in(london).Ago(now - 400*day), "16 Oct 2025"},
		{"a clock ahead of ours", in(london).Ago(now + 5000), "just now"},
		{"local date", in(london).LocalDate("2027-03-31"), "31 Mar 2027"},
		{"left", in(london).Left(42 * minute), "42 min of support time left"},
		{"left in hours", in(london).Left(5*hour + 10*minute), "5 h 10 min of support time left"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}
