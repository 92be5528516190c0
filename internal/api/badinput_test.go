package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/api"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/identity"
)

func TestBadInputIsAnsweredWithTheFieldAtFault(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		ticket := "/tickets/" + h.open(namedUser, nil).text("number")
		request := func(more string) string { return `{"subject": "x", "body": "y", "category": "how-to"` + more + `}` }
		for _, c := range []struct {
			method, path, body string
			status             int
			field              string
		}{
			{"POST", "/tickets", `{"subject": "x", "body": "y"}`, 422, "category"},
			{"POST", "/tickets", `{"subject": "x", "body": "y", "category": ""}`, 422, "category"},
			{"POST", "/tickets", `{"subject": "x", "body": "y", "category": "no-such"}`, 422, "category"},
			{"POST", "/tickets", `{"subject": "", "body": "y", "category": "how-to"}`, 422, "subject"},
			{"POST", "/tickets", `{"subject": "  ", "body": "y", "category": "how-to"}`, 422, "subject"},
			{"POST", "/tickets", `{"subject": "x", "category": "how-to"}`, 422, "body"},
			{"POST", "/tickets", `{"subject": 7, "body": "y", "category": "how-to"}`, 422, "subject"},
			{"POST", "/tickets", request(`, "state": "closed"`), 422, "state"},
			{"POST", "/tickets", request(`, "organisation_id": "x"`), 422, "organisation_id"},
			{"POST", "/tickets", request(`, "severity": "S1"`), 422, "severity"},
			{"POST", "/tickets", request(`, "instance": "Academy server"`), 422, "instance"},
			{"POST", "/tickets", request(`, "instance": "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071"`), 422, "instance"},
			{"POST", "/tickets", request(`, "reference": "` + strings.Repeat("x", 300) + `"`), 422, "reference"},
			{"POST", "/tickets", request(`, "steps": "one"`), 422, "steps"},
			{"POST", "/tickets", request(`, "none_needed": "yes"`), 422, "none_needed"},
			{"POST", "/tickets", request(`, "evidence": ["019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071"]`), 422, "evidence[0]"},
			{"POST", "/tickets", request(`, "waive": {"no-such": "because"}`), 422, "waive.no-such"},
			{"POST", "/tickets", `{"subject": "x"`, 400, ""},
			{"POST", "/tickets", `{"subject": "x"} {}`, 400, ""},
			{"POST", "/tickets", `null`, 422, ""},
			{"POST", "/tickets", `[]`, 422, ""},
			{"POST", "/tickets", ``, 400, ""},
			{"GET", "/tickets?limit=201", "", 422, "limit"},
			{"GET", "/tickets?limit=0", "", 422, "limit"},
			{"GET", "/tickets?limit=-1", "", 422, "limit"},
			{"GET", "/tickets?limit=1e6", "", 422, "limit"},
			{"GET", "/tickets?limit=99999999999999999999", "", 422, "limit"},
			{"GET", "/tickets?state=lost", "", 422, "state"},
			{"GET", "/tickets?cursor=garbage", "", 422, "cursor"},
			{"GET", "/tickets?page=2", "", 422, "page"},
			{"GET", "/tickets/T-999999999999999999999", "", 404, ""},
			{"GET", "/tickets/%00", "", 404, ""},
			{"GET", "/tickets/%ff", "", 404, ""},
			{"GET", "/tickets?state=%ff%00", "", 422, "state"},
			{"POST", "/tickets", request(`, "requester": "a\u0000b"`), 422, "requester"},
			{"POST", "/tickets", request(`, "instance": "a\u0000b"`), 422, "instance"},
			{"POST", "/tickets", request(`, "severity": "a\u0000b"`), 422, "severity"},
			{"GET", "/tickets/" + strings.Repeat("x", 200), "", 422, "id"},
			{"GET", "/nothing", "", 404, ""},
			{"GET", "/", "", 404, ""},
			{"PUT", "/tickets", request(""), 405, ""},
			{"DELETE", ticket, "", 405, ""},
			{"GET", ticket + "/take", "", 405, ""},
			{"POST", ticket + "/messages", `{}`, 422, "body"},
			{"POST", ticket + "/messages", `{"body": " "}`, 422, "body"},
			{"POST", ticket + "/messages", `{"body": "x", "room": "L1-L2"}`, 422, "room"},
			{"POST", ticket + "/messages", `{"body": "x", "then": "closed"}`, 422, "then"},
			{"POST", ticket + "/messages", `{"body": "x", "version": 0}`, 422, "version"},
			{"POST", ticket + "/solve", `{"body": 1}`, 422, "body"},
			{"POST", ticket + "/take", `{"person": "me"}`, 422, "person"},
			{"POST", "/coverage", `{"no_such_fact": 1}`, 422, "no_such_fact"},
			{"POST", "/coverage", `{"product": {"type": "toaster"}}`, 422, "product.type"},
			{"POST", "/coverage", `{"covered": "yes"}`, 422, "covered"},
			{"POST", "/coverage", `{"category": "how-to", "category": "defect"}`, 422, ""},
			{"POST", "/coverage", strings.Repeat("[", 20000), 400, ""},
		} {
			a := h.do(namedUser, c.method, c.path, c.body)
			if a.status != c.status {
				t.Errorf("%s %.60s %.80s: status %d, want %d: %.300s", c.method, c.path, c.body, a.status, c.status, a.raw)
				continue
			}
			if a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %.60s: type %s", c.method, c.path, a.header.Get("Content-Type"))
			}
			if c.field != "" {
				a.blames(c.field)
			}
			if strings.Contains(string(a.raw), "struct") || strings.Contains(string(a.raw), "sql") {
				t.Errorf("%s %s tells of the inside: %s", c.method, c.path, a.raw)
			}
		}
	})
}

