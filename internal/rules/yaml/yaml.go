// Package yaml reads a strict part of YAML 1.2 that keeps each scalar as its author wrote it, with its line and column:
// what a word means is decided by where it stands, not by the reader.
package yaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of every text; of all parts of one document together for MaxNodes.
const (
	MaxBytes = 1 << 20
	MaxDepth = 32
	MaxNodes = 20000
)

// Kind is the shape of a Node.
type Kind uint8

// The shapes of a node. Null is an absent value: nothing, `null` or `~`.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// Node is one value of a YAML text with its place. Scalars stay text: what a word means is decided by where it stands,
// so `no` is a word, `17:00` a time and `10.0` a version. A Map holds Keys and Values pairwise, a List only Values.
type Node struct {
	Kind   Kind
	Text   string
	Quoted bool
	Keys   []*Node
	Values []*Node
	Line   int // from 1, of the document that the text is a part of
	Col    int // from 1, in bytes
	Part   int // what Reader.Read was told

	Foreign bool // comes from another text than the document; set by whoever joins them
}

// JSON writes a node as JSON in which every scalar is a text, which Parse reads back as the same values.
func (n *Node) JSON() string {
	var b strings.Builder
	n.writeJSON(&b)
	return b.String()
}

func (n *Node) writeJSON(b *strings.Builder) {
	switch n.Kind {
	case Null:
		b.WriteString("null")
	case Scalar:
		text, _ := json.Marshal(n.Text) // a string has no reason to fail
		b.Write(text)
	case List:
		b.WriteByte('[')
		for i, v := range n.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			v.writeJSON(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, k := range n.Keys {
			if i > 0 {
				b.WriteByte(',')
			}
			k.writeJSON(b)
			b.WriteByte(':')
			n.Values[i].writeJSON(b)
		}
		b.WriteByte('}')
	}
}

// Get returns the value under a key of a map, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i, k := range n.Keys {
		if k.Text == key {
			return n.Values[i]
		}
	}
	return nil
}

func (k Kind) String() string {
	return [...]string{"nothing", "a word", "a list", "a map"}[k]
}

// Error is the first mistake in a text. Line and Col count from 1; Col counts bytes.
type Error struct {
	Line, Col int
	Message   string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Message) }

// Parse reads one text, a strict part of YAML 1.2: block and flow maps and lists, plain, quoted, folded and
// literal scalars, comments. JSON is inside that part. Anchors, aliases, merge keys, tags, complex keys and several
// documents are refused, as are texts beyond the limits. It runs in linear time and never panics.
//
// It is hand-written because the general parsers read `[17:00]` as a map and need minutes for some texts of 1 MiB.
func Parse(src []byte) (*Node, *Error) {
	var r Reader
	return r.Read(string(src), 1, 0)
}

// Reader reads the parts of one document, which share its limit on nodes. The zero Reader is ready.
type Reader struct {
	nodes int
}

// Read reads one part that begins at the given line of the document, as Parse does. Each node is marked with the part.
func (r *Reader) Read(text string, line, part int) (*Node, *Error) {
	if len(text) > MaxBytes {
		return nil, &Error{line, 1, "the text is longer than 1 MiB"}
	}
	p := &parser{src: text, line: line, part: part, nodes: r.nodes}
	root, err := p.document()
	r.nodes = p.nodes
	return root, err
}

type parser struct {
	src       string
	pos       int
	line      int
	lineStart int
	depth     int
	flow      int // open brackets
	nodes     int
	part      int
}

func (p *parser) document() (root *Node, err *Error) {
	defer func() {
		if e := recover(); e != nil {
			mistake, ok := e.(*Error)
			if !ok {
				panic(e)
			}
			root, err = nil, mistake
		}
	}()
	p.checkText()
	p.skipToToken()
	if p.atLineStart() && p.documentMark("---") {
		p.pos += 3
		p.endOfLine()
	}
	root = p.block(-1)
	p.skipToToken()
	if p.pos < len(p.src) {
		p.fail("this line does not belong to what stands above it; check its indentation")
	}
	return root, nil
}

func (p *parser) fail(format string, args ...any) {
	panic(&Error{p.line, p.pos - p.lineStart + 1, fmt.Sprintf(format, args...)})
}

func (p *parser) checkText() {
	line, start := p.line, p.lineStart
	for i, c := range p.src {
		switch {
		case c == '\n':
			line, start = line+1, i+1
		case c == utf8.RuneError && !strings.HasPrefix(p.src[i:], "\uFFFD"):
			panic(&Error{line, i - start + 1, "the text is not valid UTF-8"})
		case c < ' ' && c != '\t' && c != '\r', c == 0x7f:
			panic(&Error{line, i - start + 1, "control characters are not allowed"})
		}
	}
}

