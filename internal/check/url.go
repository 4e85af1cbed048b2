package check

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// BaseURL reads a base URL and says what is wrong with one that cannot be
// used. It quotes no more than scheme, host and path: user info and query may
// hold a secret. Whether http is allowed is not its concern.
func BaseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	switch {
	case rawURL == "":
		return nil, errors.New("the base URL is empty")
	case err != nil:
		return nil, errors.New("the base URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the base URL%s must begin with https:// or http://", quoted(u, rawURL))
	case u.User != nil:
		return nil, fmt.Errorf("the base URL%s must not carry a user name or password", quoted(u, rawURL))
	case u.Hostname() == "" || strings.ContainsAny(u.Host, " \t"):
		return nil, fmt.Errorf("the base URL%s names no host", quoted(u, rawURL))
	case !isPort(u.Port()):
		return nil, fmt.Errorf("the base URL%s has a port that does not exist", quoted(u, rawURL))
	case u.RawQuery != "" || u.ForceQuery:
		return nil, fmt.Errorf("the base URL%s must not carry a query", quoted(u, rawURL))
	case u.Fragment != "" || strings.Contains(rawURL, "#"):
		return nil, fmt.Errorf("the base URL%s must not carry a fragment", quoted(u, rawURL))
	}
	return u, nil
}

// isPort reports whether text is a port that can be connected to, or none.
func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && port > 0
}

// quoted is what can be shown of a URL, after a space; "" for nothing.
func quoted(u *url.URL, rawURL string) string {
	if u.Opaque != "" || u.User == nil && strings.Contains(rawURL, "@") { // user info that was not read as such
		return ""
	}
	return " " + Printable((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}
