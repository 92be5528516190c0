package language

import (
	"fmt"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/expression"
	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Reference is the reference of the language in Markdown.
func (l *Language) Reference() string {
	var b strings.Builder
	b.WriteString(head)
	for i := range l.Blocks {
		l.block(&b, &l.Blocks[i])
	}
	b.WriteString("## Keys of every rule {#rules}\n\nWhere a block says that it holds rules, each may have:\n\n")
	table(&b, l.Rule, "")
	b.WriteString(forms)
	b.WriteString(targets)
	situation(&b)
	b.WriteString("## Conditions and calculations {#expressions}\n\n" + expressions + "\n| function | gives |\n|---|---|\n")
	for _, f := range expression.Functions() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f[0], f[1])
	}
	fmt.Fprintf(&b, "\n## Built-in events and statuses {#events-and-statuses}\n\nEvents: %s.\n\nStatuses: %s.\n", code(policy.BuiltinEvents()), code(policy.BuiltinStatuses()))
	return b.String()
}

const head = `# Reference of the policy language

Made from the language's own description by ` + "`tierdesk policy reference`" + `; please do not edit it. For a first policy read the
[tutorial](tutorial.md), for a construct by what it should do the [cookbook](cookbook.md).

A policy is one Markdown file. Headings are its clauses and carry an id, ` + "`## Support hours {#hours}`" + `; prose is for people.
Fenced blocks with the info string ` + "`policy`" + ` hold YAML and belong to the heading above them; every definition and rule inside
cites that clause. A key may be spread over many blocks: maps merge by name at every depth, lists append in document order, a
value given twice is an error. A word is read by what its place expects: ` + "`no`" + ` is a word, ` + "`17:00`" + ` a time, ` + "`10.0`" + ` a version.
There are no anchors, aliases, merge keys or tags. A document has at most 1 MiB. What is the desk's own practice and no promise of
the document is marked on the page: a clause by ` + "`{#id .practice}`" + `, a paragraph as a quotation that begins with ` + "`Practice:`" + `.

Lists of rules are read in one of two ways. **Choose**: the first rule that holds decides, in document order, so the special
stands above the general; where none holds there is a gap, which is reported and never guessed. **Collect**: every rule that
holds counts.

`

const forms = `
## How values are written {#values}

| value | write | not |
|---|---|---|
| date | ` + "`2026-11-24`" + ` | 24/11/2026 |
| days of holidays and special days | ` + "`12-24` every year, `2026-11-09` once, `12-26..12-31` a range, `4th fri of nov`, `last mon of may`, `easter-2` (Good Friday), `easter+1`" + ` | |
| time of day | ` + "`09:00`, `17:30`, `24:00` for the end of the day" + ` | 9:00, 5 pm |
| week | ` + "`\"mon-fri 09:00-17:00\"`; several windows with `;` as in `\"mon-thu 09:00-16:30; fri 09:00-14:00\"`; over midnight or over days with `to`: `\"sun 22:00 to fri 22:00\"`; always in quotes" + ` | ` + "`mon-fri 18:00-09:00`" + ` |
| length of time | ` + "`30m`, `4h`, `7h30m`, `14d` (14 times 24 hours); in a lifecycle also `12w`, `6mo`, `2y`; as a target also `1 business day`" + ` | 1 day, 2 hours |
| instant | ` + "`2026-11-24T08:00:00Z` (UTC), `2026-11-24T09:00:00+01:00`" + ` | |
| zone | ` + "`Europe/Dublin`, `UTC`, `GMT` (UTC all year), `UTC-08:00`" + ` | PST, CET |
| yes or no | ` + "`yes`, `no`" + ` | |
| text | plain; in double quotes where it holds ` + "`: `, ` #`" + ` or begins with a sign such as ` + "`[ { & * ! % @ \"`" + ` | |
| expression | in single quotes: ` + "`when: 'impact.all_users && !impact.workaround'`" + ` | |

A window contains its first instant and not its last: at 17:00 a desk that is open until 17:00 is closed.

## The order of work {#order}

A decision is taken in this order. A rule may look at what was settled before it; looking ahead is a mistake that the checker names.

1. facts of the request, then ` + "`severity`" + `
2. the version's life: ` + "`version.phase`, `version.until`" + `
3. ` + "`level`, `provider.kind`, `provider.org`, `served`" + `
4. hours: ` + "`hours.open`" + `
5. coverage and charge: ` + "`covered`" + `
6. channel and language
7. clocks
8. gates
9. allowances
10. ways on

` + "`at`" + ` is the arrival. It moves only when the asker's side changes the request (its severity, its channel, a fact that the requester
supplies). What happens later is told by events. A fact of the request follows its events; facts of account, contract, product and version stay as
they were at the arrival, until somebody decides again.

` + "`for: {plan: standard}`" + ` means that plan only; ` + "`for: {plan: standard and up}`" + ` also those that build on it. ` + "`for: {severity: S2 and up}`" + ` means S2 and
everything more severe. All entries under one ` + "`for`" + ` must hold; for "or" write a list, ` + "`for: {category: [fault, question]}`" + `, or two rules.

`

