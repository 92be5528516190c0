package lifecycle

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
)

// Date is a local date in the policy's zone.
type Date = calendar.Date

// Open is an end that nobody can say yet; Ended is one that lies before every day.
const (
	Open  Date = math.MaxInt32
	Ended Date = math.MinInt32
)

// Unit is what kind of release is meant: one that changes the first part of a version, the second, the third, or any.
type Unit int

// Units of a version. Whole is a release of all the parts that the product's versions have.
const (
	Whole Unit = iota
	Major
	Minor
	Patch
)

var units = []string{"release", "major", "minor", "patch"}

// ParseUnit reads release, major, minor or patch.
func ParseUnit(text string) (Unit, bool) {
	i := slices.Index(units, text)
	return Unit(max(i, 0)), i >= 0
}

func (u Unit) String() string { return units[u] }

// Words names one release of the unit: "major release", "release".
func (u Unit) Words() string {
	if u == Whole {
		return "release"
	}
	return units[u] + " release"
}

// Base is the point in time that an expression begins at.
type Base uint8

// The points in time.
const (
	BaseOpen      Base = iota
	BaseRelease        // the release of the version, or the first of its line
	BaseNext           // the next release of a unit
	BaseAnnounced      // the end stored for the version
	BasePhase          // the end of another phase of the same life
	BaseProduct        // the end of a phase of a product that this one depends on
	BaseDate           // a fixed day
)

// Shift moves a date: N is signed, Unit one of y, mo, w, d.
type Shift struct {
	N    int
	Unit string
}

// Expression is a date that hangs on releases: `next major + 2y`. Product and Phase are ids as written.
type Expression struct {
	Base    Base
	Unit    Unit // of BaseNext
	Product string
	Phase   string
	Day     Date
	Shifts  []Shift
}

const maxShifts = 4

// maxShift bounds a shift to about a century.
var maxShift = map[string]int{"y": 100, "mo": 1200, "w": 5300, "d": 36600}

// Reserved are the words of expressions, which no phase may be called.
func Reserved() []string { return []string{"release", "next", "announced", "open", "none", "ended"} }

// ParseExpression reads `next major + 2y`, `release + 36mo`, `announced`, `open`, a date, a phase, or a product and its phase.
func ParseExpression(text string) (Expression, error) {
	words := strings.Fields(strings.NewReplacer("+", " + ", " -", " - ").Replace(text))
	n := len(words)
	if i := slices.IndexFunc(words, func(w string) bool { return w == "+" || w == "-" }); i >= 0 {
		n = i
	}
	e, err := parseBase(words[:n], text)
	if err != nil {
		return e, err
	}
	for rest := words[n:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 || rest[0] != "+" && rest[0] != "-" || len(e.Shifts) == maxShifts {
			return e, mistake(text)
		}
		s, err := parseShift(rest[1])
		if err != nil {
			return e, err
		}
		if rest[0] == "-" {
			s.N = -s.N
		}
		e.Shifts = append(e.Shifts, s)
	}
	if e.Base == BaseOpen && len(e.Shifts) > 0 {
		return e, fmt.Errorf("%q: what is open has no date to count from", text)
	}
	return e, nil
}

func mistake(text string) error {
	return fmt.Errorf("cannot read %q; write a date, `release`, `next major`, `announced`, `open`, a phase or a product and its phase, then `+ 2y`, `+ 6mo` or `- 90d`", text)
}

func parseBase(words []string, text string) (Expression, error) {
	switch len(words) {
	case 1:
		return parseWord(words[0])
	case 2:
		if words[0] != "next" {
			if !isID(words[0]) || !isID(words[1]) {
				return Expression{}, mistake(text)
			}
			return Expression{Base: BaseProduct, Product: words[0], Phase: words[1]}, nil
		}
		u, ok := ParseUnit(words[1])
		if !ok {
			return Expression{}, fmt.Errorf("`next %s`: write next major, next minor, next patch or next release", words[1])
		}
		return Expression{Base: BaseNext, Unit: u}, nil
	}
	return Expression{}, mistake(text)
}

func parseWord(word string) (Expression, error) {
	switch word {
	case "open":
		return Expression{Base: BaseOpen}, nil
	case "release":
		return Expression{Base: BaseRelease}, nil
	case "announced":
		return Expression{Base: BaseAnnounced}, nil
	case "next":
		return Expression{}, fmt.Errorf("`next` what? Write next major, next minor, next patch or next release")
	}
	if isID(word) {
		return Expression{Base: BasePhase, Phase: word}, nil
	}
	d, err := calendar.ParseDate(word)
	return Expression{Base: BaseDate, Day: d}, err
}

