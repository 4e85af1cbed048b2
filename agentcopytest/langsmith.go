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
// get. Its paths may begin with /v1/deepagents, as the vendor's do, or not, so
// that URL alone is a base URL too.
//
// All credentials are one user's, who owns what [LangSmith.AddAgent] gives no
// other owner, and every clone. A list shows that user's agents alone.
//
// LangSmith does not document the name of a clone for which none is asked (here
// the source's with " (copy)" behind it), whether names are unique (they are
// not), whether a filter by name minds the case (it does not), and what an ID
// that is no UUID gets (422).
type LangSmith struct{ *Server }

// NewLangSmith returns a fake without agents.
func NewLangSmith(opts ...ServerOption) *LangSmith {
	api := &langsmithAPI{newStore[langsmith.Agent](func(n int) string { return uuid(agentKind, n) })}
	return &LangSmith{newServer(vendor{
		name:            "LangSmith",
		credentials:     []string{"X-Api-Key"},
		wrongCredential: http.StatusForbidden,
		basePath:        "/v1/deepagents",
		copied:          http.StatusCreated,
		refuse:          langsmithRefusal,
		routes: []route{
			{method: http.MethodPost, path: "/agents/{id}/clone", copies: true, serve: api.clone},
			{method: http.MethodGet, path: "/agents/{id}", serve: api.get},
			{method: http.MethodGet, path: "/agents", serve: api.list},
		},
	}, api, opts)}
}

// AddAgent puts an agent into the fake and returns it as it is stored. An empty
// ID, name, owner, time, permission, model and whatever else LangSmith shows of
// every agent is filled in; IsOwner is whether the owner is the caller.
//
// It panics if the ID is no UUID or is taken.
func (l *LangSmith) AddAgent(a langsmith.Agent) langsmith.Agent {
	l.mu.Lock()
	defer l.mu.Unlock()
	api := l.agents.(*langsmithAPI)
	a = cloneOf(&a)
	a.ID = api.uuidFor(a.ID)
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
	a.IsOwner = new(a.OwnerID == langsmithCaller)
	if *a.IsOwner {
		a.AccessLevel = langsmith.AccessWrite
	}
	fill(&a.AccessLevel, langsmith.AccessRead)
	a.CreatedAt = stamp(a.CreatedAt, time.Now(), time.Microsecond)
	a.UpdatedAt = stamp(a.UpdatedAt, a.CreatedAt.Time, time.Microsecond)
	if a.Extras == nil {
		a.Extras = json.RawMessage("{}")
	}
	api.put(a.ID, a)
	return cloneOf(&a)
}

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

// find returns the agent with the ID in the path.
func (l langsmithAPI) find(c *call) (a *langsmith.Agent, refusal *answer) {
	if !uuidForm.MatchString(c.id) {
		return nil, langsmithError(http.StatusUnprocessableEntity, "invalid_agent_id", "Provide the agent ID as a UUID")
	}
	if a = l.byID[strings.ToLower(c.id)]; a == nil {
		return nil, langsmithError(http.StatusNotFound, "agent_not_found", "Verify the agent ID and that the calling identity has access: agent not found")
	}
	return a, nil
}

func (l langsmithAPI) clone(c *call) *answer {
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
	if field := faultOf(permissions); field != "" {
		return langsmithError(http.StatusUnprocessableEntity, "invalid_permissions", "Set 'permissions."+field+"' to one of its documented values")
	}
	a := *source
	a.ID = l.newID()
	a.Name = cmp.Or(name, source.Name+" (copy)")
	a.OwnerID, a.IsOwner, a.AccessLevel = langsmithCaller, new(true), langsmith.AccessWrite
	a.Permissions = permissions
	a.Extras = json.RawMessage("{}")
	a.Revision = revisionOf(a.ID)
	a.CreatedAt.Time = c.now.UTC().Truncate(time.Microsecond)
	a.UpdatedAt = a.CreatedAt
	l.put(a.ID, a)

	out := jsonAnswer(http.StatusCreated, langsmithDocument(a, includesFiles(c)))
	out.copied = &Copied{ID: a.ID, SourceID: source.ID, Name: a.Name}
	return out
}

