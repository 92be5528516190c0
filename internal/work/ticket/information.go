package ticket

import (
	"encoding/json"
	"slices"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// hold tells a situation what has been given.
func hold(sit *coverage.Situation, p *policy.Policy, info *information.Given) {
	sit.Provided, sit.Amounts = info.Amounts(p)
	sit.Waived = info.Waivers(p)
}

// clauseOf is the clause that asks for the first of these; "" when nothing is asked for.
func clauseOf(list []policy.Requirement) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Clause
}

// Secrets are sealed together under the id of their ticket and this mark; a first store sealed one text under the id alone.
const secretsMark = "/secrets"

// sealSecrets adds secrets to those that are sealed already; keep is nil for none.
func sealSecrets(sealer *seal.Sealer, ticket string, keep, more map[string]string) ([]byte, error) {
	all := make(map[string]string, len(keep)+len(more))
	for _, from := range []map[string]string{keep, more} {
		for id, text := range from {
			all[id] = text
		}
	}
	plain, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(plain, []byte(ticket+secretsMark))
}

// openSecrets are the sealed texts by the ids of their information.
func openSecrets(sealer *seal.Sealer, ticket string, info *information.Given, sealed []byte) (map[string]string, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	plain, err := sealer.Open(sealed, []byte(ticket+secretsMark))
	if err == nil {
		var out map[string]string
		return out, json.Unmarshal(plain, &out)
	}
	if plain, first := sealer.Open(sealed, []byte(ticket)); first == nil && len(info.Sealed) > 0 {
		return map[string]string{info.Sealed[0]: string(plain)}, nil
	}
	return nil, err
}

// upload is a file on its way into a ticket, for an information of the policy or for none.
type upload struct {
	File
	id string
}

// uploads are the files of a request: those sent for an information, and those sent without a word on what they show, of which
// pictures and recordings count as what the policy asks for of that kind.
func uploads(p *policy.Policy, files []File, info *information.Given) []upload {
	var list []upload
	for _, f := range files {
		list = append(list, upload{f, information.ForFile(p, f.ContentType)})
	}
	for _, d := range p.Information() {
		for _, f := range info.Files[d.ID] {
			list = append(list, upload{f, d.ID})
		}
	}
	return list
}

// storeUploads makes files part of a message and notes those that were sent for an information under it.
func storeUploads(tx *db.Tx, t *Ticket, m *Message, list []upload, info *information.Given) error {
	for _, u := range list {
		id, err := storeFile(tx, t, m, u.File)
		if err != nil {
			return err
		}
		if u.id != "" {
			rows := slices.Clone(info.Values[u.id].Rows)
			info.Set(u.id, information.Value{Rows: append(rows, information.Row{information.Name: u.Name, information.Attachment: id})})
		}
	}
	return nil
}

// linkFiles finds the attachments that rows of files mean, among those that the actor may read. A name without a file stays a name.
// Faults: Invalid for an id that is no attachment of this ticket.
func linkFiles(p *policy.Policy, in *information.Given, readable []Attachment) error {
	e := fault.New(fault.Invalid, "One of the files named is no file of this ticket. Add the file first, then name its id.")
	bad := e
	for _, d := range p.Information() {
		if !information.IsFiles(d.Type) {
			continue
		}
		v, ok := in.Values[d.ID]
		if !ok {
			continue
		}
		rows := slices.Clone(v.Rows)
		for i, row := range rows {
			if row[information.URL] != "" {
				continue
			}
			at := slices.IndexFunc(readable, func(a Attachment) bool {
				return a.ID == row[information.Attachment] || row[information.Attachment] == "" && a.Name == row[information.Name]
			})
			if at >= 0 {
				rows[i] = information.Row{information.Name: readable[at].Name, information.Attachment: readable[at].ID}
			} else if row[information.Attachment] != "" {
				bad = bad.WithField(information.Path(d.ID, i), "This ticket has no such attachment.")
			}
		}
		in.Set(d.ID, information.Value{Rows: rows})
	}
	if bad != e {
		return bad
	}
	return nil
}
