package lifecycle

// Need is what a date hangs on and is not known, as a set.
type Need uint8

// What can be missing.
const (
	NeedVersion    Need = 1 << iota // which version it is
	NeedReleased                    // its release date
	NeedReleases                    // the releases of the product
	NeedDependency                  // the version of the product that it depends on, or that product's releases
	NeedCondition                   // a fact that a condition asks for
)

// Asker answers what the dates of a life depend on beyond releases.
type Asker interface {
	Holds(rule int) State                             // the condition of a line, an exception or a phase
	Other(product, phase string) (span Span, ok bool) // the end of a phase of a product; false: no such phase lives
}

// Span is an end that is known to lie between two days. Missing says on what it still hangs; nothing where both are the same.
type Span struct {
	From, To Date
	Missing  Need
}

// Settled reports that the end is known.
func (s Span) Settled() bool { return s.From == s.To }

func settled(d Date) Span { return Span{From: d, To: d} }

// unknown is an end of which nothing is known.
func unknown(missing Need) Span { return Span{From: Ended, To: Open, Missing: missing} }

func (s Span) shifted(e *Expression) Span {
	s.From, s.To = e.shifted(s.From), e.shifted(s.To)
	return s
}

// Source is where the text says what ends a phase.
type Source uint8

// The sources of an end.
const (
	FromLine Source = iota
	FromTable
	FromException
	FromOthers // `others: ended`
)

// Step is a part of the text that decided an end. Release is the release that it hangs on, nil for none.
type Step struct {
	Source  Source
	Index   int // of the line, the row or the exception
	Release *Release
}

// maxSteps bounds what is told of one end.
const maxSteps = 4

// End is when a phase of one version ends. Lives says whether the phase exists for the version at all. Steps decided it.
type End struct {
	Span
	Lives State
	steps [maxSteps]Step
	count int
}

// Steps lists what decided the end.
func (e *End) Steps() []Step { return e.steps[:e.count] }

func (e *End) decided(s Step) {
	if e.count < maxSteps {
		e.steps[e.count] = s
		e.count++
	}
}

// ends works out the ends of one version.
type ends struct {
	life *Life
	s    *Subject
	ask  Asker
	row  int
	list []End
	done uint64 // bit i: phase i
}

// MaxPhases is how many phases a life may have.
const MaxPhases = 64

// Ends works out when each phase of a version ends, by index of the phase. Into is an empty slice to append to.
func (l *Life) Ends(s *Subject, ask Asker, into []End) []End {
	for range l.Phases {
		into = append(into, End{})
	}
	w := ends{life: l, s: s, ask: ask, row: -1, list: into}
	if s.Version.Known() {
		w.row = l.row(s.Version)
	}
	for i := range l.Phases {
		w.phase(i)
	}
	return w.list
}

func (w *ends) phase(i int) {
	if w.done>>i&1 == 1 {
		return
	}
	w.done |= 1 << i
	e := End{Span: settled(Open)}
	w.table(i, &e)
	if e.To != Ended {
		w.lines(i, &e)
	}
	w.exceptions(i, &e)
	if e.Settled() {
		e.Missing = 0
	}
	w.list[i] = e
}

// table is what the published dates say.
func (w *ends) table(phase int, e *End) {
	l := w.life
	switch {
	case len(l.Rows) == 0 && !l.OthersEnded:
	case !w.s.Version.Known():
		e.Lives, e.Span = Perhaps, unknown(NeedVersion)
	case w.row >= 0:
		if b := l.Rows[w.row].Ends[phase]; b.Said {
			e.Lives, e.Span = Yes, settled(b.Day)
			e.decided(Step{Source: FromTable, Index: w.row})
		}
	case l.OthersEnded:
		e.Lives, e.Span = Yes, settled(Ended)
		e.decided(Step{Source: FromOthers})
	}
}

// lines applies the lines in the order of their kinds: the earliest end, raised, capped.
func (w *ends) lines(phase int, e *End) {
	for kind := Until; kind <= AtMost; kind++ {
		if kind == Newest {
			continue // together with Until
		}
		for i := range w.life.Lines {
			line := &w.life.Lines[i]
			if line.Phase != phase || line.Kind != kind && !(kind == Until && line.Kind == Newest) {
				continue
			}
			holds := w.holds(line.Rule)
			if holds == No {
				continue
			}
			span, release, ok := w.value(line)
			if !ok {
				continue
			}
			if e.Lives != Yes {
				e.Lives = holds
			}
			e.combine(kind, holds, span, Step{Source: FromLine, Index: i, Release: release})
		}
	}
}

func (w *ends) holds(rule int) State {
	if rule == NoRule {
		return Yes
	}
	return w.ask.Holds(rule)
}

// combine lets a line work on the end. A line that perhaps holds moves only the side on which it could.
func (e *End) combine(kind Kind, holds State, line Span, step Step) {
	if holds == Perhaps {
		line.Missing |= NeedCondition
	}
	before := e.Span
	if kind == AtLeast {
		e.To = max(e.To, line.To)
		if holds == Yes {
			e.From = max(e.From, line.From)
		}
	} else {
		e.From = min(e.From, line.From)
		if holds == Yes {
			e.To = min(e.To, line.To)
		}
	}
	if !line.Settled() || holds == Perhaps {
		e.Missing |= line.Missing
	}
	switch {
	case e.From == before.From && e.To == before.To:
		if line.From == e.From && line.To == e.To && kind == Until {
			e.decided(step) // says the same
		}
	case kind == Until:
		e.count = 0
		e.decided(step)
	default:
		e.decided(step)
	}
}

