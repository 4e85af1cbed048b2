// Package vendorkit holds what the packages of the vendors share: how their clients are
// made, from arguments or environment variables; lists of many pages; the search for
// copies.
//
// It is not called vendor: the go command leaves folders of that name out of a
// module.
package vendorkit

import (
	"encoding/json"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// OneLimit is the Limits of a vendor whose calls share one limit: so many requests a
// second on average, in bursts of up to as many.
func OneLimit(requests int) func() pacing.Limits {
	return func() pacing.Limits {
		all := rate.NewLimiter(rate.Limit(requests), requests)
		return pacing.Limits{Copy: all, List: all, Get: all}
	}
}

// Setup says how the clients of a vendor are made.
type Setup struct {
	Vendor *transport.Vendor
	// Secrets are the credentials, without values, in the order in which New takes
	// the values.
	Secrets    []transport.Secret
	SecretVars []string // the environment variables of their values
	BaseURLVar string   // the environment variable of the base URL
	// BaseURL makes a base URL of the value of BaseURLVar. nil: the value is one.
	BaseURL func(value string) string
}

// Client is what the clients of all vendors are made of.
type Client struct {
	Transport *transport.Client
	Dates     *Dates // of its answers
	vendor    *transport.Vendor
	known     *differences // what a Copier has compared
}

// New makes a client with the given values of the Secrets.
func (s *Setup) New(opts []agentcopy.Option, values ...string) (*Client, error) {
	secrets := make([]transport.Secret, len(s.Secrets))
	for i, secret := range s.Secrets {
		secret.Value = values[i]
		secrets[i] = secret
	}
	t, err := transport.New(s.Vendor, secrets, opts)
	if err != nil {
		return nil, err
	}
	return &Client{vendor: s.Vendor, Transport: t, Dates: new(Dates)}, nil
}

// NotMade stands for a client that New did not make: each of its calls is an error.
func NotMade(v *transport.Vendor) *Client {
	return &Client{vendor: v, Transport: transport.NotMade(v), Dates: new(Dates)}
}

// With makes a client with the same credentials, and opts on top of the settings of c.
func (c *Client) With(opts []agentcopy.Option) (*Client, error) {
	t, err := c.Transport.With(opts)
	if err != nil {
		return nil, err
	}
	return &Client{vendor: c.vendor, Transport: t, Dates: new(Dates)}, nil
}

// ForCopier is the client that a Copier calls. It retries no copy that may have been
// made, and its reads go past caches.
func (c *Client) ForCopier() *Client {
	return &Client{vendor: c.vendor, Transport: c.Transport.ForCopier(), Dates: c.Dates, known: new(differences)}
}

// Identity is what the client knows of what a request stands for.
func (c *Client) Identity(sourceID, searchKey string) agentcopy.Identity {
	return agentcopy.Identity{
		Provider:  c.vendor.Name,
		Origin:    c.Transport.Origin(),
		SourceID:  sourceID,
		SearchKey: searchKey,
		Traced:    true,
	}
}

// NullToNil sets each of raws that is JSON's null to nil: to the reader of an
// answer, null equals absent.
func NullToNil(raws ...*json.RawMessage) {
	for _, raw := range raws {
		if string(*raw) == "null" {
			*raw = nil
		}
	}
}
