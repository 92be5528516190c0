package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tierdesk/tierdesk/internal/app"
	"github.com/tierdesk/tierdesk/internal/flow/registration"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

type registerCommand struct {
	Apply registerApply `cmd:"" help:"Add and change organisations, desks, products, people and accounts as a YAML file says. Works beside a running server."`
}

type registerApply struct {
	store
	File string `arg:"" help:"The file; docs/user/register.example.yaml is an example."`
}

func (c *registerApply) Run(ctx context.Context, out io.Writer) error {
	src, err := readRegister(c.File)
	if err != nil {
		return err
	}
	doc, err := registration.Read(c.File, src)
	if err != nil {
		return mistakes(out, err)
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.apply(ctx, d, doc, out), d.Close())
}

// readRegister reads one byte more than a file may have, so that its reader says that it is too long.
func readRegister(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, yaml.MaxBytes+1))
}

func (c *registerApply) apply(ctx context.Context, d *db.DB, doc *registration.Document, out io.Writer) error {
	var did []string
	err := d.Write(ctx, func(tx *db.Tx) error {
		p, err := app.PolicyInForce(tx)
		if err != nil {
			return err
		}
		lines, err := doc.Apply(tx, p)
		tx.AfterCommit(func() { did = lines })
		return err
	})
	if err != nil {
		return mistakes(out, err)
	}
	for _, line := range did {
		fmt.Fprintln(out, line)
	}
	if len(did) == 0 {
		fmt.Fprintln(out, "nothing changed")
	}
	return nil
}

// mistakes prints what is wrong in the file, as "policy check" does; other errors it returns.
func mistakes(out io.Writer, err error) error {
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	for _, f := range fault.Fields(err) {
		fmt.Fprintf(out, "%s: error: %s\n", f.Path, f.Message)
	}
	fmt.Fprintln(out, fault.Message(err))
	return found
}
