package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

const macKeyLen = 32

// ring is what one version of the key file says.
type ring struct {
	aead   tink.AEAD
	handle *keyset.Handle
	macs   [][]byte // newest first
	info   fs.FileInfo
}

// keyFile is the format on disk: a Tink keyset in its own JSON form, and HMAC keys.
type keyFile struct {
	AEAD json.RawMessage `json:"aead"`
	MACs [][]byte        `json:"macs"`
}

// stale reports whether another process has replaced the file since it was read.
// The inode alone does not tell: after two rotations the first number may be used again.
func (r *ring) stale(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, unavailable(err)
	}
	return !os.SameFile(info, r.info) || info.Size() != r.info.Size() || !info.ModTime().Equal(r.info.ModTime()), nil
}

// readRing returns fs.ErrNotExist itself when there is no file.
func readRing(path string) (*ring, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, unavailable(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unavailable(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.Newf(fault.Invalid, "Other users of this machine may read the key file %s. Run: chmod 600 %s", path, path)
	}
	var file keyFile
	if err := json.NewDecoder(f).Decode(&file); err != nil {
		return nil, malformed(path, err)
	}
	r, err := newRing(file)
	if err != nil {
		return nil, malformed(path, err)
	}
	r.info = info
	return r, nil
}

func newRing(file keyFile) (*ring, error) {
	if len(file.MACs) == 0 {
		return nil, errors.New("no HMAC key")
	}
	for _, key := range file.MACs {
		if len(key) != macKeyLen {
			return nil, fmt.Errorf("an HMAC key of %d bytes", len(key))
		}
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.AEAD)))
	if err != nil {
		return nil, err
	}
	a, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	return &ring{aead: a, handle: handle, macs: file.MACs}, nil
}

// createRing makes the first key file unless one has appeared meanwhile.
func createRing(path string) error {
	return locked(path, func() error {
		if _, err := os.Lstat(path); err == nil {
			return nil
		}
		return extend(path, keyset.NewManager(), nil)
	})
}

// rotateRing adds keys to what the file says now, not to what this process
// remembers: two rotations at once must not lose each other's keys.
func rotateRing(path string) (*ring, error) {
	var r *ring
	err := locked(path, func() error {
		old, err := readRing(path)
		if errors.Is(err, fs.ErrNotExist) {
			return unavailable(err)
		}
		if err != nil {
			return err
		}
		if err := extend(path, keyset.NewManagerFromHandle(old.handle), old.macs); err != nil {
			return err
		}
		r, err = readRing(path)
		return err
	})
	return r, err
}

// extend writes the file anew with one more key of each sort, which becomes the first choice.
func extend(path string, manager *keyset.Manager, macs [][]byte) error {
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	if err := manager.SetPrimary(id); err != nil {
		return err
	}
	handle, err := manager.Handle()
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&buf)); err != nil {
		return err
	}
	key := make([]byte, macKeyLen)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	text, err := json.Marshal(keyFile{buf.Bytes(), append([][]byte{key}, macs...)})
	if err != nil {
		return err
	}
	return replace(path, text)
}

// replace gives path a new content that is on disk when it returns. A crash leaves the old file or the new one.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // CreateTemp makes it 0600
	if err != nil {
		return unavailable(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		return unavailable(err)
	}
	if err := f.Sync(); err != nil {
		return unavailable(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return unavailable(err)
	}
	return withFolder(path, (*os.File).Sync)
}

// locked runs fn while this process alone may change the key file.
func locked(path string, fn func() error) error {
	var inner error
	err := withFolder(path, func(dir *os.File) error {
		if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
			return err
		}
		inner = fn()
		return nil
	})
	if err != nil {
		return err
	}
	return inner
}

func withFolder(path string, fn func(*os.File) error) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return unavailable(err)
	}
	defer dir.Close()
	if err := fn(dir); err != nil {
		return unavailable(err)
	}
	return nil
}
