package fact

import (
	"slices"
	"strings"
)

// Space is every fact that one policy can look at, built-in or declared, and the words of each. The zero Space has the
// built-in facts without words.
type Space struct {
	words    [Slots]Vocabulary
	declared []info
}

// Declaration is a fact that a policy adds. Phrase is what a sentence calls it; for a yes-no fact two sentences, what it means
// when it holds and when it does not, divided by a bar.
type Declaration struct {
	Name   string
	Type   Type
	Source Source
	Phrase string
}

// Source is who can supply a fact, cheapest first: the order in which missing facts are asked for.
type Source int

// Sources of facts.
const (
	Derived Source = iota
	FromRegister
	FromContract
	FromDesk
	FromRequester
)

// Declare adds a fact, settled at the first stage; false when the record is full.
func (s *Space) Declare(d Declaration) (Fact, bool) {
	f := int(Count) + len(s.declared)
	if f >= Slots {
		return 0, false
	}
	in := info{name: d.Name, typ: d.Type, stage: StageFacts, source: int(d.Source), phrase: d.Phrase}
	s.declared = append(s.declared, in)
	if d.Type == TypeYesNo {
		for _, w := range yesNo {
			s.words[f].Add(w)
		}
		s.words[f].Closed = true
	}
	return Fact(f), true
}

// SettleAt moves a declared fact to the stage at which what it is derived from is known.
func (s *Space) SettleAt(f Fact, stage int) { s.declared[f-Count].stage = stage }

// Facts is the number of facts, built-in and declared.
func (s *Space) Facts() Fact { return Count + Fact(len(s.declared)) }

func (s *Space) info(f Fact) *info {
	if f < Count {
		return &table[f]
	}
	return &s.declared[f-Count]
}

// Of returns the words of a fact.
func (s *Space) Of(f Fact) *Vocabulary { return &s.words[f] }

// Name is how a policy writes the fact.
func (s *Space) Name(f Fact) string { return s.info(f).name }

// Type is how values of the fact compare.
func (s *Space) Type(f Fact) Type { return s.info(f).typ }

// Source is who can supply the fact.
func (s *Space) Source(f Fact) Source { return Source(s.info(f).source) }

// Stage is when a decision settles the fact.
func (s *Space) Stage(f Fact) int { return s.info(f).stage }

// ByName finds a fact.
func (s *Space) ByName(name string) (Fact, bool) {
	for f := range s.Facts() {
		if s.info(f).name == name {
			return f, true
		}
	}
	return 0, false
}

// Names lists the names of all facts.
func (s *Space) Names() []string {
	names := make([]string, s.Facts())
	for f := range s.Facts() {
		names[f] = s.info(f).name
	}
	return names
}

// Noun is what a mistake calls a value of the fact: "level", "product type".
func (s *Space) Noun(f Fact) string {
	switch f {
	case LevelDone:
		return "level"
	case SeverityAsked:
		return "severity"
	case Provided:
		return "information"
	case ProductID:
		return "product"
	}
	return strings.NewReplacer(".", " ", "_", " ").Replace(s.Name(f))
}

// Question says what is not known while the fact is missing: "whether a contract is in force", "the region of the account".
func (s *Space) Question(f Fact) string {
	parts := strings.Split(s.info(f).phrase, "|")
	switch {
	case s.Type(f) == TypeYesNo:
		return "whether " + parts[0]
	case len(parts) == 3:
		return parts[2]
	}
	return parts[0]
}

// SortBySource orders facts by how cheap they are to ask for, then by number, without repeats.
func (s *Space) SortBySource(facts []Fact) []Fact {
	slices.SortFunc(facts, func(a, b Fact) int {
		if d := s.info(a).source - s.info(b).source; d != 0 {
			return d
		}
		return int(a) - int(b)
	})
	return slices.Compact(facts)
}

// ByName finds a built-in fact.
func ByName(name string) (Fact, bool) {
	for f := range Count {
		if table[f].name == name {
			return f, true
		}
	}
	return 0, false
}
