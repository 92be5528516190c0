// Package fact holds what can be known about a request: the facts that conditions look at, three-valued truth, and
// conditions themselves - evaluating them, comparing them and saying them in words.
package fact

// Fact is one thing known about a request, a slot in the flat record that conditions are evaluated over.
type Fact uint8

// The built-in facts, by the table "The situation" of the policy language.
const (
	Plan Fact = iota
	Addon
	Severity
	SeverityAsked
	Priority
	Category
	Level
	LevelDone
	Channel
	Language
	Status
	WaitingOn
	Provided
	HasOpenRequest
	LeadTime
	SupportVia
	AccountRegion
	AccountCountry
	AccountKind
	AccountPartner
	ContractSigned
	ContractStarts
	ContractEnds
	ContractRenews
	ContractInForce
	MaintenanceActive
	NewReleases
	ContractExtended
	Subscriptions
	Users
	FTE
	ProductID
	ProductType
	Deployment
	VersionID
	VersionTrack
	VersionReleased
	VersionPhase
	VersionUntil
	RequesterKind
	RequesterNamed
	OrgKnown
	RequesterLevels
	ImpactUsers
	ImpactAllUsers
	ImpactProduction
	ImpactWorkaround
	ImpactDataLoss
	ProviderKind
	ProviderOrg
	Served
	HoursOpen
	Covered
	At
	Arrived
	AccountPlace
	AccountOffice
	VersionBehind
	VersionLastMinor
	VersionLatest
	VersionNewestForDependency
	ContractHours
	VersionReleases
	VersionDependency
	VersionDependencyReleases
	Count
)

// Slots is the length of a record: the built-in facts, then those that a policy declares.
const Slots = 128

// Type says how the values of a fact are compared.
type Type uint8

// The types of facts.
const (
	TypeID       Type = iota // one word of a vocabulary
	TypeSet                  // several words of a vocabulary
	TypeYesNo                // the vocabulary no, yes
	TypeNumber               // a whole number
	TypeDate                 // days since 1970-01-01
	TypeDuration             // milliseconds
	TypeDecimal              // millionths
	TypeInstant              // UTC milliseconds
	TypePlace                // an id under `places`, -1 for a place that only the situation names
	TypeHours                // agreed open hours, which calendars are made from and no condition compares
	TypeMap                  // several values by name; only whether it is known can be asked
)

// Stages of a decision, in the order of work. A rule reads facts of earlier stages only.
const (
	StageFacts = 1 + iota
	StageVersion
	StageLevel
	StageHours
	StageCoverage
	StageChannel
	StageClocks
	StageGates
)

// Sources of a fact, cheapest first: the order in which missing facts are asked for.
const (
	sourceDerived = iota
	sourceRegister
	sourceContract
	sourceDesk
	sourceRequester
)

type info struct {
	name   string
	typ    Type
	stage  int
	source int
	fixed  []string // the closed vocabulary of the language itself
	// How a sentence names the fact: "PHRASE is VALUE". Two sentences, yes and no, for a yes-no fact. Another fact may have
	// its own verb: how a sentence begins that affirms a value, and one that denies it, and what the fact is called.
	phrase string
}

// kinds are those of people who ask.
var kinds = []string{"end-user", "customer", "partner", "vendor", "monitoring", "unknown"}

var yesNo = []string{"no", "yes"}

