package readable

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/choice"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Clock is one promise in time: what starts and stops it, and its targets in the order in which they are read.
type Clock struct {
	Title string
	// Goal is a target that the desk sets itself; else it is a commitment.
	Goal bool
	// About says what starts, stops and pauses it and in which hours it runs; empty where that stands in another clause.
	About []string
	Parts []Part
	// Before lists the clauses whose targets are read before these.
	Before []Reference
	// Then lists what happens on the way to the target and after it.
	Then []string
}

// Part is one entry of a list that is read until an entry holds: a value, or one or more grids.
type Part struct {
	// When is the condition in few words; empty for an entry that always holds.
	When string
	// Others marks an entry that always holds below others that do not.
	Others bool
	Cell   Cell
	// Grids has one grid for a table of one or two axes, one per word of the first axis for three.
	Grids []Grid
}

// Grid is a table of values. Title is the word of the first axis where there are three.
type Grid struct {
	Title  string
	Corner string
	Cols   []string
	Rows   []GridRow
}

// GridRow is a line of a grid; Cells follow its Cols.
type GridRow struct {
	Title string
	Cells []Cell
}

// Cell is a value of a list or grid.
type Cell struct {
	Text string
	Kind CellKind
	// Note is the author's own sentence, or what the value rests on; empty for none.
	Note string
}

// CellKind tells values that a reader must not mistake for each other.
type CellKind uint8

// The kinds of cells. CellEmpty is a case that the table does not settle.
const (
	CellValue CellKind = iota
	CellNone           // there is no target, nothing is promised
	CellEmpty
)

// Reference is a link to another clause.
type Reference struct{ ID, Title string }

func (Clock) block() {}

func (r reader) clocks(clause string) []Clock {
	var list []Clock
	for _, k := range r.p.ClockDefs() {
		out := Clock{Title: k.Title, Goal: k.Goal, Parts: r.targets(k, clause)}
		if len(out.Parts) > 0 {
			out.Before = r.readBefore(k, clause)
		}
		home := k.Clause == clause
		if home {
			out.About, out.Then = r.clockAbout(k), r.steps(k.Then)
		}
		if home || len(out.Parts) > 0 {
			list = append(list, out)
		}
	}
	return list
}

// readBefore are the clauses of the entries above the first one of a clause.
func (r reader) readBefore(k policy.Clock, clause string) []Reference {
	var list []Reference
	for i := range k.Within {
		at := k.Within[i].Clause
		if at == clause {
			break
		}
		if c, ok := r.p.Clause(at); ok && !slices.Contains(list, Reference{c.ID, c.Title}) {
			list = append(list, Reference{c.ID, c.Title})
		}
	}
	return list
}

func (r reader) targets(k policy.Clock, clause string) []Part {
	if k.Choice == nil || len(k.Choice.Entries) != len(k.Within) {
		return nil
	}
	return r.parts(k.Choice, func(i int) string { return k.Within[i].Label }, func(i int) string { return k.Within[i].Says() },
		func(i int) bool { return k.Within[i].Clause == clause }, func(c choice.Cell) Cell {
			if c.None || c.Value < 0 || int(c.Value) >= len(k.Targets) {
				return Cell{Text: "no target", Kind: CellNone}
			}
			return r.target(&k.Targets[c.Value], "")
		})
}

// target says a target in the few words of a cell.
func (r reader) target(t *policy.Target, says string) Cell {
	if t.Kind == policy.TargetNone {
		return Cell{Text: "no target", Kind: CellNone, Note: says}
	}
	return Cell{Text: r.targetWords(t), Note: says}
}

func (r reader) targetWords(t *policy.Target) string {
	text := ""
	switch t.Kind {
	case policy.TargetEarliest, policy.TargetLatest:
		parts := make([]string, len(t.Of))
		for i := range t.Of {
			parts[i] = r.targetWords(&t.Of[i])
		}
		return wording.Or(parts) + map[policy.TargetKind]string{policy.TargetEarliest: ", whichever comes first", policy.TargetLatest: ", whichever comes last"}[t.Kind]
	case policy.TargetDuration:
		body, _, _ := strings.Cut(t.Text, " on ")
		text = unitsSpelled(body)
	default:
		text = strings.TrimPrefix(t.Words, "within ")
	}
	if t.On >= 0 && t.On < len(r.p.Calendars()) {
		text += r.countedOn(t.On)
	}
	return text
}

// countedOn follows a target that counts on a calendar of its own.
func (r reader) countedOn(i int) string {
	if k := r.p.Calendars()[i]; k.Hours == nil || !k.Hours.IsAlways() {
		return " (" + wording.Name(k.ID) + ")"
	}
	return " round the clock"
}

