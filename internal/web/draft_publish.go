package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/flow/revise"
	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/difference"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// ---- simulate ----

func (s *site) draftSimulatePage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	return s.showSimulate(w, r, a, http.StatusOK, o, page.DraftSimulate{})
}

func (s *site) showSimulate(w http.ResponseWriter, r *http.Request, a identity.Actor, status int, o *opened, p page.DraftSimulate) error {
	var err error
	if p.Draft, err = s.head(w, r, a, o, page.TabSimulate); err != nil {
		return err
	}
	sim, err := s.Simulations.Latest(r.Context(), a, o.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil {
		if p.Run, err = s.simulationRun(r, a, p.Frame, o, sim); err != nil {
			return err
		}
	}
	return s.render(w, r, status, p.View())
}

func (s *site) simulationRun(r *http.Request, a identity.Actor, f page.Frame, o *opened, sim simulate.Simulation) (*page.SimulationRun, error) {
	names, err := s.names(r, sim.StartedBy)
	if err != nil {
		return nil, err
	}
	run := &page.SimulationRun{State: string(sim.State), Done: sim.Done, Total: sim.Total, CreatedAt: sim.CreatedAt, FinishedAt: sim.FinishedAt,
		By: personName(f, names, sim.StartedBy), Error: sim.Error, Stale: sim.DraftVersion != o.Version}
	if sim.Report != nil {
		run.Result = s.simulationResult(r, a, o, sim.Report)
	}
	return run, nil
}

// maxShown bounds the kinds of change on the page, maxLooked the tickets that are looked up for it.
const maxShown, maxLooked = 200, 60

func (s *site) simulationResult(r *http.Request, a identity.Actor, o *opened, report *simulate.Report) *page.SimulationResult {
	out := &page.SimulationResult{Judged: report.Judged, Changed: report.Changed, Unreadable: report.Unreadable, AccountsChanged: report.AccountsChanged}
	if report.SinceAt > 0 && o.rules != nil {
		out.Since = o.rules.DateAt(report.SinceAt).String()
	}
	for _, c := range report.Clauses {
		out.Clauses = append(out.Clauses, page.SimulationClause{Anchor: c.ID, Title: c.Title, Changed: c.Changed})
	}
	visible, looked := map[string]bool{}, 0
	for _, c := range report.Changes[:min(len(report.Changes), maxShown)] {
		line := page.SimulationChange{What: c.What, Values: c.Values(), Because: because(c), Count: c.Count}
		for _, name := range c.Examples {
			see, known := visible[name]
			if !known && a.Staff() && looked < maxLooked {
				_, err := s.Tickets.Find(r.Context(), a, name)
				see, looked = err == nil, looked+1
				visible[name] = see
			}
			if see {
				line.Examples = append(line.Examples, name)
			}
		}
		out.Changes = append(out.Changes, line)
	}
	for _, c := range report.Accounts {
		out.Accounts = append(out.Accounts, page.SimulationAccount{Name: c.Name, Judged: c.Judged, Changed: c.Changed})
	}
	for _, c := range report.Charges {
		out.Charges = append(out.Charges, page.SimulationCharge{Rate: c.Rate, Appears: c.Appears, Disappears: c.Disappears})
	}
	for _, c := range report.Sums {
		out.Sums = append(out.Sums, page.SimulationSum{Appears: simulate.Money(c.Currency, c.Appears), Disappears: simulate.Money(c.Currency, c.Disappears)})
	}
	return out
}

// because names the clauses that decided before and now.
func because(c simulate.Change) string {
	switch {
	case c.Before != nil && c.After != nil && c.Before.ID != c.After.ID:
		return c.Before.Title + " → " + c.After.Title
	case c.After != nil:
		return c.After.Title
	case c.Before != nil:
		return c.Before.Title
	}
	return ""
}

func (s *site) draftSimulate(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	since := int64(0)
	if date := f.Get("since"); date != "" && o.rules != nil {
		if since, err = rulebook.StartOf(date, o.rules.Zone()); err != nil {
			const message = "Write a day such as 2026-01-31, or leave it empty."
			err = fault.New(fault.Invalid, message).WithField("since", message)
		}
	}
	if err == nil {
		_, err = s.Simulations.Start(r.Context(), a, o.ID, since)
	}
	if err == nil {
		return s.redirect(w, r, "/rulebook/drafts/"+o.ID+"/simulate")
	}
	if !onForm(err) {
		return err
	}
	return s.showSimulate(w, r, a, status(err), o, page.DraftSimulate{Since: f.Get("since"), Errors: documentErrors(s.bare(r), err)})
}

func (s *site) draftSimulateCancel(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	if err := s.Simulations.Cancel(r.Context(), a, r.PathValue("id")); err != nil {
		return err
	}
	return s.redirect(w, r, "/rulebook/drafts/"+r.PathValue("id")+"/simulate")
}

// ---- publish ----

func (s *site) draftPublishPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	p := page.DraftPublish{At: "once", Audience: string(revise.Concerned)}
	if o.rules != nil && o.rules.Effective() > s.DB.Now() {
		p.At, p.Effective = "day", o.rules.EffectiveDate()
	}
	return s.showPublish(w, r, a, http.StatusOK, o, p)
}

