// Command intake measures how many requests a second the program takes by API
// and by SMTP, beside a bare program that writes the same rows in the same group
// commits and decides nothing. Each run counts its rows afterwards.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tierdesk/tierdesk/bench/rig"
)

type bench struct {
	ctx      context.Context
	dir      string
	program  string
	clients  int
	seconds  int
	rounds   int
	only     string
	engine   string
	postgres *rig.Postgres
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		if err := bare(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	b := &bench{ctx: context.Background()}
	flag.StringVar(&b.dir, "dir", "", "folder on the disk to measure on; a temporary one if not given")
	flag.IntVar(&b.clients, "clients", 32, "clients at the same time")
	flag.IntVar(&b.seconds, "seconds", 4, "length of each run")
	flag.IntVar(&b.rounds, "rounds", 3, "runs of each kind")
	flag.StringVar(&b.only, "only", "", "API or SMTP; both if not given")
	flag.StringVar(&b.engine, "engine", "both", "sqlite, postgres or both")
	flag.StringVar(&b.program, "program", "", "the program; built from this module if not given")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (b *bench) run() (err error) {
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "tierdesk-intake-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
		// PostgreSQL runs as another user
		if err := os.Chmod(b.dir, 0o755); err != nil { //nolint:gosec // nothing secret is in it
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
		if err := b.measure(func() (string, error) { return "", nil }); err != nil {
			return err
		}
	}
	if b.engine == "sqlite" {
		return nil
	}
	if b.postgres, err = rig.StartPostgres(b.ctx, b.dir); err != nil {
		return err
	}
	defer b.postgres.Stop()
	return b.measure(func() (string, error) { return b.postgres.Database(b.ctx) })
}

// measure runs the program and the bare one in turns, so that what else happens
// on the machine hits both, and prints the ratios.
func (b *bench) measure(database func() (string, error)) (err error) {
	stores := make([]rig.Store, 2)
	for i, name := range []string{"real", "bare"} {
		stores[i].Dir = filepath.Join(b.dir, name+strconv.FormatInt(time.Now().UnixNano(), 36))
		if stores[i].URL, err = database(); err != nil {
			return err
		}
	}
	real, basis := &target{store: stores[0]}, &target{store: stores[1]}
	if err := b.start(real, basis); err != nil {
		return err
	}
	defer real.srv.Stop()
	defer basis.srv.Stop()
	for _, kind := range []string{"API", "SMTP"} {
		if b.only != "" && b.only != kind {
			continue
		}
		var ratios []float64
		for range b.rounds {
			was, err := b.load(basis, "bare "+kind, kind)
			if err != nil {
				return err
			}
			is, err := b.load(real, kind, kind)
			if err != nil {
				return err
			}
			ratios = append(ratios, is.Rate()/was.Rate())
		}
		slices.Sort(ratios)
		fmt.Printf("%s: %s intake is %.2f of bare (median of %d rounds, %.2f to %.2f)\n\n", real.store.Engine(), kind, ratios[len(ratios)/2], len(ratios), ratios[0], ratios[len(ratios)-1])
	}
	return nil
}

// target is a server under load.
type target struct {
	store rig.Store
	srv   *rig.Server
	token string
}

// start runs both; the bare one learns its rows from one real request.
func (b *bench) start(real, basis *target) (err error) {
	if real.srv, err = rig.Start(b.ctx, b.program, real.store, "--demo"); err != nil {
		return err
	}
	if real.token, err = rig.Command(b.ctx, b.program, append([]string{"user", "token", customer}, real.store.Args()...)...); err != nil {
		return err
	}
	sync, err := real.store.Sync(b.ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s, %d clients\n", real.store.Engine(), sync, b.clients)
	for _, kind := range []string{"API", "SMTP"} {
		one := b.step(real, kind)
		err := one.do(0, 0)
		one.close()
		if err != nil {
			return err
		}
	}
	if err := os.MkdirAll(basis.store.Dir, 0o700); err != nil {
		return err
	}
	basis.srv, err = rig.LaunchSelf(b.ctx, "bare", basis.store.DatabaseURL(), real.store.DatabaseURL())
	return err
}

func (b *bench) step(t *target, kind string) step {
	if kind == "API" {
		return apiStep(b.clients, t.srv.HTTP, t.token, 201)
	}
	return smtpStep(b.clients, t.srv.SMTP)
}

// load warms up, measures, and counts what is in the store afterwards.
func (b *bench) load(t *target, name, kind string) (rig.Result, error) {
	warm := b.step(t, kind)
	rig.Load(b.clients, time.Second, warm.do)
	warm.close()
	before, err := counts(b.ctx, t.store)
	if err != nil {
		return rig.Result{}, err
	}
	st := b.step(t, kind)
	cpu := t.srv.CPU()
	r := rig.Load(b.clients, time.Duration(b.seconds)*time.Second, st.do)
	cpu = t.srv.CPU() - cpu
	st.close()
	_, most := t.srv.Memory()
	fmt.Printf("  %-9s %s; server %.2f ms CPU each, at most %.0f MB\n", name, r, 1000*cpu.Seconds()/float64(max(1, r.Done)), most)
	if r.Failed > 0 {
		return r, fmt.Errorf("%s: %d requests failed, the first: %w", name, r.Failed, r.Err)
	}
	return r, check(b.ctx, t.store, kind, before, r.Done)
}
