package policies

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// fewestProbes is how many situations the default policy must at least answer as worked out by hand.
const fewestProbes = 60

// expectedWarnings are the warnings that a policy is meant to have, since what it restates is so.
var expectedWarnings = map[string][]string{
	"dataminer.md": {
		"holidays of SG are sure until",                 // lunar feasts are announced a year ahead
		"bands of monthly_credits leave a gap: exactly", // so does the published text
	},
	"redhat.md": {"`stated_as` differs from the window on"}, // the published UTC time holds in summer only
}

// Each warning is there once, and nothing else.
func TestThePoliciesWarnOfWhatTheirTextsLeaveOpen(t *testing.T) {
	for file, want := range expectedWarnings {
		_, findings := policy.Parse(file, read(t, file))
		if len(findings) != len(want) {
			t.Errorf("%s: %d findings, want %d: %v", file, len(findings), len(want), findings)
			continue
		}
		for i, f := range findings {
			if f.Severity != policy.SeverityWarning || !strings.Contains(f.Message, want[i]) {
				t.Errorf("%v, want a warning with %q", f, want[i])
			}
		}
	}
}

func expected(file string, f policy.Finding) bool {
	return f.Severity == policy.SeverityWarning &&
		slices.ContainsFunc(expectedWarnings[file], func(want string) bool { return strings.Contains(f.Message, want) })
}

func TestEachPolicyIsWithoutFindings(t *testing.T) {
	files, err := fs.Glob(FS, "*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no policy found: %v", err)
	}
	for _, file := range files {
		parse(t, file)
	}
}

func TestEachPolicyAnswersItsProbes(t *testing.T) {
	files, err := fs.Glob(FS, "*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no policy found: %v", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			p := parse(t, file)
			probes, err := fs.Glob(FS, strings.TrimSuffix(file, ".md")+"*.probes.yaml")
			if err != nil || len(probes) == 0 {
				t.Fatalf("no probes for %s: %v", file, err)
			}
			var reports []coverage.ProbeReport
			for _, name := range probes {
				r := coverage.RunProbes(p, name, read(t, name))
				reports = append(reports, r)
				for _, line := range r.Lines {
					t.Error(line)
				}
				t.Logf("%s: %d passed, %d failed", name, r.Passed, r.Failed)
			}
			for _, line := range coverage.Unreached(p, reports...) {
				t.Error("no probe reaches a rule: " + line)
			}
		})
	}
}

func TestDefaultPolicyHasEnoughProbes(t *testing.T) {
	p, _ := policy.Parse("illumeet.md", Default())
	if p == nil {
		t.Fatal("the default policy cannot be used")
	}
	r := coverage.RunProbes(p, "illumeet.probes.yaml", DefaultProbes())
	if r.Passed < fewestProbes || r.Failed > 0 {
		t.Errorf("%d probes pass and %d fail, want at least %d and 0", r.Passed, r.Failed, fewestProbes)
	}
}

// The vendor's own words stay as they are in the register of products and desks: these ids are used outside the document.
func TestDefaultPolicyKeepsItsIds(t *testing.T) {
	p := parse(t, "illumeet.md")
	for _, id := range []string{"how-to", "camera-microphone", "defect", "security-update", "training", "capacity", "update", "api-advice"} {
		if _, ok := p.Category(id); !ok {
			t.Errorf("category %s is missing", id)
		}
	}
	for _, id := range []string{
		"effect", "levels", "level-1", "escalation", "level-2", "level-3", "responsibility", "hours",
		"infrastructure", "not-included", "api-premium", "updates", "not-entitled", "end-of-life",
	} {
		if _, ok := p.Clause(id); !ok {
			t.Errorf("clause %s is missing", id)
		}
	}
	var asked []string
	for _, i := range p.Information() {
		asked = append(asked, i.ID)
	}
	want := "steps environment_url access_details none_needed evidence test_matrix tried"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("information is %s, want %s: the API's fields have these names", got, want)
	}
}

// The first reason is the one that a person reads, and its way on is the one that is offered.
func TestEachExclusionNamesItsClauseAndWayOn(t *testing.T) {
	p := parse(t, "illumeet.md")
	paid := coverage.Contract{MaintenanceActive: coverage.Yes, NewReleases: coverage.Yes}
	ask := func(category string) coverage.Situation {
		return coverage.Situation{
			At:       1768384800000, // 2026-01-14 10:00 GMT
			Category: category, Contract: paid,
			Product:   coverage.Product{ID: "meetings", Type: "cloud-server"},
			Requester: coverage.Requester{Kind: "customer"},
		}
	}
	endUser := ask("defect")
	endUser.Level, endUser.Requester.Kind = "L2", "end-user"
	lapsed := ask("defect")
	lapsed.Contract.MaintenanceActive = coverage.No
	old := ask("defect")
	old.Version = coverage.VersionFacts{ID: "4.0.0", Until: "2025-12-31"}
	unentitled := ask("update")
	unentitled.Contract.NewReleases = coverage.No
	tests := []struct {
		name, clause, offer string
		situation           coverage.Situation
	}{
		{"an end user at level 2", "not-included", "own-desk", endUser},
		{"no active maintenance", "not-included", "renew", lapsed},
		{"a version past its end of life", "not-included", "upgrade", old},
		{"a development question", "not-included", "api-premium", ask("development")},
		{"a third-party integration", "not-included", "partner", ask("integration")},
		{"training", "not-included", "training", ask("training")},
		{"tuning", "not-included", "sales", ask("tuning")},
		{"capacity planning", "not-included", "sales", ask("capacity")},
		{"an update without entitlement", "not-entitled", "quote", unentitled},
		{"advice on the API without a block", "api-premium", "api-premium", ask("api-advice")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := coverage.Decide(p, &tt.situation)
			offer := d.Offer()
			if d.Covered != coverage.CoveredNo || len(d.Because) == 0 || offer == nil {
				t.Fatalf("covered %s, %d reasons, offer %v; want no, a reason and a way on", d.Covered, len(d.Because), offer)
			}
			if d.Because[0].Clause != tt.clause || offer.ID != tt.offer {
				t.Errorf("first reason #%s offers %s, want #%s and %s", d.Because[0].Clause, offer.ID, tt.clause, tt.offer)
			}
		})
	}
}

func TestDefaultIsACopy(t *testing.T) {
	first := Default()
	first[0] = 'x'
	if Default()[0] == 'x' {
		t.Error("a caller changed the default policy")
	}
}

func parse(t *testing.T, file string) *policy.Policy {
	t.Helper()
	p, findings := policy.Parse(file, read(t, file))
	for _, f := range findings {
		if !expected(file, f) {
			t.Error(f)
		}
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	src, err := fs.ReadFile(FS, name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
