package policies

import (
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/document"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// A value of a policy that can be changed without anybody noticing is no part of the policy. This test changes every value
// of every document, one at a time, and removes every entry: the changed document is refused, or decides at least one
// situation otherwise, or tells something else to the parts of the program that `told` names. Texts for people are left out.

// texts are the keys whose values are read by people only.
var textKeys = []string{"title", "name", "means", "says", "ask", "terms", "supplements", "vendor", "reason", "link", "description"}

// told are values that no decision reads, with the part of the policy that carries them to what does. An asterisk stands for
// one name; two at the end for everything below.
var told = map[string]func(p *policy.Policy) any{
	"policy.effective":             func(p *policy.Policy) any { return p.Effective() }, // which version is in force
	"policy.zone":                  func(p *policy.Policy) any { return p.Zone() },      // when its days begin
	"policy.home":                  func(p *policy.Policy) any { return p.Home() },      // a warning of the checker
	"plans.*.queue":                func(p *policy.Policy) any { return p.Plans() },     // the order of a queue
	"plans.*.includes":             func(p *policy.Policy) any { return p.Plans() },     // the page of an account
	"levels.*.effort":              func(p *policy.Policy) any { return p.Levels() },
	"severity.set_by":              func(p *policy.Policy) any { return p.SeveritySetBy() },     // the form
	"severity.changed_by":          func(p *policy.Policy) any { return p.SeverityChangedBy() }, // who sees the control
	"severity.priority":            func(p *policy.Policy) any { return p.CustomerPriority() },
	"facts.**":                     questions,                                             // the form, and the words that it takes
	"categories.*":                 func(p *policy.Policy) any { return p.Categories() },  // what a requester can choose
	"categories.*.duty":            func(p *policy.Policy) any { return p.Categories() },  // what must have a provider
	"calendars.*.like.**":          func(p *policy.Policy) any { return p.Calendars() },   // a contract's hours, when it is saved
	"information.**":               func(p *policy.Policy) any { return p.Information() }, // the form
	"gates.require.*":              func(p *policy.Policy) any { return p.Gates() },       // how many rows the form wants
	"channels.*.via":               func(p *policy.Policy) any { return p.Channels() },    // which entrance of the desk it is
	"negotiable":                   func(p *policy.Policy) any { return p.Negotiable() },  // what a contract may change
	"addons.*.needs.**":            func(p *policy.Policy) any { return p.Addons() },      // when a contract is saved
	"maintenance.**":               func(p *policy.Policy) any { return p.Maintenance() }, // the calendar of maintenance
	"offers.*.to":                  func(p *policy.Policy) any { return p.Offers() },      // where the way on leads
	"statuses.**":                  func(p *policy.Policy) any { return p.Statuses() },    // whose turn it is
	"events.**":                    func(p *policy.Policy) any { return p.Events() },      // who may record it
	"products.**":                  func(p *policy.Policy) any { return p.Products() },    // how versions are read
	"updates.**":                   func(p *policy.Policy) any { return p.Updates() },     // the campaign of an update
	"promises.**":                  func(p *policy.Policy) any { return p.Promises() },    // the board of promises
	"lifecycle.*.warn_before":      func(p *policy.Policy) any { return p.Lifecycles() },  // letters before the end
	"lifecycle.*.after":            func(p *policy.Policy) any { return p.Lifecycles() },  // a line for readers
	"lifecycle.*.phases":           func(p *policy.Policy) any { return p.Lifecycles() },  // what is told of each
	"lifecycle.*.phases.*.updates": func(p *policy.Policy) any { return p.Lifecycles() },  // the chart of the page
	"allowances.*.step":            func(p *policy.Policy) any { return p.Allowances() },  // the ledger of hours
	"allowances.*.round":           func(p *policy.Policy) any { return p.Allowances() },
	"allowances.*.per":             func(p *policy.Policy) any { return p.Allowances() },
	"allowances.*.named":           func(p *policy.Policy) any { return p.Allowances() },
	"allowances.*.sheets":          func(p *policy.Policy) any { return p.Allowances() },
	"allowances.*.warn":            func(p *policy.Policy) any { return p.Allowances() },
}

// implied are entries whose value the language takes anyway when they are left out; they stand there for the reader. A path
// and the value, or any value where none is given.
var implied = map[string]string{
	"gates.from":                  "", // the lowest level
	"severity.set_by":             policy.SetByRequester,
	"allowances.*.over.answer":    "no",
	"allowances.*.starts":         "calendar",
	"allowances.*.unused":         "lapse",
	"channels.*.else":             "", // the first channel that is open
	"languages.*.else":            "", // the first language that is there
	"promises.credit.claim.after": "",
	"lifecycle.*.lines.of":        "", // what the line's own end names
	"lifecycle.*.last_day":        "supported",
}

// questions are the facts that a policy can ask for, with the words that they take.
func questions(p *policy.Policy) any {
	space := p.Facts()
	var list []any
	for f := range space.Facts() {
		words, closed := p.Words(f)
		list = append(list, space.Name(f), space.Type(f), words, closed)
	}
	return list
}

func TestNoValueOfAPolicyIsWithoutEffect(t *testing.T) {
	files, err := fs.Glob(FS, "*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no policy found: %v", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			mutate(t, file)
		})
	}
}

