package mail_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

type noRecord struct{}

func (noRecord) Error() string   { return "lookup timed out" }
func (noRecord) Timeout() bool   { return true }
func (noRecord) Temporary() bool { return true }

func signed(t testing.TB, raw []byte, options *dkim.SignOptions) (out []byte, lookup mail.LookupTXT) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(bytes.NewReader(make([]byte, 64)))
	if err != nil {
		t.Fatal(err)
	}
	options.Signer, options.Selector = key, "sel"
	var b bytes.Buffer
	if err := dkim.Sign(&b, bytes.NewReader(raw), options); err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)
	return b.Bytes(), func(_ context.Context, name string) ([]string, error) {
		if name != "sel._domainkey."+options.Domain {
			return nil, errors.New("no such name")
		}
		return []string{record}, nil
	}
}

func TestVerifyDKIM(t *testing.T) {
	raw, err := mail.Compose(outgoing())
	if err != nil {
		t.Fatal(err)
	}
	good, lookup := signed(t, raw, &dkim.SignOptions{Domain: "vendor.example"})
	noFrom, _ := signed(t, raw, &dkim.SignOptions{Domain: "vendor.example", HeaderKeys: []string{"From", "Subject"}})
	for _, c := range []struct {
		name   string
		raw    []byte
		lookup mail.LookupTXT
		want   []bool
		temp   bool
	}{
		{"signed", good, lookup, []bool{true}, false},
		{"unsigned", raw, lookup, nil, false},
		{"changed body", append(bytes.Clone(good), "more\r\n"...), lookup, []bool{false}, false},
		{"changed subject", bytes.Replace(good, []byte("T-1042"), []byte("T-1043"), 1), lookup, []bool{false}, false},
		{"some fields signed", noFrom, lookup, []bool{true}, false},
		{"no key", good, func(context.Context, string) ([]string, error) { return nil, nil }, []bool{false}, false},
		{"no answer", good, func(context.Context, string) ([]string, error) { return nil, noRecord{} }, []bool{false}, true},
		{"part of the body", bytes.Replace(good, []byte("v=1;"), []byte("v=1; l=5;"), 1), lookup, []bool{false}, false},
		{"ten signatures", append(bytes.Repeat(good[:bytes.Index(good, []byte("\r\nFrom:"))+2], 10), raw...), lookup, []bool{true, true, true, true, true}, false},
	} {
		sigs, err := mail.VerifyDKIM(t.Context(), c.raw, c.lookup)
		if err != nil || len(sigs) != len(c.want) {
			t.Errorf("%s: %+v, %v", c.name, sigs, err)
			continue
		}
		for i, s := range sigs {
			if s.Pass != c.want[i] || s.Temporary != c.temp || s.Domain != "vendor.example" {
				t.Errorf("%s: %+v", c.name, s)
			}
		}
	}
}

// Attack 1: a valid signature of somebody else proves nothing about the author.
func TestAligned(t *testing.T) {
	for _, c := range []struct {
		domain, author string
		want           bool
	}{
		{"named.example", "ann@named.example", true},
		{"named.example", "ann@eu.named.example", true},
		{"eu.named.example", "ann@named.example", false},
		{"evil.example", "ann@named.example", false},
		{"amed.example", "ann@named.example", false},
		{"co.uk", "ann@named.co.uk", false},
		{"example", "ann@named.example", false},
		{"named.example", `"ann@named.example"@evil.example`, false},
		{"named.example", "", false},
	} {
		if got := (mail.Signature{Domain: c.domain, Pass: true}).Aligned(c.author); got != c.want {
			t.Errorf("%s for %s: %v", c.domain, c.author, got)
		}
	}
	if (mail.Signature{Domain: "named.example"}).Aligned("ann@named.example") {
		t.Error("a failed signature is aligned")
	}
}

func FuzzVerifyDKIM(f *testing.F) {
	raw, err := mail.Compose(outgoing())
	if err != nil {
		f.Fatal(err)
	}
	good, lookup := signed(f, raw, &dkim.SignOptions{Domain: "vendor.example"})
	f.Add(good, "v=DKIM1; k=rsa; p=AAAA")
	f.Add(append(bytes.Clone(good[:200]), good...), "v=DKIM1; k=ed25519; p=")
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=x.example; s=s; h=from:; bh=; b=; l=1; x=1; t=2\r\nFrom: a\r\n\r\nx"), "p=")
	f.Fuzz(func(t *testing.T, raw []byte, record string) {
		sigs, _ := mail.VerifyDKIM(t.Context(), raw, func(ctx context.Context, name string) ([]string, error) {
			if record == "" {
				return lookup(ctx, name)
			}
			return strings.Split(record, "\x00"), nil
		})
		if len(sigs) > mail.MaxSignatures {
			t.Error("too many signatures")
		}
	})
}
