package fact

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// ParseRange reads `12`, `above 100`, `below 10d`, `from 10 to 50`, `from 10 below 50`, `from 10` or `to 50` as an inclusive range of a fact.
func (s *Space) ParseRange(f Fact, text string) (Test, error) {
	words := strings.Fields(text)
	var mistake error
	amount := func(i int) int64 {
		if i >= len(words) {
			mistake = fmt.Errorf("%q ends too early", text)
			return 0
		}
		n, err := ParseAmount(s.Type(f), words[i])
		if mistake == nil {
			mistake = err
		}
		return n
	}
	lo, hi, used := int64(-1<<62), int64(1<<62), 2
	switch {
	case len(words) == 0:
		return RangeTest(f, lo, hi), errors.New("a value is missing")
	case words[0] == "above":
		lo = amount(1) + 1
	case words[0] == "below":
		hi = amount(1) - 1
	case words[0] == "to":
		hi = amount(1)
	case words[0] == "from":
		lo = amount(1)
		if len(words) > 2 && words[2] == "to" {
			hi, used = amount(3), 4
		}
		if len(words) > 2 && words[2] == "below" {
			hi, used = amount(3)-1, 4
		}
	default:
		lo, used = amount(0), 1
		hi = lo
	}
	switch {
	case mistake != nil:
	case len(words) > used:
		mistake = fmt.Errorf("cannot read %q; write `above 100`, `below 10`, `from 10 to 50`, or one value", text)
	case lo > hi:
		mistake = fmt.Errorf("no value lies in %q", text)
	}
	return RangeTest(f, lo, hi), mistake
}

// ParseAmount reads one value of an ordered type as its number.
func ParseAmount(typ Type, word string) (int64, error) {
	switch typ {
	case TypeDate:
		d, err := calendar.ParseDate(word)
		return int64(d), err
	case TypeDuration:
		return wording.ParseDuration(word)
	case TypeDecimal:
		return parseDecimal(word)
	case TypeInstant:
		t, err := time.Parse(time.RFC3339, word)
		if err != nil {
			return 0, fmt.Errorf("expected an instant such as 2026-11-24T08:00:00Z, found %q", word)
		}
		return t.UnixMilli(), nil
	}
	n, err := strconv.ParseInt(word, 10, 53)
	if err != nil {
		return 0, fmt.Errorf("expected a whole number, found %q", word)
	}
	return n, nil
}

// parseDecimal reads a decimal number of up to six places as millionths.
func parseDecimal(word string) (int64, error) {
	whole, part, _ := strings.Cut(word, ".")
	if len(part) <= 6 {
		if n, err := strconv.ParseInt(whole+(part + "000000")[:6], 10, 60); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("expected a number such as 12.5, found %q", word)
}
