package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
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
			data, err := json.Marshal(map[string]string{"subject": fmt.Sprintf("Sharing a screen shows a black picture, case %d", seq), "body": body, "category": "presenting"})
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
	conns := make([]*mailConn, clients)
	run := rand.Uint64()
	return step{
		do: func(worker int, seq int64) error {
			if conns[worker] == nil {
				c, err := dialMail(addr)
				if err != nil {
					return err
				}
				conns[worker] = c
			}
			return conns[worker].send(run, seq)
		},
		close: func() {
			for _, c := range conns {
				if c != nil {
					c.c.Close()
				}
			}
		},
	}
}

// mailConn speaks SMTP one command at a time, as a mail server does that sends
// several mails over one connection.
type mailConn struct {
	c net.Conn
	r *bufio.Reader
}

func dialMail(addr string) (*mailConn, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	m := &mailConn{c, bufio.NewReader(c)}
	if err := m.answer("220"); err != nil {
		return nil, err
	}
	return m, m.say("EHLO relay.named.example\r\n", "250")
}

func (m *mailConn) say(line, want string) error {
	if err := m.c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := m.c.Write([]byte(line)); err != nil {
		return err
	}
	return m.answer(want)
}

func (m *mailConn) answer(want string) error {
	for {
		line, err := m.r.ReadString('\n')
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, want) {
			return fmt.Errorf("SMTP: %s", strings.TrimSpace(line))
		}
		if len(line) > 3 && line[3] != '-' {
			return nil
		}
	}
}

func (m *mailConn) send(run uint64, seq int64) error {
	if err := m.say("MAIL FROM:<"+customer+">\r\n", "250"); err != nil {
		return err
	}
	if err := m.say("RCPT TO:<"+desk+">\r\n", "250"); err != nil {
		return err
	}
	if err := m.say("DATA\r\n", "354"); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Nadia Flores <%s>\r\nTo: Example Meetings <%s>\r\nSubject: Sharing a screen shows a black picture, case %d\r\n", customer, desk, seq)
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <%x.%d@named.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", time.Now().UTC().Format(time.RFC1123Z), run, seq)
	b.WriteString(strings.ReplaceAll(body, "\n", "\r\n"))
	b.WriteString(".\r\n")
	return m.say(b.String(), "250")
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
