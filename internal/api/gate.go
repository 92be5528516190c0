package api

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// GateIn is what a hand-over can carry; every field may be left out. What the policy asks for stands beside the other fields under
// the ids that the policy gives it, or under information.
type GateIn struct {
	Information informationIn     `json:"information,omitempty" nullable:"true"`
	Waive       map[string]string `json:"waive,omitempty" doc:"Items that cannot be given, each with its reason, where the policy allows it."`

	given map[string]json.RawMessage
}

// informationIn is what the policy asks for, by id.
type informationIn map[string]json.RawMessage

// Schema describes the forms that the types of the policy language have.
func (informationIn) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString}
	row := &huma.Schema{AnyOf: []*huma.Schema{text, {Type: huma.TypeObject, AdditionalProperties: text}}}
	return &huma.Schema{Type: huma.TypeObject, Nullable: true, Description: "What the policy asks for, by its ids; GET /information lists them with their types. " +
		"The ids may also stand beside the other fields. A text for text, url, secret (kept sealed), number, date and person; true for yes-no; " +
		"a list for steps (a text, or action, expected, actual), for tables (an object with the columns) and for files (a link, the id or name of an attachment, or url, attachment, name).",
		AdditionalProperties: &huma.Schema{Nullable: true, AnyOf: []*huma.Schema{text, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}, {Type: huma.TypeArray, Items: row}, {Type: "null"}}}}
}

// beside keeps the fields of a body that are none of its own: they are ids of the policy, or mistakes.
func (g *GateIn) beside(body []byte, own ...string) error {
	if err := json.Unmarshal(body, &g.given); err != nil {
		return err
	}
	for _, name := range append(own, "information", "waive") {
		delete(g.given, name)
	}
	return nil
}

// givenInformation is what was given. Faults: Invalid for a value of no form that the language has.
func (g *GateIn) givenInformation() (in information.Given, err error) {
	in.Waived = g.Waive
	all := maps.Clone(g.given)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	maps.Copy(all, g.Information)
	e := fault.New(fault.Invalid, sentence(422))
	bad := e
	for _, id := range slices.Sorted(maps.Keys(all)) {
		var v information.Value
		if err := json.Unmarshal(all[id], &v); err != nil {
			bad = bad.WithField(id, "Send a text, true or false, or a list of texts or of objects of texts.")
			continue
		}
		in.Set(id, v)
	}
	if bad != e {
		return in, bad
	}
	return in, nil
}
