package coverage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Explain says a decision in sentences for people, then its reasons, each with the clause that it comes from and its line in
// the document. Instants are shown in the zone of the policy, which is named, and in UTC where that is another time.
func Explain(p *policy.Policy, s *Situation, d Decision) string {
	p, _ = agreedOn(p, s)
	e := explainer{p: p, s: s, d: &d}
	if zone, err := calendar.LoadZone(p.Zone()); err == nil {
		e.zone = zone
	}
	e.say(e.covered())
	e.level()
	if d.Covered != CoveredNo {
		e.service()
	}
	e.say(e.maintenance())
	e.say(e.renewal())
	for _, o := range d.Offers {
		e.say("The way on: " + wording.Inner(o.Text) + linkText(o.URL) + ".")
	}
	e.unsettled()
	e.conflicts()
	e.reasons()
	return e.text.String()
}

type explainer struct {
	p    *policy.Policy
	s    *Situation
	d    *Decision
	zone calendar.Zone
	text strings.Builder
}

func (e *explainer) say(sentence string) {
	if sentence != "" {
		e.text.WriteString(sentence + "\n")
	}
}

func linkText(url string) string {
	if url == "" {
		return ""
	}
	return ", " + url
}

func (e *explainer) covered() string {
	switch e.d.Covered {
	case CoveredYes:
		if len(e.d.Missing) > 0 {
			return "The request is covered, and incomplete."
		}
		return "The request is covered."
	case CoveredLimited:
		return "The request is covered in part."
	case CoveredBestEffort:
		return "The request is answered on a best-effort basis."
	case CoveredNo:
		return "The request is not covered: it is kept as declined."
	}
	return "It is not known yet whether the request is covered; until it is known, the request is served."
}

func (e *explainer) level() {
	level, _ := e.p.Level(e.d.Level)
	verb := "It starts at"
	if e.d.Covered == CoveredNo {
		verb = "It came to"
	}
	e.say(verb + " " + level.Name + ", which " + e.provider() + " provides.")
	if wanted, ok := e.p.Level(e.d.LevelWanted); ok && e.d.Covered != CoveredNo {
		e.say(wanted.Name + " was asked for; " + level.Name + " passes the request on if that is needed.")
	}
}

func (e *explainer) provider() string {
	switch provider := e.d.Provider; {
	case provider.Kind == "vendor":
		return e.p.Vendor()
	case provider.Org == "":
		return "the " + provider.Kind
	default:
		return "the " + provider.Kind + " \"" + provider.Org + "\""
	}
}

// service says when and how the request is worked on.
func (e *explainer) service() {
	e.say(e.channel())
	e.say(e.languages())
	e.say(e.open())
	if e.d.Effort == EffortBestEffort && e.d.Covered != CoveredBestEffort {
		e.say("While the desk is closed, we help on a best-effort basis.")
	}
	for _, c := range e.charges() {
		e.say(e.charge(c))
	}
	for i := range e.d.Allowances {
		e.say(e.allowance(&e.d.Allowances[i]))
	}
	if len(e.d.Missing) > 0 {
		e.say("Still missing: " + strings.Join(e.missing(), "; ") + ".")
	}
	deadlines := Deadlines(e.p, e.s, *e.d, e.s.Events, e.s.latest(), nil)
	for i := range e.d.Clocks {
		c := &e.d.Clocks[i]
		e.say(e.clock(c))
		if at := slices.IndexFunc(deadlines, func(d Deadline) bool { return d.ID == c.ID && d.Level == c.Level }); at >= 0 {
			for _, line := range deadlines[at].Lines {
				e.say("  " + line)
			}
		}
	}
}

func (e *explainer) open() string {
	d := e.d
	switch {
	case d.OpenNow == nil && d.Calendar == "none":
		return "The policy names no opening hours for this desk."
	case d.OpenNow == nil:
		return "" // said with what is not settled
	case *d.OpenNow && d.ClosesAt != nil:
		return "The desk is open until " + e.instant(*d.ClosesAt) + "."
	case *d.OpenNow:
		return "The desk is open."
	case d.OpensAt != nil:
		return "The desk is closed. It opens on " + e.instant(*d.OpensAt) + "."
	}
	return "The desk is closed."
}

func (e *explainer) charges() []Charge {
	if len(e.d.Charges) == 0 && e.d.Charge != nil {
		return []Charge{*e.d.Charge}
	}
	return e.d.Charges
}

func (e *explainer) charge(c Charge) string {
	switch {
	case c.From != "":
		return "The time is taken from what was bought in advance: " + wording.Inner(e.allowanceTitle(c.From)) + "."
	case c.Confirm != "":
		return "The work is charged (" + wording.Spoken(c.Rate) + "); the price is confirmed first."
	}
	return "The work is charged (" + wording.Spoken(c.Rate) + ")."
}

func (e *explainer) allowanceTitle(id string) string {
	for _, a := range e.p.Allowances() {
		if a.ID == id {
			return a.Title
		}
	}
	return wording.Spoken(id)
}

