package mail

import (
	"html"
	"net/url"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"
)

// MaxHTMLBytes is how much of an HTML body is sanitised or converted; the rest is cut.
const MaxHTMLBytes = MaxTextBytes

// sanitizer is what an HTML body may hold. Building it is cheap beside using it.
func sanitizer() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "span", "br", "hr", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "sub", "sup", "small", "big",
		"blockquote", "pre", "code", "kbd", "samp", "tt", "ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
		"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "center", "address", "abbr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowURLSchemes("mailto")
	// "http:logout" without a host is a link into our own page.
	withHost := func(u *url.URL) bool { return u.Host != "" }
	p.AllowURLSchemeWithCustomPolicy("http", withHost)
	p.AllowURLSchemeWithCustomPolicy("https", withHost)
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true) // adds rel=noopener
	return p
}

// SanitizeHTML makes an HTML body safe to show inside a page: no script, style,
// form, base, meta, id, class or image; an image gives way to its alternative
// text. Links keep http, https and mailto, with rel=noopener noreferrer nofollow.
func SanitizeHTML(s string) string {
	return sanitizer().Sanitize(imagesToText(clipHTML(s)))
}

func clipHTML(s string) string {
	if len(s) > MaxHTMLBytes {
		s = strings.ToValidUTF8(s[:MaxHTMLBytes], "")
	}
	return s
}

// imagesToText replaces each image by its alternative text; everything else goes
// through byte for byte, for the sanitizer to judge.
func imagesToText(s string) string {
	if !containsFold(s, "<im") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	z := nethtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			raw := z.Raw()
			if len(raw) < 4 || !strings.EqualFold(string(raw[1:3]), "im") {
				b.Write(raw)
				continue
			}
			text := string(raw)
			t := z.Token()
			if t.Data != "img" && t.Data != "image" {
				b.WriteString(text)
				continue
			}
			if alt := strings.TrimSpace(attr(t, "alt")); alt != "" {
				b.WriteString(escapeHTML("[" + alt + "]"))
			}
		default:
			b.Write(z.Raw())
		}
	}
}

func containsFold(s, lower string) bool {
	for i := 0; i+len(lower) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}

func attr(t nethtml.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func escapeHTML(s string) string { return html.EscapeString(s) }

// TextFromHTML converts an HTML body to plain text: paragraphs, list items,
// quotes as "> ", links as "words (address)", images as their alternative text.
// It runs in linear time and looks at MaxHTMLBytes at most.
func TextFromHTML(s string) string {
	w := &textWriter{}
	z := nethtml.NewTokenizer(strings.NewReader(clipHTML(s)))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return w.String()
		case nethtml.TextToken:
			if w.hidden == 0 {
				w.text(string(z.Text()))
			}
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			w.open(z.Token())
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			w.close(string(name))
		}
	}
}

const maxQuoteDepth = 8 // deeper quotes look the same

type textWriter struct {
	b         strings.Builder
	line      strings.Builder
	blank     bool // a blank line is due before the next one
	hidden    int  // inside script, style, title
	pre       int
	quote     int
	lastQuote int // quote of the last line written
	link      string
	linkAt    int // length of the line where the link began
	pending   bool
}

func (w *textWriter) String() string {
	w.breakLine()
	return w.b.String()
}

func (w *textWriter) text(s string) {
	if w.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				w.endLine()
			}
			w.line.WriteString(line)
		}
		return
	}
	for _, r := range s {
		switch r {
		case ' ', '\n', '\t', '\r', '\f':
			w.pending = true
		case 0, '\u00ad', '\u200b', '\ufeff':
		case '\u00a0':
			w.space()
			w.line.WriteByte(' ')
		default:
			w.space()
			w.line.WriteRune(r)
		}
	}
}

func (w *textWriter) space() {
	if w.pending && w.line.Len() > 0 {
		w.line.WriteByte(' ')
	}
	w.pending = false
}

func (w *textWriter) open(t nethtml.Token) {
	switch t.Data {
	case "script", "style", "title":
		w.hidden++
	}
	if w.hidden > 0 {
		return
	}
	switch t.Data {
	case "br":
		w.endLine()
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "dl":
		w.paragraph()
	case "div", "tr", "section", "article", "header", "footer", "address", "dt", "center", "form":
		w.breakLine()
	case "hr":
		w.breakLine()
		w.line.WriteString("---")
		w.endLine()
	case "li", "dd":
		w.breakLine()
		w.line.WriteString("- ")
	case "td", "th":
		if w.line.Len() > 0 {
			w.pending = true
		}
	case "pre":
		w.paragraph()
		w.pre++
	case "blockquote":
		w.paragraph()
		w.quote++
	case "img":
		if alt := strings.TrimSpace(attr(t, "alt")); alt != "" {
			w.text("[" + alt + "]")
		}
	case "a":
		w.space()
		w.link, w.linkAt = attr(t, "href"), w.line.Len()
	}
}

func (w *textWriter) close(name string) {
	switch name {
	case "script", "style", "title":
		w.hidden = max(0, w.hidden-1)
		return
	}
	if w.hidden > 0 {
		return
	}
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "dl":
		w.paragraph()
	case "div", "tr", "li", "dd", "section", "article", "header", "footer", "address":
		w.breakLine()
	case "pre":
		w.paragraph()
		w.pre = max(0, w.pre-1)
	case "blockquote":
		w.paragraph()
		w.quote = max(0, w.quote-1)
	case "a":
		w.endLink()
	}
}

// endLink adds the address of a link unless its words are the address.
func (w *textWriter) endLink() {
	link := strings.TrimSpace(w.link)
	w.link = ""
	lower := strings.ToLower(link)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
		return
	}
	words := w.line.String()[min(w.linkAt, w.line.Len()):]
	if strings.Contains(link, strings.TrimSuffix(strings.TrimSpace(words), "/")) {
		if strings.TrimSpace(words) != "" {
			return
		}
		w.line.WriteString(clip(cleanLine(link), 500))
		return
	}
	w.line.WriteString(" (" + clip(cleanLine(link), 500) + ")")
}

// endLine writes the current line; an empty one becomes a blank line, of which
// there is never more than one in a row.
func (w *textWriter) endLine() {
	text := strings.TrimRight(w.line.String(), " \t")
	w.line.Reset()
	w.pending, w.linkAt = false, 0
	if text == "" {
		w.blank = true
		return
	}
	if w.blank && w.b.Len() > 0 {
		w.b.WriteString(strings.TrimRight(quoteMark(min(w.quote, w.lastQuote)), " ") + "\n")
	}
	w.b.WriteString(quoteMark(w.quote) + text + "\n")
	w.blank, w.lastQuote = false, w.quote
}

func quoteMark(depth int) string { return strings.Repeat("> ", min(depth, maxQuoteDepth)) }

// breakLine ends the line when there is one.
func (w *textWriter) breakLine() {
	if w.line.Len() > 0 {
		w.endLine()
	}
	w.pending = false
}

// paragraph ends the line and leaves a blank one.
func (w *textWriter) paragraph() {
	w.breakLine()
	w.blank = true
}