// outcome is what became of one mutant.
type outcome int

const (
	noEffect outcome = iota
	refused
	decided
	toldOtherwise
	warned // the checker warns of something else; the warnings of a policy are tested
	outcomes
)

func mutate(t *testing.T, file string) {
	mutants, results, situations := tryAll(t, file, read(t, file))
	var count [outcomes]int
	for i, result := range results {
		count[result]++
		if result == noEffect {
			t.Errorf("%s:%d: %s: nothing changes when %s", file, mutants[i].line, mutants[i].path, mutants[i].what)
		}
	}
	t.Logf("%s: %d mutants: %d decide otherwise, %d are refused, %d tell otherwise, %d are warned of, %d have no effect (%d situations)",
		file, len(mutants), count[decided], count[refused], count[toldOtherwise], count[warned], count[noEffect], situations)
}

// tryAll tries every mutant of a document in the situations of the probe files that belong to file.
func tryAll(t *testing.T, file string, src []byte) (mutants []mutant, results []outcome, situations int) {
	t.Helper()
	doc, ok := document.Read(file, src)
	if !ok {
		t.Fatal("the document cannot be read")
	}
	base, warnings := parseMutant(file, doc)
	if base == nil {
		t.Fatal("the document without its prose cannot be used")
	}
	subject := &subject{file: file, base: base, warnings: warnings, grid: grid(t, file, base)}
	mutants = mutantsOf(doc)
	results = make([]outcome, len(mutants))
	var wg sync.WaitGroup
	queue := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		own, _ := document.Read(file, src) // each worker changes nodes of its own
		ownMutants := mutantsOf(own)
		wg.Go(func() {
			for i := range queue {
				results[i] = subject.try(own, ownMutants[i])
			}
		})
	}
	for i := range mutants {
		queue <- i
	}
	close(queue)
	wg.Wait()
	return mutants, results, len(subject.grid)
}

// The test would be worth nothing if it did not see a value that does nothing.
func TestAValueWithoutEffectIsSeen(t *testing.T) {
	src := strings.Replace(string(read(t, "illumeet.md")), "      - {is: 9h}\n", "      - {for: {requester.kind: monitoring}, is: 9h}\n      - {is: 9h}\n", 1)
	mutants, results, _ := tryAll(t, "illumeet.md", []byte(src))
	var seen []string
	for i, result := range results {
		if result == noEffect {
			seen = append(seen, mutants[i].path+" "+mutants[i].what)
		}
	}
	if want := []string{"clocks.first-response.within[1] it is removed"}; !slices.Equal(seen, want) {
		t.Errorf("without effect: %q, want %q", seen, want)
	}
}

// ---- mutants ----

