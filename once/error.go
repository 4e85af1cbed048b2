package once

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/agentcopy/agentcopy-go"
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
	if failed, ok := errors.AsType[*agentcopy.Error](e.failure); ok && failed.Outcome == record.Outcome {
		return e.failure
	}
	text := sentence(record.Outcome)
	if e.failure != nil {
		text += ": " + e.failure.Error()
	}
	known := &agentcopy.Error{
		Provider:  record.Identity.Provider,
		Operation: "Once.Copy",
		Outcome:   record.Outcome,
		Message:   text,
		Err:       e.failure,
	}
	return &outcomeError{text, []error{known}}
}

// sentence says what an outcome of a request means that was sent earlier.
func sentence(o agentcopy.Outcome) string {
	if o == agentcopy.OutcomeCopied {
		return agentcopy.ErrCopied.Error()
	}
	return agentcopy.ErrOutcomeUnknown.Error()
}

// unrecorded is the error for a copy that the ledger does not know.
func (e *errand) unrecorded(copied agentcopy.Copy, err error) error {
	text := fmt.Sprintf("the copy %s was made, but the ledger could not record it", oneLine(copied.ID))
	known := &agentcopy.Error{Provider: copied.Provider, Operation: "Once.Copy", Outcome: agentcopy.OutcomeCopied, Message: text, Err: err}
	return &outcomeError{text + ": " + err.Error(), []error{known}}
}

// ambiguous lists the agents that could be the copy, and the keys that they
// could belong to.
func ambiguous(candidates []agentcopy.Copy, others []Record) error {
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

// oneLine makes text from elsewhere fit to be printed: no line breaks, no
// control characters that a terminal would act on, no end of it.
func oneLine(s string) string {
	const limit = 1000
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}
