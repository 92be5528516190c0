package notify

import (
	"fmt"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// letters decides who hears what.
func (s *story) letters() []letter {
	switch s.notice.Event {
	case ticket.EventOpened, string(ticket.Incomplete), string(ticket.Declined):
		return s.receipt()
	case "message":
		return s.passOn()
	case ticket.EventEscalated:
		return s.toMembers("A request was escalated to " + s.levelName() + ".")
	case ticket.EventReturned:
		return s.toMembers("A request came back to " + s.levelName() + ".")
	case ticket.EventAssigned:
		if s.assignee.ID == s.notice.ActorID {
			return nil
		}
		return s.toStaff(s.assignee, "This request was assigned to you.")
	case ticket.EventSolved:
		return s.solved()
	case ticket.EventStep:
		return s.toEngineers(s.step(), append(s.members, s.assignee))
	}
	return nil
}

// step says that a clock came to a step of the policy, to the desk that has the ticket.
func (s *story) step() string {
	title := s.notice.Clock
	text := ""
	for _, c := range s.decision.Clocks {
		if c.ID == s.notice.Clock {
			title = c.Title
			if c.DueAt != nil {
				text = "It is due " + when(*c.DueAt, s.assignee.Zone) + ".\n"
			}
		}
	}
	text = "The policy asks for a look at this request: " + title + ".\n" + text
	if s.notice.Whom != "" {
		text += "To be told: " + strings.ReplaceAll(s.notice.Whom, "-", " ") + ".\n"
	}
	if s.notice.Refused != "" {
		text += "What the policy asks for next could not be done: " + s.notice.Refused + "\n"
	}
	return text
}

// solved tells the side that handed the request over.
func (s *story) solved() []letter {
	switch {
	case s.room.Kind != ticket.RequesterRoom:
		return s.toMembers(s.provider.Name + " has marked this request as solved. If it is not, open it again.")
	case s.notice.ActorID == s.requester.ID:
		return nil
	}
	return s.toRequester("Your request is solved", "We have marked your request as solved. If it is not, answer this mail and it opens again.\n\n"+s.link()+"\n", true)
}

func (s *story) levelName() string {
	if l, ok := s.decision.Rules.Policy.Level(s.ticket.Level); ok {
		return l.Name
	}
	return s.ticket.Level
}

func (s *story) subject(words string) string { return "[" + s.ticket.Name() + "] " + words }

// receipt acknowledges a request. It carries no text of its sender, so that it
// cannot be used to send words to strangers, and it never answers an unproven sender.
func (s *story) receipt() []letter {
	if !s.ticket.Verified || s.requester.Email == "" {
		return nil
	}
	switch s.ticket.State {
	case ticket.Declined:
		return s.toRequester("Not included in support", s.declined(), true)
	case ticket.Incomplete:
		return s.toRequester("We need a few details", s.incomplete(), true)
	}
	return s.toRequester("Your request has arrived", s.arrived(), true)
}

func (s *story) arrived() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Your request has the number %s.\n\nIt is with %s, %s.\n", s.ticket.Name(), s.provider.Name, s.levelName())
	d := &s.decision.Decision
	if words := s.turnedAway(); words != "" {
		fmt.Fprintf(&b, "%s\n\nTo add something, answer this mail or write at %s\n", words, s.link())
		return b.String()
	}
	if d.OpenNow != nil && !*d.OpenNow && d.OpensAt != nil {
		fmt.Fprintf(&b, "The desk is closed now and opens %s. Until then answers are on a best-effort basis.\n", when(*d.OpensAt, s.requester.Zone))
	}
	for _, c := range s.decision.Clocks {
		if c.DueAt != nil && c.State == coverage.ClockRunning {
			kind := "promise"
			if c.Kind == coverage.KindGoal {
				kind = "goal"
			}
			fmt.Fprintf(&b, "%s by %s (our %s).\n", c.Title, when(*c.DueAt, s.requester.Zone), kind)
		}
	}
	b.WriteString(s.why())
	fmt.Fprintf(&b, "\nTo add something, answer this mail or write at %s\n", s.link())
	return b.String()
}

// turnedAway says which way to use instead of one that is not open to the request; empty for one that is.
func (s *story) turnedAway() string {
	d := &s.decision.Decision
	if d.ChannelAllowed == nil || *d.ChannelAllowed {
		return ""
	}
	text := "\nIt is kept, but it came by a way that is not open to it, so the times that we promise have not started. They start when it reaches us by another way."
	for _, r := range d.Because {
		if r.Effect == coverage.EffectRefusedChannel {
			text += fmt.Sprintf("\n\n%s\nSupport policy: %s/policy/%d#%s", r.Text, s.url, s.ticket.PolicyVersion, r.Clause)
		}
	}
	return text
}

