package agentcopytest

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/agentcopy/agentcopy-go/kolena"
)

// Kolena is a fake of Kolena's Agents API: copy, list and get. It allows 60
// copies a minute, as documented, unless [WithRateLimit] says otherwise.
//
// Kolena documents no error at all; those of the fake are FastAPI's, which the
// vendor's pages bear the marks of: {"detail": "text"}, and with 422 a list of
// faults. Further decisions: 401 for a credential that is missing or wrong, 422
// for an empty name, a copy stays in its source's workspace unless told
// otherwise and carries the metadata over, lists begin with the oldest agent,
// and the page_size of their answers is the number of agents on the page.
type Kolena struct{ *Server }

// NewKolena returns a fake without agents.
func NewKolena(opts ...ServerOption) *Kolena {
	api := &kolenaAPI{store: newStore[kolena.Agent](strconv.Itoa), layout: "2006-01-02T15:04:05.000000-07:00"}
	return &Kolena{newServer(vendor{
		name:            "Kolena",
		credentials:     []string{"Authorization"},
		scheme:          "Bearer ",
		wrongCredential: http.StatusUnauthorized,
		copied:          http.StatusOK,
		limit:           newRateLimit(60, time.Minute),
		refuse:          kolenaError,
		routes: []route{
			{method: http.MethodPost, path: kolenaAgents + "/{id}/copy", copies: true, serve: api.copy},
			{method: http.MethodGet, path: kolenaAgents + "/{id}", serve: api.get},
			{method: http.MethodGet, path: kolenaAgents, serve: api.list},
		},
	}, api, opts)}
}

const kolenaAgents = "/api/v1/client/agents"

// WithKolenaZonelessTimes makes a [Kolena] leave the zone out of its time
// stamps, as some of the vendor's examples do. It panics for the other vendors.
func WithKolenaZonelessTimes() ServerOption {
	return func(s *Server) {
		api, ok := s.agents.(*kolenaAPI)
		if !ok {
			misuse("WithKolenaZonelessTimes: this is a fake of %s", s.vendor.name)
		}
		api.layout = "2006-01-02T15:04:05.000000"
	}
}

// AddAgent puts an agent into the fake and returns it as it is stored. An empty
// ID, workspace, time and author, those of its prompts and templates included,
// is filled in.
//
// It panics if the name is empty, and if the ID is negative or is taken.
func (k *Kolena) AddAgent(a kolena.Agent) kolena.Agent {
	k.mu.Lock()
	defer k.mu.Unlock()
	api := k.agents.(*kolenaAPI)
	a = cloneOf(&a)
	switch {
	case a.Name == "":
		misuse("AddAgent: the name is empty")
	case a.ID < 0:
		misuse("AddAgent: the ID is not positive: %d", a.ID)
	case a.ID == 0:
		a.ID = numberOf(api.newID())
	}
	fill(&a.WorkspaceID, 1)
	fill(&a.CreatedBy, kolenaUser)
	a.Created = stamp(a.Created, time.Now(), time.Microsecond)
	a.Updated = stamp(a.Updated, a.Created.Time, time.Microsecond)
	a.Prompts = listed(a.Prompts)
	for i := range a.Prompts {
		p := &a.Prompts[i]
		fill(&p.LastUpdatedBy, a.CreatedBy)
		p.Created = stamp(p.Created, a.Created.Time, time.Microsecond)
		p.Updated = stamp(p.Updated, p.Created.Time, time.Microsecond)
		p.Documents = listed(p.Documents)
	}
	for i := range a.OutputTemplates {
		t := &a.OutputTemplates[i]
		t.Created = stamp(t.Created, a.Created.Time, time.Microsecond)
		t.Updated = stamp(t.Updated, t.Created.Time, time.Microsecond)
	}
	api.put(strconv.FormatInt(a.ID, 10), a)
	return cloneOf(&a)
}

// kolenaUser is the user whom all credentials belong to.
const kolenaUser = "user@example.com"

type kolenaAPI struct {
	*store[kolena.Agent]
	layout string // of time stamps
}

// numberOf is an ID that is known to be a number.
func numberOf(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

func (k *kolenaAPI) copy(c *call) *answer {
	id, faults := kolenaPathID(c)
	order, bodyFaults := kolenaOrderOf(c)
	if faults = append(faults, bodyFaults...); faults != nil {
		return kolenaInvalid(faults)
	}
	source := k.byID[id]
	if source == nil {
		return kolenaError(http.StatusNotFound, "Agent not found")
	}
	a := *source
	newID := k.newID()
	a.ID = numberOf(newID)
	a.Name = order.name
	if order.workspaceID != nil {
		a.WorkspaceID = *order.workspaceID
	}
	a.CreatedBy, a.NRuns = kolenaUser, 0
	a.Created.Time = c.now.UTC().Truncate(time.Microsecond)
	a.Updated = a.Created
	k.put(newID, a)

	out := jsonAnswer(http.StatusOK, k.document(&a))
	out.copied = &CopyRecord{ID: newID, SourceID: id, Name: a.Name}
	return out
}

func (k *kolenaAPI) get(c *call) *answer {
	id, faults := kolenaPathID(c)
	if faults != nil {
		return kolenaInvalid(faults)
	}
	a := k.byID[id]
	if a == nil {
		return kolenaError(http.StatusNotFound, "Agent not found")
	}
	return jsonAnswer(http.StatusOK, k.document(a))
}

func (k *kolenaAPI) list(c *call) *answer {
	number, faults := kolenaInteger(c, "page_number", 0, math.MaxInt32)
	size, sizeFaults := kolenaInteger(c, "page_size", 50, 1000)
	if faults = append(faults, sizeFaults...); faults != nil {
		return kolenaInvalid(faults)
	}
	page, pages := pageOf(k.all, number, size)
	agents := []any{}
	for _, a := range page {
		agents = append(agents, k.document(a))
	}
	return jsonAnswer(http.StatusOK, map[string]any{
		"agents":      agents,
		"total_pages": pages,
		"page_number": number,
		"page_size":   len(agents),
	})
}

// document is all of an agent.
func (k *kolenaAPI) document(a *kolena.Agent) any {
	type prompt struct {
		kolena.Prompt
		Created string `json:"created"`
		Updated string `json:"updated"`
	}
	type template struct {
		kolena.OutputTemplate
		Created string `json:"created"`
		Updated string `json:"updated"`
	}
	prompts := []prompt{}
	for _, p := range a.Prompts {
		prompts = append(prompts, prompt{p, p.Created.Format(k.layout), p.Updated.Format(k.layout)})
	}
	var templates []template // absent if there are none, as in the older revisions
	for _, t := range a.OutputTemplates {
		templates = append(templates, template{t, t.Created.Format(k.layout), t.Updated.Format(k.layout)})
	}
	return struct {
		*kolena.Agent
		Created         string     `json:"created"`
		Updated         string     `json:"updated"`
		Prompts         []prompt   `json:"prompts"`
		OutputTemplates []template `json:"output_templates,omitzero"`
	}{a, a.Created.Format(k.layout), a.Updated.Format(k.layout), prompts, templates}
}
