package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/period"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Share is a part of a whole in millionths: 99.5% is 995000.
type Share int64

// Whole is the share of everything.
const Whole Share = 1_000_000

// String writes a share as a policy does: "99.5%".
func (s Share) String() string {
	text := fmt.Sprintf("%d.%04d", s/10_000, s%10_000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}

// ParseShare reads "99.5%", with up to four places.
func ParseShare(text string) (Share, error) {
	number, ok := strings.CutSuffix(text, "%")
	whole, part, dotted := strings.Cut(number, ".")
	if ok && len(part) <= 4 && len(whole) > 0 && len(whole) <= 3 && (!dotted || part != "") {
		if n, err := strconv.ParseUint(whole+(part + "0000")[:4], 10, 32); err == nil && Share(n) <= Whole {
			return Share(n), nil
		}
	}
	return 0, fmt.Errorf("expected a percentage such as 99.5%%, found %q", text)
}

// Measure is something that the desk can measure, as `measure` names it.
type Measure struct {
	ID    string
	Title string
	Of    string // what the share is a share of
}

// Measures lists what a promise can measure beside `clock NAME`, the share of requests whose clock was met in time.
func Measures() []Measure {
	return []Measure{
		{"uptime", "Availability", "the minutes of the period in which the service was available"},
		{"managed-servers-with-a-live-check", "Managed servers with a live check", "managed servers that a check reported on in the last hour"},
		{"on-call-minutes-covered", "On-call time that is covered", "the minutes ahead for which somebody is on call"},
		{"maintenance-announced-in-time", "Planned work that was announced in time", "planned work that was announced with its notice"},
		{"maintenance-within-budget", "Planned work within its budget", "periods in which planned work kept its budget"},
		{"updates-announced-in-time", "Updates that were announced in time", "updates for which enough windows were proposed"},
		{"requests-answered-in-time", "Requests that were answered in time", "requests of which no promise in time was missed"},
	}
}

// Promise is a measure that the policy holds itself to.
type Promise struct {
	Rule                // the requests or products that it is about
	Title        string // what is measured, in words
	Measure      string // as written
	Clock        string // the clock of `clock NAME`, or empty
	Each         string // month, quarter, year, incident, or empty for always
	AheadDays    int    // how far ahead the measure looks, 0 for the past
	AtLeast      *Share // nil: no share is promised
	MissesAtMost *int   // in each period; nil: no number is promised
	Credit       *Credit
	Sentence     string

	Period   period.Each
	StartDay period.Day
}

// Kept reports whether a promise was kept in a period, by the measured share and the number of misses.
func (p *Promise) Kept(measured Share, misses int) bool {
	if p.AtLeast != nil && measured < *p.AtLeast {
		return false
	}
	if p.MissesAtMost != nil {
		return misses <= *p.MissesAtMost
	}
	return p.AtLeast != nil || misses == 0
}

// Credit is what the customer gets when a promise is broken: Bands by the measured value, or a single one over all values.
type Credit struct {
	Bands  []CreditBand
	AtMost *Amount // of all credits of the promise together
	Claim  *Claim  // nil: given without being asked for
	Place
}

// CreditBand is a range of measured shares, both ends included, and what it gives.
type CreditBand struct {
	Lo, Hi Share
	Amount Amount
	Place
}

// Amount is a part of a fee (Share of Of), or a sum of money in hundredths of Currency.
type Amount struct {
	Share    Share
	Of       string
	Minor    int64
	Currency string
	Text     string // as written
}

// Claim says how a credit is asked for: within a time after the period or the miss.
type Claim struct {
	Within    Target
	AfterMiss bool
	How       string
	Words     string
}

// Promise finds a promise by its id.
func (p *Policy) Promise(id string) (Promise, bool) {
	return find(p.promises, func(o Promise) bool { return o.ID == id })
}

func (c *compiler) promises() {
	c.Items(c.root.Get("promises"), "promises", func(i int, n *yaml.Node) {
		known := []string{"measure", "title", "each", "starts", "ahead", "at_least", "misses_at_most", "credit"}
		c.Only(n, "promises", slices.Concat(ruleKeys, known), nil)
		p := Promise{Rule: c.rule(n, fmt.Sprintf("promises[%d]", i), fact.StageGates), Measure: c.Required(n, "measure", "a promise")}
		c.measure(&p, n)
		c.promised(&p, n)
		if credit := n.Get("credit"); credit != nil && c.Is(credit, yaml.Map, "credit") {
			p.Credit = c.credit(&p, credit)
		}
		p.Sentence = or(p.says, c.promiseSentence(&p))
		c.p.promises = append(c.p.promises, p)
	})
}

// measure checks what is measured against the built-in list and the clocks.
func (c *compiler) measure(p *Promise, n *yaml.Node) {
	at := n.Get("measure")
	if at == nil || at.Kind != yaml.Scalar {
		return
	}
	if name, ok := strings.CutPrefix(p.Measure, "clock "); ok {
		clock, found := find(c.p.clocks, func(k Clock) bool { return k.ID == name })
		if !found {
			c.UnknownWord(&yaml.Node{Text: name, Line: at.Line, Col: at.Col}, "clock", names(c.p.clocks, func(k Clock) string { return k.ID }))
		}
		p.Clock, p.Title = name, clock.Title+" in time"
	} else if m, found := find(Measures(), func(m Measure) bool { return m.ID == p.Measure }); found {
		p.Title = m.Title
	} else {
		c.UnknownWord(at, "measure", append(names(Measures(), func(m Measure) string { return m.ID }), "clock NAME"))
	}
	p.Title = or(c.Text(n, "title"), p.Title)
}

// promised reads how often is measured and what is promised.
func (c *compiler) promised(p *Promise, n *yaml.Node) {
	p.Each = c.Choice(n, "each", "month", "quarter", "year", "incident")
	p.StartDay = period.Day{Month: 1, Day: 1}
	p.Period, _ = period.Parse(p.Each) // an incident has no period
	if at := n.Get("starts"); at != nil && c.Is(at, yaml.Scalar, "starts") && at.Text != "calendar" {
		var err error
		if p.StartDay, err = period.ParseDay(at.Text); err != nil {
			c.ErrorAt(at, "starts: %v; or write calendar", err)
		}
		if !p.Period.Renews() {
			c.ErrorAt(at, "`starts` needs `each: month`, `quarter` or `year`")
		}
	}
	if ahead := n.Get("ahead"); ahead != nil {
		p.AheadDays = int(c.Duration(ahead, "ahead") / (24 * 3600_000))
	}
	if at := n.Get("at_least"); at != nil {
		p.AtLeast = c.share(at)
	}
	if at := n.Get("misses_at_most"); at != nil {
		misses := c.Number(n, "misses_at_most")
		p.MissesAtMost = &misses
	}
	if p.AtLeast == nil && p.MissesAtMost == nil && n.Get("credit") == nil {
		c.ErrorAt(n, "a promise says `at_least`, `misses_at_most` or what `credit` a miss gives")
	}
}

func (c *compiler) share(n *yaml.Node) *Share {
	if !c.Is(n, yaml.Scalar, "a percentage") {
		return nil
	}
	s, err := ParseShare(n.Text)
	if err != nil {
		c.ErrorAt(n, "%v", err)
		return nil
	}
	return &s
}

// ---- credits ----

func (c *compiler) credit(p *Promise, n *yaml.Node) *Credit {
	c.Only(n, "credit", []string{"bands", "is", "claim", "at_most"}, nil)
	credit := &Credit{Place: c.place(n)}
	is, bands := n.Get("is"), n.Get("bands")
	switch {
	case is == nil:
		c.ErrorAt(n, "a credit needs `is`: an amount such as `5%% of monthly-fee`, or bands of the measured value")
	case bands != nil:
		if bands.Kind != yaml.Scalar || bands.Text != p.Measure {
			c.ErrorAt(bands, "bands: the promise measures %q; its credit can only have bands of that", p.Measure)
		}
		credit.Bands = c.creditBands(is)
		c.checkCreditBands(p, is, credit.Bands)
	default:
		amount, _ := c.creditAmount(is)
		credit.Bands = []CreditBand{{Lo: 0, Hi: Whole, Amount: amount, Place: c.place(is)}}
		if p.AtLeast != nil {
			credit.Bands[0].Hi = *p.AtLeast - 1
		}
	}
	if at := n.Get("at_most"); at != nil {
		if most, ok := c.creditAmount(at); ok {
			credit.AtMost = &most
		}
	}
	if at := n.Get("claim"); at != nil && c.Is(at, yaml.Map, "claim") {
		credit.Claim = c.claim(at)
	}
	return credit
}

func (c *compiler) creditBands(n *yaml.Node) []CreditBand {
	var bands []CreditBand
	c.Items(n, "bands", func(_ int, item *yaml.Node) {
		c.Only(item, "a band", []string{"from", "above", "to", "below", "is"}, nil)
		b := CreditBand{Lo: 0, Hi: Whole, Place: c.place(item)}
		b.Lo = c.edge(item, "from", "above", 0, 1)
		b.Hi = c.edge(item, "to", "below", Whole, -1)
		if b.Lo > b.Hi {
			c.ErrorAt(item, "no value lies in this band")
		}
		if is := item.Get("is"); is == nil {
			c.ErrorAt(item, "a band needs `is`")
		} else {
			b.Amount, _ = c.creditAmount(is)
		}
		bands = append(bands, b)
	})
	return bands
}

// edge reads one end of a band: a key that includes its value, or one that begins a step beyond it.
func (c *compiler) edge(item *yaml.Node, included, beyond string, otherwise, step Share) Share {
	in, out := item.Get(included), item.Get(beyond)
	switch {
	case in != nil && out != nil:
		c.ErrorAt(out, "a band has `%s` or `%s`, not both", included, beyond)
	case in != nil:
		if s := c.share(in); s != nil {
			return *s
		}
	case out != nil:
		if s := c.share(out); s != nil {
			return *s + step
		}
	}
	return otherwise
}

// checkCreditBands reports bands that overlap, and measured values below the promise that no band has.
func (c *compiler) checkCreditBands(p *Promise, at *yaml.Node, bands []CreditBand) {
	if c.Failed() || len(bands) == 0 {
		return
	}
	sorted := slices.SortedFunc(slices.Values(bands), func(a, b CreditBand) int { return int(a.Lo - b.Lo) })
	top := Whole
	if p.AtLeast != nil {
		top = *p.AtLeast - 1
	}
	next := Share(0)
	for _, b := range sorted {
		if b.Lo < next {
			c.Add(SeverityError, b.Line, b.Col, "bands of %s overlap at %v; a value belongs to one band only", p.Measure, b.Lo)
		}
		if b.Lo > next {
			c.bandGap(p, at, next, b.Lo-1)
		}
		next = max(next, b.Hi+1)
	}
	if next <= top {
		c.bandGap(p, at, next, top)
	}
	if p.AtLeast != nil && next > *p.AtLeast {
		c.WarnAt(at, "bands of %s give a credit for %v, which keeps the promise of at least %v", p.Measure, next-1, *p.AtLeast)
	}
}

func (c *compiler) bandGap(p *Promise, at *yaml.Node, lo, hi Share) {
	if lo == hi {
		c.WarnAt(at, "bands of %s leave a gap: exactly %v; write `from: %v` or `to: %v`", p.Measure, lo, lo, lo)
		return
	}
	c.WarnAt(at, "bands of %s leave a gap: from %v to below %v", p.Measure, lo, hi+1)
}

// creditAmount reads `5% of monthly-fee` or `250.00 EUR`.
func (c *compiler) creditAmount(n *yaml.Node) (Amount, bool) {
	if !c.Is(n, yaml.Scalar, "an amount") {
		return Amount{}, false
	}
	a := Amount{Text: n.Text}
	if share, of, ok := strings.Cut(n.Text, " of "); ok {
		s, err := ParseShare(share)
		if err == nil && of != "" && !strings.Contains(of, " ") {
			a.Share, a.Of = s, of
			return a, true
		}
	}
	if number, currency, ok := strings.Cut(n.Text, " "); ok && len(currency) == 3 && strings.ToUpper(currency) == currency {
		whole, part, dotted := strings.Cut(number, ".")
		minor, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 50)
		if err == nil && len(part) <= 2 && (!dotted || part != "") {
			a.Minor, a.Currency = int64(minor), currency
			return a, true
		}
	}
	c.ErrorAt(n, "expected a part of a fee such as `5%% of monthly-fee`, or money such as `250.00 EUR`; found %q", n.Text)
	return a, false
}

