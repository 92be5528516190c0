package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/api"
	"github.com/tierdesk/tierdesk/internal/flow/intake"
	"github.com/tierdesk/tierdesk/internal/flow/registration"
	"github.com/tierdesk/tierdesk/internal/platform/blob"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/jobs"
	"github.com/tierdesk/tierdesk/internal/platform/live"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/web"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

const fence = "```"

// oneLevel is a vendor of pumps with a single level, no product types, no plans and a gate at submit.
const oneLevel = `# Help with pumps {#pumps}

` + fence + `policy
policy: {name: Help with pumps, vendor: Acme Pumps, effective: 2020-01-01, zone: Europe/Vienna}
products: {pump: {name: Pump}}
levels: {support: {name: Service desk}}
categories: {leak: {level: support, title: A leak}, noise: {level: support, title: Noise}}
information:
  serial:  {type: text, title: Serial number}
  since:   {type: date, title: First day of the fault}
  hours:   {type: number, title: Hours of operation}
  photo:   {type: image, title: Picture of the type plate}
  no_photo: {type: yes-no, title: The type plate cannot be read}
  repair:  {type: text, title: What was done}
gates:
  - {to: close, require: [repair]}
  - {to: submit, unless: {category: noise}, require: [serial, since, {any: [photo, no_photo]}, {hours: 1, waive: with-reason}]}
responsibility: [{support: {by: vendor, for: [customer, end-user]}}]
hours: [{use: none}]
` + fence + `
`

// fiveLevels is a maker of ships with five levels, a severity scale, plans, two secrets on one gate and a table of two lines.
const fiveLevels = `# Ships {#ships}

` + fence + `policy
policy: {name: Care of ships, vendor: Blue Yard, effective: 2020-01-01, zone: UTC}
products: {ship: {name: Ship}}
plans: {coast: {name: Coast}, ocean: {name: Ocean, builds_on: coast}}
severity:
  scale: {sinking: {name: Sinking, means: Water comes in}, drifting: {name: Drifting}, sailing: {name: Sailing}}
  set_by: requester
levels:
  deck-watch: {name: Deck watch, escalates_to: internal}
  internal:   {name: Workshop, escalates_to: yard-hall}
  yard-hall:  {name: Yard hall, escalates_to: drawing}
  drawing:    {name: Drawing office, escalates_to: owner-board}
  owner-board: {name: Owners' board}
categories: {rudder: {level: deck-watch, title: The rudder}, hull: {level: internal, title: The hull}}
information:
  what_happened: {type: steps, title: What happened}
  position:   {type: url, title: Position on the chart}
  harbour_pin: {type: secret, title: Key of the harbour}
  bridge_pin: {type: secret, title: Key of the bridge}
  soundings:  {type: table, columns: [depth in metres, by], title: Soundings}
  log:        {type: file, title: Ship's log}
  sighted:    {type: video, title: Recording}
  captain:    {type: person, title: Who commands}
gates:
  - {from: deck-watch, to: internal, require: [what_happened, {soundings: 2}]}
  - {from: internal, to: yard-hall, require: [position, harbour_pin, bridge_pin]}
  - {from: yard-hall, to: drawing, require: [{any: [log, sighted], waive: with-reason}]}
responsibility:
  - deck-watch:  {by: vendor, for: [customer, end-user]}
    internal:    {by: vendor, for: [customer, end-user]}
    yard-hall:   {by: vendor, for: [customer, end-user]}
    drawing:     {by: vendor, for: [customer, end-user]}
    owner-board: {by: vendor, for: [customer, end-user]}
calendars: {watch: {zone: UTC, week: "mon-sun 00:00-24:00"}}
hours: [{use: watch}]
clocks:
  answer: {title: First word, starts: complete, stops: first-reply, within: [{for: {severity: sinking}, is: 10m}, {is: 4h}]}
` + fence + `
`

const register = `
products: [{id: PRODUCT, name: Thing, versions: [{version: 1.0, released: 2020-01-01}]}]
organisations:
  - {key: us, kind: vendor, name: The Vendor, domain: vendor.example, zone: UTC, desks: DESKS, address: help@vendor.example}
  - {key: they, kind: customer, name: The Customer, domain: customer.example, zone: UTC}
people:
  - {email: all@vendor.example, name: Alma All, organisation: us, roles: ROLES}
  - {email: admin@customer.example, name: Carl Customer, organisation: they, roles: [admin]}
accounts: [{organisation: they, product: PRODUCT, contract_starts: 2020-01-01, maintenance_until: 2030-01-01}]
`

