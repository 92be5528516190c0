package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Clocks returns the state of every clock of the policy at now (UTC milliseconds), recomputed from the whole history.
// Events are in order of time; without any the request was just created, and complete when nothing is missing.
//
// Time counts on the calendar that was in force then, at the level where the request was then (events level-entered), and
// not while a clock pauses or has no target. A raised target takes the time used along.
func Clocks(p *policy.Policy, s *Situation, d Decision, events []Event, now int64) []Clock {
	j := newJudge(p, s)
	var again Decision
	j.settle(&again)
	return j.clocks(&d, events, now)
}

func (j *judge) clocks(d *Decision, events []Event, now int64) []Clock {
	defs := j.p.ClockDefs()
	if len(defs) == 0 || now == 0 {
		return nil
	}
	if len(events) == 0 {
		events = j.arrival(d)
	}
	list := make([]Clock, len(defs))
	for i := range defs {
		r := run{j: j, def: &defs[i], now: now}
		list[i] = r.clock(d, events)
	}
	return list
}

// arrival is the history of a request that was just created.
func (j *judge) arrival(d *Decision) []Event {
	at := j.s.Arrived
	if at == 0 {
		at = j.s.At
	}
	events := []Event{{At: at, Name: "created"}, {At: at, Name: "complete"}}
	if len(d.Missing) > 0 {
		return events[:1]
	}
	return events
}

// pace is what a clock counts on between two changes of level or severity.
type pace struct {
	cal    *calendar.Calendar // nil counts elapsed time
	name   string
	dayMs  int64 // of a business day
	rule   int   // of Clock.Within, -1 for none
	target policy.Target
}

// run folds the history of one clock.
type run struct {
	j   *judge
	def *policy.Clock
	now int64

	pace    pace
	started bool
	stopped bool
	paused  bool
	startAt int64
	stopAt  int64
	from    int64 // up to here time is counted
	used    int64
	passed  bool  // the target was used up at passedAt
	dueAt   int64 // valid when passed
	changed bool  // by a change of target
	steps   []Stretch
}

func (r *run) clock(d *Decision, events []Event) Clock {
	c := Clock{ID: r.def.ID, Title: r.def.Title, State: ClockWaiting, Kind: KindCommitment}
	if r.def.Goal || d.Covered == CoveredBestEffort {
		c.Kind = KindGoal
	}
	c.Provisional = d.Covered == CoveredAsk
	if d.Covered == CoveredNo {
		c.State = ClockNone
		return c
	}
	r.setPace(r.firstLevel(events), "")
	for i := range events {
		if events[i].At <= r.now {
			r.apply(&events[i])
		}
	}
	if r.started && !r.stopped {
		r.count(r.now)
	}
	r.report(&c)
	return c
}

// firstLevel is where the history begins: the first level entered, else where the request stands.
func (r *run) firstLevel(events []Event) string {
	for i := range events {
		if events[i].Name == "level-entered" {
			return events[i].Value
		}
	}
	return ""
}

// setPace chooses calendar and target for a level and severity; an empty word keeps what is known.
func (r *run) setPace(level, severity string) {
	if level == "" && severity == "" {
		r.pace = r.j.pace(r.def)
		return
	}
	own := *r.j // other clocks fold the same history from its beginning
	j := &own
	if i, ok := j.p.Word(fact.Level, level); ok && j.row >= 0 {
		var unused Decision
		j.level = i
		j.known(fact.Level, i)
		j.settleProvider(&unused, j.provider(i))
	}
	if i, ok := j.p.Word(fact.Severity, severity); ok {
		j.known(fact.Severity, i)
	}
	j.hours, _ = j.hoursNow(nil)
	r.j, r.pace = j, j.pace(r.def)
}

func (j *judge) pace(def *policy.Clock) pace {
	p := pace{cal: j.hours.cal, name: j.hours.name, rule: -1}
	base := j.hours.base
	for i := range def.Within {
		if def.Within[i].When.Eval(&j.facts) == fact.True {
			p.rule, p.target = i, def.Within[i].Target
			break
		}
	}
	on := p.target.On
	if p.rule < 0 || on == policy.RunsHours {
		on = def.Runs
	}
	if on >= 0 {
		chosen := &j.p.Calendars()[on]
		p.cal, p.name, base = chosen.Hours, chosen.ID, on
	}
	if p.target.Kind == policy.TargetBusinessDays {
		p.dayMs = businessDay(j.p, base)
		p.target.Ms = int64(p.target.Days) * p.dayMs
	}
	return p
}

// businessDay is the length of a business day on a calendar; round the clock and elapsed time have days of 24 hours.
func businessDay(p *policy.Policy, base int) int64 {
	if base >= 0 {
		if day, err := p.Calendars()[base].Hours.BusinessDay(); err == nil && day > 0 {
			return day
		}
	}
	return 24 * 3600_000
}

func (p *pace) between(a, b int64) int64 {
	if p.cal == nil {
		return max(b-a, 0)
	}
	return p.cal.Between(a, b)
}

func (p *pace) add(at, ms int64) (int64, bool) {
	if p.cal == nil {
		return at + ms, true
	}
	return p.cal.Add(at, ms)
}

// counts reports whether the target is an amount of open time.
func (p *pace) counts() bool {
	return p.target.Kind == policy.TargetDuration || p.target.Kind == policy.TargetBusinessDays
}

// point is the due of a target that is a point in the calendar.
func (p *pace) point(start int64) (int64, bool) {
	cal := p.cal
	if cal == nil {
		cal = calendar.Always()
	}
	if p.target.Kind == policy.TargetByClose {
		return cal.CloseAfter(start, p.target.Days)
	}
	return cal.ByTime(start, p.target.Minute/60, p.target.Minute%60, p.target.Days)
}

