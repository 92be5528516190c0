package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// maxSays bounds a sentence that the author writes.
const maxSays = 300

// says reads the author's own sentence, which takes the place of the one that is made of the rule.
func (c *compiler) says(n *yaml.Node) string {
	at := n.Get("says")
	if at == nil || !c.Is(at, yaml.Scalar, "says") {
		return ""
	}
	text := strings.TrimSpace(at.Text)
	if len(text) > maxSays || text == "" || strings.ContainsAny(text, "\n") {
		c.ErrorAt(at, "says: expected a sentence of one line and at most %d bytes", maxSays)
	}
	return text
}

// or is the author's sentence, or the one that was made.
func or(says, made string) string {
	if says != "" {
		return says
	}
	return made
}

// spokenKinds are the kinds of askers and providers in words: one of them, and all of them. The vendor has a name.
var spokenKinds = map[string][2]string{
	"end-user": {"an end user", "end users"}, "customer": {"the customer", "customers"}, "partner": {"a partner", "partners"},
	"monitoring": {"the monitoring", "the monitoring"}, "unknown": {"somebody unknown", "people whom nobody knows"},
}

func (c *compiler) kindWords(kinds []string, all bool) []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		pair, ok := spokenKinds[k]
		switch {
		case !ok:
			words[i] = c.p.vendor
		case all:
			words[i] = pair[1]
		default:
			words[i] = pair[0]
		}
	}
	return words
}

// say is how sentences name a word of a fact: by its title in the document, by a defined term, or read aloud.
func (c *compiler) say(f fact.Fact, word string) string {
	title := ""
	switch f {
	case fact.Category:
		if k, ok := c.p.Category(word); ok {
			title = "\"" + k.Title + "\""
		}
	case fact.Level, fact.LevelDone, fact.RequesterLevels:
		l, _ := c.p.Level(word)
		title = l.Name
	case fact.Plan:
		plan, _ := find(c.p.plans, func(p Plan) bool { return p.ID == word })
		title = plan.Name
	case fact.Severity, fact.SeverityAsked:
		s, _ := find(c.p.severities, func(s SeverityLevel) bool { return s.ID == word })
		title = s.Name
	case fact.Status:
		s, _ := find(c.p.statuses, func(s Status) bool { return s.ID == word })
		title = s.Title
	case fact.Provided:
		title = wording.Inner(c.informationTitle(word))
	case fact.ProductID:
		title = c.p.productName(word)
	case fact.AccountRegion, fact.AccountCountry:
		title = wording.Name(word)
	case fact.Channel:
		title = c.channelName(word)
	case fact.Language:
		title = wording.Language(word)
	case fact.Addon:
		a, _ := find(c.p.addons, func(a Addon) bool { return a.ID == word })
		title = a.Name
	case fact.RequesterKind, fact.ProviderKind, fact.SupportVia, fact.AccountKind:
		title = c.kindWords([]string{word}, false)[0]
		if f == fact.AccountKind {
			title = ""
		}
	}
	if title != "" {
		return title
	}
	return c.term(word)
}

// term is a word as the glossary writes it, also where its term says more ("self-hosted": "self-hosted software").
func (c *compiler) term(id string) string {
	longer := ""
	for _, t := range c.p.terms {
		switch s := document.Slug(t.Name); {
		case s == id:
			return t.Name
		case strings.HasPrefix(s, id+"-"):
			longer = t.Name
		}
	}
	return or(longer, wording.Spoken(id))
}

func (c *compiler) informationTitle(id string) string {
	i, _ := find(c.p.information, func(i Information) bool { return i.ID == id })
	return i.Title
}

// ---- levels and the matrix ----

func (c *compiler) openedSentence(l *Level) string {
	return l.Name + " takes requests from " + wording.And(c.openedBy(l)) + " only."
}

func (c *compiler) openedBy(l *Level) []string {
	var from []string
	for _, id := range l.OpenedBy {
		if other, ok := c.p.Level(id); ok {
			from = append(from, other.Name)
		}
	}
	if l.OpenedByMonitoring {
		from = append(from, spokenKinds["monitoring"][0])
	}
	return from
}

// providedBy names who provides a cell of the matrix and whom it serves: "Acme or a partner, for customers".
func (c *compiler) providedBy(cell *ResponsibilityCell) string {
	by := wording.Or(c.kindWords(cell.ByText, false))
	own := cell.By == KindCustomer
	switch {
	case own && cell.For&KindCustomer != 0:
		return by
	case own && cell.For == KindEndUser:
		return by + ", for its own end users"
	}
	return by + ", for " + wording.And(c.kindWords(cell.ForText, true))
}

func (c *compiler) cellSentences(level string, cell *ResponsibilityCell) {
	cell.Sentence = or(cell.says, level+" is provided by "+c.providedBy(cell)+".")
	serves := level + " serves " + wording.And(c.kindWords(cell.ForText, true))
	cell.Refusal = serves + " only."
	cell.EndUserRefusal = cell.Refusal
	if cell.For&KindCustomer != 0 {
		cell.EndUserRefusal = serves + ", not their end users."
	}
}

