package coverage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ProbeReport is the outcome of a probe file. Lines are printable: one for each failed probe and mistake, FILE:LINE:COL: TEXT.
type ProbeReport struct {
	Passed, Failed int
	Lines          []string
	Reached        map[string]bool // ids of the rules that took part in a decision
}

// RunProbes decides every probe of a probe file and compares what it expects. A mistake in the file counts as failed.
func RunProbes(p *policy.Policy, file string, src []byte) ProbeReport {
	r := &prober{p: p, file: file, report: ProbeReport{Reached: map[string]bool{}}}
	root, mistake := yaml.Parse(src)
	if mistake != nil {
		r.report.Failed++
		r.report.Lines = append(r.report.Lines, fmt.Sprintf("%s:%v", file, mistake))
		return r.report
	}
	r.run(root)
	return r.report
}

// Unreached lists the rules of a policy that no probe of the reports reached, in document order, as printable lines.
func Unreached(p *policy.Policy, reports ...ProbeReport) []string {
	var lines []string
	for _, r := range allRules(p) {
		if !slices.ContainsFunc(reports, func(report ProbeReport) bool { return report.Reached[r.ID] }) {
			lines = append(lines, fmt.Sprintf("%s:%d:%d: no probe reaches %s (#%s)", p.File(), r.Line, max(r.Col, 1), r.ID, r.Clause))
		}
	}
	return lines
}

func allRules(p *policy.Policy) []policy.Rule {
	var rules []policy.Rule
	for _, r := range p.ResponsibilityRows() {
		rules = append(rules, r.Rule)
	}
	for _, r := range p.Hours() {
		rules = append(rules, r.Rule)
	}
	for _, r := range p.CoverageRules() {
		rules = append(rules, r.Rule)
	}
	for _, c := range p.ClockDefs() {
		for _, r := range c.Within {
			rules = append(rules, r.Rule)
		}
	}
	for _, g := range p.Gates() {
		rules = append(rules, g.Rule)
	}
	for _, k := range p.Channels() {
		rules = append(rules, k.Rule)
	}
	for _, l := range p.Languages() {
		rules = append(rules, l.Rule)
	}
	for _, a := range p.Allowances() {
		rules = append(rules, a.Limits...)
	}
	for _, l := range p.Lifecycles() {
		for _, line := range l.Lines {
			rules = append(rules, l.Rules[line.Rule])
		}
		for _, x := range l.Exceptions {
			rules = append(rules, l.Rules[x.Rule])
		}
	}
	slices.SortStableFunc(rules, func(a, b policy.Rule) int { return a.Line - b.Line })
	return rules
}

type prober struct {
	p      *policy.Policy
	file   string
	report ProbeReport
	asking []string // clauses of the gates that the request of the present probe meets, passed or not
}

func (r *prober) fail(n *yaml.Node, format string, args ...any) {
	r.report.Lines = append(r.report.Lines, fmt.Sprintf("%s:%d:%d: %s", r.file, n.Line, n.Col, fmt.Sprintf(format, args...)))
}

func (r *prober) run(root *yaml.Node) {
	if root.Kind != yaml.Map {
		r.report.Failed++
		r.fail(root, "a probe file is a map with `probes`")
		return
	}
	for _, key := range root.Keys {
		if !slices.Contains([]string{"policy", "given", "probes"}, key.Text) {
			r.report.Failed++
			r.fail(key, "unknown key %q in a probe file; known: policy, given, probes", key.Text)
		}
	}
	probes := root.Get("probes")
	if probes == nil || probes.Kind != yaml.List || len(probes.Values) == 0 {
		r.report.Failed++
		r.fail(root, "the file has no list of `probes`")
		return
	}
	for _, probe := range probes.Values {
		before := len(r.report.Lines)
		r.probe(root.Get("given"), probe)
		if len(r.report.Lines) > before {
			r.report.Failed++
		} else {
			r.report.Passed++
		}
	}
}

func (r *prober) probe(given, n *yaml.Node) {
	name := "probe"
	if v := n.Get("name"); v != nil {
		name = v.Text
	}
	for _, key := range n.Keys {
		if !slices.Contains([]string{"name", "source", "why", "situation", "expect"}, key.Text) {
			r.fail(key, "%s: unknown key %q in a probe; known: name, source, why, situation, expect", name, key.Text)
		}
	}
	expect := n.Get("expect")
	if expect == nil || expect.Kind != yaml.Map || len(expect.Keys) == 0 {
		r.fail(n, "%s: a probe that expects nothing", name)
		return
	}
	var nodes []*yaml.Node
	for _, node := range []*yaml.Node{given, n.Get("situation")} {
		if node != nil {
			nodes = append(nodes, node)
		}
	}
	s, errs := situationFrom(r.p, nodes...)
	for _, e := range errs {
		r.fail(&yaml.Node{Line: e.Line, Col: e.Col}, "%s: %s: %s", name, e.Path, e.Message)
	}
	if len(errs) > 0 {
		return
	}
	d := Decide(r.p, s)
	r.reach(s, &d)
	r.compare(name, expect, &d)
}