func (s *story) incomplete() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Your request has the number %s and is kept. Before %s can work on it, these details are needed:\n\n", s.ticket.Name(), s.levelName())
	for _, id := range s.decision.Missing {
		fmt.Fprintf(&b, "- %s\n", s.infoTitle(id))
	}
	b.WriteString(s.why())
	fmt.Fprintf(&b, "\nAdd them at %s\n", s.link())
	return b.String()
}

func (s *story) declined() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Your request has the number %s and is kept. It is not included in support:\n", s.ticket.Name())
	b.WriteString(s.why())
	if o := s.decision.Decision.Offer(); o != nil {
		fmt.Fprintf(&b, "\nThe way on: %s", o.Text)
		if o.URL != "" {
			fmt.Fprintf(&b, " (%s)", o.URL)
		}
		b.WriteString(".\n")
	}
	fmt.Fprintf(&b, "\nYou can read it and answer at %s\n", s.link())
	return b.String()
}

// why is the first reason with its clause in the policy version that decided.
func (s *story) why() string {
	for _, r := range s.decision.Decision.Because {
		if !r.Overridden {
			return fmt.Sprintf("\n%s\nSupport policy: %s/policy/%d#%s\n", r.Text, s.url, s.ticket.PolicyVersion, r.Clause)
		}
	}
	return ""
}

func (s *story) infoTitle(id string) string {
	for _, i := range s.decision.Rules.Policy.Information() {
		if i.ID == id {
			return i.Title
		}
	}
	return id
}

func (s *story) link() string     { return s.url + "/requests/" + s.ticket.Name() }
func (s *story) deskLink() string { return s.url + "/desk/tickets/" + s.ticket.Name() }

func (s *story) toRequester(words, text string, automatic bool) []letter {
	to := mail.Address{Name: s.requester.Name, Addr: s.requester.Email}
	if to.Addr == "" && !automatic {
		to.Addr = s.sender // an engineer chose to answer whom nothing proves
	}
	if to.Addr == "" || s.requester.Disabled {
		return nil
	}
	most := maxToKnown
	if s.requester.OrgID == "" {
		most = maxToUnknown
	}
	return []letter{{to: to, subject: s.subject(words), text: text, automatic: automatic, most: most, room: s.room.ID}}
}

func (s *story) toStaff(p identity.Person, text string) []letter {
	if p.Email == "" || p.Disabled {
		return nil
	}
	return []letter{{to: mail.Address{Name: p.Name, Addr: p.Email}, subject: s.subject(oneLine(s.ticket.Subject)), automatic: true, most: maxToStaff,
		text: text + "\n\n" + s.deskLink() + "\n", room: s.room.ID}}
}

func (s *story) toMembers(text string) []letter {
	if s.message.Body != "" {
		text += "\n\n" + s.message.Body
	}
	return s.toEngineers(text, s.members)
}

// passOn sends a message to the other side of its room.
func (s *story) passOn() []letter {
	if s.room.Kind == ticket.RequesterRoom {
		if s.message.AuthorOrg == s.room.UpperOrg && s.message.AuthorID != s.ticket.RequesterID {
			return s.toRequester(oneLine(s.ticket.Subject), s.message.Body+"\n\n-- \n"+s.author.Name+", "+s.provider.Name+"\n"+s.link()+"\n", false)
		}
		return s.toEngineers("An answer came in:\n\n"+s.message.Body, append(s.members, s.assignee))
	}
	text := "A message from " + s.author.Name + ":\n\n" + s.message.Body
	switch {
	case s.room.LowerOrg == s.room.UpperOrg:
		return s.toEngineers(text, append(s.members, s.assignee))
	case s.message.AuthorOrg == s.room.LowerOrg:
		return s.toStaff(s.assignee, text)
	}
	return s.toEngineers(text, s.members)
}

// toEngineers writes to each of some engineers once, and not to who did it.
func (s *story) toEngineers(text string, list []identity.Person) (out []letter) {
	seen := map[string]bool{s.notice.ActorID: true}
	for _, p := range list {
		if !seen[p.ID] {
			seen[p.ID] = true
			out = append(out, s.toStaff(p, text)...)
		}
	}
	return out
}

func oneLine(s string) string {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "(no subject)"
	}
	return s
}
