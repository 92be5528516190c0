package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

func (c *compiler) header() {
	n := c.root.Get("policy")
	if n == nil {
		c.Add(SeverityError, 1, 1, "the block `policy` is missing: {name: .., vendor: .., effective: 2020-10-01, zone: UTC}")
		return
	}
	if !c.Is(n, yaml.Map, "policy") {
		return
	}
	c.Only(n, "policy", []string{"name", "vendor", "effective", "zone", "home", "supplements"}, nil)
	c.p.name = c.Required(n, "name", "policy")
	c.p.vendor = c.Required(n, "vendor", "policy")
	c.p.supplements = c.Text(n, "supplements")
	c.p.home = c.Text(n, "home")
	c.p.zone = c.Required(n, "zone", "policy")
	c.p.date = c.Required(n, "effective", "policy")
	zone, ok := c.Zone(n.Get("zone"))
	c.p.dates = zone
	if home := n.Get("home"); home != nil {
		c.Zone(home)
		c.warnHome(n.Get("zone"))
	}
	if !ok || n.Get("effective") == nil {
		return
	}
	day, err := calendar.ParseDate(c.p.date)
	if err != nil {
		c.ErrorAt(n.Get("effective"), "effective: %v", err)
		return
	}
	c.p.effective = zone.At(day, 0)
	c.p.hold = c.p.vendor + " looks after this request until it is known who provides support for it."
}

// warnHome warns where GMT is written but the vendor's home has a summer time.
func (c *compiler) warnHome(n *yaml.Node) {
	if n == nil || n.Text != "GMT" || c.p.home == "" {
		return
	}
	home, err := calendar.LoadZone(c.p.home)
	if err != nil {
		return
	}
	winter, summer := calendar.MakeDate(2026, 1, 15), calendar.MakeDate(2026, 7, 15)
	if (home.At(summer, 0)-home.At(winter, 0))%(24*3600_000) != 0 {
		c.WarnAt(n, "GMT has no summer time but the vendor's home %s has; write %s if its civil time is meant", c.p.home, c.p.home)
	}
}

func (c *compiler) terms() {
	c.entries("terms", func(key, value *yaml.Node) {
		if c.Is(value, yaml.Scalar, "a term") {
			c.p.terms = append(c.p.terms, Term{Name: key.Text, Meaning: strings.TrimSpace(value.Text), Clause: c.place(key).Clause})
		}
	})
}

// ---- who and what ----

func (c *compiler) levels() {
	c.entries("levels", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a level") {
			return
		}
		c.Only(n, "levels."+key.Text, []string{"name", "effort", "escalates_to", "opened_by"}, nil)
		l := Level{ID: key.Text, Name: c.Required(n, "name", "level "+key.Text), Place: c.place(key), Next: -1}
		l.Effort = c.Choice(n, "effort", "normal", "best-effort")
		l.EscalatesTo = c.Text(n, "escalates_to")
		l.OpenedBy = c.Strings(n, "opened_by")
		c.p.levels = append(c.p.levels, l)
	})
	if len(c.p.levels) == 0 {
		c.ErrorAt(c.root, "the policy defines no levels; add `levels`")
		return
	}
	if len(c.p.levels) > 64 {
		c.ErrorAt(c.root, "more than 64 levels")
		return
	}
	ids := names(c.p.levels, func(l Level) string { return l.ID })
	for i := range c.p.levels {
		c.linkLevel(&c.p.levels[i], i, ids)
	}
	for i := range c.p.levels {
		if l := &c.p.levels[i]; len(l.OpenedBy) > 0 {
			l.OpenedSentence = c.openedSentence(l)
		}
	}
}

func (c *compiler) linkLevel(l *Level, index int, ids []string) {
	n := c.root.Get("levels").Get(l.ID)
	if l.EscalatesTo != "" {
		l.Next = slices.Index(ids, l.EscalatesTo)
		switch {
		case l.Next < 0:
			c.UnknownWord(n.Get("escalates_to"), "level", ids)
		case l.Next <= index:
			c.ErrorAt(n.Get("escalates_to"), "level %s escalates to %s, which stands lower on the ladder", l.ID, l.EscalatesTo)
		}
	}
	for _, w := range c.Words(n.Get("opened_by"), "opened_by") {
		i := slices.Index(ids, w.Text)
		switch {
		case w.Text == "monitoring":
			l.OpenedByMonitoring = true
		case i < 0:
			c.ErrorAt(w, "nobody may open %s: opened_by [%s] is not a level%s", l.ID, w.Text, document.DidYouMean(w.Text, append(ids, "monitoring")))
		default:
			l.OpenedByLevels |= 1 << i
		}
	}
}

