package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/emersion/go-smtp"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/schema"
)

// writer is the bare program: it takes the same requests over the same
// protocols and writes the same rows, with values taken from one real ticket,
// through the same group commits. It knows no people, no policy and no jobs.
type writer struct {
	db     *db.DB
	next   atomic.Int64
	sample sample
}

// sample is one row of each table, as the program wrote it.
type sample struct {
	situation, decision, eventData, payload string
	level, providerKind, provider, customer string
	account, instance, requester, clause    string
}

// bare serves until it is asked to stop: bare STORE LIKE HTTP SMTP.
func bare(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d, err := db.Open(ctx, db.Options{URL: args[0]})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx, schema.Migrations()); err != nil {
		return err
	}
	w := &writer{db: d}
	w.next.Store(1000)
	if err := w.learn(ctx, args[1]); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /api/v1/tickets", w.post)
	web := &http.Server{Addr: args[2], Handler: mux} //nolint:gosec // it listens on the loopback for a minute
	mail := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{writer: w}, nil }))
	mail.Domain, mail.MaxMessageBytes = "localhost", 1<<20
	l, err := net.Listen("tcp", args[3])
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- mail.Serve(l) }()
	go func() { failed <- web.ListenAndServe() }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, web.Close(), mail.Close())
}

func (w *writer) learn(ctx context.Context, url string) error {
	d, err := db.Open(ctx, db.Options{URL: url})
	if err != nil {
		return err
	}
	defer d.Close()
	s := &w.sample
	return d.Read(ctx, func(tx *db.Tx) error {
		var id string
		err := tx.QueryRow(`SELECT id, level, provider_kind, provider_org, customer_org, account_id, instance_id, requester_id FROM ticket WHERE channel = 'api' AND state = 'new' ORDER BY id DESC LIMIT 1`).
			Scan(&id, &s.level, &s.providerKind, &s.provider, &s.customer, &s.account, &s.instance, &s.requester)
		if err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT situation, decision FROM judgement WHERE ticket_id = $1", id).Scan(&s.situation, &s.decision); err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT data, clause FROM event WHERE subject_id = $1", id).Scan(&s.eventData, &s.clause); err != nil {
			return err
		}
		return tx.QueryRow("SELECT payload FROM job ORDER BY id DESC LIMIT 1").Scan(&s.payload)
	})
}

func (w *writer) post(rw http.ResponseWriter, r *http.Request) {
	var in struct{ Subject, Body, Category, Requester, Instance, Severity, Reference string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	id, number, err := w.store(r.Context(), "api", in.Subject, in.Body, in.Category, nil)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(rw).Encode(map[string]string{"id": id, "number": "T-" + strconv.FormatInt(number, 10), "state": "new"})
}

// store writes the rows of one request; raw is the mail that brought it.
func (w *writer) store(ctx context.Context, channel, subject, body, category string, raw []byte) (id string, number int64, err error) {
	id, number = db.NewID(), w.next.Add(1)
	message, s := db.NewID(), &w.sample
	// as in the program, the key of a mail stands anywhere in its index
	sum := sha256.Sum256([]byte(id))
	return id, number, w.db.Write(ctx, func(tx *db.Tx) error {
		now := tx.Now()
		rows := []struct {
			text string
			args []any
		}{
			{`INSERT INTO ticket (id, number, subject, state, channel, category, severity, reference, level, provider_kind, provider_org,
				customer_org, account_id, instance_id, requester_id, requester_kind, verified, assignee_id, covered, effort,
				policy_version, judgement, due_at, solved_at, created_at, updated_at, version, active, due_sort) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
				$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)`,
				[]any{id, number, subject, "new", channel, category, "", "", s.level, s.providerKind, s.provider, s.customer, s.account, s.instance, s.requester,
					"customer", true, "", "yes", "normal", 1, 1, now, nil, now, now, 1, true, int64(math.MaxInt64)}},
			{"INSERT INTO party (org_id, ticket_id) VALUES ($1, $2)", []any{s.customer, id}},
			{"INSERT INTO party (org_id, ticket_id) VALUES ($1, $2)", []any{s.provider, id}},
			{"INSERT INTO room (ticket_id, id, kind, lower_org, lower_level, upper_org, upper_level, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
				[]any{id, "requester", "requester", s.customer, "", s.provider, s.level, now}},
			{`INSERT INTO message (ticket_id, id, room_id, author_id, author_org, channel, body, quoted, sender, verified, automatic, mail_state, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
				[]any{id, message, "requester", s.requester, s.customer, channel, body, "", "", true, false, "", now}},
			{"INSERT INTO judgement (ticket_id, seq, trigger_event, at, policy_version, situation, decision) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				[]any{id, 1, "opened", now, 1, s.situation, s.decision}},
			{`INSERT INTO event (subject_id, id, kind, at, actor_id, actor_kind, org_id, room_id, clause, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
				[]any{id, db.NewID(), "opened", now, s.requester, "customer", s.customer, "requester", s.clause, s.eventData}},
			{`INSERT INTO job (id, kind, unique_key, state, run_at, max_attempts, payload, created_at) VALUES ($1, $2, $3, 'ready', $4, $5, $6, $7)`,
				[]any{db.NewID(), "ticket.notify", nil, now, 12, s.payload, now}},
		}
		if raw != nil {
			rows = append(rows, []struct {
				text string
				args []any
			}{
				{`INSERT INTO mail_in (id, dedupe_key, received_at, sender, recipients, remote, verified, state, ticket_id, message_id, raw, blob_hash)
					VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
					[]any{db.NewID(), hex.EncodeToString(sum[:]), now, customer, desk, "127.0.0.1", true, "ticket", id, message, raw, ""}},
				{"INSERT INTO mail_ref (mail_id, ticket_id, room_id) VALUES ($1, $2, $3)", []any{message + "@named.example", id, "requester"}},
			}...)
		}
		for _, r := range rows {
			if _, err := tx.Exec(r.text, r.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// session is one SMTP connection of the bare program.
type session struct{ *writer }

func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }
func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, _, err = s.store(context.Background(), "mail", "Sharing a screen shows a black picture, case", body, "", raw)
	return err
}
