package cotool

// The enumerations below are open: a value newer than this SDK is kept as it
// came. The constants are the values that Cotool's pages show, which for most of
// them is an example and not the full list.

// AgentType is what an [Agent] is for.
type AgentType string

// The agent types that Cotool documents.
const (
	AgentTypeResponse  AgentType = "response"
	AgentTypeDetection AgentType = "detection"
)

// Origin is where an [Agent] comes from.
type Origin string

// OriginUser is the only value in Cotool's examples. That a user made the agent is
// inferred.
const OriginUser Origin = "user"

// PlanningMode is when an [Agent] plans before it acts, judging by its name and values.
type PlanningMode string

// The planning modes that Cotool's examples show.
const (
	PlanningModeNever PlanningMode = "never"
	PlanningModeAuto  PlanningMode = "auto"
)

// BuiltInAgentType is which of Cotool's own agents a built-in [Agent] is.
type BuiltInAgentType string

// BuiltInAgentTypeThreatRelevancy is the only value in Cotool's examples, which do not
// say what it does.
const BuiltInAgentTypeThreatRelevancy BuiltInAgentType = "threat-relevancy"

// InputType is the type of an [Input].
type InputType string

// InputTypeText is the only value in Cotool's examples.
const InputTypeText InputType = "text"

// ContextDocProvider is where a [ContextDoc] is kept.
type ContextDocProvider string

// ContextDocProviderGoogleDocs is a document in Google Docs.
const ContextDocProviderGoogleDocs ContextDocProvider = "googleDocs"

// TriggerSource is where a trigger of an [Agent] comes from.
type TriggerSource string

// The trigger sources that Cotool documents.
const (
	TriggerSourceJira           TriggerSource = "jira"
	TriggerSourceJiraAutomation TriggerSource = "jira-automation"
	TriggerSourceSlack          TriggerSource = "slack"
	TriggerSourceLinear         TriggerSource = "linear"
	TriggerSourceCron           TriggerSource = "cron"
	TriggerSourceWebhook        TriggerSource = "webhook"
	TriggerSourceEmail          TriggerSource = "email"
	TriggerSourceBugcrowd       TriggerSource = "bugcrowd"
	TriggerSourceHackerOne      TriggerSource = "hackerone"
)

// DetectionCategory is what a detection [Agent] looks for, judging by its name.
type DetectionCategory string

// DetectionCategoryBaselineAnomaly is the only value in Cotool's examples.
const DetectionCategoryBaselineAnomaly DetectionCategory = "baseline_anomaly"

// DetectionCadence is how often a detection [Agent] runs, judging by its name.
type DetectionCadence string

// DetectionCadenceHourly is the only value in Cotool's examples.
const DetectionCadenceHourly DetectionCadence = "hourly"
