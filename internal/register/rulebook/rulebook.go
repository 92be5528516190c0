// Package rulebook keeps the versions of the written policy: publishing one, and
// the one in force at an instant. A file is only a source; what counts is in the
// database, so that every node and every past judgement reads the same text.
//
// A version is in force from its effective date or from its publishing, whichever
// is later: publishing cannot change how a request that came in before is judged.
package rulebook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"sync"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Version is one published policy. Number counts from 1 in the order of
// publishing; Hash is the SHA-256 of the source in hex; EffectiveAt and
// PublishedAt are UTC milliseconds; PublishedBy is a person's id, or what
// published it.
type Version struct {
	Number      int
	Name        string
	Hash        string
	EffectiveAt int64
	PublishedAt int64
	PublishedBy string
}

// From is the first instant at which the version can be in force, UTC milliseconds.
func (v Version) From() int64 { return max(v.EffectiveAt, v.PublishedAt) }

// Compiled is a version with its rules. It is shared and never changed.
type Compiled struct {
	Version
	Policy *policy.Policy
}

const (
	// freshMs is for how long the list of versions is believed: what another
	// process publishes is seen within this time, well inside a second.
	freshMs = 500
	// maxCompiled bounds the compiled policies kept; tickets pin few versions at a time.
	maxCompiled = 16
)

// Book is the rulebook of one database. It is safe for concurrent use.
type Book struct {
	d   *db.DB
	now func() int64

	mu        sync.Mutex
	list      []Version // by number; replaced, never changed
	readAt    int64
	known     bool
	published int              // the newest number that this process published
	compiled  []compiledSource // least recently used first
}

type compiledSource struct {
	hash   string
	policy *policy.Policy
}

// New opens the rulebook; now is the clock in UTC milliseconds by which the
// memory of versions ages.
func New(d *db.DB, now func() int64) *Book { return &Book{d: d, now: now} }

// Publication is a document that is to become the next version. File names it in findings; Effective is a date,
// "2006-01-02" at 00:00 in the document's zone, or empty for the document's own; AtOnce puts it in force with its
// publishing instead. Probes is the probe file that belongs to it, or empty. PersonID is who publishes; By is what does
// so where it is no person.
type Publication struct {
	File      string
	Source    []byte
	Probes    string
	Effective string
	AtOnce    bool
	PersonID  string
	By        string
}

// Subject is the journal's subject of everything that happens to the rulebook, and EventPublished the kind of event of a
// new version: its data are number, hash and effective_at, and by where no person published.
const (
	Subject        = "policy"
	EventPublished = "policy.published"
)

// Publish is PublishWith for what is no person, or for a person's id in by.
func (b *Book) Publish(ctx context.Context, file string, src []byte, effective, by string) (Version, []policy.Finding, error) {
	return b.PublishWith(ctx, Publication{File: file, Source: src, Effective: effective, By: by}, nil)
}

// PublishWith checks a document and makes it the next version, which the journal records. A date in the past counts from
// the publishing. The newest version published again with the same date stays one version. also, which may be nil, runs
// in the same transaction.
// Faults: Invalid, with the findings beside it, for a document with a mistake, and
// with field effective for a bad date: the version in force stays. And those of also.
func (b *Book) PublishWith(ctx context.Context, pub Publication, also func(*db.Tx, Version) error) (v Version, findings []policy.Finding, err error) {
	defer fault.Wrap(&err, "rulebook.Publish %s", pub.File)
	p, findings, err := compile(pub.File, pub.Source)
	if err != nil {
		return Version{}, findings, err
	}
	v = Version{Name: p.Name(), Hash: hash(pub.Source), EffectiveAt: p.Effective(), PublishedBy: cmp.Or(pub.PersonID, pub.By)}
	if pub.Effective != "" {
		if v.EffectiveAt, err = startOf(pub.Effective, p.Zone()); err != nil {
			return Version{}, findings, err
		}
	}
	err = b.d.Write(ctx, func(tx *db.Tx) error {
		saved, err := publish(tx, v, pub)
		if err != nil {
			return err
		}
		if also != nil {
			if err := also(tx, saved); err != nil {
				return err
			}
		}
		tx.AfterCommit(func() { v = saved })
		return nil
	})
	b.forget(v.Number)
	if err != nil {
		return Version{}, findings, err
	}
	b.remember(v.Hash, p)
	return v, findings, nil
}

