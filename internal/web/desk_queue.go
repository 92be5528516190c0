package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// queuePage is how many tickets a page of a queue has, overviewRows how many of each queue a manager sees at once.
const (
	queuePage    = 50
	overviewRows = 8
)

// deskStart leads to the first queue of the reader's desk.
func (s *site) deskStart(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	rules, err := s.rules(r)
	if err != nil {
		return err
	}
	levels, err := s.levelsOf(r, a, rules)
	if err != nil {
		return err
	}
	if len(levels) == 0 {
		return s.redirect(w, r, "/desk/mine")
	}
	if a.Manager && len(levels) > 1 {
		return s.redirect(w, r, "/desk/all")
	}
	return s.redirect(w, r, "/desk/"+levels[0])
}

// rules are those in force now, nil before a policy is published.
func (s *site) rules(r *http.Request) (*policy.Policy, error) {
	c, err := s.Book.InForce(r.Context(), s.DB.Now())
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.Policy, nil
}

// queue is one page of a level's queue at the reader's desk.
func (s *site) queue(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	level, sort := r.PathValue("level"), page.Urgent
	if r.URL.Query().Get("sort") == string(page.Newest) {
		sort = page.Newest
	}
	after := r.URL.Query().Get("after")
	list, err := s.Tickets.Queue(r.Context(), a, level, ticket.Sort(sort), after, queuePage)
	if fault.Is(err, fault.Invalid) {
		// an old address of a page: begin again
		return s.redirect(w, r, "/desk/"+level)
	}
	if err != nil {
		return err
	}
	f, err := s.frame(w, r, a, page.Desk)
	if err != nil {
		return err
	}
	rules, err := s.rules(r)
	if err != nil {
		return err
	}
	p := page.Queue{Frame: f, Name: levelName(rules, level), Desk: page.Org{Name: a.OrgName, Kind: page.OrgKind(a.OrgKind)}, Address: queueHref(level),
		Sort: sort, Older: list.Next, First: after == ""}
	if !hasPlace(f.Nav, p.Address) {
		return errNothing
	}
	p.Hours = s.deskHours(f, rules, a, level)
	p.LiveTopic = "queue:" + a.OrgID + ":" + level
	p.Total, p.More = placeCount(f.Nav, p.Address)
	if p.Rows, err = s.queueRows(r, a, list.Rows, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, p.View())
}

// overview is what stands at every level of the reader's desk, the most urgent first.
func (s *site) overview(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := s.frame(w, r, a, page.Desk)
	if err != nil {
		return err
	}
	if !hasPlace(f.Nav, "/desk/all") {
		return errNothing
	}
	rules, err := s.rules(r)
	if err != nil {
		return err
	}
	levels, err := s.levelsOf(r, a, rules)
	if err != nil {
		return err
	}
	p := page.Overview{Frame: f, Desk: page.Org{Name: a.OrgName, Kind: page.OrgKind(a.OrgKind)}}
	for _, level := range levels {
		list, err := s.Tickets.Queue(r.Context(), a, level, ticket.MostUrgent, "", overviewRows)
		if err != nil {
			return err
		}
		q := page.Queue{Frame: f, Name: levelName(rules, level), Address: queueHref(level), Sort: page.Urgent, Older: list.Next, Hours: s.deskHours(f, rules, a, level)}
		q.Total, q.More = placeCount(f.Nav, q.Address)
		if q.Rows, err = s.queueRows(r, a, list.Rows, f); err != nil {
			return err
		}
		p.Queues = append(p.Queues, q)
	}
	return s.render(w, r, http.StatusOK, p.View())
}

// deskHours are the hours that the policy gives a level at the reader's desk,
// whoever asks: those that hold for all customers there.
func (s *site) deskHours(f page.Frame, p *policy.Policy, a identity.Actor, level string) page.Hours {
	if p == nil || a.OrgKind == org.Customer {
		return page.Hours{} // a customer's own desk keeps its own hours
	}
	situation := coverage.Situation{At: f.Now, Arrived: f.Now, Level: level, Requester: coverage.Requester{Kind: string(org.Customer), OrgKnown: coverage.Yes},
		Contract: coverage.Contract{MaintenanceActive: coverage.Yes, InForce: coverage.Yes}, Account: coverage.Account{Region: "-"}}
	for _, row := range append(slices.Clone(p.ProductTypes()), "") {
		situation.Product.Type = row
		if d := coverage.Decide(p, &situation); d.Level == level && d.Provider.Kind != string(org.Customer) && d.Calendar != "" {
			return reading{f, &rulebook.Compiled{Policy: p}}.hours(&d)
		}
	}
	return page.Hours{}
}

