// Package draft keeps the policies that owners are writing: a text with its probes, saved by several people without one
// losing what the other wrote. A draft may be wrong in any way; only publishing asks that it be right.
package draft

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Draft is a policy in the making. Base is the published version that it began from, 0 for none; Version counts its
// saves from 1; CreatedBy and UpdatedBy are ids of people; instants are UTC milliseconds. Published is the version that it
// became, 0 until then; from then on it does not change.
type Draft struct {
	ID        string
	Title     string
	Base      int
	Source    string
	Probes    string
	Version   int
	CreatedBy string
	CreatedAt int64
	UpdatedBy string
	UpdatedAt int64
	Published int
}

// File is the name of the draft's document in findings.
func (d Draft) File() string { return "draft.md" }

// ProbeFile is the name of the draft's probes in findings.
func (d Draft) ProbeFile() string { return "draft.probes.yaml" }

// Change is what a save replaces; what is nil stays.
type Change struct{ Title, Source, Probes *string }

// Kinds of journal events about drafts; their data are draft, version and, for a save, the hash of the text. The subject
// is rulebook.Subject.
const (
	EventDrafted   = "policy.drafted"
	EventSaved     = "policy.saved"
	EventDiscarded = "policy.discarded"
)

// Drafts are the use cases of one database. They are for policy owners: for everybody else nothing is there.
type Drafts struct {
	d        *db.DB
	appended func()
}

// New wires the use cases; appended wakes the sequencer of the journal after a commit.
func New(d *db.DB, appended func()) *Drafts { return &Drafts{d, appended} }

func absent() error {
	return fault.New(fault.NotFound, "There is no such draft; it may have been published or discarded. Look at the list.")
}

func permit(a identity.Actor) error {
	if !a.OwnsPolicy() {
		return absent()
	}
	return nil
}

// Create begins a draft. Faults: NotFound for who owns no policy, Invalid with fields title, source, probes.
func (s *Drafts) Create(ctx context.Context, a identity.Actor, d Draft) (Draft, error) {
	if err := permit(a); err != nil {
		return Draft{}, err
	}
	d, err := d.checked()
	if err != nil {
		return Draft{}, err
	}
	d.ID, d.Version, d.Published = db.NewID(), 1, 0
	err = s.d.Write(ctx, func(tx *db.Tx) error {
		d.CreatedBy, d.CreatedAt, d.UpdatedBy, d.UpdatedAt = a.PersonID, tx.Now(), a.PersonID, tx.Now()
		if err := insert(tx, d); err != nil {
			return err
		}
		tx.AfterCommit(s.appended)
		return journal.Append(tx, event(EventDrafted, a, d))
	})
	return d, err
}

// Save replaces parts of a draft that still has the version which the writer saw.
// Faults: NotFound; Invalid with fields title, source, probes; Conflict with the draft as it is now as detail, when
// somebody else saved meanwhile or when it was published.
func (s *Drafts) Save(ctx context.Context, a identity.Actor, id string, seen int, c Change) (saved Draft, err error) {
	if err := permit(a); err != nil {
		return Draft{}, err
	}
	err = s.d.Write(ctx, func(tx *db.Tx) error {
		d, err := load(tx, id)
		if err != nil {
			return err
		}
		if err := unchanged(d, seen); err != nil {
			return err
		}
		d.apply(c)
		if d, err = d.checked(); err != nil {
			return err
		}
		d.UpdatedBy, d.UpdatedAt = a.PersonID, tx.Now()
		if err := update(tx, d); err != nil {
			return err
		}
		d.Version++
		tx.AfterCommit(func() { saved = d; s.appended() })
		return journal.Append(tx, event(EventSaved, a, d))
	})
	return saved, err
}

func unchanged(d Draft, seen int) error {
	switch {
	case d.Published > 0:
		return fault.Newf(fault.Conflict, "This draft was published as version %d and does not change any more. Begin a new draft from that version.", d.Published).WithDetail(d)
	case d.Version != seen:
		return fault.New(fault.Conflict, "Somebody else saved this draft while you were writing. Nothing of yours is lost: it stands below and was not saved.").WithDetail(d)
	}
	return nil
}

