// Package coverage applies the written policy to what is known about a request: who answers it, whether it is covered,
// when the desk is open, what is missing, which promises in time run, and by which clause each of these is so.
//
// It is pure: the same policy, situation and zone data give the same decision for ever. Instants are UTC milliseconds.
package coverage

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Values of Decision.Covered.
const (
	CoveredYes        = "yes"
	CoveredLimited    = "limited"
	CoveredBestEffort = "best-effort"
	CoveredNo         = "no"
	CoveredAsk        = "ask" // facts are missing; the request is served as yes until they are known
)

// Values of Decision.Effort.
const (
	EffortNormal     = "normal"
	EffortBestEffort = "best-effort"
	EffortNone       = "none"
)

// Decision is what the policy says about one situation. Every field is a value or appears in Unsettled.
// Slices may be shared between decisions and must not be changed.
type Decision struct {
	Covered     string      `json:"covered"`
	Charge      *Charge     `json:"charge,omitempty"`
	Charges     []Charge    `json:"charges,omitempty"` // all of them when there are several; they add up
	Severity    string      `json:"severity,omitempty"`
	Plan        string      `json:"plan,omitempty"`
	Level       string      `json:"level"`
	LevelWanted string      `json:"level_wanted,omitempty"` // the category's or the asker's level, when Level is another
	Provider    Provider    `json:"provider"`
	Serves      []string    `json:"serves"`
	Served      bool        `json:"served"` // true also while it is unsettled
	Calendar    string      `json:"calendar,omitempty"`
	OpenNow     *bool       `json:"open_now"`  // null where no hours are published
	OpensAt     *int64      `json:"opens_at"`  // UTC ms; null when open
	ClosesAt    *int64      `json:"closes_at"` // UTC ms; null when closed or always open
	Outside     string      `json:"outside,omitempty"`
	Effort      string      `json:"effort"`
	Offers      []Offer     `json:"offers,omitempty"`
	Clocks      []Clock     `json:"clocks,omitempty"`
	Missing     []string    `json:"missing,omitempty"`
	Allowances  []Allowance `json:"allowances,omitempty"`
	Version     Version     `json:"version"`
	Unsettled   []Unsettled `json:"unsettled,omitempty"`
	Uncertain   []string    `json:"uncertain,omitempty"` // sentences: what results rest on that is not sure yet
	Conflict    []Conflict  `json:"conflict,omitempty"`
	Because     []Reason    `json:"because"`

	ChannelAllowed *bool               `json:"channel_allowed"` // null while it is unsettled
	UseChannel     string              `json:"use_channel,omitempty"`
	Languages      []string            `json:"languages,omitempty"` // in which it is answered; empty where the policy does not say
	PlanAtRenewal  string              `json:"plan_at_renewal,omitempty"`
	Maintenance    []MaintenanceWindow `json:"maintenance,omitempty"`
}

// Offer returns the way on that belongs to the first reason, or nil.
func (d *Decision) Offer() *Offer {
	if len(d.Because) == 0 || d.Because[0].Offer == "" {
		return nil
	}
	for i := range d.Offers {
		if d.Offers[i].ID == d.Because[0].Offer {
			return &d.Offers[i]
		}
	}
	return nil
}

// Provider is who answers. Kind is vendor, partner or customer. Org is the organisation's id where the situation names it:
// empty means the vendor itself, or the account's own organisation when Kind is customer.
type Provider struct {
	Kind string `json:"kind"`
	Org  string `json:"org,omitempty"`
}

// Charge says what the work costs: money (Rate, with the way it is confirmed) or an allowance (From).
type Charge struct {
	Rate    string `json:"rate,omitempty"`
	Confirm string `json:"confirm,omitempty"`
	From    string `json:"from,omitempty"`
}

// Offer is a way on. Kind is who takes it up (provider, sales, update, partner) or link.
type Offer struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

