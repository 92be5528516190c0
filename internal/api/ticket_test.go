package api_test

import (
	"net/http"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
)

const (
	vendor1    = "l1@vendor.example"
	vendor2    = "l2@vendor.example"
	vendor3    = "l3@vendor.example"
	named      = "admin@named.example"
	namedUser  = "enduser@named.example"
	cloud      = "admin@cloud.example"
	cloud1     = "l1@cloud.example"
	cloudUser  = "enduser@cloud.example"
	selfhosted = "admin@selfhosted.example"
	lapsed     = "admin@lapsed.example"
	old        = "admin@old.example"
	fjord      = "admin@fjord.example"
	manager    = "manager@vendor.example"
	partner1   = "l1@partner.example"
)

func TestAnOpenedTicketSaysWhoAnswersAndWhy(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		a := h.open(named, map[string]any{"reference": "ACME-7"})
		a.has(map[string]any{"subject": "Camera stays black", "state": "new", "level": "L1", "provider.kind": "vendor", "provider.organisation": "Example Meetings",
			"category": "camera-microphone", "reference": "ACME-7", "channel": "api", "version": 1, "created_at": "2026-11-23T09:00:00Z", "requester.name": "Nadia Flores",
			"coverage.covered": "yes", "coverage.open_now": true, "coverage.opens_at": nil, "coverage.effort": "normal", "coverage.policy_version": "1",
			"assignee": nil, "missing": nil, "clocks.0.state": "running", "clocks.0.due_at": "2026-11-23T18:00:00Z"})
		if got := a.header.Get("Location"); got != "/api/v1/tickets/"+a.text("id") {
			t.Errorf("Location is %q", got)
		}
		if a.text("number")[:2] != "T-" || a.text("coverage.because.0.clause") == "" || a.text("coverage.because.0.rule") == "" {
			t.Errorf("the answer lacks number or reasons: %s", a.raw)
		}
		for _, ref := range []string{a.text("id"), a.text("number"), a.text("number")[2:]} {
			one := h.do(named, "GET", "/tickets/"+ref, nil).is(200)
			one.has(map[string]any{"id": a.at("id"), "coverage": a.at("coverage"), "provider": a.at("provider"), "clocks.0.id": a.at("clocks.0.id"), "requester": a.at("requester")})
		}
	})
}

func TestOutsideTheHoursChangesTheEffortAndNotTheCoverage(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		clock.Set(dbtest.Start + 5*24*3600_000) // Saturday
		h.open(named, nil).has(map[string]any{"coverage.covered": "yes", "coverage.open_now": false, "coverage.effort": "best-effort", "coverage.opens_at": "2026-11-30T08:00:00Z"})
	})
}

func TestWhereATicketBegins(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		for _, c := range []struct {
			who, category          string
			state, level, provider string
		}{
			{named, "how-to", "new", "L1", "Example Meetings"},
			{namedUser, "how-to", "new", "L1", "Example Meetings"},
			{cloudUser, "how-to", "new", "L1", "Cloud Academy of Music"},
			{cloud, "how-to", "incomplete", "L2", "Example Meetings"},
			{selfhosted, "defect", "incomplete", "L2", "Example Meetings"},
			{lapsed, "defect", "declined", "L2", "Example Meetings"},
			{old, "defect", "declined", "L2", "Example Meetings"},
			{fjord, "how-to", "new", "L1", "Nordlicht Systems"},
		} {
			a := h.open(c.who, map[string]any{"category": c.category})
			if a.text("state") != c.state || a.text("level") != c.level || a.text("provider.organisation") != c.provider {
				t.Errorf("%s, %s: %s at %s of %s, want %s at %s of %s", c.who, c.category, a.text("state"), a.text("level"), a.text("provider.organisation"), c.state, c.level, c.provider)
			}
			if (a.at("missing") != nil) != (c.state == "incomplete") {
				t.Errorf("%s: missing is %v", c.who, a.at("missing"))
			}
			if c.state == "declined" && (a.text("coverage.covered") != "no" || a.text("coverage.effort") != "none" || a.text("coverage.offer.text") == "") {
				t.Errorf("%s: declined without a way on: %s", c.who, a.raw)
			}
		}
	})
}

func TestACompleteRequestGoesStraightToLevelTwo(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		h.open(cloud, gate()).has(map[string]any{"state": "new", "level": "L2", "missing": nil})
	})
}

