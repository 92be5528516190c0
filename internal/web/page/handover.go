package page

import (
	"slices"
	"strconv"
	"strings"
)

// Gate is what a hand-over needs before it may happen.
type Gate struct {
	Items  []GateItem
	Clause Clause
}

// GateItem is one thing that is needed. Key is the id that the policy gives it, of alternatives the first;
// Title is the policy's name for it.
type GateItem struct {
	Key, Title string
	Met        bool
	// Waived is the recorded reason why it is not needed, or "".
	Waived string
}

func (g Gate) met() int {
	n := 0
	for _, item := range g.Items {
		if item.Met || item.Waived != "" {
			n++
		}
	}
	return n
}

func (g Gate) missing() int { return len(g.Items) - g.met() }

// Handover is the form that gives what a policy asks for; it is part of the escalate page, of an incomplete request and of a
// new request that goes straight to a level with a gate.
//
// Form fields (multipart/form-data), ID being the id that the policy gives:
//
//	info.ID          a text, an address, a number, a date, a person, a secret (never sent back to the browser once stored),
//	                 "yes" or "no", or files, repeated
//	info.ID.COLUMN   steps and tables: repeated, one set per row, empty rows are ignored
//	waive.ID         the reason why it cannot be given
//	add              the ID whose rows are to be one more: not a submission; answer with the same page, all values kept
//
// Error keys are info.ID; those of rows carry the 1-based row: "info.ID.COLUMN.2".
type Handover struct {
	Gate Gate
	// Groups are what the gate asks for, in its order, then what no gate asks for and may go along.
	Groups []Group
	// Others belong to other gates; they are folded away.
	Others []Group
}

// Group is one thing to give, or alternatives of which one is enough. Key is its GateItem's, or the field's own.
type Group struct {
	Key    string
	Fields []Field
	// Min is how many rows or files are needed.
	Min int
	// Waivable offers a reason instead; Waived is the one given.
	Waivable bool
	Waived   string
}

// Field is one input, or rows of them.
type Field struct {
	ID, Title string
	Kind      FieldKind
	// Text is what stands in it; a secret's only when it was typed and not yet stored.
	Text string
	// Yes is for a box that is ticked, Stored for a secret that is kept sealed.
	Yes, Stored bool
	// Columns are the columns of Rows, whose cells stand in their order. Extra asks for that many empty rows beyond the one
	// that is always there.
	Columns []Column
	Rows    [][]string
	Extra   int
	// Files are stored already; Links are addresses or names given instead of files.
	Files []Attachment
	Links []string
}

// Column is one column of rows; Name is its part of the form field.
type Column struct{ Name, Label string }

// FieldKind is how a field is drawn.
type FieldKind string

// The kinds of fields.
const (
	OneLine   FieldKind = "text"
	Long      FieldKind = "long"
	Address   FieldKind = "url"
	Secret    FieldKind = "secret"
	Box       FieldKind = "box"
	Number    FieldKind = "number"
	Date      FieldKind = "date"
	StepRows  FieldKind = "steps"
	TableRows FieldKind = "table"
	Files     FieldKind = "files"
)

// InfoField, WaiveField and CellField are the names of the form's fields.
func InfoField(id string) string { return "info." + id }

// WaiveField is the name of the field for the reason why an information cannot be given.
func WaiveField(id string) string { return "waive." + id }

// CellField is the name of the repeated field of one column.
func CellField(id, column string) string { return InfoField(id) + "." + column }

func (d Field) name() string { return InfoField(d.ID) }

func (d Field) allRows() [][]string {
	rows := append([][]string{}, d.Rows...)
	for range 1 + d.Extra {
		rows = append(rows, make([]string, len(d.Columns)))
	}
	return rows
}

// counted selects the inputs of which each that is filled counts for the meter.
func (g Group) counted() string {
	var out []string
	for _, d := range g.Fields {
		switch d.Kind {
		case Box:
			out = append(out, byName(d.name())+"[type=checkbox]")
		case StepRows, TableRows:
			out = append(out, byName(CellField(d.ID, d.Columns[0].Name)))
		case Files:
			out = append(out, byName(d.name()), byName("kept_"+d.name()))
		default:
			out = append(out, byName(d.name()))
		}
	}
	return strings.Join(out, ", ")
}

func byName(name string) string { return `[name="` + strings.ReplaceAll(name, `"`, `\"`) + `"]` }

// stored counts what is kept already and stands in no input.
func (g Group) stored() int {
	n := 0
	for _, d := range g.Fields {
		n += len(d.Files) + len(d.Links)
		if d.Stored {
			n++
		}
	}
	return n
}

func (g Group) title() string {
	if len(g.Fields) == 0 {
		return spoken(g.Key)
	}
	return g.Fields[0].Title
}

// filled reports that something was given.
func (g Group) filled() bool {
	return g.stored() > 0 || slices.ContainsFunc(g.Fields, func(d Field) bool { return d.Text != "" || d.Yes || len(d.Rows) > 0 || d.Extra > 0 })
}

func anyFilled(list []Group) bool { return slices.ContainsFunc(list, Group.filled) }

// gateWord names a gate item as the policy does.
func (f Frame) gateWord(item GateItem) string {
	if item.Title != "" {
		return item.Title
	}
	return spoken(item.Key)
}

// rowHint says how rows are filled.
func (f Frame) rowHint(d Field, least int) string {
	hint := f.T("One row for each; a row counts when all of it is filled in.")
	if d.Kind == StepRows {
		hint = f.ask(f.T("One row per step. Expected and actual may stay empty where nothing is remarkable."), f.T("One row for each thing you did. If something surprised you, say what you expected and what you saw."))
	}
	if least > 1 {
		hint += " " + f.T("At least %d are needed.", least)
	}
	return hint
}

// fieldHint helps with what a field of this kind takes.
func (f Frame) fieldHint(d Field) string {
	switch d.Kind {
	case Address:
		return f.T("Copy it from the browser, with https:// at the front.")
	case Secret:
		return f.T("Sealed when sent. Each time somebody opens them is recorded, with the name.")
	}
	return ""
}

func (f Frame) gateState(item GateItem) string {
	if item.Met || item.Waived != "" {
		return f.T("given")
	}
	return f.T("still missing")
}

// ask picks the desk's or the portal's wording.
func (f Frame) ask(desk, portal string) string {
	if f.Surface == Desk {
		return desk
	}
	return portal
}

func rowKey(name string, n int) string { return name + "." + strconv.Itoa(n) }
