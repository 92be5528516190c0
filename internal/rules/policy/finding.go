// Package policy reads the written support policy: one Markdown document whose fenced `policy` blocks hold the rules
// that the desk obeys. Parse compiles a document into an immutable Policy and reports each mistake at file:line:column.
// The package decides nothing; package coverage evaluates the compiled rules.
package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Severity grades of a Finding.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// Finding is one thing that the checker says about a document. Line and Col count from 1; Col counts bytes.
type Finding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Col      int    `json:"col"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// String returns the finding as one line, FILE:LINE:COL: SEVERITY: MESSAGE.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", f.File, f.Line, f.Col, f.Severity, f.Message)
}

// HasErrors reports whether a finding is an error, so that the document cannot be used.
func HasErrors(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == SeverityError })
}

// maxFindings bounds a report: a document that is wrong everywhere is not helped by a longer list.
const maxFindings = 200

type report struct {
	file     string
	findings []Finding
}

func (r *report) add(severity string, line, col int, format string, args ...any) {
	if len(r.findings) >= maxFindings {
		return
	}
	message := fmt.Sprintf(format, args...)
	r.findings = append(r.findings, Finding{File: r.file, Line: max(line, 1), Col: max(col, 1), Severity: severity, Message: message})
}

func (r *report) errorAt(n *yaml.Node, format string, args ...any) {
	r.add(SeverityError, n.Line, n.Col, format, args...)
}

func (r *report) warnAt(n *yaml.Node, format string, args ...any) {
	r.add(SeverityWarning, n.Line, n.Col, format, args...)
}

func (r *report) failed() bool { return HasErrors(r.findings) }

func (r *report) sorted() []Finding {
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(r.findings)
}

// Nearest returns the member of known that is the likeliest meaning of a misspelt word, or "" when none is near.
func Nearest(word string, known []string) string {
	best, bestDistance := "", 1+max(1, len(word)/3)
	if len(word) > 64 {
		return ""
	}
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
func distance(a, b string) int {
	previous, current := make([]int, len(b)+1), make([]int, len(b)+1)
	var beforePrevious []int
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], beforePrevious[j-2]+1)
			}
		}
		beforePrevious, previous, current = previous, current, make([]int, len(b)+1)
	}
	return previous[len(b)]
}

func didYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
