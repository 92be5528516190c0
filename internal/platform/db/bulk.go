package db

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// manyParams is how many parameters one statement of InsertMany has at most.
const manyParams = 2000

// InsertMany stores rows of equal width with few statements. head is
// "INSERT INTO t (a, b)"; args are the rows' values one after the other.
func InsertMany(tx *Tx, head string, width int, args []any) error {
	for _, rows := range [...]int{max(1, manyParams/width), max(1, manyParams/width/16), 1} {
		size := rows * width
		if len(args) < size {
			continue
		}
		text := manyText(head, width, rows)
		for len(args) >= size {
			if _, err := tx.Exec(text, args[:size]...); err != nil {
				return err
			}
			args = args[size:]
		}
	}
	return nil
}

func manyText(head string, width, rows int) string {
	b := make([]byte, 0, len(head)+rows*(4*width+4))
	b = append(append(b, head...), " VALUES "...)
	n := 1
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '(')
		for j := range width {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(append(b, '$'), int64(n), 10)
			n++
		}
		b = append(b, ')')
	}
	return string(b)
}

// IDAt is an id like NewID's for something that happened at an earlier instant
// (UTC milliseconds): it sorts among the ids of that time. random makes it
// unique and gives 74 bits.
func IDAt(ms int64, random func() uint64) string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[8:], random())
	binary.BigEndian.PutUint64(u[:8], uint64(ms)<<16|random()&0xFFF|0x7000)
	u[8] = u[8]&0x3F | 0x80
	return u.String()
}

// positional writes $1, $2, ... as plain question marks where they stand in
// order and each once, as in an INSERT: SQLite finds a named parameter by
// walking a list, for each value that is bound.
func positional(query string) string {
	if strings.ContainsAny(query, `'"?`) || strings.Contains(query, "--") || strings.Contains(query, "/*") {
		return query
	}
	var b strings.Builder
	next := 1
	for i := 0; i < len(query); i++ {
		if query[i] != '$' {
			b.WriteByte(query[i])
			continue
		}
		end := i + 1
		for end < len(query) && query[end] >= '0' && query[end] <= '9' {
			end++
		}
		if n, err := strconv.Atoi(query[i+1 : end]); err != nil || n != next {
			return query
		}
		next++
		b.WriteByte('?')
		i = end - 1
	}
	return b.String()
}
