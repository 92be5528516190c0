package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Outgoing is a message to be written. It says nothing of the envelope: Send has
// its own return path and recipients.
type Outgoing struct {
	From          Address
	To, Cc        []Address
	ReplyTo       Address // none when Addr is ""
	Subject       string  // control characters become blanks
	Date          int64   // ms UTC
	Text          string  // required unless HTML is given
	HTML          string  // an alternative to Text; sent as it is
	MessageID     string  // required, without angle brackets, stable over retries
	InReplyTo     []string
	References    []string
	AutoSubmitted bool // Auto-Submitted: auto-replied when InReplyTo is set, else auto-generated
	Hops          int  // written as HopsHeader when positive
	Attachments   []Attachment
	Headers       Headers // further fields; none that Compose writes itself
}

// Compose writes a message of RFC 5322 with CR LF line ends, of ASCII only. The
// same Outgoing always gives the same bytes. fault.Invalid when an address is no
// plain one, a field would break its line, or something required is missing:
// nothing is ever repaired into a second header or another recipient.
func Compose(o Outgoing) ([]byte, error) {
	c := &composer{}
	c.header(o)
	if c.err != nil {
		return nil, c.err
	}
	c.body(o)
	return c.b.Bytes(), c.err
}

type composer struct {
	b   bytes.Buffer
	err error
}

func (c *composer) refuse(field, why string) {
	if c.err == nil {
		c.err = fault.New(fault.Invalid, "This message cannot be sent.").WithField(field, why)
	}
}

