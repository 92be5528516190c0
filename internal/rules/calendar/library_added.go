package calendar

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/au"
)

// Lists of countries that the library lacks.

// nationwide are the days that every state of Australia keeps.
func nationwide() []*cal.Holiday {
	return []*cal.Holiday{au.NewYear, au.AustraliaDay, au.GoodFriday, au.EasterMonday, au.AnzacDay, au.ChristmasDay, au.BoxingDay}
}

// bosnia lists what both entities of Bosnia and Herzegovina keep. The third day is free where a Sunday takes one of the two.
func bosnia() []addition {
	list := []addition{{"01-01..01-02", "Nova godina", 0}, {"05-01..05-02", "Praznik rada", 0}}
	for year := sureSince; year <= checkedYear; year++ {
		for _, month := range []time.Month{time.January, time.May} {
			first := MakeDate(year, month, 1)
			if first.Weekday() == time.Sunday || (first+1).Weekday() == time.Sunday {
				list = append(list, addition{(first + 2).String(), "neradni dan", 0})
			}
		}
	}
	return list
}

// federation adds what the Federation of Bosnia and Herzegovina keeps; a Sunday is made up for on Monday.
func federation() []addition {
	list := append(bosnia(), addition{"03-01", "Dan nezavisnosti", 0}, addition{"11-25", "Dan državnosti", 0})
	for year := sureSince; year <= checkedYear; year++ {
		for _, d := range []Date{MakeDate(year, time.March, 1), MakeDate(year, time.November, 25)} {
			if d.Weekday() == time.Sunday {
				list = append(list, addition{(d + 1).String(), "neradni dan", 0})
			}
		}
	}
	return list
}

// switzerland lists the days that every canton keeps.
func switzerland() []addition {
	return []addition{{"01-01", "Neujahr", 0}, {"easter+39", "Auffahrt", 0}, {"08-01", "Bundesfeier", 0}, {"12-25", "Weihnachten", 0}}
}

// finland has the two eves on which everything is closed too.
func finland() []addition {
	list := []addition{
		{"01-01", "uudenvuodenpäivä", 0}, {"01-06", "loppiainen", 0}, {"easter-2", "pitkäperjantai", 0}, {"easter", "pääsiäispäivä", 0},
		{"easter+1", "toinen pääsiäispäivä", 0}, {"05-01", "vappu", 0}, {"easter+39", "helatorstai", 0}, {"easter+49", "helluntaipäivä", 0},
		{"12-06", "itsenäisyyspäivä", 0}, {"12-24", "jouluaatto", 0}, {"12-25", "joulupäivä", 0}, {"12-26", "tapaninpäivä", 0},
	}
	list = append(list, onWeekday(time.Friday, time.June, 19, "juhannusaatto")...)
	list = append(list, onWeekday(time.Saturday, time.June, 20, "juhannuspäivä")...)
	return append(list, onWeekday(time.Saturday, time.October, 31, "pyhäinpäivä")...)
}

func iceland() []addition {
	list := []addition{
		{"01-01", "nýársdagur", 0}, {"easter-3", "skírdagur", 0}, {"easter-2", "föstudagurinn langi", 0}, {"easter", "páskadagur", 0},
		{"easter+1", "annar í páskum", 0}, {"05-01", "verkalýðsdagurinn", 0}, {"easter+39", "uppstigningardagur", 0},
		{"easter+49", "hvítasunnudagur", 0}, {"easter+50", "annar í hvítasunnu", 0}, {"06-17", "þjóðhátíðardagurinn", 0},
		{"1st mon of aug", "frídagur verslunarmanna", 0}, {"12-24", "aðfangadagur", 0}, {"12-25", "jóladagur", 0}, {"12-26", "annar í jólum", 0},
		{"12-31", "gamlársdagur", 0},
	}
	return append(list, onWeekday(time.Thursday, time.April, 19, "sumardagurinn fyrsti")...)
}

// onWeekday lists, year by year, the first such weekday on or after a date.
func onWeekday(day time.Weekday, month time.Month, from int, name string) []addition {
	var list []addition
	for year := sureSince; year <= checkedYear; year++ {
		d := MakeDate(year, month, from)
		for d.Weekday() != day {
			d++
		}
		list = append(list, addition{d.String(), name, 0})
	}
	return list
}

// hungary is without the working days that a decree moves each year.
func hungary() []addition {
	return []addition{
		{"01-01", "újév", 0}, {"03-15", "nemzeti ünnep", 0}, {"easter-2", "nagypéntek", 0}, {"easter", "húsvét", 0}, {"easter+1", "húsvéthétfő", 0},
		{"05-01", "a munka ünnepe", 0}, {"easter+49", "pünkösd", 0}, {"easter+50", "pünkösdhétfő", 0}, {"08-20", "államalapítás ünnepe", 0},
		{"10-23", "nemzeti ünnep", 0}, {"11-01", "mindenszentek", 0}, {"12-25..12-26", "karácsony", 0},
	}
}

// india lists the three national days, which every state keeps.
func india() []addition {
	return []addition{{"01-26", "Republic Day", 0}, {"08-15", "Independence Day", 0}, {"10-02", "Gandhi Jayanti", 0}}
}

func malta() []addition {
	return []addition{
		{"01-01", "L-Ewwel tas-Sena", 0}, {"02-10", "San Pawl", 0}, {"03-19", "San Ġużepp", 0}, {"03-31", "Jum il-Ħelsien", 0},
		{"easter-2", "Il-Ġimgħa l-Kbira", 0}, {"05-01", "Jum il-Ħaddiem", 0}, {"06-07", "Sette Giugno", 0}, {"06-29", "L-Imnarja", 0},
		{"08-15", "Santa Marija", 0}, {"09-08", "Jum il-Vitorja", 0}, {"09-21", "Jum l-Indipendenza", 0}, {"12-08", "Il-Kunċizzjoni", 0},
		{"12-13", "Jum ir-Repubblika", 0}, {"12-25", "Il-Milied", 0},
	}
}

// mexico lists the days of rest of its labour law.
func mexico() []addition {
	return []addition{
		{"01-01", "Año Nuevo", 0}, {"1st mon of feb", "Día de la Constitución", 0}, {"3rd mon of mar", "Natalicio de Benito Juárez", 0},
		{"05-01", "Día del Trabajo", 0}, {"09-16", "Día de la Independencia", 0}, {"3rd mon of nov", "Día de la Revolución", 0},
		{"2024-10-01", "Transmisión del Poder Ejecutivo", 0}, {"2030-10-01", "Transmisión del Poder Ejecutivo", 0}, {"12-25", "Navidad", 0},
	}
}
