package difference

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// side is one of the two policies with the sentences that it makes of its rules, by the place where the rule is written.
type side struct {
	p         *policy.Policy
	sentences map[place]string
	titles    map[place]string
}

type place struct{ line, col int }

func newSide(p *policy.Policy) *side {
	s := &side{p: p, sentences: map[place]string{}, titles: map[place]string{}}
	for _, r := range p.Hours() {
		s.put(r.Place, r.Sentence, hoursTitle(r))
	}
	for _, r := range p.CoverageRules() {
		if !r.Implied {
			s.put(r.Place, r.Sentence, "")
		}
	}
	for _, k := range p.ClockDefs() {
		for _, r := range k.Within {
			s.put(r.Place, r.Sentence, caseTitle("Target", r.Text))
		}
	}
	for _, g := range p.Gates() {
		s.put(g.Place, g.Sentence, s.gateTitle(g))
	}
	for _, r := range p.ResponsibilityRows() {
		s.put(r.Place, s.rowSentence(r), "Who provides what for "+wording.Inner(r.Title))
	}
	return s
}

func (s *side) put(at policy.Place, sentence, title string) {
	s.sentences[place{at.Line, at.Col}] = sentence
	if title != "" {
		s.titles[place{at.Line, at.Col}] = title
	}
}

// hoursTitle names a rule of hours by whom it serves: "Level 1 hours for accounts in North America".
func hoursTitle(r policy.HoursRule) string {
	if subject, _, ok := strings.Cut(r.Sentence, " also open "); ok && r.Add {
		subject = strings.TrimSuffix(strings.TrimSuffix(subject, " is"), " are")
		if before, after, ok := strings.Cut(subject, " for accounts"); ok {
			return before + " hours for accounts" + after
		}
		return subject + " hours"
	}
	if r.Text == "" {
		return "Hours of all others"
	}
	return "Hours when " + r.Text
}

func caseTitle(what, text string) string {
	if text == "" {
		return what + " for all others"
	}
	return what + " when " + text
}

func (s *side) gateTitle(g policy.Gate) string {
	name := map[string]string{"submit": "What a request needs", "close": "What closing needs"}[g.To]
	if l, ok := s.p.Level(g.To); ok {
		name = "What " + l.Name + " needs"
	}
	if name == "" {
		name = "What is needed for " + wording.Spoken(g.To)
	}
	if g.Text != "" {
		name += " when " + g.Text
	}
	return name
}

func (s *side) rowSentence(r policy.ResponsibilityRow) string {
	var parts []string
	for _, cell := range r.Cells {
		if cell.Sentence != "" {
			parts = append(parts, cell.Sentence)
		}
	}
	return strings.Join(parts, " ")
}

// nouns are what a block defines, as a title begins.
var nouns = map[string]string{
	"policy": "The policy", "terms": "Term", "plans": "Plan", "addons": "Add-on", "severity": "Severity", "levels": "Level", "categories": "Category",
	"calendars": "Calendar", "offers": "Way on", "statuses": "Status", "events": "Event", "clocks": "Clock", "information": "Information", "allowances": "Allowance",
	"products": "Product", "lifecycle": "Life of", "updates": "Updates", "promises": "Promise", "holidays": "Holidays", "places": "Place", "facts": "Fact",
	"channels": "Channel", "languages": "Language", "maintenance": "Maintenance", "conflicts": "Contradiction", "keeps": "Contracts that keep the earlier version",
	"negotiable": "What contracts may change", "hours": "Hours", "coverage": "Coverage", "gates": "Gate", "responsibility": "Who provides what",
}

func nounOf(block string) string {
	if n := nouns[block]; n != "" {
		return n
	}
	return wording.Capital(wording.Spoken(block))
}

// title names a definition: Calendar "Worldwide".
func (s *side) title(block string, p pair) string {
	name := wording.Capital(wording.Spoken(p.key.Text))
	for _, k := range []string{"name", "title"} {
		if v := p.value.Get(k); v != nil && v.Text != "" {
			name = v.Text
		}
	}
	if block == "levels" {
		return name
	}
	return nounOf(block) + ` "` + name + `"`
}

// ruleTitle names a rule of a list: by what it is about, by its id, or by its condition.
func (s *side) ruleTitle(block string, n *yaml.Node) string {
	if t := s.titles[place{n.Line, n.Col}]; t != "" {
		return t
	}
	if id := n.Get("id"); id != nil {
		return nounOf(block) + ` "` + wording.Spoken(id.Text) + `"`
	}
	for _, key := range []string{"for", "phase", "when", "by", "measure", "at", "after", "late", "dates"} {
		if v := n.Get(key); v != nil {
			return nounOf(block) + ", " + spokenPath("", []string{key})[2:] + " " + spoken(v)
		}
	}
	return nounOf(block) + ", " + spoken(n)
}

// brief names a neighbour of a rule.
func (s *side) brief(block string, n *yaml.Node) string { return wording.Inner(s.ruleTitle(block, n)) }

// sentence is the policy's own wording of a rule, or "".
func (s *side) sentence(n *yaml.Node) string { return s.sentences[place{n.Line, n.Col}] }

// say is the wording of something that stands on one side only.
func (s *side) say(block string, n *yaml.Node) string {
	if text := s.sentence(n); text != "" {
		return text
	}
	if n.Kind == yaml.Map {
		for _, d := range []string{"name", "title"} {
			if v := n.Get(d); v != nil {
				if text := s.definitionWords(block, v.Text); text != "" {
					return text
				}
			}
		}
	}
	if text := s.placedWords(block, n); text != "" {
		return text
	}
	return spoken(n)
}

// words is the policy's own wording of a named definition, or "".
func (s *side) words(block string, p pair) string {
	switch block {
	case "calendars":
		for _, k := range s.p.Calendars() {
			if k.ID == p.key.Text {
				return k.Words
			}
		}
	case "categories":
		if k, ok := s.p.Category(p.key.Text); ok {
			return s.categoryWords(k)
		}
	case "terms":
		return strings.TrimSpace(p.value.Text)
	}
	return ""
}

func (s *side) definitionWords(block, title string) string {
	if block != "categories" {
		return ""
	}
	for _, k := range s.p.Categories() {
		if k.Title == title {
			return s.categoryWords(k)
		}
	}
	return ""
}

// placedWords is the wording of a definition that is known by where it stands.
func (s *side) placedWords(block string, n *yaml.Node) string {
	if block == "calendars" {
		for _, k := range s.p.Calendars() {
			if k.Line == n.Line && k.Col == n.Col {
				return k.Words
			}
		}
	}
	return ""
}

func (s *side) categoryWords(k policy.Category) string {
	text := k.Title + ": "
	switch k.Answer {
	case "no":
		text += "not included"
	case "limited":
		text += "included in part"
	case "best-effort":
		text += "on a best-effort basis"
	default:
		text += "included"
	}
	if l, ok := s.p.Level(k.Level); ok {
		text += ", answered at " + l.Name
	}
	return text
}

func (s *side) clauseOf(n *yaml.Node) string    { return s.p.Clauses()[n.Part].ID }
func (s *side) clauseTitle(n *yaml.Node) string { return s.p.Clauses()[n.Part].Title }
