package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Decide applies the policy to a situation. It is pure and total: what cannot be settled is named in Unsettled.
func Decide(p *policy.Policy, s *Situation) Decision {
	base := p
	p, agreed := agreedOn(p, s)
	d, touched := decideUnder(p, s, p.Reading())
	if touched {
		compareReadings(p, s, &d)
	}
	switch {
	case p != base:
		citeContract(p, &d)
	case !agreed:
		d.Unsettled = append(d.Unsettled, Unsettled{Field: "contract.terms", Cause: CauseConflict})
	}
	return d
}

// decideUnder decides with the readings that count; touched tells that a rule of some reading would hold.
func decideUnder(p *policy.Policy, s *Situation, readings uint64) (d Decision, touched bool) {
	j := newJudge(p, s)
	if len(s.Events) > 0 {
		j = newJudge(p, s.after(p, s.Events))
		j.past, j.entered = s.Events, entered(s.Events)
	}
	j.facts.Readings = readings
	j.settle(&d)
	d.Missing = j.missing(&d)
	j.targets(&d)
	if len(s.Events) > 0 {
		d.Clocks = Clocks(p, s, d, s.Events, s.latest())
		return d, j.facts.Touched
	}
	d.Clocks = j.clocks(&d, nil, s.At)
	return d, j.facts.Touched
}

// latest is the last instant that the situation knows of: its arrival, or the last event of its history.
func (s *Situation) latest() int64 {
	latest := s.At
	for i := range s.Events {
		latest = max(latest, s.Events[i].At)
	}
	return latest
}

// judge holds one decision in the making. The stages run in the order of work of the policy language.
type judge struct {
	p          *policy.Policy
	s          *Situation
	facts      fact.Record
	row        int // of the responsibility matrix, -1 while unsettled
	level      int
	bound      bool // vendor or partners provide the level, so that their exclusions bind
	open       fact.Truth
	hours      hours
	refused    bool        // the matrix does not serve the asker
	turnedAway bool        // the channel is not open to the request
	needs      []fact.Fact // what would settle the provider
	past       []Event     // the history up to the instant that is judged
	entered    bool        // the history says the level
	life       living
	states     []fact.Truth
	space      [64]fact.Truth
}

// hours is the calendar that was chosen; cal is nil where none is published.
type hours struct {
	cal        *calendar.Calendar
	unplaced   []fact.Fact // places and agreed hours without which the calendar is not known; cal is then nil
	base       int         // index of the calendar without adds, or policy.NoCalendar
	name       string
	bestEffort bool
	rule       int // of policy.Hours, -1 for none
	adds       uint64
	unsure     uint64 // adds that a missing fact may bring
	unsettled  bool
}

func newJudge(p *policy.Policy, s *Situation) *judge {
	j := &judge{p: p, s: s, row: -1}
	j.facts.Readings = p.Reading()
	j.facts.World = j
	s.facts(p, &j.facts)
	return j
}

// settle runs every stage but gates and clocks.
func (j *judge) settle(d *Decision) {
	d.Severity, d.Plan = j.p.SeverityNow(j.s.Severity), j.s.Plan
	d.Because = make([]Reason, 0, 6)
	j.derive(d, fact.StageFacts)
	j.version(d)
	j.derive(d, fact.StageVersion)
	j.responsibility(d)
	j.derive(d, fact.StageLevel)
	j.chooseHours(d)
	j.derive(d, fact.StageHours)
	j.explainVersion(d)
	j.coverage(d)
	j.derive(d, fact.StageCoverage)
	j.channel(d)
	j.languages(d)
	j.derive(d, fact.StageChannel)
	j.allowances(d)
	j.effort(d)
	j.renewal(d)
	j.maintenance(d)
	j.collectOffers(d)
}

func (j *judge) known(f fact.Fact, n int) { j.facts.V[f] = fact.Value{Known: true, N: int64(n)} }

// unsettled notes a field that is not settled. Facts that the policy works out are replaced by what they follow from; where
// nothing is left to ask, the text is silent.
func (j *judge) unsettled(d *Decision, field, cause string, needs []fact.Fact) {
	needs = j.p.Facts().SortBySource(j.askedFor(needs))
	if cause == CauseMissing && len(needs) == 0 {
		cause = CauseGap
	}
	words := make([]string, len(needs))
	for i, f := range needs {
		words[i] = j.p.Facts().Name(f)
	}
	d.Unsettled = append(d.Unsettled, Unsettled{Field: field, Cause: cause, Needs: words})
}

// ---- 3 level, provider, served ----

