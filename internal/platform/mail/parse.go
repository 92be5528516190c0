package mail

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"unicode"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Limits of Parse. A message beyond one of them is still read, up to it; what is
// left out is named in Defects and remains in the raw message, which the caller keeps.
const (
	MaxMessageBytes = 128 << 20 // raw bytes looked at
	MaxParts        = 1000      // leaves of the MIME tree
	MaxDepth        = 100       // multiparts inside each other
	MaxTextBytes    = 2 << 20   // Text, and HTML, each
	MaxMessageIDs   = 100       // in References or In-Reply-To
	scanFactor      = 12        // total bytes looked at while splitting, in raw sizes
	scanFloor       = 16 << 20  // and at least this many
)

// Message is a parsed message. All text is valid UTF-8 without NUL.
type Message struct {
	MessageID  string   // without angle brackets; "" when the message has none
	InReplyTo  []string // without angle brackets
	References []string // oldest first, without angle brackets
	From       Address  // the first of the first From field
	ReplyTo    Address
	Sender     Address
	To, Cc     []Address
	Subject    string // decoded, on one line, otherwise as sent
	Date       int64  // ms UTC as the sender states it; 0 when missing or unreadable
	Text       string // the best plain text, lines end in LF; made from HTML when there is only that
	HTML       string // as sent: pass it through SanitizeHTML before anybody sees it

	Attachments []Attachment

	AutoSubmitted bool   // a machine sent it; see also Automatic
	AutoReason    string // the field that says so, for the log
	Loop          int    // highest value of our own hop header, 0 when absent
	Ambiguous     bool   // the author cannot be told for sure: hold it, act for nobody
	AuthResults   []AuthResult
	Reports       []DeliveryReport // of a multipart/report, RFC 3464
	ReportedID    string           // Message-ID of the message that a report is about

	Headers Headers
	Defects []string // what was wrong with the message, in words for staff
}

// Attachment is a leaf of the MIME tree that is not the message's text.
type Attachment struct {
	Name        string // made safe by FileName; "" when the sender gave none
	ContentType string // lower case, as the sender claims: never serve with it unchecked
	Inline      bool
	ContentID   string // without angle brackets
	Data        []byte
}

// Parse reads a raw message. It returns fault.Invalid only when raw has no
// readable byte at all; everything else that is wrong is named in Defects.
// The result shares no memory with raw that the caller may overwrite, except
// Attachment.Data of parts without a transfer encoding.
func Parse(raw []byte) (*Message, error) {
	if len(bytes.Trim(raw, " \t\r\n\x00")) == 0 {
		return nil, fault.New(fault.Invalid, "The message is empty.")
	}
	p := &parser{msg: &Message{}, budget: scanFactor*len(raw) + scanFloor}
	if len(raw) > MaxMessageBytes {
		raw = raw[:MaxMessageBytes]
		p.defects.add("message too large: the end was not read")
	}
	h, body := splitHeader(raw, &p.defects)
	p.readHeader(h)
	c := p.readEntity(h, body, 0, "")
	p.finish(c)
	return p.msg, nil
}

type parser struct {
	msg     *Message
	defects defects
	parts   int
	budget  int // bytes that may still be scanned for boundaries
	report  bool
}

// content is what a subtree gives to the text of the message.
type content struct {
	text, html string
}

func (p *parser) finish(c content) {
	m := p.msg
	m.HTML = c.html
	m.Text = c.text
	if strings.TrimSpace(m.Text) == "" && m.HTML != "" {
		m.Text = TextFromHTML(m.HTML)
	}
	readAutomatic(m, p.report)
	m.Defects = p.defects.list
}

