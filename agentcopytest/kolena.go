package agentcopytest

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// Kolena is a fake of Kolena's Agents API: copy, list and get. It allows 60
// copies a minute, as documented, unless [WithRateLimit] sets another limit.
//
// # Assumptions
//
// Kolena's pages do not say what follows. The fields of [Quirks] in brackets change
// it.
//   - An empty name gets 422 [RefuseName]. Any other is kept as it is [Rename], and
//     many agents may have it [NameTaken].
//   - A copy stays in its source's workspace if the target is null or missing. It has
//     no runs, and keeps the metadata [CopyFields].
//   - It answers 200 [CopyStatus], with every field that the page calls required
//     [AnswerLacks], and IDs are digits [IDs].
//   - A list begins with the oldest agent [ListOrder], has pages as large as they were
//     asked to be [PageSize], counts them [Totals, RepeatLastPage], shows all of an
//     agent [ListLacks], and of a new one at once [ShowAfter, StaleLists, FlapLists].
//     Its page_size is the number of agents on the page [EchoPageSize]. An empty one
//     is [] [NullLists].
//   - The clock is right [Stamps, DateOffset, NoDate].
//   - A missing credential and a wrong one get 401 [MissingCredential,
//     WrongCredential]. Errors are FastAPI's, as the pages suggest: {"detail":
//     "text"}, and for 422 a list of faults [ErrorAnswer].
//   - The rate limit is a sliding window that counts what it admits; a 429 has
//     Retry-After [RetryAfter, CountRefused].
type Kolena struct{ *Server }

// NewKolena returns a fake without agents.
func NewKolena(opts ...ServerOption) *Kolena {
	api := &kolenaAPI{layout: "2006-01-02T15:04:05.000000-07:00"}
	api.store = newStore(kind[kolena.Agent]{
		newID:     strconv.Itoa,
		setID:     func(a *kolena.Agent, id string) { a.ID = numberOf(id) },
		name:      func(a *kolena.Agent) *string { return &a.Name },
		times:     func(a *kolena.Agent) [2]timestamp { return [2]timestamp{&a.Created, &a.Updated} },
		precision: time.Microsecond,
		item:      api.document,
	})
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
			{method: http.MethodGet, path: kolenaAgents, lists: true, serve: api.list},
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

// AddAgent adds an agent to the fake and returns it as stored. An empty
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
	api.stampAgent(&a)
	a.Prompts = listed(a.Prompts)
	for i := range a.Prompts {
		p := &a.Prompts[i]
		fill(&p.LastUpdatedBy, a.CreatedBy)
		p.Created = api.stamp(p.Created, a.Created.Time)
		p.Updated = api.stamp(p.Updated, p.Created.Time)
		p.Documents = listed(p.Documents)
	}
	for i := range a.OutputTemplates {
		t := &a.OutputTemplates[i]
		t.Created = api.stamp(t.Created, a.Created.Time)
		t.Updated = api.stamp(t.Updated, t.Created.Time)
	}
	return api.add(strconv.FormatInt(a.ID, 10), a)
}

// UpdateAgent changes an agent, as a colleague would. Unless change does it, the
// agent gets a new Updated. A time that change sets to zero is left out of what the
// fake shows. It panics if there is no such agent.
func (k *Kolena) UpdateAgent(id int64, change func(a *kolena.Agent)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.agents.(*kolenaAPI).update(strconv.FormatInt(id, 10), change)
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
	order, bodyFaults := k.orderOf(c)
	if faults = append(faults, bodyFaults...); faults != nil {
		return kolenaInvalid(faults)
	}
	source := k.byID[id]
	if source == nil {
		return kolenaError(http.StatusNotFound, "Agent not found")
	}
	a := source.agent
	a.Name = k.named(order.name)
	if status := k.nameRefused(&a); status != 0 {
		return kolenaError(status, "An agent with this name already exists")
	}
	if order.workspaceID != nil {
		a.WorkspaceID = *order.workspaceID
	}
	a.CreatedBy, a.NRuns = kolenaUser, 0
	made := k.copyOf(c, source, a)
	shown := k.document(&made.agent)
	shown.drop(k.quirks.AnswerLacks...)
	return copied(k.copied(), shown, k.record(made))
}

func (k *kolenaAPI) get(c *call) *answer {
	id, faults := kolenaPathID(c)
	if faults != nil {
		return kolenaInvalid(faults)
	}
	e := k.byID[id]
	if e == nil {
		return kolenaError(http.StatusNotFound, "Agent not found")
	}
	return shown(k.document(&e.agent))
}

func (k *kolenaAPI) list(c *call) *answer {
	number, faults := kolenaInteger(c, "page_number", 0, math.MaxInt32)
	size, sizeFaults := kolenaInteger(c, "page_size", 50, 1000)
	if faults = append(faults, sizeFaults...); faults != nil {
		return kolenaInvalid(faults)
	}
	found := k.visible(c, k.ordered(nil, false), func(*kolena.Agent) bool { return true })
	page, pages := k.page(found, number, k.pageSize(size))
	body := map[string]any{"agents": k.items(page), "total_pages": pages, "page_number": number, "page_size": len(page)}
	if k.quirks.EchoPageSize {
		body["page_size"] = size
	}
	switch k.quirks.Totals {
	case TotalsZero:
		body["total_pages"] = 0
	case TotalsAbsent:
		delete(body, "total_pages")
	}
	return shown(body)
}

// document is all of an agent.
func (k *kolenaAPI) document(a *kolena.Agent) object {
	o := objectOf(a)
	k.showTimes(&o, a.Created, a.Updated)
	prompts := []object{}
	for _, p := range a.Prompts {
		prompt := objectOf(p)
		k.showTimes(&prompt, p.Created, p.Updated)
		prompts = append(prompts, prompt)
	}
	o.set("prompts", prompts)
	var templates []object
	for _, t := range a.OutputTemplates {
		template := objectOf(t)
		k.showTimes(&template, t.Created, t.Updated)
		templates = append(templates, template)
	}
	if templates != nil { // else absent, as in the older revisions
		o.set("output_templates", templates)
	}
	switch k.quirks.IDs {
	case IDString:
		o.set("id", strconv.FormatInt(a.ID, 10))
	case IDFloat:
		o.set("id", json.RawMessage(strconv.FormatInt(a.ID, 10)+".0"))
	}
	return o
}

func (k *kolenaAPI) showTimes(o *object, created, updated agentcopy.Time) {
	k.show(o, "created", created, k.layout)
	k.show(o, "updated", updated, k.layout)
}
