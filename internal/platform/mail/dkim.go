package mail

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/publicsuffix"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// MaxSignatures bounds the signatures of one message that are verified.
const MaxSignatures = 5

// Signature is the verdict on one DKIM-Signature field (RFC 6376).
type Signature struct {
	Domain     string // who takes responsibility (d=), lower case ASCII
	Identifier string // i=
	Headers    []string
	Pass       bool
	Temporary  bool // the key could not be fetched: verify again later
	Reason     string
}

// LookupTXT gives the TXT records of a name; net.Resolver.LookupTXT is one.
type LookupTXT func(ctx context.Context, name string) ([]string, error)

// VerifyDKIM verifies the signatures of a raw message. It returns a nil slice
// when there is none, and fault.Invalid when the header cannot be read. A pass
// speaks for its Domain only: compare that with the domain of From (Aligned). A
// signature that does not cover From, or covers only a part of the body, is none.
func VerifyDKIM(ctx context.Context, raw []byte, lookup LookupTXT) ([]Signature, error) {
	verifications, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT:        func(name string) ([]string, error) { return lookup(ctx, name) },
		MaxVerifications: MaxSignatures,
	})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return nil, fault.New(fault.Invalid, "The message's signatures cannot be read.").WithCause(err)
	}
	partial := partialBodies(raw)
	var sigs []Signature
	for _, v := range verifications {
		s := Signature{Domain: strings.ToLower(v.Domain), Identifier: v.Identifier, Headers: v.HeaderKeys}
		switch {
		case v.Err != nil:
			s.Reason, s.Temporary = clip(cleanLine(v.Err.Error()), 200), dkim.IsTempFail(v.Err) || isTimeout(v.Err)
		case !covers(v.HeaderKeys, "from"):
			s.Reason = "does not cover From"
		case partial:
			s.Reason = "a signature covers only a part of the body"
		default:
			s.Pass = true
		}
		sigs = append(sigs, s)
	}
	return sigs, nil
}

// Aligned reports whether a passing signature is of the author's own domain, or
// of a domain above it that people can register (stricter than the relaxed
// alignment of RFC 7489 section 3.1.1: a sibling domain does not count).
func (s Signature) Aligned(author string) bool {
	addr, err := Canonical(author)
	if err != nil || !s.Pass {
		return false
	}
	_, domain, _ := strings.Cut(addr, "@")
	if suffix, _ := publicsuffix.PublicSuffix(s.Domain); suffix == s.Domain {
		return false
	}
	return domain == s.Domain || strings.HasSuffix(domain, "."+s.Domain)
}

// partialBodies reports a signature with l=, which lets anybody add to the body.
func partialBodies(raw []byte) bool {
	h, _ := splitHeader(raw, &defects{})
	for _, v := range h.Values("DKIM-Signature") {
		for tag := range strings.SplitSeq(v, ";") {
			if name, _, ok := strings.Cut(tag, "="); ok && strings.TrimSpace(name) == "l" {
				return true
			}
		}
	}
	return false
}

func covers(keys []string, name string) bool {
	for _, k := range keys {
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
