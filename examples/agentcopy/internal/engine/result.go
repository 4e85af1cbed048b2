// Package engine makes the copies of a manifest: every vendor in a lane of its
// own, all at once, each at its own pace.
package engine

import (
	"context"
	"errors"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/once"
)

// Status is what became of a row.
type Status string

// The statuses of a row.
const (
	Copied     Status = "copied"      // there is a copy, and its ID is known
	Failed     Status = "failed"      // there is none, and it would fail again
	Unknown    Status = "unknown"     // there may be one; the next run goes on looking
	NotStarted Status = "not_started" // nothing was sent; the next run will
)

// Result is what became of a row.
type Result struct {
	Row      manifest.Row
	Status   Status
	Copy     agentcopy.Copy
	Existing bool // the copy was made by an earlier run, or was found by looking
	Err      error
}

// resultOf says in one word what Once says in an error.
func resultOf(row manifest.Row, r once.Result) Result {
	return Result{Row: row, Status: StatusOf(r.Err), Copy: r.Copy, Existing: r.Existing, Err: r.Err}
}

// StatusOf is what an error of Once means for the row.
func StatusOf(err error) Status {
	switch {
	case err == nil:
		return Copied
	case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied), errors.Is(err, once.ErrAmbiguous),
		errors.Is(err, once.ErrInProgress), errors.Is(err, once.ErrLeaseLost):
		return Unknown
	case errors.Is(err, errWithdrawn), errors.Is(err, context.Canceled):
		return NotStarted
	}
	return Failed
}

// Counts are how many rows have each status.
type Counts struct {
	Copied     int `json:"copied"`
	Existing   int `json:"existing"` // of those copied, by an earlier run or found
	Failed     int `json:"failed"`
	Unknown    int `json:"unknown"`
	NotStarted int `json:"not_started"`
}

// Add counts one more.
func (c *Counts) Add(r Result) {
	switch r.Status {
	case Copied:
		c.Copied++
		if r.Existing {
			c.Existing++
		}
	case Failed:
		c.Failed++
	case Unknown:
		c.Unknown++
	case NotStarted:
		c.NotStarted++
	}
}

// Finished is how many have been dealt with.
func (c *Counts) Finished() int { return c.Copied + c.Failed + c.Unknown }