// isID reports whether a word can be the id of a product or a phase: it begins with a letter.
func isID(word string) bool {
	for i, r := range word {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)) {
			return false
		}
	}
	return word != ""
}

func parseShift(word string) (Shift, error) {
	n := digits(word)
	s := Shift{Unit: word[n:]}
	limit, ok := maxShift[s.Unit]
	var err error
	if s.N, err = strconv.Atoi(word[:n]); err != nil || !ok || s.N > limit {
		return s, fmt.Errorf("expected a length such as 2y, 6mo, 12w or 90d, found %q", word)
	}
	return s, nil
}

// Apply moves a date. A month that is too short for the day ends on its last day: one month after 31 January is 28 February.
func (s Shift) Apply(d Date) Date {
	if d == Open || d == Ended {
		return d
	}
	switch s.Unit {
	case "d":
		return d + Date(s.N)
	case "w":
		return d + Date(7*s.N)
	case "mo":
		return addMonths(d, s.N)
	}
	return addMonths(d, 12*s.N)
}

func addMonths(d Date, n int) Date {
	year, month, day := d.Civil()
	total := year*12 + int(month) - 1 + n
	year, month = total/12, time.Month(total%12+1)
	last := calendar.MakeDate(year, month+1, 0)
	return min(calendar.MakeDate(year, month, day), last)
}

func (e *Expression) shifted(d Date) Date {
	for _, s := range e.Shifts {
		d = s.Apply(d)
	}
	return d
}

// String writes the expression as a policy does.
func (e *Expression) String() string { return e.written("") }

// written puts a note behind the base: "next major (11.0, 2027-01-10) + 2y".
func (e *Expression) written(note string) string {
	base := e.Day.String()
	switch e.Base {
	case BaseOpen:
		base = "open"
	case BaseRelease:
		base = "release"
	case BaseNext:
		base = "next " + e.Unit.String()
	case BaseAnnounced:
		base = "announced"
	case BasePhase:
		base = e.Phase
	case BaseProduct:
		base = e.Product + " " + e.Phase
	}
	if note != "" {
		base += " (" + note + ")"
	}
	for _, s := range e.Shifts {
		if s.N < 0 {
			base += " - " + strconv.Itoa(-s.N) + s.Unit
		} else {
			base += " + " + strconv.Itoa(s.N) + s.Unit
		}
	}
	return base
}

// Names says the words of a policy aloud.
type Names struct {
	Phase   func(id string) string
	Product func(id string) string
}

// Words says the point in time in words that follow "until". Of is what kind of release the rule speaks of, note what is known
// of it: "two years after the next major release (10.0.0, 29 January 2026)".
func (e *Expression) Words(of Unit, n Names, note string) string {
	base := e.baseWords(of, n)
	if note != "" {
		base += " (" + note + ")"
	}
	if len(e.Shifts) == 0 {
		return base
	}
	var lengths []string
	for _, s := range e.Shifts {
		lengths = append(lengths, s.words())
	}
	if e.Shifts[0].N < 0 {
		return wording.And(lengths) + " before " + base
	}
	return wording.And(lengths) + " after " + base
}

func (e *Expression) baseWords(of Unit, n Names) string {
	switch e.Base {
	case BaseRelease:
		if of == Whole {
			return "its release"
		}
		return "the first release of this " + of.String() + " version"
	case BaseNext:
		return "the next " + e.Unit.Words()
	case BaseAnnounced:
		return "the day that is announced"
	case BasePhase:
		return "the end of " + n.Phase(e.Phase)
	case BaseProduct:
		return "the end of " + n.Phase(e.Phase) + " of " + n.Product(e.Product)
	case BaseDate:
		return Spoken(e.Day)
	}
	return "further notice"
}

var small = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// CountWord says a small number in words.
func CountWord(n int) string {
	if n >= 0 && n < len(small) {
		return small[n]
	}
	return strconv.Itoa(n)
}

func (s Shift) words() string {
	n := s.N
	if n < 0 {
		n = -n
	}
	unit := map[string]string{"y": "year", "mo": "month", "w": "week", "d": "day"}[s.Unit]
	if n != 1 {
		unit += "s"
	}
	return CountWord(n) + " " + unit
}

// Spoken says a date: "29 January 2026".
func Spoken(d Date) string {
	switch d {
	case Open:
		return "open"
	case Ended:
		return "ended"
	}
	year, month, day := d.Civil()
	return strconv.Itoa(day) + " " + month.String() + " " + strconv.Itoa(year)
}

// Written is a date as a decision holds it: 2006-01-02, open or ended.
func Written(d Date) string {
	if d == Open || d == Ended {
		return Spoken(d)
	}
	return d.String()
}
