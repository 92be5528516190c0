package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

type policySimulate struct {
	store
	File  string `arg:"" help:"The document."`
	Since string `help:"First day of the requests, 2006-01-02 in the document's zone; all if not given."`
	JSON  bool   `name:"json" help:"Print the whole report as JSON."`
}

func (c *policySimulate) Run(ctx context.Context, out io.Writer) error {
	p, err := document(c.File, out)
	if err != nil {
		return err
	}
	since, err := c.from(p)
	if err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.simulate(ctx, d, p, since, out), d.Close())
}

// from is the first instant of the day that was given, UTC milliseconds, or 0.
func (c *policySimulate) from(p *policy.Policy) (int64, error) {
	if c.Since == "" {
		return 0, nil
	}
	zone, err := time.LoadLocation(p.Zone())
	if err != nil {
		zone = time.UTC
	}
	day, err := time.ParseInLocation(time.DateOnly, c.Since, zone)
	if err != nil {
		return 0, fault.New(fault.Invalid, "Write the first day as 2026-01-31.").WithCause(err)
	}
	return day.UnixMilli(), nil
}

func (c *policySimulate) simulate(ctx context.Context, d *db.DB, p *policy.Policy, since int64, out io.Writer) error {
	r, err := simulate.Run(ctx, d, rulebook.New(d, d.Now), simulate.Options{Draft: p, Since: since, Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err = fmt.Fprint(out, r.Text())
	return err
}