func publish(tx *db.Tx, v Version, pub Publication) (Version, error) {
	list, err := versions(tx)
	if err != nil {
		return Version{}, err
	}
	v.Number, v.PublishedAt = 1, tx.Now()
	if pub.AtOnce {
		v.EffectiveAt = min(v.EffectiveAt, tx.Now())
	}
	if n := len(list); n > 0 {
		newest := list[n-1]
		if newest.Hash == v.Hash && newest.EffectiveAt == v.EffectiveAt {
			return newest, nil
		}
		v.Number = newest.Number + 1
	}
	if err := insert(tx, v, string(pub.Source), pub.Probes); err != nil {
		return Version{}, err
	}
	return v, journal.Append(tx, published(v, pub))
}

func published(v Version, pub Publication) journal.Event {
	e := journal.Event{Subject: Subject, Kind: EventPublished, ActorID: pub.PersonID,
		Data: map[string]string{"number": strconv.Itoa(v.Number), "hash": v.Hash, "effective_at": strconv.FormatInt(v.EffectiveAt, 10)}}
	if pub.PersonID != "" {
		e.ActorKind = "vendor"
	}
	if pub.By != "" {
		e.Data["by"] = pub.By
	}
	return e
}

func compile(file string, src []byte) (*policy.Policy, []policy.Finding, error) {
	p, findings := policy.Parse(file, src)
	if i := bytes.IndexByte(src, 0); i >= 0 && !policy.HasErrors(findings) {
		// PostgreSQL stores no NUL
		findings = append(findings, policy.Finding{File: file, Line: 1 + bytes.Count(src[:i], []byte("\n")), Col: i - bytes.LastIndexByte(src[:i], '\n'),
			Severity: policy.SeverityError, Message: "the document holds a NUL character; save it as plain text"})
	}
	if policy.HasErrors(findings) {
		return nil, findings, fault.New(fault.Invalid, "The policy has mistakes and was not published; the version in force stays. Correct the lines listed and publish again.").
			WithDetail(findings)
	}
	return p, findings, nil
}

// StartOf is the first instant of a date, "2006-01-02", in a zone, UTC milliseconds. Faults: Invalid with field effective.
func StartOf(date, zone string) (int64, error) { return startOf(date, zone) }

func startOf(date, zone string) (int64, error) {
	bad := fault.New(fault.Invalid, "The policy was not published; write the effective date as 2026-01-31.").
		WithField("effective", "Write a date such as 2026-01-31.")
	day, err := calendar.ParseDate(date)
	if err != nil {
		return 0, bad.WithCause(err)
	}
	z, err := calendar.LoadZone(zone)
	if err != nil {
		return 0, bad.WithCause(err)
	}
	return z.At(day, 0), nil
}

// InForce is the version by which a request that arrived at an instant (UTC
// milliseconds) is judged. Faults: NotFound before the first version is in force.
func (b *Book) InForce(ctx context.Context, at int64) (c *Compiled, err error) {
	if c := b.atHand(at); c != nil {
		return c, nil
	}
	err = b.d.Read(ctx, func(tx *db.Tx) error {
		c, err = b.InForceTx(tx, at)
		return err
	})
	return c, err
}

// InForceTx is InForce inside a transaction. While the list of versions is fresh
// and the policy is compiled, it does not ask the database.
func (b *Book) InForceTx(tx *db.Tx, at int64) (*Compiled, error) {
	list, err := b.fresh(tx)
	if err != nil {
		return nil, err
	}
	v, ok := inForce(list, at)
	if !ok {
		return nil, fault.New(fault.NotFound, "No support policy is in force yet; publish one that is effective today.")
	}
	return b.compiledOf(tx, v)
}

// inForce chooses among the versions that have begun the one that began last; of
// two that began together the later published.
func inForce(list []Version, at int64) (Version, bool) {
	begun := slices.DeleteFunc(slices.Clone(list), func(v Version) bool { return v.From() > at })
	if len(begun) == 0 {
		return Version{}, false
	}
	return slices.MaxFunc(begun, func(a, b Version) int {
		return cmp.Or(cmp.Compare(a.From(), b.From()), cmp.Compare(a.Number, b.Number))
	}), true
}

// ByNumber is a version for as long as anything is pinned to it. Faults: NotFound.
func (b *Book) ByNumber(ctx context.Context, number int) (c *Compiled, err error) {
	err = b.d.Read(ctx, func(tx *db.Tx) error {
		c, err = b.ByNumberTx(tx, number)
		return err
	})
	return c, err
}

// Before is the version that was in force until another one began. Faults: NotFound for the first.
func (b *Book) Before(ctx context.Context, v Version) (c *Compiled, err error) {
	err = b.d.Read(ctx, func(tx *db.Tx) error {
		c, err = b.BeforeTx(tx, v)
		return err
	})
	return c, err
}

// BeforeTx is Before inside a transaction. Faults: NotFound.
func (b *Book) BeforeTx(tx *db.Tx, v Version) (*Compiled, error) { return b.InForceTx(tx, v.From()-1) }