const targets = `
## Targets, tables and bands {#targets}

A target is ` + "`30m`, `4h`, `7h30m`, `14d` (24 hours each), `1 business day`, `by close`, `by close +1`, `by 12:00 +2` or `none`" + `, each with
` + "`on CALENDAR`" + ` behind it if it counts on another calendar than its clock. ` + "`{earliest: [4h, by close]}` and `{latest: [..]}`" + ` combine them.
` + "`by close +1`" + ` is the closing of the next open date after the start's; "next business day" without more is that.

In a choose-list an entry has one value: ` + "`is`" + `, ` + "`calc`" + `, a table or bands, and may carry ` + "`for`, `unless`, `when`" + ` beside it.

- **A table** goes ` + "`by`" + ` facts with words: ` + "`{by: [plan, severity], is: {standard: {S1: 4h, any: 8h}, premium: {S1: 1h}, none: none}}`" + `. For each
  fact from left to right: the exact row; else the row of the plan that it builds on, nearest first; else ` + "`any`" + `; else the table does
  not hold and the next entry is tried. A value in place of a row stands for all that is left. ` + "`none`" + ` is a value; an empty cell is a
  mistake, which the checker lists.
- **Bands** go by a number, date or length of time: ` + "`{bands: seats, is: [{to: 250, is: 20}, {above: 250, calc: 'seats / 10'}]}`" + `, with ` + "`above`" + ` (more than),
  ` + "`from`" + ` (at least), ` + "`below`" + ` (less than), ` + "`to`" + ` (at most). A value between bands is a gap: the checker warns of it.

Under ` + "`for` and `unless`" + ` a fact is given a word, a list of words (any of them), ` + "`X and up`" + ` (severities by the scale, levels by the ladder,
plans by what builds on them), or for amounts one value, ` + "`above 100`, `below 10d`, `from 10 to 50`" + `.

`

const expressions = "`when` and `calc` are written in CEL: `&&`, `||`, `!`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `+`, `-`, `*`, `/`, `%`, `in`, `A ? B : C`, texts in double quotes.\n" +
	"Put the whole expression in single quotes. Whole numbers divide to whole numbers. A condition is true, false or not known:\n" +
	"`unknown && false` is false. Versions compare by parts, `\"10.4\" < \"10.10\"`. There are no loops, no regular expressions and no `now`:\n" +
	"`at` is the instant by which the request is judged. `{calc: FACT}` takes over the word of another fact with the same words.\n"

func (l *Language) block(b *strings.Builder, k *Block) {
	fmt.Fprintf(b, "## %s {#%s}\n\n%s\n\n", k.Key, k.Key, strings.TrimSpace(k.About))
	form := map[string]string{"map": "A map.", "entries": "A map from names of your own.", "list": "A list of rules.", "words": "A list of words."}[k.Form]
	if k.Read != "" {
		form += " Read: " + k.Read + "."
	}
	if k.Rule {
		form += " Each has the [keys of every rule](#rules)."
	}
	b.WriteString(form + "\n\n")
	if len(k.Keys) > 0 {
		table(b, k.Keys, "")
	}
	fmt.Fprintf(b, "```yaml\n%s\n```\n\n", strings.TrimSpace(k.Example))
}

