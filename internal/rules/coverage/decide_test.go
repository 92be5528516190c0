package coverage

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/policies"
)

// maintained is an account under maintenance outside North America, on a Wednesday morning.
const maintained = `at: 2026-01-14T10:00:00Z, contract: {maintenance_active: yes, new_releases: yes}, account: {region: europe}`

const handOver = `provided: [steps, environment_url, none_needed, evidence, test_matrix]`

func decide(t *testing.T, text string, args ...any) Decision {
	t.Helper()
	p := defaultPolicy(t)
	return Decide(p, situation(t, p, "{"+fmt.Sprintf(text, args...)+"}"))
}

func clausesOf(d Decision) []string {
	var list []string
	for _, r := range d.Because {
		list = append(list, r.Clause)
	}
	return list
}

// TestWhoProvidesWhat is the clause "Who provides what" as the policy prints it.
func TestWhoProvidesWhat(t *testing.T) {
	for _, c := range []struct {
		product, level, provider string
		serves                   []string
	}{
		{"named-user-cloud", "L1", "vendor", []string{"end-user", "customer"}},
		{"named-user-cloud", "L2", "vendor", []string{"end-user", "customer"}},
		{"named-user-cloud", "L3", "vendor", []string{"end-user", "customer"}},
		{"cloud-server", "L1", "customer", []string{"end-user"}},
		{"cloud-server", "L2", "vendor", []string{"customer"}},
		{"cloud-server", "L3", "vendor", []string{"customer"}},
		{"self-hosted", "L1", "customer", []string{"end-user"}},
		{"self-hosted", "L2", "vendor", []string{"customer"}},
		{"self-hosted", "L3", "customer", []string{"customer"}},
	} {
		// Monitoring may open every level and is served everywhere.
		d := decide(t, maintained+`, product: {type: %s}, requester: {kind: monitoring}, level: %s`, c.product, c.level)
		if d.Level != c.level || d.Provider.Kind != c.provider || !reflect.DeepEqual(d.Serves, c.serves) || d.Covered != CoveredYes {
			t.Errorf("%s %s: %s, provider %v serves %v, covered %s", c.product, c.level, d.Level, d.Provider, d.Serves, d.Covered)
		}
		if c.provider == "customer" {
			continue
		}
		partner := decide(t, `at: 2026-01-14T10:00:00Z, contract: {maintenance_active: yes}, account: {partner: acme}, product: {type: %s}, requester: {kind: monitoring}, level: %s`, c.product, c.level)
		if partner.Provider != (Provider{Kind: "partner", Org: "acme"}) {
			t.Errorf("%s %s with a partner: %v", c.product, c.level, partner.Provider)
		}
		without := decide(t, `at: 2026-01-14T10:00:00Z, contract: {maintenance_active: yes}, account: {partner: acme, partner_levels: []}, product: {type: %s}, requester: {kind: monitoring}, level: %s`, c.product, c.level)
		if without.Provider.Kind != "vendor" {
			t.Errorf("%s %s with a partner that runs no desk for it: %v", c.product, c.level, without.Provider)
		}
	}
}

