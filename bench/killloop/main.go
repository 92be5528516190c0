// Command killloop ends the server with kill -9 at random moments while mails
// and API requests come in, and compares at the end what it had acknowledged
// with what is stored: nothing lost, nothing twice. Clients behave as real ones
// do: what was not acknowledged they send again, with the same Idempotency-Key
// or Message-ID.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tierdesk/tierdesk/bench/rig"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/journal"
)

const (
	customer = "admin@named.example"
	desk     = "support@vendor.example"
)

type bench struct {
	ctx                       context.Context
	dir, program, engine      string
	kills, callers, mailers   int
	httpAddr, smtpAddr, token string

	stop     atomic.Bool
	attempts atomic.Int64
	mu       sync.Mutex
	tickets  map[string]string // subject -> the id that was answered, "" by mail
	messages map[string]bool   // body
}

func main() {
	b := &bench{ctx: context.Background()}
	flag.StringVar(&b.dir, "dir", "", "folder on the disk to use; a temporary one if not given")
	flag.StringVar(&b.program, "program", "", "the program; built from this module if not given")
	flag.StringVar(&b.engine, "engine", "both", "sqlite, postgres or both")
	flag.IntVar(&b.kills, "kills", 200, "how often the server is killed")
	flag.IntVar(&b.callers, "callers", 6, "API clients")
	flag.IntVar(&b.mailers, "mailers", 6, "SMTP clients")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (b *bench) run() (err error) {
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "tierdesk-kill-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
		if err := os.Chmod(b.dir, 0o755); err != nil { //nolint:gosec // PostgreSQL runs as another user
			return err
		}
	}
	fmt.Println(rig.Machine())
	if b.program == "" {
		if b.program, err = rig.Build(b.ctx, b.dir); err != nil {
			return err
		}
	}
	if b.engine != "postgres" {
		if err := b.loop(rig.Store{Dir: filepath.Join(b.dir, "sqlite")}); err != nil {
			return err
		}
	}
	if b.engine == "sqlite" {
		return nil
	}
	pg, err := rig.StartPostgres(b.ctx, b.dir)
	if err != nil {
		return err
	}
	defer pg.Stop()
	url, err := pg.Database(b.ctx)
	if err != nil {
		return err
	}
	return b.loop(rig.Store{Dir: filepath.Join(b.dir, "postgres"), URL: url})
}

// loop is the whole trial on one store.
func (b *bench) loop(s rig.Store) (err error) {
	b.tickets, b.messages = map[string]string{}, map[string]bool{}
	b.stop.Store(false)
	b.attempts.Store(0)
	if b.httpAddr, err = rig.FreePort(); err != nil {
		return err
	}
	if b.smtpAddr, err = rig.FreePort(); err != nil {
		return err
	}
	srv, err := b.start(s)
	if err != nil {
		return err
	}
	if b.token, err = rig.Command(b.ctx, b.program, append([]string{"user", "token", customer}, s.Args()...)...); err != nil {
		return err
	}
	synced, err := s.Sync(b.ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s: %d kills, %d API and %d SMTP clients\n", s.Engine(), synced, b.kills, b.callers, b.mailers)
	var wg sync.WaitGroup
	for i := range b.callers {
		wg.Go(func() { b.call(i) })
	}
	for i := range b.mailers {
		wg.Go(func() { b.mail(i) })
	}
	trial, err := b.killAll(s, srv)
	b.stop.Store(true)
	wg.Wait()
	if err != nil {
		return err
	}
	return b.report(s, trial)
}

func (b *bench) start(s rig.Store) (*rig.Server, error) {
	srv, err := rig.LaunchAt(b.program, s, b.httpAddr, b.smtpAddr, "--demo")
	if err != nil {
		return nil, err
	}
	return srv, srv.Await(b.ctx)
}

// trial is what the kills showed.
type trial struct {
	slowest     time.Duration // from the start of a process until it was ready
	interrupted int           // jobs that a kill found running
	latest      time.Duration // from the start until the last of them had ended
	last        *rig.Server
}

func (b *bench) killAll(s rig.Store, srv *rig.Server) (t trial, err error) {
	d, err := db.Open(b.ctx, db.Options{URL: s.DatabaseURL(), Readers: 2})
	if err != nil {
		return t, err
	}
	defer d.Close()
	for range b.kills {
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
		if err := srv.Kill(); err != nil {
			return t, err
		}
		jobs, err := running(b.ctx, d)
		if err != nil {
			return t, err
		}
		begun := time.Now()
		if srv, err = b.start(s); err != nil {
			return t, err
		}
		t.slowest = max(t.slowest, srv.Ready)
		t.interrupted += len(jobs)
		for len(jobs) > 0 {
			if jobs, err = unfinished(b.ctx, d, jobs); err != nil {
				return t, err
			}
			if time.Since(begun) > 30*time.Second {
				return t, fmt.Errorf("%d interrupted jobs did not run again within 30 s", len(jobs))
			}
			t.latest = max(t.latest, time.Since(begun))
		}
	}
	t.last = srv
	return t, nil
}

// running are the jobs that some node has in hand.
func running(ctx context.Context, d *db.DB) (ids []string, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		ids, err = db.Collect(tx, func(r *db.Rows) (id string, err error) { return id, r.Scan(&id) }, "SELECT id FROM job WHERE state = 'running'")
		return err
	})
	return ids, err
}