func table(b *strings.Builder, keys []Key, prefix string) {
	if prefix == "" {
		b.WriteString("| key | | |\n|---|---|---|\n")
	}
	for _, k := range keys {
		need := ""
		if k.Need {
			need = " (needed)"
		}
		fmt.Fprintf(b, "| `%s%s`%s | %s | %s |\n", prefix, k.Name, need, escape(k.Type), escape(k.About))
		table(b, k.Keys, prefix+k.Name+".")
	}
	if prefix == "" {
		b.WriteString("\n")
	}
}

func escape(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "|", "\\|") }

func code(words []string) string { return "`" + strings.Join(words, "`, `") + "`" }

// situation lists what is known about a request, which is also what conditions look at.
func situation(b *strings.Builder) {
	b.WriteString("## The situation {#the-situation}\n\nWhat a rule may look at, and what probe files and `tierdesk policy explain` give. " +
		"A fact that is missing is not known, unless silence has a meaning: `language` is then `en`, `support_via` is `vendor`, `provided` is empty, " +
		"`contract.extended` is `no`, `requester.kind` is `unknown`. Facts that say *worked out* follow from others and cannot be given; rules can look at them.\n\n" +
		"| fact | type | what it is | words |\n|---|---|---|---|\n")
	types := map[fact.Type]string{fact.TypeID: "a word", fact.TypeSet: "a set of words", fact.TypeYesNo: "yes-no", fact.TypeNumber: "number", fact.TypeDate: "date",
		fact.TypeDuration: "duration", fact.TypeDecimal: "decimal", fact.TypeInstant: "instant", fact.TypePlace: "place", fact.TypeHours: "hours", fact.TypeMap: "several"}
	var space fact.Space
	given := coverage.Fields()
	for f := range fact.Count {
		words := strings.Join(f.Fixed(), ", ")
		if space.Type(f) == fact.TypeYesNo {
			words = ""
		}
		about := space.Question(f)
		if !contains(given, f.String()) {
			about += "; worked out"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f, types[space.Type(f)], escape(about), words)
	}
	b.WriteString(besides)
}

const besides = `
A situation can hold these besides. They are no facts that a condition looks at.

| field | what it is | example |
|---|---|---|
| ` + "`events` | what has happened since, oldest first | `[{at: 2026-11-24T08:00:00Z, event: reproduced}, {at: 2026-11-24T09:00:00Z, event: severity-changed, value: S1, by: requester}]`" + ` |
| ` + "`waived` | information that a recorded reason replaces | `[screenshot]`" + ` |
| ` + "`amounts` | how much of an information there is, where it is more than one | `{matrix: 2}`" + ` |
| ` + "`bought`, `used`, `asked`, `carried` | by allowance: what was bought, what was used in this period (0), what this request wants (1 where it counts), what earlier periods left | `{sessions: 3, advice-hours: 40m}`" + ` |
| ` + "`account.partner_levels` | levels for which the account's partner runs a desk; all, if not given | `[front, back]`" + ` |
| ` + "`contract.provides` | which organisation provides a level | `{front: acme}`" + ` |
| ` + "`contract.terms` | what was negotiated, in the form of the policy | `{clocks: {answer: {within: [{is: 1h}]}}}`" + ` |

Some facts have a form of their own:

- **A place** (` + "`account.place`, `account.office`, facts of type `place`" + `) is an id under ` + "`places`, or `{zone: Asia/Tokyo, holidays: JP}`" + `.
- **` + "`contract.hours`**: `{zone: Europe/London, week: \"mon-fri 09:00-18:00\", holidays: GB, business_day: 8h}`" + `; the last two may be left out.
- **` + "`version.releases`**: the releases of the product with their dates, `{9.2.0: 2025-01-10, 10.0.0: 2026-01-29}`" + `, or with more about each:
  ` + "`{10.0.0: {released: 2026-01-29, track: lts, until: 2031-01-29, dependency: {core: 9.2}}}`" + `.
- **` + "`version.dependency`**: the version in use of what the product depends on, `{core: 9.2}`; `version.dependency_releases`: its releases, `{core: {9.2.0: 2024-11-01}}`" + `.

`

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}
