package ticket

import (
	"context"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
)

// Summary is a ticket with the decision in force and its clocks, for machines.
type Summary struct {
	Ticket   Ticket
	Decision coverage.Decision
	Clocks   []coverage.Clock
	Missing  []string
	Rules    *rulebook.Compiled
}

// Summaries reads the decisions of tickets that the caller has already been allowed to see.
func (s *Service) Summaries(ctx context.Context, list []Ticket) (out []Summary, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out, err = s.summaries(tx, list)
		return err
	})
	return out, err
}

// Find is one ticket that the actor may see, as a summary. Faults: NotFound.
func (s *Service) Find(ctx context.Context, actor identity.Actor, ref string) (out Summary, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := loadTicket(tx, ref)
		if err != nil {
			return err
		}
		rooms, err := loadRooms(tx, t.ID)
		if err != nil {
			return err
		}
		if _, err = see(t, rooms, actor); err != nil {
			return err
		}
		list, err := s.summaries(tx, []Ticket{*t})
		if err == nil {
			out = list[0]
		}
		return err
	})
	return out, err
}

// summaries asks for all judgements and all events at once.
func (s *Service) summaries(tx *db.Tx, list []Ticket) ([]Summary, error) {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	judgements, err := judgementsInForce(tx, ids)
	if err != nil {
		return nil, err
	}
	events, err := journal.BySubjects(tx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Summary, 0, len(list))
	for i := range list {
		one, err := s.summary(tx, list[i], judgements[list[i].ID], events[list[i].ID])
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (s *Service) summary(tx *db.Tx, t Ticket, j Judgement, events []journal.Event) (Summary, error) {
	out := Summary{Ticket: t, Decision: j.Decision}
	var err error
	if out.Rules, err = s.book.ByNumberTx(tx, t.PolicyVersion); err != nil {
		return out, err
	}
	p := out.Rules.Policy
	sit, err := storedSituation(p, j.Situation)
	if err != nil {
		return out, err
	}
	out.Clocks = coverage.Clocks(p, sit, j.Decision, history(events, sit), tx.Now())
	if t.State != Incomplete {
		return out, nil
	}
	info, _, err := loadInformation(tx, p, t.ID)
	hold(sit, p, &info)
	_, missing := coverage.AtSubmit(p, sit)
	out.Missing = coverage.Items(missing)
	return out, err
}
