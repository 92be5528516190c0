package page_test

import (
	"os"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/rules/readable"
	"github.com/tierdesk/tierdesk/internal/web/asset"
	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/web/text"
)

// The gallery is every page with believable long data, in its good, empty and failed states. The tests render it;
// TIERDESK_GALLERY=DIR go test -run TestGallery writes it to a folder to be looked at in a browser.

const longName = "Maximiliane-Alexandra von Hohenstein-Ruiz" // 41 characters
const longSubject = "Participants who join from the embedded player on the intranet page hear nobody until they leave and join a second time"

var now = time.Date(2026, 11, 20, 15, 18, 0, 0, time.UTC).UnixMilli() // a Friday

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

type sample struct {
	name string
	view templ.Component
}

func printer(t testing.TB) *text.Printer {
	t.Helper()
	catalogue, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.Printer("en")
}

func frame(t testing.TB, surface page.Surface) page.Frame {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Budapest")
	if err != nil {
		t.Fatal(err)
	}
	set, err := asset.New()
	if err != nil {
		t.Fatal(err)
	}
	f := page.Frame{
		Text: printer(t), Brand: "Example Meetings support", Surface: surface, Now: now, Zone: zone, Path: "/",
		Viewer: &page.Viewer{Name: "Ana Ribeiro", Email: "admin@cloud.example", Organisation: page.Org{Name: "Cloud Example Ltd", Kind: page.Customer}},
		Nav: []page.NavItem{
			{Label: "Home", Href: "/", Icon: "home"},
			{Label: "My requests", Href: "/requests", Icon: "list"},
		},
		Assets: page.Assets{Style: set.URL("tierdesk.css"), Script: set.URL("tierdesk.js"), Icon: set.URL("tierdesk.svg")},
	}
	if surface == page.Desk {
		f.LiveTopic = "desk:L1"
		f.Viewer = &page.Viewer{Name: longName, Email: "l1@vendor.example", Engineer: true, Organisation: vendor}
		f.Nav = []page.NavItem{
			{Label: "Level 1", Href: "/desk/L1", Icon: "level", Count: 12, ShowCount: true, Hot: 3, Key: "1"},
			{Label: "Level 2", Href: "/desk/L2", Icon: "level", Count: 1000, More: true, ShowCount: true, Key: "2"},
			{Label: "Level 3", Href: "/desk/L3", Icon: "level", Count: 0, ShowCount: true, Key: "3"},
			{Label: "Mine", Href: "/desk/mine", Icon: "me", Count: 4, ShowCount: true, Hot: 1, Key: "m"},
			{Label: "New ticket", Href: "/desk/new", Icon: "plus", Key: "n"},
			{Label: "Policy", Href: "/policy", Icon: "book", Key: "p"},
		}
	}
	return f
}

var (
	vendor   = page.Org{Name: "Example Meetings", Kind: page.Vendor}
	partner  = page.Org{Name: "Northern Lights Conferencing Services AB", Kind: page.Partner}
	customer = page.Org{Name: "Cloud Example Ltd", Kind: page.Customer}
)

func clause(anchor, title string) page.Clause {
	return page.Clause{Anchor: anchor, Title: title, Version: "2020-10-01"}
}

func officeHours(open bool) page.Hours {
	h := page.Hours{Known: true, Open: open, Changes: time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC).UnixMilli(), BestEffort: true, DeskZone: time.FixedZone("GMT", 0)}
	if !open {
		h.Changes = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC).UnixMilli()
	}
	return h
}

func coveredDecision() page.Decision {
	return page.Decision{
		Answer: page.Covered, Level: "Level 2", Wanted: "Level 3", Provider: vendor, Hours: officeHours(true),
		Reasons: []page.Reason{
			{Text: "Level 2 of a cloud server is provided by the vendor, for the customer.", Clause: clause("responsibility", "Who provides what")},
			{Text: "Level 3 is opened by level 2 or by monitoring.", Clause: clause("level-3", "Level 3")},
			{Text: "Product training is not included.", Clause: clause("not-included", "What is not included"), Overridden: true},
		},
		PolicyVersion: "2020-10-01", DecidedAt: now - 3*hour,
	}
}

