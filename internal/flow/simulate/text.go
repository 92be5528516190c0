package simulate

import (
	"fmt"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// maxLines bounds how many accounts the text names.
const maxLines = 20

// Text is the report as plain text, for a terminal.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d decisions were made again; %d of them change.\n", r.Judged, r.Changed)
	if r.Unreadable > 0 {
		fmt.Fprintf(&b, "%d could not be decided again: their version of the policy, or what they hold, cannot be read by this program.\n", r.Unreadable)
	}
	if r.Changed == 0 {
		return b.String()
	}
	b.WriteString("\nBy section\n")
	for _, c := range r.Clauses {
		fmt.Fprintf(&b, "  %8d  #%s %s\n", c.Changed, c.ID, c.Title)
	}
	b.WriteString("\nWhat changes\n")
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "  %8d  %s\n", c.Count, c.Sentence())
		fmt.Fprintf(&b, "            e.g. %s\n", strings.Join(c.Examples, ", "))
	}
	fmt.Fprintf(&b, "\nBy account (%d)\n", r.AccountsChanged)
	for i, a := range r.Accounts {
		if i == maxLines {
			fmt.Fprintf(&b, "            and %d more\n", r.AccountsChanged-maxLines)
			break
		}
		fmt.Fprintf(&b, "  %8d of %d  %s\n", a.Changed, a.Judged, a.Name)
	}
	b.WriteString("\nMoney\n")
	if len(r.Charges) == 0 {
		b.WriteString("            no charge appears or disappears\n")
	}
	for _, c := range r.Charges {
		fmt.Fprintf(&b, "  %8d appear, %d disappear: %s\n", c.Appears, c.Disappears, c.Rate)
	}
	for _, s := range r.Sums {
		fmt.Fprintf(&b, "            in sum: %s appear, %s disappear\n", Money(s.Currency, s.Appears), Money(s.Currency, s.Disappears))
	}
	return b.String()
}

// Sentence says a kind of change in one line, with the sections that made it so.
func (c *Change) Sentence() string {
	s := c.What + ": " + c.Values()
	if c.Before != nil && (c.After == nil || c.After.ID != c.Before.ID) {
		s += fmt.Sprintf("; before by #%s", c.Before.ID)
	}
	if c.After != nil {
		s += fmt.Sprintf("; now by #%s", c.After.ID)
	}
	return s
}

// Values says what changed: "included -> not included", or how a due moved.
func (c *Change) Values() string {
	switch {
	case c.ShiftMs > 0:
		return "later, by up to " + wording.Duration(c.ShiftMs)
	case c.ShiftMs < 0:
		return "earlier, by up to " + wording.Duration(-c.ShiftMs)
	}
	return c.From + " → " + c.To
}
