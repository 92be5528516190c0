package registration_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/flow/registration"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/policies"
)

// example is the file of the manual; each pair of edits replaces a text that stands in it once.
func example(t *testing.T, edits ...string) string {
	t.Helper()
	src, err := os.ReadFile("../../../docs/user/register.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(text, edits[i]) != 1 {
			t.Fatalf("%q stands %d times in the example", edits[i], strings.Count(text, edits[i]))
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return text
}

// apply applies a file by the default policy.
func apply(t *testing.T, d *db.DB, src string) (did []string, err error) {
	t.Helper()
	p, findings := policy.Parse("illumeet.md", policies.Default())
	if policy.HasErrors(findings) {
		t.Fatal(findings)
	}
	doc, err := registration.Read("register.yaml", []byte(src))
	if err != nil {
		return nil, err
	}
	err = d.Write(t.Context(), func(tx *db.Tx) (err error) {
		did, err = doc.Apply(tx, p)
		return err
	})
	return did, err
}

func TestTheExampleRegistersEverythingOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		did, err := apply(t, d, example(t))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"added product Meetings", "added version 10.0 of Meetings", "added version 10.4 of Meetings",
			"added vendor Example Meetings", "added desk L1 of Example Meetings", "added desk L2 of Example Meetings", "added desk L3 of Example Meetings",
			"added partner Nordlicht Systems", "added desk L1 of Nordlicht Systems", "added desk L2 of Nordlicht Systems",
			"added customer Acme GmbH", "added customer Clinic Group", "added desk L1 of Clinic Group",
			"added person lena@vendor.example", "added person maria@vendor.example", "added person paul@nordlicht.example",
			"added person anna@acme.example", "added person adam@acme.example", "added person stefano@clinic.example",
			"added account Acme GmbH", "added instance Acme live of Acme GmbH", "added instance Acme staging of Acme GmbH",
			"added account Clinic Group", "added instance Clinic server of Clinic Group",
		}
		if !slices.Equal(did, want) {
			t.Errorf("did\n%s", strings.Join(did, "\n"))
		}
		if again, err := apply(t, d, example(t)); err != nil || len(again) != 0 {
			t.Errorf("applied again: %q, %v", again, err)
		}
		if err := d.Read(t.Context(), func(tx *db.Tx) error { return registered(t, tx) }); err != nil {
			t.Fatal(err)
		}
	})
}

// registered checks what the example says against what the desk works with.
func registered(t *testing.T, tx *db.Tx) error {
	if v, err := product.VersionOf(tx, "meetings", "10.0"); err != nil || v.ReleasedOn != "2025-03-01" || v.EndOfLife != "2027-06-30" {
		t.Errorf("version %+v, %v", v, err)
	}
	desk, err := org.DeskByAddress(tx, "support@nordlicht.example")
	if err != nil || desk.Level != "L1" {
		t.Errorf("the partner's address is of %+v, %v", desk, err)
	}
	p, err := identity.ByEmail(tx, "stefano@clinic.example")
	if err != nil {
		return err
	}
	actor, err := identity.LoadActor(tx, p.ID, identity.ViaSession)
	if err != nil || !actor.Admin || !actor.Serves("L1") || actor.OrgName != "Clinic Group" || actor.Zone != "Europe/Rome" {
		t.Errorf("actor %+v, %v", actor, err)
	}
	anna, err := identity.ByEmail(tx, "anna@acme.example")
	if err != nil {
		return err
	}
	a, i, err := account.Default(tx, anna.OrgID)
	if err != nil || i == nil {
		t.Fatalf("account %+v %v, %v", a, i, err)
	}
	if a.PartnerID != desk.OrgID || a.ProductType != "cloud-server" || a.Region != "europe" || a.ContractStarts != "2025-01-01" ||
		a.ContractEnds != "2027-12-31" || a.MaintenanceUntil != "2026-12-31" || !a.NewReleases || i.Name != "Acme live" || i.Version != "10.4" {
		t.Errorf("account %+v with %+v", a, *i)
	}
	return nil
}

