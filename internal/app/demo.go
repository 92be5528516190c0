package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tierdesk/tierdesk/internal/flow/demo"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// firstPolicy publishes the default policy through by in a store that has none.
func firstPolicy(ctx context.Context, book, by *rulebook.Book, log *slog.Logger) error {
	list, err := book.List(ctx)
	if err != nil || len(list) > 0 {
		return err
	}
	_, findings, err := by.PublishWith(ctx, rulebook.Publication{File: policies.DefaultName(), Source: policies.Default(), Probes: string(policies.DefaultProbes())}, nil)
	for _, f := range findings {
		log.Error("default policy", "finding", f.String())
	}
	return err
}

// pastBook publishes as if the example had always had its policy: the requests
// of its history are judged by it.
func pastBook(d *db.DB) *rulebook.Book {
	begin := func() int64 { return demo.Begin(d.Now()) }
	return rulebook.New(d.At(begin), begin)
}

// past makes ticket use cases with a clock of their own, for a history.
func past(d *db.DB, sealer *seal.Sealer, appended func()) func(func() int64, ticket.Outbox) *ticket.Service {
	return func(now func() int64, outbox ticket.Outbox) *ticket.Service {
		return ticket.NewService(d.At(now), rulebook.New(d, now), outbox, sealer, appended)
	}
}

// DemoWorld opens a store for the example's history, with the default policy
// when it has none; the second result closes it. With a data folder it is the
// only program on it.
// Faults: Conflict while a server runs on the data folder.
func DemoWorld(ctx context.Context, data, database string, log *slog.Logger) (w demo.World, done func() error, err error) {
	var lock *os.File
	var d *db.DB
	closeAll := func() error {
		var errs []error
		if d != nil {
			errs = append(errs, d.Close())
		}
		if lock != nil {
			errs = append(errs, lock.Close())
		}
		return errors.Join(errs...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll())
		}
	}()
	var sealer *seal.Sealer
	if data != "" {
		if err := os.MkdirAll(data, 0o700); err != nil {
			return w, nil, err
		}
		if lock, err = lockFolder(data); err != nil {
			return w, nil, err
		}
		if sealer, err = seal.Load(filepath.Join(data, "keys")); err != nil {
			return w, nil, err
		}
	}
	if d, err = OpenStore(ctx, data, database); err != nil {
		return w, nil, err
	}
	book := rulebook.New(d, d.Now)
	if err := firstPolicy(ctx, book, pastBook(d), log); err != nil {
		return w, nil, err
	}
	return demo.World{DB: d, Identity: identity.New(d), Book: book, Past: past(d, sealer, func() {})}, closeAll, nil
}
