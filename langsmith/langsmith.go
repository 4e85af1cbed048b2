// Package langsmith clones Managed Deep Agents on LangSmith
// (https://docs.langchain.com/langsmith/managed-deep-agents-overview).
//
//	client, err := langsmith.New(apiKey)
//	...
//	agent, err := client.CloneAgent(ctx, "3c90c3cc-0d44-4b50-8888-8dd25736052a", langsmith.CloneAgentRequest{Name: "Research, Berlin"})
//
// What is repeated, how errors tell whether a copy was made, and what every
// client can be configured to do is described in package agentcopy.
//
// The API was published as a private beta in LangSmith's US region in 2026, and
// its pages have been taken down since: it is there for those who have it.
//
// LangSmith allows an API key 2,000 requests a minute and 1,000 in 10 seconds,
// whatever they ask for. Clients send at most 32 a second, in bursts of at most
// 32, which stays inside both, unless [agentcopy.WithLimiter] says otherwise.
package langsmith

import (
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// apiPath is where the API lies below LangSmith's own address.
const apiPath = "/v1/deepagents"

// agentsPath is where the agents are, below apiPath.
const agentsPath = "/agents"

var vendor = &transport.Vendor{
	Name:    "langsmith",
	BaseURL: "https://api.smith.langchain.com" + apiPath,
	Limits: func() transport.Limits {
		// In a window of w seconds at most 32 + 32w pass: 1,952 in a minute, 352 in
		// 10 seconds.
		all := rate.NewLimiter(32, 32)
		return transport.Limits{all, all, all}
	},
	Hint: hint,
}

// Client calls LangSmith's Managed Deep Agents API with one API key. It is safe
// for concurrent use, and its settings never change; see With.
type Client struct{ transport *transport.Client }

// New returns a client for an API key of LangSmith, personal or a service's. It
// does no I/O. A key that is empty or cannot stand in a header, and an option
// that cannot be used, are an *[agentcopy.Error] that names it and matches
// [agentcopy.ErrInvalid].
//
// A key that belongs to an organization needs [WithWorkspace]; without, LangSmith
// answers 403.
//
// Clients built with the same key share one pace, however many there are:
// building one for each web request does no harm.
func New(apiKey string, opts ...agentcopy.Option) (*Client, error) {
	t, err := transport.New(vendor, []transport.Secret{
		{Field: "apiKey", Header: "X-Api-Key", Value: apiKey},
	}, opts)
	if err != nil {
		return nil, err
	}
	return &Client{t}, nil
}

// With returns a client with the same key, and opts on top of the settings of
// c. The two share their pace, unless opts change it.
func (c *Client) With(opts ...agentcopy.Option) (*Client, error) {
	t, err := c.transport.With(opts)
	if err != nil {
		return nil, err
	}
	return &Client{t}, nil
}