func TestAChangeIsSaidAndDone(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []string
		want  []string
	}{
		{"a product's name", []string{"name: Meetings\n", "name: Rooms\n"}, []string{"changed product Rooms: name"}},
		{"an announced end", []string{"released: 2026-02-02}", "released: 2026-02-03, end_of_life: 2028-01-31}"}, []string{"changed version 10.4 of Meetings: released, end_of_life"}},
		{"a track and what a version works with", []string{"released: 2026-02-02}", "released: 2026-02-02, track: lts, dependency: {meetings: 10.0}}"},
			[]string{"changed version 10.4 of Meetings: track, dependency"}},
		{"what an instance runs on", []string{`.meetings.example", version: 10.4, default: yes`, `.meetings.example", version: 10.4, dependency: {meetings: 10.0}, default: yes`},
			[]string{"changed instance Acme live of Acme GmbH: dependency"}},
		{"an end withdrawn", []string{"end_of_life: 2027-06-30}", "end_of_life: }"}, []string{"changed version 10.0 of Meetings: end_of_life"}},
		{"what is not named stays", []string{", end_of_life: 2027-06-30", "", ", zone: Europe/Prague", "", "    region: europe\n    partner: nordlicht\n", ""}, nil},
		{"a customer's name, found by its domain", []string{"name: Acme GmbH", "name: Acme AG"}, []string{"changed customer Acme AG: name", "changed account Acme AG: name"}},
		{"a customer's domain, found by its name", []string{"domain: acme.example", "domain: ACME.example.org"}, []string{"changed customer Acme GmbH: domain"}},
		{"a desk", []string{"desks: {L1: Help desk}", "desks: {L1: Service desk, L2: Servers}"},
			[]string{"changed desk L1 of Clinic Group: name", "added desk L2 of Clinic Group"}},
		{"an address", []string{"address: support@vendor.example", "address: Help@vendor.example"}, []string{"changed desk L1 of Example Meetings: address"}},
		{"a person", []string{"name: Adam Novak, organisation: acme, roles: [end-user]", "name: Adam New, organisation: clinic, roles: [L1]"},
			[]string{"changed person adam@acme.example: name, organisation, roles"}},
		{"the order of roles is nothing", []string{"roles: [admin, L1]", "roles: [L1, admin]"}, nil},
		{"a longer maintenance", []string{"maintenance_until: 2026-12-31", "maintenance_until: 2027-12-31"}, []string{"changed account Acme GmbH: maintenance_until"}},
		{"no partner any more", []string{"partner: nordlicht", "partner:"}, []string{"changed account Acme GmbH: partner"}},
		{"a second account", []string{"  - organisation: clinic\n", "  - organisation: clinic\n    name: Clinic tests\n"},
			[]string{"added account Clinic tests of Clinic Group", "added instance Clinic server of Clinic tests of Clinic Group"}},
		{"an update of an instance", []string{`.meetings.example", version: 10.4, default: yes`, `.meetings.example", version: 10.5, default: yes`},
			[]string{"changed instance Acme live of Acme GmbH: version"}},
		{"another default", []string{", default: yes", "", `staging.acme.meetings.example"`, `staging.acme.meetings.example", default: yes`},
			[]string{"changed account Acme GmbH: default instance"}},
		{"a person of an organisation that another file registered", []string{"organisation: acme, roles: [admin]", "organisation: Acme GmbH, roles: [admin]"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := dbtest.SQLite(t, dbtest.NewClock().Now)
			if _, err := apply(t, d, example(t)); err != nil {
				t.Fatal(err)
			}
			changed := example(t, c.edits...)
			if did, err := apply(t, d, changed); err != nil || !slices.Equal(did, c.want) {
				t.Errorf("did %q, %v; want %q", did, err, c.want)
			}
			if did, err := apply(t, d, changed); err != nil || len(did) != 0 {
				t.Errorf("applied again: %q, %v", did, err)
			}
		})
	}
}

