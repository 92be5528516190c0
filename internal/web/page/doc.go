// Package page holds every HTML page as a typed struct with its template beside it. A page is a pure function of
// its struct: it reads no clock, no database and no request. A handler fills the struct and writes View().
//
// Conventions that all pages share:
//   - Instants are int64 UTC milliseconds; 0 means "none". They are shown in Frame.Zone, with the zone named.
//   - Text that a person typed is passed verbatim and escaped here. Fields ending in HTML must be sanitised already.
//   - Every form works without JavaScript: method POST, answered by a redirect (303), or by the same page with
//     Errors filled (422) or with Conflict filled (409). The field names are listed beside each page struct.
//   - Cross-origin protection is the server's (Fetch metadata and Origin), so that forms carry no token.
package page

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.977 generate
