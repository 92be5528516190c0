package mail_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

type delivery struct {
	env mail.Envelope
	raw []byte
}

// mailbox is a place to deliver to that keeps everything.
type mailbox struct {
	mu   sync.Mutex
	got  []delivery
	fail error
}

func (b *mailbox) deliver(_ context.Context, env mail.Envelope, raw []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail == nil {
		b.got = append(b.got, delivery{env, raw})
	}
	return b.fail
}

func (b *mailbox) all() []delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]delivery(nil), b.got...)
}

func serve(t testing.TB, cfg mail.ServerConfig) *mail.Server {
	t.Helper()
	cfg.Addr, cfg.Domain = "127.0.0.1:0", "mx.vendor.example"
	s, err := mail.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// dialogue speaks SMTP by hand, as a hostile client does.
type dialogue struct {
	t testing.TB
	c net.Conn
	r *bufio.Reader
}

func talk(t testing.TB, s *mail.Server) *dialogue {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	d := &dialogue{t, c, bufio.NewReader(c)}
	d.expect("220 mx.vendor.example")
	return d
}

func (d *dialogue) send(s string) {
	d.t.Helper()
	if _, err := io.WriteString(d.c, s); err != nil {
		d.t.Fatal(err)
	}
}

// reply is the next reply, its lines joined.
func (d *dialogue) reply() string {
	d.t.Helper()
	var all []string
	for {
		line, err := d.r.ReadString('\n')
		if err != nil {
			d.t.Fatalf("after %q: %v", all, err)
		}
		all = append(all, strings.TrimRight(line, "\r\n"))
		if len(line) < 4 || line[3] == ' ' {
			return strings.Join(all, "\n")
		}
	}
}

func (d *dialogue) expect(prefix string) string {
	d.t.Helper()
	got := d.reply()
	if !strings.HasPrefix(got, prefix) {
		d.t.Fatalf("got %q, want %q", got, prefix)
	}
	return got
}

func (d *dialogue) say(line, prefix string) string {
	d.t.Helper()
	d.send(line + "\r\n")
	return d.expect(prefix)
}

// open brings the dialogue to DATA.
func (d *dialogue) open() {
	d.t.Helper()
	d.say("EHLO client.example", "250")
	d.begin()
}

func (d *dialogue) begin() {
	d.t.Helper()
	d.say("MAIL FROM:<ann@named.example>", "250")
	d.say("RCPT TO:<support@vendor.example>", "250")
	d.say("DATA", "354")
}

func TestServerDelivers(t *testing.T) {
	box := &mailbox{}
	s := serve(t, mail.ServerConfig{Deliver: box.deliver, TrustedRelays: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	d := talk(t, s)
	if hello := d.say("EHLO client.example", "250"); strings.Contains(hello, "STARTTLS") || !strings.Contains(hello, "SIZE") {
		t.Errorf("capabilities: %s", hello)
	}
	d.begin()
	d.send("From: ann@named.example\r\nSubject: x\r\n\r\n..dot\r\nHello.\r\n.\r\n")
	d.expect("250")
	d.say("MAIL FROM:<>", "250")
	d.say("RCPT TO:<Support+Tag@Vendor.Example>", "250")
	d.say("DATA", "354")
	d.send("Subject: bounce\r\n\r\nx\r\n.\r\n")
	d.expect("250")
	d.say("QUIT", "221")
	got := box.all()
	if len(got) != 2 {
		t.Fatalf("%d messages", len(got))
	}
	if string(got[0].raw) != "From: ann@named.example\r\nSubject: x\r\n\r\n.dot\r\nHello.\r\n" {
		t.Errorf("raw %q", got[0].raw)
	}
	env := got[0].env
	if env.From != "ann@named.example" || strings.Join(env.To, ",") != "support@vendor.example" || !env.Trusted || env.TLS || env.Helo != "client.example" || env.RemoteIP.String() != "127.0.0.1" {
		t.Errorf("envelope %+v", env)
	}
	if got[1].env.From != "" || got[1].env.To[0] != "Support+Tag@Vendor.Example" {
		t.Errorf("envelope %+v", got[1].env)
	}
}

func TestServerAnswersByKindOfFault(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fault.New(fault.Unavailable, "x"), "452 4.3.1"},
		{fault.New(fault.Invalid, "This mail loops."), "554 5.6.0 Message refused: This mail loops."},
		{fault.New(fault.TooLarge, "x"), "552 5.3.4"},
		{fault.New(fault.Internal, "x"), "451 4.3.0"},
		{errors.New("pq: secret"), "451 4.3.0 Local error in processing, try again later"},
	} {
		box := &mailbox{fail: c.err}
		d := talk(t, serve(t, mail.ServerConfig{Deliver: box.deliver}))
		d.open()
		d.send("Subject: x\r\n\r\nx\r\n.\r\n")
		d.expect(c.want)
		box.mu.Lock()
		box.fail = nil
		box.mu.Unlock()
		d.begin()
		d.send("Subject: x\r\n\r\nx\r\n.\r\n")
		d.expect("250")
		if len(box.all()) != 1 {
			t.Error("not delivered after a failure")
		}
	}
}

func TestServerRefuses(t *testing.T) {
	box := &mailbox{}
	s := serve(t, mail.ServerConfig{Deliver: box.deliver, MaxBytes: 10000, MaxRecipients: 3, Accept: func(_ context.Context, rcpt string) error {
		switch rcpt {
		case "support@vendor.example":
			return nil
		case "busy@vendor.example":
			return fault.New(fault.Unavailable, "x")
		}
		return fault.New(fault.NotFound, "No such address.")
	}})
	d := talk(t, s)
	d.say("MAIL FROM:<a@x.example>", "502")
	d.say("EHLO client.example", "250")
	d.say("DATA", "502")
	d.say("MAIL FROM:<ann@named.example> SIZE=10001", "552 5.3.4")
	d.say("MAIL FROM:<ann@named.example>", "250")
	d.say("RCPT TO:<nobody@vendor.example>", "550 5.1.1")
	d.say("RCPT TO:<busy@vendor.example>", "451")
	d.say(`RCPT TO:<"support@vendor.example"@vendor.example>`, "550 5.1.1") // attack 11
	d.say("RCPT TO:<support@vendor.example>", "250")
	d.say("RCPT TO:<support@vendor.example>", "250")
	d.say("RCPT TO:<support@vendor.example>", "250")
	d.say("RCPT TO:<support@vendor.example>", "452")
	d.say("DATA", "354")
	d.send("Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 5000) + ".\r\n")
	d.expect("552 5.3.4")
	d.begin()
	d.send("Subject: x\r\n\r\n" + strings.Repeat("x", 9000) + "\r\n.\r\n")
	d.expect("250")
	d.say("STARTTLS", "502")
	if n := len(box.all()); n != 1 {
		t.Errorf("%d messages", n)
	}
	for range 30 {
		d.send("MAIL FROM:<a@x.example>\r\n")
		if strings.HasPrefix(d.reply(), "421") {
			return
		}
		d.send("RCPT TO:<guess@vendor.example>\r\nRSET\r\n")
		d.reply()
		d.reply()
	}
	t.Error("guessing recipients was never ended")
}

// Attack 61: whatever other servers take as the end of a message, we take only
// CR LF . CR LF, and refuse messages that contain the other forms.
func TestServerRefusesSmuggling(t *testing.T) {
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\n\r.\r\n", "\n", "\r", "x\n\r\n", "\r\r\n"} {
		box := &mailbox{}
		d := talk(t, serve(t, mail.ServerConfig{Deliver: box.deliver}))
		d.open()
		d.send("Subject: outer\r\n\r\nHello." + end + "MAIL FROM:<admin@vendor.example>\r\nRCPT TO:<support@vendor.example>\r\nDATA\r\nSubject: inner\r\n\r\nx\r\n.\r\n")
		got := d.reply()
		if end == "\r\n.\r" {
			// Only the reader inside sees this one: the text stays one message.
			if strings.HasPrefix(got, "250") && len(box.all()) == 1 {
				continue
			}
		}
		if !strings.HasPrefix(got, "554 5.6.0") || len(box.all()) != 0 {
			t.Errorf("%q: %s, %d messages", end, got, len(box.all()))
		}
		d.say("MAIL FROM:<a@x.example>", "421")
	}
	box := &mailbox{}
	d := talk(t, serve(t, mail.ServerConfig{Deliver: box.deliver}))
	d.say("EHLO c.example", "250")
	d.say("MAIL FROM:<a@x.example>", "250")
	d.say("RCPT TO:<b@x.example>", "250")
	d.send("BDAT 10 LAST\r\nSubject:\nx")
	d.expect("554 5.6.0")
}

func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx.vendor.example"}, DNSNames: []string{"mx.vendor.example"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func TestStartTLS(t *testing.T) {
	conf, pool := certificate(t)
	box := &mailbox{}
	s := serve(t, mail.ServerConfig{Deliver: box.deliver, TLS: conf})
	d := talk(t, s)
	if hello := d.say("EHLO plain.example", "250"); !strings.Contains(hello, "STARTTLS") {
		t.Fatalf("capabilities: %s", hello)
	}
	d.say("STARTTLS", "220")
	c := tls.Client(d.c, &tls.Config{RootCAs: pool, ServerName: "mx.vendor.example"})
	d.c, d.r = c, bufio.NewReader(c)
	d.say("MAIL FROM:<a@x.example>", "502") // what was said before counts no more
	if hello := d.say("EHLO secure.example", "250"); strings.Contains(hello, "STARTTLS") {
		t.Errorf("offered inside TLS: %s", hello)
	}
	d.begin()
	d.send("Subject: x\r\n\r\nx\r\n.\r\n")
	d.expect("250")
	if got := box.all(); len(got) != 1 || !got[0].env.TLS || got[0].env.Helo != "secure.example" || got[0].env.RemoteIP.String() != "127.0.0.1" {
		t.Errorf("%+v", got)
	}
}

