package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ordinary are identifiers of policies that Go code may write, because it means something else by the word.
var ordinary = map[string]string{
	"S1":       "a severity in an example of the reference, or in what the checker proposes",
	"S2":       "a severity in an example of the reference, or in what the checker proposes",
	"normal":   "an effort that is not best effort",
	"priority": "a fact: the order that the customer gives its own requests",
	"media":    "a type of information: a picture or a recording",
	"steps":    "a type of information: what somebody did, one after the other",
	"update":   "to change a row of a database",
}

// ordinaryNames are vendors' and products' names that are words of their own, too.
var ordinaryNames = map[string]string{}

// TestNoPolicyStandsInGo holds the code to its promise: what a vendor calls its levels, plans and categories stands in the
// document alone, so that another document needs no other program.
func TestNoPolicyStandsInGo(t *testing.T) {
	known := vocabulary(t, "../../policies")
	if len(known.ids) < 40 || len(known.names) < 3 {
		t.Fatalf("read %d identifiers and %d names only", len(known.ids), len(known.names))
	}
	for word := range ordinary {
		if known.ids[word] == "" {
			t.Errorf("%q is listed as an ordinary word, but no policy uses it", word)
		}
	}
	for word := range ordinaryNames {
		if known.names[word] == "" {
			t.Errorf("%q is listed as an ordinary name, but no policy uses it", word)
		}
	}
	checked := 0
	eachSource(t, func(name string, src []byte) {
		checked++
		for _, v := range known.found(name, src) {
			t.Error(v)
		}
	})
	if checked < 200 {
		t.Fatalf("read %d files only", checked)
	}
}

// known are the words of all policies, each with where it comes from.
type known struct{ ids, names map[string]string }

func vocabulary(t *testing.T, dir string) known {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies in %s: %v", dir, err)
	}
	k := known{map[string]string{}, map[string]string{}}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		p, findings := policy.Parse(filepath.Base(f), src)
		if p == nil {
			t.Fatalf("%s: %v", f, findings[0])
		}
		k.add(p, strings.TrimSuffix(filepath.Base(f), ".md"))
	}
	return k
}

func (k known) add(p *policy.Policy, stem string) {
	id := func(kind, word string) {
		if word != "" && !slices.Contains(language(), word) {
			k.ids[word] = kind + " of " + p.File()
		}
	}
	k.names[p.Vendor()], k.names[stem] = "vendor of "+p.File(), "file name of "+p.File()
	for _, x := range p.Products() {
		id("product", x.ID)
		k.names[x.Name] = "product of " + p.File()
	}
	for _, x := range p.Levels() {
		id("level", x.ID)
	}
	for _, x := range p.Categories() {
		id("category", x.ID)
	}
	for _, x := range p.Plans() {
		id("plan", x.ID)
	}
	for _, x := range p.Calendars() {
		id("calendar", x.ID)
	}
	for _, x := range p.Severities() {
		id("severity", x.ID)
	}
	for _, x := range p.Information() {
		id("information", x.ID)
	}
	for _, x := range p.Events() {
		id("event", x.ID)
	}
	for _, x := range p.Statuses() {
		id("status", x.ID)
	}
	for _, x := range p.Allowances() {
		id("allowance", x.ID)
	}
	for _, x := range p.Offers() {
		id("offer", x.ID)
	}
	for f, kind := range map[fact.Fact]string{fact.ProductType: "product type", fact.Addon: "add-on", fact.AccountRegion: "region", fact.Deployment: "deployment"} {
		words, _ := p.Words(f)
		for _, w := range words {
			id(kind, w)
		}
	}
}

// language are the words that the policy language itself gives a meaning.
func language() []string {
	words := slices.Concat(policy.BuiltinEvents(), policy.BuiltinStatuses(), []string{"always", "never", "none", "any", "submit", "close", policy.PhaseEnded})
	for f := range fact.Count {
		words = append(words, f.Fixed()...)
	}
	return words
}

// found lists the places of one file where a policy's word stands.
func (k known) found(name string, src []byte) []string {
	var bad []string
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				return false
			}
			text, err := strconv.Unquote(n.Value)
			if err != nil {
				bad = append(bad, err.Error())
			}
			if tag, ok := reflect.StructTag(text).Lookup("json"); ok {
				text, _, _ = strings.Cut(tag, ",")
			}
			if word := k.identifier(text); word != "" {
				bad = append(bad, fmt.Sprintf("%s: %q stands in Go: take it from the policy, or list it under `ordinary` with what else it means (%s)", set.Position(n.Pos()), word, k.ids[word]))
			}
		}
		return true
	})
	return append(bad, k.named(set, name, src)...)
}

