package agentcopytest

import (
	"cmp"
	"math"
	"slices"

	"github.com/agentcopy/agentcopy-go/zudu"
)

// zuduQuery is what either list is asked for.
type zuduQuery struct {
	page, limit       int
	sortBy, sortOrder string
	names             []string // one of these must pass the filter; nil for all agents
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
	return z.answerList(c, q)
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
	return z.answerList(c, q)
}

func (z *zuduAPI) answerList(c *call, q zuduQuery) *answer {
	compare := z.comparison(q.sortBy, "agent_name")
	switch {
	case compare == nil:
		return zuduInvalid("sort_by is unknown: " + q.sortBy)
	case q.sortOrder != "ascending" && q.sortOrder != "descending":
		return zuduInvalid("sort_order is unknown: " + q.sortOrder)
	}
	found := z.visible(c, z.ordered(compare, q.sortOrder == "descending"), func(a *zudu.Agent) bool {
		return q.names == nil || slices.ContainsFunc(q.names, func(text string) bool { return z.filtered(a, text) })
	})
	limit := z.pageSize(q.limit)
	page, pages := z.page(found, q.page, limit)
	return shown(zuduSuccess("Agents retrieved successfully", map[string]any{
		"organization_id": zuduOrganization,
		"agents":          z.items(page),
		"pagination":      z.pagination(q.page, limit, len(found), pages),
		"returned_count":  len(page),
		"sort_order":      q.sortOrder,
		"sort_by":         q.sortBy,
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
	if z.firstGeneration {
		p["total"] = total
		return p
	}
	p["total_count"], p["has_next_page"], p["has_previous_page"] = total, next, page > 0
	return p
}
