package page

// Account is GET /account: what a person may change about themselves.
//
// Forms:
//
//	POST /account/zone          zone (an IANA name)
//	POST /account/password      current_password, new_password
//	POST /account/tokens        token_name; answered by this page with NewToken filled, never cached
//	POST /account/tokens/{id}/revoke
//	POST /account/appearance    theme (system, light, dark), return (a local path); from the menu on every page too
type Account struct {
	Frame
	Email        string
	Organisation Org
	// ZoneName is the present choice; Zones the IANA names to suggest.
	ZoneName string
	Zones    []string
	Tokens   []Token
	// TokenName is kept after an error; NewToken is the secret, shown exactly once.
	TokenName, NewToken string
	Errors              Errors
}

// Token is one API token, without its secret.
type Token struct {
	ID, Name string
	// CreatedAt is in UTC milliseconds.
	CreatedAt int64
}
