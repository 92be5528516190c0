package api

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// ticketOut is a ticket with the decision in force.
type ticketOut struct {
	ID        string        `json:"id"`
	Number    string        `json:"number" doc:"The number that people use." example:"T-1042"`
	Subject   string        `json:"subject"`
	State     string        `json:"state" enum:"incomplete,new,open,waiting,solved,closed,declined"`
	Level     *string       `json:"level" doc:"Where it stands; null while no desk can be named."`
	Provider  maybeProvider `json:"provider"`
	Category  string        `json:"category"`
	Severity  string        `json:"severity,omitempty"`
	Reference string        `json:"reference" doc:"Your own number for it."`
	Channel   string        `json:"channel" doc:"How it came: mail, portal, api or desk."`
	CreatedAt string        `json:"created_at" format:"date-time"`
	UpdatedAt string        `json:"updated_at" format:"date-time"`
	SolvedAt  string        `json:"solved_at,omitempty" format:"date-time"`
	Requester *personOut    `json:"requester,omitempty" doc:"Who asks; absent when your desk does not serve them."`
	Assignee  *personOut    `json:"assignee,omitempty" doc:"Who works on it."`
	Version   int           `json:"version" doc:"Grows with each change; send it back to be told when the ticket changed meanwhile."`
	Coverage  CoverageOut   `json:"coverage"`
	Clocks    []clockOut    `json:"clocks" nullable:"false"`
	Missing   []string      `json:"missing,omitempty" nullable:"false" doc:"What it still needs, while it is incomplete."`
}

type personOut struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// maybeProvider is who answers, or null while nobody can be named.
type maybeProvider struct{ *providerOut }

type providerOut struct {
	Kind           string `json:"kind" enum:"vendor,partner,customer"`
	Organisation   string `json:"organisation" doc:"Its name."`
	OrganisationID string `json:"organisation_id"`
}

// MarshalJSON writes the provider or null.
func (p maybeProvider) MarshalJSON() ([]byte, error) { return json.Marshal(p.providerOut) }

// Schema allows null, which huma's own does not for objects.
func (maybeProvider) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{schemaOf[providerOut](r), {Type: "null"}}, Description: "Who answers it; null while nobody can be named."}
}

// CoverageOut is what the policy says.
type CoverageOut struct {
	Covered       string      `json:"covered" enum:"yes,limited,best-effort,no,ask" doc:"ask while a fact is missing; meanwhile the request is served."`
	Charge        *chargeOut  `json:"charge,omitempty" doc:"What it costs, if anything."`
	Serves        []string    `json:"serves" nullable:"false" doc:"Who may be served at this level."`
	OpenNow       *bool       `json:"open_now" nullable:"true" doc:"Whether the desk is open; null where no hours are published."`
	OpensAt       *string     `json:"opens_at" format:"date-time" doc:"The next opening when closed, else null."`
	Effort        string      `json:"effort" enum:"normal,best-effort,none"`
	Offer         *offerOut   `json:"offer,omitempty" doc:"The way on that belongs to the first reason."`
	PolicyVersion string      `json:"policy_version" doc:"The version that decided."`
	Because       []reasonOut `json:"because" nullable:"false"`
	ReachOut
}

// ReachOut is how a request may come and be answered. It is exported, like the other
// embedded types, because the description is made from exported fields only.
type ReachOut struct {
	ChannelAllowed *bool    `json:"channel_allowed" nullable:"true" doc:"Whether the request may come by its channel; null while that is not known. A refused one is kept, and its clocks start when it arrives on an allowed channel."`
	UseChannel     string   `json:"use_channel,omitempty" doc:"The channel to use instead."`
	Languages      []string `json:"languages,omitempty" doc:"In which the request is answered, where the policy says."`
}

// AgreedOut is what is left of what was agreed, when work is planned, and how the contract goes on.
type AgreedOut struct {
	PlanAtRenewal string         `json:"plan_at_renewal,omitempty" doc:"The plan on which the contract renews, where the policy asks something for its plan."`
	Allowances    []allowanceOut `json:"allowances,omitempty"`
	Maintenance   []windowOut    `json:"maintenance,omitempty" doc:"Planned work on services."`
}

type allowanceOut struct {
	ID        string  `json:"id"`
	Unit      string  `json:"unit" enum:"count,minutes"`
	Allowed   *bool   `json:"allowed" nullable:"true" doc:"Whether what is asked for is within the limit; null while the limit is not known."`
	Limit     *int64  `json:"limit" nullable:"true" doc:"Null while it is not known, and where there is none."`
	Unlimited bool    `json:"unlimited,omitempty"`
	Used      int64   `json:"used"`
	Left      *int64  `json:"left" nullable:"true"`
	Renews    string  `json:"renews,omitempty" doc:"The first day of the next period."`
	ChangeDue *string `json:"change_due,omitempty" format:"date-time" doc:"Until when a change that is asked for now is made."`
}

