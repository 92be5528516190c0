package page

// RequestNew is GET /requests/new and, after an error, the answer of its POST.
//
// Form: POST /requests/new, multipart/form-data:
//
//	category      a category's id
//	instance      an instance's id, or "" where the account has none
//	subject, body
//	reference     the sender's own number, only when ShowReference
//	files         attachments, repeated
//	check         "1": not a submission; answer with the same page, all values kept and Coverage filled
//	              (the way without JavaScript; with it GET /fragments/coverage?category=&instance= answers Coverage.View)
//
// When Handover is set its fields belong to the same form.
type RequestNew struct {
	Frame
	Categories []OptionGroup
	// Severities are the policy's scale, if it has one.
	Severities []Option
	// SeverityBySupport is true where what is said of the severity is a wish and support sets it.
	SeverityBySupport bool
	// Instances are the reader's; one preselected. With a single one it is shown as a fact.
	Instances []Option
	// Facts are the questions of the policy; all may stay open.
	Facts         []Fact
	Subject, Body string
	ShowReference bool
	Reference     string
	Coverage      Coverage
	Errors        Errors
	// Handover is set when the policy asks for details before work starts; Straight names the level where the request begins
	// because the reader's organisation provides those below itself, or is empty.
	Handover *Handover
	Straight string
	// DraftKey names the draft kept in the browser; make it unique per person.
	DraftKey string
}

// Coverage is the calm box before sending, also served alone by GET /fragments/coverage.
type Coverage struct {
	Frame Frame
	// Asked is false until a category is chosen.
	Asked    bool
	Decision Decision
	// By is the instant of the first answer if sent now, 0 for no promise; Goal marks it as a goal.
	By   int64
	Goal bool
	// NeedsDetails is true when a gate applies at submit.
	NeedsDetails bool
}

func (p RequestNew) severityHint() string {
	if p.SeverityBySupport {
		return p.T("Say how it looks to you. Support sets the severity and tells you.")
	}
	return ""
}
