package ticket

import "github.com/tierdesk/tierdesk/internal/platform/db"

// Judged is a stored judgement as a replay needs it: the situation as it was written down, and the version of the policy
// that judged it. At is UTC milliseconds; AccountID is empty where no account was known.
type Judged struct {
	At            int64
	TicketID      string
	Seq           int
	Number        int64
	AccountID     string
	PolicyVersion int
	Situation     []byte
}

// CountJudged counts the judgements from an instant on.
func CountJudged(tx *db.Tx, since int64) (int64, error) { return countJudged(tx, since) }

// JudgedAfter reads judgements in the order of time: those behind the one given, at most limit of them. Before the
// first one of an instant stands Judged{At: instant}.
func JudgedAfter(tx *db.Tx, after Judged, limit int) ([]Judged, error) {
	return judgedAfter(tx, after, limit)
}

// Name is how people write the ticket's number.
func (j Judged) Name() string { return Name(j.Number) }
