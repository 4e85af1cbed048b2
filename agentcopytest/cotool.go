package agentcopytest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
)

// Cotool is a fake of Cotool's API: copy, list and get.
//
// A copy is a move, as at the vendor: it makes a manual agent of a managed one,
// its triggers go to the copy, and the original is parked.
//
// # Assumptions
//
// Cotool's pages do not say what follows, nor what the package doc lists. The fields
// of [Quirks] in brackets change it.
//   - A managed agent has a SyncKey. Copying an agent without one gets 409.
//   - A parked agent has DeletedAt set [SecondCopy.DeletedAt], keeps its name
//     [SecondCopy.ParkedName], is not in the list [SecondCopy.ParkedListed], and can be
//     read by its ID [SecondCopy.ParkedHidden]. On other agents, deletedAt is null
//     [SecondCopy.NotDeleted].
//   - Copying a parked agent gets 409 [SecondCopy.Status, SecondCopy.Same].
//   - The copy has the name of its source [Rename], and no SyncKey, SyncSource and
//     SyncFilePath [SecondCopy.KeepsSync].
//   - The list begins with the oldest agent [ListOrder].
//   - An ID that is not a UUID gets 400, an unknown one 404. Errors have the one key
//     "error" [ErrorAnswer].
type Cotool struct {
	*Server
	api *cotoolAPI
}

// NewCotool returns a fake without agents.
func NewCotool(opts ...ServerOption) *Cotool {
	api := &cotoolAPI{}
	api.store = newStore(kind[cotool.Agent]{
		newID:    agentUUID,
		setID:    func(a *cotool.Agent, id string) { a.ID = id },
		spell:    strings.ToLower,
		noAgent:  cotoolNoAgent,
		complete: api.complete,
		head:     func(a *cotool.Agent) head { return head{&a.Name, &a.CreatedAt, &a.UpdatedAt} },
		item:     api.document,
		full:     func(_ *call, a *cotool.Agent) any { return api.document(a) },
		stamps:   stamps{"createdAt", "updatedAt", "2006-01-02T15:04:05.000Z", "", time.Millisecond},
	})
	return &Cotool{newServer(vendor{
		name:        "Cotool",
		credentials: []string{"Authorization"},
		scheme:      "Bearer ",
		refuse:      cotoolError,
		list:        "/api/agents",
		copy:        "/copy",
	}, api, opts), api}
}

// AddAgent adds an agent to the fake and returns it as stored. An empty
// ID, name, organization, time, type and origin is filled in. An agent that does
// not say where it comes from becomes a managed one, with a SyncKey, since only
// those can be copied; for a manual agent set Origin to [cotool.OriginUser] and
// leave SyncKey empty. With DeletedAt it is parked.
//
// It panics if the ID is not a UUID or is taken.
func (t *Cotool) AddAgent(a cotool.Agent) cotool.Agent { return t.api.add(a) }

// UpdateAgent changes an agent, as a colleague would. Unless change does it, the
// agent gets a new UpdatedAt. A time that change sets to zero is null in what the
// fake shows. It panics if there is no such agent.
func (t *Cotool) UpdateAgent(id string, change func(a *cotool.Agent)) { t.api.update(id, change) }

type cotoolAPI struct{ *store[cotool.Agent] }

// complete fills in what Cotool shows of every agent.
func (t *cotoolAPI) complete(a *cotool.Agent) (id string) {
	a.ID = t.uuidFor(a.ID)
	fill(&a.Name, "Agent "+a.ID)
	fill(&a.OrganizationID, uuid(organizationKind, 1))
	fill(&a.AgentType, cotool.AgentTypeResponse)
	if a.Origin == "" {
		fill(&a.SyncKey, "agents/"+a.ID)
	}
	fill(&a.Origin, cotool.OriginUser)
	a.DeletedAt = t.stamp(a.DeletedAt, time.Time{})
	a.LastDetectionRunAt = t.stamp(a.LastDetectionRunAt, time.Time{})
	empty(&a.ToolNames, &a.CLINames, &a.Tags, &a.AcceptanceCriteria)
	empty(&a.ContextDocs)
	empty(&a.Skills)
	empty(&a.TriggerSummary)
	return a.ID
}

