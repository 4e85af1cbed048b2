// Package agentcopy provides the options, errors and limiters shared by the clients
// of four AI-agent vendors. Each lets a program copy an agent with one POST:
//
//   - [github.com/agentcopy/agentcopy-go/zudu]: DuplicateAgent
//   - [github.com/agentcopy/agentcopy-go/cotool]: CopyAgent
//   - [github.com/agentcopy/agentcopy-go/langsmith]: CloneAgent
//   - [github.com/agentcopy/agentcopy-go/kolena]: CopyAgent
//
// None of them documents an idempotency key, so the same request sent twice
// makes two agents. Common HTTP clients retry such a POST on every 5xx and on
// every broken connection. This SDK keeps five promises instead:
//
//  1. No duplicate by accident. By default an attempt is retried only on proof
//     that it made no copy.
//  2. No copy lost from sight. Every error tells you whether a copy was made: see
//     [Outcome].
//  3. Exactly once where the copy can be recognised, at most once and an error that
//     says so where it cannot. That is package
//     [github.com/agentcopy/agentcopy-go/once], over lost answers, crashes and
//     restarts.
//  4. No limit exceeded. The server never sees more requests in a window than the
//     vendor allows, whatever the network and the number of goroutines and clients
//     with the same credential. A 429 pauses them all.
//  5. No secret leaves. Credentials go only to the configured origin, and appear in
//     no error, log or printed value.
//
// # How to begin
//
// A client takes the vendor's credentials and any number of options, and is safe
// for concurrent use. Each of its errors is an [*Error]:
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
//		// find the copy; sending again could make a second one
//	default:
//		// no copy was made
//	}
//
// Package once finds the copy for the program. It works with the [Copier] of any
// vendor. The package documentation of each vendor says how its copies are
// recognised.
//
// # What is retried
//
// Of a copy, under [RetrySafe], the default. The first row that matches holds:
//
//	what happened to the attempt                           outcome    retried
//	the limiter, a Trace or the context ended it before
//	  the request left                                     NotCopied  no
//	DNS, dial or TLS handshake failed, or the request
//	  provably never left                                  NotCopied  yes; bad certificates and
//	                                                                  refusals by a proxy: no
//	429                                                    NotCopied  yes, after Retry-After
//	301, 307, 308, never followed                          NotCopied  no
//	400 401 404 405 407 411 413 414 415 421 426 431; any
//	  other 4xx but 408, 460 and 499 whose body is empty
//	  or JSON                                              NotCopied  no
//	503, with Retry-After or without; any other 5xx; 300,
//	  302 to 306; 408, 460, 499; other 4xx with a page;
//	  a status that does not exist                         Unknown    no
//	timeout, reset or end of the connection or HTTP/2
//	  stream after the request left; a transport that
//	  gives no proof                                       Unknown    no
//	2xx with the new agent's ID                            success
//	200, 201 or 204 whose body is empty; is cut off or too
//	  large after it began as an object; or is an object
//	  that has no ID and reports no error                  Copied     no
//	any other 2xx: 202, a page, malformed JSON, null, an
//	  encoding that cannot be read, an object that reports
//	  an error                                             Unknown    no
//
// A proxy answers 503 with Retry-After for itself, often after the vendor made the
// copy, so it proves nothing. A 4xx with a page may refuse the answer and not the
// request. An object reports an error by error, detail, "success": false, or a
// status other than success.
//
// The outcome of a call is OutcomeCopied if that of any attempt was, else
// OutcomeUnknown if any was, else OutcomeNotCopied. Reads are retried after every
// transient failure: 408, 429, 5xx but 501, network errors and answers that are
// cut off.
//
// [RetryNever] makes one attempt. [RetryAlways] retries unknown outcomes too, and
// so may make several copies. It does not retry an answer of status 2xx that is a
// JSON object.
//
// # What a call waits for
//
// Before each attempt, a call waits while the vendor has asked the credential to
// wait, and then for the limiter. Between attempts it waits for Retry-After or the
// backoff. It does not begin a wait that would pass [RetryPolicy].MaxWait or the
// deadline of the context: it ends at once, with the vendor's error. A 429, and a 503 with
// Retry-After, pause every client in the process with the same vendor, origin
// and credential.
//
// # Testing
//
// Package [github.com/agentcopy/agentcopy-go/agentcopytest] has in-memory fakes
// of the four vendors. The tests of this SDK use them, too.
package agentcopy
