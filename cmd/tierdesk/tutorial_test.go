package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateTutorial = flag.Bool("update-tutorial", false, "write what the commands of the tutorial print, and its finished files, into docs/policy")

const tutorialDir = "../../docs/policy/"

// TestTheTutorial does what docs/policy/tutorial.md says, in order: it writes its files, runs its commands and compares what they
// print, and the finished policy and probes with the files beside it.
func TestTheTutorial(t *testing.T) {
	text, err := os.ReadFile(tutorialDir + "tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	l := &learner{t: t, dir: t.TempDir(), home: home}
	l.follow(strings.Split(string(text), "\n"))
	if l.ran < 8 {
		t.Errorf("the tutorial runs %d commands; are its fences still read?", l.ran)
	}
	made := map[string]string{"tutorial.md": strings.Join(l.page, "\n"), "example.md": l.read("harbourline.md"), "example.probes.yaml": l.read("harbourline.probes.yaml")}
	for name, want := range made {
		if *updateTutorial {
			write(t, tutorialDir, name, want)
		}
		if got, err := os.ReadFile(tutorialDir + name); err != nil || string(got) != want {
			t.Errorf("docs/policy/%s is not what the tutorial makes (%v); look at the failed commands, or write it with: go test ./cmd/tierdesk -run TestTheTutorial -update-tutorial", name, err)
		}
	}
	if code, out, errOut := call(t, "policy", "test", filepath.Join(l.dir, "harbourline.md")); code != 0 || strings.Contains(out, "no probe reaches") {
		t.Errorf("the finished policy of the tutorial ends with %d:\n%s%s", code, out, errOut)
	}
}

// learner follows the tutorial in a folder of its own. Page is the tutorial with what the commands really print.
type learner struct {
	t    *testing.T
	dir  string
	home string
	page []string
	ran  int
}

var fence = regexp.MustCompile("^(```+)(.+)$")

func (l *learner) follow(lines []string) {
	for i := 0; i < len(lines); i++ {
		m := fence.FindStringSubmatch(lines[i])
		l.page = append(l.page, lines[i])
		if m == nil {
			continue
		}
		end := i + 1
		for end < len(lines) && lines[end] != m[1] {
			end++
		}
		body := lines[i+1 : end]
		if m[2] == "console" {
			body = l.console(body)
		}
		l.keep(m[2], strings.Join(body, "\n")+"\n")
		l.page, i = append(l.page, body...), end-1
		if end < len(lines) {
			l.page, i = append(l.page, lines[end]), end
		}
	}
}

// keep writes what a fence holds: clauses of the policy, probes, or a file of its own name.
func (l *learner) keep(kind, body string) {
	switch name, named := strings.CutPrefix(kind, "yaml "); {
	case kind == "markdown":
		write(l.t, l.dir, "harbourline.md", withClauses(l.read("harbourline.md"), body))
	case kind == "yaml probes":
		before := l.read("harbourline.probes.yaml")
		if before != "" {
			before += "\n"
		}
		write(l.t, l.dir, "harbourline.probes.yaml", before+body)
	case named:
		write(l.t, l.dir, name, body)
	}
}

func (l *learner) read(name string) string {
	text, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil && !os.IsNotExist(err) {
		l.t.Fatal(err)
	}
	return string(text)
}

var heading = regexp.MustCompile(`(?m)^#+ .*\{#([a-z0-9-]+)\}$`)

// withClauses puts clauses in the place of those of the same id, and others at the end.
func withClauses(policy, clauses string) string {
	starts := heading.FindAllStringSubmatchIndex(clauses, -1)
	for i, m := range starts {
		end := len(clauses)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		clause, id := strings.TrimSpace(clauses[m[0]:end])+"\n", clauses[m[2]:m[3]]
		from, to := clauseAt(policy, id)
		before, after := policy[:from], policy[to:]
		if before != "" {
			before = strings.TrimRight(before, "\n") + "\n\n"
		}
		if after != "" {
			clause += "\n"
		}
		policy = before + clause + after
	}
	return policy
}

func clauseAt(policy, id string) (from, to int) {
	all := heading.FindAllStringSubmatchIndex(policy, -1)
	for i, m := range all {
		if policy[m[2]:m[3]] == id {
			if i+1 < len(all) {
				return m[0], all[i+1][0]
			}
			return m[0], len(policy)
		}
	}
	return len(policy), len(policy)
}

// console runs the commands of a fence and returns it with what they print. A line `...` stands for lines left out; what
// follows it must be printed too.
func (l *learner) console(lines []string) []string {
	l.t.Helper()
	l.t.Chdir(l.dir)
	defer l.t.Chdir(l.home)
	var page []string
	for i := 0; i < len(lines); {
		command, ok := strings.CutPrefix(lines[i], "$ ")
		if !ok {
			l.t.Fatalf("%q: a console fence begins with a command", lines[i])
		}
		end := i + 1
		for end < len(lines) && !strings.HasPrefix(lines[end], "$ ") {
			end++
		}
		page = append(page, lines[i])
		page = append(page, l.printed(command, lines[i+1:end])...)
		i = end
	}
	return page
}

func (l *learner) printed(command string, want []string) []string {
	l.ran++
	code, out, errOut := call(l.t, strings.Fields(command)[1:]...)
	if code > 1 {
		l.t.Errorf("%s: exit %d: %s", command, code, errOut)
	}
	var got []string
	if out != "" {
		got = strings.Split(strings.TrimRight(out, "\n"), "\n")
	}
	if len(want) > 0 && want[len(want)-1] == "..." && len(got) >= len(want)-1 && strings.Join(got[:len(want)-1], "\n") == strings.Join(want[:len(want)-1], "\n") {
		return want
	}
	return got
}
