package langsmith

import "net/http"

// hint says what a bare refusal most often means. LangSmith's own text names
// neither the region nor the workspace as a cause.
func hint(status int, code string) string {
	switch {
	case code == "org_scoped_key_requires_workspace":
		return "the key belongs to an organization: name the workspace with langsmith.WithWorkspace or LANGSMITH_WORKSPACE_ID"
	case code == "agent_not_found":
		return "LangSmith answers so as well where the key has no access to the agent: is it that of the agent's workspace (see langsmith.WithWorkspace)?"
	case code != "":
		return ""
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "LangSmith answers so where the key is invalid, is of another region than the base URL (see agentcopy.WithBaseURL), " +
			"or is an organization's and no workspace is named (see langsmith.WithWorkspace)"
	case status == http.StatusNotFound:
		return "is the base URL that of Managed Deep Agents, which ends in " + apiPath + " and is in the US region alone?"
	}
	return ""
}
