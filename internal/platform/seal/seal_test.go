package seal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

func keyPath(t *testing.T) string { return filepath.Join(t.TempDir(), "keys.json") }

func load(t *testing.T, path string) *Sealer {
	t.Helper()
	s, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sealed(t *testing.T, s *Sealer, plain, where string) []byte {
	t.Helper()
	c, err := s.Seal([]byte(plain), []byte(where))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func opens(t *testing.T, s *Sealer, ciphertext []byte, where, want string) {
	t.Helper()
	got, err := s.Open(ciphertext, []byte(where))
	if err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

func TestTheKeyFileIsPrivateAndServesTheNextStart(t *testing.T) {
	path := keyPath(t)
	first := load(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Fatalf("mode %s", info.Mode())
	}
	c, mac := sealed(t, first, "hunter2", "access/1"), first.MAC("T-1")
	second := load(t, path)
	opens(t, second, c, "access/1", "hunter2")
	if !second.Equal(mac, "T-1") {
		t.Fatal("the tag does not survive a restart")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v: want the key file alone", entries, err)
	}
}

func TestStartingTogetherMakesOneKeyFile(t *testing.T) {
	path := keyPath(t)
	sealers := make([]*Sealer, 8)
	errs := make([]error, len(sealers))
	var wg sync.WaitGroup
	for i := range sealers {
		wg.Go(func() { sealers[i], errs[i] = Load(path) })
	}
	wg.Wait()
	for i, s := range sealers {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		opens(t, s, sealed(t, sealers[0], "x", "a"), "a", "x")
	}
}

func TestSealHidesAndNeverRepeats(t *testing.T) {
	s := load(t, keyPath(t))
	a, b := sealed(t, s, "hunter2", "access/1"), sealed(t, s, "hunter2", "access/1")
	if bytes.Contains(a, []byte("hunter2")) || bytes.Equal(a, b) {
		t.Fatal("the plaintext shows, or two seals are equal")
	}
	opens(t, s, sealed(t, s, "", "access/2"), "access/2", "")
}

func TestASecretOpensOnlyWhereItBelongs(t *testing.T) {
	s := load(t, keyPath(t))
	c := sealed(t, s, "hunter2", "access/1")
	flipped := bytes.Clone(c)
	flipped[len(flipped)-1] ^= 1
	for name, try := range map[string]struct {
		ciphertext []byte
		where      string
	}{
		"another row":     {c, "access/2"},
		"no row":          {c, ""},
		"changed":         {flipped, "access/1"},
		"cut":             {c[:len(c)-1], "access/1"},
		"empty":           {nil, "access/1"},
		"never encrypted": {[]byte("hunter2"), "access/1"},
	} {
		if got, err := s.Open(try.ciphertext, []byte(try.where)); !fault.Is(err, fault.Internal) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := load(t, keyPath(t)).Open(c, []byte("access/1")); !fault.Is(err, fault.Internal) {
		t.Errorf("another desk's keys: %v", err)
	}
	if _, err := s.Seal([]byte("x"), nil); err == nil {
		t.Error("sealed without a place")
	}
}

func TestRotationKeepsOldSecretsAndTags(t *testing.T) {
	path := keyPath(t)
	s := load(t, path)
	old, oldMAC := sealed(t, s, "old", "a"), s.MAC("T-1", "x")
	if err := s.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh := sealed(t, s, "new", "a")
	if bytes.Equal(old[:5], fresh[:5]) {
		t.Fatal("still sealed with the old key")
	}
	if s.MAC("T-1", "x") == oldMAC {
		t.Fatal("still tagged with the old key")
	}
	for _, s := range []*Sealer{s, load(t, path)} {
		opens(t, s, old, "a", "old")
		opens(t, s, fresh, "a", "new")
		if !s.Equal(oldMAC, "T-1", "x") || s.Equal(oldMAC, "T-2", "x") {
			t.Fatal("an old tag is not judged as before")
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
}

func TestAnotherProcessRotates(t *testing.T) {
	path := keyPath(t)
	server, command := load(t, path), load(t, path)
	if err := command.Rotate(); err != nil {
		t.Fatal(err)
	}
	opens(t, server, sealed(t, command, "x", "a"), "a", "x")
	for range 2 {
		if err := command.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	if !server.Equal(command.MAC("T-1"), "T-1") {
		t.Fatal("a tag made with the new key is refused")
	}
}

func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	path := keyPath(t)
	var wg sync.WaitGroup
	for i := range 6 {
		s := load(t, path)
		wg.Go(func() {
			if err := s.Rotate(); err != nil {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
	if got := len(load(t, path).keys.Load().macs); got != 7 {
		t.Fatalf("%d keys, want 7", got)
	}
}

func TestRotationThatCannotBeWrittenKeepsTheOldKeys(t *testing.T) {
	path := keyPath(t)
	s := load(t, path)
	c := sealed(t, s, "x", "a")
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := s.Rotate(); !fault.Is(err, fault.Unavailable) {
		t.Fatal(err)
	}
	opens(t, s, c, "a", "x")
}

func TestBadKeyFilesAreRefusedAndKept(t *testing.T) {
	good := keyPath(t)
	load(t, good)
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"empty":              {"", 0o600},
		"torn":               {string(text[:len(text)/2]), 0o600},
		"no keys":            {"{}", 0o600},
		"short key":          {strings.Replace(string(text), `"macs":["`, `"macs":["AAAA","`, 1), 0o600},
		"readable by others": {string(text), 0o644},
	} {
		path := keyPath(t)
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(path); string(after) != c.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestTagsAreShortLowerCaseAndExact(t *testing.T) {
	s := load(t, keyPath(t))
	mac := s.MAC("reply", "T-1042")
	if len(mac) != 16 || strings.Trim(mac, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Fatalf("tag %q", mac)
	}
	if !s.Equal(mac, "reply", "T-1042") {
		t.Fatal("own tag refused")
	}
	for i := range mac {
		for _, c := range "a7" {
			if wrong := mac[:i] + string(c) + mac[i+1:]; wrong != mac && s.Equal(wrong, "reply", "T-1042") {
				t.Fatalf("accepted %q for %q", wrong, mac)
			}
		}
	}
	for _, wrong := range []string{"", mac[:15], mac + "a", strings.ToUpper(mac)} {
		if wrong != mac && s.Equal(wrong, "reply", "T-1042") {
			t.Errorf("accepted %q for %q", wrong, mac)
		}
	}
	for _, parts := range [][]string{nil, {"reply"}, {"replyT-1042"}, {"repl", "yT-1042"}, {"reply", "T-1042", ""}, {"reply", "T-1043"}} {
		if s.Equal(mac, parts...) {
			t.Errorf("accepted for %q", parts)
		}
	}
	if load(t, keyPath(t)).Equal(mac, "reply", "T-1042") {
		t.Error("another desk accepts the tag")
	}
}

func BenchmarkSeal(b *testing.B) {
	s, err := Load(filepath.Join(b.TempDir(), "keys.json"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Seal([]byte("hunter2"), []byte("access/1")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	s, err := Load(filepath.Join(b.TempDir(), "keys.json"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.MAC("reply", "T-1042")
	}
}
