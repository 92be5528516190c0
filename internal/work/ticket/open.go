package ticket

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/journal"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/work/information"
)

// Limits of what a person writes, in bytes.
const (
	MaxSubject   = 500
	MaxBody      = 1 << 20
	MaxReference = 200
)

// Draft is a request before it is a ticket.
type Draft struct {
	// Channel is mail, portal, api or desk; By is the channel of the policy where that does not say it, such as the telephone.
	Channel, By   string
	Subject, Body string
	Quoted        string
	// Sender is the address a mail claims, when Verified is false.
	Sender     string
	Category   string
	Severity   string
	Reference  string
	InstanceID string
	// Facts are those that the policy asks the requester for, by name, as they are written; several words for a set.
	Facts map[string][]string
	// RequesterID is the person who asks; empty means the actor.
	RequesterID string
	// Verified is false when a mail's sender could not be proven: the ticket is
	// kept and seen by the desk, and nothing is decided as that person.
	Verified bool
	// Automatic marks a machine's mail: it is kept and not answered.
	Automatic bool
	Files     []File
	// Information is checked by the policy in force; see information.Given.Take.
	Information information.Given
	// MailID is the Message-ID of the mail that brought it.
	MailID string
	// IdempotencyKey and RequestHash make a repeated call answer with the first ticket.
	IdempotencyKey, RequestHash string
	// Inside runs in the transaction that stores the ticket, for what must share its commit.
	Inside func(tx *db.Tx, t *Ticket, messageID string) error
}

// Opened is a new ticket with the decision that placed it. Repeated is true
// when an idempotency key answered with an earlier one.
type Opened struct {
	Ticket   *Ticket
	Decision coverage.Decision
	Repeated bool
}

// Open stores a request, decides who answers it, and says why. It never refuses
// a request for its coverage: what is not covered is kept as declined, what
// lacks details as incomplete.
// Faults: Invalid with fields, NotFound for a requester the actor may not act for, Conflict for a reused key, Unavailable.
func (s *Service) Open(ctx context.Context, actor identity.Actor, d Draft) (out Opened, err error) {
	defer fault.Wrap(&err, "ticket.Open by %s", actor.PersonID)
	if err := d.check(); err != nil {
		return out, err
	}
	if d.RequesterID == "" {
		d.RequesterID = actor.PersonID
	}
	f, earlier, err := s.asked(ctx, actor, &d)
	if err != nil {
		return out, err
	}
	if earlier != "" {
		return s.repeated(ctx, earlier)
	}
	if err := d.checkWords(f); err != nil {
		return out, err
	}
	return s.open(ctx, actor, &d, f)
}

// asked are the facts about who asks, or the ticket that an idempotency key stands for.
func (s *Service) asked(ctx context.Context, actor identity.Actor, d *Draft) (f *facts, earlier string, err error) {
	if d.IdempotencyKey == "" && d.RequesterID == actor.PersonID && d.RequesterID != "" {
		f, err = s.remembered(ctx, actor, d)
		return f, "", err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if d.IdempotencyKey != "" {
			if earlier, err = resultOfKey(tx, actor.PersonID, d.IdempotencyKey, d.RequestHash); err != nil || earlier != "" {
				return err
			}
		}
		if err := mayAskFor(tx, actor, d.RequesterID); err != nil {
			return err
		}
		f, err = s.loadFacts(tx, actor, d.RequesterID, d.InstanceID, d.Verified)
		return err
	})
	return f, earlier, err
}

// asker is what the facts of somebody who asks for themselves depend on.
type asker struct {
	person, via, instance string
	verified              bool
}

// registerTables are those that facts are read from.
func registerTables() []string {
	return []string{"organisation", "desk", "person", "membership", "account", "instance", "product", "product_version", "api_token"}
}

// remembered are the facts of somebody who may have asked a moment ago, judged by the policy in force now.
func (s *Service) remembered(ctx context.Context, actor identity.Actor, d *Draft) (*facts, error) {
	known, err := s.known.Get(asker{actor.PersonID, actor.Via, d.InstanceID, d.Verified}, func() (f *facts, err error) {
		err = s.db.Read(ctx, func(tx *db.Tx) error {
			f, err = s.loadFacts(tx, actor, d.RequesterID, d.InstanceID, d.Verified)
			return err
		})
		return f, err
	})
	if err != nil {
		return nil, err
	}
	f := *known
	now := s.db.Now()
	if f.rules, err = s.book.InForce(ctx, now); err != nil {
		return nil, err
	}
	f.kept = nil
	return &f, f.stay(now, func(v rulebook.Version) (*rulebook.Compiled, error) { return s.book.Before(ctx, v) })
}