func (p *parser) node(kind Kind) *Node {
	p.nodes++
	if p.nodes > MaxNodes {
		p.fail("the document has more than 20,000 nodes")
	}
	return &Node{Kind: kind, Line: p.line, Col: p.pos - p.lineStart + 1, Part: p.part}
}

func (p *parser) enter() {
	p.depth++
	if p.depth > MaxDepth {
		p.fail("the document is deeper than 32 levels")
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) peek(ahead int) byte {
	if p.pos+ahead < len(p.src) {
		return p.src[p.pos+ahead]
	}
	return 0
}

func (p *parser) atLineStart() bool { return p.pos == p.lineStart }

func (p *parser) indent() int { return p.pos - p.lineStart }

func (p *parser) newline() {
	p.pos++
	p.line++
	p.lineStart = p.pos
}

// skipToToken passes blanks, comments and line ends. A tab may not take part in an indentation.
func (p *parser) skipToToken() {
	indenting := p.atLineStart()
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '\n':
			p.newline()
			indenting = true
		case c == ' ' || c == '\r':
			p.pos++
		case c == '\t':
			if rest := strings.TrimLeft(p.src[p.pos:p.lineEnd()], " \t\r"); indenting && p.flow == 0 && rest != "" && rest[0] != '#' {
				p.fail("a tab cannot indent; use spaces")
			}
			p.pos++
		case c == '#' && (p.atLineStart() || isBlank(p.src[p.pos-1])):
			p.pos = p.lineEnd()
		default:
			return
		}
	}
}

func (p *parser) lineEnd() int {
	if i := strings.IndexByte(p.src[p.pos:], '\n'); i >= 0 {
		return p.pos + i
	}
	return len(p.src)
}

func (p *parser) skipBlanks() {
	for p.pos < len(p.src) && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t' || p.src[p.pos] == '\r') {
		p.pos++
	}
}

// restIsEmpty reports whether only blanks and a comment follow on this line.
func (p *parser) restIsEmpty() bool {
	for i := p.pos; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == '\n':
			return true
		case c == '#':
			return i == p.lineStart || isBlank(p.src[i-1])
		case !isBlank(c):
			return false
		}
	}
	return true
}

