package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/flow/revise"
	"github.com/tierdesk/tierdesk/internal/flow/simulate"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/draft"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

// policyOwner lets in who may write the policy; for others the rulebook does not exist.
func policyOwner(a identity.Actor) error {
	if err := signedIn(a); err != nil {
		return err
	}
	if !a.OwnsPolicy() {
		return errNothing
	}
	return nil
}

func (s *site) rulebookRoutes(mux *http.ServeMux) {
	owner := func(pattern string, h handler) { mux.Handle(pattern, s.page(h, policyOwner)) }
	owner("GET /rulebook", s.rulebookPage)
	owner("GET /rulebook/versions/{version}/policy.md", s.versionSource)
	owner("POST /rulebook/drafts", s.draftCreate)
	owner("GET /rulebook/drafts/{id}", s.draftPage)
	owner("POST /rulebook/drafts/{id}", s.draftSave)
	owner("POST /rulebook/drafts/{id}/check", s.draftCheck)
	owner("POST /rulebook/drafts/{id}/import", s.draftImport)
	owner("POST /rulebook/drafts/{id}/discard", s.draftDiscard)
	owner("GET /rulebook/drafts/{id}/draft.md", s.draftSource)
	owner("GET /rulebook/drafts/{id}/draft.probes.yaml", s.draftProbeFile)
	owner("GET /rulebook/drafts/{id}/probes", s.draftProbesPage)
	owner("POST /rulebook/drafts/{id}/probes", s.draftProbesSave)
	owner("GET /rulebook/drafts/{id}/difference", s.draftDifference)
	owner("GET /rulebook/drafts/{id}/preview", s.draftPreview)
	owner("GET /rulebook/drafts/{id}/simulate", s.draftSimulatePage)
	owner("POST /rulebook/drafts/{id}/simulate", s.draftSimulate)
	owner("POST /rulebook/drafts/{id}/simulate/cancel", s.draftSimulateCancel)
	owner("GET /rulebook/drafts/{id}/publish", s.draftPublishPage)
	owner("POST /rulebook/drafts/{id}/publish", s.draftPublish)
}

// ownerSurface is the look of the rulebook: the desk's for who works there.
func ownerSurface(a identity.Actor) page.Surface {
	if a.Staff() {
		return page.Desk
	}
	return page.Portal
}

// ---- forms with a document ----

// maxDocumentForm bounds a form that carries a document twice as long as one may be, so that a text that is too long comes
// back to its writer.
const maxDocumentForm = 8 << 20

// documentForm is a form with at most one file, which is kept in memory.
type documentForm struct {
	url.Values
	file []byte
	name string // of the file, "" when none was sent
}

func (f *documentForm) version() int {
	n, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		return 0
	}
	return n
}

func readDocument(w http.ResponseWriter, r *http.Request) (*documentForm, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxDocumentForm)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		if err := r.ParseForm(); err != nil {
			return nil, badForm(err)
		}
		return &documentForm{Values: r.PostForm}, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, badForm(err)
	}
	f := &documentForm{Values: url.Values{}}
	for fields := 0; fields < maxFields; fields++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, badForm(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, badForm(err)
		}
		if isFile(part) {
			if part.FileName() != "" {
				f.file, f.name = data, part.FileName()
			}
			continue
		}
		f.Add(part.FormName(), string(data))
	}
	return nil, fault.New(fault.TooLarge, "This form has more fields than the desk takes.")
}

// document is the text of the file that was sent. Faults: Invalid with field file.
func (f *documentForm) document() (string, error) {
	text := draft.Lines(string(f.file))
	message := ""
	switch {
	case f.name == "":
		message = "Choose a file."
	case strings.TrimSpace(text) == "":
		message = "This file is empty."
	default:
		if problem := draft.Unreadable(text); problem != "" {
			message = "This file " + problem
		}
	}
	if message != "" {
		return "", fault.New(fault.Invalid, message).WithField("file", message)
	}
	return text, nil
}

// documentErrors names what is wrong with the fields of the rulebook's forms.
func documentErrors(f page.Frame, err error) page.Errors {
	labels := map[string]string{"title": f.T("Its name"), "from": f.T("Begin from"), "file": f.T("Policy document"), "source": f.T("The policy"), "probes": f.T("The probes"),
		"since": f.T("Requests since"), "effective": f.T("First day"), "audience": f.T("Who is told by mail?"), "note": f.T("Your own words to them")}
	var out page.Errors
	for _, field := range fault.Fields(err) {
		out = append(out, page.FieldError{Field: field.Path, Label: labels[field.Path], Message: field.Message})
	}
	if len(out) == 0 {
		out = page.Errors{{Message: fault.Message(err)}}
	}
	return out
}

// onForm reports a fault that is said on the page of its form.
func onForm(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.TooLarge)
}

// ---- the list ----

func (s *site) rulebookPage(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	return s.showRulebook(w, r, a, http.StatusOK, page.Rulebook{})
}

func (s *site) showRulebook(w http.ResponseWriter, r *http.Request, a identity.Actor, status int, p page.Rulebook) error {
	var err error
	if p.Frame, err = s.frame(w, r, a, ownerSurface(a)); err != nil {
		return err
	}
	drafts, err := s.Drafts.Open(r.Context(), a)
	if err != nil {
		return err
	}
	events, names, err := s.rulebookEvents(r.Context())
	if err != nil {
		return err
	}
	for _, d := range drafts {
		p.Drafts = append(p.Drafts, page.RulebookDraft{ID: d.ID, Title: d.Title, Base: d.Base, UpdatedBy: personName(p.Frame, names, d.UpdatedBy), UpdatedAt: d.UpdatedAt})
	}
	for _, e := range events {
		if text := eventText(p.Frame, e); text != "" {
			p.Events = append(p.Events, page.RulebookEvent{At: e.At, Text: text, By: personName(p.Frame, names, e.ActorID)})
		}
	}
	if err := s.rulebookVersions(r, a, &p, names); err != nil {
		return err
	}
	return s.render(w, r, status, p.View())
}

