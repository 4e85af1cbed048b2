package vendorkit

import (
	"cmp"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// reading is one reading of the list.
type reading[A any, K comparable] struct {
	*Finder[A, K]
	seen        map[K]bool
	total       int
	twice, fell bool   // an ID came twice, the total fell
	stale       string // see Dates.Staleness
	last        agentcopy.Time
	descending  bool // so far, the stamps are those of a list that comes newest first
	cut         bool // it was not read to its end
}

// observe wraps pages. It sees each page before its agents are yielded, and ends a
// list that comes newest first behind a page that ends before the request.
func (r *reading[A, K]) observe(pages Pages[A]) Pages[A] {
	return func(number int, cursor string) (Page[A], error) {
		page, err := pages(number, cursor)
		if err != nil {
			return page, err
		}
		r.stale = cmp.Or(r.stale, r.Client.Dates.Staleness(page.Response))
		r.fell = r.fell || page.Total < r.total
		r.total = page.Total
		page.More = page.More || page.Unsure && len(page.Items) > 0
		for i := range page.Items {
			r.note(&page.Items[i], page.Response)
		}
		if r.Sorted && r.descending && page.More && len(page.Items) > 0 {
			r.cut = r.isOld(&Shown{Created: r.last, Response: page.Response})
			page.More = !r.cut
		}
		return page, nil
	}
}

func (r *reading[A, K]) note(item *A, response *agentcopy.Response) {
	r.Agents.Received(item, response)
	var none K
	if id := r.Agents.ID(item); id != none {
		r.twice = r.twice || r.seen[id]
		r.seen[id] = true
	}
	stamp := r.Show(item).Created
	if stamp.Time.IsZero() || !r.last.Time.IsZero() && stamp.Time.After(r.last.Time) {
		r.descending = false
	}
	r.last = stamp
}
