package transport

import (
	"errors"
	"fmt"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// What can be wrong with the body of an answer whose status says success.
var (
	// ErrNoID is for verify: the answer is JSON, but lacks the agent's ID.
	ErrNoID = errors.New("the answer lacks the agent's ID")
	// ErrRefused is for verify: the answer says itself that the call failed.
	ErrRefused = errors.New("the answer's status is that of success, but it reports an error")

	errEmpty   = errors.New("the answer is empty")
	errBroken  = errors.New("the answer is JSON that breaks off or is malformed")
	errNotJSON = errors.New("the answer is not JSON")
)

// judgeSuccess decides on an answer whose status says success; err is what went
// wrong when its body was read.
func (r *result) judgeSuccess(c *call, err error) {
	if err == nil {
		if r.warning, err = c.decoder.decode(r.body); err == nil {
			r.succeeded = true
			r.warning = maskError(c.client.mask, r.warning)
			return
		}
	} else if !c.op.copies() && c.Err() == nil && !errors.Is(err, agentcopy.ErrTooLarge) {
		r.verdict, r.err = harmless, fmt.Errorf("the answer was cut off: %w", err)
		return
	}
	r.err = err
	switch {
	case !c.op.copies(), errors.Is(err, ErrRefused):
		r.verdict = refused
	case errors.Is(err, errNotJSON):
		r.verdict = uncertain
	default:
		r.verdict = copied
		r.err = fmt.Errorf("the vendor made the copy, but its answer cannot be used: %w", err)
	}
}