func declinedDecision() page.Decision {
	return page.Decision{
		Answer: page.NotCovered, PolicyVersion: "2020-10-01", DecidedAt: now - 5*minute,
		Reasons: []page.Reason{
			{Text: "The contract has no active maintenance since 30 Jun 2026.", Clause: clause("not-included", "What is not included")},
			{Text: "Version 6.2 reached its end of life on 31 Dec 2025.", Clause: clause("lifecycle", "Versions and end of life")},
		},
		Offer: &page.Offer{Title: "Ask for a renewal", Text: "Sales renews the maintenance of your contract; this request then opens again by itself.", Href: "/requests/new?category=renewal"},
	}
}

func steps() page.Field {
	return page.Field{ID: "steps", Title: "Steps to reproduce", Kind: page.StepRows, Columns: []page.Column{{Name: "action", Label: "Action"}, {Name: "expected", Label: "Expected"}, {Name: "actual", Label: "Actual"}},
		Rows: [][]string{
			{"Open the session “Quarterly all-hands” in Firefox", "The lobby shows a camera preview", "The preview is black"},
			{"Choose the second camera in the settings", "", "Black again, the light of the camera is on"},
			{"Join", "Others see me", "Others see a grey tile with my initials"},
		}}
}

func tested(rows int) page.Field {
	all := [][]string{
		{"Firefox 145", "Ubuntu 24.04", "ThinkPad X1", "Black picture"},
		{"Chromium 142", "Ubuntu 24.04", "ThinkPad X1", "Works"},
		{"Safari 26", "iOS 26.1", "iPhone 15", "Black for ten seconds, then works"},
	}
	return page.Field{ID: "test_matrix", Title: "What was tested and how it went", Kind: page.TableRows,
		Columns: []page.Column{{Name: "browser", Label: "Browser"}, {Name: "os", Label: "OS"}, {Name: "device", Label: "Device"}, {Name: "result", Label: "Result"}}, Rows: all[:rows]}
}

func environment() page.Field {
	return page.Field{ID: "environment_url", Title: "Address of the environment", Kind: page.Address, Text: "https://meet.cloud.example/rooms/quarterly-all-hands?lobby=1"}
}

func shown() page.Field {
	return page.Field{ID: "evidence", Title: "Screenshot or screen recording", Kind: page.Files, Links: []string{"https://files.example/lobby"},
		Files: []page.Attachment{{Name: "lobby-preview-black.webm", Size: 4_812_331, Href: "/files/1"}}}
}

func tried() page.Field {
	return page.Field{ID: "tried", Title: "What was tried at level 1", Kind: page.Long, Text: "Another cable, another USB port, a private window, the plug-in reinstalled."}
}

// asked is a form with every kind of field, filled or empty.
func asked(filled bool) page.Handover {
	secret := page.Field{ID: "access_details", Title: "Access details needed to reproduce", Kind: page.Secret, Stored: filled}
	none := page.Field{ID: "none_needed", Title: "No access details are needed", Kind: page.Box}
	fields := []page.Field{steps(), environment(), shown(), tested(2), tried()}
	if !filled {
		for i, d := range fields {
			fields[i] = page.Field{ID: d.ID, Title: d.Title, Kind: d.Kind, Columns: d.Columns}
		}
	}
	one := func(d page.Field) page.Group { return page.Group{Key: d.ID, Fields: []page.Field{d}} }
	groups := []page.Group{one(fields[0]), one(fields[1]), {Key: "access_details", Fields: []page.Field{secret, none}},
		{Key: "evidence", Fields: fields[2:3], Waivable: true}, {Key: "test_matrix", Fields: fields[3:4], Min: 3}, one(fields[4])}
	return page.Handover{Gate: gate(filled, filled, filled, filled, false), Groups: groups, Others: []page.Group{
		one(page.Field{ID: "since", Title: "First day of the fault", Kind: page.Date}), one(page.Field{ID: "users", Title: "People affected", Kind: page.Number}),
		one(page.Field{ID: "contact", Title: "Who can be reached", Kind: page.OneLine})}}
}