// table is constant data, indexed by Fact.
var table = [Count]info{
	Plan:                       {"plan", TypeID, 1, sourceContract, nil, "the plan"},
	Addon:                      {"addon", TypeSet, 1, sourceContract, nil, "the contract has the add-on|the contract does not have the add-on|the add-ons of the contract"},
	Severity:                   {"severity", TypeID, 1, sourceRequester, nil, "the severity"},
	SeverityAsked:              {"severity_asked", TypeID, 1, sourceRequester, nil, "the severity asked for"},
	Priority:                   {"priority", TypeNumber, 1, sourceRequester, nil, "the customer's own priority"},
	Category:                   {"category", TypeID, 1, sourceRequester, nil, "the request is about|the request is not about|what the request is about"},
	Level:                      {"level", TypeID, StageLevel, sourceDesk, nil, "the request is at|the request is not at|the level of the request"},
	LevelDone:                  {"level_done", TypeID, 1, sourceDesk, nil, "the request comes from|the request does not come from|the level that the request comes from"},
	Channel:                    {"channel", TypeID, 1, sourceDesk, nil, "the request comes by|the request does not come by|the way the request comes in"},
	Language:                   {"language", TypeID, 1, sourceDesk, nil, "the language"},
	Status:                     {"status", TypeID, 1, sourceDesk, nil, "the status"},
	WaitingOn:                  {"waiting_on", TypeID, 1, sourceDesk, []string{"provider", "requester", "third-party"}, "the request waits for|the request does not wait for|the side that is waited for"},
	Provided:                   {"provided", TypeSet, 1, sourceRequester, nil, "the request has|the request does not have|what the request has"},
	HasOpenRequest:             {"has_open_request", TypeYesNo, 1, sourceDesk, yesNo, "there is another open request|there is no other open request"},
	LeadTime:                   {"lead_time", TypeDuration, 1, sourceRequester, nil, "the time until the wished date"},
	SupportVia:                 {"support_via", TypeID, 1, sourceContract, []string{"vendor", "partner"}, "support is contracted with|support is not contracted with|the side that support is contracted with"},
	AccountRegion:              {"account.region", TypeID, 1, sourceRegister, nil, "the account is in|the account is not in|the region of the account"},
	AccountCountry:             {"account.country", TypeID, 1, sourceRegister, nil, "the account is in|the account is not in|the country of the account"},
	AccountKind:                {"account.kind", TypeID, 1, sourceRegister, nil, "the kind of account"},
	AccountPartner:             {"account.partner", TypeID, 1, sourceRegister, nil, "the partner of the account"},
	ContractSigned:             {"contract.signed", TypeDate, 1, sourceContract, nil, "the day the contract was signed"},
	ContractStarts:             {"contract.starts", TypeDate, 1, sourceContract, nil, "the first day of the contract"},
	ContractEnds:               {"contract.ends", TypeDate, 1, sourceContract, nil, "the last day of the contract"},
	ContractRenews:             {"contract.renews", TypeDate, 1, sourceContract, nil, "the day the contract renews"},
	ContractInForce:            {"contract.in_force", TypeYesNo, 1, sourceContract, yesNo, "a contract is in force|no contract is in force"},
	MaintenanceActive:          {"contract.maintenance_active", TypeYesNo, 1, sourceContract, yesNo, "maintenance for this account is active|maintenance for this account is not active"},
	NewReleases:                {"contract.new_releases", TypeYesNo, 1, sourceContract, yesNo, "the contract includes new releases|the contract does not include new releases"},
	ContractExtended:           {"contract.extended", TypeYesNo, 1, sourceContract, yesNo, "the contract has an extended term|the contract has no extended term"},
	Subscriptions:              {"contract.subscriptions", TypeNumber, 1, sourceContract, nil, "the number of subscriptions"},
	Users:                      {"contract.users", TypeNumber, 1, sourceContract, nil, "the number of users in the contract"},
	FTE:                        {"contract.fte", TypeNumber, 1, sourceContract, nil, "the number of full-time people in the contract"},
	ProductID:                  {"product.id", TypeID, 1, sourceRegister, nil, "the product"},
	ProductType:                {"product.type", TypeID, 1, sourceRegister, nil, "the product type"},
	Deployment:                 {"product.deployment", TypeID, 1, sourceRegister, nil, "the product runs|the product does not run|the way the product runs"},
	VersionID:                  {"version.id", TypeID, 1, sourceRegister, nil, "the version"},
	VersionTrack:               {"version.track", TypeID, 1, sourceRegister, nil, "the release track"},
	VersionReleased:            {"version.released", TypeDate, 1, sourceRegister, nil, "the release date of the version"},
	VersionPhase:               {"version.phase", TypeID, StageVersion, sourceDerived, nil, "the version is in its phase|the version is not in its phase|where the version is in its life"},
	VersionUntil:               {"version.until", TypeDate, StageVersion, sourceRegister, nil, "the last day of the version"},
	RequesterKind:              {"requester.kind", TypeID, 1, sourceRegister, kinds, "the person who asks is|the person who asks is not|who asks"},
	RequesterNamed:             {"requester.named", TypeYesNo, 1, sourceRegister, yesNo, "the person who asks is a named contact|the person who asks is not a named contact"},
	OrgKnown:                   {"requester.org_known", TypeYesNo, 1, sourceRegister, yesNo, "the organisation of the person who asks is known|the organisation of the person who asks is not known"},
	RequesterLevels:            {"requester.levels", TypeSet, 1, sourceRegister, nil, "the person who asks works for|the person who asks does not work for|the levels that the person who asks works for"},
	ImpactUsers:                {"impact.users", TypeNumber, 1, sourceRequester, nil, "the number of people affected"},
	ImpactAllUsers:             {"impact.all_users", TypeYesNo, 1, sourceRequester, yesNo, "everybody is affected|not everybody is affected"},
	ImpactProduction:           {"impact.production", TypeYesNo, 1, sourceRequester, yesNo, "production is affected|production is not affected"},
	ImpactWorkaround:           {"impact.workaround", TypeYesNo, 1, sourceRequester, yesNo, "a work-around exists|no work-around exists"},
	ImpactDataLoss:             {"impact.data_loss", TypeYesNo, 1, sourceRequester, yesNo, "data is being lost|no data is being lost"},
	ProviderKind:               {"provider.kind", TypeID, StageLevel, sourceDerived, []string{"vendor", "partner", "customer"}, "this level is provided by|this level is not provided by|who provides this level"},
	ProviderOrg:                {"provider.org", TypeID, StageLevel, sourceDerived, nil, "this level is provided by|this level is not provided by|the organisation that provides this level"},
	Served:                     {"served", TypeYesNo, StageLevel, sourceDerived, yesNo, "this level serves the person who asks|this level does not serve the person who asks"},
	HoursOpen:                  {"hours.open", TypeYesNo, StageHours, sourceDerived, yesNo, "the desk is open|the desk is closed"},
	At:                         {"at", TypeInstant, 1, sourceDesk, nil, "when the request came"},
	Arrived:                    {"arrived", TypeInstant, 1, sourceDesk, nil, "the time at which the request arrived"},
	AccountPlace:               {"account.place", TypePlace, 1, sourceRegister, nil, "the place of the account"},
	AccountOffice:              {"account.office", TypePlace, 1, sourceRegister, nil, "the office that serves the account"},
	ContractHours:              {"contract.hours", TypeHours, 1, sourceContract, nil, "the hours that the contract names"},
	VersionBehind:              {"version.behind", TypeNumber, StageFacts, sourceDerived, nil, "the number of newer releases"},
	VersionLastMinor:           {"version.last_minor", TypeYesNo, StageFacts, sourceDerived, yesNo, "the version is the last minor release of its major release|a later minor release of this major release exists"},
	VersionLatest:              {"version.latest", TypeYesNo, StageFacts, sourceDerived, yesNo, "the version is the latest of its track|a later version of its track exists"},
	VersionNewestForDependency: {"version.newest_for_dependency", TypeYesNo, StageFacts, sourceDerived, yesNo, "the version is the newest one for what it depends on|a newer version exists for what it depends on"},
	VersionReleases:            {"version.releases", TypeMap, 1, sourceRegister, nil, "the releases of the product"},
	VersionDependency:          {"version.dependency", TypeMap, 1, sourceRegister, nil, "the version of what the product depends on"},
	VersionDependencyReleases:  {"version.dependency_releases", TypeMap, 1, sourceRegister, nil, "the releases of what the product depends on"},
	Covered:                    {"covered", TypeID, StageCoverage, sourceDerived, []string{"yes", "limited", "best-effort", "no", "ask"}, "the answer"},
}

// String returns the name of a built-in fact as it is written in a policy; a declared fact has its name in its Space.
func (f Fact) String() string {
	if f < Count {
		return table[f].name
	}
	return "declared fact"
}

// Fixed lists the words of a built-in fact that belong to the language itself; nil where the policy names them.
func (f Fact) Fixed() []string { return table[f].fixed }
