package once

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// clockMargin is by how much the clocks of two machines may differ.
const clockMargin = 5 * time.Minute

// mostSeen is how many agents a record remembers that may be its copy.
const mostSeen = 100

// look asks the vendor and the ledger for everything that may show the copy.
// The order matters: the key whose request made an agent in the list is still
// pending when Pending is asked, or owns the agent when Owners is.
func (r *run) look(ctx context.Context) (*view, error) {
	ctx, cancel := context.WithTimeout(ctx, longestBlindness)
	defer cancel()
	mine := r.claim.current()
	mine.Since = r.since(&mine)
	candidates, err := r.copier.FindCopies(ctx, mine.Request, mine.Since)
	if mine.Sent() {
		mine.SentAt = later(mine.SentAt, onWall(r.settled).Add(-r.settleTime))
	}
	v := &view{mine: mine, settleTime: r.settleTime, firstSeen: make(map[string]time.Time)}
	v.complete = !errors.Is(err, agentcopy.ErrLookIncomplete)
	v.alreadyDone = errors.Is(err, agentcopy.ErrAlreadyDone)
	v.nameTaken = errors.Is(err, agentcopy.ErrNameTaken)
	if err != nil && v.complete && !v.alreadyDone && !v.nameTaken {
		return nil, err
	}
	v.candidates = sightings(&mine, candidates)
	now := clock()
	for _, c := range v.candidates {
		first, known := r.firstSeen[c.Copy.ID]
		if !known {
			first, r.firstSeen[c.Copy.ID] = now, now
		}
		v.firstSeen[c.Copy.ID] = later(first.Round(0), onWall(first))
	}
	if err := r.askLedger(ctx, v); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return v, nil
}

// sightings are candidates as they are judged: each once, without what no ledger
// keeps, and none certain in a look over all time.
func sightings(mine *Record, candidates []agentcopy.Candidate) (seen []agentcopy.Candidate) {
	for _, c := range candidates {
		c.Copy = stripped(c.Copy)
		c.Copy.Provider = cmp.Or(mine.Identity.Provider, c.Copy.Provider)
		if mine.Since.IsZero() {
			c.Match = agentcopy.MatchPossible
		}
		same := func(other agentcopy.Candidate) bool { return other.Copy.ID == c.Copy.ID }
		if i := slices.IndexFunc(seen, same); i < 0 || c.Copy.ID == "" {
			seen = append(seen, c)
		} else if c.Match == agentcopy.MatchCertain {
			seen[i] = c
		}
	}
	return seen
}

// onWall is t by the wall clock as it is set now. Between t and now the monotonic
// clock counts, which no step of the wall clock moves.
func onWall(t time.Time) time.Time {
	now := clock()
	return now.Round(0).Add(-now.Sub(t))
}

// since is the earlier of what the record says and what the monotonic clock says,
// so that a step of the wall clock during this call hides no copy. A record from the
// future shows that the clock was set back, and not by how much: then since is zero,
// for all time.
func (r *run) since(mine *Record) time.Time {
	if r.sinceHere.IsZero() && mine.Since.After(clock().Add(rivalMargin)) {
		return time.Time{}
	}
	if r.sinceHere.IsZero() || mine.Since.IsZero() {
		return mine.Since
	}
	return earlier(mine.Since, onWall(r.sinceHere))
}

// askLedger fills in what the ledger knows of the other keys.
func (r *run) askLedger(ctx context.Context, v *view) error {
	if len(v.candidates) == 0 && len(v.mine.Seen) == 0 {
		return nil // there is no agent to ask about
	}
	var sentSince time.Time
	if !v.mine.Since.IsZero() { // a sending that ended earlier made none of the candidates
		sentSince = v.mine.Since.Add(-clockMargin - r.settleTime)
	}
	for record, err := range r.ledger.Pending(ctx, v.mine.Identity, sentSince) {
		switch {
		case err != nil:
			return err
		case record.Key != v.mine.Key:
			v.rivals = append(v.rivals, record)
		}
	}
	var err error
	if v.keepsNames, err = keepsNames(ctx, r.ledger, v.mine.Identity); err != nil {
		return err
	}
	var refs []CopyRef
	for _, c := range slices.Concat(v.candidates, v.mine.Seen) {
		if c.Copy.ID != "" {
			refs = append(refs, refOf(&v.mine, c.Copy))
		}
	}
	v.owners, err = r.ledger.Owners(ctx, refs)
	return err
}

// keepsNames asks the ledger whether the vendor is known to keep names; see [Index].
func keepsNames(ctx context.Context, l Ledger, id agentcopy.Identity) (bool, error) {
	if index, ok := l.(Index); ok {
		return index.KeepsNames(ctx, id)
	}
	for r, err := range l.List(ctx) {
		if err != nil {
			return false, err
		}
		if scope(r.Identity) == scope(id) && r.ShowsKeptName() {
			return true, nil
		}
	}
	return false, nil
}

// remember notes in the record what the look saw: agents that may be the copy, and
// when it began if it counts.
func (r *run) remember(ctx context.Context, begun time.Time, v *view, j judgement) error {
	open := j.possible[:min(len(j.possible), mostSeen)]
	if v.complete && r.lookedHere.IsZero() {
		r.lookedHere = begun
	}
	grown := slices.ContainsFunc(open, func(c agentcopy.Candidate) bool { return !hasID(v.mine.Seen, c.Copy.ID) })
	change := func(record *Record) {
		record.Seen = slices.Clone(open)
		if v.complete && record.LookedAt.IsZero() {
			record.LookedAt = stamp(begun)
		}
	}
	if !grown { // the next write carries it
		r.claim.set(change)
		return nil
	}
	return r.claim.update(ctx, change)
}

// isFinal reports whether the next look would fail the same way.
func isFinal(err error) bool {
	if errors.Is(err, agentcopy.ErrInvalid) {
		return true
	}
	switch status := statusOf(err); status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests, 460, 499:
		return false
	case http.StatusNotImplemented:
		return true
	default:
		return status >= 300 && status <= 499
	}
}

// statusOf is the status of the answer that err is about; 0 if there was none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		return e.StatusCode
	}
	return 0
}