// identifier is the policy's word that a string is, or one that nobody else would write and that it contains.
func (k known) identifier(text string) string {
	if k.ids[text] != "" && ordinary[text] == "" {
		return text
	}
	if !strings.Contains(text, "<") {
		for _, quoted := range quotedPattern.FindAllStringSubmatch(text, -1) {
			if word := quoted[1]; k.ids[word] != "" && ordinary[word] == "" {
				return word
			}
		}
	}
	for _, word := range idPattern.FindAllString(text, -1) {
		if k.ids[word] != "" && ordinary[word] == "" && distinctive.MatchString(word) {
			return word
		}
	}
	return ""
}

var (
	// quotedPattern finds words that stand quoted inside a string, as in SQL or JSON; pages are full of quoted attributes.
	quotedPattern = regexp.MustCompile(`["']([A-Za-z0-9_-]+)["']`)
	idPattern     = regexp.MustCompile(`[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*`)
	distinctive   = regexp.MustCompile(`[-_0-9]|.[A-Z]`)
)

// named lists the vendors' and products' names of a file, in comments as well.
func (k known) named(set *token.FileSet, name string, src []byte) []string {
	var bad []string
	file := set.AddFile(name, -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, scanner.ScanComments)
	for pos, tok, text := s.Scan(); tok != token.EOF; pos, tok, text = s.Scan() {
		for _, vendor := range slices.Sorted(maps.Keys(k.names)) {
			if ordinaryNames[vendor] == "" && holdsWord(text, vendor) {
				bad = append(bad, fmt.Sprintf("%s: %q stands in Go: a vendor's name belongs to its policy (%s)", set.Position(pos), vendor, k.names[vendor]))
			}
		}
	}
	return bad
}

func holdsWord(text, word string) bool {
	for rest := text; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			return false
		}
		end := i + len(word)
		if (i == 0 || !letter(rest[i-1])) && (end == len(rest) || !letter(rest[end])) {
			return true
		}
		rest = rest[end:]
	}
}

func letter(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// eachSource gives every Go file of the program that is no test; what templ made stands for the templates.
func eachSource(t *testing.T, fn func(name string, src []byte)) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, p)
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		fn(filepath.ToSlash(name), src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPolicysWordInGoIsReported(t *testing.T) {
	p, findings := policy.Parse("acme.md", []byte("# P {#p}\n\n```policy\npolicy: {name: P, vendor: Acme Pumps, effective: 2026-01-01, zone: UTC}\n"+
		"levels: {front-line: {name: A, escalates_to: T2}, T2: {name: B}}\ncategories: {leak: {level: T2, title: A leak}}\n"+
		"responsibility: [{front-line: {by: vendor, for: [customer, end-user]}, T2: {by: vendor, for: [customer, end-user]}}]\nhours: [{use: none}]\n```\n"))
	if p == nil {
		t.Fatal(findings)
	}
	k := known{map[string]string{}, map[string]string{}}
	k.add(p, "acme")
	for _, c := range []struct {
		src  string
		want string // part of the report; empty when allowed
	}{
		{`var x = "T2"`, `"T2"`},
		{`var x = "leak"`, `"leak"`},
		{`var x = "/desk/front-line?x=1"`, `"front-line"`},
		{"var x = `SELECT level FROM t WHERE level = 'T2'`", `"T2"`},
		{"type x struct{ A string `json:\"leak,omitempty\"` }", `"leak"`},
		{"var x = `{\"category\":\"leak\"}`", `"leak"`},
		{`var x = "a leak in the memory"`, ""},
		{`var x = "T22 and front-lines"`, ""},
		{`var x = T2`, ""},
		{`// T2 is a level`, ""},
		{`// Acme Pumps wanted it`, `"Acme Pumps"`},
		{`var x = "by Acme Pumps"`, `"Acme Pumps"`},
		{`var x = "acme"`, `"acme"`},
		{`var x = "acmes"`, ""},
		{`import "example.com/leak"`, ""},
	} {
		got := strings.Join(k.found("x.go", []byte("package x\n"+c.src)), "\n")
		if c.want == "" && got != "" || c.want != "" && !strings.Contains(got, c.want) {
			t.Errorf("%s: reported %q, want %q", c.src, got, c.want)
		}
	}
}
