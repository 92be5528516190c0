package identity

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Canonical is the form in which an address is stored and compared: trimmed, in
// lower case, ASCII, with exactly one @ and a domain of at least one label.
// Faults: Invalid for quoted local parts, address literals, groups and all else
// that could be read in two ways (RFC 5321 section 4.1.2 allows more).
func Canonical(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	local, domain, ok := strings.Cut(email, "@")
	if !ok || len(email) > maxEmail || len(local) > 64 || !dotAtom(local, "!#$%&'*+/=?^_`{|}~-") || !dotAtom(domain, "-") {
		return "", fault.New(fault.Invalid, "Write an email address such as name@example.com.")
	}
	return email, nil
}

// dotAtom reports words of lower-case letters, digits and the marks given, joined by single dots.
func dotAtom(s, marks string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for _, c := range []byte(word) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte(marks, c) < 0 {
				return false
			}
		}
	}
	return true
}
