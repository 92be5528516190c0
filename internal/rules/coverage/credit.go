package coverage

import (
	"fmt"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// CreditDue is what a promise gives for a measured value.
type CreditDue struct {
	State   string // CreditNone, CreditDueNow, CreditGap, or CreditUnsettled
	Amount  policy.Amount
	AtMost  *policy.Amount // of all credits of the promise together
	ClaimBy *int64         // UTC ms until which it must be asked for; nil when it need not be, or the calendar is unsettled
	How     string         // how it is asked for
	Needs   []string       // the facts that would settle it
	Reason  Reason
}

// States of a CreditDue.
const (
	CreditNone      = "none"      // the promise was kept, or is not about this situation
	CreditDueNow    = "due"       // a credit is due
	CreditGap       = "gap"       // the promise was broken, and the text gives no credit for this value
	CreditUnsettled = "unsettled" // a fact is missing
)

// CreditFor says what a promise of the policy gives for a measured share. since is the end of the measured period, or the miss
// where the claim counts from it, in UTC milliseconds. For a promise about single incidents the share is 0.
func CreditFor(p *policy.Policy, s *Situation, promise string, measured policy.Share, since int64) (CreditDue, error) {
	def, ok := p.Promise(promise)
	if !ok {
		return CreditDue{}, fmt.Errorf("credit: the policy has no promise %q", promise)
	}
	j := newJudge(p, s)
	var d Decision
	j.settle(&d)
	due := CreditDue{State: CreditNone, Reason: Reason{Clause: def.Clause, Rule: def.ID, Line: def.Line, Effect: "credit", Text: def.Sentence}}
	switch held := def.When.Eval(&j.facts); {
	case held == fact.Unknown:
		due.State = CreditUnsettled
		for _, f := range j.p.Facts().SortBySource(def.When.Missing(&j.facts, nil)) {
			due.Needs = append(due.Needs, p.Facts().Name(f))
		}
		return due, nil
	case held == fact.False, def.Credit == nil, def.AtLeast != nil && measured >= *def.AtLeast:
		return due, nil
	}
	due.State = CreditGap
	for _, b := range def.Credit.Bands {
		if b.Lo <= measured && measured <= b.Hi {
			due.State, due.Amount, due.AtMost = CreditDueNow, b.Amount, def.Credit.AtMost
		}
	}
	if claim := def.Credit.Claim; claim != nil && due.State == CreditDueNow {
		due.How = claim.How
		if by, known := j.targetFrom(&claim.Within, since); known {
			due.ClaimBy = &by
		}
	}
	return due, nil
}
