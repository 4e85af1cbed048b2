package langsmith

import (
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

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
