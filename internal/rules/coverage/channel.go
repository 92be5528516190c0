package coverage

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 6 channel, language ----

// EffectRefusedChannel is the effect of a reason for which a request has to come by another channel.
const EffectRefusedChannel = "channel refused"

// channel says whether the request may come by its channel, and which one to use instead. A refused request is kept.
func (j *judge) channel(d *Decision) {
	list := j.p.Channels()
	if len(list) == 0 {
		allowed := true
		d.ChannelAllowed = &allowed
		return
	}
	if !j.facts.V[fact.Channel].Known {
		j.unsettled(d, "channel_allowed", CauseMissing, []fact.Fact{fact.Channel})
		return
	}
	at := j.channelAt(j.s.Channel)
	if at < 0 {
		refused := false
		d.ChannelAllowed, d.UseChannel, j.turnedAway = &refused, j.openChannel(), true
		first := &list[0]
		j.because(d, &first.Rule, EffectRefusedChannel, j.instead("This policy does not list this way of asking.", d.UseChannel))
		return
	}
	k := &list[at]
	allowed := false
	switch k.When.Eval(&j.facts) {
	case fact.Unknown:
		j.unsettled(d, "channel_allowed", CauseMissing, j.askable(k.When.Missing(&j.facts, nil)))
		return
	case fact.True:
		allowed = true
		j.because(d, &k.Rule, "channel allowed", k.Sentence)
	default:
		d.UseChannel, j.turnedAway = j.otherChannel(at), true
		j.because(d, &k.Rule, EffectRefusedChannel, j.instead(k.Sentence, d.UseChannel))
	}
	d.ChannelAllowed = &allowed
}

func (j *judge) because(d *Decision, r *policy.Rule, effect, text string) {
	d.Because = append(d.Because, Reason{Clause: r.Clause, Rule: r.ID, Line: r.Line, Effect: effect, Text: text})
}

func (j *judge) channelAt(id string) int {
	list := j.p.Channels()
	for i := range list {
		if list[i].ID == id {
			return i
		}
	}
	return -1
}

// otherChannel follows `else` to a channel that is open to the request; without one, the first that is.
func (j *judge) otherChannel(at int) string {
	list := j.p.Channels()
	for next := list[at].Else; next >= 0; next = list[next].Else {
		if list[next].When.Eval(&j.facts) == fact.True {
			return list[next].ID
		}
	}
	return j.openChannel()
}

// openChannel is the first channel that is open to the request, or empty.
func (j *judge) openChannel() string {
	list := j.p.Channels()
	for i := range list {
		if list[i].When.Eval(&j.facts) == fact.True {
			return list[i].ID
		}
	}
	return ""
}

func (j *judge) instead(sentence, use string) string {
	if use == "" {
		return sentence
	}
	return sentence + " Please use: " + j.p.Channels()[j.channelAt(use)].Title + "."
}

// accepted is the history as clocks see it: a request that came by a refused channel begins when it arrives on an allowed one.
func (j *judge) accepted(events []Event) []Event {
	if !j.turnedAway {
		return events
	}
	from, ok := j.acceptedAt(events)
	if !ok {
		return nil
	}
	list := make([]Event, len(events))
	for i, e := range events {
		e.At = max(e.At, from)
		list[i] = e
	}
	return list
}

// acceptedAt is the first event after which the channel is no longer refused; false while there is none.
func (j *judge) acceptedAt(events []Event) (int64, bool) {
	sit := *j.s
	for i := range events {
		if !sit.follow(j.p, &events[i]) {
			continue
		}
		later := newJudge(j.p, &sit)
		later.past, later.entered = events[:i+1], entered(events[:i+1])
		var unused Decision
		if later.settle(&unused); !later.turnedAway {
			return events[i].At, true
		}
	}
	return 0, false
}

// windows is a calendar of the policy at the place of the request; false while the place is not known.
func (j *judge) windows(i int) (*calendar.Calendar, bool) {
	if i < 0 {
		return nil, false
	}
	return j.calendar(i)
}

// languages says in which language the request is answered: its own where that is offered now, else the one that stands in.
func (j *judge) languages(d *Decision) {
	list := j.p.Languages()
	if len(list) == 0 {
		return
	}
	at := j.languageAt(j.s.Language)
	if at < 0 {
		j.otherLanguage(d)
		return
	}
	asked := &list[at]
	for range len(list) {
		l := &list[at]
		offered := j.offered(l)
		if offered == fact.Unknown {
			j.unsettled(d, "languages", CauseMissing, j.languageNeeds(l))
			j.because(d, &asked.Rule, "language unsettled", asked.Sentence)
			return
		}
		if offered == fact.True || l.Else < 0 {
			break
		}
		at = l.Else
	}
	if list[at].Else < 0 && j.offered(&list[at]) == fact.False {
		at = j.standIn()
	}
	if at >= 0 {
		d.Languages = []string{list[at].ID}
		j.because(d, &asked.Rule, "language "+list[at].ID, asked.Sentence)
	}
}

// otherLanguage is for a language that is not listed.
func (j *judge) otherLanguage(d *Decision) {
	list := j.p.Languages()
	if any := j.languageAt(policy.AnyLanguage); any >= 0 {
		d.Languages = []string{j.s.Language}
		if other := list[any].Else; other >= 0 {
			d.Languages = []string{list[other].ID}
		}
		j.because(d, &list[any].Rule, "language "+d.Languages[0], list[any].Sentence)
		return
	}
	if at := j.standIn(); at >= 0 {
		d.Languages = []string{list[at].ID}
		j.because(d, &list[at].Rule, "language "+list[at].ID, "Requests in other languages are answered in "+list[at].Title+".")
	}
}

// standIn is the first listed language that is offered now, or -1.
func (j *judge) standIn() int {
	list := j.p.Languages()
	for i := range list {
		if list[i].ID != policy.AnyLanguage && j.offered(&list[i]) == fact.True {
			return i
		}
	}
	return -1
}

// languageAt finds a listed language by its tag, or by its first part: fr for fr-CA.
func (j *judge) languageAt(tag string) int {
	if tag == "" {
		tag = DefaultLanguage
	}
	primary, _, _ := strings.Cut(tag, "-")
	list := j.p.Languages()
	near := -1
	for i := range list {
		switch {
		case strings.EqualFold(list[i].ID, tag):
			return i
		case near < 0 && strings.EqualFold(list[i].ID, primary):
			near = i
		}
	}
	return near
}

// offered reports whether a language is offered to the request at its arrival.
func (j *judge) offered(l *policy.Language) fact.Truth {
	held := l.When.Eval(&j.facts)
	if l.During < 0 || held == fact.False {
		return held
	}
	hours, known := j.windows(l.During)
	if !known || j.s.At == 0 {
		return fact.Unknown
	}
	if !hours.Open(j.s.At) {
		return fact.False
	}
	return held
}

func (j *judge) languageNeeds(l *policy.Language) []fact.Fact {
	needs := l.When.Missing(&j.facts, nil)
	if l.During >= 0 && j.s.At == 0 {
		needs = append(needs, fact.At)
	}
	if _, known := j.windows(l.During); l.During >= 0 && !known {
		needs = j.placesMissing(&j.p.Calendars()[l.During], needs)
	}
	return needs
}
