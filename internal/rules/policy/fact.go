package policy

import "slices"

// Fact is one thing known about a request, a slot in the flat record that conditions are evaluated over.
type Fact uint8

// The built-in facts, by the table "The situation" of the policy language.
const (
	FactPlan Fact = iota
	FactAddon
	FactSeverity
	FactSeverityAsked
	FactPriority
	FactCategory
	FactLevel
	FactLevelDone
	FactChannel
	FactLanguage
	FactStatus
	FactWaitingOn
	FactProvided
	FactHasOpenRequest
	FactLeadTime
	FactSupportVia
	FactAccountRegion
	FactAccountCountry
	FactAccountKind
	FactAccountPartner
	FactContractSigned
	FactContractStarts
	FactContractEnds
	FactContractRenews
	FactContractInForce
	FactMaintenanceActive
	FactNewReleases
	FactContractExtended
	FactSubscriptions
	FactUsers
	FactFTE
	FactProductID
	FactProductType
	FactDeployment
	FactVersionID
	FactVersionTrack
	FactVersionReleased
	FactVersionPhase
	FactVersionUntil
	FactRequesterKind
	FactRequesterNamed
	FactOrgKnown
	FactRequesterLevels
	FactImpactUsers
	FactImpactAllUsers
	FactImpactProduction
	FactImpactWorkaround
	FactImpactDataLoss
	FactProviderKind
	FactProviderOrg
	FactServed
	FactHoursOpen
	FactCovered
	NumFacts
)

// FactType says how the values of a fact are compared.
type FactType uint8

// The types of the built-in facts.
const (
	TypeID       FactType = iota // one word of a vocabulary
	TypeSet                      // several words of a vocabulary
	TypeYesNo                    // the vocabulary no, yes
	TypeNumber                   // a whole number
	TypeDate                     // days since 1970-01-01
	TypeDuration                 // milliseconds
)

// Stages of a decision, in the order of work. A rule reads facts of earlier stages only.
const (
	stageFacts = 1 + iota
	stageVersion
	stageLevel
	stageHours
	stageCoverage
	stageChannel
	stageClocks
	stageGates
)

// Sources of a fact, cheapest first: the order in which missing facts are asked for.
const (
	sourceDerived = iota
	sourceRegister
	sourceContract
	sourceDesk
	sourceRequester
)

type factInfo struct {
	name   string
	typ    FactType
	stage  int
	source int
	fixed  []string // the closed vocabulary of the language itself
	phrase string   // how a sentence names the fact: "PHRASE is VALUE"; for a yes-no fact both sentences
}

var kinds = []string{"end-user", "customer", "partner", "vendor", "monitoring", "unknown"}

var yesNo = []string{"no", "yes"}

