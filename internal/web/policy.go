package web

import (
	"net/http"
	"strconv"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/readable"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

// policyInForce is the published policy by which a request that came now is judged.
func (s *site) policyInForce(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	c, err := s.Book.InForce(r.Context(), s.DB.Now())
	if err != nil {
		return err
	}
	return s.showPolicy(w, r, a, c)
}

// policyVersion is one version at its permanent address.
func (s *site) policyVersion(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	number, err := strconv.Atoi(r.PathValue("version"))
	if err != nil {
		return errNothing
	}
	c, err := s.Book.ByNumber(r.Context(), number)
	if err != nil {
		return err
	}
	return s.showPolicy(w, r, a, c)
}

func (s *site) showPolicy(w http.ResponseWriter, r *http.Request, a identity.Actor, c *rulebook.Compiled) error {
	f, err := s.frame(w, r, a, page.Portal)
	if err != nil {
		return err
	}
	list, err := s.Book.List(r.Context())
	if err != nil {
		return err
	}
	now, err := s.Book.InForce(r.Context(), f.Now)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	inForce := 0
	if now != nil {
		inForce = now.Number
	}
	if a.PersonID == "" {
		// who reads this is not known: the zone in which the policy names its dates, until the browser says another
		f.Zone = page.PolicyZone(c.Policy.Zone())
	}
	p := page.Policy{Frame: f, PolicyEdition: page.PolicyEdition{Document: readable.Of(c.Policy, f.Now), Version: strconv.Itoa(c.Number),
		Effective: effective(c.Version, c.Policy), Standing: standing(c.Version, inForce, f.Now)}}
	for i := len(list) - 1; i >= 0; i-- {
		v := list[i]
		p.Versions = append(p.Versions, page.PolicyVersion{Version: strconv.Itoa(v.Number), Effective: effective(v, c.Policy), Standing: standing(v, inForce, f.Now), Current: v.Number == c.Number})
		if v.From() > f.Now {
			p.Until = effective(v, c.Policy)
		}
	}
	return s.render(w, r, http.StatusOK, p.View())
}

// effective is the local date, in the policy's zone, from which a version can be in force.
func effective(v rulebook.Version, p *policy.Policy) string { return p.DateAt(v.EffectiveAt).String() }

func standing(v rulebook.Version, inForce int, now int64) page.PolicyStanding {
	switch {
	case v.Number == inForce:
		return page.InForce
	case v.From() > now:
		return page.Scheduled
	}
	return page.Earlier
}
