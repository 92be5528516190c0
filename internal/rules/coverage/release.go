package coverage

import (
	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// versions marks a map of products and their versions.
type versions struct{ of *map[string]string }

// maxReleases bounds the releases of one product in a situation.
const maxReleases = 2000

// releases reads a map of versions, each with its date or with {released, track, until, dependency}.
func (r *reader) releases(path string, n *yaml.Node) Releases {
	if !r.pairs(path, n) {
		return nil
	}
	if len(n.Keys) > maxReleases {
		r.fail(path, n, "more than %d releases", maxReleases)
		return nil
	}
	list := make(Releases, 0, len(n.Keys))
	for i, key := range n.Keys {
		at := path + "." + key.Text
		release := lifecycle.Release{Version: lifecycle.ParseVersion(key.Text), On: lifecycle.Open, Until: lifecycle.Open}
		if value := n.Values[i]; value.Kind == yaml.Map {
			r.releaseFields(at, value, &release)
		} else {
			release.On = r.day(at, value)
		}
		list = append(list, release)
	}
	lifecycle.Sort(list)
	return list
}

func (r *reader) releaseFields(path string, n *yaml.Node, release *lifecycle.Release) {
	for i, key := range n.Keys {
		at, value := path+"."+key.Text, n.Values[i]
		switch key.Text {
		case "released":
			release.On = r.day(at, value)
		case "until":
			release.Until = r.day(at, value)
		case "track":
			release.Track = r.scalar(at, value)
		case "dependency":
			release.Needs = lifecycle.NeededOf(r.dependency(at, value))
		default:
			r.fail(at, key, "unknown key; a release has released, track, until and dependency")
		}
	}
}

// day reads a date; Open where none is given.
func (r *reader) day(path string, n *yaml.Node) lifecycle.Date { return dayOr(r.date(path, n)) }

func dayOr(text string) lifecycle.Date {
	if text == "" {
		return lifecycle.Open
	}
	if d, err := calendar.ParseDate(text); err == nil {
		return d
	}
	return lifecycle.Open
}

// dependency reads the version of each product that something depends on.
func (r *reader) dependency(path string, n *yaml.Node) map[string]string {
	if !r.pairs(path, n) {
		return nil
	}
	m := map[string]string{}
	for i, key := range n.Keys {
		if text := r.scalar(path+"."+key.Text, n.Values[i]); text != "" && r.product(path, key) {
			m[key.Text] = text
		}
	}
	return m
}

func (r *reader) dependencyReleases(path string, n *yaml.Node) map[string]Releases {
	if !r.pairs(path, n) {
		return nil
	}
	m := map[string]Releases{}
	for i, key := range n.Keys {
		if list := r.releases(path+"."+key.Text, n.Values[i]); list != nil && r.product(path, key) {
			m[key.Text] = list
		}
	}
	return m
}

// product checks the name of a product against the policy.
func (r *reader) product(path string, key *yaml.Node) bool {
	if r.p == nil || r.p.Product(key.Text) != nil {
		return true
	}
	var known []string
	for _, p := range r.p.Products() {
		known = append(known, p.ID)
	}
	r.fail(path+"."+key.Text, key, "no product %q in this policy%s", key.Text, document.DidYouMean(key.Text, known))
	return false
}

// releaseOut is a release as a situation is written.
type releaseOut struct {
	Released   string            `json:"released,omitempty"`
	Track      string            `json:"track,omitempty"`
	Until      string            `json:"until,omitempty"`
	Dependency map[string]string `json:"dependency,omitempty"`
}

// plain is the list as a situation is written: a date where there is nothing else to say.
func (list Releases) plain() map[string]any {
	m := make(map[string]any, len(list))
	for i := range list {
		r := &list[i]
		out := releaseOut{Track: r.Track}
		if r.On != lifecycle.Open {
			out.Released = r.On.String()
		}
		if r.Until != lifecycle.Open {
			out.Until = r.Until.String()
		}
		for _, n := range r.Needs {
			if out.Dependency == nil {
				out.Dependency = map[string]string{}
			}
			out.Dependency[n.Product] = n.Version.String()
		}
		if out.Track == "" && out.Until == "" && out.Dependency == nil && out.Released != "" {
			m[r.Version.String()] = out.Released
		} else {
			m[r.Version.String()] = out
		}
	}
	return m
}

func plainReleases(of map[string]Releases) map[string]any {
	m := make(map[string]any, len(of))
	for product, list := range of {
		m[product] = list.plain()
	}
	return m
}

// versionFacts settles how the version stands among the releases of its product.
func (s *Situation) versionFacts(p *policy.Policy, f *fact.Record) {
	known := func(slot fact.Fact, is bool) { f.V[slot].Known = is }
	known(fact.VersionReleases, s.Version.Releases != nil)
	known(fact.VersionDependency, len(s.Version.Dependency) > 0)
	known(fact.VersionDependencyReleases, len(s.Version.DependencyReleases) > 0)
	if s.Version.ID == "" || s.At == 0 {
		return
	}
	subject := s.subject(p, s.Product.ID)
	if subject.Releases == nil && subject.Printed == nil {
		return
	}
	stand(f, &subject, lifecycle.Date(p.DateAt(s.At)), lifecycle.NeededOf(s.Version.Dependency))
}

// stand writes the facts about how a version stands on a day.
func stand(f *fact.Record, subject *lifecycle.Subject, today lifecycle.Date, works []lifecycle.Needed) {
	st := subject.Stand(today, works)
	f.V[fact.VersionBehind] = fact.Value{Known: st.Known, N: int64(st.Behind)}
	f.V[fact.VersionLatest] = fact.Value{Known: st.Known, N: boolInt(st.Latest)}
	f.V[fact.VersionLastMinor] = fact.Value{Known: st.MinorKnown, N: boolInt(st.LastMinor)}
	// one newer release that works with the same is enough to know
	f.V[fact.VersionNewestForDependency] = fact.Value{Known: st.NeedsKnown || st.Known && len(works) > 0 && !st.NewestForDependent, N: boolInt(st.NewestForDependent)}
}

// subject is the version of a situation, for its own product.
func (s *Situation) subject(p *policy.Policy, product string) lifecycle.Subject {
	v := &s.Version
	subject := lifecycle.Subject{Version: lifecycle.ParseVersion(v.ID), Track: v.Track, Released: dayOr(v.Released), Announced: dayOr(v.Until),
		Listed: v.Releases != nil, Releases: v.Releases}
	return of(p, product, subject)
}

// of adds what the policy knows of a product.
func of(p *policy.Policy, product string, subject lifecycle.Subject) lifecycle.Subject {
	subject.Depth = policy.WholeVersion
	life := p.LifeOf(product)
	if product == "" && life != nil {
		product = life.Products[0]
	}
	if q := p.Product(product); q != nil {
		subject.Depth, subject.Printed = q.Depth, q.Printed
	}
	return subject
}
