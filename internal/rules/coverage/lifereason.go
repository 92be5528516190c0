package coverage

import (
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// explainVersion cites what decided the ends of the version's phases, the present one first.
func (j *judge) explainVersion(d *Decision) {
	life := j.life.of
	if life == nil || j.life.present.Gap {
		return
	}
	if at := j.life.present.Phase; at < len(life.Phases) {
		j.explainEnd(d, at)
	}
	for i := range life.Phases {
		if i != j.life.present.Phase {
			j.explainEnd(d, i)
		}
	}
}

// explainEnd cites what decided one end. What is neither known nor announced needs no reason.
func (j *judge) explainEnd(d *Decision, phase int) {
	life, e := j.life.of, &j.life.ends[phase]
	if e.Lives == lifecycle.No || e.Lives == lifecycle.Yes && d.Version.Phases.Last(life.Phases[phase].ID) == "" && e.Settled() {
		return
	}
	for _, step := range e.Steps() {
		if j.idle(&step) {
			continue
		}
		rule, place := life.Cited(&step)
		d.Because = append(d.Because, Reason{Clause: place.Clause, Rule: rule, Line: place.Line,
			Effect: life.Phases[phase].ID + " until " + j.written(e), Text: j.stepText(phase, &step)})
	}
}

func (j *judge) written(e *lifecycle.End) string {
	if !e.Settled() {
		return "ask"
	}
	return lifecycle.Written(j.life.of.Life.LastDay(e.To))
}

// idle reports a line that says nothing about this version yet: none was named, or no end is announced.
func (j *judge) idle(step *lifecycle.Step) bool {
	if step.Source != lifecycle.FromLine {
		return false
	}
	e := &j.life.of.Life.Lines[step.Index].End
	return e.Base == lifecycle.BaseAnnounced && j.life.subject.Announced == lifecycle.Open || !j.life.subject.Version.Known() && e.Base != lifecycle.BaseAnnounced
}

// stepText says what decided an end: "Supported until 29 January 2028: two years after the next major release (10.0.0, 29
// January 2026)."
func (j *judge) stepText(phase int, step *lifecycle.Step) string {
	life, e := j.life.of, &j.life.ends[phase]
	until := " until " + lifecycle.Spoken(life.Life.LastDay(e.To))
	switch {
	case !e.Settled():
		until = ", to an end that is not known yet"
	case e.To == lifecycle.Open:
		until = ", with no end yet"
	case e.To == lifecycle.Ended:
		until = " is over"
	}
	return life.Phases[phase].Title + until + ": " + j.stepWords(life, step) + "."
}

func (j *judge) stepWords(life *policy.Lifecycle, step *lifecycle.Step) string {
	switch step.Source {
	case lifecycle.FromTable:
		return "published for version " + life.Life.Rows[step.Index].Version.String()
	case lifecycle.FromOthers:
		return "the table of versions does not name this one"
	case lifecycle.FromException:
		x := &life.Life.Exceptions[step.Index]
		words := "an exception for this version"
		if x.End.Base != lifecycle.BaseDate {
			words += ", " + x.End.Words(lifecycle.Whole, j.p.LifeNames(), found(step))
		}
		if reason := life.Exceptions[step.Index].Reason; reason != "" {
			words += " (" + wording.Inner(reason) + ")"
		}
		return words
	}
	line := &life.Life.Lines[step.Index]
	switch {
	case line.Kind == lifecycle.Newest && step.Release == nil:
		return life.NewestWords(line)
	case line.Kind == lifecycle.Newest:
		return life.NewestWords(line) + "; the one with which it is no longer among them is " + found(step)
	case line.End.Base == lifecycle.BaseDate && len(line.End.Shifts) == 0:
		return "the policy says so"
	}
	how := map[lifecycle.Kind]string{lifecycle.AtLeast: "at least ", lifecycle.AtMost: "at most "}[line.Kind]
	return how + line.End.Words(line.Of, j.p.LifeNames(), j.note(line, step))
}

// note is what is known of the release that a date hangs on.
func (j *judge) note(line *lifecycle.Line, step *lifecycle.Step) string {
	if step.Release == nil && line.End.Base == lifecycle.BaseNext && j.life.ends[line.Phase].Settled() {
		return "none is out"
	}
	return found(step)
}

func found(step *lifecycle.Step) string {
	if step.Release == nil {
		return ""
	}
	return step.Release.Version.String() + ", " + lifecycle.Spoken(step.Release.On)
}
