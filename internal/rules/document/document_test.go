package document

import (
	"strings"
	"testing"
	"time"
)

const hostileBytes = 1 << 19

func TestHostileDocumentsEndSoon(t *testing.T) {
	long := func(s string) string {
		paragraph := strings.Repeat(s, maxRun/len(s)) + "\n\n" // the longest that is not refused for its length
		return "# A {#a}\n\n" + strings.Repeat(paragraph, (hostileBytes-200)/len(paragraph))
	}
	for name, text := range map[string]string{
		"brackets": long("["), "emphasis": long("*a_ "), "emphasis lines": long("*a **b\n"), "quotations": long("> "), "quoted lines": long("> > > x\n"),
		"list markers": long("- - - x\n"), "backticks": long("`a``\n"), "links": long("[a](\n"), "link lines": long("[a\n"), "images": long("![![\n"), "headings": long("# a\n"),
		"tables": long("| a | b |\n"), "table head": long("|-"), "angle": long("<a \n"), "references": long("[a]: b\n"), "brackets in lines": long(strings.Repeat("[", 1000) + "\n"),
		"deep lists": long("          - x\n"), "entities": long("&amp"), "parentheses": long("[](((((\n"),
	} {
		start := time.Now()
		Read("p.md", []byte(text))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v for %d bytes", name, took, len(text))
		}
	}
}
