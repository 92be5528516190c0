package ticket

import (
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/journal"
)

// History is a ticket of the past, whole, as another store or a generator knows
// it. Every part names the ticket's id; the number is given by Import.
type History struct {
	Ticket    Ticket
	Rooms     []Room
	Messages  []Message
	Verdicts  []Verdict
	Handovers []Handover
	Events    []journal.Event
}

// Verdict is a Judgement whose decision is written down already.
type Verdict struct {
	Seq                 int
	Trigger             string
	At                  int64
	PolicyVersion       int
	Situation, Decision []byte
}

// Import stores tickets as they are, in the order given, numbers and seals them,
// and tells nobody. It is for stores that no server runs on.
func Import(tx *db.Tx, list []History) error {
	if len(list) == 0 {
		return nil
	}
	number, err := leaseNumbers(tx, int64(len(list)))
	if err != nil {
		return err
	}
	var b bulk
	var events []journal.Event
	for i := range list {
		list[i].Ticket.Number = number + int64(i)
		if err := b.add(&list[i]); err != nil {
			return err
		}
		events = append(events, list[i].Events...)
	}
	if err := b.store(tx); err != nil {
		return err
	}
	return journal.Import(tx, events)
}

// parties are the organisations that have a part in the ticket.
func (h *History) parties() (out []string) {
	seen := map[string]bool{"": true}
	add := func(org string) {
		if !seen[org] {
			seen[org], out = true, append(out, org)
		}
	}
	add(h.Ticket.CustomerOrg)
	add(h.Ticket.ProviderOrg)
	for _, r := range h.Rooms {
		add(r.LowerOrg)
		add(r.UpperOrg)
	}
	return out
}
