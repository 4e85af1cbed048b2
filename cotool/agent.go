package cotool

import (
	"encoding/json"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Agent is an agent as Cotool's API shows it, whole in every answer. Fields
// newer than this SDK are in Response.Body.
//
// Cotool documents an agent by example, and its examples leave out every field
// that is an enumeration. Those fields are here as its other pages show them.
//
// Marshalling an Agent gives Cotool's document back, without the fields that are
// empty and those newer than this SDK; the flags and counts that every agent has are
// written even where they are zero.
//
// The pages: https://docs.cotool.ai/api-reference/agents/convert-a-disconnected-managed-agent-into-a-manual-agent
// and https://docs.cotool.ai/api-reference/agents/get-agent.
type Agent struct {
	ID             string         `json:"id"`
	OrganizationID string         `json:"organizationId,omitzero"`
	Name           string         `json:"name,omitzero"`
	Description    string         `json:"description,omitzero"`
	SystemPrompt   string         `json:"systemPrompt,omitzero"`
	CreatedAt      agentcopy.Time `json:"createdAt,omitzero"`
	UpdatedAt      agentcopy.Time `json:"updatedAt,omitzero"`
	// DeletedAt is set once the agent is deleted. That it is set on a parked agent is
	// inferred: Cotool calls parked "soft-deleted".
	DeletedAt agentcopy.Time `json:"deletedAt,omitzero"`

	AgentType        AgentType        `json:"agentType,omitzero"`
	Origin           Origin           `json:"origin,omitzero"`
	PlanningMode     PlanningMode     `json:"planningMode,omitzero"`
	IsBuiltIn        bool             `json:"isBuiltIn"`
	BuiltInAgentType BuiltInAgentType `json:"builtInAgentType,omitzero"`
	// ModelAlias is JSON of no documented type; in practice a string such as
	// "anthropic:chat:sonnet-4.6", quotes included.
	ModelAlias json.RawMessage `json:"modelAlias,omitzero"`

	ToolNames         []string           `json:"toolNames,omitzero"`
	ToolActionConfigs []ToolActionConfig `json:"toolActionConfigs,omitzero"`
	CLINames          []string           `json:"cliNames,omitzero"`
	Inputs            []Input            `json:"inputs,omitzero"`
	ContextDocs       []ContextDoc       `json:"contextDocs,omitzero"`
	Skills            []AgentSkill       `json:"skills,omitzero"`
	TriggerSummary    []TriggerSummary   `json:"triggerSummary,omitzero"`
	Tags              []string           `json:"tags,omitzero"`
	// AcceptanceCriteria are what a run of the agent is judged by, going by their name.
	AcceptanceCriteria []string `json:"acceptanceCriteria,omitzero"`
	// StructuredOutputSchema is the form of the agent's output: a recursive
	// document in the manner of JSON Schema, with Cotool's own key "x-cotool".
	StructuredOutputSchema     json.RawMessage `json:"structuredOutputSchema,omitzero"`
	PersistentWorkspaceEnabled bool            `json:"persistentWorkspaceEnabled"`
	TinesStoryImportID         string          `json:"tinesStoryImportId,omitzero"`

	// Of managed agents: where in the repository that they are synced from they
	// come from. Whether a copy has them, Cotool does not say; its example of a copy
	// shows all three.

	SyncKey      string `json:"syncKey,omitzero"`
	SyncSource   string `json:"syncSource,omitzero"`
	SyncFilePath string `json:"syncFilePath,omitzero"`

	// Of detection agents.

	DetectionQuery     string            `json:"detectionQuery,omitzero"`
	DetectionCategory  DetectionCategory `json:"detectionCategory,omitzero"`
	DetectionCadence   DetectionCadence  `json:"detectionCadence,omitzero"`
	SIEMType           string            `json:"siemType,omitzero"`
	IsSuggestion       bool              `json:"isSuggestion"`
	LastDetectionRunAt agentcopy.Time    `json:"lastDetectionRunAt,omitzero"`

	// Response is how the call went that returned this agent.
	Response *agentcopy.Response `json:"-"`
}

// Channel is a channel that an [Agent] may write to.
type Channel struct {
	ID   string `json:"id,omitzero"`
	Name string `json:"name,omitzero"`
}

// Input is a value that an [Agent] asks for when it is run.
type Input struct {
	Name        string    `json:"name,omitzero"`
	Type        InputType `json:"type,omitzero"`
	Description string    `json:"description,omitzero"`
	Required    bool      `json:"required"`
}

// ContextDoc is a document that an [Agent] reads.
type ContextDoc struct {
	ID       string             `json:"id,omitzero"`
	Name     string             `json:"name,omitzero"`
	MIMEType string             `json:"mimeType,omitzero"`
	Provider ContextDocProvider `json:"provider,omitzero"`
}

// TriggerSummary is something that starts an [Agent].
type TriggerSummary struct {
	ID      string        `json:"id,omitzero"`
	Name    string        `json:"name,omitzero"`
	Source  TriggerSource `json:"source,omitzero"`
	Enabled bool          `json:"enabled"`
}

// AgentSkill is a skill in the version that an [Agent] uses.
type AgentSkill struct {
	SkillID            string  `json:"skillId,omitzero"`
	Skill              Skill   `json:"skill,omitzero"`
	SkillVersionID     string  `json:"skillVersionId,omitzero"`
	InvocationCount30d float64 `json:"invocationCount30d"` // in the last 30 days; Cotool documents a number, not an integer
}

// Skill says what an [AgentSkill] does and needs.
type Skill struct {
	Name          string   `json:"name,omitzero"`
	Description   string   `json:"description,omitzero"`
	RequiredTools []string `json:"requiredTools,omitzero"`
}

// received completes an agent that response brought.
func (a *Agent) received(response *agentcopy.Response) {
	a.Response = response
	vendorkit.NullToNil(&a.ModelAlias, &a.StructuredOutputSchema)
}
