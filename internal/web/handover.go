package web

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// given is what the hand-over form brings, by the information of the policy that asks; nil before one is published.
func given(f *form, p *policy.Policy) information.Given {
	if p == nil {
		return information.Given{}
	}
	in := typedInformation(f, p)
	for _, d := range p.Information() {
		if list := f.taken(page.InfoField(d.ID)); len(list) > 0 {
			if in.Files == nil {
				in.Files = map[string][]attach.File{}
			}
			in.Files[d.ID] = list
		}
	}
	return in
}

// typedInformation is what was typed, as it was typed.
func typedInformation(f *form, p *policy.Policy) information.Given {
	var in information.Given
	for _, d := range p.Information() {
		name := page.InfoField(d.ID)
		switch {
		case information.IsFiles(d.Type):
		case d.Type == information.TypeYesNo:
			if list := f.Values[name]; len(list) > 0 {
				yes := slices.Contains(list, "yes")
				in.Set(d.ID, information.Value{Yes: yes, No: !yes})
			}
		case information.Columns(&d) != nil:
			if rows := typedRows(f, &d); len(rows) > 0 {
				in.Set(d.ID, information.Value{Rows: rows})
			}
		case f.get(name) != "":
			in.Set(d.ID, information.Value{Text: f.get(name)})
		}
		if reason := f.get(page.WaiveField(d.ID)); reason != "" {
			if in.Waived == nil {
				in.Waived = map[string]string{}
			}
			in.Waived[d.ID] = reason
		}
	}
	return in
}

func typedRows(f *form, d *policy.Information) []information.Row {
	columns := information.Columns(d)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = page.CellField(d.ID, c)
	}
	var out []information.Row
	for _, cells := range f.rows(names...) {
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		row := information.Row{}
		for i, c := range columns {
			row[c] = cells[i]
		}
		out = append(out, row)
	}
	return out
}

// handover is the form for what a gate asks: those things first, in its order, then what no gate asks for; what other gates ask
// for is folded away.
func (d reading) handover(g page.Gate, required []policy.Requirement, in *information.Given, files func(information.Row) (page.Attachment, bool)) page.Handover {
	p := d.rules.Policy
	h, shown := page.Handover{Gate: g}, map[string]bool{}
	for _, r := range required {
		group := page.Group{Key: r.IDs[0], Min: r.Min, Waivable: r.Waivable}
		for _, id := range r.IDs {
			if in.Waived[id] != "" {
				group.Waived = in.Waived[id]
			}
			if def, ok := information.Find(p, id); ok && !shown[id] {
				shown[id] = true
				group.Fields = append(group.Fields, d.field(&def, in, files))
			}
		}
		if len(group.Fields) > 0 {
			h.Groups = append(h.Groups, group)
		}
	}
	asked := askedFor(p)
	for _, def := range p.Information() {
		if shown[def.ID] {
			continue
		}
		group := page.Group{Key: def.ID, Fields: []page.Field{d.field(&def, in, files)}}
		if asked[def.ID] {
			h.Others = append(h.Others, group)
		} else {
			h.Groups = append(h.Groups, group)
		}
	}
	return h
}

// askedFor are the ids that some gate asks for.
func askedFor(p *policy.Policy) map[string]bool {
	out := map[string]bool{}
	for _, g := range p.Gates() {
		for _, r := range g.Require {
			for _, id := range r.IDs {
				out[id] = true
			}
		}
	}
	return out
}

func kindOf(typ string) page.FieldKind {
	switch typ {
	case information.TypeSteps:
		return page.StepRows
	case information.TypeTable:
		return page.TableRows
	case information.TypeURL:
		return page.Address
	case information.TypeSecret:
		return page.Secret
	case information.TypeYesNo:
		return page.Box
	case information.TypeNumber:
		return page.Number
	case information.TypeDate:
		return page.Date
	case information.TypeText:
		return page.Long
	}
	if information.IsFiles(typ) {
		return page.Files
	}
	return page.OneLine
}

