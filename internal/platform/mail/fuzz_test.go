package mail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/mail/*.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(raw) < 8<<10 {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := mail.Parse(raw)
		if err != nil {
			if strings.Trim(string(raw), " \t\r\n\x00") != "" {
				t.Fatalf("readable, and refused: %v", err)
			}
			return
		}
		checkClean(t, m)
		checkHarmless(t, mail.SanitizeHTML(m.HTML))
		checkStripped(t, m.Text)
		for _, a := range append(append(m.To, m.Cc...), m.From, m.ReplyTo) {
			got, err := mail.Canonical(a.Addr)
			if err != nil {
				continue
			}
			// What we read as one address can be written back as that one.
			o := outgoing()
			o.To = []mail.Address{{Name: a.Name, Addr: got}}
			if out, err := mail.Compose(o); err == nil {
				back, err := mail.Parse(out)
				if err != nil || len(back.To) != 1 || back.To[0].Addr != got {
					t.Fatalf("%q became %v", a, back.To)
				}
			}
		}
	})
}

func FuzzAuthResults(f *testing.F) {
	for _, v := range []string{
		"mx.example; none", "mx.example 1; spf=pass smtp.mailfrom=a@b", `mx.example; dkim=pass (ok; spf=pass) header.d="a;b" reason="x"`,
		"; spf=pass", "spf=pass", "mx.example 2; spf=pass", "mx.example; spf = pass smtp . mailfrom = x", "mx.example;;;(", `mx.example; "`,
	} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		m, err := mail.Parse([]byte("From: a@b.example\r\nAuthentication-Results: " + v + "\r\n\r\nx\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range m.AuthResults {
			if !utf8.ValidString(r.ServID) || strings.ContainsAny(r.ServID, "=\r\n") || len(r.Results) > 50 {
				t.Fatalf("%+v", r)
			}
			for _, x := range r.Results {
				if r.ServID == "" || x.Method == "" || x.Result == "" || x.Method != strings.ToLower(x.Method) {
					t.Fatalf("%+v", r)
				}
			}
		}
		for _, x := range mail.TrustedResults(m.AuthResults, "mx.example", 9) {
			if !strings.Contains(strings.ToLower(v), "mx.example") {
				t.Fatalf("%+v is vouched for by nobody", x)
			}
		}
	})
}

func FuzzCanonical(f *testing.F) {
	for _, v := range []string{"a@b.example", `"a"@b`, "ä@ö.example", "a@xn--a.b", "\u212a@b", "a@b@c"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		got, err := mail.Canonical(v)
		if err != nil {
			return
		}
		again, err := mail.Canonical(got)
		if err != nil || again != got || strings.Count(got, "@") != 1 || strings.ContainsAny(got, "\"<>,;: \r\n\x00") {
			t.Fatalf("%q -> %q -> %q, %v", v, got, again, err)
		}
	})
}
