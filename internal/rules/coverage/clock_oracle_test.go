package coverage

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// walkedPolicy has a clock of each kind. The walker below knows its rules by heart and shares no code with the fold.
const walkedPolicy = "# P {#p}\n```policy\n" + `policy: {name: P, vendor: V, effective: 2020-01-01, zone: UTC}
levels: {L1: {name: One, escalates_to: L2}, L2: {name: Two, escalates_to: L3}, L3: {name: Three}}
categories: {x: {level: L1, title: X}}
severity: {scale: {S1: {name: High}, S2: {name: Middle}, S3: {name: Low}}}
responsibility: [{for: {product.type: h}, L1: {by: vendor, for: [customer, end-user]}, L2: {by: vendor, for: [customer, end-user]}, L3: {by: vendor, for: [customer, end-user]}}]
calendars:
  berlin: {zone: Europe/Berlin, week: "mon-fri 09:00-12:00, 13:00-17:30"}
  newyork: {zone: America/New_York, week: "mon-thu 08:00-18:00; sat 22:00 to sun 06:00", business_day: 10h}
  sydney: {zone: Australia/Sydney, week: "tue-fri 20:00-24:00"}
  world: {any: [berlin, newyork]}
hours: [{for: {channel: forum}, use: none}, {for: {level: L3}, use: always}, {for: {severity: S1}, use: world}, {for: {level: L2}, use: newyork}, {use: berlin}]
statuses: {awaiting: {title: A, waits_for: requester}, proposed: {title: P, waits_for: requester}, outage: {title: O, waits_for: third-party}}
events: {reproduced: {title: R, by: provider}}
clocks:
  reply: {starts: created, stops: first-reply, within: [{for: {severity: S1}, is: 90m}, {for: {channel: forum}, is: none}, {for: {severity: S2}, is: 1 business day on newyork}, {is: 13h}], then: [{after: 2h, notify: a}, {late: 1h, notify: b}]}
  fix:
    starts: reproduced
    stops: solved
    pauses: [awaiting, proposed]
    within:
      - {for: {severity: S1}, is: {earliest: [6h, by close +1 on berlin]}}
      - {for: {severity: S2}, is: by 12:00 +2 on newyork}
      - {is: {latest: [2 business days on berlin, {earliest: [30h on always, by close +3 on newyork]}]}}
    then: [{after: 2h, notify: a}, {late: 1h, notify: b}]
  update: {starts: created, restarts: [public-update], stops: solved, pauses: [awaiting, outage], within: [{for: {severity: S1}, is: 2h}, {for: {level: L3}, is: 20h on sydney}, {is: by close +1 on sydney}]}
  round: {starts: customer-replied, stops: public-update, within: [{is: 4h on newyork}]}
  stage: {starts: level-entered, stops: escalated, pauses: [outage], within: [{for: {level: L1}, is: 3h}, {for: {level: L2}, is: by 12:00 on berlin}, {is: {latest: [3h on newyork, by close on newyork]}}]}
  quick: {starts: created, restarts: [severity-changed], stops: solved, within: [{for: {severity: S3}, is: by close on berlin}, {is: 3h on newyork}]}
` + "```\n"

const (
	minute    = int64(60_000)
	berlin    = "berlin"
	newyork   = "newyork"
	sydney    = "sydney"
	world     = "world"
	always    = "always"
	noHours   = "none"
	eachWalk  = 1200
	walkedFor = 9 * 1440 // minutes of history
	walkedTo  = 45 * 1440
)

// aim is a plain target as the walker knows it.
type aim struct {
	cal     string
	minutes int // of open time, or
	close   int // dates after the start, when minutes is 0 and noon is false
	noon    bool
}

// aims is what a clock counts on: targets, and how their instants combine.
type aims struct {
	parts []aim
	of    func(due []int) int // -1 is not known
}

func first(due []int) int { return due[0] }