// mutant is one value of a document, or one entry, and the ways to change it: the later ones are tried where the earlier have
// no effect, as when an opening moves by a quarter of an hour inside another window.
type mutant struct {
	path, what string
	line       int
	ways       []change
}

// change alters the nodes of a document; undo takes it back.
type change func() (undo func())

func mutantsOf(doc *document.Document) []mutant {
	m := &mutator{pool: map[string][]string{}}
	for _, s := range doc.Sections {
		for _, block := range s.Blocks {
			m.collect("", block)
		}
	}
	for _, s := range doc.Sections {
		for _, block := range s.Blocks {
			m.walk("", "", block)
		}
	}
	return m.list
}

type mutator struct {
	pool map[string][]string // key -> the words that stand under it
	list []mutant
}

// collect notes which words stand under which key: one of them in another's place is a change that an author could make.
func (m *mutator) collect(key string, n *yaml.Node) {
	if n.Kind == yaml.Scalar && !slices.Contains(m.pool[key], n.Text) {
		m.pool[key] = append(m.pool[key], n.Text)
	}
	for i, v := range n.Values {
		if n.Kind == yaml.Map {
			m.collect(n.Keys[i].Text, v)
		} else {
			m.collect(key, v)
		}
	}
}

func (m *mutator) walk(at, key string, n *yaml.Node) {
	switch n.Kind {
	case yaml.Scalar:
		for _, ways := range m.variants(key, n.Text) {
			one := mutant{at, fmt.Sprintf("%q becomes %q", n.Text, ways), n.Line, nil}
			for _, text := range ways {
				one.ways = append(one.ways, replace(n, text))
			}
			m.list = append(m.list, one)
		}
	case yaml.List:
		for i, v := range n.Values {
			item := fmt.Sprintf("%s[%d]", at, i)
			m.remove(item, n, i, v.Line)
			m.walk(item, key, v)
		}
	case yaml.Map:
		for i, k := range n.Keys {
			if slices.Contains(textKeys, k.Text) {
				continue
			}
			child := strings.TrimPrefix(at+"."+k.Text, ".")
			if at != "" {
				m.remove(child, n, i, k.Line)
			}
			m.walk(child, k.Text, n.Values[i])
		}
	}
}

func (m *mutator) remove(at string, n *yaml.Node, i, line int) {
	for pattern, value := range implied {
		if matches(pattern, at) && (value == "" || n.Values[i].Text == value) {
			return
		}
	}
	m.list = append(m.list, mutant{at, "it is removed", line, []change{remove(n, i)}})
}

func replace(n *yaml.Node, text string) change {
	return func() func() {
		old := n.Text
		n.Text = text
		return func() { n.Text = old }
	}
}

func remove(n *yaml.Node, i int) change {
	return func() func() {
		keys, values := n.Keys, n.Values
		n.Values = slices.Delete(slices.Clone(values), i, i+1)
		if n.Kind == yaml.Map {
			n.Keys = slices.Delete(slices.Clone(keys), i, i+1)
		}
		return func() { n.Keys, n.Values = keys, values }
	}
}