// unfinished are those of jobs that are still not done.
func unfinished(ctx context.Context, d *db.DB, jobs []string) (left []string, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		left, err = db.Collect(tx, func(r *db.Rows) (id string, err error) { return id, r.Scan(&id) },
			"SELECT id FROM job WHERE state IN ('ready', 'running') AND id IN ("+db.In(len(jobs), 1)+")", db.Args(jobs)...)
		return err
	})
	return left, err
}

// again repeats until the server has acknowledged or the trial is over.
func (b *bench) again(one func() error) bool {
	for !b.stop.Load() {
		b.attempts.Add(1)
		if one() == nil {
			return true
		}
		time.Sleep(time.Duration(5+rand.IntN(20)) * time.Millisecond)
	}
	return false
}

func (b *bench) call(worker int) {
	c := rig.Dial(b.httpAddr)
	defer c.Close()
	post := func(path, key string, in any, want int, out any) error {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		status, answer, err := c.Do("POST", path, "Authorization: Bearer "+b.token+"\r\nContent-Type: application/json\r\nIdempotency-Key: "+key+"\r\n", data)
		if err == nil && status != want {
			err = fmt.Errorf("status %d: %s", status, answer)
			if status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
				fmt.Fprintln(os.Stderr, "unexpected:", path, key, err)
			}
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, out)
	}
	for n := 0; !b.stop.Load(); n++ {
		subject := fmt.Sprintf("call %d number %d", worker, n)
		var made struct{ ID string }
		if !b.again(func() error {
			return post("/api/v1/tickets", subject, map[string]string{"subject": subject, "body": "The picture stays black.", "category": rig.Category()}, http.StatusCreated, &made)
		}) {
			return
		}
		b.mu.Lock()
		b.tickets[subject] = made.ID
		b.mu.Unlock()
		if n%3 != 0 {
			continue
		}
		text := "message to " + subject
		var message struct{ ID string }
		if !b.again(func() error {
			return post("/api/v1/tickets/"+made.ID+"/messages", text, map[string]string{"room": "requester", "body": text}, http.StatusCreated, &message)
		}) {
			return
		}
		b.mu.Lock()
		b.messages[text] = true
		b.mu.Unlock()
	}
}

