package language

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// guide is docs/policy/README.md.
func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(docs + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rows are the cells of the tables in a section of the guide, without their heads.
func rows(text, section string) [][]string {
	_, text, _ = strings.Cut(text, "{#"+section+"}\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var list [][]string
	for _, line := range strings.Split(text, "\n") {
		if cells := strings.Split(strings.Trim(line, "| "), " | "); strings.HasPrefix(line, "| `") {
			list = append(list, cells)
		}
	}
	return list
}

// TestTheMessagesOfTheGuide writes each mistake of the guide into the small policy of the cookbook.
func TestTheMessagesOfTheGuide(t *testing.T) {
	base, _, _ := cookbook(t)
	messages := rows(guide(t), "messages")
	if len(messages) < 25 {
		t.Errorf("the guide has %d messages; is its table still read?", len(messages))
	}
	for _, cells := range messages {
		wrong, says := strings.Trim(cells[0], "`"), cells[1]
		file := onBase(t, base, wrong+"\n")
		if _, findings := policy.Parse("p.md", []byte(file)); !strings.Contains(fmt.Sprint(findings), says) {
			t.Errorf("%s\n the checker says %v, want %s", wrong, findings, says)
		}
	}
}

var code1 = regexp.MustCompile("`([a-z_0-9.]+?)\\.?(NAME\\.)?`")

// TestWhatAProbeCanExpect names each field of the guide's table in a probe; the prober knows them all.
func TestWhatAProbeCanExpect(t *testing.T) {
	base, _, _ := cookbook(t)
	p, findings := policy.Parse("p.md", []byte(onBase(t, base, "terms: {a: b}\n")))
	if p == nil {
		t.Fatal(findings)
	}
	fields := rows(guide(t), "expect")
	if len(fields) < 20 {
		t.Errorf("the guide has %d fields; is its table still read?", len(fields))
	}
	for _, cells := range fields {
		for _, m := range code1.FindAllStringSubmatch(cells[0], -1) {
			report := coverage.RunProbes(p, "probes.yaml", []byte("probes: [{name: a, expect: {"+m[1]+": something}}]"))
			if lines := strings.Join(report.Lines, "\n"); lines == "" || strings.Contains(lines, "is not part of a decision") {
				t.Errorf("`expect.%s`: %s", m[1], lines)
			}
		}
	}
}
