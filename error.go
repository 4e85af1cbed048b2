package agentcopy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Error tells why a call failed and, for a copy call, whether a copy was made.
// Every method of the vendor clients that takes a context returns its
// errors as an *Error:
//
//	if e, ok := errors.AsType[*agentcopy.Error](err); ok && e.Outcome == agentcopy.OutcomeUnknown {
//		// find the copy before sending the request again
//	}
//
// To tell kinds of failure apart, prefer [errors.Is] with the sentinels of this
// package, such as [ErrNotFound] and [ErrOutcomeUnknown].
//
// An Error never shows a credential, a header or a body when it is printed, logged
// or marshalled. Message and Code are the vendor's text, with credentials masked;
// Header and Body are as received.
type Error struct {
	Provider   string        // "zudu", "cotool", "langsmith" or "kolena"
	Operation  string        // the client's method: "CopyAgent", "ListAgents", ...; or the constructor: "New", "NewFromEnv"
	Outcome    Outcome       // over all attempts of the call; OutcomeNotCopied on reads
	StatusCode int           // of the last answer; 0 if there was none
	Code       string        // the vendor's machine-readable code, if any
	Message    string        // the vendor's text, or ours
	Fields     []FieldError  // per-field faults: the vendor's, or found before sending
	RequestID  string        // X-Request-Id, or what the vendor or its edge sends instead
	RetryAfter time.Duration // how long the vendor asked to wait, or its pause still lasts; 0 if neither
	Header     http.Header   // of the last answer, as received
	Body       []byte        // of the last answer, at most 64 KiB; may hold user data, so never printed
	Attempts   []Attempt     // in order; empty if none reached the transport
	Err        error         // the cause, if the status does not tell
}

// FieldError is a fault of one field of a request. Field is the Go parameter or
// field if this SDK found the fault, and the vendor's path, such as
// "prompts.0.name", if the vendor did.
type FieldError struct{ Field, Reason string }

// Error returns one line that says what failed, why, and for a copy, whether one
// was made. It holds no credential, header or body.
func (e *Error) Error() string {
	if e == nil { // wrapped by mistake
		return "<nil>"
	}
	var b strings.Builder
	b.WriteString(cmp.Or(e.Provider, "agentcopy"))
	if e.Operation != "" {
		b.WriteString(": " + e.Operation)
	}
	status := e.status()
	if status != "" {
		b.WriteString(": " + status)
	}
	if e.Code != "" {
		b.WriteString(" [" + e.Code + "]")
	}
	if e.Message != "" && e.Message != http.StatusText(e.StatusCode) && !strings.EqualFold(e.Message, status) {
		b.WriteString(": " + e.Message)
	}
	for _, f := range e.Fields {
		// The vendor's message is often made of its field faults: say them once.
		if !strings.Contains(e.Message, f.Reason) {
			b.WriteString(": " + f.Field + ": " + f.Reason)
		}
	}
	if e.Err != nil && e.Err.Error() != e.Message {
		b.WriteString(": " + e.Err.Error())
	}
	if details := e.details(); details != "" {
		return check.OneLine(b.String()) + " (" + details + ")"
	}
	return check.OneLine(b.String())
}

// status is the last answer's status line; "" if there was no answer.
func (e *Error) status() string {
	if e.StatusCode == 0 {
		return ""
	}
	return strings.TrimSpace(strconv.Itoa(e.StatusCode) + " " + http.StatusText(e.StatusCode))
}

// constructs and reads report whether the operation is one that makes no copies,
// by the names that this SDK gives to those.
func (e *Error) constructs() bool {
	return e.Operation == "New" || e.Operation == "NewFromEnv" || e.Operation == "With"
}

func (e *Error) reads() bool {
	return strings.HasPrefix(e.Operation, "Get") || strings.HasPrefix(e.Operation, "List") || strings.HasPrefix(e.Operation, "Find")
}

// details is what stands in parentheses at the end of an Error's line.
func (e *Error) details() string {
	var parts []string
	switch {
	case e.Outcome == OutcomeUnknown:
		parts = append(parts, "outcome unknown")
	case e.Outcome != OutcomeNotCopied || !e.reads() && !e.constructs():
		parts = append(parts, e.Outcome.String())
	}
	switch n := len(e.Attempts); {
	case n == 0 && !e.constructs():
		parts = append(parts, "nothing sent")
	case n == 0:
	case n == 1:
		parts = append(parts, "1 attempt")
	default:
		parts = append(parts, strconv.Itoa(n)+" attempts")
	}
	if e.RetryAfter > 0 {
		parts = append(parts, "retry after "+e.RetryAfter.String())
	}
	if e.RequestID != "" {
		parts = append(parts, "request ID "+check.OneLine(e.RequestID))
	}
	return strings.Join(parts, ", ")
}

