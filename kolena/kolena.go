package kolena

import (
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// agentsPath is where the agents are.
const agentsPath = "/api/v1/client/agents"

// minute is the window of Kolena's limits, with a second to spare.
const minute = 61 * time.Second

var vendor = &transport.Vendor{
	Name:    "kolena",
	BaseURL: "https://agents-api.kolena.com",
	Limits: func() pacing.Limits {
		return pacing.Limits{
			Copy: pacing.NewAdaptiveWindow(60, minute, 1050*time.Millisecond),
			List: agentcopy.NewWindowLimiter(600, minute),
			Get:  agentcopy.NewWindowLimiter(1200, minute),
		}
	},
}

// setup is how clients are made.
var setup = &vendorkit.Setup{
	Vendor:     vendor,
	Secrets:    []transport.Secret{{Field: "apiKey", Header: "Authorization", Scheme: "Bearer "}},
	SecretVars: []string{"KOLENA_API_KEY"},
	BaseURLVar: "KOLENA_API_URL",
}

// Client calls the Kolena Agents API with one API key. It is safe for concurrent use,
// and its settings never change; see With. Make one with New: the zero Client returns
// an error from every method.
type Client struct{ kit *vendorkit.Client }

// notMade stands for a client that New did not make.
var notMade = vendorkit.NotMade(vendor)

// made is what New made. If c is nil or zero, every call of it is an error.
func (c *Client) made() *vendorkit.Client {
	if c == nil || c.kit == nil {
		return notMade
	}
	return c.kit
}

// New returns a client for an API key, which Kolena's web interface makes. It sends
// nothing. If a key or an option cannot be used, the error is an *[agentcopy.Error]
// that names it and matches [agentcopy.ErrInvalid].
//
// All clients with the same key share their limits and pauses, so a program may build
// one for each web request. Kolena counts per user. So two keys of one user share a
// limit that this package cannot see.
func New(apiKey string, opts ...agentcopy.Option) (*Client, error) {
	return wrap(setup.New(opts, apiKey))
}

// NewFromEnv is New with the key in the environment variable KOLENA_API_KEY
// and, if it is set, the base URL in KOLENA_API_URL, which an option overrides.
// Both are the names that Kolena's own Python client reads.
//
// If the key is not set, the error is an *[agentcopy.Error] that names the variable
// and matches [agentcopy.ErrInvalid]. White space around a value is ignored.
func NewFromEnv(opts ...agentcopy.Option) (*Client, error) {
	return wrap(setup.NewFromEnv(opts))
}

// With returns a client with the same key, and opts on top of the settings of c. The
// two share their limits, unless opts change them.
func (c *Client) With(opts ...agentcopy.Option) (*Client, error) {
	return wrap(c.made().With(opts))
}

// wrap makes a Client of what the kit returned.
func wrap(kit *vendorkit.Client, err error) (*Client, error) {
	if err != nil {
		return nil, err
	}
	return &Client{kit}, nil
}
