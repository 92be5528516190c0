// Package policies holds the policy documents that come with the program, each with its probe file beside it.
package policies

import (
	"embed"
	"strings"
)

// FS holds every policy document (NAME.md) and probe file (NAME.probes.yaml) of this folder.
//
//go:embed *.md *.probes.yaml
var FS embed.FS

// defaultFile names the default policy: the file "default" of this folder.
//
//go:embed default
var defaultFile string

// DefaultName is the file name of the default policy.
func DefaultName() string { return strings.TrimSpace(defaultFile) }

// Default returns the source of the default policy document, the one that a new store starts with.
// The caller owns the copy.
func Default() []byte { return embedded(DefaultName()) }

// DefaultProbes returns the probe file of the default policy. The caller owns the copy.
func DefaultProbes() []byte {
	return embedded(strings.TrimSuffix(DefaultName(), ".md") + ".probes.yaml")
}

func embedded(name string) []byte {
	data, err := FS.ReadFile(name)
	if err != nil {
		panic(err) // the folder is embedded: a test reads both files
	}
	return data
}