func (d *Draft) check() error {
	d.Subject = strings.Join(strings.Fields(clean(d.Subject)), " ")
	if d.Channel == "mail" {
		// a mail's subject is kept as it was written
		d.Subject = clean(d.Subject)
	}
	d.Body = clean(d.Body)
	d.Reference = strings.TrimSpace(clean(d.Reference))
	e := fault.New(fault.Invalid, "Some of the request is missing or too long. Please check the marked fields.")
	bad := e
	if d.Subject == "" && d.Channel != "mail" {
		bad = bad.WithField("subject", "Say in a few words what this is about.")
	}
	if len(d.Subject) > MaxSubject && d.Channel != "mail" {
		bad = bad.WithField("subject", "Keep the subject under 500 characters and put the rest below.")
	}
	if strings.TrimSpace(d.Body) == "" && d.Channel != "mail" {
		bad = bad.WithField("body", "Say what happened.")
	}
	if len(d.Body) > MaxBody && d.Channel != "mail" {
		bad = bad.WithField("body", "This text is longer than 1 MB. Attach it as a file.")
	}
	if len(d.Reference) > MaxReference {
		bad = bad.WithField("reference", "Keep your own number under 200 characters.")
	}
	if bad != e {
		return bad
	}
	return nil
}

// clean drops NUL bytes, which PostgreSQL refuses, and repairs invalid UTF-8.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// checkWords checks words that only the policy knows.
func (d *Draft) checkWords(f *facts) error {
	p := f.rules.Policy
	if err := checkChannel(p, d.By); err != nil {
		return err
	}
	if d.Category != "" {
		if _, ok := p.Category(d.Category); !ok {
			return fault.New(fault.Invalid, "This category is not in the support policy. Choose one of the list.").
				WithField("category", "There is no category "+quote(d.Category)+". The policy page lists them.")
		}
	}
	if mistakes := new(coverage.Situation).Put(p, coverage.GiverRequester, d.Facts); len(mistakes) > 0 {
		return wrongFacts(mistakes)
	}
	if err := takeNew(p, &d.Information); err != nil || d.Severity == "" {
		return err
	}
	for _, sev := range p.Severities() {
		if sev.ID == d.Severity {
			return nil
		}
	}
	return fault.New(fault.Invalid, "This severity is not in the support policy.").WithField("severity", "The policy has no severity "+quote(d.Severity)+"; leave it out.")
}

func quote(s string) string {
	if len(s) > 60 {
		s = s[:60]
	}
	return `"` + strings.ToValidUTF8(s, "") + `"`
}

// mayAskFor lets people ask for themselves, for their own organisation when they
// act for it, and for whom they serve. Who may not, hears that there is no such person.
func mayAskFor(tx *db.Tx, a identity.Actor, requester string) error {
	if a.IsSystem() || requester == a.PersonID {
		return nil
	}
	p, err := identity.ByID(tx, requester)
	if err != nil {
		return err
	}
	if a.Staff() || a.Admin {
		switch {
		case a.OrgID == p.OrgID && a.OrgID != "", a.OrgKind == org.Vendor && a.Staff():
			return nil
		case a.OrgKind == org.Partner && a.Staff():
			list, err := account.ByOrg(tx, p.OrgID)
			if err != nil || slices.ContainsFunc(list, func(c account.Account) bool { return c.PartnerID == a.OrgID }) {
				return err
			}
		}
	}
	return fault.New(fault.NotFound, "There is no such requester.").WithField("requester", "There is no person with this address whom you may ask for.")
}

func (s *Service) repeated(ctx context.Context, id string) (out Opened, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if out.Ticket, err = loadTicket(tx, id); err != nil {
			return err
		}
		j, err := loadJudgement(tx, id, 1)
		if err == nil {
			out.Decision, out.Repeated = j.Decision, true
		}
		return err
	})
	return out, err
}