// allowance says what is left of an allowance; nothing where its limit is not settled.
func (e *explainer) allowance(a *Allowance) string {
	def := e.allowanceDef(a.ID)
	if def == nil || a.Allowed == nil {
		return ""
	}
	amount := func(n int64) string {
		if def.Kind == policy.CountTime {
			return wording.Duration(n)
		}
		return strconv.FormatInt(n, 10)
	}
	text := def.Title + ": "
	switch {
	case a.Unlimited:
		text += "without limit; " + amount(a.Used) + " used"
	case def.Bought && def.Limit == nil:
		text += amount(*a.Limit) + " bought, " + amount(a.Used) + " used, " + amount(*a.Left) + " left"
	default:
		text += amount(*a.Limit) + " allowed, " + amount(a.Used) + " used, " + amount(*a.Left) + " left"
	}
	if a.Renews != "" {
		text += "; a new period begins on " + a.Renews
	}
	if a.ChangeDue != nil {
		text += "; a change asked for now is made by " + e.instant(*a.ChangeDue)
	}
	return text + "."
}

func (e *explainer) allowanceDef(id string) *policy.Allowance {
	list := e.p.Allowances()
	for i := range list {
		if list[i].ID == id {
			return &list[i]
		}
	}
	return nil
}

// channel says which channel to use instead of one that is refused.
func (e *explainer) channel() string {
	d := e.d
	if d.ChannelAllowed == nil || *d.ChannelAllowed {
		return ""
	}
	text := "It came by a channel that is not open to it: it is kept, and its time starts when it arrives on an allowed one."
	for _, k := range e.p.Channels() {
		if k.ID == d.UseChannel {
			text += " Please use: " + k.Title + "."
		}
	}
	return text
}

// languages says in which language the request is answered, where that is not its own.
func (e *explainer) languages() string {
	asked := e.s.Language
	if asked == "" {
		asked = DefaultLanguage
	}
	if len(e.d.Languages) == 0 || e.d.Languages[0] == asked {
		return ""
	}
	names := make([]string, len(e.d.Languages))
	for i, tag := range e.d.Languages {
		names[i] = wording.Language(tag)
	}
	return "It is answered in " + wording.Or(names) + "."
}

// renewal says on which plan the contract renews, where that is another one.
func (e *explainer) renewal() string {
	if e.d.PlanAtRenewal == "" || e.d.PlanAtRenewal == e.d.Plan {
		return ""
	}
	name := "no plan"
	if plan, ok := e.p.Plan(e.d.PlanAtRenewal); ok {
		name = plan.Name
	}
	return "At its renewal the contract goes on with " + name + "."
}

