package expression

import (
	"math"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
)

// desk is a world in which calendar 0 is open and calendar 1 is not known.
type desk struct{}

func (desk) Open(number int) fact.Truth {
	return [...]fact.Truth{fact.True, fact.Unknown, fact.False}[number]
}
func (desk) LocalMinute(number int) (int64, bool)             { return 16 * 60, number == 0 }
func (desk) BusinessDays(_ int, from, to int64) (int64, bool) { return (to - from) / dayMs, true }
func (desk) Happened(event string) bool                       { return event == "created" }
func (desk) Word(f fact.Fact) (string, bool) {
	switch f {
	case fact.VersionID:
		return "10.4", true
	case fact.Severity:
		return "S1", true
	}
	return "S2", true
}

func scope() *Scope {
	var s fact.Space
	for f := range fact.Count {
		for _, w := range f.Fixed() {
			s.Of(f).Add(w)
		}
		s.Of(f).Closed = f.Fixed() != nil
	}
	for _, f := range []fact.Fact{fact.Severity, fact.SeverityAsked} {
		for _, w := range []string{"S1", "S2"} {
			s.Of(f).Add(w)
		}
		s.Of(f).Closed = true
	}
	s.Of(fact.Addon).Add("night")
	zone, err := calendar.LoadZone("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return &Scope{Space: &s, Calendars: []string{"office", "place", "closed"}, Events: []string{"created", "solved"}, Zone: zone}
}

// record knows: 40 users of 3 full-time people, S1, night, in force, signed 2026-01-01, at 2026-03-29T23:30Z, which is the 30th in Berlin.
func record(s *Scope) *fact.Record {
	r := &fact.Record{World: desk{}}
	known := func(f fact.Fact, n int64) { r.V[f] = fact.Value{Known: true, N: n} }
	known(fact.Users, 40)
	known(fact.FTE, 3)
	known(fact.Severity, 0)
	known(fact.SeverityAsked, 1)
	known(fact.Addon, 1)
	known(fact.ContractInForce, 1)
	known(fact.VersionID, -1)
	known(fact.ContractSigned, int64(calendar.MakeDate(2026, 1, 1)))
	known(fact.At, s.Zone.At(calendar.MakeDate(2026, 3, 30), 90))
	known(fact.LeadTime, 9*dayMs)
	return r
}

func TestConditions(t *testing.T) {
	const yes, no, unknown = fact.True, fact.False, fact.Unknown
	for text, want := range map[string]fact.Truth{
		`contract.in_force`:                 yes,
		`!contract.in_force`:                no,
		`requester.named`:                   unknown,
		`!requester.named`:                  unknown,
		`contract.in_force == true && true`: yes,
		`requester.named && false`:          no,
		`requester.named || true`:           yes,
		`requester.named || false`:          unknown,
		`false && requester.named`:          no,
		`contract.users > 39`:               yes,
		`40 < contract.users`:               no,
		`contract.users >= 40 && contract.users <= 40 && contract.users != 41`: yes,
		`contract.users / contract.fte == 13`:                                  yes,
		`contract.users % 7 == 5`:                                              yes,
		`contract.users * 1.5 == 60.0`:                                         yes,
		`contract.users / 3.0 > 13.3`:                                          yes,
		`contract.users / 0 == 1`:                                              unknown,
		`contract.users * 9223372036854775807 > 0`:                             unknown,
		`contract.subscriptions == 1`:                                          unknown,
		`severity == "S1"`:                                                     yes,
		`"S2" == severity`:                                                     no,
		`severity != "S2"`:                                                     yes,
		`severity in ["S1", "S2"]`:                                             yes,
		`severity == severity_asked`:                                           no,
		`contract.users in [1, 40]`:                                            yes,
		`"night" in addon`:                                                     yes,
		`version.id < "10.10"`:                                                 yes,
		`version.id >= "10.4"`:                                                 yes,
		`version.id == "10.4.0"`:                                               yes, // a part that is not stated is 0
		`contract.signed < date("2026-01-02")`:                                 yes,
		`contract.signed + span("10d") == date("2026-01-11")`:                  yes,
		`at < date("2026-03-30")`:                                              no,
		`at >= date("2026-03-30")`:                                             yes,
		`days(contract.signed, at) == 88`:                                      yes,
		`days(at, contract.signed) == -88`:                                     yes,
		`business_days("office", at, at + span("48h")) == 2`:                   yes,
		`at - at == span("0m")`:                                                yes,
		`lead_time < span("10d")`:                                              yes,
		`lead_time * 2 > span("17d")`:                                          yes,
		`open("office")`:                                                       yes,
		`open("closed")`:                                                       no,
		`open("place")`:                                                        unknown,
		`local_time("office") >= "16:00"`:                                      yes,
		`local_time("office") < "16:00"`:                                       no,
		`happened("created") && !happened("solved")`:                           yes,
		`known(contract.users) && !known(contract.subscriptions)`:              yes,
		`min(contract.users, 10) == 10 && max(contract.users, 10) == 40`:       yes,
		`contract.in_force ? contract.users == 40 : false`:                     yes,
		`requester.named ? contract.users == 40 : contract.users > 1`:          yes, // both ways
		`-contract.users < 0`:                                                  yes,
		`contract.users > 39.5`:                                                yes,
	} {
		s := scope()
		c, mistake := Condition(text, s)
		if mistake != nil {
			t.Errorf("%s: %v", text, mistake)
			continue
		}
		if got := c.Eval(record(s)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
		if said := c.Words(func(_ fact.Fact, word string) string { return word }); said == "" || strings.Contains(said, "|") {
			t.Errorf("%s is said as %q", text, said)
		}
		if missing := c.Missing(record(s), nil); want != unknown && len(missing) > 0 {
			t.Errorf("%s is settled and yet asks for %v", text, missing)
		}
		if got := c.Eval(&fact.Record{}); got == fact.True && !strings.Contains(text, "true") {
			t.Errorf("%s holds for a request of which nothing is known", text)
		}
	}
}

func TestConditionsInWords(t *testing.T) {
	for text, want := range map[string]string{
		`contract.in_force && severity == "S1"`:         `a contract is in force and the severity is S1`,
		`!(contract.in_force && severity == "S1")`:      `no contract is in force or the severity is not S1`,
		`!open("office") || contract.users > 10`:        `it is outside the hours "office" or the number of users in the contract is more than 10`,
		`!(contract.users > 10)`:                        `the number of users in the contract is at most 10`,
		`contract.signed < date("2026-01-02")`:          `the day the contract was signed is before 2026-01-02`,
		`days(contract.signed, at) < 30`:                `the number of days from the day the contract was signed to the day of when the request came is less than 30`,
		`local_time("office") >= "16:00"`:               `the time of day in the zone of "office" is not before 16:00`,
		`version.id < "10.10"`:                          `the version is before 10.10`,
		`!happened("solved")`:                           `"solved" has not happened`,
		`known(contract.users) && !known(account.kind)`: `it is known what the number of users in the contract is and it is not known what the kind of account is`,
	} {
		c, mistake := Condition(text, scope())
		if mistake != nil {
			t.Errorf("%s: %v", text, mistake)
			continue
		}
		if got := c.Words(func(_ fact.Fact, word string) string { return word }); got != want {
			t.Errorf("%s is said as\n%s, want\n%s", text, got, want)
		}
	}
}

func TestWhatIsNoCondition(t *testing.T) {
	s := scope()
	s.Stage = fact.StageLevel
	for text, want := range map[string]string{
		``:                               "ends where a value is expected",
		`severity ==`:                    "ends where a value is expected",
		`severity = "S1"`:                "does not parse at column",
		`severity == 'S1`:                "does not parse at column",
		`severity == "S3"`:               `no severity "S3"`,
		`severity < "S2"`:                "has no order here",
		`severity == 1`:                  "compares a severity with a number; known: S1, S2",
		`covered == "yes"`:               "`covered` is settled later",
		`account.regon == "x"`:           "did you mean \"account.region\"?",
		`contract.users`:                 "is a number, not a condition",
		`contract.users == "many"`:       "compares a number with a text",
		`contract.users + severity == 1`: "`+` cannot join",
		`open(severity)`:                 "expected the name of a calendar in double quotes",
		`open("nowhere")`:                `calendar "nowhere" is used but not defined; defined: office, place, closed`,
		`open("office", "place")`:        "`open` takes 1 value",
		`opened("office")`:               "there is no function `opened`; did you mean \"open\"?",
		`now() > at`:                     "there is no function `now`",
		`severity.matches("S.*")`:        "there is no function `.matches()`",
		`[1].exists(x, x > 0)`:           "loops are no part of a condition",
		`{"a": 1} == {"a": 1}`:           "maps and messages are no part",
		`date("2026-02-30") > at`:        "2026-02-30",
		`span("1 day") > span("1h")`:     "1 day",
		`happened("reproduced")`:         `no event "reproduced" can be recorded`,
		`contract.in_force + 1 == 2`:     "`+` cannot join",
		`contract.in_force && 1`:         "`&&` and `||` join conditions; a number is no condition",
		`1.0e300 > 2.0`:                  "is too large",
		strings.Repeat("!", 200) + `contract.in_force`:               "",
		strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100): "nested too deeply",
		strings.Repeat("true && ", 120) + "true":                     "",
		strings.Repeat("a", 1001):                                    "at most 1000 characters",
	} {
		c, mistake := Condition(text, s)
		switch {
		case mistake == nil && want != "":
			t.Errorf("%s: compiled as %v", text, c)
		case mistake != nil && (!strings.Contains(mistake.Text, want) || mistake.Column < 1):
			t.Errorf("%.60s: column %d: %s, want %s", text, mistake.Column, mistake.Text, want)
		}
	}
}

func TestCalculations(t *testing.T) {
	s := scope()
	for text, want := range map[string]int64{
		`3 * (contract.users / 7)`:               15,
		`40 + 40 * ((contract.users - 10) / 10)`: 160,
		`contract.users * 0.333333`:              13,
		`-1.5 * 1`:                               -2, // rounded down
		`contract.users > 10 ? 1 : 2`:            1,
		`max(1, contract.fte)`:                   3,
	} {
		v, mistake := Calculation(text, fact.TypeNumber, 0, s)
		if mistake != nil {
			t.Errorf("%s: %v", text, mistake)
			continue
		}
		if got, known := v.Eval(record(s)); !known || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, known, want)
		}
	}
	if v, mistake := Calculation(`severity_asked`, fact.TypeID, fact.Severity, s); mistake != nil {
		t.Error(mistake)
	} else if got, known := v.Eval(record(s)); got != 1 || !known {
		t.Errorf("the severity asked for: %d %v", got, known)
	}
	for _, text := range []string{`contract.in_force`, `severity`, `"a"`, `account.region`} {
		if _, mistake := Calculation(text, fact.TypeNumber, 0, s); mistake == nil {
			t.Errorf("%s is a number", text)
		}
	}
}