// firm is the whole desk of one policy: its API, its pages and its mail.
type firm struct {
	*house
	base  string
	mail  *intake.Mail
	pages map[string]*http.Client
}

const secretWord = "a good long password"

func found(t *testing.T, d *db.DB, source, product, desks, roles string) *firm {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	book := rulebook.New(d, d.Now)
	_, findings, err := book.Publish(ctx, "policy.md", []byte(source), "", "")
	if err != nil {
		t.Fatal(err, findings)
	}
	rules, err := book.InForce(ctx, d.Now())
	must(err)
	doc, err := registration.Read("register.yaml", []byte(strings.NewReplacer("PRODUCT", product, "DESKS", desks, "ROLES", roles).Replace(register)))
	must(err)
	must(d.Write(ctx, func(tx *db.Tx) error { _, err := doc.Apply(tx, rules.Policy); return err }))
	sealer, err := seal.Load(filepath.Join(t.TempDir(), "keys"))
	must(err)
	blobs, err := blob.Open(filepath.Join(t.TempDir(), "files"))
	must(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	people := identity.New(d)
	tickets := ticket.NewService(d, book, jobs.NewQueue(), sealer, func() {})
	f := &firm{house: &house{t: t, d: d, tokens: map[string]string{}}, pages: map[string]*http.Client{}}
	f.config = api.Config{DB: d, Tickets: tickets, Identity: people, Book: book, Files: attach.New(blobs), Log: log, Version: "test"}
	f.handler = api.New(f.config)
	f.mail = intake.NewMail(intake.MailConfig{DB: d, Tickets: tickets, Files: attach.New(blobs), Blobs: blobs, Sealer: sealer, Domain: "vendor.example", Log: log})
	for _, email := range []string{"all@vendor.example", "admin@customer.example"} {
		phc, err := people.HashPassword(ctx, secretWord)
		must(err)
		must(d.Write(ctx, func(tx *db.Tx) error {
			p, err := identity.ByEmail(tx, email)
			if err != nil {
				return err
			}
			if f.tokens[email], _, err = identity.CreateToken(tx, p.ID, "test"); err != nil {
				return err
			}
			return identity.StorePassword(tx, p.ID, phc)
		}))
	}
	hub := live.NewHub(live.Options{Check: 20_000_000})
	t.Cleanup(hub.Close)
	server := httptest.NewServer(web.New(web.Config{DB: d, Tickets: tickets, Identity: people, Book: book, Files: attach.New(blobs), Hub: hub, Sealer: sealer,
		Replay: func(*http.Request, int64, []string) ([]live.Event, error) { return nil, nil }, PublicURL: "http://desk.example", Log: log}))
	t.Cleanup(server.Close)
	f.base = server.URL
	return f
}

// browse opens a page as somebody.
func (f *firm) browse(who, path string) string {
	f.t.Helper()
	res, err := f.browser(who).Get(f.base + path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		f.t.Fatalf("%s: %d, %v\n%s", path, res.StatusCode, err, body)
	}
	return string(body)
}

func (f *firm) browser(who string) *http.Client {
	f.t.Helper()
	if f.pages[who] != nil {
		return f.pages[who]
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	f.pages[who] = c
	status, _ := f.send(who, "/sign-in", url.Values{"email": {who}, "password": {secretWord}})
	if status != http.StatusSeeOther {
		f.t.Fatalf("%s cannot sign in: %d", who, status)
	}
	return c
}

// send posts a form; a name that begins with @ is a file with that content.
func (f *firm) send(who, path string, values url.Values) (status int, body string) {
	f.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, list := range values {
		for _, v := range list {
			if field, is := strings.CutPrefix(name, "@"); is {
				part, err := w.CreateFormFile(field, "file.bin")
				if err == nil {
					_, err = part.Write([]byte(v))
				}
				if err != nil {
					f.t.Fatal(err)
				}
				continue
			}
			if err := w.WriteField(name, v); err != nil {
				f.t.Fatal(err)
			}
		}
	}
	_ = w.Close()
	kind := w.FormDataContentType()
	if path == "/sign-in" {
		form.Reset()
		form.WriteString(values.Encode())
		kind = "application/x-www-form-urlencoded"
	}
	r, err := http.NewRequest(http.MethodPost, f.base+path, &form)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Origin", f.base)
	res, err := f.browser(who).Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// shows checks that a page says each of these words.
func (f *firm) shows(what, body string, words ...string) {
	f.t.Helper()
	for _, w := range words {
		if !strings.Contains(body, w) {
			f.t.Errorf("%s does not say %q", what, w)
		}
	}
}

// newest is the ticket that was made last.
func (f *firm) newest(who string) *answer { return f.do(who, "GET", "/tickets?limit=1", nil).is(200) }

const (
	vendorAll = "all@vendor.example"
	asker     = "admin@customer.example"
)

func TestADeskWithOneLevel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		f := found(t, d, oneLevel, "pump", "{support: Service}", "[support]")
		f.do(asker, "GET", "/information", nil).is(200).has(map[string]any{"items.0.id": "serial", "items.4.type": "yes-no"})

		// the API: half, then all of it; a yes stands beside what it replaces
		half := f.do(asker, "POST", "/tickets", map[string]any{"subject": "It drips", "body": "Water.", "category": "leak", "serial": "X1", "information": map[string]any{"since": "2026-01-31"}}).is(201)
		half.has(map[string]any{"state": "incomplete", "level": "support", "missing": []string{"photo", "hours"}})
		path := "/tickets/" + half.text("number")
		f.do(asker, "POST", path+"/escalate", map[string]any{"hours": "many"}).is(422).blames("hours")
		f.do(asker, "POST", path+"/escalate", map[string]any{"since": "31.1.2026"}).is(422).blames("since")
		f.do(asker, "POST", path+"/escalate", map[string]any{"no_photo": true}).is(422).has(map[string]any{"missing": []string{"hours"}, "clause": "pumps"})
		f.do(asker, "POST", path+"/escalate", map[string]any{"waive": map[string]string{"hours": "The counter is broken."}}).is(200).has(map[string]any{"state": "new"})
		f.do(vendorAll, "POST", path+"/escalate", nil).is(409)
		f.do(vendorAll, "POST", path+"/solve", map[string]any{"body": "A new seal."}).is(422).has(map[string]any{"missing": []string{"repair"}})
		f.do(vendorAll, "POST", path+"/solve", map[string]any{"repar": "A seal."}).is(422).blames("repar")
		f.do(vendorAll, "POST", path+"/solve", map[string]any{"body": "A new seal.", "repair": "The seal was changed."}).is(200).has(map[string]any{"state": "solved"})

		// who asked may say that it is solved; the desk still owes what closing needs
		own := "/tickets/" + f.do(asker, "POST", "/tickets", map[string]any{"subject": "It hums", "body": "A noise.", "category": "noise"}).is(201).text("number")
		f.do(asker, "POST", own+"/solve", nil).is(200).has(map[string]any{"state": "solved"})
		f.do(vendorAll, "POST", own+"/close", nil).is(422).has(map[string]any{"missing": []string{"repair"}})
		f.do(vendorAll, "POST", own+"/close", map[string]any{"information": map[string]any{"repair": "Nothing was to be done."}}).is(200).has(map[string]any{"state": "closed"})

		// the pages: the form is the policy's
		empty := f.browse(asker, "/requests/new?category=leak")
		f.shows("the form", empty, "A leak", "Serial number", `type="date"`, "Picture of the type plate", "The type plate cannot be read", "One of these is enough", "Details that are needed")
		if strings.Contains(f.browse(asker, "/requests/new?category=noise"), "Details that are needed") {
			t.Error("noise is asked for details")
		}
		status, body := f.send(asker, "/requests/new", url.Values{"category": {"leak"}, "subject": {"By the page"}, "body": {"It drips."}, "info.serial": {"X2"}, "info.since": {"2026-02-01"},
			"info.hours": {"12 or so"}, "info.no_photo": {"no"}, "@info.photo": {png}})
		if status != http.StatusUnprocessableEntity {
			t.Fatalf("no number is taken: %d", status)
		}
		f.shows("the form that comes back", body, "Write a number", ">X2<", "file.bin", `href="#f-info-hours"`)
		kept := regexp.MustCompile(`name="kept_info.photo" value="([^"]+)"`).FindStringSubmatch(body)
		if kept == nil {
			t.Fatal("the file is not kept")
		}
		status, body = f.send(asker, "/requests/new", url.Values{"category": {"leak"}, "subject": {"By the page"}, "body": {"It drips."}, "info.serial": {"X2"}, "info.since": {"2026-02-01"},
			"info.hours": {"12"}, "kept_info.photo": {kept[1]}})
		if status != http.StatusSeeOther {
			t.Fatalf("by the page: %d\n%s", status, body)
		}
		number := f.newest(vendorAll).has(map[string]any{"items.0.state": "new", "items.0.subject": "By the page"}).text("items.0.number")
		f.shows("the engineer's page", f.browse(vendorAll, "/desk/tickets/"+number), "Service desk", "X2", "12", "file.bin", "1 Feb 2026")
		f.shows("the queue", f.browse(vendorAll, "/desk/support"), number)

		// mail: incomplete, with the policy's own words to the sender, and completed on the page
		raw := "From: Carl <admin@customer.example>\r\nTo: help@vendor.example\r\nSubject: By mail\r\nMessage-ID: <1@customer.example>\r\n\r\nIt drips."
		if err := f.mail.Deliver(t.Context(), mail.Envelope{From: asker, To: []string{"help@vendor.example"}, Trusted: true}, []byte(raw)); err != nil {
			t.Fatal(err)
		}
		mailed := f.newest(asker).has(map[string]any{"items.0.subject": "By mail", "items.0.state": "incomplete", "items.0.missing": []string{"serial", "since", "photo", "hours"}}).text("items.0.number")
		f.shows("the request", f.browse(asker, "/requests/"+mailed), "4 things are still missing", "First day of the fault", "Hours of operation")
		version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(f.browse(asker, "/requests/"+mailed))[1]
		status, body = f.send(asker, "/requests/"+mailed+"/details", url.Values{"version": {version}, "info.serial": {"X3"}, "info.since": {"2026-03-01"}, "info.no_photo": {"no", "yes"}, "info.hours": {"7"}})
		if status != http.StatusSeeOther {
			t.Fatalf("details: %d\n%s", status, body)
		}
		f.do(asker, "GET", "/tickets/"+mailed, nil).is(200).has(map[string]any{"state": "new"})
	})
}

