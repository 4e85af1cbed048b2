package agentcopytest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

// LangSmith is a fake of LangSmith's Managed Deep Agents API: clone, list and
// get. Its paths may begin with /v1/deepagents, as the vendor's do, or not, so the
// URL itself is a base URL too.
//
// All credentials belong to one user, who owns every clone and the agents that
// [LangSmith.AddAgent] gives no other owner. A list shows only that user's agents.
//
// # Assumptions
//
// LangSmith's pages do not say what follows, nor what the package doc lists. The
// fields of [Quirks] in brackets change it.
//   - A clone for which no name is asked has its source's with " (copy)" behind it
//     [DefaultName]. Any other name is kept as it is [Rename, RefuseName], and many
//     agents may have it [NameTaken].
//   - Everybody who can read an agent may clone it, and owns any number of clones
//     [AgentCap]. What behaves is copied [CopyFields].
//   - A filter by name lets through every name that holds the text, in any case
//     [NameFilter].
//   - A list shows the agents of either visibility [Audiences], and the last page has
//     next_cursor null [Totals].
//   - An ID that is not a UUID gets 422, and an organization's key is accepted.
//   - No rate limit holds, although LangSmith documents some.
//
// Documented are the status of a clone, 201 [CopyStatus], the order, page size and
// fields of a list [ListOrder, PageSize, ListLacks], and the 403 for a wrong credential
// [WrongCredential].
type LangSmith struct {
	*Server
	api *langsmithAPI
}

// NewLangSmith returns a fake without agents.
func NewLangSmith(opts ...ServerOption) *LangSmith {
	api := &langsmithAPI{}
	api.store = newStore(kind[langsmith.Agent]{
		newID:    agentUUID,
		setID:    func(a *langsmith.Agent, id string) { a.ID = id },
		spell:    strings.ToLower,
		noAgent:  langsmithNoAgent,
		complete: api.complete,
		head:     func(a *langsmith.Agent) head { return head{&a.Name, &a.CreatedAt, &a.UpdatedAt} },
		item:     api.summary,
		full:     func(c *call, a *langsmith.Agent) any { return api.document(*a, includesFiles(c)) },
		stamps:   stamps{"created_at", "updated_at", "2006-01-02T15:04:05.000000-07:00", "", time.Microsecond},
	})
	return &LangSmith{newServer(vendor{
		name:            "LangSmith",
		credentials:     []string{"X-Api-Key"},
		wrongCredential: http.StatusForbidden,
		basePath:        "/v1/deepagents",
		copied:          http.StatusCreated,
		refuse:          langsmithRefusal,
		list:            "/agents",
		copy:            "/clone",
	}, api, opts), api}
}

// AddAgent adds an agent to the fake and returns it as stored. An empty
// ID, name, owner, time, permission, model and whatever else LangSmith shows of
// every agent is filled in; IsOwner is whether the owner is the caller.
//
// It panics if the ID is no UUID or is taken.
func (l *LangSmith) AddAgent(a langsmith.Agent) langsmith.Agent { return l.api.add(a) }

// UpdateAgent changes an agent, as a colleague would. Unless change does it, the
// agent gets a new UpdatedAt. A time that change sets to zero is left out of what
// the fake shows. It panics if there is no such agent.
func (l *LangSmith) UpdateAgent(id string, change func(a *langsmith.Agent)) { l.api.update(id, change) }

// langsmithCaller is the user whom all credentials belong to.
var langsmithCaller = uuid(userKind, 1)

// revisionOf is a revision in the form of the vendor's, 64 hexadecimal digits.
func revisionOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// withDefaults sets what is documented for permissions that say nothing.
func withDefaults(p langsmith.Permissions) langsmith.Permissions {
	fill(&p.Identity, langsmith.IdentityPersonal)
	fill(&p.Visibility, langsmith.VisibilityTenant)
	fill(&p.TenantAccessLevel, langsmith.TenantAccessRead)
	return p
}

