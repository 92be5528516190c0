package api

import (
	"context"
	"net/http"

	"github.com/tierdesk/tierdesk/internal/register/identity"
)

type meAnswer struct{ Body meOut }

type meOut struct {
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Email        string           `json:"email"`
	Zone         string           `json:"zone" doc:"The time zone in which times are shown to you."`
	Kind         string           `json:"kind" enum:"end-user,customer,partner,vendor,unknown" doc:"As whom you ask."`
	Organisation *organisationOut `json:"organisation,omitempty"`
	Roles        []string         `json:"roles" nullable:"false" doc:"admin, end-user, manager, owner."`
	Levels       []string         `json:"levels" nullable:"false" doc:"The levels that you serve."`
}

type organisationOut struct {
	ID   string `json:"id"`
	Kind string `json:"kind" enum:"vendor,partner,customer"`
	Name string `json:"name"`
}

func (a *api) addPeople() {
	add(a, operation{id: "get-me", method: http.MethodGet, path: "/me", tag: "People", summary: "Read whose token this is"}, a.me)
}

func (a *api) me(_ context.Context, c *call, _ *struct{}) (*meAnswer, error) {
	me := &c.actor
	out := meOut{ID: me.PersonID, Name: me.Name, Email: me.Email, Zone: me.Zone, Kind: me.Kind(), Roles: []string{}, Levels: append([]string{}, me.Levels...)}
	if me.OrgID != "" {
		out.Organisation = &organisationOut{me.OrgID, string(me.OrgKind), me.OrgName}
	}
	for _, r := range []struct {
		has  bool
		role identity.Role
	}{{me.Admin, identity.RoleAdmin}, {me.EndUser, identity.RoleEndUser}, {me.Manager, identity.RoleManager}, {me.Owner, identity.RoleOwner}} {
		if r.has {
			out.Roles = append(out.Roles, string(r.role))
		}
	}
	return &meAnswer{Body: out}, nil
}
