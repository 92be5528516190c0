package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

const helloHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // sha256 of "hello"

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, content string) Ref {
	t.Helper()
	ref, err := s.Put(t.Context(), strings.NewReader(content), 0)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func read(t *testing.T, s *Store, hash string) string {
	t.Helper()
	f, err := s.Get(hash)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// files lists every regular file below the store's folder, relative to it.
func files(t *testing.T, s *Store) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(path, s.dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v, want a fault of kind %v", err, kind)
	}
}

func TestPutStoresUnderItsHashInTwoLevels(t *testing.T) {
	s := open(t)
	if ref := put(t, s, "hello"); ref != (Ref{helloHash, 5}) {
		t.Fatalf("got %+v", ref)
	}
	if got := read(t, s, helloHash); got != "hello" {
		t.Fatalf("read %q", got)
	}
	want := "2c/f2/" + helloHash
	if got := files(t, s); len(got) != 1 || got[0] != want {
		t.Fatalf("files %q, want only %q", got, want)
	}
	if has, err := s.Has(helloHash); !has || err != nil {
		t.Fatal(has, err)
	}
	if err := s.Verify(helloHash); err != nil {
		t.Fatal(err)
	}
}

func TestEmptyContentIsAFileToo(t *testing.T) {
	s := open(t)
	ref := put(t, s, "")
	if ref.Size != 0 || read(t, s, ref.Hash) != "" {
		t.Fatalf("got %+v", ref)
	}
}

func TestGetSeeks(t *testing.T) {
	s := open(t)
	f, err := s.Get(put(t, s, "hello").Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(-2, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(f); string(b) != "lo" {
		t.Fatalf("read %q", b)
	}
}

func TestExistingContentIsNotWrittenAgain(t *testing.T) {
	s := open(t)
	put(t, s, "hello")
	before, err := os.Stat(s.path(helloHash))
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "hello")
	after, err := os.Stat(s.path(helloHash))
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
		t.Fatal("the file was written again")
	}
	if got := files(t, s); len(got) != 1 {
		t.Fatalf("files %q", got)
	}
}

func TestDamageIsSeenAndASecondPutRepairsIt(t *testing.T) {
	s := open(t)
	put(t, s, "hello")
	for _, damage := range []string{"hellO", "hell", ""} {
		if err := os.WriteFile(s.path(helloHash), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		wantKind(t, s.Verify(helloHash), fault.Internal)
		put(t, s, "hello")
		if err := s.Verify(helloHash); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConcurrentPutsOfTheSameContentMakeOneFile(t *testing.T) {
	s := open(t)
	content := make([]byte, 300<<10)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	refs := make([]Ref, 16)
	errs := make([]error, len(refs))
	var wg sync.WaitGroup
	for i := range refs {
		wg.Go(func() { refs[i], errs[i] = s.Put(context.Background(), bytes.NewReader(content), 0) })
	}
	wg.Wait()
	for i := range refs {
		if errs[i] != nil || refs[i] != refs[0] {
			t.Fatalf("put %d: %+v %v", i, refs[i], errs[i])
		}
	}
	if got := files(t, s); len(got) != 1 {
		t.Fatalf("files %q", got)
	}
	if err := s.Verify(refs[0].Hash); err != nil {
		t.Fatal(err)
	}
}

func TestSizeLimit(t *testing.T) {
	s := open(t)
	if _, err := s.Put(t.Context(), strings.NewReader("hello"), 5); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), strings.NewReader("hello!"), 5)
	wantKind(t, err, fault.TooLarge)
	if got := files(t, s); len(got) != 1 {
		t.Fatalf("files %q", got)
	}
}

func TestNamesThatAreNoHashesAreRefused(t *testing.T) {
	s := open(t)
	secret := filepath.Join(filepath.Dir(s.dir), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{
		"", "..", "../secret", secret, "2cf2", helloHash + "0", helloHash[:63] + "/", strings.ToUpper(helloHash),
		strings.Repeat("../", 21) + "a", strings.Repeat("\x00", 64), helloHash[:63] + "\x00", helloHash[:62] + "é", "tmp/put-1",
	}
	for _, name := range names {
		_, err := s.Get(name)
		wantKind(t, err, fault.Invalid)
		_, err = s.Has(name)
		wantKind(t, err, fault.Invalid)
		wantKind(t, s.Verify(name), fault.Invalid)
	}
}

func TestLinksFoldersAndDevicesAreNotFiles(t *testing.T) {
	plant := map[string]func(path string) error{
		"link to a file":   func(path string) error { return os.Symlink("/etc/hostname", path) },
		"link to nothing":  func(path string) error { return os.Symlink("/nowhere", path) },
		"link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"pipe":             func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder":           func(path string) error { return os.Mkdir(path, 0o700) },
	}
	for name, plant := range plant {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			path := s.path(helloHash)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			_, err := s.Get(helloHash)
			wantKind(t, err, fault.NotFound)
			if has, err := s.Has(helloHash); has || err != nil {
				t.Fatal(has, err)
			}
		})
	}
}

func TestAbsentContent(t *testing.T) {
	s := open(t)
	_, err := s.Get(helloHash)
	wantKind(t, err, fault.NotFound)
	wantKind(t, s.Verify(helloHash), fault.NotFound)
	if has, err := s.Has(helloHash); has || err != nil {
		t.Fatal(has, err)
	}
}

// linkTo makes every temporary file a link to a device whose writes or syncs fail.
func linkTo(s *Store, device string) {
	s.temp = func() (*os.File, error) {
		name := filepath.Join(s.tempDir(), "put-device")
		if err := os.Symlink(device, name); err != nil {
			return nil, err
		}
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
}

func TestFullDiskStoresNothingAndRecovers(t *testing.T) {
	s := open(t)
	linkTo(s, "/dev/full")
	_, err := s.Put(t.Context(), strings.NewReader("hello"), 0)
	wantKind(t, err, fault.Unavailable)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want the disk to be full", err)
	}
	if got := files(t, s); len(got) != 0 {
		t.Fatalf("left behind: %q", got)
	}
	s.temp = s.createTemp
	put(t, s, "hello")
}

func TestAFailedSyncIsNotAcknowledgedAndClosesTheStore(t *testing.T) {
	s := open(t)
	linkTo(s, "/dev/null")
	_, err := s.Put(t.Context(), strings.NewReader("hello"), 0)
	wantKind(t, err, fault.Unavailable)
	if got := files(t, s); len(got) != 0 {
		t.Fatalf("left behind: %q", got)
	}
	s.temp = s.createTemp
	_, err = s.Put(t.Context(), strings.NewReader("hello"), 0)
	wantKind(t, err, fault.Unavailable)
	wantKind(t, s.Err(), fault.Unavailable)
	again, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, again, "hello")
}

