package coverage

import (
	"fmt"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- where a request is worked on ----

// Locale answers what calendars without hours of their own are made from: the places and agreed hours of the situation.
func (j *judge) Locale(f fact.Fact) (policy.Locale, bool) {
	v := &j.facts.V[f]
	switch {
	case !v.Known:
		return policy.Locale{}, false
	case f == fact.ContractHours:
		h := &j.s.Contract.Hours
		return policy.Locale{Zone: h.Zone, Week: h.Week, Holidays: h.Holidays, BusinessDayMs: h.BusinessDayMs}, true
	case v.N >= 0 && int(v.N) < len(j.p.Sites()):
		return j.p.LocaleOf(int(v.N)), true
	}
	place := j.s.place(j.p, f)
	return policy.Locale{Zone: place.Zone, Holidays: place.Holidays}, place.Zone != ""
}

func (s *Situation) place(p *policy.Policy, f fact.Fact) Place {
	switch f {
	case fact.AccountPlace:
		return s.Account.Place
	case fact.AccountOffice:
		return s.Account.Office
	}
	return s.Places[p.Facts().Name(f)]
}

// placeFacts records the places and agreed hours that are known.
func (s *Situation) placeFacts(p *policy.Policy, f *fact.Record) {
	for _, slot := range [...]fact.Fact{fact.AccountPlace, fact.AccountOffice} {
		f.V[slot] = placeValue(p, slot, s.place(p, slot))
	}
	if s.Contract.Hours.Zone != "" && s.Contract.Hours.Week != "" {
		f.V[fact.ContractHours] = fact.Value{Known: true, N: -1}
	}
}

// placeValue is a place as conditions see it: its number among those of the policy, -1 for another one. An id that the policy
// does not know says nothing.
func placeValue(p *policy.Policy, slot fact.Fact, place Place) fact.Value {
	if i, ok := p.Word(slot, place.ID); ok {
		return fact.Value{Known: true, N: int64(i)}
	}
	return fact.Value{Known: place.Zone != "", N: -1}
}

// calendar is the open hours of a calendar, by its index, for this request; false while a place or agreed hours that they
// rest on are not known.
func (j *judge) calendar(index int) (*calendar.Calendar, bool) {
	return j.p.HoursAt(&j.p.Calendars()[index], j)
}

// placesMissing appends the places and agreed hours of a calendar that are not known, or cannot be used.
func (j *judge) placesMissing(k *policy.Calendar, into []fact.Fact) []fact.Fact {
	before := len(into)
	for _, f := range k.Rests {
		if _, ok := j.Locale(f); !ok {
			into = append(into, f)
		}
	}
	if len(into) == before {
		into = append(into, k.Rests...)
	}
	return into
}

// doubt notes that a result at an instant rests on holidays that nobody can be sure of.
func (d *Decision) doubt(name string, c *calendar.Calendar, at int64) {
	for _, doubt := range c.Doubts(at) {
		text := fmt.Sprintf("calendar %q: holidays of %s are sure from %d to %d", name, doubt.Code, doubt.Sure.From, doubt.Sure.To)
		if doubt.Code == "" {
			text = fmt.Sprintf("calendar %q: the holidays of its place are not known", name)
		}
		if !slices.Contains(d.Uncertain, text) {
			d.Uncertain = append(d.Uncertain, text)
		}
	}
}

// ---- reading ----

// place reads the id of a place of the policy, or {zone: .., holidays: ..}.
func (r *reader) place(path string, n *yaml.Node) Place {
	switch n.Kind {
	case yaml.Null:
		return Place{}
	case yaml.Scalar:
		if n.Text == "ask" || n.Text == "unknown" || n.Text == "" {
			return Place{}
		}
		if !r.known(path, n.Text, n) {
			return Place{}
		}
		return Place{ID: n.Text}
	}
	var p Place
	if !r.pairs(path, n) {
		return p
	}
	for i, key := range n.Keys {
		value := n.Values[i]
		switch key.Text {
		case "zone":
			p.Zone = r.zone(path+".zone", value)
		case "holidays":
			p.Holidays = r.holidays(path+".holidays", value)
		default:
			r.fail(path+"."+key.Text, key, "unknown key; a place has zone and holidays")
		}
	}
	if n.Get("zone") == nil {
		r.fail(path, n, "a place needs a `zone`")
	}
	return p
}

func (r *reader) zone(path string, n *yaml.Node) string {
	text := r.scalar(path, n)
	if text == "" {
		return ""
	}
	if _, err := calendar.LoadZone(text); err != nil {
		r.fail(path, n, "%v", err)
		return ""
	}
	return text
}

// holidays reads one name, a list of them, or none.
func (r *reader) holidays(path string, n *yaml.Node) []string {
	if n.Kind == yaml.Null {
		return nil
	}
	list := []string{}
	if n.Kind == yaml.Scalar && n.Text == "none" {
		return list
	}
	items := n.Values
	if n.Kind == yaml.Scalar {
		items = []*yaml.Node{n}
	} else if n.Kind != yaml.List {
		r.fail(path, n, "expected a code such as BE, or a list of codes")
		return nil
	}
	for _, item := range items {
		name := r.scalar(path, item)
		if r.p != nil {
			if _, err := r.p.HolidaysNamed(name); err != nil {
				r.fail(path, item, "%v", err)
				continue
			}
		}
		list = append(list, name)
	}
	return list
}

// agreed reads {zone: .., week: .., holidays: .., business_day: ..}.
func (r *reader) agreed(path string, n *yaml.Node) AgreedHours {
	var h AgreedHours
	if n.Kind == yaml.Null || !r.pairs(path, n) {
		return h
	}
	before := len(r.errors)
	for i, key := range n.Keys {
		at, value := path+"."+key.Text, n.Values[i]
		switch key.Text {
		case "zone":
			h.Zone = r.zone(at, value)
		case "week":
			h.Week = r.scalar(at, value)
		case "holidays":
			h.Holidays = r.holidays(at, value)
		case "business_day":
			h.BusinessDayMs = r.businessDay(at, value)
		default:
			r.fail(at, key, "unknown key; agreed hours have zone, week, holidays and business_day")
		}
	}
	if n.Get("zone") == nil || n.Get("week") == nil {
		r.fail(path, n, "agreed hours need a `zone` and a `week`")
	}
	if len(r.errors) == before {
		r.checkAgreed(path, n, h)
	}
	if len(r.errors) > before {
		return AgreedHours{}
	}
	return h
}

func (r *reader) checkAgreed(path string, n *yaml.Node, h AgreedHours) {
	var err error
	if r.p != nil {
		err = r.p.CheckAgreed(policy.Locale{Zone: h.Zone, Week: h.Week, Holidays: h.Holidays, BusinessDayMs: h.BusinessDayMs})
	} else {
		_, err = calendar.ParseWeek(h.Week)
	}
	if err != nil {
		r.fail(path, n.Get("week"), "%v", err)
	}
}

func (r *reader) businessDay(path string, n *yaml.Node) int64 {
	ms, err := wording.ParseDuration(r.scalar(path, n))
	if err != nil || ms <= 0 || ms > 24*3600_000 {
		r.fail(path, n, "a business day is longer than nothing and at most 24h, found %q", n.Text)
		return 0
	}
	return ms
}

// ---- writing ----

type placeOut struct {
	Zone     string   `json:"zone"`
	Holidays []string `json:"holidays,omitzero"`
}

// placeValueOut is a place as it is stored: its id, or zone and holidays.
func placeValueOut(p Place) any {
	if p.ID != "" {
		return p.ID
	}
	return placeOut{p.Zone, slices.Clone(p.Holidays)}
}

type agreedOut struct {
	Zone        string   `json:"zone"`
	Week        string   `json:"week"`
	Holidays    []string `json:"holidays,omitzero"`
	BusinessDay string   `json:"business_day,omitempty"`
}

func agreedValueOut(h AgreedHours) agreedOut {
	out := agreedOut{Zone: h.Zone, Week: h.Week, Holidays: h.Holidays}
	if h.BusinessDayMs > 0 {
		out.BusinessDay = wording.FormatDuration(h.BusinessDayMs)
	}
	return out
}
