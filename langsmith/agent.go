package langsmith

import (
	"bytes"
	"encoding/json"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Agent is a Managed Deep Agent as LangSmith's API shows it. LangSmith promises
// none of the fields; a list shows only the first part. Fields newer than this
// SDK are in Response.Body.
//
// Marshalling an Agent gives LangSmith's document back, without the fields that
// are empty and those newer than this SDK.
//
// LangSmith has removed the page that described it: see the package documentation.
type Agent struct {
	ID          string          `json:"id"`
	Name        string          `json:"name,omitzero"`
	Description string          `json:"description,omitzero"`
	OwnerID     string          `json:"owner_id,omitzero"`
	CreatedAt   agentcopy.Time  `json:"created_at,omitzero"`
	UpdatedAt   agentcopy.Time  `json:"updated_at,omitzero"`
	Permissions Permissions     `json:"permissions,omitzero"`
	Runtime     Runtime         `json:"runtime,omitzero"`
	Extras      json.RawMessage `json:"extras,omitzero"` // an object of the caller's own
	AccessLevel AccessLevel     `json:"access_level,omitzero"`
	IsOwner     bool            `json:"is_owner,omitzero"` // the caller owns this agent
	Backend     Backend         `json:"backend,omitzero"`

	// Not in lists.

	Revision     string         `json:"revision,omitzero"` // of the agent's files
	SystemPrompt string         `json:"system_prompt,omitzero"`
	Tools        ToolsConfig    `json:"tools,omitzero"`
	Subagents    []SubagentSpec `json:"subagents,omitzero"`
	Skills       []SkillSpec    `json:"skills,omitzero"`
	// Files are the agent's files by relative path, as far as no other field shows
	// them. They come only when asked for; see [GetAgentRequest] and
	// [CloneAgentRequest].
	Files map[string]FileEntry `json:"files,omitzero"`
	// Instructions is what SystemPrompt was called before.
	//
	// Deprecated: by LangSmith, which sends both. Use SystemPrompt.
	Instructions string `json:"instructions,omitzero"`

	// Response is how the call went that returned this agent.
	Response *agentcopy.Response `json:"-"`
}

// MarshalJSON writes LangSmith's document: is_owner too where the answer said false.
func (a Agent) MarshalJSON() ([]byte, error) {
	type fields Agent // without this method
	document := struct {
		fields
		IsOwner *bool `json:"is_owner,omitzero"`
	}{fields: fields(a)}
	if a.IsOwner || a.Response != nil && bytes.Contains(a.Response.Body, []byte(`"is_owner"`)) {
		document.IsOwner = &a.IsOwner
	}
	return json.Marshal(document)
}

// Permissions say who may see and use an [Agent], and whose identity it acts
// under. A field left empty takes LangSmith's default, which it documents for agents
// that are created; that a clone takes the same is inferred.
type Permissions struct {
	Identity          Identity          `json:"identity,omitzero"`            // default: IdentityPersonal
	Visibility        Visibility        `json:"visibility,omitzero"`          // default: VisibilityTenant
	TenantAccessLevel TenantAccessLevel `json:"tenant_access_level,omitzero"` // default: TenantAccessRead
	SharedUsers       SharedUsers       `json:"shared_users,omitzero"`
}

// SharedUsers are the users, by ID, whom an [Agent] is shared with beyond its
// Visibility.
type SharedUsers struct {
	Read   []string `json:"read,omitzero"`
	Run    []string `json:"run,omitzero"`
	Update []string `json:"update,omitzero"`
}

// Runtime is what an [Agent] runs on.
type Runtime struct {
	Model ModelConfig `json:"model,omitzero"`
}

// ModelConfig names the language model of an [Agent].
type ModelConfig struct {
	// ModelID is provider and model, such as "openai:gpt-5.5", or without a colon
	// the name of a configuration saved in LangSmith's Playground.
	ModelID string `json:"model_id,omitzero"`
}

// Backend is where an [Agent] works.
type Backend struct {
	Type          BackendType   `json:"type,omitzero"`
	SandboxConfig SandboxConfig `json:"sandbox_config,omitzero"` // only with BackendSandbox
}

// SandboxConfig describes the sandboxes of a [Backend].
type SandboxConfig struct {
	Scope                  SandboxScope `json:"scope,omitzero"`
	SnapshotID             string       `json:"snapshot_id,omitzero"` // what new sandboxes start from
	PolicyIDs              []string     `json:"policy_ids,omitzero"`
	IdleTTLSeconds         int          `json:"idle_ttl_seconds,omitzero"`          // until an idle sandbox is stopped
	DeleteAfterStopSeconds int          `json:"delete_after_stop_seconds,omitzero"` // until a stopped one is deleted
}

// ToolsConfig lists the tools of an [Agent] or a [SubagentSpec].
type ToolsConfig struct {
	Tools []ToolSpec `json:"tools,omitzero"`
	// InterruptConfig says which tools wait for a human's consent. Keys are
	// "{mcp_server_url}::{tool_name}".
	InterruptConfig map[string]bool `json:"interrupt_config,omitzero"`
}

// ToolSpec is one tool of an MCP server.
type ToolSpec struct {
	Name          string `json:"name,omitzero"` // as the server calls it
	MCPServerURL  string `json:"mcp_server_url,omitzero"`
	MCPServerName string `json:"mcp_server_name,omitzero"` // for display; empty: the URL
	DisplayName   string `json:"display_name,omitzero"`    // empty: Name
}

// SubagentSpec is an agent that an [Agent] hands work to.
type SubagentSpec struct {
	Name         string      `json:"name,omitzero"`
	Description  string      `json:"description,omitzero"`
	ModelID      string      `json:"model_id,omitzero"` // empty: that of the agent above it
	Instructions string      `json:"instructions,omitzero"`
	Tools        ToolsConfig `json:"tools,omitzero"`
}

// SkillSpec is a skill of an [Agent].
type SkillSpec struct {
	Type         SkillType         `json:"type,omitzero"` // default: SkillInline
	Name         string            `json:"name,omitzero"`
	Description  string            `json:"description,omitzero"`
	Instructions string            `json:"instructions,omitzero"`
	Files        map[string]string `json:"files,omitzero"` // contents by relative path
}

// FileEntry is one of the Files of an [Agent].
type FileEntry struct {
	Type       FileType `json:"type,omitzero"`        // default: FileTypeFile
	Content    string   `json:"content,omitzero"`     // empty for FileTypeSkill
	RepoHandle string   `json:"repo_handle,omitzero"` // of the skill, for FileTypeSkill
	CommitID   string   `json:"commit_id,omitzero"`   // of the skill; empty: its newest
}

// received completes an agent that response brought.
func (a *Agent) received(response *agentcopy.Response) {
	a.Response = response
	vendorkit.NullToNil(&a.Extras)
}
