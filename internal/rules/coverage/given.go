package coverage

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Giver is who supplies facts of a situation.
type Giver string

// Givers of facts: the register for an account with its contract and for the product as an instance runs it, the side that
// asks, and the side that answers.
const (
	GiverAccount   Giver = "account"
	GiverInstance  Giver = "instance"
	GiverRequester Giver = "requester"
	GiverProvider  Giver = "provider"
)

// registered are the fields that an account may have in the register beside those that the register keeps itself.
var registered = []string{
	"plan", "addon", "support_via", "account.region", "account.country", "account.kind", "account.place", "account.office",
	"contract.provides", "contract.signed", "contract.starts", "contract.ends", "contract.renews", "contract.terms", "contract.in_force",
	"contract.maintenance_active", "contract.new_releases", "contract.extended", "contract.hours", "contract.subscriptions", "contract.users",
	"contract.fte", "product.deployment", "bought", "used",
}

// askable are the built-in facts that the side that asks can be asked for.
var askable = []fact.Fact{fact.ImpactProduction, fact.ImpactAllUsers, fact.ImpactUsers, fact.ImpactWorkaround, fact.ImpactDataLoss, fact.LeadTime}

// Gives reports whether a giver may supply a fact of this name.
func Gives(p *policy.Policy, by Giver, name string) bool {
	if d, ok := p.DeclaredFact(name); ok {
		switch by {
		case GiverAccount:
			return d.By == "account" || d.By == "contract" || d.By == "product"
		case GiverInstance:
			return d.By == "product"
		case GiverProvider:
			return d.By == "provider" || d.By == "monitoring"
		}
		return d.By == string(by)
	}
	switch by {
	case GiverAccount:
		return slices.Contains(registered, name)
	case GiverInstance:
		return name == "product.deployment" || name == "version.track"
	case GiverRequester:
		f, ok := fact.ByName(name)
		return ok && slices.Contains(askable, f)
	}
	return false
}

// Take puts facts that a giver supplies, in the form of a situation, over what is known. What the giver may not supply or the
// policy does not take is left out and said; a fact with a mistake is not known afterwards.
func (s *Situation) Take(p *policy.Policy, by Giver, root *yaml.Node) []FieldError {
	s.Declared, s.Places = maps.Clone(s.Declared), maps.Clone(s.Places)
	r := &reader{p: p, s: s, fields: s.fields(), seen: map[string]bool{}, seenDeclared: map[string]bool{}}
	if root.Kind == yaml.Map {
		root = r.onlyGiven(by, "", root)
	}
	r.read("", root)
	return r.errors
}

// TakeText is Take for facts that were stored as JSON.
func (s *Situation) TakeText(p *policy.Policy, by Giver, text string) []FieldError {
	if text == "" {
		return nil
	}
	root, mistake := yaml.Parse([]byte(text))
	if mistake != nil {
		return []FieldError{{Message: mistake.Message, Line: mistake.Line, Col: mistake.Col}}
	}
	return s.Take(p, by, root)
}

// onlyGiven leaves out what is not the giver's to supply. What no policy knows stays, for the reader to name what was meant.
func (r *reader) onlyGiven(by Giver, prefix string, n *yaml.Node) *yaml.Node {
	kept := *n
	kept.Keys, kept.Values = nil, nil
	for i, key := range n.Keys {
		path, value := prefix+key.Text, n.Values[i]
		field := slices.ContainsFunc(r.fields, func(f fieldAt) bool { return f.path == path })
		_, own := r.p.DeclaredFact(path)
		switch {
		case !field && !own && prefix == "" && r.group(path) && value.Kind == yaml.Map:
			value = r.onlyGiven(by, path+".", value)
		case (field || own) && !Gives(r.p, by, path):
			r.fail(path, key, "this is not a fact that the %s supplies", by)
			continue
		}
		kept.Keys, kept.Values = append(kept.Keys, key), append(kept.Values, value)
	}
	return &kept
}

// Question is a fact that a giver can be asked for. Type is as policies write it, Values the words of a choice, a set or a place.
type Question struct {
	Fact, Ask, Type string
	Values          []string
}

