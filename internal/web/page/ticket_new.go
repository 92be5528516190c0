package page

// TicketNew is GET and POST /desk/new: an engineer writes a ticket for somebody, for example on the phone.
//
// Form (multipart/form-data): requester (an email address), category, severity, instance, subject, body, reference,
// files, and check ("1": not a submission; answer with the same page, Coverage filled, and the Instances of the
// requester's account).
type TicketNew struct {
	Frame
	Requester  string
	Categories []OptionGroup
	// Severities are the policy's scale, if it has one.
	Severities []Option
	// Channels are the ways in which they may have reached the desk, if the policy tells several apart.
	Channels  []Option
	Instances []Option
	// Facts are the questions of the policy to who asks.
	Facts     []Fact
	Subject   string
	Body      string
	Reference string
	Coverage  Coverage
	Errors    Errors
	DraftKey  string
}