func (s *Service) open(ctx context.Context, actor identity.Actor, d *Draft, f *facts) (Opened, error) {
	number, err := s.numbers.take(ctx)
	if err != nil {
		return Opened{}, err
	}
	p := &prepared{draft: d, facts: f, actor: actor, number: number}
	p.messageID = db.NewID()
	if err := p.decide(s.db.Now()); err != nil {
		return Opened{}, err
	}
	if secrets := d.Information.Secrets; len(secrets) > 0 {
		if p.sealed, err = sealSecrets(s.sealer, p.ticket.ID, nil, secrets); err != nil {
			return Opened{}, err
		}
	}
	earlier := ""
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		earlier = ""
		if d.IdempotencyKey != "" {
			if earlier, err = claimKey(tx, actor.PersonID, d.IdempotencyKey, d.RequestHash, p.ticket.ID); err != nil || earlier != "" {
				return err
			}
		}
		tx.AfterCommit(s.appended)
		return s.store(tx, p)
	})
	if err != nil {
		return Opened{}, err
	}
	if earlier != "" {
		return s.repeated(ctx, earlier)
	}
	t := p.ticket
	return Opened{Ticket: &t, Decision: p.judgement.Decision}, nil
}

// prepared is a ticket that is decided and not yet stored.
type prepared struct {
	draft     *Draft
	facts     *facts
	actor     identity.Actor
	number    int64
	messageID string
	ticket    Ticket
	room      Room
	situation coverage.Situation
	info      information.Given
	uploads   []upload
	judgement Judgement
	sealed    []byte
}

// decide asks the policy in force and fills the rows; it is pure but for ids.
func (p *prepared) decide(now int64) error {
	d, f := p.draft, p.facts
	p.uploads = uploads(f.rules.Policy, d.Files, &d.Information)
	p.info.Merge(f.rules.Policy, d.Information)
	for _, u := range p.uploads {
		if u.id != "" {
			p.info.Attach(u.id, u.File)
		}
	}
	sit := f.under(f.rules.Policy, now)
	if mistakes := sit.Put(f.rules.Policy, coverage.GiverRequester, d.Facts); len(mistakes) > 0 {
		return wrongFacts(mistakes)
	}
	sit.At, sit.Arrived, sit.Category, sit.SeverityAsked = now, now, d.Category, d.Severity
	sit.Channel = channelOf(f.rules.Policy, d.Channel, d.By)
	if p.setsSeverity() {
		sit.Severity = d.Severity
	}
	hold(&sit, f.rules.Policy, &p.info)
	p.situation = sit
	decision := coverage.Decide(f.rules.Policy, &sit)
	decision.Because = append(decision.Because, f.kept...)
	situation, err := json.Marshal(&sit)
	if err != nil {
		return err
	}
	t := &p.ticket
	*t = Ticket{ID: db.NewID(), Number: p.number, Subject: d.Subject, Channel: d.Channel, Category: d.Category, Severity: decision.Severity,
		Reference: d.Reference, RequesterID: d.RequesterID, RequesterKind: sit.Requester.Kind, Verified: d.Verified,
		Covered: decision.Covered, Effort: decision.Effort, PolicyVersion: f.rules.Number, Judgement: 1,
		CreatedAt: now, UpdatedAt: now, Version: 1}
	if d.Verified && f.requester.OrgKind == org.Customer {
		t.CustomerOrg = f.requester.OrgID
	}
	if f.account != nil {
		t.AccountID = f.account.ID
	}
	if f.instance != nil {
		t.InstanceID = f.instance.ID
	}
	p.place(&decision)
	p.judgement = Judgement{TicketID: t.ID, Seq: 1, Trigger: EventOpened, At: now, PolicyVersion: f.rules.Number, Situation: situation, Decision: decision}
	p.room = Room{TicketID: t.ID, ID: requesterRoomID, Kind: RequesterRoom, LowerOrg: t.CustomerOrg, UpperOrg: t.ProviderOrg, UpperLevel: t.Level, CreatedAt: now}
	return nil
}

// setsSeverity reports that the severity named is the one that counts: the asker's where the policy lets them set it, else that of
// a desk that writes for somebody, unless the policy derives it.
func (p *prepared) setsSeverity() bool {
	switch p.facts.rules.Policy.SeveritySetBy() {
	case policy.SetByRequester:
		return true
	case policy.SetByProvider:
		return p.actor.Staff() && p.actor.PersonID != p.draft.RequesterID
	}
	return false
}

// place says in which state and at whose desk the ticket begins.
func (p *prepared) place(d *coverage.Decision) {
	t := &p.ticket
	t.Level, t.ProviderKind = d.Level, d.Provider.Kind
	t.ProviderOrg = providerOrg(d.Provider, p.facts.vendorID, t.CustomerOrg)
	if t.ProviderOrg == "" || t.Level == "" {
		// an unsettled provider: the vendor's lowest desk holds the request
		t.Level, t.ProviderKind, t.ProviderOrg = p.facts.rules.Policy.LowestLevel(), string(org.Vendor), p.facts.vendorID
	}
	switch {
	case d.Covered == coverage.CoveredNo:
		t.State = Declined
	case len(d.Missing) > 0:
		t.State = Incomplete
	default:
		t.State = New
		t.DueAt = earliestDue(d.Clocks)
	}
}

