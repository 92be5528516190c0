package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

// policyInForce is the published policy by which a request that came now is judged.
func (s *site) policyInForce(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	c, err := s.Book.InForce(r.Context(), s.DB.Now())
	if err != nil {
		return err
	}
	return s.showPolicy(w, r, a, c)
}

// policyVersion is one version at its permanent address.
func (s *site) policyVersion(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	number, err := strconv.Atoi(r.PathValue("version"))
	if err != nil {
		return errNothing
	}
	c, err := s.Book.ByNumber(r.Context(), number)
	if err != nil {
		return err
	}
	return s.showPolicy(w, r, a, c)
}

func (s *site) showPolicy(w http.ResponseWriter, r *http.Request, a identity.Actor, c *rulebook.Compiled) error {
	f, err := s.frame(w, r, a, page.Portal)
	if err != nil {
		return err
	}
	list, err := s.Book.List(r.Context())
	if err != nil {
		return err
	}
	now, err := s.Book.InForce(r.Context(), f.Now)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	inForce := 0
	if now != nil {
		inForce = now.Number
	}
	p := page.Policy{Frame: f, Name: c.Policy.Name(), Vendor: c.Policy.Vendor(), Version: strconv.Itoa(c.Number), Effective: effective(c.Version, c.Policy),
		Standing: standing(c.Version, inForce, f.Now)}
	for i := len(list) - 1; i >= 0; i-- {
		v := list[i]
		p.Versions = append(p.Versions, page.PolicyVersion{Version: strconv.Itoa(v.Number), Effective: effective(v, c.Policy), Standing: standing(v, inForce, f.Now), Current: v.Number == c.Number})
		if v.From() > f.Now {
			p.Until = effective(v, c.Policy)
		}
	}
	d := reading{f, c}
	for _, clause := range c.Policy.Clauses() {
		if clause.Level == 1 && clause.HTML == "" && len(clause.Blocks) == 0 {
			continue
		}
		p.Clauses = append(p.Clauses, d.clauseText(clause))
	}
	return s.render(w, r, http.StatusOK, p.View())
}

// effective is the local date, in the policy's zone, from which a version can be in force.
func effective(v rulebook.Version, p *policy.Policy) string { return p.DateAt(v.EffectiveAt).String() }

func standing(v rulebook.Version, inForce int, now int64) page.PolicyStanding {
	switch {
	case v.Number == inForce:
		return page.InForce
	case v.From() > now:
		return page.Scheduled
	}
	return page.Earlier
}

// drawn are the blocks that have a picture of their own on the page; offers and
// information stand where they are used.
var drawn = map[string]bool{"responsibility": true, "hours": true, "calendars": true, "categories": true, "gates": true, "coverage": true, "terms": true,
	"clocks": true, "offers": true, "information": true, "policy": true}

func (d reading) clauseText(c policy.Clause) page.PolicyClause {
	p := d.rules.Policy
	out := page.PolicyClause{Anchor: c.ID, Title: c.Title, HTML: c.HTML, Depth: max(2, c.Level)}
	for _, b := range c.Blocks {
		switch b.Kind {
		case "responsibility":
			out.Matrix = d.matrix()
		case "hours":
			out.Weeks = d.weeks()
		case "terms":
			for _, t := range p.Terms() {
				if t.Clause == c.ID {
					out.Terms = append(out.Terms, page.PolicyTerm{Term: capital(t.Name), Meaning: t.Meaning})
				}
			}
		}
		if !drawn[b.Kind] {
			block := page.PolicyBlock{Head: b.Head, Rows: b.Rows, List: b.List}
			if b.Kind == "products" {
				block.Label = d.f.T("Products")
			}
			out.Blocks = append(out.Blocks, block)
		}
	}
	out.Categories, out.Exclusions, out.Needs, out.Clocks = d.categoriesOf(c.ID), d.exclusions(c.ID), d.needs(c.ID), d.promises(c.ID)
	return out
}

func (d reading) matrix() *page.Matrix {
	p := d.rules.Policy
	m := &page.Matrix{}
	for _, l := range p.Levels() {
		m.Levels = append(m.Levels, l.Name)
	}
	for _, row := range p.ResponsibilityRows() {
		line := page.MatrixLine{Product: d.rowName(row.Text)}
		for _, cell := range row.Cells {
			one := page.MatrixCell{For: people(d.f, cell.For)}
			for _, k := range []struct {
				bit  uint8
				kind page.OrgKind
			}{{policy.KindVendor, page.Vendor}, {policy.KindPartner, page.Partner}, {policy.KindCustomer, page.Customer}} {
				if cell.By&k.bit != 0 {
					one.Kinds = append(one.Kinds, k.kind)
				}
			}
			line.Cells = append(line.Cells, one)
		}
		m.Rows = append(m.Rows, line)
	}
	return m
}

// rowName is a product type where the row names one, else the condition's own words.
func (d reading) rowName(text string) string {
	if text == "" {
		return d.f.T("Every product")
	}
	if name, ok := strings.CutPrefix(text, "the product type is "); ok {
		return capital(name)
	}
	return capital(text)
}

// whose shortens the condition of an hours rule to whom it serves: "Level 1, North America".
func (d reading) whose(text string) string {
	var parts []string
	for _, part := range strings.Split(text, " and ") {
		for _, words := range []string{"the request is at ", "the account is in "} {
			part = strings.TrimPrefix(part, words)
		}
		parts = append(parts, part)
	}
	return capital(strings.Join(parts, ", "))
}

