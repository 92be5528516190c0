package journal

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

const (
	// A batch bounds how long one sealing holds SQLite's writer: some 10 ms.
	batchSQLite   = 500
	batchPostgres = 2000
	// On PostgreSQL a statement is a round trip; on SQLite one prepared update
	// per row costs a fifth less than one for many.
	chunkPostgres = 100
	chunkSQLite   = 1
	// sealPause is the shortest time between two sealings: it makes batches under load.
	sealPause = 50 * time.Millisecond
	// Without a wake a node looks for what other processes appended or sealed.
	pollPostgres = 250 * time.Millisecond
	pollSQLite   = 2 * time.Second
)

// errMoved says that another node sealed meanwhile; the next round sees it.
var errMoved = errors.New("journal: another node is sealing")

// Sequencer gives committed events their positions and seals the hash chain.
// Each node runs one; whichever comes first seals, and each publishes all.
type Sequencer struct {
	db      *db.DB
	publish func([]Event)
	log     *slog.Logger
	wake    chan struct{}
	poll    time.Duration
	batch   int   // rows sealed by one transaction
	chunk   int   // rows sealed by one statement
	cursor  int64 // the last position that was published here
}

// NewSequencer makes a Sequencer. publish gets the events that are sealed while
// Run runs, in order of position, each once, from one goroutine, and must not
// block for long; work that must survive a crash keeps its own position and asks After.
func NewSequencer(d *db.DB, publish func([]Event), log *slog.Logger) *Sequencer {
	s := &Sequencer{db: d, publish: publish, log: log, wake: make(chan struct{}, 1), poll: pollSQLite, batch: batchSQLite, chunk: chunkSQLite}
	if d.Postgres() {
		s.poll, s.batch, s.chunk = pollPostgres, batchPostgres, chunkPostgres
	}
	return s
}

// Wake tells that events were committed. It never blocks; call it through tx.AfterCommit.
func (s *Sequencer) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run seals and publishes until ctx ends. What an earlier process left unsealed is sealed first.
func (s *Sequencer) Run(ctx context.Context) {
	for !s.begin(ctx) {
		if !pause(ctx, sealPause*5) {
			return
		}
	}
	for {
		if err := s.round(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("journal: can't seal; trying again", "error", err)
		}
		if !pause(ctx, sealPause) || !s.sleep(ctx) {
			return
		}
	}
}

func (s *Sequencer) begin(ctx context.Context) bool {
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		at, err := head(tx)
		s.cursor = at.Position
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.log.Error("journal: can't start yet", "error", err)
	}
	return err == nil
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (s *Sequencer) sleep(ctx context.Context) bool {
	t := time.NewTimer(s.poll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.wake:
	case <-t.C:
	}
	return true
}

// round seals all that is there and publishes all that is sealed.
func (s *Sequencer) round(ctx context.Context) error {
	for {
		sealed, at, err := s.seal(ctx)
		switch {
		case errors.Is(err, errMoved), db.IsUnique(err):
			// our events may be younger than what the other node saw
			s.Wake()
			return s.catchUp(ctx)
		case err != nil:
			return err
		}
		if len(sealed) > 0 && sealed[0].Position == s.cursor+1 {
			s.hand(sealed)
		}
		if at.Position > s.cursor {
			if err := s.catchUp(ctx); err != nil {
				return err
			}
		}
		if len(sealed) < s.batch {
			return nil
		}
	}
}

// seal seals one batch and returns it with the chain's end. The chain is
// computed on a snapshot, outside the writer, and stored if its end is still the same.
func (s *Sequencer) seal(ctx context.Context) (rows []row, end Anchor, err error) {
	var from Anchor
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if from, err = head(tx); err != nil {
			return err
		}
		rows, err = unsealed(tx, s.batch)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, from, err
	}
	end = extend(from, rows)
	err = s.db.Write(ctx, func(tx *db.Tx) error { return s.store(tx, from, rows) })
	return rows, end, err
}

func (s *Sequencer) store(tx *db.Tx, from Anchor, rows []row) error {
	mine, err := lockSealing(tx, s.db.Postgres())
	if err != nil {
		return err
	}
	if !mine {
		return errMoved
	}
	now, err := head(tx)
	if err != nil {
		return err
	}
	if now != from {
		return errMoved
	}
	n, err := seal(tx, rows, s.chunk)
	if err == nil && n != int64(len(rows)) {
		return errMoved
	}
	return err
}

// catchUp publishes what was sealed behind the cursor, by whichever node.
func (s *Sequencer) catchUp(ctx context.Context) error {
	for {
		var rows []row
		err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
			rows, err = after(tx, s.cursor, s.batch)
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		s.hand(rows)
	}
}

func (s *Sequencer) hand(rows []row) {
	list := make([]Event, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = r.event(); err != nil {
			// one row that somebody damaged must not silence all that follow
			s.log.Error("journal: publishing an event without its data", "error", err)
			list[i] = r.Event
			list[i].Data = nil
		}
	}
	s.publish(list)
	s.cursor = rows[len(rows)-1].Position
}
