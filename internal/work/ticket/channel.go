package ticket

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// channelOf is the channel of the policy that a request came by: the one that was named, else the only one that stands for its
// entrance (mail, portal, api, desk). It is empty, not known, where several or none do.
func channelOf(p *policy.Policy, entrance, named string) string {
	if named != "" {
		return named
	}
	if list := p.ChannelsVia(entrance); len(list) == 1 {
		return list[0]
	}
	return ""
}

// checkChannel checks a channel that was named against the policy.
func checkChannel(p *policy.Policy, named string) error {
	if named == "" || slices.ContainsFunc(p.Channels(), func(k policy.Channel) bool { return k.ID == named }) {
		return nil
	}
	return fault.New(fault.Invalid, "This channel is not in the support policy. Choose one of the list.").
		WithField("channel", "The policy has no channel "+quote(named)+".")
}

// turnedAway reports whether a decision keeps a request that came by a channel which is not open to it.
func turnedAway(d *coverage.Decision) bool { return d.ChannelAllowed != nil && !*d.ChannelAllowed }

// arrive writes down that a request which was turned away came again, by a channel of the policy: its time starts where that one
// is open to it. A request that was not turned away keeps its channel.
func (c *change) arrive(channel string) error {
	j, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil || channel == "" || !turnedAway(&j.Decision) {
		return err
	}
	sit, err := storedSituation(c.rules.Policy, j.Situation)
	if err != nil || channel == present(sit) {
		return err
	}
	e := coverage.Event{At: c.now, Name: "channel", Value: channel, By: "requester"}
	if err := c.event(EventChannel, "", "", map[string]string{"to": channel}); err != nil {
		return err
	}
	return c.judgeAgain(EventChannel, e)
}

// present is the channel by which a request came last.
func present(s *coverage.Situation) string {
	channel := s.Channel
	for _, e := range s.Events {
		if e.Name == "channel" {
			channel = e.Value
		}
	}
	return channel
}

// recordArrival is a desk's word that a request which was turned away came again by a channel.
func (c *change) recordArrival(channel string) error {
	if err := c.mustHandle(); err != nil {
		return err
	}
	if err := checkChannel(c.rules.Policy, channel); err != nil {
		return err
	}
	j, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return err
	}
	if !turnedAway(&j.Decision) {
		return fault.New(fault.Conflict, "This request came by a channel that is open to it, so there is nothing to record.")
	}
	return c.arrive(channel)
}

// arrivals are what the desk can record of a request that was turned away: that it came again, by which channel.
func arrivals(p *policy.Policy, d *coverage.Decision) []policy.EventType {
	if !turnedAway(d) {
		return nil
	}
	var list []policy.EventType
	for _, k := range p.Channels() {
		list = append(list, policy.EventType{ID: arrivedBy + k.ID, Title: "It came again: " + k.Title, By: "provider", Place: k.Place})
	}
	return list
}

// arrivedBy begins the name of what the desk records when a request that was turned away comes again.
const arrivedBy = "channel "
