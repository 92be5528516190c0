package ticket

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// GateMissing is the detail of the fault that a gate answers with: the ids that
// are missing, in the policy's order, and the clause that asks for them.
type GateMissing struct {
	Missing []string `json:"missing"`
	Clause  string   `json:"clause"`
}

// Escalate hands a ticket to the next level through the gate of clause
// escalation. An incomplete ticket that came straight to a level is submitted
// to that level by its sender through the same gate. What was given is kept
// even while something is missing.
// Faults: Invalid with GateMissing, Denied when the policy does not let the next
// level take it (with the decision as detail), NotFound, Conflict.
func (s *Service) Escalate(ctx context.Context, actor identity.Actor, ref string, expect int, in information.Given) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Escalate %s", ref)
	var missing *GateMissing
	t, err = s.change(ctx, actor, ref, expect, func(c *change) error {
		missing = nil
		h, err := c.handing(in)
		if err != nil {
			return err
		}
		if err := h.decide(); err != nil {
			return err
		}
		if missing = h.lacks(); missing != nil {
			return c.event(EventGiven, "", missing.Clause, nil)
		}
		if c.t.State == Incomplete {
			return h.submit()
		}
		return h.pass()
	})
	if err == nil && missing != nil {
		return t, fault.New(fault.Invalid, "Some of what the next level needs is still missing. What you gave is kept; add the rest and send it again.").WithDetail(*missing)
	}
	return t, err
}

// handing is one hand-over under way.
type handing struct {
	*change
	info     information.Given
	sealed   []byte
	from, to string
	sit      *coverage.Situation
	decision coverage.Decision
}

// handing merges what is given now with what was given before and stores it.
func (c *change) handing(in information.Given) (*handing, error) {
	h := &handing{change: c}
	var err error
	if h.from, h.to, err = c.rungs(); err != nil {
		return nil, err
	}
	if h.info, h.sealed, err = c.taken(in); err != nil {
		return nil, err
	}
	return h, saveInformation(c.tx, c.t.ID, &h.info, h.sealed)
}

// taken is what was given before with what is given now, whose files it stores.
func (c *change) taken(in information.Given) (info information.Given, sealed []byte, err error) {
	p := c.rules.Policy
	if err := in.Take(p); err != nil {
		return info, nil, err
	}
	readable, err := c.readable()
	if err != nil {
		return info, nil, err
	}
	if err := linkFiles(p, &in, readable); err != nil {
		return info, nil, err
	}
	if info, sealed, err = loadInformation(c.tx, p, c.t.ID); err != nil {
		return info, nil, err
	}
	if len(in.Secrets) > 0 {
		kept, err := openSecrets(c.sealer, c.t.ID, &info, sealed)
		if err != nil {
			return info, nil, err
		}
		if sealed, err = sealSecrets(c.sealer, c.t.ID, kept, in.Secrets); err != nil {
			return info, nil, err
		}
	}
	info.Merge(p, in)
	return info, sealed, c.keepFiles(&in, &info)
}

// readable are the attachments that the actor may read.
func (c *change) readable() ([]Attachment, error) {
	rooms, err := see(c.t, c.rooms, c.actor)
	if err != nil {
		return nil, err
	}
	list, err := loadAttachments(c.tx, c.t.ID)
	return slices.DeleteFunc(list, func(a Attachment) bool { _, ok := findRoom(rooms, a.RoomID); return !ok }), err
}

// rungs are the levels between which the ticket passes, after the permission check.
func (c *change) rungs() (from, to string, err error) {
	p := c.rules.Policy
	if c.t.State == Incomplete {
		if !c.t.asks(c.actor) && !c.t.handles(c.actor) {
			return "", "", fault.New(fault.Denied, "Only the people who asked can add these details.")
		}
		return p.LowestLevel(), c.t.Level, nil
	}
	if err := c.mustHandle(); err != nil {
		return "", "", err
	}
	to, ok := p.NextLevel(c.t.Level)
	if !ok {
		return "", "", fault.New(fault.Conflict, "This is the highest level; there is none to escalate to.")
	}
	if _, ok := c.t.State.After(Escalate); !ok {
		return "", "", c.to(Escalate)
	}
	return c.t.Level, to, nil
}

