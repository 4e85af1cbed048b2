package agentcopytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/agentcopy/agentcopy-go/zudu"
)

// Zudu is a fake of Zudu's API: duplicate, the two lists, and the full agent. It
// answers in the form of the newer of the two generations of pages, with time
// stamps that have neither zone nor fraction, unless [WithZuduFirstGeneration]
// says otherwise.
//
// Zudu does not document what a name that is taken gets (here 400, as for any
// other fault of a name), in which unit 50 characters are counted (code points),
// whether a filter by name wants the whole name (any part of it, in any case),
// and what a list shows of an agent (all of it, in the newer generation). All
// credentials belong to one organization; agents of others can be added, and
// are found like its own.
type Zudu struct{ *Server }

// NewZudu returns a fake without agents.
func NewZudu(opts ...ServerOption) *Zudu {
	api := &zuduAPI{
		store: newStore[zudu.Agent](func(n int) string { return "agent_" + uuid(agentKind, n) }),
		names: make(map[zuduName]bool),
	}
	return &Zudu{newServer(vendor{
		name:            "Zudu",
		credentials:     []string{"X-Api-Key", "X-Api-Secret"},
		wrongCredential: http.StatusUnauthorized,
		copied:          http.StatusOK,
		refuse: func(status int, reason string) *answer {
			return zuduError(status, http.StatusText(status), reason)
		},
		routes: []route{
			{method: http.MethodPost, path: "/api/agents/{id}/duplicate", copies: true, serve: api.duplicate},
			{method: http.MethodGet, path: "/api/agents/{id}/full", serve: api.get},
			{method: http.MethodGet, path: "/api/agents", serve: api.list},
			{method: http.MethodPost, path: "/api/agents", serve: api.find},
		},
	}, api, opts)}
}

// WithZuduFirstGeneration makes a [Zudu] answer as the older of the vendor's
// two generations of pages has it: time stamps end in Z, a duplicate is told by
// five fields, and the pages of a list by total in place of total_count. It
// panics for the other vendors.
func WithZuduFirstGeneration() ServerOption {
	return func(s *Server) {
		api, ok := s.agents.(*zuduAPI)
		if !ok {
			misuse("WithZuduFirstGeneration: this is a fake of %s", s.vendor.name)
		}
		api.firstGeneration = true
	}
}

// AddAgent puts an agent into the fake and returns it as it is stored. An empty
// ID, organization, time and whatever else Zudu shows of every agent is filled
// in; the name is trimmed.
//
// It panics if the name breaks Zudu's rules, 1 to 50 characters, or is taken in
// the organization, and if the ID is taken.
func (z *Zudu) AddAgent(a zudu.Agent) zudu.Agent {
	z.mu.Lock()
	defer z.mu.Unlock()
	api := z.agents.(*zuduAPI)
	a = cloneOf(&a)
	a.AgentName = strings.TrimSpace(a.AgentName)
	if fault := zuduNameFault(a.AgentName); fault != "" {
		misuse("AddAgent: %s: %q", fault, a.AgentName)
	}
	if a.AgentID == "" {
		a.AgentID = api.newID()
	}
	fill(&a.OrganizationID, zuduOrganization)
	a.CreatedAt = stamp(a.CreatedAt, time.Now(), time.Second)
	a.UpdatedAt = stamp(a.UpdatedAt, a.CreatedAt.Time, time.Second)
	a.KnowledgeBaseIDs = listed(a.KnowledgeBaseIDs)
	if api.firstGeneration {
		fill(&a.Language, "en")
	} else {
		fillSecondGeneration(&a)
	}
	if api.names[nameOf(&a)] {
		misuse("AddAgent: an agent of the organization %s has the name %q already", a.OrganizationID, a.AgentName)
	}
	api.put(a.AgentID, a)
	api.names[nameOf(&a)] = true
	return cloneOf(&a)
}

// fillSecondGeneration sets what the newer pages show of every agent.
func fillSecondGeneration(a *zudu.Agent) {
	fill(&a.EndCallAfterSilenceMs, 60_000)
	fill(&a.MaxCallDurationMs, 3_600_000)
	fill(&a.TakeTurnAfterSilenceSeconds, 6)
	fill(&a.Timezone, "UTC")
	a.BeginMessageVariables = listed(a.BeginMessageVariables)
	a.MCPServerIDs = listed(a.MCPServerIDs)
	a.PostCallAnalysisData = listed(a.PostCallAnalysisData)
	a.PostCallEvaluationCriteria = listed(a.PostCallEvaluationCriteria)
	a.AdditionalLanguages = listed(a.AdditionalLanguages)
	a.LLMConfig.Tools = listed(a.LLMConfig.Tools)
	a.LLMConfig.SystemMessageVariables = listed(a.LLMConfig.SystemMessageVariables)
	if a.TestVariables == nil {
		a.TestVariables = map[string]string{}
	}
	if a.AccessInfo == nil {
		a.AccessInfo = json.RawMessage("{}")
	}
}

