// Package document reads a policy document: Markdown whose headings are its sections and whose fenced `policy` blocks are
// YAML. It knows nothing of what the blocks mean; it reports each mistake at file:line:column.
package document

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"

	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// MaxBytes is the length that a document may have.
const MaxBytes = yaml.MaxBytes

// Section is one heading with the prose and the blocks beneath it, up to the next heading of any level.
type Section struct {
	ID     string
	Title  string
	Level  int    // 1 for #, 2 for ##
	Line   int    // of the heading
	HTML   string // the prose, rendered; raw HTML is dropped
	Blocks []*yaml.Node

	// Practice marks a section as the desk's own practice: its heading has the class practice, `{#id .practice}`.
	Practice bool
}

// Document is a Markdown text divided into sections. Root has the blocks of all sections merged: maps by name at every
// depth, lists one after the other. A node's Part is the index of its section.
type Document struct {
	*Report
	Sections []Section
	Root     *yaml.Node

	src    []byte
	lines  []int // offset of the first byte of each line
	reader yaml.Reader
}

// Read divides a text. It is false where the text is not one that could be divided at all; other mistakes are in the
// document's report. It never panics, whatever the text.
func Read(file string, src []byte) (*Document, bool) {
	d := &Document{Report: &Report{file: file}, src: src, lines: lineStarts(src)}
	switch {
	case len(src) > MaxBytes:
		d.Add(SeverityError, 1, 1, "the document is longer than 1 MiB")
		return d, false
	case !utf8.Valid(src):
		d.Add(SeverityError, 1, 1, "the document is not valid UTF-8")
		return d, false
	case !d.withinShape():
		return d, false
	}
	d.read()
	return d, true
}

func lineStarts(src []byte) []int {
	starts := []int{0}
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (d *Document) lineOf(offset int) int {
	return sort.SearchInts(d.lines, offset+1)
}

// Bounds of the Markdown, beyond which a renderer may need more than linear time.
const (
	maxLine     = 8000
	maxMarkers  = 32
	maxRun      = 24000 // bytes without an empty line
	maxHeadings = 1000
)

// withinShape refuses texts whose nesting or lines no person wrote.
func (d *Document) withinShape() bool {
	run := 0
	for i, start := range d.lines {
		end := len(d.src)
		if i+1 < len(d.lines) {
			end = d.lines[i+1]
		}
		line := d.src[start:end]
		if len(line) > maxLine {
			d.Add(SeverityError, i+1, 1, "this line is longer than 8,000 bytes")
			return false
		}
		if run += len(line); len(bytes.TrimSpace(line)) == 0 {
			run = 0
		}
		if run > maxRun {
			d.Add(SeverityError, i+1, 1, "24,000 bytes without an empty line; divide the paragraph or the block")
			return false
		}
		markers := 0
		for _, c := range line {
			if strings.IndexByte(" \t>-+*0123456789.)", c) < 0 {
				break
			}
			if c == '>' || c == '-' || c == '+' || c == '*' {
				markers++
			}
		}
		if markers > maxMarkers && markers < len(bytes.Trim(line, " \t\r\n-*+")) {
			d.Add(SeverityError, i+1, 1, "the document is deeper than 32 levels")
			return false
		}
	}
	return true
}

func (d *Document) read() {
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithHeadingAttribute()))
	tree := md.Parser().Parse(text.NewReader(d.src))
	d.Root = &yaml.Node{Kind: yaml.Map, Line: 1, Col: 1}
	current := -1
	var prose bytes.Buffer
	closeClause := func() {
		if current >= 0 {
			d.Sections[current].HTML = strings.TrimSpace(prose.String())
		}
		prose.Reset()
	}
	for n := tree.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			closeClause()
			if len(d.Sections) == maxHeadings {
				d.Add(SeverityError, d.Sections[maxHeadings-1].Line, 1, "the document has more than 1,000 headings")
				return
			}
			d.heading(n)
			current = len(d.Sections) - 1
			continue
		case *ast.FencedCodeBlock:
			if isPolicyBlock(n, d.src) {
				d.block(n, current)
				continue
			}
		}
		d.refuseNestedBlocks(n)
		d.render(md.Renderer(), &prose, n)
	}
	closeClause()
	if len(d.Sections) == 0 {
		d.Add(SeverityError, 1, 1, "the document has no heading; clauses are headings such as `## Support hours {#hours}`")
	}
}

func (d *Document) render(r renderer.Renderer, prose *bytes.Buffer, n ast.Node) {
	if err := r.Render(prose, d.src, n); err != nil {
		d.Add(SeverityError, 1, 1, "the prose cannot be rendered: %v", err)
	}
}

func isPolicyBlock(n *ast.FencedCodeBlock, src []byte) bool {
	return n.Info != nil && string(n.Language(src)) == "policy"
}