// TestExclusions is every exclusion of the clause "What is not included", with its clause and its way on.
func TestExclusions(t *testing.T) {
	for _, c := range []struct{ what, text, clause, offer string }{
		{"an end user of a cloud server at level 2", maintained + `, product: {type: cloud-server}, requester: {kind: end-user}, level: L2`, "not-included", "own-desk"},
		{"an end user of self-hosted software at level 2", maintained + `, product: {type: self-hosted}, requester: {kind: end-user}, level: L2`, "not-included", "own-desk"},
		{"no maintenance", `at: 2026-01-14T10:00:00Z, contract: {maintenance_active: no}, product: {type: named-user-cloud}, requester: {kind: customer}, category: how-to`, "not-included", "renew"},
		{"end of life", maintained + `, version: {until: 2026-01-13}, product: {type: named-user-cloud}, requester: {kind: customer}, category: how-to`, "not-included", "upgrade"},
		{"development", maintained + `, product: {type: named-user-cloud}, requester: {kind: customer}, category: development`, "not-included", "api-premium"},
		{"integration", maintained + `, product: {type: cloud-server}, requester: {kind: customer}, category: integration`, "not-included", "partner"},
		{"training", maintained + `, product: {type: self-hosted}, requester: {kind: customer}, category: training`, "not-included", "training"},
		{"tuning", maintained + `, product: {type: self-hosted}, requester: {kind: customer}, category: tuning`, "not-included", "sales"},
		{"capacity", maintained + `, product: {type: cloud-server}, requester: {kind: customer}, category: capacity`, "not-included", "sales"},
		{"writing code", maintained + `, product: {type: cloud-server}, requester: {kind: customer}, category: api-coding`, "api-premium", "partner"},
		{"an update without entitlement", `at: 2026-01-14T10:00:00Z, contract: {maintenance_active: no, new_releases: no}, version: {phase: ended}, product: {type: self-hosted}, requester: {kind: customer}, category: update`, "not-entitled", "quote"},
	} {
		d := decide(t, "%s", c.text)
		if d.Covered != CoveredNo || d.Effort != EffortNone || len(d.Missing) > 0 {
			t.Errorf("%s: covered %s, effort %s, missing %v", c.what, d.Covered, d.Effort, d.Missing)
			continue
		}
		if first := d.Because[0]; first.Clause != c.clause || first.Offer != c.offer || first.Text == "" || first.Line == 0 {
			t.Errorf("%s: the first reason is %+v", c.what, first)
		}
		if o := d.Offer(); o == nil || o.ID != c.offer || o.Text == "" {
			t.Errorf("%s: the way on is %+v", c.what, o)
		}
	}
}

func TestOverriddenRulesAreShownStruckOut(t *testing.T) {
	d := decide(t, `at: 2026-01-14T10:00:00Z, contract: {maintenance_active: no, new_releases: no}, version: {phase: ended}, product: {type: self-hosted}, requester: {kind: customer}, category: update`)
	var struck []string
	for _, r := range d.Because {
		if r.Overridden {
			struck = append(struck, r.Rule)
		}
	}
	if want := []string{"no-maintenance", "end-of-life", "phase ended"}; !slices.Equal(struck, want) {
		t.Errorf("struck out: %v, want %v", struck, want)
	}
}

func TestTheEndOfLifeIsADayInTheZoneOfThePolicy(t *testing.T) {
	for at, want := range map[string]string{"2026-06-30T23:59:59Z": CoveredYes, "2026-07-01T00:00:00Z": CoveredNo} {
		d := decide(t, `at: %s, contract: {maintenance_active: yes}, account: {region: europe}, version: {until: 2026-06-30}, product: {type: named-user-cloud}, requester: {kind: customer}, category: how-to`, at)
		if d.Covered != want {
			t.Errorf("at %s a version supported until 2026-06-30 is covered %s, want %s", at, d.Covered, want)
		}
	}
}

func TestAWishForLevel3StartsNoHigherThanTheLevelsClauseAllows(t *testing.T) {
	for _, wish := range []string{"category: security-update", "level: L3"} {
		d := decide(t, maintained+`, product: {type: cloud-server}, requester: {kind: customer}, %s`, wish)
		if d.Level != "L2" || d.LevelWanted != "L3" || !slices.Contains(clausesOf(d), "levels") {
			t.Errorf("%s: level %s wanted %s because %v", wish, d.Level, d.LevelWanted, clausesOf(d))
		}
	}
	raised := decide(t, maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: security-update, level: L3, level_done: L2`)
	if raised.Level != "L3" {
		t.Errorf("what level 2 handed on stands at %s", raised.Level)
	}
	next := decide(t, maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: security-update, level_done: L2`)
	if next.Level != "L3" {
		t.Errorf("after level 2 comes %s", next.Level)
	}
}

func TestACustomerThatProvidesLevel1StartsAtLevel2ThroughTheGate(t *testing.T) {
	d := decide(t, maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: how-to`)
	if want := []string{"steps", "environment_url", "access_details", "evidence", "test_matrix"}; d.Level != "L2" || !slices.Equal(d.Missing, want) {
		t.Errorf("starts at %s, missing %v", d.Level, d.Missing)
	}
	if !slices.Contains(clausesOf(d), "escalation") {
		t.Errorf("the gate's clause is not cited: %v", clausesOf(d))
	}
	complete := decide(t, maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: how-to, provided: [steps, environment_url, none_needed, test_matrix], waived: [evidence]`)
	if len(complete.Missing) > 0 {
		t.Errorf("with everything and one waiver still missing %v", complete.Missing)
	}
}