// reach notes the rules that took part in a decision.
func (r *prober) reach(s *Situation, d *Decision) {
	r.reached(d)
	if len(d.Conflict) > 0 {
		for _, k := range r.p.Conflicts() {
			for _, bit := range k.Bits {
				other, _ := decideUnder(r.p, s, r.p.Reading()&^allOf(k.Bits)|bit)
				r.reached(&other)
			}
		}
	}
	r.gates(s)
}

// reached notes the rules that gave the reasons of a decision.
func (r *prober) reached(d *Decision) {
	for _, reason := range d.Because {
		r.report.Reached[reason.Rule] = true
	}
	for _, c := range d.Clocks {
		for _, reason := range c.Because {
			r.report.Reached[reason.Rule] = true
		}
	}
}

// gates notes the gates on the way of a request, and which of them ask.
func (r *prober) gates(s *Situation) {
	j := newJudge(r.p, s)
	var unused Decision
	j.settle(&unused)
	r.asking = nil
	for _, g := range r.p.Gates() {
		onTheWay := g.ToIdx >= 0 && g.ToIdx <= j.level || g.To == Submit
		if onTheWay && j.bound && g.When.Eval(&j.facts) != fact.False {
			r.report.Reached[g.ID] = true
			r.asking = append(r.asking, g.Clause)
		}
	}
}

func (r *prober) compare(name string, expect *yaml.Node, d *Decision) {
	plain, err := plainDecision(d)
	if err != nil {
		r.fail(expect, "%s: the decision cannot be compared: %v", name, err)
		return
	}
	for i, key := range expect.Keys {
		want := expect.Values[i]
		switch key.Text {
		case "provider":
			if want.Kind == yaml.Scalar {
				r.equal(name, "provider", want, plain["provider"].(map[string]any)["kind"])
				continue
			}
		case "due":
			r.due(name, want, d)
			continue
		case "clauses":
			r.clauses(name, want, d)
			continue
		case "offers":
			r.equal(name, "offers", want, ids(d.Offers, func(o Offer) any { return o.ID }))
			continue
		case "conflict":
			if want.Kind == yaml.List {
				r.equal(name, "conflict", want, readings(d))
				continue
			}
		case "unsettled":
			if want.Kind == yaml.Map {
				r.unsettled(name, want, d)
				continue
			}
		}
		r.path(name, key, want, plain)
	}
}

// readings lists the readings of every contradiction that makes a difference.
func readings(d *Decision) []any {
	out := []any{}
	for _, c := range d.Conflict {
		for _, reading := range c.Readings {
			out = append(out, reading.Name)
		}
	}
	return out
}

func ids[T any](list []T, id func(T) any) []any {
	out := []any{}
	for _, v := range list {
		out = append(out, id(v))
	}
	return out
}

// plainDecision is the decision as a reader of its JSON sees it, with lists of named things as maps.
func plainDecision(d *Decision) (map[string]any, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("decision: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain map[string]any
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("decision: %w", err)
	}
	for _, list := range []string{"clocks", "allowances", "maintenance"} {
		named := map[string]any{}
		items, _ := plain[list].([]any)
		for _, item := range items {
			if item, ok := item.(map[string]any); ok {
				if item["unlimited"] == true {
					item["limit"] = "unlimited"
				}
				named[fmt.Sprint(item["id"])] = item
			}
		}
		plain[list] = named
	}
	return plain, nil
}

// decisionFields are the fields that a probe may name; those that are absent are expected as null or [].
func decisionFields() []string {
	return []string{
		"covered", "charge", "charges", "severity", "plan", "level", "level_wanted", "provider", "serves", "served", "calendar",
		"open_now", "opens_at", "closes_at", "outside", "effort", "offers", "clocks", "missing", "allowances", "version",
		"unsettled", "conflict", "because", "due", "clauses", "channel_allowed", "use_channel", "languages", "plan_at_renewal", "maintenance", "uncertain",
	}
}

func (r *prober) path(name string, key, want *yaml.Node, plain map[string]any) {
	parts := strings.Split(key.Text, ".")
	if !slices.Contains(decisionFields(), parts[0]) {
		near := document.Nearest(parts[0], decisionFields())
		if near != "" {
			near = fmt.Sprintf("; did you mean %q?", near)
		}
		r.fail(key, "%s: `expect.%s` is not part of a decision%s", name, key.Text, near)
		return
	}
	var got any = plain
	for _, part := range parts {
		got = within(got, part)
	}
	r.equal(name, key.Text, want, got)
}

