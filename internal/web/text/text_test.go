package text_test

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/web/text"
)

func TestPrinter(t *testing.T) {
	catalogue, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	p := catalogue.Printer("de-CH, en;q=0.5")
	for _, c := range []struct {
		key  string
		args []any
		want string
	}{
		{"My requests", nil, "My requests"},
		{"%d tickets", []any{1}, "1 ticket"},
		{"%d tickets", []any{0}, "0 tickets"},
		{"%d tickets", []any{1042}, "1,042 tickets"},
		{"Goes to %s", []any{"Ana R."}, "Goes to Ana R."},
	} {
		if got := p.T(c.key, c.args...); got != c.want {
			t.Errorf("T(%q, %v) = %q, want %q", c.key, c.args, got, c.want)
		}
	}
	if p.Lang() != "en" || p.Dir() != "ltr" {
		t.Errorf("language %q, direction %q; want en, ltr", p.Lang(), p.Dir())
	}
	if got := p.Number(1000000); got != "1,000,000" {
		t.Errorf("Number = %q", got)
	}
}

func TestMalformedLanguageIsEnglish(t *testing.T) {
	catalogue, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"", "!!", "x;q=zzz", "zz-ZZ"} {
		if got := catalogue.Printer(header).Lang(); got != "en" {
			t.Errorf("Printer(%q).Lang() = %q, want en", header, got)
		}
	}
}
