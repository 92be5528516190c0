package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser is a reader without JavaScript: it follows links and sends forms as they stand in the page.
type browser struct {
	t      *testing.T
	client *http.Client
	base   string
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w.t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, w.server.URL}
}

// as signs in by the form.
func (w *world) as(email string) *browser {
	w.t.Helper()
	b := w.browser()
	in := b.get("/sign-in").submit("/sign-in", fields{"email": email, "password": w.password})
	if in.status != http.StatusSeeOther {
		w.t.Fatalf("%s cannot sign in: %d", email, in.status)
	}
	return b
}

// answer is a page as it came.
type answer struct {
	b      *browser
	path   string
	status int
	header http.Header
	body   string
	doc    *html.Node
}

type fields map[string]string

// upload is one file of a form.
type upload struct{ field, name, content string }

func (b *browser) do(r *http.Request) *answer {
	b.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return &answer{b, r.URL.RequestURI(), res.StatusCode, res.Header, string(body), doc}
}

func (b *browser) get(path string) *answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// post sends fields that are in no page.
func (b *browser) post(path string, values fields, header ...string) *answer {
	b.t.Helper()
	form := url.Values{}
	for k, v := range values {
		form.Set(k, v)
	}
	r, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

// want checks the status.
func (a *answer) want(status int) *answer {
	a.b.t.Helper()
	if a.status != status {
		a.b.t.Fatalf("%s is answered %d, want %d\n%s", a.path, a.status, status, text(a.doc))
	}
	return a
}

// follow opens the page that a redirect leads to.
func (a *answer) follow() *answer {
	a.b.t.Helper()
	a.want(http.StatusSeeOther)
	return a.b.get(a.header.Get("Location"))
}

// has checks that the page says each of these.
func (a *answer) has(words ...string) *answer {
	a.b.t.Helper()
	said := text(a.doc)
	for _, w := range words {
		if !strings.Contains(said, w) {
			a.b.t.Errorf("%s does not say %q\n%s", a.path, w, said)
		}
	}
	return a
}

// lacks checks that the page, its attributes included, has none of these.
func (a *answer) lacks(words ...string) *answer {
	a.b.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			a.b.t.Errorf("%s shows %q", a.path, w)
		}
	}
	return a
}

// submit sends the page's form with this action: what stands in it, values in
// place of it, and files. A value for a repeated field fills its last row. The
// name "!" presses a button "name=value".
func (a *answer) submit(action string, values fields, files ...upload) *answer {
	a.b.t.Helper()
	form := find(a.doc, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if form == nil {
		a.b.t.Fatalf("%s (%d) has no form to %s\n%s", a.path, a.status, action, text(a.doc))
	}
	filled := filledIn(form)
	for name, v := range values {
		if name == "!" {
			k, val, _ := strings.Cut(v, "=")
			filled[k] = []string{val}
			continue
		}
		if find(form, func(n *html.Node) bool { return attr(n, "name") == name }) == nil {
			a.b.t.Fatalf("the form to %s has no field %s", action, name)
		}
		if n := len(filled[name]); n > 0 {
			filled[name][n-1] = v
		} else {
			filled[name] = []string{v}
		}
	}
	var body bytes.Buffer
	kind := "application/x-www-form-urlencoded"
	if attr(form, "enctype") == "multipart/form-data" {
		kind = writeParts(a.b.t, &body, filled, files)
	} else {
		body.WriteString(filled.Encode())
	}
	r, err := http.NewRequest(http.MethodPost, a.b.base+action, &body)
	if err != nil {
		a.b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Origin", a.b.base)
	r.Header.Set("Referer", a.b.base+a.path)
	return a.b.do(r)
}

func writeParts(t *testing.T, body *bytes.Buffer, values url.Values, files []upload) string {
	t.Helper()
	out := multipart.NewWriter(body)
	for name, list := range values {
		for _, v := range list {
			if err := out.WriteField(name, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range files {
		part, err := out.CreateFormFile(f.field, f.name)
		if err == nil {
			_, err = io.WriteString(part, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return out.FormDataContentType()
}

// filledIn is what a browser would send of a form that nobody touched.
func filledIn(form *html.Node) url.Values {
	out := url.Values{}
	for n := range form.Descendants() {
		name := attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch n.Data {
		case "input":
			switch attr(n, "type") {
			case "file", "submit":
			case "checkbox", "radio":
				if has(n, "checked") {
					out.Add(name, attr(n, "value"))
				}
			default:
				out.Add(name, attr(n, "value"))
			}
		case "textarea":
			out.Add(name, strings.TrimPrefix(content(n), "\n"))
		case "select":
			out.Add(name, selected(n))
		}
	}
	return out
}

func selected(list *html.Node) string {
	first, found := "", false
	for n := range list.Descendants() {
		if n.Data != "option" {
			continue
		}
		if has(n, "selected") {
			return attr(n, "value")
		}
		if !found {
			first, found = attr(n, "value"), true
		}
	}
	return first
}

func find(root *html.Node, ok func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && ok(n) {
			return n
		}
	}
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func content(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// text is what a reader reads of a page, with single spaces.
func text(doc *html.Node) string {
	if m := find(doc, func(n *html.Node) bool { return n.Data == "main" }); m != nil {
		doc = m
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// link is the address of the first link whose words contain these.
func (a *answer) link(words string) string {
	a.b.t.Helper()
	n := find(a.doc, func(n *html.Node) bool { return n.Data == "a" && strings.Contains(content(n), words) })
	if n == nil {
		a.b.t.Fatalf("%s has no link %q\n%s", a.path, words, text(a.doc))
	}
	return attr(n, "href")
}
