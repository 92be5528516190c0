package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Who answers whom, and what is left out: asked of the running program through
// the API that others build on (clauses responsibility, not-included, hours, escalation).
func TestThePolicyDecidesThroughTheAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		h.part("each product type has its providers", h.providers)
		h.part("what is left out is declined with its way on", h.exclusions)
		h.part("an end user who wants level 2 is shown the own desk", h.endUserWantsLevel2)
		h.part("North America has two calendars at level 1", h.northAmerica)
		h.part("escalation needs what the gate asks", h.gate)
		h.part("a repeated call makes one ticket", h.repeatedCall)
		h.part("lists are paged", h.pages)
	})
}

// part is a part of a test on the same house.
func (h *house) part(name string, fn func(t *testing.T)) {
	whole := h.t
	whole.Run(name, func(t *testing.T) {
		h.t = t
		defer func() { h.t = whole }()
		fn(t)
	})
}

func (h *house) providers(t *testing.T) {
	const vendor, cloud, clinic = "Example Meetings", "Cloud Academy of Music", "Selfhosted Clinic Group"
	cases := []struct{ who, category, state, level, kind, organisation, serves string }{
		{"enduser@named.example", "how-to", "new", "L1", "vendor", vendor, "end-user customer"},
		{"admin@named.example", "how-to", "new", "L1", "vendor", vendor, "end-user customer"},
		{"admin@named.example", "defect", "incomplete", "L2", "vendor", vendor, "end-user customer"},
		{"admin@named.example", "security-update", "new", "L2", "vendor", vendor, "end-user customer"},
		{"enduser@cloud.example", "camera-microphone", "new", "L1", "customer", cloud, "end-user"},
		{"enduser@cloud.example", "defect", "new", "L1", "customer", cloud, "end-user"},
		{"enduser@cloud.example", "capacity", "new", "L1", "customer", cloud, "end-user"},
		{"admin@cloud.example", "how-to", "incomplete", "L2", "vendor", vendor, "customer"},
		{"l1@cloud.example", "defect", "incomplete", "L2", "vendor", vendor, "customer"},
		{"admin@cloud.example", "hardware", "new", "L2", "vendor", vendor, "customer"},
		{"enduser@selfhosted.example", "how-to", "new", "L1", "customer", clinic, "end-user"},
		{"admin@selfhosted.example", "defect", "incomplete", "L2", "vendor", vendor, "customer"},
		{"admin@selfhosted.example", "security-update", "new", "L3", "customer", clinic, "customer"},
	}
	for _, c := range cases {
		out := h.as(c.who).opens(object{"category": c.category})
		got := []string{out.str("state"), out.str("level"), out.str("provider.kind"), out.str("provider.organisation"), strings.Join(out.list("coverage.serves"), " ")}
		if want := []string{c.state, c.level, c.kind, c.organisation, c.serves}; !slices.Equal(got, want) {
			t.Errorf("%s asks about %s: %q, want %q", c.who, c.category, got, want)
		}
		if c.category == "security-update" && c.kind == "vendor" && !strings.Contains(reasons(out), "levels") {
			t.Errorf("%s is not told why it starts below level 3: %s", c.who, reasons(out))
		}
	}
}

// reasons are the clauses that decided.
func reasons(o object) string {
	var list []string
	for _, r := range o.items("coverage.because") {
		list = append(list, r.str("clause"))
	}
	return strings.Join(list, " ")
}

func (h *house) exclusions(t *testing.T) {
	cases := []struct{ who, category, clause, offer, kind string }{
		{"admin@lapsed.example", "how-to", "not-included", "Renew maintenance", "sales"},
		{"admin@old.example", "how-to", "not-included", "Upgrade to a supported version", "update"},
		{"admin@named.example", "development", "not-included", "API premium support", "sales"},
		{"admin@named.example", "integration", "not-included", "A partner", "partner"},
		{"enduser@named.example", "training", "not-included", "Training", "sales"},
		{"admin@cloud.example", "tuning", "not-included", "Talk to sales", "sales"},
		{"admin@selfhosted.example", "capacity", "not-included", "Talk to sales", "sales"},
	}
	for _, c := range cases {
		out := h.as(c.who).opens(object{"category": c.category})
		got := []string{out.str("state"), out.str("coverage.covered"), out.str("coverage.because.0.clause"), out.str("coverage.offer.text"), out.str("coverage.offer.kind"), out.str("coverage.effort")}
		if want := []string{"declined", "no", c.clause, c.offer, c.kind, "none"}; !slices.Equal(got, want) {
			t.Errorf("%s asks about %s: %q, want %q", c.who, c.category, got, want)
		}
		h.as(c.who).want(http.StatusOK, http.MethodGet, "/tickets/"+out.str("number"), nil)
	}
}

