package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Decide applies the policy to a situation. It is pure and total: what cannot be settled is named in Unsettled.
func Decide(p *policy.Policy, s *Situation) Decision {
	var d Decision
	j := newJudge(p, s)
	j.settle(&d)
	d.Missing = j.missing(&d)
	d.Clocks = j.clocks(&d, s.Events, s.latest())
	return d
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
	p       *policy.Policy
	s       *Situation
	facts   fact.Record
	row     int // of the responsibility matrix, -1 while unsettled
	level   int
	bound   bool // vendor or partners provide the level, so that their exclusions bind
	open    fact.Truth
	hours   hours
	refused bool        // the matrix does not serve the asker
	needs   []fact.Fact // what would settle the provider
	states  []fact.Truth
	space   [64]fact.Truth
}

// hours is the calendar that was chosen; cal is nil where none is published.
type hours struct {
	cal        *calendar.Calendar
	base       int // index of the calendar without adds, or policy.NoCalendar
	name       string
	bestEffort bool
	rule       int // of policy.Hours, -1 for none
	adds       uint64
	unsure     uint64 // adds that a missing fact may bring
	unsettled  bool
}

func newJudge(p *policy.Policy, s *Situation) *judge {
	j := &judge{p: p, s: s, row: -1}
	s.facts(p, &j.facts)
	return j
}

// settle runs every stage but gates and clocks.
func (j *judge) settle(d *Decision) {
	d.Severity, d.Plan = j.s.Severity, j.s.Plan
	d.Because = make([]Reason, 0, 6)
	j.version(d)
	j.responsibility(d)
	j.chooseHours(d)
	j.coverage(d)
	j.allowances(d)
	j.effort(d)
	j.collectOffers(d)
}

func (j *judge) known(f fact.Fact, n int) { j.facts[f] = fact.Value{Known: true, N: int64(n)} }

func (j *judge) unsettled(d *Decision, field, cause string, needs []fact.Fact) {
	needs = fact.SortBySource(needs)
	words := make([]string, len(needs))
	for i, f := range needs {
		words[i] = f.String()
	}
	d.Unsettled = append(d.Unsettled, Unsettled{Field: field, Cause: cause, Needs: words})
}

// ---- 2 version ----

// version finds the phase of the version's life. The lines that this version of the rules knows need no release dates, so
// the phase follows from the announced last day alone: nothing announced leaves the version in its first phase.
func (j *judge) version(d *Decision) {
	d.Version.Until = j.s.Version.Until
	if phase := j.s.Version.Phase; phase != "" {
		d.Version.Phase = phase
		if i, ok := j.p.Word(fact.VersionPhase, phase); ok {
			j.known(fact.VersionPhase, i)
		}
		return
	}
	lives := j.p.Lifecycles()
	at := slices.IndexFunc(lives, func(l policy.Lifecycle) bool { return l.Product == j.s.Product.ID })
	switch {
	case at < 0 && j.s.Product.ID == "" && len(lives) == 1:
		at = 0
	case at < 0 && (len(lives) == 0 || j.s.Product.ID != ""):
		j.known(fact.VersionPhase, -1) // a product without a lifecycle has no phases
		return
	case at < 0:
		return
	}
	j.phase(d, &lives[at])
}

func (j *judge) phase(d *Decision, life *policy.Lifecycle) {
	today := j.today()
	for i := range life.Phases {
		phase := &life.Phases[i]
		end, ends := phase.End, phase.End != 0
		if until := j.facts[fact.VersionUntil]; phase.Announced && until.Known && (!ends || until.N < end) {
			end, ends = until.N, true
		}
		if !ends || today == 0 || today <= end {
			d.Version.Phase = phase.ID
			j.known(fact.VersionPhase, phase.Word)
			return
		}
	}
	d.Version.Phase = policy.PhaseEnded
	ended, _ := j.p.Word(fact.VersionPhase, policy.PhaseEnded)
	j.known(fact.VersionPhase, ended)
}

