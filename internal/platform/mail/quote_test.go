package mail_test

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

// The fixtures mark each line with F| (fresh) or Q| (quoted).
func TestStripQuoted(t *testing.T) {
	files, err := filepath.Glob("testdata/quote/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var text, fresh, quoted []string
			for line := range strings.Lines(string(data)) {
				line = strings.TrimSuffix(line, "\n")
				mark, line, ok := strings.Cut(line, "|")
				if !ok {
					t.Fatalf("line without a mark: %q", line)
				}
				text = append(text, line)
				if mark == "F" {
					fresh = append(fresh, line)
				} else {
					quoted = append(quoted, line)
				}
			}
			f, q := mail.StripQuoted(strings.Join(text, "\r\n"))
			if solid(f) != solid(strings.Join(fresh, "\n")) || solid(q) != solid(strings.Join(quoted, "\n")) {
				t.Errorf("fresh:\n%s\nquoted:\n%s", f, q)
			}
		})
	}
}

// solid is a text without its blank lines.
func solid(s string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

func TestParagraphsStay(t *testing.T) {
	f, q := mail.StripQuoted("one\n\ntwo\n\n\n\nthree\n")
	if f != "one\n\ntwo\n\n\nthree" || q != "" {
		t.Errorf("%q %q", f, q)
	}
}

// checkStripped holds for every text: no line is lost or invented.
func checkStripped(t testing.TB, text string) {
	t.Helper()
	f, q := mail.StripQuoted(text)
	lines := func(s string) string {
		ls := strings.Split(solid(strings.ReplaceAll(s, "\r\n", "\n")), "\n")
		sort.Strings(ls)
		return strings.TrimLeft(strings.Join(ls, "\n"), "\n")
	}
	if got, want := lines(f+"\n"+q), lines(text); got != want {
		t.Errorf("lines differ:\n%q\n%q", got, want)
	}
	if solid(text) != "" && solid(f) == "" {
		t.Error("nothing is left")
	}
}

// Attack 30: 1 MB of anything in less than a second.
func TestStripQuotedIsLinear(t *testing.T) {
	for _, unit := range []string{
		"> ", ">\n", "On ", "On 1\n", "On Mon, Mar 4, 2024 wrote\n", "On 1 @ wrote\n\n\n", "Am 1 schrieb ", "-- \n", "--\n", "--\n\n", "_____\n", "-----\n\n\n",
		"From: a\n", "From: a\nTo: b\n", "Sent from my x\n", "Sent from my x\n\n\n\n", "-----Original Message----- x\n", "a", "a\n", "\n", " ", "\u00a0", "\u00a0\n",
		"1 <a@b>:\n", "1 <a@b> ", "Le 1 a écrit", "ÄÖÜ", "\xff", "*", "*From:*\n", strings.Repeat("On 1 wrote ", 60) + "\n", "On 1 " + strings.Repeat("x", 140) + "\n",
	} {
		text := strings.Repeat(unit, (1<<20)/len(unit))
		if took := cpu(t, func() { mail.StripQuoted(text) }); took > time.Second {
			t.Errorf("%.20q: %v", unit, took)
		}
	}
}

// cpu is the processor time that run takes: the machine may be busy with other things.
func cpu(t testing.TB, run func()) time.Duration {
	t.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	run()
	return used() - before
}

func FuzzStripQuoted(f *testing.F) {
	files, _ := filepath.Glob("testdata/quote/*.txt")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.NewReplacer("F|", "", "Q|", "").Replace(string(data)))
	}
	f.Fuzz(func(t *testing.T, text string) { checkStripped(t, text) })
}

func BenchmarkStripQuoted(b *testing.B) {
	text := strings.Repeat("On the way I wrote 3 notes: the camera stays black.\n\nFrom here on it works.\n", 1<<20/75)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		mail.StripQuoted(text)
	}
}
