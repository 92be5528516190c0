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

//go:embed tierdesk.css tierdesk.js tierdesk.svg
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

// New reads and hashes the embedded files.
func New() (*Set, error) {
	set := &Set{address: map[string]string{}, content: map[string]stored{}}
	for name, kind := range map[string]string{
		"tierdesk.css": "text/css; charset=utf-8",
		"tierdesk.js":  "text/javascript; charset=utf-8",
		"tierdesk.svg": "image/svg+xml",
	} {
		plain, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("embedded %s: %w", name, err)
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
