// Package information holds what a policy asks of a request: values under the ids that the policy gives them, taken in,
// counted and merged by their types alone. No id means anything here.
package information

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/attach"
)

// Given is what has been given, or is being given, for the gates of a policy.
type Given struct {
	Values map[string]Value
	// Sealed names the secrets that the store keeps, in the policy's order; Secrets holds them plain, only on their way in.
	Sealed  []string
	Secrets map[string]string
	// Files are uploads on their way in, by the id that they are given for.
	Files map[string][]attach.File
	// Waived holds the reason for each id that is done without.
	Waived map[string]string

	unnamed bool // a secret of a store that kept one without its id
}

// Value is one thing: a text (also an address, a number, a date, a person), a yes, or rows (steps, files, lines of a table).
type Value struct {
	Text string
	Yes  bool
	Rows []Row
	// No is a yes that is taken back, on its way in only.
	No bool
}

// Row is one step, file or line of a table, by column. A row that somebody wrote as a bare text has it under Bare.
type Row map[string]string

// Columns of the rows whose type fixes them.
const (
	Bare       = ""
	Action     = "action"
	Expected   = "expected"
	Actual     = "actual"
	Name       = "name"
	Attachment = "attachment"
	URL        = "url"
)

// The types of the policy language.
const (
	TypeSteps  = "steps"
	TypeURL    = "url"
	TypeSecret = "secret"
	TypeYesNo  = "yes-no"
	TypeText   = "text"
	TypeTable  = "table"
	TypeNumber = "number"
	TypeDate   = "date"
	TypePerson = "person"
	typeImage  = "image"
	typeVideo  = "video"
	typeMedia  = "media"
	typeFile   = "file"
)

// IsFiles reports a type whose rows are files or links to some.
func IsFiles(typ string) bool {
	return slices.Contains([]string{typeImage, typeVideo, typeMedia, typeFile}, typ)
}

// Columns are the columns of a row of this information; nil for what has no rows.
func Columns(d *policy.Information) []string {
	switch {
	case d.Type == TypeSteps:
		return []string{Action, Expected, Actual}
	case d.Type == TypeTable:
		return d.Columns
	case IsFiles(d.Type):
		return []string{Name, Attachment, URL}
	}
	return nil
}

// Find is the definition of an id.
func Find(p *policy.Policy, id string) (policy.Information, bool) {
	list := p.Information()
	if i := slices.IndexFunc(list, func(d policy.Information) bool { return d.ID == id }); i >= 0 {
		return list[i], true
	}
	return policy.Information{}, false
}

// ForFile is the information that a file sent without a word on what it shows counts as; "" for none.
func ForFile(p *policy.Policy, contentType string) string {
	kind, _, _ := strings.Cut(contentType, "/")
	for _, d := range p.Information() {
		if d.Type == kind && (kind == typeImage || kind == typeVideo) || d.Type == typeMedia && (kind == typeImage || kind == typeVideo) {
			return d.ID
		}
	}
	return ""
}

// Empty reports that nothing is given.
func (g *Given) Empty() bool {
	return len(g.Values) == 0 && len(g.Sealed) == 0 && len(g.Secrets) == 0 && len(g.Files) == 0 && len(g.Waived) == 0
}

// Take checks what comes in by the types of the policy, trims it and drops what is empty.
// Faults: Invalid with a field for each id, "waive.ID" for a waiver.
func (g *Given) Take(p *policy.Policy) error {
	in := *g
	*g = Given{Secrets: maps.Clone(in.Secrets), Files: in.Files, Sealed: in.Sealed}
	e := fault.New(fault.Invalid, "Some of the details can't be used. Please correct the marked fields.")
	bad := e
	for _, id := range slices.Sorted(maps.Keys(in.Values)) {
		if why := g.take(p, id, in.Values[id]); why != "" {
			bad = bad.WithField(id, why)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.Files)) {
		if d, ok := Find(p, id); !ok || !IsFiles(d.Type) {
			bad = bad.WithField(id, "There is no such field for files.")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.Waived)) {
		if _, ok := Find(p, id); !ok {
			bad = bad.WithField("waive."+id, "The policy has no such item.")
		}
		g.waive(id, strings.TrimSpace(in.Waived[id]))
	}
	if bad != e {
		return bad
	}
	return nil
}

// take takes one value in, or says why not.
func (g *Given) take(p *policy.Policy, id string, v Value) string {
	d, ok := Find(p, id)
	if !ok {
		return "There is no such field."
	}
	why := v.fit(&d)
	switch {
	case why != "":
	case d.Type == TypeSecret:
		g.hide(id, v.Text)
	case !v.empty() || v.No:
		g.Set(id, v)
	}
	return why
}