func earlier(a, b int) int {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

func later(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return max(a, b)
}

type facts struct {
	level, severity, channel, status, waiting string
}

func (f facts) hours() string {
	switch {
	case f.channel == "forum":
		return noHours
	case f.level == "L3":
		return always
	case f.severity == "S1":
		return world
	case f.level == "L2":
		return newyork
	}
	return berlin
}

func (f facts) aims(clock string) aims {
	one := func(a aim) aims { return aims{parts: []aim{a}, of: first} }
	switch clock {
	case "reply":
		switch {
		case f.severity == "S1":
			return one(aim{cal: f.hours(), minutes: 90})
		case f.channel == "forum":
			return aims{}
		case f.severity == "S2":
			return one(aim{cal: newyork, minutes: 600})
		}
		return one(aim{cal: f.hours(), minutes: 780})
	case "fix":
		switch f.severity {
		case "S1":
			return aims{[]aim{{cal: f.hours(), minutes: 360}, {cal: berlin, close: 1}}, func(d []int) int { return earlier(d[0], d[1]) }}
		case "S2":
			return one(aim{cal: newyork, close: 2, noon: true})
		}
		return aims{[]aim{{cal: berlin, minutes: 2 * 450}, {cal: always, minutes: 1800}, {cal: newyork, close: 3}}, func(d []int) int { return later(d[0], earlier(d[1], d[2])) }}
	case "update":
		switch {
		case f.severity == "S1":
			return one(aim{cal: f.hours(), minutes: 120})
		case f.level == "L3":
			return one(aim{cal: sydney, minutes: 1200})
		}
		return one(aim{cal: sydney, close: 1})
	case "round":
		return one(aim{cal: newyork, minutes: 240})
	case "stage":
		switch f.level {
		case "L1":
			return one(aim{cal: f.hours(), minutes: 180})
		case "L2":
			return one(aim{cal: berlin, noon: true})
		}
		return aims{[]aim{{cal: newyork, minutes: 180}, {cal: newyork}}, func(d []int) int { return later(d[0], d[1]) }}
	}
	if f.severity == "S3" {
		return one(aim{cal: berlin})
	}
	return one(aim{cal: newyork, minutes: 180})
}

func (f facts) paused(clock string) bool {
	status, waiting := f.status, f.waiting
	own := status == "awaiting" || status == "proposed" || status == "outage"
	if status == "waiting" {
		waiting = "requester"
	}
	switch clock {
	case "fix":
		return status == "awaiting" || status == "proposed" || !own && waiting == "requester"
	case "update":
		return status == "awaiting" || status == "outage" || !own && (waiting == "requester" || waiting == "third-party")
	case "stage":
		return status == "outage" || !own && waiting == "third-party"
	}
	return false
}

func (f facts) after(e Event) facts {
	switch e.Name {
	case "severity-changed":
		f.severity = e.Value
	case "level-entered":
		f.level = e.Value
	case "channel":
		f.channel = e.Value
	case "waits-for-requester":
		f.waiting, f.status = "requester", "waiting"
		if e.Value != "" {
			f.status = e.Value
		}
	case "customer-replied":
		if f.waiting == "requester" || f.status == "waiting" {
			f.waiting, f.status = "provider", "open"
		}
	case "solved", "closed":
		f.waiting, f.status = "provider", e.Name
	case "reopened":
		f.waiting, f.status = "provider", "open"
	case "status":
		f.status, f.waiting = e.Value, "provider"
		switch e.Value {
		case "awaiting", "proposed", "waiting":
			f.waiting = "requester"
		case "outage":
			f.waiting = "third-party"
		}
	}
	return f
}

// ground is what the walker walks over: the minutes of one span, for each calendar whether it is open and the local date.
type ground struct {
	from int64
	open map[string][]bool
	date map[string][]int32
	hour map[string][]int32 // minute of the local day
}

func paint(p *policy.Policy, from int64) *ground {
	g := &ground{from: from, open: map[string][]bool{}, date: map[string][]int32{}, hour: map[string][]int32{}}
	for _, k := range p.Calendars() {
		if k.ID == "never" {
			continue
		}
		open, date, hour := make([]bool, walkedTo), make([]int32, walkedTo), make([]int32, walkedTo)
		loc := k.Hours.Zone().Location()
		for m := range open {
			at := from + int64(m)*minute
			open[m] = k.Hours.Open(at)
			local := time.UnixMilli(at).In(loc)
			date[m] = int32(calendar.MakeDate(local.Date()))
			hour[m] = int32(local.Hour()*60 + local.Minute())
		}
		g.open[k.ID], g.date[k.ID], g.hour[k.ID] = open, date, hour
	}
	g.open[noHours], g.date[noHours], g.hour[noHours] = slices.Repeat([]bool{true}, walkedTo), g.date["always"], g.hour["always"]
	return g
}

// walker is one clock, walked minute by minute.
type walker struct {
	g                      *ground
	clock, level           string
	starts, stops          string
	restarts               string
	facts                  facts
	started, stopped, over bool
	startAt, stopAt        int
	used                   [3][]int // at each minute since the start of the span
	pausedAt               []bool
	now                    aims
	paused                 bool
	late, byChange         bool
	lateDue, missed        int
}

func walkers() []*walker {
	return []*walker{
		{clock: "reply", starts: "created", stops: "first-reply"},
		{clock: "fix", starts: "reproduced", stops: "solved"},
		{clock: "update", starts: "created", stops: "solved", restarts: "public-update"},
		{clock: "round", starts: "customer-replied", stops: "public-update"},
		{clock: "stage", level: "L1", starts: "level-entered", stops: "escalated"},
		{clock: "stage", level: "L2", starts: "level-entered", stops: "escalated"},
		{clock: "stage", level: "L3", starts: "level-entered", stops: "escalated"},
		{clock: "quick", starts: "created", stops: "solved", restarts: "severity-changed"},
	}
}

// see is the facts by which this clock is judged.
func (w *walker) see() facts {
	f := w.facts
	if w.level != "" {
		f.level = w.level
	}
	return f
}

func (a aims) same(b aims) bool { return slices.Equal(a.parts, b.parts) }

func (w *walker) walk(events []Event, now int) {
	next := 0
	for m := 0; ; m++ {
		for next < len(events) && events[next].At == w.g.from+int64(m)*minute {
			w.meet(events[next], m)
			next++
		}
		if m == now {
			return
		}
		w.pausedAt = append(w.pausedAt, w.started && !w.stopped && w.paused)
		for i := range w.used {
			w.used[i] = append(w.used[i], w.at(i, m)+w.minute(i, m))
		}
	}
}

// at is the time used at the beginning of a minute.
func (w *walker) at(i, m int) int {
	if m == 0 || m == w.startAt {
		return 0
	}
	return w.used[i][m-1]
}

func (w *walker) minute(i, m int) int {
	if !w.started || w.stopped || w.paused || len(w.now.parts) == 0 {
		return 0
	}
	if i >= len(w.now.parts) {
		i = 0
	}
	if w.g.open[w.now.parts[i].cal][m] {
		return 1
	}
	return 0
}

func (w *walker) meet(e Event, m int) {
	w.facts = w.facts.after(e)
	if e.Name == "reopened" && w.over {
		w.stopped, w.over = false, false
	}
	to, paused := w.see().aims(w.clock), w.see().paused(w.clock)
	if !w.stopped && (!to.same(w.now) || paused != w.paused) {
		w.turn(to, paused, m)
	}
	begins := w.started && e.Name == w.restarts && !w.over
	if e.Name == w.starts && (!w.started || w.stopped && !w.over && e.Name == "customer-replied") {
		begins = w.level == "" || e.Value == w.level
	}
	if begins {
		if due := w.due(m); w.started && due >= 0 && (w.stopped && w.stopAt > due || !w.stopped && m > due) {
			w.missed++
		}
		w.started, w.stopped, w.over, w.startAt, w.late, w.byChange = true, false, false, m, false, false
		w.now, w.paused = to, paused
	}
	if w.started && !w.stopped && (e.Name == w.stops || e.Name == "closed" && w.stops == "solved") {
		w.stopped, w.stopAt, w.over = true, m, e.Name == "solved" || e.Name == "closed"
	}
}

// turn is a change of target, calendar or pause.
func (w *walker) turn(to aims, paused bool, m int) {
	due := w.due(m)
	was, by := w.started && due >= 0 && due < m, w.byChange
	w.now, w.paused, w.late = to, paused, false
	if !w.started {
		return
	}
	w.byChange = false
	if raw := w.due(m); raw >= 0 && raw < m {
		w.late, w.lateDue, w.byChange = true, m, true
		if was {
			w.lateDue, w.byChange = due, by
		}
	}
}

// due walks to the instant at which the target is used up, as things stand at minute m; -1 when there is none.
func (w *walker) due(m int) int {
	switch {
	case !w.started || len(w.now.parts) == 0:
		return -1
	case w.late:
		return w.lateDue
	case w.stopped:
		m = w.stopAt
	}
	list := make([]int, len(w.now.parts))
	for i, a := range w.now.parts {
		if a.minutes > 0 {
			list[i] = w.usedUp(i, a.minutes, m)
		} else {
			list[i] = w.point(a, m)
		}
	}
	return w.now.of(list)
}

func (w *walker) usedUp(i, minutes, m int) int {
	for k := w.startAt; k <= m; k++ {
		if w.at(i, k) >= minutes {
			return k
		}
	}
	if w.paused {
		return -1
	}
	used, part := w.at(i, m), w.now.parts[min(i, len(w.now.parts)-1)]
	for k := m; k < walkedTo; k++ {
		if w.g.open[part.cal][k] {
			used++
		}
		if used == minutes {
			return k + 1
		}
	}
	return -1
}

func (w *walker) point(a aim, m int) int {
	open, date, hour := w.g.open[a.cal], w.g.date[a.cal], w.g.hour[a.cal]
	inPause := func(k int) bool {
		if k < m {
			return k >= w.startAt && w.pausedAt[k]
		}
		return w.paused
	}
	today := date[w.startAt]
	for k, left := w.startAt, a.close; k < walkedTo-1500; k++ {
		if a.noon {
			if hour[k] != 720 || !slices.Contains(open[firstOf(date, k):lastOf(date, k)], true) {
				continue
			}
		} else if k == 0 || !open[k-1] || open[k] {
			continue
		}
		if m <= k && w.paused {
			return -1
		}
		if a.close == 0 {
			if !inPause(k) {
				return k
			}
			continue
		}
		day := date[k]
		if !a.noon {
			day = date[k-1]
			if slices.ContainsFunc(closings(open, date, k+1), func(later int) bool { return date[later-1] == day }) {
				continue // it closes once more on this date
			}
		}
		if day <= today || inPause(k) {
			continue
		}
		if left--; left == 0 {
			return k
		}
	}
	return -1
}

func firstOf(date []int32, k int) int {
	i := k
	for i > 0 && date[i-1] == date[k] {
		i--
	}
	return i
}

func lastOf(date []int32, k int) int {
	i := k
	for i < len(date) && date[i] == date[k] {
		i++
	}
	return i
}

// closings lists the closings in the day that follows a minute.
func closings(open []bool, _ []int32, from int) []int {
	var list []int
	for k := from; k < from+1440; k++ {
		if open[k-1] && !open[k] {
			list = append(list, k)
		}
	}
	return list
}

func (w *walker) state(now int) (state string, due int) {
	due = w.due(now)
	switch {
	case len(w.now.parts) == 0:
		return ClockNone, -1
	case !w.started:
		return ClockWaiting, -1
	case w.stopped && due >= 0 && w.stopAt > due, !w.stopped && due >= 0 && now > due:
		return ClockLate, due
	case w.stopped:
		return ClockMet, due
	case w.paused:
		return ClockPaused, due
	}
	return ClockRunning, due
}

// step is when a step falls due that counts the time used: after minutes, or minutes after the due.
func (w *walker) step(after int, late bool, now int) int {
	if late {
		due := w.due(now)
		if due < 0 {
			return -1
		}
		for k := w.startAt; k < due; k++ {
			if k < now {
				after += w.at(0, k+1) - w.at(0, k)
			} else if !w.paused && w.g.open[w.now.parts[0].cal][k] {
				after++
			}
		}
	}
	return w.usedUp(0, after, now)
}

// story invents the history of a request; times are whole minutes.
func story(r *rand.Rand, from int64) []Event {
	type kind struct {
		name   string
		values []string
	}
	kinds := []kind{
		{"severity-changed", []string{"S1", "S2", "S3"}}, {"level-entered", []string{"L1", "L2", "L3"}}, {"channel", []string{"forum", "web"}},
		{"status", []string{"awaiting", "proposed", "outage", "open", "waiting"}}, {"waits-for-requester", []string{"", "awaiting"}},
		{"customer-replied", []string{""}}, {"public-update", []string{""}}, {"first-reply", []string{""}}, {"reproduced", []string{""}},
		{"solved", []string{""}}, {"reopened", []string{""}}, {"closed", []string{""}}, {"escalated", []string{""}},
	}
	begin := r.IntN(1440 * 3)
	span := []int{300, 1800, walkedFor}[r.IntN(3)]
	var times []int
	for range r.IntN(12) {
		times = append(times, begin+r.IntN(min(span, walkedFor-begin)))
	}
	slices.Sort(times)
	at := func(m int) int64 { return from + int64(m)*minute }
	events := []Event{{At: at(begin), Name: "created"}, {At: at(begin), Name: "level-entered", Value: "L1"}, {At: at(begin), Name: "complete"}}
	for _, m := range times {
		if r.IntN(4) == 0 {
			m = m / 60 * 60 // on the hour, where windows begin and end
		}
		if m < begin || at(m) < events[len(events)-1].At {
			m = begin
			m = int((events[len(events)-1].At - from) / minute)
		}
		k := kinds[r.IntN(len(kinds))]
		events = append(events, Event{At: at(m), Name: k.name, Value: k.values[r.IntN(len(k.values))]})
	}
	return events
}

// TestClocksEqualTheWalk compares the fold with a walk of the definition, minute by minute, over random histories: pauses,
// changes of level, severity and channel, restarts, reopening, over changes of the clocks in three zones. TIERDESK_SEED runs one
// seed again; TIERDESK_WALKS says how many histories.
func TestClocksEqualTheWalk(t *testing.T) {
	p, findings := policy.Parse("p.md", []byte(walkedPolicy))
	if p == nil {
		t.Fatal(findings)
	}
	seed, walks := uint64(time.Now().UnixNano()), eachWalk
	if text := os.Getenv("TIERDESK_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	if n, err := strconv.Atoi(os.Getenv("TIERDESK_WALKS")); err == nil {
		walks = n
	}
	r := rand.New(rand.NewPCG(seed, 7))
	var grounds []*ground
	for _, start := range []string{"2026-03-01", "2026-03-22", "2026-06-30", "2026-09-28", "2026-10-19", "2026-12-20"} {
		grounds = append(grounds, paint(p, at(t, start+"T00:00:00Z")))
	}
	states := map[string]int{}
	for n := range walks {
		g := grounds[r.IntN(len(grounds))]
		events := story(r, g.from)
		now := int((events[len(events)-1].At-g.from)/minute) + r.IntN([]int{120, 600, 3000}[r.IntN(3)])
		if problem := compareWalk(t, p, g, events, now, states); problem != "" {
			t.Fatalf("TIERDESK_SEED=%d, history %d: %s\n%s", seed, n, problem, tell(events, g.from+int64(now)*minute))
		}
	}
	t.Logf("TIERDESK_SEED=%d: %d histories, states %v", seed, walks, states)
	for _, s := range []string{ClockWaiting, ClockRunning, ClockPaused, ClockMet, ClockLate, ClockNone} {
		if states[s] == 0 {
			t.Errorf("no walk ended with a clock that is %s", s)
		}
	}
}

func tell(events []Event, now int64) string {
	text := ""
	for _, e := range events {
		text += fmt.Sprintln(time.UnixMilli(e.At).UTC().Format(time.RFC3339), e.Name, e.Value)
	}
	return text + "now " + time.UnixMilli(now).UTC().Format(time.RFC3339)
}

func compareWalk(t *testing.T, p *policy.Policy, g *ground, events []Event, now int, states map[string]int) string {
	s := situation(t, p, `{severity: S2, channel: web, product: {type: h}, requester: {kind: customer}, category: x}`)
	s.At = events[0].At
	instant := func(m int) int64 { return g.from + int64(m)*minute }
	clocks := Clocks(p, s, Decide(p, s), events, instant(now))
	for _, w := range walkers() {
		w.g, w.facts, w.startAt = g, facts{level: "L1", severity: "S2", channel: "web", status: "open", waiting: "provider"}, -1
		w.now, w.paused = w.see().aims(w.clock), w.see().paused(w.clock)
		w.walk(events, now)
		i := slices.IndexFunc(clocks, func(c Clock) bool { return c.ID == w.clock && c.Level == w.level })
		if i < 0 {
			if w.started {
				return fmt.Sprintf("no clock %s %s", w.clock, w.level)
			}
			continue
		}
		c := &clocks[i]
		state, due := w.state(now)
		states[state]++
		wantDue, gotDue := "none", "none"
		if due >= 0 {
			wantDue = time.UnixMilli(instant(due)).UTC().Format(time.RFC3339)
		}
		if c.DueAt != nil {
			gotDue = time.UnixMilli(*c.DueAt).UTC().Format(time.RFC3339)
		}
		used := 0
		if w.started && state != ClockNone {
			used = w.at(0, min(now, walkedTo))
			if w.stopped {
				used = w.at(0, w.stopAt)
			}
		}
		if c.State != state || gotDue != wantDue || state != ClockNone && c.UsedMs != int64(used)*minute || c.Missed != w.missed && state != ClockNone || c.LateBy != (w.byChange && state == ClockLate) {
			return fmt.Sprintf("%s %s: %s, due %s, used %d min, missed %d, by change %v; the walk says %s, due %s, used %d min, missed %d, by change %v", w.clock, w.level,
				c.State, gotDue, c.UsedMs/minute, c.Missed, c.LateBy, state, wantDue, used, w.missed, w.byChange && state == ClockLate)
		}
		if problem := compareSteps(w, c, now, instant); problem != "" {
			return problem
		}
	}
	return ""
}

func compareSteps(w *walker, c *Clock, now int, instant func(int) int64) string {
	if w.clock != "reply" && w.clock != "fix" || !w.started || w.stopped || c.State == ClockNone {
		return ""
	}
	got := map[string]int64{}
	for _, s := range c.Then {
		got[s.Notify] = s.At
	}
	want := map[string]int{"a": w.step(120, false, now), "b": w.step(60, true, now)}
	for id, m := range want {
		if at, ok := got[id]; ok != (m >= 0) || ok && at != instant(m) {
			return fmt.Sprintf("%s: step %s: %v %s, the walk says %s", w.clock, id, ok, time.UnixMilli(at).UTC().Format(time.RFC3339), time.UnixMilli(instant(m)).UTC().Format(time.RFC3339))
		}
	}
	return ""
}