// within is an entry of a map, or of a list by its number.
func within(v any, part string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[part]
	case []any:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func (r *prober) equal(name, path string, want *yaml.Node, got any) {
	if problem := differs(want, got); problem != "" {
		r.fail(want, "%s: %s: expected %s, got %s", name, path, problem, shown(got))
	}
}

// differs says what was expected when got is something else. Maps are compared in the keys that are expected.
func differs(want *yaml.Node, got any) string {
	switch want.Kind {
	case yaml.Null:
		if got == nil {
			return ""
		}
	case yaml.Map:
		m, ok := got.(map[string]any)
		for i, key := range want.Keys {
			if differs(want.Values[i], m[key.Text]) != "" {
				ok = false
			}
		}
		if ok {
			return ""
		}
	case yaml.List:
		list, _ := got.([]any)
		same := len(list) == len(want.Values)
		for i := 0; same && i < len(list); i++ {
			same = differs(want.Values[i], list[i]) == ""
		}
		if same {
			return ""
		}
	case yaml.Scalar:
		if sameScalar(want.Text, got) {
			return ""
		}
	}
	return written(want)
}

func sameScalar(want string, got any) bool {
	switch got := got.(type) {
	case bool:
		return got && (want == "true" || want == "yes") || !got && (want == "false" || want == "no")
	case string:
		return got == want
	case json.Number:
		if ms, err := instantOf(want); err == nil && got.String() == strconv.FormatInt(ms, 10) {
			return true
		}
		if ms, err := wording.ParseDuration(want); err == nil && got.String() == strconv.FormatInt(ms, 10) {
			return true
		}
		return got.String() == want
	case nil:
		return want == "none"
	}
	return false
}

func instantOf(text string) (int64, error) {
	t, err := time.Parse(time.RFC3339, text)
	return t.UnixMilli(), err
}

func written(n *yaml.Node) string {
	switch n.Kind {
	case yaml.Null:
		return "null"
	case yaml.List:
		var parts []string
		for _, v := range n.Values {
			parts = append(parts, written(v))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.Map:
		var parts []string
		for i, k := range n.Keys {
			parts = append(parts, k.Text+": "+written(n.Values[i]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return n.Text
}

func shown(got any) string {
	if n, ok := got.(json.Number); ok {
		if ms, err := n.Int64(); err == nil && ms > 1e12 {
			return time.UnixMilli(ms).UTC().Format(time.RFC3339)
		}
		return n.String()
	}
	text, err := json.Marshal(got)
	if err != nil {
		return fmt.Sprint(got)
	}
	return string(text)
}

// due compares when clocks fall due. A clock that stands still falls due at no instant.
func (r *prober) due(name string, want *yaml.Node, d *Decision) {
	for i, key := range want.Keys {
		at := slices.IndexFunc(d.Clocks, func(c Clock) bool { return c.ID == key.Text })
		if at < 0 {
			r.fail(key, "%s: no clock %q", name, key.Text)
			continue
		}
		var got any
		if due := d.Clocks[at].DueAt; due != nil && d.Clocks[at].State != ClockPaused {
			got = json.Number(strconv.FormatInt(*due, 10))
		}
		r.equal(name, "due."+key.Text, want.Values[i], got)
	}
	if want.Kind != yaml.Map {
		r.fail(want, "%s: due: expected {clock: instant}", name)
	}
}

// clauses checks that every named clause is cited.
func (r *prober) clauses(name string, want *yaml.Node, d *Decision) {
	cited := slices.Clone(r.asking)
	for _, reason := range d.Because {
		cited = append(cited, reason.Clause)
	}
	for _, w := range d.Maintenance {
		cited = append(cited, w.Clause)
	}
	for _, c := range d.Clocks {
		for _, reason := range c.Because {
			cited = append(cited, reason.Clause)
		}
	}
	for _, c := range d.Conflict {
		for _, reading := range c.Readings {
			cited = append(cited, reading.Clause)
		}
	}
	for _, w := range append([]*yaml.Node{want}, want.Values...) {
		if w.Kind != yaml.Scalar {
			continue
		}
		if _, ok := r.p.Clause(w.Text); !ok {
			r.fail(w, "%s: no clause #%s in the policy", name, w.Text)
		} else if !slices.Contains(cited, w.Text) {
			r.fail(w, "%s: clauses: #%s is not cited; cited: %s", name, w.Text, strings.Join(slices.Compact(cited), ", "))
		}
	}
}

func (r *prober) unsettled(name string, want *yaml.Node, d *Decision) {
	for i, key := range want.Keys {
		at := slices.IndexFunc(d.Unsettled, func(u Unsettled) bool { return u.Field == key.Text })
		var got any
		if at >= 0 {
			got = d.Unsettled[at].Cause
		}
		r.equal(name, "unsettled."+key.Text, want.Values[i], got)
	}
}