func (d *Document) refuseNestedBlocks(n ast.Node) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if block, ok := n.(*ast.FencedCodeBlock); entering && ok && isPolicyBlock(block, d.src) {
			d.Add(SeverityError, d.lineOf(block.Info.Segment.Start), 1, "a policy block stands by itself, not inside a list or quotation")
		}
		if n.Type() == ast.TypeInline {
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
}

func (d *Document) heading(n *ast.Heading) {
	c := Section{Level: n.Level, Title: plainText(n, d.src), Line: 1}
	if n.Lines().Len() > 0 {
		c.Line = d.lineOf(n.Lines().At(0).Start)
	} else if previous := n.PreviousSibling(); previous != nil && previous.Lines().Len() > 0 {
		c.Line = d.lineOf(previous.Lines().At(previous.Lines().Len()-1).Stop) + 1
	}
	if id, ok := n.AttributeString("id"); ok {
		if id, ok := id.([]byte); ok {
			c.ID = string(id)
		}
	}
	if class, ok := n.AttributeString("class"); ok {
		names, _ := class.([]byte)
		c.Practice = slices.Contains(strings.Fields(string(names)), "practice")
	}
	at := &yaml.Node{Line: c.Line, Col: 1}
	same := slices.IndexFunc(d.Sections, func(o Section) bool { return o.ID == c.ID && c.ID != "" })
	switch {
	case c.ID == "":
		d.ErrorAt(at, "heading %q has no id; add `{#%s}`", c.Title, Slug(c.Title))
	case Slug(c.ID) != c.ID:
		d.ErrorAt(at, "id %q is not made of small letters, digits and hyphens; write `{#%s}`", c.ID, Slug(c.ID))
	case same >= 0:
		d.ErrorAt(at, "id %q is used twice (lines %d, %d)", c.ID, d.Sections[same].Line, c.Line)
	}
	d.Sections = append(d.Sections, c)
}

func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch n := n.(type) {
			case *ast.Text:
				b.Write(n.Segment.Value(src))
			case *ast.String:
				b.Write(n.Value)
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}

// Slug is the id that a title would have: small letters, digits and hyphens.
func Slug(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		} else if s := b.String(); s != "" && s[len(s)-1] != '-' {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// block reads one policy block and merges it into root.
func (d *Document) block(n *ast.FencedCodeBlock, clause int) {
	if clause < 0 {
		d.Add(SeverityError, d.lineOf(n.Info.Segment.Start), 1, "a policy block stands above the first heading and belongs to no clause")
		return
	}
	if n.Lines().Len() == 0 {
		return
	}
	start, end := n.Lines().At(0).Start, n.Lines().At(n.Lines().Len()-1).Stop
	line := d.lineOf(start)
	start = d.lines[line-1]
	root, mistake := d.reader.Read(string(d.src[start:end]), line, clause)
	switch {
	case mistake != nil:
		d.Add(SeverityError, mistake.Line, mistake.Col, "%s", mistake.Message)
	case root.Kind == yaml.Null:
	case root.Kind != yaml.Map:
		d.ErrorAt(root, "a policy block is a map of keys such as `hours:`, not %v", root.Kind)
	default:
		d.Sections[clause].Blocks = append(d.Sections[clause].Blocks, root)
		d.merge(d.Root, root)
	}
}

// merge adds the entries of a block to what earlier blocks said: maps merge by name at every depth, lists append, and a
// scalar given twice is an error.
func (d *Document) merge(into, from *yaml.Node) {
	index := make(map[string]int, len(into.Keys))
	for i, k := range into.Keys {
		index[k.Text] = i
	}
	for i, key := range from.Keys {
		value := from.Values[i]
		at, known := index[key.Text]
		switch {
		case !known:
			into.Keys = append(into.Keys, key)
			into.Values = append(into.Values, copyShape(value))
		case into.Values[at].Kind == yaml.Map && value.Kind == yaml.Map:
			d.merge(into.Values[at], value)
		case into.Values[at].Kind == yaml.List && value.Kind == yaml.List:
			into.Values[at].Values = append(into.Values[at].Values, value.Values...)
		default:
			first := into.Keys[at]
			d.ErrorAt(key, "%q is defined twice: here and in #%s (line %d); rename one", key.Text, d.Sections[first.Part].ID, first.Line)
		}
	}
}

// copyShape copies the maps of a block, so that merging leaves the block as it was written.
func copyShape(n *yaml.Node) *yaml.Node {
	switch n.Kind {
	case yaml.Map:
		c := *n
		c.Keys = slices.Clone(n.Keys)
		c.Values = make([]*yaml.Node, len(n.Values))
		for i, v := range n.Values {
			c.Values[i] = copyShape(v)
		}
		return &c
	case yaml.List:
		c := *n
		c.Values = slices.Clone(n.Values)
		return &c
	}
	return n
}
