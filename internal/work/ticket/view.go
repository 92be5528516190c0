package ticket

import (
	"context"
	"maps"
	"slices"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// MaxTimeline is how many messages of a room one view holds, the newest.
const MaxTimeline = 200

// OrgName is an organisation as people on a ticket see it.
type OrgName struct{ ID, Kind, Name, Zone string }

// View is a ticket as one person may see it.
type View struct {
	Ticket Ticket
	// Rooms are those the actor may read; Current is the one that is shown; Desk is the internal room of the actor's
	// own desk, also before anything is written there, and zero for who serves no level of this ticket.
	Rooms         []Room
	Current, Desk Room
	// Asks is true on the asker's side, Handles when the actor's desk has the ticket.
	Asks, Handles bool

	Messages    []Message
	Attachments []Attachment
	// Earlier is the cursor of the messages before these, "" when there are none; Before the cursor of this view.
	Earlier, Before string
	// Counts are the numbers of messages in each room that the actor may read.
	Counts map[string]int
	// Events are those of the current room and those that concern the whole ticket.
	Events []journal.Event
	// People maps ids to names, Orgs ids to organisations, for all ids in this view that the actor may know.
	People map[string]string
	Orgs   map[string]OrgName
	// Requester is empty when the actor's desk does not serve them (clause responsibility).
	Requester identity.Person
	Judgement Judgement
	Clocks    []coverage.Clock
	// Situation and History are what Clocks were recomputed from.
	Situation *coverage.Situation
	History   []coverage.Event
	Rules     *rulebook.Compiled
	Account   *account.Account
	Instance  *account.Instance
	EndOfLife string
	Info      information.Given
	Handovers []Handover
	Ladder    []Rung
	// Next is the level that escalating leads to, Required what its gate asks, Missing what is not there yet.
	Next              string
	Required, Missing []policy.Requirement
	// Closing is what the policy asks for before closing, Unclosed what of it is not there yet.
	Closing, Unclosed []policy.Requirement
	GateClause        string
	Members           []identity.Person
	// Questions are those of the policy to the actor's side, Pressing those whose answers the decision waits for. A desk is
	// asked what it may find out, and what it may be told. Recordable are the events that the actor may record.
	Questions, Pressing []coverage.Question
	Recordable          []policy.EventType
	May                 May
	Now                 int64
}

// Rung is one level of the ladder with who provides it on this ticket.
type Rung struct {
	Level        string
	ProviderKind string
	Org          string
	Reached      bool
	Here         bool
}

// May says what the actor can do now.
type May struct {
	Reply, Take, Assign, Escalate, Return, Solve, Reopen, Override, Close, Reveal, GiveDetails, Answer, SetSeverity bool
}

// View reads a ticket with everything a page shows, for one room ("" for the first that the actor may read).
// Faults: NotFound also when the actor may read no room of it.
func (s *Service) View(ctx context.Context, actor identity.Actor, ref, room string) (*View, error) {
	return s.ViewBefore(ctx, actor, ref, room, "")
}

// ViewBefore is View with older messages: those before a View's Earlier.
func (s *Service) ViewBefore(ctx context.Context, actor identity.Actor, ref, room, before string) (v *View, err error) {
	defer fault.Wrap(&err, "ticket.View %s", ref)
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := loadTicket(tx, ref)
		if err != nil {
			return err
		}
		rooms, err := loadRooms(tx, t.ID)
		if err != nil {
			return err
		}
		v = &View{Ticket: *t, Now: tx.Now(), Before: before}
		if v.Rooms, err = see(t, rooms, actor); err != nil {
			return err
		}
		if v.Rules, err = s.book.ByNumberTx(tx, t.PolicyVersion); err != nil {
			return err
		}
		r := reader{tx: tx, v: v, actor: actor, all: rooms}
		return r.read(room)
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// reader fills a view from one snapshot.
type reader struct {
	tx    *db.Tx
	v     *View
	actor identity.Actor
	all   []Room
	// journal is every event of the ticket, for the clocks
	journal []journal.Event
}

func (r *reader) read(room string) error {
	steps := []func() error{func() error { return r.room(room) }, r.decision, r.conversation, r.register, r.handover, r.ladder, r.names, r.may}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) room(id string) error {
	v := r.v
	if lvl := r.level(); lvl != "" {
		v.Desk = r.ownRoom(lvl)
	}
	if id == "internal" {
		for _, room := range v.Rooms {
			if room.Kind == InternalRoom {
				id = room.ID
			}
		}
	}
	if id == "" {
		v.Current = v.Rooms[0]
		if v.Ticket.handles(r.actor) && !servesIn(requesterUpper(r.all), r.all, &v.Ticket, r.actor) {
			for _, room := range v.Rooms {
				if room.Kind == LevelsRoom && room.UpperLevel == v.Ticket.Level {
					v.Current = room
				}
			}
		}
		return nil
	}
	var ok bool
	if v.Current, ok = findRoom(v.Rooms, id); ok {
		return nil
	}
	if v.Desk.ID == id {
		v.Current = v.Desk
		return nil
	}
	return fault.New(fault.NotFound, "There is no such room on this ticket.")
}

func requesterUpper(rooms []Room) string {
	r, _ := findRoom(rooms, requesterRoomID)
	return r.UpperOrg
}

func (r *reader) level() string {
	c := change{t: &r.v.Ticket, rooms: r.all, actor: r.actor}
	return c.ownLevel()
}

func (r *reader) ownRoom(level string) Room {
	return Room{TicketID: r.v.Ticket.ID, ID: internalRoomID(level), Kind: InternalRoom, LowerOrg: r.actor.OrgID, LowerLevel: level, UpperOrg: r.actor.OrgID, UpperLevel: level}
}

func (r *reader) decision() error {
	j, err := loadJudgement(r.tx, r.v.Ticket.ID, r.v.Ticket.Judgement)
	if err != nil {
		return err
	}
	r.v.Judgement = *j
	if r.journal, err = journal.BySubject(r.tx, r.v.Ticket.ID); err != nil {
		return err
	}
	sit, err := storedSituation(r.v.Rules.Policy, j.Situation)
	if err != nil {
		return err
	}
	r.v.Situation, r.v.History = sit, history(r.journal, sit)
	r.v.Clocks = coverage.Clocks(r.v.Rules.Policy, sit, j.Decision, r.v.History, r.v.Now)
	return nil
}

func (r *reader) conversation() error {
	v := r.v
	var err error
	if v.Messages, err = loadMessages(r.tx, v.Ticket.ID, []Room{v.Current}, v.Before, MaxTimeline+1); err != nil {
		return err
	}
	if more := len(v.Messages) - MaxTimeline; more > 0 {
		v.Messages = v.Messages[more:]
		v.Earlier = v.Messages[0].ID
	}
	if v.Counts, err = countMessages(r.tx, v.Ticket.ID); err != nil {
		return err
	}
	maps.DeleteFunc(v.Counts, func(id string, _ int) bool { _, ok := findRoom(v.Rooms, id); return !ok })
	list, err := loadAttachments(r.tx, v.Ticket.ID)
	if err != nil {
		return err
	}
	for _, a := range list {
		if _, ok := findRoom(v.Rooms, a.RoomID); ok {
			v.Attachments = append(v.Attachments, a)
		}
	}
	for _, e := range r.journal {
		if e.RoomID == "" || e.RoomID == v.Current.ID || e.Kind == EventEscalated || e.Kind == EventReturned || e.Kind == EventOpened {
			v.Events = append(v.Events, e)
		}
	}
	return nil
}

func (r *reader) register() error {
	v, t := r.v, &r.v.Ticket
	if t.AccountID != "" {
		a, err := account.ByID(r.tx, t.AccountID)
		if err != nil {
			return err
		}
		v.Account = &a
	}
	if t.InstanceID == "" {
		return nil
	}
	i, err := account.InstanceByID(r.tx, t.InstanceID)
	if err != nil {
		return err
	}
	v.Instance = &i
	if v.Account == nil || i.Version == "" {
		return nil
	}
	version, err := product.VersionOf(r.tx, v.Account.ProductID, i.Version)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	v.EndOfLife = version.EndOfLife
	return err
}

func (r *reader) handover() error {
	v := r.v
	var err error
	p := v.Rules.Policy
	if v.Info, _, err = loadInformation(r.tx, p, v.Ticket.ID); err != nil {
		return err
	}
	if v.Handovers, err = loadHandovers(r.tx, v.Ticket.ID); err != nil {
		return err
	}
	v.Handovers = slices.DeleteFunc(v.Handovers, func(h Handover) bool {
		_, reads := findRoom(v.Rooms, h.room())
		return !reads
	})
	sit, err := storedSituation(p, v.Judgement.Situation)
	if err != nil {
		return err
	}
	hold(sit, p, &v.Info)
	if v.Ticket.State == Incomplete {
		v.Next = v.Ticket.Level
		v.Required, v.Missing = coverage.AtSubmit(p, sit)
	} else if next, ok := p.NextLevel(v.Ticket.Level); ok {
		v.Next = next
		v.Required, v.Missing = coverage.Requirements(p, sit, v.Ticket.Level, next), coverage.Gate(p, sit, v.Ticket.Level, next)
	}
	v.Closing, v.Unclosed = coverage.Requirements(p, sit, v.Ticket.Level, coverage.Close), coverage.Gate(p, sit, v.Ticket.Level, coverage.Close)
	v.GateClause = clauseOf(v.Required)
	return nil
}

// ladder names who provides each level: on the rungs that the ticket has
// reached as it happened, above them as the policy would decide now.
func (r *reader) ladder() error {
	v := r.v
	p := v.Rules.Policy
	vendor, err := org.VendorOrg(r.tx)
	if err != nil {
		return err
	}
	for _, l := range p.Levels() {
		rung := Rung{Level: l.ID, Here: l.ID == v.Ticket.Level}
		for _, room := range r.all {
			if room.UpperLevel == l.ID && room.UpperOrg != "" && room.Kind != InternalRoom {
				rung.Reached, rung.Org = true, room.UpperOrg
			}
		}
		if rung.Here {
			rung.Reached, rung.Org, rung.ProviderKind = true, v.Ticket.ProviderOrg, v.Ticket.ProviderKind
		}
		if !rung.Reached {
			sit, err := storedSituation(p, v.Judgement.Situation)
			if err != nil {
				return err
			}
			sit.Level, sit.LevelDone = l.ID, v.Ticket.Level
			provider := coverage.Decide(p, sit).Provider
			rung.ProviderKind, rung.Org = provider.Kind, providerOrg(provider, vendor.ID, v.Ticket.CustomerOrg)
		}
		v.Ladder = append(v.Ladder, rung)
	}
	return nil
}

func (r *reader) names() error {
	v, t := r.v, &r.v.Ticket
	people, orgs := map[string]bool{t.AssigneeID: true}, map[string]bool{t.ProviderOrg: true, t.CustomerOrg: true}
	for _, m := range v.Messages {
		people[m.AuthorID], orgs[m.AuthorOrg] = true, true
	}
	deal := DealsWith(v.Rooms, r.actor)
	for _, e := range v.Events {
		if deal[e.OrgID] {
			people[e.ActorID], people[e.Data["person"]] = true, true
		}
	}
	for _, h := range v.Handovers {
		if deal[h.FromOrg] {
			people[h.PersonID] = true
		}
	}
	for _, room := range v.Rooms {
		orgs[room.LowerOrg], orgs[room.UpperOrg] = true, true
	}
	for _, rung := range v.Ladder {
		orgs[rung.Org] = true
	}
	if v.Account != nil {
		orgs[v.Account.PartnerID] = true
	}
	if _, ok := findRoom(v.Rooms, requesterRoomID); ok && t.RequesterID != "" {
		p, err := identity.ByID(r.tx, t.RequesterID)
		if err != nil {
			return err
		}
		v.Requester = p
	} else {
		delete(people, t.RequesterID)
	}
	var err error
	if v.People, err = identity.Names(r.tx, keys(people)); err != nil {
		return err
	}
	v.Orgs, err = orgNames(r.tx, keys(orgs))
	return err
}

// DealsWith are the organisations that an actor meets in the rooms they may read:
// the people of others are not named to them (clause responsibility).
func DealsWith(rooms []Room, a identity.Actor) map[string]bool {
	out := map[string]bool{"": true, a.OrgID: true}
	for _, r := range rooms {
		out[r.LowerOrg], out[r.UpperOrg] = true, true
	}
	return out
}

func keys(set map[string]bool) []string {
	var out []string
	for k := range set {
		if k != "" {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func (r *reader) may() error {
	v, t := r.v, &r.v.Ticket
	can := func(a Action) bool { _, ok := t.State.After(a); return ok }
	handles, asks := t.handles(r.actor), t.asks(r.actor)
	v.Handles, v.Asks = handles, asks
	_, below := (&change{t: t, rooms: r.all}).below()
	v.May = May{
		Reply:       v.Current.writable(t, r.all, r.actor) && (can(Reply) || can(Answer)),
		Take:        handles && can(Take) && t.AssigneeID != r.actor.PersonID,
		Assign:      handles && can(Assign),
		Escalate:    handles && can(Escalate) && v.Next != "",
		Return:      handles && can(Return) && below,
		Solve:       (handles || asks) && can(Solve),
		Reopen:      (handles || asks) && can(Reopen),
		Override:    handles && can(Override),
		Close:       handles && can(Close),
		Reveal:      handles && len(v.Info.Sealed) > 0,
		GiveDetails: t.State == Incomplete && (asks || handles),
		Answer:      t.State != Closed && (asks || handles),
		SetSeverity: t.State.Active() && t.mayChangeSeverity(v.Rules.Policy, r.actor),
	}
	r.questions()
	if !v.May.Assign {
		return nil
	}
	var err error
	v.Members, err = identity.ByLevel(r.tx, t.ProviderOrg, t.Level)
	return err
}

func (r *reader) questions() {
	v := r.v
	if !v.May.Answer {
		return
	}
	by := []coverage.Giver{coverage.GiverRequester}
	if v.Handles {
		by = []coverage.Giver{coverage.GiverProvider, coverage.GiverRequester}
	}
	for _, g := range by {
		v.Questions = append(v.Questions, coverage.Questions(v.Rules.Policy, g)...)
		v.Pressing = append(v.Pressing, coverage.Open(v.Rules.Policy, &v.Judgement.Decision, g)...)
	}
	v.Recordable = recordableBy(v.Rules.Policy, &v.Ticket, r.actor)
	if v.Handles {
		v.Recordable = append(arrivals(v.Rules.Policy, &v.Judgement.Decision), v.Recordable...)
	}
}

// AttachmentOf finds a file that the actor may read. Faults: NotFound.
func (s *Service) AttachmentOf(ctx context.Context, actor identity.Actor, ref, id string) (out Attachment, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := loadTicket(tx, ref)
		if err != nil {
			return err
		}
		rooms, err := loadRooms(tx, t.ID)
		if err != nil {
			return err
		}
		visible, err := see(t, rooms, actor)
		if err != nil {
			return err
		}
		list, err := loadAttachments(tx, t.ID)
		if err != nil {
			return err
		}
		for _, a := range list {
			if _, ok := findRoom(visible, a.RoomID); ok && a.ID == id {
				out = a
				return nil
			}
		}
		return fault.New(fault.NotFound, "There is no such file.")
	})
	return out, err
}

// Messages are the messages of all rooms that the actor may read, oldest first, with those rooms.
func (s *Service) Messages(ctx context.Context, actor identity.Actor, ref string, limit int) (list []Message, rooms []Room, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := loadTicket(tx, ref)
		if err != nil {
			return err
		}
		all, err := loadRooms(tx, t.ID)
		if err != nil {
			return err
		}
		if rooms, err = see(t, all, actor); err != nil {
			return err
		}
		list, err = loadMessages(tx, t.ID, rooms, "", limit)
		return err
	})
	return list, rooms, err
}