// readHeader fills the fields that come from the top header block.
func (p *parser) readHeader(h Headers) {
	m := p.msg
	m.Headers = h
	m.Subject = cleanLine(decodeWords(h.Get("Subject")))
	if ids := messageIDs(h.Get("Message-ID")); len(ids) > 0 {
		m.MessageID = ids[0]
	} else {
		p.defects.add("no Message-ID")
	}
	m.InReplyTo = messageIDs(strings.Join(h.Values("In-Reply-To"), " "))
	m.References = messageIDs(strings.Join(h.Values("References"), " "))
	if date := h.Get("Date"); date != "" {
		var ok bool
		if m.Date, ok = parseDate(date); !ok {
			p.defects.add("unreadable Date")
		}
	}
	p.readAddresses(h)
	m.AuthResults = readAuthResults(h)
	for _, v := range h.Values(HopsHeader) {
		m.Loop = max(m.Loop, parseHops(v))
	}
}

// readAddresses fills the address fields and decides whether the author is
// beyond doubt (RFC 5322 section 3.6.2: exactly one From field).
func (p *parser) readAddresses(h Headers) {
	m := p.msg
	froms, senders := h.Values("From"), h.Values("Sender")
	from := parseAddresses(strings.Join(froms, ", "))
	if len(from.addrs) > 0 {
		m.From = from.addrs[0]
	}
	p.doubt(len(froms) > 1, "more than one From field")
	p.doubt(len(from.addrs) > 1, "more than one author")
	p.doubt(from.group, "group syntax in From")
	p.doubt(len(from.addrs) == 0, "no author")
	p.doubt(from.odd && len(from.addrs) > 0, "malformed author")
	author, err := Canonical(m.From.Addr)
	p.doubt(err != nil && m.From.Addr != "", "the author's address is not a plain one")
	if len(senders) > 0 {
		sender := parseAddresses(strings.Join(senders, ", "))
		if len(sender.addrs) > 0 {
			m.Sender = sender.addrs[0]
		}
		got, err := Canonical(m.Sender.Addr)
		p.doubt(len(senders) > 1 || len(sender.addrs) != 1 || err != nil || got != author, "Sender differs from From")
	}
	if reply := parseAddresses(h.Get("Reply-To")); len(reply.addrs) > 0 {
		m.ReplyTo = reply.addrs[0]
	}
	m.To = p.recipients(h, "To")
	m.Cc = p.recipients(h, "Cc")
}

func (p *parser) recipients(h Headers, name string) []Address {
	l := parseAddresses(strings.Join(h.Values(name), ", "))
	if len(l.addrs) >= MaxAddresses {
		p.defects.add("too many addresses in " + name)
	}
	return l.addrs
}

func (p *parser) doubt(is bool, why string) {
	if is {
		p.msg.Ambiguous = true
		p.defects.add(why)
	}
}

// readEntity reads one node of the MIME tree. implied is its type when it names
// none: text/plain, or message/rfc822 inside a digest.
func (p *parser) readEntity(h Headers, body []byte, depth int, implied string) content {
	kind, params := parseParams(h.Get("Content-Type"))
	if kind == "" || !strings.Contains(kind, "/") {
		if kind != "" {
			p.defects.add("unreadable Content-Type")
		}
		kind = "text/plain"
		if implied != "" {
			kind = implied
		}
	}
	if strings.HasPrefix(kind, "multipart/") && depth < MaxDepth {
		if parts, ok := p.split(body, params["boundary"]); ok {
			return p.readMultipart(kind, parts, depth)
		}
		kind, params = "text/plain", nil
	} else if strings.HasPrefix(kind, "multipart/") {
		p.defects.add("too many multiparts inside each other")
		kind = "application/octet-stream"
	}
	return p.readLeaf(h, kind, params, body, depth == 0)
}

