package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/policies"
)

// call runs one command line and returns its exit code and what it said.
func call(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// write puts a file into a folder of the test.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shifted is the default policy with other opening hours, and wrong the same with a mistake in it.
func shifted() string {
	return strings.ReplaceAll(string(policies.Default()), `week: "mon-fri 08:00-17:00"`, `week: "mon-fri 09:00-17:00"`)
}

func wrong() string {
	return strings.ReplaceAll(string(policies.Default()), "use: always", "use: allways")
}

func TestPolicyCheck(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, file string
		code       int
		says       string
	}{
		{"a good one", write(t, dir, "good.md", string(policies.Default())), 0, ""},
		{"a mistake has its line and column", write(t, dir, "wrong.md", wrong()), 1, "wrong.md:207:"},
		{"an empty file", write(t, dir, "empty.md", ""), 1, "empty.md:1:1: error: "},
		{"a file that is too long", write(t, dir, "long.md", strings.Repeat("all work and no play\n", 60_000)), 1, "long.md:1:1: error: "},
		{"no file", filepath.Join(dir, "absent.md"), 2, "absent.md"},
		{"a folder", dir, 2, "is a directory"},
	} {
		code, out, errOut := call(t, "policy", "check", c.file)
		if code != c.code || !strings.Contains(out+errOut, c.says) {
			t.Errorf("%s: exit %d, want %d, with %q in\n%s%s", c.name, code, c.code, c.says, out, errOut)
		}
		if c.code == 1 && (errOut != "" || out == "") {
			t.Errorf("%s: findings belong to the output: %q %q", c.name, out, errOut)
		}
	}
	if code, _, errOut := call(t, "policy", "check"); code != 2 || errOut == "" {
		t.Errorf("without a file: exit %d, %q", code, errOut)
	}
}

func TestPolicyExplain(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "p.md", string(policies.Default()))
	evening := write(t, dir, "evening.yaml", "at: 2026-01-14T18:00:00Z\nproduct: {type: named-user-cloud}\nrequester: {kind: end-user}\naccount: {region: europe}\ncontract: {maintenance_active: yes, new_releases: yes}\ncategory: how-to\n")
	if code, out, errOut := call(t, "policy", "explain", file, "--situation", evening); code != 0 || !strings.Contains(out, "The request is covered.") || !strings.Contains(out, "#hours") || errOut != "" {
		t.Errorf("exit %d:\n%s%s", code, out, errOut)
	}
	if code, out, _ := call(t, "policy", "explain", file, "--situation", evening, "--json"); code != 0 || !strings.Contains(out, `"effort": "best-effort"`) || !strings.HasPrefix(out, "{") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	bad := write(t, dir, "bad.yaml", "at: 2026-01-14T18:00:00Z\nrequester: {kind: visitor}\ncatgory: how-to\n")
	code, out, _ := call(t, "policy", "explain", file, "--situation", bad)
	if code != 1 || !strings.Contains(out, "bad.yaml:2:") || !strings.Contains(out, "bad.yaml:3:") {
		t.Errorf("a situation with two mistakes: exit %d:\n%s", code, out)
	}
	if code, _, errOut := call(t, "policy", "explain", file, "--situation", filepath.Join(dir, "absent")); code != 2 || !strings.Contains(errOut, "absent") {
		t.Errorf("no situation: exit %d, %q", code, errOut)
	}
	if code, _, _ := call(t, "policy", "explain", write(t, dir, "wrong.md", wrong()), "--situation", evening); code != 1 {
		t.Errorf("a policy with a mistake: exit %d", code)
	}
	if code, _, _ := call(t, "policy", "explain", file); code != 2 {
		t.Errorf("without a situation: exit %d", code)
	}
}

func TestPolicyTest(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "p[1].md", string(policies.Default()))
	if code, _, errOut := call(t, "policy", "test", file); code != 2 || !strings.Contains(errOut, "probes.yaml") {
		t.Errorf("without probes: exit %d, %q", code, errOut)
	}
	write(t, dir, "p[1].probes.yaml", string(policies.DefaultProbes()))
	write(t, dir, "other.probes.yaml", "probes: nonsense")
	lines := func(out string) []string { return strings.Split(strings.TrimRight(out, "\n"), "\n") }
	code, out, errOut := call(t, "policy", "test", file)
	if last := lines(out); code != 0 || errOut != "" || !strings.HasSuffix(last[len(last)-1], " passed, 0 failed") {
		t.Errorf("exit %d:\n%s%s", code, out, errOut)
	}
	one := write(t, dir, "one.probes.yaml", "policy: p.md\nprobes:\n  - name: somebody\n    why: it is wrong\n    situation: {requester: {kind: unknown}, at: 2026-01-14T10:00:00Z}\n    expect: {covered: no}\n")
	code, out, _ = call(t, "policy", "test", file, one)
	if last := lines(out); code != 1 || !strings.Contains(out, "one.probes.yaml:6:23: somebody") || !strings.Contains(out, "warning: ") || last[len(last)-1] != "0 passed, 1 failed" {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if code, _, errOut := call(t, "policy", "test", file, filepath.Join(dir, "absent")); code != 2 || !strings.Contains(errOut, "absent") {
		t.Errorf("an absent probe file: exit %d, %q", code, errOut)
	}
}

