package yaml

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	goccy "github.com/goccy/go-yaml"
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
		n, mistake := Parse([]byte(text))
		if mistake != nil {
			t.Errorf("%q: %v", text, mistake)
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
		"a: &x 1":               "1:4: anchors and aliases are not allowed",
		"a: *x":                 "1:4: anchors and aliases are not allowed",
		"<<: {a: b}":            "1:1: merge keys are not allowed",
		"a: !!str b":            "1:4: tags are not allowed; quote the value if it begins with !",
		"? a\n: b":              "1:1: complex keys are not allowed",
		"a: 1\nb: 2\na: 3":      `3:1: "a" is defined twice: here and in line 1`,
		"{a: 1, a: 2}":          `1:8: "a" is defined twice: here and in line 1`,
		"a: b: c":               "1:5: a colon and a blank inside a value; quote the value",
		"a:\n\tb: 1":            "2:1: a tab cannot indent; use spaces",
		"a: [1,":                `1:7: "]" is missing`,
		"a: {b}":                "1:6: expected `:` after \"b\"",
		"a: [x: y]":             "1:6: a pair inside a list needs braces: {x: ..}",
		"a: 'x":                 "1:4: the quotation is not closed",
		"a: 'x' y":              "1:8: unexpected text after the value; quote the whole value if it belongs to it",
		"a: 1\n---\nb: 2":       "2:1: expected `key: value`",
		"a:\n  b: 1\n c: 2":     "3:2: this line is indented more than the entries above it",
		"a: 1\n  b: 2":          "2:3: expected the rest of the value above, found a key; check the indentation",
		"a: \"\\q\"":            "1:5: unknown escape",
		"a: \x01":               "1:4: control characters are not allowed",
		"a: \xff":               "1:4: the text is not valid UTF-8",
		"a: %x":                 "1:4: a value cannot begin with \"%\"; quote it",
		strings.Repeat("[", 40): "1:33: the document is deeper than 32 levels",
	} {
		_, mistake := Parse([]byte(text))
		if mistake == nil || mistake.Error() != want {
			t.Errorf("%q says %v, want %s", text, mistake, want)
		}
	}
	big := []byte("a: [" + strings.Repeat("x,", MaxNodes+1) + "]")
	if _, mistake := Parse(big); mistake == nil || !strings.Contains(mistake.Message, "20,000 nodes") {
		t.Errorf("a document of too many nodes says %v", mistake)
	}
	if _, mistake := Parse(make([]byte, MaxBytes+1)); mistake == nil || !strings.Contains(mistake.Message, "1 MiB") {
		t.Errorf("a document that is too long says %v", mistake)
	}
}

func TestThePartsOfADocumentShareItsLimit(t *testing.T) {
	var r Reader
	half := "a: [" + strings.Repeat("x,", MaxNodes/2+1) + "]"
	n, mistake := r.Read(half, 7, 3)
	if mistake != nil || n.Line != 7 || n.Values[0].Values[0].Part != 3 {
		t.Fatalf("the first part says %v", mistake)
	}
	if _, mistake = r.Read(half, 9, 4); mistake == nil || mistake.Line != 9 {
		t.Errorf("the second part says %v", mistake)
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
		n, mistake := Parse([]byte(text))
		if mistake != nil {
			t.Fatal(mistake)
		}
		var other any
		if err := goccy.Unmarshal([]byte(text), &other); err != nil {
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

func TestHostileYAMLEndsSoon(t *testing.T) {
	for _, part := range []string{"[", "{a: ", "- ", "a: b\n", "a: >\n", "x\n", "\"x\n", "# x\n", "- a\n", "? ", "'", "a: |\n\n", "[a, ", "a:\n ", "\\", "a: \"\\\n"} {
		for _, text := range []string{strings.Repeat(part, MaxBytes/len(part)), "a: >\n" + strings.Repeat("\n", MaxBytes-10), "a: \"" + strings.Repeat("x\n", MaxBytes/2-10)} {
			start := time.Now()
			Parse([]byte(text))
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%q: %v for %d bytes", part, took, len(text))
			}
		}
	}
}

// FuzzParse looks for texts that make the reader panic or lose a place.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a: {b: [x, 17:00]}\nc:\n- d: |\n    e\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		n, mistake := Parse(src)
		if (n == nil) == (mistake == nil) {
			t.Fatalf("node %v with %v", n, mistake)
		}
	})
}