func (c *composer) header(o Outgoing) {
	if len(o.To)+len(o.Cc) == 0 {
		c.refuse("to", "Name at least one recipient.")
	}
	if o.Text == "" && o.HTML == "" {
		c.refuse("text", "Write a text.")
	}
	c.addresses("From", "from", []Address{o.From})
	if o.ReplyTo.Addr != "" {
		c.addresses("Reply-To", "reply_to", []Address{o.ReplyTo})
	}
	c.addresses("To", "to", o.To)
	c.addresses("Cc", "cc", o.Cc)
	c.field("Subject", encodeText(cleanLine(o.Subject), len("Subject: ")))
	c.field("Date", time.UnixMilli(o.Date).UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	c.ids("Message-ID", []string{o.MessageID})
	c.ids("In-Reply-To", o.InReplyTo)
	c.ids("References", o.References)
	if o.AutoSubmitted {
		kind := "auto-generated"
		if len(o.InReplyTo) > 0 {
			kind = "auto-replied"
		}
		c.field("Auto-Submitted", kind)
		c.field("X-Auto-Response-Suppress", "All")
	}
	if o.Hops > 0 {
		c.field(HopsHeader, strconv.Itoa(o.Hops))
	}
	for _, f := range o.Headers {
		c.extra(f)
	}
	c.field("MIME-Version", "1.0")
}

// extra writes a field of the caller's: never one that has a place of its own.
func (c *composer) extra(f HeaderField) {
	reserved := []string{"from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
		"auto-submitted", "mime-version", "return-path", "received", strings.ToLower(HopsHeader)}
	name := strings.ToLower(f.Name)
	valid := name != "" && len(name) < 70 && !strings.HasPrefix(name, "content-") && !strings.HasPrefix(name, "resent-") && !slices.Contains(reserved, name)
	for i := 0; i < len(name); i++ {
		valid = valid && (name[i] == '-' || name[i] >= 'a' && name[i] <= 'z' || name[i] >= '0' && name[i] <= '9')
	}
	if !valid || strings.ContainsFunc(f.Value, unicode.IsControl) || !utf8.ValidString(f.Value) {
		c.refuse("headers", "A header field is reserved or malformed.")
		return
	}
	c.field(f.Name, encodeText(f.Value, len(f.Name)+2))
}

// field writes one field. Its value has no control character by now.
func (c *composer) field(name, value string) {
	if c.err == nil {
		c.b.WriteString(name + ": " + value + "\r\n")
	}
}

// addresses writes exactly the given mailboxes, one per line.
func (c *composer) addresses(name, path string, as []Address) {
	if len(as) == 0 {
		return
	}
	var list []string
	for _, a := range as {
		canonical, err := Canonical(a.Addr)
		if err != nil || a.Addr != strings.TrimSpace(a.Addr) {
			c.refuse(path, "Write one plain email address, such as name@example.com.")
			return
		}
		addr := a.Addr
		if !isASCII(addr) {
			addr = canonical
		}
		if !isASCII(addr) {
			c.refuse(path, "This address has letters that only some mail servers take; use another one.")
			return
		}
		list = append(list, Address{Name: a.Name, Addr: addr}.String())
	}
	c.field(name, strings.Join(list, ",\r\n "))
}

func (c *composer) ids(name string, ids []string) {
	if len(ids) > MaxMessageIDs {
		ids = append(ids[:1:1], ids[len(ids)-MaxMessageIDs+1:]...)
	}
	var list []string
	for _, id := range ids {
		if !validID(id) {
			if name == "Message-ID" {
				c.refuse("message_id", "The Message-ID is missing or malformed.")
			}
			continue // an id from outside that cannot be written back
		}
		list = append(list, "<"+id+">")
	}
	if len(list) > 0 {
		c.field(name, strings.Join(list, "\r\n "))
	}
}

func validID(id string) bool {
	if id == "" || len(id) > 900 {
		return false
	}
	for i := 0; i < len(id); i++ {
		if id[i] <= ' ' || id[i] >= 0x7f || id[i] == '<' || id[i] == '>' {
			return false
		}
	}
	return true
}

// encodePhrase writes a display name so that nothing in it can end the name.
func encodePhrase(name string) string {
	name = cleanLine(name)
	if !isASCII(name) || len(name) > 60 || strings.Contains(name, "=?") {
		return encodeWords(name, 20)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// encodeText writes an unstructured value, as encoded words when it is not plain
// ASCII of one line; used is what the line holds already.
func encodeText(s string, used int) string {
	if isASCII(s) && !strings.Contains(s, "=?") && used+len(s) <= 900 {
		return foldText(s, used)
	}
	return encodeWords(s, used)
}

// foldText folds plain ASCII at blanks (RFC 5322 section 2.2.3).
func foldText(s string, used int) string {
	if used+len(s) <= 76 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		limit := max(20, 76-used)
		if len(s) <= limit {
			break
		}
		cut := strings.LastIndexByte(s[:limit], ' ')
		if cut <= 0 {
			if cut = strings.IndexByte(s[limit:], ' '); cut < 0 {
				break
			}
			cut += limit
		}
		// A line of blanks only would end the header for some readers.
		if strings.TrimSpace(s[:cut]) == "" || strings.TrimSpace(s[cut:]) == "" {
			break
		}
		b.WriteString(s[:cut] + "\r\n ")
		s, used = s[cut+1:], 1
	}
	b.WriteString(s)
	return b.String()
}

// encodeWords writes UTF-8 as B-encoded words of RFC 2047, never cutting a character.
func encodeWords(s string, used int) string {
	var b strings.Builder
	for len(s) > 0 {
		room := max(15, (74-used-len("=?utf-8?B??="))/4*3)
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > room {
				break
			}
			n += size
		}
		if b.Len() > 0 {
			b.WriteString("\r\n ")
		}
		b.WriteString("=?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte(s[:n])) + "?=")
		s, used = s[n:], 1
	}
	return b.String()
}

// body writes the MIME tree: mixed(related(alternative(text, html), inline), attachments),
// leaving out every level that has one child only.
func (c *composer) body(o Outgoing) {
	var inline, attached []Attachment
	for _, a := range o.Attachments {
		if a.Inline && a.ContentID != "" && validID(a.ContentID) && o.HTML != "" {
			inline = append(inline, a)
		} else {
			a.Inline, a.ContentID = false, ""
			attached = append(attached, a)
		}
	}
	b := boundary(o)
	text := func() {
		switch {
		case o.HTML == "":
			c.text("text/plain", o.Text)
		case o.Text == "":
			c.text("text/html", o.HTML)
		default:
			c.multipart("alternative", b+"a", func() { c.text("text/plain", o.Text) }, func() { c.text("text/html", o.HTML) })
		}
	}
	related := text
	if len(inline) > 0 {
		related = func() { c.multipart("related", b+"r", append([]func(){text}, c.files(inline)...)...) }
	}
	if len(attached) == 0 {
		related()
		return
	}
	c.multipart("mixed", b+"m", append([]func(){related}, c.files(attached)...)...)
}

// boundary depends on the message only. Its underscore-equals sequence cannot
// occur in quoted-printable or base64 (RFC 2045 section 6.7).
func boundary(o Outgoing) string {
	sum := sha256.Sum256([]byte(o.MessageID))
	return "=_" + hex.EncodeToString(sum[:12]) + "_"
}

func (c *composer) multipart(kind, boundary string, parts ...func()) {
	fmt.Fprintf(&c.b, "Content-Type: multipart/%s;\r\n boundary=\"%s\"\r\n\r\n", kind, boundary)
	for _, part := range parts {
		c.b.WriteString("--" + boundary + "\r\n")
		part()
		c.b.WriteString("\r\n")
	}
	c.b.WriteString("--" + boundary + "--\r\n")
}

func (c *composer) text(kind, s string) {
	fmt.Fprintf(&c.b, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", kind)
	s = cleanText(strings.ToValidUTF8(s, "\uFFFD"))
	w := quotedprintable.NewWriter(&c.b)
	if _, err := w.Write([]byte(strings.ReplaceAll(s, "\n", "\r\n"))); err == nil {
		err = w.Close()
		c.internal(err)
	}
	if !strings.HasSuffix(s, "\n") {
		c.b.WriteString("\r\n")
	}
}

func (c *composer) internal(err error) {
	if err != nil && c.err == nil {
		c.err = fault.New(fault.Internal, "The message could not be written.").WithCause(err)
	}
}

func (c *composer) files(as []Attachment) []func() {
	var parts []func()
	for _, a := range as {
		parts = append(parts, func() { c.file(a) })
	}
	return parts
}

func (c *composer) file(a Attachment) {
	kind, _, err := mime.ParseMediaType(a.ContentType)
	if err != nil || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") || !strings.Contains(kind, "/") {
		kind = "application/octet-stream"
	}
	name := FileName(a.Name)
	if name == "" {
		name = "attachment"
	}
	disposition := "attachment"
	if a.Inline {
		disposition = "inline"
		c.b.WriteString("Content-ID: <" + a.ContentID + ">\r\n")
	}
	fmt.Fprintf(&c.b, "Content-Type: %s\r\nContent-Disposition: %s;\r\n %s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		kind, disposition, nameParam(name))
	line := make([]byte, 76)
	for data := a.Data; len(data) > 0; {
		n := min(57, len(data))
		base64.StdEncoding.Encode(line, data[:n])
		c.b.Write(line[:base64.StdEncoding.EncodedLen(n)])
		c.b.WriteString("\r\n")
		data = data[n:]
	}
}

// nameParam writes a file name: quoted when it is ASCII, else as RFC 2231 has it.
func nameParam(name string) string {
	if isASCII(name) {
		return `filename="` + strings.NewReplacer(`\`, `_`, `"`, `_`).Replace(name) + `"`
	}
	var b strings.Builder
	b.WriteString("filename*=utf-8''")
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
