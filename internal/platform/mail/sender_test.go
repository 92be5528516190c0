package mail_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

func sender(t testing.TB, cfg mail.SenderConfig) *mail.Sender {
	t.Helper()
	s, err := mail.NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// The whole way: composed, sent, received, read.
func TestRoundTrip(t *testing.T) {
	box := &mailbox{}
	s := serve(t, mail.ServerConfig{Deliver: box.deliver})
	out := sender(t, mail.SenderConfig{Addr: s.Addr().String(), TLS: mail.TLSOpportunistic, HelloDomain: "desk.vendor.example"})
	o := outgoing()
	o.Text = "Dear Ann,\n.\n..two dots\nGrüße\n"
	o.Attachments = []mail.Attachment{{Name: "Übersicht.bin", Data: []byte("\r\n.\r\n\x00\xff")}}
	raw, err := mail.Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Send(t.Context(), "", []string{"ann@named.example"}, raw); err != nil {
		t.Fatal(err)
	}
	got := box.all()
	if len(got) != 1 || !bytes.Equal(got[0].raw, raw) || got[0].env.From != "" || got[0].env.To[0] != "ann@named.example" || got[0].env.Helo != "desk.vendor.example" {
		t.Fatalf("%+v", got)
	}
	m, err := mail.Parse(got[0].raw)
	if err != nil || m.Text != o.Text || !bytes.Equal(m.Attachments[0].Data, o.Attachments[0].Data) || !m.Automatic(got[0].env.From) {
		t.Errorf("%+v %v", m, err)
	}
}

// script is a smarthost that answers as told: one function per connection, which
// gets each line and gives the reply ("" closes).
func script(t testing.TB, answer func(conn int, line string) string) (addr string, conns *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns = &atomic.Int32{}
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(conns.Add(1))
			wg.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				line, inData := "", false
				for {
					if !inData || line == "." {
						reply := answer(n, line)
						if reply == "" {
							return
						}
						inData = strings.HasPrefix(reply, "354")
						fmt.Fprintf(c, "%s\r\n", reply)
					}
					next, err := r.ReadString('\n')
					if err != nil {
						return
					}
					line = strings.TrimRight(next, "\r\n")
				}
			})
		}
	})
	return l.Addr().String(), conns
}

// normal answers as a smarthost does that takes everything.
func normal(line string) string {
	switch {
	case line == "":
		return "220 smarthost.example"
	case line == "DATA":
		return "354 go on"
	}
	return "250 2.0.0 fine"
}

