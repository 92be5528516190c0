// Package text is the message catalogue of the pages: English source strings are the keys, a language is a set of
// translations of them, and a Printer renders one reader's language with the right plural and number format.
package text

import (
	"fmt"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Printer renders user text in one language. It is immutable and safe for concurrent use.
type Printer struct {
	printer *message.Printer
	tag     language.Tag
	plain   map[string]bool
	direct  bool
}

// Catalogue holds every language that the pages can be read in.
type Catalogue struct {
	builder *catalog.Builder
	matcher language.Matcher
	tags    []language.Tag
	forms   map[string]bool
}

// New returns the catalogue with the built-in languages. It fails only when a built-in plural form is malformed.
func New() (*Catalogue, error) {
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	forms := make(map[string]bool, len(englishPlurals))
	for key, counted := range englishPlurals {
		if err := builder.Set(language.English, key, counted); err != nil {
			return nil, fmt.Errorf("plural form of %q: %w", key, err)
		}
		forms[key] = true
	}
	tags := []language.Tag{language.English}
	return &Catalogue{builder: builder, matcher: language.NewMatcher(tags), tags: tags, forms: forms}, nil
}

// Printer returns the printer for the best match of an Accept-Language header or of a stored language tag;
// English when nothing matches or the text is malformed.
func (c *Catalogue) Printer(acceptLanguage string) *Printer {
	wanted, _, _ := language.ParseAcceptLanguage(acceptLanguage)
	_, index, _ := c.matcher.Match(wanted...)
	tag := c.tags[index]
	return &Printer{
		printer: message.NewPrinter(tag, message.Catalog(c.builder)),
		tag:     tag,
		plain:   c.forms,
		direct:  tag == language.English,
	}
}

// T renders the message with the given English source text. Arguments fill its verbs; a message whose first
// argument counts something is listed in the plural forms and comes out as "1 request" or "2 requests".
func (p *Printer) T(key string, args ...any) string {
	// The source language needs no lookup for a sentence without arguments, and pages are mostly those.
	if p.direct && len(args) == 0 && !p.plain[key] {
		return key
	}
	return p.printer.Sprintf(key, args...)
}

// Number renders a whole number with the digit grouping of the language: 1,042.
func (p *Printer) Number(n int) string { return p.printer.Sprintf("%d", n) }

// Lang is the BCP 47 tag for the lang attribute.
func (p *Printer) Lang() string { return p.tag.String() }

// Dir is "rtl" for languages written from right to left, else "ltr".
func (p *Printer) Dir() string {
	script, _ := p.tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}
