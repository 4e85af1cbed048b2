package agentcopy

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// outcomeError is an error of [Once] that leaves it open what became of a copy,
// or has a copy to show. First of all it is an *Error with the Outcome of the
// key, whatever else it is.
type outcomeError struct {
	text   string
	causes []error
}

func (e *outcomeError) Error() string   { return e.text }
func (e *outcomeError) Unwrap() []error { return e.causes }

// unsettled is the error of a call that ends without knowing the copy. The
// record stays.
func (e *errand) unsettled(why error) error {
	causes := []error{e.outcome(), why}
	text := fmt.Sprintf("%v: %v", causes[0], why)
	if e.trouble != nil {
		causes = append(causes, e.trouble)
		text += fmt.Sprintf("; the last look for it failed: %v", e.trouble)
	}
	return &outcomeError{text, causes}
}

// outcome is the error that says what is known of the copy: that of the last
// round if it says so itself.
func (e *errand) outcome() error {
	record := e.claim.current()
	if failed, ok := errors.AsType[*Error](e.failure); ok && failed.Outcome == record.Outcome {
		return e.failure
	}
	text := record.Outcome.sentence()
	if e.failure != nil {
		text += ": " + e.failure.Error()
	}
	known := &Error{
		Provider:  record.Identity.Provider,
		Operation: "Once.Copy",
		Outcome:   record.Outcome,
		Message:   text,
		Err:       e.failure,
	}
	return &outcomeError{text, []error{known}}
}

// sentence says what an outcome of a request means that was sent earlier.
func (o Outcome) sentence() string {
	if o == OutcomeCopied {
		return ErrCopied.Error()
	}
	return ErrOutcomeUnknown.Error()
}

// unrecorded is the error for a copy that the ledger does not know.
func (e *errand) unrecorded(copied Copy, err error) error {
	text := fmt.Sprintf("the copy %s was made, but the ledger could not record it", oneLine(copied.ID))
	known := &Error{Provider: copied.Provider, Operation: "Once.Copy", Outcome: OutcomeCopied, Message: text, Err: err}
	return &outcomeError{text + ": " + err.Error(), []error{known}}
}

// ambiguous lists the agents that could be the copy, and the keys that they
// could belong to.
func ambiguous(candidates []Copy, others []Record) error {
	lines := make([]string, 0, len(candidates))
	for _, c := range candidates {
		made := "at an unknown time"
		if !c.CreatedAt.IsZero() {
			made = c.CreatedAt.Format(time.RFC3339)
		}
		lines = append(lines, fmt.Sprintf("%s %q made %s", oneLine(c.ID), c.Name, made))
	}
	text := listed(lines, ", ")
	if len(others) > 0 {
		var keys []string
		for _, r := range others {
			keys = append(keys, fmt.Sprintf("%q", r.Key))
		}
		text += "; not settled either, and may have made one of them: " + listed(keys, ", ")
	}
	return fmt.Errorf("%w: %s", ErrAmbiguous, text)
}

// listed joins the first of many items.
func listed(items []string, separator string) string {
	const most = 20
	if more := len(items) - most; more > 0 {
		items = append(items[:most:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(items, separator)
}