type langsmithAPI struct{ *store[langsmith.Agent] }

// complete fills in what LangSmith shows of every agent.
func (l *langsmithAPI) complete(a *langsmith.Agent) (id string) {
	a.ID = l.uuidFor(a.ID)
	fill(&a.Name, "Agent "+a.ID)
	fill(&a.OwnerID, langsmithCaller)
	fill(&a.Runtime.Model.ModelID, "openai:gpt-5.5")
	fill(&a.Backend.Type, langsmith.BackendState)
	fill(&a.Revision, revisionOf(a.ID))
	//lint:ignore SA1019 the older name of the same thing,
	fill(&a.SystemPrompt, a.Instructions)
	//lint:ignore SA1019 and LangSmith sends both
	a.Instructions = a.SystemPrompt
	a.Permissions = withDefaults(a.Permissions)
	a.IsOwner = a.OwnerID == langsmithCaller
	if a.IsOwner {
		a.AccessLevel = langsmith.AccessWrite
	}
	fill(&a.AccessLevel, langsmith.AccessRead)
	if a.Extras == nil {
		a.Extras = json.RawMessage("{}")
	}
	return a.ID
}

func (l *langsmithAPI) copy(c *call) *answer {
	source, refusal := l.find(c)
	if refusal != nil {
		return refusal
	}
	body, err := c.fields()
	if err != nil && err != errNoBody {
		return langsmithInvalidBody()
	}
	var name string
	var permissions langsmith.Permissions
	if body.read("name", &name) != nil || body.read("permissions", &permissions) != nil {
		return langsmithInvalidBody()
	}
	permissions = withDefaults(permissions)
	if fault := faultOf(permissions); fault != "" {
		return langsmithError(http.StatusUnprocessableEntity, "invalid_permissions", fault)
	}
	if name == "" {
		name = source.agent.Name + " (copy)"
		if l.quirks.DefaultName != nil {
			name = l.quirks.DefaultName(source.agent.Name)
		}
	}
	if reason := l.nameFault(name, nil); reason != "" {
		return langsmithError(http.StatusUnprocessableEntity, "invalid_name", reason)
	}
	a := source.agent
	a.Name = l.named(name)
	if status := l.nameRefused(&a); status != 0 {
		return langsmithError(status, "agent_exists", "An agent with this name already exists")
	}
	owned := 0
	for _, e := range l.all {
		if e.agent.IsOwner {
			owned++
		}
	}
	if most := l.quirks.AgentCap; most > 0 && owned >= most {
		return langsmithError(http.StatusConflict, "agent_limit_reached", "Delete an agent or upgrade the plan")
	}
	a.OwnerID, a.IsOwner, a.AccessLevel = langsmithCaller, true, langsmith.AccessWrite
	a.Permissions = permissions
	a.Extras = json.RawMessage("{}")
	made := l.copyOf(c, source, a)
	made.agent.Revision = revisionOf(made.id)
	return l.copied(made, l.document(made.agent, includesFiles(c)).drop(l.quirks.AnswerLacks...))
}

// faultOf says which field of p has a value that is not documented.
func faultOf(p langsmith.Permissions) string {
	return cmp.Or(
		unknown("permissions.identity", p.Identity, langsmith.IdentityPersonal, langsmith.IdentityShared),
		unknown("permissions.visibility", p.Visibility, langsmith.VisibilityTenant, langsmith.VisibilityUser),
		unknown("permissions.tenant_access_level", p.TenantAccessLevel,
			langsmith.TenantAccessRead, langsmith.TenantAccessRun, langsmith.TenantAccessWrite),
	)
}

func includesFiles(c *call) bool {
	value := c.Query.Get("include_files")
	return value == "true" || value == "1"
}

