package mail_test

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

func outgoing() mail.Outgoing {
	return mail.Outgoing{
		From:      mail.Address{Name: "Example Meetings support", Addr: "support@vendor.example"},
		To:        []mail.Address{{Name: "Ann Example", Addr: "ann@named.example"}},
		Subject:   "Your request T-1042",
		Date:      1709543520000,
		Text:      "We have it.\n",
		MessageID: "t1042.1@vendor.example",
	}
}

func compose(t testing.TB, o mail.Outgoing) (*mail.Message, []byte) {
	t.Helper()
	raw, err := mail.Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Defects) > 0 {
		t.Fatalf("defects %q in\n%s", m.Defects, raw)
	}
	return m, raw
}

func TestComposeReadsBack(t *testing.T) {
	o := outgoing()
	o.To[0].Name = `Ann "the boss", a@evil.example \`
	o.Cc = []mail.Address{{Name: "Jürgen Müller-Lüdenscheidt, Leiter der Abteilung für alles mögliche", Addr: "j@named.example"}}
	o.ReplyTo = mail.Address{Addr: "support+t1042.abc@vendor.example"}
	o.Subject = "Grüße: " + strings.Repeat("eine sehr lange Betreffzeile mit Ümläuten ", 8)
	o.Text = "Dear Ann,\n.\n..dot\nFrom here\n" + strings.Repeat("long line ", 200) + "\n\ttab = ü €\n"
	o.HTML = "<p>Dear Ann, <img src=\"cid:logo@vendor.example\"></p>\n"
	o.InReplyTo = []string{"plain@named.example"}
	o.References = []string{"a@x", "plain@named.example"}
	o.AutoSubmitted, o.Hops = true, 2
	o.Headers = mail.Headers{{Name: "X-Ticket", Value: "T-1042 für alle"}}
	o.Attachments = []mail.Attachment{
		{Name: "Übersicht.pdf", ContentType: "application/pdf", Data: bytes.Repeat([]byte{0, 1, 2, 255}, 1000)},
		{Name: "logo.png", ContentType: "image/png", Inline: true, ContentID: "logo@vendor.example", Data: []byte("png")},
		{Name: "evil\r\nBcc: x@y.exe\"", ContentType: "text/html\r\nX: y", Data: []byte("x")},
	}
	m, raw := compose(t, o)
	if m.From != o.From || m.To[0] != o.To[0] || m.Cc[0] != o.Cc[0] || m.ReplyTo.Addr != o.ReplyTo.Addr || len(m.To) != 1 || len(m.Cc) != 1 {
		t.Errorf("addresses: %v %v %v", m.From, m.To, m.Cc)
	}
	if m.Subject != strings.TrimSpace(o.Subject) || m.Text != o.Text || m.HTML != o.HTML || m.Date != o.Date || m.MessageID != o.MessageID {
		t.Errorf("subject %q\ntext %q\nhtml %q", m.Subject, m.Text, m.HTML)
	}
	if !m.AutoSubmitted || m.Loop != 2 || strings.Join(m.References, " ") != "a@x plain@named.example" || m.InReplyTo[0] != "plain@named.example" {
		t.Errorf("%+v", m)
	}
	if m.Headers.Get("Auto-Submitted") != "auto-replied" || m.Headers.Get("X-Auto-Response-Suppress") != "All" {
		t.Error("a receipt must say so")
	}
	if len(m.Attachments) != 3 || m.Attachments[0].ContentID != "logo@vendor.example" || !m.Attachments[0].Inline ||
		m.Attachments[1].Name != "Übersicht.pdf" || !bytes.Equal(m.Attachments[1].Data, o.Attachments[0].Data) ||
		m.Attachments[2].Name != "evil  Bcc_ x@y.exe_" || m.Attachments[2].ContentType != "application/octet-stream" {
		t.Errorf("%+v", m.Attachments)
	}
	again, _ := mail.Compose(o)
	if !bytes.Equal(raw, again) {
		t.Error("the same message twice gives different bytes")
	}
	for line := range bytes.Lines(raw) {
		if !bytes.HasSuffix(line, []byte("\r\n")) || len(line) > 200 {
			t.Errorf("line %q", line)
		}
	}
}

// Attacks 17 and 18, and the rest of what Compose refuses.
func TestComposeRefuses(t *testing.T) {
	for name, change := range map[string]func(*mail.Outgoing){
		"two recipients in one":   func(o *mail.Outgoing) { o.To[0].Addr = "a@x.example, b@evil.example" },
		"a name as recipient":     func(o *mail.Outgoing) { o.To[0].Addr = `"a" <b@evil.example>` },
		"a JSON list":             func(o *mail.Outgoing) { o.To[0].Addr = `["a@x.example","b@evil.example"]` },
		"a group":                 func(o *mail.Outgoing) { o.To[0].Addr = "g:a@x.example;" },
		"a line break":            func(o *mail.Outgoing) { o.To[0].Addr = "a@x.example\r\nBcc: b@evil.example" },
		"a line break at the end": func(o *mail.Outgoing) { o.To[0].Addr = "a@x.example\n" },
		"a broken From":           func(o *mail.Outgoing) { o.From.Addr = "support" },
		"a broken Reply-To":       func(o *mail.Outgoing) { o.ReplyTo.Addr = "a@x.example>, <b@evil.example" },
		"no recipient":            func(o *mail.Outgoing) { o.To = nil },
		"no Message-ID":           func(o *mail.Outgoing) { o.MessageID = "" },
		"a Message-ID that ends":  func(o *mail.Outgoing) { o.MessageID = "a@x>\r\nBcc: b" },
		"no text":                 func(o *mail.Outgoing) { o.Text = "" },
		"a Bcc field":             func(o *mail.Outgoing) { o.Headers = mail.Headers{{Name: "bCC", Value: "b@evil.example"}} },
		"a Content field":         func(o *mail.Outgoing) { o.Headers = mail.Headers{{Name: "Content-Type", Value: "text/html"}} },
		"a field name that ends":  func(o *mail.Outgoing) { o.Headers = mail.Headers{{Name: "X: y\r\nBcc", Value: "b@evil.example"}} },
		"a field value that ends": func(o *mail.Outgoing) { o.Headers = mail.Headers{{Name: "X-A", Value: "a\r\nBcc: b@evil.example"}} },
	} {
		o := outgoing()
		change(&o)
		if raw, err := mail.Compose(o); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v\n%s", name, err, raw)
		}
	}
}

// Whatever words are in subject, names and file names: the fields stay the same.
func TestComposeNeverMakesAnotherField(t *testing.T) {
	plain, _ := compose(t, outgoing())
	want := len(plain.Headers)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([\r\n <>",;:@=?ü]|Bcc: |=\?utf-8\?Q\?|a){0,200}`))
		o := outgoing()
		o.Subject = text.Draw(rt, "subject")
		o.From.Name, o.To[0].Name = text.Draw(rt, "from"), text.Draw(rt, "to")
		o.Text = text.Draw(rt, "text") + "."
		o.References = []string{text.Draw(rt, "reference")}
		withFile := rapid.Bool().Draw(rt, "file")
		if withFile {
			o.Attachments = []mail.Attachment{{Name: text.Draw(rt, "name"), ContentType: text.Draw(rt, "type"), ContentID: text.Draw(rt, "id"), Data: []byte("x")}}
		}
		raw, err := mail.Compose(o)
		if err != nil {
			rt.Fatal(err)
		}
		std, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			rt.Fatalf("%v\n%s", err, raw)
		}
		to, err := std.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != o.To[0].Addr {
			rt.Fatalf("recipients %v, %v\n%s", to, err, raw)
		}
		if from, err := std.Header.AddressList("From"); err != nil || len(from) != 1 || from[0].Address != o.From.Addr {
			rt.Fatalf("author %v, %v", from, err)
		}
		m, err := mail.Parse(raw)
		if err != nil {
			rt.Fatal(err)
		}
		fields := len(m.Headers)
		if m.Headers.Get("References") != "" {
			fields--
		}
		if withFile {
			fields++ // Content-Transfer-Encoding moves into the part
		}
		if fields != want || len(m.Headers.Values("Bcc")) > 0 || len(m.To) != 1 || m.To[0].Addr != o.To[0].Addr || m.From.Addr != o.From.Addr || m.Ambiguous {
			rt.Fatalf("%d fields, want %d\n%s", fields, want, raw)
		}
	})
}