func TestGate(t *testing.T) {
	p := defaultPolicy(t)
	s := situation(t, p, "{"+maintained+`, product: {type: named-user-cloud}, requester: {kind: end-user}, category: how-to}`)
	for _, c := range []struct {
		provided, waived string
		want             []string
	}{
		{"", "", []string{"steps", "environment_url", "access_details", "evidence", "test_matrix"}},
		{"steps environment_url none_needed evidence test_matrix", "", nil},
		{"steps environment_url access_details evidence test_matrix", "", nil},
		{"steps environment_url access_details test_matrix", "evidence", nil},
		{"environment_url none_needed evidence test_matrix", "steps", []string{"steps"}},
		{"steps", "evidence test_matrix environment_url", []string{"environment_url", "access_details", "test_matrix"}},
	} {
		s.Provided, s.Waived = strings.Fields(c.provided), strings.Fields(c.waived)
		if got := Items(Gate(p, s, "L1", "L2")); !slices.Equal(got, c.want) {
			t.Errorf("provided %q, waived %q: missing %v, want %v", c.provided, c.waived, got, c.want)
		}
	}
	s.Provided, s.Waived = nil, nil
	if got := Requirements(p, s, "L1", "L2"); len(got) != 5 || !got[3].Waivable || got[2].Waivable || !slices.Equal(got[2].IDs, []string{"access_details", "none_needed"}) {
		t.Errorf("asked for: %v", got)
	}
	if got := Gate(p, s, "L2", "L3"); got != nil {
		t.Errorf("level 3 asks for %v", got)
	}
	if got := Gate(p, s, "L1", "L3"); len(got) != 5 {
		t.Errorf("straight to level 3 misses %v", got)
	}
}