// factTable is constant data, indexed by Fact.
var factTable = [NumFacts]factInfo{
	FactPlan:              {"plan", TypeID, 1, sourceContract, nil, "the plan"},
	FactAddon:             {"addon", TypeSet, 1, sourceContract, nil, "an add-on of the contract"},
	FactSeverity:          {"severity", TypeID, 1, sourceRequester, nil, "the severity"},
	FactSeverityAsked:     {"severity_asked", TypeID, 1, sourceRequester, nil, "the severity asked for"},
	FactPriority:          {"priority", TypeNumber, 1, sourceRequester, nil, "the customer's own priority"},
	FactCategory:          {"category", TypeID, 1, sourceRequester, nil, "the category"},
	FactLevel:             {"level", TypeID, stageLevel, sourceDesk, nil, "the level"},
	FactLevelDone:         {"level_done", TypeID, 1, sourceDesk, nil, "the level done"},
	FactChannel:           {"channel", TypeID, 1, sourceDesk, nil, "the channel"},
	FactLanguage:          {"language", TypeID, 1, sourceDesk, nil, "the language"},
	FactStatus:            {"status", TypeID, 1, sourceDesk, nil, "the status"},
	FactWaitingOn:         {"waiting_on", TypeID, 1, sourceDesk, []string{"provider", "requester", "third-party"}, "the side that is waited for"},
	FactProvided:          {"provided", TypeSet, 1, sourceRequester, nil, "the information provided"},
	FactHasOpenRequest:    {"has_open_request", TypeYesNo, 1, sourceDesk, yesNo, "there is another open request|there is no other open request"},
	FactLeadTime:          {"lead_time", TypeDuration, 1, sourceRequester, nil, "the time until the wished date"},
	FactSupportVia:        {"support_via", TypeID, 1, sourceContract, []string{"vendor", "partner"}, "the contracted way of support"},
	FactAccountRegion:     {"account.region", TypeID, 1, sourceRegister, nil, "the region of the account"},
	FactAccountCountry:    {"account.country", TypeID, 1, sourceRegister, nil, "the country of the account"},
	FactAccountKind:       {"account.kind", TypeID, 1, sourceRegister, nil, "the kind of account"},
	FactAccountPartner:    {"account.partner", TypeID, 1, sourceRegister, nil, "the partner of the account"},
	FactContractSigned:    {"contract.signed", TypeDate, 1, sourceContract, nil, "the day the contract was signed"},
	FactContractStarts:    {"contract.starts", TypeDate, 1, sourceContract, nil, "the first day of the contract"},
	FactContractEnds:      {"contract.ends", TypeDate, 1, sourceContract, nil, "the last day of the contract"},
	FactContractRenews:    {"contract.renews", TypeDate, 1, sourceContract, nil, "the day the contract renews"},
	FactContractInForce:   {"contract.in_force", TypeYesNo, 1, sourceContract, yesNo, "a contract is in force|no contract is in force"},
	FactMaintenanceActive: {"contract.maintenance_active", TypeYesNo, 1, sourceContract, yesNo, "maintenance is active|maintenance is not active"},
	FactNewReleases:       {"contract.new_releases", TypeYesNo, 1, sourceContract, yesNo, "the contract includes new releases|the contract does not include new releases"},
	FactContractExtended:  {"contract.extended", TypeYesNo, 1, sourceContract, yesNo, "the contract has an extended term|the contract has no extended term"},
	FactSubscriptions:     {"contract.subscriptions", TypeNumber, 1, sourceContract, nil, "the number of subscriptions"},
	FactUsers:             {"contract.users", TypeNumber, 1, sourceContract, nil, "the number of users in the contract"},
	FactFTE:               {"contract.fte", TypeNumber, 1, sourceContract, nil, "the number of full-time people in the contract"},
	FactProductID:         {"product.id", TypeID, 1, sourceRegister, nil, "the product"},
	FactProductType:       {"product.type", TypeID, 1, sourceRegister, nil, "the product type"},
	FactDeployment:        {"product.deployment", TypeID, 1, sourceRegister, nil, "the deployment"},
	FactVersionID:         {"version.id", TypeID, 1, sourceRegister, nil, "the version"},
	FactVersionTrack:      {"version.track", TypeID, 1, sourceRegister, nil, "the release track"},
	FactVersionReleased:   {"version.released", TypeDate, 1, sourceRegister, nil, "the release date of the version"},
	FactVersionPhase:      {"version.phase", TypeID, stageVersion, sourceDerived, nil, "the phase of the version's life"},
	FactVersionUntil:      {"version.until", TypeDate, stageVersion, sourceRegister, nil, "the last day of the version"},
	FactRequesterKind:     {"requester.kind", TypeID, 1, sourceRegister, kinds, "the asker"},
	FactRequesterNamed:    {"requester.named", TypeYesNo, 1, sourceRegister, yesNo, "the asker is a named contact|the asker is not a named contact"},
	FactOrgKnown:          {"requester.org_known", TypeYesNo, 1, sourceRegister, yesNo, "the organisation of the asker is known|the organisation of the asker is not known"},
	FactRequesterLevels:   {"requester.levels", TypeSet, 1, sourceRegister, nil, "the levels that the asker serves"},
	FactImpactUsers:       {"impact.users", TypeNumber, 1, sourceRequester, nil, "the number of people hit"},
	FactImpactAllUsers:    {"impact.all_users", TypeYesNo, 1, sourceRequester, yesNo, "everybody is affected|not everybody is affected"},
	FactImpactProduction:  {"impact.production", TypeYesNo, 1, sourceRequester, yesNo, "production is affected|production is not affected"},
	FactImpactWorkaround:  {"impact.workaround", TypeYesNo, 1, sourceRequester, yesNo, "a work-around exists|no work-around exists"},
	FactImpactDataLoss:    {"impact.data_loss", TypeYesNo, 1, sourceRequester, yesNo, "data is being lost|no data is being lost"},
	FactProviderKind:      {"provider.kind", TypeID, stageLevel, sourceDerived, []string{"vendor", "partner", "customer"}, "the provider of this level"},
	FactProviderOrg:       {"provider.org", TypeID, stageLevel, sourceDerived, nil, "the organisation that provides this level"},
	FactServed:            {"served", TypeYesNo, stageLevel, sourceDerived, yesNo, "this level serves the asker|this level does not serve the asker"},
	FactHoursOpen:         {"hours.open", TypeYesNo, stageHours, sourceDerived, yesNo, "the desk is open|the desk is closed"},
	FactCovered:           {"covered", TypeID, stageCoverage, sourceDerived, []string{"yes", "limited", "best-effort", "no", "ask"}, "the answer"},
}

