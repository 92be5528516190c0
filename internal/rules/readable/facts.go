package readable

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// facts are those that a clause declares: what is asked and kept, as a list, and how each derived fact follows.
func (r reader) facts(clause string) []Block {
	var list []Block
	known := List{Title: "What is looked at"}
	for _, d := range r.p.DeclaredFacts() {
		if d.Clause != clause {
			continue
		}
		if !d.Derived {
			known.Items = append(known.Items, factLine(d))
			continue
		}
		if c, ok := r.derived(d.Fact, factTitle(d)); ok {
			list = append(list, c)
		}
	}
	if len(known.Items) > 0 {
		list = append([]Block{known}, list...)
	}
	return list
}

func factTitle(d policy.DeclaredFact) string {
	if d.Title != "" {
		return wording.Capital(strings.TrimPrefix(d.Title, "the "))
	}
	return wording.Capital(wording.Spoken(d.ID))
}

// sources say who knows a fact.
var sources = map[string]string{"requester": "we ask you", "provider": "we find out", "account": "kept for your account", "contract": "from the contract",
	"product": "kept for the product", "monitoring": "from the monitoring"}

func factLine(d policy.DeclaredFact) string {
	line := factTitle(d)
	if d.Ask != "" {
		line += ": “" + d.Ask + "”"
	}
	var notes []string
	if d.By != "" {
		notes = append(notes, sources[d.By])
	}
	if len(d.Values) > 0 {
		notes = append(notes, wording.Or(each(d.Values, wording.Spoken)))
	}
	if d.Unknown != "" && d.Unknown != "ask" {
		notes = append(notes, "while not known: "+wording.Spoken(d.Unknown))
	}
	if len(notes) > 0 {
		line += " (" + strings.Join(notes, "; ") + ")"
	}
	return line
}

func each(list []string, do func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = do(s)
	}
	return out
}

// derived is how a fact follows from others.
func (r reader) derived(f fact.Fact, title string) (Choice, bool) {
	i := slices.IndexFunc(r.p.Derived(), func(d policy.Derived) bool { return d.Fact == f })
	if i < 0 {
		return Choice{}, false
	}
	d := r.p.Derived()[i]
	return Choice{Title: title, Parts: r.parts(d.List, func(i int) string { return d.Rules[i].Label }, func(i int) string { return d.Rules[i].Says() },
		func(int) bool { return true }, r.amounts(f))}, true
}

// agreements are what a contract may agree on otherwise, contracts that stay on the version before, and contradictions.
func (r reader) agreements(clause, kind string) List {
	switch kind {
	case "negotiable":
		out := List{Title: "A contract may agree on something else for"}
		for _, n := range r.p.Negotiable() {
			if n.Clause == clause {
				out.Items = append(out.Items, wording.Capital(strings.ReplaceAll(wording.Spoken(n.Path), ".", ": ")))
			}
		}
		return out
	case "keeps":
		out := List{Title: "Contracts that stay on the version before"}
		for _, k := range r.p.Keeps() {
			if k.Clause == clause {
				out.Items = append(out.Items, wording.Capital(keepWords(k)))
			}
		}
		return out
	}
	out := List{Title: "Where two texts disagree"}
	for _, c := range r.p.Conflicts() {
		if c.Clause == clause {
			used := "nothing is settled: the desk asks"
			if c.Use != "ask" {
				used = "the desk goes by " + wording.Spoken(c.Use)
			}
			out.Items = append(out.Items, wording.Capital(wording.Spoken(c.ID))+": "+wording.And(each(c.Readings, wording.Spoken))+" differ; "+used+".")
		}
	}
	return out
}

func keepWords(k policy.Keep) string {
	who := "all contracts"
	if k.Text != "" {
		who = "when " + k.Text
	}
	switch k.Until {
	case "renewal":
		return who + ", until the contract is renewed."
	case "ever":
		return who + ", for as long as the contract lasts."
	}
	return who + ", until " + k.Until + "."
}

// places are the sites of a clause with their zones and holidays.
func (r reader) places(clause string) Table {
	t := Table{Title: "Places", Head: []string{"Place", "Zone", "Holidays"}}
	for _, s := range r.p.Sites() {
		if s.Clause == clause {
			days := "not stated"
			if s.Holidays != nil {
				days = strings.Join(s.Holidays, ", ")
			}
			if days == "" {
				days = "none"
			}
			t.Rows = append(t.Rows, []string{wording.Name(s.ID), strings.ReplaceAll(s.Zone, "_", " "), days})
		}
	}
	return t
}
