package ticket

import (
	"encoding/json"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

// bulk collects the values of many rows, table by table.
type bulk struct{ tickets, parties, rooms, messages, verdicts, handovers []any }

func (b *bulk) add(h *History) error {
	t := &h.Ticket
	b.tickets = append(b.tickets, t.ID, t.Number, t.Subject, string(t.State), t.Channel, t.Category, t.Severity, t.Reference, t.Level, t.ProviderKind, t.ProviderOrg,
		t.CustomerOrg, t.AccountID, t.InstanceID, t.RequesterID, t.RequesterKind, t.Verified, t.AssigneeID, t.Covered, t.Effort,
		t.PolicyVersion, t.Judgement, t.DueAt, t.SolvedAt, t.CreatedAt, t.UpdatedAt, t.Version, t.State.Active(), t.dueSort())
	for _, org := range h.parties() {
		b.parties = append(b.parties, org, t.ID)
	}
	for _, r := range h.Rooms {
		b.rooms = append(b.rooms, t.ID, r.ID, string(r.Kind), r.LowerOrg, r.LowerLevel, r.UpperOrg, r.UpperLevel, r.CreatedAt)
	}
	for i := range h.Messages {
		m := &h.Messages[i]
		b.messages = append(b.messages, t.ID, m.ID, m.RoomID, m.AuthorID, m.AuthorOrg, m.Channel, m.Body, m.Quoted, m.Sender, m.Verified, m.Automatic, m.MailState, m.CreatedAt)
	}
	for i := range h.Verdicts {
		v := &h.Verdicts[i]
		b.verdicts = append(b.verdicts, t.ID, v.Seq, v.Trigger, v.At, v.PolicyVersion, string(v.Situation), string(v.Decision))
	}
	for i := range h.Handovers {
		x := &h.Handovers[i]
		data, err := json.Marshal(&x.Information)
		if err != nil {
			return err
		}
		b.handovers = append(b.handovers, t.ID, x.ID, x.Kind, x.FromLevel, x.ToLevel, x.FromOrg, x.ToOrg, x.PersonID, x.At, x.Reason, string(data))
	}
	return nil
}

func (b *bulk) store(tx *db.Tx) error {
	for _, part := range []struct {
		head  string
		width int
		args  []any
	}{
		{"INSERT INTO ticket (" + ticketColumns + ", active, due_sort)", 29, b.tickets},
		{"INSERT INTO party (org_id, ticket_id)", 2, b.parties},
		{"INSERT INTO room (ticket_id, id, kind, lower_org, lower_level, upper_org, upper_level, created_at)", 8, b.rooms},
		{"INSERT INTO message (" + messageColumns + ")", 13, b.messages},
		{"INSERT INTO judgement (ticket_id, seq, trigger_event, at, policy_version, situation, decision)", 7, b.verdicts},
		{"INSERT INTO handover (ticket_id, id, kind, from_level, to_level, from_org, to_org, person_id, at, reason, data)", 11, b.handovers},
	} {
		if err := db.InsertMany(tx, part.head, part.width, part.args); err != nil {
			return err
		}
	}
	return nil
}
