package coverage

import (
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 2 version ----

// living is what a decision knows of the life of the version.
type living struct {
	of      *policy.Lifecycle
	subject lifecycle.Subject
	ends    []lifecycle.End
	buffer  [3]lifecycle.End
	asker   asker
	present lifecycle.Present
	needs   []fact.Fact // what would settle the phase; never empty where it is unsettled
}

// version finds where the version stands in its life, when each phase ends, and the way up.
func (j *judge) version(d *Decision) {
	d.Version.Until = j.s.Version.Until
	if phase := j.s.Version.Phase; phase != "" {
		d.Version.Phase = phase
		if i, ok := j.p.Word(fact.VersionPhase, phase); ok {
			j.known(fact.VersionPhase, i)
		}
		return
	}
	life := j.p.LifeOf(j.s.Product.ID)
	switch {
	case life != nil:
		j.live(d, life)
	case len(j.p.Lifecycles()) == 0 || j.s.Product.ID != "":
		j.known(fact.VersionPhase, -1) // a product without a lifecycle has no phases
	default:
		j.life.needs = []fact.Fact{fact.ProductID}
		j.unsettled(d, "version.phase", CauseMissing, []fact.Fact{fact.ProductID})
	}
}

func (j *judge) live(d *Decision, life *policy.Lifecycle) {
	j.life.of = life
	j.life.subject = j.s.subject(j.p, j.s.Product.ID)
	ask := &j.life.asker
	*ask = asker{j: j, life: life, works: lifecycle.NeededOf(j.s.Version.Dependency)}
	j.life.ends = life.Life.Ends(&j.life.subject, ask, j.life.buffer[:0])
	today := lifecycle.Date(j.today())
	if j.s.At == 0 {
		today = lifecycle.Ended
	}
	present := life.Life.Present(j.life.ends, today, ask)
	if j.s.At == 0 && present.Settled && present.Phase < len(life.Phases) && j.life.ends[present.Phase].To != lifecycle.Open {
		present.Settled = false
	}
	j.life.present = present
	j.settlePhase(d, ask)
	j.upgrade(d, today)
}

// settlePhase writes the phase, its last day and those of the others.
func (j *judge) settlePhase(d *Decision, ask *asker) {
	life, present := j.life.of, &j.life.present
	switch {
	case present.Gap:
		j.life.needs = []fact.Fact{fact.VersionID}
		j.unsettled(d, "version.phase", CauseGap, nil)
		return
	case !present.Settled:
		j.life.needs = ask.facts(present.Missing)
		if j.s.At == 0 {
			j.life.needs = []fact.Fact{fact.At}
		}
		j.unsettled(d, "version.phase", CauseMissing, j.life.needs)
	case present.Phase == len(life.Phases):
		d.Version.Phase = policy.PhaseEnded
		ended, _ := j.p.Word(fact.VersionPhase, policy.PhaseEnded)
		j.known(fact.VersionPhase, ended)
	default:
		d.Version.Phase = life.Phases[present.Phase].ID
		j.known(fact.VersionPhase, life.Phases[present.Phase].Word)
	}
	j.settleEnds(d, ask)
}

// openDay is the last day of what is open, as a number that every date lies before.
const openDay = 1 << 40

func (j *judge) settleEnds(d *Decision, ask *asker) {
	life, present := j.life.of, &j.life.present
	d.Version.Until = ""
	j.facts.V[fact.VersionUntil] = fact.Value{}
	for i := range life.Phases {
		e := &j.life.ends[i]
		if !j.exists(i, ask) {
			continue
		}
		now := present.Settled && (i == present.Phase || present.Phase == len(life.Phases))
		if !e.Settled() {
			j.openEnd(d, i, now, ask)
			continue
		}
		last := life.Life.LastDay(e.To)
		d.Version.Phases = append(d.Version.Phases, PhaseEnd{ID: life.Phases[i].ID, Last: lifecycle.Written(last)})
		if !now {
			continue
		}
		j.facts.V[fact.VersionUntil] = fact.Value{Known: true, N: int64(last)}
		if last == lifecycle.Open {
			j.facts.V[fact.VersionUntil].N = openDay
		} else if last != lifecycle.Ended {
			d.Version.Until = last.String()
		}
	}
}

// exists reports whether a phase is one of the version's: something says when it ends, and its condition may hold.
func (j *judge) exists(phase int, ask *asker) bool {
	rule := j.life.of.Life.Phases[phase].Rule
	return j.life.ends[phase].Lives != lifecycle.No && (rule == lifecycle.NoRule || ask.Holds(rule) != lifecycle.No)
}

// openEnd names what would settle the end of a phase, once where the version itself is not known.
func (j *judge) openEnd(d *Decision, phase int, now bool, ask *asker) {
	if !j.life.subject.Version.Known() {
		return
	}
	field := "version.phases." + j.life.of.Phases[phase].ID
	if now {
		field = "version.until"
		j.life.needs = ask.facts(j.life.ends[phase].Missing)
	}
	j.unsettled(d, field, CauseMissing, ask.facts(j.life.ends[phase].Missing))
}

// upgrade finds the way up: over the newest release of each major release where the policy says so, else at once.
func (j *judge) upgrade(d *Decision, today lifecycle.Date) {
	if !j.facts.V[fact.VersionLatest].Known || j.facts.V[fact.VersionLatest].N == 1 {
		return
	}
	u := j.p.Updates()
	direct := u == nil || u.Path != policy.OneMajorAtATime
	for _, r := range j.life.subject.Path(today, direct) {
		d.Version.UpgradePath = append(d.Version.UpgradePath, r.Version.String())
		if d.Version.UpgradeTo == "" && j.supports(&r, today) {
			d.Version.UpgradeTo = r.Version.String()
		}
	}
}

// supports reports whether a release of the product is sure to be in one of its phases on a day.
func (j *judge) supports(r *lifecycle.Release, today lifecycle.Date) bool {
	subject := j.life.subject
	subject.Version, subject.Released, subject.Announced = r.Version, r.On, r.Until
	life := j.life.of
	settled := false
	j.as(&subject, r.Needs, func() {
		ask := &asker{j: j, life: life, works: r.Needs}
		present := life.Life.Present(life.Life.Ends(&subject, ask, nil), today, ask)
		settled = present.Settled && !present.Gap && present.Phase < len(life.Phases)
	})
	return settled
}

// versionSlots are the facts that belong to one version.
var versionSlots = [...]fact.Fact{fact.VersionID, fact.VersionTrack, fact.VersionReleased, fact.VersionUntil, fact.VersionBehind, fact.VersionLastMinor,
	fact.VersionLatest, fact.VersionNewestForDependency}

// as looks at the conditions of a policy with the eyes of another version.
func (j *judge) as(subject *lifecycle.Subject, works []lifecycle.Needed, do func()) {
	var kept [len(versionSlots)]fact.Value
	for i, f := range versionSlots {
		kept[i] = j.facts.V[f]
		j.facts.V[f] = fact.Value{}
	}
	word := func(f fact.Fact, text string) {
		n, ok := j.p.Word(f, text)
		if !ok {
			n = -1
		}
		j.known(f, n)
	}
	word(fact.VersionID, subject.Version.String())
	word(fact.VersionTrack, orMain(subject.Track))
	if subject.Released != lifecycle.Open {
		j.known(fact.VersionReleased, int(subject.Released))
	}
	if j.s.At != 0 {
		stand(&j.facts, subject, lifecycle.Date(j.today()), works)
	}
	do()
	for i, f := range versionSlots {
		j.facts.V[f] = kept[i]
	}
}

func orMain(track string) string {
	if track == "" {
		return lifecycle.Main
	}
	return track
}

// standingNeeds is the fact that would settle how the version stands among the others.
func (j *judge) standingNeeds(f fact.Fact) fact.Fact {
	switch {
	case j.s.Version.ID == "":
		return fact.VersionID
	case f == fact.VersionNewestForDependency && len(j.s.Version.Dependency) == 0:
		return fact.VersionDependency
	}
	return fact.VersionReleases
}

// place puts the reason for an answer of a phase where the life of this version says it.
func (l *living) place(phase string, r *Reason) {
	if l.of == nil {
		return
	}
	at := l.of.Place
	if i := l.of.Phase(phase); i >= 0 {
		at = l.of.Phases[i].Place
	}
	r.Clause, r.Line = at.Clause, at.Line
}

// today is the date of the arrival in the zone of the policy; 0 while the arrival is not known.
func (j *judge) today() int64 {
	if j.s.At == 0 {
		return 0
	}
	return int64(j.p.DateAt(j.s.At))
}

// asker answers what the dates of a life hang on beyond releases, for the version that the judge looks at.
type asker struct {
	j     *judge
	life  *policy.Lifecycle
	works []lifecycle.Needed // the versions of what the product depends on
	other bool               // the life is that of a product depended on

	conditions []fact.Fact // missing ones
	dependency []fact.Fact
}

// Holds answers whether the condition of a rule of the life holds.
func (a *asker) Holds(rule int) lifecycle.State {
	when := &a.life.Rules[rule].When
	switch when.Eval(&a.j.facts) {
	case fact.True:
		return lifecycle.Yes
	case fact.False:
		return lifecycle.No
	}
	a.conditions = when.Missing(&a.j.facts, a.conditions)
	return lifecycle.Perhaps
}

// Other works out when a phase of a product ends that this one depends on.
func (a *asker) Other(product, phase string) (lifecycle.Span, bool) {
	subject := lifecycle.Subject{Version: lifecycle.Find(a.works, product), Released: lifecycle.Open, Announced: lifecycle.Open}
	if !subject.Version.Known() {
		a.dependency = append(a.dependency, fact.VersionDependency)
		return lifecycle.Span{From: lifecycle.Ended, To: lifecycle.Open, Missing: lifecycle.NeedDependency}, true
	}
	releases := a.j.s.Version.DependencyReleases[product]
	subject.Listed, subject.Releases = releases != nil, releases
	for i := range releases {
		if lifecycle.Compare(releases[i].Version, subject.Version) == 0 {
			subject.Released, subject.Announced, subject.Track = releases[i].On, releases[i].Until, releases[i].Track
		}
	}
	subject = of(a.j.p, product, subject)
	life := a.j.p.LifeOf(product)
	var end lifecycle.End
	a.j.as(&subject, nil, func() {
		ask := &asker{j: a.j, life: life, other: true}
		end = life.Life.Ends(&subject, ask, nil)[life.Phase(phase)]
		if !end.Settled() {
			a.dependency = append(a.dependency, ask.facts(end.Missing)...)
		}
	})
	if !end.Settled() {
		end.Missing = lifecycle.NeedDependency
	}
	end.From, end.To = life.Life.LastDay(end.From), life.Life.LastDay(end.To)
	return end.Span, end.Lives != lifecycle.No
}

// facts names what is missing.
func (a *asker) facts(missing lifecycle.Need) []fact.Fact {
	var list []fact.Fact
	for _, need := range [...]struct {
		bit             lifecycle.Need
		own, dependency fact.Fact
	}{
		{lifecycle.NeedVersion, fact.VersionID, fact.VersionDependency},
		{lifecycle.NeedReleased, fact.VersionReleased, fact.VersionDependencyReleases},
		{lifecycle.NeedReleases, fact.VersionReleases, fact.VersionDependencyReleases},
	} {
		switch {
		case missing&need.bit == 0:
		case a.other:
			list = append(list, need.dependency)
		default:
			list = append(list, need.own)
		}
	}
	if missing&lifecycle.NeedDependency != 0 {
		list = append(list, a.dependency...)
	}
	if missing&lifecycle.NeedCondition != 0 {
		list = append(list, a.j.standing(a.conditions)...)
	}
	return a.j.p.Facts().SortBySource(list)
}

// standing replaces facts about how a version stands by what they are worked out from.
func (j *judge) standing(needs []fact.Fact) []fact.Fact {
	list := make([]fact.Fact, len(needs))
	for i, f := range needs {
		list[i] = f
		switch f {
		case fact.VersionBehind, fact.VersionLatest, fact.VersionLastMinor, fact.VersionNewestForDependency:
			list[i] = j.standingNeeds(f)
		}
	}
	return list
}
