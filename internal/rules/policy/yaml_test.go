package policy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/tierdesk/tierdesk/policies"
)

// plainValue is a node as nested maps and lists of text.
func plainValue(n *Node) any {
	switch n.Kind {
	case Scalar:
		return n.Text
	case List:
		list := []any{}
		for _, v := range n.Values {
			list = append(list, plainValue(v))
		}
		return list
	case Map:
		m := map[string]any{}
		for i, k := range n.Keys {
			m[k.Text] = plainValue(n.Values[i])
		}
		return m
	}
	return nil
}

func TestYAMLIsReadAsPeopleReadIt(t *testing.T) {
	for text, want := range map[string]string{
		"":                                         `null`,
		"# only a comment\n":                       `null`,
		"a: no":                                    `{"a":"no"}`,
		"country: NO":                              `{"country":"NO"}`,
		"hours: [08:00, 17:00]":                    `{"hours":["08:00","17:00"]}`,
		"version: 10.0":                            `{"version":"10.0"}`,
		"a:\n  b: 1\n  c:\n    - x\n    - y":       `{"a":{"b":"1","c":["x","y"]}}`,
		"a:\n- x\n- y\nb: z":                       `{"a":["x","y"],"b":"z"}`,
		"- a: 1\n  b: 2\n- c":                      `[{"a":"1","b":"2"},"c"]`,
		"- - x\n  - y\n- z":                        `[["x","y"],"z"]`,
		"a: 'it''s'   # comment":                   `{"a":"it's"}`,
		`a: "tab\tand \u00e9 \ud83d\ude00"`:        `{"a":"tab\tand é 😀"}`,
		"a: one\n  two\n\n  three":                 `{"a":"one two\nthree"}`,
		"a: |\n  one\n   two\n\nb: c":              `{"a":"one\n two\n","b":"c"}`,
		"a: >-\n  one\n  two\n\n  three\n":         `{"a":"one two\nthree"}`,
		"{a: {b: [x, 'y, z']}, c: }":               `{"a":{"b":["x","y, z"]},"c":null}`,
		"{\n\t\"a\": 1,\n\t\"b\":[true]\n}":        `{"a":"1","b":["true"]}`,
		"a: http://x.example/#y":                   `{"a":"http://x.example/#y"}`,
		"a: ~\nb: null":                            `{"a":null,"b":null}`,
		"phase ended: x":                           `{"phase ended":"x"}`,
		"---\na: b\n":                              `{"a":"b"}`,
		"a: 1\r\nb: 2\r\n":                         `{"a":"1","b":"2"}`,
		"d: {dates: 12-24, week: \"09:00-12:00\"}": `{"d":{"dates":"12-24","week":"09:00-12:00"}}`,
	} {
		n, findings := ParseYAML("x", []byte(text))
		if len(findings) > 0 {
			t.Errorf("%q: %v", text, findings)
			continue
		}
		got, err := json.Marshal(plainValue(n))
		if err != nil || string(got) != want {
			t.Errorf("%q reads %s, want %s", text, got, want)
		}
	}
}

func TestYAMLRefusesWhatHidesOrSurprises(t *testing.T) {
	for text, want := range map[string]string{
		"a: &x 1":               "x:1:4: error: anchors and aliases are not allowed",
		"a: *x":                 "x:1:4: error: anchors and aliases are not allowed",
		"<<: {a: b}":            "x:1:1: error: merge keys are not allowed",
		"a: !!str b":            "x:1:4: error: tags are not allowed; quote the value if it begins with !",
		"? a\n: b":              "x:1:1: error: complex keys are not allowed",
		"a: 1\nb: 2\na: 3":      `x:3:1: error: "a" is defined twice: here and in line 1`,
		"{a: 1, a: 2}":          `x:1:8: error: "a" is defined twice: here and in line 1`,
		"a: b: c":               "x:1:5: error: a colon and a blank inside a value; quote the value",
		"a:\n\tb: 1":            "x:2:1: error: a tab cannot indent; use spaces",
		"a: [1,":                `x:1:7: error: "]" is missing`,
		"a: {b}":                "x:1:6: error: expected `:` after \"b\"",
		"a: [x: y]":             "x:1:6: error: a pair inside a list needs braces: {x: ..}",
		"a: 'x":                 "x:1:4: error: the quotation is not closed",
		"a: 'x' y":              "x:1:8: error: unexpected text after the value; quote the whole value if it belongs to it",
		"a: 1\n---\nb: 2":       "x:2:1: error: expected `key: value`",
		"a:\n  b: 1\n c: 2":     "x:3:2: error: this line is indented more than the entries above it",
		"a: 1\n  b: 2":          "x:2:3: error: expected the rest of the value above, found a key; check the indentation",
		"a: \"\\q\"":            "x:1:5: error: unknown escape",
		"a: \x01":               "x:1:4: error: control characters are not allowed",
		"a: \xff":               "x:1:4: error: the text is not valid UTF-8",
		"a: %x":                 "x:1:4: error: a value cannot begin with \"%\"; quote it",
		strings.Repeat("[", 40): "x:1:33: error: the document is deeper than 32 levels",
	} {
		_, findings := ParseYAML("x", []byte(text))
		if len(findings) != 1 || findings[0].String() != want {
			t.Errorf("%q says %v, want %s", text, findings, want)
		}
	}
	big := []byte("a: [" + strings.Repeat("x,", MaxNodes+1) + "]")
	if _, f := ParseYAML("x", big); len(f) != 1 || !strings.Contains(f[0].Message, "20,000 nodes") {
		t.Errorf("a document of too many nodes says %v", f)
	}
	if _, f := ParseYAML("x", make([]byte, MaxBytes+1)); len(f) != 1 || !strings.Contains(f[0].Message, "1 MiB") {
		t.Errorf("a document that is too long says %v", f)
	}
}

// TestYAMLToolsReadTheSame compares the reader with a general one over the texts that the program ships.
func TestYAMLToolsReadTheSame(t *testing.T) {
	texts := []string{string(policies.DefaultProbes())}
	for i, part := range strings.Split(string(policies.Default()), "```policy\n") {
		if i > 0 {
			texts = append(texts, part[:strings.Index(part, "```")])
		}
	}
	for _, text := range texts {
		n, findings := ParseYAML("x", []byte(text))
		if len(findings) > 0 {
			t.Fatal(findings)
		}
		var other any
		if err := yaml.Unmarshal([]byte(text), &other); err != nil {
			t.Fatal(err)
		}
		if ours, theirs := plainValue(n), asText(other); !reflect.DeepEqual(ours, theirs) {
			t.Errorf("read differently:\n%s\nours:   %v\ntheirs: %v", text, ours, theirs)
		}
	}
}

func asText(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			m[k] = asText(e)
		}
		return m
	case []any:
		list := []any{}
		for _, e := range v {
			list = append(list, asText(e))
		}
		return list
	case nil:
		return nil
	}
	return fmt.Sprint(v)
}
