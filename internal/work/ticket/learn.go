package ticket

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// Learned is what somebody found out about a request after it came.
type Learned struct {
	// Facts are facts of the policy by name, as they are written; several words for a set, none to take a fact back.
	Facts map[string][]string
	// Severity is the severity from now on, or "".
	Severity string
	// Reason is kept in the room of the desk that records. A change of the severity needs one, and so does another value of a
	// fact that the desk has recorded before.
	Reason string
}

// Learn writes down what was found out and decides again by the pinned version. The desk that has the ticket records facts that
// the policy leaves to the provider, and what the asker told it; the asker's side answers what the policy asks it.
// A request that is then not covered is declined, with its reasons in writing; one that is covered after all is open again.
// Faults: Invalid with fields, Denied for who may not record this, Conflict for a closed ticket, NotFound.
func (s *Service) Learn(ctx context.Context, actor identity.Actor, ref string, expect int, r Learned) (t *Ticket, err error) {
	defer fault.Wrap(&err, "ticket.Learn %s", ref)
	if r.Reason, err = words("reason", r.Reason); err != nil {
		return nil, err
	}
	return s.change(ctx, actor, ref, expect, func(c *change) error {
		w := &learning{change: c, r: r}
		if err := w.begin(); err != nil {
			return err
		}
		if err := w.check(); err != nil {
			return err
		}
		return w.finish()
	})
}

// learning is one Learn under way.
type learning struct {
	*change
	r   Learned
	sit *coverage.Situation
	// events are what is new, told what is said of each in the journal.
	events []coverage.Event
	told   []map[string]string
	// again is set when the desk replaces something that it said before.
	again bool
}

func (w *learning) begin() error {
	if !w.t.handles(w.actor) && !w.t.asks(w.actor) {
		return w.mustHandle()
	}
	if w.t.State == Closed {
		return fault.New(fault.Conflict, "This ticket is closed. Open it again first, then record what you learned.")
	}
	j, err := loadJudgement(w.tx, w.t.ID, w.t.Judgement)
	if err != nil {
		return err
	}
	if w.sit, err = storedSituation(w.rules.Policy, j.Situation); err != nil {
		return err
	}
	info, _, err := loadInformation(w.tx, w.rules.Policy, w.t.ID)
	hold(w.sit, w.rules.Policy, &info)
	return err
}

// check turns what was learned into events, or says what cannot be recorded.
func (w *learning) check() error {
	steps := []func() error{w.facts, w.severity}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if len(w.events) == 0 {
		return fault.New(fault.Invalid, "There is nothing new to record. Choose what you learned.")
	}
	if w.again {
		return needReason(w.r.Reason)
	}
	return nil
}

func (w *learning) facts() error {
	p, now := w.rules.Policy, w.sit.Now(w.rules.Policy)
	for _, name := range slices.Sorted(maps.Keys(w.r.Facts)) {
		words := w.r.Facts[name]
		by := coverage.GiverRequester
		if w.t.handles(w.actor) && coverage.Gives(p, coverage.GiverProvider, name) {
			by = coverage.GiverProvider
		}
		if mistakes := new(coverage.Situation).Put(p, by, map[string][]string{name: words}); len(mistakes) > 0 {
			return wrongFacts(mistakes)
		}
		before := now.Value(name)
		if slices.Equal(before, words) {
			continue
		}
		w.again = w.again || by == coverage.GiverProvider && len(before) > 0
		e := coverage.Answer(name, words, by, w.now)
		if !w.t.asks(w.actor) {
			e.By = ""
		}
		w.add(e, map[string]string{"fact": name})
	}
	return nil
}

func (w *learning) add(e coverage.Event, told map[string]string) {
	w.events, w.told = append(w.events, e), append(w.told, told)
}

func (w *learning) severity() error {
	id, p := w.r.Severity, w.rules.Policy
	if id == "" || id == w.t.Severity {
		return nil
	}
	if !slices.ContainsFunc(p.Severities(), func(s policy.SeverityLevel) bool { return s.ID == id }) {
		return fault.New(fault.Invalid, "This severity is not in the support policy.").WithField("severity", "The policy has no severity "+quote(id)+".")
	}
	if !w.t.mayChangeSeverity(p, w.actor) {
		return fault.New(fault.Denied, "The policy does not let your side change the severity of this request.")
	}
	w.again = w.again || w.t.handles(w.actor)
	w.add(coverage.Event{At: w.now, Name: "severity-changed", Value: id}, map[string]string{"from": w.t.Severity, "to": id})
	return nil
}