func TestABodyThatIsNoJSONIsRefusedByItsType(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		h.do(named, "POST", "/tickets", "subject=x", "Content-Type", "application/x-www-form-urlencoded").is(415)
		h.do(named, "POST", "/tickets", `{"subject": "x", "body": "y", "category": "how-to"}`, "Content-Type", "application/json; charset=utf-8").is(201)
	})
}

func TestBodiesHaveALimit(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		long := func(n int) map[string]any {
			return map[string]any{"subject": "x", "category": "how-to", "body": strings.Repeat("x", n)}
		}
		h.do(named, "POST", "/tickets", long(1<<20)).is(201)
		h.do(named, "POST", "/tickets", long(1<<20+1)).is(422).blames("body")
		h.do(named, "POST", "/tickets", long(3<<20)).is(413)
		ticket := "/tickets/" + h.open(namedUser, nil).text("id")
		h.do(namedUser, "POST", ticket+"/messages", map[string]any{"body": strings.Repeat("x", 1<<20+1)}).is(413)
	})
}

func TestSecretsAreNotRepeatedInErrors(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		a := h.do(named, "POST", "/tickets", `{"subject": "x", "body": "y", "category": "no", "access_details": "hunter2", "nonsense": "hunter2"}`).is(422)
		b := h.do(named, "POST", "/tickets", `{"access_details": "hunter2", "body": {"hunter2": 1}`).is(400)
		if bytes.Contains(a.raw, []byte("hunter2")) || bytes.Contains(b.raw, []byte("hunter2")) {
			t.Errorf("%s\n%s", a.raw, b.raw)
		}
	})
}

func TestWithoutATokenThereIsNothing(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		number := h.open(namedUser, nil).text("number")
		var seen string
		for _, path := range append(routes(number), "GET /nothing", "GET /", "DELETE /tickets") {
			method, path, _ := strings.Cut(path, " ")
			for _, header := range []string{"", "Bearer", "Bearer ", "Bearer td_wrong", "Basic dTpw", "Bearer " + strings.Repeat("x", 4000), h.tokens[named]} {
				a := h.do("", method, path, nil, "Authorization", header).is(401)
				if a.header.Get("WWW-Authenticate") == "" || a.header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s %s: headers %v", method, path, a.header)
				}
				if header == "Bearer td_wrong" {
					if seen == "" {
						seen = string(a.raw)
					}
					if string(a.raw) != seen {
						t.Errorf("%s %s differs: %s", method, path, a.raw)
					}
				}
			}
		}
		// a session's cookie is no token
		h.do("", "GET", "/tickets", nil, "Cookie", "session="+h.tokens[named]).is(401)
	})
}

