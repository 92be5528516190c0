// Package mail is MIME in and out, and SMTP in and out. It knows no tickets.
//
// Reading is tolerant: Parse takes what anybody may send, never panics, works in
// time and memory bounded by the named limits, and keeps whatever can be read.
// Writing is strict: Compose and Sender refuse anything that would make a second
// header or a recipient that was not asked for.
//
// Addresses are compared only in the form that Canonical gives. Instants are
// int64 UTC milliseconds.
package mail
