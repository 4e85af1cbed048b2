package toyvendor

import (
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// vendor is what sets Acme apart. It documents 30 copies a minute.
var vendor = &transport.Vendor{
	Name:    "acme",
	BaseURL: "https://api.acme.example",
	Limits: func() transport.Limits {
		return transport.Limits{
			transport.CopyEndpoint: agentcopy.NewWindowLimiter(30, 61*time.Second),
			transport.ListEndpoint: agentcopy.Unlimited,
			transport.GetEndpoint:  agentcopy.Unlimited,
		}
	},
}

// Client calls Acme with one API key.
type Client struct{ transport *transport.Client }

// New returns a client for an API key.
func New(apiKey string, opts ...agentcopy.Option) (*Client, error) {
	t, err := transport.New(vendor, []transport.Secret{
		{Field: "apiKey", Header: "Authorization", Scheme: "Bearer ", Value: apiKey},
	}, opts)
	if err != nil {
		return nil, err
	}
	return &Client{t}, nil
}

// NewFromEnv is New with what ACME_API_KEY and, if it is set, ACME_BASE_URL say.
func NewFromEnv(opts ...agentcopy.Option) (*Client, error) {
	key, err := transport.KeyFromEnv(vendor, "ACME_API_KEY")
	if err != nil {
		return nil, err
	}
	return New(key, transport.BaseURLFromEnv("ACME_BASE_URL", transport.Getenv("ACME_BASE_URL"), opts)...)
}

// With returns a client with the same key, and opts on top of the settings of c.
func (c *Client) With(opts ...agentcopy.Option) (*Client, error) {
	t, err := c.transport.With(opts)
	if err != nil {
		return nil, err
	}
	return &Client{t}, nil
}
