package identity

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// slots is how many keys a Limiter tells apart. More keys share slots: memory stays
// bounded and no flood of keys can push one out; two keys that share a slot share its allowance.
const slots = 1 << 16

// Limiter allows each key a burst, and then one more in each interval. It keeps
// its state in memory, half a MiB whatever the number of keys.
type Limiter struct {
	now   func() int64
	every int64 // milliseconds
	burst int64
	seed  maphash.Seed

	mu sync.Mutex
	at []int64 // the instant at which a slot has its whole burst again (GCRA)
}

// Wait is the detail of a TooMany fault.
type Wait struct {
	Seconds int64 `json:"retry_after"`
}

// NewLimiter makes a limiter; now is the clock in UTC milliseconds.
func NewLimiter(now func() int64, burst int, every time.Duration) *Limiter {
	return &Limiter{now: now, every: every.Milliseconds(), burst: int64(burst), seed: maphash.MakeSeed(), at: make([]int64, slots)}
}

// Take uses one of a key's allowance. Faults: TooMany, with a Wait as detail.
func (l *Limiter) Take(key string) error {
	i, now := l.slot(key), l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	next := max(l.at[i], now) + l.every
	if late := next - now - l.burst*l.every; late > 0 {
		seconds := (late + 999) / 1000
		return fault.Newf(fault.TooMany, "Too many attempts; please try again in %d s.", seconds).WithDetail(Wait{seconds})
	}
	l.at[i] = next
	return nil
}

// Give returns what Take used, after an attempt that turned out to be good.
func (l *Limiter) Give(key string) {
	i := l.slot(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[i] -= l.every
}

func (l *Limiter) slot(key string) uint64 { return maphash.String(l.seed, key) % slots }

// Network is the key under which an address is limited: an IPv4 address, the /64
// of an IPv6 address (one subscriber has at least that many), or "unknown" for
// what is no address. It accepts an address with a port.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return "unknown"
		}
		ip = ap.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
