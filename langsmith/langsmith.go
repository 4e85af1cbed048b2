package langsmith

import (
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// apiPath is where the API lies below LangSmith's own address.
const apiPath = "/v1/deepagents"

// agentsPath is where the agents are, below apiPath.
const agentsPath = "/agents"

var vendor = &transport.Vendor{
	Name:    "langsmith",
	BaseURL: "https://api.smith.langchain.com" + apiPath,
	Limits: func() pacing.Limits {
		// In a window of w seconds at most 32 + 32w pass: 1,952 in a minute, 352 in
		// 10 seconds.
		all := rate.NewLimiter(32, 32)
		return pacing.Limits{Copy: all, List: all, Get: all}
	},
	Advice: advice,
}

// Client calls LangSmith's Managed Deep Agents API with one API key. It is safe for
// concurrent use, and its settings never change; see With. Make one with New: the zero
// Client returns an error from every method.
type Client struct {
	transport *transport.Client
	dates     *vendorkit.Dates // of its answers
}

// made is what New made. If c is nil or zero, every call of it is an error.
func (c *Client) made() *transport.Client {
	if c == nil || c.transport == nil {
		return transport.NotMade(vendor)
	}
	return c.transport
}

// New returns a client for an API key of LangSmith, personal or a service's. It sends
// nothing. If a key or an option cannot be used, the error is an *[agentcopy.Error]
// that names it and matches [agentcopy.ErrInvalid].
//
// A key that belongs to an organization needs [WithWorkspace]; without, LangSmith
// answers 403.
//
// All clients with the same key share their limits and pauses, so a program may build
// one for each web request.
func New(apiKey string, opts ...agentcopy.Option) (*Client, error) {
	t, err := transport.New(vendor, []transport.Secret{
		{Field: "apiKey", Header: "X-Api-Key", Value: apiKey},
	}, opts)
	if err != nil {
		return nil, err
	}
	return &Client{t, new(vendorkit.Dates)}, nil
}

// With returns a client with the same key, and opts on top of the settings of c. The
// two share their limits, unless opts change them.
func (c *Client) With(opts ...agentcopy.Option) (*Client, error) {
	t, err := c.made().With(opts)
	if err != nil {
		return nil, err
	}
	return &Client{t, new(vendorkit.Dates)}, nil
}
