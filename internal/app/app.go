// Package app puts the house together: it opens the store, wires use cases to
// mail, web and API, starts the loops, and stops them in order. No rules live here.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tierdesk/tierdesk/internal/config"
	"github.com/tierdesk/tierdesk/internal/flow/demo"
	"github.com/tierdesk/tierdesk/internal/flow/intake"
	"github.com/tierdesk/tierdesk/internal/flow/notify"
	"github.com/tierdesk/tierdesk/internal/flow/revise"
	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/blob"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/live"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/platform/schema"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// grace is how long a stop waits for what is under way.
const grace = 9 * time.Second

// App is a running house. Fields are set by Open and never change.
type App struct {
	cfg         config.Serve
	log         *slog.Logger
	DB          *db.DB
	Book        *rulebook.Book
	Tickets     *ticket.Service
	Identity    *identity.Service
	Files       *attach.Store
	Drafts      *draft.Drafts
	Hub         *live.Hub
	queue       *jobs.Queue
	runner      *jobs.Runner
	seq         *journal.Sequencer
	intake      *intake.Mail
	sender      *mail.Sender
	sealer      *seal.Sealer
	simulations *simulate.Simulations
	revise      *revise.Service
	http        *http.Server
	serveHTTP   func() error
	smtp        *mail.Server
	lock        *os.File
	ready       atomic.Bool
	// Addr and MailAddr are where the servers listen; MailAddr is nil without SMTP.
	Addr, MailAddr net.Addr
}

// OpenStore opens and migrates the database that the settings name.
func OpenStore(ctx context.Context, data, database string) (*db.DB, error) {
	url, err := config.DatabaseURL(data, database)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Options{URL: url})
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, schema.Migrations()); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Open builds everything and listens; Run serves. A second server on the same
// data folder is refused.
func Open(ctx context.Context, cfg config.Serve, log *slog.Logger) (_ *App, err error) {
	a := &App{cfg: cfg, log: log, queue: jobs.NewQueue()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.release())
		}
	}()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	if a.lock, err = lockFolder(cfg.Data); err != nil {
		return nil, err
	}
	if a.DB, err = OpenStore(ctx, cfg.Data, cfg.Database); err != nil {
		return nil, err
	}
	if err := a.wire(ctx); err != nil {
		return nil, err
	}
	if err := a.listen(); err != nil {
		return nil, err
	}
	return a, nil
}

// wire makes the use cases and the flows around them.
func (a *App) wire(ctx context.Context) error {
	var err error
	if a.sealer, err = seal.Load(filepath.Join(a.cfg.Data, "keys")); err != nil {
		return err
	}
	sealer := a.sealer
	if err := checkKeys(ctx, a.DB, a.sealer); err != nil {
		return err
	}
	blobs, err := blob.Open(filepath.Join(a.cfg.Data, "files"))
	if err != nil {
		return err
	}
	a.Hub = live.NewHub(live.Options{Log: func(err error) { a.log.Info("live stream ended", "error", err) }})
	a.seq = journal.NewSequencer(a.DB, a.publish, a.log)
	a.Book = rulebook.New(a.DB, a.DB.Now)
	a.Identity = identity.New(a.DB)
	a.Files = attach.New(blobs)
	a.Tickets = ticket.NewService(a.DB, a.Book, a.queue, sealer, a.seq.Wake)
	if err := a.firstPolicy(ctx); err != nil {
		return err
	}
	if err := a.mailOut(); err != nil {
		return err
	}
	a.intake = intake.NewMail(intake.MailConfig{DB: a.DB, Tickets: a.Tickets, Files: a.Files, Blobs: blobs, Sealer: sealer,
		Domain: a.mailDomain(), Lookup: net.DefaultResolver.LookupTXT, Log: a.log})
	a.Drafts = draft.New(a.DB, a.seq.Wake)
	// half of the processors: the desk goes on while a draft is simulated
	a.simulations = simulate.New(a.DB, a.Book, a.Drafts, a.queue, runtime.GOMAXPROCS(0)/2, a.seq.Wake, a.log)
	a.revise = revise.New(a.DB, a.Book, a.Drafts, a.queue, a.sender, a.cfg.PublicURL, a.seq.Wake, a.log)
	mailer := notify.New(a.DB, a.Tickets, ticket.NewTokens(sealer), a.sender, a.cfg.PublicURL, a.log)
	node, err := nodeName(a.cfg.Data)
	if err != nil {
		return err
	}
	a.runner, err = jobs.New(jobs.Config{DB: a.DB, Queue: a.queue, Node: node, Log: a.log,
		Handlers: map[string]jobs.Handler{ticket.StepsJob: a.Tickets.HandleSteps, ticket.NotifyJob: mailer.Handle, simulate.Job: a.simulations.Handle, revise.LetterJob: a.revise.Handle}})
	return err
}

// firstPolicy publishes the default policy in a store that has none.
func (a *App) firstPolicy(ctx context.Context) error {
	book := a.Book
	if a.cfg.Demo {
		book = pastBook(a.DB)
	}
	return firstPolicy(ctx, a.Book, book, a.log)
}

