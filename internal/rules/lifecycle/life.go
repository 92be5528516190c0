package lifecycle

// State is whether a condition holds.
type State uint8

// The states of a condition. Perhaps: a fact is missing.
const (
	No State = iota
	Yes
	Perhaps
)

// Kind is what a line does to the end of its phase.
type Kind uint8

// The kinds of lines: the earliest Until or Newest ends the phase, the largest AtLeast raises that, the smallest AtMost caps it.
const (
	Until Kind = iota
	Newest
	AtLeast
	AtMost
)

// Line says something about the end of a phase. Rule is the number under which the caller knows the line's condition.
type Line struct {
	Rule  int
	Phase int // index
	Kind  Kind
	Of    Unit // what kind of release it speaks of
	Count int  // of Newest
	End   Expression
}

// Bound is one cell of the table: a day, open, or nothing said.
type Bound struct {
	Said bool
	Day  Date
}

// Row is the published ends of a version, one for each phase.
type Row struct {
	Version Version
	Ends    []Bound
}

// Exception replaces the end of a phase for some versions; nil means all.
type Exception struct {
	Rule     int
	Versions []Version
	Phase    int
	End      Expression
}

// NoRule stands for a condition that always holds.
const NoRule = -1

// Phase is one stage of a life. Rule is its condition.
type Phase struct {
	ID   string
	Rule int
}

// Life is how the versions of a product live. The references among its phases must not go round in a circle.
type Life struct {
	Phases      []Phase
	Lines       []Line
	Rows        []Row
	OthersEnded bool // versions without a row are past their life
	Exceptions  []Exception
	DayAfter    bool // the day of an end does not count any more
}

// row is the row of the table that covers a version most closely, -1 for none.
func (l *Life) row(v Version) int {
	found := -1
	for i := range l.Rows {
		if l.Rows[i].Version.Covers(v) && (found < 0 || l.Rows[i].Version.Parts() > l.Rows[found].Version.Parts()) {
			found = i
		}
	}
	return found
}

// LastDay is the last day of a phase that ends as given.
func (l *Life) LastDay(end Date) Date {
	if l.DayAfter && end != Open && end != Ended {
		return end - 1
	}
	return end
}

// dayBefore is the end that a new release brings about by itself.
func (l *Life) dayBefore(d Date) Date {
	if l.DayAfter || d == Open || d == Ended {
		return d
	}
	return d - 1
}
