package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/period"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 9 allowances, 10 offers ----

// allowances says what is left of every allowance that the request may use, and refuses or charges what goes beyond.
func (j *judge) allowances(d *Decision) {
	if !j.bound {
		return
	}
	list := j.p.Allowances()
	for i := range list {
		a := &list[i]
		switch of := a.Of.Eval(&j.facts); {
		case of == fact.False || !j.counts(a):
		case of == fact.Unknown:
			j.unsettled(d, "allowances."+a.ID, CauseMissing, j.askable(a.Of.Missing(&j.facts, nil)))
		default:
			j.allowance(d, a)
		}
	}
}

// counts reports whether an allowance is about this request: it would be used by it, or the situation speaks of it, or it is
// one that requests do not use.
func (j *judge) counts(a *policy.Allowance) bool {
	if a.Kind == policy.CountCategory && !j.spokenOf(a) {
		v := j.facts.V[fact.Category]
		return v.Known && v.N == int64(a.Word)
	}
	return true
}

// spokenOf reports whether the situation says how much of an allowance is asked for or used.
func (j *judge) spokenOf(a *policy.Allowance) bool {
	_, asked := j.s.Asked[a.ID]
	_, used := j.s.Used[a.ID]
	return asked || used
}

func (j *judge) allowance(d *Decision, a *policy.Allowance) {
	limit, rule, needs, state := j.limit(a)
	concerned := a.Consumes() || j.spokenOf(a)
	switch {
	case state == limitNone, state == limitMissing && !concerned:
		return
	case state == limitMissing:
		j.unsettled(d, "allowances."+a.ID, CauseMissing, needs)
	case state == limitGap:
		j.unsettled(d, "allowances."+a.ID, CauseGap, nil)
	}
	asked, given := j.s.Asked[a.ID]
	if !given {
		asked = max(a.StepMs, 1)
	}
	out := Allowance{ID: a.ID, Used: j.s.Used[a.ID], Asked: rounded(asked, a.StepMs, a.Round)}
	if a.Period.Use {
		out.Used = 0 // each use is measured by itself
	}
	effect, text := "", a.Sentence
	if state == limitKnown || state == limitOpen {
		allowed := state == limitOpen || out.Used+out.Asked <= limit
		out.Allowed, out.Unlimited = &allowed, state == limitOpen
		if state == limitKnown {
			left := max(limit-out.Used, 0)
			out.Limit, out.Left, out.Warned = &limit, &left, warned(a, limit, out.Used+out.Asked)
		}
		effect = "allowed"
		if !allowed {
			effect, text = CoveredNo, a.Exhausted
		}
	}
	j.renews(d, a, &out, concerned)
	j.changeDue(a, &out, given)
	d.Allowances = append(d.Allowances, out)
	switch {
	case !concerned && state != limitGap:
	case effect == CoveredNo && (a.Consumes() || given):
		j.exhausted(d, a, rule)
	default:
		switch effect {
		case CoveredNo:
			effect = "exhausted"
		case "":
			effect = "unsettled"
		}
		d.Because = append(d.Because, allowanceReason(a, rule, "allowance "+effect, text))
	}
}

// limitState is how far the limit of an allowance is known.
type limitState uint8

const (
	limitKnown limitState = iota
	limitOpen             // there is no limit
	limitNone             // the policy grants no such allowance here, and refuses nothing
	limitMissing
	limitGap
)

// limit is what may be used: what the policy grants, what was bought, and what earlier periods left.
func (j *judge) limit(a *policy.Allowance) (limit int64, rule int, needs []fact.Fact, state limitState) {
	granted, rule := int64(0), -1
	if a.Limit != nil {
		found, missing := a.Limit.Choose(&j.facts, nil)
		rule = found.Entry
		switch {
		case found.State == choice.Missing && len(j.askedFor(missing)) > 0:
			return 0, rule, j.askedFor(missing), limitMissing
		case found.State != choice.Decided:
			return 0, rule, nil, limitGap
		case found.None && !a.Bought:
			return 0, rule, nil, limitNone
		case found.Value >= policy.Unlimited:
			return 0, rule, nil, limitOpen
		}
		granted = found.Value
	}
	if a.Bought {
		granted += j.s.Bought[a.ID]
	}
	if a.Keep >= 0 {
		granted += j.s.Carried[a.ID]
	}
	return granted, rule, nil, limitKnown
}

// rounded is an amount in whole steps.
func rounded(amount, step int64, round string) int64 {
	if step <= 0 || round == "" || amount%step == 0 {
		return amount
	}
	down := amount - amount%step
	if round == "up" || round == "nearest" && amount%step*2 >= step {
		return down + step
	}
	return down
}

// warned is the highest of the allowance's warnings, in percent, that an amount reaches.
func warned(a *policy.Allowance, limit, amount int64) int {
	reached := 0
	for _, percent := range a.Warn {
		if limit > 0 && amount*100 >= limit*int64(percent) {
			reached = percent
		}
	}
	return reached
}