func TestADeskWithFiveLevels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ladder := []string{"deck-watch", "internal", "yard-hall", "drawing", "owner-board"}
		f := found(t, d, fiveLevels, "ship", "{deck-watch: Watch, internal: Workshop, yard-hall: Hall, drawing: Office, owner-board: Board}", "["+strings.Join(ladder, ", ")+"]")
		f.shows("the form", f.browse(asker, "/requests/new"), "How serious is it?", "Sinking: Water comes in", "The rudder")
		status, body := f.send(asker, "/requests/new", url.Values{"category": {"rudder"}, "severity": {"sinking"}, "subject": {"The rudder"}, "body": {"It is stuck."}})
		if status != http.StatusSeeOther {
			t.Fatalf("by the page: %d\n%s", status, body)
		}
		number := f.newest(vendorAll).has(map[string]any{"items.0.level": "deck-watch", "items.0.severity": "sinking", "items.0.clocks.0.target_minutes": 10.0}).text("items.0.number")
		desk, path := "/desk/tickets/"+number, "/tickets/"+number

		// the form of the first gate; a table of two lines
		form := f.browse(vendorAll, desk+"/escalate")
		f.shows("the form", form, "Escalate to Workshop", "What happened", "Depth in metres", "At least 2 are needed.", "More that can go along", "Who commands")
		rows := url.Values{"info.what_happened.action": {"The wheel was turned", ""}, "info.soundings.depth in metres": {"4"}, "info.soundings.by": {"Ana"}, "info.captain": {"Ana Lund"}}
		status, body = f.send(vendorAll, desk+"/escalate", rows)
		if status != http.StatusUnprocessableEntity {
			t.Fatalf("one line of two: %d", status)
		}
		f.shows("the form that comes back", body, "Not escalated yet", "Soundings", `value="4"`, "The wheel was turned")
		rows = url.Values{"info.soundings.depth in metres": {"4", "5", ""}, "info.soundings.by": {"Ana", "Ben", ""}}
		if status, body = f.send(vendorAll, desk+"/escalate", rows); status != http.StatusSeeOther {
			t.Fatalf("two lines: %d\n%s", status, body)
		}

		// two secrets, given one after the other, sealed together
		f.do(vendorAll, "POST", path+"/escalate", map[string]any{"harbour_pin": "1111"}).is(422).has(map[string]any{"missing": []string{"position", "bridge_pin"}})
		f.do(vendorAll, "POST", path+"/escalate", map[string]any{"position": "https://chart.example/7", "bridge_pin": "2222"}).is(200).has(map[string]any{"level": "yard-hall"})
		page := f.browse(vendorAll, desk)
		f.shows("the ticket", page, "Key of the harbour", "Key of the bridge", "Sealed.", "Ana Lund", "https://chart.example/7", "Yard hall")
		if strings.Contains(page, "1111") {
			t.Error("a secret is shown")
		}
		if status, body = f.send(vendorAll, desk+"/access/reveal", url.Values{"reason": {"To go aboard"}}); status != http.StatusOK {
			t.Fatalf("reveal: %d", status)
		}
		f.shows("the answer to a reveal", body, "1111", "2222")
		notes := f.do(vendorAll, "GET", path+"/messages", nil).is(200)
		if !strings.Contains(string(notes.raw), "To go aboard") {
			t.Error("the purpose is not kept")
		}

		// a gate of alternatives, by a file; the level above asks for nothing
		f.do(vendorAll, "POST", path+"/escalate", nil).is(422).has(map[string]any{"missing": []string{"log"}})
		if status, body = f.send(vendorAll, desk+"/escalate", url.Values{"@info.log": {"12:00 all well"}}); status != http.StatusSeeOther {
			t.Fatalf("with the log: %d\n%s", status, body)
		}
		f.do(vendorAll, "POST", path+"/escalate", nil).is(200).has(map[string]any{"level": "owner-board"})
		f.do(vendorAll, "POST", path+"/escalate", nil).is(409)
		f.shows("the last level's page", f.browse(vendorAll, desk), "file.bin", "board")
		f.do(vendorAll, "POST", path+"/return", map[string]any{"reason": "Not for us."}).is(200).has(map[string]any{"level": "drawing"})
		f.do(vendorAll, "POST", path+"/solve", map[string]any{"body": "A new rudder."}).is(200).has(map[string]any{"state": "solved"})
		var seen []string
		for _, r := range f.do(vendorAll, "GET", path+"/timeline", nil).is(200).at("items").([]any) {
			seen = append(seen, r.(map[string]any)["kind"].(string))
		}
		if n := len(slices.DeleteFunc(seen, func(kind string) bool { return kind != ticket.EventEscalated })); n != 4 {
			t.Errorf("%d escalations in the timeline, want 4", n)
		}

		// the hull begins at the workshop and passes the gate below it
		hull := f.do(asker, "POST", "/tickets", map[string]any{"subject": "The hull", "body": "A hole.", "category": "hull"}).is(201)
		hull.has(map[string]any{"state": "incomplete", "level": "internal", "missing": []string{"what_happened", "soundings"}})
		if raw, err := json.Marshal(hull.body); err != nil || strings.Contains(string(raw), "L1") {
			t.Errorf("%s %v", raw, err)
		}
		raw := "From: Carl <admin@customer.example>\r\nTo: help@vendor.example\r\nSubject: By mail\r\nMessage-ID: <2@customer.example>\r\n\r\nA question."
		if err := f.mail.Deliver(t.Context(), mail.Envelope{From: asker, To: []string{"help@vendor.example"}, Trusted: true}, []byte(raw)); err != nil {
			t.Fatal(err)
		}
		f.newest(asker).has(map[string]any{"items.0.subject": "By mail", "items.0.level": "deck-watch", "items.0.state": "new"})
		for _, level := range ladder {
			f.browse(vendorAll, "/desk/"+level)
		}
		f.browse(vendorAll, "/policy")
	})
}
