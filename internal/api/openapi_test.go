package api_test

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
)

// document reads schemas out of the served description.
type document struct{ root map[string]any }

func (d document) resolve(s map[string]any) map[string]any {
	ref, ok := s["$ref"].(string)
	if !ok {
		return s
	}
	var v any = d.root
	for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		v = v.(map[string]any)[step]
	}
	return v.(map[string]any)
}

// check says where a value does not fit its schema. It knows what this document uses of JSON Schema.
func (d document) check(path string, schema map[string]any, v any) (bad []string) {
	s := d.resolve(schema)
	if options, ok := s["anyOf"].([]any); ok {
		for _, one := range options {
			if len(d.check(path, one.(map[string]any), v)) == 0 {
				return nil
			}
		}
		return []string{fmt.Sprintf("%s: %v fits none of anyOf", path, v)}
	}
	types := typesOf(s)
	if len(types) > 0 && !slices.Contains(types, typeOf(v)) && !(typeOf(v) == "integer" && slices.Contains(types, "number")) {
		return []string{fmt.Sprintf("%s: %v is %s, want %v", path, v, typeOf(v), types)}
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
		bad = append(bad, fmt.Sprintf("%s: %v is not in %v", path, v, enum))
	}
	switch x := v.(type) {
	case string:
		if s["format"] == "date-time" {
			if at, err := time.Parse(time.RFC3339, x); err != nil || at.Location() != time.UTC {
				bad = append(bad, fmt.Sprintf("%s: %q is no instant in UTC", path, x))
			}
		}
	case []any:
		for i, item := range x {
			bad = append(bad, d.check(path+"."+strconv.Itoa(i), s["items"].(map[string]any), item)...)
		}
	case map[string]any:
		bad = append(bad, d.checkObject(path, s, x)...)
	}
	return bad
}

func (d document) checkObject(path string, s map[string]any, v map[string]any) (bad []string) {
	properties, _ := s["properties"].(map[string]any)
	for name, value := range v {
		if p, ok := properties[name].(map[string]any); ok {
			bad = append(bad, d.check(path+"."+name, p, value)...)
		} else if s["additionalProperties"] == false {
			bad = append(bad, path+"."+name+" is not described")
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			bad = append(bad, path+"."+name.(string)+" is missing")
		}
	}
	return bad
}

func typesOf(s map[string]any) (out []string) {
	switch t := s["type"].(type) {
	case string:
		return []string{t}
	case []any:
		for _, one := range t {
			out = append(out, one.(string))
		}
	}
	return out
}

func typeOf(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if x == math.Trunc(x) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// sent is a good request of an operation, by whom, and the status that it gives.
type sent struct {
	who    string
	body   any
	status int
}

// TestTheDescriptionIsTrue calls every operation of the document and compares
// the answers, good and bad, with what the document says of them.
func TestTheDescriptionIsTrue(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		doc := document{h.do("", "GET", "/openapi.json", nil).is(200).body}
		paths := doc.root["paths"].(map[string]any)
		file, kind := form(t, nil, map[string]string{"black.png": png})
		good := map[string]sent{
			"open-ticket":     {cloudUser, map[string]any{"subject": "x", "body": "y", "category": "defect"}, 201},
			"write-message":   {vendor1, map[string]any{"body": "Hello", "then": "waiting"}, 201},
			"add-attachments": {namedUser, file, 201},
			"escalate-ticket": {vendor1, gate(), 200},
			"take-ticket":     {vendor1, nil, 200},
			"assign-ticket":   {vendor1, map[string]any{"assignee": vendor1, "version": 1}, 200},
			"record-ticket":   {vendor1, map[string]any{"event": "on-site"}, 200},
			"learn-ticket":    {vendor1, map[string]any{"facts": map[string]any{}}, 422}, // this policy asks for no fact
			"return-ticket":   {vendor2, map[string]any{"reason": "No"}, 200},
			"solve-ticket":    {vendor1, map[string]any{"body": "Done"}, 200},
			"reopen-ticket":   {vendor1, map[string]any{}, 200},
			"close-ticket":    {vendor1, nil, 200},
			"decide-coverage": {cloud, map[string]any{"category": "how-to", "product": map[string]any{"type": "cloud-server"}}, 200},
		}
		seen := 0
		for path, methods := range paths {
			if !strings.HasPrefix(path, "/api/v1/") {
				t.Errorf("%s lacks the prefix", path)
			}
			for method, op := range methods.(map[string]any) {
				seen++
				w := walker{h: h, doc: doc, id: op.(map[string]any)["operationId"].(string), op: op.(map[string]any), method: strings.ToUpper(method), path: strings.TrimPrefix(path, "/api/v1")}
				s, ok := good[w.id]
				if !ok {
					s = sent{namedUser, nil, 200}
				}
				w.walk(s, kind)
			}
		}
		if seen != 23 {
			t.Errorf("%d operations, want 23", seen)
		}
	})
}