func (p *parser) endOfLine() {
	p.skipBlanks()
	if !p.restIsEmpty() {
		p.fail("unexpected text after the value; quote the whole value if it belongs to it")
	}
	p.skipToToken()
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

func isBlankOrEnd(c byte) bool { return c == 0 || c == '\n' || isBlank(c) }

func (p *parser) documentMark(mark string) bool {
	return strings.HasPrefix(p.src[p.pos:], mark) && isBlankOrEnd(p.peek(3))
}

// block reads the value whose first token is indented more than parent.
func (p *parser) block(parent int) *Node {
	p.skipToToken()
	if p.pos >= len(p.src) || p.indent() <= parent {
		return p.node(Null)
	}
	return p.blockHere(parent)
}

func (p *parser) blockHere(parent int) *Node {
	if p.atLineStart() && (p.documentMark("---") || p.documentMark("...")) {
		p.fail("one document only: %q starts or ends another", p.src[p.pos:p.pos+3])
	}
	if p.peek(0) == '-' && isBlankOrEnd(p.peek(1)) {
		return p.blockList(p.indent())
	}
	if p.keyAhead() {
		return p.blockMap(p.indent())
	}
	n := p.inlineValue(parent)
	p.endOfLine()
	return n
}

func (p *parser) blockList(indent int) *Node {
	p.enter()
	defer p.leave()
	list := p.node(List)
	for p.pos < len(p.src) && p.indent() == indent && p.peek(0) == '-' && isBlankOrEnd(p.peek(1)) {
		p.pos++
		p.skipBlanks()
		if p.restIsEmpty() {
			list.Values = append(list.Values, p.block(indent))
		} else {
			list.Values = append(list.Values, p.blockHere(indent))
		}
		p.skipToToken()
	}
	p.checkIndent(indent)
	return list
}

func (p *parser) blockMap(indent int) *Node {
	p.enter()
	defer p.leave()
	m := p.node(Map)
	seen := map[string]*Node{}
	for p.pos < len(p.src) && p.indent() == indent {
		if !p.keyAhead() {
			p.fail("expected `key: value`")
		}
		key := p.key()
		p.addKey(m, seen, key)
		p.skipBlanks()
		p.pos++ // the colon that keyAhead saw
		m.Values = append(m.Values, p.mapValue(indent))
		p.skipToToken()
	}
	p.checkIndent(indent)
	return m
}

func (p *parser) checkIndent(indent int) {
	if p.pos < len(p.src) && p.indent() > indent {
		p.fail("this line is indented more than the entries above it")
	}
}

func (p *parser) addKey(m *Node, seen map[string]*Node, key *Node) {
	if key.Text == "<<" && !key.Quoted {
		panic(&Error{key.Line, key.Col, "merge keys are not allowed"})
	}
	if first := seen[key.Text]; first != nil {
		panic(&Error{key.Line, key.Col, fmt.Sprintf("%q is defined twice: here and in line %d", key.Text, first.Line)})
	}
	seen[key.Text] = key
	m.Keys = append(m.Keys, key)
}

func (p *parser) mapValue(indent int) *Node {
	p.skipBlanks()
	if !p.restIsEmpty() {
		if p.peek(0) == '-' && isBlankOrEnd(p.peek(1)) {
			p.fail("a list begins on its own line")
		}
		n := p.inlineValue(indent)
		p.endOfLine()
		return n
	}
	p.skipToToken()
	if p.pos < len(p.src) && p.indent() == indent && p.peek(0) == '-' && isBlankOrEnd(p.peek(1)) {
		return p.blockList(indent)
	}
	return p.block(indent)
}

// keyAhead reports whether an implicit key and its colon stand on this line.
func (p *parser) keyAhead() bool {
	end := p.lineEnd()
	i := p.pos
	switch p.src[i] {
	case '"', '\'':
		quote := p.src[i]
		for i++; i < end && p.src[i] != quote; i++ {
			if p.src[i] == '\\' && quote == '"' {
				i++
			}
		}
		for i++; i < end && isBlank(p.src[i]); i++ {
		}
		return i < end && p.src[i] == ':' && (i+1 >= end || isBlank(p.src[i+1]))
	case '{', '[', '#', '|', '>':
		return false
	case '?':
		if isBlankOrEnd(p.peek(1)) {
			p.fail("complex keys are not allowed")
		}
	}
	for ; i < end; i++ {
		if p.src[i] == '#' && i > p.pos && isBlank(p.src[i-1]) {
			return false
		}
		if p.src[i] == ':' && (i+1 >= end || isBlank(p.src[i+1])) {
			return true
		}
	}
	return false
}

func (p *parser) key() *Node {
	p.refuseIndicators()
	if c := p.peek(0); c == '"' || c == '\'' {
		return p.quoted()
	}
	n := p.node(Scalar)
	start := p.pos
	for end := p.lineEnd(); p.pos < end; p.pos++ {
		if p.src[p.pos] == ':' && (p.pos+1 >= end || isBlank(p.src[p.pos+1])) {
			break
		}
	}
	n.Text = strings.TrimRight(p.src[start:p.pos], " \t\r")
	return n
}

func (p *parser) refuseIndicators() {
	switch c := p.peek(0); {
	case c == '&' || c == '*':
		p.fail("anchors and aliases are not allowed")
	case c == '!':
		p.fail("tags are not allowed; quote the value if it begins with !")
	case c == '@' || c == '`' || c == '%' || c == ',' || c == ']' || c == '}':
		p.fail("a value cannot begin with %q; quote it", string(c))
	case c == '?' && isBlankOrEnd(p.peek(1)):
		p.fail("complex keys are not allowed")
	}
}

func (p *parser) inlineValue(parent int) *Node {
	p.refuseIndicators()
	switch p.peek(0) {
	case '{':
		return p.flowMap()
	case '[':
		return p.flowList()
	case '"', '\'':
		return p.quoted()
	case '|', '>':
		return p.blockScalar(parent)
	}
	return p.plainBlock(parent)
}

// plainBlock reads a plain scalar, folding the further lines that are indented more than parent.
func (p *parser) plainBlock(parent int) *Node {
	n := p.node(Scalar)
	var text strings.Builder
	text.WriteString(p.plainLine())
	for {
		pos, line, lineStart := p.pos, p.line, p.lineStart
		if !p.nextContinuation(parent) {
			p.pos, p.line, p.lineStart = pos, line, lineStart
			break
		}
		if breaks := p.line - line; breaks > 1 {
			text.WriteString(strings.Repeat("\n", breaks-1))
		} else {
			text.WriteByte(' ')
		}
		if p.keyAhead() {
			p.fail("expected the rest of the value above, found a key; check the indentation")
		}
		text.WriteString(p.plainLine())
	}
	return finishPlain(n, text.String())
}

// nextContinuation moves to the next line if it continues a plain scalar.
func (p *parser) nextContinuation(parent int) bool {
	if p.pos >= len(p.src) || p.src[p.pos] != '\n' {
		return false
	}
	for p.pos < len(p.src) && p.src[p.pos] == '\n' {
		p.newline()
		p.skipBlanks()
	}
	return p.pos < len(p.src) && p.indent() > parent && p.src[p.pos] != '#' &&
		!(p.atLineStart() && (p.documentMark("---") || p.documentMark("...")))
}

func (p *parser) plainLine() string {
	start, end := p.pos, p.lineEnd()
	for i := start; i < end; i++ {
		if p.src[i] == '#' && i > p.lineStart && isBlank(p.src[i-1]) {
			end = i
			break
		}
		if p.src[i] == ':' && (i+1 >= end || isBlank(p.src[i+1])) {
			p.pos = i
			p.fail("a colon and a blank inside a value; quote the value")
		}
	}
	p.pos = end
	if end < len(p.src) && p.src[end] == '#' {
		p.pos = end - 1
	}
	return strings.TrimRight(p.src[start:end], " \t\r")
}

func finishPlain(n *Node, text string) *Node {
	n.Text = text
	if text == "null" || text == "~" || text == "" {
		n.Kind, n.Text = Null, ""
	}
	return n
}

// blockScalar reads a literal or folded scalar; its indentation is that of its first line that is not empty.
func (p *parser) blockScalar(parent int) *Node {
	n := p.node(Scalar)
	n.Quoted = true
	folded := p.peek(0) == '>'
	p.pos++
	chomp := p.peek(0)
	if chomp == '-' || chomp == '+' {
		p.pos++
	}
	if c := p.peek(0); c >= '0' && c <= '9' {
		p.fail("an indentation figure is not allowed here")
	}
	if !p.restIsEmpty() {
		p.fail("unexpected text after %q", n.Text)
	}
	p.pos = p.lineEnd()
	lines := p.scalarLines(parent)
	n.Text = joinLines(lines, folded)
	switch {
	case chomp == '-':
		n.Text = strings.TrimRight(n.Text, "\n")
	case chomp != '+':
		if n.Text = strings.TrimRight(n.Text, "\n"); n.Text != "" {
			n.Text += "\n"
		}
	}
	return n
}

func (p *parser) scalarLines(parent int) []string {
	var lines []string
	own := -1
	for p.pos < len(p.src) {
		start := p.pos + 1 // after the line end that p.pos is at
		end := len(p.src)
		if i := strings.IndexByte(p.src[start:], '\n'); i >= 0 {
			end = start + i
		}
		text := strings.TrimRight(p.src[start:end], "\r")
		blanks := len(text) - len(strings.TrimLeft(text, " "))
		if blanks == len(text) {
			text = ""
		} else {
			if own < 0 {
				own = blanks
			}
			if blanks < own || blanks <= parent {
				break
			}
			text = text[own:]
		}
		p.newline()
		p.pos = end
		lines = append(lines, text)
	}
	return lines
}

func joinLines(lines []string, folded bool) string {
	var text strings.Builder
	for i, line := range lines {
		text.WriteString(line)
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		if folded && line != "" && next != "" && line[0] != ' ' && next[0] != ' ' {
			text.WriteByte(' ')
		} else if !folded || line == "" || i+1 == len(lines) || next != "" {
			text.WriteByte('\n')
		}
	}
	return text.String()
}

func (p *parser) flowMap() *Node {
	p.enter()
	defer p.leave()
	p.flow++
	defer func() { p.flow-- }()
	m := p.node(Map)
	seen := map[string]*Node{}
	p.pos++
	for p.flowNext('}') {
		key := p.flowScalar()
		if key.Kind == Null && !key.Quoted {
			key.Kind, key.Text = Scalar, p.src[p.pos:p.pos]
		}
		p.addKey(m, seen, key)
		p.skipToToken()
		if p.peek(0) != ':' {
			p.fail("expected `:` after %q", key.Text)
		}
		p.pos++
		p.skipToToken()
		if c := p.peek(0); c == ',' || c == '}' {
			m.Values = append(m.Values, p.node(Null))
		} else {
			m.Values = append(m.Values, p.flowValue())
		}
		p.flowSeparator('}')
	}
	return m
}

func (p *parser) flowList() *Node {
	p.enter()
	defer p.leave()
	p.flow++
	defer func() { p.flow-- }()
	list := p.node(List)
	p.pos++
	for p.flowNext(']') {
		item := p.flowValue()
		p.skipToToken()
		if p.peek(0) == ':' && item.Kind == Scalar {
			p.fail("a pair inside a list needs braces: {%s: ..}", item.Text)
		}
		list.Values = append(list.Values, item)
		p.flowSeparator(']')
	}
	return list
}

// flowNext reports whether another entry follows, and passes the closing bracket when none does.
func (p *parser) flowNext(closing byte) bool {
	p.skipToToken()
	if p.pos >= len(p.src) {
		p.fail("%q is missing", string(closing))
	}
	if p.src[p.pos] == closing {
		p.pos++
		return false
	}
	return true
}

func (p *parser) flowSeparator(closing byte) {
	p.skipToToken()
	switch p.peek(0) {
	case ',':
		p.pos++
	case closing:
	default:
		p.fail("expected `,` or %q", string(closing))
	}
}

func (p *parser) flowValue() *Node {
	switch p.peek(0) {
	case '{':
		return p.flowMap()
	case '[':
		return p.flowList()
	}
	return p.flowScalar()
}

func (p *parser) flowScalar() *Node {
	p.refuseIndicators()
	switch p.peek(0) {
	case '"', '\'':
		return p.quoted()
	case '{', '[':
		p.fail("a key is a word")
	case '-':
		if isBlankOrEnd(p.peek(1)) {
			p.fail("a list inside brackets is written [a, b]")
		}
	}
	n := p.node(Scalar)
	var words []string
	for {
		start := p.pos
		for p.pos < len(p.src) && !p.flowPlainEnd() {
			p.pos++
		}
		if word := strings.TrimRight(p.src[start:p.pos], " \t\r"); word != "" {
			words = append(words, word)
		}
		if p.peek(0) != '\n' || p.pos >= len(p.src) {
			break
		}
		p.skipToToken()
		if p.flowPlainEnd() {
			break
		}
	}
	text := strings.Join(words, " ")
	if text == "" {
		p.fail("a value is missing")
	}
	return finishPlain(n, text)
}

func (p *parser) flowPlainEnd() bool {
	switch c := p.peek(0); c {
	case ',', '[', ']', '{', '}', '\n', 0:
		return true
	case ':':
		next := p.peek(1)
		return isBlankOrEnd(next) || strings.IndexByte(",[]{}", next) >= 0
	case '#':
		return isBlank(p.src[p.pos-1])
	}
	return false
}

// quoted reads a quoted scalar. Line ends inside fold to one blank, empty lines to line ends.
func (p *parser) quoted() *Node {
	n := p.node(Scalar)
	n.Quoted = true
	quote := p.src[p.pos]
	p.pos++
	var text []byte
	for {
		if p.pos >= len(p.src) {
			panic(&Error{n.Line, n.Col, "the quotation is not closed"})
		}
		c := p.src[p.pos]
		switch {
		case c == quote && quote == '\'' && p.peek(1) == '\'':
			text = append(text, '\'')
			p.pos += 2
		case c == quote:
			p.pos++
			n.Text = string(text)
			return n
		case c == '\\' && quote == '"':
			text = p.escape(text)
		case c == '\n':
			text = p.foldQuoted(text)
		default:
			text = append(text, c)
			p.pos++
		}
	}
}

func (p *parser) foldQuoted(text []byte) []byte {
	text = bytes.TrimRight(text, " \t\r")
	breaks := 0
	for p.pos < len(p.src) && p.src[p.pos] == '\n' {
		breaks++
		p.newline()
		p.skipBlanks()
	}
	if breaks == 1 {
		return append(text, ' ')
	}
	return append(text, strings.Repeat("\n", breaks-1)...)
}

// escape reads one escape of a double-quoted scalar.
func (p *parser) escape(text []byte) []byte {
	c := p.peek(1)
	if i := strings.IndexByte(`abtnvfre "/\`, c); i >= 0 && c != 0 {
		p.pos += 2
		return append(text, "\a\b\t\n\v\f\r\x1b \"/\\"[i])
	}
	digits := 0
	switch c {
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		p.fail("unknown escape")
	}
	r := p.hex(2, digits)
	p.pos += 2 + digits
	if utf16.IsSurrogate(r) && p.peek(0) == '\\' && p.peek(1) == 'u' {
		r = utf16.DecodeRune(r, p.hex(2, 4))
		p.pos += 6
	}
	if !utf8.ValidRune(r) || r == 0 {
		p.fail("the escape is not a character")
	}
	return utf8.AppendRune(text, r)
}

func (p *parser) hex(skip, digits int) rune {
	if p.pos+skip+digits > len(p.src) {
		p.fail("the escape is cut short")
	}
	v, err := strconv.ParseUint(p.src[p.pos+skip:p.pos+skip+digits], 16, 32)
	if err != nil {
		p.fail("the escape is not hexadecimal")
	}
	return rune(v)
}
