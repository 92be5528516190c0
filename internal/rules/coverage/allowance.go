package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 9 allowances, 10 offers ----

func (j *judge) allowances(d *Decision) {
	if !j.bound {
		return
	}
	list := j.p.Allowances()
	for i := range list {
		a := &list[i]
		if a.Of.Eval(&j.facts) != fact.True {
			continue
		}
		limit, used := j.s.Bought[a.ID], j.s.Used[a.ID]
		asked, ok := j.s.Asked[a.ID]
		if !ok {
			asked = max(a.StepMs, 1)
		}
		left := max(limit-used, 0)
		allowed := used+asked <= limit
		d.Allowances = append(d.Allowances, Allowance{ID: a.ID, Allowed: allowed, Limit: &limit, Used: used, Left: &left})
		if !allowed && a.OverAnswer == CoveredNo {
			j.exhausted(d, a)
		}
	}
}

func (j *judge) exhausted(d *Decision, a *policy.Allowance) {
	r := Reason{Clause: a.Clause, Rule: a.ID, Line: a.Line, Effect: CoveredNo, Text: a.Exhausted}
	if a.Offer >= 0 {
		r.Offer = a.OverOffer
	}
	at := 0
	for at < len(d.Because) && d.Because[at].Effect == CoveredNo && d.Because[at].Offer != "" {
		at++
	}
	d.Because = slices.Insert(d.Because, at, r)
	d.Covered = CoveredNo
	d.Unsettled = slices.DeleteFunc(d.Unsettled, func(u Unsettled) bool { return u.Field == "covered" })
}

func (j *judge) collectOffers(d *Decision) {
	for i := range d.Because {
		r := &d.Because[i]
		if r.Offer == "" || r.Overridden || slices.ContainsFunc(d.Offers, func(o Offer) bool { return o.ID == r.Offer }) {
			continue
		}
		o, _ := j.p.Offer(r.Offer)
		offer := Offer{ID: o.ID, Kind: o.To, Text: o.Title, URL: o.Link}
		if offer.Kind == "" {
			offer.Kind = "link"
		}
		d.Offers = append(d.Offers, offer)
	}
}
