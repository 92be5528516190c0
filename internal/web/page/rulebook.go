package page

// Rulebook is GET /rulebook: the versions of the policy, the drafts of the next one, and what happened to them. For policy
// owners only.
//
// Forms:
//
//	POST /rulebook/drafts   title, from (a version's number, or file), file (a policy document)
type Rulebook struct {
	Frame
	Versions []RulebookVersion
	Drafts   []RulebookDraft
	Events   []RulebookEvent
	// NewTitle and NewFrom are kept after an error.
	NewTitle, NewFrom string
	Errors            Errors
}

// RulebookVersion is one published version, newest first. By is who published it; Mails what became of the mails that told
// customers, "" where none were meant.
type RulebookVersion struct {
	Number               int
	Name, Effective      string
	Standing             PolicyStanding
	PublishedAt          int64
	By, Mails, MailsTone string
}

// RulebookDraft is one draft, the last saved first.
type RulebookDraft struct {
	ID, Title, UpdatedBy string
	Base                 int
	UpdatedAt            int64
}

// RulebookEvent is one line of the journal, newest first.
type RulebookEvent struct {
	At       int64
	Text, By string
}

// DraftTab names one page of a draft.
type DraftTab string

// The pages of a draft.
const (
	TabWrite      DraftTab = ""
	TabProbes     DraftTab = "probes"
	TabDifference DraftTab = "difference"
	TabPreview    DraftTab = "preview"
	TabSimulate   DraftTab = "simulate"
	TabPublish    DraftTab = "publish"
)

// Draft is what stands above every page of a draft. Version counts its saves; Published is the version that it became, 0
// while it is a draft; Mistakes counts the errors of the saved text.
type Draft struct {
	Frame
	ID, Title       string
	Base, Version   int
	UpdatedAt       int64
	UpdatedBy       string
	Published       int
	Mistakes        int
	Tab             DraftTab
	NothingToDiffer bool
}

func (p Draft) path(tab DraftTab) string {
	if tab == TabWrite {
		return "/rulebook/drafts/" + p.ID
	}
	return "/rulebook/drafts/" + p.ID + "/" + string(tab)
}

type tabItem struct {
	tab   DraftTab
	label string
}

func (p Draft) tabs() []tabItem {
	return []tabItem{{TabWrite, p.T("Write")}, {TabProbes, p.T("Probes")}, {TabDifference, p.T("What changes")}, {TabPreview, p.T("Preview")}, {TabSimulate, p.T("Simulate")}, {TabPublish, p.T("Publish")}}
}

// DraftEditor is GET and POST /rulebook/drafts/{id}: the text of a draft with what the checker says about it.
//
// Forms:
//
//	POST /rulebook/drafts/{id}          version, title, source; check=1 checks and saves nothing
//	POST /rulebook/drafts/{id}/check    source; answers Findings alone
//	POST /rulebook/drafts/{id}/import   version, file
//	POST /rulebook/drafts/{id}/discard  version
type DraftEditor struct {
	Draft
	Source   string
	Findings DraftFindings
	// Unsaved is true when Source is what was typed and not what is saved.
	Unsaved  bool
	Conflict *DraftConflict
	Errors   Errors
}

// DraftFindings is what the checker says about a text: the fragment of POST /rulebook/drafts/{id}/check too. Field is the
// id of the text in the page.
type DraftFindings struct {
	Frame
	Field string
	List  []DraftFinding
}

// DraftFinding is one finding; Line and Col count from 1.
type DraftFinding struct {
	Line, Col int
	Warning   bool
	Message   string
}

func (p DraftFindings) mistakes() (n int) {
	for _, f := range p.List {
		if !f.Warning {
			n++
		}
	}
	return n
}

// DraftConflict tells that somebody else saved: who, when, and what differs between their text and the one in the form.
type DraftConflict struct {
	By      string
	At      int64
	Changes []DraftChange
}

// DraftChange is one difference in words.
type DraftChange struct {
	Clause, Kind, What, From, To string
}

