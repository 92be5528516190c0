package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Defaults of ServerConfig.
const (
	DefaultMaxBytes       = 32 << 20
	DefaultMaxRecipients  = 50
	DefaultReadTimeout    = 5 * time.Minute // RFC 5321 section 4.5.3.2
	DefaultWriteTimeout   = time.Minute
	DefaultMaxConnections = 500
	DefaultMaxBuffered    = 256 << 20
	maxLineBytes          = 64 << 10 // mailers exceed the 998 of RFC 5322
	maxBadRecipients      = 20       // in one connection, then it is told to go
)

// Envelope is what the SMTP dialogue says of a message. Nothing in it is
// verified except RemoteIP and TLS.
type Envelope struct {
	From     string   // return path, "" for bounces
	To       []string // as accepted, in the sender's spelling
	RemoteIP netip.Addr
	Trusted  bool // RemoteIP is one of ServerConfig.TrustedRelays
	TLS      bool
	Helo     string
}

// ServerConfig configures NewServer. Only Domain and Deliver are required.
type ServerConfig struct {
	Addr           string       // host:port, used when Listener is nil
	Listener       net.Listener // takes the place of Addr
	Domain         string       // our name in the greeting
	TLS            *tls.Config  // offers STARTTLS when given
	MaxBytes       int64        // a message of this size or more is refused with 552
	MaxRecipients  int
	ReadTimeout    time.Duration // for one command, and for one whole message
	WriteTimeout   time.Duration
	MaxConnections int   // more are told 421
	MaxBuffered    int64 // bytes of all messages being received; more are told 452
	TrustedRelays  []netip.Prefix

	// Accept judges a recipient. fault.Unavailable is answered with 451, every
	// other error with 550 5.1.1. nil accepts every plain address.
	Accept func(ctx context.Context, rcpt string) error

	// Deliver stores a message durably. 250 is said after it returned nil, never
	// before. fault.Unavailable gives 452 4.3.1, Invalid and Denied 554, TooLarge
	// 552 5.3.4, everything else 451. raw is Deliver's to keep. ctx ends
	// when the server is closed by force.
	Deliver func(ctx context.Context, env Envelope, raw []byte) error

	// Logf gets what the protocol library has to say; nil drops it.
	Logf func(format string, args ...any)
}

// Server receives mail by SMTP (RFC 5321).
type Server struct {
	cfg      ServerConfig
	smtp     *smtp.Server
	listener net.Listener
	ctx      context.Context
	cancel   context.CancelFunc

	buffered atomic.Int64
	mu       sync.Mutex
	draining bool
	conns    map[*serverConn]struct{}
}

// NewServer opens the listener; Serve accepts connections on it. fault.Invalid
// for an incomplete configuration, fault.Unavailable when the address cannot be
// listened on.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.Domain == "" || cfg.Deliver == nil {
		return nil, fault.New(fault.Invalid, "The mail server needs its own name and a place to deliver to.")
	}
	setDefault(&cfg.MaxBytes, DefaultMaxBytes)
	setDefault(&cfg.MaxRecipients, DefaultMaxRecipients)
	setDefault(&cfg.ReadTimeout, DefaultReadTimeout)
	setDefault(&cfg.WriteTimeout, DefaultWriteTimeout)
	setDefault(&cfg.MaxConnections, DefaultMaxConnections)
	setDefault(&cfg.MaxBuffered, max(DefaultMaxBuffered, 2*cfg.MaxBytes))
	if cfg.Listener == nil {
		l, err := net.Listen("tcp", cfg.Addr)
		if err != nil {
			return nil, fault.New(fault.Unavailable, "The address for incoming mail cannot be used; is another mail server running there?").WithCause(err)
		}
		cfg.Listener = l
	}
	s := &Server{cfg: cfg, conns: map[*serverConn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.listener = &countedListener{Listener: cfg.Listener, server: s}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = cfg.Domain
	s.smtp.TLSConfig = cfg.TLS
	s.smtp.MaxMessageBytes = cfg.MaxBytes
	s.smtp.MaxRecipients = cfg.MaxRecipients
	s.smtp.MaxLineLength = maxLineBytes
	s.smtp.ReadTimeout = cfg.ReadTimeout
	s.smtp.WriteTimeout = cfg.WriteTimeout
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = smtpLog{cfg.Logf}
	return s, nil
}

func setDefault[T int | int64 | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Addr is the address the server listens on.
func (s *Server) Addr() net.Addr { return s.cfg.Listener.Addr() }

// Serve accepts connections until Shutdown or Close; then it returns nil.
func (s *Server) Serve() error { return s.smtp.Serve(s.listener) }

// Shutdown accepts no more connections and no more messages, lets every message
// that is being received be answered, and closes idle connections at once. When
// ctx ends first, the rest is closed by force and ctx's error returned: their
// senders got no 250 and will try again.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	for c := range s.conns {
		c.drain()
	}
	s.mu.Unlock()
	err := s.smtp.Shutdown(ctx)
	// the library closes only listeners that it serves already: without this a
	// Serve that begins after the end would wait for ever
	_ = s.cfg.Listener.Close()
	s.cancel()
	if err != nil && ctx.Err() != nil {
		s.mu.Lock()
		for c := range s.conns {
			_ = c.Conn.Close()
		}
		s.mu.Unlock()
	}
	return err
}

