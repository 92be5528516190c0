package coverage

import (
	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 4 hours ----

func (j *judge) chooseHours(d *Decision) {
	var needs []fact.Fact
	j.hours, needs = j.hoursNow(needs)
	h := &j.hours
	d.Calendar, d.Outside = h.name, ""
	if h.rule >= 0 {
		rule := &j.p.Hours()[h.rule]
		text := rule.Sentence
		if h.unsettled {
			text = "Until it is known which hours count: " + text
		}
		d.Because = append(d.Because, Reason{Clause: rule.Clause, Rule: rule.ID, Line: rule.Line, Effect: "calendar " + h.name, Text: text})
	}
	for i := range j.p.Hours() {
		if rule := &j.p.Hours()[i]; rule.AddBit&h.adds != 0 {
			d.Because = append(d.Because, Reason{Clause: rule.Clause, Rule: rule.ID, Line: rule.Line, Effect: "calendar " + h.name, Text: rule.Sentence})
		}
	}
	if h.unsettled || h.unsure != 0 {
		j.unsettled(d, "calendar", CauseMissing, needs)
	}
	if h.rule < 0 {
		j.unsettled(d, "calendar", CauseGap, nil)
	}
	if len(h.unplaced) > 0 {
		j.unplaced(d)
		return
	}
	if h.cal == nil {
		j.known(fact.HoursOpen, -1) // no hours are published: neither open nor closed
		j.open = fact.True
		return
	}
	j.openNow(d)
}

// unplaced leaves open what the unknown place of a request decides, and nothing else.
func (j *judge) unplaced(d *Decision) {
	if j.hours.bestEffort {
		d.Outside = EffortBestEffort
	}
	j.unsettled(d, "open_now", CauseMissing, j.hours.unplaced)
	j.unsettled(d, "opens_at", CauseMissing, j.hours.unplaced)
	j.open = fact.Unknown
}

// hoursNow chooses among the rules of hours under the facts as they stand, with the facts that would settle the choice.
func (j *judge) hoursNow(needs []fact.Fact) (hours, []fact.Fact) {
	rules := j.p.Hours()
	h := hours{base: policy.NoCalendar, name: "none", rule: -1}
	for i := range rules {
		r := &rules[i]
		if r.Add {
			continue
		}
		held := r.When.Eval(&j.facts)
		if held == fact.False {
			continue
		}
		if h.rule < 0 {
			h.rule, h.base, h.bestEffort = i, r.Calendar, r.BestEffort
		} else if r.Calendar != h.base || r.BestEffort != h.bestEffort {
			h.unsettled = true
			h.rule, h.base, h.bestEffort = i, r.Calendar, r.BestEffort // the one that surely holds serves meanwhile
		}
		if held == fact.True {
			break
		}
		needs = r.When.Missing(&j.facts, needs)
	}
	if h.base == policy.NoCalendar {
		return h, needs
	}
	for i := range rules {
		r := &rules[i]
		if !r.Add {
			continue
		}
		_, placed := j.calendar(r.Calendar)
		switch held := r.When.Eval(&j.facts); {
		case held == fact.True && placed:
			h.adds |= r.AddBit
		case held == fact.True:
			h.unsure |= r.AddBit
			needs = j.placesMissing(&j.p.Calendars()[r.Calendar], needs)
		case held == fact.Unknown:
			h.unsure |= r.AddBit
			needs = r.When.Missing(&j.facts, needs)
		}
	}
	chosen := j.p.Combined(h.base, h.adds)
	h.name = chosen.ID
	var known bool
	if h.cal, known = j.p.HoursAt(&chosen, j); !known {
		h.unplaced = j.placesMissing(&chosen, nil)
		return h, needs
	}
	if h.cal.IsAlways() {
		h.unsure = 0
	}
	return h, needs
}

// openNow settles open, next opening and closing at the arrival. Where a missing fact may add hours, a value stands only if
// it is the same with and without them.
func (j *judge) openNow(d *Decision) {
	h, at := &j.hours, j.s.At
	if h.bestEffort {
		d.Outside = EffortBestEffort
	}
	if at == 0 || h.unsettled {
		if at == 0 {
			d.Unsettled = append(d.Unsettled, Unsettled{Field: "open_now", Cause: CauseMissing, Needs: []string{"at"}})
		} else {
			d.Unsettled = append(d.Unsettled, Unsettled{Field: "open_now", Cause: CauseMissing, Needs: d.Unsettled[len(d.Unsettled)-1].Needs})
		}
		j.open = fact.Unknown
		return
	}
	open := h.cal.Open(at)
	j.open = fact.False
	if open {
		j.open = fact.True
	}
	opens, hasOpening := h.cal.Next(at)
	closes, hasClosing := h.cal.Closes(at)
	sameOpening, sameClosing := true, true
	if h.unsure != 0 {
		united := j.p.Combined(h.base, h.adds|h.unsure)
		more, known := j.p.HoursAt(&united, j)
		if !known {
			more = calendar.Always() // the most that hours at an unknown place could be
		}
		if more.Open(at) != open {
			d.Unsettled = append(d.Unsettled, Unsettled{Field: "open_now", Cause: CauseMissing, Needs: d.Unsettled[len(d.Unsettled)-1].Needs})
			j.open = fact.Unknown
			return
		}
		next, _ := more.Next(at)
		end, _ := more.Closes(at)
		sameOpening, sameClosing = next == opens, end == closes
	}
	j.known(fact.HoursOpen, int(boolInt(open)))
	d.OpenNow = &open
	d.doubt(h.name, h.cal, at)
	if !open && hasOpening && sameOpening {
		d.OpensAt = &opens
		d.doubt(h.name, h.cal, opens)
	}
	if open && hasClosing && sameClosing {
		d.ClosesAt = &closes
		d.doubt(h.name, h.cal, closes)
	}
}

// effort says how much work is possible at the arrival.
func (j *judge) effort(d *Decision) {
	switch {
	case d.Covered == CoveredNo:
		d.Effort = EffortNone
	case d.Covered == CoveredBestEffort:
		d.Effort = EffortBestEffort
	case j.hours.cal == nil || j.open == fact.True:
		d.Effort = EffortNormal
	case j.open == fact.Unknown && j.hours.cal.Open(j.s.At):
		d.Effort = EffortNormal
	case j.hours.bestEffort:
		d.Effort = EffortBestEffort
	default:
		d.Effort = EffortNone
	}
}