// readMultipart joins what the parts give: the best of alternatives, all of the rest.
func (p *parser) readMultipart(kind string, parts [][]byte, depth int) content {
	if kind == "multipart/report" && depth == 0 {
		p.report = true
	}
	implied := ""
	if kind == "multipart/digest" {
		implied = "message/rfc822"
	}
	var cs []content
	for _, part := range parts {
		if p.parts >= MaxParts {
			p.defects.add("too many parts")
			break
		}
		h, body := splitHeader(part, &p.defects)
		if c := p.readEntity(h, body, depth+1, implied); c != (content{}) {
			cs = append(cs, c)
		}
	}
	switch {
	case len(cs) == 0:
		return content{}
	case len(cs) == 1:
		return cs[0]
	case kind == "multipart/alternative":
		return bestOf(cs)
	}
	return joinAll(cs)
}

// bestOf follows RFC 2046 section 5.1.4: alternatives come plainest first.
func bestOf(cs []content) content {
	var best content
	for _, c := range cs {
		if strings.TrimSpace(best.text) == "" && c.text != "" {
			best.text = c.text
		}
		if c.html != "" {
			best.html = c.html
		}
	}
	return best
}

func joinAll(cs []content) content {
	var (
		text, html strings.Builder
		anyHTML    bool
		anyText    bool
	)
	for _, c := range cs {
		anyHTML = anyHTML || c.html != ""
		anyText = anyText || strings.TrimSpace(c.text) != ""
	}
	for _, c := range cs {
		if anyText {
			t := c.text
			if strings.TrimSpace(t) == "" && c.html != "" {
				t = TextFromHTML(c.html)
			}
			if text.Len() > 0 && t != "" {
				text.WriteString("\n\n")
			}
			if text.Len() < MaxTextBytes {
				text.WriteString(strings.TrimRight(t, "\n"))
			}
		}
		if anyHTML && html.Len() < MaxTextBytes {
			if c.html != "" {
				html.WriteString(c.html)
			} else {
				html.WriteString("<pre>" + escapeHTML(c.text) + "</pre>")
			}
		}
	}
	return content{text: text.String(), html: html.String()}
}

// split cuts a multipart body into its parts (RFC 2046 section 5.1.1). ok is
// false when no boundary can be found: the body is then read as text.
func (p *parser) split(body []byte, boundary string) (parts [][]byte, ok bool) {
	if p.budget -= len(body); p.budget < 0 {
		p.defects.add("too much structure: the rest was not taken apart")
		return nil, false
	}
	mark := []byte("--" + strings.TrimRight(boundary, " \t"))
	if len(mark) == 2 || len(mark) > 512 {
		if mark = guessBoundary(body); mark == nil {
			p.defects.add("multipart without a boundary")
			return nil, false
		}
		p.defects.add("multipart without a boundary: the first line that looks like one was taken")
	}
	start, pos := -1, 0 // the current part is body[start:...]
	for {
		at, lineEnd, last, found := nextDelimiter(body, pos, mark)
		if !found {
			break
		}
		if start >= 0 {
			parts = append(parts, trimLineEnd(body[start:at]))
		}
		start, pos = lineEnd, lineEnd
		if last {
			return parts, true
		}
		if len(parts) > MaxParts {
			p.defects.add("too many parts")
			return parts, true
		}
	}
	if start < 0 {
		p.defects.add("multipart without any part")
		return nil, false
	}
	p.defects.add("multipart without its end")
	return append(parts, body[start:]), true
}

// nextDelimiter finds the next line that is mark, possibly closing. at is where
// the line starts, end where the next one does.
func nextDelimiter(body []byte, pos int, mark []byte) (at, end int, last, found bool) {
	for pos < len(body) {
		i := bytes.Index(body[pos:], mark)
		if i < 0 {
			return 0, 0, false, false
		}
		at = pos + i
		pos = at + len(mark)
		if at > 0 && body[at-1] != '\n' {
			continue
		}
		line, rest := cutLine(body[pos:])
		tail := bytes.TrimRight(line, " \t\r")
		if len(tail) == 0 || bytes.HasPrefix(tail, []byte("--")) {
			return at, len(body) - len(rest), len(tail) > 0, true
		}
	}
	return 0, 0, false, false
}