// maintenance says which planned work is going on now.
func (e *explainer) maintenance() string {
	var list []string
	for i := range e.d.Maintenance {
		m := &e.d.Maintenance[i]
		if m.Now == nil || !*m.Now {
			continue
		}
		for _, def := range e.p.Maintenance() {
			if def.ID == m.ID {
				list = append(list, def.Title)
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "Planned work may be going on now: " + wording.And(list) + "."
}

func (e *explainer) clock(c *Clock) string {
	end := "."
	if c.Kind == KindGoal {
		end = ", as a goal."
	}
	due := ""
	if c.DueAt != nil {
		due = " " + e.instant(*c.DueAt)
	}
	switch {
	case c.State == ClockNone || c.State == "":
		return ""
	case c.State == ClockWaiting:
		return c.Title + ": " + e.target(c) + e.notStarted(c) + end
	case c.State == ClockMet:
		return c.Title + ": given in time."
	case c.State == ClockPaused:
		return c.Title + ": paused."
	case c.State == ClockLate:
		return c.Title + ": was due by" + due + end
	case due == "":
		return c.Title + ": " + e.target(c) + end
	}
	return c.Title + ": due by" + due + end
}

// notStarted says what a clock waits for.
func (e *explainer) notStarted(c *Clock) string {
	for _, def := range e.p.ClockDefs() {
		if def.ID == c.ID && def.Starts == "complete" {
			return ", counted once it is complete"
		}
	}
	return ", not counted yet"
}

// target is the promise of a clock in words; what the decision holds is as the document writes it.
func (e *explainer) target(c *Clock) string {
	for _, def := range e.p.ClockDefs() {
		for i := range def.Targets {
			if def.ID == c.ID && def.Targets[i].Text == c.Target {
				return def.Targets[i].Words
			}
		}
	}
	return c.Target
}

func (e *explainer) missing() []string {
	titles := make([]string, len(e.d.Missing))
	for i, id := range e.d.Missing {
		titles[i] = wording.Spoken(id)
		for _, info := range e.p.Information() {
			if info.ID == id {
				titles[i] = wording.Inner(info.Title)
			}
		}
	}
	return titles
}

// unsettled says what is open and what it depends on; what depends on the same is said together.
func (e *explainer) unsettled() {
	said := map[string]bool{}
	for i := range e.d.Unsettled {
		on := e.d.Unsettled[i].DependsOn(e.p)
		if said[on] {
			continue
		}
		said[on] = true
		var what []string
		for k := range e.d.Unsettled {
			if u := &e.d.Unsettled[k]; u.DependsOn(e.p) == on {
				what = append(what, u.Question(e.p))
			}
		}
		if on == "" {
			e.say("The policy leaves open " + wording.And(what) + ".")
			continue
		}
		e.say("Not known yet: " + wording.And(what) + ". It depends on " + on + ".")
	}
}

// conflicts says where texts of the policy disagree about this request, and which one is used.
func (e *explainer) conflicts() {
	for i := range e.d.Conflict {
		k := &e.d.Conflict[i]
		var say []string
		for _, r := range k.Readings {
			result := r.Result
			if result == "" {
				result = "nothing"
			}
			say = append(say, fmt.Sprintf("%q (#%s) leads to %s", wording.Spoken(r.Name), r.Clause, result))
		}
		used := fmt.Sprintf("%q is used", wording.Spoken(k.Use))
		if k.Use == "ask" {
			used = "nobody has settled which one counts"
		}
		e.say("Two texts of the policy disagree here: " + strings.Join(say, ", ") + "; " + used + ".")
	}
}

// Question says what is open: "who provides support".
func (u *Unsettled) Question(p *policy.Policy) string {
	switch u.Field {
	case "covered":
		return "whether it is covered"
	case "provider":
		return "who provides support"
	case "calendar":
		return "which opening hours count"
	case "open_now":
		return "whether the desk is open"
	case "opens_at":
		return "when it opens"
	case "closes_at":
		return "when it closes"
	case "severity":
		return "the severity"
	case "charge":
		return "whether the work costs something"
	case "contract.terms":
		return "what the contract agrees on, because this version of the policy does not take its terms"
	case "channel_allowed":
		return "whether it may come by this channel"
	case "languages":
		return "in which language it is answered"
	case "plan_at_renewal":
		return "on which plan the contract renews"
	case "version.phase":
		return "where the version is in its life"
	case "version.until":
		return "when this phase of the version ends"
	}
	if clock, ok := strings.CutPrefix(u.Field, "clocks."); ok {
		return clockQuestion(p, strings.TrimSuffix(clock, ".due"))
	}
	if allowance, ok := strings.CutPrefix(u.Field, "allowances."); ok {
		for _, a := range p.Allowances() {
			if a.ID == allowance {
				return "how much is allowed of " + wording.Inner(a.Title)
			}
		}
	}
	if phase, ok := strings.CutPrefix(u.Field, "version.phases."); ok {
		return "when its phase \"" + wording.Spoken(phase) + "\" ends"
	}
	return wording.Spoken(u.Field)
}

func clockQuestion(p *policy.Policy, id string) string {
	for _, c := range p.ClockDefs() {
		if c.ID == id && c.Title != "" {
			return "by when \"" + c.Title + "\" is due"
		}
	}
	return "by when the " + wording.Spoken(id) + " is due"
}

// DependsOn names in words the facts that would settle it, "whether a contract is in force"; empty where the policy has no rule.
func (u *Unsettled) DependsOn(p *policy.Policy) string {
	if u.Cause == CauseGap {
		return ""
	}
	needs := make([]string, len(u.Needs))
	for i, name := range u.Needs {
		f, ok := p.Facts().ByName(name)
		switch {
		case ok:
			needs[i] = p.Facts().Question(f)
		default:
			needs[i] = wording.Spoken(name)
		}
	}
	return wording.And(needs)
}

func (e *explainer) reasons() {
	e.say("\nWhy:")
	for _, r := range e.d.Because {
		clause, _ := e.p.Clause(r.Clause)
		text := "- " + r.Text
		if r.Overridden {
			text = "- Set aside by another rule: " + r.Text
		}
		if r.Source != "" {
			e.say(fmt.Sprintf("%s [the contract, by %s #%s]", text, clause.Title, r.Clause))
			continue
		}
		e.say(fmt.Sprintf("%s [%s #%s, line %d]", text, clause.Title, r.Clause, r.Line))
	}
	for i := range e.d.Clocks {
		c := &e.d.Clocks[i]
		for _, r := range c.Because {
			clause, _ := e.p.Clause(r.Clause)
			if c.DueAt == nil {
				continue
			}
			where := fmt.Sprintf("%s #%s, line %d", clause.Title, r.Clause, r.Line)
			if r.Source != "" {
				where = fmt.Sprintf("the contract, by %s #%s", clause.Title, r.Clause)
			}
			e.say(fmt.Sprintf("- %s [%s]", r.Text, where))
		}
	}
}

// instant is an instant in the zone of the policy: "Mon 23 Nov 2026, 08:00 GMT (UTC)".
func (e *explainer) instant(ms int64) string {
	t := time.UnixMilli(ms)
	local := t.In(e.zone.Location())
	text := local.Format("Mon 2 Jan 2006, 15:04 ") + wording.Zone(e.p.Zone())
	switch _, offset := local.Zone(); {
	case offset != 0:
		return text + " (" + t.UTC().Format("15:04") + " UTC)"
	case e.p.Zone() != "UTC":
		return text + " (UTC)"
	}
	return text
}