func TestSendErrors(t *testing.T) {
	for _, c := range []struct {
		name, at, reply string
		kind            fault.Kind
		code            int
	}{
		{"recipient unknown", "RCPT", "550 5.1.1 no such user", fault.Invalid, 550},
		{"recipient later", "RCPT", "450 4.2.1 greylisted", fault.Unavailable, 450},
		{"sender refused", "MAIL", "553 5.1.8 bad sender", fault.Invalid, 553},
		{"message refused", ".", "554 5.7.1 spam", fault.Invalid, 554},
		{"message later", ".", "451 4.3.0 later", fault.Unavailable, 451},
		{"data refused", "DATA", "503 5.5.1 no", fault.Invalid, 503},
		{"greeting refused", "", "554 no service", fault.Unavailable, 554},
		{"closing", "MAIL", "421 4.3.2 closing", fault.Unavailable, 421},
		{"hangs up", ".", "", fault.Unavailable, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var broken atomic.Bool
			broken.Store(true)
			addr, _ := script(t, func(_ int, line string) string {
				if broken.Load() && (line == c.at || c.at != "" && c.at != "." && strings.HasPrefix(line, c.at)) {
					return c.reply
				}
				return normal(line)
			})
			out := sender(t, mail.SenderConfig{Addr: addr, TLS: mail.TLSNone, Timeout: 10 * time.Second})
			err := out.Send(t.Context(), "a@x.example", []string{"b@x.example"}, []byte("Subject: x\r\n\r\nx\r\n"))
			if !fault.Is(err, c.kind) {
				t.Fatalf("%v", err)
			}
			var answer *mail.SendError
			if errors.As(err, &answer); c.code != 0 && (answer == nil || answer.Code != c.code) {
				t.Errorf("answer %+v in %v", answer, err)
			}
			if c.at == "RCPT" && answer.Recipients[0] != "b@x.example" {
				t.Errorf("recipients %q", answer.Recipients)
			}
			broken.Store(false)
			if err := out.Send(t.Context(), "a@x.example", []string{"b@x.example"}, []byte("x")); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if c.at == "" {
				return
			}
			broken.Store(true) // the same on a connection that was used before
			if err := out.Send(t.Context(), "a@x.example", []string{"b@x.example"}, []byte("x")); !fault.Is(err, c.kind) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// All recipients get it, or none.
func TestOneRefusedRecipientStopsTheMessage(t *testing.T) {
	var data atomic.Int32
	addr, _ := script(t, func(_ int, line string) string {
		switch {
		case strings.HasPrefix(line, "RCPT TO:<gone@"):
			return "550 5.1.1 gone"
		case strings.HasPrefix(line, "RCPT TO:<slow@"):
			return "450 4.2.2 full"
		case line == "DATA":
			data.Add(1)
		}
		return normal(line)
	})
	out := sender(t, mail.SenderConfig{Addr: addr, TLS: mail.TLSNone})
	err := out.Send(t.Context(), "a@x.example", []string{"ok@x.example", "slow@x.example", "gone@x.example"}, []byte("x"))
	var answer *mail.SendError
	if !fault.Is(err, fault.Invalid) || !errors.As(err, &answer) || strings.Join(answer.Recipients, " ") != "slow@x.example gone@x.example" || data.Load() != 0 {
		t.Errorf("%v, %d messages", err, data.Load())
	}
}

// Attack 18 at the envelope.
func TestSendRefusesOddRecipients(t *testing.T) {
	addr, conns := script(t, func(_ int, line string) string { return normal(line) })
	out := sender(t, mail.SenderConfig{Addr: addr, TLS: mail.TLSNone})
	for _, to := range [][]string{nil, {""}, {"a@x.example, b@evil.example"}, {"a@x.example>\r\nRCPT TO:<b@evil.example"}, {"<a@x.example>"}, {"a@x.example\n"}, {"a"}} {
		if err := out.Send(t.Context(), "", to, []byte("x")); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if err := out.Send(t.Context(), "a@x.example> SIZE=1", []string{"b@x.example"}, []byte("x")); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if conns.Load() != 0 {
		t.Error("connected for nothing")
	}
}

func TestConnectionIsReused(t *testing.T) {
	var mails atomic.Int32
	addr, conns := script(t, func(conn int, line string) string {
		if strings.HasPrefix(line, "MAIL") && conn == 1 && mails.Add(1) > 3 {
			return "" // the smarthost closes the first connection while it is idle
		}
		return normal(line)
	})
	out := sender(t, mail.SenderConfig{Addr: addr, TLS: mail.TLSNone})
	for i := range 6 {
		if err := out.Send(t.Context(), "a@x.example", []string{"b@x.example"}, []byte("x")); err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
	if conns.Load() != 2 {
		t.Errorf("%d connections", conns.Load())
	}
}

func TestSendEndsInTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, never greets
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out := sender(t, mail.SenderConfig{Addr: l.Addr().String(), TLS: mail.TLSNone, Timeout: 50 * time.Millisecond})
	if err := out.Send(t.Context(), "", []string{"b@x.example"}, []byte("x")); !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	_ = l.Close()
	if err := out.Send(t.Context(), "", []string{"b@x.example"}, []byte("x")); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}

func TestTLSPolicies(t *testing.T) {
	conf, pool := certificate(t)
	box := &mailbox{}
	with := serve(t, mail.ServerConfig{Deliver: box.deliver, TLS: conf}).Addr().String()
	without := serve(t, mail.ServerConfig{Deliver: box.deliver}).Addr().String()
	trusting := conf.Clone()
	trusting.RootCAs = pool
	for _, c := range []struct {
		name, addr string
		cfg        mail.SenderConfig
		sent, tls  bool
	}{
		{"required, known", with, mail.SenderConfig{TLSConfig: trusting}, true, true},
		{"required, unknown certificate", with, mail.SenderConfig{}, false, false},
		{"required, not offered", without, mail.SenderConfig{}, false, false},
		{"opportunistic, unknown certificate", with, mail.SenderConfig{TLS: mail.TLSOpportunistic}, true, true},
		{"opportunistic, not offered", without, mail.SenderConfig{TLS: mail.TLSOpportunistic}, true, false},
		{"none", with, mail.SenderConfig{TLS: mail.TLSNone}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(box.all())
			c.cfg.Addr = c.addr
			err := sender(t, c.cfg).Send(t.Context(), "", []string{"b@x.example"}, []byte("Subject: x\r\n\r\nx\r\n"))
			got := box.all()[before:]
			if c.sent != (err == nil) || err != nil && !fault.Is(err, fault.Unavailable) || c.sent && (len(got) != 1 || got[0].env.TLS != c.tls) || !c.sent && len(got) > 0 {
				t.Errorf("%v, %d sent", err, len(got))
			}
		})
	}
}

func TestNewSenderRefuses(t *testing.T) {
	for _, cfg := range []mail.SenderConfig{{}, {Addr: "mail.example.com"}, {Addr: ":25"}, {Addr: "a:1", HelloDomain: "a\r\nb"}} {
		if _, err := mail.NewSender(cfg); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
