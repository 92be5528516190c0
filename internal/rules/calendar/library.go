package calendar

import (
	"slices"
	"strings"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// named is a holiday of our own: one that the library lacks.
type named struct {
	dates Dates
	name  string
	since int // first year, 0 for any
}

// entry is what is known of one code. The library is of 2023: a list that was
// checked against the laws known since is sure to a later year, with what was
// missing added; the others are sure of the library's own time only.
type entry struct {
	library []*cal.Holiday
	added   []addition
	until   int
}

type addition struct {
	dates, name string
	since       int
}

const (
	sureSince   = 2022
	libraryYear = 2023 // lists not checked since, or set by yearly decree
	checkedYear = 2030 // lists fixed by statute and checked

	// SureUntil is the last year of which the library is sure where the law itself fixes the days.
	SureUntil = checkedYear
)

func easterSundays() []addition {
	return []addition{{"easter", "Easter Sunday", 0}, {"easter+49", "Whit Sunday", 0}}
}

// checked lists the codes that were compared with the law.
func checked() map[string]entry {
	return map[string]entry{
		"AT": {at.Holidays, nil, checkedYear},
		"AU": {nationwide(), nil, checkedYear},
		"BA": {nil, bosnia(), 2027},
		"BE": {be.Holidays, nil, checkedYear},
		"CH": {nil, switzerland(), checkedYear},
		"CZ": {cz.Holidays, nil, checkedYear},
		"EE": {nil, estonia(), checkedYear},
		"FI": {nil, finland(), checkedYear},
		"FR": {fr.Holidays, nil, checkedYear},
		"GB": {gb.Holidays, nil, 2027}, // proclaimed a few years ahead
		"HR": {hr.Holidays, nil, checkedYear},
		"HU": {nil, hungary(), libraryYear},
		"IE": {ie.Holidays, nil, 2029}, // in 2030 Saint Brigid's Day is a Friday
		"IN": {nil, india(), checkedYear},
		"IS": {nil, iceland(), checkedYear},
		"IT": {it.Holidays, []addition{{"easter", "Pasqua", 0}, {"10-04", "San Francesco", 2026}}, checkedYear},
		"JP": {jp.Holidays, nil, 2027}, // equinoxes are announced a year ahead
		"LT": {lt.Holidays, []addition{{"easter", "Velykos", 0}, {"1st sun of may", "Motinos diena", 0}, {"1st sun of jun", "Tėvo diena", 0}}, checkedYear},
		"LU": {nil, luxembourg(), checkedYear},
		"MT": {nil, malta(), checkedYear},
		"MX": {nil, mexico(), checkedYear},
		"NO": {no.Holidays, easterSundays(), checkedYear},
		"NZ": {nz.Holidays, matariki(), checkedYear},
		"PL": {pl.Holidays, append(easterSundays(), addition{"12-24", "Wigilia", 2025}), checkedYear},
		"PT": {nil, portugal(), checkedYear},
		"SE": {se.Holidays, easterSundays(), checkedYear},
		"SG": {nil, singapore(), 2026}, // gazetted year by year
		"SI": {si.Holidays, nil, checkedYear},
		"US": {us.Holidays, nil, checkedYear},

		"BA-BIH": {nil, federation(), 2027},

		"DE":    {de.Holidays, nil, checkedYear},
		"DE-BB": {de.HolidaysBB, easterSundays(), checkedYear},
		"DE-BE": {de.HolidaysBE, []addition{{"2025-05-08", "Tag der Befreiung", 0}, {"2028-06-17", "75. Jahrestag des 17. Juni", 0}}, checkedYear},
		"DE-BW": {de.HolidaysBW, nil, checkedYear},
		"DE-BY": {de.HolidaysBY, nil, checkedYear},
		"DE-HB": {de.HolidaysHB, nil, checkedYear},
		"DE-HE": {de.HolidaysHE, nil, checkedYear},
		"DE-HH": {de.HolidaysHH, nil, checkedYear},
		"DE-MV": {de.HolidaysMV, []addition{{"03-08", "Frauentag", 2023}}, checkedYear},
		"DE-NI": {de.HolidaysNI, nil, checkedYear},
		"DE-NW": {de.HolidaysNW, nil, checkedYear},
		"DE-RP": {de.HolidaysRP, nil, checkedYear},
		"DE-SH": {de.HolidaysSH, nil, checkedYear},
		"DE-SL": {de.HolidaysSL, nil, checkedYear},
		"DE-SN": {de.HolidaysSN, nil, checkedYear},
		"DE-ST": {de.HolidaysST, nil, checkedYear},
		"DE-TH": {de.HolidaysTH, nil, checkedYear},
	}
}

// unchecked lists the codes that rest on the library alone.
func unchecked() map[string][]*cal.Holiday {
	return map[string][]*cal.Holiday{
		"BG": bg.Holidays, "BR": br.Holidays, "CA": ca.Holidays, "DK": dk.Holidays, "ES": es.Holidays, "GR": gr.Holidays,
		"LV": lv.Holidays, "NL": nl.Holidays, "RO": ro.Holidays, "SK": sk.Holidays, "ZA": za.Holidays,

		"AU-ACT": au.HolidaysACT, "AU-NSW": au.HolidaysNSW, "AU-NT": au.HolidaysNT, "AU-QLD": au.HolidaysQLD,
		"AU-SA": au.HolidaysSA, "AU-TAS": au.HolidaysTAS, "AU-VIC": au.HolidaysVIC, "AU-WA": au.HolidaysWA,

		"CH-AG": ch.HolidaysAG, "CH-AI": ch.HolidaysAI, "CH-AR": ch.HolidaysAR, "CH-BE": ch.HolidaysBE, "CH-BL": ch.HolidaysBL,
		"CH-BS": ch.HolidaysBS, "CH-FR": ch.HolidaysFR, "CH-GE": ch.HolidaysGE, "CH-GL": ch.HolidaysGL, "CH-GR": ch.HolidaysGR,
		"CH-JU": ch.HolidaysJU, "CH-LU": ch.HolidaysLU, "CH-NE": ch.HolidaysNE, "CH-NW": ch.HolidaysNW, "CH-OW": ch.HolidaysOW,
		"CH-SG": ch.HolidaysSG, "CH-SH": ch.HolidaysSH, "CH-SO": ch.HolidaysSO, "CH-SZ": ch.HolidaysSZ, "CH-TG": ch.HolidaysTG,
		"CH-TI": ch.HolidaysTI, "CH-UR": ch.HolidaysUR, "CH-VD": ch.HolidaysVD, "CH-VS": ch.HolidaysVS, "CH-ZG": ch.HolidaysZG,
		"CH-ZH": ch.HolidaysZH,
	}
}

func estonia() []addition {
	return []addition{
		{"01-01", "uusaasta", 0}, {"02-24", "iseseisvuspäev", 0}, {"easter-2", "suur reede", 0}, {"easter", "ülestõusmispühade 1. püha", 0},
		{"05-01", "kevadpüha", 0}, {"easter+49", "nelipühade 1. püha", 0}, {"06-23", "võidupüha", 0}, {"06-24", "jaanipäev", 0},
		{"08-20", "taasiseseisvumispäev", 0}, {"12-24", "jõululaupäev", 0}, {"12-25", "esimene jõulupüha", 0}, {"12-26", "teine jõulupüha", 0},
	}
}

func luxembourg() []addition {
	return []addition{
		{"01-01", "Nouvel An", 0}, {"easter+1", "Lundi de Pâques", 0}, {"05-01", "Fête du Travail", 0}, {"05-09", "Journée de l'Europe", 0},
		{"easter+39", "Ascension", 0}, {"easter+50", "Lundi de Pentecôte", 0}, {"06-23", "Fête nationale", 0}, {"08-15", "Assomption", 0},
		{"11-01", "Toussaint", 0}, {"12-25", "Noël", 0}, {"12-26", "Saint-Étienne", 0},
	}
}

func portugal() []addition {
	return []addition{
		{"01-01", "Ano Novo", 0}, {"easter-2", "Sexta-feira Santa", 0}, {"easter", "Páscoa", 0}, {"04-25", "Dia da Liberdade", 0},
		{"05-01", "Dia do Trabalhador", 0}, {"easter+60", "Corpo de Deus", 0}, {"06-10", "Dia de Portugal", 0}, {"08-15", "Assunção de Nossa Senhora", 0},
		{"10-05", "Implantação da República", 0}, {"11-01", "Todos os Santos", 0}, {"12-01", "Restauração da Independência", 0},
		{"12-08", "Imaculada Conceição", 0}, {"12-25", "Natal", 0},
	}
}

// matariki follows the schedule of the Te Kāhui o Matariki Public Holiday Act 2022.
func matariki() []addition {
	return []addition{
		{"2022-06-24", "Matariki", 0}, {"2022-09-26", "Queen Elizabeth II Memorial Day", 0}, {"2023-07-14", "Matariki", 0},
		{"2024-06-28", "Matariki", 0}, {"2025-06-20", "Matariki", 0}, {"2026-07-10", "Matariki", 0}, {"2027-06-25", "Matariki", 0},
		{"2028-07-14", "Matariki", 0}, {"2029-07-06", "Matariki", 0}, {"2030-06-21", "Matariki", 0},
	}
}

// singapore lists the gazetted dates of 2025 and 2026, days in lieu included;
// of other years only what the date or Easter settles.
func singapore() []addition {
	return []addition{
		{"01-01", "New Year's Day", 0}, {"easter-2", "Good Friday", 0}, {"05-01", "Labour Day", 0}, {"08-09", "National Day", 0}, {"12-25", "Christmas Day", 0},
		{"2025-01-29..2025-01-30", "Chinese New Year", 0}, {"2025-03-31", "Hari Raya Puasa", 0}, {"2025-05-03", "Polling Day", 0},
		{"2025-05-12", "Vesak Day", 0}, {"2025-06-07", "Hari Raya Haji", 0}, {"2025-10-20", "Deepavali", 0},
		{"2026-02-17..2026-02-18", "Chinese New Year", 0}, {"2026-03-21", "Hari Raya Puasa", 0}, {"2026-05-27", "Hari Raya Haji", 0},
		{"2026-05-31..2026-06-01", "Vesak Day", 0}, {"2026-08-10", "National Day", 0}, {"2026-11-08..2026-11-09", "Deepavali", 0},
	}
}

// LibraryHolidays is the set of a country or region code of ISO 3166 ("BE",
// "DE-BY", "AU-NSW"), with substitutes and computed feasts; GB is England and
// Wales, DE-BY without the feast that only some of its towns keep. The error
// names the codes that come near.
func LibraryHolidays(code string) (*Holidays, error) {
	e, ok := checked()[code]
	if !ok {
		e.library, ok = unchecked()[code]
		e.until = libraryYear
	}
	if !ok {
		return nil, unknownCode(code)
	}
	h := &Holidays{library: e.library, sure: Years{sureSince, e.until}}
	if code == "SG" {
		h.sure.From = 2025
	}
	h.doubts = []Doubt{{code, h.sure}}
	for _, a := range e.added {
		dates, err := ParseDates(a.dates)
		if err != nil {
			return nil, err
		}
		h.own = append(h.own, named{dates, a.name, a.since})
	}
	return h, nil
}

// LibraryCodes lists the codes that LibraryHolidays knows, in order.
func LibraryCodes() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for code := range checked() {
			if !yield(code) {
				return
			}
		}
		for code := range unchecked() {
			if !yield(code) {
				return
			}
		}
	})
}

func unknownCode(code string) error {
	country, _, _ := strings.Cut(strings.ToUpper(code), "-")
	var near []string
	for _, known := range LibraryCodes() {
		if known == country || strings.HasPrefix(known, country+"-") {
			near = append(near, known)
		}
	}
	if len(near) == 0 {
		return syntax(0, "no holidays are known for %q; write the dates under `holidays`", code)
	}
	return syntax(0, "no holidays are known for %q; known are %s", code, strings.Join(near, ", "))
}