func TestTheRequesterAndTheInstanceMayBeNamed(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		for _, instance := range []string{"Named Learning rooms", "named learning rooms", "https://named.meetings.example", "https://named.meetings.example/"} {
			h.open(vendor1, map[string]any{"requester": "ADMIN@named.example", "instance": instance}).has(map[string]any{"requester.name": "Nadia Flores", "level": "L1"})
		}
		id := h.do(named, "GET", "/me", nil).text("id")
		h.open(vendor1, map[string]any{"requester": id}).has(map[string]any{"requester.id": id})
		h.open(named, map[string]any{"requester": namedUser, "instance": "Named Learning rooms"}).has(map[string]any{"requester.name": "Noah Reed"})
		h.do(named, "POST", "/tickets", map[string]any{"subject": "x", "body": "y", "category": "how-to", "instance": "Academy server"}).is(422).blames("instance")
	})
}

func TestWhoMayNotBeAskedForCannotBeToldFromNobody(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		foreign := h.do(cloud, "GET", "/me", nil).text("id")
		var first string
		for _, who := range []string{"nobody@nowhere.example", cloud, foreign, "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071", "not an address @", "x"} {
			for _, instance := range []any{nil, "Academy server", "no such"} {
				a := h.do(named, "POST", "/tickets", map[string]any{"subject": "x", "body": "y", "category": "how-to", "requester": who, "instance": instance}).is(422).blames("requester")
				if first == "" {
					first = string(a.raw)
				}
				if string(a.raw) != first {
					t.Errorf("%s: %s differs from %s", who, a.raw, first)
				}
			}
		}
	})
}

func TestTheSameKeyOpensOneTicket(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		body := map[string]any{"subject": "Once", "body": "Only once.", "category": "how-to", "waive": map[string]any{}}
		send := func(who string, body any) *answer {
			return h.do(who, "POST", "/tickets", body, "Idempotency-Key", "k-1")
		}
		first := send(named, body).is(201)
		again := send(named, `{ "category":"how-to", "body": "Only once.", "subject": "Once" }`).is(201)
		again.has(map[string]any{"id": first.at("id"), "number": first.at("number"), "coverage": first.at("coverage"), "requester": first.at("requester")})
		body["body"] = "Something else."
		send(named, body).is(409)
		if other := send(namedUser, body).is(201); other.at("id") == first.at("id") {
			t.Error("a key belongs to the person who used it")
		}
		if n := len(h.do(named, "GET", "/tickets", nil).is(200).at("items").([]any)); n != 1 {
			t.Errorf("%d tickets, want 1", n)
		}
	})
}

func TestAListGivesEachTicketOnceNewestFirst(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		var want []string
		for range 7 {
			want = append([]string{h.open(namedUser, nil).text("id")}, want...)
		}
		h.open(cloudUser, nil)
		var got []string
		cursor, pages := "", 0
		for {
			a := h.do(namedUser, "GET", "/tickets?limit=3&cursor="+cursor, nil).is(200)
			for _, item := range a.at("items").([]any) {
				got = append(got, item.(map[string]any)["id"].(string))
			}
			pages++
			if cursor = a.text("next_cursor"); cursor == "" {
				break
			}
		}
		if pages != 3 || len(got) != 7 {
			t.Fatalf("%d tickets on %d pages", len(got), pages)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("place %d holds %s, want %s", i, got[i], want[i])
			}
		}
		one := h.do(namedUser, "GET", "/tickets/"+want[0], nil).is(200)
		h.do(namedUser, "GET", "/tickets?limit=1", nil).is(200).has(map[string]any{"items.0": one.body})
		for query, n := range map[string]int{"?level=L1": 7, "?level=L2": 0, "?state=new": 7, "?state=solved": 0, "?level=L1&state=new&limit=200": 7} {
			if items := h.do(namedUser, "GET", "/tickets"+query, nil).is(200).at("items").([]any); len(items) != n {
				t.Errorf("%s lists %d, want %d", query, len(items), n)
			}
		}
	})
}