func (s *site) showPublish(w http.ResponseWriter, r *http.Request, a identity.Actor, status int, o *opened, p page.DraftPublish) error {
	var err error
	if p.Draft, err = s.head(w, r, a, o, page.TabPublish); err != nil {
		return err
	}
	p.Blocked = o.rules == nil || o.Published > 0
	if o.rules != nil {
		p.PolicyZone = o.rules.Zone()
	}
	if p.Checks, err = s.publishChecks(r, a, p.Frame, o); err != nil {
		return err
	}
	return s.render(w, r, status, p.View())
}

// publishChecks are what an owner should have looked at.
func (s *site) publishChecks(r *http.Request, a identity.Actor, f page.Frame, o *opened) ([]page.PublishCheck, error) {
	var out []page.PublishCheck
	add := func(tone page.Tone, tab page.DraftTab, text string) {
		out = append(out, page.PublishCheck{Tone: tone, Text: text, Tab: tab})
	}
	if o.rules == nil {
		add(page.Bad, page.TabWrite, f.T("The draft has mistakes and cannot be published."))
		return out, nil
	}
	if n := len(o.findings); n > 0 {
		add(page.Warn, page.TabWrite, f.T("No mistakes; the checker warns of %s.", f.Count(n, false)))
	} else {
		add(page.Good, page.TabWrite, f.T("No mistakes."))
	}
	ran, unreached := o.probes(o.Probes)
	switch {
	case ran == nil:
		add(page.Warn, page.TabProbes, f.T("There are no probes."))
	case ran.Failed > 0:
		add(page.Bad, page.TabProbes, f.T("Probes that fail: %s of %s.", f.Count(ran.Failed, false), f.Count(ran.Failed+ran.Passed, false)))
	default:
		add(page.Good, page.TabProbes, f.T("All probes pass: %s.", f.Count(ran.Passed, false)))
	}
	if len(unreached) > 0 {
		add(page.Warn, page.TabProbes, f.T("Rules that no probe reaches: %s.", f.Count(len(unreached), false)))
	}
	before, err := s.Book.InForce(r.Context(), f.Now)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if before != nil {
		add(page.Info, page.TabDifference, f.T("Changes against version %s: %s.", strconv.Itoa(before.Number), f.Count(len(difference.Compare(before.Policy, o.rules)), false)))
	}
	return s.simulationCheck(r, a, f, o, out)
}

