package fact

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Speaker says a word of a fact as people say it: "an end user", "North America".
type Speaker func(f Fact, word string) string

// Words says a condition in words that follow "when"; empty for one that always holds.
func (c *Condition) Words(v *Space, say Speaker) string {
	var parts []string
	for i := range c.For {
		parts = append(parts, c.For[i].Text(v, say, false))
	}
	var not []string
	for i := range c.Unless {
		not = append(not, c.Unless[i].Text(v, say, len(c.Unless) == 1))
	}
	switch {
	case len(not) > 1:
		parts = append(parts, "it is not so that "+wording.And(not))
	case len(not) == 1:
		parts = append(parts, not[0])
	}
	if c.When != nil {
		parts = append(parts, c.When.Words(say))
	}
	return strings.Join(parts, " and ")
}

// Text says a test in words, or what it denies.
func (t *Test) Text(v *Space, say Speaker, negated bool) string {
	phrase := strings.Split(v.info(t.Fact).phrase, "|")
	if v.Type(t.Fact) == TypeYesNo {
		if t.Denies() != negated {
			return phrase[1]
		}
		return phrase[0]
	}
	is := phrase[0] + " is "
	switch {
	case len(phrase) == 3 && negated:
		is = phrase[1] + " "
	case len(phrase) == 3:
		is = phrase[0] + " "
	case negated:
		is = phrase[0] + " is not "
	}
	if t.words == nil {
		return is + t.rangeText(v)
	}
	return is + wording.Or(t.Spoken(v, say))
}

// Spoken lists the words that pass the test, as people say them.
func (t *Test) Spoken(v *Space, say Speaker) []string {
	var list []string
	for i, w := range v.Of(t.Fact).Words {
		if t.Has(i) {
			list = append(list, say(t.Fact, w))
		}
	}
	return list
}

func (t *Test) rangeText(v *Space) string { return rangeText(v.Type(t.Fact), t.lo, t.hi) }

// rangeText says a range whose ends are included, with the bounds as they were written: what is below 10 days is not said to the
// second.
func rangeText(typ Type, lo, hi int64) string {
	unit := map[Type]int64{TypeDuration: 60_000, TypeDecimal: 1000}[typ]
	lower, upper := AmountText(typ, lo)+" or more", AmountText(typ, hi)+" or less"
	if unit > 0 && lo%unit == 1 {
		lower = "more than " + AmountText(typ, lo-1)
	}
	if unit > 0 && hi%unit == unit-1 {
		upper = "less than " + AmountText(typ, hi+1)
	}
	switch {
	case lo == hi:
		return AmountText(typ, lo)
	case hi >= 1<<61:
		return lower
	case lo <= -1<<61:
		return upper
	case strings.HasPrefix(lower, "more") || strings.HasPrefix(upper, "less"):
		return lower + " and " + upper
	}
	return "from " + AmountText(typ, lo) + " to " + AmountText(typ, hi)
}

// RangeWords says that an amount of a type lies in a range, both ends included.
func RangeWords(what string, typ Type, lo, hi int64) string {
	return what + " is " + rangeText(typ, lo, hi)
}

// AmountText writes a value of an ordered type as people read it.
func AmountText(typ Type, n int64) string {
	switch typ {
	case TypeDate:
		return calendar.Date(n).String()
	case TypeDuration:
		return wording.Duration(n)
	case TypeDecimal:
		return Decimal(n)
	case TypeInstant:
		return time.UnixMilli(n).UTC().Format("2006-01-02 15:04 UTC")
	}
	return strconv.FormatInt(n, 10)
}

// Decimal writes millionths as a decimal number without needless zeros.
func Decimal(n int64) string {
	return strconv.FormatFloat(float64(n)/1e6, 'f', -1, 64)
}

// Wanted lists what passes the test, in the words of the policy: "S1, S2", "from 10 to 50".
func (t *Test) Wanted(v *Space) string {
	if t.words == nil {
		return t.rangeText(v)
	}
	return strings.Join(t.Spoken(v, func(_ Fact, word string) string { return word }), ", ")
}

// ValueText writes a known value of a fact in the words of the policy; empty for a word that it does not know.
func (s *Space) ValueText(f Fact, v Value) string {
	words := s.Of(f).Words
	switch typ := s.Type(f); typ {
	case TypeID, TypeYesNo, TypePlace:
		if v.N >= 0 && int(v.N) < len(words) {
			return words[v.N]
		}
		return ""
	case TypeSet:
		var list []string
		for i, w := range words {
			if i < 64 && v.N>>i&1 == 1 {
				list = append(list, w)
			}
		}
		return "[" + strings.Join(list, ", ") + "]"
	default:
		if v.N == math.MinInt64 {
			return "none"
		}
		return AmountText(typ, v.N)
	}
}
