package difference_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/difference"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

const base = `# Support policy {#support}

We help.

## Scope {#scope}

What we do.

- one thing
- another thing

~~~policy
policy: {name: Support policy, vendor: Example Meetings, effective: 2020-10-01, zone: GMT}
terms: {maintenance: A paid term}
plans: {basic: {name: Basic}, premium: {name: Premium, builds_on: basic}}
severity: {scale: {S1: {name: Critical, means: Production stopped}, S2: {name: Normal}}}
levels:
  L1: {name: Level 1, escalates_to: L2}
  L2: {name: Level 2, opened_by: [L1]}
categories:
  how-to: {level: L1, title: How something is done}
  training: {answer: no, offer: courses, title: Training}
responsibility:
  - for: {product.type: cloud}
    L1: {by: vendor, for: [end-user, customer]}
    L2: {by: vendor, for: [end-user, customer]}
offers: {courses: {title: Courses, to: sales}}
products: {core: {name: Core}}
lifecycle: {core: {phases: {supported: {updates: all}}, lines: [{phase: supported, of: release, until: announced}], warn_before: [90d]}}
information: {steps: {type: steps, title: Steps}, logs: {type: file, title: Logs}}
gates:
  - {to: L2, require: [steps]}
allowances: {hours: {title: Hours, counts: time, of: {category: how-to}, bought: true, step: 30m, round: up}}
promises:
  - {id: watched, measure: uptime, at_least: 99%}
updates: {category: how-to, windows_at_least: 2, expected_downtime: 20m-40m}
~~~

## Hours {#hours}

~~~policy
calendars:
  office: {zone: GMT, week: "mon-fri 08:00-17:00"}
  america: {zone: America/New_York, week: "mon-fri 08:00-17:00"}
hours:
  - {for: {plan: premium}, use: always}
  - {for: {severity: S1}, use: america}
  - {use: office}
clocks:
  first: {title: First answer, starts: created, stops: first-reply, within: [{for: {plan: premium}, is: 4h}, {is: 9h}]}
coverage:
  - {id: no-maintenance, for: {contract.maintenance_active: no}, answer: no, offer: courses}
~~~
`

func parse(t *testing.T, src string) *policy.Policy {
	t.Helper()
	p, findings := policy.Parse("p.md", []byte(strings.ReplaceAll(src, "~~~", "```")))
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

func said(changes []difference.Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, "#"+c.Clause+" "+c.Sentence())
	}
	return out
}

func TestEveryKindOfChangeIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"nothing", "", "", nil},
		{"an hours rule", "  - {use: office}", "  - {use: office}\n  - {for: {level: L1, account.region: north-america}, add: america}",
			[]string{`#hours Level 1 hours for accounts in North America: added: "Level 1 for accounts in North America is also open Monday to Friday, 08:00 to 17:00 America/New York time.".`}},
		{"which calendar", "{use: office}", "{use: america}",
			[]string{`#hours Hours of all others: changed from "The desk is open Monday to Friday, 08:00 to 17:00 GMT." to "The desk is open Monday to Friday, 08:00 to 17:00 America/New York time.".`}},
		{"a calendar's week", `office: {zone: GMT, week: "mon-fri 08:00-17:00"}`, `office: {zone: GMT, week: "mon-fri 09:00-17:00"}`,
			[]string{`Calendar "Office": changed from "Monday to Friday, 08:00 to 17:00 GMT" to "Monday to Friday, 09:00 to 17:00 GMT"`}},
		{"a holiday that the sentence does not tell", `08:00-17:00"}
  america`, `08:00-17:00", closed: [DE-BY]}
  america`, []string{`closed on: added: "DE-BY"`}},
		{"order", "  - {for: {plan: premium}, use: always}\n  - {for: {severity: S1}, use: america}", "  - {for: {severity: S1}, use: america}\n  - {for: {plan: premium}, use: always}",
			[]string{`#hours Hours when the plan is Premium: moved from "above hours when the severity is Critical" to "above hours of all others".`}},
		{"a coverage rule goes", "coverage:\n  - {id: no-maintenance, for: {contract.maintenance_active: no}, answer: no, offer: courses}\n", "",
			[]string{`#hours Coverage "no maintenance": removed: "Maintenance for this account is not active.".`}},
		{"a rule's way on", "answer: no, offer: courses}\n~~~", "answer: no}\n~~~", []string{`#hours Coverage "no maintenance", offer: removed: "courses".`}},
		{"an answer", "maintenance_active: no}, answer: no", "maintenance_active: no}, answer: limited", []string{`changed from "Maintenance for this account is not active." to "Included in part: maintenance for this account is not active."`}},
		{"who provides", "L2: {by: vendor, for: [end-user, customer]}", "L2: {by: [vendor, partner], for: [end-user, customer]}", []string{`#scope Who provides what for cloud: changed from`, `a partner`}},
		{"a target", "{is: 9h}", "{is: 8h}", []string{`#hours Clock "First answer", target: target for all others: changed from "First answer: within 9 hours of open time." to "First answer: within 8 hours of open time.".`}},
		{"how a clock ends", "stops: first-reply", "stops: solved", []string{`#hours Clock "First answer", ends with: changed from "first-reply" to "solved".`}},
		{"a gate", "require: [steps]", "require: [steps, logs]", []string{`#scope What Level 2 needs: changed from "Level 2 needs: steps." to "Level 2 needs: steps; logs.".`}},
		{"a plan", "premium: {name: Premium, builds_on: basic}", "premium: {name: Premium, builds_on: basic, queue: 2}", []string{`#scope Plan "Premium", queue: added: "2".`}},
		{"a severity", "means: Production stopped", "means: All is dark", []string{`#scope Severity, scale, S1, meaning: changed from "Production stopped" to "All is dark".`}},
		{"a category", "how-to: {level: L1", "how-to: {level: L2", []string{`changed from "How something is done: included, answered at Level 1" to "How something is done: included, answered at Level 2"`}},
		{"a new category", "  training:", "  tuning: {answer: no, title: Tuning}\n  training:", []string{`#scope Category "Tuning": added: "Tuning: not included".`}},
		{"a life", "warn_before: [90d]", "warn_before: [30d]", []string{`#scope Life of "Core", warn before: changed from "90d" to "30d".`}},
		{"an allowance", "step: 30m", "step: 15m", []string{`#scope Allowance "Hours", step: changed from "30m" to "15m".`}},
		{"a promise", "at_least: 99%", "at_least: 98%", []string{`#scope Promise "watched", at least: changed from "99%" to "98%".`}},
		{"an update", "windows_at_least: 2", "windows_at_least: 3", []string{`#scope Updates, windows at least: changed from "2" to "3".`}},
		{"a term", "A paid term", "A paid term of a year", []string{`#scope Term "Maintenance": changed from "A paid term" to "A paid term of a year".`}},
		{"an offer", "{title: Courses, to: sales}", "{title: Courses, to: provider}", []string{`#scope Way on "Courses", to: changed from "sales" to "provider".`}},
		{"who opens a level", "opened_by: [L1]", "opened_by: [L1, monitoring]", []string{`#scope Level 2, opened by: changed from "L1" to "L1 and monitoring".`}},
		{"the first day", "effective: 2020-10-01", "effective: 2027-01-01", []string{`#scope The policy, first day: changed from "2020-10-01" to "2027-01-01".`}},
		{"a paragraph", "What we do.", "What we really do.", []string{`#scope Text of "Scope": changed from "What we do." to "What we really do.".`}},
		{"an item", "- another thing\n", "", []string{`#scope Text of "Scope": removed: "another thing".`}},
		{"a heading", "## Hours {#hours}", "## Support hours {#hours}", []string{`#hours Heading: changed from "Hours" to "Support hours".`}},
		{"a section", "## Hours {#hours}", "## More {#more}\n\nSaid.\n\n## Hours {#hours}", []string{`#more Section "More": added: "Said.".`}},
		{"a rule in another section", "coverage:\n  - {id: no", "~~~\n\n## Not included {#out}\n\n~~~policy\ncoverage:\n  - {id: no",
			[]string{`#out Section "Not included": added.`, `#out Coverage "no maintenance": moved from "Hours" to "Not included".`}},
	} {
		if c.old != "" && !strings.Contains(base, c.old) {
			t.Fatalf("%s: the document has no %q", c.name, c.old)
		}
		got := said(difference.Compare(parse(t, base), parse(t, strings.Replace(base, c.old, c.new, 1))))
		all := strings.Join(got, "\n")
		if len(c.want) == 0 && all != "" {
			t.Errorf("%s:\n%s", c.name, all)
		}
		for _, w := range c.want {
			if !strings.Contains(all, w) {
				t.Errorf("%s: does not say\n  %s\nbut\n  %s", c.name, w, strings.Join(got, "\n  "))
			}
		}
		back := difference.Compare(parse(t, strings.Replace(base, c.old, c.new, 1)), parse(t, base))
		if len(back) == 0 && c.old != "" {
			t.Errorf("%s: nothing is said on the way back", c.name)
		}
	}
}

// A layout without meaning is no difference.
func TestTheSameRulesWrittenOtherwiseAreNoDifference(t *testing.T) {
	other := strings.Replace(base, "  - {use: office}", "  -\n    use: office # our own", 1)
	other = strings.Replace(other, "zone: GMT, week: \"mon-fri 08:00-17:00\"}", "week: 'mon-fri 08:00-17:00', zone: GMT}", 1)
	if got := said(difference.Compare(parse(t, base), parse(t, other))); len(got) > 0 {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// Every value of every policy in the folder is changed, one after the other: each change that is still a policy is seen.
func TestNoChangeOfAValueGoesUnseen(t *testing.T) {
	files, err := filepath.Glob("../../../policies/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, findings := policy.Parse(file, src)
		if before == nil {
			t.Fatal(findings)
		}
		lines, tried := strings.Split(string(src), "\n"), 0
		eachScalar(before.Written(), func(n *yaml.Node) {
			for _, other := range others(n.Text) {
				changed := slices.Clone(lines)
				line := changed[n.Line-1]
				if n.Col-1 >= len(line) || !strings.HasPrefix(strings.TrimLeft(line[n.Col-1:], `"'`), n.Text) {
					return
				}
				changed[n.Line-1] = line[:n.Col-1] + strings.Replace(line[n.Col-1:], n.Text, other, 1)
				after, _ := policy.Parse(file, []byte(strings.Join(changed, "\n")))
				if after == nil {
					continue
				}
				tried++
				if len(difference.Compare(before, after)) == 0 {
					t.Errorf("%s:%d:%d: %q as %q is not seen", file, n.Line, n.Col, n.Text, other)
				}
				return
			}
		})
		if tried < 20 {
			t.Errorf("%s: only %d values could be changed", file, tried)
		}
	}
}

func eachScalar(n *yaml.Node, fn func(*yaml.Node)) {
	if n.Kind == yaml.Scalar {
		fn(n)
	}
	for _, v := range n.Values {
		eachScalar(v, fn)
	}
}

// others are values that may stand in place of one.
func others(text string) []string {
	shifted := strings.Map(func(r rune) rune {
		if r >= '1' && r <= '8' {
			return r + 1
		}
		return r
	}, text)
	out := []string{"yes", "no", "never", "always", text + "x"}
	if shifted != text {
		out = append([]string{shifted}, out...)
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == text })
}
