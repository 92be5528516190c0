package coverage

import (
	"cmp"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Clocks returns the state of every clock of the policy at now (UTC milliseconds), recomputed from the whole history.
// Events are in order of time; without any the request was just created, and complete when nothing is missing. The situation
// holds the facts before the first event; an event that names a level, a severity, a status or any other fact of the request
// changes them from then on.
//
// The time used is the open time since the last start, each stretch on the calendar that was in force then; a clock does not
// count while it pauses or has no target. It is due at the first instant at which the time used equals the target in force at
// now; a change to a target that was used up before makes it late from the change on.
func Clocks(p *policy.Policy, s *Situation, d Decision, events []Event, now int64) []Clock {
	p, _ = agreedOn(p, s)
	j := newJudge(p, s)
	var again Decision
	j.settle(&again)
	return j.clocks(&d, events, now)
}

func (j *judge) clocks(d *Decision, events []Event, now int64) []Clock {
	if f := j.fold(d, events, now); f != nil {
		return f.report(d)
	}
	if now == 0 {
		return nil
	}
	return refused(j.p.ClockDefs())
}

// fold walks over the history up to now; nil where no clock can run.
func (j *judge) fold(d *Decision, events []Event, now int64) *fold {
	defs := j.p.ClockDefs()
	if len(defs) == 0 || now == 0 || d.Covered == CoveredNo {
		return nil
	}
	events = j.accepted(j.fromArrival(d, events))
	f := &fold{j: j, sit: *j.s, now: now, runs: make([]run, len(defs), len(defs)+4)}
	for i := range defs {
		f.runs[i] = run{def: &defs[i], level: -1, pace: j.pace(&defs[i])}
		f.runs[i].paused = j.pauses(&defs[i])
	}
	for i := range events {
		if events[i].At <= now {
			f.apply(events, i)
		}
	}
	slices.SortStableFunc(f.runs, func(a, b run) int { return position(f.j.p, a.def) - position(f.j.p, b.def) })
	return f
}

// refused are the clocks of a request that is not covered: none of them runs.
func refused(defs []policy.Clock) []Clock {
	if len(defs) == 0 {
		return nil
	}
	list := make([]Clock, len(defs))
	for i := range defs {
		list[i] = Clock{ID: defs[i].ID, Title: defs[i].Title, State: ClockNone, Kind: KindCommitment}
		if defs[i].Goal {
			list[i].Kind = KindGoal
		}
	}
	return list
}

// fromArrival is the history from its beginning: the arrival is added where the history does not tell of it.
func (j *judge) fromArrival(d *Decision, events []Event) []Event {
	if slices.ContainsFunc(events, func(e Event) bool { return e.Name == "created" }) {
		return events
	}
	at := j.s.Arrived
	if at == 0 {
		at = j.s.At
	}
	all := append(make([]Event, 0, len(events)+3), Event{At: at, Name: "created"}, Event{At: at, Name: "level-entered", Value: d.Level})
	if slices.ContainsFunc(events, func(e Event) bool { return e.Name == "level-entered" || e.Name == "level" }) {
		all = all[:1]
	}
	if len(d.Missing) == 0 && !slices.ContainsFunc(events, func(e Event) bool { return e.Name == "complete" }) {
		all = append(all, Event{At: at, Name: "complete"})
	}
	all = append(all, events...)
	if len(events) > 0 && events[0].At < at {
		slices.SortStableFunc(all, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	}
	return all
}

// fold walks over a history once, with the facts as they were known at each event.
type fold struct {
	j    *judge
	sit  Situation
	now  int64
	runs []run
}

func (f *fold) apply(events []Event, i int) {
	e := &events[i]
	changed := f.sit.follow(f.j.p, e) && !f.here(e)
	if changed || f.j.p.LooksBack(e.Name) {
		f.judge(events[:i+1])
	}
	for k := range f.runs {
		f.runs[k].apply(f, e, changed)
	}
	if e.Name == "level-entered" {
		f.enter(e)
	}
}

// here reports whether an event names the level at which the request is.
func (f *fold) here(e *Event) bool {
	level, ok := f.j.p.Word(fact.Level, e.Value)
	return e.Name == "level-entered" && ok && level == f.j.level && f.j.row >= 0
}

// judge settles again what depends on facts that follow events.
func (f *fold) judge(past []Event) {
	j := newJudge(f.j.p, &f.sit)
	j.past, j.entered, j.facts.Readings = past, entered(past), f.j.facts.Readings
	var unused Decision
	j.settle(&unused)
	f.j = j
}

// enter starts the clocks that count once for each level.
func (f *fold) enter(e *Event) {
	level, ok := f.j.p.Word(fact.Level, e.Value)
	if !ok {
		return
	}
	for i := range f.runs {
		def := f.runs[i].def
		if def.Starts != e.Name || slices.ContainsFunc(f.runs, func(r run) bool { return r.def == def && r.level == level }) {
			continue
		}
		r := run{def: def, level: level}
		r.pace, r.paused = f.pace(&r)
		r.begin(e.At)
		if f.runs[i].level < 0 {
			f.runs[i] = r // takes the place of the one that waited
			continue
		}
		f.runs = append(f.runs, r)
	}
}

// pace is what a clock counts on by the facts as they stand. A clock of one level keeps to the rules for it.
func (f *fold) pace(r *run) (*pace, bool) {
	j := f.j
	if r.level >= 0 && r.level != j.level {
		at := f.sit
		at.Level = f.j.p.Levels()[r.level].ID
		own := newJudge(j.p, &at)
		own.past, own.entered, own.facts.Readings = j.past, true, j.facts.Readings
		var unused Decision
		own.settle(&unused)
		j = own
	}
	return j.pace(r.def), j.pauses(r.def)
}

func (f *fold) report(d *Decision) []Clock {
	list := make([]Clock, len(f.runs))
	for i := range f.runs {
		r := &f.runs[i]
		c := &list[i]
		*c = Clock{ID: r.def.ID, Title: r.def.Title, State: ClockWaiting, Kind: KindCommitment, Provisional: d.Covered == CoveredAsk}
		if r.def.Goal || d.Covered == CoveredBestEffort {
			c.Kind = KindGoal
		}
		if r.level >= 0 {
			c.Level = f.j.p.Levels()[r.level].ID
		}
		if r.started && !r.stopped {
			r.count(f.now)
		}
		r.report(c, f.now)
		f.leaveOpen(d, r, c)
	}
	return list
}

// leaveOpen says what the due of a clock rests on that is not known, or not sure.
func (f *fold) leaveOpen(d *Decision, r *run, c *Clock) {
	for i := range r.pace.parts {
		k := &r.pace.parts[i]
		if c.DueAt != nil && k.cal != nil {
			d.doubt(k.name, k.cal, *c.DueAt)
		}
		if len(k.unplaced) > 0 && r.started && !r.stopped {
			f.j.unsettled(d, "clocks."+c.ID+".due", CauseMissing, slices.Clone(k.unplaced))
			return
		}
	}
}

func position(p *policy.Policy, def *policy.Clock) int {
	defs := p.ClockDefs()
	return slices.IndexFunc(defs, func(k policy.Clock) bool { return k.ID == def.ID })
}

// run is one clock on its way through the history.
type run struct {
	def     *policy.Clock
	level   int   // that the clock counts for, -1 for all
	pace    *pace // what it counts on now; while it is stopped, what it counted on then
	started bool
	stopped bool
	paused  bool
	ended   bool // it stopped with the whole request, which only reopening takes back
	startAt int64
	stopAt  int64
	from    int64 // up to here time is counted
	used    [policy.MaxParts]int64
	past    []segment // since the start
	missed  int       // earlier runs that were late

	settled  bool  // a change made it late, or found it late: dueAt holds
	dueAt    int64 // valid when settled
	byChange bool
}

// segment is a time without a change of pace.
type segment struct {
	from, to int64
	paused   bool
	pace     *pace
}

func (r *run) apply(f *fold, e *Event, changed bool) {
	if e.Name == "reopened" && r.ended {
		r.stopped, r.ended, r.from = false, false, e.At
		r.change(e.At, f)
	} else if !r.stopped && (changed || f.j.p.LooksBack(e.Name)) {
		r.change(e.At, f)
	}
	switch {
	case r.started && slices.Contains(r.def.Restarts, e.Name) && !r.ended, r.starts(e):
		r.again(e.At, f)
	}
	if r.stops(e) {
		r.count(e.At)
		r.stopped, r.stopAt, r.ended = true, e.At, e.Name == "solved" || e.Name == "closed"
	}
}

// starts reports whether an event starts the clock: the first time that it happens, and once more after the clock was stopped
// when it is something that can happen again.
func (r *run) starts(e *Event) bool {
	if e.Name != r.def.Starts || e.Name == "level-entered" {
		return false
	}
	return !r.started || r.stopped && !r.ended && !happensOnce(e.Name)
}

// stops reports whether an event stops the clock. What ends with the solution ends when the request is closed, too.
func (r *run) stops(e *Event) bool {
	if !r.started || r.stopped {
		return false
	}
	if e.Name == r.def.Stops {
		return r.startAt < e.At || r.def.Starts != e.Name
	}
	return e.Name == "closed" && r.def.Stops == "solved"
}

// happensOnce lists the events that happen once in the life of a request; the desk may tell of them again.
func happensOnce(event string) bool {
	switch event {
	case "created", "complete", "assigned", "first-reply", "workaround-given", "solved", "closed":
		return true
	}
	return false
}

// again starts the clock, or starts it afresh.
func (r *run) again(at int64, f *fold) {
	if r.started && !r.stopped {
		r.count(at)
	}
	if due, ok := r.due(); r.started && ok && (r.stopped && r.stopAt > due || !r.stopped && at > due) {
		r.missed++
	}
	r.begin(at)
	r.pace, r.paused = f.pace(r)
}

func (r *run) begin(at int64) {
	r.started, r.stopped, r.ended, r.startAt, r.from = true, false, false, at, at
	r.used, r.past = [policy.MaxParts]int64{}, nil
	r.settled, r.byChange = false, false
}

// change takes the time used along to another calendar, target or pause.
func (r *run) change(at int64, f *fold) {
	to, paused := f.pace(r)
	if paused == r.paused && to.same(r.pace) {
		return
	}
	if !r.started {
		r.pace, r.paused = to, paused
		return
	}
	r.count(at)
	due, ok := r.due()
	late := ok && due < at
	r.pace, r.paused = to, paused
	was := r.settled
	r.settled = false
	if raw, ok := r.due(); !ok || raw >= at {
		r.byChange = false
		return
	}
	if late {
		r.settled, r.dueAt, r.byChange = true, due, was && r.byChange
		return
	}
	r.settled, r.dueAt, r.byChange = true, at, true
}

// count adds the time up to an instant.
func (r *run) count(to int64) {
	if to <= r.from {
		return
	}
	step := segment{from: r.from, to: to, paused: r.paused, pace: r.pace}
	for i := range r.pace.parts {
		r.used[i] += step.usedBy(i)
	}
	for i := len(r.pace.parts); i > 0 && i < len(r.used); i++ {
		r.used[i] += step.usedBy(0)
	}
	r.past = append(r.past, step)
	r.from = to
}

// usedBy is the time that counts for one part of a target. Where the target in force then had fewer parts, it is that of the first.
func (s *segment) usedBy(part int) int64 {
	if s.paused || len(s.pace.parts) == 0 {
		return 0
	}
	return s.pace.part(part).between(s.from, s.to)
}

// ---- what a clock counts on ----

// pace is the target and the calendars that a clock counts on between two changes.
type pace struct {
	rule   int // of Clock.Within, -1 for none
	spot   int // the combination of its table, or the band
	target *policy.Target
	parts  []part // empty without a target
	name   string // of the calendar
	unsure bool   // a missing fact may bring another target
	first  [1]part
}

// part is one of the targets that are combined, with the calendar that it counts on; nil counts elapsed time.
type part struct {
	target *policy.Target
	cal    *calendar.Calendar
	name   string
	ms     int64 // of a target that counts

	// unplaced are places and agreed hours without which the calendar is not known; cal is then one that never opens.
	unplaced []fact.Fact
}

func (p *pace) part(i int) *part {
	if i >= len(p.parts) {
		i = 0
	}
	return &p.parts[i]
}

func (p *pace) same(other *pace) bool {
	return p == other || p.rule == other.rule && p.target == other.target &&
		slices.EqualFunc(p.parts, other.parts, func(a, b part) bool { return a.cal == b.cal && a.ms == b.ms })
}

// pace chooses target and calendars by the facts as they stand.
func (j *judge) pace(def *policy.Clock) *pace {
	p := &pace{rule: -1, name: j.hours.name}
	found, _ := def.Choice.Choose(&j.facts, nil)
	p.unsure = found.State == choice.Missing
	if found.Entry >= 0 && found.State != choice.Gap {
		p.rule, p.spot, p.target = found.Entry, found.Spot, &def.Targets[found.Value]
	}
	if p.target == nil || p.target.Kind == policy.TargetNone {
		return p
	}
	p.parts = p.first[:0]
	if len(p.target.Of) == 0 {
		p.parts = append(p.parts, j.part(def, p.target))
	} else {
		for _, t := range p.target.Parts(nil) {
			p.parts = append(p.parts, j.part(def, t))
		}
	}
	p.name = p.parts[0].name
	return p
}

func (j *judge) part(def *policy.Clock, t *policy.Target) part {
	k := part{target: t, cal: j.hours.cal, name: j.hours.name, ms: t.Ms, unplaced: j.hours.unplaced}
	on := t.On
	if on == policy.RunsHours {
		on = def.Runs
	}
	if on >= 0 {
		chosen := &j.p.Calendars()[on]
		k.name, k.unplaced = chosen.ID, nil
		var known bool
		if k.cal, known = j.p.HoursAt(chosen, j); !known {
			k.unplaced = j.placesMissing(chosen, nil)
		}
	}
	if t.Kind == policy.TargetBusinessDays {
		base := k.cal
		if on < 0 && j.hours.base >= 0 {
			base, _ = j.calendar(j.hours.base)
		}
		k.ms = int64(t.Days) * policy.BusinessDay(base)
	}
	if len(k.unplaced) > 0 {
		k.cal, _ = j.calendar(policy.Never)
	}
	return k
}

func (k *part) between(a, b int64) int64 {
	if k.cal == nil {
		return max(b-a, 0)
	}
	return k.cal.Between(a, b)
}

func (k *part) add(at, ms int64) (int64, bool) {
	if k.cal == nil {
		return at + ms, true
	}
	return k.cal.Add(at, ms)
}

// pauses reports whether the status of the request pauses a clock. A request that waits for a side in one of the statuses that
// every policy has pauses the clocks that pause in any status which waits for that side.
func (j *judge) pauses(def *policy.Clock) bool {
	if len(def.Pauses) == 0 {
		return false
	}
	status, waiting := j.s.Status, j.s.WaitingOn
	if status != "" && slices.Contains(def.Pauses, status) {
		return true
	}
	if status == statusWaiting {
		waiting = "requester"
	}
	own := func(id string) bool {
		return slices.ContainsFunc(j.p.Statuses(), func(s policy.Status) bool { return s.ID == id })
	}
	if waiting == "" || waiting == "provider" || own(status) {
		return false
	}
	return slices.ContainsFunc(j.p.Statuses(), func(s policy.Status) bool {
		return s.WaitsFor == waiting && slices.Contains(def.Pauses, s.ID)
	})
}