func gate(met ...bool) page.Gate {
	g := page.Gate{Clause: clause("escalation", "Handing over to level 2"), Items: []page.GateItem{
		{Key: "steps"}, {Key: "environment_url"}, {Key: "access_details"}, {Key: "evidence"}, {Key: "test_matrix"},
	}}
	for i := range met {
		g.Items[i].Met = met[i]
	}
	return g
}

func talk(you bool) []page.Entry {
	ana := page.Person{Name: "Ana Ribeiro", Email: "ana@cloud.example", Org: customer, You: you}
	return []page.Entry{
		{Event: &page.Event{At: now - 26*hour, Kind: page.EventOpened, Actor: "Ana Ribeiro"}},
		{Message: &page.Message{ID: "m1", From: ana, At: now - 26*hour, Channel: "by mail",
			Text:        "Hello,\n\nsince the update of Tuesday night the camera of our presenters stays black in Firefox. Chromium works. We have a session with 300 people on Monday at 10:00 and the director presents from Firefox.\n\nKind regards\nAna",
			Attachments: []page.Attachment{{Name: "screenshot-2026-11-19-lobby-preview-black-with-settings-open.png", Size: 284_113, Href: "shot.svg", Image: true}, {Name: "about-support.txt", Size: 812, Href: "/files/2"}}}},
		{Event: &page.Event{At: now - 25*hour, Kind: page.EventTaken, Actor: "Kim Okafor"}},
		{Message: &page.Message{ID: "m2", From: page.Person{Name: "Kim Okafor", Org: vendor, You: !you}, At: now - 25*hour,
			Text: "Thank you, Ana. Could you tell me whether the light of the camera is on while the picture is black?"}},
		{Message: &page.Message{ID: "m3", From: page.Person{Name: longName, Email: "maximiliane@elsewhere.example", Unverified: true, Org: page.Org{}}, At: now - 2*hour, Channel: "by mail",
			Text:        "It is on. I answer from my private address because I am on the train.",
			Quoted:      "On Thu, 19 Nov 2026, Kim Okafor wrote:\n> Could you tell me whether the light of the camera is on while the picture is black?",
			Undelivered: "The mail to ana@cloud.example could not be delivered: the mailbox is full. It is tried again until Sun 22 Nov."}},
		{Event: &page.Event{At: now - 40*minute, Kind: page.EventEscalated, Actor: "Kim Okafor", To: "level 2", Clause: ptr(clause("escalation", "Handing over to level 2"))}},
		{Event: &page.Event{At: now - 30*minute, Kind: page.EventReturned, Actor: "Jo Lindqvist", To: "level 1", Reason: "Which release of Firefox, the one from the distribution or from Mozilla?"}},
	}
}

func ptr[T any](v T) *T { return &v }

func queueRows() []page.QueueRow {
	subjects := []string{"Camera is black since the update", longSubject, "Cannot add a video to a session", "How do I invite people who have no account?", "Session recording stops after 40 minutes", "Microphone echo in the large room", "Server answers slowly since 09:00", "Where are the shortcuts documented?"}
	states := []page.State{page.New, page.Open, page.Waiting, page.Incomplete, page.Open, page.Solved, page.New, page.Declined}
	orgs := []page.Org{customer, partner, {Name: "Named Example Inc", Kind: page.Customer}, vendor}
	products := []string{"Cloud server", "Named user", "Self-hosted"}
	var rows []page.QueueRow
	for i := range 14 {
		r := page.QueueRow{
			Number: []string{"T-1042", "T-1041", "T-1038", "T-100317"}[i%4], Subject: subjects[i%len(subjects)], State: states[i%len(states)],
			Requester: []string{"Ana Ribeiro", longName, "Kim O."}[i%3], Organisation: orgs[i%4], Product: products[i%3], Level: "Level 1",
			DueAt:    []int64{now - 3*day, now - 42*minute, now + 12*minute, now + 42*minute, now + 3*hour, now + 3*day, 0}[i%7],
			Assignee: []string{"", "Kim Okafor", longName}[i%3], AssigneeYou: i%5 == 0, Unread: i%4 == 0, BestEffort: i%9 == 3, Goal: i%6 == 5,
		}
		if i%5 == 1 {
			r.Severity = "Critical"
		}
		rows = append(rows, r)
	}
	return rows
}

