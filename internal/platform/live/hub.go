// Package live tells browsers that something changed, by server-sent events
// (HTML Living Standard, section 9.2). It carries no truth of its own: what a
// reader missed is read again from the source that Replay names.
package live

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Event says that something changed.
type Event struct {
	ID     int64    // journal position, increasing; 0 for an event that is not in the journal and is never replayed
	Topics []string // whoever subscribed to one of them gets the event, once
	Name   string   // the browser's event name; line breaks are dropped
	Data   string   // any text
}

// Options are the hub's times and sizes; the zero value of each takes the default.
type Options struct {
	Heartbeat time.Duration // between comments on a silent stream; 20 s
	Check     time.Duration // between two questions whether the reader is still allowed; 3 s
	Stall     time.Duration // how long one write may take before the reader is dropped; 5 s, less than a server's grace
	Buffer    int           // events that may wait for one reader before it is dropped; 64
	Log       func(error)   // told why a browser was asked to come back; nil tells nobody
}

// Hub hands each published event to the subscriptions of its topics. It is safe
// for concurrent use.
type Hub struct {
	opt    Options
	mu     sync.Mutex
	topics map[string]map[*Subscription]struct{}
	count  int
	opened atomic.Int64
	seq    uint64
	done   chan struct{}
}

// Subscription receives the events of its topics until it is closed, falls
// behind by a full buffer, or the hub closes.
type Subscription struct {
	hub    *Hub
	topics []string
	ch     chan *message
	seen   uint64
	ended  bool
}

// message is an event as it goes over the wire, made once for all its readers.
type message struct {
	id   int64
	wire []byte
}

// NewHub makes a hub without subscriptions.
func NewHub(opt Options) *Hub {
	opt.Heartbeat = orElse(opt.Heartbeat, 20*time.Second)
	opt.Check = orElse(opt.Check, 3*time.Second)
	opt.Stall = orElse(opt.Stall, 5*time.Second)
	opt.Buffer = orElse(opt.Buffer, 64)
	if opt.Log == nil {
		opt.Log = func(error) {}
	}
	return &Hub{opt: opt, topics: map[string]map[*Subscription]struct{}{}, done: make(chan struct{})}
}

// Publish hands an event to its readers and never waits for one of them. Events
// with an ID are published in the order of their IDs, and only after Replay can see them.
func (h *Hub) Publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	var m *message
	for _, topic := range e.Topics {
		for s := range h.topics[topic] {
			if s.seen == h.seq {
				continue
			}
			s.seen = h.seq
			if m == nil {
				m = encode(e)
			}
			select {
			case s.ch <- m:
			default:
				h.end(s)
			}
		}
	}
}

// Subscribe begins to collect the events of these topics.
// Faults: Unavailable after Close.
func (h *Hub) Subscribe(topics ...string) (*Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed() {
		return nil, fault.New(fault.Unavailable, "The desk is stopping. The page connects again by itself.")
	}
	s := &Subscription{hub: h, topics: topics, ch: make(chan *message, h.opt.Buffer)}
	for _, topic := range topics {
		if h.topics[topic] == nil {
			h.topics[topic] = map[*Subscription]struct{}{}
		}
		h.topics[topic][s] = struct{}{}
	}
	h.count++
	return s, nil
}

// Len is the number of open subscriptions.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Close ends every subscription and stream and refuses new ones. Register it
// with http.Server.RegisterOnShutdown, so that Shutdown need not wait for streams.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed() {
		return
	}
	close(h.done)
	for _, readers := range h.topics {
		for s := range readers {
			h.end(s)
		}
	}
}

// Close ends the subscription; closing twice is fine.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.end(s)
}

// end runs under the hub's lock.
func (h *Hub) end(s *Subscription) {
	if s.ended {
		return
	}
	s.ended = true
	close(s.ch)
	h.count--
	for _, topic := range s.topics {
		delete(h.topics[topic], s)
		if len(h.topics[topic]) == 0 {
			delete(h.topics, topic)
		}
	}
}

func (h *Hub) closed() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

var (
	oneLine = strings.NewReplacer("\r", "", "\n", "")
	lines   = strings.NewReplacer("\r\n", "\ndata: ", "\r", "\ndata: ", "\n", "\ndata: ")
)

// encode writes an event as the standard's section "Parsing an event stream" reads it.
func encode(e Event) *message {
	var b strings.Builder
	if e.ID > 0 {
		b.WriteString("id: " + strconv.FormatInt(e.ID, 10) + "\n")
	}
	if e.Name != "" {
		b.WriteString("event: " + oneLine.Replace(e.Name) + "\n")
	}
	b.WriteString("data: " + lines.Replace(e.Data) + "\n\n")
	return &message{e.ID, []byte(b.String())}
}

func orElse[T time.Duration | int](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}