func (s *Service) store(tx *db.Tx, p *prepared) error {
	t, d := &p.ticket, p.draft
	info := p.info
	info.Values = maps.Clone(info.Values) // linked to attachments that a second try makes anew
	if err := insertTicket(tx, t); err != nil {
		return err
	}
	if err := insertParty(tx, t.CustomerOrg, t.ID); err != nil {
		return err
	}
	if t.ProviderOrg != t.CustomerOrg {
		if err := insertParty(tx, t.ProviderOrg, t.ID); err != nil {
			return err
		}
	}
	if err := insertRoom(tx, p.room); err != nil {
		return err
	}
	m := Message{TicketID: t.ID, ID: p.messageID, RoomID: p.room.ID, AuthorID: d.RequesterID, AuthorOrg: t.CustomerOrg, Channel: d.Channel,
		Body: d.Body, Quoted: d.Quoted, Sender: d.Sender, Verified: d.Verified, Automatic: d.Automatic, CreatedAt: t.CreatedAt}
	if p.actor.PersonID != "" && p.actor.PersonID != d.RequesterID && !p.actor.IsSystem() {
		m.AuthorID, m.AuthorOrg = p.actor.PersonID, p.actor.OrgID
	}
	if err := insertMessage(tx, &m); err != nil {
		return err
	}
	if err := storeUploads(tx, t, &m, p.uploads, &info); err != nil {
		return err
	}
	if err := insertJudgement(tx, &p.judgement); err != nil {
		return err
	}
	if err := s.storeDetails(tx, p, &info); err != nil {
		return err
	}
	if err := insertMailRef(tx, d.MailID, t.ID, p.room.ID); err != nil {
		return err
	}
	if d.Inside != nil {
		if err := d.Inside(tx, t, m.ID); err != nil {
			return err
		}
	}
	if t.State != Declined {
		if err := s.schedule(tx, t.ID, stepsToDo(p.judgement.Decision.Clocks, nil)); err != nil {
			return err
		}
	}
	event := EventOpened
	if t.State == Incomplete || t.State == Declined {
		event = string(t.State)
	}
	return s.queue.Enqueue(tx, jobs.Job{Kind: NotifyJob, Payload: Notice{TicketID: t.ID, Event: event, MessageID: m.ID, RoomID: p.room.ID, ActorID: p.actor.PersonID, Automatic: d.Automatic}})
}

func (s *Service) storeDetails(tx *db.Tx, p *prepared, info *information.Given) error {
	t := &p.ticket
	if !info.Empty() {
		if err := saveInformation(tx, t.ID, info, p.sealed); err != nil {
			return err
		}
	}
	return journal.Append(tx, journal.Event{Subject: t.ID, Kind: EventOpened, At: t.CreatedAt, ActorID: p.actor.PersonID, ActorKind: actorKind(p.actor),
		OrgID: p.actor.OrgID, RoomID: p.room.ID, Clause: firstClause(&p.judgement.Decision),
		Data: map[string]string{"state": string(t.State), "level": t.Level, "provider": t.ProviderOrg, "channel": t.Channel}})
}

func firstClause(d *coverage.Decision) string {
	for _, r := range d.Because {
		if !r.Overridden {
			return r.Clause
		}
	}
	return ""
}

// storeFiles makes stored files part of a message.
func storeFiles(tx *db.Tx, t *Ticket, m *Message, files []File) error {
	for _, file := range files {
		if _, err := storeFile(tx, t, m, file); err != nil {
			return err
		}
	}
	return nil
}

func storeFile(tx *db.Tx, t *Ticket, m *Message, file File) (id string, err error) {
	a := Attachment{TicketID: t.ID, ID: db.NewID(), RoomID: m.RoomID, MessageID: m.ID, Name: file.Name, ContentType: file.ContentType, Hash: file.Hash, Size: file.Size, CreatedAt: tx.Now()}
	return a.ID, insertAttachment(tx, &a)
}

// takeNew takes in what comes with a new request, which has no files yet that it could name.
func takeNew(p *policy.Policy, in *information.Given) error {
	if err := in.Take(p); err != nil {
		return err
	}
	return linkFiles(p, in, nil)
}
