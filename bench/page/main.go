// Command page measures how fast the desk's pages are over HTTP for somebody
// who is signed in, how soon the program is ready, and how much memory it holds,
// on stores of two sizes that it fills where they are missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/bench/rig"
	"github.com/tierdesk/tierdesk/internal/platform/db"
)

const (
	engineer = "l1@vendor.example"
	customer = "admin@named.example"
	password = "tierdesk-demo" // of the example
)

type bench struct {
	ctx               context.Context
	dir, program      string
	sizes             []int
	requests, seconds int
	postgres          *rig.Postgres
}

func main() {
	b := &bench{ctx: context.Background()}
	sizes := ""
	engine := ""
	flag.StringVar(&b.dir, "dir", "", "folder of the stores, kept for the next run (required)")
	flag.StringVar(&b.program, "program", "", "the program; built from this module if not given")
	flag.StringVar(&sizes, "tickets", "10000,1000000", "sizes of the stores; each ticket has five messages")
	flag.StringVar(&engine, "engine", "both", "sqlite, postgres or both")
	flag.IntVar(&b.requests, "requests", 1000, "requests of each page")
	flag.IntVar(&b.seconds, "seconds", 8, "length of the run under load")
	flag.Parse()
	if err := b.run(sizes, engine); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (b *bench) run(sizes, engine string) (err error) {
	if b.dir == "" {
		return errors.New("name a folder for the stores: -dir DIR")
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil { //nolint:gosec // PostgreSQL runs as another user
		return err
	}
	for s := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return err
		}
		b.sizes = append(b.sizes, n)
	}
	fmt.Println(rig.Machine())
	if b.program == "" {
		if b.program, err = rig.Build(b.ctx, b.dir); err != nil {
			return err
		}
	}
	if engine != "postgres" {
		if err := b.engine(func() (string, error) { return "", nil }); err != nil {
			return err
		}
	}
	if engine == "sqlite" {
		return nil
	}
	if b.postgres, err = rig.StartPostgres(b.ctx, b.dir); err != nil {
		return err
	}
	defer b.postgres.Stop()
	return b.engine(func() (string, error) { return b.postgres.Database(b.ctx) })
}

// place is a store of one size with the program that serves it.
type place struct {
	tickets       int
	store         rig.Store
	srv           *rig.Server
	cookie, asker string
	numbers       []string
}

// engine measures the stores of all sizes on one engine; each page in turns, so
// that what else happens on the machine hits all sizes.
func (b *bench) engine(database func() (string, error)) error {
	var places []*place
	for _, n := range b.sizes {
		p := &place{tickets: n, store: rig.Store{Dir: filepath.Join(b.dir, strconv.Itoa(n))}}
		var err error
		if p.store.URL, err = database(); err != nil {
			return err
		}
		if p.store.URL != "" {
			p.store.Dir += "-pg"
		}
		if err := b.fill(p.store, n); err != nil {
			return err
		}
		if err := b.open(p); err != nil {
			return err
		}
		defer p.srv.Stop()
		places = append(places, p)
	}
	if err := b.pages(places); err != nil {
		return err
	}
	for _, p := range places {
		if err := b.load(p); err != nil {
			return err
		}
	}
	fmt.Println()
	return nil
}

// turns is in how many parts the requests of one page are made.
const turns = 5

func (b *bench) pages(places []*place) error {
	for _, page := range []struct {
		name string
		ask  func(p *place) (cookie, path string)
	}{
		{"queue page of 50", func(p *place) (string, string) { return p.cookie, "/desk/" + rig.Level() }},
		{"queue, newest", func(p *place) (string, string) { return p.cookie, "/desk/" + rig.Level() + "?sort=newest" }},
		{"ticket page", func(p *place) (string, string) {
			return p.cookie, "/desk/tickets/" + p.numbers[rand.IntN(len(p.numbers))]
		}},
		{"my requests", func(p *place) (string, string) { return p.asker, "/" }},
	} {
		results, sizes := make([]rig.Result, len(places)), make([]int, len(places))
		for range turns {
			for i, p := range places {
				r, size := b.page(p, page.ask)
				if r.Failed > 0 {
					return r.Err
				}
				results[i], sizes[i] = results[i].Add(r), size
			}
		}
		for i, p := range places {
			fmt.Printf("  %-17s %9d tickets  %s, %d KB\n", page.name, p.tickets, results[i], sizes[i]>>10)
		}
		if len(places) > 1 {
			first, last := results[0].At(0.5), results[len(results)-1].At(0.5)
			fmt.Printf("  %-17s p50 grows %.2f times, by %+.2f ms\n", "", float64(last)/float64(first), ms(last-first))
		}
	}
	return nil
}

// fill makes the store once.
func (b *bench) fill(s rig.Store, n int) error {
	if have, err := s.Count(b.ctx, "SELECT COUNT(*) FROM message"); err == nil && have >= int64(5*n) {
		return nil
	}
	begun := time.Now()
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	_, err := rig.Command(b.ctx, b.program, append([]string{"demo", "--tickets", strconv.Itoa(n), "--messages", strconv.Itoa(5 * n)}, s.Args()...)...)
	fmt.Printf("%s: %d tickets and %d messages made in %.0f s\n", s.Engine(), n, 5*n, time.Since(begun).Seconds())
	if err == nil && s.URL != "" {
		err = vacuum(b.ctx, s)
	}
	return err
}

