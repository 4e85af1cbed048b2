package langsmith

import (
	"fmt"
	"os"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// NewFromEnv is New with the key in the environment variable LANGSMITH_API_KEY
// and, where they are set, the base URL in LANGSMITH_ENDPOINT and the workspace
// in LANGSMITH_WORKSPACE_ID, both of which options override.
//
// LangSmith's own clients disagree on LANGSMITH_ENDPOINT: it is the address of
// LangSmith to some, that of this API to others. So it may end in
// /v1/deepagents or not.
//
// A key that is not set is an *[agentcopy.Error] that names the variable and
// matches [agentcopy.ErrInvalid]. White space around a value does not count.
func NewFromEnv(opts ...agentcopy.Option) (*Client, error) {
	key, err := transport.Env(vendor, "LANGSMITH_API_KEY")
	if err != nil {
		return nil, err
	}
	return New(key, append(optionsFromEnv(), opts...)...)
}

func optionsFromEnv() []agentcopy.Option {
	var opts []agentcopy.Option
	if endpoint := fromEnv("LANGSMITH_ENDPOINT"); endpoint != "" {
		opts = append(opts, named("LANGSMITH_ENDPOINT", agentcopy.WithBaseURL(withAPIPath(endpoint))))
	}
	if workspace := fromEnv("LANGSMITH_WORKSPACE_ID"); workspace != "" {
		opts = append(opts, named("LANGSMITH_WORKSPACE_ID", WithWorkspace(workspace)))
	}
	return opts
}

func fromEnv(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// withAPIPath is endpoint with the path of this API, which it may have already.
func withAPIPath(endpoint string) string {
	root := strings.TrimSuffix(strings.TrimRight(endpoint, "/"), apiPath)
	return strings.TrimRight(root, "/") + apiPath
}

// named puts the name of the environment variable that an option was made from
// before its error.
func named(variable string, opt agentcopy.Option) agentcopy.Option {
	return func(c *agentcopy.Config) error {
		if err := opt(c); err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		return nil
	}
}