// field is one information with what is in it; files finds the attachments that the reader may open.
func (d reading) field(def *policy.Information, in *information.Given, files func(information.Row) (page.Attachment, bool)) page.Field {
	v := in.Values[def.ID]
	out := page.Field{ID: def.ID, Title: def.Title, Kind: kindOf(def.Type), Text: v.Text, Yes: v.Yes, Stored: slices.Contains(in.Sealed, def.ID)}
	if out.Kind == page.Files {
		for _, row := range v.Rows {
			if a, ok := files(row); ok {
				out.Files = append(out.Files, a)
			} else if row[information.Attachment] == "" {
				out.Links = append(out.Links, row[information.URL]+row[information.Name])
			}
		}
		return out
	}
	columns := information.Columns(def)
	for _, c := range columns {
		out.Columns = append(out.Columns, page.Column{Name: c, Label: d.column(def.Type, c)})
	}
	for _, row := range v.Rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = row[c]
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// column is the label of a column: the language's own for steps, else the policy's word; two letters are an abbreviation.
func (d reading) column(typ, name string) string {
	portal := d.f.Surface == page.Portal
	switch {
	case typ == information.TypeSteps && name == information.Action && portal:
		return d.f.T("I did")
	case typ == information.TypeSteps && name == information.Expected && portal:
		return d.f.T("I expected")
	case typ == information.TypeSteps && name == information.Actual && portal:
		return d.f.T("What happened")
	case len(name) <= 2:
		return strings.ToUpper(name)
	}
	return wording.Capital(plain(name))
}

// stored is the hand-over form filled with what was given before.
func (s sight) stored() page.Handover { return s.filled(&s.v.Info, nil) }

func (s sight) filled(in *information.Given, typed *form) page.Handover {
	h := s.handover(s.gate(s.v.Required, s.v.Missing, s.v.GateClause, s.v.Info.Waived), s.v.Required, in, s.file)
	if typed != nil {
		oneMoreRow(&h, typed.Get("add"))
	}
	return h
}

// oneMoreRow adds an empty row to the information that was asked for.
func oneMoreRow(h *page.Handover, id string) {
	for _, list := range [][]page.Group{h.Groups, h.Others} {
		for _, g := range list {
			for i := range g.Fields {
				if id != "" && g.Fields[i].ID == id {
					g.Fields[i].Extra = 1
				}
			}
		}
	}
}

// file is a handed-over file that the reader may open.
func (s sight) file(row information.Row) (page.Attachment, bool) {
	for _, a := range s.v.Attachments {
		if a.ID == row[information.Attachment] {
			return s.attachment(a), true
		}
	}
	return page.Attachment{}, false
}

// noFile is for a request that is not stored yet.
func noFile(information.Row) (page.Attachment, bool) { return page.Attachment{}, false }

// retyped is the stored form with what was just typed in its place. Without secrets the sealed ones do not go back into the page.
func (s sight) retyped(f *form, secrets bool) page.Handover {
	in := typedInformation(f, s.rules.Policy)
	in.Sealed = s.v.Info.Sealed
	for _, d := range s.rules.Policy.Information() {
		if information.IsFiles(d.Type) && len(s.v.Info.Values[d.ID].Rows) > 0 {
			in.Set(d.ID, s.v.Info.Values[d.ID])
		}
		if d.Type == information.TypeSecret && !secrets {
			delete(in.Values, d.ID)
		}
	}
	return s.filled(&in, f)
}

// typedAny reports that a form brought something of a hand-over.
func typedAny(f *form) bool {
	for name := range f.Values {
		if strings.HasPrefix(name, page.InfoField("")) || name == "add" {
			return true
		}
	}
	return false
}

// handed is what was handed over so far, to read; revealed are the secrets by id, for this answer only.
func (s sight) handed(revealed map[string]string) *page.HandoverFacts {
	info := &s.v.Info
	h := &page.HandoverFacts{Sealed: len(info.Sealed) > 0, CanReveal: s.v.May.Reveal}
	for _, def := range s.rules.Policy.Information() {
		item := page.GivenItem{Field: s.field(&def, info, s.file), Waived: info.Waived[def.ID], Revealed: revealed[def.ID]}
		if item.Text != "" || item.Yes || item.Stored || len(item.Rows)+len(item.Files)+len(item.Links) > 0 || item.Waived != "" {
			h.Items = append(h.Items, item)
		}
	}
	s.lookedAt(h)
	if n := len(s.v.Handovers); n > 0 {
		last := s.v.Handovers[n-1]
		h.By, h.At = s.person(last.PersonID, last.FromOrg).Name, last.At
	}
	if h.By == "" && len(h.Items) == 0 {
		return nil
	}
	return h
}