type walker struct {
	h            *house
	doc          document
	id           string
	op           map[string]any
	method, path string
}

func (w walker) walk(s sent, formType string) {
	h := w.h
	// a ticket of its own for each operation, in the state that it needs
	ticket := h.open(namedUser, nil).text("id")
	file, kind := form(h.t, nil, map[string]string{"black.png": png})
	attachment := h.do(namedUser, "POST", "/tickets/"+ticket+"/attachments", file, "Content-Type", kind).is(201).text("items.0.id")
	switch w.id {
	case "assign-ticket":
		ticket = h.open(namedUser, nil).text("id")
	case "return-ticket":
		h.do(vendor1, "POST", "/tickets/"+ticket+"/escalate", gate()).is(200)
	case "reopen-ticket", "close-ticket":
		h.do(vendor1, "POST", "/tickets/"+ticket+"/solve", nil).is(200)
	}
	at := func(id string) string {
		return strings.NewReplacer("{id}", id, "{aid}", attachment).Replace(w.path)
	}
	var headers []string
	if w.id == "add-attachments" {
		headers = []string{"Content-Type", formType}
	}
	if body, ok := w.op["requestBody"].(map[string]any); ok {
		w.fitsRequest(body, s.body)
	} else if s.body != nil {
		h.t.Errorf("%s takes a body that is not described", w.id)
	}
	if w.method == "POST" && strings.Contains(w.path, "{id}/") && w.id != "add-attachments" {
		stale := map[string]any{"version": 99}
		for k, v := range object(s.body) {
			if k != "version" {
				stale[k] = v
			}
		}
		w.fits(h.do(s.who, "POST", at(ticket), stale).is(409))
		w.fits(h.do(namedUser, "POST", at(h.open(namedUser, nil).text("id")), s.body))
	}
	if w.id == "open-ticket" {
		h.do(s.who, "POST", at(""), s.body, "Idempotency-Key", "k").is(201)
		w.fits(h.do(s.who, "POST", at(""), map[string]any{"subject": "x", "body": "z", "category": "defect"}, "Idempotency-Key", "k").is(409))
	}
	w.fits(h.do(s.who, w.method, at(ticket), s.body, headers...).is(s.status))
	w.fits(h.do("", w.method, at(ticket), s.body).is(401))
	if strings.Contains(w.path, "{id}") {
		w.fits(h.do(cloud, w.method, at(ticket), s.body, headers...).is(404))
	}
	if w.method == "POST" {
		w.fits(h.do(s.who, w.method, at(ticket), `{"nonsense": tru`))
		w.fits(h.do(s.who, w.method, at(ticket), `{"nonsense": true}`))
		w.fits(h.do(s.who, w.method, at(ticket), `x`, "Content-Type", "text/plain").is(415))
	}
	if s.status == http.StatusOK && w.method == "POST" && strings.Contains(w.path, "{id}/") && w.id != "write-message" {
		again := h.do(s.who, w.method, at(ticket), s.body)
		w.fits(again)
	}
}

func object(body any) map[string]any {
	m, _ := body.(map[string]any)
	return m
}

func (w walker) fitsRequest(described map[string]any, body any) {
	w.h.t.Helper()
	content := described["content"].(map[string]any)
	media, ok := content["application/json"].(map[string]any)
	if !ok || body == nil {
		return
	}
	for _, bad := range w.doc.check(w.id+" request", media["schema"].(map[string]any), normal(w.h.t, body)) {
		w.h.t.Error(bad)
	}
}

// fits compares an answer with its description: status, type, and every member.
func (w walker) fits(a *answer) {
	t := w.h.t
	t.Helper()
	described, ok := w.op["responses"].(map[string]any)[strconv.Itoa(a.status)].(map[string]any)
	if !ok {
		t.Errorf("%s: status %d is not described: %s", w.id, a.status, a.raw)
		return
	}
	kind := a.header.Get("Content-Type")
	content, _ := described["content"].(map[string]any)
	media, ok := content[kind].(map[string]any)
	if !ok && w.id == "get-attachment" && a.status == http.StatusOK {
		return
	}
	if !ok {
		t.Errorf("%s %d: type %s is not described", w.id, a.status, kind)
		return
	}
	for _, bad := range w.doc.check(w.id+" "+strconv.Itoa(a.status), media["schema"].(map[string]any), any(a.body)) {
		t.Error(bad)
	}
	headers, _ := described["headers"].(map[string]any)
	for name := range headers {
		if a.header.Get(name) == "" {
			t.Errorf("%s %d: header %s is described and not sent", w.id, a.status, name)
		}
	}
}
