package language

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// recipe is one section of the cookbook: blocks of a policy, probes of what they mean, and what the checker says of them.
type recipe struct {
	title, blocks, probes, says string
	line                        int
}

// TestTheCookbook checks every recipe on the small policy that the cookbook prints, and runs its probes.
func TestTheCookbook(t *testing.T) {
	base, given, recipes := cookbook(t)
	for _, r := range recipes {
		t.Run(r.title, func(t *testing.T) {
			p, findings := policy.Parse("recipe.md", []byte(onBase(t, base, r.blocks)))
			if r.says != "" {
				if !strings.Contains(fmt.Sprint(findings), strings.TrimSpace(r.says)) {
					t.Errorf("cookbook.md:%d: the checker says %v, want %s", r.line, findings, r.says)
				}
				if r.probes == "" {
					return
				}
			}
			if p == nil {
				t.Fatalf("cookbook.md:%d: %v", r.line, findings)
			}
			if r.probes == "" {
				return
			}
			report := coverage.RunProbes(p, "recipe.probes.yaml", []byte("given:\n  "+strings.ReplaceAll(strings.TrimSpace(given), "\n", "\n  ")+"\nprobes:\n"+r.probes))
			for _, line := range report.Lines {
				t.Errorf("cookbook.md:%d: %s", r.line, line)
			}
			if report.Passed == 0 {
				t.Errorf("cookbook.md:%d: nothing was probed", r.line)
			}
		})
	}
	if len(recipes) < 40 {
		t.Errorf("the cookbook has %d recipes; are its fences still read?", len(recipes))
	}
}

// cookbook reads the small policy, what every probe has underneath, and the recipes.
func cookbook(t *testing.T) (base, given string, recipes []recipe) {
	t.Helper()
	text, err := os.ReadFile(docs + "cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	var title, kind, body string
	for i, line := range strings.Split(string(text), "\n") {
		opened, isFence := strings.CutPrefix(line, "```")
		switch {
		case kind != "" && isFence:
			switch kind {
			case "yaml base":
				base = body
			case "yaml given":
				given = body
			case "yaml":
				recipes = append(recipes, recipe{title: title, blocks: body, line: i + 1})
			case "yaml probes":
				recipes[len(recipes)-1].probes = body
			case "text":
				recipes[len(recipes)-1].says = body
			default:
				t.Errorf("cookbook.md:%d: nobody tries a fence of %q", i+1, kind)
			}
			kind, body = "", ""
		case isFence:
			kind = opened
		case kind != "":
			body += line + "\n"
		case strings.HasPrefix(line, "### "):
			title = strings.TrimPrefix(line, "### ")
		}
	}
	return base, given, recipes
}

// onBase writes a recipe as a clause after those blocks of the small policy that it does not replace.
func onBase(t *testing.T, base, blocks string) string {
	t.Helper()
	root, mistake := yaml.Parse([]byte(blocks))
	if mistake != nil {
		t.Fatalf("%d:%d: %s", mistake.Line, mistake.Col, mistake.Message)
	}
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(base), "\n") {
		key, _, _ := strings.Cut(line, ":")
		if root.Get(key) == nil {
			fmt.Fprintf(&b, "# About %s {#%s}\n```policy\n%s\n```\n", key, key, line)
		}
	}
	fmt.Fprintf(&b, "# Recipe {#recipe}\n```policy\n%s```\n", blocks)
	return b.String()
}
