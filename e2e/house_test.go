// Package e2e holds the tests of the whole program: a real process, real mail
// servers, a real browser. They read as what people do.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
)

// folder holds what is made for all tests.
var folder string

// program is built once for all tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "tierdesk")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/tierdesk").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "tierdesk-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// house is the program running with the example's people, and the mail server
// that sends for it.
type house struct {
	t        *testing.T
	url      string
	smtp     string
	dir      string
	database string
	box      *postOffice
	process  *process
	mu       sync.Mutex
	tokens   map[string]string
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, start(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, start(t, dbtest.PostgresURL(t))) })
}

// start runs the program on an empty store until the test ends.
func start(t *testing.T, database string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), database: database, box: openPostOffice(t), tokens: map[string]string{}}
	h.run()
	return h
}

// run starts the program and waits until it is ready.
func (h *house) run() {
	h.t.Helper()
	args := []string{"serve", "--demo", "--data", h.dir, "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--smarthost", h.box.addr}
	if h.database != "" {
		args = append(args, "--database", h.database)
	}
	h.process = spawn(h.t, args...)
	line := h.process.expect(h.t, "Tierdesk listens")
	h.url, h.smtp = "http://"+word(line, "http"), word(line, "smtp")
	until(h.t, "the program is ready", func() bool {
		res, err := http.Get(h.url + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// word is the value of name in a line of the log.
func word(line, name string) string {
	m := regexp.MustCompile(`\b` + name + `=(\S+)`).FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return m[1]
}

// process is a program under way with what it has said so far.
type process struct {
	cmd  *exec.Cmd
	done chan error
	mu   sync.Mutex
	said bytes.Buffer
}

// spawn starts the program; it ends with the test at the latest.
func spawn(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(path, args...), done: make(chan error, 1)}
	p.cmd.Env = environment()
	p.cmd.Stdout = p
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(errs)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			_, _ = p.Write(append(lines.Bytes(), '\n'))
		}
		p.done <- p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.end(t)
		if t.Failed() {
			t.Logf("%s said:\n%s", strings.Join(args, " "), p.text())
		}
	})
	return p
}

// environment is ours without the settings that would reach the program.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "TIERDESK_") })
}

// Write keeps what the program says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// expect waits for a line that contains words.
func (p *process) expect(t *testing.T, words string) (line string) {
	t.Helper()
	until(t, "the program says "+words, func() bool {
		for l := range strings.Lines(p.text()) {
			if strings.Contains(l, words) && strings.HasSuffix(l, "\n") {
				line = l
				return true
			}
		}
		if p.ended() {
			t.Fatalf("the program ended:\n%s", p.text())
		}
		return false
	})
	return line
}

func (p *process) ended() bool {
	select {
	case err := <-p.done:
		p.done <- err
		return true
	default:
		return false
	}
}

// end asks the program to stop, and says how long that took.
func (p *process) end(t *testing.T) time.Duration {
	t.Helper()
	if p.ended() {
		return 0
	}
	begin := time.Now()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.done:
		p.done <- err
		if err != nil {
			t.Errorf("the program ended with %v", err)
		}
	case <-time.After(12 * time.Second):
		_ = p.cmd.Process.Kill()
		err := <-p.done
		p.done <- err
		t.Error("the program did not end by itself")
	}
	return time.Since(begin)
}

// kill ends the program as a power failure does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	err := <-p.done
	p.done <- err
}

// until waits for a condition.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	within(t, 20*time.Second, what, is)
}

func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("not in time: " + what)
		}
	}
}

// tierdesk runs a command beside the server and gives what it says.
func (h *house) tierdesk(input string, args ...string) (out string, code int) {
	h.t.Helper()
	path, err := program()
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin, cmd.Env = strings.NewReader(input), environment()
	said, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		h.t.Fatal(err)
	}
	return string(said), cmd.ProcessState.ExitCode()
}

// store is the flag that names the house's store to a command.
func (h *house) store() []string {
	if h.database != "" {
		return []string{"--database", h.database}
	}
	return []string{"--data", h.dir}
}

// must runs a command that has to succeed.
func (h *house) must(input string, args ...string) string {
	h.t.Helper()
	out, code := h.tierdesk(input, append(args, h.store()...)...)
	if code != 0 {
		h.t.Fatalf("tierdesk %s ended with %d:\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// token is an API token of somebody, made once.
func (h *house) token(email string) string {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tokens[email] == "" {
		h.tokens[email] = strings.TrimSpace(h.must("", "user", "token", email))
	}
	return h.tokens[email]
}

func readAll(t *testing.T, r io.ReadCloser) string {
	t.Helper()
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