// DraftProbes is GET and POST /rulebook/drafts/{id}/probes.
//
// Forms:
//
//	POST /rulebook/drafts/{id}/probes   version, probes; saves and runs
type DraftProbes struct {
	Draft
	Probes         string
	Ran            bool
	Passed, Failed int
	Lines          []DraftFinding
	// Unreached are the rules that no probe reaches.
	Unreached []DraftFinding
	Conflict  *DraftConflict
	Errors    Errors
}

// DraftDifference is GET /rulebook/drafts/{id}/difference.
type DraftDifference struct {
	Draft
	// Against is the number of the version in force, 0 for none.
	Against int
	Clauses []DraftClause
}

// DraftClause is the changes under one heading.
type DraftClause struct {
	Anchor, Title string
	Changes       []DraftChange
}

// DraftSimulate is GET /rulebook/drafts/{id}/simulate.
//
// Forms:
//
//	POST /rulebook/drafts/{id}/simulate          since ("2006-01-02" or empty)
//	POST /rulebook/drafts/{id}/simulate/cancel
type DraftSimulate struct {
	Draft
	Since  string
	Run    *SimulationRun
	Errors Errors
}

// SimulationRun is the newest simulation. State is queued, running, done, failed or cancelled.
type SimulationRun struct {
	State                 string
	Done, Total           int64
	CreatedAt, FinishedAt int64
	By, Error             string
	// Stale is true when the draft was saved since.
	Stale  bool
	Result *SimulationResult
}

func (r SimulationRun) busy() bool { return r.State == "queued" || r.State == "running" }

// SimulationResult is what would change.
type SimulationResult struct {
	Judged, Changed, Unreadable int64
	Since                       string
	Clauses                     []SimulationClause
	Changes                     []SimulationChange
	Accounts                    []SimulationAccount
	AccountsChanged             int
	Charges                     []SimulationCharge
	Sums                        []SimulationSum
}

// SimulationClause counts the decisions that change because of a clause.
type SimulationClause struct {
	Anchor, Title string
	Changed       int64
}

// SimulationChange is one kind of change. Because names the clauses; Examples are tickets that the reader may see, Others
// how many examples they may not.
type SimulationChange struct {
	What, Values, Because string
	Count                 int64
	Examples              []string
}

// SimulationAccount is how much changes for an account.
type SimulationAccount struct {
	Name            string
	Judged, Changed int64
}

// SimulationCharge is a charge that appears or disappears.
type SimulationCharge struct {
	Rate                string
	Appears, Disappears int64
}

// SimulationSum is the money of the charges that are amounts, in words.
type SimulationSum struct{ Appears, Disappears string }

// DraftPublish is GET and POST /rulebook/drafts/{id}/publish.
//
// Forms:
//
//	POST /rulebook/drafts/{id}/publish  version, at (once or day), effective ("2006-01-02"), audience (nobody, concerned,
//	                                    everybody), note; do=preview looks, do=publish publishes
type DraftPublish struct {
	Draft
	At, Effective, Audience, Note string
	PolicyZone                    string
	Checks                        []PublishCheck
	// Blocked is true while the draft cannot be published.
	Blocked bool
	Preview *PublishPreview
	Errors  Errors
}

// PublishCheck is one line of what was looked at before publishing. Tab is where it is looked at again.
type PublishCheck struct {
	Tone Tone
	Text string
	Tab  DraftTab
}

// PublishPreview is what publishing will do.
type PublishPreview struct {
	FromAt         int64
	AtOnce         bool
	Accounts       []string
	AccountsInAll  int
	People         int
	Subject, Body  string
	NothingIsSent  bool
	PermanentPath  string
	FirstRecipient string
}

func kindTone(kind string) Tone {
	switch kind {
	case "added":
		return Good
	case "removed":
		return Bad
	case "moved":
		return Info
	}
	return Warn
}

func (f Frame) changeWord(kind string) string {
	switch kind {
	case "added":
		return f.T("added")
	case "removed":
		return f.T("removed")
	case "moved":
		return f.T("moved")
	}
	return f.T("changed")
}

// number renders a count with the reader's separators.
func (f Frame) number(n int64) string { return f.Text.Number(int(n)) }

// DraftPreview is GET /rulebook/drafts/{id}/preview: the draft as the page of the policy would show it.
type DraftPreview struct {
	Draft
	Policy PolicyEdition
}
