// Package otelagentcopy adds OpenTelemetry traces and metrics to a client with one
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
//	└─ POST                a retry, linked to the attempt before
//
// The call's span is a child of the span in the call's context. No trace header is sent
// to the vendor.
//
// # Metrics
//
//	agentcopy.client.call.duration   histogram, s   calls, by outcome and error.type
//	agentcopy.client.wait.duration   histogram, s   waits, by reason
//	agentcopy.client.waiting         up-down        calls that wait now, by reason: "limiter" is the limiter's queue
//	http.client.request.duration     histogram, s   attempts, by status and error.type
//
// All have the attributes agentcopy.provider and agentcopy.operation. Each histogram
// also has the count.
//
// The attribute agentcopy.outcome is success, not_copied, unknown or copied. The last
// three say whether a failed call made a copy. A failed read has no outcome.
//
// # What is left out
//
// No span or metric holds a URL, a header, a body, an ID, the name of an agent or the text
// of an error (but see [WithErrorText]). The host and port of the server are included.
package otelagentcopy
