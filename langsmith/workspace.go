package langsmith

import (
	"errors"
	"fmt"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// workspaceHeader names the workspace that a request is for.
const workspaceHeader = "X-Tenant-Id"

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
