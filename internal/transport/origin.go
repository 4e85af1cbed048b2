package transport

import (
	"cmp"
	"net"
	"net/url"
	"strings"
)

// Origin is where the client's agents are, written in one way: scheme, host, the
// port unless it is the scheme's own, and the base path. It holds no credential.
func (c *Client) Origin() string {
	if c.wire == nil {
		return ""
	}
	host := c.base.Host
	if port := c.base.Port(); port == "" || port == defaultPorts[c.base.Scheme] {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return c.base.Scheme + "://" + host + c.path
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// lower is text with the capitals of ASCII made small. What a host has beyond
// ASCII, net/http folds by the rules of IDNA, which are not those of ToLower.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// lowerHost is host in small letters, but for the zone of an IPv6 address: it names
// a network interface, whose case matters.
func lowerHost(host string) string {
	name, _, _ := strings.Cut(host, "%")
	return lower(name) + host[len(name):]
}

// originOf is scheme, host and port, with the port spelled out.
func originOf(u *url.URL) string {
	return lower(u.Scheme) + "://" + serverOf(u)
}

// serverOf is the host and port at which u is.
func serverOf(u *url.URL) string {
	return net.JoinHostPort(lowerHost(u.Hostname()), cmp.Or(u.Port(), defaultPorts[lower(u.Scheme)]))
}
