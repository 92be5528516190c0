package coverage

import (
	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// due is the instant by which the clock must stop; false while none is known, as in a pause.
func (r *run) due() (int64, bool) {
	switch {
	case len(r.pace.parts) == 0:
		return 0, false
	case r.settled:
		return r.dueAt, true
	}
	var space [policy.MaxParts]policy.Instant
	parts := space[:len(r.pace.parts)]
	for i := range r.pace.parts {
		k := &r.pace.parts[i]
		if k.target.Counts() {
			parts[i].At, parts[i].Known = r.usedUp(i, k.ms)
		} else {
			parts[i].At, parts[i].Known = r.point(k)
		}
	}
	return r.pace.target.Due(parts)
}

// usedUp is the first instant at which a part has used an amount of time: in the past, or ahead on the present calendar.
func (r *run) usedUp(part int, ms int64) (int64, bool) {
	if ms <= r.used[part] {
		return r.usedBefore(part, ms)
	}
	if r.paused || len(r.pace.parts) == 0 {
		return 0, false
	}
	return r.pace.part(part).add(r.from, ms-r.used[part])
}

// usedBefore is the first instant at which a part had used an amount of time that it has used by now.
func (r *run) usedBefore(part int, ms int64) (int64, bool) {
	if ms <= 0 {
		return r.startAt, true
	}
	var sum int64
	for i := range r.past {
		step := &r.past[i]
		more := step.usedBy(part)
		if sum+more >= ms {
			return step.pace.part(part).add(step.from, ms-sum)
		}
		sum += more
	}
	return 0, false
}

// usedAt is the time that a part had used at an instant, or will have used if nothing changes.
func (r *run) usedAt(part int, at int64) int64 {
	var sum int64
	for i := range r.past {
		step := r.past[i]
		if step.from >= at {
			return sum
		}
		step.to = min(step.to, at)
		sum += step.usedBy(part)
	}
	if at > r.from && len(r.pace.parts) > 0 && !r.paused {
		sum += r.pace.part(part).between(r.from, at)
	}
	return sum
}

// point is the due of a target that is a point in the calendar: of the dates after the start, those do not count whose point
// falls in a pause.
func (r *run) point(k *part) (int64, bool) {
	cal := k.cal
	if cal == nil {
		cal = calendar.Always()
	}
	next := func(at int64, dates int) (int64, bool) {
		if k.target.Kind == policy.TargetByClose {
			return cal.CloseAfter(at, dates)
		}
		return cal.ByTime(at, k.target.Minute/60, k.target.Minute%60, dates)
	}
	if !r.everPaused() {
		return next(r.startAt, k.target.Days)
	}
	left := max(k.target.Days, 1)
	at, ok := next(r.startAt, min(k.target.Days, 1))
	for ; ok; at, ok = next(at-1, 1) {
		pausedThen, forGood := r.pausedAt(at)
		if forGood {
			return 0, false
		}
		if !pausedThen {
			left--
		}
		if left == 0 {
			return at, true
		}
	}
	return 0, false
}

func (r *run) everPaused() bool {
	for i := range r.past {
		if r.past[i].paused {
			return true
		}
	}
	return r.paused
}

// pausedAt reports whether an instant falls in a pause, and whether that pause has no end yet.
func (r *run) pausedAt(at int64) (paused, forGood bool) {
	for i := range r.past {
		if at >= r.past[i].from && at < r.past[i].to {
			return r.past[i].paused, false
		}
	}
	open := r.paused && at >= r.from
	return open, open
}

func (r *run) report(c *Clock, now int64) {
	c.Provisional = c.Provisional || r.pace.unsure
	if r.pace.rule >= 0 {
		w := &r.def.Within[r.pace.rule]
		c.Because = []Reason{{Clause: w.Clause, Rule: w.ID, Line: w.Line, Effect: r.pace.target.Text, Text: w.Said(r.pace.spot)}}
	}
	if len(r.pace.parts) == 0 {
		c.State = ClockNone
		return
	}
	first := &r.pace.parts[0]
	c.Calendar, c.Target, c.UsedMs, c.Missed = r.pace.name, r.pace.target.Text, r.used[0], r.missed
	if len(r.pace.parts) == 1 && first.target.Counts() {
		c.TargetMs = first.ms
	}
	if !r.started {
		return
	}
	c.Steps = r.stretches()
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
	c.State = r.state(due, ok, now)
	c.LateBy = r.byChange && c.State == ClockLate
	if !r.stopped {
		c.Then = r.then(due, ok)
	}
}

func (r *run) state(due int64, ok bool, now int64) string {
	switch {
	case r.stopped && ok && r.stopAt > due, !r.stopped && ok && now > due:
		return ClockLate
	case r.stopped:
		return ClockMet
	case r.paused:
		return ClockPaused
	}
	return ClockRunning
}

func (r *run) stretches() []Stretch {
	list := make([]Stretch, len(r.past))
	for i := range r.past {
		step := &r.past[i]
		list[i] = Stretch{FromAt: step.from, ToAt: step.to, Calendar: step.pace.name, Paused: step.paused, UsedMs: step.usedBy(0)}
	}
	return list
}

// then lists the steps of the clock with the instants at which they fall due or fell due, as far as these are known.
func (r *run) then(due int64, ok bool) []Due {
	var list []Due
	for i := range r.def.Then {
		step := &r.def.Then[i]
		at, known := r.stepAt(step, due, ok)
		if known {
			list = append(list, Due{At: at, Notify: step.Notify, Escalate: step.Escalate, SetSeverity: step.SetSeverity, SetStatus: step.SetStatus,
				Rule: step.ID, Clause: step.Clause, Line: step.Line})
		}
	}
	return list
}

// stepAt is when a step falls due, by the time used on the calendar of the first part of the target.
func (r *run) stepAt(step *policy.Step, due int64, ok bool) (int64, bool) {
	first := &r.pace.parts[0]
	switch {
	case step.After.Kind == policy.TargetDuration:
		return r.usedUp(0, step.After.Ms)
	case step.After.Kind == policy.TargetBusinessDays:
		return r.usedUp(0, int64(step.After.Days)*policy.BusinessDay(first.cal))
	case len(r.pace.parts) == 1 && first.target.Counts() && !r.settled && !step.Late:
		return r.usedUp(0, share(first.ms, step.Percent))
	case !ok:
		return 0, false
	case step.Late:
		return r.usedUp(0, r.usedAt(0, due)+step.LateMs)
	}
	return r.usedUp(0, share(r.usedAt(0, due), step.Percent))
}

func share(ms int64, percent int) int64 { return ms/100*int64(percent) + ms%100*int64(percent)/100 }
