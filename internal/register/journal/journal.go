// Package journal is the one append-only log of what happened. Timeline, live
// updates, webhooks, notifications and audit read it. It holds ids and hashes,
// never names or bodies, so that erasing a person leaves it intact. Positions
// and the hash chain are given after the commit by the Sequencer
// (docs/adr/0005): neither ids made in Go nor database sequences are commit order.
package journal

import (
	"encoding/json"
	"fmt"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

// System is the actor kind of what the desk does by itself.
const System = "system"

// Event is something that happened to a subject.
type Event struct {
	ID      string // UUIDv7; made by Append when empty
	Subject string // the ticket, person or policy that it happened to
	Kind    string
	At      int64 // UTC milliseconds; Append uses the transaction's instant when 0
	// ActorID is empty for System, which is also the kind when none is given.
	ActorID, ActorKind string
	OrgID, RoomID      string // who may see it; empty when it belongs to none
	Clause             string // the policy's clause that decided, as its anchor
	// Data holds ids, hashes and codes by name; never a person's name, address or words.
	Data map[string]string
	// Position is 1, 2, 3 ... in the order of sealing; 0 while unsealed.
	Position int64
}

// Append stores e in the caller's transaction. The Sequencer is to be woken after the commit.
func Append(tx *db.Tx, e Event) error {
	if e.Subject == "" || e.Kind == "" {
		return fmt.Errorf("an event needs a subject and a kind: %+v", e)
	}
	if e.ID == "" {
		e.ID = db.NewID()
	}
	if e.At == 0 {
		e.At = tx.Now()
	}
	if e.ActorKind == "" {
		e.ActorKind = System
	}
	data := []byte("{}")
	if len(e.Data) > 0 {
		var err error
		if data, err = json.Marshal(e.Data); err != nil {
			return err
		}
	}
	return insert(tx, e, string(data))
}

// BySubject is everything that happened to a subject, oldest first.
func BySubject(tx *db.Tx, subject string) ([]Event, error) { return events(bySubject(tx, subject)) }

// Latest are the newest events of one subject, at most limit, the newest first.
func Latest(tx *db.Tx, subject string, limit int) ([]Event, error) {
	return events(latest(tx, subject, limit))
}

// BySubjects are the events of several subjects, each subject's in order of time.
func BySubjects(tx *db.Tx, subjects []string) (map[string][]Event, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	list, err := events(bySubjects(tx, subjects))
	out := make(map[string][]Event, len(subjects))
	for _, e := range list {
		out[e.Subject] = append(out[e.Subject], e)
	}
	return out, err
}

// After is what was sealed behind a position, in order of position. A reader
// that keeps the last position it has seen misses nothing and sees nothing twice.
func After(tx *db.Tx, position int64, limit int) ([]Event, error) {
	return events(after(tx, position, limit))
}

// Anchor is the end of the chain at some moment. Kept outside the database it
// proves later that nothing up to it was rewritten or cut off.
type Anchor struct {
	Position int64
	Hash     string
}

// Head is the newest sealed position and its hash; zero when nothing is sealed.
func Head(tx *db.Tx) (Anchor, error) { return head(tx) }

func events(rows []row, err error) ([]Event, error) {
	if err != nil {
		return nil, err
	}
	out := make([]Event, len(rows))
	for i, r := range rows {
		if out[i], err = r.event(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// row is an event as it is stored.
type row struct {
	Event
	data, chain string
}

func (r row) event() (Event, error) {
	if r.data == "{}" {
		return r.Event, nil
	}
	if err := json.Unmarshal([]byte(r.data), &r.Data); err != nil {
		return Event{}, fmt.Errorf("data of event %s: %w", r.ID, err)
	}
	return r.Event, nil
}