// keepFiles stores new files in the room from which they are handed over.
func (c *change) keepFiles(in, info *information.Given) error {
	files := uploads(c.rules.Policy, nil, in)
	if len(files) == 0 {
		return nil
	}
	room := Room{ID: requesterRoomID}
	if c.t.State != Incomplete {
		room = c.internal(c.t.Level)
		if err := c.ensureRoom(room); err != nil {
			return err
		}
	}
	return storeUploads(c.tx, c.t, &Message{TicketID: c.t.ID, RoomID: room.ID}, files, info)
}

// decide judges the request again as the next level would see it: by the pinned
// policy version, asked by the desk that hands over.
func (h *handing) decide() error {
	j, err := loadJudgement(h.tx, h.t.ID, h.t.Judgement)
	if err != nil {
		return err
	}
	if h.sit, err = storedSituation(h.rules.Policy, j.Situation); err != nil {
		return err
	}
	hold(h.sit, h.rules.Policy, &h.info)
	if h.t.State == Incomplete {
		h.decision = coverage.Decide(h.rules.Policy, h.sit)
		return nil
	}
	h.sit.LevelDone, h.sit.Level = h.from, h.to
	h.sit.Requester = coverage.Requester{Kind: h.actor.Kind(), Levels: h.actor.Levels, OrgKnown: coverage.Yes}
	if h.actor.IsSystem() {
		h.sit.Requester = coverage.Requester{Kind: h.t.ProviderKind, Levels: []string{h.from}, OrgKnown: coverage.Yes}
	}
	if h.t.ProviderKind == string(org.Customer) {
		h.sit.At = h.now
	}
	h.decision = coverage.Decide(h.rules.Policy, h.sit)
	if h.t.ProviderKind == string(org.Vendor) && unsettledProvider(&h.decision) {
		// nobody knows yet who provides for this asker: the vendor that holds the request does at each level
		h.decision.Level, h.decision.Provider = h.to, coverage.Provider{Kind: string(org.Vendor)}
	}
	// a desk works on what is not covered only after an override, which holds for the levels above
	overridden := h.t.Covered == coverage.CoveredNo
	if h.decision.Covered == coverage.CoveredNo && !overridden || h.decision.Level != h.to {
		return refused(&h.decision)
	}
	return nil
}

func unsettledProvider(d *coverage.Decision) bool {
	return slices.ContainsFunc(d.Unsettled, func(u coverage.Unsettled) bool { return u.Field == "provider" })
}

func refused(d *coverage.Decision) error {
	text := "The support policy does not let the next level take this."
	for _, r := range d.Because {
		if !r.Overridden {
			text += " " + r.Text
			break
		}
	}
	return fault.New(fault.Denied, text).WithDetail(*d)
}

func (h *handing) lacks() *GateMissing {
	var missing []policy.Requirement
	if h.t.State == Incomplete {
		_, missing = coverage.AtSubmit(h.rules.Policy, h.sit)
	} else {
		missing = coverage.Gate(h.rules.Policy, h.sit, h.from, h.to)
	}
	if len(missing) == 0 {
		return nil
	}
	return &GateMissing{Missing: coverage.Items(missing), Clause: clauseOf(missing)}
}

// submit completes a request that came straight to its level.
func (h *handing) submit() error {
	if err := h.change.to(Submit); err != nil {
		return err
	}
	if err := h.judge("completed", h.decision); err != nil {
		return err
	}
	if err := h.record("submit", h.t.CustomerOrg, h.t.ProviderOrg); err != nil {
		return err
	}
	required, _ := coverage.AtSubmit(h.rules.Policy, h.sit)
	if err := h.event(EventCompleted, "", clauseOf(required), map[string]string{"level": h.t.Level, "provider": h.t.ProviderOrg}); err != nil {
		return err
	}
	return h.notify(Notice{Event: EventOpened, RoomID: requesterRoomID})
}

