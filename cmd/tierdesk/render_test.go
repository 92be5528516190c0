package main

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/policies"
)

func TestPolicyRender(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "p.md", string(policies.Default()))
	code, out, errOut := call(t, "policy", "render", file)
	if code != 0 || errOut != "" || !strings.HasPrefix(out, "<!doctype html>") || !strings.Contains(out, `id="responsibility"`) {
		t.Fatalf("exit %d, %q:\n%.300s", code, errOut, out)
	}
	written := filepath.Join(dir, "p.html")
	if code, said, _ := call(t, "policy", "render", file, "-o", written); code != 0 || said != "" {
		t.Errorf("to a file: exit %d, %q", code, said)
	}
	if page, err := os.ReadFile(written); err != nil || !strings.Contains(string(page), "</html>") {
		t.Errorf("the file: %v", err)
	}
	bad := write(t, dir, "wrong.md", wrong())
	if code, said, errOut := call(t, "policy", "render", bad); code != 1 || said != "" || !strings.Contains(errOut, "wrong.md:") {
		t.Errorf("a mistake: exit %d, %q, %q", code, said, errOut)
	}
	untouched := filepath.Join(dir, "none.html")
	if code, said, _ := call(t, "policy", "render", bad, "-o", untouched); code != 1 || !strings.Contains(said, "wrong.md:") {
		t.Errorf("a mistake, to a file: exit %d, %q", code, said)
	}
	if _, err := os.Stat(untouched); err == nil {
		t.Error("a document with a mistake left a file behind")
	}
	if code, _, errOut := call(t, "policy", "render", file, "-o", filepath.Join(dir, "no", "such.html")); code != 2 || errOut == "" {
		t.Errorf("no such folder: exit %d, %q", code, errOut)
	}
}

// The file works without a server: nothing in it is fetched, and its own rules let nothing else run.
func TestARenderedPolicyNeedsNothingElse(t *testing.T) {
	src := string(policies.Default()) + "\n## More {#more}\n\n![pixel](https://track.example/p.gif) <script>alert(1)</script> [go](javascript:alert(1))\n"
	_, out, _ := call(t, "policy", "render", write(t, t.TempDir(), "p.md", src))
	for _, m := range regexp.MustCompile(`<(?:script|link|img|iframe|object|embed|source)\b[^>]*>|@import|url\(|javascript:`).FindAllString(out, -1) {
		if m != `<script type="module">` {
			t.Errorf("the file holds %q", m)
		}
	}
	for _, part := range []struct{ tag, rule string }{{"style", "style-src"}, {"script", "script-src"}} {
		body := regexp.MustCompile(`(?s)<` + part.tag + `[^>]*>(.*?)</` + part.tag + `>`).FindStringSubmatch(out)
		if body == nil {
			t.Fatalf("no %s", part.tag)
		}
		sum := sha256.Sum256([]byte(body[1]))
		want := part.rule + " &#39;sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "&#39;"
		if !strings.Contains(out, want) {
			t.Errorf("the file's security policy lacks %s", want)
		}
	}
}
