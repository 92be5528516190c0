package policy

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// label says a condition in few words, for the head of a row.
func (c *compiler) label(when fact.Condition) string {
	var parts []string
	for i := range when.For {
		parts = append(parts, c.testLabel(&when.For[i], false))
	}
	for i := range when.Unless {
		parts = append(parts, c.testLabel(&when.Unless[i], true))
	}
	if when.When != nil {
		parts = append(parts, when.When.Words(c.say))
	}
	return wording.Capital(strings.Join(parts, ", "))
}

func (c *compiler) testLabel(t *fact.Test, negated bool) string {
	switch c.p.space.Type(t.Fact) {
	case fact.TypeID, fact.TypeSet:
	default:
		return t.Text(&c.p.space, c.say, negated)
	}
	words := t.Spoken(&c.p.space, c.say)
	if negated {
		return "except " + wording.And(words)
	}
	said := wording.Or(words)
	switch t.Fact {
	case fact.Channel:
		said = "by " + said
	case fact.ProviderKind, fact.ProviderOrg:
		said = "where " + said + " provides the support"
	case fact.SupportVia:
		said = "support through " + said
	case fact.Addon:
		said = "with " + said
	}
	return said
}

// Say is how people name a word of a fact: by its title in the document, by a defined term, or read aloud.
func (p *Policy) Say(f fact.Fact, word string) string { return (&compiler{p: p}).say(f, word) }
