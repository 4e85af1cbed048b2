package agentcopytest

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/agentcopy/agentcopy-go/kolena"
)

// Kolena is a fake of Kolena's Agents API: copy, list and get. It allows 60
// copies a minute, as documented, unless [WithRateLimit] sets another limit.
//
// # Assumptions
//
// Kolena's pages do not say what follows, nor what the package doc lists. The fields
// of [Quirks] in brackets change it.
//   - An empty name gets 422 [RefuseName]. Any other is kept as it is [Rename], and
//     many agents may have it [NameTaken].
//   - A copy stays in its source's workspace if the target is null or missing. It has
//     no runs, and keeps the metadata [CopyFields].
//   - IDs are digits [IDs].
//   - A list begins with the oldest agent [ListOrder]. Its page_size is the number of
//     agents on the page [EchoPageSize].
//   - Errors are FastAPI's, as the pages suggest: {"detail": "text"}, and for 422 a
//     list of faults [ErrorAnswer].
//   - The rate limit is a sliding window that counts what it admits [CountRefused].
type Kolena struct {
	*Server
	api *kolenaAPI
}

// NewKolena returns a fake without agents.
func NewKolena(opts ...ServerOption) *Kolena {
	api := &kolenaAPI{}
	api.store = newStore(kind[kolena.Agent]{
		newID:    strconv.Itoa,
		setID:    func(a *kolena.Agent, id string) { a.ID = numberOf(id) },
		spell:    func(id string) string { return strconv.FormatInt(numberOf(id), 10) },
		noAgent:  kolenaNoAgent,
		complete: api.complete,
		head:     func(a *kolena.Agent) head { return head{&a.Name, &a.Created, &a.Updated} },
		item:     api.document,
		full:     func(_ *call, a *kolena.Agent) any { return api.document(a) },
		stamps:   stamps{"created", "updated", "2006-01-02T15:04:05.000000-07:00", "2006-01-02T15:04:05.000000", time.Microsecond},
	})
	return &Kolena{newServer(vendor{
		name:        "Kolena",
		credentials: []string{"Authorization"},
		scheme:      "Bearer ",
		limit:       newRateLimit(60, time.Minute),
		refuse:      kolenaError,
		list:        "/api/v1/client/agents",
		copy:        "/copy",
	}, api, opts), api}
}

// WithKolenaZonelessTimes makes a [Kolena] leave the zone out of its time
// stamps, as some of the vendor's examples do. It panics for the other vendors.
func WithKolenaZonelessTimes() ServerOption {
	return variantOf("Kolena", "WithKolenaZonelessTimes")
}

// AddAgent adds an agent to the fake and returns it as stored. An empty
// ID, workspace, time and author, those of its prompts and templates included,
// is filled in.
//
// It panics if the name is empty, and if the ID is negative or is taken.
func (k *Kolena) AddAgent(a kolena.Agent) kolena.Agent { return k.api.add(a) }

// UpdateAgent changes an agent, as a colleague would. Unless change does it, the
// agent gets a new Updated. A time that change sets to zero is left out of what the
// fake shows. It panics if there is no such agent.
func (k *Kolena) UpdateAgent(id int64, change func(a *kolena.Agent)) {
	k.api.update(strconv.FormatInt(id, 10), change)
}

// kolenaUser is the user whom all credentials belong to.
const kolenaUser = "user@example.com"

type kolenaAPI struct{ *store[kolena.Agent] }

// complete fills in what Kolena shows of every agent.
func (k *kolenaAPI) complete(a *kolena.Agent) (id string) {
	switch {
	case a.Name == "":
		misuse("AddAgent: the name is empty")
	case a.ID < 0:
		misuse("AddAgent: the ID is not positive: %d", a.ID)
	case a.ID == 0:
		a.ID = numberOf(k.newID())
	}
	fill(&a.WorkspaceID, 1)
	fill(&a.CreatedBy, kolenaUser)
	empty(&a.Prompts)
	for i := range a.Prompts {
		p := &a.Prompts[i]
		fill(&p.LastUpdatedBy, a.CreatedBy)
		p.Created = k.stamp(p.Created, a.Created.Time)
		p.Updated = k.stamp(p.Updated, p.Created.Time)
		empty(&p.Documents)
	}
	for i := range a.OutputTemplates {
		t := &a.OutputTemplates[i]
		t.Created = k.stamp(t.Created, a.Created.Time)
		t.Updated = k.stamp(t.Updated, t.Created.Time)
	}
	return strconv.FormatInt(a.ID, 10)
}

