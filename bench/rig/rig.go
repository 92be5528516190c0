// Package rig starts what the benchmarks measure: the real program, and where
// asked a throw-away PostgreSQL that syncs each commit to disk.
package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/policies"
)

// Level is the lowest level of the default policy, by which the example desk runs.
func Level() string { return defaultPolicy().LowestLevel() }

// Category is the default policy's first category of its lowest level.
func Category() string {
	p := defaultPolicy()
	for _, c := range p.Categories() {
		if c.Level == p.LowestLevel() {
			return c.ID
		}
	}
	return ""
}

var defaultPolicy = sync.OnceValue(func() *policy.Policy {
	p, findings := policy.Parse(policies.DefaultName(), policies.Default())
	if p == nil {
		panic(findings)
	}
	return p
})

// Machine says on what and when something was measured.
func Machine() string {
	model := "unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(name, "model name") {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	load := "?"
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(data))[:3], " ")
	}
	return fmt.Sprintf("%s, %s, %d CPUs, %s, load before %s", time.Now().UTC().Format(time.DateOnly), model, runtime.NumCPU(), runtime.Version(), load)
}

// Build compiles the program into dir and returns its path. It runs in the module's folder.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "tierdesk")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/tierdesk/tierdesk/cmd/tierdesk").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// FreePort is an address on the loopback that nobody listens on.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Store is where the program keeps its data.
type Store struct {
	Dir string // the data folder, also beside PostgreSQL
	URL string // a PostgreSQL database; empty for SQLite in Dir
}

// DatabaseURL opens the store beside the program.
func (s Store) DatabaseURL() string {
	if s.URL != "" {
		return s.URL
	}
	return "sqlite:" + filepath.Join(s.Dir, "tierdesk.db")
}

// Args name the store on a command line.
func (s Store) Args() []string {
	if s.URL != "" {
		return []string{"--database", s.URL}
	}
	return []string{"--data", s.Dir}
}

// Engine is the store's database by name.
func (s Store) Engine() string {
	if s.URL != "" {
		return "PostgreSQL"
	}
	return "SQLite"
}

// Sync shows that commits are synced to disk, and fails when they are not.
func (s Store) Sync(ctx context.Context) (string, error) {
	d, err := db.Open(ctx, db.Options{URL: s.DatabaseURL()})
	if err != nil {
		return "", err
	}
	defer d.Close()
	query, names := "PRAGMA synchronous", []string{"synchronous"}
	want := "2"
	if s.URL != "" {
		query, want = "SHOW fsync", "on"
		names = []string{"fsync"}
	}
	var value string
	err = d.Write(ctx, func(tx *db.Tx) error { return tx.QueryRow(query).Scan(&value) })
	if err == nil && value != want {
		err = fmt.Errorf("%s is %s: these figures would mean nothing", names[0], value)
	}
	if s.URL == "" {
		return "PRAGMA synchronous = " + value + " (FULL)", err
	}
	return "SHOW fsync = " + value, err
}

// Count asks the store a question with one number as answer.
func (s Store) Count(ctx context.Context, query string, args ...any) (n int64, err error) {
	d, err := db.Open(ctx, db.Options{URL: s.DatabaseURL()})
	if err != nil {
		return 0, err
	}
	defer d.Close()
	err = d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow(query, args...).Scan(&n) })
	return n, err
}

// Server is a running program.
type Server struct {
	cmd        *exec.Cmd
	log        *bytes.Buffer
	HTTP, SMTP string
	// Ready is the time from the start of the process to the first 200 of /readyz.
	Ready time.Duration
	begun time.Time
	done  chan error
}

// Start runs a server on a store and waits until it is ready.
func Start(ctx context.Context, program string, s Store, more ...string) (*Server, error) {
	srv, err := Launch(program, s, more...)
	if err != nil {
		return nil, err
	}
	return srv, srv.Await(ctx)
}

