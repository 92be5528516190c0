package page

import "fmt"

// Policy is GET /policy (the version in force) and /policy/{version} (any published version, at a permanent address).
type Policy struct {
	Frame
	// Name is the policy's name; Vendor who publishes it.
	Name, Vendor string
	// Version is the id in the address; Effective the local date it takes effect ("2006-01-02").
	Version, Effective string
	Standing           PolicyStanding
	// Until is the local date from which the next version is in force, "" when none is scheduled.
	Until   string
	Clauses []PolicyClause
	// Versions lists all published versions, newest first.
	Versions []PolicyVersion
}

// PolicyStanding says how a version stands today.
type PolicyStanding int

const (
	// InForce is the version that judges requests arriving now.
	InForce PolicyStanding = iota
	// Earlier is no longer in force for new requests.
	Earlier
	// Scheduled takes effect later.
	Scheduled
)

// PolicyClause is one heading with its prose and what its blocks define, in the order of the document.
type PolicyClause struct {
	// Anchor is the permanent id; Depth 2 or 3; HTML sanitised prose without the heading.
	Anchor, Title, HTML string
	Depth               int
	Weeks               []Week
	Matrix              *Matrix
	Categories          []PolicyCategory
	Needs               []PolicyNeed
	Exclusions          []PolicyExclusion
	Terms               []PolicyTerm
	Clocks              []PolicyClock
	// Blocks are definitions that have no picture of their own, as tables and sentences.
	Blocks []PolicyBlock
}

// Week is one calendar as open spans of a week in the reader's zone.
type Week struct {
	// Label says whom it serves ("Level 1 and level 2, all customers").
	Label string
	// Words is the calendar in its own zone: "Monday to Friday, 08:00-17:00 GMT".
	Words string
	Spans []Span
	// Always is open day and night.
	Always bool
}

// Span is open time in minutes since Monday 00:00 in the reader's zone, To exclusive, both within 0..10080.
type Span struct{ From, To int }

// Matrix is who provides each level and for whom, per product type.
type Matrix struct {
	Levels []string
	Rows   []MatrixLine
}

// MatrixLine is one product type; Cells follow Levels.
type MatrixLine struct {
	Product string
	Cells   []MatrixCell
}

// MatrixCell is who provides a level and who may be served. Kinds are empty when nobody provides it.
type MatrixCell struct {
	Kinds []OrgKind
	// For names the served in words: "the customer", "end users and the customer".
	For string
}

// PolicyCategory is one kind of request, in or out.
type PolicyCategory struct {
	Title string
	// Level's name when it is included; else Offer is the way on.
	Level  string
	Answer Answer
	Offer  *Offer
}

// PolicyNeed is one thing that a hand-over needs.
type PolicyNeed struct {
	Title string
	// Waivable is true when a recorded reason may stand in its place.
	Waivable bool
}

// PolicyExclusion is one rule that limits coverage.
type PolicyExclusion struct {
	Text   string
	Answer Answer
	Offer  *Offer
}

// PolicyTerm is one defined term.
type PolicyTerm struct{ Term, Meaning string }

// PolicyClock is one promise in time, in words.
type PolicyClock struct {
	Title, Within string
	Goal          bool
}

// PolicyBlock is a table (Head, Rows) or a list of sentences.
type PolicyBlock struct {
	Head []string
	Rows [][]string
	List []string
	// Label names what the list lists, or "".
	Label string
}

// PolicyVersion is one line of the list of versions.
type PolicyVersion struct {
	Version, Effective string
	Standing           PolicyStanding
	Current            bool
}

func (f Frame) standingWord(s PolicyStanding) string {
	switch s {
	case Earlier:
		return f.T("earlier version")
	case Scheduled:
		return f.T("scheduled")
	}
	return f.T("in force")
}

func (f Frame) weekDays() []string {
	return []string{f.T("Mon"), f.T("Tue"), f.T("Wed"), f.T("Thu"), f.T("Fri"), f.T("Sat"), f.T("Sun")}
}

// nowMinute is the minute of the reader's week, for the mark on the timeline.
func (f Frame) nowMinute() int {
	t := f.local(f.Now)
	return ((int(t.Weekday())+6)%7)*24*60 + t.Hour()*60 + t.Minute()
}

// spanDays splits spans at midnight: one line of words per local day.
func (f Frame) spanDays(spans []Span) []dayHours {
	var out []dayHours
	for i, name := range f.weekDays() {
		var words string
		for _, s := range spans {
			from, to := max(s.From, i*24*60), min(s.To, (i+1)*24*60)
			if from < to {
				words = listed(words, clockText(from-i*24*60)+"–"+clockText(to-i*24*60))
			}
		}
		if words == "" {
			words = f.T("closed")
		}
		out = append(out, dayHours{name, words})
	}
	return out
}

type dayHours struct{ day, words string }

func listed(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + ", " + b
}

func clockText(minutes int) string {
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}

func (p Policy) standingTone() Tone {
	if p.Standing == InForce {
		return Good
	}
	return Warn
}
