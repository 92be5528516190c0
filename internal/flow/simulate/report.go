package simulate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// Report says what a draft would change. Judged and Changed count decisions, of which a ticket has one or more; Unreadable
// are those that this program cannot decide again. SinceAt is UTC milliseconds, 0 for all.
type Report struct {
	SinceAt    int64           `json:"since_at,omitempty"`
	Judged     int64           `json:"judged"`
	Changed    int64           `json:"changed"`
	Unreadable int64           `json:"unreadable,omitempty"`
	Clauses    []ClauseCount   `json:"clauses,omitempty"`
	Changes    []Change        `json:"changes,omitempty"`
	Accounts   []AccountChange `json:"accounts,omitempty"`
	// AccountsChanged counts the accounts with a change; Accounts lists the first of them.
	AccountsChanged int            `json:"accounts_changed"`
	Charges         []ChargeChange `json:"charges,omitempty"`
	Sums            []Sum          `json:"sums,omitempty"`
}

// Clause is a heading of the draft, or of an earlier version where the draft has it no more.
type Clause struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// ClauseCount says how many decisions change because of a clause: one that decided before or one that decides now.
type ClauseCount struct {
	Clause
	Changed int64 `json:"changed"`
}

// Change is one kind of change: a field of the decision, its values before and after in words, the clauses that made it
// so, how many decisions change this way, and some of the tickets. ShiftMs is, for a due, how much later the one that moves
// furthest falls; negative is earlier.
type Change struct {
	Field    string   `json:"field"`
	What     string   `json:"what"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	Before   *Clause  `json:"before,omitempty"`
	After    *Clause  `json:"after,omitempty"`
	Count    int64    `json:"count"`
	ShiftMs  int64    `json:"shift_ms,omitempty"`
	Examples []string `json:"examples"`
}

// AccountChange is how much would change for one account. Name is its organisation's and its own; ID is empty where no
// account was known.
type AccountChange struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Judged  int64  `json:"judged"`
	Changed int64  `json:"changed"`
}

// ChargeChange says how often a charge would appear and disappear. Rate is its wording.
type ChargeChange struct {
	Rate       string `json:"rate"`
	Appears    int64  `json:"appears"`
	Disappears int64  `json:"disappears"`
}

// Sum is what the charges whose rate is an amount come to, in hundredths of a currency.
type Sum struct {
	Currency   string `json:"currency"`
	Appears    int64  `json:"appears"`
	Disappears int64  `json:"disappears"`
}

// maxAccounts bounds the accounts that a report names.
const maxAccounts = 100

func (r *replay) report(ctx context.Context, t *tally, o Options) (*Report, error) {
	out := &Report{SinceAt: o.Since, Judged: t.judged, Changed: t.changed, Unreadable: t.unreadable}
	titles := r.titles()
	w := r.wording()
	for k, n := range t.keys {
		out.Changes = append(out.Changes, w.change(k, n, titles))
	}
	slices.SortFunc(out.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(clauseID(a.After), clauseID(b.After)), cmp.Compare(clauseID(a.Before), clauseID(b.Before)))
	})
	for id, n := range t.clauses {
		out.Clauses = append(out.Clauses, ClauseCount{Clause{id, titles[id]}, n})
	}
	slices.SortFunc(out.Clauses, func(a, b ClauseCount) int { return cmp.Or(cmp.Compare(b.Changed, a.Changed), cmp.Compare(a.ID, b.ID)) })
	for rate, n := range t.charges {
		out.Charges = append(out.Charges, ChargeChange{rate, n.appears, n.disappears})
	}
	slices.SortFunc(out.Charges, func(a, b ChargeChange) int { return cmp.Compare(a.Rate, b.Rate) })
	out.Sums = sums(out.Charges)
	return out, r.accounts(ctx, t, out)
}

func clauseID(c *Clause) string {
	if c == nil {
		return ""
	}
	return c.ID
}

func (r *replay) policies() []*policy.Policy {
	list := []*policy.Policy{r.draft}
	for _, number := range slices.Sorted(maps.Keys(r.versions)) {
		if p := r.versions[number]; p != nil {
			list = append(list, p)
		}
	}
	return list
}

func (r *replay) titles() map[string]string {
	out := map[string]string{}
	for _, p := range r.policies() {
		for _, c := range p.Clauses() {
			if out[c.ID] == "" {
				out[c.ID] = c.Title
			}
		}
	}
	return out
}

// words are the names of what a decision calls by its id.
type words struct{ levels, clocks, information, severities map[string]string }

func (r *replay) wording() words {
	w := words{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	put := func(into map[string]string, id, name string) {
		if into[id] == "" {
			into[id] = name
		}
	}
	for _, p := range r.policies() {
		for _, l := range p.Levels() {
			put(w.levels, l.ID, l.Name)
		}
		for _, c := range p.ClockDefs() {
			put(w.clocks, c.ID, c.Title)
		}
		for _, i := range p.Information() {
			put(w.information, i.ID, i.Title)
		}
		for _, s := range p.Severities() {
			put(w.severities, s.ID, s.Name)
		}
	}
	return w
}

func (w words) change(k key, n *count, titles map[string]string) Change {
	c := Change{Field: k.field, From: k.from, To: k.to, Count: n.n, ShiftMs: n.shift}
	name, id, _ := strings.Cut(k.field, " ")
	switch name {
	case FieldLevel:
		c.What, c.From, c.To = "Level", named(w.levels, k.from), named(w.levels, k.to)
	case FieldSeverity:
		c.What, c.From, c.To = "Severity", named(w.severities, k.from), named(w.severities, k.to)
	case FieldCovered:
		c.What, c.From, c.To = "Coverage", coveredWords(k.from), coveredWords(k.to)
	case "due":
		c.What = "Due of " + wording.Inner(named(w.clocks, id))
	case "missing":
		c.What = "Asked before work begins: " + wording.Inner(named(w.information, id))
	case "allowance":
		c.What = "Allowance " + wording.Spoken(id)
	case FieldUnknown:
		c.What, c.To = "A word that the draft does not have", "unknown to the draft"
	case FieldOpen:
		c.What = "Desk open on arrival"
	case FieldProvider:
		c.What = "Who answers"
	case FieldVersion:
		c.What = "Phase of the product's version"
	case FieldOffers:
		c.What = "The way on"
	case FieldUnsettled:
		c.What = "What is left open"
	default:
		c.What = wording.Capital(wording.Spoken(k.field))
	}
	if name != FieldCovered && name != FieldOffers {
		c.From, c.To = wording.Spoken(c.From), wording.Spoken(c.To)
	}
	c.Before, c.After = clauseOf(k.fromClause, titles), clauseOf(k.toClause, titles)
	for _, number := range n.examples {
		c.Examples = append(c.Examples, ticket.Name(number))
	}
	return c
}

func clauseOf(id string, titles map[string]string) *Clause {
	if id == "" {
		return nil
	}
	return &Clause{id, titles[id]}
}

func named(names map[string]string, id string) string {
	if n := names[id]; n != "" {
		return n
	}
	return id
}

func coveredWords(answer string) string {
	switch answer {
	case coverage.CoveredYes:
		return "included"
	case coverage.CoveredLimited:
		return "included in part"
	case coverage.CoveredBestEffort:
		return "best effort"
	case coverage.CoveredNo:
		return "not included"
	case coverage.CoveredAsk:
		return "facts are missing"
	}
	return answer
}

// accounts names the accounts with the most changes.
func (r *replay) accounts(ctx context.Context, t *tally, out *Report) error {
	for id, n := range t.accounts {
		if n.changed > 0 {
			out.Accounts = append(out.Accounts, AccountChange{ID: id, Judged: n.judged, Changed: n.changed})
		}
	}
	slices.SortFunc(out.Accounts, func(a, b AccountChange) int {
		return cmp.Or(cmp.Compare(b.Changed, a.Changed), cmp.Compare(a.ID, b.ID))
	})
	out.AccountsChanged = len(out.Accounts)
	out.Accounts = slices.Clip(out.Accounts[:min(len(out.Accounts), maxAccounts)])
	var ids []string
	for _, a := range out.Accounts {
		ids = append(ids, a.ID)
	}
	var names map[string]string
	err := r.d.Read(ctx, func(tx *db.Tx) (err error) {
		names, err = accountNames(tx, ids)
		return err
	})
	for i := range out.Accounts {
		a := &out.Accounts[i]
		if a.Name = names[a.ID]; a.Name == "" {
			a.Name = "Requests without a known account"
		}
	}
	return err
}

// amount is a rate that is an amount of money: "EUR 120", "120.50 EUR per hour", "$90".
var amount = regexp.MustCompile(`^(?:([A-Z]{3}|[€$£])\s?(\d[\d,]*)(?:\.(\d\d))?|(\d[\d,]*)(?:\.(\d\d))?\s?([A-Z]{3}|[€$£]))(?:\s|$)`)

func sums(list []ChargeChange) []Sum {
	byCurrency := map[string]*Sum{}
	for _, c := range list {
		currency, cents, ok := ParseAmount(c.Rate)
		if !ok {
			continue
		}
		s := entryOf(byCurrency, currency)
		s.Currency, s.Appears, s.Disappears = currency, s.Appears+cents*c.Appears, s.Disappears+cents*c.Disappears
	}
	var out []Sum
	for _, currency := range slices.Sorted(maps.Keys(byCurrency)) {
		out = append(out, *byCurrency[currency])
	}
	return out
}

// ParseAmount reads a rate that is an amount of money in hundredths of its currency; ok is false for any other.
func ParseAmount(rate string) (currency string, cents int64, ok bool) {
	m := amount.FindStringSubmatch(rate)
	if m == nil {
		return "", 0, false
	}
	whole, err := strconv.ParseInt(strings.ReplaceAll(m[2]+m[4], ",", ""), 10, 64)
	if err != nil || whole > 1e9 {
		return "", 0, false
	}
	part, _ := strconv.ParseInt(m[3]+m[5], 10, 64) // none is 0
	return m[1] + m[6], whole*100 + part, true
}

// Money is an amount in words: "EUR 1,250.00".
func Money(currency string, cents int64) string {
	whole := strconv.FormatInt(cents/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s %s.%02d", currency, whole, cents%100)
}
