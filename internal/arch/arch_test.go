// Package arch holds no code. Its test reads every Go file of the module and
// fails when one breaks a rule of the house (docs/architecture.md), naming the
// file or the edge. To add a package, give it a place in floors.
package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tierdesk/tierdesk"

// floor is one storey of the house. A package imports lower floors, and on its
// own floor only the places before its own; inside one place imports are free.
type floor struct {
	name     string
	places   []string // folders, with everything below them
	siblings bool     // the places of this floor never import each other
	modules  []string // third-party modules for this floor
}

var floors = []floor{
	{name: "0 policies", places: []string{"policies"}},
	{
		name: "1 rules",
		places: []string{
			"internal/rules/calendar",
			"internal/rules/period",
			"internal/rules/wording",
			"internal/rules/lifecycle",
			"internal/rules/fact",
			"internal/rules/yaml",
			"internal/rules/document",
			"internal/rules/expression",
			"internal/rules/choice",
			"internal/rules/policy",
			"internal/rules/readable",
			"internal/rules/coverage",
			"internal/rules/language",
			"internal/rules/difference",
		},
		modules: []string{"github.com/goccy/go-yaml", "github.com/yuin/goldmark", "github.com/rickar/cal/v2", "cel.dev/cel-go"},
	},
	{
		name: "2 platform",
		places: []string{
			"internal/platform/fault", "internal/platform/schema", "internal/platform/db", "internal/platform/jobs",
			"internal/platform/blob", "internal/platform/seal", "internal/platform/mail", "internal/platform/live",
		},
		modules: []string{
			"modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/google/uuid", "github.com/tink-crypto/tink-go/v2",
			"github.com/emersion/go-smtp", "github.com/emersion/go-sasl", "github.com/emersion/go-message", "github.com/emersion/go-msgauth",
			"github.com/microcosm-cc/bluemonday",
			"golang.org/x/net", "golang.org/x/text", "golang.org/x/sys",
		},
	},
	{
		name: "3 register",
		places: []string{
			"internal/register/journal", "internal/register/org", "internal/register/identity",
			"internal/register/product", "internal/register/account", "internal/register/rulebook", "internal/register/draft",
		},
		modules: []string{"golang.org/x/crypto", "golang.org/x/net", "golang.org/x/text"},
	},
	{name: "4 work", places: []string{"internal/work/attach", "internal/work/information", "internal/work/ticket"}, modules: []string{"golang.org/x/text"}},
	{
		name: "5 flow", siblings: true,
		places:  []string{"internal/flow/registration", "internal/flow/intake", "internal/flow/notify", "internal/flow/simulate", "internal/flow/revise", "internal/flow/demo"},
		modules: []string{"golang.org/x/text", "github.com/goccy/go-yaml", "github.com/yuin/goldmark", "github.com/microcosm-cc/bluemonday"},
	},
	{
		name:    "6 web and api",
		places:  []string{"internal/web", "internal/api"},
		modules: []string{"github.com/a-h/templ", "github.com/danielgtaylor/huma/v2", "github.com/yuin/goldmark", "github.com/microcosm-cc/bluemonday", "golang.org/x/text"},
	},
	{
		name:    "7 program",
		places:  []string{"internal/config", "internal/app", "cmd/tierdesk"},
		modules: []string{"github.com/alecthomas/kong", "github.com/goccy/go-yaml"},
	},
	{name: "8 checks", places: []string{"internal/arch", "bench", "e2e"}, modules: []string{
		"github.com/chromedp/chromedp", "github.com/chromedp/cdproto", "github.com/emersion/go-smtp", "github.com/emersion/go-sasl",
		"github.com/emersion/go-message", "github.com/jackc/pgx/v5", "modernc.org/sqlite", "golang.org/x/net", "github.com/rickar/cal/v2",
	}},
}

// testModules may be imported by the tests of every floor.
var testModules = []string{"pgregory.net/rapid", "golang.org/x/net/html"}

// restricted imports belong to a few places; tests may use those with tests set.
var restricted = []struct {
	path  string
	sub   bool // and everything below it
	tests bool
	only  []string
}{
	{path: "modernc.org/sqlite", sub: true, only: []string{"internal/platform/db", "bench", "e2e"}},
	{path: "github.com/jackc/pgx/v5", sub: true, only: []string{"internal/platform/db", "bench", "e2e"}},
	{path: "net/http", sub: true, tests: true, only: []string{"internal/web", "internal/api", "internal/platform/live", "internal/app", "cmd", "bench", "e2e"}},
	{path: "testing", sub: true, tests: true, only: []string{"internal/platform/db/dbtest"}},
	{path: module + "/internal/platform/db/dbtest", tests: true, only: []string{}},
}

