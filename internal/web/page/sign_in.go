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
	// Hints lists demo people to sign in as; empty outside the demo.
	Hints []SignInHint
}

// SignInHint is one demo person.
type SignInHint struct{ Email, Who string }