func (a *App) mailOut() (err error) {
	if a.cfg.Smarthost == "" {
		return nil
	}
	a.sender, err = mail.NewSender(mail.SenderConfig{Addr: a.cfg.Smarthost, HelloDomain: a.mailDomain(), TLS: a.smarthostTLS(),
		User: a.cfg.SmarthostUser, Password: a.cfg.SmarthostPassword})
	return err
}

func (a *App) smarthostTLS() mail.TLSPolicy {
	switch a.cfg.SmarthostTLS {
	case "implicit":
		return mail.TLSImplicit
	case "opportunistic":
		return mail.TLSOpportunistic
	case "none":
		return mail.TLSNone
	case "required":
		return mail.TLSRequired
	}
	if host, _, err := net.SplitHostPort(a.cfg.Smarthost); err == nil {
		if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
			return mail.TLSNone
		}
	}
	return mail.TLSRequired
}

// mailDomain is our name towards other mail servers: the public address's host.
func (a *App) mailDomain() string {
	u := a.cfg.PublicURL
	if i := len("http://"); len(u) > i {
		host := u[i:]
		if u[4] == 's' {
			host = u[i+1:]
		}
		if h, _, err := net.SplitHostPort(host); err == nil {
			return h
		}
		return host
	}
	return "localhost"
}

func (a *App) listen() (err error) {
	l, err := net.Listen("tcp", a.cfg.HTTP)
	if err != nil {
		return fmt.Errorf("HTTP can't listen on %s: %w", a.cfg.HTTP, err)
	}
	a.Addr = l.Addr()
	a.http = &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelInfo)}
	if a.cfg.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(a.cfg.TLSCert, a.cfg.TLSKey)
		if err != nil {
			return err
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	a.http.RegisterOnShutdown(a.Hub.Close)
	a.serveHTTP = func() error { return a.http.Serve(l) }
	if a.cfg.SMTP == "" {
		return nil
	}
	conf := mail.ServerConfig{Addr: a.cfg.SMTP, Domain: a.mailDomain(), MaxBytes: a.cfg.MaxMail, TrustedRelays: a.cfg.TrustedRelays,
		Accept: a.intake.Accept, Deliver: a.intake.Deliver, Logf: func(f string, v ...any) { a.log.Info(fmt.Sprintf("smtp: "+f, v...)) }}
	if a.cfg.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(a.cfg.TLSCert, a.cfg.TLSKey)
		if err != nil {
			return err
		}
		conf.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	if a.smtp, err = mail.NewServer(conf); err != nil {
		return err
	}
	a.MailAddr = a.smtp.Addr()
	return nil
}

// Run serves until ctx ends, then lets what is under way finish within the grace.
func (a *App) Run(ctx context.Context) error {
	loops, stopLoops := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLoops()
	var wg sync.WaitGroup
	failed := make(chan error, 2)
	serve := func(f func() error) {
		wg.Go(func() {
			if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	serve(a.serveHTTP)
	if a.smtp != nil {
		serve(a.smtp.Serve)
	}
	seqCtx, stopSeq := context.WithCancel(loops)
	defer stopSeq()
	wg.Go(func() { a.seq.Run(seqCtx) })
	wg.Go(func() {
		if err := a.runner.Run(loops); err != nil {
			a.log.Error("jobs", "error", err)
		}
	})
	err := a.fill(ctx)
	if err == nil {
		a.ready.Store(true)
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	a.stop(stopLoops)
	stopSeq()
	wg.Wait()
	return errors.Join(err, a.release())
}

// fill makes the demo's world in an empty store.
func (a *App) fill(ctx context.Context) error {
	if !a.cfg.Demo {
		return nil
	}
	made, err := demo.Fill(ctx, demo.World{DB: a.DB, Identity: a.Identity, Book: a.Book, Past: past(a.DB, a.sealer, a.seq.Wake)})
	if err != nil || len(made.People) == 0 {
		return err
	}
	fmt.Printf("Tierdesk demo: sign in at %s with the password %q as\n", a.cfg.PublicURL, made.Password)
	for _, p := range made.People {
		fmt.Printf("  %-32s %s\n", p.Email, p.Role)
	}
	return nil
}

func (a *App) stop(stopLoops func()) {
	a.ready.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := a.http.Shutdown(ctx); err != nil {
			a.log.Warn("some requests were cut off", "error", err)
			a.http.Close()
		}
	})
	if a.smtp != nil {
		wg.Go(func() {
			if err := a.smtp.Shutdown(ctx); err != nil {
				a.log.Warn("some mails were cut off; their senders will try again", "error", err)
			}
		})
	}
	wg.Wait()
	stopLoops()
}

// release closes what Open opened.
func (a *App) release() error {
	var errs []error
	if a.Tickets != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		errs = append(errs, a.Tickets.Close(ctx))
		cancel()
	}
	if a.sender != nil {
		errs = append(errs, a.sender.Close())
	}
	if a.DB != nil {
		errs = append(errs, a.DB.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}
