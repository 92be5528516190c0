package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// TLSPolicy says how a connection to the smarthost is protected.
type TLSPolicy uint8

// The policies. The zero value is the safe one.
const (
	TLSRequired      TLSPolicy = iota // STARTTLS with a valid certificate, or nothing is sent
	TLSImplicit                       // TLS from the first byte (port 465)
	TLSOpportunistic                  // STARTTLS when offered; the certificate is not checked
	TLSNone                           // plain text: a smarthost on the same machine
)

// Defaults of SenderConfig.
const (
	DefaultSendTimeout = 2 * time.Minute
	DefaultSendIdle    = 20 * time.Second
	DefaultSendConns   = 4
)

// SenderConfig configures NewSender. Only Addr is required.
type SenderConfig struct {
	Addr        string // host:port of the smarthost
	HelloDomain string // our name, "localhost" when empty
	TLS         TLSPolicy
	TLSConfig   *tls.Config // for private authorities; nil uses the system's
	User        string      // PLAIN authentication when not empty; needs TLS, or a loopback host
	Password    string
	Timeout     time.Duration // for one Send, connecting included
	Idle        time.Duration // an unused connection is closed after this long
	MaxConns    int           // connections kept open, and Sends at a time
}

// Sender sends mail through one smarthost. It is safe for concurrent use.
type Sender struct {
	cfg   SenderConfig
	slots chan struct{}

	mu     sync.Mutex
	idle   []*smtpConn
	closed bool
}

// SendError is the smarthost's answer inside an error of Send, for delivery state.
type SendError struct {
	Code       int      // SMTP reply code, 0 when there was none
	Answer     string   // text of the reply, with the enhanced code, on one line
	Recipients []string // those it concerns; nil for the whole message
}

// Error is for logs.
func (e *SendError) Error() string {
	return "smtp " + strings.TrimSpace(e.Answer+" "+strings.Join(e.Recipients, " "))
}

// NewSender checks the configuration; it does not connect. fault.Invalid.
func NewSender(cfg SenderConfig) (*Sender, error) {
	if host, port, err := net.SplitHostPort(cfg.Addr); err != nil || host == "" || port == "" {
		return nil, fault.New(fault.Invalid, "Write the smarthost as host:port, for example mail.example.com:587.")
	}
	if cfg.HelloDomain == "" {
		cfg.HelloDomain = "localhost"
	}
	if strings.ContainsAny(cfg.HelloDomain, " \t\r\n") {
		return nil, fault.New(fault.Invalid, "The name for greeting the smarthost must be one word.")
	}
	setDefault(&cfg.Timeout, DefaultSendTimeout)
	setDefault(&cfg.Idle, DefaultSendIdle)
	setDefault(&cfg.MaxConns, DefaultSendConns)
	return &Sender{cfg: cfg, slots: make(chan struct{}, cfg.MaxConns)}, nil
}

// Send hands raw to the smarthost for exactly the recipients in to; from is the
// return path, "" for receipts and bounces. All recipients get it or none: when
// one is refused, nothing is sent.
//
// fault.Invalid means never (a 5xx about this message or its recipients);
// fault.Unavailable means try again (4xx, network, time out, greeting, TLS or
// authentication refused: a matter of the smarthost, not of the message). A
// *SendError is in the chain when there was an answer. When the connection breaks
// after the last byte, the smarthost may have the message already: use one
// Message-ID for all attempts.
func (s *Sender) Send(ctx context.Context, from string, to []string, raw []byte) error {
	if err := checkEnvelope(from, to); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
	for {
		c, reused, err := s.conn(ctx)
		if err != nil {
			return err
		}
		again, err := s.sendOn(ctx, c, from, to, raw)
		if err != nil && again && reused && ctx.Err() == nil {
			continue // it was closed while it waited
		}
		return err
	}
}

// sendOn sends on c and keeps or closes it. again as in transact.
func (s *Sender) sendOn(ctx context.Context, c *smtpConn, from string, to []string, raw []byte) (again bool, err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.net.Close() })
	again, err = c.transact(from, to, raw)
	intact := stop()
	var answer *SendError
	switch {
	case err == nil && intact:
		s.keep(c)
	case errors.As(err, &answer) && answer.Code != 421 && intact && c.client.Reset() == nil:
		s.keep(c)
	default:
		_ = c.net.Close()
	}
	if err != nil && ctx.Err() != nil {
		err = unavailable(errors.Join(ctx.Err(), err))
	}
	return again, err
}

// checkEnvelope refuses what would be read as more than one address or command.
func checkEnvelope(from string, to []string) error {
	if len(to) == 0 {
		return fault.New(fault.Invalid, "This message has no recipient.")
	}
	for _, addr := range append(slices.Clone(to), from) {
		if addr == "" {
			continue
		}
		if _, err := Canonical(addr); err != nil || strings.TrimSpace(addr) != addr {
			return fault.New(fault.Invalid, "A recipient or the return path is not a plain email address.").WithCause(err)
		}
	}
	if slices.Contains(to, "") {
		return fault.New(fault.Invalid, "A recipient is empty.")
	}
	return nil
}

