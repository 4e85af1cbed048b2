package agentcopy

import (
	"errors"
	"log/slog"
)

// Outcome says whether a copy call made a copy. It is the answer to the one
// question that a failed copy raises: may I send it again?
//
// The zero value is [OutcomeUnknown], so that an Outcome that was never set claims nothing.
type Outcome int

const (
	// OutcomeUnknown means that the request may or may not have made a copy: the
	// connection broke after it left, or the answer does not tell. Find out before you
	// send it again.
	OutcomeUnknown Outcome = iota
	// OutcomeNotCopied means that provably no copy was made. It is safe to send the
	// request again. Reads are always OutcomeNotCopied.
	OutcomeNotCopied
	// OutcomeCopied means that the vendor said it made the copy although the call
	// failed, because its answer was cut off, for example. Sending the request again
	// makes a second copy.
	OutcomeCopied
)

// String returns "unknown", "not copied" or "copied".
func (o Outcome) String() string {
	return valueName("Outcome", int(o), "unknown", "not copied", "copied")
}

// OutcomeOf returns the Outcome of the first [*Error] in the tree of err. ok is
// false if it has none, or if err is nil: then nothing is known.
func OutcomeOf(err error) (o Outcome, ok bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e == nil {
		return OutcomeUnknown, false
	}
	return e.Outcome, true
}

// LogValue is what slog writes: the text of String, in JSON too.
func (o Outcome) LogValue() slog.Value { return slog.StringValue(o.String()) }
