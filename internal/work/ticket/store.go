package ticket

import (
	"encoding/json"
	"errors"
	"math"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// A field of a ticket stands in four places here: ticketColumns, fields, and, if it may change, updateTicket.
const ticketColumns = `id, number, subject, state, channel, category, severity, reference, level, provider_kind, provider_org,
	customer_org, account_id, instance_id, requester_id, requester_kind, verified, assignee_id, covered, effort,
	policy_version, judgement, due_at, solved_at, created_at, updated_at, version`

func (t *Ticket) fields() []any {
	return []any{&t.ID, &t.Number, &t.Subject, &t.State, &t.Channel, &t.Category, &t.Severity, &t.Reference, &t.Level, &t.ProviderKind, &t.ProviderOrg,
		&t.CustomerOrg, &t.AccountID, &t.InstanceID, &t.RequesterID, &t.RequesterKind, &t.Verified, &t.AssigneeID, &t.Covered, &t.Effort,
		&t.PolicyVersion, &t.Judgement, &t.DueAt, &t.SolvedAt, &t.CreatedAt, &t.UpdatedAt, &t.Version}
}

const insertTicketSQL = `INSERT INTO ticket (` + ticketColumns + `, active, due_sort) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
	$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)`

func insertTicket(tx *db.Tx, t *Ticket) error {
	_, err := tx.Exec(insertTicketSQL, t.ID, t.Number, t.Subject, string(t.State), t.Channel, t.Category, t.Severity, t.Reference, t.Level, t.ProviderKind, t.ProviderOrg,
		t.CustomerOrg, t.AccountID, t.InstanceID, t.RequesterID, t.RequesterKind, t.Verified, t.AssigneeID, t.Covered, t.Effort,
		t.PolicyVersion, t.Judgement, t.DueAt, t.SolvedAt, t.CreatedAt, t.UpdatedAt, t.Version, t.State.Active(), t.dueSort())
	return err
}

// dueSort orders a queue by urgency; tickets without a running clock come last.
func (t *Ticket) dueSort() int64 {
	if t.DueAt == nil {
		return math.MaxInt64
	}
	return *t.DueAt
}

// updateTicket saves what may change and answers Conflict when somebody else saved first.
func updateTicket(tx *db.Tx, t *Ticket) error {
	n, err := tx.Exec(`UPDATE ticket SET state = $1, active = $2, category = $3, severity = $4, level = $5, provider_kind = $6, provider_org = $7,
		assignee_id = $8, covered = $9, effort = $10, judgement = $11, due_at = $12, due_sort = $13, solved_at = $14, updated_at = $15, version = version + 1
		WHERE id = $16 AND version = $17`,
		string(t.State), t.State.Active(), t.Category, t.Severity, t.Level, t.ProviderKind, t.ProviderOrg,
		t.AssigneeID, t.Covered, t.Effort, t.Judgement, t.DueAt, t.dueSort(), t.SolvedAt, t.UpdatedAt, t.ID, t.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Somebody changed this ticket at the same moment. Look at what changed and try again.")
	}
	t.Version++
	return nil
}

// loadTicket finds a ticket by its id or by its number ("T-1042" or "1042").
func loadTicket(tx *db.Tx, ref string) (*Ticket, error) {
	var t Ticket
	var err error
	if number, ok := ParseName(ref); ok {
		err = tx.QueryRow("SELECT "+ticketColumns+" FROM ticket WHERE number = $1", number).Scan(t.fields()...)
	} else {
		err = tx.QueryRow("SELECT "+ticketColumns+" FROM ticket WHERE id = $1", ref).Scan(t.fields()...)
	}
	if errors.Is(err, db.ErrNoRows) {
		return nil, errNoTicket
	}
	if err != nil {
		return nil, err
	}
	return &t, nil
}

func insertParty(tx *db.Tx, org, ticket string) error {
	if org == "" {
		return nil
	}
	_, err := tx.Exec("INSERT INTO party (org_id, ticket_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", org, ticket)
	return err
}

func insertRoom(tx *db.Tx, r Room) error {
	_, err := tx.Exec("INSERT INTO room (ticket_id, id, kind, lower_org, lower_level, upper_org, upper_level, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		r.TicketID, r.ID, string(r.Kind), r.LowerOrg, r.LowerLevel, r.UpperOrg, r.UpperLevel, r.CreatedAt)
	return err
}

func loadRooms(tx *db.Tx, ticket string) ([]Room, error) {
	list, err := db.Collect(tx, func(rows *db.Rows) (r Room, err error) {
		err = rows.Scan(&r.TicketID, &r.ID, &r.Kind, &r.LowerOrg, &r.LowerLevel, &r.UpperOrg, &r.UpperLevel, &r.CreatedAt)
		return r, err
	}, "SELECT ticket_id, id, kind, lower_org, lower_level, upper_org, upper_level, created_at FROM room WHERE ticket_id = $1", ticket)
	return inOrder(list), err
}

func insertMessage(tx *db.Tx, m *Message) error {
	_, err := tx.Exec(`INSERT INTO message (ticket_id, id, room_id, author_id, author_org, channel, body, quoted, sender, verified, automatic, mail_state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		m.TicketID, m.ID, m.RoomID, m.AuthorID, m.AuthorOrg, m.Channel, m.Body, m.Quoted, m.Sender, m.Verified, m.Automatic, m.MailState, m.CreatedAt)
	return err
}

const messageColumns = "ticket_id, id, room_id, author_id, author_org, channel, body, quoted, sender, verified, automatic, mail_state, created_at"

func scanMessage(rows *db.Rows) (m Message, err error) {
	err = rows.Scan(&m.TicketID, &m.ID, &m.RoomID, &m.AuthorID, &m.AuthorOrg, &m.Channel, &m.Body, &m.Quoted, &m.Sender, &m.Verified, &m.Automatic, &m.MailState, &m.CreatedAt)
	return m, err
}

// loadMessages are the messages of some rooms, oldest first, at most limit, the
// newest ones; with before, of those that are older than that message.
func loadMessages(tx *db.Tx, ticket string, rooms []Room, before string, limit int) ([]Message, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	args := []any{ticket, limit}
	for _, r := range rooms {
		args = append(args, r.ID)
	}
	older := ""
	if before != "" {
		args, older = append(args, before), "AND id < "+db.In(1, len(args)+1)+" "
	}
	list, err := db.Collect(tx, scanMessage, "SELECT "+messageColumns+" FROM message WHERE ticket_id = $1 AND room_id IN ("+db.In(len(rooms), 3)+") "+older+"ORDER BY id DESC LIMIT $2", args...)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, err
}

// countMessages counts the messages of each room of a ticket.
func countMessages(tx *db.Tx, ticket string) (map[string]int, error) {
	rows, err := tx.Query("SELECT room_id, COUNT(*) FROM message WHERE ticket_id = $1 GROUP BY room_id", ticket)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var room string
		var n int
		if err := rows.Scan(&room, &n); err != nil {
			return nil, err
		}
		counts[room] = n
	}
	return counts, rows.Err()
}

func loadMessage(tx *db.Tx, ticket, id string) (Message, error) {
	list, err := db.Collect(tx, scanMessage, "SELECT "+messageColumns+" FROM message WHERE ticket_id = $1 AND id = $2", ticket, id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "There is no such message.")
	}
	if err != nil {
		return Message{}, err
	}
	return list[0], nil
}

func setMailState(tx *db.Tx, ticket, message, state string) error {
	_, err := tx.Exec("UPDATE message SET mail_state = $1 WHERE ticket_id = $2 AND id = $3", state, ticket, message)
	return err
}

func insertAttachment(tx *db.Tx, a *Attachment) error {
	_, err := tx.Exec("INSERT INTO attachment (ticket_id, id, room_id, message_id, name, content_type, size, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		a.TicketID, a.ID, a.RoomID, a.MessageID, a.Name, a.ContentType, a.Size, a.Hash, a.CreatedAt)
	return err
}

func loadAttachments(tx *db.Tx, ticket string) ([]Attachment, error) {
	return db.Collect(tx, func(rows *db.Rows) (a Attachment, err error) {
		err = rows.Scan(&a.TicketID, &a.ID, &a.RoomID, &a.MessageID, &a.Name, &a.ContentType, &a.Size, &a.Hash, &a.CreatedAt)
		return a, err
	}, "SELECT ticket_id, id, room_id, message_id, name, content_type, size, hash, created_at FROM attachment WHERE ticket_id = $1 ORDER BY id", ticket)
}

func insertJudgement(tx *db.Tx, j *Judgement) error {
	decision, err := json.Marshal(&j.Decision)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO judgement (ticket_id, seq, trigger_event, at, policy_version, situation, decision) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		j.TicketID, j.Seq, j.Trigger, j.At, j.PolicyVersion, string(j.Situation), string(decision))
	return err
}

func lastJudgement(tx *db.Tx, ticket string) (seq int, err error) {
	err = tx.QueryRow("SELECT MAX(seq) FROM judgement WHERE ticket_id = $1", ticket).Scan(&seq)
	return seq, err
}

func loadJudgement(tx *db.Tx, ticket string, seq int) (*Judgement, error) {
	j := Judgement{TicketID: ticket, Seq: seq}
	var situation, decision string
	err := tx.QueryRow("SELECT trigger_event, at, policy_version, situation, decision FROM judgement WHERE ticket_id = $1 AND seq = $2", ticket, seq).
		Scan(&j.Trigger, &j.At, &j.PolicyVersion, &situation, &decision)
	if err != nil {
		return nil, err
	}
	j.Situation = []byte(situation)
	return &j, json.Unmarshal([]byte(decision), &j.Decision)
}

// judgementsInForce are the decisions in force of some tickets, by ticket.
func judgementsInForce(tx *db.Tx, tickets []string) (map[string]Judgement, error) {
	if len(tickets) == 0 {
		return nil, nil
	}
	list, err := db.Collect(tx, func(rows *db.Rows) (j Judgement, err error) {
		var situation, decision string
		if err = rows.Scan(&j.TicketID, &j.Seq, &j.Trigger, &j.At, &j.PolicyVersion, &situation, &decision); err != nil {
			return j, err
		}
		j.Situation = []byte(situation)
		return j, json.Unmarshal([]byte(decision), &j.Decision)
	}, `SELECT j.ticket_id, j.seq, j.trigger_event, j.at, j.policy_version, j.situation, j.decision
		FROM ticket t JOIN judgement j ON j.ticket_id = t.id AND j.seq = t.judgement WHERE t.id IN (`+db.In(len(tickets), 1)+")", db.Args(tickets)...)
	out := make(map[string]Judgement, len(list))
	for _, j := range list {
		out[j.TicketID] = j
	}
	return out, err
}

func saveInformation(tx *db.Tx, ticket string, info *information.Given, sealed []byte) error {
	data, err := json.Marshal(info)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO information (ticket_id, data, access, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (ticket_id) DO UPDATE SET data = excluded.data, access = excluded.access, updated_at = excluded.updated_at`,
		ticket, string(data), sealed, tx.Now())
	return err
}

// loadInformation is what was given so far, with the sealed secrets.
func loadInformation(tx *db.Tx, p *policy.Policy, ticket string) (info information.Given, sealed []byte, err error) {
	var data string
	err = tx.QueryRow("SELECT data, access FROM information WHERE ticket_id = $1", ticket).Scan(&data, &sealed)
	if errors.Is(err, db.ErrNoRows) {
		return info, nil, nil
	}
	if err != nil {
		return info, nil, err
	}
	err = json.Unmarshal([]byte(data), &info)
	info.Named(p)
	return info, sealed, err
}

func insertHandover(tx *db.Tx, h *Handover) error {
	data, err := json.Marshal(&h.Information)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO handover (ticket_id, id, kind, from_level, to_level, from_org, to_org, person_id, at, reason, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		h.TicketID, h.ID, h.Kind, h.FromLevel, h.ToLevel, h.FromOrg, h.ToOrg, h.PersonID, h.At, h.Reason, string(data))
	return err
}

func loadHandovers(tx *db.Tx, ticket string) ([]Handover, error) {
	return db.Collect(tx, func(rows *db.Rows) (h Handover, err error) {
		var data string
		if err = rows.Scan(&h.TicketID, &h.ID, &h.Kind, &h.FromLevel, &h.ToLevel, &h.FromOrg, &h.ToOrg, &h.PersonID, &h.At, &h.Reason, &data); err != nil {
			return h, err
		}
		return h, json.Unmarshal([]byte(data), &h.Information)
	}, "SELECT ticket_id, id, kind, from_level, to_level, from_org, to_org, person_id, at, reason, data FROM handover WHERE ticket_id = $1 ORDER BY id", ticket)
}

// claimKey stores an idempotency key; when it is taken it returns the id of the ticket or message it was answered with.
func claimKey(tx *db.Tx, person, key, requestHash, result string) (existing string, err error) {
	n, err := tx.Exec("INSERT INTO idempotency (person_id, idem_key, request_hash, result_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		person, key, requestHash, result, tx.Now())
	if err != nil || n == 1 {
		return "", err
	}
	return resultOfKey(tx, person, key, requestHash)
}

// resultOfKey is what a key was answered with, or "". The same key with another request is a Conflict.
func resultOfKey(tx *db.Tx, person, key, requestHash string) (string, error) {
	var hash, id string
	err := tx.QueryRow("SELECT request_hash, result_id FROM idempotency WHERE person_id = $1 AND idem_key = $2", person, key).Scan(&hash, &id)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return "", nil
	case err == nil && hash != requestHash:
		return "", fault.New(fault.Conflict, "This Idempotency-Key was used for another request. Use a new key for a new request.")
	}
	return id, err
}

func insertMailRef(tx *db.Tx, mailID, ticket, room string) error {
	if mailID == "" {
		return nil
	}
	_, err := tx.Exec("INSERT INTO mail_ref (mail_id, ticket_id, room_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", mailID, ticket, room)
	return err
}

func orgNames(tx *db.Tx, ids []string) (map[string]OrgName, error) {
	out := map[string]OrgName{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := tx.Query("SELECT id, kind, name, zone FROM organisation WHERE id IN ("+db.In(len(ids), 1)+")", db.Args(ids)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o OrgName
		if err := rows.Scan(&o.ID, &o.Kind, &o.Name, &o.Zone); err != nil {
			return nil, err
		}
		out[o.ID] = o
	}
	return out, rows.Err()
}

func joinColumns(prefix string) string {
	parts := strings.Split(strings.Join(strings.Fields(ticketColumns), " "), ", ")
	return prefix + strings.Join(parts, ", "+prefix)
}

func countJudged(tx *db.Tx, since int64) (n int64, err error) {
	return n, tx.QueryRow("SELECT COUNT(*) FROM judgement WHERE at >= $1", since).Scan(&n)
}

func judgedAfter(tx *db.Tx, after Judged, limit int) ([]Judged, error) {
	return db.Collect(tx, func(r *db.Rows) (j Judged, err error) {
		var situation string
		err = r.Scan(&j.At, &j.TicketID, &j.Seq, &j.Number, &j.AccountID, &j.PolicyVersion, &situation)
		j.Situation = []byte(situation)
		return j, err
	}, `SELECT j.at, j.ticket_id, j.seq, t.number, t.account_id, j.policy_version, j.situation FROM judgement j JOIN ticket t ON t.id = j.ticket_id
		WHERE (j.at, j.ticket_id, j.seq) > ($1, $2, $3) ORDER BY j.at, j.ticket_id, j.seq LIMIT $4`, after.At, after.TicketID, after.Seq, limit)
}
