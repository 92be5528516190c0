package text

import (
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/message/catalog"
)

// englishPlurals lists the source messages that count something. The key is what templates write; a test over
// the templates finds a counted message that is missing here.
var englishPlurals = map[string]catalog.Message{
	"%d requests":                    one("%d request", "%d requests"),
	"%d tickets":                     one("%d ticket", "%d tickets"),
	"%d new":                         one("%d new", "%d new"),
	"%d messages":                    one("%d message", "%d messages"),
	"%d days ago":                    one("%d day ago", "%d days ago"),
	"overdue by %d days":             one("overdue by %d day", "overdue by %d days"),
	"%d urgent":                      one("%d urgent", "%d urgent"),
	"%d changes":                     one("%d change", "%d changes"),
	"%d things need your attention":  one("%d thing needs your attention", "%d things need your attention"),
	"%d things are still missing":    one("%d thing is still missing", "%d things are still missing"),
	"%d results":                     one("%d result", "%d results"),
	"%d unread":                      one("%d unread", "%d unread"),
	"%d days of support time left":   one("%d day of support time left", "%d days of support time left"),
	"Waiting for %d people to reply": one("Waiting for %d person to reply", "Waiting for %d people to reply"),
}

func one(singular, other string) catalog.Message {
	return plural.Selectf(1, "%d", plural.One, singular, plural.Other, other)
}
