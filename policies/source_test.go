package policies

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// originals is how many probes testdata/source holds; none may be lost on the way into the probe files.
const originals = 143

// undecided lists the probes that have no translation, FILE/NAME, with the reason. At most 3 in 100 may stand here.
var undecided = map[string]string{}

// studied are the policies that restate what a vendor has published; each has its facts and probes in testdata/source.
func studied(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/source/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source found: %v", err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return names
}

// A translation is one original probe and what our probe file makes of it.
type translation struct {
	vendor, name    string
	situation, from *yaml.Node // of the original: its situation and what it expects
	given, into     *yaml.Node // of ours: `given` with the situation laid over it, and what it expects
	clauses         *yaml.Node // fact id -> clause id
}

// An asserted value is what one key of an original expects, in our words: the path in `expect` and the value there.
type asserted struct{ path, value string }

// How each key of an original is said in our words. Every key has exactly one row here.
var inOurWords = map[string]func(tr *translation, v *yaml.Node) []asserted{
	"covered":            same("covered"),
	"severity":           same("severity"),
	"level":              same("level"),
	"provider":           same("provider"),
	"open_now":           either("open_now", "now"),
	"opens_at":           either("opens_at", "next"),
	"channel_allowed":    same("channel_allowed"),
	"use_channel":        same("use_channel"),
	"language_available": same("languages"),
	"first_response_due": same("due.first-response"),
	"resolution_due":     same("due.resolution"),
	"next_update_due":    same("due.next-update"),
	"clock":              same("clocks.next-update.state"),
	"missing":            same("missing"),
	"plan_at_renewal":    same("plan_at_renewal"),
	"phase":              same("version.phase"),
	"extended_until":     same("version.phases.extended"),
	"upgrade_to":         same("version.upgrade_to"),
	"contact_limit":      same("allowances.contacts.limit"),
	"channel":            offered,
	"reason":             cited,
	"conflict":           readings,
	"supported_until":    supportedUntil,
	"allowed":            allowed,
	"limit":              func(tr *translation, v *yaml.Node) []asserted { return same(allowanceOf(tr)+".limit")(tr, v) },
	"rejected": func(*translation, *yaml.Node) []asserted {
		return []asserted{{"covered", "no"}, {"offers", "[register-contact]"}}
	},
	"documentation":     func(*translation, *yaml.Node) []asserted { return []asserted{{"offers", "[documentation]"}} },
	"extended_eligible": func(*translation, *yaml.Node) []asserted { return []asserted{{"version.phases.extended", "null"}} },
	"included_credits": func(*translation, *yaml.Node) []asserted {
		return []asserted{{"unsettled.allowances.service-credits", "gap"}}
	},
	"charged":          func(*translation, *yaml.Node) []asserted { return []asserted{{"charge.rate", "something"}} },
	"recommended_path": majors,
	"escalate_to": func(_ *translation, v *yaml.Node) []asserted {
		return []asserted{{"clocks.acknowledge.then.0.escalate", ourWord(v.Text)}}
	},
	"escalates_at": func(_ *translation, v *yaml.Node) []asserted {
		return []asserted{{"clocks.acknowledge.then.0.at", v.Text}}
	},
}

// ourWords are the ids that stand for a source's own names.
var ourWords = map[string]string{
	"ticket number": "ticket-number", "dedicated contact": "dedicated-contact", "second level": "second-level", "community forum": "forum",
	"operating environment": "environment", "hardware/OS/network list": "inventory", "reproducible test case": "test-case",
	"Priority": "priority", "Normal": "normal", "Continuity": "continuity",
}

func ourWord(text string) string {
	if w, ok := ourWords[text]; ok {
		return w
	}
	return text
}

func same(path string) func(*translation, *yaml.Node) []asserted {
	return func(_ *translation, v *yaml.Node) []asserted { return []asserted{{path, said(v)}} }
}

// either is for the probe of a maintenance window, whose "open" means inside the window.
func either(path, inWindow string) func(*translation, *yaml.Node) []asserted {
	return func(tr *translation, v *yaml.Node) []asserted {
		if tr.situation.Get("service") != nil {
			return same("maintenance.network."+inWindow)(tr, v)
		}
		return same(path)(tr, v)
	}
}

func offered(_ *translation, v *yaml.Node) []asserted {
	return []asserted{{"offers", "[" + ourWord(v.Text) + "]"}}
}

func cited(tr *translation, v *yaml.Node) []asserted {
	var list []asserted
	for _, id := range append([]*yaml.Node{v}, v.Values...) {
		if id.Kind == yaml.Scalar {
			list = append(list, asserted{"clauses", said(tr.clauses.Get(id.Text))})
		}
	}
	return list
}