func (j *judge) responsibility(d *Decision) {
	rows := j.p.ResponsibilityRows()
	var needs []fact.Fact
	candidates := 0
	for i := range rows {
		held := rows[i].When.Eval(&j.facts)
		if held == fact.False {
			continue
		}
		if candidates > 0 && held == fact.True && candidates == 1 && rows[j.row].Same(&rows[i]) {
			j.row, needs = i, nil // whatever the missing fact is, the same provide and are served
			break
		}
		candidates++
		j.row = i
		if held == fact.True {
			break
		}
		needs = rows[i].When.Missing(&j.facts, needs)
	}
	switch {
	case candidates == 0:
		j.row = -1
		j.hold(d, CauseGap, nil)
	case candidates > 1 || len(needs) > 0:
		j.row = -1
		j.hold(d, CauseMissing, needs)
	case policy.KindBit(j.s.Requester.Kind) == policy.KindUnknown:
		j.placeUnknown(d)
	default:
		kind := policy.KindBit(j.s.Requester.Kind)
		j.settleLevel(d, kind, j.place(kind))
	}
}

// hold leaves a request with the lowest desk of the vendor until the provider is known.
func (j *judge) hold(d *Decision, cause string, needs []fact.Fact) {
	lowest := &j.p.Levels()[0]
	d.Level, d.Provider, d.Served, d.Serves = lowest.ID, Provider{Kind: "vendor"}, true, []string{}
	if wanted := &j.p.Levels()[j.wanted()]; wanted.ID != d.Level {
		d.LevelWanted = wanted.ID
	}
	j.level, j.bound = 0, true
	j.known(fact.Level, 0)
	vendor, _ := j.p.Word(fact.ProviderKind, "vendor")
	j.known(fact.ProviderKind, vendor)
	j.needs = j.p.Facts().SortBySource(needs)
	j.unsettled(d, "provider", cause, j.needs)
	d.Because = append(d.Because, Reason{Clause: lowest.Clause, Rule: "levels." + lowest.ID, Line: lowest.Line, Effect: "level " + lowest.ID,
		Text: j.p.HoldSentence()})
}

// placeUnknown settles the level of an asker whose kind is not known, if that kind makes no difference.
func (j *judge) placeUnknown(d *Decision) {
	asEndUser, asCustomer := j.place(policy.KindEndUser), j.place(policy.KindCustomer)
	if asEndUser != asCustomer {
		j.row = -1
		j.hold(d, CauseMissing, []fact.Fact{fact.RequesterKind})
		return
	}
	j.settleLevel(d, policy.KindUnknown, asEndUser)
}

// placement is where a request starts and why.
type placement struct {
	level   int
	served  bool
	barred  int // the level that the asker may not open, -1 for none
	fromOwn bool
}

// wanted is the level of the category or the wish: an existing request keeps its own, and after LevelDone comes the next.
func (j *judge) wanted() int {
	levels := j.p.Levels()
	if i, ok := j.p.Word(fact.Level, j.s.Level); ok {
		return i
	}
	if i, ok := j.p.Word(fact.Level, j.s.LevelDone); ok && levels[i].Next >= 0 {
		return levels[i].Next
	} else if ok {
		return i
	}
	if i, ok := j.p.Word(fact.Category, j.s.Category); ok {
		return max(j.p.Categories()[i].LevelIndex, 0)
	}
	return 0
}

func (j *judge) place(kind uint8) placement {
	at := placement{level: j.wanted(), barred: -1}
	switch {
	case j.s.LevelDone != "" || j.entered:
	case j.s.Level != "":
		for at.level > 0 && !j.mayOpen(at.level, kind) {
			at.barred = max(at.barred, at.level)
			at.level--
		}
	case kind == policy.KindCustomer && j.provider(at.level).Kind == "customer":
		at.level, at.fromOwn = j.nextOfVendor(at.level, kind)
	default:
		j.moveDown(&at, kind)
	}
	at.served = j.entered || j.serves(at.level, kind)
	return at
}

// moveDown looks for the nearest level that serves the asker and that the asker may open. Without one the level stays.
func (j *judge) moveDown(at *placement, kind uint8) {
	for level := at.level; level >= 0; level-- {
		opens := j.mayOpen(level, kind)
		if opens && j.serves(level, kind) {
			at.level = level
			return
		}
		if !opens && at.barred < 0 {
			at.barred = level
		}
	}
	at.barred = -1
}

// nextOfVendor is the next rung that vendor or partners provide and the asker may open, or the same level.
func (j *judge) nextOfVendor(level int, kind uint8) (int, bool) {
	levels := j.p.Levels()
	for next := levels[level].Next; next >= 0; next = levels[next].Next {
		if provider := j.provider(next).Kind; provider != "customer" && provider != "" && j.mayOpen(next, kind) {
			return next, true
		}
	}
	return level, false
}

