package demo

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

type phrases struct {
	Kinds    []string
	Regions  []region
	Rooms    []string
	Browsers []string
	Systems  []string
	Courses  []string
	Days     []string
	Places   []string
	Trades   []string
	Firsts   []string
	Lasts    []string
	Topics   []topic
	Answers  []string
	Replies  []string
	Notes    []string
	Ends     []string
}

// region is a part of the world with the zone of its customers.
type region struct{ ID, Zone string }

type topic struct {
	Category  string
	Escalates bool
	Subjects  []string
	Bodies    []string
}

// verdictKey is all that a decision of a large store depends on.
type verdictKey struct {
	productType, region, category string
	from, level                   string // of a hand-over, else empty
	partner                       bool
}

// verdict is a decision that many tickets share, as it is stored.
type verdict struct {
	decision                   coverage.Decision
	situationJSON, decisionRaw []byte
}

// verdict asks the policy once for each kind of request.
func (g *generator) verdict(k verdictKey) (*verdict, error) {
	if v := g.verdicts[k]; v != nil {
		return v, nil
	}
	s := coverage.Situation{At: g.now - history.Milliseconds()/2, Arrived: g.now - history.Milliseconds()/2, Category: k.category,
		Product:   coverage.Product{ID: g.def.Product.ID, Type: k.productType},
		Version:   coverage.VersionFacts{ID: g.version()},
		Account:   coverage.Account{Region: k.region},
		Contract:  coverage.Contract{MaintenanceActive: coverage.Yes, NewReleases: coverage.Yes, InForce: coverage.Yes},
		Requester: coverage.Requester{Kind: "customer", OrgKnown: coverage.Yes}}
	s.Provided, s.Amounts = g.def.Details.Amounts(g.rules.Policy)
	s.Waived = g.def.Details.Waivers(g.rules.Policy)
	if k.partner {
		s.Account.Partner, s.Account.PartnerLevels = g.partner.ID, g.partners
	}
	if k.level != "" {
		s.Level, s.LevelDone = k.level, k.from
		s.Requester = coverage.Requester{Kind: string(org.Vendor), Levels: []string{s.LevelDone}, OrgKnown: coverage.Yes}
	}
	v := &verdict{decision: coverage.Decide(g.rules.Policy, &s)}
	var err error
	if v.situationJSON, err = json.Marshal(&s); err != nil {
		return nil, err
	}
	if v.decisionRaw, err = json.Marshal(&v.decision); err != nil {
		return nil, err
	}
	g.verdicts[k] = v
	return v, nil
}

// provider is the organisation that a verdict names.
func (g *generator) provider(v *verdict, c *customer) string {
	switch p := v.decision.Provider; {
	case p.Org != "" && p.Org != "vendor":
		return p.Org
	case p.Kind == string(org.Customer):
		return c.org
	}
	return g.vendor.ID
}

// teller writes one ticket's history.
type teller struct {
	*generator
	c    *customer
	h    ticket.History
	at   int64
	room string
	say  *strings.Replacer
}

func (g *generator) ticket(i int) (ticket.History, error) {
	r := g.random
	c := pick(r, g.people)
	topic := pick(r, g.phrases.Topics)
	v, err := g.verdict(verdictKey{c.productType, c.region, topic.Category, "", "", c.partner})
	if err != nil {
		return ticket.History{}, err
	}
	step := history.Milliseconds() / int64(g.size.Tickets)
	t := &teller{generator: g, c: &c, at: g.now - history.Milliseconds() + int64(i)*step, room: "requester"}
	t.say = strings.NewReplacer("{room}", pick(r, g.phrases.Rooms), "{browser}", pick(r, g.phrases.Browsers), "{os}", pick(r, g.phrases.Systems),
		"{course}", pick(r, g.phrases.Courses), "{day}", pick(r, g.phrases.Days), "{number}", strconv.Itoa(100_000+r.IntN(900_000)))
	t.open(v, topic)
	n := g.messages(g.size.Tickets - i)
	active := g.active(i)
	if v.decision.Covered == coverage.CoveredNo {
		t.talk(n-1, false)
		return t.end(), nil
	}
	if topic.Escalates && r.IntN(6) == 0 {
		if err := t.escalate(topic.Category); err != nil {
			return t.h, err
		}
	}
	t.talk(n-1, !active)
	return t.end(), nil
}

