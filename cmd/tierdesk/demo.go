package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/tierdesk/tierdesk/internal/app"
	"github.com/tierdesk/tierdesk/internal/flow/demo"
)

type demoCommand struct {
	store
	Tickets  int `required:"" help:"How many tickets the store shall hold beside the example's."`
	Messages int `required:"" help:"How many messages they have together; at least one each."`
}

// Run fills a store, after the example's people so that one can sign in.
func (c *demoCommand) Run(ctx context.Context, out io.Writer) error {
	size := demo.Size{Tickets: c.Tickets, Messages: c.Messages}
	if err := size.Check(); err != nil {
		return err
	}
	w, closeWorld, err := app.DemoWorld(ctx, c.Data, c.Database, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	return errors.Join(c.fill(ctx, w, size, out), closeWorld())
}

func (c *demoCommand) fill(ctx context.Context, w demo.World, size demo.Size, out io.Writer) error {
	filled, err := demo.Fill(ctx, w)
	if err != nil {
		return err
	}
	if len(filled.People) > 0 {
		fmt.Fprintf(out, "The example was made; every password is %q.\n", filled.Password)
	}
	return demo.Large(ctx, w, size, func(done int) { fmt.Fprintf(out, "%d of %d tickets\n", done, size.Tickets) })
}
