package agentcopy

import (
	"log/slog"
	"strconv"
)

// Outcome says whether a copy call made a copy. It is the answer to the one
// question that a failed copy raises: may I send it again?
//
// The zero value is [Unknown], so that an Outcome nobody has set claims nothing.
type Outcome int

const (
	// Unknown means that the request may or may not have made a copy: the
	// connection broke after it left, or the answer does not tell. Look before
	// you send it again.
	Unknown Outcome = iota
	// NotCopied means that no copy was made, provably. It is safe to send the
	// request again. Reads are always NotCopied.
	NotCopied
	// Copied means that the vendor said it made the copy, although the call
	// failed: its answer was cut off, say. Sending the request again makes a
	// second copy.
	Copied
)

// String returns "unknown", "not copied" or "copied".
func (o Outcome) String() string {
	switch o {
	case Unknown:
		return "unknown"
	case NotCopied:
		return "not copied"
	case Copied:
		return "copied"
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// LogValue is what slog writes: the text of String, in JSON too.
func (o Outcome) LogValue() slog.Value { return slog.StringValue(o.String()) }