// vacuum lets PostgreSQL learn about what was filled in at once, as its own upkeep does within minutes.
func vacuum(ctx context.Context, s rig.Store) error {
	d, err := db.Open(ctx, db.Options{URL: s.URL})
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec("ANALYZE"); return err })
}

// open starts the program on a store and signs people in.
func (b *bench) open(p *place) error {
	tickets, err := p.store.Count(b.ctx, "SELECT COUNT(*) FROM ticket")
	if err != nil {
		return err
	}
	messages, err := p.store.Count(b.ctx, "SELECT COUNT(*) FROM message")
	if err != nil {
		return err
	}
	synced, err := p.store.Sync(b.ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s: %d tickets, %d messages\n", p.store.Engine(), synced, tickets, messages)
	if p.srv, err = b.start(p.store); err != nil {
		return err
	}
	idle, _ := p.srv.Memory()
	fmt.Printf("  memory idle %.0f MB\n", idle)
	if p.cookie, err = signIn(p.srv.HTTP, engineer); err != nil {
		return err
	}
	if p.asker, err = signIn(p.srv.HTTP, customer); err != nil {
		return err
	}
	p.numbers, err = b.numbers(p.store)
	return err
}

// start starts the program five times and prints the times until it was ready.
func (b *bench) start(s rig.Store) (srv *rig.Server, err error) {
	var times []time.Duration
	for i := range 5 {
		if srv, err = rig.Start(b.ctx, b.program, s, "--demo"); err != nil {
			return nil, err
		}
		times = append(times, srv.Ready)
		if i < 4 {
			if err := srv.Stop(); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(times)
	fmt.Printf("  ready after %.0f ms (median of 5 starts, %.0f to %.0f)\n", ms(times[2]), ms(times[0]), ms(times[4]))
	// what an idle program holds shows when its start is over
	time.Sleep(2 * time.Second)
	return srv, nil
}

// numbers are tickets that the engineer may see: half of them in the queue, half of any age.
func (b *bench) numbers(s rig.Store) (out []string, err error) {
	d, err := db.Open(b.ctx, db.Options{URL: s.DatabaseURL()})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	where := " FROM ticket t JOIN organisation o ON o.id = t.provider_org WHERE o.kind = 'vendor' AND t.level = '" + rig.Level() + "' AND "
	err = d.Read(b.ctx, func(tx *db.Tx) error {
		scan := func(r *db.Rows) (n string, err error) { return n, r.Scan(&n) }
		queue, err := db.Collect(tx, scan, "SELECT t.number"+where+"t.active ORDER BY t.due_sort LIMIT 300")
		if err != nil {
			return err
		}
		old, err := db.Collect(tx, scan, "SELECT t.number"+where+"t.number % 997 = 5 LIMIT 300")
		out = append(queue, old...)
		return err
	})
	if err == nil && len(out) < 10 {
		err = errors.New("the store has too few tickets at level 1")
	}
	return out, err
}

// page asks for a page again and again from one client.
func (b *bench) page(p *place, ask func(*place) (cookie, path string)) (rig.Result, int) {
	c := rig.Dial(p.srv.HTTP)
	defer c.Close()
	size := 0
	one := func(int, int64) error {
		cookie, path := ask(p)
		status, body, err := c.Do("GET", path, "Cookie: "+cookie+"\r\n", nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("GET %s: status %d", path, status)
		}
		size = len(body)
		return err
	}
	for range 20 {
		if err := one(0, 0); err != nil {
			break
		}
	}
	return rig.Times(1, b.requests/turns, one), size
}

// load lets eight people read while requests come in, and prints the memory.
func (b *bench) load(p *place) error {
	s, srv := p.store, p.srv
	token, err := rig.Command(b.ctx, b.program, append([]string{"user", "token", customer}, s.Args()...)...)
	if err != nil {
		return err
	}
	conns := make([]*rig.Conn, 12)
	for i := range conns {
		conns[i] = rig.Dial(srv.HTTP)
		defer conns[i].Close()
	}
	r := rig.Load(len(conns), time.Duration(b.seconds)*time.Second, func(w int, seq int64) error {
		method, path, header, want := "GET", "/desk/"+rig.Level(), "Cookie: "+p.cookie+"\r\n", http.StatusOK
		var body []byte
		switch {
		case w >= 8:
			method, path, want = "POST", "/api/v1/tickets", http.StatusCreated
			header = "Authorization: Bearer " + token + "\r\nContent-Type: application/json\r\n"
			body = []byte(`{"subject":"Sound is lost in the green room","body":"Since Monday nobody hears the second speaker.","category":"` + rig.Category() + `"}`)
		case seq%2 == 0:
			path = "/desk/tickets/" + p.numbers[rand.IntN(len(p.numbers))]
		}
		status, answer, err := conns[w].Do(method, path, header, body)
		if err == nil && status != want {
			err = fmt.Errorf("%s %s: status %d: %.200s", method, path, status, answer)
		}
		return err
	})
	now, most := srv.Memory()
	fmt.Printf("  8 readers, 4 askers %7d tickets  %s; memory %.0f MB, at most %.0f MB\n", p.tickets, r, now, most)
	return r.Err
}

// signIn returns the cookie of a session.
func signIn(addr, email string) (string, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.PostForm("http://"+addr+"/sign-in", url.Values{"email": {email}, "password": {password}})
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	if len(r.Cookies()) == 0 {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 300))
		return "", fmt.Errorf("sign-in of %s: status %d: %s", email, r.StatusCode, body)
	}
	c := r.Cookies()[0]
	return c.Name + "=" + c.Value, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