func ticket(t testing.TB) page.Ticket {
	return page.Ticket{
		Frame: frame(t, page.Desk), Number: "T-1042", Subject: longSubject, Version: 7, State: page.Open, Level: "Level 1",
		Back: page.NavItem{Label: "Level 1", Href: "/desk/L1"}, Category: "Camera or microphone", Severity: "Critical", Reference: "INC0012345",
		Requester: page.Person{Name: longName, Email: "maximiliane.von.hohenstein-ruiz@cloud.example", Org: customer, Unverified: true},
		Assignee:  page.Person{Name: "Kim Okafor", You: true},
		Ladder: []page.Rung{
			{Level: "Level 1", Provider: partner, Place: page.Passed},
			{Level: "Level 2", Provider: vendor, Place: page.Here},
			{Level: "Level 3", Provider: customer},
		},
		Clocks: []page.Clock{
			{Name: "First answer", State: page.ClockMet, Due: now - 25*hour, Clause: clause("infrastructure", "Infrastructure")},
			{Name: "Next answer", State: page.ClockRunning, Due: now + 42*minute, LeftMs: 42 * minute, Goal: true, Clause: clause("hours", "Support hours"),
				Steps: []string{"Started Mon 12 Jan 2026, 16:30 Europe/London time, when everything that was asked for was there.", "16:30 to 17:00: 30 minutes.", "Goes on Tue 13 Jan, 09:00 to 17:00: 8 hours, 8 hours 30 minutes in all.", "Due Wed 14 Jan 2026, 09:30 Europe/London time."}},
			{Name: "Work-around", State: page.ClockMissed, Due: now - 2*hour, Provisional: true},
			{Name: "Fix", State: page.ClockPaused, LeftMs: 5*hour + 10*minute},
		},
		Rooms: []page.Room{
			{ID: "r1", Name: "With Ana Ribeiro", Hue: page.Customer, Readers: []string{"Ana Ribeiro", "Cloud Example Ltd", "Northern Lights Conferencing Services AB"}, Hidden: []string{"Example Meetings"}, Current: true, Messages: 12},
			{ID: "r2", Name: "Hand-over", Hue: page.Partner, Readers: []string{"Northern Lights Conferencing Services AB", "Example Meetings"}, Messages: 3},
			{ID: "r3", Name: "Own desk", Hue: page.Vendor, Readers: []string{"Example Meetings"}, Hidden: []string{"Cloud Example Ltd", "Northern Lights Conferencing Services AB"}, Internal: true},
		},
		Timeline: talk(false), Earlier: "/desk/tickets/T-1042?before=x",
		Composer: &page.Composer{Then: []page.Option{{Value: "wait", Label: "Send and wait for the answer"}, {Value: "solve", Label: "Send and solve"}}, DraftKey: "t-1042-r1"},
		Actions: page.Actions{Take: true, People: []page.Option{{Value: "p1", Label: "Kim Okafor"}, {Value: "p2", Label: longName}}, EscalateTo: "level 2",
			ReturnTo: "level 1", Solve: true, Close: true},
		Account:  &page.AccountFacts{Name: "Cloud Example Ltd", Kind: page.Customer, Product: "Cloud server", Region: "Europe", Active: true, Until: "2027-03-31", Via: "Northern Lights Conferencing Services AB"},
		Instance: &page.InstanceFacts{Name: "Production", URL: "https://meet.cloud.example/rooms", Version: "6.2.1", EndOfLife: "2026-06-30", Ended: true},
		Decision: coveredDecision(),
		Handover: &page.HandoverFacts{Items: []page.GivenItem{{Field: steps()}, {Field: environment()}, {Field: sealed()}, {Field: shown()}, {Field: tested(3)}, {Field: tried()},
			{Field: page.Field{Title: "Log files"}, Waived: "The customer's rules do not allow it."}, {Field: page.Field{Title: "First day of the fault", Kind: page.Date, Text: "2026-11-02"}}},
			Sealed: true, CanReveal: true, Opened: []page.AccessOpened{{By: "Jo Lindqvist", At: now - 20*minute}}, By: "Kim Okafor", At: now - 40*minute},
		Gate: ptr(gate(true, true, true, false, false)),
	}
}

