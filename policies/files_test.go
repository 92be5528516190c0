package policies

import (
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

func parseYAML(t testing.TB, text string) *yaml.Node {
	t.Helper()
	n, mistake := yaml.Parse([]byte(text))
	if mistake != nil {
		t.Fatal(mistake)
	}
	return n
}
