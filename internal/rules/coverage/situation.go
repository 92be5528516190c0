package coverage

import "github.com/tierdesk/tierdesk/internal/rules/lifecycle"

// Situation is what is known about a request. A zero field is not known, or has the default that the policy language gives
// it (the table "The situation"). It is stored with each judgement and read back by ParseSituation.
type Situation struct {
	At      int64 // UTC ms, the arrival by which the request is judged; 0 is not known
	Arrived int64 // UTC ms, 0 means At

	Plan           string // "none" without a contract
	Addons         []string
	Severity       string
	SeverityAsked  string
	Priority       *int64
	Category       string // empty: not classified yet
	Level          string // where an existing request stands, or the level that the asker wishes
	LevelDone      string // the level that handed it on; Level may then stand above what the asker may open
	Channel        string
	Language       string // a BCP 47 tag; empty: DefaultLanguage
	Status         string
	WaitingOn      string
	Provided       []string         // ids under `information`
	Waived         []string         // ids under `information`, waived with a recorded reason
	Amounts        map[string]int64 // how much of what is provided, where it is more than one: rows of a table, files, steps
	HasOpenRequest Tri
	LeadTimeMs     *int64
	SupportVia     string // vendor (default) or partner

	Account   Account
	Contract  Contract
	Product   Product
	Version   VersionFacts
	Requester Requester
	Impact    Impact

	Bought  map[string]int64 // allowance -> count, or milliseconds
	Used    map[string]int64 // in the present period
	Asked   map[string]int64
	Carried map[string]int64 // what earlier periods left, where the policy keeps it

	// Declared has the facts that the policy adds, by name, as they are written; several words for a set.
	Declared map[string][]string
	Places   map[string]Place // of declared facts that are places

	Events []Event // the history, oldest first; empty: just created
}

// DefaultLanguage is the language of a request that does not say its own.
const DefaultLanguage = "en"

// Account is what the register knows of the organisation that asks.
type Account struct {
	Region        string
	Country       string
	Kind          string
	Partner       string   // the organisation that serves the account, or empty
	PartnerLevels []string // the levels for which that partner runs a desk; nil means all
	Place         Place    // where the account works
	Office        Place    // the office that serves it
}

// Place is a place that hours are kept at: the id of one under `places` of the policy, or a zone with the holidays there. The
// zero Place is not known.
type Place struct {
	ID       string
	Zone     string
	Holidays []string // codes of the library or names under `holidays`; nil is not known, empty is none
}

// Known reports whether the place says anything.
func (p Place) Known() bool { return p.ID != "" || p.Zone != "" }

// AgreedHours are open hours that a contract names. The zero value is not known.
type AgreedHours struct {
	Zone          string
	Week          string   // as a calendar's `week`
	Holidays      []string // codes of the library or names under `holidays`, on which these hours are closed
	BusinessDayMs int64    // 0: the length of their days
}

// Contract is what the account has agreed.
type Contract struct {
	Provides                     map[string]string // level -> organisation id, or "vendor"
	Signed, Starts, Ends, Renews string            // dates, 2006-01-02
	Terms                        string            // what was negotiated, as JSON of the policy's own form; empty: nothing
	InForce                      Tri
	MaintenanceActive            Tri
	NewReleases                  Tri
	Extended                     Tri // no if not known
	Subscriptions, Users, FTE    *int64
	Hours                        AgreedHours
}

// Product is what the request concerns.
type Product struct {
	ID         string
	Type       string
	Deployment string
}

// VersionFacts is what the register knows of the version in use. Until is the announced last day, 2006-01-02; Phase is given
// only where somebody else derived it.
type VersionFacts struct {
	ID       string
	Track    string
	Released string
	Until    string
	Phase    string

	Releases           Releases            // of the product, all that can matter; nil is not known
	Dependency         map[string]string   // product that this one depends on -> its version in use
	DependencyReleases map[string]Releases // the releases of those products
}

// Releases is a list of a product's releases, lowest version first. In a document it is a map of versions, each with its date
// or with {released, track, until, dependency}.
type Releases []lifecycle.Release

// Requester is who asks. Kind is end-user, customer, partner, vendor, monitoring or unknown (the same as empty).
type Requester struct {
	Kind     string
	Named    Tri
	OrgKnown Tri
	Levels   []string
}

// Impact is what is hit.
type Impact struct {
	Users      *int64
	AllUsers   Tri
	Production Tri
	Workaround Tri
	DataLoss   Tri
}

// Tri is yes, no or not known.
type Tri uint8

// The values of a Tri.
const (
	NotKnown Tri = iota
	No
	Yes
)

// Known returns the Tri of a settled fact.
func Known(yes bool) Tri {
	if yes {
		return Yes
	}
	return No
}