// A table of five lines is asked for, or of two; what the request has is counted.
func TestAGateCountsWhatItAsksFor(t *testing.T) {
	p, findings := policy.Parse("count.md", []byte(strings.Replace(string(policies.Default()), "{test_matrix: 1}", "{test_matrix: 3}", 1)))
	if p == nil {
		t.Fatal(findings)
	}
	for _, c := range []struct {
		amounts string
		missing bool
	}{{"", true}, {", amounts: {test_matrix: 2}", true}, {", amounts: {test_matrix: 3}", false}, {", amounts: {steps: 3}", true}} {
		s := situation(t, p, "{"+maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: how-to, `+handOver+c.amounts+"}")
		d := Decide(p, s)
		if got := slices.Contains(d.Missing, "test_matrix"); got != c.missing || len(d.Missing) > 1 {
			t.Errorf("%q: missing %v", c.amounts, d.Missing)
		}
		if required, missing := AtSubmit(p, s); len(required) != 5 || !slices.Equal(Items(missing), d.Missing) {
			t.Errorf("%q: at submit %v of %v", c.amounts, missing, required)
		}
	}
}

// TestHours is the clause "Support hours" through the year.
func TestHours(t *testing.T) {
	for _, c := range []struct {
		what, at, region, level string
		open                    bool
		effort                  string
	}{
		{"GMT opens in winter", "2026-01-14T08:00:00Z", "europe", "L1", true, EffortNormal},
		{"GMT closes", "2026-01-14T17:00:00Z", "europe", "L1", false, EffortBestEffort},
		{"GMT does not move in summer", "2026-07-15T07:59:00Z", "europe", "L1", false, EffortBestEffort},
		{"ET opens on top of GMT in January", "2026-01-14T21:59:00Z", "north-america", "L1", true, EffortNormal},
		{"ET closes at 17:00 in January", "2026-01-14T22:00:00Z", "north-america", "L1", false, EffortBestEffort},
		{"ET closes at 17:00 in July", "2026-07-15T20:59:00Z", "north-america", "L1", true, EffortNormal},
		{"ET is an hour earlier in July", "2026-07-15T21:00:00Z", "north-america", "L1", false, EffortBestEffort},
		{"GMT holds in North America too", "2026-01-14T08:30:00Z", "north-america", "L1", true, EffortNormal},
		{"ET is for level 1 only", "2026-01-14T18:00:00Z", "north-america", "L2", false, EffortBestEffort},
		{"Saturdays are closed", "2026-01-17T12:00:00Z", "north-america", "L1", false, EffortBestEffort},
		{"level 3 never closes", "2026-01-17T03:00:00Z", "europe", "L3", true, EffortNormal},
	} {
		d := decide(t, `at: %s, contract: {maintenance_active: yes}, account: {region: %s}, product: {type: named-user-cloud}, requester: {kind: monitoring}, level: %s`, c.at, c.region, c.level)
		if d.OpenNow == nil || *d.OpenNow != c.open || d.Effort != c.effort || d.Covered != CoveredYes {
			t.Errorf("%s: open %v, effort %s, covered %s", c.what, d.OpenNow, d.Effort, d.Covered)
		}
		if c.open == (d.OpensAt != nil) {
			t.Errorf("%s: opens at %v", c.what, d.OpensAt)
		}
	}
}

func TestACustomersOwnDeskIsNotBoundByTheVendor(t *testing.T) {
	d := decide(t, `at: 2026-01-17T03:00:00Z, contract: {maintenance_active: no}, version: {phase: ended}, product: {type: cloud-server}, requester: {kind: end-user}, category: training`)
	if d.Covered != CoveredYes || d.OpenNow != nil || d.OpensAt != nil || d.Provider.Kind != "customer" || d.Effort != EffortNormal || len(d.Unsettled) > 0 {
		t.Errorf("own desk: %+v", d)
	}
}

func TestWhatIsNotKnownIsAskedAndNeverGuessed(t *testing.T) {
	unknown := decide(t, `at: 2026-01-14T10:00:00Z, requester: {kind: unknown}, category: training`)
	if unknown.Covered != CoveredAsk || unknown.Provider.Kind != "vendor" || unknown.Level != "L1" || !unknown.Served {
		t.Errorf("unknown sender: %+v", unknown)
	}
	if len(unknown.Clocks) != 1 || unknown.Clocks[0].State != ClockRunning || !unknown.Clocks[0].Provisional {
		t.Errorf("its clocks: %+v", unknown.Clocks)
	}
	maintenance := decide(t, `at: 2026-01-14T10:00:00Z, account: {region: europe}, product: {type: named-user-cloud}, requester: {kind: customer}, category: how-to`)
	want := []Unsettled{{Field: "covered", Cause: CauseMissing, Needs: []string{"contract.maintenance_active"}}}
	if maintenance.Covered != CoveredAsk || !reflect.DeepEqual(maintenance.Unsettled, want) {
		t.Errorf("unknown maintenance: %s %+v", maintenance.Covered, maintenance.Unsettled)
	}
	excluded := decide(t, `at: 2026-01-14T10:00:00Z, account: {region: europe}, product: {type: named-user-cloud}, requester: {kind: customer}, category: training`)
	if excluded.Covered != CoveredNo || len(excluded.Unsettled) > 0 {
		t.Errorf("training with unknown maintenance: %s %+v", excluded.Covered, excluded.Unsettled)
	}
	someone := decide(t, maintained+`, product: {type: cloud-server}, requester: {kind: unknown}, category: how-to`)
	if someone.Covered != CoveredAsk || !slices.Equal(someone.Unsettled[0].Needs, []string{"requester.kind"}) {
		t.Errorf("unknown person of a known account: %s %+v", someone.Covered, someone.Unsettled)
	}
	if empty := decide(t, ""); empty.Covered != CoveredAsk || empty.OpenNow != nil {
		t.Errorf("nothing known: %+v", empty)
	}
}

// TestEveryCombination compares Decide with the clauses written down a second time, as plain Go.
func TestEveryCombination(t *testing.T) {
	p := defaultPolicy(t)
	count := 0
	for _, product := range p.ProductTypes() {
		for _, level := range []string{"L1", "L2", "L3"} {
			for _, kind := range []string{"end-user", "customer", "partner", "vendor", "monitoring"} {
				for _, maintenance := range []Tri{NotKnown, No, Yes} {
					for _, phase := range []string{"supported", "ended"} {
						s := &Situation{At: 1768384800000, Level: level, Product: Product{Type: product}, Version: VersionFacts{Phase: phase}}
						s.Requester.Kind, s.Contract.MaintenanceActive, s.Account.Region = kind, maintenance, "europe"
						d := Decide(p, s)
						want := expected(product, level, kind, maintenance, phase)
						got := fmt.Sprint(d.Level, d.Provider.Kind, d.Served, d.Covered)
						if got != want {
							t.Errorf("%s, asked at %s by %s, maintenance %d, %s: %s, want %s", product, level, kind, maintenance, phase, got, want)
						}
						if len(d.Because) == 0 || d.Because[0].Clause == "" {
							t.Errorf("%s %s %s: no reason", product, level, kind)
						}
						count++
					}
				}
			}
		}
	}
	if count != 270 {
		t.Errorf("%d combinations", count)
	}
}

func expected(product, level, kind string, maintenance Tri, phase string) string {
	own := func(level string) bool {
		return level == "L1" && product != "named-user-cloud" || level == "L3" && product == "self-hosted"
	}
	if level == "L3" && !own("L3") && kind != "monitoring" {
		level = "L2" // opened by level 2 and monitoring only
	}
	provider := "vendor"
	if own(level) {
		provider = "customer"
	}
	below := map[string]string{"L2": "L1", "L3": "L2"}[level]
	served := kind == "monitoring"
	switch kind {
	case "end-user":
		served = product == "named-user-cloud" || level == "L1"
	case "customer":
		served = true
	case "vendor":
		served = provider == "vendor" || below != "" && !own(below)
	}
	covered := CoveredYes
	switch {
	case !served:
		covered = CoveredNo
	case provider == "customer":
	case maintenance == No || phase == "ended":
		covered = CoveredNo
	case maintenance == NotKnown:
		covered = CoveredAsk
	}
	return fmt.Sprint(level, provider, served, covered)
}

func TestTheProbesOfTheDefaultPolicyPass(t *testing.T) {
	p := defaultPolicy(t)
	files, err := fs.Glob(policies.FS, "illumeet*.probes.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var reports []ProbeReport
	passed := 0
	for _, file := range files {
		src, err := fs.ReadFile(policies.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		r := RunProbes(p, file, src)
		for _, line := range r.Lines {
			t.Error(line)
		}
		passed += r.Passed
		reports = append(reports, r)
	}
	if passed < 60 {
		t.Errorf("only %d probes", passed)
	}
	for _, line := range Unreached(p, reports...) {
		t.Error(line)
	}
}

func TestProbesThatSayNothingAreMistakes(t *testing.T) {
	p := defaultPolicy(t)
	for text, want := range map[string]string{
		"probes: [{name: a, situation: {}}]":                                     "x.yaml:1:10: a: a probe that expects nothing",
		"probes: [{name: a, situation: {}, expect: {}}]":                         "x.yaml:1:10: a: a probe that expects nothing",
		"probes: [{name: a, expect: {duedate: 1}}]":                              "x.yaml:1:29: a: `expect.duedate` is not part of a decision",
		"probes: [{name: a, situation: {categry: how-to}, expect: {level: L1}}]": `x.yaml:1:32: a: categry: unknown fact; did you mean "category"?`,
		"probes: [{name: a, expect: {level: L2}}]":                               `x.yaml:1:36: a: level: expected L2, got "L1"`,
		"probes: [{name: a, expect: {clauses: [houers]}}]":                       "x.yaml:1:39: a: no clause #houers in the policy",
		"probes: [{name: a, expects: {level: L1}}]":                              `x.yaml:1:20: a: unknown key "expects" in a probe`,
		"probe: []": `x.yaml:1:1: unknown key "probe" in a probe file`,
		"- a":       "x.yaml:1:1: a probe file is a map with `probes`",
	} {
		r := RunProbes(p, "x.yaml", []byte(text))
		if r.Failed == 0 || r.Passed != 0 || !slices.ContainsFunc(r.Lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
			t.Errorf("%s: %d failed, %v, want %s", text, r.Failed, r.Lines, want)
		}
	}
}

func TestPrepaidHours(t *testing.T) {
	base := maintained + `, product: {type: cloud-server}, requester: {kind: customer}, category: api-advice`
	for text, want := range map[string]string{
		"":                           CoveredNo,
		", bought: {api-hours: 30m}": CoveredYes,
		", bought: {api-hours: 29m}": CoveredNo,
		", bought: {api-hours: 10h}, used: {api-hours: 9h30m}":                          CoveredYes,
		", bought: {api-hours: 10h}, used: {api-hours: 9h30m}, asked: {api-hours: 31m}": CoveredNo,
	} {
		d := decide(t, "%s", base+text)
		if d.Covered != want || d.Charge == nil || d.Charge.From != "api-hours" {
			t.Errorf("%q: covered %s, charge %v", text, d.Covered, d.Charge)
		}
		if want == CoveredNo && (d.Because[0].Clause != "api-premium" || d.Offer().ID != "api-premium") {
			t.Errorf("%q: first reason %+v", text, d.Because[0])
		}
	}
}

func TestSituationsAreWrittenAndReadAlike(t *testing.T) {
	p := defaultPolicy(t)
	text := `{"at":"2026-01-14T10:00:00Z","category":"defect","level":"L2","provided":["steps"],"lead_time":"9d","account":{"region":"europe","partner_levels":[]},` +
		`"contract":{"provides":{"L1":"acme"},"signed":"2025-10-08","maintenance_active":true,"new_releases":false,"users":250},"version":{"id":"10.0"},` +
		`"requester":{"kind":"customer","levels":["L1"]},"bought":{"api-hours":36000000},"events":[{"at":"2026-01-14T10:00:00Z","event":"created"}]}`
	s := situation(t, p, text)
	out, err := json.Marshal(s)
	if err != nil || string(out) != text {
		t.Errorf("written as %s, %v", out, err)
	}
	var back Situation
	if err := json.Unmarshal(out, &back); err != nil || !reflect.DeepEqual(&back, s) {
		t.Errorf("read back as %+v, %v", back, err)
	}
	dotted := situation(t, p, "account.region: europe\nrequester.kind: customer\ncontract: {maintenance_active: yes}\n")
	nested := situation(t, p, `{"account": {"region": "europe"}, "requester": {"kind": "customer"}, "contract.maintenance_active": true}`)
	if !reflect.DeepEqual(dotted, nested) {
		t.Errorf("dotted %+v, nested %+v", dotted, nested)
	}
}

func TestSituationsWithMistakes(t *testing.T) {
	p := defaultPolicy(t)
	for text, want := range map[string]string{
		`{category: deffect}`:                                   `category: no category "deffect"; did you mean "defect"?`,
		`{level: L4}`:                                           `level: no level "L4"; did you mean "L1"?`,
		`{product: {type: cloud}}`:                              `product.type: no product type "cloud"; known: named-user-cloud, cloud-server, self-hosted`,
		`{requester: {kind: robot}}`:                            `requester.kind: no requester kind "robot"; known: end-user, customer, partner, vendor, monitoring, unknown`,
		`{requester: {knd: customer}}`:                          `requester.knd: unknown fact; did you mean "requester.kind"?`,
		`{custmer: yes}`:                                        `custmer: unknown fact`,
		`{contract: {maintenance_active: soon}}`:                `contract.maintenance_active: expected yes or no, found "soon"`,
		`{at: yesterday}`:                                       `at: expected an instant such as 2026-11-24T08:00:00Z, found "yesterday"`,
		`{covered: yes}`:                                        `covered: covered is worked out by the policy and cannot be given`,
		`{category: defect, "category": how-to}`:                `: "category" is defined twice: here and in line 1`,
		`{requester: {kind: customer}, requester.kind: vendor}`: `requester.kind: given twice`,
		`{provided: [stepps]}`:                                  `provided: no provided "stepps"; did you mean "steps"?`,
		`{bought: {hours: 1h}}`:                                 `bought.hours: no allowance "hours" in this policy`,
		`{events: [{event: created}]}`:                          "events[0]: an event needs `at` and `event`",
		`[1]`:                                                   `: expected a map of facts, found a list`,
		`{contract.users: many}`:                                `contract.users: expected a whole number, found "many"`,
	} {
		s, errs := ParseSituation(p, []byte(text))
		if s == nil || len(errs) == 0 || errs[0].Error() != want {
			t.Errorf("%s: %v, want %s", text, errs, want)
		}
	}
}

func TestExplainSaysItInSentences(t *testing.T) {
	p := defaultPolicy(t)
	s := situation(t, p, "{"+maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: security-update}`)
	text := Explain(p, s, Decide(p, s))
	for _, want := range []string{"The request is covered.", "It starts at Level 2, which Example Meetings provides.", "Level 3 was asked for", "The desk is open until Wed 14 Jan 2026, 17:00 GMT (UTC).", "#levels", "#responsibility", "#hours"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	declined := situation(t, p, `{at: 2026-01-17T10:00:00Z, product: {type: cloud-server}, requester: {kind: customer}, account: {region: europe}, contract: {maintenance_active: no}, category: defect}`)
	want := "The request is not covered: it is kept as declined.\nIt came to Level 2, which Example Meetings provides.\nThe way on: renew maintenance.\n\nWhy:\n- Maintenance for this account is not active"
	if text := Explain(p, declined, Decide(p, declined)); !strings.HasPrefix(text, want) {
		t.Errorf("declined: %s", text)
	}
	unknown := situation(t, p, `{at: 2026-01-17T10:00:00Z, requester: {kind: unknown}}`)
	if text := Explain(p, unknown, Decide(p, unknown)); !strings.Contains(text, "\nNot known yet: whether it is covered. It depends on the product type, who asks and whether maintenance for this account is active.\n") {
		t.Errorf("unknown: %s", text)
	}
}

// TestReasonsArePlainSentences reads what people are told. No reason says the same twice, or names an id of the document.
func TestReasonsArePlainSentences(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       []string
	}{
		{"an end user at level 2", `at: 2026-01-14T10:00:00Z, account: {region: europe}, contract: {maintenance_active: no}, product: {type: cloud-server}, requester: {kind: end-user}, level: L2`, []string{
			"This level supports your organisation, not its end users.",
			"Maintenance for this account is not active, so support is not included.",
			"Level 2 serves customers, not their end users.",
			"The desk is open Monday to Friday, 08:00 to 17:00 GMT. Outside these hours we help on a best-effort basis.",
		}},
		{"North America", `at: 2026-01-14T10:00:00Z, account: {region: north-america}, contract: {maintenance_active: yes}, product: {type: named-user-cloud}, requester: {kind: end-user}, category: how-to`, []string{
			"Level 1 is provided by Example Meetings or a partner, for end users and customers.",
			"The desk is open Monday to Friday, 08:00 to 17:00 GMT. Outside these hours we help on a best-effort basis.",
			"Level 1 for accounts in North America is also open Monday to Friday, 08:00 to 17:00 America/New York time.",
		}},
		{"a wish for level 3", maintained + `, product: {type: cloud-server}, requester: {kind: customer}, category: hardware`, []string{
			"Level 3 takes requests from Level 2 and the monitoring only.",
			"Level 2 is provided by Example Meetings or a partner, for customers.",
			"The desk is open Monday to Friday, 08:00 to 17:00 GMT. Outside these hours we help on a best-effort basis.",
		}},
		{"a customer's own desk", maintained + `, product: {type: self-hosted}, requester: {kind: end-user}`, []string{
			"Level 1 is provided by the customer, for its own end users.",
			"A desk that you run keeps its own hours. This policy names none for it.",
		}},
		{"an unknown sender", `requester: {kind: unknown}`, []string{
			"Example Meetings looks after this request until it is known who provides support for it.",
			"The desk is open Monday to Friday, 08:00 to 17:00 GMT. Outside these hours we help on a best-effort basis.",
		}},
	} {
		var got []string
		for _, r := range decide(t, "%s", c.text).Because {
			got = append(got, r.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", c.what, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestADecisionIsCheap(t *testing.T) {
	p := defaultPolicy(t)
	s := situation(t, p, "{"+maintained+`, product: {type: cloud-server}, requester: {kind: customer}, category: defect, `+handOver+`}`)
	if allocs := testing.AllocsPerRun(100, func() { Decide(p, s) }); allocs > 20 {
		t.Errorf("%v allocations for a decision", allocs)
	}
}

// FuzzSituation looks for situations that make the rules panic or that are not read back as they were written.
func FuzzSituation(f *testing.F) {
	p, _ := policy.Parse("default.md", policies.Default())
	f.Fuzz(func(t *testing.T, src []byte) {
		s, errs := ParseSituation(p, src)
		d := Decide(p, s)
		if !slices.Contains([]string{CoveredYes, CoveredLimited, CoveredBestEffort, CoveredNo, CoveredAsk}, d.Covered) || d.Level == "" || d.Provider.Kind == "" {
			t.Fatalf("decision without an answer: %+v", d)
		}
		if len(errs) > 0 {
			return
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, errs := ParseSituation(p, out)
		if len(errs) > 0 {
			t.Fatalf("%s is not read back: %v", out, errs)
		}
		if d2 := Decide(p, again); !reflect.DeepEqual(d, d2) {
			t.Fatalf("%s decides otherwise when read back:\n%+v\n%+v", out, d, d2)
		}
	})
}

func at(t *testing.T, text string) int64 {
	t.Helper()
	ms, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return ms.UnixMilli()
}
