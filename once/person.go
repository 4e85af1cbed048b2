package once

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Find looks once for the copy of key and never sends. If the key has a record, Find
// records and returns one certain match. If it has none, Find looks over all time, where
// an agent of the name is only possible: the error is an [AmbiguousError], and the record
// stays for [Runner.Assign] and [Runner.Dismiss]. If nothing may be the copy, the error
// is [ErrNoCopy], and a record that Find began is removed; then it is safe to call Copy.
// If the look did not see everything, the error is agentcopy.ErrLookIncomplete and never
// ErrNoCopy.
//
// Use it if a ledger was lost, before Copy makes everything again.
func (r *Runner) Find(ctx context.Context, key string, c agentcopy.Copier, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	result := r.claimed(ctx, key, c, req, (*run).find)
	return result.Copy, result.Err
}

// find looks once.
func (r *run) find(ctx context.Context) Result {
	isNew := !r.inDoubt() // there is no record but for the one that claims the key
	r.startLooking()
	v, err := r.look(ctx)
	if err != nil {
		err = fmt.Errorf("the look for the copy failed: %w", err)
	} else {
		v.settled, v.overdue = true, true
		err = r.seen(ctx, v)
	}
	switch {
	case err == nil:
		return r.result
	case errors.Is(err, ErrAmbiguous):
	case !isNew:
		err = r.unsettled(err)
	default:
		if abandoned := r.claim.abandon(); abandoned != nil {
			err = r.unsettled(fmt.Errorf("%w; the ledger could not remove the intent: %w", err, abandoned))
		}
	}
	return Result{Err: err}
}

// seen says what one look of Find comes to. It returns nil if it ends the run.
func (r *run) seen(ctx context.Context, v *view) error {
	j := v.judge()
	if j.finding == found {
		if _, ends := r.claimFound(ctx, j.copy); ends {
			return nil
		}
		return ErrNoCopy // another key has it
	}
	if len(j.possible) > 0 || v.alreadyDone {
		r.claim.set(func(record *Record) {
			record.Seen = j.possible[:min(len(j.possible), mostSeen)]
			if v.alreadyDone && !record.Sent() { // a request was sent that no record tells of
				record.SentAt = stamp(clock())
			}
		})
		return r.ambiguous(j)
	}
	if !v.complete {
		return fmt.Errorf("the look for the copy was inconclusive: %w", agentcopy.ErrLookIncomplete)
	}
	return ErrNoCopy
}

// Assign records that the agent id is the copy of key, because a person says so; an
// [AmbiguousError] lists the candidates. The error is [ErrNoCopy] if the key has no
// record, [ErrCopyTaken] if another key owns the agent, and agentcopy.ErrInvalid if id is
// empty or the source's, or if the key already has another copy.
func (r *Runner) Assign(ctx context.Context, key, id string) error {
	id = strings.TrimSpace(id)
	if id == "" {
		return aboutKey(key, invalid("the ID to assign is empty"))
	}
	return r.decided(ctx, key, func(c *claim) error {
		record := c.current()
		copied := agentcopy.Copy{Provider: record.Identity.Provider, SourceID: record.Request.SourceID, ID: written(id, record.Request.SourceID)}
		if i := indexOf(record.Seen, copied.ID); i >= 0 {
			copied = stripped(record.Seen[i].Copy)
		}
		if strings.EqualFold(copied.ID, record.Request.SourceID) {
			return invalid("the ID to assign is the source's own")
		}
		if record.Done() {
			if record.Copy.ID == copied.ID {
				return nil
			}
			return invalid(fmt.Sprintf("the key already has the copy %s, and cannot be assigned %s", oneLine(record.Copy.ID), oneLine(id)))
		}
		return c.finish(func(record *Record) { record.Copy, record.Found = copied, true })
	})
}

