package web

import (
	"net/http"
	"net/url"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func (s *site) requestNewPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f := &form{Values: r.URL.Query()}
	return s.showRequestNew(w, r, a, f, refusal{status: http.StatusOK})
}

func (s *site) requestNew(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := s.read(w, r, a)
	if err != nil {
		return err
	}
	if f.Has("check") || f.Has("add") {
		return s.showRequestNew(w, r, a, f, refusal{status: http.StatusOK})
	}
	rules, err := s.rules(r)
	if err != nil {
		return err
	}
	opened, err := s.Tickets.Open(r.Context(), a, ticket.Draft{Channel: "portal", Subject: f.get("subject"), Body: f.get("body"), Category: f.Get("category"),
		Reference: f.get("reference"), InstanceID: f.Get("instance"), Verified: true, Files: f.taken("files"), Severity: f.Get("severity"), Facts: typedFacts(f.Values), Information: given(f, rules)})
	if no, ok := refused(s.bare(r), err); err != nil && ok {
		return s.showRequestNew(w, r, a, f, no)
	}
	if err != nil {
		return err
	}
	s.note(w, "opened")
	return s.redirect(w, r, "/requests/"+opened.Ticket.Name())
}

func (s *site) showRequestNew(w http.ResponseWriter, r *http.Request, a identity.Actor, f *form, no refusal) error {
	frame, err := s.frame(w, r, a, page.Portal)
	if err != nil {
		return err
	}
	frame.Kept = s.keep(a, f, no)
	rules, err := s.rules(r)
	if err != nil {
		return err
	}
	p := page.RequestNew{Frame: frame, Subject: f.get("subject"), Body: f.get("body"), Reference: f.get("reference"), ShowReference: a.Staff() || a.Admin,
		Categories: categories(frame, rules, f.Get("category")), Severities: severities(frame, rules, f.Get("severity")), Errors: no.errors, DraftKey: "new-" + a.PersonID}
	if p.Instances, err = s.instances(r, a.OrgID, f.Get("instance")); err != nil {
		return err
	}
	first, err := s.Tickets.Preview(r.Context(), a, about(f.Values, "portal"))
	if fault.Is(err, fault.Invalid) {
		// the form names what the policy or the account does not have: its error says so, the box stays empty
		first, err = s.Tickets.Preview(r.Context(), a, ticket.About{Channel: "portal"})
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	p.Coverage = page.Coverage{Frame: frame}
	if err == nil {
		// a contract may stay on an earlier version, with words of its own
		p.Categories, p.Severities = categories(frame, first.Rules.Policy, f.Get("category")), severities(frame, first.Rules.Policy, f.Get("severity"))
		p.SeverityBySupport = first.Rules.Policy.SeveritySetBy() != policy.SetByRequester
		p.Facts = reading{frame, first.Rules}.asked(f.Values)
		p.Coverage = coverageBox(frame, first, f.Get("category") != "")
		if len(first.Decision.Missing) > 0 {
			d, in := reading{frame, first.Rules}, typedInformation(f, first.Rules.Policy)
			h := d.handover(d.gate(first.Required, first.Required, first.GateClause, nil), first.Required, &in, noFile)
			oneMoreRow(&h, f.Get("add"))
			p.Handover = &h
			if first.Level != first.Rules.Policy.LowestLevel() {
				p.Straight = d.level(first.Level)
			}
		}
	}
	return s.render(w, r, no.status, p.View())
}

// about is what a form says of a request before it is sent; entrance is the portal, or the desk that writes for somebody.
func about(v url.Values, entrance string) ticket.About {
	return ticket.About{Channel: entrance, By: v.Get("channel"), Category: v.Get("category"), Severity: v.Get("severity"), InstanceID: v.Get("instance"), Facts: typedFacts(v)}
}

// coverageBox is the calm box before sending.
func coverageBox(f page.Frame, p ticket.Preview, asked bool) page.Coverage {
	d := reading{f, p.Rules}
	box := page.Coverage{Frame: f, Asked: asked, Decision: d.portalDecision(&p.Decision, orgOf(p.Provider), f.Now), NeedsDetails: len(p.Decision.Missing) > 0}
	if p.Decision.Covered != coverage.CoveredNo {
		box.By, box.Goal, _ = nextDue(d.clocks(p.Decision.Clocks, nil))
	}
	return box
}

// coverageFragment is the box alone, for the script that follows the form's choices.
func (s *site) coverageFragment(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	q := r.URL.Query()
	f, err := s.frame(w, r, a, page.Portal)
	if err != nil {
		return err
	}
	box := page.Coverage{Frame: f}
	requester := ""
	if q.Get("requester") != "" {
		if requester, err = s.personByMail(r, q.Get("requester")); err != nil {
			return s.render(w, r, http.StatusOK, box.View())
		}
	}
	if q.Get("category") == "" {
		return s.render(w, r, http.StatusOK, box.View())
	}
	entrance := "portal"
	if requester != "" {
		entrance = "desk"
	}
	what := about(q, entrance)
	what.RequesterID = requester
	p, err := s.Tickets.Preview(r.Context(), a, what)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
		return s.render(w, r, http.StatusOK, box.View())
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, coverageBox(f, p, true).View())
}

