package coverage

import (
	"maps"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Statuses that every request has without the policy naming them.
const (
	statusOpen    = "open"
	statusWaiting = "waiting"
	statusSolved  = "solved"
	statusClosed  = "closed"
)

// follow changes the facts of a request as one event of its history says, and reports whether it changed any. Facts of account,
// contract, product and version stay as they were at the arrival. What the asker's side changed moves the instant by which
// the request is judged.
func (s *Situation) follow(p *policy.Policy, e *Event) bool {
	switch e.Name {
	case "level-entered":
		s.Level = e.Value
	case "severity-changed":
		s.Severity = e.Value
	case "waits-for-requester":
		s.WaitingOn, s.Status = "requester", e.Value
		if e.Value == "" {
			s.Status = statusWaiting
		}
	case "customer-replied":
		if s.WaitingOn != "requester" && s.Status != statusWaiting {
			return false
		}
		s.WaitingOn, s.Status = "provider", statusOpen
	case "status":
		s.setStatus(p, e.Value)
	case "solved":
		s.setStatus(p, statusSolved)
	case "closed":
		s.setStatus(p, statusClosed)
	case "reopened":
		s.setStatus(p, statusOpen)
	default:
		if !s.setFact(p, e) {
			return false
		}
	}
	if e.By == "requester" && e.At > s.At {
		s.At = e.At
	}
	return true
}

func (s *Situation) setStatus(p *policy.Policy, status string) {
	s.Status, s.WaitingOn = status, "provider"
	for _, k := range p.Statuses() {
		if k.ID == status && k.WaitsFor != "" {
			s.WaitingOn = k.WaitsFor
		}
	}
	if status == statusWaiting {
		s.WaitingOn = "requester"
	}
}

// setFact sets the fact that an event is named after.
func (s *Situation) setFact(p *policy.Policy, e *Event) bool {
	if slices.Contains(policy.BuiltinEvents(), e.Name) || !followsEvents(p, e.Name) {
		return false
	}
	value := &yaml.Node{Kind: yaml.Scalar, Text: e.Value}
	if e.Name == "provided" {
		s.Provided = append(slices.Clone(s.Provided), e.Value)
		return true
	}
	if d, ok := p.DeclaredFact(e.Name); ok {
		s.Declared, s.Places = maps.Clone(s.Declared), maps.Clone(s.Places)
		r := &reader{p: p, s: s, seenDeclared: map[string]bool{}}
		if d.Type == "set" {
			value = wordsOf(e.Value)
		}
		return r.declared(&yaml.Node{Kind: yaml.Scalar, Text: e.Name}, value) && len(r.errors) == 0
	}
	fields := s.fields()
	at := slices.IndexFunc(fields, func(f fieldAt) bool { return f.path == e.Name })
	if at < 0 {
		return false
	}
	r := &reader{p: p, s: s, fields: fields}
	r.set(e.Name, fields[at].into, value)
	return len(r.errors) == 0
}

// wordsOf are the words of a set as an event carries them.
func wordsOf(text string) *yaml.Node {
	list := &yaml.Node{Kind: yaml.List}
	for _, w := range strings.Split(text, setSeparator) {
		if w != "" {
			list.Values = append(list.Values, &yaml.Node{Kind: yaml.Scalar, Text: w})
		}
	}
	return list
}

// followsEvents reports whether a fact belongs to the request, so that an event may change it.
func followsEvents(p *policy.Policy, name string) bool {
	f, ok := p.Facts().ByName(name)
	if !ok || f == fact.At || f == fact.Arrived {
		return false
	}
	source := p.Facts().Source(f)
	return source == fact.FromDesk || source == fact.FromRequester
}

// after is the situation with the facts that its history changed.
func (s *Situation) after(p *policy.Policy, events []Event) *Situation {
	changed := *s
	for i := range events {
		changed.follow(p, &events[i])
	}
	return &changed
}

// entered reports whether a history says at which level the request is, so that its rules for the start no longer matter.
func entered(events []Event) bool {
	return slices.ContainsFunc(events, func(e Event) bool { return e.Name == "level-entered" || e.Name == "level" })
}

// setSeverity reports whether somebody changed the severity, so that rules no longer derive it.
func setSeverity(events []Event) bool {
	return slices.ContainsFunc(events, func(e Event) bool { return e.Name == "severity-changed" || e.Name == "severity" })
}

// Happened reports whether an event is in the history, as far as it is looked at.
func (j *judge) Happened(event string) bool {
	return slices.ContainsFunc(j.past, func(e Event) bool { return e.Name == event })
}
