package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A short text that asks for very much is refused with a mistake, and soon.
func TestShortTextsThatAskForVeryMuchAreRefused(t *testing.T) {
	chain := func(n int, line string) string {
		var b strings.Builder
		for i := 1; i < n; i++ {
			fmt.Fprintf(&b, line, i, i-1)
		}
		return b.String()
	}
	axes := func(words int) string {
		text := ""
		for i := range 4 {
			text += fmt.Sprintf("  k%d: {type: choice, by: requester, ask: Which?, values: [%s]}\n", i, strings.TrimSuffix(strings.Repeat("v%d, ", words), ", "))
		}
		numbers := make([]any, 4*words)
		for i := range numbers {
			numbers[i] = i % words
		}
		return fmt.Sprintf(text, numbers...)
	}
	fact := "facts:\n"
	table := "  x%[1]d: {title: X, starts: created, stops: solved, within: [{by: [k0, k1, k2, k3], is: {any: 1h, v1: 2h}}]}\n"
	tables := "clocks:\n"
	for i := range 40 {
		tables += fmt.Sprintf(table, i)
	}
	for name, c := range map[string][2]string{
		"unions that double":      {"calendars:\n  c0: {zone: UTC, week: \"mon-fri 09:00-17:00\"}\n" + doubled("c", 60, "any"), "is made of more than 500 calendars"},
		"differences that double": {"calendars:\n" + doubled("c", 60, "minus"), "is made of more than 500 calendars"},
		"holidays that double":    {"holidays:\n  h0: {plus: [12-24]}\n" + doubled("h", 60, "like"), "are made of more than 500 others"},
		"many plans":              {"plans:\n  p0: {name: P}\n" + chain(300, "  p%d: {name: P, builds_on: p%d}\n"), "more than 200 plans"},
		"many large tables":       {fact + axes(8) + tables, "more than 100000 combinations"},
		"one table too large":     {fact + axes(10) + "clocks:\n" + fmt.Sprintf(table, 0), "at most 10000 are allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, findings := Parse("p.md", []byte("# P {#p}\n\n```policy\n"+c[0]+"```\n"))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			for _, f := range findings {
				if strings.Contains(f.Message, c[1]) {
					return
				}
			}
			t.Errorf("no finding says %q; first: %v", c[1], findings[:min(3, len(findings))])
		})
	}
}

// doubled defines things of which each is made of the one before it, twice.
func doubled(name string, n int, by string) string {
	text := ""
	for i := 1; i < n; i++ {
		before := fmt.Sprintf("%s%d", name, i-1)
		switch by {
		case "minus":
			if i == 1 {
				text += "  c0: {zone: UTC, week: \"mon-fri 09:00-17:00\"}\n"
			}
			text += fmt.Sprintf("  %s%d: {any: [%s], minus: [%s]}\n", name, i, before, before)
		case "any":
			text += fmt.Sprintf("  u%d: {any: [%s, %s]}\n", i, strings.Replace(before, name, "u", 1), strings.Replace(before, name, "u", 1))
		default:
			text += fmt.Sprintf("  %s%d: {%s: [%s, %s]}\n", name, i, by, before, before)
		}
	}
	return strings.ReplaceAll(text, "[u0, u0]", "[c0, c0]")
}
