package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// parsed is the serve command after reading arguments, environment and file.
func parsed(t *testing.T, file string, env map[string]string, args ...string) (serveCommand, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tierdesk.json")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for k, v := range env {
		t.Setenv(k, v)
	}
	var c commands
	parser, err := kong.New(&c, kong.DefaultEnvars("TIERDESK"), kong.Configuration(readSettings), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"serve", "--config", path}, args...))
	return c.Serve, err
}

func TestSettingsFileEnvironmentAndFlags(t *testing.T) {
	file := `{"public-url": "https://file.example", "http": "127.0.0.1:1", "smtp": "127.0.0.1:2", "trusted_relay": ["10.0.0.0/8", "10.1.2.3"], "demo": true}`
	c, err := parsed(t, file, map[string]string{"TIERDESK_HTTP": "127.0.0.1:3", "TIERDESK_SMTP": "127.0.0.1:4", "TIERDESK_TRUSTED_PROXY": "10.0.0.1,10.0.0.2"}, "--smtp", "127.0.0.1:5")
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "https://file.example" || len(c.TrustedRelay) != 2 || !c.Demo || len(c.TrustedProxy) != 2 {
		t.Errorf("the file says %+v", c)
	}
	if c.HTTP != "127.0.0.1:3" || c.SMTP != "127.0.0.1:5" {
		t.Errorf("environment and flags win: HTTP %s, SMTP %s", c.HTTP, c.SMTP)
	}
}

func TestASettingThatIsNoneIsRefused(t *testing.T) {
	for file, want := range map[string]string{
		`{"public-ulr": "https://desk.example"}`:          `"public-ulr"`,
		`{"serve": {"http": "127.0.0.1:1"}}`:              `"serve"`,
		`{"public-url": "a", "public_url": "b"}`:          "twice",
		`{"http": "127.0.0.1:1"} {"http": "127.0.0.1:2"}`: "nothing after it",
		`[]`: "one JSON object",
		``:   "one JSON object",
	} {
		if _, err := parsed(t, file, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTheFirstPersonNeedsAnOrganisation(t *testing.T) {
	var out, errOut bytes.Buffer
	data := t.TempDir()
	if code := run(t.Context(), []string{"user", "add", "me@acme.example", "--data", data}, &out, &errOut); code != 2 || !strings.Contains(errOut.String(), "--vendor") {
		t.Fatalf("%d, %s", code, errOut.String())
	}
	if code := run(t.Context(), []string{"user", "add", "me@acme.example", "--vendor", "Acme", "--role", "L1", "--data", data}, &out, &errOut); code != 0 {
		t.Fatalf("%d, %s", code, errOut.String())
	}
}
