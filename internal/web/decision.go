package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// reading turns what the rules say into a page's words, by the policy version that said it.
type reading struct {
	f     page.Frame
	rules *rulebook.Compiled
}

func (d reading) version() string { return strconv.Itoa(d.rules.Number) }

func (d reading) level(id string) string { return levelName(d.rules.Policy, id) }

func (d reading) clause(id string) page.Clause {
	c := page.Clause{Anchor: id, Version: d.version()}
	if found, ok := d.rules.Policy.Clause(id); ok {
		c.Title = found.Title
	}
	return c
}

// clauseOf is the clause that a reason cites, of a later version where that one lets the contract stay.
func (d reading) clauseOf(r *coverage.Reason) page.Clause {
	if number, kept := ticket.KeptBy(r); kept {
		return page.Clause{Anchor: r.Clause, Version: strconv.Itoa(number)}
	}
	return d.clause(r.Clause)
}

func (d reading) category(id string) string {
	if c, ok := d.rules.Policy.Category(id); ok {
		return c.Title
	}
	return id
}

// decision shows one decision; provider is who answers, at is when it was decided.
func (d reading) decision(dec *coverage.Decision, provider page.Org, at int64) page.Decision {
	out := page.Decision{Answer: page.Answer(dec.Covered), Level: d.level(dec.Level), Provider: provider, Hours: d.hours(dec),
		Charge: d.charge(dec), PolicyVersion: d.version(), DecidedAt: at}
	if dec.LevelWanted != "" && dec.LevelWanted != dec.Level {
		out.Wanted = d.level(dec.LevelWanted)
	}
	if o := dec.Offer(); o != nil {
		out.Offer = d.offer(o.ID)
	}
	seen := map[string]bool{}
	for i, r := range dec.Because {
		if o := d.offer(r.Offer); o != nil && i > 0 && !r.Overridden {
			// the first reason's way on has a place of its own
			r.Text += " " + d.f.T("The way on: %s.", o.Title)
		}
		for _, id := range r.More {
			if o := d.offer(id); o != nil && !r.Overridden {
				r.Text += " " + d.f.T("Another way on: %s.", o.Title)
			}
		}
		if key := r.Clause + "\x00" + r.Text; !seen[key] && r.Text != "" {
			seen[key] = true
			out.Reasons = append(out.Reasons, page.Reason{Text: r.Text, Clause: d.clauseOf(&r), Overridden: r.Overridden})
		}
	}
	out.Unsettled = d.unsettled(dec.Unsettled)
	return out
}

func (d reading) offer(id string) *page.Offer {
	o, ok := d.rules.Policy.Offer(id)
	if !ok {
		return nil
	}
	return &page.Offer{Title: o.Title, Href: o.Link}
}

func (d reading) charge(dec *coverage.Decision) string {
	list := dec.Charges
	if len(list) == 0 && dec.Charge != nil {
		list = []coverage.Charge{*dec.Charge}
	}
	var words []string
	for _, c := range list {
		switch {
		case c.From != "":
			words = append(words, d.f.T("It is taken from: %s.", d.allowance(c.From)))
		case c.Confirm != "":
			words = append(words, d.f.T("It is charged (%s); somebody confirms the price with you first.", plain(c.Rate)))
		default:
			words = append(words, d.f.T("It is charged (%s).", plain(c.Rate)))
		}
	}
	return strings.Join(words, " ")
}

func (d reading) allowance(id string) string {
	for _, a := range d.rules.Policy.Allowances() {
		if a.ID == id && a.Title != "" {
			return a.Title
		}
	}
	return plain(id)
}

func plain(id string) string { return strings.NewReplacer("-", " ", "_", " ", ".", " ").Replace(id) }

// unsettled says what is open; what depends on the same is said together.
func (d reading) unsettled(list []coverage.Unsettled) (out []string) {
	p, open := d.rules.Policy, map[string][]string{}
	for i := range list {
		on := list[i].DependsOn(p)
		open[on] = append(open[on], list[i].Question(p))
	}
	for i := range list {
		on := list[i].DependsOn(p)
		what := open[on]
		delete(open, on)
		switch {
		case len(what) == 0:
		case on == "":
			out = append(out, d.f.T("The policy leaves open %s.", wording.And(what)))
		default:
			out = append(out, d.f.T("Not known yet: %s. It depends on %s.", wording.And(what), on))
		}
	}
	return out
}

// portalDecision is a decision for who asks: of what is not included it shows
// only what decided and the way on, not who would have answered when.
func (d reading) portalDecision(dec *coverage.Decision, provider page.Org, at int64) page.Decision {
	if dec.Covered != coverage.CoveredNo {
		return d.decision(dec, provider, at)
	}
	short := *dec
	short.Because = nil
	for _, r := range dec.Because {
		if r.Effect == coverage.CoveredNo {
			short.Because = append(short.Because, r)
		}
	}
	if len(short.Because) == 0 || short.Because[0].Rule != dec.Because[0].Rule {
		return d.decision(dec, provider, at)
	}
	out := d.decision(&short, page.Org{}, at)
	out.Level, out.Wanted, out.Hours = "", "", page.Hours{}
	return out
}