// pass moves the ticket up.
func (h *handing) pass() error {
	if err := h.change.to(Escalate); err != nil {
		return err
	}
	vendor, err := org.VendorOrg(h.tx)
	if err != nil {
		return err
	}
	t, fromOrg, fromKind := h.t, h.t.ProviderOrg, h.t.ProviderKind
	t.Level, t.ProviderKind = h.to, h.decision.Provider.Kind
	if t.ProviderOrg = providerOrg(h.decision.Provider, vendor.ID, t.CustomerOrg); t.ProviderOrg == "" {
		return fault.New(fault.Denied, "Nobody is named who provides the next level for this customer. Ask a manager to complete the account.")
	}
	t.AssigneeID = ""
	room := Room{TicketID: t.ID, ID: levelsRoomID(h.from, h.to), Kind: LevelsRoom, LowerOrg: fromOrg, LowerLevel: h.from, UpperOrg: t.ProviderOrg, UpperLevel: h.to, CreatedAt: h.now}
	if err := h.ensureRoom(room); err != nil {
		return err
	}
	if err := h.shareFiles(room.ID); err != nil {
		return err
	}
	if err := insertParty(h.tx, t.ProviderOrg, t.ID); err != nil {
		return err
	}
	if err := h.judge(EventEscalated, h.decision); err != nil {
		return err
	}
	if err := h.record("escalate", fromOrg, t.ProviderOrg); err != nil {
		return err
	}
	data := map[string]string{"from": h.from, "to": h.to, "from_kind": fromKind, "to_kind": t.ProviderKind, "to_org": t.ProviderOrg}
	if err := h.event(EventEscalated, room.ID, gateClause(h.rules.Policy, h.from, h.to), data); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(h.info.Waived)) {
		if err := h.event(EventWaived, room.ID, gateClause(h.rules.Policy, h.from, h.to), map[string]string{"item": id}); err != nil {
			return err
		}
	}
	return h.notify(Notice{Event: EventEscalated, RoomID: room.ID})
}

// shareFiles lets the next level see the files that were handed over: each
// file of the hand-over is also an attachment of the room between the levels.
func (h *handing) shareFiles(room string) error {
	list, err := loadAttachments(h.tx, h.t.ID)
	if err != nil {
		return err
	}
	for _, d := range h.rules.Policy.Information() {
		if !information.IsFiles(d.Type) {
			continue
		}
		for _, row := range h.info.Values[d.ID].Rows {
			at := slices.IndexFunc(list, func(a Attachment) bool { return a.ID == row[information.Attachment] })
			if at < 0 || list[at].RoomID == room {
				continue
			}
			a := list[at]
			a.ID, a.RoomID, a.MessageID, a.CreatedAt = db.NewID(), room, "", h.now
			if err := insertAttachment(h.tx, &a); err != nil {
				return err
			}
			row[information.Attachment] = a.ID
		}
	}
	return saveInformation(h.tx, h.t.ID, &h.info, h.sealed)
}

func (h *handing) record(kind, fromOrg, toOrg string) error {
	return insertHandover(h.tx, &Handover{TicketID: h.t.ID, ID: db.NewID(), Kind: kind, FromLevel: h.from, ToLevel: h.to, FromOrg: fromOrg, ToOrg: toOrg,
		PersonID: h.actor.PersonID, At: h.now, Information: h.info})
}

// judge stores a new decision and makes it the one in force.
func (h *handing) judge(trigger string, d coverage.Decision) error {
	situation, err := json.Marshal(h.sit)
	if err != nil {
		return err
	}
	return h.change.judged(trigger, situation, d)
}

func (c *change) judged(trigger string, situation []byte, d coverage.Decision) error {
	last, err := lastJudgement(c.tx, c.t.ID)
	if err != nil {
		return err
	}
	if d.Because, err = c.keptReasons(d.Because); err != nil {
		return err
	}
	c.t.Judgement, c.t.Covered, c.t.Effort = last+1, d.Covered, d.Effort
	return insertJudgement(c.tx, &Judgement{TicketID: c.t.ID, Seq: c.t.Judgement, Trigger: trigger, At: c.now, PolicyVersion: c.t.PolicyVersion, Situation: situation, Decision: d})
}

// keptReasons adds why the version that judges is still the one that judges.
func (c *change) keptReasons(list []coverage.Reason) ([]coverage.Reason, error) {
	first, err := loadJudgement(c.tx, c.t.ID, 1)
	if err != nil {
		return nil, err
	}
	for i := range first.Decision.Because {
		if _, kept := KeptBy(&first.Decision.Because[i]); kept {
			list = append(slices.Clip(list), first.Decision.Because[i])
		}
	}
	return list, nil
}

func (c *change) internal(level string) Room {
	return Room{TicketID: c.t.ID, ID: internalRoomID(level), Kind: InternalRoom, LowerOrg: c.t.ProviderOrg, LowerLevel: level, UpperOrg: c.t.ProviderOrg, UpperLevel: level, CreatedAt: c.now}
}

