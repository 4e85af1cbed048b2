package once

import (
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/names"
)

const (
	// rivalMargin is by how much the clocks of two machines may differ when the
	// times of two records are compared, which one ledger has converted.
	rivalMargin = 5 * time.Second
	// newcomerMargin is by how much later than SettleTime an agent of another name
	// may have been made and still be the copy.
	newcomerMargin = time.Minute
)

// finding is what one look comes to.
type finding int

const (
	nothing finding = iota // no agent may be the copy
	found                  // one agent is the copy
	notYet                 // a later look may tell
	stuck                  // no later look will tell
)

// view is everything that one look shows. Judging it needs no clock, ledger or network.
type view struct {
	mine        Record
	candidates  []agentcopy.Candidate // newest first
	owners      map[CopyRef]Record    // of candidates, and of mine.Seen
	rivals      []Record              // other keys of the account that are sent and not done
	firstSeen   map[string]time.Time  // by ID, when this call saw a candidate first
	keepsNames  bool                  // the vendor is known to keep names
	complete    bool                  // the look saw everything
	alreadyDone bool                  // the vendor shows that the copy was made
	nameTaken   bool                  // an older agent has the name

	settleTime time.Duration
	settled    bool // SettleTime was over when the look began
	overdue    bool // one more SettleTime was over
}

// judgement is what a view comes to.
type judgement struct {
	finding
	copy     agentcopy.Copy        // found
	possible []agentcopy.Candidate // what may be the copy, hidden agents last
	keys     []string              // rivals that may have made one of them
}

// judge decides in this order; the first line that holds counts.
//
//	what may be the copy                                     before      after SettleTime
//	one certain agent that no rival may have made            found       found
//	   (in a look that did not see everything                notYet      found)
//	several such agents                                      stuck       stuck
//	certain agents that rivals may have made                 notYet      shared among equals, else stuck
//	only possible agents                                     notYet      stuck
//	   (in a look that did not see everything                notYet      notYet)
//	   (while a rival's request is under way                 notYet      notYet, for one more SettleTime)
//	an agent was seen and is hidden now                      notYet      notYet, for one more SettleTime
//	the vendor shows that the copy was made                  notYet      notYet, for one more SettleTime
//	nothing, in a look that did not see everything           notYet      notYet
//	nothing                                                  nothing     nothing
func (v *view) judge() judgement {
	shown := filter(v.candidates, v.mayBeTheCopy)
	hidden := filter(v.hidden(), v.mayBeTheCopy)
	certain := filter(shown, func(c agentcopy.Candidate) bool { return c.Match == agentcopy.MatchCertain && c.Copy.ID != "" })
	ours := filter(certain, func(c agentcopy.Candidate) bool { return !v.mayBeARivals(c) })
	j := judgement{possible: slices.Concat(shown, hidden), keys: v.rivalKeys()}
	switch {
	case len(ours) == 1 && (v.complete || v.settled):
		j.finding, j.copy = found, ours[0].Copy
	case len(ours) > 1:
		j.finding = stuck
	case len(j.possible) == 0 && !v.alreadyDone && v.complete:
		j.finding = nothing
	case len(shown) == 0 && !v.complete, !v.settled:
		j.finding = notYet
	case len(certain) > 0 && v.mayShare(len(certain)):
		// The oldest: a key that was begun later could not take it.
		j.finding, j.copy = found, certain[len(certain)-1].Copy
	case !v.complete, !v.overdue && (len(shown) == 0 || v.rivalUnderWay()):
		j.finding = notYet
	default:
		j.finding = stuck
	}
	return j
}

// mayBeTheCopy reports whether c, which was seen, forbids to send again.
func (v *view) mayBeTheCopy(c agentcopy.Candidate) bool {
	switch _, owned := v.owners[refOf(&v.mine, c.Copy)]; {
	case owned, c.Copy.ID != "" && strings.EqualFold(c.Copy.ID, v.mine.Request.SourceID):
		return false
	case c.Copy.ID != "" && slices.Contains(v.mine.Dismissed, c.Copy.ID):
		return false
	case c.Match == agentcopy.MatchCertain, c.Copy.Name == "", v.isNear(c.Copy.Name):
		return true
	}
	// An agent of another name, as which the vendor may have made the copy.
	isRivals := func(r Record) bool { return r.Identity.SearchKey == c.Copy.Name }
	tooNew := v.mine.Sent() && c.Made.After(v.mine.SentAt.Add(v.settleTime+newcomerMargin))
	return !v.keepsNames && !slices.ContainsFunc(v.rivals, isRivals) && !tooNew
}

// isNear reports whether the vendor may have made name of what was asked for.
func (v *view) isNear(name string) bool {
	key := v.mine.Identity.SearchKey
	return key == "" || names.Near(key, name)
}

// hidden are the agents that an earlier look showed and this one does not.
func (v *view) hidden() []agentcopy.Candidate {
	return filter(v.mine.Seen, func(seen agentcopy.Candidate) bool { return !hasID(v.candidates, seen.Copy.ID) })
}

func hasID(candidates []agentcopy.Candidate, id string) bool {
	return slices.ContainsFunc(candidates, func(c agentcopy.Candidate) bool { return c.Copy.ID == id })
}

// looksLikeOurs reports whether the copies of r cannot be told from ours by name. A
// near name tells nothing if the vendor shows an agent of exactly that name, or keeps
// names and this one is not ours in another form.
func (v *view) looksLikeOurs(r Record) bool {
	if r.Identity.SearchKey == v.mine.Identity.SearchKey {
		return true
	}
	isItsOwn := func(c agentcopy.Candidate) bool { return c.Copy.Name == r.Identity.SearchKey }
	near := names.Alike(r.Identity.SearchKey, v.mine.Identity.SearchKey) || !v.keepsNames && v.isNear(r.Identity.SearchKey)
	return near && !slices.ContainsFunc(v.candidates, isItsOwn)
}

// mayBeARivals reports whether a rival was sent before c was seen, and so may have
// made it. Its answer may be on its way.
func (v *view) mayBeARivals(c agentcopy.Candidate) bool {
	return slices.ContainsFunc(v.rivals, func(r Record) bool {
		return v.looksLikeOurs(r) && r.Since.Before(v.firstSeen[c.Copy.ID].Add(rivalMargin))
	})
}

// rivalUnderWay reports whether a rival's request has not ended yet.
func (v *view) rivalUnderWay() bool {
	return slices.ContainsFunc(v.rivals, func(r Record) bool { return r.SentAt.After(v.mine.SentAt) })
}

// mayShare reports whether this key may take one of the certain agents: all rivals
// stand for the same request, there are no more agents than keys, and the keys whose
// copy the vendor has confirmed come first.
func (v *view) mayShare(certain int) bool {
	equals, sure := 0, 0
	for _, r := range filter(v.rivals, v.looksLikeOurs) {
		if !r.SameRequest(&v.mine) {
			return false
		}
		if r.Outcome == agentcopy.OutcomeCopied {
			sure++
		}
		equals++
	}
	return certain <= 1+equals && (certain > sure || v.mine.Outcome == agentcopy.OutcomeCopied)
}

func (v *view) rivalKeys() (keys []string) {
	for _, r := range filter(v.rivals, v.looksLikeOurs) {
		keys = append(keys, r.Key)
	}
	return keys
}

func filter[T any](items []T, keep func(T) bool) (kept []T) {
	for _, item := range items {
		if keep(item) {
			kept = append(kept, item)
		}
	}
	return kept
}
