// Package seal encrypts secrets (access details, webhook keys, second factors)
// and tags addresses that come back by mail. Its keys live in one file outside
// the database: a stolen database or backup of it reads no secret.
package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// tagLen is the length of a MAC in bytes: 80 bits, 16 letters.
const tagLen = 10

// Sealer encrypts and tags with the keys of one file. It is safe for concurrent
// use. Nodes that share a database share the file.
type Sealer struct {
	path string
	keys atomic.Pointer[ring]
}

// Load reads the key file at path, or makes one with mode 0600 that is on disk
// before Load returns. Two programs that start together end up with one file.
// Faults: Unavailable when the file cannot be read or written; Invalid when it
// is no key file, or when other users of the machine may read it.
func Load(path string) (_ *Sealer, err error) {
	defer fault.Wrap(&err, "seal.Load %s", path)
	s := &Sealer{path: path}
	r, err := readRing(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createRing(path); err != nil {
			return nil, err
		}
		r, err = readRing(path)
	}
	if err != nil {
		return nil, err
	}
	s.keys.Store(r)
	return s, nil
}

// Seal encrypts plaintext (AES-256-GCM, a new nonce each time). The associated
// data, which must not be empty, is not stored: it says where the secret belongs,
// for example table, row and column, so that a secret moved to another row does
// not open there.
func (s *Sealer) Seal(plaintext, associated []byte) (_ []byte, err error) {
	defer fault.Wrap(&err, "seal.Seal")
	if len(associated) == 0 {
		return nil, errors.New("seal without associated data")
	}
	return s.keys.Load().aead.Encrypt(plaintext, associated)
}

// Open decrypts what Seal made with the same associated data, also with a key
// that was replaced since, or that another process has just put into the file.
// Faults: Internal when the secret was changed, moved, or sealed with other keys.
func (s *Sealer) Open(ciphertext, associated []byte) (_ []byte, err error) {
	defer fault.Wrap(&err, "seal.Open")
	plain, err := s.keys.Load().aead.Decrypt(ciphertext, associated)
	if err == nil {
		return plain, nil
	}
	fresh, readErr := s.reload()
	if readErr == nil && fresh {
		plain, err = s.keys.Load().aead.Decrypt(ciphertext, associated)
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "This secret can't be read with the desk's key file. Enter it again, or restore the key file that belongs to this data.").
			WithCause(errors.Join(err, readErr))
	}
	return plain, nil
}

// Rotate adds new keys and seals and tags with them from now on. What was sealed
// or tagged before stays good. Other processes see the new keys when they first
// meet something made with them.
// Faults: Unavailable when the file cannot be written; the old keys then stay.
func (s *Sealer) Rotate() (err error) {
	defer fault.Wrap(&err, "seal.Rotate")
	r, err := rotateRing(s.path)
	if err != nil {
		return err
	}
	s.keys.Store(r)
	return nil
}

// MAC is a tag that only the desk can make for these parts: HMAC-SHA-256 cut to
// 80 bits, 16 lower-case base32 letters. The borders between parts count.
func (s *Sealer) MAC(parts ...string) string {
	return tag(s.keys.Load().macs[0], parts)
}

// Equal reports whether MAC made the tag for these parts, with the present keys
// or those before them. It takes the same time whatever is wrong. Upper case is refused.
func (s *Sealer) Equal(mac string, parts ...string) bool {
	if s.keys.Load().equal(mac, parts) {
		return true
	}
	fresh, err := s.reload()
	return err == nil && fresh && s.keys.Load().equal(mac, parts)
}

// reload takes over keys that another process wrote; it reports whether there were any.
func (s *Sealer) reload() (bool, error) {
	old := s.keys.Load()
	changed, err := old.stale(s.path)
	if err != nil || !changed {
		return false, err
	}
	r, err := readRing(s.path)
	if err != nil {
		return false, err
	}
	s.keys.Store(r)
	return true, nil
}

func (r *ring) equal(mac string, parts []string) bool {
	ok := false
	for _, key := range r.macs {
		ok = hmac.Equal([]byte(tag(key, parts)), []byte(mac)) || ok
	}
	return ok
}

func tag(key []byte, parts []string) string {
	h := hmac.New(sha256.New, key)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:tagLen])
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, "The desk's key file can't be read or written. Check the data folder and the disk.").WithCause(err)
}

func malformed(path string, err error) error {
	return fault.Newf(fault.Invalid, "%s is not a key file of this program. Restore it from a backup.", path).WithCause(fmt.Errorf("key file: %w", err))
}