// Version is where the product's version stands in its life. Until is the last day of its phase, 2006-01-02, or of its life when
// that is over; empty while it is open or not settled. Phases are the phases that exist for the version, in order. UpgradePath lists the releases to go through, and UpgradeTo is the first of them
// that is supported; both are empty while the releases are not known or nothing newer is out.
type Version struct {
	Phase       string    `json:"phase,omitempty"`
	Until       string    `json:"until,omitempty"`
	Phases      PhaseEnds `json:"phases,omitempty"`
	UpgradeTo   string    `json:"upgrade_to,omitempty"`
	UpgradePath []string  `json:"upgrade_path,omitempty"`
}

// PhaseEnd is the last day of a phase: 2006-01-02, `open`, or `ended` for one that never began.
type PhaseEnd struct{ ID, Last string }

// PhaseEnds are phases in their order. In JSON they are an object: phase -> last day.
type PhaseEnds []PhaseEnd

// Last is the last day of a phase, empty where it is not among them.
func (p PhaseEnds) Last(id string) string {
	for i := range p {
		if p[i].ID == id {
			return p[i].Last
		}
	}
	return ""
}

// MarshalJSON writes the phases as an object, in their order.
func (p PhaseEnds) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i := range p {
		if i > 0 {
			b = append(b, ',')
		}
		for k, word := range [...]string{p[i].ID, p[i].Last} {
			text, err := json.Marshal(word)
			if err != nil {
				return nil, fmt.Errorf("phases: %w", err)
			}
			if k == 1 {
				b = append(b, ':')
			}
			b = append(b, text...)
		}
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *PhaseEnds) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("phases: %w", err)
	}
	*p = nil
	for d.More() {
		var words [2]string
		for i := range words {
			token, err := d.Token()
			word, ok := token.(string)
			if err != nil || !ok {
				return fmt.Errorf("phases: expected phase and last day, found %v", token)
			}
			words[i] = word
		}
		*p = append(*p, PhaseEnd{ID: words[0], Last: words[1]})
	}
	return nil
}

// Allowance is what is left of a quota or a block. Amounts are milliseconds for time, else counts. Allowed is null while the
// limit is unsettled. Limit and Left are null then, and where there is no limit (Unlimited).
type Allowance struct {
	ID        string `json:"id"`
	Allowed   *bool  `json:"allowed"`
	Limit     *int64 `json:"limit"`
	Unlimited bool   `json:"unlimited,omitempty"`
	Used      int64  `json:"used"`
	Asked     int64  `json:"asked"`
	Left      *int64 `json:"left"`
	Renews    string `json:"renews,omitempty"`     // the first day of the next period, 2006-01-02
	Warned    int    `json:"warned,omitempty"`     // the highest share in percent at which the policy warns and that is reached
	ChangeDue *int64 `json:"change_due,omitempty"` // UTC ms until which a change that is asked for now is made
}

// MaintenanceWindow is planned work on a service. Now says that its window is open; Next is the first instant of the next one,
// AnnounceBy the last at which it can still be announced in time. All are null where no window is named or it is unsettled.
type MaintenanceWindow struct {
	ID         string `json:"id"`
	Now        *bool  `json:"now"`
	Until      *int64 `json:"until,omitempty"`
	Next       *int64 `json:"next"`
	AnnounceBy *int64 `json:"announce_by,omitempty"`
	Clause     string `json:"clause"`
}

// Causes of Unsettled.
const (
	CauseMissing  = "missing"
	CauseGap      = "gap"
	CauseConflict = "conflict"
)

// Conflict is a contradiction between texts of the policy that makes a difference to this request. Use is the reading that
// decides, or "ask".
type Conflict struct {
	Name     string    `json:"name"`
	Clause   string    `json:"clause"`
	Use      string    `json:"use"`
	Readings []Reading `json:"readings"`
}

// Reading is what one of the texts leads to.
type Reading struct {
	Name   string `json:"name"`
	Clause string `json:"clause"`
	Result string `json:"result"`
}

