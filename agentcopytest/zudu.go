package agentcopytest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
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
// Zudu's pages do not say what follows, nor what the package doc lists. The fields of
// [Quirks] in brackets change it.
//   - A name that is taken gets 400, like any other invalid name [NameTaken].
//   - 50 characters are 50 code points [RefuseName]. A name is trimmed and otherwise
//     kept [Rename].
//   - A filter by name lets through every name that holds the text, in any case
//     [NameFilter].
type Zudu struct {
	*Server
	api *zuduAPI
}

// NewZudu returns a fake without agents.
func NewZudu(opts ...ServerOption) *Zudu {
	api := &zuduAPI{}
	api.store = newStore(kind[zudu.Agent]{
		newID:     func(n int) string { return "agent_" + agentUUID(n) },
		setID:     func(a *zudu.Agent, id string) { a.AgentID = id },
		spell:     func(id string) string { return id },
		noAgent:   zuduNotFound,
		complete:  api.complete,
		head:      func(a *zudu.Agent) head { return head{&a.AgentName, &a.CreatedAt, &a.UpdatedAt} },
		sameSpace: func(a, b *zudu.Agent) bool { return a.OrganizationID == b.OrganizationID },
		nameTaken: http.StatusBadRequest,
		item:      func(a *zudu.Agent) object { return api.brief(a, "language", a.Language) },
		full: func(_ *call, a *zudu.Agent) any {
			return zuduSuccess("Full agent data retrieved successfully", api.document(a))
		},
		stamps: stamps{"created_at", "updated_at", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z", time.Second},
	})
	return &Zudu{newServer(vendor{
		name:        "Zudu",
		credentials: []string{"X-Api-Key", "X-Api-Secret"},
		refuse: func(status int, reason string) *answer {
			return zuduError(status, http.StatusText(status), reason)
		},
		list: "/api/agents",
		get:  "/full",
		copy: "/duplicate",
		more: []route{{method: http.MethodPost, path: "/api/agents", lists: true, serve: api.list}},
	}, api, opts), api}
}

// WithZuduFirstGeneration makes a [Zudu] answer as the older of the vendor's two
// generations of pages says: time stamps end in Z, the answer to a duplicate has five
// fields, and a list has total instead of total_count. It panics for the other vendors.
func WithZuduFirstGeneration() ServerOption {
	return variantOf("Zudu", "WithZuduFirstGeneration")
}

// AddAgent adds an agent to the fake and returns it as stored. An empty
// ID, organization, time and whatever else Zudu shows of every agent is filled
// in; the name is trimmed.
//
// It panics if the name breaks Zudu's rules, 1 to 50 characters, or is taken in
// the organization, and if the ID is taken.
func (z *Zudu) AddAgent(a zudu.Agent) zudu.Agent { return z.api.add(a) }

// UpdateAgent changes an agent, as a colleague would. Unless change does it, the
// agent gets a new UpdatedAt. A time that change sets to zero is left out of what
// the fake shows. It panics if there is no such agent.
func (z *Zudu) UpdateAgent(id string, change func(a *zudu.Agent)) { z.api.update(id, change) }

// zuduOrganization is that of all credentials.
const zuduOrganization = "org_0000000001"

type zuduAPI struct{ *store[zudu.Agent] }

// complete fills in what Zudu shows of every agent.
func (z *zuduAPI) complete(a *zudu.Agent) (id string) {
	a.AgentName = strings.TrimSpace(a.AgentName)
	if fault := z.nameFault(a.AgentName, zuduNameFault); fault != "" {
		misuse("AddAgent: %s: %q", fault, a.AgentName)
	}
	if a.AgentID == "" {
		a.AgentID = z.newID()
	}
	fill(&a.OrganizationID, zuduOrganization)
	empty(&a.KnowledgeBaseIDs)
	if z.server.variant {
		fill(&a.Language, "en")
		return a.AgentID
	}
	fill(&a.EndCallAfterSilenceMs, 60_000)
	fill(&a.MaxCallDurationMs, 3_600_000)
	fill(&a.TakeTurnAfterSilenceSeconds, 6)
	fill(&a.Timezone, "UTC")
	empty(&a.BeginMessageVariables, &a.MCPServerIDs)
	empty(&a.PostCallAnalysisData, &a.PostCallEvaluationCriteria, &a.AdditionalLanguages)
	empty(&a.LLMConfig.Tools, &a.LLMConfig.SystemMessageVariables)
	if a.TestVariables == nil {
		a.TestVariables = map[string]string{}
	}
	if a.AccessInfo == nil {
		a.AccessInfo = json.RawMessage("{}")
	}
	return a.AgentID
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

func (z *zuduAPI) copy(c *call) *answer {
	body, err := c.fields()
	var name string
	if err == nil {
		err = body.read("agent_name", &name)
	}
	if err != nil {
		return zuduInvalid(err.Error())
	}
	name = strings.TrimSpace(name)
	if fault := z.nameFault(name, zuduNameFault); fault != "" {
		return zuduInvalid(fault)
	}
	source, refusal := z.find(c)
	if refusal != nil {
		return refusal
	}
	a := source.agent
	a.AgentName = z.named(name)
	if status := z.nameRefused(&a); status != 0 {
		return zuduError(status, "Validation error", fmt.Sprintf("Agent name '%s' already exists in organization '%s'", a.AgentName, a.OrganizationID))
	}
	made := z.copyOf(c, source, a)
	shown := z.brief(&made.agent, "organization_id", a.OrganizationID).drop(z.quirks.AnswerLacks...)
	return z.copied(made, zuduSuccess("Agent duplicated successfully", shown))
}

// document is all of an agent.
func (z *zuduAPI) document(a *zudu.Agent) object {
	o := z.store.document(a)
	if !z.server.variant {
		o.set("post_call_analysis_model", a.PostCallAnalysisModel) // null if there is none
		o.set("widget_config", a.WidgetConfig)
	}
	return o
}

// brief is what answers other than that of get show of an agent: all of it, or in the
// first generation five fields, one of them with the given key.
func (z *zuduAPI) brief(a *zudu.Agent, key, value string) object {
	if !z.server.variant {
		return z.document(a)
	}
	return z.timed(map[string]string{"agent_id": a.AgentID, "agent_name": a.AgentName, key: value}, a.CreatedAt, a.UpdatedAt)
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

// list answers both lists: what a GET asks for in its query, a POST, which makes
// nothing either, asks for in its body, and it has a filter.
func (z *zuduAPI) list(c *call) *answer {
	asked, err := c.fields()
	if c.Method == http.MethodGet {
		asked, err = queryFields(c.Query), nil
		delete(asked, "filter_criteria") // which a GET ignores, as all that it does not know
	}
	if err != nil && err != errNoBody {
		return zuduInvalid(err.Error())
	}
	var sortBy, sortOrder string
	var criteria map[string][]string
	number, limit := 0, 20
	err = cmp.Or(asked.read("page", &number), asked.read("limit", &limit), asked.read("sort_by", &sortBy),
		asked.read("sort_order", &sortOrder), asked.read("filter_criteria", &criteria))
	if err != nil {
		return zuduInvalid(err.Error())
	}
	sortBy, sortOrder = cmp.Or(sortBy, "updated_at"), cmp.Or(sortOrder, "descending")
	compare := z.comparison(sortBy, "agent_name")
	switch {
	case number < 0 || number > math.MaxInt32:
		return zuduInvalid(fmt.Sprintf("page %d is out of range", number))
	case limit < 1 || limit > 100:
		return zuduInvalid(fmt.Sprintf("limit %d is out of range", limit))
	case compare == nil:
		return zuduInvalid("sort_by is unknown: " + sortBy)
	case sortOrder != "ascending" && sortOrder != "descending":
		return zuduInvalid("sort_order is unknown: " + sortOrder)
	}
	names := criteria["agent_name"] // one of these must pass the filter; nil for all agents
	found := z.visible(c, z.ordered(compare, sortOrder == "descending"), func(a *zudu.Agent) bool {
		return names == nil || slices.ContainsFunc(names, func(text string) bool { return z.filtered(a, text) })
	})
	limit = z.pageSize(limit)
	page, pages := z.page(found, number, limit)
	return shown(zuduSuccess("Agents retrieved successfully", map[string]any{
		"organization_id": zuduOrganization,
		"agents":          z.items(page),
		"pagination":      z.pagination(number, limit, len(found), pages),
		"returned_count":  len(page),
		"sort_order":      sortOrder,
		"sort_by":         sortBy,
	}))
}

// pagination says where in a list of total agents a page stands.
func (z *zuduAPI) pagination(page, limit, total, pages int) map[string]any {
	next := page+1 < pages
	switch z.quirks.Totals {
	case TotalsAbsent:
		return map[string]any{}
	case TotalsZero:
		total, pages, next = 0, 0, false
	}
	p := map[string]any{"page": page, "limit": limit, "total_pages": pages}
	if z.server.variant {
		p["total"] = total
		return p
	}
	p["total_count"], p["has_next_page"], p["has_previous_page"] = total, next, page > 0
	return p
}