func (c *compiler) statuses() {
	c.entries("statuses", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a status") {
			return
		}
		c.Only(n, "statuses."+key.Text, []string{"title", "waits_for"}, nil)
		waits := c.Choice(n, "waits_for", "provider", "requester", "third-party")
		c.p.statuses = append(c.p.statuses, Status{ID: key.Text, Title: c.Required(n, "title", "status "+key.Text), WaitsFor: waits, Place: c.place(key)})
	})
}

func (c *compiler) eventTypes() {
	c.entries("events", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "an event") {
			return
		}
		c.Only(n, "events."+key.Text, []string{"title", "by"}, nil)
		by := c.Choice(n, "by", "requester", "provider", "account", "contract", "product", "monitoring")
		if slices.Contains(BuiltinEvents(), key.Text) {
			c.ErrorAt(key, "the event %q is built in", key.Text)
		}
		c.p.events = append(c.p.events, EventType{ID: key.Text, Title: c.Required(n, "title", "event "+key.Text), By: by, Place: c.place(key)})
	})
}

func (c *compiler) information() {
	c.entries("information", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "information") {
			return
		}
		c.Only(n, "information."+key.Text, []string{"type", "title", "columns"}, nil)
		i := Information{ID: key.Text, Title: c.Text(n, "title"), Columns: c.Strings(n, "columns"), Place: c.place(key)}
		if i.Type = c.Choice(n, "type", "steps", "url", "secret", "yes-no", "text", "image", "video", "media", "table", "file", "number", "date", "person"); i.Type == "" && n.Get("type") == nil {
			c.ErrorAt(key, "information %s needs a `type`", key.Text)
		}
		if i.Title == "" {
			i.Title = wording.Capital(wording.Spoken(key.Text))
		}
		c.p.information = append(c.p.information, i)
	})
}

func (c *compiler) offers() {
	c.entries("offers", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "an offer") {
			return
		}
		c.Only(n, "offers."+key.Text, []string{"title", "to", "link"}, nil)
		o := Offer{ID: key.Text, Title: c.Required(n, "title", "offer "+key.Text), To: c.Text(n, "to"), Link: c.Text(n, "link"), Place: c.place(key)}
		if o.Link != "" && !strings.HasPrefix(o.Link, "https://") && !strings.HasPrefix(o.Link, "http://") && !strings.HasPrefix(o.Link, "mailto:") {
			c.ErrorAt(n.Get("link"), "link: %q is not a web or mail address", o.Link)
		}
		if (o.To == "") == (o.Link == "") {
			c.ErrorAt(key, "offer %s needs either `to` or `link`", key.Text)
		}
		c.p.offers = append(c.p.offers, o)
	})
}

// waysOn reads the offers named under `offer`, one or several.
func (c *compiler) waysOn(n *yaml.Node) []string {
	ids := names(c.p.offers, func(o Offer) string { return o.ID })
	var list []string
	for _, w := range c.Words(n.Get("offer"), "offer") {
		switch {
		case !slices.Contains(ids, w.Text):
			c.UnknownWord(w, "offer", ids)
		case slices.Contains(list, w.Text):
			c.ErrorAt(w, "offer %q is named twice", w.Text)
		default:
			list = append(list, w.Text)
		}
	}
	return list
}

func (c *compiler) answer(n *yaml.Node) string {
	return c.Choice(n, "answer", "yes", "limited", "best-effort", "no")
}

func parseAnswer(s string) Answer {
	for a := AnswerYes; a <= AnswerNo; a++ {
		if a.String() == s {
			return a
		}
	}
	return AnswerNone
}

func (c *compiler) charge(n *yaml.Node) *Charge {
	at := n.Get("charge")
	if at == nil || !c.Is(at, yaml.Map, "charge") {
		return nil
	}
	c.Only(at, "charge", []string{"rate", "confirm", "from"}, nil)
	charge := &Charge{Rate: c.Text(at, "rate"), Confirm: c.Text(at, "confirm"), From: c.Text(at, "from")}
	if (charge.Rate == "") == (charge.From == "") {
		c.ErrorAt(at, "a charge needs either `rate` or `from`")
	}
	if from := at.Get("from"); from != nil && c.root.Get("allowances").Get(from.Text) == nil {
		var known []string
		if all := c.root.Get("allowances"); all != nil {
			known = names(all.Keys, func(k *yaml.Node) string { return k.Text })
		}
		c.UnknownWord(from, "allowance", known)
	}
	return charge
}

