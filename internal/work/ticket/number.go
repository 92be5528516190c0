package ticket

import (
	"context"
	"errors"
	"sync"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

// The first ticket number, and how many numbers a node leases at once: few while
// it is quiet, so that a restart leaves a small gap; many under load, so that no
// counter row is hot.
const (
	firstNumber  = 1001
	smallBlock   = 4
	largestBlock = 1024
)

// numbers hands out ticket numbers from leased blocks. Numbers are unique over
// all nodes and may have gaps.
type numbers struct {
	mu        sync.Mutex
	db        *db.DB
	next, end int64
	size      int64
	leasedAt  int64
}

// take is the next number. It must be called outside a transaction.
func (n *numbers) take(ctx context.Context) (int64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next >= n.end {
		if err := n.lease(ctx); err != nil {
			return 0, err
		}
	}
	v := n.next
	n.next++
	return v, nil
}

func (n *numbers) lease(ctx context.Context) error {
	now := n.db.Now()
	switch {
	case n.size == 0 || now-n.leasedAt > 10_000:
		n.size = smallBlock
	case n.size < largestBlock:
		n.size *= 4
	}
	n.leasedAt = now
	var from int64
	err := n.db.Write(ctx, func(tx *db.Tx) (err error) {
		from, err = leaseNumbers(tx, n.size)
		return err
	})
	if err == nil {
		// only now: a block whose commit failed is leased to somebody else again
		n.next, n.end = from, from+n.size
	}
	return err
}

// giveBack returns what is left of the block when nobody has leased since, so that a calm restart leaves no gap.
func (n *numbers) giveBack(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next >= n.end {
		return nil
	}
	err := n.db.Write(ctx, func(tx *db.Tx) error { return returnNumbers(tx, n.next, n.end) })
	n.next, n.end = 0, 0
	return err
}

func leaseNumbers(tx *db.Tx, size int64) (int64, error) {
	var end int64
	err := tx.QueryRow("UPDATE number_block SET next = next + $1 WHERE name = 'ticket' RETURNING next", size).Scan(&end)
	if err == nil {
		return end - size, nil
	}
	if !errors.Is(err, db.ErrNoRows) {
		return 0, err
	}
	_, err = tx.Exec("INSERT INTO number_block (name, next) VALUES ('ticket', $1)", firstNumber+size)
	return firstNumber, err
}

func returnNumbers(tx *db.Tx, next, end int64) error {
	_, err := tx.Exec("UPDATE number_block SET next = $1 WHERE name = 'ticket' AND next = $2", next, end)
	return err
}
