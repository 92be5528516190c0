// Command hours measures the calendar engine beside a published library of
// business hours (github.com/rickar/cal/v2), on the same desk: weekdays 09:00 to
// 17:00 in Brussels without the holidays of Belgium. Both answer the same
// questions, in turns; where their answers differ, it says so.
//
//	go run ./bench/hours
package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/be"

	"github.com/tierdesk/tierdesk/internal/rules/calendar"
)

const (
	hour   = int64(3_600_000)
	day    = 24 * hour
	rounds = 5
	// workYear is about the open time of a year of this desk.
	workYear = 250 * 8 * hour
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// desk is the same opening hours twice.
type desk struct {
	ours   *calendar.Calendar
	theirs *cal.BusinessCalendar
	zone   *time.Location
	start  int64
}

func newDesk() (*desk, error) {
	week, err := calendar.ParseWeek("mon-fri 09:00-17:00")
	if err != nil {
		return nil, err
	}
	holidays, err := calendar.LibraryHolidays("BE")
	if err != nil {
		return nil, err
	}
	ours, err := calendar.New(calendar.Spec{Zone: "Europe/Brussels", Week: week, Closed: []*calendar.Holidays{holidays}})
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		return nil, err
	}
	theirs := cal.NewBusinessCalendar()
	theirs.Cacheable = true
	theirs.AddHoliday(be.Holidays...)
	return &desk{ours, theirs, zone, time.Date(2026, 3, 3, 10, 0, 0, 0, zone).UnixMilli()}, nil
}

// at steps through instants of about a year, so that no branch is always the same.
func (d *desk) at(i int) int64 { return d.start + int64(i%4096)*7_654_321 }

func (d *desk) local(i int) time.Time { return time.UnixMilli(d.at(i)).In(d.zone) }

// question is asked of both.
type question struct {
	name   string
	ours   func(i int) int64
	theirs func(i int) int64
}

func (d *desk) questions() []question {
	add := func(ms int64) (func(int) int64, func(int) int64) {
		return func(i int) int64 { due, _ := d.ours.Add(d.at(i), ms); return due },
			func(i int) int64 {
				return d.theirs.AddWorkHours(d.local(i), time.Duration(ms)*time.Millisecond).UnixMilli()
			}
	}
	between := func(ms int64) (func(int) int64, func(int) int64) {
		return func(i int) int64 { return d.ours.Between(d.at(i), d.at(i)+ms) },
			func(i int) int64 {
				from := d.local(i)
				return d.theirs.WorkHoursInRange(from, from.Add(time.Duration(ms)*time.Millisecond)).Milliseconds()
			}
	}
	var list []question
	put := func(name string, ours, theirs func(int) int64) { list = append(list, question{name, ours, theirs}) }
	ours, theirs := add(hour)
	put("Add 1 hour", ours, theirs)
	ours, theirs = add(10 * workYear)
	put("Add 10 years", ours, theirs)
	ours, theirs = between(hour)
	put("Between, 1 hour", ours, theirs)
	ours, theirs = between(3650 * day)
	put("Between, 10 years", ours, theirs)
	put("Open", func(i int) int64 { return number(d.ours.Open(d.at(i))) }, func(i int) int64 { return number(d.theirs.IsWorkTime(d.local(i))) })
	return list
}

func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func run() error {
	d, err := newDesk()
	if err != nil {
		return err
	}
	fmt.Printf("%-20s %14s %14s %10s %s\n", "", "ours", "rickar/cal", "ratio", "answers that differ")
	took := map[string]float64{}
	for _, q := range d.questions() {
		var ours, theirs []float64
		for range rounds {
			ours = append(ours, measure(q.ours))
			theirs = append(theirs, measure(q.theirs))
		}
		a, b := median(ours), median(theirs)
		took[q.name] = a
		fmt.Printf("%-20s %11.0f ns %11.0f ns %9.0fx %d of %d\n", q.name, a, b, b/a, differ(q), asked)
	}
	fmt.Printf("Add over 10 years takes %.2f times as long as over 1 hour (target: below 2)\n", took["Add 10 years"]/took["Add 1 hour"])
	return nil
}

// measure is nanoseconds for one answer, over at least a fifth of a second.
func measure(answer func(int) int64) float64 {
	const enough = 200 * time.Millisecond
	answer(0)
	for n := 1; ; n *= 2 {
		start := time.Now()
		for i := range n {
			answer(i)
		}
		if took := time.Since(start); took >= enough {
			return float64(took.Nanoseconds()) / float64(n)
		}
	}
}

const asked = 300

func differ(q question) int {
	n := 0
	for i := range asked {
		if q.ours(i) != q.theirs(i) {
			n++
		}
	}
	return n
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