// onCalendar names the calendar that a target counts on.
func (r reader) onCalendar(i int) string {
	k := r.p.Calendars()[i]
	switch {
	case k.Hours != nil && k.Hours.IsAlways():
		return "round the clock"
	case k.Hours != nil && k.Hours.IsNever():
		return "in no hours"
	}
	return "in the hours " + wording.Name(k.ID)
}

// unitsSpelled writes the units of a length of time in full and leaves its numbers as the author wrote them: "24h" stays
// 24 hours, since hours of open time make no days.
func unitsSpelled(text string) string {
	var parts []string
	for rest := strings.TrimSpace(text); rest != ""; {
		i := strings.IndexAny(rest, "wdhms")
		if i <= 0 {
			return text
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		if err != nil {
			return text
		}
		parts = append(parts, wording.Count(n, map[byte]string{'w': "week", 'd': "day", 'h': "hour", 'm': "minute", 's': "second"}[rest[i]]))
		rest = rest[i+1:]
	}
	return strings.Join(parts, " ")
}

// moments are the built-in events as they follow "when".
var moments = map[string]string{
	"created": "the request arrives", "complete": "the request is complete", "assigned": "somebody takes the request", "first-reply": "a person first answers",
	"public-update": "you get an update", "customer-replied": "you reply", "waits-for-requester": "the request waits for you", "escalated": "the request is handed up",
	"level-entered": "the request reaches a level", "severity-changed": "the severity changes", "workaround-given": "you get a work-around", "solved": "the request is solved",
	"reopened": "the request is opened again", "closed": "the request is closed", "paged": "somebody on call is paged", "acknowledged": "somebody on call acknowledges",
	"on-site": "somebody is on site",
}

func (r reader) moment(event string) string {
	if said, ok := moments[event]; ok {
		return said
	}
	for _, e := range r.p.Events() {
		if e.ID == event {
			return "this is recorded: " + wording.Inner(e.Title)
		}
	}
	return wording.Spoken(event)
}

func (r reader) clockAbout(k policy.Clock) []string {
	list := []string{"Starts when " + r.moment(k.Starts) + "."}
	if len(k.Restarts) > 0 {
		again := make([]string, len(k.Restarts))
		for i, e := range k.Restarts {
			again[i] = r.moment(e)
		}
		list = append(list, "Starts afresh each time "+wording.Or(again)+".")
	}
	list = append(list, "Met when "+r.moment(k.Stops)+".")
	if k.Runs >= 0 && k.Runs < len(r.p.Calendars()) {
		list = append(list, "Runs "+r.onCalendar(k.Runs)+".")
	} else {
		list = append(list, "Runs in the support hours of the request.")
	}
	if len(k.Pauses) > 0 {
		held := make([]string, len(k.Pauses))
		for i, s := range k.Pauses {
			held[i] = "“" + r.status(s) + "”"
		}
		list = append(list, "Stands still while the state is "+wording.Or(held)+".")
	}
	return list
}

func (r reader) status(id string) string {
	for _, s := range r.p.Statuses() {
		if s.ID == id {
			return s.Title
		}
	}
	return wording.Spoken(id)
}

func (r reader) steps(then []policy.Step) []string {
	var list []string
	for i := range then {
		s := &then[i]
		list = append(list, r.stepTime(s)+" "+wording.And(r.stepDoes(s))+".")
	}
	return list
}

func (r reader) stepTime(s *policy.Step) string {
	switch {
	case s.Percent > 0:
		return "At " + strconv.Itoa(s.Percent) + "% of the time"
	case s.Late && s.LateMs > 0:
		return wording.Duration(s.LateMs) + " after it is missed"
	case s.Late:
		return "When it is missed"
	}
	return "After " + r.targetWords(&s.After)
}

func (r reader) stepDoes(s *policy.Step) []string {
	var does []string
	if s.Notify != "" {
		does = append(does, "the "+wording.Spoken(s.Notify)+" is told")
	}
	if l, ok := r.p.Level(s.Escalate); ok {
		does = append(does, "the request goes up to "+l.Name)
	}
	if s.SetSeverity != "" {
		does = append(does, "the severity becomes "+r.severityName(s.SetSeverity))
	}
	if s.SetStatus != "" {
		does = append(does, "the state becomes “"+r.status(s.SetStatus)+"”")
	}
	return does
}

func (r reader) severityName(id string) string {
	for _, s := range r.p.Severities() {
		if s.ID == id && s.Name != "" {
			return s.Name
		}
	}
	return wording.Spoken(id)
}
