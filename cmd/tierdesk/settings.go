package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// settings is the file that --config names: one JSON object whose keys are the
// names of flags ("public-url" or "public_url"). It serves all commands.
type settings map[string]any

// readSettings reads such a file; it is a kong.ConfigurationLoader.
func readSettings(r io.Reader) (kong.Resolver, error) {
	given := map[string]any{}
	d := json.NewDecoder(r)
	if err := d.Decode(&given); err != nil {
		return nil, fmt.Errorf("the settings file must hold one JSON object: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("the settings file must hold one JSON object and nothing after it")
	}
	s := settings{}
	for key, value := range given {
		name := strings.ReplaceAll(key, "_", "-")
		if _, twice := s[name]; twice {
			return nil, fmt.Errorf("the settings file has %q twice", name)
		}
		s[name] = value
	}
	return s, nil
}

// Validate refuses what no command knows: a setting that is misspelt would
// otherwise be left out without a word.
func (s settings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	var learn func(n *kong.Node)
	learn = func(n *kong.Node) {
		for _, f := range n.Flags {
			known[f.Name] = true
		}
		for _, c := range n.Children {
			learn(c)
		}
	}
	learn(app.Node)
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if !known[key] {
			return fmt.Errorf("the settings file has %q, which is no setting; the names are those of the flags without the dashes in front", key)
		}
	}
	return nil
}

// Resolve is the value of a flag that neither the command line nor the environment sets.
func (s settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	return s[flag.Name], nil
}
