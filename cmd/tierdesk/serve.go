package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/tierdesk/tierdesk/internal/app"
	"github.com/tierdesk/tierdesk/internal/config"
)

type serveCommand struct {
	Data              string   `default:"tierdesk-data" help:"Folder of the embedded database, files and keys." type:"path"`
	HTTP              string   `name:"http" default:"127.0.0.1:8080" help:"Address for pages and API."`
	SMTP              string   `name:"smtp" default:"127.0.0.1:2525" help:"Address for incoming mail; empty receives none."`
	Smarthost         string   `help:"HOST:PORT of the mail server that sends for the desk; without it nothing is sent."`
	SmarthostTLS      string   `name:"smarthost-tls" default:"" help:"required, implicit, opportunistic or none; required unless the smarthost is on this machine." enum:",required,implicit,opportunistic,none"`
	SmarthostUser     string   `help:"User at the smarthost."`
	SmarthostPassword string   `help:"Password at the smarthost; better in TIERDESK_SMARTHOST_PASSWORD."`
	Database          string   `help:"PostgreSQL URL; without it SQLite in the data folder."`
	PublicURL         string   `name:"public-url" help:"Address by which people reach the desk."`
	TLSCert           string   `name:"tls-cert" help:"Certificate file, for HTTPS and STARTTLS." type:"path"`
	TLSKey            string   `name:"tls-key" help:"Key file of the certificate." type:"path"`
	TrustedProxy      []string `help:"Network of proxies that may say whose request they pass on."`
	TrustedRelay      []string `help:"Network of mail relays that have verified their senders."`
	Demo              bool     `help:"Fill an empty store with example organisations and tickets."`
}

func (c *serveCommand) settings() (s config.Serve, err error) {
	s = config.Serve{Data: c.Data, HTTP: c.HTTP, SMTP: c.SMTP, Smarthost: c.Smarthost, SmarthostTLS: c.SmarthostTLS, SmarthostUser: c.SmarthostUser,
		SmarthostPassword: c.SmarthostPassword, Database: c.Database, PublicURL: c.PublicURL, TLSCert: c.TLSCert, TLSKey: c.TLSKey, Demo: c.Demo}
	if s.TrustedProxies, err = config.Prefixes(c.TrustedProxy); err != nil {
		return s, err
	}
	if s.TrustedRelays, err = config.Prefixes(c.TrustedRelay); err != nil {
		return s, err
	}
	return s.Check()
}

const gcPercent = 250

// Run serves until the program is asked to stop.
func (c *serveCommand) Run(ctx context.Context) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		// the heap is some 20 MB: collecting half as often costs little memory and gives a twentieth of the processor back
		debug.SetGCPercent(gcPercent)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	a, err := app.Open(ctx, s, log)
	if err != nil {
		return err
	}
	mailAddr := "none"
	if a.MailAddr != nil {
		mailAddr = a.MailAddr.String()
	}
	log.Info("Tierdesk listens", "http", a.Addr.String(), "smtp", mailAddr, "url", s.PublicURL)
	return a.Run(ctx)
}