func (c *compiler) categories() {
	ids := names(c.p.levels, func(l Level) string { return l.ID })
	c.entries("categories", func(key, n *yaml.Node) {
		if !c.Is(n, yaml.Map, "a category") {
			return
		}
		c.Only(n, "categories."+key.Text, []string{"title", "level", "answer", "offer", "duty", "charge", "says"}, nil)
		k := Category{ID: key.Text, Title: c.titleOf(key, n), Level: c.Text(n, "level"), Answer: c.answer(n),
			Offers: c.waysOn(n), Duty: c.Yes(n, "duty"), Charge: c.charge(n), Place: c.place(key), LevelIndex: -1, says: c.says(n)}
		if k.Level != "" {
			if k.LevelIndex = slices.Index(ids, k.Level); k.LevelIndex < 0 {
				c.UnknownWord(n.Get("level"), "level", ids)
			}
		}
		if k.Level == "" && k.Answer == "" {
			c.ErrorAt(key, "category %q has neither a level nor an answer", key.Text)
		}
		if k.says != "" && k.Answer == "" && k.Charge == nil {
			c.ErrorAt(n.Get("says"), "says: category %q has neither an answer nor a charge that it could say", key.Text)
		}
		if k.Duty && k.Level == "" {
			c.ErrorAt(key, "the duty %q needs a level that carries it", key.Text)
		}
		c.p.categories = append(c.p.categories, k)
	})
}

// ---- responsibility ----

func (c *compiler) responsibility() {
	list := c.root.Get("responsibility")
	if list == nil {
		c.ErrorAt(c.root, "the policy does not say who provides the levels; add `responsibility`")
		return
	}
	ids := names(c.p.levels, func(l Level) string { return l.ID })
	c.Items(list, "responsibility", func(i int, n *yaml.Node) {
		c.Only(n, "responsibility", slices.Concat(ruleKeys, ids), nil)
		row := ResponsibilityRow{Rule: c.rule(n, fmt.Sprintf("responsibility[%d]", i), fact.StageLevel), Cells: make([]ResponsibilityCell, len(ids))}
		for level, id := range ids {
			cell := n.Get(id)
			if cell == nil {
				c.ErrorAt(n, "%s has no provider for %s", c.rowName(n), id)
				continue
			}
			row.Cells[level] = c.cell(cell, id)
			c.cellSentences(c.p.levels[level].Name, &row.Cells[level])
		}
		row.Title = c.rowTitle(&row.Rule)
		c.p.responsibility = append(c.p.responsibility, row)
	})
	rules := make([]*Rule, len(c.p.responsibility))
	for i := range rules {
		rules[i] = &c.p.responsibility[i].Rule
	}
	c.checkReach("responsibility", rules)
}

func (c *compiler) rowName(n *yaml.Node) string {
	if types := c.Words(n.Get("for").Get("product.type"), "product.type"); len(types) > 0 {
		return fmt.Sprintf("product type %q", types[0].Text)
	}
	return "this row"
}

func (c *compiler) cell(n *yaml.Node, level string) ResponsibilityCell {
	cell := ResponsibilityCell{Line: n.Line}
	if !c.Is(n, yaml.Map, level) {
		return cell
	}
	c.Only(n, level, []string{"by", "for", "says"}, nil)
	cell.says = c.says(n)
	cell.By, cell.ByText = c.kinds(n, "by", level, []string{"vendor", "partner", "customer"})
	cell.For, cell.ForText = c.kinds(n, "for", level, fact.RequesterKind.Fixed()[:4])
	return cell
}

func (c *compiler) kinds(n *yaml.Node, key, level string, allowed []string) (uint8, []string) {
	var bits uint8
	var list []string
	for _, w := range c.Words(n.Get(key), key) {
		if !slices.Contains(allowed, w.Text) {
			c.UnknownWord(w, "kind", allowed)
			continue
		}
		bits |= KindBit(w.Text)
		list = append(list, w.Text)
	}
	if len(list) == 0 {
		c.ErrorAt(n, "%s needs `%s`", level, key)
	}
	return bits, list
}

// KindBit returns the bit of a kind of asker or provider; an empty or strange word is unknown.
func KindBit(kind string) uint8 {
	switch kind {
	case "vendor":
		return KindVendor
	case "partner":
		return KindPartner
	case "customer":
		return KindCustomer
	case "end-user":
		return KindEndUser
	case "monitoring":
		return KindMonitoring
	}
	return KindUnknown
}