// ---- hours ----

// hoursSentence says when the desk is open. The level, the region and the provider of a condition stand where they belong
// in the sentence; what else it asks follows.
func (c *compiler) hoursSentence(r *HoursRule) string {
	subject, verb, rest := "The desk", "is", fact.Condition{Unless: r.When.Unless, When: r.When.When}
	where, whose := "", ""
	for i := range r.When.For {
		t := &r.When.For[i]
		words := t.Spoken(&c.p.space, c.say)
		switch t.Fact {
		case fact.Level:
			if subject = wording.And(words); len(words) > 1 {
				verb = "are"
			}
		case fact.AccountRegion, fact.AccountCountry:
			where = " for accounts in " + wording.Or(words)
		case fact.ProviderKind, fact.ProviderOrg:
			whose = " that " + wording.Or(words) + " provides"
		default:
			rest.For = append(rest.For, *t)
		}
	}
	if whose != "" && subject == "The desk" {
		subject = "A desk"
	}
	subject += whose + where
	when := ""
	if text := rest.Words(&c.p.space, c.say); text != "" {
		when = " when " + text
	}
	if r.Calendar == NoCalendar {
		if c.levelless(r) {
			subject = wording.Inner(subject)
		}
		return "This policy names no hours for " + subject + when + "."
	}
	words := c.p.calendars[r.Calendar].Words
	switch {
	case r.Add:
		return fmt.Sprintf("%s %s also open %s%s.", subject, verb, words, when)
	case r.BestEffort:
		return fmt.Sprintf("%s %s open %s%s. Outside these hours we help on a best-effort basis.", subject, verb, words, when)
	}
	return fmt.Sprintf("%s %s open %s%s.", subject, verb, words, when)
}

// levelless reports that a rule is for the desk and names no level.
func (c *compiler) levelless(r *HoursRule) bool {
	return !slices.ContainsFunc(r.When.For, func(t fact.Test) bool { return t.Fact == fact.Level })
}

// weekWords says the open hours of a calendar.
func (c *compiler) weekWords(k *Calendar, n *yaml.Node) string {
	words := ""
	switch {
	case len(k.Any) > 0:
		words = strings.Join(c.calendarWords(k.Any), ", and ")
	case k.From != "":
		words = "in " + c.p.space.Question(fact.ContractHours)
		if k.PerWeekMs > 0 {
			words += ", " + wording.Count(k.PerWeekMs/3600_000, "hour") + c.minutesOver(k.PerWeekMs) + " a week"
		}
	case len(k.Rests) > 0:
		words = wording.Week(k.spans, "") + " at " + c.p.space.Question(k.Rests[0])
	case k.spans != nil || k.Zone != "":
		words = wording.Week(k.spans, k.Zone)
	}
	words += c.closedWords(k, n.Get("closed"))
	if n.Get("dates") != nil {
		words += ", with other hours on special days"
	}
	if len(k.Minus) > 0 {
		words += ", but not " + strings.Join(c.calendarWords(k.Minus), ", nor ")
	}
	return words
}

func (c *compiler) minutesOver(ms int64) string {
	if minutes := ms / 60_000 % 60; minutes > 0 {
		return " " + wording.Count(minutes, "minute")
	}
	return ""
}

// closedWords says on which holidays a calendar is closed: those of its place, or others.
func (c *compiler) closedWords(k *Calendar, closed *yaml.Node) string {
	if closed == nil {
		return ""
	}
	there, others := false, []string{}
	for _, w := range c.Words(closed, "closed") {
		if w.Text == "place" {
			there = true
		} else {
			others = append(others, wording.Spoken(w.Text))
		}
	}
	switch {
	case !there || len(k.Rests) == 0:
		return ", except on public holidays"
	case len(others) > 0:
		return ", without public holidays there and those of " + wording.And(others)
	}
	return ", without public holidays there"
}

func (c *compiler) calendarWords(ids []string) []string {
	var list []string
	for _, id := range ids {
		if k, ok := find(c.p.calendars, func(k Calendar) bool { return k.ID == id }); ok {
			list = append(list, k.Words)
		}
	}
	return list
}

// ---- coverage ----

var answered = [...]string{"Paid work", "Included", "Included in part", "Answered on a best-effort basis only", "Not included"}

// coverageSentence says the reason itself where a statement is enough for a no, and otherwise what it leads to.
func (c *compiler) coverageSentence(a Answer, when fact.Condition) string {
	text := c.condition(when)
	switch {
	case text == "":
		return answered[a] + "."
	case a == AnswerNo && when.Plain() && !slices.ContainsFunc(slices.Concat(when.For, when.Unless), func(t fact.Test) bool { return !c.speaksForItself(&t) }):
		return wording.Capital(text) + "."
	}
	return answered[a] + ": " + text + "."
}

// speaksForItself reports whether a test, said as a sentence, tells why something is refused.
func (c *compiler) speaksForItself(t *fact.Test) bool {
	return c.p.space.Type(t.Fact) == fact.TypeYesNo || t.Fact == fact.RequesterKind || t.Fact == fact.VersionPhase
}