var (
	dayOfWeek = regexp.MustCompile(`\b(mon|tue|wed|thu|fri|sat|sun)\b`)
	clockTime = regexp.MustCompile(`\b\d\d:\d\d\b`)
	wholeDate = regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`)
	number    = regexp.MustCompile(`\d+`)
	operator  = regexp.MustCompile(`&&|\|\||==|!=|<=|>=|<|>|!|\+|-|\*|/`)
)

// opposite has words that mean the other thing.
var opposite = map[string]string{
	"yes": "no", "no": "yes", "always": "never", "none": "always", "unlimited": "7", "open": "2026-06-30", "best-effort": "limited",
	"limited": "no", "ended": "open", "announced": "open", "vendor": "customer", "customer": "partner", "requester": "provider",
	"provider": "requester", "lapse": "carry", "up": "down",
	"&&": "||", "||": "&&", "==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "!": "", "+": "-", "-": "+", "*": "+", "/": "*",
}

// variants are the values inside a scalar, at least one, each with the texts that the scalar becomes when it is changed.
func (m *mutator) variants(key, text string) [][]string {
	bump := func(digits string) []string { return []string{next(digits), next(next(next(next(digits))))} }
	switch {
	case key == "when" || key == "calc":
		return append(each(operator, text, func(s string) []string { return []string{opposite[s]} }), each(number, text, bump)...)
	case wholeDate.MatchString(text):
		return each(wholeDate, text, func(date string) []string { return []string{nextDay(date)} })
	case clockTime.MatchString(text):
		return append(each(clockTime, text, later), each(dayOfWeek, text, nextWeekday)...)
	}
	if word := opposite[text]; word != "" {
		return [][]string{append([]string{word}, m.others(key, text)...)}
	}
	if number.MatchString(text) {
		return each(number, text, bump)
	}
	return [][]string{m.others(key, text)}
}

// others are up to three words that stand elsewhere under the same key, or a word that nobody knows.
func (m *mutator) others(key, text string) []string {
	var list []string
	for _, word := range m.pool[key] {
		if word != text && len(list) < 3 {
			list = append(list, word)
		}
	}
	return append(list, text+"-other")
}

// each changes every match in turn.
func each(pattern *regexp.Regexp, text string, change func(string) []string) [][]string {
	var list [][]string
	for _, at := range pattern.FindAllStringIndex(text, -1) {
		var ways []string
		for _, changed := range change(text[at[0]:at[1]]) {
			ways = append(ways, text[:at[0]]+changed+text[at[1]:])
		}
		list = append(list, ways)
	}
	return list
}

func next(digits string) string {
	n, _ := strconv.Atoi(digits)
	return fmt.Sprintf("%0*d", len(digits), n+1)
}

func nextDay(date string) string {
	day, _ := strconv.Atoi(date[8:])
	return date[:8] + fmt.Sprintf("%02d", day%28+1)
}

// later is a quarter of an hour later, or half a day.
func later(clock string) []string {
	hour, _ := strconv.Atoi(clock[:2])
	if hour == 24 {
		return []string{"23:00"}
	}
	quarter := map[string]string{"00": "15", "30": "45"}[clock[3:]]
	return []string{fmt.Sprintf("%02d:%s", hour, quarter), fmt.Sprintf("%02d:59", (hour+6)%24)}
}

func nextWeekday(day string) []string {
	days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	return []string{days[(slices.Index(days, day)+1)%7], days[(slices.Index(days, day)+6)%7]}
}

// ---- documents without prose ----

// parseMutant compiles the blocks of a document under their headings; nil where the checker refuses them. What the checker warns
// of comes with it, without places.
func parseMutant(file string, doc *document.Document) (p *policy.Policy, warnings string) {
	var b strings.Builder
	for _, s := range doc.Sections {
		fmt.Fprintf(&b, "%s %s {#%s}\n\n", strings.Repeat("#", s.Level), "Clause", s.ID)
		for _, block := range s.Blocks {
			b.WriteString("```policy\n")
			write(&b, block, 0)
			b.WriteString("\n```\n\n")
		}
	}
	p, findings := policy.Parse(file, []byte(b.String()))
	for _, f := range findings {
		warnings += f.Message + "\n"
	}
	return p, warnings
}

// write prints a node in the flow form, in lines that are not too long.
func write(b *strings.Builder, n *yaml.Node, depth int) {
	separator := ", "
	if depth < 3 {
		separator = ",\n" + strings.Repeat(" ", depth+1)
	}
	switch n.Kind {
	case yaml.Null:
		b.WriteString("null")
	case yaml.Scalar:
		b.WriteString(strconv.Quote(n.Text))
	case yaml.List, yaml.Map:
		b.WriteByte("[{"[n.Kind-yaml.List])
		for i, v := range n.Values {
			if i > 0 {
				b.WriteString(separator)
			}
			if n.Kind == yaml.Map {
				b.WriteString(strconv.Quote(n.Keys[i].Text) + ": ")
			}
			write(b, v, depth+1)
		}
		b.WriteByte("]}"[n.Kind-yaml.List])
	}
}