// numberOf is an ID as a number; 0, which no agent has, if it is none.
func numberOf(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

func (k *kolenaAPI) copy(c *call) *answer {
	name, workspaceID, faults := k.orderOf(c)
	if faults = append(kolenaPathFaults(c.id), faults...); faults != nil {
		return kolenaInvalid(faults)
	}
	source, refusal := k.find(c)
	if refusal != nil {
		return refusal
	}
	a := source.agent
	a.Name = k.named(name)
	if status := k.nameRefused(&a); status != 0 {
		return kolenaError(status, "An agent with this name already exists")
	}
	if workspaceID != nil {
		a.WorkspaceID = *workspaceID
	}
	a.CreatedBy, a.NRuns = kolenaUser, 0
	made := k.copyOf(c, source, a)
	return k.copied(made, k.document(&made.agent).drop(k.quirks.AnswerLacks...))
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
	o := k.store.document(a)
	prompts := []object{}
	for _, p := range a.Prompts {
		prompts = append(prompts, k.timed(p, p.Created, p.Updated))
	}
	o.set("prompts", prompts)
	var templates []object
	for _, t := range a.OutputTemplates {
		templates = append(templates, k.timed(t, t.Created, t.Updated))
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

// orderOf reads the body of a copy. A nil workspaceID is that of the source.
func (k *kolenaAPI) orderOf(c *call) (name string, workspaceID *int64, faults []kolenaFault) {
	body, err := c.fields()
	if err != nil {
		return "", nil, []kolenaFault{kolenaBodyFault(c, err)}
	}
	fault := func(kind, property, msg string, input any, context map[string]any) {
		faults = append(faults, kolenaFault{kind, []any{"body", property}, msg, input, context})
	}
	switch raw, ok := body["name"]; {
	case !ok:
		fault("missing", "name", "Field required", json.RawMessage(c.Body), nil)
	case body.read("name", &name) != nil:
		fault("string_type", "name", "Input should be a valid string", raw, nil)
	case name == "" && k.quirks.RefuseName == nil:
		fault("string_too_short", "name", "String should have at least 1 character", raw, map[string]any{"min_length": 1})
	default:
		if reason := k.nameFault(name, nil); reason != "" {
			fault("value_error", "name", reason, raw, nil)
		}
	}
	integer := func(property string, into **int64) {
		if body.read(property, into) != nil {
			fault("int_type", property, "Input should be a valid integer", body[property], nil)
		}
	}
	integer("target_workspace_id", &workspaceID)
	integer("target_folder_id", new(*int64)) // no answer ever shows it
	return name, workspaceID, faults
}

// kolenaPathFaults is what is wrong with the ID in a path.
func kolenaPathFaults(id string) []kolenaFault {
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return []kolenaFault{kolenaNoInteger([]any{"path", "agent_id"}, id)}
	}
	return nil
}

func kolenaNoAgent(id string) *answer {
	if faults := kolenaPathFaults(id); faults != nil {
		return kolenaInvalid(faults)
	}
	return kolenaError(http.StatusNotFound, "Agent not found")
}

// kolenaInteger reads a number from 0 to high from the query.
func kolenaInteger(c *call, name string, fallback, high int) (n int, faults []kolenaFault) {
	n = fallback
	err := queryFields(c.Query).read(name, &n)
	loc, input := []any{"query", name}, c.Query.Get(name)
	switch {
	case err != nil:
		return 0, []kolenaFault{kolenaNoInteger(loc, input)}
	case n < 0:
		return 0, []kolenaFault{{"greater_than_equal", loc, "Input should be greater than or equal to 0", input, map[string]any{"ge": 0}}}
	case n > high:
		return 0, []kolenaFault{{"less_than_equal", loc, "Input should be less than or equal to " + strconv.Itoa(high), input, map[string]any{"le": high}}}
	}
	return n, nil
}

// kolenaFault is one entry of FastAPI's list.
type kolenaFault struct {
	Type    string         `json:"type"`
	Loc     []any          `json:"loc"`
	Msg     string         `json:"msg"`
	Input   any            `json:"input"`
	Context map[string]any `json:"ctx,omitempty"`
}

func kolenaNoInteger(loc []any, input string) kolenaFault {
	return kolenaFault{"int_parsing", loc, "Input should be a valid integer, unable to parse string as an integer", input, nil}
}

// kolenaBodyFault is what is wrong with a body as a whole.
func kolenaBodyFault(c *call, err error) kolenaFault {
	switch err {
	case errNoBody:
		return kolenaFault{"missing", []any{"body"}, "Field required", nil, nil}
	case errContentType, errNotObject:
		return kolenaFault{"model_attributes_type", []any{"body"}, "Input should be a valid dictionary or object to extract fields from", string(c.Body), nil}
	}
	var at int64
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syntax.Offset
	}
	return kolenaFault{"json_invalid", []any{"body", at}, "JSON decode error", map[string]any{}, map[string]any{"error": err.Error()}}
}

func kolenaInvalid(faults []kolenaFault) *answer {
	return jsonAnswer(http.StatusUnprocessableEntity, map[string]any{"detail": faults})
}

func kolenaError(status int, detail string) *answer {
	out := jsonAnswer(status, map[string]string{"detail": detail})
	if status == http.StatusUnauthorized {
		out.with("Www-Authenticate", "Bearer")
	}
	return out
}
