package ticket

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

// MaxPage is the largest page of a list.
const MaxPage = 200

// Row is one line of a list. RequesterName is empty for who does not serve the requester.
type Row struct {
	Ticket
	RequesterName, CustomerName, AssigneeName string
	// ProductType is that of the account, "" when none is known.
	ProductType string
}

// Page is a part of a list; Next is the cursor of the following page, "" at the end.
type Page struct {
	Rows []Row
	Next string
}

// Sort orders a queue.
type Sort string

// The orders of a queue.
const (
	MostUrgent Sort = "urgent" // earliest due first, then oldest
	Newest     Sort = "newest"
)

// rowJoins names the requester only where the desk that asks serves them (clause responsibility).
var rowSelect = `SELECT ` + joinColumns("t.") + `, COALESCE(CASE WHEN r.upper_org = $1 OR t.customer_org = $1 THEN p.name END, ''), COALESCE(o.name, ''), COALESCE(a.name, ''), COALESCE(c.product_type, '')
	FROM ticket t
	LEFT JOIN room r ON r.ticket_id = t.id AND r.id = 'requester'
	LEFT JOIN person p ON p.id = t.requester_id
	LEFT JOIN organisation o ON o.id = t.customer_org
	LEFT JOIN person a ON a.id = t.assignee_id
	LEFT JOIN account c ON c.id = t.account_id `

func scanRow(rows *db.Rows) (r Row, err error) {
	err = rows.Scan(append(r.Ticket.fields(), &r.RequesterName, &r.CustomerName, &r.AssigneeName, &r.ProductType)...)
	return r, err
}

// Queue is one page of a level's queue at the actor's own desk.
// Faults: NotFound for a level that the actor does not serve, Invalid for a bad cursor.
func (s *Service) Queue(ctx context.Context, actor identity.Actor, level string, sort Sort, cursor string, limit int) (page Page, err error) {
	if !actor.Serves(level) && !actor.Manager {
		return page, fault.New(fault.NotFound, "There is no such queue at your desk.")
	}
	limit = clampPage(limit)
	after, id, err := readCursor(cursor)
	if err != nil {
		return page, err
	}
	query := rowSelect + "WHERE t.provider_org = $1 AND t.level = $2 AND t.active "
	args := []any{actor.OrgID, level, limit + 1}
	switch {
	case sort == Newest && id != "":
		query, args = query+"AND t.id < $4 ORDER BY t.id DESC LIMIT $3", append(args, id)
	case sort == Newest:
		query += "ORDER BY t.id DESC LIMIT $3"
	case id != "":
		query, args = query+"AND (t.due_sort, t.id) > ($4, $5) ORDER BY t.due_sort, t.id LIMIT $3", append(args, after, id)
	default:
		query += "ORDER BY t.due_sort, t.id LIMIT $3"
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		page.Rows, err = db.Collect(tx, scanRow, query, args...)
		return err
	})
	page.cut(limit, sort)
	return page, err
}

// Mine are the active tickets that the actor works on, most urgent first, at most limit.
func (s *Service) Mine(ctx context.Context, actor identity.Actor, limit int) (rows []Row, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		rows, err = db.Collect(tx, scanRow, rowSelect+"WHERE t.assignee_id = $2 AND t.assignee_id <> '' AND t.active AND t.provider_org = $1 ORDER BY t.due_sort, t.id LIMIT $3",
			actor.OrgID, actor.PersonID, clampPage(limit))
		return err
	})
	return rows, err
}

// Count is how many active tickets a level has, counted up to 1,000; Hot are those due within the hour.
type Count struct {
	Level  string
	N, Hot int
	More   bool
}

const countCap = 1000

// Counts are the sizes of the actor's queues and of their own tickets (Level "").
func (s *Service) Counts(ctx context.Context, actor identity.Actor, levels []string) (out []Count, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		for _, level := range levels {
			c := Count{Level: level}
			if err := tx.QueryRow("SELECT COUNT(*) FROM (SELECT 1 FROM ticket WHERE provider_org = $1 AND level = $2 AND active LIMIT 1001) q", actor.OrgID, level).Scan(&c.N); err != nil {
				return err
			}
			err := tx.QueryRow("SELECT COUNT(*) FROM (SELECT 1 FROM ticket WHERE provider_org = $1 AND level = $2 AND active AND due_sort < $3 LIMIT 100) q", actor.OrgID, level, tx.Now()+3_600_000).Scan(&c.Hot)
			if err != nil {
				return err
			}
			out = append(out, c.capped())
		}
		c := Count{}
		if err := tx.QueryRow("SELECT COUNT(*) FROM (SELECT 1 FROM ticket WHERE assignee_id = $1 AND assignee_id <> '' AND active LIMIT 1001) q", actor.PersonID).Scan(&c.N); err != nil {
			return err
		}
		out = append(out, c.capped())
		return nil
	})
	return out, err
}

func (c Count) capped() Count {
	if c.N > countCap {
		c.N, c.More = countCap, true
	}
	return c
}

// Filter narrows a list; empty fields do not.
type Filter struct {
	Level string
	State State
}

