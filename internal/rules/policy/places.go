package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Site is an id under `places`: the zone of a place and the holidays that are kept there, as codes of the library or names
// under `holidays`. Holidays is nil where the document does not say, and empty for none.
type Site struct {
	ID       string   `json:"id"`
	Zone     string   `json:"zone"`
	Holidays []string `json:"holidays"`
	Place
}

// Sites lists the places in document order; a value of a fact of type place is an index into them.
func (p *Policy) Sites() []Site { return p.sites }

// Locale is what one request knows of a place, or of the hours that its contract names.
type Locale struct {
	Zone          string
	Holidays      []string // as in Site
	Week          string   // of agreed hours
	BusinessDayMs int64    // of agreed hours; 0 is the length of their days
}

// key tells locales apart.
func (l *Locale) key() string {
	switch {
	case l.Holidays == nil && l.Week == "":
		return l.Zone
	case l.Week == "":
		return l.Zone + "|" + strings.Join(l.Holidays, ",")
	}
	return fmt.Sprintf("%s|%s|%s|%d|%t", l.Zone, strings.Join(l.Holidays, ","), l.Week, l.BusinessDayMs, l.Holidays == nil)
}

// Surroundings answers where one request is worked on.
type Surroundings interface {
	// Locale is the value of a fact of type place, or of the agreed hours; false while it is not known.
	Locale(fact.Fact) (Locale, bool)
}

// HolidaysNamed finds a set of holidays: a name under `holidays`, or a code of the library. The error says which codes are
// near.
func (p *Policy) HolidaysNamed(name string) (*calendar.Holidays, error) {
	if set := p.sets[name]; set != nil {
		return set, nil
	}
	return calendar.LibraryHolidays(name)
}

// CheckAgreed reports what is wrong with hours that a contract names, when calendars are made from them.
func (p *Policy) CheckAgreed(l Locale) error {
	spans, err := calendar.ParseWeek(l.Week)
	if err != nil {
		return err
	}
	if l.BusinessDayMs == 0 && p.countsAgreedDays {
		c, err := calendar.New(calendar.Spec{Zone: "UTC", Week: spans})
		if err != nil {
			return err
		}
		if _, err := c.BusinessDay(); err != nil {
			return err
		}
	}
	var wanted []string
	for i := range p.calendars {
		switch k := &p.calendars[i]; {
		case k.From == "":
		case k.PerWeekMs == 0 || k.PerWeekMs == calendar.WeekMs(spans):
			return nil
		default:
			wanted = append(wanted, calendar.FormatDuration(k.PerWeekMs)+fmt.Sprintf(" for %q", k.ID))
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return fmt.Errorf("%q is %s a week; the policy asks for %s", l.Week, calendar.FormatDuration(calendar.WeekMs(spans)), wording.Or(wanted))
}

// ---- reading ----

func (c *compiler) places() {
	c.entries("places", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a place") {
			return
		}
		c.Only(n, "places."+key.Text, []string{"zone", "holidays"}, nil)
		s := Site{ID: key.Text, Place: c.place(key), Holidays: c.codes(n.Get("holidays"))}
		if f, ok := c.p.space.ByName(key.Text); ok {
			c.ErrorAt(key, "`%s` is the name of a fact; choose another name for the place", c.p.space.Name(f))
		}
		if n.Get("zone") == nil {
			c.ErrorAt(key, "place %q needs a `zone`", key.Text)
		} else if zone, ok := c.Zone(n.Get("zone")); ok {
			s.Zone = zone.Name()
			c.warnHome(n.Get("zone"))
		}
		c.p.sites = append(c.p.sites, s)
	})
}

// codes reads the holidays of a place: one name, a list, or none.
func (c *compiler) codes(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	list := []string{}
	if n.Kind == yaml.Scalar && n.Text == "none" {
		return list
	}
	for _, w := range c.Words(n, "holidays") {
		if c.holidaySet(w) != nil {
			list = append(list, w.Text)
		}
	}
	return list
}

// LocaleOf is a place by its index.
func (p *Policy) LocaleOf(site int) Locale {
	return Locale{Zone: p.sites[site].Zone, Holidays: p.sites[site].Holidays}
}

// placeOf reads `place`: an id under `places`, or a fact whose value is a place.
func (c *compiler) placeOf(n *yaml.Node, def *Calendar, r *recipe) bool {
	if !c.Is(n, yaml.Scalar, "place") {
		return false
	}
	def.At = n.Text
	ids := names(c.p.sites, func(s Site) string { return s.ID })
	if i := slices.Index(ids, n.Text); i >= 0 {
		def.Zone, r.spec.Zone, r.site = c.p.sites[i].Zone, c.p.sites[i].Zone, i
		return true
	}
	f, ok := c.p.space.ByName(n.Text)
	if ok && c.p.space.Type(f) == fact.TypePlace {
		r.from, r.site, def.Rests = f, -1, []fact.Fact{f}
		return true
	}
	for f := range c.p.space.Facts() {
		if c.p.space.Type(f) == fact.TypePlace {
			ids = append(ids, c.p.space.Name(f))
		}
	}
	if ok {
		c.ErrorAt(n, "`%s` is no place; a calendar is kept at %s", n.Text, wording.Or(ids))
		return false
	}
	c.ErrorAt(n, "no place %q%s; known: %s", n.Text, document.DidYouMean(n.Text, ids), strings.Join(ids, ", "))
	return false
}

// placeWords numbers the ids under `places` as words of every fact that is a place.
func (c *compiler) placeWords() {
	ids := names(c.p.sites, func(s Site) string { return s.ID })
	for f := range c.p.space.Facts() {
		if c.p.space.Type(f) == fact.TypePlace {
			c.closed(f, ids...)
		}
	}
}
