package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/tierdesk/tierdesk/internal/work/information"
)

type versionsOut struct{ Body versionListOut }

type versionListOut struct {
	Items   []policyVersionOut `json:"items" nullable:"false"`
	InForce string             `json:"in_force" doc:"The number of the version in force now."`
}

type policyVersionOut struct {
	Version     string `json:"version"`
	Name        string `json:"name"`
	Hash        string `json:"hash" doc:"SHA-256 of its text."`
	EffectiveAt string `json:"effective_at" format:"date-time"`
	PublishedAt string `json:"published_at" format:"date-time"`
}

type categoriesOut struct{ Body categoryListOut }

type categoryListOut struct {
	Items         []categoryOut `json:"items" nullable:"false"`
	PolicyVersion string        `json:"policy_version"`
}

type categoryOut struct {
	ID     string  `json:"id" doc:"What a ticket's category is set to."`
	Title  string  `json:"title"`
	Level  *string `json:"level" doc:"The level that it belongs to, if the policy says."`
	Clause string  `json:"clause"`
}

type informationsOut struct{ Body informationListOut }

type informationListOut struct {
	Items         []informationOut `json:"items" nullable:"false"`
	PolicyVersion string           `json:"policy_version"`
}

type informationOut struct {
	ID      string   `json:"id" doc:"What a request or a hand-over calls it."`
	Title   string   `json:"title"`
	Type    string   `json:"type" doc:"steps, url, secret, yes-no, text, image, video, media, table, file, number, date or person."`
	Columns []string `json:"columns,omitempty" nullable:"false" doc:"The columns of its rows, where it has rows."`
	Clause  string   `json:"clause"`
}

func (a *api) addPolicy() {
	add(a, operation{id: "list-policy-versions", method: http.MethodGet, path: "/policy", tag: "Policy", summary: "List the versions of the policy"}, a.versions)
	add(a, operation{id: "list-categories", method: http.MethodGet, path: "/categories", tag: "Policy", summary: "List the categories of the policy in force"}, a.categories)
	add(a, operation{id: "list-information", method: http.MethodGet, path: "/information", tag: "Policy", summary: "List what the policy in force can ask of a request"}, a.information)
}

func (a *api) versions(ctx context.Context, _ *call, _ *struct{}) (*versionsOut, error) {
	list, err := a.Book.List(ctx)
	if err != nil {
		return nil, err
	}
	now, err := a.Book.InForce(ctx, a.DB.Now())
	if err != nil {
		return nil, err
	}
	out := &versionsOut{Body: versionListOut{Items: make([]policyVersionOut, len(list)), InForce: strconv.Itoa(now.Number)}}
	for i, v := range list {
		out.Body.Items[i] = policyVersionOut{strconv.Itoa(v.Number), v.Name, v.Hash, instant(v.EffectiveAt), instant(v.PublishedAt)}
	}
	return out, nil
}

func (a *api) categories(ctx context.Context, _ *call, _ *struct{}) (*categoriesOut, error) {
	rules, err := a.Book.InForce(ctx, a.DB.Now())
	if err != nil {
		return nil, err
	}
	out := &categoriesOut{Body: categoryListOut{Items: []categoryOut{}, PolicyVersion: strconv.Itoa(rules.Number)}}
	for _, c := range rules.Policy.Categories() {
		out.Body.Items = append(out.Body.Items, categoryOut{c.ID, c.Title, optional(c.Level), c.Clause})
	}
	return out, nil
}

func (a *api) information(ctx context.Context, _ *call, _ *struct{}) (*informationsOut, error) {
	rules, err := a.Book.InForce(ctx, a.DB.Now())
	if err != nil {
		return nil, err
	}
	out := &informationsOut{Body: informationListOut{Items: []informationOut{}, PolicyVersion: strconv.Itoa(rules.Number)}}
	for _, d := range rules.Policy.Information() {
		out.Body.Items = append(out.Body.Items, informationOut{d.ID, d.Title, d.Type, information.Columns(&d), d.Clause})
	}
	return out, nil
}
