package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// sight is a ticket as one reader sees it, with the words of its policy version.
type sight struct {
	reading
	v *ticket.View
	a identity.Actor
}

func (s *site) sight(f page.Frame, v *ticket.View, a identity.Actor) sight {
	return sight{reading{f, v.Rules}, v, a}
}

// deadlines says how each due came about, in the reader's zone.
func (s sight) deadlines() []coverage.Deadline {
	zone := s.f.Zone
	if zone == nil {
		zone = time.UTC
	}
	return coverage.Deadlines(s.v.Rules.Policy, s.v.Situation, s.v.Judgement.Decision, s.v.History, s.v.Now, zone)
}

func (s sight) org(id string) page.Org { return orgOf(s.v.Orgs[id]) }

// person names somebody on the ticket; whose name the reader may not know is a person at their organisation.
func (s sight) person(id, orgID string) page.Person {
	p := page.Person{Name: s.v.People[id], Org: s.org(orgID), You: id != "" && id == s.a.PersonID}
	if id != "" && id == s.v.Requester.ID {
		p.Name, p.Email = s.v.Requester.Name, s.v.Requester.Email
	}
	if p.Name == "" {
		p.Name = somebody(s.f, p.Org.Name)
	}
	return p
}

// requester is who asks; without a name where the reader's desk does not serve them.
func (s sight) requester() page.Person {
	t := &s.v.Ticket
	p := s.person(t.RequesterID, t.CustomerOrg)
	p.Unverified = !t.Verified
	return p
}

// pages are the addresses of the messages before those shown and, while older ones are shown, of the newest; "" for none.
func (s sight) pages(path, room string) (earlier, newest string) {
	query := url.Values{}
	if room != "" {
		query.Set("room", room)
	}
	if s.v.Before != "" {
		newest = path + "?" + query.Encode() + "#timeline"
	}
	if s.v.Earlier != "" {
		query.Set("before", s.v.Earlier)
		earlier = path + "?" + query.Encode() + "#timeline"
	}
	return earlier, newest
}

// shown reports an event that lies among the messages shown.
func (s sight) shown(e journal.Event) bool {
	list := s.v.Messages
	switch {
	case len(list) == 0:
		return s.v.Before == ""
	case s.v.Earlier != "" && e.At < list[0].CreatedAt:
		return false
	}
	return s.v.Before == "" || e.At <= list[len(list)-1].CreatedAt
}

// timeline is the current room: messages and events, oldest first.
func (s sight) timeline() []page.Entry {
	var list []page.Entry
	for _, e := range s.v.Events {
		if !s.shown(e) {
			continue
		}
		for _, shown := range s.events(e) {
			list = append(list, page.Entry{Event: &shown})
		}
	}
	for i := range s.v.Messages {
		m := s.message(&s.v.Messages[i])
		list = append(list, page.Entry{Message: &m})
	}
	slices.SortStableFunc(list, func(a, b page.Entry) int { return int(instant(a) - instant(b)) })
	return list
}

func instant(e page.Entry) int64 {
	if e.Message != nil {
		return e.Message.At
	}
	return e.Event.At
}

func (s sight) message(m *ticket.Message) page.Message {
	out := page.Message{ID: "m-" + m.ID, From: s.person(m.AuthorID, m.AuthorOrg), At: m.CreatedAt, Text: m.Body, Quoted: m.Quoted}
	if !m.Verified {
		out.From.Unverified = true
		if m.Sender != "" {
			out.From.Email = m.Sender
		}
		if s.v.People[m.AuthorID] == "" {
			out.From.Name = m.Sender
		}
	}
	switch m.Channel {
	case "mail":
		out.Channel = s.f.T("by mail")
	case "api":
		out.Channel = s.f.T("by a program")
	}
	for _, a := range s.v.Attachments {
		if a.MessageID == m.ID {
			out.Attachments = append(out.Attachments, s.attachment(a))
		}
	}
	if s.f.Surface == page.Desk {
		switch m.MailState {
		case "failed":
			out.Undelivered = s.f.T("The mail with this answer could not be delivered.")
		case "unsent":
			if s.f.Banner == "" { // which says it for the whole page
				out.Undelivered = s.f.T("Not mailed: this desk had no mail server then.")
			}
		}
	}
	return out
}

func (s sight) attachment(a ticket.Attachment) page.Attachment {
	return page.Attachment{Name: a.Name, Size: a.Size, Image: picture(a.ContentType), Href: "/files/" + url.PathEscape(s.v.Ticket.Name()) + "/" + url.PathEscape(a.ID)}
}

