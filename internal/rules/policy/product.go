package policy

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Product is a product that the policy supports. Depth is how many parts its versions have.
type Product struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Versions  string   `json:"versions,omitempty"`
	DependsOn []string `json:"depends_on,omitempty"`
	Place

	Depth   int                 `json:"-"`
	Life    int                 `json:"-"` // index into Lifecycles, -1 for none
	Printed []lifecycle.Release `json:"-"` // releases that the text itself dates, lowest version first
	life    *yaml.Node          // the name under `lifecycle`
}

// OneMajorAtATime is the path of updates that goes over the newest release of every major release.
const OneMajorAtATime = "one-major-at-a-time"

// Products lists the products.
func (p *Policy) Products() []Product { return p.products }

// Product finds a product; nil where the policy knows no such one.
func (p *Policy) Product(id string) *Product {
	for i := range p.products {
		if p.products[i].ID == id {
			return &p.products[i]
		}
	}
	return nil
}

// versionForms are how the versions of a product may be made up.
var versionForms = []string{"major", "major.minor", "major.minor.patch", "major.minor.patch.build"}

// WholeVersion is the depth of versions of which the policy does not say how they are made up.
const WholeVersion = 3

func (c *compiler) products() {
	c.entries("products", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a product") {
			return
		}
		c.Only(n, "products."+key.Text, []string{"name", "versions", "depends_on", "lifecycle", "releases"}, nil)
		p := Product{ID: key.Text, Name: c.Required(n, "name", "product "+key.Text), Versions: c.Choice(n, "versions", versionForms...),
			DependsOn: c.Strings(n, "depends_on"), Place: c.place(key), Depth: WholeVersion, Life: -1, life: n.Get("lifecycle")}
		if p.Versions != "" {
			p.Depth = strings.Count(p.Versions, ".") + 1
		}
		p.Printed = c.releases(n.Get("releases"))
		c.p.products = append(c.p.products, p)
	})
	ids := names(c.p.products, func(p Product) string { return p.ID })
	for i := range c.p.products {
		p := &c.p.products[i]
		for _, w := range c.Words(c.root.Get("products").Get(p.ID).Get("depends_on"), "depends_on") {
			switch {
			case w.Text == p.ID:
				c.ErrorAt(w, "product %q depends on itself", p.ID)
			case !slices.Contains(ids, w.Text):
				c.UnknownWord(w, "product", ids)
			}
		}
	}
}

// releases reads release dates that the text of the policy prints: a date, or {released, track, until, dependency}.
func (c *compiler) releases(n *yaml.Node) []lifecycle.Release {
	if n == nil || !c.Is(n, yaml.Map, "releases") {
		return nil
	}
	var list []lifecycle.Release
	for i, key := range n.Keys {
		r := lifecycle.Release{Version: lifecycle.ParseVersion(key.Text), On: lifecycle.Open, Until: lifecycle.Open}
		if !r.Version.Numbered() {
			c.ErrorAt(key, "%q is not a version such as 10.4 or 10.4.0", key.Text)
		}
		value := n.Values[i]
		if value.Kind == yaml.Map {
			c.Only(value, "releases."+key.Text, []string{"released", "track", "until", "dependency"}, nil)
			r.Track, r.Until = c.Text(value, "track"), c.day(value.Get("until"), "until", lifecycle.Open)
			r.Needs = c.needed(value.Get("dependency"))
			value = value.Get("released")
		}
		if value == nil {
			c.ErrorAt(key, "the release %s needs its date", key.Text)
		}
		r.On = c.day(value, "released", lifecycle.Open)
		list = append(list, r)
	}
	lifecycle.Sort(list)
	return list
}

func (c *compiler) needed(n *yaml.Node) []lifecycle.Needed {
	if n == nil || !c.Is(n, yaml.Map, "dependency") {
		return nil
	}
	var list []lifecycle.Needed
	for i, key := range n.Keys {
		if c.Is(n.Values[i], yaml.Scalar, "dependency") {
			list = append(list, lifecycle.Needed{Product: key.Text, Version: lifecycle.ParseVersion(n.Values[i].Text)})
		}
	}
	return list
}

// day reads a date, or returns what stands for its absence.
func (c *compiler) day(n *yaml.Node, what string, absent lifecycle.Date) lifecycle.Date {
	if n == nil || !c.Is(n, yaml.Scalar, what) {
		return absent
	}
	d, err := calendar.ParseDate(n.Text)
	if err != nil {
		c.ErrorAt(n, "%s: %v", what, err)
		return absent
	}
	return d
}