// Launch starts a server and does not wait.
func Launch(program string, s Store, more ...string) (*Server, error) {
	httpAddr, err := FreePort()
	if err != nil {
		return nil, err
	}
	smtpAddr, err := FreePort()
	if err != nil {
		return nil, err
	}
	return LaunchAt(program, s, httpAddr, smtpAddr, more...)
}

// LaunchAt is Launch on given addresses.
func LaunchAt(program string, s Store, httpAddr, smtpAddr string, more ...string) (*Server, error) {
	args := append([]string{"serve", "--data", s.Dir, "--http", httpAddr, "--smtp", smtpAddr}, more...)
	if s.URL != "" {
		args = append(args, "--database", s.URL)
	}
	return launch(program, args, httpAddr, smtpAddr)
}

func launch(program string, args []string, httpAddr, smtpAddr string) (*Server, error) {
	srv := &Server{cmd: exec.Command(program, args...), log: &bytes.Buffer{}, HTTP: httpAddr, SMTP: smtpAddr, done: make(chan error, 1)}
	srv.cmd.Stdout, srv.cmd.Stderr = io.Discard, srv.log
	srv.begun = time.Now()
	if err := srv.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { srv.done <- srv.cmd.Wait() }()
	return srv, nil
}

// LaunchSelf runs this program again with other arguments, as a server that
// answers /readyz and listens on the addresses that are added as the last two.
func LaunchSelf(ctx context.Context, args ...string) (*Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	httpAddr, err := FreePort()
	if err != nil {
		return nil, err
	}
	smtpAddr, err := FreePort()
	if err != nil {
		return nil, err
	}
	srv, err := launch(self, append(args, httpAddr, smtpAddr), httpAddr, smtpAddr)
	if err != nil {
		return nil, err
	}
	return srv, srv.Await(ctx)
}

// Await waits until the server is ready.
func (s *Server) Await(ctx context.Context) error {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for time.Since(s.begun) < 2*time.Minute && ctx.Err() == nil {
		select {
		case err := <-s.done:
			s.done <- err
			return fmt.Errorf("the server ended: %w\n%s", err, s.log)
		default:
		}
		r, err := client.Get("http://" + s.HTTP + "/readyz")
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				s.Ready = time.Since(s.begun)
				return nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return errors.New("the server was not ready within two minutes")
}

// PID is the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Kill ends the server as a power cut of the process would.
func (s *Server) Kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	err := <-s.done
	s.done <- err
	return nil
}

// Stop asks the server to end and waits.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(15 * time.Second):
		// its last words say where it hangs
		err := s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.done
		return errors.Join(fmt.Errorf("the server did not end within 15 s\n%s", s.log), err)
	}
}

// Log is what the server wrote so far; call it after its end.
func (s *Server) Log() string { return s.log.String() }

// Memory is the resident memory of the process now and at its most, in MB.
func (s *Server) Memory() (now, most float64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		return 0, 0
	}
	field := func(name string) float64 {
		for line := range strings.Lines(string(data)) {
			if rest, ok := strings.CutPrefix(line, name+":"); ok {
				kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
				return kb / 1024
			}
		}
		return 0
	}
	return field("VmRSS"), field("VmHWM")
}

// CPU is the processor time that the process has used.
func (s *Server) CPU() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// Command runs the program once and returns what it printed.
func Command(ctx context.Context, program string, args ...string) (string, error) {
	var out, log bytes.Buffer
	c := exec.CommandContext(ctx, program, args...)
	c.Stdout, c.Stderr = &out, &log
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, log.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// Postgres is a throw-away server with the settings of its package: each commit is synced to disk.
type Postgres struct {
	cmd  *exec.Cmd
	port string
	made int
}

// StartPostgres makes a server in dir, which must be on a disk.
func StartPostgres(ctx context.Context, dir string) (*Postgres, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "pg")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	as := func(program string, args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, filepath.Join(bin, program), args...)
	}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
		as = func(program string, args ...string) *exec.Cmd {
			c := exec.CommandContext(ctx, filepath.Join(bin, program), args...)
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}} //nolint:gosec // a user's id
			c.Dir = "/"
			return c
		}
	}
	if out, err := as("initdb", "-D", dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	addr, err := FreePort()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	p := &Postgres{cmd: as("postgres", "-D", dir, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir), port: port}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, p.await(ctx)
}

