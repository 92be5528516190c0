package readable

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// prose finishes the HTML of a clause: each defined term is linked where it first occurs, pictures become links, so that
// the page never asks another server for anything, and a quotation that begins with "Practice:" is marked as practice.
// What it gets comes from a Markdown renderer that drops raw HTML: tags are whole and texts are escaped.
type prose struct {
	words *regexp.Regexp // nil without terms
	ids   map[string]string
}

func newProse(terms []policy.Term) prose {
	p := prose{ids: map[string]string{}}
	var names []string
	for _, t := range terms {
		name := strings.ToLower(html.EscapeString(t.Name))
		if _, twice := p.ids[name]; !twice && name != "" {
			names = append(names, name)
			p.ids[name] = termID(t.Name)
		}
	}
	if len(names) == 0 {
		return p
	}
	// of two terms that begin alike the longer one is meant
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for i, n := range names {
		names[i] = strings.ReplaceAll(regexp.QuoteMeta(n), " ", `\s+`)
	}
	p.words = regexp.MustCompile(`(?i)(^|[^\pL\pN&#-])(` + strings.Join(names, "|") + `)(s?)($|[^\pL\pN-])`)
	return p
}

var (
	space      = regexp.MustCompile(`\s+`)
	practice   = regexp.MustCompile(`<blockquote>\s*<p>(?:<strong>)?(?:Our own practice|Our practice|Practice)(?::</strong>|</strong>:|:)\s*`)
	attributes = regexp.MustCompile(`(src|alt)="([^"]*)"`)
)

// unlinked are elements in whose text no term is linked.
var unlinked = []string{"a", "code", "pre", "th"}

func (p prose) of(text string) string {
	text = markPractice(text)
	var out strings.Builder
	seen := map[string]bool{}
	closed := 0 // depth inside elements that are not linked
	for text != "" {
		at := strings.IndexByte(text, '<')
		if at < 0 {
			at = len(text)
		}
		if closed > 0 {
			out.WriteString(text[:at])
		} else {
			out.WriteString(p.link(text[:at], seen))
		}
		text = text[at:]
		end := strings.IndexByte(text, '>') + 1
		if end == 0 {
			break
		}
		tag := text[:end]
		text = text[end:]
		name, ends := tagName(tag)
		switch {
		case name == "img":
			out.WriteString(picture(tag))
			continue
		case slices.Contains(unlinked, name) && ends:
			closed = max(0, closed-1)
		case slices.Contains(unlinked, name):
			closed++
		}
		out.WriteString(tag)
	}
	return out.String()
}

func tagName(tag string) (name string, ends bool) {
	name = strings.Trim(tag, "</>")
	if i := strings.IndexAny(name, " \n\t/"); i >= 0 {
		name = name[:i]
	}
	return name, strings.HasPrefix(tag, "</")
}

// link links the first occurrence of each term in a text between two tags.
func (p prose) link(text string, seen map[string]bool) string {
	if p.words == nil {
		return text
	}
	var out strings.Builder
	for {
		m := p.words.FindStringSubmatchIndex(text)
		if m == nil {
			return out.String() + text
		}
		from, to, end := m[4], m[5], m[7]
		id := p.ids[space.ReplaceAllString(strings.ToLower(text[from:to]), " ")]
		out.WriteString(text[:from])
		if seen[id] || id == "" {
			out.WriteString(text[from:end])
		} else {
			seen[id] = true
			out.WriteString(`<a class="term" href="#` + id + `">` + text[from:end] + `</a>`)
		}
		text = text[end:]
	}
}

// picture is a link in place of a picture.
func picture(tag string) string {
	at := map[string]string{}
	for _, m := range attributes.FindAllStringSubmatch(tag, -1) {
		at[m[1]] = m[2]
	}
	words := at["alt"]
	if words == "" {
		words = "picture"
	}
	if at["src"] == "" || strings.HasPrefix(at["src"], "data:") {
		return words
	}
	return `<a href="` + at["src"] + `">` + words + `</a>`
}

// practiceMark stands before what is marked as the desk's own practice.
const practiceMark = `<span class="mark-practice">Our own practice</span> `

func markPractice(text string) string {
	parts := practice.FindAllStringIndex(text, -1)
	for _, m := range slices.Backward(parts) {
		rest := text[m[1]:]
		close := strings.Index(rest, "</blockquote>")
		if close < 0 {
			continue
		}
		text = text[:m[0]] + `<aside class="practice"><p>` + practiceMark + rest[:close] + "</aside>" + rest[close+len("</blockquote>"):]
	}
	return text
}
