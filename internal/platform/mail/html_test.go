package mail_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

// Attacks 19, 23, 24: nothing that runs, loads, submits or leaves the page.
func TestSanitizeHTML(t *testing.T) {
	for in, want := range map[string]string{
		`<p>Hello <b>you</b></p>`:                                          `<p>Hello <b>you</b></p>`,
		`<script>alert(1)</script>x`:                                       `x`,
		`<style>p{background:url(http://e)}</style>x`:                      `x`,
		`<p style="background:url(http://e)" id=x class=y onclick=z>x</p>`: `<p>x</p>`,
		`<base href="http://e/"><meta http-equiv=refresh content="0;url=http://e"><link rel=stylesheet href=http://e>x`: `x`,
		`<form action=http://e><input name=a value=b><button>go</button></form>`:                                        `go`,
		`<img src="http://e/track.gif" alt="our logo">`:                                                                 `[our logo]`,
		`<img src="http://e/track.gif">x`:                                                                               `x`,
		`<IMG SRC=x ALT="&lt;script&gt;" onerror=alert(1)>`:                                                             `[&lt;script&gt;]`,
		`<image src=x alt=a><svg onload=alert(1)><a xlink:href="javascript:x">s</a></svg>`:                              `[a]s`,
		`<a href="javascript:alert(1)">x</a>`:                                                                           `x`,
		`<a href="data:text/html,x">x</a>`:                                                                              `x`,
		`<a href="//e/x">x</a>`:                                                                                         `x`,
		`<a href="/logout">x</a>`:                                                                                       `x`,
		`<a href="java&#10;script:alert(1)">x</a>`:                                                                      `x`,
		`<a href="mailto:a@b.example">x</a>`:                                                                            `<a href="mailto:a@b.example" rel="nofollow noreferrer">x</a>`,
		`<a href="https://e.example/" target=_self rel=opener>x</a>`:                                                    `<a href="https://e.example/" rel="nofollow noreferrer noopener" target="_blank">x</a>`,
		`<table background=http://e><tr><td colspan=2 width=1>x</td></tr></table>`:                                      `<table><tr><td colspan="2">x</td></tr></table>`,
		`<iframe src=http://e></iframe><object data=http://e></object><embed src=http://e><video src=http://e poster=http://e></video>x`: `x`,
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`:                          ``,
		`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`:                                                                  ``,
		`<textarea><img title="</textarea><img src=x onerror=alert(1)>">`:                                                                ``,
		`<!--><img src=x onerror=alert(1)>-->`:                                                                                           `--&gt;`,
	} {
		got := mail.SanitizeHTML(in)
		if want != "" && got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
		checkHarmless(t, got)
		// Attack 20: what was saved and comes back is the same.
		if again := mail.SanitizeHTML(got); again != got {
			t.Errorf("%s\nonce  %s\ntwice %s", in, got, again)
		}
	}
}

// checkHarmless reads sanitised HTML as a browser does and looks for anything active.
func checkHarmless(t testing.TB, s string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader("<body>" + s))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "style", "form", "base", "meta", "img", "iframe", "object", "embed", "link", "svg", "math", "input", "button", "video", "audio":
			t.Errorf("element %s in %s", n.Data, s)
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "href":
				if !strings.HasPrefix(a.Val, "http://") && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "mailto:") {
					t.Errorf("link %q", a.Val)
				}
			case "rel", "target", "colspan", "rowspan", "dir":
			default:
				t.Errorf("attribute %s in %s", a.Key, s)
			}
		}
	}
}

func TestTextFromHTML(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"<p>a</p><p>b</p>":         "a\n\nb\n",
		"<div>a</div><div>b</div>": "a\nb\n",
		"a<br>b<br><br>c":          "a\nb\n\nc\n",
		"a   b\n c":                "a b c\n",
		"<pre>a\n  b</pre>":        "a\n  b\n",
		"<title>t</title><style>s</style><script>x</script>a":             "a\n",
		"<script/>x</script>a":                                            "a\n",
		"&lt;b&gt; &amp;amp;":                                             "<b> &amp;\n",
		`<a href="https://e.example/">https://e.example</a>`:              "https://e.example\n",
		`<a href="https://e.example/x">here</a>`:                          "here (https://e.example/x)\n",
		`<a href="javascript:x">here</a>`:                                 "here\n",
		`<img src=x alt="a &amp; b">`:                                     "[a & b]\n",
		"<blockquote>a<blockquote>b</blockquote></blockquote>c":           "> a\n>\n> > b\n\nc\n",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>": "a b\nc\n",
		"<ol><li>a<li>b</ol>":                                             "- a\n- b\n",
	} {
		if got := mail.TextFromHTML(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestHTMLIsLinear(t *testing.T) {
	for _, unit := range []string{"<", "<a", "<a>", "<p>", "</p>", "<b><i>", "&", "&lt", "<!--", "<img alt=x>", "<im", "<script>", "<a href=http://x>y", "<blockquote>", "\"", "<table><td>"} {
		in := strings.Repeat(unit, (1<<20)/len(unit))
		if took := cpu(t, func() { mail.TextFromHTML(in) }); took > time.Second {
			t.Errorf("%s: text took %v", unit, took)
		}
		if took := cpu(t, func() { mail.SanitizeHTML(in) }); took > 3*time.Second {
			t.Errorf("%s: sanitising took %v", unit, took)
		}
	}
}

func FuzzSanitizeHTML(f *testing.F) {
	f.Add(`<p>a<b>b</b><a href="http://x">c</a><img src=x alt=y>`)
	f.Add(`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;">`)
	f.Add(`<svg><style><a id="</style><img src=1 onerror=alert(1)>">`)
	f.Fuzz(func(t *testing.T, s string) {
		checkHarmless(t, mail.SanitizeHTML(s))
		mail.TextFromHTML(s)
	})
}

func BenchmarkSanitizeHTML(b *testing.B) {
	in := strings.Repeat(`<p>The <b>camera</b> stays <a href="https://status.example/x">black</a>.</p>`, 50)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		mail.SanitizeHTML(in)
	}
}