// hours says whether the desk of a decision is open now, whenever it was decided.
func (d reading) hours(dec *coverage.Decision) page.Hours {
	c, ok := calendarNamed(d.rules.Policy, dec.Calendar)
	if !ok || c.Hours == nil {
		return page.Hours{}
	}
	h := page.Hours{Known: true, Always: c.Hours.IsAlways(), Open: c.Hours.Open(d.f.Now), BestEffort: dec.Outside == coverage.EffortBestEffort}
	if h.Open {
		h.Changes, _ = c.Hours.Closes(d.f.Now)
	} else {
		h.Changes, _ = c.Hours.Next(d.f.Now)
	}
	h.DeskZone = deskZone(c)
	return h
}

// deskZone is the zone in which the policy names the hours; several calendars together have none.
func deskZone(c policy.Calendar) *time.Location {
	name := c.Zone
	if name == "" {
		return nil
	}
	if loc, err := time.LoadLocation(name); err == nil {
		return loc // by its own name: GMT stays GMT
	}
	z, err := calendar.LoadZone(name)
	if err != nil {
		return nil
	}
	return z.Location()
}

// calendarNamed finds a calendar by the name that a decision gives it, also one
// that the rules put together from several.
func calendarNamed(p *policy.Policy, id string) (policy.Calendar, bool) {
	var adds []uint64
	for _, h := range p.Hours() {
		if h.AddBit != 0 {
			adds = append(adds, h.AddBit)
		}
	}
	for base, c := range p.Calendars() {
		if c.ID == id {
			return c, true
		}
		for set := 1; set < 1<<min(len(adds), 8); set++ {
			var bits uint64
			for i, bit := range adds {
				if set&(1<<i) != 0 {
					bits |= bit
				}
			}
			if both := p.Combined(base, bits); both.Hours != nil && both.ID == id {
				both.Zone = c.Zone
				return both, true
			}
		}
	}
	return policy.Calendar{}, false
}

// clocks shows those that have started, the first due first, with how their dues came about where that is told.
func (d reading) clocks(list []coverage.Clock, told []coverage.Deadline) []page.Clock {
	var out []page.Clock
	for _, c := range list {
		one := page.Clock{Name: c.Title, Steps: stepsOf(c, told), Goal: c.Kind == coverage.KindGoal, Provisional: c.Provisional}
		if one.Name == "" {
			one.Name = plain(c.ID)
		}
		if len(c.Because) > 0 {
			one.Clause = d.clause(c.Because[0].Clause)
		}
		if c.DueAt != nil {
			one.Due = *c.DueAt
		}
		switch c.State {
		case coverage.ClockRunning:
			one.State = page.ClockRunning
		case coverage.ClockPaused:
			one.State = page.ClockPaused
		case coverage.ClockMet:
			one.State = page.ClockMet
		case coverage.ClockLate:
			one.State = page.ClockMissed
			if c.StoppedAt == nil {
				one.State = page.ClockRunning
			}
		default:
			continue
		}
		if one.State == page.ClockMet && c.StoppedAt != nil {
			one.Due = *c.StoppedAt
		}
		if (one.State == page.ClockRunning || one.State == page.ClockPaused) && c.TargetMs > c.UsedMs {
			one.LeftMs = c.TargetMs - c.UsedMs
		}
		out = append(out, one)
	}
	return out
}

func stepsOf(c coverage.Clock, told []coverage.Deadline) []string {
	for _, d := range told {
		if d.ID == c.ID && d.Level == c.Level {
			return d.Lines
		}
	}
	return nil
}

// next is the end of the first clock that runs: when an answer is due.
func nextDue(list []page.Clock) (due int64, goal bool, steps []string) {
	for _, c := range list {
		if c.State == page.ClockRunning && c.Due != 0 && (due == 0 || c.Due < due) {
			due, goal, steps = c.Due, c.Goal, c.Steps
		}
	}
	return due, goal, steps
}

// gate is what the way to the next level asks for and what of it is there.
func (d reading) gate(required, missing []policy.Requirement, clause string, waived map[string]string) page.Gate {
	g := page.Gate{}
	if clause != "" {
		g.Clause = d.clause(clause)
	}
	for _, r := range required {
		item := page.GateItem{Key: r.IDs[0], Title: d.information(r.IDs[0])}
		item.Met = !slices.ContainsFunc(missing, func(m policy.Requirement) bool { return m.Bits == r.Bits })
		for _, id := range r.IDs {
			if item.Met && item.Waived == "" {
				item.Waived = waived[id]
			}
		}
		g.Items = append(g.Items, item)
	}
	return g
}

func (d reading) information(id string) string {
	for _, i := range d.rules.Policy.Information() {
		if i.ID == id {
			return i.Title
		}
	}
	return plain(id)
}

func orgOf(o ticket.OrgName) page.Org { return page.Org{Name: o.Name, Kind: page.OrgKind(o.Kind)} }

// productType is a product type in words.
func productType(id string) string { return wording.Capital(wording.Spoken(id)) }