// ---- situations and what is decided in them ----

type subject struct {
	file string
	base *policy.Policy
	grid []judged

	warnings string

	mu   sync.Mutex
	told []int
}

type judged struct {
	situation *coverage.Situation
	print     string
}

func (s *subject) try(doc *document.Document, m mutant) outcome {
	for _, way := range m.ways {
		undo := way()
		p, warnings := parseMutant(s.file, doc)
		undo()
		if result := s.judge(p, warnings, m.path); result != noEffect {
			return result
		}
	}
	return noEffect
}

func (s *subject) judge(p *policy.Policy, warnings, at string) outcome {
	if p == nil {
		return refused
	}
	for pattern, tells := range told {
		if matches(pattern, at) && deepPrint(tells(p)) != deepPrint(tells(s.base)) {
			return toldOtherwise
		}
	}
	for _, i := range s.likely() {
		if s.decides(p, i) {
			return decided
		}
	}
	for i := range s.grid {
		if s.decides(p, i) {
			s.learn(i)
			return decided
		}
	}
	if warnings != s.warnings {
		return warned
	}
	return noEffect
}

func (s *subject) decides(p *policy.Policy, i int) bool {
	return fingerprint(p, s.grid[i].situation) != s.grid[i].print
}

// likely are the situations that told the latest mutants from the document: their neighbours mostly fall by the same.
func (s *subject) likely() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

func (s *subject) learn(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append([]int{i}, s.told...)
	s.told = s.told[:min(len(s.told), 200)]
}

var index = regexp.MustCompile(`\[\d+\]`)

// matches reports whether a path is the one of a pattern.
func matches(pattern, at string) bool {
	pattern, below := strings.CutSuffix(pattern, ".**")
	want, parts := strings.Split(pattern, "."), strings.Split(index.ReplaceAllString(at, ""), ".")
	if len(parts) < len(want) || len(parts) > len(want) && !below {
		return false
	}
	for i := range want {
		if want[i] != "*" && want[i] != parts[i] {
			return false
		}
	}
	return true
}

func fingerprint(p *policy.Policy, s *coverage.Situation) string {
	d := coverage.Decide(p, s)
	var b strings.Builder
	printValue(&b, reflect.ValueOf(&d).Elem())
	if levels := p.Levels(); len(p.Gates()) > 0 {
		for _, missing := range coverage.Items(coverage.Gate(p, s, levels[0].ID, levels[len(levels)-1].ID)) {
			b.WriteString(missing)
		}
	}
	return b.String()
}

func deepPrint(v any) string {
	var b strings.Builder
	printValue(&b, reflect.ValueOf(v))
	return b.String()
}

// wordsOnly are fields that say in words, or by a line, what other fields say.
var wordsOnly = []string{"Text", "Line", "Col", "Title", "Words", "Sentence"}

// printValue writes a value without the words for people; a rule without an id of its own loses its number.
func printValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteByte('~')
			return
		}
		printValue(b, v.Elem())
	case reflect.Struct:
		b.WriteByte('{')
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !slices.Contains(wordsOnly, f.Name) {
				printValue(b, v.Field(i))
				b.WriteByte(';')
			}
		}
		b.WriteByte('}')
	case reflect.Slice, reflect.Array:
		b.WriteByte('[')
		for i := range v.Len() {
			printValue(b, v.Index(i))
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case reflect.Map:
		var keys []string
		for _, k := range v.MapKeys() {
			var one strings.Builder
			printValue(&one, k)
			one.WriteByte('=')
			printValue(&one, v.MapIndex(k))
			keys = append(keys, one.String())
		}
		slices.Sort(keys)
		b.WriteString(strings.Join(keys, ","))
	case reflect.String:
		text := v.String()
		if strings.HasSuffix(text, "]") {
			text = index.ReplaceAllString(text, "[]")
		}
		b.WriteString(text)
	case reflect.Bool:
		b.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		b.WriteString(strconv.FormatUint(v.Uint(), 10))
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
	default:
		fmt.Fprint(b, v)
	}
}
