package information_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

const document = "# P {#p}\n\n```policy\n" + `policy: {name: P, vendor: V, effective: 2026-01-01, zone: UTC}
levels: {a: {name: A, escalates_to: b}, b: {name: B}}
categories: {x: {level: a, title: X}}
responsibility: [{a: {by: vendor, for: [customer, end-user]}, b: {by: vendor, for: [customer, end-user]}}]
hours: [{use: none}]
information:
  did:    {type: steps}
  page:   {type: url}
  pin:    {type: secret}
  open:   {type: yes-no}
  tests:  {type: table, columns: [tool, result]}
  shot:   {type: image}
  film:   {type: media}
  logs:   {type: file}
  users:  {type: number}
  since:  {type: date}
  words:  {type: text}
gates: [{from: a, to: b, require: [{any: [pin, open]}]}]
` + "```\n"

func rules(t *testing.T) *policy.Policy {
	t.Helper()
	p, findings := policy.Parse("p.md", []byte(document))
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

func read(t *testing.T, text string) (g information.Given) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWhatComesInIsCheckedAndCountedByItsType(t *testing.T) {
	p := rules(t)
	for _, c := range []struct {
		value  string
		amount int64
		wrong  bool
	}{
		{`"did": ["Open it", {"action": "Look", "actual": "black"}]`, 2, false},
		{`"did": [{"expected": "a picture"}]`, 0, false},
		{`"did": []`, 0, false},
		{`"did": "Open it"`, 0, true},
		{`"did": [{"acton": "x"}]`, 0, true},
		{`"page": "https://a.example/x"`, 1, false},
		{`"page": "a.example"`, 0, false},
		{`"page": ["https://a.example"]`, 0, true},
		{`"pin": " 1234 "`, 1, false},
		{`"pin": "  "`, 0, false},
		{`"open": true`, 1, false},
		{`"open": false`, 0, false},
		{`"open": "yes"`, 0, true},
		{`"tests": [{"tool": "a", "result": "b"}, {"tool": "a"}]`, 1, false},
		{`"tests": ["a b"]`, 0, true},
		{`"shot": ["shot.png", "https://a.example/2.png", {"name": "x"}]`, 3, false},
		{`"users": 40`, 1, false},
		{`"users": "40"`, 1, false},
		{`"users": "many"`, 0, true},
		{`"since": "2026-02-28"`, 1, false},
		{`"since": "2026-02-30"`, 0, true},
		{`"words": "Yes"`, 1, false},
		{`"words": true`, 0, true},
		{`"words": null`, 0, false},
		{`"elsewhere": "x"`, 0, true},
	} {
		g := read(t, `{"values": {`+c.value+`}}`)
		err := g.Take(p)
		if (fault.KindOf(err) == fault.Invalid && err != nil) != c.wrong {
			t.Errorf("%s: %v", c.value, err)
		}
		if err != nil {
			continue
		}
		id := strings.Split(c.value, `"`)[1]
		d, _ := information.Find(p, id)
		if got := g.Amount(&d); got != c.amount {
			t.Errorf("%s counts %d, want %d", c.value, got, c.amount)
		}
	}
}

func TestWhatIsGivenAgainReplacesFilesAddUpAndAYesIsTakenBack(t *testing.T) {
	p := rules(t)
	var all information.Given
	give := func(text string) {
		t.Helper()
		in := read(t, text)
		if err := in.Take(p); err != nil {
			t.Fatal(err)
		}
		all.Merge(p, in)
	}
	give(`{"values": {"open": true, "words": "one", "logs": ["a.log"]}, "waived": {"shot": " not allowed "}}`)
	give(`{"values": {"words": "two", "logs": ["b.log"]}}`)
	if ids, amounts := all.Amounts(p); !slices.Equal(ids, []string{"open", "logs", "words"}) || amounts["logs"] != 2 || all.Values["words"].Text != "two" || all.Waived["shot"] != "not allowed" {
		t.Errorf("%v %v %+v", ids, amounts, all)
	}
	give(`{"values": {"pin": "1234"}}`)
	if all.Values["open"].Yes || !slices.Equal(all.Sealed, []string{"pin"}) {
		t.Errorf("a secret beside the word that none is needed: %+v", all)
	}
	give(`{"values": {"open": true}}`)
	give(`{"values": {"open": false}}`)
	if all.Values["open"].Yes {
		t.Error("a no does not take the yes back")
	}
	text, err := json.Marshal(all)
	if err != nil || strings.Contains(string(text), "1234") {
		t.Errorf("what is kept: %s, %v", text, err)
	}
	again := read(t, string(text))
	again.Secrets, again.Files = all.Secrets, all.Files
	if !reflect.DeepEqual(again, all) {
		t.Errorf("kept as %s, read as %+v", text, again)
	}
}

// The first stores kept the values at the top level, and a mark for the only secret.
func TestTheFormOfTheFirstStoresIsRead(t *testing.T) {
	p := rules(t)
	g := read(t, `{"did":[{"action":"Open it","actual":"black"}],"page":"https://a.example","has_access":true,"open":true,"shot":[{"name":"a.png","attachment":"019"}],`+
		`"tests":[{"tool":"a","result":"b"}],"words":"x","waived":{"film":"no"}}`)
	g.Named(p)
	ids, _ := g.Amounts(p)
	if !slices.Equal(ids, []string{"did", "page", "pin", "open", "tests", "shot", "words"}) || g.Waived["film"] != "no" || g.Values["did"].Rows[0]["actual"] != "black" {
		t.Errorf("%v of %+v", ids, g)
	}
}

func TestAFileWithoutAWordCountsAsWhatItIs(t *testing.T) {
	p := rules(t)
	for kind, want := range map[string]string{"image/png": "shot", "video/webm": "film", "application/pdf": "", "text/plain": ""} {
		if got := information.ForFile(p, kind); got != want {
			t.Errorf("%s is %q, want %q", kind, got, want)
		}
	}
	g := information.Given{Files: map[string][]attach.File{"words": {{Name: "a"}}}}
	if err := g.Take(p); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a file for a text: %v", err)
	}
}
