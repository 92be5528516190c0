package page

import "time"

func pressed(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

func toneIcon(t Tone) string {
	switch t {
	case Good:
		return "check"
	case Warn, Bad:
		return "alert"
	}
	return "info"
}

func (f Frame) brandName() string {
	if f.Brand == "" {
		return "Tierdesk"
	}
	return f.Brand
}

// zoneLabel names the reader's zone with its present abbreviation: "Europe/Budapest (CET)".
func (f Frame) zoneLabel() string {
	short := zoneName(f.local(f.Now))
	if f.zone() == time.UTC || f.zone().String() == short {
		return short
	}
	return f.zone().String() + " (" + short + ")"
}