// Close closes the idle connections; later Sends still work but keep none open.
func (s *Sender) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.timer.Stop()
		_ = c.net.Close()
	}
	return nil
}

type smtpConn struct {
	net    net.Conn
	client *smtp.Client
	timer  *time.Timer
}

// conn is an idle connection or a new one.
func (s *Sender) conn(ctx context.Context) (c *smtpConn, reused bool, err error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		c = s.idle[n-1]
		s.idle = s.idle[:n-1]
		c.timer.Stop()
	}
	s.mu.Unlock()
	if c != nil {
		return c, true, nil
	}
	c, err = s.dial(ctx)
	return c, false, err
}

func (s *Sender) keep(c *smtpConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.net.Close()
		return
	}
	c.timer = time.AfterFunc(s.cfg.Idle, func() { s.expire(c) })
	s.idle = append(s.idle, c)
}

func (s *Sender) expire(c *smtpConn) {
	s.mu.Lock()
	i := slices.Index(s.idle, c)
	if i >= 0 {
		s.idle = slices.Delete(s.idle, i, i+1)
	}
	s.mu.Unlock()
	if i >= 0 {
		_ = c.net.Close()
	}
}

// dial connects, protects the connection as the policy says, and authenticates.
func (s *Sender) dial(ctx context.Context) (*smtpConn, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return nil, unavailable(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	client, err := s.greet(nc)
	if !stop() {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		_ = nc.Close()
		return nil, unavailable(asAnswer(err))
	}
	return &smtpConn{net: nc, client: client}, nil
}

func (s *Sender) greet(nc net.Conn) (*smtp.Client, error) {
	host, _, _ := net.SplitHostPort(s.cfg.Addr)
	conf := &tls.Config{}
	if s.cfg.TLSConfig != nil {
		conf = s.cfg.TLSConfig.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = host
	}
	if s.cfg.TLS == TLSImplicit {
		nc = tls.Client(nc, conf)
	}
	client, err := smtp.NewClient(nc, host)
	if err != nil {
		return nil, err
	}
	if err := client.Hello(s.cfg.HelloDomain); err != nil {
		return nil, err
	}
	if err := s.startTLS(client, conf); err != nil {
		return nil, err
	}
	if s.cfg.User != "" {
		if err := client.Auth(smtp.PlainAuth("", s.cfg.User, s.cfg.Password, host)); err != nil {
			return nil, err
		}
	}
	return client, nil
}

func (s *Sender) startTLS(client *smtp.Client, conf *tls.Config) error {
	if s.cfg.TLS == TLSNone || s.cfg.TLS == TLSImplicit {
		return nil
	}
	offered, _ := client.Extension("STARTTLS")
	switch {
	case !offered && s.cfg.TLS == TLSRequired:
		return errors.New("the smarthost does not offer STARTTLS")
	case !offered:
		return nil
	case s.cfg.TLS == TLSOpportunistic:
		conf.InsecureSkipVerify = true // stated in the policy: better than plain text
	}
	return client.StartTLS(conf)
}

// transact sends one message. again is true when the connection ended before the
// smarthost could have it.
func (c *smtpConn) transact(from string, to []string, raw []byte) (again bool, err error) {
	if err := c.client.Mail(from); err != nil {
		return hungUp(err), judge(err, nil)
	}
	var refused []string
	var first error
	for _, rcpt := range to {
		err := c.client.Rcpt(rcpt)
		if err != nil && hungUp(err) {
			return true, judge(err, nil)
		}
		if err != nil {
			refused = append(refused, rcpt)
			// One permanent refusal makes the whole attempt permanent.
			if first == nil || temporary(first) && !temporary(err) {
				first = err
			}
		}
	}
	if first != nil {
		return false, judge(first, refused)
	}
	w, err := c.client.Data()
	if err != nil {
		return hungUp(err), judge(err, nil)
	}
	if _, err = io.Copy(w, bytes.NewReader(raw)); err != nil {
		return false, judge(err, nil)
	}
	if err = w.Close(); err != nil {
		return false, judge(err, nil)
	}
	return false, nil
}

// hungUp reports that the connection is of no use any more: no answer, or 421.
func hungUp(err error) bool {
	e, ok := errors.AsType[*textproto.Error](err)
	return !ok || e.Code == 421
}

func temporary(err error) bool {
	e, ok := errors.AsType[*textproto.Error](err)
	return !ok || e.Code < 500
}

func asAnswer(err error) error {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return &SendError{Code: e.Code, Answer: clip(cleanLine(e.Error()), 500)}
	}
	return err
}

// judge turns an error of the dialogue about a message into a fault.
func judge(err error, refused []string) error {
	answer := asAnswer(err)
	if e, ok := answer.(*SendError); ok {
		e.Recipients = refused
	}
	if temporary(err) {
		return unavailable(answer)
	}
	return fault.New(fault.Invalid, "The mail server refused this message for good.").WithCause(answer)
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, "The mail server cannot be reached or is busy; the message will be tried again.").WithCause(err)
}
