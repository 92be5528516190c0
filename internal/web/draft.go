package web

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/difference"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/readable"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

// opened is a draft with what the checker says of it; rules is nil while it has mistakes.
type opened struct {
	draft.Draft
	rules    *policy.Policy
	findings []policy.Finding
}

func (s *site) openDraft(r *http.Request, a identity.Actor) (*opened, error) {
	d, err := s.Drafts.ByID(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return checked(d), nil
}

func checked(d draft.Draft) *opened {
	o := &opened{Draft: d}
	// the error says that there are mistakes; the findings are what they are
	o.rules, o.findings, _ = rulebook.Check(d.File(), []byte(d.Source))
	return o
}

func (o *opened) mistakes() (n int) {
	for _, f := range o.findings {
		if f.Severity == policy.SeverityError {
			n++
		}
	}
	return n
}

// head is what stands above a page of a draft.
func (s *site) head(w http.ResponseWriter, r *http.Request, a identity.Actor, o *opened, tab page.DraftTab) (page.Draft, error) {
	f, err := s.frame(w, r, a, ownerSurface(a))
	if err != nil {
		return page.Draft{}, err
	}
	names, err := s.names(r, o.UpdatedBy)
	return page.Draft{Frame: f, ID: o.ID, Title: o.Title, Base: o.Base, Version: o.Version, UpdatedAt: o.UpdatedAt, UpdatedBy: personName(f, names, o.UpdatedBy),
		Published: o.Published, Mistakes: o.mistakes(), Tab: tab}, err
}

func (s *site) names(r *http.Request, ids ...string) (names map[string]string, err error) {
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		names, err = identity.Names(tx, ids)
		return err
	})
	return names, err
}

// ---- write ----

func (s *site) draftPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	return s.showEditor(w, r, a, http.StatusOK, o, page.DraftEditor{Source: o.Source, Findings: page.DraftFindings{List: findings(o.findings)}})
}

func (s *site) showEditor(w http.ResponseWriter, r *http.Request, a identity.Actor, status int, o *opened, p page.DraftEditor) error {
	title := p.Title
	var err error
	if p.Draft, err = s.head(w, r, a, o, page.TabWrite); err != nil {
		return err
	}
	if title != "" {
		p.Title = title
	}
	p.Findings.Frame, p.Findings.Field = p.Frame, "f-source"
	return s.render(w, r, status, p.View())
}

func findings(list []policy.Finding) []page.DraftFinding {
	var out []page.DraftFinding
	for _, f := range list {
		out = append(out, page.DraftFinding{Line: f.Line, Col: f.Col, Warning: f.Severity != policy.SeverityError, Message: f.Message})
	}
	return out
}

// draftSave saves what was typed, or only checks it. Whatever is wrong, the page comes back with the text as it was typed.
func (s *site) draftSave(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	title, source := f.Get("title"), f.Get("source")
	p := page.DraftEditor{Source: strings.ToValidUTF8(draft.Lines(source), "\uFFFD"), Unsaved: true}
	p.Title = strings.ToValidUTF8(title, "")
	_, list, _ := rulebook.Check(o.File(), []byte(draft.Lines(source)))
	p.Findings.List = findings(list)
	if f.Get("check") != "" {
		o.Version = f.version()
		return s.showEditor(w, r, a, http.StatusOK, o, p)
	}
	_, err = s.Drafts.Save(r.Context(), a, o.ID, f.version(), draft.Change{Title: &title, Source: &source})
	if err == nil {
		s.note(w, "draft")
		return s.redirect(w, r, "/rulebook/drafts/"+o.ID)
	}
	if !onForm(err) {
		return err
	}
	if theirs, ok := conflicting(err); ok {
		o = checked(theirs)
		if p.Conflict, err = s.conflict(r, o, source); err != nil {
			return err
		}
		return s.showEditor(w, r, a, http.StatusConflict, o, p)
	}
	o.Version = f.version()
	p.Errors = documentErrors(s.bare(r), err)
	return s.showEditor(w, r, a, status(err), o, p)
}

// conflicting is the draft as somebody else saved it, when that is why a save was refused.
func conflicting(err error) (draft.Draft, bool) {
	theirs, ok := fault.Detail(err).(draft.Draft)
	return theirs, ok && fault.Is(err, fault.Conflict) && theirs.Published == 0
}

func (s *site) conflict(r *http.Request, theirs *opened, source string) (*page.DraftConflict, error) {
	names, err := s.names(r, theirs.UpdatedBy)
	if err != nil {
		return nil, err
	}
	c := &page.DraftConflict{By: personName(s.bare(r), names, theirs.UpdatedBy), At: theirs.UpdatedAt}
	mine, _, _ := rulebook.Check(theirs.File(), []byte(draft.Lines(source)))
	if mine != nil && theirs.rules != nil {
		c.Changes = changeWords(difference.Compare(theirs.rules, mine))
	}
	return c, nil
}

func changeWords(list []difference.Change) []page.DraftChange {
	var out []page.DraftChange
	for _, c := range list {
		out = append(out, page.DraftChange{Clause: c.Clause, Kind: string(c.Kind), What: c.What, From: c.From, To: c.To})
	}
	return out
}

// draftCheck answers what the checker says of a text, as one types; it saves nothing.
func (s *site) draftCheck(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	if _, err := s.Drafts.ByID(r.Context(), a, r.PathValue("id")); err != nil {
		return err
	}
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	p := page.DraftFindings{Frame: s.bare(r), Field: "f-source"}
	_, list, _ := rulebook.Check(draft.Draft{}.File(), []byte(draft.Lines(f.Get("source"))))
	p.List = findings(list)
	w.Header().Set("X-Findings", "1")
	return s.render(w, r, http.StatusOK, p.Fragment())
}

