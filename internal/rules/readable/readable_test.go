package readable_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/readable"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixMilli() // a Monday

const header = "# Policy {#policy}\n\n```policy\npolicy: {name: Support, vendor: Example, effective: 2026-01-01, zone: UTC}\nlevels: {L1: {name: Level 1}}\nresponsibility: [{L1: {by: vendor, for: [customer, end-user]}}]\n```\n\n"

func read(t *testing.T, src string) readable.Document {
	t.Helper()
	if !strings.Contains(src, "hours:") {
		src += "\n## Rest {#rest}\n\n```policy\nhours: [{use: always}]\n```\n"
	}
	p, findings := policy.Parse("policy.md", []byte(header+src))
	if p == nil {
		t.Fatal(findings)
	}
	return readable.Of(p, noon)
}

func clause(t *testing.T, d readable.Document, id string) readable.Clause {
	t.Helper()
	for _, c := range d.Clauses {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no clause %q", id)
	return readable.Clause{}
}

// outline says a document in lines: what each clause shows, and what a reader would read in it.
func outline(d readable.Document) string {
	var b strings.Builder
	for _, c := range d.Clauses {
		fmt.Fprintf(&b, "#%s", c.ID)
		if c.Practice {
			b.WriteString(" (practice)")
		}
		b.WriteString("\n")
		for _, block := range c.Blocks {
			for _, line := range lines(block) {
				fmt.Fprintf(&b, "  %s\n", line)
			}
		}
	}
	return b.String()
}

func lines(b readable.Block) []string {
	var out []string
	say := func(format string, args ...any) {
		out = append(out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	switch b := b.(type) {
	case readable.Hours:
		for _, l := range b.Lines {
			say("hours %q: %s %s%s also=%v published=%v best-effort=%v", l.Who, l.Calendar, l.Words, l.Says, l.Also, l.Published, l.BestEffort)
		}
		for _, w := range b.Weeks {
			say("week %q: %s; %d openings, %d holidays, %d special days", w.Title, w.Words, len(w.Open), len(w.Closed), len(w.Special))
		}
	case readable.Matrix:
		for _, r := range b.Rows {
			cells := make([]string, len(r.Cells))
			for i, c := range r.Cells {
				cells[i] = strings.Join(c.By, "+") + " for " + c.For
			}
			say("matrix %s: %s", r.Title, strings.Join(cells, " | "))
		}
	case readable.Scope:
		for _, g := range b.Groups {
			for _, i := range g.Items {
				way := ""
				for _, w := range i.Ways {
					way += " -> " + w.Title
				}
				say("scope %s %s: %s%s %s", g.Answer, g.Level, i.Text, way, i.Charge)
			}
		}
	case readable.Allowance:
		say("allowance %s: %s %v", b.Title, b.About, b.Ways)
		out = append(out, parts(b.Parts)...)
	case readable.Life:
		say("versions of %s, %s to %s: %s", b.Title, b.From, b.Until, strings.Join(b.Phases, ", "))
		for _, v := range b.Versions {
			ends := make([]string, len(v.Ends))
			for i, e := range v.Ends {
				ends[i] = e.Last.String()
			}
			say("  %s in phase %d: %s, %d bars", v.Name, v.Phase, strings.Join(ends, " | "), len(b.Bars(v)))
		}
	case readable.Choice:
		say("choice %s", b.Title)
		out = append(out, parts(b.Parts)...)
	case readable.Clock:
		say("clock %s goal=%v: %s", b.Title, b.Goal, strings.Join(append(b.About, b.Then...), " "))
		out = append(out, parts(b.Parts)...)
	case readable.Gate:
		say("gate %s when %q", b.Before, b.When)
		for _, n := range b.Needs {
			say("  %s waivable=%v least=%d", strings.Join(n.Any, " or "), n.Waivable, n.Least)
		}
	case readable.Terms:
		for _, t := range b {
			say("term %s (%s): %s", t.Name, t.ID, t.Meaning)
		}
	case readable.Plans:
		for _, p := range b {
			say("plan %s %s on %q: %v also %v", p.Name, p.Answer, p.BuildsOn, p.Includes, p.Also)
		}
	case readable.Severity:
		for _, s := range b.Steps {
			say("severity %s: %s", s.Name, s.Means)
		}
		for _, n := range b.Notes {
			say("  %s", n)
		}
	case readable.Table:
		for _, r := range b.Rows {
			say("table %s", strings.Join(r, " | "))
		}
	case readable.List:
		for _, l := range b.Items {
			say("list %s", l)
		}
	default:
		say("%T", b)
	}
	return out
}

// The default policy as its readers get it, word for word.
func TestTheDefaultPolicyReadsAsBefore(t *testing.T) {
	golden(t, "../../../policies/illumeet.md", "testdata/default.txt")
}

// golden compares the outline of a policy with a file.
func golden(t *testing.T, source, file string) {
	t.Helper()
	src, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	p, findings := policy.Parse(source, src)
	if p == nil {
		t.Fatal(findings)
	}
	got := outline(readable.Of(p, noon))
	if os.Getenv("TIERDESK_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the outline differs from %s; if it should, write it anew with TIERDESK_GOLDEN=1:\n%s", file, got)
	}
}

func TestTermsAreLinkedOnceAClauseWhereTheyStandAsWords(t *testing.T) {
	d := read(t, "## Words {#words}\n\n```policy\nterms: {end user: A person, release: A version, new release: A newer version}\n```\n\n"+
		"## Text {#text}\n\nEnd users and *end users* of a new\nrelease; `end user`, [an end user](#words), friend users, releases. A pre-release.\n")
	got := clause(t, d, "text").Prose
	for _, want := range []string{`<p><a class="term" href="#term-end-user">End users</a> and <em>end users</em>`, `<a class="term" href="#term-new-release">new` + "\n" + `release</a>;`,
		`<code>end user</code>`, `<a href="#words">an end user</a>`, "friend users", `<a class="term" href="#term-release">releases</a>. A pre-release.`} {
		if !strings.Contains(got, want) {
			t.Errorf("the prose lacks %q:\n%s", want, got)
		}
	}
}

func TestPracticeIsMarked(t *testing.T) {
	d := read(t, "## One {#one}\n\nText.\n\n> Practice: we say so.\n>\n> Twice.\n\n> A quotation.\n\n## Two {#two .practice}\n\nAll of it.\n")
	one := clause(t, d, "one")
	if one.Practice || !clause(t, d, "two").Practice {
		t.Error("the clause with the class is practice, the other is not")
	}
	want := "<p>Text.</p>\n" + `<aside class="practice"><p><span class="mark-practice">Our own practice</span> we say so.</p>` + "\n<p>Twice.</p>\n</aside>"
	if !strings.HasPrefix(one.Prose, want) || !strings.Contains(one.Prose, "<blockquote>\n<p>A quotation.</p>") {
		t.Errorf("the prose is\n%s", one.Prose)
	}
}

func TestHostileProseDoesNothing(t *testing.T) {
	d := read(t, "## Text {#text}\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) [b](data:text/html,x) ![c](https://track.example/p.gif) ![d](javascript:alert(1)) ![\"><script>](x.png)\n\n"+
		"| <b onclick=x> |\n|---|\n| x |\n\n> Practice: <script>alert(1)</script>\n")
	got := clause(t, d, "text").Prose
	for _, bad := range []string{"<script", "<img", "onerror", "javascript:", "data:", "<b "} {
		if strings.Contains(strings.ReplaceAll(got, "&quot;&gt;&lt;script&gt;", ""), bad) {
			t.Errorf("the prose holds %q:\n%s", bad, got)
		}
	}
	if !strings.Contains(got, `<a href="https://track.example/p.gif">c</a>`) {
		t.Errorf("a picture is no link:\n%s", got)
	}
}

func TestWeeksCarryTheirExceptions(t *testing.T) {
	d := read(t, "## Hours {#hours}\n\n```policy\ncalendars:\n  night: {zone: Europe/Berlin, week: \"sun 22:00 to fri 22:00\", closed: [DE-BY], dates: [{dates: 12-24, week: \"09:00-12:00\"}]}\n"+
		"  desk: {zone: America/New_York, week: \"mon-fri 09:00-17:00\", closed: [US]}\n  both: {any: [night, desk]}\nhours: [{use: both}]\n```\n")
	h, ok := clause(t, d, "hours").Blocks[0].(readable.Hours)
	if !ok || len(h.Weeks) != 3 {
		t.Fatalf("weeks: %+v", h)
	}
	both, night := h.Weeks[0], h.Weeks[1]
	if both.Title != "Both" || night.Title != "Night" || len(night.Special) != 1 || night.Special[0].Date.String() != "2026-12-24" || night.Special[0].Hours[0].To != 12*60 {
		t.Errorf("special days: %+v", night.Special)
	}
	if len(night.Closed) < 8 || night.Closed[0].Date.String() != "2026-12-25" || night.Closed[0].Name == "" {
		t.Errorf("holidays: %+v", night.Closed)
	}
	if len(both.Closed) <= len(night.Closed) || !strings.HasSuffix(both.Closed[0].Name, "(Desk)") {
		t.Errorf("holidays of a union name their part: %+v", both.Closed)
	}
	if first := night.Open[len(night.Open)-1]; first.Close > night.Until || night.Open[0].Open < night.From {
		t.Errorf("openings outside %d..%d: %+v", night.From, night.Until, first)
	}
}

// Every construct that has a form of its own, word for word.
func TestEveryConstructReadsAsBefore(t *testing.T) {
	golden(t, "testdata/rich.md", "testdata/rich.txt")
}

func parts(list []readable.Part) (out []string) {
	say := func(format string, args ...any) {
		out = append(out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	for _, p := range list {
		say("  %q others=%v: %s %s", p.When, p.Others, p.Cell.Text, p.Cell.Note)
		for _, g := range p.Grids {
			say("  grid %q %s: %s", g.Title, g.Corner, strings.Join(g.Cols, ", "))
			for _, r := range g.Rows {
				cells := make([]string, len(r.Cells))
				for i, c := range r.Cells {
					cells[i] = c.Text
				}
				say("    %s: %s", r.Title, strings.Join(cells, " | "))
			}
		}
	}
	return out
}