func TestAMistakeChangesNothingAndIsNamedAtItsPlace(t *testing.T) {
	cases := []struct {
		name  string
		edits []string
		line  string // a part of the line that is named
		says  string
	}{
		{"a bracket", []string{"roles: [L1, L2]}\n  - {email: maria", "roles: [L1, L2}\n  - {email: maria"}, "lena@", ""},
		{"an unknown key", []string{"    new_releases: no", "    new_release: no"}, "new_release:", `"new_release" is not known here`},
		{"a list that is none", []string{"roles: [manager, owner]", "roles: manager"}, "maria@", "list"},
		{"yes or no", []string{"    new_releases: no", "    new_releases: perhaps"}, "perhaps", "yes or no"},
		{"a date", []string{"maintenance_until: 2026-12-31", "maintenance_until: 2026-02-30"}, "2026-02-30", "date"},
		{"a type", []string{"type: cloud-server", "type: cloud-sever"}, "cloud-sever", "named-user-cloud"},
		{"a product", []string{"  - organisation: acme\n    product: meetings", "  - organisation: acme\n    product: meeting"}, "product: meeting\n", "Choose a product"},
		{"a level", []string{"desks: {L1: Help desk}", "desks: {L8: Help desk}"}, "L8", "L1, L2, L3"},
		{"a role without a desk", []string{"roles: [end-user]", "roles: [endsuser]"}, "endsuser", "no desk"},
		{"an organisation", []string{"organisation: acme, roles: [admin]", "organisation: acne, roles: [admin]"}, "acne", "Name an organisation"},
		{"a zone", []string{"zone: Europe/Vienna", "zone: Europe/Wien"}, "Europe/Wien", "time zone"},
		{"an address of mail", []string{"address: it@clinic.example", "address: clinic.example"}, "address: clinic.example", ""},
		{"an address of another", []string{"address: it@clinic.example", "address: support@vendor.example"}, "address: support@vendor.example\n\n#", "Another organisation"},
		{"an address without a desk", []string{"    zone: Europe/Vienna", "    zone: Europe/Vienna\n    address: help@acme.example"}, "help@acme", "desk"},
		{"an instance's address", []string{`"https://meet.clinic.example"`, `"meet.clinic.example"`}, `"meet.clinic.example"`, "https://"},
		{"a version that works with an unknown product", []string{"released: 2026-02-02}", "released: 2026-02-02, dependency: {rooms: 2}}"}, "10.4", "meetings"},
		{"a dependency that is no version", []string{"released: 2026-02-02}", "released: 2026-02-02, dependency: {meetings: 10 or 11}}"}, "10 or 11", "PRODUCT: 9.2"},
		{"two defaults", []string{`staging.acme.meetings.example"`, `staging.acme.meetings.example", default: yes`}, "staging.acme", "default"},
		{"a person twice", []string{"email: adam@acme.example", "email: ANNA@acme.example"}, "ANNA", "stands in line"},
		{"a key twice", []string{"# roles: ids", "  - {key: acme, kind: customer, name: Other}\n# roles: ids"}, "name: Other", "key"},
		{"a second vendor", []string{"kind: partner", "kind: vendor"}, "nordlicht", "vendor already"},
		{"no kind", []string{"    kind: partner\n", ""}, "key: nordlicht", "kind: Choose"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		for _, c := range cases {
			src := example(t, c.edits...)
			did, err := apply(t, d, src)
			fields := fault.Fields(err)
			if !fault.Is(err, fault.Invalid) || len(did) > 0 || len(fields) != 1 || !strings.Contains(fields[0].Message, c.says) {
				t.Errorf("%s: %q, %v", c.name, did, err)
				continue
			}
			at := strings.Index(src, c.line)
			if at < 0 {
				t.Fatalf("%s: %q is not in the file", c.name, c.line)
			}
			line := strings.Count(src[:at], "\n") + 1
			if file, rest, _ := strings.Cut(fields[0].Path, ":"); file != "register.yaml" || !inLine(src, line, rest) {
				t.Errorf("%s: named at %s, want line %d", c.name, fields[0].Path, line)
			}
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			for _, table := range []string{"organisation", "desk", "person", "membership", "product", "product_version", "account", "instance"} {
				var n int
				if err := tx.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil || n != 0 {
					t.Errorf("%d rows in %s, %v", n, table, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// inLine reports whether LINE:COL is a place in the line, or in the entry that begins above it.
func inLine(src string, line int, at string) bool {
	got, col, _ := strings.Cut(at, ":")
	lines := strings.Split(src, "\n")
	for n := line; n > 0; n-- {
		if got == strconv.Itoa(n) {
			return col != "" && col != "0"
		}
		if strings.HasPrefix(strings.TrimLeft(lines[n-1], " "), "- ") {
			return false
		}
	}
	return false
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	_, err := apply(t, d, example(t, "zone: Europe/Rome", "zone: Rome", "type: cloud-server", "type: cloud", "email: lena@vendor.example", "email: lena"))
	if len(fault.Fields(err)) != 3 {
		t.Errorf("want three mistakes and nothing about the people of the organisation with one: %v", err)
	}
}

func TestAContactWhoWroteIsTakenIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := identity.FindOrCreateContact(tx, "anna@acme.example", "anna")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		did, err := apply(t, d, example(t))
		if err != nil || !slices.Contains(did, "changed person anna@acme.example: name, organisation, roles") {
			t.Errorf("did %q, %v", did, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, src := range []string{"", "- a", "people: [x]", "organisations: [[a]]", "accounts: [{}]", "people:", "products: [{id: m, versions: {a: b}}]",
		"organisations: [{desks: [L1]}]", "accounts: [{instances: [{default: [no]}]}]", "people: [{roles: [{a: b}]}]"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		_, err := registration.Read("f", []byte(src))
		if err == nil {
			return
		}
		if !fault.Is(err, fault.Invalid) || len(fault.Fields(err)) == 0 {
			t.Fatalf("a mistake without a place: %v", err)
		}
		for _, field := range fault.Fields(err) {
			if !strings.HasPrefix(field.Path, "f:") || strings.Count(field.Path, ":") != 2 {
				t.Fatalf("a mistake without a place: %v", err)
			}
		}
	})
}

func TestEntriesWithoutAnythingAreMistakes(t *testing.T) {
	d := dbtest.SQLite(t, dbtest.NewClock().Now)
	for _, src := range []string{"", "organisations: [{}]", "people: [{}]", "accounts: [{}]", "products: [{}]", "products: [{id: m, versions: [{}]}]",
		"organisations: [{kind: customer, name: C}]\npeople: [{email: a@b.example, organisation:}]"} {
		if did, err := apply(t, d, src); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %q, %v", src, did, err)
		}
	}
}
