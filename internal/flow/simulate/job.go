package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
)

// State is how far a simulation is.
type State string

// The states of a simulation.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Simulation is one run of a draft over the recorded requests. DraftVersion is the save that was simulated; Done of Total
// are judgements; instants are UTC milliseconds, FinishedAt 0 while it is under way. Report is nil until it is done; Error
// is a sentence for people.
type Simulation struct {
	ID                    string
	DraftID               string
	DraftVersion          int
	State                 State
	SinceAt               int64
	Done, Total           int64
	Report                *Report
	Error                 string
	StartedBy             string
	CreatedAt, FinishedAt int64
}

// Busy reports whether it is under way.
func (s Simulation) Busy() bool { return s.State == Queued || s.State == Running }

// Job is the kind of job that runs a simulation. Its payload is the simulation's id.
const Job = "policy.simulate"

// EventSimulated is the kind of journal event of a simulation that ended; its data are draft, version, judged, changed.
const EventSimulated = "policy.simulated"

// Simulations runs drafts in the background. It is for policy owners: for everybody else nothing is there.
type Simulations struct {
	d        *db.DB
	book     *rulebook.Book
	drafts   *draft.Drafts
	queue    *jobs.Queue
	workers  int
	appended func()
	log      *slog.Logger
}

// New wires the use cases; workers is how many goroutines a simulation may keep busy, appended wakes the sequencer of the
// journal after a commit.
func New(d *db.DB, book *rulebook.Book, drafts *draft.Drafts, queue *jobs.Queue, workers int, appended func(), log *slog.Logger) *Simulations {
	return &Simulations{d, book, drafts, queue, max(1, workers), appended, log}
}

func absent() error {
	return fault.New(fault.NotFound, "This draft was not simulated yet.")
}

// Start queues a simulation of a draft over the judgements from an instant on (UTC milliseconds, 0 for all). Results of
// earlier ones go. Faults: NotFound; Conflict while one is under way.
func (s *Simulations) Start(ctx context.Context, a identity.Actor, draftID string, since int64) (Simulation, error) {
	d, err := s.drafts.ByID(ctx, a, draftID)
	if err != nil {
		return Simulation{}, err
	}
	sim := Simulation{ID: db.NewID(), DraftID: d.ID, DraftVersion: d.Version, State: Queued, SinceAt: since, StartedBy: a.PersonID}
	err = s.d.Write(ctx, func(tx *db.Tx) error {
		last, _, err := latest(tx, draftID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && last.Busy() {
			return fault.New(fault.Conflict, "This draft is being simulated already. Wait for the result, or cancel that run first.")
		}
		sim.CreatedAt = tx.Now()
		if err := insert(tx, sim); err != nil {
			return err
		}
		if err := forget(tx, draftID, sim.ID); err != nil {
			return err
		}
		return s.queue.Enqueue(tx, jobs.Job{Kind: Job, Key: sim.ID, Payload: sim.ID, MaxAttempts: 3})
	})
	return sim, err
}

// Cancel ends the simulation of a draft that is under way; without one nothing happens. Faults: NotFound.
func (s *Simulations) Cancel(ctx context.Context, a identity.Actor, draftID string) error {
	if _, err := s.drafts.ByID(ctx, a, draftID); err != nil {
		return err
	}
	return s.d.Write(ctx, func(tx *db.Tx) error {
		_, err := cancel(tx, draftID)
		return err
	})
}

// Latest is the newest simulation of a draft. Faults: NotFound, also when there was none.
func (s *Simulations) Latest(ctx context.Context, a identity.Actor, draftID string) (sim Simulation, err error) {
	if _, err := s.drafts.ByID(ctx, a, draftID); err != nil {
		return sim, err
	}
	var report string
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		sim, report, err = latest(tx, draftID)
		return err
	})
	if err == nil && report != "" {
		err = json.Unmarshal([]byte(report), &sim.Report)
	}
	return sim, err
}

// errCancelled ends a run that nobody wants any more.
var errCancelled = errors.New("the simulation was cancelled")

// Handle is the job handler of Job.
func (s *Simulations) Handle(ctx context.Context, c jobs.Claimed) error {
	var id string
	if err := c.Decode(&id); err != nil {
		return err
	}
	sim, d, err := s.begin(ctx, id)
	if errors.Is(err, errCancelled) {
		return nil
	}
	if err != nil {
		return err
	}
	report, err := s.run(ctx, sim, d)
	switch {
	case errors.Is(err, errCancelled):
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err() // this node stops: another run begins anew
	}
	return s.end(context.WithoutCancel(ctx), sim, d, report, err)
}

// begin takes the draft as it stands now. A simulation that was cancelled or removed is absent.
func (s *Simulations) begin(ctx context.Context, id string) (sim Simulation, d draft.Draft, err error) {
	err = s.d.Write(ctx, func(tx *db.Tx) error {
		if sim, _, err = load(tx, id); err != nil {
			return err
		}
		if d, err = draft.Load(tx, sim.DraftID); err != nil {
			return err
		}
		if mine, err := begin(tx, id, d.Version); err != nil || !mine {
			return errors.Join(err, absent())
		}
		return nil
	})
	if fault.Is(err, fault.NotFound) {
		return sim, d, errCancelled
	}
	return sim, d, err
}

// progressMs is how often progress is written down, and so how soon a cancelled run ends.
const progressMs = 500

func (s *Simulations) run(ctx context.Context, sim Simulation, d draft.Draft) (*Report, error) {
	p, _, err := rulebook.Check(d.File(), []byte(d.Source))
	if err != nil {
		return nil, fault.New(fault.Invalid, "The draft has mistakes, so nothing was simulated. Correct them and simulate again.").WithCause(err)
	}
	next := int64(0)
	return Run(ctx, s.d, s.book, Options{Draft: p, Since: sim.SinceAt, Workers: s.workers, Progress: func(done, total int64) error {
		if s.d.Now() < next {
			return nil
		}
		next = s.d.Now() + progressMs
		return s.d.Write(ctx, func(tx *db.Tx) error {
			if wanted, err := progress(tx, sim.ID, done, total); err != nil || !wanted {
				return errors.Join(err, errCancelled)
			}
			return nil
		})
	}})
}

func (s *Simulations) end(ctx context.Context, sim Simulation, d draft.Draft, report *Report, failed error) error {
	state, text, problem := Done, []byte{}, ""
	var err error
	if failed != nil {
		state, problem = Failed, fault.Message(failed)
		if fault.KindOf(failed) == fault.Internal {
			problem = "The simulation did not come to its end. Start it again; if that does not help, ask who runs this desk to look into its log."
			s.log.Error("simulation", "id", sim.ID, "error", failed)
		}
	} else if text, err = json.Marshal(report); err != nil {
		return fmt.Errorf("report of simulation %s: %w", sim.ID, err)
	}
	return s.d.Write(ctx, func(tx *db.Tx) error {
		if report != nil {
			if _, err := progress(tx, sim.ID, report.Judged, report.Judged); err != nil {
				return err
			}
		}
		if mine, err := end(tx, sim.ID, state, string(text), problem); err != nil || !mine || report == nil {
			return err
		}
		tx.AfterCommit(s.appended)
		return journal.Append(tx, journal.Event{Subject: rulebook.Subject, Kind: EventSimulated, ActorID: sim.StartedBy, ActorKind: "vendor", Data: map[string]string{
			"draft": d.ID, "version": strconv.Itoa(d.Version), "judged": strconv.FormatInt(report.Judged, 10), "changed": strconv.FormatInt(report.Changed, 10)}})
	})
}
