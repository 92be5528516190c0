package page_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tierdesk/tierdesk/internal/web/asset"
)

func TestGallery(t *testing.T) {
	folder := os.Getenv("TIERDESK_GALLERY")
	if folder == "" {
		folder = t.TempDir()
	}
	writeAssets(t, folder)
	for _, s := range gallery(t) {
		t.Run(s.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := s.view.Render(context.Background(), &out); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, s.name+".html"), out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			checkNesting(t, out.String())
			checkPage(t, out.String())
		})
	}
}

func writeAssets(t *testing.T, folder string) {
	t.Helper()
	set, err := asset.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "assets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tierdesk.css", "tierdesk.js", "tierdesk.svg"} {
		recorder := httptest.NewRecorder()
		set.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, set.URL(name), nil))
		if err := os.WriteFile(filepath.Join(folder, set.URL(name)), recorder.Body.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var void = map[string]bool{"meta": true, "link": true, "input": true, "br": true, "img": true, "hr": true}

// checkNesting reads tag by tag, because a browser's parser mends what is wrong and so hides it.
func checkNesting(t *testing.T, page string) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(page))
	var open []string
	for {
		kind := tokens.Next()
		token := tokens.Token()
		switch kind {
		case html.ErrorToken:
			if !errors.Is(tokens.Err(), io.EOF) {
				t.Fatal(tokens.Err())
			}
			if len(open) > 0 {
				t.Errorf("never closed: %v", open)
			}
			return
		case html.StartTagToken:
			if !void[token.Data] {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> closes %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
}

// rawWord finds identifiers of the program that no person should read.
var rawWord = regexp.MustCompile(`\b(best-effort|end-user|named-user-cloud|test_matrix|named_user|none_needed|self-hosted-|EventKind|%!|L[123] L)\b|%!`)

func checkPage(t *testing.T, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	seen := survey{ids: map[string]int{}, labelled: map[string]bool{}, t: t}
	seen.walk(root)
	if seen.headings != 1 {
		t.Errorf("%d h1, want 1", seen.headings)
	}
	if seen.mains != 1 {
		t.Errorf("%d main, want 1", seen.mains)
	}
	for id, n := range seen.ids {
		if n > 1 {
			t.Errorf("id %q stands %d times", id, n)
		}
	}
	for _, id := range seen.inputs {
		if !seen.labelled[id] {
			t.Errorf("input %q has no label", id)
		}
	}
	for _, id := range seen.pointed {
		if seen.ids[id] == 0 {
			t.Errorf("#%s is pointed at and does not exist", id)
		}
	}
	if found := rawWord.FindString(seen.words.String()); found != "" {
		t.Errorf("the page shows %q", found)
	}
}

type survey struct {
	t               *testing.T
	headings, mains int
	ids             map[string]int
	labelled        map[string]bool
	inputs, pointed []string
	words           strings.Builder
}

func (s *survey) walk(n *html.Node) {
	if n.Type == html.TextNode && n.Parent.Data != "script" {
		s.words.WriteString(n.Data + "\n")
	}
	if n.Type == html.ElementNode {
		s.element(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		s.walk(c)
	}
}

func (s *survey) element(n *html.Node) {
	at := map[string]string{}
	for _, a := range n.Attr {
		at[a.Key] = a.Val
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			s.t.Errorf("<%s %s=...> needs an inline source", n.Data, a.Key)
		}
	}
	if at["id"] != "" {
		s.ids[at["id"]]++
	}
	for _, key := range []string{"aria-describedby", "aria-labelledby"} {
		s.pointed = append(s.pointed, strings.Fields(at[key])...)
	}
	switch n.Data {
	case "h1":
		s.headings++
	case "main":
		s.mains++
	case "label":
		s.labelled[at["for"]] = true
		if at["for"] == "" {
			s.labelled[firstInput(n)] = true
		}
	case "input", "select", "textarea":
		if at["type"] == "hidden" {
			return
		}
		if at["name"] == "" && at["readonly"] == "" && n.Data != "textarea" {
			s.t.Errorf("<%s id=%q> has no name", n.Data, at["id"])
		}
		if at["aria-label"] != "" {
			s.labelled[at["id"]] = true
		}
		s.inputs = append(s.inputs, at["id"])
	case "a":
		if href, local := strings.CutPrefix(at["href"], "#"); local && href != "" {
			s.pointed = append(s.pointed, href)
		}
	case "style":
		s.t.Error("<style> needs an inline source")
	case "script":
		if at["src"] == "" {
			s.t.Error("<script> without a source")
		}
	}
}

func firstInput(n *html.Node) string {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == "input" {
			for _, a := range c.Attr {
				if a.Key == "id" {
					return a.Val
				}
			}
		}
	}
	return ""
}
