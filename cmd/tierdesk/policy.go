package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/flow/revise"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// found ends a command that ran well and found mistakes.
const found = codeError(1)

type policyCommand struct {
	Check    policyCheck    `cmd:"" help:"Find mistakes in a policy document; each is one line FILE:LINE:COLUMN. Exit 1 when there is one."`
	Explain  policyExplain  `cmd:"" help:"Say what a policy answers in a situation, and by which clauses."`
	Test     policyTest     `cmd:"" help:"Compare a policy with its probe files. Exit 1 when a probe fails."`
	Simulate policySimulate `cmd:"" help:"Decide recorded requests again by a document and say what would change. Changes nothing; works beside a running server."`
	Render   policyRender   `cmd:"" help:"Write a policy as the page that people read, in one file that needs nothing else."`
	Schema   policySchema   `cmd:"" help:"Print a JSON Schema of the policy blocks, for editors."`

	Reference policyReference `cmd:"" help:"Print the reference of the policy language."`

	Publish policyPublish `cmd:"" help:"Make a document the next version of a desk's policy. Works beside a running server."`
}

// document is a policy file that can be used; its findings are printed, and mistakes end the command.
func document(file string, out io.Writer) (*policy.Policy, error) {
	src, err := readPolicy(file)
	if err != nil {
		return nil, err
	}
	p, findings := policy.Parse(file, src)
	printFindings(out, findings)
	if policy.HasErrors(findings) {
		return nil, found
	}
	return p, nil
}

// readPolicy reads one byte more than a policy may have, so that the checker says that it is too long.
func readPolicy(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, policy.MaxBytes+1))
}

func printFindings(out io.Writer, findings []policy.Finding) {
	for _, f := range findings {
		fmt.Fprintln(out, f)
	}
}

type policyCheck struct {
	File string `arg:"" help:"The document."`
}

func (c *policyCheck) Run(out io.Writer) error {
	_, err := document(c.File, out)
	return err
}

type policyExplain struct {
	File      string `arg:"" help:"The document."`
	Situation string `required:"" help:"What is known about the request, in YAML or JSON."`
	JSON      bool   `name:"json" help:"Print the whole decision as JSON, with every rule that was considered and the facts that decided."`
}

func (c *policyExplain) Run(out io.Writer) error {
	var said bytes.Buffer
	p, err := document(c.File, &said)
	if err != nil || !c.JSON { // what reads the JSON reads no warnings
		fmt.Fprint(out, said.String())
	}
	if err != nil {
		return err
	}
	data, err := os.ReadFile(c.Situation)
	if err != nil {
		return err
	}
	s, wrong := coverage.ParseSituation(p, data)
	for _, w := range wrong {
		fmt.Fprintf(out, "%s:%d:%d: %s: %s\n", c.Situation, max(w.Line, 1), max(w.Col, 1), w.Path, w.Message)
	}
	if len(wrong) > 0 {
		return found
	}
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(coverage.Trace(p, s))
	}
	_, err = fmt.Fprintln(out, strings.TrimRight(coverage.Explain(p, s, coverage.Decide(p, s)), "\n"))
	return err
}

type policyTest struct {
	File   string   `arg:"" help:"The document."`
	Probes []string `arg:"" optional:"" help:"Probe files; without any, those beside the document whose name begins with its name and ends in .probes.yaml."`
}

func (c *policyTest) Run(out io.Writer) error {
	p, err := document(c.File, out)
	if err != nil {
		return err
	}
	files, err := c.files()
	if err != nil {
		return err
	}
	var passed, failed int
	var reports []coverage.ProbeReport
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		r := coverage.RunProbes(p, file, src)
		for _, line := range r.Lines {
			fmt.Fprintln(out, line)
		}
		passed, failed, reports = passed+r.Passed, failed+r.Failed, append(reports, r)
	}
	for _, line := range coverage.Unreached(p, reports...) {
		fmt.Fprintln(out, "warning:", line)
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return found
	}
	return nil
}

// files are the probe files that were named, or those beside the document.
func (c *policyTest) files() ([]string, error) {
	if len(c.Probes) > 0 {
		return c.Probes, nil
	}
	dir, name := filepath.Split(c.File)
	name = strings.TrimSuffix(name, filepath.Ext(name)) + "."
	// a pattern would read a bracket in the folder's name as one of its own
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), name) && strings.HasSuffix(e.Name(), ".probes.yaml") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no probe file %sprobes.yaml is beside the document; name one", name)
	}
	slices.Sort(files)
	return files, nil
}

type policyPublish struct {
	store
	File      string `arg:"" help:"The document."`
	Effective string `help:"First day of the version, 2006-01-02 in the document's zone; the document's own, or at once, if not given."`
}

// publisher is who the register of versions names for what the command line publishes.
const publisher = "command line"

func (c *policyPublish) Run(ctx context.Context, out io.Writer) error {
	src, err := readPolicy(c.File)
	if err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.publish(ctx, d, src, out), d.Close())
}

func (c *policyPublish) publish(ctx context.Context, d *db.DB, src []byte, out io.Writer) error {
	book := rulebook.New(d, d.Now)
	if err := c.pastDay(ctx, d, src, out); err != nil {
		return refused(out, err)
	}
	v, findings, err := book.Publish(ctx, c.File, src, c.Effective, publisher)
	printFindings(out, findings)
	if err != nil {
		return refused(out, err)
	}
	c.inForce(v, d.Now(), out)
	return nil
}

// refused prints why nothing was published; errors that are no mistake of the file it returns.
func refused(out io.Writer, err error) error {
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	fmt.Fprintln(out, fault.Message(err))
	for _, f := range fault.Fields(err) {
		if f.Message != fault.Message(err) {
			fmt.Fprintf(out, "  %s: %s\n", f.Path, f.Message)
		}
	}
	return found
}

// pastDay refuses a day given that has passed when requests were judged since, and says what a passed day in the document
// means for them.
func (c *policyPublish) pastDay(ctx context.Context, d *db.DB, src []byte, out io.Writer) error {
	p, _ := policy.Parse(c.File, src)
	if p == nil {
		return nil // publishing says what is wrong
	}
	if c.Effective != "" {
		return revise.CheckDate(ctx, d, p.Zone(), c.Effective)
	}
	n, err := revise.JudgedSince(ctx, d, p.Zone(), p.EffectiveDate())
	if err == nil && n > 0 {
		fmt.Fprintf(out, "The document's first day, %s, has passed: what came in since (decisions: %d) keeps the version that judged it, and this one counts from now on.\n", p.EffectiveDate(), n)
	}
	return err
}

func (c *policyPublish) inForce(v rulebook.Version, now int64, out io.Writer) {
	when := "it is in force now"
	if v.From() > now {
		when = "it is in force from " + time.UnixMilli(v.From()).UTC().Format("2006-01-02 15:04 UTC")
	}
	fmt.Fprintf(out, "Version %d of the policy %q is published; %s.\n", v.Number, v.Name, when)
}
