package text

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	sentence = regexp.MustCompile(`\bT\("((?:[^"\\]|\\.)*)"`)
	counted  = regexp.MustCompile(`%d [a-z]*s\b`)
	literal  = regexp.MustCompile(`>([^<>{}]*[A-Za-z]{2}[^<>{}]*)<`)
	wordAttr = regexp.MustCompile(`\b(?:aria-label|title|placeholder|alt)="([^"]*[A-Za-z][^"]*)"`)
)

// A sentence that counts something must have a singular, or readers meet "1 requests"; a plural that no page uses
// is dead weight for translators.
func TestEveryCountedSentenceHasItsForms(t *testing.T) {
	used := map[string]bool{}
	for _, source := range sources(t) {
		for _, m := range sentence.FindAllStringSubmatch(source, -1) {
			used[m[1]] = true
			if counted.MatchString(m[1]) && englishPlurals[m[1]] == nil {
				t.Errorf("%q counts something and has no plural forms", m[1])
			}
		}
	}
	if len(used) < 200 {
		t.Fatalf("only %d messages found: the pattern no longer reads the templates", len(used))
	}
	for key := range englishPlurals {
		if !used[key] {
			t.Errorf("%q has plural forms and no page uses it", key)
		}
	}
}

// Words that stand in a template outside T cannot be translated.
func TestNoTemplateHoldsWordsOutsideTheCatalogue(t *testing.T) {
	for name, source := range sources(t) {
		if !strings.HasSuffix(name, ".templ") {
			continue
		}
		for _, line := range strings.Split(source, "\n") {
			for _, pattern := range []*regexp.Regexp{literal, wordAttr} {
				if m := pattern.FindStringSubmatch(line); m != nil && !strings.Contains(m[1], "Tierdesk") {
					t.Errorf("%s: %q is not in the catalogue", name, m[1])
				}
			}
		}
	}
}

func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"../*/*.templ", "../*/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(body)
		}
	}
	return out
}