func readings(tr *translation, v *yaml.Node) []asserted {
	var list []string
	for _, id := range v.Values {
		list = append(list, said(tr.clauses.Get(id.Text)))
	}
	return []asserted{{"conflict", "[" + strings.Join(list, ", ") + "]"}}
}

// supportedUntil is the end of full support, or of the phase in which the version is when that is a lesser one.
func supportedUntil(tr *translation, v *yaml.Node) []asserted {
	if phase := tr.from.Get("phase"); phase != nil && phase.Text != "supported" {
		return same("version.until")(tr, v)
	}
	return same("version.phases.supported")(tr, v)
}

// allowanceOf is the path of the allowance that an original asks for, or empty when it asks for none.
func allowanceOf(tr *translation) string {
	switch request := tr.situation.Get("request"); {
	case tr.situation.Get("add_contact") != nil:
		return "allowances.contacts"
	case request != nil && request.Text == "screen-share":
		return "allowances.screen-shares"
	}
	return ""
}

func allowed(tr *translation, v *yaml.Node) []asserted {
	if path := allowanceOf(tr); path != "" {
		return same(path+".allowed")(tr, v)
	}
	return []asserted{{"covered", map[string]string{"true": "yes", "false": "no"}[v.Text]}}
}

// majors compares a path of major versions with our path of releases, which begins after the version in use.
func majors(tr *translation, v *yaml.Node) []asserted {
	list := []string{v.Values[0].Text}
	if path := at(tr.into, "version.upgrade_path"); path != nil {
		for _, release := range path.Values {
			major, _, _ := strings.Cut(release.Text, ".")
			list = append(list, major)
		}
	}
	return []asserted{{"majors of version.upgrade_path " + strings.Join(list, ", "), "majors of version.upgrade_path " + strings.Join(texts(v), ", ")}}
}

func texts(list *yaml.Node) []string {
	var words []string
	for _, v := range list.Values {
		words = append(words, v.Text)
	}
	return words
}

