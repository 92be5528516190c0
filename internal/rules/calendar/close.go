package calendar

// CloseAfter is `by close +n`: for n = 0 the next closing at or after at, else
// the last closing of the nth date after at's local date on which the calendar
// closes. A closing at 24:00 belongs to the date that ends. False when there
// are not that many closings.
func (c *Calendar) CloseAfter(at int64, n int) (int64, bool) {
	if c.whole != sometimes || n < 0 {
		return 0, false
	}
	if n == 0 && at > 0 && c.Open(at-1) && !c.Open(at) {
		return at, true
	}
	if n == 0 {
		return c.closing(at)
	}
	return c.closingOnDate(at, n)
}

// closing is the first closing after an instant.
func (c *Calendar) closing(at int64) (int64, bool) {
	open, ok := c.Next(at)
	if !ok {
		return 0, false
	}
	return c.Closes(open)
}

func (c *Calendar) closingOnDate(at int64, n int) (int64, bool) {
	current, dates := c.zone.Date(at), 0
	var last int64
	for next, ok := c.closing(at); ok; next, ok = c.closing(next) {
		if d := c.zone.Date(next - 1); d > current {
			if dates == n {
				break
			}
			current = d
			dates++
		}
		last = next
	}
	return last, dates == n
}

// ByTime is `by HH:MM +n`: for n = 0 the next hour:minute at or after at that
// lies on an open date, else hour:minute of the nth open date after at's local
// date. A date is open when any of it is. False when there are not that many.
func (c *Calendar) ByTime(at int64, hour, minute, n int) (int64, bool) {
	if c.whole == never || n < 0 || at < 0 || at >= HorizonMs {
		return 0, false
	}
	d := c.zone.Date(at)
	if n == 0 && c.openOn(d) {
		if due := c.zone.At(d, hour*60+minute); due >= at {
			return due, true
		}
	}
	for n = max(n, 1); ; n-- {
		open, ok := c.Next(c.zone.At(d+1, 0))
		if ok && c.zone.Date(open) <= d { // clocks went back over midnight: the end of d came a second time
			open, ok = c.Next(c.zone.LastAt(d+1, 0))
		}
		if !ok {
			return 0, false
		}
		d = c.zone.Date(open)
		if n == 1 {
			return c.zone.At(d, hour*60+minute), true
		}
	}
}

func (c *Calendar) openOn(d Date) bool {
	return c.Between(c.zone.At(d, 0), c.zone.At(d, minutesPerDay)) > 0
}