func (s *site) draftImport(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	text, err := f.document()
	if err == nil {
		_, err = s.Drafts.Save(r.Context(), a, o.ID, f.version(), draft.Change{Source: &text})
	}
	if err == nil {
		s.note(w, "draft")
		return s.redirect(w, r, "/rulebook/drafts/"+o.ID)
	}
	if !onForm(err) {
		return err
	}
	p := page.DraftEditor{Source: o.Source, Findings: page.DraftFindings{List: findings(o.findings)}}
	if theirs, ok := conflicting(err); ok {
		// the text of the file stands in the form, to be saved or left
		o, p.Source, p.Unsaved = checked(theirs), text, true
		if p.Conflict, err = s.conflict(r, o, text); err != nil {
			return err
		}
		return s.showEditor(w, r, a, http.StatusConflict, o, p)
	}
	p.Errors = documentErrors(s.bare(r), err)
	return s.showEditor(w, r, a, status(err), o, p)
}

func (s *site) draftDiscard(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	if err := s.Drafts.Discard(r.Context(), a, r.PathValue("id"), f.version()); err != nil {
		return err
	}
	s.note(w, "discarded")
	return s.redirect(w, r, "/rulebook")
}

func (s *site) draftSource(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	d, err := s.Drafts.ByID(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return err
	}
	return download(w, d.File(), d.Source)
}

func (s *site) draftProbeFile(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	d, err := s.Drafts.ByID(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return err
	}
	return download(w, d.ProbeFile(), d.Probes)
}

// ---- probes ----

func (s *site) draftProbesPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	return s.showProbes(w, r, a, http.StatusOK, o, page.DraftProbes{Probes: o.Probes})
}

func (s *site) showProbes(w http.ResponseWriter, r *http.Request, a identity.Actor, status int, o *opened, p page.DraftProbes) error {
	var err error
	if p.Draft, err = s.head(w, r, a, o, page.TabProbes); err != nil {
		return err
	}
	if ran, unreached := o.probes(p.Probes); ran != nil {
		p.Ran, p.Passed, p.Failed = true, ran.Passed, ran.Failed
		p.Lines, p.Unreached = located(ran.Lines), located(unreached)
	}
	return s.render(w, r, status, p.View())
}

// probes runs a probe file on the draft; nil when there is none, or no rules to run it on.
func (o *opened) probes(src string) (ran *coverage.ProbeReport, unreached []string) {
	if o.rules == nil || strings.TrimSpace(src) == "" || len(src) > policy.MaxBytes || !utf8.ValidString(src) {
		return nil, nil
	}
	report := coverage.RunProbes(o.rules, o.ProbeFile(), []byte(src))
	return &report, coverage.Unreached(o.rules, report)
}

// located reads lines of the form FILE:LINE:COL: TEXT.
func located(lines []string) []page.DraftFinding {
	var out []page.DraftFinding
	for _, l := range lines {
		parts := strings.SplitN(l, ":", 4)
		if len(parts) < 4 {
			out = append(out, page.DraftFinding{Message: l})
			continue
		}
		out = append(out, page.DraftFinding{Line: number(parts[1]), Col: number(parts[2]), Message: strings.TrimSpace(parts[3])})
	}
	return out
}

func (s *site) draftProbesSave(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	probes := f.Get("probes")
	_, err = s.Drafts.Save(r.Context(), a, o.ID, f.version(), draft.Change{Probes: &probes})
	if err == nil {
		s.note(w, "probes")
		return s.redirect(w, r, "/rulebook/drafts/"+o.ID+"/probes")
	}
	if !onForm(err) {
		return err
	}
	p := page.DraftProbes{Probes: strings.ToValidUTF8(draft.Lines(probes), "\uFFFD")}
	if theirs, ok := conflicting(err); ok {
		o = checked(theirs)
		if p.Conflict, err = s.conflict(r, o, theirs.Source); err != nil {
			return err
		}
		return s.showProbes(w, r, a, http.StatusConflict, o, p)
	}
	o.Version = f.version()
	p.Errors = documentErrors(s.bare(r), err)
	return s.showProbes(w, r, a, status(err), o, p)
}

// ---- what changes, preview ----

func (s *site) draftDifference(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	p := page.DraftDifference{}
	if p.Draft, err = s.head(w, r, a, o, page.TabDifference); err != nil {
		return err
	}
	before, err := s.Book.InForce(r.Context(), p.Now)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if before != nil {
		p.Against = before.Number
	}
	if before != nil && o.rules != nil {
		p.Clauses = byClause(difference.Compare(before.Policy, o.rules))
	}
	return s.render(w, r, http.StatusOK, p.View())
}

func byClause(list []difference.Change) []page.DraftClause {
	var out []page.DraftClause
	for i, c := range changeWords(list) {
		if n := len(out); n == 0 || out[n-1].Anchor != c.Clause {
			out = append(out, page.DraftClause{Anchor: c.Clause, Title: list[i].Title})
		}
		last := &out[len(out)-1]
		last.Changes = append(last.Changes, c)
	}
	return out
}

func (s *site) draftPreview(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	o, err := s.openDraft(r, a)
	if err != nil {
		return err
	}
	p := page.DraftPreview{}
	if p.Draft, err = s.head(w, r, a, o, page.TabPreview); err != nil {
		return err
	}
	if o.rules != nil {
		p.Policy = page.PolicyEdition{Document: readable.Of(o.rules, p.Now), Standing: page.Unpublished}
	}
	return s.render(w, r, http.StatusOK, p.View())
}