// ensureRoom opens a room once.
func (c *change) ensureRoom(r Room) error {
	if _, ok := findRoom(c.rooms, r.ID); ok {
		return nil
	}
	r.TicketID = c.t.ID
	c.rooms = append(c.rooms, r)
	return insertRoom(c.tx, r)
}

// Return gives a ticket back to the level below, with a reason.
// Faults: Invalid without a reason, Denied, Conflict when it came straight to this level.
func (s *Service) Return(ctx context.Context, actor identity.Actor, ref string, expect int, reason string) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Return %s", ref)
	if reason, err = words("reason", reason); err != nil {
		return nil, err
	}
	if err := needReason(reason); err != nil {
		return nil, err
	}
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		if err := c.mustHandle(); err != nil {
			return err
		}
		below, ok := c.below()
		if !ok {
			return fault.New(fault.Conflict, "This request came straight to this level. Write to the requester instead.")
		}
		if err := c.to(Return); err != nil {
			return err
		}
		return c.giveBack(below, reason)
	})
}

// below is the room through which the ticket came up to its present desk.
func (c *change) below() (Room, bool) {
	for _, r := range c.rooms {
		if r.Kind == LevelsRoom && r.UpperLevel == c.t.Level && r.UpperOrg == c.t.ProviderOrg {
			return r, true
		}
	}
	return Room{}, false
}

func (c *change) giveBack(room Room, reason string) error {
	from, fromOrg := c.t.Level, c.t.ProviderOrg
	kind, seq, err := lastJudgementAt(c.tx, c.t, room.LowerLevel)
	if err != nil {
		return err
	}
	hands, err := loadHandovers(c.tx, c.t.ID)
	if err != nil {
		return err
	}
	above, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return err
	}
	c.t.Level, c.t.ProviderOrg, c.t.ProviderKind, c.t.Judgement, c.t.AssigneeID = room.LowerLevel, room.LowerOrg, kind, seq, ""
	if err := c.bringDown(above); err != nil {
		return err
	}
	for _, h := range hands {
		if h.Kind == "escalate" && h.FromLevel == room.LowerLevel && h.FromOrg == room.LowerOrg {
			c.t.AssigneeID = h.PersonID
		}
	}
	err = insertHandover(c.tx, &Handover{TicketID: c.t.ID, ID: db.NewID(), Kind: "return", FromLevel: from, ToLevel: room.LowerLevel, FromOrg: fromOrg, ToOrg: room.LowerOrg,
		PersonID: c.actor.PersonID, At: c.now, Reason: reason})
	if err != nil {
		return err
	}
	if err := c.event(EventReturned, room.ID, "", map[string]string{"from": from, "to": room.LowerLevel, "to_org": room.LowerOrg}); err != nil {
		return err
	}
	m := Message{TicketID: c.t.ID, ID: db.NewID(), RoomID: room.ID, AuthorID: c.actor.PersonID, AuthorOrg: c.actor.OrgID, Channel: c.channel(), Body: reason, Verified: true, CreatedAt: c.now}
	if err := insertMessage(c.tx, &m); err != nil {
		return err
	}
	return c.notify(Notice{Event: EventReturned, RoomID: room.ID, MessageID: m.ID})
}

// bringDown decides again below when facts were recorded above.
func (c *change) bringDown(above *Judgement) error {
	below, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return err
	}
	recorded, err := storedSituation(c.rules.Policy, above.Situation)
	if err != nil {
		return err
	}
	sit, err := storedSituation(c.rules.Policy, below.Situation)
	if err != nil || len(recorded.Events) <= len(sit.Events) {
		return err
	}
	sit.Events = recorded.Events
	return c.rejudged(EventReturned, sit, coverage.Decide(c.rules.Policy, sit))
}

// lastJudgementAt is the newest decision that placed the ticket at a level.
func lastJudgementAt(tx *db.Tx, t *Ticket, level string) (providerKind string, seq int, err error) {
	for seq = t.Judgement; seq >= 1; seq-- {
		j, err := loadJudgement(tx, t.ID, seq)
		if err != nil {
			return "", 0, err
		}
		if j.Decision.Level == level {
			return j.Decision.Provider.Kind, seq, nil
		}
	}
	return "", 0, fault.New(fault.Conflict, "This ticket was never at the level below.")
}

func needReason(reason string) error {
	if strings.TrimSpace(clean(reason)) == "" {
		return fault.New(fault.Invalid, "Please give a reason.").WithField("reason", "Say why in a few words.")
	}
	return nil
}
