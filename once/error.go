package once

import (
	"errors"
	"fmt"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// AmbiguousError means that the Runner cannot tell which agent is the copy, or whether
// one is. Other errors need another call; this one needs a person: look at the
// Candidates, say which one is the copy with [Runner.Assign], or which ones are not with
// [Runner.Dismiss], and call Copy again.
//
//	if a, ok := errors.AsType[*once.AmbiguousError](err); ok {
//		// show a.Candidates to a person
//	}
//
// It matches [ErrAmbiguous], and also agentcopy.ErrOutcomeUnknown or
// agentcopy.ErrCopied: check for it first.
type AmbiguousError struct {
	// Candidates are the agents that may be the copy. Those that the vendor no longer
	// shows come last. There may be none: a vendor can show that a copy was made, but
	// not which agent it is.
	Candidates []agentcopy.Candidate
	// Keys are other unsettled keys that may have made one of the Candidates.
	Keys []string

	known *agentcopy.Error
}

// Error lists the candidates, and the keys that they could belong to.
func (e *AmbiguousError) Error() string {
	lines := make([]string, 0, len(e.Candidates))
	for _, c := range e.Candidates {
		lines = append(lines, describe(c))
	}
	text := ErrAmbiguous.Error()
	if e.known != nil {
		text = e.known.Message
	}
	if len(lines) > 0 {
		text += ": " + listed(lines, ", ")
	}
	if len(e.Keys) > 0 {
		text += "; other unsettled keys may have made one of them: " + listed(quoted(e.Keys), ", ")
	}
	return text + "; a person has to settle it, with Runner.Assign or Runner.Dismiss"
}

// Is reports whether target is [ErrAmbiguous].
func (e *AmbiguousError) Is(target error) bool { return target == ErrAmbiguous }

// Unwrap returns the *agentcopy.Error that holds the outcome.
func (e *AmbiguousError) Unwrap() error {
	if e.known == nil {
		return nil
	}
	return e.known
}

// describe says what is known of a candidate, for a person.
func describe(c agentcopy.Candidate) string {
	text := fmt.Sprintf("%s %q", oneLine(c.Copy.ID), c.Copy.Name)
	if c.Copy.ID == "" {
		text = fmt.Sprintf("an agent without an ID, %q", c.Copy.Name)
	}
	switch {
	case c.Reason != "":
		return text + " (" + oneLine(c.Reason) + ")"
	case c.Made.IsZero():
		return text + " (made at an unknown time)"
	}
	return text + " (made " + c.Made.UTC().Format("2006-01-02T15:04:05Z") + ")"
}

// openError is the error of a key that stays open. Its first cause is an
// *agentcopy.Error with the outcome of the key.
type openError struct {
	text   string
	causes []error
}

func (e *openError) Error() string   { return e.text }
func (e *openError) Unwrap() []error { return e.causes }

// unsettled is the error of a call that ends without the copy. The record stays.
func (r *run) unsettled(why error) error {
	known := r.known()
	text := known.Message
	if r.failure != nil {
		text += ": " + r.failure.Error()
	}
	text += ": " + why.Error()
	causes := []error{known, why}
	if r.refusal != nil && !errors.Is(why, r.refusal) {
		causes = append(causes, r.refusal)
		text += fmt.Sprintf("; the last request was refused: %v", r.refusal)
	}
	if r.lastFindError != nil && !errors.Is(why, r.lastFindError) {
		causes = append(causes, r.lastFindError)
		text += fmt.Sprintf("; the last look failed: %v", r.lastFindError)
	}
	return &openError{text, causes}
}

// known says what is known of the copy, with the failure of the last sending as
// its cause.
func (r *run) known() *agentcopy.Error {
	record := r.claim.current()
	known := &agentcopy.Error{
		Provider:  record.Identity.Provider,
		Operation: "Runner.Copy",
		Outcome:   record.Outcome,
		Message:   agentcopy.ErrOutcomeUnknown.Error(),
		Err:       r.failure,
	}
	if record.Outcome == agentcopy.OutcomeCopied {
		known.Message = agentcopy.ErrCopied.Error()
	}
	if failed, ok := errors.AsType[*agentcopy.Error](r.failure); ok {
		known.StatusCode, known.Code, known.RequestID = failed.StatusCode, failed.Code, failed.RequestID
		known.RetryAfter, known.Header, known.Body = failed.RetryAfter, failed.Header, failed.Body
		known.Attempts = failed.Attempts
	}
	return known
}

// unrecorded is the error for a copy that the ledger does not know. The record
// becomes Copied if an answer named the copy, so that no later call sends again.
func (r *run) unrecorded(copied agentcopy.Copy, err error, named bool) error {
	text := fmt.Sprintf("the copy %s was made, but the ledger could not record it", oneLine(copied.ID))
	if named {
		noted := r.claim.update(r.claim.writes, func(record *Record) { record.Outcome = agentcopy.OutcomeCopied })
		if noted != nil {
			text += ", or even that it exists: only this process knows"
			err = fmt.Errorf("%w; %w", err, noted)
		}
	}
	known := &agentcopy.Error{
		Provider: copied.Provider, Operation: "Runner.Copy", Outcome: agentcopy.OutcomeCopied,
		Message: text, Attempts: copied.Attempts, Err: err,
	}
	return &openError{text + ": " + err.Error(), []error{known}}
}

// ambiguous is the error of a call whose question no later look can answer.
func (r *run) ambiguous(j judgement) error {
	known := r.known()
	known.Message = ErrAmbiguous.Error()
	if len(j.possible) == 0 {
		known.Message = "the vendor shows that the copy was made, but not which agent it is"
	}
	if r.refusal != nil {
		known.Err = errors.Join(known.Err, r.refusal)
	}
	return &AmbiguousError{Candidates: j.possible, Keys: j.keys, known: known}
}

// listed joins the first of many items.
func listed(items []string, separator string) string {
	const most = 20
	if more := len(items) - most; more > 0 {
		items = append(items[:most:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(items, separator)
}

func quoted(items []string) []string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = fmt.Sprintf("%q", item)
	}
	return texts
}

var (
	contextError = check.ContextError
	oneLine      = check.OneLine
)
