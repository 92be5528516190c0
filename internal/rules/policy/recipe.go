package policy

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// recipe says how the hours of a calendar are made, once it is known where they are kept or what a contract names.
type recipe struct {
	spec       calendar.Spec
	site       int       // index into the places, -1 when a fact names the place
	from       fact.Fact // that fact, or the agreed hours
	agreed     bool
	closed     bool // on the holidays of the place
	perWeekMs  int64
	any, minus []int // calendars, by index
	dayMs      int64 // a stated business day
}

// HoursAt is the open hours of a calendar for one request; false while a fact that they rest on is not known.
func (p *Policy) HoursAt(k *Calendar, at Surroundings) (*calendar.Calendar, bool) {
	if k.recipe == nil {
		return k.Hours, true
	}
	where, ok := whereabouts(k.Rests, at)
	if !ok {
		return nil, false
	}
	key := madeFor{k.recipe, where}
	hours, ok := p.made.get(key)
	if !ok {
		hours = p.make(k.recipe, at)
		p.made.put(key, hours)
	}
	return hours, hours != nil
}

// whereabouts is one text for all facts that a calendar rests on; false when one is not known.
func whereabouts(facts []fact.Fact, at Surroundings) (string, bool) {
	where := ""
	for i, f := range facts {
		l, ok := at.Locale(f)
		if !ok {
			return "", false
		}
		if i > 0 {
			where += "\n"
		}
		where += l.key()
	}
	return where, true
}

// make is nil when what the request says of its place or hours cannot be used.
func (p *Policy) make(r *recipe, at Surroundings) *calendar.Calendar {
	var hours *calendar.Calendar
	if len(r.any) > 0 {
		hours = p.unite(r.any, at)
	} else {
		hours = p.makeOwn(r, at)
	}
	for _, i := range r.minus {
		less, ok := p.HoursAt(&p.calendars[i], at)
		if !ok || hours == nil {
			return nil
		}
		hours = calendar.Minus(hours, less)
	}
	if hours != nil && r.dayMs > 0 {
		hours = hours.WithBusinessDay(r.dayMs)
	}
	return hours
}

func (p *Policy) unite(calendars []int, at Surroundings) *calendar.Calendar {
	parts := make([]*calendar.Calendar, len(calendars))
	for n, i := range calendars {
		var ok bool
		if parts[n], ok = p.HoursAt(&p.calendars[i], at); !ok {
			return nil
		}
	}
	return calendar.Union(parts...)
}

func (p *Policy) makeOwn(r *recipe, at Surroundings) *calendar.Calendar {
	spec := r.spec
	if r.agreed || r.site < 0 {
		l, ok := at.Locale(r.from)
		if !ok || !p.settle(r, &spec, l) {
			return nil
		}
	}
	hours, err := calendar.New(spec)
	if err != nil {
		return nil
	}
	return hours
}

// settle fills in what a place or a contract says; false when it cannot be used.
func (p *Policy) settle(r *recipe, spec *calendar.Spec, l Locale) bool {
	spec.Zone = l.Zone
	if r.agreed {
		week, err := calendar.ParseWeek(l.Week)
		if err != nil || r.perWeekMs > 0 && r.perWeekMs != calendar.WeekMs(week) {
			return false
		}
		spec.Week, spec.BusinessDayMs = week, l.BusinessDayMs
	}
	if !r.closed && !r.agreed {
		return true
	}
	spec.Closed = append([]*calendar.Holidays{}, spec.Closed...)
	if l.Holidays == nil && r.closed {
		spec.Closed = append(spec.Closed, calendar.UnknownHolidays())
	}
	for _, name := range l.Holidays {
		set, err := p.HolidaysNamed(name)
		if err != nil {
			return false
		}
		spec.Closed = append(spec.Closed, set)
	}
	return true
}

// BusinessDay is the open time of a normal day of a calendar in milliseconds, or what the policy states; 0 where it depends on
// the hours that a contract names. The error is a *calendar.DayError.
func (p *Policy) BusinessDay(k *Calendar) (int64, error) {
	switch {
	case k.recipe == nil:
		return k.Hours.BusinessDay()
	case k.recipe.dayMs > 0 || k.recipe.agreed:
		return k.recipe.dayMs, nil
	case len(k.recipe.any) > 0:
		return 0, &calendar.DayError{}
	}
	hours, err := calendar.New(calendar.Spec{Zone: "UTC", Week: k.recipe.spec.Week})
	if err != nil {
		return 0, &calendar.DayError{}
	}
	return hours.BusinessDay()
}

// dayMistake says that a calendar has no business day of one length.
func dayMistake(id string, err error) string {
	var days *calendar.DayError
	if !errors.As(err, &days) || len(days.Lengths) == 0 {
		return fmt.Sprintf("%q has no normal day; say what a business day is with `business_day`", id)
	}
	lengths := make([]string, len(days.Lengths))
	for i, ms := range days.Lengths {
		lengths[i] = calendar.FormatDuration(ms)
	}
	return fmt.Sprintf("the days of %q differ in length (%s); say what a business day is with `business_day`", id, strings.Join(lengths, ", "))
}

// ---- what was made ----

// maxMade bounds the calendars that are kept; which one leaves for a new one makes no difference to any result.
const maxMade = 512

type madeFor struct {
	recipe *recipe
	where  string
}

// workshop keeps calendars that were made for places and agreed hours. It is safe for concurrent use.
type workshop struct {
	mu   sync.RWMutex
	kept map[madeFor]*calendar.Calendar
}

func (w *workshop) get(key madeFor) (*calendar.Calendar, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	hours, ok := w.kept[key]
	return hours, ok
}

func (w *workshop) put(key madeFor, hours *calendar.Calendar) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept == nil {
		w.kept = map[madeFor]*calendar.Calendar{}
	}
	for old := range w.kept {
		if len(w.kept) < maxMade {
			break
		}
		delete(w.kept, old)
	}
	key.where = strings.Clone(key.where)
	w.kept[key] = hours
}

// anywhere stands for a place that is not known yet, to learn what the place makes no difference to.
type anywhere struct{}

func (anywhere) Locale(fact.Fact) (Locale, bool) {
	return Locale{Zone: "UTC", Holidays: []string{}}, true
}