// mayChangeSeverity reports whether the policy leaves a change of the severity to the actor's side.
func (t *Ticket) mayChangeSeverity(p *policy.Policy, a identity.Actor) bool {
	by := p.SeverityChangedBy()
	return t.handles(a) && slices.Contains(by, policy.SetByProvider) || t.asks(a) && slices.Contains(by, policy.SetByRequester)
}

// finish decides again, stores it and says what followed.
func (w *learning) finish() error {
	w.sit.Events = append(w.sit.Events, w.events...)
	notice, err := w.decideAgain()
	if err != nil {
		return err
	}
	note := ""
	if strings.TrimSpace(w.r.Reason) != "" && w.t.handles(w.actor) {
		if note, err = w.ownNote(w.r.Reason); err != nil {
			return err
		}
	}
	for i, data := range w.told {
		if note != "" {
			data["message"] = note
		}
		if w.t.State != w.before.State && i == len(w.told)-1 {
			data["state"] = string(w.t.State)
		}
		kind := EventRecorded
		if data["fact"] == "" {
			kind = EventSeverity
		}
		if err := w.event(kind, "", "", data); err != nil {
			return err
		}
	}
	if notice == "" {
		return nil
	}
	return w.notify(Notice{Event: notice, RoomID: requesterRoomID})
}

// decideAgain judges by the pinned version. The ticket stays at its desk: who has it is told, and may hand it on.
func (w *learning) decideAgain() (notice string, err error) {
	d := coverage.Decide(w.rules.Policy, w.sit)
	overridden := w.t.Covered == coverage.CoveredNo && w.t.State != Declined
	if err := w.rejudged(EventRecorded, w.sit, d); err != nil {
		return "", err
	}
	switch {
	case d.Covered == coverage.CoveredNo && !overridden && (w.t.State.Active() || w.t.State == Incomplete):
		w.t.State, notice = Declined, string(Declined)
	case d.Covered != coverage.CoveredNo && w.t.State == Declined:
		w.t.State, notice = New, EventOpened
		if len(d.Missing) > 0 {
			w.t.State, notice = Incomplete, string(Incomplete)
		}
	}
	return notice, nil
}

// rejudged stores a decision on a situation whose facts changed while the ticket stays at its desk.
func (c *change) rejudged(trigger string, sit *coverage.Situation, d coverage.Decision) error {
	situation, err := json.Marshal(sit)
	if err != nil {
		return err
	}
	if d.Level != c.t.Level {
		d.Level, d.Provider = c.t.Level, coverage.Provider{Kind: c.t.ProviderKind, Org: c.t.ProviderOrg}
	}
	c.t.Severity = d.Severity
	return c.judged(trigger, situation, d)
}

// wrongFacts is the fault of facts that cannot be used, each a field facts.NAME.
func wrongFacts(mistakes []coverage.FieldError) error {
	bad := fault.New(fault.Invalid, "Some answers can't be used. Please check the marked fields.")
	for _, m := range mistakes {
		bad = bad.WithField("facts."+m.Path, wordingOf(m.Message))
	}
	return bad
}

func wordingOf(message string) string {
	if message == "" {
		return message
	}
	return strings.ToUpper(message[:1]) + message[1:] + "."
}

// mayClose answers Invalid with GateMissing while a gate before closing lacks something. Only what a desk closes as done passes
// it: a request that was declined, or that its sender takes back, was never worked out.
func (c *change) mayClose(in information.Given) error {
	p := c.rules.Policy
	if in.Empty() && !slices.ContainsFunc(p.Gates(), func(g policy.Gate) bool { return g.To == coverage.Close }) {
		return nil
	}
	j, err := loadJudgement(c.tx, c.t.ID, c.t.Judgement)
	if err != nil {
		return err
	}
	sit, err := storedSituation(p, j.Situation)
	if err != nil {
		return err
	}
	info, sealed, err := c.taken(in)
	if err != nil {
		return err
	}
	hold(sit, p, &info)
	if missing := coverage.Gate(p, sit, c.t.Level, coverage.Close); len(missing) > 0 {
		return fault.New(fault.Invalid, "The policy asks for more before this is closed. Add what is missing and try again.").
			WithDetail(GateMissing{Missing: coverage.Items(missing), Clause: clauseOf(missing)})
	}
	if in.Empty() {
		return nil
	}
	return saveInformation(c.tx, c.t.ID, &info, sealed)
}
