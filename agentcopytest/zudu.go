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
// stamps that have neither zone nor fraction, unless [WithZuduFirstGeneration] is
// set. All credentials belong to one organization; agents of others can be added, and
// are found like its own.
//
// # Assumptions
//
// Zudu's pages do not say what follows. The fields of [Quirks] in brackets change
// it.
//   - A name that is taken gets 400, like any other invalid name [NameTaken].
//   - 50 characters are 50 code points [RefuseName]. A name is trimmed and otherwise
//     kept [Rename].
//   - A duplicate answers 200 [CopyStatus], and all fields are copied [CopyFields].
//   - The answer to it shows all of them [AnswerLacks].
//   - A filter by name lets through every name that holds the text, in any case
//     [NameFilter].
//   - A list is sorted as it was asked to be [ListOrder], has pages as large as they
//     were asked to be [PageSize], counts them [Totals, RepeatLastPage], shows all
//     of an agent [ListLacks], and of a new one at once [ShowAfter, StaleLists,
//     FlapLists]. An empty one is [] [NullLists].
//   - Stamps are UTC, without a fraction, and the clock is right [Stamps, DateOffset,
//     NoDate].
//   - A missing credential and a wrong one get 401 [MissingCredential,
//     WrongCredential]; every error is JSON [ErrorAnswer].
//   - No request is refused for a rate limit, unless [WithRateLimit] says so; a 429
//     has Retry-After [RetryAfter, CountRefused].
type Zudu struct{ *Server }

// NewZudu returns a fake without agents.
func NewZudu(opts ...ServerOption) *Zudu {
	api := &zuduAPI{}
	api.store = newStore(kind[zudu.Agent]{
		newID:     func(n int) string { return "agent_" + uuid(agentKind, n) },
		setID:     func(a *zudu.Agent, id string) { a.AgentID = id },
		name:      func(a *zudu.Agent) *string { return &a.AgentName },
		sameSpace: func(a, b *zudu.Agent) bool { return a.OrganizationID == b.OrganizationID },
		nameTaken: http.StatusBadRequest,
		times:     func(a *zudu.Agent) [2]timestamp { return [2]timestamp{&a.CreatedAt, &a.UpdatedAt} },
		precision: time.Second,
		item:      api.item,
	})
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
			{method: http.MethodGet, path: "/api/agents", lists: true, serve: api.list},
			{method: http.MethodPost, path: "/api/agents", lists: true, serve: api.find},
		},
	}, api, opts)}
}

// WithZuduFirstGeneration makes a [Zudu] answer as the older of the vendor's two
// generations of pages says: time stamps end in Z, the answer to a duplicate has five
// fields, and a list has total instead of total_count. It panics for the other vendors.
func WithZuduFirstGeneration() ServerOption {
	return func(s *Server) {
		api, ok := s.agents.(*zuduAPI)
		if !ok {
			misuse("WithZuduFirstGeneration: this is a fake of %s", s.vendor.name)
		}
		api.firstGeneration = true
	}
}

// AddAgent adds an agent to the fake and returns it as stored. An empty
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
	if fault := api.nameFault(a.AgentName, zuduNameFault); fault != "" {
		misuse("AddAgent: %s: %q", fault, a.AgentName)
	}
	if a.AgentID == "" {
		a.AgentID = api.newID()
	}
	fill(&a.OrganizationID, zuduOrganization)
	api.stampAgent(&a)
	a.KnowledgeBaseIDs = listed(a.KnowledgeBaseIDs)
	if api.firstGeneration {
		fill(&a.Language, "en")
	} else {
		fillSecondGeneration(&a)
	}
	return api.add(a.AgentID, a)
}

// UpdateAgent changes an agent, as a colleague would. Unless change does it, the
// agent gets a new UpdatedAt. A time that change sets to zero is left out of what
// the fake shows. It panics if there is no such agent.
func (z *Zudu) UpdateAgent(id string, change func(a *zudu.Agent)) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.agents.(*zuduAPI).update(id, change)
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
	firstGeneration bool
}

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
	if fault := z.nameFault(name, zuduNameFault); fault != "" {
		return zuduInvalid(fault)
	}
	source := z.byID[c.id]
	if source == nil {
		return zuduNotFound(c.id)
	}
	a := source.agent
	a.AgentName = z.named(name)
	if status := z.nameRefused(&a); status != 0 {
		return zuduError(status, "Validation error", fmt.Sprintf("Agent name '%s' already exists in organization '%s'", a.AgentName, a.OrganizationID))
	}
	made := z.copyOf(c, source, a)
	shown := z.duplicated(&made.agent)
	shown.drop(z.quirks.AnswerLacks...)
	return copied(z.copied(), zuduSuccess("Agent duplicated successfully", shown), z.record(made))
}

func (z *zuduAPI) get(c *call) *answer {
	e := z.byID[c.id]
	if e == nil {
		return zuduNotFound(c.id)
	}
	return shown(zuduSuccess("Full agent data retrieved successfully", z.document(&e.agent)))
}

// document is all of an agent.
func (z *zuduAPI) document(a *zudu.Agent) object {
	o := objectOf(a)
	z.showTimes(&o, a)
	if !z.firstGeneration {
		o.set("post_call_analysis_model", a.PostCallAnalysisModel) // null if there is none
		o.set("widget_config", a.WidgetConfig)
	}
	return o
}

// duplicated is what the answer to a duplicate shows of the new agent.
func (z *zuduAPI) duplicated(a *zudu.Agent) object {
	if !z.firstGeneration {
		return z.document(a)
	}
	return z.summary(a, "organization_id", a.OrganizationID)
}

// item is what a list shows of an agent.
func (z *zuduAPI) item(a *zudu.Agent) object {
	if !z.firstGeneration {
		return z.document(a)
	}
	return z.summary(a, "language", a.Language)
}

// summary is the five fields that the older pages show of an agent.
func (z *zuduAPI) summary(a *zudu.Agent, key, value string) (o object) {
	o.set("agent_id", a.AgentID)
	o.set("agent_name", a.AgentName)
	o.set(key, value)
	z.showTimes(&o, a)
	return o
}

func (z *zuduAPI) showTimes(o *object, a *zudu.Agent) {
	layout := "2006-01-02T15:04:05"
	if z.firstGeneration {
		layout += "Z"
	}
	z.show(o, "created_at", a.CreatedAt, layout)
	z.show(o, "updated_at", a.UpdatedAt, layout)
}

// zuduEnvelope is what every answer is wrapped in.
type zuduEnvelope struct {
	Message string  `json:"message"`
	Status  string  `json:"status"`
	Error   *string `json:"error"`
	Data    any     `json:"data,omitempty"`
}

func zuduSuccess(message string, data any) zuduEnvelope {
	return zuduEnvelope{Message: message, Status: "success", Data: data}
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
