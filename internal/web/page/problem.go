package page

// Problem is an error page. What may not be seen answers 404, the same page as what does not exist.
type Problem struct {
	Frame
	// Status is 400, 404, 409, 413, 429, 500 or 503; others read as 500.
	Status int
	// Message is one safe sentence that says more, or "".
	Message string
	// Incident is an id to quote, shown with 500, or "".
	Incident string
	// RetrySeconds, with 503 and 429, says when to try again; 0 says "in a moment".
	RetrySeconds int
}

func (p Problem) title() string {
	switch p.Status {
	case 400, 422:
		return p.T("This could not be read")
	case 404, 403:
		return p.T("There is nothing here for you to see")
	case 409:
		return p.T("This changed in the meantime")
	case 413:
		return p.T("This is too large")
	case 429:
		return p.T("Too many tries")
	case 503:
		return p.T("Not available for a moment")
	}
	return p.T("Something went wrong on our side")
}

func (p Problem) advice() string {
	switch p.Status {
	case 400, 422:
		return p.T("Go back and try again; what you typed is still in the form.")
	case 404, 403:
		return p.T("The address may be mistyped, or it belongs to an organisation that you are not signed in for.")
	case 409:
		return p.T("Go back, look at what changed and try again.")
	case 413:
		return p.T("Go back and leave out the largest file; what you typed is still in the form.")
	case 429:
		return p.T("Wait a little, then try again.")
	case 503:
		return p.T("Nothing was stored halfway. What you typed is kept in this browser; try again.")
	}
	return p.T("Nothing was stored halfway. What you typed is kept in this browser; go back and try again.")
}