// count adds the time up to an instant, and notes when the target was used up.
func (r *run) count(to int64) {
	if to <= r.from {
		return
	}
	step := Stretch{FromAt: r.from, ToAt: to, Calendar: r.pace.name, Paused: r.paused}
	if !r.paused && r.pace.target.Kind != policy.TargetNone {
		step.UsedMs = r.pace.between(r.from, to)
		r.cross(step.UsedMs)
		r.used += step.UsedMs
	}
	r.steps = append(r.steps, step)
	r.from = to
}

// cross notes the instant at which the coming stretch uses up the target.
func (r *run) cross(more int64) {
	if r.passed || !r.pace.counts() || r.used+more < r.pace.target.Ms {
		return
	}
	if due, ok := r.pace.add(r.from, r.pace.target.Ms-r.used); ok {
		r.passed, r.dueAt = true, due
	}
}

func (r *run) apply(e *Event) {
	if r.started && !r.stopped {
		r.count(e.At)
	}
	switch {
	case slices.Contains(r.def.Restarts, e.Name):
		r.begin(e.At)
	case e.Name == r.def.Starts && !r.started:
		r.begin(e.At)
	}
	if e.Name == r.def.Stops && r.started && !r.stopped {
		r.stopped, r.stopAt = true, e.At
	}
	switch e.Name {
	case "reopened":
		if r.stopped && (r.def.Stops == "solved" || r.def.Stops == "closed") {
			r.stopped, r.from = false, e.At
		}
	case "status":
		r.paused = slices.Contains(r.def.Pauses, e.Value)
	case "waits-for-requester":
		r.paused = r.pausesForRequester(e.Value)
	case "customer-replied":
		r.paused = false
	case "level-entered":
		r.change(e.At, e.Value, "")
	case "severity-changed":
		r.change(e.At, "", e.Value)
	}
}

func (r *run) begin(at int64) {
	r.started, r.stopped, r.startAt, r.from, r.used = true, false, at, at, 0
	r.passed, r.changed, r.steps = false, false, nil
}

// pausesForRequester reports whether waiting for the requester, in the given status or any, pauses the clock.
func (r *run) pausesForRequester(status string) bool {
	if status != "" {
		return slices.Contains(r.def.Pauses, status)
	}
	return slices.ContainsFunc(r.j.p.Statuses(), func(s policy.Status) bool {
		return s.WaitsFor == "requester" && slices.Contains(r.def.Pauses, s.ID)
	})
}

// change takes the time used along to another calendar and target.
func (r *run) change(at int64, level, severity string) {
	before := r.pace.target
	if r.stopped {
		return
	}
	r.setPace(level, severity)
	if !r.started || before == r.pace.target || r.pace.target.Kind == policy.TargetNone {
		return
	}
	r.passed = false
	if r.pace.counts() && r.used >= r.pace.target.Ms && r.used > 0 {
		r.passed, r.dueAt, r.changed = true, at, true
	}
}

func (r *run) report(c *Clock) {
	c.Calendar, c.Target, c.UsedMs, c.Steps = r.pace.name, r.pace.target.Text, r.used, r.steps
	if r.pace.rule >= 0 {
		w := &r.def.Within[r.pace.rule]
		c.Because = []Reason{{Clause: w.Clause, Rule: w.ID, Line: w.Line, Effect: w.Target.Text, Text: w.Sentence}}
	}
	if r.pace.rule < 0 || r.pace.target.Kind == policy.TargetNone {
		c.State, c.Target, c.Calendar, c.UsedMs, c.Steps = ClockNone, "", "", 0, nil
		return
	}
	if r.pace.counts() {
		c.TargetMs = r.pace.target.Ms
	}
	if !r.started {
		return
	}
	start := r.startAt
	c.StartedAt = &start
	if r.stopped {
		stop := r.stopAt
		c.StoppedAt = &stop
	}
	due, ok := r.due()
	if ok {
		c.DueAt = &due
	}
	c.LateBy = r.changed
	c.State = r.state(due, ok)
	if c.State == ClockRunning || c.State == ClockLate {
		c.Then = r.then(due, ok)
	}
}

func (r *run) due() (int64, bool) {
	switch {
	case !r.pace.counts():
		return r.pace.point(r.startAt)
	case r.passed:
		return r.dueAt, true
	}
	return r.pace.add(r.from, r.pace.target.Ms-r.used)
}

func (r *run) state(due int64, ok bool) string {
	switch {
	case r.stopped && ok && r.stopAt > due, !r.stopped && ok && r.now > due && (!r.paused || r.passed):
		return ClockLate
	case r.stopped:
		return ClockMet
	case r.paused:
		return ClockPaused
	}
	return ClockRunning
}

// then lists the steps that are still to come or have just fallen due.
func (r *run) then(due int64, ok bool) []Due {
	var list []Due
	for _, step := range r.def.Then {
		at, known := due, ok
		switch {
		case step.Late:
			at, known = r.pace.add(due, step.LateMs)
		case step.AfterMs > 0:
			at, known = r.usedUp(step.AfterMs)
		case r.pace.counts():
			at, known = r.usedUp(r.pace.target.Ms * int64(step.Percent) / 100)
		}
		if known {
			list = append(list, Due{At: at, Notify: step.Notify, Escalate: step.Escalate})
		}
	}
	return list
}

// usedUp is the instant at which an amount of time is used, on the present calendar where it lies ahead.
func (r *run) usedUp(ms int64) (int64, bool) {
	if ms >= r.used {
		return r.pace.add(r.from, ms-r.used)
	}
	var sum int64
	for _, step := range r.steps {
		if sum += step.UsedMs; sum >= ms {
			return step.ToAt - (sum - ms), true
		}
	}
	return 0, false
}
