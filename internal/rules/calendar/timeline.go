package calendar

// Openings are kept in chunks of 2^25 seconds (388 days) counted from 1970, so
// that the chunk of an instant is a shift. The table ends at horizonSec.
const (
	chunkBits  = 25
	chunkLen   = 1 << chunkBits
	chunkCount = 216
	horizonSec = chunkCount << chunkBits
)

// HorizonMs is the instant (UTC milliseconds, in 2199) at which calendars
// other than Always end; they begin at 0. Outside, they count as closed, which
// also bounds what a calendar may keep in memory.
const HorizonMs = int64(horizonSec) * 1000

// chunk is the open time of one chunk: where openings begin, in seconds from
// its start, and how much time was open before each; open[i] lasts
// sum[i+1]-sum[i] seconds.
type chunk struct {
	open []uint32
	sum  []uint32
}

// find is the number of the last opening that begins at or before off, or -1.
func (k *chunk) find(off uint32) int {
	low, n := 0, len(k.open)
	for n > 0 {
		half := n >> 1
		if k.open[low+half] <= off {
			low += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	return low - 1
}

// reach is the number of the opening during which the running sum first
// reaches sum; 0 < sum <= the chunk's total.
func (k *chunk) reach(sum uint32) int {
	low, n := 0, len(k.open)
	for n > 0 {
		half := n >> 1
		if k.sum[low+half] < sum {
			low += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	return low - 1
}

func (k *chunk) length(i int) uint32 { return k.sum[i+1] - k.sum[i] }

// timeline is an unbroken run of chunks. It is never changed once published.
type timeline struct {
	first  int     // number of chunks[0]
	chunks []chunk // one after the other
	before []int64 // open seconds from chunks[0] to the start of each; one more for the end
}

func (l *timeline) covers(i int) bool { return i >= l.first && i < l.first+len(l.chunks) }

// openMs is the open time from the start of the timeline to an instant within
// it, in milliseconds.
func (l *timeline) openMs(at int64) int64 {
	i := min(int(at/1000>>chunkBits), chunkCount-1)
	ms := at - int64(i)<<chunkBits*1000
	i -= l.first
	k := &l.chunks[i]
	j := k.find(uint32(ms / 1000))
	if j < 0 {
		return l.before[i] * 1000
	}
	within := min(ms-int64(k.open[j])*1000, int64(k.length(j))*1000)
	return (l.before[i]+int64(k.sum[j]))*1000 + within
}

// instant is the first instant by which the timeline was open for openMs,
// 0 < openMs <= its total.
func (l *timeline) instant(openMs int64) int64 {
	seconds := (openMs + 999) / 1000
	low, n := 0, len(l.chunks)
	for n > 0 {
		half := n >> 1
		if l.before[low+half] < seconds {
			low += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	i := low - 1
	k := &l.chunks[i]
	j := k.reach(uint32(seconds - l.before[i]))
	start := (int64(l.first+i)<<chunkBits + int64(k.open[j])) * 1000
	return start + openMs - (l.before[i]+int64(k.sum[j]))*1000
}

func (l *timeline) totalMs() int64 { return l.before[len(l.chunks)] * 1000 }

func (l *timeline) end() int { return l.first + len(l.chunks) }

// source is where openings come from: rules, a union, a difference.
type source interface {
	// fill appends the openings between two UTC seconds, the bounds of a chunk,
	// sorted, apart and cut at both ends.
	fill(dst []interval, from, to int64) []interval
}

// cover is the timeline with at least the chunks from one to another, both
// included. Reading takes no lock; growing copies and publishes.
func (c *Calendar) cover(from, to int) *timeline {
	if l := c.line.Load(); l != nil && l.covers(from) && l.covers(to) {
		return l
	}
	return c.grow(from, to)
}

func (c *Calendar) grow(from, to int) *timeline {
	c.growing.Lock()
	defer c.growing.Unlock()
	old := c.line.Load()
	first, end := from, to+1
	if old != nil {
		first, end = min(first, old.first), max(end, old.end())
	}
	l := &timeline{first: first, chunks: make([]chunk, end-first), before: make([]int64, end-first+1)}
	var scratch []interval
	for i := range l.chunks {
		if old != nil && old.covers(first+i) {
			l.chunks[i] = old.chunks[first+i-old.first]
		} else {
			l.chunks[i], scratch = c.build(first+i, scratch)
		}
		l.before[i+1] = l.before[i] + int64(l.chunks[i].sum[len(l.chunks[i].open)])
	}
	c.line.Store(l)
	return l
}

func (c *Calendar) build(i int, scratch []interval) (chunk, []interval) {
	start := int64(i) << chunkBits
	list := c.source.fill(scratch[:0], start, start+chunkLen)
	numbers := make([]uint32, 2*len(list)+1)
	k := chunk{open: numbers[:len(list):len(list)], sum: numbers[len(list):]}
	for j, x := range list {
		k.open[j] = uint32(x.from - start)
		k.sum[j+1] = k.sum[j] + uint32(x.to-x.from)
	}
	return k, list
}