type windowOut struct {
	ID         string  `json:"id"`
	Now        *bool   `json:"now" nullable:"true" doc:"Whether its window is open; null where none is named."`
	Until      *string `json:"until,omitempty" format:"date-time"`
	Next       *string `json:"next" format:"date-time" doc:"When the next window begins."`
	AnnounceBy *string `json:"announce_by,omitempty" format:"date-time" doc:"The last instant at which that can be announced in time."`
}

func presentAgreed(p *policy.Policy, d *coverage.Decision) AgreedOut {
	out := AgreedOut{PlanAtRenewal: d.PlanAtRenewal}
	for i := range d.Allowances {
		out.Allowances = append(out.Allowances, presentAllowance(p, &d.Allowances[i]))
	}
	for i := range d.Maintenance {
		m := &d.Maintenance[i]
		out.Maintenance = append(out.Maintenance, windowOut{m.ID, m.Now, maybeInstant(m.Until), maybeInstant(m.Next), maybeInstant(m.AnnounceBy)})
	}
	return out
}

// presentAllowance shows time in whole minutes.
func presentAllowance(p *policy.Policy, a *coverage.Allowance) allowanceOut {
	out := allowanceOut{ID: a.ID, Unit: "count", Allowed: a.Allowed, Limit: a.Limit, Unlimited: a.Unlimited, Used: a.Used, Left: a.Left, Renews: a.Renews, ChangeDue: maybeInstant(a.ChangeDue)}
	for _, def := range p.Allowances() {
		if def.ID != a.ID || def.Kind != policy.CountTime {
			continue
		}
		out.Unit, out.Used = "minutes", a.Used/60_000
		for _, n := range []**int64{&out.Limit, &out.Left} {
			if *n != nil {
				minutes := **n / 60_000
				*n = &minutes
			}
		}
	}
	return out
}

type chargeOut struct {
	Rate    string `json:"rate,omitempty"`
	Confirm string `json:"confirm,omitempty" doc:"How the rate is agreed before work begins."`
	From    string `json:"from,omitempty" doc:"The allowance it is taken from."`
}

