package api

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// GateIn is what a hand-over can carry; every field may be left out.
type GateIn struct {
	Steps          []stepIn          `json:"steps,omitempty" doc:"Steps to reproduce."`
	EnvironmentURL string            `json:"environment_url,omitempty" nullable:"true" doc:"Where it happens."`
	AccessDetails  string            `json:"access_details,omitempty" nullable:"true" doc:"How to sign in there. Kept sealed; each look is recorded."`
	NoneNeeded     bool              `json:"none_needed,omitempty" nullable:"true" doc:"No access is needed to see the problem."`
	Evidence       []evidenceIn      `json:"evidence,omitempty" doc:"Screenshots and recordings."`
	TestMatrix     []testedIn        `json:"test_matrix,omitempty" doc:"What was tested, with its result."`
	Tried          string            `json:"tried,omitempty" nullable:"true" doc:"What was tried already."`
	Waive          map[string]string `json:"waive,omitempty" doc:"Items that cannot be given, each with its reason, where the policy allows it."`
}

type testedIn struct {
	Browser string `json:"browser,omitempty"`
	OS      string `json:"os,omitempty"`
	Device  string `json:"device,omitempty"`
	Result  string `json:"result,omitempty"`
}

// stepIn is one step, as a sentence or with what was expected and what happened.
type stepIn struct{ stepFields }

type stepFields struct {
	Action   string `json:"action"`
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
}

// UnmarshalJSON reads a string or an object.
func (s *stepIn) UnmarshalJSON(data []byte) error { return textOr(data, &s.Action, &s.stepFields) }

// Schema describes both forms.
func (*stepIn) Schema(r huma.Registry) *huma.Schema { return textOrSchema[stepFields](r) }

// evidenceIn is a link, an attachment of the ticket by id or name, or the name of a file.
type evidenceIn struct {
	text string
	evidenceFields
}

type evidenceFields struct {
	Kind       string `json:"kind,omitempty" doc:"screenshot or screencast; the content decides."`
	URL        string `json:"url,omitempty"`
	Attachment string `json:"attachment,omitempty" doc:"The id of an attachment of this ticket."`
	Name       string `json:"name,omitempty"`
}

// UnmarshalJSON reads a string or an object.
func (e *evidenceIn) UnmarshalJSON(data []byte) error {
	return textOr(data, &e.text, &e.evidenceFields)
}

// Schema describes both forms.
func (*evidenceIn) Schema(r huma.Registry) *huma.Schema { return textOrSchema[evidenceFields](r) }

// MarshalJSON writes what was read, for the hash of a request.
func (e evidenceIn) MarshalJSON() ([]byte, error) {
	if e.text != "" {
		return json.Marshal(e.text)
	}
	return json.Marshal(e.evidenceFields)
}

func textOr(data []byte, text *string, object any) error {
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, text)
	}
	return json.Unmarshal(data, object)
}

func textOrSchema[T any](r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, schemaOf[T](r)}}
}

// information is what was given, with evidence linked to files of the ticket.
// files finds them and is asked only when needed; nil means there is no ticket yet.
func (g *GateIn) information(files func() ([]ticket.Attachment, error)) (in ticket.Information, err error) {
	in = ticket.Information{EnvironmentURL: g.EnvironmentURL, AccessDetails: g.AccessDetails, NoneNeeded: g.NoneNeeded, Tried: g.Tried, Waived: g.Waive}
	for _, s := range g.Steps {
		in.Steps = append(in.Steps, ticket.Step(s.stepFields))
	}
	for _, t := range g.TestMatrix {
		in.TestMatrix = append(in.TestMatrix, ticket.Tested(t))
	}
	var list []ticket.Attachment
	for i, e := range g.Evidence {
		e.classify()
		if e.URL == "" && e.Attachment == "" && e.Name == "" {
			continue
		}
		if e.URL == "" && files != nil && list == nil {
			if list, err = files(); err != nil {
				return in, err
			}
		}
		if err := e.link(list, i); err != nil {
			return in, err
		}
		in.Evidence = append(in.Evidence, ticket.Evidence{Name: e.Name, Attachment: e.Attachment, URL: e.URL})
	}
	return in, nil
}

// classify tells what a bare string is.
func (e *evidenceIn) classify() {
	text := strings.TrimSpace(e.text)
	switch {
	case text == "":
	case strings.HasPrefix(text, "https://"), strings.HasPrefix(text, "http://"):
		e.URL = text
	case isID(text):
		e.Attachment = text
	default:
		e.Name = text
	}
}

// isID tells an id of ours from a name.
func isID(s string) bool {
	return len(s) == 36 && strings.Count(s, "-") == 4 && !strings.ContainsAny(s, " /.:")
}

// link finds the file that is meant. A name without a file stays a name.
func (e *evidenceIn) link(list []ticket.Attachment, i int) error {
	if e.URL != "" {
		return nil
	}
	for _, a := range list {
		if a.ID == e.Attachment || (e.Attachment == "" && a.Name == e.Name) {
			e.Attachment, e.Name = a.ID, a.Name
			return nil
		}
	}
	if e.Attachment == "" {
		return nil
	}
	return fault.New(fault.Invalid, "One piece of evidence is no file of this ticket. Add the file first, then name its id.").
		WithField("evidence["+strconv.Itoa(i)+"]", "This ticket has no such attachment.")
}

// filesOf lists the files of a ticket that the caller may read.
func (a *api) filesOf(ctx context.Context, actor identity.Actor, ref string) func() ([]ticket.Attachment, error) {
	return func() ([]ticket.Attachment, error) {
		v, err := a.Tickets.View(ctx, actor, ref, "")
		if err != nil {
			return nil, err
		}
		return append([]ticket.Attachment{}, v.Attachments...), nil
	}
}
