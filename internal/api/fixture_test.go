package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/api"
	"github.com/tierdesk/tierdesk/internal/platform/blob"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
	"github.com/tierdesk/tierdesk/policies"
)

// house is a small world behind the API.
type house struct {
	t       testing.TB
	d       *db.DB
	config  api.Config
	handler http.Handler
	tokens  map[string]string // by e-mail address
}

func each(t *testing.T, fn func(h *house, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(build(t, d), clock) })
}

func build(t testing.TB, d *db.DB) *house {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	book := rulebook.New(d, d.Now)
	_, findings, err := book.Publish(ctx, "illumeet.md", policies.Default(), "", "")
	if err != nil {
		t.Fatal(err, findings)
	}
	sealer, err := seal.Load(filepath.Join(t.TempDir(), "keys"))
	must(err)
	blobs, err := blob.Open(filepath.Join(t.TempDir(), "files"))
	must(err)
	h := &house{t: t, d: d, tokens: map[string]string{}}
	tickets := ticket.NewService(d, book, jobs.NewQueue(), sealer, func() {})
	h.config = api.Config{DB: d, Tickets: tickets, Identity: identity.New(d), Book: book, Files: attach.New(blobs),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "test"}
	must(d.Write(ctx, func(tx *db.Tx) error { return world(tx, h.tokens) }))
	h.handler = api.New(h.config)
	return h
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// do sends a request as somebody of the world ("" for nobody). A string body goes as it is.
func (h *house) do(who, method, path string, body any, headers ...string) *answer {
	h.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			h.t.Fatal(err)
		}
		r = bytes.NewReader(data)
	}
	req := httptest.NewRequest(method, "/api/v1"+path, r)
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		token, ok := h.tokens[who]
		if !ok {
			h.t.Fatalf("nobody is called %s", who)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, req)
	a := &answer{t: h.t, status: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			h.t.Fatalf("%s %s: %v in %s", method, path, err, a.raw)
		}
	}
	return a
}

// is fails unless the status is as expected.
func (a *answer) is(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// at reads a value by a dotted path; numbers are indexes.
func (a *answer) at(path string) any {
	a.t.Helper()
	var v any = a.body
	for _, step := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i := int(step[0] - '0')
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a *answer) text(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("%s is %v, not text, in %s", path, a.at(path), a.raw)
	}
	return s
}

// has checks values at paths.
func (a *answer) has(want map[string]any) *answer {
	a.t.Helper()
	for path, v := range want {
		got, _ := json.Marshal(a.at(path))
		if expected, _ := json.Marshal(v); !bytes.Equal(got, expected) {
			a.t.Errorf("%s is %s, want %s", path, got, expected)
		}
	}
	return a
}

// blames checks that a problem document names a field, and nothing of what was sent.
func (a *answer) blames(field string) *answer {
	a.t.Helper()
	list, _ := a.body["errors"].([]any)
	for _, e := range list {
		if e.(map[string]any)["path"] == field {
			return a
		}
	}
	a.t.Errorf("no error names %s: %s", field, a.raw)
	return a
}

func (h *house) open(who string, more map[string]any) *answer {
	h.t.Helper()
	body := map[string]any{"subject": "Camera stays black", "body": "Since this morning.", "category": "camera-microphone"}
	for k, v := range more {
		body[k] = v
	}
	return h.do(who, "POST", "/tickets", body).is(http.StatusCreated)
}

// gate is everything that a hand-over needs.
func gate() map[string]any {
	return map[string]any{
		"steps":           []any{"Open a session", map[string]any{"action": "Switch the camera on", "expected": "a picture", "actual": "black"}},
		"environment_url": "https://named.meetings.example/room/42",
		"none_needed":     true,
		"evidence":        []any{"https://files.example/black.png"},
		"test_matrix":     []any{map[string]any{"browser": "Firefox 150", "os": "Debian 13", "device": "ThinkPad", "result": "black picture"}},
		"tried":           "Another camera",
	}
}

// normal is a value as it looks after a journey through JSON.
func normal(t testing.TB, v any) (out any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