func TestARevokedTokenEndsAtOnce(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		h.do(named, "GET", "/me", nil).is(200)
		err := h.d.Write(t.Context(), func(tx *db.Tx) error {
			p, err := identity.ByEmail(tx, named)
			if err != nil {
				return err
			}
			list, err := identity.Tokens(tx, p.ID)
			if err != nil {
				return err
			}
			return identity.RevokeToken(tx, p.ID, list[0].ID)
		})
		if err != nil {
			t.Fatal(err)
		}
		h.do(named, "GET", "/me", nil).is(401)
	})
}

// routes are all operations on a ticket.
func routes(ticket string) []string {
	list := []string{"GET /tickets/%s", "GET /tickets/%s/messages", "GET /tickets/%s/timeline", "GET /tickets/%s/attachments",
		"GET /tickets/%s/attachments/019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071", "POST /tickets/%s/messages", "POST /tickets/%s/escalate", "POST /tickets/%s/take",
		"POST /tickets/%s/assign", "POST /tickets/%s/return", "POST /tickets/%s/solve", "POST /tickets/%s/reopen", "POST /tickets/%s/close"}
	for i, r := range list {
		list[i] = fmt.Sprintf(r, ticket)
	}
	return list
}

func TestAForeignTicketCannotBeToldFromNone(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		foreign := h.open(namedUser, nil)
		for _, who := range []string{cloud, cloud1, cloudUser, selfhosted, fjord, partner1, vendor3, lapsed} {
			none, theirs := routes("T-999999"), routes(foreign.text("number"))
			byID := routes(foreign.text("id"))
			for i := range none {
				var seen []string
				for _, route := range []string{none[i], theirs[i], byID[i]} {
					method, path, _ := strings.Cut(route, " ")
					var body any
					if method == "POST" {
						body = map[string]any{}
						if strings.HasSuffix(path, "messages") {
							body = map[string]any{"body": "Hello"}
						}
						if strings.HasSuffix(path, "return") {
							body = map[string]any{"reason": "Why not"}
						}
						if strings.HasSuffix(path, "escalate") {
							body = gate()
							body.(map[string]any)["evidence"] = []any{"black.png"}
						}
					}
					seen = append(seen, string(h.do(who, method, path, body).is(404).raw))
				}
				if seen[0] != seen[1] || seen[0] != seen[2] {
					t.Errorf("%s, %s: %s", who, none[i], seen)
				}
			}
			if items := h.do(who, "GET", "/tickets", nil).is(200).at("items").([]any); len(items) != 0 {
				t.Errorf("%s lists %d tickets", who, len(items))
			}
		}
		h.do(namedUser, "GET", "/tickets/"+foreign.text("id"), nil).is(200).has(map[string]any{"state": "new", "version": 1})
	})
}

func TestWhoDoesNotServeTheRequesterReadsNoName(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(cloudUser, nil).text("id")
		h.do(cloud1, "GET", path, nil).is(200).has(map[string]any{"requester.name": "Colin Martin"})
		h.do(cloud1, "POST", path+"/escalate", gate()).is(200).has(map[string]any{"level": "L2", "provider.organisation": "Example Meetings"})
		h.do(vendor2, "POST", path+"/take", nil).is(200)
		for _, route := range routes(strings.TrimPrefix(path, "/tickets/"))[:4] {
			_, route, _ = strings.Cut(route, " ")
			if a := h.do(vendor2, "GET", route, nil).is(200); bytes.Contains(a.raw, []byte("Colin")) {
				t.Errorf("%s names the end user: %s", route, a.raw)
			}
		}
		if a := h.do(vendor2, "GET", "/tickets", nil).is(200); bytes.Contains(a.raw, []byte("Colin")) || len(a.at("items").([]any)) != 1 {
			t.Errorf("the list: %s", a.raw)
		}
		h.do(cloud1, "GET", path, nil).is(200).has(map[string]any{"requester.name": "Colin Martin", "assignee.name": "Liam Two"})
	})
}

func TestAStaleVersionIsToldWhatIsNow(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("id")
		h.do(vendor1, "POST", path+"/take", map[string]any{"version": 1}).is(200).has(map[string]any{"version": 2})
		for _, step := range []string{"take", "assign", "solve", "close", "reopen", "return", "escalate", "messages"} {
			body := map[string]any{"version": 1}
			switch step {
			case "messages":
				body["body"] = "Hello"
			case "return":
				body["reason"] = "Hello"
			}
			h.do(vendor1, "POST", path+"/"+step, body).is(409).has(map[string]any{"current.version": 2, "current.state": "open", "current.level": "L1"})
		}
		h.do(vendor1, "POST", path+"/close", nil).is(409).has(map[string]any{"current.state": "open"})
		h.do(vendor1, "POST", path+"/take", map[string]any{"version": 2}).is(200)
	})
}

