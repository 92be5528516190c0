package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
)

// providerSets is a vendor of lamps who sets the severity, with a clock that depends on it.
const providerSets = `# Care of lamps {#lamps}

` + fence + `policy
policy: {name: Care of lamps, vendor: Blue Lamps, effective: 2020-01-01, zone: UTC}
products: {lamp: {name: Lamp}}
plans: {coast: {name: Coast care}}
severity:
  scale: {dark: {name: Dark, means: No light}, dim: {name: Dim}}
  set_by: provider
  changed_by: [provider]
levels: {watch: {name: Watch}}
categories: {light: {level: watch, title: The light}}
responsibility: [{watch: {by: vendor, for: [customer, end-user]}}]
calendars: {day: {zone: UTC, week: "mon-sun 00:00-24:00"}}
hours: [{use: day}]
clocks:
  answer: {title: First word, starts: created, stops: first-reply, within: [{for: {severity: dark}, is: 10m}, {for: {severity: dim}, is: 4h}]}
` + fence + `
`

func TestASeverityThatTheDeskSets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		f := found(t, d, providerSets, "lamp", "{watch: Service}", "[watch]")
		f.shows("the form", f.browse(asker, "/requests/new"), "How serious is it?", "Support sets the severity and tells you")
		path := "/tickets/" + f.do(asker, "POST", "/tickets", map[string]any{"subject": "It flickers", "body": "All night.", "category": "light", "severity": "dark"}).is(201).text("number")

		open := f.browse(vendorAll, "/desk"+path)
		f.shows("the ticket", open, "Severity, as they see it", "Not set yet", "by when &#34;First word&#34; is due", "It depends on the severity", "<dt>Plan</dt><dd>none</dd>")
		if strings.Contains(open, "clocks.answer") || strings.Contains(open, "clocks answer") {
			t.Error("the page names a clock by its place in the policy")
		}

		// what is recorded before the desk decides on a severity leaves it open
		f.send(vendorAll, "/desk"+path+"/learn", url.Values{"severity": {""}, "reason": {""}})
		f.shows("the ticket", f.browse(vendorAll, "/desk"+path), "Severity, as they see it")
		f.send(vendorAll, "/desk"+path+"/learn", url.Values{"severity": {"dim"}, "reason": {"It only flickers."}})
		f.shows("the ticket", f.browse(vendorAll, "/desk"+path), "The severity was set to Dim")
	})
}
