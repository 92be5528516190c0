package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/readable"
	"github.com/tierdesk/tierdesk/internal/web/asset"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/web/text"
)

type policyRender struct {
	File string `arg:"" help:"The document."`
	Out  string `short:"o" help:"The file to write; the standard output, if not given." placeholder:"FILE"`
}

func (c *policyRender) Run(ctx context.Context, out io.Writer, aside errorOutput) error {
	findings := out
	if c.Out == "" {
		findings = aside // the page itself goes to the output
	}
	p, err := document(c.File, findings)
	if err != nil {
		return err
	}
	if c.Out == "" {
		return renderPolicy(ctx, out, p, time.Now().UnixMilli())
	}
	f, err := os.Create(c.Out)
	if err != nil {
		return err
	}
	if err := renderPolicy(ctx, f, p, time.Now().UnixMilli()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// renderPolicy writes the page of a policy as it reads at an instant, UTC milliseconds.
func renderPolicy(ctx context.Context, out io.Writer, p *policy.Policy, now int64) error {
	words, err := text.New()
	if err != nil {
		return err
	}
	style, script, err := asset.PolicyFile()
	if err != nil {
		return err
	}
	return page.PolicyFile{
		Frame:         page.Frame{Text: words.Printer("en"), Now: now, Zone: page.PolicyZone(p.Zone())},
		PolicyEdition: page.PolicyEdition{Document: readable.Of(p, now), Effective: p.EffectiveDate(), Standing: page.Unpublished},
		Style:         style, Script: script,
	}.View().Render(ctx, out)
}
