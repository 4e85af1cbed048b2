package zudu

import (
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// agentsPath is where the agents are.
const agentsPath = "/api/agents"

var vendor = &transport.Vendor{
	Name:    "zudu",
	BaseURL: "https://api.zudu.ai",
	Limits:  vendorkit.OneLimit(10),
	Advice:  advice,
}

// setup is how clients are made.
var setup = &vendorkit.Setup{
	Vendor: vendor,
	Secrets: []transport.Secret{
		{Field: "apiKey", Header: "X-API-KEY"},
		{Field: "apiSecret", Header: "X-API-SECRET"},
	},
	SecretVars: []string{"ZUDU_API_KEY", "ZUDU_API_SECRET"},
	BaseURLVar: "ZUDU_BASE_URL",
}

// Client calls the Zudu API with one pair of credentials. It is safe for concurrent
// use, and its settings never change; see With. Make one with New: the zero Client
// returns an error from every method.
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

// New returns a client for the API key and secret that Zudu's portal shows under
// Settings, API Keys. It sends nothing. If a key or an option cannot be used, the
// error is an *[agentcopy.Error] that names it and matches [agentcopy.ErrInvalid].
//
// All clients with the same credentials share their limits and pauses, so a program
// may build one for each web request.
func New(apiKey, apiSecret string, opts ...agentcopy.Option) (*Client, error) {
	return wrap(setup.New(opts, apiKey, apiSecret))
}

// NewFromEnv is New with the credentials in the environment variables
// ZUDU_API_KEY and ZUDU_API_SECRET and, if it is set, the base URL in
// ZUDU_BASE_URL, which an option overrides.
//
// If a credential is not set, the error is an *[agentcopy.Error] that names the
// variable and matches [agentcopy.ErrInvalid]. White space around a value is ignored.
func NewFromEnv(opts ...agentcopy.Option) (*Client, error) {
	return wrap(setup.NewFromEnv(opts))
}

// With returns a client with the same credentials, and opts on top of the settings of
// c. The two share their limits, unless opts change them.
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

// The documented beginnings of the credentials.
const (
	keyPrefix    = "sk_"
	secretPrefix = "s3cr3t_"
)

// advice says what a refusal of swapped credentials means. They are sent even so:
// the prefixes are documented, but not promised.
func advice(e *agentcopy.Error, secrets []transport.Secret) string {
	if e.StatusCode != http.StatusUnauthorized && e.StatusCode != http.StatusForbidden {
		return ""
	}
	if strings.HasPrefix(secrets[0].Value, secretPrefix) || strings.HasPrefix(secrets[1].Value, keyPrefix) {
		return "the credentials look swapped: the API key begins with " + keyPrefix + " and comes first, the secret begins with " + secretPrefix
	}
	return ""
}
