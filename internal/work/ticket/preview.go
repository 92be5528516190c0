package ticket

import (
	"context"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Preview is what the policy in force would decide on a request if it were sent now.
type Preview struct {
	Decision coverage.Decision
	Rules    *rulebook.Compiled
	// Provider is whose desk would have it; Level is where it would begin.
	Provider OrgName
	Level    string
	// Required is what the gates ask of the request, by GateClause; empty when nothing is asked for.
	Required   []policy.Requirement
	GateClause string
}

// About is what a request is about before it is sent; every field may be empty. RequesterID is a person's id, "" for the actor.
type About struct {
	RequesterID, Category, Severity, InstanceID, Channel, By string
	// Channel, By and Facts are as in Draft.
	Facts map[string][]string
}

// Preview decides on a request without storing anything, for the box before sending.
// Faults: Invalid for a word that the policy does not know or an instance of somebody else, NotFound as in Open.
func (s *Service) Preview(ctx context.Context, actor identity.Actor, what About) (out Preview, err error) {
	defer fault.Wrap(&err, "ticket.Preview by %s", actor.PersonID)
	d := Draft{Channel: what.Channel, By: what.By, Category: what.Category, Severity: what.Severity, InstanceID: what.InstanceID, RequesterID: what.RequesterID, Facts: what.Facts, Verified: true}
	if d.RequesterID == "" {
		d.RequesterID = actor.PersonID
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := mayAskFor(tx, actor, d.RequesterID); err != nil {
			return err
		}
		f, err := s.loadFacts(tx, actor, d.RequesterID, d.InstanceID, d.Verified)
		if err != nil {
			return err
		}
		if err := d.checkWords(f); err != nil {
			return err
		}
		p := prepared{draft: &d, facts: f, actor: actor}
		if err := p.decide(tx.Now()); err != nil {
			return err
		}
		orgs, err := orgNames(tx, []string{p.ticket.ProviderOrg})
		out = Preview{Decision: p.judgement.Decision, Rules: f.rules, Provider: orgs[p.ticket.ProviderOrg], Level: p.ticket.Level}
		if len(out.Decision.Missing) > 0 {
			out.Required, _ = coverage.AtSubmit(f.rules.Policy, &p.situation)
			out.GateClause = clauseOf(out.Required)
		}
		return err
	})
	return out, err
}
