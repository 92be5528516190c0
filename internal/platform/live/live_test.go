package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// desk is a real server with one hub; ended receives each stream's error when its handler returns.
type desk struct {
	hub   *Hub
	srv   *httptest.Server
	ended chan error
}

func serve(t testing.TB, opt Options, s Stream) *desk {
	t.Helper()
	d := &desk{hub: NewHub(opt), ended: make(chan error, 2000)}
	d.srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.ended <- d.hub.Serve(w, r, s)
	}))
	d.srv.Config.WriteTimeout = 50 * time.Millisecond
	d.srv.Config.ReadTimeout = 50 * time.Millisecond
	d.srv.Start()
	t.Cleanup(func() { d.hub.Close(); d.srv.Close() })
	return d
}

// reader is a browser's side of a stream.
type reader struct {
	body io.ReadCloser
	in   *bufio.Reader
}

func (d *desk) connect(t testing.TB, lastID string) *reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := d.srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %s", res.Status, res.Header.Get("Content-Type"))
	}
	r := &reader{res.Body, bufio.NewReader(res.Body)}
	if first := r.block(t); !strings.HasPrefix(first, "retry: ") {
		t.Fatalf("the stream begins with %q", first)
	}
	return r
}

// block reads up to the next empty line.
func (r *reader) block(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for {
		line, err := r.in.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended: %v, after %q", err, b.String())
		}
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

func (r *reader) want(t testing.TB, blocks ...string) {
	t.Helper()
	for _, want := range blocks {
		if got := r.block(t); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func (r *reader) wantEnd(t testing.TB) {
	t.Helper()
	if rest, err := io.ReadAll(r.in); len(rest) > 0 || err != nil {
		t.Fatalf("got %q, %v; want a clean end", rest, err)
	}
}

func ticket(id int64, data string) Event {
	return Event{ID: id, Topics: []string{"ticket:1"}, Data: data}
}

func TestAReaderGetsItsTopicsOnceAndInOrder(t *testing.T) {
	d := serve(t, Options{}, Stream{Topics: []string{"ticket:1", "queue:L1"}})
	r := d.connect(t, "")
	d.hub.Publish(Event{ID: 1, Topics: []string{"ticket:1", "queue:L1", "ticket:1"}, Name: "ticket", Data: "both"})
	d.hub.Publish(Event{ID: 2, Topics: []string{"ticket:2"}, Data: "foreign"})
	d.hub.Publish(Event{ID: 3, Topics: []string{"queue:L1"}, Data: "queue"})
	d.hub.Publish(Event{Topics: []string{"queue:L1"}, Data: "not in the journal"})
	r.want(t, "id: 1\nevent: ticket\ndata: both\n", "id: 3\ndata: queue\n", "data: not in the journal\n")
}

func TestLineBreaksCannotForgeAnEvent(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"a", "one\ntwo", "event: a\ndata: one\ndata: two\n"},
		{"a", "one\r\nid: 9\r\ndata: x", "event: a\ndata: one\ndata: id: 9\ndata: data: x\n"},
		{"a", "one\rtwo\n\nevent: b", "event: a\ndata: one\ndata: two\ndata: \ndata: event: b\n"},
		{"a\r\nevent: b", "x", "event: aevent: b\ndata: x\n"},
		{"", "", "data: \n"},
	} {
		if got := string(encode(Event{Name: c.name, Data: c.data}).wire); got != c.want+"\n" {
			t.Errorf("%q %q: %q, want %q", c.name, c.data, got, c.want)
		}
	}
}

// source replays a journal as a database would.
type source struct{ events []Event }

func (s source) replay(_ context.Context, after int64, topics []string) ([]Event, error) {
	var out []Event
	for _, e := range s.events {
		if e.ID > after && e.Topics[0] == topics[0] {
			out = append(out, e)
		}
	}
	return out, nil
}

func TestAReaderWhoComesBackGetsWhatItMissed(t *testing.T) {
	journal := source{[]Event{ticket(1, "a"), ticket(2, "b"), ticket(3, "c")}}
	for _, c := range []struct {
		lastID string
		after  int64
		want   []string
	}{
		{"", 0, nil},
		{"1", 0, []string{"id: 2\ndata: b\n", "id: 3\ndata: c\n"}},
		{"", 2, []string{"id: 3\ndata: c\n"}},
		{"2", 1, []string{"id: 3\ndata: c\n"}},
		{"99", 0, nil},
		{"none of ours", 2, []string{"id: 3\ndata: c\n"}},
		{"-5", 2, []string{"id: 3\ndata: c\n"}},
	} {
		t.Run(fmt.Sprintf("Last-Event-ID %q after %d", c.lastID, c.after), func(t *testing.T) {
			d := serve(t, Options{}, Stream{Topics: []string{"ticket:1"}, After: c.after, Replay: journal.replay})
			r := d.connect(t, c.lastID)
			r.want(t, c.want...)
			d.hub.Publish(ticket(100, "live"))
			r.want(t, "id: 100\ndata: live\n")
		})
	}
}

func TestNothingIsLostOrDoubledBetweenReplayAndLive(t *testing.T) {
	var d *desk
	d = serve(t, Options{}, Stream{Topics: []string{"ticket:1"}, Replay: func(context.Context, int64, []string) ([]Event, error) {
		// Both are committed while the journal is read; the read sees the first only.
		d.hub.Publish(ticket(2, "b"))
		d.hub.Publish(ticket(3, "c"))
		return []Event{ticket(2, "b")}, nil
	}})
	r := d.connect(t, "1")
	d.hub.Publish(ticket(4, "d"))
	r.want(t, "id: 2\ndata: b\n", "id: 3\ndata: c\n", "id: 4\ndata: d\n")
}

func TestASlowReaderIsDroppedAndOthersAreNot(t *testing.T) {
	hub := NewHub(Options{Buffer: 2})
	slow, err := hub.Subscribe("ticket:1")
	if err != nil {
		t.Fatal(err)
	}
	quick, err := hub.Subscribe("ticket:1")
	if err != nil {
		t.Fatal(err)
	}
	for id := range int64(3) {
		hub.Publish(ticket(id+1, "x"))
		if m, ok := <-quick.ch; !ok || m.id != id+1 {
			t.Fatal(m, ok)
		}
	}
	if hub.Len() != 1 {
		t.Fatalf("%d subscriptions", hub.Len())
	}
	for range 2 {
		if _, ok := <-slow.ch; !ok {
			t.Fatal("what was buffered is lost")
		}
	}
	if _, ok := <-slow.ch; ok {
		t.Fatal("the slow reader is still subscribed")
	}
	slow.Close()
	if hub.Len() != 1 {
		t.Fatal("closing a dropped subscription counted twice")
	}
}

// deaf connects and never reads.
func (d *desk) deaf(t *testing.T) {
	t.Helper()
	c, err := net.Dial("tcp", d.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
}

func TestAReaderWhoStopsReadingIsCutOff(t *testing.T) {
	big := Event{ID: 1, Topics: []string{"ticket:1"}, Data: strings.Repeat("x", 32<<20)}
	d := serve(t, Options{Stall: 50 * time.Millisecond}, Stream{Topics: []string{"ticket:1"}, After: 1,
		Replay: func(context.Context, int64, []string) ([]Event, error) { return []Event{big}, nil }})
	d.deaf(t)
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	if d.hub.Len() != 0 {
		t.Fatal("still subscribed")
	}
}

func TestARevokedReaderIsCutOff(t *testing.T) {
	var revoked atomic.Bool
	d := serve(t, Options{Check: time.Millisecond}, Stream{Topics: []string{"ticket:1"}, Allowed: func() bool { return !revoked.Load() }})
	r := d.connect(t, "")
	d.hub.Publish(ticket(1, "before"))
	r.want(t, "id: 1\ndata: before\n")
	revoked.Store(true)
	r.wantEnd(t)
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
}

func TestByDefaultARevokedReaderIsAskedAboutWithinFiveSeconds(t *testing.T) {
	if got := NewHub(Options{}).opt.Check; got >= 5*time.Second {
		t.Fatalf("checked every %s", got)
	}
}

func TestHeartbeatsKeepAStreamPastTheServersTimeouts(t *testing.T) {
	d := serve(t, Options{Heartbeat: 10 * time.Millisecond}, Stream{Topics: []string{"ticket:1"}})
	r := d.connect(t, "")
	for range 15 { // 150 ms; the server's timeouts are 50 ms
		r.want(t, ":\n")
	}
}

func TestAReaderWhoLeavesIsForgotten(t *testing.T) {
	d := serve(t, Options{}, Stream{Topics: []string{"ticket:1", "queue:L1"}})
	d.connect(t, "").body.Close()
	<-d.ended
	if d.hub.Len() != 0 || len(d.hub.topics) != 0 {
		t.Fatalf("%d subscriptions, %d topics", d.hub.Len(), len(d.hub.topics))
	}
}

func TestShutdownDoesNotWaitForStreams(t *testing.T) {
	d := serve(t, Options{}, Stream{Topics: []string{"ticket:1"}})
	d.srv.Config.RegisterOnShutdown(d.hub.Close)
	r := d.connect(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := d.srv.Config.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	r.wantEnd(t)
	d.hub.Close()
	d.hub.Publish(ticket(1, "to nobody"))
}

func TestShutdownCutsAReaderWhoDoesNotRead(t *testing.T) {
	stuck := make(chan struct{})
	d := serve(t, Options{Stall: 200 * time.Millisecond}, Stream{Topics: []string{"ticket:1"}, After: 1,
		Replay: func(context.Context, int64, []string) ([]Event, error) {
			close(stuck)
			return []Event{ticket(2, strings.Repeat("x", 32<<20))}, nil
		}})
	d.srv.Config.RegisterOnShutdown(d.hub.Close)
	d.deaf(t)
	<-stuck
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := d.srv.Config.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWillPassIsAnsweredByAnEmptyStream(t *testing.T) {
	var logged atomic.Value
	away := fault.New(fault.Unavailable, "The database is away.")
	d := serve(t, Options{Log: func(err error) { logged.Store(err) }}, Stream{Topics: []string{"ticket:1"},
		Replay: func(context.Context, int64, []string) ([]Event, error) { return nil, away }})
	d.connect(t, "1").wantEnd(t)
	if err, _ := logged.Load().(error); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("logged %v", err)
	}
	if d.hub.Len() != 0 {
		t.Fatal("still subscribed")
	}
	d.hub.Close()
	d.connect(t, "").wantEnd(t)
}

func TestWhatWillNotPassIsAnsweredByItsStatus(t *testing.T) {
	hub := NewHub(Options{})
	for name, s := range map[string]struct {
		stream Stream
		err    error
	}{
		"signed out":    {Stream{}, fault.New(fault.Unauthenticated, "Sign in again.")},
		"broken replay": {Stream{After: 1, Replay: func(context.Context, int64, []string) ([]Event, error) { return nil, errors.New("boom") }}, nil},
	} {
		var got error
		h := hub.Handler(
			func(*http.Request) (Stream, error) { return s.stream, s.err },
			func(w http.ResponseWriter, _ *http.Request, err error) { got = err; w.WriteHeader(http.StatusTeapot) })
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusTeapot || got == nil || w.Header().Get("Content-Type") != "" {
			t.Errorf("%s: %d %v", name, w.Code, got)
		}
	}
	if hub.Len() != 0 {
		t.Fatal("still subscribed")
	}
}

func TestPublishingNeedsNobody(t *testing.T) {
	hub := NewHub(Options{})
	hub.Publish(ticket(1, "x"))
	hub.Publish(Event{ID: 2})
	if !reflect.DeepEqual(hub.topics, map[string]map[*Subscription]struct{}{}) {
		t.Fatal(hub.topics)
	}
}

// BenchmarkThousandReaders measures one event to 1,000 open connections, read by
// all, and the server's memory for each of them.
func BenchmarkThousandReaders(b *testing.B) {
	const readers = 1000
	d := serve(b, Options{}, Stream{Topics: []string{"ticket:1"}, Allowed: func() bool { return true }})
	before := memory()
	conns := make([]net.Conn, readers)
	for i := range conns {
		c, err := net.Dial("tcp", d.srv.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			b.Fatal(err)
		}
		conns[i] = c
	}
	buf := make([]byte, 4096)
	until := func(c net.Conn, end string) {
		for got := ""; !strings.Contains(got, end); {
			n, err := c.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			got += string(buf[:n])
		}
	}
	for _, c := range conns {
		until(c, "retry: ")
	}
	perReader := float64(memory()-before) / readers
	id := int64(0)
	for b.Loop() {
		id++
		d.hub.Publish(ticket(id, "changed"))
		for _, c := range conns {
			until(c, fmt.Sprintf("id: %d\ndata: changed\n", id))
		}
	}
	b.ReportMetric(perReader, "B/reader")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/event")
}

// memory is what the heap and the stacks use after a collection, in bytes.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
