package once

import (
	"errors"
	"fmt"
	"strconv"
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
	text := ErrAmbiguous.Error()
	if e.known != nil {
		text = e.known.Message
	}
	if len(e.Candidates) > 0 {
		text += ": " + listed(e.Candidates, describe)
	}
	if len(e.Keys) > 0 {
		text += "; other unsettled keys may have made one of them: " + listed(e.Keys, strconv.Quote)
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

func newError(provider string, outcome agentcopy.Outcome, message string, cause error) *agentcopy.Error {
	return &agentcopy.Error{Provider: provider, Operation: "Runner.Copy", Outcome: outcome, Message: message, Err: cause}
}

// notSent is the error of a call that ends before it has sent anything.
func notSent(r *Record, message string, cause error) *agentcopy.Error {
	return newError(r.Identity.Provider, agentcopy.OutcomeNotCopied, message+": "+cause.Error(), cause)
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
	known := newError(record.Identity.Provider, record.Outcome, agentcopy.ErrOutcomeUnknown.Error(), r.failure)
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
	known := newError(copied.Provider, agentcopy.OutcomeCopied, text, err)
	known.Attempts = copied.Attempts
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

// listed is the first of many items, as texts.
func listed[T any](items []T, text func(T) string) string {
	const most = 20
	var texts []string
	for _, item := range items[:min(len(items), most)] {
		texts = append(texts, text(item))
	}
	if more := len(items) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, ", ")
}

var (
	contextError = check.ContextError
	oneLine      = check.OneLine
)