// maxEvents bounds the list of what happened.
const maxEvents = 30

// rulebookEvents are the newest events of the rulebook, the newest first, with the names of all who have a part in it.
func (s *site) rulebookEvents(ctx context.Context) (events []journal.Event, names map[string]string, err error) {
	list, err := s.Book.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if events, err = journal.Latest(tx, rulebook.Subject, maxEvents); err != nil {
			return err
		}
		ids := map[string]bool{}
		for _, e := range events {
			ids[e.ActorID] = true
		}
		for _, v := range list {
			ids[v.PublishedBy] = true
		}
		delete(ids, "")
		var all []string
		for id := range ids {
			all = append(all, id)
		}
		names, err = identity.Names(tx, all)
		return err
	})
	return events, names, err
}

// personName is how a person is called, or what did something where it was no person.
func personName(f page.Frame, names map[string]string, id string) string {
	switch {
	case names[id] != "":
		return names[id]
	case id == "":
		return ""
	case len(id) == 36:
		return f.T("somebody who is gone")
	}
	return id
}

func eventText(f page.Frame, e journal.Event) string {
	switch e.Kind {
	case rulebook.EventPublished:
		return f.T("Version %s was published.", e.Data["number"])
	case draft.EventDrafted:
		return f.T("A draft was begun.")
	case draft.EventSaved:
		return f.T("A draft was saved (save %s).", e.Data["version"])
	case draft.EventDiscarded:
		return f.T("A draft was discarded.")
	case simulate.EventSimulated:
		return f.T("A draft was simulated: %s of %s decisions would change.", e.Data["changed"], e.Data["judged"])
	case revise.EventNotified:
		return f.T("Mails about version %s were written: %s.", e.Data["number"], e.Data["letters"])
	}
	return ""
}

func (s *site) rulebookVersions(r *http.Request, a identity.Actor, p *page.Rulebook, names map[string]string) error {
	list, err := s.Book.List(r.Context())
	if err != nil || len(list) == 0 {
		return err
	}
	mails, err := s.Revise.Letters(r.Context(), a)
	if err != nil {
		return err
	}
	inForce, rules := 0, (*policy.Policy)(nil)
	if now, err := s.Book.InForce(r.Context(), p.Now); err == nil {
		inForce, rules = now.Number, now.Policy
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	for _, v := range slices.Backward(list) {
		line := page.RulebookVersion{Number: v.Number, Name: v.Name, Standing: standing(v, inForce, p.Now), PublishedAt: v.PublishedAt, By: personName(p.Frame, names, v.PublishedBy)}
		if rules != nil {
			line.Effective = rules.DateAt(v.From()).String()
		}
		line.Mails, line.MailsTone = mailWords(p.Frame, mails[v.Number])
		p.Versions = append(p.Versions, line)
	}
	return nil
}

// mailWords says what became of the mails of a version.
func mailWords(f page.Frame, n map[string]int) (words, tone string) {
	count := func(state string) string { return f.Count(n[state], false) }
	var parts []string
	tone = string(page.Good)
	for _, state := range []struct {
		name, words string
		tone        page.Tone
	}{{"sent", f.T("%s sent", count("sent")), page.Good}, {"queued", f.T("%s on their way", count("queued")), page.Good}, {"unsent", f.T("%s not sent", count("unsent")), page.Warn}, {"failed", f.T("%s failed", count("failed")), page.Bad}} {
		if n[state.name] > 0 {
			parts, tone = append(parts, state.words), string(state.tone)
		}
	}
	return strings.Join(parts, ", "), tone
}

func (s *site) draftCreate(w http.ResponseWriter, r *http.Request, a identity.Actor) error {
	f, err := readDocument(w, r)
	if err != nil {
		return err
	}
	d := draft.Draft{Title: f.Get("title")}
	if f.Get("from") == "file" {
		d.Source, err = f.document()
	} else {
		err = s.fromVersion(r.Context(), &d, f.Get("from"))
	}
	if err == nil {
		d, err = s.Drafts.Create(r.Context(), a, d)
	}
	if err != nil {
		if !onForm(err) {
			return err
		}
		p := page.Rulebook{NewTitle: f.Get("title"), NewFrom: f.Get("from")}
		p.Errors = documentErrors(s.bare(r), err)
		return s.showRulebook(w, r, a, status(err), p)
	}
	return s.redirect(w, r, "/rulebook/drafts/"+d.ID)
}

// fromVersion begins a draft with the text and the probes of a published version.
func (s *site) fromVersion(ctx context.Context, d *draft.Draft, number string) (err error) {
	if d.Base, err = strconv.Atoi(number); err != nil {
		const message = "Choose a version, or a file."
		return fault.New(fault.Invalid, message).WithField("from", message)
	}
	if d.Source, err = s.Book.Source(ctx, d.Base); err != nil {
		return err
	}
	d.Probes, err = s.Book.Probes(ctx, d.Base)
	return err
}

func (s *site) versionSource(w http.ResponseWriter, r *http.Request, _ identity.Actor) error {
	number, err := strconv.Atoi(r.PathValue("version"))
	if err != nil {
		return errNothing
	}
	src, err := s.Book.Source(r.Context(), number)
	if err != nil {
		return err
	}
	return download(w, "policy-"+strconv.Itoa(number)+".md", src)
}

// download answers a text as a file to be kept.
func download(w http.ResponseWriter, name, text string) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, text) // a reader that left is not an error of ours
	return nil
}
