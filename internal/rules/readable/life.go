package readable

import (
	"cmp"
	"slices"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Life is how the versions of one or more products live, for a chart and a table.
type Life struct {
	Title    string
	Phases   []string
	Versions []LifeVersion
	// From and Until bound the chart, each the first day of a year; Today is the day that is marked.
	From, Until, Today calendar.Date
}

// LifeVersion is one version; Ends follow the phases.
type LifeVersion struct {
	Name string
	// Released is its first day where the text says it, else 0.
	Released calendar.Date
	Ends     []LifeEnd
	// Phase is the index of the phase on Today, len(Ends) when its life is over, -1 where that is not settled by the text.
	Phase int
}

// LifeEnd is the last day of a phase. A phase that the version does not have, or whose end the text alone does not settle, is
// not known; Open: no end is announced.
type LifeEnd struct {
	Known, Open bool
	Last        calendar.Date
}

func (Life) block() {}

// lives are the charts of a clause.
func (r reader) lives(clause string) []Life {
	var list []Life
	for i := range r.p.Lifecycles() {
		life := &r.p.Lifecycles()[i]
		if chartedAt(life) != clause {
			continue
		}
		out := Life{Today: r.today(), Versions: r.versions(life)}
		for _, p := range life.Phases {
			out.Phases = append(out.Phases, p.Title)
		}
		var names []string
		for _, id := range life.Products {
			names = append(names, r.p.Product(id).Name)
		}
		out.Title = wording.And(names)
		if out.bound(); len(out.Versions) > 0 && out.From < out.Until {
			list = append(list, out)
		}
	}
	return list
}

// chartedAt is the clause of the table of dates, or of the life where it has none.
func chartedAt(life *policy.Lifecycle) string {
	if len(life.Rows) > 0 {
		return life.Rows[0].Clause
	}
	return life.Clause
}

// versions are those that the text names: rows of the table, and releases that it dates.
func (r reader) versions(life *policy.Lifecycle) []LifeVersion {
	var releases []lifecycle.Release
	for _, row := range life.Life.Rows {
		releases = append(releases, lifecycle.Release{Version: row.Version, On: lifecycle.Open, Until: lifecycle.Open})
	}
	product := r.p.Product(life.Products[0])
	for _, p := range product.Printed {
		i := slices.IndexFunc(releases, func(o lifecycle.Release) bool { return o.Version.String() == p.Version.String() })
		if i < 0 {
			releases = append(releases, p)
		} else {
			releases[i] = p
		}
	}
	slices.SortStableFunc(releases, func(a, b lifecycle.Release) int { return lifecycle.Compare(b.Version, a.Version) })
	var list []LifeVersion
	for _, release := range releases {
		if v, ok := r.version(life, product, release); ok {
			list = append(list, v)
		}
	}
	return list
}

func (r reader) version(life *policy.Lifecycle, product *policy.Product, release lifecycle.Release) (LifeVersion, bool) {
	subject := lifecycle.Subject{Version: release.Version, Depth: product.Depth, Track: release.Track, Released: release.On, Announced: release.Until, Printed: product.Printed}
	ask := textOnly{life}
	ends := life.Life.Ends(&subject, ask, nil)
	v := LifeVersion{Name: release.Version.String(), Phase: -1}
	if release.On != lifecycle.Open && release.On != lifecycle.Ended {
		v.Released = release.On
	}
	known := v.Released != 0
	for i := range ends {
		e := LifeEnd{Known: ends[i].Lives == lifecycle.Yes && ends[i].Settled() && ends[i].To != lifecycle.Ended}
		if e.Known {
			e.Open, e.Last = ends[i].To == lifecycle.Open, life.Life.LastDay(ends[i].To)
		} else {
			e = printedEnd(&life.Life, release.Version, i)
		}
		known = known || e.Known
		v.Ends = append(v.Ends, e)
	}
	if present := life.Life.Present(ends, r.today(), ask); present.Settled && !present.Gap {
		v.Phase = present.Phase
	}
	return v, known
}

// printedEnd is what the table says of a phase, where its lines hang on releases that the text does not date.
func printedEnd(life *lifecycle.Life, v lifecycle.Version, phase int) LifeEnd {
	for _, row := range life.Rows {
		if end := row.Ends[phase]; row.Version.String() == v.String() && end.Said {
			return LifeEnd{Known: true, Open: end.Day == lifecycle.Open, Last: life.LastDay(end.Day)}
		}
	}
	return LifeEnd{}
}

// textOnly answers what the dates of a life hang on from the text alone: conditions on facts of a contract are open.
type textOnly struct{ life *policy.Lifecycle }

func (t textOnly) Holds(rule int) lifecycle.State {
	if rule == lifecycle.NoRule || t.life.Rules[rule].Text == "" {
		return lifecycle.Yes
	}
	return lifecycle.Perhaps
}

func (textOnly) Other(string, string) (lifecycle.Span, bool) {
	return lifecycle.Span{From: lifecycle.Ended, To: lifecycle.Open, Missing: lifecycle.NeedDependency}, true
}

// bound sets the years that the chart shows.
func (l *Life) bound() {
	var days []calendar.Date
	for _, v := range l.Versions {
		if v.Released != 0 {
			days = append(days, v.Released)
		}
		for _, e := range v.Ends {
			if e.Known && !e.Open {
				days = append(days, e.Last)
			}
		}
	}
	if len(days) == 0 {
		return
	}
	days = append(days, l.Today)
	first, last := slices.MinFunc(days, cmp.Compare[calendar.Date]), slices.MaxFunc(days, cmp.Compare[calendar.Date])
	l.From, l.Until = calendar.MakeDate(first.Year(), time.January, 1), calendar.MakeDate(last.Year()+1, time.January, 1)
}

// Bars are the phases of a version as stretches of the chart, from a day to the day after the last.
func (l *Life) Bars(v LifeVersion) []LifeBar {
	var list []LifeBar
	from := l.From
	if v.Released != 0 {
		from = v.Released
	}
	for i, e := range v.Ends {
		if !e.Known {
			continue
		}
		to := l.Until
		if !e.Open {
			to = min(e.Last+1, l.Until)
		}
		if to > from {
			list = append(list, LifeBar{Phase: i, From: from, To: to})
			from = to
		}
	}
	return list
}

// LifeBar is one phase of a version on the chart.
type LifeBar struct {
	Phase    int
	From, To calendar.Date
}