// Close ends everything at once.
func (s *Server) Close() error {
	s.cancel()
	err := s.smtp.Close()
	_ = s.cfg.Listener.Close()
	return err
}

// countedListener hands out connections that the server can count and drain.
type countedListener struct {
	net.Listener
	server *Server
}

func (l *countedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if sc, ok := l.server.admit(c); ok {
			return sc, nil
		}
		// The socket buffer of a new connection takes this without waiting.
		_, _ = io.WriteString(c, "421 4.3.2 Too many connections, try again later\r\n")
		_ = c.Close()
	}
}

func (s *Server) admit(c net.Conn) (*serverConn, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || len(s.conns) >= s.cfg.MaxConnections {
		return nil, false
	}
	sc := &serverConn{Conn: c, server: s}
	s.conns[sc] = struct{}{}
	return sc, true
}

// serverConn is a connection that can be told to end as soon as it is idle.
type serverConn struct {
	net.Conn
	server *Server

	mu       sync.Mutex
	busy     bool // a message is being received
	draining bool
}

func (c *serverConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining && !c.busy {
		t = time.Unix(1, 0)
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *serverConn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if !c.busy {
		_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// begin marks the connection busy; false when it is to end.
func (c *serverConn) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = !c.draining
	return c.busy
}

func (c *serverConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
}

func (c *serverConn) Close() error {
	c.server.mu.Lock()
	delete(c.server.conns, c)
	c.server.mu.Unlock()
	return c.Conn.Close()
}

// session is one SMTP dialogue. BDAT runs Data beside later commands, hence the lock.
type session struct {
	server *Server
	conn   *serverConn

	mu   sync.Mutex
	env  Envelope
	bad  int  // recipients refused
	dead bool // nothing more is taken from this connection
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	_, encrypted := c.TLSConnectionState()
	raw := c.Conn()
	if t, ok := raw.(*tls.Conn); ok {
		raw = t.NetConn()
	}
	conn, ok := raw.(*serverConn)
	if !ok {
		return nil, reply(451, smtp.EnhancedCode{4, 3, 0}, "Internal server error")
	}
	ip := remoteIP(conn)
	return &session{server: s, conn: conn, env: Envelope{
		RemoteIP: ip, Trusted: s.trusted(ip), TLS: encrypted, Helo: clip(cleanLine(c.Hostname()), 255),
	}}, nil
}

func remoteIP(c net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func (s *Server) trusted(ip netip.Addr) bool {
	for _, p := range s.cfg.TrustedRelays {
		if ip.IsValid() && p.Contains(ip) {
			return true
		}
	}
	return false
}

func reply(code int, enhanced smtp.EnhancedCode, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

func closing() error {
	return reply(421, smtp.EnhancedCode{4, 3, 2}, "Service closing, try again later")
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.mu.Lock()
	draining := s.conn.draining
	s.conn.mu.Unlock()
	if s.dead || draining {
		return closing()
	}
	s.env.From, s.env.To = cleanLine(from), nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return closing()
	}
	_, err := Canonical(to)
	if err == nil && s.server.cfg.Accept != nil {
		err = s.server.cfg.Accept(s.server.ctx, to)
	}
	if fault.Is(err, fault.Unavailable) {
		return reply(451, smtp.EnhancedCode{4, 3, 0}, "Recipient cannot be checked now, try again later")
	}
	if err != nil {
		s.bad++
		s.dead = s.bad >= maxBadRecipients
		return reply(550, smtp.EnhancedCode{5, 1, 1}, "No such recipient here")
	}
	s.env.To = append(s.env.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	s.mu.Lock()
	env, dead := s.env, s.dead
	env.To = append([]string(nil), s.env.To...)
	s.mu.Unlock()
	if dead || !s.conn.begin() {
		return closing()
	}
	defer s.conn.end()
	raw, err := s.server.receive(r)
	if err != nil {
		if errors.Is(err, errBareLine) {
			s.mu.Lock()
			s.dead = true
			s.mu.Unlock()
			return reply(554, smtp.EnhancedCode{5, 6, 0}, "Bare CR or LF received, lines end in CR LF (RFC 5321 section 2.3.8)")
		}
		return err
	}
	defer s.server.buffered.Add(-int64(len(raw)))
	return deliveryReply(s.server.cfg.Deliver(s.server.ctx, env, raw))
}

// deliveryReply tells the sender what became of a message, without the cause.
func deliveryReply(err error) error {
	if err == nil {
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.TooMany:
		return reply(452, smtp.EnhancedCode{4, 3, 1}, "Message cannot be stored now, try again later")
	case fault.Invalid, fault.Denied:
		return reply(554, smtp.EnhancedCode{5, 6, 0}, "Message refused: "+clip(cleanLine(fault.Message(err)), 200))
	case fault.TooLarge:
		return tooLarge()
	}
	return reply(451, smtp.EnhancedCode{4, 3, 0}, "Local error in processing, try again later")
}

func tooLarge() error {
	return reply(552, smtp.EnhancedCode{5, 3, 4}, "Message is larger than this server takes")
}

func (s *session) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.env.From, s.env.To = "", nil
}

func (s *session) Logout() error { return nil }

var errBareLine = errors.New("bare CR or LF")

// receive reads a message into memory. On success its size stays counted in
// s.buffered until the caller takes it off; a message that does not fit is
// answered with 452, so that one flood cannot take the memory of all.
func (s *Server) receive(r io.Reader) (raw []byte, err error) {
	var (
		buf  = make([]byte, 0, 8<<10)
		held int64
		last byte
	)
	defer func() {
		if err != nil {
			s.buffered.Add(-held)
		}
	}()
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, rerr := r.Read(buf[len(buf):cap(buf)])
		held += int64(n)
		if s.buffered.Add(int64(n)) > s.cfg.MaxBuffered {
			return nil, reply(452, smtp.EnhancedCode{4, 3, 1}, "Too much mail at once, try again later")
		}
		chunk := buf[len(buf) : len(buf)+n]
		if bareLine(chunk, last) {
			return nil, errBareLine
		}
		if n > 0 {
			last = chunk[n-1]
		}
		buf = buf[:len(buf)+n]
		switch {
		case rerr == io.EOF && last == '\r':
			return nil, errBareLine
		case rerr == io.EOF:
			return buf, nil
		case errors.Is(rerr, smtp.ErrDataTooLarge):
			return nil, tooLarge()
		case errors.Is(rerr, smtp.ErrTooLongLine):
			return nil, reply(500, smtp.EnhancedCode{5, 5, 2}, "Line too long")
		case rerr != nil:
			return nil, reply(451, smtp.EnhancedCode{4, 4, 2}, "Message was not received completely")
		}
	}
}

// bareLine reports a LF without CR before it, or a CR without LF after it; last is
// the byte before chunk. Servers that disagree on such line ends can be made to
// see the end of a message where another one sees text (SMTP smuggling).
func bareLine(chunk []byte, last byte) bool {
	if len(chunk) == 0 {
		return false
	}
	if last == '\r' && chunk[0] != '\n' || last != '\r' && chunk[0] == '\n' {
		return true
	}
	for i := 0; ; {
		j := bytes.IndexByte(chunk[i:], '\n')
		if j < 0 {
			break
		}
		if i += j; i > 0 && chunk[i-1] != '\r' {
			return true
		}
		i++
	}
	for i := 0; ; {
		j := bytes.IndexByte(chunk[i:], '\r')
		if j < 0 {
			return false
		}
		if i += j; i+1 < len(chunk) && chunk[i+1] != '\n' {
			return true
		}
		i++
	}
}

// smtpLog hands the library's lines to Logf.
type smtpLog struct {
	logf func(format string, args ...any)
}

func (l smtpLog) Printf(format string, args ...any) {
	if l.logf != nil {
		l.logf(format, args...)
	}
}

func (l smtpLog) Println(args ...any) {
	if l.logf != nil {
		l.logf("%v", args)
	}
}
