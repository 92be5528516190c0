package web

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// Attacks 43 and 46: only a trusted proxy names the client, and of what it forwards only the nearest address that it vouches for.
func TestTheClientIsNamedByTrustedProxiesOnly(t *testing.T) {
	s := &site{Config: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}}
	for name, c := range map[string]struct{ peer, forwarded, want string }{
		"direct":                        {"203.0.113.9:1", "", "203.0.113.9"},
		"direct, invented":              {"203.0.113.9:1", "198.51.100.1", "203.0.113.9"},
		"one proxy":                     {"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		"one proxy, client's invention": {"10.0.0.1:1", "1.2.3.4, 198.51.100.1", "198.51.100.1"},
		"two proxies":                   {"10.0.0.1:1", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		"proxy without a word":          {"10.0.0.1:1", "", "10.0.0.1"},
		"proxy with nonsense":           {"10.0.0.1:1", "198.51.100.1, <script>", "10.0.0.1"},
		"IPv6":                          {"[fd00::1]:1", "2001:db8::7", "2001:db8::7"},
		"IPv4 in IPv6":                  {"[::ffff:10.0.0.1]:1", "198.51.100.1", "198.51.100.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := s.client(r); got != c.want {
			t.Errorf("%s: the client is %s, want %s", name, got, c.want)
		}
	}
}
