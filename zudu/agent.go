package zudu

import (
	"encoding/json"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Agent is an agent as Zudu's API shows it. Zudu documents two generations of
// the same resource; which fields are set depends on the generation that the
// server speaks and, in a list, on how much of an agent Zudu shows there. Fields
// newer than this SDK are in Response.Body.
//
// Marshalling an Agent gives Zudu's document back, without the fields that are
// empty and those newer than this SDK. Time stamps are written as they came. The
// numbers and flags of the nested objects, which Zudu shows whole, are written even
// where they are zero.
//
// The pages: https://docs.zudu.ai/api-reference/agents/duplicate and get-full
// for the first generation, post-agents-agent-id-duplicate for the second.
type Agent struct {
	AgentID        string         `json:"agent_id"`
	AgentName      string         `json:"agent_name,omitzero"`
	OrganizationID string         `json:"organization_id,omitzero"`
	CreatedAt      agentcopy.Time `json:"created_at,omitzero"`
	UpdatedAt      agentcopy.Time `json:"updated_at,omitzero"`

	// Both generations.

	RAGConfig        RAGConfig `json:"rag_config,omitzero"`
	KnowledgeBaseIDs []string  `json:"knowledge_base_ids,omitzero"`

	// First generation.

	Language           string `json:"language,omitzero"`
	Voice              Voice  `json:"voice,omitzero"`
	FirstMessage       string `json:"first_message,omitzero"`
	Model              string `json:"model,omitzero"`
	TranscriptionModel string `json:"transcription_model,omitzero"`

	// Second generation.

	BeginMessage                string            `json:"begin_message,omitzero"`
	BeginMessageVariables       []string          `json:"begin_message_variables,omitzero"`
	BeginMessageDelayMs         int               `json:"begin_message_delay_ms,omitzero"`
	TestVariables               map[string]string `json:"test_variables,omitzero"`
	WebhookURL                  string            `json:"webhook_url,omitzero"`
	PostCallWebhookID           string            `json:"post_call_webhook_id,omitzero"`
	EndCallAfterSilenceMs       int               `json:"end_call_after_silence_ms,omitzero"`
	MaxCallDurationMs           int               `json:"max_call_duration_ms,omitzero"`
	TakeTurnAfterSilenceSeconds int               `json:"take_turn_after_silence_seconds,omitzero"`
	Timezone                    string            `json:"timezone,omitzero"` // IANA name, or "UTC"
	MCPServerIDs                []string          `json:"mcp_server_ids,omitzero"`
	LLMConfig                   LLMConfig         `json:"llm_config,omitzero"`
	STTConfig                   STTConfig         `json:"stt_config,omitzero"`
	TTSConfig                   TTSConfig         `json:"tts_config,omitzero"`
	PostCallAnalysisData        []json.RawMessage `json:"post_call_analysis_data,omitzero"`
	PostCallAnalysisModel       json.RawMessage   `json:"post_call_analysis_model,omitzero"`
	PostCallEvaluationCriteria  []json.RawMessage `json:"post_call_evaluation_criteria,omitzero"`
	WidgetConfig                json.RawMessage   `json:"widget_config,omitzero"`
	AdditionalLanguages         []json.RawMessage `json:"additional_languages,omitzero"`
	AccessInfo                  json.RawMessage   `json:"access_info,omitzero"`

	// Response is how the call went that returned this agent.
	Response *agentcopy.Response `json:"-"`
}

// Voice is the voice of an [Agent] of the first generation.
type Voice struct {
	Provider string `json:"provider,omitzero"`
	VoiceID  string `json:"voice_id,omitzero"`
}

// RAGConfig says how an [Agent] searches its knowledge bases.
type RAGConfig struct {
	ChunksToRetrieve    int     `json:"chunks_to_retrieve"`
	SimilarityThreshold float64 `json:"similarity_threshold"`
}

// LLMConfig is the language model of an [Agent].
type LLMConfig struct {
	SystemMessage          string            `json:"system_message,omitzero"`
	Temperature            float64           `json:"temperature"`
	MaxTokens              int               `json:"max_tokens"`
	Tools                  []json.RawMessage `json:"tools,omitzero"`
	SystemMessageVariables []json.RawMessage `json:"system_message_variables,omitzero"`
}

// STTConfig is the speech recognition of an [Agent].
type STTConfig struct {
	Language     string `json:"language,omitzero"`
	LanguageName string `json:"language_name,omitzero"`
	UseRealtime  bool   `json:"use_realtime"`
}

// TTSConfig is the speech synthesis of an [Agent].
type TTSConfig struct {
	VoiceID      string  `json:"voice_id,omitzero"`
	VoiceSpeed   float64 `json:"voice_speed"`
	Language     string  `json:"language,omitzero"`
	LanguageName string  `json:"language_name,omitzero"`
	Provider     string  `json:"provider,omitzero"`
	Model        string  `json:"model,omitzero"`
}

// received completes an agent that response brought.
func (a *Agent) received(response *agentcopy.Response) {
	a.Response = response
	vendorkit.NullToNil(&a.PostCallAnalysisModel, &a.WidgetConfig, &a.AccessInfo)
}