// Attack 61: commands that follow STARTTLS in plain text are not run inside TLS.
func TestStartTLSInjection(t *testing.T) {
	conf, pool := certificate(t)
	box := &mailbox{}
	d := talk(t, serve(t, mail.ServerConfig{Deliver: box.deliver, TLS: conf}))
	d.say("EHLO plain.example", "250")
	d.send("STARTTLS\r\nEHLO injected.example\r\nMAIL FROM:<evil@evil.example>\r\n")
	d.expect("220")
	c := tls.Client(d.c, &tls.Config{RootCAs: pool, ServerName: "mx.vendor.example"})
	if err := c.Handshake(); err != nil {
		return // the plain text reached the handshake, which failed: refused
	}
	d.c, d.r = c, bufio.NewReader(c)
	d.say("RCPT TO:<support@vendor.example>", "502")
	d.say("EHLO secure.example", "250")
	d.begin()
	d.send("Subject: x\r\n\r\nx\r\n.\r\n")
	d.expect("250")
	if got := box.all(); len(got) != 1 || got[0].env.From != "ann@named.example" || got[0].env.Helo != "secure.example" {
		t.Errorf("%+v", got)
	}
}

func TestShutdownFinishesTheMessageInHand(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	var done atomic.Int32
	s := serve(t, mail.ServerConfig{Deliver: func(context.Context, mail.Envelope, []byte) error {
		close(started)
		<-release
		done.Add(1)
		return nil
	}})
	idle, busy := talk(t, s), talk(t, s)
	idle.say("EHLO idle.example", "250")
	busy.open()
	busy.send("Subject: x\r\n\r\nx\r\n.\r\n")
	<-started
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(t.Context()) }()
	idle.expect("421")
	close(release)
	busy.expect("250")
	busy.send("NOOP\r\n")
	if line, err := busy.r.ReadString('\n'); err == nil && !strings.HasPrefix(line, "421") {
		t.Errorf("after shutdown: %q", line)
	}
	if err := <-stopped; err != nil || done.Load() != 1 {
		t.Errorf("shutdown %v, %d delivered", err, done.Load())
	}
	if c, err := net.Dial("tcp", s.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("still listening")
	}
}