// exceptions replaces the end by the first exception that holds for the version.
func (w *ends) exceptions(phase int, e *End) {
	var perhaps *Span
	for i := range w.life.Exceptions {
		x := &w.life.Exceptions[i]
		if x.Phase != phase {
			continue
		}
		holds := w.concerns(x)
		if holds == No {
			continue
		}
		if held := w.holds(x.Rule); held != Yes {
			holds = held
		}
		if holds == No {
			continue
		}
		line := Line{Phase: phase, End: x.End}
		span, release, ok := w.value(&line)
		if !ok {
			continue
		}
		if holds == Perhaps {
			span.Missing |= NeedCondition
			if perhaps == nil {
				perhaps = &Span{From: Open, To: Ended}
			}
			*perhaps = hull(*perhaps, span)
			continue
		}
		*e = End{Span: span, Lives: Yes}
		e.decided(Step{Source: FromException, Index: i, Release: release})
		break
	}
	if perhaps != nil {
		if e.Lives == No {
			e.Lives = Perhaps
		}
		e.Span = hull(e.Span, *perhaps)
	}
}

func (w *ends) concerns(x *Exception) State {
	if x.Versions == nil {
		return Yes
	}
	if !w.s.Version.Known() {
		return Perhaps
	}
	for _, v := range x.Versions {
		if v.Covers(w.s.Version) {
			return Yes
		}
	}
	return No
}

func hull(a, b Span) Span {
	return Span{From: min(a.From, b.From), To: max(a.To, b.To), Missing: a.Missing | b.Missing}
}

// value works out a line's date and the release that it hangs on; false where the phase that it counts from does not exist.
func (w *ends) value(line *Line) (Span, *Release, bool) {
	if line.Kind == Newest {
		span, release := w.released(line.Of, func() *Release { return w.s.later(line.Of, line.Count) })
		return w.bare(span), release, true
	}
	e := &line.End
	switch e.Base {
	case BaseDate:
		return settled(e.shifted(e.Day)), nil, true
	case BaseAnnounced:
		return settled(e.shifted(w.s.Announced)), nil, true
	case BaseRelease:
		span, release := w.release(line.Of)
		return span.shifted(e), release, true
	case BaseNext:
		span, release := w.released(e.Unit, func() *Release { return w.s.next(e.Unit) })
		if len(e.Shifts) == 0 {
			return w.bare(span), release, true
		}
		return span.shifted(e), release, true
	case BasePhase:
		return w.own(e)
	case BaseProduct:
		span, ok := w.ask.Other(e.Product, e.Phase)
		return span.shifted(e), nil, ok
	}
	return settled(Open), nil, true
}

func (w *ends) bare(s Span) Span {
	s.From, s.To = w.life.dayBefore(s.From), w.life.dayBefore(s.To)
	return s
}

// released is the day of a release that is looked for; open while it is not born.
func (w *ends) released(u Unit, find func() *Release) (Span, *Release) {
	depth := w.s.depth(u)
	switch {
	case !w.s.Version.Numbered():
		return unknown(NeedVersion), nil
	case u != Whole && w.s.Version.Parts() < depth:
		return settled(Open), nil // it stands for the newest
	case !w.s.knows(depth):
		return unknown(NeedReleases), nil
	}
	r := find()
	if r == nil {
		return settled(Open), nil
	}
	return settled(r.On), r
}

// release is the day of the version's own release, or of the first release of its line.
func (w *ends) release(of Unit) (Span, *Release) {
	if of == Whole || w.s.depth(of) >= w.s.Depth {
		if w.s.Released != Open {
			return settled(w.s.Released), nil
		}
	}
	if !w.s.Version.Numbered() {
		return unknown(NeedVersion), nil
	}
	if r := w.s.first(of); r != nil && r.On != Open {
		return settled(r.On), r
	}
	if of == Whole {
		return unknown(NeedReleased), nil
	}
	return unknown(NeedReleases), nil
}

// own is the end of another phase of the same life.
func (w *ends) own(e *Expression) (Span, *Release, bool) {
	for i := range w.life.Phases {
		if w.life.Phases[i].ID == e.Phase {
			w.phase(i)
			of := &w.list[i]
			if of.Lives == No {
				return Span{}, nil, false
			}
			return of.shifted(e), nil, true
		}
	}
	return Span{}, nil, false
}

// Present is where a version stands in its life.
type Present struct {
	Phase   int  // index, or the number of phases when the life is over
	Settled bool // false: Phase is the first that it could be
	Gap     bool // the text says nothing about the version
	Missing Need
}

// Present finds the first phase whose end has not passed on a day and whose condition holds. Rules of phases that stand open
// are among what is missing. Ends are those of the version.
func (l *Life) Present(list []End, today Date, ask Asker) Present {
	p := Present{Phase: -1, Settled: true, Gap: true}
	w := ends{life: l, ask: ask}
	for i := range l.Phases {
		e := &list[i]
		if e.Lives == No {
			continue
		}
		p.Gap = false
		holds := w.holds(l.Phases[i].Rule)
		if holds == No || today > l.LastDay(e.To) {
			continue
		}
		if p.Phase < 0 {
			p.Phase = i
		}
		over := today > l.LastDay(e.From) // perhaps
		if e.Lives == Yes && holds == Yes && !over {
			if p.Phase != i {
				p.Settled = false
			}
			return p
		}
		p.Settled = false
		p.Missing |= e.Missing
		if e.Lives == Perhaps || holds == Perhaps {
			p.Missing |= NeedCondition
		}
	}
	if p.Phase < 0 {
		p.Phase = len(l.Phases)
	}
	return p
}