func sealed() page.Field {
	return page.Field{ID: "access_details", Title: "Access details needed to reproduce", Kind: page.Secret, Stored: true}
}

func gallery(t testing.TB) []sample {
	portal, desk := frame(t, page.Portal), frame(t, page.Desk)
	nobody := portal
	nobody.Viewer, nobody.Nav = nil, nil
	noticed := portal
	noticed.Notice = &page.Notice{Tone: page.Good, Text: "T-1042 is sent. The answer comes by mail too."}
	conflict := &page.Conflict{Changes: []page.Change{
		{What: "Level", From: "Level 1", To: "Level 2", By: "Kim Okafor", At: now - 3*minute},
		{What: "Assignee", From: "nobody", To: longName, By: longName, At: now - 2*minute},
		{What: "1 new message", By: "Ana Ribeiro", At: now - minute},
	}}
	categories := []page.OptionGroup{
		{Title: "Meetings", Options: []page.Option{{Value: "how-to", Label: "How do I do something"}, {Value: "sessions", Label: "Creating or joining a session"}, {Value: "camera-microphone", Label: "Camera or microphone", Selected: true}}},
		{Title: "Something is broken", Options: []page.Option{{Value: "defect", Label: "The software does not do what it should"}}},
	}
	instances := []page.Option{{Value: "i1", Label: "Production, meet.cloud.example", Selected: true}, {Value: "i2", Label: "Staging, staging.cloud.example"}}
	coverage := page.Coverage{Frame: portal, Asked: true, Decision: coveredDecision(), By: now + 3*day, Goal: true, NeedsDetails: true}
	deskCoverage := coverage
	deskCoverage.Frame = desk

	requests := []page.RequestRow{
		{Number: "T-1042", Subject: longSubject, State: page.Waiting, UpdatedAt: now - 20*minute, Answers: partner.Name},
		{Number: "T-1039", Subject: "Cannot add a video to a session", State: page.Incomplete, UpdatedAt: now - 3*hour, Answers: "Example Meetings", Requester: longName},
		{Number: "T-1031", Subject: "Recording stops after 40 minutes", State: page.Open, UpdatedAt: now - 26*hour, Answers: "Example Meetings", By: now + 42*minute},
		{Number: "T-1017", Subject: "Microphone echo in the large room", State: page.Solved, UpdatedAt: now - 12*day, Answers: "Example Meetings"},
		{Number: "T-988", Subject: "Training for new presenters", State: page.Declined, UpdatedAt: now - 400*day},
	}
	request := page.Request{
		Frame: noticed, Number: "T-1042", Subject: longSubject, Version: 3, State: page.Open,
		Next: page.Next{Kind: page.NextAnswer, Who: "Example Meetings", By: now + 3*day, Goal: true}, Category: "Camera or microphone", Instance: "Production, meet.cloud.example",
		Reference: "INC0012345", OpenedAt: now - 26*hour, Answers: vendor, Level: "Level 2", Hours: officeHours(false), Decision: coveredDecision(),
		Readers: []string{"you", "Cloud Example Ltd", "Example Meetings"}, Timeline: talk(true), CanReply: true, CanSolve: true, DraftKey: "r-1042",
	}
	incomplete := request
	incomplete.Frame, incomplete.State, incomplete.Next = portal, page.Incomplete, page.Next{Kind: page.NextDetails, Who: "Level 2 of Example Meetings"}
	incomplete.Handover = ptr(asked(true))
	incomplete.Errors = page.Errors{{Field: "info.environment_url", Label: "Address of the environment", Message: "Write it with https:// at the front."}, {Field: "info.steps.action.2", Label: "Step 2", Message: "Say what you did."}}
	declined := request
	declined.Frame, declined.State, declined.Next, declined.Decision = portal, page.Declined, page.Next{Kind: page.NextDeclined}, declinedDecision()
	declined.Timeline, declined.CanSolve = talk(true)[:2], false
	solved := request
	solved.Frame, solved.State, solved.Next, solved.CanReply, solved.CanSolve, solved.CanReopen = portal, page.Solved, page.Next{Kind: page.NextNone}, false, false, true
	stale := request
	stale.Frame, stale.Next, stale.Conflict, stale.Body = portal, page.Next{Kind: page.NextYou, Who: "Kim Okafor"}, conflict, "The light is on."
	stale.State = page.Waiting

	full := ticket(t)
	internal := ticket(t)
	internal.Rooms = append([]page.Room{}, full.Rooms...)
	internal.Rooms[0].Current, internal.Rooms[2].Current = false, true
	internal.Timeline, internal.Earlier = nil, ""
	internal.Conflict, internal.Composer = conflict, &page.Composer{Body: "Ask Jo about the release of Firefox.", DraftKey: "t-1042-r3"}
	internal.Handover = &page.HandoverFacts{Sealed: true, Items: []page.GivenItem{{Field: sealed(), Revealed: "user: presenter-test\npassword: correct horse battery staple"}}}
	internal.Actions = page.Actions{Reopen: true, ReturnTo: "level 1", OpenForm: "return", Typed: "Which release?", EscalateTo: "level 3", EscalateWhyNot: "Level 3 is provided by Cloud Example Ltd itself: ask them in the room “Hand-over”."}
	internal.Errors = page.Errors{{Field: "reason", Label: "Why is it returned?", Message: "Write at least a sentence, so that level 1 knows what to do."}}
	bare := page.Ticket{Frame: desk, Number: "T-1043", Subject: "Help", State: page.Declined, Back: page.NavItem{Label: "Level 1", Href: "/desk/L1"},
		Requester: page.Person{Name: "unknown@elsewhere.example", Email: "unknown@elsewhere.example"}, Decision: declinedDecision(),
		Rooms:          []page.Room{{ID: "r1", Name: "With unknown@elsewhere.example", Hue: page.Customer, Readers: []string{"unknown@elsewhere.example", "Example Meetings"}, Current: true, Messages: 1}},
		ComposerWhyNot: "You read this desk but do not answer here: level 2 has it."}

	escalate := page.Escalate{Frame: desk, Number: "T-1042", Subject: longSubject, Version: 7, From: "level 1", To: "level 2", Provider: vendor,
		Handover: asked(true), Readers: []string{"Northern Lights Conferencing Services AB", "Example Meetings"}, DraftKey: "e-1042",
		Missing: []string{"Access details, or that none are needed", "A screenshot or screencast, or the reason why there is none"},
		Errors:  page.Errors{{Field: "info.environment_url", Label: "Address of the environment", Message: "Write the whole address, with https:// at the front."}}}
	fresh := page.Escalate{Frame: desk, Number: "T-1042", Subject: "Camera is black", Version: 7, From: "level 1", To: "level 2", Provider: vendor,
		Handover: asked(false), Readers: []string{"Example Meetings"}}

	queue := page.Queue{Frame: desk, Name: "Level 1", Desk: vendor, Hours: officeHours(true), Address: "/desk/L1", Sort: page.Urgent, Total: 1000, More: true, Rows: queueRows(), Older: "abc", First: false}
	queue.Nav[0].Current = true
	mine := page.Queue{Frame: desk, Name: "Mine", Address: "/desk/mine", Sort: page.Newest, Total: 14, Rows: queueRows(), First: true, ShowLevel: true}
	empty := page.Queue{Frame: desk, Name: "Level 3", Desk: vendor, Hours: page.Hours{Known: true, Always: true}, Address: "/desk/L3", Sort: page.Newest, First: true}

	account := page.Account{Frame: portal, Email: "admin@cloud.example", Organisation: customer, ZoneName: "Europe/Budapest", Zones: []string{"Europe/Budapest", "Europe/London", "America/New_York"},
		Tokens:   []page.Token{{ID: "t1", Name: "Monitoring of the intranet player on the canteen screen", CreatedAt: now - 40*day}, {ID: "t2", Name: "Import", CreatedAt: now - 400*day}},
		NewToken: "td_7Jq2mVwXb0n4ZkT9yL1sRf6cHdPgUaEo", Errors: page.Errors{{Field: "new_password", Label: "New password", Message: "Use at least 12 characters."}}}

	stale.Kept = map[string][]page.Kept{"files": {{Name: "screenshot-2026-11-19-lobby-preview-black-with-settings-open.png", Size: 284_113, Token: "x.y"}}}

	return []sample{
		{"sign-in", page.SignIn{Frame: nobody, Demo: true}.View()},
		{"sign-in-wrong", page.SignIn{Frame: nobody, Email: "ana@cloud.example", Errors: page.Errors{{Message: "This address and this password do not belong together. Try again, or ask your administrator for a new password."}}}.View()},
		{"home", page.Home{Frame: portal, Name: "Ana", Desk: vendor, Hours: officeHours(true), Mail: "support@vendor.example", Requests: requests, More: true}.View()},
		{"home-empty", page.Home{Frame: portal, Name: longName, Desk: partner, Hours: officeHours(false)}.View()},
		{"requests", page.Requests{Frame: portal, Rows: requests, Older: "x", First: true}.View()},
		{"request-new", page.RequestNew{Frame: portal, Categories: categories, Instances: instances, Coverage: page.Coverage{Frame: portal}, DraftKey: "new"}.View()},
		{"request-new-covered", page.RequestNew{Frame: portal, Categories: categories, Instances: instances[:1], Coverage: coverage, Subject: longSubject, Body: "It is black.", ShowReference: true, Handover: ptr(asked(false)),
			Errors: page.Errors{{Field: "body", Label: "What happened?", Message: "Write at least a sentence."}}}.View()},
		{"request-new-declined", page.RequestNew{Frame: portal, Categories: categories, Instances: instances, Coverage: page.Coverage{Frame: portal, Asked: true, Decision: declinedDecision()}}.View()},
		{"request", request.View()},
		{"request-incomplete", incomplete.View()},
		{"request-declined", declined.View()},
		{"request-solved", solved.View()},
		{"request-conflict", stale.View()},
		{"queue", queue.View()},
		{"queue-mine", mine.View()},
		{"queue-empty", empty.View()},
		{"overview", page.Overview{Frame: desk, Desk: vendor, Queues: []page.Queue{queue, empty}}.View()},
		{"ticket", full.View()},
		{"ticket-internal", internal.View()},
		{"ticket-bare", bare.View()},
		{"escalate", escalate.View()},
		{"escalate-fresh", fresh.View()},
		{"ticket-new", page.TicketNew{Frame: desk, Requester: "ana@cloud.example", Categories: categories, Instances: instances, Coverage: deskCoverage}.View()},
		{"policy", policyPage(t, portal, "illumeet.md").View()},
		{"account", account.View()},
		{"account-empty", page.Account{Frame: desk, Email: "l1@vendor.example", Organisation: vendor, ZoneName: "Europe/Budapest"}.View()},
		{"problem-404", page.Problem{Frame: nobody, Status: 404}.View()},
		{"problem-500", page.Problem{Frame: desk, Status: 500, Incident: "01932f3e-8c1a-7a3b"}.View()},
		{"problem-503", page.Problem{Frame: portal, Status: 503, RetrySeconds: 5}.View()},
	}
}

func policyPage(t testing.TB, f page.Frame, name string) page.Policy {
	t.Helper()
	return page.Policy{
		Frame: f, PolicyEdition: page.PolicyEdition{Document: policyDocument(t, name), Version: "2", Effective: "2020-10-01", Until: "2027-01-01", Standing: page.Earlier},
		Versions: []page.PolicyVersion{{Version: "3", Effective: "2027-01-01", Standing: page.Scheduled}, {Version: "2", Effective: "2024-03-01", Standing: page.InForce}, {Version: "1", Effective: "2020-10-01", Standing: page.Earlier, Current: true}},
	}
}

func policyDocument(t testing.TB, name string) readable.Document {
	t.Helper()
	src, err := os.ReadFile("../../../policies/" + name)
	if err != nil {
		t.Fatal(err)
	}
	p, findings := policy.Parse(name, src)
	if p == nil {
		t.Fatal(findings)
	}
	return readable.Of(p, now)
}
