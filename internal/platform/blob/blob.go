// Package blob keeps immutable files under the name of their content: the
// SHA-256 of the bytes, in lower-case hex, in folders of two levels
// (ab/cd/abcd...). What Put has acknowledged survives a power cut; what it has
// not acknowledged leaves at most a temporary file, swept by the next Open.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

const (
	hashLen  = 2 * sha256.Size
	tempName = "tmp"
)

// Ref names one stored file: its SHA-256 in lower-case hex and its size in bytes.
type Ref struct {
	Hash string
	Size int64
}

// Store is a folder of files named by their content. It is safe for concurrent
// use, and several processes may share one folder.
type Store struct {
	dir     string
	temp    func() (*os.File, error)
	durable sync.Map // folders whose own entry is known to be on disk
	broken  atomic.Pointer[error]
}

// Open opens the store in dir, creates the folder when it is not there, and
// sweeps what interrupted Puts of dead processes left behind.
// Faults: Unavailable when the folder cannot be created or read.
func Open(dir string) (_ *Store, err error) {
	defer fault.Wrap(&err, "blob.Open %s", dir)
	s := &Store{dir: filepath.Clean(dir)}
	s.temp = s.createTemp
	if err := os.MkdirAll(s.tempDir(), 0o700); err != nil {
		return nil, unavailable(err)
	}
	for _, d := range []string{filepath.Dir(s.dir), s.dir} {
		if err := syncPath(d); err != nil {
			return nil, unavailable(err)
		}
	}
	if err := s.sweep(); err != nil {
		return nil, unavailable(err)
	}
	return s, nil
}

// Put stores what r gives and returns after file and folders are on disk. A
// maxBytes above 0 limits the size. Content that is already there is not
// written again, but it is read back and made durable before Put returns; a
// damaged copy is replaced.
// Faults: TooLarge over maxBytes; Unavailable when the disk is full or failing,
// with nothing half-written. An error of r or ctx is returned with its own kind.
func (s *Store) Put(ctx context.Context, r io.Reader, maxBytes int64) (ref Ref, err error) {
	defer fault.Wrap(&err, "blob.Put")
	if err := s.Err(); err != nil {
		return Ref{}, err
	}
	f, err := s.temp()
	if err != nil {
		return Ref{}, unavailable(err)
	}
	defer func() {
		f.Close()
		if err != nil || ref.Hash == "" {
			os.Remove(f.Name())
		}
	}()
	ref, err = fill(ctx, f, r, maxBytes)
	if err != nil {
		return Ref{}, err
	}
	if err := s.keep(f, ref); err != nil {
		return Ref{}, err
	}
	return ref, nil
}

