package page

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/readable"
)

// Policy is GET /policy (the version in force) and /policy/{version} (any published version, at a permanent address).
type Policy struct {
	Frame
	PolicyEdition
	// Versions lists all published versions, newest first.
	Versions []PolicyVersion
}

// PolicyEdition is a policy as it was, is or will be published.
type PolicyEdition struct {
	Document readable.Document
	// Version is the number in the address, "" for a document that is not published; Effective the local date it takes
	// effect ("2006-01-02").
	Version, Effective string
	Standing           PolicyStanding
	// Until is the local date from which the next version is in force, "" when none is scheduled.
	Until string
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
	// Unpublished is a document that no rulebook has, such as a draft or a file.
	Unpublished
)

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
	case Unpublished:
		return f.T("not published")
	}
	return f.T("in force")
}

func standingTone(s PolicyStanding) Tone {
	if s == InForce {
		return Good
	}
	return Warn
}

// blockPlace is where a block stands, for the ids and labels inside it.
type blockPlace struct {
	clause readable.Clause
	n      int
}

// id is unique on a page: clauses have distinct ids, and none has two hyphens.
func (b blockPlace) id(what string) string {
	return b.clause.ID + "--" + what + "-" + decimal(int64(b.n))
}

// label names a block for those who do not see where it stands, unlike any other of the page.
func (b blockPlace) label(titles ...string) string {
	name := b.clause.Title
	for _, t := range titles {
		if t != "" && t != b.clause.Title {
			name += ": " + t
		}
	}
	if b.n > 0 {
		name += " (" + decimal(int64(b.n+1)) + ")"
	}
	return name
}

// whose names whom a line of hours is for.
func (f Frame) whose(line readable.HoursLine, i int) string {
	switch {
	case line.Who != "":
		return line.Who
	case i > 0:
		return f.T("Everybody else")
	}
	return f.T("Everybody")
}

func (f Frame) caseWords(p readable.Part) string {
	switch {
	case p.When != "":
		return p.When
	case p.Others:
		return f.T("In all other cases")
	}
	return f.T("In all cases")
}

func (f Frame) oneOf(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + f.T(" or ") + list[len(list)-1]
}

// shortScope reports that the items of a group are names only, so that they stand side by side.
func shortScope(g readable.ScopeGroup) bool {
	for _, i := range g.Items {
		if len(i.Ways) > 0 || i.Charge != "" || len(i.Despite) > 0 || len(i.Text) > 60 {
			return false
		}
	}
	return true
}

func joinedSentences(list []string) string { return "“" + strings.Join(list, "” “") + "”" }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// zoneWords names the zone of a document's dates.
func zoneWords(zone string) string { return strings.ReplaceAll(zone, "_", " ") }