// laterFacts are facts of the language that this version cannot compute yet.
var laterFacts = []string{
	"at", "arrived", "account.place", "account.office", "contract.provides", "contract.hours", "contract.terms",
	"version.releases", "version.behind", "version.last_minor", "version.latest", "version.newest_for_dependency",
	"version.dependency", "bought", "used", "asked", "events",
}

// String returns the name of the fact as it is written in a policy.
func (f Fact) String() string { return factTable[f].name }

// Type returns how values of the fact compare.
func (f Fact) Type() FactType { return factTable[f].typ }

// FactByName finds a built-in fact.
func FactByName(name string) (Fact, bool) {
	for f := range NumFacts {
		if factTable[f].name == name {
			return f, true
		}
	}
	return 0, false
}

// FactNames lists the names of all built-in facts.
func FactNames() []string {
	names := make([]string, NumFacts)
	for f := range NumFacts {
		names[f] = factTable[f].name
	}
	return names
}

// SortBySource orders facts by how cheap they are to ask for, then by name, without repeats.
func SortBySource(facts []Fact) []Fact {
	slices.SortFunc(facts, func(a, b Fact) int {
		if d := factTable[a].source - factTable[b].source; d != 0 {
			return d
		}
		return int(a) - int(b)
	})
	return slices.Compact(facts)
}

// Value is what is known about one fact. N is an index into the fact's vocabulary (-1: a word that no rule mentions), a
// bit set for a set, a number, days since 1970-01-01 or milliseconds, by the fact's type.
type Value struct {
	Known bool
	N     int64
}

// Facts is the flat record that conditions are evaluated over.
type Facts [NumFacts]Value

// Truth is three-valued: a missing fact neither holds nor fails.
type Truth uint8

// The three truth values.
const (
	False Truth = iota
	True
	Unknown
)

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Test is one entry of `for` or `unless`: the fact lies in a set of words or in an inclusive range.
type Test struct {
	Fact   Fact
	words  []uint64
	lo, hi int64
	silent bool // names the word that stands for "not known"
}

func (t *Test) eval(facts *Facts) Truth {
	v := facts[t.Fact]
	if !v.Known {
		if t.silent {
			return True
		}
		return Unknown
	}
	if t.words == nil {
		return truth(t.lo <= v.N && v.N <= t.hi)
	}
	if factTable[t.Fact].typ == TypeSet {
		return truth(t.words[0]&uint64(v.N) != 0)
	}
	return truth(v.N >= 0 && int(v.N>>6) < len(t.words) && t.words[v.N>>6]>>(v.N&63)&1 == 1)
}

func evalAll(tests []Test, facts *Facts) Truth {
	result := True
	for i := range tests {
		switch tests[i].eval(facts) {
		case False:
			return False
		case Unknown:
			result = Unknown
		}
	}
	return result
}

// Condition is the `for` and `unless` of a rule. The zero Condition always holds.
type Condition struct {
	For    []Test
	Unless []Test
}

// Eval says whether the condition holds.
func (c *Condition) Eval(facts *Facts) Truth {
	holds := evalAll(c.For, facts)
	if holds == False || len(c.Unless) == 0 {
		return holds
	}
	switch evalAll(c.Unless, facts) {
	case True:
		return False
	case Unknown:
		return Unknown
	}
	return holds
}

// Missing appends the unknown facts that keep the condition from being settled.
func (c *Condition) Missing(facts *Facts, into []Fact) []Fact {
	for _, tests := range [2][]Test{c.For, c.Unless} {
		for i := range tests {
			if tests[i].eval(facts) == Unknown {
				into = append(into, tests[i].Fact)
			}
		}
	}
	return into
}

// vocabulary numbers the words of a fact.
type vocabulary struct {
	words  []string
	index  map[string]int
	closed bool
}

func (v *vocabulary) add(word string) int {
	if i, ok := v.index[word]; ok {
		return i
	}
	if v.index == nil {
		v.index = map[string]int{}
	}
	v.index[word] = len(v.words)
	v.words = append(v.words, word)
	return len(v.words) - 1
}