// Unwrap returns the cause, Err.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Is reports whether e is the kind of failure that target, one of the sentinels
// of this package, stands for. It is what errors.Is calls.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch target {
	case ErrInvalid:
		return e.StatusCode == http.StatusBadRequest || e.StatusCode == http.StatusUnprocessableEntity
	case ErrUnauthorized:
		return e.StatusCode == http.StatusUnauthorized
	case ErrForbidden:
		return e.StatusCode == http.StatusForbidden
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound
	case ErrConflict:
		return e.StatusCode == http.StatusConflict
	case ErrRateLimited:
		return e.StatusCode == http.StatusTooManyRequests
	case ErrServer:
		return e.StatusCode >= 500 && e.StatusCode <= 599
	case ErrOutcomeUnknown:
		return e.Outcome == OutcomeUnknown
	case ErrCopied:
		return e.Outcome == OutcomeCopied
	}
	return false
}

// Sentinels for [errors.Is]. An *Error matches one by its status, by its
// outcome, or through its cause; it may match several: a 409 after an attempt
// of unknown outcome is both ErrConflict and ErrOutcomeUnknown.
var (
	// ErrInvalid: the request was at fault. Status 400 or 422, or a fault found
	// before sending; see the Fields of the Error.
	ErrInvalid = errors.New("invalid request")
	// ErrUnauthorized: status 401, the credential is missing or wrong.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrForbidden: status 403, the credential lacks the right. Some vendors
	// answer a wrong credential with it too.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: status 404. Vendors also send it for agents that exist but are not
	// visible to the credential.
	ErrNotFound = errors.New("not found")
	// ErrConflict: status 409.
	ErrConflict = errors.New("conflict")
	// ErrRateLimited: status 429, or the credential is paused by an earlier one
	// for longer than the call may wait.
	ErrRateLimited = errors.New("rate limited")
	// ErrServer: any status from 500 to 599.
	ErrServer = errors.New("server error")
	// ErrOutcomeUnknown: the copy may or may not have been made. Find out before you
	// send the request again.
	ErrOutcomeUnknown = errors.New("outcome unknown: a copy may have been made")
	// ErrCopied: a copy was made, although the call failed.
	ErrCopied = errors.New("a copy was made, but its answer cannot be used")
	// ErrTooLarge: the answer is larger than [WithMaxResponseBytes] allows.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrAmbiguous: see package once.
	ErrAmbiguous = errors.New("cannot tell which agent is the copy")
)

// Format prints the line of [Error.Error] under every verb, so that none prints
// the fields.
func (e Error) Format(f fmt.State, verb rune) { formatText(f, verb, e.Error()) }

// LogValue is what slog writes: the fields that hold no user data.
func (e *Error) LogValue() slog.Value {
	if e == nil {
		return slog.StringValue("<nil>")
	}
	return slog.GroupValue(
		slog.String("provider", e.Provider),
		slog.String("operation", e.Operation),
		slog.String("outcome", e.Outcome.String()),
		slog.Int("status", e.StatusCode),
		slog.Int("attempts", len(e.Attempts)),
		slog.String("request_id", e.RequestID),
		slog.String("message", e.text()),
	)
}

// text is the message and, where it says more, the cause.
func (e *Error) text() string {
	if e.Err == nil || e.Err.Error() == e.Message {
		return check.OneLine(e.Message)
	}
	return check.OneLine(strings.TrimPrefix(e.Message+": "+e.Err.Error(), ": "))
}

// MarshalJSON writes the fields that LogValue names, and the per-field faults.
func (e Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Provider   string       `json:"provider"`
		Operation  string       `json:"operation"`
		Outcome    string       `json:"outcome"`
		StatusCode int          `json:"status,omitempty"`
		Code       string       `json:"code,omitempty"`
		Message    string       `json:"message"`
		Fields     []FieldError `json:"fields,omitempty"`
		RequestID  string       `json:"request_id,omitempty"`
		RetryAfter float64      `json:"retry_after_seconds,omitempty"`
		Attempts   int          `json:"attempts"`
	}{
		e.Provider, e.Operation, e.Outcome.String(), e.StatusCode, e.Code, e.text(),
		e.Fields, e.RequestID, e.RetryAfter.Seconds(), len(e.Attempts),
	})
}