func (b *bench) mail(worker int) {
	var c *rig.MailConn
	for n := 0; !b.stop.Load(); n++ {
		subject := fmt.Sprintf("mail %d number %d", worker, n)
		text := fmt.Sprintf("From: Nadia Flores <%s>\r\nTo: %s\r\nSubject: %s\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <kill.%d.%d@named.example>\r\n\r\nThe sound is lost.\r\n",
			customer, desk, subject, worker, n)
		if !b.again(func() (err error) {
			if c == nil {
				if c, err = rig.DialMail(b.smtpAddr); err != nil {
					c = nil
					return err
				}
			}
			if err = c.Send(customer, desk, text); err != nil {
				c.Close()
				c = nil
			}
			return err
		}) {
			break
		}
		b.mu.Lock()
		b.tickets[subject] = ""
		b.mu.Unlock()
	}
	if c != nil {
		c.Close()
	}
}

// report compares what was acknowledged with what is stored.
func (b *bench) report(s rig.Store, t trial) error {
	if err := t.last.Stop(); err != nil {
		return err
	}
	d, err := db.Open(b.ctx, db.Options{URL: s.DatabaseURL()})
	if err != nil {
		return err
	}
	defer d.Close()
	stored, ids, bodies := map[string]int{}, map[string]string{}, map[string]int{}
	var parts [4]int
	err = d.Read(b.ctx, func(tx *db.Tx) error {
		type pair struct{ key, value string }
		scan := func(r *db.Rows) (p pair, err error) { return p, r.Scan(&p.key, &p.value) }
		list, err := db.Collect(tx, scan, "SELECT subject, id FROM ticket WHERE subject LIKE 'call %' OR subject LIKE 'mail %'")
		if err != nil {
			return err
		}
		for _, p := range list {
			stored[p.key]++
			ids[p.key] = p.value
		}
		if list, err = db.Collect(tx, scan, "SELECT body, id FROM message WHERE body LIKE 'message to %'"); err != nil {
			return err
		}
		for _, p := range list {
			bodies[p.key]++
		}
		for i, query := range []string{
			"SELECT COUNT(*) FROM ticket t WHERE (SELECT COUNT(*) FROM room r WHERE r.ticket_id = t.id) = 0",
			"SELECT COUNT(*) FROM ticket t WHERE (SELECT COUNT(*) FROM message m WHERE m.ticket_id = t.id) = 0",
			"SELECT COUNT(*) FROM ticket t WHERE (SELECT COUNT(*) FROM judgement j WHERE j.ticket_id = t.id) = 0",
			"SELECT COUNT(*) FROM ticket t WHERE (SELECT COUNT(*) FROM event e WHERE e.subject_id = t.id AND e.kind = 'opened') <> 1",
		} {
			if err := tx.QueryRow(query).Scan(&parts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	lost, doubled := 0, 0
	for subject, id := range b.tickets {
		if stored[subject] == 0 || (id != "" && ids[subject] != id) {
			lost++
		}
	}
	for body := range b.messages {
		if bodies[body] == 0 {
			lost++
		}
	}
	for _, counts := range []map[string]int{stored, bodies} {
		for _, n := range counts {
			if n > 1 {
				doubled++
			}
		}
	}
	chain, err := journal.Verify(b.ctx, d, nil)
	if err != nil {
		return err
	}
	fmt.Printf("  acknowledged %d tickets and %d messages in %d attempts: %d lost, %d doubled\n", len(b.tickets), len(b.messages), b.attempts.Load(), lost, doubled)
	fmt.Printf("  torn: %d tickets without room, %d without message, %d without judgement, %d not opened once; journal of %d events broken: %t\n",
		parts[0], parts[1], parts[2], parts[3], chain.Sealed, chain.Broken != nil)
	fmt.Printf("  slowest restart %.0f ms; %d jobs were interrupted, all had ended %.0f ms after the start at the latest\n\n", ms(t.slowest), t.interrupted, ms(t.latest))
	if lost+doubled+parts[0]+parts[1]+parts[2]+parts[3] > 0 || chain.Broken != nil {
		return errors.New("the store is not what was acknowledged")
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
