package revise

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// concerned lists the accounts for which some request would be decided otherwise: for each account, requests about
// everything, by end users and by the customer, at each level and severity, in a week from an instant on, are decided by
// both policies. What is only worded otherwise concerns nobody.
func concerned(ctx context.Context, d *db.DB, from, to *policy.Policy, at int64) ([]account.Account, error) {
	accounts, groups, err := accountGroups(ctx, d, from)
	if err != nil {
		return nil, err
	}
	changes := make([]bool, len(groups))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				changes[i] = changesFor(groups[i].situation, from, to, at)
			}
		})
	}
	for i := range groups {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	var out []account.Account
	for i, g := range groups {
		if changes[i] {
			for _, k := range g.accounts {
				out = append(out, accounts[k])
			}
		}
	}
	slices.SortFunc(out, func(a, b account.Account) int { return cmp.Compare(a.ID, b.ID) })
	return out, ctx.Err()
}

// group is the accounts of which the register knows the same, by their indices.
type group struct {
	situation coverage.Situation
	accounts  []int
}

func accountGroups(ctx context.Context, d *db.DB, p *policy.Policy) (accounts []account.Account, groups []group, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		if accounts, err = account.All(tx); err != nil {
			return err
		}
		known := map[string]int{}
		for i, a := range accounts {
			s, err := ticket.AccountSituation(tx, a, p)
			if err != nil {
				return err
			}
			text, err := json.Marshal(&s)
			if err != nil {
				return err
			}
			at, ok := known[string(text)]
			if !ok {
				at = len(groups)
				known[string(text)] = at
				groups = append(groups, group{situation: s})
			}
			groups[at].accounts = append(groups[at].accounts, i)
		}
		return nil
	})
	return accounts, groups, err
}

// A week is looked at every stepMs, so that each time of day is met.
const (
	stepMs = 10 * 60 * 60 * 1000
	weekMs = 7 * 24 * 60 * 60 * 1000
)

func changesFor(s coverage.Situation, from, to *policy.Policy, at int64) bool {
	categories := union(from.Categories(), to.Categories(), func(c policy.Category) string { return c.ID })
	severities := union(from.Severities(), to.Severities(), func(c policy.SeverityLevel) string { return c.ID })
	levels := union(from.Levels(), to.Levels(), func(l policy.Level) string { return l.ID })
	channels, languages := words(fact.Channel, from, to), words(fact.Language, from, to)
	differs := func() bool {
		one := s
		a, b := coverage.Decide(from, &one), coverage.Decide(to, &one)
		return !sameForPeople(&a, &b)
	}
	for _, kind := range []string{"end-user", "customer"} {
		s.Requester.Kind = kind
		for s.At = at; s.At < at+weekMs; s.At += stepMs {
			for _, s.Category = range categories {
				if differs() {
					return true
				}
			}
			s.Category = ""
			for _, s.Level = range levels {
				if differs() {
					return true
				}
			}
			s.Level = ""
			for _, s.Severity = range severities {
				s.SeverityAsked = s.Severity
				if differs() {
					return true
				}
			}
			s.Severity, s.SeverityAsked = "", ""
			for _, s.Channel = range channels {
				if differs() {
					return true
				}
			}
			s.Channel = ""
			for _, s.Language = range languages {
				if differs() {
					return true
				}
			}
			s.Language = ""
		}
	}
	return false
}

// words are the words that either policy knows for a fact, after "" for none.
func words(f fact.Fact, from, to *policy.Policy) []string {
	a, _ := from.Words(f)
	b, _ := to.Words(f)
	return union(a, b, func(w string) string { return w })
}

// union is the ids of two lists, each once, after "" for none.
func union[T any](a, b []T, id func(T) string) []string {
	out := []string{""}
	for _, v := range slices.Concat(a, b) {
		if !slices.Contains(out, id(v)) {
			out = append(out, id(v))
		}
	}
	return out
}

// sameForPeople compares decisions without what only the document sees: reasons, lines and the names of calendars.
func sameForPeople(a, b *coverage.Decision) bool {
	x, y := *a, *b
	for _, d := range []*coverage.Decision{&x, &y} {
		d.Because, d.Calendar, d.Clocks = nil, "", slices.Clone(d.Clocks)
		for i := range d.Clocks {
			d.Clocks[i].Because, d.Clocks[i].Steps, d.Clocks[i].Calendar = nil, nil, ""
		}
	}
	return reflect.DeepEqual(x, y)
}