func (t *cotoolAPI) copy(c *call) *answer {
	source, refusal := t.find(c)
	second := t.quirks.SecondCopy
	status := cmp.Or(second.Status, http.StatusConflict)
	switch {
	case refusal != nil:
		return refusal
	case isParked(source) && status >= 300:
		return cotoolError(status, "Agent is parked")
	case isParked(source) && second.Same:
		first := slices.IndexFunc(t.all, func(e *entry[cotool.Agent]) bool { return e.source == source.id })
		if first >= 0 {
			return jsonAnswer(status, t.moved(t.all[first], source, nil))
		}
	case source.agent.SyncKey == "":
		return cotoolError(http.StatusConflict, "Agent is not managed")
	}
	a := source.agent
	a.DeletedAt = agentcopy.Time{}
	a.Name = t.named(a.Name)
	if !second.KeepsSync {
		a.SyncKey, a.SyncSource, a.SyncFilePath = "", "", ""
	}
	made := t.copyOf(c, source, a)
	triggers, again := source.agent.TriggerSummary, isParked(source)
	if !again {
		t.park(source, made.agent.CreatedAt)
	}
	out := t.copied(made, t.moved(made, source, triggers))
	if again {
		out.status = status
	}
	return out
}

func isParked(e *entry[cotool.Agent]) bool { return !e.agent.DeletedAt.IsZero() }

// park takes an agent that was copied out of use.
func (t *cotoolAPI) park(e *entry[cotool.Agent], at agentcopy.Time) {
	if rename := t.quirks.SecondCopy.ParkedName; rename != nil {
		e.agent.Name = rename(e.agent.Name)
	}
	e.agent.TriggerSummary = []cotool.TriggerSummary{}
	e.agent.DeletedAt, e.agent.UpdatedAt = at, at
	e.item = nil
}

// moved is the answer to a copy.
func (t *cotoolAPI) moved(made, source *entry[cotool.Agent], triggers []cotool.TriggerSummary) object {
	transferred := []string{}
	for _, trigger := range triggers {
		transferred = append(transferred, trigger.Name)
	}
	lacks := t.quirks.AnswerLacks
	return objectOf(map[string]any{
		"agent":                   t.document(&made.agent).drop(lacks...),
		"parkedAgentId":           source.id,
		"parkedAgentName":         source.agent.Name,
		"transferredTriggerNames": transferred,
	}).drop(lacks...)
}

func (t *cotoolAPI) get(c *call) *answer {
	if e, _ := t.find(c); e != nil && isParked(e) && t.quirks.SecondCopy.ParkedHidden {
		return cotoolNoAgent(e.id)
	}
	return t.store.get(c)
}

func (t *cotoolAPI) list(c *call) *answer {
	return shown(t.items(t.visible(c, t.ordered(nil, false), func(a *cotool.Agent) bool {
		return a.DeletedAt.IsZero() || t.quirks.SecondCopy.ParkedListed
	})))
}

// document is all of an agent. What a manual agent lacks is null.
func (t *cotoolAPI) document(a *cotool.Agent) object {
	o := t.store.document(a)
	o.set("lastDetectionRunAt", nil)
	if !a.LastDetectionRunAt.IsZero() {
		t.show(o, "lastDetectionRunAt", a.LastDetectionRunAt, "")
	}
	o.set("deletedAt", t.quirks.SecondCopy.NotDeleted)
	if !a.DeletedAt.IsZero() {
		t.show(o, "deletedAt", a.DeletedAt, t.quirks.SecondCopy.DeletedAt)
	}
	for key, value := range map[string]string{"syncKey": a.SyncKey, "syncSource": a.SyncSource, "syncFilePath": a.SyncFilePath} {
		if value == "" {
			o.set(key, nil)
		}
	}
	return o
}

func cotoolNoAgent(id string) *answer {
	if !uuidForm.MatchString(id) {
		return cotoolError(http.StatusBadRequest, "agentId must be a UUID")
	}
	return cotoolError(http.StatusNotFound, "Agent not found")
}

func cotoolError(status int, reason string) *answer {
	return jsonAnswer(status, map[string]string{"error": reason})
}
