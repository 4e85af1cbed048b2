package langsmith

import (
	agentcopy "github.com/agentcopy/agentcopy-go"
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
	// In a window of w seconds at most 32 + 32w pass: 1,952 in a minute, 352 in
	// 10 seconds.
	Limits: vendorkit.OneLimit(32),
	Advice: advice,
}

// setup is how clients are made.
var setup = &vendorkit.Setup{
	Vendor:     vendor,
	Secrets:    []transport.Secret{{Field: "apiKey", Header: "X-Api-Key"}},
	SecretVars: []string{"LANGSMITH_API_KEY"},
	BaseURLVar: "LANGSMITH_ENDPOINT",
	BaseURL:    withAPIPath,
}

// Client calls LangSmith's Managed Deep Agents API with one API key. It is safe for
// concurrent use, and its settings never change; see With. Make one with New: the zero
// Client returns an error from every method.
type Client struct{ kit *vendorkit.Client }

// made is what New made. If c is nil or zero, every call of it is an error.
func (c *Client) made() *vendorkit.Client {
	if c == nil || c.kit == nil {
		return vendorkit.NotMade(vendor)
	}
	return c.kit
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
	return wrap(setup.New(opts, apiKey))
}

// With returns a client with the same key, and opts on top of the settings of c. The
// two share their limits, unless opts change them.
func (c *Client) With(opts ...agentcopy.Option) (*Client, error) {
	return wrap(c.made().With(opts))
}

func wrap(kit *vendorkit.Client, err error) (*Client, error) {
	if err != nil {
		return nil, err
	}
	return &Client{kit}, nil
}
