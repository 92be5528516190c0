package page

import "strconv"

// Gate is what a hand-over needs before it may happen.
type Gate struct {
	Items  []GateItem
	Clause Clause
}

// GateItem is one thing that is needed. Key is the id that the policy gives it;
// Title is the policy's name for it, which the desk shows. The portal asks for the ids it knows in plainer words.
type GateItem struct {
	Key, Title string
	Met        bool
	// Waived is the recorded reason why it is not needed, or "".
	Waived string
}

func (g Gate) met() int {
	n := 0
	for _, item := range g.Items {
		if item.Met || item.Waived != "" {
			n++
		}
	}
	return n
}

func (g Gate) missing() int { return len(g.Items) - g.met() }

// Step is one structured step to reproduce.
type Step struct{ Action, Expected, Actual string }

// MatrixRow is one tested combination.
type MatrixRow struct{ Browser, OS, Device, Result string }

// Handover is the form that fills a gate; it is part of the escalate page, of an incomplete request and of a
// new request by an organisation that provides level 1 itself.
//
// Form fields (multipart/form-data):
//
//	step_action, step_expected, step_actual           repeated, one set per row, empty rows are ignored
//	environment_url
//	access_details                                     never sent back to the browser once stored
//	none_needed                                        "yes" when no access is needed
//	evidence                                           files, repeated
//	waive_evidence                                     the reason, when there is nothing to show
//	matrix_browser, matrix_os, matrix_device, matrix_result   repeated like steps
//	tried
//	add                                                "step" or "matrix": not a submission; answer with the same page,
//	                                                   all values kept and one more empty row
//
// Error keys of rows carry the 1-based row: "step_action.1", "matrix_browser.2".
type Handover struct {
	Gate  Gate
	Steps []Step
	// EnvironmentURL is the address where it happens.
	EnvironmentURL string
	// AccessStored is true when sealed access details are kept already; the field is then empty and optional.
	AccessStored bool
	// AccessDetails is what was typed and not yet stored (after an error); leave empty otherwise.
	AccessDetails string
	NoneNeeded    bool
	// Evidence lists files that are stored already.
	Evidence      []Attachment
	WaiveEvidence string
	Matrix        []MatrixRow
	Tried         string
	// ExtraSteps and ExtraMatrix ask for that many empty rows beyond the one that is always there.
	ExtraSteps, ExtraMatrix int
}

func (h Handover) stepRows() []Step {
	return append(append([]Step{}, h.Steps...), make([]Step, 1+h.ExtraSteps)...)
}

func (h Handover) matrixRows() []MatrixRow {
	return append(append([]MatrixRow{}, h.Matrix...), make([]MatrixRow, 1+h.ExtraMatrix)...)
}

// gateWord names a gate item: the policy's words on the desk, plain words on the portal.
func (f Frame) gateWord(item GateItem) string {
	if f.Surface == Portal {
		switch item.Key {
		case "steps":
			return f.T("What you did, step by step")
		case "environment_url":
			return f.T("The web address where it happens")
		case "access_details":
			return f.T("How we can see it ourselves")
		case "evidence":
			return f.T("A screenshot or recording")
		case "test_matrix":
			return f.T("Where you tried it")
		case "tried":
			return f.T("What you tried already")
		}
	}
	if item.Title != "" {
		return item.Title
	}
	return spoken(item.Key)
}

func (f Frame) gateState(item GateItem) string {
	if item.Met || item.Waived != "" {
		return f.T("given")
	}
	return f.T("still missing")
}

// ask picks the desk's or the portal's wording.
func (f Frame) ask(desk, portal string) string {
	if f.Surface == Desk {
		return desk
	}
	return portal
}

func rowKey(name string, n int) string { return name + "." + strconv.Itoa(n) }