func TestARequestClimbsThroughTheGateAndIsSolved(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("number")
		refused := h.do(vendor1, "POST", path+"/escalate", nil).is(422)
		refused.has(map[string]any{"missing": []string{"steps", "environment_url", "access_details", "evidence", "test_matrix"}, "status": 422, "title": "Unprocessable Entity"})
		if refused.header.Get("Content-Type") != "application/problem+json" || refused.text("clause") == "" {
			t.Errorf("the refusal is %s: %s", refused.header.Get("Content-Type"), refused.raw)
		}
		first := gate()
		delete(first, "evidence")
		h.do(vendor1, "POST", path+"/escalate", first).is(422).has(map[string]any{"missing": []string{"evidence"}})
		h.do(vendor1, "POST", path+"/escalate", map[string]any{"waive": map[string]any{"evidence": "The screen may not be shown"}}).is(200).
			has(map[string]any{"level": "L2", "state": "new", "provider.organisation": "Example Meetings"})
		h.do(vendor1, "POST", path+"/take", nil).is(403)
		h.do(vendor2, "POST", path+"/take", nil).is(200).has(map[string]any{"state": "open", "assignee.name": "Liam Two"})
		h.do(vendor2, "POST", path+"/escalate", map[string]any{}).is(200).has(map[string]any{"level": "L3", "assignee": nil})
		h.do(vendor3, "POST", path+"/return", nil).is(422).blames("reason")
		h.do(vendor3, "POST", path+"/return", map[string]any{"reason": "Fixed in 10.4"}).is(200).has(map[string]any{"level": "L2", "assignee.name": "Liam Two"})
		h.do(vendor2, "POST", path+"/assign", map[string]any{}).is(200).has(map[string]any{"assignee": nil})
		h.do(vendor2, "POST", path+"/assign", map[string]any{"assignee": vendor2}).is(200).has(map[string]any{"assignee.name": "Liam Two"})
		h.do(vendor2, "POST", path+"/solve", map[string]any{"body": "Update to 10.4."}).is(200).has(map[string]any{"state": "solved"})
		h.do(namedUser, "POST", path+"/reopen", nil).is(200).has(map[string]any{"state": "open"})
		h.do(vendor2, "POST", path+"/solve", nil).is(200)
		h.do(vendor2, "POST", path+"/close", nil).is(200).has(map[string]any{"state": "closed"})

		kinds := map[string]bool{}
		for _, e := range h.do(vendor2, "GET", path+"/timeline", nil).is(200).at("items").([]any) {
			kinds[e.(map[string]any)["kind"].(string)] = true
		}
		for _, kind := range []string{"opened", "escalated", "waived", "taken", "returned", "assigned", "released", "solved", "reopened", "closed"} {
			if !kinds[kind] {
				t.Errorf("the timeline lacks %s", kind)
			}
		}
	})
}

func TestAnIncompleteRequestIsCompletedByItsSender(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		a := h.open(cloud, map[string]any{"steps": []any{"Open a session"}})
		a.has(map[string]any{"state": "incomplete", "missing": []string{"environment_url", "access_details", "evidence", "test_matrix"}})
		path := "/tickets/" + a.text("id")
		more := gate()
		delete(more, "steps")
		h.do(cloud, "POST", path+"/escalate", more).is(200).has(map[string]any{"state": "new", "level": "L2", "missing": nil})
	})
}

func TestRoomsHoldWhatTheirReadersMayRead(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.open(namedUser, nil).text("id")
		h.do(vendor1, "POST", path+"/messages", map[string]any{"room": "requester", "body": "Which browser?", "then": "waiting"}).is(201).
			has(map[string]any{"room": "requester", "author.name": "Lena One", "channel": "api", "body": "Which browser?"})
		h.do(vendor1, "POST", path+"/messages", map[string]any{"room": "internal", "body": "Looks like the driver."}).is(201)
		h.do(namedUser, "POST", path+"/messages", map[string]any{"body": "Firefox."}).is(201).has(map[string]any{"room": "requester"})
		bodies := func(who, query string) (out []string) {
			for _, m := range h.do(who, "GET", path+"/messages"+query, nil).is(200).at("items").([]any) {
				out = append(out, m.(map[string]any)["body"].(string))
			}
			return out
		}
		if got := bodies(namedUser, ""); len(got) != 3 || got[0] != "Since this morning." || got[2] != "Firefox." {
			t.Errorf("the requester reads %q", got)
		}
		if got := bodies(vendor1, ""); len(got) != 4 {
			t.Errorf("level 1 reads %q", got)
		}
		if got := bodies(vendor1, "?room=internal-L1"); len(got) != 1 || got[0] != "Looks like the driver." {
			t.Errorf("the desk's room holds %q", got)
		}
		h.do(namedUser, "POST", path+"/messages", map[string]any{"room": "internal-L1", "body": "Hello"}).is(422).blames("room")
		h.do(vendor2, "GET", path+"/messages", nil).is(404)
	})
}

