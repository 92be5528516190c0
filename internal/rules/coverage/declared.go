package coverage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// declared reads a fact that the policy adds; false where it adds none of that name. Without a policy every name is one, as
// what is read then was checked when it was stored.
func (r *reader) declared(key, value *yaml.Node) bool {
	if r.p == nil && value.Kind == yaml.Map {
		r.keepPlace(key.Text, value)
		return true
	}
	if r.p == nil {
		r.keep(key.Text, r.list(key.Text, value))
		return true
	}
	d, ok := r.p.DeclaredFact(key.Text)
	if !ok {
		return false
	}
	if d.Derived {
		r.fail(key.Text, key, "%s is worked out by the policy and cannot be given", key.Text)
		return true
	}
	if d.Type == "place" {
		r.keepPlace(key.Text, value)
		return true
	}
	words := r.list(key.Text, value)
	if len(words) > 1 && d.Type != "set" {
		r.fail(key.Text, value, "expected one value, found %d", len(words))
		return true
	}
	for _, w := range words {
		if err := checkDeclared(r.p, &d, w); err != nil {
			r.fail(key.Text, value, "%v", err)
			return true
		}
	}
	if r.seenDeclared[key.Text] {
		r.fail(key.Text, key, "given twice")
	}
	r.seenDeclared[key.Text] = true
	r.keep(key.Text, words)
	return true
}

func (r *reader) keepPlace(name string, value *yaml.Node) {
	if r.s.Places == nil {
		r.s.Places = map[string]Place{}
	}
	r.s.Places[name] = r.place(name, value)
}

func (r *reader) keep(name string, words []string) {
	if r.s.Declared == nil {
		r.s.Declared = map[string][]string{}
	}
	if r.s.Declared[name] = words; len(words) == 0 {
		delete(r.s.Declared, name)
	}
}

// checkDeclared says what is wrong with one word of a declared fact.
func checkDeclared(p *policy.Policy, d *policy.DeclaredFact, word string) error {
	if d.Type == "set" || d.Type == "choice" {
		if words, _ := p.Words(d.Fact); !slices.Contains(words, word) && !(word == "none" && d.Unknown == "none") {
			return fmt.Errorf("no %s %q; known: %s", d.ID, word, strings.Join(words, ", "))
		}
		return nil
	}
	_, err := declaredValue(p, d, []string{word})
	return err
}

// declaredValue is the value of a declared fact as it was written.
func declaredValue(p *policy.Policy, d *policy.DeclaredFact, words []string) (fact.Value, error) {
	switch typ := p.Facts().Type(d.Fact); typ {
	case fact.TypeSet:
		return setOf(p, d.Fact, words), nil
	case fact.TypeYesNo:
		switch words[0] {
		case "yes", "true":
			return fact.Value{Known: true, N: 1}, nil
		case "no", "false":
			return fact.Value{Known: true}, nil
		}
		return fact.Value{}, fmt.Errorf("expected yes or no, found %q", words[0])
	case fact.TypeID, fact.TypePlace:
		i, ok := p.Word(d.Fact, words[0])
		if !ok {
			i = -1
		}
		return fact.Value{Known: true, N: int64(i)}, nil
	default:
		n, err := fact.ParseAmount(typ, words[0])
		return fact.Value{Known: err == nil, N: n}, err
	}
}

// declaredFacts fills in what the policy's own facts are, or what silence stands for.
func (s *Situation) declaredFacts(p *policy.Policy, f *fact.Record) {
	list := p.DeclaredFacts()
	for i := range list {
		d := &list[i]
		if d.Type == "place" {
			place := s.Places[d.ID]
			if words := s.Declared[d.ID]; len(words) == 1 {
				place.ID = words[0] // read back without the policy
			}
			if f.V[d.Fact] = placeValue(p, d.Fact, place); !f.V[d.Fact].Known {
				f.V[d.Fact] = d.Silent
			}
			continue
		}
		if words := s.Declared[d.ID]; len(words) > 0 {
			if v, err := declaredValue(p, d, words); err == nil {
				f.V[d.Fact] = v
				continue
			}
		}
		f.V[d.Fact] = d.Silent
	}
}

// writeDeclared appends the declared facts to the JSON of a situation, by name.
func (s *Situation) writeDeclared(b *bytes.Buffer) error {
	all := map[string]any{}
	for name, words := range s.Declared {
		if all[name] = words; len(words) == 1 {
			all[name] = words[0]
		}
	}
	for name, place := range s.Places {
		if value, ok := fieldValue(&place); ok {
			all[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := all[name]
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("situation: %s: %w", name, err)
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:%s", name, text)
	}
	return nil
}