func TestArithmeticDoesNotOverflow(t *testing.T) {
	values := []int64{0, 1, -1, 2, -2, 1e6, -1e6, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, 1 << 32, -(1 << 32)}
	for _, a := range values {
		for _, b := range values {
			if got, ok := multiply(a, b); ok && a != 0 && (got/a != b || a == -1 && b == math.MinInt64) {
				t.Errorf("%d * %d = %d", a, b, got)
			}
			if got, ok := add(a, b); ok && (got-b != a || (b > 0) != (got > a) && b != 0) {
				t.Errorf("%d + %d = %d", a, b, got)
			}
			for _, operation := range []string{"_/_", "_%_", "_-_", "_*_", "_+_"} {
				numberOperation(operation, kindNumber)(a, b)
				numberOperation(operation, kindDecimal)(a, b)
			}
		}
	}
}

// FuzzCondition looks for texts that panic or hang, and for conditions that hold though nothing is known.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{`contract.users > 39 && "night" in addon`, `days(contract.signed, at) < 30`, `local_time("office") >= "16:00"`,
		`severity in ["S1"] ? true : open("place")`, `min(1, 2.5) < max(contract.users, 3)`, `version.id < "10.10"`, `((((`, `a.b.c.d`, `"\u0000"`, `0x10 == 16u`,
		`business_days("office", at, date("2026-01-01")) == -1`, `!known(severity)`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := scope()
		c, mistake := Condition(text, s)
		if mistake != nil {
			if mistake.Column < 1 || mistake.Text == "" {
				t.Errorf("%q: a mistake without place or words: %+v", text, mistake)
			}
			return
		}
		r := record(s)
		first := c.Eval(r)
		if again := c.Eval(r); again != first {
			t.Errorf("%q: %v, then %v", text, first, again)
		}
		if missing := c.Missing(r, nil); first != fact.Unknown && len(missing) > 0 {
			t.Errorf("%q is settled and asks for %v", text, missing)
		}
		c.Words(func(_ fact.Fact, word string) string { return word })
		c.Eval(&fact.Record{})
		c.Facts()
		c.Events()
	})
}
