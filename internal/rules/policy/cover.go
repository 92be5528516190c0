package policy

import (
	"fmt"
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// ---- coverage ----

func (c *compiler) coverage() {
	c.Items(c.root.Get("coverage"), "coverage", func(i int, n *yaml.Node) {
		c.Only(n, "coverage", slices.Concat(ruleKeys, []string{"answer", "offer", "charge", "overrides"}), nil)
		r := CoverageRule{Rule: c.rule(n, fmt.Sprintf("coverage[%d]", i), fact.StageCoverage), Offers: c.offerIndices(c.waysOn(n)), Charge: c.charge(n), names: n.Get("overrides")}
		r.Answer = parseAnswer(c.answer(n))
		if r.Answer == AnswerNone && r.Charge == nil {
			c.ErrorAt(n, "a rule of coverage needs an `answer`, a `charge` or both")
		}
		r.Sentence = or(r.says, c.coverageSentence(r.Answer, r.When))
		c.p.coverage = append(c.p.coverage, r)
	})
	c.impliedByCategories()
	c.impliedByPlans()
	c.impliedByPhases()
	c.impliedByLanguages()
	c.overrides()
	c.checkWayOn()
}

func (c *compiler) imply(r CoverageRule, f fact.Fact, word int) {
	r.When = fact.Condition{For: []fact.Test{c.p.space.Words(f, word)}}
	r.Implied = true
	c.p.coverage = append(c.p.coverage, r)
}

// offerIndices are the places of offers in their list.
func (c *compiler) offerIndices(ids []string) []int {
	var list []int
	for _, id := range ids {
		if i := slices.IndexFunc(c.p.offers, func(o Offer) bool { return o.ID == id }); i >= 0 {
			list = append(list, i)
		}
	}
	return list
}

func (c *compiler) impliedByCategories() {
	for _, k := range c.p.categories {
		if k.Answer == "" && k.Charge == nil {
			continue
		}
		r := CoverageRule{Rule: Rule{Place: k.Place, ID: "category " + k.ID}, Answer: parseAnswer(k.Answer), Offers: c.offerIndices(k.Offers), Charge: k.Charge}
		r.Sentence = or(k.says, c.categorySentence(&k, r.Answer))
		word, _ := c.p.Word(fact.Category, k.ID)
		c.imply(r, fact.Category, word)
	}
}

func (c *compiler) impliedByPlans() {
	for _, p := range c.p.plans {
		if p.Answer == "" {
			continue
		}
		r := CoverageRule{Rule: Rule{Place: p.Place, ID: "plan " + p.ID}, Answer: parseAnswer(p.Answer), Offers: c.offerIndices(p.Offers)}
		r.Sentence = or(p.says, answered[r.Answer]+": the plan is "+p.Name+".")
		word, _ := c.p.Word(fact.Plan, p.ID)
		c.imply(r, fact.Plan, word)
	}
}

func (c *compiler) overrides() {
	ids := names(c.p.coverage, func(r CoverageRule) string { return r.ID })
	for i := range c.p.coverage {
		r := &c.p.coverage[i]
		for _, w := range c.Words(r.names, "overrides") {
			target := slices.Index(ids, w.Text)
			switch {
			case target < 0:
				c.ErrorAt(w, "`overrides` names %q%s", w.Text, notRule(w.Text, ids))
			case target == i:
				c.ErrorAt(w, "rule %q overrides itself", w.Text)
			default:
				r.Overrides = append(r.Overrides, target)
			}
		}
		for _, target := range r.Overrides {
			if target < i && slices.Contains(c.p.coverage[target].Overrides, i) {
				c.ErrorAt(r.names, "rules %q and %q override each other", r.ID, ids[target])
			}
		}
		r.names = nil
	}
}

func notRule(word string, ids []string) string {
	if near := document.DidYouMean(word, ids); near != "" {
		return near
	}
	return ", which is no rule of coverage; the answers of plans, categories and phases are named like `phase ended`"
}

// checkWayOn asks that everybody whom the matrix refuses is offered a way on.
func (c *compiler) checkWayOn() {
	for _, kind := range []string{"end-user", "customer"} {
		row := c.refusingRow(KindBit(kind))
		if row == nil || slices.ContainsFunc(c.p.coverage, func(r CoverageRule) bool { return c.offersOn(&r, kind) }) {
			continue
		}
		c.Add(SeverityError, row.Line, row.Col, "`%s` is refused by the matrix but no rule offers a way on; add a rule of coverage for {requester.kind: %s, served: no} with `offer`", kind, kind)
	}
}

func (c *compiler) refusingRow(kind uint8) *ResponsibilityRow {
	for i := range c.p.responsibility {
		for _, cell := range c.p.responsibility[i].Cells {
			if cell.By != 0 && (cell.By&KindCustomer == 0 && cell.For&kind == 0) {
				return &c.p.responsibility[i]
			}
		}
	}
	return nil
}

func (c *compiler) offersOn(r *CoverageRule, kind string) bool {
	if len(r.Offers) == 0 || r.Answer != AnswerNo {
		return false
	}
	var record fact.Record
	record.V[fact.Served] = fact.Value{Known: true}
	word, _ := c.p.Word(fact.RequesterKind, kind)
	record.V[fact.RequesterKind] = fact.Value{Known: true, N: int64(word)}
	aboutServed := slices.ContainsFunc(r.When.For, func(t fact.Test) bool { return t.Fact == fact.Served })
	return aboutServed && r.When.Eval(&record) != fact.False
}