func TestPolicyPublish(t *testing.T) {
	dir := t.TempDir()
	good, next, bad := write(t, dir, "good.md", string(policies.Default())), write(t, dir, "next.md", shifted()), write(t, dir, "bad.md", wrong())
	for name, to := range map[string][]string{"sqlite": {"--data", filepath.Join(dir, "data")}, "postgres": {"--database", dbtest.PostgresURL(t)}} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				args []string
				code int
				says string
			}{
				{[]string{good}, 0, "Version 1 of the policy"},
				{[]string{good}, 0, "Version 1 of the policy"},
				{[]string{bad}, 1, "bad.md:207:"},
				{[]string{bad}, 1, "the version in force stays"},
				{[]string{next, "--effective", "2026-13-01"}, 1, "effective: "},
				{[]string{next, "--effective", "2199-01-01"}, 0, "in force from 2199-01-01 00:00 UTC"},
				{[]string{next}, 0, "Version 3 of the policy"},
				{[]string{filepath.Join(dir, "absent.md")}, 2, "absent.md"},
			} {
				code, out, errOut := call(t, append(append([]string{"policy", "publish"}, c.args...), to...)...)
				if code != c.code || !strings.Contains(out+errOut, c.says) {
					t.Errorf("%v: exit %d, want %d, with %q in\n%s%s", c.args, code, c.code, c.says, out, errOut)
				}
			}
		})
	}
	if code, _, errOut := call(t, "policy", "publish", good); code != 2 || !strings.Contains(errOut, "--data DIR or --database URL") {
		t.Errorf("without a store: exit %d, %q", code, errOut)
	}
}

func TestDemoCommand(t *testing.T) {
	dir := t.TempDir()
	if code, out, errOut := call(t, "demo", "--tickets", "30", "--messages", "90", "--data", dir); code != 0 || !strings.Contains(out, "30 of 30 tickets") {
		t.Errorf("exit %d:\n%s%s", code, out, errOut)
	}
	if code, _, errOut := call(t, "demo", "--tickets", "30", "--messages", "9", "--data", dir); code != 2 || !strings.Contains(errOut, "messages: ") {
		t.Errorf("fewer messages than tickets: exit %d, %q", code, errOut)
	}
	if code, _, errOut := call(t, "demo", "--tickets", "3", "--messages", "9"); code != 2 || errOut == "" {
		t.Errorf("without a store: exit %d, %q", code, errOut)
	}
}

func TestPolicySimulate(t *testing.T) {
	dir := t.TempDir()
	good, bad := write(t, dir, "good.md", shifted()), write(t, dir, "bad.md", wrong())
	for name, to := range map[string][]string{"sqlite": {"--data", filepath.Join(dir, "data")}, "postgres": {"--database", dbtest.PostgresURL(t)}} {
		t.Run(name, func(t *testing.T) {
			if code, out, errOut := call(t, append([]string{"demo", "--tickets", "30", "--messages", "60"}, to...)...); code != 0 {
				t.Fatalf("exit %d:\n%s%s", code, out, errOut)
			}
			for _, c := range []struct {
				args []string
				code int
				says string
			}{
				{[]string{good}, 0, "What changes"},
				{[]string{good, "--json"}, 0, `"changes": [`},
				{[]string{good, "--since", "2199-01-31"}, 0, "0 decisions were made again; 0 of them change."},
				{[]string{good, "--since", "someday"}, 2, "2026-01-31"},
				{[]string{bad}, 1, "bad.md:207:"},
			} {
				code, out, errOut := call(t, append(append([]string{"policy", "simulate"}, c.args...), to...)...)
				if code != c.code || !strings.Contains(out+errOut, c.says) {
					t.Errorf("%v: exit %d, want %d, with %q in\n%s%s", c.args, code, c.code, c.says, out, errOut)
				}
			}
			// requests were judged since: a day given that has passed is refused, the document's own is explained
			for _, c := range []struct {
				args []string
				code int
				says string
			}{
				{[]string{good, "--effective", "2021-01-01"}, 1, "2021-01-01 has passed"},
				{[]string{good, "--effective", "2021-01-01"}, 1, "The version in force stays in force"},
				{[]string{good}, 0, "keeps the version that judged it"},
				{[]string{good, "--effective", "2199-01-01"}, 0, "Version 3 of the policy"},
			} {
				code, out, errOut := call(t, append(append([]string{"policy", "publish"}, c.args...), to...)...)
				if code != c.code || !strings.Contains(out+errOut, c.says) {
					t.Errorf("publish %v: exit %d, want %d, with %q in\n%s%s", c.args, code, c.code, c.says, out, errOut)
				}
			}
		})
	}
}
