package text

import (
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/message/catalog"
)

// englishPlurals lists the source messages that count something. The key is what templates write; a test over
// the templates finds a counted message that is missing here.
var englishPlurals = map[string]catalog.Message{
	"%d tickets":                    one("%d ticket", "%d tickets"),
	"%d new":                        one("%d new", "%d new"),
	"%d urgent":                     one("%d urgent", "%d urgent"),
	"%d mistakes":                   one("%d mistake", "%d mistakes"),
	"saved with %d mistakes":        one("saved with %d mistake", "saved with %d mistakes"),
	"%d warnings":                   one("%d warning", "%d warnings"),
	"%d hours":                      one("%d hour", "%d hours"),
	"%d minutes":                    one("%d minute", "%d minutes"),
	"%d bytes":                      one("%d byte", "%d bytes"),
	"overdue by %d days":            one("overdue by %d day", "overdue by %d days"),
	"%d things need your attention": one("%d thing needs your attention", "%d things need your attention"),
	"%d things are still missing":   one("%d thing is still missing", "%d things are still missing"),
	"other hours on %d days":        one("other hours on %d day", "other hours on %d days"),
	"closed on %d holidays":         one("closed on %d holiday", "closed on %d holidays"),
	"Try again in %d seconds.":      one("Try again in %d second.", "Try again in %d seconds."),
}

func one(singular, other string) catalog.Message {
	return plural.Selectf(1, "%d", plural.One, singular, plural.Other, other)
}