// impure packages of the standard library reach a clock, a context, chance or the outside world.
var impure = []string{
	"context", "os", "net", "net/http", "syscall", "io/ioutil", "database/sql", "log", "log/slog",
	"math/rand", "math/rand/v2", "crypto/rand", "os/exec", "os/signal", "os/user", "unsafe", "plugin",
}

var badNames = []string{"model", "models", "dto", "dtos", "util", "utils", "common", "core", "helper", "helpers", "misc", "shared"}

// file is what the rules look at in one Go file.
type file struct {
	path    string // below the module's root, with slashes
	pkg     string
	imports []string
	clock   []string // time.Now and what calls it, with lines
	inits   []int    // lines of func init
}

func (f file) dir() string { return path.Dir(f.path) }
func (f file) test() bool  { return strings.HasSuffix(f.path, "_test.go") }

// place is where the file stands. The tests beside the ready policies judge them
// by the rules, so they stand with the checks.
func (f file) place() place {
	if f.test() && within(f.dir(), "policies") {
		return placeOf("e2e")
	}
	return placeOf(f.dir())
}

type place struct{ floor, index int }

// placeOf is where a folder stands; the floor is -1 for a folder without a place.
func placeOf(dir string) place {
	for i, fl := range floors {
		for j, p := range fl.places {
			if within(dir, p) {
				return place{i, j}
			}
		}
	}
	return place{-1, -1}
}

func within(p, prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }

func TestTheHouseKeepsItsRules(t *testing.T) {
	files := readModule(t)
	if len(files) < 2 {
		t.Fatalf("read %d files only", len(files))
	}
	for _, v := range judge(files) {
		t.Error(v)
	}
}

// judge lists every broken rule.
func judge(files []file) []string {
	var bad []string
	for _, f := range files {
		bad = append(bad, judgeImports(f)...)
		bad = append(bad, judgeSource(f)...)
	}
	slices.Sort(bad)
	return slices.Compact(bad)
}

func judgeImports(f file) []string {
	from := f.place()
	if from.floor < 0 {
		return []string{fmt.Sprintf("%s has no place in the house: give it one in internal/arch/arch_test.go", f.dir())}
	}
	var bad []string
	for _, imp := range f.imports {
		for _, reason := range []string{judgeEdge(f, from, imp), judgeRestricted(f, imp)} {
			if reason != "" {
				bad = append(bad, fmt.Sprintf("%s imports %s: %s (in %s)", f.dir(), strings.TrimPrefix(imp, module+"/"), reason, path.Base(f.path)))
			}
		}
	}
	return bad
}

// judgeEdge says why f must not import imp; empty when it may.
func judgeEdge(f file, from place, imp string) string {
	switch {
	case within(imp, module):
		return judgeOwn(f.dir(), from, strings.TrimPrefix(imp, module+"/"))
	case strings.Contains(strings.Split(imp, "/")[0], "."):
		return judgeModule(f, from, imp)
	case floors[from.floor].name == "1 rules" && !f.test() && slices.Contains(impure, imp):
		return "floor 1 is pure: no I/O, no clock, no context, no chance"
	}
	return ""
}

func judgeOwn(dir string, from place, imp string) string {
	to := placeOf(imp)
	switch {
	case to.floor < 0:
		return "it has no place in the house: give it one in internal/arch/arch_test.go"
	case to.floor < from.floor, to == from:
		return ""
	case to.floor > from.floor:
		return fmt.Sprintf("floor %s must not import floor %s", floors[from.floor].name, floors[to.floor].name)
	case floors[from.floor].siblings:
		return fmt.Sprintf("packages of floor %s never import each other", floors[from.floor].name)
	case to.index > from.index:
		return fmt.Sprintf("on floor %s a package imports only those listed before it", floors[from.floor].name)
	}
	return ""
}

func judgeModule(f file, from place, imp string) string {
	allowed := func(m string) bool { return within(imp, m) }
	if slices.ContainsFunc(floors[from.floor].modules, allowed) || f.test() && slices.ContainsFunc(testModules, allowed) {
		return ""
	}
	return fmt.Sprintf("this module is not on the allow-list of floor %s", floors[from.floor].name)
}

