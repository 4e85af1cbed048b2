package agentcopy

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Response describes the answer to a successful call. Every typed answer of the
// vendor packages holds one in its field Response.
//
// Printing a Response, logging it or marshalling it to JSON shows neither
// Header nor Body, which may hold what should not be in a log; read the fields
// themselves.
type Response struct {
	StatusCode int         // of the answer, 200 to 299
	Header     http.Header // of the answer, as received
	RequestID  string      // X-Request-Id, or what the vendor or its edge sends instead; "" if nothing
	Body       []byte      // as received: fields newer than this SDK are here
	Attempts   []Attempt   // in order; the last one is the one that succeeded
	// Warning is non-nil when the answer was odd, although the call succeeded: a
	// field had another type than documented, or the document was not quite JSON.
	// It names the fields; those that could not be read are left at zero. Body has
	// the answer as it came.
	Warning error
}

// Attempt is one request of a call. A call that was retried has several. An attempt that
// ended before it reached the transport, such as one that waited for the limiter, is not
// recorded. One that failed to connect is recorded, with Sent false.
type Attempt struct {
	Start    time.Time     // when the request was handed to the transport, before it has a connection
	Waited   time.Duration // for a pause, the limiter and the backoff, since the call began or the last attempt failed
	Duration time.Duration // from Start, connecting included, until the body was read or the attempt failed

	StatusCode int   // of the answer; 0 if there was none
	Err        error // why there was no usable answer; nil if there was one, whatever its status
	Sent       bool  // false only if the request provably never left
}

// summary is the part of a Response that is safe to print.
func (r Response) summary() string {
	return fmt.Sprintf("HTTP %d, %d bytes, %d attempt(s), request ID %q", r.StatusCode, len(r.Body), len(r.Attempts), r.RequestID)
}

// Format prints status, size, attempts and request ID, under every verb.
func (r Response) Format(f fmt.State, verb rune) { formatText(f, verb, r.summary()) }

// LogValue is what slog writes: status, size, attempts and request ID.
func (r *Response) LogValue() slog.Value {
	if r == nil {
		return slog.StringValue("<nil>")
	}
	return slog.GroupValue(
		slog.Int("status", r.StatusCode),
		slog.Int("bytes", len(r.Body)),
		slog.Int("attempts", len(r.Attempts)),
		slog.String("request_id", r.RequestID),
	)
}

// MarshalJSON writes status, size, attempts and request ID. To keep the
// vendor's document, write Body.
func (r Response) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		StatusCode int    `json:"status"`
		Bytes      int    `json:"bytes"`
		Attempts   int    `json:"attempts"`
		RequestID  string `json:"request_id,omitempty"`
	}{r.StatusCode, len(r.Body), len(r.Attempts), r.RequestID})
}