func (h *house) endUserWantsLevel2(t *testing.T) {
	before := len(h.as("manager@vendor.example").want(http.StatusOK, http.MethodGet, "/tickets?limit=200", nil).items("items"))
	for _, product := range []string{"cloud-server", "self-hosted"} {
		out := h.as("l1@vendor.example").want(http.StatusOK, http.MethodPost, "/coverage", object{"category": "defect", "level": "L2",
			"product": object{"type": product}, "requester": object{"kind": "end-user"}, "contract": object{"maintenance_active": true}, "account": object{"region": "europe"}})
		if out.str("covered") != "no" || out.str("because.0.clause") != "not-included" || out.str("offer.kind") != "provider" || !strings.Contains(out.str("offer.text"), "desk") {
			t.Errorf("%s: %v", product, out)
		}
	}
	out := h.as("l1@vendor.example").want(http.StatusOK, http.MethodPost, "/coverage", object{"category": "defect", "level": "L2",
		"product": object{"type": "named-user-cloud"}, "requester": object{"kind": "end-user"}, "contract": object{"maintenance_active": true}, "account": object{"region": "europe"}})
	if out.str("covered") != "yes" {
		t.Errorf("on the named-user cloud the users are the vendor's own: %v", out)
	}
	if after := len(h.as("manager@vendor.example").want(http.StatusOK, http.MethodGet, "/tickets?limit=200", nil).items("items")); after != before {
		t.Errorf("asking stored %d tickets", after-before)
	}
}

func (h *house) northAmerica(t *testing.T) {
	cases := []struct {
		at, region, level string
		open              string
	}{
		// January: ET is GMT-5, so 08:00-17:00 ET is 13:00-22:00 GMT
		{"2027-01-13T07:59:00Z", "north-america", "how-to", "false"},
		{"2027-01-13T08:00:00Z", "north-america", "how-to", "true"},
		{"2027-01-13T21:59:00Z", "north-america", "how-to", "true"},
		{"2027-01-13T22:00:00Z", "north-america", "how-to", "false"},
		{"2027-01-13T17:00:00Z", "europe", "how-to", "false"},
		{"2027-01-13T17:00:00Z", "north-america", "defect", "false"},
		// July: ET is GMT-4, so it is 12:00-21:00 GMT
		{"2027-07-14T20:59:00Z", "north-america", "how-to", "true"},
		{"2027-07-14T21:00:00Z", "north-america", "how-to", "false"},
		{"2027-07-14T08:00:00Z", "europe", "how-to", "true"},
		{"2027-07-17T14:00:00Z", "north-america", "how-to", "false"}, // a Saturday
	}
	for _, c := range cases {
		out := h.as("l1@vendor.example").want(http.StatusOK, http.MethodPost, "/coverage", object{"at": c.at, "category": c.level, "product": object{"type": "named-user-cloud"},
			"requester": object{"kind": "customer"}, "contract": object{"maintenance_active": true}, "account": object{"region": c.region}})
		if out.str("open_now") != c.open || out.str("covered") != "yes" {
			t.Errorf("%+v: open %s, covered %s", c, out.str("open_now"), out.str("covered"))
		}
		if c.open == "false" && (out.str("opens_at") == "" || out.str("effort") != "best-effort") {
			t.Errorf("%+v: opens %q, effort %q", c, out.str("opens_at"), out.str("effort"))
		}
	}
	own := h.as("l1@vendor.example").want(http.StatusOK, http.MethodPost, "/coverage", object{"at": "2027-01-16T03:00:00Z", "category": "how-to", "product": object{"type": "cloud-server"},
		"requester": object{"kind": "end-user"}, "account": object{"region": "north-america"}, "contract": object{"maintenance_active": true}})
	if own.str("provider.kind") != "customer" || own.at("open_now") != nil {
		t.Errorf("the vendor's hours bind a customer's own desk: %v", own)
	}
}

// given is everything that the gate to level 2 asks.
func given() object {
	return object{"steps": []any{"Open the room", object{"action": "Switch the camera on", "expected": "A picture", "actual": "Black"}}, "environment_url": "https://named.example/room", "none_needed": true,
		"test_matrix": []any{object{"browser": "Firefox 145", "os": "Debian 13", "device": "Laptop", "result": "Fails"}}, "tried": "Another camera.",
		"waive": object{"evidence": "No pictures are allowed here."}}
}

