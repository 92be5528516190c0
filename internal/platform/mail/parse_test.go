package mail_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message/mail"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "mail", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parse(t testing.TB, name string) *mail.Message {
	t.Helper()
	m, err := mail.Parse(fixture(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

func names(m *mail.Message) string {
	var ns []string
	for _, a := range m.Attachments {
		ns = append(ns, a.Name)
	}
	return strings.Join(ns, "|")
}

// TestCorpus reads as one line per mail: what a person at the desk gets of it.
func TestCorpus(t *testing.T) {
	const ann = `"Ann Example" <ann@named.example>`
	for _, c := range []struct {
		name, from, subject, text, files string
		ambiguous, auto                  bool
		defect                           string // one of the defects, "" for none
	}{
		{name: "plain", from: ann, subject: "Camera stays black", text: "The camera stays black.\nGrüße"},
		{name: "latin1-header", from: "Jürgen Müller", subject: "Kamera läuft nicht", text: "Die Kamera läuft nicht."},
		{name: "ascii-with-utf8", from: ann, subject: "Accents", text: "Café déjà vu"},
		{name: "unknown-encoding", from: ann, subject: "Odd encoding", text: "Still readable.", defect: "unknown or broken transfer encoding"},
		{name: "malformed-header-line", from: ann, subject: "Broken fields", text: "Body after a broken header.", defect: "malformed header line"},
		{name: "no-message-id", from: "ann@named.example", subject: "No id", text: "Hello.", defect: "no Message-ID"},
		{name: "nested-50", from: ann, subject: "Nested", text: "Deep down."},
		{name: "nested-2000", from: ann, subject: "Nested", text: "", files: "", defect: "too many multiparts inside each other"},
		{name: "forwarded", from: ann, subject: "Fwd: see below", text: "Please look.", files: "mail.eml"},
		{name: "rfc822-500", from: ann, subject: "Matryoshka", text: "", files: ""},
		{name: "html-only", from: ann, subject: "HTML only", text: "Dear desk,\n\nthe camera is black.\nSee the page (https://status.example/x).\n\n- one\n- two\n\n> old words"},
		{name: "cid-images", from: ann, subject: "Screenshot", text: "See the picture. [cid:shot@1]", files: "shot.png"},
		{name: "dsn", from: "MAILER-DAEMON@mx.example", subject: "Undelivered Mail Returned to Sender", text: "I could not deliver your message.", files: "|", auto: true},
		{name: "auto-reply", from: ann, subject: "Out of office: Re: T-1042", text: "I am away until Monday.", auto: true},
		{name: "auto-reply-exchange", from: ann, subject: "Automatic reply: hello", text: "I am away.", auto: true},
		{name: "list-mail", from: ann, subject: "Newsletter", text: "News.", auto: true},
		{name: "two-from", from: "ann@named.example", subject: "Who am I", text: "Hello.", ambiguous: true, defect: "more than one From field"},
		{name: "group-from", from: "ann@named.example", subject: "Group", text: "Hello.", ambiguous: true, defect: "group syntax in From"},
		{name: "quoted-local", from: `"ann@vendor.example"@evil.example`, subject: "Quoted local part", text: "Hello.", ambiguous: true, defect: "malformed author"},
		{name: "sender-differs", from: "ann@named.example", subject: "On behalf", text: "Hello.", ambiguous: true, defect: "Sender differs from From"},
		{name: "name-is-address", from: "<eve@evil.example>", subject: "Name looks like an address", text: "Hello."},
		{name: "rtl-file-name", from: ann, subject: "Names", text: "Two files.", files: "invoicefdp.exe|passwd|Übersicht.png|long name.txt"},
		{name: "crlf-in-subject", from: "ann@named.example", subject: "Hello  Bcc: eve@evil.example", text: "Hello."},
		{name: "missing-end", from: ann, subject: "Cut off", text: "The first part.", files: "log.txt", defect: "multipart without its end"},
		{name: "missing-boundary", from: ann, subject: "No boundary", text: "Found anyway.", defect: "multipart without a boundary: the first line that looks like one was taken"},
		{name: "empty-body", from: ann, subject: "Only a subject", text: ""},
		{name: "ten-thousand-parts", from: ann, subject: "Parts", text: "First.", files: strings.Repeat("|", mail.MaxParts-2), defect: "too many parts"},
		{name: "split-utf8-words", from: "Jürgen", subject: "Grüße aus München  end", text: "Hello."},
		{name: "utf7", from: ann, subject: "Charset tricks", text: "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", defect: "unknown charset"},
		{name: "iso-2022-jp", from: ann, subject: "Japanese", text: "こんにちは"},
		{name: "utf-16", from: ann, subject: "Wide", text: "Wide text"},
		{name: "nul-bytes", from: ann, subject: "Nul", text: "before ÿþ after"},
		{name: "no-header", from: "", subject: "", text: "Just some words without any header.\nAnd a second line.", ambiguous: true, defect: "no header"},
		{name: "no-blank-line", from: "ann@named.example", subject: "No blank line", text: "The body starts at once.\nAnd goes on.", defect: "no blank line after the header"},
		{name: "auth-results", from: ann, subject: "Forged results", text: "Hello."},
		{name: "loop", from: ann, subject: "Again", text: "Hello."},
		{name: "bare-lf", from: "ann@named.example", subject: "Unix line ends", text: "Line one.\nLine two."},
		{name: "mixed-html-and-text", from: ann, subject: "Apple style", text: "Before the file.\n\nAfter the file.", files: "a.pdf"},
		{name: "many-addresses", from: "ann@named.example", subject: "Many", text: "Hello.", defect: "too many addresses in To"},
		{name: "broken-base64", from: ann, subject: "Broken base64", text: "Hello world.\nHello again.", defect: "unknown or broken transfer encoding"},
		{name: "date-broken", from: "ann@named.example", subject: "Date", text: "Hello.", defect: "unreadable Date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.name)
			if !strings.Contains(m.From.String(), c.from) && !strings.Contains(m.From.Name, c.from) {
				t.Errorf("from = %s, want %s", m.From, c.from)
			}
			if m.Subject != c.subject {
				t.Errorf("subject = %q, want %q", m.Subject, c.subject)
			}
			if got := strings.TrimSpace(m.Text); got != c.text {
				t.Errorf("text = %q, want %q", got, c.text)
			}
			if names(m) != c.files {
				t.Errorf("files = %q, want %q", clip(names(m)), clip(c.files))
			}
			if m.Ambiguous != c.ambiguous || m.AutoSubmitted != c.auto {
				t.Errorf("ambiguous = %v, automatic = %v; want %v, %v (%q)", m.Ambiguous, m.AutoSubmitted, c.ambiguous, c.auto, m.Defects)
			}
			if c.defect == "" && len(m.Defects) > 0 || c.defect != "" && !slices.Contains(m.Defects, c.defect) {
				t.Errorf("defects = %q, want %q", m.Defects, c.defect)
			}
			checkClean(t, m)
		})
	}
}

func clip(s string) string { return s[:min(len(s), 100)] }

// checkClean holds for every message, whatever was sent.
func checkClean(t testing.TB, m *mail.Message) {
	t.Helper()
	oneLine := []string{m.Subject, m.MessageID, m.From.Name, m.From.Addr, m.Sender.Addr, m.ReplyTo.Name, m.AutoReason}
	for _, a := range m.Attachments {
		oneLine = append(oneLine, a.Name, a.ContentType)
		if strings.ContainsAny(a.Name, "/\\\u202e") || len(a.Name) > mail.MaxFileName {
			t.Errorf("file name %q", a.Name)
		}
	}
	for _, a := range slices.Concat(m.To, m.Cc) {
		oneLine = append(oneLine, a.Name, a.Addr)
	}
	for _, h := range m.Headers {
		oneLine = append(oneLine, h.Name, h.Value)
	}
	for _, s := range oneLine {
		if strings.ContainsAny(s, "\r\n\x00") || !utf8.ValidString(s) {
			t.Errorf("not one clean line: %q", clip(s))
		}
	}
	for _, s := range []string{m.Text, m.HTML} {
		if strings.ContainsAny(s, "\r\x00") || !utf8.ValidString(s) {
			t.Errorf("not clean text: %q", clip(s))
		}
	}
	if len(m.Defects) > mail.MaxDefects || len(m.To) > mail.MaxAddresses || len(m.Attachments) > mail.MaxParts+2 {
		t.Error("a limit does not hold")
	}
}

func TestAnEmptyMessageIsRefused(t *testing.T) {
	for _, raw := range []string{"", "\r\n\r\n", "\x00\x00 \n"} {
		if _, err := mail.Parse([]byte(raw)); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	m := parse(t, "loop")
	if m.Loop != 3 {
		t.Errorf("hops = %d", m.Loop)
	}
	if got := strings.Join(m.References, " "); got != "a@x b@x c@x" {
		t.Errorf("references = %s", got)
	}
	if got := strings.Join(m.InReplyTo, " "); got != "c@x" {
		t.Errorf("in reply to %s", got)
	}
	if m = parse(t, "plain"); m.Date != 1709543520000 || m.MessageID != "plain@named.example" {
		t.Errorf("date %d, id %s", m.Date, m.MessageID)
	}
}

func TestDeliveryReport(t *testing.T) {
	m := parse(t, "dsn")
	want := []mail.DeliveryReport{
		{Recipient: "gone@named.example", Action: "failed", Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 no such user"},
		{Recipient: "slow@named.example", Action: "delayed", Status: "4.2.2"},
	}
	if !slices.Equal(m.Reports, want) {
		t.Errorf("reports = %+v", m.Reports)
	}
	if m.ReportedID != "notice.42@vendor.example" {
		t.Errorf("reported id = %q", m.ReportedID)
	}
}

func TestATextThatIsTheWholeMessageIsRead(t *testing.T) {
	m, err := mail.Parse([]byte("From: ann@named.example\r\nMessage-ID: <a@x>\r\nContent-Type: text/plain; name=body.txt\r\n\r\nHello.\r\n"))
	if err != nil || m.Text != "Hello.\n" || len(m.Attachments) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		`C:\Users\ann\log.txt`: "log.txt", "../../etc/passwd": "passwd", "a/": "", "..": "", ".": "", "con\x00.txt": "con.txt",
		"a\u202egnp.exe": "agnp.exe", "<b>.html": "_b_.html", " a .txt ": "a .txt", "r\u00e9sum\u00e9.pdf": "résumé.pdf",
		strings.Repeat("a", 300) + ".pdf": strings.Repeat("a", 196) + ".pdf",
	} {
		if got := mail.FileName(in); got != want {
			t.Errorf("FileName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestInlineImage(t *testing.T) {
	a := parse(t, "cid-images").Attachments[0]
	if !a.Inline || a.ContentID != "shot@1" || a.ContentType != "image/png" || !bytes.HasPrefix(a.Data, []byte("\x89PNG\r\n")) {
		t.Errorf("%+v", a)
	}
}

func TestAutomatic(t *testing.T) {
	human := parse(t, "plain")
	for path, want := range map[string]bool{"ann@named.example": false, "": true, "<>": true, "MAILER-DAEMON@x.example": true} {
		if got := human.Automatic(path); got != want {
			t.Errorf("return path %q: automatic = %v", path, got)
		}
	}
	for field, want := range map[string]bool{
		"Auto-Submitted: no": false, "Auto-Submitted: auto-generated": true, "Auto-Submitted: auto-replied; owner-email=\"a@b\"": true,
		"Precedence: first-class": false, "Precedence: junk": true, "Precedence: list": true, "X-Auto-Response-Suppress: OOF, DR": true,
		"Return-Path: <ann@named.example>": false, "Return-Path: <>": true,
	} {
		m, err := mail.Parse([]byte("From: ann@named.example\r\n" + field + "\r\n\r\nHello.\r\n"))
		if err != nil || m.AutoSubmitted != want {
			t.Errorf("%s: automatic = %v, %v", field, m.AutoSubmitted, err)
		}
	}
}

// Attack 11: one canonical identity, or none.
func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"Ann@Named.Example":                            "ann@named.example",
		" ann@named.example. ":                         "ann@named.example",
		`"ann"@named.example`:                          "ann@named.example",
		"ann+tag@named.example":                        "ann+tag@named.example",
		"ann@müller.example":                           "ann@xn--mller-kva.example",
		"ann@XN--MLLER-KVA.example":                    "ann@xn--mller-kva.example",
		"jürgen@named.example":                         "jürgen@named.example",
		"JU\u0308RGEN@named.example":                   "jürgen@named.example",
		"root@localhost":                               "root@localhost",
		`"a@x"@y.example`:                              "",
		`"a b"@y.example`:                              "",
		"ann@[192.0.2.1]":                              "",
		"mi\u212Ae@named.example":                      "", // the Kelvin sign is not a k
		"\u0130an@named.example":                       "",
		"ann@named.example, eve@evil.example":          "",
		"team: ann@named.example;":                     "",
		"ann@-bad-.example":                            "",
		"ann@xn--a.example":                            "",
		"ann@a..example":                               "",
		"ann.@named.example":                           "",
		"ann\r\n@named.example":                        "",
		"ann@named.example\r\nBcc: x@y":                "",
		"@named.example":                               "",
		"ann":                                          "",
		"":                                             "",
		"ann@" + strings.Repeat("a.", 140) + "example": "",
	} {
		got, err := mail.Canonical(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Canonical(%q) = %q, %v; want %q", in, got, err, want)
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: kind %v", in, fault.KindOf(err))
		}
		if again, err := mail.Canonical(got); got != "" && (again != got || err != nil) {
			t.Errorf("%q is not canonical itself: %q", got, again)
		}
	}
}

// Attack 3: only the field of our own server counts.
func TestTrustedResults(t *testing.T) {
	m := parse(t, "auth-results")
	if len(m.AuthResults) != 3 || m.AuthResults[0].ServID != "mx.vendor.example" || m.AuthResults[1].ReceivedAbove != 1 || m.AuthResults[2].ServID != "other.example" {
		t.Fatalf("%+v", m.AuthResults)
	}
	show := func(ms []mail.AuthMethod) string {
		var s []string
		for _, x := range ms {
			s = append(s, x.Method+"="+x.Result)
		}
		return strings.Join(s, " ")
	}
	if got := show(mail.TrustedResults(m.AuthResults, "mx.vendor.example", 0)); got != "spf=fail dkim=pass" {
		t.Errorf("own field: %s", got)
	}
	if got := show(mail.TrustedResults(m.AuthResults, "MX.vendor.example", 9)); got != "spf=fail dkim=pass spf=fail" {
		t.Errorf("a forged pass beside our fail must not win: %s", got)
	}
	for _, id := range []string{"", "evil.example", "vendor.example", "mx.vendor.example.evil.example"} {
		if got := mail.TrustedResults(m.AuthResults, id, 9); got != nil {
			t.Errorf("%q vouches: %s", id, show(got))
		}
	}
	dkim := m.AuthResults[0].Results[1]
	if dkim.Prop("header", "d") != "named.example" || dkim.Prop("header", "s") != "sel;x" || dkim.Reason != "good; really" {
		t.Errorf("%+v", dkim)
	}
}

// A well-formed message is read as go-message reads it.
func TestAgreesWithGoMessage(t *testing.T) {
	for _, name := range []string{"plain", "cid-images", "forwarded", "iso-2022-jp", "nested-50", "auto-reply", "list-mail"} {
		m := parse(t, name)
		r, err := gomessage.CreateReader(bytes.NewReader(fixture(t, name)))
		if err != nil {
			t.Fatal(name, err)
		}
		subject, _ := r.Header.Subject()
		id, _ := r.Header.MessageID()
		date, _ := r.Header.Date()
		from, _ := r.Header.AddressList("From")
		if subject != m.Subject || id != m.MessageID || date.UnixMilli() != m.Date || from[0].Address != m.From.Addr || from[0].Name != m.From.Name {
			t.Errorf("%s: %q %q %v %v", name, subject, id, date, from)
		}
		var text string
		for {
			p, err := r.NextPart()
			if err != nil {
				break
			}
			var b bytes.Buffer
			_, _ = b.ReadFrom(p.Body)
			if h, ok := p.Header.(*gomessage.InlineHeader); ok && text == "" {
				if kind, _, _ := h.ContentType(); kind == "text/plain" {
					text = b.String()
				}
			}
		}
		if strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) != strings.TrimSpace(m.Text) {
			t.Errorf("%s: go-message reads %q, we %q", name, text, m.Text)
		}
	}
}

// Attacks 28 and 29: bounded time and memory for hostile mail.
func TestHostileMailIsBounded(t *testing.T) {
	const head = "From: ann@named.example\r\nSubject: x\r\n"
	big := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	deep := head
	for range 5000 {
		deep += "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	}
	for name, raw := range map[string]string{
		"header of 20 MB":    head + "X-Big: " + big("x", 20<<20) + "\r\n\r\nHello.\r\n",
		"folded header":      head + "X-Big: " + big("\r\n x", 5<<20) + "\r\n\r\nHello.\r\n",
		"a million fields":   head + big("A: b\r\n", 6<<20) + "\r\nHello.\r\n",
		"no fields":          head + big("no field\r\n", 5<<20) + "\r\nHello.\r\n",
		"encoded words":      head + "Subject: " + big("=?utf-8?Q?a?= ", 60<<10) + "\r\n\r\nHello.\r\n",
		"half encoded words": head + "Subject: " + big("=?utf-8?Q?a", 60<<10) + "\r\n\r\nHello.\r\n",
		"open comments":      "From: " + big("(", 60<<10) + "\r\n\r\nHello.\r\n",
		"open quotes":        "From: " + big(`"\`, 60<<10) + "\r\n\r\nHello.\r\n",
		"open angles":        "From: " + big("<", 60<<10) + "\r\n\r\nHello.\r\n",
		"one boundary, deep": deep + big("\r\n--b", 10<<20),
		"boundaries":         head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + big("--b\r\n", 20<<20),
		"near boundaries":    head + "Content-Type: multipart/mixed; boundary=aaaaaaaaaaaaaaaaaaaaaaab\r\n\r\n" + big("a", 20<<20),
		"parameters":         head + "Content-Type: text/plain; " + big("a=b; ", 60<<10) + "\r\n\r\nHello.\r\n",
		"continuations":      head + "Content-Type: text/plain; " + big("name*0*=b; ", 60<<10) + "\r\n\r\nHello.\r\n",
		"base64 rubbish":     head + "Content-Transfer-Encoding: base64\r\n\r\n" + big("====", 20<<20),
		"quoted-printable":   head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + big("=0", 20<<20),
		"charset":            head + "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + big("\x1b$B\x1b(B", 2<<20),
		"utf-32":             head + "Content-Type: text/plain; charset=utf-32\r\n\r\n" + big("\xff\xfe\x00\x00", 2<<20),
		"html tags":          head + "Content-Type: text/html\r\n\r\n" + big("<div>", 2<<20),
		"html blockquotes":   head + "Content-Type: text/html\r\n\r\n" + big("<blockquote>a", 2<<20),
		"html links":         head + "Content-Type: text/html\r\n\r\n" + big("<a href=http://x>", 2<<20),
		"html attributes":    head + "Content-Type: text/html\r\n\r\n<a " + big("a=b ", 2<<20) + ">",
		"html tables":        head + "Content-Type: text/html\r\n\r\n" + big("<td>", 2<<20),
		"message ids":        head + "References: " + big("<a@b> ", 60<<10) + "\r\n\r\nHello.\r\n",
		"auth results":       head + big("Authentication-Results: x; a=b (\r\n", 200<<10) + "\r\nHello.\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var m *mail.Message
			var err error
			took := cpu(t, func() { m, err = mail.Parse([]byte(raw)) })
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			checkClean(t, m)
			mail.SanitizeHTML(m.HTML)
			mail.StripQuoted(m.Text)
			if allocated := int(after.TotalAlloc - before.TotalAlloc); allocated > 12*len(raw)+(32<<20) {
				t.Errorf("%d MB allocated for %d MB", allocated>>20, len(raw)>>20)
			}
			if took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	body := strings.Repeat("The camera of the meeting room stays black after the update.\r\n", 60)
	raw := []byte("Received: from mta.named.example by mx.vendor.example; Mon, 04 Mar 2024 10:12:03 +0100\r\nDKIM-Signature: v=1; a=rsa-sha256; d=named.example; s=sel;\r\n h=from:to:subject; bh=abc=; b=def=\r\n" +
		strings.TrimSuffix(string(fixture(b, "cid-images")), "--r--\r\n") + "--r\r\nContent-Type: text/plain; name=log.txt\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + body + "--r--\r\n")
	raw = raw[:min(len(raw), 4400)]
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mail.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLarge(b *testing.B) {
	out, err := mail.Compose(mail.Outgoing{From: mail.Address{Addr: "a@x.example"}, To: []mail.Address{{Addr: "b@x.example"}}, Text: "x", MessageID: "1@x",
		Attachments: []mail.Attachment{{Name: "a.bin", Data: bytes.Repeat([]byte("0123456789"), 1<<20)}}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(out)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mail.Parse(out); err != nil {
			b.Fatal(err)
		}
	}
}