// mine are the tickets that the reader works on, most urgent first.
func (s *site) mine(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	list, err := s.Tickets.Mine(r.Context(), a, ticket.MaxPage)
	if err != nil {
		return err
	}
	f, err := s.frame(w, r, a, page.Desk)
	if err != nil {
		return err
	}
	p := page.Queue{Frame: f, Name: f.T("Mine"), Address: "/desk/mine", Sort: page.Urgent, First: true, ShowLevel: true, Total: len(list)}
	if r.URL.Query().Get("sort") == string(page.Newest) {
		p.Sort = page.Newest
		slices.SortFunc(list, func(x, y ticket.Row) int { return strings.Compare(y.ID, x.ID) })
	}
	if p.Rows, err = s.queueRows(r, a, list, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, p.View())
}

func hasPlace(nav []page.NavItem, href string) bool {
	for _, n := range nav {
		if n.Href == href {
			return true
		}
	}
	return false
}

func placeCount(nav []page.NavItem, href string) (n int, more bool) {
	for _, item := range nav {
		if item.Href == href {
			return item.Count, item.More
		}
	}
	return 0, false
}

// asideStates are the states of tickets that are kept and stand in no queue.
func asideStates() []ticket.State { return []ticket.State{ticket.Declined, ticket.Incomplete} }

// aside lists what is kept outside the queues of the reader's levels, newest first.
func (s *site) aside(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	state, after := ticket.State(r.URL.Query().Get("state")), r.URL.Query().Get("after")
	if !slices.Contains(asideStates(), state) {
		state = ticket.Declined
	}
	list, err := s.Tickets.List(r.Context(), a, ticket.Filter{State: state}, after, queuePage)
	if fault.Is(err, fault.Invalid) {
		return s.redirect(w, r, "/desk/aside")
	}
	if err != nil {
		return err
	}
	f, err := s.frame(w, r, a, page.Desk)
	if err != nil {
		return err
	}
	p := page.Queue{Frame: f, Name: f.T("Set aside"), Address: "/desk/aside?state=" + string(state), Sort: page.Newest, First: after == "", Older: list.Next,
		ShowLevel: true, Total: len(list.Rows), More: list.Next != ""}
	labels := map[ticket.State]string{ticket.Declined: f.T("Not included"), ticket.Incomplete: f.T("Waiting for details")}
	for _, one := range asideStates() {
		p.Tabs = append(p.Tabs, page.NavItem{Label: labels[one], Href: "/desk/aside?state=" + string(one), Current: one == state})
	}
	if p.Rows, err = s.queueRows(r, a, list.Rows, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, p.View())
}

func (s *site) queueRows(r *http.Request, a identity.Actor, list []ticket.Row, f page.Frame) ([]page.QueueRow, error) {
	rows := make([]page.QueueRow, 0, len(list))
	versions := map[int]*rulebook.Compiled{}
	for _, t := range list {
		rules, ok := versions[t.PolicyVersion]
		if !ok {
			var err error
			if rules, err = s.Book.ByNumber(r.Context(), t.PolicyVersion); err != nil {
				return nil, err
			}
			versions[t.PolicyVersion] = rules
		}
		rows = append(rows, queueRow(t, a, rules.Policy, f))
	}
	return rows, nil
}

func queueRow(t ticket.Row, a identity.Actor, p *policy.Policy, f page.Frame) page.QueueRow {
	row := page.QueueRow{Number: t.Name(), Subject: subject(t.Subject, f), State: page.State(t.State), Requester: t.RequesterName,
		Organisation: page.Org{Name: t.CustomerName, Kind: page.Customer}, Level: levelName(p, t.Level), Severity: severityName(p, t.Severity),
		Assignee: t.AssigneeName, AssigneeYou: t.AssigneeID != "" && t.AssigneeID == a.PersonID, Unread: t.State == ticket.New,
		BestEffort: t.Effort == "best-effort", Unsettled: t.Covered == coverage.CoveredAsk}
	if t.ProductType != "" {
		row.Product = productType(t.ProductType)
	}
	if row.Requester == "" {
		row.Requester = somebody(f, t.CustomerName)
	}
	if t.DueAt != nil {
		row.DueAt, row.Goal = *t.DueAt, onlyGoals(p)
	}
	return row
}

// somebody stands for a person whose name the reader may not know.
func somebody(f page.Frame, orgName string) string {
	if orgName == "" {
		return f.T("Somebody")
	}
	return f.T("A person at %s", orgName)
}

func subject(text string, f page.Frame) string {
	if text == "" {
		return f.T("(no subject)")
	}
	return text
}

func severityName(p *policy.Policy, id string) string {
	for _, s := range p.Severities() {
		if s.ID == id {
			return s.Name
		}
	}
	return id
}

// onlyGoals reports a policy whose clocks are all goals, never promises.
func onlyGoals(p *policy.Policy) bool {
	for _, c := range p.ClockDefs() {
		if !c.Goal {
			return false
		}
	}
	return true
}

// queueHref is the address of a level's queue. A level whose id is the name of another page of the desk has a longer one.
func queueHref(level string) string {
	switch level {
	case "mine", "all", "aside", "new":
		return "/desk/levels/" + url.PathEscape(level)
	}
	return "/desk/" + url.PathEscape(level)
}
