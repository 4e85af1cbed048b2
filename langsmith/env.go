package langsmith

import (
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

const workspaceVar = "LANGSMITH_WORKSPACE_ID"

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
