package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

// link is the chain value of r at its position behind prev: SHA-256 over the
// previous value and every stored column, each with its length before it, so
// that no two different rows have the same encoding.
func link(buf []byte, prev string, r row) (hash string, reuse []byte) {
	buf = append(buf[:0], "tierdesk event 1\x00"...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(r.Position))
	buf = binary.BigEndian.AppendUint64(buf, uint64(r.At))
	for _, s := range [...]string{prev, r.Subject, r.ID, r.Kind, r.ActorID, r.ActorKind, r.OrgID, r.RoomID, r.Clause, r.data} {
		buf = binary.AppendUvarint(buf, uint64(len(s)))
		buf = append(buf, s...)
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:]), buf
}

// extend gives rows the positions behind head, and their chain values.
func extend(head Anchor, rows []row) Anchor {
	var buf []byte
	for i := range rows {
		rows[i].Position = head.Position + 1
		rows[i].chain, buf = link(buf, head.Hash, rows[i])
		head = Anchor{rows[i].Position, rows[i].chain}
	}
	return head
}

// Report is what Verify found.
type Report struct {
	Sealed   int64   // rows whose place in the chain is right, up to the first broken one
	Unsealed int64   // rows that the Sequencer has not reached yet
	Head     Anchor  // the end of what was verified; keep it elsewhere as the next anchor
	Broken   *Broken // nil when the chain is whole
}

// Broken is the first place where the journal is not what was sealed.
type Broken struct {
	Position    int64
	Subject, ID string // empty when the row itself is missing
	Reason      string
}

const verifyPage = 1000

// Verify walks over all sealed rows in order of position and finds the first
// one that was edited, deleted, moved or slipped in. Rows cut off at the end
// show only against an anchor from an earlier Report; nil means none is kept.
func Verify(ctx context.Context, d *db.DB, anchor *Anchor) (Report, error) {
	var report Report
	var end Anchor
	err := d.Read(ctx, func(tx *db.Tx) (err error) {
		if end, err = head(tx); err != nil {
			return err
		}
		report.Unsealed, err = countUnsealed(tx)
		return err
	})
	if err != nil {
		return Report{}, err
	}
	for from := int64(math.MinInt64); ; {
		var page []row
		// pages of their own: one long snapshot would keep SQLite's log from being written back
		err := d.Read(ctx, func(tx *db.Tx) (err error) {
			page, err = after(tx, from, verifyPage)
			return err
		})
		if err != nil {
			return Report{}, err
		}
		for _, r := range page {
			if r.Position > end.Position {
				break
			}
			if report.check(r, anchor); report.Broken != nil {
				return report, nil
			}
		}
		if len(page) < verifyPage || page[len(page)-1].Position >= end.Position {
			break
		}
		from = page[len(page)-1].Position
	}
	if anchor != nil && anchor.Position > report.Head.Position {
		report.Broken = &Broken{Position: report.Head.Position + 1, Reason: fmt.Sprintf("the journal ends here, but it had %d rows when the anchor was taken", anchor.Position)}
	}
	return report, nil
}

// check takes r as the next row of the chain.
func (p *Report) check(r row, anchor *Anchor) {
	want := p.Head.Position + 1
	hash, _ := link(nil, p.Head.Hash, r)
	switch {
	case r.Position > want:
		p.Broken = &Broken{Position: want, Reason: fmt.Sprintf("rows are missing before position %d", r.Position)}
	case r.Position < want:
		p.Broken = &Broken{r.Position, r.Subject, r.ID, "a row stands before the first position"}
	case r.chain != hash:
		p.Broken = &Broken{r.Position, r.Subject, r.ID, "the row, or what stands before it, is not what was sealed here"}
	case anchor != nil && anchor.Position == r.Position && anchor.Hash != hash:
		p.Broken = &Broken{r.Position, r.Subject, r.ID, "the chain was written anew after the anchor was taken"}
	default:
		p.Sealed, p.Head = p.Sealed+1, Anchor{r.Position, hash}
	}
}