func TestAskingWhatThePolicySaysStoresNothing(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		situation := `{"level": "L2", "category": "how-to", "product": {"type": "cloud-server"}, "requester": {"kind": "end-user", "org_known": true},
			"contract": {"maintenance_active": true}, "account": {"region": "europe"}}`
		dotted := `{"level": "L2", "category": "how-to", "product.type": "cloud-server", "requester.kind": "end-user", "requester.org_known": true,
			"contract.maintenance_active": true, "account.region": "europe"}`
		first := h.do(cloud, "POST", "/coverage", situation).is(200)
		first.has(map[string]any{"covered": "no", "effort": "none", "level": "L2", "provider.kind": "vendor", "provider.organisation": "Example Meetings", "policy_version": "1", "missing": []any{}})
		if first.text("offer.text") == "" || first.text("because.0.clause") == "" {
			t.Errorf("no reason or no way on: %s", first.raw)
		}
		for _, body := range []string{dotted, `{"situation": ` + situation + `}`, `{"situation": ` + dotted + `, "at": "2026-11-23T09:00:00Z"}`} {
			if again := h.do(cloud, "POST", "/coverage", body).is(200); string(again.raw) != string(first.raw) {
				t.Errorf("%s gives %s, want %s", body, again.raw, first.raw)
			}
		}
		h.do(cloud, "POST", "/coverage", `{"at": "2026-11-28T09:00:00Z", "category": "how-to", "product.type": "named-user-cloud", "contract.maintenance_active": true}`).is(200).
			has(map[string]any{"open_now": false, "effort": "best-effort"})
		h.do(cloud, "POST", "/coverage", `{}`).is(200)
		h.do(cloud, "POST", "/coverage", `{"category": "no-such"}`).is(422).blames("category")
		h.do(cloud, "POST", "/coverage", `{"situation": {}, "category": "how-to"}`).is(422).blames("category")
		h.do(cloud, "POST", "/coverage", `[1]`).is(400)
		h.do(cloud, "POST", "/coverage", `category: how-to`).is(400)
		if items := h.do(cloud, "GET", "/tickets", nil).at("items").([]any); len(items) != 0 {
			t.Errorf("%d tickets were stored", len(items))
		}
	})
}

func TestWhatElseCanBeRead(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		h.do(cloud1, "GET", "/me", nil).is(200).has(map[string]any{"name": "Camille Petit", "kind": "customer", "levels": []string{"L1"}, "organisation.name": "Cloud Academy of Music"})
		h.do(namedUser, "GET", "/me", nil).is(200).has(map[string]any{"kind": "end-user", "roles": []string{"end-user"}, "levels": []any{}})
		h.do(cloud, "GET", "/policy", nil).is(200).has(map[string]any{"in_force": "1", "items.0.version": "1"})
		ids := map[string]bool{}
		for _, c := range h.do(cloud, "GET", "/categories", nil).is(200).at("items").([]any) {
			ids[c.(map[string]any)["id"].(string)] = true
		}
		if !ids["how-to"] || !ids["defect"] || !ids["security-update"] {
			t.Errorf("the categories are %v", ids)
		}
		doc := h.do("", "GET", "/openapi.json", nil).is(http.StatusOK)
		if doc.text("openapi") != "3.1.0" {
			t.Errorf("OpenAPI %s", doc.text("openapi"))
		}
	})
}

func TestTheSameKeyIsOneMessage(t *testing.T) {
	each(t, func(h *house, clock *dbtest.Clock) {
		path := "/tickets/" + h.do(named, "POST", "/tickets", map[string]any{"subject": "s", "body": "b", "category": "how-to"}).is(201).text("id") + "/messages"
		first := h.do(named, "POST", path, map[string]any{"body": "once"}, "Idempotency-Key", "m-1").is(201)
		h.do(named, "POST", path, map[string]any{"body": "once"}, "Idempotency-Key", "m-1").is(201).has(map[string]any{"id": first.at("id")})
		h.do(named, "POST", path, map[string]any{"body": "other"}, "Idempotency-Key", "m-1").is(409)
		if n := len(h.do(named, "GET", path, nil).is(200).at("items").([]any)); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
	})
}

// TestADecisionTellsOfWhatWasAgreed: what is left of an allowance, in minutes, and that the channel is open.
func TestADecisionTellsOfWhatWasAgreed(t *testing.T) {
	each(t, func(h *house, _ *dbtest.Clock) {
		h.do(named, "POST", "/coverage", map[string]any{"requester": map[string]any{"kind": "customer"}, "product": map[string]any{"type": "named-user-cloud"}, "category": "api-advice",
			"at": "2026-11-23T09:00:00Z", "bought": map[string]any{"api-hours": "2h"}, "used": map[string]any{"api-hours": "90m"}}).is(200).
			has(map[string]any{"channel_allowed": true, "allowances.0.id": "api-hours", "allowances.0.unit": "minutes", "allowances.0.limit": 120, "allowances.0.used": 90, "allowances.0.left": 30, "allowances.0.allowed": true})
	})
}