// weekWords is a calendar's week with the days' names as people write them.
func weekWords(week string) string {
	return strings.NewReplacer("mon", "Mon", "tue", "Tue", "wed", "Wed", "thu", "Thu", "fri", "Fri", "sat", "Sat", "sun", "Sun", "-", "\u2013").Replace(week)
}

func people(f page.Frame, kinds uint8) string {
	var list []string
	for _, k := range []struct {
		bit  uint8
		name string
	}{{policy.KindEndUser, f.T("end users")}, {policy.KindCustomer, f.T("the customer")}, {policy.KindPartner, f.T("partners")}} {
		if kinds&k.bit != 0 {
			list = append(list, k.name)
		}
	}
	return strings.Join(list, f.T(" and "))
}

const weekMinutes = 7 * 24 * 60

// weeks draws the calendars that the hours choose among, as this week looks in the reader's zone.
func (d reading) weeks() []page.Week {
	p := d.rules.Policy
	var out []page.Week
	for _, h := range p.Hours() {
		if h.Calendar == policy.NoCalendar {
			continue
		}
		c := p.Calendars()[h.Calendar]
		label := d.whose(h.Text)
		switch {
		case h.Text == "":
			label = d.f.T("All others")
		case h.Add:
			label = d.f.T("%s: also", label)
		}
		w := page.Week{Label: label, Words: joined(weekWords(c.Week), c.Zone), Always: c.Hours != nil && c.Hours.IsAlways()}
		if c.Hours == nil {
			w.Words = c.Words // whose place or contract it is decides when that is
		} else if w.Always {
			w.Words = d.f.T("day and night, every day")
		} else {
			w.Spans = d.spans(c)
		}
		out = append(out, w)
	}
	return out
}

func joined(a, b string) string { return strings.TrimSpace(a + " " + b) }

// spans are the open hours of the reader's present week, in minutes since its Monday.
func (d reading) spans(c policy.Calendar) []page.Span {
	now := time.UnixMilli(d.f.Now).In(d.f.Zone)
	monday := time.Date(now.Year(), now.Month(), now.Day()-(int(now.Weekday())+6)%7, 0, 0, 0, 0, d.f.Zone)
	sunday := time.Date(monday.Year(), monday.Month(), monday.Day()+7, 0, 0, 0, 0, d.f.Zone)
	var out []page.Span
	for _, w := range c.Hours.Windows(monday.UnixMilli(), sunday.UnixMilli()) {
		from, to := wallMinute(monday, w.Open), wallMinute(monday, w.Close)
		if to <= from {
			to = weekMinutes
		}
		out = append(out, page.Span{From: from, To: min(to, weekMinutes)})
	}
	return out
}

// wallMinute is the minute of the week that the clock on the reader's wall shows.
func wallMinute(monday time.Time, ms int64) int {
	t := time.UnixMilli(ms).In(monday.Location())
	days := int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Sub(time.Date(monday.Year(), monday.Month(), monday.Day(), 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	return days*24*60 + t.Hour()*60 + t.Minute()
}

func (d reading) categoriesOf(clause string) []page.PolicyCategory {
	var out []page.PolicyCategory
	for _, c := range d.rules.Policy.Categories() {
		if c.Clause != clause {
			continue
		}
		one := page.PolicyCategory{Title: c.Title, Answer: page.Covered}
		if c.Level != "" {
			one.Level = d.level(c.Level)
		}
		if c.Answer != "" {
			one.Answer = page.Answer(c.Answer)
		}
		if c.Offer != "" {
			one.Offer = d.offer(c.Offer)
		}
		out = append(out, one)
	}
	return out
}

func (d reading) exclusions(clause string) []page.PolicyExclusion {
	p := d.rules.Policy
	var out []page.PolicyExclusion
	for _, rule := range p.CoverageRules() {
		if rule.Clause != clause || rule.Implied || rule.Answer == policy.AnswerNone {
			continue
		}
		one := page.PolicyExclusion{Text: rule.Sentence, Answer: page.Answer(rule.Answer.String())}
		if rule.Offer >= 0 {
			one.Offer = d.offer(p.Offers()[rule.Offer].ID)
		}
		out = append(out, one)
	}
	return out
}

func (d reading) needs(clause string) []page.PolicyNeed {
	var out []page.PolicyNeed
	for _, g := range d.rules.Policy.Gates() {
		if g.Clause != clause {
			continue
		}
		for _, req := range g.Require {
			titles := make([]string, len(req.IDs))
			for i, id := range req.IDs {
				titles[i] = d.information(id)
			}
			out = append(out, page.PolicyNeed{Title: strings.Join(titles, d.f.T(" or ")), Waivable: req.Waivable})
		}
	}
	return out
}

func (d reading) promises(clause string) []page.PolicyClock {
	var out []page.PolicyClock
	for _, c := range d.rules.Policy.ClockDefs() {
		if c.Clause != clause {
			continue
		}
		for _, w := range c.Within {
			within := d.f.T("within %s of open time", length(d.f, w.Target.Text))
			if w.Target.Kind == policy.TargetNone {
				within = d.f.T("no target")
			}
			if w.Text != "" {
				within += d.f.T(", when %s", plain(w.Text))
			}
			out = append(out, page.PolicyClock{Title: c.Title, Within: within, Goal: c.Goal && w.Target.Kind != policy.TargetNone})
		}
	}
	return out
}

// length is a length of time in words: "9h" is "9 hours". Others are shown as the policy writes them.
func length(f page.Frame, text string) string {
	l, err := time.ParseDuration(text)
	if err != nil || l < time.Minute {
		return text
	}
	return f.Length(l)
}