func (h *house) gate(t *testing.T) {
	engineer := h.as("l1@vendor.example")
	number := h.as("admin@named.example").opens(object{"category": "camera-microphone"}).str("number")
	path := "/tickets/" + number + "/escalate"
	out := engineer.want(http.StatusUnprocessableEntity, http.MethodPost, path, object{})
	want := []string{"steps", "environment_url", "access_details", "evidence", "test_matrix"}
	if got := out.list("missing"); !slices.Equal(got, want) {
		t.Errorf("missing %q, want %q", got, want)
	}
	out = engineer.want(http.StatusUnprocessableEntity, http.MethodPost, path, object{"steps": []any{"Switch the camera on"}, "none_needed": true, "tried": "Another camera."})
	if got := out.list("missing"); !slices.Equal(got, []string{"environment_url", "evidence", "test_matrix"}) {
		t.Errorf("missing %q after some was given", got)
	}
	h.as("l2@vendor.example").want(http.StatusNotFound, http.MethodGet, "/tickets/"+number, nil)
	out = engineer.want(http.StatusOK, http.MethodPost, path, given())
	if out.str("level") != "L2" || out.str("state") != "new" {
		t.Errorf("%s at %s", out.str("state"), out.str("level"))
	}
	up := h.as("l2@vendor.example")
	up.want(http.StatusOK, http.MethodPost, "/tickets/"+number+"/take", nil)
	out = up.want(http.StatusOK, http.MethodPost, "/tickets/"+number+"/escalate", object{"tried": "A new driver."})
	if out.str("level") != "L3" {
		t.Errorf("level 2 opens %s", out.str("level"))
	}
	h.as("admin@named.example").want(http.StatusForbidden, http.MethodPost, path, given())

	// a desk that comes straight to level 2 submits through the same gate, with its own number
	desk := h.as("l1@cloud.example")
	direct := desk.opens(object{"category": "defect", "reference": "HELP-77"})
	if direct.str("state") != "incomplete" || direct.str("reference") != "HELP-77" || len(direct.list("missing")) != 5 {
		t.Errorf("%s %q %q", direct.str("state"), direct.str("reference"), direct.list("missing"))
	}
	done := desk.want(http.StatusOK, http.MethodPost, "/tickets/"+direct.str("number")+"/escalate", given())
	if done.str("state") != "new" || done.str("level") != "L2" {
		t.Errorf("%s at %s", done.str("state"), done.str("level"))
	}
}

func (h *house) repeatedCall(t *testing.T) {
	c := h.as("admin@named.example")
	in := object{"subject": "Once", "body": "Only once.", "category": "how-to"}
	first := c.want(http.StatusCreated, http.MethodPost, "/tickets", in, "Idempotency-Key", "k-1")
	again := c.want(http.StatusCreated, http.MethodPost, "/tickets", in, "Idempotency-Key", "k-1")
	if first.str("id") == "" || first.str("id") != again.str("id") {
		t.Errorf("%s and %s", first.str("number"), again.str("number"))
	}
	in["body"] = "Something else."
	c.want(http.StatusConflict, http.MethodPost, "/tickets", in, "Idempotency-Key", "k-1")
}

func (h *house) pages(t *testing.T) {
	c := h.as("manager@vendor.example")
	all := c.want(http.StatusOK, http.MethodGet, "/tickets?limit=200", nil).items("items")
	var seen []string
	for cursor, rounds := "", 0; rounds < 100; rounds++ {
		page := c.want(http.StatusOK, http.MethodGet, "/tickets?limit=7&cursor="+cursor, nil)
		for _, item := range page.items("items") {
			seen = append(seen, item.str("number"))
		}
		if cursor = page.str("next_cursor"); cursor == "" {
			break
		}
	}
	if len(seen) != len(all) || len(all) < 40 {
		t.Errorf("%d by pages of 7, %d at once", len(seen), len(all))
	}
	for i := range all {
		if i < len(seen) && all[i].str("number") != seen[i] {
			t.Fatalf("place %d: %s and %s", i, all[i].str("number"), seen[i])
		}
	}
	c.want(http.StatusUnprocessableEntity, http.MethodGet, "/tickets?limit=201", nil)
	if got := c.want(http.StatusOK, http.MethodGet, "/tickets?limit=200&state=declined&level=L1", nil).items("items"); slices.ContainsFunc(got, func(o object) bool { return o.str("state") != "declined" || o.str("level") != "L1" }) {
		t.Error("the filter lets others through")
	}
}