// Questions lists what a giver can be asked for: facts that a rule of the policy looks at, in the order of the policy.
func Questions(p *policy.Policy, by Giver) []Question {
	var list []Question
	for _, d := range p.DeclaredFacts() {
		if !d.Derived && Gives(p, by, d.ID) && p.Looks(d.Fact) {
			list = append(list, declaredQuestion(p, &d))
		}
	}
	if by != GiverRequester {
		return list
	}
	for _, f := range askable {
		if !p.Looks(f) {
			continue
		}
		q := Question{Fact: p.Facts().Name(f), Ask: inWords(p, f), Type: "number"}
		switch p.Facts().Type(f) {
		case fact.TypeYesNo:
			q.Type = "yes-no"
		case fact.TypeDuration:
			q.Type = "duration"
		}
		list = append(list, q)
	}
	return list
}

func declaredQuestion(p *policy.Policy, d *policy.DeclaredFact) Question {
	q := Question{Fact: d.ID, Ask: d.Ask, Type: d.Type, Values: d.Values}
	if q.Ask == "" {
		q.Ask = d.Title
	}
	if q.Ask == "" || d.Ask == "" && d.Type == "yes-no" {
		q.Ask = inWords(p, d.Fact)
	}
	if d.Type == "place" {
		q.Values, _ = p.Words(d.Fact)
	}
	return q
}

func inWords(p *policy.Policy, f fact.Fact) string {
	if f == fact.LeadTime {
		return "How long is it until the wished date?"
	}
	text, yesNo := strings.CutPrefix(p.Facts().Question(f), "whether ")
	if yesNo {
		text += "?"
	}
	return wording.Capital(text)
}

// Open lists the questions to a giver whose answers the decision still needs, those that settle the cheapest first.
func Open(p *policy.Policy, d *Decision, by Giver) []Question {
	all := Questions(p, by)
	var list []Question
	for _, u := range d.Unsettled {
		for _, name := range u.Needs {
			has := func(q Question) bool { return q.Fact == name }
			if i := slices.IndexFunc(all, has); i >= 0 && !slices.ContainsFunc(list, has) {
				list = append(list, all[i])
			}
		}
	}
	return list
}

// Answer is what a giver says of a fact now, as the event that changes it; several words are a set. Put says first whether it
// can be used.
func Answer(name string, words []string, by Giver, at int64) Event {
	e := Event{At: at, Name: name, Value: strings.Join(words, setSeparator)}
	if by == GiverRequester {
		e.By = string(GiverRequester)
	}
	return e
}

// setSeparator stands between the words of a set in an event.
const setSeparator = ", "

// Put is Take for facts by name, as a form or a program gives them; no words make a fact unknown again.
func (s *Situation) Put(p *policy.Policy, by Giver, facts map[string][]string) []FieldError {
	root := &yaml.Node{Kind: yaml.Map}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if !Gives(p, by, name) {
			return []FieldError{{Path: name, Message: "this policy does not ask the " + string(by) + " for it"}}
		}
		value := &yaml.Node{Kind: yaml.List}
		for _, w := range facts[name] {
			value.Values = append(value.Values, &yaml.Node{Kind: yaml.Scalar, Text: w})
		}
		if len(value.Values) == 1 {
			value = value.Values[0]
		}
		root.Keys, root.Values = append(root.Keys, &yaml.Node{Kind: yaml.Scalar, Text: name}), append(root.Values, value)
	}
	return s.Take(p, by, root)
}

// Value is what a situation says of a fact, as it is written; nil where it is not known.
func (s *Situation) Value(name string) []string {
	if words := s.Declared[name]; len(words) > 0 {
		return words
	}
	if place := s.Places[name]; place.ID != "" {
		return []string{place.ID}
	}
	for _, f := range s.fields() {
		if f.path != name {
			continue
		}
		switch v := f.into.(type) {
		case *Tri:
			return map[Tri][]string{Yes: {"yes"}, No: {"no"}}[*v]
		case **int64:
			if *v != nil {
				return []string{strconv.FormatInt(**v, 10)}
			}
		case span:
			if *v.ms != nil {
				return []string{wording.FormatDuration(**v.ms)}
			}
		}
	}
	return nil
}

// Now is the situation after its history, as decisions see it.
func (s *Situation) Now(p *policy.Policy) *Situation { return s.after(p, s.Events) }
