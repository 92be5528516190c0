package api

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

type situationIn struct {
	RawBody []byte `contentType:"application/json"`
}

type decisionAnswer struct{ Body decisionOut }

// decisionOut is what the policy would say about a situation.
type decisionOut struct {
	CoverageOut
	AgreedOut
	Level       *string        `json:"level"`
	LevelWanted string         `json:"level_wanted,omitempty" doc:"The category's or the asker's level, when level is another."`
	Provider    maybeProvider  `json:"provider"`
	Clocks      []clockOut     `json:"clocks" nullable:"false"`
	Missing     []string       `json:"missing" nullable:"false" doc:"What it would still need."`
	Unsettled   []unsettledOut `json:"unsettled" nullable:"false" doc:"What the policy cannot settle, with the facts that would."`
	Version     lifeOut        `json:"version" doc:"Where the product's version stands in its life."`
}

type unsettledOut struct {
	Field string   `json:"field"`
	Cause string   `json:"cause"`
	Needs []string `json:"needs" nullable:"false"`
}

type lifeOut struct {
	Phase       string            `json:"phase,omitempty"`
	Until       string            `json:"until,omitempty" doc:"The last day of the phase."`
	Phases      map[string]string `json:"phases,omitempty" doc:"The last day of each phase, open, or ended."`
	UpgradeTo   string            `json:"upgrade_to,omitempty" doc:"The first supported release on the way up."`
	UpgradePath []string          `json:"upgrade_path,omitempty" doc:"The releases to go through, lowest first."`
}

func presentLife(v *coverage.Version) lifeOut {
	out := lifeOut{Phase: v.Phase, Until: v.Until, UpgradeTo: v.UpgradeTo, UpgradePath: v.UpgradePath}
	for _, e := range v.Phases {
		if out.Phases == nil {
			out.Phases = map[string]string{}
		}
		out.Phases[e.ID] = e.Last
	}
	return out
}

func (a *api) addCoverage() {
	add(a, operation{id: "decide-coverage", method: http.MethodPost, path: "/coverage", tag: "Policy", raw: true, summary: "Ask what the policy says",
		about: "Takes a situation, at the top level or under situation, nested or with dotted keys, and gives the decision of the version in force. Nothing is stored. " +
			"Without at, the situation is now."}, a.decide)
	body := a.huma.OpenAPI().Paths[base+"/coverage"].Post.RequestBody
	body.Content["application/json"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true,
		Description: "Facts of the request: category, level, at, product.type, account.region, requester.kind, contract.maintenance_active and the others that the policy language knows.",
		Examples:    []any{map[string]any{"requester": map[string]any{"kind": "end-user"}, "contract": map[string]any{"maintenance_active": true}}}}}
	body.Required = true
}

func (a *api) decide(ctx context.Context, c *call, in *situationIn) (*decisionAnswer, error) {
	if kind := c.r.Header.Get("Content-Type"); kind != "" && mediaType(kind) != "application/json" {
		return nil, newProblem(http.StatusUnsupportedMediaType, sentence(http.StatusUnsupportedMediaType))
	}
	data, err := situationOf(in.RawBody)
	if err != nil {
		return nil, err
	}
	now := a.DB.Now()
	rules, err := a.Book.InForce(ctx, now)
	if err != nil {
		return nil, err
	}
	s, errs := coverage.ParseSituation(rules.Policy, data)
	if len(errs) > 0 {
		bad := fault.New(fault.Invalid, "Some facts of the situation can't be used. Correct those listed.")
		for _, e := range errs {
			bad = bad.WithField(e.Path, e.Message)
		}
		return nil, bad
	}
	if s.At == 0 {
		s.At = now
	}
	d := coverage.Decide(rules.Policy, s)
	out := &decisionAnswer{Body: presentDecision(rules.Policy, &d, rules.Number)}
	out.Body.Provider, err = a.providerOf(ctx, c.actor, d.Provider)
	return out, err
}

func mediaType(header string) string {
	kind, _, _ := mime.ParseMediaType(header)
	return kind
}

// situationOf is the situation in a body, which may hold it under a key of its own.
func situationOf(body []byte) ([]byte, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return nil, newProblem(http.StatusBadRequest, "The body is not a JSON object. Correct it and send it again.")
	}
	inner, ok := object["situation"]
	if !ok {
		return body, nil
	}
	for name := range object {
		if name != "situation" && name != "at" {
			return nil, fault.New(fault.Invalid, "Put every fact into the situation.").WithField(name, "This stands beside the situation; move it inside.")
		}
	}
	at, ok := object["at"]
	if inner = bytes.TrimSpace(inner); !ok {
		return inner, nil
	}
	var facts map[string]json.RawMessage
	if err := json.Unmarshal(inner, &facts); err != nil || facts == nil {
		return nil, fault.New(fault.Invalid, "The situation is not an object.").WithField("situation", "Write the facts as an object.")
	}
	facts["at"] = at
	return json.Marshal(facts)
}

func presentDecision(p *policy.Policy, d *coverage.Decision, version int) decisionOut {
	out := decisionOut{CoverageOut: presentCoverage(d, version), AgreedOut: presentAgreed(p, d), Level: optional(d.Level), LevelWanted: d.LevelWanted, Clocks: presentClocks(d.Clocks),
		Missing: append([]string{}, d.Missing...), Unsettled: make([]unsettledOut, len(d.Unsettled)), Version: presentLife(&d.Version)}
	for i, u := range d.Unsettled {
		out.Unsettled[i] = unsettledOut{u.Field, u.Cause, append([]string{}, u.Needs...)}
	}
	return out
}

// providerOf names the vendor and the caller's own organisation. Another id that
// a situation holds is given back as it came: asking must not tell who it is.
func (a *api) providerOf(ctx context.Context, actor identity.Actor, p coverage.Provider) (maybeProvider, error) {
	if p.Kind == "" {
		return maybeProvider{}, nil
	}
	out := &providerOut{Kind: p.Kind, OrganisationID: p.Org}
	if p.Kind == "vendor" && (p.Org == "" || p.Org == "vendor") {
		v, err := a.names.ofVendor(ctx)
		out.Organisation, out.OrganisationID = v.name, v.id
		return maybeProvider{out}, err
	}
	if p.Org != "" && p.Org == actor.OrgID {
		out.Organisation = actor.OrgName
	}
	return maybeProvider{out}, nil
}
