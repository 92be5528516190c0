package page

// Home is the portal's first page, GET / for people without a desk.
type Home struct {
	Frame
	// Name is how the person is greeted, usually the first name.
	Name string
	// Desk names who answers this person first and when.
	Desk  Org
	Hours Hours
	// Mail is the address that takes requests too; empty hides it.
	Mail string
	// Requests are the latest few, those waiting for the reader first.
	Requests []RequestRow
	// More is true when there are more than shown.
	More bool
}

// Requests is GET /requests: everything that the reader may see.
type Requests struct {
	Frame
	Rows []RequestRow
	// Older is the cursor of the next page, empty on the last. First is true on the first page.
	Older string
	First bool
}

// RequestRow is one request in the portal's lists.
type RequestRow struct {
	Number, Subject string
	State           State
	// UpdatedAt is the last thing that happened, UTC milliseconds.
	UpdatedAt int64
	// Answers names who works on it; empty while unsettled.
	Answers string
	// By is the due instant of the next answer, 0 for none.
	By int64
	// Requester is shown when the reader sees the requests of colleagues; else "".
	Requester string
}