func postgresBin() (string, error) {
	list, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(list) > 0 {
		slices.Sort(list)
		return filepath.Dir(list[len(list)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	return filepath.Dir(path), err
}

func (p *Postgres) url(name string) string {
	return "postgres://postgres@127.0.0.1:" + p.port + "/" + name + "?sslmode=disable"
}

func (p *Postgres) await(ctx context.Context) error {
	for range 300 {
		d, err := db.Open(ctx, db.Options{URL: p.url("postgres")})
		if err == nil {
			return d.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("PostgreSQL did not start")
}

// Database makes an empty database and returns its URL. Its name is new each time.
func (p *Postgres) Database(ctx context.Context) (string, error) {
	p.made++
	name := fmt.Sprintf("bench%d", p.made)
	bin, err := postgresBin()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "createdb"), "-h", "127.0.0.1", "-p", p.port, "-U", "postgres", name).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("createdb: %w\n%s", err, out)
	}
	return p.url(name), nil
}

// Stop ends the server.
func (p *Postgres) Stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// MailConn speaks SMTP one command at a time, as a mail server does that sends
// several mails over one connection.
type MailConn struct {
	c net.Conn
	r *bufio.Reader
}

// DialMail connects and says EHLO.
func DialMail(addr string) (*MailConn, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	m := &MailConn{c, bufio.NewReader(c)}
	if err = m.answer("220"); err == nil {
		err = m.say("EHLO relay.named.example\r\n", "250")
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return m, nil
}

// Close ends the connection.
func (m *MailConn) Close() { m.c.Close() }

func (m *MailConn) say(line, want string) error {
	if err := m.c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := m.c.Write([]byte(line)); err != nil {
		return err
	}
	return m.answer(want)
}

func (m *MailConn) answer(want string) error {
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

// Send delivers one mail; nil means that the server answered 250 to it. text
// has CRLF line ends and no line that begins with a dot.
func (m *MailConn) Send(from, to, text string) error {
	for _, step := range [][2]string{{"MAIL FROM:<" + from + ">\r\n", "250"}, {"RCPT TO:<" + to + ">\r\n", "250"}, {"DATA\r\n", "354"}, {text + ".\r\n", "250"}} {
		if err := m.say(step[0], step[1]); err != nil {
			return err
		}
	}
	return nil
}

// Conn is one keep-alive connection to a server, cheaper than a client that
// shares the machine with what it measures ought to be.
type Conn struct {
	addr string
	c    net.Conn
	r    *bufio.Reader
	buf  bytes.Buffer
}

// Dial makes a connection; it is opened at the first request.
func Dial(addr string) *Conn { return &Conn{addr: addr} }

// Close ends the connection.
func (c *Conn) Close() {
	if c.c != nil {
		c.c.Close()
		c.c = nil
	}
}

// Do sends a request and reads the whole answer. header holds lines that end in CRLF.
func (c *Conn) Do(method, path, header string, body []byte) (status int, answer []byte, err error) {
	if c.c == nil {
		if c.c, err = net.DialTimeout("tcp", c.addr, 5*time.Second); err != nil {
			return 0, nil, err
		}
		c.r = bufio.NewReaderSize(c.c, 32<<10)
	}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	c.buf.Reset()
	fmt.Fprintf(&c.buf, "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n", method, path, c.addr, header, len(body))
	c.buf.Write(body)
	if err := c.c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, nil, err
	}
	if _, err := c.c.Write(c.buf.Bytes()); err != nil {
		return 0, nil, err
	}
	r, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, nil, err
	}
	answer, err = io.ReadAll(r.Body)
	if r.Close {
		defer c.Close()
	}
	return r.StatusCode, answer, errors.Join(err, r.Body.Close())
}
