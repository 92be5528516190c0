package coverage

import (
	"fmt"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Explain says a decision in sentences for people, each with the clause that it comes from. Instants are shown in UTC.
func Explain(p *policy.Policy, s *Situation, d Decision) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", coveredSentence(&d))
	level, _ := p.Level(d.Level)
	line("It starts at %s, which the %s provides%s.", level.Name, d.Provider.Kind, orgText(d.Provider))
	if wanted, ok := p.Level(d.LevelWanted); ok {
		line("%s was wanted; a lower level raises it if it is needed.", wanted.Name)
	}
	line("%s", openSentence(&d))
	if d.Effort == EffortBestEffort {
		line("Work at this time is done with best efforts.")
	}
	if d.Charge != nil {
		line("It is charged: %s.", d.Charge.Rate+d.Charge.From)
	}
	for _, o := range d.Offers {
		line("The way on: %s %s", o.Text, o.URL)
	}
	if len(d.Missing) > 0 {
		line("Still missing: %s.", strings.Join(missingTitles(p, d.Missing), ", "))
	}
	for _, c := range d.Clocks {
		line("%s", clockSentence(&c))
	}
	for _, u := range d.Unsettled {
		line("Not settled: %s (%s) %s", u.Field, u.Cause, strings.Join(u.Needs, ", "))
	}
	line("\nBecause:")
	for _, r := range d.Because {
		struck := ""
		if r.Overridden {
			struck = " (overridden)"
		}
		line("- %s [#%s, %s, line %d]%s", r.Text, r.Clause, r.Rule, r.Line, struck)
	}
	return b.String()
}

func orgText(p Provider) string {
	if p.Org == "" {
		return ""
	}
	return " (" + p.Org + ")"
}

func coveredSentence(d *Decision) string {
	switch d.Covered {
	case CoveredYes:
		return "The request is covered."
	case CoveredLimited:
		return "The request is covered in part."
	case CoveredBestEffort:
		return "The request is answered with best efforts."
	case CoveredNo:
		return "The request is not covered."
	}
	return "Whether the request is covered is not known yet; it is served until that is settled."
}

func openSentence(d *Decision) string {
	switch {
	case d.OpenNow == nil && d.Calendar == "none":
		return "No opening hours are published for it."
	case d.OpenNow == nil:
		return "Whether the desk is open is not settled."
	case *d.OpenNow && d.ClosesAt != nil:
		return fmt.Sprintf("The desk is open (%s) until %s.", d.Calendar, show(*d.ClosesAt))
	case *d.OpenNow:
		return fmt.Sprintf("The desk is open (%s).", d.Calendar)
	case d.OpensAt != nil:
		return fmt.Sprintf("The desk is closed (%s) and opens at %s.", d.Calendar, show(*d.OpensAt))
	}
	return fmt.Sprintf("The desk is closed (%s).", d.Calendar)
}

func clockSentence(c *Clock) string {
	text := c.Title + ": " + c.State
	if c.Target != "" {
		text += ", " + c.Target + " on " + c.Calendar
	}
	if c.DueAt != nil {
		text += ", due " + show(*c.DueAt)
	}
	if c.Kind == KindGoal && c.State != ClockNone {
		text += " (a goal)"
	}
	if c.Provisional && c.State != ClockNone {
		text += " (provisional)"
	}
	return text + "."
}

func missingTitles(p *policy.Policy, ids []string) []string {
	titles := make([]string, len(ids))
	for i, id := range ids {
		titles[i] = id
		for _, info := range p.Information() {
			if info.ID == id {
				titles[i] = info.Title
			}
		}
	}
	return titles
}

func show(ms int64) string { return time.UnixMilli(ms).UTC().Format("Mon 2006-01-02 15:04 UTC") }