// List is one page of all tickets that the actor may see, newest first.
// Faults: Invalid for an unknown state, a bad cursor or a limit over 200.
func (s *Service) List(ctx context.Context, actor identity.Actor, f Filter, cursor string, limit int) (page Page, err error) {
	if limit < 0 || limit > MaxPage {
		return page, fault.New(fault.Invalid, "A page holds at most 200 tickets.").WithField("limit", "Use a number from 1 to 200.")
	}
	if f.State != "" && len(knownState(f.State)) == 0 {
		return page, fault.New(fault.Invalid, "There is no such state.").WithField("state", "Use incomplete, new, open, waiting, solved, closed or declined.")
	}
	limit = clampPage(limit)
	_, id, err := readCursor(cursor)
	if err != nil {
		return page, err
	}
	q := visible(actor)
	if f.Level != "" {
		q.and("t.level = ", f.Level)
	}
	if f.State != "" {
		q.and("t.state = ", string(f.State))
	}
	if id != "" {
		q.and(q.key+" < ", id)
	}
	query := strings.Replace(rowSelect, "FROM ticket t", "FROM "+q.from, 1) + "WHERE " + strings.Join(q.where, " AND ") + " ORDER BY " + q.key + " DESC LIMIT " + strconv.Itoa(limit+1)
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		page.Rows, err = db.Collect(tx, scanRow, query, q.args...)
		return err
	})
	page.cut(limit, Newest)
	return page, err
}

func knownState(s State) []State {
	for _, known := range States() {
		if known == s {
			return []State{s}
		}
	}
	return nil
}

// question is a list under construction: permission is part of it, not a filter after it.
type question struct {
	from, key string
	where     []string
	args      []any
}

func (q *question) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

func (q *question) and(condition string, v any) { q.where = append(q.where, condition+q.arg(v)) }

// visible is the part of all tickets in which the actor can read a room: the
// same rule as readableRooms, in the form that an index serves.
func visible(a identity.Actor) *question {
	q := &question{from: "ticket t", key: "t.id"}
	me := q.arg(a.OrgID)
	any := []string{"t.requester_id = " + q.arg(a.PersonID)}
	if a.OrgID != "" && (a.Admin || len(a.Levels) > 0) {
		any = append(any, "(t.requester_kind = 'customer' AND t.customer_org = "+me+")")
	}
	switch {
	case a.OrgID != "" && a.Manager:
		any = append(any, "EXISTS (SELECT 1 FROM room v WHERE v.ticket_id = t.id AND (v.upper_org = "+me+" OR (v.kind = 'levels' AND v.lower_org = "+me+")))")
	case a.OrgID != "" && len(a.Levels) > 0 && a.Verified:
		var in []string
		for _, l := range a.Levels {
			in = append(in, q.arg(l))
		}
		levels := strings.Join(in, ", ")
		any = append(any, "EXISTS (SELECT 1 FROM room v WHERE v.ticket_id = t.id AND ((v.upper_org = "+me+" AND v.upper_level IN ("+levels+")) OR (v.lower_org = "+me+" AND v.lower_level IN ("+levels+"))))",
			"(t.provider_org = "+me+" AND t.level IN ("+levels+"))")
	}
	if len(any) == 1 {
		// only what they asked themselves: the index on the requester serves
		q.where = any
		return q
	}
	if a.OrgKind != org.Vendor {
		q.from, q.key = "party x JOIN ticket t ON t.id = x.ticket_id", "x.ticket_id"
		q.where = append(q.where, "x.org_id = "+me)
	}
	q.where = append(q.where, "("+strings.Join(any, " OR ")+")")
	return q
}

// Asked are the requests of the actor, and of their organisation for who acts for it, newest first.
func (s *Service) Asked(ctx context.Context, actor identity.Actor, cursor string, limit int) (page Page, err error) {
	limit = clampPage(limit)
	_, id, err := readCursor(cursor)
	if err != nil {
		return page, err
	}
	query, args := rowSelect+"WHERE t.requester_id = $2 ", []any{actor.OrgID, actor.PersonID}
	if actor.OrgKind == org.Customer && (actor.Admin || len(actor.Levels) > 0) {
		query, args = rowSelect+"WHERE t.customer_org = $1 AND t.requester_kind = 'customer' ", []any{actor.OrgID}
	}
	if id != "" {
		args = append(args, id)
		query += "AND t.id < $" + strconv.Itoa(len(args))
	}
	query += " ORDER BY t.id DESC LIMIT " + strconv.Itoa(limit+1)
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		page.Rows, err = db.Collect(tx, scanRow, query, args...)
		return err
	})
	page.cut(limit, Newest)
	return page, err
}

func (p *Page) cut(limit int, sort Sort) {
	if len(p.Rows) <= limit {
		return
	}
	p.Rows = p.Rows[:limit]
	last := &p.Rows[limit-1].Ticket
	if sort == Newest {
		p.Next = writeCursor(0, last.ID)
		return
	}
	p.Next = writeCursor(last.dueSort(), last.ID)
}

func clampPage(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, MaxPage)
}

func writeCursor(after int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(after, 36) + "." + id))
}

func readCursor(c string) (after int64, id string, err error) {
	if c == "" {
		return 0, "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(c)
	if err == nil {
		num, rest, ok := strings.Cut(string(raw), ".")
		if after, err = strconv.ParseInt(num, 36, 64); ok && err == nil && len(rest) == 36 {
			return after, rest, nil
		}
	}
	return 0, "", fault.New(fault.Invalid, "This page address is not valid any more. Start again at the first page.").WithField("cursor", "Use the next_cursor of a page, or leave it empty.")
}
