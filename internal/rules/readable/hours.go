package readable

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Hours is who has which hours, in the order in which the rules are read, and the weeks that they choose among.
type Hours struct {
	Lines []HoursLine
	Weeks []Week
}

// HoursLine is one rule. Also marks hours that are added to the others; Published is false where the policy names none.
type HoursLine struct {
	// Who is whom the rule is for; empty for everybody, or for all whom no earlier line names.
	Who string
	// Calendar names the calendar, as the weeks do; Words say its hours; Says is the author's own sentence, or empty.
	Calendar, Words, Says string
	Also                  bool
	Published             bool
	// BestEffort is true when work outside the hours is done without a promise.
	BestEffort bool
}

// Week is a calendar as open time, for a timeline in any zone.
type Week struct {
	// Title names the calendar or whom it is for; Words say it in its own zone, unless a line says them already.
	Title, Words string
	// Zone is the zone of the calendar; empty where it has several.
	Zone string
	// Always is open day and night.
	Always bool
	// Place says whose local time is meant where the hours are those of a place that differs from account to account, for
	// example "your office". Local are the hours there; Open is empty.
	Place string
	Local []calendar.Span
	// Open lists the openings from From to Until, UTC milliseconds.
	Open        []calendar.Window
	From, Until int64
	// Closed and Special are the holidays and special days of the coming 12 months.
	Closed  []calendar.Holiday
	Special []calendar.SpecialDay
	// SureUntil is the last year of which all holidays are known; 0 when there is no such limit.
	SureUntil int
}

func (Hours) block() {}

const (
	dayMs = 24 * 3600_000
	// behind and ahead bound the openings that a page carries, so that a file that was made today shows weeks of next year.
	behind = 9 * dayMs
	ahead  = 400 * dayMs
)

func (r reader) hours(clause string) Hours {
	var h Hours
	for _, rule := range r.p.Hours() {
		if rule.Clause != clause {
			continue
		}
		line := HoursLine{Who: rule.Label, Also: rule.Add, Published: rule.Calendar != policy.NoCalendar, BestEffort: rule.BestEffort, Says: rule.Says()}
		if line.Published {
			k := r.p.Calendars()[rule.Calendar]
			line.Calendar, line.Words = wording.Name(k.ID), wording.Capital(k.Words)
			for _, w := range r.weeksOf(k) {
				h.add(w)
			}
			if all, ok := r.together(rule); ok {
				w := r.week(all, all.Hours)
				w.Title, w.Words, w.Zone = rule.Label+", all together", all.Words, ""
				h.add(w)
			}
		}
		h.Lines = append(h.Lines, line)
	}
	for _, w := range r.calendars(clause).Weeks {
		h.add(w)
	}
	for i, w := range h.Weeks {
		if slices.ContainsFunc(h.Lines, func(l HoursLine) bool { return l.Says == "" && l.Words == w.Words }) {
			h.Weeks[i].Words = ""
		}
	}
	return h
}

// together is the hours of those for whom a rule adds some, where what it adds to is the same for all of them.
func (r reader) together(rule policy.HoursRule) (policy.Calendar, bool) {
	if !rule.Add {
		return policy.Calendar{}, false
	}
	rules := r.p.Hours()
	i := slices.IndexFunc(rules, func(o policy.HoursRule) bool { return !o.Add && o.Label == "" })
	if i < 0 || rules[i].Calendar == policy.NoCalendar {
		return policy.Calendar{}, false
	}
	k := r.p.Combined(rules[i].Calendar, rule.AddBit)
	k.Words = wording.Capital(r.p.Calendars()[rules[i].Calendar].Words) + ", and " + r.p.Calendars()[rule.Calendar].Words
	return k, k.Hours != nil
}

// add keeps a week unless it is there, or needs no picture.
func (h *Hours) add(w Week) {
	if !slices.ContainsFunc(h.Weeks, func(o Week) bool { return o.Title == w.Title }) {
		h.Weeks = append(h.Weeks, w)
	}
}

// calendars are the weeks that are defined in a clause.
func (r reader) calendars(clause string) Hours {
	var h Hours
	for _, k := range r.p.Calendars() {
		if k.Clause == clause {
			for _, w := range r.weeksOf(k) {
				h.add(w)
			}
		}
	}
	return h
}

// weeksOf are the pictures of a calendar: one, or one for each place that the policy names where the hours are those of a
// place that differs from request to request.
func (r reader) weeksOf(k policy.Calendar) []Week {
	sites := r.p.Sites()
	if k.Hours != nil || k.From != "" || len(sites) == 0 || len(sites) > maxSites {
		return []Week{r.week(k, k.Hours)}
	}
	var list []Week
	for i, s := range sites {
		hours, ok := r.p.HoursAt(&k, standing{r.p.LocaleOf(i)})
		if !ok {
			return []Week{r.week(k, nil)}
		}
		w := r.week(k, hours)
		w.Title, w.Zone = wording.Name(k.ID)+", "+wording.Name(s.ID), s.Zone
		list = append(list, w)
	}
	return list
}

// maxSites bounds how many places have a picture of their own.
const maxSites = 12

// standing is a request whose places are all the same.
type standing struct{ locale policy.Locale }

func (s standing) Locale(fact.Fact) (policy.Locale, bool) { return s.locale, true }

// week is a calendar with its hours, nil where they rest on what is known of a request only.
func (r reader) week(k policy.Calendar, hours *calendar.Calendar) Week {
	w := Week{Title: wording.Name(k.ID), Words: wording.Capital(k.Words), Zone: k.Zone, From: r.now - behind, Until: r.now + ahead}
	if hours == nil {
		if k.From == "" && len(k.Any)+len(k.Minus) == 0 {
			w.Local, _ = calendar.ParseWeek(k.Week)
			w.Place = "that place"
		}
		return w
	}
	if w.Always = hours.IsAlways(); w.Always {
		w.Title = "Round the clock"
		return w
	}
	w.Open = hours.Windows(w.From, w.Until)
	first := r.today()
	w.Closed, w.Special = r.exceptions(k, hours, first, first+365, 0)
	if sure := hours.Sure(); len(w.Closed) > 0 && sure.To < (first+365).Year() {
		w.SureUntil = sure.To
	}
	return w
}

// exceptions are the closed and special days of a calendar, for a union those of its parts.
func (r reader) exceptions(k policy.Calendar, hours *calendar.Calendar, first, last calendar.Date, depth int) (closed []calendar.Holiday, special []calendar.SpecialDay) {
	closed, special = hours.ClosedDays(first, last), hours.SpecialDays(first, last)
	if depth > 8 {
		return closed, special
	}
	for _, part := range r.p.Calendars() {
		if slices.Contains(k.Any, part.ID) && part.Hours != nil {
			c, s := r.exceptions(part, part.Hours, first, last, depth+1)
			for _, h := range c {
				h.Name += " (" + wording.Name(part.ID) + ")"
				closed = append(closed, h)
			}
			special = append(special, s...)
		}
	}
	slices.SortStableFunc(closed, func(a, b calendar.Holiday) int { return int(a.Date) - int(b.Date) })
	slices.SortStableFunc(special, func(a, b calendar.SpecialDay) int { return int(a.Date) - int(b.Date) })
	return closed, special
}
