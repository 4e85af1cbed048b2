package toyvendor

import (
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// vendor is what sets Acme apart. It documents 30 copies a minute.
var vendor = &transport.Vendor{
	Name:    "acme",
	BaseURL: "https://api.acme.example",
	Limits: func() pacing.Limits {
		return pacing.Limits{
			Copy: agentcopy.NewWindowLimiter(30, 61*time.Second),
			List: agentcopy.Unlimited,
			Get:  agentcopy.Unlimited,
		}
	},
}

// Client calls Acme with one API key.
type Client struct {
	transport *transport.Client
	dates     *vendorkit.Dates // of its answers
}

// New returns a client for an API key.
func New(apiKey string, opts ...agentcopy.Option) (*Client, error) {
	t, err := transport.New(vendor, []transport.Secret{
		{Field: "apiKey", Header: "Authorization", Scheme: "Bearer ", Value: apiKey},
	}, opts)
	if err != nil {
		return nil, err
	}
	return &Client{t, new(vendorkit.Dates)}, nil
}

// NewFromEnv is New with what ACME_API_KEY and, if it is set, ACME_BASE_URL say.
func NewFromEnv(opts ...agentcopy.Option) (*Client, error) {
	key, err := vendorkit.KeyFromEnv(vendor, "ACME_API_KEY")
	if err != nil {
		return nil, err
	}
	return New(key, vendorkit.BaseURLFromEnv("ACME_BASE_URL", vendorkit.Getenv("ACME_BASE_URL"), opts)...)
}

// With returns a client with the same key, and opts on top of the settings of c.
func (c *Client) With(opts ...agentcopy.Option) (*Client, error) {
	t, err := c.transport.With(opts)
	if err != nil {
		return nil, err
	}
	return &Client{t, new(vendorkit.Dates)}, nil
}
