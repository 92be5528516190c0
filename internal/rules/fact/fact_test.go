package fact

import (
	"reflect"
	"strings"
	"testing"
)

func kindIs(words ...string) Condition {
	var list []int
	for _, w := range words {
		for i, k := range kinds {
			if k == w {
				list = append(list, i)
			}
		}
	}
	return Condition{For: []Test{new(Space).Words(RequesterKind, list...)}}
}

func vocabularies() *Space {
	var v Space
	for f := range Count {
		for _, w := range f.Fixed() {
			v.Of(f).Add(w)
		}
		v.Of(f).Closed = f.Fixed() != nil
	}
	return &v
}

func TestAMissingFactNeitherHoldsNorFails(t *testing.T) {
	customer := kindIs("customer")
	both := Condition{For: customer.For, Unless: []Test{RangeTest(Users, 10, 50)}}
	known := func(f Fact, n int64, r Record) Record { r.V[f] = Value{Known: true, N: n}; return r }
	asCustomer := known(RequesterKind, 1, Record{})
	for _, c := range []struct {
		what   string
		when   Condition
		record Record
		want   Truth
	}{
		{"no condition", Condition{}, Record{}, True},
		{"nothing known", customer, Record{}, Unknown},
		{"a customer", customer, asCustomer, True},
		{"an end user", customer, known(RequesterKind, 0, Record{}), False},
		{"a word that no rule mentions", customer, known(RequesterKind, -1, Record{}), False},
		{"unless not known", both, asCustomer, Unknown},
		{"unless holds at its edge", both, known(Users, 50, asCustomer), False},
		{"unless fails", both, known(Users, 51, asCustomer), True},
		{"silence is a word", kindIs("unknown"), Record{}, True},
	} {
		if got := c.when.Eval(&c.record); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	if got := both.Missing(&Record{}, nil); !reflect.DeepEqual(got, []Fact{RequesterKind, Users}) {
		t.Errorf("missing: %v", got)
	}
}

func TestConditionsAreCompared(t *testing.T) {
	one, two, other := kindIs("customer"), kindIs("customer", "end-user"), kindIs("partner")
	few, many := []Test{RangeTest(Users, 1, 10)}, []Test{RangeTest(Users, 11, 20)}
	if !Covers(two.For, one.For) || Covers(one.For, two.For) || !Covers(nil, one.For) || Covers(few, many) {
		t.Error("covers")
	}
	if !Apart(one.For, other.For) || Apart(one.For, two.For) || !Apart(few, many) || Apart(few, one.For) {
		t.Error("apart")
	}
}

func TestEachFactCanBeSaid(t *testing.T) {
	v := vocabularies()
	say := func(_ Fact, word string) string { return "<" + word + ">" }
	for f := range Count {
		if q := v.Question(f); q == "" || strings.Contains(q, "|") {
			t.Errorf("%v is asked as %q", f, q)
		}
		if got, ok := ByName(f.String()); !ok || got != f {
			t.Errorf("%v is not found by its name", f)
		}
		test := RangeTest(f, 1, 2)
		if typ := v.Type(f); typ <= TypeYesNo || typ == TypePlace {
			v.Of(f).Add("x")
			test = v.Words(f, 0)
		}
		is, not := test.Text(v, say, false), test.Text(v, say, true)
		if is == not || is == "" || strings.Contains(is+not, "|") {
			t.Errorf("%v: %q and %q", f, is, not)
		}
	}
	when := Condition{For: kindIs("customer").For, Unless: []Test{RangeTest(Users, 10, 1<<62)}}
	if got := when.Words(v, say); got != "the person who asks is <customer> and the number of users in the contract is not 10 or more" {
		t.Errorf("%q", got)
	}
}

func TestRanges(t *testing.T) {
	for text, want := range map[string][2]int64{
		"12": {12, 12}, "above 100": {101, 1 << 62}, "below 10": {-1 << 62, 9}, "from 10 to 50": {10, 50}, "from 10 below 50": {10, 49}, "from 10": {10, 1 << 62}, "to 50": {-1 << 62, 50},
	} {
		if got, err := new(Space).ParseRange(Users, text); err != nil || got.lo != want[0] || got.hi != want[1] {
			t.Errorf("%s: %d to %d, %v", text, got.lo, got.hi, err)
		}
	}
	for text, want := range map[string]string{
		"": "a value is missing", "above": `"above" ends too early`, "many": `expected a whole number, found "many"`, "from 5 to 1": `no value lies in "from 5 to 1"`, "1 2": `cannot read "1 2"; write`,
	} {
		if _, err := new(Space).ParseRange(Users, text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if got, err := new(Space).ParseRange(LeadTime, "below 10d"); err != nil || got.hi != 10*24*3600_000-1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestRangesInWords(t *testing.T) {
	for text, want := range map[string]string{
		"below 10d": "less than 10 days", "to 10d": "10 days or less", "above 2h": "more than 2 hours", "from 2h to 3h": "from 2 hours to 3 hours",
		"from 2h below 3h": "2 hours or more and less than 3 hours", "2h": "2 hours",
	} {
		test, err := new(Space).ParseRange(LeadTime, text)
		if got := test.rangeText(new(Space)); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", text, got, err, want)
		}
	}
	if got := RangeWords("the fee", TypeDecimal, -1<<62, 99_499_999); got != "the fee is less than 99.5" {
		t.Error(got)
	}
}
