package calendar

import "slices"

// Doubt names holidays that are known of some years only. Code is empty where nothing at all is known of the holidays of a
// place; Sure is then no year.
type Doubt struct {
	Code string
	Sure Years
}

// UnknownHolidays stands for the holidays of a place of which nobody said which they are: no date is closed, and no year is
// sure.
func UnknownHolidays() *Holidays {
	none := Years{From: 1, To: 0}
	return &Holidays{sure: none, doubts: []Doubt{{Sure: none}}}
}

// Doubts lists the holidays that are not sure in the year of an instant (UTC milliseconds).
func (c *Calendar) Doubts(at int64) []Doubt {
	if len(c.doubts) == 0 || !c.Uncertain(at) {
		return nil
	}
	year := c.zone.Date(at).Year()
	return slices.DeleteFunc(slices.Clone(c.doubts), func(d Doubt) bool { return d.Sure.has(year) })
}

func gatherDoubts(dst []Doubt, more []Doubt) []Doubt {
	for _, d := range more {
		if !slices.Contains(dst, d) {
			dst = append(dst, d)
		}
	}
	return dst
}
