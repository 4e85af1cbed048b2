package agentcopytest

import (
	"cmp"
	"math"
	"strings"

	"github.com/agentcopy/agentcopy-go/zudu"
)

// zuduQuery is what either list is asked for.
type zuduQuery struct {
	page, limit       int
	sortBy, sortOrder string
	names             []string // parts of names, of which one must fit; nil for all agents
}

// zuduDefaults is the query of a list that asks for nothing.
var zuduDefaults = zuduQuery{limit: 20, sortBy: "updated_at", sortOrder: "descending"}

const zuduMaxLimit = 100

func (z *zuduAPI) list(c *call) *answer {
	q := zuduDefaults
	var err error
	if q.page, err = integer(c.Query, "page", q.page, 0, math.MaxInt32); err != nil {
		return zuduInvalid("page " + err.Error())
	}
	if q.limit, err = integer(c.Query, "limit", q.limit, 1, zuduMaxLimit); err != nil {
		return zuduInvalid("limit " + err.Error())
	}
	q.sortBy = cmp.Or(c.Query.Get("sort_by"), q.sortBy)
	q.sortOrder = cmp.Or(c.Query.Get("sort_order"), q.sortOrder)
	return z.answerList(q)
}

// find is the list by filter: a POST that makes nothing.
func (z *zuduAPI) find(c *call) *answer {
	q := zuduDefaults
	body, err := c.fields()
	if err != nil && err != errNoBody {
		return zuduInvalid(err.Error())
	}
	var criteria map[string][]string
	for name, v := range map[string]any{
		"page": &q.page, "limit": &q.limit, "sort_by": &q.sortBy, "sort_order": &q.sortOrder, "filter_criteria": &criteria,
	} {
		if err := body.read(name, v); err != nil {
			return zuduInvalid(err.Error())
		}
	}
	if err := within(q.page, 0, math.MaxInt32); err != nil {
		return zuduInvalid("page " + err.Error())
	}
	if err := within(q.limit, 1, zuduMaxLimit); err != nil {
		return zuduInvalid("limit " + err.Error())
	}
	q.names = criteria["agent_name"]
	return z.answerList(q)
}

func (z *zuduAPI) answerList(q zuduQuery) *answer {
	compare := map[string]func(a, b *zudu.Agent) int{
		"created_at": func(a, b *zudu.Agent) int { return a.CreatedAt.Compare(b.CreatedAt.Time) },
		"updated_at": func(a, b *zudu.Agent) int { return a.UpdatedAt.Compare(b.UpdatedAt.Time) },
		"agent_name": func(a, b *zudu.Agent) int { return strings.Compare(a.AgentName, b.AgentName) },
	}[q.sortBy]
	switch {
	case compare == nil:
		return zuduInvalid("sort_by is unknown: " + q.sortBy)
	case q.sortOrder != "ascending" && q.sortOrder != "descending":
		return zuduInvalid("sort_order is unknown: " + q.sortOrder)
	}
	var found []*zudu.Agent
	for _, a := range z.all {
		if q.names == nil || containsAny(a.AgentName, q.names) {
			found = append(found, a)
		}
	}
	found = sorted(found, compare, q.sortOrder == "descending")
	page, pages := pageOf(found, q.page, q.limit)
	items := []any{}
	for _, a := range page {
		items = append(items, z.item(a))
	}
	pagination := map[string]any{"page": q.page, "limit": q.limit, "total_pages": pages}
	if z.firstGeneration {
		pagination["total"] = len(found)
	} else {
		pagination["total_count"] = len(found)
		pagination["has_next_page"] = q.page+1 < pages
		pagination["has_previous_page"] = q.page > 0
	}
	return zuduSuccess("Agents retrieved successfully", map[string]any{
		"organization_id": zuduOrganization,
		"agents":          items,
		"pagination":      pagination,
		"returned_count":  len(items),
		"sort_order":      q.sortOrder,
		"sort_by":         q.sortBy,
	})
}

// containsAny reports whether one of parts is part of name, in any case.
func containsAny(name string, parts []string) bool {
	name = strings.ToLower(name)
	for _, part := range parts {
		if strings.Contains(name, strings.ToLower(part)) {
			return true
		}
	}
	return false
}

// item is what a list shows of an agent.
func (z *zuduAPI) item(a *zudu.Agent) any {
	if !z.firstGeneration {
		return z.document(a)
	}
	return map[string]string{
		"agent_id":   a.AgentID,
		"agent_name": a.AgentName,
		"language":   a.Language,
		"created_at": z.time(a.CreatedAt.Time),
		"updated_at": z.time(a.UpdatedAt.Time),
	}
}
