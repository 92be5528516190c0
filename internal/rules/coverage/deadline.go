package coverage

import (
	"fmt"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Deadline says how the due of one clock came about, step by step, in sentences. Level is that of a clock which counts once for
// each level.
type Deadline struct {
	ID    string   `json:"id"`
	Level string   `json:"level,omitempty"`
	Lines []string `json:"lines"`
}

// Deadlines explains every clock that has started, in the order of Clocks and from the same arguments. Times are in zone, which
// the first line names; nil is the zone of each clock's calendar. Long spans are summed up, so that no explanation grows with
// its span.
func Deadlines(p *policy.Policy, s *Situation, d Decision, events []Event, now int64, zone *time.Location) []Deadline {
	p, _ = agreedOn(p, s)
	j := newJudge(p, s)
	var again Decision
	j.settle(&again)
	f := j.fold(&d, events, now)
	if f == nil {
		return nil
	}
	list := make([]Deadline, 0, len(f.runs))
	for i, c := range f.report(&d) {
		r := &f.runs[i]
		if !r.started || len(r.pace.parts) == 0 {
			continue
		}
		a := accounting{p: p, r: r, now: now, zone: zone}
		list = append(list, Deadline{ID: c.ID, Level: c.Level, Lines: a.tell(&c)})
	}
	return list
}

// accounting tells how one clock was counted.
type accounting struct {
	p      *policy.Policy
	r      *run
	now    int64
	zone   *time.Location
	part   int // the part of the target that decides
	sum    int64
	target *policy.Target // that was said last
	lines  []string
	day    string // the date that was said last
}

// Limits of an explanation: openings said one by one in a stretch, and lines in all.
const (
	openingsSaid = 4
	linesSaid    = 40
)

func (a *accounting) say(format string, args ...any) {
	a.lines = append(a.lines, fmt.Sprintf(format, args...))
}

func (a *accounting) tell(c *Clock) []string {
	r := a.r
	a.choose()
	if a.zone == nil {
		a.zone = time.UTC
		if cal := r.pace.parts[a.part].cal; cal != nil {
			a.zone = cal.Zone().Location()
		}
	}
	a.say("Started %s, %s.", a.full(r.startAt), a.p.EventWords(r.def.Starts))
	k := &r.pace.parts[a.part]
	if len(r.pace.parts) > 1 {
		a.say("%s: it is decided by \"%s\".", wording.Capital(a.p.TargetWords(r.pace.target)), k.target.Text)
	}
	end := a.end(c)
	if k.target.Counts() {
		a.stretches(end)
	} else {
		a.dates(k, c)
	}
	a.ending(c)
	if len(a.lines) > linesSaid {
		cut := len(a.lines) - linesSaid + 1
		said := append([]string{}, a.lines[:linesSaid/2]...)
		said = append(said, fmt.Sprintf("... %d more steps ...", cut))
		a.lines = append(said, a.lines[linesSaid/2+cut:]...)
	}
	return a.lines
}

// choose finds the part of a combined target whose instant is the due.
func (a *accounting) choose() {
	due, ok := a.r.due()
	for i := range a.r.pace.parts {
		k := &a.r.pace.parts[i]
		at, known := a.r.point(k)
		if k.target.Counts() {
			at, known = a.r.usedUp(i, k.ms)
		}
		if ok && known && at == due {
			a.part = i
			return
		}
	}
}

// end is where the counting is told to: the due, the stop, or as far as is known.
func (a *accounting) end(c *Clock) int64 {
	switch {
	case c.StoppedAt != nil && (c.DueAt == nil || *c.StoppedAt < *c.DueAt):
		return *c.StoppedAt
	case c.DueAt != nil:
		return *c.DueAt
	}
	return a.now
}

func (a *accounting) stretches(end int64) {
	list := a.r.past
	if !a.r.stopped && !a.r.paused && end > a.r.from {
		list = append(list[:len(list):len(list)], segment{from: a.r.from, to: end, pace: a.r.pace})
	}
	for i := 0; i < len(list); i++ {
		step := list[i]
		for i+1 < len(list) && list[i+1].from == step.to && list[i+1].paused == step.paused && list[i+1].pace.same(step.pace) {
			i++
			step.to = list[i].to
		}
		if t := step.pace.target; i > 0 && t != nil && t != list[0].pace.target && t != a.target {
			a.say("From %s the target is \"%s\".", a.moment(step.from), t.Text)
		}
		a.target = step.pace.target
		if step.from < end {
			step.to = min(step.to, end)
			a.stretch(&step)
		}
	}
}

func (a *accounting) stretch(step *segment) {
	switch {
	case step.paused:
		a.say("%s to %s: paused, not counted.", a.moment(step.from), a.moment(step.to))
	case len(step.pace.parts) == 0:
		a.say("%s to %s: no target, not counted.", a.moment(step.from), a.moment(step.to))
	default:
		a.openings(step.pace.part(a.part), step.from, step.to)
	}
}

// openings tells the open time of a stretch: each opening, or the first and the last with what lies between.
func (a *accounting) openings(k *part, from, to int64) {
	if k.cal == nil || k.cal.IsAlways() {
		a.sum += to - from
		a.say("%s to %s, day and night: %s%s.", a.moment(from), a.moment(to), wording.Duration(to-from), a.soFar(to-from))
		return
	}
	list := k.cal.Windows(from, to)
	if len(list) == 0 {
		return // closed all the while: the next opening says when it goes on
	}
	first, last := list[0], list[len(list)-1]
	if len(list) <= openingsSaid {
		for _, w := range list {
			a.opening(w, from)
		}
		return
	}
	a.opening(first, from)
	middle := list[1 : len(list)-1]
	a.between(k, middle)
	a.opening(last, from)
}

func (a *accounting) opening(w calendar.Window, from int64) {
	a.sum += w.Close - w.Open
	verb := ""
	if w.Open > from || len(a.lines) > 1 && w.Open > a.r.startAt {
		verb = "went on "
		if w.Open > a.now {
			verb = "goes on "
		}
	}
	a.say("%s to %s: %s%s.", wording.Capital(verb+a.moment(w.Open)), a.moment(w.Close), wording.Duration(w.Close-w.Open), a.soFar(w.Close-w.Open))
}

// between sums up openings: "then 9 full days until Fri 4 Dec 17:00".
func (a *accounting) between(k *part, list []calendar.Window) {
	var ms int64
	day, err := k.cal.BusinessDay()
	full := err == nil
	for _, w := range list {
		ms += w.Close - w.Open
		full = full && w.Close-w.Open == day
	}
	a.sum += ms
	what := wording.Count(int64(len(list)), "opening")
	if full {
		what = wording.Count(int64(len(list)), "full day")
	}
	a.say("Then %s until %s: %s%s.", what, a.moment(list[len(list)-1].Close), openTime(ms), a.soFar(ms))
}

// soFar says how much of the target is used, once that is more than the stretch itself.
func (a *accounting) soFar(ms int64) string {
	if a.sum == ms {
		return ""
	}
	return ", " + openTime(a.sum) + " in all"
}

// openTime says a sum of open time; its days would be mistaken for business days.
func openTime(ms int64) string {
	if ms < 24*3600_000 {
		return wording.Duration(ms)
	}
	text := wording.Count(ms/3600_000, "hour")
	if rest := ms % 3600_000; rest > 0 {
		text += " " + wording.Duration(rest)
	}
	return text
}

// dates tells how a point in the calendar was found.
func (a *accounting) dates(k *part, c *Clock) {
	what := a.p.TargetWords(k.target)
	if c.DueAt == nil {
		a.say("%s: no such time is known while the clock pauses.", wording.Capital(what))
		return
	}
	for i := range a.r.past {
		if step := &a.r.past[i]; step.paused && step.from < *c.DueAt {
			a.say("%s to %s: paused; a date whose time falls in there does not count.", a.moment(step.from), a.moment(step.to))
		}
	}
	if at, ok := a.r.point(k); ok {
		a.day = ""
		a.say("%s: %s.", wording.Capital(what), a.moment(at))
	}
}

func (a *accounting) ending(c *Clock) {
	due := "no time is known"
	if c.DueAt != nil {
		due = a.full(*c.DueAt)
	}
	if c.LateBy {
		a.say("The change at %s left less time than was used by then: late from that moment.", a.moment(*c.DueAt))
	}
	switch {
	case c.StoppedAt != nil:
		a.say("Stopped %s, %s; it was due %s.", a.full(*c.StoppedAt), a.p.EventWords(a.r.def.Stops), due)
	case c.State == ClockPaused:
		a.say("Paused since %s: %s used, nothing is counted until it goes on.", a.moment(a.pausedSince()), openTime(c.UsedMs))
	case c.State == ClockLate:
		a.say("It was due %s.", due)
	case c.DueAt != nil:
		a.say("Due %s.", due)
	default:
		a.say("It is not known when it is due.")
	}
	if c.Missed > 0 {
		a.say("Before it was started afresh it was late %s.", wording.Count(int64(c.Missed), "time"))
	}
}

func (a *accounting) pausedSince() int64 {
	since := a.r.from
	for i := len(a.r.past) - 1; i >= 0 && a.r.past[i].paused; i-- {
		since = a.r.past[i].from
	}
	return since
}

// full is an instant with its date, year and zone.
func (a *accounting) full(ms int64) string {
	t := time.UnixMilli(ms).In(a.zone)
	a.day = t.Format("2 Jan 2006")
	return t.Format("Mon 2 Jan 2006, 15:04 ") + wording.Zone(zoneName(a.zone, t))
}

func zoneName(zone *time.Location, t time.Time) string {
	if name := zone.String(); name != "Local" {
		return name
	}
	return t.Format("MST")
}

// moment is an instant without its date where that was just said.
func (a *accounting) moment(ms int64) string {
	t := time.UnixMilli(ms).In(a.zone)
	layout := "15:04"
	if ms%60_000 != 0 {
		layout = "15:04:05"
	}
	if day := t.Format("2 Jan 2006"); day != a.day {
		a.day = day
		return t.Format("Mon 2 Jan, " + layout)
	}
	return t.Format(layout)
}