func TestATokenThatAsksTooOftenWaits(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		c := h.config
		c.RateBurst, c.RateEvery = 3, 2*time.Second
		h.handler = api.New(c)
		for range 3 {
			h.do(named, "GET", "/me", nil).is(200)
		}
		a := h.do(named, "GET", "/me", nil).is(429)
		if a.header.Get("Retry-After") != "2" || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("headers %v", a.header)
		}
		h.do(cloud, "GET", "/me", nil).is(200)
		clock.Advance(2 * time.Second)
		h.do(named, "GET", "/me", nil).is(200)
	})
}

func TestADatabaseThatIsAwayAsksToComeBack(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		number := h.open(namedUser, nil).text("number")
		if err := h.d.Close(); err != nil {
			t.Fatal(err)
		}
		// who holds a token is remembered for a second: then the database is asked again
		clock.Advance(time.Second)
		for _, route := range append(routes(number), "POST /tickets", "GET /tickets", "POST /coverage", "GET /me") {
			method, path, _ := strings.Cut(route, " ")
			a := h.do(namedUser, method, path, nil).is(503)
			if a.header.Get("Retry-After") == "" || bytes.Contains(a.raw, []byte("sql")) {
				t.Errorf("%s: %v %s", route, a.header, a.raw)
			}
		}
		h.do("", "GET", "/openapi.json", nil).is(200)
	})
}

func form(t testing.TB, fields map[string]string, files map[string]string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		f, err := w.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

const png = "\x89PNG\r\n\x1a\n0123456789"

func TestFilesAreKeptForTheirReadersOnly(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("id")
		body, kind := form(t, map[string]string{"body": "See here."}, map[string]string{"../b\u202eläck.png": png})
		a := h.do(namedUser, "POST", path+"/attachments", body, "Content-Type", kind).is(201)
		a.has(map[string]any{"items.0.name": "bläck.png", "items.0.content_type": "image/png", "items.0.size": 18, "items.0.room": "requester"})
		file := path + "/attachments/" + a.text("items.0.id")
		got := h.do(vendor1, "GET", file, nil).is(200)
		if string(got.raw) != png || got.header.Get("Content-Disposition") != "attachment; filename*=utf-8''bl%C3%A4ck.png" ||
			got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(got.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%v %q", got.header, got.raw)
		}
		if part := h.do(vendor1, "GET", file, nil, "Range", "bytes=1-3").is(206); string(part.raw) != "PNG" {
			t.Errorf("a part is %q", part.raw)
		}
		h.do(cloud, "GET", file, nil, "Range", "bytes=1-3").is(404)
		h.do(vendor2, "GET", file, nil).is(404)
		h.do(vendor1, "GET", path+"/attachments", nil).is(200).has(map[string]any{"items.0.id": a.at("items.0.id")})

		// what an engineer lays down stays at the desk and is no answer
		body, kind = form(t, nil, map[string]string{"log.png": png})
		own := h.do(vendor1, "POST", path+"/attachments", body, "Content-Type", kind).is(201).has(map[string]any{"items.0.room": "internal-L1"})
		h.do(namedUser, "GET", path+"/attachments/"+own.text("items.0.id"), nil).is(404)
		h.do(vendor1, "GET", path, nil).is(200).has(map[string]any{"clocks.0.state": "running", "state": "new"})

		// and goes on with the hand-over that names it
		more := gate()
		more["evidence"] = []any{own.text("items.0.id")}
		h.do(vendor1, "POST", path+"/escalate", more).is(200).has(map[string]any{"level": "L2"})
		list := h.do(vendor2, "GET", path+"/attachments", nil).is(200).has(map[string]any{"items.1.name": "log.png", "items.1.room": "L1-L2", "items.2": nil})
		h.do(vendor2, "GET", path+"/attachments/"+list.text("items.1.id"), nil).is(200)
	})
}