// personByMail finds who has an address. Faults: NotFound, Invalid.
func (s *site) personByMail(r *http.Request, address string) (id string, err error) {
	canonical, err := mail.Canonical(address)
	if err != nil {
		return "", err
	}
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		p, err := identity.ByEmail(tx, canonical)
		id = p.ID
		return err
	})
	return id, err
}

// categories are the policy's kinds of request under the clauses that name them, what it does not include last.
func categories(f page.Frame, p *policy.Policy, chosen string) []page.OptionGroup {
	if p == nil {
		return nil
	}
	var groups []page.OptionGroup
	beyond := page.OptionGroup{Title: f.T("Beyond support: the way on")}
	for _, c := range p.Categories() {
		option := page.Option{Value: c.ID, Label: c.Title, Selected: c.ID == chosen}
		if c.Answer == coverage.CoveredNo {
			beyond.Options = append(beyond.Options, option)
			continue
		}
		clause, _ := p.Clause(c.Clause)
		if len(groups) == 0 || groups[len(groups)-1].Title != clause.Title {
			groups = append(groups, page.OptionGroup{Title: clause.Title})
		}
		last := &groups[len(groups)-1]
		last.Options = append(last.Options, option)
	}
	if len(beyond.Options) > 0 {
		groups = append(groups, beyond)
	}
	return groups
}

// severities are the policy's scale, most severe first; nil where it has none.
func severities(f page.Frame, p *policy.Policy, chosen string) []page.Option {
	if p == nil || len(p.Severities()) == 0 {
		return nil
	}
	out := []page.Option{{Label: f.T("Not sure")}}
	for _, s := range p.Severities() {
		label := s.Name
		if s.Means != "" {
			label += ": " + s.Means
		}
		out = append(out, page.Option{Value: s.ID, Label: label, Selected: s.ID == chosen})
	}
	return out
}

// deskChannels are the channels of the policy by which somebody may have reached a desk that writes for them, where there are several.
func deskChannels(f page.Frame, p *policy.Policy, chosen string) []page.Option {
	if p == nil || len(p.ChannelsVia("desk")) < 2 {
		return nil
	}
	out := []page.Option{{Label: f.T("Not sure")}}
	for _, id := range p.ChannelsVia("desk") {
		for _, k := range p.Channels() {
			if k.ID == id {
				out = append(out, page.Option{Value: id, Label: k.Title, Selected: id == chosen})
			}
		}
	}
	return out
}

// instances are those of an organisation's accounts, the chosen one or else the account's own choice selected.
func (s *site) instances(r *http.Request, orgID, chosen string) (out []page.Option, err error) {
	if orgID == "" {
		return nil, nil
	}
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		out = nil
		accounts, err := account.ByOrg(tx, orgID)
		if err != nil {
			return err
		}
		for _, acc := range accounts {
			list, err := account.Instances(tx, acc.ID)
			if err != nil {
				return err
			}
			for _, i := range list {
				label := i.Name
				if i.URL != "" {
					label += " (" + i.URL + ")"
				}
				out = append(out, page.Option{Value: i.ID, Label: label, Selected: i.ID == chosen || (chosen == "" && i.ID == acc.DefaultInstanceID)})
			}
		}
		return nil
	})
	return out, err
}