// Unsettled is a field of the decision that the policy cannot settle, with the facts that would, cheapest source first.
type Unsettled struct {
	Field string   `json:"field"`
	Cause string   `json:"cause"`
	Needs []string `json:"needs,omitempty"`
}

// Reason is one rule that took part. The first is the strictest; its offer is the one to show.
type Reason struct {
	Clause     string   `json:"clause"` // the anchor of the heading
	Rule       string   `json:"rule"`
	Line       int      `json:"line"`
	Effect     string   `json:"effect"` // what it did, e.g. "no", "level L2", "calendar worldwide"
	Text       string   `json:"text"`   // one plain sentence
	Offer      string   `json:"offer,omitempty"`
	More       []string `json:"more_offers,omitempty"` // further ways on beside Offer
	Source     string   `json:"source,omitempty"`      // "contract" where the terms of the contract say so; Line is of those terms then
	Overridden bool     `json:"overridden,omitempty"`  // another rule lets the request through; shown struck out
}

// Event is something that happened to a request. At is UTC milliseconds. Value carries the level of level-entered and
// escalated, the severity of severity-changed and the status of status.
type Event struct {
	At    int64  `json:"at"`
	Name  string `json:"event"`
	Value string `json:"value,omitempty"`
	By    string `json:"by,omitempty"` // requester where the asker's side did it; then the request is judged by that instant
}

// States of a Clock.
const (
	ClockWaiting = "waiting"
	ClockRunning = "running"
	ClockPaused  = "paused"
	ClockMet     = "met"
	ClockLate    = "late"
	ClockNone    = "none"
)

// Clock is the state of one promise in time at an instant. A clock that has not started has no DueAt, and neither has one that
// pauses before it was due. All instants UTC milliseconds.
type Clock struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Level       string    `json:"level,omitempty"` // of a clock that counts once for each level
	State       string    `json:"state"`
	Kind        string    `json:"kind"` // commitment, or goal: shown and counted apart, never a breach
	StartedAt   *int64    `json:"started_at,omitempty"`
	StoppedAt   *int64    `json:"stopped_at,omitempty"`
	DueAt       *int64    `json:"due_at,omitempty"`
	UsedMs      int64     `json:"used_ms"`
	TargetMs    int64     `json:"target_ms"` // 0 for a target that is a point in the calendar
	Target      string    `json:"target,omitempty"`
	Calendar    string    `json:"calendar,omitempty"`
	Provisional bool      `json:"provisional,omitempty"`    // coverage is not settled yet
	LateBy      bool      `json:"late_by_change,omitempty"` // a change of target made it late
	Missed      int       `json:"missed,omitempty"`         // earlier runs, before a restart, that were late
	Because     []Reason  `json:"because,omitempty"`
	Steps       []Stretch `json:"steps,omitempty"`
	Then        []Due     `json:"then,omitempty"`
}

// Stretch is a part of a clock's run on one calendar, for explaining how its time was counted.
type Stretch struct {
	FromAt   int64  `json:"from_at"`
	ToAt     int64  `json:"to_at"`
	Calendar string `json:"calendar"`
	Paused   bool   `json:"paused,omitempty"`
	UsedMs   int64  `json:"used_ms"`
}

// Due is a step that the policy attaches to a clock, with the instant at which it falls due or fell due, and its own clause.
type Due struct {
	At          int64  `json:"at"`
	Notify      string `json:"notify,omitempty"`
	Escalate    string `json:"escalate,omitempty"`
	SetSeverity string `json:"set_severity,omitempty"`
	SetStatus   string `json:"set_status,omitempty"`
	Rule        string `json:"rule,omitempty"`
	Clause      string `json:"clause,omitempty"`
	Line        int    `json:"line,omitempty"`
}

// Kinds of a Clock.
const (
	KindCommitment = "commitment"
	KindGoal       = "goal"
)
