// Package language describes the policy language for people and for editors: its blocks and keys, the facts that conditions look
// at, the functions of expressions. The reference and the schema for editors are made from it; a test holds it against what the
// checker accepts.
package language

import (
	_ "embed" // the description
	"fmt"

	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

//go:embed language.yaml
var description []byte

// Block is one block of a policy. Form is map, entries, list or words. Read says how a list of rules is read.
type Block struct {
	Key     string
	Form    string
	Read    string
	About   string
	Rule    bool // its entries are rules, with the keys that all rules have
	Levels  bool // each level of the policy is a key
	Keys    []Key
	Example string
}

// Key is one entry of a block or of a map inside it.
type Key struct {
	Name  string
	Type  string
	Need  bool
	About string
	Keys  []Key
}

// Language is the whole language.
type Language struct {
	Rule   []Key // the keys that every rule may have
	Blocks []Block
}

// Describe reads the description. It is embedded, so that a mistake in it is a mistake of the program.
func Describe() (Language, error) {
	root, mistake := yaml.Parse(description)
	if mistake != nil {
		return Language{}, fmt.Errorf("language.yaml:%d:%d: %s", mistake.Line, mistake.Col, mistake.Message)
	}
	l := Language{Rule: keysOf(root.Get("rule"))}
	for _, n := range root.Get("blocks").Values {
		l.Blocks = append(l.Blocks, Block{Key: text(n, "key"), Form: text(n, "form"), Read: text(n, "read"), About: text(n, "about"), Rule: text(n, "rule") == "yes",
			Levels: text(n, "levels") == "yes", Keys: keysOf(n.Get("keys")), Example: text(n, "example")})
	}
	return l, nil
}

func keysOf(n *yaml.Node) []Key {
	if n == nil {
		return nil
	}
	var keys []Key
	for _, k := range n.Values {
		keys = append(keys, Key{Name: text(k, "key"), Type: text(k, "type"), Need: text(k, "need") == "yes", About: text(k, "about"), Keys: keysOf(k.Get("keys"))})
	}
	return keys
}

func text(n *yaml.Node, key string) string {
	if v := n.Get(key); v != nil {
		return v.Text
	}
	return ""
}

// Allowed lists the keys of a block's entries, those of every rule among them.
func (l *Language) Allowed(b *Block) []string {
	var names []string
	if b.Rule {
		names = append(names, namesOf(l.Rule)...)
	}
	return append(names, namesOf(b.Keys)...)
}

func namesOf(keys []Key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	return names
}
