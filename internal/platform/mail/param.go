package mail

import (
	"sort"
	"strconv"
	"strings"
	"unicode"
)

const maxParams = 64 // of one Content-Type or Content-Disposition field

// parseParams reads "value; name=text; ..." with the continuations and charsets
// of RFC 2231, and takes unquoted text with blanks as mailers send it. The value
// and the names are lower case.
func parseParams(s string) (value string, params map[string]string) {
	value, rest, _ := strings.Cut(s, ";")
	value = strings.ToLower(strings.Join(strings.Fields(stripComment(value)), ""))
	if strings.TrimSpace(rest) == "" {
		return value, nil
	}
	params = map[string]string{}
	var pieces map[string][]piece
	for n := 0; rest != "" && n < maxParams; n++ {
		var name, text string
		name, text, rest = cutParam(rest)
		if name == "" {
			continue
		}
		base, suffix, extended := strings.Cut(name, "*")
		if !extended {
			if _, have := params[name]; !have {
				params[name] = decodeWords(text)
			}
			continue
		}
		if pieces == nil {
			pieces = map[string][]piece{}
		}
		pieces[base] = append(pieces[base], newPiece(suffix, text))
	}
	for name, ps := range pieces {
		params[name] = joinPieces(ps)
	}
	return value, params
}

func stripComment(s string) string {
	if i := strings.IndexByte(s, '('); i >= 0 {
		if end, ok := commentEnd(s, i); ok {
			return s[:i] + s[end:]
		}
	}
	return s
}

// cutParam reads one "name=text" up to its semicolon.
func cutParam(s string) (name, text, rest string) {
	s = strings.TrimLeft(s, " \t;")
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return "", "", ""
	}
	if s[i] == ';' {
		return "", "", s[i+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	s = strings.TrimLeft(s[i+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		end := quotedEnd(s, 0)
		text = unquoteParam(s[1:max(1, end-1)], end <= len(s) && s[end-1] == '"' && end > 1, s)
		_, rest, _ = strings.Cut(s[end:], ";")
		return name, text, rest
	}
	text, rest, _ = strings.Cut(s, ";")
	return name, strings.TrimSpace(stripComment(text)), rest
}

// unquoteParam removes escapes of quotes and backslashes only: Windows paths
// arrive with bare backslashes.
func unquoteParam(inner string, closed bool, whole string) string {
	if !closed {
		inner = whole[1:]
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(inner)
}

type piece struct {
	order   int
	encoded bool
	text    string
}

// newPiece reads the part of a parameter's name after the first asterisk: "",
// "0", "0*", "1" ...
func newPiece(suffix, text string) piece {
	number, star := strings.CutSuffix(suffix, "*")
	order, err := strconv.Atoi(number)
	return piece{order: order, encoded: star || err != nil, text: text}
}

func joinPieces(ps []piece) string {
	sort.SliceStable(ps, func(i, j int) bool { return ps[i].order < ps[j].order })
	var raw []byte
	label := ""
	for i, p := range ps {
		text := p.text
		if i == 0 && p.encoded {
			if l, after, ok := strings.Cut(text, "'"); ok {
				if _, value, ok := strings.Cut(after, "'"); ok {
					label, text = l, value
				}
			}
		}
		if p.encoded {
			raw = append(raw, percentDecode(text)...)
		} else {
			raw = append(raw, text...)
		}
	}
	s, _ := decodeCharset(label, raw)
	return s
}

func percentDecode(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// MaxFileName is the longest attachment name kept, in bytes.
const MaxFileName = 200

// FileName makes a name from outside safe to show and to offer for download: the
// last element of a path, without control and direction-changing characters.
// A name of which nothing is left becomes "".
func FileName(name string) string {
	name = cleanLine(name)
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r), unicode.IsControl(r):
			return -1
		case unicode.Is(unicode.Cf, r) && r != '\u200d' && r != '\u200c':
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Trim(name, " .\u00a0")
	if len(name) <= MaxFileName {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 16 {
		ext = name[i:]
	}
	return strings.ToValidUTF8(name[:MaxFileName-len(ext)], "") + ext
}
