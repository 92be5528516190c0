package page

// SignIn is GET /sign-in. Form: POST /sign-in with email, password, return (a local path to go to afterwards).
// A wrong pair comes back as 422 with one error without a field, so that it never says which of the two was wrong.
type SignIn struct {
	Frame
	// Email is kept after an error.
	Email string
	// Return is the local path to go to after signing in.
	Return string
	Errors Errors
	// Demo is true for the example: the page then says where its people are listed.
	Demo bool
}
