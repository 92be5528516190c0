package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// repairText gives UTF-8 as it is; any other 8-bit text is read as Windows-1252,
// the superset of Latin-1 that mailers without a declared charset send.
func repairText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(s)
}

// decodeCharset turns b into UTF-8. ok is false when the label is not known or
// is refused (UTF-7 hides markup from filters); b is then read as unlabelled.
func decodeCharset(label string, b []byte) (s string, ok bool) {
	switch label = strings.ToLower(strings.TrimSpace(label)); label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "8bit", "default", "x-unknown":
		return repairText(b), true
	case "iso-8859-1", "latin1", "windows-1252", "cp1252":
		if out, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
			return string(out), true
		}
	case "utf-7", "unicode-1-1-utf-7", "x-imap4-modified-utf7", "hz-gb-2312":
		return repairText(b), false
	}
	if len(label) > 64 {
		return repairText(b), false
	}
	r, err := charset.Reader(label, bytes.NewReader(b))
	if err != nil {
		return repairText(b), false
	}
	// No charset of the library grows text more than fourfold.
	out, err := io.ReadAll(io.LimitReader(r, 4*int64(len(b))+16))
	if err != nil && len(out) == 0 {
		return repairText(b), false
	}
	return strings.ToValidUTF8(string(out), "\uFFFD"), true
}

// decodeWords decodes the encoded words of an unstructured value (RFC 2047).
// Words of one charset that follow each other are joined before the charset is
// decoded, for mailers that cut a character in two.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	var (
		out     strings.Builder
		pending []byte
		label   string
		gap     string // white space after a word, dropped when a word follows
	)
	flush := func() {
		if pending != nil {
			text, _ := decodeCharset(label, pending)
			out.WriteString(text)
			pending = nil
		}
	}
	for len(s) > 0 {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		cs, data, rest, ok := cutWord(s[i:])
		between := s[:i]
		if !ok {
			flush()
			out.WriteString(gap + s[:i+2])
			gap, s = "", s[i+2:]
			continue
		}
		if strings.Trim(between, " \t") != "" || pending == nil {
			flush()
			out.WriteString(gap + between)
		}
		if pending != nil && !strings.EqualFold(cs, label) {
			flush()
		}
		if pending == nil {
			pending = []byte{}
		}
		label, pending = cs, append(pending, data...)
		gap, s = "", rest
	}
	flush()
	out.WriteString(s)
	return out.String()
}

// cutWord reads one "=?charset?Q?text?=" at the start of s.
func cutWord(s string) (label string, data []byte, rest string, ok bool) {
	const maxWord = 4096 // RFC 2047 allows 75; mailers send longer ones
	limit := s[2:min(len(s), maxWord)]
	label, limit, ok = strings.Cut(limit, "?")
	if !ok || len(limit) < 2 || limit[1] != '?' || label == "" || len(label) > 64 || strings.ContainsAny(label, " \t<>\"") {
		return "", nil, "", false
	}
	kind, limit := limit[0], limit[2:]
	text, _, found := strings.Cut(limit, "?=")
	if !found {
		return "", nil, "", false
	}
	label, _, _ = strings.Cut(label, "*") // RFC 2231 language
	switch kind {
	case 'q', 'Q':
		data = decodeQ(text)
	case 'b', 'B':
		data, _ = decodeBase64([]byte(text))
	default:
		return "", nil, "", false
	}
	used := len(s[2:min(len(s), maxWord)]) - len(limit) + len(text) + 2
	return label, data, s[2+used:], true
}

func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 section 6). It
// keeps what can be decoded; ok is false when something could not.
func decodeTransfer(encoding string, b []byte) (out []byte, ok bool) {
	switch strings.ToLower(strings.Trim(encoding, " \t;\"'")) {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit":
		return b, true
	case "quoted-printable":
		return decodeQuotedPrintable(b), true
	case "base64":
		return decodeBase64(b)
	}
	return b, false
}

// decodeQuotedPrintable follows RFC 2045 section 6.7 and takes every malformed
// escape literally.
func decodeQuotedPrintable(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		line, eol := b, ""
		if i >= 0 {
			line, b, eol = b[:i], b[i+1:], "\n"
		} else {
			b = nil
		}
		if n := len(line); n > 0 && line[n-1] == '\r' && eol != "" {
			line, eol = line[:n-1], "\r\n"
		}
		line = bytes.TrimRight(line, " \t")
		if n := len(line); n > 0 && line[n-1] == '=' {
			line, eol = line[:n-1], ""
		}
		for {
			j := bytes.IndexByte(line, '=')
			if j < 0 || j+2 >= len(line) {
				break
			}
			hi, lo := unhex(line[j+1]), unhex(line[j+2])
			out = append(out, line[:j]...)
			if hi < 0 || lo < 0 {
				out = append(out, '=')
				line = line[j+1:]
				continue
			}
			out = append(out, byte(hi<<4|lo))
			line = line[j+3:]
		}
		out = append(out, line...)
		out = append(out, eol...)
	}
	return out
}

// decodeBase64 skips whatever is no base64 and reads on after padding, as parts
// that were joined from several encodings have it in the middle.
func decodeBase64(b []byte) (out []byte, ok bool) {
	ok = true
	clean := make([]byte, 0, len(b))
	out = make([]byte, 0, base64.StdEncoding.DecodedLen(len(b))+3)
	flush := func() {
		n := len(clean) / 4 * 4
		if tail := len(clean) - n; tail == 1 {
			ok = false
			clean = clean[:n]
		}
		size := len(out)
		out = out[:size+base64.RawStdEncoding.DecodedLen(len(clean))]
		if _, err := base64.RawStdEncoding.Decode(out[size:], clean); err != nil {
			ok = false
		}
		clean = clean[:0]
	}
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c == '=':
			flush()
		case c == ' ', c == '\t', c == '\r', c == '\n':
		default:
			ok = false
		}
	}
	flush()
	return out, ok
}
