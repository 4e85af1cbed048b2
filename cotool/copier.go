package cotool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/names"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and for
// programs that copy on several vendors. It ignores the name of a request, since none
// can be chosen. The Body of its copies is Cotool's whole answer, which also names the
// parked agent and the moved triggers: decode it into a [CopyAgentResponse]. A copy
// that a ledger or FindCopies returns has no Body: its SourceID is the parked agent,
// and GetAgent shows the triggers in TriggerSummary. It treats [agentcopy.RetryAlways]
// as RetrySafe, which makes no second copy.
//
// Its FindCopies first checks whether the source is parked, by its ID and in the list.
// If deletedAt is set, in any form, or the ID answers 404, the error matches
// [agentcopy.ErrAlreadyDone], and the request must never be sent again. If the source
// is not parked, there should be no copy, but an agent made since with the source's
// name or one derived from it is possible.
//
// Candidates are agents that are not deleted, by the rules of [agentcopy.MatchAgent].
// An agent is certain only if it has the name of the source and no syncKey, and was
// made since the request. That a copy has these is inferred: Cotool does not say. If
// Cotool no longer shows the source, its name is unknown and no candidate is certain.
func (c *Client) Copier() agentcopy.Copier { return copier{&Client{c.made().ForCopier()}} }

type copier struct{ client *Client }

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	source := canonical(req.SourceID)
	moved, err := c.client.CopyAgent(ctx, source)
	if err != nil {
		return agentcopy.Copy{}, c.client.kit.CopyFailed(err)
	}
	return c.client.kit.Copy(source, shown(&moved.Agent)), nil
}

// canonical is a UUID in the one form by which IDs are compared.
func canonical(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	id := canonical(req.SourceID)
	s, err := c.findSource(ctx, id)
	if err != nil {
		return nil, err
	}
	finder := &vendorkit.Finder[Agent, string]{
		Client:   c.client.kit,
		Agents:   agents,
		Since:    since,
		Show:     shown,
		SourceID: id,
	}
	pages := c.client.pages(ctx)
	found := finder.Find(func(number int, cursor string) (vendorkit.Page[Agent], error) {
		page, err := pages(number, cursor)
		for i := range page.Items {
			if agent := &page.Items[i]; canonical(agent.ID) == id {
				s.show(agent)
			}
		}
		finder.Name = s.name // before the agents of the page are considered
		return page, err
	})
	found.Incomplete = cmp.Or(s.stale, found.Incomplete)
	found.NameTaken = false // no name was asked for
	if s.done == "" {
		found.Candidates = namesakes(found.Candidates, s.name)
		return found.Result()
	}
	return found.Result(fmt.Errorf("%s: %w: %s", vendor.Name, agentcopy.ErrAlreadyDone, s.done))
}

// namesakes are the candidates that have about the source's name. While the source
// does not show as parked there should be no copy. But how that shows is inferred, so
// the request must not be sent again.
func namesakes(candidates []agentcopy.Candidate, name string) []agentcopy.Candidate {
	candidates = slices.DeleteFunc(candidates, func(c agentcopy.Candidate) bool { return !names.Near(name, c.Copy.Name) })
	for i := range candidates {
		candidates[i].Match = agentcopy.MatchPossible
		candidates[i].Reason = fmt.Sprintf("named %q like its source, which does not show as parked", candidates[i].Copy.Name)
	}
	return candidates
}

// source is what Cotool shows of the agent that is to be copied.
type source struct {
	name  string // "" if it is not shown
	done  string // why it must have been copied; "" if nothing shows that
	stale string // why it may be shown as it was before
}

// findSource asks for the source.
func (c copier) findSource(ctx context.Context, id string) (s source, err error) {
	agent, err := c.client.GetAgent(ctx, id)
	switch {
	case errors.Is(err, agentcopy.ErrNotFound): // the list may show it
		return source{done: "its source is gone"}, nil
	case err == nil:
		s.stale = c.client.kit.Dates.Staleness(agent.Response)
		s.show(agent)
	}
	return s, err
}

func (s *source) show(a *Agent) {
	s.name = cmp.Or(s.name, a.Name)
	if !a.DeletedAt.IsZero() { // set in any form, readable or not
		s.done = "its source is parked"
	}
}

func shown(a *Agent) vendorkit.Shown {
	s := vendorkit.Shown{
		ID: canonical(a.ID), Name: a.Name, Created: a.CreatedAt, Updated: a.UpdatedAt, Response: a.Response,
		Out: !a.DeletedAt.IsZero(),
	}
	if a.SyncKey != "" {
		s.Doubt = fmt.Sprintf("named %q, is managed, which a copy should not be", a.Name)
	}
	return s
}

// Identify says what a request stands for; see [agentcopy.Identity]. A source can
// be moved once, whatever the name that is asked for.
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := canonical(req.SourceID)
	return c.client.kit.Identity(id, id)
}
