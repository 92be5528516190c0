package registration

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// EventFacts is the kind of journal event of changed facts of an account or an instance; its data name the facts.
const EventFacts = "register.facts"

// facts checks facts against the policy in force and puts them where they belong; absent ones leave what is registered. False
// when there is a mistake, which was noted.
func (a *applier) facts(n *yaml.Node, by coverage.Giver, what string, into *string) bool {
	if n == nil {
		return true
	}
	if n.Kind == yaml.Null || len(n.Keys) == 0 {
		*into = ""
		return true
	}
	mistakes := new(coverage.Situation).Take(a.policy, by, n)
	for _, m := range mistakes {
		a.wrong(&yaml.Node{Line: m.Line, Col: m.Col}, "%s, fact %s: %s.", what, m.Path, m.Message)
	}
	*into = n.JSON()
	return len(mistakes) == 0
}

// journalFacts records that facts changed, by their names: what they say stays in the register.
func (a *applier) journalFacts(id, before, after string) error {
	if before == after {
		return nil
	}
	from, to := namesOf(before), namesOf(after)
	changed := []string{}
	for _, name := range slices.Sorted(maps.Keys(union(from, to))) {
		if from[name] != to[name] {
			changed = append(changed, name)
		}
	}
	return journal.Append(a.tx, journal.Event{Subject: id, Kind: EventFacts, Data: map[string]string{"facts": strings.Join(changed, " ")}})
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// namesOf are the facts of a text by their names, those of a group each by its own.
func namesOf(text string) map[string]string {
	out := map[string]string{}
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &top) != nil {
		return out
	}
	for name, value := range top {
		var group map[string]json.RawMessage
		if json.Unmarshal(value, &group) != nil {
			out[name] = string(value)
		}
		for part, one := range group {
			out[name+"."+part] = string(one)
		}
	}
	return out
}