func (c *compiler) claim(n *yaml.Node) *Claim {
	c.Only(n, "claim", []string{"within", "after", "how"}, nil)
	k := &Claim{How: c.Text(n, "how")}
	k.AfterMiss = c.Choice(n, "after", "period", "miss") == "miss"
	within := n.Get("within")
	if within == nil {
		c.ErrorAt(n, "a claim needs `within`, such as 30d")
		return k
	}
	k.Within = c.target(within)
	if k.Within.On == RunsHours && k.Within.Kind != TargetDuration {
		c.ErrorAt(within, "`within: %s` needs a calendar here; write `on %s`", within.Text, c.someCalendar())
	}
	said := c.targetWords(&k.Within)
	if k.Within.Kind == TargetDuration && k.Within.On == RunsHours {
		said = "within " + wording.Duration(k.Within.Ms) // elapsed time, not that of a desk
	}
	k.Words = said + " after " + map[bool]string{true: "the miss", false: "the end of the period"}[k.AfterMiss]
	if k.How != "" {
		k.Words += ", " + wording.Spoken(k.How)
	}
	return k
}

func (c *compiler) promiseSentence(p *Promise) string {
	text := p.Title
	if p.AtLeast != nil {
		text += fmt.Sprintf(": at least %v", *p.AtLeast)
	}
	if p.MissesAtMost != nil {
		text += fmt.Sprintf("; misses at most %d", *p.MissesAtMost)
	}
	if p.Each != "" {
		text += ", for each " + p.Each
	}
	if p.AheadDays > 0 {
		text += ", " + wording.Count(int64(p.AheadDays), "day") + " ahead"
	}
	if p.Text != "" {
		text += ", when " + p.Text
	}
	text += "."
	if p.Credit == nil {
		return text
	}
	for _, b := range p.Credit.Bands {
		text += " " + bandSentence(p, &b)
	}
	if p.Credit.AtMost != nil {
		text += " At most " + wording.Spoken(p.Credit.AtMost.Text) + "."
	}
	if p.Credit.Claim != nil {
		text += " To be asked for " + p.Credit.Claim.Words + "."
	}
	return text
}

func bandSentence(p *Promise, b *CreditBand) string {
	credit := "a credit of " + wording.Spoken(b.Amount.Text) + "."
	switch {
	case len(p.Credit.Bands) == 1:
		return "If it is missed: " + credit
	case b.Lo == 0:
		return fmt.Sprintf("Below %v: %s", b.Hi+1, credit)
	case b.Hi == Whole:
		return fmt.Sprintf("From %v: %s", b.Lo, credit)
	}
	return fmt.Sprintf("From %v to below %v: %s", b.Lo, b.Hi+1, credit)
}
