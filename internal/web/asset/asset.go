// Package asset holds the embedded style sheet, script and icon, and serves them under addresses that carry a hash
// of their content, so that browsers may keep them for a year and still never see an old one.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed base.css tierdesk.css policy.css rulebook.css tierdesk.js policy.js rulebook.js tierdesk.svg
var files embed.FS

// Prefix is where Set is to be mounted: mux.Handle(asset.Prefix, set).
const Prefix = "/assets/"

// Set is every embedded file with its address. It is immutable and safe for concurrent use.
type Set struct {
	address map[string]string
	content map[string]stored
}

type stored struct {
	kind          string
	plain, packed []byte
}

// New reads and hashes the embedded files. The styles of all pages are one file, and so are the scripts.
func New() (*Set, error) {
	set := &Set{address: map[string]string{}, content: map[string]stored{}}
	for name, from := range map[string]struct {
		kind  string
		parts []string
	}{
		"tierdesk.css": {"text/css; charset=utf-8", []string{"base.css", "tierdesk.css", "policy.css", "rulebook.css"}},
		"tierdesk.js":  {"text/javascript; charset=utf-8", []string{"tierdesk.js", "policy.js"}},
		"rulebook.js":  {"text/javascript; charset=utf-8", []string{"rulebook.js"}},
		"tierdesk.svg": {"image/svg+xml", []string{"tierdesk.svg"}},
	} {
		kind := from.kind
		plain, err := read(from.parts...)
		if err != nil {
			return nil, err
		}
		packed, err := pack(plain)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		sum := sha256.Sum256(plain)
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		set.address[name] = Prefix + hashed
		set.content[hashed] = stored{kind: kind, plain: plain, packed: packed}
	}
	return set, nil
}

// PolicyFile is the style and the script of a policy as one static file.
func PolicyFile() (style, script string, err error) {
	css, err := read("base.css", "policy.css")
	if err != nil {
		return "", "", err
	}
	js, err := read("policy.js")
	return string(css), string(js), err
}

func read(names ...string) ([]byte, error) {
	var all []byte
	for _, name := range names {
		part, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("embedded %s: %w", name, err)
		}
		all = append(all, part...)
	}
	return all, nil
}

// URL is the address of a file with its hash: URL("tierdesk.css") is "/assets/tierdesk.0123456789ab.css".
// A name that is not embedded gives "".
func (s *Set) URL(name string) string { return s.address[name] }

// ServeHTTP serves one file, compressed when the browser can read it, to be kept for a year.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := s.content[path.Base(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept-Encoding")
	body := file.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = file.packed
	}
	header.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader that left is not an error of ours
	}
}

func pack(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(plain); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
