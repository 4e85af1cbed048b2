package agentcopytest

import (
	"net/http"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/cotool"
)

// Cotool is a fake of Cotool's API: copy, list and get.
//
// A copy is a move, as at the vendor: only an agent with a SyncKey can be
// copied, once; its triggers go to the copy, which has none of the Sync fields;
// the original is parked, that is, it has DeletedAt set.
//
// Cotool documents no refusal at all. Here they are JSON with the one key
// "error": 401, 404, 400 for an ID that is no UUID, and 409 for an agent that
// is not managed or is parked already. A parked agent can be got by its ID, and
// is not in the list. Lists begin with the oldest agent.
type Cotool struct{ *Server }

// NewCotool returns a fake without agents.
func NewCotool(opts ...ServerOption) *Cotool {
	api := &cotoolAPI{newStore[cotool.Agent](func(n int) string { return uuid(agentKind, n) })}
	return &Cotool{newServer(vendor{
		name:            "Cotool",
		credentials:     []string{"Authorization"},
		scheme:          "Bearer ",
		wrongCredential: http.StatusUnauthorized,
		copied:          http.StatusOK,
		refuse:          cotoolError,
		routes: []route{
			{method: http.MethodPost, path: "/api/agents/{id}/copy", copies: true, serve: api.copy},
			{method: http.MethodGet, path: "/api/agents/{id}", serve: api.get},
			{method: http.MethodGet, path: "/api/agents", serve: api.list},
		},
	}, api, opts)}
}

// AddAgent puts an agent into the fake and returns it as it is stored. An empty
// ID, name, organization, time, type and origin is filled in. An agent that does
// not say where it comes from becomes a managed one, with a SyncKey, since only
// those can be copied; for a manual agent set Origin to [cotool.OriginUser] and
// leave SyncKey empty. With DeletedAt it is parked.
//
// It panics if the ID is no UUID or is taken.
func (t *Cotool) AddAgent(a cotool.Agent) cotool.Agent {
	t.mu.Lock()
	defer t.mu.Unlock()
	api := t.agents.(*cotoolAPI)
	a = cloneOf(&a)
	a.ID = api.uuidFor(a.ID)
	fill(&a.Name, "Agent "+a.ID)
	fill(&a.OrganizationID, uuid(organizationKind, 1))
	fill(&a.AgentType, cotool.AgentTypeResponse)
	if a.Origin == "" {
		fill(&a.SyncKey, "agents/"+a.ID)
	}
	fill(&a.Origin, cotool.OriginUser)
	a.CreatedAt = stamp(a.CreatedAt, time.Now(), time.Millisecond)
	a.UpdatedAt = stamp(a.UpdatedAt, a.CreatedAt.Time, time.Millisecond)
	a.DeletedAt = stamp(a.DeletedAt, time.Time{}, time.Millisecond)
	a.LastDetectionRunAt = stamp(a.LastDetectionRunAt, time.Time{}, time.Millisecond)
	a.ToolNames = listed(a.ToolNames)
	a.CLINames = listed(a.CLINames)
	a.ContextDocs = listed(a.ContextDocs)
	a.Skills = listed(a.Skills)
	a.TriggerSummary = listed(a.TriggerSummary)
	a.Tags = listed(a.Tags)
	a.AcceptanceCriteria = listed(a.AcceptanceCriteria)
	api.put(a.ID, a)
	return cloneOf(&a)
}

type cotoolAPI struct{ *store[cotool.Agent] }

// find returns the agent with the ID in the path.
func (t cotoolAPI) find(c *call) (a *cotool.Agent, refusal *answer) {
	if !uuidForm.MatchString(c.id) {
		return nil, cotoolError(http.StatusBadRequest, "agentId must be a UUID")
	}
	if a = t.byID[strings.ToLower(c.id)]; a == nil {
		return nil, cotoolError(http.StatusNotFound, "Agent not found")
	}
	return a, nil
}

func (t cotoolAPI) copy(c *call) *answer {
	source, refusal := t.find(c)
	switch {
	case refusal != nil:
		return refusal
	case !source.DeletedAt.IsZero():
		return cotoolError(http.StatusConflict, "Agent is parked")
	case source.SyncKey == "":
		return cotoolError(http.StatusConflict, "Agent is not managed")
	}
	now := c.now.UTC().Truncate(time.Millisecond)
	a := *source
	a.ID = t.newID()
	a.CreatedAt.Time, a.UpdatedAt.Time = now, now
	a.SyncKey, a.SyncSource, a.SyncFilePath = "", "", ""
	t.put(a.ID, a)

	transferred := []string{}
	for _, trigger := range source.TriggerSummary {
		transferred = append(transferred, trigger.Name)
	}
	source.TriggerSummary = []cotool.TriggerSummary{}
	source.DeletedAt.Time, source.UpdatedAt.Time = now, now

	out := jsonAnswer(http.StatusOK, map[string]any{
		"agent":                   cotoolDocument(&a),
		"parkedAgentId":           source.ID,
		"parkedAgentName":         source.Name,
		"transferredTriggerNames": transferred,
	})
	out.copied = &CopyRecord{ID: a.ID, SourceID: source.ID, Name: a.Name}
	return out
}

func (t cotoolAPI) get(c *call) *answer {
	a, refusal := t.find(c)
	if refusal != nil {
		return refusal
	}
	return jsonAnswer(http.StatusOK, cotoolDocument(a))
}

func (t cotoolAPI) list(*call) *answer {
	agents := []any{}
	for _, a := range t.all {
		if a.DeletedAt.IsZero() {
			agents = append(agents, cotoolDocument(a))
		}
	}
	return jsonAnswer(http.StatusOK, agents)
}

// cotoolDocument is all of an agent. What a manual agent lacks is null.
func cotoolDocument(a *cotool.Agent) any {
	return struct {
		*cotool.Agent
		CreatedAt          *string `json:"createdAt"`
		UpdatedAt          *string `json:"updatedAt"`
		DeletedAt          *string `json:"deletedAt"`
		LastDetectionRunAt *string `json:"lastDetectionRunAt"`
		SyncKey            *string `json:"syncKey"`
		SyncSource         *string `json:"syncSource"`
		SyncFilePath       *string `json:"syncFilePath"`
	}{
		a, cotoolTime(a.CreatedAt.Time), cotoolTime(a.UpdatedAt.Time), cotoolTime(a.DeletedAt.Time), cotoolTime(a.LastDetectionRunAt.Time),
		orNull(a.SyncKey), orNull(a.SyncSource), orNull(a.SyncFilePath),
	}
}

func cotoolTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func cotoolError(status int, reason string) *answer {
	return jsonAnswer(status, map[string]string{"error": reason})
}