// zuduOrganization is that of all credentials.
const zuduOrganization = "org_0000000001"

type zuduAPI struct {
	*store[zudu.Agent]
	names           map[zuduName]bool
	firstGeneration bool
}

// zuduName is what no two agents share.
type zuduName struct{ organization, name string }

func nameOf(a *zudu.Agent) zuduName { return zuduName{a.OrganizationID, a.AgentName} }

// zuduNameFault says what is wrong with a trimmed name.
func zuduNameFault(name string) string {
	switch {
	case name == "":
		return "Agent name cannot be empty"
	case utf8.RuneCountInString(name) > 50:
		return "Agent name cannot be longer than 50 characters"
	}
	return ""
}

func (z *zuduAPI) duplicate(c *call) *answer {
	body, err := c.fields()
	if err != nil {
		return zuduInvalid(err.Error())
	}
	var name string
	if err := body.read("agent_name", &name); err != nil {
		return zuduInvalid(err.Error())
	}
	name = strings.TrimSpace(name)
	if fault := zuduNameFault(name); fault != "" {
		return zuduInvalid(fault)
	}
	source := z.byID[c.id]
	if source == nil {
		return zuduNotFound(c.id)
	}
	a := *source
	a.AgentName = name
	if z.names[nameOf(&a)] {
		return zuduInvalid(fmt.Sprintf("Agent name '%s' already exists in organization '%s'", name, a.OrganizationID))
	}
	a.AgentID = z.newID()
	a.CreatedAt.Time = c.now.UTC().Truncate(time.Second)
	a.UpdatedAt = a.CreatedAt
	z.put(a.AgentID, a)
	z.names[nameOf(&a)] = true

	out := zuduSuccess("Agent duplicated successfully", z.duplicated(&a))
	out.copied = &CopyRecord{ID: a.AgentID, SourceID: c.id, Name: a.AgentName}
	return out
}

func (z *zuduAPI) get(c *call) *answer {
	a := z.byID[c.id]
	if a == nil {
		return zuduNotFound(c.id)
	}
	return zuduSuccess("Full agent data retrieved successfully", z.document(a))
}

// document is all of an agent.
func (z *zuduAPI) document(a *zudu.Agent) any {
	if z.firstGeneration {
		return struct {
			*zudu.Agent
			CreatedAt string `json:"created_at"`
			UpdatedAt string `json:"updated_at"`
		}{a, z.time(a.CreatedAt.Time), z.time(a.UpdatedAt.Time)}
	}
	return struct {
		*zudu.Agent
		CreatedAt             string          `json:"created_at"`
		UpdatedAt             string          `json:"updated_at"`
		PostCallAnalysisModel json.RawMessage `json:"post_call_analysis_model"` // null if there is none
		WidgetConfig          json.RawMessage `json:"widget_config"`
	}{a, z.time(a.CreatedAt.Time), z.time(a.UpdatedAt.Time), a.PostCallAnalysisModel, a.WidgetConfig}
}

// duplicated is what the answer to a duplicate shows of the new agent.
func (z *zuduAPI) duplicated(a *zudu.Agent) any {
	if !z.firstGeneration {
		return z.document(a)
	}
	return map[string]string{
		"agent_id":        a.AgentID,
		"agent_name":      a.AgentName,
		"organization_id": a.OrganizationID,
		"created_at":      z.time(a.CreatedAt.Time),
		"updated_at":      z.time(a.UpdatedAt.Time),
	}
}

func (z *zuduAPI) time(t time.Time) string {
	if z.firstGeneration {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05")
}

// zuduEnvelope is what every answer is wrapped in.
type zuduEnvelope struct {
	Message string  `json:"message"`
	Status  string  `json:"status"`
	Error   *string `json:"error"`
	Data    any     `json:"data,omitempty"`
}

func zuduSuccess(message string, data any) *answer {
	return jsonAnswer(http.StatusOK, zuduEnvelope{Message: message, Status: "success", Data: data})
}

func zuduError(status int, message, detail string) *answer {
	return jsonAnswer(status, zuduEnvelope{Message: message, Status: "error", Error: &detail})
}

func zuduInvalid(detail string) *answer {
	return zuduError(http.StatusBadRequest, "Validation error", detail)
}

func zuduNotFound(id string) *answer {
	return zuduError(http.StatusNotFound, "Agent not found",
		fmt.Sprintf("Agent with ID '%s' does not exist in organization '%s'", id, zuduOrganization))
}