// guessBoundary takes the first line that starts with two hyphens and is used twice.
func guessBoundary(body []byte) []byte {
	for n, rest := 0, body; n < 50 && len(rest) > 0; n++ {
		var line []byte
		line, rest = cutLine(rest)
		line = bytes.TrimRight(line, " \t")
		if len(line) > 4 && len(line) < 256 && bytes.HasPrefix(line, []byte("--")) && bytes.Contains(rest, line) {
			return line
		}
	}
	return nil
}

func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// readLeaf decodes one leaf and makes it text or an attachment. A text that is
// the whole message is read even when it has a file name.
func (p *parser) readLeaf(h Headers, kind string, params map[string]string, body []byte, whole bool) content {
	p.parts++
	disposition, dparams := parseParams(h.Get("Content-Disposition"))
	data, ok := decodeTransfer(h.Get("Content-Transfer-Encoding"), body)
	if !ok {
		p.defects.add("unknown or broken transfer encoding")
	}
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	isText := kind == "text/plain" || kind == "text/html"
	if isText && disposition != "attachment" && (name == "" || whole) {
		return p.readText(kind, params["charset"], data)
	}
	if strings.HasPrefix(kind, "message/") || kind == "text/rfc822-headers" {
		p.readReport(kind, data)
	}
	p.msg.Attachments = append(p.msg.Attachments, Attachment{
		Name:        FileName(decodeWords(name)),
		ContentType: cleanLine(kind),
		Inline:      disposition == "inline" || disposition == "" && h.Get("Content-ID") != "",
		ContentID:   strings.Trim(h.Get("Content-ID"), "<> "),
		Data:        data,
	})
	return content{}
}

func (p *parser) readText(kind, charset string, data []byte) content {
	if len(data) > MaxTextBytes {
		p.msg.Attachments = append(p.msg.Attachments, Attachment{Name: "message" + extension(kind), ContentType: kind, Data: data})
		data = data[:MaxTextBytes]
		p.defects.add("text too long: all of it is attached")
	}
	text, ok := decodeCharset(charset, data)
	if !ok {
		p.defects.add("unknown charset")
	}
	text = cleanText(text)
	if kind == "text/html" {
		return content{html: text}
	}
	return content{text: text}
}

func extension(kind string) string {
	if kind == "text/html" {
		return ".html"
	}
	return ".txt"
}

// cleanText makes line ends LF and drops control characters that no text needs.
func cleanText(s string) string {
	dirty := false
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			dirty = true
			break
		}
	}
	if !dirty {
		return s
	}
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// messageIDs reads the ids of a References-like field, tolerant of missing
// brackets. Of too many the first and the latest are kept.
func messageIDs(s string) []string {
	var ids []string
	add := func(id string) {
		id = strings.Join(strings.Fields(id), "")
		if id == "" || len(id) > 998 {
			return
		}
		if len(ids) >= MaxMessageIDs {
			copy(ids[1:], ids[2:])
			ids = ids[:len(ids)-1]
		}
		ids = append(ids, id)
	}
	bare := s
	for {
		_, after, ok := strings.Cut(s, "<")
		if !ok {
			break
		}
		id, rest, closed := strings.Cut(after, ">")
		if !closed {
			break
		}
		add(id)
		s = rest
	}
	if len(ids) == 0 {
		for id := range strings.FieldsSeq(bare) {
			if strings.Contains(id, "@") {
				add(strings.Trim(id, "<>,;"))
			}
		}
	}
	return ids
}

// parseDate reads a date field into ms UTC.
func parseDate(s string) (int64, bool) {
	t, err := netmail.ParseDate(s)
	if err != nil {
		if i := strings.IndexByte(s, '('); i > 0 {
			t, err = netmail.ParseDate(strings.TrimSpace(s[:i]))
		}
	}
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return 0, false
	}
	return t.UnixMilli(), true
}
