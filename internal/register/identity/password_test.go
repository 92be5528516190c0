package identity

import (
	"context"
	"testing"
)

func TestTheDummyHasTheCostOfARealHashAndOpensNothing(t *testing.T) {
	h := newHasher()
	real, err := h.hash(context.Background(), "some password")
	if err != nil {
		t.Fatal(err)
	}
	a, err := parsePHC(real)
	if err != nil {
		t.Fatal(err)
	}
	b, err := parsePHC(dummyHash)
	if err != nil {
		t.Fatal(err)
	}
	if a.memory != b.memory || a.time != b.time || a.threads != b.threads || len(a.salt) != len(b.salt) || len(a.key) != len(b.key) {
		t.Errorf("a real hash costs %+v, the dummy %+v", a, b)
	}
	if ok, err := h.verify(context.Background(), real, "some password"); !ok || err != nil {
		t.Errorf("the right password: %v, %v", ok, err)
	}
	if ok, err := h.verify(context.Background(), real, "some passwore"); ok || err != nil {
		t.Errorf("a wrong password: %v, %v", ok, err)
	}
}

// FuzzParsePHC: a stored hash is refused or has a cost that cannot hurt.
func FuzzParsePHC(f *testing.F) {
	for _, s := range []string{
		dummyHash, "", "$", "$argon2id$v=19$m=19456,t=2,p=1$$", "$argon2id$v=19$m=4294967295,t=4294967295,p=255$VGllcmRlc2s$6FZ5bQkRzYvUu0pZ8n0nqf4mQyq1oG8c",
		"$2b$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=1,t=0,p=0$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=16$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err == nil && (p.memory > 256*1024 || p.time < 1 || p.time > 16 || p.threads < 1 || len(p.salt) < 8 || len(p.key) < 16) {
			t.Errorf("%q was accepted as %+v", s, p)
		}
	})
}
