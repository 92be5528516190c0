package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// typedFacts are the answers of a form that say something, by the name of the fact.
func typedFacts(v url.Values) map[string][]string {
	var out map[string][]string
	for field, words := range v {
		name, is := strings.CutPrefix(field, page.FactField(""))
		if words = said(words); !is || len(words) == 0 {
			continue
		}
		if out == nil {
			out = map[string][]string{}
		}
		out[name] = words
	}
	return out
}

func said(words []string) (out []string) {
	for _, w := range words {
		if w = strings.TrimSpace(w); w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// facts are questions as inputs; known answers what was said before.
func (d reading) facts(list []coverage.Question, known func(name string) []string) []page.Fact {
	var out []page.Fact
	for _, q := range list {
		words := known(q.Fact)
		f := page.Fact{Name: q.Fact, Ask: q.Ask, Type: q.Type, Value: strings.Join(words, ", ")}
		if q.Type == "yes-no" {
			f.Options = []page.Option{{Value: "yes", Label: d.f.T("Yes")}, {Value: "no", Label: d.f.T("No")}}
		}
		for _, v := range q.Values {
			f.Options = append(f.Options, page.Option{Value: v, Label: wording.Capital(wording.Spoken(v))})
		}
		for i := range f.Options {
			f.Options[i].Selected = slices.Contains(words, f.Options[i].Value)
		}
		out = append(out, f)
	}
	return out
}

// asked are the questions of a policy to who asks, with what the form says already.
func (d reading) asked(v url.Values) []page.Fact {
	typed := typedFacts(v)
	return d.facts(coverage.Questions(d.rules.Policy, coverage.GiverRequester), func(name string) []string { return typed[name] })
}

// open are questions on a ticket, with what is known.
func (s sight) open(list []coverage.Question) []page.Fact {
	now := s.v.Situation.Now(s.v.Rules.Policy)
	return s.facts(list, now.Value)
}

// learned is what a form adds to what was known: fields that were left as they were say nothing.
func learned(v *ticket.View, f *form) ticket.Learned {
	now, typed := v.Situation.Now(v.Rules.Policy), typedFacts(f.Values)
	out := ticket.Learned{Facts: map[string][]string{}, Severity: f.Get("severity"), Reason: f.get("reason")}
	for _, q := range v.Questions {
		if _, shown := f.Values[page.FactField(q.Fact)]; !shown {
			continue
		}
		if words := typed[q.Fact]; !slices.Equal(words, now.Value(q.Fact)) {
			out.Facts[q.Fact] = words
		}
	}
	return out
}

func (s *site) learn(ctx context.Context, a identity.Actor, number string, f *form) error {
	v, err := s.Tickets.View(ctx, a, number, "")
	if err != nil {
		return err
	}
	_, err = s.Tickets.Learn(ctx, a, number, f.version(), learned(v, f))
	return err
}

func (s *site) record(ctx context.Context, a identity.Actor, number string, f *form) error {
	_, err := s.Tickets.Record(ctx, a, number, f.version(), f.Get("event"))
	return err
}

// factName is what people call a fact: its title, else its question.
func (s sight) factName(name string) string {
	if d, ok := s.rules.Policy.DeclaredFact(name); ok && d.Title != "" {
		return d.Title
	}
	return wording.Capital(plain(name))
}

// factSaid is what a recorded act said of a fact.
func (s sight) factSaid(name string, at int64) string {
	for _, e := range s.v.Situation.Events {
		if e.Name == name && e.At == at {
			return wording.Spoken(e.Value)
		}
	}
	return ""
}

// severitySteps are the steps of the scale that a form offers, the present one selected; before there is one, none is.
func (s sight) severitySteps(p *policy.Policy, now string) (out []page.Option) {
	if now == "" {
		out = append(out, page.Option{Label: s.f.T("Not set yet"), Selected: true})
	}
	for _, k := range p.Severities() {
		out = append(out, page.Option{Value: k.ID, Label: p.SeverityName(k.ID), Selected: k.ID == now})
	}
	return out
}