// Dismiss records that the agents ids are not the copy of key, because a person
// says so. The next Copy goes on without them, and sends again if nothing else forbids
// it. If the key has no record, the error is [ErrNoCopy]; if it is done or no ID is
// given, agentcopy.ErrInvalid.
func (r *Runner) Dismiss(ctx context.Context, key string, ids ...string) error {
	dismissed := make([]string, len(ids))
	for i, id := range ids {
		dismissed[i] = strings.TrimSpace(id)
	}
	if len(ids) == 0 || slices.Contains(dismissed, "") {
		return aboutKey(key, invalid("an ID to dismiss is missing"))
	}
	return r.decided(ctx, key, func(c *claim) error {
		if done := c.current(); done.Done() {
			return invalid("the key is done, and has no candidates to dismiss")
		}
		return c.update(c.writes, func(record *Record) {
			for i, id := range dismissed {
				dismissed[i] = written(id, record.Request.SourceID)
				if at := indexOf(record.Seen, dismissed[i]); at >= 0 {
					dismissed[i] = record.Seen[at].Copy.ID // as the vendor writes it
				}
			}
			record.Dismissed = append(record.Dismissed, filter(dismissed, func(id string) bool { return !slices.Contains(record.Dismissed, id) })...)
			record.Seen = filter(record.Seen, func(seen agentcopy.Candidate) bool { return !slices.Contains(dismissed, seen.Copy.ID) })
		})
	})
}

// written is id as its vendor writes IDs, where that of the source shows how: numbers
// without a sign and zeros, UUIDs in small letters. No ledger takes two spellings
// for one agent.
func written(id, source string) string {
	isUUID := func(s string) bool { return len(s) == 36 && strings.Count(s, "-") == 4 }
	number, err := strconv.ParseInt(id, 10, 64)
	_, sourceErr := strconv.ParseInt(source, 10, 64)
	switch {
	case err == nil && sourceErr == nil:
		return strconv.FormatInt(number, 10)
	case isUUID(id) && isUUID(source) && source == strings.ToLower(source):
		return strings.ToLower(id)
	}
	return id
}

// indexOf returns which of seen has the ID, as a person writes it: letters may be of
// the other case, as in UUIDs, if that leaves no choice. -1 means none.
func indexOf(seen []agentcopy.Candidate, id string) int {
	folded, n := -1, 0
	for i, c := range seen {
		switch {
		case c.Copy.ID == id:
			return i
		case strings.EqualFold(c.Copy.ID, id):
			folded, n = i, n+1
		}
	}
	if n == 1 {
		return folded
	}
	return -1
}

// errNoRecord is why a person cannot decide on a key.
var errNoRecord = fmt.Errorf("%w: the ledger has no record of the key", ErrNoCopy)

// decided has do change the record of key, which a person has decided on.
func (r *Runner) decided(ctx context.Context, key string, do func(*claim) error) (err error) {
	defer func() { err = aboutKey(key, err) }()
	if err := r.check(ctx, key); err != nil {
		return err
	}
	unlock, err := keyLocks.lock(ctx, r, key)
	if err != nil {
		return err
	}
	defer unlock()
	record, found, err := get(ctx, r.Ledger, key)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: %w", err)
	case !found:
		return errNoRecord
	}
	c, err := r.begin(ctx, record)
	if err != nil {
		return err
	}
	if record := c.current(); record.Done() { // nothing is claimed
		return do(c)
	}
	return c.work(func() error {
		if !c.found { // it was taken back meanwhile, and Begin made another
			return cmp.Or(c.abandon(), errNoRecord)
		}
		return do(c)
	})
}

// get asks the ledger for the record of key.
func get(ctx context.Context, l Ledger, key string) (Record, bool, error) {
	if index, ok := l.(Index); ok {
		return index.Get(ctx, key)
	}
	for r, err := range l.List(ctx) {
		if err != nil || r.Key == key {
			return r, err == nil, err
		}
	}
	return Record{}, false, nil
}
