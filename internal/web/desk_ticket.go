package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func (s *site) ticketPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	return s.showTicket(w, r, a, &form{}, "", refusal{status: http.StatusOK}, nil)
}

// showTicket is one ticket for an engineer. formName is the form that was refused, "" for none;
// revealed is shown in the answer to a reveal and nowhere else.
func (s *site) showTicket(w http.ResponseWriter, r *http.Request, a identity.Actor, typed *form, formName string, no refusal, revealed map[string]string) error {
	room := r.URL.Query().Get("room")
	if typed.Get("room") != "" {
		room = typed.Get("room")
	}
	v, err := s.Tickets.ViewBefore(r.Context(), a, r.PathValue("number"), room, r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	if v.Asks && v.Desk.ID == "" && r.Method == http.MethodGet {
		// who asks and serves no level of this ticket has it on the portal
		return s.redirect(w, r, "/requests/"+v.Ticket.Name())
	}
	f, err := s.frame(w, r, a, page.Desk)
	if err != nil {
		return err
	}
	f.LiveTopic, f.Kept = "ticket:"+v.Ticket.ID, s.keep(a, typed, no)
	d := s.sight(f, v, a)
	p := d.ticket(revealed)
	p.Errors = no.errors
	if no.stale != nil {
		p.Conflict = d.conflict(*no.stale)
	}
	if p.Composer != nil && (formName == "reply" || formName == "note") {
		p.Composer.Body = typed.get("body")
	} else if formName != "" {
		p.Actions.OpenForm, p.Actions.Typed = formName, typed.get("reason")+typed.get("body")
	}
	return s.render(w, r, no.status, p.View())
}

// ticket fills the page of an engineer from what the view allows.
func (s sight) ticket(revealed map[string]string) page.Ticket {
	v, t := s.v, &s.v.Ticket
	p := page.Ticket{Frame: s.f, Number: t.Name(), Subject: subject(t.Subject, s.f), Version: int64(t.Version), State: page.State(t.State), Level: s.level(t.Level),
		Back: s.back(), Severity: severityName(s.rules.Policy, t.Severity), Reference: t.Reference, Requester: s.requester(), Ladder: s.ladder(),
		Clocks: s.clocks(v.Clocks, s.deadlines()), Rooms: s.rooms(), Timeline: s.timeline(), Actions: s.actions(), Account: s.account(), Instance: s.instance(),
		Decision: s.decision(&v.Judgement.Decision, s.org(t.ProviderOrg), v.Judgement.At), Handover: s.handed(revealed)}
	if t.Severity == "" && v.Situation != nil && v.Situation.SeverityAsked != "" {
		p.SeverityAsked = severityName(s.rules.Policy, v.Situation.SeverityAsked)
	}
	if t.Category != "" {
		p.Category = s.category(t.Category)
	}
	if t.AssigneeID != "" {
		p.Assignee = s.person(t.AssigneeID, t.ProviderOrg)
	}
	if v.Next != "" && len(v.Required) > 0 && (v.May.Escalate || v.May.GiveDetails) {
		g := s.gate(v.Required, v.Missing, v.GateClause, v.Info.Waived)
		p.Gate = &g
	}
	p.Composer, p.ComposerWhyNot = s.composer()
	p.Earlier, p.Newest = s.pages("/desk/tickets/"+t.Name(), v.Current.ID)
	return p
}

// back leads to the queue in which the ticket stands, where the reader has it.
func (s sight) back() page.NavItem {
	t := &s.v.Ticket
	if t.ProviderOrg == s.a.OrgID && (s.a.Serves(t.Level) || s.a.Manager) {
		return page.NavItem{Label: s.level(t.Level), Href: queueHref(t.Level)}
	}
	return page.NavItem{Label: s.f.T("My desk"), Href: "/desk"}
}

func (s sight) ladder() []page.Rung {
	here := -1
	for i, r := range s.v.Ladder {
		if r.Here {
			here = i
		}
	}
	var out []page.Rung
	for i, r := range s.v.Ladder {
		one := page.Rung{Level: s.level(r.Level), Provider: s.org(r.Org)}
		switch {
		case r.Here:
			one.Place = page.Here
		case i > here:
			one.Place = page.Ahead
		case r.Reached:
			one.Place = page.Passed
		default:
			one.Place = page.Skipped
		}
		out = append(out, one)
	}
	return out
}

func (s sight) composer() (*page.Composer, string) {
	v, t := s.v, &s.v.Ticket
	if !v.May.Reply {
		return nil, s.f.T("You read this room and do not write in it.")
	}
	c := &page.Composer{DraftKey: "ticket-" + t.ID + "-" + v.Current.ID + "-" + s.a.PersonID}
	if v.Handles && !v.Asks && v.Current.Kind != ticket.InternalRoom && v.Current.UpperOrg == s.a.OrgID && t.State.Active() {
		c.Then = append(c.Then, page.Option{Value: "waiting", Label: s.f.T("Send and wait for the answer")})
		if v.May.Solve {
			c.Then = append(c.Then, page.Option{Value: "solved", Label: s.f.T("Send and solve")})
		}
	}
	return c, ""
}

func (s sight) actions() page.Actions {
	v, may := s.v, s.v.May
	out := page.Actions{Take: may.Take, Close: may.Close, Solve: may.Solve && v.Handles, Reopen: may.Reopen || may.Override}
	if may.Assign {
		for _, m := range v.Members {
			out.People = append(out.People, page.Option{Value: m.ID, Label: m.Name, Selected: m.ID == v.Ticket.AssigneeID})
		}
	}
	if v.Handles && len(v.Unclosed) > 0 {
		out.Solving = s.solving()
	}
	if v.Handles && may.Answer {
		out.Facts = s.open(v.Questions)
	}
	if may.SetSeverity && v.Handles {
		out.Severities = s.severitySteps(v.Rules.Policy, v.Ticket.Severity)
	}
	for _, e := range v.Recordable {
		out.Events = append(out.Events, page.Option{Value: e.ID, Label: e.Title})
	}
	if may.Escalate {
		out.EscalateTo = s.level(v.Next)
	}
	if may.Return {
		for _, r := range v.Rooms {
			if r.Kind == ticket.LevelsRoom && r.UpperLevel == v.Ticket.Level && r.UpperOrg == v.Ticket.ProviderOrg {
				out.ReturnTo = s.level(r.LowerLevel)
			}
		}
	}
	if !v.Handles && !v.Asks && v.Ticket.State.Active() {
		out.EscalateWhyNot = s.f.T("%s has this now: you can read it, and write where you see a box.", s.deskName(v.Ticket.Level, v.Ticket.ProviderOrg))
	}
	return out
}

// solving is the form for what the policy asks for before closing, and for nothing else.
func (s sight) solving() *page.Handover {
	v := s.v
	h := s.handover(s.gate(v.Closing, v.Unclosed, v.Closing[0].Clause, v.Info.Waived), v.Closing, &v.Info, s.file)
	h.Others = nil
	h.Groups = slices.DeleteFunc(h.Groups, func(g page.Group) bool {
		return !slices.ContainsFunc(v.Closing, func(r policy.Requirement) bool { return r.IDs[0] == g.Key })
	})
	return &h
}

func (s sight) account() *page.AccountFacts {
	acc := s.v.Account
	if acc == nil {
		return nil
	}
	customer := s.org(s.v.Ticket.CustomerOrg)
	out := &page.AccountFacts{Name: customer.Name, Kind: customer.Kind, Product: s.product(acc), Plan: s.plan(), Region: wording.Name(acc.Region),
		Active: acc.MaintenanceActive(s.rules.Policy.DateAt(s.f.Now).String()), Until: acc.MaintenanceUntil}
	if acc.PartnerID != "" {
		out.Via = s.org(acc.PartnerID).Name
	}
	return out
}

// product is what the account has, by the names of the policy: "DataSuite, on premises".
func (s sight) product(acc *account.Account) string {
	name := ""
	if found := s.rules.Policy.Product(acc.ProductID); found != nil {
		name = found.Name
	}
	switch {
	case acc.ProductType == "":
		return name
	case name == "" || len(s.rules.Policy.Plans()) == 0:
		return productType(acc.ProductType)
	}
	return name + ", " + wording.Spoken(acc.ProductType)
}

// plan is the plan and the add-ons by which the request was judged, "" where the policy knows no plans.
func (s sight) plan() string {
	p, now := s.rules.Policy, s.v.Situation
	if now == nil || len(p.Plans()) == 0 {
		return ""
	}
	names := []string{s.f.T("none")}
	if plan, ok := p.Plan(now.Plan); ok {
		names[0] = plan.Name
	}
	for _, a := range p.Addons() {
		if slices.Contains(now.Addons, a.ID) {
			names = append(names, a.Name)
		}
	}
	return strings.Join(names, ", ")
}

func (s sight) instance() *page.InstanceFacts {
	i := s.v.Instance
	if i == nil {
		return nil
	}
	end := s.v.EndOfLife
	return &page.InstanceFacts{Name: i.Name, URL: i.URL, Version: i.Version, EndOfLife: end, Ended: end != "" && end < s.rules.Policy.DateAt(s.f.Now).String()}
}

// lookedAt lists who has opened the secrets.
func (s sight) lookedAt(h *page.HandoverFacts) {
	for _, e := range s.v.Events {
		if e.Kind == ticket.EventRevealed {
			h.Opened = append([]page.AccessOpened{s.looked(e)}, h.Opened...)
		}
	}
}

func (s sight) looked(e journal.Event) page.AccessOpened {
	return page.AccessOpened{By: s.person(e.ActorID, e.OrgID).Name, At: e.At}
}
