package once

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agentcopy/agentcopy-go"
)

// clockMargin is by how much the times of two machines may differ, once the
// ledger that they share has converted them.
const clockMargin = 5 * time.Second

// others returns the keys that are not done and whose copies look like ours. It
// must be asked after the look: whoever made an agent that was seen is among
// them, or is done and owns it.
func (e *errand) others(ctx context.Context) (others []Record, err error) {
	mine := e.claim.current()
	for r, err := range e.ledger.Pending(ctx) {
		if err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		if r.Key != mine.Key && r.Identity.Provider == mine.Identity.Provider &&
			r.Identity.Origin == mine.Identity.Origin && r.Identity.Mark == mine.Identity.Mark {
			others = append(others, r)
		}
	}
	return others, nil
}

// decide adopts the candidate that is the copy, if that can be told. unclear
// says that one of them may have been there before, last that waiting tells no
// more.
//
// A candidate that another key may have made is left to that key, whose answer
// may be on its way. Where all wait for each other and stand for the same
// request, they share the candidates: one is as good as the other.
func (e *errand) decide(candidates []agentcopy.Copy, others []Record, unclear, last bool) (agentcopy.Copy, error) {
	var ours []agentcopy.Copy
	for _, c := range candidates {
		if !slices.ContainsFunc(others, func(r Record) bool { return e.mayHaveMade(&r, c) }) {
			ours = append(ours, c)
		}
	}
	switch {
	case !unclear && len(ours) == 1:
		return e.adopt(ours[0])
	case !last && (unclear || len(ours) == 0):
		return agentcopy.Copy{}, errNotYet
	case !unclear && len(ours) == 0 && e.mayShare(len(candidates), others):
		// The oldest: a key that was begun later could not take it.
		return e.adopt(candidates[len(candidates)-1])
	}
	return agentcopy.Copy{}, e.unsettled(ambiguous(candidates, others))
}

// mayShare reports whether this key may have any of so many candidates, which
// others may have made as well: all must stand for the same request, no agent
// may be left over, and those of whom the vendor has said that they have a copy
// come first.
func (e *errand) mayShare(candidates int, others []Record) bool {
	mine := e.claim.current()
	sure := 0
	for _, r := range others {
		if !r.SameRequest(&mine) {
			return false
		}
		if r.Outcome == agentcopy.OutcomeCopied {
			sure++
		}
	}
	return candidates <= 1+len(others) && (candidates > sure || mine.Outcome == agentcopy.OutcomeCopied)
}

// mayHaveMade reports whether the key of r was begun before c was seen.
func (e *errand) mayHaveMade(r *Record, c agentcopy.Copy) bool {
	return r.Since.Before(e.seen[c.ID].Add(clockMargin))
}

// adopt makes a copy that was found the one of this key.
func (e *errand) adopt(found agentcopy.Copy) (agentcopy.Copy, error) {
	err := e.claim.finish(found, true)
	switch {
	case errors.Is(err, ErrCopyTaken): // by another key, since we looked
		return agentcopy.Copy{}, errNotYet
	case err != nil:
		return found, e.unrecorded(found, err)
	}
	return found, nil
}
