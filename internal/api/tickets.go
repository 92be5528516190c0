package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

const channel = "api"

// maxKey bounds an idempotency key, in bytes.
const maxKey = 200

type openIn struct {
	KeyIn
	Body createTicketIn
}

type createTicketIn struct {
	Subject   string `json:"subject" doc:"In a few words, what it is about."`
	Body      string `json:"body" doc:"What happened, as plain text."`
	Category  string `json:"category" doc:"A category of the policy; GET /categories lists them."`
	Requester string `json:"requester,omitempty" nullable:"true" doc:"Who asks, by e-mail address or id, if not you."`
	Instance  string `json:"instance,omitempty" nullable:"true" doc:"The installation it concerns, by id, name or URL; without it the account's only or default one."`
	Severity  string `json:"severity,omitempty" nullable:"true" doc:"A severity of the policy, if it has a scale."`
	Channel   string `json:"channel,omitempty" nullable:"true" doc:"The channel of the policy by which the request came, if that is another than the program itself."`
	Reference string `json:"reference,omitempty" nullable:"true" doc:"Your own number for it."`
	FactsIn
	GateIn
	_ struct{} `additionalProperties:"true"`
}

// UnmarshalJSON reads the fields, and what the policy asks for beside them.
func (b *createTicketIn) UnmarshalJSON(data []byte) error {
	type fields createTicketIn
	if err := json.Unmarshal(data, (*fields)(b)); err != nil {
		return err
	}
	return b.beside(data, "subject", "body", "category", "requester", "instance", "severity", "channel", "reference", "facts")
}

type openOut struct {
	Location string `header:"Location" doc:"Where the ticket is."`
	Body     ticketOut
}

type ticketAnswer struct{ Body ticketOut }

// RefIn names a ticket. It is exported, like the other embedded types, because the
// description is made from exported fields only.
type RefIn struct {
	ID string `path:"id" doc:"A ticket's id or number." example:"T-1042" maxLength:"40"`
}

type listIn struct {
	Level  string `query:"level" doc:"Only tickets at this level." maxLength:"100"`
	State  string `query:"state" doc:"Only tickets in this state: incomplete, new, open, waiting, solved, closed or declined."`
	Cursor string `query:"cursor" doc:"next_cursor of the page before; empty for the first page." maxLength:"200"`
	Limit  int    `query:"limit" doc:"How many, at most 200." minimum:"1" maximum:"200" default:"50"`
}

type listOut struct{ Body ticketListOut }

type ticketListOut struct {
	Items      []ticketOut `json:"items" nullable:"false"`
	NextCursor string      `json:"next_cursor" doc:"The cursor of the following page; empty at the end."`
}

func (a *api) addTickets() {
	add(a, operation{id: "open-ticket", method: http.MethodPost, path: "/tickets", tag: "Tickets", status: http.StatusCreated, summary: "Open a ticket",
		about:  "Every request is kept: one that the policy does not cover is declined, one that lacks something its level needs is incomplete.",
		errors: []int{http.StatusConflict}}, a.openTicket)
	add(a, operation{id: "list-tickets", method: http.MethodGet, path: "/tickets", tag: "Tickets", summary: "List the tickets that you may see, newest first",
		errors: []int{http.StatusUnprocessableEntity}}, a.listTickets)
	add(a, operation{id: "get-ticket", method: http.MethodGet, path: "/tickets/{id}", tag: "Tickets", summary: "Read a ticket",
		errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity}}, a.getTicket)
}

func (a *api) openTicket(ctx context.Context, c *call, in *openIn) (*openOut, error) {
	d, err := in.draft()
	if err != nil {
		return nil, err
	}
	asker := personOut{c.actor.PersonID, c.actor.Name}
	if d.RequesterID != "" || (d.InstanceID != "" && !isID(d.InstanceID)) {
		if err := a.resolve(ctx, c.actor, &d, &asker); err != nil {
			return nil, err
		}
	}
	opened, err := a.Tickets.Open(ctx, c.actor, d)
	if err != nil {
		return nil, hideRequester(&d, err)
	}
	out, err := a.presentOpened(ctx, c.actor, &opened, &asker)
	return &openOut{Location: base + "/tickets/" + out.ID, Body: out}, err
}

func (in *openIn) draft() (d ticket.Draft, err error) {
	b := &in.Body
	d = ticket.Draft{Channel: channel, By: word(b.Channel), Subject: b.Subject, Body: b.Body, Category: word(b.Category), Severity: word(b.Severity),
		Reference: b.Reference, RequesterID: word(b.Requester), InstanceID: word(b.Instance), Verified: true}
	if d.Category == "" {
		return d, fault.New(fault.Invalid, "Some of the request is missing or too long. Please check the marked fields.").
			WithField("category", "Choose a category; GET /categories lists them.")
	}
	if d.Information, err = b.givenInformation(); err != nil {
		return d, err
	}
	if d.Facts, err = b.FactsIn.given(); err != nil {
		return d, err
	}
	if len(b.GateIn.given) > 0 {
		d.IdempotencyKey, d.RequestHash, err = in.claim("", []any{b, b.GateIn.given})
	} else {
		d.IdempotencyKey, d.RequestHash, err = in.claim("", b)
	}
	return d, err
}

