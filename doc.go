// Package agentcopy is what the clients for four vendors of AI agents share.
// The vendors let a program copy an agent with one POST:
//
//   - [github.com/agentcopy/agentcopy-go/zudu]: DuplicateAgent
//   - [github.com/agentcopy/agentcopy-go/cotool]: CopyAgent
//   - [github.com/agentcopy/agentcopy-go/langsmith]: CloneAgent
//   - [github.com/agentcopy/agentcopy-go/kolena]: CopyAgent
//
// None of them documents an idempotency key, so the same request sent twice
// makes two agents. Common HTTP clients repeat such a POST on every 5xx and on
// every connection that breaks. This SDK keeps four promises instead:
//
//  1. No silent duplicate. By default an attempt is repeated only if it
//     provably made no copy.
//  2. No lost copy. Every error says whether a copy was made: see [Outcome].
//     [Once] settles the unknown ones by looking, and survives a crash.
//  3. No limit exceeded. At the server, never more requests in a window than
//     the vendor allows, whatever the network, the number of goroutines and of
//     clients with the same credential. A 429 pauses them all.
//  4. No secret leaves. Credentials go to the configured origin alone, and
//     appear in no error, log or printed value.
//
// # How to begin
//
// A client takes the vendor's credentials and any number of options, and is safe
// for concurrent use. Its errors are all an [*Error]:
//
//	client, err := kolena.New(apiKey, agentcopy.WithUserAgent("migrator/1.4"))
//	if err != nil {
//		return err
//	}
//	agent, err := client.CopyAgent(ctx, 123, kolena.CopyAgentRequest{Name: "Leases, Berlin"})
//	switch {
//	case err == nil:
//		fmt.Println(agent.ID)
//	case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied):
//		// look for the copy; sending the request again may make, or makes, a second one
//	default:
//		// no copy was made
//	}
//
// [Once] is for programs that must not be left with that question. It looks for
// the copy by itself, over crashes and restarts too, and works with the [Copier]
// of any vendor.
//
// # What is repeated
//
// Of a copy, under [RetrySafe], the default:
//
//	what happened to the attempt                          outcome      repeated
//	the limiter or the context ended the wait before it   NotCopied    no
//	DNS, dial or TLS handshake failed, or the request
//	  provably never left                                 NotCopied    yes, but for bad certificates
//	429                                                   NotCopied    yes, after Retry-After
//	503 with Retry-After                                  NotCopied    yes, after it
//	3xx, never followed; any other 4xx but 408            NotCopied    no
//	408, any other 5xx, time-out, reset or end of the
//	  connection or HTTP/2 stream after the request left  Unknown      no
//	2xx with a usable answer                              success
//	2xx whose answer is cut off, empty, too large, or
//	  lacks the new agent's ID                            Copied       no
//	2xx that is not JSON: a proxy's page                  Unknown      no
//	2xx in which Zudu itself reports an error             NotCopied    no
//
// The outcome of a call is OutcomeCopied if that of any attempt was, else OutcomeUnknown if
// any was. Reads are repeated after every transient failure: 408, 429, 5xx but
// 501, network errors and answers that are cut off.
//
// [RetryNever] makes one attempt. [RetryAlways] repeats unknown outcomes too, and
// so may make several copies.
//
// # What a call waits for
//
// Before each attempt: while the vendor has asked the credential to wait; then
// for the limiter; between attempts, for Retry-After or the backoff. A wait that
// would pass [RetryPolicy].MaxWait or the deadline of the context is not begun:
// the call ends at once, with the vendor's error. A 429, and a 503 with
// Retry-After, pause every client in the process with the same vendor, origin
// and credential.
//
// # Testing
//
// Package [github.com/agentcopy/agentcopy-go/agentcopytest] has in-memory fakes
// of the four vendors, for your tests as for those of this SDK.
package agentcopy
