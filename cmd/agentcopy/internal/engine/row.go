// Package engine makes the copies of a manifest: every vendor in a lane of its
// own, all at once, each at its own pace.
package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/once"
)

// Status is what became of a row.
type Status string

// The statuses of a row.
const (
	NotStarted Status = "not_started" // nothing was sent for it, or provably in vain; the next run sends it
	Copied     Status = "copied"      // there is a copy, and its ID is known
	Failed     Status = "failed"      // there is none; the next run tries again
	InDoubt    Status = "in_doubt"    // there may be one; the next run goes on looking
	Ambiguous  Status = "ambiguous"   // there may be one; a person has to say which agent it is
)

// Statuses are all of them, in the order of a summary.
var Statuses = []Status{Copied, Failed, InDoubt, Ambiguous, NotStarted}

// Row is a row of the manifest and what became of it.
type Row struct {
	*manifest.Row
	Status    Status
	CopyID    string
	CopyName  string
	CreatedAt time.Time
	Existing  bool   // the copy was made by an earlier run, or was found by looking
	Cause     string // of a failure, the same for those that are alike
	Error     string
	failed    bool // an earlier run remembered that it failed
	begun     bool // the ledger has a record of it that is not done
}

func (r *Row) copied(c agentcopy.Copy, existing bool) {
	r.Status, r.CopyID, r.CopyName, r.CreatedAt, r.Existing, r.Cause, r.Error = Copied, c.ID, c.Name, c.CreatedAt, existing, "", ""
}

// settle notes what an error of the Runner means for the row.
//
// One that was not sent is what it was before.
func (r *Row) settle(err error) {
	status := statusOf(err)
	if status == NotStarted && r.Status != NotStarted {
		return
	}
	r.Status, r.Cause = status, causeOf(err).text
	r.Error = strings.TrimPrefix(err.Error(), fmt.Sprintf("key %q: ", r.Key))
}

// statusOf is what an error of the Runner means. What leaves a copy possible comes
// first: it is never called failed.
func statusOf(err error) Status {
	switch {
	case errors.Is(err, once.ErrAmbiguous):
		return Ambiguous
	case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied), errors.Is(err, once.ErrLeaseLost):
		return InDoubt
	case errors.Is(err, errWithdrawn), errors.Is(err, context.Canceled), errors.Is(err, once.ErrInProgress), errors.Is(err, agentcopy.ErrRateLimited):
		return NotStarted
	}
	return Failed
}

// Counts is how many rows have each status, and how many of the copied ones existed.
type Counts struct {
	Of       map[Status]int
	Existing int
}

// Count counts rows.
func Count(rows []*Row) Counts {
	c := Counts{Of: make(map[Status]int)}
	for _, r := range rows {
		c.Of[r.Status]++
		if r.Existing {
			c.Existing++
		}
	}
	return c
}
