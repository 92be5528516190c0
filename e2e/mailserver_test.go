package e2e

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

// postOffice is a mail server that receives what the program sends.
type postOffice struct {
	t    *testing.T
	addr string
	mu   sync.Mutex
	got  []arrived
	// busy is told of each mail before it is taken, when it is not nil.
	busy func()
}

type arrived struct {
	To  string
	Msg *mail.Message
}

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{t: t}
	s, err := mail.NewServer(mail.ServerConfig{Addr: "127.0.0.1:0", Domain: "mx.example", Deliver: p.deliver})
	if err != nil {
		t.Fatal(err)
	}
	p.addr = s.Addr().String()
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *postOffice) deliver(_ context.Context, env mail.Envelope, raw []byte) error {
	msg, err := mail.Parse(raw)
	if err != nil {
		return err
	}
	p.mu.Lock()
	busy := p.busy
	p.mu.Unlock()
	if busy != nil {
		busy()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, to := range env.To {
		p.got = append(p.got, arrived{to, msg})
	}
	return nil
}

func (p *postOffice) setBusy(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy = fn
}

// mails are those to an address so far.
func (p *postOffice) mails(to string) (list []arrived) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.got {
		if m.To == to {
			list = append(list, m)
		}
	}
	return list
}

// await waits for a mail to an address whose subject or text has words.
func (p *postOffice) await(to, words string) (found arrived) {
	p.t.Helper()
	until(p.t, "a mail to "+to+" with "+words, func() bool {
		for _, m := range p.mails(to) {
			if strings.Contains(m.Msg.Subject+"\n"+m.Msg.Text, words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// swaks sends a mail as people do by hand.
func (h *house) swaks(from, to, subject, body string, more ...string) {
	h.t.Helper()
	if out, ok := h.trySwaks(append([]string{"--from", from, "--to", to, "--header", "Subject: " + subject, "--body", body}, more...)...); !ok {
		h.t.Fatalf("swaks was refused:\n%s", out)
	}
}

// swaksFile sends a mail that is written down already.
func (h *house) swaksFile(from, to, file string) {
	h.t.Helper()
	if out, ok := h.trySwaks("--from", from, "--to", to, "--data", "@"+file); !ok {
		h.t.Fatalf("swaks was refused:\n%s", out)
	}
}

// trySwaks gives the dialogue, and whether the mail was taken.
func (h *house) trySwaks(args ...string) (dialogue string, ok bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, "swaks", append([]string{"--server", h.smtp, "--helo", "client.example"}, args...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return string(said), err == nil
}
