package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/bench/rig"
)

// customer is who asks, and desk where mail goes; both are of the example.
const (
	customer = "admin@named.example"
	desk     = "support@vendor.example"
)

const body = `Since this morning three of our tutors see a black picture in place of the shared screen. Two others are fine.
We have tried another browser and another computer, and the same thing happens each time, on the second attempt at the latest.
The next class begins at the full hour, so a quick hint would be welcome.

Nadia Flores
Named Learning
`

// step is what one client does again and again.
type step struct {
	do    func(worker int, seq int64) error
	close func()
}

func apiStep(clients int, addr, token string, want int) step {
	conns := make([]*rig.Conn, clients)
	for i := range conns {
		conns[i] = rig.Dial(addr)
	}
	header := "Authorization: Bearer " + token + "\r\nContent-Type: application/json\r\n"
	return step{
		do: func(worker int, seq int64) error {
			data, err := json.Marshal(map[string]string{"subject": fmt.Sprintf("Sharing a screen shows a black picture, case %d", seq), "body": body, "category": rig.Category()})
			if err != nil {
				return err
			}
			status, answer, err := conns[worker].Do("POST", "/api/v1/tickets", header, data)
			if err == nil && status != want {
				err = fmt.Errorf("status %d: %s", status, answer)
			}
			return err
		},
		close: func() {
			for _, c := range conns {
				c.Close()
			}
		},
	}
}

func smtpStep(clients int, addr string) step {
	conns := make([]*rig.MailConn, clients)
	run := rand.Uint64()
	return step{
		do: func(worker int, seq int64) error {
			if conns[worker] == nil {
				c, err := rig.DialMail(addr)
				if err != nil {
					return err
				}
				conns[worker] = c
			}
			return conns[worker].Send(customer, desk, mailText(run, seq))
		},
		close: func() {
			for _, c := range conns {
				if c != nil {
					c.Close()
				}
			}
		},
	}
}

func mailText(run uint64, seq int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: Nadia Flores <%s>\r\nTo: Support <%s>\r\nSubject: Sharing a screen shows a black picture, case %d\r\n", customer, desk, seq)
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <%x.%d@named.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", time.Now().UTC().Format(time.RFC1123Z), run, seq)
	b.WriteString(strings.ReplaceAll(body, "\n", "\r\n"))
	return b.String()
}

// tables are counted before and after a run.
var tables = []string{"ticket", "party", "room", "message", "judgement", "event", "job"}

func counts(ctx context.Context, s rig.Store) (map[string]int64, error) {
	out := map[string]int64{}
	for _, t := range append(tables, "mail_in") {
		n, err := s.Count(ctx, "SELECT COUNT(*) FROM "+t)
		if err != nil {
			return nil, err
		}
		out[t] = n
	}
	return out, nil
}

// check compares the rows with the accepted requests: each table has one for
// each request, party two, and none of them belongs to a ticket twice.
func check(ctx context.Context, s rig.Store, name string, before map[string]int64, done int64) error {
	after, err := counts(ctx, s)
	if err != nil {
		return err
	}
	var parts, wrong []string
	for _, t := range append(tables, "mail_in") {
		got, want := after[t]-before[t], done
		switch {
		case t == "party":
			want = 2 * done
		case t == "mail_in" && name != "SMTP":
			want = 0
		}
		parts = append(parts, fmt.Sprintf("%s %d", t, got))
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s has %d new rows, want %d", t, got, want))
		}
	}
	fmt.Printf("            %d accepted: %s\n", done, strings.Join(parts, ", "))
	for _, t := range []string{"room", "message", "judgement", "event"} {
		key := "ticket_id"
		if t == "event" {
			key = "subject_id"
		}
		n, err := s.Count(ctx, "SELECT COUNT(*) FROM ticket t WHERE t.channel IN ('api', 'mail') AND NOT EXISTS (SELECT 1 FROM "+t+" x WHERE x."+key+" = t.id)")
		if err != nil {
			return err
		}
		if n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d tickets have no %s", n, t))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: %s", name, strings.Join(wrong, "; "))
	}
	return nil
}
