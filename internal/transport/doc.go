// Package transport is the one road from a typed call to the wire. What all
// vendors share lives here once: the vendor packages describe themselves by a
// [Vendor] and their endpoints by an [Operation], and call [Do].
//
// The way of a call, top to bottom:
//
//	Do           do.go       build the request, run it, decode the answer
//	run          retry.go    repeat it with go-retryablehttp, as verdict.go says
//	newChain     chain.go    the stages of each attempt, one file a stage
//
// verdict.go holds the table this SDK exists for: what became of an attempt,
// and whether it may be repeated.
package transport