func TestServeAfterShutdownEnds(t *testing.T) {
	for name, end := range map[string]func(*mail.Server) error{
		"shutdown": func(s *mail.Server) error { return s.Shutdown(t.Context()) },
		"close":    func(s *mail.Server) error { return s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mail.NewServer(mail.ServerConfig{Addr: "127.0.0.1:0", Domain: "desk.example", Deliver: func(context.Context, mail.Envelope, []byte) error { return nil }})
			if err != nil {
				t.Fatal(err)
			}
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- s.Serve() }()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Error("a server that was stopped before it served never ends")
			}
		})
	}
}

func TestShutdownByForce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, mail.ServerConfig{Deliver: func(ctx context.Context, _ mail.Envelope, _ []byte) error {
		cancel()
		<-ctx.Done()
		return fault.New(fault.Unavailable, "Stopped.")
	}})
	d := talk(t, s)
	d.open()
	d.send("Subject: x\r\n\r\nx\r\n.\r\n")
	<-ctx.Done()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	if line, err := d.r.ReadString('\n'); err == nil && strings.HasPrefix(line, "250") {
		t.Errorf("acknowledged: %q", line)
	}
}

func TestConnectionsAndMemoryAreBounded(t *testing.T) {
	box := &mailbox{}
	s := serve(t, mail.ServerConfig{Deliver: box.deliver, MaxConnections: 2, MaxBytes: 1 << 20, MaxBuffered: 100 << 10})
	a, b := talk(t, s), talk(t, s)
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if line, _ := bufio.NewReader(c).ReadString('\n'); !strings.HasPrefix(line, "421 4.3.2") {
		t.Errorf("third connection: %q", line)
	}
	a.open()
	a.send("Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 20000) + ".\r\n")
	a.expect("452 4.3.1")
	for range 5 { // what was refused is not counted for ever
		b.open()
		b.send("Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 5000) + ".\r\n")
		b.expect("250")
	}
}

func TestTwoHundredConnections(t *testing.T) {
	var count atomic.Int32
	s := serve(t, mail.ServerConfig{Deliver: func(context.Context, mail.Envelope, []byte) error {
		count.Add(1)
		return nil
	}})
	const connections, each = 200, 5
	all := make([]*dialogue, connections)
	for i := range all {
		all[i] = talk(t, s)
		all[i].say("EHLO many.example", "250")
	}
	var wg sync.WaitGroup
	failed := make(chan string, connections)
	for i, d := range all {
		wg.Go(func() {
			for range each {
				fmt.Fprintf(d.c, "MAIL FROM:<u%d@x.example>\r\nRCPT TO:<support@vendor.example>\r\nDATA\r\n", i)
				for _, want := range []string{"250", "250", "354"} {
					if line, err := d.r.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
						failed <- fmt.Sprint(line, err)
						return
					}
				}
				_, _ = io.WriteString(d.c, "Subject: x\r\n\r\nx\r\n.\r\n")
				if line, err := d.r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "250") {
					failed <- fmt.Sprint(line, err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	for f := range failed {
		t.Error(f)
	}
	if count.Load() != connections*each {
		t.Errorf("%d delivered", count.Load())
	}
}

func BenchmarkServer(b *testing.B) {
	var count atomic.Int64
	s := serve(b, mail.ServerConfig{Deliver: func(context.Context, mail.Envelope, []byte) error {
		count.Add(1)
		return nil
	}})
	raw := []byte("From: ann@named.example\r\nTo: support@vendor.example\r\nSubject: Camera\r\nMessage-ID: <b@named.example>\r\n\r\n" + strings.Repeat("The camera stays black.\r\n", 40))
	for _, conns := range []int{1, 16, 200} {
		b.Run(fmt.Sprintf("connections=%d", conns), func(b *testing.B) {
			sender, err := mail.NewSender(mail.SenderConfig{Addr: s.Addr().String(), TLS: mail.TLSNone, MaxConns: conns})
			if err != nil {
				b.Fatal(err)
			}
			defer sender.Close()
			count.Store(0)
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range conns {
				wg.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if err := sender.Send(b.Context(), "ann@named.example", []string{"support@vendor.example"}, raw); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
			if count.Load() != int64(b.N) {
				b.Errorf("%d of %d delivered", count.Load(), b.N)
			}
		})
	}
}
