package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// MaxAddresses bounds the addresses read from one header field.
const MaxAddresses = 500

// Address is a mailbox: a display name, decoded and on one line, and the address
// as it was sent. Two addresses are the same only when Canonical says so.
type Address struct {
	Name, Addr string
}

// String is the address as a header holds it (RFC 5322 section 3.4); a name is
// quoted or encoded so that it can never be read as an address.
func (a Address) String() string {
	if a.Name == "" {
		return "<" + a.Addr + ">"
	}
	return encodePhrase(a.Name) + " <" + a.Addr + ">"
}

// Canonical is the one form under which an address is stored and compared:
// lower case, the domain in its ASCII form (RFC 5891), the local part in NFC and
// without needless quotes. It returns fault.Invalid for anything that is not one
// plain address: quoted local parts, address literals, groups, letters of other
// scripts that fold into ASCII ones.
func Canonical(addr string) (string, error) {
	addr = strings.TrimSpace(addr)
	at := strings.LastIndexByte(addr, '@')
	if at <= 0 || len(addr) > 320 {
		return "", badAddress()
	}
	local, ok := canonicalLocal(addr[:at])
	if !ok {
		return "", badAddress()
	}
	domain, ok := canonicalDomain(addr[at+1:])
	if !ok || len(local)+len(domain) > 253 {
		return "", badAddress()
	}
	return local + "@" + domain, nil
}

func badAddress() error {
	return fault.New(fault.Invalid, "This is not a plain email address; write it as name@example.com.")
}

func canonicalLocal(local string) (string, bool) {
	if n := len(local); n >= 2 && local[0] == '"' && local[n-1] == '"' {
		local = local[1 : n-1]
	}
	if len(local) > 64 || !isDotAtom(local) {
		return "", false
	}
	if isASCII(local) {
		return strings.ToLower(local), true
	}
	for _, r := range local {
		// The Kelvin sign and the dotted capital I become plain ASCII letters:
		// that would make one mailbox out of two.
		if r >= utf8.RuneSelf && (unicode.ToLower(r) < utf8.RuneSelf || norm.NFC.String(string(r))[0] < utf8.RuneSelf) {
			return "", false
		}
	}
	local = norm.NFC.String(strings.Map(unicode.ToLower, norm.NFC.String(local)))
	return local, isDotAtom(local)
}

// isDotAtom follows RFC 5322 section 3.2.3, with the letters of RFC 6532.
func isDotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r < utf8.RuneSelf:
			if !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r) {
				return false
			}
		case r == utf8.RuneError, !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
			return false
		}
	}
	return true
}

func canonicalDomain(domain string) (string, bool) {
	domain = strings.TrimSuffix(domain, ".")
	if domain == "" || len(domain) > 253 || domain[0] == '[' {
		return "", false
	}
	if !plainDomain(domain) {
		ascii, err := idnaProfile().ToASCII(domain)
		if err != nil || !utf8.ValidString(domain) {
			return "", false
		}
		domain = ascii
	}
	if domain = strings.ToLower(domain); !plainDomain(domain) {
		return "", false
	}
	if strings.Contains(domain, "xn--") {
		// What is written in ASCII must be what the letters would give.
		letters, err := idnaProfile().ToUnicode(domain)
		if err != nil {
			return "", false
		}
		if back, err := idnaProfile().ToASCII(letters); err != nil || back != domain {
			return "", false
		}
	}
	return domain, true
}

func idnaProfile() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.StrictDomainName(true), idna.BidiRule(), idna.Transitional(false), idna.VerifyDNSLength(true))
}

// plainDomain reports an ASCII host name of RFC 1123.
func plainDomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			c := label[i]
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
				return false
			}
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// addressList is what a tolerant reading of an address field found.
type addressList struct {
	addrs []Address
	group bool // group syntax, "name: a, b;"
	odd   bool // a quoted local part, a route, text that is no address, or too many
}

// parseAddresses reads an address list (RFC 5322 sections 3.4 and 4.4) in one
// pass. It never fails: what is no address sets odd.
func parseAddresses(s string) addressList {
	r := addressReader{s: s}
	for r.i < len(s) && len(r.addrs) < MaxAddresses {
		r.next()
	}
	r.odd = r.odd || r.i < len(s)
	r.flush()
	return r.addressList
}

type addressReader struct {
	addressList
	s      string
	i      int
	phrase strings.Builder // words before "<", or a bare address
	angle  string
	found  bool // an angle address was seen in this mailbox
}

func (r *addressReader) next() {
	switch c := r.s[r.i]; c {
	case '"':
		end := quotedEnd(r.s, r.i)
		r.phrase.WriteString(r.s[r.i:end])
		r.i = end
	case '(':
		end, ok := commentEnd(r.s, r.i)
		r.odd = r.odd || !ok
		r.phrase.WriteByte(' ')
		r.i = end
	case '<':
		r.readAngle()
	case ',', ';':
		r.flush()
		r.i++
	case ':':
		r.group = true
		r.phrase.Reset()
		r.i++
	default:
		r.odd = r.odd || r.found && c != ' ' && c != '\t' // text after "<...>"
		r.phrase.WriteByte(c)
		r.i++
	}
}

func (r *addressReader) readAngle() {
	end := angleEnd(r.s, r.i)
	r.odd = r.odd || r.found || end < 0
	if end < 0 {
		end = len(r.s)
	}
	inner := strings.TrimSpace(strings.TrimSuffix(r.s[r.i+1:end], ">"))
	if strings.HasPrefix(inner, "@") { // obsolete route
		r.odd = true
		if _, after, ok := strings.Cut(inner, ":"); ok {
			inner = after
		}
	}
	if !r.found {
		r.angle, r.found = inner, true
	}
	r.i = end
}

// flush ends one mailbox.
func (r *addressReader) flush() {
	text := strings.TrimSpace(r.phrase.String())
	r.phrase.Reset()
	a := Address{Addr: r.angle}
	switch {
	case r.found:
		a.Name = cleanLine(decodeWords(unquote(text)))
	case text == "":
		return
	default:
		a.Addr = strings.Join(strings.Fields(text), " ")
	}
	r.angle, r.found = "", false
	r.odd = r.odd || !plainAddr(a.Addr)
	if a.Addr != "" && len(r.addrs) < MaxAddresses {
		r.addrs = append(r.addrs, a)
	}
}

// plainAddr reports that addr has the shape local@domain without quotes or blanks.
func plainAddr(addr string) bool {
	at := strings.LastIndexByte(addr, '@')
	return at > 0 && at < len(addr)-1 && !strings.ContainsAny(addr, "\"<>()[]:;,\\ \t") && strings.Count(addr, "@") == 1
}

// quotedEnd is the index after the quoted string that starts at s[i].
func quotedEnd(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(s)
}

// commentEnd is the index after the possibly nested comment that starts at s[i].
func commentEnd(s string, i int) (end int, ok bool) {
	depth := 0
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j + 1, true
			}
		}
	}
	return len(s), false
}

// angleEnd is the index after the ">" that ends the angle address at s[i], or -1.
func angleEnd(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '"':
			j = quotedEnd(s, j) - 1
		case '>':
			return j + 1
		}
	}
	return -1
}

// unquote removes the quotes and escapes of quoted strings inside a phrase.
func unquote(s string) string {
	if !strings.ContainsAny(s, "\"\\") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
