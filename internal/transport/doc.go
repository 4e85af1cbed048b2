// Package transport is the one road from a typed call to the wire. What all
// vendors share lives here once: the vendor packages describe themselves by a
// [Vendor] and their endpoints by an [Operation], and call [Do].
//
// The way of a call, top to bottom:
//
//	Do           do.go        build the request, run it, then decode the answer
//	run          retry.go     retry it with go-retryablehttp, as verdict.go says
//	newChain     chain.go     the stages of each attempt, one file a stage
//	originGuard  guard.go     behind all middleware: the last look before the wire
//	send         send.go      one request on the wire, watched by wiretrace.go
//
// verdict.go is the table this SDK exists for: what became of an attempt, and
// whether it may be retried. trace.go tells an agentcopy.Trace of each step.
package transport
