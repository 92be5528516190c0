// Package attach keeps files that people add to tickets: named safely, typed by
// their content and not by what the sender claims, stored once by content.
package attach

import (
	"bytes"
	"context"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/blob"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// MaxBytes is the largest file that is taken.
const MaxBytes = 200 << 20

// File is a stored file that is not yet part of a ticket.
type File struct {
	Name, ContentType, Hash string
	// Size in bytes.
	Size int64
}

// Store keeps files in the blob store.
type Store struct{ blobs *blob.Store }

// New makes a Store over blobs.
func New(blobs *blob.Store) *Store { return &Store{blobs} }

// Add stores content durably under a safe name. Faults: TooLarge, Unavailable.
func (s *Store) Add(ctx context.Context, name string, r io.Reader) (f File, err error) {
	defer fault.Wrap(&err, "attach.Add")
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return f, fault.New(fault.Invalid, "The file did not arrive whole. Please add it again.").WithCause(err)
	}
	head = head[:n]
	ref, err := s.blobs.Put(ctx, io.MultiReader(bytes.NewReader(head), r), MaxBytes)
	if err != nil {
		return f, err
	}
	return File{Name: SafeName(name), ContentType: sniff(head), Hash: ref.Hash, Size: ref.Size}, nil
}

// Open reads a stored file. Faults: NotFound, Unavailable.
func (s *Store) Open(hash string) (io.ReadSeekCloser, error) { return s.blobs.Get(hash) }

// SafeName is a file name without path, control characters and marks that turn
// the direction of writing; at most 120 characters.
func SafeName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	for utf8.RuneCountInString(name) > 120 {
		_, size := utf8.DecodeRuneInString(name)
		name = name[size:]
	}
	if name == "" || name == "." || name == "/" || name == ".." {
		return "file"
	}
	return name
}

// magic are the types that a browser may show inline; all else is served as a download.
var magic = []struct{ prefix, contentType string }{
	{"\x89PNG\r\n\x1a\n", "image/png"},
	{"\xff\xd8\xff", "image/jpeg"},
	{"GIF87a", "image/gif"},
	{"GIF89a", "image/gif"},
	{"\x1aE\xdf\xa3", "video/webm"},
	{"%PDF-", "application/pdf"},
	{"PK\x03\x04", "application/zip"},
}

func sniff(head []byte) string {
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return m.contentType
		}
	}
	switch {
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return "image/webp"
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return "video/mp4"
	case len(head) > 0 && utf8.Valid(head) && bytes.IndexByte(head, 0) < 0 && !bytes.Contains(bytes.ToLower(head), []byte("<")):
		return "text/plain"
	}
	return "application/octet-stream"
}