func (l *langsmithAPI) list(c *call) *answer {
	size := 20
	if err := queryFields(c.Query).read("page_size", &size); err != nil || size < 1 || size > 100 {
		return langsmithInvalidQuery("page_size")
	}
	compare := l.comparison(cmp.Or(c.Query.Get("sort_by"), "updated_at"), "name")
	if compare == nil {
		return langsmithInvalidQuery("sort_by")
	}
	order := cmp.Or(c.Query.Get("sort_order"), "desc")
	if order != "asc" && order != "desc" {
		return langsmithInvalidQuery("sort_order")
	}
	agents := l.ordered(compare, order == "desc")
	if cursor := c.Query.Get("cursor"); cursor != "" {
		last := l.byID[readCursor(cursor)]
		i := slices.Index(agents, last)
		if i < 0 {
			return langsmithInvalidQuery("cursor")
		}
		agents = agents[i+1:]
	}
	found := l.visible(c, agents, func(a *langsmith.Agent) bool { return l.lists(c, a) })
	page := found[:min(l.pageSize(size), len(found))]
	body := map[string]any{"items": l.items(page)}
	switch {
	case len(found) > len(page):
		body["next_cursor"] = cursorBehind(page[len(page)-1].id)
	case l.quirks.Totals == "":
		body["next_cursor"] = nil
	case l.quirks.Totals == TotalsZero:
		body["next_cursor"] = ""
	}
	return shown(body)
}

// lists reports whether the list that c asks for holds a.
func (l *langsmithAPI) lists(c *call, a *langsmith.Agent) bool {
	audience := cmp.Or(c.Query.Get("audience"), string(langsmith.VisibilityUser))
	name := c.Query.Get("name")
	switch {
	case !a.IsOwner:
		return false
	case l.quirks.Audiences && string(a.Permissions.Visibility) != audience:
		return false
	}
	return name == "" || l.filtered(a, name)
}

// cursorBehind is opaque: the ID of the last agent on the page before. An agent that
// is made while a list is read moves no other.
func cursorBehind(id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("after " + id))
}

func readCursor(cursor string) (id string) {
	text, _ := base64.RawURLEncoding.DecodeString(cursor)
	return strings.TrimPrefix(string(text), "after ")
}

// summary is what a list shows of an agent.
func (l *langsmithAPI) summary(a *langsmith.Agent) object {
	return l.document(langsmith.Agent{
		ID: a.ID, Name: a.Name, Description: a.Description, OwnerID: a.OwnerID, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
		Permissions: a.Permissions, Runtime: a.Runtime, Extras: a.Extras, AccessLevel: a.AccessLevel, IsOwner: a.IsOwner, Backend: a.Backend,
	}, false)
}

// document is all of an agent, its files only when they are asked for.
func (l *langsmithAPI) document(a langsmith.Agent, files bool) object {
	if !files {
		a.Files = nil
	}
	o := l.store.document(&a)
	o.set("is_owner", a.IsOwner) // also when it is false
	return o
}

func langsmithError(status int, code, detail string) *answer {
	return jsonAnswer(status, map[string]any{
		"type":   "https://docs.langchain.com/errors/" + code,
		"code":   code,
		"detail": detail,
		"status": status,
	})
}

func langsmithNoAgent(id string) *answer {
	if !uuidForm.MatchString(id) {
		return langsmithError(http.StatusUnprocessableEntity, "invalid_agent_id", "Provide the agent ID as a UUID")
	}
	return langsmithError(http.StatusNotFound, "agent_not_found", "Verify the agent ID and that the calling identity has access: agent not found")
}

func langsmithInvalidBody() *answer {
	return langsmithError(http.StatusBadRequest, "invalid_request_body", "Provide a valid JSON request body matching the documented schema")
}

func langsmithInvalidQuery(name string) *answer {
	return langsmithError(http.StatusBadRequest, "invalid_query_parameter", "Set '"+name+"' to a documented value")
}

// langsmithRefusal is what does not come from an endpoint: that of the layer
// which authenticates is flat, and says no more than the status.
func langsmithRefusal(status int, reason string) *answer {
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return jsonAnswer(status, map[string]string{"error": http.StatusText(status)})
	}
	code := strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
	return langsmithError(status, code, reason)
}
