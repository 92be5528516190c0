package document

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

// Report collects findings while a document is read. What it is asked to read it reports where it is not so.
type Report struct {
	file     string
	findings []Finding
	keys     map[string][]string
}

// Keys lists, for each map that was read, the keys that it may have, by the name of the map.
func (r *Report) Keys() map[string][]string { return r.keys }

// NewReport is an empty report on a text of the given name.
func NewReport(file string) *Report { return &Report{file: file} }

// Add reports something at a place.
func (r *Report) Add(severity string, line, col int, format string, args ...any) {
	if len(r.findings) >= maxFindings {
		return
	}
	message := fmt.Sprintf(format, args...)
	r.findings = append(r.findings, Finding{File: r.file, Line: max(line, 1), Col: max(col, 1), Severity: severity, Message: message})
}

// ErrorAt reports an error at a node.
func (r *Report) ErrorAt(n *yaml.Node, format string, args ...any) {
	r.Add(SeverityError, n.Line, n.Col, format, args...)
}

// WarnAt reports a warning at a node.
func (r *Report) WarnAt(n *yaml.Node, format string, args ...any) {
	r.Add(SeverityWarning, n.Line, n.Col, format, args...)
}

// Count is the number of findings so far.
func (r *Report) Count() int { return len(r.findings) }

// Failed reports whether an error was found.
func (r *Report) Failed() bool { return HasErrors(r.findings) }

// Findings lists what was found in the order of the document, each once.
func (r *Report) Findings() []Finding {
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

// DidYouMean asks, after a mistake, whether the nearest known word was meant; empty when none is near.
func DidYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