func judgeRestricted(f file, imp string) string {
	for _, r := range restricted {
		if imp != r.path && !(r.sub && within(imp, r.path)) || r.tests && f.test() {
			continue
		}
		if !slices.ContainsFunc(r.only, func(p string) bool { return within(f.dir(), p) }) {
			return "only " + strings.Join(append(slices.Clone(r.only), map[bool]string{true: "tests", false: ""}[r.tests]), " ") + " may import it"
		}
	}
	return ""
}

func judgeSource(f file) []string {
	var bad []string
	for _, name := range []string{f.pkg, path.Base(f.dir())} {
		if slices.Contains(badNames, strings.TrimSuffix(name, "_test")) {
			bad = append(bad, fmt.Sprintf("%s: a package called %s says nothing; name what it holds", f.dir(), name))
		}
	}
	for _, line := range f.inits {
		bad = append(bad, fmt.Sprintf("%s:%d: no init functions: whoever needs the work calls it", f.path, line))
	}
	mayReadClock := slices.ContainsFunc([]string{"internal/app", "internal/platform/db", "cmd", "bench", "e2e"}, func(p string) bool { return within(f.dir(), p) })
	if !f.test() && !mayReadClock {
		for _, use := range f.clock {
			bad = append(bad, fmt.Sprintf("%s:%s: the clock is tx.Now() or an injected function", f.path, use))
		}
	}
	return bad
}

// parse reads what the rules look at from one file's source.
func parse(name string, src []byte) (file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{path: name, pkg: tree.Name.Name}
	timeName := ""
	for _, spec := range tree.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports = append(f.imports, imp)
		if imp == "time" {
			timeName = "time"
			if spec.Name != nil {
				timeName = spec.Name.Name
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				f.inits = append(f.inits, set.Position(n.Pos()).Line)
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && timeName != "" && x.Name == timeName && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name) {
				f.clock = append(f.clock, fmt.Sprintf("%d: time.%s", set.Position(n.Pos()).Line, n.Sel.Name))
			}
		}
		return true
	})
	if timeName == "." {
		f.clock = append(f.clock, "1: time imported by a dot")
	}
	return f, nil
}

