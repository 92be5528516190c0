package policy

import (
	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// checkReach reports rules of a choose-list that can never be reached, and pairs in different clauses that fit the same requests.
func (c *compiler) checkReach(what string, rules []*Rule) {
	c.checkReachOf(what, rules, func(int) bool { return true })
}

// checkReachOf does so for a list in which only some rules surely have a value once they hold.
func (c *compiler) checkReachOf(what string, rules []*Rule, sure func(i int) bool) {
	for j, later := range rules {
		for i, earlier := range rules[:j] {
			if earlier.Contract && !later.Contract {
				continue // what a contract puts in front may take everything
			}
			if earlier.When.Reading != 0 && earlier.When.Reading != later.When.Reading {
				continue
			}
			if sure(i) && len(earlier.When.Unless) == 0 && earlier.When.Plain() && fact.Covers(earlier.When.For, later.When.For) {
				takes := "everything"
				if earlier.Text != "" {
					takes = "every request where " + earlier.Text
				}
				c.Add(SeverityError, later.Line, later.Col, "rule %d of %s can never be reached: rule %d (line %d) already takes %s", j+1, what, i+1, earlier.Line, takes)
				break
			}
			if earlier.Clause != later.Clause && earlier.Text != "" && later.Text != "" && !fact.Apart(earlier.When.For, later.When.For) {
				c.Add(SeverityWarning, later.Line, later.Col, "%s[%d] (#%s) and %s[%d] (#%s) both fit some requests; #%s decides because it stands first",
					what, j, later.Clause, what, i, earlier.Clause, earlier.Clause)
			}
		}
	}
}
