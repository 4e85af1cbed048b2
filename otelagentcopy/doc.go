// Package otelagentcopy gives a client OpenTelemetry traces and metrics by one
// option:
//
//	client, err := kolena.New(key, otelagentcopy.WithTelemetry())
//
// # Spans
//
//	kolena CopyAgent       the call: its outcome, and events for pauses and retries
//	├─ wait limiter        each wait: limiter, pause or backoff
//	├─ POST                each request that is sent, with the attributes of HTTP clients
//	├─ wait backoff
//	└─ POST                linked to the attempt that it repeats
//
// The call is a child of the span in the context of the call. The vendor is sent no
// trace header.
//
// # Metrics
//
//	agentcopy.client.call.duration   histogram, s   calls, by outcome and error.type
//	agentcopy.client.wait.duration   histogram, s   waits, by reason
//	agentcopy.client.waiting         up-down        calls that wait now, by reason: "limiter" is the limiter's queue
//	http.client.request.duration     histogram, s   attempts, by status and error.type
//
// All have agentcopy.provider and agentcopy.operation. A histogram counts, too.
//
// agentcopy.outcome is success, not_copied, unknown or copied: of a failed call, the
// last three say whether it made a copy. A read that failed has none.
//
// # What is left out
//
// No span and no metric holds a URL, a header, a body, an ID, a name of an agent or
// the text of an error. The host and port of the server are there. See
// [WithErrorText].
package otelagentcopy