// ByNumberTx is ByNumber inside a transaction. Faults: NotFound.
func (b *Book) ByNumberTx(tx *db.Tx, number int) (*Compiled, error) {
	list, err := b.fresh(tx)
	if err != nil {
		return nil, err
	}
	if v, ok := numbered(list, number); ok {
		return b.compiledOf(tx, v)
	}
	// another process may have published it a moment ago
	if list, err = b.read(tx); err != nil {
		return nil, err
	}
	if v, ok := numbered(list, number); ok {
		return b.compiledOf(tx, v)
	}
	return nil, fault.New(fault.NotFound, "There is no such version of the policy; choose one from the list.")
}

func numbered(list []Version, number int) (Version, bool) {
	i := slices.IndexFunc(list, func(v Version) bool { return v.Number == number })
	if i < 0 {
		return Version{}, false
	}
	return list[i], true
}

// List is every version by number, also those that are yet to begin.
func (b *Book) List(ctx context.Context) (list []Version, err error) {
	err = b.d.Read(ctx, func(tx *db.Tx) error {
		list, err = b.read(tx)
		return err
	})
	return slices.Clone(list), err
}

// Source is the text of a version as it was published. Faults: NotFound.
func (b *Book) Source(ctx context.Context, number int) (src string, err error) {
	err = b.d.Read(ctx, func(tx *db.Tx) error {
		src, err = source(tx, number)
		return err
	})
	return src, err
}

// Probes is the probe file that was published with a version, empty when there was none. Faults: NotFound.
func (b *Book) Probes(ctx context.Context, number int) (src string, err error) {
	err = b.d.Read(ctx, func(tx *db.Tx) error {
		src, err = probes(tx, number)
		return err
	})
	return src, err
}

// Check compiles a document that is not published, as Publish would.
// Faults: Invalid, with the findings beside it.
func Check(file string, src []byte) (*policy.Policy, []policy.Finding, error) {
	return compile(file, src)
}

// fresh is the list of versions, at most freshMs old.
func (b *Book) fresh(tx *db.Tx) ([]Version, error) {
	if list, ok := b.recent(); ok {
		return list, nil
	}
	return b.read(tx)
}

func (b *Book) recent() (list []Version, ok bool) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	age := now - b.readAt
	return b.list, b.known && age >= 0 && age < freshMs
}

// atHand is the version in force when it can be told without the database, else nil.
func (b *Book) atHand(at int64) *Compiled {
	list, ok := b.recent()
	if !ok {
		return nil
	}
	v, ok := inForce(list, at)
	if !ok {
		return nil
	}
	if p := b.recall(v.Hash); p != nil {
		return &Compiled{v, p}
	}
	return nil
}

func (b *Book) read(tx *db.Tx) ([]Version, error) {
	now := b.now()
	list, err := versions(tx)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// a snapshot that began before our own publishing must not bring the old list back
	if n := len(list); n > 0 && list[n-1].Number >= b.published {
		b.list, b.readAt, b.known = list, now, true
	}
	return list, nil
}

func (b *Book) forget(published int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known, b.published = false, max(b.published, published)
}

// compiledOf keeps compiled policies by the hash of their text, so that a version
// that was seen before its commit failed can never lend its rules to another one.
// Two callers may compile the same text at once: that costs less than making one
// transaction wait for another.
func (b *Book) compiledOf(tx *db.Tx, v Version) (*Compiled, error) {
	if p := b.recall(v.Hash); p != nil {
		return &Compiled{v, p}, nil
	}
	src, err := source(tx, v.Number)
	if err != nil {
		return nil, err
	}
	p, _, err := compile(v.Name, []byte(src))
	if err != nil {
		return nil, fault.Newf(fault.Internal, "Version %d of the policy cannot be read by this program; publish it again or start the version that published it.", v.Number).WithCause(err)
	}
	b.remember(v.Hash, p)
	return &Compiled{v, p}, nil
}

func (b *Book) recall(hash string) *policy.Policy {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.compiled, func(c compiledSource) bool { return c.hash == hash })
	if i < 0 {
		return nil
	}
	c := b.compiled[i]
	b.compiled = append(slices.Delete(b.compiled, i, i+1), c)
	return c.policy
}

func (b *Book) remember(hash string, p *policy.Policy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.compiled = slices.DeleteFunc(b.compiled, func(c compiledSource) bool { return c.hash == hash })
	if len(b.compiled) == maxCompiled {
		b.compiled = slices.Delete(b.compiled, 0, 1)
	}
	b.compiled = append(b.compiled, compiledSource{hash, p})
}

func hash(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}
