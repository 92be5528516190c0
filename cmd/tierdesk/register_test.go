package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/policies"
)

func TestRegisterApply(t *testing.T) {
	dir := t.TempDir()
	src, err := os.ReadFile("../../docs/user/register.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	good := write(t, dir, "good.yaml", text)
	next := write(t, dir, "next.yaml", strings.Replace(text, "name: Acme GmbH", "name: Acme AG", 1))
	bad := write(t, dir, "bad.yaml", strings.Replace(text, "type: self-hosted", "type: self-host", 1))
	torn := write(t, dir, "torn.yaml", "people: [")
	edge := write(t, dir, "edge.yaml", strings.Replace(text, "type: self-hosted", "type: edge", 1))
	with := write(t, dir, "edge.md", strings.ReplaceAll(string(policies.Default()), "self-hosted", "edge"))
	for name, to := range map[string][]string{"sqlite": {"--data", filepath.Join(dir, "data")}, "postgres": {"--database", dbtest.PostgresURL(t)}} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				args string
				code int
				says string
			}{
				{"user add boss@vendor.example --vendor Vendor --role L1", 0, "boss@vendor.example"},
				{"register apply " + bad, 1, "bad.yaml:70:11: error: The policy does not know \"self-host\""},
				{"register apply " + torn, 1, "torn.yaml:1:"},
				{"register apply " + good, 0, "changed vendor Example Meetings: name, zone\n"},
				{"register apply " + good, 0, "nothing changed\n"},
				{"register apply " + next, 0, "changed customer Acme AG: name\n"},
				{"register apply " + edge, 1, "edge.yaml:70:11: error: "},
				{"policy publish " + with, 0, "in force now"},
				{"register apply " + edge, 0, "changed account Clinic Group: type\n"},
				{"register apply " + filepath.Join(dir, "absent.yaml"), 2, "absent.yaml"},
			} {
				code, out, errOut := call(t, append(strings.Fields(c.args), to...)...)
				if code != c.code || !strings.Contains(out+errOut, c.says) {
					t.Errorf("%s: exit %d, want %d, with %q in\n%s%s", c.args, code, c.code, c.says, out, errOut)
				}
			}
		})
	}
}
