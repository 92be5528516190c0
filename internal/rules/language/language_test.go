package language

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

func described(t *testing.T) Language {
	t.Helper()
	l, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// sound has one small block of each kind that an example may lean on.
var sound = map[string]string{
	"policy":         `policy: {name: Policy, vendor: Example, effective: 2026-01-01, zone: UTC}`,
	"severity":       `severity: {scale: {S1: {name: Critical}, S2: {name: Normal}}}`,
	"plans":          `plans: {free: {name: Free}, standard: {name: Standard}, premium: {name: Premium, builds_on: standard}}`,
	"levels":         `levels: {L1: {name: Level 1, escalates_to: L2}, L2: {name: Level 2}}`,
	"categories":     `categories: {how-to: {level: L1, title: How to}}`,
	"responsibility": `responsibility: [{L1: {by: vendor, for: [end-user, customer]}, L2: {by: vendor, for: [end-user, customer]}}]`,
	"calendars":      `calendars: {office: {zone: Europe/Berlin, week: "mon-fri 09:00-17:00"}}`,
	"hours":          `hours: [{use: office}]`,
	"offers":         `offers: {sales: {title: Sales, to: sales}, forum: {title: Forum, link: "https://forum.example.com"}}`,
	"coverage":       `coverage: [{id: refused, for: {served: no}, answer: no, offer: sales}]`,
	"clocks":         `clocks: {first-response: {starts: created, stops: first-reply, within: [{is: 4h}]}}`,
}

// document writes an example with what it leans on.
func document(t *testing.T, example string) string {
	t.Helper()
	root, mistake := yaml.Parse([]byte(example))
	if mistake != nil {
		t.Fatalf("%d:%d: %s", mistake.Line, mistake.Col, mistake.Message)
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sound)) {
		if root.Get(name) == nil {
			fmt.Fprintf(&b, "# About %s {#%s}\n```policy\n%s\n```\n", name, name, sound[name])
		}
	}
	fmt.Fprintf(&b, "# Example {#example}\n```policy\n%s\n```\n", example)
	return b.String()
}

func TestEveryExampleIsSound(t *testing.T) {
	for _, b := range described(t).Blocks {
		t.Run(b.Key, func(t *testing.T) {
			p, findings := policy.Parse(b.Key+".md", []byte(document(t, b.Example)))
			if p == nil || policy.HasErrors(findings) {
				t.Error(findings)
			}
		})
	}
}

// TestTheDescriptionIsWhatTheCheckerAccepts compares blocks and keys both ways.
func TestTheDescriptionIsWhatTheCheckerAccepts(t *testing.T) {
	l := described(t)
	var names, blocks []string
	for i := range l.Blocks {
		b := &l.Blocks[i]
		names = append(names, b.Key)
		keys := policy.Keys("p.md", []byte(document(t, b.Example)))
		blocks = keys[""]
		if len(b.Keys) == 0 && !b.Rule {
			continue // entries of one value, or words
		}
		accepted := keysOfBlock(b, keys)
		if got := slices.Sorted(slices.Values(l.Allowed(b))); !slices.Equal(got, accepted) {
			t.Errorf("%s is described with %v; the checker accepts %v", b.Key, got, accepted)
		}
	}
	if got, want := slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(blocks)); !slices.Equal(got, want) {
		t.Errorf("described: %v; the checker accepts %v", got, want)
	}
}

// keysOfBlock are the keys that the checker accepts in a block, or in the entries of one; the levels of the policy are no keys
// of the language.
func keysOfBlock(b *Block, keys map[string][]string) []string {
	for where, accepted := range keys {
		name, isEntry := strings.CutPrefix(where, b.Key+".")
		if where == b.Key && b.Form != "entries" || isEntry && b.Form == "entries" && !strings.Contains(name, ".") {
			return slices.DeleteFunc(slices.Sorted(slices.Values(accepted)), func(k string) bool { return b.Levels && (k == "L1" || k == "L2") })
		}
	}
	return nil
}

const docs = "../../../docs/policy/"

func TestTheReferenceAndTheSchemaAreOfToday(t *testing.T) {
	l := described(t)
	schema, err := l.Schema()
	if err != nil || !json.Valid(schema) {
		t.Fatalf("the schema is no JSON: %v", err)
	}
	for file, want := range map[string]string{"reference.md": l.Reference(), "policy.schema.json": string(schema)} {
		got, err := os.ReadFile(docs + file)
		if err != nil {
			t.Error(err)
		}
		if string(got) != want {
			t.Errorf("docs/policy/%s is not of today; write it with: go run ./cmd/tierdesk policy %s > docs/policy/%s", file, strings.SplitN(strings.TrimPrefix(file, "policy."), ".", 2)[0], file)
		}
	}
}
