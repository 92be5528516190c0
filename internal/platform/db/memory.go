package db

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Memory keeps what was read from some tables. It forgets when this process
// commits a write to one of them, and after a second at most, because other
// processes write too. It is safe for concurrent use.
type Memory[K comparable, V any] struct {
	d       *DB
	changes *atomic.Uint64
	mu      sync.Mutex
	entries map[K]remembered[V]
}

type remembered[V any] struct {
	value   V
	changes uint64
	at      int64
}

const (
	memoryMs   = 1000
	memorySize = 4096
)

// Remember makes a Memory of answers that depend on these tables only.
func Remember[K comparable, V any](d *DB, tables ...string) *Memory[K, V] {
	return &Memory[K, V]{d: d, changes: d.watched.add(tables), entries: map[K]remembered[V]{}}
}

// Get is what is remembered under key, or else what load reads. Errors are not remembered.
func (m *Memory[K, V]) Get(key K, load func() (V, error)) (V, error) {
	changes, now := m.changes.Load(), m.d.Now()
	m.mu.Lock()
	e, ok := m.entries[key]
	m.mu.Unlock()
	if ok && e.changes == changes && now >= e.at && now-e.at < memoryMs {
		return e.value, nil
	}
	value, err := load()
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.entries) >= memorySize {
		clear(m.entries)
	}
	// counted before the reading: a write that came between makes it stale
	m.entries[key] = remembered[V]{value, changes, now}
	return value, nil
}

// watchList counts the commits that wrote to tables somebody remembers.
type watchList struct {
	mu     sync.RWMutex
	tables map[string][]*atomic.Uint64
	// targets maps a statement to the table that it writes, "" for none.
	targets sync.Map
}

func (w *watchList) add(tables []string) *atomic.Uint64 {
	n := new(atomic.Uint64)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range tables {
		w.tables[t] = append(w.tables[t], n)
	}
	return n
}

// wrote notes a statement that was run.
func (w *watchList) wrote(t *Tx, query string) {
	table, ok := w.targets.Load(query)
	if !ok {
		table = target(query)
		w.targets.Store(query, table)
	}
	if table == "" {
		return
	}
	w.mu.RLock()
	counters := w.tables[table.(string)]
	w.mu.RUnlock()
	for _, n := range counters {
		t.after = append(t.after, func() { n.Add(1) })
	}
}

// target is the table that a statement writes to.
func target(query string) string {
	words := strings.Fields(query)
	for i, word := range words {
		if i == 3 || i+1 == len(words) {
			break
		}
		switch strings.ToUpper(word) {
		case "INTO", "UPDATE", "FROM":
			if first := strings.ToUpper(words[0]); first == "INSERT" || first == "UPDATE" || first == "DELETE" {
				return strings.TrimRight(strings.SplitN(words[i+1], "(", 2)[0], ",;")
			}
		}
	}
	return ""
}