func (d *Draft) apply(c Change) {
	for _, part := range []struct {
		from *string
		to   *string
	}{{c.Title, &d.Title}, {c.Source, &d.Source}, {c.Probes, &d.Probes}} {
		if part.from != nil {
			*part.to = *part.from
		}
	}
}

// Discard removes a draft that was not published. Faults: NotFound; Conflict when somebody else saved meanwhile.
func (s *Drafts) Discard(ctx context.Context, a identity.Actor, id string, seen int) error {
	if err := permit(a); err != nil {
		return err
	}
	return s.d.Write(ctx, func(tx *db.Tx) error {
		d, err := load(tx, id)
		if err != nil {
			return err
		}
		if err := unchanged(d, seen); err != nil {
			return err
		}
		if err := remove(tx, id); err != nil {
			return err
		}
		tx.AfterCommit(s.appended)
		return journal.Append(tx, event(EventDiscarded, a, d))
	})
}

// ByID is a draft, also one that was published. Faults: NotFound.
func (s *Drafts) ByID(ctx context.Context, a identity.Actor, id string) (d Draft, err error) {
	if err := permit(a); err != nil {
		return d, err
	}
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		d, err = load(tx, id)
		return err
	})
	return d, err
}

// Open lists the drafts that are being written, the newest first, without their texts. Faults: NotFound.
func (s *Drafts) Open(ctx context.Context, a identity.Actor) (list []Draft, err error) {
	if err := permit(a); err != nil {
		return nil, err
	}
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		list, err = open(tx)
		return err
	})
	return list, err
}

// MarkPublished notes which version a draft became, in the transaction that publishes it.
// Faults: NotFound; Conflict as for Save.
func MarkPublished(tx *db.Tx, id string, seen, number int) error {
	d, err := load(tx, id)
	if err != nil {
		return err
	}
	if err := unchanged(d, seen); err != nil {
		return err
	}
	return markPublished(tx, id, number)
}

func event(kind string, a identity.Actor, d Draft) journal.Event {
	data := map[string]string{"draft": d.ID, "version": strconv.Itoa(d.Version)}
	if kind != EventDiscarded {
		sum := sha256.Sum256([]byte(d.Source))
		data["hash"] = hex.EncodeToString(sum[:])
	}
	return journal.Event{Subject: rulebook.Subject, Kind: kind, ActorID: a.PersonID, ActorKind: a.Kind(), OrgID: a.OrgID, Data: data}
}

const maxTitle = 120 // characters

func (d Draft) checked() (Draft, error) {
	bad := fault.New(fault.Invalid, "The draft was not saved; correct what is marked.")
	d.Title = strings.Join(strings.Fields(d.Title), " ")
	if d.Title == "" || utf8.RuneCountInString(d.Title) > maxTitle || !utf8.ValidString(d.Title) || strings.ContainsRune(d.Title, 0) {
		bad = bad.WithField("title", fmt.Sprintf("Write a name of up to %d characters.", maxTitle))
	}
	d.Source, d.Probes = Lines(d.Source), Lines(d.Probes)
	if strings.TrimSpace(d.Source) == "" {
		bad = bad.WithField("source", "The document is empty. Write or import one, or discard the draft.")
	} else if problem := Unreadable(d.Source); problem != "" {
		bad = bad.WithField("source", "The document "+problem)
	}
	if problem := Unreadable(d.Probes); problem != "" {
		bad = bad.WithField("probes", "The probe file "+problem)
	}
	if len(bad.Fields) > 0 {
		return d, bad
	}
	return d, nil
}

// Lines is a text with line ends of this system, without a byte order mark.
func Lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(s, "\uFEFF"), "\r\n", "\n"), "\r", "\n")
}

// Unreadable says why a text cannot be kept, after its name; empty when it can.
func Unreadable(s string) string {
	switch {
	case len(s) > policy.MaxBytes:
		return fmt.Sprintf("is longer than 1 MiB (it has %d bytes). Shorten it.", len(s))
	case !utf8.ValidString(s):
		return "is not UTF-8 text. Save it as UTF-8 and try again."
	case strings.ContainsRune(s, 0):
		return "holds a NUL character. Save it as plain text and try again."
	}
	return ""
}

// Load is a draft inside a transaction, for work that its owner has begun. Faults: NotFound.
func Load(tx *db.Tx, id string) (Draft, error) { return load(tx, id) }
