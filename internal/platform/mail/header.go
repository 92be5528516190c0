package mail

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on header blocks. What lies beyond them is left out and named in Defects.
const (
	MaxHeaderBytes = 256 << 10 // one header block, of the message or of a part
	MaxHeaderLines = 1000      // fields in one header block
	MaxFieldBytes  = 64 << 10  // one field's unfolded value
)

// HeaderField is one header field: its name as sent and its unfolded value,
// repaired to valid UTF-8 and without control characters, but not decoded.
type HeaderField struct {
	Name, Value string
}

// Headers are the fields of one header block in the order of the message.
type Headers []HeaderField

// Get is the first value of the named field, or "".
func (h Headers) Get(name string) string {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// Values are all values of the named field, topmost first.
func (h Headers) Values(name string) []string {
	var vs []string
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			vs = append(vs, h[i].Value)
		}
	}
	return vs
}

// defects collects what was wrong with a message, bounded so that a hostile one
// cannot fill a log.
type defects struct {
	list []string
}

// MaxDefects bounds Message.Defects.
const MaxDefects = 40

func (d *defects) add(what string) {
	for _, have := range d.list {
		if have == what {
			return
		}
	}
	if len(d.list) < MaxDefects {
		d.list = append(d.list, what)
	}
}

// splitHeader cuts a header block off raw and returns its fields and the body.
// A line that is no field is left out when known fields follow it before the
// blank line; otherwise the body begins with it. A block that starts with such
// a line and has no known field is all body.
func splitHeader(raw []byte, d *defects) (Headers, []byte) {
	raw = skipMboxLine(raw)
	h := make(Headers, 0, 24)
	known, lastKnown := false, -1
	for pos := 0; pos < len(raw); {
		field, next := cutField(raw, pos)
		if len(field) == 0 {
			return h, raw[next:]
		}
		f, ok := HeaderField{}, false
		if next <= MaxHeaderBytes {
			f, ok = parseField(field, d)
		}
		switch {
		case next > MaxHeaderBytes:
			d.add("header too large")
		case ok && len(h) < MaxHeaderLines:
			h = append(h, f)
			known = known || knownField(f.Name)
		case ok:
			d.add("too many header fields")
		default:
			if lastKnown < 0 {
				lastKnown = findLastKnown(raw, next)
			}
			if !known && lastKnown == 0 {
				d.add("no header")
				return nil, raw
			}
			if pos > lastKnown {
				d.add("no blank line after the header")
				return h, raw[pos:]
			}
			d.add("malformed header line")
		}
		pos = next
	}
	if !known {
		d.add("no header")
		return nil, raw
	}
	return h, nil
}

// cutField is the field that starts at pos, with its folded lines and without its
// last line end, and where the next one starts. It is empty at the blank line.
func cutField(raw []byte, pos int) (field []byte, next int) {
	line, rest := cutLine(raw[pos:])
	end := pos + len(line)
	if len(line) == 0 {
		return nil, len(raw) - len(rest)
	}
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
		at := len(raw) - len(rest)
		line, rest = cutLine(rest)
		end = at + len(line)
	}
	return raw[pos:end], len(raw) - len(rest)
}

// findLastKnown is where the last known field between pos and the blank line
// starts, or 0.
func findLastKnown(raw []byte, pos int) int {
	last := 0
	for pos < len(raw) && pos < MaxHeaderBytes {
		field, next := cutField(raw, pos)
		if len(field) == 0 {
			break
		}
		if name, _, ok := bytes.Cut(field[:min(len(field), 80)], []byte(":")); ok && knownField(string(name)) {
			last = pos
		}
		pos = next
	}
	return last
}

// knownField reports names that prose does not use before a colon by chance.
func knownField(name string) bool {
	name = strings.ToLower(strings.TrimRight(name, " \t"))
	switch name {
	case "from", "to", "cc", "subject", "date", "message-id", "mime-version", "received", "return-path", "reply-to", "sender",
		"references", "in-reply-to", "delivered-to", "dkim-signature", "authentication-results", "user-agent", "thread-topic", "thread-index":
		return true
	}
	return strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "list-") || strings.HasPrefix(name, "arc-")
}

// skipMboxLine drops a leading "From sender date" line of mailbox files.
func skipMboxLine(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
		_, raw = cutLine(raw)
	}
	return raw
}

// cutLine cuts the first line off b, without its CR LF or LF.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	line, rest = b[:i], b[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

// parseField reads "Name: value", possibly folded. RFC 5322 section 2.2.
func parseField(line []byte, d *defects) (HeaderField, bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return HeaderField{}, false
	}
	name := bytes.TrimRight(line[:colon], " \t")
	if len(name) == 0 {
		return HeaderField{}, false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return HeaderField{}, false
		}
	}
	value := line[colon+1:]
	if len(value) > MaxFieldBytes {
		value = value[:MaxFieldBytes]
		d.add("header field too long")
	}
	return HeaderField{Name: string(name), Value: cleanLine(unfold(value))}, true
}

// unfold joins folded lines (RFC 5322 section 2.2.3) and repairs raw 8-bit text.
func unfold(v []byte) string {
	v = bytes.TrimSpace(v)
	if bytes.IndexByte(v, '\n') < 0 {
		return repairText(v)
	}
	out := make([]byte, 0, len(v))
	for len(v) > 0 {
		var line []byte
		line, v = cutLine(v)
		line = bytes.Trim(line, " \t\r")
		if len(out) > 0 && len(line) > 0 {
			out = append(out, ' ')
		}
		out = append(out, line...)
	}
	return repairText(out)
}

// cleanLine makes s safe for one line: control characters become one space each,
// the ends are trimmed. Everything else stays as it is.
func cleanLine(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == 0x7f || c >= utf8.RuneSelf {
			clean = false
			break
		}
	}
	if clean {
		return strings.TrimSpace(s)
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}