// faultOf names the field of p whose value is none that is documented.
func faultOf(p langsmith.Permissions) string {
	switch {
	case !slices.Contains([]langsmith.Identity{langsmith.IdentityPersonal, langsmith.IdentityShared}, p.Identity):
		return "identity"
	case !slices.Contains([]langsmith.Visibility{langsmith.VisibilityTenant, langsmith.VisibilityUser}, p.Visibility):
		return "visibility"
	case !slices.Contains([]langsmith.TenantAccessLevel{langsmith.TenantAccessRead, langsmith.TenantAccessRun, langsmith.TenantAccessWrite}, p.TenantAccessLevel):
		return "tenant_access_level"
	}
	return ""
}

func (l langsmithAPI) get(c *call) *answer {
	a, refusal := l.find(c)
	if refusal != nil {
		return refusal
	}
	return jsonAnswer(http.StatusOK, langsmithDocument(*a, includesFiles(c)))
}

func includesFiles(c *call) bool {
	value := c.Query.Get("include_files")
	return value == "true" || value == "1"
}

func (l langsmithAPI) list(c *call) *answer {
	size, err := integer(c.Query, "page_size", 20, 1, 100)
	if err != nil {
		return langsmithInvalidQuery("page_size")
	}
	compare := map[string]func(a, b *langsmith.Agent) int{
		"created_at": func(a, b *langsmith.Agent) int { return a.CreatedAt.Compare(b.CreatedAt.Time) },
		"updated_at": func(a, b *langsmith.Agent) int { return a.UpdatedAt.Compare(b.UpdatedAt.Time) },
		"name":       func(a, b *langsmith.Agent) int { return strings.Compare(a.Name, b.Name) },
	}[cmp.Or(c.Query.Get("sort_by"), "updated_at")]
	if compare == nil {
		return langsmithInvalidQuery("sort_by")
	}
	order := cmp.Or(c.Query.Get("sort_order"), "desc")
	if order != "asc" && order != "desc" {
		return langsmithInvalidQuery("sort_order")
	}
	part := strings.ToLower(c.Query.Get("name"))
	var found []*langsmith.Agent
	for _, a := range sorted(l.all, compare, order == "desc") {
		if *a.IsOwner && strings.Contains(strings.ToLower(a.Name), part) {
			found = append(found, a)
		}
	}
	if c.Query.Get("cursor") != "" {
		last := l.byID[readCursor(c.Query.Get("cursor"))]
		i := slices.Index(found, last)
		if i < 0 {
			return langsmithInvalidQuery("cursor")
		}
		found = found[i+1:]
	}
	items := []any{}
	for _, a := range found[:min(size, len(found))] {
		items = append(items, langsmithSummary(*a))
	}
	var next *string // null on the last page
	if len(found) > size {
		next = new(cursorBehind(found[size-1].ID))
	}
	return jsonAnswer(http.StatusOK, map[string]any{"items": items, "next_cursor": next})
}

// A cursor is the ID of the last agent on the page before, in a form that says
// to leave it alone. An agent that is made while a list is read moves none.
func cursorBehind(id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("after " + id))
}

func readCursor(cursor string) (id string) {
	text, _ := base64.RawURLEncoding.DecodeString(cursor)
	return strings.TrimPrefix(string(text), "after ")
}

// langsmithSummary is what a list shows of an agent.
func langsmithSummary(a langsmith.Agent) any {
	return langsmithDocument(langsmith.Agent{
		ID: a.ID, Name: a.Name, Description: a.Description, OwnerID: a.OwnerID, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
		Permissions: a.Permissions, Runtime: a.Runtime, Extras: a.Extras, AccessLevel: a.AccessLevel, IsOwner: a.IsOwner, Backend: a.Backend,
	}, false)
}

// langsmithDocument is all of an agent, its files only when they are asked for.
func langsmithDocument(a langsmith.Agent, files bool) any {
	if !files {
		a.Files = nil
	}
	const layout = "2006-01-02T15:04:05.000000-07:00"
	return struct {
		langsmith.Agent
		CreatedAt string `json:"created_at"`
		UpdatedAt string `json:"updated_at"`
	}{a, a.CreatedAt.Format(layout), a.UpdatedAt.Format(layout)}
}

func langsmithError(status int, code, detail string) *answer {
	return jsonAnswer(status, map[string]any{
		"type":   "https://docs.langchain.com/errors/" + code,
		"code":   code,
		"detail": detail,
		"status": status,
	})
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