func (s *site) simulationCheck(r *http.Request, a identity.Actor, f page.Frame, o *opened, out []page.PublishCheck) ([]page.PublishCheck, error) {
	sim, err := s.Simulations.Latest(r.Context(), a, o.ID)
	line := page.PublishCheck{Tone: page.Warn, Tab: page.TabSimulate}
	switch {
	case fault.Is(err, fault.NotFound):
		line.Text = f.T("It was not simulated.")
	case err != nil:
		return nil, err
	case sim.Busy():
		line.Tone, line.Text = page.Info, f.T("It is being simulated.")
	case sim.Report == nil || sim.DraftVersion != o.Version:
		line.Text = f.T("The present text was not simulated.")
	default:
		line.Tone, line.Text = page.Good, f.T("Simulated: %s of %s decisions change.", f.Text.Number(int(sim.Report.Changed)), f.Text.Number(int(sim.Report.Judged)))
	}
	return append(out, line), nil
}

func (s *site) draftPublish(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	if at := f.Get("at"); at != "once" && at != "day" {
		return fault.New(fault.Invalid, "Nothing was published. Say whether the version counts at once or from a day.").WithField("at", "Choose one.")
	}
	if do := f.Get("do"); do != "publish" && do != "preview" {
		return fault.New(fault.Invalid, "Nothing was published. Use one of the two buttons of the form.")
	}
	plan := revise.Plan{Seen: f.version(), AtOnce: f.Get("at") != "day", Effective: f.Get("effective"), Audience: revise.Audience(f.Get("audience")), Note: strings.TrimSpace(lines(f.Get("note")))}
	if plan.AtOnce {
		plan.Effective = ""
	}
	p := page.DraftPublish{At: f.Get("at"), Effective: f.Get("effective"), Audience: f.Get("audience"), Note: strings.ToValidUTF8(lines(f.Get("note")), "\uFFFD")}
	if f.Get("do") == "preview" {
		preview, err := s.Revise.Preview(r.Context(), a, o.ID, plan)
		if err != nil {
			return s.publishRefused(w, r, a, o, p, err)
		}
		if p.Preview, err = s.publishPreview(r, preview, plan); err != nil {
			return err
		}
		return s.showPublish(w, r, a, http.StatusOK, o, p)
	}
	if _, err := s.Revise.Publish(r.Context(), a, o.ID, plan); err != nil {
		return s.publishRefused(w, r, a, o, p, err)
	}
	s.note(w, "published")
	return s.redirect(w, r, "/rulebook")
}

func (s *site) publishRefused(w http.ResponseWriter, r *http.Request, a identity.Actor, o *opened, p page.DraftPublish, err error) error {
	if !onForm(err) {
		return err
	}
	p.Errors = documentErrors(s.bare(r), err)
	return s.showPublish(w, r, a, status(err), o, p)
}

// maxNamed bounds the accounts that a preview names.
const maxNamed = 24

func (s *site) publishPreview(r *http.Request, v *revise.Preview, plan revise.Plan) (*page.PublishPreview, error) {
	out := &page.PublishPreview{FromAt: v.FromAt, AtOnce: plan.AtOnce, AccountsInAll: len(v.Accounts), People: len(v.People), Subject: v.Subject, Body: v.Body, NothingIsSent: !s.SendsMail}
	list, err := s.Book.List(r.Context())
	if err != nil {
		return nil, err
	}
	out.PermanentPath = "/policy/" + strconv.Itoa(len(list)+1)
	if len(v.People) > 0 {
		out.FirstRecipient = v.People[0].Name
	}
	var ids []string
	for _, a := range v.Accounts[:min(len(v.Accounts), maxNamed)] {
		ids = append(ids, a.OrgID)
	}
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		names, err := org.Names(tx, ids)
		for i, id := range ids {
			name := names[id]
			if a := v.Accounts[i].Name; a != name && a != "" {
				name += ", " + a
			}
			out.Accounts = append(out.Accounts, name)
		}
		return err
	})
	return out, err
}
