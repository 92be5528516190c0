package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Updates says how new releases are installed. Category is empty where nobody asks for an update by a request.
type Updates struct {
	Category       string       `json:"category,omitempty"`
	WindowsAtLeast int          `json:"windows_at_least"`
	Needs          []UpdateNeed `json:"-"`
	DowntimeFromMs int64        `json:"downtime_from_ms"`
	DowntimeToMs   int64        `json:"downtime_to_ms"`
	Staging        string       `json:"staging,omitempty"`
	Keeps          []string     `json:"keeps,omitempty"`
	Path           string       `json:"path,omitempty"` // OneMajorAtATime or direct, or empty
	Via            string       `json:"via,omitempty"`  // newest or empty: each step ends at the newest release of its major release
	After          []string     `json:"after,omitempty"`
	Place
}

// UpdateNeed is information that an update needs under a condition.
type UpdateNeed struct {
	Rule
	Require []Requirement
}

func (c *compiler) updates() {
	n := c.root.Get("updates")
	if n == nil || !c.Is(n, yaml.Map, "updates") {
		return
	}
	c.Only(n, "updates", []string{"category", "windows_at_least", "needs", "expected_downtime", "staging", "keeps", "path", "via", "after"}, nil)
	u := &Updates{Category: c.Text(n, "category"), WindowsAtLeast: c.Number(n, "windows_at_least"), Staging: c.Choice(n, "staging", "always", "on-request", "never"),
		Keeps: c.Strings(n, "keeps"), Path: c.Choice(n, "path", OneMajorAtATime, "direct"), Via: c.Choice(n, "via", "newest"),
		After: c.Strings(n, "after"), Place: c.place(n)}
	if _, ok := c.p.Category(u.Category); !ok && n.Get("category") != nil {
		c.UnknownWord(n.Get("category"), "category", names(c.p.categories, func(k Category) string { return k.ID }))
	}
	if u.Via != "" && u.Path != OneMajorAtATime {
		c.ErrorAt(n.Get("via"), "`via` says where a path of several steps stops; write `path: %s` as well", OneMajorAtATime)
	}
	c.downtime(u, n.Get("expected_downtime"))
	c.Items(n.Get("needs"), "needs", func(i int, item *yaml.Node) {
		c.Only(item, "updates.needs", append(slices.Clone(ruleKeys), "require"), nil)
		need := UpdateNeed{Rule: c.rule(item, fmt.Sprintf("updates.needs[%d]", i), fact.StageGates), Require: c.requirements(item.Get("require"))}
		if len(need.Require) == 0 {
			c.ErrorAt(item, "an entry of `needs` says with `require` what an update needs")
		}
		u.Needs = append(u.Needs, need)
	})
	c.p.updates = u
}

// downtime reads `20m` or `20m-40m`.
func (c *compiler) downtime(u *Updates, at *yaml.Node) {
	if at == nil || !c.Is(at, yaml.Scalar, "expected_downtime") {
		return
	}
	from, to, both := strings.Cut(at.Text, "-")
	if !both {
		to = from
	}
	read := func(text string) int64 {
		return c.Duration(&yaml.Node{Kind: yaml.Scalar, Text: text, Line: at.Line, Col: at.Col}, "expected_downtime")
	}
	u.DowntimeFromMs, u.DowntimeToMs = read(from), read(to)
	if u.DowntimeFromMs > u.DowntimeToMs {
		c.ErrorAt(at, "expected_downtime: %s is longer than %s; write the shorter first", from, to)
	}
}

func (c *compiler) readableUpdates() []string {
	u := c.p.updates
	var list []string
	if u.WindowsAtLeast > 0 {
		list = append(list, fmt.Sprintf("At least %s proposed.", map[bool]string{true: "1 time window is", false: strconv.Itoa(u.WindowsAtLeast) + " time windows are"}[u.WindowsAtLeast == 1]))
	}
	for _, need := range u.Needs {
		when := ""
		if need.Text != "" {
			when = ", when " + need.Text
		}
		for i := range need.Require {
			list = append(list, or(need.says, wording.Capital(c.requirementText(&need.Require[i]))+when+"."))
		}
	}
	if u.DowntimeToMs > 0 {
		list = append(list, "Expected downtime: "+wording.Duration(u.DowntimeFromMs)+" to "+wording.Duration(u.DowntimeToMs)+".")
	}
	if u.Staging != "" {
		list = append(list, "A staging system: "+wording.Spoken(u.Staging)+".")
	}
	if path := pathWords(u); path != "" {
		list = append(list, path)
	}
	if len(u.Keeps) > 0 {
		list = append(list, "Kept with best efforts: "+wording.Spoken(wording.And(u.Keeps))+".")
	}
	for i, step := range u.After {
		list = append(list, fmt.Sprintf("Afterwards, step %d: %s.", i+1, wording.Spoken(step)))
	}
	return list
}

func pathWords(u *Updates) string {
	switch u.Path {
	case "":
		return ""
	case OneMajorAtATime:
		return "An update goes up one major release at a time, each time to its newest version."
	}
	return "An update goes to the wanted version in one step."
}
