// Package config is what a server needs to know before it starts: one struct,
// checked once and passed by value.
package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Serve configures `tierdesk serve`. The zero value of optional fields is their default.
type Serve struct {
	// Data is the folder of the embedded database, files and keys.
	Data string
	// HTTP and SMTP are listen addresses; an empty SMTP receives no mail.
	HTTP, SMTP string
	// Smarthost is host:port of the mail server that sends for us; empty sends nothing.
	Smarthost string
	// SmarthostTLS is required, implicit, opportunistic or none; empty chooses
	// none for a smarthost on this machine and required for any other.
	SmarthostTLS                     string
	SmarthostUser, SmarthostPassword string
	// Database is a PostgreSQL URL; empty uses SQLite in Data.
	Database string
	// PublicURL is the address by which people reach the desk, without a slash at the end.
	PublicURL       string
	TLSCert, TLSKey string
	// TrustedProxies may say in X-Forwarded-For whose request they pass on.
	TrustedProxies []netip.Prefix
	// TrustedRelays deliver mail whose sender they have verified.
	TrustedRelays []netip.Prefix
	// Demo fills an empty store with example organisations.
	Demo bool
	// MaxMail is the largest mail in bytes.
	MaxMail int64
}

// loopback are the relays that a demo trusts.
var loopback = []string{"127.0.0.0/8", "::1/128"}

// Prefixes reads addresses and networks: "10.0.0.0/8" or "10.1.2.3".
func Prefixes(list []string) (out []netip.Prefix, err error) {
	for _, item := range list {
		for s := range strings.SplitSeq(item, ",") {
			if s = strings.TrimSpace(s); s == "" {
				continue
			}
			p, err := netip.ParsePrefix(s)
			if err != nil {
				a, err := netip.ParseAddr(s)
				if err != nil {
					return nil, fmt.Errorf("%q is no network; write it as 10.0.0.0/8 or 10.1.2.3", s)
				}
				p = netip.PrefixFrom(a, a.BitLen())
			}
			out = append(out, p.Masked())
		}
	}
	return out, nil
}

// Check fills defaults and says what is wrong. It reads no file but the certificate.
func (c Serve) Check() (Serve, error) {
	if c.Data == "" {
		return c, errors.New("a data folder is needed: --data DIR")
	}
	if c.HTTP == "" {
		return c, errors.New("an address for HTTP is needed: --http 127.0.0.1:8080")
	}
	if _, _, err := net.SplitHostPort(c.HTTP); err != nil {
		return c, fmt.Errorf("--http %q is no address; write it as 127.0.0.1:8080", c.HTTP)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return c, errors.New("--tls-cert and --tls-key belong together")
	}
	if c.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			return c, fmt.Errorf("the certificate can't be used: %w", err)
		}
	}
	if c.Demo {
		more, err := Prefixes(loopback)
		if err != nil {
			return c, err
		}
		c.TrustedRelays = append(c.TrustedRelays, more...)
	}
	if c.MaxMail == 0 {
		c.MaxMail = 50 << 20
	}
	return c.publicURL()
}

func (c Serve) publicURL() (Serve, error) {
	if c.PublicURL == "" {
		scheme := "http"
		if c.TLSCert != "" {
			scheme = "https"
		}
		host, port, _ := net.SplitHostPort(c.HTTP)
		if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
			host = "localhost"
		}
		c.PublicURL = scheme + "://" + net.JoinHostPort(host, port)
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return c, fmt.Errorf("--public-url %q is no web address", c.PublicURL)
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return c, nil
}

// DatabaseURL is the database that the settings name.
func DatabaseURL(data, database string) (string, error) {
	if database != "" {
		return database, nil
	}
	if data == "" {
		return "", errors.New("name the store: --data DIR or --database URL")
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", err
	}
	return "sqlite:" + filepath.Join(data, "tierdesk.db"), nil
}