// readModule parses every Go file of the module, whatever its build tags. Folders
// that the go command ignores, and nested modules, are not part of it.
func readModule(t *testing.T) []file {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, p)
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f, err := parse(filepath.ToSlash(name), src)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func skip(root, dir string) error {
	base := filepath.Base(dir)
	if dir == root {
		return nil
	}
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules" {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

func TestAForbiddenEdgeIsReported(t *testing.T) {
	const m = module + "/"
	for _, c := range []struct {
		file, imp string
		want      string // part of the report; empty when allowed
	}{
		{"internal/rules/coverage/gate.go", m + "internal/platform/db", "internal/rules/coverage imports internal/platform/db: floor 1 rules must not import floor 2 platform (in gate.go)"},
		{"internal/rules/coverage/gate_test.go", m + "internal/platform/db", "must not import floor 2"},
		{"internal/rules/coverage/gate.go", m + "internal/rules/policy", ""},
		{"internal/rules/calendar/open.go", m + "internal/rules/policy", "only those listed before it"},
		{"internal/rules/coverage/gate.go", "context", "floor 1 is pure"},
		{"internal/rules/coverage/gate.go", "math/rand/v2", "floor 1 is pure"},
		{"internal/rules/coverage/gate_test.go", "os", ""},
		{"internal/rules/policy/parse.go", "github.com/goccy/go-yaml/ast", ""},
		{"internal/rules/policy/parse.go", "github.com/google/uuid", "not on the allow-list of floor 1 rules"},
		{"internal/rules/policy/parse_test.go", "pgregory.net/rapid", ""},
		{"internal/rules/policy/parse.go", "pgregory.net/rapid", "not on the allow-list"},
		{"internal/platform/mail/send.go", m + "internal/register/org", "must not import floor 3"},
		{"internal/register/org/store.go", m + "internal/register/identity", "only those listed before it"},
		{"internal/register/identity/store.go", m + "internal/register/org", ""},
		{"internal/register/identity/store_test.go", m + "internal/platform/db/dbtest", ""},
		{"internal/register/identity/store.go", m + "internal/platform/db/dbtest", "may import it"},
		{"internal/work/ticket/store.go", "modernc.org/sqlite", "internal/platform/db"},
		{"internal/work/ticket/store_test.go", "github.com/jackc/pgx/v5/stdlib", "internal/platform/db"},
		{"internal/platform/mail/send.go", "github.com/jackc/pgx/v5", "may import it"},
		{"internal/platform/db/postgres.go", "github.com/jackc/pgx/v5/stdlib", ""},
		{"internal/work/ticket/ticket.go", m + "internal/flow/intake", "must not import floor 5"},
		{"internal/flow/notify/notify.go", m + "internal/flow/intake", "never import each other"},
		{"internal/flow/intake/intake.go", m + "internal/work/ticket", ""},
		{"internal/flow/intake/intake.go", "net/http", "may import it"},
		{"internal/flow/intake/intake_test.go", "net/http/httptest", ""},
		{"internal/web/desk/ticket.go", m + "internal/web/page", ""},
		{"internal/web/desk/ticket.go", m + "internal/api", "only those listed before it"},
		{"internal/web/desk/ticket.go", "net/http", ""},
		{"internal/api/ticket.go", m + "internal/app", "must not import floor 7"},
		{"internal/app/app.go", m + "internal/config", ""},
		{"policies/policies.go", m + "internal/rules/policy", "floor 0 policies must not import floor 1 rules"},
		{"policies/policies_test.go", m + "internal/rules/policy", ""},
		{"internal/brandnew/x.go", "fmt", "has no place in the house"},
		{"internal/app/app.go", m + "internal/brandnew", "has no place in the house"},
		{"internal/platform/dbx/x.go", "fmt", "has no place in the house"},
	} {
		f := file{path: c.file, pkg: path.Base(path.Dir(c.file)), imports: []string{c.imp}}
		got := strings.Join(judge([]file{f}), "\n")
		if c.want == "" && got != "" || c.want != "" && !strings.Contains(got, c.want) {
			t.Errorf("%s importing %s: reported %q, want %q", c.file, c.imp, got, c.want)
		}
	}
}

func TestAForbiddenSourceIsReported(t *testing.T) {
	for _, c := range []struct{ file, src, want string }{
		{"internal/work/ticket/a.go", "package ticket\nimport \"time\"\nvar x = time.Now()", "a.go:3: time.Now"},
		{"internal/work/ticket/a.go", "package ticket\nimport \"time\"\nvar x = time.Now", "time.Now"},
		{"internal/work/ticket/a.go", "package ticket\nimport t \"time\"\nvar x = t.Since(t.Time{})", "time.Since"},
		{"internal/work/ticket/a.go", "package ticket\nimport . \"time\"\nvar x = Now()", "by a dot"},
		{"internal/work/ticket/a.go", "package ticket\nimport \"time\"\nvar x = time.Hour", ""},
		{"internal/work/ticket/a.go", "package ticket\nvar x = tx.Now()", ""},
		{"internal/work/ticket/a_test.go", "package ticket\nimport \"time\"\nvar x = time.Now()", ""},
		{"internal/app/a.go", "package app\nimport \"time\"\nvar x = time.Now()", ""},
		{"internal/platform/db/dbtest/a.go", "package dbtest\nimport \"time\"\nvar x = time.Now()", ""},
		{"internal/work/ticket/a.go", "package ticket\nfunc init() {}", "a.go:2: no init functions"},
		{"internal/work/ticket/a.go", "package ticket\nfunc (x T) init() {}", ""},
		{"internal/web/util/a.go", "package util", "a package called util"},
		{"internal/web/page/a.go", "package helpers", "a package called helpers"},
	} {
		f, err := parse(c.file, []byte(c.src))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(judge([]file{f}), "\n")
		if c.want == "" && got != "" || c.want != "" && !strings.Contains(got, c.want) {
			t.Errorf("%s %q: reported %q, want %q", c.file, c.src, got, c.want)
		}
	}
}

// TestEveryAllowedModuleIsKnown keeps the allow-list from outliving go.mod.
func TestEveryAllowedModuleIsKnown(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, fl := range floors {
		for _, m := range fl.modules {
			if !strings.Contains(string(mod), m+" v") {
				t.Errorf("floor %s allows %s, which go.mod does not have", fl.name, m)
			}
		}
	}
}
