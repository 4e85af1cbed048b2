package check

import (
	"errors"
	"net/url"
	"strings"
)

// BaseURL reads a base URL and says what is wrong with one that cannot be
// used, without quoting it: it may hold a password. Whether http is allowed is
// not its concern.
func BaseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	switch {
	case rawURL == "":
		return nil, errors.New("the base URL is empty")
	case err != nil:
		return nil, errors.New("the base URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the base URL must begin with https:// or http://")
	case u.User != nil:
		return nil, errors.New("the base URL must not carry a user name or password")
	case u.Hostname() == "" || strings.ContainsAny(u.Host, " \t"):
		return nil, errors.New("the base URL names no host")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("the base URL must not carry a query")
	case u.Fragment != "" || strings.Contains(rawURL, "#"):
		return nil, errors.New("the base URL must not carry a fragment")
	}
	return u, nil
}