// said is a value in our words, as the two files are compared.
func said(n *yaml.Node) string {
	switch {
	case n == nil:
		return "nothing"
	case n.Kind == yaml.Null || n.Kind == yaml.Scalar && n.Text == "null":
		return "null"
	case n.Kind == yaml.List:
		var list []string
		for _, v := range n.Values {
			list = append(list, said(v))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	return ourWord(n.Text)
}

// at finds a value by a path whose parts may be joined by dots in a key, or be the index of a list.
func at(n *yaml.Node, path string) *yaml.Node {
	if n == nil || path == "" {
		return n
	}
	if n.Kind == yaml.List {
		first, rest, _ := strings.Cut(path, ".")
		if i := int(first[0] - '0'); len(first) == 1 && i >= 0 && i < len(n.Values) {
			return at(n.Values[i], rest)
		}
		return nil
	}
	for i, key := range n.Keys {
		if key.Text == path {
			return n.Values[i]
		}
		if rest, ok := strings.CutPrefix(path, key.Text+"."); ok {
			if found := at(n.Values[i], rest); found != nil {
				return found
			}
		}
	}
	return nil
}

func (a asserted) in(expect *yaml.Node) bool {
	switch {
	case strings.HasPrefix(a.path, "majors"):
		return a.path == a.value
	case a.path == "clauses":
		found := at(expect, a.path)
		return found != nil && slices.Contains(append(texts(found), found.Text), a.value)
	case a.value == "something":
		found := at(expect, a.path)
		return found != nil && found.Kind == yaml.Scalar && found.Text != "" && found.Text != "none"
	}
	return said(at(expect, a.path)) == a.value
}

func TestTheTableOfWordsComparesWhatIsThere(t *testing.T) {
	expect := parseYAML(t, `{covered: yes, due: {first-response: 2026-11-24T12:00:00Z}, clauses: [hours], version.until: 2027-01-01, clocks.a.then: [{at: x}]}`)
	for _, a := range []asserted{{"covered", "yes"}, {"due.first-response", "2026-11-24T12:00:00Z"}, {"clauses", "hours"}, {"version.until", "2027-01-01"}, {"clocks.a.then.0.at", "x"}} {
		if !a.in(expect) {
			t.Errorf("%v is not found", a)
		}
	}
	for _, a := range []asserted{{"covered", "no"}, {"due.first-response", "2026-11-24T13:00:00Z"}, {"due.resolution", "null"}, {"clauses", "levels"}, {"charge.rate", "something"}} {
		if a.in(expect) {
			t.Errorf("%v is found, though it is not there", a)
		}
	}
}

// Every original is there under its name, and says everything that the original says.
func TestEveryOriginalIsTranslatedKeyByKey(t *testing.T) {
	count, keys := 0, 0
	for _, vendor := range studied(t) {
		clauses := parseYAML(t, string(readFile(t, "testdata/clauses.yaml"))).Get(vendor)
		source := parseYAML(t, string(readFile(t, "testdata/source/"+vendor+".yaml")))
		ours := parseYAML(t, string(read(t, vendor+".probes.yaml")))
		translated := 0
		for _, original := range source.Get("probes").Values {
			count++
			name := original.Get("name").Text
			if undecided[vendor+"/"+name] != "" {
				continue
			}
			probe := translationOf(ours, vendor, name)
			if probe == nil {
				t.Errorf("%s: the probe %q is not translated", vendor, name)
				continue
			}
			translated++
			tr := &translation{vendor: vendor, name: name, situation: original.Get("situation"), from: original.Get("expect"),
				given: probe.Get("situation"), into: probe.Get("expect"), clauses: clauses}
			keys += len(tr.from.Keys)
			compare(t, tr)
		}
		t.Logf("%s: %d originals translated", vendor, translated)
	}
	if count != originals {
		t.Errorf("%d originals, want %d", count, originals)
	}
	if len(undecided)*100 > count*3 {
		t.Errorf("%d of %d originals are undecided, at most 3 in 100 may be", len(undecided), count)
	}
	t.Logf("%d originals with %d expectations, %d undecided", count, keys, len(undecided))
}

// translationOf finds the probe that names an original as its source and bears its name.
func translationOf(ours *yaml.Node, vendor, name string) *yaml.Node {
	for _, probe := range ours.Get("probes").Values {
		source := probe.Get("source")
		if probe.Get("name").Text == name && source.Get("file") != nil && source.Get("file").Text == vendor+".yaml" && source.Get("probe").Text == name {
			return probe
		}
	}
	return nil
}

func compare(t *testing.T, tr *translation) {
	t.Helper()
	for i, key := range tr.from.Keys {
		words, ok := inOurWords[key.Text]
		if !ok {
			t.Errorf("%s: %s: no row says what %q is in our words", tr.vendor, tr.name, key.Text)
			continue
		}
		for _, want := range words(tr, tr.from.Values[i]) {
			if !want.in(tr.into) {
				t.Errorf("%s: %s: %s is %s in the original, so %s must be %s", tr.vendor, tr.name, key.Text, said(tr.from.Values[i]), want.path, want.value)
			}
		}
	}
	compareSituation(t, tr)
}

// compareSituation checks the facts that both vocabularies have: an expectation means nothing without the same question.
func compareSituation(t *testing.T, tr *translation) {
	t.Helper()
	plain := func(text string) string {
		return strings.NewReplacer(" ", "-", "+", "-plus", "openshift-online-", "").Replace(strings.ToLower(text))
	}
	for _, path := range []string{"at", "plan", "severity", "channel"} {
		was, is := tr.situation.Get(path), at(tr.given, path)
		if was == nil {
			continue
		}
		if is == nil {
			t.Errorf("%s: %s: the original gives %s %s, the translation none", tr.vendor, tr.name, path, was.Text)
			continue
		}
		a, b := plain(was.Text), plain(is.Text)
		if a = strings.TrimPrefix(a, "openshift-online-"); a != b && !(path == "severity" && a == strings.TrimLeft(b, "sp")) {
			t.Errorf("%s: %s: %s is %s in the original, %s in the translation", tr.vendor, tr.name, path, was.Text, is.Text)
		}
	}
}

// Every fact of a source stands under a heading of the document; one that a machine can judge has rules there.
func TestEveryFactHasItsClause(t *testing.T) {
	all := parseYAML(t, string(readFile(t, "testdata/clauses.yaml")))
	for _, vendor := range studied(t) {
		p := parse(t, vendor+".md")
		source := parseYAML(t, string(readFile(t, "testdata/source/"+vendor+".yaml")))
		for _, f := range source.Get("facts").Values {
			id := f.Get("id").Text
			clause, ok := p.Clause(said(all.Get(vendor).Get(id)))
			switch {
			case !ok:
				t.Errorf("%s: the fact %s has no clause in the document", vendor, id)
			case f.Get("machine").Text == "yes" && len(clause.Blocks) == 0:
				t.Errorf("%s: the fact %s is for the machine, but #%s has no block", vendor, id, clause.ID)
			}
		}
	}
}

func TestEveryPolicyOfAVendorSaysThatItIsAStudy(t *testing.T) {
	for _, vendor := range studied(t) {
		head, _, _ := strings.Cut(string(read(t, vendor+".md")), "\n## ")
		head = strings.Join(strings.Fields(head), " ")
		for _, words := range []string{"restates in our own words", "23 November 2026", "not the vendor's document"} {
			if !strings.Contains(head, words) {
				t.Errorf("%s: the head of the document does not say %q", vendor, words)
			}
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	src, err := fs.ReadFile(os.DirFS("."), name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