type offerOut struct {
	Kind string `json:"kind" doc:"Who takes it up: provider, sales, update, partner or link."`
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

type reasonOut struct {
	Clause     string `json:"clause" doc:"The anchor of the heading in that version."`
	Rule       string `json:"rule"`
	Text       string `json:"text" doc:"One plain sentence."`
	Line       int    `json:"line"`
	Effect     string `json:"effect"`
	Overridden bool   `json:"overridden" doc:"Another rule lets the request through all the same."`
}

type clockOut struct {
	ID            string      `json:"id"`
	Title         string      `json:"title"`
	State         string      `json:"state" enum:"waiting,running,paused,met,late,none"`
	Kind          string      `json:"kind" enum:"commitment,goal"`
	StartedAt     *string     `json:"started_at" format:"date-time"`
	DueAt         *string     `json:"due_at" format:"date-time"`
	UsedMinutes   int64       `json:"used_minutes"`
	TargetMinutes int64       `json:"target_minutes" doc:"0 for a target that is a point in the calendar."`
	Calendar      string      `json:"calendar"`
	Because       []reasonOut `json:"because" nullable:"false"`
}

// instant writes UTC milliseconds as RFC 3339.
func instant(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

func maybeInstant(ms *int64) *string {
	if ms == nil {
		return nil
	}
	s := instant(*ms)
	return &s
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func presentCoverage(d *coverage.Decision, version int) CoverageOut {
	out := CoverageOut{Covered: d.Covered, Serves: d.Serves, OpenNow: d.OpenNow, OpensAt: maybeInstant(d.OpensAt), Effort: d.Effort,
		PolicyVersion: strconv.Itoa(version), Because: presentReasons(d.Because), ReachOut: ReachOut{d.ChannelAllowed, d.UseChannel, d.Languages}}
	if out.Serves == nil {
		out.Serves = []string{}
	}
	if d.Charge != nil {
		out.Charge = &chargeOut{d.Charge.Rate, d.Charge.Confirm, d.Charge.From}
	}
	if o := d.Offer(); o != nil {
		out.Offer = &offerOut{o.Kind, o.Text, o.URL}
	}
	return out
}

func presentReasons(list []coverage.Reason) []reasonOut {
	out := make([]reasonOut, len(list))
	for i, r := range list {
		out[i] = reasonOut{r.Clause, r.Rule, r.Text, r.Line, r.Effect, r.Overridden}
	}
	return out
}

func presentClocks(list []coverage.Clock) []clockOut {
	out := make([]clockOut, len(list))
	for i := range list {
		c := &list[i]
		out[i] = clockOut{c.ID, c.Title, c.State, c.Kind, maybeInstant(c.StartedAt), maybeInstant(c.DueAt),
			c.UsedMs / 60_000, c.TargetMs / 60_000, c.Calendar, presentReasons(c.Because)}
	}
	return out
}

// people are the names on a ticket that this caller may know.
type people struct{ requester, assignee *personOut }

func person(id, name string) *personOut {
	if id == "" || name == "" {
		return nil
	}
	return &personOut{id, name}
}

// present shows a ticket; it reads nothing but the provider's name, which is remembered.
func (a *api) present(ctx context.Context, s *ticket.Summary, who people) (ticketOut, error) {
	t := &s.Ticket
	out := ticketOut{ID: t.ID, Number: t.Name(), Subject: t.Subject, State: string(t.State), Level: optional(t.Level), Category: t.Category, Severity: t.Severity,
		Reference: t.Reference, Channel: t.Channel, CreatedAt: instant(t.CreatedAt), UpdatedAt: instant(t.UpdatedAt), Requester: who.requester, Assignee: who.assignee,
		Version: t.Version, Coverage: presentCoverage(&s.Decision, t.PolicyVersion), Clocks: presentClocks(s.Clocks)}
	if t.SolvedAt != nil {
		out.SolvedAt = instant(*t.SolvedAt)
	}
	if t.State == ticket.Incomplete {
		out.Missing = s.Missing
	}
	if t.ProviderOrg == "" {
		return out, nil
	}
	name, err := a.names.of(ctx, t.ProviderOrg)
	out.Provider = maybeProvider{&providerOut{t.ProviderKind, name, t.ProviderOrg}}
	return out, err
}

// peopleOn reads who is on a ticket; the requester only for whom they are served by (clause responsibility).
func (a *api) peopleOn(ctx context.Context, actor identity.Actor, t *ticket.Ticket) (who people, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		names, err := identity.Names(tx, []string{t.RequesterID, t.AssigneeID})
		if err != nil {
			return err
		}
		room, err := ticket.RoomOf(tx, t.ID, "")
		if err != nil {
			return err
		}
		who.assignee = person(t.AssigneeID, names[t.AssigneeID])
		if t.RequesterID == actor.PersonID || (actor.OrgID != "" && (room.UpperOrg == actor.OrgID || t.CustomerOrg == actor.OrgID)) {
			who.requester = person(t.RequesterID, names[t.RequesterID])
		}
		return nil
	})
	return who, err
}

// found shows a ticket after a use case that the caller was allowed.
func (a *api) found(ctx context.Context, actor identity.Actor, t *ticket.Ticket) (*ticketAnswer, error) {
	list, err := a.Tickets.Summaries(ctx, []ticket.Ticket{*t})
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, actor, &list[0])
}

func (a *api) answer(ctx context.Context, actor identity.Actor, s *ticket.Summary) (*ticketAnswer, error) {
	who, err := a.peopleOn(ctx, actor, &s.Ticket)
	if err != nil {
		return nil, err
	}
	out, err := a.present(ctx, s, who)
	return &ticketAnswer{Body: out}, err
}

// orgNames remembers the names of organisations, which hardly ever change, for a minute.
type orgNames struct {
	db     *db.DB
	mu     sync.Mutex
	known  map[string]orgName
	vendor orgName
}

type orgName struct {
	id, name string
	readAt   int64
}

const nameFresh = 60_000

func (n *orgNames) of(ctx context.Context, id string) (string, error) {
	now := n.db.Now()
	n.mu.Lock()
	o, ok := n.known[id]
	n.mu.Unlock()
	if ok && now-o.readAt < nameFresh && now >= o.readAt {
		return o.name, nil
	}
	err := n.db.Read(ctx, func(tx *db.Tx) error {
		names, err := org.Names(tx, []string{id})
		o = orgName{id, names[id], now}
		return err
	})
	if err != nil {
		return "", err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[id] = o
	return o.name, nil
}

// ofVendor is the vendor; empty in a store that has none yet.
func (n *orgNames) ofVendor(ctx context.Context) (orgName, error) {
	now := n.db.Now()
	n.mu.Lock()
	o := n.vendor
	n.mu.Unlock()
	if o.id != "" && now-o.readAt < nameFresh && now >= o.readAt {
		return o, nil
	}
	err := n.db.Read(ctx, func(tx *db.Tx) error {
		v, err := org.VendorOrg(tx)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		o = orgName{v.ID, v.Name, now}
		return err
	})
	if err != nil {
		return o, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.vendor = o
	return o, nil
}