// messages is how many the next ticket has, so that the last one ends at the total.
func (g *generator) messages(tickets int) int {
	n, mean := 1, g.left/tickets
	if tickets == 1 {
		n = g.left
	} else if mean > 1 {
		n = 1 + g.random.IntN(2*(mean-1)+1)
	}
	g.left -= n
	return n
}

// active says whether the ticket still stands in a queue: most of the last
// month's, a few of the older ones; together a fiftieth.
func (g *generator) active(i int) bool {
	if i >= g.size.Tickets-g.size.Tickets/50 {
		return g.random.IntN(10) < 7
	}
	return g.random.IntN(1000) < 6
}

func (t *teller) open(v *verdict, about topic) {
	d, r := &v.decision, t.random
	provider := t.provider(v, t.c)
	id := db.IDAt(t.at, r.Uint64)
	t.h.Ticket = ticket.Ticket{ID: id, Subject: t.say.Replace(pick(r, about.Subjects)), State: ticket.New, Channel: pick(r, []string{"mail", "mail", "portal", "api"}),
		Category: about.Category, Severity: d.Severity, Level: d.Level, ProviderKind: d.Provider.Kind, ProviderOrg: provider, CustomerOrg: t.c.org,
		AccountID: t.c.account, InstanceID: t.c.instance, RequesterID: t.c.person, RequesterKind: "customer", Verified: true, Covered: d.Covered, Effort: d.Effort,
		PolicyVersion: t.rules.Number, Judgement: 1, CreatedAt: t.at, UpdatedAt: t.at, Version: 1}
	k := &t.h.Ticket
	if d.Covered == coverage.CoveredNo {
		k.State = ticket.Declined
	}
	t.h.Rooms = append(t.h.Rooms, ticket.Room{TicketID: id, ID: t.room, Kind: ticket.RequesterRoom, LowerOrg: t.c.org, UpperOrg: provider, UpperLevel: d.Level, CreatedAt: t.at})
	t.h.Verdicts = append(t.h.Verdicts, ticket.Verdict{Seq: 1, Trigger: ticket.EventOpened, At: t.at, PolicyVersion: t.rules.Number, Situation: v.situationJSON, Decision: v.decisionRaw})
	t.message(t.c.person, t.c.org, k.Channel, pick(r, about.Bodies))
	clause := ""
	if len(d.Because) > 0 {
		clause = d.Because[0].Clause
	}
	t.event(ticket.EventOpened, t.c.person, "customer", t.c.org, clause, map[string]string{"state": string(k.State), "level": k.Level, "provider": provider, "channel": k.Channel})
}

func (t *teller) message(author, org, channel, text string) {
	t.h.Messages = append(t.h.Messages, ticket.Message{TicketID: t.h.Ticket.ID, ID: db.IDAt(t.at, t.random.Uint64), RoomID: t.room, AuthorID: author, AuthorOrg: org,
		Channel: channel, Body: t.say.Replace(text), Verified: true, CreatedAt: t.at})
}

func (t *teller) event(kind, actor, actorKind, org, clause string, data map[string]string) {
	t.h.Events = append(t.h.Events, journal.Event{ID: db.IDAt(t.at, t.random.Uint64), Subject: t.h.Ticket.ID, Kind: kind, At: t.at, ActorID: actor, ActorKind: actorKind,
		OrgID: org, RoomID: t.room, Clause: clause, Data: data})
	t.h.Ticket.Version++
}

// wait lets some of the time between minutes and days pass, never into the future.
func (t *teller) wait(most time.Duration) {
	t.at = min(t.now, t.at+60_000+t.random.Int64N(most.Milliseconds()))
}

// engineer is somebody of the desk that has the ticket; "" where nobody is known.
func (t *teller) engineer() string {
	list := t.staff[t.h.Ticket.ProviderOrg+t.h.Ticket.Level]
	if len(list) == 0 {
		return ""
	}
	return pick(t.random, list)
}