// picture reports the types that a browser may show inline (attack 21).
func picture(contentType string) bool {
	switch contentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// byMessage are the events that a message in the timeline tells already.
var byMessage = map[string]bool{ticket.EventAnswered: true, ticket.EventReplied: true, ticket.EventWrote: true, ticket.EventNoted: true}

// deskOnly are the events that mean nothing to who asks.
var deskOnly = map[string]bool{ticket.EventAssigned: true, ticket.EventReleased: true, ticket.EventWaived: true, ticket.EventStep: true}

func (s sight) events(e journal.Event) []page.Event {
	portal := s.f.Surface == page.Portal
	if byMessage[e.Kind] || (portal && deskOnly[e.Kind]) {
		return nil
	}
	if portal && e.Kind == ticket.EventGiven && e.OrgID != s.v.Ticket.CustomerOrg {
		return nil // what one desk writes down for the next
	}
	out := page.Event{At: e.At, Kind: page.EventKind(e.Kind)}
	if e.ActorID != "" {
		out.Actor = s.person(e.ActorID, e.OrgID).Name
	}
	if e.Clause != "" && e.Kind != ticket.EventOpened {
		c := s.clause(e.Clause)
		out.Clause = &c
	}
	switch e.Kind {
	case ticket.EventOpened:
		return s.opened(e, out)
	case ticket.EventEscalated, ticket.EventReturned:
		out.To = s.level(e.Data["to"])
	case ticket.EventAssigned:
		out.To = s.person(e.Data["person"], e.OrgID).Name
	case ticket.EventWaived:
		out.To = s.information(e.Data["item"])
	case ticket.EventGiven:
		out.Text = s.f.T("%s added details; some are still missing", out.Actor)
	case ticket.EventStep:
		out.Text = s.step(e)
	case ticket.EventSeverity:
		to := severityName(s.rules.Policy, e.Data["to"])
		out.Text = s.f.T("The severity was changed to %s", to)
		if e.Data["from"] == "" {
			out.Text = s.f.T("The severity was set to %s", to)
		}
	case ticket.EventChannel:
		out.Text = s.f.T("It came again: %s", s.channel(e.Data["to"]))
	case ticket.EventStatus:
		out.Text = s.f.T("The status was changed to %s", s.status(e.Data["to"]))
	case ticket.EventRecorded:
		if portal && e.OrgID != s.v.Ticket.CustomerOrg {
			return nil // what the desk found out reaches the asker with the decision
		}
		out.Text = s.f.T("%s recorded: %s", out.Actor, s.factName(e.Data["fact"]))
		if said := s.factSaid(e.Data["fact"], e.At); said != "" {
			out.Text += ": " + said
		}
	case ticket.EventHappened:
		out.Text = s.f.T("%s recorded: %s", out.Actor, s.happened(e.Data["event"]))
	case ticket.EventOverridden:
		out.Text = s.f.T("%s took this in, although the policy does not include it", out.Actor)
	}
	return []page.Event{out}
}

// opened says with which outcome a request began.
func (s sight) opened(e journal.Event, first page.Event) []page.Event {
	second := page.Event{At: e.At}
	switch e.Data["state"] {
	case string(ticket.Declined):
		second.Kind = page.EventDeclined
	case string(ticket.Incomplete):
		second.Kind = page.EventIncomplete
	default:
		return []page.Event{first}
	}
	if e.Clause != "" {
		c := s.clause(e.Clause)
		second.Clause = &c
	}
	return []page.Event{first, second}
}

// conflict says what happened since the reader's form was made.
func (s sight) conflict(stale ticket.Stale) *page.Conflict {
	c := &page.Conflict{}
	for _, e := range stale.Events {
		change := page.Change{At: e.At, What: s.changed(e)}
		if e.ActorID != "" {
			change.By = s.person(e.ActorID, e.OrgID).Name
		}
		switch e.Kind {
		case ticket.EventEscalated, ticket.EventReturned:
			change.From, change.To = s.level(e.Data["from"]), s.level(e.Data["to"])
		case ticket.EventAssigned, ticket.EventTaken:
			change.To = s.person(e.Data["person"], e.OrgID).Name
		}
		c.Changes = append(c.Changes, change)
	}
	if len(c.Changes) == 0 {
		c.Changes = []page.Change{{What: s.f.T("State"), To: wording.Capital(string(s.v.Ticket.State))}}
	}
	return c
}

func (s sight) changed(e journal.Event) string {
	switch e.Kind {
	case ticket.EventEscalated, ticket.EventReturned:
		return s.f.T("Level")
	case ticket.EventAssigned, ticket.EventTaken:
		return s.f.T("Assignee")
	case ticket.EventReleased:
		return s.f.T("Back in the queue")
	case ticket.EventAnswered, ticket.EventReplied, ticket.EventWrote:
		return s.f.T("A new message")
	case ticket.EventNoted:
		return s.f.T("A new note")
	case ticket.EventGiven, ticket.EventCompleted:
		return s.f.T("Details were added")
	case ticket.EventRevealed:
		return s.f.T("The access details were opened")
	}
	return wording.Capital(strings.ReplaceAll(e.Kind, "-", " "))
}

// step says that a clock came to a step of the policy, and what was done or why not.
func (s sight) step(e journal.Event) string {
	title := plain(e.Data["clock"])
	for _, k := range s.rules.Policy.ClockDefs() {
		if k.ID == e.Data["clock"] {
			title = k.Title
		}
	}
	var did []string
	if to := e.Data["notify"]; to != "" {
		did = append(did, s.f.T("told: %s", plain(to)))
	}
	if to := e.Data["escalate"]; to != "" {
		did = append(did, s.f.T("handed up to %s", s.level(to)))
	}
	if to := e.Data["severity"]; to != "" {
		did = append(did, s.f.T("severity %s", severityName(s.rules.Policy, to)))
	}
	if to := e.Data["status"]; to != "" {
		did = append(did, s.status(to))
	}
	text := s.f.T("A step of \"%s\": %s", title, strings.Join(did, ", "))
	if why := e.Data["refused"]; why != "" {
		text += ". " + s.f.T("It could not be done: %s", why)
	}
	return text
}

func (s sight) status(id string) string {
	for _, k := range s.rules.Policy.Statuses() {
		if k.ID == id {
			return k.Title
		}
	}
	return plain(id)
}

func (s sight) happened(id string) string {
	for _, e := range s.rules.Policy.Events() {
		if e.ID == id {
			return e.Title
		}
	}
	return plain(id)
}

// channel is the title of a channel of the policy.
func (s sight) channel(id string) string {
	for _, k := range s.rules.Policy.Channels() {
		if k.ID == id {
			return k.Title
		}
	}
	return id
}
