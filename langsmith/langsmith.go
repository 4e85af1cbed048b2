package langsmith

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// apiPath is where the API lies below LangSmith's own address.
const apiPath = "/v1/deepagents"

// agentsPath is where the agents are, below apiPath.
const agentsPath = "/agents"

// What names the workspace that a request is for.
const (
	workspaceHeader = "X-Tenant-Id"
	workspaceVar    = "LANGSMITH_WORKSPACE_ID"
)

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

// notMade stands for a client that New did not make.
var notMade = vendorkit.NotMade(vendor)

// made is what New made. If c is nil or zero, every call of it is an error.
func (c *Client) made() *vendorkit.Client {
	if c == nil || c.kit == nil {
		return notMade
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

// NewFromEnv is New with the key in the environment variable LANGSMITH_API_KEY
// and, where they are set, the base URL in LANGSMITH_ENDPOINT and the workspace
// in LANGSMITH_WORKSPACE_ID. Options override both.
//
// LangSmith's own clients disagree on LANGSMITH_ENDPOINT: it is the address of
// LangSmith to some, that of this API to others. So it may end in
// /v1/deepagents or not.
//
// If the key is not set, the error is an *[agentcopy.Error] that names the variable
// and matches [agentcopy.ErrInvalid]. White space around a value is ignored.
func NewFromEnv(opts ...agentcopy.Option) (*Client, error) {
	if workspace := vendorkit.Getenv(workspaceVar); workspace != "" {
		opts = append([]agentcopy.Option{vendorkit.FromEnv(workspaceVar, WithWorkspace(workspace))}, opts...)
	}
	return wrap(setup.NewFromEnv(opts))
}

// withAPIPath is endpoint with the path of this API, which it may have already.
func withAPIPath(endpoint string) string {
	root := strings.TrimSuffix(strings.TrimRight(endpoint, "/"), apiPath)
	return strings.TrimRight(root, "/") + apiPath
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

// WithWorkspace sends the requests to the workspace with the given ID, in the
// header X-Tenant-Id. A key that belongs to an organization needs it; a key that
// belongs to a workspace does not. A blank ID, or one with a control character, is an
// error. So is passing the option to another vendor's constructor. Default: no
// workspace.
//
// LangSmith: https://docs.langchain.com/langsmith/manage-organization-by-api
func WithWorkspace(id string) agentcopy.Option {
	return func(c *agentcopy.Config) error {
		if c.Provider != "" && c.Provider != vendor.Name {
			return fmt.Errorf("WithWorkspace: this option is only for langsmith, not for %s", c.Provider)
		}
		if strings.TrimSpace(id) == "" {
			return errors.New("WithWorkspace: the ID is empty")
		}
		if err := agentcopy.WithHeader(workspaceHeader, id)(c); err != nil {
			return fmt.Errorf("WithWorkspace: %w", err)
		}
		return nil
	}
}

// advice says what a bare refusal most often means. LangSmith's own text names
// neither the region nor the workspace as a cause.
func advice(e *agentcopy.Error, _ []transport.Secret) string {
	bare := e.Message == http.StatusText(e.StatusCode)
	switch {
	case e.Code == "org_scoped_key_requires_workspace":
		return "the key belongs to an organization: name the workspace with langsmith.WithWorkspace or LANGSMITH_WORKSPACE_ID"
	case e.Code == "agent_not_found":
		return "LangSmith answers the same if the key has no access to the agent: check that the key belongs to the agent's workspace (see langsmith.WithWorkspace)"
	case e.Code != "":
		return ""
	case e.StatusCode == http.StatusNotFound:
		return "check the base URL: that of Managed Deep Agents ends in " + apiPath + " and exists only in the US region"
	case bare && (e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusForbidden):
		return "the key may be invalid, belong to another region than the base URL (see agentcopy.WithBaseURL), " +
			"or belong to an organization and need a workspace (see langsmith.WithWorkspace)"
	}
	return ""
}