// talk makes the rest of the conversation and, when it ends, the end of the ticket.
func (t *teller) talk(n int, ends bool) {
	k, r := &t.h.Ticket, t.random
	if ends && n == 0 {
		t.wait(9 * time.Hour)
		t.solve()
		return
	}
	who := t.engineer()
	for i := range n {
		t.wait(20 * time.Hour)
		if i%2 == 0 {
			last := ends && i >= n-2
			text := pick(r, t.phrases.Answers)
			if last {
				text = pick(r, t.phrases.Ends)
			}
			t.message(who, k.ProviderOrg, "desk", text)
			t.event(ticket.EventAnswered, who, k.ProviderKind, k.ProviderOrg, "", map[string]string{"message": t.last(), "turn": "requester"})
			if k.State != ticket.Declined {
				k.State, k.AssigneeID = ticket.Waiting, who
			}
			continue
		}
		t.message(t.c.person, t.c.org, "mail", pick(r, t.phrases.Replies))
		t.event(ticket.EventReplied, t.c.person, "customer", t.c.org, "", map[string]string{"message": t.last()})
		if k.State != ticket.Declined {
			k.State = ticket.Open
		}
	}
	if ends {
		t.solve()
	}
}

func (t *teller) last() string { return t.h.Messages[len(t.h.Messages)-1].ID }

func (t *teller) solve() {
	k, who := &t.h.Ticket, t.engineer()
	t.wait(time.Hour)
	solved := t.at
	k.State, k.SolvedAt, k.AssigneeID = ticket.Solved, &solved, who
	t.event(ticket.EventSolved, who, k.ProviderKind, k.ProviderOrg, "", nil)
	if t.now-t.at < (7 * 24 * time.Hour).Milliseconds() {
		return
	}
	t.at += (7 * 24 * time.Hour).Milliseconds()
	k.State = ticket.Closed
	t.event(ticket.EventClosed, "", journal.System, "", "", nil)
}

// escalate hands the ticket to the next level as Service.Escalate would.
func (t *teller) escalate(category string) error {
	k := &t.h.Ticket
	from, fromOrg, fromKind := k.Level, k.ProviderOrg, k.ProviderKind
	to, ok := t.rules.Policy.NextLevel(from)
	if !ok {
		return nil
	}
	v, err := t.verdict(verdictKey{t.c.productType, t.c.region, category, from, to, t.c.partner})
	if err != nil || v.decision.Level != to || v.decision.Covered == coverage.CoveredNo {
		return err
	}
	who := t.engineer()
	t.wait(9 * time.Hour)
	k.Level, k.ProviderKind, k.ProviderOrg, k.Judgement = to, v.decision.Provider.Kind, t.provider(v, t.c), 2
	t.room = from + "-" + to
	t.h.Rooms = append(t.h.Rooms, ticket.Room{TicketID: k.ID, ID: t.room, Kind: ticket.LevelsRoom, LowerOrg: fromOrg, LowerLevel: from, UpperOrg: k.ProviderOrg, UpperLevel: to, CreatedAt: t.at})
	t.h.Verdicts = append(t.h.Verdicts, ticket.Verdict{Seq: 2, Trigger: ticket.EventEscalated, At: t.at, PolicyVersion: t.rules.Number, Situation: v.situationJSON, Decision: v.decisionRaw})
	t.h.Handovers = append(t.h.Handovers, ticket.Handover{TicketID: k.ID, ID: db.IDAt(t.at, t.random.Uint64), Kind: "escalate", FromLevel: from, ToLevel: to,
		FromOrg: fromOrg, ToOrg: k.ProviderOrg, PersonID: who, At: t.at, Information: t.def.Details})
	t.event(ticket.EventEscalated, who, fromKind, fromOrg, gateClause(t.rules.Policy, to), map[string]string{"from": from, "to": to, "from_kind": fromKind, "to_kind": k.ProviderKind, "to_org": k.ProviderOrg})
	t.room = "requester"
	return nil
}

// end gives an unanswered ticket the end of its clock, and closes the history.
func (t *teller) end() ticket.History {
	k := &t.h.Ticket
	k.UpdatedAt = t.at
	answered := slices.ContainsFunc(t.h.Events, func(e journal.Event) bool { return e.Kind == ticket.EventAnswered })
	if k.State.Active() && !answered && k.ProviderKind != string(org.Customer) {
		due := k.CreatedAt + (9+t.random.Int64N(64))*time.Hour.Milliseconds()
		k.DueAt = &due
	}
	return t.h
}

// gateClause is the clause whose gate leads to a level, or "".
func gateClause(p *policy.Policy, to string) string {
	for _, g := range p.Gates() {
		if g.To == to {
			return g.Clause
		}
	}
	return ""
}