// renews finds the first day of the next period, in the zone of the policy.
func (j *judge) renews(d *Decision, a *policy.Allowance, out *Allowance, concerned bool) {
	if !a.Period.Renews() {
		return
	}
	anchor := a.StartDay.Anchor()
	if a.Contract {
		first := j.facts.V[fact.ContractStarts]
		if !first.Known {
			first = j.facts.V[fact.ContractRenews]
		}
		if !first.Known {
			if concerned {
				j.unsettled(d, "allowances."+a.ID+".renews", CauseMissing, []fact.Fact{fact.ContractStarts})
			}
			return
		}
		anchor = calendar.Date(first.N)
	}
	if j.s.At == 0 {
		if concerned {
			j.unsettled(d, "allowances."+a.ID+".renews", CauseMissing, []fact.Fact{fact.At})
		}
		return
	}
	out.Renews = period.Of(a.Period, anchor, j.p.DateAt(j.arrived())).Next.String()
}

// arrived is when the request arrived: a use counts in the period of its arrival.
func (j *judge) arrived() int64 {
	if j.s.Arrived != 0 {
		return j.s.Arrived
	}
	return j.s.At
}

// changeDue says until when a change that is asked for now is made.
func (j *judge) changeDue(a *policy.Allowance, out *Allowance, asked bool) {
	if a.Change == nil || !asked || j.s.At == 0 {
		return
	}
	if due, ok := j.targetFrom(a.Change, j.s.At); ok {
		out.ChangeDue = &due
	}
}

// targetFrom is the instant at which a target of its own calendar, or of elapsed time, is used up.
func (j *judge) targetFrom(t *policy.Target, from int64) (int64, bool) {
	var space [policy.MaxParts]policy.Instant
	parts := space[:0]
	for _, one := range t.Parts(nil) {
		at, known := j.partFrom(one, from)
		parts = append(parts, policy.Instant{At: at, Known: known})
	}
	return t.Due(parts)
}

func (j *judge) partFrom(t *policy.Target, from int64) (int64, bool) {
	k := part{target: t, ms: t.Ms}
	if t.On >= 0 {
		hours, known := j.windows(t.On)
		if !known {
			return 0, false
		}
		k.cal = hours
	}
	switch t.Kind {
	case policy.TargetNone:
		return 0, false
	case policy.TargetBusinessDays:
		k.ms = int64(t.Days) * policy.BusinessDay(k.cal)
	}
	if t.Counts() {
		return k.add(from, k.ms)
	}
	if k.cal == nil {
		return 0, false
	}
	if t.Kind == policy.TargetByClose {
		return k.cal.CloseAfter(from, t.Days)
	}
	return k.cal.ByTime(from, t.Minute/60, t.Minute%60, t.Days)
}

// allowanceReason cites the rule that sets the limit, or the allowance itself where it was bought.
func allowanceReason(a *policy.Allowance, rule int, effect, text string) Reason {
	r := Reason{Clause: a.Clause, Rule: a.RuleID, Line: a.Line, Effect: effect, Text: text}
	if rule >= 0 && rule < len(a.Limits) {
		limit := &a.Limits[rule]
		r.Clause, r.Rule, r.Line = limit.Clause, limit.ID, limit.Line
	}
	return r
}

// exhausted refuses what goes beyond an allowance, or charges it.
func (j *judge) exhausted(d *Decision, a *policy.Allowance, rule int) {
	r := allowanceReason(a, rule, CoveredNo, a.Exhausted)
	j.offers(&r, a.Offers)
	if a.OverAnswer != CoveredNo {
		r.Effect = "charge"
		d.Because = append(d.Because, r)
		j.charge(d, a.Charge)
		return
	}
	at := 0
	for at < len(d.Because) && d.Because[at].Effect == CoveredNo && d.Because[at].Offer != "" {
		at++
	}
	d.Because = slices.Insert(d.Because, at, r)
	d.Covered = CoveredNo
	d.Unsettled = slices.DeleteFunc(d.Unsettled, func(u Unsettled) bool { return u.Field == "covered" })
}

// offers names the ways on of a reason, by their places in the policy's list.
func (j *judge) offers(r *Reason, list []int) {
	for i, at := range list {
		id := j.p.Offers()[at].ID
		if i == 0 {
			r.Offer = id
		} else {
			r.More = append(r.More, id)
		}
	}
}

func (j *judge) collectOffers(d *Decision) {
	for i := range d.Because {
		r := &d.Because[i]
		if r.Offer == "" || r.Overridden {
			continue
		}
		j.collectOffer(d, r.Offer)
		for _, id := range r.More {
			j.collectOffer(d, id)
		}
	}
}

func (j *judge) collectOffer(d *Decision, id string) {
	if slices.ContainsFunc(d.Offers, func(o Offer) bool { return o.ID == id }) {
		return
	}
	o, _ := j.p.Offer(id)
	offer := Offer{ID: o.ID, Kind: o.To, Text: o.Title, URL: o.Link}
	if offer.Kind == "" {
		offer.Kind = "link"
	}
	d.Offers = append(d.Offers, offer)
}