// Get opens a stored file for reading; the caller closes it.
// Faults: Invalid for a name that is not a hash, NotFound, Unavailable.
func (s *Store) Get(hash string) (_ io.ReadSeekCloser, err error) {
	defer fault.Wrap(&err, "blob.Get %.80q", hash)
	f, err := s.open(hash)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Has reports whether the content is there; it does not read it.
// Faults: Invalid for a name that is not a hash, Unavailable.
func (s *Store) Has(hash string) (_ bool, err error) {
	defer fault.Wrap(&err, "blob.Has %.80q", hash)
	_, err = s.stat(hash)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Verify reads a stored file and compares it with its name.
// Faults: Invalid, NotFound, Unavailable; Internal when the content is damaged.
func (s *Store) Verify(hash string) (err error) {
	defer fault.Wrap(&err, "blob.Verify %.80q", hash)
	f, err := s.open(hash)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return unavailable(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != hash {
		return fault.New(fault.Internal, "A stored file is damaged. Restore it from a backup.").
			WithCause(fmt.Errorf("content has hash %s", got))
	}
	return nil
}

// Err is nil while the store accepts files. After the disk failed to confirm a
// write, nothing that this process wrote can be trusted to be on disk: from then
// on Put refuses with this Unavailable fault until the program starts again.
func (s *Store) Err() error {
	if p := s.broken.Load(); p != nil {
		return fault.New(fault.Unavailable, "The desk's disk reported an error, so no files are accepted. Check the disk, then start the program again.").WithCause(*p)
	}
	return nil
}

// fill copies r into f and names what it read.
func fill(ctx context.Context, f *os.File, r io.Reader, maxBytes int64) (Ref, error) {
	sum := sha256.New()
	buf := make([]byte, 32<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return Ref{}, fault.New(fault.Unavailable, "The upload was interrupted. Please send it again.").WithCause(err)
		}
		n, readErr := r.Read(buf)
		size += int64(n)
		if maxBytes > 0 && size > maxBytes {
			return Ref{}, fault.Newf(fault.TooLarge, "The file is larger than %d bytes. Send a smaller one.", maxBytes)
		}
		sum.Write(buf[:n])
		if _, err := f.Write(buf[:n]); err != nil {
			return Ref{}, unavailable(err)
		}
		if errors.Is(readErr, io.EOF) {
			return Ref{hex.EncodeToString(sum.Sum(nil)), size}, nil
		}
		if readErr != nil {
			return Ref{}, readErr
		}
	}
}

// keep gives the temporary file its name, or drops it when sound content has that name already.
func (s *Store) keep(f *os.File, ref Ref) error {
	path := s.path(ref.Hash)
	if s.Verify(ref.Hash) == nil {
		os.Remove(f.Name())
		return s.confirm(path)
	}
	if err := f.Sync(); err != nil {
		return s.syncFailed(err)
	}
	if err := s.folder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return unavailable(err)
	}
	return s.syncFailed(syncPath(filepath.Dir(path)))
}

// confirm makes content durable that another Put, perhaps a moment ago, has named.
func (s *Store) confirm(path string) error {
	if err := s.folder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := syncPath(path); err != nil {
		return s.syncFailed(err)
	}
	return s.syncFailed(syncPath(filepath.Dir(path)))
}

// folder makes sure that a leaf folder and its parent exist on disk, not only in
// the cache: another Put may have created one and not have synced it yet.
func (s *Store) folder(leaf string) error {
	for _, d := range []string{filepath.Dir(leaf), leaf} {
		if _, known := s.durable.Load(d); known {
			continue
		}
		if err := os.Mkdir(d, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return unavailable(err)
		}
		if err := syncPath(filepath.Dir(d)); err != nil {
			return s.syncFailed(err)
		}
		s.durable.Store(d, struct{}{})
	}
	return nil
}

// syncFailed closes the store for writing unless the disk was merely full: after
// a failed sync the operating system may drop the dirty pages and confirm the next sync.
func (s *Store) syncFailed(err error) error {
	if err == nil {
		return nil
	}
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		s.broken.CompareAndSwap(nil, &err)
	}
	return unavailable(err)
}

func (s *Store) open(hash string) (*os.File, error) {
	if _, err := s.stat(hash); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(err)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return f, nil
}

// stat refuses what is no hash, and links, folders and devices that somebody put in place of a file.
func (s *Store) stat(hash string) (fs.FileInfo, error) {
	if !valid(hash) {
		return nil, fault.New(fault.Invalid, "This is not the name of a stored file.")
	}
	info, err := os.Lstat(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(err)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if !info.Mode().IsRegular() {
		return nil, notFound(fmt.Errorf("not a regular file: %s", info.Mode()))
	}
	return info, nil
}

// sweep removes temporary files whose writer is gone; a living writer holds a lock.
func (s *Store) sweep() error {
	entries, err := os.ReadDir(s.tempDir())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if err := sweepOne(filepath.Join(s.tempDir(), e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func sweepOne(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// createTemp creates and locks a temporary file. A sweep by another process that
// falls between the two steps takes the name away: then it tries another.
func (s *Store) createTemp() (*os.File, error) {
	for {
		f, err := os.CreateTemp(s.tempDir(), "put-")
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			if _, err = os.Lstat(f.Name()); err == nil {
				return f, nil
			}
		}
		f.Close()
		os.Remove(f.Name())
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

func (s *Store) tempDir() string { return filepath.Join(s.dir, tempName) }

func (s *Store) path(hash string) string {
	return filepath.Join(s.dir, hash[:2], hash[2:4], hash)
}

func valid(hash string) bool {
	if len(hash) != hashLen {
		return false
	}
	for i := range len(hash) {
		if c := hash[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// syncPath flushes one file, or the entries of one folder, to disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func notFound(err error) error {
	return fault.New(fault.NotFound, "This file is not there. Ask for it to be sent again.").WithCause(err)
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, "The desk can't save files right now. Nothing was stored; please try again in a minute.").WithCause(err)
}
