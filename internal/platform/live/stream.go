package live

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Stream is what one browser may see, decided by whoever has authenticated it.
type Stream struct {
	Topics []string

	// After is the journal position that the page was made from; a Last-Event-ID
	// of the request goes before it. 0 replays nothing.
	After int64

	// Replay reads the events of these topics after a position, in order. A
	// source that finds too many returns one event with the newest position and a
	// name that makes the page load itself again.
	Replay func(ctx context.Context, after int64, topics []string) ([]Event, error)

	// Allowed is asked every Options.Check while the stream is open and ends it
	// with false; nil always allows.
	Allowed func() bool
}

// Handler serves streams: open authenticates the request and says what it may
// see; when it fails, fail answers the request.
func (h *Hub) Handler(open func(r *http.Request) (Stream, error), fail func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := open(r)
		if err == nil {
			err = h.Serve(w, r, s)
		}
		if err != nil {
			fail(w, r, err)
		}
	})
}

// Serve streams events until the reader leaves, is no longer allowed, falls
// behind, or the hub closes; it then returns nil. A browser that is cut off
// connects again by itself and gets what it missed. It gives up for good on a
// status other than 200, so what will pass (a fault of kind Unavailable, from
// Replay or from a hub that has closed) is answered by an empty stream and goes to
// Options.Log. Any other error is returned, before anything has been written.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, s Stream) error {
	sub, missed, err := h.join(r, s)
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return err
	}
	if sub != nil {
		defer sub.Close()
	}
	out, beginErr := h.begin(w)
	if beginErr != nil {
		return beginErr
	}
	defer out.watch.Stop()
	if err != nil {
		h.opt.Log(err)
		return nil
	}
	for _, e := range missed {
		out.put(encode(e))
	}
	if out.flush() == nil {
		h.pump(r.Context(), out, sub, s)
	}
	return nil
}

// join subscribes first and reads what was missed second: nothing falls between,
// and what comes both ways is told apart by its position.
func (h *Hub) join(r *http.Request, s Stream) (*Subscription, []Event, error) {
	sub, err := h.Subscribe(s.Topics...)
	if err != nil {
		return nil, nil, err
	}
	after := position(r, s.After)
	if after <= 0 || s.Replay == nil {
		return sub, nil, nil
	}
	missed, err := s.Replay(r.Context(), after, s.Topics)
	if err != nil {
		sub.Close()
		fault.Wrap(&err, "live replay after %d", after)
		return nil, nil, err
	}
	return sub, missed, nil
}

// pump writes until there is a reason to stop.
func (h *Hub) pump(ctx context.Context, out *output, sub *Subscription, s Stream) {
	heartbeat, check := time.NewTicker(h.opt.Heartbeat), time.NewTicker(h.opt.Check)
	defer heartbeat.Stop()
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-check.C:
			if s.Allowed != nil && !s.Allowed() {
				return
			}
			continue
		case <-heartbeat.C:
			out.write([]byte(":\n\n"))
		case m, ok := <-sub.ch:
			if !ok {
				return
			}
			out.put(m)
			drain(out, sub)
		}
		if out.flush() != nil {
			return
		}
	}
}

// drain takes what has gathered meanwhile, so that a burst costs one flush.
func drain(out *output, sub *Subscription) {
	for range len(sub.ch) {
		m, ok := <-sub.ch
		if !ok {
			return
		}
		out.put(m)
	}
}

// output is one response under way. A write that takes longer than the hub
// allows is cut off by a deadline in the past: that needs no clock.
type output struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	watch *time.Timer
	stall time.Duration
	last  int64
	err   error
}

func (h *Hub) begin(w http.ResponseWriter) (*output, error) {
	o := &output{w: w, rc: http.NewResponseController(w), stall: h.opt.Stall}
	// The server's own deadlines are for answers that end.
	for _, clear := range []func(time.Time) error{o.rc.SetReadDeadline, o.rc.SetWriteDeadline} {
		if err := clear(time.Time{}); err != nil {
			return nil, fmt.Errorf("a stream needs a response with deadlines: %w", err)
		}
	}
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	o.watch = time.AfterFunc(o.stall, o.cut)
	o.watch.Stop()
	// Spread over two seconds, a thousand browsers do not come back at once after a restart.
	o.write(fmt.Appendf(nil, "retry: %d\n\n", 1000+h.opened.Add(1)*37%2000))
	return o, nil
}

// put writes a message unless the reader has it already, from the replay.
func (o *output) put(m *message) {
	if m.id > 0 && m.id <= o.last {
		return
	}
	o.last = max(o.last, m.id)
	o.write(m.wire)
}

func (o *output) write(p []byte) {
	if o.err != nil {
		return
	}
	o.watch.Reset(o.stall)
	_, o.err = o.w.Write(p)
	o.watch.Stop()
}

func (o *output) flush() error {
	if o.err == nil {
		o.watch.Reset(o.stall)
		o.err = o.rc.Flush()
		o.watch.Stop()
	}
	return o.err
}

func (o *output) cut() { _ = o.rc.SetWriteDeadline(time.Unix(1, 0)) }

func position(r *http.Request, after int64) int64 {
	if id, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64); err == nil && id > 0 {
		return id
	}
	return after
}