// condition says a condition, its two most frequent forms more simply than fact by fact.
func (c *compiler) condition(when fact.Condition) string {
	at := func(f fact.Fact) int {
		return slices.IndexFunc(when.For, func(t fact.Test) bool { return t.Fact == f })
	}
	ended, _ := c.p.Word(fact.VersionPhase, PhaseEnded)
	var parts []string
	kind, served := at(fact.RequesterKind), at(fact.Served)
	rest := fact.Condition{Unless: when.Unless, When: when.When}
	for i := range when.For {
		t := &when.For[i]
		switch {
		case i == served && kind >= 0:
			verb := "serves "
			if t.Denies() {
				verb = "does not serve "
			}
			var all []string
			for _, k := range fact.RequesterKind.Fixed() {
				if word, _ := c.p.Word(fact.RequesterKind, k); when.For[kind].Has(word) {
					all = append(all, c.kindWords([]string{k}, true)...)
				}
			}
			parts = append(parts, "this level "+verb+wording.Or(all))
		case i == kind && served >= 0:
		case t.Fact == fact.VersionPhase && len(c.p.space.Of(t.Fact).Words) > 0 && t.Only(ended):
			parts = append(parts, "this version is past its end of life")
		default:
			rest.For = append(rest.For, *t)
		}
	}
	if text := rest.Words(&c.p.space, c.say); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}

// ---- clocks and gates ----

func (c *compiler) targetWords(t *Target) string {
	days := wording.Count(int64(t.Days), "business day")
	clock := fmt.Sprintf("%02d:%02d", t.Minute/60, t.Minute%60)
	switch t.Kind {
	case TargetNone:
		return "no time is set"
	case TargetDuration:
		return "within " + wording.Duration(t.Ms) + c.countedOn(t)
	case TargetBusinessDays:
		return "within " + days
	case TargetEarliest, TargetLatest:
		return c.severalWords(t)
	}
	point := clock
	if t.Kind == TargetByClose {
		point = "closing time"
	}
	switch t.Days {
	case 0:
		return "by " + point
	case 1:
		return "by " + point + " on the next business day"
	}
	return "by " + point + ", " + days + " later"
}

func (c *compiler) severalWords(t *Target) string {
	words := make([]string, len(t.Of))
	for i := range t.Of {
		words[i] = c.targetWords(&t.Of[i])
	}
	if t.Kind == TargetEarliest {
		return wording.Or(words) + ", whichever is earlier"
	}
	return wording.Or(words) + ", whichever is later"
}

func (c *compiler) countedOn(t *Target) string {
	if t.On >= 0 && t.On < len(c.p.calendars) && c.p.calendars[t.On].ID == "always" {
		return ""
	}
	return " of open time"
}

func (c *compiler) targetSentence(title string, r *TargetRule) string {
	said := title + ": " + r.Target.Words
	if r.Text != "" {
		said += ", because " + r.Text
	}
	return said + "."
}

func (c *compiler) requirementText(r *Requirement) string {
	titles := make([]string, len(r.IDs))
	for i, id := range r.IDs {
		titles[i] = wording.Inner(c.informationTitle(id))
	}
	text := wording.Or(titles)
	if r.Waivable {
		text += " (or the reason why there is none)"
	}
	return text
}

func (c *compiler) gateSentence(g *Gate) string {
	asked := make([]string, len(g.Require))
	for i := range g.Require {
		asked[i] = c.requirementText(&g.Require[i])
	}
	where := map[string]string{"submit": "A request", "close": "Closing a request"}[g.To]
	if g.ToIdx >= 0 {
		where = c.p.levels[g.ToIdx].Name
	}
	return where + " needs: " + strings.Join(asked, "; ") + "."
}

func (c *compiler) categorySentence(k *Category, a Answer) string {
	what := "\"" + k.Title + "\" is "
	switch a {
	case AnswerYes:
		return what + "included."
	case AnswerLimited:
		return what + "included in part."
	case AnswerBestEffort:
		return what + "answered on a best-effort basis only."
	case AnswerNo:
		return what + "not included."
	}
	if k.Charge == nil {
		return "" // a mistake in the answer, reported where it was read
	}
	return what + "paid work: it is " + c.chargeWords(k.Charge) + "."
}

// chargeWords says what covered work costs, after "it is".
func (c *compiler) chargeWords(charge *Charge) string {
	if charge.From != "" {
		title := c.root.Get("allowances").Get(charge.From).Get("title")
		if title == nil {
			return "taken from " + wording.Spoken(charge.From) + " bought in advance"
		}
		return "taken from " + wording.Inner(title.Text) + " bought in advance"
	}
	return "charged: " + wording.Spoken(charge.Rate)
}

// rowTitle names the products of a row of the matrix.
func (c *compiler) rowTitle(r *Rule) string {
	switch {
	case r.Text == "":
		return "Every product"
	case len(r.When.For) == 1 && len(r.When.Unless) == 0 && r.When.For[0].Fact == fact.ProductType:
		return wording.Capital(wording.Or(r.When.For[0].Spoken(&c.p.space, c.say)))
	}
	return wording.Capital(r.Text)
}