func TestARenameThatFailsLeavesNothing(t *testing.T) {
	s := open(t)
	if err := os.WriteFile(filepath.Join(s.dir, helloHash[:2]), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), strings.NewReader("hello"), 0)
	wantKind(t, err, fault.Unavailable)
	if got := files(t, s); len(got) != 1 {
		t.Fatalf("left behind: %q", got)
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read(p []byte) (int, error) { return copy(p, "half"), r.err }

func TestAReaderThatBreaksOffLeavesNothing(t *testing.T) {
	s := open(t)
	_, err := s.Put(t.Context(), brokenReader{fault.New(fault.TooMany, "slow down")}, 0)
	wantKind(t, err, fault.TooMany)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Put(ctx, strings.NewReader("hello"), 0)
	wantKind(t, err, fault.Unavailable)
	if got := files(t, s); len(got) != 0 {
		t.Fatalf("left behind: %q", got)
	}
}

func TestOpenSweepsTornFilesOfDeadWritersOnly(t *testing.T) {
	s := open(t)
	put(t, s, "hello")
	if err := os.WriteFile(filepath.Join(s.tempDir(), "put-torn"), []byte("hel"), 0o600); err != nil {
		t.Fatal(err)
	}
	living, err := s.createTemp()
	if err != nil {
		t.Fatal(err)
	}
	defer living.Close()
	if _, err := Open(s.dir); err != nil {
		t.Fatal(err)
	}
	got := files(t, s)
	want := []string{"2c/f2/" + helloHash, "tmp/" + filepath.Base(living.Name())}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("files %q, want %q", got, want)
	}
}

func TestASecondProcessOpensWhileTheFirstWrites(t *testing.T) {
	s := open(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := Open(s.dir); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for i := range 50 {
		put(t, s, strings.Repeat("x", i))
	}
	close(stop)
	wg.Wait()
	if got := files(t, s); len(got) != 50 {
		t.Fatalf("%d files, want 50", len(got))
	}
}

// BenchmarkPut measures acknowledged files of 4.4 kB, each with its syncs, from 32 writers.
func BenchmarkPut(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		content := make([]byte, 4400)
		for pb.Next() {
			if _, err := rand.Read(content); err != nil {
				b.Error(err)
			}
			if _, err := s.Put(context.Background(), bytes.NewReader(content), 0); err != nil {
				b.Error(err)
			}
		}
	})
}
