// Package policies holds the policy documents that come with the program, each with its probe file beside it.
package policies

import "embed"

// FS holds every policy document (NAME.md) and probe file (NAME.probes.yaml) of this folder.
//
//go:embed *.md *.probes.yaml
var FS embed.FS

//go:embed illumeet.md
var defaultPolicy []byte

//go:embed illumeet.probes.yaml
var defaultProbes []byte

// Default returns the source of the default policy document, the one that a new store starts with.
// The caller owns the copy.
func Default() []byte { return append([]byte(nil), defaultPolicy...) }

// DefaultProbes returns the probe file of the default policy. The caller owns the copy.
func DefaultProbes() []byte { return append([]byte(nil), defaultProbes...) }