// KeyIn is the header by which a call may be sent again.
type KeyIn struct {
	Key string `header:"Idempotency-Key" doc:"The same key with the same content answers with what the first call made. Up to 200 characters."`
}

// claim is the key with a hash of what it stands for: where it was sent and what it says.
func (in *KeyIn) claim(path string, body any) (key, hash string, err error) {
	if in.Key == "" {
		return "", "", nil
	}
	if len(in.Key) > maxKey || word(in.Key) != in.Key {
		return "", "", fault.New(fault.Invalid, "The Idempotency-Key can't be used.").WithField("Idempotency-Key", "Use up to 200 plain characters.")
	}
	canonical, err := json.Marshal(body)
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(append([]byte(path), canonical...))
	return in.Key, hex.EncodeToString(sum[:]), nil
}

// word is a name or an id without what no name holds: space around it, NUL and broken UTF-8.
func word(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD"))
}

// resolve finds the person and the instance that were named. What it does not
// find it leaves as it was: the use case refuses it after the permission check,
// so that nobody learns here what exists.
func (a *api) resolve(ctx context.Context, actor identity.Actor, d *ticket.Draft, asker *personOut) error {
	return a.DB.Read(ctx, func(tx *db.Tx) error {
		orgID := actor.OrgID
		if d.RequesterID != "" {
			p, err := findPerson(tx, d.RequesterID)
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			d.RequesterID, orgID, *asker = p.ID, p.OrgID, personOut{p.ID, p.Name}
		}
		if d.InstanceID == "" || isID(d.InstanceID) || orgID == "" {
			return nil
		}
		id, err := findInstance(tx, orgID, d.InstanceID)
		if id != "" {
			d.InstanceID = id
		}
		return err
	})
}

// findPerson finds a person by id or e-mail address. Faults: NotFound.
func findPerson(tx *db.Tx, who string) (identity.Person, error) {
	if !strings.Contains(who, "@") {
		return identity.ByID(tx, who)
	}
	address, err := mail.Canonical(who)
	if err != nil {
		return identity.Person{}, fault.New(fault.NotFound, "There is no such person.").WithCause(err)
	}
	return identity.ByEmail(tx, address)
}

// findInstance finds an instance of an organisation by its name or URL; "" when there is not exactly one.
func findInstance(tx *db.Tx, orgID, name string) (id string, err error) {
	accounts, err := account.ByOrg(tx, orgID)
	if err != nil {
		return "", err
	}
	for _, acc := range accounts {
		list, err := account.Instances(tx, acc.ID)
		if err != nil {
			return "", err
		}
		for _, i := range list {
			if !strings.EqualFold(i.Name, name) && (i.URL == "" || !strings.EqualFold(strings.TrimRight(i.URL, "/"), strings.TrimRight(name, "/"))) {
				continue
			}
			if id != "" {
				return "", nil
			}
			id = i.ID
		}
	}
	return id, nil
}

// hideRequester gives one answer for a person who is absent, disabled or not to be asked for.
func hideRequester(d *ticket.Draft, err error) error {
	if k := fault.KindOf(err); d.RequesterID == "" || (k != fault.NotFound && k != fault.Unauthenticated) {
		return err
	}
	return fault.New(fault.Invalid, "You can't ask for this requester. Leave the field out to ask yourself, or name somebody whom you may ask for.").
		WithField("requester", "There is nobody of this address or id whom you may ask for.").WithCause(err)
}

func (a *api) presentOpened(ctx context.Context, actor identity.Actor, o *ticket.Opened, asker *personOut) (ticketOut, error) {
	if o.Repeated {
		s, err := a.Tickets.Find(ctx, actor, o.Ticket.ID)
		if err == nil {
			answer, err := a.answer(ctx, actor, &s)
			if err != nil {
				return ticketOut{}, err
			}
			return answer.Body, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return ticketOut{}, err
		}
	}
	s := ticket.Summary{Ticket: *o.Ticket, Decision: o.Decision, Clocks: o.Decision.Clocks, Missing: o.Decision.Missing}
	return a.present(ctx, &s, people{requester: asker})
}

func (a *api) listTickets(ctx context.Context, c *call, in *listIn) (*listOut, error) {
	page, err := a.Tickets.List(ctx, c.actor, ticket.Filter{Level: word(in.Level), State: ticket.State(in.State)}, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	list := make([]ticket.Ticket, len(page.Rows))
	for i := range page.Rows {
		list[i] = page.Rows[i].Ticket
	}
	summaries, err := a.Tickets.Summaries(ctx, list)
	if err != nil {
		return nil, err
	}
	out := &listOut{Body: ticketListOut{Items: make([]ticketOut, len(list)), NextCursor: page.Next}}
	for i := range summaries {
		row := &page.Rows[i]
		who := people{requester: person(row.RequesterID, row.RequesterName), assignee: person(row.AssigneeID, row.AssigneeName)}
		if row.RequesterID == c.actor.PersonID {
			who.requester = person(c.actor.PersonID, c.actor.Name)
		}
		if out.Body.Items[i], err = a.present(ctx, &summaries[i], who); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *api) getTicket(ctx context.Context, c *call, in *RefIn) (*ticketAnswer, error) {
	s, err := a.Tickets.Find(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, c.actor, &s)
}
