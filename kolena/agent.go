package kolena

import (
	"encoding/json"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Agent is an agent as Kolena's API shows it, whole in every answer. Fields
// newer than this SDK are in Response.Body.
//
// Marshalling an Agent gives Kolena's document back, without the lists, times and
// nested fields that are empty and the fields newer than this SDK. Time stamps are
// written as they came, with a zone or without.
//
// Kolena has revised the resource twice; OutputTemplates and Metadata came last
// and are empty where the server does not send them yet.
//
// The pages: https://docs.agents.kolena.com/api-reference/copy-agent, get-agent
// and, for the newest fields, update-agent.
type Agent struct {
	ID          int64          `json:"id"`
	WorkspaceID int64          `json:"workspace_id,omitzero"`
	Name        string         `json:"name"`
	Objective   string         `json:"objective"` // what the agent is for, in a sentence
	Created     agentcopy.Time `json:"created,omitzero"`
	Updated     agentcopy.Time `json:"updated,omitzero"`
	CreatedBy   string         `json:"created_by"` // email address
	NRuns       int            `json:"n_runs"`     // how often the agent has been run

	Prompts         []Prompt         `json:"prompts,omitzero"`
	OutputTemplates []OutputTemplate `json:"output_templates,omitzero"`
	// Metadata is an object of the user's own: its values are primitives, null,
	// or lists of primitives.
	Metadata json.RawMessage `json:"metadata,omitzero"`

	// Response is how the call went that returned this agent.
	Response *agentcopy.Response `json:"-"`
}

// Prompt is one question that an [Agent] answers about each document.
type Prompt struct {
	ID             int64          `json:"id,omitzero"` // newer servers only
	Name           string         `json:"name,omitzero"`
	Created        agentcopy.Time `json:"created,omitzero"`
	Updated        agentcopy.Time `json:"updated,omitzero"`
	LastUpdatedBy  string         `json:"last_updated_by,omitzero"` // email address
	Documents      []Document     `json:"documents,omitzero"`
	InputPromptIDs []int64        `json:"input_prompt_ids,omitzero"` // newer servers only
	// Options is an object whose keys depend on the prompt's type, such as
	// {"type": "string", "prompt": "Find the account number", "web_search": false}.
	Options json.RawMessage `json:"options,omitzero"`
}

// Document is a file that belongs to a [Prompt].
type Document struct {
	Filename string `json:"filename,omitzero"`
}

// OutputTemplate is a file that an [Agent] fills in.
type OutputTemplate struct {
	ID       int64          `json:"id,omitzero"`
	Filename string         `json:"filename,omitzero"`
	Created  agentcopy.Time `json:"created,omitzero"`
	Updated  agentcopy.Time `json:"updated,omitzero"`
}

// received completes an agent that response brought.
func (a *Agent) received(response *agentcopy.Response) {
	a.Response = response
	vendorkit.NullToNil(&a.Metadata)
	for i := range a.Prompts {
		vendorkit.NullToNil(&a.Prompts[i].Options)
	}
}
