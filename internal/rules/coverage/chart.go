package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// VersionLife is how one version of a product lives, for readers who ask about no request of their own.
type VersionLife struct {
	Version  string
	Released lifecycle.Date // Open: not known
	Phase    string         // on the day of the chart; policy.PhaseEnded after the last
	Phases   []LifeSpan     // that the version has, in order
}

// LifeSpan is one phase of a version. Until is its last day, Open or Ended. Provided says when the phase exists at all, in words
// that follow "when"; empty for every version. AtMost says that the end may come sooner.
type LifeSpan struct {
	ID, Title string
	Until     lifecycle.Date
	Provided  string
	AtMost    bool
}

// Lives lists the versions of a product with their phases at an instant (UTC milliseconds), newest first: those of the published
// table with what is newer than its rows, else the newest release of every minor line. Releases are those of the register; the
// ones that the policy prints are added. What hangs on facts of a request is left out.
func Lives(p *policy.Policy, product string, releases Releases, at int64) []VersionLife {
	life := p.LifeOf(product)
	if life == nil || len(life.Products) == 0 {
		return nil
	}
	var list []VersionLife
	for _, r := range charted(p, life, product, releases) {
		s := &Situation{At: at, Product: Product{ID: product}, Version: VersionFacts{ID: r.Version.String(), Track: r.Track, Releases: releases}}
		if r.On != lifecycle.Open {
			s.Version.Released = r.On.String()
		}
		if r.Until != lifecycle.Open {
			s.Version.Until = r.Until.String()
		}
		for _, n := range r.Needs {
			if s.Version.Dependency == nil {
				s.Version.Dependency = map[string]string{}
			}
			s.Version.Dependency[n.Product] = n.Version.String()
		}
		list = append(list, lifeOf(newJudge(p, s), life, &r))
	}
	return list
}

// charted are the versions that readers ask about, newest first.
func charted(p *policy.Policy, life *policy.Lifecycle, product string, releases Releases) []lifecycle.Release {
	known := slices.Clone([]lifecycle.Release(releases))
	if q := p.Product(product); q != nil {
		known = append(known, q.Printed...)
	}
	lifecycle.Sort(known)
	slices.Reverse(known)
	var list []lifecycle.Release
	for _, row := range life.Life.Rows {
		r := lifecycle.Release{Version: row.Version, On: lifecycle.Open, Until: lifecycle.Open}
		for i := range known {
			if row.Version.Covers(known[i].Version) {
				r.On, r.Track = known[i].On, known[i].Track // at last the first release of the row
			}
		}
		list = append(list, r)
	}
	lifecycle.Sort(list)
	slices.Reverse(list)
	var newest lifecycle.Version
	if len(list) > 0 {
		newest = list[0].Version
	}
	var above []lifecycle.Release
	for _, r := range known {
		same := func(o lifecycle.Release) bool { return lifecycle.SameLine(o.Version, r.Version, int(lifecycle.Minor)) }
		if lifecycle.Compare(r.Version, newest) > 0 && !newest.Covers(r.Version) && !slices.ContainsFunc(above, same) {
			above = append(above, r)
		}
	}
	return append(above, list...)
}

// lifeOf works out the phases of one version.
func lifeOf(j *judge, life *policy.Lifecycle, r *lifecycle.Release) VersionLife {
	j.facts.V[fact.ContractExtended] = fact.Value{} // no request: the phase is shown with what it asks for
	subject := j.s.subject(j.p, j.s.Product.ID)
	chart := &chartAsker{asker{j: j, life: life, works: r.Needs}}
	ends := life.Life.Ends(&subject, chart, nil)
	v := VersionLife{Version: r.Version.String(), Released: r.On, Phase: policy.PhaseEnded}
	today := lifecycle.Date(j.today())
	for i := range life.Phases {
		e, rule := &ends[i], life.Life.Phases[i].Rule
		if e.Lives == lifecycle.No {
			continue
		}
		span := LifeSpan{ID: life.Phases[i].ID, Title: life.Phases[i].Title, Until: life.Life.LastDay(e.To), AtMost: !e.Settled()}
		if rule != lifecycle.NoRule {
			if chart.asker.Holds(rule) == lifecycle.No {
				continue
			}
			span.Provided = life.Rules[rule].Text
		}
		v.Phases = append(v.Phases, span)
		if v.Phase == policy.PhaseEnded && today <= span.Until {
			v.Phase = span.ID
		}
	}
	return v
}

// chartAsker takes what hangs on facts of a request for not so.
type chartAsker struct{ asker }

// Holds is the condition of a rule, where it is known.
func (a *chartAsker) Holds(rule int) lifecycle.State {
	if state := a.asker.Holds(rule); state == lifecycle.Yes {
		return lifecycle.Yes
	}
	return lifecycle.No
}