func (g *Given) waive(id, reason string) {
	if reason == "" {
		return
	}
	if g.Waived == nil {
		g.Waived = map[string]string{}
	}
	g.Waived[id] = reason
}

// Set gives one value.
func (g *Given) Set(id string, v Value) {
	if g.Values == nil {
		g.Values = map[string]Value{}
	}
	g.Values[id] = v
}

// Attach gives one more file, on its way in.
func (g *Given) Attach(id string, f attach.File) {
	if g.Files == nil {
		g.Files = map[string][]attach.File{}
	}
	g.Files[id] = append(g.Files[id], f)
}

func (g *Given) hide(id, secret string) {
	if secret == "" {
		return
	}
	if g.Secrets == nil {
		g.Secrets = map[string]string{}
	}
	g.Secrets[id] = secret
}

func (v *Value) empty() bool { return v.Text == "" && !v.Yes && len(v.Rows) == 0 }

// fit brings a value into the form of its type, or says why it has another.
func (v *Value) fit(d *policy.Information) string {
	switch columns := Columns(d); {
	case columns != nil:
		return v.fitRows(d, columns)
	case d.Type == TypeYesNo:
		if v.Text != "" || v.Rows != nil {
			return "Say true or false."
		}
		return ""
	}
	if v.Yes || v.No || v.Rows != nil {
		return "Write this as a text."
	}
	v.Text = strings.TrimSpace(v.Text)
	if v.Text == "" {
		return ""
	}
	switch d.Type {
	case TypeNumber:
		if _, err := strconv.ParseFloat(v.Text, 64); err != nil {
			return "Write a number, such as 12."
		}
	case TypeDate:
		if _, err := time.Parse(time.DateOnly, v.Text); err != nil {
			return "Write a date, such as 2026-01-31."
		}
	}
	return ""
}

func (v *Value) fitRows(d *policy.Information, columns []string) string {
	if v.Yes || v.No || v.Text != "" {
		return "Write this as a list."
	}
	var rows []Row
	for _, row := range v.Rows {
		if text, bare := row[Bare]; bare {
			if d.Type == TypeTable {
				return "Write each line as an object with " + strings.Join(columns, ", ") + "."
			}
			row = bareRow(d.Type, strings.TrimSpace(text))
		}
		clean := Row{}
		for column, text := range row {
			if !slices.Contains(columns, column) {
				return fmt.Sprintf("There is no column %q here; there are %s.", column, strings.Join(columns, ", "))
			}
			if text = strings.TrimSpace(text); text != "" {
				clean[column] = text
			}
		}
		if len(clean) > 0 {
			rows = append(rows, clean)
		}
	}
	v.Rows = rows
	return ""
}

// bareRow reads a row that is a text: a step, or for files a link, the id of an attachment or a name.
func bareRow(typ, text string) Row {
	switch {
	case typ == TypeSteps:
		return Row{Action: text}
	case validURL(text):
		return Row{URL: text}
	case len(text) == 36 && strings.Count(text, "-") == 4 && !strings.ContainsAny(text, " /.:"):
		return Row{Attachment: text}
	}
	return Row{Name: text}
}

// Amount is how much of one information is there: whole rows, or 1 for a value that fits its type. What is half filled is not there.
func (g *Given) Amount(d *policy.Information) int64 {
	v, n := g.Values[d.ID], int64(0)
	switch {
	case d.Type == TypeSecret:
		if slices.Contains(g.Sealed, d.ID) || g.Secrets[d.ID] != "" {
			n = 1
		}
	case Columns(d) != nil:
		for _, row := range v.Rows {
			if whole(d, row) {
				n++
			}
		}
		n += int64(len(g.Files[d.ID]))
	case v.Yes, d.Type == TypeURL && validURL(v.Text), d.Type != TypeURL && v.Text != "":
		n = 1
	}
	return n
}

func whole(d *policy.Information, row Row) bool {
	if d.Type == TypeSteps {
		return row[Action] != ""
	}
	if IsFiles(d.Type) {
		return row[Name]+row[Attachment]+row[URL] != ""
	}
	return !slices.ContainsFunc(d.Columns, func(c string) bool { return row[c] == "" })
}

// Amounts are the ids that are there, each with how much of it.
func (g *Given) Amounts(p *policy.Policy) (ids []string, amounts map[string]int64) {
	for _, d := range p.Information() {
		if n := g.Amount(&d); n > 0 {
			ids = append(ids, d.ID)
			if n > 1 {
				if amounts == nil {
					amounts = map[string]int64{}
				}
				amounts[d.ID] = n
			}
		}
	}
	return ids, amounts
}