// today is the date of the arrival in the zone of the policy; 0 while the arrival is not known.
func (j *judge) today() int64 {
	if j.s.At == 0 {
		return 0
	}
	return int64(j.p.DateAt(j.s.At))
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
	j.needs = fact.SortBySource(needs)
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
	case j.s.LevelDone != "":
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
	at.served = j.serves(at.level, kind)
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
	return uint64(j.facts[fact.RequesterLevels].N)&l.OpenedByLevels != 0
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

// ---- 4 hours ----

func (j *judge) chooseHours(d *Decision) {
	var needs []fact.Fact
	j.hours, needs = j.hoursNow(needs)
	h := &j.hours
	d.Calendar, d.Outside = h.name, ""
	if h.rule >= 0 {
		rule := &j.p.Hours()[h.rule]
		d.Because = append(d.Because, Reason{Clause: rule.Clause, Rule: rule.ID, Line: rule.Line, Effect: "calendar " + h.name, Text: rule.Sentence})
	}
	for i := range j.p.Hours() {
		if rule := &j.p.Hours()[i]; rule.AddBit&h.adds != 0 {
			d.Because = append(d.Because, Reason{Clause: rule.Clause, Rule: rule.ID, Line: rule.Line, Effect: "calendar " + h.name, Text: rule.Sentence})
		}
	}
	if h.unsettled || h.unsure != 0 {
		j.unsettled(d, "calendar", CauseMissing, needs)
	}
	if h.rule < 0 {
		j.unsettled(d, "calendar", CauseGap, nil)
	}
	if h.cal == nil {
		j.known(fact.HoursOpen, -1) // no hours are published: neither open nor closed
		j.open = fact.True
		return
	}
	j.openNow(d)
}

// hoursNow chooses among the rules of hours under the facts as they stand, with the facts that would settle the choice.
func (j *judge) hoursNow(needs []fact.Fact) (hours, []fact.Fact) {
	rules := j.p.Hours()
	h := hours{base: policy.NoCalendar, name: "none", rule: -1}
	for i := range rules {
		r := &rules[i]
		if r.Add {
			continue
		}
		held := r.When.Eval(&j.facts)
		if held == fact.False {
			continue
		}
		if h.rule < 0 {
			h.rule, h.base, h.bestEffort = i, r.Calendar, r.BestEffort
		} else if r.Calendar != h.base || r.BestEffort != h.bestEffort {
			h.unsettled = true
			h.rule, h.base, h.bestEffort = i, r.Calendar, r.BestEffort // the one that surely holds serves meanwhile
		}
		if held == fact.True {
			break
		}
		needs = r.When.Missing(&j.facts, needs)
	}
	if h.base == policy.NoCalendar {
		return h, needs
	}
	for i := range rules {
		r := &rules[i]
		if !r.Add {
			continue
		}
		switch r.When.Eval(&j.facts) {
		case fact.True:
			h.adds |= r.AddBit
		case fact.Unknown:
			h.unsure |= r.AddBit
			needs = r.When.Missing(&j.facts, needs)
		}
	}
	chosen := j.p.Combined(h.base, h.adds)
	h.cal, h.name = chosen.Hours, chosen.ID
	if h.cal.IsAlways() {
		h.unsure = 0
	}
	return h, needs
}

// openNow settles open, next opening and closing at the arrival. Where a missing fact may add hours, a value stands only if
// it is the same with and without them.
func (j *judge) openNow(d *Decision) {
	h, at := &j.hours, j.s.At
	if h.bestEffort {
		d.Outside = EffortBestEffort
	}
	if at == 0 || h.unsettled {
		if at == 0 {
			d.Unsettled = append(d.Unsettled, Unsettled{Field: "open_now", Cause: CauseMissing, Needs: []string{"at"}})
		} else {
			d.Unsettled = append(d.Unsettled, Unsettled{Field: "open_now", Cause: CauseMissing, Needs: d.Unsettled[len(d.Unsettled)-1].Needs})
		}
		j.open = fact.Unknown
		return
	}
	open := h.cal.Open(at)
	j.open = fact.False
	if open {
		j.open = fact.True
	}
	opens, hasOpening := h.cal.Next(at)
	closes, hasClosing := h.cal.Closes(at)
	sameOpening, sameClosing := true, true
	if h.unsure != 0 {
		more := j.p.Combined(h.base, h.adds|h.unsure).Hours
		if more.Open(at) != open {
			d.Unsettled = append(d.Unsettled, Unsettled{Field: "open_now", Cause: CauseMissing, Needs: d.Unsettled[len(d.Unsettled)-1].Needs})
			j.open = fact.Unknown
			return
		}
		next, _ := more.Next(at)
		end, _ := more.Closes(at)
		sameOpening, sameClosing = next == opens, end == closes
	}
	j.known(fact.HoursOpen, int(boolInt(open)))
	d.OpenNow = &open
	if !open && hasOpening && sameOpening {
		d.OpensAt = &opens
	}
	if open && hasClosing && sameClosing {
		d.ClosesAt = &closes
	}
}

// effort says how much work is possible at the arrival.
func (j *judge) effort(d *Decision) {
	switch {
	case d.Covered == CoveredNo:
		d.Effort = EffortNone
	case d.Covered == CoveredBestEffort:
		d.Effort = EffortBestEffort
	case j.hours.cal == nil || j.open == fact.True:
		d.Effort = EffortNormal
	case j.open == fact.Unknown && j.hours.cal.Open(j.s.At):
		d.Effort = EffortNormal
	case j.hours.bestEffort:
		d.Effort = EffortBestEffort
	default:
		d.Effort = EffortNone
	}
}

// ---- 5 coverage and charge ----

func (j *judge) coverage(d *Decision) {
	d.Covered = CoveredYes
	rules := j.p.CoverageRules()
	if !j.bound {
		if j.refused {
			earlier := len(d.Because)
			j.refuse(d)
			rotate(d.Because, earlier)
		}
		return
	}
	j.states = j.space[:0]
	if len(rules) > len(j.space) {
		j.states = make([]fact.Truth, 0, len(rules))
	}
	for i := range rules {
		j.states = append(j.states, rules[i].When.Eval(&j.facts))
	}
	strictest := policy.AnswerYes
	if j.refused {
		strictest = policy.AnswerNo
	}
	for i := range rules {
		if j.states[i] == fact.True && !j.overridden(i, fact.True) {
			strictest = max(strictest, rules[i].Answer)
			j.charge(d, rules[i].Charge)
		}
	}
	d.Covered = strictest.String()
	j.explainCoverage(d, strictest)
	if needs, open := j.undecided(strictest); open {
		d.Covered = CoveredAsk
		j.unsettled(d, "covered", CauseMissing, needs)
	}
}

// overridden reports whether a rule in the given state overrides rule i.
func (j *judge) overridden(i int, state fact.Truth) bool {
	rules := j.p.CoverageRules()
	for k := range rules {
		if j.states[k] == state && len(rules[k].Overrides) > 0 && slices.Contains(rules[k].Overrides, i) {
			return true
		}
	}
	return false
}

// undecided reports whether a missing fact could still change the answer, and which facts those are.
func (j *judge) undecided(strictest policy.Answer) ([]fact.Fact, bool) {
	rules := j.p.CoverageRules()
	var needs []fact.Fact
	open := j.row < 0
	if open {
		needs = append(needs, j.needs...)
	}
	for i := range rules {
		if j.states[i] == fact.Unknown && rules[i].Answer > strictest && !j.overridden(i, fact.True) {
			open = true
			needs = j.askable(rules[i].When.Missing(&j.facts, needs))
		}
	}
	if strictest > policy.AnswerYes && !j.refused && j.couldRelax(strictest) {
		open = true
		for i := range rules {
			if j.states[i] == fact.Unknown && len(rules[i].Overrides) > 0 {
				needs = j.askable(rules[i].When.Missing(&j.facts, needs))
			}
		}
	}
	if !j.facts[fact.Served].Known && strictest < policy.AnswerNo {
		open = true
		needs = append(needs, fact.RequesterKind)
	}
	if !open {
		return nil, false
	}
	return needs, true
}

// askable replaces facts that the policy works out by what it needs for them.
func (j *judge) askable(needs []fact.Fact) []fact.Fact {
	for i, f := range needs {
		switch f {
		case fact.Served:
			needs[i] = fact.RequesterKind
		case fact.VersionPhase:
			needs[i] = fact.ProductID
		}
	}
	return needs
}

// couldRelax reports whether every rule that gives the strictest answer may yet be overridden by milder ones.
func (j *judge) couldRelax(strictest policy.Answer) bool {
	rules := j.p.CoverageRules()
	for i := range rules {
		if j.states[i] != fact.True || rules[i].Answer != strictest || j.overridden(i, fact.True) {
			continue
		}
		relaxed := false
		for k := range rules {
			if j.states[k] == fact.Unknown && rules[k].Answer < strictest && slices.Contains(rules[k].Overrides, i) {
				relaxed = true
			}
		}
		if !relaxed {
			return false
		}
	}
	return true
}

func (j *judge) charge(d *Decision, c *policy.Charge) {
	if c == nil {
		return
	}
	charge := Charge{Rate: c.Rate, Confirm: c.Confirm, From: c.From}
	if d.Charge == nil {
		d.Charge = &charge
		return
	}
	if len(d.Charges) == 0 {
		d.Charges = append(d.Charges, *d.Charge)
	}
	d.Charges = append(d.Charges, charge)
}

// explainCoverage puts the reasons of coverage before those of earlier stages: strictest first, among equals those with a way
// on first, then rules in document order before the answers of categories, plans and phases; overridden ones last.
func (j *judge) explainCoverage(d *Decision, strictest policy.Answer) {
	rules := j.p.CoverageRules()
	earlier := len(d.Because)
	add := func(answer policy.Answer, offered bool) {
		for i := range rules {
			if j.states[i] == fact.True && rules[i].Answer == answer && (rules[i].Offer >= 0) == offered && !j.overridden(i, fact.True) {
				d.Because = append(d.Because, j.reason(&rules[i]))
			}
		}
	}
	for answer := strictest; ; answer-- {
		add(answer, true)
		add(answer, false)
		if answer == policy.AnswerNo && j.refused {
			j.refuse(d)
		}
		if answer == policy.AnswerNone {
			break
		}
	}
	rotate(d.Because, earlier)
	j.explainOverridden(d)
}

func (j *judge) explainOverridden(d *Decision) {
	rules := j.p.CoverageRules()
	for i := range rules {
		if j.states[i] == fact.True && j.overridden(i, fact.True) {
			r := j.reason(&rules[i])
			r.Overridden = true
			d.Because = append(d.Because, r)
		}
	}
}

// rotate moves the reasons from start on to the front.
func rotate(reasons []Reason, start int) {
	slices.Reverse(reasons[:start])
	slices.Reverse(reasons[start:])
	slices.Reverse(reasons)
}

func (j *judge) reason(r *policy.CoverageRule) Reason {
	reason := Reason{Clause: r.Clause, Rule: r.ID, Line: r.Line, Effect: r.Answer.String(), Text: r.Sentence}
	if r.Answer == policy.AnswerNone {
		reason.Effect = "charge"
	}
	if r.Offer >= 0 {
		reason.Offer = j.p.Offers()[r.Offer].ID
	}
	return reason
}

// refuse cites the row of the matrix that does not serve the asker.
func (j *judge) refuse(d *Decision) {
	d.Covered = CoveredNo
	row := &j.p.ResponsibilityRows()[j.row]
	cell := &row.Cells[j.level]
	text := cell.Refusal
	if policy.KindBit(j.s.Requester.Kind) == policy.KindEndUser {
		text = cell.EndUserRefusal
	}
	d.Because = append(d.Because, Reason{Clause: row.Clause, Rule: row.ID, Line: cell.Line, Effect: CoveredNo, Text: text})
}

// ---- 9 allowances, 10 offers ----

func (j *judge) allowances(d *Decision) {
	if !j.bound {
		return
	}
	list := j.p.Allowances()
	for i := range list {
		a := &list[i]
		if a.Of.Eval(&j.facts) != fact.True {
			continue
		}
		limit, used := j.s.Bought[a.ID], j.s.Used[a.ID]
		asked, ok := j.s.Asked[a.ID]
		if !ok {
			asked = max(a.StepMs, 1)
		}
		left := max(limit-used, 0)
		allowed := used+asked <= limit
		d.Allowances = append(d.Allowances, Allowance{ID: a.ID, Allowed: allowed, Limit: &limit, Used: used, Left: &left})
		if !allowed && a.OverAnswer == CoveredNo {
			j.exhausted(d, a)
		}
	}
}

func (j *judge) exhausted(d *Decision, a *policy.Allowance) {
	r := Reason{Clause: a.Clause, Rule: a.ID, Line: a.Line, Effect: CoveredNo, Text: a.Exhausted}
	if a.Offer >= 0 {
		r.Offer = a.OverOffer
	}
	at := 0
	for at < len(d.Because) && d.Because[at].Effect == CoveredNo && d.Because[at].Offer != "" {
		at++
	}
	d.Because = slices.Insert(d.Because, at, r)
	d.Covered = CoveredNo
	d.Unsettled = slices.DeleteFunc(d.Unsettled, func(u Unsettled) bool { return u.Field == "covered" })
}

func (j *judge) collectOffers(d *Decision) {
	for i := range d.Because {
		r := &d.Because[i]
		if r.Offer == "" || r.Overridden || slices.ContainsFunc(d.Offers, func(o Offer) bool { return o.ID == r.Offer }) {
			continue
		}
		o, _ := j.p.Offer(r.Offer)
		offer := Offer{ID: o.ID, Kind: o.To, Text: o.Title, URL: o.Link}
		if offer.Kind == "" {
			offer.Kind = "link"
		}
		d.Offers = append(d.Offers, offer)
	}
}
