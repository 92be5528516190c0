package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// client calls the API as somebody.
type client struct {
	h     *house
	token string
}

func (h *house) as(email string) *client { return &client{h, h.token(email)} }

// object is JSON as it came.
type object map[string]any

// call sends one request and reads the answer, which is JSON or empty.
func (c *client) call(method, path string, body any, header ...string) (status int, out object) {
	c.h.t.Helper()
	var in bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&in).Encode(body); err != nil {
			c.h.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, c.h.url+"/api/v1"+path, &in)
	if err != nil {
		c.h.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.h.t.Fatal(err)
	}
	text := readAll(c.h.t, res.Body)
	if err := json.Unmarshal([]byte(text), &out); err != nil && text != "" {
		c.h.t.Fatalf("%s %s answered %d with no JSON object: %s", method, path, res.StatusCode, text)
	}
	return res.StatusCode, out
}

// want calls and checks the status.
func (c *client) want(status int, method, path string, body any, header ...string) object {
	c.h.t.Helper()
	got, out := c.call(method, path, body, header...)
	if got != status {
		c.h.t.Fatalf("%s %s answered %d, not %d: %v", method, path, got, status, out)
	}
	return out
}

// opens makes a ticket.
func (c *client) opens(fields object) object {
	c.h.t.Helper()
	in := object{"subject": "The camera stays black", "body": "Since this morning."}
	for k, v := range fields {
		in[k] = v
	}
	return c.want(http.StatusCreated, http.MethodPost, "/tickets", in)
}

// at reads a value at a path such as "coverage.because.0.clause"; nil where there is none.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for key := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n >= len(in) {
				return nil
			}
			v = in[n]
		default:
			return nil
		}
	}
	return v
}

// str is the text at a path, or "".
func (o object) str(path string) string {
	if v := o.at(path); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// list are the texts at a path.
func (o object) list(path string) (out []string) {
	items, _ := o.at(path).([]any)
	for _, v := range items {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func (o object) items(path string) (out []object) {
	items, _ := o.at(path).([]any)
	for _, v := range items {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func TestHealthAndWhoMayCall(t *testing.T) {
	h := start(t, "")
	for _, path := range []string{"/healthz", "/readyz", "/policy", "/sign-in", "/api/v1/openapi.json"} {
		res, err := http.Get(h.url + path)
		if err != nil {
			t.Fatal(err)
		}
		if readAll(t, res.Body); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	for _, token := range []string{"", "wrong", h.token("l1@vendor.example") + "x"} {
		c := &client{h, token}
		if out := c.want(http.StatusUnauthorized, http.MethodGet, "/tickets", nil); out.str("status") != "401" {
			t.Errorf("no problem: %v", out)
		}
	}
	out := h.as("admin@named.example").want(http.StatusUnprocessableEntity, http.MethodPost, "/tickets", object{"subject": "x", "body": "x", "category": "no-such-category"})
	if !strings.Contains(fmt.Sprint(out), "category") {
		t.Errorf("the problem does not name the field: %v", out)
	}
}