// Waivers lists the ids that are done without for a reason, those that the policy knows.
func (g *Given) Waivers(p *policy.Policy) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(g.Waived)) {
		if _, ok := Find(p, id); ok && strings.TrimSpace(g.Waived[id]) != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Merge adds what in brings, after Take; what it leaves empty stays as it was. Files are added to files.
// Of alternatives, one that is given takes back the yes that stood for it.
func (g *Given) Merge(p *policy.Policy, in Given) {
	for id, v := range in.Values {
		d, _ := Find(p, id)
		switch {
		case v.No:
			delete(g.Values, id)
		case IsFiles(d.Type):
			g.Set(id, Value{Rows: append(slices.Clone(g.Values[id].Rows), v.Rows...)})
		default:
			g.Set(id, v)
		}
	}
	for id, secret := range in.Secrets {
		g.hide(id, secret)
		if !slices.Contains(g.Sealed, id) {
			g.Sealed = append(g.Sealed, id)
		}
	}
	for id, reason := range in.Waived {
		g.waive(id, reason)
	}
	for _, gate := range p.Gates() {
		for i := range gate.Require {
			g.settle(p, gate.Require[i].IDs, &in)
		}
	}
}

// settle takes back a yes among alternatives of which in gives another.
func (g *Given) settle(p *policy.Policy, ids []string, in *Given) {
	isYes := func(id string) bool { d, _ := Find(p, id); return d.Type == TypeYesNo }
	given := slices.ContainsFunc(ids, func(id string) bool {
		v := in.Values[id]
		return !isYes(id) && (in.Secrets[id] != "" || len(in.Files[id]) > 0 || !v.empty())
	})
	if !given {
		return
	}
	for _, id := range ids {
		if isYes(id) {
			delete(g.Values, id)
		}
	}
}

// Named gives the secret of an older store, which knew one only and not its id, to the first secret of the policy.
func (g *Given) Named(p *policy.Policy) {
	if !g.unnamed {
		return
	}
	for _, d := range p.Information() {
		if d.Type == TypeSecret {
			g.Sealed, g.unnamed = []string{d.ID}, false
			return
		}
	}
}

// Path names one row of a value in an error, the first with 0: "logs[0]".
func Path(id string, row int) string { return id + "[" + strconv.Itoa(row) + "]" }

func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// stored is the form in which Given is kept.
type stored struct {
	Values map[string]Value  `json:"values,omitempty"`
	Sealed []string          `json:"sealed,omitempty"`
	Waived map[string]string `json:"waived,omitempty"`
}

// MarshalJSON leaves out secrets and uploads.
func (g Given) MarshalJSON() ([]byte, error) {
	return json.Marshal(stored{g.Values, g.Sealed, g.Waived})
}

// UnmarshalJSON also reads the form of the first stores: the values at the top level, and a mark for the only secret.
func (g *Given) UnmarshalJSON(data []byte) error {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		return err
	}
	first := slices.ContainsFunc(slices.Collect(maps.Keys(top)), func(k string) bool { return k != "values" && k != "sealed" && k != "waived" })
	if !first {
		var s stored
		err := json.Unmarshal(data, &s)
		*g = Given{Values: s.Values, Sealed: s.Sealed, Waived: s.Waived}
		return err
	}
	*g = Given{}
	for id, raw := range top {
		switch id {
		case "has_access":
			g.unnamed = true
		case "waived":
			if err := json.Unmarshal(raw, &g.Waived); err != nil {
				return err
			}
		default:
			var v Value
			if err := json.Unmarshal(raw, &v); err != nil {
				return err
			}
			g.Set(id, v)
		}
	}
	return nil
}

// MarshalJSON writes a value as its form: a text, true, or a list of objects.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Rows != nil:
		return json.Marshal(v.Rows)
	case v.Yes, v.No:
		return json.Marshal(v.Yes)
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON reads a text, a number, yes or no, or a list of texts and objects of texts.
func (v *Value) UnmarshalJSON(data []byte) error {
	*v = Value{}
	var form any
	if err := json.Unmarshal(data, &form); err != nil {
		return err
	}
	switch x := form.(type) {
	case nil:
	case string:
		v.Text = x
	case bool:
		v.Yes, v.No = x, !x
	case float64:
		v.Text = strings.TrimSpace(string(data))
	case []any:
		v.Rows = []Row{}
		return json.Unmarshal(data, &v.Rows)
	default:
		return fmt.Errorf("a value is a text, a yes or no, or a list")
	}
	return nil
}

// UnmarshalJSON reads an object of texts, or a bare text.
func (r *Row) UnmarshalJSON(data []byte) error {
	*r = Row{}
	var text string
	if json.Unmarshal(data, &text) == nil {
		(*r)[Bare] = text
		return nil
	}
	return json.Unmarshal(data, (*map[string]string)(r))
}