// provider is the one organisation that provides a level: the contract's, else the account's partner, else the vendor.
// Its Kind is empty when none is left.
func (j *judge) provider(level int) Provider {
	by := j.p.ResponsibilityRows()[j.row].Cells[level].By
	id := j.p.Levels()[level].ID
	named := j.s.Contract.Provides[id]
	partner := j.s.Account.Partner
	switch {
	case named == "vendor" && by&policy.KindVendor != 0:
		return Provider{Kind: "vendor"}
	case named != "" && by&policy.KindPartner != 0:
		return Provider{Kind: "partner", Org: named}
	case named != "" && by&policy.KindCustomer != 0:
		return Provider{Kind: "customer", Org: named}
	case named != "":
		return Provider{}
	case partner != "" && partner != "none" && by&policy.KindPartner != 0 && j.partnerServes(id):
		return Provider{Kind: "partner", Org: partner}
	case by&policy.KindVendor != 0:
		return Provider{Kind: "vendor"}
	case by&policy.KindCustomer != 0:
		return Provider{Kind: "customer"}
	}
	return Provider{}
}

func (j *judge) partnerServes(level string) bool {
	return j.s.Account.PartnerLevels == nil || slices.Contains(j.s.Account.PartnerLevels, level)
}

// mayOpen applies `opened_by`, which binds only levels that vendor or partners provide.
func (j *judge) mayOpen(level int, kind uint8) bool {
	l := &j.p.Levels()[level]
	if len(l.OpenedBy) == 0 || j.provider(level).Kind == "customer" {
		return true
	}
	if kind == policy.KindMonitoring && l.OpenedByMonitoring {
		return true
	}
	return uint64(j.facts.V[fact.RequesterLevels].N)&l.OpenedByLevels != 0
}

// serves reports whether the level may serve the asker: by the matrix, as monitoring, or because the asker works for the
// organisation that provides this level or the one below.
func (j *judge) serves(level int, kind uint8) bool {
	if j.p.ResponsibilityRows()[j.row].Cells[level].For&kind != 0 || kind == policy.KindMonitoring {
		return true
	}
	if kind&(policy.KindVendor|policy.KindPartner|policy.KindCustomer) == 0 {
		return false
	}
	if policy.KindBit(j.provider(level).Kind) == kind {
		return true
	}
	levels := j.p.Levels()
	for below := range level {
		if levels[below].Next == level && policy.KindBit(j.provider(below).Kind) == kind {
			return true
		}
	}
	return false
}

func (j *judge) settleLevel(d *Decision, kind uint8, at placement) {
	row := &j.p.ResponsibilityRows()[j.row]
	levels := j.p.Levels()
	cell := &row.Cells[at.level]
	j.level = at.level
	d.Level, d.Serves, d.Served = levels[at.level].ID, cell.ForText, at.served || kind == policy.KindUnknown
	if wanted := j.wanted(); wanted != at.level {
		d.LevelWanted = levels[wanted].ID
	}
	j.known(fact.Level, at.level)
	j.settleProvider(d, j.provider(at.level))
	if kind != policy.KindUnknown {
		j.known(fact.Served, int(boolInt(at.served)))
		j.refused = !at.served
	}
	if at.barred >= 0 {
		barred := &levels[at.barred]
		d.Because = append(d.Because, Reason{Clause: barred.Clause, Rule: "levels." + barred.ID, Line: barred.Line, Effect: "level " + d.Level, Text: barred.OpenedSentence})
	}
	if j.refused {
		return // coverage cites the same row for it
	}
	d.Because = append(d.Because, Reason{Clause: row.Clause, Rule: row.ID, Line: cell.Line, Effect: "provider " + d.Provider.Kind, Text: cell.Sentence})
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// settleProvider records who provides the level. Where the contract leaves nobody, the vendor holds the request.
func (j *judge) settleProvider(d *Decision, provider Provider) {
	if provider.Kind == "" {
		provider.Kind = "vendor"
		j.unsettled(d, "provider", CauseGap, nil)
	}
	d.Provider = provider
	j.bound = provider.Kind != "customer"
	kind, _ := j.p.Word(fact.ProviderKind, provider.Kind)
	j.known(fact.ProviderKind, kind)
	org, ok := j.p.Word(fact.ProviderOrg, provider.Org)
	if !ok {
		org = -1
	}
	j.known(fact.ProviderOrg, org)
}