func TestABadUploadIsToldWhatIsWrong(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("id") + "/attachments"
		h.do(namedUser, "POST", path, map[string]any{}).is(415)
		body, kind := form(t, map[string]string{"body": "No file"}, nil)
		h.do(namedUser, "POST", path, body, "Content-Type", kind).is(422).blames("file")
		body, kind = form(t, map[string]string{"owner": "me"}, map[string]string{"a": "a"})
		h.do(namedUser, "POST", path, body, "Content-Type", kind).is(422).blames("owner")
		body, kind = form(t, nil, map[string]string{"a": "aaaaaaaaaaaaaaaaaaaa"})
		h.do(namedUser, "POST", path, body[:len(body)-60], "Content-Type", kind).is(422)
		body, kind = form(t, nil, map[string]string{"a": strings.Repeat("a", 25<<20)})
		h.do(namedUser, "POST", path, body, "Content-Type", kind).is(413)
		body, kind = form(t, map[string]string{"room": "internal-L1"}, map[string]string{"a": "a"})
		h.do(namedUser, "POST", path, body, "Content-Type", kind).is(422).blames("room")
		if items := h.do(namedUser, "GET", path, nil).is(200).at("items").([]any); len(items) != 0 {
			t.Errorf("%d files were kept", len(items))
		}
	})
}

func TestEvidenceOfAnotherTicketIsRefused(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		other := "/tickets/" + h.open(namedUser, nil).text("id")
		body, kind := form(t, nil, map[string]string{"black.png": png})
		id := h.do(namedUser, "POST", other+"/attachments", body, "Content-Type", kind).is(201).text("items.0.id")
		path := "/tickets/" + h.open(namedUser, nil).text("id")
		for _, evidence := range []any{id, map[string]any{"attachment": id}} {
			h.do(vendor1, "POST", path+"/escalate", map[string]any{"evidence": []any{evidence}}).is(422).blames("evidence[0]")
		}
	})
}

func TestAPersonOfAnotherDeskIsNotAssigned(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("id")
		var seen string
		for _, who := range []string{vendor2, partner1, "nobody@nowhere.example", "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071", "@"} {
			a := h.do(vendor1, "POST", path+"/assign", map[string]any{"assignee": who}).is(422).blames("assignee")
			if seen == "" {
				seen = string(a.raw)
			}
			if string(a.raw) != seen {
				t.Errorf("%s: %s", who, a.raw)
			}
		}
	})
}

func TestAnUnknownItemOfAGateDoesNotBreakTheTicket(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("id")
		h.do(vendor1, "POST", path+"/escalate", map[string]any{"waive": map[string]any{"no-such": "because"}}).is(422).blames("waive.no-such")
		h.do(vendor1, "POST", path+"/escalate", gate()).is(200)
		h.do(vendor2, "GET", path, nil).is(200)
		raw, _ := json.Marshal(h.do(vendor2, "GET", path+"/timeline", nil).is(http.StatusOK).body)
		if bytes.Contains(raw, []byte("no-such")) {
			t.Errorf("%s", raw)
		}
	})
}

func TestWordsBesideAStepAreKeptLikeAnyMessage(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("id")
		for _, step := range []string{"solve", "reopen"} {
			field := map[string]string{"solve": "body", "reopen": "reason"}[step]
			h.do(vendor1, "POST", path+"/"+step, map[string]any{field: strings.Repeat("x", 1<<20+1)}).is(413)
			h.do(vendor1, "POST", path+"/"+step, map[string]any{field: "Try\x00 again"}).is(200)
		}
		a := h.do(namedUser, "GET", path+"/messages", nil).is(200)
		a.has(map[string]any{"items.1.body": "Try again", "items.1.channel": "api", "items.2.body": "Try again", "items.2.channel": "api"})
	})
}

func TestOneKeySentAtOnceOpensOneTicket(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		const clients = 8
		ids := make(chan string, clients)
		for range clients {
			go func() {
				r := httptest.NewRequest("POST", "/api/v1/tickets", strings.NewReader(`{"subject": "Once", "body": "Only once.", "category": "how-to"}`))
				r.Header.Set("Authorization", "Bearer "+h.tokens[named])
				r.Header.Set("Idempotency-Key", "together")
				w := httptest.NewRecorder()
				h.handler.ServeHTTP(w, r)
				var out struct{ ID string }
				if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 201 {
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
				ids <- out.ID
			}()
		}
		first := <-ids
		for range clients - 1 {
			if id := <-ids; id != first {
				t.Errorf("%s and %s", first, id)
			}
		}
		h.do(named, "GET", "/tickets", nil).is(200).has(map[string]any{"items.0.id": first, "items.1": nil})
	})
}
